"""One run of a probe layer in a process of its own: `python -m tests.tools.run_probe HOME BEHAVIOUR [PORT]`.

Prints `running` once the layer's code runs, then one JSON line: the row, or the error. With a port it is the
sidecar that runs the layer, by its clock.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import structlog

from app.errors import PortalError
from app.settings import Settings
from sync_jobs import runs, serving
from sync_jobs.cli import session
from sync_jobs.layers.base import Outcome, RunContext, Schedule
from tests.fixtures.probe import ProbeLayer, probe_runner


def race(ctx: RunContext) -> Outcome:
    """Long enough for a run that starts at the same time to meet it."""
    time.sleep(2)
    return Outcome(items_synced=1)


def quick(ctx: RunContext) -> Outcome:
    """Half a second of work: long enough for another process to come."""
    print("running", flush=True)
    time.sleep(0.5)
    return Outcome(items_synced=1)


def patient(ctx: RunContext) -> Outcome:
    """A minute of work that stops when asked to."""
    print("running", flush=True)
    for _ in range(600):
        ctx.check()
        time.sleep(0.1)
    return Outcome()


def deaf(ctx: RunContext) -> Outcome:
    """A minute of work that cannot be interrupted."""
    print("running", flush=True)
    time.sleep(60)
    return Outcome()


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    home, behaviour = Path(sys.argv[1]), sys.argv[2]
    extract = {"race": race, "quick": quick, "patient": patient, "deaf": deaf}[behaviour]
    if len(sys.argv) > 3:
        clocked = ProbeLayer(extract, schedule=Schedule.every(60))
        settings = Settings(home=home, api_port=int(sys.argv[3]))
        serving.TICK_SECONDS = 0.5  # so that a short test sees it renew its lease
        raise SystemExit(serving.serve(settings, layers={"probe": clocked}))
    runner = probe_runner(home, ProbeLayer(extract))
    if behaviour == "race":
        print("ready", flush=True)
        sys.stdin.readline()
    code = 0
    with session.interruptible():
        try:
            row = runner.run("probe", "cli")
            print(json.dumps({"pid": os.getpid(), **runs.jsonable(row)}), flush=True)
        except PortalError as error:
            print(json.dumps({"error": type(error).__name__, "message": error.message}), flush=True)
            code = error.exit_code
    raise SystemExit(session.leave_if_abandoned(code))


if __name__ == "__main__":
    main()
