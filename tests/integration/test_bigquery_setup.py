"""setup bigquery: dataset and tables are made, brought up to date, and never made smaller."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import Permanent
from app.schema import tables
from app.settings import Settings
from sync_jobs.setup.bigquery import setup
from tests.fixtures.bigquery_http_fake import BigQueryFake, Failure
from tests.fixtures.bqemulator import Emulator, new_dataset_name


@pytest.fixture
def settings(bq_fake: BigQueryFake, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, gcp_project="lz-test-project", bigquery_emulator_host=bq_fake.host)


def changes(fake: BigQueryFake) -> int:
    return sum(call.method in ("POST", "PATCH", "PUT", "DELETE") for call in fake.requests)


def test_everything_is_created_as_the_schema_says(bq_fake: BigQueryFake, settings: Settings) -> None:
    lines = setup(settings, dry_run=False)
    assert lines[0] == "dataset lz-test-project.lz_metrics: created in EU"
    assert lines[1:] == [f"table {name}: created" for name in tables()]
    assert bq_fake.datasets["lz_metrics"]["location"] == "EU"
    assert bq_fake.datasets["lz_metrics"]["labels"] == {"portal": "landing-zone"}
    changes_table = bq_fake.tables["lz_metrics.asset_changes"]
    assert changes_table["timePartitioning"] == {"type": "DAY", "field": "date"}
    assert changes_table["clustering"] == {"fields": ["project_id", "asset_type"]}
    assert changes_table["tableConstraints"]["primaryKey"] == {"columns": ["change_id"]}
    assert changes_table["description"].startswith("What changed")
    columns = {field["name"]: field for field in changes_table["schema"]["fields"]}
    assert columns["changed_fields"]["mode"] == "REPEATED"
    assert columns["before"]["type"] == "JSON"
    assert columns["change_id"]["mode"] == "REQUIRED"
    assert all(field["description"] for field in columns.values())
    # A timestamp partitions by its day.
    assert bq_fake.tables["lz_metrics.sync_runs"]["timePartitioning"]["field"] == "started_at"


def test_twice_changes_nothing(bq_fake: BigQueryFake, settings: Settings) -> None:
    setup(settings, dry_run=False)
    before = changes(bq_fake)
    lines = setup(settings, dry_run=False)
    assert all(line.endswith("nothing to do") for line in lines)
    assert changes(bq_fake) == before


def test_a_new_column_is_added_and_no_other_is_dropped(bq_fake: BigQueryFake, settings: Settings) -> None:
    setup(settings, dry_run=False)
    schema = bq_fake.tables["lz_metrics.alerts"]["schema"]["fields"]
    schema[:] = [field for field in schema if field["name"] not in ("summary", "rule")]
    schema.append({"name": "mine", "type": "STRING", "mode": "NULLABLE"})
    lines = setup(settings, dry_run=False)
    (line,) = [line for line in lines if line.startswith("table alerts")]
    assert line == "table alerts: column rule added, column summary added"
    after = {field["name"]: field for field in bq_fake.tables["lz_metrics.alerts"]["schema"]["fields"]}
    assert "mine" in after
    assert after["summary"]["mode"] == "NULLABLE", "rows that exist have no value for it"
    assert setup(settings, dry_run=False)[0].endswith("nothing to do")


def test_what_cannot_be_changed_is_reported_and_left(bq_fake: BigQueryFake, settings: Settings) -> None:
    setup(settings, dry_run=False)
    table = bq_fake.tables["lz_metrics.alerts"]
    next(field for field in table["schema"]["fields"] if field["name"] == "rule")["type"] = "INTEGER"
    table["timePartitioning"] = {"type": "DAY", "field": "resolved_at"}
    with pytest.raises(Permanent) as caught:
        setup(settings, dry_run=False)
    assert "alerts.rule is INT64, expected STRING" in caught.value.message
    assert "alerts is partitioned by resolved_at, expected fired_at" in caught.value.message


def test_a_dataset_elsewhere_is_not_used(bq_fake: BigQueryFake, settings: Settings) -> None:
    setup(settings, dry_run=False)
    bq_fake.datasets["lz_metrics"]["location"] = "US"
    with pytest.raises(Permanent, match="lies in US") as caught:
        setup(settings, dry_run=False)
    assert "PORTAL_BIGQUERY_LOCATION" in caught.value.hint


def test_cut_off_in_the_middle_it_goes_on(bq_fake: BigQueryFake, settings: Settings) -> None:
    denied = Failure(403, "accessDenied", "Permission bigquery.tables.create denied on dataset")
    bq_fake.failures = [("POST", "/tables", denied)]
    with pytest.raises(Permanent) as caught:
        setup(settings, dry_run=False)
    assert "roles/bigquery.dataEditor" in caught.value.hint
    lines = setup(settings, dry_run=False)
    assert lines[0].endswith("nothing to do")
    assert sum(line.endswith("created") for line in lines) == len(tables())


def test_a_dry_run_needs_nothing_and_touches_nothing(bq_fake: BigQueryFake, tmp_path: Path) -> None:
    lines = setup(Settings(home=tmp_path, bigquery_emulator_host=bq_fake.host), dry_run=True)
    assert bq_fake.requests == []
    assert lines[0].startswith("CREATE SCHEMA IF NOT EXISTS `lz_metrics`")
    assert "location = 'EU'" in lines[0]
    assert len(lines) == 1 + len(tables())
    assets = next(
        line for line in lines if line.startswith("CREATE TABLE IF NOT EXISTS `lz_metrics.assets` (")
    )
    assert "CLUSTER BY project_id, asset_type" in assets


def test_the_emulator_takes_it_twice(bq_emulator: Emulator, tmp_path: Path) -> None:
    dataset = new_dataset_name()
    settings = bq_emulator.settings(tmp_path, dataset)
    try:
        setup(settings, dry_run=False)
        assert all(line.endswith("nothing to do") for line in setup(settings, dry_run=False))
        client = bq_emulator.client(dataset)
        assert {item.table_id for item in client.list_tables(dataset)} == set(tables())
        rows = client.query("SELECT COUNT(*) AS n FROM assets WHERE JSON_VALUE(labels, '$.a') = 'b'").result()
        assert [row.n for row in rows] == [0]
    finally:
        bq_emulator.client().delete_dataset(dataset, delete_contents=True, not_found_ok=True)
