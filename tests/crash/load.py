"""One process of a bulk load that is to be killed: it finds what was there, goes on, and acknowledges what it has."""

import csv
import os
import random
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from huizong import intake, reading, store
from huizong.indicators import figures
from huizong.periods import Period
from huizong.sheet import Unreadable, read_workbook
from huizong.store import Store
from huizong.texts import catalogue
from huizong.verify import verify_store
from tests.crash.power import Log, size_of_log
from tests.stores import LINXI, SONGSHAN, YONGNING, small_store
from tests.workbooks import make_workbook, office

UNITS = {SONGSHAN: ("松山区", "区委统战部"), LINXI: ("林西县", "县委统战部"), YONGNING: ("邕宁区", "区委统战部")}
QUARTERS = [Period.of(f"{year}-Q{quarter}") for year in range(2005, 2015) for quarter in range(1, 5)]
GROUP = 4  # files in one transaction, that there may be many


DEEDS = ("write incoming", "fsync incoming", "sync all incoming", "rename originals", "fsync originals", "commit",
         "fsync store", "unlink incoming")  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """When the process is to die: where it is for the n-th time, delay seconds later. Never without a where."""

    where: str = ""  # before or after a deed, or "any time"
    n: int = 1
    delay: float = 0.0
    sync_all: bool = False  # the files of a group are synced by one call, as those of a large group are

    @classmethod
    def by(cls, chance: random.Random) -> "Plan":
        (kind,) = chance.choices(["point", "in commit", "any time"], [8, 2, 1])
        if kind == "any time":
            return cls("any time", delay=chance.uniform(0, 0.5))
        if kind == "in commit":
            return cls("before commit", chance.randint(1, 2), chance.uniform(0, 0.004), chance.random() < 0.5)
        deed = chance.choice(DEEDS)
        sync_all = deed == "sync all incoming" or (deed != "fsync incoming" and chance.random() < 0.5)
        return cls(f"{chance.choice(['before', 'after'])} {deed}", chance.randint(1, 3), sync_all=sync_all)


# ---- what is loaded --------------------------------------------------------------------------------------------------


def workbooks(folder: Path) -> dict[str, bytes]:
    """120 returns, most of them as text, which is quick to make, and some files that cannot be read or are refused."""
    files: dict[str, bytes] = {}
    for unit, (name, department) in UNITS.items():
        printed = make_workbook("staffing", [office(department, 10)], unit=name, period="2004-Q4")
        files[f"{unit}.xlsx"] = printed
        text = as_text(printed, folder)
        for n, quarter in enumerate(QUARTERS):
            files[f"{unit} {quarter.code}.csv"] = text.replace("2004年第四季度", quarter.label("zh_CN")).encode()
            if n % 40 == 7:
                files[f"{unit} {n} damaged.xlsx"] = printed[:-n]
                files[f"{unit} {n} personal.csv"] = f"{text}\n联系电话,1380000{n:04}".encode()
    return files


def as_text(workbook: bytes, folder: Path) -> str:
    path = folder / "printed.xlsx"
    path.write_bytes(workbook)
    (sheet,) = read_workbook(path).sheets
    text = StringIO()
    csv.writer(text).writerows([f"{cell:g}" if isinstance(cell, float) else cell for cell in row] for row in sheet.rows)
    return text.getvalue()


def in_process(task: Callable, paths: Sequence[str | os.PathLike], *args: object) -> Iterator:
    """Reading without child processes, which would cost each killed process a second."""
    for path in paths:
        try:
            yield task(str(path), *args)
        except Unreadable as reason:
            yield reason


def know_before(workbook: Path) -> None:
    """Does what each process would do anew for its first workbook: they are forked from this one."""
    reading.each_in_child = in_process
    intake.GROUP = GROUP
    catalogue("zh_CN")
    knowing = small_store(None)
    list(reading.read_files(knowing, [workbook]))
    Store.vocabulary = knowing.vocabulary
    knowing.close()


# ---- dying -----------------------------------------------------------------------------------------------------------


class Fate:
    """Ends the process as planned, and notes what it does to files until then."""

    def __init__(self, folder: Path, log: Log, plan: Plan):
        self.folder, self.log, self.plan = folder, log, plan
        self.times = 0
        self.armed = False
        self._open: dict[int, str] = {}
        self._one_at_a_time = threading.RLock()

    def die(self, where: str) -> None:
        with self._one_at_a_time:
            self.log.note("killed", where)
            os.kill(os.getpid(), signal.SIGKILL)

    def die_later(self, where: str) -> None:
        timer = threading.Timer(self.plan.delay, self.die, [where])
        timer.daemon = True
        timer.start()

    def at(self, where: str) -> None:
        """A point at which the process may be planned to die."""
        if self.armed and where == self.plan.where:
            self.times += 1
            if self.times == self.plan.n:
                if self.plan.delay:
                    self.die_later(where.replace("before", "in"))
                else:
                    self.die(where)

    @contextmanager
    def around(self, deed: str, path: str | os.PathLike) -> Iterator[None]:
        relative = Path(path).relative_to(self.folder).parts[:1]
        deed = f"{deed} {relative[0] if relative else 'store'}"
        self.at(f"before {deed}")
        yield
        self.at(f"after {deed}")

    def take_over(self) -> None:
        """Puts itself between the program and the system."""
        opens, writes, syncs, closes, moves, removes = os.open, os.write, os.fsync, os.close, os.replace, os.unlink
        inside = str(self.folder)

        def open_(path: str | os.PathLike, flags: int, *more: int) -> int:
            if not str(path).startswith(inside):
                return opens(path, flags, *more)
            if flags & os.O_CREAT:
                self.log.note("created", path)
            handle = opens(path, flags, *more)
            self._open[handle] = str(path)
            return handle

        def write(handle: int, data: bytes) -> int:
            if handle not in self._open:
                return writes(handle, data)
            self.log.note("written", self._open[handle])
            with self.around("write", self._open[handle]):
                return writes(handle, data)

        def fsync(handle: int) -> None:
            path = self._open.get(handle)
            with self.around("fsync", path) if path else nullcontext():
                syncs(handle)
                self.log.note("synced", path)
                if path == inside:
                    self.log.note("named", size_of_log(self.folder)[0])

        def close(handle: int) -> None:
            self._open.pop(handle, None)
            closes(handle)

        def replace(source: str | os.PathLike, target: str | os.PathLike) -> None:
            self.log.note("moved", source, target)
            with self.around("rename", target):
                moves(source, target)

        def unlink(path: str | os.PathLike, **more: int) -> None:
            with self.around("unlink", path) if str(path).startswith(inside) else nullcontext():
                removes(path, **more)

        os.open, os.write, os.fsync, os.close, os.replace, os.unlink = open_, write, fsync, close, replace, unlink
        transaction, sync_all = Store.transaction, store._sync_file_system

        def noted_sync(handle: int) -> None:
            with self.around("sync all", self._open[handle]):
                sync_all(handle)
                self.log.note("synced all")
                self.log.note("named", size_of_log(self.folder)[0])

        @contextmanager
        def noted_transaction(self_: Store, *, keep: bool = True) -> Iterator[object]:
            with transaction(self_, keep=keep) as cursor:
                yield cursor
                self.at("before commit")
            self.log.note("committed", *size_of_log(self.folder))
            self.at("after commit")

        Store.transaction, store._sync_file_system = noted_transaction, noted_sync
        store.MANY_FILES = 1 if self.plan.sync_all else GROUP + 1


# ---- living ----------------------------------------------------------------------------------------------------------


def live(folder: Path, log: Log, plan: Plan, files: Iterable[tuple[str, bytes]], said: Sequence[dict]) -> None:
    """Opens the store, checks that what was said to be received is there, and loads files until it is killed."""
    fate = Fate(folder, log, plan)
    fate.take_over()
    if plan.where == "any time":
        fate.die_later("any time")
    opened = small_store(folder)
    check(opened, said)
    if plan.n % 2:
        opened.close()  # its next commit begins a new log
    log.note("checked")
    fate.armed = True
    for receipt in intake.receive(opened, files, who="统计员", accept=True):
        log.note("said", {"file": receipt.filename, "outcome": receipt.outcome, "submissions": receipt.submissions})
    fate.armed = False
    opened.close()
    log.note("done")


class Lost(AssertionError):
    """Something that was acknowledged is not there, or something is there by half."""


# Nothing by half: an event with its rows, rows with their event, as many rows as the return says.
HALVES = {
    "events without a file": "SELECT subject FROM journal WHERE kind = 'received' EXCEPT SELECT sha256 FROM original",
    "files without an event": "SELECT sha256 FROM original EXCEPT SELECT subject FROM journal",
    "files without returns": "SELECT sha256 FROM original WHERE reason IS NULL EXCEPT SELECT original FROM submission",
    "returns without a file": "SELECT original FROM submission EXCEPT SELECT sha256 FROM original",
    "returns without their rows": "SELECT id FROM submission LEFT JOIN staffing ON submission_id = id "
    "GROUP BY id, n_rows HAVING n_rows <> count(submission_id)",
    "rows without a return": "SELECT submission_id FROM staffing EXCEPT SELECT id FROM submission",
    "facts without a return": "SELECT submission_id FROM fact EXCEPT SELECT id FROM submission",
    "accepted without an event": "SELECT id FROM submission WHERE accepted_at IS NOT NULL EXCEPT SELECT "
    "unnest(from_json(body, '{\"submissions\": [\"VARCHAR\"]}').submissions) FROM journal WHERE kind = 'accepted'",
}


def check(store: Store, said: Sequence[dict]) -> None:
    """Raises Lost unless all that was acknowledged is there, the record is whole, and nothing is there by half."""
    submissions = {i for (i,) in store.run("SELECT id FROM submission")}
    held = {file for (file,) in store.run("SELECT filename FROM original")}
    refused = {file for (file,) in store.run("SELECT body ->> 'filename' FROM journal WHERE kind = 'refused'")}
    for receipt in said:
        there = refused if receipt["outcome"] == "refused" else held
        if receipt["file"] not in there or not submissions >= {*receipt["submissions"]}:
            raise Lost(f"acknowledged and not there: {receipt}")
    if differences := verify_store(store, quick=True).differences:
        raise Lost(str(differences))
    for what, question in HALVES.items():
        if found := store.run(question):
            raise Lost(f"{what}: {found}")


def outcome(folder: Path) -> tuple[list, str]:
    """What the whole load has come to: its returns, and every indicator of every place, whenever it was killed."""
    loaded = small_store(folder)
    if differences := verify_store(loaded).differences:
        raise Lost(str(differences))
    returns = loaded.run(
        "SELECT id, original, filename, form, unit, period, revision, status, n_rows, n_errors, n_queries "
        "FROM submission ORDER BY id"
    )
    shown = figures(loaded, list(loaded.forms.indicators), "0", QUARTERS)
    shown = shown.drop(columns=[name for name in shown if shown[name].map(type).eq(list).all()])
    loaded.close()
    return returns, shown.to_csv(index=False)
