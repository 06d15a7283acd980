from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huizong.periods import (
    MONTHS_IN,
    BadPeriod,
    Period,
    find_dates,
    find_periods,
    find_spans,
    parse_period,
    period_on,
    source_periods,
    with_year,
)

periods = st.sampled_from(sorted(MONTHS_IN)).flatmap(
    lambda frequency: st.builds(
        Period, st.integers(1950, 2090), st.just(frequency), st.integers(1, 12 // MONTHS_IN[frequency])
    )
)


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("2018年第三季度", "2018-Q3"),
        ("2018年三季度", "2018-Q3"),
        ("2018年3季度", "2018-Q3"),
        ("2018年第3季度", "2018-Q3"),
        ("2018年度第三季度", "2018-Q3"),
        ("2018三季度", "2018-Q3"),
        ("18年三季度", "2018-Q3"),
        ("二0一八年三季度", "2018-Q3"),
        ("2018年叁季度", "2018-Q3"),
        ("2018年第Ⅲ季度", "2018-Q3"),
        ("2018年——第三季度", "2018-Q3"),
        ("2018.3季度", "2018-Q3"),
        ("2018年第3个季度", "2018-Q3"),
        ("2018年3Q", "2018-Q3"),
        ("2018/Q3", "2018-Q3"),
        ("2018年7、8、9月", "2018-Q3"),
        ("2018.7-9月", "2018-Q3"),
        ("2018.7—2018.9", "2018-Q3"),
        ("2018年7月1日至9月30日", "2018-Q3"),
        ("2018.7.1-2018.9.30", "2018-Q3"),
        ("二〇一八年三季度", "2018-Q3"),
        ("二○一八年第三季度", "2018-Q3"),
        ("２０１８年第３季度", "2018-Q3"),
        (" 2018 年 第 三 季 度 ", "2018-Q3"),
        ("2018年__3__季度", "2018-Q3"),
        ("（2018年第三季度）", "2018-Q3"),
        ("2018Q3", "2018-Q3"),
        ("2018-Q3", "2018-Q3"),
        ("2018 q3", "2018-Q3"),
        ("2018年Q3", "2018-Q3"),
        ("Q3 2018", "2018-Q3"),
        ("2018年上半年", "2018-H1"),
        ("2018年下半年", "2018-H2"),
        ("2018 年 下 半 年", "2018-H2"),
        ("2018-H2", "2018-H2"),
        ("2018年11月", "2018-11"),
        ("2018年11月份", "2018-11"),
        ("2018年 11 月", "2018-11"),
        ("二零一八年十一月", "2018-11"),
        ("2018年十月", "2018-10"),
        ("2018.11", "2018-11"),
        ("2018-11", "2018-11"),
        ("2018/1", "2018-01"),
        ("November 2018", "2018-11"),
        ("2018年度", "2018"),
        ("2018年", "2018"),
        ("2018", "2018"),
        ("2018年1-3月", "2018-Q1"),
        ("2018年1月—3月", "2018-Q1"),
        ("2018年7—9月", "2018-Q3"),
        ("2018年7月至9月", "2018-Q3"),
        ("2018年7月至2018年9月", "2018-Q3"),
        ("2018年1～6月", "2018-H1"),
        ("2018年7-12月份", "2018-H2"),
        ("2018年1-12月", "2018"),
    ],
)
def test_reads_what_clerks_print(printed, code):
    assert str(parse_period(printed)) == code
    if printed != "2018":
        assert find_periods(f"某市统战委员配备情况表（{printed.strip('（）')}）") == [Period.of(code)]


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "三季度",
        "2018年第五季度",
        "2018年13月",
        "2018年1—9月",
        "2018年2-4月",
        "2018年1-9",
        "2018.1-9",
        "2018年前三季度",
        "2018年一至三季度",
        "2018年第一、二季度",
        "2018年一季度至三季度",
        "2018年1、2月",
        "2018年第二季度/第三季度",
        "2018年第二季度 第三季度",
        "2018年8月21日至9月20日",
        "2018年9月上半月",
        "2018年9月下旬",
        "2018年9月第1周",
        "2017年11月至2018年1月",
        "2018年以来",
        "2018年至今",
        "2018—2020年",
        "2018年9月30日",
        "2018-09-30",
        "20180930",
        "统办〔2018〕15号",
        "2018.11万元",
        "120183",
    ],
)
def test_takes_no_period_out_of_what_is_none(printed):
    assert parse_period(printed) is None
    assert find_periods(printed) == []


@pytest.mark.parametrize(
    ("printed", "dated", "spans"),
    [
        ("第三季度（7-9月）", "2018年第三季度(2018年7-9月)", []),
        ("1—9月累计", "2018年1—9月累计", ["2018年1—9月"]),
        ("2018年前三季度", "2018年前三季度", ["2018年前三季"]),
        ("8月21日—9月20日", "2018年8月21日—9月20日", ["2018年8月21日—9月20日"]),
        ("2016—2018年", "2016—2018年", ["2016—2018"]),
        ("截至6月底", "截至2018年6月底", []),
        ("9月30日", "9月30日", []),
        ("二季度培训", "2018年二季度培训", []),
        ("2018年三、四季度", "2018年三、四季度", ["2018年三、四季"]),
        ("第2—3期", "第2—3期", []),
    ],
)
def test_a_time_without_a_year_gets_one_and_a_span_is_no_period(printed, dated, spans):
    assert with_year(printed, 2018) == dated
    assert list(find_spans(dated)) == spans


def test_strict_reading_wants_the_whole_text():
    assert parse_period("2018年第三季度统战委员配备情况表") is None
    assert parse_period("截至2018年9月") is None


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("2018年第三季度统战委员配备情况表", ["2018-Q3"]),
        ("2018年度统战工作保障情况表", ["2018"]),
        ("2018年12个旗县区统战委员配备情况", ["2018"]),
        ("2018年11月12个旗县区宣传信息", ["2018-11"]),
        ("2017年第四季度、2018年第一季度对比", ["2017-Q4", "2018-Q1"]),
        ("2018年第三季度（2018年三季度）", ["2018-Q3"]),
        ("统战委员配备情况表（2018年度）（三季度）", ["2018"]),
        ("统战委员配备情况表2018年（三季度）", ["2018-Q3"]),
        ("2018年第三季度 填报时间：2018年9月30日", ["2018-Q3"]),
        ("1.2018年11月份宣传信息", ["2018-11"]),
        ("共有2018人参训", []),
    ],
)
def test_finds_periods_in_a_line(line, codes):
    assert [str(period) for period in find_periods(line)] == codes


def test_finds_dates():
    assert find_dates("填报时间：2018年9月30日 审核：2018.10.8") == [date(2018, 9, 30), date(2018, 10, 8)]
    assert find_dates("二〇一八年九月三十日") == [date(2018, 9, 30)]
    assert find_dates("２０１８年 ９月 ３０ 日") == [date(2018, 9, 30)]
    assert find_dates("20180930") == [date(2018, 9, 30)]
    assert find_dates("2018年9月30") == [date(2018, 9, 30)]
    assert find_dates("2018年9月31日 2018年9月") == []


@given(periods)
def test_codes_and_labels_come_back(period):
    assert Period.of(period.code) == period
    for language in ("zh_CN", "en"):
        assert parse_period(period.label(language)) == period


@given(periods)
def test_neighbours_touch(period):
    assert period.next().start - period.end == timedelta(days=1)
    assert period.next().previous() == period
    assert period.previous() < period < period.next()
    assert period.last_year().next().frequency == period.frequency
    assert (period.last_year().year, period.last_year().months) == (period.year - 1, period.months)


@given(periods, st.sampled_from(sorted(MONTHS_IN)))
def test_parts_make_up_the_whole(period, frequency):
    parts = period.parts(frequency)
    if MONTHS_IN[frequency] > MONTHS_IN[period.frequency]:
        assert parts == []
        assert not any(period.contains(other) for other in [period_on(period.start, frequency)])
    else:
        assert (parts[0].start, parts[-1].end) == (period.start, period.end)
        assert all(period.contains(part) for part in parts)
        assert all(a.next() == b for a, b in pairwise(parts))


@given(st.text())
def test_any_text_is_read_without_error(text):
    for period in find_periods(text):
        assert isinstance(period, Period)
    parse_period(text)


def test_a_stock_is_its_last_part_and_a_flow_all_of_them():
    year = Period.of("2018")
    assert source_periods(year, "quarter", "stock") == [Period.of("2018-Q4")]
    assert [str(p) for p in source_periods(year, "quarter", "flow")] == ["2018-Q1", "2018-Q2", "2018-Q3", "2018-Q4"]
    assert source_periods(Period.of("2018-Q3"), "quarter", "stock") == [Period.of("2018-Q3")]
    for measure in ("stock", "flow"):
        assert source_periods(Period.of("2018-11"), "quarter", measure) == []


def test_bad_codes_say_what_is_right():
    for code in ("", "2018Q3", "2018-Q5", "2018-13", "2018-9", "18", " 2018"):
        with pytest.raises(BadPeriod, match="2018-Q3"):
            Period.of(code)
    with pytest.raises(BadPeriod, match="half_year"):
        Period(2018, "week", 1)
    with pytest.raises(BadPeriod, match="quarter 5 of 2018"):
        Period(2018, "quarter", 5)


@pytest.mark.parametrize(
    ("period", "frequency", "codes"),
    [
        ("2018-Q3", "month", ["2018-07", "2018-08", "2018-09"]),
        ("2018-Q3", "quarter", ["2018-Q3"]),
        ("2018-Q3", "half_year", []),
        ("2018-Q2", "half_year", ["2018-H1"]),
        ("2018-Q4", "half_year", ["2018-H2"]),
        ("2018-Q4", "year", ["2018"]),
        ("2018-11", "year", []),
        ("2018", "half_year", ["2018-H1", "2018-H2"]),
    ],
)
def test_what_ends_in_a_period(period: str, frequency: str, codes: list[str]) -> None:
    assert [part.code for part in Period.of(period).ending(frequency)] == codes
