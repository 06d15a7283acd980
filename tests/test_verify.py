"""What is whole is found whole, and whatever was lost or altered is named."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from stores import LINXI, SONGSHAN, accepted, contents, files_in, send, small_store, status, submitted
from workbooks import make_workbook, office

from huizong import decisions, journal, submissions
from huizong.cli import main
from huizong.derive import OriginalsUnread, ready, rebuild
from huizong.store import Store
from huizong.verify import Verified, verify_store


def staffing(staff: int = 3, unit: str = "松山区", period: str = "2018-Q3", **values: object) -> bytes:
    name = "县委统战部" if unit.endswith("县") else "区委统战部"
    return make_workbook("staffing", [office(name, staff, **values)], unit=unit, period=period)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which all sorts of things have happened."""
    store = small_store(tmp_path_factory.mktemp("past"))
    accepted(store, staffing())
    accepted(store, staffing(5))
    accepted(store, staffing(4, "林西县"))
    decisions.withdraw(store, accepted(store, staffing(2, "邕宁区")), who="统计员", reason="误报")
    decisions.send_back(store, submitted(store, staffing(3, period="2018-Q4", women=9)), who="统计员", reason="请更正")
    unsure = submitted(store, staffing(6, "哪里", period="2018-Q1"))
    decisions.answer(store, unsure, unit=LINXI, who="统计员")
    decisions.set_target(store, "target_fulfilment", SONGSHAN, "2018", 100, who="统计员")
    personal = make_workbook("staffing", [office("区委统战部")], unit="松山区", period="2018-Q3", notes=["13000000000"])
    send(store, b"no workbook", personal)
    assert status(store, unsure) in ("clean", "query")
    store.close()
    return store.folder


@pytest.fixture
def lived(past: Path, store_dir: Path) -> Iterator[Store]:
    """That store, to damage."""
    shutil.copytree(past, store_dir)
    store = small_store(store_dir)
    yield store
    store.close()


def test_what_is_whole_is_found_whole(lived: Store) -> None:
    verified = verify_store(lived)
    assert verified.differences == []
    assert verified.unreferenced == []
    assert verified.rebuilt
    assert verified.events == lived.run("SELECT count(*) FROM journal")[0][0] > 10
    assert verified.originals == len(files_in(lived.originals)) == 7


def test_an_empty_store_is_whole(store: Store) -> None:
    assert verify_store(store) == Verified(rebuilt=True)


@pytest.mark.parametrize(
    "damage", ["UPDATE journal SET who = '别人' WHERE seq = 3", "DELETE FROM journal WHERE seq = 2"]
)
def test_a_journal_that_was_altered_says_where(lived: Store, damage: str) -> None:
    with lived.transaction() as cursor:
        cursor.execute(damage)
    verified = verify_store(lived)
    (difference,) = verified.differences
    assert (difference.part, difference.subject) == ("journal", "3")
    assert "事件 3（" in difference.what
    assert not verified.rebuilt  # nothing can be made of a record that is not whole


TABLES_ALTERED = {
    "UPDATE staffing SET staff_in_post = 7 WHERE staff_in_post = 5": ("staffing", "一致：staff_in_post"),
    "INSERT INTO staffing SELECT * FROM staffing WHERE staff_in_post = 2": ("staffing", "2 行，应为 1 行"),
    "UPDATE submission SET ended_at = NULL, status = 'clean' WHERE status = 'superseded'":
        ("submission", "一致：status, ended_at"),
    "DELETE FROM submission WHERE unit = '450109'": ("submission", "0 行，应为 1 行"),
    "DELETE FROM fact WHERE indicator = 'vacancy_rate' AND county = '150424'": ("fact", "行，应为"),
    "UPDATE finding SET explanation = '好' WHERE severity = 'error'": ("finding", "一致：explanation"),
    "UPDATE target SET value = 99": ("target", "一致：value"),
    "DELETE FROM expectation WHERE unit = '150404'": ("expectation", "行，应为"),
    "UPDATE org_unit SET parent = '0' WHERE code = '150404'": ("org_unit", "一致：parent"),
    "UPDATE original SET filename = 'x' WHERE reason IS NOT NULL": ("original", "一致：filename"),
    "CREATE TABLE pasted AS SELECT 1 AS one": ("pasted", "没有这张表"),
}  # fmt: skip


def test_tables_that_were_altered_are_named_with_what_differs(lived: Store) -> None:
    with lived.transaction() as cursor:
        for damage in TABLES_ALTERED:
            cursor.execute(damage)
    differences = verify_store(lived).differences
    assert {difference.part for difference in differences} == {"tables"}
    named = [(difference.subject.partition(" ")[0], difference.what) for difference in differences]
    for table, words in TABLES_ALTERED.values():
        assert any(found == table and words in what for found, what in named), (table, words, named)
    assert {table for table, _ in named} == {table for table, _ in TABLES_ALTERED.values()}
    assert verify_store(lived, quick=True).differences == []  # the record is whole


def test_an_original_that_is_missing_or_altered_is_named(lived: Store) -> None:
    altered, missing, *_others = files_in(lived.originals)
    altered.write_bytes(altered.read_bytes()[:-1] + b"?")
    missing.unlink()
    for quick in (True, False):
        verified = verify_store(lived, quick=quick)
        named = {(difference.part, difference.subject) for difference in verified.differences}
        assert named == {("originals", altered.name), ("originals", missing.name)}
        assert not verified.rebuilt  # nothing can be made of a record that is not whole


def test_an_original_of_which_nothing_is_known_does_no_harm(lived: Store) -> None:
    (lived.originals / "0123.xlsx").write_bytes(b"left by an interrupted upload")
    verified = verify_store(lived)
    assert (verified.unreferenced, verified.differences) == (["0123.xlsx"], [])


def test_a_rebuild_leaves_the_tables_when_an_original_cannot_be_read(lived: Store) -> None:
    before = contents(lived)
    lost = next(path for path in files_in(lived.originals) if path.suffix == ".xlsx")
    kept = lost.read_bytes()
    lost.unlink()
    with pytest.raises(OriginalsUnread, match="1 份原始文件"):
        rebuild(lived)
    assert contents(lived) == before
    lost.write_bytes(kept)
    rebuild(lived)
    assert contents(lived) == before


def test_a_store_whose_tables_have_to_be_made_anew_opens_without_a_lost_original(lived: Store) -> None:
    """Also when the analyst's answers were about just that file."""
    for path in files_in(lived.originals):
        path.unlink()
    lived.stale = True
    assert lived.run("SELECT count(*) FROM submission") != [(0,)]
    ready(lived)
    assert lived.run("SELECT count(*) FROM submission") == [(0,)]
    assert len(verify_store(lived).differences) == 7


def test_many_differences_are_counted(store: Store) -> None:
    send(store, *(staffing(3, period=f"{year}-Q3") for year in range(2004, 2024)), accept=True)
    send(store, *(staffing(3, period=f"{year}-Q2") for year in range(2004, 2009)), accept=True)
    with store.transaction() as cursor:
        cursor.execute("UPDATE staffing SET staff_in_post = 7")
    *named, rest = verify_store(store).differences
    assert len(named) == 20
    assert "另有 5 处" in rest.what


def test_the_store_is_used_meanwhile(lived: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is received and accepted while the store is verified is no difference."""
    monkeypatch.setattr(journal, "PAGE", 3)
    done = threading.Event()

    def work() -> None:
        periods = (f"{year}-Q{quarter}" for year in range(2004, 2100) for quarter in range(1, 5))
        while not done.is_set():
            accepted(lived, staffing(3, period=next(periods)))

    before = len(submissions.listed(lived))
    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(2):
            assert verify_store(lived).differences == []
    finally:
        done.set()
        worker.join()
    assert len(submissions.listed(lived)) > before + 2


# ---- on the command line ---------------------------------------------------------------------------------------------


def test_verify_says_what_differs(lived: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify"]) == 0
    assert "全部完好" in capsys.readouterr().out
    with lived.transaction() as cursor:
        cursor.execute("UPDATE staffing SET full_time = 2 WHERE full_time = 5")
    lived.close()
    assert main(["--language", "en", "verify"]) == 1
    assert "not what follows from the record: full_time" in capsys.readouterr().out
    assert main(["verify", "--quick", "--json"]) == 0
    assert '"whole": true' in capsys.readouterr().out


def test_looking_at_a_store_makes_none(store_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify"]) == 2
    assert str(store_dir) in capsys.readouterr().err
    assert not store_dir.exists()
