"""The pages of the desk, run by Streamlit's AppTest over a store of their own."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from clerk import Office, staffing_workbook
from streamlit.testing.v1 import AppTest

from huizong import intake, submissions
from huizong.store import Store, open_store
from huizong.texts import speak

ROOT = Path(__file__).parent.parent
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
QUARTER = "2018年第三季度"
OFFICE = "林西县委统战部"


def workbook(*offices: Office, unit: str = OFFICE, period: str = QUARTER) -> bytes:
    return staffing_workbook(unit, period, offices or [Office(OFFICE, 6, 3, 3)])


@pytest.fixture
def store(store_dir: Path) -> Iterator[Store]:
    """An empty store, so that no samples are put in; the pages open the same one."""
    store = open_store(store_dir)
    yield store
    store.close()
    speak("zh_CN")


def run(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / f"{page}.py", default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def receive(store: Store, *contents: bytes, accept: bool = False) -> list[str]:
    files = [(f"{n}.xlsx", content) for n, content in enumerate(contents)]
    receipts = list(intake.receive(store, files, who="test", accept=accept))
    return [submission for receipt in receipts for submission in receipt.submissions]


def statuses(store: Store) -> list[str]:
    return submissions.listed(store)["status"].tolist()


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    app.run()
    assert not app.exception
    return app


def table_with(app: AppTest, column: str) -> pd.DataFrame:
    return next(table.value for table in app.table if column in table.value.columns)


def test_an_empty_desk_says_what_to_do(store: Store) -> None:
    app = run("upload")
    assert any("没有待处理的报表" in text.value for text in app.markdown)
    assert any("还没有收到报表" in text.value for text in run("submissions").markdown)


def test_dropped_files_each_get_a_result_and_a_bad_one_stops_nothing(store: Store) -> None:
    app = run("upload")
    app.file_uploader[0].set_value(
        [("坏.xlsx", b"not a workbook", XLSX), ("好.xlsx", workbook(), XLSX), ("空.xlsx", b"", XLSX)]
    )
    app.run()
    assert not app.exception
    assert statuses(store) == ["clean"]
    lines = [text.value for text in app.expander[0].markdown]
    assert "可验收" in next(line for line in lines if line.startswith("- "))  # where the return stands
    results = [line for line in lines if not line.startswith("- ")]
    assert len(results) == 3
    assert sum("无法读取" in result for result in results) == 2
    assert "已收到" in results[2]
    assert "1" in app.header[0].value
    assert not app.file_uploader[0].value  # the bytes are let go


def test_a_wrong_workbook_is_shown_with_its_cell_and_cannot_be_accepted(store: Store) -> None:
    receive(store, workbook(Office(OFFICE, 6, 5, 2)))
    app = run("upload")
    finding = table_with(app, "如何处理").iloc[0]
    assert finding["单元格"] == r"人员\!E5, F5, D5"
    assert r"专职 5 \+ 兼职 2 不等于在岗人数 6" in finding["问题"]
    assert next(button for button in app.button if button.label == "验收").disabled
    assert "0" in next(button.label for button in app.button if "一键" in button.label)


def test_one_click_accepts_the_clean_ones_only(store: Store) -> None:
    receive(store, workbook(), workbook(Office(OFFICE, 6, 5, 2), period="2018年第四季度"))
    app = run("upload")
    press(app, "一键验收全部无误报表（1）")
    assert sorted(statuses(store)) == ["accepted", "error"]


def test_a_correction_shows_its_changes_before_it_is_accepted(store: Store) -> None:
    receive(store, workbook(), accept=True)
    receive(store, workbook(Office(OFFICE, 6, 4, 2)))
    app = run("upload")
    changes = table_with(app, "原值")
    assert changes[["指标项", "原值", "现值"]].to_numpy().tolist() == [
        ["其中：专职", "3", "4"],
        ["其中：兼职", "3", "2"],
    ]
    assert changes["单元格"].tolist() == [r"人员\!E5", r"人员\!F5"]
    assert "0" in next(button.label for button in app.button if "一键" in button.label)
    press(app, "验收")
    assert sorted(statuses(store)) == ["accepted", "superseded"]


def test_a_query_is_accepted_once_it_is_explained(store: Store) -> None:
    receive(store, workbook(), accept=True)
    receive(store, workbook(Office(OFFICE, 20, 10, 10), period="2018年第四季度"))
    app = run("upload")
    assert next(button for button in app.button if button.label == "验收").disabled
    for line in app.text_input:
        line.input("新录用十四人，编制已批")
    press(app, "保存审核说明")
    press(app, "验收")
    assert statuses(store) == ["accepted", "accepted"]
    history = run("submissions")
    assert "新录用十四人，编制已批" in table_with(history, "如何处理")["审核说明"].tolist()
    assert [what.split()[-1] for what in table_with(history, "经办")["事项"]] == ["已收到", "已说明", "已验收"]


def test_a_return_is_sent_back_with_its_reason(store: Store) -> None:
    receive(store, workbook(Office(OFFICE, 6, 5, 2)))
    app = run("upload")
    app.text_area[0].input("专职兼职之和不等于在岗人数")
    app.run()
    press(app, "确认退回")
    assert statuses(store) == ["sent_back"]
    assert any("没有待处理的报表" in text.value for text in app.markdown)
    assert "专职兼职之和不等于在岗人数" in table_with(run("submissions"), "经办")["备注"].tolist()


def test_an_unclear_unit_is_asked_and_the_answer_kept(store: Store) -> None:
    receive(store, workbook(unit="某某县委统战部"))
    app = run("upload")
    assert statuses(store) == ["unsure"]
    picker = next(box for box in app.selectbox if box.label.startswith("填报单位（"))
    picker.set_value("150424")
    app.run()
    press(app, "保存并重新读取")
    assert submissions.listed(store)[["unit", "status"]].to_numpy().tolist() == [["150424", "clean"]]


def test_a_withdrawn_return_leaves_the_figures_and_stays_on_record(store: Store) -> None:
    receive(store, workbook(), accept=True)
    app = run("submissions")
    app.text_area[0].input("报错了单位")
    app.run()
    press(app, "确认撤回")
    assert statuses(store) == ["withdrawn"]
    assert "报错了单位" in table_with(app, "经办")["备注"].tolist()


def test_the_history_is_filtered(store: Store) -> None:
    receive(store, workbook(), workbook(period="2018年第四季度"), accept=True)
    app = run("submissions")
    next(box for box in app.selectbox if box.label == "报告期").set_value("2018-Q4")
    app.run()
    assert app.dataframe[0].value["报告期"].tolist() == ["2018年第四季度"]


def test_definitions_are_found_by_their_words(store: Store) -> None:
    app = run("definitions", words="编制空缺率")
    assert [header.value for header in app.header] == ["统战机构人员配备情况表"]
    (indicators,) = [table.value for table in app.table]
    assert indicators["指标"].tolist() == ["编制空缺率"]


def test_definitions_speak_english(store: Store) -> None:
    app = run("definitions", lang="en", form="staffing")
    assert app.title[0].value == "Definitions"
    assert table_with(app, "Must hold")["Must hold"][0] == "Full-time + Part-time = Staff in post"
