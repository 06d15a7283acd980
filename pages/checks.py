"""数据核查: what is worth checking beyond one return, few and ranked."""

import streamlit as st

from huizong import board_ui, checks_ui, cross_checks, desk_ui, ui
from huizong.texts import _

view = ui.enter_page(past=False)
st.title("🔎 " + _("Cross checks"))
desk_ui.say_what_was_done()

found = view.ask(cross_checks.lines, view.unit.code, view.period)
if found:
    line = checks_ui.show_lines(view, found)
    checks_ui.show_line(view, line)
elif board_ui.ask_board(view)["submission_id"].isna().all():
    words = _("Nothing of this region and period has been received yet: there is nothing to check.")
    ui.empty(words, page="pages/upload.py", label=_("Upload"))
else:
    ui.empty(_("Nothing in these returns stands out."), icon="✅")

checks_ui.show_reviews(view)
checks_ui.explain_checks()
