"""The rules of who owes what as an Excel table: handed out as they are, read again as somebody has edited them.

A rule is what assignments.py says it is. Only codes count where the table has a code and a name: names are for the eye.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from tempfile import NamedTemporaryFile

import pandas as pd

from huizong import assignments
from huizong.assignments import FREQUENCIES, Rule
from huizong.periods import MONTHS_IN
from huizong.sheet import read_workbooks
from huizong.store import DUE_DAYS, Store
from huizong.templates import table_workbook
from huizong.texts import LANGUAGES, N_, _, catalogue, language
from huizong.workbook import Cell, Sheet, Unreadable

# Column → its head. The two names are not read.
HEADS = {
    "form": N_("Form code"),
    "form_name": N_("Form"),
    "unit": N_("Unit code"),
    "unit_name": N_("Reporting unit"),
    "beneath": N_("Whom"),
    "owes": N_("Owes it"),
    "frequency": N_("How often"),
    "due_days": N_("Days until due"),
    "from": N_("From"),
    "to": N_("Until"),
}
WHOM = {True: N_("all units beneath"), False: N_("the unit itself")}
YES_NO = {True: N_("yes"), False: N_("no")}


class BadRules(ValueError):
    """A table of rules that cannot be read; the message has a line for each row that is wrong, with what is right."""


def rules_workbook(store: Store, rules: Sequence[Rule]) -> bytes:
    """The table with a row for each rule, in the current language; beneath it what may stand in which column."""
    rows = [
        {
            "form": rule["form"],
            "form_name": store.forms[str(rule["form"])].title.get(language()),
            "unit": rule["unit"],
            "unit_name": store.units.label(str(rule["unit"])),
            "beneath": _(WHOM[bool(rule["beneath"])]),
            "owes": _(YES_NO[bool(rule["owes"])]),
            "frequency": _(FREQUENCIES[str(rule["frequency"])]) if rule["frequency"] else "",
            "due_days": rule["due_days"],
            "from": rule["from"] or "",
            "to": rule["to"] or "",
        }
        for rule in rules
    ]
    frame = pd.DataFrame(rows, columns=list(HEADS)).astype({"due_days": "Int64"})
    return table_workbook(frame.set_axis([_(head) for head in HEADS.values()], axis=1), title=_("Who owes what"),
                          notes=notes(store))  # fmt: skip


def notes(store: Store) -> list[str]:
    """What may stand in which column."""
    forms = _(", ").join(f"{code} {form.title.get(language())}" for code, form in store.forms.items())
    lines = {
        _("The whole table counts: a row that is left out is a rule taken away; the order matters as on the page. "
          "Names are not read, codes are."): {},
        _("Form code: {known}"): {"known": forms},
        _("Whom: {known}; empty: what fits the form"): {"known": listed(WHOM)},
        _("How often: {known}; empty: as the form says"): {"known": listed(FREQUENCIES)},
        _("Days until due: a whole number; empty: {n}. From and until: days like 2018-01-01; empty: without end."):
            {"n": DUE_DAYS},
    }  # fmt: skip
    return [words.format(**more) for words, more in lines.items()]


def listed(words: Mapping[object, str]) -> str:
    return " / ".join(_(word) for word in words.values())


# ---- in again --------------------------------------------------------------------------------------------------------


def read_rules(store: Store, data: bytes) -> list[dict]:
    """The rules of an edited table, every name filled in, in their order. Raises BadRules, Unreadable."""
    with NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        (workbook,) = read_workbooks([file.name])
    if isinstance(workbook, Unreadable):
        raise workbook
    for sheet in workbook.sheets:
        for top, row in enumerate(sheet.rows):
            if {"form", "unit"} <= (columns := columns_of(row)).keys():
                return rules_beneath(store, sheet, top, columns)
    heads = "、".join(_(HEADS[name]) for name in ("form", "unit"))
    raise BadRules(_("no row has these heads: {heads}; download the table and edit that one").format(heads=heads))


def columns_of(row: Sequence[Cell]) -> dict[str, int]:
    """Which column stands where in a row of heads, of any language."""
    named = meanings(HEADS)
    return {named[text]: n for n, cell in enumerate(row) if (text := plain(cell)) in named}


def rules_beneath(store: Store, sheet: Sheet, top: int, columns: Mapping[str, int]) -> list[dict]:
    """The rules of the rows beneath the heads, up to the first without a code."""
    rules, wrong = [], []
    for n, row in enumerate(sheet.rows[top + 1 :], sheet.top + top + 2):
        cells = {name: row[column] for name, column in columns.items() if column < len(row)}
        if not (plain(cells["unit"]) and plain(cells["form"])):
            break
        try:
            rule = rule_of(cells)
            if fault := assignments.fault(store, rule):
                raise BadRules(fault)
            rules.append(assignments.completed(store, rule))
        except BadRules as error:
            wrong.append(_("row {n}: {wrong}").format(n=n, wrong=error))
    if wrong:
        raise BadRules("\n".join(wrong))
    return rules


def rule_of(cells: Mapping[str, Cell]) -> Rule:
    """One row as a rule. Raises BadRules for a word that is none of its column's."""
    said = {name: plain(cell) for name, cell in cells.items()}
    frequencies = {code: code for code in MONTHS_IN} | meanings(FREQUENCIES)
    owes = one_of(meanings(YES_NO), "owes", said)
    days = said.get("due_days", "")
    return {
        "form": said["form"],
        "unit": said["unit"],
        "beneath": one_of(meanings(WHOM), "beneath", said),
        "owes": owes is not False,
        "frequency": one_of(frequencies, "frequency", said),
        "due_days": (int(days) if days.isdecimal() else days) if days else None,
        "from": said.get("from") or None,
        "to": said.get("to") or None,
    }


def one_of(words: Mapping[str, object], column: str, said: Mapping[str, str]) -> object:
    """What the word in a column means; None where it is empty."""
    word = said.get(column, "")
    if word and word not in words:
        known = " / ".join(words)
        raise BadRules(_("“{word}” under {head}; known: {known}").format(word=word, head=_(HEADS[column]), known=known))
    return words[word] if word else None


def meanings(words: Mapping[object, str]) -> dict[str, object]:
    """The words of every language → what they mean."""
    return {catalogue(spoken).gettext(word): meaning for meaning, word in words.items() for spoken in LANGUAGES}


def plain(cell: Cell) -> str:
    """A cell as text: a day as 2018-01-01, a whole number without its point."""
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()
