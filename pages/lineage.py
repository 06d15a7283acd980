"""溯源: from a figure to the cells it is made of, each on the sheet as it came."""

import streamlit as st

from huizong import lineage_ui, ui
from huizong.texts import _

view = ui.enter_page()
st.title("🧵 " + _("Trace a figure"))
indicator = lineage_ui.choose_indicator(view)
lineage_ui.show_figure(view, indicator)
term = lineage_ui.pick_term(view, indicator)
if term:
    lineage_ui.show_cell(view, term)
