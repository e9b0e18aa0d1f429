"""What a run could not read: in its row, and beside the state for every page built on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import duckdb
import orjson

from sync_jobs.layers.assets.files import Prepared
from sync_jobs.layers.assets.literals import parquet
from sync_jobs.layers.base import Outcome, RunContext

if TYPE_CHECKING:
    from sync_jobs.layers.assets.api import Found

MISSED = "assets_missed"


def info(ctx: RunContext, found: Found | None) -> dict[str, str]:
    """The fact `assets_missed` of the manifest: a list of {scope, content, reason, hint, since}, empty when all was seen.

    `since` is the read time of the last state that was whole there. A file says nothing about the API's scopes.
    """
    if found is None:
        return {}
    before = ctx.cache.manifest().info
    known = {(row["scope"], row["content"]): row["since"] for row in missed(before.get(MISSED))}
    last = before.get("assets_as_of")
    rows = [
        {
            "scope": stream.scope,
            "content": stream.content,
            "reason": refusal.message,
            "hint": refusal.hint,
            "since": known.get((stream.scope, stream.content), last),
        }
        for stream, refusal in found.refusals
    ]
    return {MISSED: orjson.dumps(rows).decode()}


def missed(text: str | None) -> list[dict[str, str]]:
    """The rows of `assets_missed`."""
    rows: list[dict[str, str]] = orjson.loads(text) if text else []
    return rows


def tell(outcome: Outcome, found: Found) -> None:
    """Put what was missed, and why, into the outcome of the run."""
    outcome.missed.extend(found.missed)
    for _, refusal in found.refusals:
        if refusal.message not in outcome.errors:
            outcome.errors.append(refusal.message)
    hints = list(dict.fromkeys(refusal.hint for _, refusal in found.refusals if refusal.hint))
    if hints:
        outcome.hint = " ".join([*hints[:3], "What was not seen keeps its last known state."])
    outcome.details["api"] = found.details


def tell_of_files(outcome: Outcome, files: Sequence[Prepared]) -> None:
    """The faults of files, each with the first record that could not be read."""
    for file in files:
        if file.cut_off:
            outcome.errors.append(file.cut_off)
    for file in files:
        if file.faults:
            first: dict[str, Any] = file.faults[0]
            outcome.errors.append(
                f"{file.given}: {len(file.faults)} records could not be read; the first,"
                f" {first['position']}: {first['reason']}"
            )
        elif file.empty:
            outcome.errors.append(f"{file.given} is empty: it holds no asset.")
    if outcome.items_failed:
        outcome.hint = "They are kept in dead_letters with their bytes. Mend the export and import it again."
    elif outcome.errors:
        outcome.hint = "Nothing was removed because of it. Export again and import the new file."


def total(files: list[str]) -> int:
    """How many assets a state has."""
    if not files:
        return 0
    with duckdb.connect() as connection:
        return int(connection.sql(f"SELECT count(*) FROM {parquet(files)}").fetchall()[0][0])
