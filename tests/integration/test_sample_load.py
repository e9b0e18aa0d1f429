"""The sample goes through the layers, once, and gives way to a source."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import sql_files
from app.engines.local import LocalEngine
from app.errors import SettingsError
from app.settings import Settings
from sync_jobs.runner import Runner
from sync_jobs.sample import load
from sync_jobs.sample.repository import make_repository
from sync_jobs.sample.timeline import Year
from sync_jobs.store.cache import Cache


def one(settings: Settings, sql: str) -> object:
    engine = LocalEngine(settings)
    try:
        return engine.query(sql_files.adhoc(sql), {}).to_pylist()[0]["n"]
    finally:
        engine.close()


def test_the_sample_is_loaded_once_and_gives_way_to_a_source(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    loaded = load.load(settings)
    assert loaded["loaded"] and set(loaded["layers"]) == {"assets", "git", "events", "metrics"}
    assert set(loaded["layers"].values()) == {"success"}
    assert one(settings, "SELECT COUNT(*) AS n FROM assets") == loaded["assets"]
    assert one(settings, "SELECT COUNT(*) AS n FROM asset_changes") == loaded["changes"]
    assert one(settings, "SELECT COUNT(*) AS n FROM daily_metrics WHERE total_cost IS NOT NULL") >= 360
    assert one(settings, "SELECT COUNT(*) AS n FROM events") == 1500
    assert one(settings, "SELECT COUNT(*) AS n FROM git_commits") == 29
    for status, least in (
        ("managed", 300),
        ("changed", 5),
        ("missing", 3),
        ("unknown", 3),
        ("unmanaged", 1000),
    ):
        assert one(settings, f"SELECT COUNTIF(status = '{status}') AS n FROM drift") >= least, status
    assert load.load(settings) == {"home": str(settings.home), "loaded": False}
    assert not load.wanted(settings)

    own = make_repository(tmp_path / "own", Year(datetime(2026, 1, 1, tzinfo=UTC)))
    real = Settings(home=settings.home, git_url=own.as_uri(), git_publish_root=tmp_path / "published")
    assert Runner(real, Cache(real.home)).run("git", "cli")["status"] == "success"
    assert Cache(real.home).has_source() == "none"
    for table in (
        "assets",
        "asset_changes",
        "resources_daily",
        "events",
        "daily_costs",
        "daily_metrics",
        "drift",
    ):
        assert one(real, f"SELECT COUNT(*) AS n FROM {table}") == 0, table
    assert not (real.home / "sample").exists()


@pytest.mark.parametrize(
    "source", [{"git_url": "https://git.example/x.git"}, {"gcp_scope": "organizations/1"}]
)
def test_where_there_is_a_source_the_sample_stays_away(tmp_path: Path, source: dict[str, str]) -> None:
    settings = Settings(home=tmp_path / "home", **source)
    assert not load.wanted(settings)
    with pytest.raises(SettingsError, match="never mix"):
        load.load(settings)


def test_real_data_keeps_the_sample_away(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    Cache(settings.home).mark_source("real")
    assert not load.wanted(settings)
    with pytest.raises(SettingsError, match="imported assets"):
        load.load(settings)
