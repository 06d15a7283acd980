"""Indicator × unit × periods → DataFrame: Σ numerator / Σ denominator over the returns in force, summed in SQL.

When a return is read its rows are added up once per indicator into the table `fact` (facts.py); a figure is then a sum
over few rows, whatever the level (queries/indicator_by_unit.sql).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import pandas as pd

from huizong.facts import by_township
from huizong.forms import Forms
from huizong.org_units import COUNTY, LEVELS, TOWNSHIP, OrgUnit
from huizong.periods import Period, source_periods
from huizong.store import EVERYWHERE, Store

ALWAYS = datetime(9999, 12, 31)  # "as of" the end of time: what is in force now


class UnknownIndicator(KeyError):
    """No form has this indicator; the message lists those there are."""

    def __str__(self) -> str:
        return self.args[0]


def indicator_codes(forms: Forms, codes: Iterable[str]) -> list[str]:
    """The codes as a list. Raises UnknownIndicator."""
    found = list(codes)
    for code in found:
        if code not in forms.indicators:
            raise UnknownIndicator(f"no indicator {code!r}; known: {', '.join(forms.indicators)}")
    return found


def sources_of(forms: Forms, indicator: str, period: Period) -> list[tuple[str, Period]]:
    """(form, period) of each return a figure is made from; [] when the form comes less often than that."""
    found: list[tuple[str, Period]] = []
    for _, form, _term in forms.terms(indicator):
        if form is None:
            found.append(("target", Period.of(str(period.year))))
            continue
        parts = source_periods(period, form.frequency, form.measure)
        if not parts:
            return []
        found += [(form.code, part) for part in parts]
    return list(dict.fromkeys(found))


def _wanted(forms: Forms, indicators: Sequence[str], periods: Sequence[Period]) -> dict[str, list]:
    lists: dict[str, list] = {
        name: [] for name in ("indicators", "forms", "periods", "sources", "source_ends", "medians", "ratios")
    }
    for code in indicators:
        declared = forms.indicators[code][1]
        for period in periods:
            for form, source in sources_of(forms, code, period):
                lists["indicators"].append(code)
                lists["forms"].append(form)
                lists["periods"].append(period.code)
                lists["sources"].append(source.code)
                lists["source_ends"].append(source.end)
                lists["medians"].append(declared.aggregate == "median")
                lists["ratios"].append(declared.denominator is not None)
    return lists


def facts_for(unit: OrgUnit, level: str, forms: Iterable[str]) -> list[str]:
    """The relations that hold the facts of these forms for a unit and its parts of a level."""
    if "township" in (level, LEVELS[unit.level]):
        return [by_township(form) for form in dict.fromkeys(forms) if form != "target"] or ["fact"]
    return ["fact"]


def owner_of(unit: OrgUnit) -> str:
    """The unit whose return answers for a unit: a township's county, else itself."""
    return unit.county or unit.code if unit.level == TOWNSHIP else unit.code


def figures(
    store: Store,
    indicators: Iterable[str],
    unit: str,
    periods: Sequence[Period],
    *,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
    level: str = "self",
) -> pd.DataFrame:
    """One row per indicator × period: what the unit's returns in force add up to.

    indicator, period, unit, name, numerator, denominator, value (a share as a fraction), n_reporting, n_expected (units
    that owe the returns), missing (their codes), n_incomplete (rows left out because a value is missing), n_sample.
    Asked for parts (level below the unit's) it has one row per indicator × period × part.
    Raises UnknownIndicator, UnknownUnit.
    """
    codes = indicator_codes(store.forms, indicators)
    whole = store.units.get(unit)
    wanted = _wanted(store.forms, codes, periods)
    frame = store.ask(
        "indicator_by_unit",
        scope,
        unit=whole.code,
        owner=owner_of(whole),
        level=level,
        as_of=as_of,
        facts=facts_for(whole, level, wanted["forms"]),
        **wanted,
    )
    if level == "self":
        # A figure nobody owes or has reported is still asked for: it is shown as missing, not left out.
        asked = pd.MultiIndex.from_product([codes, [p.code for p in periods]], names=["indicator", "period"])
        frame = frame.set_index(["indicator", "period"]).reindex(asked).reset_index()
        frame["unit"] = whole.code
        for name in ("n_reporting", "n_expected", "n_incomplete", "n_sample"):
            frame[name] = frame[name].fillna(0).astype(int)
        frame["missing"] = [list(m) if isinstance(m, Iterable) else [] for m in frame["missing"]]
    return _with_names(store, frame)


def _with_names(store: Store, frame: pd.DataFrame) -> pd.DataFrame:
    frame["name"] = [store.units.get(code).name for code in frame["unit"]]
    return frame


def child_level(unit: OrgUnit) -> str | None:
    """The level of a unit's parts; None when it has none."""
    return LEVELS[unit.level + 1] if unit.level <= COUNTY else None


def figures_by_child(
    store: Store,
    indicators: Iterable[str],
    unit: str,
    periods: Sequence[Period],
    *,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
) -> pd.DataFrame:
    """As `figures`, one row per indicator × period × part; what belongs to no part has the unit's own code."""
    level = child_level(store.units.get(unit))
    if level is None:
        return figures(store, [], unit, periods, scope=scope)
    return figures(store, indicators, unit, periods, scope=scope, as_of=as_of, level=level)


def composition(
    store: Store,
    form: str,
    unit: str,
    periods: Sequence[Period],
    *,
    by_child: bool = False,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
) -> pd.DataFrame:
    """One row per composition × part × period (× child unit): composition, part, period, unit, name, value."""
    declared = store.forms[form]
    whole = store.units.get(unit)
    pairs = [(p.code, s.code) for p in periods for s in source_periods(p, declared.frequency, declared.measure)]
    level = (child_level(whole) or "self") if by_child else "self"
    frame = store.ask(
        "composition_by_unit",
        scope,
        form=form,
        unit=whole.code,
        level=level,
        as_of=as_of,
        facts=facts_for(whole, level, [form]),
        compositions=[f"{form}.{c.code}" for c in declared.compositions],
        periods=[p for p, _ in pairs],
        sources=[s for _, s in pairs],
    )
    frame["composition"] = frame["composition"].str.removeprefix(f"{form}.")
    return _with_names(store, frame)


def response(
    store: Store, form: str, unit: str, period: Period, *, scope: Sequence[str] = EVERYWHERE, as_of: datetime = ALWAYS
) -> pd.DataFrame:
    """One row per unit that owes the form (× each period of it inside the one asked for): unit, name, source, status,
    submission_id; status is that of the newest return, None when nothing has come."""
    declared = store.forms[form]
    sources = source_periods(period, declared.frequency, declared.measure)
    whole = store.units.get(unit)
    frame = store.ask(
        "response_by_unit",
        scope,
        form=form,
        unit=owner_of(whole),
        as_of=as_of,
        sources=[s.code for s in sources],
        source_ends=[s.end for s in sources],
    )
    return _with_names(store, frame)


def flows(
    store: Store, form: str, unit: str, period: Period, *, scope: Sequence[str] = EVERYWHERE, as_of: datetime = ALWAYS
) -> pd.DataFrame:
    """One row per pair that the form's flow joins, the heaviest first: source, target, weight."""
    declared = store.forms[form]
    sources = [source.code for source in source_periods(period, declared.frequency, declared.measure)]
    whole = owner_of(store.units.get(unit))
    returns = store.ask("returns_in_force", scope, form=form, unit=whole, sources=sources, as_of=as_of)
    flow = declared.flow
    return store.frame(
        f'SELECT "{flow.source}" AS source, "{flow.target}" AS target, sum("{flow.weight}")::DOUBLE AS weight '
        f'FROM "{form}" WHERE submission_id IN (SELECT unnest($1)) GROUP BY ALL ORDER BY weight DESC, source, target',
        [returns["id"].tolist()],
    )


def demonstration(store: Store, scope: Sequence[str] = EVERYWHERE) -> Literal["all", "some", "none"]:
    """How many of the returns in force are samples."""
    counted = store.ask("samples_in_force", scope).iloc[0]
    if not counted["n_sample"]:
        return "none"
    return "all" if counted["n_sample"] == counted["n"] else "some"


def periods_held(store: Store, scope: Sequence[str] = EVERYWHERE) -> pd.DataFrame:
    """One row per form × period with a return in force: form, period, n (returns), unit (code of one of them)."""
    return store.ask("periods", scope)


def default_view(store: Store, scope: Sequence[str] = EVERYWHERE) -> tuple[str, str | None]:
    """(unit, period) of a first visit: the prefecture with most returns in force, its latest period with many."""
    frame = store.ask("prefectures_by_returns", scope)
    if frame.empty:
        return "0", None
    best = frame.iloc[0]
    return str(best["prefecture"]), str(best["period"])
