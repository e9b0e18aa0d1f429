"""Partial sums of costs to rows of `daily_costs`, and which figures are new. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
KEY = ("date", "project_id", "service", "sku", "location", "currency")
FIGURES = ("total_resources", "resources_with_violations", "total_cost", "avg_compliance_score")


def merged(parts: Iterable[Row], run_id: str) -> list[Row]:
    """One row per key: the same day may be spread over several batches of billing rows."""
    sums: dict[tuple[object, ...], list[Decimal]] = {}
    for part in parts:
        amounts = sums.setdefault(tuple(part[key] for key in KEY), [Decimal(0), Decimal(0)])
        amounts[0] += part["cost"]
        amounts[1] += part["credits"]
    return [
        dict(zip(KEY, key, strict=True))
        | {"cost": cost, "credits": credits, "net_cost": cost + credits, "run_id": run_id}
        for key, (cost, credits) in sums.items()
    ]


def changed(computed: Iterable[Row], known: Mapping[str, Row]) -> list[Row]:
    """The rows of `daily_metrics` that say something else than those known, by ISO day."""
    return [
        row
        for row in computed
        if row["date"].isoformat() not in known
        or any(row[name] != known[row["date"].isoformat()][name] for name in FIGURES)
    ]
