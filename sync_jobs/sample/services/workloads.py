"""Kubernetes clusters, Cloud Run, functions and container registries."""

from __future__ import annotations

from datetime import timedelta

from sync_jobs.sample.organisation import AUTOMATION, group
from sync_jobs.sample.services.network import Span, shared_network, shared_subnetwork
from sync_jobs.sample.site import Json, Site, binding, kind, later
from sync_jobs.sample.timeline import DAYS, stamp

CLUSTER = kind("container.googleapis.com/Cluster")
NODE_POOL = kind("container.googleapis.com/NodePool")
RUN_SERVICE = kind("run.googleapis.com/Service")
RUN_REVISION = kind("run.googleapis.com/Revision")
FUNCTION = kind("cloudfunctions.googleapis.com/Function", "v2")
REPOSITORY = kind("artifactregistry.googleapis.com/Repository")

VERSIONS = ("1.30.9-gke.1046000", "1.31.6-gke.1020000", "1.32.4-gke.1415000", "1.33.2-gke.1240000")
SERVICES = ("api", "web", "auth", "jobs", "feed", "admin", "mailer", "report", "search", "sync")
REVISIONS_KEPT = 7


def add_clusters(site: Site, count: int, pools: int) -> None:
    """Regional clusters with node pools."""
    for number, span in enumerate(site.spans(count, 0.3, 0.1)):
        _cluster(site, number, span, pools)


def _cluster(site: Site, number: int, span: Span, pools: int) -> None:
    project, name = site.project, f"gke-{site.project.folder}-{number}"
    path = f"projects/{project.id}/locations/{project.region}/clusters/{name}"
    weak = project.env != "prod" or site.rng.random() < 0.2
    data: Json = {
        "name": name,
        "id": f"{int(project.number):x}{number:04d}",
        "location": project.region,
        "locations": [f"{project.region}-{zone}" for zone in "bcd"],
        "status": "RUNNING",
        "createTime": stamp(span[0]),
        "currentMasterVersion": VERSIONS[0],
        "currentNodeVersion": VERSIONS[0],
        "initialClusterVersion": VERSIONS[0],
        "endpoint": f"10.92.{int(project.number[-3:])}.{number + 2}",
        "network": shared_network(site).rpartition("/")[2],
        "subnetwork": shared_subnetwork(site).rpartition("/")[2],
        "networkConfig": {"network": shared_network(site), "datapathProvider": "ADVANCED_DATAPATH"},
        "ipAllocationPolicy": {"useIpAliases": True, "clusterIpv4CidrBlock": f"10.{100 + number}.0.0/16"},
        "releaseChannel": {"channel": "REGULAR"},
        "legacyAbac": {},
        "masterAuthorizedNetworksConfig": {}
        if weak
        else {"enabled": True, "cidrBlocks": [{"cidrBlock": "10.10.0.0/16"}]},
        "privateClusterConfig": {"enablePrivateNodes": True, "enablePrivateEndpoint": not weak},
        "workloadIdentityConfig": {"workloadPool": f"{project.id}.svc.id.goog"},
        "shieldedNodes": {"enabled": True},
        "binaryAuthorization": {
            "evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE" if not weak else "DISABLED"
        },
        "databaseEncryption": {"state": "DECRYPTED" if weak else "ENCRYPTED"},
        "loggingService": "logging.googleapis.com/kubernetes",
        "monitoringService": "monitoring.googleapis.com/kubernetes",
        "currentNodeCount": pools * 3,
        "resourceLabels": site.labels(),
    }
    site.add(CLUSTER, path, project.region, data, span)
    for index in range(pools):
        _pool(site, path, index, (later(span[0], minutes=6 + index), span[1]))


def _pool(site: Site, cluster: str, index: int, span: Span) -> None:
    name = ("default", "general", "memory", "spot", "gpu", "batch")[index % 6]
    data: Json = {
        "name": name,
        "status": "RUNNING",
        "version": VERSIONS[0],
        "initialNodeCount": 1,
        "autoscaling": {"enabled": True, "minNodeCount": 1, "maxNodeCount": 6 + index},
        "management": {"autoUpgrade": site.rng.random() > 0.1, "autoRepair": True},
        "config": {
            "machineType": "e2-standard-8",
            "diskSizeGb": 100,
            "diskType": "pd-balanced",
            "imageType": "COS_CONTAINERD",
            "serviceAccount": f"app-worker@{site.project.id}.iam.gserviceaccount.com",
            "oauthScopes": ["https://www.googleapis.com/auth/cloud-platform"],
            "shieldedInstanceConfig": {"enableSecureBoot": index % 3 != 2, "enableIntegrityMonitoring": True},
            "workloadMetadataConfig": {"mode": "GKE_METADATA"},
            "spot": name == "spot",
        },
    }
    site.add(
        NODE_POOL,
        f"{cluster}/nodePools/{name}-{index}",
        site.project.region,
        data,
        span,
        parent=f"//container.googleapis.com/{cluster}",
    )


def add_run(site: Site, count: int, deploys: float, public: int = 0) -> None:
    """Cloud Run services with their last revisions. `public` of them are open to everybody."""
    for number, span in enumerate(site.spans(count, 0.4, 0.15)):
        name = f"{SERVICES[number % len(SERVICES)]}-{number:02d}"
        path = f"projects/{site.project.id}/locations/{site.project.region}/services/{name}"
        _run_service(site, name, path, span, public=number < public)
        _revisions(site, name, path, span, deploys)


def _run_service(site: Site, name: str, path: str, span: Span, public: bool) -> None:
    project = site.project
    data = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": project.number,
            "creationTimestamp": stamp(span[0]),
            "labels": site.labels(),
            "generation": 1,
            "annotations": {
                "run.googleapis.com/ingress": "all" if public else "internal-and-cloud-load-balancing"
            },
        },
        "spec": {
            "template": {
                "spec": {
                    "containerConcurrency": 80,
                    "timeoutSeconds": 60,
                    "serviceAccountName": f"app-web@{project.id}.iam.gserviceaccount.com",
                    "containers": [_container(name, 1)],
                }
            }
        },
        "status": {
            "url": f"https://{name}-{project.number}.{project.region}.run.sample-lz.example",
            "conditions": [{"type": "Ready", "status": "True"}],
            "latestReadyRevisionName": f"{name}-00001",
        },
    }
    members = ["allUsers"] if public else [f"serviceAccount:app-app@{project.id}.iam.gserviceaccount.com"]
    site.add(RUN_SERVICE, path, project.region, data, span, iam=[binding("roles/run.invoker", *members)])


def _container(name: str, version: int) -> Json:
    image = f"europe-docker.pkg.dev/sample-artifacts/images/{name.partition('-')[0]}:r{version}"
    return {
        "image": image,
        "ports": [{"containerPort": 8080}],
        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}},
    }


def _revisions(site: Site, name: str, service: str, span: Span, deploys: float) -> None:
    year, rng = site.year, site.rng
    first, last = year.number(span[0]), year.number(span[1]) if span[1] else float(site.project.gone or DAYS)
    wanted = max(1, round(deploys * max(last - max(first, 0.0), 0) / DAYS * (0.5 + rng.random())))
    times = sorted(year.moment(rng, max(first, 0.0), last) for _ in range(wanted))
    if first < 0:
        old = sorted(year.before(rng, max(first, -120.0)) for _ in range(REVISIONS_KEPT))
        times = [moment for moment in old if moment > span[0]] + times
    for number, born in enumerate([later(span[0], seconds=30), *times], start=1):
        successor = number - 1 + REVISIONS_KEPT
        died = times[successor] + timedelta(minutes=4) if successor < len(times) else span[1]
        if died is not None and (died <= year.start or died <= born):
            continue
        data = {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Revision",
            "metadata": {
                "name": f"{name}-{number:05d}",
                "creationTimestamp": stamp(born),
                "labels": {"serving.knative.dev/service": name},
            },
            "spec": {"containerConcurrency": 80, "containers": [_container(name, number)]},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        }
        path = f"{service}/revisions/{name}-{number:05d}".replace(f"/services/{name}/", "/")
        site.add(
            RUN_REVISION,
            path,
            site.project.region,
            data,
            (born, died),
            parent=f"//run.googleapis.com/{service}",
        )


def add_functions(site: Site, count: int) -> None:
    """Cloud Functions of the second generation."""
    project = site.project
    for number, span in enumerate(site.spans(count, 0.5, 0.4)):
        path = f"projects/{project.id}/locations/{project.region}/functions/fn-{number:02d}"
        data = {
            "name": path,
            "state": "ACTIVE",
            "environment": "GEN_2",
            "createTime": stamp(span[0]),
            "updateTime": stamp(span[0]),
            "buildConfig": {"runtime": ("python311", "nodejs20", "go122")[number % 3], "entryPoint": "main"},
            "serviceConfig": {
                "timeoutSeconds": 60,
                "availableMemory": "256M",
                "ingressSettings": "ALLOW_INTERNAL_ONLY",
                "serviceAccountEmail": f"app-app@{project.id}.iam.gserviceaccount.com",
            },
            "labels": site.labels(),
        }
        site.add(FUNCTION, path, project.region, data, span)


def add_registries(site: Site, count: int) -> None:
    """Artifact Registry repositories."""
    for number, span in enumerate(site.spans(count, 0.3, 0.1)):
        path = f"projects/{site.project.id}/locations/europe/repositories/images-{number:02d}"
        data = {
            "name": path,
            "format": ("DOCKER", "PYTHON", "NPM")[number % 3],
            "createTime": stamp(span[0]),
            "updateTime": stamp(span[0]),
            "labels": site.labels(),
            "mode": "STANDARD_REPOSITORY",
            "vulnerabilityScanningConfig": {"enablementState": "SCANNING_ACTIVE"},
        }
        iam = [
            binding("roles/artifactregistry.reader", group("lz-developers")),
            binding("roles/artifactregistry.writer", f"serviceAccount:{AUTOMATION}"),
        ]
        site.add(REPOSITORY, path, "europe", data, span, iam=iam)
