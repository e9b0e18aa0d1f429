"""How commands speak: results on standard output, everything else on standard error, exit status 0 to 3."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

import typer

from app.errors import PortalError

DONE, FAILED, WRONG, PARTIAL = 0, 1, 2, 3
CELL_WIDTH = 60


def command(function: Callable[..., int]) -> Callable[..., None]:
    """Turn what a command returns or raises into the exit status; errors become message and hint."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            code = function(*args, **kwargs)
            sys.stdout.flush()
        except PortalError as error:
            show_error(error, as_json=bool(kwargs.get("as_json")))
            code = error.exit_code
        except BrokenPipeError:  # the reader went away, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = FAILED
        raise typer.Exit(code)

    return wrapped


def show_error(error: PortalError, *, as_json: bool) -> None:
    """Message and hint: an object on standard output for programs, lines on standard error for people."""
    if as_json:
        print_json({"error": error.message, "hint": error.hint})
        return
    tell(f"Error: {error.message}")
    if error.hint:
        tell(f"Hint:  {error.hint}")


def tell(text: str) -> None:
    """A line for people, on standard error."""
    print(printable(text, keep="\n"), file=sys.stderr, flush=True)


def out(text: str) -> None:
    """A line of the result, on standard output."""
    print(text)


def print_json(value: Mapping[str, Any] | Sequence[Any], stream: IO[str] | None = None) -> None:
    """One JSON document on a line of its own."""
    json.dump(value, stream or sys.stdout, ensure_ascii=False, allow_nan=False, default=str)
    (stream or sys.stdout).write("\n")


def printable(text: str, keep: str = "") -> str:
    """`text` without control characters: data must not steer the reader's terminal."""
    return "".join(
        char if char in keep or char.isprintable() else char.encode("unicode_escape").decode()
        for char in text
    )


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], *, clip: bool | None = None) -> str:
    """Rows in aligned columns. Long cells are clipped on a terminal, and there only."""
    clip = sys.stdout.isatty() if clip is None else clip
    cells = [[_cell(value, clip) for value in row] for row in rows]
    widths = [
        max([len(heading), *(len(row[index]) for row in cells)]) for index, heading in enumerate(headings)
    ]
    numeric = [
        bool(rows) and all(isinstance(row[index], int | float) or row[index] is None for row in rows)
        for index in range(len(headings))
    ]

    def line(values: Sequence[str]) -> str:
        padded = [
            value.rjust(width) if right else value.ljust(width)
            for value, width, right in zip(values, widths, numeric, strict=True)
        ]
        return "  ".join(padded).rstrip()

    return "\n".join([line(headings), line(["-" * width for width in widths]), *map(line, cells)])


def _cell(value: object, clip: bool) -> str:
    text = "" if value is None else printable(str(value))
    return text[: CELL_WIDTH - 1] + "…" if clip and len(text) > CELL_WIDTH else text
