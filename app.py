"""汇总 Huizong: who is here, which language, which pages exist: nothing else."""

from pathlib import Path

import streamlit as st

from huizong import ui
from huizong.forms import all_forms
from huizong.texts import _, language

PAGES = Path(__file__).parent / "pages"


def form_page(code: str) -> st.Page:
    """The page of a form: its own where there is one, else the page for any form."""
    form = all_forms()[code]
    own = PAGES / f"{code}.py"
    return st.Page(
        own if own.exists() else PAGES / "form.py", title=form.theme.get(language()), icon=form.icon, url_path=code
    )


st.set_page_config(page_title="汇总 Huizong", page_icon="📋", layout="wide", initial_sidebar_state="expanded")
ui.settle_language()
# First of all: until st.navigation is called a first visitor sees the names of the files in pages/ as a menu.
page = st.navigation(
    {
        "": [st.Page(PAGES / "overview.py", title=_("Overview"), icon="🏠", default=True)],
        _("Themes"): [form_page(code) for code in all_forms()],
        _("Returns"): [
            st.Page(PAGES / "upload.py", title=_("Upload"), icon="📤"),
            st.Page(PAGES / "submissions.py", title=_("Submissions"), icon="🗂️"),
            st.Page(PAGES / "definitions.py", title=_("Definitions"), icon="📖"),
        ],
    }
)
ui.language_switch()
page.run()
