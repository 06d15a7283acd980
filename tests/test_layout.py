"""Header, body, totals and columns are found by what they say; the pictures show the sheets as clerks draw them."""

from decimal import Decimal

import pytest
from workbooks import drawn

from huizong.forms import all_forms
from huizong.layout import Table, Vocabulary, cell_at, columns_of, head_keys, locate_tables, merged_cells

VOCABULARY = Vocabulary(all_forms())


def the_table(picture: str, **more: object) -> Table:
    (table,) = locate_tables(drawn(picture, **more), VOCABULARY)
    return table


def heads(table: Table) -> dict[str, str]:
    """Item → the cell of its lowest head."""
    return {item: table.address(table.header[1], item) for item in table.columns}


def labels(table: Table, rows: list[int]) -> list[str]:
    return [str(table.cell(r, table.form.rows.name_item)) for r in rows]


def body(table: Table) -> list[str]:
    return labels(table, table.body)


def totals(table: Table) -> dict[str, list[str]]:
    """Label of a total row → the names of the rows it adds up."""
    return {label: labels(table, over) for _, over, label in table.totals}


PUBLICITY = """
    | 2018年9月宣传信息情况表 | < | < | < |
    | 填报单位：松山区 | | 填报时间：2018年9月 | |
    | 序号 | 渠道 | 上报条数 | 采用条数 |
    | 1 | 国家级媒体 | 2 | 0 |
    | 2 | 网站 | 5 | 1 |
"""


# ---- header and columns ----------------------------------------------------------------------------------------------


def test_a_plain_table() -> None:
    table = the_table(PUBLICITY)
    assert table.form.code == "publicity"
    assert heads(table) == {"channel": "B3", "submitted": "C3", "adopted": "D3"}
    assert body(table) == ["国家级媒体", "网站"]
    assert [line.text for line in table.lines.titles] == ["2018年9月宣传信息情况表"]
    assert [(line.text, line.address) for line in table.lines.units] == [("松山区", "A2")]
    assert [(line.text, line.address) for line in table.lines.periods + table.lines.filed] == [("2018年9月", "C2")]
    assert (table.missing, table.extra, table.ambiguous) == ([], [], [])


def test_it_may_stand_anywhere() -> None:
    table = the_table(PUBLICITY, top=4, left=2)
    assert heads(table) == {"channel": "D7", "submitted": "E7", "adopted": "F7"}


HEADS = """序号/ 单位名称/ 核定编制/ 在岗人数/ 其中/专职 </兼职 抽调(借调)外出/ 女性/ 年龄/35岁及以下 </36—45岁
    </46—55岁
    </56岁及以上 学历/大专及以下 </本科 </研究生 部长是否党委常委/ 是否与工商联等合署办公/ 业务经费(万元)/""".split()
VALUES = "1 区委统战部 8 7 6 1 1 3 1 2 3 1 1 5 1 是 是 20.5".split()


def as_picture(*rows: list[str]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


# Two header rows: a head over nothing reaches down, one that is followed by < reaches to the right.
STAFFING = as_picture(
    [head.split("/")[0] for head in HEADS],
    [head.split("/")[1] or "^" for head in HEADS],
    VALUES,
)


def test_a_header_of_two_rows_with_merged_heads() -> None:
    table = the_table(STAFFING)
    assert list(table.columns) == [item.code for item in all_forms()["staffing"].items]
    assert list(table.columns.values()) == list(range(1, 18))
    assert table.header == (0, 1)
    assert table.missing == []


def test_the_same_header_without_merged_ranges() -> None:
    # .ods and .xlsb keep none: an empty head over a filled one continues the head on its left.
    sheet = drawn(STAFFING)
    sheet.merged = []
    (table,) = locate_tables(sheet, VOCABULARY)
    assert list(table.columns.values()) == list(range(1, 18))


def test_a_header_does_not_begin_where_merged_heads_reach_into_it() -> None:
    table = the_table("""
        | 机构 | 统计内容 | < | < |
        | 渠道 | 甲类 | < | 乙类 |
        | ^ | 机构 | 上报条数 | 采用条数 |
        | ^ | 渠道 | ^ | ^ |
        | 网站 | | 5 | 1 |
    """)
    assert table.columns == {"channel": 0, "submitted": 2, "adopted": 3}


def test_the_row_that_numbers_the_columns_may_stand_beneath_a_heading() -> None:
    table = the_table("| 乡镇 | 行政村数 | 社区数 |\n| 一、镇 | | |\n| 甲 | 1 | 2 |\n| 甲镇 | 3 | 3 |")
    assert body(table) == ["一、镇", "甲镇"]


def test_heads_with_a_word_more() -> None:
    table = the_table("| 渠道名称 | 上报条数 | 采用数 |\n| 网站 | 5 | 1 |")
    assert heads(table) == {"channel": "A1", "submitted": "B1", "adopted": "C1"}
    table = the_table("| 乡镇 | 行政村数 | 已配备联络员数 | 社区数 | 已配备联络员数 |\n| 甲镇 | 3 | 3 | 1 | 1 |")
    assert heads(table) | {"villages_with_liaison": "C1", "communities_with_liaison": "E1"} == heads(table)


def test_a_header_of_one_row_with_whole_heads() -> None:
    heads = """单位名称 核定编制 在岗人数 其中：专职 其中：兼职 抽调（借调）外出 女性 年龄：35岁及以下 36-45岁 46-55岁
        56岁以上 学历：大专及以下 本科 研究生及以上""".split()
    table = the_table(as_picture(heads, VALUES[1:15]))
    assert list(table.columns.values()) == list(range(14))
    assert [item.code for item in table.missing] == ["head_on_committee", "colocated", "operating_funds"]


def test_columns_in_another_order() -> None:
    picture = """
        | 采用条数 | 渠道 | 上报条数 |
        | 1 | 网站 | 5 |
    """
    assert heads(the_table(picture)) == {"adopted": "A1", "channel": "B1", "submitted": "C1"}


def test_a_missing_and_a_foreign_column() -> None:
    picture = """
        | 单位名称 | 在岗人数 | 专职 | 兼职 | 女性 | 本科 | 心得 |
        | 区委统战部 | 7 | 6 | 1 | 3 | 5 | 很好 |
    """
    table = the_table(picture)
    assert "authorised_posts" in [item.code for item in table.missing]
    assert table.extra == [(6, "心得")]


@pytest.mark.parametrize("head", ["序号", "编号", "备注", " 备 注 ", "No."])
def test_heads_that_no_form_asks_for_are_let_be(head: str) -> None:
    assert the_table(PUBLICITY.replace("序号", head)).extra == []


COVERAGE = """
    | 乡镇(街道) | 统战委员配备 | {heads} |
    | 穆家营子镇 | 专职 | {values} |
"""


def coverage(*heads: str) -> Table:
    return the_table(COVERAGE.format(heads=" | ".join(heads), values=" | ".join("3" for _ in heads)))


def test_the_same_words_twice_belong_to_the_column_before_them() -> None:
    table = coverage("行政村(嘎查)数", "其中：已配备联络员", "社区(居委会)数", "其中：已配备联络员")
    assert heads(table) == {
        "township_name": "A1",
        "committee_member": "B1",
        "villages": "C1",
        "villages_with_liaison": "D1",
        "communities": "E1",
        "communities_with_liaison": "F1",
    }


def test_the_same_words_twice_with_the_pairs_exchanged() -> None:
    table = coverage("社区(居委会)数", "其中：已配备联络员", "行政村(嘎查)数", "其中：已配备联络员")
    assert [heads(table)[f"{of}_with_liaison"] for of in ("communities", "villages")] == ["D1", "F1"]


def test_the_same_words_under_merged_heads() -> None:
    picture = """
        | 乡镇(街道) | 统战委员配备 | 行政村(嘎查)数 | 其中 | 社区(居委会)数 | 其中 |
        | ^ | ^ | ^ | 已配备联络员 | ^ | 已配备联络员 |
        | 穆家营子镇 | 专职 | 5 | 5 | 2 | 2 |
    """
    table = the_table(picture)
    assert heads(table)["villages_with_liaison"] == "D2"
    assert heads(table)["communities_with_liaison"] == "F2"


def test_the_same_words_apart_from_what_they_belong_to_are_asked_about() -> None:
    table = coverage("行政村(嘎查)数", "社区(居委会)数", "是否新任", "已配备联络员", "已配备联络员")
    asked = [(head, [item.code for item in items]) for _, head, items in table.ambiguous]
    assert asked == [("已配备联络员", ["villages_with_liaison", "communities_with_liaison"])] * 2
    assert not {"villages_with_liaison", "communities_with_liaison"} & set(table.columns)


def test_one_head_twice_is_asked_about_and_neither_is_taken() -> None:
    picture = """
        | 渠道 | 上报条数 | 采用条数 | 上报条数 |
        | 网站 | 5 | 1 | 6 |
    """
    table = the_table(picture)
    assert "submitted" not in heads(table)
    assert [(column, head) for column, head, _ in table.ambiguous] == [(1, "上报条数"), (3, "上报条数")]


@pytest.mark.parametrize(
    ("printed", "key"),
    [
        ("业务经费\n（万元）", "业务经费"),
        ("一、核定编制", "核定编制"),
        ("1.核定编制", "核定编制"),
        ("（三）核定编制", "核定编制"),
        ("核定编制*", "核定编制"),
        ("核定编制①", "核定编制"),
        ("在 岗 人 数", "在岗人数"),
        ("其中：专职", "专职"),
        ("36—45岁", "3645岁"),
    ],
)
def test_a_head_is_known_however_it_is_printed(printed: str, key: str) -> None:
    assert key in head_keys(printed)


@pytest.mark.parametrize(
    ("head", "factor"),
    [
        ("业务经费（万元）", None),
        ("业务经费", None),
        ("业务经费（元）", Decimal("0.0001")),
        ("业务经费(单位：千元)", Decimal("0.1")),
        ("业务经费【亿元】", Decimal(10000)),
    ],
)
def test_money_in_another_unit_is_converted(head: str, factor: Decimal | None) -> None:
    table = the_table(STAFFING.replace("业务经费(万元)", head))
    assert table.columns["operating_funds"] == 17
    if factor is None:
        assert table.factors.get("operating_funds", 1) == 1
    else:
        assert table.factors["operating_funds"] == factor


def test_money_in_another_unit_said_above_the_table() -> None:
    above = "| 统战机构人员配备情况表 |\n| 金额单位：元 |\n"
    plain = STAFFING.replace("业务经费(万元)", "业务经费")
    assert the_table(above + plain).factors == {"operating_funds": Decimal("0.0001")}


def test_what_the_head_says_counts_more_than_what_stands_above() -> None:
    above = "| 统战机构人员配备情况表 |\n| 单位：人、元 |\n"
    assert the_table(above + STAFFING).factors.get("operating_funds", 1) == 1


@pytest.mark.parametrize(
    "line",
    [
        "| 填报单位：松山区 填报时间：2018年9月 |",
        "| 填报单位： | 松山区 | | 填报时间： | 2018年9月 |",
        "| 填报单位(盖章)：松山区 |",
        "| 填报单位：松山区    填表人：    审核人： |",
        "| 填报单位：松山区　　　　填报时间：2018年9月　　　　计量单位：条 |",
    ],
)
def test_the_unit_is_found_however_its_line_is_laid_out(line: str) -> None:
    table = the_table(PUBLICITY.replace("| 填报单位：松山区 | | 填报时间：2018年9月 | |", line))
    assert [found.text for found in table.lines.units] == ["松山区"]
    assert [found.text for found in table.lines.periods + table.lines.filed] == (
        ["2018年9月"] if "时间" in line else []
    )


# ---- body, totals, notes ---------------------------------------------------------------------------------------------


def with_rows(*rows: str) -> Table:
    return the_table("| 渠道 | 上报条数 | 采用条数 |\n" + "\n".join(rows))


def test_the_total_is_no_row() -> None:
    table = with_rows("| 网站 | 5 | 1 |", "| 公众号 | 2 | 0 |", "| 合计 | 7 | 1 |")
    assert body(table) == ["网站", "公众号"]
    assert totals(table) == {"合计": ["网站", "公众号"]}


@pytest.mark.parametrize(
    "label", ["合计", "合 计", "总计", "合计：", "合　计", "共计", "合计(条)", "总计数", "三、合计", "全区合计", "小计"]
)
def test_a_total_is_known_however_it_is_printed(label: str) -> None:
    table = with_rows("| 网站 | 5 | 1 |", f"| {label} | 5 | 1 |")
    assert body(table) == ["网站"]
    assert len(table.totals) == 1


def test_without_a_total() -> None:
    table = with_rows("| 网站 | 5 | 1 |", "| 公众号 | 2 | 0 |")
    assert body(table) == ["网站", "公众号"]
    assert table.totals == []


def test_the_total_comes_first() -> None:
    table = with_rows("| 合计 | 7 | 1 |", "| 网站 | 5 | 1 |", "| 公众号 | 2 | 0 |")
    assert body(table) == ["网站", "公众号"]
    assert totals(table) == {"合计": ["网站", "公众号"]}


def test_the_total_stands_in_the_middle() -> None:
    # What follows a total is data like any other row; it is not added up by a total above it.
    table = with_rows("| 网站 | 5 | 1 |", "| 合计 | 5 | 1 |", "| 公众号 | 2 | 0 |")
    assert body(table) == ["网站", "公众号"]
    assert totals(table) == {"合计": ["网站"]}


def test_subtotals_add_up_their_own_group() -> None:
    table = with_rows(
        "| 网站 | 5 | 1 |", "| 公众号 | 2 | 0 |", "| 小计 | 7 | 1 |",
        "| 信息简报 | 1 | 1 |", "| 小计： | 1 | 1 |", "| 总计 | 8 | 2 |",
    )  # fmt: skip
    assert body(table) == ["网站", "公众号", "信息简报"]
    assert totals(table) == {
        "小计": ["网站", "公众号"],
        "小计:": ["信息简报"],
        "总计": ["网站", "公众号", "信息简报"],
    }


def test_subtotals_may_stand_before_their_groups() -> None:
    table = with_rows(
        "| 合计 | 8 | 2 |", "| 小计 | 7 | 1 |", "| 网站 | 5 | 1 |", "| 公众号 | 2 | 0 |",
        "| 小计 | 1 | 1 |", "| 信息简报 | 1 | 1 |",
    )  # fmt: skip
    assert [labels(table, over) for _, over, _ in table.totals] == [
        ["网站", "公众号", "信息简报"],
        ["网站", "公众号"],
        ["信息简报"],
    ]


def test_a_total_above_and_one_below_add_up_the_same() -> None:
    table = with_rows("| 总计 | 7 | 1 |", "| 网站 | 5 | 1 |", "| 公众号 | 2 | 0 |", "| 合计 | 7 | 1 |")
    assert totals(table) == {"总计": ["网站", "公众号"], "合计": ["网站", "公众号"]}


def test_what_has_run_up_since_the_year_began_is_neither_a_row_nor_their_sum() -> None:
    table = with_rows("| 网站 | 5 | 1 |", "| 合计 | 5 | 1 |", "| 累计 | 40 | 9 |")
    assert body(table) == ["网站"]
    assert totals(table) == {"合计": ["网站"]}


def test_the_word_total_in_the_column_of_numbers() -> None:
    picture = """
        | 序号 | 渠道 | 上报条数 | 采用条数 |
        | 1 | 网站 | 5 | 1 |
        | 合计 | < | 5 | 1 |
    """
    table = the_table(picture)
    assert body(table) == ["网站"]
    assert [label for _, _, label in table.totals] == ["合计"]


def test_a_name_that_begins_like_a_total_is_a_row() -> None:
    picture = """
        | 培训(活动)名称 | 类别 | 培训对象 | 期(次)数 | 参训人次 |
        | 总计划财务培训班 | 专题培训班 | 统战干部 | 1 | 30 |
        | 小计算机操作培训班 | 专题培训班 | 统战干部 | 1 | 20 |
    """
    assert body(the_table(picture)) == ["总计划财务培训班", "小计算机操作培训班"]


def test_blank_rows_inside_the_table_do_not_renumber() -> None:
    picture = """
        | 渠道 | 上报条数 | 采用条数 |
        |  |  |  |
        | 网站 | 5 | 1 |
        |  |  |  |
        |  |  |  |
        | 公众号 | 2 | 0 |
    """
    table = the_table(picture)
    assert [table.address(r, "submitted") for r in table.body] == ["B3", "B6"]


def test_notes_and_signatures_are_no_rows() -> None:
    table = with_rows("| 网站 | 5 | 1 |", "| 注：网站含客户端 |", "| 填表人：〇〇 | | 审核人：〇〇 |")
    assert body(table) == ["网站"]


def test_a_row_after_the_notes_is_not_lost() -> None:
    table = with_rows("| 网站 | 5 | 1 |", "| 注：补报 |", "| 公众号 | 2 | 0 |")
    assert body(table) == ["网站", "公众号"]


@pytest.mark.parametrize(
    "row", ["| 甲 | 1 | 2 |", "| 0 | 1 | 2 |", "| 1 | 2 | 3 |", "| (1) | (2) | (3) |", "| 栏次 | 1 | 2 |"]
)
def test_a_row_that_numbers_the_columns_is_no_data(row: str) -> None:
    assert body(with_rows(row, "| 网站 | 5 | 1 |")) == ["网站"]


@pytest.mark.parametrize("row", ["| A | B | C | D |", "| 甲 | 乙 | 丙 | 丁 |", "| （1） | （2） | （3） | （4） |"])
def test_a_row_of_letters_is_no_data(row: str) -> None:
    picture = PUBLICITY.replace("| 1 | 国家级媒体", f"{row}\n    | 1 | 国家级媒体")
    assert body(the_table(picture)) == ["国家级媒体", "网站"]


def test_consecutive_numbers_in_the_first_row_are_data() -> None:
    table = with_rows("| 网站 | 2 | 1 |")
    assert body(table) == ["网站"]


def test_a_header_repeated_on_a_new_page_is_one_table() -> None:
    table = with_rows("| 网站 | 5 | 1 |", "| 渠道 | 上报条数 | 采用条数 |", "| 公众号 | 2 | 0 |")
    assert body(table) == ["网站", "公众号"]


def test_a_total_after_a_repeated_header_adds_up_both_pages() -> None:
    table = with_rows("| 网站 | 5 | 1 |", "| 渠道 | 上报条数 | 采用条数 |", "| 公众号 | 2 | 0 |", "| 合计 | 7 | 1 |")
    assert totals(table) == {"合计": ["网站", "公众号"]}


def test_two_forms_on_one_sheet() -> None:
    picture = (
        PUBLICITY
        + """
        | 注：以上为宣传信息 |
        | 2018年第三季度统战委员配备情况表 |
        | 填报单位：松山区 |
        | 乡镇(街道) | 统战委员配备 | 行政村(嘎查)数 | 社区(居委会)数 |
        | 穆家营子镇 | 专职 | 5 | 2 |
    """
    )
    first, second = locate_tables(drawn(picture), VOCABULARY)
    assert (first.form.code, body(first)) == ("publicity", ["国家级媒体", "网站"])
    assert (second.form.code, body(second)) == ("coverage", ["穆家营子镇"])
    assert [line.text for line in second.lines.titles] == ["2018年第三季度统战委员配备情况表"]


def test_values_of_a_cell_merged_over_several_rows_stand_in_the_first() -> None:
    picture = """
        | 渠道 | 上报条数 | 采用条数 |
        | 网站 | 5 | 1 |
        | 公众号 | ^ | 0 |
    """
    table = the_table(picture)
    assert merged_cells(table) == {(1, 1): (1, 1), (2, 1): (1, 1)}


@pytest.mark.parametrize(
    "picture",
    [
        "| 通讯录 |\n| 科室 | 房间 |\n| 办公室 | 301 |",
        "| 1 | 2 | 3 |\n| 4 | 5 | 6 |",
        "| 单位名称 |\n| 甲 |",
    ],
)
def test_a_sheet_of_no_form(picture: str) -> None:
    assert locate_tables(drawn(picture), VOCABULARY) == []


def test_every_printed_head_of_every_form_is_its_own_item() -> None:
    for form in all_forms().values():
        for language in ("zh", "en"):
            heads = " | ".join(item.head(language).replace("\n", "") for item in form.items)
            values = " | ".join("3" for _ in form.items)
            (table,) = locate_tables(drawn(f"| {heads} |\n| {values} |"), VOCABULARY)
            assert table.form is form
            assert list(table.columns) == [item.code for item in form.items], language


# ---- what is read although it is odd, and what is asked --------------------------------------------------------------


DOWN = """
    | 2018年9月宣传信息情况表 | < | < |
    | 填报单位：松山区 | | |
    | 指标 | 网站 | 公众号 |
    | 上报条数 | 5 | 2 |
    | 采用条数 | 1 | 0 |
    | 注：虚构 | | |
"""


def test_a_form_whose_items_go_down() -> None:
    table = the_table(DOWN)
    assert body(table) == ["网站", "公众号"]
    assert [table.address(r, "adopted") for r in table.body] == ["B5", "C5"]
    assert [line.text for line in table.lines.units] == ["松山区"]
    assert [cell_at(table.place("adopted"), table.sheet.top + r + 1) for r in table.body] == ["B5", "C5"]


def test_a_list_that_explains_the_items_is_no_form() -> None:
    picture = """
        | 指标项 | 填写 |
        | 渠道 | 文字 |
        | 上报条数 | 整数 |
        | 采用条数 | 整数 |
    """
    assert locate_tables(drawn(picture), VOCABULARY) == []


def test_a_slip_of_one_character_is_read_where_only_one_item_fits_and_told() -> None:
    table = the_table(PUBLICITY.replace("采用条数", "采甩条数"))
    assert heads(table)["adopted"] == "D3"
    assert [(head, item.code) for _, head, item in table.near] == [("采甩条数", "adopted")]


def test_a_slip_out_of_its_place_is_asked_about() -> None:
    table = the_table("| 宣传信息情况表 |\n| 采甩条数 | 渠道 | 上报条数 |\n| 1 | 网站 | 5 |")
    assert [(head, [item.code for item in items]) for _, head, items in table.ambiguous] == [("采甩条数", ["adopted"])]


@pytest.mark.parametrize("head", ["上月采用条数", "采用条数（上年同期）", "采用条数(计划)", "采用率", "采用条数增减"])
def test_another_item_is_not_taken_for_one_like_it(head: str) -> None:
    table = the_table(PUBLICITY.replace("采用条数", head))
    assert "adopted" not in heads(table)


def staffing_under(*columns: str) -> Table:
    """A staffing return; columns: 台办/女性, the heads from the top down."""
    heads = [head.split("/") for head in ("单位名称", "专职", "兼职", "本科", *columns)]
    upper, lower = [above[0] for above in heads], [above[-1] if len(above) > 1 else "^" for above in heads]
    return the_table(as_picture(upper, lower, ["区委统战部", *"1234567"[: len(heads) - 1]]))


@pytest.mark.parametrize(
    ("parent", "told"),
    [
        *[(parent, ["women"]) for parent in ("党外干部", "专职人员", "其中：党外", "统战部", "挂职人员", "编制")],
        *[(parent, []) for parent in ("人员基本情况", "在岗人员", "性别结构", "其中", "干部", "统战机构", "三季度")],
    ],
)
def test_a_head_above_that_makes_another_item_is_told(parent: str, told: list[str]) -> None:
    table = staffing_under("在岗人数", f"{parent}/女性")
    assert [item.code for _, _, item in table.near] == told
    assert heads(table)["women"] == "F2"


def test_a_head_that_leaves_a_part_is_told_over_however_many_columns() -> None:
    ages = ["35岁及以下", "36—45岁", "46—55岁", "56岁及以上"]
    assert len(staffing_under(*(f"专职人员年龄结构/{age}" for age in ages)).near) == 4
    assert staffing_under(*(f"编制人员年龄/{age}" for age in ages)).near == []


def test_heads_of_two_offices_are_asked_about_whatever_their_words() -> None:
    table = staffing_under("统战部/编制", "统战部/女", "台办/核定编制", "台办/女性")
    assert [(head, [item.code for item in items]) for _, head, items in table.ambiguous] == [
        ("统战部编制", ["authorised_posts"]),
        ("统战部女", ["women"]),
        ("台办核定编制", ["authorised_posts"]),
        ("台办女性", ["women"]),
    ]
    table = staffing_under("女", "党外/女性")  # of which one says nothing more than the item
    assert (table.columns["women"], table.near) == (4, [])


def test_a_head_above_need_not_be_merged() -> None:
    across = [["", "", "", "", "党外干部"], ["单位名称", "在岗人数", "专职", "兼职", "女性"], ["区委统战部", *"5321"]]
    for rows in (across, [list(row) for row in zip(*across, strict=True)]):
        table = the_table(as_picture(*rows))
        assert [(head, item.code) for _, head, item in table.near] == [("党外干部女性", "women")]


@pytest.mark.parametrize(
    ("bracket", "harmless"),
    [
        *[
            (words, True)
            for words in ("填整数", "必填", "人次，必填", "请从下拉列表中选择", "persons", "a", "请填数字")
        ],
        *[(words, False) for words in ("填累计数", "填1-9月累计", "可选上季数", "填女性", "plan", "统战干部/统战委员")],
    ],
)
def test_a_hint_in_brackets_is_harmless_only_where_every_word_is_known(bracket: str, harmless: bool) -> None:
    table = the_table(f"""
        | 培训(活动)名称 | 类别（专题培训班/座谈会） | 期(次)数 | 参训人次（{bracket}） |
        | 甲班 | 座谈会 | 1 | 20 |
    """)
    sure = [item for item in table.columns if item not in [near.code for _, _, near in table.near]]
    assert ("participants" in sure) is harmless
    assert "category" in sure


@pytest.mark.parametrize(
    ("columns", "items"),
    [
        ("年龄/≤35 年龄/≥56", ["age_35_or_less", "age_56_or_more"]),
        ("编制/核定 借调外出人数", ["authorised_posts", "seconded_out"]),
        ("现有在岗人数 年度业务经费(万元)", ["staff_in_post", "operating_funds"]),
        ("期初/在岗人数 期末/在岗人数", [None, "staff_in_post"]),
        ("在岗人数/上季末 在岗人数/本季末", [None, "staff_in_post"]),
    ],
)
def test_other_printings_of_a_head_that_nobody_doubts(columns: str, items: list[str | None]) -> None:
    table = staffing_under(*columns.split())
    assert [column.item for column in columns_of(table)][4:] == items
    assert (table.near, table.ambiguous) == ([], [])


def test_the_choices_of_an_item_may_stand_under_its_head_and_the_head_above_parts_two_alike() -> None:
    table = the_table("""
        | 乡镇(街道) | 统战委员 | < | 行政村 | < | 社区 | < |
        | ^ | 专职/兼职 | 是否新任 | 总数 | 已配联络员 | 总数 | 已配联络员 |
        | 穆家营子镇 | 专职 | 否 | 12 | 12 | 2 | 1 |
    """)
    assert list(heads(table)) == [
        "township_name", "committee_member", "newly_appointed", "villages", "villages_with_liaison",
        "communities", "communities_with_liaison",
    ]  # fmt: skip
    assert [item.code for _, _, item in table.near] == ["villages_with_liaison", "communities_with_liaison"]


def test_last_year_beside_this_year() -> None:
    picture = """
        | 渠道 | 本月 | < | 上年 | < |
        | ^ | 上报条数 | 采用条数 | 上报条数 | 采用条数 |
        | 网站 | 5 | 1 | 50 | 10 |
    """
    table = the_table(picture)
    assert heads(table) == {"channel": "A2", "submitted": "B2", "adopted": "C2"}
    assert [head for _, head in table.extra] == ["上年上报条数", "上年采用条数"]


def test_a_row_of_units_beneath_the_header() -> None:
    *header, row = STAFFING.replace("业务经费(万元)", "业务经费").strip().splitlines()
    table = the_table("\n".join([*header, "| | | （人） | （人） | | | | | | | | | | | | | | （元） |", row]))
    assert len(table.body) == 1
    assert table.factors == {"operating_funds": Decimal("0.0001")}


@pytest.mark.parametrize("head", ["业务经费元", "业务经费/元", "业务经费（人民币：元）", "业务 经费（ 元 ）①"])
def test_money_however_its_unit_is_printed(head: str) -> None:
    assert the_table(STAFFING.replace("业务经费(万元)", head)).factors == {"operating_funds": Decimal("0.0001")}


@pytest.mark.parametrize("line", ["（单位：元）", "以元为单位", "计量单位：人、元", "货币单位：人民币元"])
def test_money_however_the_line_is_printed(line: str) -> None:
    table = the_table(f"| 统战机构人员配备情况表 |\n| {line} |\n" + STAFFING.replace("业务经费(万元)", "业务经费"))
    assert table.factors == {"operating_funds": Decimal("0.0001")}
    assert table.lines.units == []


def test_a_district_whose_name_begins_with_a_unit_of_money() -> None:
    table = the_table("| 单位：元宝山区 |\n" + STAFFING)
    assert ([line.text for line in table.lines.units], table.lines.measures) == (["元宝山区"], [])


def test_head_and_line_that_name_different_units_of_money() -> None:
    assert the_table("| 单位：元 |\n" + STAFFING).disputed == {"operating_funds": ""}


def test_another_table_below_is_not_read() -> None:
    table = with_rows(
        "| 网站 | 5 | 1 |", "|  |  |  |", "| 附：经费 | | |", "| 项目 | 金额 | 经手 |", "| 会场 | 3 | 甲 |"
    )
    assert body(table) == ["网站"]
    assert table.unread == (4, 5)


def test_the_title_of_a_second_table_right_below_the_first() -> None:
    first, second = locate_tables(
        drawn(PUBLICITY + "| 林西县2018年9月宣传信息情况表 |\n| 渠道 | 上报条数 | 采用条数 |\n| 网站 | 7 | 1 |"),
        VOCABULARY,
    )
    assert (body(first), body(second)) == (["国家级媒体", "网站"], ["网站"])
    assert [line.text for line in second.lines.titles] == ["林西县2018年9月宣传信息情况表"]


def test_two_forms_side_by_side() -> None:
    picture = """
        | 渠道 | 上报条数 | 采用条数 | | 乡镇(街道) | 统战委员配备 | 行政村(嘎查)数 | 社区(居委会)数 |
        | 网站 | 5 | 1 | | 穆家营子镇 | 专职 | 5 | 2 |
    """
    first, second = locate_tables(drawn(picture), VOCABULARY)
    assert (first.form.code, second.form.code) == ("publicity", "coverage")
    assert (heads(first)["adopted"], heads(second)["villages"]) == ("C1", "G1")


def test_every_column_says_what_it_was_taken_for_and_how_sure() -> None:
    table = the_table("""
        | 序号 | 乡镇 | 统战委员情况 | < | 是否配备统战干事 | 是否配备统战干事 | 行政村数 | 社区(居委会)个数 | 电话 |
        | ^ | ^ | 统战委员配备 | 是否进入党委班子 | ^ | ^ | ^ | ^ | ^ |
        | 1 | 穆家营子镇 | 专职 | 是 | 是 | 是 | 12 | 2 | 无 |
    """)
    found = [(c.place, c.heads[-1], c.item, c.certainty, c.candidates) for c in columns_of(table)]
    assert found == [
        ("A", "序号", None, "aside", []),
        ("B", "乡镇", "township_name", "sure", []),
        ("C", "统战委员配备", "committee_member", "sure", []),
        ("D", "是否进入党委班子", "in_leadership", "sure", []),
        ("E", "是否配备统战干事", None, "asked", ["officer"]),
        ("F", "是否配备统战干事", None, "asked", ["officer"]),
        ("G", "行政村数", "villages", "sure", []),
        ("H", "社区(居委会)个数", "communities", "near", []),
        ("I", "电话", None, "other", []),
    ]
    assert columns_of(table)[2].heads == ("统战委员情况", "统战委员配备")


def test_the_columns_of_a_turned_form_are_its_rows() -> None:
    table = the_table("""
        | 指标 | 穆家营子镇 | 初头朗镇 |
        | 统战委员配备 | 专职 | 兼职 |
        | 行政村(嘎查)数 | 12 | 13 |
        | 社区(居委会)数 | 1 | 2 |
    """)
    found = [(c.place, c.item, table.head_address(c.column)) for c in columns_of(table)]
    assert found == [
        ("1", "township_name", "A1"),
        ("2", "committee_member", "A2"),
        ("3", "villages", "A3"),
        ("4", "communities", "A4"),
    ]


def test_two_columns_that_the_analyst_says_are_one_item_are_asked_again() -> None:
    sheet = drawn("""
        | 乡镇(街道) | 统战委员配备 | 是否配备统战干事 | 行政村(嘎查)数 | 社区(居委会)数 |
        | 穆家营子镇 | 专职 | 是 | 12 | 2 |
    """)
    (table,) = locate_tables(sheet, VOCABULARY, {"表1!D1": "villages", "表1!E1": "villages"})
    assert [(c, [item.code for item in items]) for c, _head, items in table.ambiguous] == [
        (3, ["villages"]),
        (4, ["villages"]),
    ]
