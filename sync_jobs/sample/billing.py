"""Thirteen months of rows of the standard billing export: per project, service, SKU and day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import orjson

from sync_jobs.sample.changes import MIGRATION, bad_day
from sync_jobs.sample.organisation import BILLING_ACCOUNT, PROJECTS, Project
from sync_jobs.sample.timeline import DAYS, Year

MONTHS_DAYS = 395
CURRENCY = "EUR"


@dataclass(frozen=True)
class Sku:
    """What is billed: daily cost of a project of size 1 in EUR, and the share of it at weekends."""

    service_id: str
    service: str
    sku_id: str
    sku: str
    cost: float
    weekend: float = 1.0
    discount: float = 0.0


COMPUTE = (
    Sku("6F81-0001", "Compute Engine", "SKU-0101", "N2 Instance Core running in EMEA", 61.0, 0.8, 0.12),
    Sku("6F81-0001", "Compute Engine", "SKU-0102", "Balanced PD Capacity", 11.5),
    Sku("6F81-0001", "Compute Engine", "SKU-0103", "Network Internet Egress from EMEA", 7.2, 0.6),
)
SQL = (Sku("9662-0002", "Cloud SQL", "SKU-0201", "Cloud SQL for PostgreSQL: Zonal - vCPU", 24.0, 1.0, 0.08),)
STORAGE = (Sku("95FF-0003", "Cloud Storage", "SKU-0301", "Standard Storage Europe Multi-region", 6.4),)
RUN = (Sku("152E-0004", "Cloud Run", "SKU-0401", "CPU Allocation Time", 9.1, 0.5),)
KUBERNETES = (Sku("CCD8-0005", "Kubernetes Engine", "SKU-0501", "Regional Kubernetes Clusters", 7.3),)
BIGQUERY = (
    Sku("24E6-0006", "BigQuery", "SKU-0601", "Analysis (eu)", 38.0, 0.3),
    Sku("24E6-0006", "BigQuery", "SKU-0602", "Active Logical Storage (eu)", 12.0),
)
LOGGING = (Sku("5490-0007", "Cloud Logging", "SKU-0701", "Log Storage cost", 3.1, 0.7),)
KEYS = (
    Sku(
        "E505-0008",
        "Cloud Key Management Service (KMS)",
        "SKU-0801",
        "Active software symmetric key versions",
        1.2,
    ),
)

BILLED: dict[str, tuple[Sku, ...]] = {
    "network": COMPUTE[2:] + LOGGING,
    "dns": LOGGING,
    "tooling": COMPUTE[:1] + STORAGE,
    "logging": LOGGING + BIGQUERY[1:],
    "gke": COMPUTE[:2] + KUBERNETES + SQL,
    "keys": KEYS,
    "data": BIGQUERY + STORAGE,
    "web": COMPUTE[:1] + SQL + RUN,
    "legacy": COMPUTE[:2] + SQL,
    "vms": COMPUTE,
    "sandbox": COMPUTE[:1] + RUN,
}


def write(path: Path, year: Year, seed: int) -> int:
    """Write the rows, a JSON object per line, by day. Returns how many. The last day is incomplete."""
    rng = Random(f"{seed}:billing")
    today = year.end.date()
    lines: list[bytes] = []
    noise = {project.id: 1.0 for project in PROJECTS}
    fixed = {
        (project.id, sku): _fixed(project, sku) for project in PROJECTS for sku in BILLED[project.profile]
    }
    for back in range(MONTHS_DAYS, 0, -1):
        day = today - timedelta(days=back)
        usage = {kind: orjson.dumps(_usage(day, kind))[:-1] for kind in ("regular", "tax")}
        for project in PROJECTS:
            noise[project.id] *= 1 + rng.gauss(0, 0.012)
            noise[project.id] += (1 - noise[project.id]) * 0.03
            factor = _factor(project, year, day) * noise[project.id] * (0.4 if back == 1 else 1.0)
            if factor <= 0:
                continue
            for sku in BILLED[project.profile]:
                cost = (
                    sku.cost
                    * factor
                    * (sku.weekend if day.weekday() >= 5 else 1.0)
                    * (0.95 + 0.1 * rng.random())
                )
                lines.append(usage["regular"] + _amounts(cost, sku.discount) + fixed[project.id, sku])
        if day.day == 1:
            lines += _monthly(usage, rng)
    path.write_bytes(b"".join(lines))
    return len(lines)


def _factor(project: Project, year: Year, day: date) -> float:
    """How much of its full size the project runs on this day: growth, beginnings, ends, the migration."""
    number = (day - year.start.date()).days
    if number < project.made or (project.gone is not None and number > project.gone):
        return 0.0
    factor = project.size * (0.62 + 0.38 * max(number, 0) / DAYS)
    if project.made >= 0:
        factor *= min(1.0, 0.1 + (number - project.made) / 60)
    moved = min(max((number - MIGRATION[0]) / (MIGRATION[1] - MIGRATION[0]), 0.0), 1.0)
    if project.id == "sample-orders-legacy":
        factor *= 2.2 - 1.9 * moved
    if project.id == "sample-orders-prod":
        factor *= 0.7 + 0.3 * moved
    if project.id == "sample-sbx-aster" and day in {
        bad_day(year).date(),
        bad_day(year).date() + timedelta(days=1),
    }:
        factor *= 9.0
    return factor


def _amounts(cost: float, discount: float = 0.0) -> bytes:
    name = '"name":"Committed use discount","type":"COMMITTED_USAGE_DISCOUNT"'
    credits = f'[{{{name},"amount":{-cost * discount:.6f}}}]' if discount else "[]"
    return f',"cost":{cost:.6f},"credits":{credits},'.encode()


def _fixed(project: Project, sku: Sku) -> bytes:
    """What is the same every day, from its first key to the end of the line."""
    country = "BE" if project.region.startswith("europe") else "US"
    row = {
        "service": {"id": sku.service_id, "description": sku.service},
        "sku": {"id": sku.sku_id, "description": sku.sku},
        "project": {
            "id": project.id,
            "number": project.number,
            "name": project.id.removeprefix("sample-"),
            "labels": [{"key": key, "value": value} for key, value in project.labels.items()],
        },
        "location": {"location": project.region, "country": country, "region": project.region},
    }
    return orjson.dumps(row)[1:] + b"\n"


def _monthly(usage: dict[str, bytes], rng: Random) -> list[bytes]:
    """What is billed once a month and outside projects: support, and tax."""
    lines = []
    for kind, cost, service, sku in (
        ("regular", 1450 + 120 * rng.random(), ("2062-0009", "Support"), ("SKU-0901", "Standard support")),
        ("tax", 2900 + 700 * rng.random(), ("0000-0010", "Invoice"), ("SKU-1001", "Tax")),
    ):
        row = {
            "service": {"id": service[0], "description": service[1]},
            "sku": {"id": sku[0], "description": sku[1]},
            "project": None,
            "location": None,
        }
        lines.append(usage[kind] + _amounts(cost) + orjson.dumps(row)[1:] + b"\n")
    return lines


def _usage(day: date, cost_type: str) -> dict[str, object]:
    start = datetime(day.year, day.month, day.day)
    return {
        "billing_account_id": BILLING_ACCOUNT,
        "invoice": {"month": f"{day:%Y%m}"},
        "cost_type": cost_type,
        "usage_start_time": f"{start.isoformat()}Z",
        "usage_end_time": f"{(start + timedelta(days=1)).isoformat()}Z",
        "export_time": f"{(start + timedelta(days=1, hours=7)).isoformat()}Z",
        "currency": CURRENCY,
        "currency_conversion_rate": 1.0,
    }
