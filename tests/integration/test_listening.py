"""The open stream: stored, then acknowledged; nothing lost and nothing twice, whatever breaks."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import orjson
import pytest

from app.errors import Retryable
from sync_jobs.layers.base import NotConfigured, Outcome, RunContext, Unknown
from sync_jobs.layers.events import layer as layer_module
from sync_jobs.layers.events.layer import EventsLayer
from sync_jobs.layers.events.session import PAUSED, Session
from sync_jobs.layers.events.storing import Storing
from tests.fixtures.layer_context import Bench
from tests.fixtures.pubsub_emulator import Topic
from tests.fixtures.pubsub_server import PATH, PubSubServer


def own(number: int) -> bytes:
    return orjson.dumps({"event_type": "resource_created", "resource": f"projects/p-one/topics/t{number}",
                         "timestamp": "2026-03-01T10:00:00Z"})  # fmt: skip


class Listening:
    """The layer as the clock runs it, in a thread."""

    def __init__(self, home: Bench) -> None:
        self.home, self.layer = home, EventsLayer()
        self.ended: list[Any] = []
        self.ctx: RunContext | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        from dataclasses import replace

        self.ctx = replace(self.home.context(self.layer), trigger="schedule")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        assert self.ctx is not None
        try:
            session = self.layer.extract(self.ctx)
            assert isinstance(session, Session), session
            self.ended.append(self.layer.store(self.layer.normalise(session, self.ctx), self.ctx))
        except Exception as error:  # noqa: BLE001  it is what the test looks at
            self.ended.append(error)
        finally:
            self.home.state.close()

    def stop(self) -> Any:
        assert self.ctx is not None
        assert self._thread is not None
        self.ctx.cancelled.set()
        self._thread.join(10)
        assert not self._thread.is_alive()
        self.home.state.release(self.ctx.lease)
        return self.ended.pop()

    def stored(self) -> int:
        return int(self.home.state.rows("SELECT count(*) AS n FROM events")[0]["n"])


@pytest.fixture
def server() -> Iterator[PubSubServer]:
    yield PubSubServer()


@pytest.fixture
def listening(tmp_path: Path, server: PubSubServer) -> Iterator[Listening]:
    with server.serving() as host:
        settings = {"pubsub_subscription": PATH, "pubsub_emulator_host": host}
        made = Listening(Bench(tmp_path / "home", settings=settings))
        yield made
        made.layer.close()


@pytest.fixture
def emulated(tmp_path: Path, topic: Topic) -> Iterator[Listening]:
    settings = {
        "gcp_project": topic.project,
        "pubsub_subscription": topic.subscription_name,
        "pubsub_emulator_host": topic.host,
    }
    made = Listening(Bench(tmp_path / "home", settings=settings))
    yield made
    made.layer.close()


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.02)


def test_messages_are_stored_as_they_come_and_acknowledged(emulated: Listening, topic: Topic) -> None:
    listening = emulated
    listening.start()
    topic.publish(*(own(n) for n in range(3)), b"not json")
    until(lambda: listening.stored() == 3)
    topic.publish(own(7))
    until(lambda: listening.stored() == 4)
    outcome = listening.stop()
    assert isinstance(outcome, Outcome), outcome
    assert (outcome.status, outcome.items_synced, outcome.items_failed) == ("partial", 4, 1)
    assert outcome.details == {"received": 5, "new": 4, "dead_letters": 1}
    assert len(listening.home.state.rows("SELECT * FROM dead_letters")) == 1
    time.sleep(0.3)
    assert topic.waiting() == 0


def test_what_cannot_be_stored_comes_again_and_is_stored_once(
    listening: Listening, server: PubSubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = threading.Event()
    failing.set()
    committed = Storing.commit

    def fails(*arguments: Any) -> int:
        if failing.is_set():
            raise OSError("the disk is full")
        return committed(*arguments)

    monkeypatch.setattr(Storing, "commit", fails)
    listening.start()
    server.publish(*(own(n) for n in range(20)))
    until(lambda: bool(listening.ended))
    assert isinstance(listening.stop(), OSError)
    assert listening.stored() == 0
    failing.clear()
    listening.start()
    until(lambda: listening.stored() == 20)
    assert isinstance(listening.stop(), Outcome)


def test_told_to_stop_it_ends_soon_and_hands_back_what_waits(
    listening: Listening, server: PubSubServer
) -> None:
    listening.start()
    server.publish(*(own(n) for n in range(500)))
    until(lambda: listening.stored() > 0)
    began = time.monotonic()
    listening.stop()
    assert time.monotonic() - began < 5
    there = listening.stored()
    listening.start()
    until(lambda: listening.stored() == 500)
    assert there <= 500
    listening.stop()


def test_a_subscription_that_is_gone_is_told_with_what_to_do(
    listening: Listening, server: PubSubServer
) -> None:
    listening.home.settings["pubsub_subscription"] = f"{PATH}-gone"
    listening.start()
    until(lambda: bool(listening.ended))
    error = listening.stop()
    assert "does not exist" in str(error)
    again = listening.layer.extract(listening.ctx)  # type: ignore[arg-type]
    assert isinstance(again, Unknown)
    assert "pubsub subscriptions create" in again.hint


def test_paused_it_ends_and_says_who(listening: Listening, server: PubSubServer) -> None:
    listening.start()
    server.publish(own(1))
    until(lambda: listening.stored() == 1)
    listening.home.state.set_info(PAUSED, "by ada at 2026-03-01 10:00 UTC")
    until(lambda: bool(listening.ended))
    listening.stop()
    server.publish(own(2))
    source = listening.layer.source(listening.ctx.settings, listening.home.cache)  # type: ignore[union-attr]
    assert isinstance(source, NotConfigured)
    assert "ada" in source.reason
    listening.home.state.set_info(PAUSED, "")
    listening.start()
    until(lambda: listening.stored() == 2)
    listening.stop()


def test_a_broken_stream_is_opened_again(listening: Listening, server: PubSubServer) -> None:
    listening.start()
    server.publish(*(own(n) for n in range(10)))
    until(lambda: listening.stored() == 10)
    server.break_streams(grpc.StatusCode.UNAVAILABLE)
    server.publish(*(own(n) for n in range(10, 20)))
    until(lambda: listening.stored() == 20, 20)
    assert server.streams > 1
    assert isinstance(listening.stop(), Outcome)


def test_delivered_again_and_in_another_order_nothing_is_there_twice(
    listening: Listening, server: PubSubServer
) -> None:
    server.shuffled = True
    listening.start()
    ids = server.publish(*(own(n) for n in range(100)))
    until(lambda: listening.stored() == 100)
    server.redeliver(*ids)
    until(lambda: sum(server.delivered.values()) == 200)
    server.publish(own(100))
    until(lambda: listening.stored() == 101)
    outcome = listening.stop()
    assert (outcome.details["received"], outcome.details["new"]) == (201, 101)


def test_an_acknowledgement_that_is_refused_loses_nothing(listening: Listening, server: PubSubServer) -> None:
    server.refuse_acks = 3
    listening.start()
    server.publish(*(own(n) for n in range(50)))
    until(lambda: listening.stored() == 50)
    until(lambda: server.waiting() == 0, 20)
    listening.stop()
    assert listening.stored() == 50


def test_no_acknowledgement_before_the_commit(
    listening: Listening, server: PubSubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()
    committed = Storing.commit

    def slowly(*arguments: Any) -> int:
        held.wait(10)
        return committed(*arguments)

    monkeypatch.setattr(Storing, "commit", slowly)
    listening.start()
    server.publish(*(own(n) for n in range(5)))
    until(lambda: sum(server.delivered.values()) == 5)
    time.sleep(0.5)
    assert server.acknowledged == []
    held.set()
    until(lambda: len(server.acknowledged) == 5)
    assert listening.stored() == 5
    listening.stop()


def test_a_service_that_is_away_is_asked_less_and_less_often(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []

    def away(*_: Any) -> Any:
        tries.append(time.monotonic())
        raise Retryable("Pub/Sub could not be reached.", "Wait.")

    monkeypatch.setattr(EventsLayer, "_stream_of", away)
    monkeypatch.setattr(layer_module, "FIRST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(layer_module, "PAUSE_AFTER_FAILURE_SECONDS", 0.4)
    layer = EventsLayer()
    ctx = replace(listening.home.context(layer), trigger="schedule")
    said, until = set(), time.monotonic() + 2
    while time.monotonic() < until:
        try:
            found = layer.extract(ctx)
            assert isinstance(found, Unknown)
            said.add(found.reason)
        except Retryable as error:
            said.add(error.message)
        time.sleep(0.01)
    assert said == {"Pub/Sub could not be reached."}, "the reason stays in sight"
    pauses = [after - before for before, after in itertools.pairwise(tries)]
    assert len(tries) <= 8 and pauses[0] < 0.2 and min(pauses[2:]) >= 0.4, pauses
