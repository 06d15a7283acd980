"""Many files at once: from folders, archives or the uploader into the store; how far it is; one summary of it all.

A batch can be carried by a thread of its own, so that a page or a session that ends does not end it. Each group of
files is durable as soon as it has a receipt: whatever stops a batch, the same files again go on where it ended.
"""

import atexit
import logging
import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import copy_context
from datetime import date, datetime
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO
from uuid import uuid4

import pandas as pd

from huizong import intake, submissions
from huizong.archives import count, files_in, ignored
from huizong.intake import Receipt
from huizong.periods import Period
from huizong.store import Store
from huizong.templates import table_workbook
from huizong.texts import N_, _, language
from huizong.workbook import Unreadable

Source = tuple[str, Callable[[], BinaryIO]]  # a file's name as it is shown; how to open it

# What can become of a file, those that need a look first.
OUTCOMES = {
    "refused": N_("refused, not kept"),
    "unreadable": N_("cannot be read"),
    "already": N_("already received"),
    "received": N_("received"),
}
KEPT_BATCHES = 5  # whose results are still shown
EXIT_SECONDS = 10.0  # how long the end of the program waits for the group under way

log = logging.getLogger(__name__)


# ---- files on disk --------------------------------------------------------------------------------------------------


def files_under(path: Path) -> list[Path]:
    """A file; or those of a folder and the folders beneath it, without what no one sends. Raises OSError for neither.

    A folder beneath that cannot be opened stands in the list itself, so that it is told as unreadable.
    """
    if not path.is_dir():
        path.stat()
        return [path]
    os.scandir(path).close()
    closed: list[Path] = []
    found = [
        Path(folder, name)
        for folder, _folders, names in os.walk(path, onerror=lambda error: closed.append(Path(error.filename)))
        for name in names
    ]
    return sorted(file for file in [*found, *closed] if not ignored(file.relative_to(path).as_posix()))


def on_disk(paths: Iterable[Path]) -> list[Source]:
    return [(str(path), lambda path=path: path.open("rb")) for path in paths]


# ---- a batch --------------------------------------------------------------------------------------------------------


class Batch:
    """Files being taken in together: how many, how far, and what has become of each."""

    def __init__(
        self,
        store: Store,
        sources: Iterable[Source],
        *,
        who: str,
        accept: bool = False,
        received_on: date | None = None,
        stopping: threading.Event | None = None,
    ) -> None:
        self.store, self.who, self.accept, self.received_on = store, who, accept, received_on
        self._sources = deque(sources)  # let go one by one, and their bytes with them
        self.total = sum(self._count(*source) for source in self._sources)
        self.receipts: list[Receipt] = []
        self.at = datetime.now()
        self.key = uuid4().hex
        self.stopping = stopping or threading.Event()
        self.ended = threading.Event()
        self.error = ""  # why it ended before its end
        self.unopened: set[str] = set()  # names of files that could not be opened
        self._started = self._last = 0.0

    @staticmethod
    def _count(name: str, open_file: Callable[[], BinaryIO]) -> int:
        if not name.lower().endswith(".zip"):
            return 1
        try:
            with open_file() as file:
                return count(name, file)
        except OSError:
            return 1

    def finish(self) -> None:
        """Takes all files in; each has its receipt once its group is durable. `stopping` ends it after those under
        way. Raises StoreTrouble."""
        self._started = monotonic()
        said = {"who": self.who, "accept": self.accept, "received_on": self.received_on}
        for receipt in intake.receive(self.store, self._files(), **said):
            self._note(receipt)

    def _files(self) -> Iterator[tuple[str, bytes]]:
        """What is in the sources; what cannot be read has its receipt at once, for there is nothing to be kept."""
        while self._sources:
            name, open_file = self._sources.popleft()
            try:
                with open_file() as file:
                    for given, data in files_in(name, file, self._grow):
                        if self.stopping.is_set():
                            return
                        if isinstance(data, Unreadable):
                            self._note(Receipt(given, "unreadable", intake.reason_text(data.reason)))
                        else:
                            yield given, data
            except OSError:
                self.unopened.add(name)
                self._note(Receipt(name, "unreadable", intake.reason_text("no_file")))

    def _note(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        self._last = monotonic()

    def _grow(self, more: int) -> None:
        self.total += more

    # ---- how far ----------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether it has not begun, since another batch is under way."""
        return not self._started

    @property
    def done(self) -> float:
        """The share that is done."""
        return min(1.0, len(self.receipts) / max(1, self.total))

    def progress(self, *, brief: bool = False) -> str:
        """1,200 of 3,000 files · 350 files/s · 5 s left · the newest of them."""
        n = len(self.receipts)
        total = max(self.total, n)
        parts = [_("{n} of {total} files").format(n=f"{n:,}", total=f"{total:,}")]
        if n and not brief:
            rate = n / max(self._last - self._started, 0.001)
            parts.append(_("{n} files/s").format(n=f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"))
            left = (total - n) / rate
            parts.append(
                _("{n} min left").format(n=f"{left / 60:.0f}")
                if left >= 90
                else _("{n} s left").format(n=f"{left:.0f}")
            )
            parts.append(self.receipts[-1].filename)
        return " · ".join(parts)

    # ---- in a thread of its own -------------------------------------------------------------------------------------

    def start(self, *, in_turn: bool = True) -> None:
        """Takes the files in without anybody's waiting. in_turn: after the batches of the same store before it."""
        here = _here(self.store)
        here.batches.append(self)
        for batch in batches(self.store)[1][KEPT_BATCHES:]:
            put_away(batch)
        self._thread = threading.Thread(target=copy_context().run, args=(self._work, here, in_turn), daemon=True)
        self._thread.start()

    def _work(self, here: "Here", in_turn: bool) -> None:
        try:
            if in_turn:
                here.turn.acquire()
            try:
                self.finish()
            finally:
                if in_turn:
                    here.turn.release()
        except Exception as error:  # whatever it was: it is told on the page, and the files are still there
            if not self.stopping.is_set():
                log.exception("a batch ended before its end")
            self.error = str(error) or type(error).__name__
        finally:
            self._sources.clear()
            self._last = monotonic()
            self.ended.set()

    def wait(self, seconds: float) -> None:
        self.stopping.set()
        self._thread.join(seconds)


class Here:
    """The batches of one store in this process, oldest first."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.turn = threading.Lock()


_stores: dict[Path | None, Here] = {}


def _here(store: Store) -> Here:
    if not _stores:
        atexit.register(_stop_all)  # after the store's own: so that it comes first
    return _stores.setdefault(store.folder, Here())


def _stop_all() -> None:
    """The group under way is finished, the rest of the files left: they are taken in when they are sent again."""
    deadline = monotonic() + EXIT_SECONDS
    for batch in [batch for here in _stores.values() for batch in here.batches if not batch.ended.is_set()]:
        batch.wait(deadline - monotonic())


def batches(store: Store) -> tuple[list[Batch], list[Batch]]:
    """Those under way, as they were started; those that have ended and are not put away, the last to end first."""
    here = _here(store)
    ended = [batch for batch in here.batches if batch.ended.is_set()]
    under_way = [batch for batch in here.batches if batch not in ended]
    return under_way, sorted(ended, key=lambda batch: -batch._last)


def put_away(batch: Batch) -> None:
    """Its result is shown no more."""
    here = _here(batch.store)
    if batch in here.batches:
        here.batches.remove(batch)


# ---- the summary ----------------------------------------------------------------------------------------------------


States = Mapping[str, Mapping[str, Any]]  # of submissions.states


def counted(receipts: Sequence[Receipt], states: States) -> tuple[dict[str, int], dict[str, int]]:
    """How many files had each outcome; how many of the returns just received have each status."""
    ids = [i for receipt in receipts if receipt.outcome == "received" for i in receipt.submissions]
    outcomes = Counter(receipt.outcome for receipt in receipts)
    statuses = Counter(submissions.state_of(states[i]) for i in ids if i in states)
    return (
        {outcome: outcomes[outcome] for outcome in OUTCOMES},
        {status: statuses[status] for status in submissions.STATUSES if statuses[status]},
    )


def in_words(receipts: Sequence[Receipt], states: States) -> list[str]:
    """3 files: cannot be read 1 · received 2; and 2 returns: has errors 1 · ready to accept 1."""
    outcomes, statuses = counted(receipts, states)
    files = " · ".join(f"{_(OUTCOMES[outcome])} {n:,}" for outcome, n in outcomes.items() if n)
    returns = " · ".join(f"{_(submissions.STATUSES[status])} {n:,}" for status, n in statuses.items())
    lines = [_("{n} files: {parts}").format(n=f"{len(receipts):,}", parts=files or "—")]
    if returns:
        lines.append(_("{n} returns just received: {parts}").format(n=f"{sum(statuses.values()):,}", parts=returns))
    return lines


def needs_a_look(receipt: Receipt, states: States) -> bool:
    """Whether something is to be done about a file or a return in it."""
    if receipt.outcome in ("refused", "unreadable"):
        return True
    statuses = {submissions.state_of(states[i]) for i in receipt.submissions if i in states}
    return receipt.outcome == "received" and bool(statuses & {"unsure", "error", "query"})


def by_urgency(receipts: Sequence[Receipt], states: States, *, urgent_last: bool = False) -> list[tuple[int, Receipt]]:
    """Those that need a look first (or last), each with its place in receipts."""
    order = {name: n for n, name in enumerate([*OUTCOMES, *submissions.STATUSES])}

    def urgency(placed: tuple[int, Receipt]) -> tuple[int, int]:
        receipt = placed[1]
        held = [order[submissions.state_of(states[i])] for i in receipt.submissions if i in states]
        return order[receipt.outcome], min(held, default=len(order))

    return sorted(enumerate(receipts), key=urgency, reverse=urgent_last)


def summary(store: Store, receipts: Sequence[Receipt], *, urgent_last: bool = False) -> pd.DataFrame:
    """One row per file and return in it, in the current language, those that need a look first (or last)."""
    states = submissions.states(store, [i for receipt in receipts for i in receipt.submissions])
    rows = []
    for _n, receipt in by_urgency(receipts, states, urgent_last=urgent_last):
        file = (receipt.filename, _(OUTCOMES[receipt.outcome]), receipt.message)
        for state in [states[i] for i in receipt.submissions if i in states]:
            form, unit, period = state["form"], state["unit"], state["period"]
            rows.append(
                (
                    *file,
                    store.forms[form].title.get(language()),
                    store.units.label(unit) if unit else "",
                    Period.of(period).label(language()) if period else "",
                    _(submissions.STATUSES[submissions.state_of(state)]),
                    state["n_errors"],
                    state["n_queries"],
                )
            )
        if not receipt.submissions:
            rows.append((*file, "", "", "", "", None, None))
    heads = [_("File"), _("Result"), _("Details"), _("Form"), _("Reporting unit"), _("Period"), _("Status"),
             _("Errors"), _("Queries")]  # fmt: skip
    return pd.DataFrame(rows, columns=heads).astype({_("Errors"): "Int64", _("Queries"): "Int64"})


def summary_workbook(store: Store, receipts: Sequence[Receipt], title: str = "") -> bytes:
    """The summary as an Excel workbook, with the counts beneath."""
    title = title or _("What became of the files")
    states = submissions.states(store, [i for receipt in receipts for i in receipt.submissions])
    return table_workbook(summary(store, receipts), title=title, notes=in_words(receipts, states))
