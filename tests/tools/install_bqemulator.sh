#!/usr/bin/env bash
# Install the BigQuery emulator that the tests use, in a virtual environment of its own at the project's root.
#
# Of its own, because it pins other versions of DuckDB and the Google clients than the portal. Running it again does
# nothing. Needs pip and nothing else from the network: DuckDB's spatial extension comes as a Python package and is
# copied to where DuckDB looks (under a HOME that belongs to this environment alone).
#
#   PYTHON=python3.12 tests/tools/install_bqemulator.sh
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
venv="$root/.venv-bqemulator"
packages=(bqemulator==1.4.0 duckdb==1.5.5 duckdb-extension-spatial==1.5.5 numpy==2.4.6)
stamp="$venv/installed"

exec 9<"${BASH_SOURCE[0]}"
flock 9

if [[ -x "$venv/bin/bqemulator" && "$(cat "$stamp" 2>/dev/null || true)" == "${packages[*]}" ]]; then
  echo "bqemulator is installed in $venv"
  exit 0
fi

[[ -x "$venv/bin/python" ]] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${packages[@]}"

HOME="$venv/home" "$venv/bin/python" - <<'PY'
import pathlib, shutil
import duckdb, duckdb_extension_spatial

version, platform = "v" + duckdb.__version__, duckdb.sql("PRAGMA platform").fetchone()[0]
source = pathlib.Path(duckdb_extension_spatial.__file__).parent / "extensions" / version / "spatial.duckdb_extension"
target = pathlib.Path.home() / ".duckdb" / "extensions" / version / platform / source.name
target.parent.mkdir(parents=True, exist_ok=True)
shutil.copyfile(source, target)
duckdb.connect().execute("INSTALL spatial; LOAD spatial")
PY

echo "${packages[*]}" > "$stamp"
echo "bqemulator is installed in $venv"
