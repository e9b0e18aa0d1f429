"""What kinds of project there are, and how much of each service a project of that kind holds."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sync_jobs.sample.organisation import Project
from sync_jobs.sample.services import balancing, compute, data, identity, network, operations, workloads
from sync_jobs.sample.site import Site
from sync_jobs.sample.timeline import Year


@dataclass(frozen=True)
class Profile:
    """Counts for a project of size 1. `keys` is the share of service accounts with user-managed keys."""

    apis: int = 16
    accounts: int = 10
    keys: float = 0.12
    roles: int = 1
    buckets: int = 8
    instances: int = 0
    public: float = 0.03
    groups: int = 0
    snapshots: int = 0
    images: int = 0
    balancers: int = 0
    datasets: int = 1
    tables: int = 4
    sql: int = 0
    redis: int = 0
    topics: int = 4
    clusters: int = 0
    pools: int = 3
    run: int = 0
    deploys: float = 0
    functions: int = 0
    registries: int = 0
    rings: int = 0
    ring_keys: int = 4
    secrets: int = 6
    metrics: int = 3
    alerts: int = 4
    zones: int = 0
    records: int = 0
    jobs: int = 3


PROFILES = {
    "network": Profile(apis=14, buckets=3, topics=1, secrets=2, zones=3, records=14, alerts=10, balancers=2),
    "dns": Profile(apis=12, buckets=2, topics=1, secrets=1, zones=16, records=38, alerts=6),
    "tooling": Profile(
        instances=14, buckets=20, images=26, registries=14, secrets=22, roles=8, jobs=14, functions=10
    ),
    "logging": Profile(
        buckets=18, datasets=5, tables=30, topics=14, metrics=40, alerts=50, jobs=8, functions=6
    ),
    "gke": Profile(
        apis=22,
        accounts=22,
        instances=58,
        groups=12,
        clusters=3,
        pools=5,
        balancers=7,
        buckets=22,
        snapshots=6,
        sql=8,
        redis=5,
        topics=26,
        secrets=46,
        run=12,
        deploys=30,
        alerts=20,
        metrics=10,
        datasets=3,
        tables=14,
        registries=3,
    ),
    "keys": Profile(apis=13, rings=7, ring_keys=12, secrets=60, accounts=8, buckets=3, topics=1, alerts=8),
    "data": Profile(
        apis=20,
        accounts=14,
        datasets=13,
        tables=23,
        buckets=26,
        topics=18,
        instances=14,
        snapshots=2,
        functions=14,
        jobs=18,
        secrets=14,
        alerts=12,
        keys=0.3,
        run=5,
        deploys=12,
    ),
    "web": Profile(
        apis=22,
        accounts=18,
        instances=22,
        groups=5,
        balancers=4,
        buckets=14,
        snapshots=2,
        sql=5,
        redis=2,
        topics=16,
        run=17,
        deploys=34,
        secrets=28,
        functions=10,
        jobs=8,
        alerts=12,
        metrics=5,
        datasets=2,
        tables=9,
    ),
    "legacy": Profile(
        apis=18,
        accounts=16,
        keys=0.7,
        instances=26,
        public=0.4,
        buckets=26,
        sql=4,
        snapshots=3,
        secrets=4,
        topics=3,
    ),
    "vms": Profile(
        accounts=12,
        instances=105,
        groups=10,
        snapshots=7,
        buckets=16,
        balancers=3,
        redis=4,
        topics=8,
        secrets=12,
        tables=12,
        datasets=2,
    ),
    "sandbox": Profile(
        apis=20,
        accounts=10,
        keys=0.45,
        instances=30,
        public=0.5,
        buckets=16,
        topics=8,
        secrets=8,
        functions=14,
        run=8,
        deploys=10,
        tables=10,
        datasets=3,
        alerts=1,
        metrics=1,
        jobs=4,
    ),
}


def build(project: Project, year: Year, seed: int) -> Site:
    """All assets of one project with their lives, apart from the project itself."""
    site = Site(project, year, Random(f"{seed}:{project.id}"))
    profile, n = PROFILES[project.profile], site.scaled
    made = (year.day(project.made), None)
    _common(site, profile, made)
    compute.add_instances(site, n(profile.instances), public=profile.public) if profile.instances else None
    compute.add_groups(site, n(profile.groups)) if profile.groups else None
    compute.add_images(site, n(profile.images)) if profile.images else None
    compute.add_snapshots(site, n(profile.snapshots)) if profile.snapshots else None
    balancing.add_load_balancers(site, n(profile.balancers)) if profile.balancers else None
    data.add_sql(site, n(profile.sql), exposed=project.profile == "legacy") if profile.sql else None
    data.add_redis(site, n(profile.redis)) if profile.redis else None
    workloads.add_clusters(site, n(profile.clusters), profile.pools) if profile.clusters else None
    workloads.add_run(
        site, n(profile.run), profile.deploys, int(project.env == "sandbox")
    ) if profile.run else None
    workloads.add_functions(site, n(profile.functions)) if profile.functions else None
    workloads.add_registries(site, n(profile.registries)) if profile.registries else None
    identity.add_keys(site, n(profile.rings), profile.ring_keys) if profile.rings else None
    operations.add_zones(site, n(profile.zones), profile.records) if profile.zones else None
    _special(site)
    return site


def _common(site: Site, profile: Profile, made: network.Span) -> None:
    """What every project has some of."""
    n = site.scaled
    identity.add_services(site, made, profile.apis)
    compute.add_compute_project(site, made)
    identity.add_accounts(site, n(profile.accounts), profile.keys)
    identity.add_roles(site, profile.roles)
    identity.add_secrets(site, n(profile.secrets))
    data.add_buckets(site, n(profile.buckets))
    data.add_bigquery(site, n(profile.datasets), profile.tables)
    data.add_pubsub(site, n(profile.topics))
    operations.add_logging(site, made, n(profile.metrics))
    operations.add_alerts(site, n(profile.alerts))
    operations.add_jobs(site, n(profile.jobs))


def _special(site: Site) -> None:
    """What only some projects have: shared networks, default networks, violations on purpose."""
    project, year = site.project, site.year
    old = (year.before(site.rng, min(project.made, -2)), None)
    if project.profile == "network":
        network.add_host_network(site)
    if project.profile == "logging":
        operations.add_central_sinks(site)
    if project.env == "sandbox" or project.profile == "legacy":
        network.add_default_network(site)
    if project.profile == "legacy":
        data.add_bucket(site, f"{project.id}-public-downloads", old, public="roles/storage.objectViewer")
    if project.id == "sample-sbx-aster":
        span = (year.day(301.4), None)
        data.add_bucket(site, f"{project.id}-demo-share", span, public="roles/storage.objectAdmin")
    if project.id == "sample-net-host-nonprod":
        span = (year.day(338.6), None)
        path = f"projects/{project.id}/global/networks/vpc-nonprod"
        network.add_open_firewall(site, "temp-allow-ssh-all", path, ["22"], span)
