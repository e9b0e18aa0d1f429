"""What Sync status, Live events and Trends show and how they react."""

from __future__ import annotations

from datetime import timedelta

from streamlit.testing.v1 import AppTest

from app import sidecar
from app.errors import Busy
from tests.pages import conftest
from tests.pages.conftest import NOW, TODAY, World, page, words


def figures(test: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in test.metric}


def badges(test: AppTest) -> str:
    return "\n".join(one.value for one in test.markdown if "-badge[" in one.value)


def test_a_layer_without_a_source_is_never_green(full: World) -> None:
    full.con.execute("DELETE FROM layer_status WHERE configured")
    conftest.run(full, "policies", 1)
    test = page("sync_status")
    assert ":gray-badge[:material/do_not_disturb_on: Not configured]" in badges(test)
    assert "green" not in badges(test)
    assert "No rules yet" in words(test)
    assert not [one for one in test.button if one.label == "Run now"]


def test_errors_come_with_their_hint(full: World) -> None:
    conftest.run(full, "git", 1, "failed", error_messages=["The remote hung up."], hint="Check the network.")
    test = page("sync_status")
    said = words(test).replace("\\", "")
    assert "The remote hung up." in said
    assert "Check the network." in said
    assert ":red-badge[:material/cancel: Failed]" in badges(test)


def test_without_a_sidecar_nothing_can_be_run_and_the_page_says_how_old_the_data_is(full: World) -> None:
    test = page("sync_status")
    assert all(one.disabled for one in test.button if one.label == "Run now")
    assert "The sidecar is down" in words(test)
    assert "newest data is from" in words(test)


def test_run_now_asks_the_sidecar_and_shows_its_refusal(full: World, monkeypatch) -> None:
    asked = []

    def refuse(layer: str) -> str:
        asked.append(layer)
        raise Busy("Already running.", "Wait.")

    rows = {row["layer"]: row for row in full.arrow("pages/sync_status/layers").to_pylist()}
    monkeypatch.setattr(sidecar, "sync_status", lambda: rows)
    monkeypatch.setattr(sidecar, "run_now", refuse)
    test = page("sync_status")
    test.button(key="run-git").click().run()
    assert asked == ["git"]
    assert "Already running" in words(test)


def test_progress_of_a_run_under_way(full: World) -> None:
    conftest.run(
        full,
        "metrics",
        0,
        "in_progress",
        finished_at=None,
        sync_duration_seconds=None,
        details='{"progress":{"done":50,"total":200,"unit":"days"}}',
    )
    test = page("sync_status")
    assert "50 of 200 days" in str(test.get("progress")[0].proto.text)
    assert test.button(key="run-metrics").disabled


def test_the_history_is_filtered_by_link(full: World) -> None:
    conftest.run(full, "git", 2, "failed", error_messages=["x"])
    test = page("sync_status", layer="git", status="failed")
    assert "1 run: 0 success, 0 partial, 1 failed" in words(test)
    assert list(test.dataframe[0].value["layer"]) == ["git"]


def test_dead_letters_are_not_hidden(full: World) -> None:
    full.add(
        "dead_letters",
        dead_letter_id="d",
        received_at=conftest.NOW,
        layer="assets",
        source="a.json",
        reason="No name.",
        size_bytes=3,
        status="open",
    )
    assert any("1 open dead letter" in one.label for one in page("sync_status").expander)


def test_a_test_message_is_an_event_of_type_test(full: World) -> None:
    test = page("live_events")
    assert list(test.dataframe[0].value["type"]) == ["test", "policy.violation", "resource.created"]
    assert figures(test)["Events"] == "3"
    assert figures(test)["Critical and high"] == "1"


def test_events_are_filtered_by_link(full: World) -> None:
    test = page("live_events", type="policy.violation", window="1 hour")
    assert list(test.dataframe[0].value["summary"]) == ["Summary 2"]
    assert test.selectbox(key="window").value == "1 hour"


def test_one_event(full: World) -> None:
    test = page("live_events", event="e3")
    assert "Summary 3" in words(test)
    assert any("message" in str(one.value) for one in test.json)


def test_the_figures_of_a_range_are_its_ends(full: World) -> None:
    found = figures(page("trends", range="30 days"))
    assert found[f"Resources on {TODAY}"] == "63"
    assert found[f"On {TODAY - timedelta(days=9)}"] == "63"
    assert found["Days counted"] == "10 of 30"


def test_groups_and_filters_of_trends_by_link(full: World) -> None:
    test = page("trends", range="30 days", group="Type", type="compute.googleapis.com/Instance")
    table = test.dataframe[0].value
    assert list(table["group"]) == ["compute Instance"]
    assert list(table["difference"]) == [-9]


def test_comparing_with_a_time_that_was_not_counted_says_so(full: World) -> None:
    assert "Nothing was counted in the 30 days before" in words(
        page("trends", range="30 days", compare="true")
    )


def test_events_of_an_actor_by_link_and_the_rate(full: World) -> None:
    full.con.execute("UPDATE events SET actor = 'ada@lz.test' WHERE event_id = 'e2'")
    test = page("live_events", actor="ada@lz.test")
    assert list(test.dataframe[0].value["summary"]) == ["Summary 2"]
    assert figures(test)["Last hour"].endswith("a minute")


def test_an_event_of_a_rule_leads_to_its_finding_and_shows_what_changed(full: World) -> None:
    full.con.execute(
        "UPDATE events SET event_type = 'policy.violation', source = 'rules', asset_name = '//s.test/a',"
        """ raw = '{"policy_id": "door_open"}', before = '{"open": false}', after = '{"open": true}'"""
        " WHERE event_id = 'e2'"
    )
    test = page("live_events", event="e2")
    assert "What changed" in words(test)
    shown = [one.value for one in test.dataframe if "Before" in one.value]
    assert list(shown[0]["Field"]) == ["open"]


def test_an_event_leads_to_what_declares_its_asset_and_the_commit_before_it(full: World) -> None:
    full.con.execute("UPDATE events SET asset_name = '//s.test/declared' WHERE event_id = 'e2'")
    full.add("drift", drift_id="x", asset_name="//s.test/declared", path="terraform/a.tf", line=7)
    full.add(
        "git_commits",
        commit_sha="c0ffee00aa",
        committed_at=NOW - timedelta(days=300),
        message="Add [it]\n\nLong",
        files_changed=["terraform/a.tf"],
    )
    links = {
        one.proto.label: one.proto.query_string for one in page("live_events", event="e2").get("page_link")
    }
    (file,) = [query for label, query in links.items() if label.startswith("Declared in")]
    (commit,) = [query for label, query in links.items() if label.startswith("Commit before it")]
    assert "doc=terraform%2Fa.tf" in file and "line=7" in file
    assert "to=c0ffee00aa" in commit
