"""3,000 county workbooks (16 rows × 14 counts) through the whole way, beside pandas + openpyxl only reading them.

Goals on 2 cores: durable, 300 a second, in a third of the time of that reading, all processes together under 500 MiB.
The workbooks are made once, in build/bench.
"""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas

from benchmarks.processes import used
from benchmarks.returns import staffing_rows, workbook
from huizong import intake
from huizong.org_units import COUNTY, register
from huizong.periods import Period
from huizong.store import Store

ROOT = Path(__file__).parent.parent
BENCH = ROOT / "build" / "bench"
WORKBOOKS = 3000
ROWS = 16


def make_workbooks() -> list[Path]:
    """Quarterly staffing returns of counties with at least 15 townships."""
    made = sorted(BENCH.glob("*.xlsx"))
    if len(made) == WORKBOOKS:
        return made
    BENCH.mkdir(parents=True, exist_ok=True)
    units = register()
    counties = [unit for unit in units.under("0", COUNTY) if units.n_townships(unit.code) >= ROWS - 1]
    for n in range(WORKBOOKS):
        county, quarter = counties[n // 4 % len(counties)], n % 4 + 1
        period = Period.of(f"{2017 + n // 4 // len(counties)}-Q{quarter}")
        rows = {"staffing": staffing_rows(county, n, ROWS)}
        (BENCH / f"{n:04}.xlsx").write_bytes(workbook(county, period, rows))
    return sorted(BENCH.glob("*.xlsx"))


def whole_way() -> dict:
    """Read, locate, check, store, durably; each acknowledged workbook is committed."""
    folder = ROOT / "build" / "bench-store"
    shutil.rmtree(folder, ignore_errors=True)
    store = Store(folder)
    paths = sorted(BENCH.glob("*.xlsx"))
    outcomes: dict[str, int] = {}
    start = time.perf_counter()
    for receipt in intake.receive(store, ((p.name, p.read_bytes()) for p in paths), who="bench", accept=True):
        outcomes[receipt.outcome] = outcomes.get(receipt.outcome, 0) + 1
    seconds = time.perf_counter() - start
    states = dict(store.run("SELECT status, count(*) FROM submission GROUP BY status"))
    return {"seconds": seconds, "outcomes": outcomes, "states": states}


def pandas_reads() -> dict:
    start = time.perf_counter()
    for path in sorted(BENCH.glob("*.xlsx")):
        pandas.read_excel(path, engine="openpyxl")
    return {"seconds": time.perf_counter() - start}


TASKS = {"whole_way": whole_way, "pandas_reads": pandas_reads}


def measured(task: str) -> dict:
    """Runs a task in a process of its own, and looks at what it and those that it starts use."""
    running = subprocess.Popen([sys.executable, "-m", "benchmarks.intake", task], stdout=subprocess.PIPE, cwd=ROOT)
    cpu, peak = 0.0, 0.0
    while running.poll() is None:
        seconds, memory = used(running.pid)
        cpu, peak = max(cpu, seconds), max(peak, memory)
        time.sleep(0.5)
    return json.loads(running.stdout.read().splitlines()[-1]) | {"cpu_seconds": cpu, "peak_mib": peak}


def compare() -> None:
    n = len(make_workbooks())
    ours, theirs = measured("whole_way"), measured("pandas_reads")
    for name, result in (("Huizong, the whole way", ours), ("pandas + openpyxl, reading only", theirs)):
        print(f"{name}: {n / result['seconds']:.0f} workbooks/s, {result['seconds']:.1f} s, "
              f"CPU {result['cpu_seconds']:.1f} s, peak {result['peak_mib']:.0f} MiB")  # fmt: skip
    print(f"share of the reading time: {ours['seconds'] / theirs['seconds']:.2f}; {ours['outcomes']} {ours['states']}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(TASKS[sys.argv[1]](), ensure_ascii=False))
    else:
        compare()
