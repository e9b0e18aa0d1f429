"""The BigQuery store. The emulator judges the statements, the fake the promise of one job per id."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.errors import Permanent, QueryError, Retryable
from app.schema import tables
from app.settings import Settings
from sync_jobs.setup.bigquery import setup
from sync_jobs.store import bigquery as store_module
from sync_jobs.store.bigquery import BigQueryStore
from tests.fixtures.bigquery_http_fake import NEVER, BigQueryFake, Failure
from tests.fixtures.bqemulator import Emulator

DAY = dt.date(2026, 3, 1)
NOON = dt.datetime(2026, 3, 1, 12, 0, 0, 123456, dt.UTC)


def assets(*names: str, **more: object) -> pa.Table:
    """Asset rows; `more` overrides columns of every row."""
    row = {"asset_type": "compute.googleapis.com/Instance", "last_seen": NOON, "run_id": "r1"}
    return pa.Table.from_pylist([{"name": name, **row, **more} for name in names])


def costs(day: dt.date, *projects: str, cost: str = "1.5") -> pa.Table:
    row = {"service": "s", "sku": "k", "location": "", "currency": "EUR", "run_id": "r1"}
    amounts = {"cost": Decimal(cost), "credits": Decimal("0"), "net_cost": Decimal(cost)}
    return pa.Table.from_pylist([{"date": day, "project_id": name, **row, **amounts} for name in projects])


# -- statements, on the emulator ---------------------------------------------------------------------------


class Warehouse:
    """A dataset of the emulator with all tables, and the store on it."""

    def __init__(self, emulator: Emulator, dataset: str, home: Path) -> None:
        settings = emulator.settings(home, dataset)
        setup(settings, dry_run=False)
        self.store = BigQueryStore(settings)
        self.client = emulator.client(dataset)
        self.dataset = dataset

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return [tuple(row.values()) for row in self.client.query(sql).result()]

    def staging(self) -> list[str]:
        names = [item.table_id for item in self.client.list_tables(self.dataset)]
        return [name for name in names if name.startswith("staging_")]


@pytest.fixture
def warehouse(bq_emulator: Emulator, bq_dataset: str, tmp_path: Path) -> Warehouse:
    return Warehouse(bq_emulator, bq_dataset, tmp_path)


def test_every_type_arrives_as_it_left(warehouse: Warehouse) -> None:
    source = assets(
        "//a",
        labels='{"team":"blue"}',
        ancestors=["projects/1", "organizations/9"],
        resource='{"data":{"IPProtocol":1,"ipProtocol":2}}',
    )
    assert warehouse.store.merge("assets", source, "r1") == 1
    (row,) = warehouse.rows(
        "SELECT name, JSON_VALUE(labels, '$.team'), ancestors, JSON_VALUE(resource, '$.data.ipProtocol'),"
        " last_seen, create_time FROM assets"
    )
    assert row == ("//a", "blue", ["projects/1", "organizations/9"], "2", NOON, None)
    assert warehouse.store.load("daily_costs", costs(DAY, "p"), "r1") == 1
    assert warehouse.rows("SELECT date, cost FROM daily_costs") == [(DAY, Decimal("1.5"))]
    assert warehouse.staging() == []


def test_merge_inserts_and_overwrites_by_key(warehouse: Warehouse) -> None:
    warehouse.store.merge("assets", assets("//a", "//b", state="old"), "r1")
    warehouse.store.merge("assets", assets("//b", "//c", state="new"), "r2")
    assert warehouse.rows("SELECT name, state FROM assets ORDER BY name") == [
        ("//a", "old"),
        ("//b", "new"),
        ("//c", "new"),
    ]


def test_merge_can_take_out_what_is_missing(warehouse: Warehouse) -> None:
    warehouse.store.merge("assets", assets("//a", "//b"), "r1")
    warehouse.store.merge("assets", assets("//b"), "r2", delete_missing=True)
    assert warehouse.rows("SELECT name FROM assets") == [("//b",)]


def test_an_older_run_repeated_does_not_bring_back_its_rows(warehouse: Warehouse) -> None:
    old, new = assets("//a", state="old"), assets("//a", state="new")
    warehouse.store.merge("assets", old, "r1")
    warehouse.store.merge("assets", new, "r2")
    warehouse.store.merge("assets", old, "r1")
    assert warehouse.rows("SELECT state FROM assets") == [("new",)]


def test_json_rows_are_appended_once_per_run(warehouse: Warehouse) -> None:
    source = pa.Table.from_pylist(
        [
            {
                "change_id": "c1",
                "date": DAY,
                "changed_at": NOON,
                "observed_at": NOON,
                "name": "//a",
                "asset_type": "t",
                "change_type": "updated",
                "changed_fields": ["resource"],
                "source": "import",
                "before": '{"a":1}',
                "after": '{"a":2}',
                "run_id": "r1",
            }
        ]
    )
    for _ in range(2):
        warehouse.store.load("asset_changes", source, "r1")
    assert warehouse.rows(
        "SELECT change_id, changed_fields, JSON_VALUE(after, '$.a') FROM asset_changes"
    ) == [("c1", ["resource"], "2")]


def test_a_day_is_exchanged_and_its_neighbours_stay(warehouse: Warehouse) -> None:
    next_day = DAY + dt.timedelta(days=1)
    warehouse.store.replace_days("daily_costs", [DAY], costs(DAY, "a", "b"), "r1")
    warehouse.store.replace_days("daily_costs", [next_day], costs(next_day, "a"), "r1")
    warehouse.store.replace_days("daily_costs", [DAY], costs(DAY, "c", cost="2"), "r2")
    assert warehouse.rows("SELECT date, project_id, cost FROM daily_costs ORDER BY date") == [
        (DAY, "c", Decimal("2")),
        (next_day, "a", Decimal("1.5")),
    ]
    warehouse.store.replace_days("daily_costs", [DAY], costs(DAY, "c").slice(0, 0), "r3")
    assert warehouse.rows("SELECT DISTINCT date FROM daily_costs") == [(next_day,)]


def test_a_parquet_file_of_the_cache_is_taken_as_it_is(warehouse: Warehouse, tmp_path: Path) -> None:
    """Dictionaries, other units, another order, bookkeeping columns."""
    source = assets("//a", "//b").append_column("_rev", pa.array([1, 2]))
    source = source.set_column(1, "asset_type", source["asset_type"].dictionary_encode())
    source = source.set_column(2, "last_seen", source["last_seen"].cast(pa.timestamp("ns", "UTC")))
    path = tmp_path / "assets.parquet"
    pq.write_table(source, path, row_group_size=1)
    assert warehouse.store.merge("assets", path, "r1") == 2
    assert warehouse.rows(
        "SELECT COUNT(*) FROM assets WHERE asset_type = 'compute.googleapis.com/Instance'"
    ) == [(2,)]


# -- what is refused before anything is sent -----------------------------------------------------------------


@pytest.fixture
def settings(bq_fake: BigQueryFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(store_module, "FIRST_PAUSE_SECONDS", 0.01)
    return Settings(
        home=tmp_path,
        gcp_project="lz-test-project",
        bigquery_emulator_host=bq_fake.host,
        layer_timeout_seconds=20,
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (assets("//a", "//b", "//a"), "occur more than once.*//a"),
        (assets("//a", colour="red"), "no column 'colour'"),
        (assets("//a", asset_type=None), "asset_type is required, but null in 1 rows"),
        (assets("//a", last_seen="yesterday"), "last_seen is TIMESTAMP"),
    ],
)
def test_rows_that_do_not_fit(
    bq_fake: BigQueryFake, settings: Settings, source: pa.Table, message: str
) -> None:
    with pytest.raises(Permanent, match=message):
        BigQueryStore(settings).merge("assets", source, "r1")
    assert bq_fake.requests == []


def test_rows_of_another_day(bq_fake: BigQueryFake, settings: Settings) -> None:
    with pytest.raises(Permanent, match="hold other days in date, for example 2026-03-02"):
        BigQueryStore(settings).replace_days("daily_costs", [DAY], costs(dt.date(2026, 3, 2), "a"), "r1")
    assert bq_fake.requests == []


def test_an_unknown_table_and_one_without_days(settings: Settings) -> None:
    store = BigQueryStore(settings)
    with pytest.raises(Permanent, match="no table 'nope'"):
        store.load("nope", assets("//a"), "r1")
    with pytest.raises(Permanent, match="assets is not partitioned"):
        store.replace_days("assets", [DAY], assets("//a"), "r1")


# -- jobs by id, on the fake ---------------------------------------------------------------------------------

COSTS = "lz_metrics.daily_costs"


def test_a_load_job_says_what_it_loads(bq_fake: BigQueryFake, settings: Settings) -> None:
    BigQueryStore(settings).load("daily_costs", costs(DAY, "a", "b"), "r1")
    (job,) = bq_fake.jobs.values()
    load = job["configuration"]["load"]
    assert load["sourceFormat"] == "PARQUET"
    assert load["parquetOptions"]["enableListInference"] is True
    assert load["writeDisposition"] == "WRITE_APPEND"
    assert load["createDisposition"] == "CREATE_NEVER"
    assert job["configuration"]["labels"]["portal"] == "landing-zone"
    sent = {field["name"]: field["type"] for field in load["schema"]["fields"]}
    assert list(sent) == [column.name for column in tables()["daily_costs"].columns]
    assert bq_fake.tables[COSTS]["numRows"] == "2"
    assert bq_fake.calls("POST", "upload")[0].query["uploadType"] == ["resumable"]


def test_json_is_never_asked_of_a_parquet_load(bq_fake: BigQueryFake, settings: Settings) -> None:
    BigQueryStore(settings).merge("assets", assets("//a", labels="{}"), "r1")
    loads = [job["configuration"]["load"] for job in bq_fake.jobs.values() if "load" in job["configuration"]]
    assert {field["type"] for load in loads for field in load["schema"]["fields"]} == {"STRING", "TIMESTAMP"}
    (query,) = [config["query"] for config in bq_fake.submitted() if "query" in config]
    assert "PARSE_JSON(`labels`" in query["query"]
    assert query["maximumBytesBilled"] == str(settings.bigquery_max_bytes_billed)


def test_loaded_twice_is_loaded_once(bq_fake: BigQueryFake, settings: Settings) -> None:
    for _ in range(3):
        assert BigQueryStore(settings).load("daily_costs", costs(DAY, "a", "b"), "r1") == 2
    assert bq_fake.tables[COSTS]["numRows"] == "2"
    assert len(bq_fake.jobs) == 1
    BigQueryStore(settings).load("daily_costs", costs(DAY, "a", "b"), "r2")
    assert bq_fake.tables[COSTS]["numRows"] == "4", "another run is other rows"


def test_a_job_somebody_else_has_just_started_is_waited_for(
    bq_fake: BigQueryFake, settings: Settings
) -> None:
    """Between the look and the upload another process takes the id: BigQuery answers 409."""
    BigQueryStore(settings).load("daily_costs", costs(DAY, "a"), "r1")
    bq_fake.failures = [("GET", "/jobs/", Failure(404, "notFound", "Not found: Job"))]
    BigQueryStore(settings).load("daily_costs", costs(DAY, "a"), "r1")
    assert bq_fake.tables[COSTS]["numRows"] == "1"
    assert len(bq_fake.calls("PUT", "upload")) == 2, "the second upload was refused, not skipped"


def test_killed_while_the_job_runs(bq_fake: BigQueryFake, settings: Settings) -> None:
    """The job goes on in BigQuery; the next run finds and awaits it."""
    bq_fake.polls = 3
    bq_fake.failures = [("GET", "/jobs/", Failure(404, "notFound", "Not found: Job"))]
    killed = KeyboardInterrupt("killed")

    class Dies(BigQueryStore):
        def _once(self, base: str, start: object, *_: object, **__: object) -> None:
            start(f"{base}_0")  # type: ignore[operator]
            raise killed

    with pytest.raises(KeyboardInterrupt):
        Dies(settings).load("daily_costs", costs(DAY, "a"), "r1")
    assert bq_fake.tables.get(COSTS, {"numRows": "0"})["numRows"] == "0"
    BigQueryStore(settings).load("daily_costs", costs(DAY, "a"), "r1")
    assert bq_fake.tables[COSTS]["numRows"] == "1"
    assert len(bq_fake.jobs) == 1


def test_a_failure_inside_bigquery_is_tried_under_the_next_id(
    bq_fake: BigQueryFake, settings: Settings
) -> None:
    bq_fake.job_errors = [{"reason": "backendError", "message": "oops"}]
    BigQueryStore(settings).load("daily_costs", costs(DAY, "a"), "r1")
    assert bq_fake.tables[COSTS]["numRows"] == "1"
    assert [job_id[-2:] for job_id in bq_fake.jobs] == ["_0", "_1"]


def test_after_mending_the_same_run_works(bq_fake: BigQueryFake, settings: Settings) -> None:
    bq_fake.job_errors = [{"reason": "invalid", "message": "Schema mismatch"}]
    with pytest.raises(QueryError, match="Schema mismatch"):
        BigQueryStore(settings).load("daily_costs", costs(DAY, "a"), "r1")
    assert len(bq_fake.jobs) == 1, "what trying again cannot mend is not tried again"
    BigQueryStore(settings).load("daily_costs", costs(DAY, "a"), "r1")
    assert bq_fake.tables[COSTS]["numRows"] == "1"


def test_a_job_that_may_still_succeed_is_not_repeated_under_another_id(
    bq_fake: BigQueryFake, settings: Settings
) -> None:
    bq_fake.polls = NEVER
    quick = settings.model_copy(update={"layer_timeout_seconds": 1})
    with pytest.raises(Retryable):
        BigQueryStore(quick).load("daily_costs", costs(DAY, "a"), "r1")
    assert len(bq_fake.jobs) == 1
    assert len(bq_fake.calls("POST", "/cancel$")) == 1


def test_a_job_lost_sight_of_is_not_repeated_under_another_id(
    bq_fake: BigQueryFake, settings: Settings
) -> None:
    """Not known how it went: it may have succeeded, so only its own id may be asked for again."""
    bq_fake.polls = 1
    bq_fake.failures = [
        ("GET", "/jobs/", Failure(404, "notFound", "Not found: Job")),
        ("GET", "/jobs/", Failure(408, "timeout", "Request timed out")),
    ]
    with pytest.raises(Retryable):
        BigQueryStore(settings).load("daily_costs", costs(DAY, "a"), "r1")
    assert len(bq_fake.jobs) == 1


@pytest.mark.parametrize("lost", [False, True])
def test_cut_off_between_staging_and_merge(bq_fake: BigQueryFake, settings: Settings, lost: bool) -> None:
    """The merge is refused once. The next run merges; it uploads again only if the staging table is gone."""
    denied = {"reason": "accessDenied", "message": "bigquery.tables.updateData denied"}
    bq_fake.job_errors = [None, denied]
    with pytest.raises(Permanent):
        BigQueryStore(settings).merge("assets", assets("//a"), "r1")
    (staging,) = bq_fake.tables
    assert staging.startswith("lz_metrics.staging_merge_assets_")
    assert int(bq_fake.tables[staging]["expirationTime"]) > NOON.timestamp() * 1000
    if lost:
        del bq_fake.tables[staging]
    BigQueryStore(settings).merge("assets", assets("//a"), "r1")
    assert bq_fake.tables == {}, "no staging table stays"
    loads = [job for job in bq_fake.jobs.values() if "load" in job["configuration"]]
    assert len(loads) == (2 if lost else 1)


def test_a_merge_already_done_is_not_done_again(bq_fake: BigQueryFake, settings: Settings) -> None:
    for _ in range(2):
        BigQueryStore(settings).merge("assets", assets("//a"), "r1")
    assert len(bq_fake.jobs) == 2
    assert len(bq_fake.calls("PUT", "upload")) == 1


def test_a_busy_upload_is_tried_again(bq_fake: BigQueryFake, settings: Settings) -> None:
    bq_fake.failures = [("PUT", "/upload/", Failure(503, "backendError", "busy"))]
    BigQueryStore(settings).load("daily_costs", costs(DAY, "a"), "r1")
    assert bq_fake.tables[COSTS]["numRows"] == "1"


def test_nothing_to_load_asks_nothing(bq_fake: BigQueryFake, settings: Settings) -> None:
    assert BigQueryStore(settings).load("daily_costs", costs(DAY), "r1") == 0
    assert bq_fake.requests == []
