"""A copy of the record on another disk, and a store made from such a copy.

A backup is a folder: originals/, the journal as lines of text, and manifest.json, which is written last and names the
others with their hashes. So a folder without a manifest is no backup, and one that is interrupted leaves the backup
before it valid. What the folder holds already is not copied again.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from huizong import __version__, derive, journal
from huizong.derive import events_until
from huizong.journal import Event
from huizong.store import Store, make_folders, sync_folder, write_durably
from huizong.texts import _
from huizong.verify import AT_ONCE, NAMED, Difference, Verified, altered_files, follow, sha256_of

MANIFEST = "manifest.json"
PARTIAL = ".partial"  # the end of the name of a file that is being written


class BadBackup(ValueError):
    """The folder is no backup, or one that cannot be used or added to; the message says what to do."""


class StoreNotEmpty(RuntimeError):
    """A backup is restored into an empty store only; the message says how to come by one."""


@dataclass(slots=True)
class Backup:
    """What a backup holds. copied: originals that it did not hold before; differences: what the store itself lacks."""

    events: int = 0
    originals: int = 0
    copied: int = 0
    differences: list[Difference] = field(default_factory=list)


# ---- making one ------------------------------------------------------------------------------------------------------


def back_up(store: Store, folder: Path) -> Backup:
    """Makes a backup in a folder, or brings the one there up to date; the store is used for moments only.

    Raises BadBackup when the folder holds that of another store or cannot be written.
    """
    before = manifest_of(folder)["last_hash"] if (folder / MANIFEST).exists() else ""
    with store.moment() as cursor:
        (last,) = cursor.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone() or (0,)
        (follows,) = cursor.execute("SELECT count(*) FROM journal WHERE hash = ?", [before]).fetchone() or (0,)
    if before and not follows:
        raise BadBackup(
            _("{folder} holds the backup of another store, or of this one before it was emptied. Choose a new folder.")
            .format(folder=folder)
        )  # fmt: skip
    try:
        return _write(store, folder, last)
    except OSError as error:
        what = _("The backup could not be written: {error}. The backup that was in the folder before is as it was.")
        raise BadBackup(what.format(error=error)) from error


def _write(store: Store, folder: Path, last: int) -> Backup:
    make_folders(folder / "originals")
    followed = Verified()
    lines = folder / f"journal-{last}.jsonl"
    with _replaced(lines) as file:
        wanted = follow(_written(events_until(store, last), file), followed)
    made = Backup(followed.events, followed.originals, differences=followed.differences)
    for name, outcome in _in_threads(lambda name: _copy(store.originals / name, folder / "originals" / name), wanted):
        made.copied += outcome == "copied"
        if outcome == "damaged":
            what = _("the file is missing or altered in the store and was not copied")
            made.differences.append(Difference("originals", name, what))
    sync_folder(folder / "originals")
    held = {lines.name: sha256_of(lines)} | {f"originals/{name}": sha for name, sha in wanted.items()}
    manifest = {
        "product": "huizong",
        "version": __version__,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "events": made.events,
        "last_hash": followed.last_hash,
        "journal": lines.name,
        "files": {
            name: {"sha256": sha, "bytes": (folder / name).stat().st_size}
            for name, sha in held.items()
            if (folder / name).exists()
        },
    }
    with _replaced(folder / MANIFEST) as file:
        file.write(json.dumps(manifest, ensure_ascii=False, indent=1).encode())
    for older in folder.glob("journal-*.jsonl"):
        if older != lines:
            older.unlink()
    return made


def _written(events: Iterable[Event], file: BinaryIO) -> Iterator[Event]:
    for event in events:
        file.write(journal.line_of(event).encode() + b"\n")
        yield event


@contextmanager
def _replaced(path: Path) -> Iterator[BinaryIO]:
    """A file to write; when it is whole and on the disk it takes the place of the one with this name."""
    aside = path.with_name(path.name + PARTIAL)
    with aside.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
    sync_folder(path.parent)


def _copy(source: Path, target: Path) -> str:
    """Copies an original whose name says its hash: copied, there (already) or damaged."""
    with suppress(FileNotFoundError):
        if target.stat().st_size == source.stat().st_size:
            return "there"
    try:
        data = source.read_bytes()
    except OSError:
        return "damaged"
    if hashlib.sha256(data).hexdigest() != source.stem:
        return "damaged"
    aside = target.with_name(target.name + PARTIAL)
    write_durably(aside, data)
    os.replace(aside, target)
    return "copied"


def _in_threads(work: Any, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Each name with what work makes of it: most of the time is waiting for the disk."""
    with ThreadPoolExecutor() as threads:
        rest = iter(names)
        while some := list(islice(rest, AT_ONCE)):
            yield from zip(some, threads.map(work, some), strict=True)


# ---- looking at one --------------------------------------------------------------------------------------------------


def manifest_of(folder: Path) -> dict[str, Any]:
    """What a backup says of itself. Raises BadBackup when it says nothing that can be understood."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if {"events", "last_hash", "journal", "files"} <= manifest.keys():
            return manifest
    except (OSError, ValueError, AttributeError):
        pass
    raise BadBackup(
        _("{folder} is no backup, or one that was not finished: it has no whole {manifest}. Make the backup again.")
        .format(folder=folder, manifest=MANIFEST)
    )  # fmt: skip


def events_in(folder: Path) -> Iterator[Event]:
    """The journal of a backup. Raises ValueError, KeyError or TypeError where a line is no event."""
    with (folder / manifest_of(folder)["journal"]).open(encoding="utf-8") as lines:
        yield from map(journal.event_of, lines)


def verify_backup(folder: Path) -> Verified:
    """Checks a backup: every file against its hash, the chain, and that nothing is missing. Raises BadBackup."""
    manifest = manifest_of(folder)
    listed = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    verified = Verified(differences=list(altered_files(folder, listed, "backup")))
    if any(difference.subject == manifest["journal"] for difference in verified.differences):
        return verified
    try:
        wanted = follow(events_in(folder), verified)
    except (ValueError, KeyError, TypeError) as error:
        what = _("line {n} is no event: {error}").format(n=verified.events + 1, error=error)
        verified.differences.append(Difference("backup", manifest["journal"], what))
        return verified
    if (verified.events, verified.last_hash) != (manifest["events"], manifest["last_hash"]):
        what = _("the journal is not the one that the manifest speaks of")
        verified.differences.append(Difference("backup", manifest["journal"], what))
    for name in wanted:
        if f"originals/{name}" not in listed:
            what = _("the file was missing when the backup was made")
            verified.differences.append(Difference("backup", f"originals/{name}", what))
    lying = {path.name for path in (folder / "originals").iterdir() if not path.name.endswith(PARTIAL)}
    verified.unreferenced = sorted(lying - wanted.keys())
    return verified


# ---- a store from one ------------------------------------------------------------------------------------------------


def restore_from(store: Store, folder: Path, *, incomplete: bool = False) -> Verified:
    """Fills an empty store from a backup, whose check is given back. Raises BadBackup and StoreNotEmpty.

    incomplete: also when originals are missing or altered; what follows from those is not there then.
    Originals come first, to which nothing refers yet; then the journal and all that follows from it in one transaction:
    what is interrupted leaves an empty store.
    """
    refuse_unless_empty(store)
    verified = verify_backup(folder)
    lost = {difference.subject for difference in verified.differences}
    if lost and not (incomplete and all(name.startswith("originals/") for name in lost)):
        named = "; ".join(f"{difference.subject}: {difference.what}" for difference in verified.differences[:NAMED])
        what = _("The backup in {folder} is not whole, and nothing was restored. {named}")
        raise BadBackup(what.format(folder=folder, named=named))
    whole = iter(name for name in manifest_of(folder)["files"] if name.startswith("originals/") and name not in lost)
    while some := list(islice(whole, AT_ONCE)):
        aside = _in_threads(lambda name: store.put_aside((folder / name).read_bytes(), "")[1], some)
        store.keep([(path, store.originals / Path(name).name) for name, path in aside])
    with store.transaction() as cursor:
        refuse_unless_empty(store)
        journal.write(cursor, events_in(folder))
        derive.rebuild(store, incomplete=incomplete)
    return verified


def refuse_unless_empty(store: Store) -> None:
    ((events,),) = store.run("SELECT count(*) FROM journal")
    if events:
        what = _("The store in {folder} is not empty ({n} events). Restore into a new one, with --store FOLDER.")
        raise StoreNotEmpty(what.format(folder=store.folder, n=events))
