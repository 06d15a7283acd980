"""The life of a return: nil returns, closed periods, moves, repeats, explanations, rules on trial, impact."""

from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml
from stores import LINXI, SONGSHAN, accepted, contents, send, small_store, status, submitted
from workbooks import course, drawn, excel, make_workbook, office, township

from huizong import decisions, derive, intake, journal, sendback, submissions
from huizong.blanks import blank
from huizong.decisions import NotAcceptable
from huizong.forms import FORMS, BadForm, Forms, Rule, load_form, load_forms
from huizong.impact import impact
from huizong.indicators import figures
from huizong.lineage import terms_of_figure
from huizong.periods import Period
from huizong.store import Store
from huizong.texts import speak

WHO = "统计员"
QUARTER = "2018-Q3"
OVER = office("区委统战部", 4, authorised_posts=3)
OTHER = office("穆家营子镇", 5, authorised_posts=2)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """So that the messages compared here are those of the code."""
    speak("en")
    yield
    speak("zh_CN")


def in_chinese(form: str, rows: list[dict[str, object]], **printed: object) -> bytes:
    """A workbook as districts send it."""
    speak("zh_CN")
    try:
        return make_workbook(form, rows, **printed)
    finally:
        speak("en")


def staffing(*rows: dict[str, object], unit: str = "松山区", period: str = QUARTER) -> bytes:
    return in_chinese("staffing", rows or [office("区委统战部")], unit=unit, period=period)


def training(*rows: dict[str, object], unit: str = "松山区", period: str = QUARTER) -> bytes:
    return in_chinese("training", rows or [course("培训班")], unit=unit, period=period)


def saved_again(workbook: bytes, by: str = "别人") -> bytes:
    """The same workbook as another office saves it: the same values, other bytes."""
    opened = openpyxl.load_workbook(BytesIO(workbook))
    opened.properties.creator = by
    stream = BytesIO()
    opened.save(stream)
    assert stream.getvalue() != workbook
    return stream.getvalue()


def figure(store: Store, indicator: str, unit: str = SONGSHAN, period: str = QUARTER, **more: object) -> pd.Series:
    return figures(store, [indicator], unit, [Period.of(period)], **more).iloc[0]


def kinds(store: Store, submission: str) -> list[str]:
    return store.ask("timeline", submission=submission)["kind"].tolist()


def last_event(store: Store) -> journal.Event:
    with store.transaction(keep=False) as cursor:
        return list(journal.read(cursor))[-1]


def at_the_same(store: Store) -> None:
    """A rebuild makes the same rows again."""
    before = contents(store)
    derive.rebuild(store)
    after = contents(store)
    assert [table for table in before if before[table] != after[table]] == []


# ---- nil returns -----------------------------------------------------------------------------------------------------


def a_nil_return(store: Store, unit: str = SONGSHAN, form: str = "training", period: str = QUARTER) -> str:
    return decisions.nil(store, form, unit, period, who=WHO, reason="电话确认，本期未办班")


def test_a_nil_return_counts_zero_and_as_reported(store: Store) -> None:
    accepted(store, training(course("培训班", sessions=2, participants=60), unit="林西县"))
    before = figure(store, "sessions", "1504")
    a_nil_return(store)
    after = figure(store, "sessions", "1504")
    assert (before["value"], after["value"]) == (2, 2)
    assert after["n_reporting"] == before["n_reporting"] + 1
    own = figure(store, "sessions")
    assert (own["value"], own["numerator"], own["n_reporting"], own["n_expected"]) == (0, 0, 1, 1)


def test_the_zero_of_a_nil_return_is_traced_to_it(store: Store) -> None:
    accepted(store, training(course("培训班", sessions=2), unit="林西县"))
    nil = a_nil_return(store)
    terms = terms_of_figure(store, "participants_per_session", "1504", Period.of(QUARTER))
    whole = figure(store, "participants_per_session", "1504")
    for side in ("numerator", "denominator"):
        assert sum(term.adds for term in terms if term.side == side) == whole[side]
        assert [(t.submission, t.adds, t.cell) for t in terms if (t.side, t.source) == (side, "nil")] == [(nil, 0, "")]
    assert not any(t.source == "nil" for t in terms_of_figure(store, "sessions", LINXI, Period.of(QUARTER)))


def test_a_share_of_nothing_is_no_figure(store: Store) -> None:
    a_nil_return(store)
    row = figure(store, "participants_per_session")
    assert (row["numerator"], row["denominator"], row["n_reporting"]) == (0, 0, 1)
    assert pd.isna(row["value"])


def test_a_nil_return_gives_zero_of_an_indicator_that_another_form_divides(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 3)))
    assert pd.isna(figure(store, "participants_per_staff")["value"])
    a_nil_return(store)
    assert figure(store, "participants_per_staff")["value"] == 0


def test_a_nil_return_is_a_revision_of_its_own_and_a_return_with_figures_takes_its_place(store: Store) -> None:
    nil = a_nil_return(store)
    (held,) = submissions.listed(store).itertuples()
    assert (held.id, held.status, held.revision, held.n_rows) == (nil, "accepted", 1, 0)
    assert (held.nil, held.filename, held.original) == (True, "", None)
    second = submitted(store, training(course("培训班", sessions=2)))
    assert len(submissions.difference(store, second)) > 0
    decisions.accept(store, [second], who=WHO)
    assert (status(store, nil), figure(store, "sessions")["value"]) == ("superseded", 2)


def test_a_nil_return_can_be_withdrawn_and_entered_again(store: Store) -> None:
    nil = a_nil_return(store)
    decisions.withdraw(store, nil, who=WHO, reason="其实办过班")
    row = figure(store, "sessions")
    assert pd.isna(row["value"])
    assert row["n_reporting"] == 0
    again = a_nil_return(store)
    assert submissions.states(store, [again])[again]["revision"] == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"form": "staffing"}, "knows no nil return"),
        ({"unit": "1504"}, "does not report"),
        ({"period": "2018"}, "is not reported for"),
        ({"period": f"{date.today().year + 1}-Q3"}, "is not reported for"),
        ({"reason": "  "}, "say why"),
    ],
)
def test_a_nil_return_that_cannot_be_is_refused(store: Store, change: dict, says: str) -> None:
    told = {"form": "training", "unit": SONGSHAN, "period": QUARTER, "reason": "电话确认"} | change
    with pytest.raises(NotAcceptable, match=says):
        decisions.nil(store, **told, who=WHO)
    assert store.run("SELECT count(*) FROM journal") == [(0,)]


def test_no_nil_return_beside_one_in_force_or_waiting(store: Store) -> None:
    waiting = submitted(store, training())
    with pytest.raises(NotAcceptable, match=r"revision 1 of .* waits for a decision"):
        a_nil_return(store)
    decisions.accept(store, [waiting], who=WHO)
    with pytest.raises(NotAcceptable, match="revision 1 is in force since"):
        a_nil_return(store)
    a_nil_return(store, unit=LINXI)
    with pytest.raises(NotAcceptable, match="a nil return is in force since"):
        a_nil_return(store, unit=LINXI)


def test_a_nil_return_after_one_that_was_sent_back(store: Store) -> None:
    back = submitted(store, training(course("培训班", sessions=9, participants=1)))
    decisions.send_back(store, back, who=WHO, reason="填反了")
    a_nil_return(store)
    assert figure(store, "sessions")["value"] == 0


def test_a_nil_return_is_no_row_of_a_median_and_of_no_composition(store: Store) -> None:
    a_nil_return(store)
    facts = store.run("SELECT DISTINCT indicator, part FROM fact")
    medians = {code for code, (_, indicator) in store.forms.indicators.items() if indicator.aggregate == "median"}
    assert {part for _, part in facts} == {""}
    assert not {code for code, _ in facts} & medians
    assert {code for code, _ in facts} <= {*store.forms.indicators}


def test_an_entered_nil_return_cannot_be_read_again(store: Store) -> None:
    with pytest.raises(NotAcceptable, match="no workbook"):
        decisions.answer(store, a_nil_return(store), unit=LINXI, who=WHO, reason="报错单位")


def test_the_journal_says_who_entered_a_nil_return_and_why(store: Store) -> None:
    nil = a_nil_return(store)
    event = last_event(store)
    assert (event.kind, event.subject, event.who) == ("nil", nil, WHO)
    assert event.body == {"form": "training", "unit": SONGSHAN, "period": QUARTER, "reason": "电话确认，本期未办班"}
    assert kinds(store, nil) == ["nil"]


def test_a_nil_return_that_is_signed_in_the_blank_is_accepted_like_any_other(store: Store) -> None:
    issued = blank(store.forms["training"], SONGSHAN, Period.of(QUARTER), language="zh_CN", register=store.units)
    workbook = openpyxl.load_workbook(BytesIO(issued))
    sheet = workbook.worksheets[0]
    (signed,) = (check.sqref for check in sheet.data_validations.dataValidation if check.formula1 == '"是"')
    sheet[str(signed)] = "是"
    stream = BytesIO()
    workbook.save(stream)
    submission = submitted(store, stream.getvalue())
    (held,) = submissions.listed(store).itertuples()
    assert (held.status, held.nil, held.n_rows) == ("clean", True, 0)
    decisions.accept(store, [submission], who=WHO)
    assert figure(store, "sessions")["value"] == 0
    at_the_same(store)


def test_a_department_and_a_province_may_have_nothing_to_report(store: Store) -> None:
    a_nil_return(store, unit="15")
    assert figure(store, "sessions", "15")["value"] == 0


# ---- closed periods --------------------------------------------------------------------------------------------------


def close(store: Store, *forms: str, period: str = QUARTER) -> None:
    decisions.close(store, period, forms or ["staffing"], who="处长", reason="季度定案")


def test_a_closed_period_refuses_what_would_change_its_figures(store: Store) -> None:
    first = accepted(store, staffing())
    second = submitted(store, staffing(office("区委统战部", 4)))
    close(store, "staffing", "training")
    told = r"closed by 处长 on \d{4}-\d\d-\d\d \(季度定案\); reopen it first, with a reason"
    with pytest.raises(NotAcceptable, match=told):
        decisions.accept(store, [second], who=WHO)
    with pytest.raises(NotAcceptable, match=told):
        decisions.withdraw(store, first, who=WHO, reason="误报")
    with pytest.raises(NotAcceptable, match=told):
        decisions.answer(store, first, period="2018-Q4", who=WHO, reason="报错季度")
    with pytest.raises(NotAcceptable, match=told):
        a_nil_return(store)
    other = submitted(store, staffing(period="2018-Q4"))
    with pytest.raises(NotAcceptable, match=told):
        decisions.answer(store, other, period=QUARTER, who=WHO, reason="报错季度")
    assert figure(store, "staff_in_post_total")["value"] == 3


def test_what_changes_no_figure_of_a_closed_period_goes_on(store: Store) -> None:
    close(store)
    late = submitted(store, staffing())
    assert status(store, late) == "clean"  # received, and waits
    wrong = submitted(store, staffing(office("县委统战部", 3, part_time=1), unit="林西县"))
    decisions.send_back(store, wrong, who=WHO, reason="专兼职之和不符")
    decisions.answer(store, late, period="2018-Q2", who=WHO, reason="报错季度")
    decisions.accept(store, [late], who=WHO)
    assert figure(store, "staff_in_post_total", period="2018-Q2")["value"] == 3


def test_a_reopened_period_takes_decisions_again(store: Store) -> None:
    waiting = submitted(store, staffing())
    close(store)
    assert "closed by" in decisions.why_not_acceptable(store, [waiting])[waiting]
    decisions.reopen(store, QUARTER, ["staffing"], who="处长", reason="补报")
    decisions.accept(store, [waiting], who=WHO)
    assert status(store, waiting) == "accepted"
    assert kinds(store, waiting) == ["received", "closed", "reopened", "accepted"]
    assert store.run("SELECT count(*) FROM closing") == [(0,)]


def test_bulk_acceptance_leaves_what_is_closed_waiting(store: Store) -> None:
    close(store)
    receipts = send(store, staffing(), training(), accept=True)
    (closed,), (open_,) = (receipt.submissions for receipt in receipts)
    assert (status(store, closed), status(store, open_)) == ("clean", "accepted")


def test_closing_a_quarter_closes_its_months_and_what_ends_with_it(store: Store) -> None:
    close(store, "staffing", "publicity", "safeguards", period="2018-Q4")
    closed = store.run("SELECT form, period, who, reason FROM closing ORDER BY form, period")
    months = [("publicity", f"2018-{month}", "处长", "季度定案") for month in (10, 11, 12)]
    assert closed == [*months, ("safeguards", "2018", "处长", "季度定案"), ("staffing", "2018-Q4", "处长", "季度定案")]
    event = last_event(store)
    assert (event.kind, event.subject, event.body["forms"]) == (
        "closed", "2018-Q4", ["staffing", "publicity", "safeguards"],
    )  # fmt: skip


def test_only_what_is_open_is_closed_and_only_what_is_closed_is_reopened(store: Store) -> None:
    close(store)
    with pytest.raises(NotAcceptable, match="nothing of it is open"):
        close(store)
    close(store, "staffing", "coverage")
    assert last_event(store).body["forms"] == ["coverage"]
    with pytest.raises(NotAcceptable, match="nothing of it is closed"):
        decisions.reopen(store, QUARTER, ["training"], who=WHO, reason="补报")
    with pytest.raises(NotAcceptable, match="say why"):
        decisions.reopen(store, QUARTER, ["staffing"], who=WHO, reason=" ")
    assert store.run("SELECT count(*) FROM closing") == [(2,)]


# ---- moves -----------------------------------------------------------------------------------------------------------


def test_a_return_in_force_is_moved_and_no_past_figure_changes(store: Store) -> None:
    moved = accepted(store, staffing())
    ((then,),) = store.run("SELECT accepted_at FROM submission")
    now = decisions.answer(store, moved, unit=LINXI, who=WHO, reason="表是林西县的")
    assert now != moved
    assert pd.isna(figure(store, "staff_in_post_total")["value"])
    assert pd.isna(figure(store, "staff_in_post_total", LINXI)["value"])  # it waits for a decision
    assert (status(store, moved), status(store, now)) == ("withdrawn", "clean")
    assert submissions.states(store, [now])[now]["unit"] == LINXI
    decisions.accept(store, [now], who=WHO)
    assert figure(store, "staff_in_post_total", LINXI)["value"] == 3
    assert figure(store, "staff_in_post_total", as_of=then)["value"] == 3
    assert kinds(store, moved) == ["received", "accepted", "withdrawn", "moved"]
    assert kinds(store, now) == ["received", "moved", "accepted"]
    again = decisions.answer(store, now, unit=SONGSHAN, who=WHO, reason="还是松山区的")
    assert again not in (moved, now)
    assert submissions.states(store, [again])[again]["revision"] == 2
    at_the_same(store)


def test_a_move_takes_a_reason_and_is_refused_for_what_was_superseded(store: Store) -> None:
    first = accepted(store, staffing())
    with pytest.raises(NotAcceptable, match="say why"):
        decisions.answer(store, first, unit=LINXI, who=WHO)
    accepted(store, staffing(office("区委统战部", 4)))
    with pytest.raises(NotAcceptable, match="a newer return has taken its place"):
        decisions.answer(store, first, unit=LINXI, who=WHO, reason="报错单位")
    waiting = submitted(store, staffing(unit="林西县"))
    with pytest.raises(NotAcceptable, match="say why"):
        decisions.answer(store, waiting, period="2018-Q4", who=WHO)


def test_a_return_that_was_withdrawn_from_force_waits_as_another(store: Store) -> None:
    first = accepted(store, staffing())
    ((then,),) = store.run("SELECT accepted_at FROM submission")
    decisions.withdraw(store, first, who=WHO, reason="误报")
    again = decisions.answer(store, first, period=QUARTER, who=WHO)
    assert (status(store, first), status(store, again)) == ("withdrawn", "clean")
    assert figure(store, "staff_in_post_total", as_of=then)["value"] == 3


def test_a_moved_return_is_told_of_once_in_its_workbook(store: Store) -> None:
    extra = """
    | 2018年8月宣传信息情况表 |
    | 填报单位：松山区 |
    | 渠道 | 上报条数 | 采用条数 | 责任科室 |
    | 网站 | 5 | 1 | 办公室 |
    """
    first = accepted(store, excel(drawn(extra)))
    now = decisions.answer(store, first, unit=LINXI, who=WHO, reason="表是林西县的")
    marked = openpyxl.load_workbook(BytesIO(sendback.marked_workbook(store, now)))
    texts = [str(cell.value) for row in marked.worksheets[0].iter_rows() for cell in row]
    assert sum("is not on the form" in text for text in texts) == 1


# ---- the same once more ----------------------------------------------------------------------------------------------


def test_the_same_values_in_another_file_are_no_revision(store: Store) -> None:
    workbook = staffing(office("区委统战部"), office("穆家营子镇", 2))
    first = submitted(store, workbook)
    again = submitted(store, saved_again(workbook))
    (held,) = submissions.listed(store, id=again).itertuples()
    assert (held.status, held.repeats) == ("unchanged", first)
    assert pd.isna(held.revision)
    assert store.ask("pending")["id"].tolist() == [first]
    with pytest.raises(
        NotAcceptable, match=r"no value has changed since revision 1 of \d{4}-\d\d-\d\d; nothing to accept"
    ):
        decisions.accept(store, [again], who=WHO)
    third = submitted(store, staffing(office("区委统战部", 4)))
    assert submissions.states(store, [third])[third]["revision"] == 2
    at_the_same(store)


def test_the_order_of_the_rows_is_no_change_and_one_value_is(store: Store) -> None:
    rows = [office("区委统战部"), office("穆家营子镇", 2)]
    accepted(store, staffing(*rows))
    assert status(store, submitted(store, staffing(*rows[::-1]))) == "unchanged"
    assert status(store, submitted(store, staffing(rows[0], rows[1] | {"operating_funds": 1.6}))) == "clean"
    # Back to the values in force: that takes back the revision that waits.
    assert status(store, submitted(store, saved_again(staffing(*rows)))) == "clean"


def test_a_total_that_was_corrected_is_a_change(store: Store) -> None:
    rows = [office("区委统战部"), office("穆家营子镇", 2)]
    wrong = in_chinese("staffing", rows, unit="松山区", period=QUARTER, totals={"staff_in_post": 6})
    first = submitted(store, wrong)
    assert status(store, first) == "error"
    decisions.send_back(store, first, who=WHO, reason="合计不符")
    assert status(store, submitted(store, staffing(*rows))) == "clean"


def test_what_was_withdrawn_may_come_again(store: Store) -> None:
    first = accepted(store, staffing())
    decisions.withdraw(store, first, who=WHO, reason="误撤")
    again = submitted(store, saved_again(staffing()))
    assert (
        submissions.states(store, [again])[again] | {"status": "clean", "revision": 2}
        == (submissions.states(store, [again])[again])
    )


def test_repeats_within_one_upload_are_told_whatever_the_groups(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = staffing(), staffing(office("区委统战部", 4))
    files = [one, saved_again(one), two, saved_again(two), saved_again(one, "第三人")]
    send(store, *files)
    held = submissions.listed(store).sort_values("filename")
    assert held["status"].tolist() == ["clean", "unchanged", "clean", "unchanged", "clean"]
    assert held["revision"].dropna().tolist() == [1, 2, 3]
    monkeypatch.setattr(derive, "GROUP", 2)
    at_the_same(store)


def test_an_unclear_return_repeats_nothing(store: Store) -> None:
    twins = """
    | 2018年8月宣传信息情况表 |
    | 填报单位：松山区 |
    | 渠道 | 上报条数 | 采用条数 | 上报条数 |
    | 网站 | 5 | 1 | {last} |
    """
    for last in (6, 7):  # nothing is read of either, so nothing can be the same
        submission = submitted(store, excel(drawn(twins.format(last=last))))
        assert status(store, submission) == "unsure"
    assert submissions.listed(store)["revision"].tolist() == [2, 1]


# ---- explanations ----------------------------------------------------------------------------------------------------


def explained(store: Store, submission: str) -> dict[str, str | None]:
    """What was found → its explanation, of the queries."""
    found = submissions.findings(store, submission)
    queries = found[found["severity"] == "query"]
    return {row.found.partition("：")[0]: row.explanation for row in queries.itertuples()}


def test_an_explanation_survives_a_return_that_was_sent_back_in_between(store: Store) -> None:
    first = submitted(store, staffing(OVER | {"women": 9}))
    numbers = submissions.findings(store, first).set_index("rule")["n"]
    decisions.explain(store, first, int(numbers["staff_over_posts"]), "含借入人员", who=WHO)
    decisions.send_back(store, first, who=WHO, reason="女性人数有误")
    second = submitted(store, staffing(OVER | {"women": 1}))
    assert explained(store, second) == {"区委统战部": "含借入人员"}
    decisions.accept(store, [second], who=WHO)
    third = submitted(
        store, staffing(OVER | {"staff_in_post": 5, "full_time": 5, "age_36_45": 5, "degree_bachelor": 5})
    )
    assert explained(store, third) == {"区委统战部": None}
    at_the_same(store)


def test_explanations_survive_rows_in_another_order_and_a_row_that_was_corrected(store: Store) -> None:
    alike = OVER | {"office": "穆家营子镇"}  # one finding for both: it says the same of them
    first = submitted(store, staffing(OVER, alike))
    decisions.explain(store, first, 0, "含借入人员", who=WHO)
    reordered = submitted(store, staffing(alike, OVER | {"operating_funds": 2}))
    assert explained(store, reordered) == {"穆家营子镇": "含借入人员"}
    corrected = submitted(store, staffing(alike | {"authorised_posts": 4}, OVER))
    assert explained(store, corrected) == {"区委统战部": "含借入人员"}


def test_an_explanation_of_one_row_is_none_of_another(store: Store) -> None:
    first = submitted(store, staffing(OVER))
    decisions.explain(store, first, 0, "含借入人员", who=WHO)
    second = submitted(store, staffing(OVER, OVER | {"office": "穆家营子镇"}))
    assert [*explained(store, second).values()] == [
        None
    ]  # it says the same of two rows now, and one was never explained


def test_explanations_survive_a_move(store: Store) -> None:
    first = submitted(store, staffing(OVER, OTHER))
    decisions.explain(store, first, [0, 1], "含借入人员", who=WHO)
    decisions.answer(store, first, period="2018-Q2", who=WHO, reason="报错季度")
    assert [*explained(store, first).values()] == ["含借入人员"] * 2
    assert submissions.states(store, [first])[first]["n_explained"] == 2
    decisions.accept(store, [first], who=WHO)
    at_the_same(store)


def test_an_explanation_is_found_again_when_the_form_has_another_rule(store_dir: Path) -> None:
    old = small_store(store_dir)
    first = submitted(old, staffing(OVER, OTHER))
    decisions.explain(old, first, 1, "含借入人员", who=WHO)
    before = explained(old, first)
    old.close()
    data = old.forms["staffing"].model_dump(by_alias=True)
    words = {"zh": "女性为零", "en": "no women"}
    data["rules"].insert(
        0, {"code": "a_woman", "severity": "query", "expr": "women > 0", "message": words, "remedy": words}
    )
    newer = Forms(old.forms | {"staffing": type(old.forms["staffing"]).model_validate(data)})
    store = derive.ready(small_store(store_dir, newer))
    found = submissions.findings(store, first)
    now = found[found["rule"] == "staff_over_posts"]
    assert dict(zip(now["found"].str.partition("：")[0], now["explanation"], strict=True)) == before
    assert found.loc[found["rule"] == "a_woman", "explanation"].isna().all()
    store.close()


# ---- what a form says of explanations, trial and nil returns ---------------------------------------------------------


def declared(tmp_path: Path, form: str, change: Callable[[dict], None]) -> Forms:
    """The forms, one of them changed."""
    for path in FORMS.glob("*.yaml"):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.stem == form:
            change(data)
        (tmp_path / path.name).write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return load_forms(tmp_path)


def test_a_rule_may_ask_for_longer_explanations(tmp_path: Path) -> None:
    def longer(data: dict) -> None:
        (rule,) = (rule for rule in data["rules"] if rule["code"] == "staff_over_posts")
        rule["shortest_explanation"] = 8
        rule.pop("explanations")

    store = small_store(tmp_path / "store", declared(tmp_path, "staffing", longer))
    first = submitted(store, staffing(OVER))
    with pytest.raises(NotAcceptable, match="at least 8 characters"):
        decisions.explain(store, first, 0, "含借入人员", who=WHO)
    decisions.explain(store, first, 0, "含借入人员，年底前归还", who=WHO)
    store.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"severity": "error", "explanations": [{"zh": "机构改革合并", "en": "offices were merged"}]},
            "must be corrected",
        ),
        ({"severity": "error", "shortest_explanation": 6}, "must be corrected"),
        ({"severity": "query", "explanations": [{"zh": "属实", "en": "it is true"}]}, "'属实' is shorter than 4"),
    ],
)
def test_a_rule_that_offers_what_cannot_be_is_no_rule(change: dict, says: str) -> None:
    words = {"zh": "话", "en": "words"}
    with pytest.raises(ValueError, match=says):
        Rule.model_validate({"code": "r", "expr": "TRUE", "message": words, "remedy": words} | change)


def test_the_usual_explanations_are_long_enough_and_only_of_queries(store: Store) -> None:
    offered = [(rule, words) for form in store.forms.values() for rule in form.rules for words in rule.explanations]
    assert len(offered) > 10
    assert {rule.severity for rule, _ in offered} == {"query"}


@pytest.fixture
def trying(tmp_path: Path) -> Iterator[Store]:
    """A store whose staffing form has all its rules but one on trial."""

    def all_but_women(data: dict) -> None:
        for rule in data["rules"]:
            rule["trial"] = rule["code"] != "women_within_staff"

    forms = declared(tmp_path, "staffing", all_but_women)
    store = small_store(tmp_path / "store", forms)
    yield store
    store.close()


def test_a_rule_on_trial_is_told_to_the_analyst_and_counts_for_nothing(trying: Store) -> None:
    submission = submitted(trying, staffing(OVER | {"part_time": 1}))
    found = submissions.findings(trying, submission)
    assert set(found["severity"]) == {"trial"}
    assert {"staff_over_posts"} < set(found["rule"])
    state = submissions.states(trying, [submission])[submission]
    assert (state["status"], state["n_errors"], state["n_queries"]) == ("clean", 0, 0)
    with pytest.raises(NotAcceptable):
        decisions.explain(trying, submission, 0, "含借入人员", who=WHO)
    decisions.accept(trying, [submission], who=WHO)


def test_a_check_names_a_rule_on_trial_and_is_clean(trying: Store, tmp_path: Path) -> None:
    path = tmp_path / "松山区.xlsx"
    path.write_bytes(staffing(OVER))
    (found,) = intake.check(trying, [path])
    assert (found.status, {finding.severity for finding in found.findings}) == ("clean", {"trial"})
    assert list(sendback.problems_of_checked(found)) == []


def test_a_rule_on_trial_comes_last_and_never_reaches_the_unit(trying: Store) -> None:
    submission = submitted(trying, staffing(OVER | {"women": 9}))
    assert submissions.findings(trying, submission)["severity"].tolist()[0] == "error"
    assert submissions.findings(trying, submission)["severity"].tolist()[-1] == "trial"
    assert {problem.severity for problem in sendback.problems_of(trying, submission)} == {"error"}
    marked = openpyxl.load_workbook(BytesIO(sendback.marked_workbook(trying, submission)))
    texts = [
        str(cell.value) + str(cell.comment and cell.comment.text) for sheet in marked for row in sheet for cell in row
    ]
    assert any("women" in text.lower() for text in texts)
    assert not any("exceed authorised" in text for text in texts)
    decisions.send_back(trying, submission, who=WHO, reason="女性人数有误")


def test_a_blank_knows_no_rule_on_trial(trying: Store) -> None:
    form = trying.forms["staffing"]
    issued = blank(form, SONGSHAN, Period.of(QUARTER), language="en", register=trying.units)
    sheets = openpyxl.load_workbook(BytesIO(issued)).worksheets
    texts = [str(cell.value) for sheet in sheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any(" women, more than staff" in text for text in texts)
    assert not any("exceed authorised" in text for text in texts)


def test_rules_that_break_the_form_are_named(tmp_path: Path) -> None:
    path = tmp_path / "training.yaml"
    data = yaml.safe_load((FORMS / "training.yaml").read_text(encoding="utf-8"))
    data["nil"] = "sometimes"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    with pytest.raises(BadForm, match=r"training\.yaml: nil"):
        load_form(path)


# ---- impact ----------------------------------------------------------------------------------------------------------


def test_what_a_first_return_would_change_is_shown_and_nothing_is_kept(store: Store) -> None:
    accepted(store, staffing(office("县委统战部", 6, authorised_posts=8), unit="林西县"))
    submission = submitted(store, staffing(office("区委统战部", 2, authorised_posts=4)))
    before = contents(store)
    found = impact(store, submission)
    assert contents(store) == before
    assert status(store, submission) == "clean"
    rate = found[found["indicator"] == "vacancy_rate"].set_index("unit")
    assert pd.isna(rate.loc[SONGSHAN, "before"])
    assert rate.loc[SONGSHAN, "after"] == 0.5
    assert rate.loc["1504", ["before", "after"]].tolist() == [0.25, pytest.approx(4 / 12)]
    assert rate.loc["15", "after"] == pytest.approx(4 / 12)
    counts = ["reporting_before", "reporting_after", "expected_before", "expected_after"]
    assert rate.loc["1504", counts].tolist() == [1, 2, 2, 2]
    assert rate["name"].tolist() == ["松山区", "赤峰市", "内蒙古自治区", "全国"]


def test_what_a_revision_would_change_is_what_accepting_it_changes(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 2, authorised_posts=4, women=1)))
    accepted(store, training(course("培训班", participants=60)))
    submission = submitted(store, staffing(office("区委统战部", 3, authorised_posts=4, women=1)))
    told = impact(store, submission)
    asked = [*store.forms.indicators]
    units = (SONGSHAN, "1504", "15", "0")
    was = {unit: figures(store, asked, unit, [Period.of(QUARTER)]).set_index("indicator")["value"] for unit in units}
    decisions.accept(store, [submission], who=WHO)
    now = {unit: figures(store, asked, unit, [Period.of(QUARTER)]).set_index("indicator")["value"] for unit in units}
    changed = {
        (code, unit): (was[unit][code], now[unit][code])
        for unit in units
        for code in asked
        if was[unit][code] != now[unit][code] and not (pd.isna(was[unit][code]) and pd.isna(now[unit][code]))
    }
    assert {(row.indicator, row.unit): (row.before, row.after) for row in told.itertuples()} == changed
    assert ("participants_per_staff", "15") in changed  # an indicator of another form, that this one divides


def test_what_moves_most_comes_first(store: Store) -> None:
    accepted(store, staffing(office("区委统战部", 4, authorised_posts=4, operating_funds=8)))
    submission = submitted(store, staffing(office("区委统战部", 4, authorised_posts=5, operating_funds=80)))
    assert impact(store, submission)["indicator"].tolist()[0] == "funds_per_staff"


def test_what_a_withdrawal_would_change(store: Store) -> None:
    submission = accepted(store, training(course("培训班", sessions=2)))
    found = impact(store, submission, decision="withdrawn").set_index(["indicator", "unit"])
    assert found.loc[("sessions", SONGSHAN), "before"] == 2
    assert pd.isna(found.loc[("sessions", SONGSHAN), "after"])
    assert figure(store, "sessions")["value"] == 2


def test_a_month_changes_the_figures_of_its_month(store: Store) -> None:
    rows = [{"channel": "website", "submitted": 4, "adopted": 1}]
    submission = submitted(store, in_chinese("publicity", rows, unit="松山区", period="2018-08"))
    found = impact(store, submission)
    assert set(found["period"]) == {"2018-08"}
    assert found.set_index(["indicator", "unit"]).loc[("adoption_rate", "15"), "after"] == 0.25


def test_a_viewer_is_told_of_no_region_beyond_his_own(store: Store) -> None:
    submission = submitted(store, staffing())
    assert set(impact(store, submission, ["1504"])["unit"]) == {SONGSHAN, "1504"}
    assert set(impact(store, submission)["unit"]) == {SONGSHAN, "1504", "15", "0"}
    assert impact(store, submission, ["4501"]).empty


def test_what_is_unclear_changes_nothing(store: Store) -> None:
    lines = {"title": "统战机构人员配备情况表", "lines": ["填报单位："]}
    unclear = in_chinese("staffing", [office("区委统战部")], unit="松山", period=QUARTER, **lines)
    assert impact(store, submitted(store, unclear)).empty
    assert impact(store, "no such return").empty


# ---- all of it -------------------------------------------------------------------------------------------------------


def test_a_rebuild_makes_the_same_again_whatever_has_happened(store: Store) -> None:
    workbook = staffing(OVER)
    first = submitted(store, workbook)
    decisions.explain(store, first, 0, "含借入人员", who=WHO)
    decisions.accept(store, [first], who=WHO)
    submitted(store, saved_again(workbook))
    moved = decisions.answer(store, first, unit=LINXI, who=WHO, reason="表是林西县的")
    decisions.accept(store, [moved], who=WHO)
    nil = a_nil_return(store)
    a_nil_return(store, unit=LINXI)
    decisions.withdraw(store, nil, who=WHO, reason="其实办过班")
    close(store, "staffing", "training", "publicity")
    submitted(store, training(course("培训班")))
    decisions.reopen(store, "2018-08", ["publicity"], who="处长", reason="补报")
    accepted(store, in_chinese("coverage", [township("穆家营子镇")], unit="松山区", period=QUARTER))
    before = contents(store)
    assert all(before[table] for table in ("submission", "finding", "fact", "closing", "staffing"))
    at_the_same(store)
    with store.transaction(keep=False) as cursor:
        assert journal.first_break(journal.read(cursor)) is None


def test_every_step_of_a_life_stands_in_its_timeline(store: Store) -> None:
    first = submitted(store, staffing(OVER | {"women": 9}))
    decisions.send_back(store, first, who=WHO, reason="女性人数有误")
    second = submitted(store, staffing(OVER))
    decisions.explain(store, second, 0, "含借入人员", who=WHO)
    decisions.accept(store, [second], who=WHO)
    close(store)
    decisions.reopen(store, QUARTER, ["staffing"], who="处长", reason="补报")
    decisions.withdraw(store, second, who=WHO, reason="误报")
    around = ["closed", "reopened"]
    assert kinds(store, first) == ["received", "sent_back", *around]
    assert kinds(store, second) == ["received", "explained", "accepted", *around, "withdrawn"]
    timeline = store.ask("timeline", submission=second)
    assert timeline["note"].tolist()[1:] == ["含借入人员", "", "季度定案", "补报", "误报"]
    assert set(timeline["who"]) == {WHO, "处长"}


def test_no_identity_or_mobile_number_gets_into_the_journal(store: Store) -> None:
    submission = submitted(store, staffing())
    for reason in ("来电 13812345678 告知", "身份证 11010519491231002X"):
        with pytest.raises(NotAcceptable, match="kept nowhere"):
            decisions.send_back(store, submission, who="统计员", reason=reason)
        with pytest.raises(NotAcceptable, match="kept nowhere"):
            decisions.nil(store, "training", SONGSHAN, QUARTER, who="统计员", reason=reason)
    assert kinds(store, submission) == ["received"]
