"""Files in, returns out: what the processes that read send back, and what they do without."""

import subprocess
import sys
from pathlib import Path

from stores import small_store
from workbooks import make_workbook, office, patched

from huizong import office_files
from huizong.org_units import load_register
from huizong.reading import read_file, read_files
from huizong.sheet import Unreadable, each_in_child, read_workbook
from huizong.store import Store

ROOT = Path(__file__).parent.parent
ROWS = [office("区委统战部", 3), office("穆家营子镇", 2)]


def written(folder: Path, name: str = "报表.xlsx", **more: object) -> Path:
    path = folder / name
    path.write_bytes(make_workbook("staffing", ROWS, unit="松山区", period="2018-Q3", **more))
    return path


def test_a_return_comes_without_its_sheet_and_with_the_stores_own_form(store: Store, tmp_path: Path) -> None:
    (found,) = read_file(store, written(tmp_path))
    assert found.form is store.forms["staffing"]
    assert (found.unit.code, found.period.code, found.sheets) == ("150404", "2018-Q3", ["统战机构人员配备情况表"])
    assert found.tables == []
    assert [found.cell(row, "office") for row in found.rows] == ["B5", "B6"]


def test_each_store_is_read_by_its_own_forms_and_register(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path)
    other = small_store(None, forms=type(store.forms)({"safeguards": store.forms["safeguards"]}))
    assert isinstance(read_file(other, path), Unreadable)
    (found,) = read_file(store, path)
    assert found.form.code == "staffing"


def test_personal_data_are_looked_for_until_a_file_is_on_record(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path, notes=["联系电话：13000000000"])
    refused = read_file(store, path)
    assert (refused.reason, refused.cells) == ("personal", ["统战机构人员配备情况表!A8"])
    ((found,),) = read_files(store, [path], on_record=True)
    assert len(found.rows) == 2


def test_the_processes_that_read_do_without_the_database() -> None:
    # 100 MiB and half a second for each server that is started, if they did not.
    said = (
        "import sys, huizong.reading; print(*sorted({'duckdb', 'pandas', 'pyarrow', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_a_sheet_with_nothing_odd_is_read_once(tmp_path: Path, monkeypatch) -> None:
    # Parsing its XML takes four times as long as all the rest of reading it.
    parsed = []
    parse = office_files._parse_sheet
    monkeypatch.setattr(office_files, "_parse_sheet", lambda *args: parsed.append(1) or parse(*args))
    plain = written(tmp_path)
    read_workbook(plain)
    assert not parsed
    plain.write_bytes(patched(plain.read_bytes(), "xl/worksheets/sheet1.xml", 'customHeight="1"', 'hidden="1"'))
    read_workbook(plain)
    assert parsed


def test_other_registers_in_turn_do_not_fill_the_memory_of_the_children(tmp_path: Path) -> None:
    workbook = make_workbook("staffing", [office("县委统战部", 5)], unit="林西县", period="2018-Q3")
    path = tmp_path / "1.xlsx"
    path.write_bytes(workbook)
    stores = [Store(units=load_register()) for _ in range(2)]
    for turn in range(40):
        (found,) = read_files(stores[turn % 2], [path])
        assert not isinstance(found, Unreadable), (turn, found)
    for store in stores:
        store.close()


def test_a_mistake_of_the_program_at_one_file_costs_that_file_alone() -> None:
    first, wrong, last = each_in_child(int, ["1", "no number", "3"])
    assert (first, last) == (1, 3)
    assert wrong.reason == "mistake"
    assert wrong.cells[0].startswith("ValueError ")
