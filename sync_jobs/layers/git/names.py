"""Which names from a repository may become files here. Pure.

A tree of git may hold any bytes as a name; a crafted one may hold `..` or `.git`. What is refused is refused on every
system, also what only Windows or macOS could not keep: the published folder is committed and checked out anywhere.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_NAME, LONGEST_PATH = 255, 1024  # bytes
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
# A quick look that passes nearly every path: such a name can only be of git, of a device, or end badly.
_PLAIN = re.compile(r"[A-Za-z0-9_+@=,() .-]+")
_FORBIDDEN = frozenset('<>:"|?*\\')
# Characters that macOS ignores in names: with them, .g<zero width joiner>it would be .git.
_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_GIT = {".git", "git~1"}


def unsafe(path: str) -> str | None:
    """Why a path could leave its folder or reach into a repository; None when it cannot. Holds for every path."""
    if path.startswith(("/", "\\")) or re.match(r"[A-Za-z]:[\\/]", path):
        return "its path is absolute"
    for part in re.split(r"[/\\]", path):
        if part in {"..", "."}:
            return f"its path holds {part!r}"
        if not part:
            return "its path holds an empty name"
        plain = part if part.isascii() else _IGNORED.sub("", part)
        if plain.rstrip(". ").lower() in _GIT:
            return "its path holds a folder of git itself"
    return None


def unfit(path: str) -> str | None:
    """Why a path cannot be kept on every system; None when it can."""
    if len(path.encode()) > LONGEST_PATH:
        return f"its path is longer than {LONGEST_PATH} bytes"
    return next((reason for part in path.split("/") if (reason := _unfit_name(part))), None)


def _unfit_name(name: str) -> str | None:
    reason = None
    if len(name.encode()) > LONGEST_NAME:
        reason = f"a name in its path is longer than {LONGEST_NAME} bytes"
    elif not _PLAIN.fullmatch(name) and _odd(name):
        reason = _odd(name)
    elif name.endswith((".", " ")):
        reason = "a name in its path ends with a dot or a space, which Windows does not allow"
    elif _RESERVED.fullmatch(name):
        reason = f"{name!r} is the name of a device on Windows"
    return reason


def _odd(name: str) -> str | None:
    if any(unicodedata.category(char) == "Cc" for char in name) or _IGNORED.search(name):
        return "its name holds control characters"
    found = _FORBIDDEN & set(name)
    return f"its name holds {min(found)!r}, which Windows does not allow" if found else None


def shown(path: bytes) -> str:
    """The path as text; bytes that are not UTF-8 as \\xNN."""
    return path.decode("utf-8", "backslashreplace")


def folded(path: str) -> str:
    """What two paths share that a system without regard for case takes for the same file."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
