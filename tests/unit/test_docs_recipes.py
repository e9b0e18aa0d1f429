"""The recipes of docs/recipes.md, written as they stand into a copy of the project, and run."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import structlog

from app import sql_files
from app.engines.local import LocalEngine
from app.settings import Settings, load_settings
from sync_jobs.layers import Registry
from sync_jobs.policies import rules
from sync_jobs.policies.config import Config
from sync_jobs.runner import Runner
from sync_jobs.store.cache import Cache
from tests.conftest import ROOT, require
from tests.pages import conftest as pages
from tests.pages.conftest import World, world  # noqa: F401  (a fixture)
from tests.sql import harness
from tests.sql.analyzer import analyze
from tests.sql.engines import DuckDB
from tests.sql.policies import harness as policy_harness

TEXT = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
FILE = re.compile(r"^\*\*`([^`\n]+)`\*\*([^\n]*)\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE, CHART, RULE, LAYER = "Add a page", "Add a chart", "Add a rule", "Add a layer"


def section(title: str) -> str:
    found = re.search(rf"^## {title}$.*?(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"docs/recipes.md has no section {title!r}"
    return found.group(0)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The parts of the project that recipes touch; SQL files and pages are taken from it."""
    target = tmp_path / "project"
    for name in ("app", "pages", "sql"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", target)
    sql = target / "sql"
    monkeypatch.setattr(sql_files, "get", lambda key: sql_files.load(sql / f"{key}.sql", sql))
    monkeypatch.setattr(pages, "ROOT", target)
    return target


def follow(copy: Path, *titles: str) -> list[str]:
    """Write the files of the recipes; returns their paths."""
    written = []
    for title in titles:
        files = FILE.findall(section(title))
        assert files, f"the recipe {title!r} has no files"
        for path, how, text in files:
            if "`PAGES`" in how:
                insert(copy / path, text)
                continue
            assert not (ROOT / path).exists(), f"{path} is in the project already"
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_text(text, encoding="utf-8")
            written.append(path)
    ruff(copy, *dict.fromkeys(written))
    return written


def insert(file: Path, line: str) -> None:
    """As a new last line of PAGES."""
    before = file.read_text(encoding="utf-8")
    after = re.sub(r"(^PAGES = \(\n(?:    .*\n)*)\)", rf"\g<1>{line})", before, flags=re.MULTILINE)
    assert after != before
    file.write_text(after, encoding="utf-8")


def ruff(copy: Path, *paths: str) -> None:
    """The Python of a recipe is as clean as that of the project."""
    python = [path for path in paths if path.endswith(".py")]
    for command in (["check", "--no-cache"], ["format", "--no-cache", "--check"]) if python else ():
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *python],
            cwd=copy,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def rows(copy: Path, *keys: str) -> None:
    """The row tests of SQL files, on DuckDB; and Google's analyzer takes them."""
    require("zetasql")
    root = copy / "tests" / "sql" / "cases"
    for key in keys:
        file = sql_files.get(key)
        assert file.description
        assert file.grain
        assert analyze(file.text, file.params)
        cases = harness.load_cases(root / f"{key}.yaml", root)
        assert cases
        for case in cases:
            harness.check(case, *DuckDB().rows(case))


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.xdist_group("zetasql")
@pytest.mark.parametrize("titles", [(PAGE,), (PAGE, CHART)], ids=["page", "chart"])
@pytest.mark.parametrize("full", [True, False], ids=["full", "empty"])
def test_add_a_page_and_a_chart(
    copy: Path,
    world: World,  # noqa: F811
    titles: tuple[str, ...],
    full: bool,
) -> None:
    written = follow(copy, *titles)
    if full:
        rows(copy, *(path[4:-4] for path in written if path.startswith("sql/")))
    tests = module(copy / "tests" / "pages" / "test_labels.py")
    if full:
        tests.test_counts_what_lacks_the_label(world)
        charts = pages.page("labels").get("plotly_chart")
        assert len(charts) == len(titles) - 1
    else:
        tests.test_says_so_when_there_is_nothing(world)


@pytest.mark.xdist_group("zetasql")
def test_add_a_rule(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require("zetasql")
    written = follow(copy, RULE)
    (found,) = rules.load(Settings(), Config(copy / "policies.toml"), copy / "sql").of(
        "compute_instance_description"
    )
    assert analyze(found.file.text, found.file.params)
    monkeypatch.setattr(policy_harness, "ROOT", copy / "tests" / "sql" / "policies")
    monkeypatch.setattr(sql_files, "SQL_FOLDER", copy / "sql")
    cases = policy_harness.load(copy / written[1])
    assert cases
    for case in cases:
        case.check(policy_harness.on_duckdb(case))
    seen = {want["expect"] for case in cases for want in case.expect.values()}
    assert seen == {"pass", "fail", "unknown"}


def test_add_a_layer(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(copy, LAYER)
    folder = tmp_path / "recipe_layers"
    shutil.copytree(copy / "sync_jobs" / "layers", folder)
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    settings = load_settings({"PORTAL_HOME": str(tmp_path / "home")})
    runner = Runner(settings, Cache(settings.home), Registry(folder, "recipe_layers"))
    planned = re.findall(r"^echo '(.*)' > \.portal/maintenance\.json$", section(LAYER), re.MULTILINE)
    (settings.home / "maintenance.json").write_text(planned[0], encoding="utf-8")
    with structlog.testing.capture_logs():
        first, again = runner.run("maintenance", "cli"), runner.run("maintenance", "cli")
    assert [row["status"] for row in (first, again)] == ["success", "success"]
    assert [details(row)["new"] for row in (first, again)] == [1, 0]
    asked = re.findall(r'sync_jobs query "(.*)"', section(LAYER))
    engine = LocalEngine(settings)
    found = engine.query(sql_files.adhoc(asked[0]), {}).to_pylist()
    engine.close()
    assert [row["summary"] for row in found] == ["Database upgrade, from 2026-03-01 02:00 UTC"]
    (settings.home / "maintenance.json").write_text('[{"title": "x"}]', encoding="utf-8")
    assert runner.run("maintenance", "cli")["status"] == "partial"


def details(row: dict[str, object]) -> dict[str, object]:
    value = row["details"]
    return json.loads(value) if isinstance(value, str) else dict(value)  # type: ignore[call-overload]
