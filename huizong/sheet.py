"""Workbook bytes → Sheets: cells with their addresses, merged ranges, and what could not be read. Nothing is interpreted here.

A workbook is hostile until read, so `read_workbooks` reads in child processes with limits on memory and time; a crash or
a hang costs that one file. calamine reads the values; a second look at the XML of .xlsx finds what calamine cannot say:
error cells, formulas that were never calculated, hidden rows and columns.
"""

import atexit
import multiprocessing
import os
import re
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as ReadTimeout
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from io import BytesIO
from multiprocessing import spawn
from pathlib import Path
from xml.etree import ElementTree

import pebble
import python_calamine as calamine

MAX_BYTES = 64 * 2**20  # of one uploaded file
MAX_UNPACKED_BYTES = 512 * 2**20  # of what a zipped workbook says it unpacks to
MAX_CELLS = 3_000_000  # of one sheet's used area
MEMORY_BYTES = 512 * 2**20  # of one reading process: at this limit 3 of 7,175 openable public files are lost
SECONDS = 20  # for one file
CHUNK = 16  # files a child reads before it answers: the message costs more than a small file


@dataclass(frozen=True, slots=True)
class CellError:
    """A cell that holds #REF!, #N/A, … instead of a value."""

    code: str

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class NoValue:
    """A formula that no spreadsheet program has calculated yet."""

    formula: str

    def __str__(self) -> str:
        return f"={self.formula}"


Cell = str | float | int | bool | datetime | date | time | timedelta | CellError | NoValue


@dataclass(slots=True)
class Sheet:
    """One sheet's used area. rows[i][j] stands in sheet row top + i, column left + j (both from 0)."""

    name: str
    rows: list[list[Cell]]
    top: int = 0
    left: int = 0
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)  # top, left, bottom, right within rows
    hidden: bool = False
    hidden_rows: list[int] = field(default_factory=list)  # within rows
    hidden_columns: list[int] = field(default_factory=list)

    def address(self, row: int, column: int) -> str:
        return f"{column_letter(self.left + column)}{self.top + row + 1}"


@dataclass(slots=True)
class Workbook:
    """The sheets of one file; mark: what our own blank wrote on its hidden sheet (form, version, unit, period)."""

    sheets: list[Sheet]
    kind: str
    mark: dict[str, str] = field(default_factory=dict)


class Unreadable(Exception):
    """A file that cannot be read; args[0] is the reason's code, told to the clerk by edits.REASONS."""

    @property
    def reason(self) -> str:
        return self.args[0]


MARK_SHEET = "_huizong"


@cache
def column_letter(index: int) -> str:
    """0 → A, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def kind_of(data: bytes) -> str:
    """What the bytes are, whatever the file is called: xlsx, xlsb, xls, ods, or why they cannot be a workbook.

    Raises Unreadable. The first bytes decide; zipfile.is_zipfile is true of a quarter of genuine .xls files.
    """
    if not data:
        raise Unreadable("empty")
    if len(data) > MAX_BYTES:
        raise Unreadable("too_large")
    if data.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(BytesIO(data)) as archive:
                names = set(archive.namelist())
                if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED_BYTES:
                    raise Unreadable("too_large")
                if "xl/workbook.bin" in names:
                    return "xlsb"
                if "xl/workbook.xml" in names:
                    return "xlsx"
                if "mimetype" in names and b"spreadsheet" in archive.read("mimetype")[:200]:
                    return "ods"
                raise Unreadable("word" if "word/document.xml" in names else "archive")
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError):
            raise Unreadable("damaged") from None
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Unreadable("password")
        if "WordDocument".encode("utf-16-le") in data:
            raise Unreadable("word")
        return "xls"
    raise Unreadable("not_workbook")


def read_workbook(path: str | os.PathLike) -> Workbook:
    """The sheets of one file. Raises Unreadable. Call it in a child process: a hostile file can kill the caller."""
    try:
        data = Path(path).read_bytes()
    except OSError:
        raise Unreadable("no_file") from None
    kind = kind_of(data)
    try:
        if Path(path).suffix == f".{kind}":
            return _read(Path(path), data, kind)
        # Told only the bytes, calamine says "cannot detect" of whatever is wrong; told the right name, it says why.
        with tempfile.TemporaryDirectory() as folder:
            named = Path(folder, f"workbook.{kind}")
            named.write_bytes(data)
            return _read(named, data, kind)
    except calamine.PasswordError:
        raise Unreadable("password") from None
    except Unreadable:
        raise
    except MemoryError:
        raise Unreadable("too_large") from None
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a Rust panic is no Exception
        raise Unreadable("damaged") from None


def _read(path: Path, data: bytes, kind: str) -> Workbook:
    workbook = Workbook([], kind)
    with calamine.CalamineWorkbook.from_path(path) as book:
        looks = look_into_xlsx(data) if kind == "xlsx" else {}
        for meta in book.sheets_metadata:
            if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            found = book.get_sheet_by_name(meta.name)
            if found.height * found.width > MAX_CELLS:
                raise Unreadable("too_many_cells")
            rows = found.to_python(skip_empty_area=True)
            if meta.name == MARK_SHEET:
                workbook.mark = {str(r[0]): str(r[1]) for r in rows if len(r) > 1}
                continue
            top, left = found.start or (0, 0)
            look = looks.get(meta.name, Look())
            sheet = Sheet(
                meta.name,
                rows,
                top,
                left,
                merged=[
                    (r0 - top, c0 - left, r1 - top, c1 - left)
                    for (r0, c0), (r1, c1) in found.merged_cell_ranges or []
                    if r1 >= top and c1 >= left
                ],
                hidden=meta.visible != calamine.SheetVisibleEnum.Visible,
                hidden_rows=[r - top for r in look.hidden_rows if 0 <= r - top < len(rows)],
                hidden_columns=[c - left for c in look.hidden_columns if c >= left],
            )
            _place(sheet, look)
            workbook.sheets.append(sheet)
    if not any(sheet.rows for sheet in workbook.sheets):
        raise Unreadable("no_cells")
    return workbook


@dataclass(slots=True)
class Look:
    """What the XML of one sheet says beyond the values; rows and columns from 0 as on the sheet."""

    cells: dict[tuple[int, int], CellError | NoValue] = field(default_factory=dict)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)


def _place(sheet: Sheet, look: Look) -> None:
    """Puts error cells and uncalculated formulas where calamine left ''; they may lie outside its used area."""
    inside = {at: cell for at, cell in look.cells.items() if isinstance(cell, CellError) or sheet.rows}
    if not inside:
        return
    if not sheet.rows:
        sheet.top, sheet.left = min(r for r, _ in inside), min(c for _, c in inside)
    above = sheet.top - min(sheet.top, *(r for r, _ in inside), sheet.top)
    before = sheet.left - min(sheet.left, *(c for _, c in inside), sheet.left)
    bottom = max(*(r for r, _ in inside), sheet.top + len(sheet.rows) - 1)
    right = max(*(c for _, c in inside), sheet.left + max((len(r) for r in sheet.rows), default=1) - 1)
    sheet.top, sheet.left = sheet.top - above, sheet.left - before
    width = right - sheet.left + 1
    if (bottom - sheet.top + 1) * width > MAX_CELLS:
        raise Unreadable("too_many_cells")
    sheet.rows = [[""] * width for _ in range(above)] + [
        [""] * before + row + [""] * (width - before - len(row)) for row in sheet.rows
    ]
    sheet.rows += [[""] * width for _ in range(bottom - sheet.top + 1 - len(sheet.rows))]
    sheet.merged = [(a + above, b + before, c + above, d + before) for a, b, c, d in sheet.merged]
    sheet.hidden_rows = [r + above for r in sheet.hidden_rows]
    sheet.hidden_columns = [c + before for c in sheet.hidden_columns]
    for (row, column), cell in inside.items():
        sheet.rows[row - sheet.top][column - sheet.left] = cell


def look_into_xlsx(data: bytes) -> dict[str, Look]:
    """Sheet name → what its XML says of errors, uncalculated formulas and hidden rows; only sheets that have any."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        names = set(archive.namelist())
        workbook = archive.read("xl/workbook.xml")
        parts: dict[str, str] | None = None
        looks = {}
        # Libraries that cannot calculate write 0 beside a formula and ask the next program to recalculate.
        dummy_zero = b'fullCalcOnLoad="1"' in workbook or b'fullCalcOnLoad="true"' in workbook
        for part in sorted(name for name in names if name.startswith("xl/worksheets/") and name.endswith(".xml")):
            xml = archive.read(part)
            if not any(sign in xml for sign in (b't="e"', b"<f", b":f>", b"hidden=")):
                continue
            if parts is None:
                parts = _sheet_parts(archive, workbook)
            if part in parts:
                looks[parts[part]] = _look(xml, dummy_zero)
        return looks


def _sheet_parts(archive: zipfile.ZipFile, workbook: bytes) -> dict[str, str]:
    """The file of each sheet → its name."""
    relations = {}
    for node in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")):
        target = node.get("Target", "")
        relations[node.get("Id")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    found = {}
    for node in ElementTree.fromstring(workbook).iter():
        if node.tag.endswith("}sheet"):
            link = next((value for key, value in node.attrib.items() if key.endswith("}id")), None)
            if link in relations:
                found[relations[link]] = node.get("name", "")
    return found


def _look(xml: bytes, dummy_zero: bool) -> Look:
    look = Look()
    row = -1
    for _, node in ElementTree.iterparse(BytesIO(xml)):
        tag = node.tag.rpartition("}")[2]
        if tag == "c":
            formula = value = None
            for child in node:
                if child.tag.endswith("}f"):
                    formula = child.text or ""
                elif child.tag.endswith("}v") or child.tag.endswith("}is"):
                    value = "".join(child.itertext())
            at = _position(node.get("r"))
            if at and node.get("t") == "e":
                look.cells[at] = CellError(value or "#N/A")
            elif at and formula is not None and (not value or (dummy_zero and value == "0")):
                if node.get("t") != "str" or dummy_zero:  # a formula may rightly give an empty text
                    look.cells[at] = NoValue(formula)
            node.clear()
        elif tag == "row":
            row = int(node.get("r") or row + 2) - 1
            if node.get("hidden") in ("1", "true"):
                look.hidden_rows.append(row)
            node.clear()
        elif tag == "col" and node.get("hidden") in ("1", "true"):
            first, last = int(node.get("min", "1")), int(node.get("max", "1"))
            look.hidden_columns += range(first - 1, min(last, first + 999))
    return look


def _position(reference: str | None) -> tuple[int, int] | None:
    """'C7' → (6, 2)."""
    match = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", reference or "")
    if not match:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]) - 1, column - 1


# ---- in child processes -------------------------------------------------------------------------------------------


def _without_main(name: str, prepare: Callable[[str], dict] = spawn.get_preparation_data) -> dict:
    """What a child is told to import, without the caller's __main__: under Streamlit that is the page that is running."""
    return {key: value for key, value in prepare(name).items() if not key.startswith("init_main")}


spawn.get_preparation_data = _without_main


def _limit_child() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a full stderr pipe blocks a panicking child


def _read_each(paths: list[str]) -> list[Workbook | Unreadable]:
    results: list[Workbook | Unreadable] = []
    for path in paths:
        try:
            results.append(read_workbook(path))
        except Unreadable as error:
            results.append(error)
    return results


@cache
def _pool() -> pebble.ProcessPool:
    context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    if context.get_start_method() == "forkserver":
        context.set_forkserver_preload([__name__])
    pool = pebble.ProcessPool(max_workers=os.cpu_count() or 1, context=context, initializer=_limit_child)
    atexit.register(pool.stop)
    return pool


def read_workbooks(paths: Sequence[str | os.PathLike]) -> Iterator[Workbook | Unreadable]:
    """Each file's Workbook, or why it cannot be read, in the order given. Never raises for a file.

    Reading starts with the call, not with the first result asked for.
    """
    names = [str(path) for path in paths]
    chunks = [names[i : i + CHUNK] for i in range(0, len(names), CHUNK)]
    futures = [_pool().schedule(_read_each, args=[chunk], timeout=SECONDS) for chunk in chunks]
    return _results(chunks, futures)


def _results(chunks: list[list[str]], futures: list[pebble.ProcessFuture]) -> Iterator[Workbook | Unreadable]:
    for chunk, future in zip(chunks, futures, strict=True):
        try:
            yield from future.result()
        except (ReadTimeout, pebble.ProcessExpired, MemoryError, OSError) as error:
            # One of the chunk hung or killed its reader: read each alone, so that only that one is lost.
            yield from [_read_alone(name) for name in chunk] if len(chunk) > 1 else [_verdict(error)]


def _read_alone(name: str) -> Workbook | Unreadable:
    future = _pool().schedule(_read_each, args=[[name]], timeout=SECONDS)
    try:
        return future.result()[0]
    except (ReadTimeout, pebble.ProcessExpired, MemoryError, OSError) as error:
        return _verdict(error)


def _verdict(error: BaseException | None) -> Unreadable:
    return Unreadable("too_slow" if isinstance(error, ReadTimeout) else "damaged")
