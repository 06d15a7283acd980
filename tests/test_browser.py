"""The main way in a real Chromium: drop a wrong workbook, read the finding, correct, accept, see the figures change.

Every page is visited in both languages; screenshots lie in tests/screenshots/. A request to any other machine fails
the test, and so does a stack trace on the screen.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from zipfile import ZipFile

import openpyxl
import pytest
from clerk import Office, staffing_workbook
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, expect, sync_playwright

from huizong import board_ui, decisions, intake, journal, submissions
from huizong.forms import all_forms
from huizong.org_units import COUNTY as COUNTY_LEVEL
from huizong.org_units import register
from huizong.periods import period_on
from huizong.store import Store
from huizong.verify import verify_store

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
WINDOW = {"width": 1360, "height": 900}
TALL = {"width": 1360, "height": 2600}  # most pages stand in it whole: no chart is drawn again for its screenshot
COUNTY, OFFICE, QUARTER = "150424", "林西县委统战部", "2018年第三季度"
FIRST = staffing_workbook(OFFICE, QUARTER, [Office(OFFICE, 6, 3, 3)])
ACCEPT = re.compile(r"^✅?\s*验收$")  # not 一键验收…
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "no chromium on the PATH; scripts/install_tools.sh installs it"
    expect.set_options(timeout=20_000)  # on a busy machine, as page.set_default_timeout below
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """What has been fetched once from a server is not fetched and compiled again by the next test."""
    context = browser.new_context(locale="zh-CN", viewport=WINDOW)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails the test when it asks another machine for anything."""
    outside: list[str] = []

    def note(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname != "localhost":
            outside.append(request.url)

    page = context.new_page()
    page.on("request", note)
    page.set_default_timeout(20_000)
    yield page
    page.close()
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
    window, height = page.viewport_size, page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    if height > window["height"]:
        page.set_viewport_size({"width": window["width"], "height": min(height + 40, 6000)})
        page.wait_for_timeout(400)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
    if height > window["height"]:
        page.set_viewport_size(window)


def drop(page: Page, name: str, content: bytes) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": name, "mimeType": XLSX, "buffer": content}
    )
    expect(page.get_by_test_id("stExpander").filter(has_text="本次报送")).to_contain_text(name, timeout=60_000)
    settle(page)


def click_cell(page: Page, row: int, x: int = 180) -> None:
    """A cell of the board; x: pixels from its left, from its right when negative; else of the first form."""
    page.get_by_test_id("data-grid-canvas").first.wait_for()
    board = page.get_by_test_id("stDataFrame").first
    left = x if x >= 0 else board.bounding_box()["width"] + x
    board.click(position={"x": left, "y": board_ui.HEAD + board_ui.LINE * row + board_ui.LINE / 2})
    settle(page)


def fill_in(page: Page, label: str, text: str) -> None:
    """A field of the popover that is open; it counts once one has left it."""
    field = page.get_by_test_id("stPopoverBody").get_by_label(label)
    field.fill(text)
    field.press("Control+Enter")
    settle(page)


def figure(page: Page, label: str) -> str:
    return page.get_by_test_id("stMetric").filter(has_text=label).first.get_by_test_id("stMetricValue").inner_text()


def charted(page: Page) -> str:
    """Every text and number that the page's charts are drawn from."""
    return page.evaluate("JSON.stringify([...document.querySelectorAll('.js-plotly-plot')].map(plot => plot.data))")


def test_from_a_wrong_workbook_to_a_changed_chart(page: Page, own: str) -> None:
    page.set_viewport_size(TALL)
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


def test_a_cell_of_the_board_leads_to_its_return(page: Page, own: str) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    visit(page, own, "board", unit="15", period="2018-Q3")
    click_cell(page, 3)  # 赤峰市, the fourth of the province: a click on a part goes there
    assert "unit=1504" in page.url
    click_cell(page, 6)  # 林西县, and the first form
    clicked = page.locator(".st-key-return")
    expect(clicked).to_contain_text("林西县 · 统战机构人员配备情况表 · 2018年第三季度")
    expect(clicked).to_be_in_viewport()
    screenshot(page, "board-own")
    clicked.get_by_role("button", name="打开这份报表").click()
    settle(page)
    expect(page.get_by_role("heading", level=2).first).to_contain_text("林西县 · 2018年第三季度")


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


def test_who_comes_first_by_a_pages_own_address_sees_no_file_names(page: Page, desk: str) -> None:
    page.add_init_script(
        "window.menus = new Set(); setInterval(() => document.querySelectorAll('[data-testid=stSidebarNavLink]')"
        ".forEach(link => window.menus.add(link.innerText)), 15)"
    )
    visit(page, desk, "board", unit=COUNTY)
    expect(page.get_by_test_id("stSidebarNavLink").filter(has_text="催报台")).to_be_visible()
    menus = page.evaluate("[...window.menus].join()")
    assert "催报台" in menus
    assert "assignments" not in menus


# ---- a quarter -------------------------------------------------------------------------------------------------------

THIS_QUARTER = period_on(date.today(), "quarter").previous()  # the one that is over and comes in now
COUNTIES = [unit.code for unit in register().under("1504", COUNTY_LEVEL)]  # of 赤峰市, in the order of the board
WRONG, NIL, LATE = "150404", "150423", "150424"  # 松山区, 巴林右旗, 林西县
STAFF = {"authorised_posts": 6, "staff_in_post": 5, "full_time": 3, "part_time": 2, "women": 2, "age_36_45": 5,
         "degree_bachelor": 5, "head_on_committee": "是", "colocated": "否", "operating_funds": 4}  # fmt: skip


def filled(blank: bytes, **staff: int) -> bytes:
    """A staffing blank as a clerk fills it in: the county's own office, nobody in the townships."""
    workbook = openpyxl.load_workbook(BytesIO(blank))
    sheet = workbook.worksheets[0]
    (row,) = (cell.row for cell in sheet["A"] if cell.value == 1)  # 序号
    values = STAFF | staff
    while isinstance(sheet.cell(row, 1).value, int):
        for column, item in enumerate(all_forms()["staffing"].items[1:], 3):
            if item.numeric or item.code in values:
                sheet.cell(row, column, values.get(item.code, 0))
        values, row = {}, row + 1
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()


def blanks_of(page: Page, server: str) -> dict[str, tuple[str, bytes]]:
    """County → the name and the content of its blank, of those that the page hands out."""
    visit(page, server, "upload", unit="1504", period=THIS_QUARTER.code)
    with page.expect_download() as download:
        page.get_by_role("button", name="下载空白表").click()
    with ZipFile(download.value.path()) as archive:
        return {name.partition("_")[0]: (name, archive.read(name)) for name in archive.namelist()}


@pytest.fixture(scope="module")
def desk_of_a_quarter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store: 赤峰市 owes staffing and training of the last quarter in a week, 林西县 was to send the first
    already."""
    folder = tmp_path_factory.mktemp("quarter") / "quarter"
    store = Store(folder)
    in_a_week = (date.today() - THIS_QUARTER.end).days + 7
    rules = [{"form": form, "unit": "15", "beneath": True, "owes": False} for form in store.forms]
    rules += [{"form": form, "unit": "1504", "due_days": in_a_week} for form in ("staffing", "training")]
    decisions.assign(store, [*rules, {"form": "staffing", "unit": LATE, "due_days": 0}], who="统计员")
    store.close()
    return folder


@pytest.fixture(scope="module")
def desk(serve: Callable[[Path], str], desk_of_a_quarter: Path) -> str:
    """A server over it, to which nobody has come."""
    return serve(desk_of_a_quarter)


def test_a_quarter_is_lived_through(page: Page, desk: str, desk_of_a_quarter: Path) -> None:
    page.set_viewport_size(TALL)
    server = desk
    board = {"unit": "1504", "period": THIS_QUARTER.code}
    pills = page.get_by_test_id("stButtonGroup")
    popover = page.get_by_test_id("stPopoverBody")

    blanks = blanks_of(page, server)
    assert list(blanks) == COUNTIES

    archive = BytesIO()
    with ZipFile(archive, "w") as sent:
        for county, (name, blank) in blanks.items():
            wrong = {"part_time": 1} if county == WRONG else {}
            sent.writestr(name, b"\x00\x01 no workbook at all" if county == LATE else filled(blank, **wrong))
    drop(page, "赤峰市.zip", archive.getvalue())
    result = page.get_by_test_id("stExpander").filter(has_text="本次报送")
    expect(result).to_contain_text("12 个文件 · ⚠️ 无法读取 1 · ✅ 已收到 11")
    expect(result).to_contain_text("有错误 1")
    expect(result).to_contain_text("可验收 10")
    screenshot(page, "quarter-1-received")

    visit(page, server, "board", **board)
    for state in ("逾期 1", "有错待退 1", "未报 12", "已报待审 10"):
        expect(pills.filter(has_text=state)).to_be_visible()
    screenshot(page, "quarter-2-board")

    visit(page, server, "upload", **board)
    expect(page.get_by_role("heading", level=2).filter(has_text="松山区")).to_be_visible()  # what is wrong comes first
    page.get_by_role("button", name="退回").click()
    fill_in(page, "理由", "专职与兼职之和不等于在岗人数")
    buttons = [
        popover.get_by_role("button", name="确认退回").element_handle(),
        page.get_by_role("button", name="一键验收全部无误报表（10）").element_handle(),
    ]
    page.evaluate("buttons => buttons.forEach(one => one.click())", buttons)  # faster than the page can follow
    expect(page.get_by_text("没有待处理的报表")).to_be_visible(timeout=30_000)

    settle(page)
    drop(page, "松山区更正.xlsx", filled(blanks[WRONG][1]))
    expect(page.get_by_role("heading", name="验收后将改变")).to_be_visible()
    expect(page.get_by_text("已报/应报：松山区 0/1 → 1/1 · 赤峰市 10/12 → 11/12")).to_be_visible()
    impact = page.get_by_test_id("stTable").filter(has_text="赤峰市").get_by_role("row")
    expect(impact.filter(has_text="在岗人数")).to_contain_text("50 → 55（+5）")
    screenshot(page, "quarter-3-impact")
    page.get_by_role("button", name=ACCEPT).click()
    expect(page.get_by_text("没有待处理的报表")).to_be_visible(timeout=30_000)

    visit(page, server, "board", **board)
    click_cell(page, COUNTIES.index(NIL), x=-60)  # training is the last column
    expect(page.locator(".st-key-return")).to_contain_text("巴林右旗 · 统战培训情况表")
    page.get_by_role("button", name="登记零报告").click()
    fill_in(page, "理由", "来电：本季度未举办培训")
    popover.get_by_role("button", name="确认登记").click()
    expect(pills.filter(has_text="零报告 1")).to_be_visible()

    pills.get_by_role("button", name="逾期 1").click()
    settle(page)
    page.get_by_role("tab", name="催报").click()
    expect(page.get_by_test_id("stCode")).to_have_count(1)
    expect(page.get_by_test_id("stCode")).to_contain_text("林西县")
    page.get_by_role("button", name="登记催报").click()
    fill_in(page, "对方答复（可不填）", "明日重新报送")
    popover.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_test_id("stTable").filter(has_text="明日重新报送")).to_contain_text("林西县")
    screenshot(page, "quarter-4-chased")

    page.get_by_role("tab", name="定案").click()
    page.get_by_test_id("stPopover").get_by_role("button", name="定案").click()
    expect(popover).to_contain_text("逾期 · 统战机构人员配备情况表（1）：林西县")
    expect(popover).to_contain_text("未报 · 统战培训情况表（11）：红山区、元宝山区、松山区")
    fill_in(page, "理由", "本季度汇总完毕")
    expect(popover).to_contain_text("赤峰市 12 份")
    screenshot(page, "quarter-5-closing")
    popover.get_by_role("button", name="确认定案").click()
    expect(page.get_by_text("定案（本季度汇总完毕）")).to_be_visible()
    expect(pills.filter(has_text="定案时缺报 12")).to_be_visible()
    expect(pills.get_by_role("button", name="逾期")).to_have_count(0)
    page.get_by_role("tab", name="催报").click()
    expect(page.get_by_text("无需催报")).to_be_visible()
    screenshot(page, "quarter-6-closed")
    visit(page, server, "submissions", **board)
    expect(page.get_by_text("本季度汇总完毕").first).to_be_visible()
    expect(page.get_by_role("button", name="撤回")).to_have_count(0)

    store = Store(desk_of_a_quarter)
    with store.moment() as cursor:
        _rules, *events = journal.read(cursor)
    assert verify_store(store).differences == []
    store.close()
    kinds = [event.kind for event in events]
    assert kinds[:12] == ["received"] * 12
    assert sorted(kinds[12:14]) == ["accepted", "sent_back"]  # both buttons at once: both count
    assert kinds[14:] == ["received", "accepted", "nil", "chased", "closed"]
    clean, back = sorted(events[12:14], key=lambda event: event.kind)
    correction, accepted, nil, chased, closed = events[14:]
    assert back.body["reason"] == "专职与兼职之和不等于在岗人数"
    assert len(clean.body["submissions"]) == 10
    assert back.subject not in clean.body["submissions"]
    assert correction.body["filename"] == "松山区更正.xlsx"
    assert accepted.body["submissions"] == [f"{correction.subject[:16]}-0"]
    assert (nil.body["form"], nil.body["unit"], nil.body["period"]) == ("training", NIL, THIS_QUARTER.code)
    assert chased.body["returns"] == [{"form": "staffing", "unit": LATE, "period": THIS_QUARTER.code}]
    assert chased.body["answer"] == "明日重新报送"
    assert closed.subject == THIS_QUARTER.code
    assert {"staffing", "training"} <= set(closed.body["forms"])


# ---- every page ------------------------------------------------------------------------------------------------------


IN_ENGLISH = ("", "board", "upload")  # each takes some 5 s; test_texts sees all words


def pages_of(page: Page, server: str, language: str) -> list[str]:
    visit(page, server, lang=language)
    links = page.get_by_test_id("stSidebarNavLink")
    expect(links.first).to_be_visible(timeout=90_000)
    return [urlsplit(link.get_attribute("href")).path.strip("/") for link in links.all()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_stands_and_some_in_english(page: Page, demo: str, language: str) -> None:
    page.set_viewport_size(TALL)
    paths = pages_of(page, demo, language)
    assert {"", "staffing", "coverage", "training", "pairing", "upload", "submissions", "definitions"} <= set(paths)
    for path in paths if language == "zh_CN" else IN_ENGLISH:
        page.get_by_test_id("stSidebarNavLink").nth(paths.index(path)).click()
        expect(page).to_have_url(re.compile(rf"{demo}/{path}(\?|$)"))
        settle(page)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        screenshot(page, f"{path or 'overview'}.{language}")


# ---- looking ---------------------------------------------------------------------------------------------------------


def click_on(page: Page, mark: Locator) -> None:
    """A click on the middle of something drawn; Playwright takes what is transparent for hidden."""
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(500)
    settle(page)


def chart(page: Page, n: int = 0) -> Locator:
    drawing = page.locator(".js-plotly-plot").nth(n)
    drawing.locator(".main-svg").first.wait_for(timeout=60_000)
    return drawing


def test_a_bar_leads_down_and_a_number_to_its_terms(page: Page, demo: str) -> None:
    visit(page, demo, "coverage", unit="1504", period="2018-Q3", indicator="full_time_coverage")
    click_on(page, page.locator(".st-key-figure-full_time_coverage [data-testid=stMetricValue]"))
    expect(page).to_have_url(re.compile(r"/lineage\?.*unit=1504.*indicator=full_time_coverage"))
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("9.9%")
    page.go_back()
    settle(page)
    click_on(page, chart(page).locator(".bars .point path").first)
    expect(page).to_have_url(re.compile("unit=150402"))  # 红山区 has most
    visit(page, demo, "coverage", unit="1504", period="2018-Q3", indicator="full_time_coverage", view="time")
    click_on(page, chart(page).locator(".textpoint text").last)
    expect(page).to_have_url(re.compile(r"/lineage\?.*unit=150430.*period=2018-Q3"))
    expect(page.get_by_test_id("stMetricLabel").first).to_have_text("专职配备率")


def test_a_chart_is_taken_away_as_table_workbook_and_picture(page: Page, demo: str, tmp_path: Path) -> None:
    visit(page, demo, "coverage", unit="1504", period="2018-Q3", indicator="full_time_coverage")
    chart(page)
    page.get_by_text("数据与下载").first.click()
    panel = page.get_by_test_id("stPopoverBody")
    expect(panel.get_by_test_id("stDataFrame")).to_be_visible()
    with page.expect_download() as picture:
        panel.get_by_text("下载图片").click()
    assert picture.value.suggested_filename == "赤峰市2018年第三季度专职配备率排名.png"
    picture.value.save_as(tmp_path / "chart.png")
    drawn = Image.open(tmp_path / "chart.png").convert("L")
    assert drawn.width >= 3000, "300 dots an inch on a page's width"
    assert drawn.getpixel((0, 0)) == 255
    note = drawn.crop((0, drawn.height - 75, drawn.width, drawn.height))
    assert note.getextrema()[0] < 160, "the source stands at the foot"
    with page.expect_download() as workbook:
        panel.get_by_text("下载 Excel").click()
    workbook.value.save_as(tmp_path / "chart.xlsx")
    cells = [cell.value for row in openpyxl.load_workbook(tmp_path / "chart.xlsx").active for cell in row]
    assert "红山区" in cells
    assert any("来源" in str(cell) and "上报 12/12" in str(cell) for cell in cells)


def test_the_print_view_fits_a4_and_has_nothing_to_click(page: Page, demo: str, tmp_path: Path) -> None:
    visit(page, demo, "coverage", unit="1504", period="2018-Q3", print="1")
    chart(page, 3)
    for widget in ("stSidebar", "stButtonGroup", "stSelectbox", "stPopover", "stDownloadButton"):
        for shown in page.get_by_test_id(widget).all():
            expect(shown).to_be_hidden()
    assert max(box.bounding_box()["width"] for box in page.locator(".js-plotly-plot").all()) <= 1000
    for words in ("统战委员配备", "9.9%", "敖汉旗", "来源"):
        expect(page.get_by_text(words).filter(visible=True).first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_text("打印", exact=False).first).to_be_hidden()
    pages = page.pdf(path=tmp_path / "coverage.pdf", prefer_css_page_size=True, print_background=True)
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", pages)) <= 4
