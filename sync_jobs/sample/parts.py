"""Cuts the history of the sample year at some days, so that the rules judge states of the past weeks as of then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from sync_jobs.sample.timeline import stamp

# Days before the end. Few: each of them is a run of all rules.
JUDGED = (28, 7)
_WINDOW = re.compile(rb'"window":\{"startTime":"([^"]+)"(,"endTime":"([^"]+)")?\}\}\n$')


def cut(history: Path, end: datetime) -> list[tuple[Path, datetime]]:
    """The records of `history`, in files of their own up to each judged day and up to `end`, each with its instant.

    A record says when its asset ended; in a part that ends before, that is not known yet.
    """
    moments = [*(end - timedelta(days=days) for days in JUDGED), end]
    parts = [
        (history.with_name(f"{history.stem}-{number}.ndjson"), at) for number, at in enumerate(moments, 1)
    ]
    with ExitStack() as files, history.open("rb") as lines:
        targets = [files.enter_context(path.open("wb")) for path, _ in parts]
        ends = [stamp(at).encode() for at in moments]
        for number, line in _placed(lines, ends):
            targets[number].write(line)
    return parts


def _placed(lines: Iterator[bytes], ends: list[bytes]) -> Iterator[tuple[int, bytes]]:
    number = 0
    for line in lines:
        found = _WINDOW.search(line)
        if found is None:
            raise ValueError(f"not a record of the sample's history: {line[-200:]!r}")
        while number < len(ends) - 1 and found[1] > ends[number]:
            number += 1
        later = bool(found[2]) and found[3] > ends[number]
        yield number, line[: found.start(2)] + line[found.end(2) :] if later else line
