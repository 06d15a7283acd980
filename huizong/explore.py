"""探索: any indicators of any parts of a region over any periods, asked at once and laid out as a table.

A Pivot says what is asked and how it is laid out. It is written as the query of an address and read back from it, so
that a link alone shows the same table; a view that is saved is such a query under a name, kept in the journal.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

import numpy as np
import pandas as pd

from huizong import indicators, journal
from huizong.derive import apply
from huizong.figure_words import NO_FIGURE, format_number
from huizong.forms import Forms
from huizong.org_units import COUNTY, LEVELS, TOWNSHIP, OrgUnit, Register, level_of
from huizong.periods import MONTHS_IN, BadPeriod, Frequency, Period
from huizong.store import ALWAYS, EVERYWHERE, Store
from huizong.texts import N_, _, language

DIMENSIONS = ("unit", "period", "indicator")
MEASURES = {
    "value": N_("Value"), "numerator": N_("Numerator"), "denominator": N_("Denominator"), "response": N_("Response"),
}  # fmt: skip
MOST_FIGURES = 200_000  # of one table: 2,978 counties × 40 quarters are 119,120
MOST_PERIODS = 400  # of one range: more than 30 years of months
STRUCK = "\u0336"  # laid over each character of a figure that is not to be relied on
AND, RANGE, FALLING = ",", "..", "-"  # in an address
TOTALS = ("none", "region", "all")
TOTAL = "Σ"  # before the code of a unit whose row is a total


class TooMuch(ValueError):
    """More figures than one table holds; the message says how many and what to choose less of."""


@dataclass(frozen=True)
class Pivot:
    """What is asked, and how it is laid out.

    unit: the region. level: of the units shown, "self" or one beneath the region's. units: those picked, () for all.
    rows, columns: two of DIMENSIONS; the third stands beside the rows where it has several members. measures: of
    MEASURES. totals: one of TOTALS: "all" are those of every level from the region down. sort: a column's key, with
    FALLING in front for the largest first. filled: without the units of which there is no figure.
    """

    unit: str
    indicators: tuple[str, ...] = ()
    level: str = "self"
    units: tuple[str, ...] = ()
    periods: tuple[Period, ...] = ()
    rows: str = "unit"
    columns: str = "period"
    measures: tuple[str, ...] = ("value",)
    totals: str = "region"
    sort: str = ""
    filled: bool = False

    @property
    def beside(self) -> str:
        """The dimension that is neither rows nor columns."""
        return next(name for name in DIMENSIONS if name not in (self.rows, self.columns))

    def with_changes(self, **changes: object) -> "Pivot":
        """The same with other choices, and again one that can be asked: what no longer fits is left out."""
        changed = replace(self, **changes)
        if changed.rows == changed.columns:
            swapped = self.columns if "rows" in changes else self.rows
            changed = replace(changed, **{"columns" if "rows" in changes else "rows": swapped})
            if changed.rows == changed.columns:
                changed = replace(changed, columns=next(name for name in DIMENSIONS if name != changed.rows))
        if (
            changes.keys() & {"indicators", "periods"} and changed.rows == "unit"
        ):  # what there are several of goes across
            several = [len(changed.indicators) > 1, len(changed.periods) > 1]
            if several in ([True, False], [False, True]):
                changed = replace(changed, columns="indicator" if several[0] else "period")
        if changed.unit != self.unit:
            changed = replace(changed, level=levels_of(changed.unit)[-1 if self.level == "self" else 0])
        if changed.unit != self.unit or changed.level != self.level:
            changed = replace(changed, units=())
        return changed

    def query(self) -> dict[str, str]:
        """The query of an address that shows this; what is as usual is left out."""
        said = {
            "unit": self.unit,
            "indicators": AND.join(self.indicators) or "none",
            "level": self.level,
            "units": AND.join(self.units),
            "periods": write_periods(self.periods) or "none",
            "rows": self.rows,
            "columns": self.columns,
            "show": AND.join(self.measures),
            "totals": self.totals,
            "sort": self.sort,
            "filled": "1" if self.filled else "",
        }
        usual = {
            "units": "",
            "rows": "unit",
            "columns": "period",
            "show": "value",
            "totals": "region",
            "sort": "",
            "filled": "",
        }
        return {name: value for name, value in said.items() if usual.get(name) != value}


PARAMETERS = ("indicators", "level", "units", "periods", "rows", "columns", "show", "totals", "sort", "filled")


def read_query(query: Mapping[str, str], unit: str, forms: Forms, units: Register) -> tuple[Pivot, list[str]]:
    """The Pivot of an address, about a region, and what of the address there is no longer, in words."""
    notes: list[str] = []

    def known(name: str, there: Collection[str], words: str) -> tuple[str, ...]:
        said = [code for code in dict.fromkeys(query.get(name, "").split(AND)) if code not in ("", "none")]
        if gone := [code for code in said if code not in there]:
            notes.append(words.format(names=_(", ").join(gone)))
        return tuple(code for code in said if code in there)

    chosen = known("indicators", forms.indicators, _("This address names indicators that no form has: {names}."))
    levels = levels_of(unit)
    level = query.get("level", levels[0])
    if level not in levels:
        notes.append(_("This region has no units of the level {name}.").format(name=level))
        level = levels[0]
    picked = known("units", units, _("This address names units that the register does not know: {names}."))
    inside = tuple(code for code in picked if is_part(units.get(code), unit, level))
    if len(inside) < len(picked):
        notes.append(_("Units that do not lie in this region, or are of another level, were left out."))
    periods, wrong = read_periods(query.get("periods", ""))
    if wrong:
        notes.append(_("This address names what is no period: {names}.").format(names=_(", ").join(wrong)))
    rows, columns = (query.get(name, usual) for name, usual in (("rows", "unit"), ("columns", "period")))
    if {rows, columns} - {*DIMENSIONS} or rows == columns:
        rows, columns = "unit", "period"
    measures = tuple(name for name in MEASURES if name in query.get("show", "").split(AND)) or ("value",)
    totals = query.get("totals", "region")
    totals = totals if totals in TOTALS else "region"
    sort, filled = query.get("sort", ""), query.get("filled") == "1"
    return Pivot(unit, chosen, level, inside, periods, rows, columns, measures, totals, sort, filled), notes


def is_part(one: OrgUnit, region: str, level: str) -> bool:
    within = region in ("0", one.province, one.prefecture, one.county, one.code)
    return within and (one.code == region if level == "self" else LEVELS[one.level] == level)


def write_periods(periods: Iterable[Period]) -> str:
    """2016-Q1..2018-Q4,2019-Q2: what follows without a gap is written as a range."""
    runs: list[list[Period]] = []
    for period in sorted(set(periods), key=lambda p: (p.frequency, p)):
        if runs and runs[-1][-1].frequency == period.frequency and runs[-1][-1].next() == period:
            runs[-1].append(period)
        else:
            runs.append([period])
    return AND.join(run[0].code if len(run) == 1 else f"{run[0].code}{RANGE}{run[-1].code}" for run in runs)


def read_periods(text: str) -> tuple[tuple[Period, ...], list[str]]:
    """What write_periods wrote, oldest first; and the parts that are no period or no range of one frequency."""
    found: set[Period] = set()
    wrong: list[str] = []
    for part in text.split(AND):
        if part in ("", "none"):
            continue
        try:
            first, last = (Period.of(code) for code in (part.split(RANGE) if RANGE in part else (part, part)))
            found |= {*span(first, last)}
        except (BadPeriod, ValueError):
            wrong.append(part)
    return tuple(sorted(found)), wrong


def span(first: Period, last: Period) -> list[Period]:
    """The periods of a range, oldest first, whichever end is named first. Raises ValueError for no range."""
    if first.frequency != last.frequency:
        raise ValueError("a range is of one frequency")
    first, last = sorted((first, last))
    periods = [first]
    while periods[-1] != last:
        periods.append(periods[-1].next())
        if len(periods) > MOST_PERIODS:
            raise ValueError(f"more than {MOST_PERIODS} periods")
    return periods


def levels_of(unit: str) -> list[str]:
    """The levels that can be shown of a region: its parts first, then what lies deeper, then itself."""
    level = level_of(unit)
    return [*LEVELS[level + 1 : TOWNSHIP + 1], "self"] if level <= COUNTY else ["self"]


def frequencies_for(forms: Forms, chosen: Iterable[str]) -> list[Frequency]:
    """The frequencies at which all of these indicators have figures, finest first."""
    months = [MONTHS_IN[form.frequency] for code in chosen for _side, form, _term in forms.terms(code) if form]
    finest = max(months, default=min(MONTHS_IN[form.frequency] for form in forms.values()))
    return sorted((f for f in MONTHS_IN if MONTHS_IN[f] >= finest), key=MONTHS_IN.__getitem__)


# ---- asking ----------------------------------------------------------------------------------------------------------


def units_shown(pivot: Pivot, units: Register) -> list[OrgUnit]:
    """The units that a table is of, by code; without the totals."""
    if pivot.level == "self":
        return [units.get(pivot.unit)]
    if pivot.units:
        return [units.get(code) for code in sorted(pivot.units)]
    return units.under(pivot.unit, LEVELS.index(pivot.level), kinds=("unit", "zone"))


def check_size(pivot: Pivot, units: Register) -> int:
    """How many figures are asked for. Raises TooMuch."""
    counts = (len(units_shown(pivot, units)), len(pivot.periods), len(pivot.indicators))
    n = int(np.prod(counts))
    if n > MOST_FIGURES:
        what = _(
            "{units} units × {periods} periods × {indicators} indicators are {n} figures; one table holds {most}. "
            "Choose a smaller region, a higher level, fewer periods or fewer indicators."
        )
        numbers = dict(zip(("units", "periods", "indicators", "n", "most"), (*counts, n, MOST_FIGURES), strict=True))
        raise TooMuch(what.format(**{name: f"{number:,}" for name, number in numbers.items()}))
    return n


def figures_of(
    store: Store,
    pivot: Pivot,
    *,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
    carry: bool = False,
    present: bool = False,
) -> pd.DataFrame:
    """The rows of indicators.figures for the units shown, with member: the unit's code, of a total with TOTAL in front.

    A total is asked for as such, Σ numerator / Σ denominator, and never made from the rows beneath it. What belongs to
    no unit of the level has the region's own code. Raises TooMuch.
    """
    check_size(pivot, store.units)

    def ask(level: str) -> pd.DataFrame:
        return indicators.figures(
            store, pivot.indicators, pivot.unit, pivot.periods,
            scope=scope, as_of=as_of, carry=carry, present=present, level=level,
        )  # fmt: skip

    shown = ask(pivot.level)
    if pivot.level == "township" and level_of(pivot.unit) < TOWNSHIP:
        shown = answered_by_counties(shown, ask("county" if level_of(pivot.unit) < COUNTY else "self"), store.units)
    own = (shown["unit"] == pivot.unit) & (pivot.level != "self")
    shown = shown[shown["unit"].isin(pivot.units) if pivot.units else ~own | shown["value"].notna()]
    frames = [shown.assign(member=shown["unit"])]
    for level in levels_of_totals(pivot):
        totals = ask(level)
        totals = totals if level == "self" else totals[totals["unit"] != pivot.unit]
        if pivot.units:
            above = {above.code for code in pivot.units for above in store.units.path(code)}
            totals = totals[totals["unit"].isin(above)]
        frames.append(totals.assign(member=TOTAL + totals["unit"]))
    return pd.concat(frames, ignore_index=True)


def levels_of_totals(pivot: Pivot) -> list[str]:
    if pivot.totals == "none" or pivot.level == "self":
        return []
    if pivot.totals == "region" or pivot.sort:  # among rows that are ranked, a total of some of them is out of place
        return ["self"]
    return ["self", *LEVELS[level_of(pivot.unit) + 1 : LEVELS.index(pivot.level)]]


RESPONSE = (
    "n_reporting",
    "n_expected",
    "n_nil",
    "missing",
    "missing_periods",
    "unowed_periods",
    "carried",
    "n_carried",
)


def answered_by_counties(townships: pd.DataFrame, counties: pd.DataFrame, units: Register) -> pd.DataFrame:
    """The rows of townships with the response of the county whose return answers for each."""
    keys = ["indicator", "period", "county"]
    frame = townships.assign(county=[units.get(code).county or code for code in townships["unit"]])
    answers = counties.rename(columns={"unit": "county"})[[*keys, *RESPONSE]]
    frame = frame.drop(columns=list(RESPONSE)).merge(answers, how="left", on=keys).drop(columns="county")
    indicators.fill_counts(frame)
    frame["n_carried"] = [len(carried) for carried in frame["carried"]]
    behind = (frame["n_reporting"] + frame["n_carried"]) / frame["n_expected"].where(frame["n_expected"] > 0)
    frame["below_threshold"] = frame["value"].notna() & (behind < frame["min_response"] - 1e-9)
    return frame


# ---- laying out ------------------------------------------------------------------------------------------------------


class Column(NamedTuple):
    """A column of figures: the member of the column dimension, and which of MEASURES."""

    member: str
    measure: str

    @property
    def key(self) -> str:
        return f"{self.member}~{self.measure}"


class Row(NamedTuple):
    """A row: the member of the row dimension and of the one beside it."""

    member: str
    beside: str

    @property
    def total(self) -> bool:
        return self.member.startswith(TOTAL) or self.beside.startswith(TOTAL)


@dataclass(frozen=True)
class Layout:
    """A table of figures. at[i, j]: the number of the figure (row of `figures`) in row i, column member j; -1: none."""

    pivot: Pivot
    figures: pd.DataFrame
    rows: list[Row]
    members: list[str]
    beside: list[str]
    at: np.ndarray

    @property
    def columns(self) -> list[Column]:
        return [Column(member, measure) for member in self.members for measure in self.pivot.measures]

    def figure(self, row: int, column: int) -> dict | None:
        """The figure that stands in a cell: a row of `figures`."""
        at = self.at[row, column // len(self.pivot.measures)]
        return None if at < 0 else self.figures.iloc[at].to_dict()


def lay_out(pivot: Pivot, figures: pd.DataFrame) -> Layout:
    """Units in the order of the register, each total before what it is the total of; unless they are sorted."""
    if pivot.filled:
        known = figures.loc[figures["value"].notna(), "member"].unique()
        figures = figures[figures["member"].isin(known)]
    orders = {
        "unit": sorted(figures["member"].unique(), key=lambda code: (code.lstrip(TOTAL), not code.startswith(TOTAL))),
        "period": [period.code for period in pivot.periods],
        "indicator": list(pivot.indicators),
    }
    numbered = {name: {code: n for n, code in enumerate(order)} for name, order in orders.items()}
    places = {name: figures["member" if name == "unit" else name].map(numbered[name]) for name in DIMENSIONS}
    members, beside = orders[pivot.columns], orders[pivot.beside]
    lines = places[pivot.rows].to_numpy(int) * max(len(beside), 1) + places[pivot.beside].to_numpy(int)
    there, line_of = np.unique(lines, return_inverse=True)
    at = np.full((len(there), len(members)), -1)
    at[line_of, places[pivot.columns].to_numpy(int)] = np.arange(len(figures))
    rows = [Row(orders[pivot.rows][line // len(beside)], beside[line % len(beside)]) for line in there]
    return sort(Layout(pivot, figures, rows, members, beside, at))


def sort(layout: Layout) -> Layout:
    """The rows by one column: totals stay on top, and below stand figures that are not to be relied on (which have no
    rank) and rows without one."""
    wanted = layout.pivot.sort.removeprefix(FALLING)
    found = [n for n, column in enumerate(layout.columns) if column.key == wanted]
    if not found:
        return layout
    sign = -1 if layout.pivot.sort.startswith(FALLING) else 1
    values, unranked = numbers(layout)[:, found[0]], struck_cells(layout)[:, found[0]]
    beside = {code: n for n, code in enumerate(layout.beside)}

    def key(n: int) -> tuple:
        row, value = layout.rows[n], values[n]
        known = not np.isnan(value)
        return (not row.total, beside[row.beside], not known, unranked[n], sign * value if known else 0, n)

    order = sorted(range(len(layout.rows)), key=key)
    return replace(layout, rows=[layout.rows[n] for n in order], at=layout.at[order])


def measured(figures: pd.DataFrame, measure: str) -> np.ndarray:
    """One of MEASURES of each figure, as a number; the response as a fraction."""
    if measure != "response":
        return figures[measure].to_numpy(float)
    owed = figures["n_expected"].to_numpy(float)
    return np.divide(figures["n_reporting"], owed, out=np.full(len(figures), np.nan), where=owed > 0)


def numbers(layout: Layout) -> np.ndarray:
    """The figures as they stand in rows and columns; NaN where there is none."""
    cells = [np.append(measured(layout.figures, measure), np.nan)[layout.at] for measure in layout.pivot.measures]
    return np.stack(cells, axis=2).reshape(len(layout.rows), len(layout.columns))


def struck_cells(layout: Layout) -> np.ndarray:
    """Which cells are a figure whose response is below the threshold."""
    below = np.append(layout.figures["below_threshold"].to_numpy(bool), False)[layout.at]
    return np.repeat(below, len(layout.pivot.measures), axis=1) & np.array(
        [c.measure == "value" for c in layout.columns]
    )


def printed(layout: Layout, forms: Forms) -> np.ndarray:
    """Each cell as it is printed: 9.9%, struck where too few have reported, 11/12 for a response, a dash for none."""
    declared = {code: forms.indicators[code][1] for code in layout.pivot.indicators}
    columns = []
    for measure in layout.pivot.measures:
        rows = zip(
            layout.figures["indicator"], measured(layout.figures, measure), layout.figures["n_reporting"],
            layout.figures["n_expected"], layout.figures["below_threshold"], strict=True,
        )  # fmt: skip
        if measure == "response":
            texts = [f"{n}/{m}" if m else NO_FIGURE for _code, _value, n, m, _below in rows]
        elif measure == "value":
            texts = [struck(format_number(v, declared[code])) if below else format_number(v, declared[code])
                     for code, v, _n, _m, below in rows]  # fmt: skip
        else:
            texts = [NO_FIGURE if np.isnan(v) else f"{v:,.10g}" for _code, v, _n, _m, _below in rows]
        columns.append(np.array([*texts, NO_FIGURE], dtype=object)[layout.at])
    return np.stack(columns, axis=2).reshape(len(layout.rows), len(layout.columns))


def struck(text: str) -> str:
    return "".join(sign + STRUCK for sign in text)


# ---- words -----------------------------------------------------------------------------------------------------------


def dimension_name(name: str) -> str:
    return {"unit": _("Org unit"), "period": _("Period"), "indicator": _("Indicator")}[name]


def names_of(pivot: Pivot, dimension: str, members: Sequence[str], forms: Forms, units: Register) -> list[str]:
    """Members as they are printed. Units that share a name have the one above in front; a total is marked; a region's
    own office, where it stands beside the parts, is called that."""
    if dimension == "period":
        return [Period.of(code).label(language()) for code in members]
    if dimension == "indicator":
        return [forms.indicators[code][1].label.get(language()) for code in members]
    bearers: dict[str, set[str]] = {}
    for member in members:
        code = member.removeprefix(TOTAL)
        bearers.setdefault(units.get(code).name, set()).add(code)

    def name(member: str) -> str:
        unit = units.get(member.removeprefix(TOTAL))
        if member == pivot.unit and pivot.level != "self":
            return _("Own office")
        words = _("China") if unit.code == "0" else unit.name
        if len(bearers[unit.name]) > 1 and unit.parent:
            words = f"{units.get(unit.parent).name} {words}"
        return f"{TOTAL} {words}" if member.startswith(TOTAL) else words

    return [name(member) for member in members]


def row_heads(layout: Layout, forms: Forms, units: Register) -> dict[str, list[str]]:
    """The columns of words before the figures: head → one text per row."""
    pivot = layout.pivot
    members, beside = zip(*layout.rows, strict=True) if layout.rows else ((), ())
    heads = {dimension_name(pivot.rows): names_of(pivot, pivot.rows, members, forms, units)}
    if len(layout.beside) > 1:
        heads[dimension_name(pivot.beside)] = names_of(pivot, pivot.beside, beside, forms, units)
    return heads


def column_heads(layout: Layout, forms: Forms, units: Register) -> list[str]:
    """The printed head of each column of figures, no two the same."""
    pivot = layout.pivot
    heads = [
        name if measure == "value" else f"{name} · {_(MEASURES[measure])}"
        for name in names_of(pivot, pivot.columns, layout.members, forms, units)
        for measure in pivot.measures
    ]
    return [head if heads.index(head) == n else f"{head} ({n + 1})" for n, head in enumerate(heads)]


def to_take_away(layout: Layout, forms: Forms, units: Register) -> pd.DataFrame:
    """The table with its figures as numbers, the code of each unit, and a column that names the periods, indicators or
    units whose figure in the row is below its threshold."""
    heads = row_heads(layout, forms, units)
    pivot = layout.pivot
    frame = pd.DataFrame(heads)
    if pivot.rows == "unit":
        frame.insert(0, _("Region code"), [row.member.removeprefix(TOTAL) for row in layout.rows])
    values = numbers(layout)
    names = column_heads(layout, forms, units)
    frame = pd.concat([frame, pd.DataFrame(values, columns=names)], axis=1)
    below = struck_cells(layout)
    if below.any():
        frame[_("Too few reported")] = [
            _(", ").join(name for name, wrong in zip(names, line, strict=True) if wrong) for line in below
        ]
    return frame


def records(pivot: Pivot, figures: pd.DataFrame, forms: Forms) -> pd.DataFrame:
    """The same figures one in a row, as other programs take them: codes, names, both sides, value, response."""
    declared = {code: forms.indicators[code][1] for code in pivot.indicators}
    return pd.DataFrame(
        {
            "indicator": figures["indicator"],
            "indicator_name": [declared[code].label.get(language()) for code in figures["indicator"]],
            "unit": figures["unit"],
            "unit_name": figures["name"],
            "total": figures["member"].str.startswith(TOTAL),
            "period": figures["period"],
            **{
                name: figures[name]
                for name in ("numerator", "denominator", "value", "n_reporting", "n_expected", "n_nil")
            },
            "below_threshold": figures["below_threshold"],
            "n_carried": figures["n_carried"],
            "n_sample": figures["n_sample"],
        }
    ).sort_values(["indicator", "period", "unit"], ignore_index=True)


# ---- views that are saved --------------------------------------------------------------------------------------------


class NoName(ValueError):
    """A view is saved under a name; the message says what is wrong with the one given."""


LONGEST_NAME = 60  # characters


def saved_views(store: Store, scope: Sequence[str] = EVERYWHERE) -> pd.DataFrame:
    """One row per saved view of a region within the scope, by name: id, name, unit, query, who, saved_at."""
    return store.ask("saved_views", scope)


def save_view(store: Store, name: str, query: Mapping[str, str], *, who: str, scope: Sequence[str] = EVERYWHERE) -> str:
    """Keeps a query under a name, instead of the view of that name that there is; gives its id. Raises NoName."""
    name = _good(name)
    with store.transaction() as cursor:
        held = saved_views(store, scope)
        same = held.loc[held["name"] == name, "id"]
        view = same.iloc[0] if len(same) else uuid4().hex
        _happen(store, cursor, who, view, {"name": name, "unit": query["unit"], "query": urlencode(query)})
    return view


def rename_view(store: Store, view: str, name: str, *, who: str, scope: Sequence[str] = EVERYWHERE) -> None:
    """Raises NoName, also where another view has the name."""
    name = _good(name)
    with store.transaction() as cursor:
        held = saved_views(store, scope)
        if ((held["name"] == name) & (held["id"] != view)).any():
            raise NoName(_("there is a view of this name already"))
        for row in held[held["id"] == view].itertuples():
            _happen(store, cursor, who, view, {"name": name, "unit": row.unit, "query": row.query})


def delete_view(store: Store, view: str, *, who: str, scope: Sequence[str] = EVERYWHERE) -> None:
    with store.transaction() as cursor:
        if (saved_views(store, scope)["id"] == view).any():
            _happen(store, cursor, who, view, {"name": None})


def query_of(text: str) -> dict[str, str]:
    """What a saved view's column `query` holds."""
    return dict(parse_qsl(text))


def _good(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise NoName(_("a view needs a name of at most {n} characters").format(n=LONGEST_NAME))
    return name


def _happen(store: Store, cursor: "journal.Connection", who: str, view: str, body: dict) -> None:
    apply(store, cursor, journal.append(cursor, who, [("view_saved", view, body)]))
