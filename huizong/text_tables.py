"""Tables that are text → Sheets: CSV and TSV, HTML and MHTML saved as .xls, the XML spreadsheet of 2003. Nothing is
fetched."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time
from email import message_from_bytes
from email.message import Message
from html.parser import HTMLParser
from xml.etree import ElementTree

from huizong.file_kinds import DELIMITERS, decode
from huizong.office_files import attribute, elements
from huizong.workbook import (
    ERROR_CODES,
    MARK_SHEET,
    MAX_COLUMNS,
    RAISED,
    Cell,
    CellError,
    Look,
    NoValue,
    Sheet,
    Unreadable,
    Workbook,
    check_area,
    from_cells,
    mark_of,
    place,
)

# ---- CSV, TSV -------------------------------------------------------------------------------------------------------

SAMPLE = 200  # lines that decide which delimiter it is


def read_csv(data: bytes) -> Workbook:
    """One sheet whose cells are all text: what a text means is for the grammar of values to say."""
    lines = decode(data).splitlines(keepends=True)
    said = re.fullmatch(r'"?sep=(.)"?\s*', lines[0]) if lines else None
    delimiter = said[1] if said else _delimiter(lines[:SAMPLE])
    rows = [[_text_cell(text) for text in row] for row in csv.reader(lines[1 if said else 0 :], delimiter=delimiter)]
    return Workbook([place("CSV", int(bool(said)), 0, rows, Look())], "csv")


def _delimiter(lines: list[str]) -> str:
    """The one by which most lines fall into the same number of parts, more than one."""

    def agreement(delimiter: str) -> int:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if len(row) > 1)
        return max((count * (width - 1) for width, count in widths.items()), default=0)

    return max(DELIMITERS, key=agreement)


def _text_cell(text: str) -> Cell:
    """="0012" is how exports keep a number from losing its zeros; #REF! is what a program exports of an error cell."""
    if text.strip() in ERROR_CODES:
        return CellError(text.strip())
    kept = re.fullmatch(r'="([^"]*)"', text)
    return kept[1] if kept else text


# ---- HTML -----------------------------------------------------------------------------------------------------------

SILENT = {"head", "script", "style", "xml", "template"}
BREAKS = {"br", "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "center"}
MAX_SPAN = 1000  # columns, as browsers do


def read_html(data: bytes) -> Workbook:
    """One sheet: the lines outside the tables (titles, notes) and the tables' rows, in their order."""
    text = decode(data)
    if re.search(r"<frameset\b", text, re.I):  # the sheets stand in files beside this one
        raise Unreadable("web_frames")
    return Workbook([page_of("HTML", text)], "html")


def page_of(name: str, text: str, *, hidden: bool = False) -> Sheet:
    page = Page()
    page.feed(text)
    page.close()
    page.end_line()
    last = page.height - 1
    merged = [(top, left, min(bottom, last), right) for top, left, bottom, right in page.merged]
    return from_cells(name, page.cells, Look(merged=merged, hidden_rows=page.hidden, hidden=hidden))


# ---- MHTML ----------------------------------------------------------------------------------------------------------


def read_mhtml(data: bytes) -> Workbook:
    """单个文件网页, which Excel and many exporting systems save as .xls or .mht: a sheet for each page with a table."""
    pages = [text for text in _pages(message_from_bytes(data)) if re.search(r"<table\b", text, re.I)]
    said = [sheet for text in _pages(message_from_bytes(data)) for sheet in SHEET_SAID.findall(text)]
    names = [_entry("Name", sheet) for sheet in said] if len(said) == len(pages) else [""] * len(pages)
    states = [_entry("Visible", sheet) for sheet in said] if len(said) == len(pages) else [""] * len(pages)
    sheets = [
        page_of(name or f"HTML{n}", text, hidden="Hidden" in state)
        for n, (text, name, state) in enumerate(zip(pages, names, states, strict=True), 1)
    ]
    return Workbook(sheets, "mhtml")


SHEET_SAID = re.compile(r"<x:ExcelWorksheet>.*?</x:ExcelWorksheet>", re.DOTALL)


def _pages(message: Message) -> Iterator[str]:
    """The web pages in a message, without the strip of tabs beneath Excel's sheets."""
    for part in message.walk():
        if part.get_content_type() == "text/html" and "tabstrip" not in part.get("Content-Location", ""):
            yield decode(part.get_payload(decode=True) or b"")


def _entry(name: str, sheet: str) -> str:
    found = re.search(rf"<x:{name}>(.*?)</x:{name}>", sheet, re.DOTALL)
    return found[1].strip() if found else ""


class Page(HTMLParser):
    """What a browser would show, laid out in rows and columns. A table within a cell comes before that cell's row."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.cells: dict[tuple[int, int], Cell] = {}
        self.merged: list[tuple[int, int, int, int]] = []
        self.hidden: list[int] = []
        self.height = 0  # rows laid out
        self.silent = 0  # elements open whose text is not shown
        self.raised = 0  # <sup> open
        self.outer: list[Table] = []
        self.table: Table | None = None
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag in SILENT:
            self.silent += 1
        elif tag == "sup":
            self.raised += 1
        elif tag == "table":
            self.end_line()
            if self.table:
                self.outer.append(self.table)
            self.table = Table()
        elif tag == "tr" and self.table:
            self.end_row()
            self.table.row = []
            self.table.hidden = "display:none" in said.get("style", "").replace(" ", "").lower()
        elif tag in ("td", "th") and self.table:
            self.end_cell()
            if self.table.row is None:
                self.table.row = []
            self.table.cell = said
            self.table.words = []
        elif tag in BREAKS:
            self.break_line()

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag == "sup":
            self.raised = max(0, self.raised - 1)
        elif tag in ("td", "th"):
            self.end_cell()
        elif tag == "tr":
            self.end_row()
        elif tag == "table" and self.table:
            self.end_row()
            self.table = self.outer.pop() if self.outer else None
        elif tag in BREAKS:
            self.break_line()

    def handle_data(self, data: str) -> None:
        if not self.silent:
            words = data.translate(RAISED) if self.raised else data
            (self.table or self).words.append(re.sub(r"\s+", " ", words))

    def break_line(self) -> None:
        if self.table:
            self.table.words.append("\n")
        else:
            self.end_line()

    def end_line(self) -> None:
        """A line outside tables becomes a row of one cell."""
        text = tidy(self.words)
        self.words = []
        if text:
            self.cells[self.height, 0] = text
            self.height += 1

    def end_cell(self) -> None:
        if self.table and self.table.cell is not None and self.table.row is not None:
            self.table.row.append((self.table.cell, tidy(self.table.words)))
            self.table.cell = None

    def end_row(self) -> None:
        self.end_cell()
        table = self.table
        if table is None or table.row is None:
            return
        column = 0
        for said, text in table.row:
            while table.covered.get(column, 0):
                column += 1
            across = min(span(said, "colspan"), MAX_SPAN)
            down = span(said, "rowspan")
            if column + across > MAX_COLUMNS:  # before each of them is noted: millions fill the memory
                raise Unreadable("too_many_cells")
            if text or "x:num" in said or "x:err" in said:
                self.cells[self.height, column] = html_cell(said, text)
            if across > 1 or down > 1:
                self.merged.append((self.height, column, self.height + down - 1, column + across - 1))
            for n in range(column, column + across):
                table.covered[n] = down
            column += across
            check_area(self.height + 1, column)
        table.covered = {n: left - 1 for n, left in table.covered.items() if left > 1}
        if table.hidden:
            self.hidden.append(self.height)
        self.height += 1
        table.row = None


class Table:
    """One table while it is open."""

    def __init__(self) -> None:
        self.row: list[tuple[dict[str, str], str]] | None = None
        self.cell: dict[str, str] | None = None
        self.words: list[str] = []
        self.hidden = False
        self.covered: dict[int, int] = {}  # column → rows yet to come that a cell above reaches into


def tidy(words: list[str]) -> str:
    """White space as a browser shows it; the line breaks are those of <br> and the like."""
    lines = (" ".join(line.split()) for line in "".join(words).split("\n"))
    return "\n".join(line for line in lines if line)


def span(said: dict[str, str], name: str) -> int:
    digits = re.match(r"\s*([0-9]{1,5})", said.get(name, ""))
    return max(1, int(digits[1])) if digits else 1


def html_cell(said: dict[str, str], text: str) -> Cell:
    """The text that is shown; where Excel kept the unrounded number of a shown number (x:num), that."""
    if "x:err" in said:
        return CellError(said["x:err"] or text)
    exact = said.get("x:num", "")
    if exact and re.fullmatch(r"-?[0-9,]*\.?[0-9]*", text):
        try:
            return float(exact)
        except ValueError:
            pass
    return _text_cell(text)


# ---- XML spreadsheet of 2003 ----------------------------------------------------------------------------------------


def read_xml(data: bytes) -> Workbook:
    """SpreadsheetML as Excel 2002 and 2003 and many exporting systems write it."""
    workbook = Workbook([], "xml")
    sheet = XmlSheet()
    for node in elements(data):
        if node.tag == "Row":
            sheet.add_row(node)
            node.clear()
        elif node.tag == "Column":
            sheet.add_columns(node)
        elif node.tag == "Visible":
            sheet.look.hidden = node.text != "SheetVisible"
        elif node.tag == "Worksheet":
            name = attribute(node, "Name") or ""
            if name == MARK_SHEET:
                workbook.mark = mark_of(sheet.cells)
            else:
                workbook.sheets.append(from_cells(name, sheet.cells, sheet.look))
            sheet = XmlSheet()
    return workbook


class XmlSheet:
    """A worksheet as its rows come by; a row, cell or column says its place (from 1) only where some are left out."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], Cell] = {}
        self.look = Look()
        self.row = 0
        self.width = 0  # columns described so far

    def add_row(self, node: ElementTree.Element) -> None:
        self.row = _number(node, "Index", self.row + 1) - 1
        column = 0
        for child in node:
            if child.tag == "Cell":
                column = _number(child, "Index", column + 1) - 1
                across, down = _number(child, "MergeAcross", 0), _number(child, "MergeDown", 0)
                if across or down:
                    self.look.merged.append((self.row, column, self.row + down, column + across))
                cell = _xml_cell(child)
                if cell != "":
                    self.cells[self.row, column] = cell
                column += 1 + across
        if attribute(node, "Hidden") == "1":
            self.look.hidden_rows.append(self.row)
        self.row += 1 + _number(node, "Span", 0)

    def add_columns(self, node: ElementTree.Element) -> None:
        first = _number(node, "Index", self.width + 1) - 1
        self.width = first + 1 + min(_number(node, "Span", 0), MAX_SPAN)
        if attribute(node, "Hidden") == "1":
            self.look.hidden_columns += range(first, self.width)


def _number(node: ElementTree.Element, name: str, otherwise: int) -> int:
    return int(attribute(node, name) or otherwise)


def _xml_text(node: ElementTree.Element) -> str:
    own = (node.text or "").translate(RAISED if node.tag == "Sup" else {})
    return own + "".join(_xml_text(child) + (child.tail or "") for child in node)


def _xml_cell(node: ElementTree.Element) -> Cell:
    data = next((child for child in node if child.tag == "Data"), None)
    formula = attribute(node, "Formula")
    text = "" if data is None else _xml_text(data)
    kind = "" if data is None else attribute(data, "Type")
    if not text:
        return NoValue(formula.removeprefix("=")) if formula and kind != "String" else ""
    if kind == "Error":
        return CellError(text)
    if kind == "Number":
        return float(text)
    if kind == "Boolean":
        return text == "1"
    if kind == "DateTime":
        moment = datetime.fromisoformat(text)
        return moment.date() if moment.time() == time() else moment
    return text
