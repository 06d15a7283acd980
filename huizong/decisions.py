"""What the analyst does: accept, send back, explain, answer, withdraw, close a period; what units owe and are to reach.

Each deed is an event of the journal and its effect on the rows (derive.py), in one transaction; whether it may be done
is looked up inside it, so that two people cannot decide past each other.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import uuid4

from huizong import assignments, journal
from huizong.answers import numbered
from huizong.derive import apply
from huizong.edits import looks_personal
from huizong.forms import SHORTEST_EXPLANATION, Form
from huizong.loading import TOLD
from huizong.org_units import LEVELS
from huizong.periods import Period
from huizong.store import Cursor, Store
from huizong.targets import Change, none_or, period_of_target
from huizong.texts import _, language

WRITTEN = ("reason", "explanation", "text", "answer", "note")  # of an event: what somebody wrote
WAYS_TO_CHASE = ("telephone", "message", "letter", "visit")


class NotAcceptable(ValueError):
    """A return that cannot be accepted as it is; the message lists why."""


class UnknownSubmission(KeyError):
    """No submission has this id."""

    def __str__(self) -> str:
        return self.args[0]


def _happen(store: Store, who: str, kind: str, subject: str, body: dict) -> None:
    with store.transaction() as cursor:
        _record(store, cursor, who, (kind, subject, body))


def _record(store: Store, cursor: Cursor, who: str, *happenings: tuple[str, str, dict]) -> None:
    """What has happened, after the caller has looked within the same transaction whether it may.

    Raises NotAcceptable where what was written carries an identity or a mobile number: the journal keeps it for ever.
    """
    written = (body.get(name) for _kind, _subject, body in happenings for name in WRITTEN)
    if any(looks_personal(text) for text in written if isinstance(text, str)):
        raise NotAcceptable(_("an identity or mobile number is kept nowhere here; take it out of what you wrote"))
    apply(store, cursor, journal.append(cursor, who, list(happenings)))


def _status(store: Store, submission: str) -> str:
    rows = store.run("SELECT status FROM submission WHERE id = ?", [submission])
    if not rows:
        raise UnknownSubmission(f"no submission {submission!r}")
    return rows[0][0]


def _given(reason: str) -> str:
    """The reason without the space around it. Raises NotAcceptable where there is none."""
    if not reason.strip():
        raise NotAcceptable(_("say why: the reason is kept in the record"))
    return reason.strip()


def _day(at: datetime) -> str:
    """The day of a moment of the record (UTC), on the clock on the wall."""
    return f"{at.replace(tzinfo=UTC).astimezone():%Y-%m-%d}"


# ---- accept, or not --------------------------------------------------------------------------------------------------


class Standing(NamedTuple):
    """What decides whether a return may be put in force. newer: a later revision is in force, or to be accepted with
    it. first, first_status: the revision that it repeats, and where that one stands."""

    id: str
    status: str
    n_errors: int
    n_queries: int
    n_explained: int
    newer: bool
    closed_at: datetime | None
    closed_by: str | None
    closing_reason: str | None
    first: int | None
    first_at: datetime | None
    first_status: str | None

    @property
    def obstacle(self) -> str | None:
        if self.status == "unsure":
            return _("what the sheet leaves unclear must be confirmed first")
        if self.status == "unchanged":
            words = _("no value has changed since revision {n} of {date}; nothing to accept")
            if self.first_status == "sent_back":
                words = _("no value has changed since revision {n} of {date}, which was sent back; if it is right "
                          "after all, take that one up again under “Submissions”")  # fmt: skip
            return words.format(n=self.first, date=_day(self.first_at) if self.first_at else "")
        if self.n_errors:
            return _("errors that the reporting unit must correct: {n}").format(n=self.n_errors)
        if self.n_queries > self.n_explained:
            return _("queries that need an explanation: {n}").format(n=self.n_queries - self.n_explained)
        if self.status not in ("query", "clean"):
            return _("it has been decided already")
        if self.newer:
            return _("a newer revision takes its place")
        return _closed(self.closed_at, self.closed_by, self.closing_reason) if self.closed_at else None


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
    ) AS newer,
    closing.closed_at,
    closing.who,
    closing.reason,
    first.revision,
    first.received_at,
    first.status
FROM submission AS s
LEFT JOIN closing ON closing.form = s.form AND closing.period = s.period
LEFT JOIN submission AS first ON first.id = s.repeats
WHERE s.id IN (SELECT unnest($1))
"""


def _closed(at: datetime, who: str | None, reason: str | None) -> str:
    words = _("the period was closed by {who} on {date} ({reason}); reopen it first, with a reason")
    return words.format(who=who, date=_day(at), reason=reason)


def why_closed(store: Store, form: str, period: str) -> str | None:
    """Who closed the period of a form, when and why; None where it is open."""
    rows = store.run("SELECT closed_at, who, reason FROM closing WHERE form = ? AND period = ?", [form, period])
    return _closed(*rows[0]) if rows else None


def _refuse_closed(store: Store, form: str, period: str) -> None:
    """Raises NotAcceptable where the period of a form is closed."""
    if why := why_closed(store, form, period):
        raise NotAcceptable(why)


def why_not_acceptable(store: Store, ids: Sequence[str]) -> dict[str, str]:
    """id → why it cannot be accepted, for those that cannot."""
    held = [Standing(*row) for row in store.run(_STANDING, [list(ids)])]
    return {one.id: why for one in held if (why := one.obstacle)} | {
        i: _("no such return") for i in ids if i not in {one.id for one in held}
    }


def accept_within(store: Store, cursor: Cursor, ids: Sequence[str], who: str) -> list[str]:
    """Accepts those that can be; of several revisions of one return only the newest."""
    held = [Standing(*row) for row in cursor.execute(_STANDING, [list(ids)]).fetchall()]
    good = sorted(one.id for one in held if not one.obstacle)
    if good:
        _record(store, cursor, who, ("accepted", "", {"submissions": good}))
    return good


def accept(store: Store, ids: Sequence[str], *, who: str) -> None:
    """Puts returns in force; what they replace is superseded. Raises NotAcceptable, and then accepts none."""
    with store.transaction() as cursor:
        if obstacles := why_not_acceptable(store, ids):
            raise NotAcceptable("\n".join(f"{i}: {why}" for i, why in obstacles.items()))
        _record(store, cursor, who, ("accepted", ids[0] if len(ids) == 1 else "", {"submissions": sorted(ids)}))


def send_back(store: Store, submission: str, *, who: str, reason: str) -> None:
    """Gives a return back to its unit; it stays on record."""
    with store.transaction() as cursor:
        if _status(store, submission) in ("accepted", "superseded", "withdrawn"):
            raise NotAcceptable(_("it has been decided already"))
        _record(store, cursor, who, ("sent_back", submission, {"reason": _given(reason)}))


def withdraw(store: Store, submission: str, *, who: str, reason: str) -> None:
    """Takes a return out of force; it stays on record. Raises NotAcceptable where it is, or its period closed."""
    with store.transaction() as cursor:
        match _status(store, submission):
            case "withdrawn":
                raise NotAcceptable(_("it has been decided already"))
            case "accepted":
                _refuse_closed(store, *_place(store, submission))
        _record(store, cursor, who, ("withdrawn", submission, {"reason": _given(reason)}))


def _place(store: Store, submission: str) -> tuple[str, str]:
    """Its form and period."""
    ((form, period),) = store.run("SELECT form, period FROM submission WHERE id = ?", [submission])
    return form, period


def explain(store: Store, submission: str, findings: int | Sequence[int], text: str, *, who: str) -> None:
    """Stores the explanation (审核说明) of queries. Raises NotAcceptable for an error or for too few words."""
    numbers = [findings] if isinstance(findings, int) else list(findings)
    with store.transaction() as cursor:
        _status(store, submission)
        form, _period = _place(store, submission)
        names = ("n", "severity", *TOLD)
        rows = store.run(f"SELECT {', '.join(names)} FROM finding WHERE submission_id = ?", [submission])
        told = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
        if not numbers or any(n not in told or told[n]["severity"] != "query" for n in numbers):
            raise NotAcceptable(_("only a query can be explained; an error must be corrected"))
        shortest = max(shortest_explanation(store.forms[form], told[n]["rule"]) for n in numbers)
        if len(text.strip()) < shortest:
            raise NotAcceptable(_("an explanation has at least {n} characters").format(n=shortest))
        body = {
            "findings": numbers,
            "told": [{name: told[n][name] for name in TOLD} for n in numbers],
            "text": text.strip(),
        }
        _record(store, cursor, who, ("explained", submission, body))


def shortest_explanation(form: Form, rule: str) -> int:
    """How many characters an explanation of a finding has at least."""
    return next((r.shortest_explanation for r in form.rules if r.code == rule), SHORTEST_EXPLANATION)


# ---- what a return is, and nil returns -------------------------------------------------------------------------------


def answer(
    store: Store,
    submission: str,
    *,
    who: str,
    form: str | None = None,
    unit: str | None = None,
    period: str | None = None,
    columns: Mapping[str, str] | None = None,
    heads: Mapping[str, str] | None = None,
    reason: str = "",
) -> str:
    """Keeps what the analyst says of an unclear return, or of one read for the wrong unit or period, and reads it
    again: it waits for a decision anew, also when it had been sent back or withdrawn.

    columns: the cell of a head (表1!F4) → the item that stands in its column, "" for none. heads: the same cells →
    their printed heads, of columns that nothing was asked about.

    To move a return that was placed takes a reason. One that has been in force stays on record where it was, withdrawn,
    so that no past figure changes, and waits at its new place as a return of its own. Gives the id of what waits.
    Raises NotAcceptable for what was superseded, and where the period it is in force for or is moved to is closed.
    """
    said = {"form": form, "unit": store.units.get(unit).code if unit else None,
            "period": Period.of(period).code if period else None, "columns": dict(columns or {})}  # fmt: skip
    with store.transaction() as cursor:
        status = _status(store, submission)
        ((was, asked, original, accepted_at),) = store.run(
            "SELECT {'form': form, 'unit': unit, 'period': period}, questions, original, accepted_at FROM submission "
            "WHERE id = ?",
            [submission],
        )
        if original is None:
            raise NotAcceptable(_("a nil return that was entered has no workbook to be read again; withdraw it"))
        if status == "superseded":
            raise NotAcceptable(_("it was in force and a newer return has taken its place"))
        becomes = {name: said[name] or was[name] for name in was}
        if status != "unsure" and (becomes != was or status == "accepted"):
            reason = _given(reason)
            if (becomes["form"], becomes["period"]) != (was["form"], was["period"]):
                _refuse_closed(store, becomes["form"], becomes["period"])
            if status == "accepted":
                _refuse_closed(store, was["form"], was["period"])
        body = said | printed_where_asked(json.loads(asked or "[]"), said, heads or {}) | {"reason": reason.strip()}
        if accepted_at is not None:
            body["as"] = _next_id(store, submission)
        happenings = [("answered", submission, {name: value for name, value in body.items() if value})]
        if status == "accepted":
            happenings.insert(0, ("withdrawn", submission, {"reason": reason}))
        _record(store, cursor, who, *happenings)
    return body.get("as", submission)


def _next_id(store: Store, submission: str) -> str:
    """The id of a return that is moved and stays on record where it was."""
    arrived, _number = numbered(submission)
    ((held,),) = store.run("SELECT count(*) FROM submission WHERE id = $1 OR starts_with(id, $1 || '-')", [arrived])
    return f"{arrived}-{held + 1}"


def printed_where_asked(questions: Sequence[Mapping], said: Mapping, heads: Mapping[str, str]) -> dict[str, dict]:
    """heads (cell → printed head) and found (ask → printed text): by them earlier_answers finds an answer again."""
    asked = {f"{q['sheet']}!{q['cell']}": q["found"] for q in questions if q["ask"] == "column"} | dict(heads)
    return {
        "heads": {cell: asked[cell] for cell in said["columns"] if cell in asked},
        "found": {q["ask"]: q["found"] for q in questions if said.get(q["ask"])},
    }


def nil(store: Store, form: str, unit: str, period: str, *, who: str, reason: str) -> str:
    """Enters that a unit has nothing to report (零报告), in force at once; gives the id of that return.

    Raises NotAcceptable where the form knows no nil return, the unit or the period is none of the form's, the period
    has not begun or is closed, or a return is in force or waits for a decision.
    """
    declared, place, when = store.forms[form], store.units.get(unit), Period.of(period)
    said = {"form": declared.title.get(language()), "unit": place.name, "period": when.label(language())}
    if not declared.nil:
        raise NotAcceptable(_("“{form}” knows no nil return").format(**said))
    if LEVELS[place.level] not in declared.levels:
        raise NotAcceptable(_("{unit} does not report “{form}”").format(**said))
    if when.frequency != declared.frequency or when.end < declared.valid_from or when.start > date.today():
        raise NotAcceptable(_("“{form}” is not reported for {period}").format(**said))
    with store.transaction() as cursor:
        _refuse_closed(store, declared.code, when.code)
        for status, is_nil, revision, at in store.run(_HELD, [declared.code, place.code, when.code]):
            what = {"n": revision, "date": _day(at)}
            if status == "accepted" and is_nil:
                raise NotAcceptable(_("a nil return is in force since {date}; nothing to enter").format(**what))
            if status == "accepted":
                raise NotAcceptable(_("revision {n} is in force since {date}; withdraw it first").format(**what))
            raise NotAcceptable(_("revision {n} of {date} waits for a decision; decide on it first").format(**what))
        submission = f"nil-{uuid4().hex[:12]}-0"
        body = {"form": declared.code, "unit": place.code, "period": when.code, "reason": _given(reason)}
        _record(store, cursor, who, ("nil", submission, body))
    return submission


# The return in force of a form ($1), unit and period, or the newest while it waits for a decision.
_HELD = """
WITH held AS (SELECT * FROM submission WHERE form = $1 AND unit = $2 AND period = $3 AND status <> 'withdrawn')
SELECT status, nil, revision, coalesce(accepted_at, received_at)
FROM held
WHERE
    status = 'accepted'
    OR (revision = (SELECT max(revision) FROM held) AND status IN ('unsure', 'error', 'query', 'clean'))
ORDER BY status
"""


# ---- periods ---------------------------------------------------------------------------------------------------------


def close(store: Store, period: str, forms: Sequence[str], *, who: str, reason: str) -> None:
    """Closes (定案) the returns of these forms whose period ends in this one: none is put in force or taken out of it
    until it is reopened. Returns are received all the same, and wait. Raises NotAcceptable when all are closed."""
    _turn(store, "closed", period, forms, who, reason)


def reopen(store: Store, period: str, forms: Sequence[str], *, who: str, reason: str) -> None:
    """Opens again (解锁) what was closed. Raises NotAcceptable when nothing of it is."""
    _turn(store, "reopened", period, forms, who, reason)


def _turn(store: Store, kind: str, period: str, forms: Sequence[str], who: str, reason: str) -> None:
    whole = Period.of(period)
    wanted = [(code, part.code) for code in forms for part in whole.ending(store.forms[code].frequency)]
    with store.transaction() as cursor:
        closed = set(store.run("SELECT form, period FROM closing"))
        pairs = [pair for pair in wanted if (pair in closed) == (kind == "reopened")]
        if not pairs:
            raise NotAcceptable(_("nothing of it is open") if kind == "closed" else _("nothing of it is closed"))
        body = {
            "forms": list(dict.fromkeys(form for form, _part in pairs)),
            "reason": _given(reason),
            "returns": [{"form": form, "period": part} for form, part in pairs],
        }
        _record(store, cursor, who, (kind, whole.code, body))


# ---- what units owe and are to reach ---------------------------------------------------------------------------------


def set_target(
    store: Store, indicator: str, unit: str, period: str, value: float | None, *, who: str, sample: bool = False
) -> None:
    """Enters what a unit has been asked to reach in a period (targets.period_of_target); None takes it away."""
    own = period_of_target(store.forms.indicators[indicator][1], Period.of(period)).code
    body = {"unit": store.units.get(unit).code, "period": own, "value": value, "sample": sample}
    _happen(store, who, "target", indicator, body)


def set_targets(store: Store, changes: Sequence[Change], *, who: str) -> None:
    """Enters many targets at once, or none: raises NotAcceptable where one is no longer what it was."""
    with store.transaction() as cursor:
        held = {
            (indicator, unit, period): none_or(value)
            for indicator, unit, period, value in store.run(
                "SELECT indicator, unit, period, value FROM target WHERE ended_at IS NULL"
            )
        }
        if any(held.get((one.indicator, one.unit, one.period)) != one.before for one in changes):
            raise NotAcceptable(_("somebody has entered other targets in the meantime; look at them and edit again"))
        happenings = [
            ("target", one.indicator, {"unit": store.units.get(one.unit).code, "period": one.period,
                                       "value": one.after, "sample": False})
            for one in changes
        ]  # fmt: skip
        _record(store, cursor, who, *happenings)


def assign(
    store: Store,
    rules: Sequence[assignments.Rule],
    *,
    who: str,
    reason: str = "",
    sample: bool = False,
    replaces: bool = False,
    seen: int | None = None,
) -> None:
    """Lays down rules of who owes what (assignments.py), beside those there are or, replaces, instead of all but the
    samples'. seen: the event (assignments.last_saved) after which they were edited; a save since is not overwritten.
    """
    if wrong := assignments.faults(store, rules):
        raise NotAcceptable("; ".join(wrong))
    body = {"assignments": [assignments.completed(store, rule) for rule in rules], "reason": reason, "sample": sample,
            "replaces": replaces}  # fmt: skip
    with store.transaction() as cursor:
        if seen is not None and seen != assignments.last_saved(store):
            raise NotAcceptable(_("somebody has saved other rules in the meantime; load them and edit again"))
        _record(store, cursor, who, ("assigned", "", body))


def chase(
    store: Store, returns: Sequence[Mapping[str, str]], *, who: str, how: str, text: str = "", answer: str = ""
) -> None:
    """Keeps an attempt to get returns that are owed. returns: form, unit and period of each; how: telephone, message,
    letter or visit; text: what was said; answer: what the unit answered."""
    if how not in WAYS_TO_CHASE:
        raise ValueError(f"{how!r}; known: {', '.join(WAYS_TO_CHASE)}")
    if not returns:
        raise NotAcceptable(_("choose what is to be asked for first"))
    named = [
        {
            "form": store.forms[row["form"]].code,
            "unit": store.units.get(row["unit"]).code,
            "period": Period.of(row["period"]).code,
        }
        for row in returns
    ]
    _happen(store, who, "chased", "", {"returns": named, "how": how, "text": text.strip(), "answer": answer.strip()})


def review(store: Store, submission: str, check: str, item: str, value: str, text: str, *, who: str) -> None:
    """Keeps that a line of the cross checks (cross_checks.Line) was looked into and is right: it stays away while its
    value is the same. Raises NotAcceptable for too few words."""
    if len(text.strip()) < SHORTEST_EXPLANATION:
        raise NotAcceptable(_("an explanation has at least {n} characters").format(n=SHORTEST_EXPLANATION))
    with store.transaction() as cursor:
        _status(store, submission)
        ((form, unit, period),) = store.run("SELECT form, unit, period FROM submission WHERE id = ?", [submission])
        body = {"check": check, "form": form, "unit": unit, "period": period, "item": item, "value": value,
                "text": text.strip()}  # fmt: skip
        _record(store, cursor, who, ("reviewed", submission, body))


def drop_samples(store: Store, *, who: str) -> None:
    """Takes the demonstration returns, with what they said of who owes what and their targets, out of all figures.

    Raises NotAcceptable where one is in force for a period that is closed: to reopen it takes a reason, as ever.
    """
    samples = store.run("SELECT id FROM submission WHERE sample AND status <> 'withdrawn' ORDER BY id")
    targets = store.run("SELECT indicator, unit, period FROM target WHERE sample AND ended_at IS NULL")
    happenings: list[tuple[str, str, dict]] = [("withdrawn", i, {"reason": "示例数据"}) for (i,) in samples]
    happenings += [("target", i, {"unit": unit, "period": p, "value": None}) for i, unit, p in targets]
    happenings.append(("assigned", "", {"assignments": [], "instead_of_samples": True}))
    with store.transaction() as cursor:
        closed = store.run(
            "SELECT DISTINCT form, period FROM submission INNER JOIN closing USING (form, period) "
            "WHERE sample AND status = 'accepted' ORDER BY form, period"
        )
        if closed:
            said = [f"{store.forms[form].title.get(language())} {Period.of(p).label(language())}" for form, p in closed]
            words = _(
                "demonstration returns are in force for closed periods; reopen these first, with a reason: {periods}"
            )
            raise NotAcceptable(words.format(periods=_(", ").join(said)))
        _record(store, cursor, who, *happenings)
