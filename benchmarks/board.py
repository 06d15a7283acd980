"""The board of one quarter, and the rates over 40 quarters, for every county of the register: what a question costs.

The forms are as they are: a county owes four quarterly returns and three monthly ones a quarter, and one a year. 5 %
never came, 10 % came twice; of the last two quarters some wait for a decision. Goals: 100 ms for one quarter, 300 ms
for forty.
"""

import resource
import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

import pandas as pd

from huizong import desk
from huizong.periods import Period
from huizong.store import Store

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "board-store"
QUARTERS = [Period(2009 + n // 4, "quarter", n % 4 + 1) for n in range(40)]
TODAY = date(2019, 2, 1)
TURNS = 15

# Made-up submissions of every return owed; h is as good as random and the same every time.
FILL = """
INSERT INTO submission (
    id, original, filename, sheets, form, unit, level, province, prefecture, county, period, period_start, period_end,
    revision, status, sample, received_at, accepted_at, ended_at, n_rows, n_errors, n_queries, n_explained, nil
)
WITH wanted AS (
    SELECT unnest($1::VARCHAR[]) AS form, unnest($2::VARCHAR[]) AS period, unnest($3::DATE[]) AS starts,
        unnest($4::DATE[]) AS ends
),
owed AS (
    SELECT e.*, wanted.period, wanted.starts, wanted.ends, hash(e.form, e.unit, wanted.period) AS h
    FROM wanted
    INNER JOIN expectation AS e ON e.form = wanted.form AND wanted.ends BETWEEN e.valid_from AND e.valid_to
),
sent AS (
    SELECT *, unnest(range(1, CASE WHEN h % 10 = 0 THEN 3 ELSE 2 END)) AS revision, h % 10 = 0 AS again
    FROM owed
    WHERE h % 20 <> 1
),
timed AS (
    SELECT *, ends::TIMESTAMP + INTERVAL 1 HOUR * (24 + h % 480 + 100 * revision) AS came,
        CASE
            WHEN again AND revision = 1 THEN 'superseded'
            WHEN h % 12 = 3 AND ends > $5 THEN 'query'
            WHEN h % 40 = 7 AND ends > $5 THEN 'error'
            ELSE 'accepted'
        END AS status
    FROM sent
)
SELECT
    substr(md5(form || unit || period || revision), 1, 16) || '-0',
    sha256(form || unit || period || revision), unit || '.xlsx', form, form,
    unit, 3, province, prefecture, county, period, starts, ends, revision, status, FALSE, came,
    CASE WHEN status IN ('accepted', 'superseded') THEN came + INTERVAL 1 DAY END,
    CASE WHEN status = 'superseded' THEN came + INTERVAL 5 DAY END, 12,
    (status = 'error')::INTEGER, (status = 'query')::INTEGER, 0, FALSE
FROM timed
ORDER BY came
"""


def make_store(folder: Path = FOLDER) -> Store:
    shutil.rmtree(folder, ignore_errors=True)
    store = Store(folder)
    wanted = [(form, period) for _asked, form, period in desk.sources(store.forms, QUARTERS)]
    lists = [[form for form, _ in wanted], [p.code for _, p in wanted], [p.start for _, p in wanted],
             [p.end for _, p in wanted], QUARTERS[-3].end]  # fmt: skip
    with store.transaction() as cursor:
        cursor.execute(FILL, lists)
    return store


def ask_often(question: Callable[[], pd.DataFrame]) -> tuple[pd.DataFrame, float, float]:
    """The answer, and the median milliseconds of wall clock and of CPU once it is warm."""
    times = []
    for _turn in range(TURNS):
        cpu, wall = cpu_seconds(), time.perf_counter()
        answer = question()
        times.append((time.perf_counter() - wall, cpu_seconds() - cpu))
    walls, cpus = zip(*times[2:], strict=True)
    return answer, median(walls) * 1000, median(cpus) * 1000


def cpu_seconds() -> float:
    use = resource.getrusage(resource.RUSAGE_SELF)
    return use.ru_utime + use.ru_stime


def measure() -> None:
    store = make_store()
    ((returns,), (units,)) = (store.run(f"SELECT count({what}) FROM submission")[0] for what in ("*", "DISTINCT unit"))
    last = QUARTERS[-2]
    questions: list[tuple[str, int, Callable[[], pd.DataFrame]]] = [
        ("the board of one quarter", 100, lambda: desk.board(store, last, today=TODAY)),
        (
            "the rates of 40 quarters by province",
            300,
            lambda: desk.rates(store, QUARTERS, level="province", today=TODAY),
        ),
    ]
    print(f"{units} counties, {len(store.forms)} forms, {returns} submissions")
    for name, goal, question in questions:
        answer, wall, cpu = ask_often(question)
        print(f"{name}: {len(answer)} rows in {wall:.0f} ms (goal {goal}), CPU {cpu:.0f} ms")
    store.close()


if __name__ == "__main__":
    measure()
