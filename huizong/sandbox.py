"""SQL 查询: what one may see of the record, asked in SQL: read-only, in one's own scope, bounded in time and memory.

A query never touches the store. The rows of the scope are copied, table by table and once for each state of the data,
into files beside it; a process of its own (sql_child.py) that sees those files alone runs the query. So nobody waits
for it: the pages do not, and the store's file is held for no longer than a copy takes.

It is for those who may: off unless the administrator starts the program with HUIZONG_SQL=on.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import uuid4

import duckdb
import pandas as pd
import pyarrow as pa

from huizong.facts import by_township
from huizong.forms import Form, Forms
from huizong.org_units import COUNTY, LEVELS, level_of
from huizong.store import EVERYWHERE, QUERIES, ROW_COLUMNS, Store, question
from huizong.texts import N_, _, language

CHILD = Path(__file__).with_name("sql_child.py")
SECONDS = 10  # for one query
GRACE_SECONDS = 10  # to start the process, and for a query that does not heed its clock before it is ended with it
MEMORY_MB = 1024  # beyond what the process has when it starts; DuckDB itself may use half of it
MOST_ROWS = 10_000  # of an answer
MOST_BYTES = 32 * 2**20  # of an answer
LONGEST = 20_000  # characters of a query
AT_ONCE = threading.BoundedSemaphore(2)  # queries that run at a time; the others wait their turn
WAIT_SECONDS = 15
_copying = threading.Lock()

# The tables that can be asked for, and what one row is. Others, first of all the journal, are not there.
TABLES = {
    "org_unit": N_("One row per org unit of the register."),
    "heir": N_("One row per former unit × unit that followed it: which part of its figures counts there."),
    "submission": N_("One row per return as it arrived; in force from accepted_at until ended_at."),
    "fact": N_("One row per submission × indicator (or part of a composition): what it adds to each side."),
    "finding": N_("One row per finding of a submission."),
    "subtotal": N_("One row per form × period × prefecture × indicator: what the returns in force now add up to."),
    "located": N_("One row per submission, sheet and item: the column in which it stands."),
    "original": N_("One row per file received."),
    "expectation": N_("Who owes what: one row per form × unit × span of time."),
    "assignment": N_("One row per rule of who owes what."),
    "target": N_("One row per indicator × unit × period × value: what was to be reached."),
    "closing": N_("One row per form × period that is closed now."),
    "chase": N_("One row per return that was asked for × attempt."),
    "reviewed": N_("One row per line of the cross checks that was found right."),
}  # fmt: skip
VIEWS = {
    "reported": N_("One row per number of every return."),
    "standing": N_("One row per form × unit × period: the return that stands for it, in force or waiting."),
}
COMMON = ("org_unit", "heir", "closing")  # of no unit's returns: everybody sees them
NOT_SHOWN = ("journal", "about")


class BadQuery(ValueError):
    """A query that was not answered; the message says why and what to do, in the language of whoever asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows, whether there were more than MOST_ROWS, and how long it took (seconds)."""

    frame: pd.DataFrame
    cut: bool
    seconds: float


def switched_on() -> bool:
    return os.environ.get("HUIZONG_SQL", "").strip().lower() in ("1", "on", "true", "yes")


def ask(store: Store, sql: str, *, scope: Sequence[str] = EVERYWHERE, seconds: int | None = None) -> Answer:
    """The answer to one SELECT over the rows of the scope. Raises BadQuery."""
    sql = sql.strip().rstrip(";").strip()
    if not sql:
        raise BadQuery(_("Write a query first."))
    if len(sql) > LONGEST:
        raise BadQuery(_("A query has at most {n} characters.").format(n=f"{LONGEST:,}"))
    if not AT_ONCE.acquire(timeout=WAIT_SECONDS):
        raise BadQuery(_("Others are asking just now. Try again in a moment."))
    try:
        tables, views = needed(store, sql, scope)
        task = {"sql": sql, "macros": macros_of(store), "tables": tables, "views": views, "seconds": seconds or SECONDS,
                "memory_mb": MEMORY_MB, "rows": MOST_ROWS, "bytes": MOST_BYTES}  # fmt: skip
        return run(task)
    finally:
        AT_ONCE.release()


def run(task: Mapping[str, object]) -> Answer:
    began = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD)],
            input=json.dumps(task).encode(),
            capture_output=True,
            timeout=task["seconds"] + GRACE_SECONDS,
            env={"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"} | system_needs(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BadQuery(why("time", "", task["seconds"])) from None
    head, _newline, rows = done.stdout.partition(b"\n")
    try:
        said = json.loads(head)
    except ValueError:  # it was ended, by one of its limits
        ended = "time" if done.returncode == -getattr(signal, "SIGXCPU", 0) else "memory"
        raise BadQuery(why(ended, "", task["seconds"])) from None
    if "error" in said:
        raise BadQuery(why(said["error"], said["about"], task["seconds"]))
    return Answer(frame_of(pa.ipc.open_stream(rows).read_all()), said["cut"], time.monotonic() - began)


def system_needs() -> dict[str, str]:
    """The variables without which no process starts on Windows; elsewhere the child has none of ours."""
    return {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}


def frame_of(rows: pa.Table) -> pd.DataFrame:
    """The rows as a table on a page takes them: exact numbers as numbers, lists and structures in words."""
    columns = {}
    for n, field in enumerate(rows.schema):
        column = rows.column(n)
        if pa.types.is_decimal(field.type):
            column = column.cast(pa.float64())
        series = column.to_pandas()
        if pa.types.is_nested(field.type) or pa.types.is_binary(field.type):
            series = series.map(lambda value: None if value is None else str(value))
        columns[n] = series
    frame = pd.DataFrame(columns)
    frame.columns = distinct([field.name for field in rows.schema])
    return frame


def distinct(names: Sequence[str]) -> list[str]:
    """Column names, those that stand there already with a number behind them."""
    found: list[str] = []
    for name in names:
        n = 1
        while (shown := name if n == 1 else f"{name}_{n}") in found:
            n += 1
        found.append(shown)
    return found


# ---- what went wrong, in words ---------------------------------------------------------------------------------------

WHY = {
    "not_select": N_("Only a query that reads can be asked: SELECT, or WITH … SELECT."),
    "several": N_("One query at a time: take out what follows the semicolon."),
    "table": N_("There is no table “{about}” here. The tables that can be asked for are listed beside the box."),
    "function": N_("The function “{about}” cannot be used here."),
    "parameter": N_("Put a value in the place of ${about}."),
    "time": N_("The query took longer than {seconds} seconds and was ended. Ask for fewer units or periods."),
    "memory": N_("The query needed more memory than one query may have, and was ended. Ask for less at once."),
    "large": N_("The answer is larger than {mb} MB. Ask for fewer columns or rows."),
    "ParserException": N_("This is not SQL as DuckDB reads it."),
    "BinderException": N_("A name or a type does not fit."),
    "CatalogException": N_("There is nothing of this name."),
    "ConversionException": N_("A value cannot be taken for what the query wants it to be."),
}  # fmt: skip
OTHERWISE = N_("The query could not be answered.")
DUCKDB_SAYS = ("ParserException", "BinderException", "CatalogException", "ConversionException")


def why(error: str, about: str, seconds: int) -> str:
    """Why a query was not answered. What DuckDB itself says (in English) stands behind, without the paths in it."""
    words = _(WHY.get(error, OTHERWISE)).format(about=about, seconds=seconds, mb=MOST_BYTES // 2**20)
    if error in WHY and error not in DUCKDB_SAYS:
        return words
    return f"{words}\n{cleaned(about)}"


def cleaned(message: str) -> str:
    """A message of DuckDB's without paths, addresses and the names under which the tables are attached."""
    message = re.sub(r"https?://\S+|(?:[A-Za-z]:)?[\\/](?:[^\s\"'\\/]+[\\/])+[^\s\"']*", "…", message)
    message = re.sub(r"\"?kept (\w+)\"?(?:\.main)?(?:\.kept)?|memory\.main\.", lambda m: m[1] or "", message)
    return re.sub(r"\n*Possible solutions:.*", "", message, flags=re.S).strip()


# ---- the rows of a scope ---------------------------------------------------------------------------------------------


def needed(store: Store, sql: str, scope: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The tables (name → file) and views (name → SELECT) that a query may mean: those whose name it holds."""
    selects = view_selects(store)
    tables: dict[str, str] = {}
    views: dict[str, str] = {}

    def want(text: str) -> None:
        for name in dict.fromkeys(re.findall(r"\w+", text.casefold())):
            if name in selects and name not in views:
                want(selects[name])
                views[name] = selects[name]
            elif name in TABLES or name in store.forms:
                tables.setdefault(name, "")

    want(sql)
    return copies(store, list(tables), scope), views


def view_selects(store: Store) -> dict[str, str]:
    """Each view that can be asked for: name → its SELECT. Beside the store's own one of the rows in force per form."""
    rows = store.run("SELECT view_name, sql FROM duckdb_views() WHERE NOT internal")
    wanted = {*VIEWS, *(by_township(form) for form in store.forms)}
    selects = {name: re.split(r"\bAS\b", sql, maxsplit=1)[1].rstrip("; \n") for name, sql in rows if name in wanted}
    for form in store.forms:
        selects[in_force(form)] = (
            f'SELECT rows.* FROM "{form}" AS rows SEMI JOIN submission AS s '
            "ON s.id = rows.submission_id AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL"
        )
    return selects


def macros_of(store: Store) -> list[str]:
    """The macros of schema.sql, which the product's questions use, as the statements that make them."""
    rows = store.run(
        "SELECT function_name, parameters, macro_definition FROM duckdb_functions() "
        "WHERE NOT internal AND function_type = 'macro' ORDER BY function_name"
    )
    return [f"CREATE MACRO {name}({', '.join(parameters)}) AS {definition}" for name, parameters, definition in rows]


def in_force(form: str) -> str:
    return f"{form}_in_force"


def copies(store: Store, names: Sequence[str], scope: Sequence[str]) -> dict[str, str]:
    """A DuckDB file for each table, with its rows of the scope as they are now; made when first asked for."""
    assert store.folder is not None
    seen = hashlib.sha256(json.dumps(sorted(scope)).encode()).hexdigest()[:12]
    folder = store.folder / "sql" / f"{store.version:x}-{seen}"
    files = {}
    with _copying:
        try:
            if not folder.exists():
                forget_older(folder.parent, folder)
                folder.mkdir(parents=True, mode=0o700)
            for name in names:
                path = folder / f"{name}.duckdb"
                if not path.exists():
                    aside = folder / f"{uuid4().hex}.partial"
                    copy_table(store, name, scope, aside)
                    os.replace(aside, path)
                files[name] = str(path)
        except OSError as error:
            raise BadQuery(
                _("The tables cannot be laid beside the store: {why}.").format(why=error.strerror)
            ) from error
    return files


def forget_older(parent: Path, folder: Path) -> None:
    """Takes away the copies of other states of the data; one that a query still reads lives until it has ended."""
    with suppress(FileNotFoundError):
        for other in parent.iterdir():
            if other.name.partition("-")[0] != folder.name.partition("-")[0]:
                shutil.rmtree(other, ignore_errors=True)


def copy_table(store: Store, name: str, scope: Sequence[str], path: Path) -> None:
    select = rows_of(store.forms, name)
    with store.moment() as cursor, duckdb.connect(str(path), config={"memory_limit": "512MB", "threads": "2"}) as kept:
        params = {"scope": list(scope)} if "$scope" in select else None
        kept.register("found", cursor.execute(select, params).to_arrow_reader(50_000))
        kept.execute("CREATE TABLE kept AS SELECT * FROM found")


SEEN = "in_scope($scope::VARCHAR[], province, prefecture, county, {unit})"


def rows_of(forms: Forms, name: str) -> str:
    """The SELECT of what a scope may see of a table."""
    returns = f"SELECT {{}} FROM submission WHERE {SEEN.format(unit='unit')}"
    units = f"SELECT code FROM org_unit WHERE {SEEN.format(unit='code')}"
    where = {
        **dict.fromkeys(COMMON, "TRUE"),
        **dict.fromkeys(("submission", "expectation"), SEEN.format(unit="unit")),
        **dict.fromkeys(("fact", *forms), SEEN.format(unit="department")),
        **dict.fromkeys(("finding", "located"), f"submission_id IN ({returns.format('id')})"),
        **dict.fromkeys(("target", "assignment", "chase", "reviewed"), f"unit IN ({units})"),
        "subtotal": "in_scope($scope::VARCHAR[], province, prefecture, NULL, NULL)",
        "original": f"sha256 IN ({returns.format('original')})",
    }
    return f'SELECT * FROM "{name}" WHERE {where[name]}'


# ---- what there is to ask --------------------------------------------------------------------------------------------

COLUMNS = {
    "former": N_("code of the former unit"),
    "weight": N_("part of the figures, 1 for all"),
    "submission_id": N_("which return: id of submission"),
    "period": N_("reporting period: 2018-Q3"),
    "province": N_("code of the province"),
    "prefecture": N_("code of the prefecture"),
    "county": N_("code of the county"),
    "township": N_("code of the township"),
    "department": N_("code of the department"),
    "unit_code": N_("code of the unit that the row is about"),
    "row_kind": N_("unit, other …: what the row is"),
    "row_key": N_("what tells the row from the others of the return"),
    "label": N_("the row's printed name"),
    "sheet": N_("name of the sheet"),
    "row": N_("number of the row on the sheet"),
    "code": N_("code"),
    "name": N_("name"),
    "level": N_("level: 0 country, 1 province … 5 village, 6 department"),
    "parent": N_("code of the unit above"),
    "kind": N_("kind"),
    "villages": N_("number of villages"),
    "communities": N_("number of communities"),
    "valid_from": N_("from this day on"),
    "valid_to": N_("until this day"),
    "id": N_("id"),
    "original": N_("sha256 of the file"),
    "sha256": N_("sha256 of the file"),
    "filename": N_("name of the file"),
    "sheets": N_("names of the sheets"),
    "form": N_("form"),
    "unit": N_("code of the unit"),
    "period_start": N_("first day of the period"),
    "period_end": N_("last day of the period"),
    "revision": N_("which revision"),
    "status": N_("status"),
    "sample": N_("demonstration data"),
    "received_at": N_("when it was uploaded (UTC)"),
    "received_on": N_("the day it came by another way"),
    "accepted_at": N_("in force from (UTC)"),
    "ended_at": N_("in force, or valid, until (UTC)"),
    "given_back_at": N_("sent back or withdrawn (UTC)"),
    "set_at": N_("valid from (UTC)"),
    "n_rows": N_("number of rows"),
    "n_errors": N_("errors"),
    "n_queries": N_("queries"),
    "n_explained": N_("queries with an explanation"),
    "questions": N_("what was unclear (JSON)"),
    "nil": N_("nil return"),
    "repeats": N_("the return that it repeats"),
    "n": N_("number"),
    "severity": N_("error, query or note"),
    "rule": N_("rule"),
    "cells": N_("cells"),
    "item": N_("item (column of the form)"),
    "found": N_("what was found"),
    "params": N_("the numbers in the text (JSON)"),
    "explanation": N_("explanation"),
    "place": N_("column or row on the sheet"),
    "indicator": N_("indicator"),
    "part": N_("part of a composition"),
    "numerator": N_("added to the numerator"),
    "denominator": N_("added to the denominator"),
    "n_incomplete": N_("rows left out because a value is missing"),
    "n_sample": N_("demonstration returns among those that add something"),
    "bytes": N_("size in bytes"),
    "who": N_("who did it"),
    "reason": N_("reason"),
    "months": N_("every so many months"),
    "due_days": N_("due so many days after the period"),
    "beneath": N_("for all units beneath"),
    "frequency": N_("frequency"),
    "owes": N_("owes it, or is let off"),
    "value": N_("value"),
    "closed_at": N_("closed at (UTC)"),
    "chased_at": N_("asked for at (UTC)"),
    "how": N_("how"),
    "text": N_("text"),
    "answer": N_("what the unit said"),
    "check": N_("check"),
    "reviewed_at": N_("reviewed at (UTC)"),
    "additive": N_("a total adds it up"),
    "peers": N_("the unit whose returns it is compared with"),
}


def catalogue(store: Store) -> dict[str, tuple[str, pd.DataFrame]]:
    """Each table and view that can be asked for: name → what one row is, and its columns (name, type, meaning); the
    rows in force of the forms first."""
    told: dict[str, str] = {}
    for form in store.forms.values():
        told[in_force(form.code)] = _("{form}: one row per row of the returns in force.").format(
            form=form.title.get(language())
        )
    told |= {name: _(words) for name, words in (TABLES | VIEWS).items()}
    for form in store.forms.values():
        told[form.code] = _("{form}: one row per row of every return, also of those no longer in force.").format(
            form=form.title.get(language())
        )
        told[by_township(form.code)] = _("{form}: as fact, by township.").format(form=form.title.get(language()))
    held: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in store.run(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal "
        "ORDER BY table_name, column_index"
    ):
        held.setdefault(table, []).append((column, kind))
    for form in store.forms:
        held[in_force(form)] = held[form]
    found = {}
    for name, words in told.items():
        rows = [(column, meaning_of(store.forms, name, column), kind) for column, kind in held[name]]
        found[name] = (words, pd.DataFrame(rows, columns=[_("Column"), _("Meaning"), _("Type")]))
    return found


def meaning_of(forms: Forms, table: str, column: str) -> str:
    """What a column of a table holds: of a form's own columns its printed head."""
    form = forms.get(table.removesuffix("_in_force"))
    if form and column in form.by_code and column not in ROW_COLUMNS:
        item = form.by_code[column]
        return item.head(language()) if item.unit is None else f"{item.head(language())} ({item.unit.get(language())})"
    return _(COLUMNS[column]) if column in COLUMNS else ""


def first_query(form: Form, unit: str, period: str) -> str:
    """A query to begin with: the first number of a form, by county."""
    item = next(item.code for item in form.items if item.numeric)
    name = LEVELS[min(level_of(unit), COUNTY)]
    where = "" if name == "country" else f"\n    AND rows.{name} = {literal(unit)}"
    return (
        f"SELECT\n    org_unit.name,\n    sum(rows.{item}) AS {item},\n    count(*) AS n_rows\n"
        f"FROM {in_force(form.code)} AS rows\nINNER JOIN org_unit ON org_unit.code = rows.county\n"
        f"WHERE\n    rows.period = {literal(period)}{where}\nGROUP BY org_unit.name\nORDER BY {item} DESC"
    )


def examples(store: Store, values: Mapping[str, object]) -> dict[str, str]:
    """The questions of the product that can be asked here: name of the file → its text, with values filled in."""
    there = {*TABLES, *store.forms, *view_selects(store)}
    macros = "SELECT function_name FROM duckdb_functions() WHERE NOT internal AND function_type = 'table_macro'"
    of_the_journal = {name for (name,) in store.run(macros)}  # they ask the journal, which is not shown here
    found = {}
    for path in sorted(QUERIES.glob("*.sql")):
        text = question(path.stem)
        (first, *_more) = duckdb.extract_statements(text)
        body = re.sub(r"--.*", "", text)
        parts = set(re.findall(r"(\w+) AS (?:MATERIALIZED )?\(", body))
        named = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)\b(?!\s*\()", body)) - parts
        named |= set(re.findall(r"\w+", body)) & of_the_journal
        if first.type == duckdb.StatementType.SELECT and first.named_parameters <= values.keys() and named <= there:
            found[path.stem] = filled(text, values)
    return found


def filled(text: str, values: Mapping[str, object]) -> str:
    """A query with its $parameters as the values they stand for; comments stay as they are."""
    lines = []
    for line in text.splitlines():
        code, mark, comment = line.partition("--")
        lines.append(re.sub(r"\$(\w+)", lambda name: literal(values[name[1]]), code) + mark + comment)
    return "\n".join(lines)


def literal(value: object) -> str:
    """A value as SQL writes it."""
    match value:
        case None:
            return "NULL"
        case bool() | int() | float():
            return str(value)
        case datetime():
            return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S}'"
        case date():
            return f"DATE '{value}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            return f"[{', '.join(map(literal, value))}]"
