"""What a delivery asks for: a sync of the repository that is configured, or nothing. Pure.

A payload is never told where to fetch from: repository and branch in it are only compared with the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from app.settings import Settings

ACTION = "lz-update"
HEADS = "refs/heads/"
NO_COMMIT = "0" * 40


@dataclass(frozen=True)
class Target:
    """What the portal follows. `repository` None: not known, any counts that knows the secret.

    `branch` is None while the remote's default branch is followed and its name is not known.
    """

    repository: str | None
    portal_repository: str | None
    branch: str | None
    has_source: bool


@dataclass(frozen=True)
class Decision:
    """What becomes of a delivery, why, and what it said of itself."""

    status: Literal["accepted", "ignored"]
    reason: str
    repository: str | None = None
    ref: str | None = None
    commit_sha: str | None = None


def repository_of(settings: Settings) -> str | None:
    """OWNER/NAME of the landing zone: as set, else as its address on GitHub says, else None."""
    if settings.github_repository:
        return settings.github_repository
    url = settings.git_url or ""
    path = urlsplit(url).path if url.startswith(("https://", "ssh://")) else ""
    if not path and "@" in url and "://" not in url:
        path = url.partition(":")[2]
    parts = path.strip("/").removesuffix(".git").split("/")
    return "/".join(parts) if len(parts) == 2 and all(parts) else None


def target_of(settings: Settings, known_branch: str | None = None) -> Target:
    """What the settings say; `known_branch` is the default branch as the last sync found it."""
    branch = known_branch if settings.git_branch == "HEAD" else settings.git_branch
    return Target(repository_of(settings), settings.portal_repository, branch, settings.git_url is not None)


def default_branch(payload: Mapping[str, Any]) -> str | None:
    """The default branch of the repository that the payload is about, as GitHub says in it."""
    repository = payload.get("repository")
    found = repository.get("default_branch") if isinstance(repository, Mapping) else None
    return found if isinstance(found, str) and found else None


def decide(event: str, payload: Mapping[str, Any], target: Target) -> Decision:
    """Accepted, or ignored with the reason."""
    if event == "ping":
        said = _said(payload)
        return Decision("ignored", "A ping: GitHub reaches the portal. There is nothing to sync.", said)
    if event == "push":
        return _push(payload, target)
    if event == "repository_dispatch":
        return _dispatch(payload, target)
    reason = f"The event {event} starts nothing; push and repository_dispatch do."
    return Decision("ignored", reason, _said(payload))


def _push(payload: Mapping[str, Any], target: Target) -> Decision:
    repository, ref, commit = _said(payload), _text(payload.get("ref"), 255), _text(payload.get("after"), 64)
    branch = ref.removeprefix(HEADS) if ref and ref.startswith(HEADS) else None
    wrong = _wrong_repository(repository, target, ())
    if wrong is None and branch is None:
        wrong = f"{ref or 'It'} is no branch; only pushes to a branch count."
    if wrong is None:
        wrong = _wrong_branch(branch, target)
    if wrong is None and (payload.get("deleted") is True or commit == NO_COMMIT):
        wrong = f"The branch {branch} was deleted: there is nothing to fetch. What was synced stays."
    return _decision(wrong, target, repository, ref, commit)


def _dispatch(payload: Mapping[str, Any], target: Target) -> Decision:
    """`branch` of the event is one of the repository it was sent to; `client_payload` tells of the landing zone."""
    client = payload.get("client_payload")
    given: Mapping[str, Any] = client if isinstance(client, Mapping) else {}
    repository, action = _said(payload), _text(payload.get("action"), 100)
    ref, commit = _text(given.get("branch"), 255), _text(given.get("commit_sha"), 64)
    to_portal = _same(repository, target.portal_repository)
    if ref is None and not to_portal:
        ref = _text(payload.get("branch"), 255)
    wrong = None if action == ACTION else f"The dispatch {action} starts nothing; {ACTION} does."
    if wrong is None:
        wrong = _wrong_repository(repository, target, (target.portal_repository,))
    if wrong is None and ref is not None:
        wrong = _wrong_branch(ref.removeprefix(HEADS), target)
    return _decision(wrong, target, repository, ref, commit)


def _decision(
    wrong: str | None, target: Target, repository: str | None, ref: str | None, commit: str | None
) -> Decision:
    if wrong is None and not target.has_source:
        wrong = "No landing zone repository is set, so there is nothing to sync: set PORTAL_GIT_URL."
    if wrong is not None:
        return Decision("ignored", wrong, repository, ref, commit)
    return Decision("accepted", "A sync of the configured repository follows.", repository, ref, commit)


def _wrong_repository(repository: str | None, target: Target, also: tuple[str | None, ...]) -> str | None:
    if target.repository is None or any(_same(repository, one) for one in (target.repository, *also)):
        return None
    about = f"It is about {repository}" if repository else "It names no repository"
    return f"{about}; the portal follows {target.repository}."


def _wrong_branch(branch: str | None, target: Target) -> str | None:
    if target.branch is None or branch == target.branch:
        return None
    return f"It is about the branch {branch}; the portal follows {target.branch}."


def _same(one: str | None, other: str | None) -> bool:
    """GitHub does not tell names by case."""
    return one is not None and other is not None and one.casefold() == other.casefold()


def _said(payload: Mapping[str, Any]) -> str | None:
    repository = payload.get("repository")
    return _text(repository.get("full_name"), 140) if isinstance(repository, Mapping) else None


def _text(value: object, limit: int) -> str | None:
    return value[:limit] if isinstance(value, str) and value else None
