"""What a process and all that it has started use, as Linux counts it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TICK = os.sysconf("SC_CLK_TCK")
SAMPLE_SECONDS = 1.0  # a peak that is shorter is not seen


@dataclass(frozen=True, slots=True)
class Use:
    """What a run took: seconds of wall clock and of CPU, the most memory of all its processes together at a moment."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    printed: str

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, CPU {self.cpu_seconds:.1f} s, peak {self.peak_mib:.0f} MiB"


def measured(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Use:
    """Runs `python -m …` in a process of its own, and looks at what it and those that it starts use.

    Raises CalledProcessError.
    """
    start = time.perf_counter()
    running = subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | (environment or {}),
    )  # fmt: skip
    cpu = peak = 0.0
    while running.poll() is None:
        seconds, memory = used(running.pid)
        cpu, peak = max(cpu, seconds), max(peak, memory)
        time.sleep(SAMPLE_SECONDS)
    seconds = time.perf_counter() - start
    printed = running.stdout.read() if running.stdout else ""
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, list(arguments), printed)
    return Use(seconds, cpu, peak, printed)


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
