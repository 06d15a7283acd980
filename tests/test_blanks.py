"""The blank: it can be filled in, checks itself, comes back as what it is, and holds only what it should."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from huizong import submissions
from huizong.blanks import blank, blanks, reporting_units
from huizong.cli import main
from huizong.definitions import rule_in_words
from huizong.forms import Form, all_forms
from huizong.layout import Vocabulary
from huizong.org_units import register
from huizong.periods import Period
from huizong.returned import Return
from huizong.returns import read_returns
from huizong.sheet import read_workbook
from huizong.store import Store
from huizong.texts import language
from tests.stores import accepted
from tests.workbooks import make_workbook

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


def issued(form: Form, *, unit: str = SONGSHAN, words: str = "zh_CN", previous: pd.DataFrame | None = None) -> bytes:
    period = {"quarter": "2018-Q3", "month": "2018-11", "year": "2018", "half_year": "2018-H1"}[form.frequency]
    return blank(form, unit, Period.of(period), language=words, register=register(), previous=previous)


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(data))


def saved(workbook: openpyxl.Workbook) -> bytes:
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def read(data: bytes, folder: Path) -> list[Return]:
    path = folder / "back.xlsx"
    path.write_bytes(data)
    return read_returns(read_workbook(path), Vocabulary(all_forms()), register())


def row_of(sheet: Worksheet, text: str) -> int:
    return next(cell.row for cells in sheet.iter_rows() for cell in cells if cell.value == text)


def column_of(sheet: Worksheet, text: str) -> int:
    return next(cell.column for cells in sheet.iter_rows() for cell in cells if cell.value == text)


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
    above = [cell for row in sheet.iter_rows(1, first - 1) for cell in row if not cell.protection.locked]
    assert len(above) == form.nil  # where a nil return is signed
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
    first = row_of(pairing, 1)
    assert [pairing.cell(row, 2).value for row in range(first, first + 15)] == [None] * 15
    assert pairing.cell(first + 15, 2).value == "合计"
    publicity = opened(issued(all_forms()["publicity"])).worksheets[0]
    first = row_of(publicity, "国家级媒体")
    assert publicity.cell(first + 5, 2).value == "信息简报"


NOTHING = "本期无数据（零报告），确认请填“是”："


def test_a_blank_asks_for_the_signature_of_a_nil_return_where_there_may_be_one() -> None:
    for form in FORMS:
        sheet = opened(issued(form)).worksheets[0]
        asked = [cell.value for row in sheet.iter_rows() for cell in row if NOTHING in str(cell.value)]
        assert asked == [NOTHING] * form.nil


def test_the_signature_of_a_nil_return_is_the_one_open_cell_above_the_table_and_takes_one_word() -> None:
    sheet = opened(issued(all_forms()["training"])).worksheets[0]
    row = row_of(sheet, NOTHING)
    (signed,) = (cell.coordinate for cell in sheet[row] if not cell.protection.locked)
    (check,) = (c for c in sheet.data_validations.dataValidation if str(c.sqref) == signed)
    assert check.formula1 == '"是"'


def test_a_department_gets_a_blank_with_its_own_row_only() -> None:
    sheet = opened(issued(all_forms()["staffing"], unit="321084-01")).worksheets[0]
    first = row_of(sheet, register().get("321084-01").name)
    assert sheet.cell(first, 1).value == 1
    assert not any(str(cell.value).startswith("=SUM") for row in sheet.iter_rows() for cell in row)


def test_the_same_blank_is_the_same_bytes() -> None:
    assert issued(all_forms()["training"]) == issued(all_forms()["training"])


# ---- what stands beside the table ------------------------------------------------------------------------------------


def last_quarter(**staff: object) -> pd.DataFrame:
    """The rows in force of the period before, as the store gives them."""
    own = {"unit_code": SONGSHAN, "office": "松山区委统战部", **STAFF, "colocated": True, "operating_funds": 2.5}
    return pd.DataFrame([own | staff, {"unit_code": "150404001", "office": "振兴街道", "staff_in_post": 2.0}])


def test_the_check_column_knows_every_rule_that_the_row_alone_decides() -> None:
    sheet = opened(issued(all_forms()["staffing"])).worksheets[0]
    first, column = row_of(sheet, "松山区委统战部"), column_of(sheet, "审核提示")
    formula = sheet.cell(first, column).value
    assert formula.startswith("=IF(IFERROR(AND(ISNUMBER($E5),ISNUMBER($F5),ISNUMBER($D5)")
    assert '"错误：专职 "&$E5&" + 兼职 "&$F5&" 不等于在岗人数 "&$D5&"；"' in formula
    assert "上期" not in formula
    assert sheet.cell(first, column).protection.locked
    (colours,) = sheet.conditional_formatting
    assert [rule.formula[0] for rule in colours.rules] == ['LEFT($S5,2)="错误"', '$S5<>""', "COUNTA($C5:$R5)>0"]
    assert len({rule.dxf.fill.bgColor.rgb for rule in colours.rules}) == 3


def test_the_register_speaks_in_the_check_column() -> None:
    sheet = opened(issued(all_forms()["coverage"])).worksheets[0]
    township = next(unit for unit in register().children(SONGSHAN) if unit.villages)
    formula = sheet.cell(row_of(sheet, township.name), column_of(sheet, "审核提示")).value
    assert f"<>{township.villages})" in formula


def test_what_the_blank_cannot_check_is_said() -> None:
    form = all_forms()["pairing"]
    instructions = opened(issued(form))["填表说明"]
    when = {row[0]: row[4] for row in instructions.iter_rows(values_only=True) if len(row) > 4}
    assert when[rule_in_words(form, form.rules[3])] == "报送后"
    assert when["到位资金(万元) ≤ 协议资金(万元)"] == "填表时，在行尾提示"


def test_last_periods_values_stand_in_grey_beside_their_rows(tmp_path: Path) -> None:
    form = all_forms()["staffing"]
    sheet = opened(issued(form, previous=last_quarter(staff_in_post=9.0))).worksheets[0]
    own, township = row_of(sheet, "松山区委统战部"), row_of(sheet, "振兴街道")
    column = column_of(sheet, "上期：在岗人数")
    assert sheet.cell(own, column).value == 9
    assert sheet.cell(township, column).value == 2
    assert sheet.cell(own, column_of(sheet, "上期：是否与工商联等合署办公")).value == "是"
    assert sheet.cell(township, column_of(sheet, "上期：女性")).value is None
    assert sheet.cell(own, column).protection.locked
    assert sheet.print_area == "'统战机构人员配备情况表'!$A$1:$R$29"
    assert "变动超过 50% 且不少于 3 人" in sheet.cell(own, column_of(sheet, "审核提示")).value


def test_nothing_is_compared_where_no_row_of_the_period_before_is_known() -> None:
    strangers = last_quarter().assign(unit_code=["150424", "150424100"])
    sheet = opened(issued(all_forms()["staffing"], previous=strangers)).worksheets[0]
    assert not any(str(cell.value).startswith("上期") for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize("words", ["zh_CN", "en"])
def test_what_stands_beside_the_table_is_never_read(words: str, tmp_path: Path) -> None:
    """Also after Excel has put results where the formulas were, and with a row that is not filled in."""
    form = all_forms()["staffing"]
    workbook = opened(issued(form, words=words, previous=last_quarter(staff_in_post=9.0)))
    sheet = workbook.worksheets[0]
    own = row_of(sheet, "松山区委统战部")
    for column, item in enumerate(form.items, 2):
        if item.code in STAFF:
            sheet.cell(own, column, STAFF[item.code])
    for row in range(own, own + 22):
        sheet.cell(row, len(form.items) + 2, "错误：专职 3 + 兼职 2 不等于在岗人数 4；" if row == own else "")
    (found,) = read(saved(workbook), tmp_path)
    assert not found.tables[0].extra
    assert not found.tables[0].ambiguous
    assert {code: found.rows[0].values[code] for code in STAFF} == STAFF
    assert all(value is None for code, value in found.rows[1].values.items() if code != "office")


# ---- for all units at once -------------------------------------------------------------------------------------------


def test_the_rows_of_the_period_before_are_those_in_force(store: Store) -> None:
    office = {"office": "松山区委统战部", **STAFF}
    accepted(store, make_workbook("staffing", [office], unit="松山区", period="2018-Q2"))
    rows = submissions.rows_in_force(store, "staffing", SONGSHAN, "2018-Q2")
    assert rows["staff_in_post"].tolist() == [4]
    assert submissions.rows_in_force(store, "staffing", SONGSHAN, "2018-Q1") is None
    assert submissions.rows_in_force(store, "staffing", "1504", "2018-Q2") is None
    assert submissions.rows_in_force(store, "staffing", SONGSHAN, "2018-Q2", scope=("150424",)) is None


def test_the_blanks_of_a_region_come_in_one_archive() -> None:
    form = all_forms()["coverage"]
    units = reporting_units(form, "1504", register())
    data = blanks(form, units, Period.of("2018-Q3"), language="zh_CN", register=register())
    with ZipFile(BytesIO(data)) as archive:
        names = archive.namelist()
        assert len(names) == 12
        assert "150404_松山区_统战委员配备情况表_2018-Q3.xlsx" in names
        sheet = opened(archive.read("150424_林西县_统战委员配备情况表_2018-Q3.xlsx")).worksheets[0]
    assert sheet["A2"].value == "填报单位：林西县"


def test_the_command_line_issues_one_blank_or_all_of_a_region(store: Store, tmp_path: Path) -> None:
    store.close()
    one, all_of_them = tmp_path / "one.xlsx", tmp_path / "all.zip"
    call = ["template", "coverage", "--period", "2018-Q3"]
    assert main([*call, "--unit", SONGSHAN, "-o", str(one)]) == 0
    assert main([*call, "--unit", "1504", "--all", "-o", str(all_of_them)]) == 0
    assert opened(one.read_bytes()).worksheets[0]["A2"].value == "填报单位：松山区"
    with ZipFile(all_of_them) as archive:
        assert len(archive.namelist()) == 12
