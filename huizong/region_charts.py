"""How the parts of a region compare, beyond a ranking: DataFrame → plotly Figure, with the looks of charts.py.

Frames are those of huizong.indicators by child: one row per part (× period) of one indicator. Figures of too few
returns are struck, never ranked and joined to nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from huizong.charts import (
    BAD,
    BLUE,
    CLEAR,
    FONTS,
    GOOD,
    GREEN,
    GREY,
    LEGEND_ABOVE,
    ROW,
    Caption,
    axis_of,
    best_first,
    drawn,
    from_the_top,
    ids,
    ink_on,
    printed_cell,
    ranked_value,
    records,
    struck_and_why,
    words_at,
)
from huizong.figure_words import counted, format_change, format_number, unit_of
from huizong.forms import Indicator
from huizong.outlines import Outlines
from huizong.periods import Period
from huizong.texts import _, fixed, language

LABEL = 17  # pixels of a line of text at the end of a slope
SLOPE = 210  # pixels between the lowest and the highest figure of a slope, at least
AROUND = 116  # pixels of a slope's title and margins
CELL_HEIGHT = 124  # pixels of one of many small charts
SHADES = ("#D6E6F2", "#A6CBE3", "#6BAED6", "#3182BD", "#08519C")  # of a map, from the lowest fifth to the highest
WORDS_ON_SHADES = ("#1B2430", "#1B2430", "#1B2430", "#FFFFFF", "#FFFFFF", GREY)  # the last: where there is no figure


def names_in(frame: pd.DataFrame) -> dict[str, str]:
    """unit → name, in the order of the frame."""
    return dict(zip(frame["unit"], frame["name"], strict=True))


def targets(frame: pd.DataFrame, indicator: Indicator, caption: Caption) -> go.Figure:
    """A dot for each region's figure, an upright stroke for its target, and the way between them.

    The one furthest beyond its target stands on top. frame: with target; a region without one has its dot alone.
    """
    known = best_first(frame, indicator)
    ahead = (known["value"] - known["target"].astype(float)) * (-1 if indicator.better == "lower" else 1)
    known = known.assign(ahead=ahead).sort_values("ahead", ascending=False, kind="stable")
    others = frame.drop(known.index)
    rows = pd.concat([known, others])
    values, aims = known["value"].to_numpy(float), known["target"].to_numpy(float)
    reached = known["ahead"].to_numpy(float) >= 0
    places = np.arange(len(known))
    gaps = go.Scatter(
        x=np.column_stack([values, aims, np.full(len(known), np.nan)]).ravel(),
        y=np.repeat(places, 3),
        mode="lines",
        line={"color": GREY, "width": 2},
        showlegend=False,
        hoverinfo="skip",
    )
    aim = go.Scatter(
        x=aims,
        y=places,
        mode="markers",
        name=_("Target"),
        marker={"symbol": "line-ns", "size": 16, "line": {"width": 3, "color": GREEN}},
        hovertext=[f"{_('Target')} {format_number(value, indicator)}" for value in aims],
        hoverinfo="text",
    )
    dots = go.Scatter(
        x=values,
        y=places,
        mode="markers",
        name=indicator.label.get(language()),
        marker={"size": 11, "color": np.where(reached | np.isnan(aims), GOOD, BAD)},
        customdata=ids(known),
        hoverinfo="skip",
    )
    reach = np.array([0.0, *values, *aims[~np.isnan(aims)]])
    room = (reach.max() - reach.min() or 1) * 0.22
    words = go.Scatter(
        x=np.fmax(values, aims) + 0.09 * room,  # beside the dot, not on it
        y=places,
        mode="text",
        showlegend=False,
        text=[
            format_number(value, indicator) + ("" if np.isnan(aim) else f" / {format_number(aim, indicator)}")
            for value, aim in zip(values, aims, strict=True)
        ],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
    )
    return drawn(
        [
            gaps,
            aim,
            dots,
            words,
            words_at(np.arange(len(known), len(rows)), [struck_and_why(r, indicator) for r in records(others)], others),
        ],
        caption,
        x={"range": [reach.min() - room * (reach.min() < 0), reach.max() + room]} | axis_of(indicator),
        y=from_the_top(rows["name"].tolist()),
        height=ROW * len(rows) + 170,
        over=34,
        **LEGEND_ABOVE,
    )


def slope(frame: pd.DataFrame, indicator: Indicator, periods: tuple[Period, Period], caption: Caption) -> go.Figure:
    """A line for each region from its figure in the first period to that in the second, coloured by its direction."""
    names = names_in(frame)
    rows = {(row["unit"], row["period"]): row for row in records(frame)}
    ends = [[rows.get((unit, period.code)) for unit in names] for period in periods]
    values = np.array([[ranked_value(row) for row in end] for end in ends], float)
    both = ~np.isnan(values).any(axis=0)
    low, high = (np.nanmin(values), np.nanmax(values)) if both.any() else (0.0, 1.0)
    gap = (high - low or abs(high) or 1) * LABEL / max(SLOPE, LABEL * int(both.sum()))
    traces = []
    colours = slope_colours(values[1] - values[0], indicator)
    for colour in dict.fromkeys(colours[both]):
        chosen = np.flatnonzero(both & (colours == colour))
        line = go.Scatter(
            x=np.tile([0.0, 1.0, np.nan], len(chosen)),
            y=np.column_stack([values[0][chosen], values[1][chosen], np.full(len(chosen), np.nan)]).ravel(),
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 8, "color": colour},
            hoverinfo="skip",
        )
        traces.append(line)
    units = list(names)
    reach = [low, high]
    for x, period, side in ((0.0, periods[0], "middle left"), (1.0, periods[1], "middle right")):
        n = int(x)
        known = np.flatnonzero(both)
        places = spread(values[n][known], gap)
        reach += places.tolist()
        labels = go.Scatter(
            x=np.full(len(known), x - 0.02 if n == 0 else x + 0.02),
            y=places,
            mode="markers+text",
            marker={"size": LABEL, "color": CLEAR},
            text=[slope_label(names[units[k]], values[:, k], n, indicator) for k in known],
            textposition=side,
            textfont={"size": 12},
            cliponaxis=False,
            customdata=np.array([(units[k], indicator.code, period.code) for k in known], str).reshape(-1, 3),
            hoverinfo="skip",
        )
        traces.append(labels)
    # Labels that were spread reach beyond the figures: the plot grows by them, so that a gap stays a line of text.
    height = round((max(reach) - min(reach) + 2 * gap) / gap * LABEL) + AROUND
    alone = [name for n, name in enumerate(names.values()) if not both[n]]
    words = _("Not in both periods: {names}").format(names=listed(alone)) if alone else ""
    return drawn(
        traces,
        caption,
        unit_of(indicator),
        x={
            "range": [-0.75, 1.75],
            "tickvals": [0, 1],
            "ticktext": [f"<b>{period.label(language())}</b>" for period in periods],
            "side": "top",
            "showgrid": True,
            "zeroline": False,
        },
        y={"visible": False, "range": [min(reach) - gap, max(reach) + gap]},
        height=height + 20 * bool(alone),
        over=30,
        **({"annotations": [beneath(words)]} if alone else {}),
    )


def slope_label(name: str, values: np.ndarray, end: int, indicator: Indicator) -> str:
    """林西县 14.3%, and at the later end how it moved, if it did."""
    text, change = f"{name} {format_number(values[end], indicator)}", format_change(values[1] - values[0], indicator)
    return f"{text} ({change})" if end and change[0] in "+−" else text


def slope_colours(changes: np.ndarray, indicator: Indicator) -> np.ndarray:
    """Better, worse, or neither."""
    if indicator.better == "neither":
        return np.where(np.abs(changes) > 1e-12, BLUE, GREY)
    better = changes * (-1 if indicator.better == "lower" else 1)
    return np.select([better > 1e-12, better < -1e-12], [GOOD, BAD], GREY)


def spread(values: np.ndarray, gap: float) -> np.ndarray:
    """Places for labels as near to the values as can be when no two are nearer than gap.

    Pooled where they would overlap, each pool about the mean of its values (isotonic regression of value − rank · gap).
    """
    order = np.argsort(values, kind="stable")
    pools: list[list[float]] = []  # mean, number
    for n, place in enumerate(order):
        pools.append([values[place] - n * gap, 1.0])
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            mean, count = pools.pop()
            pools[-1] = [(pools[-1][0] * pools[-1][1] + mean * count) / (pools[-1][1] + count), pools[-1][1] + count]
    means = np.repeat([mean for mean, _count in pools], [int(count) for _mean, count in pools]) if pools else []
    placed = np.empty(len(values))
    placed[order] = np.asarray(means) + np.arange(len(values)) * gap
    return placed


def listed(names: Sequence[str], most: int = 8) -> str:
    """As many names as fit on a line, the others counted."""
    first = _(", ").join(names[:most])
    return first if len(names) <= most else _("{names} and {n} more").format(names=first, n=len(names) - most)


def beneath(words: str) -> dict[str, Any]:
    """Grey words under the plot."""
    return {
        "x": 0, "xref": "paper", "y": 0, "yref": "paper", "yanchor": "top", "xanchor": "left", "yshift": -4,
        "text": words, "showarrow": False, "font": {"color": GREY, "size": 12},
    }  # fmt: skip


def small_multiples(
    frame: pd.DataFrame,
    whole: Sequence[float] | None,
    indicator: Indicator,
    periods: Sequence[Period],
    caption: Caption,
    *,
    across: int = 4,
) -> go.Figure:
    """A small course for each region, all on one scale, the best of the last period first; grey behind it the whole's.

    whole: its figure in each period; None where it cannot be compared (a sum). One pair of axes, each chart shifted to
    its place: 30 pairs of axes took ten times as long.
    """
    last = frame[frame["period"] == periods[-1].code]
    ranked = best_first(last, indicator)
    names = names_in(pd.concat([ranked, last.drop(ranked.index)]))
    rows = {(row["unit"], row["period"]): row for row in records(frame)}
    values = np.array([[ranked_value(rows.get((unit, p.code))) for p in periods] for unit in names], float)
    grey = np.array([np.nan] * len(periods) if whole is None else whole, float)
    known = np.append(values[~np.isnan(values)], grey[~np.isnan(grey)])
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    steps = np.linspace(0.08, 0.92, len(periods)) if len(periods) > 1 else np.array([0.5])
    columns, lines = np.arange(len(names)) % across, np.arange(len(names)) // across

    def placed(course: np.ndarray) -> np.ndarray:
        """0.1 to 0.55 of the cell's height: above it stand the name and the values."""
        return 0.1 + 0.45 * (course - low) / (high - low or 1)

    def joined(courses: np.ndarray, **line: Any) -> go.Scatter:
        gaps = np.full((len(names), 1), np.nan)
        return go.Scatter(
            x=np.hstack([columns[:, None] + steps, gaps]).ravel(),
            y=np.hstack([placed(courses) - lines[:, None], gaps]).ravel(),
            hoverinfo="skip",
            **line,
        )

    latest = values[:, -1]
    titles = go.Scatter(
        x=columns + 0.05,
        y=0.79 - lines,
        mode="markers+text",
        marker={"size": 20, "color": CLEAR},
        text=[f"<b>{name}</b><br>{from_to(rows, unit, periods, indicator)}" for unit, name in names.items()],
        textposition="middle right",
        textfont={"size": 12},
        customdata=np.array([(unit, indicator.code, periods[-1].code) for unit in names], str),
        hoverinfo="skip",
    )
    dots = go.Scatter(
        x=columns + steps[-1], y=placed(latest) - lines, mode="markers", marker={"size": 8, "color": BLUE},
        customdata=titles.customdata, hoverinfo="skip",
    )  # fmt: skip
    n_lines = int(lines.max()) + 1
    bare = {"showgrid": False, "zeroline": False, "showticklabels": False}
    frames = [
        {"type": "rect", "x0": c + 0.02, "x1": c + 0.98, "y0": 0.03 - r, "y1": 0.97 - r, "layer": "below",
         "line": {"width": 1, "color": "rgba(136,136,136,0.35)"}}
        for c, r in zip(columns, lines, strict=True)
    ]  # fmt: skip
    traces = [joined(values, mode="lines+markers", line={"color": BLUE, "width": 2}, marker={"size": 4})]
    if whole is not None:
        traces.insert(0, joined(np.tile(grey, (len(names), 1)), mode="lines", line={"color": GREY, "width": 1.5}))
    return drawn(
        [*traces, dots, titles],
        caption,
        unit_of(indicator),
        x=bare | {"range": [0, across]},
        y=bare | {"range": [1 - n_lines, 1]},
        height=CELL_HEIGHT * n_lines + 90,
        over=4,
        shapes=frames,
    )


def from_to(
    rows: Mapping[tuple[str, str], Mapping[str, Any]], unit: str, periods: Sequence[Period], indicator: Indicator
) -> str:
    """31.8% → 14.8%: the first figure that there is, and that of the last period."""
    there = [row for period in periods if (row := rows.get((unit, period.code))) is not None]
    first = next((row for row in there if pd.notna(row["value"])), None)
    last = rows.get((unit, periods[-1].code))
    printed = printed_cell(last, indicator)
    return printed if first is None or first is last else f"{printed_cell(first, indicator)} → {printed}"


def treemap(
    frame: pd.DataFrame,
    regions: Mapping[str, str],
    labels: Mapping[str, str],
    colours: Mapping[str, str],
    caption: Caption,
    unit: str,
) -> go.Figure:
    """Areas: each region by how much it holds, within it its parts. Arguments as of charts.composition."""
    rows = frame[frame["value"] > 0]
    totals = rows.groupby("unit")["value"].sum()
    totals = totals.reindex([code for code in regions if code in totals.index])
    rows = rows[rows["part"].isin(list(labels))]
    tree = go.Treemap(
        ids=[*totals.index, *(rows["unit"] + "/" + rows["part"])],
        parents=[*[""] * len(totals), *rows["unit"]],
        labels=[
            *(f"{regions[code]} {fixed(total)}" for code, total in totals.items()),
            *(f"{labels[part]} {fixed(value)}" for part, value in zip(rows["part"], rows["value"], strict=True)),
        ],
        values=np.append(totals.to_numpy(float), rows["value"].to_numpy(float)),
        marker={"colors": [*["rgba(136,136,136,0.18)"] * len(totals), *(colours[part] for part in rows["part"])]},
        branchvalues="total",
        textinfo="label",
        hovertemplate=counted("%{label}", unit) + "<extra></extra>",
        pathbar={"visible": False},
        tiling={"pad": 2},
        textfont={
            "family": FONTS,
            "size": 12,
            "color": [*[GREY] * len(totals), *(ink_on(colours[part]) for part in rows["part"])],
        },
        sort=True,
    )
    return drawn([tree], caption, unit, height=560, over=8)


def outline_map(frame: pd.DataFrame, outlines: Outlines, indicator: Indicator, caption: Caption) -> go.Figure:
    """Regions in their outlines, shaded by fifths of their figures, with name and figure; white where there is none.

    outlines: unit → rings. A region without an outline is named beneath.
    """
    rows = frame[frame["unit"].isin(list(outlines.rings))]
    values = np.array([ranked_value(row) for row in records(rows)], float)
    fifth = fifths(values)
    traces = []
    for row, n in zip(records(rows), fifth, strict=True):
        x, y = outlines.path(row["unit"])
        area = go.Scatter(
            x=x, y=y, mode="lines", fill="toself", fillcolor=CLEAR if n < 0 else SHADES[n],
            line={"color": GREY, "width": 0.8}, hoverinfo="skip",
        )  # fmt: skip
        traces.append(area)
    if len(rows):
        centres = np.array([outlines.centre(unit) for unit in rows["unit"]])
        marks = go.Scatter(
            x=centres[:, 0],
            y=centres[:, 1],
            mode="markers+text",
            marker={"size": 26, "color": CLEAR},
            text=[f"{row['name']}<br>{printed_cell(row, indicator)}" for row in records(rows)],
            textposition="middle center",
            textfont={"size": 11, "color": [WORDS_ON_SHADES[n] for n in fifth]},
            customdata=ids(rows),
            hovertext=[f"{row['name']}：{printed_cell(row, indicator)}" for row in records(rows)],
            hoverinfo="text",
        )
        traces.append(marks)
    missing = [name for unit, name in names_in(frame).items() if unit not in outlines.rings]
    words = _("Without an outline: {names}").format(names=listed(missing)) if missing else ""
    bare = {"showgrid": False, "zeroline": False, "showticklabels": False}
    return drawn(
        traces,
        caption,
        unit_of(indicator),
        x=bare,
        y=bare | {"scaleanchor": "x", "scaleratio": 1},
        height=600,
        over=8,
        **({"annotations": [beneath(words)]} if missing else {}),
    )


def fifths(values: np.ndarray) -> np.ndarray:
    """0 to 4: the fifth that each value lies in, equal values in the same; −1 where there is none."""
    known = ~np.isnan(values)
    fifth = np.full(len(values), -1)
    if known.any():
        rank = pd.Series(values[known]).rank(method="average").to_numpy()
        fifth[known] = np.minimum((rank - 0.5) / known.sum() * len(SHADES), len(SHADES) - 1).astype(int)
    return fifth
