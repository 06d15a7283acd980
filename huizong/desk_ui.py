"""What the pages of the desk share: taking workbooks in, and all that a person does with one submission."""

from collections import Counter
from collections.abc import Iterable

import pandas as pd
import streamlit as st

from huizong import intake, templates, ui
from huizong.forms import all_forms
from huizong.org_units import register
from huizong.periods import Period
from huizong.texts import _, language

WORKBOOKS = ("xlsx", "xls", "xlsb", "ods", "xlsm", "et", "csv")
WORKBOOK_MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OUTCOMES = {"received": "✅", "already": "☑️", "unreadable": "⚠️", "refused": "⛔"}
SEVERITIES = {"error": "🔴", "query": "🟡", "note": "⚪"}


# ---- taking workbooks in ------------------------------------------------------------------------------------------------


def receive_files(view: ui.View) -> None:
    """The uploader; what is dropped is received at once, file by file, and the uploader emptied."""
    turn = st.session_state.setdefault("upload_turn", 0)
    files = ui.upload(_("Workbooks"), types=WORKBOOKS, key=f"upload-{turn}")
    if files:
        st.session_state["receipts"] = with_progress(view, [(file.name, file.getvalue()) for file in files])
        # A new key is a new, empty uploader: Streamlit lets go of the bytes.
        st.session_state["upload_turn"] = turn + 1
        st.rerun()


def with_progress(view: ui.View, files: list[tuple[str, bytes]]) -> list[intake.Receipt]:
    receipts = []
    bar = st.progress(0.0, text=_("Reading …"))
    for receipt in intake.receive(view.store, files, who=ui.who()):
        receipts.append(receipt)
        words = _("{n} of {total}: {name}").format(n=len(receipts), total=len(files), name=receipt.filename)
        bar.progress(len(receipts) / len(files), text=words)
    return receipts


def show_receipts() -> None:
    """What became of each file of the last upload."""
    receipts = st.session_state.get("receipts")
    if not receipts:
        return
    words = {
        "received": _("received"),
        "already": _("already received"),
        "unreadable": _("unreadable"),
        "refused": _("refused"),
    }
    counts = Counter(receipt.outcome for receipt in receipts)
    summary = " · ".join(f"{OUTCOMES[o]} {words[o]} {counts[o]}" for o in OUTCOMES if counts[o])
    trouble = counts["unreadable"] + counts["refused"]
    with st.expander(_("This upload: {summary}").format(summary=summary), expanded=len(receipts) <= 20 or trouble > 0):
        first_trouble = sorted(receipts, key=lambda receipt: receipt.outcome not in ("unreadable", "refused"))
        frame = pd.DataFrame(
            {
                _("Result"): f"{OUTCOMES[receipt.outcome]} {words[receipt.outcome]}",
                _("File"): receipt.filename,
                _("What was found"): receipt.message,
            }
            for receipt in first_trouble
        )
        ui.table(frame, key="receipts-table", title=_("Results of the upload"))


def offer_blank(view: ui.View, form: str | None = None) -> None:
    """Pick form, unit and period; download the blank return."""
    columns = st.columns([2, 2, 2, 1], vertical_alignment="bottom") if form is None else st.columns([2, 2, 1])
    with columns[0]:
        form = form or ui.choose_form("blank-form", label=_("Form"))
    with columns[-3]:
        unit = ui.choose_unit("blank-unit", label=_("Reporting unit"))
    with columns[-2]:
        period = ui.choose_period("blank-period", label=_("Period"), frequency=all_forms()[form].frequency)
    with columns[-1]:
        st.download_button(
            _("Download the blank"),
            data=lambda: templates.blank(
                all_forms()[form], unit, Period.of(period), language=view.language, register=register()
            ),
            file_name=f"{ui.form_title(form)}_{register().get(unit).name}_{period}.xlsx",
            mime=WORKBOOK_MIME,
            icon="📄",
        )


# ---- one submission -----------------------------------------------------------------------------------------------------


def show_submission(view: ui.View, submission: pd.Series) -> None:
    """All about one submission, and what can be done with it."""
    st.subheader(name_of(submission))
    st.markdown(facts_of(submission))
    if submission.status == "unsure":
        ask_what_is_unclear(view, submission)
    findings = view.store.ask("findings", view.scope, submission=submission.id)
    show_findings(findings)
    ask_explanations(view, submission, findings[findings.severity == "query"])
    show_difference(view, submission)
    decide(view, submission)
