"""One sync from what was read to what is shown: folders and tables, exchanged together.

A first sync shows the files as soon as they are here; the commits before, their versions and the search come a moment
later, in the same run. Every further sync shows all of it at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.errors import PortalError
from sync_jobs.layers.base import Cancelled, Outcome, RunContext
from sync_jobs.layers.git import exchange, history, tables
from sync_jobs.layers.git.extract import Past, Request, Snapshot, read_past
from sync_jobs.layers.git.known import Known
from sync_jobs.layers.git.normalise import Rows
from sync_jobs.layers.git.plan import NOT_MAPPED, REFUSED, SYNCED
from sync_jobs.layers.git.publish import Change, Item, Publication
from sync_jobs.layers.git.tables import Tables

ERRORS_TOLD = 100
HINT = "Everything else was synced. The table git_files lists each of them with its reason."


@dataclass(frozen=True)
class Extracted:
    """A snapshot, how it was asked for, and when the run began (monotonic seconds)."""

    snapshot: Snapshot
    request: Request
    publication: Publication
    before: Known | None
    began: float


class Sync:
    """Publishes one snapshot."""

    def __init__(self, extracted: Extracted, rows: Rows, ctx: RunContext) -> None:
        self._snapshot = extracted.snapshot
        self._request = extracted.request
        self._publication = extracted.publication
        self._before = extracted.before
        self._began = extracted.began
        self._rows = rows
        self._ctx = ctx
        self._errors: list[str] = []
        self._details: dict[str, Any] = {}

    def run(self) -> Outcome:
        """Publish. Raises LeaseLost, Permanent for a full disk; then nothing was exchanged."""
        past = self._snapshot.past
        mirror, head = self._snapshot.mirror, self._snapshot.head
        with self._publication.held():
            change = self._staged()
            if past is None:
                alone = Past(history.only(mirror, head), complete=False)
                made = tables.first(self._rows, alone, self._ctx.run_id)
            else:
                made = self._everything(past)
            self._publish(made, change, complete=past is not None)
        if past is None:
            self._details["published_seconds"] = round(time.monotonic() - self._began, 3)
            self._follow_up()
        return self._outcome(change)

    # -- the two publications --------------------------------------------------------------------------

    def _follow_up(self) -> None:
        """The rest of a first sync. A failure leaves the files as they are; the next run goes on from there."""
        self._ctx.check()
        try:
            past = read_past(self._request, self._snapshot.mirror, self._snapshot.head, self._snapshot.branch)
            made = self._everything(past)
            with self._publication.held():
                self._publish(made, Change(), complete=True)
        except Cancelled:
            raise
        except PortalError as error:
            self._errors.append(f"The history could not be fetched yet: {error.message}")

    def _everything(self, past: Past) -> Tables:
        made = tables.everything(self._rows, past, self._ctx)
        self._details |= made.details
        return made

    def _publish(self, made: Tables, change: Change, *, complete: bool) -> None:
        ctx, name = self._ctx, f"{self._ctx.attempt}-{'all' if complete else 'first'}"
        files = tables.write(made, ctx, name)
        self._errors += made.errors
        ctx.check()
        state = ctx.cache.state
        current = self._known(complete)
        with self._publication.exchanging(change) as exchange_all, state.transaction(durable=True):
            state.check(ctx.lease)
            exchange_all()
            tables.publish(made, files, current, ctx)

    def _known(self, complete: bool) -> Known:
        files, sizes = self._snapshot.files, self._snapshot.sizes
        large = sorted(
            {one.oid for one in files if one.oid not in sizes and (one.is_read or one.status == REFUSED)}
        )
        refused = told(self._rows.refused)
        head, branch = self._snapshot.head, self._snapshot.branch
        return Known(head, branch, self._request.terms, complete, self._counts(), refused, large)

    # -- the files -------------------------------------------------------------------------------------

    def _staged(self) -> Change:
        snapshot = self._snapshot
        items = [
            Item(one.target, one.oid, snapshot.sizes[one.oid])
            for one in snapshot.files
            if one.status == SYNCED and one.target
        ]
        with exchange.explained(self._publication.root):
            return self._publication.stage(items, self._read, self._metadata)

    def _read(self, sizes: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
        """Contents by id: from memory, the large ones from the mirror."""
        held = self._snapshot.contents
        yield from ((oid, held[oid]) for oid in sizes if oid in held)
        yield from self._snapshot.mirror.contents(
            {oid: size for oid, size in sizes.items() if oid not in held}
        )

    def _metadata(self, change: Change) -> dict[str, object]:
        return {
            "last_sync": datetime.now(UTC).isoformat(timespec="seconds"),
            "source": self._snapshot.source,
            "branch": self._snapshot.branch,
            "commit": self._snapshot.head,
            "sync_layers": ["webhook", "git"] if self._ctx.trigger == "webhook" else ["git"],
            "files_synced": self._counts()["files_synced"],
            "added": change.added,
            "changed": change.changed,
            "deleted": change.deleted,
            "duration": round(time.monotonic() - self._began, 3),
        }

    # -- what is told ----------------------------------------------------------------------------------

    def _counts(self) -> dict[str, int]:
        kinds = [one.status for one in self._snapshot.files]
        return {
            "files": len(kinds),
            "files_synced": kinds.count(SYNCED),
            "refused": kinds.count(REFUSED),
            "not_mapped": kinds.count(NOT_MAPPED),
        }

    def _outcome(self, change: Change) -> Outcome:
        counts = self._counts()
        return Outcome(
            items_synced=counts["files_synced"],
            items_failed=counts["refused"],
            errors=[*told(self._rows.refused), *self._errors],
            hint=HINT if counts["refused"] else "",
            details={
                **_common(self._snapshot, self._publication),
                "previous_commit": self._before.head if self._before else None,
                **counts,
                "added": change.added,
                "changed": change.changed,
                "deleted": change.deleted,
                **self._details,
            },
            source=self._snapshot.source,
        )


def unchanged(extracted: Extracted, before: Known) -> Outcome:
    """The outcome of a run without news. What was refused is still not there, so it is told again."""
    return Outcome(
        items_synced=before.counts["files_synced"],
        items_failed=before.counts["refused"],
        errors=before.refused,
        hint=HINT if before.refused else "",
        details={
            **_common(extracted.snapshot, extracted.publication),
            "previous_commit": before.head,
            **before.counts,
            **dict.fromkeys(("added", "changed", "deleted"), 0),
            "unchanged": True,
        },
        source=extracted.snapshot.source,
        changed=False,
    )


def told(sentences: list[str]) -> list[str]:
    """The first of many sentences, and how many more there are."""
    more = len(sentences) - ERRORS_TOLD
    return (
        sentences if more <= 0 else [*sentences[:ERRORS_TOLD], f"And {more} more; see the table git_files."]
    )


def _common(snapshot: Snapshot, publication: Publication) -> dict[str, object]:
    return {
        "commit": snapshot.head,
        "branch": snapshot.branch,
        "publish_root": str(publication.root),
    }
