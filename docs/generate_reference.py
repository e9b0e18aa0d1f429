"""Writes docs/reference from the code: `python docs/generate_reference.py`.

Settings, commands, tables, SQL files and pages are described where they are defined; these files only repeat
that, so that it can be read in one place. A test fails when they are out of date. `--check` writes nothing and
says which are.
"""

from __future__ import annotations

import argparse
import ast
import re
import typing
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path
from typing import Any

import annotated_types
import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app import schema, sql_files
from app.settings import PROJECT_ROOT, Settings, variable
from app.sql_params import Param
from sync_jobs.__main__ import make_app

FOLDER = PROJECT_ROOT / "docs" / "reference"
MADE = "<!-- Made by `python docs/generate_reference.py`. Do not edit. -->"
# What a type of settings_values accepts, where no bound or choice says it. By the name of the setting.
FORMS = {
    "home": "a folder",
    "git_url": "`https://…`, `ssh://…`, `file://…` or `git@host:path`",
    "git_publish_root": "a folder",
    "git_mapping": "a list of rules `{from, to}`; in a variable: as JSON",
    "terraform_state": "paths or `gs://BUCKET/OBJECT`; in a variable: with commas between",
    "gcp_scope": "`organizations/NUMBER`, `folders/NUMBER` or `projects/ID`; several with commas between",
    "asset_content_types": "`RESOURCE`, `IAM_POLICY`, `ORG_POLICY`, `ACCESS_POLICY`; in a variable: with commas between",
    "asset_types": "asset types or patterns; in a variable: with commas between",
    "asset_export_bucket": "`gs://BUCKET` or `gs://BUCKET/FOLDER`",
    "asset_endpoint": "`HOST:PORT`",
    "impersonate_service_account": "the address of a service account",
    "gcp_project": "a project id",
    "bigquery_dataset": "letters, digits and underscores",
    "bigquery_location": "a BigQuery location",
    "api_host": "a loopback address",
    "ui_host": "a loopback address",
    "webhook_secret": "one or two secrets; never logged or shown",
    "webhook_host": "a host name",
    "github_repository": "`OWNER/NAME`",
    "portal_repository": "`OWNER/NAME`",
    "github_api_url": "`https://…`; `http://…` on this machine only",
    "alert_slack_webhook": "`https://…`; a secret, never logged or shown",
    "alert_webhook_url": "`https://…`; a secret, never logged or shown",
    "alert_smtp_host": "a host name",
    "alert_email_from": "an address",
    "alert_email_to": "addresses; in a variable: with commas between",
    "alert_pagerduty_url": "`https://…`; `http://…` on this machine only",
    "portal_url": "`https://…`; `http://…` on this machine only",
    "slack_webhook": "`https://…`; a secret, never logged or shown",
    "memory_limit": "a number and a unit, such as `512MB`",
}


def reference() -> dict[str, str]:
    """File name -> text of every file of docs/reference."""
    made: dict[str, Callable[[], str]] = {
        "settings.md": settings,
        "commands.md": commands,
        "tables.md": tables,
        "queries.md": queries,
        "pages.md": pages,
    }
    return {name: make() for name, make in made.items()}


def main() -> int:
    """Returns 1 when `--check` finds a file that is out of date."""
    parser = argparse.ArgumentParser(description="Writes docs/reference from the code.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when a file is out of date"
    )
    check = parser.parse_args().check
    FOLDER.mkdir(parents=True, exist_ok=True)
    stale = 0
    for name, text in reference().items():
        path = FOLDER / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"{path.relative_to(PROJECT_ROOT)} {'is out of date' if check else 'written'}")
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


# -- settings ------------------------------------------------------------------------------------------


def settings() -> str:
    """Every field of app/settings.py."""
    rows = [
        [
            f"`{variable(name)}`",
            f"`{name}`",
            _allowed(name, field),
            _default(field.default),
            field.description or "",
        ]
        for name, field in Settings.model_fields.items()
    ]
    return _page(
        "Settings",
        "A variable of the environment wins over `config/portal.toml`; without either, the default counts. An"
        " empty value is the same as none. A wrong or unknown setting stops the command with exit status 2, and"
        " the message names it.",
        "`config/portal.example.toml` holds all of them, commented out: copy it to `config/portal.toml`."
        " `PORTAL_CONFIG` names another file. It is a variable only, not a setting.",
        _table(["variable", "in the file", "allowed", "default", "meaning"], rows),
    )


def _allowed(name: str, field: FieldInfo) -> str:
    if name in FORMS:
        return FORMS[name]
    kinds = [kind for kind in typing.get_args(field.annotation) if kind is not type(None)]
    if typing.get_origin(field.annotation) is typing.Literal:
        return " or ".join(f"`{kind}`" for kind in kinds)
    plain = kinds[0] if kinds else field.annotation
    if plain is SecretStr:
        return "a secret; never logged or shown"
    bounds = [*field.metadata, *getattr(plain, "__metadata__", ())]
    for bound in list(bounds):
        bounds += getattr(bound, "metadata", [])
    least = next((bound.ge for bound in bounds if isinstance(bound, annotated_types.Ge)), None)
    most = next((bound.le for bound in bounds if isinstance(bound, annotated_types.Le)), None)
    if most is not None:
        return f"{least:,} to {most:,}"  # type: ignore[str-format]
    if least is not None:
        return f"{least:,} or more"  # type: ignore[str-format]
    return "a path" if plain is Path else "text"


def _default(value: object) -> str:
    return "" if value is None else f"`{value}`"


# -- commands ------------------------------------------------------------------------------------------


def commands() -> str:
    """Every command of `python -m sync_jobs`, as its own help says it."""
    group: Any = typer.main.get_command(make_app())
    parts = []
    for name, command in sorted(group.commands.items()):
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [
            p for p in command.params if p.param_type_name == "option" and not getattr(p, "hidden", False)
        ]
        rows = [[f"`{_argument(p)}`", _choices(p, p.help or "")] for p in arguments]
        rows += [[f"`{_option(p)}`", _choices(p, p.help or "")] for p in options if p.name != "help"]
        usage = " ".join(["python -m sync_jobs", name, *(_argument(p) for p in arguments)])
        parts += [
            f"## {name}",
            f"`{usage}`",
            command.help or "",
            _table(["argument or option", "meaning"], rows),
        ]
    return _page(
        "Commands of `python -m sync_jobs`",
        "What each command takes; `--help` prints the same. What the commands do, and their exit status, is in"
        " [commands](../commands.md).",
        *parts,
    )


def _argument(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    return name if parameter.required else f"[{name}]"


def _option(parameter: Any) -> str:
    name = str(parameter.opts[0])
    return name if parameter.is_flag else f"{name} {parameter.metavar or name.strip('-').upper()}"


def _choices(parameter: Any, text: str) -> str:
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"{text} One of {_names(str(one.value) for one in kind)}."
    return text


# -- tables --------------------------------------------------------------------------------------------


def tables() -> str:
    """Every table of sql/schema."""
    parts = []
    for table in schema.tables().values():
        facts = [f"Key: {_names(table.primary_key)}."]
        if table.partition:
            facts.append(f"Partitioned by `{table.partition}`.")
        if table.clustering:
            facts.append(f"Clustered by {_names(table.clustering)}.")
        rows = [
            [
                f"`{column.name}`",
                f"`{column.type}`",
                "" if column.nullable else "not null",
                column.description,
            ]
            for column in table.columns
        ]
        parts += [
            f"## {table.name}",
            table.description,
            " ".join(facts),
            _table(["column", "type", "", "meaning"], rows),
        ]
    return _page(
        "Tables",
        "The same tables in the local cache and in the BigQuery dataset. Types are BigQuery's. Times are UTC."
        " JSON comes back as text. Partitions and clusters are of BigQuery; the key of a row is the same in both.",
        "A table is defined in one file of `sql/schema`. Tables of layers that this version does not have yet are"
        " there, and empty.",
        *parts,
    )


# -- SQL files -----------------------------------------------------------------------------------------


def queries() -> str:
    """Every question of sql/, by folder."""
    parts: list[str] = []
    folder = None
    for key in sql_files.keys(""):
        if key.rpartition("/")[0] != folder:
            folder = key.rpartition("/")[0]
            parts.append(f"## {folder}")
        parts += _query(key)
    return _page(
        "SQL files",
        "Every number of the portal comes from one of these files. Run one with"
        " `python -m sync_jobs query --file KEY`, and give values with `--param name=value`.",
        "*Grain* says what one row is. A parameter without a default must be given.",
        *parts,
    )


def _query(key: str) -> list[str]:
    file = sql_files.get(key)
    rows = [[f"`{p.name}`", f"`{p.type}`", _param_default(p), p.description] for p in file.params]
    more = [f"* {name}: {value}" for name, value in file.extra.items()]
    facts = f"One row per {file.grain}." if file.grain else ""
    parts = [
        f"### `{key}`",
        f"**{file.title}.** {' '.join(file.description.split())}",
        facts,
        "\n".join(more),
    ]
    return [*parts, _table(["parameter", "type", "default", "meaning"], rows) if rows else ""]


def _param_default(param: Param) -> str:
    if param.required:
        return ""
    return "`NULL`" if param.default is None else f"`{param.default}`"


# -- pages ---------------------------------------------------------------------------------------------


def pages() -> str:
    """Every page of the navigation, in its order, and the SQL files of its folder."""
    parts: list[str] = []
    for number, (name, title) in enumerate(navigation()):
        source = (PROJECT_ROOT / "pages" / f"{name}.py").read_text(encoding="utf-8")
        purpose = " ".join((ast.get_docstring(ast.parse(source)) or "").split())
        address = "/" if number == 0 else f"/{name}"
        links = [
            f"* [`{key}`](queries.md#{_anchor(key)}): {sql_files.get(key).title}"
            for key in sql_files.keys(f"pages/{name}/")
        ]
        parts += [f"## {title}", purpose, f"Address: `{address}`. Code: `pages/{name}.py`.", "\n".join(links)]
    return _page(
        "Pages",
        "The filters of a page are kept in its address: a copied link opens the page with the same filters."
        " Every number comes from the SQL files listed with the page.",
        *parts,
    )


def navigation() -> list[tuple[str, str]]:
    """(file, title) of the pages in app/main.py, read without running it: it draws when it is imported."""
    tree = ast.parse((PROJECT_ROOT / "app" / "main.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PAGES":
            return [(entry[0], entry[1]) for entry in ast.literal_eval(node.value)]
    raise SystemExit("app/main.py has no PAGES.")


# -- Markdown ------------------------------------------------------------------------------------------


def _page(title: str, *parts: str) -> str:
    return "\n\n".join(part for part in (f"# {title}", MADE, *parts) if part) + "\n"


def _table(headings: list[str], rows: Iterable[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


if __name__ == "__main__":
    raise SystemExit(main())
