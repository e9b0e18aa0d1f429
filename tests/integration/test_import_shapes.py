"""import-assets: every shape an export comes in gives the same assets."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import pytest

from tests.fixtures.exports import (
    FOLDER,
    INSTANCE,
    ORG,
    Portal,
    fleet,
    instance,
    ndjson,
    policy,
    portal,
    write,
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Portal]:
    with portal(tmp_path / "home") as made:
        yield made


def snake(asset: dict[str, Any]) -> dict[str, Any]:
    names = {"assetType": "asset_type", "updateTime": "update_time", "iamPolicy": "iam_policy"}
    out = {names.get(key, key): value for key, value in asset.items() if key != "ancestors"}
    path = "/".join(reversed(asset["ancestors"]))
    out["ancestry_path"] = path.replace("organizations", "organization")
    out["ancestry_path"] = out["ancestry_path"].replace("folders", "folder").replace("projects", "project")
    return out


ASSETS = [*fleet(3), instance("brackets", note='a "quoted }{][ \\" text, \n and é')]
PRETTY = "\n".join(json.dumps(asset, indent=2) for asset in ASSETS).encode()
LIST = [json.dumps(asset).encode() for asset in ASSETS]
SHAPES = {
    "ndjson": ndjson(ASSETS),
    "ndjson without a last newline": ndjson(ASSETS).rstrip(),
    "crlf": ndjson(ASSETS).replace(b"\n", b"\r\n"),
    "blank lines": b"\n\n" + ndjson(ASSETS).replace(b"\n", b"\n  \n"),
    "byte order mark": b"\xef\xbb\xbf" + ndjson(ASSETS),
    "byte order mark and array": b"\xef\xbb\xbf" + json.dumps(ASSETS).encode(),
    "compact array": json.dumps(ASSETS, separators=(",", ":")).encode(),
    "pretty array": json.dumps(ASSETS, indent=2).encode(),
    "pretty array, crlf": json.dumps(ASSETS, indent=2).replace("\n", "\r\n").encode(),
    "array, one a line": b"[\n" + b",\n".join(LIST) + b"\n]\n",
    "concatenated, pretty": PRETTY,
    "concatenated, no separator": b"".join(LIST),
    "json text sequence": b"".join(b"\x1e" + raw + b"\n" for raw in LIST),
    "array in an array": b"["
    + json.dumps(ASSETS[:2]).encode()
    + b","
    + json.dumps(ASSETS[2:]).encode()
    + b"]",
    "snake_case": ndjson([snake(asset) for asset in ASSETS]),
    "both spellings": ndjson([*ASSETS[:2], *[snake(asset) for asset in ASSETS[2:]]]),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_every_shape_gives_the_same_assets(home: Portal, tmp_path: Path, shape: str, packed: bool) -> None:
    if packed and shape not in ("ndjson", "pretty array"):
        pytest.skip("unpacking does not depend on the shape")
    run = home.bring(write(tmp_path / ("assets.json.gz" if packed else "assets.json"), SHAPES[shape]))
    assert (run["status"], run["items_synced"], run["items_failed"]) == ("success", 4, 0), run[
        "error_messages"
    ]
    assert home.names() == ["brackets", "till-000", "till-001", "till-002"]
    row = home.asset("brackets")
    assert row["resource"] == ASSETS[3]["resource"]
    assert row["ancestors"] == ["projects/1111", FOLDER, ORG]
    assert (row["asset_type"], row["project_id"], row["project_number"]) == (INSTANCE, "quartz-shop", "1111")
    assert (row["folder"], row["organization"], row["location"]) == (FOLDER, ORG, "europe-west1-b")
    assert (row["display_name"], row["state"], row["labels"]) == ("brackets", "RUNNING", {"team": "till"})
    assert row["update_time"] == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert not home.dead_letters()


def test_policies_of_older_exports_are_read_in_the_spelling_of_the_api(home: Portal, tmp_path: Path) -> None:
    asset = snake(policy("till-000"))
    asset["iam_policy"]["audit_configs"] = [
        {
            "service": "allServices",
            "audit_log_configs": [
                {"log_type": 1},
                {"log_type": 2, "exempted_members": ["user:lin@example.com"]},
                {"log_type": 3},
                {"log_type": "DATA_READ"},
            ],
        }
    ]
    home.bring(write(tmp_path / "iam.json", [asset]))
    read = home.asset("till-000")["iam_policy"]
    assert read["auditConfigs"] == [
        {
            "service": "allServices",
            "auditLogConfigs": [
                {"logType": "ADMIN_READ"},
                {"logType": "DATA_WRITE", "exemptedMembers": ["user:lin@example.com"]},
                {"logType": "DATA_READ"},
                {"logType": "DATA_READ"},
            ],
        }
    ]
    assert "audit_configs" not in read


def test_organisation_and_access_policies_have_their_columns(home: Portal, tmp_path: Path) -> None:
    base = {
        "name": "//cloudresourcemanager.googleapis.com/projects/1111",
        "ancestors": ["projects/1111", ORG],
    }
    kind = "cloudresourcemanager.googleapis.com/Project"
    constraint = {
        "constraint": "constraints/compute.skipDefaultNetworkCreation",
        "booleanPolicy": {"enforced": True},
    }
    level = {"name": "accessPolicies/9/accessLevels/office", "title": "office"}
    home.bring(
        write(
            tmp_path / "policies.json",
            [
                {**base, "assetType": kind, "orgPolicy": [constraint]},
                {"name": "//accesscontextmanager.googleapis.com/accessPolicies/9/accessLevels/office",
                 "assetType": "accesscontextmanager.googleapis.com/AccessLevel", "accessLevel": level},
            ],
        )
    )  # fmt: skip
    assert home.asset("1111")["org_policy"] == [constraint]
    assert home.asset("office")["access_policy"] == level


def test_content_types_of_one_asset_are_merged_in_one_import(home: Portal, tmp_path: Path) -> None:
    resources = write(tmp_path / "resource.json", fleet(2))
    policies = write(tmp_path / "iam.json", [policy("till-000")])
    run = home.bring(resources, policies)
    assert run["status"] == "success"
    assert home.names() == ["till-000", "till-001"]
    both = home.asset("till-000")
    assert both["resource"]["data"]["name"] == "till-000"
    assert both["iam_policy"]["bindings"][0]["members"] == ["user:ada@example.com"]
    assert home.asset("till-001")["iam_policy"] is None


def test_content_types_are_merged_in_two_imports_and_nothing_is_deleted(home: Portal, tmp_path: Path) -> None:
    home.bring(write(tmp_path / "resource.json", fleet(3)), at="2026-03-02T08:00:00Z")
    home.bring(write(tmp_path / "iam.json", [policy("till-000")]), at="2026-03-02T09:00:00Z")
    assert home.names() == ["till-000", "till-001", "till-002"]
    both = home.asset("till-000")
    assert both["resource"]["data"]["name"] == "till-000"
    assert both["iam_policy"]["bindings"]
    assert (both["location"], both["labels"], both["state"]) == (
        "europe-west1-b",
        {"team": "till"},
        "RUNNING",
    )
    # The resources again, without policies: not looked at is not removed.
    home.bring(write(tmp_path / "again.json", fleet(3)), at="2026-03-02T10:00:00Z")
    assert home.asset("till-000")["iam_policy"]["bindings"]
    assert {kind for _, kind in home.changes()} <= {"updated"}


def test_of_one_content_type_twice_the_newer_counts(home: Portal, tmp_path: Path) -> None:
    old, new = instance("till-000", status="STOPPED"), instance("till-000", status="RUNNING")
    old["updateTime"], new["updateTime"] = "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"
    for order in ([old, new], [new, old]):
        with portal(tmp_path / f"home-{order[0]['updateTime'][:10]}") as one:
            one.bring(write(tmp_path / "twice.json", order))
            assert one.names() == ["till-000"]
            assert one.asset("till-000")["state"] == "RUNNING"


def test_exports_of_two_projects_one_after_the_other_keep_each_other(home: Portal, tmp_path: Path) -> None:
    home.bring(write(tmp_path / "shop.json", fleet(2)), at="2026-03-02T08:00:00Z")
    lab = [instance("bench-0", "quartz-lab", "2222"), instance("bench-1", "quartz-lab", "2222")]
    home.bring(write(tmp_path / "lab.json", lab), at="2026-03-02T09:00:00Z")
    assert home.names() == ["bench-0", "bench-1", "till-000", "till-001"]
    assert home.changes() == {}, "a first look at a project is its baseline"
    home.bring(write(tmp_path / "lab.json", lab[:1]), at="2026-03-02T10:00:00Z")
    assert home.names() == ["bench-0", "till-000", "till-001"]
    assert set(home.changes()) == {("bench-1", "deleted")}


def test_an_export_without_ancestors_covers_the_projects_its_names_tell(home: Portal, tmp_path: Path) -> None:
    def bare(asset: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in asset.items() if key != "ancestors"}

    home.bring(
        write(tmp_path / "a.json", [*map(bare, fleet(2)), bare(instance("bench-0", "quartz-lab"))]),
        at="2026-03-02T08:00:00Z",
    )
    home.bring(write(tmp_path / "b.json", [bare(instance("till-001"))]), at="2026-03-02T09:00:00Z")
    assert home.names() == ["bench-0", "till-001"]


def temporal(asset: dict[str, Any], at: str, **more: Any) -> dict[str, Any]:
    return {"asset": asset, "window": {"startTime": at}, **more}


def test_files_of_asset_changes_are_put_in_order_of_time(home: Portal, tmp_path: Path) -> None:
    home.bring(write(tmp_path / "base.json", fleet(2)), at="2026-03-02T08:00:00Z")
    stopped = instance("till-000", status="TERMINATED")
    news = [
        temporal(instance("till-002"), "2026-03-02T12:00:00Z"),
        temporal(stopped, "2026-03-02T10:00:00Z", deleted=False),
        {"priorAsset": instance("till-001"), "priorAssetState": "PRESENT", "deleted": True,
         "window": {"startTime": "2026-03-02T11:00:00Z", "endTime": "2026-03-02T11:00:00Z"}},
        temporal(instance("till-000", status="OLD NEWS"), "2026-03-01T00:00:00Z"),
    ]  # fmt: skip
    run = home.bring(write(tmp_path / "history.json", news), at="2026-03-02T13:00:00Z")
    assert run["status"] == "success", run["error_messages"]
    assert home.names() == ["till-000", "till-002"]
    assert home.asset("till-000")["state"] == "TERMINATED"
    changes = home.changes()
    assert set(changes) == {("till-000", "updated"), ("till-001", "deleted"), ("till-002", "created")}
    updated = changes["till-000", "updated"]
    assert updated["changed_at"] == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert updated["before"]["resource"]["data"]["status"] == "RUNNING"
    assert updated["after"]["resource"]["data"]["status"] == "TERMINATED"
    assert changes["till-001", "deleted"]["changed_at"] == datetime(2026, 3, 2, 11, tzinfo=UTC)
    again = home.bring(str(tmp_path / "history.json"), at="2026-03-02T13:30:00Z")
    assert again["status"] == "success"
    assert len(home.changes()) == 3


def test_asset_changes_into_an_empty_home(home: Portal, tmp_path: Path) -> None:
    news = [temporal(instance("till-000"), "2026-03-02T10:00:00Z")]
    news.append(
        {
            "prior_asset": instance("till-000"),
            "deleted": True,
            "window": {"start_time": "2026-03-02T11:00:00Z"},
        }
    )
    news.append(temporal(instance("till-000", status="REBORN"), "2026-03-02T12:00:00Z"))
    run = home.bring(write(tmp_path / "history.json", news), at="2026-03-02T13:00:00Z")
    assert run["status"] == "success", run["error_messages"]
    assert home.asset("till-000")["state"] == "REBORN"


class _Bucket(BaseHTTPRequestHandler):
    """What the JSON API of Cloud Storage answers for one bucket's objects."""

    objects: ClassVar[dict[str, bytes]] = {}
    authorizations: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.authorizations.append(self.headers.get("Authorization"))
        path = unquote(urlsplit(self.path).path)
        body = self.objects.get(path.rpartition("/o/")[2])
        if "/b/exports/" not in path or body is None:
            self._send(404, b'{"error": {"code": 404, "message": "No such object"}}', "application/json")
        elif path.endswith("secret.json"):
            self._send(403, b'{"error": {"code": 403, "message": "no"}}', "application/json")
        else:
            self._send(200, body, "application/octet-stream")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Bucket]]:
    _Bucket.objects, _Bucket.authorizations = {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Bucket)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.server_port}")
    yield _Bucket
    server.shutdown()
    server.server_close()


def test_objects_of_cloud_storage(home: Portal, bucket: type[_Bucket]) -> None:
    bucket.objects = {
        "2026/assets.json.gz": gzip.compress(ndjson(fleet(2))),
        "iam.json": ndjson([policy("till-000")]),
    }
    run = home.bring("gs://exports/2026/assets.json.gz", "gs://exports/iam.json")
    assert run["status"] == "success", run["error_messages"]
    assert home.names() == ["till-000", "till-001"]
    assert home.asset("till-000")["iam_policy"]
    assert set(bucket.authorizations) == {None}
    assert run["source"] == "gs://exports/2026/assets.json.gz, gs://exports/iam.json"


def test_a_missing_object_and_a_forbidden_one_are_told_apart(home: Portal, bucket: type[_Bucket]) -> None:
    bucket.objects = {"secret.json": b"{}"}
    missing = home.bring("gs://exports/none.json")
    assert missing["status"] == "failed"
    assert "There is no object gs://exports/none.json" in missing["error_messages"][0]
    forbidden = home.bring("gs://exports/secret.json")
    assert forbidden["status"] == "failed"
    assert "storage.objectViewer" in forbidden["hint"]
