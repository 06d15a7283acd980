"""The store: original workbooks on disk, one DuckDB file with the journal and all that is derived from it.

A write is one short transaction. Questions are files in queries/ asked through `Store.ask`, always with a scope.
The file is let go when nobody has used it for a second, or when others wait and the turn is over (turns.py).
"""

import atexit
import ctypes
import hashlib
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from uuid import uuid4

import duckdb
import pandas as pd
import pyarrow as pa

from huizong.facts import present_views, township_view
from huizong.forms import SQL_TYPES, Form, Forms, all_forms
from huizong.layout import Vocabulary
from huizong.org_units import LEVELS, Register, register
from huizong.periods import MONTHS_IN
from huizong.texts import N_, _
from huizong.turns import POLL_SECONDS, Holder, Turns

Cursor = duckdb.DuckDBPyConnection  # inside a transaction
ROOT = Path(__file__).parent.parent
QUERIES = ROOT / "queries"
EVERYWHERE = ("0",)  # the scope of somebody who may see the whole country
ALWAYS = datetime(9999, 12, 31)  # "as of" the end of time: what is in force now
AT_FIRST = datetime(1, 1, 1)  # since when that holds which follows from forms and register alone
RELEASES = "releases"  # beside the file: the tables that were made for releases
DUE_DAYS = 15  # after the end of a period, where no rule says otherwise
LINGER_SECONDS = 1.0  # the file is closed when unused for so long; opening costs 15 ms
WAIT_SECONDS = 15.0  # how long to wait for another process
TURN_SECONDS = 3.0  # how long a process may keep the file while others wait: the questions of a page are one turn
TICK_SECONDS = 0.1  # how often it is seen to whether the file can be let go
MANY_FILES = 8  # from here on one sync of the file system costs less than one of each file
LEFT_SECONDS = 3600.0  # what has lain in incoming/ for so long was left by a process that ended
SETTINGS = {
    "memory_limit": "1GB",  # a rebuild of 100,000 returns would take 2.5 GB; what is over this is laid on the disk
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
# What is known of rows beside that while they arrive.
ARRIVED_COLUMNS = {"period_start": "DATE", "period_end": "DATE"}


class StoreTrouble(RuntimeError):
    """The store cannot be had now. The message says why and what to do, in the language of whoever reads it."""


class StoreBusy(StoreTrouble):
    """Another process has the store open; the message says which, since when, and what to do."""

    def __init__(self, path: Path, holder: Holder | None):
        super().__init__(path, holder)
        self.path, self.holder = path, holder

    def __str__(self) -> str:
        holder = self.holder or Holder(0)
        program = _("the pages") if holder.program.startswith("app.py") else holder.program or _("another program")
        words = {"file": self.path, "program": program, "pid": holder.pid or "?", "since": holder.since or "?"}
        return _(
            "{file} is in use by {program} (process {pid}) since {since}. Nothing is lost: try again when it has "
            "finished, or end that process."
        ).format(**words)


class StoreUnwritable(StoreTrouble):
    """The disk is full, can only be read, or failed. reason: full, read_only, denied, release, failed."""

    def __init__(self, folder: Path, reason: str, detail: str):
        super().__init__(folder, reason, detail)
        self.folder, self.reason, self.detail = folder, reason, detail

    def __str__(self) -> str:
        return _(UNWRITABLE[self.reason]).format(folder=self.folder, detail=self.detail)


UNWRITABLE = {
    "full": N_(
        "The disk of the store is full ({folder}). Nothing that was confirmed is lost. Free some space, then try again."
    ),
    "read_only": N_(
        "The store can only be read ({folder}): its disk is mounted read-only. Have it made writable, then try again."
    ),
    "denied": N_(
        "The store cannot be written ({folder}): this account has no right to. Have it given the right, then try again."
    ),
    "release": N_("What a release says is never changed. Look at the figures of now, then try again."),
    "failed": N_(
        "The disk of the store does not answer as it should ({folder}): {detail}. Try again; if that does not help, "
        "restore the last backup on another disk."
    ),
}
# What the system says of each, directly or through DuckDB.
SIGNS = {
    "full": r"No space left|quota exceeded|File too large|not enough space",
    "read_only": r"Read-only file system|read-only mode",
    "denied": r"Permission denied|Access is denied|Operation not permitted",
    "failed": r"Input/output error",
}
# Another process has the file open. DuckDB may add that one could open it in read-only mode: no word about the disk.
LOCKED = r"Could not set lock|another process"


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
        self.read_only = False  # what is there can be asked for, nothing can be written
        self.frozen = False  # of a release: nothing is written any more
        self.stale = False  # the derived tables are to be made again: derive.ready
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._closed = threading.Event()  # of the connection
        self._broken = False  # DuckDB has given the connection up: the file is to be opened anew
        self._users = 0
        self._opened_at = self._used_at = 0.0
        self._lock = threading.Lock()
        self._writing = threading.RLock()
        self._here = threading.local()  # .cursor: the one that this thread is using
        self._seen: tuple[object, int] | None = None
        if folder is not None:
            self.originals = folder / "originals"
            self._turns = Turns(folder)
            with self._writing_files():
                make_folders(self.originals, folder / "incoming")
            atexit.register(self.close)  # DuckDB must not be closed while the interpreter is being taken down
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

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        """A cursor of its own for each use: one connection shared by threads answers wrongly.

        Within a use of the same thread it is the same, so that what is asked in a transaction sees what was written.
        """
        if inside := getattr(self._here, "cursor", None):
            yield inside
            return
        cursor = self._here.cursor = self._take()
        try:
            yield cursor
        except (duckdb.IOException, duckdb.FatalException, duckdb.TransactionException) as error:
            self._broken |= isinstance(error, duckdb.FatalException)
            raise self._trouble(error) from error
        finally:
            self._here.cursor = None
            cursor.close()
            self._give_back()

    def _take(self) -> Cursor:
        """A new use begins, as soon as it is this process's turn."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            with self._lock:
                refusal = self._open()
                if refusal is None and self._connection:
                    self._users += 1
                    return self._connection.cursor()
                if time.monotonic() > deadline:
                    self._turns.stop_waiting()
                    raise StoreBusy(self.path, self._turns.holder(refusal or ""))
            time.sleep(POLL_SECONDS)

    def _give_back(self) -> None:
        with self._lock:
            self._users -= 1
            self._used_at = time.monotonic()
            if not self._users and (self._broken or self._turn_is_over()):
                self._shut()

    def _open(self) -> str | None:
        """Opens the file unless it is open and may stay so; gives what refused it, None when it is open."""
        if self._connection and (self._broken or self._turn_is_over()):
            if self._users:
                return ""  # the others' turn comes when they have finished
            self._shut()
        if self._connection:
            return None
        if self.folder is None:
            self._connection = duckdb.connect(":memory:", config=SETTINGS)
            return None
        try:
            if not self._turns.is_ours():
                self._turns.wait()
                return ""
            self._connection = self._connect()
        except duckdb.Error as error:
            if not isinstance(error, duckdb.IOException) or not re.search(LOCKED, str(error), re.I):
                raise self._trouble(error) from error
            self._turns.wait()
            return str(error)
        self._turns.take()
        self._opened_at = self._used_at = time.monotonic()
        self._broken, self._closed = False, threading.Event()
        threading.Thread(target=self._watch, args=(self._closed,), daemon=True).start()
        self._sweep()
        return None

    def _connect(self) -> duckdb.DuckDBPyConnection:
        """What cannot be written is opened for reading. Raises duckdb.Error."""
        self.read_only = False
        try:
            return duckdb.connect(str(self.path), config=SETTINGS)
        except duckdb.IOException as error:
            if sign_of(str(error)) not in ("read_only", "denied") or not self.path.exists():
                raise
            self.read_only = True
            return duckdb.connect(str(self.path), config=SETTINGS, read_only=True)

    def _turn_is_over(self) -> bool:
        if self.folder is None or time.monotonic() - self._opened_at < TURN_SECONDS:
            return False
        return bool(self._turns.others())

    def _watch(self, closed: threading.Event) -> None:
        """Lets the file go when it is not used: after a while, or at once when others wait."""
        while not closed.wait(TICK_SECONDS):
            with self._lock:
                idle = time.monotonic() - self._used_at
                enough = idle > LINGER_SECONDS or (idle > TICK_SECONDS and self._turns.others())
                if enough and not self._users and not closed.is_set():
                    self._shut()

    def _shut(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            with suppress(duckdb.Error):  # a full disk: the log is folded into the main file another time
                connection.close()
            self._closed.set()

    def close(self) -> None:
        """Lets the file go at once, unless it is being used."""
        with self._lock:
            if not self._users:
                self._shut()

    @contextmanager
    def transaction(self, *, keep: bool = True) -> Iterator[Cursor]:
        """A cursor inside one transaction; committed at the end unless keep is False or an error is raised.

        Until then whatever this thread asks the store is answered from inside it; all others see what was before.
        A transaction within a transaction is a part of it: a deed can be tried in one that is not kept.
        """
        if getattr(self._here, "in_transaction", False):
            assert keep, "a part of a transaction cannot be undone alone"
            yield self._here.cursor
            return
        with self._writing, self._cursor() as cursor:
            if self.read_only or self.frozen:
                raise StoreUnwritable(self.path.parent, "release" if self.frozen else "read_only", "")
            cursor.execute("BEGIN")
            self._here.in_transaction = True
            try:
                yield cursor
            except BaseException:
                with suppress(duckdb.Error):  # of a connection that is broken
                    cursor.execute("ROLLBACK")
                raise
            finally:
                self._here.in_transaction = False
            self._end(cursor, keep)
            self._seen = None

    @contextmanager
    def moment(self) -> Iterator[Cursor]:
        """A cursor for several questions about one moment, while others may write."""
        if getattr(self._here, "in_transaction", False):
            yield self._here.cursor
            return
        with self._cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
            finally:
                with suppress(duckdb.Error):
                    cursor.execute("ROLLBACK")

    def _end(self, cursor: Cursor, keep: bool) -> None:
        try:
            cursor.execute("COMMIT" if keep else "ROLLBACK")
        except duckdb.FatalException as error:
            if "COMMIT succeeded and is durable" not in str(error):
                raise
            self._broken = True  # it was to be folded into the main file as well, and the disk is full
        if keep and self.folder is not None:
            sync_folder(self.folder)  # DuckDB syncs its log, not the name that a new log has in the folder

    def _trouble(self, error: duckdb.Error) -> Exception:
        """What DuckDB met on the disk, told to people; else the error itself."""
        reason = sign_of(str(error))
        if isinstance(error, duckdb.TransactionException) and not reason:
            return error
        return StoreUnwritable(self.path.parent, reason or "failed", str(error)) if self.folder else error

    # ---- tables -----------------------------------------------------------------------------------------------------

    def _prepare(self, cursor: Cursor) -> None:
        """Makes the tables. What was made for other forms, another register or schema is thrown away: `stale`."""
        if self.read_only:
            if cursor.execute("SELECT max(made_for) FROM about").fetchone() == (self._made_for,):
                return
            raise StoreUnwritable(self.path.parent, "read_only", "")
        cursor.execute("BEGIN")
        tables = _names(cursor, "SELECT table_name FROM duckdb_tables() WHERE NOT temporary")
        made_for = _names(cursor, "SELECT made_for FROM about") if "about" in tables else []
        if made_for != [self._made_for]:
            self.stale = "journal" in tables and cursor.execute("SELECT count(*) FROM journal").fetchone() != (0,)
            for view in _names(cursor, "SELECT view_name FROM duckdb_views() WHERE NOT internal"):
                cursor.execute(f'DROP VIEW "{view}"')
            for table in tables:
                if table != "journal":
                    cursor.execute(f'DROP TABLE "{table}"')
            cursor.execute(question("schema"))
            for form in self.forms.values():
                cursor.execute(create_table(form))
            cursor.execute(create_reported(self.forms))
            for form in self.forms.values():
                cursor.execute(township_view(form, self.forms))
            units = self.units.frame()
            insert(cursor, "org_unit", {name: units[name].tolist() for name in units.columns})
            insert(cursor, "heir", heirs_by_column(self.units))
            for view in present_views(self.forms):
                cursor.execute(view)
            self.renew_expectations(cursor, AT_FIRST)
            if not self.stale:
                self.mark_made(cursor)
        cursor.execute("COMMIT")

    @cached_property
    def _made_for(self) -> str:
        """What the derived tables depend on beside the record: the schema, the forms, the register."""
        parts = [
            question("schema"),
            create_reported(self.forms),
            *(township_view(form, self.forms) for form in self.forms.values()),
            *present_views(self.forms),
            question("renew_expectations"),
            *(form.model_dump_json() for form in self.forms.values()),
            *(form.model_dump_json() for listed in self.forms.older.values() for form in listed),
            self.units.version or str(len(self.units)),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def mark_made(self, cursor: Cursor) -> None:
        """Says that the derived tables are those of these forms and this register."""
        cursor.execute("DELETE FROM about")
        cursor.execute("INSERT INTO about VALUES (?)", [self._made_for])
        self.stale = False

    def renew_expectations(self, cursor: duckdb.DuckDBPyConnection, at: datetime) -> None:
        """Works out anew who owes what, from the assignments and the register; it holds from this moment on."""
        forms = list(self.forms.values())
        cursor.execute(
            question("renew_expectations"),
            {
                "forms": [form.code for form in forms],
                "levels": [LEVELS.index(form.usual_level) for form in forms],
                "months": [MONTHS_IN[form.frequency] for form in forms],
                "starts": [form.valid_from for form in forms],
                "due_days": DUE_DAYS,
                "set_at": at,
            },
        )

    # ---- questions --------------------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """Another number after every change of the data, 0 for an empty store: the key of what is remembered."""
        if getattr(self._here, "in_transaction", False):
            return self._version()  # of a transaction that may yet be undone: not to be remembered
        stamp = self._stamp()
        if self._seen is None or self._seen[0] != stamp:
            self._seen = (stamp, self._version())
        return self._seen[1]

    def _stamp(self) -> object:
        """What tells that another process has written, without opening the file, which costs 20 ms of CPU."""
        stamps = []
        for path in (self.path, self.path.with_name(f"{self.path.name}.wal")) if self.folder else ():
            try:
                held = path.stat()
            except FileNotFoundError:
                stamps.append(None)
            else:
                stamps.append((held.st_ino, held.st_mtime_ns, held.st_size))
        return stamps

    def _version(self) -> int:
        with self._cursor() as cursor:
            (last,) = cursor.execute("SELECT max_by(hash, seq) FROM journal").fetchone()
        return int(last[:15], 16) if last else 0

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
        return self.originals / f"{sha256}.{kind or 'bin'}"

    def put_aside(self, data: bytes, kind: str) -> tuple[str, Path]:
        """Writes uploaded bytes to incoming/, before anything looks into them. Gives their sha256 and path."""
        sha = hashlib.sha256(data).hexdigest()
        assert self.folder is not None
        path = self.folder / "incoming" / f"{uuid4().hex}.{kind or 'bin'}"
        with self._writing_files():
            try:
                write_file(path, data)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        return sha, path

    def keep(self, paths: Sequence[tuple[Path, Path]]) -> None:
        """Moves files from incoming/ to originals/, and makes them and the move durable."""
        with self._writing_files():
            sync_files([source for source, _ in paths])
            for source, target in paths:
                os.replace(source, target)
            if paths:
                sync_folder(self.originals)  # one folder, so that one sync makes all moves of a group durable

    @contextmanager
    def _writing_files(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            detail = os.strerror(error.errno or 0)
            if self.folder and (reason := sign_of(detail)):
                raise StoreUnwritable(self.folder, reason, detail) from error
            raise

    def _sweep(self) -> None:
        """Removes what a process that was killed has left in incoming/: nothing refers to it."""
        assert self.folder is not None
        for entry in os.scandir(self.folder / "incoming"):
            with suppress(OSError):  # another process is quicker, or nothing can be written
                if time.time() - entry.stat().st_mtime > LEFT_SECONDS:
                    os.unlink(entry)


def sign_of(message: str) -> str | None:
    """Which of SIGNS a message of the system carries; None of a lock."""
    if re.search(LOCKED, message, re.I):
        return None
    return next((reason for reason, sign in SIGNS.items() if re.search(sign, message, re.I)), None)


def write_durably(path: Path, data: bytes) -> None:
    """A new file whose bytes are on the disk; its name is there once its folder is synced."""
    write_file(path, data)
    sync_files([path])


def write_file(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
    finally:
        os.close(handle)


def sync_files(paths: Sequence[Path]) -> None:
    """Makes the bytes of new files durable; of many on Linux at once, as PostgreSQL does with sync_method=syncfs: where
    a sync takes 5 ms, 3,000 files would take 15 s."""
    if len(paths) >= MANY_FILES and sys.platform == "linux":
        _sync(paths[0], _sync_file_system)
    else:
        for path in paths:
            _sync(path, os.fsync)


def _sync(path: Path, sync: Callable[[int], None]) -> None:
    handle = os.open(path, os.O_RDWR)  # Windows syncs only what is open for writing
    try:
        sync(handle)
    finally:
        os.close(handle)


def _sync_file_system(handle: int) -> None:
    if ctypes.CDLL(None, use_errno=True).syncfs(handle):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def make_folders(*folders: Path) -> None:
    """Makes them where they are missing, and their names durable."""
    for folder in folders:
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        if missing:
            folder.mkdir(parents=True, exist_ok=True)
        for path in missing:
            sync_folder(path.parent)


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


def heirs_by_column(units: Register) -> dict[str, list]:
    """The rows of the table heir."""
    heirs = [(heir, units.get(heir.code)) for heir in units.heirs]
    return {
        "former": [heir.former.code for heir, _ in heirs],
        "valid_to": [heir.former.valid_to for heir, _ in heirs],
        "weight": [float(heir.weight) for heir, _ in heirs],
        **{
            level: [getattr(unit, level) for _, unit in heirs]
            for level in ("province", "prefecture", "county", "township")
        },
    }


def create_reported(forms: Forms) -> str:
    """The view of every number of every return: submission_id, form, sheet, row, row_key, label, item, additive (a
    total adds it up), value."""
    parts = []
    for form in forms.values():
        numbers = [item.code for item in form.items if item.numeric]
        added = [item.code for item in form.items if item.summed]
        parts.append(
            f"SELECT submission_id, '{form.code}' AS form, sheet, row, row_key, label, "
            f'item, list_contains({added}::VARCHAR[], item) AS additive, value FROM "{form.code}" '
            f"UNPIVOT (value FOR item IN ({', '.join(numbers)}))"
        )
    return f"CREATE VIEW reported AS {' UNION ALL '.join(parts)}"


def _names(cursor: Cursor, query: str) -> list[str]:
    return [name for (name,) in cursor.execute(query).fetchall()]


ARROW_TYPES = {
    "VARCHAR": pa.string(),
    "INTEGER": pa.int32(),
    "DECIMAL(18,4)": pa.decimal128(18, 4),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
}


def insert(cursor: Cursor, table: str, columns: dict[str, list]) -> None:
    """Appends columns of equal length to a table, by name."""
    with _registered(cursor, "batch", pa.table({n: pa.array(v, from_pandas=True) for n, v in columns.items()})):
        _append(cursor, table, columns, "batch")


def replace_rows(cursor: Cursor, table: str, rows: pa.RecordBatchReader) -> None:
    """Puts rows in the place of all that a table has."""
    cursor.execute(f'DELETE FROM "{table}"')
    with _registered(cursor, "rows", rows):
        cursor.execute(f'INSERT INTO "{table}" BY NAME SELECT * FROM "rows"')


@contextmanager
def arrived(cursor: Cursor, form: Form, columns: dict[str, list]) -> Iterator[None]:
    """Appends rows to a form's table; within, they are also there by themselves, as `arrived`."""
    kinds = ROW_COLUMNS | ARRIVED_COLUMNS | {item.code: SQL_TYPES[item.type] for item in form.items}
    rows = pa.table({name: pa.array(values, ARROW_TYPES[kinds[name]]) for name, values in columns.items()})
    with _registered(cursor, "arrived", rows):
        _append(cursor, form.code, [name for name in columns if name not in ARRIVED_COLUMNS], "arrived")
        yield


@contextmanager
def _registered(cursor: Cursor, name: str, rows: pa.Table | pa.RecordBatchReader) -> Iterator[None]:
    cursor.register(name, rows)
    try:
        yield
    finally:
        cursor.unregister(name)


def _append(cursor: Cursor, table: str, columns: Iterable[str], source: str) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(f'INSERT INTO "{table}" ({names}) SELECT {names} FROM {source}')


@cache
def open_store(folder: Path | None = None) -> Store:
    """The store of this process; asked again it is the same one."""
    return Store(folder or store_folder())
