"""What a workbook is once it is read: sheets, cells with their addresses, merged ranges; and the limits of reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache

MAX_BYTES = 64 * 2**20  # of one uploaded file
MAX_UNPACKED_BYTES = 512 * 2**20  # of all parts of a zipped workbook
MAX_PARTS = 20_000  # files inside a zipped workbook
MAX_SHEETS = 1_000
MAX_CELLS = 3_000_000  # of all sheets' used areas
MAX_COLUMNS = 16_384  # what Excel allows
MAX_MERGED = 20_000  # merged ranges of one sheet
MAX_TEXT = 32_767  # characters of one cell: what Excel allows
MAX_TEXTS = 10_000_000  # of all cells: nobody fills in more; a book of 500 pages has half a million
MEMORY_BYTES = 512 * 2**20  # of one reading process: at this limit 3 of 7,175 openable public files are lost
SECONDS = 20  # for one file

# Of an archive of workbooks, those inside it counted with it.
MAX_ARCHIVED_FILES = 10_000
MAX_ARCHIVED_BYTES = 2 * 2**30  # unpacked, as counted while unpacking
MAX_DIRECTORY_BYTES = 4 * 2**20  # of a ZIP's list of contents: 400 bytes for each of the files that are taken
MAX_RATIO = 200  # unpacked to packed, beyond the first MiB: a made-up return of blanks only packs to a fiftieth
NESTED = 2  # archives within archives

MARK_SHEET = "_huizong"  # the hidden sheet of our own blanks


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


@dataclass(frozen=True, slots=True)
class Shown:
    """A number that its format shows as another. scale: what it is divided by, where it is that: 100 for 1000000."""

    text: str
    held: float
    scale: Decimal | None = None

    def __str__(self) -> str:
        return self.text


Cell = str | float | int | bool | datetime | date | time | timedelta | CellError | NoValue | Shown
ERROR_CODES = frozenset(
    "#NULL! #DIV/0! #VALUE! #REF! #NAME? #NUM! #N/A #GETTING_DATA #SPILL! #CALC! #FIELD! #BLOCKED! #UNKNOWN! #BUSY! "
    "#CONNECT! #EXTERNAL! #PYTHON!".split()
)


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
    struck: list[tuple[int, int]] = field(default_factory=list)  # cells whose text is struck through, within rows
    lengths: list[int] = field(default_factory=list)  # of a CSV: into how many parts the commas part each row

    def address(self, row: int, column: int) -> str:
        return f"{column_letter(self.left + column)}{self.top + row + 1}"


@dataclass(slots=True)
class Workbook:
    """The sheets of one file; mark: what our own blank wrote on its hidden sheet (form, version, unit, period)."""

    sheets: list[Sheet]
    kind: str
    mark: dict[str, str] = field(default_factory=dict)
    beside: list = field(default_factory=list)  # words_beside.Words: what stands beside the cells


class Unreadable(Exception):
    """A file that cannot be read: the reason's code, told to the clerk by edits.REASONS, and the cells it is about."""

    @property
    def reason(self) -> str:
        return self.args[0]

    @property
    def cells(self) -> list[str]:
        return self.args[1] if len(self.args) > 1 else []


@dataclass(slots=True)
class Look:
    """What a file says of one sheet beside the values; rows and columns from 0 as on the sheet. cells: those that do
    not hold what their value is: errors, formulas without a value, 10% for 0.1, 6万 for 6, 1² for 1 and a raised 2."""

    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)  # top, left, bottom, right
    hidden: bool = False
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    struck: list[tuple[int, int]] = field(default_factory=list)


RAISED = str.maketrans(
    "0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"
)  # a raised 2 is a footnote mark, and no digit of the number before it


def place(name: str, top: int, left: int, rows: list[list[Cell]], look: Look) -> Sheet:
    """The sheet whose values start at (top, left), with the look's cells put in, also where they lie outside."""
    if look.cells:
        top, left, rows = _with_cells(top, left, rows, look.cells)
    return Sheet(
        name,
        rows,
        top,
        left,
        [(r0 - top, c0 - left, r1 - top, c1 - left) for r0, c0, r1, c1 in look.merged if r1 >= top and c1 >= left],
        look.hidden,
        [row - top for row in look.hidden_rows if 0 <= row - top < len(rows)],
        [column - left for column in look.hidden_columns if column >= left],
        [(row - top, column - left) for row, column in look.struck],
    )


def _with_cells(
    top: int, left: int, rows: list[list[Cell]], cells: Mapping[tuple[int, int], Cell]
) -> tuple[int, int, list[list[Cell]]]:
    first = min(row for row, _ in cells)
    start = min(column for _, column in cells)
    end = max(column for _, column in cells) + 1
    last = max(row for row, _ in cells) + 1
    if rows:
        first, start = min(first, top), min(start, left)
        end, last = max(end, left + max(map(len, rows))), max(last, top + len(rows))
    check_area(last - first, end - start)
    grid: list[list[Cell]] = [[""] * (end - start) for _ in range(last - first)]
    for n, row in enumerate(rows, top - first):
        grid[n][left - start : left - start + len(row)] = row
    for (row, column), cell in cells.items():
        grid[row - first][column - start] = cell
    return first, start, grid


def from_cells(name: str, cells: Mapping[tuple[int, int], Cell], look: Look) -> Sheet:
    """The sheet that holds these cells: (row, column) from 0 → value."""
    top, left, rows = _with_cells(0, 0, [], cells) if cells else (0, 0, [])
    return place(name, top, left, rows, look)


def mark_of(cells: Mapping[tuple[int, int], Cell]) -> dict[str, str]:
    """What our own blank wrote on its hidden sheet: keys in column A, values in B."""
    return {str(cell): str(cells.get((row, 1), "")) for (row, column), cell in cells.items() if column == 0}


def check_area(height: int, width: int) -> None:
    """Raises Unreadable when a used area is beyond what is read; call it before the area is laid out."""
    if height * width > MAX_CELLS:
        raise Unreadable("too_many_cells")


def check_limits(sheets: Sequence[Sheet]) -> None:
    """Raises Unreadable when there is more than anybody has filled in by hand."""
    if len(sheets) > MAX_SHEETS:
        raise Unreadable("too_many_sheets")
    check_area(sum(len(row) for sheet in sheets for row in sheet.rows), 1)
    total = 0
    for sheet in sheets:
        if len(sheet.merged) > MAX_MERGED:
            raise Unreadable("too_many_merged")
        lengths = [len(cell) for row in sheet.rows for cell in row if type(cell) is str]
        if max(lengths, default=0) > MAX_TEXT:
            raise Unreadable("long_text")
        total += sum(lengths)
    if total > MAX_TEXTS:
        raise Unreadable("too_large")


@cache
def column_letter(index: int) -> str:
    """0 → A, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
