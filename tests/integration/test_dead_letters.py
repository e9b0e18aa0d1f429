"""Dead letters read again and discarded, over the API, with who did it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.settings import Settings
from sync_jobs.api import create_app
from sync_jobs.layers.events.extract import Batch
from sync_jobs.layers.events.message import Message
from sync_jobs.layers.events.projects import ProjectNumbers
from sync_jobs.layers.events.storing import RAW_LIMIT, Storing
from sync_jobs.runner import Runner
from sync_jobs.scheduler import Scheduler
from sync_jobs.store.cache import Cache
from tests.fixtures.probe import ProbeLayer

TOKEN = "a-token-for-tests"
OWN = b'{"event_type":"resource.created","resource":"projects/p-one/topics/t%d","timestamp":"2026-03-01T10:00:00Z"}'


class Served:
    def __init__(self, home: Path) -> None:
        settings, cache = Settings(home=home), Cache(home)
        self.home, self.state = home, cache.state
        self.storing = Storing(settings, cache, ProjectNumbers(), "r1")
        runner = Runner(settings, cache, {"probe": ProbeLayer()})
        app = create_app(runner, Scheduler(runner), TOKEN)
        self.client = TestClient(app, base_url="http://127.0.0.1:8601")

    def fail(self, *bodies: bytes) -> list[str]:
        """Messages that are not understood today, as the store keeps them; returns their ids."""
        self.storing.commit(
            self.storing.rows(Batch("projects/p/subscriptions/s", [Message(one) for one in bodies]))
        )
        return [str(row["dead_letter_id"]) for row in self.rows()]

    def rows(self) -> Sequence[dict[str, Any]]:
        return self.state.rows("SELECT * FROM dead_letters ORDER BY rowid")

    def post(self, what: str, **body: Any) -> Any:
        return self.client.post(
            f"/api/v1/dead-letters/{what}", json=body, headers={"Authorization": f"Bearer {TOKEN}"}
        )


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path / "home")


def understood(served: Served, dead_letter_id: str, body: bytes) -> None:
    """As if a later version of the portal knew the format: the bytes are ones that are understood."""
    served.state.execute("UPDATE dead_letters SET raw = ? WHERE dead_letter_id = ?", body, dead_letter_id)


def test_what_is_understood_by_now_becomes_an_event_once(served: Served) -> None:
    first, second = served.fail(b"one", b"two")
    understood(served, first, OWN % 1)
    answer = served.post("replay", ids=[first, second], who="ada").json()
    assert (answer["replayed"], answer["left"]) == (1, 0)
    assert [one["dead_letter_id"] for one in answer["still_open"]] == [second]
    by_id = {row["dead_letter_id"]: row for row in served.rows()}
    assert (by_id[first]["status"], by_id[first]["resolved_by"]) == ("replayed", "ada")
    assert by_id[first]["resolution"].startswith("Event ")
    assert by_id[second]["status"] == "open"
    assert len(served.state.rows("SELECT * FROM events")) == 1
    again = served.post("replay", ids=[first], who="ben").json()
    assert again["replayed"] == 0, "it is not open any more"
    assert len(served.state.rows("SELECT * FROM events")) == 1


def test_all_of_a_reason(served: Served) -> None:
    served.fail(b"one", b"two", b'["a list"]')
    reason = served.rows()[2]["reason"]
    answer = served.post("discard", all=True, reason=reason, why="The publisher was mended", who="ada").json()
    assert answer["discarded"] == 1
    statuses = [(row["status"], row["resolution"]) for row in served.rows()]
    assert statuses == [("open", None), ("open", None), ("discarded", "The publisher was mended")]
    assert served.post("discard", all=True, why="No use").json()["discarded"] == 2


def test_a_large_one_is_read_as_a_whole(served: Served) -> None:
    body = OWN % 1 + b" " * RAW_LIMIT
    (one,) = served.fail(b"x" * (RAW_LIMIT + 10))
    (served.home / served.rows()[0]["raw_file"]).write_bytes(body)
    assert served.post("replay", ids=[one]).json()["replayed"] == 1


def test_a_record_of_a_file_is_refused_with_what_to_do(served: Served) -> None:
    now = datetime.now(UTC)
    row = {"dead_letter_id": "assets-1", "received_at": now, "layer": "assets", "source": "a.json", "reason": "Cut off",
           "size_bytes": 3, "raw": b"{{{", "status": "open"}  # fmt: skip
    served.state.upsert("dead_letters", [row])
    (refused,) = served.post("replay", all=True).json()["still_open"]
    assert "import it again" in refused["reason"]
    assert served.rows()[0]["status"] == "open"


def test_wrong_calls(served: Served) -> None:
    served.fail(b"one")
    assert served.client.post("/api/v1/dead-letters/replay", json={"all": True}).status_code == 401
    assert served.post("replay").status_code == 422
    assert served.post("replay", all=True, ids=["x"]).status_code == 422
    assert served.post("discard", all=True).status_code == 422
    assert served.post("discard", all=True, why="").status_code == 422
    assert served.rows()[0]["status"] == "open"
