"""Tables that are text → Sheets: CSV and TSV, HTML and MHTML saved as .xls, the XML spreadsheet of 2003. Nothing is
fetched."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, time
from email import message_from_bytes
from email.message import Message
from functools import lru_cache
from html.parser import HTMLParser
from typing import NamedTuple
from xml.etree import ElementTree

from huizong.file_kinds import DELIMITERS, decode
from huizong.number_formats import BUILT_IN, as_shown, number_format
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
    sheet = place("CSV", int(bool(said)), 0, rows, Look())
    sheet.lengths = [len(row) for row in rows]
    return Workbook([sheet], "csv")


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
STRIKING = {"del", "s", "strike"}
SECTIONS = {"thead", "tbody", "tfoot"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
MAX_SPAN = 1000  # columns, as browsers do
MAX_DEPTH = 100  # elements within each other of which it is known how they are shown
SHEET_OF_STYLES = re.compile(r"<style\b[^>]*>(.*?)</style>", re.IGNORECASE | re.DOTALL)
ON_PAPER = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")  # may hide what a screen shows
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
SELECTOR = re.compile(r"(?:<!--)?\s*([\w]*\.[\w-]+)\s*")


def read_html(data: bytes) -> Workbook:
    """One sheet: the lines outside the tables (titles, notes) and the tables' rows, in their order."""
    text = decode(data)
    if re.search(r"<frameset\b", text, re.I):  # the sheets stand in files beside this one
        raise Unreadable("web_frames")
    return Workbook([page_of("HTML", text)], "html")


def page_of(name: str, text: str, *, hidden: bool = False, css: str = "") -> Sheet:
    """The sheet that a page is. css: rules for it that stand outside it."""
    page = Page(classes_of(css + "".join(SHEET_OF_STYLES.findall(text))))
    page.feed(text)
    page.close()
    page.end_line()
    last = page.height - 1
    merged = [(top, left, min(bottom, last), right) for top, left, bottom, right in page.merged]
    look = Look(
        merged=merged,
        hidden=hidden,
        hidden_rows=page.hidden,
        hidden_columns=sorted(page.hidden_columns),
        struck=page.struck,
    )
    return from_cells(name, page.cells, look)


class Style(NamedTuple):
    """How an element is shown. gone: it takes no place; hidden: that, or its place is left empty."""

    gone: bool = False
    hidden: bool = False
    struck: bool = False


def classes_of(css: str) -> dict[str, str]:
    """The rules of classes, where they hide or strike out: .xl65 or td.xl65 → what it declares."""
    found: dict[str, str] = {}
    for selectors, declared in RULE.findall(ON_PAPER.sub("", css)):
        if style_by(declared) != Style():
            for selector in filter(None, map(SELECTOR.fullmatch, selectors.split(","))):
                found[selector[1]] = found.get(selector[1], "") + ";" + declared
    return found


@lru_cache(maxsize=4096)
def style_by(css: str) -> Style:
    css = re.sub(r"\s", "", css).lower()
    gone = "display:none" in css
    return Style(gone, gone or bool(re.search("visibility:(?:hidden|collapse)", css)),
                 bool(re.search("line-through(?!:none)", css)))  # fmt: skip


# ---- MHTML ----------------------------------------------------------------------------------------------------------


def read_mhtml(data: bytes) -> Workbook:
    """单个文件网页, which Excel and many exporting systems save as .xls or .mht: a sheet for each page with a table."""
    texts = list(_parts(message_from_bytes(data), "text/html"))
    css = "".join(_parts(message_from_bytes(data), "text/css"))
    pages = [text for text in texts if re.search(r"<table\b", text, re.I)]
    said = [sheet for text in texts for sheet in SHEET_SAID.findall(text)]
    names = [_entry("Name", sheet) for sheet in said] if len(said) == len(pages) else [""] * len(pages)
    states = [_entry("Visible", sheet) for sheet in said] if len(said) == len(pages) else [""] * len(pages)
    sheets = [
        page_of(name or f"HTML{n}", text, hidden="Hidden" in state, css=css)
        for n, (text, name, state) in enumerate(zip(pages, names, states, strict=True), 1)
    ]
    return Workbook(sheets, "mhtml")


SHEET_SAID = re.compile(r"<x:ExcelWorksheet>.*?</x:ExcelWorksheet>", re.DOTALL)


def _parts(message: Message, kind: str) -> Iterator[str]:
    """The web pages or rules of style in a message, without the strip of tabs beneath Excel's sheets."""
    for part in message.walk():
        if part.get_content_type() == kind and "tabstrip" not in part.get("Content-Location", ""):
            yield decode(part.get_payload(decode=True) or b"")


def _entry(name: str, sheet: str) -> str:
    found = re.search(rf"<x:{name}>(.*?)</x:{name}>", sheet, re.DOTALL)
    return found[1].strip() if found else ""


class Page(HTMLParser):
    """What a browser would show, laid out in rows and columns. A table within a cell comes before that cell's row.
    Hidden rows are laid out and told; other hidden text is not read."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self.classes = classes
        self.cells: dict[tuple[int, int], Cell] = {}
        self.merged: list[tuple[int, int, int, int]] = []
        self.hidden: list[int] = []
        self.hidden_columns: set[int] = set()
        self.struck: list[tuple[int, int]] = []
        self.height = 0  # rows laid out
        self.silent = 0  # elements open whose text is never shown
        self.raised = 0  # <sup> open
        self.outer: list[Table] = []
        self.table: Table | None = None
        self.flow = Flow()  # outside the tables

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        style = self.style_of(tag, said)
        if tag in SILENT:
            self.silent += 1
        elif tag == "sup":
            self.raised += 1
        elif tag == "table":
            self.end_line()
            around = (self.table or self).flow.style
            if self.table:
                self.outer.append(self.table)
                around = over(around, self.table.row_style)
            self.table = Table(over(around, style))
        elif tag == "col" and self.table:
            first, self.table.width = self.table.width, self.table.width + min(span(said, "span"), MAX_SPAN)
            if style.hidden:
                self.hidden_columns |= {*range(first, min(self.table.width, MAX_COLUMNS))}
        elif tag in SECTIONS and self.table:
            self.table.section = style
        elif tag == "tr" and self.table:
            self.end_row()
            self.table.row = []
            self.table.row_style = over(self.table.style, self.table.section, style)
        elif tag in ("td", "th") and self.table:
            self.end_cell()
            if self.table.row is None:
                self.table.row = []
            self.table.cell = said
            self.table.flow = Flow(style._replace(struck=style.struck or self.table.row_style.struck))
        else:
            if tag in BREAKS:
                self.break_line()
            if tag not in VOID:
                (self.table or self).flow.open(tag, style)

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
        else:
            if tag in BREAKS:
                self.break_line()
            (self.table or self).flow.close(tag)

    def handle_data(self, data: str) -> None:
        if not self.silent:
            words = data.translate(RAISED) if self.raised else data
            (self.table or self).flow.add(re.sub(r"\s+", " ", words))

    def style_of(self, tag: str, said: Mapping[str, str]) -> Style:
        """By the element, its own style and those of its classes."""
        css = [said.get("style", "")]
        if self.classes:
            names = said.get("class", "").split()
            css += [self.classes.get(f"{of}.{name}", "") for name in names for of in ("", tag)]
        style = style_by(";".join(css)) if any(css) else Style()
        if "hidden" in said:
            style = over(style, Style(gone=True, hidden=True))
        return over(style, Style(struck=True)) if tag in STRIKING else style

    def break_line(self) -> None:
        if self.table:
            self.table.flow.add("\n")
        else:
            self.end_line()

    def end_line(self) -> None:
        """A line outside tables becomes a row of one cell."""
        text, struck = self.flow.take()
        if text:
            self.cells[self.height, 0] = text
            if struck:
                self.struck.append((self.height, 0))
            self.height += 1

    def end_cell(self) -> None:
        table = self.table
        if table and table.cell is not None and table.row is not None:
            if not table.flow.around.gone:
                table.row.append((table.cell, *table.flow.take()))
            table.cell = None

    def end_row(self) -> None:
        self.end_cell()
        table = self.table
        if table is None or table.row is None:
            return
        column = 0
        for said, text, struck in table.row:
            while table.covered.get(column, 0):
                column += 1
            across = min(span(said, "colspan"), MAX_SPAN)
            down = span(said, "rowspan")
            if column + across > MAX_COLUMNS:  # before each of them is noted: millions fill the memory
                raise Unreadable("too_many_cells")
            if text or "x:num" in said or "x:err" in said:
                self.cells[self.height, column] = html_cell(said, text)
            if struck:
                self.struck.append((self.height, column))
            if across > 1 or down > 1:
                self.merged.append((self.height, column, self.height + down - 1, column + across - 1))
            for n in range(column, column + across):
                table.covered[n] = down
            column += across
            check_area(self.height + 1, column)
        table.covered = {n: left - 1 for n, left in table.covered.items() if left > 1}
        if table.row_style.hidden:
            self.hidden.append(self.height)
        self.height += 1
        table.row = None


class Flow:
    """Words as they come by, and how the elements show them that they stand in."""

    def __init__(self, around: Style = Style()) -> None:  # noqa: B008 — it cannot be changed
        self.around = around
        self.elements: list[tuple[str, Style]] = []
        self.words: list[tuple[str, bool]] = []  # with whether they are struck through

    @property
    def style(self) -> Style:
        return over(self.around, self.elements[-1][1]) if self.elements else self.around

    def open(self, tag: str, style: Style) -> None:
        if tag in ("p", "li") and self.elements and self.elements[-1][0] == tag:  # they end where the next begins
            self.elements.pop()
        self.elements.append((tag, over(self.elements[-1][1], style) if self.elements else style))
        del self.elements[:-MAX_DEPTH]

    def close(self, tag: str) -> None:
        for n in reversed(range(len(self.elements))):
            if self.elements[n][0] == tag:
                del self.elements[n:]
                return

    def add(self, text: str) -> None:
        style = self.style
        if not style.hidden:
            self.words.append((text, style.struck))

    def take(self) -> tuple[str, bool]:
        """The text, and whether some of it is struck through: that is left out where there is more."""
        words, self.words = self.words, []
        if not any(struck for _, struck in words):
            return tidy(text for text, _ in words), False
        holds = tidy(" " if struck else text for text, struck in words)
        return holds or tidy(text for text, _ in words), any(struck and not text.isspace() for text, struck in words)


class Table:
    """One table while it is open. style: how it is shown; section, row_style: of the part and the row that are open."""

    def __init__(self, style: Style) -> None:
        self.style = self.section = self.row_style = style
        self.row: list[tuple[dict[str, str], str, bool]] | None = None
        self.cell: dict[str, str] | None = None
        self.width = 0  # columns described so far
        self.flow = Flow()
        self.covered: dict[int, int] = {}  # column → rows yet to come that a cell above reaches into


def over(*styles: Style) -> Style:
    """How an element within others is shown."""
    return Style(*map(any, zip(*styles, strict=True)))


def tidy(words: Iterable[str]) -> str:
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
        with suppress(ValueError):
            return as_shown(float(exact), text) or float(exact)
    return _text_cell(text)


# ---- XML spreadsheet of 2003 ----------------------------------------------------------------------------------------


def read_xml(data: bytes) -> Workbook:
    """SpreadsheetML as Excel 2002 and 2003 and many exporting systems write it."""
    workbook = Workbook([], "xml")
    styles: dict[str, XmlStyle] = {}
    sheet = XmlSheet(styles)
    for node in elements(data):
        if node.tag == "Style":
            styles[attribute(node, "ID") or ""] = _xml_style(node, styles)
        elif node.tag == "Row":
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
                workbook.sheets.append(from_cells(name, sheet.cells, sheet.seen()))
            sheet = XmlSheet(styles)
    return workbook


class XmlStyle(NamedTuple):
    """What of a style changes what a cell says."""

    format: str = ""
    struck: bool = False


# Formats by name, where they are no dates and change what is read; "General Number", "Fixed", … do not.
NAMED_FORMATS = {"Percent": "0.00%", "Currency": BUILT_IN[7], "Euro Currency": '"€"0', "Yes/No": '"Yes";"Yes";"No"',
                 "True/False": '"True";"True";"False"', "On/Off": '"On";"On";"Off"'}  # fmt: skip


def _xml_style(node: ElementTree.Element, styles: Mapping[str, XmlStyle]) -> XmlStyle:
    style = styles.get(attribute(node, "Parent") or "", XmlStyle())
    for child in node:
        if child.tag == "NumberFormat":
            style = style._replace(format=attribute(child, "Format") or "")
        elif child.tag == "Font":
            style = style._replace(struck=attribute(child, "StrikeThrough") == "1")
    return style


class XmlSheet:
    """A worksheet as its rows come by; a row, cell or column says its place (from 1) only where some are left out."""

    def __init__(self, styles: Mapping[str, XmlStyle]) -> None:
        self.styles = styles
        self.column_styles: dict[int, str] = {}
        self.cells: dict[tuple[int, int], Cell] = {}
        self.look = Look()
        self.row = 0
        self.width = 0  # columns described so far

    def add_row(self, node: ElementTree.Element) -> None:
        self.row = _number(node, "Index", self.row + 1, MAX_ROWS, 1) - 1
        column = 0
        for child in node:
            if child.tag == "Cell":
                column = _number(child, "Index", column + 1, MAX_COLUMNS, 1) - 1
                across = _number(child, "MergeAcross", 0, MAX_COLUMNS)
                down = _number(child, "MergeDown", 0, MAX_ROWS)
                if across or down:
                    self.look.merged.append((self.row, column, self.row + down, column + across))
                self.add_cell(child, column, attribute(node, "StyleID"))
                column += 1 + across
        if attribute(node, "Hidden") == "1" or _is_nothing(node, "Height"):
            self.look.hidden_rows.append(self.row)
        self.row += 1 + _number(node, "Span", 0, MAX_ROWS)

    def add_cell(self, node: ElementTree.Element, column: int, row_style: str | None) -> None:
        name = attribute(node, "StyleID") or row_style or self.column_styles.get(column) or "Default"
        style = self.styles.get(name, XmlStyle())
        cell, struck = _xml_cell(node, style)
        if cell == "":
            return
        if (self.row, column) in self.cells:  # two in one place: which of them holds?
            raise Unreadable("damaged")
        self.cells[self.row, column] = cell
        if struck:
            self.look.struck.append((self.row, column))

    def add_columns(self, node: ElementTree.Element) -> None:
        first = _number(node, "Index", self.width + 1, MAX_COLUMNS, 1) - 1
        self.width = min(first + 1 + _number(node, "Span", 0, MAX_COLUMNS), MAX_COLUMNS)
        if attribute(node, "Hidden") == "1" or _is_nothing(node, "Width"):
            self.look.hidden_columns += range(first, min(self.width, first + MAX_SPAN))
        if style := attribute(node, "StyleID"):
            self.column_styles |= dict.fromkeys(range(first, self.width), style)

    def seen(self) -> Look:
        """What is told of the sheet, as far as its cells reach: a title may be merged over a million rows."""
        rows, columns = {row for row, _ in self.cells}, {column for _, column in self.cells}
        last, right = max(rows, default=0), max(columns, default=0)
        self.look.merged = [(t, left, min(b, last), min(r, right)) for t, left, b, r in self.look.merged
                            if t <= last and left <= right]  # fmt: skip
        return self.look


MAX_ROWS = 2**20  # what Excel allows


def _number(node: ElementTree.Element, name: str, otherwise: int, most: int, least: int = 0) -> int:
    """An attribute that is a number. Raises Unreadable for one that no sheet has."""
    number = int(attribute(node, name) or otherwise)
    if number < least:
        raise Unreadable("damaged")
    if number > most:
        raise Unreadable("too_many_cells")
    return number


def _is_nothing(node: ElementTree.Element, name: str) -> bool:
    """Whether a height or width leaves nothing to see."""
    size = attribute(node, name)
    return size is not None and float(size) == 0


def _xml_words(node: ElementTree.Element, struck: bool = False) -> Iterator[tuple[str, bool]]:
    """The texts of an element, with whether they are struck through."""
    struck = struck or node.tag == "S"
    yield (node.text or "").translate(RAISED if node.tag == "Sup" else {}), struck
    for child in node:
        yield from _xml_words(child, struck)
        yield child.tail or "", struck


def _xml_text(node: ElementTree.Element) -> tuple[str, bool]:
    """Its text, and whether some of it is struck through: that is left out where there is more."""
    words = list(_xml_words(node))
    every = "".join(text for text, _ in words)
    if not any(struck and text.strip() for text, struck in words):
        return every, False
    holds = "".join(" " if struck else text for text, struck in words).strip()
    return holds or every, True


def _xml_cell(node: ElementTree.Element, style: XmlStyle) -> tuple[Cell, bool]:
    """What a cell holds, and whether it is struck through."""
    data = next((child for child in node if child.tag == "Data"), None)
    text, struck = ("", False) if data is None else _xml_text(data)
    cell = _xml_value(node, data, text)
    if type(cell) is float:
        number = number_format(NAMED_FORMATS.get(style.format, style.format)) if style.format else None
        cell = (number and number.show(cell)) or cell
    return cell, struck or style.struck


def _xml_value(node: ElementTree.Element, data: ElementTree.Element | None, text: str) -> Cell:
    formula = attribute(node, "Formula")
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
