"""The cross checks: each finds its mistake, the sample returns give little, what was found right stays away."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml
from stores import sample_store
from streamlit.testing.v1 import AppTest
from workbooks import make_workbook

from huizong import cli, cross_checks, decisions, derive, intake, submissions
from huizong.cross_checks import CHECKS, Line
from huizong.forms import FORMS, BadForm, load_forms
from huizong.periods import Period
from huizong.store import Store, open_store
from huizong.texts import speak

ROOT = Path(__file__).parent.parent
CHIFENG, HONGSHAN, SONGSHAN, AR_HORQIN, KESHIKETENG, BAIRIN_RIGHT, AOHAN, ONGNIUD = (
    "1504", "150402", "150404", "150421", "150425", "150423", "150430", "150426",
)  # fmt: skip
PERIOD = Period.of("2018-Q4")
Rows = list[dict[str, object]]

pytestmark = pytest.mark.xdist_group("cross_checks")


def rows_of(store: Store, form: str, unit: str, period: str) -> Rows:
    """The rows of a return in force as make_workbook takes them."""
    held = submissions.rows_in_force(store, form, unit, period)
    assert held is not None
    items = [item.code for item in store.forms[form].items]
    return held[items].astype(object).where(held[items].notna(), None).to_dict("records")


def send(store: Store, form: str, unit: str, rows: Rows) -> str:
    """Sends a return of the period once more with these rows; its submission."""
    workbook = make_workbook(form, rows, unit=store.units.label(unit), period=PERIOD.code)
    (receipt,) = intake.receive(store, [(f"{unit}.xlsx", workbook)], who="统计员")
    (submission,) = receipt.submissions
    return submission


def changed(change: Callable[[Rows], object]) -> Callable[[Rows], Rows]:
    def made(rows: Rows) -> Rows:
        change(rows)
        return rows

    return made


def in_yuan(rows: Rows) -> None:
    for row in rows:
        row["pledged_funds"] *= 10_000


def ten_times(rows: Rows) -> None:
    rows[0]["jobs"] *= 10


def exchange(rows: Rows) -> None:
    for row in rows:
        row["full_time"], row["part_time"] = row["part_time"], row["full_time"]


def without_a_digit(rows: Rows) -> None:
    assert rows[0]["villages_with_liaison"] == 25
    rows[0]["villages_with_liaison"] = 5


def all_in_leadership(rows: Rows) -> None:
    for row in rows:
        row["in_leadership"] = True


# unit, form, what is wrong with its return, the check that says so and the item it names
MISTAKES = [
    (BAIRIN_RIGHT, "pairing", changed(in_yuan), "digit_slip", "pledged_funds"),
    (KESHIKETENG, "pairing", changed(ten_times), "digit_slip", "jobs"),
    (AOHAN, "coverage", changed(without_a_digit), "digit_slip", "villages_with_liaison"),
    (SONGSHAN, "staffing", changed(exchange), "swapped", "full_time"),
    (AR_HORQIN, "staffing", changed(lambda rows: rows.pop()), "between_forms", "townships_as_in_staffing"),
    (ONGNIUD, "coverage", changed(all_in_leadership), "peers", "in_leadership_share"),
]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = sample_store(tmp_path_factory.mktemp("samples"))
    yield store
    store.close()


@pytest.fixture(scope="module")
def wrong(samples: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples and after them, for 2018-Q4, returns with mistakes that no edit rule finds."""
    samples.close()
    folder = tmp_path_factory.mktemp("wrong") / "store"
    assert samples.folder
    shutil.copytree(samples.folder, folder)
    store = Store(folder)
    for unit, form, make, _check, _item in MISTAKES:
        send(store, form, unit, make(rows_of(store, form, unit, PERIOD.code)))
    once_more = [row | {"held_on": None} for row in rows_of(store, "training", HONGSHAN, "2018-Q3")]
    send(store, "training", HONGSHAN, once_more)
    store.close()
    return folder


@pytest.fixture(scope="module")
def held(wrong: Path) -> Iterator[Store]:
    """Of it, to be asked only."""
    store = Store(wrong)
    yield store
    store.close()


@pytest.fixture
def store(wrong: Path, store_dir: Path) -> Iterator[Store]:
    """A copy of it, for the test to change and for the pages to open."""
    shutil.copytree(wrong, store_dir)
    made = open_store(store_dir)
    yield made
    made.close()


def of_unit(store: Store, unit: str, form: str) -> Line:
    (line,) = [one for one in cross_checks.lines(store, unit, PERIOD) if (one.unit, one.form) == (unit, form)]
    return line


# ---- what is told ----------------------------------------------------------------------------------------------------


def test_each_mistake_is_found_and_little_else(held: Store) -> None:
    told = cross_checks.lines(held, CHIFENG, PERIOD)
    found = {(line.unit, line.check, line.item) for line in told}
    assert found == {(unit, check, item) for unit, _form, _make, check, item in MISTAKES} | {
        (HONGSHAN, "copied", ""),
        ("150403", "between_forms", "members_trained_within_members"),  # in the samples
    }
    assert [CHECKS[line.check].likely for line in told] == [True] * 7 + [False]
    likely = [line.effect for line in told if CHECKS[line.check].likely]
    assert likely == sorted(likely, reverse=True)


@pytest.mark.parametrize(
    "period", ["2017-Q1", "2017-Q2", "2017-Q3", "2017-Q4", "2018-Q1", "2018-Q2", "2018-Q3", "2018-Q4"]
)
def test_the_samples_give_at_most_two_lines_a_quarter(samples: Store, period: str) -> None:
    """Two of 84 returns; and those are worth a call: more members trained than are in post, all in the leadership."""
    told = cross_checks.lines(samples, CHIFENG, Period.of(period))
    assert len(told) <= 2
    assert {line.item for line in told} <= {"members_trained_within_members", "in_leadership_share"}


def test_the_published_quarter_gives_none(samples: Store) -> None:
    assert cross_checks.lines(samples, CHIFENG, Period.of("2018-Q3")) == []


def test_a_line_names_the_cells_and_says_what_was_before(held: Store) -> None:
    line = of_unit(held, KESHIKETENG, "pairing")
    (cell,) = [line.cells]
    row = submissions.rows(held, line.submission, "pairing").iloc[0]
    assert cell == f"J{row['row']}"
    assert line.rows == (row["label"],)
    assert "120" in line.message
    assert "12，" in line.message
    assert "10 倍" in line.message


def test_a_column_in_yuan_is_one_line_with_its_effect_on_the_city(held: Store) -> None:
    line = of_unit(held, BAIRIN_RIGHT, "pairing")
    assert line.rows == ()
    assert ":" in line.cells
    assert line.effect > 100


def test_a_total_beside_a_row_that_is_wrong_is_not_told_again(held: Store) -> None:
    told = cross_checks.of_submission(held, of_unit(held, KESHIKETENG, "pairing").submission)
    assert [(line.check, line.item) for line in told] == [("digit_slip", "jobs")]


def test_at_most_as_many_as_asked_for(held: Store) -> None:
    assert len(cross_checks.lines(held, CHIFENG, PERIOD, most=3)) == 3


def test_a_region_is_told_of_its_own_returns_compared_with_all_of_the_province(held: Store) -> None:
    told = cross_checks.lines(held, ONGNIUD, PERIOD)
    assert [(line.unit, line.check) for line in told] == [(ONGNIUD, "peers")]


def test_the_scope_holds(held: Store) -> None:
    assert cross_checks.lines(held, CHIFENG, PERIOD, scope=[]) == []
    assert {line.unit for line in cross_checks.lines(held, "0", PERIOD, scope=[SONGSHAN])} == {SONGSHAN}
    # Who sees one county only sees nothing of its peers either.
    assert cross_checks.lines(held, "0", PERIOD, scope=[ONGNIUD]) == []
    line = of_unit(held, SONGSHAN, "staffing")
    assert cross_checks.of_submission(held, line.submission, scope=[ONGNIUD]) == []
    assert cross_checks.history(held, line, scope=[ONGNIUD]).empty


def test_a_year_holds_the_quarters_and_months_that_end_in_it(held: Store) -> None:
    of_the_year = {(line.unit, line.item) for line in cross_checks.lines(held, CHIFENG, Period.of("2018"))}
    assert {(line.unit, line.item) for line in cross_checks.lines(held, CHIFENG, PERIOD)} < of_the_year


def test_in_english(held: Store) -> None:
    speak("en")
    line = of_unit(held, KESHIKETENG, "pairing")
    speak("zh_CN")
    assert line.label == "Jobs"
    assert line.message.endswith("Jobs 120, before (Q3 2018) 12, a year ago 8, about 10 times as much")


# ---- of one return ---------------------------------------------------------------------------------------------------


def test_both_returns_that_disagree_say_so(held: Store) -> None:
    line = of_unit(held, AR_HORQIN, "coverage")
    (staffing,) = line.others
    assert [one.item for one in cross_checks.of_submission(held, line.submission)] == ["townships_as_in_staffing"]
    assert [one.item for one in cross_checks.of_submission(held, staffing)] == ["townships_as_in_staffing"]


def test_a_return_that_stands_no_more_has_none(held: Store) -> None:
    revisions = submissions.listed(held, form="pairing", unit=KESHIKETENG, period=PERIOD.code)
    first = revisions.loc[revisions["revision"] == 1, "id"].item()
    assert cross_checks.of_submission(held, first) == []
    assert cross_checks.of_submission(held, "nobody") == []


# ---- what a line rests on --------------------------------------------------------------------------------------------


def test_the_history_ends_with_the_value_in_question(held: Store) -> None:
    line = of_unit(held, BAIRIN_RIGHT, "pairing")
    history = cross_checks.history(held, line)
    assert history["period"].tolist()[-2:] == ["2018-Q3", "2018-Q4"]
    assert history["value"].iloc[-1] == line.number
    assert history["value"].iloc[-2] < line.number / 5_000
    exchanged = cross_checks.history(held, of_unit(held, SONGSHAN, "staffing"))
    assert exchanged["series"].nunique() == 2


def test_the_history_of_two_forms_has_both_sides(held: Store) -> None:
    history = cross_checks.history(held, of_unit(held, AR_HORQIN, "coverage"))
    last = history[history["period"] == PERIOD.code].set_index("series")["value"]
    assert last.to_dict() == {"统战委员配备": 16, "人员配备": 15}


def test_the_peers_of_a_share_and_of_a_copy(held: Store) -> None:
    line = of_unit(held, ONGNIUD, "coverage")
    peers = cross_checks.peers(held, line)
    assert len(peers) == 11
    assert ONGNIUD not in peers["unit"].tolist()
    assert (peers["value"] < line.number).sum() == 10  # 松山区 has all of its members in the leadership as well
    copied = cross_checks.peers(held, of_unit(held, HONGSHAN, "training"))
    assert len(copied) == 11
    assert copied["value"].max() < 1


# ---- found right -----------------------------------------------------------------------------------------------------


def review(store: Store, line: Line, text: str = "已与该旗核对，属实") -> None:
    decisions.review(store, line.submission, line.check, line.item, line.value, text, who="统计员")


def test_what_was_found_right_stays_away_also_after_a_rebuild(store: Store) -> None:
    line = of_unit(store, BAIRIN_RIGHT, "pairing")
    review(store, line)
    left = cross_checks.lines(store, CHIFENG, PERIOD)
    assert BAIRIN_RIGHT not in {one.unit for one in left}  # nor what is only unusual because of it
    held = cross_checks.reviews(store, CHIFENG)
    assert held[["check", "unit", "item", "text"]].values.tolist() == [
        ["digit_slip", BAIRIN_RIGHT, "pledged_funds", "已与该旗核对，属实"]
    ]
    derive.rebuild(store)
    assert cross_checks.lines(store, CHIFENG, PERIOD) == left
    assert "reviewed" in store.ask("timeline", submission=line.submission)["kind"].tolist()


def test_it_comes_back_when_the_value_changes(store: Store) -> None:
    line = of_unit(store, KESHIKETENG, "pairing")
    review(store, line)
    rows = rows_of(store, "pairing", KESHIKETENG, PERIOD.code)
    rows[0]["jobs"] *= 100
    send(store, "pairing", KESHIKETENG, rows)
    again = of_unit(store, KESHIKETENG, "pairing")
    assert again.value == "1,200"
    rows[0]["jobs"] /= 10
    rows[0]["households"] += 1  # another revision, the value as it was reviewed
    send(store, "pairing", KESHIKETENG, rows)
    assert cross_checks.lines(store, KESHIKETENG, PERIOD) == []


def test_a_review_says_what_was_found_out(store: Store) -> None:
    line = of_unit(store, KESHIKETENG, "pairing")
    with pytest.raises(decisions.NotAcceptable):
        review(store, line, "对")
    with pytest.raises(decisions.UnknownSubmission):
        review(store, replace(line, submission="nobody"))


# ---- comparisons are declared ----------------------------------------------------------------------------------------


def declared(folder: Path, **comparison: object) -> Path:
    """The forms with one comparison more in coverage.yaml."""
    for path in FORMS.glob("*.yaml"):
        shutil.copy(path, folder)
    form = yaml.safe_load((folder / "coverage.yaml").read_text(encoding="utf-8"))
    words = {"zh": "村 {villages}，职工 {staff}", "en": "villages {villages}, staff {staff}"}
    form["cross"].append(
        {
            "code": "tried",
            "label": words,
            "terms": {"villages": {"sum": "villages"}, "staff": {"form": "staffing", "sum": "staff_in_post"}},
            "left": "villages",
            "relation": "<=",
            "right": "staff / 2",
            "message": words,
            "remedy": words,
        }
        | comparison
    )
    (folder / "coverage.yaml").write_text(yaml.safe_dump(form, allow_unicode=True), encoding="utf-8")
    return folder


def test_a_comparison_needs_no_python(samples: Store, tmp_path: Path) -> None:
    forms = load_forms(declared(tmp_path))
    comparison = forms["coverage"].cross[-1]
    params = {"unit": SONGSHAN, "within": "15", "first": PERIOD.start, "last": PERIOD.end, "submission": None,
              "scope": ["0"], "every": False}  # fmt: skip
    frame = samples.frame(cross_checks.comparison_query(forms["coverage"], comparison), params)
    rows = {form: pd.DataFrame(rows_of(samples, form, SONGSHAN, PERIOD.code)) for form in ("coverage", "staffing")}
    villages, staff = rows["coverage"]["villages"].sum(), rows["staffing"]["staff_in_post"].sum()
    assert villages > staff / 2
    assert frame[["villages", "staff", "right_side"]].values.tolist() == [[villages, staff, staff / 2]]


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        ({"left": "vilages"}, "no item 'vilages'; known: "),
        ({"relation": "<"}, "'=', '<=' or '>='"),
        ({"terms": {"villages": {"sum": "villages"}, "staff": {"sum": "communities"}}}, "within one form write a rule"),
        (
            {"terms": {"villages": {"sum": "villages"}, "staff": {"form": "stafing", "sum": "1"}}},
            "coverage.yaml: cross.tried.terms.staff.form: no form 'stafing'",
        ),
        (
            {"terms": {"villages": {"sum": "villages"}, "staff": {"form": "staffing", "sum": "stuff"}}},
            "cross.tried.terms.staff: 'stuff': no item 'stuff'",
        ),
        (
            {"terms": {"villages": {"sum": "villages"}, "staff": {"form": "publicity", "sum": "adopted"}}},
            "publicity adds up over another time (month)",
        ),
        (
            {"terms": {"villages": {"register": "townships"}, "staff": {"form": "staffing", "sum": "1"}}},
            "sum or distinct",
        ),
    ],
)
def test_a_wrong_comparison_says_what_would_be_right(tmp_path: Path, comparison: dict, said: str) -> None:
    with pytest.raises(BadForm) as refusal:
        load_forms(declared(tmp_path, **comparison))
    assert said in str(refusal.value)


# ---- command line and page -------------------------------------------------------------------------------------------


def test_the_command_line(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cross", "--unit", CHIFENG, "--period", PERIOD.code, "--most", "2", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [line["unit_name"] for line in answer["lines"]] == ["巴林右旗", "松山区"]
    assert answer["lines"][0]["likely"] is True
    assert cli.main(["cross", "--unit", CHIFENG, "--period", PERIOD.code]) == 0
    assert "协议资金(万元)" in capsys.readouterr().out


def visit(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    return run(app)


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def test_the_page_tells_the_lines_and_takes_reviews(store: Store) -> None:
    app = visit("checks", unit=CHIFENG, period=PERIOD.code)
    units = app.dataframe[0].value["填报单位"].tolist()
    assert units[0] == "巴林右旗"
    assert len(units) == 8
    next(text for text in app.text_input if text.label == "核实情况").set_value("已与该旗核对，属实")
    next(button for button in app.button if button.label == "保存").click()
    run(app)
    assert app.dataframe[0].value["填报单位"].tolist() == units[1:]
    assert app.dataframe[1].value["核实情况"].tolist() == ["已与该旗核对，属实"]


def test_the_page_of_a_quarter_without_lines(store: Store) -> None:
    app = visit("checks", unit=CHIFENG, period="2018-Q3")
    assert any("没有值得核对的数据" in text.value for text in app.markdown)
    app = visit("checks", unit=CHIFENG, period="2012-Q3")
    assert any("本地区本期还没有收到报表" in text.value for text in app.markdown)
    assert any(text.value == "➡️ 报送" for text in app.markdown)


def test_the_open_return_says_what_concerns_it(store: Store) -> None:
    app = AppTest.from_file(str(ROOT / "pages" / "upload.py"), default_timeout=60)
    app.session_state["chosen submission"] = of_unit(store, SONGSHAN, "staffing").submission
    run(app)
    (table,) = [table.value for table in app.table if "情况" in table.value.columns]
    assert table["指标项"].tolist() == ["其中：专职、其中：兼职"]
