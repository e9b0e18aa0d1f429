"""What single settings may be. Each type says in its error what would have been accepted."""

from __future__ import annotations

import ipaddress
import json
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr


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
    if value == "localhost" or _is_loopback(value):  # any other name: what it resolves to can change
        return value
    raise ValueError(
        "a loopback address (127.0.0.1, ::1 or localhost). The portal has no sign-in yet: on any other"
        " address everybody on the network could read the inventory. Put a proxy with sign-in before it"
    )


def _from_json(value: object) -> object:
    """A variable holds text: the same list as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError(_RULES) from None


def _split(value: object) -> object:
    """A variable holds text: the list with commas between."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _rules(value: list[dict[str, str]]) -> list[dict[str, str]]:
    for rule in value:
        if set(rule) != {"from", "to"} or not rule["from"].strip("/") or not rule["to"].strip("/"):
            raise ValueError(_RULES)
        for path in rule.values():
            parts = path.rstrip("/").split("/")
            if not all(parts) or {"..", ".", ".git"} & {part.lower() for part in parts} or "\\" in path:
                raise ValueError(f"{_RULES}; {path!r} must stay below its folder")
        if not rule["to"].endswith("/") or "*" in rule["to"]:
            raise ValueError(f"{_RULES}; {rule['to']!r} must be a folder and end with /")
    return value


def _address(value: str) -> str:
    """What is sent there must not be readable on the way: https, or this machine."""
    found = urlsplit(value)
    host = found.hostname or ""
    if found.scheme == "https" and host:
        return value.rstrip("/")
    if found.scheme == "http" and host and (host == "localhost" or _is_loopback(host)):
        return value.rstrip("/")
    raise ValueError("an https:// address (http:// on this machine only)")


def _secret_address(value: SecretStr) -> SecretStr:
    _address(value.get_secret_value())
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _one_or_two(value: SecretStr) -> SecretStr:
    given = [part.strip() for part in value.get_secret_value().split(",")]
    if not all(given) or len(given) > 2:
        raise ValueError("one secret, or two with a comma between them")
    return value


def secret_parts(value: SecretStr) -> tuple[str, ...]:
    """The secrets that a setting holds: the whole, and those between commas where there are several."""
    whole = value.get_secret_value()
    parts = [part.strip() for part in whole.split(",") if part.strip()]
    return (whole,) if len(parts) == 1 else (whole, *parts)


def _one_of(*names: str) -> AfterValidator:
    def check(value: str) -> str:
        if value.upper().replace("-", "_") in names:
            return value.upper().replace("-", "_")
        raise ValueError(f"of {', '.join(names)}")

    return AfterValidator(check)


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


_RULES = (
    'rules such as [{from = "docs/**", to = "docs/lz-reference/docs/"}] (in a variable: the same as JSON)'
)
# The part of `from` before its first wildcard is replaced by `to`; the rest of the path stays as it is.
DEFAULT_MAPPING = [
    {"from": "docs/**", "to": "docs/lz-reference/docs/"},
    {"from": "*.md", "to": "docs/lz-reference/"},
    {"from": "pmo.yaml", "to": "config/lz-config/"},
    {"from": "policies/**", "to": "config/lz-config/policies/"},
    {"from": "terraform/**", "to": "docs/lz-reference/terraform/"},
]

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
GitMapping = Annotated[list[dict[str, str]], BeforeValidator(_from_json), AfterValidator(_rules)]
Files = Annotated[
    list[Annotated[str, _matching(r"(?!\w+://).+|gs://[^/]+/.+", "paths of files, or gs://BUCKET/OBJECT")]],
    BeforeValidator(_split),
]
_ONE_SCOPE = r"(organizations/\d+|folders/\d+|projects/[a-z0-9.:-]+)"
Scope = Annotated[
    str,
    _matching(
        rf"{_ONE_SCOPE}(\s*,\s*{_ONE_SCOPE})*",
        "organizations/NUMBER, folders/NUMBER or projects/ID, several with commas between",
    ),
]
CONTENT_TYPES = ("RESOURCE", "IAM_POLICY", "ORG_POLICY", "ACCESS_POLICY")
MORE_CONTENT_TYPES = ("OS_INVENTORY", "RELATIONSHIP")  # off unless named
ContentTypes = Annotated[
    list[Annotated[str, _one_of(*CONTENT_TYPES, *MORE_CONTENT_TYPES)]],
    BeforeValidator(_split),
    Field(min_length=1),
]
AssetTypes = Annotated[
    list[
        Annotated[
            str,
            _matching(
                r"[\w.*\\^$|()\[\]+?-]+(/[\w.*\\^$|()\[\]+?-]+)?",
                "types such as compute.googleapis.com/Instance, or compute.googleapis.com.* for all of a service",
            ),
        ]
    ],
    BeforeValidator(_split),
]
Endpoint = Annotated[
    str, _matching(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?", "HOST or HOST:PORT, without https://")
]
ServiceAccount = Annotated[
    str,
    _matching(
        r"[a-z0-9-]+@[a-z0-9.:-]+\.iam\.gserviceaccount\.com|\d+-compute@developer\.gserviceaccount\.com",
        "the address of a service account, such as portal@PROJECT.iam.gserviceaccount.com",
    ),
]
BucketFolder = Annotated[
    str,
    _matching(
        r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[^\s*?#\[\]]*)?", "gs://BUCKET or gs://BUCKET/FOLDER"
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
Repository = Annotated[
    str, _matching(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+", "OWNER/NAME, as in the address on GitHub")
]
Host = Annotated[str, _matching(r"[A-Za-z0-9.-]+", "a host name without port, such as portal.example.com")]
ApiUrl = Annotated[str, AfterValidator(_address)]
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_address)]
WebhookSecret = Annotated[SecretStr, AfterValidator(_one_or_two)]
Address = Annotated[str, _matching(r"[^\s@<>,]+@[^\s@<>,]+", "an address such as portal@example.com")]
Addresses = Annotated[list[Address], BeforeValidator(_split)]
Severity = Literal["critical", "high", "medium", "low"]
