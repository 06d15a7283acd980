"""What goes back to the office that sent a return: its workbook marked up, and the notice; in the current language."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from huizong import submissions
from huizong.edits import SEVERITIES, Finding, describe
from huizong.forms import Form
from huizong.intake import Checked
from huizong.markup import Problem, extension, marked_up
from huizong.notices import SentBack, notice
from huizong.periods import Period
from huizong.store import EVERYWHERE, Store
from huizong.texts import _, language


def problem_of(form: Form | None, finding: Finding) -> Problem:
    told = describe(form, finding)
    return Problem(finding.severity, finding.sheet, tuple(finding.cells), told["item"], finding.found,
                   told["expected"], told["message"], told["remedy"])  # fmt: skip


def unclear(question: Mapping) -> Problem:
    """The problem of a sheet that does not say for sure what it is; question: the fields of a returns.Question."""
    message, remedy = {
        "form": (_("The sheet does not say for sure which form it is."), _("Print the form’s title above the table.")),
        "unit": (_("The sheet does not say for sure whose return it is."), _("Write the reporting unit’s full name.")),
        "period": (_("The sheet does not say for sure which period it is."), _("Write the period above the table.")),
        "column": (_("It is not sure which item this column is."), _("Print the column’s head as on the blank form.")),
    }[question["ask"]]
    cells = (question["cell"],) if question["cell"] else ()
    return Problem("error", question["sheet"], cells, "", question["found"], "", message, remedy)


def problems_of_checked(found: Checked) -> Iterator[Problem]:
    """What is wrong with a return that was only looked at."""
    if found.read:
        for question in found.read.questions:
            yield unclear(asdict(question))
        for finding in found.findings:
            if finding.severity != "trial":
                yield problem_of(found.read.form, finding)


def problems_of(store: Store, submission: str, scope: Sequence[str] = EVERYWHERE) -> list[Problem]:
    """What its unit is told of a submission: a query that has been explained is settled, a rule on trial not told."""
    (row,) = submissions.listed(store, scope, id=submission).to_dict("records")
    found = submissions.findings(store, submission, scope)
    return [unclear(question) for question in json.loads(row["questions"] or "[]")] + [
        Problem(f.severity, f.sheet, tuple(f.cells), f.item_label, f.found or "", f.expected, f.message, f.remedy)
        for f in found[found["explanation"].isna() & (found["severity"] != "trial")].itertuples()
    ]


# ---- the workbook ----------------------------------------------------------------------------------------------------


def marked_workbook(store: Store, submission: str, scope: Sequence[str] = EVERYWHERE) -> bytes:
    """The workbook that a submission came in, marked up with the problems of every return in it."""
    (workbook,) = store.ask("workbook_of", scope, submission=submission).itertuples()
    returns = submissions.listed(store, scope)
    moved = (returns["status"] == "withdrawn") & (returns["id"] != submission)  # and told of where it is now
    returns = returns[(returns["original"] == workbook.sha256) & ~moved].sort_values("id")
    problems = [problem for one in returns["id"] for problem in problems_of(store, one, scope)]
    about = "；".join(title_of(store.forms[r.form], r.unit_name, r.period) for r in returns.itertuples())
    return marked_up(store.original_path(workbook.sha256, workbook.kind), by_severity(problems), about)


def marked_name(store: Store, submission: str, scope: Sequence[str] = EVERYWHERE) -> str:
    """松山区.xls → 松山区_审核.xlsx."""
    (workbook,) = store.ask("workbook_of", scope, submission=submission).itertuples()
    kind = extension(store.original_path(workbook.sha256, workbook.kind))
    return "_".join([Path(workbook.filename).stem, _("checked")]) + kind


def marked_file(path: Path, returns: Iterable[Checked]) -> bytes:
    """A file that was only looked at, marked up."""
    problems, about = [], []
    for found in returns:
        problems += problems_of_checked(found)
        if read := found.read:
            about.append(title_of(read.form, read.unit and read.unit.name, read.period and read.period.code))
    return marked_up(path, by_severity(problems), "；".join(about))


def title_of(form: Form, unit: str | None, period: str | None) -> str:
    when = Period.of(period).label(language()) if period else ""
    return " ".join(part for part in (when, form.title.get(language()), unit) if part)


def by_severity(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: SEVERITIES.index(problem.severity))


# ---- the notice ------------------------------------------------------------------------------------------------------


def notice_of(
    store: Store, submission: str, *, due: date, issued: date, reason: str = "", scope: Sequence[str] = EVERYWHERE
) -> bytes:
    """The letter that goes back with a submission whose form, unit and period are known."""
    (row,) = submissions.listed(store, scope, id=submission).to_dict("records")
    back = SentBack(
        form=store.forms[row["form"]],
        unit=store.units.get(row["unit"]),
        period=Period.of(row["period"]),
        revision=int(row["revision"]),
        received=row["received_at"].date(),
        due=due,
        issued=issued,
        reason=reason,
    )
    return notice(back, problems_of(store, submission, scope))
