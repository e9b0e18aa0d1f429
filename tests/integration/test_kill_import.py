"""kill -9 in the middle of an import: the state before it or after it, never a mixture; the next run repairs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest

from tests.fixtures.processes import Cli

Spawn = Callable[..., "Popen[str]"]
BEFORE, AFTER = 500, 60_000


def export(path: Path, count: int) -> Path:
    """An export file with `count` buckets, each with the count in its labels."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            asset = {
                "name": f"//storage.googleapis.com/example-bucket-{number}",
                "assetType": "storage.googleapis.com/Bucket",
                "ancestors": ["projects/123456", "organizations/987654"],
                "updateTime": "2026-01-02T03:04:05Z",
                "resource": {"version": "v1", "location": "eu", "data": {"labels": {"of": str(count)}}},
            }
            file.write(json.dumps(asset) + "\n")
    return path


def generations(cli: Cli) -> dict[str, int]:
    """How many assets there are of each file, by the count in their labels."""
    sql = "SELECT JSON_VALUE(labels, '$.of') AS generation, COUNT(*) AS n FROM assets GROUP BY 1"
    done = cli("query", sql, "--format", "json")
    assert done.returncode == 0, done.stderr
    return {row["generation"]: row["n"] for row in json.loads(done.stdout)}


def begun(workspace: Path) -> None:
    """Wait until a run works in its folder: how long a process takes to get there is the machine's affair."""
    until = time.monotonic() + 60
    while time.monotonic() < until and not (workspace.is_dir() and any(workspace.iterdir())):
        time.sleep(0.005)


@pytest.mark.timeout(240)
def test_an_import_that_is_killed_leaves_the_state_before_it_or_after_it(
    cli: Cli, spawn: Spawn, home: Path, tmp_path: Path
) -> None:
    small, large = export(tmp_path / "small.json", BEFORE), export(tmp_path / "large.json", AFTER)
    whole = ({str(BEFORE): BEFORE}, {str(AFTER): AFTER})
    first = cli("import-assets", str(small))
    assert first.returncode == 0, first.stderr
    began = time.monotonic()
    assert cli("import-assets", str(large)).returncode == 0
    took = time.monotonic() - began
    assert generations(cli) == whole[1]
    cut = 0
    for share in (0, 0.15, 0.3):
        assert cli("import-assets", str(small)).returncode == 0
        victim = spawn("sync_jobs", "import-assets", str(large))
        begun(home / "tmp" / "assets")
        time.sleep(took * share)
        cut += victim.poll() is None
        victim.kill()
        victim.wait(10)
        assert generations(cli) in whole
    assert cut, "no import was still under way when it was killed"
    assert cli("import-assets", str(large)).returncode == 0
    assert generations(cli) == whole[1]
    left = cli("query", "SELECT status, COUNT(*) AS n FROM sync_runs GROUP BY 1", "--format", "json")
    assert "in_progress" not in {row["status"] for row in json.loads(left.stdout)}
