"""Words beside the cells are found in all parts that carry some, and nothing else of these parts is taken for words."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
import xlwt
from odd_files import ods, ods_cell, saved, spreadsheetml, xls
from openpyxl.comments import Comment
from openpyxl.packaging.custom import StringProperty
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from workbooks import drawn, excel, patched

from huizong.edits import personal_cells
from huizong.sheet import read_workbook

MOBILE = "13000000000"
GUID = "{13000000-0000-4130-8000-13000000000A}"


def places(folder: Path, data: bytes) -> list[str]:
    path = folder / "报表"
    path.write_bytes(data)
    return personal_cells(read_workbook(path))


def comment(book: openpyxl.Workbook) -> None:
    book.active["B5"].comment = Comment(f"联系人 {MOBILE}", "甲")


def header(book: openpyxl.Workbook) -> None:
    book.active.oddHeader.center.text = f"电话{MOBILE}"


def footer(book: openpyxl.Workbook) -> None:
    book.active.oddFooter.left.text = MOBILE


def creator(book: openpyxl.Workbook) -> None:
    book.properties.creator = f"张 {MOBILE}"


def own_property(book: openpyxl.Workbook) -> None:
    book.custom_doc_props.append(StringProperty(name="电话", value=MOBILE))


def name_of_an_area(book: openpyxl.Workbook) -> None:
    book.defined_names["电话"] = DefinedName("电话", attr_text=f'"{MOBILE}"')


def choices(book: openpyxl.Workbook) -> None:
    book.active.add_data_validation(DataValidation(type="list", formula1=f'"{MOBILE},甲"', sqref="C3"))


def prompt(book: openpyxl.Workbook) -> None:
    book.active.add_data_validation(DataValidation(type="whole", formula1="1", prompt=MOBILE, sqref="C3"))


def link(book: openpyxl.Workbook) -> None:
    book.active["B5"].hyperlink = f"tel:{MOBILE}"


def formula(book: openpyxl.Workbook) -> None:
    book.active["B5"] = f'=IF(A1=1,"{MOBILE}","")'


def number_format(book: openpyxl.Workbook) -> None:
    book.active["A1"].number_format = f'0"电话{MOBILE}"'


@pytest.mark.parametrize(
    ("write", "place"),
    [
        (comment, "[comment] 表1!B5"),
        (header, "[header_footer] 表1"),
        (footer, "[header_footer] 表1"),
        (creator, "[properties]"),
        (own_property, "[properties]"),
        (name_of_an_area, "[defined_name]"),
        (choices, "[validation] 表1"),
        (prompt, "[validation] 表1"),
        (link, "[hyperlink] 表1"),
        (formula, "[formula] 表1"),
        (number_format, "[number_format]"),
    ],
)
def test_the_parts_of_a_workbook(tmp_path: Path, write: Callable[[openpyxl.Workbook], None], place: str) -> None:
    book = openpyxl.load_workbook(BytesIO(excel(drawn("| 1 | 甲 |"))))
    write(book)
    content = BytesIO()
    book.save(content)
    found = places(tmp_path, content.getvalue())
    assert place in found
    assert set(found) <= {place, "表1!A1", "表1!B5"}  # a format and a link stand in a cell as well


def test_drawings_and_charts(tmp_path: Path) -> None:
    path = tmp_path / "图.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("表1")
    page.write(0, 0, 1)
    page.insert_textbox(2, 1, f"联系人 {MOBILE}", {"x_offset": 130, "width": 1300, "height": 1300})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=表1!$A$1:$A$1"})
    chart.set_title({"name": f"电话{MOBILE}"})
    page.insert_chart("H2", chart)
    book.close()
    data = path.read_bytes()
    assert places(tmp_path, data) == ["[chart]", "[text_box] 表1"]
    runs = f"{MOBILE[:5]}</a:t></a:r><a:r><a:t>{MOBILE[5:]}"
    data = patched(data, "xl/drawings/drawing1.xml", MOBILE, runs)
    assert places(tmp_path, data) == ["[chart]", "[text_box] 表1"]


def test_numbers_that_are_no_words(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(BytesIO(excel(drawn("| 1 | 甲 |"))))
    book.custom_doc_props.append(StringProperty(name="ICV", value=GUID.strip("{}").replace("-", "")))
    book.custom_doc_props.append(StringProperty(name="KSOProductBuildVer", value="2052-11.1.0.11294"))
    book.active["A1"].comment = Comment("共 13 个", GUID)
    book.active.oddHeader.center.text = "第&P页 共&N页 0476-8000000"
    content = BytesIO()
    book.save(content)
    assert places(tmp_path, content.getvalue()) == []


def test_a_broken_part_beside_the_sheets_costs_nothing(tmp_path: Path) -> None:
    data = excel(drawn("| 1 | 甲 |"))
    at = data.index(b"docProps/core.xml") + len("docProps/core.xml")
    assert places(tmp_path, data[:at] + b"\xff" * 20 + data[at + 20 :]) == []


def test_old_workbooks(tmp_path: Path) -> None:
    book, page = xls()
    page.write(0, 0, 1)
    page.header_str = MOBILE.encode()
    assert places(tmp_path, saved(book)) == ["[header_footer] 表1"]
    book, page = xls()
    page.write(0, 0, 1, xlwt.easyxf(num_format_str="0.00"))
    assert places(tmp_path, saved(book)) == []


def test_open_documents(tmp_path: Path) -> None:
    note = f"<office:annotation><text:p>电话</text:p><text:p>{MOBILE}</text:p></office:annotation>"
    cell = ods_cell("甲").replace("<text:p>", f"{note}<text:p>")
    row = f"<table:table-row>{ods_cell('乙')}{cell}</table:table-row>"
    assert places(tmp_path, ods(f'<table:table table:name="表1">{row}</table:table>')) == ["[comment] 表1!B1"]


@pytest.mark.parametrize("said", [f"<!-- {MOBILE} -->", f"<title>{MOBILE}</title>", f'<p title="{MOBILE}">甲</p>'])
def test_web_pages(tmp_path: Path, said: str) -> None:
    page = (
        '<html><head>{}<script>var at = 13000000000;</script></head><table x="{}"><tr><td>甲</td></tr></table></html>'
    )
    assert places(tmp_path, page.format(said, MOBILE).encode()) == ["[page]"]
    assert places(tmp_path, page.format("", MOBILE).encode()) == []


def test_the_comments_of_the_xml_spreadsheet(tmp_path: Path) -> None:
    note = f"<Comment><ss:Data>{MOBILE}</ss:Data></Comment>"
    row = f'<Row><Cell><Data ss:Type="String">甲</Data>{note}</Cell></Row>'
    assert places(tmp_path, spreadsheetml(row)) == ["[page]"]
