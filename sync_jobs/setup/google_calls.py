"""The calls of `setup pubsub`: Pub/Sub and feeds by Google's clients, the rest by REST with the same credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from app.errors import Permanent, Retryable
from app.settings import Settings
from sync_jobs.layers.assets.api_client import CREDENTIALS_HINT, credentials
from sync_jobs.layers.assets.api_client import connect as connect_assets

ADDRESSES = {
    "projects": "https://cloudresourcemanager.googleapis.com",
    "logging": "https://logging.googleapis.com",
    "findings": "https://securitycenter.googleapis.com",
}
SECONDS = 30.0


class Calls:
    """What is asked of Google. `addresses` and `session` take the place of Google's own."""

    def __init__(
        self,
        settings: Settings,
        addresses: Mapping[str, str] = ADDRESSES,
        session: Any = None,
        asset_client: Any = None,
    ) -> None:
        self._settings = settings
        self._addresses = addresses
        self._session = session
        self._assets = asset_client
        self._clients: tuple[Any, Any] | None = None

    # -- Pub/Sub ---------------------------------------------------------------------------------------

    def topic(self, name: str) -> Any:
        """The topic, or None."""
        return _or_none(lambda: self._pubsub()[0].get_topic(topic=name, timeout=SECONDS))

    def create_topic(self, name: str, retention: int) -> None:
        with _explained(f"topic {name}"):
            request = {"name": name, "message_retention_duration": {"seconds": retention}}
            self._pubsub()[0].create_topic(request=request, timeout=SECONDS)

    def subscription(self, name: str) -> Any:
        """The subscription, or None."""
        return _or_none(lambda: self._pubsub()[1].get_subscription(subscription=name, timeout=SECONDS))

    def create_subscription(self, request: Mapping[str, Any]) -> None:
        with _explained(f"subscription {request['name']}"):
            self._pubsub()[1].create_subscription(request=dict(request), timeout=SECONDS)

    def update_subscription(self, changes: Mapping[str, Any]) -> None:
        paths = sorted(set(changes) - {"name"})
        with _explained(f"subscription {changes['name']}"):
            request = {"subscription": dict(changes), "update_mask": {"paths": paths}}
            self._pubsub()[1].update_subscription(request=request, timeout=SECONDS)

    def bound(self, resource: str, member: str, role: str) -> bool:
        """Whether the member has the role on a topic or subscription."""
        policy = self._policy(resource)
        return any(one.role == role and member in one.members for one in policy.bindings)

    def bind(self, resource: str, member: str, role: str) -> None:
        """Give the member the role; what others have stays."""
        policy = self._policy(resource)
        found = next(
            (one for one in policy.bindings if one.role == role and not one.HasField("condition")), None
        )
        if found is None:
            found = policy.bindings.add(role=role)
        if member in found.members:
            return
        found.members.append(member)
        with _explained(f"rights on {resource}"):
            self._client_of(resource).set_iam_policy(
                request={"resource": resource, "policy": policy}, timeout=SECONDS
            )

    # -- feeds -----------------------------------------------------------------------------------------

    def feed(self, scope: str, feed_id: str) -> Any:
        """The feed, or None."""
        name = f"{scope}/feeds/{feed_id}"
        return _or_none(lambda: self._asset_client().get_feed(request={"name": name}, timeout=SECONDS))

    def create_feed(self, scope: str, feed_id: str, content: str, types: Sequence[str], topic: str) -> None:
        from google.cloud.asset_v1 import ContentType

        feed = {
            "name": f"{scope}/feeds/{feed_id}", "asset_types": list(types), "content_type": ContentType[content],  # type: ignore[misc]

            "feed_output_config": {"pubsub_destination": {"topic": topic}},
        }  # fmt: skip
        with _explained(f"feed {feed_id}"):
            self._asset_client().create_feed(
                request={"parent": scope, "feed_id": feed_id, "feed": feed}, timeout=SECONDS
            )

    # -- REST ------------------------------------------------------------------------------------------

    def project_number(self, project: str) -> str:
        """The number of a project."""
        found = self._rest("GET", "projects", f"/v1/projects/{project}", missing=False)
        return str(found["projectNumber"])

    def sink(self, scope: str, name: str) -> Any:
        """The log sink, or None."""
        return self._rest("GET", "logging", f"/v2/{scope}/sinks/{name}")

    def create_sink(self, scope: str, name: str, destination: str, chosen: str) -> str:
        """Make a log sink. Returns who writes for it."""
        body = {"name": name, "destination": destination, "filter": chosen,
                "includeChildren": not scope.startswith("projects/")}  # fmt: skip
        made = self._rest(
            "POST", "logging", f"/v2/{scope}/sinks?uniqueWriterIdentity=true", body, missing=False
        )
        return str(made["writerIdentity"])

    def notification(self, scope: str, name: str) -> Any:
        """The notification of findings, or None."""
        return self._rest("GET", "findings", f"/v2/{scope}/locations/global/notificationConfigs/{name}")

    def create_notification(self, scope: str, name: str, topic: str) -> None:
        body = {"pubsubTopic": topic, "streamingConfig": {"filter": 'state="ACTIVE"'}}
        path = f"/v2/{scope}/locations/global/notificationConfigs?configId={name}"
        self._rest("POST", "findings", path, body, missing=False)

    # -- inner -----------------------------------------------------------------------------------------

    def _pubsub(self) -> tuple[Any, Any]:
        if self._clients is None:
            from google.pubsub_v1 import PublisherClient, SubscriberClient

            host = self._settings.pubsub_emulator_host
            if host:
                import grpc  # type: ignore[import-untyped, unused-ignore]
                from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
                from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

                channel = grpc.insecure_channel(host)
                self._clients = (
                    PublisherClient(transport=PublisherGrpcTransport(channel=channel)),
                    SubscriberClient(transport=SubscriberGrpcTransport(channel=channel)),
                )
            else:
                found = credentials(self._settings)
                self._clients = PublisherClient(credentials=found), SubscriberClient(credentials=found)
        return self._clients

    def _client_of(self, resource: str) -> Any:
        publisher, subscriber = self._pubsub()
        return publisher if "/topics/" in resource else subscriber

    def _policy(self, resource: str) -> Any:
        with _explained(f"rights on {resource}"):
            return self._client_of(resource).get_iam_policy(request={"resource": resource}, timeout=SECONDS)

    def _asset_client(self) -> Any:
        if self._assets is None:
            self._assets = connect_assets(self._settings)
        return self._assets

    def _rest(self, method: str, api: str, path: str, body: object = None, missing: bool = True) -> Any:
        from google.auth.exceptions import GoogleAuthError
        from requests import RequestException

        try:
            answer = self._authorised().request(
                method, self._addresses[api] + path, json=body, timeout=SECONDS
            )
        except GoogleAuthError as error:
            raise Permanent(
                f"Google did not accept who asks: {str(error)[:200]}", CREDENTIALS_HINT
            ) from error
        except RequestException as error:
            raise Retryable(
                f"{api} could not be reached: {type(error).__name__}.", "Try again later."
            ) from error
        if answer.status_code == 404 and missing:
            return None
        if answer.status_code >= 400:
            raise Permanent(
                f"{path.partition('?')[0]}: {answer.status_code} {_reason(answer)}", _hint(answer.status_code)
            )
        return answer.json()

    def _authorised(self) -> Any:
        if self._session is None:
            from google.auth.transport.requests import AuthorizedSession

            self._session = AuthorizedSession(credentials(self._settings))
        return self._session


def told(found: str, wanted: str, words: str) -> list[str]:
    """A difference that is told and left."""
    return [] if found == wanted else [f"{words} {found}, not {wanted}."]


def _or_none(ask: Callable[[], Any]) -> Any:
    from google.api_core.exceptions import NotFound

    try:
        with _explained("Pub/Sub or the Cloud Asset API"):
            return ask()
    except NotFound:
        return None


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Google's errors in the portal's terms; NotFound passes."""
    from google.api_core import exceptions as google
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except google.NotFound:
        raise
    except google.AlreadyExists:
        return  # somebody else made it in the same moment
    except google.PermissionDenied as error:
        raise Permanent(
            f"{what}: not allowed: {_said(error)}", "Ask for the role, or run it as somebody who has it."
        ) from error
    except google.Unauthenticated as error:
        raise Permanent(f"{what}: Google did not accept who asks.", CREDENTIALS_HINT) from error
    except google.GoogleAPICallError as error:
        raise Retryable(f"{what}: {_said(error)}", "Try again later.") from error
    except GoogleAuthError as error:
        raise Permanent(f"Google did not accept who asks: {str(error)[:200]}", CREDENTIALS_HINT) from error


def _said(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _reason(answer: Any) -> str:
    try:
        return str(answer.json()["error"]["message"]).splitlines()[0][:200]
    except (ValueError, KeyError, TypeError):
        return ""


def _hint(status: int) -> str:
    return (
        "Ask for the role, or switch the API on with `gcloud services enable`."
        if status in (401, 403)
        else "Try again later."
    )
