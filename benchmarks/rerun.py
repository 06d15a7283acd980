"""What one rerun of a page costs the server: the national register and ten years of quarters for 赤峰市's 12 counties.

A real server and a real browser; each click changes the indicator that is compared. Goal: at most 60 ms of CPU a rerun.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.processes import cpu_seconds
from benchmarks.returns import coverage_rows, staffing_rows, workbook
from huizong import intake
from huizong.org_units import OrgUnit, register
from huizong.periods import Period
from huizong.store import Store

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "rerun-store"
YEARS = range(2009, 2019)
CLICKS = 60
PAGES = ("coverage", "staffing")
BROWSER = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
           "--disable-sync", "--no-first-run")  # fmt: skip


def make_store() -> None:
    """12 counties × 40 quarters × 2 forms; the numbers are made up."""
    if (FOLDER / "huizong.duckdb").exists():
        return
    building = FOLDER.with_suffix(".building")
    shutil.rmtree(building, ignore_errors=True)
    store = Store(building)
    files = (
        (f"{county.code}-{year}-Q{quarter}.xlsx", both_returns(county, Period.of(f"{year}-Q{quarter}")))
        for year in YEARS
        for quarter in range(1, 5)
        for county in register().children("1504")
    )
    for receipt in intake.receive(store, files, who="bench", accept=True):
        assert receipt.outcome == "received", receipt
    store.close()
    building.rename(FOLDER)


def both_returns(county: OrgUnit, period: Period) -> bytes:
    age = period.year - YEARS[0]
    rows = {"coverage": coverage_rows(county, age), "staffing": staffing_rows(county, age)}
    return workbook(county, period, rows)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def click_through(page: Page, pid: int) -> float:
    """CPU milliseconds of one rerun, after each indicator has been seen once."""
    pills = page.locator("[data-testid=stMain] [data-testid=stButtonGroup]", has_text="指标").first.locator("button")
    count = pills.count()

    def click(n: int) -> None:
        pills.nth(n % count).click()
        page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")
        page.wait_for_timeout(150)

    for n in range(count):
        click(n)
    page.wait_for_timeout(1000)
    before = cpu_seconds(pid)
    for n in range(CLICKS):
        click(n)
    page.wait_for_timeout(500)
    return (cpu_seconds(pid) - before) / CLICKS * 1000


def measure() -> None:
    make_store()
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"],
        cwd=ROOT,
        env=os.environ | {"HUIZONG_STORE": str(FOLDER)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(BROWSER))
            page = browser.new_page()
            for _attempt in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            for name in PAGES:
                page.goto(f"http://localhost:{port}/{name}?unit=1504&period=2018-Q3")
                page.locator(".js-plotly-plot").nth(2).wait_for(timeout=60_000)
                page.wait_for_timeout(1500)
                cpu = click_through(page, server.pid)
                print(f"{name}: {cpu:.0f} ms of server CPU a rerun (goal 60)")
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    measure()
