"""What each page asks of ten years of the whole country: how long the answers take, how much memory.

Every county of the register, 40 quarters, all forms: 0.9 million returns, 1.7 million rows of coverage and of staffing
each, 12 million facts. The values are as good as random; the returns are put into the tables without workbooks and
without a journal. Each page is run as Streamlit runs it, and what it asks the store is timed; nothing is remembered
from one run to the next. Goals: 95 of 100 questions of a page within 100 ms, in a new process each within 300 ms, and
1.5 GiB. The store is made once, in build/national-store; with ROWS_EACH=15 another, with 25 million rows of coverage.
"""

import argparse
import json
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median, quantiles
from typing import Any

import streamlit as st
from streamlit.testing.v1 import AppTest

from benchmarks import board
from benchmarks.board import QUARTERS
from benchmarks.processes import ROOT, measured
from huizong import desk
from huizong.derive import renew_subtotals
from huizong.facts import fact_queries
from huizong.forms import Form, Forms, Item
from huizong.store import Cursor, Store

EACH = int(
    os.environ.get("ROWS_EACH", "1")
)  # rows of coverage for each township: 15, as for its villages, make 25 million
FOLDER = ROOT / "build" / ("national-store" if EACH == 1 else f"national-store-{EACH}")
PERIOD = QUARTERS[-2].code
UNITS = ("0", "37", "3706", "370685", "45", "4501", "450109", "15", "1504", "150404")  # a page for one after the other
PAGES = ("overview", "staffing", "coverage", "training", "pairing", "board", "lineage")
ROWS = {"training": 3, "pairing": 5, "publicity": 6, "safeguards": 1}  # of a return; of the others one a township

# The rows of the returns of one form and period; h is as good as random and the same every time.
FILL_ROWS = """
INSERT INTO "{form}" BY NAME
SELECT s.id AS submission_id, s.period, s.province, s.prefecture, s.county, part.code AS township,
    part.code AS unit_code, part.kind AS row_kind, coalesce(part.code, n::VARCHAR) AS row_key, part.name AS label,
    '表1' AS sheet, (n + 5)::INTEGER AS "row", {items}
FROM (SELECT *, hash(id) AS h FROM submission WHERE form = $1 AND period = $2) AS s
INNER JOIN {parts} ON part.county = s.unit
"""
TOWNSHIPS = """(
    SELECT county, code, name, 'township' AS kind, row_number() OVER (PARTITION BY county ORDER BY code, k) AS n
    FROM org_unit, range({each}) AS numbers(k) WHERE level = 4
) AS part"""
OTHERS = """(
    SELECT code AS county, NULL AS code, '第' || n || '项' AS name, 'other' AS kind, n
    FROM org_unit, range({rows}) AS numbers(n) WHERE level = 3
) AS part"""


def value_of(item: Item, n: int) -> str:
    h = f"hash(h, n, {n})"
    if item.codes:
        codes = ", ".join(f"'{code.code}'" for code in item.codes)
        return f"[{codes}][1 + ({h} % {len(item.codes)})::INTEGER]"
    values = {"integer": f"{h} % 20", "decimal": f"{h} % 1000 / 10", "yes_no": f"{h} % 3 > 0", "date": "s.period_end"}
    return values.get(item.type, f"part.name || ({h} % 9)")


def fill(cursor: Cursor, form: Form, forms: Forms, period: str) -> None:
    """The rows of the returns of a period, and what they add to the indicators."""
    items = ", ".join(f'{value_of(item, n)} AS "{item.code}"' for n, item in enumerate(form.items))
    each = EACH if form.code == "coverage" else 1
    parts = OTHERS.format(rows=ROWS[form.code]) if form.code in ROWS else TOWNSHIPS.format(each=each)
    of_period = [form.code, period]
    cursor.execute(FILL_ROWS.format(form=form.code, items=items, parts=parts), of_period)
    cursor.execute(f"CREATE OR REPLACE TEMP VIEW arrived AS SELECT * FROM \"{form.code}\" WHERE period = '{period}'")
    found = cursor.execute("SELECT list(id) FROM submission WHERE form = ? AND period = ?", of_period).fetchone()
    for query in fact_queries(form, forms):
        cursor.execute(query, {"batch": found[0]} if "$batch" in query else None)


def make_store() -> None:
    if (FOLDER / "huizong.duckdb").exists():
        return
    building = FOLDER.with_suffix(".building")
    store = board.make_store(building)
    for _asked, form, period in desk.sources(store.forms, QUARTERS):
        with store.transaction() as cursor:
            fill(cursor, store.forms[form], store.forms, period.code)
    with store.transaction() as cursor:
        renew_subtotals(store, cursor)
    store.close()
    building.rename(FOLDER)


# ---- asking ----------------------------------------------------------------------------------------------------------

Asked = tuple[str, float, float]  # question, milliseconds of wall clock, of CPU


@contextmanager
def listening() -> Iterator[list[Asked]]:
    """All that is asked of a store meanwhile; a question asked within another is a part of it."""
    asked: list[Asked] = []
    depth = 0

    def timed(name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        def ask_and_note(store: Store, what: str, *args: Any, **more: Any) -> Any:
            nonlocal depth
            wall, cpu = time.perf_counter(), time.process_time()
            depth += 1
            try:
                return ask(store, what, *args, **more)
            finally:
                depth -= 1
                if not depth:
                    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                    asked.append((what if name == "ask" else " ".join(what.split())[:60], wall * 1000, cpu * 1000))

        return ask_and_note

    held = {name: getattr(Store, name) for name in ("ask", "run", "frame")}
    for name, ask in held.items():
        setattr(Store, name, timed(name, ask))
    try:
        yield asked
    finally:
        for name, ask in held.items():
            setattr(Store, name, ask)


def run_page(page: str, unit: str) -> list[Asked]:
    """What a page asks when nothing is remembered."""
    st.cache_resource.clear()
    app = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=600)
    app.query_params["unit"], app.query_params["period"] = unit, PERIOD
    with listening() as asked:
        app.run()
    assert not app.exception, app.exception[0].stack_trace
    return asked


def ask_everywhere(page: str) -> dict[str, Any]:
    """What a page asks in this new process, then (unit, question, …) when it is warm, and the most memory in MiB."""
    cold = run_page(page, UNITS[0])
    run_page(page, UNITS[-1])
    warm = [(unit, *asked) for unit in UNITS for asked in run_page(page, unit)]
    return {"cold": cold, "warm": warm, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def measure(pages: list[str] | None = None) -> None:
    make_store()
    for page in pages or PAGES:
        printed = measured(["benchmarks.national", "--one", page], {"HUIZONG_STORE": str(FOLDER)}).printed
        found = json.loads(printed.splitlines()[-1])
        for name, at in (("ms", 2), ("CPU ms", 3)):
            times = sorted(asked[at] for asked in found["warm"])
            whole = sorted(sum(asked[at] for asked in found["warm"] if asked[0] == unit) for unit in UNITS)
            cold = max(asked[at - 1] for asked in found["cold"])
            p95 = quantiles(times, n=20)[-1]
            print(
                f"{page}, {name} of {len(times)} questions: p50 {median(times):.0f}, p95 {p95:.0f} (goal 100), "
                f"most {times[-1]:.0f}; of a page: median {median(whole):.0f}, most {whole[-1]:.0f}; "
                f"new process: most {cold:.0f} (goal 300)"
            )
        print(f"{page}: {found['peak_mib']:.0f} MiB (goal 1536); the slowest by CPU: ", end="")
        slow = sorted(found["warm"], key=lambda asked: -asked[3])[:4]
        print("; ".join(f"{what} {unit} {cpu:.0f}" for unit, what, _wall, cpu in slow), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What each page asks of ten years of the whole country.")
    parser.add_argument("pages", nargs="*", help=", ".join(PAGES))
    parser.add_argument("--one", help="measure this page, here, as JSON")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(ask_everywhere(args.one)))
    else:
        measure(args.pages)
