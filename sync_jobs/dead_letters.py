"""What operators do with dead letters: read them again, or discard them. Who did it, when and why stays with each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field, model_validator

from sync_jobs.api_events import Who
from sync_jobs.api_models import Strict, responses
from sync_jobs.applying.follow import SOURCE as APPLYING
from sync_jobs.layers.events.extract import Batch
from sync_jobs.layers.events.message import Message
from sync_jobs.layers.events.projects import ProjectNumbers
from sync_jobs.layers.events.storing import Storing
from sync_jobs.runner import Runner

MOST = 1000  # in one call; a page asks again for the rest
EVENTS = "events"
# What a replay would mean for records that were no messages.
ELSEWHERE = {
    "assets": "A record of an export cannot be taken in alone. Mend the file and import it again.",
    "metrics": "A line of a billing file cannot be taken in alone. Mend the file and run metrics again.",
    "git": "What the repository holds is read anew with each sync. Mend it there.",
}
SHOWN = "The event is shown already. The next snapshot brings its asset."

Id = Annotated[str, Field(min_length=1, max_length=200, examples=["events-5f0c"])]


_ONE_WAY: dict[str, Any] = {
    "oneOf": [
        {"required": ["ids"], "properties": {"ids": {"minItems": 1}, "all": {"const": False}}},
        {"required": ["all"], "properties": {"ids": {"maxItems": 0}, "all": {"const": True}}},
    ]
}


class Chosen(Strict):
    """Which dead letters: by id, or all open ones of a layer with a reason."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_ONE_WAY)

    ids: list[Id] = Field(default=[], max_length=MOST)
    all: bool = Field(default=False, description="All open ones, with what follows as a filter")
    layer: str | None = Field(default=None, max_length=100, examples=["events"])
    reason: str | None = Field(default=None, max_length=1000, description="Exactly this reason")
    who: Who = "operator"

    @model_validator(mode="after")
    def _one_way(self) -> Chosen:
        if bool(self.ids) == self.all:
            raise ValueError("name ids, or say all")
        return self


class Discarded(Chosen):
    """With the reason why they are of no use."""

    why: str = Field(min_length=3, max_length=500, examples=["A test of the publisher"])


class Refused(Strict):
    """A dead letter that stays as it is."""

    dead_letter_id: str
    reason: str


class Answer(Strict):
    """What became of them. Those that are not open any more are passed by."""

    replayed: int = Field(default=0, description="Understood now")
    still_open: list[Refused] = Field(
        default=[], description="Not understood again, or not to be replayed; the first ones"
    )
    discarded: int = 0
    left: int = Field(default=0, description="More of them: ask again")


@dataclass
class _Replay:
    """One call."""

    runner: Runner
    who: str
    replayed: int = 0
    still: list[Refused] = field(default_factory=list)

    def one(self, row: dict[str, Any]) -> None:
        """Read one again, by the way that messages take."""
        if row["source"] == APPLYING:
            self._stays(row, SHOWN)
        elif row["layer"] != EVENTS:
            self._stays(
                row,
                ELSEWHERE.get(row["layer"], f"The {row['layer']} layer reads its source anew with each run."),
            )
        else:
            self._again(row)

    def _again(self, row: dict[str, Any]) -> None:
        cache, settings = self.runner.cache, self.runner.settings
        storing = Storing(settings, cache, ProjectNumbers(), f"replay-{row['dead_letter_id'][:40]}")
        try:
            message = Message(_whole(row, settings.home), id=row["position"] or "")
        except OSError as error:
            self._stays(row, f"Its bytes cannot be read: {error.strerror or error}.")
            return
        rows = storing.rows(Batch(row["source"], [message]))
        with cache.state.transaction(durable=True):
            if rows.dead:
                changes: dict[str, object] = {"reason": rows.dead[0]["reason"]}
            else:
                cache.state.insert_new("events", rows.events)
                changes = _resolved("replayed", self.who, f"Event {rows.events[0]['event_id']}")
            cache.state.update(
                "dead_letters", changes, "dead_letter_id = ? AND status = 'open'", row["dead_letter_id"]
            )
        if rows.dead:
            self._stays(row, str(rows.dead[0]["reason"]))
        else:
            self.replayed += 1

    def _stays(self, row: dict[str, Any], reason: str) -> None:
        self.still.append(Refused(dead_letter_id=row["dead_letter_id"], reason=reason))


def router(runner: Runner, operator: Callable[..., None]) -> APIRouter:
    """The routes. `operator` lets a caller through who bears the token."""
    made = APIRouter(prefix="/api/v1/dead-letters", tags=["events"], dependencies=[Depends(operator)])

    @made.post(
        "/replay",
        summary="Read dead letters again",
        response_description="What became of them",
        responses=responses(401, 422),
    )
    def replay(chosen: Chosen) -> Answer:
        """Each takes the way of a message once more. What is not understood again stays open, with its reason of now."""
        call, (rows, left) = _Replay(runner, chosen.who), _rows(runner, chosen)
        for row in rows:
            call.one(row)
        return Answer(replayed=call.replayed, still_open=call.still[:100], left=left)

    @made.post(
        "/discard",
        summary="Discard dead letters",
        response_description="How many",
        responses=responses(401, 422),
    )
    def discard(chosen: Discarded) -> Answer:
        """They are not looked at any more; they and their bytes stay, with who discarded them and why."""
        rows, left = _rows(runner, chosen)
        ids = orjson.dumps([row["dead_letter_id"] for row in rows]).decode()
        where = "status = 'open' AND dead_letter_id IN (SELECT value FROM json_each(?))"
        state = runner.cache.state
        with state.transaction(durable=True):
            count = state.update("dead_letters", _resolved("discarded", chosen.who, chosen.why), where, ids)
        return Answer(discarded=count, left=left)

    return made


def _rows(runner: Runner, chosen: Chosen) -> tuple[Sequence[dict[str, Any]], int]:
    """The open ones among those that were chosen, at most so many, and how many there are besides."""
    where, values = ["status = 'open'"], list[object]()
    if chosen.ids:
        where.append("dead_letter_id IN (SELECT value FROM json_each(?))")
        values.append(orjson.dumps(chosen.ids).decode())
    for column, value in (("layer", chosen.layer), ("reason", chosen.reason)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    text = f"FROM dead_letters WHERE {' AND '.join(where)}"
    state = runner.cache.state
    rows = state.rows(f"SELECT * {text} ORDER BY received_at, dead_letter_id LIMIT {MOST}", *values)
    total = int(state.rows(f"SELECT count(*) AS n {text}", *values)[0]["n"])
    return rows, total - len(rows)


def _resolved(status: str, who: str, resolution: str) -> dict[str, object]:
    return {"status": status, "resolved_by": who, "resolved_at": datetime.now(UTC), "resolution": resolution}


def _whole(row: dict[str, Any], home: Path) -> bytes:
    if row["raw_file"]:
        return Path(home / row["raw_file"]).read_bytes()
    return bytes(row["raw"] or b"")
