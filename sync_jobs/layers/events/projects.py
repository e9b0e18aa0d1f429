"""Project ids for messages that tell a project's number only: looked up in the assets known."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any

import structlog

from app.errors import PortalError
from app.settings import Settings

KEPT_SECONDS = 300.0  # between two looks for a number that is not known

log = structlog.get_logger("sync_jobs.events")


class ProjectNumbers:
    """Number to id, read when a number first needs it and again for one that is still missing."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._home: object = None
        self._looked = 0.0
        self._lock = threading.Lock()

    def put(self, rows: Iterable[dict[str, Any]], settings: Settings) -> None:
        """Replace numbers by ids in `project_id` of the rows. A number without an id stays."""
        numbered = [row for row in rows if (row["project_id"] or "").isdigit()]
        if not numbered:
            return
        with self._lock:
            if self._home != settings.home:
                self._home, self._known, self._looked = settings.home, {}, 0.0
            missing = any(row["project_id"] not in self._known for row in numbered)
            if missing and (not self._looked or time.monotonic() - self._looked > KEPT_SECONDS):
                self._known, self._looked = self._read(settings), time.monotonic()
            for row in numbered:
                row["project_id"] = self._known.get(row["project_id"], row["project_id"])

    def _read(self, settings: Settings) -> dict[str, str]:
        from app import sql_files
        from app.engines.local import LocalEngine

        engine = LocalEngine(settings)
        try:
            rows = engine.query(sql_files.get("metrics/project_numbers"), {}).to_pylist()
        except PortalError as error:  # an event with a number is better than none
            log.warning("project_numbers_not_read", error=str(error))
            return self._known
        finally:
            engine.close()
        return {row["project_number"]: row["project_id"] for row in rows}
