"""One thing that a setup makes: looked at first, left where it is right, made where it is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from app.errors import PortalError

Status = Literal["right", "created", "changed", "differs", "failed", "would"]
DEAD = "-dead-letters"


@dataclass(frozen=True)
class Done:
    """What became of one thing."""

    status: Status
    name: str
    message: str = ""
    mend: str = ""

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.status:<8} {self.name}{': ' if self.message else ''}{self.message}"
        if self.mend:
            yield f"         -> {self.mend}"


@dataclass(frozen=True)
class Step:
    """One thing: how to look at it, how to make it, and what of a thing that is there may not stay as it is.

    `look` returns None when it is not there. `call` is what would be done, in the words of gcloud.
    """

    name: str
    call: str
    look: Callable[[], Any]
    make: Callable[[], Any]
    differs: Callable[[Any], list[str]] = lambda found: []
    mend: Callable[[Any], list[str]] = lambda found: []
    role: str = ""


@dataclass(frozen=True)
class Names:
    """Full names of what is made."""

    project: str
    topic: str
    subscription: str
    dead_topic: str = field(init=False)
    dead_subscription: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "dead_topic", self.topic + DEAD)
        object.__setattr__(self, "dead_subscription", self.subscription + DEAD)


def done(step: Step, dry_run: bool) -> Done:
    """Look, and make or mend."""
    found: Any = None
    try:
        found = step.look()
        return _judged(step, found) if dry_run else _made(step, found)
    except PortalError as error:
        if dry_run and found is None:
            return Done(
                "would", step.name, f"It cannot be looked at ({error.message}) {step.call}", error.hint
            )
        return Done("failed", step.name, error.message, step.role or error.hint)


def _judged(step: Step, found: Any) -> Done:
    if found is None:
        return Done("would", step.name, step.call)
    told_of = step.differs(found)
    return Done("differs" if told_of else "right", step.name, " ".join(told_of))


def _made(step: Step, found: Any) -> Done:
    if found is None:
        step.make()
        return Done("created", step.name)
    told_of, mended = step.differs(found), step.mend(found)
    if mended:
        return Done("changed", step.name, " ".join(mended))
    return Done("differs" if told_of else "right", step.name, " ".join(told_of))
