"""Which assets could be under code: only those count as unmanaged when nothing declares them.

Counted: the asset types that a Terraform type known here stands for. Not counted: data and artefacts that programs make
(tables, images, snapshots, enabled services, routes of networks), and what a service makes by itself. A declared one
counts whatever its type.
"""

from __future__ import annotations

import functools

from sync_jobs.terraform.identity_table import KINDS

MADE_BY_PROGRAMS = frozenset(
    (
        "bigquery.googleapis.com/Table", "compute.googleapis.com/Image", "compute.googleapis.com/Route",
        "compute.googleapis.com/Snapshot", "compute.googleapis.com/InstanceTemplate",
        "serviceusage.googleapis.com/Service",
    )
)  # fmt: skip

# Rows of `assets a` that a service makes. Labels are read as text: a label's name in quotes.
MADE_BY_A_SERVICE = r"""
    starts_with(coalesce(a.display_name, ''), 'goog-')
 OR regexp_matches(a.name, '/(_Default|_Required)$')
 OR regexp_matches(CAST(a.labels AS VARCHAR), '"goog-(gke|managed-by|dataproc|dataflow|composer|batch)')
 OR (a.asset_type IN ('compute.googleapis.com/Instance', 'compute.googleapis.com/Disk',
       'compute.googleapis.com/InstanceGroupManager', 'compute.googleapis.com/Firewall')
     AND regexp_matches(a.name, '/(gke-[^/]+|k8s-[^/]+|pvc-[^/]+|aef-[^/]+)$'))
 OR (a.asset_type = 'storage.googleapis.com/Bucket'
     AND regexp_matches(a.name, '^//storage.googleapis.com/(gcf-(v2-)?(sources|uploads)-|run-sources-|dataproc-(staging|temp)-'
       || '|[^/]*[.]appspot[.]com$|[^/]*_cloudbuild$)'))
 OR (a.asset_type IN ('pubsub.googleapis.com/Topic', 'pubsub.googleapis.com/Subscription')
     AND regexp_matches(a.name, '/(eventarc-|gcf-|container-analysis-)[^/]*$'))
 OR (a.asset_type = 'compute.googleapis.com/Disk'
     AND replace(a.name, '/disks/', '/instances/') IN (SELECT name FROM instances))
 OR a.name IN (SELECT name FROM default_accounts)
"""

# Accounts that Google makes: of Compute Engine, App Engine, and of services.
DEFAULT_ACCOUNT = (
    r"'(-compute@developer|@appspot|@cloudservices|@[^@]*gcp-sa-[^@]*)[.]gserviceaccount[.]com$'"
)


@functools.cache
def countable_types() -> frozenset[str]:
    """Asset types that count."""
    return frozenset(kind.asset_type for kind in KINDS.values()) - MADE_BY_PROGRAMS
