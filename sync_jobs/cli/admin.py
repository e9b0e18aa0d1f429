"""serve, setup and doctor."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sync_jobs.cli import output, session

if TYPE_CHECKING:
    from app.settings import Settings


class Target(StrEnum):
    """What `setup` can create."""

    bigquery = "bigquery"
    pubsub = "pubsub"
    github = "github"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("serve")(serve)
    app.command("setup")(setup)
    app.command("doctor")(doctor)


@output.command
def serve(
    with_sample: Annotated[
        bool, typer.Option("--with-sample", hidden=True, help="Load the sample into a home without a source.")
    ] = False,
) -> int:
    """The sidecar: the clock, the layers and the HTTP API. Ends in order on SIGTERM and Ctrl-C."""
    from sync_jobs import serving

    return serving.serve(session.settings_and_logs(), with_sample=with_sample)


@output.command
def setup(
    target: Annotated[Target, typer.Argument(help="What to create.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be done, do nothing.")] = False,
    feeds: Annotated[
        bool, typer.Option("--feeds", help="pubsub: also a Cloud Asset feed for each kind of content.")
    ] = False,
    log_sink: Annotated[
        bool, typer.Option("--log-sink", help="pubsub: also a log sink of admin activity.")
    ] = False,
    findings: Annotated[
        bool, typer.Option("--findings", help="pubsub: also a notification of Security Command Center.")
    ] = False,
) -> int:
    """Create what the portal needs in BigQuery and Pub/Sub; check what it needs on GitHub."""
    settings = session.settings_and_logs()
    if target is Target.github:
        return _github(settings, dry_run)
    if target is Target.pubsub:
        return _pubsub(settings, dry_run, feeds, log_sink, findings)
    from sync_jobs.setup import bigquery

    for line in bigquery.setup(settings, dry_run):
        output.out(line)
    return output.DONE


def _pubsub(settings: Settings, dry_run: bool, feeds: bool, log_sink: bool, findings: bool) -> int:
    from sync_jobs.setup import pubsub
    from sync_jobs.setup.pubsub_sources import Wanted

    found = pubsub.setup(settings, Wanted(feeds, log_sink, findings), dry_run)
    for line in (line for one in found for line in one.lines()):
        output.out(output.printable(line))
    return pubsub.exit_code(found, dry_run)


def _github(settings: Settings, dry_run: bool) -> int:
    from sync_jobs.setup import github

    found = github.examine(settings, dry_run)
    for line in (line for one in found for line in one.lines()):
        output.out(output.printable(line))
    return github.exit_code(found, dry_run)


@output.command
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> int:
    """Check every setting, permission, API and file; say how to mend each."""
    from sync_jobs import doctor as checks

    found = checks.examine()
    failed = any(check.status == "fail" for check in found)
    if as_json:
        output.print_json({"ok": not failed, "checks": [check.as_dict() for check in found]})
    else:
        for check in found:
            output.out(output.printable(f"{check.status:<8} {check.name}: {check.message}"))
            if check.mend:
                output.out(output.printable(f"         -> {check.mend}"))
    return output.FAILED if failed else output.DONE
