"""After a run of the git layer: commit, push, pull request, auto-merge. One branch, and never a second pull request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

import structlog

from app.errors import Busy, Permanent, PortalError
from app.settings import Settings, mask_credentials, require
from sync_jobs.layers.git.mapping import LIST, METADATA, METADATA_FOLDER, Mapped
from sync_jobs.layers.git.program import Address, address
from sync_jobs.layers.git.publish import Publication
from sync_jobs.pull_request import summary
from sync_jobs.pull_request.github import GitHub, Refusal
from sync_jobs.pull_request.summary import COMMITS_LISTED, Source
from sync_jobs.pull_request.workbench import FileChange, Workbench
from sync_jobs.runs import Row
from sync_jobs.store.cache import Cache
from sync_jobs.store.state import State

BRANCH = "portal/landing-zone-sync"
LEASE = "pull_request"
LEASE_SECONDS = 1800.0
STATES = Literal["none", "created", "updated", "unchanged", "merged", "closed"]
METADATA_FILE = f"{METADATA_FOLDER}/{METADATA}"
_AUTO_MERGE = """
mutation($id: ID!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: SQUASH}) { pullRequest { number } }
}"""

log = structlog.get_logger("sync_jobs.pull_request")
Json = dict[str, Any]


@dataclass
class Proposal:
    """What became of it. `state` none: nothing differs. `problems`: what did not work, with what to do."""

    state: STATES = "none"
    url: str | None = None
    number: int | None = None
    branch: str = BRANCH
    files: int = 0
    auto_merge: bool = False
    problems: list[str] = field(default_factory=list)


def check_settings(settings: Settings) -> None:
    """Raises SettingsError when a pull request cannot be made for want of a setting."""
    require(settings, "portal_repository", "a pull request")
    require(settings, "portal_token", "a pull request")


def after_run(settings: Settings, cache: Cache, row: Row) -> Row:
    """Propose what a run of the git layer published. Returns its row as it then stands, and writes it.

    `details.pull_request` says what became of it. A run whose pull request did not work is partial.
    """
    if row["status"] == "failed":
        return row
    try:
        proposal = propose(settings, cache, row)
        problems, hint = proposal.problems, None
    except PortalError as error:
        log.warning("pull_request_failed", error=str(error))
        proposal, problems, hint = Proposal(), [f"The pull request was not made: {error.message}"], error.hint
    row = {
        **row,
        "status": "partial" if problems else row["status"],
        "error_messages": [*row["error_messages"], *(mask_credentials(text) for text in problems)],
        "hint": row["hint"] or hint or None,
        "details": {**row["details"], "pull_request": asdict(proposal)},
    }
    cache.state.upsert("sync_runs", [row])
    return row


def propose(settings: Settings, cache: Cache, row: Row) -> Proposal:
    """Bring the pull request in line with what is published. Raises PortalError when that cannot be done."""
    check_settings(settings)
    lease = cache.state.acquire(LEASE, str(row["run_id"]), LEASE_SECONDS)
    if lease is None:
        raise Busy("Another process makes the pull request just now.", "Run it again in a moment.")
    try:
        token = settings.portal_token.get_secret_value() if settings.portal_token else ""
        with GitHub(settings.github_api_url, token) as github:
            return _Proposing(settings, cache, row, github, token).run()
    finally:
        cache.clear_workspace(LEASE)
        cache.state.release(lease)


class _Proposing:
    def __init__(self, settings: Settings, cache: Cache, row: Row, github: GitHub, token: str) -> None:
        self._settings, self._cache, self._row, self._github, self._token = (
            settings,
            cache,
            row,
            github,
            token,
        )
        self._path = f"/repos/{settings.portal_repository}"
        self._root = Path(row["details"]["publish_root"])
        self._folders = Mapped(settings.git_mapping).folders
        self._base = ""

    def run(self) -> Proposal:
        repository = self._github.get(self._path)
        self._base = str(repository["default_branch"])
        remote = _remote(str(repository["clone_url"]), self._settings.github_api_url, self._token)
        bench = Workbench(self._cache.workspace(LEASE) / "repository", remote, self._base, BRANCH)
        bench.fetch()
        with Publication(self._root, self._folders).held():
            self._check_published()
            tree = bench.tree(self._root, self._folders)
        changes = bench.changes(tree)
        told = [one for one in changes if Path(one.path).name not in {LIST, METADATA}]
        if not told:
            return self._nothing()
        source = self._source(bench)
        pushed = not bench.proposed(tree)
        head = bench.old_commit
        if pushed:
            head = bench.commit(tree, summary.message(source, told))
            bench.push(head)
        text = {
            "title": summary.title(source, told),
            "body": summary.body(source, told, self._row["error_messages"]),
        }
        return self._request(text, told, head, pushed)

    def _check_published(self) -> None:
        """An empty or wrong folder must not become a pull request that deletes everything."""
        file = self._root / METADATA_FILE
        try:
            published = _commit_of(file.read_bytes())
        except OSError:
            published = None
        if published is None:
            raise Permanent(
                f"{self._root} holds no synced files: {METADATA_FILE} says none.", "Run the git layer."
            )

    def _nothing(self) -> Proposal:
        """The base has all of it already. A pull request still open would bring back something older."""
        found = self._open()
        if found is None:
            return Proposal()
        self._github.send("PATCH", f"{self._path}/pulls/{found['number']}", {"state": "closed"})
        return Proposal("closed", found["html_url"], found["number"])

    # -- GitHub ----------------------------------------------------------------------------------------

    def _request(self, text: Json, changes: Sequence[FileChange], head: str, pushed: bool) -> Proposal:
        """Update the open pull request, or open one."""
        found = self._open()
        created = found is None
        if found is None:
            try:
                found = self._github.send(
                    "POST", f"{self._path}/pulls", {**text, "head": BRANCH, "base": self._base}
                )
            except Refusal as refusal:
                if refusal.status == 422 and "no commits between" in refusal.said.lower():
                    return Proposal()
                if refusal.status != 422 or "already exists" not in refusal.said.lower():
                    raise
                created, found = (
                    False,
                    self._open(),
                )  # opened between the look and now, or the answer was lost
                if found is None:
                    raise
        if not created and (pushed or (found["title"], found.get("body")) != (text["title"], text["body"])):
            found = self._github.send("PATCH", f"{self._path}/pulls/{found['number']}", text)
            pushed = True
        made = Proposal(
            "created" if created else "updated" if pushed else "unchanged",
            found["html_url"],
            found["number"],
            files=len(changes),
        )
        self._merge_by_itself(made, found, head)
        log.info("pull_request", state=made.state, url=made.url, files=made.files, auto_merge=made.auto_merge)
        return made

    def _open(self) -> Json | None:
        owner = str(self._settings.portal_repository).partition("/")[0]
        listed = self._github.get(
            f"{self._path}/pulls", state="open", head=f"{owner}:{BRANCH}", base=self._base, per_page=5
        )
        # GitHub ignores a filter that it does not understand: look again.
        fitting = [one for one in listed if one["head"]["ref"] == BRANCH and one["base"]["ref"] == self._base]
        return fitting[0] if fitting else None

    def _merge_by_itself(self, made: Proposal, found: Json, head: str) -> None:
        """Auto-merge by squash; at once where nothing is left to wait for, which GitHub refuses to wait for."""
        if found.get("auto_merge"):
            made.auto_merge = True
            return
        try:
            self._github.graphql(_AUTO_MERGE, id=found["node_id"])
            made.auto_merge = True
        except Refusal as refusal:
            said = refusal.said.lower()
            if "clean status" in said:
                self._merge_now(made, head)
            elif "not allowed for this repository" in said:
                made.problems.append(
                    f"{made.url} waits for somebody to merge it: auto-merge is not allowed in "
                    f"{self._settings.portal_repository}. Allow it in the settings of the repository (General, "
                    "Pull Requests, Allow auto-merge and Allow squash merging)."
                )
            else:
                made.problems.append(
                    f"{made.url} waits for somebody to merge it: {refusal.message} {refusal.hint}".strip()
                )
        except PortalError as error:
            made.problems.append(
                f"{made.url} is open, but does not merge itself: {error.message} {error.hint}".strip()
            )

    def _merge_now(self, made: Proposal, head: str) -> None:
        try:
            self._github.send(
                "PUT", f"{self._path}/pulls/{made.number}/merge", {"merge_method": "squash", "sha": head}
            )
            made.state = "merged"
        except PortalError as error:
            made.problems.append(
                f"{made.url} waits for somebody to merge it: {error.message} {error.hint}".strip()
            )

    # -- what changed ----------------------------------------------------------------------------------

    def _source(self, bench: Workbench) -> Source:
        details = self._row["details"]
        before = _commit_of(bench.base_file(METADATA_FILE))
        commits, more = _commits(self._cache.state, before)
        address_ = mask_credentials(str(self._row["source"] or ""))
        return Source(address_, str(details["branch"]), str(details["commit"]), commits, more)


def _remote(clone_url: str, api_url: str, token: str) -> Address:
    """Where to push. The token goes to the host that the API belongs to, and to no other."""
    parts = urlsplit(clone_url)
    own = (urlsplit(api_url).hostname or "").removeprefix("api.")
    if parts.scheme != "https" or parts.hostname != own:
        return Address(clone_url)
    host = f"x-access-token:{quote(token, safe='')}@{parts.netloc.rpartition('@')[2]}"
    return address(urlunsplit(parts._replace(netloc=host)))


def _commit_of(metadata: bytes | None) -> str | None:
    """The commit that the base holds already."""
    try:
        found = json.loads(metadata or b"{}").get("commit")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def _commits(state: State, before: str | None) -> tuple[list[tuple[str, str, str]], bool]:
    """The newest commits after `before` on the followed line: (id, subject, author); and whether there are more."""
    known = state.rows("SELECT position FROM git_commits WHERE commit_sha = ?", before)
    since = known[0]["position"] if known and known[0]["position"] is not None else None
    rows = state.rows(
        "SELECT commit_sha, message, author FROM git_commits WHERE position > ? ORDER BY position DESC LIMIT ?",
        -1 if since is None else since,
        COMMITS_LISTED + 1,
    )
    listed = [
        (row["commit_sha"], (row["message"] or "").partition("\n")[0], row["author"] or "")
        for row in rows[:COMMITS_LISTED]
    ]
    return listed, len(rows) > COMMITS_LISTED or (since is None and before is not None)
