"""What the pages of the desk share: lists of submissions, blanks, and all that is seen of one submission."""

import math
import zlib
from collections.abc import Callable
from contextvars import copy_context
from datetime import date, timedelta
from functools import partial
from time import monotonic
from typing import Any

import pandas as pd
import streamlit as st

from huizong import blanks, decisions, sendback, submissions, ui
from huizong.forms import Form, all_forms
from huizong.journal import on_the_clock
from huizong.org_units import register
from huizong.periods import Period, period_on
from huizong.store import StoreTrouble
from huizong.texts import _, language

WORKBOOK_MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BLANKS = 200  # in one ZIP; 25 take a second
SHOWN_FINDINGS = 100  # on the page; the download has all
DAYS_TO_CORRECT = 7  # proposed on the notice of a return that is sent back
HEEDED = 60  # seconds that a click waits for a run that gets as far as its button
YEARS_BACK = 20  # of the periods on offer


def local_time(at: pd.Timestamp) -> str:
    """A moment of the record (UTC) as the clock on the wall showed it."""
    return f"{on_the_clock(at):%Y-%m-%d %H:%M}"


def attempt(deed: Callable[[], None], done: str) -> None:
    """Does what a button says and runs the page again; what stands in the way is told beneath the button.

    The return that was shown stays so, or the deed names another.
    """
    st.session_state["chosen submission"] = st.session_state.get("shown submission")
    try:
        deed()
    except (decisions.NotAcceptable, StoreTrouble) as obstacle:
        st.error(str(obstacle))
    else:
        st.session_state["done"] = done
        st.rerun()


def deed_button(label: str, wanting: str | None, *, key: str, button: Any = st.button, **more: Any) -> bool:
    """A button that cannot be pressed while something is wanting; pointed at, it says what. True once for each click.

    The click is noted when it arrives, before the page runs: another click may cut that run short before it has got as
    far as the button, and Streamlit would forget the first.
    """
    clicked = f"{key} clicked"
    button(
        label,
        disabled=bool(wanting),
        help=wanting,
        key=key,
        on_click=lambda: st.session_state.update({clicked: monotonic()}),
        **more,
    )
    return monotonic() - st.session_state.pop(clicked, -math.inf) < HEEDED and not wanting


def wanting_reason(reason: str) -> str | None:
    return None if reason.strip() else _("Write the reason first: it is kept in the record.")


def say_what_was_done() -> None:
    """The result of the button pressed before this run."""
    if done := st.session_state.pop("done", None):
        st.toast(done, icon="✅")


# ---- words and blanks ------------------------------------------------------------------------------------------------


def plain_markdown(text: str) -> str:
    """A text of others in which nothing is taken for Markdown."""
    return "".join("\\" + sign if sign in "\\`*_{}[]()#+-.!|~<>$:" else sign for sign in text)


def offer_blank(view: ui.View, form: str | None = None) -> None:
    """Pick form, unit and period; download the blank return, or those of all units at once."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        form = form or ui.choose_form("blank form", label=_("Form"))
        chosen = all_forms()[form]
        units = blanks.reporting_units(chosen, view.unit.county or view.unit.code, register())
        every = None
        if 1 < len(units) <= MOST_BLANKS:
            every = _("{unit}: all {n} units, as a ZIP").format(unit=view.where, n=len(units))
        unit = ui.choose_unit(f"blank unit {view.unit.code} {form}", label=_("Reporting unit"), units=units, none=every)
        periods, looked_at = recent_periods(chosen), ui.recall("period")
        if looked_at in periods:
            periods = list(dict.fromkeys([looked_at, *periods]))
        key, picked = f"blank period {chosen.frequency} {looked_at}", st.session_state.setdefault("blank periods", {})
        if key in picked:  # Streamlit forgets it while a form of another frequency is shown
            st.session_state.setdefault(key, picked[key])
        code = picked[key] = ui.choose_period(key, label=_("Period"), periods=periods)
        period = Period.of(code)
        chosen = all_forms().of(form, period)
        issue = {"language": view.language, "register": register()}
        before = rows_before(view, chosen, period)
        if unit is None:
            name, kind = f"{ui.form_title(form)}_{view.where}_{code}.zip", "application/zip"
        else:
            name, kind = blanks.file_name(chosen, register().get(unit), period, view.language), WORKBOOK_MIME
        st.download_button(
            _("Download the blank"),
            lambda: (
                blanks.blank(chosen, unit, period, previous=before(unit), **issue)
                if unit
                else blanks.blanks(chosen, units, period, previous=before, **issue)
            ),
            name,
            mime=kind,
            icon="📄",
            disabled=not units,
            help=None if units else _("No unit of this region reports this form."),
            on_click="ignore",
        )
    if len(units) > MOST_BLANKS:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_("For the blanks of all units of a region at once, go to that region first:"))
            ui.link("pages/board.py", _("Return desk"), icon="🗓️")


def rows_before(view: ui.View, form: Form, period: Period) -> Callable[[str], pd.DataFrame | None]:
    """unit → the rows of its return in force for the period before, printed beside the blank for comparison."""
    return lambda unit: submissions.rows_in_force(view.store, form.code, unit, period.previous().code, view.scope)


def recent_periods(form: Form) -> list[str]:
    """The codes of a form's periods, from the one that today falls in back."""
    period = period_on(date.today(), form.frequency)
    periods = [period.code]
    while period.year > date.today().year - YEARS_BACK:
        period = period.previous()
        periods.append(period.code)
    return periods


# ---- lists of submissions --------------------------------------------------------------------------------------------


def pick_submission(returns: pd.DataFrame, *, key: str) -> pd.Series:
    """The table of submissions; gives the one that was selected or last dealt with, wherever it stands now; when it has
    left the table, the one that came after it; else the first."""
    listed = pd.DataFrame(
        {
            _("Status"): [ui.status_label(submissions.state_of(row)) for row in returns.to_dict("records")],
            _("Form"): [all_forms()[form].theme.get(language()) for form in returns["form"]],
            _("Reporting unit"): [known(unit, ui.unit_label) for unit in returns["unit"]],
            _("Period"): [known(period, ui.period_label) for period in returns["period"]],
            _("Revision"): returns["revision"].astype("Int64"),
            _("Rows"): returns["n_rows"].astype("Int64"),
            _("Errors"): returns["n_errors"].astype("Int64"),
            _("Queries"): returns["n_queries"].astype("Int64"),
            _("File"): [name or "⭕ " + _("entered") for name in returns["filename"]],
            _("Received"): [local_time(at) for at in returns["received_at"]],
        }
    )
    if len(listed) > 1:
        st.caption(_("Select a row: that return is shown beneath."))
    ids, before = returns["id"].tolist(), st.session_state.get(f"ids of {key}", [])
    chosen = st.session_state.get("chosen submission")
    wanted = before[before.index(chosen) :] if chosen in before else [chosen]
    row = next((ids.index(submission) for submission in wanted if submission in ids), 0)
    st.session_state.update({"shown submission": ids[row], f"ids of {key}": ids})
    table = f"{key} {zlib.crc32(' '.join(ids).encode())}"  # a table remembers row numbers: other rows, another table

    def select() -> None:
        for selected in st.session_state[table].selection.rows:
            st.session_state["chosen submission"] = ids[selected]

    ui.table(
        listed,
        key=table,
        title=_("Returns"),
        on_select=select,
        selection_mode="single-row",
        selection_default={"selection": {"rows": [row]}},
    )
    return returns.iloc[row]


def filter_submissions(history: pd.DataFrame) -> pd.DataFrame:
    """The submissions of the region, form, period and status that are picked; nothing picked is all."""
    with st.container(horizontal=True):
        unit = ui.choose_unit("of unit", label=_("Region"), units=regions_of(history), none=_("everywhere"))
        form = ui.choose_form("of form", label=_("Form"), none=_("all forms"))
        held = sorted(history["period"].dropna().unique(), key=Period.of, reverse=True)
        period = ui.choose_period("of period", label=_("Period"), periods=held, none=_("all periods"))
        statuses = st.multiselect(
            _("Status"),
            history["status"].unique().tolist(),
            format_func=ui.status_label,
            placeholder=_("all"),
            key="of status",
        )
    places = history[["province", "prefecture", "county", "unit"]]
    fits = pd.Series(True, index=history.index)
    for wanted, match in (
        (unit, places.eq(unit).any(axis=1)),
        (form, history["form"] == form),
        (period, history["period"] == period),
        (statuses, history["status"].isin(statuses)),
    ):
        if wanted:
            fits &= match
    return history[fits]


def regions_of(history: pd.DataFrame) -> list[str]:
    """The codes of all units that have sent something, and of those above them."""
    codes = pd.concat([history[name] for name in ("province", "prefecture", "county", "unit")]).dropna()
    return sorted(codes.unique())


def known(code: str | None, label: Callable[[str], str]) -> str:
    return label(code) if isinstance(code, str) else _("unclear")


# ---- one submission --------------------------------------------------------------------------------------------------


def show_heading(view: ui.View, submission: pd.Series) -> None:
    """What was sent, by whom, when, where it stands; the workbook itself."""
    unit, period = known(submission["unit"], ui.unit_label), known(submission["period"], ui.period_label)
    st.header(f"{ui.form_title(submission['form'])} · {unit} · {period}")
    facts = [ui.status_label(submissions.state_of(submission))]
    if submission["sample"]:
        facts.append("🧪 " + _("demonstration data"))
    if pd.notna(submission["revision"]):
        facts.append(_("revision {n}").format(n=int(submission["revision"])))
    facts.append("⭕ " + _("nil return") if submission["nil"] else _("{n} rows").format(n=int(submission["n_rows"])))
    entered = pd.isna(submission["original"])
    facts.append(
        _("entered {when}").format(when=local_time(submission["received_at"])) if entered else when_received(submission)
    )
    if not entered:
        facts.append(f"{plain_markdown(submission['filename'])} › {plain_markdown(submission['sheets'])}")
    st.markdown(" · ".join(facts))
    if submission["status"] == "unchanged":
        (why,) = decisions.why_not_acceptable(view.store, [submission["id"]]).values()
        st.info(why, icon="♻️")
    if entered:
        return
    (workbook,) = view.store.ask("workbook_of", view.scope, submission=submission["id"]).itertuples()
    st.download_button(
        _("Download the workbook as it came"),
        lambda: view.store.original_path(workbook.sha256, workbook.kind).read_bytes(),
        submission["filename"],
        key=f"original {submission['id']}",
        icon="📎",
        on_click="ignore",
    )


def when_received(row: pd.Series) -> str:
    """When a return was received; where it had come by another way before, both that day and when it was uploaded."""
    uploaded = local_time(row["received_at"])
    if pd.isna(row["received_on"]):
        return _("received {when}").format(when=uploaded)
    return _("received on {day}, uploaded {when}").format(day=f"{row['received_on']:%Y-%m-%d}", when=uploaded)


def show_findings(view: ui.View, submission: pd.Series) -> pd.DataFrame:
    """Every finding with its cells and remedy, errors first; gives them."""
    findings = submissions.findings(view.store, submission["id"], view.scope, as_of=view.as_of)
    st.subheader(_("Findings"))
    if findings.empty:
        st.success(_("All checks passed."), icon="✅")
        return findings
    severities = {
        "error": "🔴 " + _("error"),
        "query": "🟠 " + _("query"),
        "note": "⚪ " + _("note"),
        "trial": "⚗️ " + _("on trial"),
    }
    table = pd.DataFrame(
        {
            _("Kind"): findings["severity"].map(severities),
            _("Cells"): [f"{row.sheet}!{', '.join(row.cells)}" for row in findings.itertuples()],
            _("Item"): findings["item_label"],
            _("Problem"): findings["message"],
            _("Found"): findings["found"],
            _("Expected"): findings["expected"],
            _("What to do"): findings["remedy"],
        }
    )
    if findings["explanation"].notna().any():
        table[_("Explanation")] = findings["explanation"].fillna("")
    st.table(table.head(SHOWN_FINDINGS).map(plain_markdown), hide_index=True, border="horizontal")
    if len(table) > SHOWN_FINDINGS:
        st.caption(_("{n} more are in the download.").format(n=len(table) - SHOWN_FINDINGS))
    if (findings["severity"] == "trial").any():
        st.caption("⚗️ " + _("Rules on trial are shown to you only: the unit is not told, and nothing waits for them."))
    title = _("Findings of {name}").format(name=submission["filename"])
    ui.downloads(table, key=f"findings {submission['id']}", title=title, notes=(), formats={})
    return findings


def show_difference(view: ui.View, submission: pd.Series) -> None:
    """What a revision changes, cell by cell."""
    if submission["status"] == "unsure" or pd.isna(submission["revision"]) or submission["revision"] < 2:
        return
    changes = submissions.difference(view.store, submission["id"])
    st.subheader(_("Changes against the return before"))
    if changes.empty:
        st.info(_("No value has changed."))
        return
    form = all_forms()[submission["form"]]
    gone = changes["cell"] == ""
    if labels := changes.loc[gone, "label"].unique().tolist():
        words = _("{n} rows are no longer there: {labels}").format(n=len(labels), labels="、".join(labels))
        st.warning(plain_markdown(words), icon="➖")
    changes = changes[~gone]
    if changes.empty:
        return
    table = pd.DataFrame(
        {
            _("Row"): changes["label"],
            _("Item"): [form.by_code[item].head(language()) for item in changes["item"]],
            _("Before"): [printed(form, *pair) for pair in zip(changes["item"], changes["before"], strict=True)],
            _("Now"): [printed(form, *pair) for pair in zip(changes["item"], changes["after"], strict=True)],
            _("Cell"): changes["cell"],
        }
    )
    st.caption(_("{n} cells differ").format(n=len(table)))
    st.table(table.head(SHOWN_FINDINGS).map(plain_markdown), hide_index=True, border="horizontal")
    title = _("Changes of {name}").format(name=submission["filename"])
    ui.downloads(table, key=f"changes {submission['id']}", title=title, notes=(), formats={})


def show_rows(view: ui.View, submission: pd.Series) -> None:
    """The rows as they were read."""
    form = all_forms()[submission["form"]]
    rows = submissions.rows(view.store, submission["id"], form.code)
    if rows.empty:
        return
    with st.expander(_("The {n} rows as read").format(n=len(rows))):
        table = pd.DataFrame({_("Sheet row"): [f"{row.sheet}!{row.row}" for row in rows.itertuples()]})
        for item in form.items:
            values = rows[item.code]
            head = item.head(language())
            table[head] = values if item.numeric else [printed(form, item.code, value) for value in values]
        ui.table(table, key=f"rows {submission['id']}", title=ui.form_title(form.code))


def printed(form: Form, item: str, value: object) -> str:
    """A stored value as it is printed on the form."""
    declared = form.by_code[item]
    if value is None or pd.isna(value):
        return ""
    if declared.codes:
        return declared.code_label(str(value), language())
    if declared.type == "yes_no":
        return _("yes") if value else _("no")
    if declared.type == "date":
        return f"{value:%Y-%m-%d}"
    return f"{value:.10g}" if declared.numeric else str(value)


def show_as_it_was(view: ui.View, submission: pd.Series) -> None:
    """What a return said at the moment that is looked back at; how it was read before an answer is not kept."""
    if submission["status"] == "unsure":
        st.info(_("It waited for an answer then, or has been read anew since: how it was read then is not kept."))
        return
    show_findings(view, submission)
    show_rows(view, submission)


def offer_markup(view: ui.View, submission: pd.Series) -> None:
    """The workbook with its findings marked in it; for a return that was sent back, the notice as well."""
    if submission["status"] not in ("unsure", "error", "query", "sent_back"):
        return
    st.download_button(
        _("Download the marked-up workbook"),
        # In this language, whenever and wherever Streamlit comes to call it.
        partial(copy_context().run, sendback.marked_workbook, view.store, submission["id"], view.scope),
        sendback.marked_name(view.store, submission["id"], view.scope),
        key=f"marked {submission['id']}",
        icon="🖍️",
        on_click="ignore",
    )
    if submission["status"] == "sent_back":
        events = view.store.ask("timeline", view.scope, submission=submission["id"])
        offer_notice(view, submission, events.loc[events["kind"] == "sent_back", "note"].iloc[-1])


def offer_notice(view: ui.View, submission: pd.Series, reason: str) -> None:
    """The letter that goes back with a return."""
    if pd.isna(submission["unit"]) or pd.isna(submission["period"]):
        return
    today = date.today()
    due = st.date_input(
        _("Send again by"), today + timedelta(days=DAYS_TO_CORRECT), key=f"due {submission['id']}", format="YYYY-MM-DD"
    )
    name = [_("Notice"), submission["unit_name"], ui.form_title(submission["form"]), submission["period"]]
    letter = partial(sendback.notice_of, due=due, issued=today, reason=reason, scope=view.scope)
    st.download_button(
        _("Download the notice (Word)"),
        partial(copy_context().run, letter, view.store, submission["id"]),
        "_".join(name) + ".docx",
        key=f"notice {submission['id']}",
        icon="📄",
        on_click="ignore",
        disabled=not reason,  # a click that leaves the field would be quicker than what was written in it
        help=wanting_reason(reason),
    )


def show_timeline(view: ui.View, submission: pd.Series) -> None:
    """Who did what, when and why."""
    kinds = {
        "received": "📥 " + _("received"),
        "nil": "⭕ " + _("nil return entered"),
        "answered": "❔ " + _("form, unit, period or columns confirmed"),
        "moved": "✏️ " + _("moved"),
        "explained": "💬 " + _("explained"),
        "accepted": "🟢 " + _("accepted"),
        "sent_back": "↩️ " + _("sent back"),
        "withdrawn": "⚫ " + _("withdrawn"),
        "chased": "📣 " + _("unit reminded"),
        "reviewed": "🔎 " + _("cross check looked into"),
        "closed": "🔒 " + _("period closed"),
        "reopened": "🔓 " + _("period reopened"),
    }
    events = view.store.ask("timeline", view.scope, submission=submission["id"])
    events = events[events["happened_at"] <= view.as_of]
    lines = [(event.happened_at, kinds[event.kind], event.who, note_of(event)) for event in events.itertuples()]
    if submission["status"] == "superseded":
        lines.append((submission["ended_at"], "⚪ " + _("replaced by a newer return"), "", ""))
    st.subheader(_("What has happened"))
    table = pd.DataFrame(
        [
            (local_time(at), what, who, plain_markdown(note))
            for at, what, who, note in sorted(lines, key=lambda e: e[0])
        ],
        columns=[_("When"), _("What"), _("Who"), _("Note")],
    )
    st.table(table, hide_index=True, border="horizontal")


def note_of(event: Any) -> str:
    """What was said of an event; where a return was moved to before it."""
    said = ((event.unit, ui.unit_label), (event.period, ui.period_label))
    place = [label(code) for code, label in said if isinstance(code, str)]
    to = "→ " + " · ".join(place) if event.kind == "moved" and place else ""
    if isinstance(event.received_on, str):
        to = _("it had come on {day}").format(day=event.received_on)
    return "：".join(part for part in (to, event.note) if part)
