"""Makes the pictures of the pages in docs/images: `python docs/make_screenshots.py`.

Starts the portal on a new home with the sample landing zone, waits until every layer has been synced, and
takes each page in Chromium: on a desktop and on a phone, in light and in dark.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
PAGES = {
    "sync-status": "",
    "infrastructure": "infrastructure?tab=Instances",
    "landing-zone": "landing_zone?doc=docs/getting-started.md",
    "drift": "drift",
    "compliance": "compliance",
    "compliance-findings": "compliance?tab=Findings",
    "compliance-framework": "compliance?tab=Framework",
    "live-events": "live_events",
    "dead-letters": "dead_letters",
    "alerts": "alerts",
    "trends": "trends",
}
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
# No GPU, no calls home.
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BUSY = "[data-testid=stStatusWidget], [data-testid=stSkeleton], [data-testid=stAppSkeleton]"
LARGEST_BYTES = 300_000


def main() -> int:
    """Returns the exit status: 1 when a picture is too large for the repository."""
    parser = argparse.ArgumentParser(description="Makes the pictures of the pages.")
    parser.add_argument("--url", help="a portal that runs already; without it one is started on the sample")
    parser.add_argument("pages", nargs="*", choices=[*PAGES, []], help="only these pictures; all without")
    given = parser.parse_args()
    IMAGES.mkdir(parents=True, exist_ok=True)
    with portal(given.url) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM)
        judged(browser, url)
        chosen = {name: PAGES[name] for name in given.pages or PAGES}
        made = list(shoot(browser, url, chosen))
        browser.close()
    large = [path for path in made if path.stat().st_size > LARGEST_BYTES]
    for path in made:
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size:,} bytes")
    return 1 if large else 0


def shoot(browser: Browser, url: str, chosen: dict[str, str]) -> Iterator[Path]:
    """The chosen pages in every size and scheme."""
    for scheme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, timezone_id="UTC"
            )
            for name, address in chosen.items():
                page = context.new_page()
                page.goto(url + address)
                settle(page)
                path = IMAGES / f"{name}-{size}-{scheme}.png"
                page.screenshot(path=path)
                page.close()
                yield path
            context.close()


def judged(browser: Browser, url: str) -> None:
    """Wait until the sidecar has run the rules over the sample."""
    page = browser.new_page()
    for _ in range(20):
        page.goto(url + PAGES["compliance"])
        try:
            page.wait_for_selector("[data-testid=stMetricValue]", timeout=4_000)
            break
        except PlaywrightTimeout:
            continue
    page.close()


def settle(page: Page) -> None:
    """Wait until the page is there and has stopped moving."""
    page.wait_for_selector("h1", timeout=30_000)
    page.wait_for_selector(
        "[data-testid=stMetricValue], [data-testid=stDataFrame], [data-testid=stAlert] code", timeout=30_000
    )
    try:
        page.wait_for_function(f"!document.querySelector('{BUSY}')", timeout=10_000)
    except PlaywrightTimeout:
        print(f"{page.url} is always at work; taken as it is", file=sys.stderr)  # it redraws itself
    page.wait_for_timeout(1500)  # charts and tables draw themselves after the page is there


def chromium() -> str:
    """The path of Chromium, Debian's or Chrome."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    raise SystemExit("No Chromium on the path: apt-get install chromium")


@contextmanager
def portal(url: str | None) -> Iterator[str]:
    """The address of a portal; one that is started here is stopped afterwards."""
    if url:
        yield url.rstrip("/") + "/"
        return
    with tempfile.TemporaryDirectory() as folder:
        process = start(Path(folder))
        try:
            line = process.stdout.readline().strip() if process.stdout else ""
            if not line.startswith("Landing Zone Portal: "):
                raise SystemExit("The portal did not start; its messages are above.")
            yield line.removeprefix("Landing Zone Portal: ")
        finally:
            process.terminate()
            process.wait(timeout=30)


def start(folder: Path) -> subprocess.Popen[str]:
    """`python -m app` on a new home and free ports."""
    settings: dict[str, Any] = {"home": str(folder / "home"), "ui_port": free_port(), "api_port": free_port()}
    config = folder / "portal.toml"
    config.write_text("".join(f"{name} = {value!r}\n" for name, value in settings.items()), encoding="utf-8")
    return subprocess.Popen(
        ["env", f"PORTAL_CONFIG={config}", sys.executable, "-m", "app"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main())
