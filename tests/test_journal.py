"""The journal is append-only, in order, and shows where it was tampered with."""

from collections.abc import Iterator
from datetime import datetime

import duckdb
import pytest

from huizong import journal
from huizong.store import question


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute(question("schema"))
        yield made


HAPPENINGS = [
    ("received", "abc", {"filename": "松山区.xlsx", "bytes": 10}),
    ("accepted", "", {"submissions": ["abc-0"]}),
    ("withdrawn", "abc-0", {"reason": "误报"}),
]


def test_events_are_read_as_they_were_written(connection: duckdb.DuckDBPyConnection) -> None:
    written = journal.append(connection, "统计员", HAPPENINGS[:2])
    written += journal.append(connection, "管理员", HAPPENINGS[2:])
    found = list(journal.read(connection))
    assert found == written
    assert [event.seq for event in found] == [1, 2, 3]
    assert [(event.kind, event.subject, event.body) for event in found] == HAPPENINGS
    assert [event.who for event in found] == ["统计员", "统计员", "管理员"]
    assert all(isinstance(event.at, datetime) for event in found)


def test_nothing_happened(connection: duckdb.DuckDBPyConnection) -> None:
    assert journal.append(connection, "统计员", []) == []
    assert list(journal.read(connection)) == []
    assert journal.first_break(journal.read(connection)) is None


def test_the_chain_is_whole_over_several_writes(connection: duckdb.DuckDBPyConnection) -> None:
    for happening in HAPPENINGS:
        journal.append(connection, "统计员", [happening])
    assert journal.first_break(journal.read(connection)) is None
    assert len({event.hash for event in journal.read(connection)}) == 3


@pytest.mark.parametrize(
    ("tampering", "seen_at"),
    [
        ("UPDATE journal SET who = '别人' WHERE seq = 2", 2),
        ("UPDATE journal SET body = replace(body, '误报', '没有') WHERE seq = 3", 3),
        ("UPDATE journal SET happened_at = happened_at - INTERVAL 1 DAY WHERE seq = 1", 1),
        ("UPDATE journal SET subject = 'abd' WHERE seq = 1", 1),
        ("DELETE FROM journal WHERE seq = 2", 3),
        ("UPDATE journal SET seq = 5 - seq WHERE seq IN (2, 3)", 2),
        ("INSERT INTO journal SELECT 4, happened_at, who, kind, subject, body, hash FROM journal WHERE seq = 3", 4),
    ],
)
def test_tampering_is_seen_where_it_was_done(
    connection: duckdb.DuckDBPyConnection, tampering: str, seen_at: int
) -> None:
    journal.append(connection, "统计员", HAPPENINGS)
    connection.execute(tampering)
    broken = journal.first_break(journal.read(connection))
    assert broken
    assert broken.seq == seen_at


def test_a_body_is_the_same_however_its_keys_are_ordered(connection: duckdb.DuckDBPyConnection) -> None:
    journal.append(connection, "统计员", [("target", "x", {"b": 1, "a": "零"})])
    assert journal.first_break(journal.read(connection)) is None
    assert next(journal.read(connection)).body == {"a": "零", "b": 1}


def test_a_long_journal_is_read_in_pages(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "PAGE", 2)
    written = journal.append(connection, "统计员", HAPPENINGS * 3)
    connection.execute("UPDATE journal SET seq = seq + 1000000000000 WHERE seq > 5")  # a gap is no end
    found = journal.read(connection)
    assert [event.hash for event in found if connection.execute("SELECT 1")] == [event.hash for event in written]


def test_an_event_is_a_line_of_text_and_back(connection: duckdb.DuckDBPyConnection) -> None:
    written = journal.append(
        connection, "统计员", [*HAPPENINGS, ("target", "x", {"value": 0.1, "b": [None, "行\n二"]})]
    )
    lines = [journal.line_of(event) for event in written]
    assert all("\n" not in line for line in lines)
    assert "松山区.xlsx" in lines[0]
    assert [journal.event_of(line) for line in lines] == written
    with duckdb.connect() as other:
        other.execute(question("schema"))
        journal.write(other, map(journal.event_of, lines))
        assert list(journal.read(other)) == written
        assert journal.first_break(journal.read(other)) is None


@pytest.mark.parametrize("line", ["", "{}", "[]", '{"seq": 1}', "null", "x"])
def test_a_line_that_is_no_event_is_refused(line: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        journal.event_of(line)
