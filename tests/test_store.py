"""Nothing is referred to before it is durable, nobody sees what is not his, and processes take turns."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from stores import LINXI, SONGSHAN, accepted, contents, files_in, places, send, small_store, submitted
from test_forms import declared, written
from workbooks import make_workbook, office

from huizong import decisions, derive, journal, submissions
from huizong.derive import reset
from huizong.forms import load_forms
from huizong.indicators import figures
from huizong.periods import Period
from huizong.store import Store, UnknownQuestion, question, store_folder

ROOT = Path(__file__).parent.parent
Q3 = Period.of("2018-Q3")


def staffing(staff: int = 3, unit: str = "松山区", name: str = "区委统战部", period: str = "2018-Q3") -> bytes:
    return make_workbook("staffing", [office(name, staff)], unit=unit, period=period)


# ---- durable before it is referred to --------------------------------------------------------------------------------


def test_the_original_is_durable_before_the_commit_that_names_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    deeds: list[str] = []
    fsync, replace, transaction = os.fsync, os.replace, Store.transaction

    def noted_fsync(handle: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{handle}"))
        deeds.append(f"fsync {path.relative_to(store.folder.parent).parts[:2][-1]}")
        fsync(handle)

    def noted_replace(source: Path, target: Path) -> None:
        deeds.append(f"{source.parent.name} → {target.relative_to(store.folder).parts[0]}")
        replace(source, target)

    @contextmanager
    def noted_transaction(self: Store, *, keep: bool = True) -> Iterator[object]:
        with transaction(self, keep=keep) as cursor:
            yield cursor
            deeds.append("commit")

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    monkeypatch.setattr(Store, "transaction", noted_transaction)
    submitted(store, staffing())
    # The bytes, the move, the folder that now holds the name: a crash between any two loses nothing named. Then the
    # folder of DuckDB's log, whose name is as new.
    assert deeds == ["fsync incoming", "incoming → originals", "fsync originals", "commit", "fsync store"]


def test_a_refused_file_never_reaches_the_originals(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "replace", lambda *_: pytest.fail("moved"))
    send(
        store, make_workbook("staffing", [office("区委统战部")], unit="松山区", period="2018-Q3", notes=["13000000000"])
    )
    assert files_in(store.folder / "incoming") == []


def test_everything_is_there_after_a_restart(store: Store, store_dir: Path) -> None:
    accepted(store, staffing())
    before = contents(store)
    store.close()
    again = small_store(store_dir)
    assert contents(again) == before
    assert send(again, staffing())[0].outcome == "already"
    again.close()


# ---- scope -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_counties(store: Store) -> Store:
    accepted(store, staffing(3))
    accepted(store, staffing(5, "林西县", "县委统战部"))
    return store


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (["0"], 8),
        (["15"], 8),
        (["1504"], 8),
        ([SONGSHAN], 3),
        ([LINXI], 5),
        ([SONGSHAN, LINXI], 8),
        (["45"], None),
        ([], None),
    ],
)
def test_figures_are_of_what_the_asker_may_see(two_counties: Store, scope: list[str], seen: float | None) -> None:
    row = figures(two_counties, ["staff_in_post_total"], "1504", [Q3], scope=scope).iloc[0]
    assert (row["value"] if row["value"] == row["value"] else None) == seen
    inside = {SONGSHAN, LINXI} if set(scope) & {"0", "15", "1504"} else {SONGSHAN, LINXI} & set(scope)
    assert row["n_expected"] == len(inside)


def test_submissions_and_findings_are_of_what_the_asker_may_see(two_counties: Store) -> None:
    everything = submissions.listed(two_counties)
    assert set(submissions.listed(two_counties, [LINXI])["unit"]) == {LINXI}
    assert len(submissions.listed(two_counties, [])) == 0
    wrong = make_workbook("staffing", [office("区委统战部", 3, women=9)], unit="松山区", period="2018-Q4")
    submission = submitted(two_counties, wrong)
    assert len(submissions.findings(two_counties, submission)) == 1
    assert len(submissions.findings(two_counties, submission, [LINXI])) == 0
    assert len(everything) == 2


def test_an_unclear_return_is_seen_by_nobody_with_a_narrow_scope(store: Store) -> None:
    submitted(store, staffing(unit="哪里"))
    assert len(submissions.listed(store)) == 1
    assert len(submissions.listed(store, [SONGSHAN])) == 0


# ---- questions -------------------------------------------------------------------------------------------------------


def test_an_unknown_question_lists_the_known() -> None:
    with pytest.raises(UnknownQuestion, match="indicator_by_unit"):
        question("no_such_question")


def test_a_question_takes_no_missing_and_no_foreign_parameter(store: Store) -> None:
    with pytest.raises(duckdb.Error):
        store.ask("findings")
    with pytest.raises(duckdb.Error):
        store.ask("periods", submission="x")


def test_a_question_can_reach_no_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "geheim.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(duckdb.Error):
        store.run(f"SELECT * FROM read_csv('{tmp_path / 'geheim.csv'}')")
    with pytest.raises(duckdb.Error):
        store.run("SET enable_external_access = true")


def test_the_version_grows_with_every_change(store: Store) -> None:
    seen = [store.version]
    submission = submitted(store, staffing())
    seen.append(store.version)
    decisions.accept(store, [submission], who="统计员")
    seen.append(store.version)
    assert len(set(seen)) == 3
    assert store.version == seen[-1]
    send(store, staffing())  # already there
    assert store.version == seen[-1]


def test_the_version_tells_another_history_apart(store: Store) -> None:
    # Whoever remembers figures by it would show those of the store before.
    accepted(store, staffing(3))
    before = store.version
    reset(store)
    accepted(store, staffing(4))
    assert store.version != before


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.transaction() as cursor:
            cursor.execute("INSERT INTO target (indicator, unit, period, value) VALUES ('x', '15', '2018', 1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.run("SELECT count(*) FROM target") == [(0,)]


# ---- forms and the register change -----------------------------------------------------------------------------------


def test_a_form_may_gain_a_column(tmp_path: Path, store_dir: Path) -> None:
    form = declared("publicity")
    written(tmp_path, form)
    old = small_store(store_dir, load_forms(tmp_path))
    accepted(
        old,
        make_workbook(
            "publicity", [{"channel": "website", "submitted": 5, "adopted": 1}], unit="松山区", period="2018-09"
        ),
    )
    old.close()

    form["items"].append(
        {"code": "read_by", "label": {"zh": "阅读量", "en": "Read"}, "type": "integer", "optional": True}
    )
    written(tmp_path, form)
    new = small_store(store_dir, load_forms(tmp_path))
    assert new.stale
    derive.ready(new)
    assert not new.stale
    assert new.run("SELECT submitted, read_by FROM publicity") == [(5, None)]
    new.close()


def test_a_county_that_the_register_gains_owes_its_returns(store_dir: Path) -> None:
    before = small_store(store_dir, units=places(SONGSHAN))
    assert figures(before, ["staff_in_post_total"], "1504", [Q3])["n_expected"].iloc[0] == 1
    before.close()
    after = small_store(store_dir, units=places(SONGSHAN, LINXI))
    assert figures(after, ["staff_in_post_total"], "1504", [Q3])["missing"].iloc[0] == [SONGSHAN, LINXI]
    after.close()


def test_where_the_store_lies(store_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store_folder() == store_dir
    monkeypatch.delenv("HUIZONG_STORE")
    assert store_folder() == ROOT / "data" / "store"


# ---- taking turns ----------------------------------------------------------------------------------------------------


def test_many_threads_get_their_own_answers(two_counties: Store) -> None:
    wrong: list[object] = []

    def ask(unit: str, expected: float) -> None:
        for _ in range(10):
            value = figures(two_counties, ["staff_in_post_total"], unit, [Q3])["value"].iloc[0]
            if value != expected:
                wrong.append((unit, value))

    threads = [threading.Thread(target=ask, args=pair) for pair in [(SONGSHAN, 3), (LINXI, 5), ("1504", 8)] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_two_processes_take_turns_on_one_store(store_dir: Path, tmp_path: Path) -> None:
    loaders = []
    for unit, name in (("松山区", "区委统战部"), ("林西县", "县委统战部")):
        for year in range(2010, 2020):
            (tmp_path / unit).mkdir(exist_ok=True)
            (tmp_path / unit / f"{year}.xlsx").write_bytes(staffing(3, unit, name, f"{year}-Q3"))
        call = [sys.executable, "-m", "huizong", "load", str(tmp_path / unit), "--accept", "--json"]
        loaders.append(subprocess.Popen(call, cwd=ROOT, stdout=subprocess.PIPE, env=os.environ))
    answers = [json.loads(loader.communicate(timeout=60)[0]) for loader in loaders]
    assert [loader.returncode for loader in loaders] == [0, 0]
    assert [[entry["outcome"] for entry in answer["files"]] for answer in answers] == [["received"] * 10] * 2
    store = Store(store_dir)
    held = store.run("SELECT unit, count(*) FROM submission WHERE status = 'accepted' GROUP BY unit ORDER BY unit")
    assert held == [(SONGSHAN, 10), (LINXI, 10)]
    with store.transaction(keep=False) as cursor:
        assert journal.first_break(journal.read(cursor)) is None
    store.close()


def test_a_lock_that_one_could_read_beside_is_waited_for(store_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB says so when the other lets go as it looks at the lock twice. Opened for reading, nothing is written."""
    connect, refused = duckdb.connect, []

    def refuse_once(path: str, **how: Any) -> duckdb.DuckDBPyConnection:
        if not refused:
            refused.append(how)
            raise duckdb.IOException(
                f'IO Error: Could not set lock on file "{path}": Conflicting lock is held in python (PID 1). However, '
                "you would be able to open this database in read-only mode, e.g. by using the -readonly parameter"
            )
        return connect(path, **how)

    Store(store_dir).close()
    monkeypatch.setattr(duckdb, "connect", refuse_once)
    store = Store(store_dir)
    assert refused
    assert not store.read_only
    with store.transaction(keep=False) as cursor:
        cursor.execute("DELETE FROM about")
    store.close()


def test_the_file_is_let_go_when_nobody_uses_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huizong.store.LINGER_SECONDS", 0.05)
    assert store.run("SELECT 1") == [(1,)]
    assert store._closed.wait(5)
    duckdb.connect(str(store.path)).close()  # with other settings: refused while this process has it open
    assert store.run("SELECT 1") == [(1,)]


# ---- within a transaction --------------------------------------------------------------------------------------------


def test_whoever_is_in_a_transaction_is_answered_from_inside_it(two_counties: Store) -> None:
    store = two_counties
    seen_outside: list[object] = []

    def outside() -> None:
        seen_outside.append((in_force(), store.version))

    def in_force() -> int:
        return int((submissions.listed(store)["status"] == "accepted").sum())

    before = store.version
    ((of_linxi,),) = store.run("SELECT id FROM submission WHERE unit = ?", [LINXI])
    with store.transaction(keep=False) as cursor:
        derive.apply(store, cursor, journal.append(cursor, "统计员", [("withdrawn", of_linxi, {"reason": "?"})]))
        assert in_force() == 1
        assert len(store.frame("SELECT * FROM submission WHERE status = 'accepted'")) == 1
        assert store.version != before
        assert figures(store, ["staff_in_post_total"], "1504", [Q3])["value"].iloc[0] == 3
        thread = threading.Thread(target=outside)
        thread.start()
        thread.join()
    assert seen_outside == [(2, before)]
    assert in_force() == 2
    assert store.version == before


def test_a_transaction_in_a_transaction_is_a_part_of_it(two_counties: Store) -> None:
    store = two_counties
    before = contents(store)
    submission = submitted(store, staffing(9))
    held = contents(store)
    with store.transaction(keep=False):  # what accepting would change, by accepting
        decisions.accept(store, [submission], who="统计员")
        assert figures(store, ["staff_in_post_total"], "1504", [Q3])["value"].iloc[0] == 14
    assert contents(store) == held != before
    with pytest.raises(AssertionError), store.transaction(), store.transaction(keep=False):
        pass
    assert contents(store) == held


@pytest.mark.parametrize("scope", [[], ["0"], ["15"], ["1504"], ["150404"], ["321084-01"], ["45", "150424"], ["", "1"]])
def test_who_may_see_a_unit(scope: list[str]) -> None:
    """The macro in_scope says what the list of a unit's codes would say, also where some are missing."""
    store = Store()
    codes = [None, "15", "1504", "150404", "150424", "45", "321084-01"]
    seen = store.run(
        "SELECT in_scope($1::VARCHAR[], a, b, c, d), list_has_any($1::VARCHAR[], ['0', a, b, c, d]) "
        "FROM (SELECT unnest($2::VARCHAR[]) AS a), (SELECT unnest($2::VARCHAR[]) AS b), "
        "(SELECT unnest($2::VARCHAR[]) AS c), (SELECT unnest($2::VARCHAR[]) AS d)",
        [scope, codes],
    )
    assert len(seen) == len(codes) ** 4
    assert all(bool(quick) == bool(plain) for quick, plain in seen)
    store.close()
