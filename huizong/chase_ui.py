"""催报 on the board's page: the words to send, the letter, the calendar, the record of attempts, who is always late."""

from contextvars import copy_context
from datetime import date, timedelta
from functools import partial

import pandas as pd
import streamlit as st

from huizong import chasing, decisions, ui
from huizong.desk_ui import attempt, deed_button, local_time, plain_markdown
from huizong.texts import _

DAYS_TO_ANSWER = 5  # proposed in a reminder
SHOWN_MESSAGES = 12  # on the page; the download has all
SHOWN_ATTEMPTS = 50


def way_label(how: str) -> str:
    labels = {
        "telephone": "📞 " + _("Telephone"),
        "message": "💬 " + _("WeChat or text message"),
        "letter": "📄 " + _("Letter"),
        "visit": "🚗 " + _("Visit"),
    }
    return labels[how]


def chase(view: ui.View, rows: pd.DataFrame) -> None:
    """What to send for these rows of the board, and what has come of it."""
    owed = chasing.to_chase(rows)
    if owed.empty:
        ui.empty(_("Nothing here waits for a reporting unit: there is nobody to remind."), icon="☕")
        return
    early = owed["state"] == "missing"  # and not due yet
    if early.any():
        words = _("Also what is not due yet ({n})").format(n=int(early.sum()))
        if not st.toggle(words, value=bool(early.all()), key=f"chase early {early.all()}"):
            owed = owed[~early]
        if owed.empty:
            return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.date_input(
            _("Settle by"), date.today() + timedelta(days=DAYS_TO_ANSWER), key="chase by", format="YYYY-MM-DD"
        )
        kinds = {False: _("WeChat"), True: _("Text message")}
        short = st.segmented_control(
            _("Length"), list(kinds), format_func=kinds.get, default=False, key="chase length", required=True
        )
        offer_letter(view, owed, by)
    messages = chasing.messages(view.store, owed, by=by, today=date.today(), short=short)
    show_messages(messages, short=short)
    log_attempt(view, owed, messages)


def show_messages(messages: list[chasing.Message], *, short: bool) -> None:
    """Each message with a button that copies it, and all of them to download."""
    st.caption(_("{n} units; the button at the right of each text copies it.").format(n=len(messages)))
    columns = st.columns(2)
    for n, message in enumerate(messages[:SHOWN_MESSAGES]):
        with columns[n % 2]:
            st.code(message.text, language=None, wrap_lines=True)
            if short:
                counted = _("{name}: {n} characters, {parts} text messages")
                st.caption(counted.format(name=message.unit_name, n=len(message.text), parts=message.parts))
    table = pd.DataFrame(
        [(m.unit, m.unit_name, m.text, len(m.text), m.parts) for m in messages],
        columns=[_("Code"), _("Reporting unit"), _("Text"), _("Characters"), _("Text messages")],
    )
    if len(messages) > SHOWN_MESSAGES:
        st.caption(_("{n} more are in the download.").format(n=len(messages) - SHOWN_MESSAGES))
    ui.downloads(table, key="chase messages", title=_("Reminders"), notes=(), formats={})


def offer_letter(view: ui.View, owed: pd.DataFrame, by: date) -> None:
    """The letter of reminder, to the one unit or to all of the region."""
    names = owed["unit_name"].unique()
    to = names[0] if len(names) == 1 else _("the reporting units of {unit}").format(unit=ui.unit_name(view.unit))
    make = partial(chasing.letter, view.store, owed, to, view.period, by=by, today=date.today())
    st.download_button(
        _("Letter of reminder (Word)"),
        partial(copy_context().run, make),
        "_".join([_("Reminder"), to, view.period.code]) + ".docx",
        key="chase letter",
        icon="📄",
        on_click="ignore",
    )


def log_attempt(view: ui.View, owed: pd.DataFrame, messages: list[chasing.Message]) -> None:
    """Say that these units were reminded, how, and what they answered."""
    turn = st.session_state.setdefault("chase turn", 0)  # after each note another popover: closed, with nothing written
    with st.popover(_("Note that they were reminded"), icon="📝", key=f"chase {turn}"):
        names = dict(zip(owed["unit"], owed["unit_name"], strict=True))
        units = st.multiselect(
            _("Reporting unit"), list(names), default=list(names), format_func=names.get, key="chased units"
        )
        how = st.segmented_control(
            _("How"), decisions.WAYS_TO_CHASE, format_func=way_label, default="message", key="chased how", required=True
        )
        answer = st.text_area(_("What they answered (may stay empty)"), key=f"chased answer {turn}")
        wanting = None if units else _("Choose the reporting unit first.")
        if deed_button(_("Keep it"), wanting, type="primary", key="chased keep"):
            chosen = owed[owed["unit"].isin(units)]
            sent = "\n\n".join(m.text for m in messages if m.unit in units) if how == "message" else ""
            returns = chosen[["form", "unit", "period"]].to_dict("records")

            def keep() -> None:
                decisions.chase(view.store, returns, who=ui.who(), how=how, text=sent, answer=answer)
                st.session_state["chase turn"] = turn + 1

            attempt(keep, _("Kept: {n} returns of {units} units").format(n=len(returns), units=len(units)))


def show_attempts(view: ui.View, rows: pd.DataFrame) -> None:
    """Who was reminded when, how and by whom, and what they answered."""
    periods = tuple(sorted(rows["period"].unique()))
    found = view.ask(chasing.attempts, view.unit.code, periods)
    found = found[found["chased_at"] <= view.as_of]
    if found.empty:
        st.caption(_("Nobody has been reminded yet for this period."))
        return
    made = found.groupby(["chased_at", "who", "unit_name", "how", "answer"], sort=False)["form"].agg(list).reset_index()
    table = pd.DataFrame(
        {
            _("When"): [local_time(at) for at in made["chased_at"]],
            _("Who"): made["who"],
            _("Reporting unit"): made["unit_name"],
            _("How"): made["how"].map(way_label),
            _("Returns"): ["、".join(ui.form_title(form) for form in forms) for forms in made["form"]],
            _("Answer"): made["answer"],
        }
    )
    st.table(table.head(SHOWN_ATTEMPTS).map(plain_markdown), hide_index=True, border="horizontal")
    ui.downloads(table, key="attempts", title=_("Reminders sent"), notes=(), formats={})


def show_often_late(view: ui.View) -> None:
    """Who has been late again and again over the last periods."""
    found = view.ask(chasing.often_late, view.unit.code, view.period, today=date.today())
    if found.empty:
        st.caption(_("Nobody has been late more than once over the last {n} periods.").format(n=chasing.LOOK_BACK))
        return
    table = pd.DataFrame(
        {
            _("Reporting unit"): found["name"],
            _("Late"): found["n_late"].astype("Int64"),
            _("Owed"): found["n_expected"].astype("Int64"),
            _("Share late"): found["late"],
            _("On time, period by period"): found["history"],
        }
    )
    columns = {_("On time, period by period"): st.column_config.BarChartColumn(y_min=0, y_max=1)}
    ui.table(
        table.head(SHOWN_ATTEMPTS),
        key="often late",
        title=_("Often late"),
        formats={_("Share late"): "0.0%"},
        column_config=columns,
    )


def offer_calendar(view: ui.View) -> None:
    """The days on which something is due in the coming year, for any calendar program."""
    today = date.today()
    make = partial(chasing.calendar, view.store, view.unit, today, today + timedelta(days=366), view.scope)
    st.download_button(
        _("Calendar of due dates (.ics)"),
        partial(copy_context().run, make),
        "_".join([_("Due dates"), ui.unit_name(view.unit)]) + ".ics",
        mime="text/calendar",
        key="calendar",
        icon="📅",
        on_click="ignore",
    )
