"""What single settings may be. Each type says in its error what would have been accepted."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field


def _matching(pattern: str, allowed: str) -> AfterValidator:
    def check(value: str) -> str:
        if re.fullmatch(pattern, value):
            return value
        raise ValueError(allowed)

    return AfterValidator(check)


def _folder(value: Path) -> Path:
    """Absolute, so that a later change of directory does not move the cache."""
    path = value.expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ValueError("a folder; this path is a file")
    return path


def _loopback(value: str) -> str:
    if value == "localhost":
        return value
    try:
        if ipaddress.ip_address(value).is_loopback:
            return value
    except ValueError:
        pass  # a name: refused below, because what it resolves to can change
    raise ValueError(
        "a loopback address (127.0.0.1, ::1 or localhost). The portal has no sign-in yet: on any other"
        " address everybody on the network could read the inventory. Put a proxy with sign-in before it"
    )


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Seconds = Annotated[int, Field(ge=1, le=366 * 86400)]
Days = Annotated[int, Field(ge=1, le=36500)]
Port = Annotated[int, Field(ge=1, le=65535)]
Threads = Annotated[int, Field(ge=1, le=1024)]
Folder = Annotated[Path, AfterValidator(_folder)]
Loopback = Annotated[str, AfterValidator(_loopback)]
Upper = BeforeValidator(_upper)
Memory = Annotated[str, _matching(r"\d+(\.\d+)? ?[KMGT]i?B", "a number and a unit, such as 512MB or 1.5GB")]
GitUrl = Annotated[
    str,
    _matching(
        r"(https|ssh|file)://.+|[\w.-]+@[\w.-]+:[^/].*",
        "an https://, ssh:// or file:// address, or git@host:path",
    ),
]
Scope = Annotated[
    str,
    _matching(
        r"organizations/\d+|folders/\d+|projects/[a-z0-9.:-]+",
        "organizations/NUMBER, folders/NUMBER or projects/ID",
    ),
]
Project = Annotated[
    str,
    _matching(
        r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]",
        "a project id: 6 to 30 lower-case letters, digits and dashes, starting with a letter",
    ),
]
Dataset = Annotated[str, _matching(r"\w{1,1024}", "letters, digits and underscores")]
Location = Annotated[str, _matching(r"[A-Za-z0-9-]+", "a BigQuery location, such as EU or europe-west3")]
