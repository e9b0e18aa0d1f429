"""The landing zone repository to what its followed branch holds; Unknown when that cannot be seen."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path

from app.errors import Retryable
from app.settings import mask_credentials
from sync_jobs.layers.base import Unknown
from sync_jobs.layers.git.mirror import CommitRecord, Mirror, TreeFile
from sync_jobs.layers.git.program import GitFailed, git

TEXT_LIMIT = 256 * 1024
COMMITS_LIMIT = 5000
LOOK_TIMEOUT = 60.0


@dataclass(frozen=True)
class Snapshot:
    """What the branch held: `head` is its commit, `source` the address without credentials."""

    source: str
    branch: str
    head: str
    files: list[TreeFile]
    commits: list[CommitRecord]
    unchanged: bool = False


@dataclass(frozen=True)
class _Failure:
    pattern: str
    reason: str
    hint: str
    retry: bool = False


_FAILURES = (
    _Failure(
        r"could not resolve|connection (refused|timed out|reset)|network is unreachable|operation timed out"
        r"|couldn't connect|failed to connect|error: 5\d\d|early eof|hung up unexpectedly",
        "could not be reached",
        "Check the address and the network from here (proxy, firewall, DNS).",
        retry=True,
    ),
    _Failure(
        r"authentication failed|could not read username|could not read password|permission denied"
        r"|access denied"
        r"|error: 40[13]|invalid username|terminal prompts disabled|host key verification",
        "refused access",
        "Give the portal a deploy key and a known host key (ssh), or a token in the address (https).",
    ),
    _Failure(
        r"dubious ownership",
        "belongs to another user of this machine",
        "Run the portal as the owner of that folder, or use an https or ssh address.",
    ),
    _Failure(
        r"not found|does not appear to be a git repository|does not exist|no such file|not a git repository",
        "does not exist, or may not be seen",
        "Check PORTAL_GIT_URL, and that the portal's key or token may read this repository.",
    ),
    _Failure(
        r"ssl|certificate",
        "could not be reached safely",
        "Its certificate was not accepted. Set SSL_CERT_FILE to your company's certificates.",
    ),
    _Failure(r"transport .* not allowed", "uses a protocol that is not allowed", "Use https, ssh or file."),
)


def extract(
    url: str,
    branch: str,
    folder: Path,
    known_head: str | None = None,
    cancelled: threading.Event | None = None,
) -> Snapshot | Unknown:
    """Mirror `url` into `folder` and read `branch` ("HEAD": the remote's default).

    With `known_head` the content is not read again when the branch still points there. Raises Retryable
    when trying again may help.
    """
    mirror = Mirror(folder, cancelled)
    try:
        found = _look(url, branch, cancelled)
        if isinstance(found, Unknown):
            return found
    except GitFailed as error:
        return _explained(url, error)
    source = mask_credentials(url)
    try:
        head = mirror.fetch(url, f"refs/heads/{found}" if found else "HEAD")
    except GitFailed as error:
        if _known_failure(error):
            return _explained(url, error)
        raise mirror.discard() from error  # the server was there just now: it is the mirror
    try:
        unchanged = head == known_head
        files = [] if unchanged else mirror.files(head, TEXT_LIMIT)
        commits = [] if unchanged else mirror.commits(head, COMMITS_LIMIT)
    except GitFailed as error:
        raise mirror.discard() from error
    return Snapshot(source, found or branch, head, files, commits, unchanged)


def _look(url: str, branch: str, cancelled: threading.Event | None) -> str | Unknown:
    """The branch's name, empty where only a detached HEAD is there; Unknown when there is no such branch."""
    source = mask_credentials(url)
    listed = git("ls-remote", "--symref", "--", url, timeout=LOOK_TIMEOUT, cancelled=cancelled)
    lines = listed.decode(errors="replace").splitlines()
    heads = sorted(line.partition("\trefs/heads/")[2] for line in lines if "\trefs/heads/" in line)
    detached = any(line.endswith("\tHEAD") and not line.startswith("ref: ") for line in lines)
    wanted = branch
    if branch == "HEAD":
        symbolic = [
            line.partition("\t")[0] for line in lines if line.startswith("ref: ") and line.endswith("\tHEAD")
        ]
        wanted = symbolic[0].removeprefix("ref: refs/heads/") if symbolic else ""
    if wanted in heads or (not wanted and detached):
        return wanted
    if not heads:
        return Unknown(f"{source} has no commits yet.", "Push a first commit, then run the git layer again.")
    missing = f"has no branch {branch!r}" if branch != "HEAD" else "has no default branch"
    some = ", ".join(heads[:8])
    return Unknown(f"{source} {missing}.", f"It has: {some}. Set PORTAL_GIT_BRANCH to one of them.")


def _known_failure(error: GitFailed) -> _Failure | None:
    return next((one for one in _FAILURES if re.search(one.pattern, error.stderr, re.IGNORECASE)), None)


def _explained(url: str, error: GitFailed) -> Unknown:
    source, said, failure = mask_credentials(url), error.stderr, _known_failure(error)
    if failure is not None and failure.retry:
        raise Retryable(f"{source} {failure.reason}: {said}", failure.hint) from error
    if failure is not None:
        return Unknown(f"{source} {failure.reason}: {said}", failure.hint)
    return Unknown(
        f"{source} could not be read: {said or error.message}", "Try the same with git on this machine."
    )
