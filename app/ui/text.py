"""Numbers, times and names for people. Pure functions; every time is UTC and says so."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

NOTHING = "—"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&@^=])")
_CODE = re.compile(r"(?<![`\\])(`[^`]+`)(?!`)")
# Streamlit makes icons and its logo of these in finished text, where no backslash helps any more.
_NAMED = re.compile(r":(?=(?:material[/_]\w+|streamlit):)")
_WORD_JOINER = "\N{WORD JOINER}"
_UNITS = ((86400 * 365, "yr"), (86400 * 30, "mo"), (86400, "d"), (3600, "h"), (60, "min"))


def now() -> datetime:
    """The present, UTC."""
    return datetime.now(UTC)


def known(value: object) -> bool:
    """Whether a cell of a frame holds something: not None, NaN or NaT."""
    return value is not None and value == value  # noqa: PLR0124  NaN and NaT differ from themselves


def moment(value: object) -> datetime | None:
    """A cell or an ISO text as a datetime in UTC, or None."""
    if not known(value) or value == "":
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    to_python = getattr(value, "to_pydatetime", None)
    found = to_python() if to_python is not None else value
    if not isinstance(found, datetime):
        raise TypeError(f"not a time: {value!r}")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def utc(value: object, *, seconds: bool = False) -> str:
    """2026-11-24 22:10 UTC, or a dash for nothing."""
    found = moment(value)
    if found is None:
        return NOTHING
    return f"{found:%Y-%m-%d %H:%M:%S} UTC" if seconds else f"{found:%Y-%m-%d %H:%M} UTC"


def day(value: object) -> date | None:
    """A cell as a date, or None."""
    if not known(value):
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return date.fromisoformat(str(value)[:10])


def span(seconds: float) -> str:
    """A length of time in its largest unit: 45 s, 12 min, 5 h, 3 d."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def per(seconds: int) -> str:
    """An interval as what a rate is per: minute, 2 min, hour, day."""
    return {60: "minute", 3600: "hour", 86400: "day"}.get(seconds) or span(seconds)


def ago(value: object, at: datetime | None = None) -> str:
    """3 min ago, in 2 h, or "never" for nothing."""
    found = moment(value)
    if found is None:
        return "never"
    seconds = ((at or now()) - found).total_seconds()
    if abs(seconds) < 5:
        return "just now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}"


def when(value: object, at: datetime | None = None) -> str:
    """Relative and absolute: 3 min ago · 2026-11-24 22:10 UTC."""
    return f"{ago(value, at)} · {utc(value)}" if moment(value) is not None else "never"


def duration(seconds: object) -> str:
    """A measured duration: 40 ms, 1.2 s, 2 min 5 s, 3 h 10 min; a dash for nothing."""
    if not known(seconds):
        return NOTHING
    length = float(str(seconds))
    if length < 0.1:
        return f"{length * 1000:.0f} ms"
    if length < 60:
        return f"{length:.1f} s"
    whole = round(length)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def count(value: object) -> str:
    """12,345; a dash for nothing."""
    return f"{int(float(str(value))):,}" if known(value) else NOTHING


def plural(value: int, one: str, many: str | None = None) -> str:
    """1 project, 2,000 projects."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def signed(value: int) -> str:
    """+12, -3, 0, with thousands apart."""
    return f"{value:+,}" if value else "0"


def kind(asset_type: str) -> str:
    """compute.googleapis.com/Instance as compute Instance."""
    return asset_type.replace(".googleapis.com/", " ")


def escaped(text: str) -> str:
    """Text from outside for a place that reads Markdown: every character stands for itself. Keeps line breaks."""
    return _MARKDOWN.sub(r"\\\1", _NAMED.sub(f":{_WORD_JOINER}", text))


def plain(text: object) -> str:
    """Text from outside for a place that reads Markdown: shown as it is, nothing in it is interpreted.

    Only what stands between two backticks is shown as code, in which nothing is interpreted either.
    """
    if not known(text):
        return NOTHING
    parts = _CODE.split(str(text).replace("\n", " "))
    return "".join(part if at % 2 else escaped(part) for at, part in enumerate(parts))


def size(value: object) -> str:
    """A number of bytes: 512 B, 12 KB, 3.4 MB (of 1,000); a dash for nothing."""
    if not known(value):
        return NOTHING
    amount = float(str(value))
    for unit in ("B", "KB", "MB"):
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if unit != "MB" or amount >= 9.95 else f"{amount:.1f} MB"
        amount /= 1000
    return f"{amount:.1f} GB"
