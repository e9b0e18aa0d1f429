"""Service accounts, keys, custom roles, enabled services, encryption keys and secrets."""

from __future__ import annotations

from datetime import datetime, timedelta

from sync_jobs.sample.organisation import AUTOMATION, group
from sync_jobs.sample.services.network import Span
from sync_jobs.sample.site import Json, Site, binding, hash_of, kind, later
from sync_jobs.sample.timeline import DAYS, stamp

SERVICE_ACCOUNT = kind("iam.googleapis.com/ServiceAccount")
KEY = kind("iam.googleapis.com/ServiceAccountKey")
ROLE = kind("iam.googleapis.com/Role")
SERVICE = kind("serviceusage.googleapis.com/Service")
KEY_RING = kind("cloudkms.googleapis.com/KeyRing")
CRYPTO_KEY = kind("cloudkms.googleapis.com/CryptoKey")
CRYPTO_KEY_VERSION = kind("cloudkms.googleapis.com/CryptoKeyVersion")
SECRET = kind("secretmanager.googleapis.com/Secret")
SECRET_VERSION = kind("secretmanager.googleapis.com/SecretVersion")

APIS = (
    "compute",
    "iam",
    "logging",
    "monitoring",
    "storage",
    "cloudresourcemanager",
    "serviceusage",
    "iamcredentials",
    "cloudasset",
    "pubsub",
    "secretmanager",
    "cloudkms",
    "bigquery",
    "container",
    "run",
    "artifactregistry",
    "sqladmin",
    "dns",
    "cloudtrace",
    "cloudbuild",
    "eventarc",
    "cloudfunctions",
    "redis",
    "cloudscheduler",
    "oslogin",
    "servicenetworking",
)
ACCOUNTS = (
    "app-app",
    "app-worker",
    "app-batch",
    "app-cache",
    "app-proxy",
    "app-search",
    "app-api",
    "app-web",
    "deployer",
    "app-auth",
    "app-jobs",
    "app-feed",
    "app-admin",
    "app-mailer",
    "app-report",
    "app-sync",
    "backup",
    "monitor",
)


def add_services(site: Site, span: Span, count: int) -> None:
    """The APIs enabled in the project."""
    for index, api in enumerate(APIS[:count]):
        born = later(span[0], seconds=20 + index)
        if index > 14 and site.project.made < 0 and site.rng.random() < 0.4:
            born = site.year.moment(site.rng, 0, min(site.project.gone or DAYS, DAYS))
        name = f"{api}.googleapis.com"
        path = f"projects/{site.project.number}/services/{name}"
        data = {"name": path, "parent": f"projects/{site.project.number}", "state": "ENABLED"}
        site.add(SERVICE, path, "global", data, (born, span[1]))


def add_accounts(site: Site, count: int, keys: float) -> None:
    """Service accounts; a share of them with user-managed keys, some never rotated."""
    for number, span in enumerate(site.spans(min(count, 60), 0.25, 0.1)):
        name = ACCOUNTS[number] if number < len(ACCOUNTS) else f"svc-{number:02d}"
        account = _account(site, name, span)
        if site.rng.random() < keys:
            for index in range(1 + (site.rng.random() < 0.25)):
                add_key(site, account, index, (later(span[0], hours=1 + index), span[1]))


def _account(site: Site, name: str, span: Span) -> str:
    project = site.project
    email = f"{name}@{project.id}.iam.gserviceaccount.com"
    unique = f"1{hash_of(email):010d}{int(project.number) % 10**10:010d}"
    data = {
        "name": f"projects/{project.id}/serviceAccounts/{email}",
        "projectId": project.id,
        "uniqueId": unique,
        "email": email,
        "displayName": name.replace("-", " "),
        "etag": "MDEwMjE5MjA=",
        "oauth2ClientId": unique,
        "disabled": False,
    }
    iam = (
        [binding("roles/iam.serviceAccountTokenCreator", f"serviceAccount:{AUTOMATION}")]
        if name == "deployer"
        else None
    )
    site.add(
        SERVICE_ACCOUNT, f"projects/{project.id}/serviceAccounts/{unique}", "global", data, span, iam=iam
    )
    return f"projects/{project.id}/serviceAccounts/{email}"


def add_key(site: Site, account: str, index: int, span: Span) -> None:
    """A user-managed key of a service account."""
    key = f"{hash_of(account):08x}{index:02d}{hash_of(account[::-1]):08x}".ljust(40, "5")
    path = f"{account}/keys/{key}"
    data = {
        "name": path,
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyOrigin": "GOOGLE_PROVIDED",
        "keyType": "USER_MANAGED",
        "validAfterTime": stamp(span[0]),
        "validBeforeTime": "9999-12-31T23:59:59Z",
    }
    site.add(KEY, path, "global", data, span, parent=f"//iam.googleapis.com/{account}")


def add_roles(site: Site, count: int) -> None:
    """Custom roles."""
    for number, span in enumerate(site.spans(count, 0.3, 0.1)):
        path = f"projects/{site.project.id}/roles/sampleRole{number:02d}"
        data = {
            "name": path,
            "title": f"Sample role {number}",
            "stage": "GA",
            "includedPermissions": ["compute.instances.list", "storage.buckets.get"],
            "etag": "BwXsample=",
        }
        site.add(ROLE, path, "global", data, span)


def add_keys(site: Site, rings: int, keys: int) -> None:
    """KMS key rings and keys; a version every 90 days, where somebody switched rotation on."""
    project = site.project
    names = ("storage", "disks", "sql", "secrets", "backup", "signing")
    for number, span in enumerate(site.spans(rings, 0.1, 0)):
        location = "europe" if number == 0 else project.region
        ring = f"projects/{project.id}/locations/{location}/keyRings/{names[number % 6]}" + (
            f"-{number}" if number > 5 else ""
        )
        site.add(KEY_RING, ring, location, {"name": ring, "createTime": stamp(span[0])}, span)
        for index in range(keys):
            _crypto_key(site, ring, location, f"key-{index:02d}", (later(span[0], minutes=3 + index), None))


def _crypto_key(site: Site, ring: str, location: str, name: str, span: Span) -> None:
    path, rotated = f"{ring}/cryptoKeys/{name}", site.rng.random() > 0.18
    data: Json = {
        "name": path,
        "purpose": "ENCRYPT_DECRYPT",
        "createTime": stamp(span[0]),
        "versionTemplate": {
            "protectionLevel": "HSM" if "signing" in ring else "SOFTWARE",
            "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION",
        },
        "primary": {"name": f"{path}/cryptoKeyVersions/1", "state": "ENABLED"},
        "destroyScheduledDuration": "2592000s",
        "labels": site.labels(),
    }
    if rotated:
        data |= {"rotationPeriod": "7776000s", "nextRotationTime": stamp(later(site.year.end, days=40))}
    iam = [binding("roles/cloudkms.cryptoKeyEncrypterDecrypter", group("lz-security"))]
    site.add(CRYPTO_KEY, path, location, data, span, parent=f"//cloudkms.googleapis.com/{ring}", iam=iam)
    born, number = span[0], 1
    while born < site.year.end:
        version = f"{path}/cryptoKeyVersions/{number}"
        detail = {
            "name": version,
            "state": "ENABLED",
            "protectionLevel": "SOFTWARE",
            "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION",
            "createTime": stamp(born),
        }
        site.add(
            CRYPTO_KEY_VERSION,
            version,
            location,
            detail,
            (born, None),
            parent=f"//cloudkms.googleapis.com/{path}",
        )
        if not rotated:
            break
        born, number = born + timedelta(days=90), number + 1


def add_secrets(site: Site, count: int) -> None:
    """Secrets with their versions, which are replaced now and then."""
    project = site.project
    uses = ("db-password", "api-token", "webhook", "signing", "smtp")
    for number, span in enumerate(site.spans(count, 0.4, 0.15)):
        path = f"projects/{project.number}/secrets/{uses[number % len(uses)]}-{number:02d}"
        data = {
            "name": path,
            "createTime": stamp(span[0]),
            "replication": {"automatic": {}},
            "labels": site.labels(),
            "etag": '"1625sample"',
        }
        iam = [
            binding(
                "roles/secretmanager.secretAccessor",
                f"serviceAccount:app-app@{project.id}.iam.gserviceaccount.com",
            )
        ]
        site.add(SECRET, path, "global", data, span, iam=iam)
        for index, born in enumerate(_rotations(site, span), start=1):
            version = f"{path}/versions/{index}"
            detail = {
                "name": version,
                "state": "ENABLED",
                "createTime": stamp(born),
                "replicationStatus": {"automatic": {}},
            }
            site.add(
                SECRET_VERSION,
                version,
                "global",
                detail,
                (born, span[1]),
                parent=f"//secretmanager.googleapis.com/{path}",
            )


def _rotations(site: Site, span: Span) -> list[datetime]:
    first = max(site.year.number(span[0]) + 1, 0.0)
    last = site.year.number(span[1]) if span[1] else float(site.project.gone or DAYS)
    if first >= last - 2:
        return [span[0]]
    more = sorted(site.year.moment(site.rng, first, last - 1) for _ in range(site.rng.choice((0, 1, 1, 2))))
    return [span[0], *more]
