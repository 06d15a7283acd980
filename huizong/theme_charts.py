"""The charts of a theme's page, made from its form: one indicator in the view that is chosen, what the whole is made
of, all indicators at a glance, flows.

Each section runs alone when something in it is chosen, and only what is chosen is asked for and drawn. What is chosen
stands in the address.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from huizong import chart_ui, charts, figure_words, indicators, region_charts, ui
from huizong.definitions import part_labels
from huizong.forms import Composition, Indicator
from huizong.org_units import register
from huizong.outlines import BadOutlines, outlines
from huizong.periods import Period, period_on
from huizong.texts import N_, _, language
from huizong.themes import (
    OWN,
    Theme,
    excel_format,
    head_with_unit,
    history,
    label,
    rank_table,
    source_note,
    span,
    table_frame,
    whole_numbers,
)

VIEWS = {
    "rank": N_("Ranking and trend"),
    "time": N_("Heat map"),
    "small": N_("Small charts"),
    "then": N_("Two periods"),
    "target": N_("Targets"),
    "map": N_("Map"),
}
SINCE = {"previous": N_("On last period"), "last_year": N_("On last year")}
COMPOSITION_VIEWS = {"parts": N_("By region"), "time": N_("Over time"), "areas": N_("Areas")}


# ---- one indicator ---------------------------------------------------------------------------------------------------


@chart_ui.fragment
def explore(theme: Theme) -> None:
    """One indicator chosen: how the parts of the region stand, and how the whole came here."""
    if not theme.reported:
        return
    st.subheader(_("Compare and follow"))
    indicator = choose_indicator(theme)
    if theme.children.empty:
        trend(theme, indicator)
        return
    rows = theme.ranked[theme.ranked["indicator"] == indicator.code]
    offered = {code: _(words) for code, words in VIEWS.items() if code != "target" or rows["target"].notna().any()}
    with st.container(horizontal=True):
        view = choose("view", _("View"), offered)
        then = choose_then(theme) if view == "then" else None
    match view:
        case "time":
            heat_map_over_time(theme, indicator)
        case "small":
            small_multiples(theme, indicator)
        case "then":
            two_periods(theme, indicator, then)
        case "target":
            targets(theme, indicator, rows)
        case "map":
            on_a_map(theme, indicator, rows)
        case _:
            left, right = st.columns(2)
            with left:
                ranking(theme, indicator, rows)
            with right:
                trend(theme, indicator)
            rank_table(theme, indicator)


def choose_indicator(theme: Theme) -> Indicator:
    names = {indicator.code: label(indicator) for indicator in theme.form.indicators}
    key = f"indicator of {theme.form.code}"
    if key not in st.session_state and (linked := ui.recall("indicator")) in names:
        st.session_state[key] = linked
    code = st.pills(
        _("Indicator"),
        list(names),
        default=next((i.code for i in theme.form.indicators if i.headline), next(iter(names))),
        format_func=names.get,
        key=key,
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )
    ui.choose(indicator=code)
    ui.show_in_url("indicator", code)
    return theme.form.indicator(code)


def choose(name: str, words: str, offered: Mapping[str, str]) -> str:
    """One of a few, the first unless the address or an earlier choice says another; the address then says it."""
    asked = ui.recall(name)
    first = next(iter(offered))
    chosen = st.segmented_control(
        words,
        list(offered),
        default=asked if asked in offered else first,
        format_func=offered.get,
        key=f"choice of {name} among {' '.join(offered)}",
        label_visibility="collapsed",
        required=True,
    )
    ui.choose(**{name: chosen})
    ui.show_in_url(name, None if chosen == first else chosen)
    return chosen


def ranking(theme: Theme, indicator: Indicator, rows: pd.DataFrame) -> None:
    now = theme.now(indicator)
    known = rows.loc[~rows["below_threshold"], "value"].dropna()
    average = now["value"] if indicator.denominator else known.mean()
    caption = theme.caption(_("Ranking: {indicator}").format(indicator=label(indicator)), indicator)
    draw(
        theme,
        indicator,
        "ranking",
        caption,
        lambda: charts.ranking(rows, indicator, caption, average=average if len(known) > 1 else None),
        rows,
        click="drill",
        hint=_("click a bar to go there"),
    )


def trend(theme: Theme, indicator: Indicator) -> None:
    periods = history(theme.view.period)
    rows = pd.DataFrame([theme.row(indicator, period) for period in periods])
    known = rows.index[rows["value"].notna()]
    rows = rows.loc[min(known, default=len(rows) - 1) :]
    first, last = Period.of(rows["period"].iloc[0]), theme.view.period
    when = theme.view.when if first == last else span(first, last)
    caption = theme.caption(_("Trend: {indicator}").format(indicator=label(indicator)), indicator, when)
    target = theme.now(indicator)["target"]
    draw(
        theme,
        indicator,
        "trend",
        caption,
        lambda: charts.trend(
            rows, indicator, caption, breaks=breaks(theme, first), target=None if pd.isna(target) else target
        ),
        rows,
        _("a hollow point: not everybody had reported; a gap: no figure"),
        click="trace",
        hint=_("click a point for its terms"),
    )


def breaks(theme: Theme, first: Period) -> dict[str, str]:
    """Period → the boundary changes inside the region in it; a series across one is not of the same territory."""
    found: dict[str, list[str]] = {}
    for day, chinese, english in register().changes(theme.view.unit.code, first.start, theme.view.period.end):
        period = period_on(day, theme.view.period.frequency).code
        found.setdefault(period, []).append(chinese if language().startswith("zh") else english)
    return {period: "<br>".join(texts) for period, texts in found.items()}


def heat_map_over_time(theme: Theme, indicator: Indicator) -> None:
    periods, rows = course_of_parts(theme, indicator)
    caption = theme.caption(
        _("Parts of the region by period: {indicator}").format(indicator=label(indicator)),
        indicator,
        span(periods[0], periods[-1]),
    )
    draw(
        theme,
        indicator,
        "heat map over time",
        caption,
        lambda: charts.heat_map_over_time(rows, indicator, caption),
        rows,
        _("blue stands well among all of them, orange badly"),
        click="trace",
        hint=_("click a figure for its terms"),
    )


def course_of_parts(theme: Theme, indicator: Indicator) -> tuple[list[Period], pd.DataFrame]:
    """The periods of the trend from the first with a figure, and one row per part × period, in the register's order."""
    periods = history(theme.view.period)
    rows = theme.parts_in([indicator], periods)
    rows = rows[(rows["unit"] != OWN) | rows.loc[rows["unit"] == OWN, "value"].notna().any()]
    known = set(rows.loc[rows["value"].notna(), "period"])
    periods = periods[next((n for n, p in enumerate(periods) if p.code in known), -1) :]
    return periods, rows[rows["period"].isin([p.code for p in periods])].sort_values("unit", kind="stable")


def small_multiples(theme: Theme, indicator: Indicator) -> None:
    periods, rows = course_of_parts(theme, indicator)
    comparable = indicator.denominator is not None  # with the whole; a sum is not
    whole = [theme.row(indicator, period)["value"] for period in periods] if comparable else None
    caption = theme.caption(
        _("Each part of the region: {indicator}").format(indicator=label(indicator)),
        indicator,
        span(periods[0], periods[-1]),
    )
    words = [_("one scale for all")]
    words += [_("grey: {unit} as a whole").format(unit=ui.unit_name(theme.view.unit))] if comparable else []
    draw(
        theme,
        indicator,
        "small multiples",
        caption,
        lambda: region_charts.small_multiples(rows, whole, indicator, periods, caption),
        rows,
        _("; ").join(words),
        click="drill",
        hint=_("click a name to go there"),
    )


def choose_then(theme: Theme) -> Period:
    """The period to compare with: the one before or that of a year before."""
    before = {name: then(theme.view.period) for name, then in indicators.SINCE.items()}
    if before["previous"] == before["last_year"]:
        return before["previous"]
    return before[choose("since", _("Compared with"), {code: _(words) for code, words in SINCE.items()})]


def two_periods(theme: Theme, indicator: Indicator, then: Period) -> None:
    now = theme.view.period
    rows = theme.parts[(theme.parts["indicator"] == indicator.code) & theme.parts["period"].isin([then.code, now.code])]
    caption = theme.caption(
        _("From period to period: {indicator}").format(indicator=label(indicator)), indicator, span(then, now)
    )
    words = "" if indicator.better == "neither" else _("blue: for the better, orange: for the worse, grey: unchanged")
    draw(
        theme,
        indicator,
        f"slope {then}",
        caption,
        lambda: region_charts.slope(rows, indicator, (then, now), caption),
        rows,
        words,
        click="trace",
        hint=_("click a figure for its terms"),
    )


def targets(theme: Theme, indicator: Indicator, rows: pd.DataFrame) -> None:
    caption = theme.caption(_("Against the target: {indicator}").format(indicator=label(indicator)), indicator)
    draw(
        theme,
        indicator,
        "targets",
        caption,
        lambda: region_charts.targets(rows, indicator, caption),
        rows,
        _("figure / target; blue: reached, orange: not reached"),
        click="drill",
        hint=_("click a point to go there"),
    )


def on_a_map(theme: Theme, indicator: Indicator, rows: pd.DataFrame) -> None:
    """The map, if the administrator has supplied outlines of these units; else the ranking and how to supply them."""
    try:
        known = outlines()
        shown = known.among(rows["unit"].tolist()) if known else None
    except BadOutlines as trouble:
        st.warning("🗺️ " + str(trouble))
        shown = None
    else:
        if known is None:
            words = _(
                "There is no map yet: the administrator puts a GeoJSON with 6-digit codes at {path}, or names it in "
                "{name}."
            )
            st.caption("🗺️ " + words.format(path="data/map.geojson", name="HUIZONG_MAP"))
        elif not shown.rings:
            st.caption("🗺️ " + _("The map's file has no outlines of these units."))
    if shown is None or not shown.rings:
        ranking(theme, indicator, rows)
        return
    caption = theme.caption(_("Map: {indicator}").format(indicator=label(indicator)), indicator)
    draw(
        theme,
        indicator,
        "map",
        caption,
        lambda: region_charts.outline_map(rows, shown, indicator, caption),
        rows,
        _("shaded by fifths, the highest darkest"),
        click="drill",
        hint=_("click a name to go there"),
    )


def draw(
    theme: Theme,
    indicator: Indicator,
    name: str,
    caption: charts.Caption,
    make: Callable[[], Any],
    rows: pd.DataFrame,
    reading: str = "",
    *,
    click: str,
    hint: str,
) -> None:
    """A chart of one indicator, with its source, how to read it, what a click does, and its rows as a table."""
    chart_ui.draw(
        theme.view,
        f"{name} {indicator.code}",
        caption,
        make,
        click=click,
        note=" · ".join(filter(None, [source_note(theme, theme.now(indicator)), reading])),
        hint=hint,
        table=lambda: figures_table(rows, indicator),
        formats={head_with_unit(indicator): excel_format(indicator)},
    )


def figures_table(rows: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    """What a chart shows: one row per region × period, with the terms, how many have reported, and why a figure is not
    to be relied on."""
    remarks = [_("; ").join(figure_words.remarks(row, indicator)) for row in rows.to_dict("records")]
    ratio = indicator.denominator is not None
    terms = {_("Numerator"): rows["numerator"], _("Denominator"): rows["denominator"]} if ratio else {}
    return pd.DataFrame(
        {
            _("Region"): rows["name"],
            _("Period"): rows["period"].map(ui.period_label),
            head_with_unit(indicator): whole_numbers(rows["value"], indicator),
        }
        | terms
        | {_("Reported"): rows["n_reporting"], _("Due"): rows["n_expected"]}
        | ({_("Remarks"): remarks} if any(remarks) else {})
    )


# ---- what the whole is made of ---------------------------------------------------------------------------------------


@chart_ui.fragment
def compositions(theme: Theme) -> None:
    """What the whole is made of, for the region and each of its parts, over time, or as areas."""
    if not theme.reported or not theme.form.compositions:
        return
    st.subheader(_("Composition"))
    whole = composition_rows(theme, [theme.view.period])
    names = {c.code: c.label.get(language()) for c in theme.form.compositions if (whole["composition"] == c.code).any()}
    if not names:
        st.caption(_("no data"))
        return
    with st.container(horizontal=True):
        code = choose("composition", _("Composition"), names)
        offered = dict(COMPOSITION_VIEWS)
        if not theme.children["unit"].nunique() > 1:
            del offered["areas"]
        shown = choose("shown", _("View"), {code: _(words) for code, words in offered.items()})
    composition = next(c for c in theme.form.compositions if c.code == code)
    draw_composition(theme, composition, shown)


def draw_composition(theme: Theme, composition: Composition, shown: str) -> None:
    view = theme.view
    name, unit = composition.label.get(language()), composition.unit.get(language())
    labels, colours = part_labels(theme.form, composition), charts.part_colours(view.store.forms)
    caption = theme.caption(name)

    def rows() -> tuple[pd.DataFrame, dict[str, str]]:
        frame, regions = over_periods(theme) if shown == "time" else by_region(theme)
        return frame[frame["composition"] == composition.code], regions

    def make() -> Any:
        frame, regions = rows()
        if shown == "areas":
            regions = {unit: name for unit, name in regions.items() if unit != view.unit.code}
            return region_charts.treemap(
                frame[frame["unit"] != view.unit.code], regions, labels, colours, caption, unit
            )
        return charts.composition(frame, regions, labels, colours, caption, unit)

    def table() -> pd.DataFrame:
        frame, regions = rows()
        wide = frame.pivot(index="unit", columns="part", values="value").reindex(list(regions))
        head = _("Period") if shown == "time" else _("Region")
        values = {words: whole_counts(wide[part]).tolist() for part, words in labels.items() if part in wide.columns}
        return pd.DataFrame({head: list(regions.values())} | values)

    chart_ui.draw(
        view,
        f"composition {composition.code} {shown}",
        caption,
        make,
        click="drill" if shown == "parts" else None,
        note=source_note(theme, theme.now(theme.form.indicators[0])),
        table=table,
    )


def whole_counts(values: pd.Series) -> pd.Series:
    return values.astype("Int64") if (values.dropna() % 1 == 0).all() else values


def composition_rows(theme: Theme, periods: list[Period], *, by_child: bool = False) -> pd.DataFrame:
    view = theme.view
    return view.ask(indicators.composition, theme.form.code, view.unit.code, periods, by_child=by_child)


def by_region(theme: Theme) -> tuple[pd.DataFrame, dict[str, str]]:
    """One row per composition × region × part, and the regions: the whole on top, then its parts."""
    view = theme.view
    frame, parts = (composition_rows(theme, [view.period], by_child=by_child) for by_child in (False, True))
    regions = {view.unit.code: ui.unit_name(view.unit)}
    if parts["unit"].nunique() > 1:
        parts = parts.assign(unit=parts["unit"].mask(parts["unit"] == view.unit.code, OWN))
        frame = pd.concat([frame, parts])
        regions |= dict(zip(theme.children["unit"], theme.children["name"], strict=True))
        regions |= {OWN: _("Own office")} if (parts["unit"] == OWN).any() else {}
    return frame, regions


def over_periods(theme: Theme) -> tuple[pd.DataFrame, dict[str, str]]:
    """One row per composition × period × part of the whole, the period in the place of the unit; and the periods."""
    frame = composition_rows(theme, history(theme.view.period))
    known = set(frame["period"])
    periods = {p.code: p.label(language()) for p in history(theme.view.period) if p.code in known}
    return frame.assign(unit=frame["period"]), periods


# ---- all at a glance -------------------------------------------------------------------------------------------------


@chart_ui.fragment
def heat_map(theme: Theme) -> None:
    """Every part of the region by every indicator at a glance."""
    rows = theme.children
    if not theme.reported or rows["unit"].nunique() < 2:
        return
    st.subheader(_("All at a glance"))
    caption = theme.caption(_("Parts of the region by indicator"))
    chart_ui.draw(
        theme.view,
        f"heat map {theme.form.code}",
        caption,
        lambda: charts.heat_map(rows, theme.form.indicators, caption),
        click="trace",
        note=source_note(theme, theme.now(theme.form.indicators[0]))
        + " · "
        + _("blue stands well within its column, orange badly, grey neither way"),
        hint=_("click a figure for its terms"),
        table=lambda: table_frame(theme),
        formats={head_with_unit(i): excel_format(i) for i in theme.form.indicators},
    )


@chart_ui.fragment
def flows(theme: Theme) -> None:
    """Who is joined to whom; beyond the largest, the rest as a list."""
    if not theme.reported or not theme.form.flow:
        return
    flow, view = theme.form.flow, theme.view
    frame = view.ask(indicators.flows, theme.form.code, view.unit.code, view.period)
    if frame.empty:
        return
    st.subheader(flow.label.get(language()))
    n = min(len(frame), charts.MOST_FLOWS)
    words = _("The {n} largest of {m}: {what}")
    caption = theme.caption(words.format(n=n, m=len(frame), what=flow.label.get(language())))
    weight = flow.weight_label.get(language())
    names = {
        "source": theme.form.by_code[flow.source].label.get(language()),
        "target": theme.form.by_code[flow.target].label.get(language()),
        "weight": weight,
    }
    chart_ui.draw(
        view,
        f"flows of {theme.form.code}",
        caption,
        lambda: charts.flows(frame, caption, weight),
        note=source_note(theme, theme.now(theme.form.indicators[0])),
        table=lambda: frame[list(names)].rename(columns=names),
    )
    if len(frame) > n:
        rest = st.expander(
            _("The other {n}").format(n=len(frame) - n), on_change="rerun", key=f"rest of {theme.form.code}"
        )
        if rest.open:
            with rest:
                st.dataframe(frame[list(names)].iloc[n:].rename(columns=names), hide_index=True)
