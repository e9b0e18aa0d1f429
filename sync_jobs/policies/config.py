"""config/policies.toml: rules that are off, their severity and parameters, further instances, and waivers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sync_jobs.rules_file import RulesFile

FILE = "policies.toml"
_RULE_KEYS = {"enabled", "severity", "params", "instances"}
_INSTANCE_KEYS = {"id", "enabled", "severity", "params"}
_WAIVER_KEYS = {"rule", "asset", "reason", "owner", "expires"}


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
class Config(RulesFile):
    """The file, checked. Without a file, every rule runs as it stands."""

    NAME = FILE
    EXAMPLE_PARAMS = "{days = 30}"
    rules: Mapping[str, tuple[Instance, ...]] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()

    def instances(self, rule_id: str) -> tuple[Instance, ...]:
        return self.rules.get(rule_id, (Instance(),))

    def check_names(self, known: Set[str]) -> None:
        """Raises SettingsError for settings of a rule that does not exist."""
        self.known(self.rules, known)


def path_in_use() -> Path:
    """policies.toml beside the configuration file in use."""
    return Config.path_in_use()


def load(path: Path | None = None) -> Config:
    """Read the file. Raises SettingsError that names what does not fit."""
    file = Config(path or path_in_use())
    read = file.read({"rules", "waivers"})
    rules = {name: _rule(file, name, body) for name, body in read.get("rules", {}).items()}
    return Config(
        file.path, rules, tuple(_waiver(file, n, one) for n, one in enumerate(read.get("waivers", [])))
    )


def _rule(file: Config, name: str, body: Any) -> tuple[Instance, ...]:
    file.only(f"rules.{name}", body, _RULE_KEYS)
    further = body.get("instances", [])
    own = _instance(file, f"rules.{name}", {k: v for k, v in body.items() if k != "instances"})
    made = [_instance(file, f"rules.{name}.instances", one) for one in further]
    for one in made:
        if not one.policy_id or not re.fullmatch(r"[a-z][a-z0-9_]*", one.policy_id):
            file.fail(f"rules.{name}.instances: an instance needs an id of lower-case letters, digits and _.")
    return (own, *made)


def _instance(file: Config, where: str, body: Any) -> Instance:
    file.only(where, body, _INSTANCE_KEYS)
    found = file.override(where, body)
    return Instance(body.get("id"), found.enabled, found.severity, found.params)


def _waiver(file: Config, number: int, body: Any) -> Waiver:
    where = f"waiver {number + 1}"
    file.only(where, body, _WAIVER_KEYS)
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


def regex(pattern: str) -> str:
    """A pattern with `*` as a regular expression for the whole text."""
    return ".*".join(re.escape(part) for part in pattern.split("*"))
