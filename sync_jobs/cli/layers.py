"""run, import-assets, status and sample."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.errors import PortalError, SettingsError
from sync_jobs.cli import output, session

if TYPE_CHECKING:
    from app.settings import Settings
    from sync_jobs.layers.base import Progress
    from sync_jobs.runner import Runner

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
ORDER = ("git", "assets", "drift", "policies", "events", "metrics")  # what later layers read comes first
EXIT = {"success": output.DONE, "partial": output.PARTIAL, "failed": output.FAILED}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("run")(run)
    app.command("import-assets")(import_assets)
    app.command("status")(status)
    app.command("sample")(sample)


@output.command
def run(
    layer: Annotated[
        str, typer.Argument(help="webhook, git, assets, drift, events, metrics, policies or all.")
    ],
    pull_request: Annotated[
        bool,
        typer.Option("--pull-request", help="After git: propose what changed to the portal's repository."),
    ] = False,
    as_json: Json = False,
) -> int:
    """Run one layer once, or all that have a source."""
    settings = session.settings_and_logs()
    if pull_request:
        _check_pull_request(settings, layer)
    runner = session.make_runner(settings)
    with session.interruptible():
        if layer == "all":
            return session.leave_if_abandoned(_run_all(runner, as_json))
        with _progress_bar(layer, as_json) as progress:
            row = runner.run(layer, "cli", progress=progress)
        if pull_request:
            from sync_jobs.pull_request import propose

            row = propose.after_run(settings, runner.cache, row)
    return session.leave_if_abandoned(_show_run(row, as_json))


@output.command
def import_assets(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Export files, also .gz and gs:// addresses.")
    ],
    scope: Annotated[
        str | None, typer.Option(help="What the files cover, such as organizations/123.")
    ] = None,
    read_time: Annotated[
        str | None, typer.Option(help="When the export was made, such as 2026-01-31T06:00:00Z.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Take in Cloud Asset Inventory export files."""
    options: dict[str, Any] = {"paths": paths, "scope": scope, "read_time": _moment(read_time)}
    settings = session.settings_and_logs()
    runner = session.make_runner(settings)
    given = {key: value for key, value in options.items() if value is not None}
    with session.interruptible(), _progress_bar("assets", as_json) as progress:
        row = runner.run("assets", "cli", given, progress)
    return session.leave_if_abandoned(_show_run(row, as_json))


@output.command
def status(as_json: Json = False) -> int:
    """The layers, as on the status page."""
    from sync_jobs import status as known

    settings = session.settings_and_logs()
    layers = known.read(session.make_runner(settings))
    if as_json:
        output.print_json(layers)
        return output.DONE
    headings = ["layer", "status", "last sync", "next sync", "items", "failed", "seconds", "freshness"]
    rows = [
        [
            name,
            row["status"] or ("not run yet" if row["configured"] else "not configured"),
            _short(row["last_sync"]),
            _short(row["next_sync"]),
            row["items_synced"],
            row["items_failed"],
            None if row["sync_duration_seconds"] is None else round(row["sync_duration_seconds"], 1),
            _freshness(row),
        ]
        for name, row in layers.items()
    ]
    output.out(output.table(headings, rows))
    for name, row in layers.items():
        for text in [row["reason"], *(row["error_messages"] or []), row["hint"]]:
            if text:
                output.out(f"{name}: {output.printable(text)}")
    return output.DONE


@output.command
def sample(as_json: Json = False) -> int:
    """Load the sample landing zone into a home that has no source."""
    from sync_jobs.sample import load

    settings = session.settings_and_logs()
    with session.interruptible():
        loaded = load.load(settings) if as_json else load.load(settings, output.tell)
    if as_json:
        output.print_json(loaded)
    else:
        already = "" if loaded["loaded"] else " already"
        output.out(f"The sample landing zone is{already} in {settings.home}.")
    return session.leave_if_abandoned(output.DONE)


def _check_pull_request(settings: Settings, layer: str) -> None:
    """Before the run, so that nothing is synced in vain."""
    from sync_jobs.pull_request import propose

    if layer != "git":
        raise SettingsError(
            f"--pull-request was given for {layer}.", "Only git makes one: run git --pull-request."
        )
    propose.check_settings(settings)


def _run_all(runner: Runner, as_json: bool) -> int:
    done: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    codes = []
    names = sorted(runner.layers, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    for name in names:
        try:
            with _progress_bar(name, as_json) as progress:
                row = runner.run(name, "cli", progress=progress)
        except SettingsError as error:  # without a source
            skipped[name] = str(error)
            continue
        except PortalError as error:
            done[name] = {"status": "failed", "error_messages": [error.message], "hint": error.hint}
            codes.append(output.FAILED)
            continue
        done[name] = _jsonable(row)
        codes.append(EXIT[row["status"]])
    if not done:
        raise SettingsError("No layer has a source.", " ".join(skipped.values()))
    if as_json:
        output.print_json({"runs": done, "skipped": skipped})
    else:
        for name, row in done.items():
            _tell_run({"layer": name, **row})
        for name, reason in skipped.items():
            output.tell(f"{name}: skipped. {reason}")
    return output.FAILED if output.FAILED in codes else max(codes)


def _show_run(row: dict[str, Any], as_json: bool) -> int:
    if as_json:
        output.print_json(_jsonable(row))
    else:
        _tell_run(row)
    return EXIT[row["status"]]


def _tell_run(row: dict[str, Any]) -> None:
    seconds = row.get("sync_duration_seconds")
    took = "" if seconds is None else f" in {seconds:.1f} s"
    counts = (
        f": {row['items_synced']:,} items, {row['items_failed']:,} failed" if "items_synced" in row else ""
    )
    output.out(f"{row['layer']}: {row['status']}{counts}{took}")
    for text in row.get("error_messages") or []:
        output.tell(f"  {text}")
    for text in row.get("missed") or []:
        output.tell(f"  Not seen: {text}")
    proposal = (row.get("details") or {}).get("pull_request")
    if proposal:
        output.out(f"pull request: {proposal['state']} {proposal['url'] or ''}".rstrip())
    if row.get("hint"):
        output.tell(f"  Hint: {row['hint']}")


def _jsonable(row: dict[str, Any]) -> dict[str, Any]:
    from sync_jobs import runs

    return runs.jsonable(row)


@contextmanager
def _progress_bar(title: str, as_json: bool) -> Iterator[Progress | None]:
    """A bar with rate and time left, on a terminal only."""
    if as_json or not sys.stderr.isatty():
        yield None
        return
    from sync_jobs.cli.bar import Bar

    with Bar(title) as bar:
        yield bar.update


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SettingsError(
            f"--read-time is {text!r}; expected a time with its zone.", "For example 2026-01-31T06:00:00Z."
        )
    if moment > datetime.now(UTC):
        raise SettingsError(f"--read-time {text} is in the future.", "Give the time the export was made.")
    return moment.astimezone(UTC)


def _short(moment: str | None) -> str:
    return "" if moment is None else moment[:19].replace("T", " ")


def _freshness(row: dict[str, Any]) -> str:
    if row["freshness_seconds"] is None:
        return ""
    return f"{row['freshness_seconds']} s{', stale' if row['stale'] else ''}"
