"""An import uses every core for as long as it takes; whoever looks at a page meanwhile goes first."""

from __future__ import annotations

import os
import sys
import threading

import structlog

POLITE = 10  # of 19


def give_way_to_readers() -> None:
    """Lower the priority of this thread, and so of the threads that DuckDB starts from it. Linux only.

    The run's thread ends with the run, so nothing has to be put back.
    """
    if sys.platform != "linux":
        return
    thread = threading.get_native_id()
    try:
        os.setpriority(os.PRIO_PROCESS, thread, max(POLITE, os.getpriority(os.PRIO_PROCESS, thread)))
    except OSError as error:  # a sandbox may forbid it; the import is the same without
        structlog.get_logger("sync_jobs.layers.assets").debug("priority_not_lowered", error=str(error))
