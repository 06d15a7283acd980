"""Messed-up workbooks, read by the product and by others, and how much of them came out right."""

import copy
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from random import Random

from huizong.forms import all_forms
from huizong.layout import Vocabulary
from huizong.org_units import register
from huizong.returned import Return
from huizong.returns import read_returns
from huizong.sheet import read_workbook
from tests.messy.draft import ASK, Draft, Sheet, Truth, draw, right_return
from tests.messy.kinds import ALONE, KINDS

Cell = tuple[str, str]  # sheet, address
LINES = {name for name, (group, _) in KINDS.items() if group == "lines"} | {"english", "cover_sheet"}
MONEY = {name for name, (group, _) in KINDS.items() if group == "money"} | {"english", "measures_beside"}
HEADS = set(
    "aliases typo english scaled_measures other_measures negated_head heads_of_another_time last_years_head "
    "times_under_heads current_under_heads".split()
)
ONE_OF = (ALONE, LINES, MONEY, HEADS)  # of each of these at most one kind in a workbook
# What makes more tables comes first, so that the other kinds apply to all of them; then what is printed over the lines.
ORDER = ["alone", "lines", "money", "heads", "sheet", "names", "values"]


@dataclass
class Messy:
    """One messed-up workbook: what was done to it, its bytes, and what its cells mean."""

    number: int
    kinds: list[str]
    data: bytes
    truths: dict[Cell, Truth]
    asks: bool


def make(number: int, seed: int = 1, kinds: list[str] | None = None) -> Messy:
    """The workbook of this number: one to four kinds of mess, drawn by lot unless given."""
    random = Random(f"{seed}-{number}")
    wanted = kinds or random.sample(list(KINDS), k=random.choices([1, 2, 3, 4], [4, 3, 2, 1])[0])
    for _ in range(40):  # until there is a form that the first kind applies to
        draft = Draft([Sheet("表1", [right_return(random)])])
        done: list[str] = []
        for name in sorted(wanted, key=turn):
            if any(name in group and group & set(done) for group in ONE_OF):
                continue
            if KINDS[name][1](draft, random) is not False:
                done.append(name)
        if wanted[0] in done:
            break
    data, truths = draw(draft)
    return Messy(number, done, data, truths, draft.asks)


def turn(kind: str) -> int:
    return ORDER.index("alone" if kind in ALONE else "lines" if kind in LINES else KINDS[kind][0])


@dataclass
class Result:
    """Cells by verdict, and whether the file was asked about as a whole."""

    verdicts: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    asking: bool = False
    questions: list[str] = field(default_factory=list)


def judge(messy: Messy, returns: list[Return]) -> Result:
    """right: the value at the right form, unit, period, row and item; asked: a question or a finding names the cell,
    its column or its row; wrong: neither."""
    result = Result(asking=any(found.questions for found in returns) or not returns)
    result.questions = [f"{q.ask} {q.found} {q.candidates}" for found in returns for q in found.questions]
    read: dict[Cell, tuple] = {}
    flagged: set[Cell] = set()
    unread: set[str] = set()
    nameless: set[tuple] = set()  # the cells of rows whose name is not certain
    lost: set[tuple[str, str, str]] = set()  # form, sheet, item of a column that was not found
    unsure = {sheet for found in returns if found.questions for sheet in found.sheets}
    for found in returns:
        for finding in found.findings:
            if finding.severity == "note":
                continue
            flagged |= {(finding.sheet, cell) for cell in finding.cells}
            if finding.rule == "unread_sheet":
                unread.add(finding.sheet)
            if finding.rule == "missing_column" and finding.item:
                named = finding.item == found.form.rows.name_item  # without names no row is whose it is
                items = found.form.by_code if named else [finding.item]
                lost |= {(found.form.code, finding.sheet, item) for item in items}
        if found.unit and found.period and not found.questions:
            who = (found.form.code, found.unit.code, found.period.code)
            for row in found.rows:
                if (row.sheet, found.cell(row, found.form.rows.name_item)) in flagged:
                    nameless |= {(row.sheet, found.cell(row, item)) for item in row.values}
                for item, value in row.values.items():
                    cell = found.cell(row, item)
                    if cell:
                        read[row.sheet, cell] = (*who, row.unit_code, item, value)
    for at, truth in messy.truths.items():
        got = read.pop(at, None)
        sheet, _ = at
        asked = (
            at in flagged
            or (sheet, truth.name_cell) in flagged
            or any((sheet, head) in flagged for head in truth.head_cells)
            or (truth.form, sheet, truth.item) in lost
            or (sheet in unsure | unread and got is None)
            or not returns
        )
        if is_right(truth, got):
            verdict = "right"
        else:
            verdict = "asked" if asked else "wrong"
            if not asked:
                result.wrong.append(f"#{messy.number} {at[0]}!{at[1]} {truth.item}: {truth.value!r} read as {got}")
        result.verdicts[verdict] += 1
    for at, got in read.items():  # values that the workbook does not hold
        if got[-1] is not None and at not in flagged | nameless and (got[0], at[0], got[-2]) not in lost:
            result.verdicts["wrong"] += 1
            result.wrong.append(f"#{messy.number} {at[0]}!{at[1]} is no value, read as {got}")
    return result


def is_right(truth: Truth, got: tuple | None) -> bool:
    if truth.value == ASK:
        return False
    if got is None:
        return truth.value is None
    who, (unit, item, value) = got[:3], got[3:]
    if who != (truth.form, truth.reporter, truth.period) or item != truth.item:
        return False
    if all_forms()[truth.form].by_code[item].type == "unit":
        return unit == truth.unit  # the name as it is printed may be anything that means the unit
    return same(truth.value, value) and (truth.unit is None or unit == truth.unit)


def same(meant: object, value: object) -> bool:
    if isinstance(meant, bool) or isinstance(value, bool) or meant is None or value is None:
        return meant is value
    return meant == value


VOCABULARY = Vocabulary(all_forms())
UNITS = copy.copy(register())
UNITS.villages = None  # the file of villages need not be there, and the villages are made up


def read_by_huizong(data: bytes) -> list[Return]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "messy.xlsx")
        path.write_bytes(data)
        return read_returns(read_workbook(path), VOCABULARY, UNITS)


# ---- the readers that others would use ------------------------------------------------------------------------------


def labels(form: str) -> dict[str, str]:
    """The head as our blank prints it, and as one row of heads reads it → item."""
    return {head: item.code for item in all_forms()[form].items for head in (item.label.zh, item.head("zh"))}


def share_by_frame(messy: Messy, read: Callable[[bytes, str, Truth], "object"]) -> Counter:
    """How much comes out right of the first sheet when a table reader is told where its header row stands."""
    verdicts: Counter = Counter()
    sheets = {sheet for sheet, _ in messy.truths}
    for sheet in sheets:
        truths = [(at, truth) for at, truth in messy.truths.items() if at[0] == sheet]
        try:
            frame = read(messy.data, sheet, truths[0][1])
        except Exception:  # whatever a reader raises, its cells are not read
            verdicts["lost"] += len(truths)
            continue
        known = labels(truths[0][1].form)
        columns = {known[str(name)]: name for name in frame.columns if str(name) in known}
        shown = {}
        for item, name in columns.items():
            for n, value in enumerate(frame[name]):
                shown[item, n] = value
        rows = list(dict.fromkeys(truth.name_cell for _, truth in truths))
        for _, truth in truths:
            got = shown.get((truth.item, rows.index(truth.name_cell)))
            verdicts["right" if truth.value != ASK and same_as_shown(truth, got) else "other"] += 1
    return verdicts


def same_as_shown(truth: Truth, got: object) -> bool:
    """Generously: a number that is the number, a word that is the word."""
    item = all_forms()[truth.form].by_code[truth.item]
    if got is None or got != got or got == "":
        return truth.value is None
    if isinstance(truth.value, bool):
        return str(got) == ("是" if truth.value else "否")
    if isinstance(truth.value, int | Decimal):
        try:
            return Decimal(str(got)) == truth.value
        except ArithmeticError:
            return False
    if isinstance(truth.value, date):
        return (got.date() if isinstance(got, datetime) else got) == truth.value
    if item.codes:
        return str(got) == item.code_label(str(truth.value), "zh")
    return str(got) == str(truth.value)


def header_row(truth: Truth) -> int:
    """The lowest row of the heads, from 0: what somebody would tell the reader."""
    return max(int("".join(c for c in cell if c.isdecimal())) for cell in truth.head_cells) - 1


def read_by_pandas(data: bytes, sheet: str, truth: Truth):
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.read_excel(BytesIO(data), sheet_name=sheet, header=header_row(truth))


def read_by_duckdb(data: bytes, sheet: str, truth: Truth):
    import duckdb
    import duckdb_extension_excel  # a package of its own, with the extension in it

    extension = next(Path(duckdb_extension_excel.__file__).parent.rglob("excel.duckdb_extension"))
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder, "messy.xlsx")
        path.write_bytes(data)
        connection.execute(f"LOAD '{extension}'")
        return connection.execute(
            f"FROM read_xlsx('{path}', sheet = $1, range = 'A{header_row(truth) + 1}:AZ200', header = true, "
            "ignore_errors = true)", [sheet],
        ).df()  # fmt: skip


# ---- the run --------------------------------------------------------------------------------------------------------


def run(count: int, seed: int) -> Iterator[tuple[Messy, Result]]:
    for number in range(count):
        messy = make(number, seed)
        yield messy, judge(messy, read_by_huizong(messy.data))


def table(results: list[tuple[Messy, Result]]) -> Iterator[str]:
    """A line per kind: workbooks, cells, shares right and asked, cells wrong, files asking."""
    yield "| kind | files | cells | right | asked | wrong | files asking |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name in [*KINDS, "all"]:
        mine = [(m, r) for m, r in results if name == "all" or name in m.kinds]
        cells = sum((r.verdicts for _, r in mine), Counter())
        total = sum(cells.values()) or 1
        asking = sum(r.asking for _, r in mine)
        yield (f"| {name} | {len(mine)} | {sum(cells.values())} | {cells['right'] / total:.1%} | "
               f"{cells['asked'] / total:.1%} | {cells['wrong']} | {asking} |")  # fmt: skip


def others(results: list[tuple[Messy, Result]]) -> Iterator[str]:
    readers = {"pandas.read_excel(header=…)": read_by_pandas}
    try:
        import duckdb_extension_excel  # noqa: F401

        readers["DuckDB read_xlsx"] = read_by_duckdb
    except ImportError:
        print("DuckDB's excel extension is not installed (pip install duckdb-extension-excel)", file=sys.stderr)
    for name, reader in readers.items():
        cells: Counter = Counter()
        for messy, _ in results:
            cells += share_by_frame(messy, reader)
        yield f"{name}: {cells['right'] / (sum(cells.values()) or 1):.1%} of {sum(cells.values())} cells right"
