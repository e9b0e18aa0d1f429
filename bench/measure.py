"""How things are timed, and how figures are shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Figure:
    """`value` in `unit`, against `bound`; `above` means larger is better. `note` holds the absolute figures."""

    name: str
    value: float
    unit: str
    bound: float
    above: bool = False
    note: str = ""

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.above else self.value <= self.bound


@dataclass(frozen=True)
class Run:
    """One command: wall seconds, peak resident bytes of the process, and its JSON output."""

    seconds: float
    peak_bytes: int
    output: Any


def portal(home: Path, *arguments: str, **more: str) -> Run:
    """One `python -m sync_jobs …` in a process of its own. Raises when it fails."""
    environment = {**os.environ, "PORTAL_HOME": str(home), "PORTAL_LOG_LEVEL": "ERROR", **more}
    return timed([sys.executable, "-m", "sync_jobs", *arguments], environment)


def timed(command: list[str], environment: dict[str, str] | None = None) -> Run:
    """Run a command to its end; its standard output is JSON."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment or dict(os.environ), stdout=subprocess.PIPE)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} exited {process.returncode}: {output[-2000:]!r}")
    return Run(seconds, usage.ru_maxrss * 1024, json.loads(output or b"null"))


def floor(path: Path) -> float:
    """F: seconds DuckDB needs to read the file with explicit columns, every column, in a process of its own."""
    code = (
        "import duckdb, time, json; duckdb.sql('SET enable_progress_bar = false'); t = time.perf_counter();"
        'duckdb.sql("SELECT count(name), count(assetType), sum(len(ancestors)), max(updateTime),'
        " sum(strlen(CAST(resource AS VARCHAR))), count(iamPolicy) FROM read_json('" + str(path) + "',"
        " format='newline_delimited', columns={name:'VARCHAR', assetType:'VARCHAR', ancestors:'VARCHAR[]',"
        " updateTime:'TIMESTAMPTZ', resource:'JSON', iamPolicy:'JSON'})\").fetchall();"
        "print(json.dumps(time.perf_counter() - t))"
    )
    return min(float(timed([sys.executable, "-c", code]).output) for _ in range(3))


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the sorted values lie."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def table(figures: list[Figure]) -> str:
    """One line per figure."""
    lines = [f"{'figure':<62} {'value':>10} {'bound':>10}        note"]
    for figure in figures:
        mark = "met " if figure.met else "MISSED"
        sign = ">=" if figure.above else "<="
        lines.append(
            f"{figure.name:<62} {figure.value:>7.2f} {figure.unit:<2} {sign}{figure.bound:>5g} {figure.unit:<2} {mark} {figure.note}"
        )
    return "\n".join(lines)
