"""What is being built in one project: assets with their lives, from which base and history are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zlib import crc32

from sync_jobs.sample.organisation import Project
from sync_jobs.sample.timeline import DAYS, Year

Json = dict[str, Any]
Edit = Callable[[Json], Json]
"""Takes an asset, returns a changed copy; never changes what it is given."""


@dataclass(frozen=True)
class Kind:
    """A Cloud Asset type: its service's host, API version and name in the discovery document."""

    asset_type: str
    host: str
    version: str
    discovery: str
    discovery_name: str


def kind(asset_type: str, version: str = "v1", discovery_name: str = "", host: str = "") -> Kind:
    """A kind with the usual discovery document. `host` where names do not start like the type."""
    service, _, last = asset_type.partition("/")
    api = service.partition(".")[0]
    uri = f"https://{service}/$discovery/rest?version={version}"
    if api in {"compute", "bigquery", "dns", "storage", "sqladmin"}:
        uri = f"https://www.googleapis.com/discovery/v1/apis/{api}/{version}/rest"
    return Kind(asset_type, host or service, version, uri, discovery_name or last)


@dataclass(slots=True)
class Life:
    """One asset from its creation to its end. `edits` are sorted by time before they are written."""

    asset: Json
    born: datetime
    died: datetime | None = None
    edits: list[tuple[datetime, Edit]] = field(default_factory=list)

    @property
    def asset_type(self) -> str:
        return str(self.asset["assetType"])

    @property
    def data(self) -> Json:
        found: Json = self.asset["resource"]["data"]
        return found


@dataclass(slots=True)
class Site:
    """A project under construction. Builders call `spans` for lives and `add` for each asset."""

    project: Project
    year: Year
    rng: Random
    lives: list[Life] = field(default_factory=list)
    _id: int = 0

    @property
    def parent(self) -> str:
        return f"//cloudresourcemanager.googleapis.com/projects/{self.project.number}"

    def next_id(self) -> str:
        """A number such as Compute Engine gives its resources, unique in the sample."""
        self._id += 1
        return str(int(self.project.number) % 1000 * 10**15 + self._id * 7_919_993 + 10**18)

    def scaled(self, count: float) -> int:
        """So many, times the size of the project; at least one."""
        return max(1, round(count * self.project.size))

    def labels(self, **more: str) -> dict[str, str]:
        """The project's labels; some resources were never labelled, some only in part."""
        luck = self.rng.random()
        if luck < 0.06 or (self.project.env == "sandbox" and luck < 0.55):
            return {}
        labels = dict(self.project.labels, **more)
        if luck > 0.93:
            labels.pop("cost-center")
        return labels

    def spans(self, count: int, growth: float, churn: float) -> Iterator[tuple[datetime, datetime | None]]:
        """(born, died) for `count` that live today, and for churn * count that ended within the year.

        `growth` is the share of those alive that were made within the year.
        """
        made, gone = self.project.made, self.project.gone
        last = float(gone) if gone is not None else float(DAYS)
        first = max(float(made), 0.0)
        for _ in range(count):
            old = made < 0 and self.rng.random() >= growth
            born = self.year.before(self.rng, made) if old else self._fresh(first, last)
            yield born, None
        for _ in range(int(count * churn + self.rng.random())):
            old = made < 0 and self.rng.random() < 0.5
            born = self.year.before(self.rng, made) if old else self._fresh(first, last - 3)
            low = max(self.year.number(born), 0.0) + 1.0
            yield born, self.year.moment(self.rng, low, max(last, low + 1)) if low < last - 1 else None

    def _fresh(self, first: float, last: float) -> datetime:
        """Projects made within the year fill up in their first two months, mostly."""
        if self.project.made >= 0 and self.rng.random() < 0.7:
            last = min(last, first + 60)
        return self.year.moment(self.rng, first + 0.05, last)

    def add(
        self,
        of: Kind,
        path: str,
        location: str,
        data: Json,
        span: tuple[datetime, datetime | None],
        *,
        parent: str = "",
        iam: list[Json] | None = None,
    ) -> Life:
        """One asset. `path` is what follows the host in its full resource name."""
        ancestors, parent = self.project.ancestors, parent or self.parent
        asset = make_asset(of, path, data, parent=parent, ancestors=ancestors, location=location, iam=iam)
        life = Life(asset, span[0], span[1])
        self.lives.append(life)
        return life


def make_asset(
    of: Kind,
    path: str,
    data: Json,
    *,
    parent: str,
    ancestors: list[str],
    location: str = "global",
    iam: list[Json] | None = None,
) -> Json:
    """An asset as Cloud Asset Inventory exports it, without its update time."""
    resource: Json = {
        "version": of.version,
        "discoveryDocumentUri": of.discovery,
        "discoveryName": of.discovery_name,
        "parent": parent,
        "data": data,
    }
    if location:
        resource["location"] = location
    asset: Json = {
        "name": f"//{of.host}/{path}",
        "assetType": of.asset_type,
        "resource": resource,
        "ancestors": ancestors,
    }
    if iam:
        asset["iamPolicy"] = {"version": 1, "etag": f"Bw{hash_of(path):010x}=", "bindings": iam}
    return asset


def hash_of(text: str) -> int:
    """A small hash that is the same in every process."""
    return crc32(text.encode())


def binding(role: str, *members: str) -> Json:
    """One binding of an IAM policy."""
    return {"role": role, "members": list(members)}


def later(moment: datetime, **delta: float) -> datetime:
    """`moment` plus so many days, hours, seconds."""
    return moment + timedelta(**delta)
