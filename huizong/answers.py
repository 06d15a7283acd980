"""What the analyst says of returns that leave something unclear: read again with it, offered again, taken from a file.

An answer is kept in the journal (decisions.answer) and never changes how the returns of a workbook are numbered.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from huizong.forms import Form, Forms
from huizong.org_units import Register
from huizong.periods import BadPeriod, Period
from huizong.returned import Question, Return
from huizong.returns import read_returns
from huizong.store import EVERYWHERE, Store
from huizong.texts import _
from huizong.workbook import Unreadable, Workbook

Said = dict[str, Any]  # form, unit, period: codes; columns: 表1!F4 → the item in it, "" for none


class BadAnswers(ValueError):
    """A file of answers that does not fit; the message says which answer and what would be right."""


# ---- on record -------------------------------------------------------------------------------------------------------


def numbered(submission: str) -> tuple[str, int]:
    """The id that a return arrived with, and its number in the workbook. Moved out of force it is <id>-2, -3, …"""
    sha256, number, *_moved = submission.split("-")
    return f"{sha256}-{number}", int(number)


def said_of(store: Store, submission: str, until: int | None = None) -> Said:
    """All that has been answered about a return, under any of its ids, up to an event of the journal."""
    said: Said = {"columns": {}}
    arrived, _number = numbered(submission)
    for (body,) in store.run(
        "SELECT body FROM journal WHERE kind = 'answered' AND (subject = $1 OR starts_with(subject, $1 || '-')) "
        "AND seq <= coalesce($2, seq) ORDER BY seq",
        [arrived, until],
    ):
        said = with_more(said, json.loads(body))
    return said


def with_more(said: Mapping, more: Mapping) -> Said:
    """What was said, and more that goes before it."""
    return {**said, **more, "columns": {**said.get("columns", {}), **more.get("columns", {})}}


def read_submission(store: Store, workbook: Workbook, submission: str, said: Mapping) -> Return:
    """A submission as its workbook reads with what was said of it."""
    _arrived, number = numbered(submission)
    return read_returns(workbook, store.vocabulary, store.units, {number: said})[number]


def asked_about(store: Store, submission: str) -> tuple[int, Form, list[Question]]:
    """The number of a return in its workbook, its form, and what is unclear of it."""
    ((form, questions),) = store.run("SELECT form, questions FROM submission WHERE id = ?", [submission])
    _arrived, number = numbered(submission)
    return number, store.forms[form], [Question(**question) for question in json.loads(questions or "[]")]


class Earlier(NamedTuple):
    """An answer of the journal to the same question: the code, and of which return it was given."""

    answer: str
    unit: str | None
    period: str | None


def earlier_answers(
    store: Store, form: str, unit: str | None, scope: Sequence[str] = EVERYWHERE
) -> Callable[[str, str, int], Earlier | None]:
    """ask (column, unit, form), printed text and the how-manieth column with that head → what was answered before,
    first of all for the same unit."""
    answers = store.ask("earlier_answers", scope, form=form, unit=unit)
    known = {
        (row["ask"], row["found"], row["n"]): Earlier(row["answer"], row["unit"], row["period"])
        for row in answers.astype(object).where(answers.notna(), None).to_dict("records")
    }
    return lambda ask, found, n: known.get((ask, "".join(found.split()), n))


# ---- from a file -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Answer:
    """One answered question of a file."""

    file: str
    number: int  # of the return in its file, from 0
    ask: str
    sheet: str
    cell: str
    answer: str
    used: bool = False

    def __str__(self) -> str:
        where = f"{self.sheet}!{self.cell}" if self.cell else ""
        return " ".join(
            part for part in (self.file, f"({self.number + 1})", self.ask, where, repr(self.answer)) if part
        )


@dataclass(slots=True)
class Answers:
    """The answers of a file, shaped as what `check --json` prints, with an `answer` beside each question."""

    forms: Forms
    units: Register
    given: list[Answer] = field(default_factory=list)

    def take(self, filename: str, number: int, form: Form, questions: Sequence[Question]) -> Said:
        """What the file says to the questions of a return, once; a form's own questions only after the form is clear.

        Raises BadAnswers for a code that does not exist.
        """
        name = Path(filename)
        said: Said = {}
        for one in self.given:
            theirs = Path(one.file) in (name, Path(name.name)) and one.number == number and not one.used
            asked = next((q for q in questions if q.ask == one.ask and _same_place(q, one)), None)
            if not theirs or not asked or (one.ask != "form" and any(q.ask == "form" for q in questions)):
                continue
            one.used = True
            code = self._code(one, form)
            more = {"columns": {f"{one.sheet}!{one.cell}": code}} if one.ask == "column" else {one.ask: code}
            said = with_more(said, more)
        return said

    def _code(self, one: Answer, form: Form) -> str:
        try:
            match one.ask:
                case "form":
                    return self.forms[one.answer].code
                case "unit":
                    return self.units.get(one.answer).code
                case "period":
                    period = Period.of(one.answer)
                    if period.frequency != form.frequency:
                        raise BadPeriod(f"{form.code} is reported by {form.frequency}")
                    return period.code
        except (KeyError, ValueError) as error:
            raise BadAnswers(f"{one}: {error}") from None
        if one.answer and one.answer not in form.by_code:
            known = ", ".join(form.by_code)
            raise BadAnswers(f"{one}: {_('no item of the form; there are: {items}').format(items=known)}")
        return one.answer

    def settle(
        self, filename: str, returns: list[Return], read: Callable[[dict[int, Said]], list[Return] | Unreadable]
    ) -> list[Return] | Unreadable:
        """The returns of a workbook read again with these answers; more may be asked when the first are answered."""
        said: dict[int, Said] = {}
        while True:
            new = {n: self.take(filename, n, one.form, one.questions) for n, one in enumerate(returns)}
            if not any(new.values()):
                return returns
            said = {n: with_more(said.get(n, {}), new[n]) for n in new if said.get(n) or new[n]}
            again = read(said)
            if isinstance(again, Unreadable):
                return again
            returns = again

    def none_left(self) -> None:
        """Raises BadAnswers when some of them answer nothing that was asked."""
        if left := [str(one) for one in self.given if not one.used]:
            raise BadAnswers(_("Nobody asked about: {answers}").format(answers="; ".join(left)))


def _same_place(question: Question, answer: Answer) -> bool:
    return answer.ask != "column" or (question.sheet, question.cell) == (answer.sheet, answer.cell)


def read_answers(path: Path, forms: Forms, units: Register) -> Answers:
    """A file of answers. Raises BadAnswers when it is not shaped so, OSError when it cannot be opened."""
    answers = Answers(forms, units)
    try:
        for entry in json.loads(path.read_text(encoding="utf-8-sig"))["files"]:
            for question in entry.get("questions", []):
                if question.get("answer") is not None:
                    answers.given.append(
                        Answer(
                            file=entry["file"],
                            number=int(entry.get("return", 1)) - 1,
                            ask=question["ask"],
                            sheet=question.get("sheet", ""),
                            cell=question.get("cell", ""),
                            answer=str(question["answer"]),
                        )
                    )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        shape = '{"files": [{"file": "a.xlsx", "return": 1, "questions": [{"ask": "unit", "answer": "150404"}]}]}'
        words = _("{path} is no file of answers ({error}). It is shaped so: {shape}")
        raise BadAnswers(words.format(path=path, error=repr(error), shape=shape)) from None
    return answers
