"""The pages of the desk, run by Streamlit's AppTest over a store of their own."""

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from clerk import Office, staffing_workbook
from stores import empty_store
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox, TextArea

from huizong import decisions, intake, submissions
from huizong.periods import period_on
from huizong.store import Store
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
    store = empty_store(store_dir)
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


def reason_of(app: AppTest, deed: str) -> TextArea:
    """Where the reason of a deed is written."""
    return next(area for area in app.text_area if area.key.startswith(deed))


def test_an_empty_desk_says_what_to_do(store: Store) -> None:
    app = run("upload")
    assert any("没有待处理的报表" in text.value for text in app.markdown)
    assert any("还没有收到报表" in text.value for text in run("submissions").markdown)
    assert any("无可核查" in text.value for text in run("checks").markdown)


def test_dropped_files_each_get_a_result_and_a_bad_one_stops_nothing(store: Store) -> None:
    app = run("upload")
    app.file_uploader[0].set_value(
        [("坏.xlsx", b"not a workbook", XLSX), ("好.xlsx", workbook(), XLSX), ("空.xlsx", b"", XLSX)]
    )
    app.run()
    assert not app.exception
    assert statuses(store) == ["clean"]
    results = [text.value for text in app.expander[0].markdown]
    assert len(results) == 3
    assert sum("无法读取" in result for result in results) == 2
    assert "已收到" in results[2]
    assert "可验收" in results[2]  # where the return stands
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
    picker = next(box for box in app.selectbox if box.label.startswith("**填报单位**"))
    picker.set_value("150424")
    app.run()
    press(app, "保存答复并重新读取")
    assert submissions.listed(store)[["unit", "status"]].to_numpy().tolist() == [["150424", "clean"]]


def test_a_withdrawn_return_leaves_the_figures_and_stays_on_record(store: Store) -> None:
    receive(store, workbook(), accept=True)
    app = run("submissions")
    reason_of(app, "withdraw").input("报错了单位")
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
    assert app.title[0].value == "📖 Definitions"
    assert table_with(app, "Must hold")["Must hold"][0] == "Full-time + Part-time = Staff in post"


# ---- decisions -------------------------------------------------------------------------------------------------------


def pick(app: AppTest, label: str, value: str) -> None:
    next(box for box in app.selectbox if box.label == label).set_value(value)


def test_what_accepting_would_change_is_shown_before_the_click(store: Store) -> None:
    receive(store, workbook(), accept=True)
    receive(store, workbook(Office(OFFICE, 8, 4, 4)))
    table = table_with(run("upload"), "林西县")
    assert table.columns.tolist() == ["指标", "林西县", "赤峰市", "内蒙古自治区", "全国"]
    staff = table[table["指标"] == "在岗人数"].iloc[0]
    assert staff["林西县"].replace("\\", "") == "6 → 8（+2）"
    assert store.ask("pending")["replaces"].notna().all()


def test_a_usual_explanation_is_picked_and_words_are_added(store: Store) -> None:
    receive(store, workbook(Office(OFFICE, 6, 3, 3)), accept=True)
    receive(store, workbook(Office(OFFICE, 20, 10, 10), period="2018年第四季度"))
    app = run("upload")
    pick(app, "常用说明", "机构改革合并")
    app.text_input[0].input("原三个办公室合并")
    press(app, "保存审核说明")
    (written,) = store.run("SELECT DISTINCT explanation FROM finding WHERE severity = 'query'")
    assert written == ("机构改革合并；原三个办公室合并",)


def test_a_nil_return_is_entered_on_the_page(store: Store) -> None:
    app = run("upload")
    assert next(button for button in app.button if button.label == "确认登记").disabled
    key = "nil None None None"
    app.selectbox(key=f"form of {key}").set_value("training").run()
    app.selectbox(key=f"unit of {key} training").set_value("150424")
    app.selectbox(key=f"period of {key} training").set_value("2018-Q3")
    reason_of(app, "reason of nil").input("电话确认，本期未办班")
    app.run()
    press(app, "确认登记")
    (held,) = submissions.listed(store).itertuples()
    assert (held.form, held.unit, held.period, held.status, held.nil) == (
        "training", "150424", "2018-Q3", "accepted", True,
    )  # fmt: skip
    history = run("submissions")
    assert table_with(history, "经办")["备注"].tolist() == ["电话确认，本期未办班"]
    assert any("零报告" in text.value for text in history.markdown)
    assert not any(button.label == "重新读取" for button in history.button)


def test_a_return_in_force_is_moved_with_a_reason(store: Store) -> None:
    receive(store, workbook(), accept=True)
    app = run("submissions")
    (first,) = submissions.listed(store)["id"]
    app.selectbox(key=f"other period {first}").set_value("2018-Q2")
    assert next(button for button in app.button if button.key == f"again {first}").disabled
    reason_of(app, "moved").input("季度报错")
    app.run()
    app.button(key=f"again {first}").click().run()
    assert not app.exception
    held = submissions.listed(store).set_index("period")["status"].to_dict()
    assert held == {"2018-Q3": "withdrawn", "2018-Q2": "clean"}
    assert "2018年第二季度" in app.header[0].value  # the return at its new place is shown
    lines = table_with(app, "经办")
    assert lines["备注"].str.replace("\\", "").tolist()[-1] == "→ 2018年第二季度：季度报错"


def test_a_closed_period_says_so_and_takes_no_decision(store: Store) -> None:
    receive(store, workbook())
    decisions.close(store, "2018-Q3", ["staffing"], who="处长", reason="季度定案")
    app = run("upload")
    assert next(button for button in app.button if button.label == "验收").disabled
    captions = " ".join(caption.value for caption in app.caption)
    assert "已由 处长 于" in captions
    assert "另有 1 件所属报告期已定案" in captions
    assert any("催报台" in text.value for text in app.markdown)  # the way to where it is reopened


def closing_script() -> None:
    from huizong import closing_ui, ui
    from huizong.org_units import register
    from huizong.periods import Period
    from huizong.store import open_store

    view = ui.View(open_store(), register().get("1504"), Period.of("2018-Q4"))
    closing_ui.offer_closing(view, view.period)


def test_a_period_is_closed_and_reopened_with_a_reason(store: Store) -> None:
    receive(store, workbook(period="2018年第四季度"))
    app = AppTest.from_function(closing_script, default_timeout=30).run()
    assert not app.exception
    assert any("还有 1 件报送待处理" in warning.value for warning in app.warning)
    (button,) = (button for button in app.button if button.label == "确认定案")
    assert (button.disabled, "请先填写理由" in button.help) == (True, True)
    app.text_area(key="why close 2018-Q4").input("年报定案").run()
    press(app, "确认定案")
    assert store.run("SELECT count(*) FROM closing") == [(8,)]  # one of six forms comes three times
    assert sum("年报定案" in line.value for line in app.markdown) == 1
    app.multiselect(key="forms to reopen 2018-Q4").set_value(["staffing"])
    app.text_area(key="why reopen 2018-Q4").input("松山区补报").run()
    press(app, "确认解锁")
    assert ("staffing", "2018-Q4") not in store.run("SELECT form, period FROM closing")


def test_a_file_that_brings_the_same_values_says_since_when(store: Store) -> None:
    receive(store, workbook(), accept=True)
    resaved = openpyxl.load_workbook(BytesIO(workbook()))
    resaved.properties.creator = "别人"
    stream = BytesIO()
    resaved.save(stream)
    receive(store, stream.getvalue())
    assert sorted(statuses(store)) == ["accepted", "unchanged"]
    assert any("没有待处理的报表" in text.value for text in run("upload").markdown)
    app = run("submissions")
    assert any("与第 1 次报送" in info.value and "数值完全相同" in info.value for info in app.info)


def test_a_finding_of_a_rule_on_trial_says_that_it_is_one(store: Store) -> None:
    receive(store, workbook(Office(OFFICE, 6, 5, 2)))
    with store.transaction() as cursor:
        cursor.execute("UPDATE finding SET severity = 'trial'")
    app = run("submissions")
    assert set(table_with(app, "如何处理")["类别"]) == {"⚗️ 试行"}
    assert any("不告知填报单位" in caption.value for caption in app.caption)


def test_what_came_by_post_is_dropped_with_its_day(store: Store) -> None:
    app = run("upload")
    app.date_input[0].set_value(date(2018, 10, 12)).run()
    app.file_uploader[0].set_value([("松山区.xlsx", workbook(), XLSX)])
    app.run()
    assert any("收到日期 2018-10-12，上传于" in text.value for text in app.markdown)
    assert app.date_input[0].value is None  # it holds for one upload
    assert table_with(run("submissions"), "经办")["备注"].str.replace("\\", "").tolist() == [
        "收到日期 2018-10-12：松山区.xlsx"
    ]


@pytest.mark.usefixtures("store")
def test_the_period_of_a_blank_stays_when_another_form_is_picked() -> None:
    app = run("upload")

    def of_blank(kind: str) -> Selectbox:
        return next(box for box in app.selectbox if box.key and box.key.startswith(f"blank {kind}"))

    app.session_state["period"] = "2018-Q3"
    app.run()
    assert of_blank("period").value == "2018-Q3"  # looked at on another page
    of_blank("period").set_value("2026-Q3").run()
    month = period_on(date.today(), "month").code
    for form, period in (("coverage", "2026-Q3"), ("publicity", month), ("pairing", "2026-Q3")):
        of_blank("form").set_value(form).run()
        assert not app.exception
        assert of_blank("period").value == period
