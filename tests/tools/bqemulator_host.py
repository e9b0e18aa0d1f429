"""Run bqemulator until standard input closes. Runs in the emulator's own environment, not in the portal's.

The parent holds the other end of standard input, so the emulator goes away with it however the parent ends,
also on kill -9: no orphan is left behind.
"""

import os
import signal
import sys
import threading

from bqemulator.config import LogFormat, LogLevel, Settings
from bqemulator.server import run_forever


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=_end_with_parent, daemon=True).start()
run_forever(Settings(rest_port=0, grpc_port=0, log_level=LogLevel.INFO, log_format=LogFormat.JSON))
