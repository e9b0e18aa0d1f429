"""What the pages ask of the sidecar: whether it is there, the status of the layers, and to run one now."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from app import operator_token
from app.errors import Permanent, PortalError, Retryable
from app.settings import Settings, load_settings

TIMEOUT_SECONDS = 2.0
GOOGLE_SECONDS = 40.0  # for a call that the sidecar passes on
START_HINT = "Start it: `python -m sync_jobs serve`, or `python -m app` for both."


class SidecarDown(Retryable):
    """Nothing answers at the sidecar's address."""


def address(settings: Settings | None = None) -> str:
    """Where the sidecar of this home listens."""
    found = settings or load_settings()
    host = f"[{found.api_host}]" if ":" in found.api_host else found.api_host
    return f"http://{host}:{found.api_port}"


def alive() -> bool:
    """Whether the sidecar answers."""
    try:
        _call("GET", "/healthz")
    except SidecarDown:
        return False
    return True


def sync_status() -> dict[str, dict[str, Any]]:
    """Layer -> the fields of `pages/sync_status/layers`. Raises SidecarDown, PortalError."""
    found: dict[str, dict[str, Any]] = _call("GET", "/api/v1/sync/sync-status")
    return found


def run_now(layer: str) -> str:
    """Start a run of a layer; returns its id. Raises SidecarDown, PortalError with the sidecar's reason."""
    path = f"/api/v1/sync/run/{quote(layer, safe='')}?trigger=page"
    return str(_call("POST", path, _operator())["run_id"])


def asset_history(name: str, since: datetime, content: str) -> dict[str, Any]:
    """The versions of an asset that Google keeps, see GET /api/v1/assets/history. Raises SidecarDown, PortalError."""
    query = urlencode({"name": name, "from": since.isoformat(), "content": content})
    found: dict[str, Any] = _call(
        "GET", f"/api/v1/assets/history?{query}", _operator(), timeout=GOOGLE_SECONDS
    )
    return found


def dead_letters(what: str, body: dict[str, Any]) -> dict[str, Any]:
    """`replay` or `discard` dead letters, see POST /api/v1/dead-letters. Raises SidecarDown, PortalError."""
    path = f"/api/v1/dead-letters/{quote(what, safe='')}"
    found: dict[str, Any] = _call("POST", path, _operator(), timeout=GOOGLE_SECONDS, body=body)
    return found


def alerts(what: str, body: dict[str, Any]) -> dict[str, Any]:
    """`acknowledge` or `silence` alerts, see POST /api/v1/alerts. Raises SidecarDown, PortalError."""
    found: dict[str, Any] = _call("POST", f"/api/v1/alerts/{quote(what, safe='')}", _operator(), body=body)
    return found


def test_channel(channel: str, who: str) -> dict[str, Any]:
    """Send a test; says whether it was taken. Raises SidecarDown, PortalError."""
    path = f"/api/v1/alerts/channels/{quote(channel, safe='')}/test"
    found: dict[str, Any] = _call("POST", path, _operator(), timeout=GOOGLE_SECONDS, body={"who": who})
    return found


def _operator() -> dict[str, str]:
    token = operator_token.read(load_settings())
    if token is None:
        raise Permanent(
            "The sidecar of this home has not made an operator token yet.",
            "Start the sidecar once, or set PORTAL_API_TOKEN for both.",
        )
    return {"Authorization": f"Bearer {token}"}


def _call(
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    timeout: float = TIMEOUT_SECONDS,
    body: dict[str, Any] | None = None,
) -> Any:
    import httpx

    url = address() + path
    try:
        with httpx.Client(trust_env=False, timeout=timeout) as client:
            response = client.request(method, url, headers=headers, json=body)
    except httpx.TransportError as error:
        raise SidecarDown(
            f"The sidecar does not answer at {address()} ({type(error).__name__}).", START_HINT
        ) from error
    try:
        answer = response.json()
    except ValueError as error:
        raise PortalError(
            f"{address()} answers, but not as the sidecar does (status {response.status_code}).",
            "Another program may listen there: set PORTAL_API_PORT to a free port.",
        ) from error
    if response.is_success:
        return answer
    message = answer.get("error") if isinstance(answer, dict) else None
    hint = answer.get("hint") if isinstance(answer, dict) else None
    raise PortalError(str(message or f"The sidecar refused: status {response.status_code}."), str(hint or ""))
