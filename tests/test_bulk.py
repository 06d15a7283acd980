"""Many files at once: folders, archives, a watched folder, the upload page; and going on after a stop."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from itertools import count
from pathlib import Path

import pytest
from openpyxl import load_workbook
from stores import empty_store, places, small_store
from streamlit.testing.v1 import AppTest
from test_archives import packed, packed_raw
from workbooks import make_workbook, office

from huizong import bulk, cli, submissions
from huizong.inbox import Inbox
from huizong.store import Store, StoreUnwritable, open_store
from huizong.texts import speak

ROOT = Path(__file__).parent.parent
MIME = "application/octet-stream"


def staffing(n: int = 3, unit: str = "松山区", period: str = "2018-Q3", **more: object) -> bytes:
    return make_workbook("staffing", [office("区委统战部", n, **more)], unit=unit, period=period)


CLEAN, OTHER, WRONG = staffing(), staffing(4, "林西县"), staffing(3, period="2018-Q2", women=9)


def in_memory(**files: bytes) -> list[bulk.Source]:
    return [(name, lambda data=data: BytesIO(data)) for name, data in files.items()]


def received(batch: bulk.Batch) -> dict[str, str]:
    batch.finish()
    return {receipt.filename: receipt.outcome for receipt in batch.receipts}


# ---- a batch ---------------------------------------------------------------------------------------------------------


def test_a_bad_file_or_archive_never_stops_the_rest(store: Store) -> None:
    inner = packed_raw("松山区/报表.xlsx", "林西县/报表.xlsx", encoding="gbk")
    files = {
        "坏.zip": inner[:-30],
        "全部.zip": packed(
            ("松山区/报表.xlsx", CLEAN), ("林西县/报表.xlsx", OTHER), ("说明.docx", b"PK"), ("又.zip", packed())
        ),
        "名.zip": inner,
        "单.xlsx": WRONG,
    }
    batch = bulk.Batch(store, in_memory(**files), who="统计员")
    assert batch.total == 1 + 4 + 2 + 1
    assert received(batch) == {
        "坏.zip": "unreadable",
        "全部.zip › 松山区/报表.xlsx": "received",
        "全部.zip › 林西县/报表.xlsx": "received",
        "全部.zip › 说明.docx": "unreadable",
        "全部.zip › 又.zip": "unreadable",
        "名.zip › 松山区/报表.xlsx": "unreadable",
        "名.zip › 林西县/报表.xlsx": "unreadable",
        "单.xlsx": "received",
    }
    assert batch.done == 1.0
    assert sorted(submissions.listed(store)["filename"]) == ["单.xlsx", "报表.xlsx", "报表.xlsx"]


def test_progress_has_count_rate_and_time_left(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"{n:03}.csv": b"a,b\n%d,1" % n for n in range(250)}
    batch = bulk.Batch(store, in_memory(**files), who="统计员")
    assert batch.progress() == "0/250 个文件"
    clock = iter([100.0])  # when it starts; each receipt comes 10 s later
    monkeypatch.setattr(bulk, "monotonic", lambda: next(clock, 110.0))
    said = []
    real = batch._note
    monkeypatch.setattr(batch, "_note", lambda receipt: (real(receipt), said.append(batch.progress())))
    batch.finish()
    assert said[99] == "100/250 个文件 · 10 个/秒 · 剩余约 15 秒 · 099.csv"
    assert said[0] == "1/250 个文件 · 0.1 个/秒 · 剩余约 42 分钟 · 000.csv"
    assert batch.done == 1.0


def test_what_is_nested_is_counted_when_it_is_opened(store: Store) -> None:
    twelve = packed(*((f"{n}.csv", b"x") for n in range(12)))
    batch = bulk.Batch(store, in_memory(**{"全部.zip": packed(("一.zip", twelve), ("二.zip", twelve))}), who="统计员")
    assert batch.total == 2
    assert len(received(batch)) == batch.total == 24


def test_files_are_opened_as_they_come_to_be_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huizong.intake.GROUP", 50)
    held: list[int] = []
    batch = bulk.Batch(
        store, [(f"{n}.csv", lambda n=n: held.append(n) or BytesIO(b"a,b\n%d,1" % n)) for n in range(600)], who="统计员"
    )
    ahead: list[int] = []
    real = batch._note
    batch._note = lambda receipt: (real(receipt), ahead.append(len(held) - len(batch.receipts)))
    batch.finish()
    assert len(held) == 600
    assert max(ahead) <= 200  # of 600: never all files at once


def test_a_folder_gives_all_but_what_nobody_sends(tmp_path: Path) -> None:
    for name in ("松山/报表.xlsx", "松山/~$报表.xlsx", "林西/说明.docx", ".DS_Store", "下载.xlsx.part", "上报.zip"):
        path = tmp_path / "收件" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    folder = tmp_path / "收件"
    assert [str(path.relative_to(folder)) for path in bulk.files_under(folder)] == [
        "上报.zip", "松山/报表.xlsx", "林西/说明.docx",
    ]  # fmt: skip
    with pytest.raises(FileNotFoundError):
        bulk.files_under(tmp_path / "没有")


def test_a_batch_in_its_own_thread_waits_its_turn_and_can_be_stopped(store: Store) -> None:
    speak("en")
    gate = threading.Event()
    slow = [("先.csv", lambda: gate.wait(20) and BytesIO(b"a,b"))]
    first, second = (bulk.Batch(store, files, who="统计员") for files in (slow, in_memory(后=CLEAN)))
    small = bulk.Batch(store, in_memory(小=OTHER), who="统计员")
    first.start()
    second.start()
    small.start(in_turn=False)
    assert small.ended.wait(20)  # a few files do not wait for many
    assert second.waiting
    assert not second.ended.is_set()
    gate.set()
    assert second.ended.wait(20)
    assert [receipt.message for receipt in second.receipts] == ["Returns read: 1"]  # in the language of who sent it
    assert bulk.batches(store) == ([], [second, first, small])  # the last to end first
    stopped = bulk.Batch(store, in_memory(停=WRONG), who="统计员")
    stopped.stopping.set()
    stopped.start()
    assert stopped.ended.wait(20)
    assert stopped.receipts == []
    for batch in bulk.batches(store)[1]:
        bulk.put_away(batch)
    assert bulk.batches(store) == ([], [])
    speak("zh_CN")


def test_what_ends_a_batch_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Iterator[None]:
        raise RuntimeError("磁盘已满")
        yield

    monkeypatch.setattr(bulk.intake, "receive", fail)
    batch = bulk.Batch(store, in_memory(甲=CLEAN), who="统计员")
    batch.start()
    assert batch.ended.wait(20)
    assert batch.error == "磁盘已满"
    bulk.put_away(batch)


def test_the_summary_has_a_row_for_each_file_and_return(store: Store) -> None:
    files = {"甲.xlsx": CLEAN, "乙.xlsx": WRONG, "丙.xlsx": b"", '=HYPERLINK("x").xlsx': CLEAN}
    batch = bulk.Batch(store, in_memory(**files), who="统计员")
    received(batch)
    (sheet,) = load_workbook(BytesIO(bulk.summary_workbook(store, batch.receipts))).worksheets
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert rows[0] == ["文件", "结果", "说明", "报表", "填报单位", "报告期", "状态", "强制性问题", "核实性问题"]
    assert [row[0] for row in rows[1:5]] == ["丙.xlsx", '=HYPERLINK("x").xlsx', "乙.xlsx", "甲.xlsx"]
    assert [row[1] for row in rows[1:5]] == ["无法读取", "以前收到过", "已收到", "已收到"]
    assert sheet["A4"].data_type == "s"
    place = "内蒙古自治区赤峰市松山区"
    assert rows[3][3:] == ["统战机构人员配备情况表", place, "2018年第二季度", "有错误", 1, 0]
    assert rows[1][3:] == [None] * 6
    notes = [row[0] for row in rows[5:] if row[0]]
    assert notes == ["4 个文件：无法读取 1 · 以前收到过 1 · 已收到 2", "刚收到的 2 份报表：有错误 1 · 可验收 1"]


# ---- load ------------------------------------------------------------------------------------------------------------

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """run("load", folder) → exit status, stdout, stderr."""
    monkeypatch.setattr("huizong.store.register", lambda: places("1504"))

    def call(*arguments: object) -> tuple[int, str, str]:
        open_store.cache_clear()
        status = cli.main([*map(str, arguments)])
        return status, *capsys.readouterr()

    yield call
    open_store.cache_clear()


def inbox_with(folder: Path, **files: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def test_load_takes_files_folders_and_archives(run: Run, tmp_path: Path) -> None:
    folder = inbox_with(
        tmp_path / "上报", **{"全.zip": packed(("林西/表.xlsx", OTHER)), "错.xlsx": WRONG, "空.xlsx": b""}
    )
    (tmp_path / "单.xlsx").write_bytes(CLEAN)
    summary = tmp_path / "结果.xlsx"
    status, out, _ = run("load", tmp_path / "单.xlsx", folder, "--summary", summary, "--accept", "--json")
    answer = json.loads(out)
    assert status == 1
    assert {entry["file"]: [r["status"] for r in entry["returns"]] for entry in answer["files"]} == {
        str(tmp_path / "单.xlsx"): ["accepted"],
        f"{folder / '全.zip'} › 林西/表.xlsx": ["accepted"],
        str(folder / "空.xlsx"): [],
        str(folder / "错.xlsx"): ["error"],
    }
    assert answer["summary"] == {
        "refused": 0, "unreadable": 1, "already": 0, "received": 3, "returns": {"error": 1, "accepted": 2}, "of": 4,
        "stopped": False,
    }  # fmt: skip
    assert load_workbook(summary).active["A3"].value == str(folder / "空.xlsx")


def test_load_speaks_last_of_what_needs_a_look(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huizong.cli.PROGRESS_SECONDS", 600)
    folder = inbox_with(tmp_path / "上报", **{"一.xlsx": CLEAN, "二.xlsx": WRONG, "三.xlsx": b""})
    status, out, err = run("load", folder)
    assert status == 1
    assert [Path(line.split("  ")[0]).name for line in out.splitlines()[:3]] == ["一.xlsx", "二.xlsx", "三.xlsx"]
    assert out.splitlines()[3:] == ["3 个文件：无法读取 1 · 已收到 2", "刚收到的 2 份报表：有错误 1 · 可验收 1"]
    assert err == ""
    assert "以前收到过 2" in run("load", folder)[1]


def test_a_summary_that_cannot_be_written_is_told_before_anything_is_taken_in(run: Run, tmp_path: Path) -> None:
    folder = inbox_with(tmp_path / "上报", **{"一.xlsx": CLEAN})
    status, _, err = run("load", folder, "--summary", tmp_path / "没有" / "结果.xlsx")
    assert status == 2
    assert "没有" in err
    assert not (tmp_path / "store").exists()


def test_a_load_that_is_stopped_goes_on_where_it_was(
    run: Run, tmp_path: Path, store_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = inbox_with(tmp_path / "上报", **{f"{n:03}.csv": b"a,b\n%d,1" % n for n in range(600)})
    monkeypatch.setattr("huizong.intake.GROUP", 100)
    real = Path.open

    def opened(path: Path, *args: object, **more: object) -> object:
        if path.name == "250.csv":
            os.kill(os.getpid(), signal.SIGINT)  # Ctrl-C, while the third group is put together
        return real(path, *args, **more)

    monkeypatch.setattr(Path, "open", opened)
    status, out, err = run("load", folder, "--json")
    answer = json.loads(out)
    assert status == 130
    assert "正在停止" in err
    assert answer["summary"]["stopped"]
    held = len(answer["files"])
    assert 200 <= held <= 251
    store = small_store(store_dir)
    assert store.run("SELECT count(*) FROM journal") == [(held,)]
    store.close()
    monkeypatch.undo()
    monkeypatch.setenv("HUIZONG_STORE", str(store_dir))
    status, out, _ = run("load", folder)
    assert status == 1
    assert out.splitlines()[-1] == "600 个文件：无法读取 600"
    assert store.run("SELECT count(*) FROM journal") == [(600,)]
    store.close()


def test_a_load_that_the_store_ends_says_what_is_in(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = inbox_with(tmp_path / "上报", **{f"{n:03}.csv": b"a,b\n%d,1" % n for n in range(300)})
    monkeypatch.setattr("huizong.intake.GROUP", 100)
    real, commits = Store.transaction, []

    def full(store: Store, **more: object) -> object:
        commits.append(1)
        if len(commits) == 3:
            raise StoreUnwritable(store.folder, "full", "")
        return real(store, **more)

    monkeypatch.setattr(Store, "transaction", full)
    status, out, err = run("load", folder)
    assert (status, out) == (2, "")
    assert "300 个文件中已收 200 个" in err
    assert "磁盘已满" in err


def a_process(*arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "huizong", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_reader_who_has_seen_enough_ends_a_command_in_silence() -> None:
    with a_process("indicators", "--json") as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


# ---- watch -----------------------------------------------------------------------------------------------------------


def test_a_file_is_taken_when_nobody_writes_it_any_more_and_again_when_it_has_changed(tmp_path: Path) -> None:
    inbox = Inbox(inbox_with(tmp_path / "收件", **{"甲.xlsx": b"1", "~$甲.xlsx": b"x", "乙.xlsx.part": b"x"}))
    path = tmp_path / "收件" / "甲.xlsx"
    assert inbox.complete() == []
    path.write_bytes(b"12")
    assert inbox.complete() == []
    assert inbox.complete() == inbox.complete() == [path]
    inbox.take(path)
    assert inbox.complete() == []
    path.write_bytes(b"123")
    assert inbox.complete() == []
    assert inbox.complete() == [path]


def test_watch_once_takes_in_what_is_there_and_leaves_it(run: Run, tmp_path: Path, store_dir: Path) -> None:
    folder = inbox_with(tmp_path / "收件", **{"甲.xlsx": CLEAN, "乙.zip": packed(("丙.xlsx", OTHER)), "丁.docx": b"PK"})
    summary = tmp_path / "结果.xlsx"
    call = ("watch", folder, "--once", "--every", "0.01", "--summary", summary)
    status, out, err = run(*call)
    assert (status, err) == (0, "")
    assert [line.split("  ")[1:3] for line in out.splitlines()] == [
        [f"{folder / '乙.zip'} › 丙.xlsx", "已收到"],
        [str(folder / "甲.xlsx"), "已收到"],
        [str(folder / "丁.docx"), "无法读取"],
    ]
    assert load_workbook(summary).active.max_row > 3
    assert sorted(path.name for path in folder.iterdir()) == ["丁.docx", "乙.zip", "甲.xlsx"]
    status, out, _ = run(*call)
    assert status == 0
    assert [line.split("  ", 1)[1] for line in out.splitlines()][1:] == ["以前收到过的文件 2 个"]
    store = small_store(store_dir)
    assert store.run("SELECT count(*) FROM journal") == [(3,)]
    store.close()


def test_watch_tells_of_what_it_cannot_open_once_and_tries_again(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = inbox_with(tmp_path / "收件", **{"甲.xlsx": CLEAN})
    tries: list[Path] = []
    real = Path.open

    def refused_twice(path: Path, *args: object, **more: object) -> object:
        if path.name == "甲.xlsx":
            tries.append(path)
            if len(tries) <= 2:
                raise PermissionError(13, "another program writes it")
        return real(path, *args, **more)

    monkeypatch.setattr(Path, "open", refused_twice)
    monkeypatch.setattr(Inbox, "complete", meanwhile({5: end_this_process}))
    status, out, _ = run("watch", folder, "--every", "0.01", "--json")
    assert status == 0
    assert [json.loads(line)["outcome"] for line in out.splitlines()] == ["unreadable", "received"]


def meanwhile(deeds: Mapping[int, Callable[[], object]]) -> Callable[[Inbox], list[Path]]:
    """Inbox.complete, before whose n-th call deeds[n] is done."""
    looks, complete = count(1), Inbox.complete

    def look(inbox: Inbox) -> list[Path]:
        if deed := deeds.get(next(looks)):
            deed()
        return complete(inbox)

    return look


def end_this_process() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_watch_says_that_the_folder_is_gone_and_goes_on_when_it_is_back(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "共享"
    deeds = {3: lambda: inbox_with(folder, **{"甲.xlsx": CLEAN}), 6: end_this_process}
    monkeypatch.setattr(Inbox, "complete", meanwhile(deeds))
    status, out, err = run("watch", folder, "--every", "0.01")
    assert status == 0
    assert "已收到" in out
    assert err.count("共享") == 1
    assert "等待" in err


def test_watch_waits_while_another_process_has_the_store(
    run: Run, tmp_path: Path, store_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huizong.store.WAIT_SECONDS", 0.1)
    folder = inbox_with(tmp_path / "收件", **{"甲.xlsx": CLEAN})
    small_store(store_dir).close()
    hold = f"import duckdb; c = duckdb.connect({str(store_dir / 'huizong.duckdb')!r}); print(1, flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline()
    deeds = {5: lambda: holder.communicate("go\n", timeout=20), 8: end_this_process}
    monkeypatch.setattr(Inbox, "complete", meanwhile(deeds))
    status, out, err = run("watch", folder, "--every", "0.01")
    assert status == 0
    assert "已收到" in out
    assert err.count("等待") == 1


# ---- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(store_dir: Path) -> Iterator[Store]:
    """An empty store, so that no samples are put in; the page opens the same one."""
    store = empty_store(store_dir)
    yield store
    store.close()
    speak("zh_CN")


def page(**query: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / "upload.py", default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def drop(app: AppTest, *files: tuple[str, bytes]) -> None:
    app.file_uploader[0].set_value([(name, data, MIME) for name, data in files])
    app.run()
    assert not app.exception


def result(app: AppTest) -> list[str]:
    return [text.value for text in app.expander[0].markdown]


def test_a_zip_on_the_page(opened: Store) -> None:
    app = page()
    drop(app, ("上报.zip", packed(("松山区/报表.xlsx", CLEAN), ("林西县/报表.xlsx", WRONG), ("说明.docx", b"PK"))))
    assert app.expander[0].label == "本次报送 3 个文件 · ⚠️ 无法读取 1 · ✅ 已收到 2"
    assert [line.split("**")[1] for line in result(app)] == [
        r"上报\.zip › 说明\.docx", r"上报\.zip › 林西县/报表\.xlsx", r"上报\.zip › 松山区/报表\.xlsx",
    ]  # fmt: skip
    assert not app.file_uploader[0].value  # the bytes are let go
    assert len(page().expander[0].markdown) == len(app.expander[0].markdown)  # after F5 as well
    next(button for button in app.button if button.label == "收起").click()
    app.run()
    assert not any("本次报送" in expander.label for expander in app.expander)


def test_many_files_are_taken_in_behind_the_page(opened: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    real = bulk.intake.receive

    def slow(store: Store, files: Iterator, **more: object) -> Iterator:
        yield from real(store, [next(files)], **more)
        gate.wait(60)
        yield from real(store, files, **more)

    monkeypatch.setattr(bulk.intake, "receive", slow)
    app = page()
    drop(app, ("上报.zip", packed(*((f"{n:02}.csv", b"%d,1" % n) for n in range(25)), ("好.xlsx", CLEAN))))
    ((batch,), _ended) = bulk.batches(opened)
    deadline = time.monotonic() + 30
    while not batch.receipts and time.monotonic() < deadline:
        time.sleep(0.05)
    app.run()  # the page answers meanwhile
    assert not app.exception
    (bar,) = app.main.get("progress")
    assert bar.proto.text.startswith("1/26 个文件 · ")
    assert any(button.label == "停止" for button in app.button)
    assert any("正在收件" in bar.proto.text for bar in app.sidebar.get("progress"))
    gate.set()
    assert batch.ended.wait(60)
    app.run()
    assert not app.get("progress")
    assert app.expander[0].label.startswith("本次报送 26 个文件")
    assert submissions.listed(opened)["status"].tolist() == ["clean"]


def test_the_page_lists_at_most_a_hundred_files(opened: Store) -> None:
    app = page()
    drop(app, ("上报.zip", packed(*((f"{n:03}.csv", b"%d,1" % n) for n in range(130)))))
    under_way, ended = bulk.batches(opened)
    (batch,) = under_way + ended
    assert batch.ended.wait(60)
    app.run()
    assert len(result(app)) == 100
    assert any("130" in caption.value for caption in app.expander[0].caption)


def test_a_batch_that_ended_early_says_how_to_go_on(opened: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Iterator[None]:
        raise RuntimeError("磁盘已满")
        yield

    monkeypatch.setattr(bulk.intake, "receive", fail)
    app = page()
    drop(app, ("报表.xlsx", CLEAN))
    (warning,) = app.expander[0].warning
    assert "磁盘已满" in warning.value
    assert "再上传一次" in warning.value
