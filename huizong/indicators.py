"""Indicator × unit × periods → DataFrame: Σ numerator / Σ denominator over the returns in force, summed in SQL.

Each row says how far it can be relied on: who has reported, who has not, whose last return stands in (carry), whether
too few have reported. Comparing and ranking (compared, ranked) start from such rows and ask nothing more.

When a return is read its rows are added up once per indicator into the table `fact` (facts.py); a figure is then a sum
over few rows, whatever the level (queries/indicator_by_unit.sql).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

import numpy as np
import pandas as pd

from huizong.facts import by_township, in_one_fact, in_one_form, in_present
from huizong.forms import Forms
from huizong.org_units import COUNTY, LEVELS, PREFECTURE, TOWNSHIP, OrgUnit, ancestors
from huizong.periods import MONTHS_IN, Period, period_on, source_periods
from huizong.store import ALWAYS, EVERYWHERE, Store


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


def returns_wanted(forms: Forms, indicators: Sequence[str], periods: Sequence[Period]) -> dict[str, list]:
    """Which returns make which figure, as indicator_by_unit.sql takes it: lists of equal length."""
    lists: dict[str, list] = {
        name: [] for name in ("indicators", "forms", "periods", "sources", "source_ends", "medians", "ratios", "plains")
    }
    for code in indicators:
        declared = forms.indicators[code][1]
        for period in periods:
            sources = sources_of(forms, code, period)
            for form, source in sources:
                lists["indicators"].append(code)
                lists["forms"].append(form)
                lists["periods"].append(period.code)
                lists["sources"].append(source.code)
                lists["source_ends"].append(source.end)
                lists["medians"].append(declared.aggregate == "median")
                lists["ratios"].append(declared.denominator is not None)
                lists["plains"].append(len(sources) == 1 and in_one_fact(forms, code))
    return lists


def stand_ins(
    store: Store,
    unit: OrgUnit,
    sources: Iterable[tuple[str, Period]],
    *,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
    present: bool = False,
) -> pd.DataFrame:
    """What is carried forward (沿用上期): one row per form × source × unit that owes it and has none in force, with the
    last return of the unit that is: form, source (period), unit, id. Of stocks only, as old as the form lets it be.

    sources: (form, period) of the returns that figures are made from.
    """
    stocks = [
        (store.forms[form], source)
        for form, source in dict.fromkeys(sources)
        if form != "target" and store.forms[form].carried
    ]
    if not stocks:
        return pd.DataFrame(columns=["form", "source", "unit", "id"])
    return store.ask(
        "carried_returns",
        scope,
        unit=owner_of(unit),
        as_of=as_of,
        forms=[form.code for form, _ in stocks],
        sources=[source.code for _, source in stocks],
        source_ends=[source.end for _, source in stocks],
        oldest=[months_before(source.end, form.carry_months) for form, source in stocks],
        expectations=placed(unit, present)("expectation"),
    )


def months_before(day: date, months: int) -> date:
    """The first day of the month so many months before a day's."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def placed(unit: OrgUnit, present: bool) -> Callable[[str], str]:
    """The relations that place units as the question wants: as it was then, or in present boundaries (现行区划). A unit
    that has ceased is always shown as it was."""
    return in_present if present and unit.valid_to is None else str


def facts_for(unit: OrgUnit, level: str, forms: Iterable[str], present: bool = False) -> list[str]:
    """The relations that hold the facts of these forms for a unit and its parts of a level."""
    names = ["fact"]
    if "township" in (level, LEVELS[unit.level]):
        names = [by_township(form) for form in dict.fromkeys(forms) if form != "target"] or names
    return list(map(placed(unit, present), names))


def rolled_up(forms: Forms, wanted: Mapping[str, list]) -> list[str]:
    """The indicators whose figures are sums of what is kept in `subtotal`: each return adds to them by itself."""
    several = [
        code for (code, _), n in Counter(zip(wanted["indicators"], wanted["periods"], strict=True)).items() if n > 1
    ]
    return [
        code
        for code in dict.fromkeys(wanted["indicators"])
        if forms.indicators[code][1].aggregate != "median"
        and (in_one_fact(forms, code) or (in_one_form(forms, code) and code not in several))
    ]


def of_whole_prefectures(unit: OrgUnit, level: str, scope: Sequence[str]) -> bool:
    """Whether what is in force now in the unit or its parts is the sum of whole prefectures, all of them in scope."""
    parts = level in ("self", "province", "prefecture") and unit.level <= PREFECTURE
    return parts and not {*ancestors(unit.code)}.isdisjoint(scope)


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
    carry: bool = False,
    present: bool = False,
    level: str = "self",
) -> pd.DataFrame:
    """One row per indicator × period: what the unit's returns in force add up to.

    indicator, period, unit, name, numerator, denominator, value (a share as a fraction), n_reporting, n_expected (units
    that owe the returns), n_nil (of n_reporting: whose returns are all nil returns), missing (codes of those of which
    one has not come), missing_periods (of a sum over several periods: those of which a return has not come),
    unowed_periods (of these the ones for which nobody owed or sent a return), n_incomplete (rows left out because a
    value is missing), n_sample (demonstration returns among them), carried (codes of those of `missing` whose last
    return stands in for it; none unless carry), n_carried, min_response, below_threshold (there is a value, but too few
    have reported or stand in), target.
    Asked for parts (level below the unit's) it has one row per indicator × period × part.
    present: in present boundaries (现行区划), former units counting with those that followed them (`Register.heirs`);
    else as it was then (当年区划).
    Raises UnknownIndicator, UnknownUnit.
    """
    codes = indicator_codes(store.forms, indicators)
    whole = store.units.get(unit)
    wanted = returns_wanted(store.forms, codes, periods)
    sources = zip(wanted["forms"], map(Period.of, wanted["sources"]), strict=True)
    carried = stand_ins(store, whole, sources if carry else (), scope=scope, as_of=as_of, present=present)
    facts = facts_for(whole, level, wanted["forms"], present)
    if facts != ["fact"]:  # a return has several there: of its townships, of the heirs of its county
        wanted["plains"] = [False] * len(wanted["plains"])
    now = as_of == ALWAYS and not carry and facts == ["fact"]
    rolled = rolled_up(store.forms, wanted) if now and of_whole_prefectures(whole, level, scope) else []
    frame = store.ask(
        "indicator_by_unit",
        scope,
        unit=whole.code,
        depth=LEVELS[whole.level],
        owner=owner_of(whole),
        within=owner_of(whole) if placed(whole, present) is str else "0",
        level=level,
        as_of=as_of,
        facts=facts,
        expectations=placed(whole, present)("expectation"),
        submissions=placed(whole, present)("submission"),
        carried=carried["id"].tolist(),
        carried_for=carried["source"].tolist(),
        rolled=rolled,
        others=[code for code in codes if code not in rolled],
        **wanted,
    )
    if level == "self":
        # A figure nobody owes or has reported is still asked for: it is shown as missing, not left out.
        asked = pd.MultiIndex.from_product([codes, [p.code for p in periods]], names=["indicator", "period"])
        frame = frame.set_index(["indicator", "period"]).reindex(asked).reset_index()
        frame["unit"] = whole.code
        fill_counts(frame)
    frame["n_carried"] = [len(units) for units in frame["carried"]]
    frame["min_response"] = frame["indicator"].map({code: store.forms.min_response(code) for code in codes})
    behind = (frame["n_reporting"] + frame["n_carried"]) / frame["n_expected"].where(frame["n_expected"] > 0)
    frame["below_threshold"] = frame["value"].notna() & (behind < frame["min_response"] - 1e-9)
    frame["target"] = targets_of(store, frame, whole, scope, as_of)
    return _with_names(store, frame)


COUNTS = ("n_reporting", "n_expected", "n_nil", "n_incomplete", "n_sample")
LISTS = ("missing", "missing_periods", "unowed_periods", "carried")


def fill_counts(frame: pd.DataFrame) -> None:
    """Rows of figures that nobody owes or has reported: zero units, none of them named."""
    for name in COUNTS:
        frame[name] = frame[name].fillna(0).astype(int)
    for name in LISTS:
        frame[name] = [list(units) if isinstance(units, Iterable) else [] for units in frame[name]]


def targets_of(
    store: Store, frame: pd.DataFrame, unit: OrgUnit, scope: Sequence[str], as_of: datetime
) -> list[float | None]:
    """What each row of figures was to reach: the target entered for its unit and the period, or, unless it counts what
    happened, for the half-year or year around the period; else the one its form declares."""
    entered = store.ask("targets", scope, unit=unit.code, indicators=frame["indicator"].unique().tolist(), as_of=as_of)
    held = {(row.indicator, row.unit, row.period): row.value for row in entered.itertuples()}
    around = {code: [p.code for p in target_periods(Period.of(code))] for code in frame["period"].unique()}
    found = []
    for code, one, period in zip(frame["indicator"], frame["unit"], frame["period"], strict=True):
        form, indicator = store.forms.indicators[code]
        periods = [] if indicator.made_of_target else around[period]
        if form.measure == "flow" and indicator.denominator is None:
            periods = [period]  # what is to happen in a year does not say what is to happen in a quarter
        values = (held[key] for p in periods if (key := (code, one, p)) in held)
        found.append(next(values, indicator.target))
    return found


def target_periods(period: Period) -> list[Period]:
    """The periods whose target holds for one: itself, then the longer ones around it."""
    longer = (frequency for frequency in reversed(MONTHS_IN) if MONTHS_IN[frequency] >= len(period.months))
    return [period_on(period.end, frequency) for frequency in longer]


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
    carry: bool = False,
    present: bool = False,
) -> pd.DataFrame:
    """As `figures`, one row per indicator × period × part; what belongs to no part has the unit's own code."""
    level = child_level(store.units.get(unit))
    if level is None:
        return figures(store, [], unit, periods, scope=scope)
    return figures(
        store, indicators, unit, periods, scope=scope, as_of=as_of, carry=carry, present=present, level=level
    )


# ---- comparing -------------------------------------------------------------------------------------------------------


SINCE = {"previous": Period.previous, "last_year": Period.last_year}  # 环比, 同比
THEN = (
    "value",
    "numerator",
    "denominator",
    "n_reporting",
    "n_expected",
    "missing",
    "unowed_periods",
    "below_threshold",
    "n_carried",
    "rank",
)


def compared_periods(period: Period) -> list[Period]:
    """The periods whose figures `compared` and `ranked` want."""
    return sorted({period, *(then(period) for then in SINCE.values())})


def compared(frame: pd.DataFrame, period: Period, forms: Forms) -> pd.DataFrame:
    """The figures of a period beside those of the period before and of a year before: one row per indicator × unit that
    has a row in any of the three.

    frame: figures of compared_periods. To its columns come, each as ..._previous (环比) and ..._last_year (同比):
    value, numerator, denominator, n_reporting, n_expected, missing, below_threshold, n_carried as they were; change
    (value − value then; of a share a fraction: × 100 is 百分点); growth (change / value then; of what is no share and
    was above zero); both missing where either figure is missing or below its threshold, or one is of more of its
    periods than the other (unowed_periods); same_reporters (False where not the same units stand behind both: the
    comparison is then to be read with care).
    """
    in_period = {one.code: frame[frame["period"] == one.code] for one in compared_periods(period)}
    names = {
        (indicator, unit): name
        for rows in in_period.values()
        for indicator, unit, name in zip(rows["indicator"], rows["unit"], rows["name"], strict=True)
    }
    codes, units = zip(*names, strict=True) if names else ((), ())
    now = _rows_at(in_period[period.code], names)
    now |= {"indicator": codes, "unit": units, "name": list(names.values()), "period": [period.code] * len(names)}
    now["min_response"] = [forms.min_response(code) for code in codes]
    share = np.array([forms.indicators[code][1].share for code in codes], bool)
    for name, then in SINCE.items():
        before = _rows_at(in_period[then(period).code], names)
        parts = [len(a) != len(b) for a, b in zip(now["unowed_periods"], before["unowed_periods"], strict=True)]
        apart = now["below_threshold"] | before["below_threshold"] | np.array(parts, bool)
        change = np.where(apart, np.nan, now["value"] - before["value"])
        grown = ~share & (before["value"] > 0)
        same = [list(a) == list(b) for a, b in zip(now["missing"], before["missing"], strict=True)]
        beside = {column: before[column] for column in THEN if column in before} | {
            "change": change,
            "growth": np.divide(change, before["value"], out=np.full(len(names), np.nan), where=grown),
            "same_reporters": (now["n_expected"] == before["n_expected"]) & np.array(same, bool),
        }
        now |= {f"{column}_{name}": values for column, values in beside.items()}
    return pd.DataFrame(now)


def _rows_at(rows: pd.DataFrame, keys: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The columns of figures of one period for these indicators and units: of those that are not among them nothing has
    been reported. By numpy: the frames are small, and pandas took three times as long."""
    at = {key: n for n, key in enumerate(zip(rows["indicator"], rows["unit"], strict=True))}
    places = np.array([at.get(key, len(rows)) for key in keys], int)
    found: dict[str, Any] = {}
    for column in rows.columns:
        values = rows[column].tolist()
        if column in LISTS:
            listed = [*values, []]
            found[column] = [list(listed[n]) for n in places]
        elif column in (*COUNTS, "n_carried"):
            found[column] = np.array([*values, 0], int)[places]
        elif column == "below_threshold":
            found[column] = np.array([*values, False], bool)[places]
        elif pd.api.types.is_numeric_dtype(rows[column]):
            found[column] = np.array([*values, np.nan], float)[places]
        else:
            found[column] = np.array([*values, None], object)[places]
    return found


def ranks(frame: pd.DataFrame, unit: str, forms: Forms) -> pd.Series:
    """The place of each row among the parts of a unit in its indicator and period: 1 is the best (the largest where
    neither way is better), equal figures share a place and the next ones follow after all of them (1, 1, 3).

    What has no figure or one below its threshold has no place, nor what belongs to no part (the unit's own code).
    """
    ranked = frame["value"].notna() & ~frame["below_threshold"] & (frame["unit"] != unit)
    falling = frame["indicator"].map(lambda code: forms.indicators[code][1].better != "lower").astype(bool)
    sizes = frame["value"].where(~falling, -frame["value"]).where(ranked)
    return sizes.groupby([frame["indicator"], frame["period"]]).rank(method="min")


def ranked(parts: pd.DataFrame, whole: pd.DataFrame, unit: str, period: Period, forms: Forms) -> pd.DataFrame:
    """排名与贡献: one row per indicator × part of a unit, those with a rank first, best on top.

    parts, whole: figures_by_child and figures of the unit for compared_periods. To the columns of `compared` come rank
    (`ranks`), n_ranked, and for the period before (..._previous) and a year before (..._last_year): rank, climbed
    (places gained since; missing unless ranked both times), contribution (see `contributions`).
    """
    frame = compared(parts.assign(rank=ranks(parts, unit, forms)), period, forms)
    frame["n_ranked"] = frame.groupby("indicator")["rank"].transform("count")
    of_whole = compared(whole, period, forms).set_index("indicator")
    for name in SINCE:
        frame[f"climbed_{name}"] = frame[f"rank_{name}"] - frame["rank"]
        frame[f"contribution_{name}"] = contributions(frame, of_whole, name)
    order = ["indicator", "rank", "below_threshold", "unit"]
    return frame.sort_values(order, ascending=[True, True, False, True], na_position="last", ignore_index=True)


def contributions(parts: pd.DataFrame, whole: pd.DataFrame, since: str) -> pd.Series:
    """What each part of a unit adds to the change of the unit's figure; together they are that change exactly.

    Of a sum Σn it is n₁ − n₀. Of a ratio R = Σn / Σd, with N and D the unit's sums and 0 and 1 then and now, it is
    (n₁/D₁ − n₀/D₀) − (R₀ + R₁)/2 · (d₁/D₁ − d₀/D₀): what changed in the part itself, weighed with the mean of its
    shares of the denominator, and what the change of that share does, against the mean of the unit's rates. (With
    r = n/d and w = d/D it is w̄·Δr + (r̄ − R̄)·Δw; written without r it holds for a part that comes or goes.) Where the
    denominator is the unit's own (a target set for it) the second term falls away. Missing where the unit's change is,
    and where its parts do not add up to it (a median; what only the whole knows).

    parts, whole: rows of `compared`, whole by indicator; since: previous or last_year.
    """
    codes, indicators = pd.factorize(parts["indicator"])
    of = whole.iloc[whole.index.get_indexer(indicators)]

    def summed(values: np.ndarray) -> np.ndarray:
        return np.bincount(codes, values, len(indicators))[codes]

    def of_part(name: str) -> np.ndarray:
        return parts[name].fillna(0).to_numpy(float)

    def of_whole(name: str) -> np.ndarray:
        return of[name].to_numpy(float)[codes]

    then = f"_{since}"
    n_now, n_then, d_now, d_then = (
        of_part(side + when) for side in ("numerator", "denominator") for when in ("", then)
    )
    whole_now, whole_then, change = (of_whole(name) for name in ("denominator", "denominator" + then, "change" + then))
    mean = (of_whole("value") + of_whole("value" + then)) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        adds_up = np.isclose(summed(d_now), whole_now) & np.isclose(summed(d_then), whole_then)
        weight = np.where(adds_up, mean * (d_now / whole_now - d_then / whole_then), 0)
        ratio = n_now / whole_now - n_then / whole_then - weight
    found = np.where(np.isnan(whole_now), n_now - n_then, ratio)
    return pd.Series(np.where(np.isclose(summed(found), change, rtol=1e-9, atol=1e-12), found, np.nan), parts.index)


# ---- what a whole is made of -----------------------------------------------------------------------------------------


def composition(
    store: Store,
    form: str,
    unit: str,
    periods: Sequence[Period],
    *,
    by_child: bool = False,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
    carry: bool = False,
    present: bool = False,
) -> pd.DataFrame:
    """One row per composition × part × period (× child unit): composition, part, period, unit, name, value."""
    declared = store.forms[form]
    whole = store.units.get(unit)
    pairs = [(p, s) for p in periods for s in source_periods(p, declared.frequency, declared.measure)]
    carried = stand_ins(
        store, whole, [(form, s) for _, s in pairs] if carry else (), scope=scope, as_of=as_of, present=present
    )
    level = (child_level(whole) or "self") if by_child else "self"
    frame = store.ask(
        "composition_by_unit",
        scope,
        form=form,
        unit=whole.code,
        depth=LEVELS[whole.level],
        level=level,
        as_of=as_of,
        facts=facts_for(whole, level, [form], present),
        compositions=[f"{form}.{c.code}" for c in declared.compositions],
        periods=[p.code for p, _ in pairs],
        sources=[s.code for _, s in pairs],
        carried=carried["id"].tolist(),
        carried_for=carried["source"].tolist(),
    )
    frame["composition"] = frame["composition"].str.removeprefix(f"{form}.")
    return _with_names(store, frame)


def response(
    store: Store,
    form: str,
    unit: str,
    period: Period,
    *,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
    present: bool = False,
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
        expectations=placed(whole, present)("expectation"),
        submissions=placed(whole, present)("submission"),
    )
    return _with_names(store, frame)


def returns_behind(
    store: Store,
    form: str,
    unit: OrgUnit,
    sources: Sequence[Period],
    *,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
    carry: bool = False,
    present: bool = False,
) -> pd.DataFrame:
    """One row per return that figures of a unit are made from, with those that stand in for others: id, unit, level,
    period (its own), filename, original, revision, sample, accepted_at, nil."""
    carried = stand_ins(
        store, unit, [(form, source) for source in sources] if carry else (), scope=scope, as_of=as_of, present=present
    )
    return store.ask(
        "returns_in_force",
        scope,
        form=form,
        unit=owner_of(unit),
        sources=[source.code for source in sources],
        carried=carried["id"].tolist(),
        as_of=as_of,
        submissions=placed(unit, present)("submission"),
    )


def flows(
    store: Store,
    form: str,
    unit: str,
    period: Period,
    *,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
    carry: bool = False,
    present: bool = False,
) -> pd.DataFrame:
    """One row per pair that the form's flow joins, the heaviest first: source, target, weight."""
    declared = store.forms[form]
    sources = source_periods(period, declared.frequency, declared.measure)
    returns = returns_behind(
        store, form, store.units.get(unit), sources, scope=scope, as_of=as_of, carry=carry, present=present
    )
    flow = declared.flow
    return store.frame(
        f'SELECT "{flow.source}" AS source, "{flow.target}" AS target, sum("{flow.weight}")::DOUBLE AS weight '
        f'FROM "{form}" WHERE submission_id IN (SELECT unnest($1)) GROUP BY ALL ORDER BY weight DESC, source, target',
        [returns["id"].tolist()],
    )


def demonstration(
    store: Store, scope: Sequence[str] = EVERYWHERE, *, as_of: datetime = ALWAYS
) -> Literal["all", "some", "none"]:
    """How many of the returns in force are samples."""
    counted = store.ask("samples_in_force", scope, as_of=as_of).iloc[0]
    if not counted["n_sample"]:
        return "none"
    return "all" if counted["n_sample"] == counted["n"] else "some"


def periods_held(store: Store, scope: Sequence[str] = EVERYWHERE, *, as_of: datetime = ALWAYS) -> pd.DataFrame:
    """One row per form × period with a return in force: form, period, n (returns), unit (code of one of them)."""
    return store.ask("periods", scope, as_of=as_of)


def default_view(
    store: Store, scope: Sequence[str] = EVERYWHERE, *, as_of: datetime = ALWAYS
) -> tuple[str, str | None]:
    """(unit, period) of a first visit: the prefecture with most returns in force, its latest period with many."""
    frame = store.ask("prefectures_by_returns", scope, as_of=as_of)
    if frame.empty:
        return "0", None
    best = frame.iloc[0]
    return str(best["prefecture"]), str(best["period"])
