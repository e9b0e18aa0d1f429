"""python -m bench [api|assets|endurance|events|git|listening|live|peers|policies|search|terraform|webhook|websocket|all] [--assets N]: figures as ratios against a floor or a peer of the same run.

F is DuckDB's `read_json` with explicit columns over the same file, every column read. Nothing here is a test: it prints a
table, with the bound beside each figure, and exits 1 when a bound is not met.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import (
    assets_api,
    endurance,
    events,
    git,
    imports,
    listening,
    live,
    peers,
    policies,
    search,
    terraform,
    webhook,
    websocket,
)
from bench.measure import Figure, table

Measure = Callable[[Path, int], list[Figure]]
# In the order of `all`. Each gets a folder to work in and the size of the large export; events need the export of assets.
MEASURES: dict[str, Measure] = {
    "api": assets_api.measure,
    "assets": imports.measure,
    "events": lambda work, _: events.measure(work),
    "terraform": lambda _work, _: terraform.measure(),
    "search": lambda work, _: search.measure(work),
    "webhook": lambda work, _: webhook.measure(work),
    "git": lambda work, _: git.measure(work),
    "listening": lambda work, _: listening.measure(work),
    "endurance": lambda work, _: endurance.measure(work),
    "websocket": lambda work, _: websocket.measure(work),
    "live": lambda work, _: live.measure(work),
    "policies": policies.measure,
    "peers": lambda work, assets: peers.measure(work, min(assets, 100_000)),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=[*MEASURES, "all"])
    parser.add_argument("--assets", type=int, default=1_000_000, help="size of the large export")
    parser.add_argument("--folder", type=Path, help="where to work; default: a temporary folder")
    given = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for name, measure in MEASURES.items():
            if given.what in (name, "all") or (name, given.what) == ("assets", "events"):
                # A million assets of the API take half an hour: only when asked for.
                small = name == "api" and given.what == "all"
                figures += measure(Path(folder), min(given.assets, 100_000) if small else given.assets)
    print(table(figures))
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
