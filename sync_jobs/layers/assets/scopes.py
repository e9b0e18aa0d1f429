"""What the API sync reads: the scopes, the content types, and the streams they make together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.settings import Settings

# Content type of the API -> column of `assets`.
COLUMNS = {
    "RESOURCE": "resource",
    "IAM_POLICY": "iam_policy",
    "ORG_POLICY": "org_policy",
    "ACCESS_POLICY": "access_policy",
    "OS_INVENTORY": "os_inventory",
    "RELATIONSHIP": "related_assets",
}


@dataclass(frozen=True)
class Stream:
    """One content type of one scope: the API lists them apart."""

    scope: str
    content: str

    @property
    def words(self) -> str:
        """For people and for `missed`."""
        return f"{self.scope} {self.content}"

    @property
    def slug(self) -> str:
        """For names of files and objects."""
        return f"{self.scope}-{self.content}".replace("/", "-").replace(":", "-").lower()


def parse(text: str) -> tuple[str, ...]:
    """The scopes of the setting, each once, in order."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def streams(settings: Settings) -> list[Stream]:
    """All streams, in the order of the content types of the settings: the longest, resources, begin first.

    Access policies belong to organisations: folders and projects are not asked for them.
    """
    scopes = parse(settings.gcp_scope or "")
    return [
        Stream(scope, content)
        for content in dict.fromkeys(settings.asset_content_types)
        for scope in scopes
        if content != "ACCESS_POLICY" or scope.startswith("organizations/")
    ]


@dataclass(frozen=True)
class Coverage:
    """What a run looked at: column -> scopes whose every asset it has seen. `types` limits it to asset types (regular
    expressions, all when empty). What is not covered keeps its last known value; nothing is gone because of it.
    """

    seen: dict[str, frozenset[str]]
    scopes: tuple[str, ...]
    types: tuple[str, ...] = ()

    def complete(self, column: str) -> bool:
        """Whether the column was seen in every scope."""
        return self.seen.get(column, frozenset()) >= set(self.scopes)

    def covers(self, column: str, row: str) -> str:
        """SQL: whether the content `column` of the asset in relation `row` was looked at."""
        return f"({under(sorted(self.seen.get(column, frozenset())), row)} AND {self._typed(row)})"

    def told(self, row: str, columns: Sequence[str]) -> str:
        """SQL: whether this run would have listed the asset in `row`, a row of the state before, if it still existed.

        An asset with a resource is among the resources. One without, which only had policies, is gone when none of the
        streams that brought it has it any more.
        """
        others = " AND ".join(
            f"({row}.{column} IS NULL OR {self.covers(column, row)})"
            for column in columns
            if column != "resource"
        )
        return f"({self.covers('resource', row)} AND ({row}.resource IS NOT NULL OR ({others})))"

    def _typed(self, row: str) -> str:
        if not self.types:
            return "true"
        return (
            "("
            + " OR ".join(
                f"regexp_full_match({row}.asset_type, {_quoted(pattern)})" for pattern in self.types
            )
            + ")"
        )


def under(scopes: Sequence[str], row: str) -> str:
    """SQL: whether the asset in `row` is in one of the scopes. A project is known by its number or its id."""
    if not scopes:
        return "false"
    listed = ", ".join(_quoted(scope) for scope in scopes)
    ids = ", ".join(
        _quoted(scope.removeprefix("projects/")) for scope in scopes if scope.startswith("projects/")
    )
    inside = f"list_has_any(coalesce({row}.ancestors, []), [{listed}]::VARCHAR[])"
    return f"({inside} OR coalesce({row}.project_id IN ({ids}), false))" if ids else inside


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
