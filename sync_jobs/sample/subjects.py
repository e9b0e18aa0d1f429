"""What the sample's events speak of: a few hundred assets of today, kept in a file of their own."""

from __future__ import annotations

from pathlib import Path
from random import Random

import orjson

from sync_jobs.sample.site import Json

# asset type -> how many of today's assets the events may speak of
WANTED = {
    "compute.googleapis.com/Instance": 90,
    "compute.googleapis.com/Disk": 30,
    "compute.googleapis.com/Firewall": 25,
    "storage.googleapis.com/Bucket": 60,
    "bigquery.googleapis.com/Table": 30,
    "run.googleapis.com/Service": 60,
    "container.googleapis.com/NodePool": 20,
    "sqladmin.googleapis.com/Instance": 25,
    "iam.googleapis.com/ServiceAccount": 40,
    "secretmanager.googleapis.com/Secret": 30,
    "cloudresourcemanager.googleapis.com/Project": 40,
}


def choose(today: list[Json], seed: int) -> list[Json]:
    """Assets of the wanted types, spread over the projects; the same for the same seed."""
    rng, found = Random(f"{seed}:subjects"), []
    for asset_type, count in WANTED.items():
        listed = [asset for asset in today if asset["assetType"] == asset_type]
        found += rng.sample(listed, min(count, len(listed)))
    return found


def write(path: Path, assets: list[Json]) -> None:
    """One asset per line."""
    path.write_bytes(b"".join(orjson.dumps(asset) + b"\n" for asset in assets))


def read(path: Path) -> list[Json]:
    """What `write` wrote."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]
