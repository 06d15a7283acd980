"""Marked-up workbooks: what the office sent is kept, what is wrong is coloured, commented and listed, nothing runs."""

import re
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import openpyxl
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from huizong import intake, markup, sendback, submissions
from huizong.blanks import blank
from huizong.cli import main
from huizong.excel import COLOURS
from huizong.forms import all_forms
from huizong.markup import Problem, marked_up
from huizong.org_units import register
from huizong.periods import Period
from huizong.sheet import read_workbook
from huizong.store import Store
from huizong.texts import speak
from huizong.workbook import Sheet
from tests.clerk import Office, staffing_workbook
from tests.stores import send, status
from tests.workbooks import excel

OFFICE = "松山区委统战部"
WRONG = Problem("error", "人员", ("E5", "F5"), "专职", "5，2", "专职 + 兼职 = 在岗人数", "两项之和不对", "核对三项")
BLANK = Problem("query", "人员", ("G5",), "抽调", "", "数值", "=1+1 空白", "没有的填 0")
HIDDEN = Problem("note", "人员", ("G5",), "抽调", "", "", "该行隐藏", "无须处理")


def saved(workbook: Workbook) -> bytes:
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def opened(data: bytes, **more: object) -> Workbook:
    return openpyxl.load_workbook(BytesIO(data), **more)


def rewritten(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A workbook with each part of it changed: change(name, bytes) → bytes."""
    stream = BytesIO()
    with ZipFile(BytesIO(data)) as source, ZipFile(stream, "w") as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
    return stream.getvalue()


def marked(folder: Path, data: bytes, *problems: Problem, name: str = "报表.xlsx") -> bytes:
    path = folder / name
    path.write_bytes(data)
    return marked_up(path, problems, "松山区")


def clerks(*offices: Office) -> Workbook:
    """A staffing return with what clerks add: formulas with results, a comment, colours, a second sheet."""
    workbook = opened(staffing_workbook("松山区", "2018年第三季度", offices or [Office(OFFICE, 6, 5, 2)]))
    sheet = workbook["人员"]
    sheet["D6"] = "=SUM(D5:D5)"
    sheet["E5"].comment = Comment("请科里再核", "某科")
    sheet["C5"].font = Font(name="楷体", bold=True, color="FF0000")
    sheet["C5"].number_format = "0.00"
    sheet.column_dimensions["B"].width = 33
    sheet.print_area = "A1:R9"
    sheet.add_data_validation(DataValidation(type="whole", formula1="0", sqref="C5:C9"))
    sheet.conditional_formatting.add("C5:C9", CellIsRule("greaterThan", ["9"], fill=PatternFill(bgColor="00FF00")))
    notes = workbook.create_sheet("底稿")
    notes["A1"], notes["A2"], notes["A3"] = "=人员!D5*2", "'-不是公式", "@也不是"
    notes.merge_cells("B1:C2")
    notes.sheet_state = "hidden"
    return workbook


def looks(workbook: Workbook, leave_out: Sequence[str] = ()) -> dict[str, object]:
    """Every value and the looks of every cell that is not left out."""
    return {
        f"{sheet.title}!{cell.coordinate}": (cell.value, cell.data_type, cell.number_format, cell.font.name,
                                             cell.font.b, cell.fill.start_color.rgb, cell.border.left.style)
        for sheet in workbook.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if f"{sheet.title}!{cell.coordinate}" not in leave_out
    }  # fmt: skip


def test_all_that_the_office_sent_is_kept(tmp_path: Path) -> None:
    before = clerks()
    after = opened(marked(tmp_path, saved(before), WRONG, BLANK))
    assert after.sheetnames == ["审核问题", "人员", "底稿"]
    del after["审核问题"]
    coloured = ["人员!E5", "人员!F5", "人员!G5"]
    assert looks(after, coloured) == looks(before, coloured)
    assert [after["人员"][address].value for address in ("E5", "F5", "G5")] == [5, 2, 0]
    sheet = after["人员"]
    assert sheet.column_dimensions["B"].width == 33
    assert sheet.merged_cells.ranges == before["人员"].merged_cells.ranges
    assert sheet.print_area == "'人员'!$A$1:$R$9"
    assert [str(check.sqref) for check in sheet.data_validations.dataValidation] == ["C5:C9"]
    assert [str(area.sqref) for area in sheet.conditional_formatting] == ["C5:C9"]
    assert after["底稿"].sheet_state == "hidden"
    assert after["底稿"]["A1"].value == "=人员!D5*2"


def test_cells_are_coloured_by_the_worst_that_is_said_of_them_and_comments_are_added(tmp_path: Path) -> None:
    sheet = opened(marked(tmp_path, saved(clerks()), WRONG, BLANK, HIDDEN))["人员"]
    fills = {address: sheet[address].fill.start_color.rgb[2:] for address in ("E5", "F5", "G5")}
    assert fills == {"E5": COLOURS["error"], "F5": COLOURS["error"], "G5": COLOURS["query"]}
    assert sheet["F5"].comment.text == "▍审核问题\n强制性：两项之和不对\n→ 核对三项"
    assert sheet["E5"].comment.text.startswith("请科里再核\n▍审核问题")
    assert sheet["E5"].comment.author == "某科"
    assert sheet["G5"].comment.text.count("→") == 2
    assert sheet["D5"].comment is None


def test_the_first_sheet_lists_every_finding_with_a_link_to_its_cell(tmp_path: Path) -> None:
    workbook = opened(marked(tmp_path, saved(clerks()), WRONG, BLANK))
    sheet = workbook.worksheets[0]
    assert workbook.active is sheet
    assert not workbook["人员"].sheet_view.tabSelected
    assert sheet["A1"].value == "▍审核问题　松山区"
    assert sheet["A2"].value == "强制性问题 1 条，必须更正；核实性问题 1 条，请更正或说明；提示 0 条。"
    rows = list(sheet.iter_rows(5, 6, values_only=True))
    assert rows[0] == (1, "强制性", "人员!E5、F5", "专职", "5，2", "专职 + 兼职 = 在岗人数", "两项之和不对", "核对三项")
    assert sheet["C5"].hyperlink.location == "'人员'!E5"
    assert sheet["B5"].fill.start_color.rgb[2:] == COLOURS["error"]
    assert rows[1][6] == "=1+1 空白"
    assert sheet["G6"].data_type == "s"


def test_the_results_of_formulas_are_still_there(tmp_path: Path) -> None:
    """openpyxl drops them; who only looks, on a telephone, would see empty totals."""
    workbook = Workbook()
    workbook.active.append([1, 2.5, "=A1+B1", '="甲"&"<乙"', "=A1>0", "=1/0", "=NOW()"])
    results = {b"C1": b"><v>3.5", b"D1": ' t="str"><v>甲&lt;乙'.encode(), b"E1": b' t="b"><v>1'}
    results[b"F1"] = b' t="e"><v>#DIV/0!'

    def calculated(cell: re.Match[bytes]) -> bytes:
        kind, _, value = results[cell[1]].partition(b">") if cell[1] in results else (b"", b"", b"<v>")
        return b'<c r="%s"%s>%s%s</v></c>' % (cell[1], kind, cell[2], value)

    def as_excel_leaves_it(_: str, part: bytes) -> bytes:
        part = part.replace(b' fullCalcOnLoad="1"', b"")
        return re.sub(rb'<c r="([A-Z]1)">(<f>.*?</f>)<v ?/></c>', calculated, part)

    after = marked(tmp_path, rewritten(saved(workbook), as_excel_leaves_it))
    formulas, results = opened(after).worksheets[1], opened(after, data_only=True).worksheets[1]
    assert [cell.value for cell in results[1]] == [1, 2.5, 3.5, "甲<乙", True, "#DIV/0!", None]
    assert [cell.value for cell in formulas[1]][2:4] == ["=A1+B1", '="甲"&"<乙"']
    assert opened(after).calculation.fullCalcOnLoad is False


def test_the_result_of_a_formula_is_what_it_holds_where_its_format_shows_another_number(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.active.append([5000, "=A1*200"])
    workbook.active["B1"].number_format = "0!.0,"

    def as_excel_leaves_it(_: str, part: bytes) -> bytes:
        part = part.replace(b' fullCalcOnLoad="1"', b"")
        return re.sub(rb"(<f>A1\*200</f>)<v ?/>", rb"\1<v>1000000</v>", part)

    after = marked(tmp_path, rewritten(saved(workbook), as_excel_leaves_it))
    assert opened(after, data_only=True).worksheets[1]["B1"].value == 1_000_000


def test_a_second_round_takes_the_marks_of_the_first_away(tmp_path: Path) -> None:
    first = marked(tmp_path, saved(clerks()), WRONG, BLANK)
    workbook = opened(marked(tmp_path, first, BLANK))
    assert workbook.sheetnames == ["审核问题", "人员", "底稿"]
    sheet = workbook["人员"]
    assert sheet["E5"].comment.text == "请科里再核"
    assert sheet["F5"].comment is None
    assert sheet["F5"].fill.fill_type is None
    assert sheet["G5"].comment.text.count("▍") == 1


def test_a_merged_cell_is_marked_where_its_value_stands(tmp_path: Path) -> None:
    problem = Problem("query", "底稿", ("C2",), "", "", "", "合并", "拆分")
    sheet = opened(marked(tmp_path, saved(clerks()), problem))["底稿"]
    assert sheet["B1"].comment.text.endswith("→ 拆分")


def test_what_is_no_address_or_no_sheet_is_listed_all_the_same(tmp_path: Path) -> None:
    strange = [Problem("error", name, (cell,), "", "", "", "说明", "办法") for name, cell in
               (("没有这张表", "A1"), ("人员", "第三行"), ("", ""))]  # fmt: skip
    sheet = opened(marked(tmp_path, saved(clerks()), *strange)).worksheets[0]
    assert [sheet.cell(row, 3).value for row in (5, 6, 7)] == ["没有这张表!A1", "人员!第三行", None]
    assert not any(sheet.cell(row, 3).hyperlink for row in (5, 6, 7))


def test_our_own_blank_stays_protected_with_its_cells_open(tmp_path: Path) -> None:
    data = blank(all_forms()["staffing"], "150404", Period.of("2018-Q3"), language="zh_CN", register=register())
    sheet = "统战机构人员配备情况表"
    workbook = opened(marked(tmp_path, data, Problem("error", sheet, ("D5",), "", "", "", "空白", "请填")))
    assert workbook[sheet].protection.sheet
    assert not workbook[sheet]["D5"].protection.locked
    assert workbook[sheet]["A1"].protection.locked
    assert workbook["_huizong"].sheet_state == "veryHidden"
    assert len(workbook[sheet].data_validations.dataValidation) == len(
        opened(data)[sheet].data_validations.dataValidation
    )


def test_macros_stay_and_are_not_run(tmp_path: Path) -> None:
    data = BytesIO(saved(clerks()))
    with ZipFile(data, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    path = tmp_path / "报表.xlsm"
    path.write_bytes(data.getvalue())
    assert markup.extension(path) == ".xlsm"
    with ZipFile(BytesIO(marked_up(path, [WRONG], ""))) as archive:
        assert archive.read("xl/vbaProject.bin") == b"macro"
        assert b"sheet.macroEnabled.main+xml" in archive.read("[Content_Types].xml")


def test_another_kind_of_file_comes_back_as_a_copy_and_says_so(tmp_path: Path) -> None:
    text = "2018年第三季度统战机构人员配备情况表\n序号,单位名称,在岗人数\n1,=松山区委统战部,6\n"
    problem = Problem("error", "1", ("C3",), "在岗人数", "6", "", "不对", "核对")
    data = marked(tmp_path, text.encode("gb18030"), problem, name="报表.csv")
    listing, copied = opened(data).worksheets
    assert "由读到的内容转换而成" in listing["A4"].value
    assert copied["B3"].value == "=松山区委统战部"
    assert copied["B3"].data_type == "s"
    read = read_workbook(tmp_path / "报表.csv").sheets[0]
    assert copied.title == read.name
    assert copied["A1"].value == read.rows[0][0]


def test_what_cannot_be_opened_at_all_still_gives_the_list(tmp_path: Path) -> None:
    workbook = opened(marked(tmp_path, b"not a workbook", WRONG))
    assert workbook.sheetnames == ["审核问题"]
    assert "请按本清单在原文件中更正" in workbook.active["A4"].value


def test_a_merged_range_over_the_whole_sheet_costs_only_its_own_file(tmp_path: Path, monkeypatch) -> None:
    """openpyxl makes a cell for each of the 17 billion; the child's limit ends it."""
    data = excel(Sheet("人员", [["甲", 1.0]], merged=[(1, 0, 2, 1)]))
    hostile = tmp_path / "hostile.xlsx"
    hostile.write_bytes(rewritten(data, lambda _, part: part.replace(b'ref="A2:B3"', b'ref="A2:XFD1048576"')))
    monkeypatch.setattr("huizong.sheet.SECONDS", 3)
    listing, copied = opened(marked_up(hostile, [WRONG], ""))
    assert "由读到的内容转换而成" in listing["A4"].value
    assert copied["A1"].value == "甲"


# ---- the whole way ---------------------------------------------------------------------------------------------------


def test_a_return_goes_back_marked_and_its_correction_is_read(store: Store, tmp_path: Path) -> None:
    (receipt,) = send(store, saved(clerks(Office(OFFICE, 6, 5, 2))))
    (wrong,) = receipt.submissions
    assert sendback.marked_name(store, wrong) == "1_审核.xlsx"
    workbook = opened(sendback.marked_workbook(store, wrong))
    assert "专职 5 + 兼职 2 不等于在岗人数 6" in workbook["人员"]["E5"].comment.text
    for address, value in (("E5", 4), ("D6", 6), ("E6", 4)):
        workbook["人员"][address] = value
    (receipt,) = send(store, saved(workbook))
    (corrected,) = receipt.submissions
    assert status(store, corrected) == "clean"
    assert submissions.listed(store, id=corrected)["revision"].tolist() == [2]


def test_a_marked_up_workbook_is_read_as_the_one_that_was_sent(store: Store, tmp_path: Path) -> None:
    sent, back = tmp_path / "1.xlsx", tmp_path / "2.xlsx"
    sent.write_bytes(staffing_workbook("松山区", "2018年第三季度", [Office(OFFICE, 6, 5, 2)]))
    store.close()
    assert main(["markup", str(sent), "-o", str(back)]) == 1
    one, two = intake.check(store, [sent, back])
    assert [row.values for row in one.read.rows] == [row.values for row in two.read.rows]
    assert [(f.rule, f.cells) for f in one.findings] == [(f.rule, f.cells) for f in two.findings]


def test_a_sheet_that_does_not_say_whose_it_is_goes_back_with_the_question(store: Store) -> None:
    (receipt,) = send(store, staffing_workbook("某某县", "2018年第三季度", [Office(OFFICE, 6, 3, 3)]))
    sheet = opened(sendback.marked_workbook(store, receipt.submissions[0])).worksheets[0]
    assert "从表中看不出填报单位。" in [cell.value for cell in sheet["G"]]


def test_a_file_that_cannot_be_read_is_not_marked(tmp_path: Path, capsys) -> None:
    path, out = tmp_path / "x.xlsx", tmp_path / "out.xlsx"
    path.write_bytes(b"PK\x03\x04 broken")
    assert main(["markup", str(path), "-o", str(out)]) == 1
    assert not out.exists()
    assert "损坏" in capsys.readouterr().out


def test_the_marks_speak_english(tmp_path: Path) -> None:
    speak("en")
    try:
        sheet = opened(marked(tmp_path, saved(clerks()), WRONG)).worksheets[0]
    finally:
        speak("zh_CN")
    assert sheet.title == "Findings"
    assert sheet["B5"].value == "error"
