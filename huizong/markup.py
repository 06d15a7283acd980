"""A workbook as its office sent it, marked up: cells of findings coloured and commented, all listed on a first sheet.

openpyxl rewrites the file; what it keeps is kept, and the results of formulas, which it drops, are put back. A file
that it cannot open is copied from what was read of it, cell by cell, and the first sheet says so. All of it happens in
a child process with the limits of reading, so this module loads nothing that such a child has no use for.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell import MergedCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from huizong.excel import BOX, COLOURS, HEAD_FILL, display_width, write
from huizong.sheet import in_child, read_workbook
from huizong.texts import _, language, speak
from huizong.workbook import MARK_SHEET, CellError, NoValue, Sheet, Shown, Unreadable
from huizong.workbook import Cell as Read
from huizong.workbook import Workbook as ReadWorkbook

SIGN = "▍"  # what is ours begins with it, so that the next round can take it away again
MOST_COMMENTS = 1000  # a sheet with more opens slowly; the cells beyond are coloured all the same
ADDRESS = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}")
FORMULA = re.compile(rb'<c r="([A-Z]+[0-9]+)"([^>]*)>(<f\b[^>]*(?:/>|>[^<]*</f>))<v ?(?:/>|></v>)</c>')
WIDEST = 24  # column of a copy, in characters
LINE_HEIGHT = 15.0  # points
WIDTHS = (6, 9, 22, 20, 26, 26, 48, 44)  # of the list's columns, in characters


Way = Callable[[Path, Sequence["Problem"], str], bytes]


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding in the words of the one who is to read it; item: the printed head."""

    severity: str
    sheet: str
    cells: tuple[str, ...]
    item: str
    found: str
    expected: str
    message: str
    remedy: str


def marked_up(path: Path, problems: Sequence[Problem], about: str) -> bytes:
    """A workbook marked up, in the current language. about: whose return it is, for the head of the list."""
    for way in (mark_original, mark_copy):
        marked = in_child(attempt, way, path, tuple(problems), about, language())
        if not isinstance(marked, Unreadable):
            return marked
    return list_alone(problems, about)


def extension(path: Path) -> str:
    """What a marked-up workbook is to be called: .xlsm where it holds macros."""
    try:
        with ZipFile(path) as archive:
            return ".xlsm" if "xl/vbaProject.bin" in archive.namelist() else ".xlsx"
    except (BadZipFile, OSError):
        return ".xlsx"


# ---- in the child ----------------------------------------------------------------------------------------------------


def attempt(way: Way, path: Path, problems: Sequence[Problem], about: str, language: str) -> bytes | Unreadable:
    """One way of marking up, in a language; an Unreadable where it cannot be gone."""
    speak(language)
    try:
        return way(path, problems, about)
    except Unreadable as error:
        return error
    except Exception:  # openpyxl raises whatever it meets
        return Unreadable("damaged")


def mark_original(path: Path, problems: Sequence[Problem], about: str) -> bytes:
    """The file itself, rewritten by openpyxl."""
    with warnings.catch_warnings(record=True) as lost:
        warnings.simplefilter("always")
        workbook = load_workbook(path, keep_vba=extension(path) == ".xlsm", rich_text=True)
    if not workbook.worksheets:
        raise Unreadable("damaged")  # Strict OOXML: openpyxl finds nothing in it
    notes = []
    with ZipFile(path) as archive:
        workbook.calculation.fullCalcOnLoad = b'fullCalcOnLoad="1"' in archive.read("xl/workbook.xml")
        if lost or has_shapes(archive):
            notes = [_("Left out, because it cannot be rewritten: shapes, text boxes, controls, some drop-downs.")]
    take_back(workbook)
    mark(workbook, problems, about, notes)
    return with_results(save(workbook), workbook, read_workbook(path))


def mark_copy(path: Path, problems: Sequence[Problem], about: str) -> bytes:
    """A new workbook of the cells that were read."""
    read = read_workbook(path)
    workbook = Workbook()
    workbook.remove(workbook.active)
    names = {sheet.name: copy_sheet(workbook, sheet).title for sheet in read.sheets}
    if read.mark:
        copied = workbook.create_sheet(MARK_SHEET)
        copied.sheet_state = "veryHidden"
        for line in read.mark.items():
            copied.append(line)
    if extension(path) == ".xlsm":
        workbook.vba_archive = ZipFile(BytesIO(), "w")  # without macros, but under the name of a workbook with them
    moved = [replace(problem, sheet=names.get(problem.sheet, problem.sheet)) for problem in problems]
    mark(workbook, moved, about, [_("A copy of what was read of the file: its formulas and its looks are not in it.")])
    return save(workbook)


def list_alone(problems: Sequence[Problem], about: str) -> bytes:
    """The first sheet without the others."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    mark(workbook, problems, about, [_("The file itself could not be marked up; please correct it by this list.")])
    return save(workbook)


def save(workbook: Workbook) -> bytes:
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def has_shapes(archive: ZipFile) -> bool:
    """Whether there is something on the sheets that openpyxl drops without a word."""
    drawings = [name for name in archive.namelist() if re.match(r"xl/drawings/[^/]+\.xml", name)]
    return any(name.startswith("xl/ctrlProps/") for name in archive.namelist()) or any(
        b":sp>" in archive.read(name) for name in drawings
    )


def with_results(data: bytes, workbook: Workbook, read: ReadWorkbook) -> bytes:
    """The file with the results of its formulas, which openpyxl leaves out: some only look, and never recalculate."""
    sheets = {sheet.name: sheet for sheet in read.sheets}
    parts = {f"xl/worksheets/sheet{n}.xml": sheet.title for n, sheet in enumerate(workbook.worksheets, 1)}
    stream = BytesIO()
    with ZipFile(BytesIO(data)) as source, ZipFile(stream, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            if sheet := sheets.get(parts.get(name, "")):
                results = dict(addressed(sheet))
                part = FORMULA.sub(lambda found, results=results: calculated(found, results, workbook.epoch), part)
            target.writestr(name, part)
    return stream.getvalue()


def addressed(sheet: Sheet) -> Iterator[tuple[str, Read]]:
    for r, row in enumerate(sheet.rows):
        for c, cell in enumerate(row):
            yield sheet.address(r, c), cell


def calculated(found: re.Match[bytes], results: Mapping[str, Read], epoch: datetime) -> bytes:
    """The XML of a formula's cell with its result in it; as it was where none is known."""
    address, style, formula = found.groups()
    match results.get(address.decode()):
        case None | NoValue():
            return found[0]
        case bool(value):
            kind, text = "b", str(int(value))
        case int(value) | float(value):
            kind, text = "n", repr(value)
        case Shown(held=held):
            kind, text = "n", repr(held)
        case CellError(code):
            kind, text = "e", code
        case str(value):
            kind, text = "str", ILLEGAL_CHARACTERS_RE.sub("", value)
        case value:
            kind, text = "n", repr(to_excel(value, epoch))
    return b'<c r="%s"%s t="%s">%s<v>%s</v></c>' % (address, style, kind.encode(), formula, escape(text).encode())


def copy_sheet(workbook: Workbook, read: Sheet) -> Worksheet:
    """The cells of a sheet at their addresses."""
    sheet = workbook.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", read.name)[:31] or None)
    sheet.sheet_state = "hidden" if read.hidden else "visible"
    widths: dict[int, float] = {}
    for r, row in enumerate(read.rows, read.top + 1):
        for c, cell in enumerate(row, read.left + 1):
            if cell != "":
                text = str(cell)
                write(sheet.cell(r, c), text if isinstance(cell, CellError | NoValue | Shown) else cell)
                widths[c] = max(widths.get(c, 0), display_width(text) + 2)
    for c, width in widths.items():
        sheet.column_dimensions[get_column_letter(c)].width = max(8, min(WIDEST, width))
    lowest, rightmost = len(read.rows) - 1, max(map(len, read.rows), default=0) - 1
    for top, left, bottom, right in read.merged:
        bottom, right = min(bottom, lowest), min(right, rightmost)
        if top <= bottom and left <= right and (top, left) != (bottom, right):
            sheet.merge_cells(
                start_row=read.top + top + 1,
                start_column=read.left + left + 1,
                end_row=read.top + bottom + 1,
                end_column=read.left + right + 1,
            )
    return sheet


# ---- marks -----------------------------------------------------------------------------------------------------------


def mark(workbook: Workbook, problems: Sequence[Problem], about: str, notes: Sequence[str]) -> None:
    """Colours and comments the cells, and puts the list in front."""
    told: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        for address in problem.cells:
            if problem.sheet in workbook.sheetnames and ADDRESS.fullmatch(address):
                told.setdefault((problem.sheet, address), []).append(problem)
    for n, ((sheet, address), listed) in enumerate(told.items()):
        mark_cell(workbook[sheet], address, listed, with_comment=n < MOST_COMMENTS)
    listing = workbook.create_sheet(_("Findings"), 0)
    draw_list(listing, problems, about, notes, set(workbook.sheetnames))
    for sheet in workbook.worksheets:
        sheet.sheet_view.tabSelected = sheet is listing  # two selected sheets would be edited together
    workbook.active = 0


def mark_cell(sheet: Worksheet, address: str, problems: Sequence[Problem], *, with_comment: bool) -> None:
    cell = sheet[address]
    if isinstance(cell, MergedCell):
        (area,) = (area for area in sheet.merged_cells.ranges if address in area)
        cell = area.start_cell
    worst = min((problem.severity for problem in problems), key=[*COLOURS].index)
    cell.fill = PatternFill("solid", start_color=COLOURS[worst])
    if not with_comment:
        return
    lines = [f"{severity_word(p.severity)}：{p.message}\n→ {p.remedy}" for p in problems]
    text = f"{SIGN}{_('Findings')}\n" + "\n".join(lines)
    before = cell.comment
    comment = Comment(f"{before.text}\n{text}" if before else text, before.author if before else "Huizong")
    comment.width, comment.height = 320, 40 + 20 * sum(1 + len(line) // 22 for line in comment.text.splitlines())
    cell.comment = comment


def take_back(workbook: Workbook) -> None:
    """Removes the marks of the round before from a workbook that has come back with them."""
    for sheet in workbook.worksheets:
        if str(sheet["A1"].value).startswith(SIGN):
            workbook.remove(sheet)
            continue
        for cell in [*sheet._cells.values()]:  # iter_rows would make every cell there is room for
            if cell.comment and SIGN in cell.comment.text:
                theirs = cell.comment.text.partition(SIGN)[0].rstrip()
                cell.comment = Comment(theirs, cell.comment.author) if theirs else None
                if cell.fill.start_color.rgb[2:] in COLOURS.values():
                    cell.fill = PatternFill()


def severity_word(severity: str) -> str:
    return {"error": _("error"), "query": _("query"), "note": _("note")}[severity]


def draw_list(
    sheet: Worksheet, problems: Sequence[Problem], about: str, notes: Sequence[str], sheets: set[str]
) -> None:
    """Every problem with a link to its first cell; the colours of the column 性质 are those of the cells."""
    counts = {severity: sum(problem.severity == severity for problem in problems) for severity in COLOURS}
    words = _("{error} errors to be corrected, {query} queries to be corrected or explained, {note} notes.")
    lead = [
        (f"{SIGN}{_('Findings')}　{about}", Font(name="黑体", size=15, bold=True)),
        (words.format(**counts), Font(name="宋体", size=11, bold=True)),
        (_("Click on a cell’s address to go there. Correct, save and send the workbook again."), Font(name="宋体")),
        *((note, Font(name="宋体", color="C00000")) for note in notes),
    ]
    for row, (text, font) in enumerate(lead, 1):
        write(sheet.cell(row, 1), text).font = font
        sheet.row_dimensions[row].height = 28 if row == 1 else 18
    top = len(lead) + 1
    heads = [_("No."), _("Severity"), _("Cells"), _("Item"), _("Found"), _("Expected"), _("Problem"), _("What to do")]
    for column, head in enumerate(heads, 1):
        cell = write(sheet.cell(top, column), head)
        cell.font, cell.border = Font(name="宋体", bold=True), BOX
        cell.fill = HEAD_FILL
        cell.alignment = Alignment(horizontal="center", vertical="center")
        sheet.column_dimensions[cell.column_letter].width = WIDTHS[column - 1]
    for row, problem in enumerate(problems, top + 1):
        draw_problem(sheet, row, row - top, problem, linked=problem.sheet in sheets)
    sheet.freeze_panes = sheet.cell(top + 1, 1)
    sheet.print_title_rows = f"{top}:{top}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def draw_problem(sheet: Worksheet, row: int, number: int, problem: Problem, *, linked: bool) -> None:
    where = f"{problem.sheet}!{'、'.join(problem.cells)}" if problem.sheet else ""
    texts = (severity_word(problem.severity), where, problem.item, problem.found, problem.expected, problem.message,
             problem.remedy)  # fmt: skip
    lines = 1
    for column, value in enumerate((number, *texts), 1):
        cell = write(sheet.cell(row, column), value)
        cell.font, cell.border = Font(name="宋体", size=10), BOX
        cell.alignment = Alignment(vertical="center", wrap_text=True, horizontal="center" if column < 3 else "left")
        if isinstance(value, str):
            lines = max(lines, -(-display_width(value) // (WIDTHS[column - 1] - 1)))
    sheet.row_dimensions[row].height = min(400, 4 + LINE_HEIGHT * lines)
    sheet.cell(row, 2).fill = PatternFill("solid", start_color=COLOURS[problem.severity])
    if linked and problem.cells and ADDRESS.fullmatch(problem.cells[0]):
        name = problem.sheet.replace("'", "''")
        link = sheet.cell(row, 3)
        link.hyperlink = Hyperlink(ref=link.coordinate, location=f"'{name}'!{problem.cells[0]}")
        link.font = Font(name="宋体", size=10, color="0563C1", underline="single")
