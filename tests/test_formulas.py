"""What LibreOffice makes of our blanks: rules as formulas agree with the rules as SQL; a filled blank comes back read.

One run of soffice opens all workbooks of this file, calculates and saves them; `make test` installs it where missing.
"""

import subprocess
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from random import Random
from typing import NamedTuple

import duckdb
import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from huizong import formulas
from huizong.blanks import blank
from huizong.forms import all_forms
from huizong.layout import Vocabulary
from huizong.org_units import register
from huizong.periods import Period
from huizong.returns import read_returns
from huizong.sheet import read_workbook

NAMES = {  # name → DuckDB type, choices; a blank among them
    "a": ("DECIMAL(18,4)", [None, 0, 1, 2, 3, Decimal("0.1"), Decimal("0.2"), Decimal("0.3"), 7]),
    "b": ("DECIMAL(18,4)", [None, 0, 1, 2, Decimal("0.1"), Decimal("0.2"), 4]),
    "c": ("DECIMAL(18,4)", [None, 0, 1, 3, Decimal("0.3"), 11]),
    "word": ("VARCHAR", [None, "x", "y"]),
    "other": ("VARCHAR", [None, "x", "other"]),
    "text": ("VARCHAR", [None, "other", "12"]),
    "yes": ("BOOLEAN", [None, True, False]),
    "no": ("BOOLEAN", [None, True, False]),
    "day": ("DATE", [None, date(2018, 7, 1), date(2018, 9, 30), date(2018, 10, 1)]),
}
WORDS = {"x": "甲", "y": "乙"}
EXPRESSIONS = [
    "a + b = c",
    "a <= b",
    "a <> b OR c = 0",
    "a = 0 OR b <= a",
    "abs(a - b) < 3 OR abs(a - b) <= 0.5 * c",
    "a / b > 0.5",
    "-a < b",
    "a BETWEEN 1 AND 2.5",
    "a NOT BETWEEN b AND c",
    "day BETWEEN period_start AND period_end",
    "day <= period_end",
    "word = 'x'",
    "word IN ('x', 'z')",
    "word NOT IN ('x', 'y') OR a > 1",
    "other = 'x' OR other <> text",
    "(word = 'x') = (other IS NOT NULL)",
    "(word = 'x') <> yes",
    "NOT (word = 'x' AND yes)",
    "yes",
    "yes = true OR no",
    "a IS NULL OR b IS NOT NULL",
    "yes IS NULL AND NOT (a > 1 OR no)",
    "row_kind = 'self' OR a > 0",
]


def in_row(row: int) -> formulas.Names:
    """What the names stand for in a row of the sheet of guesses."""
    names: dict[str, formulas.Value | formulas.Truth] = {
        "period_start": formulas.date_of(date(2018, 7, 1)),
        "period_end": formulas.date_of(date(2018, 9, 30)),
        "row_kind": formulas.Value('"township"'),
    }
    for column, (name, (kind, _)) in enumerate(NAMES.items(), 1):
        cell = f"${get_column_letter(column)}{row}"
        if kind == "BOOLEAN":
            names[name] = formulas.yes_no_in(cell, "是", "否")
        elif kind == "VARCHAR":
            names[name] = formulas.text_in(cell, WORDS if name == "word" else {})
        else:
            names[name] = formulas.number_in(cell)
    return names


def guesses() -> list[dict[str, object]]:
    """Rows with every name's choices at random, the same each time."""
    random = Random(3)
    return [{name: random.choice(choices) for name, (_, choices) in NAMES.items()} for _ in range(400)]


def workbook_of_guesses() -> Workbook:
    """A row for each guess: its values, then for each expression the formula of its being false."""
    workbook = Workbook()
    sheet = workbook.active
    for number, guess in enumerate(guesses(), 1):
        in_cells = [{True: "是", False: "否"}.get(value, value) if name in ("yes", "no") else value
                    for name, value in guess.items()]  # fmt: skip
        in_cells[list(NAMES).index("word")] = WORDS.get(str(guess["word"]))
        names = in_row(number)
        tests = [f"=IFERROR({formulas.broken(expression, names)},FALSE)" for expression in EXPRESSIONS]
        sheet.append([*in_cells, *tests])
        for cell in sheet[number]:
            if cell.value == "12":
                cell.data_type = "s"
    return workbook


def broken_in_sql() -> list[list[bool]]:
    """For each guess and expression: whether DuckDB calls it false."""
    kinds = [kind for kind, _ in NAMES.values()]
    rows = ", ".join(f"({', '.join(map(literal, guess.values(), kinds))})" for guess in guesses())
    period = "DATE '2018-07-01' AS period_start, DATE '2018-09-30' AS period_end, 'township' AS row_kind"
    tests = ", ".join(f"coalesce(NOT ({expression}), false)" for expression in EXPRESSIONS)
    sql = f"SELECT {tests} FROM (SELECT *, {period} FROM (VALUES {rows}) AS guess({', '.join(NAMES)}))"
    return [list(row) for row in duckdb.connect().execute(sql).fetchall()]


def literal(value: object, kind: str) -> str:
    return f"NULL::{kind}" if value is None else f"'{value}'::{kind}"


# ---- the blanks ------------------------------------------------------------------------------------------------------

SONGSHAN = "150404"
RIGHT = [5, 4, 3, 1, 1, 2, 1, 1, 2, 0, 1, 2, 1]  # from 核定编制 to 研究生
WRONG = [0, 4, 3, 2, 5, 2, 1, 1, 2, 0, 1, 2, 1]  # 专职 and 兼职 make 5, 5 seconded of 4, no posts
CHECK = 19  # the column 审核提示


def filled_blank() -> Workbook:
    data = blank(all_forms()["staffing"], SONGSHAN, Period.of("2018-Q3"), language="zh_CN", register=register())
    workbook = openpyxl.load_workbook(BytesIO(data))
    for row, values in enumerate([RIGHT, WRONG], 5):
        for column, value in enumerate(values, 3):
            workbook.active.cell(row, column, value)
    return workbook


def empty_blank() -> bytes:
    return blank(all_forms()["training"], SONGSHAN, Period.of("2018-Q3"), language="zh_CN", register=register())


class Calculated(NamedTuple):
    """What soffice saved."""

    guesses: Path
    staffing: Path
    training: Path


@pytest.fixture(scope="module")
def calculated(tmp_path_factory: pytest.TempPathFactory) -> Calculated:
    folder = tmp_path_factory.mktemp("calc")
    workbook_of_guesses().save(folder / "guesses.xlsx")
    filled_blank().save(folder / "staffing.xlsx")
    (folder / "training.xlsx").write_bytes(empty_blank())
    names = [f"{name}.xlsx" for name in Calculated._fields]
    own = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    call = ["soffice", own, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", "saved", *names]
    subprocess.run(call, cwd=folder, check=True, capture_output=True, timeout=120)
    return Calculated(*(folder / "saved" / name for name in names))


pytestmark = pytest.mark.xdist_group("soffice")  # one run for all of them


def test_a_formula_is_true_exactly_where_sql_calls_the_rule_false(calculated: Calculated) -> None:
    sheet = openpyxl.load_workbook(calculated.guesses, data_only=True).active
    found = [[bool(cell) for cell in row[len(NAMES) :]] for row in sheet.iter_rows(values_only=True)]
    expected = broken_in_sql()
    for n, expression in enumerate(EXPRESSIONS):
        differ = [guess for guess, was, said in zip(guesses(), found, expected, strict=True) if was[n] != said[n]]
        assert not differ, expression
    broken = [sum(column) for column in zip(*expected, strict=True)]
    assert all(0 < n < len(expected) for n in broken), "each expression is broken somewhere, and not everywhere"


def test_the_check_column_of_a_filled_blank_speaks(calculated: Calculated) -> None:
    sheet = openpyxl.load_workbook(calculated.staffing, data_only=True).worksheets[0]
    assert sheet.cell(3, CHECK).value == "审核提示"
    assert not sheet.cell(5, CHECK).value
    assert sheet.cell(6, CHECK).value == (
        "错误：专职 3 + 兼职 2 不等于在岗人数 4；错误：抽调(借调)外出 5 人，多于在岗人数 4；"
        "核实：核定编制为 0，但在岗 4 人；"
    )
    assert not sheet.cell(7, CHECK).value
    assert sheet["D27"].value == 8
    assert sheet.protection.sheet
    assert not sheet["D5"].protection.locked
    assert len(sheet.data_validations.dataValidation) == 16
    assert len(sheet.conditional_formatting) == 1


def test_a_blank_saved_by_libreoffice_is_known_and_read(calculated: Calculated) -> None:
    (found,) = read_returns(read_workbook(calculated.staffing), Vocabulary(all_forms()), register())
    assert (found.form.code, found.unit.code, found.period.code) == ("staffing", SONGSHAN, "2018-Q3")
    assert not found.questions
    assert list(found.rows[0].values.values())[1:14] == RIGHT
    assert list(found.rows[1].values.values())[1:14] == WRONG
    assert {finding.rule for finding in found.findings} <= {"blank", "total"}
    (empty,) = read_returns(read_workbook(calculated.training), Vocabulary(all_forms()), register())
    assert empty.rows == []


# ---- what has no formula ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression",
    ["register.known", "greatest(a, b) > 1", "a % 2 = 0", "word LIKE 'x%'", "word = other", "a = NULL", "a > (b = 1)",
     "yes < no", "a", "CASE WHEN yes THEN a ELSE b END > 1"],
)  # fmt: skip
def test_what_has_no_formula_is_left_to_the_receiving_office(expression: str) -> None:
    with pytest.raises(formulas.Untranslatable):
        formulas.broken(expression, in_row(1))


def test_a_message_takes_its_values_from_the_row() -> None:
    names = {"a": formulas.number_in("$B5"), "yes": formulas.yes_no_in("$C5", "是", "否")}
    assert formulas.sentence('共 {a} 人，"{yes}"{unknown}', names) == '"共 "&$B5&" 人，"""&"…"&""""&"…"'
    assert formulas.sentence("{a}", names) == "$B5"
