"""What sheets leave unclear, on the page: the sheet beside its pickers, the answer kept and offered the next time."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from stores import LINXI, SONGSHAN, copy_of, places, small_store
from streamlit.testing.v1 import AppTest
from test_desk_pages import XLSX, press, receive, run
from workbooks import drawn, excel

from huizong import decisions, journal, submissions
from huizong.store import Store, open_store
from huizong.texts import speak

KEEP, CORRECT = "保存答复并重新读取", "保存改正并重新读取"
OFFICER = "是否配备统战干事"


def coverage(
    unit: str = "松山区", *, second: str = OFFICER, quarter: str = "三", title: str = "统战委员配备情况表"
) -> bytes:
    """One township; the head of column F is a second 是否配备统战干事 unless another is given."""
    return excel(
        drawn(f"""
            | 2018年第{quarter}季度{title} |  |  |  |  |  |
            | 填报单位：{unit} |  |  |  |  |  |
            | 乡镇(街道) | 统战委员配备 | 是否进入党委班子 | 是否配备统战干事 | 行政村(嘎查)数 | {second} |
            | 穆家营子镇 | 专职 | 是 | 是 | 12 | 否 |
        """)
    )


def of_chifeng(folder: Path) -> Store:
    return small_store(folder, units=places("1504"))


@pytest.fixture
def store(store_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty store of one prefecture; the pages open the same one."""
    monkeypatch.setattr("huizong.store.register", lambda: places("1504"))
    store = open_store(copy_of(of_chifeng, store_dir))
    yield store
    store.close()
    speak("zh_CN")


def picker(app: AppTest, name: str):
    """The selectbox beside the sheet for a column (F) or for what is asked (填报单位)."""
    starts = (f"{name} ", f"**{name}** ")
    (box,) = [box for box in app.selectbox if box.label.startswith(starts)]
    return box


def choose(app: AppTest, picks: dict[str, str]) -> AppTest:
    for name, code in picks.items():
        picker(app, name).set_value(code)
        app.run()
        assert not app.exception
    return app


def show(app: AppTest, submission: str) -> AppTest:
    """As if its row had been selected."""
    app.session_state["chosen submission"] = submission
    app.run()
    assert not app.exception
    return app


def button(app: AppTest, label: str):
    return next(button for button in app.button if button.label == label)


def sheet(app: AppTest) -> str:
    """The HTML of the sheet that is shown."""
    (shown,) = [element.proto.body for element in app.get("html") if 'class="hz-sheet"' in element.proto.body]
    return shown


def answered(store: Store) -> list[dict]:
    with store.transaction(keep=False) as cursor:
        return [event.body for event in journal.read(cursor) if event.kind == "answered"]


def held(store: Store, submission: str) -> dict:
    return submissions.listed(store, id=submission).iloc[0].to_dict()


def captions(app: AppTest) -> list[str]:
    return [caption.value for caption in app.caption]


def locked(workbook: bytes, password: str = "秘密2018") -> bytes:
    """As Excel protects it."""
    content = BytesIO()
    OOXMLFile(BytesIO(workbook)).encrypt(password, content)
    return content.getvalue()


# ---- asking ----------------------------------------------------------------------------------------------------------


def test_the_sheet_is_shown_with_its_header_and_what_is_in_question_marked(store: Store) -> None:
    receive(store, coverage("某某旗委"))
    html = sheet(run("upload"))
    assert html.count(f'<td class="hz-asked" title="待确认">{OFFICER}</td>') == 2
    assert '<td class="hz-head" title="行政村(嘎查)数 → 行政村(嘎查)数">行政村(嘎查)数</td>' in html
    assert 'title="待确认">填报单位：某某旗委</td>' in html
    assert 'class="hz-asked-below hz-short">否</td>' in html
    assert '<td class="hz-number">12</td>' in html


def test_what_a_sheet_says_is_never_markdown(store: Store) -> None:
    receive(store, coverage("![甲](http://example.org/a.png)", second="[乙](http://example.org)"))
    app = run("upload")
    shown = [box.label for box in app.selectbox] + [text.value for text in app.markdown]
    assert sum("example" in text for text in shown) == 3
    assert not [text for text in shown if "](http" in text]


def test_every_column_is_listed_with_what_it_was_taken_for_and_how_sure(store: Store) -> None:
    receive(store, coverage())
    app = run("upload")
    listed = [text.value for text in app.markdown if "-badge[" in text.value]
    assert [text.rpartition("-badge[")[2].rstrip("]") for text in listed] == ["待确认"] * 2 + ["确定"] * 4
    assert [text[:5] for text in listed] == ["**D**", "**F**", "**A**", "**B**", "**C**", "**E**"]
    columns = [box for box in app.selectbox if box.label[1:2] == " "]
    assert [box.value for box in columns] == [
        None,
        None,
        "township_name",
        "committee_member",
        "in_leadership",
        "villages",
    ]
    assert columns[0].options[0] == OFFICER  # the likely item first
    assert columns[0].options[-1] == "不是本表的栏目"


def test_what_is_picked_is_kept_with_its_head_and_the_return_read_again(store: Store) -> None:
    (submission,) = receive(store, coverage("某某旗委"))
    app = run("upload")
    assert button(app, KEEP).disabled
    choose(app, {"填报单位": SONGSHAN, "D": "", "F": "officer"})
    press(app, KEEP)
    assert (held(store, submission)["unit"], held(store, submission)["questions"]) == (SONGSHAN, None)
    rows = submissions.rows(store, submission, "coverage")
    assert rows["officer"].tolist() == [False]  # of column F
    assert answered(store) == [
        {
            "unit": SONGSHAN,
            "columns": {"表1!D3": "", "表1!F3": "officer"},
            "heads": {"表1!D3": OFFICER, "表1!F3": OFFICER},
            "found": {"unit": "某某旗委"},
        }
    ]


def test_the_same_item_in_two_columns_is_not_kept(store: Store) -> None:
    receive(store, coverage())
    app = choose(run("upload"), {"D": "officer", "F": "officer"})
    assert button(app, KEEP).disabled
    assert any("选给了几个栏：D, F" in text for text in captions(app))
    choose(app, {"F": "in_leadership"})  # which column C is surely
    assert any("选给了几个栏：F, C" in text for text in captions(app))
    choose(app, {"F": ""})
    assert not button(app, KEEP).disabled


def test_the_history_asks_as_well(store: Store) -> None:
    (submission,) = receive(store, coverage("某某旗委", second="备注"))
    app = run("submissions")
    assert sheet(app)
    assert not app.success  # nothing has been checked yet
    press(choose(app, {"填报单位": SONGSHAN}), KEEP)
    assert held(store, submission)["unit"] == SONGSHAN


def test_another_form_asks_about_its_own_columns(store: Store) -> None:
    (submission,) = receive(store, coverage(title="统战机构人员配备情况表"))
    app = run("upload")
    assert picker(app, "报表").value is None
    choose(app, {"报表": "staffing"})
    assert any("没有这张报表的栏目" in text for text in captions(app))
    assert button(app, KEEP).disabled
    choose(app, {"报表": "coverage", "D": "officer", "F": ""})
    press(app, KEEP)
    assert (held(store, submission)["form"], held(store, submission)["questions"]) == ("coverage", None)
    assert answered(store)[0]["found"] == {"form": "统战机构人员配备情况表"}


def test_after_the_answer_the_same_return_is_shown(store: Store) -> None:
    first, second = receive(store, coverage("某某旗委"), coverage("某某区", second="备注"))
    app = show(run("upload"), second)
    assert "某某区" in picker(app, "填报单位").label
    choose(app, {"填报单位": LINXI})
    press(app, KEEP)  # it no longer stands where it stood: what is to be answered comes first
    assert submissions.listed(store).set_index("id").loc[[first, second], "status"].tolist() == ["unsure", "error"]
    assert app.session_state["shown submission"] == second
    assert any("林西县" in header.value for header in app.header)


def test_when_a_return_has_left_the_list_the_next_one_is_shown(store: Store) -> None:
    ids = receive(store, *[coverage(f"某某{n}区") for n in range(3)])
    waiting = store.ask("pending")["id"].tolist()
    app = show(run("upload"), waiting[1])
    decisions.send_back(store, waiting[1], who="test", reason="单位不明")
    app.run()
    assert sorted(ids) == sorted(waiting)
    assert app.session_state["shown submission"] == waiting[2]


# ---- the next time ---------------------------------------------------------------------------------------------------


def test_an_answer_is_offered_next_time_and_never_applied_by_itself(store: Store) -> None:
    (first,) = receive(store, coverage(quarter="二"))
    decisions.answer(store, first, who="test", columns={"表1!D3": "officer", "表1!F3": ""})
    (second,) = receive(store, coverage())
    assert held(store, second)["status"] == "unsure"
    app = show(run("upload"), second)
    assert (picker(app, "D").value, picker(app, "F").value) == ("officer", "")
    told = [text for text in captions(app) if "上次" in text]
    assert told == [f"🕘 上次（赤峰市松山区 2018年第二季度）选了：{answer}" for answer in (OFFICER, "不是本表的栏目")]


def test_a_unit_that_was_named_so_before_is_offered(store: Store) -> None:
    (first,) = receive(store, coverage("某某旗委", quarter="二", second="备注"))
    decisions.answer(store, first, who="test", unit=SONGSHAN)
    (second,) = receive(store, coverage("某某旗委", second="备注"))
    app = show(run("upload"), second)
    assert picker(app, "填报单位").value == SONGSHAN
    assert held(store, second)["unit"] is None
    press(app, KEEP)
    assert held(store, second)["unit"] == SONGSHAN


def test_another_answer_than_the_offered_one_stays_picked(store: Store) -> None:
    (first,) = receive(store, coverage("某某旗委", quarter="二", second="备注"))
    decisions.answer(store, first, who="test", unit=SONGSHAN)
    (second,) = receive(store, coverage("某某旗委", second="备注"))
    app = show(run("upload"), second)
    choose(app, {"填报单位": LINXI})
    app.run()
    assert picker(app, "填报单位").value == LINXI


def test_answers_that_were_kept_without_heads_are_no_obstacle(store: Store) -> None:
    (first,) = receive(store, coverage("某某旗委", quarter="二"))
    with store.transaction() as cursor:
        body = {"unit": SONGSHAN, "columns": {"表1!D3": "officer", "表1!F3": ""}}
        decisions.apply(store, cursor, journal.append(cursor, "test", [("answered", first, body)]))
    receive(store, coverage("某某旗委"))
    app = run("upload")
    assert not [text for text in captions(app) if "上次" in text]


# ---- read wrongly ----------------------------------------------------------------------------------------------------


def open_columns(app: AppTest, submission: str) -> AppTest:
    app.session_state[f"columns of {submission}"] = True
    app.run()
    assert not app.exception
    return app


def test_a_column_that_was_read_wrongly_is_corrected(store: Store) -> None:
    (submission,) = receive(store, coverage(second="社区(居委会)数"))
    app = run("upload")
    assert not [box for box in app.selectbox if box.label.startswith("F ")]  # nothing is read again until it is wanted
    open_columns(app, submission)
    assert button(app, CORRECT).disabled
    choose(app, {"E": "communities", "F": "villages"})
    press(app, CORRECT)
    assert answered(store) == [
        {
            "columns": {"表1!E3": "communities", "表1!F3": "villages"},
            "heads": {"表1!E3": "行政村(嘎查)数", "表1!F3": "社区(居委会)数"},
        }
    ]
    places = dict(store.run("SELECT item, place FROM located"))
    assert (places["communities"], places["villages"]) == ("E", "F")


def test_an_accepted_return_offers_no_correction_of_its_columns(store: Store) -> None:
    (submission,) = receive(store, coverage(second="备注"))
    store.run("UPDATE submission SET status = 'accepted', accepted_at = now()::TIMESTAMP")
    app = run("submissions")
    assert held(store, submission)["status"] == "accepted"
    assert not [expander for expander in app.expander if "表头对应有误" in expander.label]


def test_sheets_alike_are_answered_once(store: Store) -> None:
    pages = []
    for n, name in enumerate(("穆家营子镇", "初头朗镇")):
        pages.append(
            drawn(
                f"""
                | 2018年第三季度统战委员配备情况表 |  |  |  |  |
                | 填报单位：松山区{name} |  |  |  |  |
                | 乡镇(街道) | 统战委员配备 | {OFFICER} | 行政村(嘎查)数 | {OFFICER} |
                | {name} | 专职 | 是 | {10 + n} | 否 |
                """,
                name=name,
            )
        )
    (submission,) = receive(store, excel(*pages))
    app = run("upload")
    assert len([box for box in app.selectbox if box.label.startswith(("C ", "E "))]) == 2
    choose(app, {"C": "officer", "E": ""})
    press(app, KEEP)
    assert json.dumps(answered(store)[0]["columns"], ensure_ascii=False).count("!") == 4
    assert held(store, submission)["n_rows"] == 2


# ---- passwords -------------------------------------------------------------------------------------------------------


def test_a_password_is_asked_for_beneath_its_file_and_forgotten(store: Store) -> None:
    app = run("upload")
    app.file_uploader[0].set_value([("密.xlsx", locked(coverage(second="备注")), XLSX)])
    app.run()
    for password, waiting in (("不对", 0), ("秘密2018", 1)):
        (field,) = [field for field in app.text_input if "密" in field.label]
        assert not field.value
        field.set_value(password)
        press(app, "打开")
        assert bool(app.error) is not bool(waiting)
        assert len(submissions.listed(store)) == waiting
        assert password not in repr(app.session_state)
    assert not [field for field in app.text_input if "密" in field.label]
    assert held(store, submissions.listed(store)["id"][0])["filename"] == "密.xlsx"
