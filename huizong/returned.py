"""What a table was read as: Return, its rows, what it leaves unclear, and the findings told of it."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from huizong.edits import Finding, printed
from huizong.forms import Form
from huizong.layout import Table, cell_at
from huizong.org_units import OrgUnit
from huizong.periods import Period
from huizong.values import Doubt
from huizong.workbook import Cell, Sheet


@dataclass(slots=True)
class Question:
    """What the sheet leaves unclear: ask is form, unit, period or column; candidates are codes; the cell is that of the
    column's head or of what says something of it."""

    ask: str
    found: str
    candidates: list[str]
    sheet: str = ""
    cell: str = ""


@dataclass(slots=True)
class Row:
    """One body row. row: its number on the sheet, from 1."""

    sheet: str
    row: int
    label: str
    unit_code: str | None
    kind: str  # self, township, department, village, other
    key: str | None
    values: dict[str, object]


class Located(NamedTuple):
    """Where the items of a table stand: item → place (`layout.cell_at` puts it together with a row)."""

    sheet: str
    head: str  # the cell of the head above the rows' names
    places: dict[str, str]


@dataclass(slots=True)
class Return:
    """One form's table (or tables) of one workbook, read."""

    form: Form
    unit: OrgUnit | None
    period: Period | None
    tables: list[Table]
    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    nil: bool = False  # a nil return (零报告): nothing to report, said so; it has no rows
    refused: bool = False  # of a version of the form that is not in force: nothing was read
    located: list[Located] = field(default_factory=list)  # one for each table

    @property
    def sheets(self) -> list[str]:
        return list(dict.fromkeys(one.sheet for one in self.located))

    def cell(self, row: Row, item: str) -> str | None:
        """Where a value stands: C7."""
        for one in self.located:
            if one.sheet == row.sheet and item in one.places:
                return cell_at(one.places[item], row.row)
        return None


def cell_of(sheet: Sheet, at: tuple[int, int]) -> Cell:
    row, column = at
    return sheet.rows[row][column] if column < len(sheet.rows[row]) else ""


def form_name(table: Table) -> str:
    """The item that names the table's rows, or, where it has no column, the first that has."""
    name = table.form.rows.name_item
    return name if name in table.columns else next(iter(table.columns))


def tell(
    found: Return,
    table: Table,
    severity: str,
    rule: str,
    cells: list[str],
    item: str | None = None,
    text: str = "",
    **params: str,
) -> None:
    found.findings.append(Finding(severity, rule, table.sheet.name, cells, item, text, params))


def tell_doubt(found: Return, table: Table, severity: str, r: int, item: str, doubt: Doubt) -> None:
    params = {"proposal": printed(doubt.proposal), **{k: str(v) for k, v in doubt.params.items()}}
    tell(found, table, severity, doubt.code, [table.address(r, item)], item, doubt.found, **params)


def of_reporter(form: Form) -> bool:
    """Whether the one row of the form is the reporting unit's own."""
    return form.rows.units == ["self"]


def item_value(value: object) -> object:
    """A value as JSON and tables carry it: counts as int, decimals as float, dates as ISO text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
