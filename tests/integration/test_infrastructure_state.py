"""GET /api/v1/sync/infrastructure-state over a home with real rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fastapi.testclient import TestClient

from app import queries
from app.schema import duckdb_ddl, tables
from app.settings import Settings
from sync_jobs.api import create_app
from sync_jobs.infrastructure_models import InfrastructureState
from sync_jobs.infrastructure_state import PATH, SECTIONS
from sync_jobs.layers.assets.layer import LAYER
from sync_jobs.runner import Runner
from sync_jobs.scheduler import Scheduler
from sync_jobs.store.cache import Cache
from tests.fixtures.exports import FOLDER, ORG, instance, write

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOST = "https://www.googleapis.com/compute/v1"


def asset(path: str, kind: str, location: str = "global", **data: Any) -> dict[str, Any]:
    service = kind.partition("/")[0]
    return {
        "name": f"//{service}/projects/quartz-shop/{path}",
        "assetType": kind,
        "ancestors": ["projects/1111", FOLDER, ORG],
        "resource": {"version": "v1", "location": location, "data": data},
    }


VM = instance(
    "till-001",
    machineType=f"{HOST}/projects/quartz-shop/zones/europe-west1-b/machineTypes/n2-standard-4",
    networkInterfaces=[
        {
            "network": f"{HOST}/projects/quartz-shop/global/networks/core",
            "networkIP": "10.0.0.5",
            "accessConfigs": [{"natIP": "203.0.113.9"}],
        }
    ],
)
ASSETS = [
    VM,
    instance("vault-001", "quartz-bank", "2222"),
    {
        "name": "//cloudresourcemanager.googleapis.com/projects/1111",
        "assetType": "cloudresourcemanager.googleapis.com/Project",
        "ancestors": ["projects/1111", FOLDER, ORG],
        "resource": {
            "data": {
                "projectId": "quartz-shop",
                "projectNumber": "1111",
                "name": "Shop",
                "lifecycleState": "ACTIVE",
                "parent": {"type": "folder", "id": "400500600"},
            }
        },
    },
    asset("global/networks/core", "compute.googleapis.com/Network", autoCreateSubnetworks=False,
          routingConfig={"routingMode": "GLOBAL"}, mtu=1460),
    asset("regions/europe-west1/subnetworks/tills", "compute.googleapis.com/Subnetwork", "europe-west1",
          name="tills", network=f"{HOST}/projects/quartz-shop/global/networks/core", ipCidrRange="10.0.0.0/20",
          secondaryIpRanges=[{"rangeName": "pods", "ipCidrRange": "10.4.0.0/14"}], logConfig={"enable": True},
          region=f"{HOST}/projects/quartz-shop/regions/europe-west1"),
    asset("zones/europe-west1-b/clusters/oak", "container.googleapis.com/Cluster", "europe-west1-b",
          name="oak", status="RUNNING", currentMasterVersion="1.31.4", currentNodeVersion="1.31.2",
          currentNodeCount=3, releaseChannel={"channel": "REGULAR"}),
    asset("instances/orders", "sqladmin.googleapis.com/Instance", "europe-west1", name="orders", state="RUNNABLE",
          databaseVersion="POSTGRES_16", settings={"tier": "db-custom-4", "availabilityType": "REGIONAL",
          "backupConfiguration": {"enabled": True}, "ipConfiguration": {"ipv4Enabled": False}},
          ipAddresses=[{"ipAddress": "10.9.0.3", "type": "PRIVATE"}]),
    asset("serviceAccounts/77", "iam.googleapis.com/ServiceAccount", email="till@quartz-shop.iam.gserviceaccount.com",
          uniqueId="77"),
]  # fmt: skip


class Served:
    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home)
        self.cache = Cache(home)
        self.runner = Runner(self.settings, self.cache, backoff=())
        app = create_app(self.runner, Scheduler(self.runner, 60), "a-token")
        self.app = app
        self.client = TestClient(app, base_url="http://127.0.0.1:8601", raise_server_exceptions=False)

    def bring(self, path: Path, assets: list[dict[str, Any]]) -> None:
        options = {"paths": [write(path, assets)], "read_time": AT}
        alone = Runner(
            self.settings, self.cache, {"assets": LAYER}, backoff=()
        )  # no rules: tests judge by hand
        assert alone.run("assets", "cli", options)["status"] == "success"

    def get(self, query: str = "", **headers: str) -> dict[str, Any]:
        answer = self.client.get(f"{PATH}{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        InfrastructureState.model_validate(body)
        return body


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("PORTAL_HOME", str(tmp_path / "home"))
    queries.close()
    made = Served(tmp_path / "home")
    made.bring(tmp_path / "a.json", ASSETS)
    yield made
    queries.close()


def test_every_field_holds_the_value_of_the_resource(served: Served) -> None:
    body = served.get()
    assert body["timestamp"] == "2026-03-02T08:00:00+00:00"
    assert set(SECTIONS) <= set(body)
    (project,) = body["projects"]
    assert (project["project_id"], project["state"], project["parent"]) == ("quartz-shop", "ACTIVE", FOLDER)
    assert project["assets"] == 6
    vm = next(one for one in body["compute_instances"] if one["display_name"] == "till-001")
    assert vm["machine_type"] == "n2-standard-4"
    assert (vm["internal_addresses"], vm["external_addresses"]) == (["10.0.0.5"], ["203.0.113.9"])
    assert (vm["network"], vm["labels"], vm["stale"]) == ("core", {"team": "till"}, False)
    (vpc,) = body["vpcs"]
    assert (vpc["routing_mode"], vpc["subnet_mode"], vpc["mtu"]) == ("GLOBAL", "custom", 1460)
    (subnet,) = vpc["subnets"]
    assert (subnet["ip_range"], subnet["region"]) == ("10.0.0.0/20", "europe-west1")
    assert (subnet["secondary_ranges"], subnet["flow_logs"]) == (["10.4.0.0/14"], True)
    (cluster,) = body["gke_clusters"]
    assert (cluster["version"], cluster["node_version"], cluster["nodes"]) == ("1.31.4", "1.31.2", 3)
    (database,) = body["databases"]
    assert (database["service"], database["version"], database["tier"]) == (
        "sqladmin",
        "POSTGRES_16",
        "db-custom-4",
    )
    assert (database["addresses"], database["backups"], database["public_address"]) == (
        ["10.9.0.3"],
        True,
        False,
    )
    (account,) = body["service_accounts"]
    assert account["email"] == "till@quartz-shop.iam.gserviceaccount.com"
    assert body["metadata"]["totals"]["assets"] == 8
    assert (body["metadata"]["source"], body["metadata"]["stale"]) == ("real", True)


def test_rules_that_never_ran_are_unknown_and_not_compliant(served: Served) -> None:
    body = served.get("?section=compliance_status&section=policy_violations")
    assert body["compliance_status"]["status"] == "unknown"
    assert body["compliance_status"]["score"] is None
    assert body["policy_violations"] == []
    assert "projects" not in body


def publish(cache: Cache, table: str, rows: list[dict[str, Any]]) -> None:
    """The rows as the whole of a Parquet table."""
    wanted = tables()[table]
    file = cache.workspace("test") / f"{table}.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(duckdb_ddl(wanted))
        for row in rows:
            names = ", ".join(row)
            connection.execute(
                f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values())
            )
        connection.execute(f"COPY {table} TO '{file}' (FORMAT parquet)")
    lease = cache.state.acquire("lease:test", "test", 60)
    assert lease is not None
    cache.publish(lease, {table: [cache.adopt(file, f"{table}/{lease.fence}.parquet")]}, {})
    cache.state.release(lease)


def _judged(served: Served, failed: int) -> None:
    day = {"date": datetime.now(UTC).date(), "run_id": "r", "passed": 8, "waived": 0, "unknown": 1}
    publish(
        served.cache,
        "compliance_daily",
        [
            {**day, "dimension": "all", "item": "", "severity": severity, "failed": failed, "score": 0.8}
            for severity in ("all", "high")
        ],
    )
    found = {
        "policy_id": "vm_public_address", "asset_name": VM["name"], "asset_type": VM["assetType"], "severity": "high",
        "project_id": "quartz-shop", "status": "fail", "reason": "It has 203.0.113.9.", "evidence": '{"nat": "203.0.113.9"}',
        "first_seen": AT, "last_seen": AT, "reopened": 0, "run_id": "r",
    }  # fmt: skip
    publish(served.cache, "violations", [found, {**found, "policy_id": "gone", "resolved_at": AT}])


def test_compliance_and_open_findings(served: Served) -> None:
    _judged(served, failed=2)
    body = served.get()
    status = body["compliance_status"]
    assert (status["status"], status["score"], status["failed"]) == ("violations", 0.8, 2)
    assert status["by_severity"] == {
        "high": {"passed": 8, "failed": 2, "waived": 0, "unknown": 1, "score": 0.8}
    }
    (finding,) = body["policy_violations"]
    assert (finding["policy_id"], finding["evidence"]) == ("vm_public_address", {"nat": "203.0.113.9"})
    assert finding["location"] == "europe-west1-b"
    assert body["metadata"]["totals"]["policy_violations"] == 1
    _judged(served, failed=0)
    assert served.get()["compliance_status"]["status"] == "unknown", "some could not be judged"


def test_filters(served: Served) -> None:
    def instances(query: str) -> list[str]:
        return [one["display_name"] for one in served.get(query)["compute_instances"]]

    assert instances("") == ["vault-001", "till-001"]
    assert instances("?project=quartz-shop") == ["till-001"]
    assert instances("?project=quartz-shop&project=quartz-bank&search=VAULT") == ["vault-001"]
    assert instances(f"?folder={FOLDER}") == ["vault-001", "till-001"]
    assert instances("?folder=folders/9") == []
    assert instances("?location=mars") == []
    assert served.get("?project=quartz-bank")["metadata"]["totals"]["assets"] == 1


def test_pages(served: Served) -> None:
    pages = [served.get(f"?section=compute_instances&page_size=1&page={page}") for page in (1, 2, 3)]
    names = [[one["display_name"] for one in page["compute_instances"]] for page in pages]
    assert names == [["vault-001"], ["till-001"], []]
    assert {page["metadata"]["pages"] for page in pages} == {2}


def test_the_etag_says_whether_anything_changed(served: Served, tmp_path: Path) -> None:
    first = served.client.get(PATH)
    tag = first.headers["ETag"]
    for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = served.client.get(PATH, headers={"If-None-Match": sent})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag), sent
    assert served.client.get(f"{PATH}?page=2", headers={"If-None-Match": tag}).status_code == 200
    _judged(served, failed=1)
    judged = served.client.get(PATH, headers={"If-None-Match": tag})
    assert judged.status_code == 200
    assert judged.headers["ETag"] != tag
    served.bring(tmp_path / "b.json", [*ASSETS[1:]])
    assert served.client.get(PATH, headers={"If-None-Match": judged.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=x",
        "page_size=1001",
        "section=secrets",
        "folder=folders/x",
        "search=" + "x" * 201,
        "page=99999999",
    ],
)
def test_what_does_not_fit_is_explained(served: Served, query: str) -> None:
    answer = served.client.get(f"{PATH}?{query}")
    assert answer.status_code == 422
    assert set(answer.json()) == {"error", "hint"}


@pytest.mark.parametrize("search", ["%00", "'; DROP TABLE assets; --", "%F0%9F%8C%8A", "%25", "\\"])
def test_any_text_can_be_searched_for(served: Served, search: str) -> None:
    assert served.get(f"?search={search}")["compute_instances"] == []


def test_an_empty_home_is_not_an_empty_organisation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_HOME", str(tmp_path / "none"))
    queries.close()
    body = Served(tmp_path / "none").get()
    assert (body["timestamp"], body["metadata"]["source"], body["metadata"]["stale"]) == (None, "none", True)
    assert body["compliance_status"]["status"] == "unknown"
    queries.close()


def test_the_call_is_in_openapi_with_every_field(served: Served) -> None:
    described = served.app.openapi()["paths"][PATH]["get"]
    assert set(described["responses"]) >= {"200", "304", "422", "503"}
    assert {one["name"] for one in described["parameters"]} >= {
        "project",
        "folder",
        "page",
        "page_size",
        "section",
    }
