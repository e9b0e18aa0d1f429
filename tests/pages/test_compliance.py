"""The Compliance page: counts that agree, unknown never counted as passed, evidence, remedies that are safe to paste."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import remediation
from tests.pages import compliance_rows
from tests.pages.compliance_rows import HOSTILE, OPEN
from tests.pages.conftest import NOW, TODAY, World, page, words


def figures(test: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in test.metric}


def test_overview(full: World) -> None:
    test = page("compliance")
    assert not test.exception
    assert figures(test)["Score"] == "75.0%"
    assert "75.0%" in words(test) and "1 waiver has" in words(test) and "1 waiver runs" in words(test)
    assert "ours.sql: it reads sync_runs." in words(test)


def test_only_unknown_is_no_score(world: World) -> None:
    compliance_rows.rule(world, "fog", unknown=4)
    for number in range(4):
        compliance_rows.finding(world, "fog", f"//storage.googleapis.com/f{number}", status="unknown")
    compliance_rows.day(world, 0, None, passed=0, failed=0, waived=0, unknown=4)
    test = page("compliance")
    assert not test.exception
    assert "100" not in figures(test)["Score"]
    assert figures(test)["? Unknown"] == "4"


def test_nothing_ran_yet(world: World) -> None:
    test = page("compliance")
    assert "No rule has run yet" in words(test)
    assert not test.metric


@pytest.mark.parametrize(
    ("query", "assets"),
    [
        ({}, ["shop-open", HOSTILE.rpartition("/")[2]]),
        ({"state": "Waived"}, ["site"]),
        ({"state": "Unknown"}, ["fog"]),
        ({"state": "Resolved"}, ["old"]),
        ({"q": "shop-open"}, ["shop-open"]),
        ({"state": "All", "severity": "low"}, ["fog", "old"]),
        ({"control": "CIS Google Cloud 4.0 · 5.1", "rule": "bucket_shut", "q": "shop-open"}, ["shop-open"]),
    ],
)
def test_filters_of_a_link(full: World, query: dict[str, str], assets: list[str]) -> None:
    test = page("compliance", tab="Findings", **query)
    assert not test.exception
    assert sorted(test.dataframe[0].value["asset"]) == sorted(assets)


def test_a_finding_with_evidence_and_remedies(full: World) -> None:
    test = page("compliance", tab="Findings", finding=f"bucket_shut|{OPEN}")
    assert not test.exception
    said = words(test)
    assert "Whoever has the address has the data" in said
    assert "Not signed links" in said
    assert "gs://shop-open --member=allUsers" in said
    assert '"google_storage_bucket_iam_member" "shop-open"' in said


def test_a_hostile_name_is_text_and_one_word_of_the_command(full: World) -> None:
    test = page("compliance", tab="Findings", finding=f"bucket_shut|{HOSTILE}")
    assert not test.exception
    codes = [one.value for one in test.code]
    assert HOSTILE in codes
    (command,) = [one for one in codes if one.startswith("gcloud")]
    import shlex

    assert shlex.split(command)[4] == f"gs://{HOSTILE.rpartition('/')[2]}"
    assert "could not be judged again" in words(test)
    markdown = "\n".join(str(one.value) for one in test.markdown)
    assert "<b>big</b>" not in markdown and "<b>allUsers</b>" not in markdown
    assert not any(one.allow_html for one in test.markdown)


@pytest.mark.parametrize(
    ("template", "values", "made"),
    [
        ("gcloud x {name}", {"name": "a b"}, "gcloud x 'a b'"),
        ('gcloud x --f="{name}"', {"name": "$(id)`"}, 'gcloud x --f="\\$(id)\\`"'),
        ("gcloud x {name}", {"name": "--all"}, "gcloud x NAME"),
        ("gcloud x {name}", {"name": "a\nrm"}, "gcloud x NAME"),
        ("gcloud x {name}", {"name": None}, "gcloud x NAME"),
    ],
)
def test_values_in_a_command(template: str, values: dict[str, str | None], made: str) -> None:
    assert remediation.gcloud(template, values).text == made


def test_values_in_terraform() -> None:
    filled = remediation.terraform(
        'resource "t" "{display_name}" {\n  name = "{name}"\n}', {"display_name": 'a".b', "name": '${x}"'}
    )
    assert filled.text == 'resource "t" "a__b" {\n  name = "$${x}\\""\n}'


def test_no_such_finding(full: World) -> None:
    assert "No such finding" in words(page("compliance", finding="bucket_shut|//nowhere"))


def test_every_control_of_a_version(full: World) -> None:
    test = page("compliance", tab="Framework")
    assert not test.exception
    table = test.dataframe[0].value.set_index("control")
    assert len(table) > 80
    assert "Failed" in table.loc["5.1", "state"]
    counts = figures(test)
    assert sum(int(counts[name]) for name in counts if name != "Covered") == len(table)


def test_a_broken_rule_and_its_error(full: World) -> None:
    test = page("compliance", tab="Rules", of_rule="ours")
    assert not test.exception
    assert "ours.sql: it reads sync_runs." in words(test) or any("ours.sql" in one.value for one in test.code)
    assert "Its findings stay open" in words(test)


def test_what_a_sync_could_not_see_is_said_on_the_page(full: World) -> None:
    gap = [{"scope": "projects/shop-prod", "content": "RESOURCE", "reason": "No permission.", "hint": "Grant it.",
            "since": (NOW - timedelta(days=1)).isoformat()}]  # fmt: skip
    full.add("portal_info", key="assets_missed", value=json.dumps(gap))
    for name in ("compliance", "infrastructure", "drift", "trends"):
        said = words(page(name))
        assert "Not everything could be seen" in said and "projects/shop" in said, name


def test_waivers_by_the_day_they_end(full: World) -> None:
    frames = [one.value for one in page("compliance").dataframe if "expires" in one.value]
    assert [str(one)[:10] for one in frames[0]["expires"]] == [
        str(TODAY + timedelta(days=n)) for n in (-2, 5, 90)
    ]
    assert list(frames[0]["left"]) == [-2, 5, 90]
