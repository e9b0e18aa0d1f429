"""The commit of a pull request, made in a repository of its own: no checkout, branch or index of anybody is touched.

It is the base branch with the target folders as they are published now, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import Permanent, PortalError, Retryable
from sync_jobs.layers.git.program import Address, GitFailed, git

NAME, EMAIL = "Landing Zone Portal", "landing-zone-portal@noreply.invalid"
TRANSFER_TIMEOUT = 300.0
# What is committed is what is published, byte for byte, whatever attributes the files themselves declare.
_ATTRIBUTES = "* -text -filter -ident -working-tree-encoding\n"
_HEADS = "refs/heads/"


@dataclass(frozen=True)
class FileChange:
    """One path that differs from the base. `kind`: added, changed or deleted."""

    kind: str
    path: str


class Workbench:
    """A bare repository in `folder`, which is empty, for one pull request from `branch` to `base` at `remote`."""

    def __init__(self, folder: Path, remote: Address, base: str, branch: str) -> None:
        self._folder, self._remote, self._base, self._branch = folder, remote, base, branch
        self.base_commit = ""
        self.old_commit = ""  # what the branch holds now; empty: there is none

    def fetch(self) -> None:
        """Bring base and branch here. Raises Permanent when there is no base or the remote refuses."""
        git("init", "--bare", "--quiet", "--template=", str(self._folder))
        (self._folder / "info").mkdir(exist_ok=True)
        (self._folder / "info" / "attributes").write_text(_ATTRIBUTES, encoding="utf-8")
        listed = self._reach("ls-remote", "--heads", "--", self._remote.url)
        lines = [line.partition("\t") for line in listed.decode(errors="replace").splitlines()]
        heads = {name: commit for commit, _, name in lines}
        self.base_commit = heads.get(_HEADS + self._base, "")
        self.old_commit = heads.get(_HEADS + self._branch, "")
        if not self.base_commit:
            raise Permanent(
                f"{self._remote.url} has no branch {self._base}.",
                "Push a first commit to the portal's repository.",
            )
        names = [self._base, *([self._branch] if self.old_commit else [])]
        refs = [f"+{_HEADS}{name}:{_HEADS}{name}" for name in names]
        self._reach("fetch", "--quiet", "--no-tags", "--depth=1", "--", self._remote.url, *refs)

    def base_file(self, path: str) -> bytes | None:
        """A file of the base, or None."""
        try:
            return self._git("cat-file", "blob", f"{self.base_commit}:{path}")
        except GitFailed:
            return None

    def tree(self, root: Path, folders: Sequence[str]) -> str:
        """The id of the base's tree with `folders` as they are below `root`."""
        self._git("read-tree", self.base_commit)
        there = [one for one in folders if (root / one).is_dir()]
        where = [f":(top,literal){one}" for one in there]
        # The options stand before the command: git reads its own ones there only.
        self._git("-c", "core.bare=false", "--work-tree", str(root), "add", "--all", "--force", "--", *where)
        return self._git("write-tree").decode().strip()

    def changes(self, tree: str) -> list[FileChange]:
        """What differs between the base and `tree`, by path."""
        output = self._git("diff-tree", "-r", "-z", "--no-renames", "--name-status", self.base_commit, tree)
        tokens = [one.decode("utf-8", "backslashreplace") for one in output.split(b"\0")]
        kinds = {"A": "added", "D": "deleted"}
        pairs = zip(tokens[::2], tokens[1::2], strict=False)
        return [FileChange(kinds.get(kind, "changed"), path) for kind, path in pairs]

    def proposed(self, tree: str) -> bool:
        """Whether the branch holds this very tree already, on the base as it is now."""
        if not self.old_commit:
            return False
        head = self._git("cat-file", "commit", self.old_commit).decode(errors="replace").split("\n\n")[0]
        return head.splitlines()[:2] == [f"tree {tree}", f"parent {self.base_commit}"]

    def commit(self, tree: str, message: str) -> str:
        """A commit of `tree` on the base. Returns its id."""
        who = ("-c", f"user.name={NAME}", "-c", f"user.email={EMAIL}")
        made = self._git(*who, "commit-tree", tree, "-p", self.base_commit, "-F", "-", stdin=message.encode())
        return made.decode().strip()

    def push(self, commit: str) -> None:
        """Make the branch that commit, unless somebody moved it since `fetch`: then Retryable."""
        lease = f"--force-with-lease={_HEADS}{self._branch}:{self.old_commit}"
        self._reach("push", "--quiet", lease, "--", self._remote.url, f"{commit}:{_HEADS}{self._branch}")

    def _git(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        return git(*arguments, directory=self._folder, stdin=stdin)

    def _reach(self, *arguments: str) -> bytes:
        try:
            return git(*arguments, directory=self._folder, remote=self._remote, timeout=TRANSFER_TIMEOUT)
        except GitFailed as error:
            raise _explained(self._remote.url, error) from error


_PROTECTED = re.compile(r"protected branch|gh006|gh013", re.IGNORECASE)
# The numbers as words: they also occur in the ids of commits.
_NO_ACCESS = re.compile(r"\b40[13]\b|denied|authentication failed|could not read username", re.IGNORECASE)


def _explained(url: str, error: GitFailed) -> PortalError:
    said = error.stderr or error.message
    if "stale info" in said or "fetch first" in said:
        return Retryable(f"Somebody else moved the branch at {url} just now: {said}", "Run it again.")
    if _PROTECTED.search(said):
        return Permanent(
            f"{url} refused the branch: {said}", "Let a rule of the repository allow it to the token."
        )
    if _NO_ACCESS.search(said):
        return Permanent(
            f"{url} refused access: {said}",
            "Give the token in PORTAL_SYNC_TOKEN the permission Contents (read and write).",
        )
    return Permanent(f"{url} could not be used: {said}", "Try the same with git on this machine.")
