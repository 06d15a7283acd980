"""What the template of a report may say of a unit and its parts; each figure printed has a number and an address.

A template writes {{ figure("full_time_coverage") }}; docs/reports.md lists the words. What they print carries marks,
which reports.py turns into links: text alone cannot say which figure it is.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pandas as pd

from huizong import indicators
from huizong.figure_words import NO_FIGURE, counted, format_number, unit_of, why_struck
from huizong.forms import Form, Indicator, UnknownForm
from huizong.indicators import UnknownIndicator
from huizong.lineage import address_of, address_of_returns
from huizong.office_charts import KINDS, ChartData, Kind
from huizong.org_units import COUNTRY, COUNTY, PROVINCE, TOWNSHIP, OrgUnit
from huizong.periods import Period
from huizong.releases import basis
from huizong.store import ALWAYS, Store
from huizong.texts import _, fixed, language, percent

LINK = "\ue000{}\ue001{}\ue002"  # the number of the link, its text
CHART = "\ue003{}\ue004"
MARK = re.compile("\ue000(?P<link>[0-9]+)\ue001(?P<text>[^\ue000-\ue004]*)\ue002|\ue003(?P<chart>[0-9]+)\ue004")
FIGURE = "figure_"  # what the bookmarks of the annex begin with
DOUBTED = "*"  # behind a figure that is not to be relied on
NAMED = 10  # units of which no return is in
HISTORY = 8  # periods of a line
WHOLE = {"省": "全省", "自治区": "全区", "市": "全市", "自治州": "全州", "州": "全州", "盟": "全盟", "地区": "全地区",
         "县": "全县", "旗": "全旗", "特区": "全区", "林区": "全区", "区": "全区", "苏木": "全苏木", "街道": "全街道",
         "镇": "全镇", "乡": "全乡"}  # fmt: skip
PREFECTURE_WORDS = ("市", "州", "盟", "地区")
COUNTY_WORDS = ("旗", "县", "市", "区")
TOWNSHIP_WORDS = ("苏木", "乡", "镇", "街道")


@dataclass(frozen=True)
class Printed:
    """One figure of the report. row: as indicators.figures gives it."""

    number: int
    indicator: Indicator
    form: Form
    unit: OrgUnit
    period: Period
    row: dict[str, Any]
    release: str | None = None
    carry: bool = False
    present: bool = False

    @property
    def bookmark(self) -> str:
        """Of its row in the annex."""
        return f"{FIGURE}{self.number}"

    @property
    def address(self) -> str:
        how = {"carry": self.carry, "present": self.present}
        return address_of(self.indicator.code, self.unit.code, self.period.code, self.release, **how)


@dataclass(frozen=True)
class Link:
    """Where a click leads; figure: the one whose number follows, if any does; doubt: why it is not to be relied on."""

    address: str
    figure: Printed | None = None
    doubt: str = ""


@dataclass(frozen=True)
class WantedChart:
    """A chart that stands in the text; words: what it shows, for those who cannot see it."""

    data: ChartData
    words: str


class Words:
    """All that one report says: the figures asked of the store, those printed, the links and charts."""

    def __init__(
        self,
        store: Store,
        unit: str,
        period: Period,
        scope: Sequence[str],
        as_of: datetime,
        release: str | None,
        *,
        carry: bool = False,
        present: bool = False,
    ) -> None:
        """release: the name of the one that store and as_of are of, if they are of one; carry, present: as of
        indicators.figures."""
        self.store, self.period, self.scope, self.as_of, self.release = store, period, scope, as_of, release
        self.carry, self.present = carry, present
        self.unit = store.units.get(unit)
        self.figures: dict[tuple[str, str, str], Printed] = {}
        self.links: list[Link] = []
        self.charts: list[WantedChart] = []
        self._rows: dict[tuple[str, str, str], dict[str, Any]] = {}

    def vocabulary(self) -> dict[str, Any]:
        """Name → what it stands for in a template."""
        place = Place(self, self.unit)
        return {name: getattr(place, name) for name in (*OF_A_PLACE, *OF_THE_WHOLE)} | {
            "unit": self.unit.name,
            "period": self.period.label(language()),
            "chart": self.chart,
            "basis": self.basis,
        }

    @property
    def basis(self) -> str:
        """Which release the figures are of, or that they are of none, and as of when."""
        return basis(self.release, datetime.now(UTC) if self.as_of == ALWAYS else self.as_of)

    def indicator(self, name: str) -> tuple[Form, Indicator]:
        """By its code or its printed name. Raises UnknownIndicator."""
        known = self.store.forms.indicators
        if name in known:
            return known[name]
        for found in known.values():
            if name in (found[1].label.zh, found[1].label.en):
                return found
        printed = "、".join(f"{code}（{found[1].label.get(language())}）" for code, found in known.items())
        raise UnknownIndicator(_("no indicator “{name}”; known: {known}").format(name=name, known=printed))

    def periods(self) -> list[Period]:
        return sorted({self.period, self.period.previous(), self.period.last_year()})

    def row(self, indicator: str, unit: OrgUnit, period: Period) -> dict[str, Any]:
        """What the figure's row is; a form is asked for once, with all its indicators."""
        key = (indicator, unit.code, period.code)
        if key not in self._rows:
            form = self.store.forms.indicators[indicator][0]
            asked = self.periods() if period in self.periods() else [period]
            codes = [declared.code for declared in form.indicators]
            part = unit.code != self.unit.code
            ask = indicators.figures_by_child if part else indicators.figures
            how = {"carry": self.carry, "present": self.present}
            frame = ask(self.store, codes, self.unit.code, asked, scope=self.scope, as_of=self.as_of, **how)
            if part:
                frame = frame[frame["unit"] != self.unit.code]  # what is of no part is not all of the whole
            for row in frame.to_dict("records"):
                self._rows[row["indicator"], row["unit"], row["period"]] = row | {"missing": list(row["missing"])}
            if part:
                nothing = {"value": None, "numerator": None, "denominator": None, "n_reporting": 0, "n_expected": 0,
                           "n_nil": 0, "missing": [], "n_incomplete": 0, "n_sample": 0}  # fmt: skip
                for code in codes:
                    for child in self.parts:
                        for one in asked:
                            self._rows.setdefault((code, child.code, one.code), nothing)
        return self._rows[key]

    @cached_property
    def parts(self) -> list[OrgUnit]:
        """The units one level down that owe or have sent a return of the period; else all that stood at its end.

        One that ceased within the period is among them: without it the rows of a table would not add up to the whole.
        """
        level = indicators.child_level(self.unit)
        standing = self.store.units.children(self.unit.code, on=None if self.present else self.period.end)
        codes: set[str] = set()
        for form in self.store.forms.values():
            held = self.response(form.code, self.unit.code)
            for unit in map(self.store.units.get, held["unit"]):
                codes.add(getattr(unit, level) if level and not unit.department else None)
        on = None if self.present else self.period.start
        found = [self.store.units.get(code, on) for code in sorted(codes - {None, self.unit.code})]
        return found or standing

    def response(self, form: str, unit: str) -> pd.DataFrame:
        """Who owes a form for the period and what has come, as indicators.response has it."""
        about = {"scope": self.scope, "as_of": self.as_of, "present": self.present}
        return indicators.response(self.store, form, unit, self.period, **about)

    def printed(self, indicator: str, unit: OrgUnit, period: Period) -> Printed:
        """The figure with its number in this report; the same figure keeps its number."""
        key = (indicator, unit.code, period.code)
        if key not in self.figures:
            form, declared = self.store.forms.indicators[indicator]
            row = self.row(indicator, unit, period)
            how = {"release": self.release, "carry": self.carry, "present": self.present}
            self.figures[key] = Printed(len(self.figures) + 1, declared, form, unit, period, row, **how)
        return self.figures[key]

    def label(self, period: str) -> str:
        return Period.of(period).label(language())

    def linked(self, text: str, link: Link) -> str:
        self.links.append(link)
        return LINK.format(len(self.links) - 1, text)

    def chart(self, *names: str, kind: Kind = "bar") -> str:
        """Bars or columns of the parts, the largest first; or the course of the whole over the last periods."""
        if not names or kind not in KINDS:
            raise ValueError(_("a chart shows one indicator or more, and its kind is one of: {kinds}").format(
                kinds=", ".join(KINDS)
            ))  # fmt: skip
        declared = [self.indicator(name)[1] for name in names]
        first, lang = declared[0], language()
        if kind == "line":
            periods = [self.period]
            while len(periods) < HISTORY:
                periods.insert(0, periods[0].previous())
            columns = [(self.unit, period, period.label(lang)) for period in periods]
        else:
            columns = [(part, self.period, part.name) for part in self.parts]
            columns.sort(key=lambda column: -order_of(self.row(first.code, column[0], self.period)["value"]))
        if not columns:
            return NO_FIGURE
        series = {
            one.label.get(lang): [
                value_to_rely_on(self.printed(one.code, unit, period).row) for unit, period, _label in columns
            ]
            for one in declared
        }
        decimals = "0." + "0" * first.decimals if first.decimals else "#,##0"
        labels = [
            label
            if any(values[n] is not None for values in series.values())
            else _("{name} (no figure)").format(name=label)
            for n, (_unit, _period, label) in enumerate(columns)
        ]
        data = ChartData(kind=kind, categories=labels, series=series, number_format=decimals + "%" * first.share)
        self.charts.append(WantedChart(data, f"{'、'.join(series)}（{unit_of(first)}）"))
        return CHART.format(len(self.charts) - 1)


def order_of(value: float | None) -> float:
    """What has no figure comes last."""
    return -float("inf") if value is None or pd.isna(value) else float(value)


def known_or_none(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def value_to_rely_on(row: Mapping[str, Any]) -> float | None:
    """The figure of a row, unless too few have reported."""
    return None if row.get("below_threshold") else known_or_none(row["value"])


def printed_number(value: float | None, indicator: Indicator) -> str:
    """As on the pages; but a whole is 100%, as reports write it."""
    return "100%" if indicator.share and value == 1 else format_number(value, indicator)


def whole_number(value: float | None) -> str:
    """A numerator or denominator: 18, 384,000, 12.5."""
    return NO_FIGURE if value is None or pd.isna(value) else fixed(value, 4).rstrip("0").rstrip(".")


OF_A_PLACE = ("name", "figure", "count", "total", "change", "known", "response")
OF_THE_WHOLE = ("whole", "above_county", "parts", "parts_word", "townships_word", "best", "worst", "lacking")


class Place:
    """What a template may say of one unit."""

    def __init__(self, words: Words, unit: OrgUnit) -> None:
        self._words, self._unit = words, unit
        self.name = unit.name

    def _period(self, which: str) -> Period:
        now = self._words.period
        named: dict[str, Callable[[], Period]] = {"previous": now.previous, "last_year": now.last_year}
        return now if which == "now" else named[which]() if which in named else Period.of(which)

    def _printed(self, indicator: str, period: str = "now") -> Printed:
        code = self._words.indicator(indicator)[1].code
        return self._words.printed(code, self._unit, self._period(period))

    def _linked(self, text: str, figure: Printed) -> str:
        return self._words.linked(text, Link(figure.address, figure))

    def _number(self, text: str, figure: Printed) -> str:
        """A number of a figure, marked where too few have reported."""
        doubt = why_struck(figure.row)
        return self._words.linked(text + DOUBTED * bool(doubt), Link(figure.address, figure, doubt))

    def figure(self, indicator: str, period: str = "now") -> str:
        """Its value: 9.9%, 18; — where there is none."""
        found = self._printed(indicator, period)
        return self._number(printed_number(found.row["value"], found.indicator), found)

    def count(self, indicator: str, period: str = "now") -> str:
        """What a share is a share with: its numerator."""
        found = self._printed(indicator, period)
        return self._number(whole_number(found.row["numerator"]), found)

    def total(self, indicator: str, period: str = "now") -> str:
        """What a share is a share of: its denominator."""
        found = self._printed(indicator, period)
        return self._number(whole_number(found.row["denominator"]), found)

    def known(self, indicator: str, period: str = "now") -> bool:
        """Whether there is such a figure."""
        code = self._words.indicator(indicator)[1].code
        return known_or_none(self._words.row(code, self._unit, self._period(period))["value"]) is not None

    def change(self, indicator: str, since: str = "previous") -> str:
        """较上季度提高1.1个百分点, 与上季度持平; the comparison in words, whatever it is."""
        now, then = self._printed(indicator), self._printed(indicator, since)
        value, before = known_or_none(now.row["value"]), known_or_none(then.row["value"])
        what = {"then": self._then(since, then.period)}
        if value is None:
            return NO_FIGURE
        if before is None:
            return self._linked(_("no figure of {then} to compare with").format(**what), then)
        for figure in (now, then):
            if why := why_struck(figure.row):
                return self._linked(_("not compared with {then} ({why})").format(why=why, **what), figure)
        share, difference = now.indicator.share, value - before
        amount = fixed(abs(difference) * (100 if share else 1), now.indicator.decimals)
        if not amount.strip("0.,"):
            words = _("the same as {then}")
        elif share:
            words = _("{n} percentage points up on {then}") if difference > 0 else _(
                "{n} percentage points down on {then}"
            )  # fmt: skip
        else:
            words = _("{n} {unit} more than {then}") if difference > 0 else _("{n} {unit} fewer than {then}")
        text = words.format(n=amount, unit=counted("", unit_of(now.indicator)).strip(), **what)
        if not share and before > 0 and difference:
            by = _(", up {n}%") if difference > 0 else _(", down {n}%")
            text += by.format(n=fixed(abs(difference) / before * 100, 1))
        if now.row["missing"] != then.row["missing"]:
            text += _(" (not the same units have reported)")
        return self._linked(text, then)

    def _then(self, since: str, period: Period) -> str:
        names = {"month": _("the month before"), "quarter": _("the quarter before"),
                 "half_year": _("the half-year before"), "year": _("the year before")}  # fmt: skip
        if since == "previous" or (since == "last_year" and period.frequency == "year"):
            return names[period.frequency]
        return _("the same time last year") if since == "last_year" else period.label(language())

    def response(self, form: str) -> str:
        """应报12个单位，已报12个，上报率100%; who has not is named."""
        words = self._words
        if form not in words.store.forms:
            raise UnknownForm(_("no form “{name}”; known: {known}").format(
                name=form, known="、".join(f"{f.code}（{f.title.get(language())}）" for f in words.store.forms.values())
            ))  # fmt: skip
        frame = words.response(form, self._unit.code)
        if frame.empty:
            return _("none owed")
        in_force = (frame["status"] == "accepted").groupby(frame["unit"]).all()
        rate = percent(in_force.mean()).replace(".0%", "%")
        text = _("{n_expected} owed, {n_reporting} in, {rate}").format(
            n_expected=len(in_force), n_reporting=int(in_force.sum()), rate=rate
        )
        linked = words.linked(text, Link(address_of_returns(self._unit.code, words.period.code)))
        lacking = in_force.index[~in_force].tolist()
        linked += self._how(form, lacking)
        missing = [words.store.units.get(code).name for code in lacking]
        if not missing or len(missing) == len(in_force):
            return linked
        if len(missing) > NAMED:
            return linked + _("; not in: {names} and others, {n} in all").format(
                names="、".join(missing[:NAMED]), n=len(missing)
            )
        return linked + _("; not in: {names}").format(names="、".join(missing))

    def _how(self, form: str, lacking: Sequence[str]) -> str:
        """How many of those that lack were carried forward, and in which boundaries units count, if asked for."""
        words = self._words
        rows = [words.row(one.code, self._unit, words.period) for one in words.store.forms[form].indicators]
        carried = {code for row in rows for code in row["carried"]} & {*lacking}
        told = [_(", {n} carried forward").format(n=len(carried))] * words.carry
        return "".join([*told, *([_(", in present boundaries")] * words.present)])

    # ---- of the whole only

    @property
    def whole(self) -> str:
        """全市, 全省, 全旗: as such a unit speaks of itself."""
        if self._unit.level == COUNTRY:
            return "全国"
        return next((WHOLE[end] for end in sorted(WHOLE, key=len, reverse=True) if self.name.endswith(end)), "全单位")

    @property
    def above_county(self) -> bool:
        return self._unit.level < COUNTY

    @property
    def parts(self) -> list["Place"]:
        return [Place(self._words, part) for part in self._words.parts]

    @property
    def parts_word(self) -> str:
        """旗县区: the kinds of its parts in one word."""
        if self._unit.level == COUNTRY:
            return "省（区、市）"
        if not self.above_county:
            return self.townships_word
        ends = PREFECTURE_WORDS if self._unit.level == PROVINCE else COUNTY_WORDS
        held = {next((end for end in ends if part.name.endswith(end)), "") for part in self._words.parts}
        return "".join(end for end in ends if end in held) or "单位"

    @property
    def townships_word(self) -> str:
        """苏木乡镇（街道）: the kinds of township there are below it."""
        names = [
            unit.name for unit in self._words.store.units.under(self._unit.code, TOWNSHIP, on=self._words.period.end)
        ]
        words = TOWNSHIP_WORDS[self._unit.level == COUNTRY :]  # 苏木 are of one region alone
        held = {word for word in words if any(name.endswith(word) for name in names)}
        plain = "".join(word for word in TOWNSHIP_WORDS[:-1] if word in held)
        return (f"{plain}（街道）" if plain else "街道") if "街道" in held else plain or "乡镇（街道）"

    def _ranked(self, indicator: str, worst: bool) -> list[tuple[OrgUnit, float]]:
        declared = self._words.indicator(indicator)[1]
        values = [(part, value_to_rely_on(self._words.row(declared.code, part, self._words.period)))
                  for part in self._words.parts]  # fmt: skip
        known = [(part, value) for part, value in values if value is not None]
        falling = (declared.better != "lower") != worst
        return sorted(known, key=lambda pair: -pair[1] if falling else pair[1])

    def best(self, indicator: str, n: int = 3) -> str:
        """红山区（27.3%）、…: the parts that stand best."""
        return self._named(indicator, self._ranked(indicator, worst=False)[:n])

    def worst(self, indicator: str, n: int = 3) -> str:
        return self._named(indicator, self._ranked(indicator, worst=True)[:n])

    def lacking(self, indicator: str) -> str:
        """The parts whose numerator is zero; nothing when there are none."""
        code = self._words.indicator(indicator)[1].code
        rows = ((part, self._words.row(code, part, self._words.period)) for part in self._words.parts)
        return "、".join(
            self._words.linked(part.name, Link(figure.address))
            for part, row in rows
            if row["numerator"] == 0 and value_to_rely_on(row) is not None
            for figure in [self._words.printed(code, part, self._words.period)]
        )

    def _named(self, indicator: str, ranked: Sequence[tuple[OrgUnit, float]]) -> str:
        named = [f"{part.name}（{Place(self._words, part).figure(indicator)}）" for part, _value in ranked]
        return "、".join(named) or NO_FIGURE
