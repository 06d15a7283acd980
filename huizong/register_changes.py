"""What became of org units: abolished, merged, split, renamed, moved, newly set up. Read from CSV files.

One row per unit that ceased, or that stands and is not in the list the register was made from: code, name, valid_from,
valid_to, successors, founded, weights, kind, villages, communities, note. A unit with valid_to has ceased, and its
territory went to the successors; founded are those of them that begin on that day, the others received a part. weights
(one per successor, adding up to 1) say how its figures may be shared out; without them a unit that was split is not.
"""

import csv
import io
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path

CHANGES = "register_changes.csv"  # the administrator's own, in data/; it need not be there
NEEDED = ("code", "name", "valid_from", "valid_to", "successors", "founded")
KINDS = ("unit", "zone")
CODE_LENGTHS = (2, 4, 6, 9, 12)


class BadRegisterChanges(ValueError):
    """A file of register changes that cannot be taken; the message lists every line that is wrong, and why."""


@dataclass(frozen=True, slots=True)
class Change:
    """One unit that ceased (valid_to), or one that is new. line: where it stands in its file."""

    line: int
    code: str
    name: str
    valid_from: date | None
    valid_to: date | None
    successors: tuple[str, ...] = ()
    founded: tuple[str, ...] = ()
    weights: tuple[Decimal, ...] = ()
    kind: str = "unit"
    villages: int | None = None
    communities: int | None = None


def day(text: str) -> date | None:
    """2004-09-07; 2004-09 where only the month is known, taken as its first day."""
    return date.fromisoformat(text if len(text) > 7 else f"{text}-01") if text else None


def read_changes(path: Path) -> list[Change]:
    """The changes of a file (UTF-8, or GBK as Excel saves it), each right in itself. Raises BadRegisterChanges."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", errors="replace")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if missing := [name for name in NEEDED if name not in (rows.fieldnames or ())]:
        raise BadRegisterChanges(f"{path.name}: no column {', '.join(missing)}; there must be {', '.join(NEEDED)}")
    changes: list[Change] = []
    wrong: list[str] = []
    for row in rows:
        cells = {name: (value or "").strip() for name, value in row.items() if name}
        if not any(cells.values()):
            continue
        try:
            changes.append(_change(rows.line_num, cells))
        except ValueError as error:
            wrong.append(f"{path.name}:{rows.line_num}: {error}")
    if wrong:
        raise BadRegisterChanges("\n".join(wrong))
    return changes


def _change(line: int, cells: dict[str, str]) -> Change:
    code, name = cells["code"], cells["name"]
    if not (code.isascii() and code.isdecimal() and len(code) in CODE_LENGTHS):
        raise ValueError(f"code {code!r} must have 2, 4, 6, 9 or 12 digits")
    if not name:
        raise ValueError(f"{code} has no name")
    days = []
    for column in ("valid_from", "valid_to"):
        try:
            days.append(day(cells[column]))
        except ValueError:
            raise ValueError(f"{column} {cells[column]!r} must be a day or a month: 2004-09-07, 2004-09") from None
    began, ended = days
    if began and ended and began >= ended:
        raise ValueError(f"{code} {name} would cease on {ended}, before it begins on {began}")
    successors, founded = tuple(cells["successors"].split()), tuple(cells["founded"].split())
    if successors and not ended:
        raise ValueError(f"{code} {name} has successors but no valid_to")
    if others := [heir for heir in founded if heir not in successors]:
        raise ValueError(f"founded {' '.join(others)} must be among the successors")
    try:
        weights = tuple(Decimal(weight) for weight in cells.get("weights", "").split())
    except InvalidOperation:
        raise ValueError(f"weights {cells['weights']!r} must be numbers such as 0.6 0.4") from None
    if weights and (len(weights) != len(successors) or sum(weights) != 1 or min(weights) <= 0):
        raise ValueError(f"weights {cells['weights']!r} must be one for each successor and add up to 1")
    kind = cells.get("kind") or "unit"
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} must be {' or '.join(KINDS)}")
    counts = []
    for column in ("villages", "communities"):
        text = cells.get(column, "")
        if text and not (text.isascii() and text.isdecimal()):
            raise ValueError(f"{column} {text!r} must be a whole number")
        counts.append(int(text) if text else None)
    return Change(line, code, name, began, ended, successors, founded, weights, kind, *counts)


def check_changes(changes: Sequence[Change], known: Container[str], file: str) -> None:
    """Whether the changes of a file agree with each other and with the codes that stand. Raises BadRegisterChanges."""
    new = {change.code for change in changes if not change.valid_to}
    gone = {change.code for change in changes if change.valid_to}
    wrong = [
        f"{file}:{change.line}: successor {heir} of {change.code} {change.name} is not in the register nor in this file"
        for change in changes
        for heir in change.successors
        if heir not in known and heir not in new and heir not in gone
    ]
    wrong += [
        f"{file}:{change.line}: {change.code} {change.name} and line {other.line} stand at the same time"
        for other, change in _overlaps(changes)
    ]
    if wrong:
        raise BadRegisterChanges("\n".join(wrong))


def _overlaps(changes: Iterable[Change]) -> list[tuple[Change, Change]]:
    by_code: dict[str, list[Change]] = {}
    for change in changes:
        by_code.setdefault(change.code, []).append(change)
    found = []
    for same in by_code.values():
        same.sort(key=lambda change: change.valid_to or date.max)
        found += [
            (one, next_one)
            for one, next_one in pairwise(same)
            if (next_one.valid_from or date.min) < (one.valid_to or date.max)
        ]
    return found
