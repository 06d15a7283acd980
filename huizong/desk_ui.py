"""What the pages of the desk share: taking workbooks in, and all that is seen of and done with one submission."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from datetime import UTC, date, timedelta
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from huizong import blanks, decisions, intake, sendback, submissions, ui
from huizong.forms import Form, all_forms
from huizong.org_units import register
from huizong.periods import Period, period_on
from huizong.texts import _, language

WORKBOOK_MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OUTCOMES = ("refused", "unreadable", "already", "received")  # those that need a look first
ICONS = {"refused": "⛔", "unreadable": "⚠️", "already": "☑️", "received": "✅"}
MOST_BLANKS = 200  # in one ZIP; 25 take a second
SHOWN_FINDINGS = 100  # on the page; the download has all
SHOWN_RETURNS = 12  # of one file, beneath its line
DAYS_TO_CORRECT = 7  # proposed on the notice of a return that is sent back
YEARS_BACK = 20  # of the periods on offer


def local_time(at: pd.Timestamp) -> str:
    """A moment of the record (UTC) as the clock on the wall showed it."""
    return f"{at.to_pydatetime().replace(tzinfo=UTC).astimezone():%Y-%m-%d %H:%M}"


def attempt(deed: Callable[[], None], done: str) -> None:
    """Does what a button says and runs the page again; what stands in the way is told beneath the button."""
    try:
        deed()
    except decisions.NotAcceptable as obstacle:
        st.error(str(obstacle))
    else:
        st.session_state["done"] = done
        st.rerun()


def say_what_was_done() -> None:
    """The result of the button pressed before this run."""
    if done := st.session_state.pop("done", None):
        st.toast(done, icon="✅")


# ---- taking workbooks in ---------------------------------------------------------------------------------------------


def receive_files(view: ui.View) -> None:
    """The uploader; what is dropped is received at once, and the uploader emptied.

    Any file may be dropped: what it is, its content says, and intake tells why it cannot be read better than a browser.
    """
    turn = st.session_state.setdefault("upload turn", 0)
    files = ui.upload(_("Workbooks"), types=(), key=f"upload {turn}")
    if files:
        st.session_state["receipts"] = receive_with_progress(view, files)
        st.session_state["upload turn"] = turn + 1  # a new key is a new, empty uploader: the bytes are let go
        st.rerun()


def receive_with_progress(view: ui.View, files: Sequence) -> list[intake.Receipt]:
    receipts: list[intake.Receipt] = []
    bar = st.progress(0.0, text=_("Reading {n} files …").format(n=len(files)))
    contents = ((file.name, file.getvalue()) for file in files)
    for receipt in intake.receive(view.store, contents, who=ui.who()):
        receipts.append(receipt)
        words = _("{n} of {total}: {name}").format(n=len(receipts), total=len(files), name=receipt.filename)
        bar.progress(len(receipts) / len(files), text=words)
    return receipts


def show_receipts(view: ui.View) -> None:
    """What became of each file of the last upload, and where its returns stand now."""
    receipts: list[intake.Receipt] = st.session_state.get("receipts", [])
    if not receipts:
        return
    words = {
        "refused": _("refused, not kept"),
        "unreadable": _("cannot be read"),
        "already": _("already received"),
        "received": _("received"),
    }
    states = submissions.states(view.store, [i for receipt in receipts for i in receipt.submissions])
    counts = Counter(receipt.outcome for receipt in receipts)
    parts = [f"{ICONS[o]} {words[o]} {counts[o]}" for o in OUTCOMES if counts[o]]
    summary = _("This upload: {n} files").format(n=len(receipts)) + " · " + " · ".join(parts)
    with st.expander(summary, expanded=True):
        for receipt in sorted(receipts, key=lambda receipt: OUTCOMES.index(receipt.outcome))[:SHOWN_FINDINGS]:
            name, message = plain_markdown(receipt.filename), plain_markdown(receipt.message)
            st.markdown(f"{ICONS[receipt.outcome]} **{name}** — {words[receipt.outcome]} · {message}")
            for state in (states[i] for i in receipt.submissions[:SHOWN_RETURNS] if i in states):
                st.markdown(f"- {state_line(state)}")


def state_line(state: Mapping[str, Any]) -> str:
    """Form, unit, period, where the return stands, and how much was found in it."""
    parts = [
        ui.form_title(state["form"]),
        known(state["unit"], ui.unit_label),
        known(state["period"], ui.period_label),
        ui.status_label(state_of(state)),
    ]
    if state["n_errors"]:
        parts.append(_("errors: {n}").format(n=state["n_errors"]))
    if state["n_queries"]:
        parts.append(_("queries: {n}").format(n=state["n_queries"]))
    return " · ".join(parts)


def state_of(submission: Mapping[str, Any]) -> str:
    """The status, with those queries told apart that are explained and only wait to be accepted."""
    explained = submission["status"] == "query" and submission["n_explained"] == submission["n_queries"]
    return "explained" if explained else submission["status"]


def plain_markdown(text: str) -> str:
    """A text of others in which nothing is taken for Markdown."""
    return "".join("\\" + sign if sign in "\\`*_{}[]()#+-.!|~<>$:" else sign for sign in text)


def offer_blank(view: ui.View, form: str | None = None) -> None:
    """Pick form, unit and period; download the blank return, or those of all units at once."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        form = form or ui.choose_form("blank form", label=_("Form"))
        chosen = all_forms()[form]
        units = blanks.reporting_units(chosen, view.unit.county or view.unit.code, register())
        every = _("all {n} units, as a ZIP").format(n=len(units)) if 1 < len(units) <= MOST_BLANKS else None
        unit = ui.choose_unit(f"blank unit {view.unit.code} {form}", label=_("Reporting unit"), units=units, none=every)
        code = ui.choose_period(f"blank period {form}", label=_("Period"), periods=recent_periods(chosen))
        period = Period.of(code)
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
            on_click="ignore",
        )


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
    """The table of submissions; gives the one that is selected, else the first."""
    listed = pd.DataFrame(
        {
            _("Status"): [ui.status_label(state_of(row)) for row in returns.to_dict("records")],
            _("Form"): [all_forms()[form].theme.get(language()) for form in returns["form"]],
            _("Reporting unit"): [known(unit, ui.unit_label) for unit in returns["unit"]],
            _("Period"): [known(period, ui.period_label) for period in returns["period"]],
            _("Revision"): returns["revision"].astype("Int64"),
            _("Rows"): returns["n_rows"].astype("Int64"),
            _("Errors"): returns["n_errors"].astype("Int64"),
            _("Queries"): returns["n_queries"].astype("Int64"),
            _("File"): returns["filename"].tolist(),
            _("Received"): [local_time(at) for at in returns["received_at"]],
        }
    )
    if len(listed) > 1:
        st.caption(_("Select a row: that return is shown beneath."))
    selected = ui.table(listed, key=key, title=_("Returns"), on_select="rerun", selection_mode="single-row")
    rows = [row for row in selected.selection.rows if row < len(returns)]
    return returns.iloc[rows[0] if rows else 0]


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
    facts = [ui.status_label(state_of(submission))]
    if submission["sample"]:
        facts.append("🧪 " + _("demonstration data"))
    if pd.notna(submission["revision"]):
        facts.append(_("revision {n}").format(n=int(submission["revision"])))
    facts.append(_("{n} rows").format(n=int(submission["n_rows"])))
    facts.append(_("received {when}").format(when=local_time(submission["received_at"])))
    facts.append(f"{plain_markdown(submission['filename'])} › {plain_markdown(submission['sheets'])}")
    st.markdown(" · ".join(facts))
    (workbook,) = view.store.ask("workbook_of", view.scope, submission=submission["id"]).itertuples()
    st.download_button(
        _("Download the workbook as it came"),
        lambda: view.store.original_path(workbook.sha256, workbook.kind).read_bytes(),
        submission["filename"],
        key=f"original {submission['id']}",
        icon="📎",
        on_click="ignore",
    )


def ask_what_is_unclear(view: ui.View, submission: pd.Series) -> None:
    """Pickers for what the sheet leaves open; the answer is kept with the return."""
    questions = json.loads(submission["questions"] or "[]")
    st.info(_("The sheet does not say for sure which return this is. Choose, and it is read again."), icon="❔")
    form = all_forms()[submission["form"]]
    answer: dict[str, str | None] = {}
    columns: dict[str, str | None] = {}
    with st.container(border=True):
        for question in questions:
            key = f"{question['ask']} {question['cell']} of {submission['id']}"
            found = _("found: {text}").format(text=question["found"] or _("nothing"))
            match question["ask"]:
                case "form":
                    label = _("Form ({found})").format(found=found)
                    answer["form"] = ui.choose_form(key, label=label)
                case "unit":
                    label = _("Reporting unit ({found})").format(found=found)
                    units = dict.fromkeys([*question["candidates"], *blanks.reporting_units(form, "0", register())])
                    answer["unit"] = ui.choose_unit(key, label=label, units=list(units), none=_("choose …"))
                case "period":
                    label = _("Period ({found})").format(found=found)
                    periods = dict.fromkeys([*question["candidates"], *recent_periods(form)])
                    answer["period"] = ui.choose_period(key, label=label, periods=list(periods), none=_("choose …"))
                case "column":
                    cell = f"{question['sheet']}!{question['cell']}"
                    label = _("Column {cell}, headed “{head}”").format(cell=cell, head=question["found"])
                    columns[cell] = choose_item(form, key, label, question["candidates"])
        if st.button(_("Keep the answer"), type="primary", disabled=None in [*answer.values(), *columns.values()]):
            attempt(
                lambda: decisions.answer(view.store, submission["id"], who=ui.who(), columns=columns, **answer),
                _("Kept; the return was read again"),
            )


def choose_item(form: Form, key: str, label: str, candidates: Sequence[str]) -> str | None:
    """The item that a column holds, the likely ones first; "" for none of the form."""
    items = [*dict.fromkeys([*candidates, *form.by_code]), ""]
    return st.selectbox(
        label,
        items,
        index=None,
        key=key,
        placeholder=_("choose …"),
        format_func=lambda code: form.by_code[code].head(language()) if code else _("no item of the form"),
    )


def show_findings(view: ui.View, submission: pd.Series) -> pd.DataFrame:
    """Every finding with its cells and remedy, errors first; gives them."""
    findings = submissions.findings(view.store, submission["id"], view.scope)
    st.subheader(_("Findings"))
    if findings.empty:
        st.success(_("All checks passed."), icon="✅")
        return findings
    severities = {"error": "🔴 " + _("error"), "query": "🟠 " + _("query"), "note": "⚪ " + _("note")}
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
    title = _("Findings of {name}").format(name=submission["filename"])
    ui.downloads(table, key=f"findings {submission['id']}", title=title, notes=(), formats={})
    return findings


def ask_explanations(view: ui.View, submission: pd.Series, findings: pd.DataFrame) -> None:
    """A line to write for each query; kept in the record."""
    queries = findings[findings["severity"] == "query"]
    if queries.empty or submission["status"] != "query":
        return
    st.subheader(_("Explanations"))
    with st.form(f"explain {submission['id']}"):
        written = {
            query.n: st.text_input(
                f"{plain_markdown(query.sheet)}!{', '.join(query.cells)} · {plain_markdown(query.message)}",
                value=query.explanation or "",
                placeholder=query.remedy,
            )
            for query in queries.itertuples()
        }
        if st.form_submit_button(_("Keep the explanations")):
            before = dict(zip(queries["n"], queries["explanation"].fillna(""), strict=True))
            changed = {n: text for n, text in written.items() if text.strip() and text.strip() != before[n]}

            def keep() -> None:
                for n, text in changed.items():
                    decisions.explain(view.store, submission["id"], int(n), text, who=ui.who())

            attempt(keep, _("{n} explanations kept").format(n=len(changed)))


def show_difference(view: ui.View, submission: pd.Series) -> None:
    """What a revision changes, cell by cell."""
    if pd.isna(submission["revision"]) or submission["revision"] < 2:
        return
    changes = submissions.difference(view.store, submission["id"])
    st.subheader(_("Changes against the return before"))
    if changes.empty:
        st.info(_("No value has changed."))
        return
    form = all_forms()[submission["form"]]
    gone = changes["cell"] == ""
    for label in changes.loc[gone, "label"].unique():
        st.warning(_("The row “{label}” is no longer there.").format(label=plain_markdown(label)), icon="➖")
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
    )


def decide(view: ui.View, submission: pd.Series) -> None:
    """Accept or send back."""
    obstacle = decisions.why_not_acceptable(view.store, [submission["id"]]).get(submission["id"])
    if obstacle:
        st.caption("🔒 " + _("Cannot be accepted yet: {why}").format(why=obstacle))
    with st.container(horizontal=True):
        if st.button(_("Accept"), type="primary", icon="✅", disabled=bool(obstacle)):
            attempt(
                lambda: decisions.accept(view.store, [submission["id"]], who=ui.who()),
                _("Accepted; the figures follow"),
            )
        with st.popover(_("Send back"), icon="↩️"):
            reason = st.text_area(_("Reason"), key=f"reason {submission['id']}")
            offer_notice(view, submission, reason.strip())
            if st.button(_("Send it back"), disabled=not reason.strip()):
                attempt(
                    lambda: decisions.send_back(view.store, submission["id"], who=ui.who(), reason=reason.strip()),
                    _("Sent back"),
                )


def offer_correction(view: ui.View, submission: pd.Series) -> None:
    """Say for which unit and period a return is that was read for another; it then waits for a decision again."""
    if submission["status"] in ("unsure", "accepted", "superseded"):
        return
    form = all_forms()[submission["form"]]
    with st.popover(_("Wrong unit or period"), icon="✏️"):
        st.caption(_("It is read again for what you choose, and waits for a decision again."))
        units = dict.fromkeys([submission["unit"], *blanks.reporting_units(form, "0", register())])
        unit = ui.choose_unit(f"other unit {submission['id']}", label=_("Reporting unit"), units=list(units))
        periods = dict.fromkeys([submission["period"], *recent_periods(form)])
        period = ui.choose_period(f"other period {submission['id']}", label=_("Period"), periods=list(periods))
        if st.button(_("Read it again"), key=f"again {submission['id']}"):
            attempt(
                lambda: decisions.answer(view.store, submission["id"], unit=unit, period=period, who=ui.who()),
                _("Kept; the return was read again"),
            )


def offer_withdrawal(view: ui.View, submission: pd.Series) -> None:
    """Take a return out of force, with a reason."""
    if submission["status"] in ("withdrawn", "sent_back", "superseded"):
        return
    with st.popover(_("Withdraw"), icon="⚫"):
        st.caption(_("It leaves the figures at once and stays on record."))
        reason = st.text_area(_("Reason"), key=f"withdraw {submission['id']}")
        if st.button(_("Withdraw it"), disabled=not reason.strip()):
            attempt(
                lambda: decisions.withdraw(view.store, submission["id"], who=ui.who(), reason=reason.strip()),
                _("Withdrawn"),
            )


def accept_all_clean(view: ui.View, pending: pd.DataFrame) -> None:
    """One click for every return without a finding; one that replaces another is looked at first."""
    clean = pending[pending["status"] == "clean"]
    ready, replacing = clean[clean["replaces"].isna()], clean[clean["replaces"].notna()]
    with st.container(horizontal=True, vertical_alignment="center"):
        words = _("Accept all clean returns ({n})").format(n=len(ready))
        if st.button(words, type="primary", icon="✅", disabled=ready.empty):
            attempt(
                lambda: decisions.accept(view.store, ready["id"].tolist(), who=ui.who()),
                _("{n} returns accepted; the figures follow").format(n=len(ready)),
            )
        if len(replacing):
            st.caption(_("{n} more replace a return in force: look at their changes first.").format(n=len(replacing)))


def show_timeline(view: ui.View, submission: pd.Series) -> None:
    """Who did what, when and why."""
    kinds = {
        "received": "📥 " + _("received"),
        "answered": "❔ " + _("form, unit or period confirmed"),
        "explained": "💬 " + _("explained"),
        "accepted": "🟢 " + _("accepted"),
        "sent_back": "↩️ " + _("sent back"),
        "withdrawn": "⚫ " + _("withdrawn"),
    }
    events = view.store.ask("timeline", view.scope, submission=submission["id"])
    lines = [(event.happened_at, kinds[event.kind], event.who, event.note) for event in events.itertuples()]
    if submission["status"] == "superseded":
        lines.append((submission["ended_at"], "⚪ " + _("replaced by a newer return"), "", ""))
    st.subheader(_("What has happened"))
    table = pd.DataFrame(
        [(local_time(at), what, who, plain_markdown(note)) for at, what, who, note in lines],
        columns=[_("When"), _("What"), _("Who"), _("Note")],
    )
    st.table(table, hide_index=True, border="horizontal")
