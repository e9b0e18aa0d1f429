"""Counts of this process for Prometheus, of what is not worth a row: they begin at nothing with the process."""

from __future__ import annotations

import threading
from collections import Counter


class Tally:
    """Counts by one label. Safe to use from several threads."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, label: str, count: int = 1) -> None:
        """So many more."""
        with self._lock:
            self._counts[label] += count

    def items(self) -> list[tuple[str, int]]:
        """Label and count, by label."""
        with self._lock:
            return sorted(self._counts.items())


refused_deliveries = Tally()
slack_messages = Tally()
applied_events = Tally()
streamed_messages = Tally()
websocket_messages = Tally()
alert_messages = Tally()
