"""External HTTPS load balancers: address, rule, proxy, certificate, map, backend, health check."""

from __future__ import annotations

from collections.abc import Callable

from sync_jobs.sample.organisation import DOMAIN
from sync_jobs.sample.services.network import COMPUTE, Span, compute_data
from sync_jobs.sample.site import Json, Kind, Site, kind

ADDRESS = kind("compute.googleapis.com/Address")
FORWARDING_RULE = kind("compute.googleapis.com/ForwardingRule")
BACKEND_SERVICE = kind("compute.googleapis.com/BackendService")
HEALTH_CHECK = kind("compute.googleapis.com/HealthCheck")
URL_MAP = kind("compute.googleapis.com/UrlMap")
TARGET_HTTPS_PROXY = kind("compute.googleapis.com/TargetHttpsProxy")
SSL_CERTIFICATE = kind("compute.googleapis.com/SslCertificate")

CHECK: Json = {
    "type": "HTTP",
    "checkIntervalSec": 10,
    "timeoutSec": 5,
    "healthyThreshold": 2,
    "unhealthyThreshold": 3,
    "httpHealthCheck": {"port": 8080, "requestPath": "/healthz"},
}
BACKEND: Json = {
    "protocol": "HTTP",
    "portName": "http",
    "timeoutSec": 30,
    "loadBalancingScheme": "EXTERNAL_MANAGED",
    "backends": [],
}
IP: Json = {"addressType": "EXTERNAL", "status": "IN_USE", "networkTier": "PREMIUM", "ipVersion": "IPV4"}
RULE: Json = {
    "IPProtocol": "TCP",
    "portRange": "443-443",
    "loadBalancingScheme": "EXTERNAL_MANAGED",
    "networkTier": "PREMIUM",
}
Put = Callable[[Kind, str, Json], str]


def add_load_balancers(site: Site, count: int) -> None:
    """So many load balancers, each with all its parts."""
    for number, span in enumerate(site.spans(count, 0.3, 0.2)):
        _load_balancer(site, f"web-{number:02d}", number, _putter(site, f"web-{number:02d}", span))


def _putter(site: Site, name: str, span: Span) -> Put:
    """Adds a part and returns its address. The part is named after the last word of its collection."""

    def put(of: Kind, place: str, more: Json) -> str:
        collection, _, suffix = place.partition(" ")
        path = f"projects/{site.project.id}/global/{collection}/{name}-{suffix}"
        site.add(of, path, "global", compute_data(site, path, span[0], of, **more), span)
        return f"{COMPUTE}/{path}"

    return put


def _load_balancer(site: Site, name: str, number: int, put: Put) -> None:
    address = f"198.51.100.{(int(site.project.number[-3:]) * 5 + number) % 254 + 1}"
    host = f"{name}.{site.project.id.removeprefix('sample-')}.{DOMAIN}"
    check = put(HEALTH_CHECK, "healthChecks check", CHECK)
    log = {"enable": number % 4 != 3, "sampleRate": 1.0}
    backend = {**BACKEND, "healthChecks": [check], "enableCDN": number % 3 == 0, "logConfig": log}
    urls = put(
        URL_MAP, "urlMaps map", {"defaultService": put(BACKEND_SERVICE, "backendServices backend", backend)}
    )
    managed = {"domains": [host], "status": "ACTIVE", "domainStatus": {host: "ACTIVE"}}
    certificate = put(SSL_CERTIFICATE, "sslCertificates cert", {"type": "MANAGED", "managed": managed})
    target = {"urlMap": urls, "sslCertificates": [certificate]}
    proxy = put(TARGET_HTTPS_PROXY, "targetHttpsProxies proxy", target)
    put(ADDRESS, "addresses ip", {**IP, "address": address})
    rule = {**RULE, "IPAddress": address, "target": proxy, "labels": site.labels()}
    put(FORWARDING_RULE, "forwardingRules https", rule)
