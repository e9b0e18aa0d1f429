"""Check what the portal needs on GitHub and here for webhooks and pull requests, and say how to mend what is missing.

It looks and changes nothing. Of secrets it sees on GitHub the names only, and prints no value of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from app.errors import PortalError
from app.settings import Settings, variable
from sync_jobs.pull_request.github import GitHub, Refusal
from sync_jobs.webhook.decision import repository_of
from sync_jobs.webhook.receiver import PATH
from sync_jobs.webhook.signature import secrets_of

Status = Literal["ok", "missing", "unknown", "optional", "unset", "skipped"]
SHORTEST_SECRET = 16
HERE, THERE = "sync-from-lz.yml", "notify-portal-of-changes.yml"
BY_OPENSSL = "Make one with `openssl rand -hex 32`"


@dataclass(frozen=True)
class Finding:
    """One thing looked at. unset: a setting that is needed; missing: on GitHub; unknown: could not be seen;
    skipped: not looked at."""

    status: Status
    name: str
    message: str
    mend: str = ""

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.status:<8} {self.name}: {self.message}"
        if self.mend:
            yield f"         -> {self.mend}"


def examine(settings: Settings, dry_run: bool) -> list[Finding]:
    """All findings. With `dry_run` GitHub is not asked, and what it would be asked is listed."""
    found = list(_settings(settings))
    asked = _asked(settings)
    if dry_run:
        return found + [Finding("skipped", "GitHub", f"It would be asked {what}.") for what, _ in asked]
    if settings.portal_token is None:
        return [*found, Finding("unknown", "GitHub", "It cannot be asked without a token.")]
    with GitHub(settings.github_api_url, settings.portal_token.get_secret_value()) as github:
        for what, look in asked:
            try:
                found += look(github)
            except PortalError as error:
                found.append(_not_seen(what, error))
    return found


def exit_code(findings: list[Finding], dry_run: bool) -> int:
    """0 nothing is missing, 1 something on GitHub is, 2 a setting is, 3 something could not be seen."""
    statuses = {one.status for one in findings}
    if dry_run:
        return 0
    return next(
        (code for status, code in (("unset", 2), ("missing", 1), ("unknown", 3)) if status in statuses), 0
    )


# -- here --------------------------------------------------------------------------------------------------


def _settings(settings: Settings) -> Iterator[Finding]:
    yield from _webhook_secret(settings)
    for name, mend in (
        ("git_url", "Set it to the address of the landing zone, such as https://github.com/OWNER/NAME.git."),
        ("portal_repository", "Set it to OWNER/NAME of the repository that gets the pull requests."),
        (
            "portal_token",
            "Make a fine-grained token for that repository with Contents and Pull requests (read and write); with "
            "Secrets, Variables and Webhooks (read) of both repositories all checks here can be made.",
        ),
    ):
        if getattr(settings, name) is None:
            yield Finding("unset", variable(name), "It is not set.", mend)
        else:
            yield Finding("ok", variable(name), "It is set.")
    repository = repository_of(settings)
    if repository:
        yield Finding("ok", variable("github_repository"), f"Webhooks of {repository} count.")
    else:
        mend = "Set it to OWNER/NAME of the landing zone on GitHub."
        told = (
            "The landing zone's name is not known, so webhooks of any repository that knows the secret count."
        )
        yield Finding("unset", variable("github_repository"), told, mend)
    slack = "Messages go there." if settings.slack_webhook else "It is not set: no messages to Slack."
    yield Finding("ok" if settings.slack_webhook else "optional", variable("slack_webhook"), slack)
    host = settings.webhook_host
    told = (
        f"A proxy may pass on https://{host}{PATH}."
        if host
        else "It is not set: only this machine reaches the webhook."
    )
    yield Finding("ok" if host else "optional", variable("webhook_host"), told)


def _webhook_secret(settings: Settings) -> Iterator[Finding]:
    name, secrets = variable("webhook_secret"), secrets_of(settings)
    if not secrets:
        mend = f"{BY_OPENSSL}, set it here, and on GitHub as the secret of the webhook or as PORTAL_WEBHOOK_SECRET."
        yield Finding("unset", name, "It is not set, so the sidecar refuses every webhook.", mend)
    elif min(map(len, secrets)) < SHORTEST_SECRET:
        mend = f"{BY_OPENSSL}."
        yield Finding(
            "missing", name, f"It is shorter than {SHORTEST_SECRET} characters: it could be guessed.", mend
        )
    else:
        both = (
            " Two are in force: take the old one out once GitHub has the new one." if len(secrets) > 1 else ""
        )
        yield Finding("ok", name, f"It is set.{both}")


# -- on GitHub ---------------------------------------------------------------------------------------------

Look = Callable[[GitHub], list[Finding]]


def _asked(settings: Settings) -> list[tuple[str, Look]]:
    """What GitHub is asked, each with the function that asks."""
    out: list[tuple[str, Look]] = []
    portal, zone = settings.portal_repository, repository_of(settings)
    if portal:
        out += [
            (
                f"whether the token may write to {portal}, and whether it allows auto-merge",
                lambda g: _portal(g, portal),
            ),
            (
                f"whether {portal} has the workflow {HERE}",
                lambda g: _workflow(g, portal, f".github/workflows/{HERE}"),
            ),
            (f"which secrets and variables {portal} has", lambda g: _portal_secrets(g, portal)),
        ]
    if zone:
        out += [
            (f"whether the token may read {zone}", lambda g: _zone(g, zone)),
            (
                f"whether {zone} has the workflow {THERE}",
                lambda g: _workflow(g, zone, f".github/workflows/{THERE}"),
            ),
            (f"which secrets and variables {zone} has", lambda g: _zone_secrets(g, zone)),
            (f"which webhooks {zone} has", lambda g: _hooks(g, zone)),
        ]
    return out


def _portal(github: GitHub, repository: str) -> list[Finding]:
    about = github.get(f"/repos/{repository}")
    found = []
    if (about.get("permissions") or {}).get("push"):
        found.append(Finding("ok", repository, "The token may write to it."))
    else:
        mend = "Give the token Contents and Pull requests (read and write) of it."
        found.append(Finding("missing", repository, "The token may not write to it.", mend))
    for field, words in (
        ("allow_auto_merge", "Allow auto-merge"),
        ("allow_squash_merge", "Allow squash merging"),
    ):
        if field not in about:
            told = f"Whether it has '{words}' cannot be seen with this token."
            found.append(Finding("unknown", repository, told, "Look in Settings, General, Pull Requests."))
        elif about[field]:
            found.append(Finding("ok", repository, f"It has '{words}'."))
        else:
            mend = (
                f"Turn on '{words}' in Settings, General, Pull Requests: else somebody has to merge by hand."
            )
            found.append(Finding("missing", repository, f"It does not have '{words}'.", mend))
    return found


def _zone(github: GitHub, repository: str) -> list[Finding]:
    github.get(f"/repos/{repository}")
    return [Finding("ok", repository, "The token may see it.")]


def _workflow(github: GitHub, repository: str, path: str) -> list[Finding]:
    try:
        github.get(f"/repos/{repository}/contents/{path}")
    except Refusal as refusal:
        if refusal.status != 404:
            raise
        source = f"deploy/github/{THERE}" if path.endswith(THERE) else path
        mend = f"Copy {source} of the portal there. If it is there: give the token Contents (read) of {repository}."
        return [Finding("missing", repository, f"It has no {path} that the token may see.", mend)]
    return [Finding("ok", repository, f"It has {path}.")]


def _portal_secrets(github: GitHub, repository: str) -> list[Finding]:
    secrets, variables = _names(github, repository, "secrets"), _names(github, repository, "variables")
    token = _needed(repository, "secret", "PORTAL_SYNC_TOKEN", secrets, "the token that may write to it")
    address = _needed(
        repository,
        "variable",
        "PORTAL_GIT_URL",
        variables | secrets,
        "the address of the landing zone (with a token: a secret)",
    )
    slack = "SLACK_WEBHOOK" in secrets
    told = (
        "The secret SLACK_WEBHOOK is there."
        if slack
        else "The secret SLACK_WEBHOOK is not there: no messages."
    )
    return [token, address, Finding("ok" if slack else "optional", repository, told)]


def _zone_secrets(github: GitHub, repository: str) -> list[Finding]:
    secrets, variables = _names(github, repository, "secrets"), _names(github, repository, "variables")
    found = [
        _needed(
            repository,
            "secret",
            "PORTAL_SYNC_TOKEN",
            secrets,
            "a token that may write to the portal's repository",
        ),
        _needed(
            repository, "variable", "PORTAL_REPOSITORY", variables, "OWNER/NAME of the portal's repository"
        ),
    ]
    if "PORTAL_WEBHOOK_URL" not in variables:
        told = "The variable PORTAL_WEBHOOK_URL is not there: the workflow does not call the sidecar."
        return [*found, Finding("optional", repository, told)]
    return [
        *found,
        _needed(repository, "secret", "PORTAL_WEBHOOK_SECRET", secrets, "the secret of the sidecar"),
    ]


def _names(github: GitHub, repository: str, kind: str) -> set[str]:
    listed = github.get(f"/repos/{repository}/actions/{kind}", per_page=100)
    return {str(one["name"]) for one in listed[kind]}


def _needed(repository: str, kind: str, name: str, there: set[str], what: str) -> Finding:
    if name in there:
        return Finding("ok", repository, f"The {kind} {name} is there.")
    mend = f"Settings, Secrets and variables, Actions: set {name} to {what}. One of the organisation cannot be seen here."
    return Finding("missing", repository, f"The {kind} {name} is not there.", mend)


def _hooks(github: GitHub, repository: str) -> list[Finding]:
    hooks: list[dict[str, Any]] = github.get(f"/repos/{repository}/hooks", per_page=100)
    ours = [one for one in hooks if str((one.get("config") or {}).get("url", "")).endswith(PATH)]
    if not ours:
        told = f"It has no webhook to a sidecar (…{PATH}). The workflow can call it as well."
        return [Finding("optional", repository, told)]
    found = []
    for hook in ours:
        config, where = hook["config"], f"webhook {hook.get('id')}"
        wrong = [
            text
            for text, bad in (
                ("it is turned off", not hook.get("active")),
                ("it has no secret", not config.get("secret")),
                ("it does not send push", not {"push", "*"} & set(hook.get("events") or [])),
                ("it does not check certificates", str(config.get("insecure_ssl", "0")) != "0"),
            )
            if bad
        ]
        if wrong:
            found.append(
                Finding(
                    "missing", repository, f"{where}: {', '.join(wrong)}.", "Settings, Webhooks: mend it."
                )
            )
        else:
            found.append(Finding("ok", repository, f"{where} sends push, signed."))
    return found


def _not_seen(what: str, error: PortalError) -> Finding:
    if isinstance(error, Refusal) and error.status == 401:
        return Finding("missing", "GitHub", error.message, error.hint)
    mend = "Give the token the right to read it, or look on GitHub yourself."
    return Finding("unknown", "GitHub", f"It could not be seen {what}: {error.message}", mend)
