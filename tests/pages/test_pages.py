"""Every page in every state: full, empty, stale, partial, refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.errors import Permanent
from tests.pages import conftest
from tests.pages.conftest import NOW, PAGES, World, page, words

TITLES = dict(
    zip(
        PAGES,
        (
            "Sync status",
            "Infrastructure",
            "Landing zone",
            "Compliance",
            "Drift",
            "Alerts",
            "Live events",
            "Dead letters",
            "Trends",
        ),
        strict=True,
    )
)
LAYER_OF = [
    ("infrastructure", "assets"),
    ("landing_zone", "git"),
    ("drift", "drift"),
    ("live_events", "events"),
    ("trends", "metrics"),
]


@pytest.mark.parametrize("name", PAGES)
def test_full(full: World, name: str) -> None:
    test = page(name)
    assert [one.value for one in test.title] == [TITLES[name]]
    assert not test.exception
    assert not test.error
    assert "Synthetic data" in words(test)


@pytest.mark.parametrize("name", PAGES)
def test_real_data_is_not_called_synthetic(full: World, name: str) -> None:
    full.con.execute("UPDATE portal_info SET value = 'real' WHERE key = 'source_kind'")
    assert "Synthetic data" not in words(page(name))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sync_status", "No layer has been described yet"),
        ("infrastructure", "The inventory is empty"),
        ("landing_zone", "Nothing is synced yet"),
        ("compliance", "No rule has run yet"),
        ("drift", "Nothing has been compared yet"),
        ("live_events", "No events in this window"),
        ("trends", "No day has been counted yet"),
    ],
)
def test_an_empty_home_is_explained(world: World, name: str, said: str) -> None:
    test = page(name)
    assert not test.exception
    assert not test.error
    assert said in words(test)


@pytest.mark.parametrize(("name", "layer"), LAYER_OF)
def test_stale_data_says_how_old_it_is(full: World, name: str, layer: str) -> None:
    full.con.execute("DELETE FROM sync_runs WHERE layer = ?", [layer])
    conftest.run(full, layer, 3 * 3600)
    said = words(page(name))
    assert "is stale: synced 3 h ago" in said
    assert f"{NOW - timedelta(hours=3):%Y-%m-%d %H:%M} UTC" in said
    assert "the target is 10 min" in said


@pytest.mark.parametrize(("name", "layer"), LAYER_OF)
def test_partial_coverage_is_named(full: World, name: str, layer: str) -> None:
    conftest.run(full, layer, 5, "partial", missed=["projects/hidden"])
    said = words(page(name))
    assert "is partial: not seen projects/hidden" in said
    fresh = next((line for line in said.splitlines() if "Up to date" in line), "")
    title = {"git": "Repository"}.get(layer, layer.capitalize())
    assert f"**{title}** is partial" in said
    assert f"**{title}**" not in fresh


@pytest.mark.parametrize("name", PAGES)
def test_a_silent_sidecar_is_noticed(full: World, name: str) -> None:
    full.con.execute("UPDATE layer_status SET sidecar_seen = ?", [NOW - timedelta(hours=2)])
    said = words(page(name))
    assert "sidecar is not running" in said or "sidecar is down" in said


@pytest.mark.parametrize("name", PAGES)
def test_a_refused_query_is_an_error_state_with_what_to_do(full: World, name: str) -> None:
    full.broken = Permanent("Access denied to dataset lz_metrics.", "Grant roles/bigquery.dataViewer.")
    test = page(name)
    assert not test.exception
    assert [one.value for one in test.title] == [TITLES[name]]
    said = words(test).replace("\\", "")
    assert "Access denied to dataset lz_metrics." in said
    assert "Grant roles/bigquery.dataViewer." in said
    assert not test.dataframe


@pytest.mark.parametrize("name", PAGES)
def test_text_from_outside_is_not_interpreted(full: World, name: str) -> None:
    full.con.execute("UPDATE layer_status SET title = ?, reason = ?", ["![x](http://evil)", "<b>hi</b>"])
    full.con.execute("UPDATE layer_status SET configured = false")
    for one in page(name).markdown:
        assert "![x](http" not in one.value
        assert "<b>" not in one.value
