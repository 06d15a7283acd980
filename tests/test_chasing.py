"""What is sent to units that owe something: messages, the letter, the calendar; and the record of it."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from docx import Document
from icalendar import Calendar
from stores import places, small_store

from huizong import chasing, decisions, derive
from huizong.org_units import register
from huizong.periods import Period
from huizong.store import Store

TODAY, BY = date(2018, 10, 20), date(2018, 10, 25)
SONGSHAN, LINXI, HONGSHAN, AOHAN = "150404", "150424", "150402", "150430"
BUREAU = "321084-01"


def row(form: str, unit: str, state: str, **more: object) -> dict:
    plain = {"unit_name": register().get(unit).name, "period": "2018-Q3", "due": date(2018, 10, 15), "days_late": 0,
             "submission_id": None, "revision": None, "n_errors": 0, "n_open_queries": 0, "closed": False}  # fmt: skip
    return plain | {"form": form, "unit": unit, "state": state} | more


@pytest.fixture
def board() -> pd.DataFrame:
    return pd.DataFrame([
        row("coverage", HONGSHAN, "accepted", submission_id="a"),
        row("training", HONGSHAN, "nil", submission_id="b"),
        row("staffing", HONGSHAN, "pending", submission_id="c"),
        row("staffing", AOHAN, "to_explain", submission_id="d", n_open_queries=2),
        row("coverage", SONGSHAN, "sent_back", submission_id="e", n_errors=3, days_late=5),
        row("training", SONGSHAN, "overdue", days_late=5),
        row("staffing", SONGSHAN, "absent", closed=True),
        row("pairing", SONGSHAN, "errors", submission_id="f", n_errors=1, closed=True),
        row("publicity", SONGSHAN, "overdue", period="2018-08", due=date(2018, 9, 15), days_late=35),
    ])  # fmt: skip


def test_only_what_waits_for_the_unit_is_chased_the_latest_first(board: pd.DataFrame) -> None:
    rows = chasing.to_chase(board)
    assert rows[["unit", "form"]].values.tolist() == [
        [SONGSHAN, "publicity"], [SONGSHAN, "coverage"], [SONGSHAN, "training"], [AOHAN, "staffing"],
    ]  # fmt: skip


def test_one_message_a_unit_says_what_is_the_matter(store: Store, board: pd.DataFrame) -> None:
    songshan, aohan = chasing.messages(store, chasing.to_chase(board), by=BY, today=TODAY)
    assert songshan.text == (
        "松山区：截至2018年10月20日，下列报表尚未办结：\n"
        "1. 2018年8月宣传信息情况表：未报送，应于2018年9月15日前报送（逾期35天）\n"
        "2. 2018年第三季度统战委员配备情况表：有3处错误待更正（逾期5天）\n"
        "3. 2018年第三季度统战培训情况表：未报送，应于2018年10月15日前报送（逾期5天）\n"
        "请于2018年10月25日前报送或办结，谢谢配合。"
    )
    assert "有2条问题待说明" in aohan.text


def test_the_short_message_counts_what_it_is_paid_as(store: Store, board: pd.DataFrame) -> None:
    songshan, aohan = chasing.messages(store, chasing.to_chase(board), by=BY, today=TODAY, short=True)
    assert aohan.text == "敖汉旗，2018年第三季度：人员配备有2条问题待说明。请于10月25日前报送。"
    assert (aohan.parts, songshan.parts) == (1, 2)
    assert "\n" not in songshan.text


def test_the_letter_lists_every_return_that_is_owed(store: Store, board: pd.DataFrame) -> None:
    made = chasing.letter(store, chasing.to_chase(board), "各旗县区", Period.of("2018-Q3"), by=BY, today=TODAY)
    letter = Document(BytesIO(made))
    assert letter.paragraphs[0].text == "关于催报2018年第三季度报表的函"
    (table,) = letter.tables
    assert [cell.text for cell in table.rows[0].cells] == ["填报单位", "报表", "应报", "情况"]
    assert len(table.rows) == 1 + 4
    assert table.rows[2].cells[3].text == "有3处错误待更正（逾期5天）"


def test_an_attempt_is_kept_with_its_answer(store: Store) -> None:
    returns = [{"form": "coverage", "unit": SONGSHAN, "period": "2018-Q3"}]
    decisions.chase(store, returns, who="统计员", how="telephone", answer="下周一报")
    for _again in range(2):
        (kept,) = chasing.attempts(store, "1504", ["2018-Q3"]).to_dict("records")
        assert (kept["unit_name"], kept["how"], kept["answer"], kept["who"]) == (
            "松山区",
            "telephone",
            "下周一报",
            "统计员",
        )
        derive.rebuild(store)
    assert chasing.attempts(store, "1504", ["2018-Q3"], scope=["37"]).empty
    with pytest.raises(decisions.NotAcceptable):
        decisions.chase(store, [], who="统计员", how="letter")
    with pytest.raises(ValueError, match="telephone"):
        decisions.chase(store, returns, who="统计员", how="pigeon")


def test_the_calendar_has_every_day_on_which_something_is_due(store: Store) -> None:
    made = datetime(2018, 9, 1, tzinfo=UTC)
    region = register().get("1504")
    file = Calendar.from_ical(chasing.calendar(store, region, date(2018, 10, 1), date(2018, 10, 31), made=made))
    due = {str(entry["summary"]): entry for entry in file.walk("VEVENT")}
    entry = due["应报：2018年第三季度统战委员配备情况表（2个单位）"]
    assert entry.decoded("dtstart") == date(2018, 10, 15)
    assert "松山区" in str(entry["description"])
    assert entry.walk("VALARM")[0].decoded("trigger").days == -3
    assert "应报：2018年9月宣传信息情况表（2个单位）" in due
    assert len({str(entry["uid"]) for entry in due.values()}) == len(due)
    assert chasing.due_dates(store, "1504", date(2018, 10, 1), date(2018, 10, 31), scope=["37"]).empty


def test_the_calendar_leaves_out_what_is_closed(store: Store) -> None:
    october = "1504", date(2018, 10, 1), date(2018, 10, 31)
    before = chasing.due_dates(store, *october)
    decisions.close(store, "2018-Q3", ["coverage"], who="统计员", reason="提前收齐")
    after = chasing.due_dates(store, *october)
    assert set(before["form"]) - set(after["form"]) == {"coverage"}
    assert len(after) == len(before) - 1
    decisions.reopen(store, "2018-Q3", ["coverage"], who="统计员", reason="补报")
    assert chasing.due_dates(store, *october).equals(before)


def arrive(store: Store, code: str, period: Period, days_after: int, form: str = "training") -> None:
    """A right return, received so many days after the period's end."""
    unit = store.units.get(code)
    store.run(
        "INSERT INTO submission (id, form, unit, province, prefecture, county, period, period_end, revision, status, "
        "received_at, accepted_at, n_errors, n_queries, n_explained) "
        "VALUES ($1 || $2, $8, $1, $5, $6, $7, $2, $3, 1, 'accepted', $4, $4, 0, 0, 0)",
        [
            unit.code,
            period.code,
            period.end,
            period.end + timedelta(days=days_after),
            unit.province,
            unit.prefecture,
            unit.county,
            form,
        ],
    )


def test_who_is_late_again_and_again_is_named_with_the_periods(store: Store) -> None:
    nothing = [{"form": form, "unit": "1504", "owes": False} for form in store.forms]
    training = {"form": "training", "unit": "1504", "from": "2017-12-01"}
    decisions.assign(store, [*nothing, training], who="统计员")
    quarters = [Period.of(code) for code in ("2017-Q4", "2018-Q1", "2018-Q2", "2018-Q3")]
    for n, quarter in enumerate(quarters):
        arrive(store, LINXI, quarter, 10 if n else 40)  # late once
        arrive(store, SONGSHAN, quarter, 40 if n % 2 else 10)  # late twice
    found = chasing.often_late(store, "1504", quarters[-1], today=date(2018, 12, 1))
    (late,) = found.to_dict("records")
    assert (late["name"], late["n_late"], late["n_expected"], late["late"]) == ("松山区", 2, 4, 0.5)
    assert late["history"] == [1, 0, 1, 0]
    assert chasing.often_late(store, "1504", quarters[-1], today=date(2018, 12, 1), scope=["37"]).empty


def test_departments_of_a_county_are_late_each_for_itself(tmp_path: Path) -> None:
    store = small_store(tmp_path, units=places(BUREAU, "321084"))
    rules = [{"form": form, "unit": "32", "beneath": True, "owes": False} for form in store.forms]
    rules += [{"form": "staffing", "unit": code, "from": "2018-01-01"} for code in (BUREAU, "321084")]
    decisions.assign(store, rules, who="统计员")
    for quarter in (Period.of("2018-Q1"), Period.of("2018-Q2")):
        arrive(store, BUREAU, quarter, 40, "staffing")
        arrive(store, "321084", quarter, 10, "staffing")
    found = chasing.often_late(store, "3210", Period.of("2018-Q2"), today=date(2018, 12, 1))
    assert found[["unit", "n_late", "n_expected"]].values.tolist() == [[BUREAU, 2, 2]]
    store.close()
