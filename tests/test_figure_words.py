"""Figures in words: changes in % or percentage points, the reasons of a figure that is not there or not to rely on."""

import math
from collections.abc import Iterator

import pandas as pd
import pytest

from huizong import figure_words, themes
from huizong.forms import Indicator, Term, Text, all_forms
from huizong.texts import speak


@pytest.fixture(autouse=True)
def chinese_again() -> Iterator[None]:
    yield
    speak("zh_CN")


def indicator(*, unit: str | None = None, target: bool = False) -> Indicator:
    words = {"zh": "专职率", "en": "Full-time share"}
    return Indicator(
        code="rate", label=words, numerator="a", denominator=Term(target=True) if target else "b",
        unit=Text(zh=unit, en="people") if unit else None, decimals=0 if unit else 1, definition=words, why=words,
    )  # fmt: skip


def row(**more: object) -> dict[str, object]:
    """The row of a figure that 11 of 12 units stand behind."""
    usual = {"unit": "1504", "value": 0.5, "numerator": 5, "denominator": 10, "n_reporting": 11, "n_expected": 12,
             "n_nil": 0, "missing": ["150424"], "missing_periods": [], "carried": [], "n_carried": 0,
             "min_response": 0.8, "below_threshold": False}  # fmt: skip
    return usual | more


NONE = {"value": math.nan, "numerator": math.nan, "denominator": math.nan}


@pytest.mark.parametrize(
    ("found", "shown", "said"),
    [
        (row(), indicator(), ""),
        (row(**NONE, n_reporting=0, n_expected=0), indicator(), "本期无应报"),
        (row(**NONE, n_reporting=0), indicator(), "尚未上报"),
        (row(value=math.nan, numerator=0, denominator=0), indicator(), "分母为0"),
        (row(value=math.nan, numerator=0, denominator=0, n_reporting=0, n_expected=0), indicator(), "分母为0"),
        (row(value=math.nan, numerator=0, denominator=0, n_nil=2), indicator(), "分母为0"),
        (row(value=math.nan, numerator=0, denominator=0, n_nil=11), indicator(), "零报告"),
        (row(**NONE), indicator(target=True), "尚未录入目标"),
        (row(**NONE), indicator(), "已报数据不足以计算"),
        (row(n_reporting=3, below_threshold=True), indicator(), "仅报3/12，不足80%"),
        (
            row(n_reporting=3, below_threshold=True, carried=["150404", "150424"], n_carried=2),
            indicator(),
            "仅报3/12，沿用上期2个，合计不足80%",
        ),
        (
            row(n_reporting=0, below_threshold=True, missing_periods=["2018-Q2", "2018-Q4"]),
            indicator(),
            "仅报0/12，不足80%；缺报告期：2018年第二季度、2018年第四季度",
        ),
    ],
)
def test_the_reason_is_said(found: dict[str, object], shown: Indicator, said: str) -> None:
    assert figure_words.why(found, shown) == said


def test_nil_returns_are_told_of_once() -> None:
    none = row(value=math.nan, numerator=0, denominator=0, n_reporting=12, n_nil=12, missing=[])
    assert figure_words.remarks(none, indicator()) == ["零报告"]
    some = row(n_reporting=12, n_nil=2, missing=[])
    assert figure_words.remarks(some, indicator()) == ["其中零报告2个"]
    assert themes.response(some) == ":gray[上报 12/12 · 其中零报告2个]"


def test_a_sum_of_a_part_of_its_periods_says_so() -> None:
    months = [f"2018-{month:02}" for month in range(1, 7)]
    some = row(n_reporting=12, missing=[], unowed_periods=months)
    assert figure_words.remarks(some, indicator()) == ["只是其中一部分；无应报的：2018年1月 … 2018年6月"]
    assert themes.response(some) == ":orange[上报 12/12 · 只是其中一部分；无应报的：2018年1月 … 2018年6月]"


def test_a_card_says_once_what_a_struck_figure_lacks() -> None:
    lacking = {"n_expected": 5, "missing": ["150424"], "missing_periods": ["2018-Q2", "2018-Q4"]}
    said = themes.response(row(n_reporting=0, below_threshold=True, **lacking))
    assert said == ":orange[**仅报0/5，不足80%**]，部分报告期未报：林西县 · 缺报告期：2018年第二季度、2018年第四季度"


def test_the_own_office_is_not_set_against_the_townships_of_the_region() -> None:
    parts = pd.DataFrame({"unit": ["150404", "150404", "150404001"], "value": [0.3, 0.5, 2.0],
                          "indicator": ["staff_per_township", "women_share", "staff_per_township"]})  # fmt: skip
    marked = figure_words.for_the_whole_only(parts, parts["unit"] == "150404", all_forms())
    assert marked["whole_only"].tolist() == [True, False, False]
    assert marked["value"].isna().tolist() == [True, False, False]
    declared = all_forms().indicators["staff_per_township"][1]
    assert figure_words.why(row(value=math.nan, whole_only=True), declared) == "只按全地区计算"


def test_a_figure_of_too_few_is_struck() -> None:
    found = row(below_threshold=True)
    assert figure_words.format_figure(found, indicator()) == "~~50.0%~~"
    assert figure_words.format_figure(found, indicator(), "html") == "<s>50.0%</s>"
    assert figure_words.format_figure(row(), indicator()) == "50.0%"
    assert figure_words.format_figure(row(value=math.nan), indicator()) == "—"


@pytest.mark.parametrize(
    ("change", "growth", "shown", "said"),
    [
        (0.012, math.nan, indicator(), "+1.2 个百分点"),
        (-35, -0.125, indicator(unit="人"), "−12.5%"),
        (3, math.nan, indicator(unit="人"), "+3 人"),  # from nothing: no percentage
        (0, 0.0, indicator(unit="人"), "0.0%"),
        (math.nan, math.nan, indicator(unit="人"), "—"),
        (math.nan, math.nan, indicator(), "—"),
    ],
)
def test_a_comparison_is_in_percent_or_in_points(change: float, growth: float, shown: Indicator, said: str) -> None:
    compared = {"change_previous": change, "growth_previous": growth}
    assert figure_words.format_comparison(compared, "previous", shown) == said


def test_who_is_carried_forward_is_named() -> None:
    assert figure_words.carried_forward(row()) == ""
    some = row(missing=["150404", "150424"], carried=["150424"], n_carried=1)
    assert figure_words.carried_forward(some) == "沿用上期1个：林西县"
    assert figure_words.carried_forward(row(carried=["150424"], n_carried=1)) == "均沿用上期"
    assert figure_words.carried_forward(row(unit="150424", carried=["150424"], n_carried=1)) == "沿用上期"


def test_other_reporters_are_told_beside_a_change() -> None:
    then = {"change_last_year": 0.1, "same_reporters_last_year": False, "n_reporting_last_year": 10}
    compared = row(**then, n_expected_last_year=12)
    assert figure_words.other_reporters(compared, "last_year") == "上年同期已报10/12"
    assert figure_words.other_reporters(compared | {"same_reporters_last_year": True}, "last_year") == ""
    assert figure_words.other_reporters(compared | {"change_last_year": math.nan}, "last_year") == ""


def test_the_words_are_english_on_an_english_page() -> None:
    speak("en")
    assert figure_words.why(row(n_reporting=3, below_threshold=True), indicator()) == "only 3 of 12 reported: below 80%"
    money = all_forms().indicators["funds_paid"][1]
    assert figure_words.format_value(-12761, money) == "−12,761.0 × 10,000 yuan"
