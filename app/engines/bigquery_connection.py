"""Connecting to BigQuery, and waiting for its jobs with a deadline and a way out."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from typing import TYPE_CHECKING, Any

from app.engines.bigquery_errors import CREDENTIALS_HINT, explain_result, redact, translated
from app.errors import PortalError, Retryable, SettingsError
from app.settings import Settings, require

if TYPE_CHECKING:
    from google.cloud import bigquery

PORTAL_LABEL = "landing-zone"
REQUEST_SECONDS = 60.0
POLL_FIRST_SECONDS = 0.05
POLL_LONGEST_SECONDS = 1.0
RETRY_LONGEST_SECONDS = 5.0
LABEL_LENGTH = 63


class Cancelled(PortalError):
    """The caller gave up; the job in BigQuery was cancelled too."""


def connect(settings: Settings) -> bigquery.Client:
    """A client for `gcp_project`, on the emulator where one is set. Opens no connection yet.

    Raises SettingsError when there is no project, or there are no usable credentials.
    """
    project = require(settings, "gcp_project", "BigQuery")
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    host = settings.bigquery_emulator_host
    if host:
        return bigquery.Client(
            project=project,
            credentials=AnonymousCredentials(),
            location=settings.bigquery_location,
            client_options={"api_endpoint": host if "://" in host else f"http://{host}"},
        )
    return bigquery.Client(
        project=project, credentials=_credentials(settings), location=settings.bigquery_location
    )


def dataset_of(settings: Settings) -> bigquery.DatasetReference:
    """Where bare table names are looked up."""
    from google.cloud import bigquery

    return bigquery.DatasetReference(require(settings, "gcp_project", "BigQuery"), settings.bigquery_dataset)


def labels(purpose: str) -> dict[str, str]:
    """Labels of a job, by which its cost can be told apart: whose it is and what it is for."""
    return {"portal": PORTAL_LABEL, "query": label_value(purpose)}


def label_value(text: str) -> str:
    """`text` as a label takes it: a-z, 0-9, - and _, at most 63 of them; a hash keeps long ones apart."""
    value = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-")
    if len(value) <= LABEL_LENGTH:
        return value
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{value[: LABEL_LENGTH - 9]}-{digest}"


def wait(
    job: Any, settings: Settings, doing: str, until: float, cancelled: threading.Event | None = None
) -> None:
    """Return when `job` is done. `until` is a time of the monotonic clock.

    When that passes, or `cancelled` is set, or the caller is interrupted, the job is cancelled in BigQuery as
    well: what nobody waits for shall not go on costing. Raises what `explain` makes of a failed job.
    """
    pause = POLL_FIRST_SECONDS
    try:
        while not _done(job, settings, doing, until):
            if cancelled is not None and cancelled.is_set():
                raise Cancelled(f"Cancelled ({doing}).", "Run it again when you need it.")
            if time.monotonic() >= until:
                raise Retryable(
                    f"No result in time ({doing}); the job was cancelled in BigQuery.",
                    "Narrow it or raise PORTAL_BIGQUERY_TIMEOUT_SECONDS"
                    f" (now {settings.bigquery_timeout_seconds}).",
                )
            pause_until_next(pause, until, cancelled)
            pause = min(pause * 2, POLL_LONGEST_SECONDS)
    except BaseException:
        cancel(job)
        raise
    if job.error_result:
        raise explain_result(job.error_result, settings, doing)


def pause_until_next(seconds: float, until: float, cancelled: threading.Event | None) -> None:
    """Sleep, but not beyond `until`, and wake up when cancelled."""
    seconds = max(0.0, min(seconds, until - time.monotonic()))
    (cancelled or threading.Event()).wait(seconds)


def cancel(job: Any) -> None:
    """Ask BigQuery to stop `job`. Why is already being raised, so a failure here is only logged."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    if job.state == "DONE":
        return
    try:
        job.cancel(retry=None, timeout=10)
    except (GoogleAPIError, GoogleAuthError, RequestException) as error:
        import structlog

        structlog.get_logger(__name__).warning(
            "job not cancelled", job_id=job.job_id, error=redact(str(error))[:300]
        )


def retry_until(until: float, cancelled: threading.Event | None = None) -> Any:
    """The client's own retry of single calls (network, 5xx, rate limits), bounded by `until`.

    Raises Cancelled instead of trying again once `cancelled` is set.
    """
    from google.api_core.retry import Retry
    from google.cloud.bigquery import DEFAULT_RETRY

    def before_trying_again(_: Exception) -> None:
        if cancelled is not None and cancelled.is_set():
            raise Cancelled("Cancelled while BigQuery did not answer.", "Run it again when you need it.")

    return Retry(
        predicate=DEFAULT_RETRY._predicate,  # the client keeps to itself which errors pass
        maximum=RETRY_LONGEST_SECONDS,
        timeout=max(0.1, until - time.monotonic()),
        on_error=before_trying_again,
    )


def request_seconds(until: float) -> float:
    """Longest one HTTP request may take."""
    return max(0.1, min(REQUEST_SECONDS, until - time.monotonic()))


def _done(job: Any, settings: Settings, doing: str, until: float) -> bool:
    if job.state == "DONE":
        return True
    with translated(settings, doing):
        # A job may take long; BigQuery not answering at all is given up sooner.
        answer_by = min(until, time.monotonic() + settings.bigquery_timeout_seconds)
        job.reload(retry=retry_until(answer_by), timeout=request_seconds(answer_by))
    return bool(job.state == "DONE")


def _credentials(settings: Settings) -> Any:
    """From the file that is set, else where Google's libraries look: gcloud's login, the machine."""
    import google.auth
    from google.cloud import bigquery

    path = settings.google_application_credentials
    with translated(settings, "signing in"):
        if path is None:
            return google.auth.default(scopes=bigquery.Client.SCOPE)[0]
        if not path.is_file():
            raise SettingsError(
                f"GOOGLE_APPLICATION_CREDENTIALS names {path}, which is not a file.", CREDENTIALS_HINT
            )
        return google.auth.load_credentials_from_file(str(path), scopes=bigquery.Client.SCOPE)[0]
