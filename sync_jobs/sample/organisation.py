"""The invented organisation: its folders, projects, teams and people. Nothing here belongs to anybody."""

from __future__ import annotations

from dataclasses import dataclass

DISPLAY_NAME = "Sample Landing Zone (synthetic)"
DOMAIN = "sample-lz.example"
ORGANIZATION_ID = "900000000001"
ORGANIZATION = f"organizations/{ORGANIZATION_ID}"
CUSTOMER_ID = "C0sample0"
BILLING_ACCOUNT = "0A0000-SAMPLE-0B0000"

PEOPLE = (
    "mira.okafor",
    "tomas.brandt",
    "lea.fontaine",
    "jonas.ekdahl",
    "priya.narang",
    "samir.haddad",
    "ingrid.solberg",
    "marco.bellini",
    "yuki.tanabe",
    "clara.weiss",
    "nadia.petrova",
    "oscar.lund",
)
GROUPS = (
    "lz-admins",
    "lz-network",
    "lz-security",
    "lz-auditors",
    "lz-developers",
    "lz-data",
    "lz-finance",
    "lz-oncall",
)
AUTOMATION = "terraform@sample-terraform-state.iam.gserviceaccount.com"
OUTSIDER = "contractor.zero@partner-sample.example"


@dataclass(frozen=True)
class Folder:
    """A folder and where it hangs. `parent` is the key of another folder, or empty below the organisation."""

    key: str
    display_name: str
    number: str
    parent: str = ""


FOLDERS = (
    Folder("platform", "platform", "910000000001"),
    Folder("security", "security", "910000000002"),
    Folder("products", "products", "910000000003"),
    Folder("sandbox", "sandbox", "910000000004"),
    Folder("orders", "orders", "910000000011", "products"),
    Folder("catalog", "catalog", "910000000012", "products"),
    Folder("payments", "payments", "910000000013", "products"),
    Folder("insights", "insights", "910000000014", "products"),
    Folder("fulfilment", "fulfilment", "910000000015", "products"),
    Folder("login", "login", "910000000016", "products"),
)
_BY_KEY = {folder.key: folder for folder in FOLDERS}


@dataclass(frozen=True)
class Project:
    """A project. `made` and `gone` are days since the start of the sample year; negative is before it."""

    id: str
    number: str
    folder: str
    profile: str
    size: float
    env: str
    region: str = "europe-west1"
    made: int = -700
    gone: int | None = None

    @property
    def team(self) -> str:
        return self.folder

    @property
    def labels(self) -> dict[str, str]:
        return {"env": self.env, "team": self.team, "cost-center": f"cc-{1000 + int(self.number[-3:]) * 7}"}

    @property
    def ancestors(self) -> list[str]:
        return [f"projects/{self.number}", *folder_ancestors(self.folder)]


def folder_ancestors(key: str) -> list[str]:
    """`folders/N` from this folder upwards, then the organisation."""
    found = []
    while key:
        folder = _BY_KEY[key]
        found.append(f"folders/{folder.number}")
        key = folder.parent
    return [*found, ORGANIZATION]


# id, folder, profile, size, env, region, day made, day gone
_ROWS: tuple[tuple[str, str, str, float, str, str, int, int | None], ...] = (
    ("sample-net-host-prod", "platform", "network", 1.6, "prod", "europe-west1", -900, None),
    ("sample-net-host-nonprod", "platform", "network", 1.0, "test", "europe-west1", -900, None),
    ("sample-dns-hub", "platform", "dns", 1.0, "prod", "europe-west1", -880, None),
    ("sample-cicd", "platform", "tooling", 1.3, "prod", "europe-west1", -870, None),
    ("sample-artifacts", "platform", "tooling", 0.8, "prod", "europe-west1", -860, None),
    ("sample-observability", "platform", "logging", 1.0, "prod", "europe-west1", -860, None),
    ("sample-terraform-state", "platform", "tooling", 0.5, "prod", "europe-west1", -905, None),
    ("sample-shared-gke", "platform", "gke", 1.4, "prod", "europe-west1", -500, None),
    ("sample-sec-logging", "security", "logging", 1.2, "prod", "europe-west1", -890, None),
    ("sample-sec-kms", "security", "keys", 1.5, "prod", "europe-west1", -890, None),
    ("sample-sec-scanner", "security", "tooling", 0.7, "prod", "europe-west1", -600, None),
    ("sample-sec-audit", "security", "data", 0.6, "prod", "europe-west1", -800, None),
    ("sample-orders-dev", "orders", "web", 0.8, "dev", "europe-west1", -640, None),
    ("sample-orders-test", "orders", "web", 0.8, "test", "europe-west1", -640, None),
    ("sample-orders-prod", "orders", "web", 1.7, "prod", "europe-west1", -630, None),
    ("sample-orders-legacy", "orders", "legacy", 1.0, "prod", "europe-west3", -900, None),
    ("sample-catalog-dev", "catalog", "web", 0.8, "dev", "europe-west1", -600, None),
    ("sample-catalog-test", "catalog", "web", 0.7, "test", "europe-west1", -600, None),
    ("sample-catalog-prod", "catalog", "gke", 1.6, "prod", "europe-west1", -590, None),
    ("sample-catalog-search", "catalog", "vms", 1.2, "prod", "europe-west4", -450, None),
    ("sample-payments-dev", "payments", "web", 0.7, "dev", "europe-west3", -560, None),
    ("sample-payments-test", "payments", "web", 0.7, "test", "europe-west3", -560, None),
    ("sample-payments-prod", "payments", "gke", 1.5, "prod", "europe-west3", -550, None),
    ("sample-payments-vault", "payments", "keys", 0.8, "prod", "europe-west3", -540, None),
    ("sample-insights-dev", "insights", "data", 0.7, "dev", "europe-west1", -520, None),
    ("sample-insights-test", "insights", "data", 0.6, "test", "europe-west1", -520, None),
    ("sample-insights-prod", "insights", "data", 1.6, "prod", "europe-west1", -510, None),
    ("sample-insights-lake", "insights", "data", 2.6, "prod", "europe-west1", -480, None),
    ("sample-insights-ml", "insights", "vms", 1.1, "prod", "europe-west4", 200, None),
    ("sample-fulfil-dev", "fulfilment", "web", 0.8, "dev", "europe-west1", 58, None),
    ("sample-fulfil-test", "fulfilment", "web", 0.7, "test", "europe-west1", 72, None),
    ("sample-fulfil-prod", "fulfilment", "gke", 1.1, "prod", "europe-west1", 86, None),
    ("sample-login-dev", "login", "web", 0.5, "dev", "europe-west1", 290, None),
    ("sample-login-prod", "login", "web", 0.7, "prod", "europe-west1", 304, None),
    ("sample-sbx-aster", "sandbox", "sandbox", 1.3, "sandbox", "us-central1", -420, None),
    ("sample-sbx-birch", "sandbox", "sandbox", 0.9, "sandbox", "us-central1", -380, None),
    ("sample-sbx-cedar", "sandbox", "sandbox", 0.7, "sandbox", "europe-west1", -300, None),
    ("sample-sbx-dahlia", "sandbox", "sandbox", 0.6, "sandbox", "europe-west1", -90, None),
    ("sample-sbx-elm", "sandbox", "sandbox", 0.8, "sandbox", "us-central1", 120, None),
    ("sample-sbx-fern", "sandbox", "sandbox", 0.5, "sandbox", "europe-west1", 262, None),
    ("sample-campaign-spring", "catalog", "web", 1.1, "prod", "europe-west1", -200, 250),
)

PROJECTS = tuple(Project(row[0], f"9200000{index:05d}", *row[1:]) for index, row in enumerate(_ROWS, start=1))


def user(index: int) -> str:
    """IAM member of one of the people."""
    return f"user:{PEOPLE[index % len(PEOPLE)]}@{DOMAIN}"


def group(name: str) -> str:
    """IAM member of one of the groups."""
    return f"group:{name}@{DOMAIN}"
