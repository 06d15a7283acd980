"""Processes take turns with the store's file: first come, first served, and nobody waits for a process that is dead."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from huizong import turns
from huizong.store import Store, StoreBusy
from huizong.texts import speak
from huizong.turns import Holder, Turns

ROOT = Path(__file__).parent.parent


@pytest.fixture
def queue(tmp_path: Path) -> Callable[[], Turns]:
    """queue() is the queue before one file as another process sees it."""
    return lambda: Turns(tmp_path)


def waiting(turns: Turns) -> Turns:
    turns.wait()
    return turns


# ---- the queue -------------------------------------------------------------------------------------------------------


def test_nobody_waits(queue: Callable[[], Turns]) -> None:
    assert queue().others() == []
    assert queue().is_ours()


def test_first_come_first_served(queue: Callable[[], Turns]) -> None:
    first, second, newcomer = waiting(queue()), waiting(queue()), queue()
    assert [t.is_ours() for t in (first, second, newcomer)] == [True, False, False]
    assert [len(t.others()) for t in (first, second, newcomer)] == [1, 1, 2]
    first.wait()  # renewed, it keeps its place
    assert not second.is_ours()
    first.take()
    assert second.is_ours()
    assert first.others()  # who has the file sees that somebody waits
    second.stop_waiting()
    assert newcomer.is_ours()


def test_nobody_waits_for_the_dead(queue: Callable[[], Turns], tmp_path: Path) -> None:
    waiting(queue())
    (ticket,) = (tmp_path / "waiting").iterdir()
    newcomer = queue()
    assert not newcomer.is_ours()
    for age in (3600, -3600):  # the clock may have been set back since
        ticket.touch()
        os.utime(ticket, (time.time() - age,) * 2)
        assert newcomer.is_ours()
        assert not ticket.exists()


def test_without_a_right_to_write_there_is_no_queue(
    queue: Callable[[], Turns], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "touch", refuse)
    monkeypatch.setattr(Path, "write_text", refuse)
    mine = waiting(queue())
    mine.take()
    assert mine.is_ours()


def test_who_has_the_file(queue: Callable[[], Turns], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/opt/huizong/__main__.py", "load", "2018", "第三季度"])
    assert queue().holder("") is None
    queue().take()
    holder = queue().holder(f"lock is held in python3.11 (PID {os.getpid()}). See also")
    assert holder
    assert (holder.pid, holder.program) == (os.getpid(), "python -m huizong load 2018 第三季度")
    assert queue().holder("(PID 4000000)") == Holder(4000000)  # another program, which writes no note
    (tmp_path / "holder.json").write_text("{", encoding="utf-8")
    assert queue().holder("") is None


def test_a_long_call_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["app.py", "x" * 200])
    assert turns.program() == "app.py " + "x" * 72 + "…"


# ---- two processes ---------------------------------------------------------------------------------------------------

KEEPER = """
import duckdb, sys
held = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""
# Transactions with hardly a pause between them, as a bulk load makes them.
LOADER = """
import sys, time
sys.path[:0] = ["tests", "."]
from pathlib import Path
import huizong.store
from stores import small_store
huizong.store.TURN_SECONDS = 0.5
store = small_store(Path(sys.argv[1]))
while True:
    with store.transaction() as cursor:
        cursor.execute("INSERT INTO target (indicator, unit, period, value) VALUES ('x', '15', '2018', 1)")
        print("held", flush=True)
        time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def start(store: Store) -> Iterator[Callable[..., subprocess.Popen]]:
    """start(program, argument, …) runs it until the test ends; it has the store's file when this returns."""
    running: list[subprocess.Popen] = []

    def start(program: str, *arguments: object) -> subprocess.Popen:
        store.close()
        call = [sys.executable, "-c", program, *map(str, arguments)]
        running.append(subprocess.Popen(call, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert running[-1].stdout.readline() == "held\n"
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_a_question_has_its_turn_during_a_bulk_load(
    store: Store, start: Callable[..., subprocess.Popen], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huizong.store.TURN_SECONDS", 0.5)
    start(LOADER, store.folder, 0.3)
    waits, counts = [], []
    deadline = time.monotonic() + 90
    while len(set(counts)) < 3 and time.monotonic() < deadline:
        began = time.monotonic()
        counts.append(store.run("SELECT count(*) FROM target")[0][0])
        waits.append(time.monotonic() - began)
    assert len(set(counts)) == 3  # the loader has its turns as well
    assert counts == sorted(counts)
    assert max(waits) < 20
    assert len(counts) > 40  # the questions of a page are one turn: the loader does not come in between


def test_who_is_busy_and_since_when(
    store: Store, start: Callable[..., subprocess.Popen], monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = start(LOADER, store.folder, 60)
    monkeypatch.setattr("huizong.store.WAIT_SECONDS", 0.2)
    with pytest.raises(StoreBusy) as busy:
        store.run("SELECT 1")
    holder = busy.value.holder
    assert holder
    assert (holder.pid, holder.program) == (
        loader.pid,
        f"-c {store.folder} 60"[:79] + "…" * (len(str(store.folder)) > 74),
    )
    assert holder.since in str(busy.value)
    assert list((store.folder / "waiting").iterdir()) == []
    loader.kill()
    loader.wait()
    assert store.run("SELECT count(*) FROM target") == [(0,)]  # what was not committed is not there


def test_a_store_that_another_program_keeps_is_busy(
    store: Store, start: Callable[..., subprocess.Popen], monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = start(KEEPER, store.path)
    monkeypatch.setattr("huizong.store.WAIT_SECONDS", 0.2)
    with pytest.raises(StoreBusy) as busy:
        _ = store.version
    assert f"其他程序”（进程号 {keeper.pid}）" in str(busy.value)
    speak("en")
    assert f"in use by another program (process {keeper.pid})" in str(busy.value)  # in the language of who reads it
    speak("zh_CN")
    keeper.communicate()
    assert store.version == 0


# ---- within one process ----------------------------------------------------------------------------------------------


def test_whoever_waits_comes_before_the_next_use(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huizong.store.TURN_SECONDS", 0)
    monkeypatch.setattr("huizong.store.WAIT_SECONDS", 0.3)
    other = waiting(Turns(store.folder))
    with pytest.raises(StoreBusy):
        store.run("SELECT 1")
    assert store._connection is None
    other.take()
    assert store.run("SELECT 1") == [(1,)]


def test_a_use_under_way_is_finished_before_others_have_their_turn(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huizong.store.TURN_SECONDS", 0)
    monkeypatch.setattr("huizong.store.WAIT_SECONDS", 0.3)
    refused: list[StoreBusy] = []

    def ask() -> None:
        try:
            store.run("SELECT 1")
        except StoreBusy as error:
            refused.append(error)

    with store.transaction() as cursor:
        waiting(Turns(store.folder))
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        assert store.run("SELECT 1") == [(1,)]  # within the use
        cursor.execute("INSERT INTO target (indicator, unit, period, value) VALUES ('x', '15', '2018', 1)")
    assert refused
    assert store._connection is None


def busy_page() -> None:
    from pathlib import Path
    from types import SimpleNamespace

    import streamlit as st

    from huizong import ui
    from huizong.store import StoreBusy

    def run() -> None:
        st.session_state["tries"] = st.session_state.get("tries", 0) + 1
        if st.session_state["tries"] == 1:
            raise StoreBusy(Path("store/huizong.duckdb"), None)
        st.text("8")

    ui.run_page(SimpleNamespace(run=run))


def test_a_page_that_waited_in_vain_says_so_and_can_be_tried_again() -> None:
    app = AppTest.from_function(busy_page).run()
    assert not app.exception
    assert "store/huizong.duckdb 正由" in app.text[0].value
    (again,) = app.button
    app = again.click().run()
    assert [text.value for text in app.text] == ["8"]
    assert not app.button
