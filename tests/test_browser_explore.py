"""探索 and SQL 查询 in a real Chromium: what is saved is there after F5; a query is answered, a write refused."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from clerk import Office, staffing_workbook
from playwright.sync_api import Page, expect
from test_browser import COUNTY, FIRST, QUARTER, browser, context, page, settle, visit  # noqa: F401  (fixtures are among them)

from huizong import intake
from huizong.store import Store

RUN = re.compile(r"查询$")

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def analyst(serve: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over a store with two accepted returns, on which questions in SQL are switched on."""
    folder = tmp_path_factory.mktemp("analyst") / "analyst"
    store = Store(folder)
    other = staffing_workbook("松山区委统战部", QUARTER, [Office("松山区委统战部", 4, 2, 2)])
    receipts = list(intake.receive(store, [("林西县.xlsx", FIRST), ("松山区.xlsx", other)], who="test", accept=True))
    assert [receipt.outcome for receipt in receipts] == ["received", "received"]
    store.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUIZONG_SQL", "on")
        yield serve(folder)


def choose(page: Page, indicator: str) -> None:  # noqa: F811
    box = page.get_by_test_id("stMultiSelect").filter(has_text="指标").first.get_by_role("combobox")
    box.fill(indicator)
    page.get_by_role("option", name=indicator).first.click()
    page.keyboard.press("Escape")
    settle(page)


def test_a_view_that_is_chosen_and_saved_is_there_after_f5(page: Page, analyst: str) -> None:  # noqa: F811
    visit(page, analyst, "explore", unit=COUNTY, period="2018-Q3")
    choose(page, "女性比例")
    expect(page.get_by_test_id("stMultiSelect").first).to_contain_text("女性比例")
    page.get_by_role("button", name="保存").first.click()
    body = page.get_by_test_id("stPopoverBody")
    body.get_by_label("视图名称").fill("妇女干部")
    body.get_by_label("视图名称").press("Enter")
    settle(page)
    page.locator(".st-key-keep-view button").click()
    settle(page)
    before = page.url
    page.reload()
    settle(page)
    assert page.url == before
    expect(page.locator(".st-key-saved-view input")).to_have_value("妇女干部")
    expect(page.get_by_test_id("stMultiSelect").first).to_contain_text("女性比例")


def test_a_row_of_the_ranking_opens_the_terms_of_its_figure(page: Page, analyst: str) -> None:  # noqa: F811
    visit(page, analyst, "staffing", unit="1504", period="2018-Q3", indicator="full_time_share")
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": 20, "y": 36 + 35 / 2})
    page.wait_for_url("**/lineage?**")
    settle(page)
    assert re.search(r"unit=1504(04|24)&.*indicator=full_time_share", page.url)


def test_a_query_is_answered_and_a_write_refused(page: Page, analyst: str) -> None:  # noqa: F811
    visit(page, analyst, "sql", unit=COUNTY, period="2018-Q3")
    page.get_by_role("button", name=RUN).click()
    settle(page)
    expect(page.get_by_test_id("stDataFrame").last).to_be_visible()
    expect(page.get_by_role("button", name="下载 Excel")).to_be_visible()

    box = page.get_by_role("textbox", name="查询语句")
    box.fill("DELETE FROM submission")
    box.press("Control+Enter")
    settle(page)
    page.get_by_role("button", name=RUN).click()
    settle(page)
    expect(page.get_by_test_id("stAlert")).to_be_visible()
    expect(page.get_by_role("button", name="下载 Excel")).to_have_count(0)
