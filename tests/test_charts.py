"""Charts: titles, order, what is missing, what a click carries, what can be read without hovering."""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from huizong import charts, figure_words
from huizong.charts import Caption
from huizong.forms import Indicator, Text, all_forms
from huizong.periods import Period
from huizong.texts import speak

CAPTION = Caption("专职率排名", "赤峰市", "2018年第三季度", (11, 12))


@pytest.fixture(autouse=True)
def chinese_again() -> Iterator[None]:
    yield
    speak("zh_CN")


def indicator(code: str = "rate", *, unit: str | None = None, decimals: int = 1, better: str = "higher") -> Indicator:
    words = {"zh": "专职率", "en": "Full-time share"}
    return Indicator(
        code=code, label=words, numerator="a", denominator="b", decimals=decimals, better=better,
        unit=Text(zh=unit, en="people") if unit else None, definition=words, why=words,
    )  # fmt: skip


def children(**values: float) -> pd.DataFrame:
    """One row per region: what it reported; None for one that has not."""
    return pd.DataFrame(
        [
            {
                "unit": f"15040{n}", "name": name, "indicator": "rate", "value": math.nan if value is None else value,
                "denominator": math.nan if value is None else 1, "n_reporting": int(value is not None), "n_expected": 1,
                "period": "2018-Q3", "below_threshold": False, "n_carried": 0, "min_response": 0.8,
                "missing_periods": [], "target": math.nan,
            }
            for n, (name, value) in enumerate(values.items())
        ]
    )  # fmt: skip


def course(**values: float) -> pd.DataFrame:
    """One row per period: 2018Q1=0.5 …; all of 12 reported, fewer where a pair says so."""
    rows = []
    for name, value in values.items():
        value, n = value if isinstance(value, tuple) else (value, 12)
        code = f"{name[1:5]}-{name[5:]}"
        rows.append({"period": code, "value": math.nan if value is None else value, "n_reporting": n, "n_expected": 12})
    return pd.DataFrame(rows).assign(unit="1504", indicator="rate", below_threshold=False)


def bars(figure: go.Figure) -> list[go.Bar]:
    return [trace for trace in figure.data if isinstance(trace, go.Bar)]


def words(figure: go.Figure) -> str:
    """All text that stands on the chart without hovering."""
    texts = [figure.layout.title.text, figure.layout.title.subtitle.text]
    texts += [annotation.text for annotation in figure.layout.annotations]
    for trace in figure.data:
        texts += [str(text) for text in np.ravel(trace.text)] if getattr(trace, "text", None) is not None else []
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        texts += list(axis.ticktext or ())
    return "\n".join(text for text in texts if text)


# ---- printing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown", "printed"),
    [
        (18 / 182, indicator(), "9.9%"),
        (1.0, indicator(decimals=0), "100%"),
        (3300, indicator(unit="对", decimals=0), "3,300 对"),
        (116.3636, indicator(unit="万元/对"), "116.4 万元/对"),
        (-0.5, indicator(), "−50.0%"),
        (5 / 16, indicator(), "31.3%"),
        (2.5, indicator(unit="人", decimals=0), "3 人"),
        (math.nan, indicator(), "—"),
        (None, indicator(unit="人"), "—"),
    ],
)
def test_a_figure_is_printed_with_its_unit(value: float | None, shown: Indicator, printed: str) -> None:
    assert figure_words.format_value(value, shown) == printed


@pytest.mark.parametrize(
    ("change", "shown", "printed"),
    [
        (0.012, indicator(), "+1.2 个百分点"),
        (-0.1, indicator(), "−10.0 个百分点"),
        (0.0004, indicator(), "0.0 个百分点"),
        (35, indicator(unit="人", decimals=0), "+35"),
        (-1234.5, indicator(unit="万元"), "−1,234.5"),
        (math.nan, indicator(), "—"),
    ],
)
def test_a_change_of_a_share_is_in_percentage_points(change: float, shown: Indicator, printed: str) -> None:
    assert figure_words.format_change(change, shown) == printed


def test_a_figure_speaks_the_language_of_the_page() -> None:
    speak("en")
    assert figure_words.format_change(0.012, indicator()) == "+1.2 pp"
    assert figure_words.format_value(5, indicator(unit="人", decimals=0)) == "5 people"


# ---- ranking ---------------------------------------------------------------------------------------------------------


def test_a_ranking_says_what_where_and_when() -> None:
    figure = charts.ranking(children(甲=0.2), indicator(), CAPTION)
    assert "专职率排名" in figure.layout.title.text
    assert "赤峰市 · 2018年第三季度 · 上报 11/12" in figure.layout.title.subtitle.text
    assert figure.layout.xaxis.title.text == "单位：%"


@pytest.mark.parametrize(("better", "order"), [("higher", "乙丙甲"), ("lower", "甲丙乙"), ("neither", "乙丙甲")])
def test_the_best_stands_on_top(better: str, order: str) -> None:
    figure = charts.ranking(children(甲=0.2, 乙=0.8, 丙=0.5), indicator(better=better), CAPTION)
    assert "".join(figure.layout.yaxis.ticktext) == order
    low, high = figure.layout.yaxis.range
    assert low > high, "the first row is drawn at the top"


def test_values_are_printed_and_a_click_carries_the_code() -> None:
    (bar,) = bars(charts.ranking(children(甲=0.2, 乙=0.8), indicator(), CAPTION))
    assert list(bar.text) == ["80.0%", "20.0%"]
    assert bar.customdata.tolist() == [["150401", "rate", "2018-Q3"], ["150400", "rate", "2018-Q3"]]


def test_who_has_not_reported_is_named_and_not_drawn_as_zero() -> None:
    figure = charts.ranking(children(甲=0.0, 林西县=None, 乙=0.8), indicator(), CAPTION)
    (bar,) = bars(figure)
    assert bar.x.tolist() == [0.8, 0.0]
    assert list(figure.layout.yaxis.ticktext) == ["乙", "甲", "林西县"]
    assert "尚未上报" in words(figure)


def test_reported_without_a_figure_is_not_called_unreported() -> None:
    rows = children(甲=0.4, 乙=None).assign(n_reporting=1)
    assert "已报数据不足以计算" in words(charts.ranking(rows, indicator(), CAPTION))


def test_the_whole_is_drawn_as_a_line() -> None:
    figure = charts.ranking(children(甲=0.2, 乙=0.8), indicator(), CAPTION, average=0.45)
    assert figure.layout.shapes[0].x0 == 0.45
    assert "总体 45.0%" in words(figure)


def test_a_figure_of_too_few_returns_is_struck_and_never_ranked() -> None:
    rows = children(甲=0.2, 林西县=0.9, 乙=0.8)
    rows["below_threshold"], rows["n_expected"] = rows["name"] == "林西县", 5
    figure = charts.ranking(rows, indicator(), CAPTION)
    assert bars(figure)[0].x.tolist() == [0.8, 0.2]
    assert list(figure.layout.yaxis.ticktext) == ["乙", "甲", "林西县"]
    assert "<s>90.0%</s> 仅报1/5，不足80%" in words(figure)


def test_a_ranking_of_nobody_is_empty_and_not_an_error() -> None:
    figure = charts.ranking(children(甲=None), indicator(), CAPTION, average=math.nan)
    assert not len(bars(figure)[0].x)
    assert not figure.layout.shapes


# ---- trend -----------------------------------------------------------------------------------------------------------


def test_a_trend_is_interrupted_where_there_is_no_figure() -> None:
    figure = charts.trend(course(p2018Q1=0.1, p2018Q2=None, p2018Q3=0.3), indicator(), CAPTION)
    (line,) = figure.data
    assert np.isnan(line.y[1])
    assert line.connectgaps is False
    assert list(line.text) == ["10.0%", "", "30.0%"]


def test_periods_stand_in_order_with_their_years() -> None:
    figure = charts.trend(course(p2018Q1=3, p2017Q4=2, p2017Q3=1), indicator(unit="人"), CAPTION)
    assert figure.data[0].y.tolist() == [1, 2, 3]
    assert list(figure.layout.xaxis.ticktext) == ["三季度<br>2017", "四季度", "一季度<br>2018"]


@pytest.mark.parametrize(
    ("codes", "ticks"),
    [
        (["2017", "2018"], ["2017", "2018"]),
        (["2018-H1", "2018-H2"], ["上半年<br>2018", "下半年"]),
        (["2018-12", "2019-01"], ["12月<br>2018", "1月<br>2019"]),
    ],
)
def test_ticks_of_every_frequency(codes: list[str], ticks: list[str]) -> None:
    assert charts.time_ticks([Period.of(code) for code in codes]) == ticks


def test_a_point_is_hollow_where_somebody_is_missing() -> None:
    figure = charts.trend(course(p2018Q1=0.1, p2018Q2=(0.2, 11)), indicator(), CAPTION)
    assert figure.data[0].marker.color.tolist() == [charts.BLUE, "rgba(0,0,0,0)"]
    assert "11/12" in figure.data[0].hovertext[1]


def test_a_boundary_change_is_marked_before_its_period() -> None:
    rows = course(p2004Q2=1, p2004Q3=2, p2004Q4=3)
    figure = charts.trend(rows, indicator(), CAPTION, breaks={"2004-Q3": "郾城县 → 郾城区、召陵区"})
    assert figure.layout.shapes[0].x0 == 0.5
    assert "郾城县 → 郾城区" in words(figure)


def test_a_point_of_too_few_returns_is_struck_and_joined_to_nothing() -> None:
    rows = course(p2018Q1=0.1, p2018Q2=(0.9, 2), p2018Q3=0.3)
    rows["below_threshold"] = rows["n_reporting"] < 6
    line, left_out = charts.trend(rows, indicator(), CAPTION).data
    assert np.isnan(line.y[1])
    assert list(line.text) == ["10.0%", "", "30.0%"]
    assert list(left_out.text) == ["", "<s>90.0%</s>", ""]
    assert left_out.customdata[1].tolist() == ["1504", "rate", "2018-Q2"]


def test_a_target_is_drawn_within_the_axis_and_named() -> None:
    figure = charts.trend(course(p2018Q1=0.1, p2018Q2=0.2), indicator(), CAPTION, target=0.9)
    assert figure.data[1].y.tolist() == [0.9, 0.9]
    assert figure.layout.yaxis.range[1] > 0.9
    assert "目标 90.0%" in words(figure)


def test_a_long_trend_prints_ends_and_extremes_only() -> None:
    values = np.array([5.0, *range(20, 40), 10.0])
    assert charts.printed_points(values) == {0, 20, 21}


# ---- colours ---------------------------------------------------------------------------------------------------------


def test_a_part_has_one_colour_and_no_two_of_a_composition_share_one() -> None:
    forms = all_forms()
    colours = charts.part_colours(forms)
    for form in forms.values():
        for composition in form.compositions:
            codes = composition.items or [code.code for code in form.by_code[composition.by].codes]
            assert len({colours[code] for code in codes}) == len(codes), composition.code
    assert colours["other"] == colours[""] == charts.GREY


# ---- composition, heat map, changes, flows ---------------------------------------------------------------------------


def parts_of(**regions: dict[str, float]) -> pd.DataFrame:
    rows = [{"unit": u, "part": p, "value": v} for u, parts in regions.items() for p, v in parts.items()]
    return pd.DataFrame(rows)


def test_a_composition_adds_up_to_the_whole() -> None:
    rows = parts_of(x={"a": 1, "b": 3}, y={"b": 5})
    labels = {"a": "专职", "c": "外派", "b": "兼职"}
    colours = {"a": charts.BLUE, "b": charts.GREEN, "c": charts.PINK}
    figure = charts.composition(rows, {"x": "甲", "y": "乙", "z": "林西县"}, labels, colours, CAPTION, "人")
    first, second = bars(figure)
    assert [first.name, second.name] == ["专职", "兼职"]
    assert (first.x + second.x).tolist() == [1, 1, 0]
    assert list(second.text) == ["75%", "100%", ""]
    assert second.marker.color == charts.GREEN, "a part keeps its colour whether or not another one is there"
    assert list(figure.layout.yaxis.ticktext) == ["甲（4）", "乙（5）", "林西县"]
    assert "未报" in words(figure)


def test_a_heat_map_prints_every_figure_and_colours_by_direction() -> None:
    rows = pd.concat(
        [
            children(甲=0.1, 乙=0.9, 丙=None).assign(indicator="up"),
            children(甲=0.1, 乙=0.9, 丙=None).assign(indicator="down"),
            children(甲=0.1, 乙=0.9, 丙=None).assign(indicator="none"),
        ]
    )
    shown = [indicator("up"), indicator("down", better="lower"), indicator("none", better="neither")]
    colours, cells = charts.heat_map(rows, shown, CAPTION).data
    assert colours.z[:2].tolist() == [[0, 1, 0.5], [1, 0, 0.5]]
    assert np.isnan(colours.z[2]).all()
    assert list(cells.text) == ["10.0%"] * 3 + ["90.0%"] * 3 + ["未报"] * 3
    assert cells.customdata[3].tolist() == ["150401", "up", "2018-Q3"]


def test_equal_values_say_nothing_about_who_is_better() -> None:
    assert charts.standing(np.array([1.0, 1.0, np.nan]), "higher").tolist()[:2] == [0.5, 0.5]
    assert charts.standing(np.array([3.0, 1.0, 2.0]), "lower").tolist() == [0, 1, 0.5]


def test_a_change_is_coloured_by_whether_it_is_good() -> None:
    rows = pd.DataFrame(
        {
            "unit": ["1", "2", "3"], "label": ["甲", "乙", "丙"], "text": ["+1", "−2", "+3"], "size": [0.1, -0.2, 0.3],
            "good": [True, False, None],
        }
    )  # fmt: skip
    (bar,) = charts.changes(rows, CAPTION).data
    assert list(bar.marker.color) == [charts.BLUE, charts.VERMILION, charts.GREY]
    assert list(bar.text) == ["+1", "−2", "+3"]


@pytest.mark.parametrize("way", [1, -1])
def test_changes_of_one_direction_leave_the_other_side_of_the_chart_to_no_one(way: int) -> None:
    sizes = [way * 0.3, way * 0.1]
    rows = pd.DataFrame(
        {"unit": ["1", "2"], "label": ["甲", "乙"], "text": ["a", "b"], "size": sizes, "good": [True, True]}
    )
    low, high = sorted(way * end for end in charts.changes(rows, CAPTION).layout.xaxis.range)
    assert low == 0
    assert high > 0.3 * 1.5  # room for the words beyond the longest bar


@pytest.mark.parametrize(("share", "anchor"), [(0.0, "left"), (0.33, "left"), (0.5, "center"), (0.9, "right")])
def test_words_at_an_upright_line_end_inside_the_chart(share: float, anchor: str) -> None:
    assert charts.beside(share) == anchor


def test_flows_show_the_heaviest_only() -> None:
    rows = pd.DataFrame(
        {"source": ["企业甲", "企业甲", "企业乙"], "target": ["一村", "二村", "一村"], "weight": [5.0, 1.0, 9.0]}
    )
    (flow,) = charts.flows(rows, CAPTION, "万元", most=2).data
    assert list(flow.node.label) == ["企业乙 9", "企业甲 5", "一村"]
    assert flow.link.source.tolist() == [0, 1]
    assert flow.link.target.tolist() == [2, 2]
    assert flow.link.value.tolist() == [9, 5]


def test_heads_are_wrapped() -> None:
    assert charts.wrapped("村级联络员配备率", 5) == "村级联络<br>员配备率"
    assert charts.wrapped("专职率", 5) == "专职率"
    assert charts.wrapped("Village liaison coverage", 5) == "Village<br>liaison<br>coverage"


def rates(**counts: tuple[int, int, int, int]) -> pd.DataFrame:
    """One row per region: owed, received, judged, in time."""
    return pd.DataFrame(
        [
            {"unit": f"15040{n}", "name": name, "period": "2018-Q3", "n_expected": owed, "n_received": received,
             "n_on_time": in_time, "response": received / owed, "on_time": in_time / judged if judged else math.nan}
            for n, (name, (owed, received, judged, in_time)) in enumerate(counts.items())
        ]
    )  # fmt: skip


def test_response_is_printed_with_counts_and_the_timely_part_lies_within() -> None:
    figure = charts.response(rates(林西县=(4, 2, 4, 1), 松山区=(4, 4, 4, 3), 红山区=(4, 3, 0, 0)), CAPTION)
    sent, in_time = bars(figure)
    assert list(sent.x) == [1, 0.75, 0.5]
    assert list(in_time.x) == [0.75, 0, 0.25]
    assert all(in_time.x <= sent.x)
    assert list(sent.text) == ["4/4 · 100% · 按时 75%", "3/4 · 75%", "2/4 · 50% · 按时 25%"]
    assert list(figure.layout.yaxis.ticktext) == ["松山区", "红山区", "林西县"]
    assert sent.customdata.ravel().tolist() == ["150401", "150402", "150400"]


def test_response_over_time_prints_every_share_and_a_dash_where_nothing_was_owed() -> None:
    frame = pd.DataFrame(
        [("150404", "2018-Q2", 0.5), ("150404", "2018-Q3", 1.0), ("150424", "2018-Q3", 0.0)],
        columns=["unit", "period", "response"],
    )
    periods = [Period.of("2018-Q2"), Period.of("2018-Q3")]
    regions = {"150404": "松山区", "150424": "林西县"}
    figure = charts.response_over_time(frame, "response", periods, regions, CAPTION)
    colours, texts = figure.data
    assert list(texts.text) == ["50%", "100%", "—", "0%"]
    assert texts.customdata.tolist()[3] == ["150424", "response", "2018-Q3"]
    assert np.array_equal(colours.z, [[0.5, 1], [math.nan, 0]], equal_nan=True)
    assert "松山区" in words(figure)
