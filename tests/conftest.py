"""What all tests share: components that may be missing on a machine, and the fixtures that run them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytest_plugins = ["tests.fixtures.bigquery_http_fake", "tests.fixtures.bqemulator", "tests.fixtures.processes"]


def _bigquery() -> bool:
    return (ROOT / ".venv-bqemulator" / "installed").exists()


def _chromium() -> bool:
    return any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))


# Component: is it there, and how to get it.
COMPONENTS: dict[str, tuple[Callable[[], bool], str]] = {
    "bigquery": (_bigquery, "the BigQuery emulator is not installed: run tests/tools/install_bqemulator.sh"),
    "chromium": (_chromium, "no Chromium on the path: apt-get install chromium"),
}


def require(component: str) -> None:
    """Skip the test when `component` is not on this machine; fail it when PORTAL_TESTS_REQUIRE names the component."""
    present, how = COMPONENTS[component]
    if present():
        return
    if component in os.environ.get("PORTAL_TESTS_REQUIRE", "").split(","):
        pytest.fail(f"{component} is required by PORTAL_TESTS_REQUIRE, but {how}", pytrace=False)
    pytest.skip(how)
