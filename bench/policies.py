"""All rules over many assets, and those of one asset that just changed.

The assets are those of the sample landing zone, again and again, each time in other projects.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson

from bench.measure import ROOT, Figure, floor, percentile, portal, timed

SMALL = 100_000
TYPES = (
    "storage.googleapis.com/Bucket",
    "compute.googleapis.com/Instance",
    "compute.googleapis.com/Firewall",
    "sqladmin.googleapis.com/Instance",
    "iam.googleapis.com/ServiceAccount",
    "container.googleapis.com/Cluster",
)


def measure(folder: Path, assets: int) -> list[Figure]:
    """The layer over `assets` and over 100,000 of them, and a bucket, a machine … checked again."""
    figures = []
    for size in sorted({min(SMALL, assets), assets}):
        export, home = folder / f"rules-{size}.ndjson", folder / f"rules-{size}"
        write(export, size, folder / "rules-sample")
        f = floor(export)
        portal(home, "import-assets", str(export), "--json")
        export.unlink()
        counted = portal(home, "query", "SELECT count(*) AS assets FROM assets", "--format", "json")
        imported = counted.output[0]["assets"]
        run = portal(home, "run", "policies", "--json")
        judged = run.output["items_synced"]
        own = run.output["sync_duration_seconds"]  # the sidecar's share: without the start of a process
        note = f"{judged:,} answers of {run.output['details']['rules']} rules; the whole process {run.seconds:.1f} s, F = {f:.2f} s"
        if size <= SMALL:
            figures.append(Figure(f"all rules over {imported:,} assets", own, "s", 6, note=note))
        else:
            figures.append(Figure(f"all rules over {imported:,} assets", run.seconds / f, "F", 40, note=note))
    environment = {**os.environ, "PORTAL_HOME": str(home), "PYTHONPATH": str(ROOT)}
    found = timed([sys.executable, "-m", "bench.policies"], environment).output
    ready = found.pop("getting ready")["p95"]
    worst = max(found, key=lambda kind: found[kind]["p95"])
    note = (
        "; ".join(f"{kind.split('/')[1]} {one['p95']:.0f}" for kind, one in found.items())
        + f"; getting ready once for each sync: {ready:.0f}"
    )
    return [
        *figures,
        Figure(
            "rules of one changed asset, p95 of the slowest type", found[worst]["p95"], "ms", 100, note=note
        ),
    ]


def write(path: Path, assets: int, folder: Path) -> None:
    """An export of about `assets` assets: the sample's, each time with other project ids and numbers."""
    from sync_jobs.sample.make import make

    made = make(folder, datetime(2026, 3, 1, tzinfo=UTC))
    text = made.base.read_bytes() + made.iam.read_bytes()
    ids = {found[1] for found in re.finditer(rb"/projects/([a-z][a-z0-9-]+)/", text)}
    numbers = {found[1] for found in re.finditer(rb'"projects/(\d+)"', text)}
    parts = re.split(
        rb"(?<![a-z0-9-])(" + b"|".join(sorted(ids | numbers, key=len, reverse=True)) + rb")(?![a-z0-9-])",
        text,
    )
    found = parts[1::2]
    distinct = len({orjson.loads(line)["name"] for line in text.splitlines()})
    with path.open("wb") as out:
        for copy in range(-(-assets // distinct)):
            again = {one: one + (b"%d" if one.isdigit() else b"-%d") % copy for one in ids | numbers}
            parts[1::2] = [again[one] for one in found]
            out.write(b"".join(parts))


def main() -> None:
    """Check some assets of each type again, in this process, and print milliseconds."""
    import duckdb

    from app.settings import load_settings
    from sync_jobs.layers.assets.literals import parquet
    from sync_jobs.policies import config, rules
    from sync_jobs.policies.recheck import Recheck
    from sync_jobs.store.cache import Cache

    settings = load_settings()
    cache = Cache(settings.home)
    known, paths = rules.load(settings, config.load()).enabled(), cache.paths("assets")
    answer, work = {}, Path(tempfile.mkdtemp(dir=settings.home))
    start = time.perf_counter()
    again = Recheck(known, paths, cache.folder, work)
    ready = time.perf_counter() - start
    for kind in TYPES:
        some = duckdb.sql(
            f"FROM {parquet(paths)} WHERE asset_type = '{kind}' ORDER BY hash(name) LIMIT 12"
        ).to_arrow_table()
        seen = []
        for number in [0, *range(some.num_rows)]:  # the first one brings code in
            start = time.perf_counter()
            found = again.check(some.slice(number, 1))
            seen.append(1000 * (time.perf_counter() - start))
            assert found.rows.num_rows
            assert not found.errors
        seen = seen[1:]
        answer[kind] = {"p95": percentile(seen, 0.95)}
    answer["getting ready"] = {"p95": 1000 * ready}
    print(orjson.dumps(answer).decode())


if __name__ == "__main__":
    main()
