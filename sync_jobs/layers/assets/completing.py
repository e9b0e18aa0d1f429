"""What a snapshot did not look at keeps what was known before: not looked at is not removed."""

from __future__ import annotations

from pathlib import Path

from sync_jobs.layers.assets.literals import parquet
from sync_jobs.layers.assets.normalise import CONTENT, content_hash
from sync_jobs.layers.assets.scopes import Coverage
from sync_jobs.layers.assets.snapshot import Work, any_row, count, files, state

_DESCRIBED = ("location", "labels", "state", "create_time", "display_name")  # taken from the resource


def completed(work: Work, staged: Path) -> Path:
    """Content types that this snapshot did not bring keep what was known: not looked at is not removed."""
    if not work.old:
        return staged
    if work.coverage is not None:
        return _covered(work, staged, work.coverage)
    new, old = parquet(files(staged)), work.previous()
    absent = [
        c
        for c in CONTENT
        if not any_row(work, new, f"{c} IS NOT NULL") and any_row(work, old, f"{c} IS NOT NULL")
    ]
    if not absent:
        return staged
    light = _DESCRIBED if "resource" in absent else ()
    kept = ", ".join(f"o.{c} AS {c}" for c in absent)
    described = "".join(f", coalesce(o.{c}, n.{c}) AS {c}" for c in light)
    return state(
        work,
        f"SELECT * REPLACE ({content_hash()} AS content_hash) FROM (SELECT n.* REPLACE ({kept}{described})"
        f" FROM {parquet(files(staged))} n LEFT JOIN {work.previous()} o ON o.name = n.name)",
        "completed",
        count(work, staged),
    )


def _covered(work: Work, staged: Path, coverage: Coverage) -> Path:
    """The same for the API, which says per content type and scope what it looked at."""
    new, old = parquet(files(staged)), work.previous()
    partly = [c for c in CONTENT if not coverage.complete(c) and any_row(work, old, f"{c} IS NOT NULL")]
    if not partly:
        return staged
    kept = [f"CASE WHEN {coverage.covers(c, 'n')} THEN n.{c} ELSE {_both(c)} END AS {c}" for c in partly]
    if "resource" in partly:
        kept += [
            f"CASE WHEN n.resource IS NULL THEN coalesce(o.{c}, n.{c}) ELSE n.{c} END AS {c}"
            for c in _DESCRIBED
        ]
    return state(
        work,
        f"SELECT * REPLACE ({content_hash()} AS content_hash) FROM ("
        f"SELECT n.* REPLACE ({', '.join(kept)}) FROM {new} n LEFT JOIN {old} o ON o.name = n.name)",
        "completed",
        count(work, staged),
    )


def _both(column: str) -> str:
    """What is known of a column that was not seen whole. Of related assets, those of before and those that came."""
    if column != "related_assets":
        return f"coalesce(n.{column}, o.{column})"
    lists = ", ".join(f"coalesce(CAST({side}.{column} AS JSON[]), [])" for side in ("o", "n"))
    return (
        f"CASE WHEN coalesce(o.{column}, n.{column}) IS NOT NULL"
        f" THEN to_json(list_sort(list_distinct(list_concat({lists})))) END"
    )
