"""What an export holds, as plain data: the figures of a unit and its parts over time, who has reported, and from which
cells the figures come. Files are made of it by extract_workbook.py, slides.py and packages.py."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pandas as pd

from huizong import __version__, indicators
from huizong.figure_words import (
    for_the_whole_only,
    names_of,
    other_reporters,
    periods_missing,
    remarks,
    unit_of,
)
from huizong.forms import Form, Forms, Indicator, Item
from huizong.journal import on_the_clock
from huizong.lineage import TermCell, address_of, arrivals, terms_of_figure
from huizong.org_units import LEVELS, OrgUnit, Register
from huizong.periods import MONTHS_IN, BadPeriod, Period
from huizong.releases import Release, basis
from huizong.store import ALWAYS, EVERYWHERE, Store
from huizong.texts import _, language

HISTORY = 13  # periods: of months, the one a year ago is the thirteenth
MOST_TERMS = 20_000  # cells listed in one extract; those of further indicators are behind the address of each figure
NAMED = 10  # units of which no return is in
ALL = "all"  # in place of a form: every one that has figures for such a period
TERM_COLUMNS = ["indicator", *(field.name for field in fields(TermCell))]

Row = dict[str, Any]  # of indicators.figures


@dataclass(frozen=True, kw_only=True)
class Theme:
    """One form in an extract.

    figures: as indicators.figures, one row per indicator × period; parts: the same for each part of the unit, with the
    place it takes among them (rank). now: indicator → its row of indicators.compared, of the period asked for.
    composition: one row per composition × part × unit (the unit itself and its parts), of the period asked for.
    returns: one row per unit that owes the form × period of its return: unit, name, source, status, submission_id,
    revision, received_at (on the clock on the wall), filename, original (the SHA-256 of the workbook).
    """

    form: Form
    figures: pd.DataFrame
    now: dict[str, Row]
    parts: pd.DataFrame
    composition: pd.DataFrame
    returns: pd.DataFrame

    @cached_property
    def own(self) -> dict[tuple[str, str], Row]:
        """(indicator, period) → the unit's figure."""
        return {(row["indicator"], row["period"]): row for row in self.figures.to_dict("records")}

    def of_parts(self, period: Period) -> dict[str, dict[str, Row]]:
        """Part → indicator → its figure of the period, by the parts' codes."""
        found: dict[str, dict[str, Row]] = {}
        for row in self.parts[self.parts["period"] == period.code].to_dict("records"):
            found.setdefault(row["unit"], {})[row["indicator"]] = row
        return dict(sorted(found.items()))


@dataclass(frozen=True, kw_only=True)
class Extract:
    """A unit's figures as they stood at a moment, or in a release.

    taken_at: that moment (UTC). periods: oldest first, the one asked for last. terms: one row per cell behind a figure
    of the unit in that period (indicator and the fields of lineage.TermCell); untraced: the indicators whose cells are
    too many to list. units: one row per unit that occurs: unit, name, level, parent.
    """

    forms: Forms
    unit: OrgUnit
    period: Period
    periods: tuple[Period, ...]
    themes: tuple[Theme, ...]
    terms: pd.DataFrame
    untraced: tuple[str, ...]
    units: pd.DataFrame
    taken_at: datetime
    release: Release | None
    carry: bool
    present: bool

    @property
    def where(self) -> str:
        return name_of(self.unit)

    @property
    def when(self) -> str:
        return self.period.label(language())

    @property
    def what(self) -> str:
        return self.themes[0].form.theme.get(language()) if len(self.themes) == 1 else _("All themes")

    @property
    def title(self) -> str:
        return title(self.forms, self.themes[0].form.code if len(self.themes) == 1 else ALL, self.unit, self.period)

    @property
    def version(self) -> str:
        """Of the program that the figures were released with."""
        return self.release.version if self.release else __version__

    @property
    def basis(self) -> str:
        """Which release the figures are of, or that they are of none, and as of when."""
        return basis(self.release and self.release.name, self.taken_at)

    def address(self, indicator: str, unit: str, period: str) -> str:
        """The page that traces a figure to its cells."""
        name = self.release and self.release.name
        return address_of(indicator, unit, period, name, carry=self.carry, present=self.present)

    @property
    def indicators(self) -> dict[str, tuple[Theme, Indicator]]:
        return {indicator.code: (one, indicator) for one in self.themes for indicator in one.form.indicators}

    def label(self, indicator: str) -> str:
        return self.indicators[indicator][1].label.get(language())


# ---- words of every export -------------------------------------------------------------------------------------------


def known(value: object) -> bool:
    return value is not None and not pd.isna(value)


def number_format(indicator: Indicator) -> str:
    """As Excel and its charts take it: 0.0%, #,##0.0."""
    decimals = f".{'0' * indicator.decimals}" if indicator.decimals else ""
    return f"0{decimals}%" if indicator.share else f"#,##0{decimals}"


def standing(extract: Extract) -> str:
    """Of how many, and as of when: what stands under a title."""
    said = [reported(theme) for theme in extract.themes] if len(extract.themes) == 1 else []
    return " · ".join([*said, extract.basis])


def reported(theme: Theme) -> str:
    """应报12个单位，已报12个; those that are missing are named."""
    in_force = (theme.returns["status"] == "accepted").groupby(theme.returns["unit"]).all()
    text = _("{n_expected} owed, {n_reporting} in").format(n_expected=len(in_force), n_reporting=int(in_force.sum()))
    missing = in_force.index[~in_force].tolist()
    return text + (_("; not in: {names}").format(names=names_of(missing, NAMED)) if missing else "")


def source(theme: Theme, extract: Extract) -> str:
    """Whose returns the figures are made of."""
    text = _("Source: returns “{form}”, {period}").format(form=theme.form.title.get(language()), period=extract.when)
    return text + (_(" (with demonstration data)") if any(row["n_sample"] for row in theme.now.values()) else "")


def notes_on(extract: Extract, themes: Sequence[Theme]) -> list[str]:
    """What stands beneath the figures of these themes: source, response, what is struck through."""
    notes = [f"{source(theme, extract)} · {reported(theme)}" for theme in themes]
    struck = any(frame["below_threshold"].any() for theme in themes for frame in (theme.figures, theme.parts))
    if struck:
        notes.append(_("Struck through: too few have reported; such a figure is not ranked or compared."))
    if extract.carry:
        notes.append(_("Carried forward: the last return of a unit stands in for one that has not come."))
    if extract.present:
        notes.append(_("In present boundaries: former units count with those that followed them."))
    notes.append(_("“—”: no figure, and never zero."))
    return notes


def remark(extract: Extract, row: Row) -> str:
    """What has to be known of one figure of the period: why there is none, who is missing, what was left out."""
    indicator = extract.indicators[row["indicator"]][1]
    said = [*remarks(row, indicator), other_reporters(row, "previous")]
    if row["n_reporting"] and len(row["missing"]):
        said.append(_("not in: {names}").format(names=names_of(row["missing"], NAMED)))
    if not row["below_threshold"]:
        said.append(periods_missing(row))
    if row["n_incomplete"]:
        said.append(_("{n} rows left out: a value is missing").format(n=row["n_incomplete"]))
    return _("; ").join(filter(None, said))


def cells_in_words(extract: Extract) -> pd.DataFrame:
    """The cells behind the figures as a table to read: one row per cell."""
    sides = {"numerator": _("Numerator"), "denominator": _("Denominator")}
    sources = {"return": "", "nil": _("Nil return"), "register": _("Register"), "target": _("Target")}
    names = dict(zip(extract.units["unit"], extract.units["name"], strict=True))
    rows = []
    for cell in extract.terms.itertuples(index=False):
        form = next(form for side, form, _term in extract.forms.terms(cell.indicator) if side == cell.side)
        item = form.by_code.get(cell.item) if form else None
        rows.append(
            (
                extract.label(cell.indicator),
                sides[cell.side],
                names.get(cell.reporter, cell.reporter),
                cell.label,
                item.head(language()) if item else "",
                in_words(item, cell.value),
                cell.adds,
                Period.of(cell.period).label(language()),
                cell.file or sources[cell.source],
                cell.sheet,
                cell.cell,
            )
        )
    heads = [_("Indicator"), _("Side"), _("Reported by"), _("Row"), _("Item"), _("Cell says"), _("Adds"), _("Period"),
             _("Workbook"), _("Sheet"), _("Cell")]  # fmt: skip
    return pd.DataFrame(rows, columns=heads, dtype=object)


def in_words(item: Item | None, value: object) -> object:
    """What a cell says, as the form prints it."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return item.code_label(str(value), language()) if item and item.codes and value is not None else value


# ---- tables to take away ---------------------------------------------------------------------------------------------


def figures_table(extract: Extract) -> pd.DataFrame:
    """One row per indicator × unit × period, of the unit and its parts: indicator, label, unit, name, period, value,
    measure (what the value is counted in: a share is in %), numerator, denominator, n_reporting, n_expected, n_nil,
    missing (codes), below_threshold, n_carried, n_incomplete, n_sample, target, address.

    What belongs to the unit's own office and to none of its parts is in the unit's figures only.
    """
    periods = [period.code for period in extract.periods]
    frames = [frame for theme in extract.themes for frame in (theme.figures, theme.parts)]
    rows = pd.concat([frame[frame["period"].isin(periods)] for frame in frames], ignore_index=True)
    rows = rows[~rows.duplicated(["indicator", "unit", "period"])]
    factors = rows["indicator"].map(
        {code: 100 if one.share else 1 for code, (_theme, one) in extract.indicators.items()}
    )
    return pd.DataFrame(
        {
            "indicator": rows["indicator"],
            "label": rows["indicator"].map(extract.label),
            "unit": rows["unit"],
            "name": rows["name"],
            "period": rows["period"],
            "value": (rows["value"].astype(float) * factors).round(10),
            "measure": rows["indicator"].map({code: unit_of(one) for code, (_t, one) in extract.indicators.items()}),
            **{name: rows[name].astype(float) for name in ("numerator", "denominator")},
            **{name: rows[name] for name in ("n_reporting", "n_expected", "n_nil")},
            "missing": [" ".join(codes) for codes in rows["missing"]],
            **{name: rows[name] for name in ("below_threshold", "n_carried", "n_incomplete", "n_sample")},
            "target": (rows["target"].astype(float) * factors).round(10),
            "address": [
                extract.address(*key) for key in zip(rows["indicator"], rows["unit"], rows["period"], strict=True)
            ],
        }
    ).reset_index(drop=True)


# ---- taking it -------------------------------------------------------------------------------------------------------


def title(forms: Forms, form: str, unit: OrgUnit, period: Period) -> str:
    """赤峰市2018年第三季度统战委员配备: what the files are called."""
    what = _("All themes") if form == ALL else forms[form].theme.get(language())
    gap = "" if language().startswith("zh") else " "
    return gap.join([name_of(unit), period.label(language()), what])


def name_of(unit: OrgUnit) -> str:
    return unit.name if unit.level else _("China")


def forms_for(store: Store, form: str, period: Period) -> list[Form]:
    """The form of that code, or of ALL those collected at least as often as the period. Raises UnknownForm; BadPeriod
    where there are none."""
    if form != ALL:
        return [store.forms[form]]
    found = [one for one in store.forms.values() if MONTHS_IN[one.frequency] <= MONTHS_IN[period.frequency]]
    if not found:
        raise BadPeriod(f"no form is reported as often as {period}")
    return found


def take(
    store: Store,
    form: str,
    unit: str,
    period: Period,
    *,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
    carry: bool = False,
    present: bool = False,
    release: Release | None = None,
    cells: bool = True,
) -> Extract:
    """The extract of one form or of ALL. release: the one that store and as_of are of; carry, present: as of
    indicators.figures; cells: with the cells behind the figures. Raises UnknownForm, UnknownUnit."""
    whole = store.units.get(unit)
    periods = [period]
    while len(periods) < HISTORY:
        periods.insert(0, periods[0].previous())
    with store.moment():
        about = {"scope": scope, "as_of": as_of, "present": present}
        themes = tuple(theme(store, one, whole, periods, carry, about) for one in forms_for(store, form, period))
        terms, untraced = cells_behind(store, themes, whole, period, carry, about) if cells else (no_cells(), ())
        taken_at = min(as_of, datetime.now(UTC).replace(tzinfo=None)).replace(microsecond=0)
    known = {Period.of(code) for one in themes for code in one.figures.loc[one.figures["value"].notna(), "period"]}
    first = min({period.last_year(), period.previous(), *known} & set(periods))
    codes = {whole.code}.union(*({*one.parts["unit"], *one.returns["unit"]} for one in themes))
    return Extract(
        forms=store.forms,
        unit=whole,
        period=period,
        periods=tuple(one for one in periods if one >= first),
        themes=themes,
        terms=terms,
        untraced=untraced,
        units=units_in(store.units, sorted(codes)),
        taken_at=taken_at,
        release=release,
        carry=carry,
        present=present,
    )


def theme(
    store: Store, form: Form, unit: OrgUnit, periods: Sequence[Period], carry: bool, about: Mapping[str, Any]
) -> Theme:
    codes, now = [indicator.code for indicator in form.indicators], periods[-1:]
    figures = indicators.figures(store, codes, unit.code, periods, carry=carry, **about)
    compared = indicators.compared(figures, periods[-1], store.forms).to_dict("records")
    parts = indicators.figures_by_child(store, codes, unit.code, periods, carry=carry, **about)
    parts = for_the_whole_only(parts, parts["unit"] == unit.code, store.forms)
    parts = without_idle_office(parts.assign(rank=indicators.ranks(parts, unit.code, store.forms)), unit)
    composition = indicators.composition(store, form.code, unit.code, now, carry=carry, **about)
    if not parts.empty:
        beneath = indicators.composition(store, form.code, unit.code, now, by_child=True, carry=carry, **about)
        composition = pd.concat([composition, beneath[beneath["unit"] != unit.code]], ignore_index=True)
    returns = indicators.response(store, form.code, unit.code, now[0], **about)
    held = arrivals(store, returns["submission_id"].dropna()).drop(columns="who")
    held["received_at"] = [on_the_clock(at) for at in held["received_at"]]
    return Theme(
        form=form,
        figures=figures,
        now={row["indicator"]: row for row in compared},
        parts=parts,
        composition=composition,
        returns=returns.merge(held, how="left", left_on="submission_id", right_on="id").drop(columns="id"),
    )


def without_idle_office(parts: pd.DataFrame, unit: OrgUnit) -> pd.DataFrame:
    """The parts, and among them the unit's own office where it has figures that belong to none of them."""
    own = parts["unit"] == unit.code
    if own.all() or parts.loc[own, "value"].isna().all():
        return parts[~own].reset_index(drop=True)
    return parts.assign(name=parts["name"].mask(own, _("Own office")))


def cells_behind(
    store: Store,
    themes: Sequence[Theme],
    unit: OrgUnit,
    period: Period,
    carry: bool,
    about: Mapping[str, Any],
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One row per indicator × cell, and the indicators that had to be left out: none is listed in part."""
    rows: list[dict[str, Any]] = []
    untraced: list[str] = []
    known = {
        code for one in themes for (code, p), row in one.own.items() if p == period.code and pd.notna(row["value"])
    }
    for code in (indicator.code for one in themes for indicator in one.form.indicators):
        if code in known and not untraced:
            cells = terms_of_figure(store, code, unit.code, period, carry=carry, **about)
            if len(rows) + len(cells) <= MOST_TERMS:
                rows += ({"indicator": code} | asdict(cell) for cell in cells)
                continue
        untraced += [code] if code in known else []
    return pd.DataFrame(rows, columns=TERM_COLUMNS), tuple(untraced)


def no_cells() -> pd.DataFrame:
    return pd.DataFrame(columns=TERM_COLUMNS)


def units_in(register: Register, codes: Sequence[str]) -> pd.DataFrame:
    """One row per unit: unit, name, level, parent."""
    units = [register.get(code) for code in codes]
    return pd.DataFrame(
        {
            "unit": [unit.code for unit in units],
            "name": [name_of(unit) for unit in units],
            "level": [LEVELS[unit.level] for unit in units],
            "parent": [unit.parent if unit.parent in codes else None for unit in units],
        }
    )
