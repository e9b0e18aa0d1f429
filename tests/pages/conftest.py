"""A small landing zone in memory, in place of the engine; the SQL that runs on it is the shipped one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from app import queries, schema, sql_files
from app.errors import PortalError
from app.ui import text
from tests.conftest import ROOT
from tests.fixtures.processes import free_port

NOW = datetime.now(UTC)
TODAY = NOW.date()
PAGES = (
    "sync_status",
    "infrastructure",
    "landing_zone",
    "compliance",
    "drift",
    "alerts",
    "live_events",
    "dead_letters",
    "trends",
)


class World:
    """Tables as in sql/schema, in DuckDB. `broken` is raised by every query when it is set."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        self.con.execute("SET TimeZone='UTC'")
        self.broken: PortalError | None = None
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.tables = schema.tables()
        for table in self.tables.values():
            columns = ", ".join(f'"{one.name}" {schema.duckdb_type(one)}' for one in table.columns)
            self.con.execute(f"CREATE TABLE {table.name} ({columns})")
        self.con.execute("CREATE TABLE IF NOT EXISTS portal_info (key VARCHAR, value VARCHAR)")

    def add(self, table: str, **row: Any) -> None:
        """One row; columns that are not given are null."""
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" for _ in row)
        self.con.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))

    def arrow(self, key: str, /, **params: Any) -> pa.Table:
        """In place of app.queries.arrow."""
        self.asked.append((key, params))
        if self.broken is not None:
            raise self.broken
        file = sql_files.get(key)
        bound: Mapping[str, Any] = file.bind(params)
        return self.con.cursor().execute(file.duckdb, bound).to_arrow_table()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An empty home, and no sidecar."""
    made = World()
    monkeypatch.setattr(queries, "arrow", made.arrow)
    monkeypatch.setattr(queries, "run", lambda key, **params: made.arrow(key, **params).to_pandas())
    monkeypatch.setattr(text, "now", lambda: NOW)  # so that a slow run, or midnight, changes nothing
    monkeypatch.setenv("PORTAL_API_PORT", str(free_port()))
    yield made
    made.con.close()


@pytest.fixture
def full(world: World) -> World:
    """Everything of everything, a little of each, synced a minute ago."""
    from tests.pages import alert_rows, compliance_rows, landing_zone_rows

    fill_layers(world)
    fill_assets(world)
    fill_history(world)
    fill_events(world)
    landing_zone_rows.fill(world)
    landing_zone_rows.fill_drift(world)
    compliance_rows.fill(world)
    alert_rows.fill(world)
    world.add("portal_info", key="source_kind", value="sample")
    return world


def page(name: str, **query: str | list[str]) -> AppTest:
    """The page after its first run, as a link with `query` opens it."""
    test = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=30)
    for key, value in query.items():
        test.query_params[key] = value
    if name != PAGES[0]:
        test.switch_page(f"../pages/{name}.py")
    return test.run()


def words(test: AppTest) -> str:
    """Every text of the page."""
    found = []
    for kind in ("title", "subheader", "caption", "markdown", "info", "warning", "error", "success", "code"):
        found += [str(one.value) for one in test.get(kind)]
    found += [f"{one.label} {one.value}" for one in test.metric]
    return "\n".join(found)


def fill_layers(world: World) -> None:
    for layer, title in (
        ("assets", "Assets"),
        ("git", "Repository"),
        ("events", "Events"),
        ("metrics", "Metrics"),
        ("drift", "Drift"),
    ):
        world.add(
            "layer_status",
            layer=layer,
            title=title,
            configured=True,
            source="a source",
            schedule="every 5 minutes",
            freshness_target_seconds=600,
            next_sync=NOW + timedelta(minutes=4),
            sidecar_seen=NOW,
        )
        for age in (60, 360):
            run(world, layer, age)
    world.add(
        "layer_status",
        layer="policies",
        title="Policies",
        configured=False,
        reason="No rules yet.",
        freshness_target_seconds=900,
        sidecar_seen=NOW,
    )


def run(world: World, layer: str, age: float, status: str = "success", **more: Any) -> None:
    """A run of a layer that ended `age` seconds ago."""
    ended = NOW - timedelta(seconds=age)
    world.add(
        "sync_runs",
        **{
            "run_id": f"{layer}-{age}",
            "layer": layer,
            "trigger": "schedule",
            "status": status,
            "started_at": ended - timedelta(seconds=2),
            "finished_at": ended,
            "sync_duration_seconds": 2.0,
            "items_synced": 12,
            "items_failed": 0,
            "error_messages": [],
            "missed": [],
            "attempt": 1,
            "details": "{}",
            **more,
        },
    )


ORG, FOLDER, SUB = "organizations/1", "folders/10", "folders/11"
PROJECT = ["projects/100", SUB, FOLDER, ORG]
RM = "//cloudresourcemanager.googleapis.com"
VM = "//compute.googleapis.com/projects/shop-prod/zones/europe-west1-b/instances/web-1"


def fill_assets(world: World) -> None:
    asset(world, f"{RM}/{ORG}", "cloudresourcemanager.googleapis.com/Organization", "lz.example", [ORG])
    asset(world, f"{RM}/{FOLDER}", "cloudresourcemanager.googleapis.com/Folder", "products", [FOLDER, ORG])
    asset(world, f"{RM}/{SUB}", "cloudresourcemanager.googleapis.com/Folder", "shop", [SUB, FOLDER, ORG])
    asset(
        world,
        f"{RM}/projects/100",
        "cloudresourcemanager.googleapis.com/Project",
        "Shop",
        PROJECT,
        project="shop-prod",
    )
    for number in range(1, 4):
        asset(
            world,
            VM[:-1] + str(number),
            "compute.googleapis.com/Instance",
            f"web-{number}",
            PROJECT,
            project="shop-prod",
            location="europe-west1-b",
            labels='{"env":"prod"}' if number < 3 else '{"env":"dev"}',
            state="RUNNING",
            resource='{"data":{"machineType":"https://x/machineTypes/e2-small","networkInterfaces":[{"networkIP":"10.0.0.1"}]}}',
        )
    for number in range(1, 61):
        asset(
            world,
            f"//storage.googleapis.com/bucket-{number:02}",
            "storage.googleapis.com/Bucket",
            f"bucket-{number:02}",
            PROJECT,
            project="shop-prod",
            location="europe-west1",
        )


def asset(world: World, name: str, kind: str, title: str, ancestors: list[str], **more: Any) -> None:
    project = more.pop("project", None)
    folder = next((one for one in ancestors if one.startswith("folders/")), None)
    world.add(
        "assets",
        **{
            "name": name,
            "asset_type": kind,
            "display_name": title,
            "ancestors": ancestors,
            "folder": folder,
            "organization": ORG,
            "project_id": project,
            "project_number": "100" if project else None,
            "create_time": NOW - timedelta(days=90),
            "last_seen": NOW,
            "labels": "{}",
            "resource": "{}",
            **more,
        },
    )


def fill_history(world: World) -> None:
    for age in range(10):
        day = TODAY - timedelta(days=age)
        for kind, count in (
            ("compute.googleapis.com/Instance", 3 + age),
            ("storage.googleapis.com/Bucket", 60 - age),
        ):
            world.add(
                "resources_daily",
                date=day,
                project_id="shop-prod",
                folder=SUB,
                asset_type=kind,
                location="europe-west1",
                resources=count,
            )
    snapshot(world, TODAY - timedelta(days=7), "web-1")
    world.add(
        "asset_changes",
        change_id="c1",
        date=TODAY,
        changed_at=NOW - timedelta(hours=3),
        observed_at=NOW,
        name=VM,
        asset_type="compute.googleapis.com/Instance",
        project_id="shop-prod",
        folder=SUB,
        change_type="updated",
        changed_fields=["resource"],
        source="import",
        run_id="r",
        before='{"resource":{"data":{"status":"RUNNING"}}}',
        after='{"resource":{"data":{"status":"STOPPED"}}}',
    )


def snapshot(world: World, day: date, *titles: str) -> None:
    for title in titles:
        world.add(
            "asset_snapshots",
            date=day,
            name=VM[:-5] + title,
            asset_type="compute.googleapis.com/Instance",
            project_id="shop-prod",
            folder=SUB,
            location="europe-west1-b",
            display_name=title,
            labels="{}",
        )


def fill_events(world: World) -> None:
    for seq, (kind, severity) in enumerate(
        (("resource.created", "info"), ("policy.violation", "high"), ("test", "info")), 1
    ):
        world.add(
            "events",
            event_id=f"e{seq}",
            seq=seq,
            event_time=NOW,
            received_at=NOW - timedelta(minutes=4 - seq),
            event_type=kind,
            severity=severity,
            project_id="shop-prod",
            asset_name=VM,
            summary=f"Summary {seq}",
            source="feed",
            raw='{"test":"message"}',
        )
