"""What a delivery is taken for, and that its signature is checked whole."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from app.errors import SettingsError
from app.settings import load_settings
from sync_jobs.webhook.decision import Target, decide, repository_of, target_of
from sync_jobs.webhook.signature import secrets_of, signed

LZ = "quartz/landing-zone"
TARGET = Target(LZ, "quartz/portal", "main", True)
REPOSITORY = {"full_name": LZ, "default_branch": "main"}
PUSH = {"ref": "refs/heads/main", "after": "a" * 40, "repository": REPOSITORY}
CLIENT = {"branch": "main", "commit_sha": "b" * 40}
DISPATCH = {"action": "lz-update", "branch": "main", "client_payload": CLIENT, "repository": REPOSITORY}


def changed(payload: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {**payload, **values}


@pytest.mark.parametrize(
    ("event", "payload", "commit"),
    [
        ("push", PUSH, "a" * 40),
        ("push", changed(PUSH, repository={"full_name": LZ.upper()}), "a" * 40),
        ("push", changed(PUSH, forced=True), "a" * 40),
        ("repository_dispatch", DISPATCH, "b" * 40),
        ("repository_dispatch", changed(DISPATCH, client_payload={}), None),
        ("repository_dispatch", changed(DISPATCH, client_payload=None, branch=None), None),
        ("repository_dispatch", changed(DISPATCH, client_payload={"branch": "refs/heads/main"}), None),
        # Sent to the portal's repository by the workflow of the landing zone: `branch` is the portal's.
        (
            "repository_dispatch",
            changed(DISPATCH, branch="trunk", repository={"full_name": "quartz/portal"}),
            "b" * 40,
        ),
    ],
)
def test_what_asks_for_a_sync(event: str, payload: dict[str, Any], commit: str | None) -> None:
    found = decide(event, payload, TARGET)
    assert (found.status, found.commit_sha) == ("accepted", commit), found.reason


@pytest.mark.parametrize(
    ("event", "payload", "reason"),
    [
        ("ping", {"zen": "Keep it calm."}, "ping"),
        ("issues", PUSH, "The event issues starts nothing"),
        (
            "push",
            changed(PUSH, repository={"full_name": "evil/landing-zone"}),
            "the portal follows quartz/landing-zone",
        ),
        ("push", changed(PUSH, repository={"full_name": "quartz/portal"}), "about quartz/portal"),
        ("push", changed(PUSH, repository=None), "names no repository"),
        ("push", changed(PUSH, repository="quartz/landing-zone"), "names no repository"),
        ("push", changed(PUSH, ref="refs/heads/feature"), "about the branch feature"),
        ("push", changed(PUSH, ref="refs/tags/main"), "refs/tags/main is no branch"),
        ("push", changed(PUSH, ref=None), "no branch"),
        ("push", changed(PUSH, ref=["refs/heads/main"]), "no branch"),
        ("push", changed(PUSH, after="0" * 40, head_commit=None), "was deleted"),
        ("push", changed(PUSH, deleted=True), "was deleted"),
        ("repository_dispatch", changed(DISPATCH, action="deploy"), "The dispatch deploy starts nothing"),
        ("repository_dispatch", changed(DISPATCH, action=None), "starts nothing"),
        (
            "repository_dispatch",
            changed(DISPATCH, client_payload={"branch": "feature"}),
            "the branch feature",
        ),
        ("repository_dispatch", changed(DISPATCH, client_payload={}, branch="feature"), "the branch feature"),
        ("repository_dispatch", changed(DISPATCH, repository={"full_name": "evil/x"}), "about evil/x"),
    ],
)
def test_what_is_ignored_and_why(event: str, payload: dict[str, Any], reason: str) -> None:
    found = decide(event, payload, TARGET)
    assert found.status == "ignored"
    assert reason in found.reason


def test_without_a_source_nothing_is_accepted() -> None:
    found = decide("push", PUSH, Target(LZ, None, "main", False))
    assert found.status == "ignored" and "PORTAL_GIT_URL" in found.reason


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://github.com/quartz/landing-zone.git", LZ),
        ("https://token@github.com/quartz/landing-zone", LZ),
        ("ssh://git@github.com/quartz/landing-zone.git", LZ),
        ("git@github.com:quartz/landing-zone.git", LZ),
        ("https://github.example.com/quartz/landing-zone/", LZ),
        ("https://git.example.com/a/b/c.git", None),
        ("file:///srv/landing-zone", None),
    ],
)
def test_the_repository_is_that_of_the_address(url: str, repository: str | None) -> None:
    assert repository_of(load_settings({"PORTAL_GIT_URL": url})) == repository
    told = load_settings({"PORTAL_GIT_URL": url, "PORTAL_GITHUB_REPOSITORY": "other/name"})
    assert repository_of(told) == "other/name"


def test_an_unknown_repository_or_branch_restricts_nothing() -> None:
    target = target_of(load_settings({"PORTAL_GIT_URL": "file:///srv/lz"}))
    assert target == Target(None, None, None, True)
    assert decide("push", changed(PUSH, ref="refs/heads/any", repository=None), target).status == "accepted"
    known = target_of(load_settings({"PORTAL_GIT_URL": "file:///srv/lz"}), "main")
    assert decide("push", changed(PUSH, ref="refs/heads/any"), known).status == "ignored"
    named = load_settings({"PORTAL_GIT_URL": "file:///srv/lz", "PORTAL_GIT_BRANCH": "release"})
    assert target_of(named, "main").branch == "release"


def header(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_the_signature_as_github_documents_it() -> None:
    """The example of GitHub's own documentation."""
    body = b"Hello, World!"
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signed(body, expected, [b"It's a Secret to Everybody"])
    assert not signed(body + b"\n", expected, [b"It's a Secret to Everybody"])
    assert not signed(body, expected, [b"it's a secret to everybody"])


def test_two_secrets_while_one_is_changed() -> None:
    settings = load_settings({"PORTAL_WEBHOOK_SECRET": "old-secret, new-secret"})
    secrets = secrets_of(settings)
    assert secrets == (b"old-secret", b"new-secret")
    assert all(signed(b"x", header(one, b"x"), secrets) for one in ("old-secret", "new-secret"))
    assert not signed(b"x", header("old-secret, new-secret", b"x"), secrets)
    assert set(settings.secrets()) >= {"old-secret", "new-secret"}, "each is masked in the logs"


@pytest.mark.parametrize(
    "given", ["", "sha256=", "sha256=ab", "sha1=" + "a" * 40, "sha256=" + "ä" * 64, "\udc80"]
)
def test_what_is_no_signature(given: str) -> None:
    assert not signed(b"x", given, [b"secret"])
    assert not signed(b"x", given, [])


@pytest.mark.parametrize("value", ["a,b,c", "a,,b", ",", "a,"])
def test_wrong_secrets_are_refused_and_not_shown(value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"PORTAL_WEBHOOK_SECRET": value})
    assert "one secret, or two" in caught.value.message and "not shown" in caught.value.message
