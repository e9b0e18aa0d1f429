"""POST /api/v1/events/push: messages that Pub/Sub pushes, as an alternative to the listener.

The caller proves who it is with a token that Google signed: for this audience, for this service account. It is answered 2xx
only when the message is stored, so what is refused or lost on the way comes again.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import httpx
import orjson
import structlog
from fastapi import APIRouter, Request, Response

from app.errors import PortalError
from app.settings import Settings
from sync_jobs.api_models import refused, responses
from sync_jobs.layers.events.extract import Batch
from sync_jobs.layers.events.message import Message, NotUnderstood, from_wire
from sync_jobs.layers.events.projects import ProjectNumbers
from sync_jobs.layers.events.storing import Storing
from sync_jobs.runner import Runner

PATH = "/api/v1/events/push"
BODY_LIMIT = 16 * 1024 * 1024  # a message has 10 MB at most, and grows by a third as base64
ISSUERS = ("https://accounts.google.com", "accounts.google.com")
CERTIFICATES_SECONDS = 3600.0
SKEW_SECONDS = 10
RUN = "push"

log = structlog.get_logger("sync_jobs.push")

_SENT = {
    "requestBody": {
        "required": True,
        "description": "The envelope of Pub/Sub: message and subscription",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    "parameters": [
        {"in": "header", "name": "Authorization", "required": True, "schema": {"type": "string"},
         "description": "Bearer TOKEN, signed by Google for PORTAL_PUSH_AUDIENCE and PORTAL_PUSH_SERVICE_ACCOUNT"}
    ],
}  # fmt: skip


class Certificates:
    """Google's public keys, fetched now and then."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._held: dict[str, str] = {}
        self._until = 0.0

    def get(self) -> dict[str, str]:
        """Key id -> certificate. Raises httpx.HTTPError when there are none and none can be fetched."""
        with self._lock:
            if time.monotonic() >= self._until:
                try:
                    answer = httpx.get(self._address, timeout=5.0)
                    answer.raise_for_status()
                    self._held, self._until = answer.json(), time.monotonic() + CERTIFICATES_SECONDS
                except httpx.HTTPError as error:
                    if not self._held:
                        raise
                    self._until = time.monotonic() + 60.0
                    log.warning("certificates_not_fetched", error=type(error).__name__)
            return self._held


def router(runner: Runner) -> APIRouter:
    """The route."""
    made = APIRouter()
    settings = runner.settings
    certificates = Certificates(settings.push_certificates_url)
    storing = Storing(settings, runner.cache, ProjectNumbers(), RUN)

    @made.post(
        PATH,
        tags=["events"],
        summary="A message that Pub/Sub pushes",
        status_code=204,
        response_description="It is stored",
        responses=responses(400, 401, 403, 413, _401="No token, or one that Google did not sign for this address",
                            _403="A token of another account", _400="This is no envelope of Pub/Sub"),
        openapi_extra=_SENT,
    )  # fmt: skip
    async def push(request: Request) -> Response:
        """One message in the envelope of Pub/Sub. What it says is judged like any other message's: a dead letter is stored, too."""
        await asyncio.to_thread(authorise, settings, certificates, request.headers.get("authorization", ""))
        body = await _read(request)
        message, subscription = _opened(body)
        await asyncio.to_thread(_stored, storing, message, subscription)
        return Response(status_code=204)

    return made


def authorise(settings: Settings, certificates: Certificates, header: str) -> None:
    """Raises the refusal of a caller that is not the one the settings name. It says nothing of what is expected."""
    from google.auth import exceptions, jwt

    audience, account = settings.push_audience, settings.push_service_account
    if not audience or not account:
        raise refused(
            503, "Pushed messages are not taken.",
            "Set PORTAL_PUSH_AUDIENCE and PORTAL_PUSH_SERVICE_ACCOUNT, and start the sidecar again.",
        )  # fmt: skip
    scheme, _, token = header.partition(" ")
    try:
        if scheme.lower() != "bearer" or not token:
            raise ValueError("no token")
        claims: dict[str, Any] = dict(
            jwt.decode(
                token.strip(), certs=certificates.get(), audience=audience, clock_skew_in_seconds=SKEW_SECONDS
            )
        )
        if claims.get("iss") not in ISSUERS:
            raise ValueError("another issuer")
    except httpx.HTTPError as error:
        raise refused(
            503, "Google's certificates cannot be fetched, so no token can be checked.", "It is tried again."
        ) from error
    except (ValueError, exceptions.GoogleAuthError) as error:
        log.warning("push_refused", reason=str(error)[:120])
        raise refused(
            401, "The token is missing or not valid here.",
            "The push subscription needs authentication with the audience and the service account of the settings.",
        ) from error  # fmt: skip
    if claims.get("email") != account or claims.get("email_verified") is not True:
        log.warning("push_refused", reason="another account")
        raise refused(
            403, "The token is of another account.",
            "Only the service account of PORTAL_PUSH_SERVICE_ACCOUNT may push.",
        )  # fmt: skip


async def _read(request: Request) -> bytes:
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > BODY_LIMIT:
            raise refused(413, f"The body has more than {BODY_LIMIT} bytes.", "Pub/Sub sends no more.")
    return bytes(found)


def _opened(body: bytes) -> tuple[Message, str]:
    try:
        envelope = orjson.loads(body)
        if not isinstance(envelope, dict) or not isinstance(envelope.get("message"), dict):
            raise NotUnderstood("Expected an object with `message`.")
        return from_wire(envelope["message"]), str(envelope.get("subscription") or "push")
    except (orjson.JSONDecodeError, NotUnderstood) as error:
        raise refused(400, f"This is no envelope of Pub/Sub: {error}", "Push without unwrapping.") from error


def _stored(storing: Storing, message: Message, subscription: str) -> None:
    try:
        storing.commit(storing.rows(Batch(subscription, [message])))
    except PortalError as error:
        raise refused(503, f"It could not be stored: {error.message}", "Pub/Sub sends it again.") from error
    finally:
        storing.cache.state.close()
