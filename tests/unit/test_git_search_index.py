"""Words and weights of the search over the landing zone."""

from __future__ import annotations

from app.search_terms import terms
from sync_jobs.layers.git.kinds import headings, image_type, kind_of
from sync_jobs.layers.git.search_index import weights


def test_words_are_split_alike_for_documents_and_questions() -> None:
    assert terms("VPC-Service_Controls: org-level, v2!") == [
        "vpc",
        "service",
        "controls",
        "org",
        "level",
        "v2",
    ]
    assert terms("Größe über ZÜRICH") == ["größe", "über", "zürich"]
    assert terms("ﬁle") == terms("file"), "a ligature is its letters"
    assert terms("a 1 " + "x" * 65) == [], "too short, and too long"
    assert terms("") == []


def ranked(documents: dict[str, str], *asked: str) -> list[str]:
    rows = weights(documents.items(), "run").to_pylist()
    scores: dict[str, float] = {}
    for row in rows:
        if row["term"] in asked:
            scores[row["path"]] = scores.get(row["path"], 0) + row["weight"]
    return sorted(scores, key=lambda path: -scores[path])


def test_a_title_counts_more_than_the_text_and_rare_words_more_than_common_ones() -> None:
    documents = {
        "one.md": "# Firewall\n\nHow rules are made. " + "filler " * 50,
        "two.md": "# Other\n\nThe firewall is named here once. " + "filler " * 50,
        "three.md": "# Other\n\nNothing of it. " + "filler " * 50,
    }
    assert ranked(documents, "firewall") == ["one.md", "two.md"]
    assert ranked(documents, "filler", "rules")[0] == "one.md"


def test_rows_are_sorted_by_term_and_keyed_once() -> None:
    rows = weights([("b.md", "zeta alpha alpha"), ("a.md", "alpha")], "run").to_pylist()
    assert [row["term"] for row in rows] == sorted(row["term"] for row in rows)
    assert len({(row["term"], row["path"]) for row in rows}) == len(rows)
    assert all(row["weight"] > 0 for row in rows)
    assert weights([], "run").num_rows == 0


def test_headings_are_not_read_out_of_code() -> None:
    text = "Title\n=====\n\n```sh\n# not a heading\n```\n\n## Second ##\n\n- item\n---\n"
    assert headings(text) == ["Title", "Second"]


def test_kinds_and_images() -> None:
    assert [kind_of(path) for path in ("a.md", "x/main.tf", "policies/a.yaml", "policies/a.md", "pmo.yaml", "a.png")] == [
        "doc", "terraform", "policy", "doc", "config", "other",
    ]  # fmt: skip
    assert image_type("a.txt", b"\x89PNG\r\n\x1a\nrest") == "image/png"
    assert image_type("a.svg", b"<svg xmlns='x'/>") == "image/svg+xml"
    assert image_type("a.png", b"<html>") is None
