"""What differs between two texts, line by line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

CONTEXT = 3
MOST_LINES = 6000  # that differ; above it the comparison takes too long to wait for
Code = tuple[str, int, int, int, int]  # kind, and both ranges
Mark = str  # " " in both, "-" before only, "+" after only


@dataclass(frozen=True)
class Line:
    """One line of a difference, with its number on each side where it is there."""

    mark: Mark
    before: int | None
    after: int | None
    text: str


@dataclass(frozen=True)
class Difference:
    """`hunks`: changed lines with some around them. `too_large`: the two were not compared line by line."""

    added: int
    removed: int
    hunks: tuple[tuple[Line, ...], ...]
    too_large: bool = False


def compare(before: str, after: str) -> Difference:
    """Hunks of what differs, with CONTEXT lines around each."""
    old, new = lines(before), lines(after)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(old_middle) + len(new_middle) > MOST_LINES and old_middle and new_middle:
        return Difference(len(new_middle), len(old_middle), (), too_large=True)
    many = len(old_middle) + len(new_middle) > 1500  # then lines that are everywhere do not guide it
    matcher = SequenceMatcher(None, old_middle, new_middle, autojunk=many)
    codes: list[Code] = [
        (tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in matcher.get_opcodes()
    ]
    codes = [
        ("equal", 0, head, 0, head),
        *codes,
        ("equal", len(old) - tail, len(old), len(new) - tail, len(new)),
    ]
    changed = [code for code in codes if code[0] != "equal"]
    hunks = tuple(tuple(_lines(group, old, new)) for group in _groups(changed))
    return Difference(sum(d - c for _, _, _, c, d in changed), sum(b - a for _, a, b, _, _ in changed), hunks)


def lines(content: str) -> list[str]:
    """The lines of a text; the end of the last one, and the form of the ends, do not count."""
    found = content.replace("\r\n", "\n").split("\n")
    return found[:-1] if found[-1] == "" else found


def _width(hunk: Sequence[Line]) -> int:
    return max((len(str(max(line.before or 0, line.after or 0))) for line in hunk), default=1)


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _groups(changed: list[Code]) -> Iterator[list[Code]]:
    group: list[Code] = []
    for code in changed:
        if group and code[1] - group[-1][2] > 2 * CONTEXT:
            yield group
            group = []
        group.append(code)
    if group:
        yield group


def _lines(group: list[Code], old: list[str], new: list[str]) -> Iterator[Line]:
    at_old = max(0, group[0][1] - CONTEXT)
    at_new = group[0][3] - (group[0][1] - at_old)
    for _, a, b, c, d in group:
        yield from (Line(" ", at_old + i + 1, at_new + i + 1, old[at_old + i]) for i in range(a - at_old))
        yield from (Line("-", i + 1, None, old[i]) for i in range(a, b))
        yield from (Line("+", None, i + 1, new[i]) for i in range(c, d))
        at_old, at_new = b, d
    rest = min(CONTEXT, len(old) - at_old)
    yield from (Line(" ", at_old + i + 1, at_new + i + 1, old[at_old + i]) for i in range(rest))


def unified(hunk: Sequence[Line]) -> str:
    """A hunk as one text: mark, both numbers, the line. The marks alone tell what changed."""
    width = _width(hunk)
    return "\n".join(
        f"{line.mark} {line.before or '':>{width}} {line.after or '':>{width}}  {line.text}" for line in hunk
    )


def side_by_side(hunk: Sequence[Line]) -> tuple[str, str]:
    """A hunk as two texts of as many lines each: what was before on the left, what came after on the right."""
    left: list[Line | None] = []
    right: list[Line | None] = []
    for line in hunk:
        if line.mark == " ":
            _level(left, right)
            left.append(line)
            right.append(line)
        elif line.mark == "-":
            left.append(line)
        else:
            right.append(line)
    _level(left, right)
    width = _width(hunk)
    return _column(left, width, before=True), _column(right, width, before=False)


def _level(left: list[Line | None], right: list[Line | None]) -> None:
    longest = max(len(left), len(right))
    left += [None] * (longest - len(left))
    right += [None] * (longest - len(right))


def _column(lines: Sequence[Line | None], width: int, *, before: bool) -> str:
    return "\n".join(
        f"{line.mark} {(line.before if before else line.after) or '':>{width}}  {line.text}" if line else " "
        for line in lines
    )
