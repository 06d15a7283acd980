"""The whole way of a workbook: bytes → put aside → read → kept → returns with findings → accepted or sent back.

What happens is written to the journal and turned into rows (derive.py) in one transaction; the original is on disk
before anything refers to it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from huizong import journal
from huizong.answers import Answers
from huizong.archives import own_name
from huizong.decisions import accept_within
from huizong.derive import GROUP, apply
from huizong.edits import REASONS, Finding, masked, place_in_words
from huizong.journal import Event
from huizong.loading import insert_returns
from huizong.reading import read_file, read_files
from huizong.returned import Return
from huizong.sheet import Unreadable, kind_of, unlock_file
from huizong.store import Store
from huizong.texts import _

GROUP_BYTES = 64 * 2**20  # of files in one transaction: what is read of them is in memory together


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one uploaded file. outcome: received, already, unreadable, refused.

    filename: as it was given, with the folders and archives it lay in: 上报.zip › 松山区/报表.xlsx. locked: the sha256
    of a workbook that wants its password only.
    """

    filename: str
    outcome: str
    message: str
    submissions: list[str] = field(default_factory=list)
    locked: str = ""


@dataclass(slots=True)
class Arrival:
    """One file on its way in."""

    filename: str
    given: str = ""  # its name with the folders and archives it lay in
    size: int = 0
    kind: str = ""
    sha256: str = ""
    path: Path | None = None
    returns: list[Return] = field(default_factory=list)
    reason: str = ""
    cells: list[str] = field(default_factory=list)
    locked: str = ""  # sha256 of the protected file it was opened from


class NotYet(ValueError):
    """A day of receipt that is still to come."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of all files of one upload (receive)."""

    who: str
    sample: bool = False
    accept: bool = False
    received_on: date | None = None


# ---- in -------------------------------------------------------------------------------------------------------------


def receive(
    store: Store,
    files: Iterable[tuple[str, bytes]],
    *,
    who: str,
    sample: bool = False,
    accept: bool = False,
    received_on: date | None = None,
) -> Iterator[Receipt]:
    """Takes files in, in groups; gives one Receipt per file, in order, after its group is durable.

    A file that cannot be read never stops the rest. With accept, returns without errors and without open queries are
    accepted in the same transaction. received_on: the day (of the local clock) on which they came by another way; it
    decides whether they were in time. Raises NotYet for a day to come.
    """
    if received_on and received_on > date.today():
        raise NotYet(_("{day} is still to come: the day of receipt is today or earlier").format(day=received_on))
    said = Said(who, sample, accept, received_on)
    committing: Future[Commit] | None = None
    files = iter(files)
    with ThreadPoolExecutor(max_workers=1) as committer:
        reading = _start(store, files)
        while reading:
            following = _start(store, files)  # the children go on reading while this group is committed
            arrivals = _wait(reading)
            if committing:
                yield from _receipts(committing.result())
            committing = committer.submit(_commit, store, arrivals, said)
            reading = following
        if committing:
            yield from _receipts(committing.result())


def receive_unlocked(store: Store, receipt: Receipt, password: str, *, who: str, accept: bool = False) -> Receipt:
    """Takes in a workbook that was kept locked; the password goes nowhere. Raises Unreadable when it is wrong.

    The workbook without its password is the file then: a rebuild has nobody to ask for one.
    """
    ((kind, received_on),) = store.run(
        "SELECT any_value(o.kind), any_value(j.body ->> 'received_on')::DATE FROM original AS o "
        "LEFT JOIN journal AS j ON j.kind = 'received' AND j.subject = o.sha256 WHERE o.sha256 = ?",
        [receipt.locked],
    )
    path = store.original_path(receipt.locked, kind)
    data = unlock_file(path, password)
    if isinstance(data, Unreadable):
        raise data
    arrival = _put_aside(store, receipt.filename, data)
    arrival.locked = receipt.locked
    if not arrival.reason:
        _take(arrival, read_file(store, arrival.path))
    said = Said(who, accept=accept, received_on=received_on)
    (taken,) = _receipts(_commit(store, [arrival], said))
    if taken.outcome == "refused":
        path.unlink(missing_ok=True)  # what is refused is not kept, locked or not
    return taken


@dataclass(slots=True)
class Reading:
    """Files put aside and being read."""

    arrivals: list[Arrival]
    results: Iterator[list[Return] | Unreadable]


@dataclass(slots=True)
class Commit:
    """A group that is durable. known: when a file had been received before; made: submissions by sha256; sent_back: the
    sha256 of files of which a return was sent back."""

    said: Said
    arrivals: list[Arrival]
    fresh: dict[str, Arrival]
    known: dict[str, datetime]
    made: dict[str, list[str]]
    sent_back: set[str]


def _start(store: Store, files: Iterator[tuple[str, bytes]]) -> Reading | None:
    """Puts the next files aside and begins to read them; None when there are no more."""
    arrivals: list[Arrival] = []
    size = 0
    for name, data in files:
        arrivals.append(_put_aside(store, name, data))
        size += len(data)
        if len(arrivals) == GROUP or size > GROUP_BYTES:
            break
    if not arrivals:
        return None
    return Reading(arrivals, read_files(store, [a.path for a in arrivals if a.path and not a.reason]))


def _commit(store: Store, arrivals: list[Arrival], said: Said) -> Commit:
    with store.transaction() as cursor:
        # Asked inside the transaction: another session may be taking in the same file.
        before = cursor.execute(
            "SELECT sha256, reason, min(received_at) FROM original WHERE sha256 IN (SELECT unnest($1)) GROUP BY ALL",
            [[a.sha256 for a in arrivals]],
        ).fetchall()
        known = {sha: at for sha, reason, at in before if reason is None}
        unread = {(sha, reason) for sha, reason, _at in before}  # a watched folder offers it again and again
        fresh: dict[str, Arrival] = {}
        for arrival in arrivals:
            if arrival.path and arrival.sha256 not in known and (arrival.sha256, arrival.reason) not in unread:
                fresh.setdefault(arrival.sha256, arrival)
        kept = [a for a in fresh.values() if a.reason != "personal"]
        unkept = [a for a in arrivals if a.path is None]
        moved = {a.path: store.original_path(a.sha256, a.kind) for a in kept if a.path}
        store.keep(list(moved.items()))
        events = journal.append(cursor, said.who, [_received(a, said) for a in [*fresh.values(), *unkept]])
        apply(store, cursor, events, {a.sha256: a.returns for a in kept})
        made: dict[str, list[str]] = {}
        sent_back = set()
        for original, submission, status in cursor.execute(
            "SELECT original, id, status FROM submission WHERE original IN (SELECT unnest($1)) ORDER BY id",
            [[a.sha256 for a in arrivals]],
        ).fetchall():
            made.setdefault(original, []).append(submission)
            if status == "sent_back":
                sent_back.add(original)
        if said.accept:
            accept_within(store, cursor, [i for a in kept for i in made.get(a.sha256, [])], said.who)
    for arrival in arrivals:
        if arrival.path and arrival.path not in moved:
            arrival.path.unlink(missing_ok=True)  # what was refused or already there
    return Commit(said, arrivals, fresh, known, made, sent_back)


def _receipts(commit: Commit) -> Iterator[Receipt]:
    first = dict(commit.fresh)
    for arrival in commit.arrivals:
        again = first.pop(arrival.sha256, None) is None
        made = commit.made.get(arrival.sha256, [])
        if arrival.sha256 in commit.known:
            yield Receipt(arrival.given, "already", _known_before(arrival, commit), made)
        else:
            yield _receipt(arrival, again, made)


def _put_aside(store: Store, name: str, data: bytes) -> Arrival:
    arrival = Arrival(masked(own_name(name)), masked(name), len(data))
    try:
        arrival.kind = kind_of(data)
    except Unreadable as error:
        arrival.reason = error.reason
        if error.reason in ("empty", "too_large"):
            return arrival
    arrival.sha256, arrival.path = store.put_aside(data, arrival.kind)
    return arrival


def _open_locked(store: Store, arrival: Arrival, passwords: Sequence[str]) -> str | None:
    """Reads a protected workbook with the first password that fits, and gives it."""
    assert arrival.path
    for password in passwords:
        _take(arrival, read_file(store, arrival.path, password))
        if arrival.reason != "wrong_password":
            return password
    return None


def _wait(reading: Reading) -> list[Arrival]:
    """The arrivals with what the children have read in them."""
    read = [a for a in reading.arrivals if a.path and not a.reason]
    for arrival, result in zip(read, reading.results, strict=True):
        _take(arrival, result)
    return reading.arrivals


def _take(arrival: Arrival, result: list[Return] | Unreadable) -> None:
    if isinstance(result, Unreadable):
        arrival.reason, arrival.cells = result.reason, result.cells
    else:
        arrival.reason, arrival.returns = "", result


def _received(arrival: Arrival, said: Said) -> tuple[str, str, dict]:
    body = {"filename": arrival.filename, "kind": arrival.kind, "bytes": arrival.size, "sample": said.sample}
    if arrival.reason == "personal":
        # The file is not kept, and neither is anything by which it could be told.
        body = {"filename": arrival.filename, "reason": "personal", "cells": arrival.cells[:20]}
        return "refused", "", body | ({"locked": arrival.locked} if arrival.locked else {})
    if arrival.given != arrival.filename:
        body["path"] = arrival.given
    if said.received_on:
        body["received_on"] = said.received_on.isoformat()
    if arrival.locked:
        body["unlocked"] = True
    if arrival.reason:
        body["reason"] = arrival.reason
    return "received", arrival.sha256, body


def reason_text(reason: str, cells: Sequence[str] = ()) -> str:
    """Why a file could not be read, in the current language, and what to do."""
    return _(REASONS.get(reason, REASONS["damaged"])).replace("{cells}", "、".join(map(place_in_words, cells[:5])))


def _known_before(arrival: Arrival, commit: Commit) -> str:
    """What is said of a file that was received before."""
    when = f"{commit.known[arrival.sha256].replace(tzinfo=UTC).astimezone():%Y-%m-%d %H:%M}"
    if arrival.sha256 in commit.sent_back:
        words = _("Already received on {when} and sent back; it is the same file. If it is right after all, take it up "
                  "again under “Submissions”")  # fmt: skip
    else:
        words = _("Already received on {when}; nothing new")
    if commit.said.received_on:
        words = _("{message}; the day of receipt stays as it was").format(message=words)
    return words.format(when=when)


def _receipt(arrival: Arrival, again: bool, submissions: list[str]) -> Receipt:
    if arrival.reason:
        outcome = "refused" if arrival.reason == "personal" else "unreadable"
        locked = arrival.sha256 if arrival.reason == "password" else ""
        return Receipt(arrival.given, outcome, reason_text(arrival.reason, arrival.cells), locked=locked)
    if again:
        return Receipt(arrival.given, "already", _("The same file twice in this upload"), submissions)
    return Receipt(arrival.given, "received", _("Returns read: {n}").format(n=len(submissions)), submissions)


@dataclass(slots=True)
class Checked:
    """One return of one file that was only looked at; read is None and reason says why when nothing could be read."""

    filename: str
    read: Return | None
    findings: list[Finding]
    reason: str = ""
    number: int = 0  # of the return in its file

    @property
    def status(self) -> str:
        if self.read is None:
            return "unreadable"
        if self.read.questions:
            return "unsure"
        severities = {finding.severity for finding in self.findings}
        return "error" if "error" in severities else "query" if "query" in severities else "clean"


def check(
    store: Store,
    paths: Iterable[Path],
    *,
    answers: Answers | None = None,
    passwords: Callable[[], Sequence[str]] = tuple,
) -> Iterator[Checked]:
    """Looks files over as `receive` would and leaves no trace: the same transaction, rolled back.

    answers: to what they leave unclear; raises BadAnswers. passwords: asked for when a file wants one.
    """
    paths = iter(paths)
    while group := list(islice(paths, GROUP)):
        arrivals = [Arrival(str(path), path=path) for path in group]
        for arrival in _wait(Reading(arrivals, read_files(store, group))):
            password = _open_locked(store, arrival, passwords()) if arrival.reason == "password" else None
            if answers and arrival.returns:
                again = partial(read_file, store, arrival.path, password)
                _take(arrival, answers.settle(arrival.filename, arrival.returns, again))
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
                file, _dash, number = submission.partition("-")
                if file == str(n):
                    yield Checked(arrival.filename, read, findings[submission], number=int(number))
