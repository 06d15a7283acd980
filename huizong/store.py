"""The store: original workbooks on disk, one DuckDB file with the journal and all that is derived from it.

A write is one short transaction. Questions are files in queries/ asked through `Store.ask`, always with a scope.
The file is let go when nobody has used it for a second, so that the pages and the command line can take turns.
"""

import atexit
import hashlib
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from uuid import uuid4

import duckdb
import pandas as pd
import pyarrow as pa

from huizong.forms import SQL_TYPES, Form, Forms, all_forms
from huizong.layout import Vocabulary
from huizong.org_units import Register, register

Cursor = duckdb.DuckDBPyConnection  # inside a transaction
ROOT = Path(__file__).parent.parent
QUERIES = ROOT / "queries"
EVERYWHERE = ("0",)  # the scope of somebody who may see the whole country
LINGER_SECONDS = 1.0  # the file is closed when unused for so long; opening costs 15 ms
WAIT_SECONDS = 10.0  # how long to wait for another process
SETTINGS = {
    "enable_external_access": "false",
    "lock_configuration": "true",
    "preserve_insertion_order": "true",
}

# What each row of a form's table says beside its items.
ROW_COLUMNS = {
    "submission_id": "VARCHAR",
    "period": "VARCHAR",
    "province": "VARCHAR",
    "prefecture": "VARCHAR",
    "county": "VARCHAR",
    "township": "VARCHAR",
    "department": "VARCHAR",
    "unit_code": "VARCHAR",
    "row_kind": "VARCHAR",
    "row_key": "VARCHAR",
    "label": "VARCHAR",
    "sheet": "VARCHAR",
    "row": "INTEGER",
}


class StoreBusy(RuntimeError):
    """Another process has the store open; the message says which and what to do."""


class UnknownQuestion(KeyError):
    """No file in queries/ has this name."""


def store_folder() -> Path:
    """Where the store lies: HUIZONG_STORE, else data/store beside the program."""
    return Path(os.environ.get("HUIZONG_STORE") or ROOT / "data" / "store")


@cache
def question(name: str) -> str:
    path = QUERIES / f"{name}.sql"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in QUERIES.glob("*.sql")))
        raise UnknownQuestion(f"no question {name!r}; known: {known}")
    return path.read_text(encoding="utf-8")


class Store:
    """One store folder. folder None: in memory, for checking without a record."""

    def __init__(self, folder: Path | None = None, forms: Forms | None = None, units: Register | None = None):
        self.folder = folder
        self.forms = forms or all_forms()
        self.units = units or register()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._users = 0
        self._lock = threading.Lock()
        self._writing = threading.RLock()
        self._timer: threading.Timer | None = None
        self._seen: tuple[float, int] | None = None
        self.stale = False  # the derived tables are to be made again: derive.ready
        if folder is not None:
            for part in ("originals", "incoming"):
                (folder / part).mkdir(parents=True, exist_ok=True)
            atexit.register(self.close)  # a timer must not close DuckDB while the interpreter is being taken down
        with self._cursor() as cursor:
            self._prepare(cursor)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.forms)

    # ---- the file ---------------------------------------------------------------------------------------------------

    @property
    def path(self) -> Path:
        assert self.folder is not None
        return self.folder / "huizong.duckdb"

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self.folder is None:
            return duckdb.connect(":memory:", config=SETTINGS)
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                return duckdb.connect(str(self.path), config=SETTINGS)
            except duckdb.IOException as error:
                if "lock" not in str(error).lower():
                    raise
                if time.monotonic() > deadline:
                    raise StoreBusy(
                        f"{self.path} is in use by another process; close it or try again when it has finished"
                    ) from None
                time.sleep(0.1)

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of its own for each use: one connection shared by threads answers wrongly."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
                self._timer = None
            if self._connection is None:
                self._connection = self._open()
            self._users += 1
            cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()
            with self._lock:
                self._users -= 1
                if not self._users and self.folder is not None:
                    self._timer = threading.Timer(LINGER_SECONDS, self._let_go)
                    self._timer.daemon = True
                    self._timer.start()

    def _let_go(self) -> None:
        with self._lock:
            if not self._users and self._connection is not None:
                self._connection.close()
                self._connection = None

    def close(self) -> None:
        """Lets the file go at once."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
                self._timer = None
        self._let_go()

    @contextmanager
    def transaction(self, *, keep: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor inside one transaction; committed at the end unless keep is False or an error is raised."""
        with self._writing, self._cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT" if keep else "ROLLBACK")
            self._seen = None

    # ---- tables -----------------------------------------------------------------------------------------------------

    def _prepare(self, cursor: Cursor) -> None:
        """Makes the tables. What was made for other forms, another register or schema is thrown away: `stale`."""
        cursor.execute("BEGIN")
        cursor.execute(question("schema"))
        (made_for,) = cursor.execute("SELECT max(made_for) FROM about").fetchone() or (None,)
        if made_for != self._made_for:
            self.stale = cursor.execute("SELECT count(*) FROM journal").fetchone() != (0,)
            for (table,) in cursor.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall():
                if table != "journal":
                    cursor.execute(f'DROP TABLE "{table}"')
            cursor.execute(question("schema"))
            for form in self.forms.values():
                cursor.execute(create_table(form))
            units = self.units.frame()
            insert(cursor, "org_unit", {name: units[name].tolist() for name in units.columns})
            self.renew_expectations(cursor)
            if not self.stale:
                self.mark_made(cursor)
        cursor.execute("COMMIT")

    @cached_property
    def _made_for(self) -> str:
        """What the derived tables depend on beside the record: the schema, the forms, the register."""
        parts = [question("schema"), *(form.model_dump_json() for form in self.forms.values()), str(len(self.units))]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def mark_made(self, cursor: Cursor) -> None:
        """Says that the derived tables are those of these forms and this register."""
        cursor.execute("DELETE FROM about")
        cursor.execute("INSERT INTO about VALUES (?)", [self._made_for])
        self.stale = False

    def renew_expectations(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Works out anew who owes what, from the assignments and the register."""
        levels = [code for code, form in self.forms.items() if "county" in form.levels]
        cursor.execute("DELETE FROM expectation")
        cursor.execute(question("renew_expectations"), {"county_forms": levels})

    # ---- questions --------------------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """Another number after every change of the data, 0 for an empty store: the key of what is remembered."""
        if self._seen is None or (self.folder is not None and time.monotonic() - self._seen[0] > LINGER_SECONDS):
            with self._cursor() as cursor:
                (last,) = cursor.execute("SELECT max_by(hash, seq) FROM journal").fetchone()
            self._seen = (time.monotonic(), int(last[:15], 16) if last else 0)
        return self._seen[1]

    def ask(self, name: str, scope: Sequence[str] = EVERYWHERE, **params: object) -> pd.DataFrame:
        """The answer to queries/<name>.sql. scope: codes of the org units whose returns the asker may see."""
        sql = question(name)
        if "$scope" in sql:
            params["scope"] = list(scope)
        with self._cursor() as cursor:
            return cursor.execute(sql, params).df()

    def run(self, sql: str, params: object = None) -> list[tuple]:
        """Rows of a statement made by the product from checked names (a form's table has no fixed columns)."""
        with self._cursor() as cursor:
            return cursor.execute(sql, params).fetchall()

    def frame(self, sql: str, params: object = None) -> pd.DataFrame:
        with self._cursor() as cursor:
            return cursor.execute(sql, params).df()

    # ---- originals --------------------------------------------------------------------------------------------------

    def original_path(self, sha256: str, kind: str) -> Path:
        assert self.folder is not None
        return self.folder / "originals" / f"{sha256}.{kind or 'bin'}"

    def put_aside(self, data: bytes, kind: str) -> tuple[str, Path]:
        """Writes uploaded bytes to incoming/, durable, before anything looks into them. Gives their sha256 and path."""
        sha = hashlib.sha256(data).hexdigest()
        assert self.folder is not None
        path = self.folder / "incoming" / f"{uuid4().hex}.{kind or 'bin'}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        return sha, path

    def keep(self, paths: Iterable[tuple[Path, Path]]) -> None:
        """Moves files from incoming/ to originals/ and makes the move durable."""
        moved = [os.replace(source, target) for source, target in paths]
        if moved and self.folder is not None:
            sync_folder(self.folder / "originals")  # one folder, so that one sync makes all moves of a group durable


def sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows has no handle of a folder to sync
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def create_table(form: Form) -> str:
    columns = ROW_COLUMNS | {item.code: SQL_TYPES[item.type] for item in form.items}
    listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    return f'CREATE TABLE IF NOT EXISTS "{form.code}" ({listed})'


ARROW_TYPES = {
    "VARCHAR": pa.string(),
    "INTEGER": pa.int32(),
    "DECIMAL(18,4)": pa.float64(),  # exact to 4 places below 9e11; DuckDB rounds to the decimal that was meant
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
}


def insert(cursor: duckdb.DuckDBPyConnection, table: str, columns: dict[str, list]) -> None:
    """Appends columns of equal length to a table, by name."""
    described = cursor.execute(f'SELECT * FROM "{table}" LIMIT 0').description or []
    kinds = {name: str(kind) for name, kind, *_ in described}
    batch = pa.table(
        {
            name: pa.array(
                [None if value is pd.NA or value is pd.NaT or value != value else value for value in values],
                type=ARROW_TYPES.get(kinds[name]),
            )
            if kinds[name] in ARROW_TYPES
            else pa.array(values)
            for name, values in columns.items()
        }
    )
    names = ", ".join(f'"{name}"' for name in columns)
    cursor.register("batch", batch)
    try:
        cursor.execute(f'INSERT INTO "{table}" ({names}) SELECT {names} FROM batch')
    finally:
        cursor.unregister("batch")


@cache
def open_store(folder: Path | None = None) -> Store:
    """The store of this process; asked again it is the same one."""
    return Store(folder or store_folder())
