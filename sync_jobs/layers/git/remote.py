"""A look at the repository before anything is fetched, and git's complaints in the terms of the portal."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

from app.errors import Permanent, Retryable
from sync_jobs.layers.base import Unknown
from sync_jobs.layers.git.program import Address, GitFailed, git

LOOK_TIMEOUT = 60.0


@dataclass(frozen=True)
class Tip:
    """Where a branch stands. `branch` is empty where only a detached HEAD is there."""

    branch: str
    commit: str

    @property
    def ref(self) -> str:
        """What to fetch."""
        return f"refs/heads/{self.branch}" if self.branch else "HEAD"


@dataclass(frozen=True)
class _Failure:
    pattern: str
    reason: str
    hint: str
    retry: bool = False


_FAILURES = (
    _Failure(
        r"could not resolve|connection (refused|timed out|reset)|network is unreachable|operation timed out"
        r"|couldn't connect|failed to connect|error: 5\d\d|early eof|hung up unexpectedly|too slow",
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
        r"couldn't find remote ref|not found|does not appear to be a git repository|does not exist|no such file|not a git repository",
        "does not exist, or may not be seen",
        "Check PORTAL_GIT_URL, and that the portal's key or token may read this repository.",
    ),
    _Failure(
        r"ssl|certificate",
        "could not be reached safely",
        "Its certificate was not accepted. Set SSL_CERT_FILE to your company's certificates.",
    ),
    _Failure(
        r"mismatched algorithms", "uses SHA-256 object ids", "Only repositories with SHA-1 ids can be read."
    ),
    _Failure(r"transport .* not allowed", "uses a protocol that is not allowed", "Use https, ssh or file."),
)
_DISK_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)


def look(address: Address, branch: str, cancelled: threading.Event | None = None) -> Tip | Unknown:
    """Where `branch` ("HEAD": the remote's default) stands; Unknown when there is no such branch.

    One `git ls-remote` for that branch alone. Raises GitFailed.
    """
    wanted = ["HEAD"] if branch == "HEAD" else ["HEAD", f"refs/heads/{branch}"]
    listed = _listed(address, cancelled, *wanted)
    if branch != "HEAD":
        commit = listed.get(f"refs/heads/{branch}")
        return Tip(branch, commit) if commit else _no_such(address, branch, cancelled)
    symbolic = listed.get("ref:HEAD", "")
    commit = listed.get("HEAD")
    if commit is None:  # a default branch that does not exist (yet)
        return _no_such(address, branch, cancelled)
    return Tip(symbolic.removeprefix("refs/heads/"), commit)


def _listed(address: Address, cancelled: threading.Event | None, *patterns: str) -> dict[str, str]:
    """Ref -> commit; `ref:HEAD` -> the branch HEAD stands for."""
    out = git(
        "ls-remote", "--symref", "--", address.url, *patterns,
        timeout=LOOK_TIMEOUT, cancelled=cancelled, remote=address,
    )  # fmt: skip
    found = {}
    for line in out.decode(errors="replace").splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: "):
            found[f"ref:{name}"] = value.removeprefix("ref: ")
        else:
            found[name] = value
    return found


def _no_such(address: Address, branch: str, cancelled: threading.Event | None) -> Unknown:
    """Why there is nothing to follow, with what could be followed."""
    listed = _listed(address, cancelled)
    heads = sorted(name.removeprefix("refs/heads/") for name in listed if name.startswith("refs/heads/"))
    if not heads:
        return Unknown(
            f"{address.url} has no commits yet.", "Push a first commit, then run the git layer again."
        )
    missing = f"has no branch {branch!r}" if branch != "HEAD" else "has no default branch"
    some = ", ".join(heads[:8])
    return Unknown(f"{address.url} {missing}.", f"It has: {some}. Set PORTAL_GIT_BRANCH to one of them.")


def explained(address: Address, error: GitFailed) -> Unknown | None:
    """What a failure of git means for the run; None for one that is not of the repository or the network.

    Raises Retryable when trying again may help, Permanent when the disk is full.
    """
    said = error.stderr
    if _DISK_FULL.search(said):
        raise disk_full() from error
    failure = next((one for one in _FAILURES if re.search(one.pattern, said, re.IGNORECASE)), None)
    if failure is None:
        return None
    told = f"{address.url} {failure.reason}: {said}"
    if failure.retry:
        raise Retryable(told, failure.hint) from error
    return Unknown(told, failure.hint)


def disk_full(where: object = "the portal's home") -> Permanent:
    """The error of a full disk."""
    return Permanent(
        f"The disk that holds {where} is full; nothing was published.",
        "Free some space and run the git layer again. The state before it stands.",
    )
