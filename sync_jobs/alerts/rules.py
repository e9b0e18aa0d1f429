"""The rules of alerts: each a file in sql/alerts that returns what is wrong now, a row per subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

from app import queries, sql_files
from app.errors import PortalError
from sync_jobs.alerts import config
from sync_jobs.rules_file import SEVERITIES, Override

FOLDER = "alerts/"
NEEDED = ("subject", "summary")
MOST_SUBJECTS = 10_000
SUBJECT_LIMIT, SUMMARY_LIMIT = 1000, 1000


@dataclass(frozen=True)
class Wrong:
    """A subject that is wrong now."""

    subject: str
    severity: str
    summary: str
    link: str | None = None


@dataclass(frozen=True)
class Rule:
    """One rule with the settings in effect. `error` says why it cannot be evaluated."""

    name: str
    title: str
    severity: str
    description: str = ""
    remediation: str = ""
    enabled: bool = True
    params: Mapping[str, Any] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)  # all parameters with their values
    error: str | None = None

    def evaluate(self) -> list[Wrong]:
        """What is wrong now. Raises PortalError when it cannot be said."""
        file = sql_files.get(FOLDER + self.name)
        found = queries.engine("local").query(file, dict(self.params), limit=MOST_SUBJECTS + 1)
        lacking = [column for column in NEEDED if column not in found.column_names]
        if lacking:
            raise PortalError(
                f"{file.where} returns no column {lacking[0]}.",
                "A rule returns subject, summary, link and severity.",
            )
        rows = found.to_pylist()
        if len(rows) > MOST_SUBJECTS:
            raise PortalError(
                f"{file.where} found more than {MOST_SUBJECTS:,} subjects.",
                "Let it group them, or look at less.",
            )
        return [self._wrong(row) for row in rows]

    def _wrong(self, row: Mapping[str, Any]) -> Wrong:
        severity = row.get("severity") or self.severity
        if not row["subject"] or not row["summary"] or severity not in SEVERITIES:
            raise PortalError(
                f"The alert rule {self.name} returned a row without subject or summary, or of severity {severity!r}.",
                f"Severities: {', '.join(SEVERITIES)}.",
            )
        subject, summary = str(row["subject"])[:SUBJECT_LIMIT], str(row["summary"])[:SUMMARY_LIMIT]
        return Wrong(subject, severity, summary, _link(row.get("link")))


def load(folder: Path | None = None) -> list[Rule]:
    """All rules. One that is not valid has its error. Raises SettingsError for a wrong config/alerts.toml."""
    settings = config.load()
    names = [key.removeprefix(FOLDER) for key in sql_files.keys(FOLDER)]
    settings.known(settings.rules, set(names))
    return [_rule(name, settings.rules.get(name, Override())) for name in names]


def _rule(name: str, changed: Override) -> Rule:
    try:
        file = sql_files.get(FOLDER + name)
    except PortalError as error:
        return Rule(name, name, "high", error=str(error))
    severity = changed.severity or str(file.extra["severity"])
    enabled = changed.enabled if changed.enabled is not None else bool(file.extra.get("enabled", True))
    fault, shown = None, dict[str, Any]()
    if severity not in SEVERITIES:
        severity, fault = (
            "high",
            f"{file.where}: severity {severity!r}; expected one of {', '.join(SEVERITIES)}.",
        )
    try:
        shown = {key: value for key, value in file.bind(changed.params).items() if key != "now"}
    except PortalError as problem:
        fault = str(problem)
    return Rule(
        name, file.title, severity, file.description, str(file.extra.get("remediation", "")), enabled, changed.params,
        shown, fault,
    )  # fmt: skip


def _link(value: object) -> str | None:
    """`{"page": "compliance", "finding": ...}` as an address below the portal's."""
    if not value:
        return None
    told = orjson.loads(value) if isinstance(value, str | bytes) else value
    if not isinstance(told, dict) or not isinstance(told.get("page"), str):
        raise PortalError(
            f"A link of an alert is {value!r}.", 'Expected JSON such as {"page": "sync_status"}.'
        )
    rest = {key: str(part) for key, part in told.items() if key != "page" and part is not None}
    return str(told["page"]) + (f"?{urlencode(rest)}" if rest else "")
