"""How parts of a region compare: their order, what is struck and not ranked, labels apart, what a click carries."""

import math
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from huizong import charts, region_charts
from huizong.charts import Caption
from huizong.forms import Indicator
from huizong.outlines import Outlines
from huizong.periods import Period

CAPTION = Caption("专职率", "赤峰市", "2018年第三季度", (11, 12))
BEFORE, NOW = Period.of("2018-Q2"), Period.of("2018-Q3")


def indicator(better: str = "higher") -> Indicator:
    words = {"zh": "专职率", "en": "Full-time share"}
    return Indicator(
        code="rate", label=words, numerator="a", denominator="b", better=better, definition=words, why=words
    )


def parts(period: Period = NOW, **values: float | None) -> pd.DataFrame:
    """One row per region: its figure in a period; None for one that has not reported."""
    return pd.DataFrame([part(n, name, period, value) for n, (name, value) in enumerate(values.items())])


def part(n: int, name: str, period: Period, value: float | None) -> dict[str, Any]:
    return {
        "unit": f"15040{n}", "name": name, "indicator": "rate", "period": period.code,
        "value": math.nan if value is None else value, "denominator": math.nan if value is None else 10,
        "n_reporting": int(value is not None), "n_expected": 1, "below_threshold": False, "n_carried": 0,
        "min_response": 0.8, "missing_periods": [], "target": math.nan,
    }  # fmt: skip


def struck(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return frame.assign(below_threshold=frame["name"] == name, n_expected=5)


def texts(figure: go.Figure) -> list[str]:
    return [str(text) for trace in figure.data if trace.text is not None for text in np.ravel(trace.text)]


# ---- targets ---------------------------------------------------------------------------------------------------------


def test_who_is_furthest_beyond_the_target_stands_on_top() -> None:
    rows = parts(甲=0.5, 乙=0.9, 丙=0.3).assign(target=[0.4, 1.0, 0.3])
    figure = region_charts.targets(rows, indicator(), CAPTION)
    assert list(figure.layout.yaxis.ticktext) == ["甲", "丙", "乙"]
    assert {"50.0% / 40.0%", "30.0% / 30.0%", "90.0% / 100.0%"} <= set(texts(figure))
    dots = next(trace for trace in figure.data if trace.name == "专职率")
    assert list(dots.marker.color) == [charts.GOOD, charts.GOOD, charts.BAD]
    assert dots.customdata.tolist()[0] == ["150400", "rate", "2018-Q3"]


def test_where_lower_is_better_the_target_is_reached_from_above() -> None:
    rows = parts(甲=0.5, 乙=0.2).assign(target=0.3)
    figure = region_charts.targets(rows, indicator("lower"), CAPTION)
    assert list(figure.layout.yaxis.ticktext) == ["乙", "甲"]
    dots = next(trace for trace in figure.data if trace.name == "专职率")
    assert list(dots.marker.color) == [charts.GOOD, charts.BAD]


def test_who_has_no_target_or_no_figure_is_shown_all_the_same() -> None:
    rows = struck(parts(甲=0.5, 乙=0.2, 丙=None), "乙").assign(target=[math.nan, 0.1, 0.1])
    figure = region_charts.targets(rows, indicator(), CAPTION)
    assert list(figure.layout.yaxis.ticktext) == ["甲", "乙", "丙"]
    assert "50.0%" in texts(figure)
    assert any("<s>20.0%</s>" in text for text in texts(figure))
    assert "尚未上报" in texts(figure)


# ---- two periods -----------------------------------------------------------------------------------------------------


def both(then: dict[str, float | None], now: dict[str, float | None]) -> pd.DataFrame:
    return pd.concat([parts(BEFORE, **then), parts(NOW, **now)])


def test_a_slope_joins_the_two_periods_and_says_how_each_moved() -> None:
    rows = both({"甲": 0.2, "乙": 0.5}, {"甲": 0.3, "乙": 0.5})
    figure = region_charts.slope(rows, indicator(), (BEFORE, NOW), CAPTION)
    assert {"甲 20.0%", "甲 30.0% (+10.0 个百分点)", "乙 50.0%"} <= set(texts(figure))
    up = next(trace for trace in figure.data if trace.line.color == charts.GOOD)
    assert up.y[:2].tolist() == [0.2, 0.3]
    assert figure.data[-1].customdata.tolist()[0] == ["150400", "rate", "2018-Q3"]


@pytest.mark.parametrize(
    ("better", "colour"), [("higher", charts.GOOD), ("lower", charts.BAD), ("neither", charts.BLUE)]
)
def test_a_rise_is_coloured_by_what_is_better(better: str, colour: str) -> None:
    rows = both({"甲": 0.2}, {"甲": 0.3})
    assert region_charts.slope(rows, indicator(better), (BEFORE, NOW), CAPTION).data[0].line.color == colour


def test_who_is_not_in_both_periods_is_named_and_joined_to_nothing() -> None:
    rows = both({"甲": 0.2, "乙": None}, {"甲": 0.3, "乙": 0.5})
    rows = pd.concat([rows, struck(parts(NOW, 甲=0.3, 乙=0.5, 丙=0.4).iloc[2:], "丙")])
    figure = region_charts.slope(rows, indicator(), (BEFORE, NOW), CAPTION)
    assert figure.layout.annotations[0].text == "不是两期都有数：乙、丙"
    assert not any(text.startswith(("乙", "丙")) for text in texts(figure))


@pytest.mark.parametrize("step", [0.0, 0.0001, 0.05])
def test_the_labels_of_a_slope_of_equal_figures_are_a_line_of_text_apart(step: float) -> None:
    names = "甲乙丙丁戊己庚辛壬癸子丑"
    then, now = dict.fromkeys(names, 0.5), {n: 0.5 + step * k for k, n in enumerate(names)}
    figure = region_charts.slope(both(then, now), indicator(), (BEFORE, NOW), CAPTION)
    low, high = figure.layout.yaxis.range
    pixels = (figure.layout.height - figure.layout.margin.t - figure.layout.margin.b) / (high - low)
    for labels in figure.data[-2:]:
        assert len(labels.y) == 12
        assert np.diff(np.sort(labels.y)).min() * pixels >= region_charts.LABEL - 0.5
    assert figure.layout.height < 700


def test_labels_are_spread_as_little_as_can_be() -> None:
    values = np.array([0.50, 0.51, 0.10, 0.52])
    places = region_charts.spread(values, 0.05)
    assert np.diff(np.sort(places)).min() >= 0.05 - 1e-12
    assert np.argsort(places).tolist() == np.argsort(values).tolist()
    assert places[2] == pytest.approx(0.10), "who stands alone stays where it is"
    assert places[[0, 1, 3]].mean() == pytest.approx(values[[0, 1, 3]].mean())


# ---- small multiples -------------------------------------------------------------------------------------------------


def test_small_charts_share_a_scale_and_stand_best_first() -> None:
    rows = both({"甲": 0.2, "乙": 0.6}, {"甲": 0.3, "乙": 0.4})
    figure = region_charts.small_multiples(rows, [0.4, 0.35], indicator(), [BEFORE, NOW], CAPTION)
    whole, courses, _dots, titles = figure.data
    assert list(titles.text) == ["<b>乙</b><br>60.0% → 40.0%", "<b>甲</b><br>20.0% → 30.0%"]
    first, second = courses.y[:2], courses.y[3:5]
    assert first[0] - first[1] == pytest.approx(2 * (second[1] - second[0])), "0.2 down is twice as long as 0.1 up"
    assert courses.x[3] - courses.x[0] == pytest.approx(1), "each in a cell of its own"
    assert np.isnan(courses.y[2])
    assert whole.y[:2].tolist() == pytest.approx(whole.y[3:5].tolist())
    assert titles.customdata.tolist()[0] == ["150401", "rate", "2018-Q3"]


def test_a_small_chart_has_no_point_where_too_few_reported() -> None:
    rows = pd.concat([parts(BEFORE, 甲=0.2), struck(parts(NOW, 甲=0.3), "甲")])
    figure = region_charts.small_multiples(rows, None, indicator(), [BEFORE, NOW], CAPTION)
    courses, _dots, titles = figure.data
    assert np.isnan(courses.y[1])
    assert "<s>30.0%</s>" in titles.text[0]


# ---- areas and maps --------------------------------------------------------------------------------------------------


def test_areas_add_up_and_keep_the_colours_of_the_parts() -> None:
    rows = pd.DataFrame(
        [("x", "a", 3.0), ("x", "b", 1.0), ("y", "b", 2.0), ("z", "a", 0.0)], columns=["unit", "part", "value"]
    )
    colours = {"a": charts.BLUE, "b": charts.GREEN}
    (tree,) = region_charts.treemap(
        rows, {"x": "甲", "y": "乙", "z": "丙"}, {"a": "专职", "b": "兼职"}, colours, CAPTION, "人"
    ).data
    assert list(tree.labels) == ["甲 4", "乙 2", "专职 3", "兼职 1", "兼职 2"]
    assert list(tree.parents) == ["", "", "x", "x", "y"]
    assert tree.values.tolist() == [4, 2, 3, 1, 2]
    assert list(tree.marker.colors)[2:] == [charts.BLUE, charts.GREEN, charts.GREEN]


def square(x: float) -> np.ndarray:
    return np.array([[x, 0], [x + 1, 0], [x + 1, 1], [x, 1], [x, 0]], float)


def test_a_map_shades_by_fifths_and_names_who_has_no_outline() -> None:
    rows = struck(parts(甲=0.1, 乙=0.9, 丙=None, 丁=0.5, 戊=0.6), "丁")
    outlines = Outlines({f"15040{n}": (square(n),) for n in range(4)})
    figure = region_charts.outline_map(rows, outlines, indicator(), CAPTION)
    *areas, names = figure.data
    assert [area.fillcolor for area in areas] == [
        region_charts.SHADES[1], region_charts.SHADES[3], charts.CLEAR, charts.CLEAR,
    ]  # fmt: skip
    assert list(names.text) == ["甲<br>10.0%", "乙<br>90.0%", "丙<br>未报", "丁<br><s>50.0%</s>"]
    assert figure.layout.annotations[0].text == "没有边界：戊"
    assert names.x.tolist() == [0.5, 1.5, 2.5, 3.5]


def test_equal_figures_lie_in_one_fifth() -> None:
    assert region_charts.fifths(np.array([1.0, 1.0, 1.0, np.nan])).tolist() == [2, 2, 2, -1]
    assert region_charts.fifths(np.arange(5.0)).tolist() == [0, 1, 2, 3, 4]
