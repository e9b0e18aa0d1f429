"""Terraform's text to productions, driven by the tables of python-hcl2's own grammar.

python-hcl2 builds a tree with a position for every production, which costs most of its time. This runs its very tables
(Lark's LALR states, and a lexer per state) and calls a builder per production instead, several times as fast.
A test holds the two to the same tree.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hcl2.parser import parser
from hcl2.postlexer import OPERATOR_TYPES
from lark.parsers.lalr_analysis import Shift

from app.errors import Permanent

Builder = Callable[[list[Any]], Any]
_NEWLINE, _END = "NL_OR_COMMENT", "$END"
_NOISE = "new_line_or_comment"
_QUOTE, _CHARS = "DBLQUOTE", "STRING_CHARS"
_SIMPLE = re.compile(r'"([^"\\$%\n]+)"')  # a text without escapes and expressions


class HclError(Permanent):
    """Text that is not HCL. `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message, "Correct the file; `terraform validate` names the place too.")
        self.line = line


class Token(NamedTuple):
    """A terminal: its type in the grammar, its text, and where it begins (characters from 0)."""

    type: str
    text: str
    at: int


_token = functools.partial(tuple.__new__, Token)  # as Token(…), in half the time


@dataclass(frozen=True)
class Rule:
    """A production. `inline`: its parts go to who uses it; `single`: one part stands for itself;
    `plain`: none of its parts is inline or noise."""

    name: str
    size: int
    origin: str
    inline: bool
    single: bool
    plain: bool


@dataclass(frozen=True)
class _Lexer:
    """What one state of the parser accepts; a word may be a keyword (type -> word -> type of the keyword)."""

    match: Callable[[str, int], re.Match[str] | None]
    keywords: Mapping[str, Mapping[str, str]]
    ignored: frozenset[str]


class _Inline(list[Any]):
    """Parts of a production that has no node of its own."""


@dataclass
class _Tables:
    """Per state of the parser: symbol -> the state to go to, or the production to reduce by."""

    states: Mapping[int, Mapping[str, Any]]
    sources: Mapping[int, Any]
    start: int
    lexers: dict[int, _Lexer] = field(default_factory=dict)
    passed: dict[tuple[int, int, str], int] = field(default_factory=dict)

    def pass_through(self, place: tuple[int, int, str]) -> int:
        """The state that `place` (the state below, the state, the token) comes to by productions of one part."""
        below, state, kind = place
        while True:
            step = self.states[state].get(kind)
            if not isinstance(step, Rule) or step.size != 1 or not step.single or step.origin == _NOISE:
                break
            state = self.states[below][step.origin]
        self.passed[place] = state
        return state

    def lexer(self, state: int) -> _Lexer:
        found = self.lexers.get(state)
        if found is None:
            found = self.lexers[state] = _lexer(self.sources[state])
        return found


@functools.cache
def _tables() -> _Tables:
    frontend = parser().parser
    table = frontend.parser._parse_table  # Lark has no public way to it
    rules: dict[int, Rule] = {}
    states = {
        state: {
            str(symbol): target if action is Shift else _rule(target, rules)
            for symbol, (action, target) in actions.items()
        }
        for state, actions in table.states.items()
    }
    return _Tables(states, frontend.lexer.lexer.lexers, table.start_states["start"])


def _rule(rule: Any, known: dict[int, Rule]) -> Rule:
    if id(rule) not in known:
        origin = str(rule.origin.name)
        inline = rule.alias is None and origin.startswith("_")
        single = rule.alias is None and bool(rule.options.expand1)
        parts = [str(symbol.name) for symbol in rule.expansion if not symbol.is_term]
        plain = not any(name.startswith("_") or name == _NOISE for name in parts)
        known[id(rule)] = Rule(
            str(rule.alias or origin), len(rule.expansion), origin, inline, single, plain and not inline
        )
    return known[id(rule)]


@functools.cache
def _lexer(lexer: Any) -> _Lexer:
    scanner = lexer.scanner  # finds the keywords among the patterns, so it comes first
    keywords = {
        str(kind): {term.pattern.value: str(term.name) for term in callback.scanner.terminals}
        for kind, callback in lexer.callback.items()
    }
    pattern = "|".join(f"(?P<{term.name}>{term.pattern.to_regexp()})" for term in scanner.terminals)
    return _Lexer(re.compile(pattern, lexer.g_regex_flags).match, keywords, frozenset(lexer.ignore_types))


def parse(text: str, builders: Mapping[str, Builder]) -> Any:
    """The value of the whole text: `builders` by production, called with the values of their parts.

    A production without a builder becomes (name, parts). New lines and comments are left out. Raises HclError.
    """
    return _Parse(text + "\n", builders).run()


class _Parse:
    """One text on its way through the tables."""

    def __init__(self, text: str, builders: Mapping[str, Builder]) -> None:
        self._text, self._builders = text, builders
        self._tables = _tables()
        self._at = 0
        self._stack = [self._tables.start]
        self._values: list[Any] = []

    def run(self) -> Any:
        held: Token | None = None  # a new line, until it is known whether an operator follows it
        while True:
            token = self._next()
            if token.type == _NEWLINE:
                held = held or token  # several are as good as one
                continue
            if held is not None:
                if token.type not in OPERATOR_TYPES:  # else the line goes on
                    self._feed(held)
                held = None
            self._feed(token)
            if token.type == _END:
                return self._values[0]

    def _next(self) -> Token:
        state = self._stack[-1]
        lexer = self._tables.lexers.get(state) or self._tables.lexer(state)
        text, at, match = self._text, self._at, lexer.match
        while at < len(text):
            found = match(text, at)
            if found is None:
                raise self._unexpected(at, repr(text[at : at + 20].split("\n")[0] or "end of line"))
            kind, start, at = found.lastgroup or "", at, found.end()
            if kind not in lexer.ignored:
                self._at = at
                value = found[0]
                if kind in lexer.keywords:
                    kind = lexer.keywords[kind].get(value, kind)
                return _token((kind, value, start))
        self._at = at
        return Token(_END, "", at)

    def _feed(self, token: Token) -> None:
        """Reduce as long as the token asks for it, then shift it."""
        states, stack, values, kind = self._tables.states, self._stack, self._values, token.type
        passed = self._tables.passed
        while True:
            if len(stack) > 1:  # through productions that stand for their only part, in one step
                place = (stack[-2], stack[-1], kind)
                end = passed.get(place)
                stack[-1] = end if end is not None else self._tables.pass_through(place)
            step = states[stack[-1]].get(kind)
            if step is None:
                shown = "the end of the file" if kind == _END else repr(token.text[:20])
                raise self._unexpected(token.at, shown)
            if type(step) is int:
                if kind == _QUOTE and self._whole_string(token):
                    return
                stack.append(step)
                values.append(token)
                return
            size = step.size
            if size:
                parts = values[-size:]
                del values[-size:], stack[-size:]
            else:
                parts = []
            values.append(self._reduced(step, parts))
            stack.append(states[stack[-1]][step.origin])
            if kind == _END and step.origin == "start":
                return

    def _whole_string(self, quote: Token) -> bool:
        """A simple text at once, with the values its three tokens give: most of a file is such texts."""
        target = self._tables.states[self._stack[-1]].get("string")
        found = _SIMPLE.match(self._text, quote.at)
        if target is None or found is None:
            return False
        self._at = found.end()
        part = self._built("string_part", [_token((_CHARS, found[1], quote.at + 1))])
        end = _token((_QUOTE, '"', self._at - 1))
        self._values.append(self._built("string", [quote, part, end]))
        self._stack.append(target)
        return True

    def _built(self, name: str, parts: list[Any]) -> Any:
        builder = self._builders.get(name)
        return (name, parts) if builder is None else builder(parts)

    def _reduced(self, rule: Rule, parts: list[Any]) -> Any:
        if rule.origin == _NOISE:
            return _Inline()
        if rule.plain:
            return self._built(rule.name, parts)
        if rule.inline and parts and type(parts[0]) is _Inline:  # a list that grows: not copied each time
            flat, rest = parts[0], parts[1:]
        else:
            flat, rest = _Inline(), parts
        for part in rest:
            if type(part) is _Inline:
                flat += part
            else:
                flat.append(part)
        if rule.inline:
            return flat
        if rule.single and len(flat) == 1:
            return flat[0]
        return self._built(rule.name, list(flat))

    def _unexpected(self, at: int, what: str) -> HclError:
        line = self._text.count("\n", 0, min(at, len(self._text.rstrip()))) + 1
        return HclError(f"Line {line} is not HCL: {what} was not expected there.", line)
