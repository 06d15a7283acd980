"""报送: drop workbooks in, see what is wrong in which cell, accept or send back."""

import streamlit as st

from huizong import checks_ui, decisions_ui, desk_ui, questions_ui, receiving_ui, ui
from huizong.texts import _

view = ui.enter_page(choose=False)
st.title("📤 " + _("Upload"))
desk_ui.say_what_was_done()

receiving_ui.receive_files(view)
receiving_ui.show_batches(view)

pending = view.store.ask("pending", view.scope)
st.header(_("Waiting for a decision ({n})").format(n=len(pending)))
if pending.empty:
    ui.empty(
        _("Nothing waits. Drop the workbooks that the units have sent above; accepted returns are in the history."),
        page="pages/submissions.py",
        label=_("Submissions"),
    )
else:
    decisions_ui.accept_all_clean(view, pending)
    submission = desk_ui.pick_submission(pending, key="pending")
    with st.container(border=True, key="submission"):
        desk_ui.show_heading(view, submission)
        if submission["status"] == "unsure":
            questions_ui.ask_what_is_unclear(view, submission)
        else:
            findings = desk_ui.show_findings(view, submission)
            checks_ui.show_in_return(view, submission)
            decisions_ui.ask_explanations(view, submission, findings)
            desk_ui.show_difference(view, submission)
            desk_ui.show_rows(view, submission)
            questions_ui.offer_columns(view, submission)
        desk_ui.offer_markup(view, submission)
        decisions_ui.decide(view, submission)
        decisions_ui.offer_correction(view, submission)

decisions_ui.offer_nil(view)

st.header(_("Blank return"))
desk_ui.offer_blank(view)
