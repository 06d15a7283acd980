"""The terms of a figure add up to it, and each is a cell of an original that says so."""

from collections.abc import Iterator
from contextvars import copy_context
from decimal import Decimal
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import python_calamine as calamine
from stores import LINXI, SONGSHAN, accepted, small_store, submitted
from workbooks import course, drawn, excel, make_workbook, office, pairing, return_sheet, township

from huizong import decisions, derive, intake, lineage, submissions
from huizong.forms import all_forms
from huizong.indicators import UnknownIndicator, figures
from huizong.lineage import TermCell, terms_of_figure
from huizong.periods import Period
from huizong.store import Store
from huizong.templates import returns_workbook

Q3, Q4, YEAR = Period.of("2018-Q3"), Period.of("2018-Q4"), Period.of("2018")
FORMS = all_forms()
PERIODS = [Q3, YEAR]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Two counties with blanks, tables that do not stand at A1, a revision, and one return that does not count."""
    made = small_store(tmp_path_factory.mktemp("lineage"))
    for unit, own, named in (
        ("松山区", "区委统战部", ["穆家营子镇", "初头朗镇"]),
        ("林西县", "县委统战部", ["大井镇", "林西镇"]),
    ):
        offices = [
            office(own, 5, women=2, colocated=True),
            office(named[0], 2, women=None),
            office(named[1], 3, seconded_out=1),
        ]
        members = [
            township(named[0], 8, 1, villages_with_liaison=7),
            township(named[1], committee_member="none", in_leadership=None, officer=None),
        ]
        pages = [
            return_sheet("staffing", offices, unit=unit, period="2018-Q3", left=3, gap=2, name="人员"),
            return_sheet("coverage", members, unit=unit, period="2018-Q3", serial=None, name="委员"),
        ]
        for submission in each(made, returns_workbook(pages)):
            accept(made, submission)
        for period, day in (("2018-Q2", "2018-05-06"), ("2018-Q3", "2018-08-09")):
            rows = [
                course("甲班", audience="committee_member", held_on=day),
                course("乙班", participants=None, held_on=day),
            ]
            accepted(made, make_workbook("training", rows, unit=unit, period=period))
        pairs = [pairing("示例一公司", "甲村"), pairing("示例二公司", "甲村", jobs=None), pairing("示例二公司", "乙村")]
        accepted(made, make_workbook("pairing", pairs, unit=unit, period="2018-Q3"))
        channels = [
            {"channel": "website", "submitted": 5, "adopted": 1},
            {"channel": "bulletin", "submitted": 2, "adopted": None},
        ]
        accepted(made, make_workbook("publicity", channels, unit=unit, period="2018-09", left=2))
        four = dict.fromkeys(["in_appraisal", "in_party_school", "in_publicity_plan", "in_education"], True)
        rows = [{"office": own, "committee_sessions": 3, "appraisal_weight": 10, "funds": 20, **four}]
        accepted(made, make_workbook("safeguards", rows, unit=unit, period="2018"))
    # A revision, and one that waits and must not be counted.
    accepted(
        made,
        make_workbook(
            "staffing", [office("区委统战部", 6, women=1), office("穆家营子镇", 2)], unit="松山区", period="2018-Q3"
        ),
    )
    submitted(made, make_workbook("staffing", [office("区委统战部", 99)], unit="松山区", period="2018-Q3"))
    for unit, target in ((SONGSHAN, 4), (LINXI, 6)):
        decisions.set_target(made, "target_fulfilment", unit, "2018", target, who="统计员")
    yield made
    made.close()


def each(store: Store, workbook: bytes) -> list[str]:
    (receipt,) = intake.receive(store, [("全部.xlsx", workbook)], who="统计员")
    return receipt.submissions


def accept(store: Store, submission: str) -> None:
    found = submissions.findings(store, submission)
    if queries := found.loc[found["severity"] == "query", "n"].tolist():
        decisions.explain(store, submission, queries, "示例数据，虚构", who="统计员")
    decisions.accept(store, [submission], who="统计员")


def row_of(term: TermCell) -> tuple:
    """What makes two cells one row of a return."""
    return (
        term.side,
        term.source,
        term.submission,
        term.sheet,
        "".join(filter(str.isdigit, term.cell)),
        term.unit,
        term.label,
    )


def added(terms: list[TermCell], side: str, whole: dict[str, object]) -> float | None:
    """What the rows of one side add; None without any. Of a sum of several items each has a cell; the row adds once."""
    rows = {row_of(term): term for term in terms if term.side == side}
    if whole.get("distinct") == side:
        return len({(term.submission, term.value) for term in rows.values()}) or None
    return float(sum(Decimal(str(term.adds)) for term in rows.values())) if rows else None


def is_distinct(indicator: str) -> dict[str, object]:
    return {"distinct": next((side for side, _, term in FORMS.terms(indicator) if term.distinct), None)}


def can_be_carried(indicator: str) -> bool:
    return any(form is not None and form.carried for _, form, _term in FORMS.terms(indicator))


@pytest.mark.parametrize("carry", [False, True])
@pytest.mark.parametrize("unit", ["1504", SONGSHAN, "150404100"])
def test_the_terms_add_up_to_the_figure(store: Store, unit: str, carry: bool) -> None:
    # With carry, those that something can be carried forward for; the others are the same again.
    without = {code for code in FORMS.indicators if not carry or can_be_carried(code)}
    for figure in figures(store, sorted(without), unit, [*PERIODS, Q4], carry=carry).to_dict("records"):
        indicator, period = figure["indicator"], Period.of(figure["period"])
        terms = terms_of_figure(store, indicator, unit, period, carry=carry)
        without -= {indicator} if terms else set()
        if FORMS.indicators[indicator][1].aggregate == "median":
            middle = pd.Series([term.adds for term in terms], dtype=float).median()
            assert (pd.isna(middle) and pd.isna(figure["value"])) or middle == figure["value"]
            continue
        for side, _, declared in FORMS.terms(indicator):
            expected = None if pd.isna(figure[side]) else figure[side]
            found = added(terms, side, is_distinct(indicator))
            if found is None and declared.where and expected == 0:
                found = 0  # rows that the condition does not mean add 0 and show no cell
            assert found == expected, (indicator, side, period)
    assert not without or unit != "1504"


def test_the_terms_of_a_figure_carried_forward_come_from_the_return_that_stands_in(store: Store) -> None:
    (figure,) = figures(store, ["staff_in_post_total"], "1504", [Q4], carry=True).to_dict("records")
    assert (figure["n_reporting"], list(figure["carried"])) == (0, [SONGSHAN, LINXI])
    terms = terms_of_figure(store, "staff_in_post_total", "1504", Q4, carry=True)
    assert {term.period for term in terms} == {"2018-Q3"}
    assert sum(term.adds for term in terms) == figure["value"] == 18
    assert all(str(int(term.value)) == str(printed(store, term)).removesuffix(".0") for term in terms)
    assert terms_of_figure(store, "staff_in_post_total", "1504", Q4) == []


@cache
def original_rows(store: Store, submission: str, sheet: str) -> list[list[object]]:
    ((original,),) = store.run("SELECT original FROM submission WHERE id = ?", [submission])
    with calamine.CalamineWorkbook.from_path(store.original_path(original, "xlsx")) as book:
        return book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def printed(store: Store, term: TermCell) -> object:
    """What the original says in the term's cell, read anew."""
    rows = original_rows(store, term.submission, term.sheet)
    letters = "".join(filter(str.isalpha, term.cell))
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return rows[int(term.cell.removeprefix(letters)) - 1][column - 1]


def said(indicator: str, term: TermCell) -> object:
    """A term's value as its cell prints it."""
    form = next(
        form
        for form in FORMS.values()
        if term.item in form.by_code and form in [f for _, f, _ in FORMS.terms(indicator)]
    )
    item = form.by_code[term.item]
    if item.codes and term.value:
        return item.code_label(str(term.value), "zh")
    return {True: "是", False: "否"}.get(term.value, term.value) if item.type == "yes_no" else term.value


def test_each_cell_of_the_original_holds_the_value(store: Store) -> None:
    seen = 0
    for indicator in FORMS.indicators:
        for period in PERIODS:
            for term in terms_of_figure(store, indicator, "1504", period):
                if term.source == "return":
                    expected = said(indicator, term)
                    assert printed(store, term) == ("" if expected is None else expected), term
                    seen += 1
    assert seen > 200


def test_a_term_names_its_file_sheet_and_unit(store: Store) -> None:
    terms = terms_of_figure(store, "full_time_share", SONGSHAN, Q3)
    above = [(term.unit, term.label, term.item, term.value, term.cell) for term in terms if term.side == "numerator"]
    assert above == [(SONGSHAN, "区委统战部", "full_time", 6, "E5"), ("150404100", "穆家营子镇", "full_time", 2, "E6")]
    assert {term.file for term in terms} == {"1.xlsx"}
    assert {term.period for term in terms} == {"2018-Q3"}


def test_a_row_that_adds_to_neither_side_is_no_term(store: Store) -> None:
    labels = {term.label for term in terms_of_figure(store, "women_share", LINXI, Q3)}
    assert labels == {"县委统战部", "林西镇"}  # 大井镇 does not say how many are women


def test_the_register_and_targets_are_terms_without_a_cell(store: Store) -> None:
    terms = [term for term in terms_of_figure(store, "staff_per_township", "1504", Q3) if term.side == "denominator"]
    assert [(term.source, term.unit, term.adds, term.cell) for term in terms] == [
        ("register", code, store.units.n_townships(code, Q3.end), "") for code in (SONGSHAN, LINXI)
    ]
    terms = [term for term in terms_of_figure(store, "target_fulfilment", "1504", Q3) if term.side == "denominator"]
    assert [(term.source, term.unit, term.adds) for term in terms] == [("target", SONGSHAN, 4), ("target", LINXI, 6)]


def test_a_target_of_the_whole_is_its_only_term_beneath(store: Store) -> None:
    decisions.set_target(store, "target_fulfilment", "1504", "2018", 8, who="统计员")
    terms = terms_of_figure(store, "target_fulfilment", "1504", Q3)
    assert [(t.unit, t.adds) for t in terms if t.side == "denominator"] == [("1504", 8)]
    assert {t.reporter for t in terms if t.side == "numerator"} == {SONGSHAN, LINXI}
    assert figures(store, ["target_fulfilment"], "1504", [Q3])["value"].iloc[0] == 4 / 8
    decisions.set_target(store, "target_fulfilment", "1504", "2018", None, who="统计员")


def test_terms_are_of_what_the_asker_may_see(store: Store) -> None:
    terms = terms_of_figure(store, "women_share", "1504", Q3, scope=[LINXI])
    assert {term.submission for term in terms} == {
        term.submission for term in terms_of_figure(store, "women_share", LINXI, Q3)
    }
    assert terms_of_figure(store, "women_share", "1504", Q3, scope=[]) == []
    assert {term.unit for term in terms_of_figure(store, "target_fulfilment", "1504", Q3, scope=[LINXI])} == {LINXI}


def test_terms_as_they_were(store: Store) -> None:
    ((then,),) = store.run(
        "SELECT accepted_at FROM submission WHERE unit = ? AND form = 'staffing' AND revision = 1", [SONGSHAN]
    )
    before = [t.value for t in terms_of_figure(store, "staff_in_post_total", SONGSHAN, Q3, as_of=then)]
    now = [t.value for t in terms_of_figure(store, "staff_in_post_total", SONGSHAN, Q3)]
    assert (before, now) == ([5, 2, 3], [6, 2])


def test_a_merged_name_and_a_second_sheet_keep_their_cells(tmp_path: Path) -> None:
    lines = "| 2018年9月宣传信息情况表 |\n| 填报单位：松山区 |\n| 上报条数 | 渠道 | 采用条数 |\n"
    first = drawn(lines + "| 5 | 网站 | 1 |", name="表1", top=3, left=4)
    second = drawn(lines + "| 2 | 公众号 | 0 |", name="表1续")
    store = small_store(tmp_path)
    accepted(store, excel(first, second))
    terms = terms_of_figure(store, "submitted", SONGSHAN, Period.of("2018-09"))
    assert [(term.sheet, term.cell, term.value) for term in terms] == [("表1", "E7", 5), ("表1续", "A4", 2)]
    assert [printed(store, term) for term in terms] == [5, 2]
    store.close()


def test_terms_survive_a_rebuild(store: Store) -> None:
    several = ["women_share", "three_level_network", "members_trained_share", "target_fulfilment", "staff_per_township"]
    before = [terms_of_figure(store, indicator, "1504", Q3) for indicator in several]
    derive.rebuild(store)
    assert [terms_of_figure(store, indicator, "1504", Q3) for indicator in several] == before


def test_an_unknown_indicator_lists_the_known(store: Store) -> None:
    with pytest.raises(UnknownIndicator, match="women_share"):
        terms_of_figure(store, "women", SONGSHAN, Q3)


def test_links_lead_to_where_the_visitor_sees_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    def link_of(visitor: str) -> str:
        lineage.pages_are_at(visitor)
        return lineage.address_of("participants", "1504", "2018-Q3")

    monkeypatch.delenv("HUIZONG_URL", raising=False)
    query = "/lineage?indicator=participants&unit=1504&period=2018-Q3"
    assert copy_context().run(link_of, "http://10.0.0.5:8600") == f"http://10.0.0.5:8600{query}"
    monkeypatch.setenv("HUIZONG_URL", "https://tz.example.cn/huizong/")
    assert copy_context().run(link_of, "http://10.0.0.5:8600") == f"https://tz.example.cn/huizong{query}"
