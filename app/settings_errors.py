"""How settings are named and looked up, and what is told about one that does not fit."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from app.errors import SettingsError

PREFIX = "PORTAL_"
# The first three are read by Google's own client libraries; the last is the secret's name in the workflows.
FOREIGN = {
    "pubsub_emulator_host": "PUBSUB_EMULATOR_HOST",
    "bigquery_emulator_host": "BIGQUERY_EMULATOR_HOST",
    "google_application_credentials": "GOOGLE_APPLICATION_CREDENTIALS",
    "portal_token": "PORTAL_SYNC_TOKEN",
}
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def mask_credentials(text: str) -> str:
    """`text` with the user part of every address in it masked: https://***@host/path."""
    return _CREDENTIALS.sub("***@", text)


def variable(name: str) -> str:
    """The environment variable of the setting `name`."""
    return FOREIGN.get(name, PREFIX + name.upper())


def did_you_mean(name: str, known: list[str]) -> str:
    """A sentence that names the closest known name, or nothing."""
    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]}?" if close else ""


def places(name: str, path: Path) -> str:
    """Where a setting is looked up; `path` is the configuration file."""
    exists = "" if path.exists() else " (no such file)"
    return f"the environment variable {variable(name)} and {name} in {path}{exists}"


def hint(name: str, fields: Mapping[str, FieldInfo]) -> str:
    """How to set the setting `name`, one of `fields`."""
    return f"Set {variable(name)} or {name} in the configuration file ({fields[name].description})."


def explain(
    error: ValidationError, fields: Mapping[str, FieldInfo], from_env: Mapping[str, str], path: Path
) -> SettingsError:
    """One line per wrong setting: the value seen (never a secret), what is allowed and where it was looked up."""
    lines, names = [], []
    for item in error.errors(include_url=False, include_context=False):
        name = str(item["loc"][0])
        if name in names:
            continue
        names.append(name)
        secret = "SecretStr" in str(fields[name].annotation)
        seen = "a value that is not shown" if secret else mask_credentials(repr(item["input"]))
        where = f"the environment variable {variable(name)}" if name in from_env else str(path)
        allowed = re.sub("^(Value error, |Input should be )", "", item["msg"])
        lines.append(f"{name} is {seen} (from {where}); expected {allowed}. Looked at {places(name, path)}.")
    return SettingsError("\n".join(lines), " ".join(hint(name, fields) for name in names))
