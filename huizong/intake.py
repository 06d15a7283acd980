"""The whole way of a workbook: bytes → put aside → read → kept → returns with findings → accepted or sent back.

What happens is written to the journal; `apply` alone turns events into derived rows, so that a rebuild is the same work
done again. An event and its rows are one transaction, and the original is on disk before anything refers to it.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path

import duckdb
import pandas as pd

from huizong import journal
from huizong.edits import REASONS, Finding, absent_townships, broken_rules, describe, merge, personal_cells, printed
from huizong.forms import Form, Rule
from huizong.indicators import fact_queries
from huizong.journal import Event
from huizong.org_units import Register
from huizong.periods import Period
from huizong.returns import Return, Row, read_returns
from huizong.sheet import Unreadable, Workbook, kind_of, read_workbooks
from huizong.store import EVERYWHERE, ROW_COLUMNS, Store, insert
from huizong.texts import _

GROUP = 100  # workbooks in one transaction: a commit costs as much as checking several of them
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
    workbook: Workbook | None = None
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
    waiting: Group | None = None
    files = iter(files)
    while group := list(islice(files, GROUP)):
        # The children read one group while the group before it is checked and committed here.
        started = _start(store, group)
        if waiting:
            yield from _finish(store, waiting, who, sample, accept)
        waiting = started
    if waiting:
        yield from _finish(store, waiting, who, sample, accept)


@dataclass(slots=True)
class Group:
    """Files put aside and being read."""

    arrivals: list[Arrival]
    results: Iterator[Workbook | Unreadable]


def _start(store: Store, files: list[tuple[str, bytes]]) -> Group:
    arrivals = [_put_aside(store, Path(name).name or name, data) for name, data in files]
    return Group(arrivals, read_workbooks([a.path for a in arrivals if a.path and not a.reason]))


def _finish(store: Store, group: Group, who: str, sample: bool, accept: bool) -> Iterator[Receipt]:
    arrivals = group.arrivals
    _take_results([a for a in arrivals if a.path and not a.reason], group.results)
    known = {sha: at for sha, at in store.run(
        "SELECT sha256, min(received_at) FROM original WHERE reason IS NULL AND sha256 IN (SELECT unnest($1)) "
        "GROUP BY sha256", [[a.sha256 for a in arrivals]],
    )}  # fmt: skip
    fresh: dict[str, Arrival] = {}
    for arrival in arrivals:
        if arrival.path and arrival.sha256 not in known:
            fresh.setdefault(arrival.sha256, arrival)
    kept = [a for a in fresh.values() if a.reason != "personal"]
    with store.transaction() as cursor:
        store.keep([(a.path, store.original_path(a.sha256, a.kind)) for a in kept if a.path])
        events = journal.append(cursor, who, [_received(a, sample) for a in [*fresh.values(), *_unkept(arrivals)]])
        apply(store, cursor, events, {a.sha256: a for a in kept})
        made = {a.sha256: [] for a in kept}
        for original, submission in cursor.execute(
            "SELECT original, id FROM submission WHERE original IN (SELECT unnest($1)) ORDER BY id",
            [[a.sha256 for a in arrivals]],
        ).fetchall():
            made.setdefault(original, []).append(submission)
        if accept:
            _accept_within(store, cursor, [i for a in kept for i in made[a.sha256]], who)
    for arrival in arrivals:
        if arrival.path:
            arrival.path.unlink(missing_ok=True)  # what was refused or already there; the rest has been moved
        yield _receipt(arrival, fresh, known, made)
        fresh.pop(arrival.sha256, None)


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


def _take_results(arrivals: list[Arrival], results: Iterator[Workbook | Unreadable]) -> None:
    """What the children read, with a look for personal data."""
    for arrival, result in zip(arrivals, results, strict=True):
        if isinstance(result, Unreadable):
            arrival.reason = result.reason
        elif cells := personal_cells(result):
            arrival.reason, arrival.cells = "personal", cells
        else:
            arrival.workbook = result


def _read(arrivals: list[Arrival]) -> None:
    _take_results(arrivals, read_workbooks([a.path for a in arrivals if a.path]))


def _unkept(arrivals: list[Arrival]) -> list[Arrival]:
    return [a for a in arrivals if a.path is None]


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


def _receipt(
    arrival: Arrival, fresh: Mapping[str, Arrival], known: Mapping[str, datetime], made: Mapping[str, list[str]]
) -> Receipt:
    if arrival.path is None or (arrival.reason and arrival.reason != "personal"):
        return Receipt(arrival.filename, "unreadable", reason_text(arrival.reason))
    if arrival.reason == "personal":
        return Receipt(arrival.filename, "refused", reason_text("personal", arrival.cells))
    submissions = made.get(arrival.sha256, [])
    if arrival.sha256 in known:
        when = f"{known[arrival.sha256]:%Y-%m-%d %H:%M} UTC"
        return Receipt(arrival.filename, "already", _("Already received on {when}; nothing new").format(when=when),
                       submissions)  # fmt: skip
    if arrival.sha256 not in fresh:
        return Receipt(arrival.filename, "already", _("The same file twice in this upload"), submissions)
    if not submissions:
        return Receipt(arrival.filename, "unreadable", reason_text("no_table"))
    return Receipt(arrival.filename, "received", _("{n} returns read").format(n=len(submissions)), submissions)


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
        _read(arrivals)
        found: list[tuple[str, Event, Return]] = []
        for n, arrival in enumerate(arrivals):
            if arrival.workbook:
                event = Event(0, datetime.now(), "", "received", "", {"filename": arrival.filename, "sample": False}, "")
                returns = read_returns(arrival.workbook, store.vocabulary, store.units)
                found += [(f"{n}-{k}", event, read) for k, read in enumerate(returns)]
                arrival.reason = "" if returns else "no_table"
        with store.transaction(keep=False) as cursor:
            findings = _insert_returns(store, cursor, found)
        for n, arrival in enumerate(arrivals):
            if arrival.reason:
                finding = Finding("error", arrival.reason, "", arrival.cells)
                yield Checked(arrival.filename, None, [finding], arrival.reason)
            for submission, _event, read in found:
                if submission.partition("-")[0] == str(n):
                    yield Checked(arrival.filename, read, findings[submission])


# ---- events into rows -----------------------------------------------------------------------------------------------


def apply(
    store: Store, cursor: duckdb.DuckDBPyConnection, events: Sequence[Event], arrivals: Mapping[str, Arrival]
) -> None:
    """Turns events into derived rows, within the caller's transaction. arrivals: the originals already read, by sha256."""
    received = [event for event in events if event.kind == "received"]
    if received:
        _apply_received(store, cursor, received, arrivals)
    for event in events:
        if event.kind not in ("received", "refused"):
            APPLY[event.kind](store, cursor, event)


def _apply_received(
    store: Store, cursor: duckdb.DuckDBPyConnection, events: Sequence[Event], arrivals: Mapping[str, Arrival]
) -> None:
    found: list[tuple[str, Event, Return]] = []
    originals = []
    for event in events:
        arrival = arrivals.get(event.subject)
        reason = event.body.get("reason")
        if arrival and arrival.workbook:
            returns = read_returns(arrival.workbook, store.vocabulary, store.units)
            reason = reason or (None if returns else "no_table")
            found += [(f"{event.subject[:16]}-{n}", event, r) for n, r in enumerate(returns)]
        originals.append((event.subject, event.body["filename"], event.body["kind"], event.body["bytes"], event.at,
                          event.who, event.body["sample"], reason))  # fmt: skip
    names = ("sha256", "filename", "kind", "bytes", "received_at", "who", "sample", "reason")
    insert(cursor, "original", dict(zip(names, map(list, zip(*originals, strict=True)), strict=True)))
    _insert_returns(store, cursor, found)


def _insert_returns(
    store: Store, cursor: duckdb.DuckDBPyConnection, found: list[tuple[str, Event, Return]]
) -> dict[str, list[Finding]]:
    """Writes submissions, rows, findings and facts of returns just read; gives the findings of each submission."""
    if not found:
        return {}
    _insert_submissions(cursor, found)
    ids = [submission for submission, _, _ in found]
    by_form: dict[str, list[tuple[str, Return]]] = {}
    for submission, _event, read in found:
        by_form.setdefault(read.form.code, []).append((submission, read))
    cursor.execute(_EARLIER)
    findings: dict[str, list[Finding]] = {submission: list(read.findings) for submission, _, read in found}
    for code, returns in by_form.items():
        form = store.forms[code]
        _insert_rows(cursor, form, returns)
        _run_rules(cursor, form, [(i, r) for i, r in returns if not r.questions], findings, store.units)
        batch = [submission for submission, _ in returns]
        for query in fact_queries(form, store.forms):
            cursor.execute(query, [batch])
    for submission, merged in findings.items():
        findings[submission] = merge(merged)
    _insert_findings(cursor, findings)
    cursor.execute(_EXPLAINED_BEFORE, [ids])
    cursor.execute(_STATUS, [ids])
    return findings


_EARLIER = """
CREATE OR REPLACE TEMP TABLE earlier AS
WITH in_force AS (SELECT id, form, unit, period FROM submission WHERE accepted_at IS NOT NULL AND ended_at IS NULL)
SELECT
    incoming.submission_id,
    p.id AS prev,
    y.id AS last_year
FROM incoming
LEFT JOIN in_force AS p ON p.form = incoming.form AND p.unit = incoming.unit AND p.period = incoming.prev_period
LEFT JOIN in_force AS y ON y.form = incoming.form AND y.unit = incoming.unit AND y.period = incoming.last_year_period
"""

# A query explained in the revision before stays explained while what it says is unchanged.
_EXPLAINED_BEFORE = """
UPDATE finding SET explanation = earlier_finding.explanation
FROM (
    SELECT now.id, f.rule, f.item, f.found, f.params, f.cells, max(f.explanation) AS explanation
    FROM submission AS now
    INNER JOIN submission AS older
        ON older.form = now.form AND older.unit = now.unit AND older.period = now.period
        AND older.revision = now.revision - 1
    INNER JOIN finding AS f ON f.submission_id = older.id AND f.explanation IS NOT NULL
    WHERE now.id IN (SELECT unnest($1))
    GROUP BY now.id, f.rule, f.item, f.found, f.params, f.cells
) AS earlier_finding
WHERE
    finding.submission_id = earlier_finding.id
    AND finding.severity = 'query'
    AND finding.rule = earlier_finding.rule
    AND finding.item IS NOT DISTINCT FROM earlier_finding.item
    AND finding.found = earlier_finding.found
    AND finding.params = earlier_finding.params
    AND finding.cells = earlier_finding.cells
"""

_STATUS = """
UPDATE submission SET
    n_errors = counted.n_errors,
    n_queries = counted.n_queries,
    n_explained = counted.n_explained,
    status = CASE
        WHEN submission.status NOT IN ('received', 'error', 'query', 'clean') THEN submission.status
        WHEN counted.n_errors > 0 THEN 'error'
        WHEN counted.n_queries > 0 THEN 'query'
        ELSE 'clean'
    END
FROM (
    SELECT
        s.id,
        count(*) FILTER (f.severity = 'error') AS n_errors,
        count(*) FILTER (f.severity = 'query') AS n_queries,
        count(*) FILTER (f.severity = 'query' AND f.explanation IS NOT NULL) AS n_explained
    FROM submission AS s
    LEFT JOIN finding AS f ON f.submission_id = s.id
    WHERE s.id IN (SELECT unnest($1))
    GROUP BY s.id
) AS counted
WHERE submission.id = counted.id
"""


def _insert_submissions(cursor: duckdb.DuckDBPyConnection, found: list[tuple[str, Event, Return]]) -> None:
    columns: dict[str, list] = {name: [] for name in (
        "id", "original", "filename", "sheets", "form", "unit", "level", "province", "prefecture", "county",
        "department", "period", "period_start", "period_end", "revision", "status", "sample", "received_at", "n_rows",
        "questions",
    )}  # fmt: skip
    held = dict(cursor.execute(
        "SELECT form || '|' || unit || '|' || period, max(revision) FROM submission WHERE unit IS NOT NULL "
        "AND period IS NOT NULL GROUP BY ALL"
    ).fetchall()) if len(found) > 20 else None  # fmt: skip
    incoming = []
    for submission, event, read in found:
        unit, period = read.unit, read.period
        revision = None
        if unit and period:
            key = f"{read.form.code}|{unit.code}|{period.code}"
            if held is None:
                (last,) = cursor.execute(
                    "SELECT max(revision) FROM submission WHERE form = ? AND unit = ? AND period = ?",
                    [read.form.code, unit.code, period.code],
                ).fetchone() or (None,)
            else:
                last = held.get(key)
            n_before = sum(1 for i in incoming if i[1:4] == (read.form.code, unit.code, period.code))
            revision = (last or 0) + n_before + 1
            incoming.append((submission, read.form.code, unit.code, period.code, period.previous().code,
                             period.last_year().code))  # fmt: skip
        questions = [{"ask": q.ask, "found": q.found, "candidates": q.candidates} for q in read.questions]
        values = (
            submission, event.subject, event.body["filename"], "、".join(read.sheets), read.form.code,
            unit.code if unit else None, unit.level if unit else None, unit.province if unit else None,
            unit.prefecture if unit else None, unit.county if unit else None, unit.department if unit else None,
            period.code if period else None, period.start if period else None, period.end if period else None,
            revision, "unsure" if questions else "received", event.body["sample"], event.at, len(read.rows),
            json.dumps(questions, ensure_ascii=False) if questions else None,
        )  # fmt: skip
        for name, value in zip(columns, values, strict=True):
            columns[name].append(value)
    insert(cursor, "submission", columns)
    names = ("submission_id", "form", "unit", "period", "prev_period", "last_year_period")
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE incoming ({', '.join(f'{n} VARCHAR' for n in names)})")
    if incoming:
        insert(cursor, "incoming", dict(zip(names, map(list, zip(*incoming, strict=True)), strict=True)))


def _insert_rows(cursor: duckdb.DuckDBPyConnection, form: Form, returns: list[tuple[str, Return]]) -> None:
    columns: dict[str, list] = {name: [] for name in ROW_COLUMNS}
    items: dict[str, list] = {item.code: [] for item in form.items}
    located: dict[str, list] = {name: [] for name in ("submission_id", "sheet", "item", "column_letter")}
    numeric = {item.code for item in form.items if item.numeric}
    for submission, read in returns:
        unit, period = read.unit, read.period
        if not unit or not period:
            continue
        department = unit.department
        # A department's own return is not rolled up: its county's return has a row for it.
        place = (None, None, None) if department else (unit.province, unit.prefecture, unit.county)
        for row in read.rows:
            township = row.unit_code if row.kind == "township" else None
            fixed = (submission, period.code, *place, township, department, row.unit_code, row.kind, row.key, row.label,
                     row.sheet, row.row)  # fmt: skip
            for values, value in zip(columns.values(), fixed, strict=True):
                values.append(value)
            for code, values in items.items():
                value = row.values.get(code)
                values.append(float(value) if value is not None and code in numeric else value)
        for table in read.tables:
            for item in table.columns:
                letter = table.address(0, item).rstrip("0123456789")
                for values, value in zip(located.values(), (submission, table.sheet.name, item, letter), strict=True):
                    values.append(value)
    if columns["submission_id"]:
        insert(cursor, form.code, columns | items)
    if located["item"]:
        insert(cursor, "located", located)


def _run_rules(
    cursor: duckdb.DuckDBPyConnection,
    form: Form,
    returns: list[tuple[str, Return]],
    findings: dict[str, list[Finding]],
    units: Register,
) -> None:
    rules = {rule.code: rule for rule in form.rules}
    rows: dict[tuple[str, str, int], tuple[Return, Row]] = {
        (submission, row.sheet, row.row): (read, row) for submission, read in returns for row in read.rows
    }
    batch = [submission for submission, _ in returns]
    for submission, sheet, number, broken, others in broken_rules(
        cursor, form, batch, villages_known=units.has_villages
    ):
        read, row = rows[submission, sheet, number]
        for code in broken:
            rule = rules[code]
            names = form.rule_items(rule)
            params = {name: printed(row.values.get(name)) for name in form.by_code} | others
            used = {name: params[name] for name in params if "{" + name + "}" in rule.message.zh + rule.message.en
                    + rule.remedy.zh + rule.remedy.en}  # fmt: skip
            item = names[-1] if names else form.rows.name_item
            cells = [cell for name in names if (cell := read.cell(row, name))]
            found = f"{row.label}：" + "，".join(operands(form, rule, row, others))
            findings[submission].append(Finding(rule.severity, code, sheet, cells, item, found, used))
    for rule in form.rules:
        if rule.complete:
            known = dict(returns)
            for submission, names in absent_townships(cursor, form, batch):
                table = known[submission].tables[0]
                at = table.sheet.address(table.header[1], table.columns.get(form.rows.name_item, 0))
                findings[submission].append(
                    Finding(rule.severity, rule.code, table.sheet.name, [at], form.rows.unit_item, "、".join(names),
                            {"missing": "、".join(names), "n": str(len(names))})  # fmt: skip
                )


ELSEWHERE = {"prev": "上期", "last_year": "上年同期", "register": "名录"}


def operands(form: Form, rule: Rule, row: Row, others: Mapping[str, str]) -> Iterator[str]:
    """What a rule compared, as printed: 行政村(嘎查)数=18, 名录=14."""
    for name in form.names_used(rule.expr) if rule.expr else rule.unique or []:
        prefix, _dot, item = name.rpartition(".")
        if prefix:
            yield f"{ELSEWHERE[prefix]}={others.get(name, '—')}"
        elif item in form.by_code:
            yield f"{form.by_code[item].label.zh}={describe_value(form, item, row)}"


def describe_value(form: Form, name: str, row: Row) -> str:
    """A row's value as the clerk wrote it: codes by their label, yes and no in words."""
    value = row.values.get(name)
    item = form.by_code[name]
    if value is None:
        return "空"
    if item.codes:
        return item.code_label(str(value), "zh")
    return {True: "是", False: "否"}[bool(value)] if item.type == "yes_no" else printed(value)


def _insert_findings(cursor: duckdb.DuckDBPyConnection, findings: Mapping[str, list[Finding]]) -> None:
    rows = [
        (submission, n, f.severity, f.rule, f.sheet, f.cells, f.item, f.found,
         json.dumps(f.params, ensure_ascii=False, sort_keys=True))
        for submission, listed in findings.items()
        for n, f in enumerate(listed)
    ]  # fmt: skip
    if rows:
        names = ("submission_id", "n", "severity", "rule", "sheet", "cells", "item", "found", "params")
        insert(cursor, "finding", dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def _apply_answered(store: Store, cursor: duckdb.DuckDBPyConnection, event: Event) -> None:
    """Reads the original again with what the analyst said of it."""
    row = cursor.execute("SELECT original, filename, sample FROM submission WHERE id = ?", [event.subject]).fetchone()
    assert row
    sha, filename, sample = row
    (kind,) = cursor.execute("SELECT kind FROM original WHERE sha256 = ?", [sha]).fetchone() or ("",)
    (workbook,) = read_workbooks([store.original_path(sha, kind)])
    if isinstance(workbook, Unreadable):
        raise workbook
    number = int(event.subject.rpartition("-")[2])
    returns = read_returns(workbook, store.vocabulary, store.units, {number: event.body})
    received = cursor.execute("SELECT received_at FROM submission WHERE id = ?", [event.subject]).fetchone()
    forget(store, cursor, [event.subject])
    origin = Event(event.seq, received[0] if received else event.at, event.who, "received", sha,
                   {"filename": filename, "sample": sample}, event.hash)  # fmt: skip
    _insert_returns(store, cursor, [(event.subject, origin, returns[number])])


def forget(store: Store, cursor: duckdb.DuckDBPyConnection, ids: list[str]) -> None:
    """Deletes the derived rows of submissions that are about to be derived again."""
    cursor.execute("DELETE FROM submission WHERE id IN (SELECT unnest($1))", [ids])
    for table in ("finding", "located", "fact", *store.forms):
        cursor.execute(f'DELETE FROM "{table}" WHERE submission_id IN (SELECT unnest($1))', [ids])


def _apply_accepted(store: Store, cursor: duckdb.DuckDBPyConnection, event: Event) -> None:
    ids = event.body["submissions"]
    # What was in force for the same form, unit and period ends at the same moment.
    cursor.execute(
        "UPDATE submission SET ended_at = $1, status = 'superseded' WHERE accepted_at IS NOT NULL AND ended_at IS NULL "
        "AND id NOT IN (SELECT unnest($2)) AND (form, unit, period) IN "
        "(SELECT (form, unit, period) FROM submission WHERE id IN (SELECT unnest($2)))",
        [event.at, ids],
    )
    cursor.execute(
        "UPDATE submission SET accepted_at = $1, ended_at = NULL, status = 'accepted' "
        "WHERE id IN (SELECT unnest($2))",
        [event.at, ids],
    )


def _apply_explained(store: Store, cursor: duckdb.DuckDBPyConnection, event: Event) -> None:
    for n in event.body["findings"]:
        cursor.execute(
            "UPDATE finding SET explanation = ? WHERE submission_id = ? AND n = ?",
            [event.body["text"], event.subject, n],
        )
    cursor.execute(_STATUS, [[event.subject]])


def _apply_sent_back(store: Store, cursor: duckdb.DuckDBPyConnection, event: Event) -> None:
    cursor.execute("UPDATE submission SET status = 'sent_back' WHERE id = ?", [event.subject])


def _apply_withdrawn(store: Store, cursor: duckdb.DuckDBPyConnection, event: Event) -> None:
    cursor.execute(
        "UPDATE submission SET status = 'withdrawn', ended_at = CASE WHEN accepted_at IS NULL THEN NULL ELSE $1 END "
        "WHERE id = $2",
        [event.at, event.subject],
    )


def _apply_assigned(store: Store, cursor: duckdb.DuckDBPyConnection, event: Event) -> None:
    rows = event.body["assignments"]
    insert(cursor, "assignment", {
        "form": [r["form"] for r in rows],
        "unit": [store.units.get(r["unit"]).code for r in rows],
        "valid_from": [date.fromisoformat(r["from"]) if r.get("from") else None for r in rows],
        "valid_to": [date.fromisoformat(r["to"]) if r.get("to") else None for r in rows],
    })  # fmt: skip
    store.renew_expectations(cursor)


def _apply_target(store: Store, cursor: duckdb.DuckDBPyConnection, event: Event) -> None:
    unit, period = event.body["unit"], event.body["period"]
    key = [event.subject, unit, period]
    cursor.execute("DELETE FROM target WHERE indicator = ? AND unit = ? AND period = ?", key)
    if event.body["value"] is not None:
        cursor.execute("INSERT INTO target VALUES (?, ?, ?, ?)", [*key, event.body["value"]])


APPLY: dict[str, Callable[[Store, duckdb.DuckDBPyConnection, Event], None]] = {
    "answered": _apply_answered,
    "accepted": _apply_accepted,
    "explained": _apply_explained,
    "sent_back": _apply_sent_back,
    "withdrawn": _apply_withdrawn,
    "assigned": _apply_assigned,
    "target": _apply_target,
}


# ---- what the analyst does ------------------------------------------------------------------------------------------


def _happen(store: Store, who: str, kind: str, subject: str, body: dict) -> None:
    with store.transaction() as cursor:
        apply(store, cursor, journal.append(cursor, who, [(kind, subject, body)]), {})


def _status(store: Store, submission: str) -> str:
    rows = store.run("SELECT status FROM submission WHERE id = ?", [submission])
    if not rows:
        raise UnknownSubmission(f"no submission {submission!r}")
    return rows[0][0]


def why_not_acceptable(store: Store, ids: Sequence[str]) -> dict[str, str]:
    """id → why it cannot be accepted, for those that cannot."""
    rows = store.run(
        "SELECT id, status, n_errors, n_queries, n_explained FROM submission WHERE id IN (SELECT unnest($1))",
        [list(ids)],
    )
    return {row[0]: why for row in rows if (why := _obstacle(*row[1:]))} | {
        i: _("no such return") for i in ids if i not in {row[0] for row in rows}
    }


def _obstacle(status: str, n_errors: int, n_queries: int, n_explained: int) -> str | None:
    if status == "unsure":
        return _("the form, unit or period must be confirmed first")
    if n_errors:
        return _("{n} errors must be corrected by the reporting unit").format(n=n_errors)
    if n_queries > n_explained:
        return _("{n} queries need an explanation").format(n=n_queries - n_explained)
    if status not in ("query", "clean"):
        return _("it has been decided already")
    return None


def _accept_within(store: Store, cursor: duckdb.DuckDBPyConnection, ids: Sequence[str], who: str) -> list[str]:
    """Accepts those that can be; of several revisions of one return only the newest."""
    rows = cursor.execute(
        "SELECT id, status, n_errors, n_queries, n_explained FROM submission WHERE id IN (SELECT unnest($1)) "
        "QUALIFY revision = max(revision) OVER (PARTITION BY form, unit, period)",
        [list(ids)],
    ).fetchall()
    good = sorted(row[0] for row in rows if _obstacle(*row[1:]) is None)
    if good:
        apply(store, cursor, journal.append(cursor, who, [("accepted", "", {"submissions": good})]), {})
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
) -> None:
    """Keeps what the analyst says of an unclear return, and reads it again."""
    if _status(store, submission) != "unsure":
        raise NotAcceptable(_("nothing is unclear about this return"))
    said = {"form": form, "unit": store.units.get(unit).code if unit else None,
            "period": Period.of(period).code if period else None}  # fmt: skip
    _happen(store, who, "answered", submission, {k: v for k, v in said.items() if v})


def withdraw(store: Store, submission: str, *, who: str, reason: str) -> None:
    """Takes a return out of force; it stays on record."""
    if _status(store, submission) == "withdrawn":
        raise NotAcceptable(_("it has been decided already"))
    _happen(store, who, "withdrawn", submission, {"reason": reason})


def set_target(store: Store, indicator: str, unit: str, period: str, value: float | None, *, who: str) -> None:
    """Enters what a unit has been asked to reach in a year; None takes it away."""
    year = str(Period.of(period).year)
    body = {"unit": store.units.get(unit).code, "period": year, "value": value}
    _happen(store, who, "target", indicator, body)


def assign(store: Store, assignments: list[dict], *, who: str) -> None:
    """Says who owes what: rows of form, unit, from, to (ISO dates or None)."""
    _happen(store, who, "assigned", "", {"assignments": assignments})


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
    letters = {(s, i): c for s, i, c in store.run(
        "SELECT sheet, item, column_letter FROM located WHERE submission_id = ?", [submission]
    )}  # fmt: skip
    after, before = (_by_label(rows(store, i, form.code)) for i in (submission, other["id"]))
    changes = []
    for key in dict.fromkeys([*after, *before]):
        new, old = after.get(key), before.get(key)
        for item in form.items:
            was, now = (None if row is None else _or_none(row[item.code]) for row in (old, new))
            if was != now:
                cell = f"{new['sheet']}!{letters.get((new['sheet'], item.code), '')}{new['row']}" if new else ""
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


# ---- all over again -------------------------------------------------------------------------------------------------


def rebuild(store: Store) -> int:
    """Throws the derived tables away and makes them again from the journal and the originals; gives the number of events.

    All in one transaction: an interrupted rebuild leaves what was there.
    """
    with store.transaction() as cursor:
        derived = ["original", "submission", "finding", "located", "fact", "assignment", "target", *store.forms]
        for table in derived:
            cursor.execute(f'DELETE FROM "{table}"')
        store.renew_expectations(cursor)
        events = list(journal.read(cursor))
        position = 0
        while position < len(events):
            run = [e for e in islice(events, position, position + GROUP)]
            cut = next((i for i, e in enumerate(run) if e.kind != run[0].kind), len(run))
            batch = run[:cut] if run[0].kind == "received" else run[:1]
            apply(store, cursor, batch, _read_originals(store, batch))
            position += len(batch)
    return len(events)


def _read_originals(store: Store, events: Sequence[Event]) -> dict[str, Arrival]:
    arrivals = [
        Arrival(e.body["filename"], e.body["bytes"], e.body["kind"], e.subject,
                store.original_path(e.subject, e.body["kind"]))
        for e in events
        if e.kind == "received" and not e.body.get("reason")
    ]  # fmt: skip
    _read(arrivals)
    return {a.sha256: a for a in arrivals}


def reset(store: Store) -> None:
    """Empties the store: the journal, all derived tables and the originals go."""
    with store.transaction() as cursor:
        for table in ("journal", "original", "submission", "finding", "located", "fact", "assignment", "target",
                      *store.forms):  # fmt: skip
            cursor.execute(f'DELETE FROM "{table}"')
        store.renew_expectations(cursor)
    if store.folder:
        for part in ("originals", "incoming"):
            shutil.rmtree(store.folder / part, ignore_errors=True)
            (store.folder / part).mkdir(parents=True, exist_ok=True)




def submission_states(store: Store, ids: Sequence[str]) -> dict[str, dict]:
    """id → id, form, unit, period, revision, status, n_rows, n_errors, n_queries of each submission."""
    names = ("id", "form", "unit", "period", "revision", "status", "n_rows", "n_errors", "n_queries")
    rows = store.run(f"SELECT {', '.join(names)} FROM submission WHERE id IN (SELECT unnest($1))", [list(ids)])
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}
