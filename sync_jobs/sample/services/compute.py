"""Virtual machines with their disks, snapshots, images, templates and groups."""

from __future__ import annotations

from datetime import datetime, timedelta

from sync_jobs.sample.services.network import COMPUTE, Span, compute_data, shared_network, shared_subnetwork
from sync_jobs.sample.site import Json, Site, kind, later
from sync_jobs.sample.timeline import compute_stamp

INSTANCE = kind("compute.googleapis.com/Instance")
DISK = kind("compute.googleapis.com/Disk")
SNAPSHOT = kind("compute.googleapis.com/Snapshot")
IMAGE = kind("compute.googleapis.com/Image")
INSTANCE_TEMPLATE = kind("compute.googleapis.com/InstanceTemplate")
INSTANCE_GROUP_MANAGER = kind("compute.googleapis.com/InstanceGroupManager")
COMPUTE_PROJECT = kind("compute.googleapis.com/Project")

MACHINES = (
    "e2-small",
    "e2-medium",
    "e2-standard-4",
    "n2-standard-4",
    "n2-standard-8",
    "n2d-standard-8",
    "c3-standard-4",
)
ROLES = ("app", "worker", "batch", "cache", "proxy", "search")
IMAGES = ("debian-12-bookworm-v20250910", "ubuntu-2404-noble-amd64-v20250812", "rocky-linux-9-v20250709")
SNAPSHOT_WEEKS = 8
SCHEDULING = {
    "automaticRestart": True,
    "onHostMaintenance": "MIGRATE",
    "preemptible": False,
    "provisioningModel": "STANDARD",
}


def add_instances(
    site: Site, count: int, growth: float = 0.35, churn: float = 0.7, public: float = 0.04
) -> None:
    """Machines with their disks. `public` is the share with an external address."""
    for number, span in enumerate(site.spans(count, growth, churn)):
        role = ROLES[number % len(ROLES)]
        add_instance(site, f"vm-{role}-{number:03d}", number, span, public=site.rng.random() < public)


def add_instance(
    site: Site, name: str, number: int, span: Span, *, public: bool = False, default: bool = False
) -> None:
    """One machine with its disks. `default` puts it on the project's default network and service account."""
    project, zone = site.project, f"{site.project.region}-{'bcd'[number % 3]}"
    path = f"projects/{project.id}/zones/{zone}/instances/{name}"
    zone_url = f"{COMPUTE}/projects/{project.id}/zones/{zone}"
    labels = site.labels(app=name.split("-")[1])
    disks = [_disk(site, zone, name, span, labels, boot=True)]
    if number % 3 == 0:
        disks.append(_disk(site, zone, f"{name}-data", span, labels, boot=False))
    account = (
        f"{project.number}-compute@developer.gserviceaccount.com"
        if default
        else f"app-{name.split('-')[1]}@{project.id}.iam.gserviceaccount.com"
    )
    data = compute_data(
        site,
        path,
        span[0],
        INSTANCE,
        zone=zone_url,
        machineType=f"{zone_url}/machineTypes/{MACHINES[number % len(MACHINES)]}",
        lastStartTimestamp=compute_stamp(later(span[0], seconds=9)),
        cpuPlatform="Intel Ice Lake",
        canIpForward=False,
        deletionProtection=project.env == "prod" and number % 5 == 0,
        disks=disks,
        networkInterfaces=[_interface(site, number, public, default)],
        serviceAccounts=[{"email": account, "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}],
        scheduling=SCHEDULING,
        tags={"items": ["https", name.split("-")[1]], "fingerprint": "c2FtcGxlLXRhZ3M="},
        labels=labels,
        labelFingerprint="c2FtcGxlLWxibA==",
        **_luck(site, span, default),
    )
    site.add(INSTANCE, path, zone, data, span)


def _luck(site: Site, span: Span, default: bool) -> Json:
    """What differs from machine to machine; those on default networks are less well kept."""
    running = span[1] is not None or site.rng.random() > 0.07
    hardened = site.rng.random() > (0.5 if default else 0.08)
    metadata = [{"key": "enable-oslogin", "value": "FALSE" if default else "TRUE"}]
    if site.rng.random() < 0.03:
        metadata.append({"key": "serial-port-enable", "value": "TRUE"})
    return {
        "status": "RUNNING" if running else "TERMINATED",
        "shieldedInstanceConfig": {
            "enableSecureBoot": hardened,
            "enableVtpm": True,
            "enableIntegrityMonitoring": hardened,
        },
        "metadata": {"fingerprint": "c2FtcGxlLW1ldGE=", "items": metadata},
    }


def _interface(site: Site, number: int, public: bool, default: bool) -> Json:
    project = site.project
    network, subnet = shared_network(site), shared_subnetwork(site)
    if default:
        network = f"projects/{project.id}/global/networks/default"
        subnet = f"projects/{project.id}/regions/{project.region}/subnetworks/default-{project.region}"
    interface: Json = {
        "name": "nic0",
        "network": f"{COMPUTE}/{network}",
        "subnetwork": f"{COMPUTE}/{subnet}",
        "networkIP": f"10.{128 if default else 10}.{int(project.number[-3:])}.{number % 250 + 2}",
        "stackType": "IPV4_ONLY",
    }
    if public:
        access = {
            "type": "ONE_TO_ONE_NAT",
            "name": "External NAT",
            "natIP": f"203.0.113.{number % 254 + 1}",
            "networkTier": "PREMIUM",
        }
        interface["accessConfigs"] = [access]
    return interface


def _disk(site: Site, zone: str, name: str, span: Span, labels: dict[str, str], *, boot: bool) -> Json:
    """Adds the disk and returns how a machine lists it."""
    project = site.project
    path = f"projects/{project.id}/zones/{zone}/disks/{name}"
    size = str(site.rng.choice((20, 30, 50)) if boot else site.rng.choice((100, 200, 500, 1000)))
    data = compute_data(
        site,
        path,
        span[0],
        DISK,
        zone=f"{COMPUTE}/projects/{project.id}/zones/{zone}",
        sizeGb=size,
        status="READY",
        type=f"{COMPUTE}/projects/{project.id}/zones/{zone}/diskTypes/{'pd-balanced' if boot else 'pd-ssd'}",
        users=[f"{COMPUTE}/projects/{project.id}/zones/{zone}/instances/{name.removesuffix('-data')}"],
        labels=labels,
        physicalBlockSizeBytes="4096",
    )
    if boot:
        data["sourceImage"] = (
            f"{COMPUTE}/projects/sample-artifacts/global/images/{IMAGES[len(name) % len(IMAGES)]}"
        )
    elif project.env == "prod" and site.rng.random() < 0.6:
        data["diskEncryptionKey"] = {
            "kmsKeyName": f"projects/sample-sec-kms/locations/{project.region}/keyRings/disks/"
            "cryptoKeys/key-01/cryptoKeyVersions/1"
        }
    site.add(DISK, path, zone, data, span)
    return {
        "kind": "compute#attachedDisk",
        "type": "PERSISTENT",
        "mode": "READ_WRITE",
        "boot": boot,
        "autoDelete": boot,
        "deviceName": name,
        "interface": "SCSI",
        "diskSizeGb": size,
        "source": data["selfLink"],
    }


def add_snapshots(site: Site, disks: int) -> None:
    """Every Sunday night a snapshot of some disks, kept for eight weeks."""
    year, project = site.year, site.project
    zone = f"{project.region}-b"
    first = max(float(project.made) + 3, -7.0 * SNAPSHOT_WEEKS)
    start = year.day(first).replace(hour=1, minute=0, second=0, microsecond=0)
    sunday = later(start, days=(6 - start.weekday()) % 7)
    while sunday < later(year.end, hours=-3):
        for number in range(disks):
            born = later(sunday, seconds=number * 11 + int(site.rng.random() * 9))
            died = later(born, days=7 * SNAPSHOT_WEEKS, minutes=20)
            if died > year.start:
                _snapshot(site, zone, number, born, died if died < year.end else None)
        sunday += timedelta(days=7)


def _snapshot(site: Site, zone: str, number: int, born: datetime, died: datetime | None) -> None:
    project = site.project
    path = f"projects/{project.id}/global/snapshots/weekly-{number:02d}-{born:%Y%m%d}"
    data = compute_data(
        site,
        path,
        born,
        SNAPSHOT,
        sourceDisk=f"{COMPUTE}/projects/{project.id}/zones/{zone}/disks/vm-app-{number * 18:03d}-data",
        diskSizeGb="200",
        storageBytes=str(3_000_000_000 + number * 77_000_000),
        storageBytesStatus="UP_TO_DATE",
        status="READY",
        storageLocations=["eu"],
        autoCreated=True,
        labels=project.labels,
    )
    site.add(SNAPSHOT, path, "eu", data, (born, died))


def add_images(site: Site, count: int) -> None:
    """Machine images that the tooling projects build."""
    for number, span in enumerate(site.spans(count, 0.6, 0.9)):
        path = f"projects/{site.project.id}/global/images/golden-{number:03d}"
        data = compute_data(
            site,
            path,
            span[0],
            IMAGE,
            family="sample-golden",
            diskSizeGb="20",
            archiveSizeBytes="1680000000",
            status="READY",
            storageLocations=["eu"],
            labels=site.labels(),
            sourceType="RAW",
        )
        site.add(IMAGE, path, "eu", data, span)


def add_groups(site: Site, count: int) -> None:
    """Managed instance groups with their templates."""
    project = site.project
    for number, span in enumerate(site.spans(count, 0.4, 0.5)):
        path = f"projects/{project.id}/global/instanceTemplates/tpl-{ROLES[number % 6]}-{number:02d}"
        machine = {
            "machineType": MACHINES[number % len(MACHINES)],
            "labels": site.labels(),
            "networkInterfaces": [{"network": f"{COMPUTE}/{shared_network(site)}"}],
        }
        template = compute_data(site, path, span[0], INSTANCE_TEMPLATE, properties=machine)
        site.add(INSTANCE_TEMPLATE, path, "global", template, span)
        zone = f"{project.region}-c"
        group = f"projects/{project.id}/zones/{zone}/instanceGroupManagers/mig-{number:02d}"
        data = compute_data(
            site,
            group,
            span[0],
            INSTANCE_GROUP_MANAGER,
            zone=f"{COMPUTE}/projects/{project.id}/zones/{zone}",
            baseInstanceName=f"mig-{number:02d}",
            instanceTemplate=template["selfLink"],
            targetSize=2 + number % 4,
            status={"isStable": True, "versionTarget": {"isReached": True}},
        )
        site.add(INSTANCE_GROUP_MANAGER, group, zone, data, span)


def add_compute_project(site: Site, span: Span) -> None:
    """The project as Compute Engine knows it, with metadata common to its machines."""
    project = site.project
    items = [{"key": "enable-oslogin", "value": "TRUE"}]
    if project.env == "sandbox" and site.rng.random() < 0.5:
        items = [{"key": "ssh-keys", "value": "dev:ssh-ed25519 AAAAC3NzaSampleOnlyNotAKey dev"}]
    path = f"projects/{project.id}"
    data = compute_data(
        site,
        path,
        span[0],
        COMPUTE_PROJECT,
        defaultServiceAccount=f"{project.number}-compute@developer.gserviceaccount.com",
        commonInstanceMetadata={"kind": "compute#metadata", "items": items},
        xpnProjectStatus="HOST" if project.profile == "network" else "UNSPECIFIED_XPN_PROJECT_STATUS",
    )
    site.add(COMPUTE_PROJECT, path, "global", data, span)
