"""What changes in the sample year: everyday edits, a migration, a decommissioned project and a bad day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from sync_jobs.sample import hierarchy, organisation
from sync_jobs.sample.services import compute, workloads
from sync_jobs.sample.site import Json, Life, Site
from sync_jobs.sample.timeline import DAYS, Year

Change = Callable[[Json, Random], Json]
"""Takes `resource.data`, returns a changed copy."""

MIGRATION = (150.0, 185.0)  # machines of sample-orders-legacy move to sample-orders-prod
BAD_DAY = 320.0  # a broken pipeline makes machines in the sandbox and strips labels in the catalogue


def _status(data: Json, _rng: Random) -> Json:
    return {**data, "status": "TERMINATED" if data["status"] == "RUNNING" else "RUNNING"}


def _machine(data: Json, rng: Random) -> Json:
    head = data["machineType"].rpartition("/")[0]
    return {**data, "machineType": f"{head}/{rng.choice(compute.MACHINES)}"}


def _grown(data: Json, _rng: Random) -> Json:
    return {**data, "sizeGb": str(int(int(data["sizeGb"]) * 1.5))}


def _rows(data: Json, rng: Random) -> Json:
    return {
        **data,
        "numRows": str(int(data["numRows"]) + rng.randrange(1000, 400_000)),
        "numBytes": str(int(data["numBytes"]) + rng.randrange(10**6, 10**9)),
    }


def _column(data: Json, rng: Random) -> Json:
    fields = [*data["schema"]["fields"], {"name": f"extra_{rng.randrange(1000)}", "type": "STRING"}]
    return {**data, "schema": {"fields": fields}}


def _labelled(key: str) -> Change:
    def change(data: Json, rng: Random) -> Json:
        return {**data, key: {**(data.get(key) or {}), "reviewed": f"r{rng.randrange(1, 9)}"}}

    return change


def _relabelled(labels: dict[str, str]) -> Change:
    return lambda data, _rng: {**data, "labels": labels}


def _tier(data: Json, rng: Random) -> Json:
    settings = {
        **data["settings"],
        "tier": rng.choice(("db-custom-2-7680", "db-custom-4-15360", "db-custom-8-30720")),
    }
    return {**data, "settings": settings}


def _sources(data: Json, rng: Random) -> Json:
    return {
        **data,
        "sourceRanges": [f"10.{rng.randrange(10, 60)}.0.0/16", f"10.{rng.randrange(60, 99)}.0.0/16"],
    }


def _nodes(data: Json, rng: Random) -> Json:
    return {**data, "autoscaling": {**data["autoscaling"], "maxNodeCount": rng.randrange(4, 16)}}


def _deployed(data: Json, rng: Random) -> Json:
    metadata = {**data["metadata"], "generation": data["metadata"]["generation"] + rng.randrange(1, 4)}
    return {**data, "metadata": metadata}


def _bucket(data: Json, rng: Random) -> Json:
    age = rng.choice((30, 90, 180, 730))
    rule = [{"action": {"type": "Delete"}, "condition": {"age": age}}]
    return {**data, "lifecycle": {"rule": rule}, "metageneration": data["metageneration"] + 1}


def _toggled(data: Json, _rng: Random) -> Json:
    return {**data, "disabled": not data["disabled"]}


# asset type -> changes per asset and year, and what changes
EDITS: dict[str, tuple[float, tuple[Change, ...]]] = {
    compute.INSTANCE.asset_type: (0.9, (_status, _status, _machine, _labelled("labels"))),
    compute.DISK.asset_type: (0.12, (_grown,)),
    "compute.googleapis.com/Firewall": (0.5, (_sources,)),
    "storage.googleapis.com/Bucket": (0.35, (_bucket, _labelled("labels"))),
    "bigquery.googleapis.com/Table": (0.4, (_rows, _rows, _rows, _column)),
    "bigquery.googleapis.com/Dataset": (0.4, (_labelled("labels"),)),
    "sqladmin.googleapis.com/Instance": (1.0, (_tier,)),
    "container.googleapis.com/NodePool": (2.0, (_nodes,)),
    "run.googleapis.com/Service": (3.0, (_deployed,)),
    "cloudfunctions.googleapis.com/Function": (0.6, (_labelled("labels"),)),
    "iam.googleapis.com/ServiceAccount": (0.05, (_toggled,)),
    "secretmanager.googleapis.com/Secret": (0.1, (_labelled("labels"),)),
    "pubsub.googleapis.com/Topic": (0.15, (_labelled("labels"),)),
}


def add_everyday(site: Site) -> None:
    """Edits over the year, by type, on working days."""
    for life in site.lives:
        rate, changes = EDITS.get(life.asset_type, (0.0, ()))
        if not rate:
            continue
        first, last = _within(life, site)
        expected = rate * max(last - first, 0) / DAYS
        for _ in range(int(expected) + (site.rng.random() < expected % 1)):
            at = site.year.moment(site.rng, first, last)
            if life.born < at and (life.died is None or at < life.died):
                life.edits.append((at, edit_of(site.rng.choice(changes), site.rng.random())))
    if site.project.profile in {"gke"}:
        _upgrades(site)


def edit_of(change: Change, luck: float) -> Callable[[Json], Json]:
    """An edit of the whole asset from a change of its data. The same luck gives the same edit."""

    def edit(asset: Json) -> Json:
        data = change(asset["resource"]["data"], Random(luck))
        return {**asset, "resource": {**asset["resource"], "data": data}}

    return edit


def _within(life: Life, site: Site) -> tuple[float, float]:
    first = max(site.year.number(life.born) + 0.1, 0.0)
    last = site.year.number(life.died) - 0.1 if life.died else float(site.project.gone or DAYS)
    return first, last


def _upgrades(site: Site) -> None:
    """Clusters and node pools follow their release channel, all at about the same time."""
    for number, day in enumerate((70.0, 168.0, 266.0), start=1):
        version = workloads.VERSIONS[number]

        def change(data: Json, _rng: Random, to: str = version) -> Json:
            keys = [key for key in ("currentMasterVersion", "currentNodeVersion", "version") if key in data]
            return {**data, **dict.fromkeys(keys, to)}

        for index, life in enumerate(site.lives):
            if life.asset_type.startswith("container."):
                at = site.year.day(day + index % 200 / 100)
                if life.born < at and (life.died is None or at < life.died):
                    life.edits.append((at, edit_of(change, 0)))


def add_migration(legacy: Site, target: Site) -> None:
    """120 machines leave the legacy project; their services appear in the new one."""
    year, first = legacy.year, MIGRATION[0]
    for number in range(120):
        moved = year.moment(legacy.rng, first + number / 4, first + number / 4 + 6)
        span = (year.before(legacy.rng, -800), moved)
        compute.add_instance(
            legacy, f"vm-orders-{number:03d}", number, span, public=number % 6 == 0, default=True
        )
        if number % 3 == 0:
            compute.add_instance(target, f"vm-moved-{number:03d}", number, (moved - timedelta(hours=4), None))


def decommission(site: Site) -> None:
    """Whatever still lives in a project that was given up ends within two days."""
    if site.project.gone is None:
        return
    for life in site.lives:
        end = site.year.day(site.project.gone + site.rng.random() * 2 - 2)
        if life.died is None or life.died > end:
            life.died = end if end > life.born else life.born + timedelta(minutes=5)
        life.edits = [edit for edit in life.edits if edit[0] < life.died]


def bad_day(year: Year) -> datetime:
    """Nine in the morning of the Tuesday on which the pipeline broke."""
    day = year.day(BAD_DAY).replace(hour=9, minute=0, second=0, microsecond=0)
    return day - timedelta(days=(day.weekday() - 1) % 7)


def add_bad_day(sandbox: Site, catalog: Site) -> None:
    """260 public machines appear in the sandbox, 240 labels vanish in the catalogue; mended later."""
    nine = bad_day(sandbox.year)
    for number in range(260):
        born = nine + timedelta(minutes=12, seconds=number * 7)
        span = (born, nine + timedelta(days=1, minutes=40, seconds=number * 3))
        compute.add_instance(sandbox, f"vm-runaway-{number:03d}", number, span, public=True, default=True)
    stripped = [
        life for life in catalog.lives if life.born < nine and life.died is None and life.data.get("labels")
    ]
    for number, life in enumerate(stripped[:240]):
        at = nine + timedelta(minutes=65, seconds=number * 3)
        life.edits.append((at, edit_of(_relabelled({}), 0)))
        if number % 10 < 7:
            labels: dict[str, str] = life.data["labels"]
            mended = at + timedelta(days=2, hours=3)
            life.edits.append((mended, edit_of(_relabelled(labels), 0)))


def add_grants(projects: list[Life], year: Year, rng: Random) -> None:
    """People and groups that get a role on a project in the course of the year."""
    roles = (
        "roles/viewer",
        "roles/logging.viewer",
        "roles/bigquery.dataViewer",
        "roles/compute.viewer",
        "roles/container.viewer",
    )
    for life in projects:
        first = max(year.number(life.born) + 1, 0.0)
        last = min(year.number(life.died) - 32 if life.died else DAYS, DAYS)
        for _ in range(rng.randrange(2, 7)):
            at = year.moment(rng, first, last)
            life.edits.append(hierarchy.grant(rng.choice(roles), organisation.user(rng.randrange(12)), at))
        if life.data["projectId"] == "sample-sbx-cedar":
            outsider = f"user:{organisation.OUTSIDER}"
            life.edits.append(hierarchy.grant("roles/editor", outsider, year.day(344.4)))
