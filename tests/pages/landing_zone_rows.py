"""Rows of a small repository and its comparison with the cloud, for the tests of both pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.search_terms import terms
from tests.pages.conftest import NOW, TODAY, VM, World

PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89"
    b"\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82"
)
GUIDE = """---
secret: front matter
---
# Guide to *networks*

See [the stages](../README.md#stages), [this part](#far-below), [the web](https://lz.example/x) and [gone](missing.md).
A line: [vpc](../terraform/vpc.tf#L2).

![a map](map.png) ![elsewhere](https://evil.test/pixel.png) ![lost](lost.png)

<script>alert("run")</script>
Dear <b>reader</b>, :red[not red] $x$ :material/bolt: <project-id>

```hcl
resource "google_compute_network" "a" {}
```

## Far below

The end of the subnet guide.
"""
README = "# Stages\n\nA landing zone in stages.\n\n## Stages\n\nNetworks first.\n"
PMO = "owner: platform\nmilestones:\n  - {id: M1, title: Networks}\n  - {id: M2, title: Budget, note: late}\n"
BROKEN = "a: [1\nb: 2\n"
VPC = 'resource "google_compute_network" "a" {\n  name = "shared"\n}\n'
FILES: dict[str, tuple[str, str]] = {
    "README.md": ("doc", README),
    "docs/guide.md": ("doc", GUIDE),
    "pmo.yaml": ("config", PMO),
    "policies/broken.yaml": ("policy", BROKEN),
    "terraform/vpc.tf": ("terraform", VPC),
}


def fill(world: World) -> None:
    """Files, pictures, the index, three commits and their states."""
    for path, (kind, text) in FILES.items():
        file(world, path, kind, text)
    file(world, "docs/legacy.md", "doc", None, status="refused", reason="The text is not UTF-8.")
    file(world, "scripts/x.sh", "other", None, status="not_mapped")
    world.add(
        "git_images",
        path="docs/map.png",
        media_type="image/png",
        size_bytes=len(PNG),
        content=PNG,
        run_id="r",
    )
    history(world)


def file(world: World, path: str, kind: str, text: str | None, **more: Any) -> None:
    """One file of the synced commit, and its words."""
    title = text.split("# ", 1)[1].split("\n", 1)[0] if text and kind == "doc" else None
    world.add(
        "git_files",
        **{
            "path": path,
            "kind": kind,
            "size_bytes": len(text or ""),
            "blob_sha": f"blob-{path}",
            "title": title,
            "text": text,
            "target": f"docs/lz-reference/{path}",
            "status": "synced",
            "commit_sha": "c" * 40,
            "run_id": "r",
            **more,
        },
    )
    for word in sorted(set(terms(text or ""))):
        world.add(
            "git_terms",
            term=word,
            path=path,
            weight=2.0 if word in (title or "").lower() else 1.0,
            run_id="r",
        )


def history(world: World) -> None:
    """Three states: the guide was made, then changed and the rules renamed."""
    for position, (sha, author, message, files) in enumerate(
        (
            ("a" * 40, "Ada Finch", "Begin\n\nThe reason.", ["README.md", "policies/old.yaml"]),
            ("b" * 40, "Bo Wren", "Write the guide", ["docs/guide.md"]),
            ("c" * 40, "Ada Finch", "Rename :red[rules] <b>x</b>", ["docs/guide.md", "policies/broken.yaml"]),
        )
    ):
        world.add(
            "git_commits",
            commit_sha=sha,
            position=position,
            parents=[],
            committed_at=NOW - timedelta(days=3 - position),
            author=author,
            message=message,
            files_changed=files,
            branch="main",
            run_id="r",
        )
    for path, kind, first, until, blob, text in (
        ("README.md", "doc", 0, None, "r1", README),
        ("policies/old.yaml", "policy", 0, 2, "p1", BROKEN),
        ("policies/broken.yaml", "policy", 2, None, "p1", BROKEN),
        ("docs/guide.md", "doc", 1, 2, "g1", GUIDE.replace("The end of", "An end to")),
        ("docs/guide.md", "doc", 2, None, "g2", GUIDE),
    ):
        world.add(
            "git_versions",
            path=path,
            kind=kind,
            from_position=first,
            until_position=until,
            from_commit="x",
            blob_sha=blob,
            size_bytes=len(text),
            text=text,
            run_id="r",
        )


ADDRESS = "google_compute_instance.web"


def fill_drift(world: World) -> None:
    """Two of everything but missing, and two counted days."""
    common = {"detected_at": NOW, "run_id": "r", "project_id": "shop-prod"}
    kind = "compute.googleapis.com/Instance"
    world.add(
        "drift",
        **common,
        drift_id=ADDRESS,
        status="changed",
        address=ADDRESS,
        resource_type="google_compute_instance",
        asset_name=VM,
        asset_type=kind,
        path="terraform/vpc.tf",
        line=2,
        differences='[{"attribute":"machine_type","declared":"e2-small","actual":"n2-large"},{"attribute":"labels","declared":null,"actual":{"env":"prod"}}]',
        actor="ada@lz.test",
        changed_at=NOW - timedelta(hours=3),
    )
    world.add(
        "declared_resources",
        address=ADDRESS,
        resource_type="google_compute_instance",
        path="terraform/vpc.tf",
        resolution="resolved",
        origin="hcl",
        commit_sha="c",
        run_id="r",
    )
    for at in range(2):
        for status in ("managed", "unmanaged", "unknown"):
            name = f"//compute.test/{status}-{at}"
            world.add(
                "drift",
                **common,
                drift_id=name,
                status=status,
                address=None if status == "unmanaged" else f"google_x.{status}[{at}]",
                asset_name=name if status != "unknown" else None,
                asset_type=kind,
                reason="count is not known" if status == "unknown" else None,
            )
    for age in range(2):
        world.add(
            "drift_daily",
            date=TODAY - timedelta(days=age),
            project_id="shop-prod",
            asset_type=kind,
            managed=2,
            changed=1,
            missing=0,
            unmanaged=2 + age,
            unknown=2,
            run_id="r",
        )
