"""Targets: entered in a table or in Excel, looked at before they are saved, and never over somebody else's."""

from collections.abc import Callable, Iterator
from io import BytesIO

import openpyxl
import pandas as pd
import pytest
from openpyxl import Workbook
from stores import LINXI, SONGSHAN

from huizong import decisions, targets
from huizong.forms import all_forms
from huizong.indicators import figures
from huizong.periods import Period
from huizong.store import Store
from huizong.targets import Change
from huizong.texts import speak

YEAR, Q3 = Period.of("2018"), Period.of("2018-Q3")
FORMS = all_forms()
CODES = ["full_time_share", "staff_in_post_total"]


@pytest.fixture(autouse=True)
def chinese_again() -> Iterator[None]:
    yield
    speak("zh_CN")


def held(store: Store, codes: list[str] = CODES, period: Period = YEAR) -> pd.DataFrame:
    return targets.held(store, codes, "1504", period)


def filled_in(store: Store, change: Callable[[Workbook], None], codes: list[str] = CODES) -> bytes:
    """The workbook that is offered, with what somebody has written into it."""
    book = openpyxl.load_workbook(BytesIO(targets.workbook(FORMS, held(store, codes), codes, "赤峰市2018年目标")))
    change(book)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def read(store: Store, data: bytes, codes: list[str] = CODES) -> tuple[list[Change], list[targets.Fault]]:
    before = held(store, codes)
    table, faults = targets.read(data, FORMS, store.units, before, codes)
    return targets.differences(FORMS, YEAR, before, table, codes), faults


def target(store: Store, indicator: str, unit: str, period: Period) -> float | None:
    value = figures(store, [indicator], unit, [period]).iloc[0]["target"]
    return None if pd.isna(value) else value


def test_the_table_has_the_region_and_its_parts_with_what_is_held(store: Store) -> None:
    decisions.set_target(store, "full_time_share", SONGSHAN, "2018", 0.75, who="统计员")
    table = held(store)
    assert table["unit"].tolist() == ["1504", SONGSHAN, LINXI]
    assert table.set_index("unit").loc[SONGSHAN, "full_time_share"] == 0.75
    assert held(store, period=Q3)["full_time_share"].isna().all()  # entered for the year, not for this quarter


def test_what_is_filled_in_is_what_is_read(store: Store) -> None:
    decisions.set_target(store, "full_time_share", SONGSHAN, "2018", 0.75, who="统计员")
    decisions.set_target(store, "staff_in_post_total", LINXI, "2018", 9, who="统计员")
    assert read(store, filled_in(store, lambda book: None)) == ([], [])

    def fill(book: Workbook) -> None:
        sheet = book.active
        cells = {cell.value: cell for row in sheet.iter_rows() for cell in row if cell.value}
        row, share = cells["松山区"].row, next(c.column for v, c in cells.items() if str(v).startswith("专职率"))
        sheet.cell(row, share).value = 0.8
        sheet.cell(row, share + 1).value = "1,200"
        sheet.cell(cells["林西县"].row, share).value = "66.5％"
        sheet.cell(cells["林西县"].row, share + 1).value = None

    changes, faults = read(store, filled_in(store, fill))
    assert not faults
    assert changes == [
        Change("full_time_share", SONGSHAN, "2018", 0.75, 0.8),
        Change("staff_in_post_total", SONGSHAN, "2018", None, 1200),
        Change("full_time_share", LINXI, "2018", None, 0.665),
        Change("staff_in_post_total", LINXI, "2018", 9, None),
    ]
    decisions.set_targets(store, changes, who="统计员")
    assert target(store, "full_time_share", SONGSHAN, Q3) == 0.8  # the year's holds for its quarters
    assert target(store, "staff_in_post_total", LINXI, YEAR) is None


def test_what_cannot_be_read_is_named_with_its_cell_and_stays_as_it_was(store: Store) -> None:
    decisions.set_target(store, "staff_in_post_total", LINXI, "2018", 9, who="统计员")

    def spoil(book: Workbook) -> None:
        sheet = book.active
        for row in sheet.iter_rows(min_row=3):
            if row[1].value == "松山区":
                row[2].number_format, row[2].value = "General", 80  # 80 % or 8000 %?
            if row[1].value == "林西县":
                row[3].value = "三十左右"
            if row[1].value == "赤峰市":
                row[0].value, row[2].value = "9999", 0.5

    changes, faults = read(store, filled_in(store, spoil))
    assert changes == []
    assert [fault.cell.rpartition("!")[2] for fault in faults] == ["A3", "C4", "D5"]
    assert "9999" in faults[0].message
    assert "95%" in faults[1].message
    assert "三十左右" in faults[2].message


def test_a_unit_that_stands_twice_is_read_once(store: Store) -> None:
    def double(book: Workbook) -> None:
        sheet = book.active
        sheet.append([SONGSHAN, "松山区", "50%", 3])

    _changes, faults = read(store, filled_in(store, double))
    assert [fault.message for fault in faults] == ["松山区出现了两次"]


@pytest.mark.parametrize("data", [b"", b"no workbook", b"PK\x03\x04 torn"])
def test_a_file_that_is_no_such_table_says_so(store: Store, data: bytes) -> None:
    changes, faults = read(store, data)
    assert not changes
    assert len(faults) == 1


def test_another_table_is_refused(store: Store) -> None:
    book = Workbook()
    book.active.append(["地区代码", "别的"])
    stream = BytesIO()
    book.save(stream)
    assert "没有一张工作表" in read(store, stream.getvalue())[1][0].message


def test_what_divides_by_its_target_has_a_count_of_the_year(store: Store) -> None:
    before = held(store, ["target_fulfilment"], Q3)
    after = before.assign(target_fulfilment=[30.0, 20.0, float("nan")])
    changes = targets.differences(FORMS, Q3, before, after, ["target_fulfilment"])
    assert {change.period for change in changes} == {"2018"}
    decisions.set_targets(store, changes, who="统计员")
    assert held(store, ["target_fulfilment"], Q3)["target_fulfilment"].tolist()[:2] == [30, 20]
    assert target(store, "target_fulfilment", SONGSHAN, Q3) == 1  # what was to be reached is all of it


def test_what_somebody_else_has_changed_is_not_overwritten(store: Store) -> None:
    before = held(store)
    changes = targets.differences(FORMS, YEAR, before, before.assign(full_time_share=0.9), CODES)
    decisions.set_target(store, "full_time_share", LINXI, "2018", 0.5, who="另一人")
    with pytest.raises(decisions.NotAcceptable, match="其间有人"):
        decisions.set_targets(store, changes, who="统计员")
    assert target(store, "full_time_share", SONGSHAN, YEAR) is None  # none of them is entered
    assert target(store, "full_time_share", LINXI, YEAR) == 0.5


def test_a_sum_of_what_happened_has_the_target_of_its_own_period_only(store: Store) -> None:
    decisions.set_target(store, "sessions", SONGSHAN, "2018", 40, who="统计员")
    decisions.set_target(store, "participants_per_session", SONGSHAN, "2018", 50, who="统计员")
    assert target(store, "sessions", SONGSHAN, YEAR) == 40
    assert target(store, "sessions", SONGSHAN, Q3) is None
    assert target(store, "participants_per_session", SONGSHAN, Q3) == 50


def test_the_table_speaks_english_too(store: Store) -> None:
    speak("en")
    assert read(store, filled_in(store, lambda book: None)) == ([], [])


def test_a_share_that_a_percent_format_has_made_a_hundred_times_as_large_is_asked_about() -> None:
    _form, indicator = all_forms().indicators["full_time_share"]
    assert "1000%" in str(targets.read_target("1000%", indicator))
    assert targets.read_target("120%", indicator) == 1.2
