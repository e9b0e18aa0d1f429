"""The shape of GET /api/v1/sync/infrastructure-state, as OpenAPI tells it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field

from sync_jobs.api_models import Strict


class Item(Strict):
    """What every asset has. `stale`: the last sync could not see its scope, so this is what was known before."""

    name: str
    display_name: str
    asset_type: str
    project_id: str | None
    folder: str | None
    location: str | None
    labels: dict[str, Any]
    create_time: datetime | None
    update_time: datetime | None
    last_seen: datetime | None
    stale: bool


class Project(Item):
    project_number: str | None
    state: str | None
    parent: str | None
    assets: int


class Subnetwork(Strict):
    name: str
    display_name: str
    region: str | None
    ip_range: str | None
    secondary_ranges: list[str]
    purpose: str
    private_google_access: bool
    flow_logs: bool


class Vpc(Item):
    routing_mode: str
    subnet_mode: str
    mtu: int | None
    peered_with: list[str]
    subnets: list[Subnetwork]


class ComputeInstance(Item):
    state: str | None
    machine_type: str | None
    cpu_platform: str | None
    internal_addresses: list[str]
    external_addresses: list[str]
    network: str | None
    subnetwork: str | None
    service_account: str | None
    disks: int | None


class GkeCluster(Item):
    state: str | None
    version: str | None
    node_version: str | None
    release_channel: str
    mode: str
    nodes: int | None
    node_pools: int
    endpoint: str | None
    private_nodes: bool
    network: str | None
    subnetwork: str | None


class Database(Item):
    service: str
    state: str | None
    version: str | None
    tier: str | None
    availability: str | None
    size_gb: int | None
    addresses: list[str]
    public_address: bool
    backups: bool | None


class ServiceAccount(Item):
    email: str | None
    unique_id: str | None
    state: str
    user_keys: int
    oldest_key: datetime | None


class Violation(Strict):
    policy_id: str
    title: str | None
    severity: str
    asset_name: str
    asset_type: str | None
    project_id: str | None
    folder: str | None
    location: str | None
    reason: str | None
    evidence: Any
    doubt: str | None
    first_seen: datetime
    last_seen: datetime
    reopened: int
    waived_until: datetime | None


class Severity(Strict):
    passed: int
    failed: int
    waived: int
    unknown: int
    score: float | None


class Compliance(Strict):
    """`status` is unknown when no rule has run: that is not the same as compliant."""

    status: str = Field(description="compliant, violations or unknown")
    of: str = Field(description="What it is about: all, a project id or folders/NUMBER")
    date: date | None
    score: float | None
    passed: int | None
    failed: int | None
    waived: int | None
    unknown: int | None
    by_severity: dict[str, Severity]


class Missed(Strict):
    scope: str
    content: str
    reason: str
    hint: str
    since: str | None


class Metadata(Strict):
    """Where the answer comes from. `totals` count what passes the filters, whatever the page."""

    source: str = Field(description="real, sample or none")
    scope: str | None
    stale: bool = Field(description="Older than its target, or never read")
    missed: list[Missed] = Field(
        description="What the last sync could not see; its assets are as known before"
    )
    totals: dict[str, int]
    page: int
    page_size: int
    pages: int
    filters: dict[str, Any]
    generation: int
    version: str


class InfrastructureState(Strict):
    """Sections that were not asked for are left out. `timestamp` is the instant the state is of; null when there is none."""

    timestamp: datetime | None
    projects: list[Project] | None = None
    vpcs: list[Vpc] | None = None
    compute_instances: list[ComputeInstance] | None = None
    gke_clusters: list[GkeCluster] | None = None
    databases: list[Database] | None = None
    service_accounts: list[ServiceAccount] | None = None
    compliance_status: Compliance | None = None
    policy_violations: list[Violation] | None = None
    metadata: Metadata
