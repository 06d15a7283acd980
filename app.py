"""汇总 Huizong: who is here, which language, which pages exist: nothing else."""

import sys
from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent

st.set_page_config(page_title="汇总 Huizong", page_icon="📋", layout="wide")
if "huizong.ui" not in sys.modules:
    # The first visitor of a server waits for its imports. Until st.navigation is called the menu would be the names of
    # the files in pages/; a hidden menu with the same addresses stands in for it.
    forms = {path.stem: HERE / "pages" / "form.py" for path in (HERE / "forms").glob("*.yaml")}
    addresses = forms | {path.stem: path for path in (HERE / "pages").glob("*.py")}
    st.navigation(
        [st.Page(path, url_path=name, default=name == "overview") for name, path in addresses.items()],
        position="hidden",
    )
    st.markdown("## ⏳ 汇总正在启动……  \nStarting up")
    import huizong.ui  # noqa: F401

    st.rerun()

from huizong import ui  # noqa: E402

ui.settle_language()
page = ui.navigation()
ui.language_switch()
ui.run_page(page)
