"""Which form, unit and period a table is, and what its rows say; whatever is unclear is asked, never guessed."""

import copy
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stores import LINXI, SONGSHAN, YONGNING, places
from workbooks import drawn

from huizong.claims import FOREIGN
from huizong.forms import all_forms
from huizong.layout import Vocabulary
from huizong.names import holds_several
from huizong.org_units import Villages
from huizong.periods import Period
from huizong.returned import Return
from huizong.returns import read_returns
from huizong.sheet import Sheet, Workbook

VOCABULARY = Vocabulary(all_forms())
UNITS = places(SONGSHAN, LINXI, YONGNING, "152201", "152221")  # 乌兰浩特市 and 科尔沁右翼前旗 beside

HEAD = "| 渠道 | 上报条数 | 采用条数 |"
ROW = "| 网站 | 5 | 1 |"
TITLE = "| 2018年9月宣传信息情况表 |"


def read_all(*sheets: Sheet, mark: dict[str, str] | None = None, answers: dict | None = None) -> list[Return]:
    return read_returns(Workbook(list(sheets), "xlsx", mark or {}), VOCABULARY, UNITS, answers)


def read(*lines: str, **more: dict) -> Return:
    (found,) = read_all(drawn("\n".join(lines)), **more)
    return found


def asked(found: Return) -> dict[str, list[str]]:
    """What is unclear → the candidates."""
    return {question.ask: question.candidates for question in found.questions}


def findings(found: Return) -> list[tuple[str, str, list[str]]]:
    return [(finding.severity, finding.rule, finding.cells) for finding in found.findings]


def cells(found: Return, item: str) -> dict[str | None, object]:
    """Cell → value of one item."""
    return {found.cell(row, item): row.values[item] for row in found.rows}


# ---- which unit and period -------------------------------------------------------------------------------------------


def test_title_and_lines_say_all() -> None:
    found = read(TITLE, "| 填报单位：松山区委统战部 | | 填报时间：2018年9月30日 |", HEAD, ROW)
    assert (found.form.code, found.unit.code, found.period.code) == ("publicity", SONGSHAN, "2018-09")
    assert asked(found) == {}


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("松山区2018年9月宣传信息情况表", ""),
        ("赤峰市松山区宣传信息情况表（2018年9月）", ""),
        ("宣传信息情况表", "| 填报单位：赤峰市松山区 | | 报告期：2018年9月 |"),
        ("宣传信息情况表", "| 2018年9月 |\n| 填报单位： | 中共松山区委统战部 |"),
        ("宣传信息情况表", "| 填报单位：150404 | | 统计时间：2018-09 |"),
        ("松山区2018年9月宣传信息情况表", "| 填报单位：松山区 | | 填报时间：2018年10月8日 |"),
        ("赤峰市2018年9月宣传信息情况表", "| 填报单位：松山区 |"),
    ],
)
def test_unit_and_period_however_they_are_printed(title: str, lines: str) -> None:
    found = read(f"| {title} |", *filter(None, lines.splitlines()), HEAD, ROW)
    assert asked(found) == {}
    assert (found.unit.code, found.period.code) == (SONGSHAN, "2018-09")


def test_nothing_said_is_asked_and_nothing_is_read() -> None:
    found = read(HEAD, ROW)
    assert asked(found) == {"unit": [], "period": []}
    assert (found.unit, found.period, found.rows) == (None, None, [])


def test_the_name_of_the_sheet_or_file_never_decides() -> None:
    (found,) = read_all(drawn(f"{HEAD}\n{ROW}", name="松山区2018年9月"))
    assert set(asked(found)) == {"unit", "period"}


def test_two_periods_are_asked_about() -> None:
    found = read(TITLE, "| 填报单位：松山区 | | 报告期：2018年8月 |", HEAD, ROW)
    assert asked(found) == {"period": ["2018-08", "2018-09"]}
    assert found.rows == []


def test_a_period_of_another_frequency_is_asked_about() -> None:
    found = read("| 2018年第三季度宣传信息情况表 |", "| 填报单位：松山区 |", HEAD, ROW)
    assert asked(found) == {"period": ["2018-07", "2018-08", "2018-09"]}


def test_the_day_of_filling_in_is_no_period() -> None:
    found = read("| 宣传信息情况表 |", "| 填报单位：松山区 | | 填报日期：2018年10月8日 |", HEAD, ROW)
    assert "period" in asked(found)


STOCK_HEAD = "| 乡镇(街道) | 统战委员配备 | 行政村(嘎查)数 | 社区(居委会)数 |"
STOCK_ROW = "| 穆家营子镇 | 专职 | 5 | 2 |"


def test_the_day_a_stock_is_taken_at_is_its_period() -> None:
    found = read("| 统战委员配备情况表 |", "| 填报单位：松山区 | | 截至2018年9月30日 |", STOCK_HEAD, STOCK_ROW)
    assert found.period.code == "2018-Q3"


def test_a_day_within_a_period_is_asked_about() -> None:
    found = read("| 统战委员配备情况表 |", "| 填报单位：松山区 | | 截至2018年9月12日 |", STOCK_HEAD, STOCK_ROW)
    assert "period" in asked(found)


def test_a_unit_that_two_fit_is_asked_about() -> None:
    found = read(TITLE, "| 填报单位：科右 |", HEAD, ROW)
    assert "unit" in asked(found)
    assert found.rows == []


def test_two_units_are_asked_about() -> None:
    found = read("| 林西县2018年9月宣传信息情况表 |", "| 填报单位：松山区 |", HEAD, ROW)
    assert sorted(asked(found)["unit"]) == [SONGSHAN, LINXI]


def test_the_title_of_another_form_is_asked_about() -> None:
    found = read("| 2018年9月统战培训情况表 |", "| 填报单位：松山区 |", HEAD, ROW)
    assert asked(found) == {"form": ["publicity", "training"]}


def test_answers_are_taken_and_the_rest_is_read_as_before() -> None:
    found = read("| 宣传信息情况表 |", HEAD, ROW, answers={0: {"unit": SONGSHAN, "period": "2018-09"}})
    assert asked(found) == {}
    assert (found.unit.code, found.period.code) == (SONGSHAN, "2018-09")
    assert cells(found, "submitted") == {"B3": Decimal(5)}


def test_an_answer_belongs_to_its_own_return() -> None:
    sheets = [drawn(f"{TITLE}\n{HEAD}\n{ROW}", name=name) for name in ("甲", "乙")]
    first, second = read_all(*sheets, answers={1: {"unit": SONGSHAN}})
    assert (asked(first), asked(second)) == ({"unit": []}, {})


def test_an_answer_finds_its_return_behind_one_of_two_sheets() -> None:
    lines = (TITLE, "| 填报单位：松山区 |", HEAD)
    sheets = [
        drawn("\n".join((*lines, ROW)), name="表1"),
        drawn("\n".join((*lines, "| 公众号 | 2 | 0 |")), name="表1续"),
        drawn(f"{STOCK_HEAD}\n{STOCK_ROW}", name="表2"),
    ]
    _, unclear = read_all(*sheets)
    assert set(asked(unclear)) == {"period"}  # the unit is the one that the other sheets name
    whole, answered = read_all(*sheets, answers={1: {"unit": SONGSHAN, "period": "2018-Q3"}})
    assert [row.label for row in whole.rows] == ["网站", "公众号"]
    assert (answered.form.code, answered.period.code) == ("coverage", "2018-Q3")


def test_an_answer_leaves_the_number_of_returns_as_it_was() -> None:
    known = drawn("\n".join((TITLE, "| 填报单位：松山区 |", HEAD, ROW)), name="表1")
    unclear = drawn(f"| 填报单位：某某区 |\n{HEAD}\n| 公众号 | 2 | 0 |", name="表2")
    first, second = read_all(known, unclear, answers={1: {"unit": SONGSHAN}})
    assert ([row.label for row in first.rows], [row.label for row in second.rows]) == (["网站"], ["公众号"])


MARK = {"form": "publicity", "version": "2004-01-01", "unit": SONGSHAN, "period": "2018-09"}


def test_the_mark_of_our_blank_suffices() -> None:
    found = read(HEAD, ROW, mark=MARK)
    assert (found.unit.code, found.period.code, asked(found)) == (SONGSHAN, "2018-09", {})


def test_a_mark_that_the_sheet_contradicts_is_asked_about() -> None:
    # Last month's blank filled in again with a new title.
    found = read("| 2018年10月宣传信息情况表 |", "| 填报单位：林西县 |", HEAD, ROW, mark=MARK)
    assert asked(found)["period"] == ["2018-09", "2018-10"]
    assert sorted(asked(found)["unit"]) == [SONGSHAN, LINXI]


def test_the_mark_of_one_form_says_nothing_of_another_on_the_same_workbook() -> None:
    found = read("| 统战委员配备情况表 |", STOCK_HEAD, STOCK_ROW, mark=MARK)
    assert found.form.code == "coverage"
    assert {"unit", "period"} <= set(asked(found))


def test_a_split_county_is_found_for_its_time() -> None:
    picture = """
        | 郾城县2003年第三季度统战培训情况表 |
        | 培训(活动)名称 | 类别 | 期(次)数 | 参训人次 |
        | 学习班 | 座谈会 | 1 | 20 |
    """
    units = places("411123", "411103", "411104")
    (found,) = read_returns(Workbook([drawn(picture)], "xlsx"), VOCABULARY, units)
    assert (found.unit.name, found.unit.code) == ("郾城县", "411123")


# ---- several returns -------------------------------------------------------------------------------------------------


def test_several_forms_in_one_workbook() -> None:
    first = drawn("\n".join((TITLE, "| 填报单位：松山区 |", HEAD, ROW)), name="宣传")
    second = drawn("\n".join(("| 松山区2018年第三季度统战委员配备情况表 |", STOCK_HEAD, STOCK_ROW)), name="委员")
    found = read_all(first, drawn("| 说明 |", name="说明"), second)
    assert [(one.form.code, one.unit.code, one.period.code, one.sheets) for one in found] == [
        ("publicity", SONGSHAN, "2018-09", ["宣传"]),
        ("coverage", SONGSHAN, "2018-Q3", ["委员"]),
    ]


def test_several_counties_in_one_workbook() -> None:
    sheets = [drawn("\n".join((TITLE, f"| 填报单位：{name} |", HEAD, ROW)), name=name) for name in ("松山区", "林西县")]
    assert [one.unit.code for one in read_all(*sheets)] == [SONGSHAN, LINXI]


def test_a_form_continued_on_a_second_sheet_is_one_return() -> None:
    lines = (TITLE, "| 填报单位：松山区 |", HEAD)
    first = drawn("\n".join((*lines, ROW)), name="表1")
    second = drawn("\n".join((*lines, "| 公众号 | 2 | 0 |")), name="表1续")
    (found,) = read_all(first, second)
    assert [(row.sheet, row.row, row.label) for row in found.rows] == [("表1", 4, "网站"), ("表1续", 4, "公众号")]


def test_hidden_sheets_are_not_read() -> None:
    lines = "\n".join((TITLE, "| 填报单位：松山区 |", HEAD, ROW))
    assert len(read_all(drawn(lines), drawn(lines, name="底稿", hidden=True))) == 1


# ---- rows and values -------------------------------------------------------------------------------------------------


def publicity(*rows: str) -> Return:
    return read(TITLE, "| 填报单位：松山区 |", HEAD, *rows)


def test_blank_is_missing_and_zero_is_zero() -> None:
    found = publicity("| 网站 | 0 | |", "| 公众号 | | 0 |")
    assert cells(found, "submitted") == {"B4": Decimal(0), "B5": None}
    assert cells(found, "adopted") == {"C4": None, "C5": Decimal(0)}
    assert findings(found) == [("query", "blank", ["C4"]), ("query", "blank", ["B5"])]


def test_values_keep_the_row_they_stand_in() -> None:
    found = publicity("| | | |", "| 网站 | 5 | 1 |", "| | | |", "| 公众号 | 2 | 0 |")
    assert [(row.row, row.label) for row in found.rows] == [(5, "网站"), (7, "公众号")]
    assert cells(found, "adopted") == {"C5": Decimal(1), "C7": Decimal(0)}


def test_error_values_and_uncalculated_formulas_are_findings() -> None:
    found = publicity("| 网站 | #REF! | =B9*2 |")
    assert findings(found) == [("error", "error_value", ["B4"]), ("error", "no_value", ["C4"])]
    assert [finding.found for finding in found.findings] == ["#REF!", "=B9*2"]
    assert found.rows[0].values["submitted"] is None
    assert found.rows[0].values["adopted"] is None


def test_what_is_no_number_is_a_finding_with_its_cell_and_never_a_value() -> None:
    found = publicity("| 网站 | 三五条 | 约1 |")
    assert [(severity, at) for severity, _, at in findings(found)] == [("error", ["B4"]), ("error", ["C4"])]
    assert [finding.found for finding in found.findings] == ["三五条", "约1"]
    assert cells(found, "submitted") == {"B4": None}


def test_a_row_without_a_name() -> None:
    assert findings(publicity("| | 5 | 1 |")) == [("error", "no_name", ["A4"])]


def test_what_stands_for_the_name_above_is_no_name() -> None:
    for mark in ("〃", "″", "同上", "（同上）", "…", "*", "？", "待定"):
        found = pairing("| 甲公司 | 东沟村 | 产业帮扶 | 1 | 1 |", f"| {mark} | 西山村 | 产业帮扶 | 1 | 1 |")
        assert ("error", "not_name", ["A4"]) in findings(found), mark
        assert found.rows[1].values["enterprise"] is None


def test_several_villages_or_enterprises_in_one_cell_are_asked_about() -> None:
    several = (
        "东沟村、西山村|东沟村\n西山村|东沟村等3个村|东沟村和西山村|甲公司；乙公司|甲公司\n乙公司|甲公司等三家企业"
    )
    one = "东沟村（东组、西组）|赤峰甲乙\n有限公司|甲公司 赤峰分公司|Foo Co., Ltd|东沟2村|穆家营子镇 东沟村"
    assert [cell for cell in several.split("|") if not holds_several(cell)] == []
    assert [cell for cell in one.split("|") if holds_several(cell)] == []
    found = pairing("| 甲公司 | 东沟村、西山村 | 产业帮扶 | 1 | 1 |")
    assert ("query", "several_names", ["B3"]) in findings(found)


def test_names_that_differ_in_width_or_spaces_are_one_name() -> None:
    found = pairing(*(f"| {name} | 东沟村 | 产业帮扶 | 1 | 1 |" for name in ("甲（AB）公司", "甲 (ＡＢ)公司")))
    assert {row.key for row in found.rows} == {found.rows[0].key}
    assert {row.values["enterprise"] for row in found.rows} == {"甲（AB）公司"}


def test_a_merged_cell_does_not_stand_for_several_rows() -> None:
    found = publicity("| 网站 | 5 | 1 |", "| 公众号 | ^ | 0 |")
    assert findings(found) == [("error", "merged_value", ["B4"]), ("error", "merged_value", ["B5"])]
    assert cells(found, "submitted") == {"B4": None, "B5": None}  # whose is it?


def test_a_table_without_rows() -> None:
    assert [(s, r) for s, r, _ in findings(publicity("| 合计 | 0 | 0 |"))] == [("error", "empty_return")]


def test_a_hidden_row_is_read_and_told() -> None:
    sheet = drawn("\n".join((TITLE, "| 填报单位：松山区 |", HEAD, ROW)), hidden_rows=[3])
    (found,) = read_all(sheet)
    assert findings(found) == [("query", "hidden_row", ["A4"])]
    assert cells(found, "submitted") == {"B4": Decimal(5)}


def test_a_missing_column_is_one_finding() -> None:
    found = read(
        "| 松山区2018年第三季度统战委员配备情况表 |",
        "| 乡镇(街道) | 统战委员配备 | 社区(居委会)数 |",
        "| 穆家营子镇 | 专职 | 2 |",
    )
    missing = {f.item: f.severity for f in found.findings if f.rule == "missing_column"}
    assert missing["villages"] == "error"
    assert missing["concurrent_post"] == "note"  # it may be blank
    assert "villages" not in found.rows[0].values


def test_a_foreign_column_is_told_and_not_read() -> None:
    found = read(TITLE, "| 填报单位：松山区 |", "| 渠道 | 上报条数 | 采用条数 | 阅读量 |", "| 网站 | 5 | 1 | 900 |")
    assert findings(found) == [("note", "extra_column", ["D3"])]


def test_money_in_yuan_becomes_ten_thousand_yuan_exactly() -> None:
    found = read(
        "| 松山区2018年第三季度统战培训情况表 |",
        "| 培训(活动)名称 | 期(次)数 | 参训人次 | 天数 | 经费（元） | 开班日期 |",
        "| 统战委员培训班 | 1 | 40 | 1.5 | 12345 | 2018-08-15 |",
    )
    assert cells(found, "funds") == {"E3": Decimal("1.2345")}
    assert cells(found, "held_on") == {"F3": date(2018, 8, 15)}


# ---- the units that rows are about -----------------------------------------------------------------------------------


def coverage(*names: str) -> Return:
    rows = [f"| {name} | 专职 | 5 | 2 |" for name in names]
    return read("| 松山区2018年第三季度统战委员配备情况表 |", STOCK_HEAD, *rows)


def units(found: Return) -> list[tuple[str | None, str]]:
    return [(row.unit_code, row.kind) for row in found.rows]


@pytest.mark.parametrize("name", ["穆家营子镇", "松山区穆家营子镇", "穆家营子", " 穆家营子镇 ", "穆家营子镇人民政府"])
def test_a_township_is_found_inside_its_county(name: str) -> None:
    assert units(coverage(name)) == [("150404100", "township")]


def test_a_township_of_another_county_is_an_error() -> None:
    found = coverage("大井镇")  # of 林西县
    assert units(found) == [(None, "other")]
    assert ("error", "unit_none", ["A3"]) in findings(found)


def test_the_same_township_twice_is_one_finding_with_both_cells() -> None:
    found = coverage("穆家营子镇", "初头朗镇", "松山区穆家营子镇")
    assert ("error", "unit_twice", ["A3", "A5"]) in findings(found)


def staffing(*names: str) -> Return:
    return read(
        "| 松山区2018年第三季度统战机构人员配备情况表 |",
        "| 单位名称 | 核定编制 | 在岗人数 | 专职 | 兼职 |",
        *(f"| {name} | 2 | 2 | 2 | 0 |" for name in names),
    )


def test_an_office_is_the_countys_own_a_township_or_a_department() -> None:
    found = staffing("区委统战部", "穆家营子镇", "区教育局")
    assert units(found) == [(SONGSHAN, "self"), ("150404100", "township"), (None, "department")]


def test_a_name_like_a_townships_that_no_township_has_is_an_error_and_no_department() -> None:
    found = staffing("穆家营镇")
    assert units(found) == [(None, "other")]
    (finding,) = [f for f in found.findings if f.rule == "unit_none"]
    assert "穆家营子镇" in finding.params["candidates"]


def test_a_heading_without_values_divides_and_is_not_counted() -> None:
    found = read(
        "| 松山区2018年第三季度统战机构人员配备情况表 |",
        "| 单位名称 | 核定编制 | 在岗人数 | 专职 | 兼职 |",
        "| 区直部门 | | | | |",
        "| 区教育局 | 2 | 2 | 2 | 0 |",
    )
    assert [row.label for row in found.rows] == ["区教育局"]
    assert ("note", "heading", ["A3"]) in findings(found)


def test_a_township_without_values_is_a_row_of_missing_values() -> None:
    found = read("| 松山区2018年第三季度统战委员配备情况表 |", STOCK_HEAD, STOCK_ROW, "| 初头朗镇 | | | |")
    assert units(found) == [("150404100", "township"), ("150404101", "township")]
    assert found.rows[1].values["committee_member"] is None
    assert ("error", "blank", ["B4"]) in findings(found)


def test_a_level_that_does_not_report_the_form() -> None:
    found = read("| 赤峰市2018年9月宣传信息情况表 |", "| 填报单位：赤峰市 |", HEAD, ROW)
    assert ("error", "level", ["A2"]) in findings(found)


def test_a_period_before_the_form_was_in_force() -> None:
    found = read("| 1999年9月宣传信息情况表 |", "| 填报单位：松山区 |", HEAD, ROW)
    assert "before_form" in [rule for _, rule, _ in findings(found)]


# ---- 合计 is a check, not data ---------------------------------------------------------------------------------------


def totals(found: Return) -> list[tuple[list[str], str, str]]:
    """(cells, printed, what the rows give) of the totals that are wrong."""
    return [(f.cells, f.found, f.params["expected"]) for f in found.findings if f.rule == "total"]


def test_a_right_total_says_nothing_and_is_no_row() -> None:
    found = publicity("| 网站 | 5 | 1 |", "| 公众号 | 2 | 0 |", "| 合计 | 7 | 1 |")
    assert [row.label for row in found.rows] == ["网站", "公众号"]
    assert findings(found) == []


def test_a_wrong_total_says_what_the_rows_give() -> None:
    found = publicity("| 网站 | 5 | 1 |", "| 公众号 | 2 | 0 |", "| 合计 | 8 | 1 |")
    assert totals(found) == [(["B6"], "8", "7")]


@pytest.mark.parametrize(
    "rows",
    [
        ("| 合计 | 7 | 1 |", "| 网站 | 5 | 1 |", "| 公众号 | 2 | 0 |"),
        ("| 网站 | 5 | 1 |", "| 小计 | 5 | 1 |", "| 公众号 | 2 | 0 |", "| 小计 | 2 | 0 |", "| 总计 | 7 | 1 |"),
        ("| 网站 | 5 | 1 |", "| 公众号 | 2 | 0 |"),
        ("| 网站 | 5 | 1 |", "| 公众号 | 2 | 0 |", "| 合计 | | |"),
        ("| 网站 | 5 | 1 |", "| 公众号 | 2 | 0 |", "| 合计 | =SUM(B4:B5) | 1 |"),
    ],
    ids=["first", "subtotals", "absent", "blank", "not calculated"],
)
def test_totals_that_are_right_wherever_they_stand(rows: tuple[str, ...]) -> None:
    found = publicity(*rows)
    assert [row.label for row in found.rows] == ["网站", "公众号"]
    assert findings(found) == []


def test_a_wrong_subtotal() -> None:
    found = publicity(
        "| 网站 | 5 | 1 |", "| 小计 | 5 | 1 |", "| 公众号 | 2 | 0 |", "| 小计 | 3 | 0 |", "| 总计 | 7 | 1 |"
    )
    assert totals(found) == [(["B7"], "3", "2")]


def test_a_total_of_blanks_adds_up_what_there_is() -> None:
    found = publicity("| 网站 | 5 | |", "| 公众号 | | 0 |", "| 合计 | 5 | 0 |")
    assert totals(found) == []


def test_decimals_add_up_exactly() -> None:
    # 0.1 + 0.2 is not 0.3 in doubles, and an honest total would fail.
    head = "| 培训(活动)名称 | 期(次)数 | 参训人次 | 天数 | 经费(万元) |"
    rows = ["| 甲班 | 1 | 9 | 1 | 0.1 |", "| 乙班 | 1 | 9 | 1 | 0.2 |", "| 合计 | 2 | 18 | | 0.3 |"]
    found = read("| 松山区2018年第三季度统战培训情况表 |", head, *rows)
    assert totals(found) == []


def test_a_total_in_yuan_is_converted_as_its_column() -> None:
    head = "| 培训(活动)名称 | 期(次)数 | 参训人次 | 天数 | 经费（元） |"
    rows = ["| 甲班 | 1 | 9 | 1 | 1000 |", "| 乙班 | 1 | 9 | 1 | 2500 |", "| 合计 | 2 | 18 | | 3500 |"]
    found = read("| 松山区2018年第三季度统战培训情况表 |", head, *rows)
    assert totals(found) == []


def test_the_total_of_a_column_that_does_not_add_up_is_not_checked() -> None:
    head = "| 单位名称 | 党委会议听取汇报次数 | 纳入考核 | 考核权重(分) | 专项经费(万元) |"
    found = read("| 松山区2018年工作保障情况表 |", head, "| 松山区 | 3 | 是 | 10 | 20 |", "| 合计 | 3 | | 77 | 20 |")
    assert totals(found) == []


# ---- what is told, and what is asked about columns -------------------------------------------------------------------


def test_the_month_of_filling_in_follows_the_period() -> None:
    found = read(
        "| 2018年第三季度统战委员配备情况表 |", "| 填报单位：松山区 | | 填报时间：2018年10月 |", STOCK_HEAD, STOCK_ROW
    )
    assert (asked(found), found.period.code) == ({}, "2018-Q3")


def test_a_month_of_filling_in_long_after_or_before_is_asked_about() -> None:
    for month in ("2019年10月", "2018年4月"):
        found = read(
            "| 2018年第三季度统战委员配备情况表 |", f"| 填报单位：松山区 | | 填报时间：{month} |", STOCK_HEAD, STOCK_ROW
        )
        assert "period" in asked(found)


def test_the_county_reports_for_its_township() -> None:
    found = read(TITLE, "| 填报单位：松山区穆家营子镇 |", HEAD, ROW)
    assert (asked(found), found.unit.code) == ({}, SONGSHAN)


def test_a_cover_says_who_and_when() -> None:
    cover = drawn("| 统战工作统计报表 |\n| 填报单位：松山区 |\n| 报告期：2018年9月 |", name="封面")
    (found,) = read_all(cover, drawn(f"{HEAD}\n{ROW}"))
    assert (asked(found), found.unit.code, found.period.code) == ({}, SONGSHAN, "2018-09")


def test_the_name_of_a_sheet_contradicts_what_another_sheet_says() -> None:
    first = drawn("\n".join((TITLE, "| 填报单位：松山区 |", HEAD, ROW)), name="表1")
    _, second = read_all(first, drawn(f"{HEAD}\n{ROW}", name="林西县"))
    assert sorted(asked(second)["unit"]) == [SONGSHAN, LINXI]


def test_the_same_row_on_two_sheets_is_counted_once_or_not_at_all() -> None:
    lines = "\n".join((TITLE, "| 填报单位：松山区 |", HEAD, ROW))
    (found,) = read_all(drawn(lines, name="表1"), drawn(lines, name="打印"))
    assert findings(found) == [("error", "unit_twice", ["A4"]), ("error", "unit_twice", ["A4"])]


TWINS = "| 渠道 | 上报条数 | 采用条数 | 上报条数 |"


def test_a_column_that_two_heads_claim_is_asked_about_and_nothing_is_read() -> None:
    found = read(TITLE, "| 填报单位：松山区 |", TWINS, "| 网站 | 5 | 1 | 6 |")
    assert [(q.ask, q.cell, q.candidates) for q in found.questions] == [
        ("column", "B3", ["submitted"]),
        ("column", "D3", ["submitted"]),
    ]
    assert found.rows == []


def test_an_answer_says_which_column_it_is() -> None:
    columns = {"表1!B3": "", "表1!D3": "submitted"}
    lines = (TITLE, "| 填报单位：松山区 |", TWINS, "| 网站 | 5 | 1 | 6 |")
    found = read(*lines, answers={0: {"columns": columns}})
    assert asked(found) == {}
    assert cells(found, "submitted") == {"D4": Decimal(6)}


DOWN = ("| 项目 | 网站 | 公众号 |", "| 上报条数 | 5 | 2 |", "| 采用条数 | 1 | 0 |")


def test_items_that_go_down_have_their_cells() -> None:
    found = read(
        TITLE, "| 填报单位：松山区 | |", "| 项目 | 网站 | 公众号 |", "| 上报条数 | 5 | 2 |", "| 采用条数 | 1 | 0 |"
    )
    assert cells(found, "adopted") == {"B5": Decimal(1), "C5": Decimal(0)}
    assert [row.row for row in found.rows] == [2, 3]  # the numbers of their columns


def test_money_in_two_units_is_not_read() -> None:
    head = "| 培训(活动)名称 | 期(次)数 | 参训人次 | 天数 | 经费(万元) |"
    found = read("| 松山区2018年第三季度统战培训情况表 |", "| 单位：元 |", head, "| 甲班 | 1 | 9 | 1 | 3000 |")
    assert ("error", "measures_differ", ["E4"]) in findings(found)
    assert cells(found, "funds") == {"E4": None}


def test_a_total_without_the_word_is_told() -> None:
    head = "| 培训(活动)名称 | 类别 | 期(次)数 | 参训人次 | 经费(万元) |"
    rows = ["| 甲班 | 座谈会 | 1 | 9 | 1 |", "| 乙班 | 座谈会 | 1 | 9 | 1 |", "| 松山区 | | 2 | 18 | 2 |"]
    found = read("| 松山区2018年第三季度统战培训情况表 |", head, *rows)
    assert ("query", "total_alike", ["A5"]) in findings(found)


def test_a_part_of_a_row_is_not_counted() -> None:
    found = publicity("| 网站 | 5 | 1 |", "| 合计 | 5 | 1 |", "| 其中：市级 | 2 | 1 |")
    assert [row.label for row in found.rows] == ["网站"]
    assert findings(found) == [("query", "part_row", ["A6", "B6", "C6"])]


def test_a_sheet_that_goes_on_without_a_header_is_told() -> None:
    lines = "\n".join((TITLE, "| 填报单位：松山区 |", HEAD, ROW))
    (found,) = read_all(drawn(lines), drawn("| 公众号 | 2 | 0 |\n| 信息简报 | 1 | 1 |", name="续"))
    assert findings(found) == [("query", "unread_sheet", [])]


def test_one_word_merged_over_rows_stands_for_each_of_them() -> None:
    head = "| 培训(活动)名称 | 类别 | 期(次)数 | 参训人次 | 经费(万元) |"
    rows = ["| 甲班 | 座谈会 | 1 | 9 | 1 |", "| 乙班 | ^ | 1 | 9 | 1 |"]
    found = read("| 松山区2018年第三季度统战培训情况表 |", head, *rows)
    assert cells(found, "category") == {"B3": "forum", "B4": "forum"}


def test_a_numbered_name_is_the_units() -> None:
    assert units(coverage("1.穆家营子镇", "二、初头朗镇")) == [("150404100", "township"), ("150404101", "township")]


def test_a_department_that_is_like_a_township_is_told() -> None:
    found = staffing("穆家营子乡镇府")
    assert units(found) == [(None, "department")]
    assert [rule for severity, rule, _ in findings(found) if severity == "query" and rule == "unit_alike"]


# ---- what clerks have taught us since --------------------------------------------------------------------------------


def test_a_form_that_the_heads_do_not_fit_is_asked_about_again() -> None:
    found = read(TITLE, "| 填报单位：松山区 |", HEAD, ROW, answers={0: {"form": "training"}})
    assert asked(found) == {"form": ["publicity", "training"]}
    assert findings(found) == [("error", "form_unlike", ["A3"])]
    assert found.rows == []


def test_a_form_that_the_heads_fit_is_taken_against_the_title() -> None:
    title = "| 2018年9月统战培训情况表 |"
    assert asked(read(title, "| 填报单位：松山区 |", HEAD, ROW)) == {"form": ["publicity", "training"]}
    found = read(title, "| 填报单位：松山区 |", HEAD, ROW, answers={0: {"form": "publicity"}})
    assert (asked(found), found.form.code, len(found.rows)) == ({}, "publicity", 1)


def rules_of(found: Return) -> list[tuple[str, str]]:
    return [(severity, rule) for severity, rule, _ in findings(found)]


@pytest.mark.parametrize(
    "lines",
    [
        "| 填报单位：松山区委统战部      2018年10月8日      单位：条 |",
        "| 填报单位（公章）：中共松山区委统战部（盖章） | | 单位负责人：略 |",
        "| 旗县区：松山区 | | 制表日期：2018-10-08 |",
        "| 县（市、区）名称：松山区 |",
        "| 综合机关名称： | 松山区委统战部 |",
        "| 松山区 |",
        "| 赤峰市松山区委统战部 |",
        "| 内蒙古自治区 |\n| 松山区 |",
        "| 填报单位：松山区 | 表    号：统1表 |\n| | 制定机关：某某统战部 |\n| | 有效期至：2031年12月 |",
        "| 填报单位：松山区 | | 有效期至： | 2031年12月 |",
        "| 填报单位：松山区 |\n| 根据《关于做好2017年统战统计工作的通知》填报 |",
    ],
)
def test_who_reports_however_it_is_printed(lines: str) -> None:
    found = read(TITLE, *lines.splitlines(), HEAD, ROW)
    assert asked(found) == {}
    assert (found.unit.code, found.period.code) == (SONGSHAN, "2018-09")


def test_the_unit_stands_in_a_title_that_names_no_form() -> None:
    found = read("| 松山区2018年9月统战工作报表 |", "| 一、宣传信息 |", HEAD, ROW)
    assert (asked(found), found.unit.code) == ({}, SONGSHAN)


def test_a_unit_that_no_longer_stood_is_asked_about() -> None:
    units = places("411123", "411103", "411104")
    picture = f"| 郾城县2018年9月宣传信息情况表 |\n{HEAD}\n{ROW}"
    (found,) = read_returns(Workbook([drawn(picture)], "xlsx"), VOCABULARY, units)
    assert asked(found) == {"unit": ["411123", "411103", "411104", "411102"]}


@pytest.mark.parametrize("day", ["2018年8月31日", "2019年3月30日"])
def test_a_day_of_filling_in_before_or_long_after_the_period_is_asked_about(day: str) -> None:
    found = read(TITLE, f"| 填报单位：松山区 | | 填报日期：{day} |", HEAD, ROW)
    assert "2018-09" in asked(found)["period"]


def test_a_day_of_filling_in_long_before_the_periods_end_is_told() -> None:
    # The second quarter's return with a new title.
    lines = ("| 2018年第三季度统战委员配备情况表 |", "| 填报单位：松山区 | | 填报日期：2018年7月5日 |")
    found = read(*lines, STOCK_HEAD, STOCK_ROW)
    assert ("query", "filed_early", ["C2"]) in findings(found)


def test_the_end_of_a_month_is_the_moment_a_stock_is_taken_at() -> None:
    found = read("| 统战委员配备情况表（截至2018年9月底） |", "| 填报单位：松山区 |", STOCK_HEAD, STOCK_ROW)
    assert (asked(found), found.period.code) == ({}, "2018-Q3")


@pytest.mark.parametrize(
    "name", ["①穆家营子镇", "1 穆家营子镇", "穆家营子镇（新设）", "穆家营子镇²", "（3）穆家营子镇*"]
)
def test_what_stands_beside_a_name_is_none_of_it(name: str) -> None:
    assert units(coverage(name)) == [("150404100", "township")]


def test_a_township_unknown_to_the_register_is_no_department_for_its_remark() -> None:
    assert ("error", "unit_none") in rules_of(staffing("大水坑镇（新设）"))


@pytest.mark.parametrize("name", ["林西县委统战部", "赤峰市委统战部"])
def test_the_office_of_another_place_is_no_department(name: str) -> None:
    found = staffing(name)
    assert units(found) == [(None, "other")]
    assert ("error", "unit_none") in rules_of(found)


def test_a_level_that_the_form_does_not_list_is_told_so() -> None:
    assert ("error", "unit_level") in rules_of(coverage("松山区"))


def two_townships(first: str, second: str) -> Return:
    lines = ("| 2018年第三季度统战委员配备情况表 |", "| 填报单位：松山区 |", STOCK_HEAD)
    row = "| {} | 专职 | 5 | 2 |"
    sheets = [
        drawn("\n".join((*lines, row.format(first))), name="穆家营子镇"),
        drawn("\n".join((*lines, row.format(second))), name="初头朗镇"),
    ]
    (found,) = read_all(*sheets)
    return found


def test_a_sheet_in_the_name_of_a_township_holds_its_row() -> None:
    assert rules_of(two_townships("穆家营子镇", "初头朗镇"))[:1] != [("error", "sheet_name")]
    wrong = two_townships("穆家营子镇", "大庙镇")
    (finding,) = (finding for finding in wrong.findings if finding.rule == "sheet_name")
    assert (finding.severity, finding.sheet, finding.cells, finding.found) == ("error", "初头朗镇", ["A4"], "大庙镇")


def test_the_same_form_twice_side_by_side_is_told() -> None:
    head, row = f"{HEAD} | {HEAD.strip('|')} |", f"{ROW} | 公众号 | 6 | 1 |"
    found = read(TITLE, "| 填报单位：松山区 |", head.replace("||", "|"), row.replace("||", "|"))
    assert [row.label for row in found.rows] == ["网站"]
    assert ("error", "two_layouts", ["E3", "F3", "G3", "E4"]) in findings(found)


def test_two_blocks_of_a_turned_form_are_not_one() -> None:
    picture = """
        | 松山区2018年第三季度统战机构人员配备情况表 | |
        | 指标 | 穆家营子镇 |
        | 核定编制 | 5 |
        | 在岗人数 | 5 |
        | 专职 | 5 |
        | 兼职 | 0 |
        | 女性 | 1 |
        | | |
        | 指标 | 初头朗镇 |
        | 核定编制 | 8 |
        | 在岗人数 | 8 |
        | 专职 | 8 |
        | 兼职 | 0 |
        | 女性 | 2 |
    """
    (found,) = read_all(drawn(picture))
    assert [(row.label, row.values["staff_in_post"]) for row in found.rows] == [("穆家营子镇", 5)]
    assert ("error", "two_layouts") in rules_of(found)


@pytest.mark.parametrize("head", ["", "| 指标 | 数值 |", "| 项目 | 松山区 |"])
def test_a_form_of_one_row_may_be_a_list(head: str) -> None:
    items = ["| 党委会议听取汇报次数 | 3 |", "| 纳入考核 | 是 |", "| 考核权重(分) | 10 |", "| 专项经费(万元) | 20 |"]
    found = read("| 2018年工作保障情况表 |", "| 填报单位：松山区 |", *filter(None, [head]), *items)
    assert asked(found) == {}
    (row,) = found.rows
    assert (row.unit_code, row.kind, row.values["appraisal_weight"]) == (SONGSHAN, "self", 10)


def test_a_total_of_both_sheets_stands_on_the_second() -> None:
    lines = "\n".join((TITLE, "| 填报单位：松山区 |", HEAD, ROW))
    more = f"{HEAD}\n| 公众号 | 2 | 0 |\n| 合计 | 7 | 1 |"
    (found,) = read_all(drawn(lines), drawn(more, name="续"))
    assert findings(found) == []


def test_a_sheet_of_words_that_goes_on_is_told() -> None:
    lines = "\n".join(("| 松山区2018年第三季度统战委员配备情况表 |", STOCK_HEAD, STOCK_ROW))
    head = STOCK_HEAD.replace("行政村(嘎查)数", "是否新任")
    words = "| 大庙镇 | 专职 | 是 | |"
    (found,) = read_all(drawn(lines.replace(STOCK_HEAD, head).replace("| 5 |", "| 是 |")), drawn(words, name="续"))
    assert ("query", "unread_sheet") in rules_of(found)


def posts(**offices: int) -> Return:
    """A staffing return whose offices have so many posts, all filled."""
    rows = [f"| {name} | {n} | {n} | {n} | 0 |" for name, n in offices.items()]
    return read(
        "| 松山区2018年第三季度统战机构人员配备情况表 |", "| 单位名称 | 核定编制 | 在岗人数 | 专职 | 兼职 |", *rows
    )


@pytest.mark.parametrize("label", ["区直部门", "区直单位", "一、区级机关"])
def test_the_sum_of_a_group_is_no_department(label: str) -> None:
    found = posts(**{label: 5}, 教育局=3, 民宗局=2)
    assert [row.label for row in found.rows] == ["教育局", "民宗局"]
    assert not [rule for _, rule in rules_of(found) if rule == "total"]


def test_the_sum_of_a_group_that_is_wrong_is_told() -> None:
    assert ("error", "total") in rules_of(posts(区直部门=6, 教育局=3, 民宗局=2))


def test_the_countys_own_name_over_the_sum_of_its_townships_is_told() -> None:
    assert ("query", "total_alike", ["A3"]) in findings(posts(松山区=5, 穆家营子镇=3, 初头朗镇=2))
    assert ("query", "total_alike") not in rules_of(posts(松山区=4, 穆家营子镇=3, 初头朗镇=2))


def test_the_countys_sum_is_told_also_with_a_slip_or_where_cells_could_not_be_read() -> None:
    heads = "| 单位名称 | 核定编制 | 在岗人数 | 专职 | 兼职 |"
    title = "| 松山区2018年第三季度统战机构人员配备情况表 |"
    slip = read(
        title, heads, "| 松山区 | 6 | 5 | 5 | 0 |", "| 穆家营子镇 | 3 | 3 | 3 | 0 |", "| 初头朗镇 | 2 | 2 | 2 | 0 |"
    )
    assert ("query", "total_alike", ["A3"]) in findings(slip)
    unread = ("| 穆家营子镇 | 约3 | 3余 | 1-3 | 0 |", "| 初头朗镇 | 2 | 2 | 2 | 几 |")
    assert ("query", "total_alike", ["A3"]) in findings(read(title, heads, "| 松山区 | 5 | 5 | 5 | 0 |", *unread))
    chosen = [f"| 松山区 | {n} | 5 | 5 | 是 |" for n in (5, 6)]
    rows = ("| 穆家营子镇 | 3 | 3 | 3 | |", "| 初头朗镇 | 2 | 2 | 2 | |")
    heads_chosen = "| 单位名称 | 核定编制 | 在岗人数 | 专职 | 部长是否党委常委 |"
    told = [("query", "total_alike") in rules_of(read(title, heads_chosen, own, *rows)) for own in chosen]
    assert told == [True, False]  # a department may be as large as its townships together in some columns
    less = read(title, heads, "| 松山区 | 1 | 5 | 5 | 0 |", *unread)
    assert ("query", "total_alike") not in rules_of(less)


@pytest.mark.parametrize("label", ["同比", "环比增减", "上年同期", "平均", "年初至今", "比上月增减", "占比"])
def test_a_row_of_comparison_is_no_row(label: str) -> None:
    found = publicity("| 网站 | 5 | 1 |", f"| {label} | 3 | 1 |")
    assert [row.label for row in found.rows] == ["网站"]
    assert ("note", "compared_row", ["A5"]) in findings(found)


@pytest.mark.parametrize("label", ["1-9月累计", "1至9月合计", "本年累计"])
def test_a_running_total_of_months_is_no_row(label: str) -> None:
    assert [row.label for row in publicity("| 网站 | 5 | 1 |", f"| {label} | 5 | 1 |").rows] == ["网站"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["网站,5,1,200"], ["A4"]),
        (["网站,5,1", "公众号,1,200,1"], ["A5"]),
        (["网站,1,200,"], ["A4"]),  # 200 where 采用条数 stands
        (["网站,5,1", "合计,1,200,1"], ["A5"]),
        (["网站,5,1,", "公众号,20,1,"], []),  # every line ends with a comma
        (["网站,5,1", "公众号,5"], []),
    ],
)
def test_a_line_of_more_parts_than_heads_is_an_error(lines: list[str], told: list[str]) -> None:
    rows = [
        line.split(",") for line in ["2018年9月宣传信息情况表", "填报单位：松山区", "渠道,上报条数,采用条数", *lines]
    ]
    (found,) = read_all(Sheet("CSV", rows, lengths=[len(row) for row in rows]))
    assert [finding.cells[0] for finding in found.findings if finding.rule == "too_many_parts"] == told
    assert all(finding.severity == "error" for finding in found.findings if finding.rule == "too_many_parts")


@pytest.mark.parametrize(("last", "told"), [(["0"], ["A4"]), (["0", ""], []), (["0", "", "7"], ["A4", "A5"])])
def test_a_line_of_more_parts_in_a_turned_table(last: list[str], told: list[str]) -> None:
    rows = [["2018年9月宣传信息情况表"], ["填报单位：松山区"], ["渠道", "网站", "公众号"], ["上报条数", "1", "200", ""],
            ["采用条数", "1", *last]]  # fmt: skip
    (found,) = read_all(Sheet("CSV", rows, lengths=[len(row) for row in rows]))
    assert [finding.cells[0] for finding in found.findings if finding.rule == "too_many_parts"] == told


def test_no_table_asks_about_thousands_of_columns() -> None:
    heads, row = "| 上报条数 | 采用条数 " * 300, "| 5 | 1 " * 300
    found = read(TITLE, "| 填报单位：松山区 |", f"| 渠道 {heads}|", f"| 网站 {row}|")
    assert len(found.questions) == 6


def test_a_struck_row_is_read_and_told() -> None:
    sheet = drawn("\n".join((TITLE, "| 填报单位：松山区 |", HEAD, ROW, "| 公众号 | 2 | 0 |")), struck=[(4, 0), (4, 1)])
    (found,) = read_all(sheet)
    assert ("query", "struck_out", ["A5", "B5"]) in findings(found)


# ---- heads that mean another thing -----------------------------------------------------------------------------------


def money(head: str, amount: object, *lines: str) -> Return:
    heads = f"| 培训(活动)名称 | 类别 | 期(次)数 | 参训人次 | {head} |"
    return read("| 松山区2018年第三季度统战培训情况表 |", *lines, heads, f"| 甲班 | 座谈会 | 1 | 9 | {amount} |")


@pytest.mark.parametrize(("amount", "severity"), [(20, "note"), (20000, "query")])
def test_an_amount_without_a_unit_is_asked_about_where_it_may_be_yuan(amount: int, severity: str) -> None:
    found = money("经费", amount)
    assert cells(found, "funds") == {"E3": Decimal(amount)}
    assert (severity, "no_measure", ["E2"]) in findings(found)


def test_an_amount_with_its_own_unit_needs_none_in_the_head() -> None:
    assert "no_measure" not in [rule for _, rule in rules_of(money("经费", "20000万元"))]


@pytest.mark.parametrize("note", ["| 注：经费单位为元。 |", "| 说明：1.金额以千元为单位；2.没有的填0 |"])
def test_a_note_contradicts_the_unit_of_money_and_never_decides(note: str) -> None:
    heads = "| 培训(活动)名称 | 类别 | 期(次)数 | 参训人次 | 经费 |"
    found = read("| 松山区2018年第三季度统战培训情况表 |", heads, "| 甲班 | 座谈会 | 1 | 9 | 20 |", note)
    assert cells(found, "funds") == {"E3": None}
    assert ("error", "measures_differ", ["E3"]) in findings(found)


def pairing(*rows: str, heads: str = "协议资金(万元) | 到位资金(万元)", lines: tuple[str, ...] = ()) -> Return:
    heads = f"| 帮扶企业 | 结对村 | 帮扶方式 | {heads} |"
    return read("| 松山区2018年第三季度结对帮扶情况表 |", *lines, heads, *rows)


@pytest.mark.parametrize("below", [False, True])
def test_units_of_money_however_a_line_prints_them(below: bool) -> None:
    yuan = (
        "单位：元 / 单位：人民币（元） / 资金单位：元 / （元） / 单位（元） / （单位 元） / 币种：人民币元 / "
        "金额：元 / 资金以元计 / （金额单位为元） / 单位：圆 / 单位：人次、经费：元 / 单  位：元 / 单位：元 人 户"
    )
    ten_thousands = "单位：万 元 / 单 位：万 元 / 單位：萬元 / 单位：万 / （万元）"
    lines = {"0.0001": yuan, "1": ten_thousands, "10000": "（亿元） / 资金单位：亿 元"}
    for factor, line in ((factor, line) for factor, listed in lines.items() for line in listed.split(" / ")):
        table = ["| 帮扶企业 | 结对村 | 协议资金 | 到位资金 |", "| 甲公司 | 东沟村 | 20000 | 20000 |"]
        table.insert(2 if below else 0, f"| | | {line} |")
        found = read("| 松山区2018年第三季度结对帮扶情况表 |", *table)
        values = [(row.values["pledged_funds"], row.values["paid_funds"]) for row in found.rows]
        assert values == [(20000 * Decimal(factor),) * 2], line
        assert not {"no_measure", "measures_differ", "no_name"} & {rule for _, rule in rules_of(found)}, line


def test_units_of_money_that_disagree_are_not_read() -> None:
    for heads, line in (
        ("到位资金", "| 单位：元 | | 资金单位：万元 |"),
        ("到位资金(元)", "| 单位：万元 |"),
        ("到位资金(万元)", "| 经费以元计 |"),
    ):
        found = pairing("| 甲公司 | 东沟村 | 产业帮扶 | 5 |", heads=heads, lines=(line,))
        assert ("error", "measures_differ", ["D4"]) in findings(found), line


def test_a_line_of_money_that_is_not_understood_is_asked_about_whatever_the_amounts() -> None:
    for line in ("资金口径：亿元", "Unit: 100 million yuan", "本表金额为人民币", "协议资金单位为 亿元，到位资金另计"):
        found = pairing("| 甲公司 | 东沟村 | 产业帮扶 | 5 |", heads="到位资金", lines=(f"| {line} |",))
        assert {("query", "no_measure"), ("error", "measures_differ")} & set(rules_of(found)), line
    for line in ("单位：元宝山区", "各单位多元化经营情况", "含捐款20万元"):
        found = pairing("| 甲公司 | 东沟村 | 产业帮扶 | 5 |", heads="到位资金", lines=(f"| 注：{line} |",))
        assert ("note", "no_measure") in rules_of(found), line


def test_an_amount_without_a_unit_beside_hundreds_of_millions_is_asked_about() -> None:
    found = pairing("| 甲公司 | 东沟村 | 产业帮扶 | 1.2 | 0.9 |", heads="协议资金（亿元） | 到位资金")
    assert ("query", "no_measure", ["E2"]) in findings(found)


def test_a_column_in_yuan_that_holds_only_a_few_is_asked_about() -> None:
    assert ("query", "few_yuan", ["E2"]) in findings(money("经费（元）", 63))
    assert "few_yuan" not in [rule for _, rule in rules_of(money("经费（元）", 630))]


def test_a_total_that_cannot_be_read_says_why() -> None:
    found = publicity("| 网站 | 5 | 1 |", "| 合计 | 约5 | 1 |")
    assert findings(found) == [("query", "approximate", ["B5"])]


def test_counts_that_name_no_unit_beside_hundreds_are_asked_about() -> None:
    heads = "| 单位名称 | 核定编制（百人） | 在岗人数 | 专职（人） | 兼职（人） |"
    found = read("| 松山区2018年第三季度统战机构人员配备情况表 |", heads, "| 松山区委统战部 | 2 | 9 | 9 | 0 |")
    assert cells(found, "authorised_posts") == {"B3": Decimal(200)}
    assert [(rule, at) for _, rule, at in findings(found) if rule == "no_measure"] == [("no_measure", ["C2"])]


def test_what_a_head_is_counted_in_holds_for_those_beneath_it() -> None:
    picture = """
        | 松山区2018年第三季度统战机构人员配备情况表 | | | | |
        | 单位名称 | 核定编制 | 在岗人数（百人） | < | < |
        | ^ | ^ | 小计 | 专职 | 兼职 |
        | 松山区委统战部 | 300 | 2 | 1 | 1 |
    """
    found = read(*picture.strip().splitlines())
    assert (cells(found, "staff_in_post"), cells(found, "part_time")) == ({"C4": Decimal(200)}, {"E4": Decimal(100)})


@pytest.mark.parametrize("head", ["经费（万美元）", "经费(港元)"])
def test_foreign_money_is_not_read(head: str) -> None:
    found = money(head, 20)
    assert cells(found, "funds") == {"E3": None}
    assert ("error", "wrong_unit", ["E3"]) in findings(found)


@pytest.mark.parametrize(
    ("head", "item", "value"),
    [
        ("参训人次（百人次）", "participants", 900),
        ("参训人次（单位：万人）", "participants", 90000),
        ("参训人次（人）", "participants", 9),
        ("天数（日）", "days", 9),
    ],
)
def test_a_count_in_another_unit_is_converted(head: str, item: str, value: int) -> None:
    heads = f"| 培训(活动)名称 | 类别 | 期(次)数 | {head} |"
    found = read("| 松山区2018年第三季度统战培训情况表 |", heads, "| 甲班 | 座谈会 | 1 | 9 |")
    assert cells(found, item) == {"D3": Decimal(value)}


@pytest.mark.parametrize(
    ("head", "item"), [("天数（学时）", "days"), ("培训时长(小时)", "days"), ("期(次)数（学时）", "sessions")]
)
def test_another_thing_counted_is_not_read(head: str, item: str) -> None:
    heads = f"| 培训(活动)名称 | 类别 | 参训人次 | {head} |"
    found = read("| 松山区2018年第三季度统战培训情况表 |", heads, "| 甲班 | 座谈会 | 9 | 3 |")
    assert cells(found, item) == {"D3": None}
    assert ("error", "wrong_unit", ["D3"]) in findings(found)


def test_people_in_hundreds_above_the_table_are_not_read() -> None:
    found = read(TITLE, "| 填报单位：松山区 | | 单位：百条 |", HEAD, ROW)
    assert (asked(found), cells(found, "submitted")) == ({}, {"B4": None})


@pytest.mark.parametrize("head", ["未采用条数", "拟采用条数", "应采用条数", "新采用条数"])
def test_a_head_that_one_character_turns_round_is_not_read(head: str) -> None:
    found = read(TITLE, "| 填报单位：松山区 |", f"| 渠道 | 上报条数 | {head} |", ROW)
    assert "adopted" not in found.rows[0].values
    assert ("query", "head_alike", ["C3"]) in findings(found)


@pytest.mark.parametrize(
    "heads",
    ["| 渠道 | 2017年 | < |\n| ^ | 上报条数 | 采用条数 |", "| 渠道 | 1-9月上报条数 | 1-9月采用条数 |",
     "| 渠道 | 2018年8月上报条数 | 8月采用条数 |",
     "| 渠道 | 2017年 | < |\n| ^ | 2018年9月上报条数 | 9月采用条数 |",
     "| 渠道 | 9月 | < |\n| ^ | 2017年上报条数 | 8月采用条数 |"],
)  # fmt: skip
def test_figures_of_another_time_are_not_read(heads: str) -> None:
    found = read(TITLE, "| 填报单位：松山区 |", *heads.splitlines(), ROW)
    assert found.rows == []
    assert [rule for _, rule in rules_of(found)] == ["other_time", "other_time", "empty_return"]


@pytest.mark.parametrize(
    "heads", ["| 渠道 | 2018年9月 | < |\n| ^ | 上报条数 | 采用条数 |", "| 渠道 | 9月上报条数 | 本月采用条数 |"]
)
def test_the_periods_own_time_may_stand_in_the_heads(heads: str) -> None:
    found = read(TITLE, "| 填报单位：松山区 |", *heads.splitlines(), ROW)
    assert [row.values["adopted"] for row in found.rows] == [1]
    assert findings(found) == []


def test_a_year_over_the_head_of_a_month_is_read_and_told() -> None:
    found = read(TITLE, "| 填报单位：松山区 |", "| 渠道 | 9月上报条数 | 2018年采用条数 |", ROW)
    assert findings(found) == [("query", "near_head", ["C3"])]


@pytest.mark.parametrize(
    ("form", "head", "times", "outcome"),
    [
        ("培训", "参训人次", "三季度 本季 7-9月 2018年第三季度末", "read"),
        ("培训", "参训人次", "9月 全年 下半年 2018年7月至今 本年 1-9月 Q2 截至9月底", "other_time"),
        ("培训", "参训人次", "2018年 年度", "near_head"),
        ("委员配备", "行政村数", "9月底 2018年 本期 期末 目前 2018.9.30 18年9月 二〇一八年三季度", "read"),
        ("委员配备", "行政村数", "7月 7月初 2018年初 17年底 截至2017年底 2018.6.30 二〇一七年 Q2", "other_time"),
        ("委员配备", "行政村数", "年底 下半年", "near_head"),
        ("委员配备", "行政村数", "年初 期初 基期 调整前 上季末", "missing_column"),
    ],
)
def test_a_head_is_of_the_period_only_where_its_time_is(form: str, head: str, times: str, outcome: str) -> None:
    """Of a flow the period itself, of a stock what ends with it."""
    names = "培训(活动)名称 | 类别 | 期(次)数" if form == "培训" else "乡镇(街道) | 统战委员配备 | 是否新任"
    row = "甲班 | 座谈会 | 1" if form == "培训" else "穆家营子镇 | 专职 | 否"
    for time in times.split():
        for heads in ([f"| {names} | {time}{head} |"], [f"| {names} | {time} |", f"| ^ | ^ | ^ | {head} |"]):
            found = read(f"| 松山区2018年第三季度统战{form}情况表 |", *heads, f"| {row} | 20 |")
            told = {rule for _, rule in rules_of(found)} & {"other_time", "near_head"}
            item = "participants" if form == "培训" else "villages"
            if outcome == "missing_column":
                assert (time, item in found.tables[0].columns) == (time, False)
            else:
                assert (time, told) == (time, {outcome} - {"read"})
            assert (time, item in found.tables[0].columns) == (time, outcome in ("read", "near_head"))


@pytest.mark.parametrize("other", ["全年", "2018年", "1-9月", "上季度", "8月"])
def test_the_columns_own_time_counts_more_than_the_forms_own_words(other: str) -> None:
    picture = [
        "| 松山区2018年第三季度统战培训情况表 |",
        f"| 培训(活动)名称 | 类别 | 期(次)数 | {other}参训人次 | 本季培训人次 |",
        "| 甲班 | 座谈会 | 1 | 50 | 20 |",
    ]
    assert cells(read(*picture), "participants") == {"E3": Decimal(20)}


# ---- empty returns, nil returns --------------------------------------------------------------------------------------

NIL = "| 本期无数据（零报告），确认请填“是”： | {} | |"


@pytest.mark.parametrize("rows", [[], ["| 合计 | 0 | 0 |"], ["| 网站 | | |", "| 公众号 | | |"]])
def test_an_empty_table_is_no_return(rows: list[str]) -> None:
    found = publicity(*rows)
    assert (found.rows, found.nil) == ([], False)
    assert rules_of(found) == [("error", "empty_return")]


@pytest.mark.parametrize("answer", ["是", "√", "Y"])
@pytest.mark.parametrize("rows", [[], ["| 合计 | 0 | 0 |"], ["| 网站 | | |", "| 公众号 | | |"]])
def test_a_nil_return_is_signed_in_the_sheet(answer: str, rows: list[str]) -> None:
    found = read(TITLE, "| 填报单位：松山区 |", NIL.format(answer), HEAD, *rows)
    assert (found.nil, found.rows, found.findings, asked(found)) == (True, [], [], {})


@pytest.mark.parametrize(
    "line",
    [
        "| 本期无数据（零报告），确认请填“是”：是 |",
        "| 零报告：是 |",
        "| 零报告 | 是 |",
        "| Nothing to report for this period (nil return); to confirm, choose “Yes”: | Yes |",
    ],
)
@pytest.mark.parametrize("above", [True, False])
def test_the_line_of_a_nil_return_may_stand_above_or_below(line: str, above: bool) -> None:
    lines = [line, HEAD] if above else [HEAD, line]
    assert read(TITLE, "| 填报单位：松山区 |", *lines).nil


def test_a_row_that_says_nil_return_is_one() -> None:
    assert publicity("| 零报告 | | |").nil


@pytest.mark.parametrize("answer", ["否", "", "—"])
def test_a_nil_return_that_is_not_signed_is_none(answer: str) -> None:
    found = read(TITLE, "| 填报单位：松山区 |", NIL.format(answer), HEAD)
    assert (found.nil, rules_of(found)) == (False, [("error", "empty_return")])


def test_an_answer_that_is_neither_is_told() -> None:
    found = read(TITLE, "| 填报单位：松山区 |", NIL.format("大概"), HEAD)
    assert (found.nil, rules_of(found)[0]) == (False, ("error", "not_yes_no"))


def test_a_nil_return_with_rows_contradicts_itself() -> None:
    found = read(TITLE, "| 填报单位：松山区 |", NIL.format("是"), HEAD, ROW)
    assert not found.nil
    assert ("error", "nil_with_rows", ["B3"]) in findings(found)


def test_a_form_that_knows_no_nil_return() -> None:
    found = read("| 松山区2018年第三季度统战委员配备情况表 |", NIL.format("是"), STOCK_HEAD)
    assert not found.nil
    assert ("error", "nil_unknown") in rules_of(found)


def test_a_note_about_nil_returns_signs_nothing() -> None:
    found = publicity(ROW, "| 注：没有信息的实行零报告：是必须的 | | |")
    assert (found.nil, findings(found)) == (False, [])


# ---- villages --------------------------------------------------------------------------------------------------------


def test_a_village_of_the_register_is_known(tmp_path: Path) -> None:
    names = {"150404100200": "穆家营子村委会", "150404100201": "大庙村委会", "150404102200": "大庙村委会"}
    pq.write_table(pa.table({"code": list(names), "name": list(names.values())}), tmp_path / "villages.parquet")
    units = copy.copy(UNITS)
    units.villages = Villages(tmp_path / "villages.parquet")
    heads = "| 帮扶企业 | 结对村 | 帮扶方式 | 项目数 |"
    rows = [
        f"| 公司{n} | {name} | 产业帮扶 | 1 |"
        for n, name in enumerate(["穆家营子村", "大庙村", "大庙镇大庙村", "无此村"])
    ]
    lines = "\n".join(["| 松山区2018年第三季度结对帮扶情况表 |", heads, *rows])
    (found,) = read_returns(Workbook([drawn(lines)], "xlsx"), VOCABULARY, units)
    assert [(row.unit_code, row.kind) for row in found.rows] == [
        ("150404100200", "village"),
        (None, "other"),
        ("150404102200", "village"),
        (None, "village"),
    ]
    assert ("query", "unit_ambiguous", ["B4"]) in findings(found)


# ---- rows and columns of another time or unit ------------------------------------------------------------------------


def test_of_two_times_under_a_head_that_of_the_period_is_read() -> None:
    picture = """
        | 松山区2018年9月宣传信息情况表 | | | | |
        | 渠道 | 上报条数 | < | 采用条数 | < |
        | ^ | 8月 | 9月 | 2018年9月 | 2017年9月 |
        | 网站 | 5 | 6 | 2 | 1 |
    """
    lines = picture.strip().splitlines()
    merged = read(*lines)
    assert (cells(merged, "submitted"), cells(merged, "adopted")) == ({"C4": Decimal(6)}, {"D4": Decimal(2)})
    assert [at for _, rule, at in findings(merged) if rule == "extra_column"] == [["B3"], ["E3"]]
    plain = read(*(line.replace("<", "").replace("^", "") for line in lines))
    assert cells(plain, "submitted") == cells(merged, "submitted")


def test_months_under_a_head_of_a_quarter_are_asked_about() -> None:
    picture = """
        | 松山区2018年第三季度统战培训情况表 | | | | |
        | 培训(活动)名称 | 类别 | 期(次)数 | 参训人次 | < |
        | ^ | ^ | ^ | 8月 | 9月 |
        | 甲班 | 座谈会 | 1 | 5 | 6 |
    """
    found = read(*picture.strip().splitlines())
    assert [question.cell for question in found.questions] == ["D3", "E3"]
    answered = read(*picture.strip().splitlines(), answers={0: {"columns": {"表1!D3": "", "表1!E3": "participants"}}})
    assert cells(answered, "participants") == {"E4": Decimal(6)}


def test_neither_of_two_other_times_is_read() -> None:
    found = read(
        TITLE,
        "| 填报单位：松山区 |",
        "| 渠道 | 上报条数 | < | 采用条数 |",
        "| ^ | 7月 | 8月 | ^ |",
        "| 网站 | 5 | 6 | 2 |",
    )
    assert cells(found, "adopted") == {"D5": Decimal(2)}
    assert "submitted" not in found.rows[0].values
    assert ("error", "other_time") in rules_of(found)


def test_the_current_one_of_two_heads_is_read_and_what_has_run_up_is_not() -> None:
    found = read(
        TITLE,
        "| 填报单位：松山区 |",
        "| 渠道 | 上报条数 | < | 采用条数 |",
        "| ^ | 累计 | 本月 | ^ |",
        "| 网站 | 50 | 6 | 2 |",
    )
    assert cells(found, "submitted") == {"C5": Decimal(6)}


@pytest.mark.parametrize(
    ("head", "other", "own"), [("月份", "8月", "9月"), ("月份", "8", "9"), ("时期", "2017年9月", "9月")]
)
def test_a_row_of_another_time_is_not_read(head: str, other: str, own: str) -> None:
    rows = (f"| {other} | 网站 | 5 | 1 |", f"| {own} | 网站 | 6 | 2 |", "| 合计 | | 11 | 3 |")
    found = read(TITLE, "| 填报单位：松山区 |", f"| {head} | 渠道 | 上报条数 | 采用条数 |", *rows)
    assert cells(found, "submitted") == {"C5": Decimal(6)}
    assert ("error", "row_of_another_time", ["B4"]) in findings(found)
    assert ("error", "total") not in rules_of(found)  # which adds up what is not the return's


def test_a_month_that_excel_made_a_date_of_is_a_month() -> None:
    sheet = drawn(
        "\n".join((TITLE, "| 填报单位：松山区 |", "| 月份 | 渠道 | 上报条数 | 采用条数 |", "| | 网站 | 5 | 1 |"))
    )
    sheet.rows[3][0] = datetime(2018, 8, 1)
    (found,) = read_all(sheet)
    assert ("error", "row_of_another_time", ["B4"]) in findings(found)


def test_rows_under_another_time_are_not_read() -> None:
    found = publicity("| 8月 | | |", "| 网站 | 5 | 1 |", "| 9月 | | |", "| 网站 | 6 | 2 |")
    assert cells(found, "submitted") == {"B7": Decimal(6)}
    assert ("error", "row_of_another_time", ["A5"]) in findings(found)


def test_a_row_of_another_county_is_not_read() -> None:
    rows = ("| 松山区 | 网站 | 5 | 1 |", "| 赤峰市 | 公众号 | 5 | 1 |", "| 林西县 | 网站 | 6 | 2 |")
    found = read(TITLE, "| 填报单位：松山区 |", "| 县区 | 渠道 | 上报条数 | 采用条数 |", *rows)
    assert list(cells(found, "submitted")) == ["C4", "C5"]
    assert ("error", "row_of_another_unit", ["B6"]) in findings(found)


# ---- as clerks write it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        "2018年9月松山区宣传信息情况表",
        "关于2018年9月赤峰市松山区宣传信息情况表",
        "2018年9月宣传信息情况表（松山区）",
        "松山区2018年宣传信息情况表（9月份）",
    ],
)
def test_a_title_in_any_order(title: str) -> None:
    found = read(f"| {title} |", HEAD, ROW)
    assert (asked(found), found.unit and found.unit.code, found.period and found.period.code) == (
        {},
        SONGSHAN,
        "2018-09",
    )


def test_two_times_without_a_year_are_asked_about() -> None:
    found = read("| 松山区2018年宣传信息情况表 |", "| 8月 |", "| 9月 |", HEAD, ROW)
    assert asked(found) == {"period": ["2018-08", "2018-09"]}


def test_the_end_of_a_month_is_the_end_of_its_quarter_but_not_where_it_is_the_day_of_filling_in() -> None:
    found = read("| 松山区统战委员配备情况表（2018年9月末） |", STOCK_HEAD, STOCK_ROW)
    assert found.period == Period.of("2018-Q3")
    assert "period" in asked(read("| 松山区统战委员配备情况表 |", "| 填报时间：2018年9月末 |", STOCK_HEAD, STOCK_ROW))


def test_what_the_sheet_is_named_is_offered() -> None:
    (found,) = read_all(drawn("\n".join(("| 宣传信息情况表 |", HEAD, ROW)), name="松山区2018年9月"))
    assert asked(found) == {"unit": [SONGSHAN], "period": ["2018-09"]}


def test_the_one_row_of_a_reporting_unit_says_who_reports() -> None:
    heads = "| 填报单位 | 党委会议听取汇报次数 | 纳入考核 | 专项经费(万元) |"
    rows = ["| 松山区 | 3 | 是 | 20 |", "| 林西县 | 3 | 是 | 20 |"]
    found = read("| 2018年统战工作保障情况表 |", heads, rows[0])
    assert (found.unit and found.unit.code, cells(found, "funds")) == (SONGSHAN, {"D3": Decimal(20)})
    assert asked(read("| 2018年统战工作保障情况表 |", heads, *rows)) == {"unit": [SONGSHAN, LINXI]}


def test_a_list_of_items_and_values_names_no_unit() -> None:
    found = read(
        "| 松山区2018年统战工作保障情况表 |",
        "| 项目 | 数值 |",
        "| 党委会议听取汇报次数 | 3 |",
        "| 纳入考核 | 是 |",
        "| 专项经费 | 20万元 |",
    )
    assert [(row.label, row.values["office"]) for row in found.rows] == [("松山区", None)]


@pytest.mark.parametrize("words", ["本月无宣传信息", "本期未开展活动", "无", "/"])
def test_nothing_to_report_is_no_row(words: str) -> None:
    assert rules_of(publicity(f"| {words} | | |")) == [("error", "empty_return")]
    assert [row.label for row in publicity("| 网站 | 5 | 1 |", "| 无 | / | — |").rows] == ["网站"]


@pytest.mark.parametrize("label", ["汇总", "计", "总", "全部"])
def test_a_total_in_one_word(label: str) -> None:
    found = publicity("| 网站 | 5 | 1 |", "| 公众号 | 3 | 1 |", f"| {label} | 9 | 2 |")
    assert [row.label for row in found.rows] == ["网站", "公众号"]
    assert findings(found) == [("error", "total", ["B6"])]


def test_a_date_long_before_the_periods_end_is_not_asked_about_again() -> None:
    lines = (
        "| 松山区2018年第三季度统战委员配备情况表 |",
        "| 填报单位：松山区 | | 填报日期：2018年7月2日 |",
        STOCK_HEAD,
        STOCK_ROW,
    )
    assert ("query", "filed_early") in rules_of(read(*lines))
    assert ("query", "filed_early") not in rules_of(read(*lines, answers={0: {"period": "2018-Q3"}}))


@pytest.mark.parametrize("name", ["2018年8月", "8月", "林西县"])
def test_a_sheet_in_the_name_of_another_period_or_county_is_told(name: str) -> None:
    sheet = drawn("\n".join((TITLE, "| 填报单位：松山区 |", HEAD, ROW)), name=name)
    (found,) = read_all(sheet)
    assert findings(found) == [("query", "sheet_contradicts", ["A1"])]
    (answered,) = read_all(sheet, answers={0: {"unit": SONGSHAN, "period": "2018-09"}})
    assert findings(answered) == []


@pytest.mark.parametrize("name", ["9月", "2018年", "第三季度", "赤峰市", "表1", "1"])
def test_a_sheet_in_a_name_that_fits_is_no_matter(name: str) -> None:
    (found,) = read_all(drawn("\n".join((TITLE, "| 填报单位：松山区 |", HEAD, ROW)), name=name))
    assert findings(found) == []


def test_columns_of_money_in_two_units_are_told() -> None:
    heads = "| 帮扶企业 | 结对村 | 帮扶方式 | 项目数 | 协议资金(元) | 到位资金(万元) |"
    found = read("| 松山区2018年第三季度结对帮扶情况表 |", heads, "| 甲公司 | 东沟村 | 产业帮扶 | 1 | 20000 | 2 |")
    assert (cells(found, "pledged_funds"), cells(found, "paid_funds")) == ({"E3": Decimal(2)}, {"F3": Decimal(2)})
    assert [at for _, rule, at in findings(found) if rule == "mixed_measures"] == [["E2"]]


# ---- what contradicts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "统计口径：1—9月累计",
        "统计时间：2018年1月1日至9月30日",
        "统计时间：2018年1月-9月",
        "统计时间：8月21日—9月20日",
        "报告期：8月",
        "（8月）",
        "2018年前三季度",
        "截至6月底",
        "数据时点：2018年8月31日",
        "填报时间：二季度",
        "上月情况",
    ],
)
def test_another_time_beside_the_title_is_asked_about(line: str) -> None:
    assert "2018-09" in asked(read(TITLE, "| 填报单位：松山区 |", f"| {line} |", HEAD, ROW))["period"]


@pytest.mark.parametrize(
    "line",
    [
        "统计时间：2018年9月1日-9月30日",
        "统计时间：9月1日—30日",
        "（9月份）",
        "年度：2018 月份：9",
        "填报时间：10月",
        "填报时间：三季度",
        "填 报 时 间：2018年10月8日",
        "数据时点：2018年9月30日",
        "2018年9月30日止",
    ],
)
def test_the_same_time_in_other_words_agrees(line: str) -> None:
    found = read(TITLE, "| 填 报 单 位：松山区 |", f"| {line} |", HEAD, ROW)
    assert (asked(found), found.period.code, findings(found)) == ({}, "2018-09", [])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("年度：2018 季度：三", True),
        ("年度：2018 | 季度：3", True),
        ("第三季度（2018年）", True),
        ("（2018年9月30日）", True),
        ("（2018年9月28日）", False),
    ],
)
def test_a_stock_is_taken_at_its_periods_last_day(line: str, said: bool) -> None:
    found = read("| 统战委员配备情况表 |", "| 呈报单位：松山区 |", f"| {line} |", STOCK_HEAD, STOCK_ROW)
    assert (found.period and found.period.code) == ("2018-Q3" if said else None)


def other_figures(*lines: str) -> list[list[str]]:
    found = read(*lines)
    assert asked(found) == {}
    return [cells for severity, rule, cells in findings(found) if (severity, rule) == ("query", "other_figures")]


@pytest.mark.parametrize("title", ["宣传信息累计情况表", "宣传信息情况表（计划）", "宣传信息预计情况表"])
def test_a_title_of_other_figures_is_queried(title: str) -> None:
    assert other_figures(f"| 2018年9月{title} |", "| 填报单位：松山区 |", HEAD, ROW) == [["A1"]]


@pytest.mark.parametrize(
    ("note", "queried"),
    [
        ("注：以上为1—9月累计数。", True),
        ("注：本表为2018年8月数据。", True),
        ("说明：数据为年初至9月底累计", True),
        ("注：采用条数以实际刊发为准", False),
        ("备注：本表数据不含上年结转", False),
        ("注：上年数据见附件", False),
        ("注：本表为2018年9月数据", False),
    ],
)
def test_a_note_about_the_whole_table_is_read(note: str, queried: bool) -> None:
    assert bool(other_figures(TITLE, "| 填报单位：松山区 |", HEAD, ROW, f"| {note} |")) is queried


def test_what_has_come_about_by_the_end_of_a_period_is_a_stock() -> None:
    title = "| 2018年第三季度统战委员配备情况表 |"
    assert other_figures(title, "| 填报单位：松山区 |", STOCK_HEAD, STOCK_ROW, "| 注：以上为累计数 |") == []


def test_a_title_that_begins_with_another_county_is_asked_about() -> None:
    found = read("| 林西县各单位2018年9月宣传信息情况表 |", "| 填报单位：松山区 |", HEAD, ROW)
    assert asked(found) == {"unit": [SONGSHAN, LINXI]}
    found = read("| 赤峰市各旗县2018年9月宣传信息情况表 |", "| 填报单位：松山区 |", HEAD, ROW)
    assert (asked(found), found.unit.code) == ({}, SONGSHAN)


@pytest.mark.parametrize("name", ["8月宣传", "18年8月", "上月", "作废", "8月（旧）"])
def test_the_name_of_a_sheet_contradicts(name: str) -> None:
    (found,) = read_all(drawn(f"{TITLE}\n| 填报单位：松山区 |\n{HEAD}\n{ROW}", name=name))
    assert findings(found) == [("query", "sheet_contradicts", ["A1"])]


def test_a_sheet_of_another_quarter_does_not_take_the_period_of_the_first() -> None:
    first, second = (
        drawn(f"{title}\n{HEAD}\n{ROW}", name=name)
        for title, name in ((f"{TITLE}\n| 填报单位：松山区 |", "表1"), ("| 宣传信息情况表（8月） |", "表2"))
    )
    assert [asked(found) for found in read_all(first, second)] == [{}, {"period": ["2018-09"]}]


def test_a_column_that_was_left_out_is_queried_where_it_may_be_the_one_that_is_missing() -> None:
    def severities(*heads: str) -> list[str]:
        staff = "| 单位名称 | 核定编制 | 在岗人数 | 专职 | 兼职 | 女性"
        lines = (f"{staff} | {' | '.join(heads)} |", f"| 区委统战部 | 3 | 3 | 3 | 0 | 1 {'| 7 ' * len(heads)}|")
        found = read("| 松山区2018年第三季度统战机构人员配备情况表 |", *lines)
        return [severity for severity, rule, _ in findings(found) if rule == "extra_column"]

    assert severities("业务经费乙项") == ["query"]
    assert severities("业务经费(万元)", "上年业务经费") == ["note"]
    assert severities("编外人员") == ["note"]


# ---- rows that are sums of others, and rows of other tables ----------------------------------------------------------

COURSES_HEAD = "| 培训(活动)名称 | 类别 | 期(次)数 | 参训人次 | 经费(万元) |"
COURSES = (
    "| 甲班 | 专题培训班 | 1 | 60 | 2.5 |",
    "| 乙班 | 专题培训班 | 2 | 44 | 1.2 |",
    "| 丙会 | 座谈会 | 1 | 35 | 0.3 |",
)


def courses(*rows: str) -> Return:
    return read("| 松山区2018年第三季度统战培训情况表 |", COURSES_HEAD, *rows)


def alike(found: Return) -> list[str]:
    return [cells[0] for _, rule, cells in findings(found) if rule == "total_alike"]


def test_the_sum_of_the_rows_beside_it_is_told_whatever_it_is_called() -> None:
    listed = ("| 一、专题班 | | 3 | 104 | 3.7 |", *COURSES[:2], "| 二、座谈 | | 1 | 35 | 0.3 |", COURSES[2])
    assert alike(courses(*listed)) == ["A3", "A6"]
    assert alike(courses(*listed, "| 合计 | | 8 | 278 | 8 |")) == ["A3", "A6"]  # which a sum of the column counts twice
    assert alike(courses("| 全年 | | 4 | 139 | 4 |", *listed)) == ["A3", "A4", "A7"]  # sums of sums
    assert alike(courses(COURSES[0], "| 全部活动 | | 1 | 60 | 2.5 |")) == ["A4"]
    assert (
        alike(courses("| 丁班 | 专题培训班 | 3 | 104 | 3.7 |", *COURSES[:2], "| 戊班 | 专题培训班 | 1 | 9 | 1 |")) == []
    )
    assert alike(courses("| 丁班 | | 3 | 104 | 3 |", *COURSES)) == []
    assert alike(courses(COURSES[0], "| 下半年 | | | | |", COURSES[0])) == []  # two alike are no sums of each other


def test_the_sum_of_townships_under_another_name_is_told() -> None:
    towns = {"穆家营子镇": 3, "初头朗镇": 2}
    assert alike(posts(区委统战部=8, 基层=5, **towns, 区工商联=4)) == ["A4"]
    assert alike(posts(区委统战部=8, 基层=6, **towns, 区工商联=4)) == []
    assert alike(posts(区委统战部=8, 区民宗局=2, 区工商联=2, **towns)) == []  # offices are often alike
    assert alike(posts(区委统战部=8, 区工商联=5, **towns, 合计=18)) == []  # which adds up every row


@pytest.mark.parametrize(
    "label", ["乡镇汇总", "乡 镇 计", "乡镇人数", "镇街层面", "乡镇（2个）", "乡镇共计2个", "乡镇合计(2个)", "乡镇总数"]
)
def test_what_is_called_a_sum_of_townships_is_checked_with_them(label: str) -> None:
    told = {}
    for n in (5, 6):
        found = posts(区委统战部=9, **{label: n}, 穆家营子镇=3, 初头朗镇=2, 区工商联=4)
        assert [row.label for row in found.rows] == ["区委统战部", "穆家营子镇", "初头朗镇", "区工商联"]
        told[n] = ("error", "total") in rules_of(found)
    assert told == {5: False, 6: True}


OTHERS = (
    "四季度计划 二、下季度培训计划 上季度 上季度培训情况 去年同期 拟举办 未举办 补报二季度 四季度（计划） "
    "附：二季度 注：以下为二季度 参考：去年同期 注：下表为上季度数 附表：2018年第二季度 上季度： 二季度情况"
).split()


def test_rows_under_words_of_another_time_or_county_are_not_read() -> None:
    for words, rule in (*((words, "time") for words in OTHERS), ("二、林西县", "unit"), ("下面是林西县的", "unit")):
        for again in ((), (COURSES_HEAD,)):  # with the header repeated too
            found = courses(COURSES[0], f"| {words} | | | | |", *again, *COURSES[1:])
            at = [f"A{5 + len(again)}", f"A{6 + len(again)}"]
            told = [cells[0] for _, name, cells in findings(found) if name == f"row_of_another_{rule}"]
            assert ([row.label for row in found.rows], told) == (["甲班"], at), words


def test_a_title_of_another_time_between_the_rows_and_the_sum_of_that_time_are_not_read() -> None:
    found = courses(COURSES[0], "| 2018年第二季度统战培训情况表 | | | | |", COURSES[1])
    assert [row.label for row in found.rows] == ["甲班"]
    found = courses("| 二季度 | | 3 | 104 | 3.7 |", *COURSES[:2], "| 三季度 | | | | |", COURSES[2])
    assert [row.label for row in found.rows] == ["丙会"]
    found = courses("| 二季度 | | 3 | 104 | 3.7 |", *COURSES[:2], "| 三季度 | | 1 | 35 | 0.3 |", COURSES[2])
    assert ([row.label for row in found.rows], alike(found)) == (["三季度", "丙会"], ["A6"])


def test_rows_under_words_that_may_make_them_others_are_queried() -> None:
    for words, again in (("填报示例", 0), ("培训计划", 0), ("1-9月累计", 0), ("老数据", 1)):
        found = courses(COURSES[0], f"| {words} | < | < | < | < |", *[COURSES_HEAD] * again, *COURSES[1:])
        assert ("query", "other_figures", [f"A{5 + again}", f"A{6 + again}"]) in findings(found), words
        assert len(cells(found, "sessions")) >= 3


def test_headings_that_say_nothing_of_the_kind_let_their_rows_be() -> None:
    for words in (
        "二、座谈会",
        "三季度",
        "计划外培训",
        "2018年第三季度统战培训情况表",
        "2018年",
        "7-8月",
        "穆家营子镇",
    ):
        found = courses(COURSES[0], f"| {words} | < | < | < | < |", *COURSES[1:])
        told = [finding for finding in findings(found) if finding[1] != "missing_column"]
        assert told == [("note", "heading", ["A4"])], words
    for words in ("填表人：略", "续表", "注：本表一式两份", "填报时间：2018年10月", "单位：万元"):
        found = courses(COURSES[0], f"| {words} | < | < | < | < |", COURSES_HEAD, *COURSES[1:])
        assert {rule for _, rule in rules_of(found)} <= {"blank", "heading", "missing_column"}, words
    own = ("| 一、上季度 | | | | |", COURSES[0], "| 二、其他 | | | | |", *COURSES[1:])
    assert [row.label for row in courses(*own).rows] == ["乙班", "丙会"]


def test_a_course_about_nil_returns_is_a_course() -> None:
    for name in ("零报告制度培训", "附1：统战干部班"):
        found = courses(COURSES[0], f"| {name} | 专题培训班 | '2期 | '44人 | '1.2万元 |", COURSES_HEAD, COURSES[1])
        assert [row.label for row in found.rows] == ["甲班", name, "乙班"]
    assert courses("| 本期无数据（零报告），确认请填“是”： | 是 | | | |").nil


@pytest.mark.parametrize(
    "name", ["初头朗镇（2017年底）", "初头朗镇（二季度数）", "初头朗镇（含大庙镇）", "初头朗镇（大庙镇）"]
)
def test_a_remark_that_changes_whose_row_it_is_is_told(name: str) -> None:
    found = coverage(name)
    assert units(found) == [(None, "other")]
    assert [(f.rule, f.params["candidates"]) for f in found.findings if f.rule == "unit_none"] == [
        ("unit_none", "初头朗镇")
    ]


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("穆家营子镇党政综合办公室", "department", ("query", "unit_alike")),
        ("林西县工商联", "other", ("error", "unit_none")),
        ("赤峰市工商联", "other", ("error", "unit_none")),
        ("松山区工商联", "department", None),
        ("市场监督管理局", "department", None),
        ("区委统战部机关", "self", None),
    ],
)
def test_an_office_of_another_unit_is_no_department(name: str, kind: str, told: tuple[str, str] | None) -> None:
    found = staffing(name)
    assert [row.kind for row in found.rows] == [kind]
    assert [one for one in rules_of(found) if one[1] in ("unit_alike", "unit_none")] == ([told] if told else [])


PAIRING = "| 序号 | 帮扶企业 | 结对村 | 项目数 | 带动就业人数 | 受益户数 |"


def pairings(*rows: str) -> Return:
    title = "| 2018年第三季度结对帮扶情况表 |"
    return read(title, "| 填报单位：松山区 |", PAIRING, *rows)


PAIR = "| 2 | 宏远公司 | 东沟村 | 1 | 5 | 3 |"


@pytest.mark.parametrize(
    "row",
    [
        "示例 | 兴牧公司 | 西山村",
        "1 | （示例）兴牧公司 | 西山村",
        "| 如：XX公司 | XX村",
        "1 | ××公司 | 西山村",
        "例 | 某公司 | 某村",
    ],
)
def test_an_example_is_told_and_not_counted(row: str) -> None:
    found = pairings(f"| {row} | 1 | 9 | 9 |", PAIR)
    assert [row.label for row in found.rows] == ["宏远公司"]
    assert ("query", "example_row", ["B4"]) in findings(found)


@pytest.mark.parametrize("village", ["林西县大营子村", "2", "赤峰市松山区东沟村", "穆家营子镇西山村"])
def test_a_village_of_another_county_or_a_number_is_none(village: str) -> None:
    found = pairings(f"| 1 | 兴牧公司 | {village} | 1 | 9 | 9 |", PAIR)
    wrong = village in ("林西县大营子村", "2")
    assert ([row.kind for row in found.rows] == ["other", "village"]) is wrong
    assert (("error", "unit_none", ["C4"]) in findings(found)) is wrong


@pytest.mark.parametrize(
    "below",
    [
        "| | | | | 2018年10月8日 |",
        "| | | | | （盖章） |",
        "| | | | | 松山区委统战部 |",
        "| 填 表 人：略 | | 审 核 人：略 |",
        "| 主管领导： | | 经办人： | 略 |",
        "| | | 签字： |",
        "| | | | 第1页 |",
        "| | 以上企业均为民营企业。 |",
        "| | （以下空白） |",
        "| | 审核意见 | 同意 |",
    ],
)
def test_what_is_signed_beneath_the_table_is_no_row(below: str) -> None:
    found = pairings("| 1 | 兴牧公司 | 西山村 | 1 | 9 | 9 |", PAIR, below)
    assert [row.label for row in found.rows] == ["兴牧公司", "宏远公司"]
    assert {rule for _, rule in rules_of(found)} <= {"missing_column", "no_measure"}


@pytest.mark.parametrize("row", ["| 3 | | 南沟村 | 两 | | |", "| 3 | | | 1 | 约10 | |", "| 3 | | | | 5 | |"])
def test_a_row_without_its_name_is_still_one(row: str) -> None:
    found = pairings("| 1 | 兴牧公司 | 西山村 | 1 | 9 | 9 |", row)
    assert ("error", "no_name", ["B5"]) in findings(found)


@pytest.mark.parametrize(
    ("remark", "told"),
    [("推迟至四季度", True), ("二季度已报", True), ("此行作废", True), ("县委党校承办", False), ("", False)],
)
def test_a_remark_beside_a_row_is_read(remark: str, told: bool) -> None:
    head = "| 培训(活动)名称 | 类别 | 期(次)数 | 参训人次 | 天数 | 备注 |"
    row = f"| 联络员培训班 | 座谈会 | 1 | 9 | 1 | {remark} |"
    found = read("| 松山区2018年第三季度统战培训情况表 |", head, row)
    assert (("query", "row_remark", ["F3"]) in findings(found)) is told


# ---- rows that are parts, checks or times ----------------------------------------------------------------------------

STAFF_HEAD = "| 单位名称 | 核定编制 | 在岗人数 | 专职 | 兼职 | 女性 | 是否与工商联等合署办公 |"
WHOLE, TOWN = "| 区委统战部 | 12 | 10 | 7 | 3 | 4 | 是 |", "| 初头朗镇 | 3 | 2 | 1 | 1 | 1 | |"
BOTH = "| 合计 | 15 | 12 | 8 | 4 | 5 | |"
PART, REST = "| 4 | 4 | 3 | 1 | 2 | |", "| 8 | 6 | 4 | 2 | 2 | |"


def staff(*rows: str) -> Return:
    return read("| 松山区2018年第三季度统战机构人员配备情况表 |", STAFF_HEAD, *rows)


def told(found: Return, *rules: str) -> list[tuple[str, str]]:
    """(rule, first cell) of the findings of these rules."""
    return [(rule, cells[0]) for _, rule, cells in findings(found) if rule in rules]


def names(found: Return) -> list[str]:
    return [row.label for row in found.rows]


def test_the_sisters_of_a_part_are_parts() -> None:
    for sister in (
        f"| 干部科 {REST}",
        "| '　　干部科 | 7 | 6 | 4 | 2 | 2 | |",
    ):  # that make up the row, or are indented
        found = staff(WHOLE, f"| 其中：办公室 {PART}", sister, TOWN)
        assert names(found) == ["区委统战部", "初头朗镇"], sister
        assert told(found, "part_row") == [("part_row", "A4"), ("part_row", "A5")]
    found = staff(WHOLE, f"| 其中：办公室 {PART}", "| 区工商联 | 2 | 2 | 2 | 0 | 1 | 是 |", TOWN)
    assert names(found) == ["区委统战部", "区工商联", "初头朗镇"]


def test_an_office_that_is_the_sum_of_those_beneath_it_is_told() -> None:
    assert alike(staff(WHOLE, f"| ①办公室 {PART}", f"| ②干部科 {REST}", TOWN)) == ["A3"]
    town = "| 穆家营子镇 | 12 | 10 | 7 | 3 | 4 | |"
    assert alike(staff(TOWN, town, f"| 党政办 {PART}", f"| 农经站 {REST}")) == ["A4"]
    # Three numbers are soon alike, and townships and offices that answer the same questions stand beside each other.
    assert alike(posts(初头朗镇=9, 穆家营子镇=5, 教育局=3, 民宗局=2)) == []
    assert alike(staff(WHOLE, f"| 区工商联 {PART[:-2]} 是 |", f"| 区民宗局 {REST}", TOWN)) == []


def test_a_row_beneath_a_total_that_is_right_is_told() -> None:
    beneath = (f"| 行政编制 {PART}", f"| 事业编制 {REST}")
    assert told(staff(WHOLE, TOWN, BOTH, *beneath), "beneath_total") == [("beneath_total", f"A{r}") for r in (6, 7)]
    assert told(staff(WHOLE, TOWN, BOTH, f"| 其中：机关 {PART}", f"| 基层 {REST}"), "beneath_total", "part_row") == [
        ("part_row", "A6"),
        ("beneath_total", "A7"),
    ]
    for rows in (
        (BOTH, WHOLE, TOWN),  # a total may come first,
        (WHOLE, BOTH, TOWN),  # a township is one wherever it stands,
        (WHOLE, TOWN, BOTH.replace("合计", "小计"), beneath[0]),  # and a subtotal closes nothing,
        (WHOLE, TOWN, BOTH, beneath[0], "| 合计 | 4 | 4 | 3 | 1 | 2 | |"),  # nor does a total of what stands above it
    ):
        assert told(staff(*rows), "beneath_total") == []


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        *((name, FOREIGN[0]) for name in "二季度 2018年上半年 1—9月 年初以来 全年计划 本年度累计举办".split()),
        *((name, "no_name") for name in "本季末 三季度 9月 截至9月底共举办".split()),
        *((name, None) for name in "二季度工作推进班 2018年统战干部培训 上半年总结会".split()),
    ],
)  # fmt: skip
def test_a_time_or_a_plan_is_no_course(name: str, rule: str | None) -> None:
    for choice in ("—", "座谈会"):
        found = courses(*COURSES, f"| {name} | {choice} | 9 | 500 | 10 |")
        assert told(found, "row_of_another_time", "no_name") == ([(rule, "A6")] if rule else [])
        assert (name in names(found)) is (rule != "row_of_another_time")


@pytest.mark.parametrize(
    ("own", "other"),
    [
        pair.split()
        for pair in ("三季度 二季度", "2018年9月底 2017年底", "2018-09-30 2018-06-30", "实有 计划", "本季末 上季末")
    ],
)
def test_a_time_or_a_plan_is_no_department(own: str, other: str) -> None:
    down = staff(f"| {own} {REST}", f"| {other} {PART}")
    heads = (("核定编制", 8, 4), ("在岗人数", 6, 4), ("专职", 4, 3), ("兼职", 2, 1), ("女性", 2, 2))
    title = "| 松山区2018年第三季度统战机构人员配备情况表 |"
    across = read(title, f"| 指标 | {own} | {other} |", *(f"| {head} | {n} | {m} |" for head, n, m in heads))
    for found, at in ((down, ["A3", "A4"]), (across, ["B2", "C2"])):
        assert [(row.label, row.kind) for row in found.rows] == [(own, "other")]
        rule = "compared_row" if other in ("上季末", "去年同期") else "row_of_another_time"
        assert set(told(found, "unit_none", rule)) == {("unit_none", at[0]), (rule, at[1])}


def test_the_year_over_the_one_column_of_a_list_is_the_reporters() -> None:
    found = read("| 松山区2018年工作保障情况表 |", "| 项目 | 2017年 | 2018年 |", "| 党委会议听取汇报次数 | 2 | 3 |",
                 "| 考核权重(分) | 4 | 5 |", "| 专项经费(万元) | 6 | 7 |")  # fmt: skip
    assert ([row.kind for row in found.rows], cells(found, "funds")) == (["self"], {"C5": Decimal(7)})
    assert told(found, "row_of_another_time") == [("row_of_another_time", "B2")]
    found = read("| 松山区2018年工作保障情况表 |", "| 项目 | 一季度 | 二季度 |", "| 党委会议听取汇报次数 | 2 | 3 |",
                 "| 考核权重(分) | 4 | 5 |", "| 专项经费(万元) | 6 | 7 |")  # fmt: skip
    assert told(found, "unit_none") == [("unit_none", "B2"), ("unit_none", "C2")]


def test_a_column_of_times_may_stand_under_other_heads() -> None:
    heads = ("| 培训(活动)名称 | 统计内容 | < | < |", "| ^ | 报告期 | 期(次)数 | 参训人次 |")
    rows = ("| 甲班 | 三季度 | 1 | 60 |", "| 乙班 | 2018年第二季度 | 2 | 44 |")
    found = read("| 松山区2018年第三季度统战培训情况表 |", *heads, *rows)
    assert (names(found), told(found, "row_of_another_time")) == (["甲班"], [("row_of_another_time", "A5")])


def test_a_second_column_of_heads_is_no_course() -> None:
    heads = (("期(次)数", 1, 2), ("参训人次", 60, 44), ("天数", 3, 2), ("经费(万元)", 2.5, 1.2))
    lines = [f"| {head} | 期 | | {n} | {m} |" for head, n, m in heads]
    found = read("| 松山区2018年第三季度统战培训情况表 |", "| 机构 | 指标名称 | 计量单位 | 甲班 | 乙班 |", *lines)
    assert names(found) == ["甲班", "乙班"]
