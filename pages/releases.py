"""定版: freeze the figures under a name; what was corrected since; two releases compared."""

import streamlit as st

from huizong import releases, releases_ui, ui
from huizong.texts import _

view = ui.enter_page(recent=True)
st.title("📌 " + _("Releases"))

releases_ui.make_one(view)
held = releases.listed(view.store)
if held:
    releases_ui.show_list(view, held)
    st.subheader(_("Corrections"))
    since, until = releases_ui.choose_two(held)
    releases_ui.show_corrections(view, since, until)
    releases_ui.show_explanations(view, since)
else:
    ui.empty(_("No release has been made yet."), icon="📌")
