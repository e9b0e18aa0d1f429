"""import-assets of broken files: what is whole comes in, what is not is kept with its reason, nothing is removed."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.fixtures.exports import Portal, fleet, instance, ndjson, portal, write
from tests.fixtures.processes import environment


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Portal]:
    with portal(tmp_path / "home") as made:
        yield made


KNOWN = [f"till-{i:03}" for i in range(5)]


@pytest.fixture
def known(home: Portal, tmp_path: Path) -> Portal:
    """A home that knows five instances."""
    home.bring(write(tmp_path / "known.json", fleet(5)), at="2026-03-02T08:00:00Z")
    return home


def test_a_truncated_file(known: Portal, tmp_path: Path) -> None:
    whole = ndjson(fleet(5))
    cut = whole[: whole.index(b"till-003") + 10]
    run = known.bring(write(tmp_path / "cut.json", cut))
    assert (run["status"], run["items_synced"], run["items_failed"]) == ("partial", 3, 1)
    assert known.names() == KNOWN, "what the lost end of the file may hold is not gone"
    assert known.changes() == {}
    (letter,) = known.dead_letters()
    assert letter["source"] == str(tmp_path / "cut.json")
    assert letter["position"] == "line 4"
    assert letter["raw"] == cut.rpartition(b"\n")[2]
    assert letter["size_bytes"] == len(letter["raw"])
    assert letter["run_id"] == run["run_id"]
    assert (letter["layer"], letter["status"]) == ("assets", "open")
    assert "JSON" in letter["reason"]


def test_a_truncated_array(known: Portal, tmp_path: Path) -> None:
    cut = json.dumps(fleet(5)).encode()[:-40]
    run = known.bring(write(tmp_path / "cut.json", cut))
    assert (run["status"], run["items_synced"], run["items_failed"]) == ("partial", 4, 1)
    assert "cut off" in known.dead_letters()[0]["reason"]
    assert known.names() == KNOWN


def test_a_truncated_gz(known: Portal, tmp_path: Path) -> None:
    random.seed(3)
    assets = [instance(f"till-{i:03}", noise=random.randbytes(3000).hex()) for i in range(200)]
    packed = gzip.compress(ndjson(assets))
    path = tmp_path / "cut.json.gz"
    path.write_bytes(packed[: len(packed) // 2])
    run = known.bring(str(path))
    assert run["status"] == "partial"
    assert 50 < run["items_synced"] < 150
    assert any("cut off" in text for text in run["error_messages"])
    assert len(known.names()) == run["items_synced"]
    assert ("till-000", "deleted") not in known.changes()


def test_a_damaged_gz_keeps_what_could_be_unpacked(known: Portal, tmp_path: Path) -> None:
    path = tmp_path / "bad.json.gz"
    path.write_bytes(gzip.compress(ndjson(fleet(4)))[:-8] + b"\0" * 8)  # the checksum is wrong
    run = known.bring(str(path))
    assert run["status"] == "partial"
    assert run["items_synced"] == 4
    assert known.names() == KNOWN


EMPTY = {"nothing": b"", "blank": b" \n\n", "an empty array": b"[]\n", "an empty .gz": gzip.compress(b"")}


@pytest.mark.parametrize("content", EMPTY.values(), ids=EMPTY)
def test_an_empty_file_does_not_delete_what_is_known(known: Portal, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "empty.json").write_bytes(content)
    run = known.bring(str(tmp_path / "empty.json"))
    assert (run["status"], run["items_synced"]) == ("partial", 0)
    assert "is empty" in run["error_messages"][0]
    assert known.names() == KNOWN
    assert known.changes() == {}


def test_beside_an_empty_file_nothing_is_deleted_either(known: Portal, tmp_path: Path) -> None:
    (tmp_path / "empty.json").touch()
    run = known.bring(write(tmp_path / "one.json", fleet(1)), str(tmp_path / "empty.json"))
    assert (run["status"], run["items_synced"]) == ("partial", 1)
    assert known.names() == KNOWN


def test_an_empty_file_into_an_empty_home(home: Portal, tmp_path: Path) -> None:
    (tmp_path / "empty.json").touch()
    assert home.bring(str(tmp_path / "empty.json"))["status"] == "partial"
    assert home.names() == []
    assert home.manifest().tables == {}


def test_a_folder_a_missing_and_an_unreadable_file(known: Portal, tmp_path: Path) -> None:
    for path, text in ((tmp_path, "is a folder"), (tmp_path / "none.json", "There is no file")):
        run = known.bring(str(path))
        assert run["status"] == "failed"
        assert text in run["error_messages"][0]
        assert run["hint"]
    # One bad path and nothing is taken in, not even from the good one.
    run = known.bring(write(tmp_path / "new.json", fleet(9)), str(tmp_path / "none.json"))
    assert run["status"] == "failed"
    assert known.names() == KNOWN


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read any file")
def test_an_unreadable_file_as_a_plain_user(known: Portal, tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    path.write_bytes(ndjson(fleet(1)))
    path.chmod(0)
    run = known.bring(str(path))
    assert run["status"] == "failed"
    assert "permission denied" in run["error_messages"][0]


def test_a_single_line_of_100_mb(home: Portal, tmp_path: Path) -> None:
    big = instance("till-big", blob="é" * 50_000_000)
    path = tmp_path / "big.json"
    path.write_bytes(json.dumps(big, ensure_ascii=False).encode())
    assert path.stat().st_size > 100_000_000
    run = home.bring(str(path))
    assert (run["status"], run["items_synced"]) == ("success", 1), run["error_messages"]
    assert home.ask("SELECT location FROM assets") == [{"location": "europe-west1-b"}]
    with portal(home.home, memory_limit="4GB") as roomy:
        (row,) = roomy.ask("SELECT LENGTH(JSON_VALUE(resource, '$.data.blob')) AS size FROM assets")
    assert row == {"size": 50_000_000}


def test_a_compact_array_of_100_mb_on_one_line(home: Portal, tmp_path: Path) -> None:
    filler = "x" * 20_000
    path = tmp_path / "array.json"
    with path.open("w") as file:
        file.write(
            "[" + ",".join(json.dumps(instance(f"till-{i:05}", blob=filler)) for i in range(5_000)) + "]"
        )
    assert path.stat().st_size > 100_000_000
    run = home.bring(str(path))
    assert (run["status"], run["items_synced"]) == ("success", 5_000), run["error_messages"]
    assert home.ask("SELECT COUNT(DISTINCT name) AS n FROM assets") == [{"n": 5_000}]


def test_a_large_bad_record_is_kept_in_a_file(home: Portal, tmp_path: Path) -> None:
    huge = b'{"name": "' + b"x" * 3_000_000
    run = home.bring(write(tmp_path / "huge.json", ndjson(fleet(2)) + huge))
    assert (run["status"], run["items_synced"], run["items_failed"]) == ("partial", 2, 1)
    (letter,) = home.dead_letters()
    assert letter["size_bytes"] == len(huge)
    assert letter["raw"] == huge[: len(letter["raw"])]
    assert gzip.decompress((home.home / letter["raw_file"]).read_bytes()) == huge


LINES: dict[str, tuple[bytes, str]] = {
    "invalid UTF-8": (ndjson([instance("till-900")])[:-5] + b'\xff\xfe"}}}\n', "JSON"),
    "no JSON": (b"WARNING: the export takes long\n", "JSON"),
    "a number": (b"17\n", "found int"),
    "a list": (b'["a", 1]\n', "found list"),
    "no name": (b'{"assetType": "x/Y"}\n', "'name'"),
    "a name that is a number": (b'{"name": 7, "assetType": "x/Y"}\n', "'name'"),
    "a name that is an object": (b'{"name": {"a": 1}, "assetType": "x/Y"}\n', "'name'"),
    "a blank name": (b'{"name": "  ", "assetType": "x/Y"}\n', "'name'"),
    "no type": (b'{"name": "//x/y"}\n', "'assetType'"),
    "ancestors that are text": (
        b'{"name": "//x/y", "assetType": "x/Y", "ancestors": "o/1"}\n',
        "'ancestors'",
    ),
    "a resource that is text": (b'{"name": "//x/y", "assetType": "x/Y", "resource": "{}"}\n', "'resource'"),
    "a policy that is a list": (b'{"name": "//x/y", "assetType": "x/Y", "iamPolicy": [1]}\n', "'iamPolicy'"),
    "a time that is a number": (b'{"name": "//x/y", "assetType": "x/Y", "updateTime": 7}\n', "'updateTime'"),
    "a lone surrogate": (b'{"name": "//x/\\ud800", "assetType": "x/Y"}\n', "JSON"),
    "a NUL byte": (b'{"name": "//x/y\x00", "assetType": "x/Y"}\n', "JSON"),
}


@pytest.mark.parametrize("line", LINES)
def test_a_bad_line_is_kept_and_the_others_come_in(home: Portal, tmp_path: Path, line: str) -> None:
    bad, reason = LINES[line]
    run = home.bring(write(tmp_path / "bad.json", ndjson(fleet(2)) + bad + ndjson(fleet(4)[2:])))
    assert (run["status"], run["items_synced"], run["items_failed"]) == ("partial", 4, 1), run
    assert home.names() == ["till-000", "till-001", "till-002", "till-003"]
    (letter,) = home.dead_letters()
    assert reason in letter["reason"]
    assert (letter["position"], letter["raw"]) == ("line 3", bad.strip())
    assert letter["received_at"].tzinfo is not None
    assert "bad.json" in run["error_messages"][0]
    assert "dead_letters" in run["hint"]


def test_other_values_between_the_records_of_an_array(home: Portal, tmp_path: Path) -> None:
    first, second, third = (json.dumps(asset, indent=1) for asset in fleet(3))
    content = f'[{first},\n 17,\n{second},\n "text {"{"}",\n{third}, null]'
    run = home.bring(write(tmp_path / "mixed.json", content.encode()))
    assert (run["status"], run["items_synced"], run["items_failed"]) == ("partial", 3, 3)
    assert sorted(letter["raw"] for letter in home.dead_letters()) == [b'"text {"', b"17", b"null"]


def test_a_file_that_is_no_json_at_all(known: Portal, tmp_path: Path) -> None:
    for name, content in (
        ("page.html", b"<html>\n<body>Sign in</body>\n</html>"),
        ("noise", os.urandom(5000)),
    ):
        run = known.bring(write(tmp_path / name, content))
        assert run["status"] == "partial", name
        assert run["items_synced"] == 0
        assert run["items_failed"] > 0
    assert known.names() == KNOWN


def test_duplicate_names_are_one_asset(home: Portal, tmp_path: Path) -> None:
    run = home.bring(write(tmp_path / "twice.json", [*fleet(3), *fleet(3)]))
    assert run["status"] == "success"
    assert home.names() == ["till-000", "till-001", "till-002"]


def test_ten_thousand_distinct_keys(home: Portal, tmp_path: Path) -> None:
    assets = [instance(f"till-{i:03}", **{f"key_{i}_{k}": k for k in range(100)}) for i in range(100)]
    run = home.bring(write(tmp_path / "keys.json", assets))
    assert run["status"] == "success", run["error_messages"]
    assert home.asset("till-099")["resource"] == assets[99]["resource"]


def test_keys_that_differ_only_by_case_are_both_kept(home: Portal, tmp_path: Path) -> None:
    data = {"IPProtocol": "TCP", "ipProtocol": "tcp", "rules": [{"Name": 1, "name": 2}]}
    run = home.bring(write(tmp_path / "case.json", [instance("till-000", **data)]))
    assert run["status"] == "success", run["error_messages"]
    read = home.asset("till-000")["resource"]["data"]
    assert {key: read[key] for key in data} == data
    (row,) = home.ask(
        "SELECT JSON_VALUE(resource, '$.data.IPProtocol') AS a, JSON_VALUE(resource, '$.data.ipProtocol') AS b FROM assets"
    )
    assert row == {"a": "TCP", "b": "tcp"}


def test_top_level_keys_that_differ_only_by_case(home: Portal, tmp_path: Path) -> None:
    asset = {**instance("till-000"), "Name": "other", "NAME": 5, "Resource": []}
    run = home.bring(write(tmp_path / "case.json", [asset]))
    assert (run["status"], run["items_failed"]) == ("success", 0), run["error_messages"]
    assert home.names() == ["till-000"]


def test_bad_changes_are_kept_and_the_others_come_in(known: Portal, tmp_path: Path) -> None:
    good = {"asset": instance("till-900"), "window": {"startTime": "2026-03-02T09:00:00Z"}}
    bad: list[dict[str, Any]] = [
        {**good, "window": {"startTime": "yesterday"}},
        {**good, "window": {}},
        {**good, "asset": {}},
        {**good, "asset": {**instance("till-901"), "resource": "text"}},
        {"priorAsset": instance("till-000"), "window": good["window"]},
    ]
    run = known.bring(write(tmp_path / "feed.json", [*bad, good]), at="2026-03-02T10:00:00Z")
    assert (run["status"], run["items_synced"], run["items_failed"]) == ("partial", 1, 5), run
    assert known.names() == [*KNOWN, "till-900"]


def test_mixed_assets_and_changes_are_refused(known: Portal, tmp_path: Path) -> None:
    change = {"asset": instance("till-900"), "window": {"startTime": "2026-03-02T09:00:00Z"}}
    run = known.bring(write(tmp_path / "mixed.json", [*fleet(2), change]))
    assert run["status"] == "failed"
    assert "both assets and asset changes" in run["error_messages"][0]
    assert known.names() == KNOWN


def test_importing_the_bad_file_again_keeps_its_dead_letters_once(known: Portal, tmp_path: Path) -> None:
    path = write(tmp_path / "bad.json", ndjson(fleet(5)) + b'{"a": 1}{"a": 1}\nno\nno\n')
    for _ in range(2):
        run = known.bring(path)
        assert (run["status"], run["items_failed"]) == ("partial", 3)
        assert len(known.dead_letters()) == 3


def test_the_command_says_it_and_exits_with_3(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.json", ndjson(fleet(3)) + b"no\n")

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sync_jobs", *arguments],
            cwd=ROOT, env=environment(tmp_path / "home"), capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    done = command("import-assets", path, "--json")
    assert done.returncode == 3, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["status"], answer["items_synced"], answer["items_failed"]) == ("partial", 3, 1)
    folder = command("import-assets", str(tmp_path), "--json")
    assert folder.returncode != 0
    assert "is a folder" in folder.stdout + folder.stderr
    assert "Traceback" not in folder.stderr


def test_names_of_files_with_quotes(home: Portal, tmp_path: Path) -> None:
    folder = tmp_path / "it's; DROP TABLE"
    folder.mkdir()
    run = home.bring(write(folder / "o'clock %s.json", fleet(2)))
    assert run["status"] == "success", run["error_messages"]
    with portal(folder / "home's") as other:
        assert other.bring(write(folder / "o'clock.json.gz", fleet(2)))["status"] == "success"
        assert other.bring(write(folder / "more.json", fleet(3)))["status"] == "success"
        assert len(other.names()) == 3
