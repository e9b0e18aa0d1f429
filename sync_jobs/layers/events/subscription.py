"""Unary pull from a Pub/Sub subscription: at least once, acknowledged only when told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from app.errors import Permanent, PortalError, Retryable, SettingsError
from sync_jobs.layers.events.message import Message

if TYPE_CHECKING:
    from app.settings import Settings

PER_PULL = 1000
MOST_MESSAGES = 5000  # of one poll; the rest waits for the next one, so that nothing outlives its deadline
MOST_BYTES = 64 * 1024 * 1024
PULLING_SECONDS = 4.0
WAIT_SECONDS = 1.0  # how long the first pull waits for a message
REQUEST_SECONDS = 10.0
PROOF_SECONDS = 60.0
ACK_BATCH = 500

CREDENTIALS_HINT = (
    "Sign in with `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to a key or "
    "workload identity file, or run where a service account is attached."
)


@dataclass(frozen=True)
class Received:
    """A message and what acknowledges it."""

    message: Message
    ack_id: str


class Subscription:
    """One subscription. `path` is projects/P/subscriptions/S. Opens its channel at the first call."""

    def __init__(self, path: str, settings: Settings) -> None:
        self.path = path
        self._settings = settings
        self._client: Any = None
        self._answered = 0.0
        self._lock = threading.Lock()

    def pull(self, cancelled: threading.Event) -> list[Received]:
        """What waits there, up to the limits of one poll; empty only when the server was seen to be there.

        Raises Permanent (no such subscription, no permission, no credentials) or Retryable.
        """
        found: list[Received] = []
        size, ends = 0, time.monotonic() + PULLING_SECONDS
        while (
            len(found) < MOST_MESSAGES
            and size < MOST_BYTES
            and time.monotonic() < ends
            and not cancelled.is_set()
        ):
            batch = self._pull_once(wait=not found)
            if not batch:
                break
            found += batch
            size += sum(len(one.message.data) for one in batch)
        return found

    def acknowledge(self, received: Sequence[Received]) -> None:
        """Tell the server that these are stored. Raises Retryable; they then come again."""
        ids = [one.ack_id for one in received]
        for start in range(0, len(ids), ACK_BATCH):
            request: dict[str, object] = {
                "subscription": self.path,
                "ack_ids": ids[start : start + ACK_BATCH],
            }
            self._call(partial(_acknowledge, request))

    def close(self) -> None:
        """Close the channel."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.transport.close()

    def _pull_once(self, *, wait: bool) -> list[Received]:
        from google.api_core.exceptions import DeadlineExceeded

        request = {"subscription": self.path, "max_messages": PER_PULL}
        if not wait:
            request["return_immediately"] = True
        try:
            response = self._call(
                lambda client: client.pull(
                    request=request, retry=None, timeout=WAIT_SECONDS if wait else REQUEST_SECONDS
                ),
                passing=DeadlineExceeded,
            )
        except DeadlineExceeded:  # nothing came while it waited, or nobody is there
            self.prove_alive()
            return []
        self._answered = time.monotonic()
        return [Received(as_message(one.message), one.ack_id) for one in response.received_messages]

    def prove_alive(self) -> None:
        """An empty wait looks like a server that is away: ask for something that always has an answer."""
        if time.monotonic() - self._answered < PROOF_SECONDS:
            return
        from google.api_core.exceptions import PermissionDenied

        with suppress(PermissionDenied):  # to pull is allowed, to look is not: but somebody answered
            self._call(
                lambda client: client.get_subscription(
                    subscription=self.path, retry=None, timeout=REQUEST_SECONDS
                ),
                passing=PermissionDenied,
            )
        self._answered = time.monotonic()

    def _call(self, ask: Callable[[Any], Any], passing: type[Exception] | None = None) -> Any:
        from google.api_core.exceptions import GoogleAPICallError, RetryError
        from google.auth.exceptions import GoogleAuthError

        try:
            return ask(self._connected())
        except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
            if passing is not None and isinstance(error, passing):
                raise
            raise explained(error, self.path) from error

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = _client(self._settings)
            return self._client


def _acknowledge(request: dict[str, object], client: Any) -> None:
    client.acknowledge(request=request, timeout=REQUEST_SECONDS)


def _client(settings: Settings) -> Any:
    from google.pubsub_v1 import SubscriberClient

    return SubscriberClient(**connection(settings))


def connection(settings: Settings) -> dict[str, Any]:
    """How a client of Pub/Sub gets there: the emulator's channel, or credentials."""
    if not settings.pubsub_emulator_host:
        return {"credentials": credentials(settings)}
    import grpc  # type: ignore[import-untyped]
    from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    channel = grpc.insecure_channel(settings.pubsub_emulator_host, options=unlimited)
    return {"transport": SubscriberGrpcTransport(channel=channel)}


def credentials(settings: Settings) -> Any:
    """Those of the file that the settings name, or None: then the library looks in its usual places."""
    path = settings.google_application_credentials
    if path is None:
        return None
    if not path.is_file():
        raise SettingsError(
            f"GOOGLE_APPLICATION_CREDENTIALS names {path}, which is not a file.", CREDENTIALS_HINT
        )
    import google.auth

    scopes = ["https://www.googleapis.com/auth/pubsub"]
    return google.auth.load_credentials_from_file(str(path), scopes=scopes)[0]


def as_message(one: Any) -> Message:
    """The client's message as ours."""
    published = one.publish_time
    moment = (
        published.replace(tzinfo=UTC) if published is not None and published.tzinfo is None else published
    )
    # A plain datetime: the library's own subclass does not compare or store like one everywhere.
    plain = datetime.fromtimestamp(moment.timestamp(), UTC) if moment is not None else None
    return Message(bytes(one.data), dict(one.attributes), str(one.message_id), plain)


def explained(error: Exception, path: str) -> PortalError:
    """Pub/Sub's errors in the portal's terms."""
    from google.api_core import exceptions as google
    from google.auth.exceptions import GoogleAuthError, TransportError

    said = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
    project, _, name = path.removeprefix("projects/").partition("/subscriptions/")
    if isinstance(error, google.NotFound):
        return Permanent(
            f"The subscription {path} does not exist.",
            f"Create it: gcloud pubsub subscriptions create {name} --topic=TOPIC --project={project}; "
            "or set PORTAL_PUBSUB_SUBSCRIPTION to the one that does.",
        )
    if isinstance(error, google.Unauthenticated) or (
        isinstance(error, GoogleAuthError) and not isinstance(error, TransportError)
    ):
        return Permanent(f"Pub/Sub did not accept who the portal is: {said}", CREDENTIALS_HINT)
    if isinstance(error, google.PermissionDenied):
        return Permanent(
            f"Not allowed to read {path}: {said}",
            "Give the portal's account the role roles/pubsub.subscriber on the subscription.",
        )
    if isinstance(error, google.InvalidArgument | google.FailedPrecondition):
        return Permanent(
            f"{path} cannot be pulled: {said}",
            "It must be a pull subscription: not push, BigQuery or export.",
        )
    return Retryable(f"Pub/Sub could not be reached for {path}: {said}", "The next poll tries again.")
