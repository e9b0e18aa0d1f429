"""Events of the sample: those of the last two days, and those that keep arriving while the portal runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import orjson

from sync_jobs.layers.events.message import Message, from_wire, to_wire
from sync_jobs.sample.messages import message
from sync_jobs.sample.site import Json
from sync_jobs.sample.timeline import Year

RECENT = 1500
RECENT_HOURS = 48
TICK_SECONDS = 4
CATCH_UP_SECONDS = 1800  # after a pause the stream goes on from half an hour ago, not from where it stopped
_ARRIVALS = (0, 1, 2, 3)
_CHANCES = (45, 38, 13, 4)


def write_recent(path: Path, assets: Sequence[Json], year: Year, seed: int) -> int:
    """Write the events of 48 hours, a Pub/Sub message per line, oldest first; the last is a test."""
    rng = Random(f"{seed}:recent")
    times = [year.moment(rng, 363, 365) for _ in range(RECENT // 2)]
    times += [
        year.end - timedelta(hours=RECENT_HOURS * rng.random(), seconds=60)
        for _ in range(RECENT - len(times) - 1)
    ]
    messages = [message(rng, assets, at, f"sample-{n:05d}") for n, at in enumerate(sorted(times))]
    messages.append(Message(b'{"test": "message"}', {}, "sample-test", year.end - timedelta(seconds=30)))
    path.write_bytes(b"".join(orjson.dumps(to_wire(one)) + b"\n" for one in messages))
    return len(messages)


def read_recent(path: Path) -> list[Message]:
    """What `write_recent` wrote."""
    return [from_wire(orjson.loads(line)) for line in path.read_bytes().splitlines()]


def tick_of(now: datetime) -> int:
    """The number of the tick that `now` is in. Ticks are counted since 1970."""
    return int(now.timestamp()) // TICK_SECONDS


def next_events(
    assets: Sequence[Json], after_tick: int, now: datetime, seed: int
) -> tuple[list[Message], int]:
    """What arrived in the ticks after `after_tick`, up to the last whole one; and the number of that one.

    Each tick brings 0 to 3 messages. They depend on seed, assets and tick only: asked again, they come again.
    """
    last = tick_of(now) - 1
    first = max(after_tick + 1, last - CATCH_UP_SECONDS // TICK_SECONDS)
    found: list[Message] = []
    for tick in range(first, last + 1):
        rng = Random(f"{seed}:tick:{tick}")
        start = datetime.fromtimestamp(tick * TICK_SECONDS, UTC)
        for number in range(rng.choices(_ARRIVALS, _CHANCES)[0]):
            at = start + timedelta(seconds=TICK_SECONDS * rng.random())
            found.append(message(rng, assets, at, f"sample-{tick}-{number}"))
    return found, max(last, after_tick)
