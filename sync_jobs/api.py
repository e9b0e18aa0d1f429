"""The sidecar's HTTP API, for the local pages and for monitoring. Loopback only; JSON; errors carry a hint.

Reading is open to whoever reaches the port; everything that changes state needs the operator token.
"""

from __future__ import annotations

import hmac
import importlib.metadata
import ipaddress
import threading
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

import structlog
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from app.errors import Busy, Permanent, PortalError, Retryable, SettingsError
from sync_jobs import infrastructure_state, runs, status
from sync_jobs.runner import Runner
from sync_jobs.scheduler import Scheduler
from sync_jobs.webhook.receiver import PATH as WEBHOOK_PATH
from sync_jobs.webhook.receiver import Receiver

log = structlog.get_logger("sync_jobs.api")
Json = dict[str, Any]


def create_app(
    runner: Runner, scheduler: Scheduler, token: str, not_ready: Callable[[], str | None] = lambda: None
) -> FastAPI:
    """The API over one home. `token` is what callers that change state must bear.

    `not_ready` says why the process as a whole is not ready yet, on top of the store and the clock.
    """
    app = FastAPI(
        title="Landing Zone Portal: sidecar",
        version=importlib.metadata.version("landing-zone-portal"),
        docs_url=None,  # both pages load scripts from a CDN
        redoc_url=None,
    )
    _explain_errors(app)
    app.middleware("http")(_refuse_foreign_hosts(runner.settings.webhook_host))
    _health(app, runner, scheduler, not_ready)
    _sync(app, runner, _operator(token))
    app.include_router(infrastructure_state.router(runner))
    app.state.webhook = Receiver(runner)  # the process starts it
    app.include_router(app.state.webhook.router())
    return app


def _health(app: FastAPI, runner: Runner, scheduler: Scheduler, not_ready: Callable[[], str | None]) -> None:
    @app.get("/healthz")
    def healthz() -> Json:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        """The store opens and the clock runs; 503 with the reasons otherwise."""
        problems = [found for found in (not_ready(), _store_problem(runner), scheduler.problem) if found]
        body = {"status": "not ready", "problems": problems} if problems else {"status": "ready"}
        return JSONResponse(body, status_code=503 if problems else 200)

    @app.get("/metrics")
    def metrics() -> Response:
        """Figures for Prometheus."""
        from prometheus_client import CONTENT_TYPE_LATEST

        from sync_jobs import metrics_page

        return Response(metrics_page.render(runner), media_type=CONTENT_TYPE_LATEST)


def _sync(app: FastAPI, runner: Runner, operator: Callable[..., None]) -> None:
    @app.get("/api/v1/sync/sync-status")
    def sync_status() -> Json:
        """Layer -> status, last_sync, next_sync, items_synced, items_failed, error_messages, ..."""
        return dict(status.read(runner))

    @app.get("/api/v1/sync/runs/{run_id}")
    def one_run(run_id: str) -> Json:
        """One run; while it is in progress, `details.progress` holds done, total and unit."""
        runs.repair(runner.cache.state)
        row = runs.by_id(runner.cache.state, run_id)
        if row is None:
            raise _error(
                404, f"There is no run {run_id!r}.", "GET /api/v1/sync/sync-status shows the newest."
            )
        return runs.jsonable(row)

    @app.post("/api/v1/sync/run/{layer}", status_code=202, dependencies=[Depends(operator)])
    def run_layer(layer: str, response: Response, trigger: Literal["api", "page"] = "api") -> Json:
        """Start a run and return its id at once. 409 while one is under way or when it cannot run."""
        if layer not in runner.layers:
            known = ", ".join(runner.layers)
            raise _error(404, f"There is no layer {layer!r}.", f"Layers: {known}.")
        started = runner.start(layer, trigger)
        watch = threading.Thread(target=runner.finish, args=[started], name=f"watch-{started.run_id}")
        watch.daemon = True  # the sidecar itself waits for runs when it stops
        watch.start()
        response.headers["Location"] = f"/api/v1/sync/runs/{started.run_id}"
        return {"run_id": started.run_id, "layer": layer, "status": "in_progress"}


def _operator(token: str) -> Callable[..., None]:
    def check(authorization: Annotated[str | None, Header()] = None) -> None:
        scheme, _, given = (authorization or "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
            return
        error = _error(
            401,
            "This call needs the operator token.",
            "Send Authorization: Bearer TOKEN, with the value of PORTAL_API_TOKEN or of the file "
            "operator-token in PORTAL_HOME.",
        )
        error.headers = {"WWW-Authenticate": "Bearer"}
        raise error

    return check


def _refuse_foreign_hosts(
    webhook_host: str | None,
) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    """A web page whose name resolves to this machine could otherwise read the inventory (DNS rebinding).

    Under `webhook_host`, a name that the world reaches, there are the webhooks only: they are signed.
    """

    async def check(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        name = _host_name(request.headers.get("host", ""))
        foreign = webhook_host is not None and name == webhook_host.lower()
        if _is_loopback(name) or (foreign and request.url.path == WEBHOOK_PATH):
            return await call_next(request)
        return _problem(
            421,
            "The Host header does not name this machine.",
            "Call the sidecar as 127.0.0.1 or localhost. A proxy that passes on webhooks may keep the name in "
            "PORTAL_WEBHOOK_HOST; under it there is nothing else.",
        )

    return check


def _host_name(host: str) -> str:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name.lower()


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _explain_errors(app: FastAPI) -> None:
    """All errors leave as {"error": ..., "hint": ...}."""

    @app.exception_handler(StarletteHTTPException)
    async def http_error(_request: Request, error: StarletteHTTPException) -> JSONResponse:
        if isinstance(error.detail, dict):
            return JSONResponse(error.detail, error.status_code, headers=error.headers)
        return _problem(error.status_code, str(error.detail), "GET /openapi.json lists every call.")

    @app.exception_handler(RequestValidationError)
    async def wrong_request(_request: Request, error: RequestValidationError) -> JSONResponse:
        found = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        return _problem(422, f"The call is not valid: {found}.", "GET /openapi.json lists every call.")

    @app.exception_handler(PortalError)
    async def portal_error(_request: Request, error: PortalError) -> JSONResponse:
        if isinstance(error, Busy | SettingsError | Permanent):
            return _problem(409, error.message, error.hint)
        return _problem(503 if isinstance(error, Retryable) else 500, error.message, error.hint)

    @app.exception_handler(Exception)
    async def unexpected(_request: Request, error: Exception) -> JSONResponse:
        log.error("request_failed", exc_info=error)
        return _problem(500, "The sidecar failed to answer.", "Its log holds the reason.")


def _store_problem(runner: Runner) -> str | None:
    try:
        runner.cache.state.rows("SELECT 1")
    except PortalError as error:
        return str(error)
    return None


def _problem(code: int, message: str, hint: str) -> JSONResponse:
    return JSONResponse({"error": message, "hint": hint}, status_code=code)


def _error(code: int, message: str, hint: str) -> HTTPException:
    return HTTPException(code, detail={"error": message, "hint": hint})
