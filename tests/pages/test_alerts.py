"""What the page Alerts shows, asks of the sidecar, and says of its answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app import sidecar
from app.errors import QueryError
from app.ui import text
from app.ui.alert_detail import _split
from tests.pages.alert_rows import alert, rule
from tests.pages.conftest import NOW, World, page, words


@pytest.fixture
def alerts(full: World) -> World:
    full.con.execute(
        "DELETE FROM alerts; DELETE FROM alert_rules; DELETE FROM alert_channels; DELETE FROM portal_info"
    )
    rule(full)
    alert(full, "a")
    alert(full, "b", "acknowledged", severity="critical", acknowledged_by="ada", acknowledged_at=NOW)
    alert(full, "c", "resolved", resolved_at=NOW - timedelta(hours=1))
    full.add(
        "alert_history", history_id="h", happened_at=NOW - timedelta(hours=2), alert_id="a", rule="freshness", subject="assets",
        severity="high", what="fired", summary="Assets are old.",
    )  # fmt: skip
    return full


def test_figures_and_the_active_ones(alerts: World) -> None:
    test = page("alerts")
    assert {one.label: one.value for one in test.metric} == {
        "Firing": "1", "of them critical": "0", "Acknowledged": "1", "Silenced": "0", "Resolved in 24 h": "1",
    }  # fmt: skip
    assert list(test.dataframe[0].value["status"]) == ["◉ Acknowledged", "● Firing"]
    assert list(test.dataframe[0].value["severity"]) == ["⬤ critical", "◆ high"]


def test_a_link_shows_what_resolved(alerts: World) -> None:
    test = page("alerts", show="Resolved")
    assert list(test.dataframe[0].value["age"]) == ["1 h ago over"]


def test_not_evaluated_is_not_nothing_wrong(full: World) -> None:
    full.con.execute("DELETE FROM alerts; DELETE FROM alert_rules")
    said = words(page("alerts"))
    assert "Not evaluated yet" in said and "Nothing is wrong" not in said


def test_nothing_wrong_is_said_when_all_was_evaluated(alerts: World) -> None:
    alerts.con.execute("DELETE FROM alerts")
    assert "Nothing is wrong" in words(page("alerts"))
    assert "No such alert" in words(page("alerts", severity="low"))


def test_rules_that_fail_or_are_late_are_told_above_everything(alerts: World) -> None:
    alerts.con.execute(
        "UPDATE alert_rules SET evaluated_at = ?, error = 'No such column'", [NOW - timedelta(hours=1)]
    )
    alerts.add("portal_info", key="alerts_problem", value="alerts.toml: there is no rule 'x'.")
    test = page("alerts")
    said = words(test)
    assert "last evaluated 1 h ago" in said and "1 rule could not be evaluated" in said
    assert "No rule is evaluated" in said and "there is no rule" in said
    rules = next(one.value for one in test.dataframe if "file" in one.value)
    assert list(rules["why"]) == ["No such column"] and list(rules["file"]) == ["sql/alerts/freshness.sql"]


def test_one_alert_in_full(alerts: World) -> None:
    test = page("alerts", alert="a")
    said = words(test)
    assert "What to do" in said and "Start the sidecar" in said and "What became of it" in said
    assert text.plain("Assets are <b>old</b> (a).") in said, "shown as it is"
    assert "No such alert" in words(page("alerts", alert="none"))


def test_acknowledged_by_the_sidecar_in_the_name_of_who_asks(
    alerts: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    def answer(what: str, body: dict[str, Any]) -> dict[str, Any]:
        asked.append((what, body))
        return {"changed": 1}

    monkeypatch.setattr(sidecar, "alerts", answer)
    test = page("alerts", alert="a")
    test.text_input(key="who-alert").input("ada").run()
    test.button(key="acknowledge").click().run()
    assert asked == [("acknowledge", {"ids": ["a"], "who": "ada", "note": None})]
    assert "Acknowledged." in words(test)
    test = page("alerts", alert="a")
    assert test.button(key="silence").disabled, "a reason is needed"
    test.text_input(key="why-alert").input("Maintenance").run()
    test.button(key="silence").click().run()
    until = (NOW + timedelta(hours=4)).isoformat()
    assert asked[-1] == ("silence", {"ids": ["a"], "who": "operator", "until": until, "why": "Maintenance"})


def test_without_a_sidecar_nothing_is_changed_and_it_says_so(alerts: World) -> None:
    test = page("alerts", alert="a")
    test.button(key="acknowledge").click().run()
    assert "Nothing was changed" in words(test)


def test_channels_say_how_they_stand_and_can_be_tried(alerts: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alerts.add("alert_channels", channel="slack", configured=True, target="hooks.test", least_severity="high", failures=3,
               last_error="Status 503: <b>down</b>", last_error_at=NOW, next_try_at=NOW + timedelta(minutes=2))  # fmt: skip
    alerts.add(
        "alert_channels",
        channel="email",
        configured=False,
        target="Set PORTAL_ALERT_SMTP_HOST.",
        least_severity="low",
        failures=0,
    )
    alerts.add("alert_messages", message_id="m", seq=1, channel="slack", alert_id="a", what="fired", alert="{}",
               created_at=NOW - timedelta(minutes=30), status="waiting")  # fmt: skip
    test = page("alerts", tab="Channels")
    said = words(test)
    assert "Does not take messages" in said and "**1 waiting**" in said and "Not set up" in said
    assert "3 tries" in said and "PORTAL_ALERT_SMTP_HOST" in said.replace("\\", "")
    for answer, told in (
        ({"taken": True, "reason": None}, "Slack took the test"),
        ({"taken": False, "reason": "Status 404"}, "Status 404"),
    ):
        monkeypatch.setattr(sidecar, "test_channel", lambda *_, answer=answer: answer)
        test.button(key="test-slack").click().run()
        assert told in words(test)


def test_an_error_of_the_engine_is_told(alerts: World) -> None:
    alerts.broken = QueryError("The cache cannot be read.")
    assert "The alerts cannot be shown." in words(page("alerts"))


def test_links_are_taken_apart() -> None:
    assert _split("compliance?finding=a%7C%2F%2Fb%26c") == ("compliance", {"finding": "a|//b&c"})
