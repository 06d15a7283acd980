"""3,000 county workbooks (16 rows × 14 counted items) through the whole way, beside pandas + openpyxl only reading them.

Prints workbooks per second, wall seconds, CPU seconds and peak memory. `make bench`; the workbooks are made once, in build/bench.
"""

import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import openpyxl

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
BENCH = ROOT / "build" / "bench"
WORKBOOKS = 3000
ROWS = 16


def make_workbooks() -> list[Path]:
    """Quarterly staffing returns of counties with at least 15 townships; the numbers are made up."""
    from huizong.org_units import register

    BENCH.mkdir(parents=True, exist_ok=True)
    made = sorted(BENCH.glob("*.xlsx"))
    if len(made) == WORKBOOKS:
        return made
    units = register()
    counties = [c for p in units.under("0", 2) for c in units.children(p.code) if len(townships(units, c.code)) >= ROWS - 1]
    head = ["序号", "单位名称", "核定编制", "在岗人数", "其中：", "", "抽调(借调)外出", "女性", "年龄", "", "", "", "学历", "", "",
            "部长是否党委常委", "是否与工商联等合署办公", "业务经费(万元)"]  # fmt: skip
    below = ["", "", "", "", "专职", "兼职", "", "", "35岁及以下", "36—45岁", "46—55岁", "56岁及以上", "大专及以下", "本科",
             "研究生", "", "", ""]  # fmt: skip
    for n in range(WORKBOOKS):
        county, quarter = counties[n // 4 % len(counties)], n % 4 + 1
        year = 2017 + n // 4 // len(counties)
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.append([f"{year}年第{'一二三四'[quarter - 1]}季度统战机构人员配备情况表"])
        sheet.append([f"填报单位：{''.join(units.get(c).name for c in (county.province, county.prefecture, county.code) if c)}"])
        sheet.append(head)
        sheet.append(below)
        for span in ("A1:R1", "E3:F3", "I3:L3", "M3:O3"):
            sheet.merge_cells(span)
        rows = []
        for r, name in enumerate([f"{county.name}委统战部", *[t.name for t in townships(units, county.code)[: ROWS - 1]]]):
            full, part = (n + r) % 4 + 1, r % 2
            staff = full + part
            rows.append([r + 1, name, staff + r % 2, staff, full, part, 0, staff // 2, staff, 0, 0, 0, 0, staff, 0,
                         "是" if r == 0 else "", "否" if r == 0 else "", round(1.1 * staff, 2)])  # fmt: skip
            sheet.append(rows[-1])
        sheet.append(["合计", "", *[round(sum(row[i] for row in rows), 2) for i in range(2, 15)], "", "",
                      round(sum(row[17] for row in rows), 2)])  # fmt: skip
        book.save(BENCH / f"{n:04}.xlsx")
    return sorted(BENCH.glob("*.xlsx"))


def townships(units, county: str) -> list:
    return [t for t in units.children(county) if t.kind == "unit"]


def whole_way() -> dict:
    """Read, locate, check, store, durably; each acknowledged workbook is committed."""
    from huizong import intake
    from huizong.store import Store

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
    import pandas

    start = time.perf_counter()
    for path in sorted(BENCH.glob("*.xlsx")):
        pandas.read_excel(path, engine="openpyxl")
    return {"seconds": time.perf_counter() - start}


TASKS = {"whole_way": whole_way, "pandas_reads": pandas_reads}


def measured(task: str) -> dict:
    """Runs a task in a process of its own, so that its peak memory is its own."""
    done = subprocess.run([sys.executable, __file__, task], capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        result = TASKS[sys.argv[1]]()
        use, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        result["peak_mib"] = use.ru_maxrss / 1024
        result["peak_child_mib"] = children.ru_maxrss / 1024
        result["cpu_seconds"] = use.ru_utime + use.ru_stime + children.ru_utime + children.ru_stime
        print(json.dumps(result, ensure_ascii=False))
    else:
        n = len(make_workbooks())
        ours, theirs = measured("whole_way"), measured("pandas_reads")
        for name, result in (("Huizong, the whole way", ours), ("pandas + openpyxl, reading only", theirs)):
            print(f"{name}: {n / result['seconds']:.0f} workbooks/s, {result['seconds']:.1f} s, "
                  f"CPU {result['cpu_seconds']:.1f} s, peak {result['peak_mib']:.0f} MiB")  # fmt: skip
        print(f"share of the reading time: {ours['seconds'] / theirs['seconds']:.2f}; {ours['outcomes']} {ours['states']}")
