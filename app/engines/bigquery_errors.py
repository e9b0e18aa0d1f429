"""Errors of BigQuery and of Google's sign-in, as PortalError: what happened and what to do about it.

BigQuery names the kind of error in `reason`; a failed job answers with it in `errorResult`, a refused call in
the body of an HTTP error. Both come through here. No message carries a token or a key, and no cause is
chained: the originals quote addresses and response bodies.
"""

from __future__ import annotations

import concurrent.futures
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from app.errors import Permanent, PortalError, QueryError, Retryable, SettingsError
from app.settings import Settings

CREDENTIALS_HINT = (
    "Any one of these: (1) on your own machine: gcloud auth application-default login; (2) a key file: set"
    " GOOGLE_APPLICATION_CREDENTIALS to its path; (3) on Google Cloud: attach a service account to the"
    " machine or Cloud Run service, elsewhere use Workload Identity Federation and set"
    " GOOGLE_APPLICATION_CREDENTIALS to its configuration file."
)
_SECRETS = re.compile(
    r"ya29\.[\w.~+/-]+"  # access tokens
    r"|1//[\w-]{20,}"  # refresh tokens
    r"|eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"  # JSON web tokens
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|(?i:\bbearer\s+)[^\s\"',]+"
    r"|(?i:(?<=access_token)|(?<=refresh_token)|(?<=id_token)|(?<=client_secret)|(?<=assertion))[\"']?\s*[=:]\s*[^\s&,}]+",
    re.DOTALL,
)
# The permission BigQuery names in a refusal: the role that carries it, and where to grant that role.
_ROLES = (
    (r"bigquery\.jobs\.\w+", "roles/bigquery.jobUser", "project"),
    (r"bigquery\.datasets\.create", "roles/bigquery.user", "project"),
    (r"bigquery\.readsessions\.\w+", "roles/bigquery.readSessionUser", "project"),
    (
        r"bigquery\.(?:tables\.(?:updateData|update|create|delete)|datasets\.update)",
        "roles/bigquery.dataEditor",
        "dataset",
    ),
    (r"bigquery\.(?:tables|datasets)\.\w+|query table", "roles/bigquery.dataViewer", "dataset"),
)
_TRY_LATER = "Such failures pass: try again in a minute. https://status.cloud.google.com tells of outages."
# Reason: kind of error, what happened, what to do. The sentence BigQuery wrote follows the second.
_REASONS: dict[str, tuple[type[PortalError], str, str]] = {
    "invalidQuery": (
        QueryError,
        "BigQuery refused the SQL",
        "Mend it where the message points: [line:column] counts in the SQL below its header.",
    ),
    "bytesBilledLimitExceeded": (
        QueryError,
        "The query would bill more than allowed",
        "Filter on the date column, which decides how much is read, or raise PORTAL_BIGQUERY_MAX_BYTES_BILLED"
        " (now {max_bytes} bytes).",
    ),
    "resourcesExceeded": (
        QueryError,
        "The query needs more than BigQuery gives one query",
        "Narrow it: fewer days, a filter, no ORDER BY over all rows.",
    ),
    "responseTooLarge": (QueryError, "The result is too large", "Narrow the query or add a LIMIT."),
    "quotaExceeded": (
        Permanent,
        "A BigQuery quota of project {project} is used up",
        "Wait until it is renewed (daily ones at midnight Pacific time) or raise it: IAM & Admin, Quotas.",
    ),
    "rateLimitExceeded": (Retryable, "Too many requests to BigQuery at once", "Try again in a minute."),
    "billingNotEnabled": (
        Permanent,
        "Project {project} has no billing account",
        "Link one (Billing in the console), or name another project in PORTAL_GCP_PROJECT.",
    ),
    "accessNotConfigured": (
        Permanent,
        "The BigQuery API is off in project {project}",
        "Turn it on: gcloud services enable bigquery.googleapis.com --project={project}",
    ),
    "stopped": (QueryError, "The job was cancelled", "Somebody cancelled it; run it again."),
    "timeout": (
        Retryable,
        "BigQuery gave the job up because it took too long",
        "Narrow it or raise PORTAL_BIGQUERY_TIMEOUT_SECONDS (now {timeout}).",
    ),
    "backendError": (Retryable, "BigQuery failed inside", _TRY_LATER),
    "internalError": (Retryable, "BigQuery failed inside", _TRY_LATER),
    "badGateway": (Retryable, "BigQuery failed inside", _TRY_LATER),
}
# Spelt so where the job failed rather than the call.
_REASONS["jobBackendError"] = _REASONS["jobInternalError"] = _REASONS["backendError"]
_REASONS["jobRateLimitExceeded"] = _REASONS["rateLimitExceeded"]
_BY_STATUS = {
    401: "authError",
    403: "accessDenied",
    404: "notFound",
    408: "timeout",
    429: "rateLimitExceeded",
}


def redact(text: str) -> str:
    """`text` without anything that looks like a token or a key."""
    return _SECRETS.sub("***", text)


def explain(reason: str, message: str, settings: Settings, doing: str) -> PortalError:
    """The PortalError for an error BigQuery reports as `reason` with `message`, while `doing` something."""
    message = _clean(message)
    if reason in ("accessDenied", "forbidden"):
        return _access_denied(message, settings, doing)
    if reason == "notFound":
        return _not_found(message, settings, doing)
    if reason in ("authError", "required"):
        return no_credentials(message)
    if re.search(r"concurrent update|Could not serialize", message):
        return Retryable(f"Another writer was faster ({doing}): {message}", "Try again in a minute.")
    if reason == "stopped" and re.search(r"time[d ]*out", message, re.IGNORECASE):
        reason = "timeout"
    kind, what, hint = _REASONS.get(reason, (QueryError, "BigQuery refused it", ""))
    values = {
        "project": settings.gcp_project,
        "max_bytes": f"{settings.bigquery_max_bytes_billed:,}",
        "timeout": settings.bigquery_timeout_seconds,
    }
    return kind(f"{what.format(**values)} ({doing}): {message}", hint.format(**values))


def explain_result(error: Mapping[str, Any], settings: Settings, doing: str) -> PortalError:
    """The PortalError for the `errorResult` of a failed job."""
    return explain(str(error.get("reason", "")), str(error.get("message", "no message")), settings, doing)


def no_credentials(detail: str) -> PortalError:
    """There are no Google credentials, or they are not accepted."""
    return SettingsError(f"No Google credentials that BigQuery accepts: {redact(detail)}", CREDENTIALS_HINT)


@contextmanager
def translated(settings: Settings, doing: str) -> Iterator[None]:
    """Everything that Google's libraries raise inside leaves as PortalError."""
    import requests.exceptions
    from google.api_core import exceptions as api
    from google.auth import exceptions as auth

    try:
        yield
    except PortalError:
        raise
    except (api.RetryError, concurrent.futures.TimeoutError) as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, api.GoogleAPICallError):
            raise _from_call(cause, settings, doing) from None
        raise _unreachable(settings, doing, cause or error) from None
    except api.GoogleAPICallError as error:
        raise _from_call(error, settings, doing) from None
    except auth.TransportError as error:
        raise _unreachable(settings, doing, error) from None
    except auth.GoogleAuthError as error:
        raise no_credentials(_clean(str(error.args[0] if error.args else error))) from None
    except (requests.exceptions.RequestException, ConnectionError) as error:
        raise _unreachable(settings, doing, error) from None


def reason_of(error: Exception) -> str:
    """What BigQuery calls the error, such as `notFound`; by HTTP status where it gives no name."""
    found = getattr(error, "errors", None) or [{}]
    status = int(getattr(error, "code", 0) or 0)
    reason = found[0].get("reason") if isinstance(found[0], Mapping) else None
    return str(reason or _BY_STATUS.get(status, "backendError" if status >= 500 else "invalid"))


def _from_call(error: Any, settings: Settings, doing: str) -> PortalError:
    first = error.errors[0] if error.errors and isinstance(error.errors[0], Mapping) else {}
    return explain(reason_of(error), str(first.get("message") or error.message), settings, doing)


def _clean(message: str) -> str:
    """The sentence of BigQuery alone: no address before it, no job id after it, no secret in it."""
    message = re.sub(r"^(?:\d{3} )?(?:GET|POST|PUT|PATCH|DELETE) \S+: ", "", message)
    message = re.split(r"; reason: |\n\nLocation: ", message)[0]
    return redact(message).strip()


def _access_denied(message: str, settings: Settings, doing: str) -> PortalError:
    project, dataset = settings.gcp_project, settings.bigquery_dataset
    for pattern, role, level in _ROLES:
        if re.search(pattern, message):
            on = f"project {project}" if level == "project" else f"dataset {project}.{dataset}"
            return Permanent(
                f"Access denied ({doing}): {message}",
                f"Grant {role} on {on} to the account the portal runs as.",
            )
    return Permanent(
        f"Access denied ({doing}): {message}",
        f"The portal reads with roles/bigquery.jobUser on project {project} and roles/bigquery.dataViewer on"
        f" dataset {dataset}; the sidecar writes with roles/bigquery.dataEditor there.",
    )


def _not_found(message: str, settings: Settings, doing: str) -> PortalError:
    hint = "Create dataset and tables: python -m sync_jobs setup bigquery."
    found = re.search(r"Not found: (\w+)", message)
    what = found[1] if found else ""
    if what == "Dataset":
        hint += (
            f" If it exists, it may lie elsewhere: PORTAL_BIGQUERY_LOCATION is {settings.bigquery_location}"
            f" and PORTAL_BIGQUERY_DATASET is {settings.bigquery_dataset}."
        )
    elif what == "Project":
        hint = f"PORTAL_GCP_PROJECT is {settings.gcp_project}: is that its id (not its name or number)?"
    return Permanent(f"BigQuery does not find it ({doing}): {message}", hint)


def _unreachable(settings: Settings, doing: str, error: BaseException) -> PortalError:
    where = settings.bigquery_emulator_host or "bigquery.googleapis.com"
    return Retryable(
        f"No answer from {where} ({doing}): {type(error).__name__}.",
        "Check the network, a proxy (HTTPS_PROXY) and PORTAL_BIGQUERY_TIMEOUT_SECONDS"
        f" (now {settings.bigquery_timeout_seconds}).",
    )
