"""The shapes of the sidecar's answers, as OpenAPI tells them, and how its errors are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field

RunStatus = Literal["success", "partial", "failed", "in_progress"]


class Strict(BaseModel):
    """No field that is not described here."""

    model_config = ConfigDict(extra="forbid")


class Problem(Strict):
    """Why a call was refused, and what to do."""

    error: str = Field(description="What happened", examples=["There is no run 'x'."])
    hint: str = Field(
        description="What to do about it", examples=["GET /api/v1/sync/sync-status shows the newest."]
    )


class Health(Strict):
    status: Literal["ok"]


class Ready(Strict):
    status: Literal["ready", "not ready"]
    problems: list[str] = Field(default=[], description="Why it is not ready")


class Started(Strict):
    """A run that was started."""

    run_id: str = Field(examples=["20260302T080000-assets-1a2b3c4d"])
    layer: str = Field(examples=["assets"])
    status: Literal["in_progress"]


class SyncRun(Strict):
    """One run of a layer: a row of the table `sync_runs`."""

    run_id: str = Field(examples=["20260302T080000-assets-1a2b3c4d"])
    layer: str = Field(examples=["assets"])
    trigger: str = Field(
        description="schedule, cli, api, page, webhook, sample, or follow: after a run of another layer"
    )
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None = Field(description="Null while in progress")
    sync_duration_seconds: float | None
    items_synced: int
    items_failed: int = Field(description="Items that went to dead_letters")
    error_messages: list[str]
    hint: str | None = Field(description="What to do about the errors")
    missed: list[str] = Field(description="Parts of the scope that could not be seen")
    attempt: int
    source: str | None = Field(description="What was read, without credentials")
    details: dict[str, Any] | None = Field(
        description="Counts particular to the layer; while it goes on, `progress` with done, total and unit"
    )
    fence: int | None = Field(description="Fencing token of the lease it ran under")


class LayerStatus(Strict):
    """What is known of a layer now. A layer that never ran has no status."""

    layer: str
    title: str = Field(description="Name for people")
    configured: bool = Field(description="Whether it has a source")
    reason: str | None = Field(description="Why it is not configured, and how to")
    source: str | None = Field(description="Where it reads, without credentials")
    schedule: str | None = Field(description="When it runs, in words")
    status: RunStatus | None = Field(description="Of the newest run")
    last_sync: datetime | None = Field(description="When data last came in")
    next_sync: datetime | None = Field(description="Next run by the clock; null when none is planned")
    items_synced: int = Field(description="Of the newest finished run, as the five that follow")
    items_failed: int
    error_messages: list[str]
    hint: str | None
    missed: list[str] = Field(description="Parts of the scope that could not be seen")
    sync_duration_seconds: float | None
    run_id: str | None = Field(description="The newest run, as the four that follow")
    trigger: str | None
    started_at: datetime | None
    attempt: int | None
    details: dict[str, Any] | None
    freshness_target_seconds: int | None = Field(description="Data older than this is stale")
    freshness_seconds: int | None = Field(description="Age of the newest data")
    stale: bool | None = Field(description="Null where it has no source or no target")
    sidecar_seen: datetime | None = Field(description="When a sidecar last described this layer")


class Delivery(Strict):
    """What became of a delivery of GitHub."""

    status: Literal["accepted", "ignored", "replayed"]
    reason: str
    delivery_id: str


_TOLD = {
    400: "The call cannot be understood",
    401: "The operator token is missing or wrong",
    403: "Google refuses: the hint says which role or API is missing",
    404: "There is no such thing",
    408: "The body came too slowly",
    409: "It cannot be done now, or not with these settings",
    413: "The body is too large",
    421: "The Host header does not name this machine",
    422: "A parameter does not fit",
    500: "The sidecar failed; its log holds the reason",
    503: "The store, or a service that is needed, cannot be reached now",
}
ALWAYS = (421, 500, 503)


def responses(*codes: int, **told: str) -> dict[int | str, dict[str, Any]]:
    """The refusals of a call for OpenAPI; `_404="..."` tells one in its own words."""
    return {
        code: {"model": Problem, "description": told.get(f"_{code}", _TOLD[code])}
        for code in sorted({*codes, *ALWAYS})
    }


def refused(code: int, message: str, hint: str) -> HTTPException:
    """To be raised: leaves as {"error": ..., "hint": ...}."""
    return HTTPException(code, detail={"error": message, "hint": hint})
