"""POST /webhook/github: read within limits, check the signature, decide, store, answer 202.

Nothing that a caller without the secret sends is stored. Nothing in a payload says what is fetched.
"""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import orjson
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from app.errors import PortalError
from sync_jobs.api_models import Delivery, responses
from sync_jobs.runner import Runner
from sync_jobs.tallies import refused_deliveries
from sync_jobs.webhook import deliveries, signature
from sync_jobs.webhook.decision import Decision, decide, default_branch, target_of
from sync_jobs.webhook.dispatcher import Dispatcher
from sync_jobs.webhook.intake import Intake

PATH = "/webhook/github"
BODY_LIMIT = 25 * 1024 * 1024  # GitHub sends no more
DRAINED = (
    4 * BODY_LIMIT
)  # of one that is too large: it is read to its end, so that the caller reads the answer
READING_LIMIT = 128 * 1024 * 1024  # of all bodies that are being read
READ_SECONDS = 10.0  # as long as GitHub waits
OFF_LOOP_BYTES = 128 * 1024  # above it, checking and parsing would hold up other calls
_ID = re.compile(r"[\x21-\x7e]{1,128}")
_EVENT = re.compile(r"[a-z0-9_.]{1,64}")
_FORM = "application/x-www-form-urlencoded"

log = structlog.get_logger("sync_jobs.webhook")


_SENT = {
    "parameters": [
        {"in": "header", "name": name, "required": True, "description": told, "schema": {"type": "string"}}
        for name, told in (
            (signature.HEADER, "sha256=HEX: the signature of the body with the secret"),
            ("X-GitHub-Event", "push, repository_dispatch, ping, ..."),
            ("X-GitHub-Delivery", "Id of the delivery: one that came before is not served again"),
        )
    ],
    "requestBody": {
        "required": True,
        "description": "As GitHub sends it, at most 25 MB",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
}


class Refused(Exception):
    """A delivery that is not taken. `label` counts it, the rest answers the caller."""

    def __init__(self, code: int, label: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.label, self.message, self.hint = code, label, message, hint


class Receiver:
    """What the route needs: settings, the store, and the thread that starts syncs."""

    def __init__(self, runner: Runner) -> None:
        self._settings = runner.settings
        self._state = runner.cache.state
        self._secrets = signature.secrets_of(runner.settings)
        self._dispatcher = Dispatcher(runner)
        self._intake = Intake(self._state, self._dispatcher.wake)
        self._reading = 0

    def start(self) -> None:
        """Serve what an earlier process accepted and did not get to."""
        try:
            if self._secrets and deliveries.waiting(self._state):
                self._dispatcher.wake()
        except PortalError as error:
            log.warning("webhook_not_looked_at", error=str(error))

    def router(self) -> APIRouter:
        """The route."""
        router = APIRouter()

        @router.post(
            PATH,
            tags=["webhook"],
            summary="A delivery of GitHub",
            response_description="What became of it",
            status_code=202,
            response_model=Delivery,
            responses=responses(400, 401, 408, 413, _401="It is not signed, or not with the secret set here"),
            openapi_extra=_SENT,
        )
        async def github(request: Request) -> JSONResponse:
            """A delivery of GitHub: `status` is accepted, ignored or replayed, with the `reason`."""
            try:
                return JSONResponse(await self._receive(request), status_code=202)
            except Refused as refused:
                refused_deliveries.add(refused.label)
                log.warning("delivery_refused", code=refused.code, reason=refused.message)
                retry = {"Retry-After": "30"} if refused.code == 503 else None
                body = {"error": refused.message, "hint": refused.hint}
                return JSONResponse(body, status_code=refused.code, headers=retry)

        return router

    async def _receive(self, request: Request) -> dict[str, str]:
        if not self._secrets:
            raise Refused(
                503,
                "no_secret",
                "No secret is set, so no delivery can be trusted.",
                "Make one (openssl rand -hex 32), set it as PORTAL_WEBHOOK_SECRET and as the secret of the "
                "webhook on GitHub, and start the sidecar again.",
            )
        body = await self._read(request)
        if len(body) > OFF_LOOP_BYTES:
            row = await asyncio.to_thread(self._row, request, body)
        else:
            row = self._row(request, body)
        try:
            earlier = await self._intake.keep(row)
        except PortalError as error:
            raise Refused(503, "store", f"It could not be stored: {error.message}", error.hint) from error
        name = str(row["delivery_id"])
        if earlier is not None:
            log.info("delivery_replayed", delivery=name)
            reason = f"It came before, at {earlier:%Y-%m-%dT%H:%M:%SZ}. Nothing was done."
            return {"status": "replayed", "reason": reason, "delivery_id": name}
        log.info("delivery_kept", delivery=name, event_name=row["event"], status=row["status"])
        return {"status": str(row["status"]), "reason": str(row["reason"]), "delivery_id": name}

    async def _read(self, request: Request) -> bytes:
        """The body, within the limits of one, of all together, and of time."""
        declared = request.headers.get("content-length", "")
        size = int(declared) if declared.isascii() and declared.isdigit() else 0
        if size > DRAINED:
            raise _too_large()
        found, total = bytearray(), 0
        try:
            async with asyncio.timeout(READ_SECONDS):
                async for chunk in request.stream():
                    total += len(chunk)
                    if max(size, total) > BODY_LIMIT:
                        self._reading -= len(found)
                        found.clear()
                        if total > DRAINED:
                            break
                        continue
                    if self._reading + len(chunk) > READING_LIMIT:
                        raise Refused(
                            503, "busy", "Too many deliveries come at once.", "Send it again later."
                        )
                    self._reading += len(chunk)
                    found += chunk
        except TimeoutError:
            raise Refused(
                408, "time", f"The body took longer than {READ_SECONDS:.0f} s.", "Send it again."
            ) from None
        except ClientDisconnect:
            raise Refused(400, "cut_off", "The caller went away.", "Send it again.") from None
        finally:
            self._reading -= len(found)
        if max(size, total) > BODY_LIMIT:
            raise _too_large()
        return bytes(found)

    def _row(self, request: Request, body: bytes) -> dict[str, Any]:
        """The row of a delivery that is signed and makes sense. Raises Refused."""
        headers = request.headers
        self._check_signature(body, headers.get(signature.HEADER))
        event, name = headers.get("x-github-event", ""), headers.get("x-github-delivery", "")
        if not _EVENT.fullmatch(event) or not _ID.fullmatch(name):
            missing = "X-GitHub-Event" if not _EVENT.fullmatch(event) else "X-GitHub-Delivery"
            raise Refused(400, "headers", f"The header {missing} is missing or wrong.", "GitHub sends both.")
        decision = self._decision(event, _payload(body, headers.get("content-type", "")))
        now = datetime.now(UTC)
        kept = {
            key: value
            for key, value in headers.items()
            if key in {"content-type", "user-agent"} or key.startswith("x-github-")
        }
        return {
            "delivery_id": name,
            "event": event,
            "received_at": now,
            "status": decision.status,
            "reason": decision.reason,
            "repository": decision.repository,
            "ref": decision.ref,
            "commit_sha": decision.commit_sha,
            "headers": kept,
            "body": body,
        }

    def _check_signature(self, body: bytes, header: str | None) -> None:
        if header is None:
            hint = "Set the secret of the webhook on GitHub to the value of PORTAL_WEBHOOK_SECRET."
            raise Refused(401, "signature", f"The header {signature.HEADER} is missing.", hint)
        if not signature.signed(body, header, self._secrets):
            hint = (
                "The secret on GitHub and PORTAL_WEBHOOK_SECRET must be the same, and the body must come "
                "unchanged. While you change the secret, give both with a comma between them."
            )
            raise Refused(401, "signature", "The signature does not fit.", hint)

    def _decision(self, event: str, payload: dict[str, Any]) -> Decision:
        known = default_branch(payload)
        if known is None and self._settings.git_branch == "HEAD" and event != "ping":
            known = deliveries.followed_branch(self._state)
        return decide(event, payload, target_of(self._settings, known))


def _payload(body: bytes, content_type: str) -> dict[str, Any]:
    """The JSON object of a body, plain or as GitHub's form. Raises Refused."""
    text: bytes | str = body
    if content_type.partition(";")[0].strip().lower() == _FORM:
        try:
            fields = parse_qs(body.decode("ascii"), max_num_fields=10)
        except ValueError:
            fields = {}
        if "payload" not in fields:
            hint = "Set the content type of the webhook on GitHub to application/json."
            raise Refused(400, "json", "The form has no field payload.", hint)
        text = fields["payload"][0]
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused(400, "json", f"The body is not JSON: {error}.", "GitHub sends a JSON object.") from None
    if not isinstance(found, dict):
        what = f"The body is JSON, but a {type(found).__name__}, no object."
        raise Refused(400, "json", what, "GitHub sends a JSON object.")
    return found


def _too_large() -> Refused:
    text = f"The body is larger than {BODY_LIMIT // 1024**2} MB, which is the most GitHub sends."
    return Refused(413, "size", text, "Send less: the portal fetches what changed by itself.")
