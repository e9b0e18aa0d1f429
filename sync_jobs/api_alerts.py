"""What people do about alerts over HTTP: acknowledge, silence, and try a channel. Who did it stays in their history."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import orjson
from fastapi import APIRouter, Depends, Path
from pydantic import AwareDatetime, BeforeValidator, Field

from sync_jobs.alerts import evaluate, life
from sync_jobs.api_events import Who
from sync_jobs.api_models import Strict, refused, responses
from sync_jobs.notify import channels
from sync_jobs.notify.channels import TEST, NotTaken, Told
from sync_jobs.runner import Runner

Id = Annotated[str, Field(min_length=1, max_length=200, examples=["freshness:0f5c0a1b2c3d4e5f"])]
ChannelName = Annotated[
    str, Path(max_length=50, description="slack, webhook, email or pagerduty", examples=["slack"])
]


def _as_text(value: object) -> object:
    """Numbers would be taken for seconds or milliseconds since 1970, whichever fits."""
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        return value
    raise ValueError("expected a time such as 2030-01-31T06:00:00Z")


Until = Annotated[AwareDatetime, BeforeValidator(_as_text)]


class Chosen(Strict):
    """Which alerts, and who does it."""

    ids: list[Id] = Field(min_length=1, max_length=1000)
    who: Who = "operator"


class Acknowledged(Chosen):
    """Somebody looks after them."""

    note: str | None = Field(default=None, max_length=500)


class Silenced(Chosen):
    """Channels hear nothing of them until then, and why."""

    until: Until = Field(description="With its time zone; a time that is past ends a silence")
    why: str = Field(min_length=3, max_length=500, examples=["Maintenance of the network"])


class Answer(Strict):
    """How many alerts changed. Those for which there was nothing to do are passed by."""

    changed: int


class Tried(Strict):
    """What a channel said to a test."""

    taken: bool
    reason: str | None = Field(description="Why it was not taken; null when it was")


def router(runner: Runner, operator: Callable[..., None]) -> APIRouter:
    """The routes. `operator` lets a caller through who bears the token."""
    made = APIRouter(prefix="/api/v1/alerts", tags=["alerts"], dependencies=[Depends(operator)])
    _acting(made, runner)
    state = runner.cache.state

    @made.post(
        "/channels/{channel}/test",
        summary="Send a test to a channel",
        response_description="Whether it was taken",
        responses=responses(401, 404, 409, 422, _404="There is no such channel"),
    )
    def test(channel: ChannelName, who: Asked) -> Tried:
        """Sent at once, beside the outbox; noted in the history of alerts. 409 when the channel is not set up."""
        known = {one.name: one for one in channels.standings(runner.settings)}
        if channel not in known:
            raise refused(404, f"There is no channel {channel!r}.", f"Channels: {', '.join(known)}.")
        if known[channel].missing:
            raise refused(409, f"The channel {channel} is not set up.", str(known[channel].missing))
        now, reason = datetime.now(UTC), None
        alert = {
            "alert_id": TEST, "rule": channel, "subject": "test", "severity": "low", "link": None, "firings": 1,
            "summary": f"A test of the portal, sent by {who.who}. Nothing is wrong.", "fired_at": now.isoformat(),
        }  # fmt: skip
        try:
            told = Told(f"{TEST}-{uuid4().hex}", TEST, now.isoformat(timespec="seconds"), alert)
            channels.made(runner.settings, channel).deliver([told])
        except NotTaken as problem:
            reason = str(problem)
        state.insert_new("alert_history", [life.history(alert, "tested", now, who.who, reason)])
        return Tried(taken=reason is None, reason=reason)

    return made


class Asked(Strict):
    """Who asks for it."""

    who: Who = "operator"


def _acting(made: APIRouter, runner: Runner) -> None:
    @made.post(
        "/acknowledge",
        summary="Say that somebody looks after alerts",
        response_description="How many",
        responses=responses(401, 422),
    )
    def acknowledge(chosen: Acknowledged) -> Answer:
        """Channels hear of their end, and of nothing else until they fire again."""
        with runner.cache.state.transaction(durable=True):
            changes = life.acknowledge(_rows(runner, chosen.ids), chosen.who, chosen.note, datetime.now(UTC))
            evaluate.write(runner.settings, runner.cache, changes)
        return Answer(changed=len(changes.alerts))

    @made.post(
        "/silence",
        summary="Silence alerts until a time",
        response_description="How many",
        responses=responses(401, 422),
    )
    def silence(chosen: Silenced) -> Answer:
        """Channels hear nothing of them until then, also if they resolve and fire again. A time that is past ends it."""
        now = datetime.now(UTC)
        with runner.cache.state.transaction(durable=True):
            changes = life.silence(
                _rows(runner, chosen.ids), chosen.until.astimezone(UTC), chosen.who, chosen.why, now
            )
            evaluate.write(runner.settings, runner.cache, changes)
        return Answer(changed=len(changes.alerts))


def _rows(runner: Runner, ids: list[str]) -> list[life.Row]:
    rows = runner.cache.state.rows(
        "SELECT * FROM alerts WHERE alert_id IN (SELECT value FROM json_each(?))", orjson.dumps(ids).decode()
    )
    return [life.from_store(row) for row in rows]
