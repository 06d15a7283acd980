"""A figure → its terms → workbook, sheet, cell. The terms add up to the figure; the tests hold that."""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode

import pandas as pd

from huizong.facts import side_of
from huizong.forms import Form, Term
from huizong.indicators import facts_for, indicator_codes, returns_behind, sources_of
from huizong.layout import cell_at
from huizong.org_units import COUNTY, TOWNSHIP, OrgUnit, ancestors
from huizong.periods import Period
from huizong.returned import item_value
from huizong.store import ALWAYS, EVERYWHERE, Store

_pages: ContextVar[str] = ContextVar("pages", default="http://localhost:8501")


def address_of(
    indicator: str, unit: str, period: str, release: str | None = None, *, carry: bool = False, present: bool = False
) -> str:
    """The page that traces a figure (of a release) to its cells, for links from outside."""
    how = {"release": release, "carry": "1" if carry else None, "present": "1" if present else None}
    said = {name: text for name, text in how.items() if text}
    return _address("lineage", indicator=indicator, unit=unit, period=period, **said)


def address_of_returns(unit: str, period: str) -> str:
    """The page that says which returns of a unit are in."""
    return _address("board", unit=unit, period=period)


def _address(page: str, **query: str) -> str:
    return f"{pages_address().rstrip('/')}/{page}?{urlencode(query)}"


def pages_address() -> str:
    """Where the pages are for who follows a link: as HUIZONG_URL says, else where this visitor sees them."""
    return os.environ.get("HUIZONG_URL") or _pages.get()


def pages_are_at(address: str) -> None:
    """Where the visitor whom this thread or task serves sees the pages."""
    _pages.set(address)


@dataclass(frozen=True, slots=True)
class TermCell:
    """One cell that a figure is made from. value: what the cell says; adds: what its row adds to the side.

    source: return, nil, register or target; only of the first is there a sheet and cell. reporter: the unit whose
    return or target it is.
    """

    side: str
    source: str
    unit: str
    label: str
    item: str
    value: object
    adds: float | int | None
    period: str
    submission: str = ""
    file: str = ""
    sheet: str = ""
    cell: str = ""
    reporter: str = ""


def terms_of_figure(
    store: Store,
    indicator: str,
    unit: str,
    period: Period,
    *,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
    carry: bool = False,
    present: bool = False,
) -> list[TermCell]:
    """The cells behind one figure, numerator first, in the order of units and rows; of a return that is carried forward
    those of that return, with its own period.

    Raises UnknownIndicator, UnknownUnit.
    """
    indicator_codes(store.forms, [indicator])
    whole = store.units.get(unit)
    terms: list[TermCell] = []
    sides = store.forms.terms(indicator)
    behind: dict[str, pd.DataFrame] = {}  # form → the returns
    for side, form, term in sides:
        if form is None:
            terms += _target_terms(store, side, indicator, whole, period, scope, as_of)
            continue
        if form.code not in behind:
            sources = [source for code, source in sources_of(store.forms, indicator, period) if code == form.code]
            behind[form.code] = returns_behind(
                store, form.code, whole, sources, scope=scope, as_of=as_of, carry=carry, present=present
            )
        returns = behind[form.code]
        if term.register_:
            terms += _register_terms(store, side, returns)
        else:
            others = [t for _, f, t in sides if f is form and t is not term and t.sum is not None]
            terms += _row_terms(store, side, form, term, others, whole, returns)
            if whole.level != TOWNSHIP and store.forms.indicators[indicator][1].aggregate != "median":
                terms += _nil_terms(store, side, form, returns)
    if present and whole.valid_to is None and store.forms.indicators[indicator][1].aggregate != "median":
        terms = [_shared_out(store, term, whole) for term in terms]
    if len(sides) == 1:
        return terms
    # A unit of which one side is missing adds to neither.
    known = {(term.side, term.reporter) for term in terms if term.source == "target"}
    facts = facts_for(whole, "self", [form.code for _, form, _ in sides if form], present)
    known |= _sides_known(store, indicator, whole, behind.values(), facts)
    answered = {unit for side, unit in known if side == "numerator"}
    if answered and any(term.source == "target" and term.unit == whole.code for term in terms):
        # A target set for the whole is compared with all that was reported.
        known |= {("denominator", unit) for unit in answered} | {("numerator", whole.code)}
    return [term for term in terms if {("numerator", term.reporter), ("denominator", term.reporter)} <= known]


def arrivals(store: Store, submissions: Iterable[str]) -> pd.DataFrame:
    """One row per submission, in no order: id, revision, who (sent it in; of an entered nil return nobody), received_at
    (UTC), filename, original (the SHA-256 of the workbook)."""
    return store.frame(
        "SELECT s.id, s.revision, o.who, s.received_at, s.filename, s.original FROM submission AS s "
        "LEFT JOIN original AS o ON o.sha256 = s.original WHERE s.id IN (SELECT unnest($1))",
        [sorted(set(submissions))],
    )


def _shared_out(store: Store, term: TermCell, whole: OrgUnit) -> TermCell:
    """The part of a term that a unit gets, where the one that reported it was shared out by weights."""
    end = Period.of(term.period).end
    weights = [
        heir.weight
        for heir in store.units.heirs
        if heir.former.code == term.reporter and end < heir.former.valid_to and whole.code in ancestors(heir.code)
    ]
    if term.adds is None or not weights or sum(weights) == 1:
        return term
    return replace(term, adds=float(round(Decimal(str(term.adds)) * sum(weights), 4)))


def _sides_known(
    store: Store,
    indicator: str,
    unit: OrgUnit,
    behind: Collection[pd.DataFrame],
    facts: list[str],
) -> set[tuple[str, str]]:
    """(side, reporting unit) of the sides that their returns give, be it with a zero that no cell says."""
    reporters = {row.id: row.unit for returns in behind for row in returns.itertuples()}
    periods = {period for returns in behind for period in returns["period"]}
    found = set()
    for submission, numerator, denominator in store.run(
        "SELECT submission_id, sum(numerator), sum(denominator) FROM query_table($4::VARCHAR[], TRUE) "
        "WHERE indicator = $1 AND part = '' AND submission_id IN (SELECT unnest($2)) "
        "AND ($3 IS NULL OR township = $3) AND period BETWEEN $5 AND $6 GROUP BY submission_id",
        [indicator, list(reporters), unit.township, facts, *bounds(periods)],
    ):
        found |= {("numerator", reporters[submission])} if numerator is not None else set()
        found |= {("denominator", reporters[submission])} if denominator is not None else set()
    return found


def bounds(periods: Collection[str]) -> tuple[str, str]:
    """The first and the last, so that rows for others are not even read; ('', '') of none."""
    return (min(periods), max(periods)) if len(periods) else ("", "")


def _items(form: Form, term: Term) -> list[str]:
    """The items whose cells make a term: those its sum names, else those its condition names, else the row's name."""
    if term.distinct:
        return [term.distinct]
    for expression in (term.sum, term.where):
        names = [name for name in form.names_used(expression) if name in form.by_code] if expression else []
        if names:
            return names
    return [form.rows.name_item]


def _row_terms(
    store: Store,
    side: str,
    form: Form,
    term: Term,
    others: list[Term],
    unit: OrgUnit,
    returns: pd.DataFrame,
) -> Iterator[TermCell]:
    files = {row.id: (row.filename, row.unit, row.period) for row in returns.itertuples()}
    items = _items(form, term)
    adds = f'CASE WHEN "{term.distinct}" IS NULL THEN NULL ELSE 1 END' if term.distinct else side_of(term)
    whole = " AND ".join(f"({side_of(other)}) IS NOT NULL" for other in others if term.sum is not None) or "TRUE"
    meant = f"({term.where})" if term.where else "TRUE"
    inside = "township = $2" if unit.level == TOWNSHIP else "$2 IS NOT NULL"
    columns = ", ".join(f'"{item}"' for item in items)
    rows = store.run(
        f'SELECT submission_id, sheet, row, unit_code, label, {adds}, {columns} FROM "{form.code}" '
        f"WHERE submission_id IN (SELECT unnest($1)) AND {inside} AND {meant} AND ({adds}) IS NOT NULL AND {whole} "
        "AND period BETWEEN $3 AND $4 "
        "ORDER BY period, coalesce(county, prefecture, province), submission_id, sheet, row",
        [list(files), unit.code, *bounds(returns["period"])],
    )
    places = {
        (submission, sheet, item): place
        for submission, sheet, item, place in store.run(
            "SELECT submission_id, sheet, item, place FROM located "
            "WHERE submission_id IN (SELECT unnest($1)) AND period BETWEEN $2 AND $3",
            [list(files), *bounds(returns["period"])],
        )
    }
    for submission, sheet, number, unit_code, label, added, *values in rows:
        filename, reporter, period = files[submission]
        for item, value in zip(items, values, strict=True):
            place = places.get((submission, sheet, item))
            yield TermCell(
                side, "return", unit_code or reporter, label, item, item_value(value), item_value(added), period,
                submission, filename, sheet, cell_at(place, number) if place else "", reporter,
            )  # fmt: skip


def _nil_terms(store: Store, side: str, form: Form, returns: pd.DataFrame) -> Iterator[TermCell]:
    """The zero that a nil return says without a cell."""
    for row in returns.itertuples():
        if row.nil:
            name = store.units.get(row.unit).name
            yield TermCell(
                side, "nil", row.unit, name, form.rows.name_item, 0, 0, row.period, row.id, row.filename,
                reporter=row.unit,
            )  # fmt: skip


def _register_terms(store: Store, side: str, returns: pd.DataFrame) -> Iterator[TermCell]:
    for row in returns.itertuples():
        if row.level == COUNTY:
            unit, count = store.units.get(row.unit), store.units.n_townships(row.unit, Period.of(row.period).end)
            yield TermCell(
                side, "register", unit.code, unit.name, "townships", count, count, row.period, row.id,
                reporter=unit.code,
            )  # fmt: skip


def _target_terms(
    store: Store,
    side: str,
    indicator: str,
    whole: OrgUnit,
    period: Period,
    scope: Sequence[str],
    as_of: datetime,
) -> Iterator[TermCell]:
    year = str(period.year)
    targets = store.run(
        "SELECT unit, value FROM target WHERE indicator = $1 AND period = $2 AND set_at <= $3 "
        "AND (ended_at IS NULL OR ended_at > $3) ORDER BY unit",
        [indicator, year, as_of],
    )
    own = [(code, value) for code, value in targets if code == whole.code]
    for code, value in own or targets:
        above = ancestors(code)
        if whole.code in above and set(scope) & set(above):
            name, value = store.units.get(code).name, item_value(value)
            yield TermCell(side, "target", code, name, indicator, value, value, year, reporter=code)
