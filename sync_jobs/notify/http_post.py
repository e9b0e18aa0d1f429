"""One POST of JSON to a channel, with an answer that is short and in time, or a reason without secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sync_jobs.notify.channels import SECONDS, NotTaken

_ANSWER_BYTES = 2000


def post(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    """Raises NotTaken unless the answer is 2xx. Redirects are not followed: the body is meant for this address."""
    import httpx

    sent = {"content-type": "application/json", "user-agent": "landing-zone-portal", **(headers or {})}
    try:
        with (
            httpx.Client(timeout=SECONDS, follow_redirects=False) as client,
            client.stream("POST", url, content=body, headers=sent) as answer,
        ):
            if answer.is_success:
                return
            told = b""
            for part in answer.iter_bytes():
                told += part
                if len(told) >= _ANSWER_BYTES:
                    break
            status, after = answer.status_code, answer.headers.get("retry-after", "")
    except httpx.HTTPError as error:
        raise NotTaken(f"No answer: {type(error).__name__}.") from None  # its text may hold the address
    except httpx.InvalidURL:
        raise NotTaken("Its address is not valid.") from None
    words = re.sub(r"[^\x20-\x7e]+", " ", told.decode("utf-8", "replace"))[:200].strip()
    wait = float(after) if re.fullmatch(r"\d{1,6}", after) else None
    raise NotTaken(f"Status {status}" + (f": {words}" if words else "."), wait)
