"""Runs a module as a child that never outlives its parent: `python -m app.child FD MODULE [ARGUMENT...]`.

FD is the reading end of a pipe whose other end the parent holds open. When the parent goes away, however it
does, the pipe ends, and the child stops as on SIGTERM; if that takes too long it is killed.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys
import threading
import time

PATIENCE_SECONDS = 9.5
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Entry point."""
    lifeline, module = int(sys.argv[1]), sys.argv[2]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    threading.Thread(target=_watch, args=[lifeline], name="lifeline", daemon=True).start()
    sys.argv = [module, *sys.argv[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _watch(lifeline: int) -> None:
    """Blocks until the parent is gone."""
    while os.read(lifeline, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
