"""The way to the Cloud Asset API: credentials, endpoint, and what its errors mean for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.errors import Permanent, PortalError, Retryable, SettingsError
from app.settings import Settings

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
CREDENTIALS_HINT = (
    "Run `gcloud auth application-default login`; or set GOOGLE_APPLICATION_CREDENTIALS to a key file or to the "
    "configuration of Workload Identity Federation; or run where a service account is attached. With "
    "PORTAL_IMPERSONATE_SERVICE_ACCOUNT these credentials act as that service account."
)
# Trying again later may help. RESOURCE_EXHAUSTED is a quota; the client library itself would not try again.
TRANSIENT = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "INTERNAL", "UNKNOWN")


def connect(settings: Settings) -> Any:
    """An AssetServiceClient. Raises SettingsError or Permanent when no credentials are found. No call is made yet."""
    from google.api_core.client_options import ClientOptions
    from google.cloud.asset_v1 import AssetServiceClient
    from google.cloud.asset_v1.services.asset_service.transports import AssetServiceGrpcTransport

    endpoint = settings.asset_endpoint
    if endpoint is not None and is_loopback(endpoint):
        import grpc  # type: ignore[import-untyped, unused-ignore]

        channel = grpc.insecure_channel(
            endpoint, options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        )
        return AssetServiceClient(transport=AssetServiceGrpcTransport(channel=channel))
    options = ClientOptions(api_endpoint=endpoint) if endpoint else ClientOptions()
    return AssetServiceClient(credentials=credentials(settings), client_options=options)


def is_loopback(endpoint: str) -> bool:
    """Whether host:port is on this machine: only there is a call without TLS and credentials made."""
    import ipaddress

    host = endpoint.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def credentials(settings: Settings) -> Any:
    """From the file that is set (a key, or Workload Identity Federation), else where Google's libraries look.

    Raises SettingsError when the file is missing or holds none, Permanent when there are none at all, and Retryable
    when the service that gives them is away.
    """
    from google.auth import impersonated_credentials

    found = _found(settings)
    if settings.impersonate_service_account:
        found = impersonated_credentials.Credentials(  # type: ignore[no-untyped-call, unused-ignore]
            source_credentials=found,
            target_principal=settings.impersonate_service_account,
            target_scopes=[CLOUD_PLATFORM],
        )
    counted = getattr(found, "quota_project_id", None) or getattr(found, "service_account_email", None)
    if settings.gcp_project and not counted and hasattr(found, "with_quota_project"):
        # A person's login has no project of its own to count the calls on.
        found = found.with_quota_project(settings.gcp_project)
    return found


def _found(settings: Settings) -> Any:
    import google.auth
    from google.auth import exceptions

    path, scopes = settings.google_application_credentials, [CLOUD_PLATFORM]
    try:
        if path is None:
            return google.auth.default(scopes=scopes)[0]
        if not path.is_file():
            raise SettingsError(
                f"GOOGLE_APPLICATION_CREDENTIALS names {path}, which is not a file.", CREDENTIALS_HINT
            )
        return google.auth.load_credentials_from_file(str(path), scopes=scopes)[0]
    except exceptions.DefaultCredentialsError as error:
        if path is None:
            raise Permanent(
                "Cloud Asset Inventory cannot be read: no Google credentials were found.", CREDENTIALS_HINT
            ) from None
        raise SettingsError(
            f"{path} holds no Google credentials: {_short(error)}", CREDENTIALS_HINT
        ) from None
    except exceptions.TransportError as error:  # federation asks its token service at once
        raise Retryable(
            f"Signing in to Google failed: {_short(error)}", "Check the network, then try again."
        ) from None


@dataclass(frozen=True)
class Refusal:
    """An error of the API. `code` is the name of the gRPC status; `wait` what the API itself said to wait, seconds."""

    code: str
    message: str
    hint: str
    wait: float = 0.0

    @property
    def transient(self) -> bool:
        return self.code in TRANSIENT

    @property
    def error(self) -> PortalError:
        """To be raised when it ends a run."""
        return (Retryable if self.transient else Permanent)(self.message, self.hint)


def refusal(error: Exception, scope: str) -> Refusal:
    """What an exception of the client means for `scope`, which may be followed by a content type."""
    from google.api_core.exceptions import GoogleAPICallError
    from google.auth.exceptions import GoogleAuthError, TransportError

    if isinstance(error, GoogleAuthError):
        away = isinstance(error, TransportError) or getattr(error, "retryable", False)
        code = "UNAVAILABLE" if away else "UNAUTHENTICATED"
        return Refusal(code, f"{scope}: signing in failed: {_short(error)}", CREDENTIALS_HINT)
    if not isinstance(error, GoogleAPICallError):
        raise error
    code = getattr(error.grpc_status_code, "name", "UNKNOWN")
    text = _short(error.message or error)
    what, hint = _EXPLAINED.get(code, ("the API answered {code}: {text}", "The log of the run says more."))
    if code == "PERMISSION_DENIED" and _is_off(error):
        what, hint = _API_OFF
    content = scope.partition(" ")[2]
    if content in _NEEDS and code in ("PERMISSION_DENIED", "INVALID_ARGUMENT", "FAILED_PRECONDITION"):
        hint += f" {_NEEDS[content]}"
    if code == "INVALID_ARGUMENT" and "read_time" in text.lower().replace("readtime", "read_time"):
        hint = "The clock of this machine may be wrong: the time asked for must not be ahead of Google's."
    return Refusal(
        code,
        f"{scope}: {what.format(code=code, text=text)}",
        hint.format(scope=scope.partition(" ")[0]),
        _wait(error),
    )


def probe(client: Any, scope: str, seconds: float) -> Refusal | None:
    """Ask for one asset of a scope: why it cannot be read, None when it can."""
    from google.cloud.asset_v1 import ContentType, ListAssetsRequest

    request = ListAssetsRequest(parent=scope, content_type=ContentType.RESOURCE, page_size=1)
    try:
        next(iter(client.list_assets(request=request, retry=None, timeout=seconds).pages))
    except Exception as error:  # noqa: BLE001  what is no answer of the API is raised again by refusal()
        return refusal(error, scope)
    return None


_API_OFF = (
    "the Cloud Asset API is off in the project that the calls are counted on: {text}",
    "Switch it on: gcloud services enable cloudasset.googleapis.com --project=PROJECT, then wait some minutes.",
)
_NEEDS = {
    "RELATIONSHIP": "RELATIONSHIP needs the Premium tier of Security Command Center: without it, take it out of"
    " PORTAL_ASSET_CONTENT_TYPES.",
    "OS_INVENTORY": "OS_INVENTORY needs VM Manager (osconfig.googleapis.com) in the projects: without it, take it"
    " out of PORTAL_ASSET_CONTENT_TYPES.",
}
_EXPLAINED = {
    "PERMISSION_DENIED": (
        "permission denied: {text}",
        "Grant roles/cloudasset.viewer on {scope} to the identity the portal runs as.",
    ),
    "UNAUTHENTICATED": ("the credentials were not accepted: {text}", CREDENTIALS_HINT),
    "NOT_FOUND": ("there is no such scope: {text}", "Check PORTAL_GCP_SCOPE; it may have been deleted."),
    "INVALID_ARGUMENT": (
        "the request was refused: {text}",
        "Check PORTAL_GCP_SCOPE, PORTAL_ASSET_TYPES and PORTAL_ASSET_CONTENT_TYPES.",
    ),
    "RESOURCE_EXHAUSTED": (
        "the quota is used up: {text}",
        "Set PORTAL_ASSET_REQUESTS_PER_MINUTE below the quota, run less often, or ask for more quota.",
    ),
    "UNAVAILABLE": ("the API is away: {text}", "The next run tries again."),
    "DEADLINE_EXCEEDED": ("the API did not answer in time: {text}", "The next run tries again."),
}


def _is_off(error: Any) -> bool:
    return getattr(error, "reason", None) == "SERVICE_DISABLED" or "has not been used in project" in str(
        error
    )


def _wait(error: Any) -> float:
    """The pause the API asks for (google.rpc.RetryInfo), 0 where it says nothing."""
    for detail in getattr(error, "details", None) or []:
        delay = getattr(detail, "retry_delay", None)
        if delay is not None:
            return float(delay.seconds) + float(delay.nanos) / 1e9
    return 0.0


def _short(error: object) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:297] + "..."
