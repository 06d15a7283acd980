"""Workbooks out: a sheet drawn as a return says what it should, a table keeps its numbers."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import openpyxl
import pandas as pd

from huizong.forms import all_forms
from huizong.layout import Vocabulary
from huizong.org_units import register
from huizong.returned import Return
from huizong.returns import read_returns
from huizong.sheet import read_workbook
from huizong.templates import returns_workbook, sums, table_workbook
from tests.workbooks import make_workbook, return_sheet


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(data))


def read(data: bytes, tmp_path) -> list[Return]:
    path = tmp_path / "back.xlsx"
    path.write_bytes(data)
    return read_returns(read_workbook(path), Vocabulary(all_forms()), register())


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


def test_a_figure_not_to_be_relied_on_is_struck() -> None:
    frame = pd.DataFrame({"单位": ["赤峰市", "松山区"], "配备率": [0.1, 0.2]})
    struck = pd.DataFrame({"配备率": [True, False]})
    sheet = opened(table_workbook(frame, title="配备率", formats={"配备率": "0.0%"}, struck=struck)).active
    assert (sheet["B3"].value, sheet["B3"].font.strike, sheet["B3"].number_format) == (0.1, True, "0.0%")
    assert not sheet["B4"].font.strike
    assert not sheet["A3"].font.strike


def test_an_empty_table_is_still_a_workbook() -> None:
    sheet = opened(table_workbook(pd.DataFrame({"单位": []}), title="无数据")).active
    assert sheet["A2"].value == "单位"
