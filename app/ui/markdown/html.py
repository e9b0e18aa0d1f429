"""HTML inside Markdown: its words, links and pictures are kept, the rest of it is left out. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

from app.ui import text

# Names of HTML. Anything else between < and >, such as <project-id>, is a word of the author.
_HTML = (
    "a abbr address area article aside audio b base bdi bdo blockquote body br button canvas caption center cite code "
    "col colgroup data datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure font footer "
    "form frame frameset h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link main "
    "map mark math menu meta meter nav noscript object ol optgroup option output p param picture pre progress q rp rt "
    "ruby s samp script section select slot small source span strike strong style sub summary sup svg table tbody td "
    "template textarea tfoot th thead time title tr track tt u ul var video wbr"
)
KNOWN = frozenset(_HTML.split())
_SILENT = frozenset({"script", "style", "template", "title", "head", "svg", "math", "iframe", "object"})
_BLOCKS = "p div br li tr table ul ol dl dt dd section article details center figure hr blockquote"
_BREAKS = frozenset(_BLOCKS.split())
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)")

Link = Callable[[str, str], str]  # (written label, address) -> Markdown
Picture = Callable[[str, str], str]  # (address, description) -> Markdown


def tag_name(markup: str) -> str | None:
    """The tag of a piece of HTML, lower case; None for comments and declarations."""
    found = _TAG.match(markup)
    return found[1].lower() if found else None


def attributes(markup: str) -> dict[str, str]:
    """The attributes of the first tag in a piece of HTML."""
    found: dict[str, str] = {}

    class _First(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if not found:
                found.update({name: value or "" for name, value in attrs})

    reader = _First()
    reader.feed(markup)
    reader.close()
    return found


class Block(HTMLParser):
    """A block of HTML as lines of Markdown. `link` and `picture` write what those become."""

    def __init__(self, link: Link, picture: Picture) -> None:
        super().__init__(convert_charrefs=True)
        self._link, self._picture = link, picture
        self._lines: list[str] = [""]
        self._silent: list[str] = []
        self._open: list[tuple[int, str]] = []  # where in the line a link began, and its address
        self._close = ""

    def lines(self, markup: str) -> list[str]:
        """Markdown, one paragraph or heading per item."""
        self.feed(markup)
        self.close()
        self._break()
        return [line for line in self._lines if line]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in _SILENT:
            self._silent.append(tag)
        elif self._silent:
            return
        elif tag not in KNOWN:
            self._lines[-1] += text.escaped(self.get_starttag_text() or "")
        elif tag == "img":
            self._lines[-1] += self._picture(values.get("src", ""), values.get("alt", ""))
        elif tag == "a" and values.get("href") and not self._open:
            self._open.append((len(self._lines[-1]), values["href"]))
        elif re.fullmatch(r"h[1-6]", tag):
            self._break()
            self._lines[-1] = "#" * min(int(tag[1]) + 1, 6) + " "
        elif tag == "summary":
            self._break()
            self._lines[-1], self._close = "**", "**"
        elif tag in _BREAKS:
            self._break()
            self._lines[-1] = "- " if tag == "li" else ""
        elif tag in ("td", "th"):
            self._lines[-1] += " "

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
        elif tag == "a" and self._open:
            self._end_link()
        elif tag in _BREAKS or tag == "summary" or re.fullmatch(r"h[1-6]", tag):
            self._break()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._lines[-1] += text.escaped(re.sub(r"\s+", " ", data))

    def _end_link(self) -> None:
        start, address = self._open.pop()
        label = self._lines[-1][start:].strip()
        self._lines[-1] = self._lines[-1][:start] + (self._link(label, address) if label else "")

    def _break(self) -> None:
        if self._open:
            self._end_link()
            self._open = []
        line = self._lines[-1].strip()
        written = line.strip("#*- ")
        self._lines[-1] = line + self._close if written else ""
        self._close = ""
        if self._lines[-1]:
            self._lines.append("")
