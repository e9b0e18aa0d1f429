"""GET /api/v1/sync/infrastructure-state: the state of the organisation and how it complies, page by page.

Every value comes from a file in sql/api/infrastructure over the local cache. The ETag is of the published state, so a
caller that asks again learns without a query that nothing has changed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Header, Query, Response

from app.errors import Retryable
from app.manifest import PARQUET_TABLES
from sync_jobs.api_models import responses
from sync_jobs.infrastructure_models import InfrastructureState
from sync_jobs.layers.assets.layer import AS_OF, SCOPE
from sync_jobs.layers.assets.reports import MISSED, missed
from sync_jobs.runner import Runner

PATH = "/api/v1/sync/infrastructure-state"
ASSETS = ("projects", "vpcs", "compute_instances", "gke_clusters", "databases", "service_accounts")
Section = Literal[
    "projects", "vpcs", "compute_instances", "gke_clusters", "databases", "service_accounts",
    "compliance_status", "policy_violations",
]  # fmt: skip
SECTIONS: tuple[Section, ...] = (*ASSETS, "compliance_status", "policy_violations")  # type: ignore[assignment, unused-ignore]
FOLLOWED = tuple(
    name for name in ("violations", "policies", "compliance_daily") if name not in PARQUET_TABLES
)
ATTEMPTS = 3
_JSON_COLUMNS = ("labels", "evidence")
_NETWORK = re.compile(r"projects/.+$")
Text = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True)
class Asked:
    """What a caller wants."""

    projects: tuple[str, ...]
    folders: tuple[str, ...]
    locations: tuple[str, ...]
    search: str | None
    sections: tuple[str, ...]
    page: int
    page_size: int

    @property
    def filters(self) -> dict[str, Any]:
        """The parameters that all questions share."""
        return {
            "projects": list(self.projects),
            "folders": list(self.folders),
            "locations": list(self.locations),
            "search": self.search,
        }


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"schema": {"type": "string"}, "description": "Of everything it is made of"}}},
    304: {"description": "The state is the one whose ETag was sent"},
    **responses(422),
}


def router(runner: Runner) -> APIRouter:
    """The endpoint over the home of `runner`."""
    made = APIRouter()

    @made.get(
        PATH,
        tags=["state"],
        summary="The state of the organisation and how it complies",
        response_description="One page of each section that was asked for",
        response_model=InfrastructureState,
        response_model_exclude_unset=True,
        responses=_ANSWERS,
    )
    def infrastructure_state(
        *,
        project: Annotated[list[Text], Query(max_length=500, description="Project ids; repeat it")] = [],  # noqa: B006
        folder: Annotated[
            list[Annotated[str, Query(pattern=r"^folders/[0-9]{1,20}$")]],
            Query(max_length=500, description="folders/NUMBER, with all below; repeat it"),
        ] = [],  # noqa: B006
        location: Annotated[list[Text], Query(max_length=500, description="Locations; repeat it")] = [],  # noqa: B006
        search: Annotated[
            str | None, Query(min_length=1, max_length=200, description="Part of a name")
        ] = None,
        section: Annotated[list[Section], Query(description="Sections wanted; all when none is named")] = [],  # noqa: B006
        page: Annotated[
            int, Query(ge=1, le=1_000_000, description="From 1; each section has its rows of it")
        ] = 1,
        page_size: Annotated[int, Query(ge=1, le=1000, description="Rows per section and page")] = 100,
        if_none_match: Annotated[
            str | None, Header(max_length=2000, description="An ETag: 304 when it is still that state")
        ] = None,
    ) -> Response:
        """Projects, VPCs, instances, clusters, databases and service accounts, with compliance and open findings."""
        wanted = tuple(name for name in SECTIONS if not section or name in section)
        asked = Asked(tuple(project), tuple(folder), tuple(location), search, wanted, page, page_size)
        return respond(runner, asked, if_none_match)

    return made


def respond(runner: Runner, asked: Asked, if_none_match: str | None) -> Response:
    """The answer, or 304. Raises Retryable when the state changes again and again while it is read."""
    for _ in range(ATTEMPTS):
        tag = etag(runner, asked)
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if matches(if_none_match, tag):
            return Response(status_code=304, headers=headers)
        body = answer(runner, asked)
        if etag(runner, asked) == tag:  # else something was published between two questions
            return Response(orjson.dumps(body), media_type="application/json", headers=headers)
    raise Retryable("The state changed while it was read.", "Ask again.")


def etag(runner: Runner, asked: Asked) -> str:
    """A tag of everything the answer is made of."""
    state, manifest = runner.cache.state, runner.cache.manifest()
    sizes = [state.rows(f"SELECT MAX(_rev) AS rev FROM {table}")[0]["rev"] for table in FOLLOWED]  # noqa: S608  our names
    epochs = state.rows("SELECT table_name, epoch FROM table_epochs ORDER BY table_name")
    parts = [
        manifest.generation, manifest.info, sizes, epochs, runner.cache.has_source(), asdict(asked),
        _stale(runner, manifest.info.get(AS_OF)), _version(),
    ]  # fmt: skip
    return f'"{hashlib.sha256(orjson.dumps(parts)).hexdigest()[:32]}"'


def matches(sent: str | None, tag: str) -> bool:
    """Whether If-None-Match names `tag`."""
    if sent is None:
        return False
    given = [part.strip().removeprefix("W/") for part in sent.split(",")]
    return "*" in given or tag in given


def answer(runner: Runner, asked: Asked) -> dict[str, Any]:
    """The body."""
    manifest = runner.cache.manifest()
    gone = missed(manifest.info.get(MISSED))
    paged = {"page_size": asked.page_size, "skip": (asked.page - 1) * asked.page_size}
    unseen = sorted({row["scope"] for row in gone})
    body: dict[str, Any] = {"timestamp": manifest.info.get(AS_OF)}
    for name in asked.sections:
        if name in ASSETS:
            body[name] = _rows(name, **asked.filters, **paged, missed=unseen)
        elif name == "policy_violations":
            body[name] = _rows(name, **asked.filters, **paged)
        else:
            body[name] = compliance(asked)
    if body.get("vpcs"):
        _with_subnets(body["vpcs"])
    totals = _rows("totals", **asked.filters)[0] | _rows("violation_total", **asked.filters)[0]
    longest = max([totals[name] for name in asked.sections if name in totals], default=0)
    body["metadata"] = {
        "source": runner.cache.has_source(),
        "scope": manifest.info.get(SCOPE),
        "stale": _stale(runner, manifest.info.get(AS_OF)),
        "missed": gone,
        "totals": totals,
        "page": asked.page,
        "page_size": asked.page_size,
        "pages": max(1, -(-longest // asked.page_size)),
        "filters": asked.filters,
        "generation": manifest.generation,
        "version": _version(),
    }
    return body


def compliance(asked: Asked) -> dict[str, Any]:
    """What the rules found of the one project or folder asked for, else of all. Not run is unknown, not compliant."""
    dimension, item = "all", ""
    if len(asked.projects) == 1 and not asked.folders:
        dimension, item = "project", asked.projects[0]
    elif len(asked.folders) == 1 and not asked.projects:
        dimension, item = "folder", asked.folders[0]
    rows = {row.pop("severity"): row for row in _rows("compliance", dimension=dimension, item=item)}
    days = {row.pop("date") for row in rows.values()}
    counts = ("passed", "failed", "waived", "unknown")
    every = rows.pop("all", None) or (
        {name: sum(row[name] for row in rows.values()) for name in counts} if rows else None
    )
    status = "unknown"
    if every is not None and every["passed"] + every["failed"] + every["waived"]:
        status = "violations" if every["failed"] else "unknown" if every["unknown"] else "compliant"
    return {
        "status": status,
        "of": item or "all",
        "date": next(iter(days), None),
        "score": every.get("score") if every else None,
        **{name: every[name] if every else None for name in counts},
        "by_severity": rows,
    }


def _with_subnets(vpcs: list[dict[str, Any]]) -> None:
    names = {vpc["name"]: found.group() for vpc in vpcs if (found := _NETWORK.search(vpc["name"]))}
    inside: dict[str, list[dict[str, Any]]] = {}
    for row in _rows("subnetworks", networks=list(names.values())):
        inside.setdefault(row.pop("network"), []).append(row)
    for vpc in vpcs:
        vpc["subnets"] = inside.get(names.get(vpc["name"], ""), [])


def _rows(name: str, **params: object) -> list[dict[str, Any]]:
    """The rows of a question over the local cache: the home is what counts, whatever engine the pages use."""
    from app import queries, sql_files

    question = sql_files.get(f"api/infrastructure/{name}")
    found: list[dict[str, Any]] = queries.engine("local").query(question, params).to_pylist()
    for row in found:
        for column in _JSON_COLUMNS:
            if column in row:
                row[column] = orjson.loads(row[column]) if row[column] else None
        if "labels" in row:
            row["labels"] = row["labels"] or {}
    return found


def _stale(runner: Runner, as_of: str | None) -> bool:
    if as_of is None:
        return True
    age = datetime.now(UTC) - datetime.fromisoformat(as_of)
    return age.total_seconds() > runner.settings.freshness_assets


def _version() -> str:
    return importlib.metadata.version("landing-zone-portal")
