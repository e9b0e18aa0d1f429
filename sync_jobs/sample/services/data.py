"""Buckets, BigQuery, Cloud SQL, Redis and Pub/Sub."""

from __future__ import annotations

from sync_jobs.sample.organisation import DOMAIN, group
from sync_jobs.sample.services.network import COMPUTE, Span, shared_network
from sync_jobs.sample.site import Json, Site, binding, kind, later
from sync_jobs.sample.timeline import millis, stamp

BUCKET = kind("storage.googleapis.com/Bucket")
DATASET = kind("bigquery.googleapis.com/Dataset", "v2")
TABLE = kind("bigquery.googleapis.com/Table", "v2")
SQL_INSTANCE = kind(
    "sqladmin.googleapis.com/Instance", "v1beta4", "DatabaseInstance", host="cloudsql.googleapis.com"
)
REDIS = kind("redis.googleapis.com/Instance")
TOPIC = kind("pubsub.googleapis.com/Topic")
SUBSCRIPTION = kind("pubsub.googleapis.com/Subscription")

TABLES = (
    "events",
    "orders",
    "customers",
    "sessions",
    "invoices",
    "shipments",
    "prices",
    "inventory",
    "clicks",
    "returns",
)
LAYERS = ("raw", "staging", "core", "mart", "export")


def add_buckets(site: Site, count: int) -> None:
    """Storage buckets; older ones without uniform access."""
    uses = ("assets", "backup", "exports", "logs", "uploads", "models")
    for number, span in enumerate(site.spans(count, 0.35, 0.3)):
        add_bucket(site, f"{site.project.id}-{uses[number % len(uses)]}-{number:02d}", span)


def add_bucket(site: Site, name: str, span: Span, public: str = "") -> None:
    """One bucket. `public` is the role given to everybody, a violation on purpose."""
    project = site.project
    uniform = not public and site.rng.random() > 0.09
    data: Json = {
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "selfLink": f"https://www.googleapis.com/storage/v1/b/{name}",
        "projectNumber": int(project.number),
        "location": "EU" if project.region.startswith("europe") else "US",
        "locationType": "multi-region",
        "storageClass": "STANDARD",
        "timeCreated": stamp(span[0]),
        "updated": stamp(later(span[0], seconds=2)),
        "metageneration": 1,
        "etag": "CAE=",
        "iamConfiguration": {
            "publicAccessPrevention": "inherited" if public or site.rng.random() < 0.2 else "enforced",
            "uniformBucketLevelAccess": {"enabled": uniform},
        },
        "versioning": {"enabled": project.env == "prod" and site.rng.random() < 0.7},
        "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 365}}]}
        if "logs" in name
        else {},
        "labels": site.labels(),
    }
    if site.rng.random() < 0.5:
        data["logging"] = {"logBucket": "sample-sec-logging-access", "logObjectPrefix": name}
    if project.env == "prod" and site.rng.random() < 0.5:
        data["encryption"] = {
            "defaultKmsKeyName": "projects/sample-sec-kms/locations/europe/keyRings/storage/cryptoKeys/key-00"
        }
    iam = [
        binding("roles/storage.admin", f"serviceAccount:app-app@{project.id}.iam.gserviceaccount.com"),
        binding("roles/storage.objectViewer", group("lz-developers")),
    ]
    if public:
        iam.append(binding(public, "allUsers"))
    site.add(BUCKET, name, data["location"].lower(), data, span, iam=iam)


def add_bigquery(site: Site, datasets: int, tables: int) -> None:
    """Datasets with tables in each."""
    project = site.project
    for number, span in enumerate(site.spans(datasets, 0.3, 0.1)):
        name = f"{project.folder}_{LAYERS[number % len(LAYERS)]}_{number:02d}"
        path = f"projects/{project.id}/datasets/{name}"
        access = [
            {"role": "OWNER", "specialGroup": "projectOwners"},
            {"role": "READER", "groupByEmail": f"lz-data@{DOMAIN}"},
        ]
        data = {
            "kind": "bigquery#dataset",
            "id": f"{project.id}:{name}",
            "datasetReference": {"projectId": project.id, "datasetId": name},
            "location": "EU",
            "creationTime": millis(span[0]),
            "lastModifiedTime": millis(span[0]),
            "access": access,
            "labels": site.labels(),
        }
        if site.rng.random() < 0.3:
            data["defaultTableExpirationMs"] = "7776000000"
        iam = [binding("roles/bigquery.dataViewer", group("lz-data"))]
        site.add(DATASET, path, "EU", data, span, iam=iam)
        _tables(site, path, name, max(1, round(tables * (0.4 + site.rng.random() * 1.2))), span)


def _tables(site: Site, dataset: str, dataset_id: str, count: int, within: Span) -> None:
    project, parent = site.project, f"//bigquery.googleapis.com/{dataset}"
    for number, span in enumerate(site.spans(count, 0.45, 0.35)):
        born = max(span[0], later(within[0], minutes=5))
        died = min(filter(None, (span[1], within[1])), default=None)
        if died is not None and died <= born:
            continue
        name = f"{TABLES[number % len(TABLES)]}_{number:03d}"
        data = {
            "kind": "bigquery#table",
            "id": f"{project.id}:{dataset_id}.{name}",
            "tableReference": {"projectId": project.id, "datasetId": dataset_id, "tableId": name},
            "type": "VIEW" if number % 7 == 6 else "TABLE",
            "location": "EU",
            "creationTime": millis(born),
            "lastModifiedTime": millis(born),
            "numRows": str(site.rng.randrange(10_000, 90_000_000)),
            "numBytes": str(site.rng.randrange(1_000_000, 9_000_000_000)),
            "schema": {
                "fields": [
                    {"name": "id", "type": "STRING", "mode": "REQUIRED"},
                    {"name": "at", "type": "TIMESTAMP"},
                    {"name": "amount", "type": "NUMERIC"},
                ]
            },
            "labels": project.labels if number % 4 else {},
        }
        if number % 3 == 0:
            data["timePartitioning"] = {"type": "DAY", "field": "at"}
        site.add(TABLE, f"{dataset}/tables/{name}", "EU", data, (born, died), parent=parent)


def add_sql(site: Site, count: int, exposed: bool = False) -> None:
    """Cloud SQL instances. `exposed` gives the first one a public address open to everybody."""
    for number, span in enumerate(site.spans(count, 0.3, 0.25)):
        _sql_instance(site, number, span, public=exposed and number == 0)


def _sql_instance(site: Site, number: int, span: Span, public: bool) -> None:
    project, name = site.project, f"sql-{site.project.folder}-{number:02d}"
    version = ("POSTGRES_14", "POSTGRES_15", "MYSQL_8_0")[number % 3]
    ip: Json = {
        "ipv4Enabled": public,
        "requireSsl": not public,
        "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED" if public else "ENCRYPTED_ONLY",
    }
    if public:
        ip["authorizedNetworks"] = [{"kind": "sql#aclEntry", "name": "everywhere", "value": "0.0.0.0/0"}]
        addresses = [{"type": "PRIMARY", "ipAddress": f"203.0.113.{200 + number}"}]
    else:
        ip["privateNetwork"] = shared_network(site)
        addresses = [{"type": "PRIVATE", "ipAddress": f"10.90.{int(project.number[-3:])}.{number + 3}"}]
    data = {
        "kind": "sql#instance",
        "name": name,
        "project": project.id,
        "state": "RUNNABLE",
        "databaseVersion": version,
        "region": project.region,
        "gceZone": f"{project.region}-b",
        "instanceType": "CLOUD_SQL_INSTANCE",
        "backendType": "SECOND_GEN",
        "connectionName": f"{project.id}:{project.region}:{name}",
        "createTime": stamp(span[0]),
        "ipAddresses": addresses,
        "selfLink": f"https://sqladmin.googleapis.com/sql/v1beta4/projects/{project.id}/instances/{name}",
        "settings": _sql_settings(site, number, version, ip),
    }
    site.add(SQL_INSTANCE, f"projects/{project.id}/instances/{name}", project.region, data, span)


def _sql_settings(site: Site, number: int, version: str, ip: Json) -> Json:
    prod, postgres = site.project.env == "prod", version.startswith("POSTGRES")
    flagged = postgres and site.rng.random() < 0.6
    return {
        "kind": "sql#settings",
        "tier": ("db-custom-2-7680", "db-custom-4-15360", "db-f1-micro")[number % 3],
        "availabilityType": "REGIONAL" if prod else "ZONAL",
        "activationPolicy": "ALWAYS",
        "dataDiskSizeGb": str(50 + number * 25),
        "dataDiskType": "PD_SSD",
        "storageAutoResize": True,
        "deletionProtectionEnabled": prod,
        "backupConfiguration": {
            "enabled": site.rng.random() > 0.12,
            "startTime": "02:00",
            "pointInTimeRecoveryEnabled": prod,
            "binaryLogEnabled": not postgres,
        },
        "ipConfiguration": ip,
        "databaseFlags": [{"name": "log_connections", "value": "on"}] if flagged else [],
        "userLabels": site.labels(),
    }


def add_redis(site: Site, count: int) -> None:
    """Memorystore instances."""
    project = site.project
    for number, span in enumerate(site.spans(count, 0.4, 0.2)):
        path = f"projects/{project.id}/locations/{project.region}/instances/cache-{number:02d}"
        data = {
            "name": path,
            "displayName": f"cache {number}",
            "tier": "STANDARD_HA",
            "memorySizeGb": 4 + number % 5,
            "redisVersion": "REDIS_7_0",
            "state": "READY",
            "host": f"10.91.{int(project.number[-3:])}.{number + 3}",
            "port": 6379,
            "authEnabled": site.rng.random() > 0.2,
            "transitEncryptionMode": "SERVER_AUTHENTICATION",
            "authorizedNetwork": f"{COMPUTE}/{shared_network(site)}",
            "createTime": stamp(span[0]),
            "labels": site.labels(),
        }
        site.add(REDIS, path, project.region, data, span)


def add_pubsub(site: Site, topics: int) -> None:
    """Topics, each with one or two subscriptions."""
    project = site.project
    for number, span in enumerate(site.spans(topics, 0.4, 0.2)):
        name = f"{project.folder}-{TABLES[number % len(TABLES)]}-{number:02d}"
        topic = f"projects/{project.id}/topics/{name}"
        iam = (
            [
                binding(
                    "roles/pubsub.publisher", f"serviceAccount:app-app@{project.id}.iam.gserviceaccount.com"
                )
            ]
            if number % 4 == 0
            else None
        )
        data: Json = {
            "name": topic,
            "labels": site.labels(),
            "messageStoragePolicy": {"allowedPersistenceRegions": [project.region]},
        }
        site.add(TOPIC, topic, "global", data, span, iam=iam)
        for suffix in ("-sub", "-audit")[: 1 + number % 2]:
            path = f"projects/{project.id}/subscriptions/{name}{suffix}"
            subscription: Json = {
                "name": path,
                "topic": topic,
                "ackDeadlineSeconds": 60,
                "messageRetentionDuration": "604800s",
                "state": "ACTIVE",
                "expirationPolicy": {},
                "labels": project.labels,
            }
            if number % 3 == 0:
                subscription["deadLetterPolicy"] = {
                    "deadLetterTopic": f"projects/{project.id}/topics/dead",
                    "maxDeliveryAttempts": 5,
                }
            site.add(SUBSCRIPTION, path, "global", subscription, (later(span[0], seconds=40), span[1]))
