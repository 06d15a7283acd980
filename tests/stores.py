"""Stores for tests: with a register of a few real counties, opened in 50 ms instead of 400, and copies of such."""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from huizong import decisions, derive, intake, submissions
from huizong.forms import Forms
from huizong.org_units import COUNTY, DEPARTMENT, TOWNSHIP, Register, register
from huizong.samples import load_samples
from huizong.store import Store, open_store

BELOW = (COUNTY, TOWNSHIP, DEPARTMENT)
SONGSHAN, LINXI, YONGNING = "150404", "150424", "450109"
DERIVED = (*derive.DERIVED, "expectation")


@cache
def places(*codes: str) -> Register:
    """The register with only these units, those above them and what lies below."""
    whole = register()
    units = {
        unit.code: unit
        for code in codes
        for unit in (*whole.path(code), *(below for level in BELOW for below in whole.under(code, level)))
    }
    return Register(sorted(units.values(), key=lambda unit: (unit.level, unit.code)))


def small_store(folder: Path | None, forms: Forms | None = None, units: Register | None = None) -> Store:
    return Store(folder, forms, units or places(SONGSHAN, LINXI, YONGNING))


def send(store: Store, *files: bytes, accept: bool = False) -> list[intake.Receipt]:
    """Files 1.xlsx, 2.xlsx, … received in one upload."""
    named = ((f"{n}.xlsx", data) for n, data in enumerate(files, 1))
    return list(intake.receive(store, named, who="统计员", accept=accept))


def submitted(store: Store, workbook: bytes, *, accept: bool = False) -> str:
    """The id of the one submission that a workbook makes."""
    (receipt,) = send(store, workbook, accept=accept)
    assert receipt.outcome == "received", receipt
    (submission,) = receipt.submissions
    return submission


def accepted(store: Store, workbook: bytes) -> str:
    """The id of the one submission that a workbook makes, put in force with its queries explained."""
    submission = submitted(store, workbook)
    found = submissions.findings(store, submission)
    if queries := found.loc[found["severity"] == "query", "n"].tolist():
        decisions.explain(store, submission, queries, "示例数据，虚构", who="统计员")
    decisions.accept(store, [submission], who="统计员")
    return submission


def status(store: Store, submission: str) -> str:
    return submissions.states(store, [submission])[submission]["status"]


def rules(store: Store, submission: str, severities: Iterable[str] = ("error", "query")) -> dict[str, list[str]]:
    """Rule → the cells of its findings."""
    found = submissions.findings(store, submission)
    return {row.rule: list(row.cells) for row in found.itertuples() if row.severity in severities}


def contents(store: Store) -> dict[str, list[str]]:
    """Every row of every derived table, in an order of their own."""
    tables = (*DERIVED, *store.forms)
    return {table: sorted(map(repr, store.run(f'SELECT * FROM "{table}"'))) for table in tables}


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


# ---- made once in a process, and copied ------------------------------------------------------------------------------


def new_store(folder: Path) -> Store:
    """An empty store with a register of a few counties."""
    return small_store(copy_of(small_store, folder))


def empty_store(folder: Path) -> Store:
    """An empty store with the whole register, which the pages open as well."""
    return open_store(copy_of(Store, folder))


def sample_store(folder: Path) -> Store:
    """A store of its own with the demonstration returns."""
    return Store(copy_of(_with_samples, folder))


def _with_samples(folder: Path) -> Store:
    store = Store(folder)
    load_samples(store)
    return store


def copy_of(make: Callable[[Path], Store], folder: Path) -> Path:
    """The folder, with the files of the store that `make` makes in a folder of its own."""
    return shutil.copytree(_made(make), folder, dirs_exist_ok=True)


@cache
def _made(make: Callable[[Path], Store]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="huizong-made-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    make(folder).close()
    return folder
