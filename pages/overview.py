"""Where do we stand: the headline figures of all themes, who has not reported, what moved most."""

import streamlit as st

from huizong import exports_ui, overview_ui, ui
from huizong.texts import _

view = ui.enter_page()
st.title("🏠 " + _("Overview"))
st.caption(f"{ui.unit_name(view.unit)} · {view.when}")

exports_ui.offer(view)

found = overview_ui.themes_of(view)
overview_ui.welcome(view, found)
overview_ui.headlines(found)
overview_ui.unreported(view, found)
overview_ui.largest_changes(view, found)
