"""All cases of a rule as one statement, for engines where a statement costs more than its rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.fixtures.bqemulator import Emulator
from tests.sql.policies.harness import RuleCase
from tests.sql.reference import evaluate, self_contained


@dataclass(frozen=True)
class Bulk:
    """Cases of one rule."""

    cases: list[RuleCase]

    def statement(self) -> str:
        """One row per case and asset; the case by its name."""
        parts = [
            f"SELECT {json.dumps(case.case.name)} AS case_name, asset_name, status, reason,"
            f" TO_JSON_STRING(evidence) AS evidence FROM (\n{self_contained(case.case)}\n)"
            for case in self.cases
        ]
        return "\nUNION ALL\n".join(parts)


def reference(bulk: Bulk) -> list[dict[str, Any]]:
    """By ZetaSQL."""
    return [_row(row) for row in evaluate(bulk.statement())[1]]


def emulated(bulk: Bulk, emulator: Emulator) -> list[dict[str, Any]]:
    """By the BigQuery emulator."""
    client = emulator.client()
    try:
        return [_row(dict(row)) for row in client.query(bulk.statement()).result()]
    finally:
        client.close()


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "evidence": None if row["evidence"] == "null" else row["evidence"]}
