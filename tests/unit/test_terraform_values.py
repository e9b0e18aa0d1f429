"""Expressions to values: exact, or unknown with the reason; hostile ones end."""

from __future__ import annotations

import time
from typing import Any

import hcl2
import pytest
from hcl2.postlexer import OPERATOR_TYPES
from lark import Token as LarkToken
from lark import Tree

from bench.terraform_tree import tree
from sync_jobs.terraform.evaluate import Evaluator, Steps
from sync_jobs.terraform.grammar import HclError, Token, parse
from sync_jobs.terraform.syntax import expression, file_body
from sync_jobs.terraform.values import Fault, Unknown, Value, plain


class Scope:
    """`a` is 1, `m` a map with something unknown in it, everything else is not declared."""

    def name(self, name: str) -> Value:
        known = {
            "a": 1,
            "m": {"x": 1, "y": Unknown("test", "y")},
            "u": Unknown("test", "u"),
            "s": "Some Text",
        }
        if name not in known:
            raise Fault(f"no {name}")
        return known[name]


def value(text: str, steps: int = 100_000) -> Value:
    return Evaluator(Scope(), Steps(steps)).value(expression(text))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 + 2 * 3 - 4 / 2", 5),
        ("-7 % 3", -1),
        ("(1 + 2) * -3", -9),
        ('"x${a}-${1.50}-${true}"', "x1-1.5-true"),
        ('"${[1, 2]}"', [1, 2]),
        ('"$${a} %%{if}"', "${a} %{if}"),
        (r'"tab\t quote\" \u00e9 back\\"', 'tab\t quote" é back\\'),
        ("<<EOT\nhello ${a}\n  more\nEOT\n", "hello 1\n  more\n"),
        ("<<-EOT\n    hello\n      more\n    EOT\n", "hello\n  more\n"),
        ('a == 1 && !false ? "y" : "n"', "y"),
        ('1 == "1"', False),
        ("null == null", True),
        ("u && false", False),
        ("u || true", True),
        ("u ? 3 : 3", 3),
        ('{ a = 1, "b" : 2, (s) = 3, in = 4 }', {"a": 1, "b": 2, "Some Text": 3, "in": 4}),
        ("[for k, v in { b = 2, a = 1 } : \"${k}${v}\" if v > 1]", ["b2"]),
        ("{ for x in [\"a\", \"b\"] : upper(x) => x }", {"A": "a", "B": "b"}),
        ("{ for x in [\"a\", \"b\", \"a\"] : x => 1... }", {"a": [1, 1], "b": [1]}),
        ("[{ n = 1 }, { n = 2 }][*].n", [1, 2]),
        ("[{ n = 1 }].*.n", [1]),
        ("m.x", 1),
        ('m["x"]', 1),
        ('try(m.nothing, "other")', "other"),
        ("can(m.nothing)", False),
        ('lookup(m, "q", "default")', "default"),
        ('merge({ a = 1 }, { a = 2, b = 3 })', {"a": 2, "b": 3}),
        ("merge([{ a = 1 }, { b = 2 }]...)", {"a": 1, "b": 2}),
        ('toset(["b", "a", "b"])', ["a", "b"]),
        ('format("%s-%03d-%v-%%", "a", 5, [1])', "a-005-[1]-%"),
        ('formatlist("%s!", ["a", "b"])', ["a!", "b!"]),
        ('join("-", split(",", "a,b"))', "a-b"),
        ('replace("a-b-c", "-", "_")', "a_b_c"),
        ('substr("landing", -4, 2)', "di"),
        ('trimprefix("sample-x", "sample-")', "x"),
        ("flatten([1, [2, [3]]])", [1, 2, 3]),
        ("concat([1], [2])", [1, 2]),
        ("element([1, 2, 3], 4)", 2),
        ("coalesce(null, \"\", \"x\")", "x"),
        ("zipmap([\"a\"], [1])", {"a": 1}),
        ("setproduct([\"a\"], [1, 2])", [["a", 1], ["a", 2]]),
        ("keys({ b = 1, a = 2 })", ["a", "b"]),
        ("length(\"äb\")", 2),
        ('cidrsubnet("10.0.0.0/8", 8, 3)', "10.3.0.0/16"),
        ('cidrhost("10.1.0.0/16", -2)', "10.1.255.254"),
        ('jsonencode({ b = [1, true], a = "<" })', '{"a":"\\u003c","b":[1,true]}'),
        ("range(1, 4)", [1, 2, 3]),
        ("one([])", None),
        ("contains([\"a\"], \"a\")", True),
        ("max(1, 2.5)", 2.5),
        ("a +\n 2", 3),
        ("a\n == 1\n ? 5\n : 6", 5),
        ("[\n1, # one\n2,\n]", [1, 2]),
    ],
)  # fmt: skip
def test_exact(text: str, wanted: Value) -> None:
    assert plain(value(text)) == wanted


@pytest.mark.parametrize(
    ("text", "kind", "detail"),
    [
        ("u", "test", "u"),
        ('"x${u}"', "test", "u"),
        ("u == 1", "test", "u"),
        ("u ? 1 : 2", "test", "u"),
        ("toset([u])", "test", "u"),
        ("[for x in u : x]", "test", "u"),
        ("m.y", "test", "y"),
        ("timestamp()", "function whose result is not certain here", "timestamp()"),
        ('regex("a", "b")', "function whose result is not certain here", "regex()"),
        ('replace("a", "/a/", "b")', "function whose result is not certain here", "replace"),
        ('file("x")', "function whose result is not certain here", "file()"),
        ("provider::time::now()", "function whose result is not certain here", "provider::time::now()"),
        ('"%{ if a }x%{ endif }"', "expression that cannot be worked out here", "directive"),
        ("nothing.x", "expression that Terraform would refuse", "no nothing"),
        ("m.nothing", "expression that Terraform would refuse", "nothing"),
        ("1 / 0", "expression that Terraform would refuse", "zero"),
        ("[1][3]", "expression that Terraform would refuse", "element 3"),
        ('"x" * 2', "expression that Terraform would refuse", "no number"),
        ('"x${[1]}y"', "expression that Terraform would refuse", "list"),
        ("lower([1])", "expression that Terraform would refuse", "list"),
        ("merge(1)", "expression that Terraform would refuse", "merge"),
        ("range(1e9)", "expression that Terraform would refuse", "1024"),
    ],
)  # fmt: skip
def test_unknown_with_its_reason(text: str, kind: str, detail: str) -> None:
    found = value(text)
    assert isinstance(found, Unknown)
    assert found.kind == kind
    assert detail in found.detail


def test_what_is_unknown_inside_stays_where_it_is() -> None:
    found = value("merge(m, { z = 1 })")
    assert found["z"] == 1 and isinstance(found["y"], Unknown)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 3000 + "]" * 3000,
        "(" * 5000 + "1" + ")" * 5000,
        "1" + " + 1" * 20_000,
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]",
        'join("", [for a in range(1000) : join("", [for b in range(1000) : "xxxxxxxxxxxxxxxxxxxx"])])',
        'format("%999999999d", 1)',
        "9" * 5000 + " * " + "9" * 5000,
        'replace("' + "a" * 2000 + '", "", "' + "b" * 2000 + '")',
        "setproduct(range(1000), range(1000), range(1000))",
        'jsondecode("' + "[" * 5000 + '")',
    ],
    ids=range(10),
)
def test_hostile_expressions_end(text: str) -> None:
    began = time.monotonic()
    try:
        found = value(text, 300_000)
    except HclError:
        return
    assert isinstance(found, Unknown | list | int)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a = 1\nb = {\nresource "x"', 3),
        ("a = \n", 1),
        ('\n\na = "unterminated\n', 3),
        ("a = <<EOT\nnever ended\n", 1),
        ("resource {{{", 1),
        ("\0\0\0", 1),
        ("a = 1 b = 2 c", 1),
        ("<<<<<<< HEAD\na = 1\n", 1),
    ],
)
def test_what_is_not_hcl_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(HclError) as refused:
        file_body(text)
    assert abs(refused.value.line - line) <= 1
    assert "not HCL" in refused.value.message


def reference(node: Any) -> Any:
    """python-hcl2's own tree in the form of ours."""
    if isinstance(node, LarkToken):
        text = (
            str(node).lstrip() if node.type in OPERATOR_TYPES else str(node)
        )  # a new line goes with an operator
        return Token(str(node.type), text, node.start_pos or 0)
    return (str(node.data), [reference(child) for child in node.children if not noise(child)])


def noise(node: Any) -> bool:
    return isinstance(node, Tree) and node.data == "new_line_or_comment"


def test_the_tree_is_that_of_python_hcl2() -> None:
    texts = [text for path, text in sorted(tree().items()) if path.endswith(".tf")][::9]
    texts += [
        'a = b\n  ? c[*].d : e.*.f["g"] # why\nx "y" {}\nh = {for i in "j" : i => i...}\n',
        'a = { in = "x", "k" : "v" , (b) = "${"q"}", for = "z" }\nin "x" "in" {\n  for = "a" == "b" ? "c" : "d"\n}\n',
        'a = f("x", "y"...)\nb = "x"\nc = ["a", "b",\n  "c"\n]\nd = "e" /* f */\n/* g */ h = "i"\n',
        'a = "%{ if "x" == b }c%{ else }d%{ endif }"\nb = !"x"\nc = "a" + "b" * -"c"\nd = <<E\n"x"\nE\n',
    ]
    for text in texts:
        assert parse(text, {}) == reference(hcl2.parses_to_tree(text))
