"""One stream of the API sync: all pages of one content type of one scope, into one file as an export has it.

While a page is turned into JSON the next one is already on its way. Trouble that may pass is waited out within the
stream's budget; a page token that is not valid any more starts this stream again, and no other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from sync_jobs.layers.assets import protobuf
from sync_jobs.layers.assets.api_client import Refusal, refusal
from sync_jobs.layers.assets.api_pace import Pace, Patience, pause
from sync_jobs.layers.assets.records import fault_of
from sync_jobs.layers.assets.scopes import Stream

PAGE_SECONDS = 60.0
MOST_RESTARTS = 3
log = structlog.get_logger("sync_jobs.layers.assets")


@dataclass(frozen=True)
class Terms:
    """What all streams of a run share. `note` is told how many assets a page of a stream brought; it may raise."""

    client: Any
    read_time: datetime
    asset_types: tuple[str, ...]
    page_size: int
    pace: Pace
    patience: Patience
    note: Callable[[Stream, int], None] = lambda stream, assets: None
    failed: threading.Event = field(default_factory=threading.Event)  # some stream ended the run


@dataclass
class Read:
    """What became of a stream. `refusal` says why it is not whole; what it brought until then still counts."""

    stream: Stream
    path: Path
    assets: int = 0
    largest: int = 0
    groups: dict[tuple[tuple[str, ...], str], int] = field(default_factory=dict)
    faults: list[tuple[int, bytes, str]] = field(default_factory=list)  # position, bytes, reason
    refusal: Refusal | None = None
    restarts: int = 0
    calls: int = 0
    waited: float = 0.0  # seconds, for an API that was away or a quota

    @property
    def whole(self) -> bool:
        return self.refusal is None and not self.faults


class _Restart(Exception):
    """The token of the next page is not valid any more."""


def read(stream: Stream, terms: Terms, path: Path) -> Read:
    """Read a stream to its end, or as far as it goes. Raises Cancelled, and what is no answer of the API."""
    found = Read(stream, path)
    while True:
        try:
            with path.open("wb") as out, ThreadPoolExecutor(1, "asset-pages") as fetcher:
                _pages(found, terms, out, fetcher)
        except _Restart:
            if found.restarts >= MOST_RESTARTS:
                text = f"{stream.scope}: the token of the next page expired {MOST_RESTARTS + 1} times."
                found.refusal = Refusal("ABORTED", text, "The next run tries again.")
                return found
            log.warning("asset_stream_restarts", stream=stream.words, after_assets=found.assets)
            terms.note(stream, -found.assets)
            found = Read(stream, path, restarts=found.restarts + 1, calls=found.calls, waited=found.waited)
            continue
        return found


def _pages(found: Read, terms: Terms, out: BinaryIO, fetcher: ThreadPoolExecutor) -> None:
    seen: set[str] = set()
    coming: Future[Any] | None = fetcher.submit(_fetch, found, terms, "")
    while coming is not None:
        page = coming.result()
        if page is None:  # refused; the reason is noted
            return
        coming, token = None, page.next_page_token
        if token in seen:
            text = f"{found.stream.scope}: the API gave the same page a second time."
            found.refusal = Refusal("INTERNAL", text, "The next run tries again.")
        elif token and not terms.failed.is_set():
            seen.add(token)
            coming = fetcher.submit(_fetch, found, terms, token)
        _write(found, page, out)
        terms.note(found.stream, len(page.assets))


def _write(found: Read, page: Any, out: BinaryIO) -> None:
    good = []
    for asset in page.assets:
        line = protobuf.line(asset)
        if asset.name and asset.asset_type:
            good.append(asset)
            found.largest = max(found.largest, len(line))
            out.write(line)
        else:
            reason = fault_of(line) or "Expected an asset with a name and a type."
            found.faults.append((found.assets + len(good), line.rstrip(), reason))
    protobuf.groups_of(good, found.groups)
    found.assets += len(good)


def _fetch(found: Read, terms: Terms, token: str) -> Any:
    """One page as a raw message; None when the API refuses it, or trouble lasts longer than the budget."""
    from google.cloud.asset_v1 import ListAssetsRequest, ListAssetsResponse

    request = ListAssetsRequest(
        parent=found.stream.scope,
        read_time=terms.read_time,
        asset_types=terms.asset_types,
        content_type=found.stream.content,
        page_size=terms.page_size,
        page_token=token,
    )
    for attempt in range(1_000_000):
        terms.pace.take()
        found.calls += 1
        try:
            # Retries are ours: the library does not know a quota error as one, nor a budget over all pages.
            pages = terms.client.list_assets(request=request, retry=None, timeout=PAGE_SECONDS).pages
            return ListAssetsResponse.pb(next(iter(pages)))
        except Exception as error:  # noqa: BLE001  what is no answer of the API is raised again by refusal()
            refused = refusal(error, found.stream.words)
        if token and refused.code == "INVALID_ARGUMENT":
            raise _Restart  # all else of the request was accepted with the first page
        seconds = pause(terms.patience, attempt, refused.wait)
        if not refused.transient or found.waited + seconds > terms.patience.budget or terms.failed.is_set():
            found.refusal = refused
            return None
        log.info("asset_page_waits", stream=found.stream.words, code=refused.code, seconds=round(seconds, 2))
        found.waited += seconds
        if refused.code == "RESOURCE_EXHAUSTED":
            terms.pace.hold(seconds)
        terms.pace.sleep(seconds)
    return None
