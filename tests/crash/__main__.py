"""python -m tests.crash [--kills 250] [--seed 0]: a bulk load is killed again and again, and nothing received is lost.

One store is loaded by one process after another. Each is killed (SIGKILL) before or after some write, fsync, rename,
unlink or commit, in the middle of a commit, or at any time; after every other kill what had not been synced is lost as
well, as when the power fails. The next process opens the store, finds everything that was acknowledged and no half
return, and goes on. When the load is done, the store is verified and its figures are those of a load nobody disturbed.
"""

import argparse
import gc
import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.crash.load import Plan, know_before, live, outcome, workbooks
from tests.crash.power import Log, entries, fail_power, size_of_log


def apart(work: Callable[[], object]) -> int:
    """Does the work in a process of its own, forked when everything is imported; gives how it ended."""
    sys.stderr.flush()
    if not (child := os.fork()):
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Failed(RuntimeError):
    """A process ended by itself, with an error that it has printed."""


def run(folder: Path, kills: int, chance: random.Random) -> tuple[Counter[str], Counter[str], int]:
    """Where processes were killed, what a failing power took, and how many loads came to their end."""
    files = workbooks(folder)
    know_before(folder / "printed.xlsx")
    gc.freeze()
    wanted = load_until_done(folder / "undisturbed", files, lambda: Plan(), chance, Counter(), Counter())
    where: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    loads = 0
    while where.total() < kills:

        def plan() -> Plan:
            return Plan.by(chance) if where.total() < kills else Plan()

        if load_until_done(folder / f"load {loads}", files, plan, chance, where, taken) != wanted:
            raise Failed("the returns and figures are not those of a load that nobody disturbed")
        loads += 1
    return where, taken, loads


def load_until_done(
    folder: Path,
    files: dict[str, bytes],
    plan: Callable[[], Plan],
    chance: random.Random,
    where: Counter[str],
    taken: Counter[str],
) -> object:
    """One store, loaded by as many processes as it takes; gives its outcome."""
    said: list[dict] = []
    log, seen = folder.with_suffix(".log"), folder.with_suffix(".outcome")
    while True:
        log.unlink(missing_ok=True)
        Log(log).note("committed", *size_of_log(folder))
        done = {receipt["file"] for receipt in said}
        again = chance.sample(sorted(done), min(2, len(done)))  # sent twice: that is known
        rest = [(name, files[name]) for name in [*again, *(name for name in files if name not in done)]]
        planned = plan()
        ended = apart(lambda: live(folder, Log(log), planned, rest, said))  # noqa: B023
        noted = list(entries(log))
        said += [what[0] for kind, *what in noted if kind == "said"]
        if ended == 0:
            break
        if ended != -signal.SIGKILL:
            raise Failed(f"ended with {ended}; {planned}")
        where[next(what[0] for kind, *what in noted if kind == "killed")] += 1
        if chance.random() < 0.5:
            taken.update(fail_power(folder, log, chance) or ["nothing"])
    if apart(lambda: seen.write_bytes(pickle.dumps(outcome(folder)))):
        raise Failed("the store that was loaded is not whole")
    shutil.rmtree(folder)
    return pickle.loads(seen.read_bytes())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--kills", type=int, default=250)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        tempfile.tempdir = folder  # what the killed leave there goes with it
        where, taken, loads = run(Path(folder), args.kills, random.Random(args.seed))
    for title, counts in (("killed", where), ("the power took", taken)):
        print(f"{title}: {counts.total()}")
        for what, n in sorted(counts.items()):
            print(f"{n:6}  {what}")
    print(f"loads that came to their end, verified and compared: {loads}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
