"""Logging, monitoring, DNS and scheduled jobs."""

from __future__ import annotations

from sync_jobs.sample.services.network import Span
from sync_jobs.sample.site import Site, kind, later
from sync_jobs.sample.timeline import stamp

LOG_SINK = kind("logging.googleapis.com/LogSink", "v2")
LOG_BUCKET = kind("logging.googleapis.com/LogBucket", "v2")
LOG_METRIC = kind("logging.googleapis.com/LogMetric", "v2")
ALERT_POLICY = kind("monitoring.googleapis.com/AlertPolicy", "v3")
ZONE = kind("dns.googleapis.com/ManagedZone")
RECORD_SET = kind("dns.googleapis.com/ResourceRecordSet")
JOB = kind("cloudscheduler.googleapis.com/Job")


def add_logging(site: Site, span: Span, metrics: int) -> None:
    """What every project has: two log buckets, two sinks; and metrics over logs."""
    project = site.project
    for name, days in (("_Default", 30), ("_Required", 400)):
        bucket = f"projects/{project.id}/locations/global/buckets/{name}"
        data = {
            "name": bucket,
            "retentionDays": days,
            "lifecycleState": "ACTIVE",
            "locked": name == "_Required",
        }
        site.add(LOG_BUCKET, bucket, "global", data, span)
        sink = f"projects/{project.id}/sinks/{name}"
        detail = {
            "name": name,
            "destination": f"logging.googleapis.com/{bucket}",
            "filter": "",
            "disabled": False,
            "createTime": stamp(span[0]),
        }
        site.add(LOG_SINK, sink, "global", detail, span)
    for number, within in enumerate(site.spans(metrics, 0.3, 0.1)):
        path = f"projects/{project.id}/metrics/errors-{number:02d}"
        metric = {
            "name": f"errors-{number:02d}",
            "filter": "severity>=ERROR",
            "metricDescriptor": {"metricKind": "DELTA", "valueType": "INT64"},
            "createTime": stamp(within[0]),
        }
        site.add(LOG_METRIC, path, "global", metric, within)


def add_central_sinks(site: Site) -> None:
    """The sinks that collect the logs of all projects."""
    project = site.project
    for number, span in enumerate(site.spans(site.scaled(14), 0.2, 0)):
        path = f"projects/{project.id}/sinks/central-{number:02d}"
        data = {
            "name": f"central-{number:02d}",
            "destination": f"bigquery.googleapis.com/projects/{project.id}/datasets/{project.folder}_raw_00",
            "filter": 'logName:"cloudaudit.googleapis.com"',
            "createTime": stamp(span[0]),
            "disabled": False,
            "writerIdentity": f"serviceAccount:sinks-{project.number}@gcp-sa-logging.iam.gserviceaccount.com",
        }
        site.add(LOG_SINK, path, "global", data, span)


def add_alerts(site: Site, count: int) -> None:
    """Alerting policies of Cloud Monitoring."""
    for number, span in enumerate(site.spans(count, 0.4, 0.2)):
        path = f"projects/{site.project.id}/alertPolicies/{site.next_id()}"
        what = ("latency", "errors", "saturation", "cost", "quota")[number % 5]
        data = {
            "name": path,
            "displayName": f"{site.project.folder} {what} {number}",
            "combiner": "OR",
            "enabled": site.rng.random() > 0.05,
            "conditions": [
                {
                    "displayName": what,
                    "conditionThreshold": {
                        "comparison": "COMPARISON_GT",
                        "thresholdValue": 0.95,
                        "duration": "300s",
                    },
                }
            ],
            "userLabels": site.project.labels,
            "creationRecord": {"mutateTime": stamp(span[0])},
        }
        site.add(ALERT_POLICY, path, "global", data, span)


def add_zones(site: Site, zones: int, records: int) -> None:
    """DNS zones with record sets."""
    project = site.project
    for number, span in enumerate(site.spans(zones, 0.2, 0)):
        identity = site.next_id()
        name = f"zone-{number:02d}"
        path = f"projects/{project.id}/managedZones/{identity}"
        private = number % 2 == 1
        domain = f"{'int' if private else 'pub'}{number}.sample-lz.example."
        data = {
            "kind": "dns#managedZone",
            "id": identity,
            "name": name,
            "dnsName": domain,
            "creationTime": stamp(span[0]),
            "visibility": "private" if private else "public",
            "nameServers": ["ns-a1.sample-lz.example."],
            "labels": site.labels(),
            "dnssecConfig": {
                "kind": "dns#managedZoneDnsSecConfig",
                "state": "off" if private or number % 6 == 0 else "on",
            },
            "cloudLoggingConfig": {"enableLogging": number % 3 != 0},
        }
        site.add(ZONE, path, "global", data, span)
        _records(site, path, number, domain, count=records, span=span)


def _records(site: Site, zone: str, number: int, domain: str, *, count: int, span: Span) -> None:
    for index, within in enumerate(site.spans(count, 0.4, 0.3)):
        born = max(within[0], later(span[0], minutes=1))
        if within[1] is not None and within[1] <= born:
            continue
        host = f"h{index:03d}.{domain}"
        record = {
            "kind": "dns#resourceRecordSet",
            "name": host,
            "type": "A",
            "ttl": 300,
            "rrdatas": [f"10.10.{number}.{index % 254 + 1}"],
        }
        path, parent = f"{zone}/rrsets/{host}/A", f"//dns.googleapis.com/{zone}"
        site.add(RECORD_SET, path, "global", record, (born, within[1]), parent=parent)


def add_jobs(site: Site, count: int) -> None:
    """Cloud Scheduler jobs."""
    project = site.project
    for number, span in enumerate(site.spans(count, 0.4, 0.2)):
        path = f"projects/{project.id}/locations/{project.region}/jobs/job-{number:02d}"
        data = {
            "name": path,
            "state": "PAUSED" if number % 9 == 8 else "ENABLED",
            "schedule": f"{number % 60} {number % 24} * * *",
            "timeZone": "Etc/UTC",
            "httpTarget": {
                "uri": f"https://jobs-{project.number}.sample-lz.example/run/{number}",
                "httpMethod": "POST",
            },
            "userUpdateTime": stamp(span[0]),
        }
        site.add(JOB, path, project.region, data, span)
