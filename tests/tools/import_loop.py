"""A writer in a process of its own: imports one generation after the other into a home.

`python -m tests.tools.import_loop HOME FOLDER GRACE`, then lines on standard input: `START COUNT` forks a child that
imports generations START, START + 1, … and prints `pid PID` first, `done N` after each, and `end` at last.

A generation N holds the assets of a fleet, each with `turn` N, so from the second on every generation adds one change
per asset.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from sync_jobs.layers.assets import layer  # noqa: F401  loaded before the fork
from sync_jobs.store import cache
from tests.fixtures.exports import Portal, instance, write

FLEET = 3


def import_generations(home: Path, folder: Path, start: int, count: int) -> None:
    portal = Portal(home)
    for turn in range(start, start + count):
        assets = [instance(f"till-{i}", turn=turn) for i in range(FLEET)]
        run = portal.bring(write(folder / f"{os.getpid()}.json", assets))
        assert run["status"] == "success", run
        print("done", turn, flush=True)
    print("end", flush=True)


def main() -> None:
    home, folder, grace = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    cache.GRACE_SECONDS = grace
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        start, count = map(int, line.split())
        child = os.fork()
        if child == 0:
            print("pid", os.getpid(), flush=True)
            import_generations(home, folder, start, count)
            os._exit(0)


if __name__ == "__main__":
    main()
