"""The pictures of README.md: real pages over the sample returns, in both languages.

    make screenshots

A store of its own is made and thrown away; the pictures are written to docs/screenshots/ (each below 250 KB).
"""

import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, sync_playwright

from huizong import samples
from tests.clerk import Office, staffing_workbook
from tests.server import serving

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "screenshots"
LARGEST_BYTES = 250_000
WIDTH, HEIGHT = 1280, 1240
PLACE = {"unit": "1504", "period": "2018-Q4"}
SHOTS = {  # picture → page, its choices
    "overview": ("", PLACE),
    "coverage": ("coverage", PLACE),
    "upload": ("upload", {}),
}
OFFICE = "林西县委统战部"
WRONG = staffing_workbook(OFFICE, "2019年第一季度", [Office(OFFICE, 6, 5, 2), Office("林西镇", 2, 1, 1)])
CLEAN = staffing_workbook("松山区委统战部", "2019年第一季度", [Office("松山区委统战部", 5, 3, 2)])


def visit(page: Page, address: str) -> None:
    page.goto(address)
    settle(page)


def settle(page: Page) -> None:
    idle = "[data-testid=stApp][data-test-script-state=notRunning]"
    page.wait_for_selector(idle, timeout=60_000)
    page.wait_for_timeout(1500)
    page.wait_for_selector(idle, timeout=60_000)


def drop(page: Page, address: str) -> None:
    """Two workbooks, so that the picture of the upload page shows a finding."""
    visit(page, address)
    files = [
        {"name": f"{name}.xlsx", "mimeType": "application/octet-stream", "buffer": content}
        for name, content in (("林西县（示例）", WRONG), ("松山区（示例）", CLEAN))
    ]
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(files)
    page.wait_for_timeout(3000)
    settle(page)


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        store = Path(folder) / "store"
        samples.ensure_store(store).close()
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with serving(store, Path(folder) / "log") as server:
            page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN")
            drop(page, f"{server}/upload")
            for language, suffix in (("zh_CN", "zh"), ("en", "en")):
                for name, (path, choices) in SHOTS.items():
                    visit(page, f"{server}/{path}?{urlencode({**choices, 'lang': language})}")
                    picture = PICTURES / f"{name}.{suffix}.png"
                    page.screenshot(path=picture)
                    if picture.stat().st_size > LARGEST_BYTES:
                        sys.exit(f"{picture} has {picture.stat().st_size} bytes; at most {LARGEST_BYTES} are wanted")
        chromium.close()


if __name__ == "__main__":
    main()
