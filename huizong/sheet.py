"""A file's bytes → Workbook: the one door to reading. Nothing is interpreted here.

A workbook is hostile until read, so `read_workbooks` reads in child processes with limits on memory and time; a crash
or a hang costs that one file. The limits stand in workbook.py.
"""

import atexit
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as ReadTimeout
from contextlib import suppress
from functools import partial
from multiprocessing import spawn
from pathlib import Path
from threading import Lock
from typing import Any

import pebble
from pebble.pool.process import WORKERS_NAME

from huizong.file_kinds import SILENT_PASSWORD, kind_of, unlock
from huizong.office_files import read_xls, read_zipped
from huizong.text_tables import read_csv, read_html, read_mhtml, read_xml
from huizong.words_beside import of_page
from huizong.workbook import (
    MARK_SHEET,
    MEMORY_BYTES,
    SECONDS,
    Cell,
    CellError,
    NoValue,
    Sheet,
    Shown,
    Unreadable,
    Workbook,
    check_limits,
    column_letter,
)

__all__ = [
    "MARK_SHEET",
    "Cell",
    "CellError",
    "NoValue",
    "Sheet",
    "Shown",
    "Unreadable",
    "Workbook",
    "column_letter",
    "each_in_child",
    "in_child",
    "kind_of",
    "read_workbook",
    "read_workbooks",
    "unlock_file",
]

PRELOADED = ["huizong.reading"]  # the modules that the children share
CHUNK = 16  # files a child reads before it answers: the message costs more than a small file
READERS: dict[str, Callable[[bytes], Workbook]] = {
    "xlsx": partial(read_zipped, kind="xlsx"),
    "xlsb": partial(read_zipped, kind="xlsb"),
    "ods": partial(read_zipped, kind="ods"),
    "xls": read_xls,
    "xml": read_xml,
    "html": read_html,
    "mhtml": read_mhtml,
    "csv": read_csv,
}
PAGES = {"html", "mhtml", "xml"}


def read_workbook(path: str | os.PathLike, password: str | None = None) -> Workbook:
    """The sheets of one file. Raises Unreadable. Call it in a child process: a hostile file can kill the caller."""
    data = _bytes(path)
    try:
        workbook = _read(data, password)
    except (Unreadable, KeyboardInterrupt, SystemExit):
        raise
    except MemoryError:
        raise Unreadable("too_large") from None
    except BaseException:  # a Rust panic is no Exception
        raise Unreadable("damaged") from None
    check_limits(workbook.sheets)
    if not any(True for sheet in workbook.sheets for row in sheet.rows for cell in row if cell != ""):
        raise Unreadable("no_cells")
    return workbook


def _bytes(path: str | os.PathLike) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        raise Unreadable("no_file") from None


def _read(data: bytes, password: str | None) -> Workbook:
    kind = kind_of(data)
    try:
        if kind == "locked":
            raise Unreadable("password")
        workbook = READERS[kind](data)
        if kind in PAGES:
            workbook.beside += of_page(data, kind)
        return workbook
    except Unreadable as error:
        if error.reason != "password":
            raise
    opened = unlock(data, password or SILENT_PASSWORD)
    return READERS[kind_of(opened)](opened)


# ---- in child processes -------------------------------------------------------------------------------------------


def _without_main(name: str, prepare: Callable[[str], dict] = spawn.get_preparation_data) -> dict:
    """What a new process is told; our readers are not told of the caller's __main__, which they would import.

    Under Streamlit that is the page that is running. multiprocessing has no setting for this.
    """
    told = prepare(name)
    return {key: told[key] for key in told if not (name == WORKERS_NAME and key.startswith("init_main"))}


spawn.get_preparation_data = _without_main


def _limit_child() -> None:
    if sys.platform == "win32":
        return
    import resource

    with suppress(ValueError, OSError):  # not every system can limit its address space
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY_BYTES, now + MEMORY_BYTES))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a full stderr pipe blocks a panicking child


def _do_each(task: Callable, paths: list[str], *args: object) -> list:
    results: list = []
    for path in paths:
        try:
            results.append(task(path, *args))
        except Unreadable as error:
            results.append(error)
        except Exception as error:  # a mistake of ours at one file costs that file and not its whole load
            where = traceback.extract_tb(error.__traceback__)[-1]
            results.append(Unreadable("mistake", [f"{type(error).__name__} {where.name}:{where.lineno}"]))
    return results


def _unlock(path: str, password: str) -> bytes | Unreadable:
    try:
        return unlock(_bytes(path), password)
    except Unreadable as error:
        return error


_pool: pebble.ProcessPool | None = None
_pool_lock = Lock()


def _start(task: Callable, *args: object) -> pebble.ProcessFuture:
    """Gives a task to the pool of readers, which is made on the first call, and anew should it ever break."""
    global _pool
    with _pool_lock:
        if _pool is None or not _pool.active:
            context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
            if context.get_start_method() == "forkserver":
                context.set_forkserver_preload(PRELOADED)
            _pool = pebble.ProcessPool(max_workers=os.cpu_count() or 1, context=context, initializer=_limit_child)
            atexit.register(_pool.stop)
        return _pool.schedule(task, args=args, timeout=SECONDS)


def read_workbooks(paths: Sequence[str | os.PathLike]) -> Iterator[Workbook | Unreadable]:
    """Each file's Workbook, or why it cannot be read, in the order given. Never raises for a file."""
    return each_in_child(read_workbook, paths)


def each_in_child(task: Callable, paths: Sequence[str | os.PathLike], *args: object) -> Iterator:
    """What task(path, *args) answers for each file in a child process, in the order given; an Unreadable where it
    raised one, took too long, or ended its process.

    The work starts with the call, not with the first answer asked for.
    """
    names = [str(path) for path in paths]
    chunks = [names[i : i + CHUNK] for i in range(0, len(names), CHUNK)]
    return _results(task, args, chunks, [_start(_do_each, task, chunk, *args) for chunk in chunks])


def _results(task: Callable, args: tuple, chunks: list[list[str]], futures: list[pebble.ProcessFuture]) -> Iterator:
    for chunk, future in zip(chunks, futures, strict=True):
        results = _result(future)
        if not isinstance(results, Unreadable):
            yield from results
        elif len(chunk) == 1:
            yield results
        else:  # one of the chunk hung or killed its reader: each alone, so that only that one is lost
            alone = [[name] for name in chunk]
            yield from _results(task, args, alone, [_start(_do_each, task, one, *args) for one in alone])


def unlock_file(path: str | os.PathLike, password: str) -> bytes | Unreadable:
    """A protected file's bytes without their password, made in a child process; or why not."""
    return in_child(_unlock, str(path), password)


def in_child(task: Callable, *args: object) -> Any:
    """What a task answers in a child process with the limits of reading; an Unreadable says why it could not."""
    return _result(_start(task, *args))


def _result(future: pebble.ProcessFuture) -> Any:
    """What a child answers, or why it could not."""
    try:
        return future.result()
    except ReadTimeout:
        return Unreadable("too_slow")
    except MemoryError:
        return Unreadable("too_large")
    except pebble.ProcessExpired as error:
        # An abort is how calamine ends when it cannot have the memory it wants.
        return Unreadable("too_large" if error.exitcode == -signal.SIGABRT else "damaged")
    except OSError:
        return Unreadable("damaged")
