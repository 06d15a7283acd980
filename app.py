"""汇总 Huizong: who is here, which language, which pages exist: nothing else."""

import streamlit as st

from huizong import ui

st.set_page_config(page_title="汇总 Huizong", page_icon="📋", layout="wide")
ui.settle_language()
page = ui.navigation()  # before any work: until then a first visitor sees the names of the files in pages/ as a menu
ui.language_switch()
page.run()
