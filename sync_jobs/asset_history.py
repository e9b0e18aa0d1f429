"""GET /api/v1/assets/history: the versions of one asset, asked of Cloud Asset Inventory when somebody looks.

The portal keeps what it saw at each sync; Google keeps every version of the last 35 days. The call is made with the
portal's own rights, so it needs the operator token, and is made for assets only that the portal knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field

from app.errors import SettingsError
from sync_jobs.api_models import Strict, refused, responses
from sync_jobs.layers.assets.scopes import parse
from sync_jobs.runner import Runner

if TYPE_CHECKING:
    from sync_jobs.layers.assets.api_client import Refusal

PATH = "/api/v1/assets/history"
KEPT = timedelta(days=35)  # by Google
USUAL = timedelta(days=7)
GRACE = timedelta(minutes=5)  # of clocks that differ
CALL_SECONDS = 25.0
Content = Literal["RESOURCE", "IAM_POLICY", "ORG_POLICY", "ACCESS_POLICY"]
_FIELDS = ("resource", "iamPolicy", "orgPolicy", "accessPolicy", "accessLevel", "servicePerimeter")
_PROJECT = re.compile(r"projects/[^/]+")


class Version(Strict):
    """What an asset was from `start` on, until `end` (null: still, or unknown)."""

    start: datetime
    end: datetime | None
    deleted: bool = Field(description="From `start` on it was gone")
    content: dict[str, Any] | None = Field(description="As an export file has it; null when gone")
    before: dict[str, Any] | None = Field(description="What Google says it was before, where it says so")


class History(Strict):
    """The versions, oldest first."""

    name: str
    parent: str = Field(description="What was asked: the organisation or project")
    content_type: str
    since: datetime
    until: datetime
    versions: list[Version]


def router(runner: Runner, operator: Callable[..., None]) -> APIRouter:
    """The route. `operator` lets a caller through who bears the token."""
    made = APIRouter(tags=["state"])

    @made.get(
        PATH,
        summary="The versions of one asset in the last weeks",
        response_description="The versions, oldest first; none where nothing is known of that time",
        dependencies=[Depends(operator)],
        responses=responses(401, 403, 404, 409, 422, _404="The asset is not known, here or at Google"),
    )
    def history(
        name: Annotated[
            str,
            Query(
                min_length=3,
                max_length=2000,
                pattern="^//",
                description="Full resource name of an asset of the inventory",
                examples=["//compute.googleapis.com/projects/p/zones/z/instances/i"],
            ),
        ],
        since: Annotated[
            AwareDatetime | None,
            Query(
                alias="from", description="Start, with time zone; at most 35 days ago. Default: 7 days ago"
            ),
        ] = None,
        until: Annotated[
            AwareDatetime | None, Query(alias="to", description="End, with time zone. Default: now")
        ] = None,
        content: Annotated[Content, Query(description="What of it")] = "RESOURCE",
    ) -> History:
        """Every version that Cloud Asset Inventory knows. 403 says which role the portal lacks."""
        start, end = _window(since, until)
        parent = _parent(runner, name)
        return _asked(runner, name, parent, content, (start, end))

    return made


def _window(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    end = min(until.astimezone(UTC), now) if until else now
    start = since.astimezone(UTC) if since else max(end - USUAL, now - KEPT)
    if start < now - KEPT - GRACE:
        raise refused(
            422,
            f"`from` is {start:%Y-%m-%d %H:%M} UTC: Cloud Asset Inventory keeps the last {KEPT.days} days only.",
            f"Ask from {now - KEPT:%Y-%m-%dT%H:%M:%SZ} on. What the portal saw itself is kept longer.",
        )
    if start >= end:
        raise refused(422, "`from` is not before `to`.", "Give a time that has passed, before `to`.")
    return max(start, now - KEPT + timedelta(seconds=30)), end


def _parent(runner: Runner, name: str) -> str:
    """The scope of the settings that holds the asset; below a folder its project, which is all the API takes."""
    from app import queries, sql_files

    scopes = parse(runner.settings.gcp_scope or "")
    if not scopes:
        raise SettingsError(
            "No scope of the Cloud Asset API is set, so Google cannot be asked.",
            "Set PORTAL_GCP_SCOPE; until then the history is what the portal saw itself.",
        )
    since = (datetime.now(UTC) - KEPT).date()
    question = sql_files.get("api/asset_history/place")
    rows = queries.engine("local").query(question, {"name": name, "since": since}).to_pylist()
    if not rows:
        raise refused(404, "No asset of this name is known.", "Names are those of the table assets.")
    above, project = list(rows[0]["ancestors"] or []), rows[0]["project_id"]
    own = [*above, f"projects/{project}"] if project else above
    for scope in scopes:
        if scope in own and not scope.startswith("folders/"):
            return str(scope)
    found = next((one for one in own if _PROJECT.fullmatch(one)), None)
    if found is None or not set(scopes) & set(own):
        raise SettingsError(
            "The asset is in none of the scopes that Google can be asked for: an organisation, or its project.",
            "Name the organisation or the project in PORTAL_GCP_SCOPE.",
        )
    return str(found)


def _asked(
    runner: Runner, name: str, parent: str, content: str, window: tuple[datetime, datetime]
) -> History:
    from google.cloud.asset_v1 import BatchGetAssetsHistoryRequest, BatchGetAssetsHistoryResponse

    from sync_jobs.layers.assets.api_client import connect, refusal

    request = BatchGetAssetsHistoryRequest(
        parent=parent,
        asset_names=[name],
        content_type=content,
        read_time_window={"start_time": window[0], "end_time": window[1]},
    )
    client = connect(runner.settings)
    try:
        answer = client.batch_get_assets_history(request=request, timeout=CALL_SECONDS)
    except Exception as error:  # noqa: BLE001  what is no answer of the API is raised again by refusal()
        raise _refused(refusal(error, parent)) from None
    finally:
        client.transport.close()
    found = [_version(one) for one in BatchGetAssetsHistoryResponse.pb(answer).assets]
    return History(
        name=name,
        parent=parent,
        content_type=content,
        since=window[0],
        until=window[1],
        versions=sorted(found, key=lambda one: one.start),
    )


def _refused(found: Refusal) -> Exception:
    if found.code in ("PERMISSION_DENIED", "UNAUTHENTICATED"):
        return refused(403, found.message, found.hint)
    if found.code == "NOT_FOUND":
        return refused(404, found.message, "Google knows no asset of this name in that time.")
    return found.error


def _version(one: Any) -> Version:
    return Version(
        start=one.window.start_time.ToDatetime(UTC),
        end=one.window.end_time.ToDatetime(UTC) if one.window.HasField("end_time") else None,
        deleted=one.deleted,
        content=None if one.deleted else _content(one.asset),
        before=_content(one.prior_asset) if one.HasField("prior_asset") else None,
    )


def _content(asset: Any) -> dict[str, Any]:
    from sync_jobs.layers.assets import protobuf

    whole = orjson.loads(protobuf.line(asset))
    return {field: whole[field] for field in _FIELDS if field in whole}
