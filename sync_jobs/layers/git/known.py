"""What the last sync knew, as it stands in the home: so that one without news reads and writes nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import orjson

from sync_jobs.store.cache import Cache

KEY = "git_state"
VERSION = 1  # raise it when the rows come out differently: every home then reads its repository anew


@dataclass(frozen=True)
class Known:
    """`head` as synced; `terms` a digest of the address and the settings it was synced under.

    `refused` are sentences about what was refused, `large` the object ids that were left out for their size.
    """

    head: str
    branch: str
    terms: str
    history: bool
    counts: dict[str, int]
    refused: list[str] = field(default_factory=list)
    large: list[str] = field(default_factory=list)


def load(cache: Cache) -> Known | None:
    """What is published, or None. None also where tables and files are not of the same sync."""
    text = cache.state.info(KEY)
    if text is None:
        return None
    try:
        known = Known(**orjson.loads(text))
    except (orjson.JSONDecodeError, TypeError):
        return None
    one = cache.state.rows("SELECT commit_sha FROM git_files LIMIT 1")
    count = cache.state.rows("SELECT COUNT(*) AS n FROM git_files")[0]["n"]
    same = all(row["commit_sha"] == known.head for row in one) and count == known.counts["files"]
    return known if same and cache.manifest().info.get(KEY) == known.head else None


def save(cache: Cache, known: Known) -> None:
    """Record it, inside the transaction that publishes the tables."""
    cache.state.set_info(KEY, orjson.dumps(known).decode())


def terms_of(*values: object) -> str:
    """A digest of everything that decides how a commit is synced."""
    return hashlib.sha256(orjson.dumps([VERSION, *values], default=str)).hexdigest()
