"""Every kind of file that districts send: what it holds arrives, cell by cell, and what it hides does not vanish."""

import base64
import quopri
import struct
from datetime import date, datetime
from decimal import Decimal
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import msoffcrypto.format.ooxml as office_crypto
import openpyxl
import pytest
import xlwt
from odd_files import ods, ods_cell, relations, saved, spreadsheetml, text_cell, worksheet, xls, xlsb, xlsx, zipped
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from workbooks import drawn, excel

from huizong.file_kinds import kind_of
from huizong.sheet import CellError, NoValue, Sheet, Shown, Unreadable, Workbook, read_workbook, unlock_file


def read(folder: Path, data: bytes, name: str = "报表.xls", password: str | None = None) -> Workbook:
    path = folder / name
    path.write_bytes(data)
    return read_workbook(path, password)


def cells(sheet: Sheet) -> dict[str, object]:
    """Address → what stands there."""
    return {sheet.address(r, c): cell for r, row in enumerate(sheet.rows) for c, cell in enumerate(row) if cell != ""}


def only(folder: Path, data: bytes) -> Sheet:
    (sheet,) = read(folder, data).sheets
    return sheet


def saved_xlsx(book: openpyxl.Workbook) -> bytes:
    content = BytesIO()
    book.save(content)
    return content.getvalue()


# ---- .xlsx -----------------------------------------------------------------------------------------------------------


def test_a_strict_workbook_is_read_like_any_other(tmp_path: Path) -> None:
    # Excel's "Strict Open XML": other namespaces, dates as ISO text. openpyxl finds no sheets in it.
    sheet = worksheet(
        f'<row r="1">{text_cell("A1", "甲")}<c r="B1" t="d"><v>2018-09-30</v></c><c r="C1" t="e"><v>#REF!</v></c></row>'
    )
    strict = {}
    with ZipFile(BytesIO(xlsx(sheet))) as archive:
        for name in archive.namelist():
            part = archive.read(name).decode()
            part = part.replace(
                "http://schemas.openxmlformats.org/spreadsheetml/2006", "http://purl.oclc.org/ooxml/spreadsheetml"
            )
            part = part.replace(
                "http://schemas.openxmlformats.org/officeDocument/2006", "http://purl.oclc.org/ooxml/officeDocument"
            )
            strict[name] = part
    assert cells(only(tmp_path, zipped(strict))) == {"A1": "甲", "B1": date(2018, 9, 30), "C1": CellError("#REF!")}


@pytest.mark.parametrize("epoch", [openpyxl.utils.datetime.CALENDAR_WINDOWS_1900, CALENDAR_MAC_1904])
def test_dates_of_both_epochs(tmp_path: Path, epoch: datetime) -> None:
    book = openpyxl.Workbook()
    book.epoch = epoch
    book.active.append([date(2018, 9, 30), datetime(2018, 9, 30, 8, 30)])
    assert cells(only(tmp_path, saved_xlsx(book))) == {"A1": date(2018, 9, 30), "B1": datetime(2018, 9, 30, 8, 30)}


def test_the_parts_may_have_other_names(tmp_path: Path) -> None:
    # As some libraries of .NET and Java write: \ in names, capitals, the workbook elsewhere than in xl/.
    sheet = worksheet(f'<row r="1" hidden="1">{text_cell("A1", "甲")}</row>')
    with ZipFile(BytesIO(xlsx(sheet))) as archive:
        parts = {name.removeprefix("xl/"): archive.read(name) for name in archive.namelist()}
    parts["_rels/.rels"] = relations(("r", "officeDocument", "workbook.xml"))
    found = only(tmp_path, zipped(parts))
    assert cells(found) == {"A1": "甲"}
    assert found.hidden_rows == [0]


def test_formulas_with_a_value_need_no_second_look(tmp_path: Path) -> None:
    row = '<c r="A1"><v>3</v></c><c r="B1"><f>A1</f><v>3</v></c><c r="C1"><f t="shared" si="0"/><v>4</v></c>'
    assert cells(only(tmp_path, xlsx(worksheet(f'<row r="1">{row}</row>')))) == {"A1": 3.0, "B1": 3.0, "C1": 4.0}
    row += '<c r="D1"><f>NOW()</f></c>'
    assert cells(only(tmp_path, xlsx(worksheet(f'<row r="1">{row}</row>'))))["D1"] == NoValue("NOW()")


STYLES = """<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
    <numFmts count="2"><numFmt numFmtId="176" formatCode="0.0%"/><numFmt numFmtId="177" formatCode="0.0"/></numFmts>
    <fonts count="2"><font><sz val="11"/></font><font><strike/><sz val="11"/></font></fonts>
    <cellStyleXfs count="1"><xf numFmtId="9" fontId="0"/></cellStyleXfs>
    <cellXfs count="5"><xf numFmtId="0" fontId="0"/><xf numFmtId="9" fontId="0"/><xf numFmtId="176" fontId="0"/>
    <xf numFmtId="177" fontId="0"/><xf numFmtId="0" fontId="1"/></cellXfs></styleSheet>"""


def test_a_percentage_is_what_the_cell_shows(tmp_path: Path) -> None:
    row = "".join(f'<c r="{column}1" s="{n}"><v>0.5</v></c>' for n, column in enumerate("ABCD"))
    data = xlsx(worksheet(f'<row r="1">{row}</row>'), styles=STYLES)
    assert cells(only(tmp_path, data)) == {"A1": 0.5, "B1": "50%", "C1": "50%", "D1": 0.5}


def test_a_number_is_what_its_format_shows(tmp_path: Path) -> None:
    codes = (
        STYLES.replace("0.0%", "0&quot;万&quot;").replace('"0.0"', '"0!.0,"').replace('numFmtId="9"', 'numFmtId="7"')
    )
    row = "".join(f'<c r="{column}1" s="{n}"><v>5000</v></c>' for n, column in enumerate("ABCD"))
    row += '<c r="E1" s="2"><f>A1</f><v>6</v></c><c r="F1" s="2" t="str"><v>6</v></c>'
    found = cells(only(tmp_path, xlsx(worksheet(f'<row r="1">{row}</row>'), styles=codes)))
    shown = Shown("0.5", 5000, Decimal(10_000))
    assert found == {"A1": 5000, "B1": "¥5000", "C1": "5000万", "D1": shown, "E1": "6万", "F1": "6"}


def test_what_is_struck_through_is_told(tmp_path: Path) -> None:
    row = '<c r="B2" s="4"><v>3</v></c><c r="C2"><v>4</v></c>'
    found = only(tmp_path, xlsx(worksheet(f'<row r="2">{row}</row>'), styles=STYLES))
    assert [found.address(*at) for at in found.struck] == ["B2"]


def test_a_raised_digit_is_no_digit_of_the_number(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    note = TextBlock(InlineFont(vertAlign="superscript"), "2")
    book.active["A1"], book.active["B1"] = CellRichText("1", note), CellRichText("在岗人数", note)
    book.active["C1"] = CellRichText("1", TextBlock(InlineFont(b=True), "2"))
    assert cells(only(tmp_path, saved_xlsx(book))) == {"A1": "1²", "B1": "在岗人数²", "C1": "12"}
    shared = '<si><t>甲</t></si><si><r><t>1</t></r><r><rPr><vertAlign val="superscript"/></rPr><t>2</t></r></si>'
    parts = {"sharedStrings": f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{shared}</sst>'}
    row = '<c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>'
    assert cells(only(tmp_path, xlsx(worksheet(f'<row r="1">{row}</row>'), **parts))) == {"A1": "甲", "B1": "1²"}


def test_a_row_or_column_of_no_height_or_width_is_hidden(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>1</v></c></row><row r="2" ht="0"><c r="A2"><v>2</v></c></row>'
    for nothing in ("0", "0.0"):
        columns = f'<cols><col min="2" max="2" width="{nothing}"/></cols>'
        found = only(tmp_path, xlsx(worksheet(rows.replace('"0"', f'"{nothing}"'), before=columns)))
        assert (found.hidden_rows, found.hidden_columns) == ([1], [1])
    book, sheet = xls()
    for row in range(3):
        sheet.write(row, 0, 1)
        sheet.write(row, 1, 1)
    sheet.row(1).height, sheet.col(1).width = 0, 0
    found = only(tmp_path, saved(book))
    assert (found.hidden_rows, found.hidden_columns) == ([1], [1])


# ---- .xls ------------------------------------------------------------------------------------------------------------


def test_an_old_workbook(tmp_path: Path) -> None:
    book, sheet = xls()
    day = xlwt.easyxf(num_format_str='yyyy"年"m"月"d"日"')
    sheet.write_merge(1, 1, 1, 3, "2018年第三季度")
    for column, value in enumerate(["松山区", 3, 0.5, True]):
        sheet.write(2, 1 + column, value)
    sheet.write(3, 1, datetime(2018, 9, 30), day)
    sheet.row(3).hidden = True
    sheet.col(2).hidden = True
    other = book.add_sheet("底稿")
    other.write(0, 0, "x")
    other.visibility = 1
    found, hidden = read(tmp_path, saved(book)).sheets
    assert cells(found) == {
        "B2": "2018年第三季度",
        "B3": "松山区",
        "C3": 3.0,
        "D3": 0.5,
        "E3": True,
        "B4": date(2018, 9, 30),
    }
    assert found.merged == [(0, 0, 0, 2)]
    assert [found.address(r, 0) for r in found.hidden_rows] == ["B4"]
    assert [found.address(0, c) for c in found.hidden_columns] == ["C2"]
    assert (found.hidden, hidden.hidden) == (False, True)


def test_the_error_cells_of_an_old_workbook(tmp_path: Path) -> None:
    book, sheet = xls()
    for row, code in enumerate([0x17, 0x2A, 0x07]):
        sheet.row(row).set_cell_error(0, code)
    found = cells(only(tmp_path, saved(book)))
    assert found == {"A1": CellError("#REF!"), "A2": CellError("#N/A"), "A3": CellError("#DIV/0!")}


def test_the_formats_of_an_old_workbook(tmp_path: Path) -> None:
    book, sheet = xls()
    sheet.write(0, 0, 0.5, xlwt.easyxf(num_format_str="0%"))
    sheet.write(1, 0, 6, xlwt.easyxf(num_format_str='0"万"'))
    sheet.write(0, 1, 3, xlwt.easyxf("font: struck_out on"))
    sheet.write_rich_text(0, 2, ["1", ("2", xlwt.easyfont("escapement superscript"))])
    found = only(tmp_path, saved(book))
    assert cells(found) == {"A1": "50%", "B1": 3.0, "C1": "1²", "A2": "6万"}
    assert [found.address(*at) for at in found.struck] == ["B1"]


def test_formulas_of_an_old_workbook_that_nobody_has_calculated(tmp_path: Path) -> None:
    book, sheet = xls()
    sheet.write(0, 0, 1)
    sheet.write(0, 1, xlwt.Formula("1+1"))  # xlwt writes a text without characters
    data = saved(book)
    assert cells(only(tmp_path, data)) == {"A1": 1.0, "B1": NoValue("…")}
    empty, zero, asking = b"\x03" + bytes(5) + b"\xff\xff", bytes(8), b"\x02\x00"
    assert data.count(empty + bytes(2)) == 1
    # Other libraries write 0 and ask for it to be calculated; a 0 that does not ask is a calculated one.
    assert cells(only(tmp_path, data.replace(empty + bytes(2), zero + asking)))["B1"] == NoValue("…")
    assert cells(only(tmp_path, data.replace(empty + bytes(2), zero + bytes(2))))["B1"] == 0.0


def test_a_formula_of_an_old_workbook_may_give_an_empty_text(tmp_path: Path) -> None:
    book, sheet = xls()
    for row in range(2):
        sheet.write(row, 0, xlwt.Formula("1+1"))
    three = struct.pack("<d", 3)
    data = saved(book).replace(b"\x03" + bytes(5) + b"\xff\xff", three, 1)
    assert cells(only(tmp_path, data)) == {"A1": 3.0}


def test_the_suffix_of_wps_does_not_matter(tmp_path: Path) -> None:
    book, sheet = xls()
    sheet.write(0, 0, "甲")
    for name, data in (("旧.et", saved(book)), ("新.et", xlsx(worksheet(f'<row r="1">{text_cell("A1", "甲")}</row>')))):
        assert cells(read(tmp_path, data, name).sheets[0]) == {"A1": "甲"}


# ---- .xlsb, .ods -----------------------------------------------------------------------------------------------------


def test_a_binary_workbook(tmp_path: Path) -> None:
    data = xlsb([["单位", "人数"], ["甲", 3.0], ["乙", "#REF!"], ["丙", "=#DIV/0!"]], hidden=[1], merged=[(0, 0, 0, 1)])
    found = read(tmp_path, data)
    assert found.kind == "xlsb"
    (sheet,) = found.sheets
    assert [row[1] for row in sheet.rows] == ["人数", 3.0, CellError("#REF!"), CellError("#DIV/0!")]
    assert sheet.hidden_rows == [1]
    assert sheet.merged == [(0, 0, 0, 1)]


def test_a_zero_in_a_binary_workbook_that_asks_to_be_calculated(tmp_path: Path) -> None:
    rows = [["甲", "=0"], ["乙", 0.0]]
    assert [row[1] for row in only(tmp_path, xlsb(rows)).rows] == [0.0, 0.0]
    assert [row[1] for row in only(tmp_path, xlsb(rows, uncalculated=True)).rows] == [NoValue("…"), 0.0]


def test_the_formats_of_an_open_document(tmp_path: Path) -> None:
    styles = """<office:automatic-styles>
        <style:style style:name="T1"><style:text-properties style:text-position="33% 58%"/></style:style>
        <style:style style:name="ce1"><style:text-properties style:text-line-through-style="solid"/></style:style>
        </office:automatic-styles>"""
    raised = '<text:p>1<text:span text:style-name="T1">2</text:span></text:p>'
    cell = '<table:table-cell office:value-type="{0}" {1}>{2}</table:table-cell>'.format
    row = (
        cell("percentage", 'office:value="0.5"', "<text:p>50%</text:p>")
        + cell("string", "", raised)
        + cell("float", 'office:value="3" table:style-name="ce1"', "<text:p>3</text:p>")
        + cell("float", 'office:value="6"', "<text:p>6万</text:p>")
        + cell("currency", 'office:value="6.5"', "<text:p>6.50</text:p>")
    )
    table = f'<table:table table:name="表1"><table:table-row>{row}</table:table-row></table:table>'
    found = only(tmp_path, ods(table, styles=styles))
    assert cells(found) == {"A1": "50%", "B1": "1²", "C1": 3.0, "D1": "6万", "E1": 6.5}
    assert [found.address(*at) for at in found.struck] == ["C1"]


def test_an_open_document(tmp_path: Path) -> None:
    row = "<table:table-row{more}>{cells}</table:table-row>".format
    error = 'calcext:value-type="error"'
    wide = 'table:number-columns-spanned="2" table:number-rows-spanned="1"'
    blank = '<table:table-cell table:number-columns-repeated="{}"/>'.format
    rows = [
        row(more=' table:number-rows-repeated="2"', cells=blank(5)),
        row(
            more="",
            cells=blank(1) + ods_cell("标题", more=wide),
        ),
        row(more="", cells=blank(1) + ods_cell("甲") + ods_cell("3", "float")),
        row(
            more=' table:visibility="collapse"',
            cells=blank(1) + ods_cell("乙") + ods_cell("#REF!", more=error),
        ),
        row(more="", cells=blank(1) + ods_cell("丙") + ods_cell("Err:502", more=error)),
        row(more="", cells=blank(1) + ods_cell("丁") + '<table:table-cell table:formula="of:=[.C4]+1"/>'),
        row(more="", cells=blank(1) + ods_cell("戊") + ods_cell("#N/A", more='office:string-value="#N/A"')),
        row(more=' table:number-rows-repeated="1048000"', cells=blank(16384)),
    ]
    columns = '<table:table-column table:number-columns-repeated="2"/><table:table-column table:visibility="collapse"/>'
    found = only(tmp_path, ods(f'<table:table table:name="表1">{columns}{"".join(rows)}</table:table>'))
    assert cells(found) == {
        "B3": "标题",
        "B4": "甲",
        "C4": 3.0,
        "B5": "乙",
        "C5": CellError("#REF!"),
        "B6": "丙",
        "C6": CellError("Err:502"),
        "B7": "丁",
        "C7": NoValue("[.C4]+1"),
        "B8": "戊",
        "C8": CellError("#N/A"),
    }
    assert found.merged == [(0, 0, 0, 1)]
    assert [found.address(r, 0) for r in found.hidden_rows] == ["B5"]
    assert [found.address(0, c) for c in found.hidden_columns] == ["C3"]


# ---- text ------------------------------------------------------------------------------------------------------------

TABLE = '2018年第三季度,,\n单位,人数,经费\n松山区,12人,"1,200"\n红山区,#REF!,0012\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_comma_separated_text(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = (
        TABLE
        if delimiter == ","
        else TABLE.replace('"1,200"', "1;200").replace(",", delimiter).replace("1;200", '"1,200"')
    )
    found = read(tmp_path, text.encode(encoding), "报表.csv")
    assert found.kind == "csv"
    assert found.sheets[0].rows == [
        ["2018年第三季度", "", ""],
        ["单位", "人数", "经费"],
        ["松山区", "12人", "1,200"],
        ["红山区", CellError("#REF!"), "0012"],
    ]


def test_of_each_line_it_is_known_how_many_parts_it_has(tmp_path: Path) -> None:
    assert only(tmp_path, "表\n单位,人数\n甲,1,200\n".encode()).lengths == [1, 2, 3]


def test_what_exports_write_into_comma_separated_text(tmp_path: Path) -> None:
    text = 'sep=;\r\n单位;编码\r\n"甲\r\n乙";="0012"\r\n丙;=1+1\r\n'
    found = only(tmp_path, text.encode())
    assert cells(found) == {"A2": "单位", "B2": "编码", "A3": "甲\r\n乙", "B3": "0012", "A4": "丙", "B4": "=1+1"}


def test_a_web_page_called_xls(tmp_path: Path) -> None:
    page = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset=gb2312><title>不读</title>
        <style>td {color: red}</style></head><body><h3>2018年第三季度统战委员配备情况表</h3><p>填报单位：松山区</p>
        <table><tr><th rowspan=2>单位<th colspan="2">其中
        <tr><td>专职</td><td>兼<br>职</td></tr>
        <tr style="display: none"><td>甲&nbsp;镇</td><td x:num="3.25">3.3</td><td x:num="43373">2018-9-30</td></tr>
        <tr><td>乙</td><td x:err="#REF!">#REF!</td><td>#N/A</td></tr></table><script>x("<td>")</script></body></html>"""
    found = only(tmp_path, page.encode("gb18030"))
    assert found.rows == [
        ["2018年第三季度统战委员配备情况表", "", ""],
        ["填报单位：松山区", "", ""],
        ["单位", "其中", ""],
        ["", "专职", "兼\n职"],
        ["甲 镇", 3.25, "2018-9-30"],
        ["乙", CellError("#REF!"), CellError("#N/A")],
    ]
    assert found.merged == [(2, 0, 3, 0), (2, 1, 2, 2)]
    assert found.hidden_rows == [4]


def test_raised_digits_of_web_pages_and_xml(tmp_path: Path) -> None:
    assert cells(only(tmp_path, b"<table><tr><td>1<sup>2</sup></td></tr></table>")) == {"A1": "1²"}
    text = '<ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40">1<Sup>2</Sup></ss:Data>'
    assert cells(only(tmp_path, spreadsheetml(f"<Row><Cell>{text}</Cell></Row>"))) == {"A1": "1²"}


HIDDEN = """<html><style>.off {display:none} .void, td.xl65 {visibility:hidden} td.out {text-decoration: line-through}
    @media print {.shown {display:none}}</style><p style="display:none">2017年</p><p>2018年<del>8月</del>9月
    <table><tr><td>甲<td class=off>999<td>8<span style="display: none">99<b>9</b>9</span>00<td class="shown">1</td></tr>
    <tr><td>乙<td hidden>9<td class=xl65>3<td class="void">4</tr>
    <tr><td><del>700</del>800<td class="out">5<td><s>6</s> <td>7<td style="text-decoration: line-through">8</tr>
    <tbody style="display:none"><tr><td>丙<td>1</tr></tbody></table>
    <!-- <table><tr><td>9</td></tr></table> --><div style="display:none"><table><tr><td>丁</table></div></html>"""


def test_a_web_page_is_read_as_it_is_seen(tmp_path: Path) -> None:
    found = only(tmp_path, HIDDEN.encode())
    assert [[cell for cell in row if cell != ""] for row in found.rows] == [
        ["2018年 9月"],
        ["甲", "800", "1"],
        ["乙"],
        ["800", "5", "6", "7", "8"],
        ["丙", "1"],
        ["丁"],
    ]
    assert [found.address(*at) for at in found.struck] == ["A1", "A4", "B4", "C4", "E4"]
    assert found.hidden_rows == [4, 5]  # which are told
    mail = single_file_page(".off {display:none}", "<table><col hidden><tr><td>甲<td class=off>1<td>2</table>")
    found = only(tmp_path, mail.replace(b"text/html", b"text/css", 1))
    assert (cells(found), found.hidden_columns) == ({"A1": "甲", "B1": "2"}, [0])


def test_a_number_of_a_web_page_that_is_shown_as_another(tmp_path: Path) -> None:
    page = '<table><tr><td x:num="1000000">100.0<td x:num="3.25">3.3<td x:num="0">-<td x:num="0.5">50%</table>'
    assert cells(only(tmp_path, page.encode())) == {
        "A1": Shown("100", 1000000.0, Decimal(10000)),
        "B1": 3.25,
        "C1": 0.0,
        "D1": "50%",
    }


def test_the_formats_of_the_xml_spreadsheet(tmp_path: Path) -> None:
    styles = """<Style ss:ID="Default"><NumberFormat ss:Format="Fixed"/></Style>
        <Style ss:ID="p"><NumberFormat ss:Format="0%"/></Style>
        <Style ss:ID="q" ss:Parent="p"><Font ss:Bold="1"/></Style>
        <Style ss:ID="n"><NumberFormat ss:Format="Percent"/></Style>
        <Style ss:ID="w"><NumberFormat ss:Format="0!.0,"/></Style>
        <Style ss:ID="s"><Font ss:StrikeThrough="1"/></Style>"""
    cell = '<Cell ss:StyleID="{}"><Data ss:Type="Number">{}</Data></Cell>'.format
    part = '<Cell><ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40"><S>7</S>8</ss:Data></Cell>'
    bare = '<Cell><Data ss:Type="Number">3</Data></Cell>'
    rows = f"""<Row>{cell("p", 0.5)}{cell("q", 0.5)}{cell("n", 0.5)}{cell("w", 1e6)}{cell("s", 3)}{part}
        {bare}{bare}</Row>
        <Row ss:StyleID="p" ss:Height="0">{bare}</Row>"""
    columns = '<Column ss:Index="8" ss:StyleID="s"/><Column ss:Width="0"/>'
    found = only(tmp_path, spreadsheetml(rows, styles=styles, columns=columns))
    scaled = Shown("100", 1e6, Decimal(10000))
    values = ["50%", "50%", "50%", scaled, 3.0, "8", 3.0, 3.0]
    assert cells(found) == dict(zip([f"{c}1" for c in "ABCDEFGH"], values, strict=True)) | {"A2": "300%"}
    assert [found.address(*at) for at in found.struck] == ["E1", "F1", "H1"]
    assert (found.hidden_rows, found.hidden_columns) == ([1], [8])


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ('ss:MergeAcross="999999999"', "too_many_cells"),
        ('ss:MergeDown="99999999"', "too_many_cells"),
        ('ss:Index="99999"', "too_many_cells"),
        ('ss:Index="-5"', "damaged"),
        ('ss:Index="1"', "damaged"),  # where one stands already
    ],
)
def test_a_place_that_no_sheet_has(tmp_path: Path, more: str, reason: str) -> None:
    cell = '<Cell {}><Data ss:Type="Number">3</Data></Cell>'.format
    with pytest.raises(Unreadable, match=reason):
        read(tmp_path, spreadsheetml(f"<Row>{cell('')}{cell(more)}</Row>"))
    far = cell('ss:MergeAcross="9" ss:MergeDown="1000000"')
    wide = only(tmp_path, spreadsheetml(f"<Row>{cell('')}{far}</Row>"))
    assert wide.merged == [(0, 1, 0, 1)]  # as far as something stands


def single_file_page(*pages: str, encoding: str = "utf-8", coded: str = "base64") -> bytes:
    """单个文件网页, as Excel saves it; several systems call it .xls."""
    mail = MIMEMultipart("related", boundary="----=_NextPart")
    mail["X-Document-Type"] = "Workbook"
    for n, page in enumerate(pages):
        part = MIMENonMultipart("text", "html", charset=encoding)
        body = page.encode(encoding)
        part.set_payload(base64.encodebytes(body) if coded == "base64" else quopri.encodestring(body))
        part["Content-Transfer-Encoding"], part["Content-Location"] = coded, f"file:///C:/x/sheet{n:03}.htm"
        mail.attach(part)
    return b"MIME-Version: 1.0\r\n" + mail.as_bytes().replace(b"MIME-Version: 1.0\n", b"")


SAID = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><x:ExcelWorksheets>
    <x:ExcelWorksheet><x:Name>表1</x:Name></x:ExcelWorksheet>
    <x:ExcelWorksheet><x:Name>底稿</x:Name><x:Visible>SheetHidden</x:Visible></x:ExcelWorksheet></x:ExcelWorksheets></html>"""
PAGES = ["<table><tr><td>单位</td><td>3</td></tr></table>", "<table><tr><td>草</td></tr></table>"]


@pytest.mark.parametrize(("encoding", "coded"), [("utf-8", "base64"), ("gb18030", "quoted-printable")])
def test_a_single_file_web_page_called_xls(tmp_path: Path, encoding: str, coded: str) -> None:
    found = read(tmp_path, single_file_page(SAID, *PAGES, encoding=encoding, coded=coded))
    assert found.kind == "mhtml"
    assert [(sheet.name, sheet.hidden, cells(sheet)) for sheet in found.sheets] == [
        ("表1", False, {"A1": "单位", "B1": "3"}),
        ("底稿", True, {"A1": "草"}),
    ]


def test_a_single_file_web_page_whose_sheets_have_no_names(tmp_path: Path) -> None:
    assert [sheet.name for sheet in read(tmp_path, single_file_page(*PAGES)).sheets] == ["HTML1", "HTML2"]


def test_a_table_inside_a_layout_table(tmp_path: Path) -> None:
    page = "<table><tr><td>标题<table><tr><td>甲<td>1</table></td><td>右</td></tr></table><div>注：示例</div>"
    assert only(tmp_path, page.encode()).rows == [["甲", "1"], ["标题", "右"], ["注：示例", ""]]


def test_the_xml_spreadsheet_of_2003(tmp_path: Path) -> None:
    rows = """<Row ss:Index="2"><Cell ss:MergeAcross="1"><Data ss:Type="String">标题</Data></Cell>
          <Cell><Data ss:Type="Boolean">1</Data></Cell></Row>
        <Row ss:Hidden="1"><Cell ss:Index="2"><Data ss:Type="Number">12.5</Data>
          <Comment><Data ss:Type="String">批注</Data></Comment></Cell>
          <Cell><Data ss:Type="DateTime">2018-09-30T00:00:00.000</Data></Cell></Row>
        <Row><Cell ss:Formula="=1/0"><Data ss:Type="Error">#DIV/0!</Data></Cell><Cell ss:Formula="=RC[-1]"/></Row>"""
    options = "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
    found = only(tmp_path, spreadsheetml(rows, columns='<Column ss:Index="2" ss:Hidden="1"/>', options=options))
    assert cells(found) == {
        "A2": "标题",
        "C2": True,
        "B3": 12.5,
        "C3": date(2018, 9, 30),
        "A4": CellError("#DIV/0!"),
        "B4": NoValue("RC[-1]"),
    }
    assert (found.merged, found.hidden_rows, found.hidden_columns, found.hidden) == ([(0, 0, 0, 1)], [1], [1], True)


# ---- behind a password -----------------------------------------------------------------------------------------------

PLAIN = excel(drawn("| 甲 |"))


def locked(password: str) -> bytes:
    content = BytesIO()
    office_crypto.OOXMLFile(BytesIO(PLAIN)).encrypt(password, content)
    return content.getvalue()


def test_a_protected_file_asks_for_its_password(tmp_path: Path) -> None:
    data = locked("秘密")
    assert kind_of(data) == "locked"
    with pytest.raises(Unreadable, match=r"^password$"):
        read(tmp_path, data)
    with pytest.raises(Unreadable, match=r"^wrong_password$"):
        read(tmp_path, data, password="不对")
    assert cells(read(tmp_path, data, password="秘密").sheets[0]) == {"A1": "甲"}


def test_a_password_that_nobody_was_asked_for_is_not_asked_for(tmp_path: Path) -> None:
    assert cells(only(tmp_path, locked("VelvetSweatshop"))) == {"A1": "甲"}


def test_a_child_takes_the_password_off(tmp_path: Path) -> None:
    path = tmp_path / "锁.xlsx"
    path.write_bytes(locked("秘密"))
    assert unlock_file(path, "秘密") == PLAIN
    refused = unlock_file(path, "不对")
    assert isinstance(refused, Unreadable)
    assert refused.reason == "wrong_password"


def test_an_old_protected_workbook(tmp_path: Path) -> None:
    book, sheet = xls()
    sheet.write(0, 0, "甲")
    filepass = saved(book).replace(b"\xe1\x00\x02\x00", b"\x2f\x00\x02\x00", 1)  # the record that says encrypted
    with pytest.raises(Unreadable, match=r"^password$"):
        read(tmp_path, filepass)


def test_a_protected_open_document(tmp_path: Path) -> None:
    data = ods("<table:table/>", manifest="<manifest><encryption-data/></manifest>")
    with pytest.raises(Unreadable, match=r"^ods_password$"):
        read(tmp_path, data)


# ---- what is no workbook ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"%PDF-1.7\n%\xe2\xe3", "pdf", id="PDF"),
        pytest.param(zipped({"OFD.xml": "<x/>", "Doc_0/Document.xml": "<x/>"}), "pdf", id="OFD"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(50), "picture", id="PNG"),
        pytest.param(b"\xff\xd8\xff\xe0" + bytes(50), "picture", id="JPEG"),
        pytest.param(b"{\\rtf1\\ansi x}", "word", id="RTF"),
        pytest.param(zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "word", id="ODT"),
        pytest.param(zipped({"[Content_Types].xml": "", "ppt/presentation.xml": ""}), "not_workbook", id="slides"),
        pytest.param(
            xlsx(worksheet(f'<row r="1">{text_cell("A1", "甲")}</row>').encode("utf-16")), "odd_encoding", id="UTF-16"
        ),
        pytest.param(b"Rar!\x1a\x07\x00" + bytes(50), "archive", id="RAR"),
        pytest.param(b"7z\xbc\xaf\x27\x1c" + bytes(50), "archive", id="7z"),
        pytest.param(zipped({}), "archive", id="empty zip"),
        pytest.param("统战部通讯录\n无\n".encode(), "not_workbook", id="text without columns"),
        pytest.param(b'<?xml version="1.0"?><feed/>', "not_workbook", id="other XML"),
        pytest.param(bytes(range(256)) * 4, "not_workbook", id="bytes"),
        pytest.param(b"<html><table><tr><td></td></tr></table></html>", "no_cells", id="page with empty cells"),
        pytest.param(
            b'<html><frameset><frame src="x.files/sheet001.htm"></frameset></html>', "web_frames", id="frames"
        ),
        pytest.param(b"From: a@example.org\r\nSubject: x\r\n\r\nsee, attached", "not_workbook", id="e-mail"),
        pytest.param(b"ID;PSCALC3\nC;X1;Y1;K1\nE\n", "not_workbook", id="SYLK"),
        pytest.param(b'TABLE\n0,1\n"EXCEL"\n', "not_workbook", id="DIF"),
        pytest.param(b",,\n,,\n", "no_cells", id="commas"),
    ],
)
def test_what_is_no_workbook_is_told_what_it_is(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        read(tmp_path, data)
    assert refusal.value.reason == reason


def test_a_workbook_that_holds_a_word_document_is_a_workbook(tmp_path: Path) -> None:
    book, sheet = xls()
    sheet.write(0, 0, "WordDocument")  # as an embedded object's stream is named
    assert read(tmp_path, saved(book)).kind == "xls"
