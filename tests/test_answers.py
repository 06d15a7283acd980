"""Answers to what sheets leave unclear: from a file, on the command line; and the passwords of protected workbooks."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from stores import LINXI, SONGSHAN, contents, files_in, places, send, small_store, submitted
from test_questions import OFFICER, coverage, locked
from workbooks import drawn, excel, make_workbook, office

from huizong import answers, cli, decisions, derive, intake, journal, submissions
from huizong.answers import BadAnswers, read_answers
from huizong.forms import all_forms
from huizong.sheet import Unreadable
from huizong.store import Store, open_store

Run = Callable[..., tuple[int, dict]]
SHEET = "表1"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """run("check", file) → exit status and the JSON on stdout, or what stderr says when there is none."""
    monkeypatch.setattr("huizong.store.register", lambda: places("1504"))
    monkeypatch.delenv("HUIZONG_PASSWORD", raising=False)

    def call(*arguments: object) -> tuple[int, dict]:
        open_store.cache_clear()
        status = cli.main([*map(str, arguments), "--json"])
        printed = capsys.readouterr()
        return status, json.loads(printed.out) if printed.out else {"said": printed.err}

    yield call
    open_store.cache_clear()


def written(path: Path, content: bytes | dict) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode())
    return path


def answer_file(folder: Path, file: str, *questions: dict, **more: object) -> Path:
    return written(folder / "答复.json", {"files": [{"file": file, "questions": list(questions), **more}]})


UNIT = {"ask": "unit", "answer": SONGSHAN}
D = {"ask": "column", "sheet": SHEET, "cell": "D3", "answer": "officer"}
F = {"ask": "column", "sheet": SHEET, "cell": "F3", "answer": ""}


# ---- check -----------------------------------------------------------------------------------------------------------


def test_what_check_prints_becomes_the_answers(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "甲.xlsx", coverage("某某旗委"))
    status, asked = run("check", path)
    assert status == 0  # a question is no error
    (entry,) = asked["files"]
    assert (entry["status"], entry["return"]) == ("unsure", 1)
    assert [(q["ask"], q["sheet"], q["cell"], q["found"]) for q in entry["questions"]] == [
        ("unit", SHEET, "A2", "某某旗委"), ("column", SHEET, "D3", OFFICER), ("column", SHEET, "F3", OFFICER),
    ]  # fmt: skip
    for question, answer in zip(entry["questions"], [SONGSHAN, "", "officer"], strict=True):
        question["answer"] = answer
    status, answered = run("check", path, "--answers", written(tmp_path / "答复.json", asked))
    (entry,) = answered["files"]
    assert (entry["status"], entry["unit"], entry["questions"]) == ("error", SONGSHAN, [])
    assert status == 1  # columns are missing, which could not be told before
    assert {value["cell"]: value["value"] for value in entry["values"] if value["item"] == "officer"} == {
        "表1!F4": False
    }


def test_a_bare_file_name_and_a_byte_order_mark_will_do(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "甲.xlsx", coverage("某某旗委", second="备注"))
    given = answer_file(tmp_path, "甲.xlsx", UNIT)
    given.write_bytes(b"\xef\xbb\xbf" + given.read_bytes())
    _, answered = run("check", path, "--answers", given)
    assert answered["files"][0]["unit"] == SONGSHAN


def test_files_of_the_same_name_in_other_folders_are_told_apart(run: Run, tmp_path: Path) -> None:
    paths = []
    for name in ("一", "二"):
        (tmp_path / name).mkdir()
        paths.append(written(tmp_path / name / "甲.xlsx", coverage("某某旗委", second="备注")))
    _, answered = run("check", *paths, "--answers", answer_file(tmp_path, str(paths[1]), UNIT))
    assert [entry["unit"] for entry in answered["files"]] == [None, SONGSHAN]


def test_some_answers_leave_the_rest_unsure(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "甲.xlsx", coverage("某某旗委"))
    status, answered = run("check", path, "--answers", answer_file(tmp_path, "甲.xlsx", UNIT, D | {"answer": None}))
    (entry,) = answered["files"]
    assert (status, entry["status"]) == (0, "unsure")
    assert [question["ask"] for question in entry["questions"]] == ["column", "column"]


def test_each_return_of_a_file_has_its_own_answers(run: Run, tmp_path: Path) -> None:
    page = """
        | 2018年第三季度统战委员配备情况表 |  |  |
        | 填报单位：{} |  |  |
        | 乡镇(街道) | 统战委员配备 | 行政村(嘎查)数 |
        | {} | 专职 | 3 |
    """
    sheets = [drawn(page.format("某旗", "穆家营子镇"), name="甲"), drawn(page.format("某县", "林西镇"), name="乙")]
    path = written(tmp_path / "两份.xlsx", excel(*sheets))
    given = {"files": [
        {"file": "两份.xlsx", "return": 2, "questions": [{"ask": "unit", "answer": LINXI}]},
        {"file": "两份.xlsx", "questions": [{"ask": "unit", "answer": SONGSHAN}]},
    ]}  # fmt: skip
    _, answered = run("check", path, "--answers", written(tmp_path / "答复.json", given))
    assert [(entry["return"], entry["unit"], entry["sheets"]) for entry in answered["files"]] == [
        (1, SONGSHAN, ["甲"]), (2, LINXI, ["乙"]),
    ]  # fmt: skip


def test_a_form_that_is_answered_asks_on(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "甲.xlsx", coverage(title="统战机构人员配备情况表"))
    form = {"ask": "form", "answer": "coverage"}
    _, answered = run("check", path, "--answers", answer_file(tmp_path, "甲.xlsx", F, D, form))
    assert [(entry["form"], entry["questions"]) for entry in answered["files"]] == [("coverage", [])]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (UNIT | {"answer": "999999"}, "999999"),
        ({"ask": "period", "answer": "2018年"}, "2018-Q3"),
        ({"ask": "period", "answer": "2018"}, "quarter"),
        (D | {"answer": "no_such_item"}, "committee_member"),
        (D | {"cell": "E3"}, "表1!E3"),
        (D | {"sheet": "别的表"}, "别的表!D3"),
        ({"ask": "form", "answer": "coverage"}, "form"),
        ({"ask": "colour", "answer": "blue"}, "colour"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(run: Run, tmp_path: Path, question: dict, words: str) -> None:
    path = written(tmp_path / "甲.xlsx", coverage("某某旗委", quarter="三" if question["ask"] != "period" else "几"))
    status, told = run("check", path, "--answers", answer_file(tmp_path, "甲.xlsx", question))
    assert status == 2
    assert "甲.xlsx" in told["said"]
    assert words in told["said"]


def test_an_answer_for_no_file_or_no_return_is_refused(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "甲.xlsx", coverage("某某旗委"))
    for given in (answer_file(tmp_path, "乙.xlsx", UNIT), answer_file(tmp_path, "甲.xlsx", UNIT, **{"return": 2})):
        status, told = run("check", path, "--answers", given)
        assert (status, SONGSHAN in told["said"]) == (2, True)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": [1]}', '{"files": [{"questions": [{"answer": 1}]}]}', "{"])
def test_a_file_of_answers_has_its_shape(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "答复.json", text.encode())
    with pytest.raises(BadAnswers, match=r'"files"'):
        read_answers(path, all_forms(), places("1504"))


def test_a_file_of_answers_that_is_not_there(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "甲.xlsx", coverage())
    assert run("check", path, "--answers", tmp_path / "没有.json")[0] == 2


# ---- load ------------------------------------------------------------------------------------------------------------


def test_load_keeps_the_answers_as_events(run: Run, tmp_path: Path) -> None:
    path = written(
        tmp_path / "甲.xlsx", make_workbook("staffing", [office("区委统战部")], unit="某某旗委", period="2018-Q3")
    )
    status, answer = run("load", path, "--accept", "--answers", answer_file(tmp_path, "甲.xlsx", UNIT))
    assert status == 0
    ((returned,),) = [entry["returns"] for entry in answer["files"]]
    assert (returned["unit"], returned["status"]) == (SONGSHAN, "accepted")
    with open_store().transaction(keep=False) as cursor:
        events = list(journal.read(cursor))
    assert [event.kind for event in events] == ["received", "answered", "accepted"]
    assert events[1].body == {"unit": SONGSHAN, "found": {"unit": "某某旗委"}}


def test_load_says_which_answers_nobody_asked_for(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "甲.xlsx", coverage("某某旗委"))
    status, told = run("load", path, "--answers", answer_file(tmp_path, "甲.xlsx", UNIT, D | {"cell": "C3"}))
    assert (status, "表1!C3" in told["said"]) == (2, True)


# ---- on record -------------------------------------------------------------------------------------------------------


def test_a_rebuild_answers_again(store: Store) -> None:
    submission = submitted(store, coverage("某某旗委"))
    decisions.answer(store, submission, who="test", unit=SONGSHAN)
    decisions.answer(store, submission, who="test", columns={"表1!D3": "", "表1!F3": "officer"})
    before = contents(store)
    derive.rebuild(store)
    assert contents(store) == before
    assert answers.said_of(store, submission)["columns"] == {"表1!D3": "", "表1!F3": "officer"}


def test_two_columns_said_to_be_one_item_are_asked_again(store: Store) -> None:
    submission = submitted(store, coverage())
    decisions.answer(store, submission, who="test", columns={"表1!D3": "officer", "表1!F3": "officer"})
    number, form, questions = answers.asked_about(store, submission)
    assert (number, form.code) == (0, "coverage")
    assert [(question.ask, question.cell, question.candidates) for question in questions] == [
        ("column", "D3", ["officer"]), ("column", "F3", ["officer"]),
    ]  # fmt: skip
    assert submissions.states(store, [submission])[submission]["n_rows"] == 0


# ---- passwords -------------------------------------------------------------------------------------------------------


STAFF = make_workbook("staffing", [office("区委统战部")], unit="松山区", period="2018-Q3")
PERSONAL = excel(drawn("| 联系电话 | 13800138000 |"))


def test_a_protected_workbook_is_taken_in_without_its_password(store: Store) -> None:
    (receipt,) = send(store, locked(STAFF))
    assert (receipt.outcome, bool(receipt.locked)) == ("unreadable", True)
    with pytest.raises(Unreadable, match="wrong_password"):
        intake.receive_unlocked(store, receipt, "不对", who="test")
    opened = intake.receive_unlocked(store, receipt, "秘密2018", who="test")
    assert (opened.outcome, opened.filename, opened.locked) == ("received", "1.xlsx", "")
    assert submissions.states(store, opened.submissions)[opened.submissions[0]]["status"] == "clean"
    with store.transaction(keep=False) as cursor:
        events = [event for event in journal.read(cursor) if event.kind == "received"]
    assert [(event.body.get("reason"), event.body.get("unlocked")) for event in events] == [
        ("password", None),
        (None, True),
    ]
    before = contents(store)
    derive.rebuild(store)
    assert contents(store) == before


def test_the_password_is_kept_nowhere(store: Store, store_dir: Path) -> None:
    (receipt,) = send(store, locked(STAFF))
    intake.receive_unlocked(store, receipt, "秘密2018", who="test")
    store.close()
    assert not [path for path in files_in(store_dir) if "秘密2018".encode() in path.read_bytes()]


def test_personal_data_behind_a_password_are_not_kept_either(store: Store, store_dir: Path) -> None:
    (receipt,) = send(store, locked(PERSONAL))
    assert intake.receive_unlocked(store, receipt, "秘密2018", who="test").outcome == "refused"
    assert files_in(store_dir / "originals") == []


def test_the_same_workbook_with_and_without_a_password_is_one(store: Store) -> None:
    submitted(store, STAFF)
    (receipt,) = send(store, locked(STAFF))
    assert intake.receive_unlocked(store, receipt, "秘密2018", who="test").outcome == "already"


@pytest.mark.parametrize("command", ["check", "load"])
def test_a_password_from_a_file_or_the_environment(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    path = written(tmp_path / "锁.xlsx", locked(STAFF))

    def outcome(*options: object) -> str:
        entry = run(command, path, *options)[1]["files"][0]
        return entry["status"] if command == "check" else entry["outcome"]

    assert outcome() == "unreadable"
    assert outcome("--password-file", written(tmp_path / "错.txt", "不对\n".encode())) == "unreadable"
    monkeypatch.setenv("HUIZONG_PASSWORD", "秘密2018")
    assert outcome() in ("clean", "received")
    monkeypatch.delenv("HUIZONG_PASSWORD")
    words = written(tmp_path / "对.txt", "\ufeff不对\r\n秘密2018\r\n".encode())
    assert outcome("--password-file", words) in ("clean", "already")


def test_a_protected_workbook_is_marked_up_without_its_password(run: Run, tmp_path: Path) -> None:
    path, out = written(tmp_path / "锁.xlsx", locked(STAFF)), tmp_path / "审核.xlsx"
    words = written(tmp_path / "对.txt", "不对\n秘密2018\n".encode())
    status, answer = run("markup", path, "-o", out, "--password-file", words)
    assert (status, answer["files"][0]["file"], answer["files"][0]["status"]) == (0, str(path), "clean")
    assert openpyxl.load_workbook(out).sheetnames[-1] == openpyxl.load_workbook(BytesIO(STAFF)).sheetnames[-1]
    out.unlink()
    status, answer = run("markup", path, "-o", out, "--password-file", written(tmp_path / "错.txt", b"x"))
    assert (status, answer["output"], out.exists()) == (1, None, False)
    assert "密码不正确" in answer["files"][0]["findings"][0]["message"]


def test_a_watched_folder_opens_protected_workbooks(run: Run, tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "收件"
    folder.mkdir()
    written(folder / "锁.xlsx", locked(STAFF))
    words = written(tmp_path / "对.txt", "秘密2018".encode())
    run("watch", folder, "--once", "--every", "0.01", "--password-file", words)
    assert submissions.listed(store)["status"].tolist() == ["clean"]


def test_a_protected_workbook_keeps_the_day_on_which_it_came(store: Store) -> None:
    files = [("1.xlsx", locked(STAFF))]
    (receipt,) = intake.receive(store, files, who="统计员", received_on=date(2018, 10, 12))
    intake.receive_unlocked(store, receipt, "秘密2018", who="统计员")
    assert submissions.listed(store)["received_on"].iloc[0].date() == date(2018, 10, 12)


def test_a_wrong_password_is_said_to_be_wrong(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "锁.xlsx", locked(STAFF))
    status, answer = run("check", path, "--password-file", written(tmp_path / "错.txt", "不对".encode()))
    assert status == 1
    assert "密码不正确" in answer["files"][0]["findings"][0]["message"]


def test_on_a_terminal_the_password_is_asked_for_once(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or "秘密2018")
    paths = [written(tmp_path / f"{n}.xlsx", locked(STAFF)) for n in range(2)]
    _, answer = run("check", *paths, written(tmp_path / "明.xlsx", STAFF))
    assert [entry["status"] for entry in answer["files"]] == ["clean"] * 3
    assert len(asked) == 1


def test_a_store_in_memory_checks_protected_workbooks_too(tmp_path: Path) -> None:
    path = written(tmp_path / "锁.xlsx", locked(STAFF))
    (found,) = intake.check(small_store(None), [path], passwords=lambda: ["秘密2018"])
    assert found.status == "clean"
