"""GitHub's REST and GraphQL APIs: one request at a time, its rate limits kept, its refusals in plain words."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
import tenacity

from app.errors import Permanent, PortalError, Retryable

TIMEOUT_SECONDS = 20.0
ATTEMPTS = 5
LONGEST_WAIT_SECONDS = 120.0
UNNAMED_WAIT_SECONDS = 60.0  # GitHub asks for at least a minute when it names no time
_MINUTE = 60.0

log = structlog.get_logger("sync_jobs.github")
Json = dict[str, Any]


class Refusal(Permanent):
    """GitHub answered no. `status` is that of HTTP, 200 for an error of GraphQL; `said` is what it answered."""

    def __init__(self, message: str, hint: str, status: int, said: str) -> None:
        super().__init__(message, hint)
        self.status, self.said = status, said


class Limited(Retryable):
    """A rate limit. `seconds`: how long GitHub asks to wait."""

    def __init__(self, message: str, hint: str, seconds: float) -> None:
        super().__init__(message, hint)
        self.seconds = seconds


class GitHub:
    """The API at `url` as the owner of `token`. Use it in a with statement. The token goes into a header only."""

    def __init__(self, url: str, token: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._url = url
        self._sleep = sleep
        local = (urlsplit(url).hostname or "") in {"127.0.0.1", "::1", "localhost"}
        self._client = httpx.Client(
            timeout=TIMEOUT_SECONDS,
            follow_redirects=True,  # a renamed repository; the token stays with this host
            trust_env=not local,
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": "landing-zone-portal",
            },
        )

    def __enter__(self) -> GitHub:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **params: str | int) -> Any:
        """The answer to GET. Raises Refusal, Limited, Retryable."""
        return self._call("GET", f"{self._url}{path}", params=params)

    def send(self, method: str, path: str, body: Mapping[str, object]) -> Any:
        """The answer to POST, PUT or PATCH. Raises as `get`."""
        return self._call(method, f"{self._url}{path}", json=dict(body))

    def graphql(self, query: str, **variables: object) -> Json:
        """`data` of a GraphQL request. Raises Refusal with status 200 for its errors, else as `get`."""
        url = self._url.removesuffix("/v3") + "/graphql"  # an own server: /api/v3 and /api/graphql
        answer: Json = self._call("POST", url, json={"query": query, "variables": variables})
        data: Json = answer.get("data") or {}
        return data

    def _call(self, method: str, url: str, **request: Any) -> Any:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            retry=tenacity.retry_if_exception(_worth_waiting),
            wait=_pause,
            sleep=self._sleep,
            before_sleep=_tell,
            reraise=True,
        )
        return retrying(self._once, method, url, request)

    def _once(self, method: str, url: str, request: dict[str, Any]) -> Any:
        path = urlsplit(url).path
        try:
            answer = self._client.request(method, url, **request)
        except httpx.HTTPError as error:
            raise Retryable(
                f"GitHub could not be reached for {method} {path} ({type(error).__name__}).",
                "Check PORTAL_GITHUB_API_URL and the network from here (proxy, firewall, DNS).",
            ) from error
        said = _said(answer)
        if answer.is_success:
            body = _json(answer)
            if isinstance(body, dict) and body.get("errors") and path.endswith("/graphql"):
                raise _graphql_error(answer, body["errors"])
            return body
        limit = _limit(answer, said)
        if limit is not None:
            raise limit
        if answer.status_code >= 500:
            raise Retryable(
                f"GitHub failed to answer {method} {path}: status {answer.status_code}. {said}",
                "Try again later; githubstatus.com says whether it is known.",
            )
        raise Refusal(
            f"GitHub refused {method} {path}: {answer.status_code} {said}".rstrip(),
            _hint(answer.status_code),
            answer.status_code,
            said,
        )


def _worth_waiting(error: BaseException) -> bool:
    if isinstance(error, Limited):
        return error.seconds <= LONGEST_WAIT_SECONDS
    return isinstance(error, Retryable)


def _pause(attempt: tenacity.RetryCallState) -> float:
    error = attempt.outcome.exception() if attempt.outcome else None
    if isinstance(error, Limited):
        return error.seconds
    return float(min(2 ** (attempt.attempt_number - 1), 15))


def _tell(attempt: tenacity.RetryCallState) -> None:
    error = attempt.outcome.exception() if attempt.outcome else None
    log.warning("github_waits", error=str(error), seconds=round(attempt.upcoming_sleep, 1))


def _limit(answer: httpx.Response, said: str) -> Limited | None:
    """What the documentation of the rate limits says, in its order."""
    if answer.status_code not in {403, 429}:
        return None
    headers = answer.headers
    after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if after.isdigit():
        seconds = float(after)
    elif headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        seconds = max(1.0, float(reset) - time.time() + 1.0)
    elif answer.status_code == 429 or "rate limit" in said.lower():
        seconds = UNNAMED_WAIT_SECONDS
    else:
        return None
    return Limited(
        f"GitHub's rate limit is used up for {_words(seconds)}: {said}",
        "Run it again after that time; what was synced is in.",
        seconds,
    )


def _words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * _MINUTE else f"{seconds / _MINUTE:.0f} minutes"


def _graphql_error(answer: httpx.Response, errors: Any) -> PortalError:
    listed = errors if isinstance(errors, list) else [errors]
    texts = [str(one.get("message", one) if isinstance(one, dict) else one)[:300] for one in listed]
    said = "; ".join(texts)
    if any(isinstance(one, dict) and one.get("type") == "RATE_LIMITED" for one in listed):
        reset = answer.headers.get("x-ratelimit-reset", "")
        seconds = max(1.0, float(reset) - time.time() + 1.0) if reset.isdigit() else UNNAMED_WAIT_SECONDS
        return Limited(
            f"GitHub's rate limit is used up for {_words(seconds)}: {said}", "Run it again later.", seconds
        )
    return Refusal(f"GitHub refused: {said}", "", 200, said)


def _said(answer: httpx.Response) -> str:
    """`message` of an error and the messages of its parts, in one line."""
    body = _json(answer)
    if not isinstance(body, dict):
        return ""
    parts = body.get("errors")
    details = (
        [one.get("message") if isinstance(one, dict) else one for one in parts]
        if isinstance(parts, list)
        else []
    )
    texts = [body.get("message"), *details]
    return " ".join(" ".join(text.split()) for text in texts if isinstance(text, str))[:500]


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json() if answer.content else {}
    except ValueError:
        return {}


def _hint(status: int) -> str:
    return {
        401: "The token in PORTAL_SYNC_TOKEN is wrong or has expired: make a new one.",
        403: "Give the token in PORTAL_SYNC_TOKEN the permissions Contents and Pull requests (read and write).",
        404: "GitHub says so also when a token may not see it: check OWNER/NAME in PORTAL_PORTAL_REPOSITORY, and "
        "that the token in PORTAL_SYNC_TOKEN may read and write Contents and Pull requests of it.",
    }.get(status, "")
