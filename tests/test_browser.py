"""The main way in a real Chromium: drop a wrong workbook, read the finding, correct, accept, see the figures change.

Every page is visited in both languages; screenshots lie in tests/screenshots/. A request to any other machine fails
the test, and so does a stack trace on the screen.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from zipfile import ZipFile

import pytest
from clerk import Office, staffing_workbook
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from huizong import intake, submissions
from huizong.store import Store

SCREENSHOTS = Path(__file__).parent / "screenshots"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LANGUAGES = ("zh_CN", "en")
COUNTY, OFFICE, QUARTER = "150424", "林西县委统战部", "2018年第三季度"
FIRST = staffing_workbook(OFFICE, QUARTER, [Office(OFFICE, 6, 3, 3)])
ACCEPT = re.compile(r"^✅?\s*验收$")  # not 一键验收…
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "no chromium on the PATH; scripts/install_tools.sh installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test when it asks another machine for anything."""
    outside: list[str] = []

    def note(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname != "localhost":
            outside.append(request.url)

    context = browser.new_context(locale="zh-CN", viewport={"width": 1360, "height": 900})
    context.on("request", note)
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()
    assert not outside


@pytest.fixture(scope="module")
def own(serve: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server over a store with one accepted return: 林西县, 2018-Q3, 6 staff, 3 of them full-time."""
    folder = tmp_path_factory.mktemp("own") / "own"
    store = Store(folder)
    (receipt,) = intake.receive(store, [("林西县.xlsx", FIRST)], who="test", accept=True)
    assert receipt.outcome == "received"
    assert set(submissions.listed(store)["status"]) == {"accepted"}
    store.close()
    return serve(folder)


@pytest.fixture(scope="module")
def demo(serve: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server that starts for the first time, and so with the sample returns."""
    return serve(tmp_path_factory.mktemp("demo") / "demo")


def visit(page: Page, server: str, path: str = "", **query: str) -> None:
    page.goto(f"{server}/{path}?{urlencode(query)}")
    settle(page)


def settle(page: Page) -> None:
    """Waits until Streamlit has run the page and put it on the screen."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=60_000)
    page.wait_for_timeout(300)
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=60_000)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def screenshot(page: Page, name: str) -> None:
    """The whole page, however long: the part that scrolls is inside the window."""
    SCREENSHOTS.mkdir(exist_ok=True)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": 1360, "height": max(900, min(height + 40, 6000))})
    page.wait_for_timeout(400)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
    page.set_viewport_size({"width": 1360, "height": 900})


def drop(page: Page, name: str, content: bytes) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": name, "mimeType": XLSX, "buffer": content}
    )
    expect(page.get_by_test_id("stExpander").filter(has_text="本次报送")).to_contain_text(name, timeout=60_000)
    settle(page)


def figure(page: Page, label: str) -> str:
    return page.get_by_test_id("stMetric").filter(has_text=label).first.get_by_test_id("stMetricValue").inner_text()


def charted(page: Page) -> str:
    """Every text and number that the page's charts are drawn from."""
    return page.evaluate("JSON.stringify([...document.querySelectorAll('.js-plotly-plot')].map(plot => plot.data))")


def test_from_a_wrong_workbook_to_a_changed_chart(page: Page, own: str) -> None:
    place = {"unit": COUNTY, "period": "2018-Q3"}
    visit(page, own, "staffing", **place)
    assert figure(page, "专职率") == "50.0%"
    page.wait_for_selector(".js-plotly-plot")
    before = charted(page)

    township = Office("林西镇", 2, 1, 1)
    wrong = staffing_workbook(OFFICE, QUARTER, [Office(OFFICE, 6, 5, 2), township])
    visit(page, own, "upload")
    drop(page, "林西县（更正）.xlsx", wrong)
    finding = page.get_by_test_id("stTable").get_by_role("row").filter(has_text="强制性").first
    expect(finding).to_contain_text("人员!E5, F5, D5")
    expect(finding).to_contain_text("专职 5 + 兼职 2 不等于在岗人数 6")
    expect(finding).to_contain_text("核对专职、兼职与在岗人数")
    expect(page.get_by_role("button", name=ACCEPT)).to_be_disabled()
    screenshot(page, "upload-wrong")

    corrected = staffing_workbook(OFFICE, QUARTER, [Office(OFFICE, 6, 5, 1), township])
    drop(page, "林西县（再更正）.xlsx", corrected)
    changes = page.get_by_test_id("stTable").filter(has_text="原值")
    expect(changes.get_by_role("row").filter(has_text="专职").first).to_contain_text("人员!E5")
    screenshot(page, "upload-corrected")
    page.get_by_role("button", name=ACCEPT).click()
    expect(page.get_by_text("没有待处理的报表")).to_be_visible(timeout=30_000)

    visit(page, own, "staffing", **place)
    assert figure(page, "专职率") == "75.0%"  # (5 + 1) / (6 + 2)
    page.wait_for_selector(".js-plotly-plot")
    assert charted(page) != before

    visit(page, own, "submissions")
    expect(page.get_by_test_id("stTable").filter(has_text="经办")).to_contain_text("已验收")
    screenshot(page, "submissions-own")


def test_the_same_workbook_again_brings_nothing_new(page: Page, own: str) -> None:
    visit(page, own, "upload")
    drop(page, "又一次.xlsx", FIRST)
    expect(page.get_by_test_id("stExpander").filter(has_text="本次报送")).to_contain_text("以前收到过")


@pytest.mark.parametrize("name", ["不是表.xlsx", "说明.docx"])
def test_a_file_that_is_no_workbook_is_told_apart(page: Page, own: str, name: str) -> None:
    visit(page, own, "upload")
    drop(page, name, b"\x00\x01 no workbook at all")
    expect(page.get_by_test_id("stExpander").filter(has_text="本次报送")).to_contain_text("无法读取")


def test_blanks_are_issued_and_known_again(page: Page, own: str) -> None:
    visit(page, own, "upload", unit="1504")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载空白表").click()
    with ZipFile(download.value.path()) as archive:
        names = sorted(archive.namelist())
        blank = archive.read(names[0])
    assert len(names) == 12
    assert names[0].startswith("150402_红山区_统战机构人员配备情况表_")
    drop(page, names[0], blank)
    expect(page.get_by_role("heading", level=2).filter(has_text="红山区")).to_be_visible()


def pages_of(page: Page, server: str) -> list[str]:
    visit(page, server)
    links = page.get_by_test_id("stSidebarNavLink")
    expect(links.first).to_be_visible(timeout=90_000)
    return [urlsplit(link.get_attribute("href")).path.strip("/") for link in links.all()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_stands_in_both_languages(page: Page, demo: str, language: str) -> None:
    paths = pages_of(page, demo)
    assert {"", "staffing", "coverage", "training", "pairing", "upload", "submissions", "definitions"} <= set(paths)
    for path in paths:
        visit(page, demo, path, lang=language)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        screenshot(page, f"{path or 'overview'}.{language}")
