"""The stream of events over HTTP: paused and resumed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from sync_jobs.api_models import Strict, responses
from sync_jobs.layers.events.session import PAUSED
from sync_jobs.runner import Runner

Who = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="Who asks; noted",
        examples=["ada"],
    ),
]


class Asked(Strict):
    """Who asks for it."""

    who: Who = "operator"


class Stream(Strict):
    """Whether events are taken in."""

    status: Literal["paused", "listening"]
    told: str = Field(description="By whom and when it was paused; empty while it listens")


def router(runner: Runner, operator: Callable[..., None]) -> APIRouter:
    """The routes. `operator` lets a caller through who bears the token."""
    made = APIRouter(prefix="/api/v1/events", tags=["events"], dependencies=[Depends(operator)])
    state = runner.cache.state

    @made.post(
        "/pause",
        summary="Take in no more events",
        response_description="It is paused",
        responses=responses(401, 422),
    )
    def pause(asked: Asked) -> Stream:
        """Events wait in the subscription from now on, also after a restart. Pausing what is paused changes nothing."""
        told = state.info(PAUSED)
        if not told:
            told = f"by {asked.who}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            state.set_info(PAUSED, told)
        return Stream(status="paused", told=told)

    @made.post(
        "/resume",
        summary="Take in events again",
        response_description="It listens",
        responses=responses(401, 422),
    )
    def resume(asked: Asked) -> Stream:
        """What waited comes first. The layer follows within ten seconds."""
        state.set_info(PAUSED, "")
        return Stream(status="listening", told="")

    return made
