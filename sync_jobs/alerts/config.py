"""config/alerts.toml: rules of alerts that are off, their severity and parameters."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from app.errors import SettingsError
from app.settings import config_path

FILE = "alerts.toml"
SEVERITIES = ("critical", "high", "medium", "low")
_KEYS = {"enabled", "severity", "params"}


@dataclass(frozen=True)
class Changed:
    """What the file says of one rule."""

    enabled: bool | None = None
    severity: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """The file, checked. Without a file, every rule runs as it stands."""

    path: Path
    rules: Mapping[str, Changed] = field(default_factory=dict)

    def check_names(self, known: Set[str]) -> None:
        """Raises SettingsError for settings of a rule that does not exist."""
        for name in self.rules:
            if name not in known:
                close = difflib.get_close_matches(name, sorted(known), n=1)
                self.fail(f"there is no rule {name!r}." + (f" Did you mean {close[0]}?" if close else ""))

    def fail(self, what: str) -> NoReturn:
        """Raise SettingsError about this file."""
        raise SettingsError(f"{self.path}: {what}", "config/alerts.example.toml shows what can be set.")


def load(path: Path | None = None) -> Config:
    """Read the file beside the configuration file in use. Raises SettingsError that names what does not fit."""
    path = path or config_path().with_name(FILE)
    empty = Config(path)
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return empty
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        empty.fail(f"not valid TOML: {error}.")
    _only(empty, "the file", read, {"rules"})
    rules = read.get("rules", {})
    if not isinstance(rules, dict):
        empty.fail("rules must be tables, such as [rules.freshness].")
    return Config(path, {name: _changed(empty, f"rules.{name}", body) for name, body in rules.items()})


def _changed(file: Config, where: str, body: Any) -> Changed:
    _only(file, where, body, _KEYS)
    severity, enabled, params = body.get("severity"), body.get("enabled"), body.get("params", {})
    if severity is not None and severity not in SEVERITIES:
        file.fail(f"{where}: severity is {severity!r}; expected one of {', '.join(SEVERITIES)}.")
    if enabled is not None and not isinstance(enabled, bool):
        file.fail(f"{where}: enabled is {enabled!r}; expected true or false.")
    if not isinstance(params, dict):
        file.fail(f"{where}: params must be a table, such as params = {{minutes = 10}}.")
    return Changed(enabled, severity, params)


def _only(file: Config, where: str, body: Any, allowed: set[str]) -> None:
    if not isinstance(body, dict):
        file.fail(f"{where} must be a table.")
    for key in body:
        if key not in allowed:
            file.fail(f"{where}: unknown key {key!r}; allowed: {', '.join(sorted(allowed))}.")
