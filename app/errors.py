"""Errors for people: what happened, what was expected, and what to do about it."""

from __future__ import annotations


class PortalError(Exception):
    """An error with a hint. `message` says what happened and what was expected, `hint` what to do.

    `exit_code` is the exit status of the command line when this error ends a command.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Retryable(PortalError):
    """Trying again later may help: a timeout, a quota, a service that is away."""


class Permanent(PortalError):
    """Trying again gives the same: a missing permission, a wrong value, broken input."""


class SettingsError(Permanent):
    """A setting or argument is missing or wrong."""

    exit_code = 2


class SqlFileError(Permanent):
    """A SQL file is missing, has a bad header, or was given the wrong parameters."""

    exit_code = 2


class QueryError(Permanent):
    """The engine refused or failed a query."""


class LeaseLost(Permanent):
    """Another process took over the lease; nothing of this run may be published any more."""


class Busy(Retryable):
    """Another run of the same layer is under way."""
