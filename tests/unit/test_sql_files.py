"""SQL files: the header, the parameters and their values, and what a wrong one is told by name."""

from __future__ import annotations

import datetime as dt
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import sql_files
from app.errors import SqlFileError
from app.sql_params import coerce

HEADER = "title: A question\nparams:\n  - {name: p, type: STRING, default: null, description: A project}\n"
TEXT = "SELECT name FROM assets WHERE @p IS NULL OR project_id = @p"


def load(tmp_path: Path, header: str = HEADER, text: str = TEXT, key: str = "pages/x/q") -> sql_files.SqlFile:
    path = tmp_path / f"{key}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"/*\n{header}*/\n{text}\n", encoding="utf-8")
    return sql_files.load(path, tmp_path)


def refused(tmp_path: Path, complaint: str, **what: str) -> SqlFileError:
    with pytest.raises(SqlFileError, match=complaint) as caught:
        load(tmp_path, **what)
    assert str(tmp_path / f"{what.get('key', 'pages/x/q')}.sql") in caught.value.message
    assert caught.value.exit_code == 2
    return caught.value


def test_everything_is_read(tmp_path: Path) -> None:
    header = HEADER + "description: >\n  Two\n  lines.\ngrain: asset\nchart: {kind: line}\n"
    file = load(tmp_path, header)
    assert (file.key, file.title, file.description) == ("pages/x/q", "A question", "Two lines.")
    assert (file.grain, file.chart) == ("asset", {"kind": "line"})
    assert file.params == (sql_files.Param("p", "STRING", False, None, "A project"),)
    assert file.bigquery.strip() == TEXT
    assert "$p" in file.duckdb
    assert "title" not in file.text


def test_line_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    file = load(tmp_path)
    on_disk = (tmp_path / "pages/x/q.sql").read_text().splitlines()
    assert file.text.splitlines().index(TEXT) == on_disk.index(TEXT)


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("params: []\n", "header has no title"),
        ("title: A\ntitel: B\n", "unknown key 'titel' in the header. Did you mean title?"),
        ("title: [A\n", "not valid YAML at line"),
        ("just words\n", "must be YAML keys and values"),
        ("title: A\nparams: {}\nchart: line\n", "chart in the header must be a dict|params in the header"),
        ("title: A\nparams: [p]\n", "needs a name and a type"),
        ("title: A\nparams: [{name: p}]\n", "needs a name and a type"),
        ("title: A\nparams: [{name: p, type: STRING, defualt: x}]\n", "parameter p: unknown key 'defualt'"),
        ("title: A\nparams: [{name: P, type: STRING}]\n", "a name is lower-case"),
        ("title: A\nparams: [{name: p, type: TEXT}]\n", "type is 'TEXT'; expected one of STRING"),
        ("title: A\nparams: [{name: p, type: INT64, default: many}]\n", "default is 'many'; expected INT64"),
        ("title: A\nparams: [{name: p, type: DATE, default: 5}]\n", "default is 5; expected DATE"),
        ("title: A\nparams: [{name: p, type: 'ARRAY<STRING>', default: x}]\n", "default is 'x'"),
        ("title: A\nparams: [{name: p, type: STRING}, {name: p, type: STRING}]\n", "p is declared twice"),
        (
            "title: A\nparams: [{name: p, type: STRING}, {name: q, type: STRING}]\n",
            "q is declared but not used",
        ),
        ("title: A\n", "@p is used but not declared"),
    ],
)
def test_a_bad_header(tmp_path: Path, header: str, complaint: str) -> None:
    refused(tmp_path, complaint, header=header)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("SELECT name FROM WHERE @p", "not valid SQL: .* at line 6, column 22"),
        ("SELECT 'open @p", "not valid SQL"),
        ("DELETE FROM assets WHERE name = @p", "expected one SELECT, found DELETE"),
        ("SELECT @p; DROP TABLE assets", "expected one SELECT, found SELECT, DROP"),
        ("", "expected one SELECT, found nothing"),
    ],
)
def test_bad_sql(tmp_path: Path, text: str, complaint: str) -> None:
    refused(tmp_path, complaint, text=text)


def test_a_file_without_header(tmp_path: Path) -> None:
    path = tmp_path / "q.sql"
    path.write_text("SELECT 1 AS x")
    with pytest.raises(SqlFileError, match="no header"):
        sql_files.load(path, tmp_path)


def test_a_rule_says_more_and_must(tmp_path: Path) -> None:
    rule = HEADER + "id: net-1\nseverity: high\nasset_types: [compute.googleapis.com/Network]\n"
    assert load(tmp_path, rule, key="policies/net/open").extra["severity"] == "high"
    refused(
        tmp_path, "has no asset_types", header=HEADER + "id: x\nseverity: high\n", key="policies/net/other"
    )
    refused(tmp_path, "unknown key 'severity'", header=HEADER + "severity: high\n")


def test_a_parameter_in_a_string_or_comment_is_none(tmp_path: Path) -> None:
    text = "SELECT '@other' AS x, @p AS p -- @third"
    assert [param.name for param in load(tmp_path, text=text).params] == ["p"]


def test_a_sibling_speaks_for_duckdb(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "pages/x/q.duckdb.sql").write_text("/* why: so */\nSELECT name FROM assets WHERE $p IS NULL")
    file = sql_files.load(tmp_path / "pages/x/q.sql", tmp_path)
    assert file.duckdb.strip() == "SELECT name FROM assets WHERE $p IS NULL"
    assert sql_files.keys(root=tmp_path) == ["pages/x/q"]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    first = load(tmp_path)
    assert sql_files.load(tmp_path / "pages/x/q.sql", tmp_path) is first
    path = tmp_path / "pages/x/q.sql"
    path.write_text(path.read_text().replace("A question", "Another"))
    os.utime(path, ns=(1, 1))
    assert sql_files.load(path, tmp_path).title == "Another"


def test_unknown_keys_and_paths() -> None:
    with pytest.raises(SqlFileError, match="Did you mean pages/sync_status/layers"):
        sql_files.get("pages/sync_status/layer")
    for key in (
        "../sql/pages/sync_status/layers",
        "/etc/passwd",
        "schema/assets.sql",
        "pages/sync_status/layers.sql",
        "",
    ):
        with pytest.raises(SqlFileError, match="No SQL file"):
            sql_files.get(key)


def test_keys_leave_out_the_tables() -> None:
    assert sql_files.keys("pages/sync_status/")[:1] == ["pages/sync_status/dead_letters"]
    assert not [key for key in sql_files.keys("schema") if key]


@pytest.mark.parametrize("key", sql_files.keys())
def test_every_shipped_file_is_sound(key: str) -> None:
    assert sql_files.get(key).duckdb


# -- values ------------------------------------------------------------------------------------------------


def test_bind_fills_in_defaults_and_checks(tmp_path: Path) -> None:
    header = "title: A\nparams: [{name: p, type: INT64}, {name: q, type: 'ARRAY<STRING>', default: [a]}]\n"
    file = load(tmp_path, header, "SELECT @p AS p, @q AS q")
    assert file.bind({"p": "7"}) == {"p": 7, "q": ["a"]}
    assert file.bind(file.bind({"p": 7, "q": None})) == {"p": 7, "q": []}
    for values, complaint in (
        ({}, r"needs a value for the parameter p \(INT64\)"),
        ({"p": None}, "needs a value for the parameter p"),
        ({"p": 1, "r": 2}, r"no parameter 'r'. It takes p \(INT64\), q \(ARRAY<STRING>\)"),
        ({"p": "seven"}, "parameter p is 'seven'; expected INT64, a whole number"),
        ({"p": 1, "q": "a"}, "parameter q is 'a'; expected ARRAY<STRING>, a list"),
        ({"p": 1, "q": [None]}, "without NULL"),
    ):
        with pytest.raises(SqlFileError, match=complaint):
            file.bind(values)


NOON = dt.datetime(2024, 3, 31, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("value", "kind", "want"),
    [
        ("x", "STRING", "x"),
        (123, "STRING", "123"),
        (True, "STRING", "true"),
        ("12", "INT64", 12),
        (12.0, "INT64", 12),
        ("-1.5", "FLOAT64", -1.5),
        ("1.000000001", "NUMERIC", Decimal("1.000000001")),
        ("TRUE", "BOOL", True),
        ("2024-03-31", "DATE", dt.date(2024, 3, 31)),
        ("2024-03-31T14:00:00+02:00", "TIMESTAMP", NOON),
        ("2024-03-31 12:00:00", "TIMESTAMP", NOON),
        (pd.Timestamp("2024-03-31T12:00:00Z"), "TIMESTAMP", NOON),
        ({"a": [1]}, "JSON", '{"a": [1]}'),
        ('{"a":1}', "JSON", '{"a":1}'),
        (["1", 2], "ARRAY<INT64>", [1, 2]),
        ('["a"]', "ARRAY<STRING>", ["a"]),
        (("a",), "ARRAY<STRING>", ["a"]),
        (None, "DATE", None),
    ],
)
def test_values_that_fit(value: object, kind: str, want: object) -> None:
    got = coerce(value, kind)
    assert got == want
    assert type(got) is type(want)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (["x"], "STRING"),
        (1.5, "INT64"),
        (True, "INT64"),
        (2**63, "INT64"),
        ("1e400", "FLOAT64"),
        ("nan", "FLOAT64"),
        ("1.0000000001", "NUMERIC"),
        (1, "BOOL"),
        ("31.3.2024", "DATE"),
        (NOON, "DATE"),
        (NOON.replace(tzinfo=None), "TIMESTAMP"),
        ("yesterday", "TIMESTAMP"),
        ("{", "JSON"),
        (float("nan"), "JSON"),
        ("[1", "ARRAY<INT64>"),
        ([[1]], "ARRAY<INT64>"),
    ],
)
def test_values_that_do_not(value: object, kind: str) -> None:
    with pytest.raises(ValueError):
        coerce(value, kind)


@given(
    st.sampled_from(
        ["STRING", "INT64", "FLOAT64", "NUMERIC", "BOOL", "DATE", "TIMESTAMP", "JSON", "ARRAY<INT64>"]
    ),
    st.text() | st.integers() | st.floats() | st.none() | st.lists(st.text(), max_size=3),
)
def test_any_value_fits_or_says_why(kind: str, value: Any) -> None:
    try:
        once = coerce(value, kind)
    except ValueError as error:
        assert str(error)
    else:
        assert coerce(once, kind) == once


# -- queries in no file ------------------------------------------------------------------------------------


def test_adhoc_types_follow_the_values() -> None:
    values = {
        "a": 1,
        "b": "x",
        "c": [1, 2.5],
        "d": True,
        "e": None,
        "f": {"k": 1},
        "g": NOON.date(),
        "h": NOON,
    }
    query = sql_files.adhoc(f"SELECT {', '.join(f'@{name} AS {name}' for name in values)}", values)
    assert {param.name: param.type for param in query.params} == {
        "a": "INT64",
        "b": "STRING",
        "c": "ARRAY<FLOAT64>",
        "d": "BOOL",
        "e": "STRING",
        "f": "JSON",
        "g": "DATE",
        "h": "TIMESTAMP",
    }
    assert query.bind(values)["e"] is None
    assert "$a" in query.duckdb


def test_adhoc_refusals() -> None:
    for text, values, complaint in (
        ("SELECT @x AS x", {}, "uses @x, which has no value"),
        ("DROP TABLE assets", {}, "expected one SELECT, found DROP"),
        ("SELECT @x AS x", {"x": [1, "a"]}, "mixes INT64 and STRING"),
    ):
        with pytest.raises(SqlFileError, match=complaint):
            sql_files.adhoc(text, values)
    with pytest.raises(SqlFileError, match="no parameter 'y'"):
        sql_files.adhoc("SELECT 1 AS x", {"y": 1}).bind({"y": 1})
