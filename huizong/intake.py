"""The whole way of a workbook: bytes → put aside → read → kept → returns with findings → accepted or sent back.

What happens is written to the journal and turned into rows (derive.py) in one transaction; the original is on disk
before anything refers to it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pandas as pd

from huizong import journal
from huizong.derive import GROUP, apply, insert_returns
from huizong.edits import REASONS, Finding, describe, personal_cells
from huizong.journal import Event
from huizong.layout import cell_at
from huizong.periods import Period
from huizong.returns import Return, read_returns
from huizong.sheet import Unreadable, Workbook, kind_of, read_workbooks
from huizong.store import EVERYWHERE, Cursor, Store
from huizong.texts import _

SHORTEST_EXPLANATION = 4  # characters; "无" explains nothing


class NotAcceptable(ValueError):
    """A return that cannot be accepted as it is; the message lists why."""


class UnknownSubmission(KeyError):
    """No submission has this id."""

    def __str__(self) -> str:
        return self.args[0]


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
            _accept_within(store, cursor, [i for a in kept for i in made.get(a.sha256, [])], who)
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


# ---- what the analyst does ------------------------------------------------------------------------------------------


def _happen(store: Store, who: str, kind: str, subject: str, body: dict) -> None:
    with store.transaction() as cursor:
        apply(store, cursor, journal.append(cursor, who, [(kind, subject, body)]))


def _status(store: Store, submission: str) -> str:
    rows = store.run("SELECT status FROM submission WHERE id = ?", [submission])
    if not rows:
        raise UnknownSubmission(f"no submission {submission!r}")
    return rows[0][0]


def why_not_acceptable(store: Store, ids: Sequence[str]) -> dict[str, str]:
    """id → why it cannot be accepted, for those that cannot."""
    rows = store.run(_STANDING, [list(ids)])
    return {row[0]: why for row in rows if (why := _obstacle(*row[1:]))} | {
        i: _("no such return") for i in ids if i not in {row[0] for row in rows}
    }


# newer: a later revision of the same return is in force or is to be accepted with this one.
_STANDING = """
SELECT
    s.id,
    s.status,
    s.n_errors,
    s.n_queries,
    s.n_explained,
    EXISTS (
        SELECT 1
        FROM submission AS n
        WHERE
            (n.form, n.unit, n.period) = (s.form, s.unit, s.period)
            AND n.revision > s.revision
            AND (n.status = 'accepted' OR n.id IN (SELECT unnest($1)))
    ) AS newer
FROM submission AS s
WHERE s.id IN (SELECT unnest($1))
"""


def _obstacle(status: str, n_errors: int, n_queries: int, n_explained: int, newer: bool) -> str | None:
    if status == "unsure":
        return _("the form, unit or period must be confirmed first")
    if n_errors:
        return _("errors that the reporting unit must correct: {n}").format(n=n_errors)
    if n_queries > n_explained:
        return _("queries that need an explanation: {n}").format(n=n_queries - n_explained)
    if status not in ("query", "clean"):
        return _("it has been decided already")
    return _("a newer revision takes its place") if newer else None


def _accept_within(store: Store, cursor: Cursor, ids: Sequence[str], who: str) -> list[str]:
    """Accepts those that can be; of several revisions of one return only the newest."""
    rows = cursor.execute(_STANDING, [list(ids)]).fetchall()
    good = sorted(row[0] for row in rows if _obstacle(*row[1:]) is None)
    if good:
        apply(store, cursor, journal.append(cursor, who, [("accepted", "", {"submissions": good})]))
    return good


def accept(store: Store, ids: Sequence[str], *, who: str) -> None:
    """Puts returns in force; what they replace is superseded. Raises NotAcceptable, and then accepts none."""
    if obstacles := why_not_acceptable(store, ids):
        raise NotAcceptable("\n".join(f"{i}: {why}" for i, why in obstacles.items()))
    _happen(store, who, "accepted", ids[0] if len(ids) == 1 else "", {"submissions": sorted(ids)})


def send_back(store: Store, submission: str, *, who: str, reason: str) -> None:
    """Gives a return back to its unit; it stays on record."""
    if _status(store, submission) in ("accepted", "superseded", "withdrawn"):
        raise NotAcceptable(_("it has been decided already"))
    _happen(store, who, "sent_back", submission, {"reason": reason})


def explain(store: Store, submission: str, findings: int | Sequence[int], text: str, *, who: str) -> None:
    """Stores the explanation (审核说明) of a query. Raises NotAcceptable for an error or for too few words."""
    numbers = [findings] if isinstance(findings, int) else list(findings)
    _status(store, submission)
    if len(text.strip()) < SHORTEST_EXPLANATION:
        raise NotAcceptable(_("an explanation has at least {n} characters").format(n=SHORTEST_EXPLANATION))
    severities = dict(store.run("SELECT n, severity FROM finding WHERE submission_id = ?", [submission]))
    if any(severities.get(n) != "query" for n in numbers):
        raise NotAcceptable(_("only a query can be explained; an error must be corrected"))
    _happen(store, who, "explained", submission, {"findings": numbers, "text": text.strip()})


def answer(
    store: Store,
    submission: str,
    *,
    who: str,
    form: str | None = None,
    unit: str | None = None,
    period: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> None:
    """Keeps what the analyst says of an unclear return, or of one read for the wrong unit or period, and reads it
    again: it waits for a decision anew, also when it had been sent back or withdrawn.

    columns: the cell of a head (表1!F4) → the item that stands in its column, "" for none.
    """
    if _status(store, submission) in ("accepted", "superseded"):
        raise NotAcceptable(_("it is or was in force; withdraw it first"))
    said = {"form": form, "unit": store.units.get(unit).code if unit else None,
            "period": Period.of(period).code if period else None, "columns": dict(columns or {})}  # fmt: skip
    _happen(store, who, "answered", submission, {k: v for k, v in said.items() if v})


def withdraw(store: Store, submission: str, *, who: str, reason: str) -> None:
    """Takes a return out of force; it stays on record."""
    if _status(store, submission) == "withdrawn":
        raise NotAcceptable(_("it has been decided already"))
    _happen(store, who, "withdrawn", submission, {"reason": reason})


def set_target(
    store: Store, indicator: str, unit: str, period: str, value: float | None, *, who: str, sample: bool = False
) -> None:
    """Enters what a unit has been asked to reach in a year; None takes it away."""
    year = str(Period.of(period).year)
    body = {"unit": store.units.get(unit).code, "period": year, "value": value, "sample": sample}
    _happen(store, who, "target", indicator, body)


def assign(store: Store, assignments: list[dict], *, who: str, sample: bool = False) -> None:
    """Says who owes what: rows of form, unit, from, to (ISO dates or None)."""
    _happen(store, who, "assigned", "", {"assignments": assignments, "sample": sample})


def drop_samples(store: Store, *, who: str) -> None:
    """Takes the demonstration returns, with what they said of who owes what and their targets, out of all figures."""
    samples = store.run("SELECT id FROM submission WHERE sample AND status <> 'withdrawn' ORDER BY id")
    targets = store.run("SELECT indicator, unit, period FROM target WHERE sample")
    happenings: list[tuple[str, str, dict]] = [("withdrawn", i, {"reason": "示例数据"}) for (i,) in samples]
    happenings += [("target", i, {"unit": unit, "period": p, "value": None}) for i, unit, p in targets]
    happenings.append(("assigned", "", {"assignments": [], "instead_of_samples": True}))
    with store.transaction() as cursor:
        apply(store, cursor, journal.append(cursor, who, happenings))


# ---- looking --------------------------------------------------------------------------------------------------------


def submissions(store: Store, scope: Sequence[str] = EVERYWHERE, **where: str | None) -> pd.DataFrame:
    """One row per submission, newest first: the columns of table submission and unit_name. where: form, unit (and all
    beneath it), period, status, id."""
    params = {name: where.get(name) for name in ("form", "unit", "period", "status", "id")}
    return store.ask("submissions", scope, **params)


def findings(store: Store, submission: str, scope: Sequence[str] = EVERYWHERE) -> pd.DataFrame:
    """One row per finding in the current language: n, severity, rule, sheet, cells, item, item_label, found, expected,
    message, remedy, explanation."""
    frame = store.ask("findings", scope, submission=submission)
    told = []
    for row in frame.itertuples():
        finding = Finding(row.severity, row.rule, row.sheet, list(row.cells), row.item, row.found or "",
                          json.loads(row.params))  # fmt: skip
        told.append(describe(store.forms[row.form], finding))
    frame["item_label"] = [t["item"] for t in told]
    for name in ("message", "expected", "remedy"):
        frame[name] = [t[name] for t in told]
    return frame.drop(columns=["form", "params"])


def rows(store: Store, submission: str, form: str) -> pd.DataFrame:
    """The rows of a submission as read: sheet, row, unit_code, row_kind, label, then its items."""
    items = ", ".join(f'"{item.code}"' for item in store.forms[form].items)
    return store.frame(
        f'SELECT sheet, row, unit_code, row_kind, label, {items} FROM "{store.forms[form].code}" '
        "WHERE submission_id = ? ORDER BY sheet, row",
        [submission],
    )


def rows_in_force(
    store: Store, form: str, unit: str, period: str, scope: Sequence[str] = EVERYWHERE
) -> pd.DataFrame | None:
    """The rows of the accepted return of a unit for a period, as `rows` gives them; None when there is none."""
    held = submissions(store, scope, form=form, unit=unit, period=period, status="accepted")
    held = held[held["unit"] == unit]
    return rows(store, held["id"].iloc[0], form) if len(held) else None


def difference(store: Store, submission: str) -> pd.DataFrame:
    """What a revision changes against the one in force, else the one before it: label, item, before, after, cell.

    Rows are matched by what names them; a row that is new or gone has every filled item listed.
    """
    (this,) = submissions(store, id=submission).to_dict("records") or [None]
    columns = ["label", "item", "before", "after", "cell"]
    if this is None or not this["unit"] or not this["period"]:
        return pd.DataFrame(columns=columns)
    others = submissions(store, form=this["form"], unit=this["unit"], period=this["period"])
    others = others[(others["unit"] == this["unit"]) & (others["id"] != submission)]
    others = others[others["revision"] < this["revision"]]
    if others.empty:
        return pd.DataFrame(columns=columns)
    standing = others[others["status"] == "accepted"]
    other = (standing if len(standing) else others).sort_values("revision").iloc[-1]
    form = store.forms[this["form"]]
    places = {(s, i): place for s, i, place in store.run(
        "SELECT sheet, item, place FROM located WHERE submission_id = ?", [submission]
    )}  # fmt: skip
    after, before = (_by_label(rows(store, i, form.code)) for i in (submission, other["id"]))
    changes = []
    for key in dict.fromkeys([*after, *before]):
        new, old = after.get(key), before.get(key)
        for item in form.items:
            was, now = (None if row is None else _or_none(row[item.code]) for row in (old, new))
            if was != now:
                place = places.get((new["sheet"], item.code)) if new else None
                cell = f"{new['sheet']}!{cell_at(place, new['row'])}" if new and place else ""
                changes.append((key[0], item.code, was, now, cell))
    return pd.DataFrame(changes, columns=columns)


def _by_label(frame: pd.DataFrame) -> dict[tuple[str, int], dict]:
    """(label, how many rows before had the same) → the row."""
    seen: dict[str, int] = {}
    found = {}
    for row in frame.to_dict("records"):
        label = str(row["label"])
        found[label, seen.get(label, 0)] = row
        seen[label] = seen.get(label, 0) + 1
    return found


def _or_none(value: object) -> object:
    return None if value is None or value is pd.NA or value is pd.NaT or value != value else value


def submission_states(store: Store, ids: Sequence[str]) -> dict[str, dict]:
    """id → form, unit, period, revision, status and the numbers of rows and findings of each submission."""
    names = (
        "id", "form", "unit", "period", "revision", "status", "n_rows", "n_errors", "n_queries", "n_explained",
    )  # fmt: skip
    rows = store.run(f"SELECT {', '.join(names)} FROM submission WHERE id IN (SELECT unnest($1))", [list(ids)])
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}
