"""A new return is one YAML file and no Python: issued, filled in, sent, checked, accepted, drawn, explained."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
import streamlit as st
from stores import SONGSHAN, send, status
from streamlit.testing.v1 import AppTest

from huizong import blanks, cli, decisions, derive, forms, submissions, ui
from huizong.forms import Form, all_forms, load_forms
from huizong.indicators import figures
from huizong.lineage import terms_of_figure
from huizong.periods import Period
from huizong.store import Store, open_store

ROOT = Path(__file__).parent.parent
SEVENTH = """
code: visits
title: {zh: 走访联系情况表, en: Visits}
theme: {zh: 走访联系, en: Visits}
icon: 🚪
order: 70
valid_from: 2018-01-01
frequency: quarter
measure: flow
levels: [county]
rows:
  label: {zh: 乡镇(街道), en: township}
  name_item: township_name
  unit_item: township_name
  units: [township]
  key: [township_name]

items:
  - {code: township_name, label: {zh: 乡镇(街道), en: Township}, type: unit, blank: error}
  - {code: planned, label: {zh: 计划走访次数, en: Planned}, type: integer, unit: {zh: 次, en: visits}}
  - {code: paid_visits, label: {zh: 实际走访次数, en: Paid}, type: integer, unit: {zh: 次, en: visits}, blank: error}
  - code: channel
    label: {zh: 走访方式, en: Way}
    type: code
    codes:
      - {code: on_site, label: {zh: 实地, en: On site}, variants: [上门]}
      - {code: by_meeting, label: {zh: 座谈, en: Meeting}}

rules:
  - code: visits_within_plan
    severity: error
    expr: paid_visits <= planned
    message:
      zh: "实际走访 {paid_visits} 次，多于计划 {planned} 次"
      en: "{paid_visits} visits paid, more than the {planned} planned"
    remedy: {zh: 核对两项次数, en: correct one of the two}

indicators:
  - code: visit_fulfilment
    label: {zh: 走访完成率, en: Visits fulfilled}
    numerator: paid_visits
    denominator: planned
    headline: true
    definition: {zh: 实际走访次数÷计划走访次数, en: visits paid / visits planned}
    why: {zh: 计划是否落实, en: was the plan carried out}
  - code: visits_paid
    label: {zh: 走访次数, en: Visits paid}
    numerator: paid_visits
    unit: {zh: 次, en: visits}
    decimals: 0
    definition: {zh: 实际走访次数合计, en: sum of visits paid}
    why: {zh: 工作量, en: the amount of work}

compositions:
  - {code: way, label: {zh: 走访方式构成, en: By way}, by: channel, sum: paid_visits, unit: {zh: 次, en: visits}}
"""
Q3 = Period.of("2018-Q3")


@pytest.fixture
def seven(tmp_path: Path, store_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store of an installation with a seventh file beside the six."""
    folder = tmp_path / "forms"
    folder.mkdir()
    for path in forms.FORMS.glob("*.yaml"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "visits.yaml").write_text(SEVENTH, encoding="utf-8")
    monkeypatch.setattr(forms, "load_forms", lambda: load_forms(folder))
    all_forms.cache_clear()
    yield open_store(store_dir)
    open_store(store_dir).close()
    monkeypatch.undo()
    all_forms.cache_clear()


def visits(store: Store) -> Form:
    return store.forms["visits"]


def filled_in(store: Store, planned: int) -> bytes:
    """The blank that was issued, filled in with openpyxl as a clerk does: only its open cells."""
    blank = blanks.blank(visits(store), SONGSHAN, Q3, language="zh_CN", register=store.units)
    workbook = openpyxl.load_workbook(BytesIO(blank))
    sheet = workbook["走访联系情况表"]
    head = next(row for row in sheet.iter_rows() if any(cell.value == "实际走访次数" for cell in row))
    columns = {cell.value: cell.column for cell in head if cell.value}
    row, named = head[0].row + 1, 0
    while (name := sheet.cell(row, columns["乡镇(街道)"]).value) != "合计":
        assert name
        for label, value in (("计划走访次数", planned), ("实际走访次数", 2), ("走访方式", "上门" if named else "座谈")):
            cell = sheet.cell(row, columns[label])
            assert not cell.protection.locked
            cell.value = value
        row, named = row + 1, named + 1
    assert named == len([unit for unit in store.units.children(SONGSHAN) if unit.kind == "unit"])
    for label, value in (("计划走访次数", planned * named), ("实际走访次数", 2 * named)):
        sheet.cell(row, columns[label]).value = value  # as Excel calculates them
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()


def test_from_the_blank_to_the_figure_and_its_cell(seven: Store) -> None:
    n = len(seven.units.children(SONGSHAN))
    wrong, right = send(seven, filled_in(seven, planned=1), filled_in(seven, planned=4))
    assert (wrong.outcome, right.outcome) == ("received", "received")

    found = submissions.findings(seven, wrong.submissions[0])
    assert set(found["rule"]) == {"visits_within_plan"}
    assert found["sheet"][0] == "走访联系情况表"
    assert len(found) == 1  # the same message on every row is told once, with all its cells
    assert {"C5", "D5", "C6", "D6"} <= set(found["cells"][0])
    assert found["message"][0] == "实际走访 2 次，多于计划 1 次"
    assert status(seven, wrong.submissions[0]) == "error"

    assert status(seven, right.submissions[0]) == "clean"
    decisions.accept(seven, right.submissions, who="统计员")
    row = figures(seven, ["visit_fulfilment"], SONGSHAN, [Q3]).iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (2 * n, 4 * n, 0.5)
    assert figures(seven, ["visits_paid"], "150404100", [Q3])["value"].iloc[0] == 2

    terms = terms_of_figure(seven, "visits_paid", "150404100", Q3)
    assert [(term.label, term.value, term.sheet) for term in terms] == [("穆家营子镇", 2, "走访联系情况表")]
    derive.rebuild(seven)
    assert figures(seven, ["visit_fulfilment"], SONGSHAN, [Q3])["value"].iloc[0] == 0.5


def test_its_page_draws_it(seven: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (receipt,) = send(seven, filled_in(seven, planned=4), accept=True)
    assert status(seven, receipt.submissions[0]) == "accepted"
    seven.close()
    monkeypatch.setattr(ui, "form_of_this_page", lambda: "visits")
    page = AppTest.from_file(str(ROOT / "pages" / "form.py"), default_timeout=60)
    page.query_params["unit"], page.query_params["period"] = SONGSHAN, "2018-Q3"
    page.run()
    assert not page.exception, page.exception[0].stack_trace
    assert page.title[0].value == "🚪 走访联系"
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown["走访完成率"] == "50.0%"
    assert page.get("plotly_chart")


def test_the_definitions_explain_it(seven: Store) -> None:
    page = AppTest.from_file(str(ROOT / "pages" / "definitions.py"), default_timeout=60)
    page.run()
    page.segmented_control(key="form").set_value("visits").run()
    assert not page.exception, page.exception[0].stack_trace
    assert "走访联系情况表" in [header.value for header in page.header]
    told = "\n".join(table.value.to_string() for table in page.table)
    for words in ("计划走访次数", "实际走访次数 ≤ 计划走访次数", "实际走访次数÷计划走访次数", "实地"):
        assert words in told


def test_the_menu_has_it(seven: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    titles: list[str] = []
    page = st.Page

    def noted(*given: object, title: str, **more: object) -> object:
        titles.append(title)
        return page(*given, title=title, **more)

    monkeypatch.setattr(st, "Page", noted)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception, app.exception[0].stack_trace
    assert "走访联系" in titles


def test_the_command_line_knows_it(
    seven: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], store_dir: Path
) -> None:
    seven.close()
    assert cli.main(["forms", "--json"]) == 0
    assert "visits" in [form["form"] for form in json.loads(capsys.readouterr().out)["forms"]]
    blank = tmp_path / "空表.xlsx"
    call = [
        "template",
        "visits",
        "--unit",
        SONGSHAN,
        "--period",
        "2018-Q3",
        "-o",
        str(blank),
        "--store",
        str(store_dir),
    ]
    assert cli.main(call) == 0
    capsys.readouterr()
    assert cli.main(["check", str(blank), "--json", "--store", str(store_dir)]) == 1
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    assert (entry["form"], entry["unit"], entry["period"]) == ("visits", SONGSHAN, "2018-Q3")
    assert {finding["rule"] for finding in entry["findings"]} == {"empty_return"}


def test_without_the_file_it_is_gone(store: Store) -> None:
    assert "visits" not in all_forms()
    assert "visits" not in store.forms
