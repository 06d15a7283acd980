"""探索: choose indicators, units and periods, lay them out, keep the view under a name, share it by its address."""

import streamlit as st

from huizong import explore_ui, ui
from huizong.texts import _

view = ui.enter_page(choose=False, past=True)
st.title("🧭 " + _("Explore"))
pivot = explore_ui.settle(view)
explore_ui.saved_views(view, pivot)

explore_ui.choose_region(view)
with st.container(border=True, key="explore"):
    explore_ui.choose_figures(view, pivot)
    explore_ui.choose_layout(pivot)

layout = explore_ui.ask(view, pivot)
if layout:
    explore_ui.show_table(view, layout)
    explore_ui.show_notes(layout)
    explore_ui.show_chart(view, layout)
    explore_ui.offer_downloads(view, layout)
