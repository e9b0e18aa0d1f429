"""How long the Terraform of a real-sized landing zone takes, against python-hcl2 reading the same files in the same run."""

from __future__ import annotations

import subprocess
import sys
import time

from bench.measure import ROOT, Figure
from bench.terraform_tree import TERRAFORM, tree

LIMIT_SECONDS = 2.0
_COLD = """
import json, sys, time
from bench.terraform_tree import tree
files = tree()
start = time.perf_counter()
from sync_jobs.terraform.declared import rows
found = rows(files, "0" * 40, "bench")
first = time.perf_counter() - start
start = time.perf_counter()
rows(files, "0" * 40, "bench")
print(json.dumps([first, time.perf_counter() - start, len(found)]))
"""


def measure() -> list[Figure]:
    """Cold: a new process, imports included. Again: nothing changed, as at a sync that touched other files."""
    files = {path: text for path, text in tree().items() if path.endswith(".tf")}
    size = sum(len(text) for text in files.values())
    bare = _bare(files)
    run = subprocess.run([sys.executable, "-c", _COLD], cwd=ROOT, capture_output=True, text=True, check=True)
    first, again, count = (float(part) for part in run.stdout.strip().strip("[]").split(","))
    note = f"{len(files)} files, {size / 1000:.0f} KB, {count:.0f} rows: {first:.2f} s; bare {bare:.2f} s"
    return [
        Figure("Terraform to rows, new process, against hcl2.loads", first / bare, "x", 1.0, note=note),
        Figure(f"{TERRAFORM} Terraform files to rows, new process", first, "s", LIMIT_SECONDS),
        Figure(
            "the same again in one process, against the first", again / first, "x", 0.5, note=f"{again:.2f} s"
        ),
    ]


def _bare(files: dict[str, str]) -> float:
    """Seconds of hcl2.loads alone over all files."""
    import hcl2

    hcl2.loads("a = 1\n")  # the grammar, once
    start = time.perf_counter()
    for text in files.values():
        hcl2.loads(text)
    return time.perf_counter() - start
