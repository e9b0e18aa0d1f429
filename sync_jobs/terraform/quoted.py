"""What the characters of quoted texts and templates stand for."""

from __future__ import annotations

import re

from sync_jobs.terraform.grammar import HclError

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)


def unescaped(text: str) -> str:
    """What a quoted string's characters stand for."""
    if "\\" not in text:
        return text

    def one(found: re.Match[str]) -> str:
        number = found[1] or found[2]
        if number:
            return chr(int(number, 16)) if int(number, 16) <= 0x10FFFF else "\ufffd"
        return _ESCAPES.get(found[3], found[0])

    return _ESCAPE.sub(one, text)


def end_of_interpolation(text: str, at: int) -> int:
    """Where the brace is that closes the interpolation that begins before `at`."""
    start, depth, quoted = at, 1, False
    while at < len(text):
        char = text[at]
        if quoted and char == "\\":
            at += 1
        elif quoted and text.startswith("${", at):
            at = end_of_interpolation(text, at + 2)
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "{}":
            depth += 1 if char == "{" else -1
            if depth == 0:
                return at
        at += 1
    line = text.count("\n", 0, start) + 1
    raise HclError(f"Line {line} of a template is not HCL: ${{ without its end.", line)
