"""The Drift page: counts that agree, unknown never counted as managed, both values, links."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import drift_detail, drift_status
from tests.pages.conftest import VM, World, page, words
from tests.pages.landing_zone_rows import ADDRESS


def figures(test: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in test.metric}


def test_counts_and_share(full: World) -> None:
    assert figures(page("drift")) == {
        "Under code": "42.9%",  # 2 managed and 1 changed, of 7: the unknown ones count as not under code
        "✓ Managed": "2",
        "~ Changed": "1",
        "− Missing": "0",
        "+ Unmanaged": "2",
        "? Unknown": "2",
    }


@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        ({}, ["~ Changed", "+ Unmanaged", "+ Unmanaged", "? Unknown", "? Unknown", "✓ Managed", "✓ Managed"]),
        ({"status": "unknown"}, ["? Unknown", "? Unknown"]),
        ({"q": "vpc.tf"}, ["~ Changed"]),
        (
            {"project": "shop-prod", "type": "compute.googleapis.com/Instance", "status": "changed"},
            ["~ Changed"],
        ),
    ],
)
def test_filters_of_a_link(full: World, query: dict[str, str], statuses: list[str]) -> None:
    test = page("drift", **query)
    assert not test.exception
    assert list(test.dataframe[0].value["status"]) == statuses
    assert f"1 to {len(statuses)} of {len(statuses)}" in words(test)


def test_a_link_to_what_is_gone_shows_nothing_instead_of_everything(full: World) -> None:
    test = page("drift", project="deleted-project")
    assert "Nothing passes these filters" in words(test)
    assert not test.dataframe
    test.button(key="clear").click().run()
    assert figures(test)["~ Changed"] == "1"


def test_reasons_of_the_unknown(full: World) -> None:
    test = page("drift")
    assert "Why 2 resources are unknown" in [one.label for one in test.expander]
    frame = test.dataframe[1].value
    assert frame.to_dict("records") == [{"reason": "count is not known", "resources": 2}]


def test_both_values_with_links_to_the_line_and_the_asset(full: World) -> None:
    test = page("drift", item=ADDRESS)
    assert not test.exception
    said = words(test)
    assert "2 attributes differ" in said
    table = test.table[0].value
    assert list(table["Attribute"]) == [r"machine\_type", "labels"]
    assert list(table["Declared"]) == [r"e2\-small", "—"]
    assert list(table["Actual"]) == [r"n2\-large", r'\{"env"\:"prod"\}']
    links = test.get("page_link")
    queries = [str(one.proto.query_string) for one in links]
    assert any("doc=terraform%2Fvpc.tf" in one and "line=2" in one for one in queries)
    assert any("asset=" in one and VM.rpartition("/")[2] in one for one in queries)


def test_an_unknown_one_says_why(full: World) -> None:
    assert "count is not known" in words(page("drift", item="//compute.test/unknown-0"))


def test_one_that_is_gone(full: World) -> None:
    assert "Not in the comparison" in words(page("drift", item="nothing"))


def test_one_counted_day_is_no_line(full: World) -> None:
    full.con.execute("DELETE FROM drift_daily WHERE unmanaged = 3")
    assert "One day is counted so far" in words(page("drift"))


@pytest.mark.parametrize(
    ("counts", "share"),
    [
        ((0, 0, 5, 0, 0), None),  # missing ones do not exist
        ((0, 0, 0, 0, 3), 0.0),
        ((3, 1, 9, 2, 2), 0.5),
    ],
)
def test_share(counts: tuple[int, ...], share: float | None) -> None:
    row = dict(zip(("managed", "changed", "missing", "unmanaged", "unknown"), counts, strict=True))
    assert drift_status.share(row) == share


@pytest.mark.parametrize(
    ("value", "said"), [(None, "—"), (1.0, "100.0%"), (0.99999, ">99.9%"), (0.0001, "<0.1%"), (0.0, "0.0%")]
)
def test_percent_is_never_rounded_to_all_or_nothing(value: float | None, said: str) -> None:
    assert drift_status.percent(value) == said


def test_values_that_are_not_text() -> None:
    found = drift_detail.values(
        '[{"attribute":"a","declared":true,"actual":null},{"attribute":"b","declared":[],"actual":1.5}]'
    )
    assert [(one["declared"], one["actual"]) for one in found] == [("true", None), ("[]", "1.5")]
