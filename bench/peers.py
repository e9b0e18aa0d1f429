"""import-assets beside dlt into DuckDB and pandas.read_json, same file, each in a process of its own.

dlt has its own requirements, so it gets a virtual environment of its own: bench/install_peers.sh makes it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench import exports
from bench.measure import ROOT, Figure, portal, timed

PEERS = ROOT / ".venv-bench" / "bin" / "python"
PANDAS = "import pandas, sys, json; print(json.dumps(len(pandas.read_json(sys.argv[1], lines=True))))"
DLT = """
import dlt, json, os, sys
def assets():
    with open(sys.argv[1], "rb") as file:
        for line in file:
            yield json.loads(line)
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
folder = sys.argv[2]
pipeline = dlt.pipeline("bench", destination=dlt.destinations.duckdb(folder + "/dlt.duckdb"), dataset_name="bench", pipelines_dir=folder)
pipeline.run(dlt.resource(assets, name="assets"))
print(json.dumps(0))
"""


def measure(folder: Path, assets: int) -> list[Figure]:
    """How many times faster, on `assets` assets. Without dlt's environment its figure is left out, and said."""
    export = folder / "peers.ndjson"
    exports.write(export, assets)
    ours = min(
        portal(folder / f"peer-home-{n}", "import-assets", str(export), "--json").seconds for n in range(2)
    )
    read = timed([sys.executable, "-c", PANDAS, str(export)]).seconds
    note = f"{assets:,} assets; ours {ours:.1f} s"
    figures = [
        Figure(
            "faster than pandas.read_json",
            read / ours,
            "x",
            5,
            above=True,
            note=f"{note}, pandas {read:.1f} s",
        )
    ]
    if PEERS.exists():
        other = timed([str(PEERS), "-c", DLT, str(export), str(folder)]).seconds
        figures.append(
            Figure(
                "faster than dlt into DuckDB", other / ours, "x", 20, above=True, note=f"dlt {other:.1f} s"
            )
        )
    else:
        print("dlt is not measured: run bench/install_peers.sh first.", file=sys.stderr)
    return figures
