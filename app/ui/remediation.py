"""Templates of remediation with the values of an asset put in: a command for a shell, a change in Terraform. Pure.

Names of assets come from outside and may be hostile. In a command every value is quoted for the place it stands in; in
Terraform it is escaped in texts and made an identifier elsewhere. What cannot be put in safely stays a word to replace.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

PLACEHOLDERS = ("name", "project_id", "location", "display_name")
_FIELD = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")
# Controls, and what turns the direction of text around: they could end a paste or show another command than is run.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True)
class Filled:
    """The text, and what has to be put in by hand, with why."""

    text: str
    by_hand: tuple[str, ...] = ()


def gcloud(template: str, values: Mapping[str, str | None]) -> Filled:
    """The command for a POSIX shell. A value never ends its word, begins an option or is run."""
    out: list[str] = []
    notes: dict[str, str] = {}
    quote, at = "", 0
    for field in _FIELD.finditer(template):
        before = template[at : field.start()]
        quote = _quote_after(before, quote)
        out.append(before)
        out.append(
            _in_shell(field[1], values.get(field[1]), quote, _begins_word(template, field.start()), notes)
        )
        at = field.end()
    out.append(template[at:])
    return Filled("".join(out).strip(), tuple(notes.values()))


def terraform(template: str, values: Mapping[str, str | None]) -> Filled:
    """The change in Terraform's language. A value never ends its text or becomes an expression."""
    notes: dict[str, str] = {}
    lines = [_in_terraform(line, values, notes) for line in template.strip().split("\n")]
    return Filled("\n".join(lines), tuple(notes.values()))


def _usable(field: str, value: str | None, notes: dict[str, str]) -> bool:
    if not value:
        notes[field] = f"{field.upper()} is not known: put it in by hand."
    elif _UNSEEN.search(value):
        notes[field] = f"{field.upper()} holds characters that cannot be seen: put it in by hand."
    return field not in notes


def _in_shell(field: str, value: str | None, quote: str, first: bool, notes: dict[str, str]) -> str:
    if value and value.startswith("-") and first and not quote:
        notes[field] = (
            f"{field.upper()} begins with a dash and would be read as an option: put it in by hand."
        )
    if not _usable(field, value, notes) or value is None:
        return field.upper()
    if quote == "#":
        return value
    if quote == "'":
        return value.replace("'", "'\\''")
    if quote == '"':
        return re.sub(r'([\\$`"])', r"\\\1", value).replace("!", "\"'!'\"")
    return shlex.quote(value)


def _quote_after(text: str, quote: str) -> str:
    """What is open at the end of `text` when `quote` was open at its start: ', ", # for a comment, or nothing."""
    skip, before = False, " "
    for one in text:
        if skip:
            skip = False
        elif quote == "#":
            quote = "" if one == "\n" else "#"
        elif one == "\\" and quote != "'":
            skip = True
        elif one in "'\"" and quote in ("", one):
            quote = "" if quote else one
        elif one == "#" and not quote and before.isspace():
            quote = "#"
        before = one
    return quote


def _begins_word(template: str, at: int) -> bool:
    return at == 0 or template[at - 1].isspace()


def _in_terraform(line: str, values: Mapping[str, str | None], notes: dict[str, str]) -> str:
    label = re.match(r'\s*(?:resource|data|module)\s+(?:"[^"{]*"\s+)?"\{', line)

    def put(found: re.Match[str]) -> str:
        value = values.get(found[1])
        if not _usable(found[1], value, notes) or value is None:
            return found[1].upper()
        inside = line[: found.start()].count('"') % 2 == 1
        return identifier(value) if label or not inside else escaped(value)

    return _FIELD.sub(put, line)


def identifier(value: str) -> str:
    """A value as a name in Terraform."""
    made = _NO_NAME.sub("_", value)
    return made if re.match(r"[A-Za-z_]", made) else f"_{made}"


def escaped(value: str) -> str:
    """A value inside a quoted text of Terraform."""
    safe = value.replace("\\", "\\\\").replace('"', '\\"')
    return safe.replace("${", "$${").replace("%{", "%%{")
