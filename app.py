"""汇总 Huizong: who is here, which language, which pages exist: nothing else."""

import streamlit as st

from huizong import ui
from huizong.forms import all_forms
from huizong.texts import _

st.set_page_config(page_title="汇总 Huizong", page_icon="📋", layout="wide", initial_sidebar_state="expanded")
ui.settle_language()
# First of all: until st.navigation is called a first visitor sees the names of the files in pages/ as a menu.
page = st.navigation(
    {
        "": [st.Page(ui.PAGES / "overview.py", title=_("Overview"), icon="🏠", default=True)],
        _("Themes"): [ui.form_page(code) for code in all_forms()],
        _("Returns"): [
            st.Page(ui.PAGES / "upload.py", title=_("Upload"), icon="📤"),
            st.Page(ui.PAGES / "submissions.py", title=_("Submissions"), icon="🗂️"),
            st.Page(ui.PAGES / "definitions.py", title=_("Definitions"), icon="📖"),
        ],
    }
)
ui.language_switch()
page.run()
