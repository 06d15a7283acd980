"""What a decision would change in the published indicators: it is taken, the figures are asked for, it is undone."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Literal

import pandas as pd

from huizong.assignments import Rule
from huizong.derive import apply
from huizong.forms import Form
from huizong.indicators import figures, sources_of
from huizong.journal import Event
from huizong.org_units import ancestors
from huizong.periods import MONTHS_IN, Period, period_on
from huizong.store import EVERYWHERE, Store

COLUMNS = ("indicator", "period", "unit", "name", "before", "after", "reporting_before", "reporting_after",
           "expected_before", "expected_after")  # fmt: skip


def impact(
    store: Store,
    submission: str,
    scope: Sequence[str] = EVERYWHERE,
    *,
    decision: Literal["accepted", "withdrawn"] = "accepted",
) -> pd.DataFrame:
    """One row per indicator × unit whose figure would change, the indicators that move most first, each for the
    reporting unit, its prefecture, its province and the country.

    indicator, period, unit, name, before, after (a share as a fraction), reporting_before, reporting_after,
    expected_before, expected_after (the units that have reported, and that owe, the returns of the figure).
    """
    rows = store.run("SELECT form, unit, period FROM submission WHERE id = ?", [submission])
    if not rows or None in rows[0]:
        return pd.DataFrame(columns=COLUMNS)
    form, unit, period = store.forms[rows[0][0]], store.units.get(rows[0][1]), Period.of(rows[0][2])
    above = (unit.code, unit.prefecture, unit.province, "0") if not unit.department else (unit.code,)
    units = [code for code in dict.fromkeys(above) if code and {*ancestors(code)} & {*scope}]
    asked = touched(store, form, period)
    body = {"submissions": [submission]} if decision == "accepted" else {}
    event = Event(0, datetime.now(UTC).replace(tzinfo=None), "", decision, submission, body, "")
    with store.transaction(keep=False) as cursor:
        before = published(store, asked, units, scope)
        apply(store, cursor, [event])
        after = published(store, asked, units, scope)
    return changes(store, before, after, units)


def touched(store: Store, form: Form, period: Period) -> dict[Period, list[str]]:
    """The indicators that a form's return for a period takes part in, by the shortest period they are published for."""
    found: dict[Period, list[str]] = {}
    for code in store.forms.indicators:
        for months, frequency in sorted((months, frequency) for frequency, months in MONTHS_IN.items()):
            whole = period_on(period.end, frequency)
            if months >= MONTHS_IN[form.frequency] and (sources := sources_of(store.forms, code, whole)):
                if (form.code, period) in sources:
                    found.setdefault(whole, []).append(code)
                break
    return found


def published(store: Store, asked: dict[Period, list[str]], units: Sequence[str], scope: Sequence[str]) -> pd.DataFrame:
    """One row per indicator × unit, as `figures` has them."""
    parts = [figures(store, codes, unit, [period], scope=scope) for unit in units for period, codes in asked.items()]
    return pd.concat(parts) if parts else pd.DataFrame(columns=["indicator", "unit"])


def changes(store: Store, before: pd.DataFrame, after: pd.DataFrame, units: Sequence[str]) -> pd.DataFrame:
    """The figures that differ; units: from the reporting unit upwards."""
    key = ["indicator", "period", "unit", "name"]
    both = before.merge(after, on=key, suffixes=("_before", "_after")) if len(before) else pd.DataFrame(columns=COLUMNS)
    both.columns = both.columns.str.replace("value_", "").str.replace("n_reporting", "reporting")
    both.columns = both.columns.str.replace("n_expected", "expected")
    both = both[~((both["before"] == both["after"]) | (both["before"].isna() & both["after"].isna()))]
    if both.empty:
        return pd.DataFrame(columns=COLUMNS)
    sizes: dict[str, list[float]] = {}  # of each indicator's change, from the top down
    for row in both.itertuples():
        size = sizes.setdefault(row.indicator, [0.0] * len(units))
        size[-1 - units.index(row.unit)] = size_of(
            row.before, row.after, store.forms.indicators[row.indicator][1].share
        )
    order = sorted(
        both.itertuples(), key=lambda r: ([-s for s in sizes[r.indicator]], r.indicator, units.index(r.unit))
    )
    return both.loc[[row.Index for row in order], list(COLUMNS)].reset_index(drop=True)


def size_of(before: float, after: float, share: bool) -> float:
    """How much a figure moves: a share of the whole, any other of itself; 1 when it comes or goes."""
    if pd.isna(before) or pd.isna(after):
        return 1.0
    return abs(after - before) / (1.0 if share else max(abs(before), abs(after)))


def impact_of_rules(store: Store, rules: Sequence[Rule], on: date) -> pd.DataFrame:
    """One row per form: how many units owe it for a period that ends on that day, before and after these rules stand
    instead of those of the analyst: form, before, after."""
    body = {"assignments": list(rules), "replaces": True}
    event = Event(0, datetime.now(UTC).replace(tzinfo=None), "", "assigned", "", body, "")
    counted = (
        "SELECT form, count(*) FROM expectation "
        "WHERE ended_at IS NULL AND $1 BETWEEN valid_from AND valid_to GROUP BY form"
    )
    with store.transaction(keep=False) as cursor:
        before = dict(store.run(counted, [on]))
        apply(store, cursor, [event])
        after = dict(store.run(counted, [on]))
    return pd.DataFrame(
        [(code, before.get(code, 0), after.get(code, 0)) for code in store.forms], columns=["form", "before", "after"]
    )
