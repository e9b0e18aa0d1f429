"""Messages about sample assets in the formats that really arrive: feeds, audit logs, findings, …"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import orjson

from sync_jobs.layers.events.message import Message
from sync_jobs.sample import organisation as org
from sync_jobs.sample.changes import EDITS, edit_of
from sync_jobs.sample.site import Json, binding
from sync_jobs.sample.timeline import stamp

FEED = "projects/920000000007/feeds/sample-assets"
METHODS = {
    "compute.googleapis.com/Instance": ("compute.googleapis.com", "v1.compute.instances.start"),
    "compute.googleapis.com/Disk": ("compute.googleapis.com", "v1.compute.disks.createSnapshot"),
    "compute.googleapis.com/Firewall": ("compute.googleapis.com", "v1.compute.firewalls.patch"),
    "storage.googleapis.com/Bucket": ("storage.googleapis.com", "storage.buckets.update"),
    "bigquery.googleapis.com/Table": (
        "bigquery.googleapis.com",
        "google.cloud.bigquery.v2.TableService.UpdateTable",
    ),
    "run.googleapis.com/Service": ("run.googleapis.com", "google.cloud.run.v1.Services.ReplaceService"),
    "container.googleapis.com/NodePool": (
        "container.googleapis.com",
        "google.container.v1.ClusterManager.SetNodePoolSize",
    ),
    "sqladmin.googleapis.com/Instance": ("cloudsql.googleapis.com", "cloudsql.instances.update"),
    "iam.googleapis.com/ServiceAccount": (
        "iam.googleapis.com",
        "google.iam.admin.v1.CreateServiceAccountKey",
    ),
    "secretmanager.googleapis.com/Secret": (
        "secretmanager.googleapis.com",
        "google.cloud.secretmanager.v1.SecretManagerService.AddSecretVersion",
    ),
    "cloudresourcemanager.googleapis.com/Project": ("cloudresourcemanager.googleapis.com", "SetIamPolicy"),
}
FINDINGS = (
    ("PUBLIC_BUCKET_ACL", "HIGH", "storage.googleapis.com/Bucket"),
    ("OPEN_SSH_PORT", "HIGH", "compute.googleapis.com/Firewall"),
    ("PUBLIC_IP_ADDRESS", "MEDIUM", "compute.googleapis.com/Instance"),
    ("SQL_NO_ROOT_PASSWORD", "CRITICAL", "sqladmin.googleapis.com/Instance"),
    ("SERVICE_ACCOUNT_KEY_NOT_ROTATED", "LOW", "iam.googleapis.com/ServiceAccount"),
)
OWN = (
    ("resource.created", "A pipeline made it."),
    ("resource.updated", "A pipeline changed it."),
    ("policy.violation", "It breaks the rule on labels."),
    ("compliance.drift", "It differs from what Terraform declares."),
    ("cost.anomaly", "It cost twice its usual amount yesterday."),
)
Maker = Callable[[Random, Sequence[Json], datetime], tuple[Json, dict[str, str]]]


def message(rng: Random, assets: Sequence[Json], at: datetime, identity: str) -> Message:
    """One message published at `at`. The same random state gives the same message."""
    body, attributes = rng.choices(_MAKERS, _WEIGHTS)[0](rng, assets, at)
    return Message(orjson.dumps(body), attributes, identity, at)


def _feed_update(rng: Random, assets: Sequence[Json], at: datetime) -> tuple[Json, dict[str, str]]:
    asset = rng.choice([one for one in assets if one["assetType"] in EDITS] or list(assets))
    _, changes = EDITS.get(asset["assetType"], (0, ()))
    after = edit_of(rng.choice(changes), rng.random())(asset) if changes else asset
    body = {
        "asset": {**_resource_only(after), "updateTime": stamp(at)},
        "priorAsset": _resource_only(asset),
        "priorAssetState": "PRESENT",
        "window": {"startTime": stamp(at)},
    }
    return body, {"feed": FEED}


def _feed_policy(rng: Random, assets: Sequence[Json], at: datetime) -> tuple[Json, dict[str, str]]:
    asset = rng.choice([one for one in assets if "iamPolicy" in one])
    policy: Json = asset["iamPolicy"]
    member = "allUsers" if rng.random() < 0.03 else org.user(rng.randrange(12))
    given = binding(rng.choice(("roles/viewer", "roles/storage.objectViewer", "roles/run.invoker")), member)
    kept = {key: asset[key] for key in ("name", "assetType", "ancestors")}
    body = {
        "asset": {
            **kept,
            "iamPolicy": {**policy, "bindings": [*policy["bindings"], given]},
            "updateTime": stamp(at),
        },
        "priorAsset": {**kept, "iamPolicy": policy},
        "priorAssetState": "PRESENT",
        "window": {"startTime": stamp(at)},
    }
    return body, {"feed": FEED}


def _feed_short_lived(rng: Random, assets: Sequence[Json], at: datetime) -> tuple[Json, dict[str, str]]:
    """Batch machines come and go; what goes is told by its name only, as feeds do."""
    like = rng.choice([one for one in assets if one["assetType"] == "compute.googleapis.com/Instance"])
    name = f"{like['name'].rpartition('/')[0]}/vm-batch-{rng.randrange(10_000):04d}"
    asset = _resource_only(like)
    asset |= {"name": name, "updateTime": stamp(at)}
    asset["resource"] = {
        **asset["resource"],
        "data": {**asset["resource"]["data"], "name": name.rpartition("/")[2]},
    }
    window = {"startTime": stamp(at)}
    if rng.random() < 0.5:
        return {"asset": asset, "priorAssetState": "DOES_NOT_EXIST", "window": window}, {"feed": FEED}
    gone = {"name": name, "assetType": asset["assetType"], "ancestors": asset["ancestors"]}
    return {
        "asset": gone,
        "priorAsset": asset,
        "priorAssetState": "PRESENT",
        "deleted": True,
        "window": window,
    }, {"feed": FEED}


def _audit(rng: Random, assets: Sequence[Json], at: datetime) -> tuple[Json, dict[str, str]]:
    asset = rng.choice([one for one in assets if one["assetType"] in METHODS])
    service, method = METHODS[asset["assetType"]]
    project = _project_id(asset)
    person = org.user(rng.randrange(12)).removeprefix("user:")
    payload: dict[str, Any] = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "serviceName": service,
        "methodName": method,
        "resourceName": asset["name"].split("/", 3)[3],
        "authenticationInfo": {"principalEmail": person if rng.random() < 0.6 else org.AUTOMATION},
        "requestMetadata": {
            "callerIp": f"198.51.100.{rng.randrange(1, 255)}",
            "callerSuppliedUserAgent": "sample/1.0",
        },
        "status": {"code": 7, "message": "PERMISSION_DENIED"} if rng.random() < 0.06 else {},
    }
    body = {
        "insertId": f"s{rng.getrandbits(48):012x}",
        "logName": f"projects/{project}/logs/cloudaudit.googleapis.com%2Factivity",
        "resource": {"type": "audited_resource", "labels": {"project_id": project}},
        "protoPayload": payload,
        "timestamp": stamp(at),
        "receiveTimestamp": stamp(at + timedelta(milliseconds=400)),
        "severity": "ERROR" if payload["status"] else "NOTICE",
    }
    return body, {"logging.googleapis.com/timestamp": stamp(at)}


def _finding(rng: Random, assets: Sequence[Json], at: datetime) -> tuple[Json, dict[str, str]]:
    category, severity, asset_type = rng.choice(FINDINGS)
    asset = rng.choice([one for one in assets if one["assetType"] == asset_type])
    name = f"{org.ORGANIZATION}/sources/5000000000/locations/global/findings/{rng.getrandbits(64):016x}"
    finding = {
        "name": name,
        "parent": name.rpartition("/findings/")[0],
        "resourceName": asset["name"],
        "state": "INACTIVE" if rng.random() < 0.3 else "ACTIVE",
        "category": category,
        "severity": severity,
        "eventTime": stamp(at),
        "createTime": stamp(at),
        "findingClass": "MISCONFIGURATION",
        "mute": "UNMUTED",
    }
    config = f"{org.ORGANIZATION}/locations/global/notificationConfigs/sample"
    project = f"//cloudresourcemanager.googleapis.com/{asset['ancestors'][0]}"
    resource = {
        "name": asset["name"],
        "type": asset_type,
        "project": project,
        "projectDisplayName": _project_id(asset),
    }
    return {"notificationConfigName": config, "finding": finding, "resource": resource}, {}


def _own(rng: Random, assets: Sequence[Json], at: datetime) -> tuple[Json, dict[str, str]]:
    kind, told = rng.choices(OWN, (4, 6, 3, 3, 1))[0]
    asset = rng.choice(assets)
    resource = {"name": asset["name"], "type": asset["assetType"], "project": _project_id(asset)}
    short = asset["name"].rpartition("/")[2]
    body = {"event_type": kind, "resource": resource, "timestamp": stamp(at), "summary": f"{short}: {told}"}
    return body, {"origin": "landing-zone"}


def _resource_only(asset: Json) -> Json:
    return {key: value for key, value in asset.items() if key != "iamPolicy"}


def _project_id(asset: Json) -> str:
    data = asset["resource"]["data"]
    number = asset["ancestors"][0].removeprefix("projects/")
    return next((one.id for one in org.PROJECTS if one.number == number), str(data.get("projectId", "")))


_MAKERS: tuple[Maker, ...] = (_feed_update, _feed_policy, _feed_short_lived, _audit, _finding, _own)
_WEIGHTS = (30, 6, 10, 38, 4, 12)
