"""Small writers of the files that no library here writes: each gives the bytes of one file."""

import struct
from collections.abc import Mapping, Sequence
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import xlwt

CONTENT_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def relations(*links: tuple[str, str, str]) -> str:
    """A .rels part: (id, type, target) of each."""
    nodes = "".join(f'<Relationship Id="{i}" Type="{OFFICE}/{kind}" Target="{target}"/>' for i, kind, target in links)
    return f'<Relationships xmlns="{RELATIONS}">{nodes}</Relationships>'


def xlsx(*sheets: str, **parts: str) -> bytes:
    """An .xlsx whose worksheets hold this XML; parts: what replaces xl/workbook.xml, xl/sharedStrings.xml, …"""
    numbers = range(1, len(sheets) + 1)
    workbook = "".join(f'<sheet name="表{n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
    links = [(f"r{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
    packed = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": relations(("r", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{workbook}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(*links, ("s", "sharedStrings", "sharedStrings.xml")),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"/>',
    }
    packed |= {f"xl/worksheets/sheet{n}.xml": sheet for n, sheet in zip(numbers, sheets, strict=True)}
    packed |= {f"xl/{name}.xml": part for name, part in parts.items()}
    return zipped(packed)


def worksheet(rows: str, *, before: str = "", after: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def text_cell(at: str, text: str) -> str:
    return f'<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>'


def ods(*tables: str, manifest: str = "<manifest/>", styles: str = "") -> bytes:
    """An .ods whose spreadsheet holds these table:table elements."""
    spaces = " ".join(f'xmlns:{name}="{OASIS}:{name}:1.0"' for name in ("office", "table", "text", "style"))
    spaces += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    body = f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": manifest,
            "content.xml": f"<office:document-content {spaces}>{styles}{body}</office:document-content>",
        }
    )


def ods_cell(text: str, kind: str = "string", more: str = "") -> str:
    value = f' office:value="{text}"' if kind == "float" else ""
    return f'<table:table-cell office:value-type="{kind}"{value} {more}><text:p>{text}</text:p></table:table-cell>'


def record(kind: int, data: bytes = b"") -> bytes:
    """One record of a binary workbook: type and length as numbers of 7 bits a byte."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(data)
    while size >= 128:
        head += bytes([size & 0x7F | 0x80])
        size >>= 7
    return head + bytes([size]) + data


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(
    rows: Sequence[Sequence[str | float | None]],
    *,
    hidden: Sequence[int] = (),
    merged: Sequence[tuple] = (),
    uncalculated: bool = False,
) -> bytes:
    """An .xlsb with one sheet 表1; '#REF!' becomes an error cell, '=0' a formula beside a 0; uncalculated: that asks to
    be calculated. No library writes this kind."""
    cells = b""
    for r, row in enumerate(rows):
        cells += record(0, struct.pack("<IIHBBBI", r, 0, 300, 0, 0x10 if r in hidden else 0, 0, 0))
        for c, cell in enumerate(row):
            place = struct.pack("<II", c, 0)
            if cell == "#REF!":
                cells += record(3, place + b"\x17")
            elif cell == "=#DIV/0!":
                cells += record(11, place + b"\x07" + struct.pack("<HII", 0, 0, 0))
            elif cell == "=0":
                cells += record(9, place + struct.pack("<dHII", 0, 0, 0, 0))
            elif isinstance(cell, str):
                cells += record(6, place + wide(cell))
            elif cell is not None:
                cells += record(5, place + struct.pack("<d", cell))
    area = struct.pack("<IIII", 0, len(rows) - 1, 0, max(map(len, rows)) - 1)
    ranges = b"".join(record(176, struct.pack("<IIII", *span)) for span in merged)
    sheet = record(129) + record(148, area) + record(145) + cells + record(146) + ranges + record(130)
    book = record(131) + record(143) + record(156, struct.pack("<II", 0, 1) + wide("r1") + wide("表1")) + record(144)
    book += record(157, bytes(24) + struct.pack("<H", uncalculated))
    return zipped(
        {
            "[Content_Types].xml": CONTENT_TYPES,
            "xl/workbook.bin": book + record(132),
            "xl/_rels/workbook.bin.rels": relations(("r1", "worksheet", "worksheets/sheet1.bin")),
            "xl/worksheets/sheet1.bin": sheet,
        }
    )


def xls() -> tuple[xlwt.Workbook, xlwt.Worksheet]:
    """A workbook of Excel 97 to fill in, and its first sheet 表1."""
    book = xlwt.Workbook(encoding="utf-8")
    return book, book.add_sheet("表1")


def saved(book: xlwt.Workbook) -> bytes:
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def spreadsheetml(rows: str, *, columns: str = "", options: str = "", styles: str = "") -> bytes:
    """The XML spreadsheet of 2003, with one sheet 表1."""
    return (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="urn:schemas-microsoft-com:office:excel">'
        f"<Styles>{styles}</Styles>"
        f'<Worksheet ss:Name="表1"><Table>{columns}{rows}</Table>{options}</Worksheet></Workbook>'
    ).encode()
