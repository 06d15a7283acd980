"""DataFrame → plotly Figure. Every chart says what, where and when in its title.

Frames are those of huizong.indicators. Values are readable without hovering; what was not reported is named, never
drawn as zero; a figure of too few returns (below_threshold) is struck and never ranked. Colours tell apart for the
colour-blind (Okabe and Ito) and are translucent where text lies on them, so that the same figure reads on a light and
on a dark page. What is clicked carries unit, indicator and period. How parts of a region compare beyond a ranking is
drawn in region_charts.py.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from huizong.figure_words import (
    NO_FIGURE,
    counted,
    format_figure,
    format_number,
    format_value,
    too_few,
    unit_of,
    why_none,
)
from huizong.forms import Forms, Indicator
from huizong.periods import Period
from huizong.texts import _, fixed, language, percent

BLUE, ORANGE, GREEN, PINK, SKY, VERMILION, YELLOW, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#888888",
)  # fmt: skip
PALETTE = (BLUE, ORANGE, GREEN, PINK, SKY, VERMILION, YELLOW, GREY)
GOOD, BAD = BLUE, VERMILION
NO_PART = ("other", "none", "")  # parts that are always grey
CLEAR = "rgba(0,0,0,0)"
WORST_TO_BEST = ((0.0, "rgba(213,94,0,0.55)"), (0.5, "rgba(136,136,136,0.10)"), (1.0, "rgba(0,114,178,0.55)"))
FONTS = '"Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC","Hiragino Sans GB",sans-serif'
ROW = 26  # pixels of a bar with its gap
CHARACTERS = 72  # Chinese characters that the heads of a heat map have room for side by side
MOST_FLOWS = 15  # more are listed beneath; a flow chart of hundreds is a hairball


@dataclass(frozen=True)
class Caption:
    """What stands over a chart: what it shows, where and when, and of how many: (returns in, returns owed)."""

    what: str
    where: str
    when: str
    of: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        text = _("{what}, {where}, {when}").format(what=self.what, where=self.where, when=self.when)
        return f"{text} · {self.reported}" if self.of else text

    @property
    def below(self) -> str:
        """The line under what the chart shows."""
        below = _("{where}, {when}").format(where=self.where, when=self.when)
        return f"{below} · {self.reported}" if self.of else below

    @property
    def reported(self) -> str:
        n, m = self.of or (0, 0)
        return _("Reported {n}/{m}").format(n=n, m=m)


def struck_and_why(row: Mapping[str, object], indicator: Indicator) -> str:
    """What stands in the place of a bar: why there is none, behind the figure if that alone is not to be relied on."""
    figure = "" if pd.isna(row["value"]) else format_figure(row, indicator, "html", unit=False) + " "
    return figure + (why_none(row, indicator) if pd.isna(row["value"]) else too_few(row))


def weak(frame: pd.DataFrame) -> np.ndarray:
    """Which rows hold a figure of too few returns."""
    return frame["below_threshold"].to_numpy(bool) & frame["value"].notna().to_numpy()


def ids(frame: pd.DataFrame) -> np.ndarray:
    """What a click on each row's mark carries: unit, indicator, period."""
    return frame[["unit", "indicator", "period"]].to_numpy(str)


def part_colours(forms: Forms) -> dict[str, str]:
    """Part of a whole, by its code → its colour: the same on every page, and no two alike within one composition."""
    colours = dict.fromkeys(NO_PART, GREY)
    for form in forms.values():
        for composition in form.compositions:
            codes = composition.items or [code.code for code in form.by_code[composition.by].codes]
            used = {colours[code] for code in codes if code in colours}
            free = [colour for colour in PALETTE if colour not in used] or list(PALETTE)
            new = [code for code in codes if code not in colours]
            colours |= {code: free[n % len(free)] for n, code in enumerate(new)}
    return colours


def ink_on(colour: str) -> str:
    """The colour of words on one of the palette."""
    return "#FFFFFF" if colour in (BLUE, GREEN, VERMILION, GREY) else "#1B2430"


def time_ticks(periods: Sequence[Period]) -> list[str]:
    """The ticks of a time axis: 三季度, over its year where that begins."""
    ticks = []
    for n, period in enumerate(periods):
        part = period.label(language()).replace(f"{period.year}年", "").replace(str(period.year), "").strip()
        opens = n == 0 or periods[n - 1].year != period.year
        ticks.append(
            "<br>".join(filter(None, [part.removeprefix("第"), str(period.year) if opens or not part else ""]))
        )
    return ticks


# ---- the charts ------------------------------------------------------------------------------------------------------


def ranking(frame: pd.DataFrame, indicator: Indicator, caption: Caption, *, average: float | None = None) -> go.Figure:
    """Bars of the child regions, the best on top; beneath in words those that have none: a figure of too few, or why
    there is no figure.

    frame: one row per child of one indicator and period. average: a line to compare with.
    """
    known = best_first(frame, indicator)
    others = frame.drop(known.index).sort_values("value", ascending=False, kind="stable")
    rows = pd.concat([known, others])
    values = known["value"].to_numpy(float)
    low, high = min([0.0, *values]), max([0.0, *values])
    bars = go.Bar(
        x=values,
        y=np.arange(len(known)),
        orientation="h",
        marker={"color": BLUE, "opacity": 0.85},
        text=[format_number(value, indicator) for value in values],
        textposition=np.where(np.abs(values) > 0.2 * (high - low), "inside", "outside"),
        insidetextanchor="end",
        textangle=0,
        cliponaxis=False,
        customdata=ids(known),
        hovertext=[
            f"{name}：{format_value(value, indicator)}" for name, value in zip(known["name"], values, strict=True)
        ],
        hoverinfo="text",
    )
    lines = []
    if average is not None and not pd.isna(average) and len(known):
        words = _("Whole {value}") if indicator.denominator else _("Mean {value}")
        lines.append(Line(average, words.format(value=format_number(average, indicator)), anchor="center"))
    room = (high - low or 1) * 0.16  # for the printed values
    return drawn(
        [
            bars,
            words_at(
                np.arange(len(known), len(rows)), [struck_and_why(row, indicator) for row in records(others)], others
            ),
        ],
        caption,
        x={"range": [low - room * (low < 0), high + room], "showticklabels": len(known) > 0} | axis_of(indicator),
        y=from_the_top(rows["name"].tolist()),
        height=ROW * len(rows) + 140,
        lines=lines,
    )


def best_first(frame: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    """The rows whose figures can be ranked, the best first; the highest where neither way is better."""
    known = frame[frame["value"].notna().to_numpy() & ~weak(frame)]
    return known.sort_values("value", ascending=indicator.better == "lower", kind="stable")


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return frame.to_dict("records")


def response(frame: pd.DataFrame, caption: Caption) -> go.Figure:
    """Bars of the share of what each region owed that it has sent, and within them of what came in time.

    frame: one row per region of one period (unit, name, n_expected, n_received, n_on_time, response, on_time). In words
    stands how much came in time of what is judged so far; the bars are all of what is owed.
    """
    rows = frame.sort_values(["response", "on_time"], ascending=False, kind="stable")
    places = np.arange(len(rows))
    units = rows[["unit"]].to_numpy(str)
    printed = []
    for row in rows.itertuples():
        text = f"{row.n_received}/{row.n_expected} · {percent(row.response, 0)}"
        if not pd.isna(row.on_time):
            text = _("{text} · in time {on_time}").format(text=text, on_time=percent(row.on_time, 0))
        printed.append(text)
    sent = go.Bar(
        x=rows["response"].to_numpy(float), y=places, orientation="h", name=_("Returns in"), width=0.72,
        marker={"color": SKY, "opacity": 0.55}, text=printed, textposition="outside", textangle=0, cliponaxis=False,
        customdata=units, hovertext=[f"{n}：{text}" for n, text in zip(rows["name"], printed, strict=True)],
        hoverinfo="text",
    )  # fmt: skip
    in_time = go.Bar(
        x=(rows["n_on_time"] / rows["n_expected"]).to_numpy(float), y=places, orientation="h",
        name=_("of these in time"), width=0.4,
        marker={"color": BLUE, "opacity": 0.85}, customdata=units, hoverinfo="skip",
    )  # fmt: skip
    return drawn(
        [sent, in_time],
        caption,
        x={"range": [0, 1.5], "tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%"},
        y=from_the_top(rows["name"].tolist()),
        height=ROW * len(rows) + 140,
        over=34,
        barmode="overlay",
        **LEGEND_ABOVE,
    )


def trend(
    frame: pd.DataFrame,
    indicator: Indicator,
    caption: Caption,
    *,
    breaks: Mapping[str, str] | None = None,
    target: float | None = None,
) -> go.Figure:
    """A line over the periods, interrupted where there is no figure; hollow where not everybody reported.

    frame: one row per period of one indicator (period, value, n_reporting, n_expected), every period of the axis there.
    breaks: period → what changed in it (a boundary), drawn as an upright line.
    """
    rows = frame.sort_values("period", key=lambda column: column.map(Period.of))
    codes = rows["period"].tolist()
    values = rows["value"].to_numpy(float)
    few = weak(rows)
    partial = (rows["n_reporting"] < rows["n_expected"]).to_numpy(bool)
    relied_on = np.where(few, np.nan, values)
    shown = printed_points(relied_on)
    course = points_over_time(rows, indicator) | {
        "y": relied_on,
        "mode": "lines+markers+text",
        "connectgaps": False,
        "line": {"color": BLUE, "width": 2.5},
        "marker": {"size": 9, "color": np.where(partial, CLEAR, BLUE), "line": {"color": BLUE, "width": 2}},
        "text": [format_number(value, indicator) if n in shown else "" for n, value in enumerate(relied_on)],
    }
    traces = [go.Scatter(course)]
    if few.any():
        left_out = points_over_time(rows, indicator) | {
            "y": np.where(few, values, np.nan),
            "mode": "markers+text",
            "marker": {"size": 9, "color": GREY, "symbol": "x-thin", "line": {"color": GREY, "width": 2}},
            "text": [
                format_figure(row, indicator, "html", unit=False) if n else ""
                for n, row in zip(few, records(rows), strict=True)
            ],
            "textfont": {"color": GREY},
        }
        traces.append(go.Scatter(left_out))
    notes = []
    if target is not None:
        traces.append(target_line(target, len(rows)))
        notes.append(Note(_("Target {value}").format(value=format_number(target, indicator)), "right", GREEN))
    lines = [
        Line(place - 0.5, text, "dot", beside(place / len(codes)))
        for place, text in ((codes.index(code), text) for code, text in (breaks or {}).items())
    ]
    return drawn(
        traces,
        caption,
        x=time_axis([Period.of(code) for code in codes]),
        y={"range": range_around(np.append(values, np.nan if target is None else target))} | axis_of(indicator),
        height=380,
        lines=lines,
        notes=notes,
        over=20 + 16 * max((line.words.count("<br>") + 1 for line in lines), default=0),
    )


def beside(share: float) -> Literal["left", "center", "right"]:
    """Where words at an upright line are anchored, so as to end inside the chart. share: how far along it stands."""
    return "left" if share < 0.4 else "right" if share > 0.6 else "center"


def points_over_time(rows: pd.DataFrame, indicator: Indicator) -> dict[str, Any]:
    """What the points of a course have in common: places, ids, what hovering says."""
    return {
        "x": np.arange(len(rows)),
        "textposition": "top center",
        "cliponaxis": False,
        "customdata": ids(rows),
        "hovertext": [
            f"{Period.of(row['period']).label(language())}：{format_value(row['value'], indicator)} "
            f"({_('returns')} {row['n_reporting']}/{row['n_expected']})"
            for row in records(rows)
        ],
        "hoverinfo": "text",
    }


def axis_of(indicator: Indicator) -> dict[str, Any]:
    """An axis of an indicator's values."""
    return {"tickformat": ".0%" if indicator.share else ",", "title": unit_of(indicator)}


def time_axis(periods: Sequence[Period]) -> dict[str, Any]:
    return {
        "tickvals": np.arange(len(periods)),
        "ticktext": time_ticks(periods),
        "range": [-0.5, max(len(periods) - 0.5, 0.5)],
    }


def target_line(target: float, n: int) -> go.Scatter:
    """A dotted line across n periods."""
    return go.Scatter(
        x=np.array([-0.5, n - 0.5]), y=np.array([target, target]), mode="lines", hoverinfo="skip",
        line={"color": GREEN, "dash": "dot", "width": 1.5},
    )  # fmt: skip


def range_around(values: np.ndarray) -> list[float]:
    """An axis that holds zero and all values, with room for what is printed at them."""
    known = [0.0, *values[~np.isnan(values)]]
    low, high = min(known), max(known)
    room = (high - low or 1) * 0.15
    return [low - room * (low < 0), high + room]


def printed_points(values: np.ndarray) -> set[int]:
    """The points whose values are printed: all of a short line; the ends and the extremes of a long one."""
    known = np.flatnonzero(~np.isnan(values))
    if len(known) <= 12:
        return set(known.tolist())
    return {int(known[0]), int(known[-1]), int(np.nanargmin(values)), int(np.nanargmax(values))}


def composition(
    frame: pd.DataFrame,
    regions: Mapping[str, str],
    labels: Mapping[str, str],
    colours: Mapping[str, str],
    caption: Caption,
    unit: str,
) -> go.Figure:
    """100 % bars, one per region, of what a whole is made of.

    frame: one row per region and part (unit, part, value). regions: unit → its name, labels: part → its name, both in
    the order shown. colours: those of part_colours.
    """
    table = frame.pivot(index="unit", columns="part", values="value").reindex(list(regions))
    names = list(regions.values())
    totals = table.sum(axis=1).to_numpy(float)
    traces: list[go.Bar | go.Scatter] = []
    for part in labels:
        if part not in table.columns:
            continue
        values = table[part].fillna(0).to_numpy(float)
        shares = np.divide(values, totals, out=np.zeros(len(table)), where=totals > 0)
        bar = go.Bar(
            x=shares,
            y=np.arange(len(table)),
            orientation="h",
            name=labels[part],
            marker={"color": colours[part], "line": {"width": 0}},
            text=[percent(share, 0) if share >= 0.05 else "" for share in shares],
            textposition="inside",
            insidetextanchor="middle",
            insidetextfont={"color": ink_on(colours[part])},
            textangle=0,
            customdata=np.array(table.index, str)[:, None],
            hovertext=[
                f"{name}，{labels[part]}：{counted(fixed(value), unit)} ({percent(share)})"
                for name, value, share in zip(names, values, shares, strict=True)
            ],
            hoverinfo="text",
        )
        traces.append(bar)
    blank = np.flatnonzero(totals <= 0)
    nothing = pd.DataFrame({"unit": table.index[blank], "indicator": "", "period": ""})
    traces.append(words_at(blank, [_("not reported")] * len(blank), nothing))
    ticks = [
        _("{name} ({total})").format(name=name, total=fixed(total)) if total > 0 else name
        for name, total in zip(names, totals, strict=True)
    ]
    return drawn(
        traces,
        caption,
        unit,
        x={"range": [0, 1], "tickformat": ".0%"},
        y=from_the_top(ticks),
        height=ROW * len(table) + 150,
        over=34,
        barmode="stack",
        bargap=0.25,
        **LEGEND_ABOVE,
    )


def heat_map(frame: pd.DataFrame, indicators: Sequence[Indicator], caption: Caption) -> go.Figure:
    """Regions × indicators, the figures printed, the colour telling how a region stands within its column.

    frame: one row per child and indicator. An indicator that is better neither way stays grey; one that is better when
    lower is turned round; a figure of too few returns has no colour.
    """
    shown = [indicator for indicator in indicators if (frame["indicator"] == indicator.code).any()]
    names = frame.drop_duplicates("unit").set_index("unit")["name"]
    rows = {(row["unit"], row["indicator"]): row for row in records(frame)}
    period = frame["period"].iloc[0]
    cells = [[rows.get((unit, indicator.code)) for indicator in shown] for unit in names.index]
    goodness = [
        standing(np.array([ranked_value(row[n]) for row in cells]), indicator.better)
        for n, indicator in enumerate(shown)
    ]
    heads = [indicator.label.get(language()) for indicator in shown]
    return grid(
        np.column_stack(goodness),
        [[printed_cell(row, indicator) for row, indicator in zip(line, shown, strict=True)] for line in cells],
        [[(unit, indicator.code, period) for indicator in shown] for unit in names.index],
        names.tolist(),
        [wrapped(head, CHARACTERS // max(len(heads), 1)) for head in heads],
        caption,
    )


def response_over_time(
    frame: pd.DataFrame, measure: str, periods: Sequence[Period], regions: Mapping[str, str], caption: Caption
) -> go.Figure:
    """Regions × periods, the shares printed; a dash where nothing was owed.

    frame: one row per region and period (unit, period and the measure, a fraction). regions: unit → its name, in the
    order shown.
    """
    table = frame.pivot(index="unit", columns="period", values=measure)
    shares = table.reindex(index=list(regions), columns=[period.code for period in periods]).to_numpy(float)
    return grid(
        shares,
        [[NO_FIGURE if np.isnan(share) else percent(share, 0) for share in line] for line in shares],
        [[(unit, measure, period.code) for period in periods] for unit in regions],
        list(regions.values()),
        time_ticks(periods),
        caption,
    )


def lines(frame: pd.DataFrame, indicator: Indicator, caption: Caption) -> go.Figure:
    """A line for each of a few units over the periods, named at its last value; a gap where there is no figure to rely
    on.

    frame: one row per unit and period of one indicator.
    """
    periods = sorted({*map(Period.of, frame["period"])})
    codes = [period.code for period in periods]
    traces = []
    for n, (_unit, rows) in enumerate(frame.groupby("unit", sort=False)):
        course = rows.drop_duplicates("period").set_index("period", drop=False).reindex(codes)
        values = np.where(course["below_threshold"].eq(True), np.nan, course["value"].to_numpy(float))
        name = rows["name"].iloc[0]
        there = [code in rows["period"].values for code in codes]
        traces.append(
            go.Scatter(
                x=np.arange(len(codes))[there],
                y=values[there],
                name=name,
                mode="lines+markers",
                line={"color": PALETTE[n % len(PALETTE)], "width": 2.5},
                marker={"size": 7},
                customdata=ids(course[there]),
                hovertext=[
                    f"{name}，{Period.of(row['period']).label(language())}：{format_value(row['value'], indicator)}"
                    for row in records(course[there])
                ],
                hoverinfo="text",
            )
        )
    return drawn(
        traces,
        caption,
        x=time_axis(periods),
        y={"range": range_around(frame["value"].to_numpy(float))} | axis_of(indicator),
        height=430,
        over=34,
        **LEGEND_ABOVE | {"legend": LEGEND_ABOVE["legend"] | {"x": 1, "xanchor": "right"}},
    )


def heat_map_over_time(frame: pd.DataFrame, indicator: Indicator, caption: Caption) -> go.Figure:
    """Units × periods of one indicator, the figures printed, the colour telling how each stands among all of them.

    frame: one row per unit and period, the units in the order shown.
    """
    names = frame.drop_duplicates("unit").set_index("unit")["name"]
    periods = sorted({*map(Period.of, frame["period"])})
    rows = {(row["unit"], row["period"]): row for row in records(frame)}
    order = [[(unit, period.code) for period in periods] for unit in names.index]
    values = np.array([[ranked_value(rows.get(key)) for key in line] for line in order], float)
    return grid(
        standing(values.ravel(), indicator.better).reshape(values.shape),
        [[printed_cell(rows.get(key), indicator) for key in line] for line in order],
        [[(unit, indicator.code, period) for unit, period in line] for line in order],
        names.tolist(),
        time_ticks(periods),
        caption,
    )


def grid(
    goodness: np.ndarray,
    texts: Sequence[Sequence[str]],
    clicked: Sequence[Sequence[tuple[str, str, str]]],
    names: Sequence[str],
    heads: Sequence[str],
    caption: Caption,
) -> go.Figure:
    """Rows × columns with a text in each cell, coloured from 0, the worst, to 1. clicked: what a click carries."""
    colours = go.Heatmap(
        z=goodness, x=np.arange(len(heads)), y=np.arange(len(names)), zmin=0, zmax=1, colorscale=WORST_TO_BEST,
        showscale=False, xgap=2, ygap=2, hoverinfo="skip",
    )  # fmt: skip
    figures = go.Scatter(  # a heat map cannot be selected; the printed figures can
        x=np.tile(np.arange(len(heads)), len(names)),
        y=np.repeat(np.arange(len(names)), len(heads)),
        mode="markers+text",
        marker={"symbol": "square", "size": ROW - 4, "color": CLEAR},
        text=[text for line in texts for text in line],
        textposition="middle center",
        textfont={"size": 12},
        customdata=np.array([cell for line in clicked for cell in line], str).reshape(-1, 3),
        hovertext=[
            f"{name}，{head.replace('<br>', '')}：{text}"
            for name, line in zip(names, texts, strict=True)
            for head, text in zip(heads, line, strict=True)
        ],
        hoverinfo="text",
    )
    bare = {"showgrid": False, "zeroline": False}
    over = 20 + 16 * max((head.count("<br>") + 1 for head in heads), default=1)
    return drawn(
        [colours, figures],
        caption,
        x=bare
        | {
            "tickvals": np.arange(len(heads)),
            "ticktext": list(heads),
            "side": "top",
            "tickangle": 0,
            "range": [-0.5, len(heads) - 0.5],
        },
        y=bare | from_the_top(names) | {"range": [len(names) - 0.5, -0.5]},
        height=(ROW + 4) * len(names) + 110 + over,
        over=over,
    )


def ranked_value(row: Mapping[str, Any] | None) -> float:
    """A figure that may be compared with others, else NaN."""
    return np.nan if row is None or row["below_threshold"] else row["value"]


def printed_cell(row: Mapping[str, Any] | None, indicator: Indicator) -> str:
    """A figure as a cell of a heat map prints it; of one that nobody reported, that."""
    if row is None or (pd.isna(row["value"]) and (row["n_reporting"] or not row["n_expected"])):
        return NO_FIGURE
    return _("not reported") if pd.isna(row["value"]) else format_figure(row, indicator, "html", unit=False)


def standing(values: np.ndarray, better: str) -> np.ndarray:
    """Where each value stands in its column, 0 the worst, 1 the best, 0.5 where that says nothing; NaN stays NaN."""
    known = ~np.isnan(values)
    place = np.where(known, 0.5, np.nan)
    if better != "neither" and known.any() and np.ptp(values[known]):
        rank = pd.Series(values[known]).rank().to_numpy()
        place[known] = (rank - rank.min()) / (rank.max() - rank.min())
        if better == "lower":
            place = 1 - place
    return place


def changes(frame: pd.DataFrame, caption: Caption) -> go.Figure:
    """The largest changes, best on top; bars by how far each is from the usual of its indicator.

    frame: one row per region and indicator (unit, label, text, size, good), size signed, good True, False or None.
    """
    colour = {True: GOOD, False: BAD}
    bars = go.Bar(
        x=frame["size"].to_numpy(float),
        y=np.arange(len(frame)),
        orientation="h",
        marker={"color": [colour.get(good, GREY) for good in frame["good"]], "opacity": 0.85},
        text=frame["text"].tolist(),
        textposition="outside",
        cliponaxis=False,
        customdata=frame[["unit"]].to_numpy(str),
        hoverinfo="skip",
    )
    ends = [min(frame["size"].min(), 0.0), max(frame["size"].max(), 0.0)] if len(frame) else [-1.0, 1.0]
    room = (ends[1] - ends[0] or 1) * 0.65  # for the words beyond the bars of a side; a side without bars needs none
    return drawn(
        [bars],
        caption,
        x={"range": [end + np.sign(end) * room for end in ends], "showticklabels": False, "zeroline": True},
        y=from_the_top(frame["label"].tolist()),
        height=ROW * len(frame) + 110,
    )


def history(frame: pd.DataFrame, caption: Caption, unit: str) -> go.Figure:
    """A line for each series over the periods; its last value, the one in question, stands out.

    frame: one row per series and period (series, period, value).
    """
    periods = sorted({*map(Period.of, frame["period"])})
    codes = [period.code for period in periods]
    traces = []
    names = list(dict.fromkeys(frame["series"]))
    for n, (name, rows) in enumerate(frame.groupby("series", sort=False)):
        values = rows.set_index("period")["value"].reindex(codes).to_numpy(float)
        last, shown = len(codes) - 1, printed_points(values)
        trace = go.Scatter(
            x=np.arange(len(codes)),
            y=values,
            name=name,
            mode="lines+markers+text",
            line={"color": PALETTE[n], "width": 2},
            marker={
                "size": [13 if at == last else 7 for at in range(len(codes))],
                "color": [VERMILION if at == last else PALETTE[n] for at in range(len(codes))],
            },
            text=[f"{value:,.10g}" if at in shown else "" for at, value in enumerate(values)],
            textposition=np.where(np.arange(len(codes)) == 0, "top right", "top center"),
            cliponaxis=False,
            hovertext=[
                f"{name}, {period.label(language())}：{value:,.10g}"
                for period, value in zip(periods, values, strict=True)
            ],
            hoverinfo="text",
        )
        traces.append(trace)
    return drawn(
        traces,
        caption,
        unit,
        x=time_axis(periods),
        y={"range": range_around(frame["value"].to_numpy(float)), "tickformat": ","},
        height=330,
        over=34,
        **LEGEND_ABOVE | {"showlegend": len(names) > 1},
    )


def strip(frame: pd.DataFrame, own: tuple[str, float], caption: Caption, unit: str, *, share: bool) -> go.Figure:
    """A dot for each peer along one axis, their median, and the one in question with its name.

    frame: one row per peer (name, value). own: the name and the value of the one in question.
    """
    rows = frame.sort_values("value", kind="stable")
    values = rows["value"].to_numpy(float)
    name, value = own
    known = np.append(values, value)
    low, high = min(0.0, known.min()), known.max()
    lanes = np.resize(np.array([0.0, 0.22, -0.22, 0.44, -0.44]), len(rows))  # side by side where they are close

    def printed(number: float) -> str:
        return percent(number) if share else f"{number:,.4g}"

    peers = go.Scatter(
        x=values,
        y=lanes,
        mode="markers",
        marker={"size": 12, "color": BLUE, "opacity": 0.55},
        hovertext=[f"{row.name_}：{printed(row.value)}" for row in rows.rename(columns={"name": "name_"}).itertuples()],
        hoverinfo="text",
    )
    in_question = go.Scatter(
        x=np.array([value]),
        y=np.array([0.0]),
        mode="markers+text",
        marker={"size": 16, "color": VERMILION, "symbol": "diamond"},
        text=[f"<b>{name} {printed(value)}</b>"],
        textposition="top left" if value > (low + high) / 2 else "top right",
        cliponaxis=False,
        hoverinfo="skip",
    )
    middle = float(np.median(known))
    words = _("Median of {n}: {value}").format(n=len(known), value=printed(middle))
    room = (high - low or 1) * 0.06
    return drawn(
        [peers, in_question],
        caption,
        x={"range": [low - room, high + room], "tickformat": ".0%" if share else ",", "title": unit},
        y={"visible": False, "range": [-1.1, 1.1]},
        height=290,
        lines=[Line(middle, words, "dot", "left" if middle < (low + high) / 2 else "right")],
        over=36,
    )


def flows(frame: pd.DataFrame, caption: Caption, unit: str, *, most: int = MOST_FLOWS) -> go.Figure:
    """Who is joined to whom, the heaviest `most` of them. frame: one row per pair (source, target, weight)."""
    top = frame.nlargest(most, "weight")
    sources, targets = list(dict.fromkeys(top["source"])), list(dict.fromkeys(top["target"]))
    place = {name: n for n, name in enumerate(sources)}
    weights = {name: top.loc[top["source"] == name, "weight"].sum() for name in sources}
    sankey = go.Sankey(
        node={
            "label": [f"{name} {fixed(weights[name])}" for name in sources] + targets,
            "color": [BLUE] * len(sources) + [GREY] * len(targets),
            "pad": 12,
            "thickness": 14,
            "hovertemplate": "%{label}<extra></extra>",
        },
        link={
            "source": np.array([place[name] for name in top["source"]]),
            "target": np.array([len(sources) + targets.index(name) for name in top["target"]]),
            "value": top["weight"].to_numpy(float),
            "color": "rgba(136,136,136,0.30)",
            "hovertemplate": "%{source.label} → %{target.label}：" + counted("%{value:,.0f}", unit) + "<extra></extra>",
        },
        valueformat=",.0f",
        textfont={"shadow": "none"},
    )
    return drawn([sankey], caption, unit, height=max(300, 30 * max(len(sources), len(targets)) + 120))


def wrapped(text: str, width: int) -> str:
    """A column head on lines of about `width` Chinese characters, which are twice as wide as Latin ones."""
    if text.isascii():
        return "<br>".join(textwrap.wrap(text, 2 * width))
    lines = -(-len(text) // max(width, 1))
    step = -(-len(text) // lines)
    return "<br>".join(text[n : n + step] for n in range(0, len(text), step))


# ---- what the charts share -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """An upright line across the plot, with words at its top."""

    x: float
    words: str
    dash: str = "dash"
    anchor: str = "left"


@dataclass(frozen=True)
class Note:
    """Words over a corner of the plot."""

    words: str
    side: str
    colour: str = GREY


def words_at(places: np.ndarray, words: Sequence[str], rows: pd.DataFrame) -> go.Scatter:
    """Grey words at the axis where there is no bar, one of each row."""
    return go.Scatter(
        x=np.zeros(len(places)), y=places, mode="text", text=list(words), textposition="middle right",
        textfont={"color": GREY}, customdata=ids(rows), showlegend=False, hoverinfo="skip",
    )  # fmt: skip


def from_the_top(names: Sequence[str]) -> dict[str, Any]:
    """An upright axis of names, the first on top. Names may be the same, so places are numbers."""
    return {"tickvals": np.arange(len(names)), "ticktext": list(names), "range": [len(names) - 0.4, -0.6]}


LEGEND_ABOVE = {
    "showlegend": True,
    "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "traceorder": "normal"},
}


class Drawn(go.Figure):
    """A figure that is never changed: what the browser is told of it is made once, and not at each look at it."""

    def to_dict(self) -> dict[str, Any]:
        if "_told" not in vars(self):
            self._told = super().to_dict()
        return self._told


def drawn(
    traces: Sequence[go.Bar | go.Scatter | go.Heatmap | go.Sankey | go.Treemap],
    caption: Caption,
    unit: str = "",
    *,
    height: int,
    x: Mapping[str, Any] | None = None,
    y: Mapping[str, Any] | None = None,
    lines: Sequence[Line] = (),
    notes: Sequence[Note] = (),
    over: int = 20,
    **layout: Any,
) -> go.Figure:
    """The figure with its title and the looks of all charts. unit: where no axis carries it; that of an axis is its
    title. over: pixels wanted between title and plot.

    Made in one go from plain dicts: plotly's update_layout, add_vline and the like took 70 of 100 ms of a page.
    """
    below = _("{below} · unit: {unit}").format(below=caption.below, unit=unit) if unit else caption.below
    across, upright = {"automargin": True, "fixedrange": True} | dict(x or {}), {"automargin": True, "fixedrange": True}
    upright |= dict(y or {})
    if "title" in across:
        words = _("Unit: {unit}").format(unit=across["title"])
        across["title"] = {"text": words, "font": {"size": 12, "color": GREY}, "standoff": 6}
    if "title" in upright:  # where a Chinese chart has it, and not turned on its side
        notes = [*notes, Note(_("Unit: {unit}").format(unit=upright.pop("title")), "left")]
    above = 16 * max((line.words.count("<br>") + 1 for line in lines), default=0)
    return Drawn(
        data=list(traces),
        layout={
            "title": {
                "text": f"<b>{caption.what}</b>",
                "subtitle": {"text": below, "font": {"size": 13, "color": GREY}},
                "font": {"size": 16},
                "x": 0,
                "xanchor": "left",
                "y": 1,
                "yanchor": "top",
                "yref": "container",
                "pad": {"t": 8},
            },
            "font": {"family": FONTS, "size": 13},
            "height": height,
            "margin": {"l": 8, "r": 16, "t": 56 + over, "b": 28},
            "showlegend": False,
            "dragmode": False,
            "hoverlabel": {"font": {"family": FONTS}},
            "xaxis": across,
            "yaxis": upright,
            "shapes": [
                {
                    "type": "line", "x0": line.x, "x1": line.x, "y0": 0, "y1": 1, "yref": "paper",
                    "line": {"color": VERMILION, "dash": line.dash, "width": 1.5},
                }
                for line in lines
            ],
            "annotations": [
                {
                    "x": line.x, "y": 1, "yref": "paper", "yanchor": "bottom", "xanchor": line.anchor, "align": "left",
                    "text": line.words, "showarrow": False, "font": {"color": VERMILION, "size": 12},
                }
                for line in lines
            ]
            + [
                {
                    "x": 0 if note.side == "left" else 1, "xref": "paper", "y": 1, "yref": "paper", "yshift": above,
                    "yanchor": "bottom", "xanchor": note.side, "text": note.words, "showarrow": False,
                    "font": {"color": note.colour, "size": 12},
                }
                for note in notes
            ],
        }
        | layout,
    )  # fmt: skip
