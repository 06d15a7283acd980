"""What the analyst does: accept, send back, explain, answer, withdraw; what units owe and are to reach.

Each deed is an event of the journal and its effect on the rows (derive.py), in one transaction.
"""

from collections.abc import Mapping, Sequence

from huizong import journal
from huizong.derive import apply
from huizong.periods import Period
from huizong.store import Cursor, Store
from huizong.texts import _

SHORTEST_EXPLANATION = 4  # characters; "无" explains nothing


class NotAcceptable(ValueError):
    """A return that cannot be accepted as it is; the message lists why."""


class UnknownSubmission(KeyError):
    """No submission has this id."""

    def __str__(self) -> str:
        return self.args[0]


def _happen(store: Store, who: str, kind: str, subject: str, body: dict) -> None:
    with store.transaction() as cursor:
        apply(store, cursor, journal.append(cursor, who, [(kind, subject, body)]))


def _status(store: Store, submission: str) -> str:
    rows = store.run("SELECT status FROM submission WHERE id = ?", [submission])
    if not rows:
        raise UnknownSubmission(f"no submission {submission!r}")
    return rows[0][0]


def why_not_acceptable(store: Store, ids: Sequence[str]) -> dict[str, str]:
    """id → why it cannot be accepted, for those that cannot."""
    rows = store.run(_STANDING, [list(ids)])
    return {row[0]: why for row in rows if (why := _obstacle(*row[1:]))} | {
        i: _("no such return") for i in ids if i not in {row[0] for row in rows}
    }


# newer: a later revision of the same return is in force or is to be accepted with this one.
_STANDING = """
SELECT
    s.id,
    s.status,
    s.n_errors,
    s.n_queries,
    s.n_explained,
    EXISTS (
        SELECT 1
        FROM submission AS n
        WHERE
            (n.form, n.unit, n.period) = (s.form, s.unit, s.period)
            AND n.revision > s.revision
            AND (n.status = 'accepted' OR n.id IN (SELECT unnest($1)))
    ) AS newer
FROM submission AS s
WHERE s.id IN (SELECT unnest($1))
"""


def _obstacle(status: str, n_errors: int, n_queries: int, n_explained: int, newer: bool) -> str | None:
    if status == "unsure":
        return _("the form, unit or period must be confirmed first")
    if n_errors:
        return _("errors that the reporting unit must correct: {n}").format(n=n_errors)
    if n_queries > n_explained:
        return _("queries that need an explanation: {n}").format(n=n_queries - n_explained)
    if status not in ("query", "clean"):
        return _("it has been decided already")
    return _("a newer revision takes its place") if newer else None


def accept_within(store: Store, cursor: Cursor, ids: Sequence[str], who: str) -> list[str]:
    """Accepts those that can be; of several revisions of one return only the newest."""
    rows = cursor.execute(_STANDING, [list(ids)]).fetchall()
    good = sorted(row[0] for row in rows if _obstacle(*row[1:]) is None)
    if good:
        apply(store, cursor, journal.append(cursor, who, [("accepted", "", {"submissions": good})]))
    return good


def accept(store: Store, ids: Sequence[str], *, who: str) -> None:
    """Puts returns in force; what they replace is superseded. Raises NotAcceptable, and then accepts none."""
    if obstacles := why_not_acceptable(store, ids):
        raise NotAcceptable("\n".join(f"{i}: {why}" for i, why in obstacles.items()))
    _happen(store, who, "accepted", ids[0] if len(ids) == 1 else "", {"submissions": sorted(ids)})


def send_back(store: Store, submission: str, *, who: str, reason: str) -> None:
    """Gives a return back to its unit; it stays on record."""
    if _status(store, submission) in ("accepted", "superseded", "withdrawn"):
        raise NotAcceptable(_("it has been decided already"))
    _happen(store, who, "sent_back", submission, {"reason": reason})


def explain(store: Store, submission: str, findings: int | Sequence[int], text: str, *, who: str) -> None:
    """Stores the explanation (审核说明) of a query. Raises NotAcceptable for an error or for too few words."""
    numbers = [findings] if isinstance(findings, int) else list(findings)
    _status(store, submission)
    if len(text.strip()) < SHORTEST_EXPLANATION:
        raise NotAcceptable(_("an explanation has at least {n} characters").format(n=SHORTEST_EXPLANATION))
    severities = dict(store.run("SELECT n, severity FROM finding WHERE submission_id = ?", [submission]))
    if any(severities.get(n) != "query" for n in numbers):
        raise NotAcceptable(_("only a query can be explained; an error must be corrected"))
    _happen(store, who, "explained", submission, {"findings": numbers, "text": text.strip()})


def answer(
    store: Store,
    submission: str,
    *,
    who: str,
    form: str | None = None,
    unit: str | None = None,
    period: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> None:
    """Keeps what the analyst says of an unclear return, or of one read for the wrong unit or period, and reads it
    again: it waits for a decision anew, also when it had been sent back or withdrawn.

    columns: the cell of a head (表1!F4) → the item that stands in its column, "" for none.
    """
    if _status(store, submission) in ("accepted", "superseded"):
        raise NotAcceptable(_("it is or was in force; withdraw it first"))
    said = {"form": form, "unit": store.units.get(unit).code if unit else None,
            "period": Period.of(period).code if period else None, "columns": dict(columns or {})}  # fmt: skip
    _happen(store, who, "answered", submission, {k: v for k, v in said.items() if v})


def withdraw(store: Store, submission: str, *, who: str, reason: str) -> None:
    """Takes a return out of force; it stays on record."""
    if _status(store, submission) == "withdrawn":
        raise NotAcceptable(_("it has been decided already"))
    _happen(store, who, "withdrawn", submission, {"reason": reason})


def set_target(
    store: Store, indicator: str, unit: str, period: str, value: float | None, *, who: str, sample: bool = False
) -> None:
    """Enters what a unit has been asked to reach in a year; None takes it away."""
    year = str(Period.of(period).year)
    body = {"unit": store.units.get(unit).code, "period": year, "value": value, "sample": sample}
    _happen(store, who, "target", indicator, body)


def assign(store: Store, assignments: list[dict], *, who: str, sample: bool = False) -> None:
    """Says who owes what: rows of form, unit, from, to (ISO dates or None)."""
    _happen(store, who, "assigned", "", {"assignments": assignments, "sample": sample})


def drop_samples(store: Store, *, who: str) -> None:
    """Takes the demonstration returns, with what they said of who owes what and their targets, out of all figures."""
    samples = store.run("SELECT id FROM submission WHERE sample AND status <> 'withdrawn' ORDER BY id")
    targets = store.run("SELECT indicator, unit, period FROM target WHERE sample")
    happenings: list[tuple[str, str, dict]] = [("withdrawn", i, {"reason": "示例数据"}) for (i,) in samples]
    happenings += [("target", i, {"unit": unit, "period": p, "value": None}) for i, unit, p in targets]
    happenings.append(("assigned", "", {"assignments": [], "instead_of_samples": True}))
    with store.transaction() as cursor:
        apply(store, cursor, journal.append(cursor, who, happenings))
