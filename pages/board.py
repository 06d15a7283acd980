"""催报台: who owes what, who has sent it, who is late; and to whom to write about it."""

import streamlit as st

from huizong import board_ui, chase_ui, closing_ui, desk_ui, ui
from huizong.texts import _

view = ui.enter_page(recent=True, past=True)
st.title("🗓️ " + _("Return desk"))
desk_ui.say_what_was_done()

board = board_ui.ask_board(view)
if board.empty:
    ui.empty(
        _("No unit of this region owes a return for this period. Who owes what is laid down here:"),
        page="pages/assignments.py",
        label=_("Who owes what"),
    )
    st.stop()

board_ui.show_figures(view, board)
states = board_ui.choose_states(board)
rows, clicked = board_ui.show_matrix(view, board, states)
board_ui.point_to_unclear(view)
if clicked is not None:
    board_ui.show_return(view, clicked)

deeds = ["🔒 " + _("Close the period")] * (not view.looks_back)
regions, past, reminders, *closing = st.tabs(
    ["📊 " + _("By region"), "📈 " + _("Over the last periods"), "📣 " + _("Reminders"), *deeds]
)
with regions:
    board_ui.show_regions(view)
with past:
    board_ui.show_past(view)
with reminders:
    if not view.looks_back:
        chase_ui.chase(view, rows)
    chase_ui.show_attempts(view, board)
    if not view.looks_back:
        chase_ui.show_often_late(view)
        chase_ui.offer_calendar(view)
for tab in closing:
    with tab:
        closing_ui.offer_closing(view, view.period)
