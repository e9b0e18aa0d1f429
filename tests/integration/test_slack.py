"""Messages to Slack: what they say, and that Slack can do nothing to a sync."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.errors import Permanent
from sync_jobs.layers.base import Outcome, RunContext
from sync_jobs.notify import slack
from sync_jobs.tallies import slack_messages
from tests.fixtures.probe import ProbeLayer, probe_runner, wait_for
from tests.fixtures.processes import Cli, free_port
from tests.integration.test_layer_git import Repository

CHANGED = {"commit": "c" * 40, "branch": "main", "added": 2, "changed": 0, "deleted": 1}


class Channel:
    """Takes messages as Slack's incoming webhooks do."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.status, self.pause = 200, 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                time.sleep(outer.pause)
                outer.messages.append(json.loads(body))
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(b"ok" if outer.status == 200 else b"no_service")

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/services/T0/B0/canary"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def channel() -> Iterator[Channel]:
    made = Channel()
    yield made
    made.server.shutdown()


def counted(result: str) -> int:
    return dict(slack_messages.items()).get(result, 0)


def sync(
    home: Path, url: str, outcome: Outcome | Permanent, layer: str = "git"
) -> tuple[dict[str, Any], float]:
    """Run a layer that ends so; its row and how long it took."""

    def extract(ctx: RunContext) -> Outcome:
        if isinstance(outcome, Permanent):
            raise outcome
        return outcome

    runner = probe_runner(home, ProbeLayer(extract, name=layer), settings={"slack_webhook": url}, backoff=())
    began = time.monotonic()
    return runner.run(layer, "cli"), time.monotonic() - began


def test_a_sync_that_changed_something_is_told(tmp_path: Path, channel: Channel) -> None:
    row, _ = sync(tmp_path, channel.url, Outcome(details=CHANGED, source="https://github.com/quartz/lz.git"))
    assert row["status"] == "success"
    (message,) = wait_for(lambda: channel.messages)
    assert "2 added, 1 deleted" in message["text"] and "cccccccccc" in message["text"]
    assert "https://github.com/quartz/lz.git" in message["text"]
    assert message["blocks"][0]["text"]["text"] == message["text"]


def test_a_sync_that_failed_is_told_with_its_reason(tmp_path: Path, channel: Channel) -> None:
    row, _ = sync(tmp_path, channel.url, Permanent("The branch <main> vanished.", "Set PORTAL_GIT_BRANCH."))
    assert row["status"] == "failed"
    (message,) = wait_for(lambda: channel.messages)
    assert "failed" in message["text"] and "The branch &lt;main&gt; vanished." in message["text"]
    assert "Set PORTAL_GIT_BRANCH." in message["text"]


@pytest.mark.parametrize(
    ("layer", "outcome"),
    [
        ("git", Outcome(details={"unchanged": True, "added": 0, "changed": 0, "deleted": 0})),
        ("git", Outcome(details={"commit": "c" * 40, "previous_commit": "b" * 40, "added": 0})),
        ("git", Outcome(errors=["One file was refused."], details={"added": 0})),
        ("assets", Outcome(details=CHANGED)),
    ],
)
def test_what_is_not_told(tmp_path: Path, channel: Channel, layer: str, outcome: Outcome) -> None:
    sync(tmp_path, channel.url, outcome, layer)
    slack.drain()
    assert channel.messages == []


def test_text_from_outside_starts_nothing() -> None:
    row = {
        "status": "partial",
        "source": "x",
        "error_messages": ["<!channel> <https://evil.test|click> & more\n*x*\x07"],
        "details": {**CHANGED, "branch": "<!here>"},
    }
    told = slack.words(row)
    assert told is not None
    assert "<" not in told and ">" not in told
    assert "&lt;!channel&gt; &lt;https://evil.test|click&gt; &amp; more" in told
    assert ":warning:" in told and "Not all of it" in told
    assert len(slack.words({**row, "error_messages": ["é" * 9000]}) or "") < 3000


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_refusal_is_counted_and_fails_nothing(tmp_path: Path, channel: Channel, status: int) -> None:
    channel.status = status
    before = counted("failed")
    row, _ = sync(tmp_path, channel.url, Outcome(details=CHANGED))
    assert row["status"] == "success"
    wait_for(lambda: counted("failed") == before + 1)


def test_a_slack_that_hangs_delays_nothing_and_is_given_up(tmp_path: Path, channel: Channel) -> None:
    channel.pause = 7.0
    before = counted("failed")
    row, seconds = sync(tmp_path, channel.url, Outcome(details=CHANGED))
    assert row["status"] == "success" and seconds < 2
    began = time.monotonic()
    slack.drain()
    assert 4 < time.monotonic() - began < 6
    wait_for(lambda: counted("failed") == before + 1)


def test_a_slack_that_answers_by_drops_is_given_up(tmp_path: Path) -> None:
    """Each drop comes within the timeout of a socket; the whole must end all the same."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        taken, _ = listener.accept()
        with taken:
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100:
                if stop.wait(0.5):
                    return
                try:
                    taken.send(bytes([byte]))
                except OSError:
                    return

    threading.Thread(target=drip, daemon=True).start()
    before = counted("failed")
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/services/x"
    row, seconds = sync(tmp_path, url, Outcome(details=CHANGED))
    assert row["status"] == "success" and seconds < 2
    wait_for(lambda: counted("failed") == before + 1, 8)
    stop.set()
    listener.close()


def test_nobody_there_is_counted(tmp_path: Path) -> None:
    before = counted("failed")
    row, _ = sync(tmp_path, f"http://127.0.0.1:{free_port()}/services/x", Outcome(details=CHANGED))
    assert row["status"] == "success"
    wait_for(lambda: counted("failed") == before + 1)


def test_a_fault_of_any_kind_is_told_at_once_and_without_the_address(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a certificate store that cannot be read: no error of HTTP."""

    def broken(url: str, _body: bytes) -> None:
        raise OSError(f"cannot be read while posting to {url}")

    monkeypatch.setattr(slack, "post", broken)
    before, began = counted("failed"), time.monotonic()
    with structlog.testing.capture_logs() as logs:
        slack._send(channel.url, "text")
    assert counted("failed") == before + 1 and time.monotonic() - began < slack.LIMIT_SECONDS / 2
    assert [line["problem"] for line in logs] == ["OSError"] and "canary" not in str(logs)


def test_a_command_ends_with_its_message_sent_and_never_shows_the_address(
    tmp_path: Path, channel: Channel, cli: Cli
) -> None:
    lz = Repository(tmp_path / "lz")
    lz.commit("Begin", **{"README.md": "# Zone"})
    variables = {
        "PORTAL_GIT_URL": lz.url,
        "PORTAL_GIT_PUBLISH_ROOT": str(tmp_path / "published"),
        "PORTAL_SLACK_WEBHOOK": channel.url,
        "PORTAL_LOG_LEVEL": "DEBUG",
    }
    done = cli("run", "git", **variables)
    assert done.returncode == 0, done.stderr
    assert len(channel.messages) == 1 and "1 added" in channel.messages[0]["text"]
    channel.status = 500
    lz.commit("More", **{"docs__a.md": "# A"})
    done = cli("run", "git", **variables)
    assert done.returncode == 0 and "slack_not_told" in done.stderr
    assert "canary" not in done.stderr + done.stdout
    assert cli("run", "git", **variables).returncode == 0
    assert len(channel.messages) == 2, "nothing new, nothing told"
