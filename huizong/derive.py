"""Events of the journal → derived rows: the one place that writes them; a rebuild is the same work done again."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from huizong import journal
from huizong.journal import Event
from huizong.loading import STATUS, forget, insert_returns
from huizong.returns import Return, read_returns
from huizong.sheet import Unreadable, Workbook, read_workbooks
from huizong.store import Cursor, Store, insert

GROUP = 100  # workbooks in one transaction: a commit costs as much as checking several of them
DERIVED = ("original", "submission", "finding", "located", "fact", "assignment", "target")  # and a table per form


def apply(
    store: Store, cursor: Cursor, events: Sequence[Event], returns: Mapping[str, list[Return]] | None = None
) -> None:
    """Turns events into derived rows, within the caller's transaction. returns: what was read, by the file's sha256."""
    received = [event for event in events if event.kind == "received"]
    if received:
        _apply_received(store, cursor, received, returns or {})
    for event in events:
        if event.kind not in ("received", "refused"):
            APPLY[event.kind](store, cursor, event)


def _apply_received(store: Store, cursor: Cursor, events: Sequence[Event], returns: Mapping[str, list[Return]]) -> None:
    found: list[tuple[str, Event, Return]] = []
    originals = []
    for event in events:
        found += [(f"{event.subject[:16]}-{n}", event, read) for n, read in enumerate(returns.get(event.subject, []))]
        originals.append((event.subject, event.body["filename"], event.body["kind"], event.body["bytes"], event.at,
                          event.who, event.body["sample"], event.body.get("reason")))  # fmt: skip
    names = ("sha256", "filename", "kind", "bytes", "received_at", "who", "sample", "reason")
    insert(cursor, "original", dict(zip(names, map(list, zip(*originals, strict=True)), strict=True)))
    insert_returns(store, cursor, found)


def _apply_answered(store: Store, cursor: Cursor, event: Event) -> None:
    """Reads the original again with what the analyst said of it."""
    row = cursor.execute("SELECT original, filename, sample FROM submission WHERE id = ?", [event.subject]).fetchone()
    assert row
    sha, filename, sample = row
    (kind,) = cursor.execute("SELECT kind FROM original WHERE sha256 = ?", [sha]).fetchone() or ("",)
    (workbook,) = read_workbooks([store.original_path(sha, kind)])
    if isinstance(workbook, Unreadable):
        raise workbook
    number = int(event.subject.rpartition("-")[2])
    said: dict = {"columns": {}}
    for (body,) in cursor.execute(
        "SELECT body FROM journal WHERE kind = 'answered' AND subject = ? AND seq <= ? ORDER BY seq",
        [event.subject, event.seq],
    ).fetchall():
        answer = json.loads(body)
        said |= answer | {"columns": said["columns"] | answer.get("columns", {})}
    returns = read_returns(workbook, store.vocabulary, store.units, {number: said})
    received = cursor.execute("SELECT received_at FROM submission WHERE id = ?", [event.subject]).fetchone()
    forget(store, cursor, [event.subject])
    origin = Event(event.seq, received[0] if received else event.at, event.who, "received", sha,
                   {"filename": filename, "sample": sample}, event.hash)  # fmt: skip
    insert_returns(store, cursor, [(event.subject, origin, returns[number])])


def _apply_accepted(store: Store, cursor: Cursor, event: Event) -> None:
    ids = event.body["submissions"]
    # What was in force for the same form, unit and period ends at the same moment.
    cursor.execute(
        "UPDATE submission SET ended_at = $1, status = 'superseded' WHERE accepted_at IS NOT NULL AND ended_at IS NULL "
        "AND id NOT IN (SELECT unnest($2)) AND (form, unit, period) IN "
        "(SELECT (form, unit, period) FROM submission WHERE id IN (SELECT unnest($2)))",
        [event.at, ids],
    )
    cursor.execute(
        "UPDATE submission SET accepted_at = $1, ended_at = NULL, status = 'accepted' WHERE id IN (SELECT unnest($2))",
        [event.at, ids],
    )


def _apply_explained(store: Store, cursor: Cursor, event: Event) -> None:
    for n in event.body["findings"]:
        cursor.execute(
            "UPDATE finding SET explanation = ? WHERE submission_id = ? AND n = ?",
            [event.body["text"], event.subject, n],
        )
    cursor.execute(STATUS, [[event.subject]])


def _apply_sent_back(store: Store, cursor: Cursor, event: Event) -> None:
    cursor.execute("UPDATE submission SET status = 'sent_back' WHERE id = ?", [event.subject])


def _apply_withdrawn(store: Store, cursor: Cursor, event: Event) -> None:
    cursor.execute(
        "UPDATE submission SET status = 'withdrawn', "
        "ended_at = CASE WHEN accepted_at IS NOT NULL THEN coalesce(ended_at, $1) END "
        "WHERE id = $2",
        [event.at, event.subject],
    )


def _apply_assigned(store: Store, cursor: Cursor, event: Event) -> None:
    rows = event.body["assignments"]
    if event.body.get("instead_of_samples"):
        cursor.execute("DELETE FROM assignment WHERE sample")
    if not rows:
        store.renew_expectations(cursor)
        return
    insert(cursor, "assignment", {
        "sample": [event.body.get("sample", False)] * len(rows),
        "form": [r["form"] for r in rows],
        "unit": [store.units.get(r["unit"]).code for r in rows],
        "valid_from": [date.fromisoformat(r["from"]) if r.get("from") else None for r in rows],
        "valid_to": [date.fromisoformat(r["to"]) if r.get("to") else None for r in rows],
    })  # fmt: skip
    store.renew_expectations(cursor)


def _apply_target(store: Store, cursor: Cursor, event: Event) -> None:
    unit, period = event.body["unit"], event.body["period"]
    key = [event.subject, unit, period]
    cursor.execute("DELETE FROM target WHERE indicator = ? AND unit = ? AND period = ?", key)
    if event.body["value"] is not None:
        cursor.execute(
            "INSERT INTO target VALUES (?, ?, ?, ?, ?)", [*key, event.body["value"], event.body.get("sample", False)]
        )


APPLY: dict[str, Callable[[Store, Cursor, Event], None]] = {
    "answered": _apply_answered,
    "accepted": _apply_accepted,
    "explained": _apply_explained,
    "sent_back": _apply_sent_back,
    "withdrawn": _apply_withdrawn,
    "assigned": _apply_assigned,
    "target": _apply_target,
}


def ready(store: Store) -> Store:
    """The store with its tables as the forms, the register and the program want them: this is the only migration."""
    if store.stale:
        rebuild(store)
    return store


def rebuild(store: Store) -> int:
    """Throws the derived tables away and makes them again from the record; gives the number of events.

    All in one transaction: an interrupted rebuild leaves what was there.
    """
    with store.transaction() as cursor:
        _empty(store, cursor, DERIVED)
        store.renew_expectations(cursor)
        events = list(journal.read(cursor))
        position = 0
        while position < len(events):
            run = events[position : position + GROUP]
            cut = next((i for i, e in enumerate(run) if e.kind != run[0].kind), len(run))
            batch = run[:cut] if run[0].kind == "received" else run[:1]
            apply(store, cursor, batch, _read_originals(store, batch))
            position += len(batch)
        store.mark_made(cursor)
    return len(events)


def _read_originals(store: Store, events: Sequence[Event]) -> dict[str, list[Return]]:
    originals = {
        event.subject: store.original_path(event.subject, event.body["kind"])
        for event in events
        if event.kind == "received" and not event.body.get("reason")
    }
    results = zip(originals, read_workbooks(list(originals.values())), strict=True)
    return {
        sha: read_returns(result, store.vocabulary, store.units)
        for sha, result in results
        if isinstance(result, Workbook)
    }


def reset(store: Store) -> None:
    """Empties the store: the journal, all derived tables and the originals go."""
    with store.transaction() as cursor:
        _empty(store, cursor, ("journal", *DERIVED))
        store.renew_expectations(cursor)
    if store.folder:
        for part in ("originals", "incoming"):
            shutil.rmtree(store.folder / part, ignore_errors=True)
            (store.folder / part).mkdir(parents=True, exist_ok=True)


def _empty(store: Store, cursor: Cursor, tables: Sequence[str]) -> None:
    for table in (*tables, *store.forms):
        cursor.execute(f'DELETE FROM "{table}"')
