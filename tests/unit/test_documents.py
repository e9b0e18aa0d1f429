"""What documents, searches, differences and YAML become on the Landing zone page: the pure parts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.ui import line_diff, snippets, yaml_tables
from app.ui.markdown import blocks, links
from app.ui.markdown.inline import INLINE_PICTURE_BYTES, Context, Picture
from app.ui.markdown.parse import PART_CHARACTERS, parse

READER = MarkdownIt("commonmark", {"html": True}).enable("table")  # as a browser would read it
KNOWN = {"README.md", "docs/a.md", "docs/b c.md", "docs/net/README.md", "main.tf"}


def shown(text: str, **pictures: bytes) -> str:
    found = {path: Picture(path, "image/png", content) for path, content in pictures.items()}
    context = Context("docs/a.md", KNOWN, found)
    pieces = [piece for part in parse(text).parts for piece in blocks.pieces(part, context)]
    return "\n\n".join(
        one.markdown
        if isinstance(one, blocks.Words)
        else one.content
        if isinstance(one, blocks.Code)
        else f"<{one.words}>"
        for one in pieces
    )


@pytest.mark.parametrize(
    ("href", "target"),
    [
        ("../README.md", "?doc=README.md"),
        ("b%20c.md#x-y", "?doc=docs%2Fb%20c.md&at=x-y"),
        ("/main.tf#L12-L20", "?doc=main.tf&line=12"),
        ("net/", "?doc=docs%2Fnet%2FREADME.md"),
        ("#here", "?doc=docs%2Fa.md&at=here"),
    ],
)
def test_links_inside(href: str, target: str) -> None:
    assert shown(f"[x]({href})") == f"[x]({target})"


@pytest.mark.parametrize(
    ("href", "kind"),
    [
        ("gone.md", "absent"),
        ("../../secret", "refused"),
        ("file:///etc/passwd", "refused"),
        ("javascript:alert(1)", "refused"),
        ("data:text/html,x", "refused"),
        ("//lz.test/x", "outside"),
        ("HTTPS://lz.test", "outside"),
        ("http://[bad", "refused"),
    ],
)
def test_links_that_lead_elsewhere(href: str, kind: str) -> None:
    assert links.resolve("docs/a.md", href, KNOWN).kind == kind


def test_headings_have_the_anchors_of_repositories() -> None:
    found = parse("# A *b* `c`\n\n## Über-uns & more!\n\n## A b c\n\n<a name='x'></a>\n\n## Last").headings
    assert [one.anchor for one in found] == ["a-b-c", "über-uns--more", "a-b-c-1", "last"]
    document = parse("# One\n\n<a name='x'></a>\n\n## Last")
    place = document.place("x")
    assert place is not None
    assert place.anchor == "last"


def test_no_part_is_much_larger_than_a_browser_likes() -> None:
    document = parse("\n\n".join(f"## H{n}\n\n{'word ' * 500}" for n in range(200)))
    assert len(document.parts) > 5
    sizes = [len(shown_part) for shown_part in (str(part) for part in document.parts)]
    assert max(sizes) < 10 * PART_CHARACTERS


@pytest.mark.parametrize("matter", ["---\na: 1\n---\n", "+++\na = 1\n+++\n", "\ufeff---\r\na: 1\r\n---\r\n"])
def test_front_matter_is_left_out(matter: str) -> None:
    assert shown(f"{matter}# Title") == "## Title"
    assert "rule" in shown("---\n\nno front matter rule")


def test_a_large_picture_follows_the_block_it_stands_in() -> None:
    made = shown("see ![m](m.png) here", **{"docs/m.png": b"x" * (INLINE_PICTURE_BYTES + 1)})
    assert made == "see :material/image: *m, below* here\n\n<m>"


def test_html_becomes_its_words() -> None:
    made = shown(
        '<h2>Big <img src="https://evil.test/a.png"></h2>\n<style>x</style><p onclick="x">para <a href="../README.md">l</a></p>'
    )
    assert made == "### Big [:material/image: picture ↗](https://evil.test/a.png)\n\npara [l](?doc=README.md)"
    assert shown("a <kbd>b</kbd> <thing> <!-- c --> d") == r"a b \<thing\>  d"


def test_no_drawing_is_made_of_a_block_of_code() -> None:
    block = parse("```mermaid\ngraph TD\n```").parts[0][0]
    assert blocks.pieces([block], Context("a.md", ())) == [blocks.Code("graph TD", None)]
    assert "```text" in shown("- x\n  ```mermaid\n  graph TD\n  ```")


@given(st.text(alphabet=st.sampled_from("ab:[]()!<>*_`#|\\$@&~-+=. \n/\"'1{}^"), max_size=120))
def test_whatever_is_written_loads_nothing_and_is_no_html(text: str) -> None:
    source = text + "\n\n![x](https://evil.test/p.png) :red[x] :material/bolt: <b>"
    context = Context("docs/a.md", KNOWN, {})
    pieces = [piece for part in parse(source).parts for piece in blocks.pieces(part, context)]
    made = "\n\n".join(
        one.markdown for one in pieces if isinstance(one, blocks.Words)
    )  # code is not Markdown
    tokens = [inner for token in READER.parse(made) for inner in (token, *(token.children or ()))]
    assert not [one for one in tokens if one.type in ("html_inline", "html_block")]
    assert all(str(one.attrs["src"]).startswith("data:") for one in tokens if one.type == "image")
    outside_code = re.sub(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)", "", made, flags=re.DOTALL)
    assert not re.search(r"(?<!\\):red(?<!\\)\[", outside_code) or ":red" in text


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("Shared NET", snippets.Query(("shared",), "net")),
        ("a !", None),
        ("net net", snippets.Query((), "net")),
        ("vpc_name x", snippets.Query(("vpc",), "name")),
    ],
)
def test_query(typed: str, asked: snippets.Query | None) -> None:
    assert snippets.query(typed) == asked


def test_a_snippet_is_where_most_words_are_and_marks_them() -> None:
    asked = snippets.query("shared net")
    assert asked
    made = snippets.snippet("net alone. " + "filler " * 200 + "the Shared networks <b> :red[x]", asked)
    assert "the **Shared** **networks** \\:red x" in made
    assert made.startswith("… ")
    assert snippets.snippet("", asked) == ""


@given(st.text(alphabet="ab\n", max_size=60), st.text(alphabet="ab\n", max_size=60))
def test_the_lines_of_both_sides_can_be_put_together_again(before: str, after: str) -> None:
    found = line_diff.compare(before, after)
    lines = [line for hunk in found.hunks for line in hunk]
    old, new = line_diff.lines(before), line_diff.lines(after)
    assert all(old[line.before - 1] == line.text for line in lines if line.before)
    assert all(new[line.after - 1] == line.text for line in lines if line.after)
    assert len(old) - found.removed + found.added == len(new)
    assert bool(found.hunks) == (old != new)
    for hunk in found.hunks:
        left, right = line_diff.side_by_side(hunk)
        assert left.count("\n") == right.count("\n")


def test_too_much_is_not_compared() -> None:
    found = line_diff.compare("a\n" * 4000, "b\n" * 4000)
    assert found.too_large
    assert not found.hunks


def test_yaml_values_stay_as_they_are_written() -> None:
    (node,) = yaml_tables.read(
        "a: 0755\nb: {on: yes, at: 2026-13-45}\nbase: &b {k: 1}\nuse:\n  <<: *b\n  l: ~\n"
    )
    assert [(one.path, one.text) for one in yaml_tables.values(node)] == [
        ("a", "0755"), ("b.on", "yes"), ("b.at", "2026-13-45"), ("base.k", "1"), ("use.k", "1"), ("use.l", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1", "Not valid YAML at line"),
        ("a: \x01", "Not valid YAML"),
        ("[" * 100 + "]" * 100, "nested more than"),
        ("a: &a [*a]", "contains itself"),
        ("x" * 1_000_001, "characters"),
        ("a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)), "aliases included"),
    ],
)  # fmt: skip
def test_yaml_that_is_refused(text: str, said: str) -> None:
    with pytest.raises(yaml_tables.YamlProblem, match=said):
        yaml_tables.read(text)
