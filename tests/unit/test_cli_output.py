"""How the command line prints: for programs exactly, for people readably, and never as the data wants."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.errors import SettingsError
from sync_jobs.cli import output, query
from sync_jobs.cli.bar import Bar

ROWS = pa.table(
    {
        "name": pa.array(['a "quoted", one', "two\nlines", None]),
        "count": pa.array([1, -2, None], pa.int64()),
        "ratio": pa.array([0.5, float("nan"), float("inf")]),
        "at": pa.array([datetime(2026, 1, 2, 3, 4, 5, 600, UTC)] * 3, pa.timestamp("us", tz="UTC")),
        "day": pa.array([date(2026, 1, 2)] * 3),
        "tags": pa.array([["x", "y"], [], None], pa.list_(pa.string())),
        "flag": pa.array([True, False, None]),
        "raw": pa.array([b"\x00\xff", b"", None], pa.binary()),
        "big": pa.array([Decimal(2**70), Decimal(3), None], pa.decimal128(38, 0)),
    }
)


def test_json_is_one_array_of_row_objects(capfd: pytest.CaptureFixture[str]) -> None:
    query.write(ROWS, query.Format.json)
    out, err = capfd.readouterr()
    assert err == ""
    rows = json.loads(out, parse_constant=pytest.fail)
    assert rows[0] == {
        "name": 'a "quoted", one',
        "count": 1,
        "ratio": 0.5,
        "at": "2026-01-02T03:04:05.000600Z",
        "day": "2026-01-02",
        "tags": ["x", "y"],
        "flag": True,
        "raw": "AP8=",
        "big": 2**70,
    }
    assert rows[1]["ratio"] is None
    assert rows[2]["ratio"] is None
    assert rows[2]["tags"] is None


def test_json_of_no_rows_is_an_empty_array(capfd: pytest.CaptureFixture[str]) -> None:
    query.write(ROWS.slice(0, 0), query.Format.json)
    assert json.loads(capfd.readouterr().out) == []


def test_csv_follows_the_rfc(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    query.write(ROWS, query.Format.csv)
    out = capfdbinary.readouterr().out.decode()
    assert out.startswith("name,count,ratio,at,day,tags,flag,raw,big\r\n")
    assert '"a ""quoted"", one",1,0.5,2026-01-02T03:04:05.000600Z,2026-01-02,"[""x"", ""y""]",true,' in out
    rows = list(csv.reader(io.StringIO(out, newline="")))
    assert len(rows) == 4
    assert rows[2][0] == "two\nlines"
    assert rows[3][0] == ""


def test_parquet_keeps_the_types(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    query.write(ROWS, query.Format.parquet)
    read = pq.read_table(io.BytesIO(capfdbinary.readouterr().out))
    assert [field.type for field in read.schema if field.name != "tags"] == [
        field.type for field in ROWS.schema if field.name != "tags"
    ]
    comparable = ["name", "count", "at", "day", "tags", "flag", "raw", "big"]  # NaN is not equal to itself
    assert read.select(comparable).to_pylist() == ROWS.select(comparable).to_pylist()


def test_a_table_is_aligned_and_counts_its_rows(capfd: pytest.CaptureFixture[str]) -> None:
    query.write(pa.table({"type": ["disk", "network"], "count": [12345, 7]}), query.Format.table)
    out, err = capfd.readouterr()
    assert out.splitlines() == ["type     count", "-------  -----", "disk     12345", "network      7"]
    assert err == "2 rows\n"


def test_data_cannot_steer_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    query.write(pa.table({"name": ["\x1b[2Jgone\x07\r\n\u202eabc"]}), query.Format.table)
    out = capfd.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b[2Jgone\\x07\\r\\n\\u202eabc" in out
    assert len(out.splitlines()) == 3


def test_cells_are_clipped_on_a_terminal_only() -> None:
    long = "x" * 200
    assert long in output.table(["a"], [[long]], clip=False)
    assert "…" in output.table(["a"], [[long]], clip=True)


def test_parameters_are_json_where_they_parse() -> None:
    given = query.params(
        ["a=1", 'b=["x", "y"]', "c=plain text", "d=2026-01-01", "e=true", "f=k=v", 'g="1"', "h="]
    )
    expected: dict[str, Any] = {
        "a": 1,
        "b": ["x", "y"],
        "c": "plain text",
        "d": "2026-01-01",
        "e": True,
        "f": "k=v",
        "g": "1",
        "h": "",
    }
    assert given == expected


@pytest.mark.parametrize("wrong", [["a"], ["=1"], ["a=1", "a=2"]])
def test_wrong_parameters_are_refused(wrong: list[str]) -> None:
    with pytest.raises(SettingsError):
        query.params(wrong)


def test_the_bar_shows_counts_rate_and_time_left(capfd: pytest.CaptureFixture[str]) -> None:
    with Bar("assets") as bar:
        bar.update(10, None, "bytes")
        bar.update(500, 1000, "assets")
        text = bar.text()
    assert "500 assets of 1,000 assets" in text
    assert capfd.readouterr().out == ""
