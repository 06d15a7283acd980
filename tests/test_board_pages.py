"""The return desk and the rules of who owes what, run by Streamlit's AppTest over a store of their own."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from stores import LINXI, SONGSHAN, empty_store, submitted
from streamlit.testing.v1 import AppTest
from test_desk_pages import XLSX, press, run
from workbooks import make_workbook, office

from huizong import assignments, board_ui, decisions, desk, ui
from huizong.org_units import COUNTY, register
from huizong.periods import Period, period_on
from huizong.rules_sheet import rules_workbook
from huizong.store import Store
from huizong.texts import speak

Q3 = Period.of("2018-Q3")


@pytest.fixture
def store(store_dir: Path) -> Iterator[Store]:
    """An empty store, which the pages open too."""
    store = empty_store(store_dir)
    yield store
    store.close()
    speak("zh_CN")


def staffing(unit: str, **values: object) -> bytes:
    return make_workbook("staffing", [office(f"{unit}委统战部", 6, **values)], unit=unit, period="2018-Q3")


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def markdown(app: AppTest) -> str:
    return "\n".join(text.value for text in app.markdown)


# ---- the board -------------------------------------------------------------------------------------------------------


def test_a_new_desk_shows_that_everything_is_owed_and_nothing_has_come(store: Store) -> None:
    app = run("board", unit="1504")
    now = period_on(date.today(), "quarter")
    n_columns = 4 + 3 + (now.number == 4)
    assert metrics(app) == {"应报": str(12 * n_columns), "已报": "0", "已通过": "0", "上报率": "0.0%", "按时率": "—",
                            "逾期": metrics(app)["逾期"]}  # fmt: skip
    (said,) = (caption.value for caption in app.caption if "默认" in caption.value)
    assert f"应报 {12 * n_columns} 份" in said
    (table,) = app.dataframe
    assert len(table.value) == 12
    assert "松山区" in table.value["填报单位"].tolist()


def test_thousands_are_parted(store: Store) -> None:
    app = run("board", unit="13", period="2018-Q3")
    assert metrics(app)["应报"] == metrics(app)["逾期"] == "1,169"
    assert "逾期 1,169" in next(group for group in app.button_group if group.key.startswith("states ")).options


def test_of_a_closed_period_nothing_is_said_to_stay_overdue(store: Store) -> None:
    submitted(store, staffing("林西县"))
    for period in ("2018-Q3", "2018-07", "2018-08", "2018-09"):
        forms = [code for code, form in store.forms.items() if form.frequency == Period.of(period).frequency]
        decisions.close(store, period, forms, who="统计员", reason="定案")
    app = run("board", unit="1504", period="2018-Q3")
    assert metrics(app)["逾期"] == "0"
    (said,) = (caption.value for caption in app.caption if "启用之日" in caption.value)
    assert "仍列为逾期" not in said
    assert "列为定案时缺报，不再计为逾期" in said


def test_the_board_shows_each_return_in_words_and_counts_them(store: Store) -> None:
    submitted(store, staffing("松山区", women=99))
    decisions.accept(store, [submitted(store, staffing("林西县"))], who="统计员")
    decisions.nil(store, "training", LINXI, "2018-Q3", who="统计员", reason="无培训")
    decisions.close(store, "2018-Q3", ["pairing"], who="统计员", reason="定案")
    app = run("board", unit="1504", period="2018-Q3")
    table = app.dataframe[0].value.set_index("填报单位")
    assert table.loc["松山区", "👥 人员配备"].startswith("🔴 有错待退 迟")
    assert table.loc["林西县", "👥 人员配备"] == "🟢 已通过"
    assert table.loc["林西县", "🎓 教育培训"] == "⭕ 零报告"
    assert table.loc["林西县", "🧩 统战委员配备"].startswith("⏰ 逾期")
    assert [name for name in table if "宣传信息" in name] == ["📰 宣传信息 7月", "📰 宣传信息 8月", "📰 宣传信息 9月"]
    assert "🔒 🤝 结对帮扶" in table
    assert (metrics(app)["应报"], metrics(app)["已报"], metrics(app)["已通过"]) == ("84", "2", "2")
    pills = next(group for group in app.button_group if group.key.startswith("states "))
    assert pills.options[:3] == ["逾期 69", "有错待退 1", "定案时缺报 12"]
    (said,) = (caption.value for caption in app.caption if "启用之日" in caption.value)
    assert "仍列为逾期" in said
    assert "列为定案时缺报，不再计为逾期" in said

    pills.set_value(["accepted", "nil"]).run()
    table = app.dataframe[0].value
    assert table["填报单位"].tolist() == ["林西县"]


def test_a_rate_opens_the_list_of_those_by_whom_it_falls_short(store: Store) -> None:
    decisions.accept(store, [submitted(store, staffing("林西县"))], who="统计员")
    submitted(store, staffing("松山区", women=99))
    app = run("board", unit="1504", period="2018-Q3")
    assert metrics(app)["上报率"] == "1.2%"
    press(app, "未报 83")
    listed = next(table.value for table in app.dataframe if "报送期限" in table.value)
    assert len(listed) == 83
    wrong = listed[listed["填报单位"].str.endswith("松山区") & listed["报表"].str.contains("人员")].iloc[0]
    assert wrong["状态"].startswith("有错待退")
    assert wrong["报送期限"] == "2018-10-15"


def test_the_board_of_a_moment_shows_what_was_there_and_does_nothing(store: Store) -> None:
    submission = submitted(store, staffing("林西县"))
    ((then,),) = store.run("SELECT max(happened_at) FROM journal")
    decisions.accept(store, [submission], who="统计员")
    moved = submitted(store, staffing("松山区"))
    decisions.answer(store, moved, who="统计员", unit=LINXI, reason="报错了单位")
    past = {"unit": "1504", "period": "2018-Q3"}
    app = run("board", **past)
    assert app.dataframe[0].value.set_index("填报单位").loc["林西县", "👥 人员配备"].startswith("🟢 已通过")
    assert "🔒 定案" in [tab.label for tab in app.tabs]
    ((later,),) = store.run("SELECT max(happened_at) - INTERVAL 1 MICROSECOND FROM journal")

    app = run("board", **past, as_of=f"{then.isoformat()}+00:00")
    assert any("回到现在" in button.label for button in app.button)
    assert app.dataframe[0].value.set_index("填报单位").loc["林西县", "👥 人员配备"].startswith("🔵 已报待审")
    assert metrics(app)["已通过"] == "0"
    assert [tab.label for tab in app.tabs] == ["📊 各地情况", "📈 历期情况", "📣 催报"]
    assert not any(button.key == "chase letter" for button in app.get("download_button"))

    app = run("board", **past, as_of=f"{later.isoformat()}+00:00")
    assert any("当时在哪里已无从得知" in caption.value for caption in app.caption)


def test_the_submissions_of_a_moment_show_what_was_in_force_then(store: Store) -> None:
    first = submitted(store, staffing("林西县"))
    decisions.accept(store, [first], who="统计员")
    ((then,),) = store.run("SELECT max(happened_at) FROM journal")
    decisions.accept(store, [submitted(store, staffing("林西县", women=2))], who="统计员")
    (now,) = (frame.value for frame in run("submissions").dataframe if "状态" in frame.value)
    assert now["状态"].tolist() == ["🟢 已验收", "⚪ 已被新报送替换"]
    past = run("submissions", as_of=f"{then.isoformat()}+00:00")
    (was,) = (frame.value for frame in past.dataframe if "状态" in frame.value)
    assert was["状态"].tolist() == ["🟢 已验收"]
    told = next(table.value for table in past.table if "经办" in table.value)
    assert told["事项"].tolist() == ["📥 已收到", "🟢 已验收"]
    assert not any(button.label.startswith(("撤回", "更正")) for button in past.button)
    assert press(past, "回到现在").query_params.get("as_of") is None


@pytest.mark.parametrize("page", ["upload", "assignments", "targets", "checks", "definitions"])
def test_a_page_about_now_says_so_and_leads_back_to_now(store: Store, page: str) -> None:
    app = run(page, as_of="2026-01-01T08:00")
    assert "🕒 本页始终显示现在的情况。" in [text.value for text in app.text]
    press(app, "回到现在")
    assert "🕒 本页始终显示现在的情况。" not in [text.value for text in app.text]


def test_a_province_is_shown_by_its_parts_and_by_units_when_a_state_is_picked(store: Store) -> None:
    decisions.accept(store, [submitted(store, staffing("林西县"))], who="统计员")
    app = run("board", unit="15", period="2018-Q3")
    table = app.dataframe[0].value.set_index("填报单位")
    assert table.loc["赤峰市", "👥 人员配备"] == "1/12 · 逾期 11"
    assert table.loc["包头市", "👥 人员配备"].startswith("0/")
    next(group for group in app.button_group if group.key.startswith("states ")).set_value(["accepted"]).run()
    assert app.dataframe[0].value["填报单位"].tolist() == ["赤峰市 › 林西县"]


def test_a_state_that_is_picked_and_is_not_found_elsewhere_shows_all_there(store: Store) -> None:
    decisions.accept(store, [submitted(store, staffing("林西县"))], who="统计员")
    app = run("board", unit="1504", period="2018-Q3")
    next(group for group in app.button_group if group.key.startswith("states ")).set_value(["accepted"]).run()
    assert app.dataframe[0].value["填报单位"].tolist() == ["林西县"]
    app.session_state["unit"] = SONGSHAN
    app.run()
    assert not app.exception
    assert len(app.dataframe[0].value) == 1
    assert app.dataframe[0].value.iloc[0, 1].startswith("⏰ 逾期")


def test_a_region_in_which_nothing_is_owed_says_where_that_is_laid_down(store: Store) -> None:
    rules = [{"form": form, "unit": "1504", "owes": False} for form in store.forms]
    rules += [{"form": form, "unit": "1504", "beneath": True, "owes": False} for form in store.forms]
    decisions.assign(store, [rule for rule in rules if not assignments.fault(store, rule)], who="统计员")
    app = run("board", unit="1504", period="2018-Q3")
    assert "没有应报的报表" in markdown(app)
    assert not app.dataframe


def test_the_board_speaks_english(store: Store) -> None:
    submitted(store, staffing("林西县", women=99))
    app = run("board", unit="1504", period="2018-Q3", lang="en")
    assert metrics(app)["Owed"] == "84"
    assert app.dataframe[0].value.set_index("Reporting unit").loc["林西县", "👥 Staffing"].startswith("🔴 Has errors")


def test_what_was_due_before_the_desk_was_opened_is_said_beside_the_rate(store: Store) -> None:
    decisions.nil(store, "training", LINXI, "2018-Q3", who="统计员", reason="无培训")
    app = run("board", unit=LINXI, period="2018-Q3")
    assert (metrics(app)["按时率"], metrics(app)["逾期"]) == ("—", "6")
    (said,) = (caption.value for caption in app.caption if "启用前" in caption.value)
    assert "7 份" in said
    assert f"{date.today()}" in said
    later = run("board", unit=LINXI, period="2099-Q1")
    assert not any("启用前" in caption.value for caption in later.caption)


def test_a_closed_period_chases_nobody_and_names_who_was_absent(store: Store) -> None:
    decisions.close(store, "2018-Q3", ["pairing"], who="统计员", reason="定案")
    app = run("board", unit=LINXI, period="2018-Q3")
    row = app.dataframe[0].value.iloc[0]
    assert row["🔒 🤝 结对帮扶"] == "🔒 定案时缺报"
    assert metrics(app)["逾期"] == "6"
    assert "结对帮扶" not in app.code[0].value
    assert "宣传信息" in app.code[0].value


def test_closing_warns_of_all_that_is_outstanding_with_names(store: Store) -> None:
    decisions.assign(store, [{"form": form, "unit": "0", "beneath": True, "owes": False} for form in store.forms]
                     + [{"form": "staffing", "unit": unit} for unit in (SONGSHAN, LINXI)]
                     + [{"form": "training", "unit": LINXI}], who="统计员")  # fmt: skip
    wrong = submitted(store, staffing("林西县", women=99))
    decisions.send_back(store, wrong, who="统计员", reason="女性人数不对")
    app = run("board", unit="1504", period="2018-Q3")
    (warning,) = (warning.value for warning in app.warning if "未办结" in warning.value)
    assert "赤峰市 3 份，其他地区 0 份" in warning
    assert "逾期 · 统战培训情况表（1）：林西县" in warning
    assert [line.replace("\\", "") for line in warning.splitlines()[1:]] == [
        "- 逾期 · 统战机构人员配备情况表（1）：松山区",
        "- 逾期 · 统战培训情况表（1）：林西县",
        "- 有错退回 · 统战机构人员配备情况表（1）：林西县",
    ]
    app = run("board", unit=SONGSHAN, period="2018-Q3")  # closing is for all regions
    assert any("松山区 1 份，其他地区 2 份" in warning.value for warning in app.warning)


def test_what_waits_beside_the_one_in_force_and_what_was_not_asked_for_are_marked(store: Store) -> None:
    decisions.accept(store, [submitted(store, staffing("林西县"))], who="统计员")
    submitted(store, staffing("林西县", women=99))
    submitted(store, staffing("松山区"))
    decisions.assign(store, [{"form": "staffing", "unit": SONGSHAN, "owes": False}], who="统计员")
    view = ui.View(store, register().get("1504"), Q3)
    board = desk.board(store, Q3, "1504")
    matrix = board_ui.make_matrix(view, board, grouped=False)
    table = matrix.texts.set_index("填报单位")["👥 人员配备"]
    assert (table["林西县"], table["松山区"]) == ("🟢 已通过 + 🔴", "🔵 已报待审 *")
    assert matrix.columns[0] == ("staffing", "2018-Q3")


# ---- the rules -------------------------------------------------------------------------------------------------------


def add(app: AppTest, *forms: str, unit: str, **values: object) -> AppTest:
    """Fills in what a new rule says and puts it into the table."""
    next(group for group in app.button_group if group.key == "rule forms").set_value(list(forms))
    app.selectbox(key="rule unit").set_value(unit)
    app.run()
    for key, value in values.items():
        widget = next(w for w in [*app.number_input, *app.date_input, *app.selectbox, *app.button_group, *app.checkbox]
                      if w.key == f"rule {key}")  # fmt: skip
        widget.set_value(value)
    app.run()
    return press(app, "加入表中")


def save(app: AppTest, reason: str) -> AppTest:
    app.text_input(key="rules reason").set_value(reason).run()
    return press(app, "保存")


def test_a_rule_is_added_shown_in_words_and_saved_with_a_reason(store: Store) -> None:
    app = run("assignments")
    assert "还没有规则" in markdown(app)
    add(app, "staffing", unit=SONGSHAN, days=25)
    # The other counties of the province go on owing it: a rule for the province comes with it.
    assert "人员配备：内蒙古自治区（所辖各县），每季应报，期末后 15 天内" in markdown(app)
    assert "人员配备：内蒙古自治区 › 赤峰市 › 松山区，每季应报，期末后 25 天内" in markdown(app)
    assert assignments.laid_down(store) == []
    save(app, "松山区延期")
    assert [(rule["unit"], rule["beneath"], rule["due_days"]) for rule in assignments.laid_down(store)] == [
        ("15", True, None),
        (SONGSHAN, False, 25),
    ]
    assert "尚未保存的改动" not in markdown(app)
    (history,) = (table.value for table in app.table if "理由" in table.value.columns)
    assert history["理由"].tolist() == ["松山区延期"]


def test_the_numbers_say_when_a_rule_takes_the_form_from_others(store: Store) -> None:
    app = run("assignments")
    add(app, "staffing", unit=SONGSHAN, rest=False)
    everywhere, there = (len(register().under(code, COUNTY)) for code in ("0", "15"))
    assert f"应报单位 {everywhere} 个 → {everywhere - there + 1} 个" in markdown(app)


def test_a_unit_is_let_off_and_the_preview_says_what_it_owes(store: Store) -> None:
    app = run("assignments")
    add(app, "staffing", "coverage", unit=SONGSHAN, owes=False)
    assert "松山区，免报" in markdown(app)
    save(app, "机构改革")
    app.selectbox(key="unit that owes").set_value(SONGSHAN).run()
    owed = next(table.value for table in app.table if "下一期限" in table.value.columns)
    assert set(owed["报表"]) == {"统战培训情况表", "结对帮扶情况表", "宣传信息情况表", "工作保障情况表"}


def test_a_rule_that_cannot_be_is_not_added(store: Store) -> None:
    app = run("assignments")
    next(group for group in app.button_group if group.key == "rule forms").set_value(["safeguards"])
    app.selectbox(key="rule unit").set_value(LINXI)
    app.selectbox(key="rule frequency").set_value("month")
    app.run()
    assert any("更密" in error.value for error in app.error)
    assert next(button for button in app.button if button.label == "加入表中").disabled


def test_a_save_of_somebody_else_is_not_overwritten(store: Store) -> None:
    app = run("assignments")
    add(app, "staffing", unit=SONGSHAN, owes=False)
    decisions.assign(store, [{"form": "coverage", "unit": LINXI}], who="另一人", replaces=True)
    save(app, "我的")
    assert any("其间已有人保存" in error.value for error in app.error)
    assert [rule["form"] for rule in assignments.laid_down(store)] == ["coverage"]
    press(app, "放弃改动")
    assert "尚未保存的改动" not in markdown(app)
    assert app.dataframe[0].value["place"].tolist() == ["内蒙古自治区 › 赤峰市 › 林西县"]


def test_rules_edited_in_excel_are_shown_before_they_are_saved(store: Store) -> None:
    rules = [assignments.completed(store, {"form": "staffing", "unit": unit}) for unit in (SONGSHAN, LINXI)]
    decisions.assign(store, rules[:1], who="统计员", replaces=True)
    app = run("assignments")
    app.file_uploader[0].set_value(("任务.xlsx", rules_workbook(store, rules), XLSX)).run()
    assert "➕ 人员配备：内蒙古自治区 › 赤峰市 › 林西县" in markdown(app)
    assert assignments.laid_down(store) == rules[:1]
    save(app, "林西县补入")
    assert assignments.laid_down(store) == rules
    app.file_uploader[0].set_value(("任务.xlsx", b"no workbook", XLSX)).run()
    assert len(app.error) == 1
    assert "尚未保存的改动" not in markdown(app)
