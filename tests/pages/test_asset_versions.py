"""One asset on the Infrastructure page: versions at Google on demand, packages, related assets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from streamlit.testing.v1 import AppTest

from app import sidecar
from app.errors import PortalError
from tests.pages.conftest import NOW, VM, World, page, words


def opened(name: str = VM) -> AppTest:
    test = page("infrastructure", asset=name)
    assert not test.exception
    return test


def version(start: str, end: str | None, status: str | None, before: str | None = None) -> dict[str, Any]:
    def content(value: str | None) -> dict[str, Any] | None:
        return {"resource": {"data": {"status": value}}} if value else None

    return {
        "start": start,
        "end": end,
        "deleted": status is None,
        "content": content(status),
        "before": content(before),
    }


def answer(*versions: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": VM,
        "parent": "organizations/1",
        "content_type": "RESOURCE",
        "since": "2026-03-01T00:00:00Z",
        "until": "2026-03-08T00:00:00Z",
        "versions": list(versions),
    }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, datetime, str]]:
    calls: list[tuple[str, datetime, str]] = []

    def history(name: str, since: datetime, content: str) -> dict[str, Any]:
        calls.append((name, since, content))
        return answer(
            version("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z", "RUNNING"),
            version("2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z", "STOPPED"),
            version("2026-03-04T00:00:00Z", None, None),
        )

    monkeypatch.setattr(sidecar, "asset_history", history)
    return calls


def differences(test: AppTest) -> list[list[Any]]:
    return [
        frame.value.iloc[0].tolist() for frame in test.dataframe if next(iter(frame.value.columns)) == "Field"
    ]


def test_google_is_asked_only_when_somebody_wants_it(full: World, asked: list[Any]) -> None:
    test = opened()
    assert asked == []
    test.button(key="versions-load").click().run()
    assert not test.exception
    assert [(name, content) for name, _, content in asked] == [(VM, "RESOURCE")]
    assert abs(asked[0][1] - (NOW - timedelta(days=7))) < timedelta(minutes=1)
    said = words(test)
    assert "Resource: 3 versions in organizations/1" in said.replace("\\", "")
    assert "The first version in this time" in said
    assert ["resource.data.status", "RUNNING", "STOPPED"] in differences(test)
    labels = [one.label for one in test.expander]
    assert any(label.startswith("Gone from 2026-03-04") and label.endswith("to now") for label in labels)


def test_what_and_how_long_can_be_chosen(full: World, asked: list[Any]) -> None:
    test = opened()
    test.selectbox(key="versions-content").set_value("IAM policy").run()
    test.selectbox(key="versions-days").set_value("35 days").run()
    assert asked == []
    test.button(key="versions-load").click().run()
    assert asked[0][2] == "IAM_POLICY"
    assert abs(asked[0][1] - (NOW - timedelta(days=35))) < timedelta(minutes=1)


def test_the_first_version_is_compared_with_what_google_says_was_before(
    full: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = answer(version("2026-03-02T00:00:00Z", None, "STOPPED", before="SUSPENDED"))
    monkeypatch.setattr(sidecar, "asset_history", lambda *_: found)
    test = opened()
    test.button(key="versions-load").click().run()
    assert ["resource.data.status", "SUSPENDED", "STOPPED"] in differences(test)


def test_a_missing_permission_is_told_with_its_hint(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> dict[str, Any]:
        raise PortalError(
            "organizations/1: permission denied.", "Grant roles/cloudasset.viewer on organizations/1."
        )

    monkeypatch.setattr(sidecar, "asset_history", refuse)
    test = opened()
    test.button(key="versions-load").click().run()
    said = words(test).replace("\\", "")
    assert "permission denied" in said and "Grant roles/cloudasset.viewer" in said


def test_without_a_sidecar_the_reason_is_shown(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_API_TOKEN", "a-token-for-tests-of-some-length")
    test = opened()
    test.button(key="versions-load").click().run()
    assert not test.exception
    assert "The sidecar does not answer" in words(test)


def test_no_version_is_told_as_such(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sidecar, "asset_history", lambda *_: answer())
    test = opened()
    test.button(key="versions-load").click().run()
    assert "no version in organizations/1" in words(test).replace("\\", "")


def test_packages_and_related_assets(full: World) -> None:
    package = {"packageName": "<b>zlib</b>", "architecture": "amd64"}
    items = [
        {"installedPackage": {"aptPackage": {**package, "version": "1.2"}}},
        {"availablePackage": {"aptPackage": {**package, "version": "1.3"}}},
    ]
    group = {
        "relationshipType": "INSTANCE_TO_INSTANCEGROUP",
        "asset": "//x.test/group",
        "assetType": "c/Group",
    }
    full.con.execute(
        "UPDATE assets SET os_inventory = ?, related_assets = ? WHERE name = ?",
        [orjson.dumps({"items": items}).decode(), orjson.dumps([group]).decode(), VM],
    )
    test = opened()
    tables = {next(iter(frame.value.columns)): frame.value for frame in test.dataframe}
    assert tables["Package"].iloc[0].tolist() == ["<b>zlib</b>", "1.2", "1.3", "apt", "amd64"]
    assert tables["Relationship"].iloc[0].tolist()[:3] == [
        "INSTANCE_TO_INSTANCEGROUP",
        "of this asset",
        "group",
    ]
    assert "1 package; 1 update available." in words(test)


def test_an_asset_without_them_shows_neither(full: World) -> None:
    test = opened()
    shown = {next(iter(frame.value.columns)) for frame in test.dataframe}
    assert not shown & {"Package", "Relationship"}
    assert "Packages" not in [tab.label for tab in test.tabs]
