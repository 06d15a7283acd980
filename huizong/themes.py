"""The pieces of a theme's page, made from its form: figures, ranking, trend, composition, heat map, flows, table.

A page asks once (`ask_theme`) and then shows the pieces it wants; nothing here names a form.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import streamlit as st

from huizong import charts, decisions, indicators, ui
from huizong.charts import Caption
from huizong.forms import Composition, Form, Indicator
from huizong.org_units import register
from huizong.periods import MONTHS_IN, Period, period_on
from huizong.texts import _, language

HISTORY = 12  # periods of a trend
NAMED = 4  # missing units named beside a figure; the others are counted
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
    def children(self) -> pd.DataFrame:
        """One row per indicator × part of the region, of this period."""
        codes = [indicator.code for indicator in self.form.indicators]
        frame = self.view.ask(indicators.figures_by_child, codes, self.view.unit.code, [self.view.period])
        own = frame["unit"] == self.view.unit.code
        frame = frame.assign(name=frame["name"].mask(own, _("Own office")), unit=frame["unit"].mask(own, OWN))
        return frame if frame.loc[own, "value"].notna().any() and not own.all() else frame[~own]

    @property
    def reported(self) -> bool:
        rows = [self.now(indicator) for indicator in self.form.indicators]
        return any(row["n_reporting"] or pd.notna(row["value"]) for row in rows)

    def caption(self, what: str) -> Caption:
        return Caption(what, ui.unit_name(self.view.unit), self.view.when)


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


def cards(theme: Theme, shown: Sequence[Indicator], in_a_row: int) -> None:
    for column, indicator in zip(st.columns(in_a_row), shown, strict=False):
        with column:
            card(theme, indicator)


def card(theme: Theme, indicator: Indicator) -> None:
    view = theme.view
    now = theme.now(indicator)
    before, last_year = (theme.row(indicator, p) for p in (view.period.previous(), view.period.last_year()))
    course = [theme.row(indicator, period)["value"] for period in history(view.period)]
    known = [value for value in course if pd.notna(value)]
    change = now["value"] - before["value"]
    yearly_only = view.period.previous() == view.period.last_year()
    against = _("on last year") if yearly_only else _("on last period")
    moved = pd.notna(change) and charts.format_change(change, indicator)[0] in "+−"
    with st.container(border=True, height="stretch", key=f"figure-{indicator.code}"):
        st.metric(
            label(indicator),
            charts.format_value(now["value"], indicator),
            charts.format_change(change, indicator).replace("−", "-") if pd.notna(change) else None,
            delta_color={"higher": "normal", "lower": "inverse"}.get(indicator.better, "off") if moved else "off",
            delta_arrow="auto" if moved else "off",
            delta_description=against if pd.notna(change) else None,
            chart_data=known if len(known) > 1 else None,
            help=f"{indicator.definition.get(language())}\n\n{indicator.why.get(language())}",
        )
        notes = [reason(indicator, now)] if now["n_expected"] and pd.isna(now["value"]) else []
        if pd.notna(yearly := now["value"] - last_year["value"]) and not yearly_only:
            notes.append(_("on last year {change}").format(change=charts.format_change(yearly, indicator)))
        if pd.notna(change) and before["n_reporting"] != now["n_reporting"]:
            notes.append(_("last period {n}/{m} reported").format(n=before["n_reporting"], m=before["n_expected"]))
        st.caption("  \n".join([" · ".join(notes), response(now)] if notes else [response(now)]))


def reason(indicator: Indicator, row: Mapping[str, Any]) -> str:
    """Why there is no value although it is owed, in the words of a card."""
    if not row["n_reporting"]:
        return _("not reported yet")
    if indicator.denominator and indicator.denominator.target and pd.isna(row["denominator"]):
        return _("no target has been entered")
    return _("cannot be worked out from what was reported")


def response(row: Mapping[str, Any]) -> str:
    """Reported 11/12, missing: 林西县. In colour when somebody is missing."""
    if not row["n_expected"]:
        return _("No return is due")
    text = _("Reported {n}/{m}").format(n=row["n_reporting"], m=row["n_expected"])
    if not len(row["missing"]):
        return f":gray[{text}]"
    missing = _(", missing: {names}") if pd.isna(row["value"]) or row["n_reporting"] else _(", in part only: {names}")
    return f":orange[**{text}**]" + missing.format(names=names_of(row["missing"]))


def names_of(codes: Sequence[str], most: int = NAMED) -> str:
    """林西县、敖汉旗 and 3 more."""
    names = [register().get(code).name for code in codes[:most]]
    listed = _(", ").join(names)
    return listed if len(codes) <= most else _("{names} and {n} more").format(names=listed, n=len(codes) - most)


def source_note(theme: Theme, row: Mapping[str, Any]) -> str:
    """What stands under a chart: whose returns it is made of, and who is missing."""
    return f"{source(theme)}{demonstration(row)} · {response(row)}"


def demonstration(row: Mapping[str, Any]) -> str:
    return _(" (with demonstration data)") if row["n_sample"] else ""


def source(theme: Theme) -> str:
    return _("Source: returns “{form}”, {period}").format(form=ui.form_title(theme.form.code), period=theme.view.when)


# ---- charts ----------------------------------------------------------------------------------------------------------


def explore(theme: Theme) -> None:
    """One indicator chosen: how the parts of the region stand, and how the whole came here."""
    if not theme.reported:
        return
    st.subheader(_("Compare and follow"))
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
    indicator = theme.form.indicator(code)
    if theme.children.empty:
        trend(theme, indicator)
        return
    left, right = st.columns(2)
    with left:
        ranking(theme, indicator)
    with right:
        trend(theme, indicator)


def ranking(theme: Theme, indicator: Indicator) -> None:
    rows = theme.children[theme.children["indicator"] == indicator.code]
    now = theme.now(indicator)
    known = rows["value"].dropna()
    average = now["value"] if indicator.denominator else known.mean()
    caption = theme.caption(_("Ranking: {indicator}").format(indicator=label(indicator)))
    ui.draw(
        theme.view,
        f"ranking {indicator.code}",
        caption,
        lambda: charts.ranking(rows, indicator, caption, average=average if len(known) > 1 else None),
        drill=True,
    )
    st.caption(source_note(theme, now) + " · " + _("click a bar to go there"))


def trend(theme: Theme, indicator: Indicator) -> None:
    periods = history(theme.view.period)
    rows = pd.DataFrame([theme.row(indicator, period) for period in periods])
    known = rows.index[rows["value"].notna()]
    rows = rows.loc[min(known, default=len(rows) - 1) :]
    first, last = Period.of(rows["period"].iloc[0]), theme.view.period
    when = theme.view.when if first == last else span(first, last)
    caption = Caption(_("Trend: {indicator}").format(indicator=label(indicator)), ui.unit_name(theme.view.unit), when)
    ui.draw(
        theme.view,
        f"trend {indicator.code}",
        caption,
        lambda: charts.trend(rows, indicator, caption, breaks=breaks(theme, first), target=indicator.target),
    )
    st.caption(
        _("A hollow point: not everybody had reported; a gap: no figure.")
        + " "
        + source_note(theme, theme.now(indicator))
    )


def breaks(theme: Theme, first: Period) -> dict[str, str]:
    """Period → the boundary changes inside the region in it; a series across one is not of the same territory."""
    found: dict[str, list[str]] = {}
    for day, chinese, english in register().changes(theme.view.unit.code, first.start, theme.view.period.end):
        period = period_on(day, theme.view.period.frequency).code
        found.setdefault(period, []).append(chinese if language().startswith("zh") else english)
    return {period: "<br>".join(texts) for period, texts in found.items()}


def compositions(theme: Theme) -> None:
    """What the whole is made of, for the region and each of its parts."""
    if not theme.reported or not theme.form.compositions:
        return
    st.subheader(_("Composition"))
    view = theme.view
    whole = view.ask(indicators.composition, theme.form.code, view.unit.code, [view.period])
    names = {c.code: c.label.get(language()) for c in theme.form.compositions if (whole["composition"] == c.code).any()}
    if not names:
        st.caption(_("no data"))
        return
    code = st.segmented_control(
        _("Composition"),
        list(names),
        default=next(iter(names)),
        format_func=names.get,
        key=f"composition of {theme.form.code}",
        label_visibility="collapsed",
        required=True,
    )
    composition = next(c for c in theme.form.compositions if c.code == code)
    caption = theme.caption(names[code])
    ui.draw(view, f"composition {code}", caption, lambda: composition_chart(theme, composition, caption), drill=True)
    st.caption(source_note(theme, theme.now(theme.form.indicators[0])))


def composition_chart(theme: Theme, composition: Composition, caption: Caption) -> Any:
    """The region on top, then its parts."""
    view = theme.view
    ask = (indicators.composition, theme.form.code, view.unit.code, [view.period])
    frame, parts = view.ask(*ask), view.ask(*ask, by_child=True)
    regions = {view.unit.code: ui.unit_name(view.unit)}
    if parts["unit"].nunique() > 1:
        parts = parts.assign(unit=parts["unit"].mask(parts["unit"] == view.unit.code, OWN))
        frame = pd.concat([frame, parts])
        regions |= dict(zip(theme.children["unit"], theme.children["name"], strict=True))
        regions |= {OWN: _("Own office")} if (parts["unit"] == OWN).any() else {}
    frame = frame[frame["composition"] == composition.code]
    labels, unit = part_labels(theme.form, composition), composition.unit.get(language())
    return charts.composition(frame, regions, labels, caption, unit)


def part_labels(form: Form, composition: Composition) -> dict[str, str]:
    """part → its printed name, in the order of the form."""
    if composition.by:
        codes = form.by_code[composition.by].codes
        return {code.code: code.label.get(language()) for code in codes} | {"": _("not given")}
    return {item: form.by_code[item].label.get(language()) for item in composition.items}


def heat_map(theme: Theme) -> None:
    """Every part of the region by every indicator at a glance."""
    rows = theme.children
    if not theme.reported or rows["unit"].nunique() < 2:
        return
    st.subheader(_("All at a glance"))
    caption = theme.caption(_("Parts of the region by indicator"))
    ui.draw(
        theme.view,
        f"heat map {theme.form.code}",
        caption,
        lambda: charts.heat_map(rows, theme.form.indicators, caption),
        drill=True,
    )
    st.caption(
        _("Blue stands well within its column, orange badly; grey: neither way is better. Click a figure to go there.")
    )


def flows(theme: Theme) -> None:
    """Who is joined to whom; beyond the largest, the rest as a table."""
    if not theme.reported or not theme.form.flow:
        return
    flow, view = theme.form.flow, theme.view
    frame = view.ask(indicators.flows, theme.form.code, view.unit.code, view.period)
    if frame.empty:
        return
    st.subheader(flow.label.get(language()))
    caption = theme.caption(
        _("The {n} largest of {m}: {what}").format(
            n=min(len(frame), charts.MOST_FLOWS), m=len(frame), what=flow.label.get(language())
        )
    )
    weight = flow.weight_label.get(language())
    ui.draw(view, f"flows of {theme.form.code}", caption, lambda: charts.flows(frame, caption, weight))
    names = {
        "source": theme.form.by_code[flow.source].label.get(language()),
        "target": theme.form.by_code[flow.target].label.get(language()),
        "weight": weight,
    }
    with st.expander(_("All {n}").format(n=len(frame))):
        ui.table(
            frame[list(names)].rename(columns=names),
            key=f"flows of {theme.form.code}",
            title=f"{caption.where}{caption.when}{flow.label.get(language())}",
        )


# ---- the table beneath -----------------------------------------------------------------------------------------------


def table(theme: Theme) -> None:
    """The same figures to take away: the region first, then its parts."""
    if not theme.reported:
        return
    st.subheader(_("Table"))
    ui.table(
        theme.view.keep(("table", theme.form.code), lambda: table_frame(theme)),
        key=f"table of {theme.form.code}",
        title=f"{ui.unit_name(theme.view.unit)}{theme.view.when}{theme.form.theme.get(language())}",
        notes=[source(theme) + demonstration(theme.now(theme.form.indicators[0]))],
        formats={head_with_unit(i): excel_format(i) for i in theme.form.indicators},
    )


def table_frame(theme: Theme) -> pd.DataFrame:
    """One row per region: code, name, each indicator under its printed head, how many have reported."""
    whole = theme.figures[theme.figures["period"] == theme.view.period.code]
    rows = pd.concat([whole.assign(name=ui.unit_name(theme.view.unit)), theme.children])
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
    )


def whole_numbers(values: pd.Series, indicator: Indicator) -> pd.Series:
    """Counts as whole numbers, so that a CSV says 132 and not 132.0."""
    counts = not indicator.share and not indicator.decimals and (values.dropna() % 1 == 0).all()
    return values.astype("Int64") if counts else values


def head_with_unit(indicator: Indicator) -> str:
    return label(indicator) if indicator.share else f"{label(indicator)} ({indicator.unit.get(language())})"


def excel_format(indicator: Indicator) -> str:
    decimals = f".{'0' * indicator.decimals}" if indicator.decimals else ""
    return f"0{decimals}%" if indicator.share else f"#,##0{decimals}"


# ---- targets ---------------------------------------------------------------------------------------------------------


def targets(theme: Theme) -> None:
    """Where the analyst enters what a region has been asked to reach in the year."""
    for indicator in theme.form.indicators:
        if indicator.denominator and indicator.denominator.target:
            with st.expander("🎯 " + _("Enter targets of “{indicator}”").format(indicator=label(indicator))):
                enter_target(theme, indicator)


def enter_target(theme: Theme, indicator: Indicator) -> None:
    """A table of the units that report, with the target of each to be filled in."""
    view, year = theme.view, str(theme.view.period.year)
    owing = view.ask(indicators.response, theme.form.code, view.unit.code, view.period)
    if owing.empty:
        st.caption(_("No return is due"))
        return
    held = view.store.ask("targets", view.scope, indicator=indicator.code, period=year)
    rows = owing[["unit", "name"]].drop_duplicates("unit").merge(held, how="left", on="unit")
    names = {"unit": _("Region code"), "name": _("Region"), "value": _("Target for {year}").format(year=year)}
    key = f"targets of {indicator.code} {view.unit.code} {year}"
    edited = st.data_editor(
        rows.rename(columns=names), key=key, hide_index=True, disabled=[names["unit"], names["name"]]
    )  # fmt: skip
    if st.button(_("Save"), key=f"save {key}", type="primary"):
        save_targets(view, indicator, rows, edited[names["value"]].tolist())
        st.rerun()


def save_targets(view: ui.View, indicator: Indicator, rows: pd.DataFrame, values: Sequence[float]) -> None:
    """Journals the targets that differ from those held; an emptied cell takes the target away."""
    for unit, before, after in zip(rows["unit"], rows["value"], values, strict=True):
        if before != after and not (pd.isna(before) and pd.isna(after)):
            value = None if pd.isna(after) else float(after)
            decisions.set_target(view.store, indicator.code, unit, str(view.period.year), value, who=ui.who())


# ---- the overview ----------------------------------------------------------------------------------------------------


def themes_of(view: ui.View) -> list[Theme]:
    """The forms that are collected at least as often as the period asked for, with headline figures."""
    return [
        ask_theme(view, form.code, headline=True)
        for form in view.store.forms.values()
        if MONTHS_IN[form.frequency] <= MONTHS_IN[view.period.frequency] and any(i.headline for i in form.indicators)
    ]


def welcome(view: ui.View, found: Sequence[Theme]) -> None:
    """What to do while there is nothing to show."""
    if not any(theme.reported for theme in found):
        ui.empty(
            _("No accepted returns of {unit} for {period}.").format(unit=ui.unit_name(view.unit), period=view.when)
            + " "
            + _("Choose another region or period above, or issue the blank and upload what comes back."),
            page="pages/upload.py",
            label=_("To the upload and the blanks"),
        )


def headlines(found: Sequence[Theme]) -> None:
    """The headline figures, two themes side by side."""
    if not any(theme.reported for theme in found):
        return
    for start in range(0, len(found), 2):
        for column, theme in zip(st.columns(2, gap="medium"), found[start : start + 2], strict=False):
            with column:
                with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                    st.subheader(f"{theme.form.icon} {theme.form.theme.get(language())}", width="content")
                    ui.link(ui.form_page(theme.form.code), _("All figures"), icon="➡️")
                cards(theme, theme.form.indicators, max(2, len(theme.form.indicators)))


def unreported(view: ui.View, found: Iterable[Theme]) -> None:
    """Who has not reported, form by form."""
    st.subheader(_("Who has not reported"))
    lines = []
    for theme in found:
        frame = view.ask(indicators.response, theme.form.code, view.unit.code, view.period)
        waiting = frame[frame["status"].notna() & (frame["status"] != "accepted")]
        missing = frame[frame["status"].isna()]
        lines.append(
            {
                _("Return"): f"{theme.form.icon} {ui.form_title(theme.form.code)}",
                _("Accepted / due"): f"{(frame['status'] == 'accepted').sum()}/{len(frame)}",
                _("Not reported"): names_of(missing["unit"].unique().tolist(), 12) or "—",
                _("Not yet accepted"): names_of(waiting["unit"].unique().tolist(), 12) or "—",
            }
        )
    st.dataframe(pd.DataFrame(lines), hide_index=True)


def largest_changes(view: ui.View, found: Iterable[Theme], most: int = 10) -> None:
    """The headline figures of the parts that moved most since the last period."""
    st.subheader(_("Largest changes on the last period"))
    moves = view.keep("changes", lambda: pd.concat([pd.DataFrame(), *(moves_of(theme) for theme in found)]))
    if moves.empty:
        st.caption(_("Nothing to compare: there are no figures of the parts for this period and the one before."))
        return
    top = moves.sort_values("size", key=lambda size: size.abs(), ascending=False).head(most)
    caption = Caption(
        _("Parts of the region with the largest changes"),
        ui.unit_name(view.unit),
        span(view.period.previous(), view.period),
    )
    ui.draw(view, "changes", caption, lambda: charts.changes(top, caption), drill=True)
    st.caption(
        _("The bar is the change as a share of the region's own figure. Blue: for the better, orange: for the worse.")
    )


def moves_of(theme: Theme) -> pd.DataFrame:
    """One row per part × headline indicator with a figure in both periods: unit, label, text, size, good."""
    view = theme.view
    shown = {i.code: i for i in theme.form.indicators}
    frame = view.ask(indicators.figures_by_child, list(shown), view.unit.code, [view.period.previous(), view.period])
    wide = frame.pivot(index=["indicator", "unit", "name"], columns="period", values="value")
    lines = []
    for (code, unit, name), row in wide.reindex(columns=[view.period.previous().code, view.period.code]).iterrows():
        indicator, (before, after) = shown[code], row
        level = theme.now(indicator)["value"]
        if pd.isna(after - before) or not level or pd.isna(level) or before == after:
            continue
        numbers = (charts.format_number(value, indicator) for value in (before, after))
        rises = after > before
        lines.append(
            {
                "unit": unit,
                "label": f"{name} · {label(indicator)}",
                "text": f"{charts.format_change(after - before, indicator)} ({' → '.join(numbers)})",
                "size": (after - before) / abs(level),
                "good": None if indicator.better == "neither" else rises == (indicator.better == "higher"),
            }
        )
    return pd.DataFrame(lines)
