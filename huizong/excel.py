"""What all tables we hand out share: texts that never become formulas, equal bytes for equal content, the colours."""

import re
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Border, PatternFill, Side
from openpyxl.writer.excel import ExcelWriter

if TYPE_CHECKING:
    import pandas as pd

# Severity → colour. Told apart by the colour-blind and on a grey print: vermilion is the darkest, yellow the lightest.
COLOURS = {"error": "F4A582", "query": "FFF2A8", "note": "C9DDF0"}
THIN = Side(style="thin", color="808080")
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
HEAD_COLOUR = "#E8EEF4"
HEAD_FILL = PatternFill("solid", start_color=HEAD_COLOUR.removeprefix("#"))
# What a text must not begin with: Excel and WPS take it for a formula, the full-width signs where Chinese is set up.
FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")


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


def looks_like_formula(value: object) -> bool:
    """Whether a program that opens a table as text would run it."""
    return isinstance(value, str) and FORMULA.match(value) is not None


def harmless(value: object) -> object:
    """A text in CSV with the apostrophe that keeps it a text; anything else as it is."""
    return f"'{value}" if looks_like_formula(value) else value


def csv_of(frame: "pd.DataFrame", *, mark: bool = True) -> bytes:
    """The table as text that Excel opens as it is. mark: with the byte-order mark that tells it the encoding."""
    texts = frame.select_dtypes(exclude="number").columns
    safe = frame.assign(**{name: frame[name].map(harmless) for name in texts}).rename(columns=harmless)
    text = safe.to_csv(index=False, lineterminator="\r\n", float_format="%.15g")  # 18, not 18.0
    return text.encode("utf-8-sig" if mark else "utf-8")


def write(cell: Cell, value: object) -> Cell:
    """A text stays a text, also where it begins like a formula."""
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.value = value
        if looks_like_formula(value):
            cell.data_type, cell.quotePrefix = "s", True
    else:
        cell.value = value
    return cell


@lru_cache(maxsize=4096)  # a column says the same over and over
def display_width(text: str) -> int:
    """Columns of a fixed-width line: a Chinese character takes two."""
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)
