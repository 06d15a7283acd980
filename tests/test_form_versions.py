"""An older version of a form is read by its own declaration, or refused with its name and what changed."""

from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.cell import MergedCell
from stores import SONGSHAN, rules, send, small_store, status
from workbooks import drawn, make_workbook

from huizong import blanks, decisions, forms, submissions
from huizong.forms import BadForm, Forms, changes, load_forms
from huizong.indicators import figures
from huizong.layout import Vocabulary
from huizong.periods import Period
from huizong.returned import Return
from huizong.returns import read_returns
from huizong.sheet import Workbook
from huizong.store import Store

# Made up for these tests: until 2016 the channels were counted as 篇, and nobody asked what was adopted.
OLDER = """
code: publicity
valid_from: 2004-01-01
title: {zh: 宣传信息报送表, en: Items sent}
items:
  - channel
  - {code: submitted, label: {zh: 报送篇数, en: Sent}, aliases: []}
dropped:
  - {zh: 主送单位, en: Sent to}
rules:
  - code: anything_sent
    severity: query
    expr: submitted > 0
    message: {zh: 没有报送, en: nothing sent}
    remedy: {zh: 核实, en: check}
"""
HEAD, ROW = "| 渠道 | 上报条数 | 采用条数 |", "| 网站 | 5 | 1 |"
OLD_HEAD, OLD_ROW = "| 渠道 | 报送篇数 | 主送单位 |", "| 网站 | 5 | 市委 |"


def with_older(folder: Path, text: str = OLDER, name: str = "publicity_2004.yaml") -> Path:
    """The folder of forms with publicity as from 2017, and what it was before."""
    (folder / "older").mkdir(parents=True)
    for path in forms.FORMS.glob("*.yaml"):
        declared = path.read_text(encoding="utf-8")
        if path.stem == "publicity":
            declared = declared.replace("valid_from: 2004-01-01", "valid_from: 2017-01-01")
        (folder / path.name).write_text(declared, encoding="utf-8")
    (folder / "older" / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def two(tmp_path: Path) -> Forms:
    return load_forms(with_older(tmp_path / "forms"))


@pytest.fixture
def both(two: Forms, store_dir: Path) -> Store:
    return small_store(store_dir, two)


def read(declared: Forms, units: object, *lines: str, mark: dict[str, str] | None = None) -> Return:
    workbook = Workbook([drawn("\n".join(lines))], "xlsx", mark or {})
    (found,) = read_returns(workbook, Vocabulary(declared), units)
    return found


def told(found: Return) -> list[tuple[str, str, dict]]:
    return [(finding.severity, finding.rule, finding.params) for finding in found.findings]


def test_the_period_picks_the_declaration(two: Forms) -> None:
    assert [form.valid_from.year for form in (two["publicity"], *two.older["publicity"])] == [2017, 2004]
    assert two.of("publicity", Period.of("2016-12")) is two.older["publicity"][0]
    assert two.of("publicity", Period.of("2017-01")) is two["publicity"]
    assert two.at("publicity", Period.of("2003-01").end) is None


def test_an_older_return_is_read_by_its_own_declaration(both: Store, two: Forms) -> None:
    found = read(two, both.units, "| 松山区2016年9月宣传信息报送表 |", OLD_HEAD, OLD_ROW)
    assert (found.form.valid_from.year, found.questions) == (2004, [])
    assert [row.values for row in found.rows] == [{"channel": "website", "submitted": 5}]
    assert [(severity, rule) for severity, rule, _ in told(found)] == [("note", "extra_column")]  # 主送单位


def test_its_rows_stand_in_the_forms_one_table_under_its_own_rules(both: Store, two: Forms) -> None:
    older = two.older["publicity"][0]
    row = {"channel": "website", "submitted": 0}
    (receipt,) = send(both, make_workbook(older, [row], unit="松山区", period="2016-09"))
    (submission,) = receipt.submissions
    assert rules(both, submission) == {"anything_sent": ["C5"]}
    assert submissions.findings(both, submission)["message"].tolist() == ["没有报送"]
    values = both.run("SELECT submitted, adopted FROM publicity WHERE submission_id = ?", [submission])
    assert values == [(0, None)]  # what the form did not ask for is missing, not zero
    decisions.explain(both, submission, [0], "当月没有报送，属实", who="统计员")
    decisions.accept(both, [submission], who="统计员")
    rate = figures(both, ["adoption_rate"], SONGSHAN, [Period.of("2016-09")]).iloc[0]
    assert rate["n_reporting"] == 1
    assert rate["value"] != rate["value"]  # no figure


def test_a_blank_says_of_which_version_it_is(both: Store, two: Forms) -> None:
    older = two.older["publicity"][0]
    blank = blanks.blank(older, SONGSHAN, Period.of("2016-09"), language="zh_CN", register=both.units)
    workbook = openpyxl.load_workbook(BytesIO(blank))
    sheet = workbook["宣传信息报送表"]
    for cell in next(column for column in sheet.iter_cols() if any(cell.value == "报送篇数" for cell in column)):
        if cell.row > 5 and not cell.protection.locked and not isinstance(cell, MergedCell):
            cell.value = 1
    content = BytesIO()
    workbook.save(content)
    (receipt,) = send(both, content.getvalue())
    assert status(both, receipt.submissions[0]) == "clean"


@pytest.mark.parametrize(
    ("period", "head", "row", "version", "params"),
    [
        (
            "2018年9月",
            OLD_HEAD,
            OLD_ROW,
            "",
            {"added": "采用条数", "removed": "主送单位", "renamed": "报送篇数 → 上报条数"},
        ),
        (
            "2018年9月",
            OLD_HEAD,
            OLD_ROW,
            "2004-01-01",
            {"added": "采用条数", "wanted": "2017-01-01", "drawn": "2004-01-01"},
        ),
        ("2016年9月", HEAD, ROW, "2017-01-01", {"added": "主送单位", "removed": "采用条数", "wanted": "2004-01-01"}),
    ],
)
def test_a_sheet_of_another_version_is_refused_with_what_changed(
    both: Store, two: Forms, period: str, head: str, row: str, version: str, params: dict[str, str]
) -> None:
    mark = {"form": "publicity", "version": version} if version else {}
    found = read(two, both.units, f"| 松山区{period}宣传信息情况表 |", head, row, mark=mark)
    ((severity, rule, said),) = told(found)
    assert (severity, rule, found.rows, found.questions) == ("error", "other_version", [], [])
    assert params.items() <= said.items()


def test_a_blank_of_an_unknown_version_is_refused_with_its_name(both: Store, two: Forms) -> None:
    mark = {"form": "publicity", "version": "2021-01-01"}
    found = read(two, both.units, "| 松山区2018年9月宣传信息情况表 |", "| 渠道 | 上报条数 | 阅读量 |", ROW, mark=mark)
    ((severity, rule, said),) = told(found)
    assert (severity, rule, found.rows) == ("error", "unknown_version", [])
    assert said == {"drawn": "2021-01-01", "removed": "阅读量", "added": "采用条数"}
    assert found.findings[0].found == "宣传信息情况表"


def test_a_period_before_any_declaration_is_refused_with_the_forms_name(both: Store, two: Forms) -> None:
    found = read(two, both.units, "| 松山区2003年9月宣传信息报送表 |", OLD_HEAD, OLD_ROW)
    assert [(severity, rule) for severity, rule, _ in told(found)] == [("error", "before_form")]
    assert found.rows == []


def test_what_changed_is_said_in_heads(two: Forms) -> None:
    assert changes(two.older["publicity"][0], two["publicity"]) == (
        ["采用条数"],
        ["主送单位"],
        ["报送篇数 → 上报条数"],
    )


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("valid_from: 2004-01-01", "valid_from: 2018-01-01", "is not before 2017-01-01"),
        ("  - channel\n", "  - channel\n  - readers\n", "items"),
        ("aliases: []}", "type: decimal}", "items.submitted: type and unit must be those of publicity.yaml"),
        ("dropped:", "frequency: quarter\ndropped:", "frequency: must be month"),
    ],
)
def test_an_older_declaration_that_fits_no_table_stops_the_start(
    tmp_path: Path, before: str, after: str, fault: str
) -> None:
    assert before in OLDER
    with pytest.raises(BadForm) as error:
        load_forms(with_older(tmp_path / "forms", OLDER.replace(before, after)))
    assert f"older/publicity_2004.yaml: {fault}" in str(error.value) or fault in str(error.value)


def test_an_older_declaration_of_no_form_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadForm, match="must begin with a form's"):
        load_forms(with_older(tmp_path / "forms", name="unheard_2004.yaml"))
