"""The life of an alert, step by step: what is kept, what is told, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sync_jobs.alerts import life
from sync_jobs.alerts.life import Changes, Row
from sync_jobs.alerts.rules import Wrong

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BAD = Wrong("assets", "high", "Assets are old.", "sync_status?layer=assets")


class Life:
    """Alerts of one rule as they would be stored, minute by minute."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.now = NOW
        self.told: list[str] = []
        self.what: list[str] = []

    def minute(self, *wrong: Wrong) -> Changes:
        self.now += timedelta(minutes=1)
        return self.take(life.compare("freshness", self.rows.values(), wrong, self.now))

    def take(self, changes: Changes) -> Changes:
        self.rows |= {row["alert_id"]: row for row in changes.alerts}
        self.told += [what for _, what in changes.told]
        self.what += [row["what"] for row in changes.history]
        return changes

    def act(self, changes: Changes) -> Changes:
        return self.take(changes)

    @property
    def row(self) -> Row:
        (found,) = self.rows.values()
        return found


@pytest.fixture
def alert() -> Life:
    made = Life()
    made.minute(BAD)
    return made


def test_fires_once_resolves_and_fires_again(alert: Life) -> None:
    for _ in range(3):
        alert.minute(BAD)
    assert (alert.told, alert.row["status"], alert.row["firings"]) == (["fired"], "firing", 1)
    alert.minute()
    alert.minute()
    assert (alert.told, alert.row["status"]) == (["fired", "resolved"], "resolved")
    assert alert.row["resolved_at"] == alert.now - timedelta(minutes=1)
    alert.minute(BAD)
    assert (alert.told, alert.row["firings"]) == (["fired", "resolved", "fired"], 2)
    assert alert.row["resolved_at"] is None and alert.row["fired_at"] == alert.now
    assert alert.what == ["fired", "resolved", "fired"]


def test_nothing_is_written_while_nothing_changes_and_the_newest_words_are(alert: Life) -> None:
    assert alert.minute(BAD) == Changes()
    changes = alert.minute(Wrong("assets", "high", "Assets are older.", None))
    assert (len(changes.alerts), changes.history, changes.told) == (1, [], [])
    assert (alert.row["summary"], alert.row["link"]) == ("Assets are older.", None)


def test_subjects_live_by_themselves(alert: Life) -> None:
    alert.minute(BAD, Wrong("git", "low", "Git is old."))
    alert.minute(Wrong("git", "low", "Git is old."))
    assert {row["subject"]: row["status"] for row in alert.rows.values()} == {
        "assets": "resolved",
        "git": "firing",
    }


def test_acknowledged_it_is_quiet_until_its_end(alert: Life) -> None:
    alert.act(life.acknowledge([alert.row], "ada", "Mine.", alert.now))
    alert.minute(BAD)
    assert (alert.row["status"], alert.row["acknowledged_by"], alert.told) == (
        "acknowledged",
        "ada",
        ["fired"],
    )
    assert life.acknowledge([alert.row], "bob", None, alert.now) == Changes(), "once"
    alert.minute()
    assert alert.told == ["fired", "resolved"]
    alert.minute(BAD)
    assert (alert.row["status"], alert.row["acknowledged_by"]) == ("firing", None)


def test_silenced_nobody_hears_of_it_until_then(alert: Life) -> None:
    until = alert.now + timedelta(minutes=5)
    alert.act(life.silence([alert.row], until, "ada", "Maintenance", alert.now))
    alert.minute(BAD)
    assert (alert.row["status"], alert.told) == ("silenced", ["fired"])
    alert.minute()  # its end is told, because its beginning was
    alert.minute(BAD)  # again, while the silence lasts
    assert (alert.row["status"], alert.told) == ("silenced", ["fired", "resolved"])
    alert.minute(BAD)
    alert.minute(BAD)  # the silence is over
    assert (alert.row["status"], alert.told) == ("firing", ["fired", "resolved", "fired"])
    assert alert.what[-1] == "silence ended"
    alert.minute()
    assert alert.told[-1] == "resolved"


def test_what_began_and_ended_in_silence_is_never_told(alert: Life) -> None:
    alert.act(life.silence([alert.row], alert.now + timedelta(hours=1), "ada", "Maintenance", alert.now))
    alert.minute()
    alert.told.clear()
    alert.minute(BAD)
    alert.minute()
    assert (alert.told, alert.row["status"]) == ([], "resolved")


def test_a_silence_ends_early_when_asked_and_acknowledged_stays_so(alert: Life) -> None:
    alert.act(life.silence([alert.row], alert.now + timedelta(hours=1), "ada", "Maintenance", alert.now))
    alert.act(life.acknowledge([alert.row], "ada", None, alert.now))
    assert alert.row["status"] == "silenced"
    alert.act(life.silence([alert.row], alert.now, "ada", "Done", alert.now))
    assert (alert.row["status"], alert.row["silenced_until"], alert.told) == ("acknowledged", None, ["fired"])
    assert life.silence([alert.row], alert.now, "ada", "Done", alert.now) == Changes(), "there is none"


def test_worse_is_told_and_stays_for_this_firing(alert: Life) -> None:
    alert.minute(Wrong("assets", "critical", "Worse."))
    assert (alert.told, alert.what[-1], alert.row["severity"]) == (["fired", "fired"], "worse", "critical")
    alert.minute(Wrong("assets", "low", "Better."))
    assert (alert.row["severity"], alert.told) == ("critical", ["fired", "fired"])
    alert.minute()
    alert.minute(Wrong("assets", "low", "Again."))
    assert alert.row["severity"] == "low"


def test_a_rule_that_is_off_ends_its_alerts_with_the_reason(alert: Life) -> None:
    changes = alert.act(life.resolve_all(alert.rows.values(), alert.now, "The rule is off."))
    assert (alert.row["status"], changes.history[0]["note"]) == ("resolved", "The rule is off.")
    assert life.resolve_all(alert.rows.values(), alert.now, "The rule is off.") == Changes()


def test_history_says_who_did_what(alert: Life) -> None:
    until = alert.now + timedelta(hours=1)
    (line,) = life.silence([alert.row], until, "ada", "Maintenance", alert.now).history
    assert (line["what"], line["who"]) == ("silenced", "ada")
    assert line["note"] == f"until {until:%Y-%m-%d %H:%M} UTC: Maintenance"
    assert line["summary"] == "Assets are old."
