"""How often the first twenty lines of the cross checks point to a mistake, beside plain z-scores and chance.

The honest returns of simulated.py, three years of one province. In the last quarter mistakes are put into 4 % of them,
and into 1 % of those before, which nobody has found. A mistake that an edit rule of the form finds is put right again:
the district corrects those before anything is compared. A line hits when it names the return and an item of the
mistake.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from benchmarks.simulated import quarters_until, returns_of
from huizong.cross_checks import lines
from huizong.edits import broken_rules
from huizong.facts import fact_queries
from huizong.forms import Form, all_forms
from huizong.periods import Period
from huizong.store import ROW_COLUMNS, Cursor, Store, arrived, insert

PROVINCE = "15"
LAST = Period.of("2018-Q3")
QUARTERS = 13
SEEDS = range(200, 208)
WRONG = 0.04  # of the returns of the last quarter, with a mistake that no edit rule finds
WRONG_BEFORE = 0.01  # of those before
LISTED = 20
FORMS = all_forms()
NUMBERS = {code: [item.code for item in form.items if item.numeric] for code, form in FORMS.items()}
MONEY = {
    code: [item.code for item in form.items if item.unit and "万元" in item.unit.zh] for code, form in FORMS.items()
}

Rows = pd.DataFrame


# ---- mistakes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mistake:
    """What was made wrong in one return."""

    kind: str
    form: str
    unit: str
    period: str
    items: tuple[str, ...]

    @property
    def submission(self) -> str:
        return submission_of(self.form, self.unit, self.period)


def extra_digit(rng: np.random.Generator, rows: Rows, form: str, before: Rows) -> tuple[Rows, list[str]] | None:
    """12 → 120 or 125: one cell."""
    return one_cell(rng, rows, form, 1, lambda text: text + (rng.choice(["0", str(rng.integers(10))])))


def lost_digit(rng: np.random.Generator, rows: Rows, form: str, before: Rows) -> tuple[Rows, list[str]] | None:
    """125 → 25, 15 or 12: one cell."""

    def without(text: str) -> str:
        at = rng.integers(len(text))
        return text[:at] + text[at + 1 :]

    return one_cell(rng, rows, form, 10, without)


def one_cell(rng, rows: Rows, form: str, least: float, change: Callable[[str], str]) -> tuple[Rows, list[str]] | None:
    cells = [(row, item) for item in NUMBERS[form] for row in rows.index[rows[item].fillna(0) >= least]]
    if not cells:
        return None
    row, item = cells[rng.integers(len(cells))]
    whole, dot, part = f"{rows.at[row, item]:g}".partition(".")
    changed = rows.copy()
    changed[item] = changed[item].astype(float)
    changed.at[row, item] = float(change(whole) + dot + part)
    return changed, [item]


def exchanged_columns(rng: np.random.Generator, rows: Rows, form: str, before: Rows) -> tuple[Rows, list[str]] | None:
    """Two columns that stand side by side, in all rows."""
    items = NUMBERS[form]
    at = rng.integers(len(items) - 1)
    a, b = items[at], items[at + 1]
    if (rows[a] == rows[b]).all():
        return None
    return rows.assign(**{a: rows[b], b: rows[a]}), [a, b]


def sent_once_more(rng: np.random.Generator, rows: Rows, form: str, before: Rows) -> tuple[Rows, list[str]] | None:
    """The return of the period before, under a new date; of a flow, where it cannot be right."""
    if FORMS[form].measure == "stock" or before.empty:
        return None
    return before.assign(period=rows["period"].iloc[0]), NUMBERS[form]


def in_yuan(rng: np.random.Generator, rows: Rows, form: str, before: Rows) -> tuple[Rows, list[str]] | None:
    """A column of money in yuan instead of 10,000 yuan."""
    if not MONEY[form]:
        return None
    item = MONEY[form][rng.integers(len(MONEY[form]))]
    return rows.assign(**{item: rows[item] * 10_000}), [item]


def lost_township(rng: np.random.Generator, rows: Rows, form: str, before: Rows) -> tuple[Rows, list[str]] | None:
    """One row was left out."""
    townships = rows.index[rows["row_kind"] == "township"]
    if len(townships) < 2 or any(rule.complete for rule in FORMS[form].rules):  # such a rule asks for it at once
        return None
    return rows.drop(index=rng.choice(townships)), NUMBERS[form]


MISTAKES = {
    "extra digit": extra_digit,
    "lost digit": lost_digit,
    "columns exchanged": exchanged_columns,
    "sent once more": sent_once_more,
    "yuan for 10,000 yuan": in_yuan,
    "township left out": lost_township,
}


def make_mistakes(
    rng: np.random.Generator, returns: dict[str, Rows], periods: list[str], share: float
) -> Iterator[tuple[Mistake, Rows]]:
    """Mistakes of every kind alike, each in another return of these periods; with the rows as they become."""
    grouped = {(form, *key): rows for form, table in returns.items() for key, rows in table.groupby(["unit", "period"])}
    wanted = [key for key in grouped if key[2] in periods]
    left = round(share * len(wanted))
    for at in rng.permutation(len(wanted)):
        if not left:
            return
        form, unit, period = wanted[at]
        kind = str(rng.choice(list(MISTAKES)))
        before = grouped.get((form, unit, Period.of(period).previous().code), pd.DataFrame())
        if made := MISTAKES[kind](rng, grouped[form, unit, period], form, before):
            left -= 1
            yield Mistake(kind, form, unit, period, tuple(made[1])), made[0]


# ---- a store of them -------------------------------------------------------------------------------------------------


def submission_of(form: str, unit: str, period: str) -> str:
    return f"{form} {unit} {period}"


def fill(store: Store, returns: dict[str, Rows]) -> dict[str, set[tuple[int, str]]]:
    """Puts every return in force, in set work; gives the rules that each breaks, with the row."""
    with store.transaction() as cursor:
        for form, table in returns.items():
            insert_submissions(cursor, form, table)
        return {
            submission: broken
            for form, table in returns.items()
            for submission, broken in insert_rows(cursor, FORMS[form], table).items()
        }


def insert_submissions(cursor: Cursor, form: str, table: Rows) -> None:
    heads = [(unit, Period.of(period), n) for (unit, period), n in table.groupby(["unit", "period"]).size().items()]
    insert(cursor, "submission", {
        "id": [submission_of(form, unit, period.code) for unit, period, _ in heads],
        "form": [form] * len(heads),
        "unit": [unit for unit, *_ in heads],
        "level": [3] * len(heads),
        "province": [unit[:2] for unit, *_ in heads],
        "prefecture": [unit[:4] for unit, *_ in heads],
        "county": [unit for unit, *_ in heads],
        "period": [period.code for _, period, _ in heads],
        "period_start": [period.start for _, period, _ in heads],
        "period_end": [period.end for _, period, _ in heads],
        "revision": [1] * len(heads),
        "status": ["accepted"] * len(heads),
        "n_rows": [n for *_, n in heads],
    })  # fmt: skip


def insert_rows(cursor: Cursor, form: Form, table: Rows) -> dict[str, set[tuple[int, str]]]:
    """The rows of a form's returns and what they add to the indicators; gives the rules that they break."""
    periods = {code: Period.of(code) for code in table["period"].unique()}
    keys = list(zip(table["unit"], table["period"], strict=True))
    columns = {name: table[name].where(table[name].notna(), None).tolist() for name in ("label", "row_kind", "row_key")}
    columns |= {
        "submission_id": [submission_of(form.code, *key) for key in keys],
        "period": [period for _, period in keys],
        "province": [unit[:2] for unit, _ in keys],
        "prefecture": [unit[:4] for unit, _ in keys],
        "county": [unit for unit, _ in keys],
        "unit_code": table["unit_code"].where(table["unit_code"].notna(), None).tolist(),
        "sheet": ["表1"] * len(keys),
        "row": (table.groupby(["unit", "period"]).cumcount() + 5).tolist(),
        "period_start": [periods[period].start for _, period in keys],
        "period_end": [periods[period].end for _, period in keys],
    }
    for item in form.items:
        held = table[item.code] if item.code in table else [None] * len(table)
        values = [None if pd.isna(value) else value for value in held]
        columns[item.code] = [exact(value) for value in values] if item.numeric else values
    columns = {name: [None] * len(keys) for name in ROW_COLUMNS} | columns
    ids = dict.fromkeys(columns["submission_id"])
    past = [(submission_of(form.code, u, p), submission_of(form.code, u, periods[p].previous().code),
             submission_of(form.code, u, periods[p].last_year().code)) for u, p in dict.fromkeys(keys)]  # fmt: skip
    cursor.execute("CREATE OR REPLACE TEMP TABLE earlier (submission_id VARCHAR, prev VARCHAR, last_year VARCHAR)")
    insert(cursor, "earlier", dict(zip(("submission_id", "prev", "last_year"), zip(*past, strict=True), strict=True)))
    broken: dict[str, set[tuple[int, str]]] = {}
    with arrived(cursor, form, columns):
        for query in fact_queries(form, FORMS):
            cursor.execute(query, {"batch": list(ids)} if "$batch" in query else None)
        for submission, _sheet, row, rules, _ in broken_rules(cursor, form, list(ids), list(ids)):
            broken.setdefault(submission, set()).update((row, rule) for rule in rules)
    return broken


def exact(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.4f}")


def replace_returns(returns: dict[str, Rows], changed: list[tuple[Mistake, Rows]]) -> dict[str, Rows]:
    found = {}
    for form, table in returns.items():
        ours = [(mistake, rows) for mistake, rows in changed if mistake.form == form]
        gone = {(mistake.unit, mistake.period) for mistake, _ in ours}
        keys = pd.MultiIndex.from_frame(table[["unit", "period"]])
        found[form] = pd.concat([table[~keys.isin(gone)], *(rows for _, rows in ours)], ignore_index=True)
    return found


def rules_broken(returns: dict[str, Rows]) -> dict[str, set[tuple[int, str]]]:
    store = Store(None)
    broken = fill(store, returns)
    store.close()
    return broken


def made_up_store(seed: int) -> tuple[Store, dict[str, Rows], list[Mistake]]:
    """A store of three years with the mistakes that no edit rule finds; what was put in, and the mistakes of the last
    quarter."""
    rng = np.random.default_rng([seed, 1])
    periods = quarters_until(LAST, QUARTERS)
    honest = returns_of(PROVINCE, periods, seed)
    now = [LAST.code, *(month.code for month in LAST.parts("month"))]
    earlier = sorted({period for table in honest.values() for period in table["period"]} - {*now})
    n_now = sum(table[["unit", "period"]].drop_duplicates()["period"].isin(now).sum() for table in honest.values())
    # Half and more of the mistakes are found by the rules: three times as many are made as are kept.
    made = [*make_mistakes(rng, honest, earlier, WRONG_BEFORE), *make_mistakes(rng, honest, now, 3 * WRONG)]
    units = {mistake.unit for mistake, _ in made}
    concerned = {form: table[table["unit"].isin(units)] for form, table in honest.items()}
    usual, then = rules_broken(concerned), rules_broken(replace_returns(concerned, made))
    through = [
        (mistake, rows)
        for mistake, rows in made
        if not then.get(mistake.submission, set()) - usual.get(mistake.submission, set())
    ]
    late = [one for one in through if one[0].period in now][: round(WRONG * n_now)]
    through = [one for one in through if one[0].period not in now] + late
    store, held = Store(None), replace_returns(honest, through)
    fill(store, held)
    return store, held, [mistake for mistake, _ in late]


# ---- who finds them --------------------------------------------------------------------------------------------------

Key = tuple[str, str, str]  # form, unit, period
Named = list[tuple[Key, tuple[str, ...]]]  # the returns that a line names, with the items


def by_cross_checks(store: Store, held: dict[str, Rows], rng: np.random.Generator) -> list[Named]:
    told = lines(store, PROVINCE, LAST, most=None)
    return [
        [((line.form, line.unit, line.period), line.parts)]
        + [((form, line.unit, line.period), tuple(NUMBERS[form])) for form in (i.split()[0] for i in line.others)]
        for line in told
    ]


def totals(held: dict[str, Rows]) -> pd.DataFrame:
    """One row per return of the last quarter and item: its total, and that of the period before."""
    frames = []
    for form, table in held.items():
        summed = table.groupby(["unit", "period"])[NUMBERS[form]].sum(min_count=1).stack().rename("value")
        frames.append(summed.rename_axis(["unit", "period", "item"]).reset_index().assign(form=form))
    every = pd.concat(frames, ignore_index=True)
    before = {period: Period.of(period).previous().code for period in every["period"].unique()}
    past = every.rename(columns={"period": "past", "value": "before"})
    now = every[every["period"].isin([LAST.code, *(month.code for month in LAST.parts("month"))])]
    return now.assign(past=now["period"].map(before)).merge(past, how="left", on=["form", "unit", "past", "item"])


def by_z(measure: Callable[[pd.DataFrame], pd.Series]) -> Callable[..., list[Named]]:
    """The returns by the largest |z| of an item: its distance from the mean of the counties in standard deviations."""

    def ranked(store: Store, held: dict[str, Rows], rng: np.random.Generator) -> list[Named]:
        frame = totals(held)
        frame["x"] = measure(frame)
        beside = frame.groupby(["form", "period", "item"])["x"]
        frame["z"] = ((frame["x"] - beside.transform("mean")) / beside.transform("std")).abs()
        frame = frame.dropna(subset="z").sort_values("z", ascending=False).drop_duplicates(["form", "unit", "period"])
        return [[((row.form, row.unit, row.period), (row.item,))] for row in frame.itertuples()]

    return ranked


def by_chance(store: Store, held: dict[str, Rows], rng: np.random.Generator) -> list[Named]:
    frame = totals(held).sample(frac=1, random_state=rng.integers(2**31))
    frame = frame.drop_duplicates(["form", "unit", "period"])
    return [[((row.form, row.unit, row.period), (row.item,))] for row in frame.itertuples()]


METHODS: dict[str, Callable[..., list[Named]]] = {
    "cross checks": by_cross_checks,
    "z-score of the value": by_z(lambda frame: frame["value"]),
    "z-score of the change": by_z(lambda frame: frame["value"] - frame["before"]),
    "z-score of the log change": by_z(lambda frame: np.log((frame["value"] + 0.5) / (frame["before"] + 0.5))),
    "chance": by_chance,
}


def hits(named: list[Named], mistakes: list[Mistake]) -> tuple[list[bool], set[Mistake]]:
    """Which of the lines hit, and the mistakes found."""
    by_return = {(m.form, m.unit, m.period): m for m in mistakes}
    found: set[Mistake] = set()
    right = []
    for line in named:
        hit = {by_return[key] for key, items in line if key in by_return and {*items} & {*by_return[key].items}}
        right.append(bool(hit))
        found |= hit
    return right, found


def measure(seeds: Iterable[int] = SEEDS) -> pd.DataFrame:
    """One row per method and seed: told (lines in all), hits (of them), first_hits (of the first twenty), mistakes
    (there are), found, and for each kind the pair of those that the first twenty find and that there are."""
    results = []
    for seed in seeds:
        store, held, mistakes = made_up_store(seed)
        for name, method in METHODS.items():
            named = method(store, held, np.random.default_rng([seed, 2]))
            right, found = hits(named, mistakes)
            first, first_found = hits(named[:LISTED], mistakes)
            results.append({
                "method": name, "seed": seed, "told": len(named), "hits": sum(right), "first_hits": sum(first),
                "mistakes": len(mistakes), "found": len(found),
                **{kind: (sum(m.kind == kind for m in first_found), sum(m.kind == kind for m in mistakes))
                   for kind in MISTAKES},
            })  # fmt: skip
        store.close()
    return pd.DataFrame(results)


def compare() -> None:
    """Goal: twice the precision of the best z-score."""
    frame = measure()
    table = [["", f"precision@{LISTED}", "lowest", "highest", *MISTAKES]]
    for name, rows in frame.groupby("method", sort=False):
        precision = rows["first_hits"] / LISTED
        caught = [[sum(n) for n in zip(*rows[kind], strict=True)] for kind in MISTAKES]
        figures = [f"{value:.2f}" for value in (precision.mean(), precision.min(), precision.max())]
        table.append([str(name), *figures, *(f"{found}/{there}" for found, there in caught)])
    n = frame.groupby("seed")["mistakes"].first()
    print(f"Cross checks of {len(n)} made-up provinces with {n.mean():.0f} mistakes each in the last quarter")
    for line in table:
        print("| " + " | ".join(line) + " |")
    ours = frame[frame["method"] == "cross checks"]
    precise, complete = ours["hits"].sum() / ours["told"].sum(), ours["found"].sum() / n.sum()
    words = "lines in all, {:.0%} of them hit, {:.0%} of the mistakes found"
    print(f"cross checks: {ours['told'].mean():.0f} {words.format(precise, complete)}")


if __name__ == "__main__":
    compare()
