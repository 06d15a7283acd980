"""Returns just read → rows: submissions, values, findings, what each adds to the indicators; all in set work."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from itertools import groupby

from huizong.edits import FINDINGS, Finding, absent_townships, broken_rules, merge, printed
from huizong.facts import fact_queries
from huizong.forms import Form, Rule
from huizong.journal import Event
from huizong.org_units import Register
from huizong.returned import Return, Row
from huizong.store import ARRIVED_COLUMNS, ROW_COLUMNS, Cursor, Store, arrived, insert
from huizong.values import DOUBTS


def insert_returns(store: Store, cursor: Cursor, found: list[tuple[str, Event, Return]]) -> dict[str, list[Finding]]:
    """Writes submissions, rows, findings and facts of returns just read; gives the findings of each submission."""
    if not found:
        return {}
    again = _insert_submissions(cursor, found)
    ids = [submission for submission, _, _ in found]
    by_form: dict[str, list[tuple[str, Return]]] = {}
    for submission, _event, read in found:
        by_form.setdefault(read.form.code, []).append((submission, read))
    cursor.execute(_EARLIER)
    earlier = [one for pair in cursor.execute("SELECT prev, last_year FROM earlier").fetchall() for one in pair if one]
    findings: dict[str, list[Finding]] = {submission: list(read.findings) for submission, _, read in found}
    for code, returns in by_form.items():
        form = store.forms[code]
        _insert_located(cursor, returns)
        with arrived(cursor, form, _rows_of(form, returns)):
            filled = [(i, r) for i, r in returns if r.rows]
            for version in {r.form.valid_from: r.form for _, r in filled}.values():
                of_version = [(i, r) for i, r in filled if r.form.valid_from == version.valid_from]
                _run_rules(cursor, version, of_version, earlier, findings, store.units)
            batch = [submission for submission, _ in returns]
            for query in fact_queries(form, store.forms):
                cursor.execute(query, {"batch": batch} if "$batch" in query else None)
    for submission, merged in findings.items():
        findings[submission] = merge(merged)
    _insert_findings(cursor, findings)
    if again:
        for code, returns in by_form.items():
            _mark_repeats(cursor, store.forms[code], [submission for submission, _ in returns])
        explain_again(cursor, cursor.execute(_EXPLAINED_BEFORE, [ids]).fetchall())
    cursor.execute(STATUS, [ids])
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

# What was explained in the revision before.
_EXPLAINED_BEFORE = """
SELECT now.id, f.rule, f.item, f.found, f.params, f.cells, f.explanation
FROM submission AS now
INNER JOIN submission AS older
    ON older.form = now.form AND older.unit = now.unit AND older.period = now.period
    AND older.revision = now.revision - 1
INNER JOIN finding AS f ON f.submission_id = older.id AND f.explanation IS NOT NULL
WHERE now.id IN (SELECT unnest($1))
"""

# The rows of one finding are parted by ；: what was explained of them all is explained of some of them, in any order.
_EXPLAIN_AGAIN = """
UPDATE finding SET explanation = still.explanation
FROM (
    SELECT f.submission_id, f.n, max(explained.explanation) AS explanation
    FROM finding AS f
    INNER JOIN explained
        ON
            explained.submission_id = f.submission_id
            AND explained.rule = f.rule
            AND explained.item IS NOT DISTINCT FROM f.item
            AND explained.params = f.params
            AND list_has_all(string_split(explained.found, '；'), string_split(f.found, '；'))
            AND (f.found <> '' OR list_has_all(explained.cells, f.cells))
    WHERE f.severity = 'query'
    GROUP BY f.submission_id, f.n
) AS still
WHERE finding.submission_id = still.submission_id AND finding.n = still.n
"""


TOLD = ("rule", "item", "found", "params", "cells")  # by which a finding is known again


def explain_again(cursor: Cursor, explained: list[tuple]) -> None:
    """What was explained of a query stays explained while the query says the same. explained: the submission, what was
    TOLD, the explanation."""
    if explained:
        names = ("submission_id", *TOLD, "explanation")
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE explained AS SELECT {', '.join(names)} FROM finding LIMIT 0")
        insert(cursor, "explained", dict(zip(names, map(list, zip(*explained, strict=True)), strict=True)))
        cursor.execute(_EXPLAIN_AGAIN)


STATUS = """
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


def _insert_submissions(cursor: Cursor, found: list[tuple[str, Event, Return]]) -> bool:
    """Whether any of them is a second return of its form, unit and period."""
    columns: dict[str, list] = {name: [] for name in (
        "id", "original", "filename", "sheets", "form", "unit", "level", "province", "prefecture", "county",
        "department", "period", "period_start", "period_end", "revision", "status", "sample", "received_at", "n_rows",
        "questions", "nil", "received_on",
    )}  # fmt: skip
    units = list({read.unit.code for _, _, read in found if read.unit})
    revisions = {
        tuple(key): last
        for *key, last in cursor.execute(
            "SELECT form, unit, period, max(revision) FROM submission "
            "WHERE unit IN (SELECT unnest($1::VARCHAR[])) AND revision IS NOT NULL GROUP BY ALL",
            [units],
        ).fetchall()
    }
    incoming = []
    for submission, event, read in found:
        unit, period = read.unit, read.period
        revision = None
        if unit and period:
            key = (read.form.code, unit.code, period.code)
            revision = revisions[key] = revisions.get(key, 0) + 1
            incoming.append((submission, read.form.code, unit.code, period.code, period.previous().code,
                             period.last_year().code))  # fmt: skip
        questions = [asdict(question) for question in read.questions]
        values = (
            submission, event.subject or None, event.body["filename"], "、".join(read.sheets), read.form.code,
            unit.code if unit else None, unit.level if unit else None, unit.province if unit else None,
            unit.prefecture if unit else None, unit.county if unit else None, unit.department if unit else None,
            period.code if period else None, period.start if period else None, period.end if period else None,
            revision, "unsure" if questions else "received", event.body["sample"], event.at, len(read.rows),
            json.dumps(questions, ensure_ascii=False) if questions else None, read.nil,
            date.fromisoformat(event.body["received_on"]) if event.body.get("received_on") else None,
        )  # fmt: skip
        for name, value in zip(columns, values, strict=True):
            columns[name].append(value)
    insert(cursor, "submission", columns)
    names = ("submission_id", "form", "unit", "period", "prev_period", "last_year_period")
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE incoming ({', '.join(f'{n} VARCHAR' for n in names)})")
    if incoming:
        insert(cursor, "incoming", dict(zip(names, map(list, zip(*incoming, strict=True)), strict=True)))
    return any(revision and revision > 1 for revision in columns["revision"])


def _mark_repeats(cursor: Cursor, form: Form, batch: list[str]) -> None:
    """Arrivals that bring the values of the return before them once more are no revisions: there is nothing to decide.

    A file differs from the one before when a value does, or what could not be read in it; the order of rows does not
    matter.
    """
    items = ", ".join(f'"{item.code}"' for item in form.items)
    held = cursor.execute(_REPEATS.format(form=form.code, items=items), [batch, [*FINDINGS, *DOUBTS]]).fetchall()
    for _place, listed in groupby(held, key=lambda row: row[:2]):
        original, repeated = "", 0
        for *_, submission, arriving, same in listed:
            if same:
                repeated += 1
                change = "repeats = $2, revision = NULL, status = 'unchanged'"
                cursor.execute(f"UPDATE submission SET {change} WHERE id = $1", [submission, original])
            else:
                original = submission
                if arriving and repeated:
                    cursor.execute(
                        "UPDATE submission SET revision = revision - $2 WHERE id = $1", [submission, repeated]
                    )


# One row per return of a batch ($1) and the newest that each of them follows, in the order of their arrival: whether it
# arrives now, and whether it says the same as the one before. $2: the rules that are about reading, not about values.
_REPEATS = """
WITH place AS (
    SELECT unit, period FROM submission WHERE id IN (SELECT unnest($1)) GROUP BY unit, period HAVING max(revision) > 1
),
held AS (
    SELECT s.*, s.id IN (SELECT unnest($1)) AS arriving
    FROM submission AS s
    INNER JOIN place ON place.unit = s.unit AND place.period = s.period
    WHERE s.form = '{form}' AND s.revision IS NOT NULL AND s.status <> 'withdrawn'
    QUALIFY arriving OR s.revision = max(s.revision) FILTER (NOT arriving) OVER (PARTITION BY s.unit, s.period)
),
rows_of AS (
    SELECT submission_id, list(values ORDER BY values) AS listed
    FROM (
        SELECT submission_id, row(label, unit_code, {items}) AS values
        FROM "{form}" WHERE submission_id IN (SELECT id FROM held)
    )
    GROUP BY submission_id
),
unread AS (
    SELECT submission_id, list(told ORDER BY told) AS listed
    FROM (
        SELECT submission_id, row(severity, rule, item, found, params) AS told
        FROM finding
        WHERE
            submission_id IN (SELECT id FROM held)
            AND rule IN (SELECT unnest($2))
            AND severity IN ('error', 'query')
    )
    GROUP BY submission_id
),
compared AS (
    SELECT
        held.*,
        row(held.nil, rows_of.listed, unread.listed) AS said,
        held.status <> 'unsure' AS certain
    FROM held
    LEFT JOIN rows_of ON rows_of.submission_id = held.id
    LEFT JOIN unread ON unread.submission_id = held.id
)
SELECT
    unit,
    period,
    id,
    arriving,
    arriving
    AND original IS NOT NULL
    AND certain
    AND coalesce(lag(certain) OVER arrived, FALSE)
    AND said IS NOT DISTINCT FROM lag(said) OVER arrived AS same
FROM compared
WINDOW arrived AS (PARTITION BY unit, period ORDER BY revision)
ORDER BY unit, period, revision
"""


def _rows_of(form: Form, returns: list[tuple[str, Return]]) -> dict[str, list]:
    """Column of the form's table (and of ARRIVED_COLUMNS) → its values in all rows of the returns."""
    columns: dict[str, list] = {name: [] for name in (*ROW_COLUMNS, *ARRIVED_COLUMNS)}
    rows: list[Row] = []
    for submission, read in returns:
        unit, period = read.unit, read.period
        if not unit or not period:
            continue
        rows += read.rows
        # A department's own return is not rolled up: its county's return has a row for it.
        rolled_up = unit.department is None
        same = {
            "submission_id": submission,
            "period": period.code,
            "province": unit.province if rolled_up else None,
            "prefecture": unit.prefecture if rolled_up else None,
            "county": unit.county if rolled_up else None,
            "department": unit.department,
            "period_start": period.start,
            "period_end": period.end,
        }
        for name, value in same.items():
            columns[name] += [value] * len(read.rows)
    columns["township"] = [row.unit_code if row.kind == "township" else None for row in rows]
    columns["unit_code"] = [row.unit_code for row in rows]
    columns["row_kind"] = [row.kind for row in rows]
    columns["row_key"] = [row.key for row in rows]
    columns["label"] = [row.label for row in rows]
    columns["sheet"] = [row.sheet for row in rows]
    columns["row"] = [row.row for row in rows]
    return columns | {code: [row.values.get(code) for row in rows] for code in form.by_code}


def _insert_located(cursor: Cursor, returns: list[tuple[str, Return]]) -> None:
    rows = [
        (submission, read.period.code, table.sheet, item, place)
        for submission, read in returns
        if read.unit and read.period
        for table in read.located
        for item, place in table.places.items()
    ]
    if rows:
        names = ("submission_id", "period", "sheet", "item", "place")
        insert(cursor, "located", dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def _run_rules(
    cursor: Cursor,
    form: Form,
    returns: list[tuple[str, Return]],
    earlier: list[str],
    findings: dict[str, list[Finding]],
    units: Register,
) -> None:
    rules = {rule.code: rule for rule in form.rules}
    batch = [submission for submission, _ in returns]
    broken_rows = list(broken_rules(cursor, form, batch, earlier, villages_known=units.has_villages))
    told = {submission for submission, *_ in broken_rows}
    rows: dict[tuple[str, str, int], tuple[Return, Row]] = {
        (submission, row.sheet, row.row): (read, row)
        for submission, read in returns
        if submission in told
        for row in read.rows
    }
    # A cell that could not be read is told as such; what rules say of it would be noise.
    unread = {
        (submission, finding.sheet, cell)
        for submission, read in returns
        for finding in read.findings
        if finding.severity == "error"
        for cell in finding.cells
    }
    for submission, sheet, number, broken, others in broken_rows:
        read, row = rows[submission, sheet, number]
        for code in broken:
            rule = rules[code]
            names = form.rule_items(rule)
            if any((submission, sheet, read.cell(row, name)) in unread for name in names):
                continue
            params = {name: printed(row.values.get(name)) for name in form.by_code} | others
            used = {name: params[name] for name in params if "{" + name + "}" in rule.message.zh + rule.message.en
                    + rule.remedy.zh + rule.remedy.en}  # fmt: skip
            item = names[-1] if names else form.rows.name_item
            cells = [cell for name in names if (cell := read.cell(row, name))]
            found = f"{row.label}：" + "，".join(operands(form, rule, row, others))
            findings[submission].append(Finding(severity_of(rule), code, sheet, cells, item, found, used))
    for rule in form.rules:
        if rule.complete:
            known = dict(returns)
            for submission, names in absent_townships(cursor, batch):
                table = known[submission].located[0]
                listed = "、".join(names)
                findings[submission].append(
                    Finding(severity_of(rule), rule.code, table.sheet, [table.head], form.rows.unit_item, listed)
                )


def severity_of(rule: Rule) -> str:
    return "trial" if rule.trial else rule.severity


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


def _insert_findings(cursor: Cursor, findings: Mapping[str, list[Finding]]) -> None:
    rows = [
        (submission, n, f.severity, f.rule, f.sheet, f.cells, f.item, f.found,
         json.dumps(f.params, ensure_ascii=False, sort_keys=True))
        for submission, listed in findings.items()
        for n, f in enumerate(listed)
    ]  # fmt: skip
    if rows:
        names = ("submission_id", "n", "severity", "rule", "sheet", "cells", "item", "found", "params")
        insert(cursor, "finding", dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def forget(store: Store, cursor: Cursor, ids: list[str]) -> None:
    """Deletes the derived rows of submissions that are about to be derived again."""
    cursor.execute("DELETE FROM submission WHERE id IN (SELECT unnest($1))", [ids])
    for table in ("finding", "located", "fact", *store.forms):
        cursor.execute(f'DELETE FROM "{table}" WHERE submission_id IN (SELECT unnest($1))', [ids])
