"""The Infrastructure page: counts that agree, filters, past days, one asset."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import sql_files
from app.ui import inventory
from tests.pages.conftest import TODAY, VM, World, page, words


def shown(test: AppTest) -> list[str]:
    """The names in the table."""
    return [str(name) for name in test.dataframe[0].value["display_name"]]


def figures(test: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in test.metric}


@pytest.mark.parametrize("tab", ["Projects", "Instances", "All other types"])
@pytest.mark.parametrize("query", [{}, {"project": "shop-prod"}, {"q": "1"}, {"label": "env=prod"}])
def test_the_figure_of_a_tab_is_the_rows_of_its_table(full: World, tab: str, query: dict[str, str]) -> None:
    test = page("infrastructure", tab=tab, **query)
    total = int(figures(test)[tab])
    rows = len(test.dataframe[0].value) if test.dataframe else 0
    assert rows == min(total, 50)
    if total:
        assert f"of {total:,}." in words(test)


def test_counts_and_tables_have_the_same_filters() -> None:
    """The condition is one text, in every file that has it."""

    def condition(key: str) -> str:
        text = sql_files.get(key).text
        part = text[text.index("WHERE (ARRAY_LENGTH(@tab_types)") :]
        return " ".join(part[: part.index("@search)) > 0")].split())

    keys = [f"pages/infrastructure/{tab.key}" for tab in inventory.tabs()]
    keys += ["pages/infrastructure/snapshot_counts", "pages/infrastructure/snapshot_assets"]
    assert {condition(key) for key in keys} == {condition("pages/infrastructure/counts")}


def test_a_link_restores_the_filters(full: World) -> None:
    test = page("infrastructure", tab="Instances", project="shop-prod", label="env=prod", folder="products")
    assert shown(test) == ["web-1", "web-2"]
    assert test.multiselect(key="project").value == ["shop-prod"]
    assert test.text_input(key="label").value == "env=prod"


def test_a_link_to_what_is_gone_shows_nothing_instead_of_everything(full: World) -> None:
    test = page("infrastructure", project="deleted-project")
    assert figures(test)["All resources"] == "0"
    assert "Nothing of this kind passes the filters" in words(test)


def test_a_folder_holds_what_is_below_it(full: World) -> None:
    assert figures(page("infrastructure", folder="products"))["Instances"] == "3"
    assert figures(page("infrastructure", folder="products / shop"))["Instances"] == "3"


def test_long_tables_come_in_pages(full: World) -> None:
    first = page("infrastructure", tab="All other types")
    assert "1 to 50 of 63." in words(first)
    second = page("infrastructure", tab="All other types", **{"others-page": "2"})
    assert "51 to 63 of 63." in words(second)
    assert not set(shown(first)) & set(shown(second))


def test_clearing_the_filters(full: World) -> None:
    test = page("infrastructure", q="nothing has this name")
    test.button(key="clear-projects").click().run()
    assert not test.exception
    assert figures(test)["Projects"] == "1"


def test_a_past_day_is_the_newest_snapshot_up_to_it(full: World) -> None:
    test = page("infrastructure", tab="Instances", asof=str(TODAY - timedelta(days=2)))
    assert shown(test) == ["web-1"]
    said = words(test)
    assert f"The state at the end of **{TODAY - timedelta(days=7)}**" in said
    assert "No snapshot was taken on" in said


def test_a_day_before_the_first_snapshot_is_not_shown_as_empty(full: World) -> None:
    test = page("infrastructure", asof=str(TODAY - timedelta(days=30)))
    assert "No snapshot is as old as" in words(test)
    assert not test.dataframe


def test_today_is_the_state_now(full: World) -> None:
    assert figures(page("infrastructure", asof=str(TODAY)))["Instances"] == "3"


def detail(world: World, name: str) -> tuple[AppTest, str]:
    test = page("infrastructure", asset=name)
    assert not test.exception
    return test, words(test)


def test_one_asset_with_ancestry_content_and_changes(full: World) -> None:
    test, said = detail(full, VM)
    assert VM in said
    assert said.index("lz\\.example") < said.index("products") < said.index("projects/100")
    assert any("machineType" in str(one.value) for one in test.json)
    changes: list[Any] = [one.value for one in test.dataframe if "Before" in one.value]
    assert changes[0].to_dict("records") == [
        {"Field": "resource.data.status", "Before": "RUNNING", "After": "STOPPED"}
    ]


def test_a_deleted_asset_is_shown_by_its_history(full: World) -> None:
    full.con.execute("DELETE FROM assets WHERE name = ?", [VM])
    assert "no longer exists" in detail(full, VM)[1]


def test_an_unknown_asset(full: World) -> None:
    assert "No asset of this name is known" in detail(full, "//nothing")[1]
