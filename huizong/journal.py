"""What happened, append-only, each event hashed onto the last: with the originals, the record."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Connection(Protocol):
    def execute(self, query: str, parameters: object = None) -> "Connection": ...

    def executemany(self, query: str, parameters: object = None) -> "Connection": ...

    def fetchall(self) -> list[tuple]: ...

    def fetchone(self) -> tuple | None: ...


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. kind: received, answered, accepted, explained, sent_back, withdrawn, assigned, target.

    subject is the submission (or the original, of received) it happened to; body says the rest.
    """

    seq: int
    at: datetime  # UTC
    who: str
    kind: str
    subject: str
    body: dict
    hash: str


def _hash(previous: str, seq: int, at: datetime, who: str, kind: str, subject: str, body: str) -> str:
    line = json.dumps([previous, seq, at.isoformat(), who, kind, subject, body], ensure_ascii=False)
    return hashlib.sha256(line.encode()).hexdigest()


def append(connection: Connection, who: str, happenings: list[tuple[str, str, dict]]) -> list[Event]:
    """Writes (kind, subject, body) events in order, within the caller's transaction, and gives them back."""
    newest = "SELECT coalesce(max(seq), 0), coalesce(max_by(hash, seq), '') FROM journal"
    held, last = connection.execute(newest).fetchone() or (0, "")
    events, lines = [], []
    at = datetime.now(UTC).replace(tzinfo=None)
    for seq, (kind, subject, body) in enumerate(happenings, held + 1):
        text = json.dumps(body, ensure_ascii=False, sort_keys=True)
        last = _hash(last, seq, at, who, kind, subject, text)
        events.append(Event(seq, at, who, kind, subject, body, last))
        lines.append([seq, at, who, kind, subject, text, last])
    if lines:
        columns = list(zip(*lines, strict=True))
        connection.execute(
            "INSERT INTO journal SELECT unnest($1::BIGINT[]), unnest($2::TIMESTAMP[]), unnest($3::VARCHAR[]), "
            "unnest($4::VARCHAR[]), unnest($5::VARCHAR[]), unnest($6::VARCHAR[]), unnest($7::VARCHAR[])",
            [list(column) for column in columns],
        )
    return events


def read(connection: Connection) -> Iterator[Event]:
    """Every event in order."""
    ordered = "SELECT seq, happened_at, who, kind, subject, body, hash FROM journal ORDER BY seq"
    for seq, at, who, kind, subject, body, digest in connection.execute(ordered).fetchall():
        yield Event(seq, at, who, kind, subject, json.loads(body), digest)


def first_break(connection: Connection) -> int | None:
    """The seq of the first event whose hash does not follow from the one before; None when the chain is whole."""
    last = ""
    for event in read(connection):
        text = json.dumps(event.body, ensure_ascii=False, sort_keys=True)
        last = _hash(last, event.seq, event.at, event.who, event.kind, event.subject, text)
        if last != event.hash:
            return event.seq
    return None
