"""A figure → its terms → workbook, sheet, cell. The terms add up to the figure; the tests hold that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from huizong.forms import Form, Term
from huizong.indicators import ALWAYS, _side, indicator_codes, owner_of, sources_of
from huizong.org_units import COUNTY, TOWNSHIP, OrgUnit
from huizong.periods import Period
from huizong.returns import item_value
from huizong.store import EVERYWHERE, Store


@dataclass(frozen=True, slots=True)
class TermCell:
    """One cell that a figure is made from. value: what the cell says; adds: what its row adds to the side.

    source: return, register or target; of the last two there is no file, sheet and cell.
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


def terms_of_figure(
    store: Store,
    indicator: str,
    unit: str,
    period: Period,
    *,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
) -> list[TermCell]:
    """The cells behind one figure, numerator first, in the order of units and rows.

    Raises UnknownIndicator, UnknownUnit.
    """
    indicator_codes(store.forms, [indicator])
    whole = store.units.get(unit)
    terms: list[TermCell] = []
    sides = store.forms.terms(indicator)
    for side, form, term in sides:
        if form is None:
            terms += _target_terms(store, side, indicator, whole, period)
            continue
        sources = [source.code for code, source in sources_of(store.forms, indicator, period) if code == form.code]
        if term.register_:
            terms += _register_terms(store, side, form, whole, sources, scope, as_of)
        else:
            others = [t for _, f, t in sides if f is form and t is not term and t.sum is not None]
            terms += _row_terms(store, side, form, term, others, whole, sources, scope, as_of)
    return terms


def _in_force(store: Store, form: Form, unit: OrgUnit, sources: list[str], scope: Sequence[str], as_of: datetime):
    return store.ask("returns_in_force", scope, form=form.code, unit=owner_of(unit), sources=sources, as_of=as_of)


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
    sources: list[str],
    scope: Sequence[str],
    as_of: datetime,
) -> Iterator[TermCell]:
    returns = _in_force(store, form, unit, sources, scope, as_of)
    if returns.empty:
        return
    files = {row.id: (row.filename, row.unit, row.period) for row in returns.itertuples()}
    items = _items(form, term)
    adds = f'CASE WHEN "{term.distinct}" IS NULL THEN NULL ELSE 1 END' if term.distinct else _side(term)
    whole = " AND ".join(f"({_side(other)}) IS NOT NULL" for other in others if term.sum is not None) or "TRUE"
    meant = f"({term.where})" if term.where else "TRUE"
    inside = "township = $2" if unit.level == TOWNSHIP else "$2 IS NOT NULL"
    columns = ", ".join(f'"{item}"' for item in items)
    rows = store.run(
        f'SELECT submission_id, sheet, row, unit_code, label, {adds}, {columns} FROM "{form.code}" '
        f"WHERE submission_id IN (SELECT unnest($1)) AND {inside} AND {meant} AND ({adds}) IS NOT NULL AND {whole} "
        "ORDER BY period, coalesce(county, prefecture, province), submission_id, sheet, row",
        [list(files), unit.code],
    )
    letters = {
        (submission, sheet, item): letter
        for submission, sheet, item, letter in store.run(
            "SELECT submission_id, sheet, item, column_letter FROM located WHERE submission_id IN (SELECT unnest($1))",
            [list(files)],
        )
    }
    for submission, sheet, number, unit_code, label, added, *values in rows:
        filename, reporter, period = files[submission]
        for item, value in zip(items, values, strict=True):
            letter = letters.get((submission, sheet, item))
            yield TermCell(
                side, "return", unit_code or reporter, label, item, item_value(value), item_value(added), period,
                submission, filename, sheet, f"{letter}{number}" if letter else "",
            )  # fmt: skip


def _register_terms(
    store: Store, side: str, form: Form, unit: OrgUnit, sources: list[str], scope: Sequence[str], as_of: datetime
) -> Iterator[TermCell]:
    for row in _in_force(store, form, unit, sources, scope, as_of).itertuples():
        if row.level == COUNTY:
            count = store.units.n_townships(row.unit)
            name = store.units.get(row.unit).name
            yield TermCell(side, "register", row.unit, name, "townships", count, count, row.period, row.id)


def _target_terms(store: Store, side: str, indicator: str, unit: OrgUnit, period: Period) -> Iterator[TermCell]:
    year = str(period.year)
    for code, value in store.run(
        "SELECT unit, value FROM target WHERE indicator = ? AND period = ? ORDER BY unit", [indicator, year]
    ):
        if unit.code == "0" or code.startswith(unit.code):
            value = item_value(value)
            yield TermCell(side, "target", code, store.units.get(code).name, indicator, value, value, year)
