"""Whether the sidecar works: /healthz, /readyz and the figures for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from app.errors import PortalError
from sync_jobs.api_models import Health, Ready, responses
from sync_jobs.runner import Runner
from sync_jobs.scheduler import Scheduler


def router(runner: Runner, scheduler: Scheduler, not_ready: Callable[[], str | None]) -> APIRouter:
    """The routes. `not_ready` says why the process as a whole is not ready yet."""
    made = APIRouter(tags=["health"])

    @made.get(
        "/healthz",
        summary="Whether the process answers",
        response_description="It does",
        responses=responses(),
    )
    def healthz() -> Health:
        """The process answers. That says nothing of the store or the clock: see `/readyz`."""
        return Health(status="ok")

    @made.get(
        "/readyz",
        summary="Whether it can do its work",
        response_description="It can",
        response_model=Ready,
        responses={**responses(), 503: {"model": Ready, "description": "Not ready, and why"}},
    )
    def readyz() -> JSONResponse:
        """The store opens and the clock runs; 503 with the reasons otherwise."""
        problems = [found for found in (not_ready(), _store_problem(runner), scheduler.problem) if found]
        body = {"status": "not ready", "problems": problems} if problems else {"status": "ready"}
        return JSONResponse(body, status_code=503 if problems else 200)

    @made.get(
        "/metrics",
        summary="Figures for Prometheus",
        response_description="Prometheus text format",
        response_class=PlainTextResponse,
        responses=responses(),
    )
    def metrics() -> Response:
        """Figures for Prometheus, in its text format."""
        return _figures(runner)

    return made


def _figures(runner: Runner) -> Response:
    from prometheus_client import CONTENT_TYPE_LATEST

    from sync_jobs import metrics_page

    return Response(metrics_page.render(runner), media_type=CONTENT_TYPE_LATEST)


def _store_problem(runner: Runner) -> str | None:
    try:
        runner.cache.state.rows("SELECT 1")
    except PortalError as error:
        return str(error)
    return None
