"""Both GitHub workflows: linted, pinned, with few rights, and their very script lines run with hostile commits."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

NOTIFY = ROOT / "deploy" / "github" / "notify-portal-of-changes.yml"
SYNC = ROOT / ".github" / "workflows" / "sync-from-lz.yml"
ACTIONLINT = Path(sys.executable).parent / "actionlint"
SECRET = "hook secret $(id) ' \""
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
KEYS = {"commit_sha", "commit_message", "commit_author", "files_changed", "trigger_time", "branch"}


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  `on` stays text
    return found


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in load(path)["jobs"].values():
        yield from job["steps"]


def lint(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ACTIONLINT, "-no-color", "-shellcheck=", "-pyflakes=", path],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("path", [NOTIFY, SYNC], ids=lambda path: path.stem)
def test_actionlint_finds_nothing(path: Path) -> None:
    done = lint(path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_would_find_a_value_of_a_commit_in_a_script(tmp_path: Path) -> None:
    """So that the test above means something."""
    bad = tmp_path / "bad.yml"
    line = '        run: echo "${{ github.event.head_commit.message }}"\n'
    bad.write_text(f"on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - name: x\n{line}")
    done = lint(bad)
    assert done.returncode == 1 and "github.event.head_commit.message" in done.stdout


@pytest.mark.parametrize("path", [NOTIFY, SYNC], ids=lambda path: path.stem)
def test_rights_are_few_and_actions_pinned(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        assert int(job["timeout-minutes"]) <= 30
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), f"{action}: say which version it is"
    for step in steps(path):
        assert "${{" not in step.get("run", ""), "values reach a script by its environment only"
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] == "false"


def test_the_landing_zone_tells_of_what_the_portal_reads() -> None:
    assert load(NOTIFY)["on"] == {
        "push": {
            "branches": ["main"],
            "paths": [
                "terraform/**",
                "docs/**",
                "policies/**",
                "pmo.yaml",
                "ENFORCEMENT_GATES.md",
                "RUNBOOKS.md",
                "README.md",
                "ARCHITECTURE.md",
            ],
        }
    }


def test_the_portal_syncs_by_hand_on_a_dispatch_and_every_six_hours() -> None:
    workflow = load(SYNC)
    on = workflow["on"]
    assert set(on) == {"workflow_dispatch", "repository_dispatch", "schedule"}
    assert on["repository_dispatch"] == {"types": ["lz-update"]}
    assert [re.fullmatch(r"\d+ \*/6 \* \* \*", one["cron"]) is not None for one in on["schedule"]] == [True]
    assert workflow["concurrency"]["cancel-in-progress"] == "false"
    scripts = [step["run"] for step in steps(SYNC) if "run" in step]
    assert scripts[-1] == "python -m sync_jobs run git --pull-request"


def test_the_settings_the_workflow_gives_are_settings() -> None:
    from app.settings import Settings, load_settings, variable

    (given,) = [step["env"] for step in steps(SYNC) if "env" in step]
    assert set(given) <= {variable(name) for name in Settings.model_fields}
    values = dict.fromkeys(given, "")  # what GitHub gives for a secret that is not set
    assert load_settings({"PORTAL_CONFIG": os.devnull, **values}).slack_webhook is None


FAKE = """#!/usr/bin/env python3
import json, os, shutil, sys
arguments = sys.argv[1:]
name = os.path.basename(sys.argv[0])
seen = {"arguments": arguments, "token": os.environ.get("GH_TOKEN")}
for flag in ("--input", "--data-binary"):
    if flag in arguments:
        file = arguments[arguments.index(flag) + 1].removeprefix("@")
        seen["body"] = open(file, "rb").read().decode("utf-8")
with open(os.environ["SEEN"], "a") as out:
    out.write(json.dumps({"name": name, **seen}) + "\\n")
"""


class Runner:
    """A machine of GitHub, as far as the scripts can tell: a checkout, variables, and programs that note their call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.bin = folder / "bin"
        self.seen = folder / "seen.jsonl"
        self.mark = folder / "evil-was-here"
        for path in (self.folder, self.bin):
            path.mkdir()
        for name in ("gh", "curl"):
            (self.bin / name).write_text(FAKE)
            (self.bin / name).chmod(0o755)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        who = {
            f"GIT_{role}_{what}": "ada@x.test"
            for role in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        done = subprocess.run(
            ["git", "-c", "core.hooksPath=/dev/null", *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **who},
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def commit(self, message: str, **files: str) -> str:
        for name, text in files.items():
            path = self.folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all", "--", ".")
        self.git("commit", "--quiet", "--cleanup=verbatim", "--file=-", stdin=message.encode())
        return self.git("rev-parse", "HEAD")

    def run(self, values: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run the scripts of the workflow, one after the other. `values`: what GitHub's expressions give."""
        done = subprocess.CompletedProcess([], 0, "", "")
        for step in steps(NOTIFY):
            if "run" not in step or self.skipped(step, values):
                continue
            variables = {
                key: EXPRESSION.sub(lambda found: values[found[1].strip()], text)
                for key, text in step["env"].items()
            }
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=self.folder,
                env={
                    "PATH": f"{self.bin}:{os.environ['PATH']}",
                    "SEEN": str(self.seen),
                    "GITHUB_REPOSITORY": "quartz/landing-zone",
                    "GITHUB_ACTOR": "ada",
                    **variables,
                },
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                break
        return done

    def skipped(self, step: dict[str, Any], values: dict[str, str]) -> bool:
        if "if" not in step:
            return False
        assert step["if"] == "${{ vars.PORTAL_WEBHOOK_URL != '' }}"
        return values["vars.PORTAL_WEBHOOK_URL"] == ""

    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.seen.read_text().splitlines()] if self.seen.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def given(before: str, commit: str, message: str, author: str = "Ada", **more: str) -> dict[str, str]:
    return {
        "github.event.before": before,
        "github.sha": commit,
        "github.event.head_commit.message": message,
        "github.event.head_commit.author.name": author,
        "github.ref_name": "main",
        "github.repository_id": "7",
        "github.run_id": "1234",
        "github.run_attempt": "1",
        "secrets.PORTAL_SYNC_TOKEN": "sync-token",
        "vars.PORTAL_REPOSITORY": "quartz/portal",
        "vars.PORTAL_WEBHOOK_URL": "https://hooks.example.test/webhook/github",
        "secrets.PORTAL_WEBHOOK_SECRET": SECRET,
        **more,
    }


HOSTILE = [
    '"; curl evil',
    "$(id > MARK)",
    "`touch MARK`",
    "first\nsecond\n\n$(touch MARK)\n",
    "'; touch MARK; '",
    '"}, "event_type": "other", "x": {"',
    "${{ secrets.PORTAL_SYNC_TOKEN }}",
    "-n --input /etc/passwd @/etc/passwd",
    "%s%n \\u0000 \\x41 \t\x07 ünïcode ☃ \U0001f600",
    "::set-output name=x::y\n::error::no",
    "",
    "x" * 50_000,
]


@pytest.mark.parametrize("message", HOSTILE, ids=range(len(HOSTILE)))
def test_what_a_commit_says_changes_nothing(machine: Runner, message: str) -> None:
    message = message.replace("MARK", str(machine.mark))
    first = machine.commit("Begin", **{"README.md": "x"})
    second = machine.commit("Named below", **{"docs__a b;$(touch x).md": "x", "terraform__main.tf": "y"})
    done = machine.run(given(first, second, message, author=message[:300]))
    assert done.returncode == 0, done.stderr
    assert not machine.mark.exists()
    gh, curl = machine.calls()
    assert gh["arguments"] == [
        "api",
        "--method",
        "POST",
        "repos/quartz/portal/dispatches",
        "--input",
        "dispatch.json",
    ]
    assert gh["token"] == "sync-token"
    dispatch = json.loads(gh["body"])
    assert set(dispatch) == {"event_type", "client_payload"}
    assert dispatch["event_type"] == "lz-update"
    assert len(gh["body"].encode()) < 65_536
    payload = dispatch["client_payload"]
    assert set(payload) == KEYS
    assert payload["commit_message"] == message[:2000]
    assert payload["commit_author"] == message[:200]
    assert payload["commit_sha"] == second and payload["branch"] == "main"
    assert payload["files_changed"] == ["docs/a b;$(touch x).md", "terraform/main.tf"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", payload["trigger_time"])
    assert json.loads(curl["body"])["client_payload"] == payload
    assert {path.name for path in machine.folder.iterdir()} == {
        ".git", "README.md", "docs", "terraform", "files.list", "client-payload.json", "dispatch.json", "delivery.json",
    }  # fmt: skip


def test_the_signed_delivery_is_one_the_receiver_takes(machine: Runner) -> None:
    from sync_jobs.webhook.decision import Target, decide

    commit = machine.commit("Begin", **{"README.md": "x"})
    assert machine.run(given("0" * 40, commit, "Begin")).returncode == 0
    curl = machine.calls()[1]
    sent = dict(
        part.split(": ", 1)
        for flag, part in zip(curl["arguments"], curl["arguments"][1:], strict=False)
        if flag == "--header"
    )
    body = curl["body"].encode()
    assert (
        sent["X-Hub-Signature-256"] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    )
    assert sent["X-GitHub-Event"] == "repository_dispatch"
    assert sent["X-GitHub-Delivery"] == "7-1234-1"
    assert curl["arguments"][-2:] == ["--", "https://hooks.example.test/webhook/github"]
    assert SECRET not in str(curl["arguments"])
    decision = decide(
        "repository_dispatch", json.loads(body), Target("quartz/landing-zone", None, "main", True)
    )
    assert (decision.status, decision.commit_sha) == ("accepted", commit)


def test_a_first_or_forced_push_tells_of_the_newest_commit(machine: Runner) -> None:
    machine.commit("Begin", **{"README.md": "x"})
    second = machine.commit("More", **{"docs__b.md": "x"})
    for before in ("0" * 40, "d" * 40, ""):
        assert machine.run(given(before, second, "More")).returncode == 0
        payload = json.loads(machine.calls()[-1]["body"])["client_payload"]
        assert payload["files_changed"] == ["docs/b.md"], before


def test_a_long_list_of_files_is_cut(machine: Runner) -> None:
    first = machine.commit("Begin", **{"README.md": "x"})
    names = {f"docs__{'long' * 45}-{number:03d}.md": "x" for number in range(300)}
    second = machine.commit("Many", **names)
    assert machine.run(given(first, second, "Many " * 9_000)).returncode == 0
    body = machine.calls()[0]["body"]
    assert len(json.loads(body)["client_payload"]["files_changed"]) == 100
    assert len(body.encode()) < 65_536


def test_without_the_address_of_a_sidecar_only_the_dispatch_is_sent(machine: Runner) -> None:
    commit = machine.commit("Begin", **{"README.md": "x"})
    assert machine.run(given("0" * 40, commit, "Begin", **{"vars.PORTAL_WEBHOOK_URL": ""})).returncode == 0
    assert [call["name"] for call in machine.calls()] == ["gh"]


@pytest.mark.parametrize(
    "missing",
    [
        {"secrets.PORTAL_SYNC_TOKEN": ""},
        {"vars.PORTAL_REPOSITORY": ""},
        {"vars.PORTAL_REPOSITORY": "quartz/portal/../../user"},
        {"secrets.PORTAL_WEBHOOK_SECRET": ""},
    ],
)
def test_what_is_not_set_is_named(machine: Runner, missing: dict[str, str]) -> None:
    commit = machine.commit("Begin", **{"README.md": "x"})
    done = machine.run(given("0" * 40, commit, "Begin", **missing))
    assert done.returncode == 1
    assert "::error::" in done.stdout and next(iter(missing)).partition(".")[2] in done.stdout
    assert "curl" not in [call["name"] for call in machine.calls()]
