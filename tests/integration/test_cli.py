"""The command line as scripts see it: exit status, standard output, standard error."""

from __future__ import annotations

import csv
import io
import json
import re
import resource
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.fixtures.processes import Cli

COMMANDS = ["serve", "run", "import-assets", "query", "status", "policies", "setup", "doctor", "sample"]
ASSET = {
    "name": "//storage.googleapis.com/example-bucket",
    "assetType": "storage.googleapis.com/Bucket",
    "ancestors": ["projects/123456", "organizations/987654"],
    "updateTime": "2026-01-02T03:04:05Z",
    "resource": {"version": "v1", "location": "eu", "data": {"name": "example-bucket", "versioning": {}}},
}


def error_of(done: Any) -> dict[str, str]:
    """The error object that --json prints: one JSON object, and nothing else on standard output."""
    found: dict[str, str] = json.loads(done.stdout)
    assert set(found) == {"error", "hint"}
    assert found["error"]
    return found


def no_traceback(done: Any) -> None:
    assert "Traceback" not in done.stdout + done.stderr


def test_help_is_quick_and_names_every_command(cli: Cli) -> None:
    took = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = cli("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert done.returncode == 0
    listed = re.findall(r"^  ([a-z-]+) ", done.stdout, re.MULTILINE)
    assert set(COMMANDS) <= set(listed)
    assert min(took) < 0.5  # of processor time: other tests run beside this one


def test_version(cli: Cli) -> None:
    done = cli("--version")
    assert done.returncode == 0
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nosuch"],
        ["run"],
        ["run", "assets", "--nosuch"],
        ["import-assets"],
        ["query", "SELECT 1", "--format", "xml"],
        ["query", "SELECT 1", "--engine", "oracle"],
        ["setup", "nosuch"],
        ["query"],
        ["query", "SELECT 1", "--file", "pages/sync_status/layers"],
        ["query", "SELECT 1", "--param", "novalue"],
        ["query", "--file", "nosuch/file"],
        ["run", "nosuch"],
        ["import-assets", "x.json", "--read-time", "yesterday"],
        ["import-assets", "x.json", "--read-time", "2026-01-01T00:00:00"],
    ],
)
def test_wrong_use_is_exit_status_2(cli: Cli, arguments: list[str]) -> None:
    done = cli(*arguments)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr
    no_traceback(done)


def test_a_wrong_setting_is_exit_status_2_and_named(cli: Cli) -> None:
    for arguments in (["status"], ["query", "SELECT 1"], ["run", "assets"], ["serve"]):
        done = cli(*arguments, PORTAL_API_PORT="eighty")
        assert done.returncode == 2
        assert "PORTAL_API_PORT" in done.stderr
        assert "eighty" in done.stderr
        no_traceback(done)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run", "nosuch", "--json"], 2, "no layer 'nosuch'"),
        (["run", "webhook", "--json"], 2, "no secret is set"),
        (["run", "policies", "--json"], 2, "no assets yet"),
        (["run", "git", "--json"], 2, "no source"),
        (["run", "all", "--json"], 2, "No layer has a source"),
    ],
)
def test_errors_with_json_are_one_object(cli: Cli, arguments: list[str], code: int, words: str) -> None:
    done = cli(*arguments)
    assert done.returncode == code
    assert words in error_of(done)["error"]
    no_traceback(done)


SQL = "SELECT 1 AS a, 'x,\"y' AS b, TIMESTAMP '2026-01-01 00:00:00+00' AS t, [1, 2] AS l"


def test_query_prints_json(cli: Cli) -> None:
    done = cli("query", SQL, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [{"a": 1, "b": 'x,"y', "t": "2026-01-01T00:00:00Z", "l": [1, 2]}]


def test_query_prints_csv_and_a_table(cli: Cli) -> None:
    done = cli("query", SQL, "--format", "csv")
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["a", "b", "t", "l"],
        ["1", 'x,"y', "2026-01-01T00:00:00Z", "[1, 2]"],
    ]
    shown = cli("query", SQL)
    assert shown.returncode == 0
    assert shown.stdout.splitlines()[0].split() == ["a", "b", "t", "l"]


def test_query_prints_parquet(cli: Cli, home: Path) -> None:
    import subprocess
    import sys

    from tests.conftest import ROOT
    from tests.fixtures.processes import environment

    done = subprocess.run(
        [sys.executable, "-m", "sync_jobs", "query", SQL, "--format", "parquet"],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        check=True,
    )
    table = pq.read_table(io.BytesIO(done.stdout))
    assert table.column_names == ["a", "b", "t", "l"]


def test_query_binds_parameters(cli: Cli) -> None:
    sql = "SELECT @n + 1 AS n, @s AS s, ARRAY_LENGTH(@l) AS l"
    given = ["--param", "n=41", "--param", "s=O'Hara\"; DROP TABLE assets", "--param", 'l=["a","b"]']
    done = cli("query", sql, *given, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [{"n": 42, "s": "O'Hara\"; DROP TABLE assets", "l": 2}]


def test_query_runs_a_file(cli: Cli) -> None:
    done = cli("query", "--file", "pages/sync_status/layers", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize(
    "sql", ["SELEC 1", "SELECT * FROM nosuch", "SELECT @missing AS a", "DELETE FROM assets"]
)
def test_a_wrong_query_is_explained(cli: Cli, sql: str) -> None:
    done = cli("query", sql)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    no_traceback(done)


def test_status_names_every_layer(cli: Cli) -> None:
    done = cli("status", "--json")
    assert done.returncode == 0, done.stderr
    layers = json.loads(done.stdout)
    assert set(layers) == {"webhook", "git", "assets", "drift", "events", "metrics", "policies"}
    assert layers["assets"]["status"] is None
    assert layers["assets"]["configured"] is False
    shown = cli("status").stdout
    for name in layers:
        assert re.search(rf"^{name}\s+not configured", shown, re.MULTILINE), shown


def test_an_import_is_done_partial_or_failed(cli: Cli, tmp_path: Path) -> None:
    good, mixed = tmp_path / "good.json", tmp_path / "mixed.json"
    good.write_text(json.dumps(ASSET) + "\n")
    mixed.write_text(json.dumps(ASSET) + "\n{not json}\n")
    done = cli("import-assets", str(good), "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    row = json.loads(done.stdout)
    assert (row["layer"], row["status"], row["items_synced"]) == ("assets", "success", 1)
    partial = cli("import-assets", str(mixed), "--json")
    assert partial.returncode == 3, partial.stderr + partial.stdout
    assert json.loads(partial.stdout)["status"] == "partial"
    missing = cli("import-assets", str(tmp_path / "nosuch.json"), "--json")
    assert missing.returncode in (1, 2)
    assert "nosuch.json" in missing.stdout
    no_traceback(missing)
    counted = cli("query", "SELECT COUNT(*) AS n FROM assets", "--format", "json")
    assert json.loads(counted.stdout) == [{"n": 1}]
    status = json.loads(cli("status", "--json").stdout)
    assert status["assets"]["last_sync"] is not None


def test_doctor_examines_everything(cli: Cli) -> None:
    done = cli("doctor", "--json", PORTAL_API_PORT="1")
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout)
    names = {check["name"] for check in found["checks"]}
    assert names >= {"settings", "home", "disk", "state", "cache", "sidecar", "git", "bigquery", "pubsub"}
    assert {check["status"] for check in found["checks"]} <= {"ok", "warn", "fail", "skipped"}
    for check in found["checks"]:
        assert check["message"]
        assert check["mend"] or check["status"] in ("ok", "skipped")
    wrong = cli("doctor", "--json", PORTAL_API_PORT="eighty")
    assert wrong.returncode == 1
    assert json.loads(wrong.stdout)["checks"][0]["status"] == "fail"


def test_doctor_finds_a_damaged_store(cli: Cli, home: Path) -> None:
    home.mkdir()
    (home / "state.sqlite").write_bytes(b"this is no database, and long enough to be looked at" * 100)
    done = cli("doctor", "--json")
    assert done.returncode == 1
    state = next(check for check in json.loads(done.stdout)["checks"] if check["name"] == "state")
    assert state["status"] == "fail"
    assert state["mend"]
