#!/usr/bin/env bash
# The virtual environment of the peers that bench/peers.py measures against.
set -euo pipefail
cd "$(dirname "$0")/.."
python3 -m venv .venv-bench
.venv-bench/bin/pip install -q "dlt[duckdb]==1.31.0" "pandas==3.1.1"
