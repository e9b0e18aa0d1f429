"""alerts.toml: rules of alerts that are off, their severity and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync_jobs.rules_file import Override, RulesFile

_KEYS = {"enabled", "severity", "params"}


@dataclass(frozen=True)
class Config(RulesFile):
    """The file, checked. Without a file, every rule runs as it stands."""

    NAME = "alerts.toml"
    EXAMPLE_PARAMS = "{minutes = 10}"
    rules: Mapping[str, Override] = field(default_factory=dict)


def load(path: Path | None = None) -> Config:
    """Read the file beside the configuration file in use. Raises SettingsError that names what does not fit."""
    file = Config(path or Config.path_in_use())
    rules = file.read({"rules"}).get("rules", {})
    return Config(file.path, {name: _override(file, f"rules.{name}", body) for name, body in rules.items()})


def _override(file: Config, where: str, body: Any) -> Override:
    file.only(where, body, _KEYS)
    return file.override(where, body)
