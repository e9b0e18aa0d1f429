"""What the page Dead letters shows, asks of the sidecar, and says of its answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app import sidecar
from app.ui.raw_bytes import readable
from tests.pages.conftest import TODAY, World, page, words


def letter(world: World, name: str, reason: str, raw: bytes = b"not json", status: str = "open") -> None:
    world.con.execute(
        "INSERT INTO dead_letters (dead_letter_id, received_at, layer, source, reason, size_bytes, raw, status)"
        " VALUES (?, ?, 'events', 'projects/p/subscriptions/s', ?, ?, ?, ?)",
        [name, TODAY - timedelta(hours=2), reason, len(raw), raw, status],
    )


@pytest.fixture
def letters(full: World) -> World:
    full.con.execute("DELETE FROM dead_letters")
    letter(full, "a", "Not valid JSON: <b>bold</b>")
    letter(full, "b", "Not valid JSON: <b>bold</b>")
    letter(full, "c", "Expected an object", status="discarded")
    return full


def test_counts_reasons_and_the_list(letters: World) -> None:
    test = page("dead_letters")
    assert {one.label: one.value for one in test.metric} | {"Oldest open": ""} == {
        "Open": "2", "Replayed": "0", "Discarded": "1", "Oldest open": "",
    }  # fmt: skip
    assert "Open, by reason" in words(test)
    assert len(test.dataframe) == 2


def test_nothing_is_told_as_nothing(full: World) -> None:
    full.con.execute("DELETE FROM dead_letters")
    assert "No dead letters" in words(page("dead_letters"))


def test_all_of_a_reason_are_replayed_by_the_sidecar(letters: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    def answer(what: str, body: dict[str, Any]) -> dict[str, Any]:
        asked.append((what, body))
        return {"replayed": 2, "still_open": [], "discarded": 0, "left": 0}

    monkeypatch.setattr(sidecar, "dead_letters", answer)
    test = page("dead_letters")
    test.text_input(key="who-all").input("ada").run()
    test.button(key="replay-all").click().run()
    reason = "Not valid JSON: <b>bold</b>"
    assert asked == [("replay", {"all": True, "layer": "events", "reason": reason, "who": "ada"})]
    assert "2 dead letters replayed" in words(test)


def test_what_is_not_understood_again_is_told(letters: World, monkeypatch: pytest.MonkeyPatch) -> None:
    still = [{"dead_letter_id": "a", "reason": "Still not valid JSON"}]
    told = {"replayed": 0, "still_open": still, "discarded": 0, "left": 0}
    monkeypatch.setattr(sidecar, "dead_letters", lambda *_: told)
    test = page("dead_letters")
    test.button(key="replay-all").click().run()
    assert "Still not valid JSON" in words(test)


def test_without_a_sidecar_nothing_is_changed_and_it_says_so(letters: World) -> None:
    test = page("dead_letters")
    assert test.button(key="discard-all").disabled, "a reason is needed"
    test.text_input(key="why-all").input("A test").run()
    test.button(key="discard-all").click().run()
    assert "Nothing was changed" in words(test)


def test_bytes_are_text_where_they_are_and_else_hexadecimal() -> None:
    assert readable(b'{"a": "\xc3\xa4"}') == '{"a": "ä"}'
    assert readable(b"\xff\x00ab").startswith("00000000  ff 00 61 62")
    assert readable(b"a\x1b[31m").startswith("00000000")
