"""What a sheet leaves unclear: the sheet itself on the page, beside it what its columns were taken for, to pick."""

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from huizong import answers, blanks, decisions, ui
from huizong.desk_ui import attempt, deed_button, plain_markdown, recent_periods
from huizong.forms import Form, all_forms
from huizong.intake import Receipt, reason_text, receive_unlocked
from huizong.layout import Table, columns_of
from huizong.org_units import register
from huizong.returned import Question, Return
from huizong.sheet import Unreadable, Workbook, read_workbooks
from huizong.sheet_view import Mark, render
from huizong.store import Store, StoreTrouble
from huizong.texts import _, language, speak

MOST_FOUND = 80  # characters of what is printed; the sheet beside has all
KEPT_READINGS = 16  # of workbooks opened again for their questions
BODY_ROWS = 12  # that are shown; those of a column in question are marked
AROUND = 3  # rows shown before and after
HEIGHT_PX = 560  # of the pickers where they are more than MANY; they scroll like the sheet beside them
MANY = 9

Known = Callable[[str, str, int], answers.Earlier | None]  # answers.earlier_answers


# ---- the sheet and its questions -------------------------------------------------------------------------------------


def ask_what_is_unclear(view: ui.View, submission: pd.Series) -> None:
    """The questions of a return beside its sheet; the answers are kept with it."""
    words = _("The sheet leaves something unclear. Confirm or correct it beside the sheet; then it is read again.")
    st.info(words, icon="❔")
    pick(view, submission, _("Keep the answer and read again"), language())


def offer_columns(view: ui.View, submission: pd.Series) -> None:
    """Say what the columns hold of a return that was read without a question, but wrongly."""
    if submission["status"] in ("unsure", "accepted", "superseded") or pd.isna(submission["original"]):
        return
    key = f"columns of {submission['id']}"
    with st.expander(_("A column was read wrongly?"), icon="🧭", key=key, on_change="rerun") as columns:
        if columns.open:
            pick(view, submission, _("Keep the correction and read again"), language())


@st.fragment
def pick(view: ui.View, submission: pd.Series, button: str, spoken: str) -> None:
    """The sheet, and on its right a picker for all that is asked and for each column; a pick reruns this only."""
    speak(spoken)  # a pick runs this part of the page without the rest of it
    store = view.store
    said = answers.said_of(store, submission["id"])
    turn = f"{submission['id']} {zlib.crc32(repr(said).encode())}"  # after an answer the pickers start anew
    try:
        workbook, read = read_again(view, submission["id"], said)
    except Unreadable as error:
        st.error(reason_text(error.reason))
        return
    left, right = st.columns([11, 9], gap="medium")
    with right:
        known = earlier_answers(view, read)
        answer = {q.ask: pick_code(q, read.form, known, turn) for q in read.questions if q.ask == "form"}
        if answer.get("form"):  # another form has other columns: the rest is asked about them
            workbook, read = read_again(view, submission["id"], said | answer)
            known = earlier_answers(view, read)
        answer |= {q.ask: pick_code(q, read.form, known, turn) for q in read.questions if q.ask in ("unit", "period")}
        choices = choices_of(read, said)
        picked = pick_columns(read.form, choices, known, turn)
        changed = changed_choices(choices, picked)
        if obstacle := what_is_missing(read, choices, picked, answer):
            st.caption(f"⚠️ {obstacle}")
        wanting = obstacle or (None if answer or changed else _("Choose what is to be read otherwise first."))
        if deed_button(button, wanting, key=f"keep {turn}", type="primary", width="stretch"):
            columns = {cell: picked[choice.name] for choice in changed for cell in choice.cells}
            heads = {cell: choice.head for choice in changed for cell in choice.cells}
            told = answer | {"columns": columns, "heads": heads}

            def keep() -> None:
                waiting = decisions.answer(store, submission["id"], who=ui.who(), **told)
                st.session_state["chosen submission"] = waiting  # it may have got a new id

            attempt(keep, _("Kept; the return was read again"))
    with left:
        show_sheet(workbook, read, choices, turn)


def read_again(view: ui.View, submission: str, said: answers.Said) -> tuple[Workbook, Return]:
    """The workbook that a submission came in, and the submission as it reads with what was said. Raises Unreadable."""
    (original,) = view.store.ask("workbook_of", view.scope, submission=submission).itertuples()
    path = str(view.store.original_path(original.sha256, original.kind))
    return _read_again(path, submission, json.dumps(said), view.store)


@st.cache_resource(max_entries=KEPT_READINGS, show_spinner=False)
def _read_again(path: str, submission: str, said: str, _store: Store) -> tuple[Workbook, Return]:
    workbook = _opened(path)
    return workbook, answers.read_submission(_store, workbook, submission, json.loads(said))


@st.cache_resource(max_entries=KEPT_READINGS, show_spinner=False)
def _opened(path: str) -> Workbook:
    (workbook,) = read_workbooks([path])
    if isinstance(workbook, Unreadable):
        raise workbook
    return workbook


def earlier_answers(view: ui.View, read: Return) -> Known:
    return answers.earlier_answers(view.store, read.form.code, read.unit.code if read.unit else None, view.scope)


def changed_choices(choices: Sequence["Choice"], picked: Mapping[str, str | None]) -> list["Choice"]:
    """Those asked about, or picked otherwise than they were read; and all with the same head, so that it is known the
    next time which of them was which."""
    heads = {choice.heads for choice in choices if choice.asked or picked[choice.name] != choice.item}
    return [choice for choice in choices if choice.heads in heads]


def what_is_missing(
    read: Return, choices: Sequence["Choice"], picked: Mapping[str, str | None], answer: Mapping[str, str | None]
) -> str:
    """Why the answers cannot be kept yet: one is not picked, two columns of a table hold the same item, or the table
    does not have the heads of the form that is picked."""
    if answer.get("form") and any(question.ask == "form" for question in read.questions):
        return _("The table does not have the heads of this form.")
    if waiting := [*answer.values(), *picked.values()].count(None):
        return _("{n} answers are still to be picked.").format(n=waiting)
    held: dict[tuple[int, str], list[str]] = {}
    for choice in choices:
        for table in choice.tables:
            held.setdefault((table, picked[choice.name] or ""), []).append(choice.place)
    for (_table, item), places in held.items():
        if item and len(places) > 1:
            words = _("“{item}” is picked for several columns: {columns}.")
            return words.format(item=item_words(read.form, item), columns=", ".join(places))
    return ""


# ---- form, unit, period ----------------------------------------------------------------------------------------------


def pick_code(question: Question, form: Form, known: Known, turn: str) -> str | None:
    """The form, unit or period that is picked; what was answered to the same text before is on offer."""
    label, codes, words = {
        "form": (_("Form"), list(all_forms()), ui.form_title),
        "unit": (_("Reporting unit"), blanks.reporting_units(form, "0", register()), ui.unit_label),
        "period": (_("Period"), recent_periods(form), ui.period_label),
    }[question.ask]
    text = question.found if len(question.found) <= MOST_FOUND else question.found[:MOST_FOUND] + "…"
    found = _("found: {text}").format(text=plain_markdown(text) or _("nothing"))
    options = list(dict.fromkeys([*question.candidates, *codes]))
    earlier = known(question.ask, question.found, 1)
    picked = pick_one(f"{question.ask} {form.code} {turn}", f"**{label}** · {found}", options, words, earlier)
    say_earlier(earlier, options, words)
    return picked


def pick_one(
    key: str,
    label: str,
    options: Sequence[str],
    words: Callable[[str], str],
    earlier: answers.Earlier | None,
    **more: Any,
) -> str | None:
    """One of the options; what was answered earlier is picked already."""
    if earlier and earlier.answer in options:
        st.session_state.setdefault(key, earlier.answer)
    return st.selectbox(label, options, index=None, key=key, placeholder=_("choose …"), format_func=words, **more)


def say_earlier(earlier: answers.Earlier | None, options: Sequence[str], words: Callable[[str], str]) -> None:
    """上次（赤峰市松山区 2018年第二季度）选了…: of which return an answer on offer was given."""
    if earlier and earlier.answer in options:
        unit = "".join(unit.name for unit in register().path(earlier.unit)[-2:]) if earlier.unit else ""
        of = " ".join(part for part in (unit, ui.period_label(earlier.period) if earlier.period else "") if part)
        st.caption("🕘 " + _("Last time ({of}): {answer}").format(of=of, answer=words(earlier.answer)))


# ---- columns ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Choice:
    """What a column was taken for, and how sure; of several tables alike it is the same one in each."""

    heads: tuple[str, ...]
    place: str
    item: str
    certainty: str
    candidates: list[str]
    n: int  # the how-manieth column of its table with this head
    cells: list[str] = field(default_factory=list)
    tables: list[int] = field(default_factory=list)

    @property
    def head(self) -> str:
        return "".join(self.heads)

    @property
    def asked(self) -> bool:
        return self.certainty == "asked"

    @property
    def name(self) -> str:
        return self.cells[0]


def choices_of(read: Return, said: Mapping) -> list[Choice]:
    """Every column of a return's tables, those in question first."""
    found: dict[tuple, Choice] = {}
    for table_n, table in enumerate(read.tables):
        seen: Counter[tuple[str, ...]] = Counter()
        for column, place, heads, item, certainty, candidates in columns_of(table):
            at = f"{table.sheet.name}!{table.head_address(column)}"
            if at in said["columns"] and certainty != "asked":
                certainty = "confirmed"
            seen[heads] += 1
            alike = (heads, seen[heads], item, certainty, *candidates)
            choice = found.setdefault(alike, Choice(heads, place, item or "", certainty, candidates, seen[heads]))
            choice.cells.append(at)
            choice.tables.append(table_n)
    return sorted(found.values(), key=lambda choice: not choice.asked)


def pick_columns(form: Form, choices: Sequence[Choice], known: Known, turn: str) -> dict[str, str | None]:
    """Choice → the item that is picked for it, "" for none, None while it is open."""

    def words(code: str) -> str:
        return item_words(form, code) if code else _("no item of the form")

    picked = {}
    st.markdown("**" + _("What each column was taken for") + "**")
    with st.container(height=HEIGHT_PX if len(choices) > MANY else "content", key=f"columns beside {turn}"):
        for choice in choices:
            key = f"{choice.name} {form.code} {turn}"
            options = list(dict.fromkeys([*choice.candidates, *form.by_code, ""]))
            earlier = known("column", choice.head, choice.n) if choice.asked else None
            if not choice.asked:
                st.session_state.setdefault(key, choice.item)
            head, picker = st.columns([1, 1.3], vertical_alignment="center")
            text = plain_markdown(" › ".join(choice.heads)) or _("no head")
            head.markdown(f"**{choice.place}** {text} {certainty_badge(choice.certainty)}")
            with picker:
                look = {"label_visibility": "collapsed", "required": not choice.asked}
                label = f"{choice.place} {plain_markdown(choice.head)}"
                picked[choice.name] = pick_one(key, label, options, words, earlier, **look)
            say_earlier(earlier, options, words)
    return picked


def item_words(form: Form, code: str) -> str:
    """The head of an item; where another has the same, behind that of the item it follows."""
    head, place = form.by_code[code].head(language()), list(form.by_code).index(code)
    if place and sum(item.head(language()) == head for item in form.items) > 1:
        return " › ".join(item.label.get(language()) for item in form.items[place - 1 : place + 1])
    return head


def certainty_badge(certainty: str) -> str:
    color, words = {
        "asked": ("orange", _("to be confirmed")),
        "near": ("yellow", _("nearly its head")),
        "confirmed": ("blue", _("as you said")),
        "sure": ("green", _("sure")),
        "other": ("gray", _("not of this form")),
        "aside": ("gray", _("not read")),
    }[certainty]
    return f":{color}-badge[{words}]"


# ---- the sheet -------------------------------------------------------------------------------------------------------


def show_sheet(workbook: Workbook, read: Return, choices: Sequence[Choice], turn: str) -> None:
    """The sheet as it came: its header marked, what is in question highlighted. Of several sheets one is picked."""
    asked = [cell.rpartition("!")[0] for choice in choices if choice.asked for cell in choice.cells]
    names = list(dict.fromkeys([*asked, *read.sheets]))
    name = names[0]
    if len(names) > 1:
        name = st.selectbox(_("Sheet"), names, key=f"sheet of {turn}")
    sheet = next(sheet for sheet in workbook.sheets if sheet.name == name)
    marks = {at: mark for table in read.tables if table.sheet.name == name for at, mark in marks_of(table, read.form)}
    asked_at = [question.cell for question in read.questions if question.sheet == name and question.cell]
    marks |= {at: Mark("asked", _("to be confirmed")) for at in asked_at}
    legend = [("head", _("header")), *([("asked", _("to be confirmed"))] if read.questions else [])]
    chips = "".join(f'<span class="hz-{kind}">{escape(words)}</span>' for kind, words in legend)
    table = render(sheet, marks, around=AROUND if asked else BODY_ROWS + AROUND)
    st.html(f'<div class="hz-legend"><b>{escape(name)}</b>{chips}</div>{table}')


def marks_of(table: Table, form: Form) -> Iterator[tuple[str, Mark]]:
    """Address → mark, of a table's header and of the first rows of its columns in question."""
    sheet, (first, last) = table.sheet, table.header
    for column, _place, heads, item, certainty, _candidates in columns_of(table):
        kind = "asked" if certainty == "asked" else "head" if item else "aside"
        title = " › ".join(heads) + (f" → {item_words(form, item)}" if item else "")
        yield from ((sheet.address(row, column), Mark(kind, title)) for row in range(first, last + 1))
        if certainty == "asked":
            yield from ((sheet.address(row, column), Mark("asked-below")) for row in table.body[:BODY_ROWS])
    for top, left, bottom, right in sheet.merged:
        if first <= top and bottom < last and left < right:  # a head over several columns is none of theirs
            yield from ((sheet.address(top, column), Mark("head")) for column in range(left, right + 1))


# ---- passwords -------------------------------------------------------------------------------------------------------


def ask_password(view: ui.View, receipt: Receipt, *, key: str, take: Callable[[Receipt], None]) -> None:
    """A field for the password of a workbook that is kept locked; take: is given what became of it once it is open."""
    if not receipt.locked:
        return
    field, obstacle, spoken = f"password {key}", f"password {key} obstacle", language()

    def try_it() -> None:
        speak(spoken)  # a callback runs before the page
        password, st.session_state[field] = st.session_state[field], ""  # it is kept nowhere
        try:
            if password:
                take(receive_unlocked(view.store, receipt, password, who=ui.who()))
        except Unreadable as error:
            st.session_state[obstacle] = reason_text(error.reason)
        except StoreTrouble as error:
            st.session_state[obstacle] = str(error)

    with st.form(f"form of {field}"), st.container(horizontal=True, vertical_alignment="bottom"):
        label = _("Password of {name} (used once and kept nowhere)").format(name=plain_markdown(receipt.filename))
        st.text_input(label, key=field, type="password", autocomplete="off")
        st.form_submit_button(_("Open"), icon="🔑", on_click=try_it)
    if told := st.session_state.pop(obstacle, ""):
        st.error(told, icon="🔒")
