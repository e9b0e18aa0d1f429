"""/ws/sync-events over real sockets: who may listen, filters, replay without gap or double, slow clients, the end."""

from __future__ import annotations

import logging
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from app.settings import Settings
from sync_jobs.api import create_app
from sync_jobs.layers.events.message import Event
from sync_jobs.live import hub as hubs
from sync_jobs.live import route
from sync_jobs.runner import Runner
from sync_jobs.scheduler import Scheduler
from sync_jobs.store.cache import Cache
from tests.fixtures.probe import ProbeLayer, wait_for
from tests.fixtures.processes import free_port

TOKEN = "a-token-for-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Served:
    def __init__(self, home: Path, **settings: Any) -> None:
        self.cache = Cache(home)
        runner = Runner(Settings(home=home, **settings), Cache(home), {"probe": ProbeLayer()})
        self.app = create_app(runner, Scheduler(runner), TOKEN)
        self.port = free_port()
        self.server = uvicorn.Server(
            uvicorn.Config(
                self.app, host="127.0.0.1", port=self.port, log_level="critical", ws_per_message_deflate=False
            )
        )
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        wait_for(lambda: self.server.started)
        self.count = 0

    def store(self, count: int = 1, **more: Any) -> list[str]:
        """Events as a layer stores them, in one transaction; returns their ids."""
        rows = []
        for _ in range(count):
            self.count += 1
            given = {"event_type": "test", "severity": "info", "project_id": "p-one", **more}
            rows.append(Event(key=str(self.count), event_time=datetime.now(UTC), summary=f"Event {self.count}.",
                              source="test", raw={"n": self.count}, **given).row(datetime.now(UTC)))  # fmt: skip
        self.cache.state.insert_new("events", rows)
        return [str(row["event_id"]) for row in rows]

    def listen(self, query: str = "", **more: Any) -> ClientConnection:
        """A client that was greeted."""
        more.setdefault("additional_headers", BEARER)
        client = connect(f"ws://127.0.0.1:{self.port}/ws/sync-events{query}", max_size=None, **more)
        return client

    def close(self) -> None:
        self.app.state.hub.end_all()
        self.server.should_exit = True
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path / "home")
    yield made
    made.close()


def told(client: ClientConnection, seconds: float = 5.0) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(client.recv(timeout=seconds))
    assert found["v"] == 1
    return found


def events(client: ClientConnection, count: int, found: list[str] | None = None) -> list[str]:
    found = [] if found is None else found
    while len(found) < count:
        message = told(client)
        if message["kind"] == "event":
            found.append(message["event"]["event_id"])
    return found


def closed(client: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as ended:
        while True:
            client.recv(timeout=10)
    assert ended.value.rcvd is not None
    return ended.value.rcvd.code, ended.value.rcvd.reason


def greeted(client: ClientConnection) -> ClientConnection:
    assert told(client)["kind"] == "hello"
    return client


def test_events_come_as_they_are_stored(served: Served) -> None:
    with greeted(served.listen()) as client:
        (sent,) = served.store(severity="high", actor="ada@example.com")
        message = told(client)
        assert message["kind"] == "event"
        event = message["event"]
        assert (event["event_id"], event["severity"], event["actor"]) == (sent, "high", "ada@example.com")
        assert event["received_at"].endswith("Z")
        assert "raw" not in event


def test_raw_where_asked_for(served: Served) -> None:
    with greeted(served.listen("?include=raw")) as client:
        served.store()
        assert told(client)["event"]["raw"] == {"n": 1}


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}]
)
def test_without_the_token_nothing_is_told(served: Served, header: dict[str, str]) -> None:
    served.store()
    client = served.listen(additional_headers=header)
    assert closed(client)[0] == 4401


def test_a_browser_bears_the_token_as_a_subprotocol(served: Served) -> None:
    client = served.listen(additional_headers={}, subprotocols=["lz.events.v1", f"bearer.{TOKEN}"])
    assert client.subprotocol == "lz.events.v1"
    greeted(client).close()


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example.com"}, {"Origin": "https://evil.example.com"}, {"Origin": "null"}]
)
def test_pages_of_others_are_refused(served: Served, headers: dict[str, str]) -> None:
    origin = {"origin": headers["Origin"]} if "Origin" in headers else {}
    if "Host" in headers:
        address = f"ws://evil.example.com:{served.port}/ws/sync-events"
        with (
            socket.create_connection(("127.0.0.1", served.port)) as raw,
            pytest.raises(InvalidStatus, match="403"),
        ):
            connect(address, sock=raw, additional_headers=BEARER)
        return
    with pytest.raises(InvalidStatus, match="403"):
        served.listen(**origin)


@pytest.mark.parametrize(
    ("query", "word"),
    [("?severity=bad", "severity"), ("?colour=red", "parameter"), ("?type=", "empty"), ("?include=all", "include"),
     ("?last_event_id=a&last_event_id=b", "twice"), ("?project=" + "x" * 300, "long")],
)  # fmt: skip
def test_a_wrong_call_is_told_why(served: Served, query: str, word: str) -> None:
    code, reason = closed(served.listen(query))
    assert code == 4400
    assert word in reason


def test_filters(served: Served) -> None:
    with greeted(served.listen("?severity=high&severity=critical&project=p-two")) as client:
        served.store(severity="high")
        served.store(severity="info", project_id="p-two")
        (wanted,) = served.store(severity="critical", project_id="p-two")
        assert events(client, 1) == [wanted]


def test_what_was_missed_comes_first_without_gap_or_double(served: Served) -> None:
    first = served.store(1200)
    stop = threading.Event()

    def store_on() -> None:
        while not stop.is_set():
            served.store(5)
            stop.wait(0.05)
        served.cache.state.close()

    writing = threading.Thread(target=store_on)
    writing.start()
    try:
        with greeted(served.listen(f"?last_event_id={first[99]}")) as client:
            found = events(client, 1300)
            last = found[-1]
        with greeted(served.listen(f"?last_event_id={last}")) as client:
            found += events(client, 50)
    finally:
        stop.set()
        writing.join()
    order = [row["event_id"] for row in served.cache.state.rows("SELECT event_id FROM events ORDER BY seq")]
    start = order.index(first[99]) + 1
    assert found == order[start : start + len(found)]


def test_an_event_that_is_not_kept_is_told_as_a_gap(served: Served) -> None:
    (oldest,) = served.store()
    with greeted(served.listen("?last_event_id=nosuch")) as client:
        gap = told(client)
        assert (gap["kind"], gap["last_event_id"]) == ("replay_gap", "nosuch")
        assert gap["oldest"]["event_id"] == oldest
        (sent,) = served.store()
        assert events(client, 1) == [sent]


def test_an_event_that_cannot_be_told_does_not_silence_the_others(served: Served) -> None:
    with greeted(served.listen()) as client:
        (odd,) = served.store()
        assert events(client, 1) == [odd]
        served.cache.state.execute(
            "INSERT INTO events SELECT 'odd', seq + 1, 1000000000000000000, received_at, event_type, severity, project_id,"
            " asset_name, asset_type, actor, summary, source, before, after, raw, _rev + 1000 FROM events LIMIT 1"
        )
        served.cache.state.execute("UPDATE counters SET value = value + 2000 WHERE name = 'rev'")
        (sent,) = served.store()
        assert events(client, 1) == [sent]


def test_those_that_still_get_what_they_missed_count_and_are_told_the_end(tmp_path: Path) -> None:
    served = Served(tmp_path / "home", websocket_clients=1)
    first = served.store(2000, after={"text": "x" * 20_000})[0]
    late = greeted(served.listen(f"?last_event_id={first}", max_queue=1))
    assert closed(served.listen())[0] == 4429
    ending = threading.Thread(target=served.close)
    ending.start()
    assert closed(late)[0] in (1001, 1012, 1006)
    ending.join(10)
    assert not ending.is_alive()


def test_it_says_that_it_lives(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "HEARTBEAT_SECONDS", 0.1)
    with greeted(served.listen()) as client:
        assert told(client)["kind"] == "heartbeat"


def test_a_slow_client_is_let_go_and_the_others_are_not(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "QUEUE_MESSAGES", 50)
    monkeypatch.setattr(route, "SEND_SECONDS", 1.0)
    slow, good = greeted(served.listen(max_queue=1)), greeted(served.listen())
    wide = {"after": {"text": "x" * 50_000}}
    found: list[str] = []
    reading = threading.Thread(target=events, args=[good, 400, found])
    reading.start()
    sent: list[str] = []
    for _ in range(40):
        sent += served.store(10, **wide)
        behind = len(sent) - 40
        wait_for(lambda behind=behind: len(found) >= behind or not reading.is_alive())
    reading.join(20)
    assert found == sent
    wait_for(lambda: served.app.state.hub.clients == 1)
    assert closed(slow)[0] in (4408, 1006)
    good.close()


def test_too_many_are_refused_and_the_end_is_told(tmp_path: Path) -> None:
    served = Served(tmp_path / "home", websocket_clients=20)
    with ExitStack() as stack:
        clients = [stack.enter_context(greeted(served.listen())) for _ in range(20)]
        wait_for(lambda: served.app.state.hub.clients == 20)
        assert closed(served.listen())[0] == 4429
        served.close()
        for client in clients:
            assert told(client)["kind"] == "closing"
            assert closed(client)[0] == 1001


def test_clients_that_vanish_while_they_are_sent_to_are_no_fault(
    served: Served, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("uvicorn.error")
    monkeypatch.setattr(logger, "level", logging.ERROR)
    monkeypatch.setattr(logger, "propagate", True)
    for _ in range(10):
        client = greeted(served.listen())
        client.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )  # a reset, no farewell
        served.store(200)
        client.socket.close()
        served.store(200)
    wait_for(lambda: served.app.state.hub.clients == 0)
    assert [record.getMessage() for record in caplog.records if record.name == "uvicorn.error"] == []
