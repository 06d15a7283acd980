"""Events of the journal → derived rows: the one place that writes them; a rebuild is the same work done again."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from huizong import assignments, journal
from huizong.answers import read_submission, said_of
from huizong.facts import in_one_form
from huizong.journal import Event
from huizong.loading import STATUS, TOLD, explain_again, forget, insert_returns
from huizong.periods import Period
from huizong.reading import read_files
from huizong.returned import Return
from huizong.sheet import Unreadable, read_workbooks
from huizong.store import AT_FIRST, RELEASES, Cursor, Store, insert, replace_rows
from huizong.texts import _

GROUP = 300  # workbooks in one transaction, whose statements cost some 60 ms whatever they are about
ROWS_AT_ONCE = 50_000  # of a table that is copied
DERIVED = (  # and a table per form
    "original", "submission", "finding", "located", "fact", "subtotal", "assignment", "target", "closing", "chase",
    "reviewed",
)  # fmt: skip


def apply(
    store: Store,
    cursor: Cursor,
    events: Sequence[Event],
    returns: Mapping[str, list[Return]] | None = None,
    *,
    subtotals: bool = True,
) -> None:
    """Turns events into derived rows, within the caller's transaction. returns: what was read, by the file's sha256.
    subtotals: whether those are kept right; else the caller renews them."""
    received = [event for event in events if event.kind == "received"]
    if received:
        _apply_received(store, cursor, received, returns or {})
    for event in events:
        if event.kind not in ("received", "refused"):
            APPLY[event.kind](store, cursor, event)
    touched = [one for event in events if event.kind in IN_FORCE for one in _submissions_of(event)]
    if touched and subtotals:
        renew_subtotals(store, cursor, touched)


IN_FORCE = ("accepted", "nil", "withdrawn")  # the events after which other returns are in force than before


def _submissions_of(event: Event) -> list[str]:
    return event.body.get("submissions", [event.subject])


def renew_subtotals(store: Store, cursor: Cursor, touched: Sequence[str] | None = None) -> None:
    """Adds up anew what is in force where submissions came into force or left it; everywhere when none are given."""
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE place AS SELECT DISTINCT form, period, "
        "coalesce(prefecture, province, '0') AS unit FROM submission WHERE $1 IS NULL OR id IN (SELECT unnest($1))",
        [touched],
    )
    cursor.execute("DELETE FROM subtotal WHERE (form, period, unit) IN (SELECT (form, period, unit) FROM place)")
    divided = [code for code, (_, one) in store.forms.indicators.items() if one.denominator]
    cursor.execute(_ADD_UP, {"ratios": [code for code in divided if in_one_form(store.forms, code)]})


_ADD_UP = """
INSERT INTO subtotal BY NAME
WITH in_force AS (
    SELECT submission.id, submission.form, submission.period, submission.sample
    FROM submission
    INNER JOIN place
        ON
            place.form = submission.form
            AND place.period = submission.period
            AND place.unit = coalesce(submission.prefecture, submission.province, '0')
    WHERE submission.accepted_at IS NOT NULL AND submission.ended_at IS NULL
),
added AS (
    SELECT
        fact.form,
        fact.period,
        fact.province,
        fact.prefecture,
        fact.indicator,
        in_force.sample,
        sum(fact.numerator) AS numerator,
        sum(fact.denominator) AS denominator,
        sum(fact.n_incomplete) AS n_incomplete
    FROM fact
    INNER JOIN in_force
        ON in_force.id = fact.submission_id AND in_force.form = fact.form AND in_force.period = fact.period
    WHERE
        fact.part = ''
        AND fact.department IS NULL
        -- as constants, so that the rows of other periods are not even read
        AND fact.period BETWEEN (SELECT min(period) FROM place) AND (SELECT max(period) FROM place)
    GROUP BY
        fact.submission_id, fact.form, fact.period, fact.province, fact.prefecture, fact.indicator, in_force.sample
),
counted AS (
    -- a return of which one side is missing adds to neither
    SELECT *, NOT list_contains($ratios::VARCHAR[], indicator) OR (numerator + denominator) IS NOT NULL AS is_whole
    FROM added
)
SELECT
    form,
    period,
    coalesce(prefecture, province, '0') AS unit,
    province,
    prefecture,
    indicator,
    sum(numerator) FILTER (is_whole) AS numerator,
    sum(denominator) FILTER (is_whole) AS denominator,
    sum(n_incomplete)::INTEGER AS n_incomplete,
    count(*) FILTER (sample AND is_whole AND coalesce(numerator, denominator) IS NOT NULL)::INTEGER AS n_sample
FROM counted
GROUP BY form, period, province, prefecture, indicator
ORDER BY period, form, province, prefecture, indicator
"""


def _apply_received(store: Store, cursor: Cursor, events: Sequence[Event], returns: Mapping[str, list[Return]]) -> None:
    found: list[tuple[str, Event, Return]] = []
    originals = []
    for event in events:
        read = [] if event.body.get("reason") else returns.get(event.subject, [])
        found += [(f"{event.subject[:16]}-{n}", event, one) for n, one in enumerate(read)]
        originals.append((event.subject, event.body["filename"], event.body["kind"], event.body["bytes"], event.at,
                          event.who, event.body["sample"], event.body.get("reason")))  # fmt: skip
    names = ("sha256", "filename", "kind", "bytes", "received_at", "who", "sample", "reason")
    insert(cursor, "original", dict(zip(names, map(list, zip(*originals, strict=True)), strict=True)))
    insert_returns(store, cursor, found)


def _apply_answered(store: Store, cursor: Cursor, event: Event) -> None:
    """Reads the original again with what the analyst said of it, all answers taken together. What has been in force
    stays as it was: the return that was moved is a new one then (as)."""
    found = cursor.execute(
        "SELECT s.original, s.filename, s.sample, s.received_at, s.received_on, any_value(o.kind) FROM submission AS s "
        "INNER JOIN original AS o ON o.sha256 = s.original WHERE s.id = ? GROUP BY ALL",
        [event.subject],
    ).fetchone()
    if not found:
        return  # its original cannot be read any more
    sha, filename, sample, received_at, received_on, kind = found
    (workbook,) = read_workbooks([store.original_path(sha, kind)])
    if isinstance(workbook, Unreadable):
        raise workbook
    read = read_submission(store, workbook, event.subject, said_of(store, event.subject, event.seq))
    made = event.body.get("as", event.subject)
    explained = cursor.execute(
        "SELECT $2, rule, item, found, params, cells, explanation FROM finding "
        "WHERE submission_id = $1 AND explanation IS NOT NULL",
        [event.subject, made],
    ).fetchall()
    forget(store, cursor, [made])
    body = {"filename": filename, "sample": sample, "received_on": received_on and received_on.isoformat()}
    origin = Event(event.seq, received_at, event.who, "received", sha, body, event.hash)
    insert_returns(store, cursor, [(made, origin, read)])
    explain_again(cursor, explained)
    cursor.execute(STATUS, [[made]])


def _apply_nil(store: Store, cursor: Cursor, event: Event) -> None:
    """A nil return that was entered: as if it had arrived without a file, and in force at once."""
    body = event.body
    unit, period = store.units.get(body["unit"]), Period.of(body["period"])
    origin = Event(event.seq, event.at, event.who, "received", "", {"filename": "", "sample": False}, event.hash)
    read = Return(store.forms[body["form"]], unit, period, [], nil=True)
    insert_returns(store, cursor, [(event.subject, origin, read)])
    _put_in_force(cursor, [event.subject], event.at)


def _apply_closed(store: Store, cursor: Cursor, event: Event) -> None:
    _apply_reopened(store, cursor, event)
    pairs = event.body["returns"]
    insert(cursor, "closing", {
        "form": [pair["form"] for pair in pairs],
        "period": [pair["period"] for pair in pairs],
        "closed_at": [event.at] * len(pairs),
        "who": [event.who] * len(pairs),
        "reason": [event.body["reason"]] * len(pairs),
    })  # fmt: skip


def _apply_reopened(store: Store, cursor: Cursor, event: Event) -> None:
    for pair in event.body["returns"]:
        cursor.execute("DELETE FROM closing WHERE form = ? AND period = ?", [pair["form"], pair["period"]])


def _apply_accepted(store: Store, cursor: Cursor, event: Event) -> None:
    _put_in_force(cursor, event.body["submissions"], event.at)


def _put_in_force(cursor: Cursor, ids: Sequence[str], at: datetime) -> None:
    # What was in force for the same form, unit and period ends at the same moment.
    cursor.execute(
        "UPDATE submission SET ended_at = $1, status = 'superseded' WHERE accepted_at IS NOT NULL AND ended_at IS NULL "
        "AND id NOT IN (SELECT unnest($2)) AND (form, unit, period) IN "
        "(SELECT (form, unit, period) FROM submission WHERE id IN (SELECT unnest($2)))",
        [at, ids],
    )
    cursor.execute(
        "UPDATE submission SET accepted_at = $1, ended_at = NULL, status = 'accepted' WHERE id IN (SELECT unnest($2))",
        [at, ids],
    )


def _apply_explained(store: Store, cursor: Cursor, event: Event) -> None:
    """Finds the findings by what they say: their numbers are others once the form has another rule."""
    text, told = event.body["text"], event.body.get("told")
    if told is None:
        cursor.execute(
            "UPDATE finding SET explanation = ? WHERE submission_id = ? AND n IN (SELECT unnest(?))",
            [text, event.subject, event.body["findings"]],
        )
    else:
        explain_again(cursor, [(event.subject, *(f[name] for name in TOLD), text) for f in told])
    cursor.execute(STATUS, [[event.subject]])


def _apply_sent_back(store: Store, cursor: Cursor, event: Event) -> None:
    cursor.execute(
        "UPDATE submission SET status = 'sent_back', given_back_at = ? WHERE id = ?", [event.at, event.subject]
    )


def _apply_withdrawn(store: Store, cursor: Cursor, event: Event) -> None:
    cursor.execute(
        "UPDATE submission SET status = 'withdrawn', given_back_at = $1, "
        "ended_at = CASE WHEN accepted_at IS NOT NULL THEN coalesce(ended_at, $1) END "
        "WHERE id = $2",
        [event.at, event.subject],
    )


_END_RULES = "UPDATE assignment SET ended_at = ? WHERE ended_at IS NULL"


def _apply_assigned(store: Store, cursor: Cursor, event: Event) -> None:
    # Older events say form, unit, from and to only; a form may have been given up since.
    rows = [assignments.completed(store, row) for row in event.body["assignments"] if row["form"] in store.forms]
    if event.body.get("instead_of_samples"):
        cursor.execute(f"{_END_RULES} AND sample", [event.at])
    if event.body.get("replaces"):
        cursor.execute(f"{_END_RULES} AND NOT sample", [event.at])
    if rows:
        (last,) = cursor.execute("SELECT coalesce(max(n), 0) FROM assignment").fetchone() or (0,)
        insert(cursor, "assignment", {
            "n": list(range(last + 1, last + 1 + len(rows))),
            "sample": [event.body.get("sample", False)] * len(rows),
            "form": [row["form"] for row in rows],
            "unit": [row["unit"] for row in rows],
            "beneath": [row["beneath"] for row in rows],
            "frequency": [row["frequency"] for row in rows],
            "due_days": [row["due_days"] for row in rows],
            "owes": [row["owes"] for row in rows],
            "valid_from": [date.fromisoformat(row["from"]) if row["from"] else None for row in rows],
            "valid_to": [date.fromisoformat(row["to"]) if row["to"] else None for row in rows],
            "set_at": [event.at] * len(rows),
        })  # fmt: skip
    store.renew_expectations(cursor, event.at)


def _apply_target(store: Store, cursor: Cursor, event: Event) -> None:
    unit, period = event.body["unit"], event.body["period"]
    key = [event.subject, unit, period]
    cursor.execute(
        "UPDATE target SET ended_at = ? WHERE ended_at IS NULL AND indicator = ? AND unit = ? AND period = ?",
        [event.at, *key],
    )
    if event.body["value"] is not None:
        cursor.execute(
            "INSERT INTO target (indicator, unit, period, value, sample, set_at) VALUES (?, ?, ?, ?, ?, ?)",
            [*key, event.body["value"], event.body.get("sample", False), event.at],
        )


def _apply_chased(store: Store, cursor: Cursor, event: Event) -> None:
    returns, body = event.body["returns"], event.body
    insert(cursor, "chase", {
        **{name: [row[name] for row in returns] for name in ("form", "unit", "period")},
        "chased_at": [event.at] * len(returns),
        "who": [event.who] * len(returns),
        **{name: [body[name]] * len(returns) for name in ("how", "text", "answer")},
    })  # fmt: skip


def _apply_reviewed(store: Store, cursor: Cursor, event: Event) -> None:
    names = ("check", "form", "unit", "period", "item", "value", "text")
    insert(cursor, "reviewed", {
        **{name: [event.body[name]] for name in names}, "reviewed_at": [event.at], "who": [event.who],
    })  # fmt: skip


APPLY: dict[str, Callable[[Store, Cursor, Event], None]] = {
    "answered": _apply_answered,
    "nil": _apply_nil,
    "accepted": _apply_accepted,
    "explained": _apply_explained,
    "sent_back": _apply_sent_back,
    "withdrawn": _apply_withdrawn,
    "closed": _apply_closed,
    "reopened": _apply_reopened,
    "assigned": _apply_assigned,
    "target": _apply_target,
    "chased": _apply_chased,
    "reviewed": _apply_reviewed,
    "released": lambda _store, _cursor, _event: None,  # it says what was; nothing follows from it
    "view_saved": lambda _store, _cursor, _event: None,  # asked for in the journal itself
}


def ready(store: Store) -> Store:
    """The store with its tables as the forms, the register and the program want them: this is the only migration."""
    if store.stale:
        rebuild(store, incomplete=True)  # its tables are empty: most of them are better than none
    return store


def events_until(store: Store, last: int) -> Iterator[Event]:
    """The events up to one, read some thousands at a time: each time is a short use of the store."""
    seen = -1
    while seen < last:
        with store.moment() as cursor:
            page = [event for event in islice(journal.read(cursor, seen), journal.PAGE) if event.seq <= last]
        yield from page
        seen = page[-1].seq if page else last


class OriginalsUnread(RuntimeError):
    """Originals that were read when they arrived cannot be read now; the message names them and says what to do."""


def rebuild(store: Store, *, incomplete: bool = False) -> int:
    """Makes the derived tables again from the record, in the place of those that are there; gives the number of events.

    They are put in place in one transaction: an interrupted rebuild leaves what was there. So does one that cannot read
    an original that was read once, unless incomplete: raises OriginalsUnread. What arrives meanwhile is in them.
    """
    with made_again(store) as (made, last, unread):
        if unread and not incomplete:
            raise OriginalsUnread(
                _("{n} originals cannot be read any more, and the tables were left as they are: {files}. Put the files "
                  "back from a backup, then rebuild.")
                .format(n=len(unread), files="、".join(unread[:5]))
            )  # fmt: skip
        with store.transaction() as cursor:
            for table in (*DERIVED, "expectation", *store.forms):
                with made.moment() as rows:
                    replace_rows(cursor, table, rows.execute(f'SELECT * FROM "{table}"').to_arrow_reader(ROWS_AT_ONCE))
            for events, returns in _batches(_with_returns(store, journal.read(cursor, last), [])):
                apply(store, cursor, events, returns)
            store.mark_made(cursor)
            (n_events,) = cursor.execute("SELECT count(*) FROM journal").fetchone() or (0,)
    return n_events


@contextmanager
def made_again(store: Store, last: int | None = None) -> Iterator[tuple[Store, int, list[str]]]:
    """A store of its own with the same record up to an event (last; else all) and the tables made from it; the number
    of that event; the names of the originals that could not be read. The store is gone afterwards.

    Each group of returns is a transaction: in a single one, rows that are not committed would all stay in memory, 1 GB
    for 20,000 returns.
    """
    if last is None:
        last = store.run("SELECT coalesce(max(seq), 0) FROM journal")[0][0]
    unread: list[str] = []
    with TemporaryDirectory(prefix="huizong-") as folder:
        made = Store(Path(folder), store.forms, store.units)
        made.originals = store.originals
        try:
            with made.transaction() as cursor:
                journal.write(cursor, events_until(store, last))
            for events, returns in _batches(_with_returns(made, events_until(made, last), unread)):
                with made.transaction() as cursor:
                    apply(made, cursor, events, returns, subtotals=False)
            with made.transaction() as cursor:
                renew_subtotals(made, cursor)
            yield made, last, unread
        finally:
            made.close()


Read = tuple[Event, list[Return]]  # an event, with the returns in the file that was received


def _with_returns(store: Store, events: Iterator[Event], unread: list[str]) -> Iterator[Read]:
    """The events with what was received. unread: gets the names of the files that cannot be read any more."""
    ahead: list[tuple[list[Event], Iterator]] = []
    while some := list(islice(events, GROUP)):
        paths = [store.original_path(e.subject, e.body["kind"]) for e in some if _was_read(e)]
        ahead.append((some, read_files(store, paths, on_record=True)))
        if len(ahead) > 1:  # the children read these while those before are applied
            yield from _wait(*ahead.pop(0), unread)
    for waiting in ahead:
        yield from _wait(*waiting, unread)


def _wait(events: list[Event], results: Iterator[list[Return] | Unreadable], unread: list[str]) -> Iterator[Read]:
    for event in events:
        found = next(results) if _was_read(event) else []
        if isinstance(found, Unreadable):
            if found.reason != "no_table":  # its form has been given up
                unread.append(event.body["filename"])
            found = []
        yield event, found


def _was_read(event: Event) -> bool:
    return event.kind == "received" and not event.body.get("reason")


def _batches(read: Iterator[Read]) -> Iterator[tuple[list[Event], dict[str, list[Return]]]]:
    """Events that can be applied together, those received before the others, as `apply` does it.

    A return is compared with those of its unit that are in force, and with what was explained of them: it must come
    after the decisions before it about its own form and unit, and need not wait for those about others. For years of
    single uploads, each accepted at once, that is 300 returns at a time instead of one.
    """
    events: list[Event] = []
    returns: dict[str, list[Return]] = {}
    owners: dict[str, tuple[str, str | None]] = {}  # submission → form and unit
    decided: set[tuple[str, str | None] | None] = set()  # form and unit; None: perhaps any
    for event, found in read:
        arriving = {
            f"{event.subject[:16]}-{n}": (one.form.code, one.unit.code if one.unit else None)
            for n, one in enumerate(found)
        }
        if len(returns) >= GROUP or (arriving and (None in decided or not decided.isdisjoint(arriving.values()))):
            yield events, returns
            events, returns, owners, decided = [], {}, {}, set()
        events.append(event)
        owners |= arriving
        if found:
            returns[event.subject] = found
        elif event.kind == "nil":
            decided.add((event.body["form"], event.body["unit"]))
        elif event.kind == "answered":
            decided.add(None)
        elif event.kind in ("accepted", "explained", "sent_back", "withdrawn"):
            decided |= {owners.get(one) for one in _submissions_of(event)}
    if events:
        yield events, returns


def reset(store: Store) -> None:
    """Empties the store: the journal, the originals and all derived rows go; what is owed by default stays."""
    with store.transaction() as cursor:
        for table in ("journal", *DERIVED, "expectation", *store.forms):
            cursor.execute(f'DELETE FROM "{table}"')
        store.renew_expectations(cursor, AT_FIRST)
    if store.folder:
        shutil.rmtree(store.folder / "sql", ignore_errors=True)  # what the SQL box has copied (sandbox.py)
        shutil.rmtree(store.folder / RELEASES, ignore_errors=True)
        for part in ("originals", "incoming"):
            shutil.rmtree(store.folder / part, ignore_errors=True)
            (store.folder / part).mkdir(parents=True, exist_ok=True)
