"""policies: run rules on demand, over the cache or straight over export files."""

from __future__ import annotations

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.errors import SettingsError
from sync_jobs.cli import output, query, session


class Severity(StrEnum):
    """From worst to least."""

    critical = "critical"
    high = "high"
    medium = "medium"
    low = "low"


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    json = "json"
    csv = "csv"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("policies")(policies)


@output.command
def policies(
    rule: Annotated[str | None, typer.Option(metavar="ID", help="Only this rule.")] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            metavar="K=V", help="A parameter of that rule; JSON where it parses as JSON, else text."
        ),
    ] = None,
    assets: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="Look at this export file instead of the cache; may be given again."
        ),
    ] = None,
    fail_on: Annotated[
        Severity | None, typer.Option(help="Exit with 1 when a rule of this severity or worse fails.")
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How rows are printed.")] = Format.table,
) -> int:
    """Run compliance rules and print one row per rule and asset examined."""
    given = query.params(param or [])
    if given and rule is None:
        raise SettingsError(
            "--param was given without --rule.", "Say whose parameter it is: --rule ID --param k=v"
        )
    from sync_jobs.policies import on_demand

    settings = session.settings_and_logs()
    chosen = on_demand.choose(settings, rule, given)
    with tempfile.TemporaryDirectory(prefix="portal-policies-") as folder:
        asked = on_demand.ask(settings, chosen.rules, assets or [], Path(folder))
    query.write(asked.rows, query.Format(output_format.value))
    for text in [*(broken.error for broken in chosen.broken), *asked.errors, *asked.notes]:
        output.tell(f"Warning: {text}")
    if fail_on and _worst(asked.failed, fail_on):
        return output.FAILED
    return output.PARTIAL if asked.errors or asked.notes or chosen.broken else output.DONE


def _worst(failed: dict[str, int], limit: Severity) -> bool:
    order = [one.value for one in Severity]
    return any(order.index(severity) <= order.index(limit.value) for severity in failed)
