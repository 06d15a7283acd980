"""What happened, append-only, each event hashed onto the last: with the originals, the record."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Protocol

TICK = timedelta(microseconds=1)  # the least time between two deeds
PAGE = 5000  # events read or written at once: a journal of years need not fit into memory


def on_the_clock(at: datetime) -> datetime:
    """A moment of the record (UTC) as the clock on the wall showed it."""
    return datetime.fromtimestamp(at.replace(tzinfo=UTC).timestamp())


class Connection(Protocol):
    def execute(self, query: str, parameters: object = None) -> "Connection": ...

    def executemany(self, query: str, parameters: object = None) -> "Connection": ...

    def fetchall(self) -> list[tuple]: ...

    def fetchone(self) -> tuple | None: ...


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. kind: received, refused, answered, nil, accepted, explained, sent_back, withdrawn,
    closed, reopened, assigned, target, chased, reviewed, released, view_saved.

    subject is the submission (of received the original, of closed and reopened the period) it happened to; body says
    the rest.
    """

    seq: int
    at: datetime  # UTC
    who: str
    kind: str
    subject: str
    body: dict
    hash: str


def _text(body: dict) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True)


def _hash(previous: str, seq: int, at: datetime, who: str, kind: str, subject: str, body: str) -> str:
    line = json.dumps([previous, seq, at.isoformat(), who, kind, subject, body], ensure_ascii=False)
    return hashlib.sha256(line.encode()).hexdigest()


def append(connection: Connection, who: str, happenings: list[tuple[str, str, dict]]) -> list[Event]:
    """Writes (kind, subject, body) events in order, within the caller's transaction, and gives them back.

    Their moment is later than that of all events before, also where the clock was put back: what was in force at a
    moment is what the events up to it say.
    """
    newest = "SELECT coalesce(max(seq), 0), coalesce(max_by(hash, seq), ''), max(happened_at) FROM journal"
    held, last, before = connection.execute(newest).fetchone() or (0, "", None)
    events = []
    now = datetime.now(UTC).replace(tzinfo=None)
    at = max(now, before + TICK) if before else now
    for seq, (kind, subject, body) in enumerate(happenings, held + 1):
        last = _hash(last, seq, at, who, kind, subject, _text(body))
        events.append(Event(seq, at, who, kind, subject, body, last))
    write(connection, events)
    return events


def write(connection: Connection, events: Iterable[Event]) -> None:
    """Writes events as they are, with the hashes that they have: those of a backup."""
    rest = iter(events)
    while page := list(islice(rest, PAGE)):
        rows = [(e.seq, e.at, e.who, e.kind, e.subject, _text(e.body), e.hash) for e in page]
        connection.execute(
            "INSERT INTO journal SELECT unnest($1::BIGINT[]), unnest($2::TIMESTAMP[]), unnest($3::VARCHAR[]), "
            "unnest($4::VARCHAR[]), unnest($5::VARCHAR[]), unnest($6::VARCHAR[]), unnest($7::VARCHAR[])",
            [list(column) for column in zip(*rows, strict=True)],
        )


def read(connection: Connection, after: int = -1) -> Iterator[Event]:
    """Every event in order, from the one after this seq. Between two events the connection may serve other things."""
    columns = "seq, happened_at, who, kind, subject, body, hash"
    page = f"SELECT {columns} FROM journal WHERE seq >= $1 AND seq < $1 + {PAGE} ORDER BY seq"
    while True:
        (first,) = connection.execute("SELECT min(seq) FROM journal WHERE seq > ?", [after]).fetchone() or (None,)
        if first is None:
            return
        for seq, at, who, kind, subject, body, digest in connection.execute(page, [first]).fetchall():
            yield Event(seq, at, who, kind, subject, json.loads(body), digest)
        after = first + PAGE - 1


def first_break(events: Iterable[Event]) -> Event | None:
    """The first event whose hash does not follow from the one before; None when the chain is whole."""
    last = ""
    for event in events:
        last = _hash(last, event.seq, event.at, event.who, event.kind, event.subject, _text(event.body))
        if last != event.hash:
            return event
    return None


# ---- as lines of text ------------------------------------------------------------------------------------------------


def line_of(event: Event) -> str:
    """One line of JSON that a person can read."""
    fields = {"seq": event.seq, "at": event.at.isoformat(), "who": event.who, "kind": event.kind,
              "subject": event.subject, "body": event.body, "hash": event.hash}  # fmt: skip
    return json.dumps(fields, ensure_ascii=False)


def event_of(line: str) -> Event:
    """What line_of wrote. Raises ValueError, KeyError or TypeError for anything else."""
    fields = json.loads(line)
    return Event(**fields | {"at": datetime.fromisoformat(fields["at"])})
