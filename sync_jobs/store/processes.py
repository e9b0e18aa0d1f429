"""Which process holds something, and whether it still lives."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessId:
    """A process that can be told from a later one with the same pid. `host` holds boot and pid namespace."""

    host: str
    pid: int
    started: str

    @classmethod
    def current(cls) -> ProcessId:
        return cls(_host(), os.getpid(), _start_of(_stat(os.getpid())))

    def certainly_dead(self) -> bool:
        """True only if that process ran here and is gone; elsewhere or undecidable is False."""
        if self.host != _host():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        fields = _stat(self.pid)
        if fields[:1] == ["Z"]:  # killed, and not yet collected by its parent
            return True
        return bool(self.started and fields and _start_of(fields) != self.started)


def _host() -> str:
    """Two containers on one kernel share the boot id but not the pid namespace: both count."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    namespace = Path("/proc/self/ns/pid")
    parts = [socket.gethostname()]
    if boot.exists():
        parts.append(boot.read_text().strip())
    if namespace.is_symlink():
        parts.append(str(namespace.readlink()))
    return "/".join(parts)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty where the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return stat.rpartition(")")[2].split()


def _start_of(fields: list[str]) -> str:
    """Start time in clock ticks since boot, or empty."""
    return fields[19] if fields else ""
