"""Row tests of SQL files: rows in, rows expected, the same on every engine.

A case file mirrors the path of its SQL file: `cases/pages/x/days.yaml` tests `sql/pages/x/days.sql`.
It maps the name of a case to `given` (table -> rows), `params`, `expect` (rows in order), and where needed
`unordered` (the query promises no order), `partial` (rows name only the columns that matter), `now` (the
present instant) and `emulator_cannot` (why the BigQuery emulator gives other rows than BigQuery; the other
engines judge then). A name that begins with `_` is no case: a place for YAML anchors.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from app import sql_files
from app.schema import Column, Table, tables
from app.sql_files import SqlFile
from app.sql_params import coerce

CASES = Path(__file__).parent / "cases"
_KEYS = {"given", "params", "expect", "unordered", "partial", "now", "emulator_cannot"}
_EPOCH = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
# For NOT NULL columns that a case leaves out, because they do not matter to it.
_DEFAULTS: dict[str, Any] = {
    "STRING": "",
    "INT64": 0,
    "FLOAT64": 0.0,
    "NUMERIC": Decimal(0),
    "BOOL": False,
    "JSON": "{}",
    "DATE": _EPOCH.date(),
    "TIMESTAMP": _EPOCH,
}


@dataclass(frozen=True)
class Case:
    """One case of one SQL file. `given` holds Python values of the column types, all columns filled in."""

    key: str
    name: str
    given: dict[str, list[dict[str, Any]]]
    params: dict[str, Any]
    expect: list[dict[str, Any]]
    unordered: bool = False
    partial: bool = False
    now: dt.datetime | None = None
    emulator_cannot: str = ""
    path: Path = field(default=CASES)

    @property
    def id(self) -> str:
        return f"{self.key}: {self.name}"

    def file(self) -> SqlFile:
        """The SQL file, with the present instant fixed where the case says so."""
        file = sql_files.get(self.key)
        if self.now is None:
            return file
        stamp = f"TIMESTAMP '{self.now:%Y-%m-%d %H:%M:%S.%f}+00'"
        fixed = re.sub(r"CURRENT_TIMESTAMP(\(\))?", stamp, file.text)
        fixed = re.sub(r"CURRENT_DATE(\(\))?", f"DATE '{self.now:%Y-%m-%d}'", fixed)
        return replace(file, text=fixed)


# libyaml, where PyYAML was built with it: there are thousands of cases, and each worker reads them all.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """What a file of cases holds."""
    return yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506, it is a safe loader


def load_cases(path: Path, root: Path = CASES) -> list[Case]:
    """The cases in one file. Raises ValueError that names the file, the case and what is wrong."""
    key = path.relative_to(root).as_posix().removesuffix(".yaml")
    read = read_yaml(path)
    if not isinstance(read, dict) or not read:
        raise ValueError(f"{path}: expected at least one case, as `name: {{given, params, expect}}`")
    return [_case(path, key, name, body) for name, body in read.items() if not name.startswith("_")]


def all_cases() -> Iterator[Case]:
    for path in sorted(CASES.rglob("*.yaml")):
        yield from load_cases(path)


def _case(path: Path, key: str, name: str, body: Any) -> Case:
    where = f"{path}: case {name!r}"
    if not isinstance(body, dict) or "expect" not in body:
        raise ValueError(f"{where}: needs `expect`")
    if set(body) - _KEYS:
        raise ValueError(f"{where}: unknown {sorted(set(body) - _KEYS)}; allowed {sorted(_KEYS)}")
    given = {}
    for table, rows in (body.get("given") or {}).items():
        if table not in tables():
            raise ValueError(f"{where}: there is no table {table}")
        given[table] = [
            full_row(tables()[table], row, number, where) for number, row in enumerate(rows or [])
        ]
    now = coerce(body["now"], "TIMESTAMP") if body.get("now") else None
    return Case(
        key,
        name,
        given,
        body.get("params") or {},
        body["expect"] or [],
        bool(body.get("unordered")),
        bool(body.get("partial")),
        now,
        body.get("emulator_cannot", ""),
        path,
    )


def full_row(table: Table, row: Mapping[str, Any], number: int, where: str) -> dict[str, Any]:
    """`row` with every column of `table`: missing ones are NULL, or a plain value in NOT NULL columns."""
    unknown = set(row) - {column.name for column in table.columns}
    if unknown:
        raise ValueError(f"{where}: table {table.name} has no column {sorted(unknown)}")
    out = {}
    for column in table.columns:
        if column.name in row:
            try:
                out[column.name] = coerce(row[column.name], column.type)
            except ValueError as error:
                raise ValueError(f"{where}: {table.name}.{column.name}: expected {error}") from None
        elif column.nullable:
            out[column.name] = [] if column.type.startswith("ARRAY") else None
        elif column.name in table.primary_key and column.type == "STRING":
            out[column.name] = f"{column.name}-{number}"
        else:
            out[column.name] = _DEFAULTS[column.type]
    return out


def bigquery_literal(value: Any, column: Column) -> str:
    """`value` as a BigQuery literal of the column's type."""
    if value is None:
        return "NULL"
    if column.type.startswith("ARRAY"):
        element = replace(column, type=column.type[6:-1])
        return f"[{', '.join(bigquery_literal(item, element) for item in value)}]"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    forms = {
        "JSON": f"PARSE_JSON({text})",
        "DATE": f"DATE '{value}'",
        "TIMESTAMP": f"TIMESTAMP '{value}'",
        "NUMERIC": f"NUMERIC '{value}'",
        "BYTES": "" if not isinstance(value, bytes) else f"FROM_BASE64('{base64.b64encode(value).decode()}')",
    }
    return forms.get(column.type, text)


def insert_statement(table: Table, rows: list[dict[str, Any]]) -> str:
    """One INSERT of literals, for an engine that is reached through SQL only."""
    names = ", ".join(f"`{column.name}`" for column in table.columns)
    values = ",\n".join(
        f"({', '.join(bigquery_literal(row[column.name], column) for column in table.columns)})"
        for row in rows
    )
    return f"INSERT INTO {table.name} ({names}) VALUES {values}"


def check(case: Case, names: list[str], rows: list[dict[str, Any]]) -> None:
    """Compare the rows an engine gave with those the case expects. Raises AssertionError that shows both."""
    expect = [dict(row) for row in case.expect]
    for row in expect:
        missing, extra = set(row) - set(names), set(names) - set(row)
        assert not missing, f"the query has no column {sorted(missing)}; it has {names}"
        assert case.partial or not extra, f"the case says nothing of {sorted(extra)} (or say `partial: true`)"
    columns = list(expect[0]) if expect else names
    got = [[plain(row[name]) for name in columns] for row in rows]
    want = [[plain(row.get(name)) for name in columns] for row in expect]
    if case.unordered:
        got, want = sorted(got, key=repr), sorted(want, key=repr)
    assert len(got) == len(want), f"{len(got)} rows, expected {len(want)}:\n{_shown(columns, got)}"
    for number, (left, right) in enumerate(zip(got, want, strict=True)):
        for name, a, b in zip(columns, left, right, strict=True):
            assert same(a, b), (
                f"row {number}, {name}: {a!r}, expected {b!r}. All rows:\n{_shown(columns, got)}"
            )


def plain(value: Any) -> Any:  # noqa: PLR0911  one return per kind of value
    """A value in the one form that both sides are compared in: instants in UTC, JSON parsed."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, str) and value[:1] in "{[" and value[-1:] in "}]":
        try:
            return json.loads(value)
        except ValueError:
            return value  # a text that only looks like JSON
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def same(got: Any, want: Any) -> bool:  # noqa: PLR0911  one return per kind of value
    """Equal, floats to nine digits; a day or instant may be written as text."""
    if got is None or want is None:
        return got is want or (got or want) == []
    if isinstance(got, bool) or isinstance(want, bool):
        return got is want
    if isinstance(got, int) and isinstance(want, int):
        return got == want
    if isinstance(got, int | float) and isinstance(want, int | float):
        return math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(got) and math.isnan(want))
    if isinstance(got, dt.datetime) and isinstance(want, str):
        return got == coerce(want, "TIMESTAMP")
    if isinstance(got, dt.date) and isinstance(want, str):
        return str(got) == want
    if isinstance(got, list) and isinstance(want, list):
        return len(got) == len(want) and all(same(a, b) for a, b in zip(got, want, strict=True))
    if isinstance(got, dict) and isinstance(want, dict):
        return got.keys() == want.keys() and all(same(got[key], want[key]) for key in got)
    return type(got) is type(want) and got == want


def _shown(columns: list[str], rows: list[list[Any]]) -> str:
    return "\n".join(str(dict(zip(columns, row, strict=True))) for row in rows[:50])
