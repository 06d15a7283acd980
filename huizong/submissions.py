"""What is known of returns that have arrived: their list, findings, rows, and what a revision changes."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from huizong.edits import Finding, describe
from huizong.layout import cell_at
from huizong.periods import Period
from huizong.store import ALWAYS, EVERYWHERE, Store
from huizong.texts import N_

# Where a return stands, as people say it.
STATUSES = {
    "unsure": N_("To be answered"),
    "error": N_("Has errors"),
    "query": N_("To be explained"),
    "explained": N_("Explained; may be accepted"),
    "clean": N_("Ready to accept"),
    "accepted": N_("Accepted"),
    "superseded": N_("Replaced by a newer return"),
    "sent_back": N_("Sent back"),
    "withdrawn": N_("Withdrawn"),
    "unchanged": N_("No value has changed"),
}


def listed(
    store: Store, scope: Sequence[str] = EVERYWHERE, *, as_of: datetime = ALWAYS, **where: str | None
) -> pd.DataFrame:
    """One row per submission that had arrived, newest first: the columns of table submission, as they stood then, and
    unit_name. What was moved since, or placed by an answer, has no unit and period. where: form, unit (and all beneath
    it), period, status, id."""
    params = {name: where.get(name) for name in ("form", "unit", "period", "status", "id")}
    frame = store.ask("submissions", scope, as_of=as_of, **params)
    frame.loc[frame["moved"], ["unit", "unit_name", "period", "revision"]] = None
    return frame.drop(columns="moved")


def findings(
    store: Store, submission: str, scope: Sequence[str] = EVERYWHERE, *, as_of: datetime = ALWAYS
) -> pd.DataFrame:
    """One row per finding in the current language: n, severity, rule, sheet, cells, item, item_label, found, expected,
    message, remedy, explanation (none that was given later only)."""
    frame = store.ask("findings", scope, submission=submission)
    if as_of != ALWAYS:
        events = store.ask("timeline", scope, submission=submission)
        explained = events[events["kind"] == "explained"]
        by_then = explained["happened_at"] <= as_of
        later = {*explained["note"]} - {*explained["note"][by_then]}
        frame["explanation"] = frame["explanation"].mask(frame["explanation"].isin(later))
    told = []
    for row in frame.itertuples():
        finding = Finding(row.severity, row.rule, row.sheet, list(row.cells), row.item, row.found or "",
                          json.loads(row.params))  # fmt: skip
        form = store.forms.of(row.form, Period.of(row.period) if row.period else None)
        told.append(describe(form, finding))
    frame["item_label"] = [t["item"] for t in told]
    for name in ("message", "expected", "remedy"):
        frame[name] = [t[name] for t in told]
    return frame.drop(columns=["form", "period", "params"])


def rows(store: Store, submission: str, form: str) -> pd.DataFrame:
    """The rows of a submission as read: sheet, row, unit_code, row_kind, label, then its items."""
    items = ", ".join(f'"{item.code}"' for item in store.forms[form].items)
    return store.frame(
        f'SELECT sheet, row, unit_code, row_kind, label, {items} FROM "{store.forms[form].code}" '
        "WHERE submission_id = ? ORDER BY sheet, row",
        [submission],
    )


def rows_in_force(
    store: Store, form: str, unit: str, period: str, scope: Sequence[str] = EVERYWHERE
) -> pd.DataFrame | None:
    """The rows of the accepted return of a unit for a period, as `rows` gives them; None when there is none."""
    held = listed(store, scope, form=form, unit=unit, period=period, status="accepted")
    held = held[held["unit"] == unit]
    return rows(store, held["id"].iloc[0], form) if len(held) else None


def difference(store: Store, submission: str) -> pd.DataFrame:
    """What a revision changes against the one in force, else the one before it: label, item, before, after, cell.

    Rows are matched by what names them; a row that is new or gone has every filled item listed.
    """
    (this,) = listed(store, id=submission).to_dict("records") or [None]
    columns = ["label", "item", "before", "after", "cell"]
    if this is None or not this["unit"] or not this["period"]:
        return pd.DataFrame(columns=columns)
    others = listed(store, form=this["form"], unit=this["unit"], period=this["period"])
    others = others[(others["unit"] == this["unit"]) & (others["id"] != submission)]
    others = others[others["revision"] < this["revision"]]
    if others.empty:
        return pd.DataFrame(columns=columns)
    standing = others[others["status"] == "accepted"]
    other = (standing if len(standing) else others).sort_values("revision").iloc[-1]
    form = store.forms[this["form"]]
    places = {(s, i): place for s, i, place in store.run(
        "SELECT sheet, item, place FROM located WHERE submission_id = ?", [submission]
    )}  # fmt: skip
    after, before = (_by_label(rows(store, i, form.code)) for i in (submission, other["id"]))
    changes = []
    for key in dict.fromkeys([*after, *before]):
        new, old = after.get(key), before.get(key)
        for item in form.items:
            was, now = (None if row is None else _or_none(row[item.code]) for row in (old, new))
            if was != now:
                place = places.get((new["sheet"], item.code)) if new else None
                cell = f"{new['sheet']}!{cell_at(place, new['row'])}" if new and place else ""
                changes.append((key[0], item.code, was, now, cell))
    return pd.DataFrame(changes, columns=columns)


def _by_label(frame: pd.DataFrame) -> dict[tuple[str, int], dict]:
    """(label, how many rows before had the same) → the row."""
    seen: dict[str, int] = {}
    found = {}
    for row in frame.to_dict("records"):
        label = str(row["label"])
        found[label, seen.get(label, 0)] = row
        seen[label] = seen.get(label, 0) + 1
    return found


def _or_none(value: object) -> object:
    return None if value is None or value is pd.NA or value is pd.NaT or value != value else value


def states(store: Store, ids: Sequence[str]) -> dict[str, dict]:
    """id → form, unit, period, revision, status and the numbers of rows and findings of each submission."""
    names = (
        "id", "form", "unit", "period", "revision", "status", "n_rows", "n_errors", "n_queries", "n_explained",
    )  # fmt: skip
    rows = store.run(f"SELECT {', '.join(names)} FROM submission WHERE id IN (SELECT unnest($1))", [list(ids)])
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}


def state_of(submission: Mapping[str, Any]) -> str:
    """The status, with those queries told apart that are explained and only wait to be accepted."""
    explained = submission["status"] == "query" and submission["n_explained"] == submission["n_queries"]
    return "explained" if explained else submission["status"]
