"""The rules: ours in sql/policies and those the landing zone brings, checked, with the settings of config/policies.toml.

A rule that is wrong becomes a `Broken` with a sentence that names the fault; the others run all the same.
"""

from __future__ import annotations

import gc
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlglot import exp

from app import sql_files
from app.errors import PortalError, SqlFileError
from app.settings import PROJECT_ROOT, Settings
from app.sql_files import SQL_FOLDER, SqlFile
from sync_jobs.policies.config import Config, Instance, path_in_use

SEVERITIES = ("critical", "high", "medium", "low")
TABLES = frozenset({"assets", "iam_bindings", "org_policies"})
COLUMNS = ["asset_name", "status", "reason", "evidence"]
_TYPE = re.compile(r"^[a-z0-9.]+\.googleapis\.com/[A-Za-z0-9]+$")
_WORD = re.compile(r"\w+")
PORTAL, LANDING_ZONE = "portal", "landing_zone"
LANDING_ZONE_FOLDER = Path("config") / "lz-config"


@dataclass(frozen=True)
class Rule:
    """One rule with its settings. A rule may run several times, each time under a policy id of its own."""

    policy_id: str
    file: SqlFile
    severity: str
    source: str
    values: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True

    @property
    def rule_id(self) -> str:
        return str(self.file.extra["id"])

    @property
    def service(self) -> str:
        return self.file.key.split("/")[-2]

    @property
    def asset_types(self) -> list[str]:
        """What it examines: its parameter `types` where it has one."""
        bound = self.file.bind(self.values)
        return list(bound.get("types") or self.file.extra["asset_types"])

    @cached_property
    def waits(self) -> bool:
        """Whether it examines nothing, because none of the parameters it `needs` is set."""
        needs, bound = self.file.extra.get("needs") or [], self.file.bind(self.values)
        return bool(needs) and not any(bound[name] for name in needs)

    @property
    def frameworks(self) -> dict[str, dict[str, list[str]]]:
        """Framework -> version -> the controls it serves."""
        named = self.file.extra.get("frameworks") or {}
        return {
            name: {
                str(version): [str(one) for one in (control if isinstance(control, list) else [control])]
                for version, control in versions.items()
            }
            for name, versions in named.items()
        }

    @cached_property
    def speaks_of(self) -> frozenset[str]:
        """The asset types in its text and its parameters, those of its header included."""
        bound = self.file.bind(self.values).values()
        texts = [one for value in bound for one in (value if isinstance(value, list) else [value])]
        texts += [one.this for one in self.file.tree.find_all(exp.Literal) if one.is_string]
        return frozenset(
            {*self.asset_types, *(one for one in texts if isinstance(one, str) and _TYPE.match(one))}
        )

    @cached_property
    def columns(self) -> frozenset[str]:
        """The names in its text, all columns that it reads among them."""
        return frozenset(_WORD.findall(self.file.text))

    @cached_property
    def reads(self) -> frozenset[str]:
        """The tables it reads."""
        return frozenset(self._tables)

    @cached_property
    def is_local(self) -> bool:
        """Whether what it says of an asset comes from that asset's row alone."""
        return self._tables == ["assets"]

    @cached_property
    def _tables(self) -> list[str]:
        """Each mention of a table; UNNEST(assets.x) is one for the parser, with `assets` as its database."""
        found = self.file.tree.find_all(exp.Table)
        return [table.name for table in found if table.name in TABLES and not table.args.get("db")]


@dataclass(frozen=True)
class Broken:
    """A rule that cannot run, and why."""

    policy_id: str
    path: Path
    source: str
    error: str


@dataclass(frozen=True)
class Rules:
    """All rules by policy id, in order, and those that cannot run."""

    rules: tuple[Rule, ...]
    broken: tuple[Broken, ...] = ()

    def enabled(self) -> list[Rule]:
        return [rule for rule in self.rules if rule.enabled]

    def of(self, rule_id: str) -> list[Rule]:
        """The rule or the instances called so. Raises SqlFileError when there is none, or it is broken."""
        found = [rule for rule in self.rules if rule.policy_id == rule_id]
        found = found or [rule for rule in self.rules if rule.rule_id == rule_id]
        if found:
            return found
        for broken in self.broken:
            if broken.policy_id == rule_id:
                raise SqlFileError(broken.error)
        import difflib

        close = difflib.get_close_matches(rule_id, [rule.policy_id for rule in self.rules], n=1)
        raise SqlFileError(
            f"There is no rule {rule_id!r}." + (f" Did you mean {close[0]}?" if close else ""),
            "Rules are the files of sql/policies, by their name without .sql.",
        )


def load(settings: Settings, config: Config, root: Path = SQL_FOLDER) -> Rules:
    """All rules. Raises SettingsError where config/policies.toml names a rule or value that cannot be."""
    files: list[tuple[SqlFile, str]] = []
    broken: list[Broken] = []
    taken: dict[str, Path] = {}
    for source, folder in ((PORTAL, root), (LANDING_ZONE, _published(settings))):
        for path in _sql(folder):
            if path.name.endswith(sql_files.DUCKDB_SUFFIX):
                continue
            try:
                with _no_collection():
                    file = sql_files.load(path, folder)
                check(file, path, taken)
            except (PortalError, OSError, UnicodeDecodeError) as error:
                broken.append(Broken(path.stem, path, source, str(error)))
                continue
            taken[path.stem] = path
            files.append((file, source))
    config.check_names({file.extra["id"] for file, _ in files} | {one.policy_id for one in broken})
    made = [rule for file, source in files for rule in _instances(file, source, config, taken)]
    return Rules(tuple(made), tuple(broken))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Hundreds of trees that all stay: the collector would walk them again and again, a fifth of the time."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def stats(settings: Settings) -> Iterator[tuple[Path, os.stat_result]]:
    """All files that say what rules do, and how, as they are on the disk."""
    for path in (*_sql(SQL_FOLDER), *_sql(_published(settings)), path_in_use()):
        if path.is_file():
            yield path, path.stat()


def mark(settings: Settings, files: Sequence[str]) -> str:
    """A mark of all that findings depend on, the time of day excepted; `files` are those of the assets."""
    text = "|".join(
        [*sorted(files), *(f"{path} {stat.st_mtime_ns} {stat.st_size}" for path, stat in stats(settings))]
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _published(settings: Settings) -> Path:
    return (settings.git_publish_root or PROJECT_ROOT) / LANDING_ZONE_FOLDER


def _sql(folder: Path) -> list[Path]:
    return sorted((folder / "policies").rglob("*.sql"))


def _instances(file: SqlFile, source: str, config: Config, taken: dict[str, Path]) -> Iterable[Rule]:
    rule_id = str(file.extra["id"])
    for one in config.instances(rule_id):
        policy_id = one.policy_id or rule_id
        if one.policy_id and policy_id in taken:
            config.fail(f"rules.{rule_id}: the id {policy_id} of an instance is that of {taken[policy_id]}.")
        taken[policy_id] = file.path or Path()
        yield _rule(file, source, config, policy_id, one)


def _rule(file: SqlFile, source: str, config: Config, policy_id: str, one: Instance) -> Rule:
    try:
        file.bind(one.params)
    except SqlFileError as error:
        config.fail(f"rules.{file.extra['id']}: {error.message} {error.hint}".strip())
    on = bool(file.extra.get("enabled", True)) if one.enabled is None else one.enabled
    return Rule(policy_id, file, one.severity or file.extra["severity"], source, one.params, on)


def check(file: SqlFile, path: Path, taken: Mapping[str, Path]) -> None:
    """The header and what the statement reads. Raises SqlFileError that names the file and the fault."""
    head = file.extra
    if head["id"] != path.stem:
        raise SqlFileError(
            f"{path}: id is {head['id']!r}, but the file is called {path.stem}.sql.", "Use one name."
        )
    if path.stem in taken:
        raise SqlFileError(
            f"{path}: the rule {path.stem} is there already, in {taken[path.stem]}.", "Rename one."
        )
    if head["severity"] not in SEVERITIES:
        raise SqlFileError(
            f"{path}: severity is {head['severity']!r}; expected one of {', '.join(SEVERITIES)}."
        )
    types = head["asset_types"]
    if not isinstance(types, list) or not all(isinstance(one, str) and "/" in one for one in types):
        raise SqlFileError(f"{path}: asset_types must be a list of Cloud Asset types, not {types!r}.")
    frameworks = head.get("frameworks") or {}
    if not isinstance(frameworks, dict) or not all(isinstance(one, dict) for one in frameworks.values()):
        raise SqlFileError(
            f'{path}: frameworks must be like {{cis_gcp: {{"4.0": "5.1"}}}}, not {frameworks!r}.'
        )
    declared = [param.name for param in file.params]
    needs = head.get("needs") or []
    if not isinstance(needs, list) or not set(needs) <= set(declared):
        raise SqlFileError(f"{path}: needs is {needs!r}; expected a list of its parameters.")
    _check_statement(file, path)


def _check_statement(file: SqlFile, path: Path) -> None:
    tree = file.tree
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            raise SqlFileError(f"{path}: {table.sql('bigquery')} is no table a rule may read.", _may())
        if table.name not in named | TABLES or table.args.get("db"):
            # UNNEST of a column of a table is a table for the parser, with the column's table as its database
            if table.args.get("db") and not table.args.get("catalog") and "." in table.sql("bigquery"):
                continue
            raise SqlFileError(f"{path}: it reads {table.sql('bigquery')}.", _may())
    columns = [select.alias_or_name for select in tree.selects]
    if columns != COLUMNS and "*" not in columns:
        raise SqlFileError(
            f"{path}: it returns {', '.join(columns) or 'nothing'}.", f"A rule returns {', '.join(COLUMNS)}."
        )


def _may() -> str:
    return f"Rules read {', '.join(sorted(TABLES))} only."
