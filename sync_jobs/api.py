"""The sidecar's HTTP API, for the local pages and for monitoring. Loopback only; JSON; errors carry a hint.

Reading is open to whoever reaches the port; everything that changes state needs the operator token.
"""

from __future__ import annotations

import hmac
import importlib.metadata
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Annotated

import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException as StarletteHTTPException

from app.errors import Busy, Permanent, PortalError, Retryable, SettingsError
from sync_jobs import (
    api_alerts,
    api_events,
    api_health,
    api_sync,
    asset_history,
    dead_letters,
    infrastructure_state,
    push,
)
from sync_jobs.api_models import refused
from sync_jobs.live import route as live_route
from sync_jobs.live.hub import Hub
from sync_jobs.runner import Runner
from sync_jobs.scheduler import Scheduler
from sync_jobs.webhook.receiver import PATH as WEBHOOK_PATH
from sync_jobs.webhook.receiver import Receiver

log = structlog.get_logger("sync_jobs.api")
FROM_OUTSIDE = {WEBHOOK_PATH, push.PATH}
DESCRIPTION = (
    "Reading is open to whoever reaches the port, which is on this machine only. What changes state, or calls Google on"
    " the caller's behalf, needs the operator token. Errors are `{error, hint}`. Times are UTC."
)
BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="operator",
    description="PORTAL_API_TOKEN, or the file operator-token in PORTAL_HOME",
)
TAGS = [
    {"name": "health", "description": "Whether the process works, and figures about it."},
    {"name": "sync", "description": "The layers, and their runs."},
    {"name": "state", "description": "What the layers brought."},
    {"name": "events", "description": "The stream of events."},
    {"name": "webhook", "description": "What GitHub sends."},
]


def create_app(
    runner: Runner, scheduler: Scheduler, token: str, not_ready: Callable[[], str | None] = lambda: None
) -> FastAPI:
    """The API over one home. `token` is what callers that change state must bear.

    `not_ready` says why the process as a whole is not ready yet, on top of the store and the clock.
    """
    app = FastAPI(
        title="Landing Zone Portal: sidecar",
        summary="What the sync layers know and do.",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        version=importlib.metadata.version("landing-zone-portal"),
        docs_url=None,  # both pages load scripts from a CDN
        redoc_url=None,
    )
    _explain_errors(app)
    app.middleware("http")(_refuse_foreign_hosts(runner.settings.webhook_host))
    operator = _operator(token)
    app.include_router(api_health.router(runner, scheduler, not_ready))
    app.include_router(api_sync.router(runner, operator))
    app.include_router(infrastructure_state.router(runner))
    app.include_router(asset_history.router(runner, operator))
    app.include_router(api_events.router(runner, operator))
    app.include_router(dead_letters.router(runner, operator))
    app.include_router(api_alerts.router(runner, operator))
    app.include_router(push.router(runner))
    app.state.hub = Hub(runner.cache.state.path)
    clients = runner.settings.websocket_clients
    app.include_router(
        live_route.router(app.state.hub, token, clients, lambda host: _is_loopback(_host_name(host)))
    )
    app.state.webhook = Receiver(runner)  # the process starts it
    app.include_router(app.state.webhook.router())
    return app


def _operator(token: str) -> Callable[..., None]:
    def check(sent: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]) -> None:
        if sent and hmac.compare_digest(sent.credentials.strip().encode(), token.encode()):
            return
        error = refused(
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

    Under `webhook_host`, a name that the world reaches, there are the calls only that prove themselves who they are from.
    """

    async def check(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        name = _host_name(request.headers.get("host", ""))
        foreign = webhook_host is not None and name == webhook_host.lower()
        if _is_loopback(name) or (foreign and request.url.path in FROM_OUTSIDE):
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


_SEE = "GET /openapi.json lists every call."
_NO_TEXT = "There was an error parsing the body"  # FastAPI's words for a body that is not UTF-8


def _explain_errors(app: FastAPI) -> None:
    """All errors leave as {"error": ..., "hint": ...}."""

    @app.exception_handler(StarletteHTTPException)
    async def http_error(_request: Request, error: StarletteHTTPException) -> JSONResponse:
        if error.status_code == 400 and error.detail == _NO_TEXT:
            return _problem(422, "The call is not valid: its body is not UTF-8.", _SEE)
        if isinstance(error.detail, dict):
            return JSONResponse(error.detail, error.status_code, headers=error.headers)
        told = {"error": str(error.detail), "hint": _SEE}
        return JSONResponse(told, error.status_code, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def wrong_request(_request: Request, error: RequestValidationError) -> JSONResponse:
        found = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        return _problem(422, f"The call is not valid: {found}.", _SEE)

    @app.exception_handler(PortalError)
    async def portal_error(_request: Request, error: PortalError) -> JSONResponse:
        if isinstance(error, Busy | SettingsError | Permanent):
            return _problem(409, error.message, error.hint)
        return _problem(503 if isinstance(error, Retryable) else 500, error.message, error.hint)

    @app.exception_handler(Exception)
    async def unexpected(_request: Request, error: Exception) -> JSONResponse:
        log.error("request_failed", exc_info=error)
        return _problem(500, "The sidecar failed to answer.", "Its log holds the reason.")


def _problem(code: int, message: str, hint: str) -> JSONResponse:
    return JSONResponse({"error": message, "hint": hint}, status_code=code)
