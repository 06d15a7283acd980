"""A return as it should be, with what each of its cells means; drawn as a workbook after it has been messed up.

A Draft is made of sheets, a Sheet of Pages (one table with the lines around it), a Page of Columns and Rows. The kinds
of mess change the draft; drawing it says where every cell came to stand.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from io import BytesIO
from random import Random

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from huizong.forms import Form, Item, all_forms
from huizong.org_units import OrgUnit, register
from huizong.periods import Period

ASK = "ask"  # what a cell means that nobody can read with certainty


@dataclass
class Box:
    """One cell of a row: what it shows, and what it means."""

    shown: object
    means: object = None
    number_format: str = ""


@dataclass
class Row:
    """kind: data, total, words (a line of text in the first column), head (the header again)."""

    kind: str = "data"
    boxes: dict[str, Box] = field(default_factory=dict)  # key of the column → its cell
    unit: str | None = None  # the code of the org unit it is about
    words: str = ""
    hidden: bool = False


@dataclass
class Column:
    """key: the item's code, or any other word for a column that is no item. heads: from the top down."""

    key: str
    heads: list[str]
    hidden: bool = False


@dataclass
class Page:
    form: Form
    unit: OrgUnit
    period: Period
    above: list[list[str]]
    columns: list[Column]
    rows: list[Row]
    below: list[list[str]] = field(default_factory=list)
    top: int = 0  # blank rows before everything
    left: int = 0
    gap: int = 0  # blank rows between the lines and the table
    merged_heads: bool = True
    turned: bool = False
    merged_down: list[tuple[str, Row, Row]] = field(default_factory=list)  # column key, first row, last row
    phantom: bool = False
    filtered: bool = False

    def column(self, key: str) -> Column | None:
        return next((column for column in self.columns if column.key == key), None)

    def items(self) -> Iterator[tuple[Column, Item]]:
        for column in self.columns:
            if column.key in self.form.by_code:
                yield column, self.form.by_code[column.key]

    @property
    def data(self) -> list[Row]:
        return [row for row in self.rows if row.kind == "data"]

    def boxes(self, *types: str) -> Iterator[tuple[Row, Item, Box]]:
        """The cells of items of these types, of all rows that are data."""
        for row in self.data:
            for column, item in self.items():
                if item.type in types and column.key in row.boxes:
                    yield row, item, row.boxes[column.key]

    @property
    def name_key(self) -> str:
        return self.form.rows.name_item


@dataclass
class Sheet:
    """pages stand one under the other, or side by side; words: a sheet that holds no return."""

    name: str
    pages: list[Page] = field(default_factory=list)
    words: list[list[object]] = field(default_factory=list)
    beside: bool = False
    hidden: bool = False


@dataclass
class Draft:
    sheets: list[Sheet]
    asks: bool = False  # nobody can say which form, unit or period it is

    @property
    def pages(self) -> list[Page]:
        return [page for sheet in self.sheets for page in sheet.pages if not sheet.hidden]


@dataclass(frozen=True)
class Truth:
    """What the value in a cell is. name_cell: the cell that names its row; head_cells: those of its column's heads."""

    form: str
    reporter: str
    period: str
    unit: str | None
    item: str
    value: object
    name_cell: str
    head_cells: tuple[str, ...]


# ---- a right return -------------------------------------------------------------------------------------------------

COURSES = [
    "统战干部专题培训班",
    "统战委员业务培训",
    "联络员工作座谈会",
    "党外代表人士报告会",
    "非公经济人士讲座",
    "新的社会阶层人士学习班",
]
ENTERPRISES = ["宏远农业公司", "兴牧乳业公司", "恒泰建材公司", "绿源果品公司", "丰茂种业公司", "天润食品公司"]
VILLAGES = ["东沟村", "西山村", "南河村", "北岭村", "前进村", "后营村"]


def right_return(random: Random, code: str | None = None) -> Page:
    """A right return of a form, with made-up figures of real units."""
    forms = all_forms()
    form = forms[code or random.choice(list(forms))]
    unit = random.choice(_counties())
    number = random.randint(1, {"year": 1, "half_year": 2, "quarter": 4, "month": 12}[form.frequency])
    period = Period(random.randint(2014, 2023), form.frequency, number)
    heads = [([item.parent.zh] if item.parent else []) + [item.label.zh] for item in form.items]
    columns = [Column(item.code, head) for item, head in zip(form.items, heads, strict=True)]
    rows = [_row(random, form, unit, period, n, township) for n, township in enumerate(_rows_of(random, form, unit))]
    page = Page(form, unit, period, [], columns, rows)
    page.columns.insert(0, Column("number", ["序号"]))
    for n, row in enumerate(rows, 1):
        row.boxes["number"] = Box(n)
    page.above = [[f"{period.label('zh_CN')}{form.title.zh}"],
                  [f"填报单位：{unit.name}", "", "", f"填报时间：{period.label('zh_CN')}"]]  # fmt: skip
    rows.append(total_of(page))
    page.below = [["注：示例数据，纯属虚构。"], ["填表人：", "", "审核人："]]
    return page


@cache
def _counties() -> list[OrgUnit]:
    """Counties whose name is theirs alone: 长安区, of which there are two, would rightly be asked about."""
    units = register()
    return [county for code in ("1504", "3210", "3706", "4501", "4111", "1301") for county in units.under(code, 3)
            if 4 <= len(units.under(county.code, 4)) <= 30 and units.find(county.name).unit is county]  # fmt: skip


def _rows_of(random: Random, form: Form, county: OrgUnit) -> list[OrgUnit | None]:
    townships = random.sample(register().under(county.code, 4), k=random.randint(3, 4))
    match form.code:
        case "staffing":
            return [county, *townships]
        case "coverage":
            return townships
        case "safeguards":
            return [county]
        case _:
            return [None] * random.randint(3, 5)


def _row(random: Random, form: Form, county: OrgUnit, period: Period, n: int, unit: OrgUnit | None) -> Row:
    row = Row(unit=unit.code if unit else None)
    for item in form.items:
        value: object
        match item.type:
            case "unit" if unit:
                value = unit.name
            case "unit":
                value = VILLAGES[n]
            case "text":
                value = (COURSES if form.code == "training" else ENTERPRISES)[n]
            case "integer":
                value = random.randint(1, 60)
            case "decimal":
                value = Decimal(random.randint(1, 800)) / 4
            case "yes_no":
                value = random.random() < 0.6
            case "date":
                value = date(period.year, random.choice(list(period.months)), random.randint(1, 28))
            case "code":
                value = item.codes[n % len(item.codes)].code if item.code == form.rows.name_item else (
                    random.choice(item.codes).code)  # fmt: skip
        row.boxes[item.code] = Box(printed(item, value), value, "yyyy-mm-dd" if item.type == "date" else "")
    return row


def printed(item: Item, value: object) -> object:
    if isinstance(value, bool):
        return "是" if value else "否"
    if item.codes:
        return item.code_label(str(value), "zh")
    return float(value) if isinstance(value, Decimal) else value


def total_of(page: Page, rows: list[Row] | None = None, label: str = "合计") -> Row:
    """The row that adds up rows (all of them): a check, never data."""
    total = Row("total", {page.name_key: Box(label)})
    for _, item in page.items():
        if item.summed:
            values = [row.boxes[item.code].means for row in rows or page.data if item.code in row.boxes]
            total.boxes[item.code] = Box(float(sum(v for v in values if isinstance(v, int | Decimal))))
    return total


# ---- drawing --------------------------------------------------------------------------------------------------------


def draw(draft: Draft) -> tuple[bytes, dict[tuple[str, str], Truth]]:
    """The workbook's bytes, and (sheet, cell) → what the value there is."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    truths: dict[tuple[str, str], Truth] = {}
    for sheet in draft.sheets:
        drawn = workbook.create_sheet(sheet.name)
        if sheet.hidden:
            drawn.sheet_state = "hidden"
        for words in sheet.words:
            drawn.append(words)
        top = left = 1
        for page in sheet.pages:
            bottom, right, found = _draw_page(drawn, page, top, left)
            if not sheet.hidden:
                truths |= {(sheet.name, cell): truth for cell, truth in found.items()}
            if sheet.beside:
                left = right + 2
            else:
                top = bottom + 2
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue(), truths


def _draw_page(sheet: Worksheet, page: Page, top: int, left: int) -> tuple[int, int, dict[str, Truth]]:
    top, left = top + page.top, left + page.left
    row = top
    for line in page.above:
        for n, text in enumerate(line):
            if text:
                sheet.cell(row, left + n, text)
        row += 1
    row += page.gap
    table_top = row

    def at(r: int, c: int) -> tuple[int, int]:
        """Where the table's row r, column c stands: exchanged in a form whose items go down."""
        return (table_top + c, left + r) if page.turned else (table_top + r, left + c)

    def name(r: int, c: int) -> str:
        y, x = at(r, c)
        return f"{get_column_letter(x)}{y}"

    def put(r: int, c: int, value: object, number_format: str = "") -> None:
        if value is not None:
            cell = sheet.cell(*at(r, c))
            if isinstance(value, str) and value.startswith("#"):
                cell.value, cell.data_type = value, "e"
            else:
                cell.value = value
            if number_format:
                cell.number_format = number_format

    def merge(r1: int, c1: int, r2: int, c2: int) -> None:
        (y1, x1), (y2, x2) = at(r1, c1), at(r2, c2)
        sheet.merge_cells(start_row=y1, start_column=x1, end_row=y2, end_column=x2)

    depth = max(len(column.heads) for column in page.columns)
    _draw_heads(page, 0, depth, put, merge)
    found: dict[str, Truth] = {}
    numbers: dict[int, int] = {}  # id of a row → where it stands
    name_column = next((c for c, column in enumerate(page.columns) if column.key == page.name_key), 0)
    r = depth
    for line in page.rows:
        numbers[id(line)] = r
        if line.kind == "head":
            _draw_heads(page, r, depth, put, merge)
            r += depth
            continue
        if line.kind == "words":
            put(r, 0, line.words)
        for c, column in enumerate(page.columns):
            box = line.boxes.get(column.key)
            if box is None:
                continue
            put(r, c, box.shown, box.number_format)
            if line.kind == "data" and column.key in page.form.by_code:
                found[name(r, c)] = Truth(
                    page.form.code, page.unit.code, page.period.code, line.unit, column.key, box.means,
                    name(r, name_column), tuple(name(h, c) for h in range(depth)),
                )  # fmt: skip
        if line.hidden:
            _hide(sheet, at(r, 0), rows=not page.turned)
        r += 1
    for key, first, last in page.merged_down:
        c = next((c for c, column in enumerate(page.columns) if column.key == key), None)
        if c is not None:
            merge(numbers[id(first)], c, numbers[id(last)], c)
    for c, column in enumerate(page.columns):
        if column.hidden:
            _hide(sheet, at(0, c), rows=page.turned)
    bottom, right = at(r - 1, len(page.columns) - 1)
    if page.filtered and not page.turned:
        sheet.auto_filter.ref = f"{name(depth - 1, 0)}:{name(r - 1, len(page.columns) - 1)}"
    row = bottom + 1
    for line in page.below:
        for n, text in enumerate(line):
            if text:
                sheet.cell(row, left + n, text)
        row += 1
    if page.phantom:
        sheet.cell(1_048_576, left).number_format = "0.00"
    return row, right, found


def _draw_heads(page: Page, top: int, depth: int, put, merge) -> None:
    columns = page.columns
    for level in range(depth):
        c = 0
        while c < len(columns):
            heads = columns[c].heads
            if level >= len(heads):
                c += 1
                continue
            end = c
            parent = level < len(heads) - 1
            while (parent and end + 1 < len(columns) and columns[end + 1].heads[: level + 1] == heads[: level + 1]
                   and len(columns[end + 1].heads) > level + 1):  # fmt: skip
                end += 1
            put(top + level, c, heads[level])
            bottom = level if parent else depth - 1
            if page.merged_heads and (end > c or bottom > level):
                merge(top + level, c, top + bottom, end)
            c = end + 1


def _hide(sheet: Worksheet, at: tuple[int, int], *, rows: bool) -> None:
    if rows:
        sheet.row_dimensions[at[0]].hidden = True
    else:
        sheet.column_dimensions[get_column_letter(at[1])].hidden = True
