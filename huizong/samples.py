"""The sample returns, taken into a new store as any other workbook and marked as samples."""

import csv
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from huizong import decisions, derive, intake, submissions
from huizong.store import ROOT, Store, open_store, store_folder, sync_folder

SAMPLES = ROOT / "data" / "samples"
WHO = "示例"
EXPLANATION = "示例数据：行为虚构，与名录的差异属已知情况。"
one_builder = threading.Lock()
PARTS = ("originals", "incoming", "huizong.duckdb")  # of a store; the file that makes it one comes last


def ensure_store(folder: Path | None = None, progress: Callable[[float], None] | None = None) -> Store:
    """The store, filled with the samples when there is none yet. progress: told the share that is done."""
    folder = folder or store_folder()
    with one_builder:
        if not (folder / PARTS[-1]).exists():
            build_store(folder, progress)
    return derive.ready(open_store(folder))


def build_store(folder: Path, progress: Callable[[float], None] | None) -> None:
    """Built aside and moved in when whole: whoever interrupts it leaves no half-filled store."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="building-", dir=folder) as aside:
        store = Store(Path(aside))
        load_samples(store, progress)
        store.close()
        for part in PARTS:
            if (folder / part).is_dir():
                shutil.rmtree(folder / part)  # left by whom was interrupted here: no store refers to it
            os.replace(Path(aside, part), folder / part)
        sync_folder(folder)


def load_samples(store: Store, progress: Callable[[float], None] | None = None) -> None:
    """Every sample received, its queries explained, accepted; who owes what and the targets with them."""
    if progress:
        progress(0.0)  # something to look at from the first moment
    decisions.assign(store, sample_rules(store), who=WHO, sample=True)
    for target in read_table("targets"):
        value = float(target["value"])
        decisions.set_target(store, target["indicator"], target["unit"], target["period"], value, who=WHO, sample=True)
    paths = sorted(SAMPLES.rglob("*.xlsx"))
    files = ((path.name, path.read_bytes()) for path in paths)
    for done, _receipt in enumerate(intake.receive(store, files, who=WHO, sample=True, accept=True), 1):
        if progress:
            progress(done / len(paths))
    waiting = submissions.listed(store, status="query")["id"].tolist()
    for submission in waiting:
        found = submissions.findings(store, submission)
        queries = found.loc[found["severity"] == "query", "n"].tolist()
        decisions.explain(store, submission, queries, EXPLANATION, who=WHO)
    if waiting:
        decisions.accept(store, waiting, who=WHO)


def sample_rules(store: Store) -> list[dict]:
    """Who owes the samples; nobody else in their provinces owes anything until the last of them."""
    rules: list[dict] = list(read_table("assignments"))
    until: dict[str, str] = {}
    for rule in rules:
        province = str(store.units.get(rule["unit"]).province)
        until[province] = max(until.get(province, ""), rule["to"])
    let_off = [
        {"form": form, "unit": province, "beneath": True, "owes": False, "from": None, "to": last}
        for province, last in until.items()
        for form in store.forms
    ]
    return let_off + rules


def read_table(name: str) -> list[dict[str, str]]:
    with (SAMPLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
