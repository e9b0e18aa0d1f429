"""What policies.toml and alerts.toml have in common: how they are read, and what both may say of a rule."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from app.errors import SettingsError
from app.settings import config_path

SEVERITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True)
class Override:
    """What a file changes of a rule; None is as the rule has it."""

    enabled: bool | None = None
    severity: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RulesFile:
    """A file of settings beside the configuration file in use."""

    NAME: ClassVar[str]
    EXAMPLE_PARAMS: ClassVar[str]
    path: Path

    @classmethod
    def path_in_use(cls) -> Path:
        """Where it is, whether or not it exists."""
        return config_path().with_name(cls.NAME)

    def read(self, keys: set[str]) -> dict[str, Any]:
        """Its content, nothing without a file. Raises SettingsError when it cannot be read or has other keys."""
        try:
            read = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.fail(f"not valid TOML: {error}.")
        self.only("the file", read, keys)
        if not isinstance(read.get("rules", {}), dict):
            self.fail("rules must be tables, such as [rules.NAME].")
        return read

    def override(self, where: str, body: Any) -> Override:
        """The part of `body` that all rules may have. Raises SettingsError for what does not fit."""
        severity, enabled, params = body.get("severity"), body.get("enabled"), body.get("params", {})
        if severity is not None and severity not in SEVERITIES:
            self.fail(f"{where}: severity is {severity!r}; expected one of {', '.join(SEVERITIES)}.")
        if enabled is not None and not isinstance(enabled, bool):
            self.fail(f"{where}: enabled is {enabled!r}; expected true or false.")
        if not isinstance(params, dict):
            self.fail(f"{where}: params must be a table, such as params = {self.EXAMPLE_PARAMS}.")
        return Override(enabled, severity, params)

    def known(self, named: Iterable[str], known: Set[str]) -> None:
        """Raises SettingsError for settings of a rule that does not exist."""
        for name in named:
            if name not in known:
                close = difflib.get_close_matches(name, sorted(known), n=1)
                self.fail(f"there is no rule {name!r}." + (f" Did you mean {close[0]}?" if close else ""))

    def only(self, where: str, body: Any, allowed: set[str]) -> None:
        """Raises SettingsError unless `body` is a table with none but these keys."""
        if not isinstance(body, dict):
            self.fail(f"{where} must be a table.")
        for key in body:
            if key not in allowed:
                self.fail(f"{where}: unknown key {key!r}; allowed: {', '.join(sorted(allowed))}.")

    def fail(self, what: str) -> NoReturn:
        """Raise SettingsError about this file."""
        example = self.NAME.replace(".toml", ".example.toml")
        raise SettingsError(f"{self.path}: {what}", f"config/{example} shows what can be set.")
