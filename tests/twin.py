"""Every indicator once more, in plain Python: no SQL, no frames, one loop after the other. DuckDB must say the same.

A row says what it adds to the numerator and to the denominator, None where that cannot be known.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median

from huizong.forms import Form, Forms
from huizong.org_units import COUNTY, DEPARTMENT, TOWNSHIP, OrgUnit, Register
from huizong.periods import Period
from huizong.returned import Row

Number = Decimal | int | bool | None


@dataclass(frozen=True)
class InForce:
    """A return that counts, with its rows as they were read."""

    form: Form
    unit: OrgUnit
    period: Period
    rows: list[Row]


@dataclass
class Figure:
    numerator: Number = None
    denominator: Number = None
    value: float | None = None
    n_reporting: int = 0
    n_expected: int = 0
    missing: list[str] = field(default_factory=list)
    n_incomplete: int = 0
    missing_periods: list[str] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    below_threshold: bool = False
    target: float | None = None


class Values(dict):
    """A row's values by name; a column that the sheet did not have is missing."""

    def __missing__(self, name: str) -> None:
        return None


# ---- arithmetic in which missing is missing --------------------------------------------------------------------------


def known(*values: object) -> bool:
    return all(value is not None for value in values)


def add(*values: Number) -> Number:
    return sum(values) if known(*values) else None


def subtract(a: Number, b: Number) -> Number:
    return a - b if known(a, b) else None


def times(a: Number, b: Number) -> Number:
    return a * b if known(a, b) else None


def same(a: object, b: object) -> bool | None:
    return a == b if known(a, b) else None


def both(*values: bool | None) -> bool | None:
    """As SQL's AND: one that is false decides, whatever the others are."""
    if any(value is False for value in values):
        return False
    return True if known(*values) else None


def where(condition: bool | None, value: Number) -> Number:
    """The value where the condition holds, 0 where it does not, missing where nobody knows."""
    return None if condition is None else value if condition else 0


# ---- what a row adds -------------------------------------------------------------------------------------------------


def has_member(row: Values) -> bool | None:
    return row["committee_member"] != "none" if known(row["committee_member"]) else None


def ages(row: Values) -> Number:
    return add(row["age_35_or_less"], row["age_36_45"], row["age_46_55"], row["age_56_or_more"])


def degrees(row: Values) -> Number:
    return add(row["degree_college_or_less"], row["degree_bachelor"], row["degree_postgraduate"])


def network(row: Values) -> bool | None:
    return both(
        has_member(row),
        same(row["villages_with_liaison"], row["villages"]),
        same(row["communities_with_liaison"], row["communities"]),
    )


def inclusions(row: Values) -> bool | None:
    return both(row["in_appraisal"], row["in_party_school"], row["in_publicity_plan"], row["in_education"])


Adds = Callable[[Values], Number]

# indicator → what a row adds to the numerator and to the denominator, both of the same form
RATIOS: dict[str, tuple[Adds, Adds]] = {
    "vacancy_rate": (lambda r: subtract(r["authorised_posts"], r["staff_in_post"]), lambda r: r["authorised_posts"]),
    "full_time_share": (lambda r: r["full_time"], lambda r: r["staff_in_post"]),
    "secondment_share": (lambda r: r["seconded_out"], lambda r: r["staff_in_post"]),
    "aged_46_or_more_share": (lambda r: add(r["age_46_55"], r["age_56_or_more"]), ages),
    "degree_share": (lambda r: add(r["degree_bachelor"], r["degree_postgraduate"]), degrees),
    "women_share": (lambda r: r["women"], lambda r: r["staff_in_post"]),
    "colocation_share": (
        lambda r: where(r["row_kind"] == "self", r["colocated"]),
        lambda r: where(r["row_kind"] == "self", 1),
    ),
    "funds_per_staff": (lambda r: r["operating_funds"], lambda r: r["staff_in_post"]),
    "member_coverage": (has_member, lambda r: 1),
    "full_time_coverage": (lambda r: same(r["committee_member"], "full_time"), lambda r: 1),
    "in_leadership_share": (
        lambda r: where(has_member(r), r["in_leadership"]),
        lambda r: where(has_member(r), 1),
    ),
    "village_liaison_coverage": (lambda r: r["villages_with_liaison"], lambda r: r["villages"]),
    "community_liaison_coverage": (lambda r: r["communities_with_liaison"], lambda r: r["communities"]),
    "three_level_network": (network, lambda r: 1),
    "newly_appointed_share": (
        lambda r: where(has_member(r), r["newly_appointed"]),
        lambda r: where(has_member(r), 1),
    ),
    "officer_coverage": (lambda r: r["officer"], lambda r: 1),
    "participants_per_session": (lambda r: r["participants"], lambda r: r["sessions"]),
    "payment_rate": (lambda r: r["paid_funds"], lambda r: r["pledged_funds"]),
    "jobs_per_pairing": (lambda r: r["jobs"], lambda r: 1),
    "funds_paid_per_pairing": (lambda r: r["paid_funds"], lambda r: 1),
    "funds_pledged_per_pairing": (lambda r: r["pledged_funds"], lambda r: 1),
    "projects_per_pairing": (lambda r: r["projects"], lambda r: 1),
    "cooperatives_per_pairing": (lambda r: r["cooperatives"], lambda r: 1),
    "adoption_rate": (lambda r: r["adopted"], lambda r: r["submitted"]),
    "four_inclusions_share": (inclusions, lambda r: 1),
}
# indicator → what a row adds
TOTALS: dict[str, Adds] = {
    "staff_in_post_total": lambda r: r["staff_in_post"],
    "staff_available": lambda r: subtract(r["staff_in_post"], r["seconded_out"]),
    "townships_reported": lambda r: 1,
    "sessions": lambda r: r["sessions"],
    "participants": lambda r: r["participants"],
    "participant_days": lambda r: times(r["participants"], r["days"]),
    "pairings": lambda r: 1,
    "funds_pledged": lambda r: r["pledged_funds"],
    "funds_paid": lambda r: r["paid_funds"],
    "jobs": lambda r: r["jobs"],
    "projects": lambda r: r["projects"],
    "cooperatives": lambda r: r["cooperatives"],
    "submitted": lambda r: r["submitted"],
    "adopted": lambda r: r["adopted"],
    "special_funds": lambda r: r["funds"],
    "committee_sessions": lambda r: r["committee_sessions"],
}
# indicator → the item whose different values are counted
DISTINCT = {"villages_paired": "village", "enterprises_paired": "enterprise", "target_fulfilment": "village"}
# indicator → what a row of its own form adds above, and one of the other form beneath
ACROSS: dict[str, tuple[Adds, str, Adds]] = {
    "participants_per_staff": (lambda r: r["participants"], "staffing", lambda r: r["staff_in_post"]),
    "members_trained_share": (
        lambda r: where(same(r["audience"], "committee_member"), r["participants"]),
        "coverage",
        has_member,
    ),
}
MEDIANS: dict[str, Adds] = {"appraisal_weight_median": lambda r: r["appraisal_weight"]}
PER_TOWNSHIP: dict[str, Adds] = {"staff_per_township": lambda r: r["staff_in_post"]}

EVERY = {*RATIOS, *TOTALS, *DISTINCT, *ACROSS, *MEDIANS, *PER_TOWNSHIP}


# ---- figures ---------------------------------------------------------------------------------------------------------


def total(values: Iterable[Number]) -> Number:
    """The sum of those that are known; missing when none is."""
    there = [value for value in values if value is not None]
    return sum(there) if there else None


def inside(unit: OrgUnit, whole: OrgUnit) -> bool:
    """Whether what a unit reports counts for the whole: a department counts for itself alone."""
    if unit.level == DEPARTMENT or whole.level == DEPARTMENT:
        return unit.code == whole.code
    return whole.code == "0" or unit.code.startswith(whole.code)


def sources(form: Form, period: Period) -> list[Period]:
    parts = period.parts(form.frequency)
    return parts[-1:] if form.measure == "stock" else parts


def figure(
    indicator: str,
    whole: OrgUnit,
    period: Period,
    *,
    forms: Forms,
    units: Register,
    returns: list[InForce],
    targets: dict[str, Decimal],
    goals: dict[tuple[str, str, str], Decimal],
    carry: bool = False,
) -> Figure:
    """One figure. targets: unit → what it has been asked to reach in the period's year; goals: indicator, unit and
    period → what was to be reached, of the indicators that do not divide by their target. carry: the last return of a
    unit stands in for one of a stock that has not come."""
    form = forms.indicators[indicator][0]
    wanted = [form]
    if indicator in ACROSS:
        wanted.append(forms[ACROSS[indicator][1]])
    found = Figure(target=goal(indicator, form, whole, period, goals))
    if any(not sources(one, period) for one in wanted):
        return found  # the form reports less often than this

    pairs: dict[str, tuple[Number, Number]] = {}  # reporting unit → numerator, denominator
    lacking: set[str] = set()  # the periods of which a return has not come
    helped: list[str] = []  # the units whose last return stands in
    owner = units.get(whole.county) if whole.level == TOWNSHIP else whole
    expected = {unit.code for unit in units.under("0", COUNTY) if inside(unit, owner)}
    came: dict[str, list[InForce]] = {}  # who sends a return without being asked for it owes that one only
    for one in returns:
        if one.form in wanted and one.period in sources(one.form, period) and inside(one.unit, owner):
            came.setdefault(one.unit.code, []).append(one)

    for code in sorted(expected | came.keys()):
        sent = {(one.form.code, one.period): one for one in came.get(code, ())}
        n_owed = sum(len(sources(one, period)) for one in wanted) if code in expected else len(sent)
        found.n_expected += 1
        if len(sent) == n_owed:
            found.n_reporting += 1
        else:
            found.missing.append(code)
        unsent = [(one, source) for one in wanted for source in sources(one, period) if (one.code, source) not in sent]
        if code in expected:
            lacking.update(source.code for one, source in unsent if len(sources(one, period)) > 1)
        earlier = [stand_in(one, code, source, returns) for one, source in unsent if carry and code in expected]
        stand_ins = [one for one in earlier if one is not None]
        if stand_ins:
            helped.append(code)
        counted_returns = [*sent.values(), *stand_ins]
        pairs[code] = one_reporter(indicator, form, counted_returns, whole, units, targets.get(code), found)
    found.missing_periods = sorted(lacking)

    if form_has_target(indicator):
        for code, target in targets.items():
            if inside(units.get(code), whole) and code not in pairs:
                pairs[code] = (None, target)

    own = targets.get(whole.code) if form_has_target(indicator) else None
    if own is not None:  # a target set for the whole is compared with all that was reported
        pairs = {code: (n, 0) for code, (n, _) in pairs.items()}
    ratio = indicator not in TOTALS.keys() | MEDIANS.keys() | {"villages_paired", "enterprises_paired"}
    adding = {code: (n, d) for code, (n, d) in pairs.items() if n is not None and (d is not None or not ratio)}
    found.carried = [code for code in helped if code in adding]
    counted = list(adding.values())
    found.numerator = total(n for n, _ in counted)
    found.denominator = total(d for _, d in counted) if ratio else None
    if not counted:
        return found
    if own is not None:
        found.denominator = own
    if indicator in MEDIANS:
        found.value = float(median(n for n, _ in counted))
    elif not ratio:
        found.value = float(found.numerator)
    elif found.denominator != 0:
        found.value = float(found.numerator) / float(found.denominator)
    if found.value is not None and found.n_expected:
        behind = found.n_reporting + len(found.carried)
        found.below_threshold = behind * 100 < min_response(form, indicator) * 100 * found.n_expected
    return found


def min_response(form: Form, indicator: str) -> float:
    own = form.indicator(indicator).min_response
    return form.min_response if own is None else own


def stand_in(form: Form, unit: str, source: Period, returns: list[InForce]) -> InForce | None:
    """The last return of the unit before the period, not too old; none of what happened in a period."""
    newest = None
    for one in returns:
        if form.measure == "stock" and one.form.code == form.code and one.unit.code == unit:
            months = (source.end.year - one.period.end.year) * 12 + source.end.month - one.period.end.month
            if 0 < months <= form.carry_months and (newest is None or newest.period < one.period):
                newest = one
    return newest


def goal(
    indicator: str, form: Form, whole: OrgUnit, period: Period, goals: dict[tuple[str, str, str], Decimal]
) -> float | None:
    """What was to be reached: entered for the period, or a longer one around it, else declared."""
    candidates = [period.code]
    if not (form.measure == "flow" and indicator in TOTALS):
        if period.frequency == "month":
            candidates.append(f"{period.year}-Q{(period.number + 2) // 3}")
            candidates.append(f"{period.year}-H{(period.number + 5) // 6}")
        elif period.frequency == "quarter":
            candidates.append(f"{period.year}-H{(period.number + 1) // 2}")
        candidates.append(str(period.year))
    for code in candidates:
        if not form_has_target(indicator) and (indicator, whole.code, code) in goals:
            return float(goals[indicator, whole.code, code])
    return form.indicator(indicator).target


def form_has_target(indicator: str) -> bool:
    return indicator == "target_fulfilment"


def one_reporter(
    indicator: str,
    form: Form,
    sent: list[InForce],
    whole: OrgUnit,
    units: Register,
    target: Decimal | None,
    found: Figure,
) -> tuple[Number, Number]:
    """What one reporting unit adds to numerator and denominator; rows that cannot be counted are told to `found`."""
    numerators: list[Number] = []
    denominators: list[Number] = []
    for one in sent:
        rows = [row_values(row) for row in one.rows if whole.level != TOWNSHIP or row.unit_code == whole.code]
        if indicator in DISTINCT:
            item = DISTINCT[indicator]
            names = [row[item] for row in rows]
            found.n_incomplete += names.count(None)
            if rows:
                numerators.append(len({name for name in names if name is not None}))
            continue
        for row in rows:
            if indicator in RATIOS:
                above, below = RATIOS[indicator]
                n, d = above(row), below(row)
                if known(n, d):
                    numerators.append(n)
                    denominators.append(d)
                else:
                    found.n_incomplete += 1
                continue
            if indicator in ACROSS and one.form is not form:
                value = ACROSS[indicator][2](row)
                denominators.append(value)
            else:
                adds = ACROSS[indicator][0] if indicator in ACROSS else (TOTALS | MEDIANS | PER_TOWNSHIP)[indicator]
                value = adds(row)
                numerators.append(value)
            if value is None:
                found.n_incomplete += 1
        if indicator in PER_TOWNSHIP and one.unit.level == COUNTY and whole.level != TOWNSHIP:
            townships = [unit for unit in units.under(one.unit.code, TOWNSHIP) if unit.kind == "unit"]
            denominators.append(len(townships))
    return total(numerators), target if form_has_target(indicator) else total(denominators)


def row_values(row: Row) -> Values:
    return Values(row.values | {"row_kind": row.kind})
