"""What a process and all that it has started use, as Linux counts it."""

import os
from collections.abc import Iterator
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def stat_of(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat after the program's name."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(pid: int) -> Iterator[int]:
    """The process and those it has started, and they."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents.setdefault(int(stat_of(int(entry.name))[1]), []).append(int(entry.name))
            except OSError:  # it has ended
                continue
    waiting = [pid]
    while waiting:
        yield (one := waiting.pop())
        waiting += parents.get(one, [])


def cpu_seconds(pid: int, *, ended: bool = False) -> float:
    """CPU time of one process; ended: with that of the processes it has started and that have ended."""
    return sum(int(field) for field in stat_of(pid)[11 : 15 if ended else 13]) / TICK


def memory_mib(pid: int) -> float:
    """Memory of one process, of pages that it shares its share."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def used(pid: int) -> tuple[float, float]:
    """(CPU seconds, MiB) of a process and all that it has started."""
    seconds = memory = 0.0
    for one in tree(pid):
        try:
            seconds += cpu_seconds(one, ended=True)
            memory += memory_mib(one)
        except OSError:
            continue
    return seconds, memory
