"""Whether nothing was lost or altered: the journal's chain, the originals' hashes, and the tables against a rebuild.

The record (journal and originals) is checked by itself; what is derived from it is made anew elsewhere and compared.
The store is used for moments only, so that the pages go on meanwhile.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pandas as pd

from huizong import derive, journal, releases
from huizong.derive import events_until
from huizong.journal import Event
from huizong.store import Cursor, Store
from huizong.texts import _

NOT_DERIVED = ("journal", "about")  # the record itself, and what the tables were made for
KEYS = ("submission_id", "id", "sha256")  # the column by which a table's rows belong to a submission or a file
NAMED = 20  # differences of one table that are named; the rest are counted
AT_ONCE = 1000  # files given to the threads at once
BLOCK = 1 << 20  # bytes of a file read at once
UINT64 = 1 << 64


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be. part: journal, originals, tables, releases, backup; subject: event, file,
    table, name."""

    part: str
    subject: str
    what: str


@dataclass(slots=True)
class Verified:
    """What was looked at and what is not as it should be. unreferenced: originals of which the journal says nothing."""

    events: int = 0
    last_hash: str = ""
    originals: int = 0
    rebuilt: bool = False  # whether the tables were compared with a rebuild
    differences: list[Difference] = field(default_factory=list)
    unreferenced: list[str] = field(default_factory=list)


def verify_store(store: Store, *, quick: bool = False) -> Verified:
    """Checks a whole store. quick: without the rebuild, which reads every original."""
    verified = Verified()
    lying = {path.name for path in store.originals.iterdir()}  # before the journal: more may arrive meanwhile
    with store.moment() as cursor:
        (last,) = cursor.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone() or (0,)
        held = {} if quick else checksums(cursor)
    wanted = follow(events_until(store, last), verified)
    verified.differences += altered_files(store.originals, wanted, "originals")
    verified.unreferenced = sorted(lying - wanted.keys())
    if not quick and not verified.differences:  # a rebuild from a damaged record would say no more
        with derive.made_again(store, last) as (copy, _last, _unread):
            verified.differences += compare_tables(store, held, copy)
        verified.differences += altered_releases(store)
        verified.rebuilt = True
    return verified


# ---- the record ------------------------------------------------------------------------------------------------------


def follow(events: Iterable[Event], verified: Verified) -> dict[str, str]:
    """Goes along the chain and counts; gives the originals that it speaks of: file name under originals/ → sha256."""
    wanted: dict[str, str] = {}

    def noted() -> Iterator[Event]:
        for event in events:
            verified.events += 1
            verified.last_hash = event.hash
            if event.kind == "received" and event.subject:
                wanted[f"{event.subject}.{event.body['kind'] or 'bin'}"] = event.subject
            elif event.kind == "released":
                wanted.update({f"{sha}.yaml": sha for sha in event.body["forms"].values()})
                wanted[f"{event.body['register']}.json"] = event.body["register"]
            elif event.kind == "refused" and (locked := event.body.get("locked")):
                # A protected workbook in which personal data were found when it was opened was not kept.
                for name in [name for name in wanted if name.startswith(locked)]:
                    del wanted[name]
            yield event

    along = noted()
    if broken := journal.first_break(along):
        verified.differences.append(broken_chain(broken))
        deque(along, maxlen=0)  # the rest is counted all the same
    verified.originals = len(wanted)
    return wanted


def broken_chain(event: Event) -> Difference:
    what = _("event {seq} ({kind}, {at} UTC) does not follow from those before: one of them was altered or taken out")
    at = event.at.isoformat(" ", "seconds")
    return Difference("journal", str(event.seq), what.format(seq=event.seq, kind=event.kind, at=at))


def altered_files(folder: Path, wanted: Mapping[str, str], part: str) -> Iterator[Difference]:
    """Which files (name → sha256) are missing or are not what they were."""
    with ThreadPoolExecutor() as threads:  # hashing and reading let other threads run
        rest = iter(wanted.items())
        while some := list(islice(rest, AT_ONCE)):
            for (name, sha), found in zip(some, threads.map(lambda one: sha256_of(folder / one[0]), some), strict=True):
                if found != sha:
                    what = _("the file was altered") if found else _("the file is missing or cannot be read")
                    yield Difference(part, name, what)


def sha256_of(path: Path) -> str | None:
    """Of a file's bytes; None when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()


# ---- the tables ------------------------------------------------------------------------------------------------------


def _keys(cursor: Cursor) -> dict[str, str]:
    """Derived table → the column that says to which submission or file a row belongs; '' when none does."""
    columns = cursor.execute(
        "SELECT table_name, list(column_name) FROM duckdb_columns() "
        "SEMI JOIN duckdb_tables() USING (database_name, table_name) WHERE database_name <> 'temp' GROUP BY ALL"
    ).fetchall()
    return {
        table: next((key for key in KEYS if key in names), "")
        for table, names in sorted(columns)
        if table not in NOT_DERIVED
    }


def checksums(cursor: Cursor) -> dict[str, pd.DataFrame]:
    """Derived table → one row per submission (or file): key, n_rows, sum of the rows' hashes, whatever their order."""
    return {
        table: cursor.execute(
            f"SELECT {_quoted(key)} AS key, count(*) AS n_rows, "
            f"CAST(coalesce(sum(hash(held)), 0) % {UINT64} AS UBIGINT) AS hashes "
            f'FROM "{table}" AS held GROUP BY ALL ORDER BY key'
        ).df()
        for table, key in _keys(cursor).items()
    }


def _quoted(key: str) -> str:
    return f'"{key}"' if key else "''"


def compare_tables(store: Store, held: Mapping[str, pd.DataFrame], copy: Store) -> Iterator[Difference]:
    """Where the store's tables are not those of the rebuild."""
    with copy.moment() as cursor:
        keys, anew = _keys(cursor), checksums(cursor)
    for table in sorted(held.keys() | anew.keys()):
        if table not in held or table not in anew:
            yield Difference("tables", table, _("there is no such table in this version of the program"))
            continue
        both = held[table].merge(anew[table], how="outer", indicator="side")
        wrong = both.loc[both["side"] != "both", "key"].unique()
        for key in wrong[:NAMED]:
            where = f' WHERE "{keys[table]}" = ?' if keys[table] else ""
            rows = f'SELECT * FROM "{table}"{where}', [key] if where else None
            yield Difference("tables", f"{table} {key}".strip(), _what_differs(store.frame(*rows), copy.frame(*rows)))
        if len(wrong) > NAMED:
            yield Difference("tables", table, _("and {n} more").format(n=len(wrong) - NAMED))


def _what_differs(held: pd.DataFrame, anew: pd.DataFrame) -> str:
    if len(held) != len(anew):
        return _("{n} rows instead of {wanted}").format(n=len(held), wanted=len(anew))
    differing = [name for name in held.columns if sorted(map(repr, held[name])) != sorted(map(repr, anew[name]))]
    return _("not what follows from the record: {columns}").format(columns=", ".join(differing) or "?")


# ---- releases --------------------------------------------------------------------------------------------------------


def altered_releases(store: Store) -> Iterator[Difference]:
    """The releases that would not be rendered any more as they were."""
    for release in releases.listed(store):
        try:
            differing = releases.altered(store, release)
        except derive.OriginalsUnread as trouble:
            yield Difference("releases", release.name, str(trouble))
            continue
        if differing:
            what = _("the returns do not add up any more to what they did when it was made: {indicators}")
            yield Difference("releases", release.name, what.format(indicators=", ".join(differing[:NAMED])))
