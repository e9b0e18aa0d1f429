"""Every command, option, call and figure is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from sync_jobs.__main__ import make_app
from sync_jobs.api import create_app
from tests.conftest import ROOT
from tests.fixtures.probe import ProbeLayer, probe_runner

COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
API = (ROOT / "docs" / "sidecar-api.md").read_text(encoding="utf-8")
GROUP = typer.main.get_command(make_app())
HIDDEN = {"help", "with_sample"}


def section(name: str) -> str:
    found = re.search(rf"^## {re.escape(name)}\b.*?(?=^## |\Z)", COMMANDS, re.MULTILINE | re.DOTALL)
    return found.group(0) if found else ""


@pytest.mark.parametrize("name", sorted(GROUP.commands))  # type: ignore[attr-defined]
def test_a_command_and_its_options_are_documented(name: str) -> None:
    text = section(name)
    assert text, f"docs/commands.md has no section for {name}"
    for parameter in GROUP.commands[name].params:  # type: ignore[attr-defined]
        if parameter.name not in HIDDEN and parameter.opts[0].startswith("--"):
            assert f"`{parameter.opts[0]}" in text, f"{name} {parameter.opts[0]} is not documented"


def test_only_commands_that_exist_are_documented() -> None:
    documented = set(re.findall(r"^## ([a-z-]+)", COMMANDS, re.MULTILINE)) - {"python"}
    assert documented == set(GROUP.commands)  # type: ignore[attr-defined]


def test_every_call_is_documented(tmp_path: Path) -> None:
    runner = probe_runner(tmp_path, ProbeLayer())
    from sync_jobs.scheduler import Scheduler

    paths = create_app(runner, Scheduler(runner), "x").openapi()["paths"]
    calls = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    documented = set(re.findall(r"^\| `((?:GET|POST) [^`]+)`", API, re.MULTILINE)) - {"GET /openapi.json"}
    assert documented == calls


def test_every_figure_is_documented() -> None:
    source = (ROOT / "sync_jobs" / "metrics_page.py").read_text(encoding="utf-8")
    named = set(re.findall(r'"(portal_[a-z_]+)"', source))
    documented = set(re.findall(r"^\| `(portal_[a-z_]+)`", API, re.MULTILINE))
    assert {name.removesuffix("_total") for name in documented} == named
