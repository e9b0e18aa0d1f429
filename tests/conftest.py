"""What all tests share: components that may be missing on a machine, and the fixtures that run them."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytest_plugins = [
    "tests.fixtures.bigquery_http_fake",
    "tests.fixtures.bqemulator",
    "tests.fixtures.processes",
    "tests.fixtures.pubsub_emulator",
]


def _bigquery() -> bool:
    return (ROOT / ".venv-bqemulator" / "installed").exists()


def _chromium() -> bool:
    return any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))


def _zetasql() -> bool:
    return importlib.util.find_spec("zetasql") is not None


PUBSUB_EMULATOR = Path("/usr/lib/google-cloud-sdk/platform/pubsub-emulator/bin/cloud-pubsub-emulator")


def _pubsub() -> bool:
    return PUBSUB_EMULATOR.exists() and shutil.which("java") is not None


# Component: is it there, and how to get it.
COMPONENTS: dict[str, tuple[Callable[[], bool], str]] = {
    "pubsub": (
        _pubsub,
        "the Pub/Sub emulator is not installed: apt-get install default-jre-headless"
        f" google-cloud-cli-pubsub-emulator, which puts it at {PUBSUB_EMULATOR}",
    ),
    "bigquery": (_bigquery, "the BigQuery emulator is not installed: run tests/tools/install_bqemulator.sh"),
    "zetasql": (_zetasql, "the SQL analyzer is not installed: pip install -r requirements-dev.txt"),
    "chromium": (_chromium, "no Chromium on the path: apt-get install chromium"),
}


def require(component: str) -> None:
    """Skip the test when `component` is not on this machine; fail it when PORTAL_TESTS_REQUIRE names it."""
    present, how = COMPONENTS[component]
    if present():
        return
    if component in os.environ.get("PORTAL_TESTS_REQUIRE", "").split(","):
        pytest.fail(f"{component} is required by PORTAL_TESTS_REQUIRE, but {how}", pytrace=False)
    pytest.skip(how)


@pytest.fixture(autouse=True)
def _no_settings_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not read the settings of the person who runs them."""
    for name in list(os.environ):
        if name.startswith("PORTAL_") and not name.startswith("PORTAL_TESTS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PORTAL_CONFIG", os.devnull)
