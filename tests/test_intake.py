"""The way of a workbook: what can be done with it, what is refused, what is kept; and all of it done again."""

import json
import math
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import hostile
import openpyxl
import pandas as pd
import pytest
from stores import LINXI, SONGSHAN, accepted, contents, files_in, rules, send, status, submitted
from workbooks import course, drawn, excel, make_workbook, office, return_sheet, township

from huizong import decisions, derive, desk, intake, journal, loading, submissions
from huizong.decisions import NotAcceptable, UnknownSubmission
from huizong.indicators import figures
from huizong.periods import Period
from huizong.reading import read_files
from huizong.store import Store
from huizong.templates import returns_workbook

Q3 = Period.of("2018-Q3")
MOBILE = "13000000000"


def staffing(*rows: dict[str, object], unit: str = "松山区", period: str = "2018-Q3", **more: object) -> bytes:
    return make_workbook("staffing", rows or [office("区委统战部")], unit=unit, period=period, **more)


WRONG = staffing(office("区委统战部", 3, part_time=1))
CLEAN = staffing()
OVER = office("区委统战部", 5, authorised_posts=4)  # a query: more staff than posts


def staff(store: Store, unit: str = SONGSHAN, **more: object) -> float:
    return figures(store, ["staff_in_post_total"], unit, [Q3], **more)["value"].iloc[0]


# ---- in --------------------------------------------------------------------------------------------------------------


def test_a_receipt_for_each_file_in_order_and_no_bad_file_stops_the_rest(store: Store) -> None:
    bad = [b"", b"rubbish", hostile.word_document(), hostile.with_a_password(), CLEAN[:300], hostile.bomb(CLEAN)]
    receipts = send(store, CLEAN, *bad, excel(drawn("| 通讯录 |\n| 甲 |")), WRONG)
    assert [receipt.filename for receipt in receipts] == [f"{n}.xlsx" for n in range(1, 10)]
    assert [receipt.outcome for receipt in receipts] == ["received", *["unreadable"] * 7, "received"]
    messages = [receipt.message for receipt in receipts[1:-1]]
    assert len(set(messages)) == len(messages)
    assert all(message and "\n" not in message for message in messages)


@pytest.mark.parametrize("name", ["../../松山区/报表.xlsx", "上报.zip › 松山区/报表.xlsx", "上报.zip › 报表.xlsx"])
def test_where_a_file_lay_is_told_and_recorded_but_is_not_its_name(store: Store, name: str) -> None:
    (receipt,) = intake.receive(store, [(name, CLEAN)], who="统计员")
    assert receipt.filename == name
    assert submissions.listed(store)["filename"].tolist() == ["报表.xlsx"]
    ((body,),) = store.run("SELECT body FROM journal")
    assert json.loads(body)["path"] == name


def test_the_same_unreadable_file_again_is_told_again_and_recorded_once(store: Store) -> None:
    for _ in range(2):
        assert [receipt.outcome for receipt in send(store, b"rubbish", CLEAN[:500])] == ["unreadable"] * 2
    assert store.run("SELECT count(*) FROM journal") == [(2,)]
    assert not list((store.folder / "incoming").iterdir())


@pytest.mark.parametrize(
    ("workbook", "expected"),
    [(CLEAN, "clean"), (staffing(OVER), "query"), (WRONG, "error"), (staffing(unit="哪里"), "unsure")],
)
def test_where_a_return_stands_when_it_has_come(store: Store, workbook: bytes, expected: str) -> None:
    assert status(store, submitted(store, workbook)) == expected


def test_the_same_bytes_again_bring_nothing_new(store: Store) -> None:
    first = submitted(store, CLEAN)
    before = contents(store)
    (again,) = send(store, CLEAN)
    assert (again.outcome, again.submissions) == ("already", [first])
    assert contents(store) == before


def test_the_same_file_twice_in_one_upload_is_one_return(store: Store) -> None:
    receipts = send(store, CLEAN, CLEAN)
    assert [receipt.outcome for receipt in receipts] == ["received", "already"]
    assert receipts[0].submissions == receipts[1].submissions
    assert len(submissions.listed(store)) == 1


def test_the_same_file_in_two_groups_of_one_upload_is_one_return(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # The second group is put aside and read while the first is committed.
    monkeypatch.setattr(intake, "GROUP", 1)
    receipts = send(store, CLEAN, CLEAN, WRONG, CLEAN)
    assert [receipt.outcome for receipt in receipts] == ["received", "already", "received", "already"]
    assert len(submissions.listed(store)) == 2
    assert len(files_in(store.folder / "originals")) == 2


def test_a_file_that_the_group_before_has_moved_away_is_one_return(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow_children(store: Store, paths: list[Path]) -> Iterator[object]:
        """Read only once the group before is committed."""
        yield from read_files(store, paths)

    monkeypatch.setattr(intake, "GROUP", 1)
    monkeypatch.setattr(intake, "read_files", slow_children)
    assert [receipt.outcome for receipt in send(store, CLEAN, CLEAN)] == ["received", "already"]


def test_an_unreadable_file_may_be_sent_again(store: Store) -> None:
    assert [send(store, b"rubbish")[0].outcome for _ in range(2)] == ["unreadable", "unreadable"]


def test_several_returns_of_one_workbook(store: Store) -> None:
    pages = [
        return_sheet("staffing", [office("区委统战部")], unit="松山区", period="2018-Q3", name="人员"),
        return_sheet("training", [course("培训班")], unit="松山区", period="2018-Q3", name="培训"),
    ]
    (receipt,) = send(store, returns_workbook(pages))
    held = submissions.listed(store).set_index("id").loc[receipt.submissions]
    assert list(held["form"]) == ["staffing", "training"]
    assert list(held["sheets"]) == ["人员", "培训"]


def test_looking_a_file_over_leaves_no_trace(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "看看.xlsx"
    path.write_bytes(WRONG)
    before = contents(store)
    (found,) = intake.check(store, [path])
    assert found.status == "error"
    assert contents(store) == before
    assert files_in(store.folder / "originals") == files_in(store.folder / "incoming") == []
    assert store.run("SELECT count(*) FROM journal") == [(0,)]


def test_what_a_check_says_is_what_a_receipt_brings(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "看看.xlsx"
    path.write_bytes(staffing(office("区委统战部", 3, part_time=1, women=None), office("穆家营镇", 2)))
    (looked,) = intake.check(store, [path])
    submission = submitted(store, path.read_bytes())
    assert [(f.severity, f.rule, f.cells) for f in looked.findings] == [
        (row.severity, row.rule, list(row.cells)) for row in submissions.findings(store, submission).itertuples()
    ]


# ---- what is kept, and what is not -----------------------------------------------------------------------------------


def test_originals_are_kept_byte_for_byte_under_their_hash(store: Store) -> None:
    send(store, CLEAN, WRONG, b"rubbish")
    kept = {path.read_bytes() for path in files_in(store.folder / "originals")}
    assert kept == {CLEAN, WRONG, b"rubbish"}


def test_nothing_is_left_aside(store: Store) -> None:
    personal = staffing(office("区委统战部"), notes=[f"联系电话：{MOBILE}"])
    send(store, CLEAN, CLEAN, b"rubbish", b"", personal)
    send(store, CLEAN)
    assert files_in(store.folder / "incoming") == []


def test_a_workbook_with_personal_numbers_is_refused_and_not_kept(store: Store) -> None:
    workbook = staffing(office("区委统战部"), notes=["示例", f"联系电话：{MOBILE}"])
    (receipt,) = send(store, workbook)
    assert receipt.outcome == "refused"
    assert "统战机构人员配备情况表!A8" in receipt.message
    assert MOBILE not in receipt.message
    assert len(submissions.listed(store)) == 0
    store.close()
    on_disk = b"".join(path.read_bytes() for path in files_in(store.folder))
    assert MOBILE.encode() not in on_disk
    assert workbook not in on_disk


def test_a_refused_workbook_can_be_sent_again_without_the_numbers(store: Store) -> None:
    send(store, staffing(office("区委统战部"), notes=[MOBILE]))
    assert send(store, CLEAN)[0].outcome == "received"


def test_the_journal_says_what_was_refused_without_the_numbers(store: Store) -> None:
    send(store, staffing(office("区委统战部"), notes=[MOBILE]))
    with store.transaction(keep=False) as cursor:
        (event,) = journal.read(cursor)
    assert (event.kind, event.subject) == ("refused", "")
    assert MOBILE not in json.dumps(event.body)


# ---- accepting -------------------------------------------------------------------------------------------------------


def test_a_clean_return_is_accepted_and_counted(store: Store) -> None:
    submission = submitted(store, CLEAN)
    assert pd.isna(staff(store))
    decisions.accept(store, [submission], who="统计员")
    assert (status(store, submission), staff(store)) == ("accepted", 3)


def test_errors_cannot_be_accepted(store: Store) -> None:
    submission = submitted(store, WRONG)
    with pytest.raises(NotAcceptable, match="1"):
        decisions.accept(store, [submission], who="统计员")
    assert pd.isna(staff(store))


def test_errors_cannot_be_explained(store: Store) -> None:
    submission = submitted(store, WRONG)
    with pytest.raises(NotAcceptable):
        decisions.explain(store, submission, 0, "就是这样填报的", who="统计员")


def test_queries_are_accepted_once_explained(store: Store) -> None:
    submission = submitted(store, staffing(OVER, office("穆家营子镇", 3, women=None)))
    with pytest.raises(NotAcceptable, match="2"):
        decisions.accept(store, [submission], who="统计员")
    decisions.explain(store, submission, 0, "借入一人", who="统计员")
    with pytest.raises(NotAcceptable, match="1"):
        decisions.accept(store, [submission], who="统计员")
    decisions.explain(store, submission, 1, "女性人数待核", who="统计员")
    decisions.accept(store, [submission], who="统计员")
    assert list(submissions.findings(store, submission)["explanation"]) == ["借入一人", "女性人数待核"]
    assert staff(store) == 8


@pytest.mark.parametrize("text", ["", "无", "   属实   "])
def test_an_explanation_explains(store: Store, text: str) -> None:
    submission = submitted(store, staffing(OVER))
    with pytest.raises(NotAcceptable):
        decisions.explain(store, submission, 0, text, who="统计员")


def test_a_finding_that_is_not_there_cannot_be_explained(store: Store) -> None:
    submission = submitted(store, staffing(OVER))
    with pytest.raises(NotAcceptable):
        decisions.explain(store, submission, [0, 7], "借入一人", who="统计员")


def test_one_that_cannot_be_accepted_holds_up_all_and_says_which(store: Store) -> None:
    good = submitted(store, CLEAN)
    bad = submitted(store, staffing(office("县委统战部", 3, part_time=1), unit="林西县"))
    with pytest.raises(NotAcceptable, match=bad):
        decisions.accept(store, [good, bad, "nobody-0"], who="统计员")
    assert status(store, good) == "clean"
    assert set(decisions.why_not_acceptable(store, [good, bad, "nobody-0"])) == {bad, "nobody-0"}


def test_an_upload_that_accepts_what_it_can(store: Store) -> None:
    other = staffing(office("县委统战部", 4), unit="林西县")
    receipts = send(store, CLEAN, other, staffing(OVER, period="2018-Q2"), staffing(unit="哪里"), accept=True)
    states = [status(store, receipt.submissions[0]) for receipt in receipts]
    assert states == ["accepted", "accepted", "query", "unsure"]
    assert staff(store, "1504") == 7


def test_of_two_revisions_in_one_upload_the_newest_is_accepted(store: Store) -> None:
    receipts = send(store, CLEAN, staffing(office("区委统战部", 9)), accept=True)
    assert [status(store, receipt.submissions[0]) for receipt in receipts] == ["clean", "accepted"]
    assert staff(store) == 9


def test_two_revisions_are_never_in_force_together(store: Store) -> None:
    first, second = submitted(store, CLEAN), submitted(store, staffing(office("区委统战部", 9)))
    try:
        decisions.accept(store, [first, second], who="统计员")
    except NotAcceptable:
        decisions.accept(store, [second], who="统计员")
    assert staff(store) == 9
    assert store.run("SELECT count(*) FROM submission WHERE accepted_at IS NOT NULL AND ended_at IS NULL") == [(1,)]


def test_an_older_revision_does_not_replace_a_newer_one_in_force(store: Store) -> None:
    older = submitted(store, CLEAN)
    accepted(store, staffing(office("区委统战部", 9)))
    with pytest.raises(NotAcceptable):
        decisions.accept(store, [older], who="统计员")
    assert staff(store) == 9


def test_what_is_decided_is_decided(store: Store) -> None:
    submission = accepted(store, CLEAN)
    with pytest.raises(NotAcceptable):
        decisions.accept(store, [submission], who="统计员")
    with pytest.raises(NotAcceptable):
        decisions.send_back(store, submission, who="统计员", reason="再核")


def test_a_return_sent_back_stays_on_record_and_out_of_the_figures(store: Store) -> None:
    submission = submitted(store, WRONG)
    decisions.send_back(store, submission, who="统计员", reason="专职兼职之和不符")
    assert status(store, submission) == "sent_back"
    with pytest.raises(NotAcceptable):
        decisions.accept(store, [submission], who="统计员")
    assert pd.isna(staff(store))


def test_a_withdrawn_return_leaves_the_figures(store: Store) -> None:
    submission = accepted(store, CLEAN)
    decisions.withdraw(store, submission, who="统计员", reason="误报")
    assert status(store, submission) == "withdrawn"
    assert pd.isna(staff(store))
    with pytest.raises(NotAcceptable):
        decisions.withdraw(store, submission, who="统计员", reason="误报")


def test_nobody_knows_the_submission(store: Store) -> None:
    for deed in (
        lambda: decisions.send_back(store, "x-0", who="统计员", reason="再核"),
        lambda: decisions.withdraw(store, "x-0", who="统计员", reason="误报"),
        lambda: decisions.explain(store, "x-0", 0, "借入一人", who="统计员"),
        lambda: decisions.answer(store, "x-0", who="统计员", unit=SONGSHAN),
    ):
        with pytest.raises(UnknownSubmission, match="x-0"):
            deed()


# ---- revisions -------------------------------------------------------------------------------------------------------


def test_a_newer_return_is_a_revision_and_both_are_kept(store: Store) -> None:
    first = accepted(store, CLEAN)
    second = submitted(store, staffing(office("区委统战部", 4)))
    assert submissions.states(store, [second])[second]["revision"] == 2
    assert staff(store) == 3  # the first is in force until the second is accepted
    decisions.accept(store, [second], who="统计员")
    assert (status(store, first), status(store, second), staff(store)) == ("superseded", "accepted", 4)
    assert len(files_in(store.folder / "originals")) == 2


def test_what_was_in_force_at_a_time_stays_so(store: Store) -> None:
    first = accepted(store, CLEAN)
    second = accepted(store, staffing(office("区委统战部", 4)))
    at = dict(store.run("SELECT id, accepted_at FROM submission"))
    assert [staff(store, as_of=at[submission]) for submission in (first, second)] == [3, 4]
    decisions.withdraw(store, second, who="统计员", reason="误报")
    assert [staff(store, as_of=at[submission]) for submission in (first, second)] == [3, 4]
    assert pd.isna(staff(store))


def test_withdrawing_what_was_superseded_changes_no_past_figure(store: Store) -> None:
    first = accepted(store, CLEAN)
    second = accepted(store, staffing(office("区委统战部", 4)))
    ((then,),) = store.run("SELECT accepted_at FROM submission WHERE id = ?", [second])
    with suppress(NotAcceptable):
        decisions.withdraw(store, first, who="统计员", reason="误报")
    assert staff(store, as_of=then) == 4
    assert staff(store) == 4


def test_a_revision_is_shown_cell_by_cell(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 3), office("穆家营子镇", 2)))
    revised = [office("初头朗镇", 1, women=1), office("区委统战部", 3, women=2, operating_funds=None)]
    second = submitted(store, staffing(*revised))
    changes = {
        (row.label, row.item): (row.before, row.after, row.cell)
        for row in submissions.difference(store, second).itertuples()
    }
    sheet = "统战机构人员配备情况表"
    assert changes["区委统战部", "women"] == (0, 2, f"{sheet}!H6")
    assert changes["区委统战部", "operating_funds"] == (1.5, None, f"{sheet}!R6")
    assert changes["初头朗镇", "women"] == (None, 1, f"{sheet}!H5")
    assert changes["穆家营子镇", "staff_in_post"] == (2, None, "")
    assert ("区委统战部", "staff_in_post") not in changes


def test_a_first_return_differs_from_nothing(store: Store) -> None:
    assert len(submissions.difference(store, submitted(store, CLEAN))) == 0


def test_the_difference_is_to_the_one_in_force_even_if_another_came_between(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 3, women=1)))
    submitted(store, staffing(office("区委统战部", 3, women=3, part_time=1)))
    third = submitted(store, staffing(office("区委统战部", 3, women=2)))
    (change,) = submissions.difference(store, third).itertuples()
    assert (change.item, change.before, change.after) == ("women", 1, 2)


def explained_then(store: Store, *rows: dict[str, object]) -> dict[str, object]:
    """Rule → explanation of a second revision, after the query of the first (more staff than posts) was explained."""
    first = submitted(store, staffing(OVER))
    decisions.explain(store, first, 0, "借入一人", who="统计员")
    found = submissions.findings(store, submitted(store, staffing(*rows)))
    return {row.rule: row.explanation for row in found.itertuples() if row.severity == "query"}


def test_an_explanation_survives_while_the_values_are_the_same(store: Store) -> None:
    assert explained_then(store, OVER | {"operating_funds": 3}) == {"staff_over_posts": "借入一人"}


def test_an_explanation_survives_when_only_the_row_has_moved(store: Store) -> None:
    assert explained_then(store, office("穆家营子镇"), OVER) == {"staff_over_posts": "借入一人"}


def test_an_explanation_ends_when_the_value_changes(store: Store) -> None:
    (explanation,) = explained_then(store, OVER | {"authorised_posts": 3}).values()
    assert pd.isna(explanation)


def test_an_explanation_is_of_its_own_row(store: Store) -> None:
    (explanation,) = explained_then(store, OVER | {"office": "穆家营子镇"}).values()
    assert pd.isna(explanation)


def test_an_explanation_belongs_to_its_own_county(store: Store) -> None:
    first = submitted(store, staffing(OVER))
    decisions.explain(store, first, 0, "借入一人", who="统计员")
    other = submitted(store, staffing(OVER | {"office": "县委统战部"}, unit="林西县"))
    assert submissions.findings(store, other)["explanation"].isna().all()


# ---- what is unclear -------------------------------------------------------------------------------------------------


def unclear() -> bytes:
    return make_workbook(
        "staffing",
        [office("区委统战部")],
        unit="松山",
        period="2018-Q3",
        title="统战机构人员配备情况表",
        lines=["填报单位："],
    )


def test_what_is_unclear_is_asked_answered_and_read(store: Store) -> None:
    submission = submitted(store, unclear())
    (held,) = submissions.listed(store).itertuples()
    assert (held.status, held.n_rows) == ("unsure", 0)
    assert {question["ask"] for question in json.loads(held.questions)} == {"unit", "period"}
    with pytest.raises(NotAcceptable):
        decisions.accept(store, [submission], who="统计员")

    decisions.answer(store, submission, who="统计员", unit=SONGSHAN, period="2018-Q3")
    (held,) = submissions.listed(store).itertuples()
    assert (held.id, held.status, held.unit, held.period, held.revision, held.n_rows) == (
        submission, "clean", SONGSHAN, "2018-Q3", 1, 1,
    )  # fmt: skip
    decisions.accept(store, [submission], who="统计员")
    assert staff(store) == 3


def test_half_an_answer_leaves_the_other_question(store: Store) -> None:
    submission = submitted(store, unclear())
    decisions.answer(store, submission, who="统计员", unit=SONGSHAN)
    (held,) = submissions.listed(store).itertuples()
    assert held.status == "unsure"
    decisions.answer(store, submission, who="统计员", period="2018-Q3")
    (held,) = submissions.listed(store).itertuples()
    assert (held.status, held.unit, held.period) == ("clean", SONGSHAN, "2018-Q3")


def test_a_return_in_force_takes_no_answer(store: Store) -> None:
    with pytest.raises(NotAcceptable):
        decisions.answer(store, accepted(store, CLEAN), who="统计员", unit=LINXI)


def test_a_return_read_for_the_wrong_period_is_moved_and_waits_again(store: Store) -> None:
    submission = submitted(store, CLEAN)
    decisions.send_back(store, submission, who="统计员", reason="报告期有误")
    decisions.answer(store, submission, who="统计员", period="2018-Q2", reason="表头写错了季度")
    assert submissions.states(store, [submission])[submission]["period"] == "2018-Q2"
    decisions.accept(store, [submission], who="统计员")
    assert staff(store) is None or staff(store) != staff(store)  # nothing for the third quarter
    derive.rebuild(store)
    assert submissions.states(store, [submission])[submission]["status"] == "accepted"


def test_the_samples_can_be_taken_out(store: Store) -> None:
    list(intake.receive(store, [("示例.xlsx", CLEAN)], who="示例", sample=True, accept=True))
    other = accepted(store, staffing(office("县委统战部", 4), unit="林西县"))
    decisions.assign(store, [{"form": "staffing", "unit": LINXI, "from": None, "to": None}], who="示例", sample=True)
    decisions.set_target(store, "target_fulfilment", LINXI, "2018", 5, who="示例", sample=True)
    decisions.drop_samples(store, who="统计员")
    assert staff(store, "1504") == 4
    assert status(store, other) == "accepted"
    for table in ("assignment", "target"):
        assert store.run(f"SELECT count(*) FROM {table} WHERE ended_at IS NULL") == [(0,)]


def test_samples_of_a_closed_period_stay_until_it_is_reopened(store: Store) -> None:
    list(intake.receive(store, [("示例.xlsx", CLEAN)], who="示例", sample=True, accept=True))
    decisions.close(store, "2018-Q3", ["staffing"], who="处长", reason="定案")
    with pytest.raises(NotAcceptable, match="统战机构人员配备情况表 2018年第三季度"):
        decisions.drop_samples(store, who="统计员")
    assert staff(store) == 3
    decisions.reopen(store, "2018-Q3", ["staffing"], who="处长", reason="去掉示例数据")
    decisions.drop_samples(store, who="统计员")
    assert pd.isna(staff(store))


def test_an_answer_makes_a_revision_of_what_there_is(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 4)))
    submission = submitted(store, unclear())
    decisions.answer(store, submission, who="统计员", unit=SONGSHAN, period="2018-Q3")
    assert submissions.states(store, [submission])[submission]["revision"] == 2


# ---- when it came ----------------------------------------------------------------------------------------------------


def days_of_receipt(store: Store) -> list[date | None]:
    return [day and day.date() for day in submissions.listed(store)["received_on"].dropna()]


def test_the_day_on_which_a_return_came_is_kept_beside_the_upload(store: Store) -> None:
    (receipt,) = intake.receive(store, [("1.xlsx", CLEAN)], who="统计员", received_on=date(2018, 10, 12))
    assert days_of_receipt(store) == [date(2018, 10, 12)]
    assert submissions.listed(store)["received_at"].iloc[0].date() >= date(2026, 1, 1)  # the upload is told as it was
    (row,) = [row for row in desk.board(store, Q3, "150404").itertuples() if row.form == "staffing"]
    assert (row.on_time, row.days_late, row.received_on.date()) == (True, 0, date(2018, 10, 12))
    decisions.answer(store, *receipt.submissions, who="统计员", period="2018-Q2", reason="季度报错")
    assert days_of_receipt(store) == [date(2018, 10, 12)]
    before = contents(store)
    derive.rebuild(store)
    assert contents(store) == before


def test_a_day_to_come_is_no_day_of_receipt(store: Store) -> None:
    tomorrow = date.today() + timedelta(days=1)
    with pytest.raises(intake.NotYet, match=str(tomorrow)):
        list(intake.receive(store, [("1.xlsx", CLEAN)], who="统计员", received_on=tomorrow))
    assert submissions.listed(store).empty
    list(intake.receive(store, [("1.xlsx", CLEAN)], who="统计员", received_on=date.today()))
    assert days_of_receipt(store) == [date.today()]


def test_the_day_of_what_was_received_before_stays_as_it_was(store: Store) -> None:
    send(store, CLEAN)
    (again,) = intake.receive(store, [("1.xlsx", CLEAN)], who="统计员", received_on=date(2018, 10, 12))
    assert (again.outcome, "收到日期不变" in again.message) == ("already", True)
    assert days_of_receipt(store) == []


def test_a_return_that_was_sent_back_and_comes_again_as_it_was_says_how_to_take_it_up(store: Store) -> None:
    submission = submitted(store, CLEAN)
    decisions.send_back(store, submission, who="统计员", reason="请核对")
    (same,) = send(store, CLEAN)
    assert (same.outcome, "重新受理" in same.message) == ("already", True)
    (resaved,) = send(store, drawn_again(CLEAN))
    (why,) = decisions.why_not_acceptable(store, resaved.submissions).values()
    assert "已退回" in why
    assert "重新受理" in why
    decisions.answer(store, submission, who="统计员", reason="核对无误")
    decisions.accept(store, [submission], who="统计员")
    assert staff(store) == 3


def drawn_again(workbook: bytes) -> bytes:
    """The same values in another file."""
    content = BytesIO()
    opened = openpyxl.load_workbook(BytesIO(workbook))
    opened.properties.creator = "别人"
    opened.save(content)
    return content.getvalue()


# ---- all over again --------------------------------------------------------------------------------------------------


def a_busy_week(store: Store) -> None:
    """One of everything that can happen."""
    decisions.assign(store, [{"form": "staffing", "unit": SONGSHAN, "from": "2018-01-01", "to": None}], who="统计员")
    decisions.set_target(store, "target_fulfilment", SONGSHAN, "2018", 20, who="统计员")
    decisions.set_target(store, "target_fulfilment", LINXI, "2018", 30, who="统计员")
    decisions.set_target(store, "target_fulfilment", LINXI, "2018", None, who="统计员")
    accepted(store, staffing(office("区委统战部", 3), office("穆家营子镇", 1), period="2018-Q2"))
    first = submitted(store, staffing(OVER, office("穆家营子镇", 4)))
    decisions.explain(store, first, 0, "借入一人", who="统计员")
    decisions.explain(store, first, 1, "新近调入三人", who="统计员")
    second = submitted(store, staffing(OVER | {"operating_funds": 9}, office("穆家营子镇", 4)))
    decisions.accept(store, [second], who="统计员")
    accepted(store, staffing(office("区委统战部", 6), office("穆家营子镇", 4)))
    wrong = submitted(store, staffing(office("县委统战部", 3, part_time=1), unit="林西县"))
    decisions.send_back(store, wrong, who="统计员", reason="专职兼职之和不符")
    answered = submitted(store, unclear())
    decisions.answer(store, answered, who="统计员", unit=LINXI, period="2018-Q2")
    withdrawn = accepted(store, make_workbook("training", [course("培训班")], unit="松山区", period="2018-Q3"))
    decisions.withdraw(store, withdrawn, who="统计员", reason="误报")
    coverage = make_workbook("coverage", [township("穆家营子镇")], unit="松山区", period="2018-Q3")
    send(store, coverage, b"rubbish", b"", staffing(office("区委统战部"), notes=[MOBILE]), coverage, accept=True)


def test_a_rebuild_makes_the_same_again(store: Store) -> None:
    a_busy_week(store)
    before = contents(store)
    assert all(
        before[table] for table in ("submission", "finding", "fact", "located", "target", "assignment", "staffing")
    )
    derive.rebuild(store)
    after = contents(store)
    assert [table for table in before if before[table] != after[table]] == []


def quarters(store: Store) -> None:
    """Two counties, four quarters, each return accepted before the next one comes."""
    for quarter, staff in enumerate((3, 9, 2, 2), 1):
        for unit in ("松山区", "林西县"):
            accepted(store, staffing(office("统战部", staff), unit=unit, period=f"2018-Q{quarter}"))


def test_a_rebuild_compares_each_return_with_what_was_in_force_when_it_came(store: Store) -> None:
    quarters(store)
    before = contents(store)
    assert sum("staff_jump" in row for row in before["finding"]) == 4
    derive.rebuild(store)
    assert contents(store) == before


def test_returns_of_several_units_are_derived_together(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    quarters(store)
    together: list[int] = []
    insert_returns = loading.insert_returns

    def counted(store: Store, cursor: object, found: list) -> object:
        together.append(len(found))
        return insert_returns(store, cursor, found)

    monkeypatch.setattr(derive, "insert_returns", counted)
    derive.rebuild(store)
    assert together == [2, 2, 2, 2]


def test_a_rebuild_makes_what_was_lost(store: Store) -> None:
    a_busy_week(store)
    before = contents(store)
    with store.transaction() as cursor:
        for table in ("submission", "finding", "fact", "staffing"):
            cursor.execute(f"DELETE FROM {table}")
    derive.rebuild(store)
    assert contents(store) == before


def test_an_interrupted_rebuild_leaves_what_was_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    a_busy_week(store)
    before = contents(store)
    monkeypatch.setitem(derive.APPLY, "withdrawn", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        derive.rebuild(store)
    assert contents(store) == before


def test_a_failure_while_reading_in_leaves_no_half_return(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_run_rules", lambda *_: (_ for _ in ()).throw(RuntimeError("停电")))
    with pytest.raises(RuntimeError, match="停电"):
        send(store, CLEAN)
    assert store.run("SELECT count(*) FROM journal") == [(0,)]
    assert {table: rows for table, rows in contents(store).items() if rows and table != "expectation"} == {}
    monkeypatch.undo()
    assert status(store, submitted(store, CLEAN)) == "clean"


def test_a_reset_empties_everything(store: Store) -> None:
    a_busy_week(store)
    derive.reset(store)
    assert files_in(store.folder / "originals") == []
    assert {table: rows for table, rows in contents(store).items() if rows and table != "expectation"} == {}
    assert store.run("SELECT count(*) FROM journal") == [(0,)]
    assert send(store, CLEAN)[0].outcome == "received"


def test_rules_see_the_right_rows_when_many_arrive_together(store: Store) -> None:
    files = [staffing(office("区委统战部", 3, part_time=n % 2), period=f"20{n:02}-Q1") for n in range(5, 20)]
    receipts = send(store, *files)
    found = ["staff_adds_up" in rules(store, receipt.submissions[0]) for receipt in receipts]
    assert found == [bool(n % 2) for n in range(5, 20)]


def test_numbers_and_years_at_the_edge_cost_no_batch(store: Store, tmp_path: Path) -> None:
    """A code in a column of numbers, and products beyond what a figure holds; a slip in the year."""
    rows = {
        "a code": course("座谈会", sessions=230402198001),
        "too much": course("座谈会", participants=10**9 - 1, days=10**9 - 1),
    }
    paths = []
    for name, row in rows.items():
        paths.append(tmp_path / f"{name}.xlsx")
        paths[-1].write_bytes(make_workbook("training", [row], unit="松山区", period="2018-Q3"))
    paths.append(tmp_path / "1900.xlsx")
    paths[-1].write_bytes(make_workbook("staffing", [office("区委统战部", 3)], unit="松山区", period="1900-Q1"))
    checked = list(intake.check(store, paths))
    assert [Path(one.filename).stem for one in checked] == ["a code", "too much", "1900"]
    assert "too_large" in {finding.rule for finding in checked[0].findings}
    assert "before_form" in {finding.rule for finding in checked[2].findings}
    accepted(store, paths[1].read_bytes())
    row = figures(store, ["participant_days"], "150404", [Period.of("2018-Q3")]).iloc[0]
    assert math.isnan(row["value"])
    assert row["n_incomplete"] == 1


def test_a_number_in_the_name_of_a_file_is_not_kept(store: Store) -> None:
    names = [f"松山区{MOBILE}.xlsx", "11010519491231002x 松山区.xlsx", "150404_松山区_2018-Q3.xlsx"]
    files = [(name, staffing(office("区委统战部", n))) for n, name in enumerate(names, 1)]
    receipts = list(intake.receive(store, files, who="统计员"))
    kept = ["松山区***.xlsx", "*** 松山区.xlsx", "150404_松山区_2018-Q3.xlsx"]
    assert [receipt.filename for receipt in receipts] == kept
    with store.transaction(keep=False) as cursor:
        assert not any(MOBILE in json.dumps(event.body) for event in journal.read(cursor))
