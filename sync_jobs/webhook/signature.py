"""Whether a delivery was signed with a secret of the portal: HMAC-SHA256 over the raw body."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from app.settings import Settings

HEADER = "X-Hub-Signature-256"


def secrets_of(settings: Settings) -> tuple[bytes, ...]:
    """The secrets in force: none, one, or two while the secret is changed."""
    if settings.webhook_secret is None:
        return ()
    given = settings.webhook_secret.get_secret_value().split(",")
    return tuple(part.strip().encode() for part in given)


def signed(body: bytes, header: str, secrets: Sequence[bytes]) -> bool:
    """Whether `header` is `sha256=` and the HMAC of `body` under one of `secrets`.

    Takes the same time whichever secret fits and wherever the first difference is.
    """
    given = header.strip().lower().encode("utf-8", "replace")
    fits = [
        hmac.compare_digest(b"sha256=" + hmac.digest(one, body, "sha256").hex().encode(), given)
        for one in secrets
    ]
    return any(fits)
