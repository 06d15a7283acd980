"""Bytes in, cells with their addresses out: also of workbooks that others read wrongly, and of harmful files."""

from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import hostile
import pytest
from openpyxl import Workbook
from workbooks import drawn, excel, make_workbook, office, patched

from huizong import file_kinds, sheet, workbook
from huizong.sheet import (
    CellError,
    NoValue,
    Sheet,
    Unreadable,
    check_limits,
    column_letter,
    kind_of,
    read_workbook,
    read_workbooks,
)

SHEET1 = "xl/worksheets/sheet1.xml"


def read(folder: Path, data: bytes, name: str = "报表.xlsx") -> sheet.Workbook:
    path = folder / name
    path.write_bytes(data)
    return read_workbook(path)


def saved(workbook: Workbook) -> bytes:
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()


def cells(page: sheet.Sheet) -> dict[str, object]:
    """Address → what stands there."""
    return {page.address(r, c): cell for r, row in enumerate(page.rows) for c, cell in enumerate(row) if cell != ""}


# ---- what a cell is and where it stands ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")]
)
def test_column_letters(index: int, letters: str) -> None:
    assert column_letter(index) == letters


@pytest.mark.parametrize(("top", "left"), [(0, 0), (6, 0), (0, 2), (3, 27)])
def test_a_cell_keeps_its_address_wherever_the_table_stands(tmp_path: Path, top: int, left: int) -> None:
    picture = """
        | 单位 | 人数 |
        | 甲   | 3    |
        |      |      |
        | 乙   |      |
        | 丙   | 0    |
    """
    given = drawn(picture, top=top, left=left)
    (page,) = read(tmp_path, excel(given)).sheets
    assert cells(page) == cells(given)
    assert (page.top, page.left) == (top, left)


def test_blank_is_not_zero_and_text_is_not_a_number(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.active.append([0, None, "0", "", " 3人", True, datetime(2018, 9, 30)])
    (page,) = read(tmp_path, saved(workbook)).sheets
    assert cells(page) == {"A1": 0.0, "C1": "0", "E1": " 3人", "F1": True, "G1": date(2018, 9, 30)}
    assert page.rows[0][1] == ""
    assert page.rows[0][3] == ""


def test_merged_ranges_count_within_the_rows(tmp_path: Path) -> None:
    picture = """
        | 标题 | <  | <    |
        | 单位 | 其中 | <  |
        | ^    | 专职 | 兼职 |
    """
    (page,) = read(tmp_path, excel(drawn(picture, top=2, left=1))).sheets
    assert sorted(page.merged) == [(0, 0, 0, 2), (1, 0, 2, 0), (1, 1, 1, 2)]


def test_error_cells_are_not_lost(tmp_path: Path) -> None:
    # calamine gives '' for each of them: a real summary would lose a third of its cells without a word.
    picture = """
        | 甲 | #REF!  |
        | 乙 | #N/A   |
        | 丙 | #DIV/0! |
    """
    (page,) = read(tmp_path, excel(drawn(picture, top=1))).sheets
    found = {"B2": CellError("#REF!"), "B3": CellError("#N/A"), "B4": CellError("#DIV/0!")}
    assert {at: cell for at, cell in cells(page).items() if at.startswith("B")} == found


def test_error_cells_beyond_all_values_are_found(tmp_path: Path) -> None:
    page = drawn("| 甲 | 1 |", top=3, left=3)
    page.rows += [["", "", CellError("#VALUE!")]]
    (found,) = read(tmp_path, excel(page)).sheets
    assert cells(found) == {"D4": "甲", "E4": 1.0, "F5": CellError("#VALUE!")}


def test_a_formula_never_calculated_is_no_value(tmp_path: Path) -> None:
    (page,) = read(tmp_path, excel(drawn("| 3 | 4 | =A1+B1 |"))).sheets
    assert cells(page)["C1"] == NoValue("A1+B1")


def formula(cached: str, kind: str = "") -> bytes:
    """A workbook whose C1 is =A1+B1 with what a program has kept as its result."""
    workbook = excel(drawn("| 3 | 4 | =A1+B1 |"))
    return patched(workbook, SHEET1, '<c r="C1"><f>A1+B1</f><v /></c>', f'<c r="C1"{kind}><f>A1+B1</f>{cached}</c>')


def test_a_calculated_formula_is_its_value(tmp_path: Path) -> None:
    (page,) = read(tmp_path, patched(formula("<v>7</v>"), "xl/workbook.xml", ' fullCalcOnLoad="1"', "")).sheets
    assert cells(page)["C1"] == 7.0


def test_a_calculated_zero_is_a_zero(tmp_path: Path) -> None:
    (page,) = read(tmp_path, patched(formula("<v>0</v>"), "xl/workbook.xml", ' fullCalcOnLoad="1"', "")).sheets
    assert cells(page)["C1"] == 0.0


def test_the_zero_that_a_library_writes_beside_a_formula_is_no_value(tmp_path: Path) -> None:
    # It asks the next program to calculate (fullCalcOnLoad); nobody has.
    (page,) = read(tmp_path, formula("<v>0</v>")).sheets
    assert cells(page)["C1"] == NoValue("A1+B1")


def test_a_formula_may_give_an_empty_text(tmp_path: Path) -> None:
    workbook = patched(formula("<v></v>", ' t="str"'), "xl/workbook.xml", ' fullCalcOnLoad="1"', "")
    (page,) = read(tmp_path, workbook).sheets
    assert "C1" not in cells(page)


def test_a_shared_formula_without_a_value_is_no_value(tmp_path: Path) -> None:
    workbook = excel(drawn("| 3 | =A1+1 | |\n| 4 | =A2+1 | |"))
    workbook = patched(workbook, SHEET1, "<f>A2+1</f><v />", '<f t="shared" si="0" />')
    (page,) = read(tmp_path, workbook).sheets
    assert isinstance(cells(page)["B2"], NoValue)


def test_hidden_rows_columns_and_sheets_are_told(tmp_path: Path) -> None:
    workbook = Workbook()
    page = workbook.active
    page["B3"], page["B4"], page["C4"] = "甲", "乙", 1
    page.row_dimensions[4].hidden = True
    page.column_dimensions["C"].hidden = True
    other = workbook.create_sheet("底稿")
    other["A1"] = 1
    other.sheet_state = "hidden"
    first, second = read(tmp_path, saved(workbook)).sheets
    assert [first.address(r, 0) for r in first.hidden_rows] == ["B4"]
    assert [first.address(0, c) for c in first.hidden_columns] == ["C3"]
    assert (first.hidden, second.hidden) == (False, True)


def test_the_mark_of_our_own_blank_is_no_sheet(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.active["A1"] = "单位"
    mark = workbook.create_sheet(sheet.MARK_SHEET)
    mark.append(("form", "staffing"))
    mark.append(("period", "2018-Q3"))
    found = read(tmp_path, saved(workbook))
    assert [page.name for page in found.sheets] == ["Sheet"]
    assert found.mark == {"form": "staffing", "period": "2018-Q3"}


def test_an_empty_sheet_beside_a_filled_one(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.create_sheet("空")
    workbook.active["A1"] = 1
    assert [len(page.rows) for page in read(tmp_path, saved(workbook)).sheets] == [1, 0]


OASIS = "urn:oasis:names:tc:opendocument:xmlns"
ODS = (
    f'<office:document-content xmlns:office="{OASIS}:office:1.0" xmlns:table="{OASIS}:table:1.0" '
    f'xmlns:text="{OASIS}:text:1.0"><office:body><office:spreadsheet><table:table table:name="表1"><table:table-row>'
    '<table:table-cell office:value-type="string"><text:p>单位</text:p></table:table-cell>'
    '<table:table-cell office:value-type="float" office:value="3"><text:p>3</text:p></table:table-cell>'
    "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
)


def open_document() -> bytes:
    content = BytesIO()
    with ZipFile(content, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", "<manifest/>")
        packed.writestr("content.xml", ODS)
    return content.getvalue()


def test_an_open_document_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, open_document(), "报表.ods")
    assert found.kind == "ods"
    assert cells(found.sheets[0]) == {"A1": "单位", "B1": 3.0}


def test_the_name_of_the_file_does_not_decide(tmp_path: Path) -> None:
    found = read(tmp_path, excel(drawn("| 单位 | 3 |")), "报表.xls")
    assert (found.kind, cells(found.sheets[0])) == ("xlsx", {"A1": "单位", "B1": 3.0})


# ---- files that are no workbook, or mean harm ------------------------------------------------------------------------


def test_a_kind_is_told_by_the_bytes() -> None:
    assert kind_of(excel(drawn("| 1 |"))) == "xlsx"
    assert kind_of(open_document()) == "ods"
    assert kind_of(hostile.archive("xl/workbook.bin")) == "xlsb"
    assert kind_of(hostile.OLE + "Workbook\0".encode("utf-16-le") + bytes(1000)) == "xls"


A_WORKBOOK = excel(drawn("| 单位 | 3 |"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b"GIF89a" + bytes(100), "picture", id="a picture"),
        pytest.param(hostile.word_document(), "word", id="docx"),
        pytest.param(hostile.old_word_document(), "word", id="doc"),
        pytest.param(hostile.with_a_password(), "password", id="password"),
        pytest.param(hostile.archive("报表1.xlsx", "报表2.xlsx"), "archive", id="zip of workbooks"),
        pytest.param(hostile.bomb(A_WORKBOOK), "too_large", id="zip bomb"),
        pytest.param(A_WORKBOOK[: len(A_WORKBOOK) // 2], "damaged", id="half a zip"),
        pytest.param(hostile.OLE + bytes(2000), "damaged", id="an OLE file without its list of contents"),
        pytest.param(hostile.archive("xl/workbook.xml"), "damaged", id="a workbook of nothing"),
        pytest.param(saved(Workbook()), "no_cells", id="no filled cell"),
    ],
)
def test_a_file_that_cannot_be_read_has_one_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        read(tmp_path, data)
    assert refusal.value.reason == reason


def test_a_file_above_the_limit_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_kinds, "MAX_BYTES", 100)
    with pytest.raises(Unreadable, match="too_large"):
        kind_of(A_WORKBOOK)


def test_there_may_not_be_more_text_than_anybody_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = [Sheet("表1", [["啊" * 60, 1.0]]), Sheet("表2", [["啊" * 60]])]
    check_limits(sheets)
    monkeypatch.setattr(workbook, "MAX_TEXTS", 100)
    with pytest.raises(Unreadable, match="too_large"):
        check_limits(sheets)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no_file"):
        read_workbook(tmp_path / "没有.xlsx")


FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'


def test_one_cell_in_the_last_corner_costs_one_message(tmp_path: Path) -> None:
    path = tmp_path / "远.xlsx"
    path.write_bytes(patched(A_WORKBOOK, SHEET1, "</sheetData>", FAR))
    (found,) = read_workbooks([path])
    assert isinstance(found, Unreadable)
    assert found.reason in ("too_many_cells", "too_large", "damaged")


def test_a_huge_declared_dimension_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "大.xlsx"
    path.write_bytes(patched(A_WORKBOOK, SHEET1, 'ref="A1:B1"', 'ref="A1:XFD1048576"'))
    (found,) = read_workbooks([path])
    assert isinstance(found, sheet.Workbook)
    assert cells(found.sheets[0]) == {"A1": "单位", "B1": 3.0}


def test_bad_files_among_good_ones_cost_only_themselves(tmp_path: Path) -> None:
    good = make_workbook("staffing", [office("区委统战部")], unit="松山区", period="2018-Q3")
    contents = {"1": good, "2": b"PK\x03\x04 rubbish", "3": good, "4": patched(A_WORKBOOK, SHEET1, "</sheetData>", FAR)}
    paths = []
    for name, content in contents.items():
        paths.append(tmp_path / f"{name}.xlsx")
        paths[-1].write_bytes(content)
    found = list(read_workbooks(paths))
    assert [isinstance(one, sheet.Workbook) for one in found] == [True, False, True, False]
    assert found[0] == found[2]


def test_a_file_that_kills_or_holds_up_its_reader_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "_do_each", hostile.read_or_die)
    monkeypatch.setattr(sheet, "SECONDS", 1)
    names = ["good", "abort", "hang", "fine"]
    found = list(read_workbooks([Path(f"{name}.xlsx") for name in names]))
    assert [one.reason if isinstance(one, Unreadable) else "read" for one in found] == [
        "read",
        "too_large",
        "too_slow",
        "read",
    ]
