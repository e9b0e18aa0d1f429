"""python -m bench [api|assets|endurance|events|git|listening|peers|policies|search|terraform|webhook|websocket|all] [--assets N]: figures as ratios against a floor or a peer of the same run.

F is DuckDB's `read_json` with explicit columns over the same file, every column read. Nothing here is a test: it prints a
table, with the bound beside each figure, and exits 1 when a bound is not met.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench import (
    assets_api,
    endurance,
    events,
    git,
    imports,
    listening,
    peers,
    policies,
    search,
    terraform,
    webhook,
    websocket,
)
from bench.measure import Figure, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        default="all",
        choices=[
            "api",
            "assets",
            "endurance",
            "events",
            "git",
            "listening",
            "peers",
            "policies",
            "search",
            "terraform",
            "webhook",
            "websocket",
            "all",
        ],
    )
    parser.add_argument("--assets", type=int, default=1_000_000, help="size of the large export")
    parser.add_argument("--folder", type=Path, help="where to work; default: a temporary folder")
    given = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        work = Path(folder)
        if given.what in ("api", "all"):
            figures += assets_api.measure(
                work, min(given.assets, 100_000) if given.what == "all" else given.assets
            )
        if given.what in ("assets", "events", "all"):
            figures += imports.measure(work, given.assets)
        if given.what in ("events", "all"):
            figures += events.measure(work)
        if given.what in ("terraform", "all"):
            figures += terraform.measure()
        if given.what in ("search", "all"):
            figures += search.measure(work)
        if given.what in ("webhook", "all"):
            figures += webhook.measure(work)
        if given.what in ("git", "all"):
            figures += git.measure(work)
        if given.what in ("listening", "all"):
            figures += listening.measure(work)
        if given.what in ("endurance", "all"):
            figures += endurance.measure(work)
        if given.what in ("websocket", "all"):
            figures += websocket.measure(work)
        if given.what in ("policies", "all"):
            figures += policies.measure(work, given.assets)
        if given.what in ("peers", "all"):
            figures += peers.measure(work, min(given.assets, 100_000))
    print(table(figures))
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
