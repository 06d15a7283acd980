"""Who owes what, who has sent it, who was in time: the queries say what plain Python loops say."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random

import pandas as pd
import pytest
from stores import LINXI, SONGSHAN, YONGNING, contents, places, small_store, submitted
from workbooks import make_workbook, office

from huizong import assignments, decisions, derive, desk, journal, submissions
from huizong.assignments import Rule
from huizong.decisions import NotAcceptable
from huizong.forms import all_forms
from huizong.impact import impact_of_rules
from huizong.org_units import COUNTY, LEVELS, TOWNSHIP, ancestors
from huizong.periods import MONTHS_IN, Period
from huizong.store import ALWAYS, DUE_DAYS, Store, insert

HAILAR, BUREAU = "150702", "321084-01"
REGISTER = places(SONGSHAN, LINXI, HAILAR, YONGNING, "411103", "411123", BUREAU)
UNITS = [code for code in REGISTER.frame()["code"] if code != "0" and REGISTER.get(code).level != TOWNSHIP]
PERIODS = [Period.of(code) for code in "2003 2004-Q2 2004-Q3 2017 2018-Q3 2018-Q4 2018-H2 2019-Q1".split()]
TODAY = date(2018, 10, 20)
Q3 = Period.of("2018-Q3")


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = small_store(tmp_path_factory.mktemp("ruled"), units=REGISTER)
    yield store
    store.close()


# ---- who owes what: the slow twin ------------------------------------------------------------------------------------


def random_rules(random: Random, store: Store) -> list[Rule]:
    """Rules that overlap: regions and units, spans that meet, ends that are open, frequencies and days of their own."""
    rules = []
    while len(rules) < 12:
        form = store.forms[random.choice(list(store.forms))]
        unit = random.choice(["0", "15", "1504", "45", "32", SONGSHAN, LINXI, HAILAR, YONGNING, "411123", BUREAU])
        days = random.sample([f"{year}-{day}" for year in (2003, 2004, 2017, 2018) for day in ("01-01", "09-30")], 2)
        start, end = sorted(days)
        coarser = [f for f in MONTHS_IN if MONTHS_IN[f] >= MONTHS_IN[form.frequency]]
        rule = {
            "form": form.code,
            "unit": unit,
            "beneath": random.choice([None, True, False]),
            "frequency": random.choice([None, *coarser]),
            "due_days": random.choice([None, 0, 5, 20]),
            "owes": random.random() < 0.75,
            "from": random.choice([None, start]),
            "to": random.choice([None, end]),
        }
        if not assignments.fault(store, rule):
            rules.append(assignments.completed(store, rule))
    return rules


def owed_days(store: Store, rules: list[Rule], form: str, code: str, period: Period) -> int | None:
    """After how many days the return is due; None when it is not owed."""
    declared, unit, end = store.forms[form], store.units.get(code), period.end
    stands = LEVELS[unit.level] == declared.usual_level and unit.kind != "zone" and unit.stood(end)
    stands = stands and end >= declared.valid_from
    said: list[tuple[int, int, Rule]] = []
    province_has_list = False
    for n, rule in enumerate(rules):
        start = date.fromisoformat(rule["from"]) if rule["from"] else declared.valid_from
        last = date.fromisoformat(rule["to"]) if rule["to"] else date.max
        if rule["form"] != form or not start <= end <= last:
            continue
        place = store.units.get(rule["unit"])
        if rule["owes"] and place.province and place.province == unit.province:
            province_has_list = True
        if (stands and place.code in ancestors(code)) if rule["beneath"] else place.code == code:
            said.append((place.level, n, rule))
    if said:
        _depth, _n, rule = max(said, key=lambda one: one[:2])
        months = MONTHS_IN[rule["frequency"] or declared.frequency]
        if not rule["owes"] or end.month % months:
            return None
        return DUE_DAYS if rule["due_days"] is None else rule["due_days"]
    by_default = stands and unit.level == COUNTY and not province_has_list
    return DUE_DAYS if by_default and end.month % MONTHS_IN[declared.frequency] == 0 else None


@pytest.mark.parametrize("seed", range(12))
def test_who_owes_what_is_what_the_twin_says(ruled: Store, seed: int) -> None:
    rules = random_rules(Random(seed), ruled)
    decisions.assign(ruled, rules, who="统计员", replaces=True)
    n_owed = 0
    for asked in PERIODS:
        board = desk.board(ruled, asked, today=TODAY)
        assert board["owed"].all()
        found = {(row.form, row.period, row.unit): (row.due.date() - Period.of(row.period).end).days
                 for row in board.itertuples()}  # fmt: skip
        assert len(found) == len(board)
        wanted = {
            (form, period.code, code): days
            for _asked, form, period in desk.sources(ruled.forms, [asked])
            for code in UNITS
            if (days := owed_days(ruled, rules, form, code, period)) is not None
        }
        assert found == wanted, asked
        n_owed += len(wanted)
    assert n_owed > 20
    spans = ruled.run("SELECT form, unit, valid_from, valid_to FROM expectation WHERE ended_at IS NULL ORDER BY ALL")
    for one, following in pairwise(spans):
        assert one[2] <= one[3]
        assert one[:2] != following[:2] or one[3] < following[2], "spans of a unit overlap"


# ---- what has come of it: the slow twin ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """One revision, as random as journals can make it."""

    id: str
    form: str
    unit: str
    period: Period
    revision: int
    status: str
    nil: bool
    received_at: datetime
    received_on: date | None
    n_errors: int
    n_open: int


def random_revisions(random: Random, store: Store) -> list[Sent]:
    found = []
    for period in (Period.of("2018-Q2"), Q3):
        for _asked, form, part in desk.sources(store.forms, [period]):
            for unit in (SONGSHAN, LINXI, HAILAR, YONGNING, BUREAU):
                revisions = random.choice([0, 1, 1, 1, 2, 3])
                in_force = random.choice([None, *range(1, revisions + 1)])
                at = datetime.combine(part.end, datetime.min.time()) + timedelta(hours=random.randint(0, 20 * 24))
                for n in range(1, revisions + 1):
                    if n == in_force:
                        status = "accepted"
                    elif in_force and n < in_force:
                        status = random.choice(["superseded", "sent_back", "withdrawn", "error"])
                    else:
                        status = random.choice(["error", "query", "clean", "unsure", "sent_back", "withdrawn"])
                    wrong = status == "error" or (status == "sent_back" and random.random() < 0.5)
                    open_queries = random.choice([0, 2]) if status == "query" else 0
                    nil = status == "accepted" and random.random() < 0.3
                    said = random.choice(
                        [None, None, (at + desk.clock_ahead()).date() - timedelta(random.randint(0, 6))]
                    )
                    found.append(Sent(f"{form}-{unit}-{part}-{n}", form, unit, part, n, status, nil, at, said,
                                      int(wrong) * 2, open_queries))  # fmt: skip
                    at += timedelta(hours=random.randint(1, 8 * 24))
    return found


def put_in(store: Store, sent: list[Sent]) -> None:
    units = [store.units.get(one.unit) for one in sent]
    with store.transaction() as cursor:
        cursor.execute("DELETE FROM submission")
        insert(cursor, "submission", {
            **{name: [getattr(one, name) for one in sent]
               for name in ("id", "form", "unit", "revision", "status", "nil", "received_at", "received_on",
                            "n_errors")},
            "period": [one.period.code for one in sent],
            "period_end": [one.period.end for one in sent],
            "n_queries": [3 if one.status == "query" else 0 for one in sent],
            "n_explained": [3 - one.n_open if one.status == "query" else 0 for one in sent],
            **{name: [getattr(unit, name) for unit in units] for name in ("province", "prefecture", "county")},
        })  # fmt: skip


@dataclass
class Cell:
    state: str
    newer: str | None
    days_late: int
    on_time: bool | None
    received: bool
    shown: str | None


def state_of(one: Sent) -> str:
    if one.status == "accepted":
        return "nil" if one.nil else "accepted"
    if one.status == "error":
        return "errors"
    if one.status == "query" and one.n_open:
        return "to_explain"
    return "sent_back" if one.status == "sent_back" else "pending"


def day_of(one: Sent) -> tuple[date, bool]:
    """When a revision came, and whether that is the upload's day because none was said."""
    return one.received_on or (one.received_at + desk.clock_ahead()).date(), one.received_on is None


def cell(sent: list[Sent], due: date | None, opened: date, *, closed: bool) -> Cell | None:
    """What one form, unit and period looks like on the board."""
    came = [one for one in sent if one.status != "withdrawn"]
    if not came and due is None:
        return None
    in_force = [one for one in came if one.status == "accepted"]
    newest = [one for one in came if one.status != "superseded"][-1:]
    shown = (in_force or newest or [None])[0]
    newer = newest[0] if in_force and newest[0].revision > in_force[0].revision else None
    stands = any(one.status in ("query", "clean", "accepted") for one in came)
    acceptable = [one for one in came if one.status in ("query", "clean", "accepted", "superseded")]
    day, only_uploaded = min(map(day_of, acceptable)) if stands else (None, True)
    state = state_of(shown) if shown else "missing"
    if state in ("missing", "sent_back") and day is None and due:
        state = "absent" if closed else "overdue" if due < TODAY else state
    judged = due and (due >= opened or not only_uploaded)
    late = 0
    if due and day is None and not closed:
        late = max((TODAY - due).days, 0)
    elif judged and day:
        late = max((day - due).days, 0)
    on_time = None
    if judged and (day or due < TODAY):
        on_time = day is not None and day <= due
    return Cell(state, state_of(newer) if newer else None, late, on_time, stands, shown.id if shown else None)


@pytest.mark.parametrize("seed", range(8))
def test_the_board_and_the_rates_are_what_the_twin_says(
    ruled: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    rules = random_rules(random, ruled)
    decisions.assign(ruled, rules, who="统计员", replaces=True)
    sent = random_revisions(random, ruled)
    put_in(ruled, sent)
    closed = {(form, part.code) for _asked, form, part in desk.sources(ruled.forms, [Q3]) if random.random() < 0.3}
    everything = [{"form": form, "period": part.code} for _asked, form, part in desk.sources(ruled.forms, [Q3])]
    returns = [{"form": form, "period": part} for form, part in sorted(closed)]
    with ruled.transaction() as cursor:
        happenings = [("reopened", "", {"returns": everything}), ("closed", "", {"returns": returns})]
        journal.append(cursor, "统计员", happenings)
    opened = date(2018, 7, 12)
    monkeypatch.setattr(desk, "opened", lambda _store: opened)
    totals: dict[tuple[str, str, str], list[int]] = {}
    states = set()
    for asked in (Period.of("2018-Q2"), Q3):
        board = desk.board(ruled, asked, today=TODAY)
        rows = {(row.form, row.period, row.unit): row for row in board.itertuples()}
        assert len(rows) == len(board)
        for _asked, form, period in desk.sources(ruled.forms, [asked]):
            for unit in UNITS:
                days = owed_days(ruled, rules, form, unit, period)
                due = None if days is None else period.end + timedelta(days=days)
                history = [one for one in sent if (one.form, one.unit, one.period) == (form, unit, period)]
                wanted = cell(history, due, opened, closed=(form, period.code) in closed)
                row = rows.pop((form, period.code, unit), None)
                assert (row is None) == (wanted is None), (form, unit, period)
                if row is None:
                    continue
                found = Cell(row.state, row.newer if isinstance(row.newer, str) else None,
                             0 if pd.isna(row.days_late) else row.days_late,
                             None if pd.isna(row.on_time) else bool(row.on_time), pd.notna(row.first_acceptable_at),
                             row.submission_id if isinstance(row.submission_id, str) else None)  # fmt: skip
                assert found == wanted, (form, unit, period)
                assert row.owed == (due is not None)
                states.add(row.state)
                if due:
                    for level, part in (("province", ancestors(unit)[1]), ("unit", unit)):
                        count = totals.setdefault((level, part, asked.code), [0, 0, 0, 0, 0, 0])
                        count[0] += 1
                        count[1] += wanted.received
                        count[2] += any(one.status == "accepted" for one in history)
                        count[3] += wanted.on_time is not None
                        count[4] += wanted.on_time is True
                        count[5] += wanted.on_time is None and due < opened
        assert not rows
    assert len(states) >= 6
    for level in ("province", "unit"):
        rates = desk.rates(ruled, [Period.of("2018-Q2"), Q3], level=level, today=TODAY)
        assert not rates.empty
        for row in rates.itertuples():
            counts = [row.n_expected, row.n_received, row.n_accepted, row.n_judged, row.n_on_time, row.n_unjudged]
            assert counts == totals.pop((level, row.unit, row.period)), (level, row.unit, row.period)
            assert 0 <= row.response <= 1
            assert pd.isna(row.on_time) if not row.n_judged else 0 <= row.on_time <= 1
    assert not totals


# ---- rules laid down -------------------------------------------------------------------------------------------------


def rule(form: str = "staffing", unit: str = LINXI, **more: object) -> Rule:
    return {"form": form, "unit": unit, **more}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (rule("nothing"), "没有代码为 nothing 的报表"),
        (rule(unit="999999"), "没有代码为 999999 的单位"),
        (rule(unit="150404100"), "没有报送本表的单位"),
        (rule(unit=LINXI, beneath=True), "没有报送本表的单位"),
        (rule(unit="1504", beneath=False), "本级不报"),
        (rule(frequency="month"), "更密"),
        (rule(frequency="weekly"), "weekly"),
        (rule(due_days=-1), "0 至 366"),
        (rule(due_days=367), "0 至 366"),
        (rule(due_days=2.5), "0 至 366"),
        (rule(**{"from": "2018-10-01", "to": "2018-09-30"}), "终止日期早于"),
        (rule(**{"from": "1.10.2018"}), "2018-01-01"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_its_row(store: Store, wrong: Rule, said: str) -> None:
    with pytest.raises(NotAcceptable, match=r"第 2 行") as refused:
        decisions.assign(store, [rule(unit=SONGSHAN), wrong], who="统计员")
    assert said in str(refused.value)
    assert assignments.laid_down(store) == []


def test_rules_replace_those_before_but_not_the_samples(store: Store) -> None:
    decisions.assign(store, [rule(unit=SONGSHAN)], who="示例", sample=True)
    decisions.assign(store, [rule(), rule("coverage")], who="统计员")
    decisions.assign(store, [rule(due_days=20)], who="统计员", reason="延期", replaces=True)
    (held,) = assignments.laid_down(store)
    assert (held["unit"], held["due_days"], held["beneath"], held["owes"]) == (LINXI, 20, False, True)
    assert [sample["unit"] for sample in assignments.laid_down(store, sample=True)] == [SONGSHAN]
    before = contents(store)
    derive.rebuild(store)
    assert contents(store) == before
    saves = store.ask("rules_saved")
    assert saves["reason"].tolist() == ["延期", "", ""]


def test_a_save_in_between_is_not_overwritten(store: Store) -> None:
    seen = assignments.last_saved(store)
    decisions.assign(store, [rule()], who="甲", replaces=True, seen=seen)
    with pytest.raises(NotAcceptable, match="其间已有人保存"):
        decisions.assign(store, [], who="乙", replaces=True, seen=seen)
    assert len(assignments.laid_down(store)) == 1


def test_events_of_an_older_program_still_apply(store: Store) -> None:
    old = {"form": "staffing", "unit": "1504", "from": "2018-01-01", "to": "2018-12-31"}
    body = {"assignments": [old, old | {"form": "given_up"}], "sample": False}
    with store.transaction() as cursor:
        derive.apply(store, cursor, journal.append(cursor, "统计员", [("assigned", "", body)]))
    (held,) = assignments.laid_down(store)
    assert held == {"form": "staffing", "unit": "1504", "beneath": True, "frequency": None, "due_days": None,
                    "owes": True, "from": "2018-01-01", "to": "2018-12-31"}  # fmt: skip
    board = desk.board(store, Q3, today=TODAY)
    assert set(board.loc[board["form"] == "staffing", "unit"]) == {SONGSHAN, LINXI, YONGNING}


def test_what_rules_would_change_is_counted_and_nothing_is_saved(store: Store) -> None:
    before = (contents(store), store.version)
    effect = impact_of_rules(store, [rule(owes=False), rule("coverage", SONGSHAN)], Q3.end).set_index("form")
    assert effect.loc["staffing"].tolist() == [3, 2]
    assert effect.loc["coverage"].tolist() == [3, 2]  # who is named owes it alone in the province
    assert effect.loc["training"].tolist() == [3, 3]
    assert (contents(store), store.version) == before


def test_a_difference_says_what_is_new_and_what_is_gone() -> None:
    a, b, c = rule(), rule("coverage"), rule(due_days=3)
    assert assignments.difference([a, b, b], [c, b, a]) == ([c], [b])


# ---- the board -------------------------------------------------------------------------------------------------------


def staffing(unit: str, **values: object) -> bytes:
    return make_workbook("staffing", [office(f"{unit}委统战部", 6, **values)], unit=unit, period="2018-Q3")


def test_the_board_follows_a_return_through_its_life(store: Store) -> None:
    def state() -> str:
        board = desk.board(store, Q3, "1504", today=TODAY)
        return board.set_index(["unit", "form"])["state"][LINXI, "staffing"]

    assert state() == "overdue"
    submission = submitted(store, staffing("林西县", women=99))
    assert state() == "errors"
    decisions.send_back(store, submission, who="统计员", reason="改")
    assert state() == "overdue"
    submission = submitted(store, staffing("林西县"))
    assert state() == "pending"
    decisions.accept(store, [submission], who="统计员")
    assert state() == "accepted"
    decisions.withdraw(store, submission, who="统计员", reason="误")
    assert state() == "overdue"
    decisions.nil(store, "training", LINXI, "2018-Q3", who="统计员", reason="本季度无培训")
    board = desk.board(store, Q3, LINXI, today=TODAY).set_index("form")
    assert board.loc["training", "state"] == "nil"
    rates = desk.rates(store, [Q3], LINXI, forms=["training"], today=TODAY).iloc[0]
    assert (rates["n_expected"], rates["n_received"], rates["n_accepted"], rates["response"]) == (1, 1, 1, 1.0)


def test_the_board_as_of_a_moment_is_the_board_that_was_seen_then(store: Store) -> None:
    seen: list[tuple[datetime, list[pd.DataFrame]]] = []

    def look(as_of: datetime) -> list[pd.DataFrame]:
        asked = {"today": TODAY, "as_of": as_of}
        returns = submissions.listed(store, as_of=as_of)
        return [
            desk.board(store, Q3, **asked),
            desk.rates(store, [Q3], level="unit", **asked),
            returns[["id", "unit", "period", "revision", "status", "accepted_at", "n_errors", "n_explained"]],
        ]

    def keep() -> None:
        ((moment,),) = store.run("SELECT max(happened_at) FROM journal")
        seen.append((moment, look(ALWAYS)))

    wrong = submitted(store, staffing("林西县", women=99))
    keep()
    decisions.send_back(store, wrong, who="统计员", reason="改")
    keep()
    doubtful = submitted(store, staffing("林西县", authorised_posts=3))
    keep()
    decisions.withdraw(store, wrong, who="统计员", reason="重复")
    keep()
    found = submissions.findings(store, doubtful)
    queries = found.loc[found["severity"] == "query", "n"].tolist()
    decisions.explain(store, doubtful, queries, "编制核减，属实", who="处长")
    keep()
    decisions.accept(store, [doubtful], who="统计员")
    keep()
    newer = submitted(store, staffing("林西县", women=2))
    keep()
    decisions.accept(store, [newer], who="统计员")
    keep()
    decisions.close(store, "2018-Q3", ["staffing", "coverage"], who="统计员", reason="定案")
    keep()
    decisions.reopen(store, "2018-Q3", ["coverage"], who="统计员", reason="漏报")
    keep()
    decisions.chase(store, [{"form": "coverage", "unit": LINXI, "period": "2018-Q3"}], who="统计员", how="visit")
    keep()
    decisions.assign(store, [rule("coverage", SONGSHAN, owes=False)], who="统计员")
    keep()
    decisions.reopen(store, "2018-Q3", ["staffing"], who="统计员", reason="误")
    moved = decisions.answer(store, newer, who="统计员", unit=SONGSHAN, reason="报错了单位")
    keep()
    assert moved in set(submissions.listed(store)["id"])

    for moment, frames in seen:
        for now, then in zip(frames, look(moment), strict=True):
            # what has come to the same place since has given revisions other numbers
            pd.testing.assert_frame_equal(then, now, check_dtype=False)
    assert len({board.to_csv() for _moment, (board, *_rest) in seen}) == len(seen) - 1  # to withdraw changed no cell


def test_where_a_return_stood_before_it_was_placed_is_not_guessed(store: Store) -> None:
    submission = submitted(store, staffing("林西县"))
    ((moment,),) = store.run("SELECT max(happened_at) FROM journal")
    decisions.answer(store, submission, who="统计员", unit=SONGSHAN, reason="报错了单位")
    board = desk.board(store, Q3, SONGSHAN).set_index("form")
    assert board.loc["staffing", "state"] == "errors"  # the sheet names another unit
    for unit in (SONGSHAN, LINXI):
        row = desk.board(store, Q3, unit, today=TODAY, as_of=moment).set_index("form").loc["staffing"]
        assert (row["state"], row["submission_id"]) == ("overdue", None)
    (listed,) = submissions.listed(store, as_of=moment).to_dict("records")
    assert listed["status"] == "unsure"
    assert pd.isna(listed["unit"])
    assert pd.isna(listed["period"])


def test_what_was_due_before_the_desk_was_opened_is_not_judged(store: Store) -> None:
    submitted(store, staffing("林西县"))
    assert desk.opened(store) > Q3.end + timedelta(days=DUE_DAYS)
    row = desk.board(store, Q3, LINXI, today=TODAY).set_index("form").loc["staffing"]
    assert (row["state"], row["days_late"]) == ("pending", 0)
    assert pd.isna(row["on_time"])
    assert pd.isna(desk.rates(store, [Q3], LINXI)["on_time"].iloc[0])


def test_no_scope_no_rows(store: Store) -> None:
    assert desk.board(store, Q3, scope=()).empty
    assert set(desk.board(store, Q3, scope=[LINXI])["unit"]) == {LINXI}
    assert desk.rates(store, [Q3], scope=()).empty


def test_a_quarter_shows_its_months_and_the_last_one_the_year() -> None:
    def of(code: str) -> set[str]:
        return {f"{form} {period}" for _asked, form, period in desk.sources(all_forms(), [Period.of(code)])}

    assert "safeguards 2018" not in of("2018-Q3")
    assert of("2018-Q4") >= {"staffing 2018-Q4", "publicity 2018-10", "publicity 2018-12", "safeguards 2018"}
    assert len(of("2018")) == 4 * 4 + 12 + 1


def test_parts_of_a_region_are_counted(store: Store) -> None:
    submission = submitted(store, staffing("林西县"))
    decisions.accept(store, [submission], who="统计员")
    board = desk.board(store, Q3, today=TODAY)
    parts = desk.by_part(board, "province").set_index(["part", "form"])
    assert parts.loc[("15", "staffing"), ["n", "n_settled", "overdue"]].tolist() == [2, 1, 1]
    assert parts.loc[("45", "staffing"), ["n", "n_settled", "overdue"]].tolist() == [1, 0, 1]
    assert desk.in_each_state(board)["accepted"] == 1


def test_past_periods_begin_where_there_is_something_to_say(store: Store) -> None:
    submitted(store, staffing("林西县"))
    rates = desk.rates(store, [Period.of("2018-Q2"), Q3, Period.of("2018-Q4")], "1504")
    assert rates["period"].tolist() == ["2018-Q2", "2018-Q3", "2018-Q4"]
    assert desk.on_record(rates)["period"].tolist() == ["2018-Q3", "2018-Q4"]
    assert desk.on_record(rates.iloc[:1]).empty
