"""A backup is whole or says that it is not, can be made while others work, and gives every figure back."""

import errno
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from stores import LINXI, SONGSHAN, accepted, contents, files_in, send, small_store, submitted
from workbooks import make_workbook, office

from huizong import backup, decisions, journal
from huizong.backup import BadBackup, StoreNotEmpty, back_up, restore_from, verify_backup
from huizong.cli import main
from huizong.indicators import figures
from huizong.periods import Period
from huizong.store import Store
from huizong.verify import verify_store

EVENTS = 12  # of `past`


def staffing(staff: int = 3, unit: str = "松山区", period: str = "2018-Q3") -> bytes:
    name = "县委统战部" if unit.endswith("县") else "区委统战部"
    return make_workbook("staffing", [office(name, staff)], unit=unit, period=period)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with returns of several forms, a revision, a withdrawal and a target."""
    store = small_store(tmp_path_factory.mktemp("past"))
    accepted(store, staffing())
    accepted(store, staffing(5))
    accepted(store, staffing(4, "林西县"))
    decisions.withdraw(store, accepted(store, staffing(2, "邕宁区")), who="统计员", reason="误报")
    rows = [{"channel": "website", "submitted": 5, "adopted": 1}]
    accepted(store, make_workbook("publicity", rows, unit="松山区", period="2018-09"))
    decisions.set_target(store, "target_fulfilment", SONGSHAN, "2018", 100, who="统计员")
    store.close()
    return store.folder


@pytest.fixture
def lived(past: Path, store_dir: Path) -> Iterator[Store]:
    shutil.copytree(past, store_dir)
    store = small_store(store_dir)
    yield store
    store.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Store]:
    store = small_store(tmp_path / "elsewhere")
    yield store
    store.close()


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def all_figures(store: Store) -> pd.DataFrame:
    """Every indicator of two regions and two periods."""
    periods = [Period.of("2018-Q3"), Period.of("2018")]
    return pd.concat(figures(store, list(store.forms.indicators), unit, periods) for unit in (SONGSHAN, "15"))


# ---- there and back --------------------------------------------------------------------------------------------------


def test_every_figure_comes_back(lived: Store, elsewhere: Store, dest: Path) -> None:
    before = all_figures(lived)
    assert before["value"].notna().sum() > 20
    made = back_up(lived, dest)
    assert (made.events, made.originals, made.copied, made.differences) == (EVENTS, 5, 5, [])
    assert verify_backup(dest).differences == []
    restore_from(elsewhere, dest)
    pd.testing.assert_frame_equal(all_figures(elsewhere), before)
    assert contents(elsewhere) == contents(lived)
    assert {p.name: p.read_bytes() for p in files_in(elsewhere.originals)} == {
        p.name: p.read_bytes() for p in files_in(lived.originals)
    }
    assert verify_store(elsewhere).differences == []


def test_an_empty_store_too(store: Store, elsewhere: Store, dest: Path) -> None:
    assert back_up(store, dest) == backup.Backup()
    assert verify_backup(dest).differences == []
    restore_from(elsewhere, dest)
    assert verify_store(elsewhere).events == 0
    accepted(store, staffing())
    assert back_up(store, dest).events == 2


def test_a_person_can_read_the_journal(lived: Store, dest: Path) -> None:
    back_up(lived, dest)
    manifest = json.loads((dest / "manifest.json").read_text(encoding="utf-8"))
    lines = (dest / manifest["journal"]).read_text(encoding="utf-8").splitlines()
    assert len(lines) == manifest["events"] == EVENTS
    assert json.loads(lines[-1])["hash"] == manifest["last_hash"]
    assert "误报" in next(line for line in lines if '"withdrawn"' in line)
    assert len(manifest["files"]) == 6
    for name, entry in manifest["files"].items():
        assert (dest / name).stat().st_size == entry["bytes"]


# ---- again, and meanwhile --------------------------------------------------------------------------------------------


def test_what_is_there_is_not_copied_again(lived: Store, elsewhere: Store, dest: Path) -> None:
    back_up(lived, dest)
    assert back_up(lived, dest).copied == 0
    submitted(lived, staffing(7, period="2018-Q4"))
    assert back_up(lived, dest).copied == 1
    assert verify_backup(dest).differences == []
    assert len(list(dest.glob("journal-*"))) == 1
    restore_from(elsewhere, dest)
    assert contents(elsewhere) == contents(lived)


def test_a_backup_is_made_while_others_work(lived: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "PAGE", 3)
    done = threading.Event()

    def work() -> None:
        periods = (f"{year}-Q{quarter}" for year in range(2004, 2100) for quarter in range(1, 5))
        while not done.is_set():
            accepted(lived, staffing(3, period=next(periods)))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        events: set[int] = set()
        while len(events) < 4:
            events.add(back_up(lived, tmp_path / "backup").events)
            assert verify_backup(tmp_path / "backup").differences == []
    finally:
        done.set()
        worker.join()
    assert verify_backup(tmp_path / "backup").events == max(events)


@pytest.mark.parametrize("again", [False, True], ids=["the first", "the second"])
def test_one_that_is_interrupted_is_never_taken_for_whole(
    lived: Store, dest: Path, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    """Whatever step fails: there is no backup yet, or the one before, whole."""
    steps = {"n": 0, "fail": 0}

    def failing(function: Callable) -> Callable:
        def step(*args: object) -> object:
            steps["n"] += 1
            if steps["n"] == steps["fail"]:
                raise OSError(28, "No space left on device")
            return function(*args)

        return step

    if again:
        back_up(lived, dest)
        submitted(lived, staffing(7, period="2018-Q4"))
    for name in ("write", "fsync", "replace"):
        monkeypatch.setattr(os, name, failing(getattr(os, name)))
    made = None
    while made is None:
        steps["n"], steps["fail"] = 0, steps["fail"] + 1
        with suppress(BadBackup):
            made = back_up(lived, dest)
        if again or (dest / "manifest.json").exists():
            found = verify_backup(dest)
            assert found.differences == []
            assert found.events in (EVENTS, EVENTS + again)
    assert steps["fail"] > 5
    assert made.events == found.events == EVENTS + again


def test_a_full_disk_is_told(lived: Store, dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadBackup, match="No space left on device"):
        back_up(lived, dest)


def test_the_backup_of_another_store_is_not_written_over(lived: Store, elsewhere: Store, dest: Path) -> None:
    back_up(lived, dest)
    accepted(elsewhere, staffing())
    with pytest.raises(BadBackup, match="另一套数据的备份"):
        back_up(elsewhere, dest)
    assert verify_backup(dest).differences == []
    assert verify_backup(dest).events == EVENTS


# ---- damage ----------------------------------------------------------------------------------------------------------


def test_what_the_store_lacks_is_said_and_the_rest_is_copied(lived: Store, elsewhere: Store, dest: Path) -> None:
    altered, missing, *_others = files_in(lived.originals)
    altered.write_bytes(b"?")
    missing.unlink()
    made = back_up(lived, dest)
    assert {difference.subject for difference in made.differences} == {altered.name, missing.name}
    assert made.copied == 3
    named = {difference.subject for difference in verify_backup(dest).differences}
    assert named == {f"originals/{altered.name}", f"originals/{missing.name}"}
    with pytest.raises(BadBackup, match=missing.name):
        restore_from(elsewhere, dest)
    assert files_in(elsewhere.originals) == []
    restored = restore_from(elsewhere, dest, incomplete=True)
    assert len(restored.differences) == 2
    assert len(files_in(elsewhere.originals)) == 3


def test_a_good_copy_is_not_replaced_by_a_bad_one(lived: Store, dest: Path) -> None:
    back_up(lived, dest)
    first, second, *_others = files_in(lived.originals)
    first.write_bytes(b"?" * first.stat().st_size)
    second.unlink()
    back_up(lived, dest)
    assert verify_backup(dest).differences == []


def test_damage_to_a_backup_is_found_and_nothing_restored(lived: Store, elsewhere: Store, dest: Path) -> None:
    back_up(lived, dest)
    kept = dest.parent / "kept"
    shutil.copytree(dest, kept)
    lines = next(path.name for path in dest.glob("journal-*"))
    original = files_in(dest / "originals")[0]

    def changed_event(folder: Path) -> None:
        """By somebody who knows to mend the manifest as well, but not the chain."""
        path = folder / lines
        path.write_text(path.read_text(encoding="utf-8").replace("误报", "没有"), encoding="utf-8")
        mend(folder)

    def last_event_gone(folder: Path) -> None:
        path = folder / lines
        path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
        mend(folder)

    def no_event(folder: Path) -> None:
        with (folder / lines).open("a", encoding="utf-8") as file:
            file.write("{}\n")
        mend(folder)

    def mend(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        manifest["files"][lines]["sha256"] = backup.sha256_of(folder / lines)
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    damages: dict[str, Callable[[Path], object]] = {
        "文件被改动过": lambda folder: (folder / "originals" / original.name).write_bytes(b"?"),
        "文件缺失": lambda folder: (folder / "originals" / original.name).unlink(),
        f"{lines}: 文件被改动过": lambda folder: (folder / lines).write_text("", encoding="utf-8"),
        f"{lines}: 文件缺失": lambda folder: (folder / lines).unlink(),
        "接不上": changed_event,
        "日志与清单所记的不一致": last_event_gone,
        f"第 {EVENTS + 1} 行不是事件": no_event,
        "不是备份": lambda folder: (folder / "manifest.json").unlink(),
        "没有做完": lambda folder: (folder / "manifest.json").write_text("{", encoding="utf-8"),
    }
    for words, damage in damages.items():
        shutil.rmtree(dest)
        shutil.copytree(kept, dest)
        damage(dest)
        with pytest.raises(BadBackup, match=words):
            restore_from(elsewhere, dest)
        assert main(["verify", str(dest)]) == (2 if "备" in words or "没有做完" in words else 1)
    assert elsewhere.version == 0
    assert files_in(elsewhere.originals) == []


# ---- restoring -------------------------------------------------------------------------------------------------------


def test_only_an_empty_store_is_filled(lived: Store, elsewhere: Store, dest: Path) -> None:
    back_up(lived, dest)
    accepted(elsewhere, staffing(9))
    before = contents(elsewhere)
    with pytest.raises(StoreNotEmpty, match="--store"):
        restore_from(elsewhere, dest)
    assert contents(elsewhere) == before


def test_a_restore_that_is_interrupted_leaves_an_empty_store(
    lived: Store, elsewhere: Store, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(lived, dest)
    monkeypatch.setattr("huizong.derive.apply", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        restore_from(elsewhere, dest)
    monkeypatch.undo()
    assert elsewhere.version == 0
    assert elsewhere.run("SELECT count(*) FROM submission") == [(0,)]
    restore_from(elsewhere, dest)
    assert contents(elsewhere) == contents(lived)


OLD = [  # events as the first version wrote them
    ("assigned", "", {"sample": False, "assignments": [
        {"form": "staffing", "unit": SONGSHAN, "from": "2018-01-01", "to": "2018-12-31"},
        {"form": "given_up", "unit": SONGSHAN, "from": "2018-01-01", "to": None}]}),
    ("target", "target_fulfilment", {"unit": SONGSHAN, "period": "2018", "value": 30}),
    ("received", "{good}", {"filename": "1.xlsx", "kind": "xlsx", "bytes": 1, "sample": False}),
    ("received", "{unsure}", {"filename": "2.xlsx", "kind": "xlsx", "bytes": 1, "sample": False}),
    ("received", "{bad}", {"filename": "3.bin", "kind": "", "bytes": 1, "sample": False, "reason": "not_a_workbook"}),
    ("refused", "", {"filename": "4.xlsx", "reason": "personal", "cells": ["A1"]}),
    ("answered", "{unsure:.16}-0", {"unit": LINXI}),
    ("accepted", "", {"submissions": ["{good:.16}-0"]}),
    ("sent_back", "{unsure:.16}-0", {"reason": "请更正"}),
    ("withdrawn", "{good:.16}-0", {"reason": "误报"}),
    ("assigned", "", {"assignments": [], "instead_of_samples": True}),
]  # fmt: skip


def test_the_backup_of_an_older_version_is_read(elsewhere: Store, dest: Path, store: Store) -> None:
    files = {"good": staffing(), "unsure": staffing(4, "哪里"), "bad": b"?"}
    shas = {name: store.put_aside(data, "")[0] for name, data in files.items()}
    for name, data in files.items():
        path = store.original_path(shas[name], "" if name == "bad" else "xlsx")
        path.write_bytes(data)
    text = json.dumps(OLD, ensure_ascii=False)
    for name, sha in shas.items():
        text = text.replace(f"{{{name}}}", sha).replace(f"{{{name}:.16}}", sha[:16])
    with store.transaction() as cursor:
        journal.append(cursor, "统计员", [tuple(event) for event in json.loads(text)])
    back_up(store, dest)
    restore_from(elsewhere, dest)
    held = elsewhere.run("SELECT filename, unit, status FROM submission ORDER BY filename")
    assert held == [("1.xlsx", SONGSHAN, "withdrawn"), ("2.xlsx", LINXI, "sent_back")]
    assert elsewhere.run("SELECT value FROM target") == [(30,)]
    assert elsewhere.run("SELECT form, unit FROM assignment") == [("staffing", SONGSHAN)]
    assert verify_store(elsewhere).differences == []


def test_what_was_received_goes_on_from_there(lived: Store, elsewhere: Store, dest: Path) -> None:
    back_up(lived, dest)
    restore_from(elsewhere, dest)
    assert [receipt.outcome for receipt in send(elsewhere, staffing(), staffing(8, "林西县", "2019-Q1"))] == [
        "already", "received",
    ]  # fmt: skip
    assert elsewhere.run("SELECT max(seq) FROM journal") == [(EVENTS + 1,)]
    assert verify_store(elsewhere).differences == []


# ---- on the command line ---------------------------------------------------------------------------------------------


def test_backup_verify_and_restore(
    lived: Store, dest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lived.close()
    assert main(["backup", str(dest)]) == 0
    assert "原始报表 5 份，其中新复制 5 份" in capsys.readouterr().out
    assert main(["backup", str(dest), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["copied"] == 0
    assert main(["verify", str(dest)]) == 0
    assert "全部完好" in capsys.readouterr().out
    new = ["--store", str(tmp_path / "new")]
    assert main([*new, "restore", str(dest)]) == 0
    assert f"事件 {EVENTS} 个" in capsys.readouterr().out
    assert main([*new, "restore", str(dest)]) == 2
    assert "--store" in capsys.readouterr().err
    assert main([*new, "verify"]) == 0
    capsys.readouterr()
    assert main([*new, "figure", "staff_in_post_total", "--unit", LINXI, "--period", "2018-Q3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == 4
