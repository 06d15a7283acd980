"""The sample returns, taken into a new store as any other workbook and marked as samples."""

import csv
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from huizong import intake
from huizong.store import ROOT, Store, open_store, store_folder

SAMPLES = ROOT / "data" / "samples"
WHO = "示例"
EXPLANATION = "示例数据：行为虚构，与名录的差异属已知情况。"
PARTS = ("originals", "incoming", "huizong.duckdb")  # of a store; the file that makes it one comes last


def ensure_store(folder: Path | None = None, progress: Callable[[float], None] | None = None) -> Store:
    """The store, filled with the samples when there is none yet. progress: told the share that is done."""
    folder = folder or store_folder()
    if not (folder / PARTS[-1]).exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Built aside and moved in when whole: whoever interrupts it leaves no half-filled store.
        building = Path(tempfile.mkdtemp(prefix="building-", dir=folder))
        store = Store(building)
        load_samples(store, progress)
        store.close()
        if not (folder / PARTS[-1]).exists():
            for part in PARTS:
                os.replace(building / part, folder / part)
        shutil.rmtree(building)
    return open_store(folder)


def load_samples(store: Store, progress: Callable[[float], None] | None = None) -> None:
    """Every sample received, its queries explained, accepted; who owes what and the targets with them."""
    intake.assign(store, read_table("assignments"), who=WHO)
    for target in read_table("targets"):
        intake.set_target(store, target["indicator"], target["unit"], target["period"], float(target["value"]), who=WHO)
    paths = sorted(SAMPLES.rglob("*.xlsx"))
    files = ((path.name, path.read_bytes()) for path in paths)
    for done, _receipt in enumerate(intake.receive(store, files, who=WHO, sample=True, accept=True), 1):
        if progress:
            progress(done / len(paths))
    waiting = intake.submissions(store, status="query")["id"].tolist()
    for submission in waiting:
        found = intake.findings(store, submission)
        queries = found.loc[found["severity"] == "query", "n"].tolist()
        intake.explain(store, submission, queries, EXPLANATION, who=WHO)
    if waiting:
        intake.accept(store, waiting, who=WHO)


def read_table(name: str) -> list[dict[str, str]]:
    with (SAMPLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
