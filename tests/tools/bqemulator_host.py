"""Run bqemulator until standard input closes. Runs in the emulator's own environment, not in the portal's.

The parent holds the other end of standard input, so the emulator goes away with it however the parent ends,
also on kill -9: no orphan is left behind.
"""

import os
import signal
import sys
import threading
from typing import Any

from bqemulator.config import LogFormat, LogLevel, Settings
from bqemulator.jobs import executor
from bqemulator.server import run_forever
from sqlglot import exp


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _name_unions() -> None:
    """BigQuery calls a UNION at the top a SELECT, the emulator gives it no statement type."""
    original = executor._classify_parsed_tree

    def classify(tree: Any) -> str:
        return original(tree) or ("SELECT" if isinstance(tree, exp.Query) else "")

    executor._classify_parsed_tree = classify


threading.Thread(target=_end_with_parent, daemon=True).start()
_name_unions()
run_forever(Settings(rest_port=0, grpc_port=0, log_level=LogLevel.INFO, log_format=LogFormat.JSON))
