"""Workbooks out: a blank can be filled, comes back as what it is, and holds only what it should."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from huizong.forms import Form, all_forms
from huizong.layout import Vocabulary
from huizong.org_units import register
from huizong.periods import Period
from huizong.returns import Return, read_returns
from huizong.sheet import read_workbook
from huizong.templates import blank, returns_workbook, sums, table_workbook
from huizong.texts import language
from tests.workbooks import make_workbook, return_sheet

FORMS = list(all_forms().values())
SONGSHAN = "150404"
STAFF = {
    "authorised_posts": 5,
    "staff_in_post": 4,
    "full_time": 3,
    "part_time": 1,
    "seconded_out": 1,
    "women": 2,
    "age_35_or_less": 1,
    "age_36_45": 1,
    "age_46_55": 2,
    "age_56_or_more": 0,
    "degree_college_or_less": 1,
    "degree_bachelor": 2,
    "degree_postgraduate": 1,
}


def issued(form: Form, *, unit: str = SONGSHAN, words: str = "zh_CN") -> bytes:
    period = {"quarter": "2018-Q3", "month": "2018-11", "year": "2018", "half_year": "2018-H1"}[form.frequency]
    return blank(form, unit, Period.of(period), language=words, register=register())


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(data))


def read(data: bytes, tmp_path) -> list[Return]:
    path = tmp_path / "back.xlsx"
    path.write_bytes(data)
    return read_returns(read_workbook(path), Vocabulary(all_forms()), register())


def row_of(sheet: Worksheet, text: str) -> int:
    return next(cell.row for cells in sheet.iter_rows() for cell in cells if cell.value == text)


@pytest.mark.parametrize("words", ["zh_CN", "en"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.code)
def test_a_blank_that_comes_back_is_known_for_sure_even_without_its_title(form: Form, words: str, tmp_path) -> None:
    workbook = opened(issued(form, words=words))
    sheet = workbook.worksheets[0]
    sheet["A1"] = sheet["A2"] = None
    stream = BytesIO()
    workbook.save(stream)
    (found,) = read(stream.getvalue(), tmp_path)
    assert found.form is form
    assert found.unit.code == SONGSHAN
    assert found.period.frequency == form.frequency
    assert found.questions == []
    assert not found.tables[0].missing
    assert not found.tables[0].ambiguous
    assert not found.tables[0].extra


@pytest.mark.parametrize("words", ["zh_CN", "en"])
def test_a_filled_blank_is_read_as_filled(words: str, tmp_path) -> None:
    form = all_forms()["staffing"]
    workbook = opened(issued(form, words=words))
    sheet = workbook.worksheets[0]
    first = row_of(sheet, "松山区委统战部")
    items = {item.code: column for column, item in enumerate(form.items, 2)}
    for row in range(first, first + 22):
        for code, value in STAFF.items():
            sheet.cell(row, items[code], value if row == first else 0)
    sheet.cell(first, items["colocated"], "是")
    stream = BytesIO()
    workbook.save(stream)
    (found,) = read(stream.getvalue(), tmp_path)
    assert found.findings == []
    assert [row.kind for row in found.rows] == ["self"] + ["township"] * 21
    assert found.rows[0].values["staff_in_post"] == 4
    assert found.rows[0].values["colocated"] is True
    assert found.rows[0].values["operating_funds"] is None
    townships = [unit.code for unit in register().children(SONGSHAN)]
    assert [row.unit_code for row in found.rows[1:]] == townships


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.code)
def test_only_the_cells_to_fill_in_are_open(form: Form) -> None:
    sheet = opened(issued(form)).worksheets[0]
    assert sheet.protection.sheet
    assert not sheet.protection.password
    first = row_of(sheet, 1)
    assert all(cell.protection.locked for row in sheet.iter_rows(1, first - 1) for cell in row)
    assert not any(sheet.cell(first, column).protection.locked for column in range(1, len(form.items) + 2))
    totals = [cell for row in sheet.iter_rows() for cell in row if str(cell.value).startswith("=SUM(")]
    assert all(cell.protection.locked for cell in totals)
    expected = sum(item.summed for item in form.items) if form.rows.units != ["self"] else 0
    assert len(totals) == expected


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.code)
def test_every_list_number_and_date_is_checked_while_typing(form: Form) -> None:
    workbook = opened(issued(form))
    sheet, mark = workbook.worksheets[0], workbook["_huizong"]
    assert mark.sheet_state == "veryHidden"
    checks = {
        str(check.sqref).split(":")[0].rstrip("0123456789"): check for check in sheet.data_validations.dataValidation
    }
    for column, item in enumerate(form.items, 2):
        check = checks.get(openpyxl.utils.get_column_letter(column))
        if item.type in ("text", "unit"):
            assert check is None
            continue
        assert item.label.zh in check.error
        assert len(check.error) <= 255
        if item.type in ("code", "yes_no"):
            offered = [cell.value for (cell,) in mark[check.formula1.split("!")[1].replace("$", "")]]
            assert offered == ([code.label.zh for code in item.codes] or ["是", "否"])


def test_an_instruction_sheet_explains_every_item_and_rule() -> None:
    form = all_forms()["coverage"]
    sheet = opened(issued(form))["填表说明"]
    texts = {cell.value for row in sheet.iter_rows() for cell in row}
    assert {item.head("zh") for item in form.items} <= texts
    assert {rule.remedy.zh for rule in form.rules} <= texts


def test_a_blank_prints_on_one_page_width_of_a4() -> None:
    sheet = opened(issued(all_forms()["staffing"])).worksheets[0]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$3:$4"


def test_merged_heads_stand_over_their_columns() -> None:
    sheet = opened(issued(all_forms()["staffing"])).worksheets[0]
    merged = {str(area): sheet.cell(area.min_row, area.min_col).value for area in sheet.merged_cells.ranges}
    assert {merged[area] for area in ("E3:F3", "I3:L3", "M3:O3")} == {"其中", "年龄", "学历"}
    assert merged["A3:A4"] == "序号"


def test_a_blank_in_english_leaves_the_language_of_the_caller() -> None:
    sheet = opened(issued(all_forms()["staffing"], words="en")).worksheets[0]
    assert sheet["A1"].value.startswith("Q3 2018")
    assert language() == "zh_CN"


def test_the_blank_of_a_list_offers_empty_rows_and_that_of_channels_the_channels() -> None:
    pairing = opened(issued(all_forms()["pairing"])).worksheets[0]
    assert [pairing.cell(row, 2).value for row in range(4, 19)] == [None] * 15
    assert pairing["B19"].value == "合计"
    publicity = opened(issued(all_forms()["publicity"])).worksheets[0]
    first = row_of(publicity, "国家级媒体")
    assert publicity.cell(first + 5, 2).value == "信息简报"


def test_a_department_gets_a_blank_with_its_own_row_only() -> None:
    sheet = opened(issued(all_forms()["staffing"], unit="321084-01")).worksheets[0]
    first = row_of(sheet, register().get("321084-01").name)
    assert sheet.cell(first, 1).value == 1
    assert not any(str(cell.value).startswith("=") for row in sheet.iter_rows() for cell in row)


def test_the_same_blank_is_the_same_bytes() -> None:
    assert issued(all_forms()["training"]) == issued(all_forms()["training"])


# ---- a return as a clerk sends it ------------------------------------------------------------------------------------

COURSE = {
    "course": "统战委员业务培训班",
    "category": "training_class",
    "audience": "committee_member",
    "host_level": "county",
    "sessions": 2,
    "participants": 61,
    "days": Decimal("1.5"),
    "funds": 0.8,
    "held_on": date(2018, 8, 9),
}


def test_values_are_printed_as_clerks_print_them_and_read_back(tmp_path) -> None:
    data = make_workbook("training", [COURSE], unit="松山区", period="2018-Q3", notes=["注：示例"])
    (found,) = read(data, tmp_path)
    assert found.findings == []
    (row,) = found.rows
    assert row.values == COURSE | {"funds": Decimal("0.8")}


def test_the_look_of_a_sheet_does_not_change_what_it_says(tmp_path) -> None:
    looks = [{}, {"left": 3, "gap": 2}, {"serial": None}, {"total": None}, {"heads": {"sessions": "举办期数"}}]
    values = []
    for look in looks:
        (found,) = read(make_workbook("training", [COURSE], unit="松山区", period="2018-Q3", **look), tmp_path)
        assert found.findings == []
        values.append(found.rows[0].values)
    assert all(value == values[0] for value in values)


def test_several_forms_stand_on_sheets_of_one_workbook(tmp_path) -> None:
    channels = [{"channel": "website", "submitted": 3, "adopted": 1}]
    pages = [
        return_sheet("training", [COURSE], unit="松山区", period="2018-Q3"),
        return_sheet("publicity", channels, unit="松山区", period="2018-07", name="7月"),
        return_sheet("publicity", channels, unit="松山区", period="2018-08", name="8月"),
    ]
    found = read(returns_workbook(pages), tmp_path)
    assert [(one.form.code, one.period.code) for one in found] == [
        ("training", "2018-Q3"),
        ("publicity", "2018-07"),
        ("publicity", "2018-08"),
    ]


def test_totals_are_exact_and_leave_out_what_no_row_fills() -> None:
    rows = [{"sessions": 1, "funds": 0.1}, {"sessions": 2, "funds": 0.2}, {"sessions": None, "funds": None}]
    assert sums(all_forms()["training"], rows) == {"sessions": 3, "funds": Decimal("0.3")}


# ---- the download of a table -----------------------------------------------------------------------------------------


def test_a_table_keeps_numbers_and_never_runs_a_text() -> None:
    frame = pd.DataFrame(
        {
            "单位": ["=1+1", "+86", "-松山区", "@SUM(A1)", "林西\x07县"],
            "配备率": [0.0989, 1.0, None, 0.5, 0.25],
            "人数": [1, 2, 3, 4, 5],
        }
    )
    sheet = opened(
        table_workbook(frame, title="=统战委员配备率", notes=["示例数据"], formats={"配备率": "0.0%"})
    ).active
    assert sheet["A1"].value == "=统战委员配备率"
    assert [sheet.cell(row, 1).value for row in range(3, 8)] == ["=1+1", "+86", "-松山区", "@SUM(A1)", "林西县"]
    assert {cell.data_type for row in sheet.iter_rows(max_col=1) for cell in row if cell.value} == {"s"}
    assert all(sheet.cell(row, 1).quotePrefix for row in range(3, 7))
    assert (sheet["B3"].value, sheet["B3"].number_format) == (0.0989, "0.0%")
    assert sheet["B5"].value is None
    assert sheet["C7"].number_format == "#,##0"
    assert sheet["A9"].value == "示例数据"
    assert sheet.freeze_panes == "A3"


def test_an_empty_table_is_still_a_workbook() -> None:
    sheet = opened(table_workbook(pd.DataFrame({"单位": []}), title="无数据")).active
    assert sheet["A2"].value == "单位"
