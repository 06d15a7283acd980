"""Which form, unit and period a table is, and what its rows say; whatever is unclear is asked, never guessed."""

from datetime import date
from decimal import Decimal

import pytest
from stores import LINXI, SONGSHAN, YONGNING, places
from workbooks import drawn

from huizong.forms import all_forms
from huizong.layout import Vocabulary
from huizong.returns import Return, read_returns
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


def test_a_merged_cell_does_not_stand_for_several_rows() -> None:
    found = publicity("| 网站 | 5 | 1 |", "| 公众号 | ^ | 0 |")
    assert findings(found) == [("error", "merged_value", ["B4"]), ("error", "merged_value", ["B5"])]
    assert cells(found, "submitted") == {"B4": None, "B5": None}  # whose is it?


def test_a_table_without_rows() -> None:
    assert [(s, r) for s, r, _ in findings(publicity("| 合计 | 0 | 0 |"))] == [("error", "no_rows")]


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
    found = read("| 松山区2018年第三季度统战委员配备情况表 |", STOCK_HEAD, "| 穆家营子镇 | | | |")
    assert units(found) == [("150404100", "township")]
    assert found.rows[0].values["committee_member"] is None
    assert ("error", "blank", ["B3"]) in findings(found)


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
