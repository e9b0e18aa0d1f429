"""import-assets at full size, and the questions another process asks of the result."""

from __future__ import annotations

import sys
from pathlib import Path

from bench import exports
from bench.measure import Figure, floor, portal, timed

COUNT = "SELECT asset_type, project_id, COUNT(*) AS n FROM assets GROUP BY asset_type, project_id"
PATH = "SELECT JSON_VALUE(resource, '$.data.status') AS status, COUNT(*) AS n FROM assets GROUP BY status"
GIGABYTE = 1024**3


def measure(folder: Path, assets: int) -> list[Figure]:
    """First snapshot, second snapshot with 1% changed, count by type and project, JSON path over all."""
    first, second, home = folder / "first.ndjson", folder / "second.ndjson", folder / "home"
    exports.write(first, assets)
    exports.write(second, assets, changed=0.01)
    f = floor(first)
    one = portal(home, "import-assets", str(first), "--json")
    two = portal(home, "import-assets", str(second), "--json")
    second.unlink()
    count, path = (_asked(home, question) for question in (COUNT, PATH))
    size = (
        sum(file.stat().st_size for file in (home / "cache" / "assets").glob("*.parquet"))
        / first.stat().st_size
    )
    scale = f"{assets:,} assets, F = {f:.2f} s"
    updated = two.output["details"]["updated"]
    return [
        Figure("import of a first snapshot", one.seconds / f, "F", 9, note=f"{one.seconds:.1f} s; {scale}"),
        Figure(
            "import of a second, 1% changed",
            two.seconds / f,
            "F",
            14,
            note=f"{two.seconds:.1f} s; {updated} updated",
        ),
        Figure("peak memory, first", one.peak_bytes / GIGABYTE, "GB", 2),
        Figure("peak memory, second", two.peak_bytes / GIGABYTE, "GB", 2),
        Figure(
            "count by type and project, another process", count / f, "F", 0.05, note=f"{count * 1000:.0f} ms"
        ),
        Figure("JSON path over all assets", path / f, "F", 2, note=f"{path:.2f} s"),
        Figure("bytes of a snapshot kept, of the NDJSON", size / 2, "", 0.15),
    ]


def _asked(home: Path, question: str) -> float:
    """Median seconds of a question in a process of its own, warm, through the reader of the pages."""
    code = (
        "import os, time, json, statistics; from app import queries\n"
        f"q = {question!r}\n"
        "queries.adhoc(q); seen = []\n"
        "for _ in range(5):\n"
        "    t = time.perf_counter(); queries.adhoc(q); seen.append(time.perf_counter() - t)\n"
        "print(json.dumps(statistics.median(seen)))"
    )
    import os

    return float(timed([sys.executable, "-c", code], {**os.environ, "PORTAL_HOME": str(home)}).output)
