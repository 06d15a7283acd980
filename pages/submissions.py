"""报送记录: every return that has arrived, and what has happened to it."""

import streamlit as st

from huizong import checks_ui, decisions_ui, desk_ui, questions_ui, submissions, ui
from huizong.texts import _

view = ui.enter_page(choose=False, past=True)
st.title("🗂️ " + _("Submissions"))
ui.moment_picker(view, ui.ready_store())
desk_ui.say_what_was_done()

history = view.ask(submissions.listed)
if history.empty and view.looks_back:
    ui.empty(_("No return had arrived by then."))
    st.stop()
if history.empty:
    ui.empty(_("No return has arrived yet."), page="pages/upload.py", label=_("Upload"))
    st.stop()

chosen = desk_ui.filter_submissions(history)
st.caption(_("{n} returns").format(n=len(chosen)))
if chosen.empty:
    ui.empty(_("No return fits all of these. Choose fewer."))
    st.stop()

submission = desk_ui.pick_submission(chosen, key="history")
with st.container(border=True, key="submission"):
    desk_ui.show_heading(view, submission)
    desk_ui.show_timeline(view, submission)
    if view.looks_back:
        desk_ui.show_as_it_was(view, submission)
        st.stop()
    if submission["status"] == "unsure":
        questions_ui.ask_what_is_unclear(view, submission)
    else:
        desk_ui.show_findings(view, submission)
    checks_ui.show_in_return(view, submission)
    desk_ui.offer_markup(view, submission)
    desk_ui.show_difference(view, submission)
    desk_ui.show_rows(view, submission)
    questions_ui.offer_columns(view, submission)
    with st.container(horizontal=True):
        decisions_ui.offer_correction(view, submission)
        decisions_ui.offer_withdrawal(view, submission)
