"""溯源: the address of a figure opens its terms, and the sheet that a term stands on with its cell marked."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stores import accepted, empty_store
from test_desk_pages import run
from workbooks import make_workbook, office

from huizong.lineage import address_of
from huizong.store import Store
from huizong.texts import speak


@pytest.fixture
def store(store_dir: Path) -> Iterator[Store]:
    store = empty_store(store_dir)
    yield store
    store.close()
    speak("zh_CN")


def test_a_figures_address_opens_its_terms_and_the_marked_cell(store: Store) -> None:
    offices = [office("松山区委统战部", 6, women=2), office("穆家营子镇", 2, women=1)]
    accepted(store, make_workbook("staffing", offices, unit="松山区", period="2018-Q3"))
    page, _sign, query = address_of("women_share", "150404", "2018-Q3").rpartition("?")
    assert page.endswith("/lineage")
    app = run("lineage", **dict(part.split("=") for part in query.split("&")))
    assert [metric.value for metric in app.metric] == ["37.5%", "3", "8", "1/1"]
    terms = app.dataframe[0].value
    assert terms["行"].tolist()[:2] == ["松山区委统战部", "穆家营子镇"]
    assert terms[terms["一方"] == "分子"]["加入"].tolist() == [2, 1]
    (sheet,) = [html.body for html in app.get("html") if "<table" in html.body]
    assert "女性" in sheet
    assert sheet.count("就是这一格") == 1


def test_a_figure_that_nobody_has_reported_says_so(store: Store) -> None:
    app = run("lineage", indicator="women_share", unit="150404", period="2018-Q3")
    assert app.metric[0].value == "—"
    assert not app.dataframe
