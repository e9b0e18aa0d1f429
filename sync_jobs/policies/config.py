"""config/policies.toml: rules that are off, their severity and parameters, further instances, and waivers."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NoReturn

from app.errors import SettingsError
from app.settings import config_path

FILE = "policies.toml"
_RULE_KEYS = {"enabled", "severity", "params", "instances"}
_INSTANCE_KEYS = {"id", "enabled", "severity", "params"}
_WAIVER_KEYS = {"rule", "asset", "reason", "owner", "expires"}
_SEVERITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True)
class Instance:
    """How a rule runs. `policy_id` is set for further instances."""

    policy_id: str | None = None
    enabled: bool | None = None
    severity: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Waiver:
    """Findings that somebody answers for, up to and including the day `expires`."""

    rule: str
    asset: str
    reason: str
    owner: str
    expires: date

    @property
    def waiver_id(self) -> str:
        return hashlib.sha256(f"{self.rule}|{self.asset}|{self.expires}".encode()).hexdigest()[:24]

    @property
    def until(self) -> datetime:
        """The instant at which it ends."""
        return datetime.combine(self.expires + timedelta(days=1), time(), UTC)


@dataclass(frozen=True)
class Config:
    """The file, checked. Without a file, every rule runs as it stands."""

    path: Path
    rules: Mapping[str, tuple[Instance, ...]] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()

    def instances(self, rule_id: str) -> tuple[Instance, ...]:
        return self.rules.get(rule_id, (Instance(),))

    def check_names(self, known: Set[str]) -> None:
        """Raises SettingsError for settings of a rule that does not exist."""
        for name in self.rules:
            if name not in known:
                close = difflib.get_close_matches(name, sorted(known), n=1)
                self.fail(f"there is no rule {name!r}." + (f" Did you mean {close[0]}?" if close else ""))

    def fail(self, what: str) -> NoReturn:
        """Raise SettingsError about this file."""
        raise SettingsError(f"{self.path}: {what}", "config/policies.example.toml shows what can be set.")


def path_in_use() -> Path:
    """policies.toml beside the configuration file in use."""
    return config_path().with_name(FILE)


def load(path: Path | None = None) -> Config:
    """Read the file. Raises SettingsError that names what does not fit."""
    path = path or path_in_use()
    empty = Config(path)
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return empty
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        empty.fail(f"not valid TOML: {error}.")
    _only(empty, "the file", read, {"rules", "waivers"})
    rules = {name: _rule(empty, name, body) for name, body in read.get("rules", {}).items()}
    return Config(path, rules, tuple(_waiver(empty, n, one) for n, one in enumerate(read.get("waivers", []))))


def _rule(file: Config, name: str, body: Any) -> tuple[Instance, ...]:
    _only(file, f"rules.{name}", body, _RULE_KEYS)
    further = body.get("instances", [])
    own = _instance(file, f"rules.{name}", {k: v for k, v in body.items() if k != "instances"})
    made = [_instance(file, f"rules.{name}.instances", one) for one in further]
    for one in made:
        if not one.policy_id or not re.fullmatch(r"[a-z][a-z0-9_]*", one.policy_id):
            file.fail(f"rules.{name}.instances: an instance needs an id of lower-case letters, digits and _.")
    return (own, *made)


def _instance(file: Config, where: str, body: Any) -> Instance:
    _only(file, where, body, _INSTANCE_KEYS)
    severity, enabled, params = body.get("severity"), body.get("enabled"), body.get("params", {})
    if severity is not None and severity not in _SEVERITIES:
        file.fail(f"{where}: severity is {severity!r}; expected one of {', '.join(_SEVERITIES)}.")
    if enabled is not None and not isinstance(enabled, bool):
        file.fail(f"{where}: enabled is {enabled!r}; expected true or false.")
    if not isinstance(params, dict):
        file.fail(f"{where}: params must be a table, such as params = {{days = 30}}.")
    return Instance(body.get("id"), enabled, severity, params)


def _waiver(file: Config, number: int, body: Any) -> Waiver:
    where = f"waiver {number + 1}"
    _only(file, where, body, _WAIVER_KEYS)
    for key in ("rule", "asset", "reason", "owner"):
        if not isinstance(body.get(key), str) or not body[key].strip():
            file.fail(f"{where} has no {key}.")
    expires = body.get("expires")
    if isinstance(expires, str):
        try:
            expires = date.fromisoformat(expires)
        except ValueError:
            expires = None
    if isinstance(expires, datetime) or not isinstance(expires, date):
        file.fail(f"{where}: expires is {body.get('expires')!r}; expected a day such as 2026-12-31.")
    return Waiver(body["rule"], body["asset"], body["reason"], body["owner"], expires)


def _only(file: Config, where: str, body: Any, allowed: set[str]) -> None:
    if not isinstance(body, dict):
        file.fail(f"{where} must be a table.")
    for key in body:
        if key not in allowed:
            file.fail(f"{where}: unknown key {key!r}; allowed: {', '.join(sorted(allowed))}.")


def regex(pattern: str) -> str:
    """A pattern with `*` as a regular expression for the whole text."""
    return ".*".join(re.escape(part) for part in pattern.split("*"))
