"""探索 on its page: choosing, the table whose cells open their terms, the chart that fits, views kept and shared.

The address is the view: each choice is written into it, and whoever opens it sees the same.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from huizong import chart_ui, charts, excel, explore, indicators, templates, themes, ui
from huizong.charts import Caption
from huizong.desk_ui import deed_button
from huizong.explore import FALLING, MEASURES, PARAMETERS, Layout, Pivot, TooMuch
from huizong.forms import Forms, Indicator, Text, all_forms
from huizong.org_units import TOWNSHIP, Register
from huizong.periods import MONTHS_IN, Frequency, Period, period_on
from huizong.texts import _, language

MOST_PICKED_FROM = 5000  # units in a list to pick from: each run sends the list to the browser
BARS = 40  # of one chart, and rows of a heat map; the table has all
LINES = 8  # series that can be told apart
SHORT = 16  # rows of a table that is shown whole
TALLEST = 640  # pixels of one that scrolls


# ---- the view and its address ----------------------------------------------------------------------------------------


def settle(view: ui.View) -> Pivot:
    """The Pivot that the address asks for, else the one looked at before, else one to begin with; says what of the
    address there is no longer."""
    forms, units = view.store.forms, view.store.units
    in_url = {name: st.query_params[name] for name in PARAMETERS if name in st.query_params}
    said = st.session_state.get("explore")
    if in_url and in_url != st.session_state.get("explore in url"):
        said = in_url | {"unit": view.unit.code}
    if said is None:
        pivot, notes = first_pivot(view), []
    else:
        region = said["unit"] if said.get("unit") in units else view.unit.code
        pivot, notes = explore.read_query(said, region, forms, units)
        if region != view.unit.code:
            pivot = pivot.with_changes(unit=view.unit.code)
    for note in notes:
        st.warning(note)
    query = pivot.query()
    st.session_state["explore"] = query
    st.session_state["explore in url"] = {name: query[name] for name in PARAMETERS if name in query}
    for name in PARAMETERS:
        ui.show_in_url(name, query.get(name))
    ui.show_in_url("unit", view.unit.code)
    return pivot


def first_pivot(view: ui.View) -> Pivot:
    """Something to begin with: the first headline figure of the parts of the region, for the period looked at."""
    forms = view.store.forms
    first = next((i for form in forms.values() for i in form.indicators if i.headline), None)
    chosen = (first.code,) if first else ()
    return Pivot(
        view.unit.code,
        chosen,
        explore.levels_of(view.unit.code)[0],
        periods=(fitting(view.period, explore.frequencies_for(forms, chosen)),),
    )


def fitting(period: Period, frequencies: Sequence[Frequency]) -> Period:
    return period if period.frequency in frequencies else period_on(period.end, frequencies[0])


def change(pivot: Pivot, **choices: Any) -> None:
    """A choice's effect, before the page runs again."""
    st.session_state["explore"] = pivot.with_changes(**choices).query()


def chosen_by(pivot: Pivot, name: str, value: Any, to_choice: Callable[[Any], Any] = lambda said: said) -> dict:
    """What a widget is told, so that it shows the pivot's choice and a click changes it."""
    key = f"explore {name}"
    st.session_state[key] = value
    return {"key": key, "on_change": lambda: change(pivot, **{name: to_choice(st.session_state[key])})}


# ---- choosing --------------------------------------------------------------------------------------------------------


def choose_region(view: ui.View) -> None:
    with st.container(key="bar"):
        path, child, carry, past = st.columns([4.4, 2.2, 1.8, 2.2], vertical_alignment="center")
        with path:
            ui.breadcrumb(view)
        with child:
            ui.child_picker(view)
        with carry:
            ui.carry_picker(view)
        with past:
            ui.moment_picker(view, ui.ready_store())
        ui.boundaries_picker(view)


def choose_figures(view: ui.View, pivot: Pivot) -> None:
    """Indicators, units and periods."""
    forms = view.store.forms
    st.multiselect(
        _("Indicators"),
        list(forms.indicators),
        format_func=lambda code: indicator_of_form(forms, code),
        placeholder=_("One or more; type to search"),
        **chosen_by(pivot, "indicators", list(pivot.indicators), tuple),
    )
    level, units = st.columns([3, 2.6])
    names = level_names()
    with level:
        st.segmented_control(
            _("Level"),
            explore.levels_of(pivot.unit),
            format_func=names.get,
            required=True,
            **chosen_by(pivot, "level", pivot.level),
        )
    with units:
        choose_units(view, pivot)
    choose_periods(view, pivot)


def indicator_of_form(forms: Forms, code: str) -> str:
    """👥 机构人员 › 编制空缺率: the indicators of a form stand together."""
    form, indicator = forms.indicators[code]
    return f"{form.icon} {form.theme.get(language())} › {indicator.label.get(language())}"


def level_names() -> dict[str, str]:
    return {"province": _("Provinces"), "prefecture": _("Prefectures"), "county": _("Counties"),
            "township": _("Townships"), "self": _("The region itself")}  # fmt: skip


def choose_units(view: ui.View, pivot: Pivot) -> None:
    everyone = explore.units_shown(pivot.with_changes(units=()), view.store.units)
    if pivot.level == "self" or len(everyone) > MOST_PICKED_FROM:
        words = _("Choose a smaller region to pick single units.") if pivot.level != "self" else ui.unit_name(view.unit)
        st.text_input(_("Org units"), placeholder=words, disabled=True, key=f"no units {pivot.level}")
        return
    labels = {unit.code: unit.name for unit in everyone}
    doubled = pd.Series(labels).duplicated(keep=False)
    labels |= {code: ui.unit_label(code) for code in doubled.index[doubled]}
    labels |= {code: view.store.units.get(code).name for code in pivot.units if code not in labels}
    st.multiselect(
        _("Org units"),
        list(labels),
        format_func=labels.get,
        placeholder=_("All {n}; type to pick some").format(n=f"{len(everyone):,}"),
        **chosen_by(pivot, "units", list(pivot.units), tuple),
    )


def choose_periods(view: ui.View, pivot: Pivot) -> None:
    """The frequency, then one period, a range, or several."""
    forms = view.store.forms
    frequencies = explore.frequencies_for(forms, pivot.indicators)
    current = pivot.periods[-1].frequency if pivot.periods else frequencies[0]
    offered = periods_on_offer(view, pivot, current)
    how = shape_of(pivot)
    frequency, shape, first, last = st.columns([2.9, 1.9, 1.6, 1.6])
    names = {"month": _("Month"), "quarter": _("Quarter"), "half_year": _("Half-year"), "year": _("Year")}
    shapes = {"one": _("One"), "range": _("Range"), "several": _("Several")}
    with frequency:
        st.segmented_control(
            _("Frequency"),
            sorted({*frequencies, current}, key=MONTHS_IN.__getitem__),
            format_func=names.get,
            required=True,
            **chosen_by(pivot, "periods", current, lambda chosen: at_frequency(pivot, chosen, offered)),
        )
    with shape:
        st.session_state["explore shape"] = how
        st.segmented_control(
            _("Periods"),
            list(shapes),
            format_func=shapes.get,
            required=True,
            key="explore shape",
            on_change=lambda: reshape(pivot, st.session_state["explore shape"], offered),
        )
    codes = [period.code for period in offered]
    here = [period.code for period in pivot.periods]
    if how == "several":
        st.multiselect(
            _("Which periods"),
            codes,
            format_func=ui.period_label,
            placeholder=_("One or more; type to search"),
            **period_choice(pivot, "which", here, lambda said: tuple(sorted(map(Period.of, said)))),
        )
        return
    with first:
        st.selectbox(
            _("From") if how == "range" else _("Period"),
            codes,
            format_func=ui.period_label,
            **period_choice(pivot, "first", here[0] if here else None,
                            lambda said: range_of(pivot, Period.of(said), None if how == "range" else said)),
        )  # fmt: skip
    if how == "range":
        with last:
            st.selectbox(
                _("To"),
                codes,
                format_func=ui.period_label,
                **period_choice(pivot, "last", here[-1] if here else None, lambda said: range_of(pivot, None, said)),
            )


def period_choice(pivot: Pivot, name: str, value: Any, to_periods: Callable[[Any], tuple[Period, ...]]) -> dict:
    key = f"explore {name}"
    st.session_state[key] = value
    return {"key": key, "on_change": lambda: change(pivot, periods=to_periods(st.session_state[key]))}


def range_of(pivot: Pivot, first: Period | None, last: str | None) -> tuple[Period, ...]:
    ends = [*pivot.periods] or [first or Period.of(last or "")]
    return tuple(explore.span(first or ends[0], Period.of(last) if last else ends[-1]))


def shape_of(pivot: Pivot) -> str:
    """one, range or several; a single period is part of what was chosen last."""
    asked = st.session_state.get("explore shape asked")
    if len(pivot.periods) == 1:
        return asked or "one"
    written = explore.write_periods(pivot.periods)
    return "range" if "," not in written and asked != "several" and pivot.periods else "several"


def reshape(pivot: Pivot, shape: str, offered: Sequence[Period]) -> None:
    st.session_state["explore shape asked"] = shape
    periods = pivot.periods or tuple(offered[:1])
    if shape == "one":
        change(pivot, periods=periods[-1:])
    elif shape == "range" and periods:
        same = [period for period in offered if period.frequency == periods[-1].frequency and period <= periods[-1]]
        first = periods[0] if len(periods) > 1 else min([*same[:4], periods[-1]])
        change(pivot, periods=tuple(explore.span(first, periods[-1])))


def at_frequency(pivot: Pivot, frequency: Frequency, offered: Sequence[Period]) -> tuple[Period, ...]:
    """The same stretch of time in periods of another frequency."""
    around = {period_on(period.end, frequency) for period in pivot.periods or offered[:1]}
    return tuple(sorted(around))


def periods_on_offer(view: ui.View, pivot: Pivot, frequency: Frequency) -> list[Period]:
    """Those of the frequency for which something has been reported for these indicators, and those chosen; newest
    first."""
    forms = {form.code for code in pivot.indicators for _side, form, _t in view.store.forms.terms(code) if form}
    held = view.ask(indicators.periods_held)
    offered = {
        period
        for form in forms or view.store.forms
        for period in ui.periods_on_offer(held, form, [frequency])
    }  # fmt: skip
    return sorted({*offered, *pivot.periods}, reverse=True)


def choose_layout(pivot: Pivot) -> None:
    rows, columns, measures, totals = st.columns([1.15, 1.15, 3.3, 2.5])
    names = {name: explore.dimension_name(name) for name in explore.DIMENSIONS}
    for place, name, label in ((rows, "rows", _("Down")), (columns, "columns", _("Across"))):
        with place:
            st.selectbox(
                label, list(names), format_func=names.get, **chosen_by(pivot, name, getattr(pivot, name))
            )  # fmt: skip
    with measures:
        st.pills(
            _("Show"), list(MEASURES), selection_mode="multi", format_func=lambda name: _(MEASURES[name]),
            **chosen_by(pivot, "measures", list(pivot.measures),
                        lambda said: tuple(name for name in MEASURES if name in said) or ("value",)),
        )  # fmt: skip
    kinds = {"none": _("None"), "region": _("The region"), "all": _("Every level")}
    with totals:
        st.segmented_control(
            _("Totals"),
            list(kinds),
            format_func=kinds.get,
            required=True,
            disabled=pivot.level == "self",
            help=_("A total is Σ numerator / Σ denominator of its own, never a mean of the rows."),
            **chosen_by(pivot, "totals", pivot.totals),
        )


# ---- the table -------------------------------------------------------------------------------------------------------


def ask(view: ui.View, pivot: Pivot) -> Layout | None:
    """The table; else what to do."""
    if not pivot.indicators or not pivot.periods:
        ui.empty(_("Choose at least one indicator and one period above."), icon="🧭")
        return None
    try:
        asked = replace(pivot, filled=False)  # what is only laid out otherwise is not asked for again
        layout = view.keep(("layout", pivot), lambda: explore.lay_out(pivot, view.ask(explore.figures_of, asked)))
    except TooMuch as trouble:
        ui.empty(str(trouble), icon="🧮")
        return None
    if not layout.rows or (not layout.figures["n_expected"].any() and layout.figures["value"].isna().all()):
        ui.empty(_("For these units and periods nothing is due and nothing has been reported. Choose others above."))
        return None
    return layout


def title_of(view: ui.View, pivot: Pivot) -> Caption:
    """What the table shows, where and when, from what all its figures have in common."""
    labels = [view.store.forms.indicators[code][1].label.get(language()) for code in pivot.indicators]
    what = _(", ").join(labels) if len(labels) <= 3 else _("{n} indicators").format(n=len(labels))
    first, last = pivot.periods[0], pivot.periods[-1]
    return Caption(
        what, ui.unit_name(view.unit), first.label(language()) if first == last else themes.span(first, last)
    )


def show_table(view: ui.View, layout: Layout) -> None:
    """The figures in rows and columns. A click on a figure opens its terms, one on a head sorts, one on a unit goes
    there."""
    pivot = layout.pivot
    caption = title_of(view, pivot)
    st.subheader(caption.what, anchor=False)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(f"{caption.where} · {caption.when}")
        if pivot.level != "self":
            st.toggle(_("Only units with a figure"), **chosen_by(pivot, "filled", pivot.filled))
    shown, n_heads = view.keep(("table", pivot), lambda: shown_frame(view, layout))
    clicked = st.dataframe(
        shown,
        hide_index=True,
        key=f"table {urlencode(pivot.query())} {language()}",
        height="content" if len(shown) <= SHORT else TALLEST,
        column_config={
            name: st.column_config.TextColumn(pinned=n < n_heads, alignment="left" if n < n_heads else "right")
            for n, name in enumerate(shown.columns)
        },
        on_select="rerun",
        selection_mode=["single-cell", "single-column"],
        alt=caption.text,
    ).selection
    heads = list(shown.columns)
    if clicked.columns:
        sort_by(layout, heads.index(clicked.columns[0]) - n_heads)
    if clicked.cells:
        row, head = clicked.cells[0]
        open_cell(view, layout, row, heads.index(head) - n_heads)


def shown_frame(view: ui.View, layout: Layout) -> tuple[pd.DataFrame, int]:
    """The table as it stands on the page, all in words, and how many of its columns are heads of rows."""
    forms, units = view.store.forms, view.store.units
    heads = explore.row_heads(layout, forms, units)
    names = explore.column_heads(layout, forms, units)
    wanted = layout.pivot.sort
    marks = [
        (" ▼" if wanted.startswith(FALLING) else " ▲") if wanted.removeprefix(FALLING) == column.key else ""
        for column in layout.columns
    ]
    figures = explore.printed(layout, forms)
    columns = {f"{name}{mark}": figures[:, n] for n, (name, mark) in enumerate(zip(names, marks, strict=True))}
    return pd.DataFrame(heads | columns), len(heads)


def sort_by(layout: Layout, column: int) -> None:
    """Largest first, then smallest first, then as they were; a head of rows puts them back at once."""
    pivot = layout.pivot
    key = layout.columns[column].key if column >= 0 else ""
    change(pivot, sort={FALLING + key: key, key: ""}.get(pivot.sort, FALLING + key) if key else "")
    st.rerun()


def open_cell(view: ui.View, layout: Layout, row: int, column: int) -> None:
    pivot, line = layout.pivot, layout.rows[row]
    if column < 0:
        unit = view.store.units.get(line.member.removeprefix(explore.TOTAL)) if pivot.rows == "unit" else view.unit
        if unit.code != view.unit.code and unit.level <= TOWNSHIP:
            ui.choose(unit=unit.code)
            st.rerun()
        return
    figure = layout.figure(row, column)
    if figure is None or (figure["member"] == pivot.unit and pivot.level != "self"):
        st.toast(_("This figure has no terms of its own to be traced."))
        return
    chart_ui.open_terms(figure["unit"], figure["indicator"], figure["period"])


def show_notes(layout: Layout) -> None:
    """How far the figures can be relied on, where they are from, and what a click does."""
    frame = layout.figures
    known = frame["value"].notna()
    told = [_("{n} figures").format(n=f"{int(known.sum()):,}")]
    if n := int(frame["below_threshold"].sum()):
        told.append(_("{n} struck: too few have reported, and they have no rank").format(n=f"{n:,}"))
    if n := int((~known & (frame["n_expected"] > 0)).sum()):
        told.append(_("{n} owed but not to be had (—)").format(n=f"{n:,}"))
    if n := int((frame["n_carried"] > 0).sum()):
        told.append(_("{n} with returns carried forward").format(n=f"{n:,}"))
    forms = dict.fromkeys(all_forms().indicators[code][0].code for code in layout.pivot.indicators)
    source = source_of(forms, frame)
    if layout.pivot.filled:
        told.append(_("units without a figure are left out"))
    clicks = _("Click a figure for its terms, a head to sort, a unit to go there.")
    st.caption(f"{' · '.join(told)}  \n{source} · {clicks}")


def source_of(forms: Iterable[str], frame: pd.DataFrame) -> str:
    """Whose returns figures are made of, and whether demonstration data are among them."""
    source = _("Source: returns “{form}”").format(form=_(", ").join(map(ui.form_title, forms)))
    return source + _(" (with demonstration data)") * bool(frame["n_sample"].any())


# ---- the chart -------------------------------------------------------------------------------------------------------


def show_chart(view: ui.View, layout: Layout) -> None:
    """Bars for one period, lines for several of few units, else a heat map; of one indicator at a time."""
    pivot = layout.pivot
    parts = layout.figures["unit"].nunique() > 1
    if not parts and len(pivot.periods) == 1:
        return
    names = {code: view.store.forms.indicators[code][1].label.get(language()) for code in pivot.indicators}
    code = pivot.indicators[0]
    if len(names) > 1:
        code = st.pills(
            _("Chart of"), list(names), format_func=names.get, default=code, required=True,
            key=f"chart of {'+'.join(names)}",
        )  # fmt: skip
    measure = pivot.measures[0]
    indicator = presented(view.store.forms.indicators[code][1], measure)
    frame = of_chart(view, layout, code, measure)
    when = title_of(view, pivot).when
    words = names[code] if measure == "value" else f"{names[code]} · {_(MEASURES[measure])}"
    last = frame[frame["period"] == pivot.periods[-1].code]
    of = (int(last["n_reporting"].sum()), int(last["n_expected"].sum()))
    caption = Caption(words, ui.unit_name(view.unit), when, of)
    name = f"explore {measure} {code} {urlencode(pivot.query())}"
    took = {
        "note": source_of([view.store.forms.indicators[code][0].code], frame),
        "table": lambda: charted(frame, indicator, words),
        "formats": {words: themes.excel_format(indicator)},
    }
    units = frame["unit"].nunique()
    if len(pivot.periods) == 1:
        few = first_of(frame, layout, BARS)
        chart_ui.draw(view, name, caption, lambda: charts.ranking(few, indicator, caption), click="drill", **took)
    elif units == 1:
        chart_ui.draw(view, name, caption, lambda: charts.trend(frame, indicator, caption), click="trace", **took)
    elif units <= LINES:
        chart_ui.draw(view, name, caption, lambda: charts.lines(frame, indicator, caption), click="trace", **took)
    else:
        few = first_of(frame, layout, BARS)
        chart_ui.draw(
            view, name, caption, lambda: charts.heat_map_over_time(few, indicator, caption), click="trace", **took
        )
        st.caption(_("Blue stands well among all figures shown, orange badly; grey: neither way is better."))
    if units > BARS and units > LINES:
        st.caption(_("The chart shows the first {n} of {m} as the table has them; the table has all.")
                   .format(n=BARS, m=f"{units:,}"))  # fmt: skip


def charted(frame: pd.DataFrame, indicator: Indicator, words: str) -> pd.DataFrame:
    """What the chart shows: one row per region × period."""
    return pd.DataFrame(
        {
            _("Region"): frame["name"],
            _("Period"): frame["period"].map(ui.period_label),
            words: themes.whole_numbers(frame["value"], indicator),
        }
    )


def of_chart(view: ui.View, layout: Layout, code: str, measure: str) -> pd.DataFrame:
    """The figures of one indicator without the totals (unless there is nothing else), the measure as their value."""
    figures = layout.figures[layout.figures["indicator"] == code]
    parts = figures[~figures["member"].str.startswith(explore.TOTAL)]
    frame = (parts if len(parts) else figures).copy()
    frame["name"] = explore.names_of(layout.pivot, "unit", frame["member"], view.store.forms, view.store.units)
    if measure != "value":
        frame["value"] = explore.measured(frame, measure)
        frame["below_threshold"] = False
    return frame


def first_of(frame: pd.DataFrame, layout: Layout, most: int) -> pd.DataFrame:
    """The figures of the first units, in the order of the table."""
    place = "member" if layout.pivot.rows == "unit" else "beside"
    order = [getattr(row, place) for row in layout.rows] if layout.pivot.columns != "unit" else layout.members
    rank = {code: n for n, code in enumerate(dict.fromkeys(order))}
    ordered = frame.sort_values("member", key=lambda codes: codes.map(rank), kind="stable")
    return ordered[ordered["member"].isin(ordered["member"].unique()[:most])]


def presented(indicator: Indicator, measure: str) -> Indicator:
    """How a measure is printed on an axis: the value as its indicator says, the response in %, a side as a number."""
    if measure == "value":
        return indicator
    unit = None if measure == "response" else Text(zh="合计", en="sum")
    return indicator.model_copy(update={"unit": unit, "decimals": 0, "better": "neither", "target": None})


# ---- taking away -----------------------------------------------------------------------------------------------------


def offer_downloads(view: ui.View, layout: Layout) -> None:
    """The table as it stands as a workbook, and its figures one in a row as text."""
    forms, units = view.store.forms, view.store.units
    caption = title_of(view, layout.pivot)
    title = f"{caption.where}{caption.when}{caption.what}"[:80]
    pivot = layout.pivot
    notes = [caption.text, _("Source: the returns in force. A total is Σ numerator / Σ denominator; — or empty: none.")]

    with st.container(horizontal=True):
        st.download_button(
            _("Download Excel"),
            lambda: workbook_of(layout, forms, units, title=title, notes=notes),
            f"{title}.xlsx",
            key="explore xlsx",
            icon="📊",
            on_click="ignore",
        )
        st.download_button(
            _("Download CSV, one figure in a row"),
            lambda: excel.csv_of(explore.records(pivot, layout.figures, forms)),
            f"{title}.csv",
            mime="text/csv",
            key="explore csv",
            icon="📄",
            on_click="ignore",
        )


def workbook_of(layout: Layout, forms: Forms, units: Register, *, title: str, notes: Sequence[str]) -> bytes:
    """The table as a workbook; figures of too few are struck through, as on the page."""
    frame = explore.to_take_away(layout, forms, units)
    below = pd.DataFrame(explore.struck_cells(layout), columns=explore.column_heads(layout, forms, units))
    return templates.table_workbook(
        frame, title=title, notes=notes, formats=formats_of(layout, forms, frame), struck=below
    )


def formats_of(layout: Layout, forms: Forms, frame: pd.DataFrame) -> dict[str, str]:
    """Excel number format of each column of figures, where all figures of the column are printed alike."""
    pivot = layout.pivot
    formats = {}
    last = len(frame.columns) - (_("Too few reported") in frame.columns)
    for head, column in zip(frame.columns[last - len(layout.columns) : last], layout.columns, strict=True):
        codes = [column.member] if pivot.columns == "indicator" else list(pivot.indicators)
        if column.measure == "response":
            formats[head] = "0%"
        elif column.measure != "value":
            formats[head] = "#,##0.####"
        elif len(codes) == 1:
            formats[head] = themes.excel_format(forms.indicators[codes[0]][1])
    return formats


# ---- views that are kept and shared ----------------------------------------------------------------------------------


def saved_views(view: ui.View, pivot: Pivot) -> None:
    """The views that have been saved, a name for this one, and its address."""
    store = ui.ready_store()
    held = explore.saved_views(store, view.scope)
    queries = dict(zip(held["name"], held["query"], strict=True))
    now = pivot.query()
    current = next((name for name, query in queries.items() if explore.query_of(query) == now), None)
    chosen, save, share = st.columns([5, 1.4, 1.4], vertical_alignment="bottom")
    with chosen:
        st.session_state["saved view"] = current
        st.selectbox(
            _("Saved views"),
            list(queries),
            index=None,
            key="saved view",
            placeholder=_("Open a saved view…") if queries else _("No view has been saved yet"),
            disabled=not queries,
            label_visibility="collapsed",
            on_change=lambda: open_view(queries, st.session_state["saved view"]),
        )
    with save, st.popover("💾 " + _("Save"), width="stretch"):
        keep_view(view, held, now, current)
    with share, st.popover("🔗 " + _("Share"), width="stretch"):
        st.caption(_("Whoever opens this address sees this view, as far as they may see the region."))
        st.code(address(now), language=None, wrap_lines=True)


def address(query: dict[str, str]) -> str:
    more = {name: st.query_params[name] for name in ui.KEPT if name in st.query_params and name != "period"}
    return f"{(st.context.url or '').split('?')[0]}?{urlencode(more | query)}"


def open_view(queries: dict[str, str], name: str | None) -> None:
    if name:
        query = explore.query_of(queries[name])
        st.session_state["explore"] = query
        ui.choose(unit=query["unit"])


def keep_view(view: ui.View, held: pd.DataFrame, query: dict[str, str], current: str | None) -> None:
    store = ui.ready_store()
    name = st.text_input(_("Name of this view"), value=current or "", max_chars=explore.LONGEST_NAME, key="view name")
    there = " ".join(name.split()) in set(held["name"])
    unnamed = None if name.strip() else _("Give it a name first.")
    if deed_button(_("Replace") if there else _("Save"), unnamed, key="keep view", type="primary"):
        explore.save_view(store, name, query, who=ui.who(), scope=view.scope)
        st.rerun()
    if current is None:
        return
    view_id = held.loc[held["name"] == current, "id"].iloc[0]
    with st.container(horizontal=True):
        taken = _("there is a view of this name already") if there else None
        if deed_button(_("Rename"), unnamed or taken, key="rename view"):
            explore.rename_view(store, view_id, name, who=ui.who(), scope=view.scope)
            st.rerun()
        if deed_button(_("Delete “{name}”").format(name=current), None, key="delete view"):
            explore.delete_view(store, view_id, who=ui.who(), scope=view.scope)
            st.rerun()
