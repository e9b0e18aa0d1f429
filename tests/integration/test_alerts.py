"""The shipped rules of alerts over a real home: what fires, what ends, what people do about it, and who is told."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app import queries, sql_files
from app.settings import Settings
from sync_jobs.alerts import evaluate, outbox
from sync_jobs.alerts.evaluate import Evaluator
from sync_jobs.api import create_app
from sync_jobs.runner import Runner
from sync_jobs.scheduler import Scheduler
from sync_jobs.store.cache import Cache
from tests.conftest import ROOT
from tests.fixtures.probe import ProbeLayer, probe_runner, wait_for
from tests.fixtures.processes import environment, free_port, ready
from tests.fixtures.receivers import Receiver

TOKEN = "a-token-for-tests"
SECRET = "a-canary-secret-of-the-webhook"
NOW = datetime.now(UTC)


class Home:
    """A home with the layers' status, rules that are evaluated when a test says so, and a webhook."""

    def __init__(self, home: Path, receiver: Receiver, kind: str = "real") -> None:
        self.settings = Settings(home=home, alert_webhook_url=receiver.url, alert_webhook_secret=SECRET)
        self.cache = Cache(home)
        self.state = self.cache.state
        self.cache.mark_source(kind)
        self.evaluator = Evaluator(self.settings, self.cache)
        status = {"layer": "assets", "title": "Assets", "configured": True, "freshness_target_seconds": 600}
        self.state.upsert("layer_status", [status])

    def ran(self, number: int, minutes_ago: float, status: str = "success", **more: Any) -> None:
        at = NOW - timedelta(minutes=minutes_ago)
        row = {
            "run_id": f"r{number}", "layer": "assets", "trigger": "cli", "status": status, "started_at": at, "finished_at": at,
            "sync_duration_seconds": 1.0, "items_synced": 1, "items_failed": 0, "attempt": 1, **more,
        }  # fmt: skip
        self.state.upsert("sync_runs", [row])

    def tick(self, minutes: float = 0) -> dict[str, str]:
        """Evaluate; rule -> status of its alerts."""
        self.evaluator.tick(NOW + timedelta(minutes=minutes))
        return {
            row["rule"]: row["status"] for row in self.state.rows("SELECT * FROM alerts ORDER BY alert_id")
        }

    def rule(self, name: str) -> dict[str, Any]:
        return self.state.rows("SELECT * FROM alert_rules WHERE rule = ?", name)[0]

    def messages(self) -> list[str]:
        return [row["what"] for row in self.state.rows("SELECT what FROM alert_messages ORDER BY seq")]

    def history(self) -> list[tuple[str, str | None, str | None]]:
        rows = self.state.rows("SELECT * FROM alert_history ORDER BY _rev")
        return [(row["what"], row["who"], row["note"]) for row in rows]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().serving() as made:
        yield made


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """config/alerts.toml of the tests."""
    (tmp_path / "portal.toml").touch()
    monkeypatch.setenv("PORTAL_CONFIG", str(tmp_path / "portal.toml"))
    return tmp_path / "alerts.toml"


@pytest.fixture
def home(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("PORTAL_HOME", str(tmp_path / "home"))
    queries.close()
    yield Home(tmp_path / "home", receiver)
    queries.close()


def test_stale_data_fires_once_and_ends_when_it_is_fresh(home: Home) -> None:
    home.ran(1, minutes_ago=20)
    assert home.tick() == {"freshness": "firing"}
    assert home.tick() == {"freshness": "firing"}
    assert home.messages() == ["fired"]
    home.ran(2, minutes_ago=1)
    assert home.tick() == {"freshness": "resolved"}
    assert home.messages() == ["fired", "resolved"]
    alert = home.state.rows("SELECT * FROM alerts")[0]
    assert (alert["link"], alert["severity"], alert["firings"]) == ("sync_status?layer=assets", "high", 1)


def test_every_shipped_rule_is_evaluated_on_an_empty_home(home: Home) -> None:
    assert home.tick() == {}
    rules = home.state.rows("SELECT * FROM alert_rules")
    assert len(rules) == len(sql_files.keys("alerts/")) == 10
    assert [
        row["rule"] for row in rules if row["error"] or row["wrong"] != 0 or not row["evaluated_at"]
    ] == []
    assert all(row["remediation"] and row["description"] for row in rules)


def test_nobody_is_told_of_made_up_data(tmp_path: Path, receiver: Receiver, home: Home) -> None:
    home.state.set_info("source_kind", "sample")
    home.ran(1, minutes_ago=20)
    assert home.tick() == {"freshness": "firing"}
    assert home.messages() == []


def test_a_rule_that_cannot_be_evaluated_says_so_and_resolves_nothing(home: Home, config: Path) -> None:
    home.state.upsert(
        "alerts",
        [{"alert_id": "dead_letters_growing:x", "rule": "dead_letters_growing", "subject": "s", "severity": "medium",
          "status": "firing", "summary": "Many.", "fired_at": NOW, "firings": 1, "told": True}],
    )  # fmt: skip
    letter = {
        "dead_letter_id": "a",
        "received_at": NOW,
        "layer": "events",
        "source": "s",
        "reason": "r",
        "size_bytes": 1,
        "status": "open",
    }
    home.state.upsert("dead_letters", [letter])
    for_ever = 10**17
    config.write_text(
        f"[rules.dead_letters_growing]\nparams = {{minutes = {for_ever}}}\n"
        "[rules.sync_errors]\nparams = {minutes = 'many'}\n"
    )
    home.ran(1, minutes_ago=20)
    assert home.tick() == {"dead_letters_growing": "firing", "freshness": "firing"}, (
        "the others are evaluated"
    )
    broken = home.rule("dead_letters_growing")
    assert broken["error"] and broken["evaluated_at"] is None
    assert "minutes" in home.rule("sync_errors")["error"]
    config.unlink()
    assert home.tick()["dead_letters_growing"] == "resolved"
    assert home.rule("dead_letters_growing")["error"] is None


def test_settings_turn_rules_off_and_change_them(home: Home, config: Path) -> None:
    home.ran(1, minutes_ago=20)
    home.tick()
    config.write_text(
        "[rules.freshness]\nenabled = false\n[rules.sync_success_rate]\nseverity = 'low'\nparams = {least = 0.5}\n"
    )
    assert home.tick() == {"freshness": "resolved"}
    assert home.history()[-1] == ("resolved", None, "The rule is off.")
    changed = home.rule("sync_success_rate")
    assert changed["severity"] == "low" and json.loads(changed["params"]) == {"least": 0.5, "minutes": 5}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[rules.freshnes]\n", "there is no rule 'freshnes'. Did you mean freshness?"),
        (
            "[rules.freshness]\nseverity = 'bad'\n",
            "severity is 'bad'; expected one of critical, high, medium, low.",
        ),
        ("[rules.freshness]\nenabled = 'no'\n", "enabled is 'no'; expected true or false."),
        ("[rules.freshness]\nparams = 3\n", "params must be a table"),
        ("[rules.freshness]\nlevel = 3\n", "unknown key 'level'; allowed: enabled, params, severity."),
        ("rules = 3\n", "rules must be tables"),
        ("[rules", "not valid TOML"),
    ],
)
def test_wrong_settings_stop_the_evaluation_and_the_page_says_why(
    home: Home, config: Path, text: str, told: str
) -> None:
    home.ran(1, minutes_ago=20)
    home.tick()
    config.write_text(text)
    home.ran(2, minutes_ago=1)
    assert home.tick() == {"freshness": "firing"}, "not evaluated: nothing is known to be over"
    assert told in str(home.state.info(outbox.PROBLEM))
    config.unlink()
    assert home.tick() == {"freshness": "resolved"}
    assert home.state.info(outbox.PROBLEM) == ""


def test_the_alerts_of_a_rule_that_is_gone_end(home: Home) -> None:
    home.state.upsert(
        "alerts",
        [{"alert_id": "old:x", "rule": "old", "subject": "s", "severity": "low", "status": "firing", "summary": "x",
          "fired_at": NOW, "firings": 1, "told": False}],
    )  # fmt: skip
    home.state.upsert("alert_rules", [{"rule": "old", "title": "Old", "severity": "low", "enabled": True}])
    assert home.tick() == {"old": "resolved"}
    assert home.history()[-1] == ("resolved", None, "The rule is gone.")
    assert home.state.rows("SELECT * FROM alert_rules WHERE rule = 'old'") == []


def test_both_rules_of_findings_share_what_counts_as_open_to_everyone() -> None:
    found = [
        next(param.default for param in sql_files.get(f"alerts/{name}").params if param.name == "exposure")
        for name in ("new_critical_finding", "public_exposure")
    ]
    assert found[0] == found[1]


# -- what people do -------------------------------------------------------------------------------------


class Calls:
    def __init__(self, home: Home) -> None:
        runner = Runner(home.settings, home.cache, {"probe": ProbeLayer()})
        app = create_app(runner, Scheduler(runner), TOKEN)
        self.client = TestClient(app, base_url="http://127.0.0.1:8601", raise_server_exceptions=False)

    def post(self, path: str, token: str = TOKEN, **body: Any) -> Any:
        return self.client.post(
            f"/api/v1/alerts{path}", json=body, headers={"Authorization": f"Bearer {token}"}
        )


@pytest.fixture
def calls(home: Home) -> Calls:
    home.ran(1, minutes_ago=20)
    home.tick()
    return Calls(home)


def the_id(home: Home) -> str:
    return str(home.state.rows("SELECT alert_id FROM alerts")[0]["alert_id"])


def test_acknowledged_over_http_with_who_and_why(home: Home, calls: Calls) -> None:
    answer = calls.post("/acknowledge", ids=[the_id(home), "no:such"], who="ada", note="Mine.")
    assert (answer.status_code, answer.json()) == (200, {"changed": 1})
    assert home.tick() == {"freshness": "acknowledged"}
    assert home.history()[-1] == ("acknowledged", "ada", "Mine.")
    assert calls.post("/acknowledge", ids=[the_id(home)]).json() == {"changed": 0}


def test_silenced_over_http_until_then(home: Home, calls: Calls) -> None:
    until = (NOW + timedelta(hours=1)).isoformat()
    assert calls.post("/silence", ids=[the_id(home)], until=until, why="Maintenance", who="ada").json() == {
        "changed": 1
    }
    assert home.tick() == {"freshness": "silenced"}
    assert home.tick(minutes=61) == {"freshness": "firing"}
    assert home.messages() == ["fired", "fired"]


def test_calls_that_are_refused(home: Home, calls: Calls) -> None:
    assert calls.post("/acknowledge", token="wrong", ids=["x"]).status_code == 401
    assert calls.post("/acknowledge", ids=[]).status_code == 422
    assert calls.post("/silence", ids=["x"], until=1_900_000_000, why="No text").status_code == 422
    assert calls.post("/silence", ids=["x"], until="2026-03-01T10:00:00", why="No zone").status_code == 422
    assert calls.post("/channels/pigeon/test").status_code == 404
    lacking = calls.post("/channels/slack/test", who="ada")
    assert (lacking.status_code, lacking.json()["hint"]) == (409, "Set PORTAL_ALERT_SLACK_WEBHOOK.")


def test_a_test_is_sent_at_once_and_noted(home: Home, calls: Calls, receiver: Receiver) -> None:
    assert calls.post("/channels/webhook/test", who="ada").json() == {"taken": True, "reason": None}
    (alert,) = json.loads(receiver.posts[0].body)["alerts"]
    assert (alert["what"], alert["summary"]) == (
        "test",
        "A test of the portal, sent by ada. Nothing is wrong.",
    )
    receiver.status = 500
    answer = calls.post("/channels/webhook/test", who="ada").json()
    assert (answer["taken"], answer["reason"]) == (False, "Status 500: ok")
    assert home.history()[-2:] == [("tested", "ada", None), ("tested", "ada", "Status 500: ok")]


def test_figures_for_prometheus(home: Home, calls: Calls) -> None:
    text = calls.client.get("/metrics").text
    assert 'portal_alerts{severity="high",status="firing"} 1.0' in text


# -- the sidecar ----------------------------------------------------------------------------------------


def test_the_clock_evaluates_the_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(evaluate, "EVERY_SECONDS", 0.2)
    under_way, whole = threading.Lock(), Evaluator.tick

    def tick(self: Evaluator, now: datetime | None = None) -> None:
        with under_way:
            whole(self, now)

    monkeypatch.setattr(Evaluator, "tick", tick)
    queries.close()
    runner = probe_runner(tmp_path / "home", ProbeLayer())
    scheduler = Scheduler(runner, 0.1)
    scheduler.claim()
    scheduler.start()
    try:
        assert wait_for(
            lambda: runner.cache.state.rows("SELECT 1 FROM alert_rules WHERE evaluated_at IS NOT NULL")
        )
        assert set(scheduler.next_sync()) <= {"probe"}, "alerts are no layer"
    finally:
        runner.stop("test over")
        scheduler.stop()
        wait_for(lambda: not runner.active())
        with under_way:
            queries.close()


SERVE = """
import sys
from sync_jobs.alerts import evaluate
evaluate.EVERY_SECONDS = 1.0
sys.argv = ["sync_jobs", "serve"]
from sync_jobs.__main__ import main
main()
"""


def test_a_real_sidecar_tells_the_channel_also_what_a_killed_one_left(
    tmp_path: Path, receiver: Receiver
) -> None:
    import signal
    import subprocess

    home, port = tmp_path / "home", free_port()
    made = Home(home, receiver)
    made.ran(1, minutes_ago=20)
    receiver.status = 503
    given = environment(
        home, PORTAL_API_PORT=port, PORTAL_ALERT_WEBHOOK_URL=receiver.url, PORTAL_ALERT_WEBHOOK_SECRET=SECRET
    )

    def started() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            cwd=ROOT,
            env=given,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        ready(process, f"http://127.0.0.1:{port}/readyz")
        return process

    def killed(process: subprocess.Popen[str]) -> str:
        process.send_signal(signal.SIGKILL)
        return process.communicate(timeout=10)[1]

    first = started()
    try:
        # The layers of a real sidecar have no source here: the status that was stale is written anew, without one.
        made.state.upsert(
            "alerts",
            [{"alert_id": "freshness:x", "rule": "freshness", "subject": "x", "severity": "high", "status": "firing",
              "summary": "Old.", "fired_at": NOW, "firings": 1, "told": True}],
        )  # fmt: skip
        wait_for(lambda: receiver.posts, 30)
    finally:
        said = killed(first)
    assert "canary" not in said, "neither the address nor the secret is logged"
    assert made.messages()[-1] == "resolved"
    receiver.status = 200
    made.state.execute("UPDATE alert_channels SET next_try_at = NULL")
    second = started()
    try:
        taken = "SELECT 1 FROM alert_messages WHERE status = 'sent'"
        wait_for(lambda: made.state.rows(taken), 30)
    finally:
        killed(second)
    assert "resolved x" in [
        f"{one['what']} {one['subject']}"
        for post in receiver.posts
        for one in json.loads(post.body)["alerts"]
    ]
