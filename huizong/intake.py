"""The whole way of a workbook: bytes → put aside → read → kept → returns with findings → accepted or sent back.

What happens is written to the journal and turned into rows (derive.py) in one transaction; the original is on disk
before anything refers to it.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from huizong import journal
from huizong.decisions import accept_within
from huizong.derive import GROUP, apply
from huizong.edits import REASONS, Finding, personal_cells
from huizong.journal import Event
from huizong.loading import insert_returns
from huizong.returns import Return, read_returns
from huizong.sheet import Unreadable, Workbook, kind_of, read_workbooks
from huizong.store import Store
from huizong.texts import _


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one uploaded file. outcome: received, already, unreadable, refused."""

    filename: str
    outcome: str
    message: str
    submissions: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Arrival:
    """One file on its way in."""

    filename: str
    size: int = 0
    kind: str = ""
    sha256: str = ""
    path: Path | None = None
    returns: list[Return] = field(default_factory=list)
    reason: str = ""
    cells: list[str] = field(default_factory=list)


# ---- in -------------------------------------------------------------------------------------------------------------


def receive(
    store: Store, files: Iterable[tuple[str, bytes]], *, who: str, sample: bool = False, accept: bool = False
) -> Iterator[Receipt]:
    """Takes files in, in groups; gives one Receipt per file, in order, after its group is durable.

    A file that cannot be read never stops the rest. With accept, returns without errors and without open queries are
    accepted in the same transaction.
    """
    committing: Future[Commit] | None = None
    reading: Reading | None = None
    files = iter(files)
    # Three groups are under way at once: the children read one, it is interpreted here, and one is being committed.
    with ThreadPoolExecutor(max_workers=1) as committer:
        while True:
            group = list(islice(files, GROUP))
            next_reading = _start(store, group) if group else None
            if reading:
                arrivals = _interpret(store, reading)
                if committing:
                    yield from _receipts(committing.result())
                committing = committer.submit(_commit, store, arrivals, who, sample, accept)
            reading = next_reading
            if not reading:
                break
        if committing:
            yield from _receipts(committing.result())


@dataclass(slots=True)
class Reading:
    """Files put aside and being read."""

    arrivals: list[Arrival]
    results: Iterator[Workbook | Unreadable]


@dataclass(slots=True)
class Commit:
    """A group that is durable. known: when a file had been received before; made: submissions by sha256."""

    arrivals: list[Arrival]
    fresh: dict[str, Arrival]
    known: dict[str, datetime]
    made: dict[str, list[str]]


def _start(store: Store, files: list[tuple[str, bytes]]) -> Reading:
    arrivals = [_put_aside(store, Path(name).name or name, data) for name, data in files]
    return Reading(arrivals, read_workbooks([a.path for a in arrivals if a.path and not a.reason]))


def _commit(store: Store, arrivals: list[Arrival], who: str, sample: bool, accept: bool) -> Commit:
    with store.transaction() as cursor:
        # Asked inside the transaction: another session may be taking in the same file.
        known = dict(
            cursor.execute(
                "SELECT sha256, min(received_at) FROM original WHERE reason IS NULL AND sha256 IN (SELECT unnest($1)) "
                "GROUP BY sha256",
                [[a.sha256 for a in arrivals]],
            ).fetchall()
        )
        fresh: dict[str, Arrival] = {}
        for arrival in arrivals:
            if arrival.path and arrival.sha256 not in known:
                fresh.setdefault(arrival.sha256, arrival)
        kept = [a for a in fresh.values() if a.reason != "personal"]
        unkept = [a for a in arrivals if a.path is None]
        store.keep([(a.path, store.original_path(a.sha256, a.kind)) for a in kept if a.path])
        events = journal.append(cursor, who, [_received(a, sample) for a in [*fresh.values(), *unkept]])
        apply(store, cursor, events, {a.sha256: a.returns for a in kept})
        made: dict[str, list[str]] = {}
        for original, submission in cursor.execute(
            "SELECT original, id FROM submission WHERE original IN (SELECT unnest($1)) ORDER BY id",
            [[a.sha256 for a in arrivals]],
        ).fetchall():
            made.setdefault(original, []).append(submission)
        if accept:
            accept_within(store, cursor, [i for a in kept for i in made.get(a.sha256, [])], who)
    for arrival in arrivals:
        if arrival.path:
            arrival.path.unlink(missing_ok=True)  # what was refused or already there; the rest has been moved
    return Commit(arrivals, fresh, known, made)


def _receipts(commit: Commit) -> Iterator[Receipt]:
    first = dict(commit.fresh)
    for arrival in commit.arrivals:
        again = first.pop(arrival.sha256, None) is None
        yield _receipt(arrival, commit.known.get(arrival.sha256), again, commit.made.get(arrival.sha256, []))


def _put_aside(store: Store, name: str, data: bytes) -> Arrival:
    arrival = Arrival(name, len(data))
    try:
        arrival.kind = kind_of(data)
    except Unreadable as error:
        arrival.reason = error.reason
        if error.reason in ("empty", "too_large"):
            return arrival
    arrival.sha256, arrival.path = store.put_aside(data, arrival.kind)
    return arrival


def _interpret(store: Store, reading: Reading) -> list[Arrival]:
    """The arrivals with what the children read of them turned into returns; personal data end it for a file."""
    read = [a for a in reading.arrivals if a.path and not a.reason]
    for arrival, result in zip(read, reading.results, strict=True):
        if isinstance(result, Unreadable):
            arrival.reason = result.reason
        elif cells := personal_cells(result):
            arrival.reason, arrival.cells = "personal", cells
        else:
            arrival.returns = read_returns(result, store.vocabulary, store.units)
            arrival.reason = "" if arrival.returns else "no_table"
    return reading.arrivals


def _received(arrival: Arrival, sample: bool) -> tuple[str, str, dict]:
    body = {"filename": arrival.filename, "kind": arrival.kind, "bytes": arrival.size, "sample": sample}
    if arrival.reason == "personal":
        # The file is not kept, and neither is anything by which it could be told.
        return "refused", "", {"filename": arrival.filename, "reason": "personal", "cells": arrival.cells[:20]}
    if arrival.reason:
        body["reason"] = arrival.reason
    return "received", arrival.sha256, body


def reason_text(reason: str, cells: Sequence[str] = ()) -> str:
    """Why a file could not be read, in the current language, and what to do."""
    return _(REASONS.get(reason, REASONS["damaged"])).replace("{cells}", "、".join(cells[:5]))


def _receipt(arrival: Arrival, known: datetime | None, again: bool, submissions: list[str]) -> Receipt:
    if known:
        when = f"{known.replace(tzinfo=UTC).astimezone():%Y-%m-%d %H:%M}"
        message = _("Already received on {when}; nothing new").format(when=when)
        return Receipt(arrival.filename, "already", message, submissions)
    if arrival.reason:
        outcome = "refused" if arrival.reason == "personal" else "unreadable"
        return Receipt(arrival.filename, outcome, reason_text(arrival.reason, arrival.cells))
    if again:
        return Receipt(arrival.filename, "already", _("The same file twice in this upload"), submissions)
    return Receipt(arrival.filename, "received", _("Returns read: {n}").format(n=len(submissions)), submissions)


@dataclass(slots=True)
class Checked:
    """One return of one file that was only looked at; read is None and reason says why when nothing could be read."""

    filename: str
    read: Return | None
    findings: list[Finding]
    reason: str = ""

    @property
    def status(self) -> str:
        if self.read is None:
            return "unreadable"
        if self.read.questions:
            return "unsure"
        severities = {finding.severity for finding in self.findings}
        return "error" if "error" in severities else "query" if "query" in severities else "clean"


def check(store: Store, paths: Iterable[Path]) -> Iterator[Checked]:
    """Looks files over as `receive` would and leaves no trace: the same transaction, rolled back."""
    paths = iter(paths)
    while group := list(islice(paths, GROUP)):
        arrivals = [Arrival(str(path), path=path) for path in group]
        _interpret(store, Reading(arrivals, read_workbooks(group)))
        found: list[tuple[str, Event, Return]] = []
        for n, arrival in enumerate(arrivals):
            body = {"filename": arrival.filename, "sample": False}
            event = Event(0, datetime.now(), "", "received", "", body, "")
            found += [(f"{n}-{k}", event, read) for k, read in enumerate(arrival.returns)]
        with store.transaction(keep=False) as cursor:
            findings = insert_returns(store, cursor, found)
        for n, arrival in enumerate(arrivals):
            if arrival.reason:
                finding = Finding("error", arrival.reason, "", arrival.cells)
                yield Checked(arrival.filename, None, [finding], arrival.reason)
            for submission, _event, read in found:
                if submission.partition("-")[0] == str(n):
                    yield Checked(arrival.filename, read, findings[submission])
