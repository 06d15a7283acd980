"""What all our workbooks share: texts that never become formulas, the same bytes for the same content, the colours."""

from datetime import datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Border, PatternFill, Side
from openpyxl.writer.excel import ExcelWriter

# Severity → colour. Told apart by the colour-blind and on a grey print: vermilion is the darkest, yellow the lightest.
COLOURS = {"error": "F4A582", "query": "FFF2A8", "note": "C9DDF0"}
THIN = Side(style="thin", color="808080")
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
HEAD_FILL = PatternFill("solid", start_color="E8EEF4")


class SteadyZip(ZipFile):
    """A ZIP without the time of its making: the same content gives the same bytes."""

    def writestr(self, name: str, data: bytes | str, *_: object) -> None:
        entry = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
        entry.compress_type = ZIP_DEFLATED
        super().writestr(entry, data)

    def write(self, filename: str, arcname: str, *_: object) -> None:
        self.writestr(arcname, Path(filename).read_bytes())


def workbook_bytes(workbook: Workbook) -> bytes:
    workbook.properties.creator = "Huizong"
    workbook.properties.created = workbook.properties.modified = datetime(1980, 1, 1)
    stream = BytesIO()
    ExcelWriter(workbook, SteadyZip(stream, "w", ZIP_DEFLATED)).save()
    return stream.getvalue()


def write(cell: Cell, value: object) -> Cell:
    """A text stays a text, also where it begins like a formula."""
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.value = value
        if value.startswith(("=", "+", "-", "@")):
            cell.data_type, cell.quotePrefix = "s", True
    else:
        cell.value = value
    return cell


def display_width(text: str) -> int:
    """Columns of a fixed-width line: a Chinese character takes two."""
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)
