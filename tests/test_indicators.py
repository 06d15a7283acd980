"""Figures: DuckDB adds up what the slow twin adds up, at every level; and the rules of adding up, one by one."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pandas as pd
import pytest
import twin
from stores import LINXI, SONGSHAN, YONGNING, accepted, places, small_store
from workbooks import course, make_workbook, office, pairing, township

from huizong import decisions, derive, intake, journal
from huizong.forms import Form, all_forms
from huizong.indicators import (
    UnknownIndicator,
    compared,
    compared_periods,
    composition,
    default_view,
    figures,
    figures_by_child,
    ranked,
    response,
)
from huizong.org_units import DEPARTMENT, TOWNSHIP, OrgUnit, UnknownUnit
from huizong.periods import Period
from huizong.returns import read_returns
from huizong.sheet import read_workbook
from huizong.store import ALWAYS, Store

Q3 = Period.of("2018-Q3")
BUREAU = "321084-01"
REGISTER = places(SONGSHAN, LINXI, YONGNING, BUREAU)
COUNTIES = [REGISTER.get(code) for code in (SONGSHAN, LINXI, YONGNING)]
YEAR = Period.of("2018")
FORMS = all_forms()

# ---- a small random world --------------------------------------------------------------------------------------------


def fill_in(random: Random, form: Form, unit: OrgUnit, period: Period) -> list[dict[str, object]]:
    """Rows without an error, some of their values left blank where the form lets them."""
    townships = [one.name for one in REGISTER.under(unit.code, TOWNSHIP) if one.kind == "unit"][:4]
    match form.code:
        case "staffing":
            own = unit.name if unit.level == DEPARTMENT else f"{unit.name}委统战部"
            rows = [random_office(random, name) for name in [own, *townships]]
        case "coverage":
            rows = [random_township(random, name) for name in townships]
        case "training":
            rows = [random_course(random, f"示例培训{n}", period) for n in range(random.randint(0, 3) + 1)]
        case "pairing":
            rows = [random_pairing(random, f"示例企业{n % 3}", f"示例村{n % 4}") for n in range(random.randint(1, 5))]
        case "publicity":
            rows = [
                {"channel": channel, "submitted": (n := random.randint(0, 9)), "adopted": random.randint(0, n)}
                for channel in ("website", "bulletin")
            ]
        case "safeguards":
            rows = [
                {
                    "office": f"{unit.name}委统战部",
                    "committee_sessions": random.randint(0, 4),
                    "funds": random.randint(0, 30),
                }
                | {"appraisal_weight": random.randint(1, 10)}
                | {item.code: random.random() < 0.7 for item in form.items if item.type == "yes_no"}
            ]
    blankable = [item.code for item in form.items if item.blank != "error" and item.code not in KEPT]
    for row in rows:
        for item in blankable:
            if random.random() < 0.1:
                row[item] = None
    return rows


KEPT = {"concurrent_post", "category", "audience", "host_level", "mode", "status"}


def split(random: Random, whole: int, parts: int) -> list[int]:
    counted = Counter(random.randrange(parts) for _ in range(whole))
    return [counted[n] for n in range(parts)]


def random_office(random: Random, name: str) -> dict[str, object]:
    staff = random.randint(0, 8)
    row = office(name, staff, authorised_posts=random.randint(0, 9), operating_funds=random.randint(0, 99) / 10)
    for items in (
        ("full_time", "part_time"),
        ("age_35_or_less", "age_36_45", "age_46_55", "age_56_or_more"),
        ("degree_college_or_less", "degree_bachelor", "degree_postgraduate"),
    ):
        row |= dict(zip(items, split(random, staff, len(items)), strict=True))
    return row | {
        "women": random.randint(0, staff),
        "seconded_out": random.randint(0, staff),
        "colocated": random.random() < 0.5,
    }


def random_township(random: Random, name: str) -> dict[str, object]:
    member = random.choice(["full_time", "part_time", "none"])
    villages, communities = random.randint(0, 12), random.randint(0, 3)
    return township(
        name,
        villages,
        communities,
        committee_member=member,
        concurrent_post="station_head" if member == "part_time" else None,
        in_leadership=member != "none" and random.random() < 0.5,
        newly_appointed=random.random() < 0.3,
        officer=random.random() < 0.6,
        villages_with_liaison=random.choice([villages, random.randint(0, villages)]),
        communities_with_liaison=random.choice([communities, random.randint(0, communities)]),
    )


def random_course(random: Random, name: str, period: Period) -> dict[str, object]:
    sessions = random.randint(0, 3)
    return course(
        name,
        audience=random.choice(["committee_member", "united_front_staff"]),
        sessions=sessions,
        participants=sessions * random.randint(1, 50),
        days=random.choice([0.5, 1, 2.5]),
        held_on=period.start + timedelta(days=random.randrange((period.end - period.start).days)),
    )


def random_pairing(random: Random, enterprise: str, village: str) -> dict[str, object]:
    numbers = {name: random.randint(0, 20) for name in ("projects", "cooperatives", "jobs", "households")}
    return pairing(
        enterprise, village, pledged_funds=random.randint(0, 90), paid_funds=random.randint(0, 60) / 4, **numbers
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Three counties in three quarters and a department: missing returns, revisions, some of them withdrawn."""
    random = Random(20180930)
    store = small_store(tmp_path_factory.mktemp("world"), units=REGISTER)
    files = []
    for form in FORMS.values():
        for period in YEAR.parts(form.frequency)[:9]:
            for unit in COUNTIES:
                if random.random() < 0.85:
                    files += [
                        make_workbook(form, fill_in(random, form, unit, period), unit=unit.code, period=period.code)
                        for _ in range(1 + (random.random() < 0.2))
                    ]
    bureau = REGISTER.get(BUREAU)
    files.append(make_workbook("staffing", fill_in(random, FORMS["staffing"], bureau, Q3), unit=BUREAU, period=Q3.code))
    receipts = intake.receive(store, ((f"{n}.xlsx", data) for n, data in enumerate(files)), who="示例")
    ids = [submission for receipt in receipts for submission in receipt.submissions]
    assert len(ids) == len(files)
    *of_counties, of_bureau = ids
    happenings = [("accepted", "", {"submissions": [i]}) for i in of_counties if random.random() < 0.9]
    happenings += [("withdrawn", i, {"reason": "示例"}) for i in of_counties if random.random() < 0.08]
    happenings.append(("accepted", "", {"submissions": [of_bureau]}))
    # Straight to the journal: the queries that blanks raise would have to be explained one by one.
    with store.transaction() as cursor:
        derive.apply(store, cursor, journal.append(cursor, "示例", happenings))
    for unit, target in TARGETS.items():
        decisions.set_target(store, "target_fulfilment", unit, "2018", float(target), who="示例")
    for (indicator, unit, period), value in GOALS.items():
        decisions.set_target(store, indicator, unit, period, float(value), who="示例")
    yield store
    store.close()


TARGETS = {SONGSHAN: Decimal(20), YONGNING: Decimal("7.5"), "1504": Decimal(50)}  # 林西县 has none of its own
GOALS = {
    ("member_coverage", SONGSHAN, "2018"): Decimal("0.95"),
    ("member_coverage", SONGSHAN, "2018-Q3"): Decimal("0.9"),
    ("member_coverage", "1504", "2018-H2"): Decimal("0.85"),
    ("sessions", LINXI, "2018"): Decimal(40),  # says nothing of a quarter
    ("sessions", "15", "2018-Q3"): Decimal(12),
    ("participants_per_session", LINXI, "2018"): Decimal(60),
}


@pytest.fixture(scope="module")
def in_force(world: Store) -> list[twin.InForce]:
    """The returns that count, read again from their files."""
    held = world.run(
        "SELECT id, original, form, unit, period FROM submission WHERE accepted_at IS NOT NULL AND ended_at IS NULL"
    )
    found = []
    for _, original, form, unit, period in held:
        workbook = read_workbook(world.original_path(original, "xlsx"))
        (read,) = read_returns(workbook, world.vocabulary, world.units)
        found.append(twin.InForce(FORMS[form], world.units.get(unit), Period.of(period), read.rows))
    return found


ASKED = {
    "country": ["0"],
    "province": ["15", "45", "32"],
    "prefecture": ["1504", "4501"],
    "county": [SONGSHAN, LINXI, YONGNING, "321084"],
    "township": ["150404100", "150424100"],
    "department": [BUREAU],
}
PERIODS = [Period.of(code) for code in ("2018-Q3", "2018-H1", "2018", "2018-02", "2017-Q3")]


def test_the_twin_knows_every_indicator() -> None:
    assert set(FORMS.indicators) == twin.EVERY


def test_the_world_has_what_makes_adding_up_hard(world: Store, in_force: list[twin.InForce]) -> None:
    states = dict(world.run("SELECT status, count(*) FROM submission GROUP BY status"))
    assert {"accepted", "superseded", "withdrawn", "query"} <= set(states)
    assert len(in_force) < 3 * (4 * 4 + 9 + 1)  # some are missing
    assert any(value is None for one in in_force for row in one.rows for value in row.values.values())


def missing_or(number: object) -> float | None:
    return None if pd.isna(number) else float(number)


def in_common(figure: twin.Figure) -> tuple:
    """What both can say, comparable."""
    sides = [None if side is None else float(side) for side in (figure.numerator, figure.denominator)]
    response = (figure.n_reporting, figure.n_expected, figure.missing, figure.n_incomplete)
    return (
        *sides,
        figure.value,
        *response,
        figure.missing_periods,
        figure.carried,
        figure.below_threshold,
        figure.target,
    )


def found_in(row: Any) -> tuple:
    """The same of a row of figures."""
    sides = (missing_or(row.numerator), missing_or(row.denominator), missing_or(row.value))
    assert row.n_carried == len(row.carried)
    return (*sides, row.n_reporting, row.n_expected, list(row.missing), row.n_incomplete, list(row.missing_periods),
            list(row.carried), row.below_threshold, missing_or(row.target))  # fmt: skip


@pytest.mark.parametrize("carry", [False, True])
@pytest.mark.parametrize("level", ASKED)
def test_every_figure_is_that_of_the_twin(world: Store, in_force: list[twin.InForce], level: str, carry: bool) -> None:
    known = {"forms": FORMS, "units": REGISTER, "returns": in_force, "targets": TARGETS, "goals": GOALS, "carry": carry}
    n_known = 0
    for unit in ASKED[level]:
        frame = figures(world, FORMS.indicators, unit, PERIODS, carry=carry)
        assert len(frame) == len(FORMS.indicators) * len(PERIODS)
        for row in frame.itertuples():
            expected = twin.figure(row.indicator, REGISTER.get(unit), Period.of(row.period), **known)
            assert found_in(row) == in_common(expected), (row.indicator, unit, row.period)
            n_known += expected.value is not None
    assert n_known >= 5


@pytest.mark.parametrize("carry", [False, True])
@pytest.mark.parametrize("unit", ["0", "15", "1504"])
def test_the_figure_of_each_part_is_that_of_the_twin(
    world: Store, in_force: list[twin.InForce], unit: str, carry: bool
) -> None:
    known = {"forms": FORMS, "units": REGISTER, "returns": in_force, "targets": TARGETS, "goals": GOALS, "carry": carry}
    for row in figures_by_child(world, FORMS.indicators, unit, PERIODS, carry=carry).itertuples():
        expected = twin.figure(row.indicator, REGISTER.get(row.unit), Period.of(row.period), **known)
        assert found_in(row) == in_common(expected), (row.indicator, row.unit, row.period)
        assert row.name == REGISTER.get(row.unit).name


@pytest.mark.parametrize("carry", [False, True])
def test_the_figure_of_each_township_is_that_of_the_twin(
    world: Store, in_force: list[twin.InForce], carry: bool
) -> None:
    known = {"forms": FORMS, "units": REGISTER, "returns": in_force, "targets": TARGETS, "goals": GOALS, "carry": carry}
    frame = figures_by_child(world, FORMS.indicators, SONGSHAN, PERIODS, carry=carry)
    townships = frame[frame["unit"] != SONGSHAN]
    assert townships["unit"].nunique() == 4
    for row in townships.itertuples():
        expected = twin.figure(row.indicator, REGISTER.get(row.unit), Period.of(row.period), **known)
        found = (missing_or(row.numerator), missing_or(row.denominator), missing_or(row.value))
        assert found == in_common(expected)[:3], (row.indicator, row.unit, row.period)
        assert list(row.carried) == expected.carried, (row.indicator, row.unit, row.period)


# ---- the rules of adding up, one by one ------------------------------------------------------------------------------


def staffing(*rows: dict[str, object], unit: str = "松山区", period: str = "2018-Q3") -> bytes:
    return make_workbook("staffing", rows, unit=unit, period=period)


def one(store: Store, indicator: str, unit: str = SONGSHAN, period: Period = Q3) -> pd.Series:
    return figures(store, [indicator], unit, [period]).iloc[0]


def test_a_rate_is_never_a_mean_of_rates(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 1)))
    accepted(store, staffing(office("县委统战部", 9, full_time=0, part_time=9), unit="林西县"))
    assert one(store, "full_time_share", "1504")["value"] == 0.1  # not (100 % + 0 %) / 2


def test_missing_is_not_zero(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 2, women=1), office("穆家营子镇", 8, women=None)))
    row = one(store, "women_share")
    # The row that does not say how many are women is in neither side.
    assert (row["numerator"], row["denominator"], row["value"], row["n_incomplete"]) == (1, 2, 0.5, 1)


def test_nothing_reported_is_missing_and_named(store: Store) -> None:
    row = one(store, "women_share", "1504")
    assert pd.isna(row["numerator"])
    assert pd.isna(row["value"])
    assert (row["n_reporting"], row["n_expected"], list(row["missing"])) == (0, 2, [SONGSHAN, LINXI])


def test_zero_over_zero_is_missing(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 0)))
    row = one(store, "women_share")
    assert (row["numerator"], row["denominator"], row["n_reporting"]) == (0, 0, 1)
    assert pd.isna(row["value"])


def test_a_stock_over_a_year_is_its_last_quarter(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 3)))
    assert pd.isna(one(store, "staff_in_post_total", period=YEAR)["value"])
    accepted(store, staffing(office("区委统战部", 5), period="2018-Q4"))
    assert one(store, "staff_in_post_total", period=YEAR)["value"] == 5


def test_a_flow_over_a_year_is_added_up_and_says_who_has_not_sent_all(store: Store) -> None:
    for quarter, month in enumerate((2, 5, 8), 1):
        rows = [course("培训班", sessions=quarter, held_on=date(2018, month, 1))]
        accepted(store, make_workbook("training", rows, unit="松山区", period=f"2018-Q{quarter}"))
    row = one(store, "sessions", period=YEAR)
    assert (row["value"], row["n_reporting"], list(row["missing"])) == (6, 0, [SONGSHAN])
    assert one(store, "sessions", period=Period.of("2018-H1"))["n_reporting"] == 1


def test_a_form_says_nothing_of_a_finer_period(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 3)))
    row = one(store, "staff_in_post_total", period=Period.of("2018-09"))
    assert pd.isna(row["value"])
    assert row["n_expected"] == 0


def test_a_unit_with_only_one_side_adds_to_neither(store: Store) -> None:
    training = [course("培训班", participants=60)]
    accepted(store, make_workbook("training", training, unit="松山区", period="2018-Q3"))
    accepted(store, make_workbook("training", training, unit="林西县", period="2018-Q3"))
    accepted(store, staffing(office("区委统战部", 20)))
    row = one(store, "participants_per_staff", "1504")
    assert (row["numerator"], row["denominator"], row["value"]) == (60, 20, 3)
    assert (row["n_reporting"], list(row["missing"])) == (1, [LINXI])


def test_a_department_counts_for_itself_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = small_store(tmp_path_factory.mktemp("store"), units=REGISTER)
    accepted(store, staffing(office("统战部", 18), unit=BUREAU))
    assert one(store, "staff_in_post_total", BUREAU)["value"] == 18
    for unit in ("321084", "3210", "32", "0"):
        assert pd.isna(one(store, "staff_in_post_total", unit)["value"]), unit
        assert len(composition(store, "staffing", unit, [Q3])) == 0, unit
    store.close()


def test_who_owes_a_form_is_what_was_assigned(store: Store) -> None:
    assert one(store, "women_share", "1504")["n_expected"] == 2
    decisions.assign(store, [{"form": "staffing", "unit": LINXI, "from": "2018-01-01", "to": "2018-12-31"}], who="员")
    assert list(one(store, "women_share", "1504")["missing"]) == [LINXI]
    assert one(store, "women_share", "1504", Period.of("2017-Q3"))["n_expected"] == 2  # the assignment's span only
    assert one(store, "member_coverage", "1504")["n_expected"] == 2  # another form
    assert one(store, "women_share", "45")["n_expected"] == 1  # another province


def test_who_sends_without_owing_is_counted_once(store: Store) -> None:
    decisions.assign(store, [{"form": "staffing", "unit": LINXI, "from": None, "to": None}], who="统计员")
    accepted(store, staffing(office("区委统战部", 3)))
    row = one(store, "women_share", "1504")
    assert (row["n_reporting"], row["n_expected"], list(row["missing"])) == (1, 2, [LINXI])


def test_samples_are_counted_as_such(store: Store) -> None:
    (receipt,) = intake.receive(
        store, [("a.xlsx", staffing(office("区委统战部", 3)))], who="示例", sample=True, accept=True
    )
    assert receipt.outcome == "received"
    accepted(store, staffing(office("县委统战部", 3), unit="林西县"))
    row = one(store, "women_share", "1504")
    assert (row["n_reporting"], row["n_sample"]) == (2, 1)


def test_a_median_is_of_the_counties(store: Store) -> None:
    for unit, weight in (("松山区", 10), ("林西县", 4), ("邕宁区", 5)):
        row = {"office": f"{unit}委统战部", "committee_sessions": 1, "appraisal_weight": weight, "funds": 0}
        row |= dict.fromkeys(["in_appraisal", "in_party_school", "in_publicity_plan", "in_education"], True)
        accepted(store, make_workbook("safeguards", [row], unit=unit, period="2018"))
    assert one(store, "appraisal_weight_median", "0", YEAR)["value"] == 5
    assert one(store, "appraisal_weight_median", "1504", YEAR)["value"] == 7


def test_what_does_not_exist_lists_what_does(store: Store) -> None:
    with pytest.raises(UnknownIndicator, match="women_share"):
        figures(store, ["women"], SONGSHAN, [Q3])
    with pytest.raises(UnknownUnit, match="1504"):
        figures(store, ["women_share"], "1599", [Q3])


# ---- compositions and response ---------------------------------------------------------------------------------------


def test_a_composition_is_made_of_its_parts(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 3, age_36_45=1, age_46_55=2), office("穆家营子镇", 4)))
    frame = composition(store, "staffing", SONGSHAN, [Q3])
    ages = frame[frame["composition"] == "age"].set_index("part")["value"].to_dict()
    assert ages == {"age_35_or_less": 0, "age_36_45": 5, "age_46_55": 2, "age_56_or_more": 0}


def test_a_composition_by_code_counts_what_is_blank_apart(store: Store) -> None:
    rows = [
        course("甲班", sessions=2),
        course("乙班", sessions=3, category="forum"),
        course("丙班", sessions=4, category=None),
    ]
    accepted(store, make_workbook("training", rows, unit="松山区", period="2018-Q3"))
    frame = composition(store, "training", "1504", [Q3])
    category = frame[frame["composition"] == "category"].set_index("part")["value"].to_dict()
    assert category == {"training_class": 2, "forum": 3, "": 4}


def test_a_composition_by_part_of_the_region(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 3)))
    accepted(store, staffing(office("县委统战部", 5), unit="林西县"))
    frame = composition(store, "staffing", "1504", [Q3], by_child=True)
    bachelors = frame[(frame["composition"] == "degree") & (frame["part"] == "degree_bachelor")]
    assert dict(zip(bachelors["name"], bachelors["value"], strict=True)) == {"松山区": 3, "林西县": 5}


def test_the_response_says_where_each_return_stands(store: Store) -> None:
    submission = accepted(store, staffing(office("区委统战部", 3)))
    frame = response(store, "staffing", "1504", Q3)
    assert list(frame["name"]) == ["松山区", "林西县"]
    assert frame.iloc[0][["status", "submission_id"]].tolist() == ["accepted", submission]
    assert frame.iloc[1][["status", "submission_id"]].isna().all()


def test_a_first_visit_shows_where_most_is(store: Store) -> None:
    assert default_view(store) == ("0", None)
    accepted(store, staffing(office("区委统战部", 3)))
    accepted(store, staffing(office("县委统战部", 3), unit="林西县"))
    accepted(store, staffing(office("区委统战部", 3), unit="邕宁区", period="2018-Q4"))
    assert default_view(store) == ("1504", "2018-Q3")


# ---- honest figures --------------------------------------------------------------------------------------------------


def both_counties(store: Store, period: str, songshan: dict[str, int], linxi: dict[str, int]) -> None:
    for unit, numbers in (("松山区", songshan), ("林西县", linxi)):
        row = office(f"{unit}委统战部", numbers["staff"], women=numbers.get("women", 1))
        accepted(store, staffing(row, unit=unit, period=period))


def test_the_random_world_carries_and_strikes(world: Store) -> None:
    frame = figures(world, FORMS.indicators, "1504", PERIODS, carry=True)
    assert (frame["n_carried"] > 0).any()
    assert frame["below_threshold"].any()
    flow = frame["indicator"].map(lambda code: FORMS.indicators[code][0].measure == "flow")
    alone = ~frame["indicator"].isin(twin.ACROSS)  # participants_per_staff divides by a stock
    assert not (frame["n_carried"] > 0)[flow & alone].any()


def test_too_few_returns_strike_a_figure(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 3)))
    row = one(store, "women_share", "1504")
    assert (row["n_reporting"], row["n_expected"], row["min_response"], row["below_threshold"]) == (1, 2, 0.8, True)
    assert not one(store, "women_share")["below_threshold"]
    accepted(store, staffing(office("县委统战部", 3), unit="林西县"))
    assert not one(store, "women_share", "1504")["below_threshold"]


def test_a_form_or_an_indicator_sets_its_own_threshold(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted(store, staffing(office("区委统战部", 3)))
    form = FORMS["staffing"]
    indicators = [
        i.model_copy(update={"min_response": 0.5 if i.code == "women_share" else None}) for i in form.indicators
    ]
    lenient = type(FORMS)(FORMS | {"staffing": form.model_copy(update={"min_response": 0.9, "indicators": indicators})})
    monkeypatch.setattr(store, "forms", lenient)
    assert not one(store, "women_share", "1504")["below_threshold"]
    assert one(store, "full_time_share", "1504")["min_response"] == 0.9


def test_the_last_return_stands_in_for_a_stock(store: Store) -> None:
    both_counties(store, "2018-Q2", {"staff": 4}, {"staff": 6})
    accepted(store, staffing(office("区委统战部", 5)))
    assert one(store, "staff_in_post_total", "1504")["value"] == 5
    row = figures(store, ["staff_in_post_total"], "1504", [Q3], carry=True).iloc[0]
    assert (row["value"], row["n_reporting"], row["n_carried"], list(row["carried"])) == (11, 1, 1, [LINXI])
    assert list(row["missing"]) == [LINXI]  # it is missing all the same
    assert not row["below_threshold"]


def test_a_return_is_carried_for_a_year_and_no_longer(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 4)))
    for period, n in (("2019-Q2", 1), ("2019-Q3", 1), ("2019-Q4", 0), ("2018-Q2", 0)):
        row = figures(store, ["staff_in_post_total"], SONGSHAN, [Period.of(period)], carry=True).iloc[0]
        assert row["n_carried"] == n, period


def test_what_happened_is_never_carried(store: Store) -> None:
    accepted(store, make_workbook("training", [course("甲班")], unit="松山区", period="2018-Q3"))
    row = figures(store, ["sessions"], SONGSHAN, [Period.of("2018-Q4")], carry=True).iloc[0]
    assert (row["n_carried"], row["n_reporting"], pd.isna(row["value"])) == (0, 0, True)


def test_a_composition_carries_as_its_figures_do(store: Store) -> None:
    both_counties(store, "2018-Q2", {"staff": 4}, {"staff": 6})
    accepted(store, staffing(office("区委统战部", 5)))
    for carry, people in ((False, 5), (True, 11)):
        frame = composition(store, "staffing", "1504", [Q3], carry=carry)
        assert frame.loc[frame["composition"] == "degree", "value"].sum() == people


def test_a_year_of_a_flow_says_which_quarters_are_missing(store: Store) -> None:
    for quarter, month in ((1, 2), (3, 8)):
        rows = [course("培训班", held_on=date(2018, month, 1))]
        accepted(store, make_workbook("training", rows, unit="松山区", period=f"2018-Q{quarter}"))
    row = one(store, "sessions", period=YEAR)
    assert list(row["missing_periods"]) == ["2018-Q2", "2018-Q4"]
    assert row["below_threshold"]  # half a year is no year


def test_a_change_is_between_figures_that_can_be_relied_on(store: Store) -> None:
    both_counties(store, "2018-Q2", {"staff": 4}, {"staff": 6})
    both_counties(store, "2018-Q3", {"staff": 5, "women": 5}, {"staff": 6})
    frame = figures(store, FORMS.indicators, "1504", compared_periods(Q3))
    rows = compared(frame, Q3, FORMS).set_index("indicator")
    people = rows.loc["staff_in_post_total"]
    assert (people["change_previous"], people["growth_previous"], people["same_reporters_previous"]) == (1, 0.1, True)
    women = rows.loc["women_share"]
    assert women["change_previous"] == women["value"] - women["value_previous"] != 0
    assert pd.isna(women["growth_previous"])  # of a share: 百分点
    assert pd.isna(people["change_last_year"])


def test_a_change_says_when_others_had_reported(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 4), period="2018-Q2"))
    both_counties(store, "2018-Q3", {"staff": 5}, {"staff": 6})
    row = compared(figures(store, ["staff_in_post_total"], "1504", compared_periods(Q3)), Q3, FORMS).iloc[0]
    assert (row["n_reporting"], row["n_reporting_previous"], row["same_reporters_previous"]) == (2, 1, False)
    assert pd.isna(row["change_previous"])  # one of two is below the threshold


PARTS = [("0", Q3), ("15", Q3), ("1504", Q3), (SONGSHAN, Q3), ("1504", YEAR), ("15", Period.of("2018-Q4"))]


@pytest.mark.parametrize("carry", [False, True])
@pytest.mark.parametrize(("unit", "period"), PARTS)
def test_ranks_and_contributions_are_those_of_plain_arithmetic(
    world: Store, unit: str, period: Period, carry: bool
) -> None:
    asked = compared_periods(period)
    parts = figures_by_child(world, FORMS.indicators, unit, asked, carry=carry)
    whole = figures(world, FORMS.indicators, unit, asked, carry=carry)
    rows = ranked(parts, whole, unit, period, FORMS)
    n_explained = 0
    for code, frame in rows.groupby("indicator"):
        better = FORMS.indicators[code][1].better
        able = [r.value for r in frame.itertuples() if r.unit != unit and r.value == r.value and not r.below_threshold]
        for row in frame.itertuples():
            able_row = row.unit != unit and row.value == row.value and not row.below_threshold
            ahead = sum(other < row.value if better == "lower" else other > row.value for other in able)
            assert missing_or(row.rank) == (1 + ahead if able_row else None)
            assert row.n_ranked == len(able)
        there = frame["rank"].tolist()
        assert there == sorted(there, key=lambda rank: (rank != rank, rank))  # those without a place come last
        of_whole = compared(whole, period, FORMS).set_index("indicator").loc[code]
        for since in ("previous", "last_year"):
            given = frame[f"contribution_{since}"]
            assert given.notna().all() or given.isna().all()
            if given.notna().any():
                assert given.sum() == pytest.approx(of_whole[f"change_{since}"], abs=1e-9)
                n_explained += 1
    assert n_explained >= (5 if unit in ("1504", "15") and period == Q3 and carry else 0)


def test_a_contribution_is_what_a_part_did_and_what_its_weight_did(store: Store) -> None:
    both_counties(store, "2018-Q2", {"staff": 10, "women": 5}, {"staff": 10, "women": 1})
    both_counties(store, "2018-Q3", {"staff": 30, "women": 15}, {"staff": 10, "women": 2})
    asked = compared_periods(Q3)
    parts, whole = (ask(store, ["women_share"], "1504", asked) for ask in (figures_by_child, figures))
    rows = ranked(parts, whole, "1504", Q3, FORMS).set_index("unit")
    before, now = 6 / 20, 17 / 40
    mean = (before + now) / 2
    # 松山区 stands at 50 % as it did: it moves the whole by its greater weight alone (1/2 → 3/4).
    assert rows.loc[SONGSHAN, "contribution_previous"] == pytest.approx((0.5 - mean) * (0.75 - 0.5))
    within = (0.5 + 0.25) / 2 * (0.2 - 0.1)
    assert rows.loc[LINXI, "contribution_previous"] == pytest.approx(within + (0.15 - mean) * (0.25 - 0.5))
    assert rows["contribution_previous"].sum() == pytest.approx(now - before)


def test_a_place_is_gained_or_lost(store: Store) -> None:
    both_counties(store, "2018-Q2", {"staff": 10, "women": 5}, {"staff": 10, "women": 1})
    both_counties(store, "2018-Q3", {"staff": 10, "women": 5}, {"staff": 10, "women": 6})
    asked = compared_periods(Q3)
    parts, whole = (ask(store, ["women_share"], "1504", asked) for ask in (figures_by_child, figures))
    rows = ranked(parts, whole, "1504", Q3, FORMS)
    assert rows["unit"].tolist() == [LINXI, SONGSHAN]
    assert rows["climbed_previous"].tolist() == [1, -1]


# ---- subtotals -------------------------------------------------------------------------------------------------------


LONG_AFTER = datetime(9999, 12, 30)  # a moment is asked of the facts, now of the subtotals


def test_subtotals_follow_each_return_that_comes_into_force_or_leaves_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    random = Random(5)
    store = small_store(tmp_path_factory.mktemp("subtotals"), units=REGISTER)
    files = [
        (f"{n}.xlsx", make_workbook(form, fill_in(random, FORMS[form], unit, Q3), unit=unit.code, period=Q3.code))
        for form in ("coverage", "training")
        for unit in (*COUNTIES, COUNTIES[0])  # of the first a revision
        for n in [f"{form}{unit.code}{random.random()}"]
    ]
    ids = [one for receipt in intake.receive(store, files, who="示例") for one in receipt.submissions]
    happenings = [("accepted", "", {"submissions": [one]}) for one in ids]
    happenings += [("withdrawn", one, {"reason": "示例"}) for one in random.sample(ids[1:3] + ids[5:], 3)]
    nil = {"form": "training", "unit": LINXI, "period": "2018-Q2", "reason": "示例"}
    asked = [code for code, (form, _) in FORMS.indicators.items() if form.code in ("coverage", "training")]
    seen = set()
    for happening in [*happenings, ("nil", "n-1", nil)]:
        with store.transaction() as cursor:
            derive.apply(store, cursor, journal.append(cursor, "示例", [happening]))
        for unit, ask in (("0", figures), ("15", figures_by_child), ("4501", figures)):
            now, looked_up = (ask(store, asked, unit, [Q3, Q3.previous()], as_of=at) for at in (ALWAYS, LONG_AFTER))
            pd.testing.assert_frame_equal(now, looked_up)
        seen.add(store.frame("SELECT * FROM subtotal ORDER BY ALL").to_csv())
    assert len(seen) > len(happenings) - 2  # an acceptance may change nothing, the others do
    held = store.frame("SELECT * FROM subtotal ORDER BY ALL")
    derive.rebuild(store)
    pd.testing.assert_frame_equal(store.frame("SELECT * FROM subtotal ORDER BY ALL"), held)
    store.close()


def test_who_may_see_a_part_of_a_prefecture_is_told_of_that_part_only(world: Store) -> None:
    scope = [SONGSHAN]
    for unit in ("0", "15", "1504", SONGSHAN):
        (seen,) = figures(world, ["staff_in_post_total"], unit, [Q3], scope=scope)["numerator"]
        (own,) = figures(world, ["staff_in_post_total"], SONGSHAN, [Q3])["numerator"]
        assert missing_or(seen) == missing_or(own) is not None
