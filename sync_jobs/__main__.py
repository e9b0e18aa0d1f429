"""The command line: `python -m sync_jobs COMMAND`. Exit status: 0 done, 1 failed, 2 wrong use, 3 partial."""

from __future__ import annotations

import importlib.metadata
from typing import Annotated

import typer

from sync_jobs.cli import admin, layers, output, policies, query


def make_app() -> typer.Typer:
    """All commands. Light: what a command needs is imported when it runs."""
    app = typer.Typer(
        name="python -m sync_jobs",
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="The sidecar of the Landing Zone Portal: sync layers, queries, set-up and checks.",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_common)
    for module in (layers, query, policies, admin):
        module.register(app)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        output.out(importlib.metadata.version("landing-zone-portal"))
        raise typer.Exit(output.DONE)


def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The sidecar of the Landing Zone Portal: sync layers, queries, set-up and checks."""


def main() -> None:
    """Entry point."""
    make_app()()


if __name__ == "__main__":
    main()
