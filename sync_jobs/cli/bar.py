"""The progress bar of a run on a terminal."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

_SIZES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


class Bar:
    """Shows done, total, rate and time left on standard error. Safe to update from another thread."""

    def __init__(self, title: str) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            _Counts(),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task(title, total=None, unit="")
        self._unit = ""

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, done: int, total: int | None, unit: str) -> None:
        """As sync_jobs.layers.base.Progress. A new unit is a new phase: rate and time left start again."""
        if unit != self._unit:
            self._unit = unit
            self._progress.reset(self._task, total=total, unit=unit, began=time.monotonic())
        self._progress.update(self._task, completed=done, total=total)

    def text(self) -> str:
        """Done, total and rate as the bar shows them now."""
        return _Counts().render(self._progress.tasks[0]).plain


class _Counts(TextColumn):
    """Done of total and the rate, in the unit of the task; bytes in a size people read."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        unit = str(task.fields.get("unit", ""))
        elapsed = time.monotonic() - task.fields.get("began", time.monotonic())
        parts = [_amount(task.completed, unit)]
        if task.total is not None:
            parts.append(f"of {_amount(task.total, unit)}")
        if elapsed > 0.5:
            parts.append(f"({_amount(task.completed / elapsed, unit)}/s)")
        return Text(" ".join(parts))


def _amount(value: float, unit: str) -> str:
    if unit == "bytes":
        for size, name in _SIZES:
            if value >= size:
                return f"{value / size:.1f} {name}"
        return f"{value:.0f} B"
    return f"{value:,.0f} {unit}".strip()
