"""目标: what units are to reach, as a table to fill in on the page or in Excel, and what was changed in it.

A target is of an indicator, a unit and a period: a share as a fraction, anything else in the indicator's unit. Of an
indicator that divides by its target (完成率) it is the denominator, and of a whole year.
"""

import os
import tempfile
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from huizong.forms import Forms, Indicator, Item, plain
from huizong.org_units import Register
from huizong.periods import Period
from huizong.sheet import Cell, Sheet, Unreadable, read_workbooks
from huizong.store import ALWAYS, EVERYWHERE, Store
from huizong.templates import table_workbook
from huizong.texts import _, language
from huizong.values import Doubt, parse_value

PLACES = Decimal("0.0001")  # as the store keeps it
MOST_PERCENT = 200  # of a share; more is a slip of the percent format


class Change(NamedTuple):
    """One target as it was and as it is to be; None: there is none."""

    indicator: str
    unit: str
    period: str
    before: float | None
    after: float | None


class Fault(NamedTuple):
    """What cannot be taken from a filled-in workbook, and where: 统战!C4 (empty for the whole of it)."""

    cell: str
    message: str


def period_of_target(indicator: Indicator, period: Period) -> Period:
    """The period that a target holds for: of an indicator that divides by it the year."""
    return Period(period.year) if indicator.made_of_target else period


def held(
    store: Store,
    indicators: Sequence[str],
    unit: str,
    period: Period,
    *,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
) -> pd.DataFrame:
    """One row per unit, the region first and then its parts that stand in the period: unit, name, and a column for each
    indicator with the target entered for just this period (NaN: none)."""
    region = store.units.get(unit)
    rows = [region, *store.units.children(unit, on=period.end)]
    frame = pd.DataFrame({"unit": [one.code for one in rows], "name": [one.name for one in rows]})
    entered = store.ask("targets", scope, unit=unit, indicators=list(indicators), as_of=as_of)
    known = {(row.indicator, row.unit, row.period): row.value for row in entered.itertuples()}
    for code in indicators:
        own = period_of_target(store.forms.indicators[code][1], period).code
        frame[code] = [known.get((code, one.code, own), float("nan")) for one in rows]
    return frame


def differences(
    forms: Forms, period: Period, before: pd.DataFrame, after: pd.DataFrame, indicators: Sequence[str]
) -> list[Change]:
    """The cells of two tables of `held` that differ, unit by unit; a unit or indicator that `after` lacks stays."""
    was = before.set_index("unit")
    found = []
    for row in after.to_dict("records"):
        for code in indicators:
            if code in row:
                pair = [none_or(was.at[row["unit"], code]), none_or(row[code])]
                if pair[0] != pair[1]:
                    own = period_of_target(forms.indicators[code][1], period)
                    found.append(Change(code, row["unit"], own.code, *pair))
    return found


def none_or(value: float | None) -> float | None:
    """A number as the store keeps it: to four places."""
    return None if value is None or pd.isna(value) else float(round(Decimal(repr(float(value))), 4))


# ---- in Excel --------------------------------------------------------------------------------------------------------


def head(indicator: Indicator) -> str:
    """The head of an indicator's column: 结对完成率（目标数）, 资金到位率（%）."""
    label = indicator.label.get(language())
    if indicator.made_of_target:
        return _("{indicator}: target count").format(indicator=label)
    return f"{label} ({_('%') if indicator.unit is None else indicator.unit.get(language())})"


def formats(indicators: Sequence[Indicator]) -> dict[str, str]:
    """Head → Excel number format."""
    return {head(i): "0.0#%" if i.share and not i.made_of_target else "#,##0.####" for i in indicators}


def workbook(forms: Forms, table: pd.DataFrame, indicators: Sequence[str], title: str) -> bytes:
    """The table of `held` to fill in."""
    declared = [forms.indicators[code][1] for code in indicators]
    names = {"unit": _("Region code"), "name": _("Region")} | {i.code: head(i) for i in declared}
    notes = [
        _("Fill in the targets; an emptied cell takes the target away. Keep the codes and heads as they are."),
        _("A share is written with its sign: 95%"),
    ]
    return table_workbook(table.rename(columns=names), title=title, notes=notes, formats=formats(declared))


def read(
    data: bytes, forms: Forms, units: Register, table: pd.DataFrame, indicators: Sequence[str]
) -> tuple[pd.DataFrame, list[Fault]]:
    """What a filled-in workbook says, as a table like that of `held` with the units and indicators it has; what cannot
    be taken from it. A cell with a fault keeps what was held."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "targets.xlsx"
        path.write_bytes(data)
        (read,) = read_workbooks([os.fspath(path)])
    if isinstance(read, Unreadable):
        return table.head(0), [Fault("", _("the file cannot be read as a workbook"))]
    for sheet in read.sheets:
        if columns := columns_of(sheet, forms, indicators):
            return rows_of(sheet, columns, forms, units, table)
    return table.head(0), [Fault("", _("no sheet has the heads of the table that was downloaded here"))]


class Columns(NamedTuple):
    """Where the heads stand: the row beneath them, the column of the codes, column → indicator."""

    first: int
    unit: int
    indicators: dict[int, str]


def columns_of(sheet: Sheet, forms: Forms, indicators: Sequence[str]) -> Columns | None:
    """The first row with the code's head and one of the indicators'."""
    wanted = {plain(head(forms.indicators[code][1])): code for code in indicators}
    for row, cells in enumerate(sheet.rows):
        texts = [plain(cell) if isinstance(cell, str) else "" for cell in cells]
        found = {column: wanted[text] for column, text in enumerate(texts) if text in wanted}
        if found and plain(_("Region code")) in texts:
            return Columns(row + 1, texts.index(plain(_("Region code"))), found)
    return None


def rows_of(
    sheet: Sheet, columns: Columns, forms: Forms, units: Register, table: pd.DataFrame
) -> tuple[pd.DataFrame, list[Fault]]:
    known = table.set_index("unit")
    rows: dict[str, dict[str, object]] = {}
    faults: list[Fault] = []
    for number, cells in enumerate(sheet.rows[columns.first :], columns.first):
        code = code_of(cells[columns.unit]) if columns.unit < len(cells) else ""
        written = {name: cells[column] for column, name in columns.indicators.items() if column < len(cells)}
        if code not in known.index and not any(cell not in (None, "") for cell in written.values()):
            continue  # a note beneath the table, or a row without targets
        place = f"{sheet.name}!{sheet.address(number, columns.unit)}"
        if code not in known.index:
            faults.append(Fault(place, _("no unit of this table has the code {code}").format(code=code)))
        elif code in rows:
            faults.append(Fault(place, _("{unit} stands twice").format(unit=units.get(code).name)))
        else:
            rows[code] = row = {"unit": code, "name": known.at[code, "name"]}
            for column, indicator in columns.indicators.items():
                value = read_target(cells[column] if column < len(cells) else None, forms.indicators[indicator][1])
                if isinstance(value, str):
                    faults.append(Fault(f"{sheet.name}!{sheet.address(number, column)}", value))
                    value = known.at[code, indicator]
                row[indicator] = value
    return pd.DataFrame(list(rows.values()), columns=["unit", "name", *columns.indicators.values()]), faults


def code_of(cell: Cell) -> str:
    """150404, also where a spreadsheet made it a number."""
    return f"{cell:.0f}" if isinstance(cell, float) else str(cell or "").strip()


def read_target(cell: Cell, indicator: Indicator) -> float | str | None:
    """What a cell says, or why it cannot be read."""
    share = indicator.share and not indicator.made_of_target
    text = "".join(cell.split()).replace("％", "%") if isinstance(cell, str) else cell
    if share and isinstance(text, str) and text.endswith("%"):
        text = text.removesuffix("%")
    elif share and text not in (None, ""):
        return _("“{found}”: write a share with its sign: 95%").format(found=cell)
    item = Item(code="target", label=indicator.label, type="decimal", unit=None if share else indicator.unit)
    value = parse_value(text, item)
    if isinstance(value, Doubt):
        return _("“{found}” is not a number").format(found=value.found)
    if share and value is not None and value > MOST_PERCENT:
        return _("“{found}” is more than {most}%: in a cell with a percent format 10 means 1000%").format(
            found=cell, most=MOST_PERCENT
        )
    return None if value is None else float(value) / (100 if share else 1)
