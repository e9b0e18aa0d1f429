"""Makes asset exports of any size: 1.6 KB per asset, 50 types, 400 projects, in no order."""

from __future__ import annotations

import random
import string
from pathlib import Path

import orjson

TYPES = [
    *("compute.googleapis.com/Instance", "compute.googleapis.com/Disk", "storage.googleapis.com/Bucket"),
    *(
        "iam.googleapis.com/ServiceAccount",
        "compute.googleapis.com/Firewall",
        "bigquery.googleapis.com/Table",
    ),
    *("pubsub.googleapis.com/Topic", "container.googleapis.com/NodePool", "run.googleapis.com/Service"),
    *(f"service{i}.googleapis.com/Thing" for i in range(41)),
]
PROJECTS = 400


def write(path: Path, assets: int, changed: float = 0.0, seed: int = 1) -> None:
    """One NDJSON export of `assets` assets; a share of them, the same every time, differs from the first one."""
    noise = "".join(random.Random(seed).choices(string.ascii_lowercase + string.digits, k=200_000))
    luck = random.Random(seed + 1)
    with path.open("wb") as out:
        for number in range(assets):
            out.write(
                orjson.dumps(_asset(number, noise, luck.random() < changed), option=orjson.OPT_APPEND_NEWLINE)
            )


def _asset(number: int, noise: str, changed: bool) -> dict[str, object]:
    project, at = number % PROJECTS, (number * 733) % 190_000
    kind = TYPES[(number * 7919) % len(TYPES)]
    zone, host = f"europe-west{number % 5 + 1}-b", "https://www.googleapis.com/compute/v1"
    place = f"projects/bench-{project}/zones/{zone}"
    return {
        "name": f"//{kind.split('/')[0]}/{place}/things/thing-{number}",
        "assetType": kind,
        "ancestors": [f"projects/{1_000_000 + project}", f"folders/{500 + project % 20}", "organizations/1"],
        "updateTime": "2026-01-01T00:00:00.123456Z",
        "resource": {
            "version": "v1",
            "discoveryDocumentUri": f"{host}/rest",
            "discoveryName": "Thing",
            "parent": f"//cloudresourcemanager.googleapis.com/projects/{1_000_000 + project}",
            "location": zone,
            "data": {
                "id": str(number),
                "name": f"thing-{number}",
                "selfLink": f"{host}/{place}/things/thing-{number}",
                "labels": {"env": "prod", "team": f"team-{number % 30}"},
                "status": "STOPPED" if changed else "RUNNING",
                "creationTimestamp": "2025-05-05T01:02:03.000-07:00",
                "machineType": f"{host}/{place}/machineTypes/n2-standard-{number % 8}",
                "disks": [
                    {
                        "boot": True,
                        "deviceName": noise[at : at + 20],
                        "mode": "READ_WRITE",
                        "type": "PERSISTENT",
                    }
                ],
                "networkInterfaces": [
                    {
                        "network": f"{host}/projects/bench-{project}/global/networks/main",
                        "networkIP": f"10.{number % 250}.{number % 240}.{number % 230}",
                        "subnetwork": f"{host}/projects/bench-{project}/regions/europe-west1/subnetworks/main",
                    }
                ],
                "metadata": {"items": [{"key": "startup", "value": noise[at : at + 420]}]},
                "scheduling": {
                    "automaticRestart": True,
                    "onHostMaintenance": "MIGRATE",
                    "preemptible": False,
                },
            },
        },
    }
