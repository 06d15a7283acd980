"""A sheet as HTML: its cells as in Excel, its marks, what is cut, and nothing that a cell holds taken for HTML."""

from datetime import date, datetime, time
from html.parser import HTMLParser

import pytest
from workbooks import drawn

from huizong.sheet_view import MOST_COLUMNS, MOST_ROWS, MOST_TEXT, Mark, printed, render
from huizong.workbook import CellError, NoValue, Sheet


class Grid(HTMLParser):
    """The cells of a table: text, tag and attributes of each, by row."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[dict]] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append({"tag": tag, "text": "", **dict(attrs)})

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1]["text"] += data

    def texts(self) -> list[list[str]]:
        return [[cell["text"] for cell in row] for row in self.rows]

    def cell(self, text: str) -> dict:
        (found,) = [cell for row in self.rows for cell in row if cell["text"] == text and cell["tag"] == "td"]
        return found


def numbers(rows: int, columns: int = 2, **more: int) -> Sheet:
    """A sheet whose cells say where they stand: row 3, column 1 holds 3.1."""
    return Sheet("表1", [[f"{r}.{c}" for c in range(columns)] for r in range(rows)], **more)


def first_cells(html: str) -> list[str]:
    """Row numbers, and ⋮ where rows are left out."""
    return [row[0]["text"] for row in Grid(html).rows[1:]]


def test_letters_and_numbers_are_those_of_the_sheet() -> None:
    html = render(drawn("单位 | 编制 \n 区委 | 12", top=3, left=25), {})
    assert Grid(html).texts() == [["", "Z", "AA"], ["4", "单位", "编制"], ["5", "区委", "12"]]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' onmouseover='alert(1)",
        "=cmd|'/c calc'!A1",
        "</td></tr></table><b>",
        "&lt;b&gt;",
    ],
)
def test_whatever_a_cell_holds_is_text(text: str) -> None:
    sheet = Sheet(f"表{text}", [[text, "x"]])
    html = render(sheet, {"A1": Mark("asked", text), "B1": Mark(text)})
    grid = Grid(html)
    assert grid.texts()[1] == ["1", text, "x"]
    assert grid.tags == {"div", "table", "thead", "tbody", "tr", "th", "td"}
    assert {name for row in grid.rows for cell in row for name in cell} <= {"tag", "text", "scope", "class", "title"}
    assert grid.rows[1][1]["title"] == text


def test_merged_cells_are_one() -> None:
    html = render(drawn("基本情况 | < | 备注 \n 编制 | 在岗 | ^ \n 1 | 2 | 无"), {})
    grid = Grid(html)
    assert grid.texts() == [
        ["", "A", "B", "C"],
        ["1", "基本情况", "备注"],
        ["2", "编制", "在岗"],
        ["3", "1", "2", "无"],
    ]
    assert grid.cell("基本情况")["colspan"] == "2"
    assert grid.cell("备注")["rowspan"] == "2"


def test_a_mark_on_any_cell_of_a_merged_block_marks_it() -> None:
    html = render(drawn("备注 | 编制 \n ^ | 12"), {"A2": Mark("head", "第一栏")})
    cell = Grid(html).cell("备注")
    assert (cell["class"].split()[0], cell["title"], cell["rowspan"]) == ("hz-head", "第一栏", "2")


def test_a_long_text_goes_on_over_the_empty_cells_beside_it() -> None:
    sheet = drawn("填报单位：某某联合区委统战部 | | | 2018年 \n 一二三四五六七八九十 | 3 | | ")
    rows = Grid(render(sheet, {"B1": Mark("head")})).rows[1:]
    assert [(cell["text"], cell.get("colspan")) for cell in rows[1][1:]] == [
        ("一二三四五六七八九十", None), ("3", None), ("", None), ("", None),
    ]  # fmt: skip
    assert [cell.get("colspan") for cell in rows[0][1:]] == [None, None, None, None]  # a marked cell stays in sight
    rows = Grid(render(sheet, {})).rows[1:]
    assert [cell.get("colspan") for cell in rows[0][1:]] == ["3", None]


def test_merged_ranges_that_overlap_or_lie_outside_shift_nothing() -> None:
    sheet = numbers(3, 3, merged=[(0, 0, 1, 1), (1, 1, 2, 2), (-4, 0, -1, 5), (2, 0, 90, 90), (0, 2, 0, 16_000)])
    rows = Grid(render(sheet, {})).rows[1:]
    filled: set[tuple[int, int]] = set()
    for r, row in enumerate(rows):
        column = 0
        for cell in row[1:]:
            while (r, column) in filled:
                column += 1
            block = {
                (r + i, column + j)
                for i in range(int(cell.get("rowspan", 1)))
                for j in range(int(cell.get("colspan", 1)))
            }
            assert not block & filled
            filled |= block
    assert filled == {(r, c) for r in range(3) for c in range(3)}


def test_a_long_sheet_is_cut_around_its_marks_and_says_how_many_rows_are_left_out() -> None:
    html = render(numbers(200), {"A5": Mark("head"), "B150": Mark("figure")}, around=2)
    assert first_cells(html) == ["⋮", "3", "4", "5", "6", "7", "⋮", "148", "149", "150", "151", "152", "⋮"]
    gaps = [row[1]["text"] for row in Grid(html).rows if row[0]["text"] == "⋮"]
    assert gaps == ["省略 2 行", "省略 140 行", "省略 48 行"]


def test_one_row_is_not_left_out_alone() -> None:
    html = render(numbers(9), {"A2": Mark("head"), "A5": Mark("figure")}, around=1)
    assert first_cells(html) == ["1", "2", "3", "4", "5", "6", "⋮"]


def test_a_merged_block_that_is_cut_keeps_its_text() -> None:
    sheet = numbers(40, merged=[(1, 0, 30, 0)])
    html = render(sheet, {"B1": Mark("head"), "B29": Mark("figure")}, around=2)
    pieces = [(cell["text"], cell["rowspan"]) for row in Grid(html).rows for cell in row if "rowspan" in cell]
    assert pieces == [("1.0", "2"), ("1.0", "5")]


def test_without_a_mark_the_first_rows_are_shown() -> None:
    shown = first_cells(render(numbers(5000), {}))
    assert shown == [*map(str, range(1, MOST_ROWS + 1)), "⋮"]


def test_rows_and_columns_without_anything_are_not_shown() -> None:
    sheet = Sheet("表1", [["编制", ""] + [""] * 500, [12.0], *[[""] * 3] * 100_000])
    assert Grid(render(sheet, {})).texts() == [["", "A"], ["1", "编制"], ["2", "12"]]


def test_a_wide_sheet_is_cut_as_well() -> None:
    html = render(numbers(2, 900), {"AAA1": Mark("figure")})  # column 703
    head = Grid(html).texts()[0]
    assert len(head) <= MOST_COLUMNS + 3
    assert head[1] == head[-1] == "…"
    assert "AAA" in head


def test_hidden_rows_and_columns_say_so() -> None:
    sheet = Sheet("表1", [["a", "b"], ["c", "d"]], hidden_rows=[1], hidden_columns=[0])
    grid = Grid(render(sheet, {}))
    assert [cell["text"] for row in grid.rows for cell in row if cell.get("class") == "hz-hidden"] == ["A", "2"]
    assert grid.cell("d")


def test_a_mark_outside_the_used_area_is_shown_below_and_ignored_above() -> None:
    sheet = numbers(2, top=4, left=1)
    grid = Grid(render(sheet, {"A1": Mark("figure"), "D9": Mark("figure")}))
    assert [row[0]["text"] for row in grid.rows] == ["", *map(str, range(5, 10))]
    assert [cell.get("class") for cell in grid.rows[-1]] == [None, None, None, "hz-figure"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (3.0, "3"),
        (0.1 + 0.2, "0.3"),
        (-1234.5, "-1234.5"),
        (12, "12"),
        (1e21, "1e+21"),
        (True, "TRUE"),
        (datetime(2018, 9, 30), "2018-09-30"),
        (datetime(2018, 9, 30, 14, 5), "2018-09-30 14:05"),
        (date(2018, 9, 30), "2018-09-30"),
        (time(8, 30), "08:30:00"),
        (CellError("#REF!"), "#REF!"),
        (NoValue("SUM(D5:D9)"), "=SUM(D5:D9)"),
        ("00123", "00123"),
        ("长" * 300, "长" * MOST_TEXT + "…"),
    ],
)
def test_cells_are_printed_as_in_the_sheet(cell: object, text: str) -> None:
    assert printed(cell) == text


def test_an_empty_sheet_has_no_rows() -> None:
    assert Grid(render(Sheet("表1", []), {})).texts() == [["", "A"]]
