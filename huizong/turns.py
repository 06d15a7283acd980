"""Whose turn it is: DuckDB lets one process at a time open the store's file; the pages and the command line share it.

A process that finds the file taken leaves a ticket and tries again; first come, first served. Whoever has the file lets
it go between two uses when there is a ticket and its turn is over, and takes a ticket behind it: a bulk load and the
pages go on side by side. Who has the file stands beside it, for those who wait in vain.
"""

import json
import os
import re
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

POLL_SECONDS = 0.02  # how often a waiting process tries
STALE_SECONDS = 2.0  # a ticket is renewed with each try: one this old is of a process that ended


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that has the file: its number, what it was started as, since when (local time)."""

    pid: int
    program: str = ""
    since: str = ""


class Turns:
    """The queue before one store's file, seen from one process. Where nothing can be written there is no queue."""

    def __init__(self, folder: Path):
        self._queue = folder / "waiting"
        self._holder = folder / "holder.json"
        self._ticket: Path | None = None

    def others(self) -> list[str]:
        """The tickets of other processes, oldest first."""
        now, tickets = time.time(), []
        with suppress(FileNotFoundError):
            for entry in os.scandir(self._queue):
                with suppress(OSError):  # taken back meanwhile
                    if abs(now - entry.stat().st_mtime) > STALE_SECONDS:
                        os.unlink(entry)
                    elif not self._ticket or entry.name != self._ticket.name:
                        tickets.append(entry.name)
        return sorted(tickets)

    def is_ours(self) -> bool:
        """Whether no other process has waited longer."""
        others = self.others()
        return not others or (self._ticket is not None and self._ticket.name < others[0])

    def wait(self) -> None:
        """Takes a ticket, or renews the one there is."""
        with suppress(OSError):
            if self._ticket is None:
                self._ticket = self._queue / f"{time.time_ns():020d}-{os.getpid()}"
                self._queue.mkdir(exist_ok=True)
            self._ticket.touch()

    def stop_waiting(self) -> None:
        if self._ticket:
            with suppress(OSError):
                self._ticket.unlink(missing_ok=True)
            self._ticket = None

    def take(self) -> None:
        """The file is ours now: says so to those who will wait."""
        self.stop_waiting()
        with suppress(OSError):
            holder = Holder(os.getpid(), program(), f"{datetime.now():%Y-%m-%d %H:%M:%S}")
            self._holder.write_text(json.dumps(asdict(holder), ensure_ascii=False), encoding="utf-8")

    def holder(self, refusal: str) -> Holder | None:
        """Who has the file. refusal: what DuckDB said; a note of another process than it names is out of date."""
        named = re.search(r"PID (\d+)", refusal)
        with suppress(OSError, ValueError, TypeError):
            noted = Holder(**json.loads(self._holder.read_text(encoding="utf-8")))
            if not named or noted.pid == int(named[1]):
                return noted
        return Holder(int(named[1])) if named else None


def program() -> str:
    """What this process was started as: python -m huizong load FOLDER."""
    path = Path(sys.argv[0])
    name = f"python -m {path.parent.name}" if path.name == "__main__.py" else path.name
    words = " ".join([name, *sys.argv[1:]])
    return words if len(words) <= 80 else words[:79] + "…"
