"""The pieces of a theme's page, made from its form: figures with their response, table.

A page asks once (`ask_theme`) and then shows the pieces it wants; nothing here names a form. The charts are in
theme_charts.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import streamlit as st

from huizong import chart_ui, figure_words, indicators, ui
from huizong.charts import Caption
from huizong.forms import Form, Indicator
from huizong.org_units import COUNTY, DEPARTMENT
from huizong.periods import Period
from huizong.texts import _, language

HISTORY = 12  # periods of a trend
CARDS = 4  # figures in a row
OWN = "own"  # stands for the code of what belongs to the region itself and to none of its parts


@dataclass(frozen=True)
class Theme:
    """One form seen from one view. figures: one row per indicator × period, of the trend and of a year ago."""

    view: ui.View
    form: Form
    figures: pd.DataFrame

    @cached_property
    def by_period(self) -> dict[tuple[str, str], dict[str, Any]]:
        return {(row["indicator"], row["period"]): row for row in self.figures.to_dict("records")}

    def row(self, indicator: Indicator, period: Period) -> dict[str, Any]:
        return self.by_period[indicator.code, period.code]

    def now(self, indicator: Indicator) -> dict[str, Any]:
        return self.row(indicator, self.view.period)

    @cached_property
    def compared(self) -> dict[str, dict[str, Any]]:
        """indicator → its row of indicators.compared."""
        frame = indicators.compared(self.figures, self.view.period, self.view.store.forms)
        return {row["indicator"]: row for row in frame.to_dict("records")}

    @cached_property
    def parts(self) -> pd.DataFrame:
        """One row per indicator × part of the region × period: this one, the one before and that of a year before."""
        return self.parts_in(self.form.indicators, indicators.compared_periods(self.view.period))

    def parts_in(self, shown: Sequence[Indicator], periods: Sequence[Period]) -> pd.DataFrame:
        """One row per indicator × part of the region × period."""
        codes = [indicator.code for indicator in shown]
        frame = self.view.ask(indicators.figures_by_child, codes, self.view.unit.code, periods)
        own = frame["unit"] == self.view.unit.code
        frame = figure_words.for_the_whole_only(frame, own, self.view.store.forms)
        return frame.assign(name=frame["name"].mask(own, _("Own office")), unit=frame["unit"].mask(own, OWN))

    @cached_property
    def children(self) -> pd.DataFrame:
        """One row per indicator × part of the region, of this period."""
        frame = self.parts[self.parts["period"] == self.view.period.code]
        own = frame["unit"] == OWN
        return frame if frame.loc[own, "value"].notna().any() and not own.all() else frame[~own]

    @cached_property
    def ranked(self) -> pd.DataFrame:
        """One row per indicator × part of the region, as indicators.ranked has them."""
        frame = indicators.ranked(self.parts, self.figures, OWN, self.view.period, self.view.store.forms)
        return frame if (self.children["unit"] == OWN).any() else frame[frame["unit"] != OWN]

    @property
    def reported(self) -> bool:
        rows = [self.now(indicator) for indicator in self.form.indicators]
        return any(row["n_reporting"] or pd.notna(row["value"]) for row in rows)

    def caption(self, what: str, indicator: Indicator | None = None, when: str | None = None) -> Caption:
        """Of this region; of this period unless said; with the response of the indicator, by default the first."""
        row = self.now(indicator or self.form.indicators[0])
        of = (row["n_reporting"], row["n_expected"])
        return Caption(what, ui.unit_name(self.view.unit), when or self.view.when, of)


def label(indicator: Indicator) -> str:
    return indicator.label.get(language())


def ask_theme(view: ui.View, code: str, *, headline: bool = False) -> Theme:
    """headline: only the indicators of the overview."""
    return view.keep(("theme", code, headline), lambda: _theme(view, view.store.forms[code], headline))


def _theme(view: ui.View, form: Form, headline: bool) -> Theme:
    if headline:
        form = form.model_copy(update={"indicators": [i for i in form.indicators if i.headline]})
    periods = {*history(view.period), view.period.previous(), view.period.last_year()}
    codes = [indicator.code for indicator in form.indicators]
    return Theme(view, form, view.ask(indicators.figures, codes, view.unit.code, sorted(periods)))


def span(first: Period, last: Period) -> str:
    return _("{first} to {last}").format(first=first.label(language()), last=last.label(language()))


def history(period: Period) -> list[Period]:
    """The periods of a trend, oldest first."""
    found = [period]
    while len(found) < HISTORY:
        found.append(found[-1].previous())
    return found[::-1]


# ---- figures with their response -------------------------------------------------------------------------------------


def head(theme: Theme) -> None:
    """The title, and what to do when nothing has been reported."""
    view = theme.view
    st.title(f"{theme.form.icon} {theme.form.theme.get(language())}")
    st.caption(f"{ui.unit_name(view.unit)} · {view.when} · {theme.form.title.get(language())}")
    if not theme.reported:
        with st.container(key="nothing-reported"):
            ui.empty(
                _("{unit} has no accepted return “{form}” for {period}.").format(
                    unit=ui.unit_name(view.unit), form=ui.form_title(theme.form.code), period=view.when
                )
                + " "
                + _("Choose another region or period above, or issue the blank and upload what comes back."),
                page="pages/upload.py",
                label=_("To the upload and the blanks"),
            )
            offer_latest(theme)
            offer_departments(theme)


def offer_departments(theme: Theme) -> None:
    """The way to the departments of a county, which report for themselves."""
    departments = theme.view.store.units.under(theme.view.unit.code, DEPARTMENT)
    if theme.view.unit.level == COUNTY and departments:
        st.caption(_("A department's return counts for the department alone:"))
        for unit in departments:
            st.button(unit.name, key=f"department {unit.code}", on_click=ui.choose, kwargs={"unit": unit.code})


def offer_latest(theme: Theme) -> None:
    """A way to the newest period before this one that has figures."""
    reported = theme.figures.loc[theme.figures["n_reporting"] > 0, "period"].map(Period.of)
    if len(reported):
        latest = max(reported)
        st.button(
            _("Show {period}").format(period=latest.label(language())),
            type="primary",
            on_click=ui.choose,
            kwargs={"period": latest.code},
        )


def figures(theme: Theme) -> None:
    """A card for each indicator: value, change on the last period and on last year, its course, its response."""
    for start in range(0, len(theme.form.indicators), CARDS):
        cards(theme, theme.form.indicators[start : start + CARDS], CARDS)
    ui.link("pages/targets.py", _("Enter targets"), icon="🎯", targets_of=theme.form.code)


def cards(theme: Theme, shown: Sequence[Indicator], in_a_row: int) -> None:
    for column, indicator in zip(st.columns(in_a_row), shown, strict=False):
        with column:
            card(theme, indicator)


def card(theme: Theme, indicator: Indicator) -> None:
    view = theme.view
    row = theme.compared[indicator.code]
    course = [theme.row(indicator, period) for period in history(view.period)]
    known = [row["value"] for row in course if pd.notna(row["value"]) and not row["below_threshold"]]
    yearly_only = view.period.previous() == view.period.last_year()
    against = _("on last year") if yearly_only else _("on last period")
    change, yearly = (figure_words.format_comparison(row, since, indicator) for since in indicators.SINCE)
    comparable, arrow = change != figure_words.NO_FIGURE, {"+": "up", "−": "down"}.get(change[0], "off")
    good = {"higher": "up", "lower": "down"}.get(indicator.better)
    with st.container(border=True, height="stretch", key=f"figure-{indicator.code}"):
        st.metric(
            label(indicator),
            figure_words.format_figure(row, indicator),
            change if comparable else None,
            delta_color=("green" if arrow == good else "red") if good and arrow != "off" else "off",
            delta_arrow=arrow,
            delta_description=against if comparable else None,
            chart_data=known if len(known) > 1 else None,
            help=f"{indicator.definition.get(language())}\n\n{indicator.why.get(language())}",
        )
        ui.link("pages/lineage.py", _("Trace this figure"), indicator=indicator.code)  # lies over the value: style.css
        struck = row["below_threshold"]  # the line of the response says why
        notes = [figure_words.why(row, indicator)] if row["n_expected"] and not struck else []
        if yearly != figure_words.NO_FIGURE and not yearly_only:
            notes.append(_("on last year {change}").format(change=yearly))
        notes += [figure_words.other_reporters(row, "previous")]
        notes = [note for note in notes if note]
        st.caption("  \n".join([" · ".join(notes), response(row)] if notes else [response(row)]))


def response(row: Mapping[str, Any]) -> str:
    """Reported 11/12, missing: 林西县, whether its last return stands in. In colour when somebody is missing; for a
    figure that is struck, that these are too few."""
    if not row["n_expected"]:
        return _("No return is due")
    text = figure_words.too_few(row) or _("Reported {n}/{m}").format(n=row["n_reporting"], m=row["n_expected"])
    part, nil = figure_words.part_only(row), figure_words.nil_returns(row)
    if not len(row["missing"]):
        colour = "orange" if part else "gray"
        return f":{colour}[{' · '.join(filter(None, [text, part, nil]))}]"
    in_part = pd.notna(row["value"]) and not row["n_reporting"] and not row["n_carried"]
    missing = _(", in part only: {names}") if in_part else _(", missing: {names}")
    told = [f":orange[**{text}**]" + missing.format(names=figure_words.names_of(row["missing"]))]
    told += filter(None, [part, nil, figure_words.periods_missing(row), figure_words.carried_forward(row)])
    return " · ".join(told)


def source_note(theme: Theme, row: Mapping[str, Any]) -> str:
    """What stands under a chart: whose returns it is made of, and who is missing."""
    return f"{source(theme)}{demonstration(row)} · {response(row)}"


def demonstration(row: Mapping[str, Any]) -> str:
    return _(" (with demonstration data)") if row["n_sample"] else ""


def source(theme: Theme) -> str:
    return _("Source: returns “{form}”, {period}").format(form=ui.form_title(theme.form.code), period=theme.view.when)


# ---- the table beneath -----------------------------------------------------------------------------------------------


def table(theme: Theme) -> None:
    """The same figures to take away: the region first, then its parts."""
    if not theme.reported:
        return
    st.subheader(_("Table"))
    frame = theme.view.keep(("table", theme.form.code), lambda: table_frame(theme))
    chosen = ui.table(
        frame,
        key=f"table of {theme.form.code}",
        title=f"{ui.unit_name(theme.view.unit)}{theme.view.when}{theme.form.theme.get(language())}",
        notes=[source(theme) + demonstration(theme.now(theme.form.indicators[0]))],
        formats={head_with_unit(i): excel_format(i) for i in theme.form.indicators},
        struck=theme.view.keep(("struck", theme.form.code), lambda: struck_frame(theme)),
        on_select="rerun",
        selection_mode="single-cell",
    )
    codes = {head_with_unit(i): i.code for i in theme.form.indicators}
    for row, head in chosen.selection.cells:  # a number opens its terms
        if head in codes and (unit := frame[_("Region code")].iloc[row]):
            chart_ui.open_terms(unit, codes[head], theme.view.period.code)


def table_rows(theme: Theme) -> pd.DataFrame:
    """One row per indicator × region: the whole first, then its parts."""
    whole = theme.figures[theme.figures["period"] == theme.view.period.code]
    return pd.concat([whole.assign(name=ui.unit_name(theme.view.unit)), theme.children])


def struck_frame(theme: Theme) -> pd.DataFrame:
    """Of table_frame, the figures that too few have reported."""
    rows = table_rows(theme)
    below = rows.pivot(index="unit", columns="indicator", values="below_threshold").reindex(rows["unit"].unique())
    return pd.DataFrame({head_with_unit(i): below[i.code].eq(True).tolist() for i in theme.form.indicators})


def remarks(theme: Theme, rows: pd.DataFrame) -> str:
    """Why figures of one region are not to be relied on, nil returns, and whose returns are carried forward."""
    told: dict[str, list[str]] = {}
    for row in rows.to_dict("records"):
        indicator = theme.form.indicator(row["indicator"])
        told_of = (
            figure_words.why_struck,
            figure_words.part_only,
            figure_words.nil_returns,
            figure_words.carried_forward,
        )
        for words in (of(row) for of in told_of):
            if words:
                told.setdefault(words, []).append(label(indicator))
    every = len(theme.form.indicators)
    return _("; ").join(
        words if len(names) == every else _("{names}: {words}").format(names=_(", ").join(names), words=words)
        for words, names in told.items()
    )


def table_frame(theme: Theme) -> pd.DataFrame:
    """One row per region: code, name, each indicator under its printed head, how many have reported, remarks."""
    rows = table_rows(theme)
    regions = rows.drop_duplicates("unit").set_index("unit")
    values = rows.pivot(index="unit", columns="indicator", values="value").reindex(regions.index)
    reported = rows.groupby("unit")[["n_reporting", "n_expected"]].max().reindex(regions.index)
    return pd.DataFrame(
        {
            _("Region code"): [code if code != OWN else "" for code in regions.index],
            _("Region"): regions["name"].tolist(),
        }
        | {head_with_unit(i): whole_numbers(values[i.code], i).tolist() for i in theme.form.indicators}
        | {_("Reported"): reported["n_reporting"].tolist(), _("Due"): reported["n_expected"].tolist()}
        | ({_("Remarks"): told} if any(told := [remarks(theme, rows[rows["unit"] == unit]) for unit in regions.index])
           else {})
    )  # fmt: skip


# ---- rank and contribution -------------------------------------------------------------------------------------------


def rank_table(theme: Theme, indicator: Indicator) -> None:
    """排名与贡献: the parts of the region in their order, how they moved, what each adds to the region's change."""
    rows = theme.ranked[theme.ranked["indicator"] == indicator.code]
    if len(rows) < 2:
        return
    title = _("Rank and contribution: {indicator}").format(indicator=label(indicator))
    st.markdown(f"**{title}**")
    frame = theme.view.keep(("ranks", indicator.code), lambda: rank_frame(theme, rows, indicator))
    if ui.printing():
        st.table(frame, hide_index=True, border="horizontal")
    else:
        st.caption(
            _("A click on a row opens the terms of its figure. Change in {change}, contribution in {unit}.").format(
                change=change_unit(indicator), unit=contribution_unit(indicator)
            )
        )
        chosen = st.dataframe(
            frame.map(lambda text: ui.overlaid(text[2:-2]) if text.startswith("~~") else text),
            key=f"ranks of {indicator.code} in {theme.view.unit.code} {theme.view.period}",
            hide_index=True,
            height="content",
            column_config=short_heads(theme, indicator),
            alt=title,
            on_select="rerun",
            selection_mode="single-cell",
        )
        for row, _column in chosen.selection.cells:
            if (unit := rows["unit"].iloc[row]) != OWN:
                chart_ui.open_terms(unit, indicator.code, theme.view.period.code)
    row = theme.compared[indicator.code]
    told = [
        _("{since} {change}, {n} ranked then").format(
            since=words, change=figure_words.format_comparison(row, since, indicator), n=rows[f"rank_{since}"].count()
        )
        for since, words in since_words(theme.view.period).items()
        if pd.notna(row[f"change_{since}"])
    ]
    words = _("{unit}: {n} ranked; {changes}. The contributions add up to its change; equal figures share a rank.")
    if not told:
        words = _("{unit}: {n} ranked; nothing to compare with. Equal figures share a rank.")
    st.caption(words.format(unit=ui.unit_name(theme.view.unit), n=rows["rank"].count(), changes=_("; ").join(told)))
    ui.downloads(
        theme.view.keep(("ranks as text", indicator.code), lambda: frame.map(plain_text)),
        key=f"ranks of {indicator.code}",
        title=f"{ui.unit_name(theme.view.unit)}{theme.view.when} {title}",
        notes=[source(theme) + demonstration(row)],
        formats={},
    )


def since_words(period: Period) -> dict[figure_words.Since, str]:
    """环比 and 同比; of a year they are one."""
    words: dict[figure_words.Since, str] = {"previous": _("on last period"), "last_year": _("on last year")}
    return {"last_year": words["last_year"]} if period.previous() == period.last_year() else words


def rank_frame(theme: Theme, rows: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    """One row per part, as texts: rank, places gained, region, figure, target, changes, contributions, remarks; without
    the columns that say nothing. Of a share the head names the percentage points, once."""
    since = since_words(theme.view.period)
    points = _("{change} pp").format(change="")
    lines = []
    for row in rows.to_dict("records"):
        line = {_("Rank"): figure_words.NO_FIGURE if pd.isna(row["rank"]) else f"{row['rank']:.0f}"}
        line |= {_("Places gained {since}").format(since=since[one]): moved(row[f"climbed_{one}"]) for one in since}
        figure = figure_words.format_figure(row, indicator, unit=False)
        line |= {_("Region"): row["name"], head_with_unit(indicator): figure}
        line[_("Target")] = figure_words.format_number(row["target"], indicator)
        for one, words in since.items():
            change = figure_words.format_comparison(row, one, indicator).removesuffix(points)
            given = figure_words.format_change(row[f"contribution_{one}"], finer(indicator)).removesuffix(points)
            line[_("Change {since} ({unit})").format(since=words, unit=change_unit(indicator))] = change
            line[_("Contribution {since} ({unit})").format(since=words, unit=contribution_unit(indicator))] = given
        remarks = figure_words.remarks(row, indicator) + [figure_words.other_reporters(row, one) for one in since]
        lines.append(line | {_("Remarks"): _("; ").join(filter(None, remarks))})
    frame = pd.DataFrame(lines)
    return frame.loc[:, ~frame.isin(["", figure_words.NO_FIGURE]).all()]


def change_unit(indicator: Indicator) -> str:
    return contribution_unit(indicator) if indicator.share else "%"


def contribution_unit(indicator: Indicator) -> str:
    return _("{change} pp").format(change="").strip() if indicator.share else figure_words.unit_of(indicator)


def short_heads(theme: Theme, indicator: Indicator) -> dict[str, Any]:
    """The heads of rank_frame without the units, so that the table fits the page; pointed at, they are said in full."""
    heads = {}
    for words in since_words(theme.view.period).values():
        full = _("Change {since} ({unit})").format(since=words, unit=change_unit(indicator))
        heads[full] = _("Change {since}").format(since=words)
        full = _("Contribution {since} ({unit})").format(since=words, unit=contribution_unit(indicator))
        heads[full] = _("Contribution {since}").format(since=words)
    return {full: st.column_config.TextColumn(label, help=full) for full, label in heads.items()}


def finer(indicator: Indicator) -> Indicator:
    """With one decimal more: a part's contribution is small beside the whole's change."""
    return indicator.model_copy(update={"decimals": indicator.decimals + (1 if indicator.share else 0)})


def moved(places: float) -> str:
    """↑2, ↓1, – for none."""
    if pd.isna(places):
        return figure_words.NO_FIGURE
    return f"{'↑' if places > 0 else '↓'}{abs(places):.0f}" if places else "0"


def plain_text(text: str) -> str:
    """A cell of the table without its markup: (9.9%) for one that is struck."""
    return f"({text[2:-2]})" if text.startswith("~~") else text


def whole_numbers(values: pd.Series, indicator: Indicator) -> pd.Series:
    """Counts as whole numbers, so that a CSV says 132 and not 132.0."""
    counts = not indicator.share and not indicator.decimals and (values.dropna() % 1 == 0).all()
    return values.astype("Int64") if counts else values


def head_with_unit(indicator: Indicator) -> str:
    return label(indicator) if indicator.share else f"{label(indicator)} ({indicator.unit.get(language())})"


def excel_format(indicator: Indicator) -> str:
    decimals = f".{'0' * indicator.decimals}" if indicator.decimals else ""
    return f"0{decimals}%" if indicator.share else f"#,##0{decimals}"
