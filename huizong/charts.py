"""DataFrame → plotly Figure, and how a figure is printed. Every chart says what, where and when in its title.

Frames are those of huizong.indicators. Values are readable without hovering; what was not reported is named, never
drawn as zero. Colours tell apart for the colour-blind (Okabe and Ito) and are translucent where text lies on them, so
that the same figure reads on a light and on a dark page.
"""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from huizong.forms import Indicator
from huizong.periods import Period
from huizong.texts import _, language

BLUE, ORANGE, GREEN, PINK, SKY, VERMILION, YELLOW, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#888888",
)  # fmt: skip
PALETTE = (BLUE, ORANGE, GREEN, PINK, SKY, VERMILION, YELLOW, GREY)
WORST_TO_BEST = ((0.0, "rgba(213,94,0,0.55)"), (0.5, "rgba(136,136,136,0.10)"), (1.0, "rgba(0,114,178,0.55)"))
FONTS = '"Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC","Hiragino Sans GB",sans-serif'
NO_FIGURE = "—"
ROW = 26  # pixels of a bar with its gap
CHARACTERS = 72  # Chinese characters that the heads of a heat map have room for side by side
MOST_FLOWS = 15  # more are listed beneath; a flow chart of hundreds is a hairball


@dataclass(frozen=True)
class Caption:
    """What stands over a chart: what it shows, and where and when."""

    what: str
    where: str
    when: str

    @property
    def text(self) -> str:
        return _("{what}, {where}, {when}").format(what=self.what, where=self.where, when=self.when)


# ---- printing a figure -----------------------------------------------------------------------------------------------


def format_number(value: float | None, indicator: Indicator) -> str:
    """9.9% · 3,300 · 116.4; a dash where there is none."""
    if value is None or pd.isna(value):
        return NO_FIGURE
    return f"{value:.{indicator.decimals}%}" if indicator.share else f"{value:,.{indicator.decimals}f}"


def format_value(value: float | None, indicator: Indicator) -> str:
    """The same with its unit: 9.9% · 3,300 对 · 116.4 万元/对."""
    number = format_number(value, indicator)
    return number if number == NO_FIGURE or indicator.unit is None else f"{number} {unit_of(indicator)}"


def format_change(change: float | None, indicator: Indicator) -> str:
    """A change of a share in percentage points, of anything else in its own unit: +1.2 个百分点 · −35."""
    if change is None or pd.isna(change):
        return NO_FIGURE
    if indicator.share:
        return _("{change} pp").format(change=signed(change * 100, indicator.decimals))
    return signed(change, indicator.decimals)


def signed(value: float, decimals: int) -> str:
    """With a plus, a true minus, or no sign when it rounds to nothing."""
    number = f"{abs(value):,.{decimals}f}"
    if not number.strip("0.,"):
        return number
    return ("+" if value > 0 else "−") + number


def unit_of(indicator: Indicator) -> str:
    return _("%") if indicator.unit is None else indicator.unit.get(language())


def why_no_figure(row: Mapping[str, object]) -> str:
    """The reason that a figure has no value, from its row: nobody reported, or nothing to divide by."""
    return _("not reported") if row["n_expected"] and not row["n_reporting"] else _("no data")


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
    """Bars of the child regions, the best on top; those without a figure named beneath with the reason.

    frame: one row per child of one indicator and period (unit, name, value, n_reporting, n_expected).
    average: a line to compare with.
    """
    ascending = indicator.better == "lower"
    known = frame[frame["value"].notna()].sort_values("value", ascending=ascending, kind="stable")
    unknown = frame[frame["value"].isna()]
    rows = pd.concat([known, unknown])
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
        customdata=known[["unit"]].to_numpy(str),
        hovertext=[
            f"{name}：{format_value(value, indicator)}" for name, value in zip(known["name"], values, strict=True)
        ],
        hoverinfo="text",
    )
    reasons = [why_no_figure(row) for row in unknown.to_dict("records")]
    lines = []
    if average is not None and not pd.isna(average) and len(known):
        words = _("Whole {value}") if indicator.denominator else _("Mean {value}")
        lines.append(Line(average, words.format(value=format_number(average, indicator)), anchor="center"))
    room = (high - low or 1) * 0.16  # for the printed values
    return drawn(
        [bars, words_at(np.arange(len(known), len(rows)), reasons, unknown["unit"])],
        caption,
        unit_of(indicator),
        x={"range": [low - room * (low < 0), high + room], "tickformat": ".0%" if indicator.share else ","},
        y=from_the_top(rows["name"].tolist()),
        height=ROW * len(rows) + 120,
        lines=lines,
    )


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
        text = f"{row.n_received}/{row.n_expected} · {row.response:.0%}"
        if not pd.isna(row.on_time):
            text = _("{text} · in time {on_time}").format(text=text, on_time=f"{row.on_time:.0%}")
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
        "",
        x={"range": [0, 1.5], "tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%"},
        y=from_the_top(rows["name"].tolist()),
        height=ROW * len(rows) + 140,
        over=34,
        barmode="overlay",
        showlegend=True,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom"},
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
    partial = (rows["n_reporting"] < rows["n_expected"]).to_numpy(bool)
    shown = printed_points(values)
    course = go.Scatter(
        x=np.arange(len(rows)),
        y=values,
        mode="lines+markers+text",
        connectgaps=False,
        line={"color": BLUE, "width": 2.5},
        marker={"size": 9, "color": np.where(partial, "rgba(0,0,0,0)", BLUE), "line": {"color": BLUE, "width": 2}},
        text=[format_number(value, indicator) if n in shown else "" for n, value in enumerate(values)],
        textposition="top center",
        cliponaxis=False,
        customdata=np.array(codes)[:, None],
        hovertext=[
            f"{Period.of(code).label(language())}：{format_value(value, indicator)} "
            f"({_('returns')} {row.n_reporting}/{row.n_expected})"
            for code, value, row in zip(codes, values, rows.itertuples(), strict=True)
        ],
        hoverinfo="text",
    )
    traces = [course]
    if target is not None:
        traces.append(target_line(target, len(rows), indicator))
    lines = [
        Line(place - 0.5, text, "dot", "left" if place <= len(codes) / 2 else "right")
        for place, text in ((codes.index(code), text) for code, text in (breaks or {}).items())
    ]
    return drawn(
        traces,
        caption,
        unit_of(indicator),
        x={
            "tickvals": np.arange(len(rows)),
            "ticktext": time_ticks([Period.of(code) for code in codes]),
            "range": [-0.5, max(len(rows) - 0.5, 0.5)],
        },
        y={"range": range_around(values), "tickformat": ".0%" if indicator.share else ","},
        height=380,
        lines=lines,
        over=20 + 16 * max((line.words.count("<br>") + 1 for line in lines), default=0),
    )


def target_line(target: float, n: int, indicator: Indicator) -> go.Scatter:
    """A dotted line across n periods, named under its end."""
    return go.Scatter(
        x=np.array([-0.5, n - 0.5]), y=np.array([target, target]), mode="lines+text", hoverinfo="skip",
        line={"color": GREEN, "dash": "dot", "width": 1.5}, textposition="bottom left", textfont={"color": GREEN},
        text=["", _("Target {value}").format(value=format_number(target, indicator))],
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
    frame: pd.DataFrame, regions: Mapping[str, str], labels: Mapping[str, str], caption: Caption, unit: str
) -> go.Figure:
    """100 % bars, one per region, of what a whole is made of.

    frame: one row per region and part (unit, part, value). regions: unit → its name, labels: part → its name, both in
    the order shown.
    """
    table = frame.pivot(index="unit", columns="part", values="value").reindex(list(regions))
    names = list(regions.values())
    totals = table.sum(axis=1).to_numpy(float)
    traces: list[go.Bar | go.Scatter] = []
    for n, part in enumerate(labels):
        if part not in table.columns:
            continue
        values = table[part].fillna(0).to_numpy(float)
        shares = np.divide(values, totals, out=np.zeros(len(table)), where=totals > 0)
        bar = go.Bar(
            x=shares,
            y=np.arange(len(table)),
            orientation="h",
            name=labels[part],
            marker={"color": PALETTE[n % len(PALETTE)], "line": {"width": 0}},
            text=[f"{share:.0%}" if share >= 0.05 else "" for share in shares],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            customdata=np.array(table.index, str)[:, None],
            hovertext=[
                f"{name}，{labels[part]}：{value:,.0f} {unit} ({share:.1%})"
                for name, value, share in zip(names, values, shares, strict=True)
            ],
            hoverinfo="text",
        )
        traces.append(bar)
    blank = np.flatnonzero(totals <= 0)
    traces.append(words_at(blank, [_("not reported")] * len(blank), table.index[blank]))
    ticks = [
        _("{name} ({total})").format(name=name, total=f"{total:,.0f}") if total > 0 else name
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
        showlegend=True,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "traceorder": "normal"},
    )


def heat_map(frame: pd.DataFrame, indicators: Sequence[Indicator], caption: Caption) -> go.Figure:
    """Regions × indicators, the figures printed, the colour telling how a region stands within its column.

    frame: one row per child and indicator (unit, name, indicator, value, n_reporting). An indicator that is better
    neither way stays grey; one that is better when lower is turned round.
    """
    names = frame.drop_duplicates("unit").set_index("unit")["name"]
    table = frame.pivot(index="unit", columns="indicator", values="value").reindex(names.index)
    rows = {(row["unit"], row["indicator"]): row for row in frame.to_dict("records")}
    columns = [indicator for indicator in indicators if indicator.code in table.columns]
    goodness = np.column_stack([standing(table[i.code].to_numpy(float), i.better) for i in columns])
    cells = [
        (x, y, unit, printed_cell(rows.get((unit, indicator.code)), indicator))
        for y, unit in enumerate(names.index)
        for x, indicator in enumerate(columns)
    ]
    return grid(
        goodness,
        cells,
        names,
        [i.label.get(language()) for i in columns],
        caption,
        keys=[i.code for i in columns],
    )


def response_over_time(
    frame: pd.DataFrame, measure: str, periods: Sequence[Period], regions: Mapping[str, str], caption: Caption
) -> go.Figure:
    """Regions × periods, the shares printed; a dash where nothing was owed.

    frame: one row per region and period (unit, period and the measure, a fraction). regions: unit → its name, in the
    order shown.
    """
    table = frame.pivot(index="unit", columns="period", values=measure)
    table = table.reindex(index=list(regions), columns=[period.code for period in periods])
    shares = table.to_numpy(float)
    cells = [
        (x, y, unit, NO_FIGURE if np.isnan(shares[y, x]) else f"{shares[y, x]:.0%}")
        for y, unit in enumerate(regions)
        for x in range(len(periods))
    ]
    names = pd.Series(regions)
    heads = time_ticks(periods)
    return grid(shares, cells, names, heads, caption, keys=[period.code for period in periods], wrap=False)


def grid(
    goodness: np.ndarray,
    cells: Sequence[tuple[int, int, str, str]],
    names: pd.Series,
    heads: Sequence[str],
    caption: Caption,
    *,
    keys: Sequence[str],
    wrap: bool = True,
) -> go.Figure:
    """Regions × columns with a text in each cell, coloured from 0, the worst, to 1. cells: column, row, unit, text.
    names: unit → name. A click gives unit and the column's key."""
    if wrap:
        heads = [wrapped(head, CHARACTERS // max(len(heads), 1)) for head in heads]
    colours = go.Heatmap(
        z=goodness, x=np.arange(len(heads)), y=np.arange(len(names)), zmin=0, zmax=1, colorscale=WORST_TO_BEST,
        showscale=False, xgap=2, ygap=2, hoverinfo="skip",
    )  # fmt: skip
    figures = go.Scatter(  # a heat map cannot be selected; the printed figures can
        x=np.array([x for x, *__ in cells]),
        y=np.array([y for __, y, *__ in cells]),
        mode="markers+text",
        marker={"symbol": "square", "size": ROW - 4, "color": "rgba(0,0,0,0)"},
        text=[text for *__, text in cells],
        textposition="middle center",
        textfont={"size": 12},
        customdata=np.array([[unit, keys[x]] for x, __, unit, __ in cells], str).reshape(-1, 2),
        hovertext=[f"{names[unit]}，{heads[x].replace('<br>', '')}：{text}" for x, __, unit, text in cells],
        hoverinfo="text",
    )
    bare = {"showgrid": False, "zeroline": False}
    over = 20 + 16 * max((head.count("<br>") + 1 for head in heads), default=1)
    return drawn(
        [colours, figures],
        caption,
        "",
        x=bare
        | {
            "tickvals": np.arange(len(heads)),
            "ticktext": list(heads),
            "side": "top",
            "tickangle": 0,
            "range": [-0.5, len(heads) - 0.5],
        },
        y=bare | from_the_top(names.tolist()) | {"range": [len(names) - 0.5, -0.5]},
        height=(ROW + 4) * len(names) + 110 + over,
        over=over,
    )


def printed_cell(row: Mapping[str, object] | None, indicator: Indicator) -> str:
    """A figure as a cell of a heat map prints it; of one that nobody reported, that."""
    if row is None or (pd.isna(row["value"]) and (row["n_reporting"] or not row["n_expected"])):
        return NO_FIGURE
    return why_no_figure(row) if pd.isna(row["value"]) else format_number(row["value"], indicator)


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
    colour = {True: BLUE, False: VERMILION}
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
    reach = max(frame["size"].abs().max(), 1e-9) * 1.9 if len(frame) else 1
    return drawn(
        [bars],
        caption,
        "",
        x={"range": [-reach, reach], "showticklabels": False, "zeroline": True},
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
        x={"tickvals": np.arange(len(codes)), "ticktext": time_ticks(periods), "range": [-0.5, len(codes) - 0.5]},
        y={"range": range_around(frame["value"].to_numpy(float)), "tickformat": ","},
        height=330,
        over=34 if len(names) > 1 else 12,
        showlegend=len(names) > 1,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom"},
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
        return f"{number:.1%}" if share else f"{number:,.4g}"

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
        unit,
        x={"range": [low - room, high + room], "tickformat": ".0%" if share else ","},
        y={"visible": False, "range": [-1.1, 1.1]},
        height=270,
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
            "label": [f"{name} {weights[name]:,.0f}" for name in sources] + targets,
            "color": [PALETTE[n % len(PALETTE)] for n in range(len(sources))] + [GREY] * len(targets),
            "pad": 12,
            "thickness": 14,
            "hovertemplate": "%{label}<extra></extra>",
        },
        link={
            "source": np.array([place[name] for name in top["source"]]),
            "target": np.array([len(sources) + targets.index(name) for name in top["target"]]),
            "value": top["weight"].to_numpy(float),
            "color": "rgba(136,136,136,0.30)",
            "hovertemplate": "%{source.label} → %{target.label}：%{value:,.0f} " + unit + "<extra></extra>",
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


def words_at(places: np.ndarray, words: Sequence[str], units: Iterable[str]) -> go.Scatter:
    """Grey words at the axis where there is no bar."""
    return go.Scatter(
        x=np.zeros(len(places)), y=places, mode="text", text=list(words), textposition="middle right",
        textfont={"color": GREY}, customdata=np.array(list(units), str)[:, None], showlegend=False, hoverinfo="skip",
    )  # fmt: skip


def from_the_top(names: Sequence[str]) -> dict[str, Any]:
    """An upright axis of names, the first on top. Names may be the same, so places are numbers."""
    return {"tickvals": np.arange(len(names)), "ticktext": list(names), "range": [len(names) - 0.4, -0.6]}


def drawn(
    traces: Sequence[go.Bar | go.Scatter | go.Heatmap | go.Sankey],
    caption: Caption,
    unit: str,
    *,
    height: int,
    x: Mapping[str, Any] | None = None,
    y: Mapping[str, Any] | None = None,
    lines: Sequence[Line] = (),
    over: int = 20,
    **layout: Any,
) -> go.Figure:
    """The figure with its title, unit and the looks of all charts. over: pixels wanted between title and plot.

    Made in one go from plain dicts: plotly's update_layout, add_vline and the like took 70 of 100 ms of a page.
    """
    below = _("{where}, {when}").format(where=caption.where, when=caption.when)
    if unit:
        below = _("{below} · unit: {unit}").format(below=below, unit=unit)
    axis = {"automargin": True, "fixedrange": True}
    return go.Figure(
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
            "xaxis": axis | dict(x or {}),
            "yaxis": axis | dict(y or {}),
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
            ],
        }
        | layout,
    )  # fmt: skip
