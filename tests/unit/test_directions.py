"""Who may import whom, and what only one place may do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

CODE = [path for folder in ("app", "sync_jobs", "pages") for path in sorted((ROOT / folder).rglob("*.py"))]
OURS = ("app", "sync_jobs", "pages")
# Reading a page's data or files by itself would be I/O in a page.
NOT_IN_PAGES = {
    "duckdb",
    "httpx",
    "io",
    "os",
    "pathlib",
    "requests",
    "socket",
    "sqlite3",
    "subprocess",
    "urllib",
}


def imports(source: str) -> Iterator[str]:
    """Every module a source imports, also inside functions; `from a import b` yields a and a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def problems(path: Path, source: str) -> list[str]:
    """What a file imports although it must not."""
    place = path.relative_to(ROOT).as_posix()
    found = sorted(set(imports(source)))
    return [f"{place} imports {name}" for name in found if not allowed(place, name)]


def allowed(place: str, name: str) -> bool:
    top = name.partition(".")[0]
    package = place.partition("/")[0]
    if top == "apscheduler":
        return place == "sync_jobs/scheduler.py"
    if top == "streamlit":
        return (
            package == "pages"
            or place in ("app/main.py", "app/serve_pages.py")
            or place.startswith("app/ui/")
        )
    if package == "pages":
        in_app = name == "app" or name.startswith(("app.queries", "app.ui"))
        return in_app if top in OURS else top not in NOT_IN_PAGES
    if package == "app":
        return top not in ("sync_jobs", "pages")
    return top != "pages"


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_follow_the_directions(path: Path) -> None:
    assert problems(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("app/queries.py", "import sync_jobs.runner"),
        ("app/ui/x.py", "def f():\n    from sync_jobs import runs"),
        ("sync_jobs/x.py", "from pages import trends"),
        ("sync_jobs/x.py", "import streamlit as st"),
        ("sync_jobs/x.py", "import apscheduler"),
        ("pages/x.py", "import sqlite3"),
        ("pages/x.py", "from app import settings"),
        ("pages/x.py", "from app.settings import load_settings"),
    ],
)
def test_a_wrong_import_is_found(place: str, source: str) -> None:
    assert problems(ROOT / place, source)


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_only_one_place_may_do(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    used = {ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    if path != ROOT / "app" / "settings.py":
        assert not used & {"os.environ", "os.getenv"}, "settings are read in app/settings.py only"
    assert "unsafe_allow_html" not in source
    if path != ROOT / "app" / "main.py":
        assert "set_page_config" not in source, "app/main.py has the only set_page_config"


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules_and_functions_stay_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    lines = [line for line in source.splitlines() if line.strip()]
    assert len(lines) <= 300, "split the module"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 40, f"{node.name} has {length} lines"
