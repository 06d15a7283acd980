"""Where do we stand: the headline figures of all themes, who has not reported, what moved most."""

import streamlit as st

from huizong import themes, ui
from huizong.texts import _

view = ui.enter_page()
st.title("🏠 " + _("Overview"))
st.caption(f"{ui.unit_name(view.unit)} · {view.when}")

found = themes.themes_of(view)
themes.welcome(view, found)
themes.headlines(found)
themes.unreported(view, found)
themes.largest_changes(view, found)
