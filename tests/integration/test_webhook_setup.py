"""setup github: what it checks, what it says of what is missing, and that it shows no secret and changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from sync_jobs.setup import github as setup
from tests.fixtures.github_fake import REPOSITORY, TOKEN, FakeGitHub, github
from tests.fixtures.processes import Cli, free_port

__all__ = ["github"]
ZONE = "quartz/landing-zone"
SECRET = "canary-secret-of-the-webhook"
HOOK = {
    "id": 5,
    "active": True,
    "events": ["push"],
    "config": {"url": "https://hooks.example.test/webhook/github", "secret": "********", "insecure_ssl": "0"},
}


def named(kind: str, *names: str) -> dict[str, Any]:
    return {"total_count": len(names), kind: [{"name": name} for name in names]}


@pytest.fixture
def complete(github: FakeGitHub) -> FakeGitHub:
    """GitHub where nothing is missing."""
    portal, zone = f"/repos/{REPOSITORY}", f"/repos/{ZONE}"
    github.found = {
        portal: {"permissions": {"push": True}, "allow_auto_merge": True, "allow_squash_merge": True},
        f"{portal}/contents/.github/workflows/sync-from-lz.yml": {"name": "sync-from-lz.yml"},
        f"{portal}/actions/secrets": named("secrets", "PORTAL_SYNC_TOKEN", "SLACK_WEBHOOK"),
        f"{portal}/actions/variables": named("variables", "PORTAL_GIT_URL"),
        zone: {"full_name": ZONE},
        f"{zone}/contents/.github/workflows/notify-portal-of-changes.yml": {"name": "x"},
        f"{zone}/actions/secrets": named("secrets", "PORTAL_SYNC_TOKEN", "PORTAL_WEBHOOK_SECRET"),
        f"{zone}/actions/variables": named("variables", "PORTAL_REPOSITORY", "PORTAL_WEBHOOK_URL"),
        f"{zone}/hooks": [HOOK],
    }
    return github


def settings(github: FakeGitHub, **values: Any) -> Settings:
    given = {
        "git_url": f"https://github.com/{ZONE}.git",
        "portal_repository": REPOSITORY,
        "portal_token": TOKEN,
        "webhook_secret": SECRET,
        "github_api_url": github.url,
        **values,
    }
    return Settings(**given)


def look(github: FakeGitHub, **values: Any) -> tuple[int, str]:
    found = setup.examine(settings(github, **values), dry_run=False)
    return setup.exit_code(found, dry_run=False), "\n".join(line for one in found for line in one.lines())


def test_where_nothing_is_missing_it_says_so(complete: FakeGitHub) -> None:
    code, said = look(complete)
    assert code == 0, said
    assert "missing" not in said and "unknown" not in said
    assert {method for method, _, _ in complete.calls} == {"GET"}, "it changes nothing"


PORTAL_PATH, ZONE_PATH = f"/repos/{REPOSITORY}", f"/repos/{ZONE}"


@pytest.mark.parametrize(
    ("path", "answer", "words"),
    [
        (PORTAL_PATH, {"permissions": {"push": False}, "allow_auto_merge": True, "allow_squash_merge": True}, "may not write"),
        (PORTAL_PATH, {"permissions": {"push": True}, "allow_auto_merge": False, "allow_squash_merge": True}, "Turn on 'Allow auto-merge'"),
        (f"{PORTAL_PATH}/contents/.github/workflows/sync-from-lz.yml", 404, "sync-from-lz.yml"),
        (f"{PORTAL_PATH}/actions/secrets", named("secrets"), "secret PORTAL_SYNC_TOKEN is not there"),
        (f"{PORTAL_PATH}/actions/variables", named("variables"), "PORTAL_GIT_URL is not there"),
        (f"{ZONE_PATH}/contents/.github/workflows/notify-portal-of-changes.yml", 404, "deploy/github/notify-portal-of-changes.yml"),
        (f"{ZONE_PATH}/actions/secrets", named("secrets", "PORTAL_SYNC_TOKEN"), "PORTAL_WEBHOOK_SECRET is not there"),
        (f"{ZONE_PATH}/actions/variables", named("variables"), "variable PORTAL_REPOSITORY is not there"),
        (f"{ZONE_PATH}/hooks", [{**HOOK, "active": False, "events": ["issues"]}], "turned off, it does not send push"),
        (f"{ZONE_PATH}/hooks", [{**HOOK, "config": {"url": "https://x/webhook/github", "insecure_ssl": "1"}}], "no secret, it does not check"),
    ],
)  # fmt: skip
def test_what_is_missing_on_github_is_status_1(
    complete: FakeGitHub, path: str, answer: Any, words: str
) -> None:
    complete.found[path] = answer
    code, said = look(complete)
    assert code == 1 and words in said


@pytest.mark.parametrize(
    "path", [PORTAL_PATH, f"{PORTAL_PATH}/actions/secrets", f"{ZONE_PATH}/hooks", ZONE_PATH]
)
def test_what_cannot_be_seen_is_unknown_and_status_3(complete: FakeGitHub, path: str) -> None:
    complete.found[path] = 403
    code, said = look(complete)
    assert code == 3 and "unknown" in said and "It could not be seen" in said


def test_a_token_that_has_expired(complete: FakeGitHub) -> None:
    complete.found = dict.fromkeys(complete.found, 401)
    code, said = look(complete)
    assert code == 1 and "has expired" in said


def test_what_is_optional_is_told_and_no_error(complete: FakeGitHub) -> None:
    complete.found[f"{ZONE_PATH}/actions/variables"] = named("variables", "PORTAL_REPOSITORY")
    complete.found[f"{ZONE_PATH}/hooks"] = []
    code, said = look(complete)
    assert code == 0 and "no webhook to a sidecar" in said and "PORTAL_WEBHOOK_URL is not there" in said


@pytest.mark.parametrize("name", ["webhook_secret", "git_url", "portal_repository", "portal_token"])
def test_a_setting_that_is_missing_is_status_2(complete: FakeGitHub, name: str) -> None:
    code, said = look(complete, **{name: None})
    assert code == 2 and "unset" in said


def test_a_secret_that_can_be_guessed_is_told(complete: FakeGitHub) -> None:
    code, said = look(complete, webhook_secret="short")
    assert code == 1 and "could be guessed" in said and "openssl rand" in said


def test_two_secrets_are_told(complete: FakeGitHub) -> None:
    code, said = look(complete, webhook_secret=f"{SECRET}-old,{SECRET}")
    assert code == 0 and "Two are in force" in said


def test_the_command(complete: FakeGitHub, cli: Cli, home: Path) -> None:
    variables = {
        "PORTAL_GIT_URL": f"https://user:canary-password@github.com/{ZONE}.git",
        "PORTAL_PORTAL_REPOSITORY": REPOSITORY,
        "PORTAL_SYNC_TOKEN": TOKEN,
        "PORTAL_WEBHOOK_SECRET": SECRET,
        "PORTAL_SLACK_WEBHOOK": "https://hooks.slack.com/services/canary",
        "PORTAL_GITHUB_API_URL": complete.url,
    }
    done = cli("setup", "github", **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "canary" not in done.stdout + done.stderr and TOKEN not in done.stdout + done.stderr
    asked = len(complete.calls)
    dry = cli("setup", "github", "--dry-run", **variables)
    assert dry.returncode == 0 and "It would be asked" in dry.stdout
    assert len(complete.calls) == asked, "nobody was asked"
    bare = cli("setup", "github")
    assert bare.returncode == 2
    for name in ("PORTAL_WEBHOOK_SECRET", "PORTAL_SYNC_TOKEN", "PORTAL_PORTAL_REPOSITORY", "PORTAL_GIT_URL"):
        assert name in bare.stdout
    assert not home.exists(), "it only looks"


def test_a_github_that_is_away_is_unknown(complete: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync_jobs.pull_request.github.ATTEMPTS", 1)
    code, said = look(complete, github_api_url=f"http://127.0.0.1:{free_port()}")
    assert code == 3 and "could not be reached" in said
