"""A component that is missing skips a test, unless the run demands it: then it fails."""

from __future__ import annotations

import pytest

from tests import conftest


def test_missing_is_skipped_or_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(conftest.COMPONENTS, "pubsub", (lambda: False, "get it there"))
    monkeypatch.setenv("PORTAL_TESTS_REQUIRE", "bigquery")
    with pytest.raises(pytest.skip.Exception, match="get it there"):
        conftest.require("pubsub")
    monkeypatch.setenv("PORTAL_TESTS_REQUIRE", "bigquery,pubsub")
    with pytest.raises(
        pytest.fail.Exception, match="pubsub is required by PORTAL_TESTS_REQUIRE, but get it there"
    ):
        conftest.require("pubsub")


def test_present_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(conftest.COMPONENTS, "pubsub", (lambda: True, ""))
    conftest.require("pubsub")
