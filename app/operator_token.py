"""The token that every call that changes state needs: PORTAL_API_TOKEN, or one made for the home.

Without a setting the sidecar makes a token on its first start and keeps it in a file that only its user can
read, so that the pages of the same user can use it and nobody else.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from app import logs
from app.errors import PortalError
from app.settings import Settings

TOKEN_FILE = "operator-token"  # noqa: S105  the name of the file


def token_path(settings: Settings) -> Path:
    """The file that holds the token of a home without PORTAL_API_TOKEN."""
    return settings.home / TOKEN_FILE


def read(settings: Settings) -> str | None:
    """The token in force, or None when no sidecar made one yet. Raises PortalError if it cannot be read."""
    if settings.api_token is not None:
        return settings.api_token.get_secret_value()
    path = token_path(settings)
    try:
        found = path.read_text(encoding="ascii").strip()
        logs.hide(found)
        return found or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise PortalError(
            f"The operator token in {path} cannot be read ({type(error).__name__}).",
            "Run as the user who runs the sidecar, or set PORTAL_API_TOKEN.",
        ) from error


def ensure(settings: Settings) -> str:
    """The token in force; makes one for the home when there is none."""
    found = read(settings)
    if found is not None:
        return found
    path = token_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # an empty file, left by a full disk
    made = secrets.token_urlsafe(32)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(made + "\n")
    except OSError as error:
        raise PortalError(
            f"The operator token cannot be written to {path} ({error.strerror}).",
            "Give this user write access to PORTAL_HOME, or set PORTAL_API_TOKEN.",
        ) from error
    logs.hide(made)
    return made
