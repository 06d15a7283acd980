"""Workbooks of Excel, WPS and LibreOffice → Sheets.

calamine reads the values of .xlsx, .xlsb and .ods. It turns error cells into '' and says nothing of formulas that were
never calculated, so a second look at each sheet's own XML or records finds these, with hidden rows and columns, and how
far the filled cells reach: calamine lays out the whole area before it can be asked. xlrd reads .xls, where calamine
garbles some text; it keeps error codes. Of formats, those are looked at that change what a cell says: of numbers (see
number_formats), raised digits, text that is struck through (not of .xlsb). What is not told: a formula of .xls beside
which a library wrote a 0 and did not ask for it to be calculated.
"""

import os
import re
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from html import unescape
from io import BytesIO
from itertools import zip_longest
from posixpath import join, normpath
from xml.etree import ElementTree

import python_calamine as calamine
import xlrd
from xlrd.compdoc import CompDoc

from huizong import words_beside
from huizong.file_kinds import OLE, book_part, parts_of, read_part
from huizong.number_formats import BUILT_IN, NumberFormat, as_shown, number_format, words_in
from huizong.words_beside import Words
from huizong.workbook import (
    ERROR_CODES,
    MARK_SHEET,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_MERGED,
    MAX_SHEETS,
    RAISED,
    Cell,
    CellError,
    Look,
    NoValue,
    Unreadable,
    Workbook,
    check_area,
    column_letter,
    from_cells,
    mark_of,
    place,
)


def read_zipped(data: bytes, kind: str) -> Workbook:
    """.xlsx, .xlsb and .ods, by calamine and a second look."""
    workbook = Workbook([], kind)
    look_into = {"xlsx": look_into_xlsx, "xlsb": look_into_xlsb, "ods": look_into_ods}[kind]
    with zipfile.ZipFile(BytesIO(data)) as archive:
        looks = list(look_into(archive, workbook.beside))
    with calamine.CalamineWorkbook.from_filelike(BytesIO(data)) as book:
        for meta, look in zip(book.sheets_metadata, looks, strict=True):
            if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            found = book.get_sheet_by_name(meta.name)
            check_area(found.height, found.width)
            rows = found.to_python(skip_empty_area=True)
            if meta.name == MARK_SHEET:
                workbook.mark = {str(row[0]): str(row[1]) for row in rows if len(row) > 1 and row[0] != ""}
                continue
            look.hidden = meta.visible != calamine.SheetVisibleEnum.Visible
            look.merged = look.merged or [(*start, *end) for start, end in found.merged_cell_ranges or []]
            workbook.sheets.append(place(meta.name, *(found.start or (0, 0)), rows, look))
    return workbook


DOCTYPES = ["<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]


def elements(xml: bytes) -> Iterator[ElementTree.Element]:
    """Each element as it ends, its tag without the namespace. Office writes no DTD, where an entity bomb would be."""
    refuse_dtd(xml)
    for _, node in ElementTree.iterparse(BytesIO(xml)):
        node.tag = node.tag.rpartition("}")[2]
        yield node


def small_tree(xml: bytes) -> ElementTree.Element:
    """The same at once, quicker for the few elements of a list of parts."""
    refuse_dtd(xml)
    return ElementTree.fromstring(xml)


def refuse_dtd(xml: bytes) -> None:
    if any(sign in xml for sign in DOCTYPES):
        raise Unreadable("damaged")


def attribute(node: ElementTree.Element, name: str) -> str | None:
    """An attribute whatever namespace it is written in: the strict and the transitional standard differ."""
    return next((value for key, value in node.attrib.items() if key.rpartition("}")[2] == name), None)


# ---- .xlsx ----------------------------------------------------------------------------------------------------------

UTF16 = (b"\xff\xfe", b"\xfe\xff")
FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
PERHAPS_FORMULA = re.compile(rb"f[\s>/]")  # found in a third of the time of b"<f", for there are few f
CALCULATED = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)<(?:\w+:)?v>[^<]")
LAST_ROW = re.compile(rb'<row [^>]*?\br="([0-9]+)"')
NUMBER_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\s([^>]*)")
FONT = re.compile(rb"<(?:\w+:)?font(?:/>|>.*?</(?:\w+:)?font>)", re.DOTALL)
STRIKE = re.compile(rb'<(?:\w+:)?strike(?:\s+val="(?:1|true)")?\s*/>')
FORMAT = re.compile(rb"<(?:\w+:)?xf[\s/>][^>]*")
ATTRIBUTE = re.compile(rb'(\w+)="([^"]*)"')
FAR = re.compile(rb'r="[A-Z]+(?:(?<=[A-Z]{3})|[0-9]{5})')  # beyond ZZ9999 calamine may not have the memory
FILLED = re.compile(rb'<(?:\w+:)?c r="([A-Z]{1,3})([0-9]{1,7})"[^>]*(?<!/)>(?!</|<(?:\w+:)?v(?:/>|></))')


def look_into_xlsx(archive: zipfile.ZipFile, beside: list[Words]) -> Iterator[Look]:
    """What each sheet's XML says beside the values. A sheet whose bytes show that there is nothing is not parsed.

    beside: takes what stands beside the cells.
    """
    parts = parts_of(archive)
    name = book_part(parts, "xml")
    book = read_part(archive, parts[name])
    # Libraries that cannot calculate write 0 beside a formula and ask the next program to recalculate.
    dummy_zero = b'fullCalcOnLoad="1"' in book or b'fullCalcOnLoad="true"' in book
    links = _links(archive, parts, name)
    formats = _formats(archive, parts, name, dummy_zero)
    sheets = small_tree(book).findall(".//{*}sheet")
    if len(sheets) > MAX_SHEETS:
        raise Unreadable("too_many_sheets")
    beside += _said_for_all(book, formats)
    names: dict[str, str] = {}
    for node in sheets:
        link, name = links.get(attribute(node, "id") or "", ""), node.get("name", "")
        if link not in parts:
            yield Look()
            continue
        xml = read_part(archive, parts[link])
        if xml.startswith(UTF16):  # of which calamine says that it is empty
            refuse_dtd(xml)
            raise Unreadable("odd_encoding")
        yield _look_into_sheet(xml, formats)
        names[link] = name
        beside += words_beside.of_sheet(archive, parts, link, xml, name)
    beside += words_beside.of_parts(archive, parts, names)


def _said_for_all(book: bytes, formats: "Formats") -> Iterator[Words]:
    """The words in names of areas and in formats of numbers."""
    if b"definedName " in book:
        named = (text for _, text in words_beside.texts(book, frozenset({b"definedName"})))
        yield from words_beside.enough(Words("defined_name", text) for text in named)
    yield from words_beside.enough(Words("number_format", text) for text in formats.words)


@dataclass(frozen=True, slots=True)
class Formats:
    """What the sheets of a workbook share and what changes the meaning of a cell: formats by their number that show a
    number otherwise, the numbers of those that strike out, texts with raised digits by their number."""

    dummy_zero: bool
    numbers: Mapping[str, NumberFormat] = field(default_factory=dict)
    striking: frozenset[str] = frozenset()
    raised: Mapping[str, str] = field(default_factory=dict)
    words: Sequence[str] = ()  # of the formats of numbers

    @property
    def used(self) -> re.Pattern[bytes] | None:
        numbers = "|".join(sorted(self.numbers.keys() | self.striking))
        return re.compile(rf'<(?:\w+:)?c [^>]*\bs="(?:{numbers})"'.encode()) if numbers else None


def _formats(archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo], book: str, dummy_zero: bool) -> Formats:
    folder = book.rpartition("/")[0]
    texts = parts.get(join(folder, "sharedstrings.xml"))
    styles = parts.get(join(folder, "styles.xml"))
    raised = _raised_texts(read_part(archive, texts)) if texts else {}
    listed = read_part(archive, styles) if styles else b""
    codes = _codes(listed)
    words = [words_in(code) for code in codes.values() if len(code) > 10]
    return Formats(dummy_zero, *_odd_formats(listed, codes), raised, words)


def _odd_formats(styles: bytes, declared: Mapping[bytes, str]) -> tuple[dict[str, NumberFormat], frozenset[str]]:
    """By their number the cell formats that show a number otherwise, and the numbers of those that strike out. By the
    bytes: there may be 64,000 formats, and nearly no workbook uses such ones."""
    formats = BUILT_IN_FORMATS | {number: number_format(code) for number, code in declared.items()}
    codes = {number: found for number, found in formats.items() if found}
    fonts = FONT.findall(_section(styles, b"fonts")) if b"strike" in styles else []
    struck = {b"%d" % n for n, font in enumerate(fonts) if STRIKE.search(font)}
    listed = _section(styles, b"cellXfs")
    wanted = re.compile(
        b'numFmtId="(?:%s)"|fontId="(?:%s)"' % (b"|".join(sorted(codes)), b"|".join(sorted(struck)) or b"-")
    )
    if not wanted.search(listed):
        return {}, frozenset()
    cells = [dict(ATTRIBUTE.findall(xf)) for xf in FORMAT.findall(listed)]
    return (
        {str(n): codes[number] for n, xf in enumerate(cells) if (number := xf.get(b"numFmtId", b"0")) in codes},
        frozenset(str(n) for n, xf in enumerate(cells) if xf.get(b"fontId") in struck),
    )


def _codes(styles: bytes) -> dict[bytes, str]:
    """The formats of numbers that a workbook declares, by their number."""
    declared = (dict(ATTRIBUTE.findall(node)) for node in NUMBER_FORMAT.findall(styles))
    return {said.get(b"numFmtId", b""): unescape(said.get(b"formatCode", b"").decode()) for said in declared}


BUILT_IN_FORMATS = {b"%d" % number: number_format(code) for number, code in BUILT_IN.items()}


def _section(styles: bytes, name: bytes) -> bytes:
    """What stands between <fonts …> and </fonts>."""
    return styles[styles.find(name) : styles.rfind(name)]


def _raised_texts(shared: bytes) -> dict[str, str]:
    """Number of a shared text → the text, where some of its digits are raised."""
    if b"superscript" not in shared:
        return {}
    texts = small_tree(shared).findall("{*}si")
    return {str(n): _with_raised(node) for n, node in enumerate(texts) if node.find(".//{*}vertAlign") is not None}


def _with_raised(node: ElementTree.Element) -> str:
    """The text of runs, raised digits as such."""
    found = []
    for run in node.iter():
        if run.tag.rpartition("}")[2] == "r":
            text = "".join(part.text or "" for part in run if part.tag.rpartition("}")[2] == "t")
            aligned = run.find("{*}rPr/{*}vertAlign")
            found.append(
                text.translate(RAISED) if aligned is not None and aligned.get("val") == "superscript" else text
            )
    return "".join(found)


def _links(archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo], book: str) -> dict[str, str]:
    """Relation id → the part it leads to, by the names that parts_of gives."""
    folder, _, name = book.rpartition("/")
    relations = read_part(archive, parts[join(folder, "_rels", f"{name}.rels")])
    return {
        node.get("Id", ""): normpath(join("/", folder, node.get("Target", ""))).lstrip("/").lower()
        for node in small_tree(relations).findall("{*}Relationship")
    }


def _look_into_sheet(xml: bytes, formats: Formats) -> Look:
    if xml.count(b"mergeCell ") > MAX_MERGED:
        raise Unreadable("too_many_merged")
    last = LAST_ROW.match(xml, max(0, xml.rfind(b"<row ")))
    if not (last and int(last[1]) * MAX_COLUMNS <= MAX_CELLS) and FAR.search(xml):
        rows, columns = set(), set()
        for match in FILLED.finditer(xml):
            row, column = _position(*match.groups())
            rows.add(row)
            columns.add(column)
        _check_reach(rows, columns)
    if _says_more(xml, formats):
        return _parse_sheet(xml, formats)
    refuse_dtd(xml)
    return Look()


def _says_more(xml: bytes, formats: Formats) -> bool:
    """Whether there may be error cells, hidden rows or columns, formulas without a value, or odd formats in use."""
    if b"hidden" in xml or b'"e"' in xml or b"'e'" in xml or b' ht="0' in xml or b"superscript" in xml:
        return True
    if formats.raised or xml.find(b' width="0', 0, xml.find(b"sheetData")) >= 0:
        return True
    if formats.used and formats.used.search(xml):
        return True
    formulas = len(FORMULA.findall(xml)) if PERHAPS_FORMULA.search(xml) else 0
    return formulas > 0 and (formats.dummy_zero or formulas > len(CALCULATED.findall(xml)))


def _check_reach(rows: set[int], columns: set[int]) -> None:
    """Raises Unreadable when the filled cells in these rows and columns span more than is read."""
    if rows:
        check_area(max(rows) - min(rows) + 1, max(columns) - min(columns) + 1)


def _parse_sheet(xml: bytes, formats: Formats) -> Look:
    look = Look()
    row = -1
    for node in elements(xml):
        if node.tag == "c":
            if match := re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", node.get("r", "")):
                at = _position(*match.groups())
                cell = _odd_cell(node, formats)
                if cell is not None:
                    look.cells[at] = cell
                if node.get("s") in formats.striking:
                    look.struck.append(at)
            node.clear()
        elif node.tag == "row":
            row = int(node.get("r") or row + 2) - 1
            if node.get("hidden") in ("1", "true") or _is_zero(node.get("ht")):
                look.hidden_rows.append(row)
            node.clear()
        elif node.tag == "col" and (node.get("hidden") in ("1", "true") or _is_zero(node.get("width"))):
            first, last = int(node.get("min", "1")), int(node.get("max", "1"))
            look.hidden_columns += range(first - 1, min(last, first + 999))
    return look


def _is_zero(size: str | None) -> bool:
    """Whether a height or width leaves nothing to see: WPS hides a row that is dragged shut by this alone."""
    return size is not None and float(size) == 0


def _odd_cell(node: ElementTree.Element, formats: Formats) -> Cell | None:
    """What a cell holds, where its value does not say it."""
    formula = value = None
    for child in node:
        if child.tag == "f":
            formula = child.text or ""
        elif child.tag in ("v", "is"):
            value = "".join(child.itertext())
            if child.tag == "is" and child.find(".//{*}vertAlign") is not None:
                return _with_raised(child)
    kind = node.get("t", "n")
    if kind == "e":
        return CellError(value or "#N/A")
    if formula is not None and (not value or (formats.dummy_zero and value == "0")):
        if kind != "str" or formats.dummy_zero:  # a formula may rightly give an empty text
            return NoValue(formula)
    if kind == "s":
        return formats.raised.get(value or "")
    if kind == "n" and value and (number := formats.numbers.get(node.get("s", ""))):
        return number.show(float(value))
    return None


def _position(letters: str | bytes, digits: str | bytes) -> tuple[int, int]:
    """C, 7 → (6, 2)."""
    column = 0
    for letter in letters if isinstance(letters, bytes) else letters.encode():
        column = column * 26 + letter - 64
    return int(digits) - 1, column - 1


# ---- .xlsb: records of a type, a length and that many bytes (MS-XLSB 2.1.4) ----------------------------------------

ROW, CELL_ERROR, FORMULA_NUMBER, FORMULA_ERROR, COLUMNS, RICH_TEXT = 0, 3, 9, 11, 60, 62
BUNDLE_SHEET, CALCULATION, MERGE = 156, 157, 176
FILLED_CELLS = {*range(2, 12), RICH_TEXT}  # 1 is a cell that has only a format


def look_into_xlsb(archive: zipfile.ZipFile, beside: list[Words]) -> Iterator[Look]:
    """Error cells, merged ranges, hidden rows and columns of each sheet."""
    parts = parts_of(archive)
    name = book_part(parts, "bin")
    links = _links(archive, parts, name)
    records = [(kind, record) for kind, record in _records(read_part(archive, parts[name]))
               if kind in (BUNDLE_SHEET, CALCULATION)]  # fmt: skip
    sheets = [record for kind, record in records if kind == BUNDLE_SHEET]
    dummy_zero = any(kind == CALCULATION and record[24:25] and record[24] & 1 for kind, record in records)
    if len(sheets) > MAX_SHEETS:
        raise Unreadable("too_many_sheets")
    beside += words_beside.of_parts(archive, parts, {})
    for sheet in sheets:
        (length,) = struct.unpack_from("<I", sheet, 8)
        link = sheet[12 : 12 + 2 * length].decode("utf-16-le") if length < 256 else ""
        part = parts.get(links.get(link, ""))
        yield _look_into_records(read_part(archive, part), dummy_zero) if part else Look()


def _look_into_records(data: bytes, dummy_zero: bool) -> Look:
    look = Look()
    rows, columns = set(), set()
    row = 0
    for kind, record in _records(data):
        if kind == ROW:
            (row,) = struct.unpack_from("<I", record)
            if record[11] & 0x10 or record[8:10] == bytes(2):
                look.hidden_rows.append(row)
        elif kind in FILLED_CELLS:
            (column,) = struct.unpack_from("<I", record)
            rows.add(row)
            columns.add(column)
            if kind in (CELL_ERROR, FORMULA_ERROR):
                look.cells[row, column] = CellError(xlrd.error_text_from_code.get(record[8], "#N/A"))
            elif kind == FORMULA_NUMBER and dummy_zero and record[8:16] == bytes(8):
                look.cells[row, column] = NoValue("…")
        elif kind == COLUMNS:
            first, last, width, _style, flags = struct.unpack_from("<IIIIH", record)
            if flags & 1 or not width:
                look.hidden_columns += range(first, min(last + 1, first + 1000))
        elif kind == MERGE:
            top, bottom, left, right = struct.unpack_from("<IIII", record)
            look.merged.append((top, left, bottom, right))
    _check_reach(rows, columns)
    return look


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        kind = data[at]
        at += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | data[at] << 7
            at += 1
        size = 0
        for shift in (0, 7, 14, 21):
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        yield kind, data[at : at + size]
        at += size


# ---- .ods -----------------------------------------------------------------------------------------------------------

MAX_REPEATED = 20_000  # cells or rows that one element stands for and that are told one by one


def look_into_ods(archive: zipfile.ZipFile, beside: list[Words]) -> Iterator[Look]:
    """Error cells, formulas without a value, merged ranges, hidden rows and columns of each sheet."""
    parts = parts_of(archive)
    if b"encryption-data" in read_part(archive, parts["meta-inf/manifest.xml"]):
        raise Unreadable("ods_password")
    beside += words_beside.of_parts(archive, parts, {})
    tables = 0
    said: list[tuple[str, str, str]] = []  # kind, text, cell: the sheet's name comes after them
    raised: set[str] = set()
    striking: set[str] = set()
    sheet = OdsSheet(raised, striking)
    for node in elements(read_part(archive, parts["content.xml"])):
        if node.tag == "style":
            for child in node:
                if child.tag == "text-properties":
                    if re.match("super|[1-9]", attribute(child, "text-position") or ""):
                        raised.add(attribute(node, "name") or "")
                    if (attribute(child, "text-line-through-style") or "none") != "none":
                        striking.add(attribute(node, "name") or "")
        elif node.tag in ODS_WORDS:
            at = sheet.address if node.tag == "annotation" else ""
            said += [(ODS_WORDS[node.tag], text, at) for text in _ods_words(node)]
        elif node.tag in ("table-cell", "covered-table-cell"):
            sheet.add_cell(node)
            node.clear()
        elif node.tag == "table-row":
            sheet.end_row(_times(node, "number-rows-repeated"), _is_hidden(node))
            node.clear()
        elif node.tag == "table-column":
            sheet.add_columns(_times(node, "number-columns-repeated"), _is_hidden(node))
        elif node.tag == "table":
            _check_reach(sheet.rows, sheet.columns)
            tables += 1
            if tables > MAX_SHEETS:
                raise Unreadable("too_many_sheets")
            name = attribute(node, "name") or ""
            beside += words_beside.enough(Words(kind, text, name, cell) for kind, text, cell in said)
            said.clear()
            yield sheet.look
            sheet = OdsSheet(raised, striking)
    beside += words_beside.enough(Words(kind, text) for kind, text, _ in said)


# Elements with words beside the cells, and the kind of part that they are.
ODS_WORDS = {
    "annotation": "comment",
    "text-box": "text_box",
    "custom-shape": "text_box",
    "a": "hyperlink",
    "content-validation": "validation",
    "help-message": "validation",
    "error-message": "validation",
    "named-expression": "defined_name",
    "text": "number_format",
}


def _ods_words(node: ElementTree.Element) -> list[str]:
    """The text of an element, and the attributes of it that hold words."""
    said = [attribute(node, name) for name in ("href", "condition", "expression")]
    return [text for text in ("".join(node.itertext()), *said) if text]


@dataclass(slots=True)
class OdsSheet:
    """A table as its elements come by: they have no addresses, and stand for many when they are repeated."""

    raised: set[str]  # styles of texts that stand higher
    striking: set[str]
    look: Look = field(default_factory=Look)
    rows: set[int] = field(default_factory=set)  # that have filled cells: first and last of those repeated
    columns: set[int] = field(default_factory=set)
    row: int = 0
    column: int = 0
    width: int = 0  # columns declared so far

    @property
    def address(self) -> str:
        return f"{column_letter(self.column)}{self.row + 1}"

    def add_cell(self, node: ElementTree.Element) -> None:
        times = _times(node, "number-columns-repeated")
        cell = _ods_cell(node, self.raised)
        if cell is not None:
            self.rows.add(self.row)
            self.columns |= {self.column, self.column + times - 1}
            if attribute(node, "style-name") in self.striking:
                self.look.struck += [(self.row, self.column + n) for n in range(min(times, MAX_REPEATED))]
        if cell:
            self.look.cells |= {(self.row, self.column + n): cell for n in range(min(times, MAX_REPEATED))}
        down, across = _times(node, "number-rows-spanned"), _times(node, "number-columns-spanned")
        if down > 1 or across > 1:
            self.look.merged.append((self.row, self.column, self.row + down - 1, self.column + across - 1))
        self.column += times

    def end_row(self, times: int, hidden: bool) -> None:
        if self.row in self.rows:
            self.rows.add(self.row + times - 1)
        if hidden:
            self.look.hidden_rows += range(self.row, self.row + min(times, MAX_REPEATED))
        self.row, self.column = self.row + times, 0

    def add_columns(self, times: int, hidden: bool) -> None:
        if hidden:
            self.look.hidden_columns += range(self.width, self.width + min(times, MAX_REPEATED))
        self.width += times


def _is_hidden(node: ElementTree.Element) -> bool:
    return attribute(node, "visibility") in ("collapse", "filter")


def _times(node: ElementTree.Element, name: str) -> int:
    return int(attribute(node, name) or 1)


def _ods_cell(node: ElementTree.Element, raised: set[str]) -> Cell | None:
    """What a cell is told to hold, "" for what calamine reads, None for nothing; what it gets wrong is worked out."""
    types = [value for key, value in node.attrib.items() if key.endswith("}value-type")]
    lines = ["".join(child.itertext()) for child in node if child.tag == "p"]
    text = "".join(lines)
    if "error" in types or text in ERROR_CODES:
        return CellError(text or "#N/A")
    formula = attribute(node, "formula")
    if formula is not None and not types:
        return NoValue(formula.partition("=")[2])
    if "percentage" in types:
        return text
    if lines and ("float" in types or "currency" in types) and text != (held := attribute(node, "value")):
        return as_shown(float(held or 0), text) or ""
    if raised and any(attribute(part, "style-name") in raised for part in node.iter() if part.tag == "span"):
        return "\n".join(_ods_text(child, raised) for child in node if child.tag == "p")
    return "" if types else None


def _ods_text(node: ElementTree.Element, raised: set[str]) -> str:
    """A paragraph, the digits of its raised parts as such."""
    own = (node.text or "").translate(RAISED if attribute(node, "style-name") in raised else {})
    return own + "".join(_ods_text(child, raised) + (child.tail or "") for child in node)


# ---- .xls -----------------------------------------------------------------------------------------------------------


def read_xls(data: bytes) -> Workbook:
    """BIFF 2 to 8, which Excel 97 and WPS (.et) write."""
    book = _open_xls(data)
    if book.nsheets > MAX_SHEETS:
        raise Unreadable("too_many_sheets")
    workbook = Workbook([], "xls")
    numbers = {n: found for n, xf in enumerate(book.xf_list) if (found := _format_of(book, xf))}
    striking = {n for n, xf in enumerate(book.xf_list) if (font := _font(book, xf.font_index)) and font.struck_out}
    stream, properties = _streams(data)
    workbook.beside += words_beside.of_records(("properties", record) for record in properties)
    uncalculated, words = _records_of_sheets(stream)
    for sheet, records in zip(book.sheets(), words, strict=False):
        workbook.beside += _said_beside(sheet, records)
    for sheet, without_value in zip_longest(book.sheets(), uncalculated[: book.nsheets], fillvalue=frozenset()):
        if len(sheet.merged_cells) > MAX_MERGED:
            raise Unreadable("too_many_merged")
        cells = {
            (row, column): cell
            for row in range(sheet.nrows)
            for column, (kind, value) in enumerate(zip(sheet.row_types(row), sheet.row_values(row), strict=True))
            if (cell := _xls_cell(kind, value, book.datemode)) != ""
        }
        if sheet.name == MARK_SHEET:
            workbook.mark = mark_of(cells)
            continue
        formats = {at: sheet.cell_xf_index(*at) for at in cells} if numbers or striking else {}
        for at, xf in formats.items():
            if xf in numbers and type(cell := cells[at]) is float:
                cells[at] = numbers[xf].show(cell) or cell
        for at, runs in getattr(sheet, "rich_text_runlist_map", {}).items():
            if isinstance(text := cells.get(at), str):
                cells[at] = _with_raised_runs(text, runs, book)
        cells |= dict.fromkeys(without_value, NoValue("…"))
        look = Look(
            struck=[at for at, xf in formats.items() if xf in striking],
            merged=[(top, left, bottom - 1, right - 1) for top, bottom, left, right in sheet.merged_cells],
            hidden=sheet.visibility != 0,
            hidden_rows=[
                row
                for row, info in sheet.rowinfo_map.items()
                if info.hidden or (info.height == 0 and not info.has_default_height)
            ],
            hidden_columns=[column for column, info in sheet.colinfo_map.items() if info.hidden or info.width == 0],
        )
        workbook.sheets.append(from_cells(sheet.name, cells, look))
    return workbook


def _said_beside(sheet: xlrd.sheet.Sheet, records: list[tuple[str, bytes]]) -> list[Words]:
    """The words beside a sheet's cells; a comment's text stands in a record as a text box's does."""
    notes = (
        Words("comment", f"{note.text} {note.author}", sheet.name, f"{column_letter(column)}{row + 1}")
        for (row, column), note in sheet.cell_note_map.items()
    )
    found = list(words_beside.enough(notes))
    others = (record for record in records if not found or record[0] != "text_box")
    return found + list(words_beside.of_records(others, sheet.name))


def _format_of(book: xlrd.Book, xf: xlrd.formatting.XF) -> NumberFormat | None:
    known = book.format_map.get(xf.format_key)
    return number_format(known.format_str) if known else None


def _font(book: xlrd.Book, number: int) -> xlrd.formatting.Font | None:
    return book.font_list[number] if number < len(book.font_list) else None


def _with_raised_runs(text: str, runs: list[tuple[int, int]], book: xlrd.Book) -> str:
    """A text in several fonts (offset, font), its raised digits as such."""
    ends = [*(start for start, _ in runs[1:]), len(text)]
    for (start, font), end in zip(runs, ends, strict=True):
        if (used := _font(book, font)) and used.escapement == 1:
            text = text[:start] + text[start:end].translate(RAISED) + text[end:]
    return text


BOUNDSHEET, BEGIN, END, FORMULA_CELL = 0x85, 0x809, 0x0A, 0x06
PROPERTIES = ("\x05SummaryInformation", "\x05DocumentSummaryInformation")
# Header, footer; the text of a comment or a text box, which goes on from a record without one; link; list of choices.
RECORDS_OF_WORDS = {
    0x14: "header_footer",
    0x15: "header_footer",
    0x3C: "text_box",
    0x1B8: "hyperlink",
    0x1BE: "validation",
}
EMPTY_TEXT = b"\x03\0\0\0\0\0\xff\xff"  # a formula's value that is a text without characters


def _records_of_sheets(stream: bytes) -> tuple[list[frozenset[tuple[int, int]]], list[list[tuple[str, bytes]]]]:
    """Of each worksheet the formulas that a library wrote and nobody has calculated: those that ask for it beside a 0,
    and all, where all say nothing; and the records with words beside the cells. xlrd tells of neither."""
    starts = [struct.unpack_from("<I", record)[0] for at, kind, record in _biff_records(stream, 0)
              if kind == BOUNDSHEET and record[5:6] == b"\0"]  # fmt: skip
    found, waiting, values, words = [], [], 0, []
    for start in starts:
        asking, empty = set(), set()
        words.append([])
        for _, kind, record in _biff_records(stream, start):
            if kind in RECORDS_OF_WORDS:
                words[-1].append((RECORDS_OF_WORDS[kind], record))
            elif kind == FORMULA_CELL and len(record) >= 16:
                at, value, flags = struct.unpack_from("<HH", record), record[6:14], record[14]
                if value == EMPTY_TEXT:
                    empty.add(at)
                elif flags & 2 and value == bytes(8):
                    asking.add(at)
                else:
                    values += 1
        found.append(asking)
        waiting.append(empty)
    uncalculated = [
        frozenset(asking if values else asking | empty) for asking, empty in zip(found, waiting, strict=True)
    ]
    return uncalculated, words


def _streams(data: bytes) -> tuple[bytes, list[bytes]]:
    """The workbook, and the document's properties."""
    if not data.startswith(OLE):
        return b"", []
    with open(os.devnull, "w", encoding="utf-8") as log:
        folder = CompDoc(data, logfile=log)

    def stream(name: str) -> bytes:
        memory, start, length = folder.locate_named_stream(name)
        return memory[start : start + length] if memory else b""

    return stream("Workbook") or stream("Book"), [stream(name) for name in PROPERTIES]


def _biff_records(stream: bytes, at: int) -> Iterator[tuple[int, int, bytes]]:
    """(where, kind, bytes) of the records of one part of a workbook; those of charts in it are passed over."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        depth += (kind == BEGIN) - (kind == END)
        if depth == 1:
            yield at, kind, stream[at + 4 : at + 4 + size]
        if depth <= 0:
            return
        at += 4 + size


def _open_xls(data: bytes) -> xlrd.Book:
    with open(os.devnull, "w", encoding="utf-8") as log:
        try:
            return xlrd.open_workbook(file_contents=data, logfile=log, ragged_rows=True, formatting_info=True)
        except xlrd.XLRDError as error:
            if "encrypted" in str(error):
                raise Unreadable("password") from None
            raise
        except (AssertionError, LookupError, struct.error):  # a format that xlrd doesn't follow; values may be whole
            return xlrd.open_workbook(file_contents=data, logfile=log, ragged_rows=True)


def _xls_cell(kind: int, value: str | float, epoch: int) -> Cell:
    if kind == xlrd.XL_CELL_ERROR:
        return CellError(xlrd.error_text_from_code.get(value, "#N/A"))
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value)
    if kind != xlrd.XL_CELL_DATE:
        return value
    try:
        moment: datetime = xlrd.xldate_as_datetime(value, epoch)
    except (ValueError, OverflowError):  # no such day
        return value
    if 0 < value < 1:
        return moment.time()
    return moment.date() if moment.time() == time() else moment
