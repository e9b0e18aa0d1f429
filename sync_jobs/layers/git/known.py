"""What the last sync knew, as it stands in the home: so that one without news reads and writes nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import orjson

from sync_jobs.store.cache import Cache

KEY = "git_state"
VERSION = 1  # raise it when the rows come out differently: every home then reads its repository anew


@dataclass(frozen=True)
class Known:
    """`head` as synced; `terms` a digest of the address and the settings it was synced under."""

    head: str
    branch: str
    terms: str
    history: bool
    counts: dict[str, int]


def load(cache: Cache) -> Known | None:
    """What is published, or None. None also where tables and files are not of the same sync."""
    text = cache.state.info(KEY)
    if text is None:
        return None
    try:
        known = Known(**orjson.loads(text))
    except (orjson.JSONDecodeError, TypeError):
        return None
    rows = cache.state.rows("SELECT DISTINCT commit_sha FROM git_files")
    heads = {row["commit_sha"] for row in rows} | {cache.manifest().info.get(KEY, known.head)}
    return known if heads == {known.head} else None


def save(cache: Cache, known: Known) -> None:
    """Record it, inside the transaction that publishes the tables."""
    cache.state.set_info(KEY, orjson.dumps(known).decode())


def terms_of(*values: object) -> str:
    """A digest of everything that decides how a commit is synced."""
    return hashlib.sha256(orjson.dumps([VERSION, *values], default=str)).hexdigest()
