"""A full disk, one that can only be read, one that fails: said clearly, nothing lost, and work goes on afterwards."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path

import duckdb
import pytest
from stores import accepted, contents, files_in, send, small_store, status, submitted
from workbooks import make_workbook, office

from huizong import decisions, intake
from huizong.cli import main
from huizong.store import Store, StoreUnwritable
from huizong.texts import speak
from huizong.verify import verify_store

ROOT = Path(__file__).parent.parent


def staffing(staff: int = 3, period: str = "2018-Q3") -> bytes:
    return make_workbook("staffing", [office("区委统战部", staff)], unit="松山区", period=period)


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow: the nearest to a full disk that needs no disk of its own."""
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, allowed[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)


# ---- a full disk -----------------------------------------------------------------------------------------------------


def test_a_file_that_finds_no_room_is_not_half_there(store: Store) -> None:
    workbook = staffing()
    with pytest.raises(StoreUnwritable, match="磁盘已满"), full_disk():
        send(store, workbook)
    assert files_in(store.folder / "incoming") == files_in(store.originals) == []
    assert [receipt.outcome for receipt in send(store, staffing())] == ["received"]
    assert verify_store(store).differences == []


def test_a_commit_that_finds_no_room_is_undone_and_the_upload_can_be_repeated(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(store, staffing())
    before = contents(store)
    workbook = staffing(5)
    with ExitStack() as later:
        monkeypatch.setattr(store, "keep", lambda paths: (Store.keep(store, paths), later.enter_context(full_disk())))
        with pytest.raises(StoreUnwritable, match="磁盘已满"):
            send(store, workbook)
    monkeypatch.undo()
    assert contents(store) == before
    assert len(verify_store(store).unreferenced) == 1  # moved, and then nothing could refer to it
    submission = submitted(store, workbook)
    assert status(store, submission) in ("query", "clean")
    verified = verify_store(store)
    assert (verified.differences, verified.unreferenced) == ([], [])


def test_a_deed_that_finds_no_room_is_not_done(store: Store) -> None:
    submission = submitted(store, staffing())
    was = status(store, submission)
    with pytest.raises(StoreUnwritable, match="磁盘已满"), full_disk():
        decisions.send_back(store, submission, who="统计员", reason="请更正")
    assert status(store, submission) == was  # it can be asked for all the same
    decisions.send_back(store, submission, who="统计员", reason="请更正")
    assert status(store, submission) == "sent_back"


def test_a_connection_that_duckdb_has_given_up_is_opened_anew(store: Store) -> None:
    accepted(store, staffing())
    before = contents(store)
    with full_disk():
        with pytest.raises(StoreUnwritable), store._cursor() as cursor:
            cursor.execute("CHECKPOINT")
        assert store._connection is None
    assert contents(store) == before
    assert verify_store(store).differences == []


def test_a_commit_is_one_when_only_the_tidying_after_it_fails(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What DuckDB says when its log is written and the main file, into which it folds the log, finds no room."""

    class Full:
        def __init__(self, cursor: duckdb.DuckDBPyConnection):
            self.cursor = cursor

        def execute(self, statement: str) -> None:
            self.cursor.execute(statement)
            raise duckdb.FatalException("Transaction COMMIT succeeded and is durable, but the autocheckpoint failed.")

    end = Store._end
    monkeypatch.setattr(Store, "_end", lambda self, cursor, keep: end(self, Full(cursor), keep))
    assert [receipt.outcome for receipt in send(store, staffing())] == ["received"]
    assert store._connection is None
    monkeypatch.undo()
    assert [receipt.outcome for receipt in send(store, staffing())] == ["already"]


@pytest.mark.parametrize(
    ("step", "number", "words"),
    [
        ("write", errno.ENOSPC, "磁盘已满"),
        ("fsync", errno.EDQUOT, "磁盘已满"),
        ("fsync", errno.EIO, "工作不正常"),
        ("replace", errno.EROFS, "只能读取"),
        ("replace", errno.EACCES, "没有写权限"),
    ],
)
def test_what_stands_in_the_way_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str, number: int, words: str
) -> None:
    def fail(*_args: object) -> None:
        raise OSError(number, os.strerror(number))

    workbook = staffing()
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(StoreUnwritable) as trouble:
        send(store, workbook)
    monkeypatch.undo()
    assert words in str(trouble.value)
    assert str(store.folder) in str(trouble.value)
    speak("en")
    assert "disk" in str(trouble.value) or "account" in str(trouble.value)
    speak("zh_CN")
    assert [receipt.outcome for receipt in send(store, staffing())] == ["received"]
    assert verify_store(store).differences == []


def test_the_command_line_says_it_too(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "1.xlsx").write_bytes(staffing())
    monkeypatch.setattr("huizong.cli.open_store", lambda *_: store)
    with full_disk():
        assert main(["load", str(tmp_path / "1.xlsx")]) == 2
    assert "磁盘已满" in capsys.readouterr().err
    assert main(["load", str(tmp_path / "1.xlsx")]) == 0


def test_a_database_that_the_disk_has_damaged_is_told_too(store: Store) -> None:
    store.close()
    store.path.write_bytes(b"\x00damaged" * 2000)
    with pytest.raises(StoreUnwritable, match="恢复到另一块磁盘"):
        small_store(store.folder)


# ---- what is left behind ---------------------------------------------------------------------------------------------


def test_what_a_dead_process_left_in_incoming_goes_after_an_hour(store: Store) -> None:
    _sha, old = store.put_aside(b"old", "csv")
    _sha, new = store.put_aside(b"new", "csv")
    os.utime(old, (old.stat().st_mtime - 3700,) * 2)
    store.close()
    again = small_store(store.folder)
    assert files_in(store.folder / "incoming") == [new]
    again.close()


# ---- disks of their own ----------------------------------------------------------------------------------------------

DISK = """
import subprocess, sys
sys.path[:0] = ["tests", "."]
from pathlib import Path
from test_unwritable import live_on_a_small_disk
live_on_a_small_disk(Path(sys.argv[1]))
"""


def mount(*arguments: object) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True, capture_output=True)


def live_on_a_small_disk(folder: Path) -> None:
    """Runs in a name space of its own, where mounting is allowed."""
    mount("-t", "tmpfs", "-o", "size=16m", "disk", folder)
    store = small_store(folder / "store")
    submitted(store, staffing())
    received: list[str] = []
    periods = [f"{year}-Q{quarter}" for year in range(2004, 2009) for quarter in range(1, 5)]
    workbooks = {period: staffing(3, period) for period in periods}

    def load() -> None:
        for receipt in chain.from_iterable(
            intake.receive(store, [workbook], who="统计员", accept=True) for workbook in workbooks.items()
        ):
            received.append(receipt.filename)

    def refusal(deed: Callable[[], object]) -> str:
        try:
            deed()
        except StoreUnwritable as trouble:
            return trouble.reason
        return "none"

    def held() -> set[str]:
        return {filename for (filename,) in store.run("SELECT filename FROM original")}

    room = os.statvfs(folder)
    (folder / "others").write_bytes(bytes(room.f_bavail * room.f_frsize - 150_000))
    assert refusal(load) == "full"
    assert 0 < len(received) < len(periods)
    assert set(received) <= held()  # what was said to be received is there, and can be asked for
    assert refusal(load) == "full"
    (folder / "others").unlink()
    assert refusal(load) == "none"
    assert set(received) | {"1.xlsx"} == held() == {*periods, "1.xlsx"}
    assert verify_store(store).differences == []
    before = contents(store)

    store.close()
    mount("-o", "remount,ro", folder)
    assert contents(store) == before  # it can be read
    assert refusal(lambda: send(store, staffing(9))) == "read_only"
    assert (
        refusal(lambda: decisions.set_target(store, "target_fulfilment", "150404", "2018", 1, who="统计员"))
        == "read_only"
    )
    store.close()
    again = small_store(folder / "store")  # a process that is started now
    assert contents(again) == before
    assert verify_store(again, quick=True).differences == []
    again.close()
    mount("-o", "remount,rw", folder)
    assert [receipt.outcome for receipt in send(store, staffing(9))] == ["received"]
    assert verify_store(store).differences == []
    store.close()
    print("lived")


def test_a_disk_that_fills_up_and_one_that_can_only_be_read(tmp_path: Path) -> None:
    alone = ["unshare", "--map-root-user", "--mount"] if os.getuid() else ["unshare", "--mount"]
    if subprocess.run([*alone, "mount", "-t", "tmpfs", "x", str(tmp_path)], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    lived = subprocess.run(
        [*alone, sys.executable, "-c", DISK, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert lived.stdout == "lived\n", lived.stderr
