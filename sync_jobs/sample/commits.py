"""How the sample repository came to be: commits over the year that add files or edit lines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """In `path` the text `before` became `after`. `after` occurs in the file as it is today."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Commit:
    """`day` since the start of the year, negative before it. `adds`: paths, or folders with a slash."""

    day: float
    author: int
    message: str
    adds: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()


_CATALOG = '    catalog    = ["dev", "test", "prod"]\n'
_INSIGHTS = '    insights   = ["dev", "test", "prod"]\n'
_FULFILMENT = '    fulfilment = ["dev", "test", "prod"]\n'
_LOGIN = '    login      = ["dev", "prod"]\n'
_KEYS = '    "iam.disableServiceAccountKeyCreation",\n'

COMMITS = (
    Commit(
        -30, 0, "Bootstrap the state bucket and its service account", ("README.md", "terraform/0-bootstrap/")
    ),
    Commit(
        -29,
        0,
        "Add modules for projects, buckets and firewalls",
        ("terraform/modules/project/", "terraform/modules/bucket/", "terraform/modules/firewall/"),
    ),
    Commit(-26, 2, "Create folders and set organisation policies", ("terraform/1-organisation/",)),
    Commit(-21, 1, "Build the shared networks", ("terraform/2-network/main.tf",)),
    Commit(-15, 1, "Let machines reach the internet through NAT only", ("terraform/2-network/nat.tf",)),
    Commit(-9, 4, "Describe the architecture", ("ARCHITECTURE.md",)),
    Commit(8, 1, "Allow SSH through the proxy and health checks", ("terraform/2-network/firewalls.tf",)),
    Commit(22, 3, "Create the projects of the products", ("terraform/3-projects/products.tf",)),
    Commit(27, 1, "Keep the DNS zones under code", ("terraform/2-network/dns.tf",)),
    Commit(33, 3, "Create the platform's own projects", ("terraform/3-projects/platform.tf",)),
    Commit(
        37,
        6,
        "Check plans against rules for networks and buckets",
        ("policies/network.yaml", "policies/storage.yaml"),
    ),
    Commit(43, 6, "Turn keys every 90 days", ("terraform/4-security/",)),
    Commit(49, 6, "Say what the gates check and who may waive", ("ENFORCEMENT_GATES.md",)),
    Commit(
        57,
        3,
        "Add the fulfilment product",
        edits=(
            Edit("terraform/3-projects/products.tf", _INSIGHTS, _INSIGHTS + _FULFILMENT),
            Edit(
                "terraform/1-organisation/folders.tf",
                '"insights", "login"])',
                '"insights", "fulfilment", "login"])',
            ),
        ),
    ),
    Commit(78, 5, "Write runbooks for leaked keys and public buckets", ("RUNBOOKS.md",)),
    Commit(96, 7, "Plan every pull request", (".github/workflows/plan.yaml",)),
    Commit(
        111,
        1,
        "Give the sandboxes smaller budgets",
        ("terraform/3-projects/sandbox.tf",),
        (Edit("terraform/modules/project/main.tf", "default = 50000", "default = 20000"),),
    ),
    Commit(128, 8, "Explain labels and require them", ("docs/tagging.md", "policies/labels.yaml")),
    Commit(
        146,
        9,
        "Explain how to start and how to get a project",
        ("docs/getting-started.md", "docs/new-project.md"),
    ),
    Commit(
        165,
        2,
        "Sample half of the network flows: all of them cost too much",
        edits=(
            Edit("terraform/2-network/main.tf", "flow_sampling        = 1.0", "flow_sampling        = 0.5"),
        ),
    ),
    Commit(191, 4, "Write down how orders moved off virtual machines", ("docs/orders-migration.md",)),
    Commit(212, 6, "Waive the public price list until the old clients are gone", ("policies/waivers.yaml",)),
    Commit(236, 10, "Explain remote access without open ports", ("docs/remote-access.md",)),
    Commit(
        252,
        3,
        "Take the spring campaign out: its project is deleted",
        edits=(
            Edit(
                "terraform/3-projects/products.tf",
                _CATALOG + '    campaign   = ["spring"]\n',
                _CATALOG,
            ),
        ),
    ),
    Commit(
        289,
        3,
        "Add the login product",
        edits=(Edit("terraform/3-projects/products.tf", _FULFILMENT, _FULFILMENT + _LOGIN),),
    ),
    Commit(
        324,
        7,
        "Review the day the pipeline would not stop",
        ("docs/incident-runaway-pipeline.md",),
        (Edit("policies/labels.yaml", "severity: info", "severity: low"),),
    ),
    Commit(338, 11, "Show the milestones and risks of the programme", ("pmo.yaml",)),
    Commit(351, 8, "Explain budgets and where money is saved", ("docs/cost.md",)),
    Commit(
        361,
        2,
        "Forbid public addresses of databases in the whole organisation",
        edits=(Edit("terraform/1-organisation/policies.tf", _KEYS, _KEYS + '    "sql.restrictPublicIp",\n'),),
    ),
)
