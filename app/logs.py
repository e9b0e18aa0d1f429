"""Structured logs on standard error, JSON or for a terminal, with every secret masked.

`configure(settings)` is called once per process. Two nets hold secrets back: keys that name one (`token`,
`authorization`, ...) lose their value, and the finished line is searched for the values of all secret
settings, for credentials in addresses and for authorization headers, in messages and exceptions alike.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote

import structlog
from structlog.typing import Processor

from app.settings import Settings, mask_credentials

MASK = "***"
# Shorter values are not searched for: they would blot out half of every line.
_SHORTEST = 4

_SECRET_KEY = re.compile(
    r"(^|[_\-. ])(tokens?|secrets?|passwords?|passwd|authorization|cookies?|api[_-]?key|private[_-]?key"
    r"|signature|signature-256|credentials?)$",
    re.IGNORECASE,
)
_PATTERNS = (
    # Authorization: Bearer abc / 'authorization': 'abc' / "authorization\": \"abc
    re.compile(
        r"(?i)(authorization[\"'\\]*\s*[:=]\s*[\"'\\]*)(?!\*\*\*)(?:(?:bearer|basic|token)\s+)?[^\s\"',;}\\]+"
    ),
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?i)([?&](?:access_token|token|key|signature|sig|password|X-Goog-Signature)=)[^&\s\"'\\]+"),
    re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL),
)
_NOISY = (
    "sqlglot",
    "google",
    "urllib3",
    "apscheduler",
    "uvicorn",
    "httpx",
    "httpcore",
    "asyncio",
    "watchdog",
)

_hidden: set[str] = set()


def configure(settings: Settings) -> None:
    """Send the logs of this process to standard error, in the configured form, with secrets masked."""
    hide(*settings.secrets())
    level = getattr(logging, settings.log_level)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    finish: list[Processor] = [_mask_keys, _renderer(settings), _mask_line]
    structlog.configure(
        processors=[*shared, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _configure_libraries(level, shared, finish)


def hide(*values: str) -> None:
    """Mask these values in all further lines, as they are, quoted for an address and escaped for JSON."""
    for value in values:
        if len(value) >= _SHORTEST:
            _hidden.update((value, quote(value, safe=""), json.dumps(value)[1:-1], repr(value)[1:-1]))


def mask(text: str) -> str:
    """`text` with known secrets, credentials in addresses and authorization headers masked."""
    for value in sorted(_hidden, key=len, reverse=True):  # longest first: one may be part of another
        text = text.replace(value, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(lambda found: found.group(1) + MASK, text)
    return mask_credentials(text)


def _configure_libraries(level: int, shared: list[Processor], finish: list[Processor]) -> None:
    """Lines that libraries log, and Python's warnings, take the same way."""
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish],
        )
    )
    root = logging.getLogger()
    for old in [item for item in root.handlers if isinstance(item, _StandardError)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(level if level == logging.DEBUG else max(level, logging.WARNING))
    logging.captureWarnings(True)


class _StandardError(logging.StreamHandler[Any]):
    """Writes to what standard error is now, not to what it was when the process configured its logs."""

    @property
    def stream(self) -> Any:
        return sys.stderr

    @stream.setter
    def stream(self, _: Any) -> None:
        """The parent sets it once; there is nothing to keep."""


def _renderer(settings: Settings) -> Processor:
    terminal = sys.stderr.isatty()
    if settings.log_format == "json" or (settings.log_format == "auto" and not terminal):
        return structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=terminal, exception_formatter=structlog.dev.plain_traceback)


def _mask_keys(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _masked(key, value) for key, value in event.items()}


def _masked(key: object, value: Any) -> Any:
    if value is not None and isinstance(key, str) and _SECRET_KEY.search(key):
        return MASK
    if isinstance(value, dict):
        return {k: _masked(k, v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_masked("", v) for v in value]
    if isinstance(value, bytes):
        return mask(value.decode("utf-8", "backslashreplace"))
    if isinstance(value, str):  # before escaping: a text may hold a secret that is escaped already
        return mask(value)
    return value


def _mask_line(_logger: Any, _method: str, line: Any) -> str:
    return mask(str(line))
