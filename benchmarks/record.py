"""verify and rebuild of a store of 100,000 returns: time, CPU, and memory of all processes together.

The returns are made up and came the usual way: each its own workbook, staffing of a county and of all its townships (16
rows on average), for every county of the register and 35 quarters or so. The store is made once, in build/record-store.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from benchmarks.processes import ROOT, measured
from benchmarks.returns import staffing_rows, workbook
from huizong import intake
from huizong.org_units import COUNTY, register
from huizong.periods import Period
from huizong.store import Store

FOLDER = ROOT / "build" / "record-store"
RETURNS = int(os.environ.get("RETURNS", "100000"))
FIRST = Period.of("2009-Q1")
SHEET = "xl/worksheets/sheet1.xml"


def workbooks(n: int) -> Iterator[tuple[str, bytes]]:
    """County after county, quarter after quarter: a county's workbook is drawn once, then says another quarter."""
    counties = [unit for unit in register().under("0", COUNTY) if register().n_townships(unit.code, FIRST.end)]
    parts = [parts_of(workbook(county, FIRST, {"staffing": staffing_rows(county, k)}))
             for k, county in enumerate(counties)]  # fmt: skip
    period, old = FIRST, FIRST.label("zh_CN").encode()
    while True:
        new = period.label("zh_CN").encode()
        for county, held in zip(counties, parts, strict=True):
            if not n:
                return
            n -= 1
            yield f"{county.code}-{period.code}.xlsx", zipped(held | {SHEET: held[SHEET].replace(old, new)})
        period = period.next()


def parts_of(data: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: dict[str, bytes]) -> bytes:
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def make_store() -> None:
    """By the usual way in: read, checked, accepted, durable."""
    if (FOLDER / "huizong.duckdb").exists():
        return
    building = FOLDER.with_suffix(".building")
    shutil.rmtree(building, ignore_errors=True)
    store = Store(building)
    for receipt in intake.receive(store, workbooks(RETURNS), who="bench", accept=True):
        assert receipt.outcome == "received", receipt
    store.close()
    building.rename(FOLDER)


def measure() -> None:
    made = measured(["benchmarks.record", "make"])
    print(f"{RETURNS} returns taken in (nothing, where they are there from before): {made}")
    where = {"HUIZONG_STORE": str(FOLDER)}
    for name, arguments in {
        "verify --quick (journal and originals)": ["huizong", "verify", "--quick"],
        "verify": ["huizong", "verify"],
        "rebuild": ["huizong", "rebuild"],
    }.items():
        print(f"{name}: {measured(arguments, where)}", flush=True)


if __name__ == "__main__":
    make_store() if sys.argv[1:] == ["make"] else measure()
