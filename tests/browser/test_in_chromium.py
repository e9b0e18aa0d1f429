"""The pages as a person sees them: a real Chromium, a real portal on the sample landing zone."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from docs.make_screenshots import CHROMIUM, chromium, settle
from tests.conftest import ROOT, require
from tests.fixtures.processes import environment, free_port, tree

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(240)]
PAGES = {
    "": "Sync status",
    "infrastructure": "Infrastructure",
    "landing_zone": "Landing zone",
    "drift": "Drift",
    "live_events": "Live events",
    "dead_letters": "Dead letters",
    "alerts": "Alerts",
    "trends": "Trends",
}
expect.set_options(timeout=20_000)
# On a page that is not the first, Streamlit looks for its own server below the page's address before it looks
# at the root. It means nothing.
PROBES = ("/_stcore/health", "/_stcore/host-config")


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a portal on a new home with the sample."""
    require("chromium")
    home = tmp_path_factory.mktemp("browser") / "home"
    ports = {"PORTAL_UI_PORT": free_port(), "PORTAL_API_PORT": free_port()}
    process = subprocess.Popen(
        [sys.executable, "-m", "app"],
        cwd=ROOT,
        env=environment(home, **ports),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        assert line.startswith("Landing Zone Portal: http://127.0.0.1:"), line
        yield line.removeprefix("Landing Zone Portal: ").strip()
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        finally:
            for left in tree(process.pid):
                left.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require("chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A desktop, with what went wrong on it in `page.problems`."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, timezone_id="Asia/Tokyo")
    yield context.new_page()
    context.close()


def problems_of(page: Page) -> list[str]:
    """Fills up with errors of the console and of scripts."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        where = urlsplit(message.location.get("url", "")).path
        if message.type == "error" and not where.endswith(PROBES):
            found.append(f"{message.text} ({where})")

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.mark.parametrize(("address", "title"), PAGES.items(), ids=PAGES.values())
def test_a_page_loads_without_errors_and_asks_nobody_else(
    portal: str, page: Page, address: str, title: str
) -> None:
    problems, asked = problems_of(page), []
    page.on("request", lambda request: asked.append(urlsplit(request.url)))
    page.goto(portal + address)
    settle(page)
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    expect(page.get_by_text("Synthetic data.")).to_be_visible()
    assert page.locator("[data-testid=stException]").count() == 0
    assert problems == []
    assert {one.hostname for one in asked if one.scheme in ("http", "https", "ws")} == {"127.0.0.1"}


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_a_phone(portal: str, browser: Browser, address: str, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    page.goto(portal + address)
    settle(page)
    inside = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{inside}.scrollWidth") <= 390
    background = page.evaluate(
        "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )
    light = sum(int(part) for part in re.findall(r"\d+", background)[:3]) > 380
    assert light == (scheme == "light")
    context.close()


def test_live_events_redraw_only_themselves(portal: str, page: Page) -> None:
    page.goto(f"{portal}live_events?severity=info")
    settle(page)
    page.evaluate("document.querySelector('h1').dataset.marker = 'kept'")
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 200)")
    looked = page.get_by_text("Looked at")
    before = looked.text_content()
    expect(looked).not_to_have_text(before or "", timeout=10_000)
    assert page.evaluate("document.querySelector('h1').dataset.marker") == "kept"
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 200
    assert "severity=info" in page.url
    expect(page.locator("[data-testid=stMultiSelect]").filter(has_text="Severity")).to_contain_text("info")


def figure(page: Page, label: str) -> str:
    """The value of a metric."""
    box = page.locator("[data-testid=stMetric]").filter(has=page.get_by_text(label, exact=True))
    return box.locator("[data-testid=stMetricValue]").inner_text()


def test_a_link_restores_filters_and_counts(portal: str, page: Page) -> None:
    page.goto(f"{portal}infrastructure")
    settle(page)
    everything = figure(page, "All resources")
    box = page.get_by_role("searchbox", name="Label")
    box.fill("env=prod")
    box.press("Enter")
    page.wait_for_url("**label=env%3Dprod**")
    settle(page)
    page.get_by_role("tab", name="Instances").click()
    page.wait_for_url("**tab=Instances**")
    settle(page)
    filtered, link = figure(page, "All resources"), page.url
    assert filtered not in ("0", everything)
    other = page.context.new_page()
    other.goto(link)
    settle(other)
    assert figure(other, "All resources") == filtered
    assert other.get_by_role("searchbox", name="Label").input_value() == "env=prod"
    expect(other.get_by_role("tab", name="Instances")).to_have_attribute("aria-selected", "true")
    expect(other.get_by_text(f"of {figure(other, 'Instances')}.")).to_be_visible()


def test_an_asset_opens_from_its_link_and_closes(portal: str, page: Page) -> None:
    name = "//cloudresourcemanager.googleapis.com/organizations/900000000001"
    page.goto(f"{portal}infrastructure?asset={name}")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text(name)).to_be_visible()
    drawer.get_by_role("tab", name="Resource").click()
    expect(drawer.get_by_text("lifecycleState")).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    page.wait_for_url(lambda url: "asset=" not in url)


def test_a_link_of_a_document_opens_on_the_page(portal: str, page: Page) -> None:
    """In the same tab, without a reload, and back again by an anchor that is scrolled to."""
    page.goto(f"{portal}landing_zone?doc=docs/getting-started.md")
    settle(page)
    page.evaluate("document.querySelector('h1').dataset.marker = 'kept'")
    page.locator(".st-key-document").get_by_role("link", name="ARCHITECTURE").click()
    page.wait_for_url("**doc=ARCHITECTURE.md**")
    expect(page.locator(".st-key-document").get_by_role("heading", level=2).first).to_be_visible()
    assert page.evaluate("document.querySelector('h1').dataset.marker") == "kept"
    assert len(page.context.pages) == 1


def test_a_found_document_opens(portal: str, page: Page) -> None:
    page.goto(f"{portal}landing_zone?tab=Search&q=lead develop")
    page.get_by_role("button", name="Getting started").click()
    page.wait_for_url("**doc=docs%2Fgetting-started.md**")
    expect(page.get_by_role("tab", name="Documents")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".st-key-document").get_by_text("Clone the repository")).to_be_visible()


def test_drift_leads_to_the_line_that_declares_it(portal: str, page: Page) -> None:
    item = "google_compute_network.shared%5B%22prod%22%5D"
    page.goto(f"{portal}drift?item={item}")
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("link", name="terraform/2-network/main.tf").click()
    page.wait_for_url("**/landing_zone?**")
    expect(page.get_by_text("with the lines around it")).to_be_visible()
    expect(page.locator(".st-key-document code").first).to_contain_text("google_compute_network")


def test_run_now_shows_progress_and_turns_green(portal: str, page: Page) -> None:
    page.goto(portal)
    settle(page)
    card = page.locator("[data-testid=stVerticalBlock]").filter(has=page.locator(".st-key-run-git")).last
    button = page.locator(".st-key-run-git button")
    expect(button).to_be_enabled(timeout=60_000)
    before = time.time()
    button.click()
    expect(page.get_by_text("run started.")).to_be_visible()
    expect(button).to_have_text(re.compile("Run now"), timeout=60_000)
    expect(card.get_by_text("Success")).to_be_visible()
    expect(page.get_by_text(time.strftime("%Y-%m-%d %H:%M", time.gmtime(before))).first).to_be_visible()


def test_a_stopped_sidecar_is_told_and_the_pages_still_answer(tmp_path, browser: Browser) -> None:
    """Streamlit alone, on a home that no sidecar serves."""
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.headless=true",
            f"--server.port={port}", "--server.address=127.0.0.1", "--server.fileWatcherType=none",
        ],
        cwd=ROOT,
        env=environment(tmp_path / "home", PORTAL_API_PORT=free_port()),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        context = browser.new_context()
        page = context.new_page()
        for _ in range(60):
            try:
                page.goto(f"http://127.0.0.1:{port}/")
                break
            except PlaywrightError:  # not listening yet
                time.sleep(0.5)
        settle(page)
        expect(page.get_by_text("The sidecar is down.")).to_be_visible()
        context.close()
    finally:
        process.kill()
        process.wait(timeout=10)
