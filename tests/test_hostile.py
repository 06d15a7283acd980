"""Files that mean harm: each costs one clear message, within the limits, and the readers live on for the next file."""

import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest
from odd_files import MAIN, ods, ods_cell, saved, spreadsheetml, text_cell, worksheet, xls, xlsb, xlsx, zipped
from workbooks import drawn, excel

from huizong import sheet
from huizong.edits import REASONS
from huizong.file_kinds import kind_of
from huizong.sheet import Unreadable, Workbook, read_workbook, read_workbooks

ROOT = Path(__file__).parent.parent
GOOD = excel(drawn("| 单位 | 3 |"))
# A workbook's own readers; a child of the suite's other workers would be counted with them.
pytestmark = pytest.mark.xdist_group("hostile")

BOMB = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
BOMB = f'<!DOCTYPE x [<!ENTITY a "{"啊" * 100}">{BOMB}]>'
FETCH = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
ONE = '<row r="1"><c r="A1"><v>1</v></c></row>'
ERROR = '<row r="1"><c r="A1" t="e"><v>#REF!</v></c></row>'  # has the sheet's XML parsed


def with_entity(xml: str, declared: str, name: str = "j") -> str:
    return declared + xml.replace("#REF!", f"&{name};")


def headed(text: bytes, size: int) -> bytes:
    """The archive's first part declared as this many bytes, whatever it unpacks to."""
    data = bytearray(text)
    struct.pack_into("<I", data, 22, size)
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, size)
    return bytes(data)


def lying_bomb() -> bytes:
    """A sheet of 60 MB that says it has 1 kB."""
    content = BytesIO()
    bomb = b"<worksheet>" + b" " * 60_000_000
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bomb)
        with ZipFile(BytesIO(GOOD)) as good:
            for name in good.namelist():
                if name != "xl/worksheets/sheet1.xml":
                    archive.writestr(name, good.read(name))
    return headed(content.getvalue(), 1000)


def nested(depth: int = 100) -> bytes:
    inner = GOOD
    for _ in range(depth):
        inner = zipped({"报表.zip": inner})
    return inner


def lzma() -> bytes:
    content = BytesIO()
    with ZipFile(content, "w", ZIP_LZMA) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    return content.getvalue()


def strings_bomb() -> bytes:
    """A text of 30,000 characters in each of 100,000 cells: 3 GB from 1 MB."""
    rows = "".join(f'<row r="{r}">' + '<c t="s"><v>0</v></c>' * 100 + "</row>" for r in range(1, 1001))
    return xlsx(worksheet(rows), sharedStrings=f'<sst xmlns="{MAIN}"><si><t>{"啊" * 30_000}</t></si></sst>')


def far_old_workbook() -> bytes:
    book, page = xls()
    page.write(0, 0, 1)
    page.write(65535, 255, 1)
    return saved(book)


def far_binary_workbook() -> bytes:
    data = xlsb([[1.0], [2.0]])
    with ZipFile(BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    page = "xl/worksheets/sheet1.bin"
    second = struct.pack("<IIH", 1, 0, 300)
    parts[page] = parts[page].replace(second, struct.pack("<IIH", 0x7FFFFFF0, 0, 300))
    return zipped(parts)


def table(rows: str) -> str:
    return f'<table:table table:name="表1">{rows}</table:table>'


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a cell in the last corner": (
        lambda: xlsx(
            worksheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
        ),
        "too_many_cells",
    ),
    "a cell in the last row": (
        lambda: xlsx(
            worksheet('<row r="1"><c r="Z1"><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>1</v></c></row>')
        ),
        "too_many_cells",
    ),
    "an error cell in the last corner": (
        lambda: xlsx(worksheet(ERROR + '<row r="1048576"><c r="XFD1048576" t="e"><v>#N/A</v></c></row>')),
        "too_many_cells",
    ),
    "cells that do not say where they are": (
        lambda: xlsx(
            worksheet('<row r="1"><c><v>1</v></c></row><row r="1048576">' + "<c/>" * 16383 + "<c><v>1</v></c></row>")
        ),
        "too_large",
    ),
    "10,000 sheets": (lambda: xlsx(*[worksheet("")] * 10_000), "too_many_sheets"),
    "100,000 merged ranges": (
        lambda: xlsx(
            worksheet(
                '<row r="1"><c r="A1"><v>1</v></c></row>',
                after="<mergeCells>"
                + "".join(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(1, 100_001))
                + "</mergeCells>",
            )
        ),
        "too_many_merged",
    ),
    "a text of a million characters": (
        lambda: xlsx(worksheet(f'<row r="1">{text_cell("A1", "啊" * 10**6)}</row>')),
        "long_text",
    ),
    "a bomb of shared strings": (strings_bomb, "too_large"),
    "an entity bomb in a sheet": (lambda: xlsx(with_entity(worksheet(ERROR), BOMB)), "damaged"),
    "an entity bomb in the workbook": (
        lambda: xlsx(worksheet(ERROR), workbook=f'{BOMB}<workbook xmlns="{MAIN}"><sheets>&j;</sheets></workbook>'),
        "damaged",
    ),
    "an entity bomb in UTF-16": (
        lambda: zipped(
            {
                "xl/workbook.xml": (BOMB + "<workbook>&j;</workbook>").encode("utf-16"),
                "xl/_rels/workbook.xml.rels": "<x/>",
            }
        ),
        "damaged",
    ),
    "a file from outside": (lambda: xlsx(with_entity(worksheet(ERROR), FETCH, "a")), "damaged"),
    "an entity bomb in an open document": (
        lambda: zipped(
            {
                "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
                "META-INF/manifest.xml": "<x/>",
                "content.xml": BOMB + "<x>&j;</x>",
            }
        ),
        "damaged",
    ),
    "an entity bomb in the XML of 2003": (
        lambda: spreadsheetml("<Row/>").replace(b"<Workbook", BOMB.encode() + b"<Workbook", 1),
        "damaged",
    ),
    "a part that is larger than it says": (lying_bomb, "damaged"),
    "an archive in an archive in an archive": (nested, "archive"),
    "another way of packing": (lzma, "archive"),
    "a million parts": (lambda: b"PK\x03\x04" + b"PK\x01\x02" * 10**6, "too_large"),
    "a binary workbook whose rows are far apart": (far_binary_workbook, "too_many_cells"),
    "an old sheet that reaches far": (far_old_workbook, "too_many_cells"),
    "an open document that repeats a billion times": (
        lambda: ods(
            table(
                '<table:table-row table:number-rows-repeated="1000000">'
                + ods_cell("1", "float", 'table:number-columns-repeated="1000"')
                + "</table:table-row>"
            )
        ),
        "too_many_cells",
    ),
    "a row of 2003 a billion rows down": (
        lambda: spreadsheetml(
            '<Row><Cell><Data ss:Type="Number">1</Data></Cell></Row>'
            '<Row ss:Index="1000000000"><Cell ss:Index="99"><Data ss:Type="Number">1</Data></Cell></Row>'
        ),
        "too_many_cells",
    ),
    "a web page that spans": (
        lambda: ("<table>" + "<tr>" + "<td colspan=9999999 rowspan=9999999>1" * 20_000 + "</table>").encode(),
        "too_many_cells",
    ),
    "text with three million cells": (lambda: (b"," * 3100 + b"\n") * 1000 + b"1,2", "too_many_cells"),
    "bytes that look like an old workbook": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook\0".encode("utf-16-le") * 500,
        "damaged",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_one_message(tmp_path: Path, name: str) -> None:
    make, reason = HOSTILE[name]
    bad, good = tmp_path / "坏.xlsx", tmp_path / "好.xlsx"
    bad.write_bytes(make())
    good.write_bytes(GOOD)
    start = time.monotonic()
    refused, read = read_workbooks([bad, good])
    assert time.monotonic() - start < sheet.SECONDS
    assert isinstance(refused, Unreadable)
    assert refused.reason == reason
    assert reason in REASONS
    assert isinstance(read, Workbook)


def test_what_the_parent_looks_at_is_not_unpacked() -> None:
    # zipfile unpacks a whole part before it compares it with its header, unless it is asked for a few bytes.
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", b"application/vnd.oasis.opendocument.spreadsheet" + bytes(100_000_000))
    start = time.process_time()
    with pytest.raises(Unreadable, match="damaged"):
        kind_of(headed(content.getvalue(), 100))
    assert time.process_time() - start < 0.05


def test_a_million_declared_columns_and_rows_are_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "大.xlsx"
    columns = '<dimension ref="A1:XFD1048576"/><cols><col min="1" max="1000000" hidden="1"/></cols>'
    rows = f'<row r="1">{text_cell("A1", "甲")}</row>' + "".join(
        f'<row r="{r}" ht="20"><c r="A{r}" s="0"/></row>' for r in range(1_048_000, 1_048_577)
    )
    path.write_bytes(xlsx(worksheet(rows, before=columns)))
    (page,) = read_workbook(path).sheets
    assert page.rows == [["甲"]]


def test_nothing_outside_the_file_is_followed(tmp_path: Path) -> None:
    outside = tmp_path / "外.xml"
    outside.write_text(worksheet(f'<row r="1">{text_cell("A1", "外")}</row>'))
    path = tmp_path / "链.xlsx"
    path.write_bytes(xlsx(worksheet('<row r="1"><c r="A1"><f>[1]Sheet1!A1</f></c><c r="B1"><v>1</v></c></row>')))
    (page,) = read_workbook(path).sheets
    assert page.rows == [[sheet.NoValue("[1]Sheet1!A1"), 1.0]]
    path.write_bytes(
        f'<html><table><tr><td>1<img src="{outside.as_uri()}"><iframe src="{outside.as_uri()}"></table>'.encode()
    )
    assert read_workbook(path).sheets[0].rows == [["1"]]


def test_many_bad_files_in_one_upload_leave_the_good_ones(tmp_path: Path) -> None:
    corner = HOSTILE["cells that do not say where they are"][0]()
    paths = []
    for n in range(40):
        paths.append(tmp_path / f"{n}.xlsx")
        paths[-1].write_bytes(corner if n % 10 == 3 else GOOD)
    read = [isinstance(one, Workbook) for one in read_workbooks(paths)]
    assert read == [n % 10 != 3 for n in range(40)]


def test_a_reader_that_gave_up_for_want_of_memory_reads_the_next_file(tmp_path: Path) -> None:
    big = "".join(f'<row r="{r}">' + f"<c><v>{r}.5</v></c>" * 40 + "</row>" for r in range(1, 20_001))
    paths = [tmp_path / f"{n}.xlsx" for n in range(4)]
    for path, data in zip(
        paths, [strings_bomb(), xlsx(worksheet(big)), strings_bomb(), xlsx(worksheet(big))], strict=True
    ):
        path.write_bytes(data)
    assert [getattr(one, "reason", "read") for one in read_workbooks(paths)] == [
        "too_large",
        "read",
        "too_large",
        "read",
    ]


def test_a_broken_pool_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "好.xlsx"
    path.write_bytes(GOOD)
    list(read_workbooks([path]))
    sheet._pool.stop()
    assert isinstance(next(read_workbooks([path])), Workbook)


PROGRAM = """
import sys, time
from pathlib import Path
Path({marker!r}).open("a").write("x")
from huizong import sheet
waiting = sheet._start(time.sleep, 60)
print(next(sheet.read_workbooks([{file!r}])).kind, flush=True)
waiting.result()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups of POSIX")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_no_process_outlives_its_program_and_none_runs_it_again(tmp_path: Path, stop: signal.Signals) -> None:
    # A page under Streamlit, a plain script: neither guards its statements by if __name__ == "__main__".
    script, marker, file = tmp_path / "page.py", tmp_path / "runs", tmp_path / "好.xlsx"
    file.write_bytes(GOOD)
    script.write_text(PROGRAM.format(marker=str(marker), file=str(file)))
    program = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    with program:
        assert program.stdout.readline() == b"xlsx\n"
        os.killpg(program.pid, stop)
        program.wait(20)
    assert marker.read_text() == "x"
    deadline = time.monotonic() + 20
    while running(program.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert running(program.pid) == []


def running(group: int) -> list[str]:
    """The processes of a group that have not ended."""
    listed = subprocess.run(["ps", "-eo", "pgid=,stat=,pid=,wchan=,args="], capture_output=True, text=True, check=True)
    lines = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    return [process for in_group, state, process in lines if int(in_group) == group and not state.startswith("Z")]
