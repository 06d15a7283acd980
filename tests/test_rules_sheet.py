"""The rules of who owes what as an Excel table: out, edited, in again."""

from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO

import openpyxl
import pytest
from hostile import word_document
from openpyxl.worksheet.worksheet import Worksheet
from stores import LINXI, SONGSHAN

from huizong import assignments
from huizong.assignments import Rule
from huizong.rules_sheet import BadRules, read_rules, rules_workbook
from huizong.store import Store
from huizong.texts import speak
from huizong.workbook import Unreadable

FIRST = 3  # row of the first rule, beneath title and heads
FORM, UNIT, WHOM, OWES, OFTEN, DAYS, FROM = "A", "C", "E", "F", "G", "H", "I"


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    speak("zh_CN")
    yield
    speak("zh_CN")


@pytest.fixture
def rules(store: Store) -> list[Rule]:
    said = [
        {"form": "staffing", "unit": "15", "beneath": True},
        {"form": "staffing", "unit": SONGSHAN, "due_days": 25, "from": "2018-01-01", "to": "2018-12-31"},
        {"form": "training", "unit": LINXI, "frequency": "half_year"},
        {"form": "coverage", "unit": "1504", "beneath": True, "owes": False},
    ]
    return [assignments.completed(store, rule) for rule in said]


def edited(data: bytes, edit: Callable[[Worksheet], None]) -> bytes:
    """The table as somebody saves it after an edit in Excel."""
    workbook = openpyxl.load_workbook(BytesIO(data))
    edit(workbook.worksheets[0])
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()


@pytest.mark.parametrize(("out", "back"), [("zh_CN", "zh_CN"), ("en", "zh_CN"), ("zh_CN", "en")])
def test_what_is_handed_out_comes_back_as_it_was(store: Store, rules: list[Rule], out: str, back: str) -> None:
    speak(out)
    data = rules_workbook(store, rules)
    speak(back)
    assert read_rules(store, data) == rules


def test_no_rules_are_a_table_to_begin_with(store: Store) -> None:
    data = rules_workbook(store, [])
    assert read_rules(store, data) == []

    def write(sheet: Worksheet) -> None:
        sheet.insert_rows(FIRST)
        sheet[f"{FORM}{FIRST}"], sheet[f"{UNIT}{FIRST}"] = "staffing", int(SONGSHAN)  # Excel makes a number of a code

    assert read_rules(store, edited(data, write)) == [
        assignments.completed(store, {"form": "staffing", "unit": SONGSHAN})
    ]


def test_edits_are_taken_as_they_are_typed(store: Store, rules: list[Rule]) -> None:
    def edit(sheet: Worksheet) -> None:
        sheet[f"{OWES}{FIRST}"] = "否"
        sheet[f"{DAYS}{FIRST + 1}"] = 30.0
        sheet[f"{FROM}{FIRST + 1}"] = date(2018, 4, 1)  # a day as Excel keeps what is typed
        sheet[f"{OFTEN}{FIRST + 2}"] = None
        sheet.delete_rows(FIRST + 3)

    found = read_rules(store, edited(rules_workbook(store, rules), edit))
    new, gone = assignments.difference(rules, found)
    assert [(rule["form"], rule["owes"], rule["due_days"], rule["from"], rule["frequency"]) for rule in new] == [
        ("staffing", False, None, None, None),
        ("staffing", True, 30, "2018-04-01", None),
        ("training", True, None, None, None),
    ]
    assert [rule["form"] for rule in gone] == ["staffing", "staffing", "training", "coverage"]


@pytest.mark.parametrize(
    ("cell", "value", "says"),
    [
        (FORM, "nothing", "没有代码为 nothing 的报表"),
        (UNIT, "999999", "没有代码为 999999 的单位"),
        (WHOM, "全部", "“报送对象”栏的“全部”"),
        (OFTEN, "每旬", "每季"),
        (DAYS, "半月", "整数"),
        (FROM, "二〇一八年", "2018-01-01"),
        (FORM, '=HYPERLINK("http://example.invalid","staffing")', "没有代码为"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(
    store: Store, rules: list[Rule], cell: str, value: object, says: str
) -> None:
    def edit(sheet: Worksheet) -> None:
        sheet[f"{cell}{FIRST + 1}"] = value

    with pytest.raises(BadRules) as wrong:
        read_rules(store, edited(rules_workbook(store, rules), edit))
    (line,) = str(wrong.value).splitlines()
    assert line.startswith(f"第 {FIRST + 1} 行")
    assert says in line


def test_a_file_that_is_no_table_of_rules_says_so(store: Store) -> None:
    with pytest.raises(BadRules, match="报表代码、单位代码"):
        read_rules(store, edited(rules_workbook(store, []), lambda sheet: sheet.delete_rows(2)))
    with pytest.raises(Unreadable):
        read_rules(store, word_document())


def test_no_text_becomes_a_formula(store: Store, rules: list[Rule]) -> None:
    broken = [*rules, rules[0] | {"from": "=1+1"}]  # no rule that can be saved, and yet it may be handed out
    sheet = openpyxl.load_workbook(BytesIO(rules_workbook(store, broken))).worksheets[0]
    cell = sheet[f"{FROM}{FIRST + len(rules)}"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=1+1", "s", True)
