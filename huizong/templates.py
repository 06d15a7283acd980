"""Workbooks out: any sheet drawn as a return, the download of a table.

`draw` sets one return on one sheet; the blank (blanks.py) is that with formulas, checks and a mark.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate, groupby

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from huizong.excel import BOX, HEAD_FILL, display_width, workbook_bytes, write
from huizong.forms import Form, Item
from huizong.org_units import OrgUnit
from huizong.texts import _, language

WIDEST = 48  # column of a table, in characters; a longer text goes on in the next line
LINE_HEIGHT = 15.5  # points
SERIAL_WIDTH = 6
NARROWEST = 66  # of a table, in characters: what a title and the lines beneath it need
CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True)
RIGHT = Alignment(horizontal="right", vertical="center")
DATE_FORMAT = "yyyy-mm-dd"


@dataclass(frozen=True, kw_only=True)
class Look:
    """The hand of one office: what differs between two clerks' sheets of the same form."""

    title_font: str = "宋体"
    body_font: str = "仿宋"
    size: int = 11
    width: float = 1.0  # of the columns, against ours
    left: int = 1  # the table's first column
    gap: int = 0  # blank rows under the title
    serial: str | None = "序号"  # the head of the numbering column; None: there is none
    total: str | None = "合计"
    heads: Mapping[str, str] = field(default_factory=dict)  # item → its head as this office prints it


@dataclass(frozen=True, kw_only=True)
class ReturnSheet:
    """What is printed on one sheet: the lines above the table, its rows and total, the lines beneath it."""

    form: Form
    title: str
    lines: Sequence[str]  # under the title, left to right: 填报单位, 填报时间, 计量单位
    rows: Sequence[Mapping[str, object]]  # item → its value, or a text that stands in its cell as it is
    totals: Mapping[str, object] = field(default_factory=dict)
    notes: Sequence[str] = ()
    asked: str = ""  # a line of its own above the table, with a cell for the answer
    name: str = ""  # of the sheet; the form's title when empty
    look: Look = Look()


@dataclass(frozen=True)
class Body:
    """Where a drawn return stands: item → column; first and last row of the head, of the rows; the row of the total;
    the cell for the answer to what is asked above the table."""

    columns: Mapping[str, int]
    head: tuple[int, int]
    first: int
    last: int
    total: int | None
    answer: str | None = None

    @property
    def right(self) -> int:
        """The last column of the table."""
        return max(self.columns.values())

    def range(self, item: str) -> str:
        letter = get_column_letter(self.columns[item])
        return f"{letter}{self.first}:{letter}{self.last}"

    def fixed(self, item: str) -> str:
        """The same cells from wherever the formula stands: $C$5:$C$26."""
        letter = get_column_letter(self.columns[item])
        return f"${letter}${self.first}:${letter}${self.last}"


def returns_workbook(returns: Iterable[ReturnSheet]) -> bytes:
    """A workbook as an office sends it: one sheet for each return."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    for page in returns:
        draw(workbook.create_sheet(page.name or page.form.title.get(language())), page)
    return workbook_bytes(workbook)


def draw(sheet: Worksheet, page: ReturnSheet) -> Body:
    """Title, lines, header with merged parents, rows, total and notes of one return."""
    form, look = page.form, page.look
    start = look.left + (look.serial is not None)
    columns = {item.code: start + n for n, item in enumerate(form.items)}
    end = start + len(form.items) - 1
    widths = column_widths(page)
    font = Font(name=look.body_font, size=look.size)

    title = across(sheet, 1, look.left, end, page.title, CENTRE)
    title.font = Font(name=look.title_font, size=look.size + 7, bold=True)
    sheet.row_dimensions[1].height = 2.2 * (look.size + 7)
    head_top = draw_lines(sheet, page, 2 + look.gap, look.left, end)
    answer = draw_asked(sheet, page, head_top, widths) if page.asked else None
    head_top += bool(answer)
    head_bottom = draw_head(sheet, page, head_top, columns)
    first = head_bottom + 1
    for number, values in enumerate(page.rows, 1):
        if look.serial is not None:
            put(sheet, first + number - 1, look.left, number, font, CENTRE)
        for item in form.items:
            value = printed(item, values.get(item.code))
            cell = put(sheet, first + number - 1, columns[item.code], value, font, alignment(item))
            if item.type == "date":
                cell.number_format = DATE_FORMAT
    last = first + len(page.rows) - 1

    total = None
    if look.total is not None:
        total = last + 1
        bold = Font(name=look.body_font, size=look.size, bold=True)
        for item in form.items:
            put(sheet, total, columns[item.code], page.totals.get(item.code), bold, alignment(item))
        if look.serial is not None:
            put(sheet, total, look.left, None, bold, CENTRE)
        sheet.cell(total, columns[form.rows.name_item], look.total).alignment = CENTRE

    for offset, note in enumerate(page.notes, 1):
        cell = across(sheet, (total or last) + offset, look.left, end, note, LEFT)
        cell.font = Font(name=look.body_font, size=look.size - 1)
        sheet.row_dimensions[cell.row].height = 1.6 * look.size * (1 + display_width(note) // sum(widths.values()))

    if look.serial is not None:
        sheet.column_dimensions[get_column_letter(look.left)].width = SERIAL_WIDTH
    for code, width in widths.items():
        sheet.column_dimensions[get_column_letter(columns[code])].width = round(width, 1)
    sheet.freeze_panes = sheet.cell(first, columns[form.rows.name_item] + 1)
    print_on_a4(sheet, head_top, head_bottom)
    return Body(columns, (head_top, head_bottom), first, last, total, answer)


def draw_lines(sheet: Worksheet, page: ReturnSheet, top: int, left: int, right: int) -> int:
    """The lines side by side, or one under the other where the table is narrow. Returns the row beneath."""
    parts, columns = len(page.lines), right - left + 1
    stacked = columns < 3 * parts
    for n, line in enumerate(page.lines):
        first, last = (left, right) if stacked else (left + columns * n // parts, left + columns * (n + 1) // parts - 1)
        cell = across(sheet, top + n * stacked, first, last, line, Alignment(horizontal="left", vertical="center"))
        cell.font = Font(name=page.look.body_font, size=page.look.size)
    return top + (parts if stacked else 1)


def draw_asked(sheet: Worksheet, page: ReturnSheet, row: int, widths: Mapping[str, float]) -> str:
    """What is asked, over the columns it needs, and to the right of it the cell for the answer. Gives its address."""
    look = page.look
    serial = [] if look.serial is None else [SERIAL_WIDTH]
    room = list(accumulate([*serial, *widths.values()]))
    needed = sum(width < display_width(page.asked) for width in room) + 1
    column = look.left + min(needed, len(room) - 1)
    line = across(sheet, row, look.left, column - 1, page.asked, Alignment(horizontal="left", vertical="center"))
    line.font = Font(name=look.body_font, size=look.size)
    sheet.row_dimensions[row].height = 1.8 * look.size
    return put(sheet, row, column, None, Font(name=look.body_font, size=look.size, bold=True), CENTRE).coordinate


def draw_head(sheet: Worksheet, page: ReturnSheet, top: int, columns: Mapping[str, int]) -> int:
    """One header row, or two where items share a merged head. Returns the last of them."""
    form, look = page.form, page.look
    bold = Font(name=look.body_font, size=look.size, bold=True)
    bottom = top + any(item.parent for item in form.items)

    def head(row: int, column: int, text: str | None) -> None:
        put(sheet, row, column, text, bold, CENTRE).fill = HEAD_FILL

    def tall(column: int, text: str) -> None:
        head(top, column, text)
        if bottom > top:
            head(bottom, column, None)
            sheet.merge_cells(start_row=top, end_row=bottom, start_column=column, end_column=column)

    if look.serial is not None:
        tall(look.left, look.serial)
    for parent, group in groupby(form.items, key=lambda item: item.parent):
        family = list(group)
        for item in family:
            text = look.heads.get(item.code, item.label.get(language()))
            if parent:
                head(top, columns[item.code], None)
                head(bottom, columns[item.code], text)
            else:
                tall(columns[item.code], text)
        if parent:
            left, right = columns[family[0].code], columns[family[-1].code]
            sheet.cell(top, left, parent.get(language()))
            if right > left:
                sheet.merge_cells(start_row=top, end_row=top, start_column=left, end_column=right)
    for row in range(top, bottom + 1):
        sheet.row_dimensions[row].height = 32 if row == bottom else 20
    return bottom


def put(sheet: Worksheet, row: int, column: int, value: object, font: Font, align: Alignment) -> Cell:
    """Write one boxed cell."""
    cell = write(sheet.cell(row, column), value)
    cell.font, cell.alignment, cell.border = font, align, BOX
    return cell


def across(sheet: Worksheet, row: int, first: int, last: int, text: str, align: Alignment) -> Cell:
    """A line of text over several columns."""
    cell = sheet.cell(row, first)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"
    cell.alignment = align
    if last > first:
        sheet.merge_cells(start_row=row, end_row=row, start_column=first, end_column=last)
    return cell


def printed(item: Item, value: object) -> object:
    """A value as its cell prints it: a code by its label, true as 是."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return item.code_label(value, language()) if item.codes and value is not None else value


def sums(form: Form, rows: Sequence[Mapping[str, object]]) -> dict[str, Decimal]:
    """item → the sum of its column, of the items that a 合计 row adds up and that any row gives a number for."""
    totals = {}
    for item in (item for item in form.items if item.summed):
        values = [row.get(item.code) for row in rows]
        if filled := [Decimal(str(value)) for value in values if isinstance(value, int | float | Decimal)]:
            totals[item.code] = sum(filled)
    return totals


def alignment(item: Item) -> Alignment:
    return LEFT if item.type in ("unit", "text") else RIGHT if item.numeric else CENTRE


def column_widths(page: ReturnSheet) -> dict[str, float]:
    """item → how wide its column is; the column of names takes what a narrow table needs to carry its title."""
    widths = {}
    for item in page.form.items:
        head = display_width(page.look.heads.get(item.code, item.label.get(language())))
        longest = max((display_width(code.label.get(language())) for code in item.codes), default=0)
        narrowest = {"unit": 24, "text": 24, "date": 15}.get(item.type, 9)
        widths[item.code] = max(narrowest, longest + 3, min(14, head / 2 + 3)) * page.look.width
    widths[page.form.rows.name_item] += max(0, NARROWEST - sum(widths.values()))
    return widths


def print_on_a4(sheet: Worksheet, head_top: int, head_bottom: int) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{head_top}:{head_bottom}"
    sheet.print_options.horizontalCentered = True


def own_office(unit: OrgUnit) -> str:
    return unit.name if unit.kind == "department" else f"{unit.name}委统战部"


def money_unit(form: Form) -> str | None:
    units = {item.unit.get(language()) for item in form.items if item.unit and item.unit.zh.endswith("元")}
    return units.pop() if len(units) == 1 else None


def sheet_name(text: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", text)[:31]


def table_workbook(
    frame: pd.DataFrame,
    *,
    title: str,
    notes: Sequence[str] = (),
    formats: Mapping[str, str] | None = None,
    struck: pd.DataFrame | None = None,
) -> bytes:
    """The download of a table: title, frozen header, one row per row of the frame, notes.

    formats: column → Excel number format, where the type alone does not tell ("0.0%"). struck: which cells are struck
    through, as a frame of the same rows with some of the columns.
    """
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = sheet_name(title) or "1"
    width = max(1, len(frame.columns))
    across(sheet, 1, 1, width, title, CENTRE).font = Font(name="宋体", size=16, bold=True)
    sheet.row_dimensions[1].height = 34
    draw_table(sheet, 2, frame, formats or {})
    for name in () if struck is None else struck.columns:
        for row, out in enumerate(struck[name].tolist(), 3):
            if out:
                cell = sheet.cell(row, frame.columns.get_loc(name) + 1)
                cell.font = Font(name=cell.font.name, size=cell.font.size, strike=True)
    for row, note in enumerate(notes, len(frame) + 4):
        across(sheet, row, 1, width, note, LEFT).font = Font(name="仿宋", size=11)
    sheet.freeze_panes = "A3"
    print_on_a4(sheet, 2, 2)
    return workbook_bytes(workbook)


def draw_table(sheet: Worksheet, top: int, frame: pd.DataFrame, formats: Mapping[str, str]) -> None:
    """A frame with its heads in row `top`, the columns as wide as what they hold."""
    plain, bold = Font(name="仿宋", size=11), Font(name="仿宋", size=11, bold=True)
    for column, head in enumerate(frame.columns, 1):
        put(sheet, top, column, str(head), bold, CENTRE).fill = HEAD_FILL
        shown = number_format(frame[head], formats.get(head))
        longest = display_width(str(head))
        for row, value in enumerate(frame[head].tolist(), top + 1):
            value = None if pd.isna(value) else value
            cell = put(sheet, row, column, value, plain, LEFT if isinstance(value, str) else RIGHT)
            cell.number_format = shown
            longest = max(longest, display_width(value) if isinstance(value, str) else 0)
        dimension = sheet.column_dimensions[get_column_letter(column)]
        dimension.width = max(dimension.width if dimension.customWidth else 0, min(WIDEST, max(10, longest + 2)))
        for row, value in enumerate(frame[head].tolist(), top + 1):
            if isinstance(value, str) and (lines := -(-display_width(value) // (WIDEST - 2))) > 1:
                height = sheet.row_dimensions[row].height or 0
                sheet.row_dimensions[row].height = max(height, LINE_HEIGHT * lines)


def number_format(values: pd.Series, wanted: str | None) -> str:
    if wanted:
        return wanted
    if pd.api.types.is_integer_dtype(values):
        return "#,##0"
    if pd.api.types.is_float_dtype(values):
        return "#,##0.####"
    return DATE_FORMAT if pd.api.types.is_datetime64_any_dtype(values) else "General"
