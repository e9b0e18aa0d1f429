"""The documents are complete, and what they say can be done: links, commands, SQL, reference."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import typer

from app import schema, sql_files
from app.engines.local import LocalEngine
from app.settings import Settings, load_settings, variable
from sync_jobs.__main__ import make_app
from sync_jobs.cli.query import params as cli_params
from sync_jobs.store.cache import Cache
from tests.conftest import ROOT

REFERENCE = ROOT / "docs" / "reference"
DOCUMENTS = [
    *(ROOT / "README.md", ROOT / "CHANGELOG.md"),
    *(path for path in sorted((ROOT / "docs").rglob("*.md")) if "lz-reference" not in path.parts),
]
GROUP = typer.main.get_command(make_app())
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"^(?:\S*/)?python3? -m sync_jobs (.+)$")
PLACEHOLDERS = {"COMMAND", "KEY"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "generate_reference", ROOT / "docs" / "generate_reference.py"
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def outside_code(text: str) -> str:
    """Without code blocks and inline code, where a link is no link."""
    return re.sub(r"`[^`\n]*`", "x", re.sub(r"^\s*```.*?^\s*```", "", text, flags=re.MULTILINE | re.DOTALL))


def anchors(text: str) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def command_lines(text: str) -> Iterator[list[str]]:
    """The arguments of every `python -m sync_jobs …` in code, without what the shell keeps for itself."""
    blocks = re.findall(r"^\s*```(?:sh)?\n(.*?)^\s*```", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", re.sub(r"^\s*```.*?^\s*```", "", text, flags=re.M | re.S))
    for line in lines:
        found = COMMAND.match(line)
        if not found:
            continue
        words = shlex.split(found.group(1), comments=True)
        end = next((at for at, word in enumerate(words) if word in {">", "|", "&&", ";"}), len(words))
        if words[0] not in PLACEHOLDERS:
            yield words[:end]


COMMANDS = [
    pytest.param(words, id=f"{name(path)}: {' '.join(words)[:60]}")
    for path in DOCUMENTS
    if path.parent != REFERENCE  # its lines are made from the commands themselves
    for words in command_lines(read(path))
]
QUERIES = [
    case for case in COMMANDS if case.values[0][0] == "query" and "maintenance" not in str(case.values)
]
LINKS = [
    pytest.param(path, target, id=f"{name(path)} -> {target}")
    for path in DOCUMENTS
    for target in LINK.findall(outside_code(read(path)))
    if not target.startswith(("http://", "https://"))
]


def test_the_reference_is_up_to_date() -> None:
    made = generator().reference()
    stale = [
        file
        for file, text in made.items()
        if not (REFERENCE / file).exists() or read(REFERENCE / file) != text
    ]
    assert stale == [], "run `python docs/generate_reference.py`"
    assert {path.name for path in REFERENCE.glob("*.md")} == set(made), (
        "a file of docs/reference is not generated"
    )


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_a_setting_is_documented(field: str) -> None:
    assert Settings.model_fields[field].description
    assert f"| `{variable(field)}` | `{field}` |" in read(REFERENCE / "settings.md")


@pytest.mark.parametrize("rule", [key.removeprefix("alerts/") for key in sql_files.keys("alerts/")])
def test_an_alert_says_what_to_do(rule: str) -> None:
    text = read(ROOT / "docs" / "alerts.md")
    assert (
        f"\n### {rule}\n" in text and "**Do:**" in text.partition(f"\n### {rule}\n")[2].partition("\n### ")[0]
    )


@pytest.mark.parametrize("command", sorted(GROUP.commands))  # type: ignore[attr-defined]
def test_a_command_is_documented(command: str) -> None:
    assert f"\n## {command}\n" in read(REFERENCE / "commands.md")
    parameters = GROUP.commands[command].params  # type: ignore[attr-defined]
    shown = [one for one in parameters if one.name != "help" and not getattr(one, "hidden", False)]
    assert [one.name for one in shown if not one.help] == [], "has no help"


@pytest.mark.parametrize("table", sorted(schema.tables()))
def test_a_table_is_documented(table: str) -> None:
    assert schema.tables()[table].description
    assert f"\n## {table}\n" in read(REFERENCE / "tables.md")


@pytest.mark.parametrize("key", sql_files.keys())
def test_a_sql_file_is_documented(key: str) -> None:
    file = sql_files.get(key)
    assert file.description, "its header has no description"
    assert file.grain, "its header has no grain"
    assert [param.name for param in file.params if not param.description] == [], "has no description"
    assert f"\n### `{key}`\n" in read(REFERENCE / "queries.md")


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda path: path.stem)
def test_a_page_is_documented(path: Path) -> None:
    titles = dict(generator().navigation())
    assert path.stem in titles, "it is not in PAGES of app/main.py"
    assert f"`pages/{path.stem}.py`" in read(REFERENCE / "pages.md")
    readme, analyst = read(ROOT / "README.md"), read(ROOT / "docs" / "analyst.md")
    assert f"![{titles[path.stem]}](docs/images/" in readme, "the README has no picture of it"
    assert f"**{titles[path.stem]}**" in analyst


@pytest.mark.parametrize(("path", "target"), LINKS)
def test_a_link_leads_somewhere(path: Path, target: str) -> None:
    file, _, anchor = target.partition("#")
    found = (path.parent / file).resolve() if file else path
    assert found.exists(), f"{name(path)} links to {target}"
    if anchor:
        assert anchor in anchors(read(found)), f"{name(path)}: {file} has no heading {anchor}"


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        targets = LINK.findall(outside_code(read(path)))
        files = [
            (path.parent / target.partition("#")[0]).resolve() for target in targets if "://" not in target
        ]
        waiting += [file for file in files if file.suffix == ".md" and file.is_file()]
    assert [name(path) for path in DOCUMENTS if path not in reached] == []


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_line_can_be_given(words: list[str]) -> None:
    command = GROUP.commands.get(words[0])  # type: ignore[attr-defined]
    assert command, f"there is no command {words[0]}"
    arguments = words[1:]
    if len(words) > 1 or words[0] in {"status", "doctor", "serve", "sample"}:
        command.make_context(words[0], arguments)  # raises on what it does not know


@pytest.mark.parametrize("words", QUERIES)
def test_a_query_can_be_run(words: list[str], tmp_path: Path) -> None:
    """On an empty home: names, types and parameters must be right."""
    given = GROUP.commands["query"].make_context("query", words[1:]).params  # type: ignore[attr-defined]
    values = cli_params(given["param"] or [])
    if given["file"] and not (ROOT / "sql" / f"{given['file']}.sql").exists():
        assert f"**`sql/{given['file']}.sql`**" in read(ROOT / "docs" / "recipes.md")
        return
    file = sql_files.get(given["file"]) if given["file"] else sql_files.adhoc(given["sql"], values)
    Cache(tmp_path)
    engine = LocalEngine(load_settings({"PORTAL_HOME": str(tmp_path)}))
    try:
        engine.query(file, values)
    finally:
        engine.close()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_nothing_of_the_machine_it_was_written_on(path: Path) -> None:
    text = read(path)
    assert re.findall(r"(?<![\w.])/(?:work|tmp|home|root|Users)/\S*", text) == []
    assert re.findall(r"(?i)\b(?:artifactory|nexus|index-url|pypi\.org\S*|registry\.\S+)", text) == []
    assert re.findall(r"(?i)\bissue #?\d+|\bshared/|\bPORTAL_TESTS_\w+", text) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_settings_that_are_named_exist(path: Path) -> None:
    workflows = [*(ROOT / ".github" / "workflows").glob("*.yml"), *(ROOT / "deploy" / "github").glob("*.yml")]
    on_github = {
        one for file in workflows for one in re.findall(r"(?:vars|secrets)\.(PORTAL_\w+)", read(file))
    }
    known = {variable(field) for field in Settings.model_fields} | {"PORTAL_CONFIG"} | on_github
    named = set(re.findall(r"\bPORTAL_[A-Z][A-Z_]*[A-Z]\b", read(path)))
    assert named - known == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_files_that_are_named_exist(path: Path) -> None:
    """Files of the project in inline code. The files of recipes are made by who follows them."""
    if path.name == "recipes.md":
        pytest.skip("its files are written by the test of the recipes")
    named = re.findall(r"`((?:app|bench|config|docs|pages|sql|sync_jobs|tests)/[\w./-]+)`", read(path))
    made_by_users = {"config/portal.toml"}
    assert [one for one in named if one not in made_by_users and not exists(one)] == []


def exists(named: str) -> bool:
    """A path of the project, one that the git layer writes, or the key of a SQL file."""
    if named.startswith(("docs/lz-reference", "config/lz-config")):
        return True
    return (ROOT / named).exists() or (ROOT / "sql" / f"{named}.sql").exists()


def test_the_example_of_doctor_is_json_as_documented() -> None:
    """`{"ok": ..., "checks": [{"name", "status", "message", "mend"}]}`."""
    from sync_jobs.doctor import Check

    shown = json.loads(json.dumps(Check("disk", "ok", "9 GiB free.").as_dict()))
    assert list(shown) == ["name", "status", "message", "mend"]
