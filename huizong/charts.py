"""DataFrame → plotly Figure, and how a figure is printed. Every chart says what, where and when in its title.

Frames are those of huizong.indicators. Values are readable without hovering; what was not reported is named, never
drawn as zero. Colours tell apart for the colour-blind (Okabe and Ito) and are translucent where text lies on them, so
that the same figure reads on a light and on a dark page.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    figure = go.Figure()
    figure.add_bar(
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
    figure.add_scatter(
        x=np.zeros(len(unknown)),
        y=np.arange(len(known), len(rows)),
        mode="text",
        text=reasons,
        textposition="middle right",
        textfont={"color": GREY},
        customdata=unknown[["unit"]].to_numpy(str),
        hoverinfo="skip",
    )
    if average is not None and not pd.isna(average) and len(known):
        words = _("Whole {value}") if indicator.denominator else _("Mean {value}")
        figure.add_vline(x=average, line={"color": VERMILION, "dash": "dash", "width": 1.5})
        figure.add_annotation(
            x=average, y=1, yref="paper", yanchor="bottom", showarrow=False, font={"color": VERMILION, "size": 12},
            text=words.format(value=format_number(average, indicator)),
        )  # fmt: skip
    room = (high - low or 1) * 0.16  # for the printed values
    figure.update_xaxes(range=[low - room * (low < 0), high + room], tickformat=".0%" if indicator.share else ",")
    figure.update_yaxes(tickvals=np.arange(len(rows)), ticktext=rows["name"].tolist(), range=[len(rows) - 0.4, -0.6])
    return dressed(figure, caption, unit_of(indicator), height=ROW * len(rows) + 120)


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
    figure = go.Figure()
    figure.add_scatter(
        x=np.arange(len(rows)),
        y=values,
        mode="lines+markers+text",
        connectgaps=False,
        line={"color": BLUE, "width": 2.5},
        marker={"size": 9, "color": np.where(partial, "rgba(0,0,0,0)", BLUE), "line": {"color": BLUE, "width": 2}},
        text=[format_number(v, indicator) if n in printed_points(values) else "" for n, v in enumerate(values)],
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
    if target is not None:
        figure.add_hline(
            y=target, line={"color": GREEN, "dash": "dot"}, annotation_position="bottom right",
            annotation_text=_("Target {value}").format(value=format_number(target, indicator)),
        )  # fmt: skip
    for code, text in (breaks or {}).items():
        place = codes.index(code)
        figure.add_vline(x=place - 0.5, line={"color": VERMILION, "dash": "dot", "width": 1.5})
        figure.add_annotation(
            x=place - 0.5, y=1, yref="paper", yanchor="bottom", text=text, showarrow=False, align="left",
            xanchor="left" if place <= len(codes) / 2 else "right", font={"color": VERMILION, "size": 12},
        )  # fmt: skip
    known = values[~np.isnan(values)]
    if len(known):
        low, high = (0.0 if known.min() >= 0 else known.min()), max(known.max(), 0.0)
        room = (high - low or 1) * 0.15
        figure.update_yaxes(range=[low - room * (low < 0), high + room])
    figure.update_yaxes(tickformat=".0%" if indicator.share else ",")
    figure.update_xaxes(
        tickvals=np.arange(len(rows)), ticktext=time_ticks([Period.of(code) for code in codes]),
        range=[-0.5, max(len(rows) - 0.5, 0.5)],
    )  # fmt: skip
    return dressed(figure, caption, unit_of(indicator), height=380)


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
    figure = go.Figure()
    for n, part in enumerate(labels):
        if part not in table.columns:
            continue
        values = table[part].fillna(0).to_numpy(float)
        shares = np.divide(values, totals, out=np.zeros(len(table)), where=totals > 0)
        figure.add_bar(
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
    blank = np.flatnonzero(totals <= 0)
    figure.add_scatter(
        x=np.zeros(len(blank)), y=blank, mode="text", text=[_("not reported")] * len(blank),
        textposition="middle right", textfont={"color": GREY}, showlegend=False, hoverinfo="skip",
    )  # fmt: skip
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(
        tickvals=np.arange(len(table)), range=[len(table) - 0.4, -0.6],
        ticktext=[
            _("{name} ({total})").format(name=name, total=f"{total:,.0f}") if total > 0 else name
            for name, total in zip(names, totals, strict=True)
        ],
    )  # fmt: skip
    figure.update_layout(
        barmode="stack", bargap=0.25, showlegend=True,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "traceorder": "normal"},
    )  # fmt: skip
    return dressed(figure, caption, unit, height=ROW * len(table) + 150, over=34)


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
    heads = [wrapped(i.label.get(language()), CHARACTERS // max(len(columns), 1)) for i in columns]
    figure = go.Figure()
    figure.add_heatmap(
        z=goodness, x=np.arange(len(columns)), y=np.arange(len(names)), zmin=0, zmax=1, colorscale=WORST_TO_BEST,
        showscale=False, xgap=2, ygap=2, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(  # a heat map cannot be selected; the printed figures can
        x=np.array([x for x, *__ in cells]),
        y=np.array([y for __, y, *__ in cells]),
        mode="markers+text",
        marker={"symbol": "square", "size": ROW - 4, "color": "rgba(0,0,0,0)"},
        text=[text for *__, text in cells],
        textposition="middle center",
        textfont={"size": 12},
        customdata=np.array([[unit, columns[x].code] for x, __, unit, __ in cells], str).reshape(-1, 2),
        hovertext=[f"{names[unit]}，{columns[x].label.get(language())}：{text}" for x, __, unit, text in cells],
        hoverinfo="text",
    )
    figure.update_xaxes(
        tickvals=np.arange(len(columns)), ticktext=heads, side="top", tickangle=0,
        range=[-0.5, len(columns) - 0.5], showgrid=False, zeroline=False,
    )  # fmt: skip
    figure.update_yaxes(
        tickvals=np.arange(len(names)), ticktext=names.tolist(), range=[len(names) - 0.5, -0.5], showgrid=False,
        zeroline=False,
    )  # fmt: skip
    over = 20 + 16 * max((head.count("<br>") + 1 for head in heads), default=1)
    return dressed(figure, caption, "", height=(ROW + 4) * len(names) + 110 + over, over=over)


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
    figure = go.Figure()
    figure.add_bar(
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
    figure.update_xaxes(range=[-reach, reach], showticklabels=False, zeroline=True)
    figure.update_yaxes(
        tickvals=np.arange(len(frame)), ticktext=frame["label"].tolist(), range=[len(frame) - 0.4, -0.6]
    )
    return dressed(figure, caption, "", height=ROW * len(frame) + 110)


def flows(frame: pd.DataFrame, caption: Caption, unit: str, *, most: int = MOST_FLOWS) -> go.Figure:
    """Who is joined to whom, the heaviest `most` of them. frame: one row per pair (source, target, weight)."""
    top = frame.nlargest(most, "weight")
    sources, targets = list(dict.fromkeys(top["source"])), list(dict.fromkeys(top["target"]))
    place = {name: n for n, name in enumerate(sources)}
    weights = {name: top.loc[top["source"] == name, "weight"].sum() for name in sources}
    figure = go.Figure()
    figure.add_sankey(
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
    return dressed(figure, caption, unit, height=max(300, 30 * max(len(sources), len(targets)) + 120))


def wrapped(text: str, width: int) -> str:
    """A column head on lines of about `width` Chinese characters, which are twice as wide as Latin ones."""
    if text.isascii():
        return "<br>".join(textwrap.wrap(text, 2 * width))
    lines = -(-len(text) // max(width, 1))
    step = -(-len(text) // lines)
    return "<br>".join(text[n : n + step] for n in range(0, len(text), step))


def dressed(figure: go.Figure, caption: Caption, unit: str, *, height: int, over: int = 20) -> go.Figure:
    """The figure with its title, unit and the looks of all charts. over: pixels wanted between title and plot."""
    below = _("{where}, {when}").format(where=caption.where, when=caption.when)
    if unit:
        below = _("{below} · unit: {unit}").format(below=below, unit=unit)
    figure.update_layout(
        title={
            "text": f"<b>{caption.what}</b>", "subtitle": {"text": below, "font": {"size": 13, "color": GREY}},
            "x": 0, "xanchor": "left", "y": 1, "yanchor": "top", "yref": "container", "pad": {"t": 8},
            "font": {"size": 16},
        },
        font={"family": FONTS, "size": 13},
        height=height,
        margin={"l": 8, "r": 16, "t": 56 + over, "b": 28},
        showlegend=figure.layout.showlegend or False,
        dragmode=False,
        hoverlabel={"font": {"family": FONTS}},
    )  # fmt: skip
    figure.update_xaxes(automargin=True, fixedrange=True, title=None)
    figure.update_yaxes(automargin=True, fixedrange=True, title=None)
    return figure
