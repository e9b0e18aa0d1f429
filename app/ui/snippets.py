"""What a search looks for, and where in a text it was found. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.search_terms import terms
from app.ui import text
from app.ui.markdown.parse import without_front_matter

LENGTH = 260  # characters of a snippet
READ = 60_000  # characters of a text that are looked at
MOST_WORDS = 12
_NOISE = re.compile(r"\]\([^)\s]*\)|<[^>\n]{1,200}>|[#*`>|~=\[\]]+|-{2,}|(?<![^\W_])_+|_+(?![^\W_])")


@dataclass(frozen=True)
class Query:
    """Whole words, each once, and the last one, which may be the beginning of a word."""

    words: tuple[str, ...]
    prefix: str

    @property
    def all(self) -> tuple[str, ...]:
        """Every word, the last one last."""
        return (*self.words, self.prefix)


def query(typed: str) -> Query | None:
    """What a person typed as a query; None where there is no word in it."""
    found = terms(typed)
    if not found:
        return None
    *words, prefix = found
    whole = tuple(dict.fromkeys(word for word in words if word != prefix))
    return Query(whole[:MOST_WORDS], prefix)


def snippet(content: str | None, asked: Query, *, document: bool = True) -> str:
    """The part of a text with the most of the words in it, as Markdown: text escaped, what was found is bold.

    The signs of Markdown are left out of a document; code keeps all of its own.
    """
    read = (content or "")[:READ]
    words = " ".join((_NOISE.sub(" ", without_front_matter(read)) if document else read).split())
    if not words:
        return ""
    hits = list(_pattern(asked).finditer(words))
    start = _best([(hit.start(), hit[0].lower()) for hit in hits])
    first = max(0, start - 60)
    if first:
        first = words.find(" ", first) + 1 or first
    last = min(len(words), first + LENGTH)
    if last < len(words):
        last = max(words.rfind(" ", first, last), start)
    inside = [(hit.start(), hit.end()) for hit in hits if first <= hit.start() and hit.end() <= last]
    shown = marked(words, first, last, inside)
    return f"{'… ' if first else ''}{shown}{' …' if last < len(words) else ''}"


def marked(words: str, first: int, last: int, hits: Sequence[tuple[int, int]]) -> str:
    """words[first:last] escaped, with the hits bold."""
    out, at = [], first
    for start, end in hits:
        if start < at:
            continue
        out += [text.escaped(words[at:start]), f"**{text.escaped(words[start:end])}**"]
        at = end
    return "".join(out) + text.escaped(words[at:last])


def highlighted(words: str, asked: Query) -> str:
    """A title, escaped, with the hits bold."""
    return marked(words, 0, len(words), [(hit.start(), hit.end()) for hit in _pattern(asked).finditer(words)])


def _pattern(asked: Query) -> re.Pattern[str]:
    whole = [re.escape(word) + r"(?![^\W_])" for word in asked.words]
    last = re.escape(asked.prefix) + r"[^\W_]*"
    return re.compile(r"(?<![^\W_])(?:" + "|".join([*whole, last]) + ")", re.IGNORECASE)


def _best(hits: Sequence[tuple[int, str]]) -> int:
    """Where the window begins that holds the most different words."""
    best, most = hits[0][0] if hits else 0, 0
    end = 0
    for at, (start, _) in enumerate(hits[:2000]):
        end = max(end, at)
        while end < len(hits) and hits[end][0] < start + LENGTH - 60:
            end += 1
        different = len({word for _, word in hits[at:end]})
        if different > most:
            best, most = start, different
    return best
