"""The layers over HTTP: their status, their runs, and to start one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response

from sync_jobs import runs, status
from sync_jobs.api_models import LayerStatus, Started, SyncRun, refused, responses
from sync_jobs.runner import Runner

PREFIX = "/api/v1/sync"
LayerName = Annotated[str, Path(max_length=100, description="Name of the layer", examples=["assets"])]
RunId = Annotated[str, Path(max_length=200, description="As `run_id` elsewhere")]


def router(runner: Runner, operator: Callable[..., None]) -> APIRouter:
    """The routes. `operator` lets a caller through who bears the token."""
    made = APIRouter(prefix=PREFIX, tags=["sync"])
    _reading(made, runner)

    @made.post(
        "/run/{layer}",
        summary="Run a layer now",
        response_description="It runs; see the run for how far it is",
        status_code=202,
        dependencies=[Depends(operator)],
        responses={
            202: {
                "headers": {"Location": {"schema": {"type": "string"}, "description": "Address of the run"}},
                "links": {"run": {"operationId": "one_run", "parameters": {"run_id": "$response.body#/run_id"}}},
            },
            **responses(401, 404, 409, 422, _404="There is no such layer"),
        },
    )  # fmt: skip
    def run_layer(
        layer: LayerName,
        response: Response,
        trigger: Annotated[Literal["api", "page"], Query(description="Who asks; noted with the run")] = "api",
    ) -> Started:
        """Start a run and return its id at once. 409 while one is under way or when it cannot run."""
        if layer not in runner.layers:
            known = ", ".join(runner.layers)
            raise refused(404, f"There is no layer {layer!r}.", f"Layers: {known}.")
        started = runner.start(layer, trigger)
        watch = threading.Thread(target=runner.finish, args=[started], name=f"watch-{started.run_id}")
        watch.daemon = True  # the sidecar itself waits for runs when it stops
        watch.start()
        response.headers["Location"] = f"{PREFIX}/runs/{started.run_id}"
        return Started(run_id=started.run_id, layer=layer, status="in_progress")

    return made


def _reading(made: APIRouter, runner: Runner) -> None:
    @made.get(
        "/sync-status",
        summary="What is known of each layer",
        response_description="Layer -> its status",
        response_model=dict[str, LayerStatus],
        responses=responses(404, 422, _404="There is no such layer"),
    )
    def sync_status(
        layer: Annotated[
            list[Annotated[str, Query(max_length=100)]],
            Query(max_length=50, description="Only these layers; repeat it", examples=[["assets"]]),
        ] = [],  # noqa: B006
    ) -> dict[str, Any]:
        """Layer -> status, last_sync, next_sync, items_synced, items_failed, error_messages, freshness, ..."""
        found = status.read(runner)
        absent = [name for name in layer if name not in found]
        if absent:
            raise refused(404, f"There is no layer {absent[0]!r}.", f"Layers: {', '.join(found)}.")
        return {name: row for name, row in found.items() if not layer or name in layer}

    @made.get(
        "/runs/{run_id}",
        summary="One run",
        response_description="The run as it stands",
        operation_id="one_run",
        response_model=SyncRun,
        responses=responses(404, 422, _404="There is no such run"),
    )
    def one_run(run_id: RunId) -> dict[str, Any]:
        """One run; while it is in progress, `details.progress` holds done, total and unit."""
        runs.repair(runner.cache.state)
        row = runs.by_id(runner.cache.state, run_id)
        if row is None:
            raise refused(404, f"There is no run {run_id!r}.", f"GET {PREFIX}/sync-status shows the newest.")
        return runs.jsonable(row)
