"""3,000 county workbooks (16 rows × 14 counts) through the whole way, from a folder and from a ZIP, beside pandas +
openpyxl only reading them.

Goals on 2 cores: durable, 300 a second, in a third of the time of that reading, all processes together under 500 MiB.
The workbooks are made once, in build/bench.
"""

import json
import shutil
import sys
import time
from datetime import date
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pandas

from benchmarks.processes import ROOT, measured
from benchmarks.returns import staffing_rows, workbook
from huizong.bulk import Batch, on_disk
from huizong.org_units import COUNTY, register
from huizong.periods import Period
from huizong.store import Store

BENCH = ROOT / "build" / "bench"
ARCHIVE = BENCH / "all.zip"
WORKBOOKS = 3000
ROWS = 16


def make_workbooks() -> list[Path]:
    """Quarterly staffing returns of counties with at least 15 townships."""
    made = sorted(BENCH.glob("*.xlsx"))
    if len(made) == WORKBOOKS:
        return made
    BENCH.mkdir(parents=True, exist_ok=True)
    units = register()
    counties = [unit for unit in units.under("0", COUNTY) if units.n_townships(unit.code, date.today()) >= ROWS - 1]
    for n in range(WORKBOOKS):
        county, quarter = counties[n // 4 % len(counties)], n % 4 + 1
        period = Period.of(f"{2017 + n // 4 // len(counties)}-Q{quarter}")
        rows = {"staffing": staffing_rows(county, n, ROWS)}
        (BENCH / f"{n:04}.xlsx").write_bytes(workbook(county, period, rows))
    return sorted(BENCH.glob("*.xlsx"))


def make_archive() -> None:
    if not ARCHIVE.exists():
        with ZipFile(ARCHIVE, "w", ZIP_STORED) as archive:
            for path in sorted(BENCH.glob("*.xlsx")):
                archive.write(path, path.name)


def whole_way(paths: list[Path]) -> dict:
    """Read, locate, check, store, durably; each acknowledged workbook is committed."""
    folder = ROOT / "build" / "bench-store"
    shutil.rmtree(folder, ignore_errors=True)
    store = Store(folder)
    batch = Batch(store, on_disk(paths), who="bench", accept=True)
    start = time.perf_counter()
    batch.finish()
    seconds = time.perf_counter() - start
    outcomes: dict[str, int] = {}
    for receipt in batch.receipts:
        outcomes[receipt.outcome] = outcomes.get(receipt.outcome, 0) + 1
    states = dict(store.run("SELECT status, count(*) FROM submission GROUP BY status"))
    return {"seconds": seconds, "outcomes": outcomes, "states": states}


def folder() -> dict:
    return whole_way(sorted(BENCH.glob("*.xlsx")))


def archive() -> dict:
    return whole_way([ARCHIVE])


def pandas_reads() -> dict:
    start = time.perf_counter()
    for path in sorted(BENCH.glob("*.xlsx")):
        pandas.read_excel(path, engine="openpyxl")
    return {"seconds": time.perf_counter() - start}


TASKS = {"folder": folder, "archive": archive, "pandas_reads": pandas_reads}


def compare() -> None:
    n = len(make_workbooks())
    make_archive()
    seconds = {}
    for task, name in {
        "folder": "Huizong, the whole way, a folder",
        "archive": "Huizong, the whole way, a ZIP",
        "pandas_reads": "pandas + openpyxl, reading only",
    }.items():
        use = measured(["benchmarks.intake", task])
        result = json.loads(use.printed.splitlines()[-1])
        seconds[task] = result.pop("seconds")
        print(f"{name}: {n / seconds[task]:.0f} workbooks/s, {seconds[task]:.1f} s, CPU {use.cpu_seconds:.1f} s, "
              f"peak {use.peak_mib:.0f} MiB {result or ''}")  # fmt: skip
    print(f"share of the reading time: {seconds['folder'] / seconds['pandas_reads']:.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(TASKS[sys.argv[1]](), ensure_ascii=False))
    else:
        compare()
