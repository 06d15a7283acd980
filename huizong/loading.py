"""Returns just read → rows: submissions, values, findings, what each adds to the indicators; all in set work."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from huizong.edits import Finding, absent_townships, broken_rules, merge, printed
from huizong.forms import Form, Rule
from huizong.indicators import fact_queries
from huizong.journal import Event
from huizong.org_units import Register
from huizong.returns import Return, Row
from huizong.store import ROW_COLUMNS, Cursor, Store, insert


def insert_returns(store: Store, cursor: Cursor, found: list[tuple[str, Event, Return]]) -> dict[str, list[Finding]]:
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
    AND (finding.found <> '' OR finding.cells = earlier_finding.cells)
"""

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


def _insert_submissions(cursor: Cursor, found: list[tuple[str, Event, Return]]) -> None:
    columns: dict[str, list] = {name: [] for name in (
        "id", "original", "filename", "sheets", "form", "unit", "level", "province", "prefecture", "county",
        "department", "period", "period_start", "period_end", "revision", "status", "sample", "received_at", "n_rows",
        "questions",
    )}  # fmt: skip
    units = list({read.unit.code for _, _, read in found if read.unit})
    revisions = {
        tuple(key): last
        for *key, last in cursor.execute(
            "SELECT form, unit, period, max(revision) FROM submission "
            "WHERE unit IN (SELECT unnest($1::VARCHAR[])) AND period IS NOT NULL GROUP BY ALL",
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


def _insert_rows(cursor: Cursor, form: Form, returns: list[tuple[str, Return]]) -> None:
    columns: dict[str, list] = {name: [] for name in ROW_COLUMNS}
    items: dict[str, list] = {item.code: [] for item in form.items}
    located: dict[str, list] = {name: [] for name in ("submission_id", "sheet", "item", "place")}
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
                at = (submission, table.sheet.name, item, table.place(item))
                for values, value in zip(located.values(), at, strict=True):
                    values.append(value)
    if columns["submission_id"]:
        insert(cursor, form.code, columns | items)
    if located["item"]:
        insert(cursor, "located", located)


def _run_rules(
    cursor: Cursor,
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
    # A cell that could not be read is told as such; what rules say of it would be noise.
    unread = {
        (submission, finding.sheet, cell)
        for submission, read in returns
        for finding in read.findings
        if finding.severity == "error"
        for cell in finding.cells
    }
    for submission, sheet, number, broken, others in broken_rules(
        cursor, form, batch, villages_known=units.has_villages
    ):
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
            findings[submission].append(Finding(rule.severity, code, sheet, cells, item, found, used))
    for rule in form.rules:
        if rule.complete:
            known = dict(returns)
            for submission, names in absent_townships(cursor, form, batch):
                table = known[submission].tables[0]
                at = table.sheet.address(table.header[1], table.columns.get(form.rows.name_item, 0))
                listed = "、".join(names)
                findings[submission].append(
                    Finding(rule.severity, rule.code, table.sheet.name, [at], form.rows.unit_item, listed)
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
