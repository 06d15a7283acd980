"""500 figures drawn at random from all pages and levels, each worked out again from the cells of the original files.

Nothing of the product reads here: openpyxl opens the workbook, the columns are counted off, a cell is what it says, and
twin.py adds up. What the product contributes is the question: which returns are in force, and which file each came in.
"""

import unicodedata
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from string import ascii_uppercase

import openpyxl
import pandas as pd
import pytest
import twin
from openpyxl.utils import coordinate_to_tuple
from stores import sample_store

from huizong.forms import Form, Item, all_forms
from huizong.indicators import composition, figures, figures_by_child
from huizong.lineage import TermCell, terms_of_figure
from huizong.org_units import COUNTY, DEPARTMENT, TOWNSHIP, ancestors, level_of, register
from huizong.periods import Period
from huizong.returned import Row
from huizong.store import Store

DRAWN = 500
FROM_ONE_PAGE = 10
FORMS = all_forms()
TARGETS = {"370685": Decimal(100)}  # as published: 招远市, 2016


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    filled = sample_store(tmp_path_factory.mktemp("followed"))
    yield filled
    filled.close()


# ---- what the files say ----------------------------------------------------------------------------------------------


@cache
def opened(path: Path) -> dict[str, list[list[object]]]:
    """Sheet → its cells as they are, row by row."""
    with closing(openpyxl.load_workbook(path, data_only=True, read_only=True)) as workbook:
        return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in workbook}


def body(sheet: list[list[object]]) -> Iterator[tuple[int, int, list[object]]]:
    """(row, column) of the first item, from 1, and the row's cells from there, of all rows above 合计."""
    top = next(n for n, row in enumerate(sheet) if "序号" in row)
    left = sheet[top].index("序号") + 1
    for n, row in enumerate(sheet[top + 1 :], start=top + 2):
        name = str(row[left] or "").replace(" ", "")
        if name in ("合计", "总计"):
            return
        if name and not isinstance(row[left - 1], str):  # 其中 and the like stand in the second row of the head
            yield n, left + 1, row[left:]


def meant(cell: object, item: Item) -> object:
    """What a cell says, in plain Python: a number, a code, yes or no, a day, a text."""
    text = unicodedata.normalize("NFKC", str(cell)).strip() if cell is not None else ""
    if not text:
        return None
    if item.codes:
        return next(one.code for one in item.codes if one.label.zh == text)
    match item.type:
        case "yes_no":
            return {"是": True, "否": False}[text]
        case "date":
            if isinstance(cell, datetime):
                return cell.date()
            return date(*(int(part) for part in text.translate(str.maketrans("年月.-/", "     ", "日")).split()))
        case "integer" | "decimal":
            return Decimal(text)
    return text


def rows_of(form: Form, unit: str, sheet: list[list[object]], name: str) -> list[Row]:
    townships = {one.name: one.code for one in register().under(unit, TOWNSHIP, kinds=("unit", "zone"))}
    rows = []
    for n, _, cells in body(sheet):
        label = str(cells[0]).strip()
        values = {item.code: meant(cell, item) for item, cell in zip(form.items, cells, strict=False)}
        kind = "self" if label.endswith("统战部") else "other"
        rows.append(Row(name, n, label, townships.get(label), kind, None, values))
    return rows


@pytest.fixture(scope="module")
def in_force(store: Store) -> list[twin.InForce]:
    held = store.run(
        "SELECT s.form, s.unit, s.period, s.sheets, o.sha256, o.kind FROM submission AS s "
        "JOIN original AS o ON o.sha256 = s.original WHERE s.accepted_at IS NOT NULL AND s.ended_at IS NULL"
    )
    found = []
    for code, unit, period, sheets, sha, kind in held:
        sheet = opened(store.original_path(sha, kind))[sheets]
        rows = rows_of(FORMS[code], unit, sheet, sheets)
        found.append(twin.InForce(FORMS[code], register().get(unit, Period.of(period).end), Period.of(period), rows))
    return found


# ---- what the pages show ---------------------------------------------------------------------------------------------


def places(store: Store) -> dict[int, list[tuple[str, Period]]]:
    """Level → (unit, period) of what there is to show."""
    held = store.run("SELECT DISTINCT unit, period FROM submission WHERE unit IS NOT NULL")
    held += store.run("SELECT DISTINCT township, period FROM coverage WHERE township IS NOT NULL")
    shown = {
        (code, period) for unit, reported in held for code in ancestors(unit) for period in (reported, reported[:4])
    }
    found: dict[int, list[tuple[str, Period]]] = {}
    for code, period in sorted(shown):
        found.setdefault(level_of(code), []).append((code, Period.of(period)))
    return found


def drawn(store: Store, random: Random) -> Iterator[tuple[str, pd.Series]]:
    """The page it is drawn from, and a row of figures."""
    offered = places(store)
    while True:
        unit, period = random.choice(offered[random.choice(sorted(offered))])
        ask = random.choice((figures, figures_by_child))
        frame = ask(store, list(FORMS.indicators), unit, [period])
        if ask is figures_by_child:
            frame = frame[frame["unit"] != unit]  # what belongs to the unit itself and to none of its parts
        frame = frame[frame["numerator"].notna()]
        for place in random.sample(range(len(frame)), min(FROM_ONE_PAGE, len(frame))):
            yield ask.__name__, frame.iloc[place]


def number(value: object) -> float | None:
    return None if value is None or pd.isna(value) else round(float(value), 9)


def test_500_figures_from_all_pages_and_levels_come_out_of_the_cells(
    store: Store, in_force: list[twin.InForce]
) -> None:
    seen = set()
    figures_drawn = drawn(store, Random(724))
    held = store.run("SELECT s.id, o.sha256, o.kind FROM submission AS s JOIN original AS o ON o.sha256 = s.original")
    paths = {submission: store.original_path(sha, kind) for submission, sha, kind in held}
    for _ in range(DRAWN):
        page, row = next(figures_drawn)
        unit, period = register().get(row["unit"]), Period.of(row["period"])
        told = f"{row['indicator']} {unit.code} {unit.name} {period.code} ({page})"
        again = twin.figure(
            row["indicator"],
            unit,
            period,
            forms=FORMS,
            units=register(),
            targets=TARGETS,
            goals={},
            returns=[one for one in in_force if period.contains(one.period)],
        )
        figure = tuple(number(row[side]) for side in ("numerator", "denominator", "value"))
        assert figure == tuple(map(number, (again.numerator, again.denominator, again.value))), told
        follow(store, paths, row, told)
        seen.add((page, unit.level))
    levels = set(range(COUNTY + 1)) | {TOWNSHIP, DEPARTMENT}
    assert seen >= {("figures", level) for level in levels} | {("figures_by_child", n) for n in (1, 2, 3, 4)}


def printed(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def follow(store: Store, paths: dict[str, Path], row: pd.Series, told: str) -> None:
    """Every term of a figure stands in the cell it names, and together they are the figure."""
    sums: dict[str, list[TermCell]] = {}
    for term in terms_of_figure(store, row["indicator"], row["unit"], Period.of(row["period"])):
        sums.setdefault(term.side, []).append(term)
        if not term.cell:
            continue
        r, c = coordinate_to_tuple(term.cell)
        cell = opened(paths[term.submission])[term.sheet][r - 1][c - 1]
        form = next(form for side, form, _ in FORMS.terms(row["indicator"]) if form and side == term.side)
        said = meant(cell, form.by_code[term.item])
        value = Decimal(str(term.value)) if isinstance(term.value, float) else term.value
        assert said == value or printed(said) == value, f"{told}: {term}"
    declared = FORMS.indicators[row["indicator"]][1]
    if declared.aggregate != "median" and not declared.numerator.distinct:
        # A row that adds a sum of several items has a term for each of their cells, and adds once.
        added = {
            (term.submission, term.sheet, term.cell.lstrip(ascii_uppercase)): term.adds or 0
            for term in sums.get("numerator", ())
        }
        assert number(sum(added.values())) == number(row["numerator"]), told


def test_what_wholes_are_made_of_comes_out_of_the_cells(store: Store, in_force: list[twin.InForce]) -> None:
    """Compositions: each part of 赤峰市, from the same cells."""
    whole, period = register().get("1504"), Period.of("2018-Q3")
    tried = 0
    for form in FORMS.values():
        rows = [
            one
            for sent in in_force
            if sent.form is form and sent.period in twin.sources(form, period) and twin.inside(sent.unit, whole)
            for one in map(twin.row_values, sent.rows)
        ]
        found = composition(store, form.code, whole.code, [period]).set_index(["composition", "part"])["value"]
        for made in form.compositions:
            if made.items:
                parts = {item: twin.total(row[item] for row in rows) for item in made.items}
                for item, value in parts.items():
                    if rows:
                        assert number(found[made.code, item]) == number(value)
                        tried += 1
    assert tried > 5
