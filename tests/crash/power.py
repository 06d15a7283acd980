"""What a process has done to its files, noted where its death does not reach, and what a power failure makes of it."""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

WAL = "huizong.duckdb.wal"
write = os.write  # the tests put another one in its place


class Log:
    """Entries, each one line: they are in the hands of the system at once."""

    def __init__(self, path: Path):
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(self, kind: str, *what: object) -> None:
        write(self._handle, json.dumps([kind, *what], default=str, ensure_ascii=False).encode() + b"\n")


def entries(path: Path) -> Iterator[list]:
    return map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else iter(())


def size_of_log(folder: Path) -> tuple[int, int]:
    """Which file DuckDB's log is, and how long: (0, 0) when there is none."""
    try:
        found = (folder / WAL).stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_ino, found.st_size


def fail_power(folder: Path, log: Path, chance: random.Random) -> list[str]:
    """Takes from the disk, by chance, what nobody had synced when the process ended; gives what was taken.

    Bytes of a file that was not synced since it was written; names and moves whose folder was not; of DuckDB's log its
    name likewise, and the end after what it was when a commit had last returned (DuckDB syncs it in each).
    """
    unsynced: set[str] = set()
    unnamed: set[str] = set()
    moves: dict[str, str] = {}
    committed = (0, 0)  # inode and bytes of DuckDB's log
    named: set[int] = set()  # inodes of that log whose name in the folder was synced
    for kind, *what in entries(log):
        match kind, *what:
            case "created", path:
                unnamed.add(path)
            case "written", path:
                unsynced.add(path)
            case "moved", source, target:
                moves[target] = source
                unsynced |= {target} if source in unsynced else set()
                unnamed.discard(source)
            case "synced", path:
                unsynced.discard(path)
                inside = {name for name in (*unnamed, *moves) if os.path.dirname(name) == path}
                unnamed -= inside
                moves = {target: source for target, source in moves.items() if target not in inside}
            case ("synced all",):
                unsynced, unnamed, moves = set(), set(), {}
            case "named", inode:
                named.add(inode)
            case "committed", *log_then:
                committed = tuple(log_then)
                named |= {committed[0]} if not named else set()  # what was there at the start
    taken = []
    for path in sorted(unsynced):
        if os.path.exists(path) and (size := os.path.getsize(path)):
            os.truncate(path, chance.randrange(size))
            taken.append("bytes")
    for path in sorted(unnamed):
        if os.path.exists(path) and chance.random() < 0.5:
            os.unlink(path)
            taken.append("name")
    for target, source in sorted(moves.items()):
        if os.path.exists(target) and not os.path.exists(source) and chance.random() < 0.5:
            os.rename(target, source)
            taken.append("move")
    inode, size = size_of_log(folder)
    if inode and inode not in named and chance.random() < 0.5:
        (folder / WAL).unlink()
        taken.append("name of the log")
    elif inode and inode == committed[0] and size > committed[1]:
        os.truncate(folder / WAL, chance.randrange(committed[1], size))
        taken.append("end of the log")
    return taken
