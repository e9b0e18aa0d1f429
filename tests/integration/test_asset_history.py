"""GET /api/v1/assets/history: the versions that Google keeps, asked with the portal's rights, within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app import queries
from app.settings import Settings
from sync_jobs.api import create_app
from sync_jobs.asset_history import PATH
from sync_jobs.layers.assets.layer import LAYER
from sync_jobs.runner import Runner
from sync_jobs.scheduler import Scheduler
from sync_jobs.store.cache import Cache
from tests.fixtures.asset_api import AssetApi, Code
from tests.fixtures.exports import FOLDER, ORG, fleet, instance, write

VM = instance("till-001")
NOW = datetime.now(UTC)
TOKEN = {"Authorization": "Bearer a-token"}


def version(hours_ago: float, status: str, until: float | None = None, **more: Any) -> dict[str, Any]:
    window = {"startTime": stamp(hours_ago)}
    if until is not None:
        window["endTime"] = stamp(until)
    return {"window": window, "asset": instance("till-001", status=status), **more}


def stamp(hours_ago: float) -> str:
    return (NOW - timedelta(hours=hours_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Served:
    def __init__(self, home: Path, api: AssetApi, endpoint: str, scope: str | None = ORG) -> None:
        self.api, self.home = api, home
        settings = Settings(home=home, gcp_scope=scope, asset_endpoint=endpoint)
        runner = Runner(settings, Cache(home), {"assets": LAYER}, backoff=())
        app = create_app(runner, Scheduler(runner, 60), "a-token")
        self.client = TestClient(app, base_url="http://127.0.0.1:8601", raise_server_exceptions=False)
        self.runner = runner

    def get(self, **params: Any) -> Any:
        return self.client.get(PATH, params={"name": VM["name"], **params}, headers=TOKEN)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("PORTAL_HOME", str(tmp_path / "home"))
    queries.close()
    api = AssetApi()
    with api.serving() as endpoint:
        made = Served(tmp_path / "home", api, endpoint)
        paths = {"paths": [write(tmp_path / "a.json", fleet(2))]}
        assert made.runner.run("assets", "cli", paths)["status"] == "success"
        yield made
    queries.close()


def test_the_versions_oldest_first(served: Served) -> None:
    served.api.history = [
        version(1, "STOPPED", priorAsset=instance("till-001", status="RUNNING"), priorAssetState="PRESENT"),
        version(30, "RUNNING", until=1),
    ]
    body = served.get().json()
    assert [one["content"]["resource"]["data"]["status"] for one in body["versions"]] == [
        "RUNNING",
        "STOPPED",
    ]
    first, last = body["versions"]
    assert (first["end"], last["end"], first["before"]) == (stamp(1), None, None)
    assert last["before"]["resource"]["data"]["status"] == "RUNNING"
    assert (body["name"], body["parent"], body["content_type"]) == (VM["name"], ORG, "RESOURCE")
    (asked,) = served.api.asked_history
    assert (asked.parent, list(asked.asset_names), asked.content_type.name) == (ORG, [VM["name"]], "RESOURCE")
    assert asked.read_time_window.end_time - asked.read_time_window.start_time == timedelta(days=7)


def test_a_deletion_has_no_content(served: Served) -> None:
    served.api.history = [version(1, "RUNNING", deleted=True)]
    (one,) = served.get().json()["versions"]
    assert (one["deleted"], one["content"]) == (True, None)


def test_the_time_and_the_content_asked_for(served: Served) -> None:
    start, end = NOW - timedelta(days=20), NOW - timedelta(days=10)
    answer = served.get(**{"from": start.isoformat(), "to": end.isoformat(), "content": "IAM_POLICY"})
    assert answer.status_code == 200
    asked = served.api.asked_history[0]
    assert asked.content_type.name == "IAM_POLICY"
    assert asked.read_time_window.start_time == start and asked.read_time_window.end_time == end
    # Of now: the tests may have begun long ago.
    whole = datetime.now(UTC) - timedelta(days=35) + timedelta(minutes=1)
    assert served.get(**{"from": whole.isoformat()}).status_code == 200, "the whole time"
    whole = served.api.asked_history[1].read_time_window
    assert timedelta(days=34, hours=23) < datetime.now(UTC) - whole.start_time < timedelta(days=35)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"from": (NOW - timedelta(days=36)).isoformat()}, "35 days only"),
        ({"from": (NOW + timedelta(days=1)).isoformat()}, "not before"),
        ({"from": NOW.isoformat(), "to": (NOW - timedelta(days=1)).isoformat()}, "not before"),
        ({"from": "yesterday"}, "not valid"),
        ({"from": "2026-03-01T00:00:00"}, "not valid"),
        ({"content": "OS_INVENTORY"}, "not valid"),
        ({"name": "till-001"}, "not valid"),
    ],
)
def test_what_is_out_of_bounds_is_told_and_not_asked(served: Served, params: Any, said: str) -> None:
    answer = served.get(**params)
    assert answer.status_code == 422
    assert said in answer.json()["error"] and answer.json()["hint"]
    assert served.api.asked_history == []


def test_only_with_the_operator_token(served: Served) -> None:
    for headers in ({}, {"Authorization": "Bearer other"}, {"Authorization": "Basic a-token"}):
        answer = served.client.get(PATH, params={"name": VM["name"]}, headers=headers)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert served.api.asked_history == []


def test_only_assets_that_are_known(served: Served) -> None:
    answer = served.get(name="//compute.googleapis.com/projects/other/zones/z/instances/x")
    assert answer.status_code == 404
    assert served.api.asked_history == []


@pytest.mark.parametrize(
    ("code", "text", "status", "hint"),
    [
        (Code.PERMISSION_DENIED, "no", 403, f"roles/cloudasset.viewer on {ORG}"),
        (Code.PERMISSION_DENIED, "Cloud Asset API has not been used in project 7", 403, "services enable"),
        (Code.RESOURCE_EXHAUSTED, "quota", 503, "quota"),
        (Code.NOT_FOUND, "gone", 404, "no asset of this name"),
        (Code.INVALID_ARGUMENT, "odd", 409, "PORTAL_GCP_SCOPE"),
    ],
)
def test_refusals_say_what_to_do(served: Served, code: Any, text: str, status: int, hint: str) -> None:
    served.api.fail(ORG, "HISTORY", code, text)
    answer = served.get()
    assert answer.status_code == status
    assert text in answer.json()["error"] and hint in answer.json()["hint"]


@pytest.mark.parametrize(
    ("scope", "parent"),
    [
        (f"{FOLDER}, {ORG}", ORG),
        ("projects/quartz-shop", "projects/quartz-shop"),
        (FOLDER, "projects/1111"),
    ],
)
def test_below_a_folder_the_project_is_asked(served: Served, scope: str, parent: str) -> None:
    with served.api.serving() as endpoint:
        assert Served(served.home, served.api, endpoint, scope).get().json()["parent"] == parent


@pytest.mark.parametrize("scope", [None, "projects/quartz-bank"])
def test_without_a_scope_that_holds_it_there_is_a_hint(served: Served, scope: str | None) -> None:
    answer = Served(served.home, served.api, "127.0.0.1:1", scope).get()
    assert answer.status_code == 409
    assert "PORTAL_GCP_SCOPE" in answer.json()["hint"]
