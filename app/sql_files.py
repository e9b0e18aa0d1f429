"""The SQL files: one question per file in `sql/`, in BigQuery's dialect, with a YAML header.

`get("pages/infrastructure/counts")` gives the file, checked: header, declared parameters, one SELECT.
Errors name the file and what is wrong. A file is read and translated once per process and version.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import sqlglot
import yaml
from sqlglot import exp
from sqlglot.errors import SqlglotError

from app import sql_params
from app.errors import SqlFileError
from app.settings import PROJECT_ROOT
from app.sql_duckdb import to_duckdb
from app.sql_params import Param

__all__ = ["SQL_FOLDER", "Param", "SqlFile", "adhoc", "get", "keys", "load"]

SQL_FOLDER = PROJECT_ROOT / "sql"
DUCKDB_SUFFIX = ".duckdb.sql"

_HEADER = re.compile(r"\A\s*/\*(.*?)\*/", re.DOTALL)
_KEY = re.compile(r"^[a-z0-9_]+(/[a-z0-9_]+)*$")
_PARAM_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
# libyaml, where PyYAML was built with it: ten times faster, and there are hundreds of files.
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PARAM_KEYS = {"name", "type", "default", "description"}
_KEYS = {"title", "description", "params", "grain", "chart"}
# What the header of a kind of file may hold besides, and of that, what it must.
_MORE: dict[str, tuple[set[str], set[str]]] = {
    "policies": (
        {
            "id",
            "severity",
            "asset_types",
            "frameworks",
            "rationale",
            "remediation",
            "enabled",
            "covers",
            "defaults",
            "needs",
        },
        {"id", "severity", "asset_types"},
    ),
    "alerts": ({"severity", "summary", "remediation", "enabled"}, {"severity"}),
    "checks": ({"severity", "remediation"}, set()),
    "metrics": ({"writes"}, set()),
    "dashboards": ({"order", "width"}, set()),
    "saved": ({"saved_by", "saved_at"}, set()),
}


@dataclass(frozen=True, eq=False)
class SqlFile:
    """One question. `text` is its SQL without the header; `extra` is what rules and alerts add to that."""

    key: str
    path: Path | None
    title: str
    description: str
    params: tuple[Param, ...]
    grain: str
    chart: dict[str, Any] | None
    text: str
    extra: dict[str, Any] = field(default_factory=dict)
    duckdb_text: str | None = None  # of the sibling <name>.duckdb.sql, where there is one
    typed: bool = (
        True  # False: parameter types were guessed from values, so the engine's own guess is as good
    )

    @property
    def bigquery(self) -> str:
        """The text for BigQuery, parameters as `@name`."""
        return self.text

    @cached_property
    def tree(self) -> exp.Query:
        """The statement as sqlglot parsed it; not to be changed."""
        return _parse(self.where, self.text)

    @cached_property
    def duckdb(self) -> str:
        """The text for DuckDB, parameters as `$name`. Raises SqlFileError when it cannot be said there."""
        if self.duckdb_text is not None:
            return self.duckdb_text
        types = {param.name: param.type for param in self.params} if self.typed else {}
        try:
            return to_duckdb(self.tree, types)
        except SqlglotError as error:
            raise SqlFileError(
                f"{self.where} cannot be said in DuckDB: {_plain(error)}.",
                f"Write it another way, or put {Path(self.key).name}{DUCKDB_SUFFIX} beside it.",
            ) from error

    @property
    def where(self) -> str:
        """The file, for messages."""
        return str(self.path) if self.path else "The query"

    def bind(self, values: Mapping[str, object]) -> dict[str, Any]:
        """The typed value of every parameter, defaults filled in. Raises SqlFileError."""
        return sql_params.bind(self.where, self.params, values)


def get(key: str) -> SqlFile:
    """The SQL file `key`, such as `pages/sync_status/layers`. Raises SqlFileError when missing or wrong."""
    if not _KEY.match(key) or not (SQL_FOLDER / f"{key}.sql").is_file():
        close = difflib.get_close_matches(key, keys(), n=1)
        raise SqlFileError(
            f"No SQL file {key!r} in {SQL_FOLDER}." + (f" Did you mean {close[0]}?" if close else ""),
            "A key is the path below sql/ without .sql, such as pages/sync_status/layers.",
        )
    return load(SQL_FOLDER / f"{key}.sql")


def keys(prefix: str = "", root: Path = SQL_FOLDER) -> list[str]:
    """The keys of all questions below `root` that begin with `prefix`, sorted."""
    found = (
        path.relative_to(root).as_posix().removesuffix(".sql")
        for path in root.rglob("*.sql")
        if not path.name.endswith(DUCKDB_SUFFIX) and path.relative_to(root).parts[0] != "schema"
    )
    return sorted(key for key in found if key.startswith(prefix))


def load(path: Path, root: Path = SQL_FOLDER) -> SqlFile:
    """The SQL file at `path`. Raises SqlFileError naming the file and the key or parameter at fault."""
    sibling = path.with_name(path.name.removesuffix(".sql") + DUCKDB_SUFFIX)
    versions = tuple(p.stat().st_mtime_ns if p.is_file() else 0 for p in (path, sibling))
    return _load(path, root, versions)


def adhoc(text: str, values: Mapping[str, object] | None = None) -> SqlFile:
    """One SELECT that is in no file. Its parameters get the types of `values`, which must hold each one."""
    tree = _parse("The query", text)
    given = dict(values or {})
    used = _used(tree)
    missing = [name for name in used if name not in given]
    if missing:
        raise SqlFileError(
            f"The query uses @{missing[0]}, which has no value.",
            f"Give it one: --param {missing[0]}=VALUE on the command line.",
        )
    params = tuple(sql_params.infer(name, given[name]) for name in used)
    return SqlFile("adhoc", None, "Query", "", params, "", None, text, typed=False)


@lru_cache(maxsize=1024)
def _load(path: Path, root: Path, versions: tuple[int, ...]) -> SqlFile:
    text = path.read_text(encoding="utf-8")
    match = _HEADER.match(text)
    if match is None:
        raise SqlFileError(f"{path}: no header.", "Begin the file with /* title: ... */ in YAML.")
    kind = path.relative_to(root).parts[0]
    header = _header(path, kind, match.group(1))
    # Blank lines in place of the header, so that an engine's line numbers are those of the file.
    body = "\n" * match.group(0).count("\n") + text[match.end() :]
    params = tuple(_param(path, item) for item in header.get("params") or [])
    tree = _parse(str(path), body)
    _check_params(path, params, _used(tree))
    sibling = path.with_name(path.name.removesuffix(".sql") + DUCKDB_SUFFIX)
    made = SqlFile(
        key=path.relative_to(root).as_posix().removesuffix(".sql"),
        path=path,
        title=header["title"],
        description=(header.get("description") or "").strip(),
        params=params,
        grain=header.get("grain") or "",
        chart=header.get("chart"),
        text=body.strip("\n") if "\n" not in match.group(0) else body,
        extra={key: value for key, value in header.items() if key not in _KEYS},
        duckdb_text=_HEADER.sub("", sibling.read_text(encoding="utf-8"), 1) if sibling.is_file() else None,
    )
    vars(made)["tree"] = tree  # parsed once
    return made


def _header(path: Path, kind: str, text: str) -> dict[str, Any]:
    try:
        header = yaml.load(text, _YAML)  # noqa: S506, it is a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f" at line {mark.line + 1}" if mark else ""
        raise SqlFileError(
            f"{path}: the header is not valid YAML{at}: {getattr(error, 'problem', error)}."
        ) from error
    if not isinstance(header, dict):
        raise SqlFileError(
            f"{path}: the header must be YAML keys and values.", "Such as title: Runs by layer"
        )
    more, must = _MORE.get(kind, (set(), set()))
    for key in header:
        if key not in _KEYS | more:
            close = difflib.get_close_matches(str(key), sorted(_KEYS | more), n=1)
            guess = f" Did you mean {close[0]}?" if close else ""
            raise SqlFileError(
                f"{path}: unknown key {key!r} in the header.{guess}",
                f"Allowed: {', '.join(sorted(_KEYS | more))}.",
            )
    for key in ["title", *sorted(must)]:
        if not header.get(key):
            raise SqlFileError(f"{path}: the header has no {key}.", f"Add a line {key}: ...")
    for key, kinds in (
        ("title", str),
        ("description", str),
        ("grain", str),
        ("params", list),
        ("chart", dict),
    ):
        if header.get(key) is not None and not isinstance(header[key], kinds):
            raise SqlFileError(
                f"{path}: {key} in the header must be a {kinds.__name__}, not {header[key]!r}."
            )
    return header


def _param(path: Path, item: object) -> Param:
    if (
        not isinstance(item, dict)
        or not isinstance(item.get("name"), str)
        or not isinstance(item.get("type"), str)
    ):
        raise SqlFileError(
            f"{path}: params: {item!r} needs a name and a type.", "Such as {name: project, type: STRING}"
        )
    name = item["name"]
    unknown = sorted(set(item) - _PARAM_KEYS)
    if unknown:
        raise SqlFileError(
            f"{path}: parameter {name}: unknown key {unknown[0]!r}.", f"Allowed: {sorted(_PARAM_KEYS)}."
        )
    if not _PARAM_NAME.match(name):
        raise SqlFileError(
            f"{path}: parameter {name!r}: a name is lower-case letters, digits and underscores."
        )
    try:
        kind = sql_params.check_type(item["type"])
    except ValueError as error:
        raise SqlFileError(f"{path}: parameter {name}: type is {item['type']!r}; expected {error}.") from None
    try:
        default = sql_params.coerce(item.get("default"), kind)
    except ValueError as error:
        raise SqlFileError(
            f"{path}: parameter {name}: default is {item['default']!r}; expected {kind}, {error}."
        ) from None
    return Param(name, kind, "default" not in item, default, item.get("description") or "")


def _check_params(path: Path, params: tuple[Param, ...], used: list[str]) -> None:
    declared = [param.name for param in params]
    for name in declared:
        if declared.count(name) > 1:
            raise SqlFileError(f"{path}: parameter {name} is declared twice.")
        if name not in used:
            raise SqlFileError(
                f"{path}: parameter {name} is declared but not used.", f"Use @{name} or remove it."
            )
    for name in used:
        if name not in declared:
            raise SqlFileError(
                f"{path}: parameter @{name} is used but not declared.",
                f"Add to params: {{name: {name}, type: STRING, description: ...}}",
            )


def _parse(where: str, text: str) -> exp.Query:
    """The one SELECT in `text`. Raises SqlFileError on anything else: nothing here may change data."""
    try:
        statements = [tree for tree in sqlglot.parse(text, read="bigquery") if tree is not None]
    except SqlglotError as error:
        raise SqlFileError(f"{where}: not valid SQL: {_plain(error)}.") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        kinds = ", ".join(tree.key.upper() for tree in statements) or "nothing"
        raise SqlFileError(f"{where}: expected one SELECT, found {kinds}.", "Only reading is possible here.")
    return statements[0]


def _used(tree: exp.Query) -> list[str]:
    """The names of the parameters in `tree`, in the order they first occur."""
    return list(dict.fromkeys(p.name for p in tree.find_all(exp.Parameter, bfs=False)))


def _plain(error: Exception) -> str:
    """What a parser found wrong and where, without its own names for it."""
    found = getattr(error, "errors", None)
    if found:
        first = found[0]
        what = re.sub(r"<Token token_type: \S+ text: (\S*), .*?>", r"\1", first["description"]).rstrip(". ")
        return f"{what}, at line {first['line']}, column {first['col']}"
    return str(error).splitlines()[0].rstrip(". ")
