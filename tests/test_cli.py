"""python -m huizong: what each command prints, writes and returns."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import hostile
import pytest
from stores import LINXI, SONGSHAN, places
from workbooks import make_workbook, office, return_sheet, township

from huizong import cli
from huizong.forms import all_forms
from huizong.store import open_store
from huizong.templates import returns_workbook

ROOT = Path(__file__).parent.parent
STAFF = make_workbook(
    "staffing",
    [office("区委统战部", 3, women=1), office("穆家营子镇", 2, women=None, operating_funds=None)],
    unit="松山区",
    period="2018-Q3",
)
WRONG = make_workbook("staffing", [office("区委统战部", 3, women=9)], unit="松山区", period="2018-Q3")
SHEET = "统战机构人员配备情况表"

Run = Callable[..., tuple[int, dict]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """run("check", file) → exit status and the JSON on stdout; every call is a process of its own as to the store."""
    monkeypatch.setattr(
        "huizong.store.register", lambda: places("1504")
    )  # of one prefecture: opened in a tenth of the time

    def call(*arguments: object) -> tuple[int, dict]:
        open_store.cache_clear()
        status = cli.main([*map(str, arguments), "--json"])
        return status, json.loads(capsys.readouterr().out)

    yield call
    open_store.cache_clear()


def written(folder: Path, **files: bytes) -> list[Path]:
    for name, content in files.items():
        (folder / f"{name}.xlsx").write_bytes(content)
    return [folder / f"{name}.xlsx" for name in files]


# ---- check -----------------------------------------------------------------------------------------------------------


def test_check_tells_form_unit_period_values_and_findings(run: Run, tmp_path: Path) -> None:
    (path,) = written(tmp_path, 报表=STAFF)
    status, answer = run("check", path)
    assert status == 0
    (entry,) = answer["files"]
    assert {key: entry[key] for key in ("file", "form", "unit", "period", "status", "rows")} == {
        "file": str(path),
        "form": "staffing",
        "unit": SONGSHAN,
        "period": "2018-Q3",
        "status": "query",
        "rows": 2,
    }
    values = {(value["row"], value["item"]): value for value in entry["values"]}
    assert len(values) == len(entry["values"]) == 2 * len(all_forms()["staffing"].items)
    assert values[5, "women"] == {
        "row": 5, "unit": SONGSHAN, "label": "区委统战部", "item": "women", "value": 1, "cell": f"{SHEET}!H5",
    }  # fmt: skip
    assert values[6, "staff_in_post"]["unit"] == "150404100"
    assert values[6, "women"]["value"] is None
    assert values[5, "operating_funds"]["value"] == 1.5
    (finding,) = [finding for finding in entry["findings"] if finding["severity"] == "query"]
    assert {key: finding[key] for key in ("severity", "rule", "sheet", "cells", "item", "found")} == {
        "severity": "query", "rule": "blank", "sheet": SHEET, "cells": ["H6"], "item": "women", "found": "",
    }  # fmt: skip
    assert "女性" in finding["message"]
    assert finding["remedy"]


def test_check_has_the_keys_that_were_agreed(run: Run, tmp_path: Path) -> None:
    _, answer = run("check", *written(tmp_path, 报表=WRONG))
    assert set(answer) == {"files"}
    (entry,) = answer["files"]
    assert {"file", "form", "unit", "period", "status", "rows", "values", "findings"} <= set(entry)
    assert {"row", "unit", "label", "item", "value", "cell"} <= set(entry["values"][0])
    assert {"severity", "rule", "sheet", "cells", "item", "found", "message"} <= set(entry["findings"][0])


def test_a_code_is_told_in_the_words_of_the_form(run: Run, tmp_path: Path) -> None:
    workbook = make_workbook("coverage", [township("穆家营子镇")], unit="松山区", period="2018-Q3")
    _, answer = run("check", *written(tmp_path, 报表=workbook))
    values = {value["item"]: value for value in answer["files"][0]["values"]}
    assert (values["committee_member"]["value"], values["committee_member"]["code"]) == ("专职", "full_time")
    assert values["officer"]["value"] is True
    assert (values["township_name"]["unit"], values["township_name"]["label"]) == ("150404100", "穆家营子镇")


def test_check_exits_with_1_when_there_are_errors(run: Run, tmp_path: Path) -> None:
    status, answer = run("check", *written(tmp_path, 对=STAFF, 错=WRONG))
    assert status == 1
    assert [entry["status"] for entry in answer["files"]] == ["query", "error"]
    (error,) = [f for f in answer["files"][1]["findings"] if f["severity"] == "error"]
    assert (error["rule"], sorted(error["cells"])) == ("women_within_staff", ["D5", "H5"])


def test_check_of_files_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    paths = written(tmp_path, 空=b"", 文=hostile.word_document(), 密=hostile.with_a_password(), 坏=STAFF[:500])
    status, answer = run("check", *paths, tmp_path / "没有.xlsx")
    assert status == 1
    assert [entry["status"] for entry in answer["files"]] == ["unreadable"] * 5
    assert [(entry["form"], entry["rows"], entry["values"]) for entry in answer["files"]] == [(None, 0, [])] * 5
    messages = [entry["findings"][0]["message"] for entry in answer["files"]]
    assert len(set(messages)) == 5
    assert all(messages)


def test_each_form_of_a_workbook_has_its_own_entry(run: Run, tmp_path: Path) -> None:
    pages = [
        return_sheet("staffing", [office("区委统战部")], unit="松山区", period="2018-Q3", name="人员"),
        return_sheet("coverage", [township("穆家营子镇")], unit="松山区", period="2018-Q3", name="委员"),
    ]
    _, answer = run("check", *written(tmp_path, 全部=returns_workbook(pages)))
    assert [(entry["form"], entry["rows"]) for entry in answer["files"]] == [("staffing", 1), ("coverage", 1)]
    assert answer["files"][0]["file"] == answer["files"][1]["file"]


def test_what_is_unclear_is_asked(run: Run, tmp_path: Path) -> None:
    unclear = make_workbook("staffing", [office("区委统战部")], unit="", period="2018-Q3", lines=[])
    status, answer = run("check", *written(tmp_path, 报表=unclear))
    (entry,) = answer["files"]
    assert (entry["status"], entry["unit"], entry["rows"]) == ("unsure", None, 0)
    assert [question["ask"] for question in entry["questions"]] == ["unit"]
    assert status == 0


def test_check_keeps_nothing(run: Run, tmp_path: Path, store_dir: Path) -> None:
    run("check", *written(tmp_path, 报表=STAFF))
    assert not store_dir.exists()


def test_check_knows_the_period_before(run: Run, tmp_path: Path) -> None:
    before = make_workbook("staffing", [office("区委统战部", 3)], unit="松山区", period="2018-Q2")
    now = make_workbook("staffing", [office("区委统战部", 8)], unit="松山区", period="2018-Q3")
    first, second = written(tmp_path, 前=before, 今=now)
    run("load", first, "--accept")
    _, answer = run("check", second)
    assert [finding["rule"] for finding in answer["files"][0]["findings"]] == ["staff_jump"]


# ---- load ------------------------------------------------------------------------------------------------------------


def test_load_takes_files_and_folders(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "上报"
    (folder / "林西").mkdir(parents=True)
    other = make_workbook("staffing", [office("县委统战部", 4)], unit="林西县", period="2018-Q3")
    (single,) = written(tmp_path, 单=STAFF)
    written(folder / "林西", 县=other)
    written(folder, 错=WRONG)
    (folder / "~$错.xlsx").write_bytes(b"locked")
    (folder / "说明.txt").write_text("示例", encoding="utf-8")
    status, answer = run("load", single, folder, "--accept")
    assert status == 1
    found = {Path(entry["file"]).name: entry for entry in answer["files"]}
    assert found.pop("说明.txt")["outcome"] == "unreadable"
    assert [entry["outcome"] for entry in found.values()] == ["received"] * 3
    states = {name: [one["status"] for one in entry["returns"]] for name, entry in found.items()}
    assert states == {"单.xlsx": ["query"], "县.xlsx": ["accepted"], "错.xlsx": ["error"]}


def test_load_without_accept_accepts_nothing(run: Run, tmp_path: Path) -> None:
    clean = make_workbook("staffing", [office("区委统战部")], unit="松山区", period="2018-Q3")
    status, answer = run("load", *written(tmp_path, 报表=clean))
    assert status == 0
    ((returned,),) = [entry["returns"] for entry in answer["files"]]
    assert (returned["form"], returned["unit"], returned["period"], returned["status"]) == (
        "staffing", SONGSHAN, "2018-Q3", "clean",
    )  # fmt: skip


def test_load_says_when_the_files_came(run: Run, tmp_path: Path) -> None:
    clean = make_workbook("staffing", [office("区委统战部")], unit="松山区", period="2018-Q3")
    paths = written(tmp_path, 报表=clean)
    assert cli.main(["load", *map(str, paths), "--received-on", "2999-01-01"]) == 2
    run("load", *paths, "--received-on", "2018-10-12")
    store = open_store()
    assert store.run("SELECT received_on FROM submission") == [(date(2018, 10, 12),)]
    store.close()


def test_load_again_and_a_bad_file(run: Run, tmp_path: Path) -> None:
    paths = written(tmp_path, 报表=STAFF, 坏=b"rubbish")
    run("load", paths[0])
    status, answer = run("load", *paths)
    assert status == 1
    assert [entry["outcome"] for entry in answer["files"]] == ["already", "unreadable"]
    assert all(entry["message"] for entry in answer["files"])


# ---- figure ----------------------------------------------------------------------------------------------------------


def test_figure_has_its_terms_down_to_the_cell(run: Run, tmp_path: Path) -> None:
    clean = make_workbook("staffing", [office("区委统战部", 4, women=1)], unit="松山区", period="2018-Q3")
    run("load", *written(tmp_path, 松山=clean), "--accept")
    status, answer = run("figure", "women_share", "--unit", "1504", "--period", "2018-Q3")
    assert status == 0
    assert {key: answer[key] for key in ("numerator", "denominator", "value", "n_reporting")} == {
        "numerator": 1,
        "denominator": 4,
        "value": 0.25,
        "n_reporting": 1,
    }
    assert answer["n_expected"] == 12
    assert len(answer["missing_units"]) == 11
    assert LINXI in answer["missing_units"]
    assert [(t["unit"], t["value"], t["file"], t["sheet"], t["cell"]) for t in answer["terms"]] == [
        (SONGSHAN, 1, "松山.xlsx", SHEET, "H5"),
        (SONGSHAN, 4, "松山.xlsx", SHEET, "D5"),
    ]


def test_a_missing_figure_is_null_and_not_zero(run: Run, tmp_path: Path) -> None:
    run("load", *written(tmp_path, 报表=STAFF))
    status, answer = run("figure", "women_share", "--unit", SONGSHAN, "--period", "2018-Q3")
    assert status == 0
    assert [answer[key] for key in ("numerator", "denominator", "value", "n_reporting", "n_expected")] == [None] * 3 + [
        0,
        1,
    ]
    assert answer["terms"] == []


def test_a_zero_padded_code_is_taken(run: Run, tmp_path: Path) -> None:
    run("load", *written(tmp_path, 报表=STAFF))
    assert run("figure", "women_share", "--unit", "150404000000", "--period", "2018-Q3")[1]["unit"] == SONGSHAN


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (["figure", "no_such", "--unit", "1504", "--period", "2018-Q3"], "women_share"),
        (["figure", "women_share", "--unit", "1599", "--period", "2018-Q3"], "1504"),
        (["figure", "women_share", "--unit", "1504", "--period", "2018第五季度"], "2018-Q3"),
        (["template", "no_such", "--unit", SONGSHAN, "--period", "2018-Q3", "-o", "x.xlsx"], "staffing"),
        (["load", "没有.xlsx"], "没有.xlsx"),
    ],
)
def test_a_call_that_cannot_be_carried_out_says_what_can(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], call: list[str], told: str
) -> None:
    run("load", *written(tmp_path, 报表=STAFF))
    assert cli.main(call) == 2
    assert told in capsys.readouterr().err


# ---- the rest --------------------------------------------------------------------------------------------------------


def test_a_template_comes_back_as_the_return_it_is_for(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "空表.xlsx"
    status, answer = run("template", "coverage", "--unit", SONGSHAN, "--period", "2018-Q3", "-o", path)
    assert (status, answer["file"], answer["form"]) == (0, str(path), "coverage")
    _, answer = run("check", path)
    (entry,) = answer["files"]
    assert (entry["form"], entry["unit"], entry["period"]) == ("coverage", SONGSHAN, "2018-Q3")
    assert entry["status"] == "error"  # nothing is filled in yet


def test_forms_and_indicators_are_listed(run: Run) -> None:
    _, answer = run("forms")
    assert [form["form"] for form in answer["forms"]] == list(all_forms())
    assert {"form", "title", "frequency", "items", "rules", "indicators"} <= set(answer["forms"][0])
    _, answer = run("indicators")
    assert [indicator["indicator"] for indicator in answer["indicators"]] == list(all_forms().indicators)
    assert {"indicator", "form", "label", "unit", "definition"} <= set(answer["indicators"][0])


def test_rebuild_and_reset(run: Run, tmp_path: Path) -> None:
    clean = make_workbook("staffing", [office("区委统战部", 4)], unit="松山区", period="2018-Q3")
    run("load", *written(tmp_path, 报表=clean), "--accept")
    before = run("figure", "women_share", "--unit", SONGSHAN, "--period", "2018-Q3")
    assert run("rebuild") == (0, {"events": 2})
    assert run("figure", "women_share", "--unit", SONGSHAN, "--period", "2018-Q3") == before
    assert run("reset")[0] == 0
    assert run("figure", "women_share", "--unit", SONGSHAN, "--period", "2018-Q3")[1]["value"] is None


def test_the_store_is_chosen_before_or_after_the_command(run: Run, tmp_path: Path, store_dir: Path) -> None:
    (path,) = written(tmp_path, 报表=STAFF)
    run("load", path, "--store", tmp_path / "一")
    run("--store", tmp_path / "二", "load", path)
    assert (tmp_path / "一" / "huizong.duckdb").exists()
    assert (tmp_path / "二" / "huizong.duckdb").exists()
    assert not store_dir.exists()


def test_it_speaks_to_people_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", *map(str, written(tmp_path, 报表=WRONG))]) == 1
    said = capsys.readouterr().out
    assert "松山区" in said
    assert f"{SHEET}!H5、D5" in said
    assert cli.main(["--language", "en", "check", str(tmp_path / "报表.xlsx")]) == 1
    assert "women" in capsys.readouterr().out
    cli.main(["forms"])  # speaks Chinese again
    assert SHEET in capsys.readouterr().out


def test_as_a_process_of_its_own(tmp_path: Path) -> None:
    (path,) = written(tmp_path, 报表=WRONG)
    done = subprocess.run(
        [sys.executable, "-m", "huizong", "check", str(path), "--json"], cwd=ROOT, capture_output=True, timeout=60
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["files"][0]["status"] == "error"
    assert done.stderr == b""


@pytest.mark.parametrize("call", [[], ["unknown"], ["figure", "women_share"], ["check"]])
def test_a_call_that_is_none(call: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        cli.main(call)
    assert refusal.value.code == 2
    assert "usage" in capsys.readouterr().err
