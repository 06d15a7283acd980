"""Workbooks of Excel, WPS and LibreOffice → Sheets.

calamine reads the values of .xlsx, .xlsb and .ods. It turns error cells into '' and says nothing of formulas that were
never calculated, so a second look at each sheet's own XML or records finds these, with hidden rows and columns, and how
far the filled cells reach: calamine lays out the whole area before it can be asked. xlrd reads .xls, where calamine
garbles some text; it keeps error codes. What is not told: a formula of .xls or .xlsb beside which a library wrote 0.
"""

import os
import re
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from io import BytesIO
from posixpath import join, normpath
from xml.etree import ElementTree

import python_calamine as calamine
import xlrd

from huizong.file_kinds import book_part, parts_of, read_part
from huizong.workbook import (
    ERROR_CODES,
    MARK_SHEET,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_MERGED,
    MAX_SHEETS,
    Cell,
    CellError,
    Look,
    NoValue,
    Unreadable,
    Workbook,
    check_area,
    from_cells,
    mark_of,
    place,
)


def read_zipped(data: bytes, kind: str) -> Workbook:
    """.xlsx, .xlsb and .ods, by calamine and a second look."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        looks = list({"xlsx": look_into_xlsx, "xlsb": look_into_xlsb, "ods": look_into_ods}[kind](archive))
    workbook = Workbook([], kind)
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

FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
CALCULATED = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)<(?:\w+:)?v>[^<]")
LAST_ROW = re.compile(rb'<row [^>]*?\br="([0-9]+)"')
FAR = re.compile(rb'r="[A-Z]+(?:(?<=[A-Z]{3})|[0-9]{5})')  # beyond ZZ9999 calamine may not have the memory
FILLED = re.compile(rb'<(?:\w+:)?c r="([A-Z]{1,3})([0-9]{1,7})"[^>]*(?<!/)>(?!</|<(?:\w+:)?v(?:/>|></))')


def look_into_xlsx(archive: zipfile.ZipFile) -> Iterator[Look]:
    """What each sheet's XML says beside the values. A sheet whose bytes show that there is nothing is not parsed."""
    parts = parts_of(archive)
    name = book_part(parts, "xml")
    book = read_part(archive, parts[name])
    # Libraries that cannot calculate write 0 beside a formula and ask the next program to recalculate.
    dummy_zero = b'fullCalcOnLoad="1"' in book or b'fullCalcOnLoad="true"' in book
    links = _links(archive, parts, name)
    sheets = small_tree(book).findall(".//{*}sheet")
    if len(sheets) > MAX_SHEETS:
        raise Unreadable("too_many_sheets")
    for node in sheets:
        part = parts.get(links.get(attribute(node, "id") or "", ""))
        yield _look_into_sheet(read_part(archive, part), dummy_zero) if part else Look()


def _links(archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo], book: str) -> dict[str, str]:
    """Relation id → the part it leads to, by the names that parts_of gives."""
    folder, _, name = book.rpartition("/")
    relations = read_part(archive, parts[join(folder, "_rels", f"{name}.rels")])
    return {
        node.get("Id", ""): normpath(join("/", folder, node.get("Target", ""))).lstrip("/").lower()
        for node in small_tree(relations).findall("{*}Relationship")
    }


def _look_into_sheet(xml: bytes, dummy_zero: bool) -> Look:
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
    if _says_more(xml, dummy_zero):
        return _parse_sheet(xml, dummy_zero)
    refuse_dtd(xml)
    return Look()


def _says_more(xml: bytes, dummy_zero: bool) -> bool:
    """Whether there may be error cells, hidden rows or columns, or formulas without a value."""
    if b"hidden" in xml or b'"e"' in xml or b"'e'" in xml or xml.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    formulas = len(FORMULA.findall(xml)) if b"<f" in xml or b":f" in xml else 0
    return formulas > 0 and (dummy_zero or formulas > len(CALCULATED.findall(xml)))


def _check_reach(rows: set[int], columns: set[int]) -> None:
    """Raises Unreadable when the filled cells in these rows and columns span more than is read."""
    if rows:
        check_area(max(rows) - min(rows) + 1, max(columns) - min(columns) + 1)


def _parse_sheet(xml: bytes, dummy_zero: bool) -> Look:
    look = Look()
    row = -1
    for node in elements(xml):
        if node.tag == "c":
            formula = value = None
            for child in node:
                if child.tag == "f":
                    formula = child.text or ""
                elif child.tag in ("v", "is"):
                    value = "".join(child.itertext())
            match = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", node.get("r", ""))
            if match and node.get("t") == "e":
                look.cells[_position(*match.groups())] = CellError(value or "#N/A")
            elif match and formula is not None and (not value or (dummy_zero and value == "0")):
                if node.get("t") != "str" or dummy_zero:  # a formula may rightly give an empty text
                    look.cells[_position(*match.groups())] = NoValue(formula)
            node.clear()
        elif node.tag == "row":
            row = int(node.get("r") or row + 2) - 1
            if node.get("hidden") in ("1", "true"):
                look.hidden_rows.append(row)
            node.clear()
        elif node.tag == "col" and node.get("hidden") in ("1", "true"):
            first, last = int(node.get("min", "1")), int(node.get("max", "1"))
            look.hidden_columns += range(first - 1, min(last, first + 999))
    return look


def _position(letters: str | bytes, digits: str | bytes) -> tuple[int, int]:
    """C, 7 → (6, 2)."""
    column = 0
    for letter in letters if isinstance(letters, bytes) else letters.encode():
        column = column * 26 + letter - 64
    return int(digits) - 1, column - 1


# ---- .xlsb: records of a type, a length and that many bytes (MS-XLSB 2.1.4) ----------------------------------------

ROW, CELL_ERROR, FORMULA_ERROR, COLUMNS, RICH_TEXT, BUNDLE_SHEET, MERGE = 0, 3, 11, 60, 62, 156, 176
FILLED_CELLS = {*range(2, 12), RICH_TEXT}  # 1 is a cell that has only a format


def look_into_xlsb(archive: zipfile.ZipFile) -> Iterator[Look]:
    """Error cells, merged ranges, hidden rows and columns of each sheet."""
    parts = parts_of(archive)
    name = book_part(parts, "bin")
    links = _links(archive, parts, name)
    sheets = [record for kind, record in _records(read_part(archive, parts[name])) if kind == BUNDLE_SHEET]
    if len(sheets) > MAX_SHEETS:
        raise Unreadable("too_many_sheets")
    for sheet in sheets:
        (length,) = struct.unpack_from("<I", sheet, 8)
        link = sheet[12 : 12 + 2 * length].decode("utf-16-le") if length < 256 else ""
        part = parts.get(links.get(link, ""))
        yield _look_into_records(read_part(archive, part)) if part else Look()


def _look_into_records(data: bytes) -> Look:
    look = Look()
    rows, columns = set(), set()
    row = 0
    for kind, record in _records(data):
        if kind == ROW:
            (row,) = struct.unpack_from("<I", record)
            if record[11] & 0x10:
                look.hidden_rows.append(row)
        elif kind in FILLED_CELLS:
            (column,) = struct.unpack_from("<I", record)
            rows.add(row)
            columns.add(column)
            if kind in (CELL_ERROR, FORMULA_ERROR):
                look.cells[row, column] = CellError(xlrd.error_text_from_code.get(record[8], "#N/A"))
        elif kind == COLUMNS:
            first, last, _width, _style, flags = struct.unpack_from("<IIIIH", record)
            if flags & 1:
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


def look_into_ods(archive: zipfile.ZipFile) -> Iterator[Look]:
    """Error cells, formulas without a value, merged ranges, hidden rows and columns of each sheet."""
    parts = parts_of(archive)
    if b"encryption-data" in read_part(archive, parts["meta-inf/manifest.xml"]):
        raise Unreadable("password")
    tables = 0
    sheet = OdsSheet()
    for node in elements(read_part(archive, parts["content.xml"])):
        if node.tag in ("table-cell", "covered-table-cell"):
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
            yield sheet.look
            sheet = OdsSheet()


@dataclass(slots=True)
class OdsSheet:
    """A table as its elements come by: they have no addresses, and stand for many when they are repeated."""

    look: Look = field(default_factory=Look)
    rows: set[int] = field(default_factory=set)  # that have filled cells: first and last of those repeated
    columns: set[int] = field(default_factory=set)
    row: int = 0
    column: int = 0
    width: int = 0  # columns declared so far

    def add_cell(self, node: ElementTree.Element) -> None:
        times = _times(node, "number-columns-repeated")
        cell = _ods_cell(node)
        if cell is not None:
            self.rows.add(self.row)
            self.columns |= {self.column, self.column + times - 1}
        if isinstance(cell, CellError | NoValue):
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


def _ods_cell(node: ElementTree.Element) -> str | CellError | NoValue | None:
    """What a cell is told to hold, None for nothing: only what calamine gets wrong is worked out."""
    types = [value for key, value in node.attrib.items() if key.endswith("}value-type")]
    text = "".join(part for child in node if child.tag == "p" for part in child.itertext())
    if "error" in types or text in ERROR_CODES:
        return CellError(text or "#N/A")
    formula = attribute(node, "formula")
    if formula is not None and not types:
        return NoValue(formula.partition("=")[2])
    return "" if types else None


# ---- .xls -----------------------------------------------------------------------------------------------------------


def read_xls(data: bytes) -> Workbook:
    """BIFF 2 to 8, which Excel 97 and WPS (.et) write."""
    book = _open_xls(data)
    if book.nsheets > MAX_SHEETS:
        raise Unreadable("too_many_sheets")
    workbook = Workbook([], "xls")
    for sheet in book.sheets():
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
        look = Look(
            merged=[(top, left, bottom - 1, right - 1) for top, bottom, left, right in sheet.merged_cells],
            hidden=sheet.visibility != 0,
            hidden_rows=[row for row, info in sheet.rowinfo_map.items() if info.hidden],
            hidden_columns=[column for column, info in sheet.colinfo_map.items() if info.hidden],
        )
        workbook.sheets.append(from_cells(sheet.name, cells, look))
    return workbook


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
