"""The part of the upload page that takes files in: the uploader, how far it is, what became of each file."""

from collections.abc import Mapping, Sequence
from contextvars import copy_context
from datetime import date
from functools import partial
from io import BytesIO
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from huizong import bulk, submissions, ui
from huizong.archives import ignored
from huizong.desk_ui import WORKBOOK_MIME, known, plain_markdown
from huizong.intake import Receipt
from huizong.questions_ui import ask_password
from huizong.texts import _, language, speak

ICONS = {"refused": "⛔", "unreadable": "⚠️", "already": "☑️", "received": "✅"}
COLOURS = {"unsure": "violet", "error": "red", "query": "orange", "explained": "yellow", "clean": "blue",
           "accepted": "green"}  # fmt: skip
SMALL = 20  # files that are waited for: with more, the page can be left meanwhile
MOST_FILES = 980  # that a browser hands over at once
SHOWN_RECEIPTS = 100  # on the page; the summary has all
SHOWN_RETURNS = 12  # of one file, beneath its line
LIST_PIXELS = 400  # of a long list, which then scrolls: what waits for a decision stands beneath it


def receive_files(view: ui.View) -> None:
    """The uploader; what is dropped is taken in at once, and the uploader emptied.

    Any file may be dropped: what it is, its content says, and intake tells why it cannot be read better than a browser.
    """
    turn = st.session_state.setdefault("upload turn", 0)
    ways = {False: _("Files, or a ZIP of them"), True: _("A whole folder")}
    with st.container(horizontal=True, vertical_alignment="center"):
        folder = st.segmented_control(
            _("What to upload"), list(ways), format_func=ways.get, default=False, key="upload way", required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        received_on = ask_day_of_receipt(f"received on {turn}")
    files = ui.upload(_("Workbooks"), types=(), key=f"upload {turn} {folder}", many=True, folder=bool(folder))
    st.caption(
        _("At most {n} files at once. More: pack them into a ZIP with their folders, or, on this machine, {command}.")
        .format(n=MOST_FILES, command="`python -m huizong load …`")
    )  # fmt: skip
    if files:
        st.session_state["upload turn"] = turn + 1  # a new key is a new, empty uploader
        st.session_state.pop("chosen submission", None)  # what has just come is looked at first
        take_in(view, files, received_on)
        st.rerun()


def ask_day_of_receipt(key: str) -> date | None:
    """The earlier day on which what is dropped next came by post or another way; it holds for one upload."""
    said = st.session_state.get(key)
    with st.popover(_("Received on {day}").format(day=said) if said else _("Came earlier?"), icon="📮"):
        return st.date_input(
            _("Received on"),
            None,
            max_value=date.today(),
            key=key,
            format="YYYY-MM-DD",
            help=_("For what had come by post or another way. Say it before you drop the files: it holds for this one "
                   "upload, and decides whether they were in time. Both days are kept."),
        )  # fmt: skip


def take_in(view: ui.View, files: Sequence[Any], received_on: date | None) -> None:
    """Hands the files over; a few are waited for."""
    sent = [file for file in files if not ("/" in file.name and ignored(file.name))]  # of a folder, as on the disk
    sources = [(file.name, partial(BytesIO, file.getvalue())) for file in sent]
    batch = bulk.Batch(view.store, sources, who=ui.who(), received_on=received_on)
    sources.clear()
    let_go(files)
    many = batch.total > SMALL
    batch.start(in_turn=many)
    if not many:
        bar = st.progress(0.0)
        while not batch.ended.wait(0.1):
            bar.progress(batch.done, text=plain_markdown(batch.progress()))


def let_go(files: Sequence[Any]) -> None:
    """Takes uploaded bytes out of the session, which would keep them until it ends."""
    if context := get_script_run_ctx():
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def show_batches(view: ui.View) -> None:
    """What is under way, and what became of the files of the last uploads, until it is put away."""
    under_way, ended = bulk.batches(view.store)
    if under_way:
        show_progress(under_way, language())
    for n, batch in enumerate(ended):
        show_result(view, batch, newest=not n)


@st.fragment(run_every=1)
def show_progress(under_way: Sequence[bulk.Batch], spoken: str) -> None:
    """Bars that move by themselves, while everything else on the page can be used."""
    speak(spoken)  # this part of the page runs without the rest of it
    for batch in under_way:
        with st.container(border=True):
            if batch.waiting:
                st.progress(0.0, text=_("{n} files wait for the upload before them.").format(n=f"{batch.total:,}"))
            else:
                st.progress(batch.done, text=plain_markdown(batch.progress()))
            with st.container(horizontal=True, vertical_alignment="center"):
                stopped = batch.stopping.is_set()
                st.button(_("Stop"), key=f"stop {batch.key}", on_click=batch.stopping.set, disabled=stopped, icon="⏹️")
                st.caption(
                    _("Stopping after the files under way …") if stopped
                    else _("You can go on working, leave this page or close it; the files are taken in all the same.")
                )  # fmt: skip
    if any(batch.ended.is_set() for batch in under_way):
        st.rerun()


def show_result(view: ui.View, batch: bulk.Batch, *, newest: bool) -> None:
    """What became of each file, those that need a look first, and where its returns stand now."""
    ids = [i for receipt in batch.receipts for i in receipt.submissions]
    states = view.keep(("states", batch.key), lambda: submissions.states(view.store, ids))
    outcomes, statuses = bulk.counted(batch.receipts, states)
    parts = [f"{ICONS[o]} {_(bulk.OUTCOMES[o])} {outcomes[o]:,}" for o in bulk.OUTCOMES if outcomes[o]]
    head = _("This upload: {n} files") if newest else _("Upload of {when}: {n} files")
    head = head.format(n=f"{len(batch.receipts):,}", when=f"{batch.at:%m-%d %H:%M}")
    with st.expander(" · ".join([head, *parts]), expanded=newest, key=f"result {batch.key} {newest}"):
        if batch.error or batch.stopping.is_set():
            st.warning(
                _("Ended early: {n} of {total} files. {why} What has been received stays; upload the same files again, "
                  "and it goes on from there.")
                .format(n=f"{len(batch.receipts):,}", total=f"{batch.total:,}", why=plain_markdown(batch.error)),
                icon="✋",
            )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center"):
            badges = (f":{COLOURS.get(s, 'gray')}-badge[{ui.status_label(s)} {n:,}]" for s, n in statuses.items())
            if statuses:
                st.caption(_("Returns just received:") + " " + " ".join(badges))
            offer_summary(view, batch)
        receipts = [
            (n, receipt)
            for n, receipt in bulk.by_urgency(batch.receipts, states)
            if len(batch.receipts) <= SMALL or bulk.needs_a_look(receipt, states)
        ][:SHOWN_RECEIPTS]
        with st.container(height=LIST_PIXELS if len(receipts) > SMALL // 2 else "content", border=False):
            for n, receipt in receipts:
                show_receipt(view, receipt, states)
                put = partial(batch.receipts.__setitem__, n)
                ask_password(view, receipt, key=f"{batch.key} {n}", take=put)
        if len(receipts) < len(batch.receipts):
            st.caption(_("The summary lists all {n} files.").format(n=f"{len(batch.receipts):,}"))


def show_receipt(view: ui.View, receipt: Receipt, states: Mapping[str, Mapping[str, Any]]) -> None:
    """One file: what became of it, and where each of its returns stands."""
    returns = [state_line(states[i]) for i in receipt.submissions[:SHOWN_RETURNS] if i in states]
    message = plain_markdown(receipt.message)
    if receipt.outcome == "received" and len(returns) == 1:
        message, returns = returns[0], []
    head = f"{ICONS[receipt.outcome]} **{plain_markdown(receipt.filename)}** — {_(bulk.OUTCOMES[receipt.outcome])}"
    st.markdown("\n- ".join([f"{head} · {message}", *returns]))


def offer_summary(view: ui.View, batch: bulk.Batch) -> None:
    """Each file and return as a workbook; away with the result."""
    title = _("What became of the upload of {when}").format(when=f"{batch.at:%Y-%m-%d %H:%M}")
    st.download_button(
        _("Download the summary (Excel)"),
        # In this language, whenever and wherever Streamlit comes to call it.
        partial(copy_context().run, lambda: bulk.summary_workbook(view.store, batch.receipts, title)),
        f"{title.replace(':', '')}.xlsx",
        mime=WORKBOOK_MIME,
        key=f"summary {batch.key}",
        icon="📊",
        on_click="ignore",
    )
    st.button(_("Put away"), key=f"away {batch.key}", on_click=bulk.put_away, args=(batch,), icon="🧹")


def state_line(state: Mapping[str, Any]) -> str:
    """Form, unit, period, where the return stands, and how much was found in it."""
    parts = [
        ui.form_title(state["form"]),
        known(state["unit"], ui.unit_label),
        known(state["period"], ui.period_label),
        ui.status_label(submissions.state_of(state)),
    ]
    if state["n_errors"]:
        parts.append(_("errors: {n}").format(n=state["n_errors"]))
    if state["n_queries"]:
        parts.append(_("queries: {n}").format(n=state["n_queries"]))
    return " · ".join(parts)
