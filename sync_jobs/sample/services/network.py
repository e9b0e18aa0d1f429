"""Networks, subnets, firewalls, routes and NAT."""

from __future__ import annotations

from datetime import datetime

from sync_jobs.sample.site import Json, Kind, Site, kind, later
from sync_jobs.sample.timeline import compute_stamp

NETWORK = kind("compute.googleapis.com/Network")
SUBNETWORK = kind("compute.googleapis.com/Subnetwork")
FIREWALL = kind("compute.googleapis.com/Firewall")
ROUTE = kind("compute.googleapis.com/Route")
ROUTER = kind("compute.googleapis.com/Router")

REGIONS = ("europe-west1", "europe-west3", "europe-west4", "us-central1")
COMPUTE = "https://www.googleapis.com/compute/v1"
Span = tuple[datetime, datetime | None]


def compute_data(site: Site, path: str, born: datetime, of: Kind, **more: object) -> Json:
    """What all Compute Engine resources have. `path` is projects/…/name."""
    name = path.rpartition("/")[2]
    plural = of.discovery_name[0].lower() + of.discovery_name[1:]
    return {
        "kind": f"compute#{plural}",
        "id": site.next_id(),
        "name": name,
        "creationTimestamp": compute_stamp(born),
        "selfLink": f"{COMPUTE}/{path}",
        **more,
    }


def shared_network(site: Site) -> str:
    """The shared network that this project's machines use, as projects/…/global/networks/…."""
    if site.project.env == "prod":
        return "projects/sample-net-host-prod/global/networks/vpc-prod"
    return "projects/sample-net-host-nonprod/global/networks/vpc-nonprod"


def shared_subnetwork(site: Site) -> str:
    """The subnet of that network in the project's region."""
    network = shared_network(site)
    host, env = network.split("/")[1], network.rpartition("-")[2]
    region, team = site.project.region, site.project.folder
    return f"projects/{host}/regions/{region}/subnetworks/{env}-{team}-{region}"


def add_host_network(site: Site) -> None:
    """The shared network of a host project: a subnet per team and region, firewalls, routes, NAT."""
    env = site.project.id.rpartition("-")[2]
    network = f"projects/{site.project.id}/global/networks/vpc-{env}"
    born = site.year.before(site.rng, -800)
    _network(site, network, (born, None), automatic=False)
    second = 10 if env == "prod" else 20
    teams = ("platform", "security", "orders", "catalog", "payments", "insights", "fulfilment", "login")
    for team_index, team in enumerate(teams):
        for region_index, region in enumerate(REGIONS):
            cidr = f"10.{second + region_index}.{team_index * 16}.0/20"
            span = (later(born, hours=2 + team_index), None)
            _subnetwork(site, network, f"{env}-{team}-{region}", region, cidr, span=span)
            _route(site, network, f"local-{team}-{region}", cidr, span)
    _firewalls(site, network, site.scaled(46))
    for region in REGIONS:
        _router(site, network, region, (later(born, days=1), None))
    for number in range(site.scaled(12)):
        _route(
            site, network, f"to-branch-{number:02d}", f"172.16.{number}.0/24", (later(born, days=30), None)
        )


def add_default_network(site: Site) -> None:
    """The network Google makes by default, with its open firewalls: what a landing zone should not have."""
    project, born = site.project.id, site.year.before(site.rng, min(site.project.made, -1))
    if site.project.made >= 0:
        born = site.year.day(site.project.made + 0.1)
    network = f"projects/{project}/global/networks/default"
    _network(site, network, (born, None), automatic=True)
    for index, region in enumerate(REGIONS):
        cidr = f"10.{128 + index * 4}.0.0/20"
        _subnetwork(site, network, f"default-{region}", region, cidr, span=(born, None), logs=False)
        _route(site, network, f"default-route-{region}", cidr, (born, None))
    for name, ports in (("ssh", ["22"]), ("rdp", ["3389"])):
        _firewall(
            site, network, f"default-allow-{name}", ["0.0.0.0/0"], ports, span=(born, None), priority=65534
        )
    _firewall(
        site,
        network,
        "default-allow-internal",
        ["10.128.0.0/9"],
        ["0-65535"],
        span=(born, None),
        priority=65534,
    )


def _network(site: Site, path: str, span: Span, *, automatic: bool) -> None:
    data = compute_data(
        site,
        path,
        span[0],
        NETWORK,
        description="" if automatic else "Shared network of the landing zone",
        autoCreateSubnetworks=automatic,
        routingConfig={"routingMode": "REGIONAL" if automatic else "GLOBAL"},
        mtu=1460,
        networkFirewallPolicyEnforcementOrder="AFTER_CLASSIC_FIREWALL",
    )
    site.add(NETWORK, path, "global", data, span)


def _subnetwork(
    site: Site, network: str, name: str, region: str, cidr: str, *, span: Span, logs: bool = True
) -> None:
    path = f"projects/{site.project.id}/regions/{region}/subnetworks/{name}"
    logged = logs and site.rng.random() > 0.08
    log_config: Json = {"enable": logged}
    if logged:
        log_config |= {
            "aggregationInterval": "INTERVAL_5_SEC",
            "flowSampling": 0.5,
            "metadata": "INCLUDE_ALL_METADATA",
        }
    prefix = cidr.rpartition(".")[0]
    data = compute_data(
        site,
        path,
        span[0],
        SUBNETWORK,
        network=f"{COMPUTE}/{network}",
        region=f"{COMPUTE}/projects/{site.project.id}/regions/{region}",
        ipCidrRange=cidr,
        gatewayAddress=f"{prefix}.1",
        privateIpGoogleAccess=logs,
        enableFlowLogs=logged,
        logConfig=log_config,
        purpose="PRIVATE",
        stackType="IPV4_ONLY",
    )
    site.add(SUBNETWORK, path, region, data, span)


def _firewalls(site: Site, network: str, count: int) -> None:
    services = (
        ("https", ["443"]),
        ("postgres", ["5432"]),
        ("redis", ["6379"]),
        ("health", ["8080-8090"]),
        ("ssh-iap", ["22"]),
    )
    for number, span in enumerate(site.spans(count, 0.3, 0.35)):
        service, ports = services[number % len(services)]
        ranges = ["35.235.240.0/20"] if service == "ssh-iap" else [f"10.{10 + number % 12}.0.0/16"]
        _firewall(
            site, network, f"allow-{service}-{number:03d}", ranges, ports, span=span, priority=1000 + number
        )


def _firewall(
    site: Site,
    network: str,
    name: str,
    ranges: list[str],
    ports: list[str],
    *,
    span: Span,
    priority: int = 1000,
) -> None:
    path = f"projects/{site.project.id}/global/firewalls/{name}"
    data = compute_data(
        site,
        path,
        span[0],
        FIREWALL,
        network=f"{COMPUTE}/{network}",
        direction="INGRESS",
        priority=priority,
        sourceRanges=ranges,
        allowed=[{"IPProtocol": "tcp", "ports": ports}],
        disabled=False,
        logConfig={"enable": site.rng.random() < 0.7},
        targetTags=[name.split("-")[1]] if priority < 65534 else [],
    )
    site.add(FIREWALL, path, "global", data, span)


def add_open_firewall(site: Site, name: str, network: str, ports: list[str], span: Span) -> None:
    """A firewall rule open to everybody: a violation on purpose."""
    _firewall(site, network, name, ["0.0.0.0/0"], ports, span=span, priority=900)


def _route(site: Site, network: str, name: str, cidr: str, span: Span) -> None:
    path = f"projects/{site.project.id}/global/routes/{name}"
    data = compute_data(
        site,
        path,
        span[0],
        ROUTE,
        network=f"{COMPUTE}/{network}",
        destRange=cidr,
        priority=1000,
        nextHopNetwork=f"{COMPUTE}/{network}",
        routeType="SUBNET" if name.startswith(("local", "default")) else "STATIC",
    )
    site.add(ROUTE, path, "global", data, span)


def _router(site: Site, network: str, region: str, span: Span) -> None:
    path = f"projects/{site.project.id}/regions/{region}/routers/nat-{region}"
    nat = {
        "name": f"nat-{region}",
        "natIpAllocateOption": "AUTO_ONLY",
        "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
        "logConfig": {"enable": True, "filter": "ERRORS_ONLY"},
        "enableEndpointIndependentMapping": False,
    }
    data = compute_data(site, path, span[0], ROUTER, network=f"{COMPUTE}/{network}", nats=[nat])
    site.add(ROUTER, path, region, data, span)
