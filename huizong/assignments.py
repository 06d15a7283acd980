"""The rules of who owes what: their table as the analyst edits it, what is wrong with a row, what saving would change.

A rule is a mapping of form, unit, beneath (all units of the form's level beneath the unit, rather than itself),
frequency (None: the form's own), due_days (None: DUE_DAYS), owes (False: let off), from, to (ISO dates, None: open).
What the rules come to is worked out by queries/renew_expectations.sql.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from huizong.forms import Form
from huizong.org_units import COUNTY, LEVELS, OrgUnit, UnknownUnit
from huizong.periods import MONTHS_IN
from huizong.store import DUE_DAYS, Store
from huizong.texts import N_, _, language

Rule = Mapping[str, object]
MOST_DUE_DAYS = 366
FREQUENCIES = {"month": N_("every month"), "quarter": N_("every quarter"), "half_year": N_("every half-year"),
               "year": N_("every year")}  # fmt: skip


def stands_for_those_beneath(form: Form, unit: OrgUnit) -> bool:
    """Whether a rule that names the unit is about the units beneath it: it does not report the form itself."""
    return LEVELS[unit.level] not in form.levels


def completed(store: Store, rule: Rule) -> dict:
    """The rule with every name, what it leaves open filled in. Raises UnknownForm, UnknownUnit."""
    form, unit = store.forms[str(rule["form"])], store.units.get(str(rule["unit"]))
    beneath = rule.get("beneath")
    return {
        "form": form.code,
        "unit": unit.code,
        "beneath": stands_for_those_beneath(form, unit) if beneath is None else bool(beneath),
        "frequency": rule.get("frequency") or None,
        "due_days": rule.get("due_days"),
        "owes": rule.get("owes") is not False,
        "from": rule.get("from") or None,
        "to": rule.get("to") or None,
    }


def laid_down(store: Store, *, sample: bool = False) -> list[dict]:
    """The rules that hold now, in their order, every name filled in; sample: those of the demonstration instead."""
    names = ("form", "unit", "beneath", "frequency", "due_days", "owes", "from", "to")
    rows = store.run(
        "SELECT form, unit, beneath, frequency, due_days, owes, valid_from, valid_to FROM assignment "
        "WHERE ended_at IS NULL AND sample = $1 ORDER BY n",
        [sample],
    )
    return [
        dict(zip(names, (value.isoformat() if isinstance(value, date) else value for value in row), strict=True))
        for row in rows
    ]


def last_saved(store: Store) -> int:
    """The number in the journal of the event that last laid down rules; 0 when none has."""
    ((seq,),) = store.run("SELECT coalesce(max(seq), 0) FROM journal WHERE kind = 'assigned'")
    return seq


def faults(store: Store, rules: Sequence[Rule]) -> list[str]:
    """What is wrong with rows, each with the number of its row; [] when they can be saved."""
    found = []
    for number, rule in enumerate(rules, 1):
        wrong = fault(store, rule)
        if wrong:
            found.append(_("row {n}: {wrong}").format(n=number, wrong=wrong))
    return found


def fault(store: Store, rule: Rule) -> str | None:
    """The first thing wrong with a rule, with what would be right; None when there is nothing."""
    known = ", ".join(store.forms)
    if rule.get("form") not in store.forms:
        return _("there is no form {form}; known: {known}").format(form=rule.get("form"), known=known)
    form = store.forms[str(rule["form"])]
    try:
        unit = store.units.get(str(rule.get("unit")))
    except UnknownUnit:
        return _("there is no unit with the code {code}").format(code=rule.get("unit"))
    complete = completed(store, rule)
    if complete["beneath"] and unit.level >= LEVELS.index(form.usual_level):
        return _("{unit} has no units beneath it that report this form").format(unit=unit.name)
    if not complete["beneath"] and stands_for_those_beneath(form, unit):
        return _("{unit} does not report this form itself; choose the units beneath it").format(unit=unit.name)
    frequency, days = complete["frequency"], complete["due_days"]
    if frequency is not None and frequency not in MONTHS_IN:
        return _("there is no frequency {frequency}; known: {known}").format(
            frequency=frequency, known=", ".join(MONTHS_IN)
        )
    if frequency is not None and MONTHS_IN[frequency] < MONTHS_IN[form.frequency]:
        return _("the form cannot be owed more often than it comes ({frequency})").format(frequency=form.frequency)
    if days is not None and not (isinstance(days, int) and 0 <= days <= MOST_DUE_DAYS):
        return _("the days until it is due are a whole number from 0 to {most}").format(most=MOST_DUE_DAYS)
    try:
        first, last = (date.fromisoformat(str(complete[end])) if complete[end] else None for end in ("from", "to"))
    except ValueError:
        return _("a day is written like {day}").format(day="2018-01-01")
    if first and last and first > last:
        return _("it ends before it begins")
    return None


def difference(before: Sequence[Rule], after: Sequence[Rule]) -> tuple[list[Rule], list[Rule]]:
    """(those that are new, those that are gone) between two tables of rules, each in its order."""

    def without(these: Sequence[Rule], others: Sequence[Rule]) -> list[Rule]:
        left = [dict(rule) for rule in others]
        kept = []
        for rule in these:
            if dict(rule) in left:
                left.remove(dict(rule))
            else:
                kept.append(rule)
        return kept

    return without(after, before), without(before, after)


# ---- in words --------------------------------------------------------------------------------------------------------


def place_label(store: Store, rule: Rule) -> str:
    """Whom a rule is about: 赤峰市 › 松山区 · 赤峰市（所辖各县） · 广西壮族自治区（本级）."""
    unit = store.units.get(str(rule["unit"]))
    name = " › ".join(step.name for step in store.units.path(unit.code)[1:]) or _("China")
    if not rule["beneath"]:
        return name if unit.level >= COUNTY else _("{unit} (itself)").format(unit=name)
    if store.forms[str(rule["form"])].usual_level == "county":
        return _("{unit} (its counties)").format(unit=name)
    return _("{unit} (its reporting units)").format(unit=name)


def frequency_label(frequency: str | None) -> str:
    """Every quarter; of none, the form's own."""
    return _(FREQUENCIES[frequency]) if frequency else _("as the form says")


def describe(store: Store, rule: Rule) -> str:
    """A rule as a sentence."""
    form = store.forms[str(rule["form"])]
    said = {"form": form.theme.get(language()), "unit": place_label(store, rule)}
    if rule["owes"]:
        days = DUE_DAYS if rule["due_days"] is None else rule["due_days"]
        how = {"frequency": frequency_label(rule["frequency"] or form.frequency), "days": days}
        words = _("{form}: {unit} owes it {frequency}, {days} days after the period’s end").format(**said, **how)
    else:
        words = _("{form}: {unit} is let off").format(**said)
    if rule["from"] or rule["to"]:
        words += _(" ({start} to {end})").format(start=rule["from"] or "…", end=rule["to"] or "…")
    return words
