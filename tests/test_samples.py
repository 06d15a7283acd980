"""The sample returns: what lies in data/samples, and how it comes into a new store."""

import csv
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from huizong import derive, desk, samples, submissions
from huizong.edits import personal_cells
from huizong.forms import all_forms
from huizong.org_units import register
from huizong.periods import Period
from huizong.samples import SAMPLES, ensure_store
from huizong.sheet import read_workbook
from scripts.make_samples import workbooks

WORKBOOKS = sorted(SAMPLES.rglob("*.xlsx"))


def contents(data: bytes) -> dict[str, bytes]:
    """What a workbook holds, whatever the compression."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("place", ["zhaoyuan", "yongning", "gaoyou", "luohe"])
def test_the_script_makes_what_is_committed(place: str) -> None:
    made = dict(workbooks(place))
    held = {path.name: path.read_bytes() for path in (SAMPLES / place).glob("*.xlsx")}
    assert made.keys() == held.keys()
    for name, data in made.items():
        assert contents(data) == contents(held[name]), name


def test_every_sheet_says_that_its_rows_are_made_up_and_names_nobody() -> None:
    for path in WORKBOOKS:
        workbook = read_workbook(path)
        assert not workbook.mark
        assert personal_cells(workbook) == []
        for sheet in workbook.sheets:
            texts = [cell for row in sheet.rows for cell in row if isinstance(cell, str)]
            assert any("示例数据（虚构）" in text for text in texts), f"{path.name}!{sheet.name}"
            assert any(text.startswith("填表人：（略）") for text in texts)


def test_the_samples_are_small() -> None:
    assert sum(path.stat().st_size for path in WORKBOOKS) < 4 * 2**20


def test_who_owes_what_names_units_and_forms_that_are_known() -> None:
    with (SAMPLES / "assignments.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["form"] in all_forms() and row["unit"] in register() for row in rows)
    assert all(row["from"] < row["to"] for row in rows)
    chifeng = {unit.code for unit in register().children("1504")}
    assert {row["unit"] for row in rows if row["form"] == "coverage" and row["unit"].startswith("1504")} == chifeng


def test_a_new_store_holds_every_sample_accepted_and_the_next_start_builds_nothing(tmp_path: Path) -> None:
    told: list[float] = []
    store = ensure_store(tmp_path, told.append)
    held = submissions.listed(store)
    assert set(held["status"]) == {"accepted"}
    assert held["sample"].all()
    assert set(held["revision"]) == {1}
    assert set(held["form"]) == set(all_forms())
    assert store.run("SELECT count(*) FROM original")[0][0] == len(WORKBOOKS)
    assert told == sorted(told)
    assert told[-1] == 1
    assert {path.name for path in tmp_path.iterdir()} - {"holder.json"} == set(samples.PARTS)

    # Few queries, so that the demonstration is not drowned in them; each explained.
    queries = store.run("SELECT rule, explanation FROM finding WHERE severity <> 'note'")
    assert queries == [("villages_as_in_register", samples.EXPLANATION)]

    # What the samples do not have is not asked for in their provinces, so that nothing seems to be missing.
    board = desk.board(store, Period.of("2018-Q2"), "15")
    assert set(board["state"]) == {"accepted"}
    assert set(board["prefecture"]) == {"1504"}

    before = store.version
    assert ensure_store(tmp_path, told.append) is store
    assert (store.version, told[-1], told.count(1)) == (before, 1, 1)
    store.close()


@pytest.fixture
def one_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """data/samples with one workbook in it."""
    folder = tmp_path / "samples"
    folder.mkdir()
    (source,) = (SAMPLES / "gaoyou").glob("*.xlsx")
    (folder / source.name).write_bytes(source.read_bytes())
    (folder / "assignments.csv").write_text("form,unit,from,to\nstaffing,321084-01,2007-01-01,2007-12-31\n", "utf-8")
    (folder / "targets.csv").write_text("indicator,unit,period,value\n", "utf-8")
    monkeypatch.setattr(samples, "SAMPLES", folder)
    return folder


def test_a_build_that_is_interrupted_leaves_nothing_half_done(
    one_sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    folder = tmp_path / "store"
    with pytest.raises(KeyboardInterrupt):
        ensure_store(folder, stop)
    assert list(folder.iterdir()) == []
    store = ensure_store(folder)
    assert submissions.listed(store)["unit"].tolist() == ["321084-01"]
    store.close()


def test_an_emptied_store_is_not_filled_again(one_sample: Path, tmp_path: Path) -> None:
    store = ensure_store(tmp_path / "store")
    derive.reset(store)
    assert submissions.listed(ensure_store(tmp_path / "store")).empty
    store.close()
