"""Golden rows of the queries: tests/queries/<query>/<case>/ holds the tables, params.yaml and expected.csv.

A table is <table>.csv with the columns that matter; an empty cell is NULL, '' an empty text. expected.csv names the
columns that are compared and lists every row in its order. `why` in params.yaml says what the case shows.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import yaml

from huizong.store import QUERIES, question

CASES = sorted(path.parent for path in Path(__file__).parent.joinpath("queries").glob("*/*/params.yaml"))
ALWAYS = datetime(9999, 12, 31)
# The view over the tables of all forms (store.create_reported), as a table.
REPORTED = """
CREATE TABLE reported (
    submission_id VARCHAR, form VARCHAR, sheet VARCHAR, "row" INTEGER, row_key VARCHAR, label VARCHAR, item VARCHAR,
    additive BOOLEAN, value DECIMAL(18, 4)
)
"""


def read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    return head, rows


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute(question("schema"))
        made.execute(REPORTED)
        yield made


def fill(connection: duckdb.DuckDBPyConnection, case: Path) -> None:
    for path in sorted(case.glob("*.csv")):
        if path.stem != "expected":
            head, rows = read_csv(path)
            places = ", ".join("?" * len(head))
            connection.executemany(
                f"INSERT INTO {path.stem} ({', '.join(head)}) VALUES ({places})",
                [[None if cell == "" else cell.replace("''", "") for cell in row] for row in rows],
            )


def printed(value: object) -> str:
    """A value as a CSV of this folder has it."""
    if value is None:
        return ""
    if value == "":
        return "''"
    if isinstance(value, list):
        return ";".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_golden_rows(connection: duckdb.DuckDBPyConnection, case: Path) -> None:
    fill(connection, case)
    params = yaml.safe_load((case / "params.yaml").read_text(encoding="utf-8"))
    assert params.pop("why")
    if params.get("as_of") == "always":
        params["as_of"] = ALWAYS
    reads = params.pop("then", None)  # of a statement that writes: the table to look at
    result = connection.execute(question(case.parent.name), params)
    if reads:
        result = connection.execute(f"SELECT * FROM {reads} ORDER BY ALL")
    names = [column[0] for column in result.description]
    head, expected = read_csv(case / "expected.csv")
    found = [[printed(row[names.index(name)]) for name in head] for row in result.fetchall()]
    assert found == expected


def test_every_query_has_a_case() -> None:
    tried = {case.parent.name for case in CASES}
    assert {path.stem for path in QUERIES.glob("*.sql")} - tried == {"schema"}
