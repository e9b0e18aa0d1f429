"""The Landing zone page: documents without danger, search, history, differences, configuration."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages import landing_zone_rows as rows
from tests.pages.conftest import World, page, words


def text_of(test: AppTest) -> str:
    return "\n".join(str(one.value) for one in test.markdown)


def test_the_readme_opens_first(full: World) -> None:
    said = words(page("landing_zone"))
    assert "A landing zone in stages" in said
    assert "1 file was refused" in "\n".join(one.label for one in page("landing_zone").expander)


def test_a_document_is_shown_without_danger(full: World) -> None:
    test = page("landing_zone", doc="docs/guide.md")
    assert not test.exception
    said = text_of(test)
    assert "front matter" not in said
    assert 'alert("run")' not in said
    assert "<b>" not in said
    assert r"\<project\-id\>" in said
    assert r"\:red\[not red\] \$x\$" in said
    assert ":material/bolt" not in said
    assert "](?doc=README.md&at=stages)" in said
    assert "](?doc=docs%2Fguide.md&at=far-below)" in said
    assert "](?doc=terraform%2Fvpc.tf&line=2)" in said
    assert "[the web ↗](https://lz.example/x)" in said
    assert "gone (`docs/missing.md` is not synced)" in said
    assert test.code[0].value == 'resource "google_compute_network" "a" {}'


def test_pictures_come_from_the_copy_and_never_from_elsewhere(full: World) -> None:
    said = text_of(page("landing_zone", doc="docs/guide.md"))
    assert "![a map](data:image/png;base64,iVBOR" in said
    assert [one for one in re.findall(r"!\[[^\]]*\]\(([^)]+)", said) if not one.startswith("data:")] == []
    assert "[:material/image: elsewhere ↗](https://evil.test/pixel.png)" in said
    assert "lost (the picture `docs/lost.png` is not in the copy)" in said


def test_a_line_is_shown_with_those_around_it(full: World) -> None:
    test = page("landing_zone", doc="terraform/vpc.tf", line="2")
    assert '▶ 2    name = "shared"' in test.code[0].value
    assert "3 lines now; line 9 is not one of them" in words(
        page("landing_zone", doc="terraform/vpc.tf", line="9")
    )


def test_terraform_outside_the_mapping_is_shown_for_its_lines(full: World) -> None:
    rows.file(full, "1-org/main.tf", "terraform", "a = 1\nb = 2\n", status="not_mapped", target=None)
    test = page("landing_zone", doc="1-org/main.tf", line="2")
    assert "▶ 2  b = 2" in test.code[0].value
    assert "No rule of the mapping names this file" in words(test)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("docs/legacy.md", "The text is not UTF"),
        ("scripts/x.sh", "This file is not copied"),
        ("docs/gone.md", "No such file at the synced commit"),
    ],
)
def test_what_is_not_in_the_copy_says_why(full: World, path: str, said: str) -> None:
    test = page("landing_zone", doc=path)
    assert said in words(test)
    assert not test.exception


def test_a_long_document_comes_in_parts_and_an_anchor_opens_its_own(full: World) -> None:
    sections = "".join(f"## Part {number}\n\n{'words ' * 3000}\n\n" for number in range(6))
    rows.file(full, "docs/long.md", "doc", f"# Long\n\n{sections}")
    assert "Part 0" in text_of(page("landing_zone", doc="docs/long.md"))
    assert "Part 5" not in text_of(page("landing_zone", doc="docs/long.md")).replace("- [Part 5]", "")
    assert "### Part 5" in text_of(page("landing_zone", doc="docs/long.md", at="part-5"))
    assert "no section `part-9`" in words(page("landing_zone", doc="docs/long.md", at="part-9"))


def search(**query: str) -> AppTest:
    return page("landing_zone", tab="Search", **query)


def test_search_finds_files_with_all_words_and_marks_them(full: World) -> None:
    test = search(q="end SUB")
    said = words(test)
    assert "1 file, the best first" in said
    assert "The **end** of the **subnet** guide" in said.replace("\\", "")
    assert [one.label for one in test.button if one.key and one.key.startswith("open-")] == [
        r"Guide to \*networks\*"
    ]


def test_a_result_opens_the_document(full: World) -> None:
    test = search(q="subnet")
    test.button(key="open-docs/guide.md").click().run()
    assert test.query_params["doc"] == "docs/guide.md"
    assert "The end of the subnet guide" in text_of(test).replace("\\", "")


@pytest.mark.parametrize(
    ("typed", "said"), [("nonsuch", "Nothing found"), ("!", "Words of two letters or more")]
)
def test_search_without_results(full: World, typed: str, said: str) -> None:
    assert said in words(search(q=typed))


def history(**query: str) -> AppTest:
    test = page("landing_zone", tab="History", **query)
    assert not test.exception
    return test


def test_history_lists_and_filters_commits(full: World) -> None:
    assert history().dataframe[0].value["subject"].iloc[0] == "Rename :red[rules] <b>x</b>"
    assert list(history(path="guide").dataframe[0].value["author"]) == ["Ada Finch", "Bo Wren"]
    assert list(history(author="Bo Wren").dataframe[0].value["subject"]) == ["Write the guide"]
    assert list(history(message="begin").dataframe[0].value["subject"]) == ["Begin"]
    assert "No commit passes these filters" in words(history(message="nonsuch"))


def changes(test: AppTest) -> list[tuple[str, str]]:
    frame = next(one.value for one in test.dataframe if "change" in one.value)
    return list(zip(frame["change"], frame["path"], strict=True))


def test_the_newest_commit_is_compared_with_the_one_before(full: World) -> None:
    test = history()
    assert changes(test) == [
        ("~ modified", "docs/guide.md"),
        ("→ renamed", "policies/old.yaml → policies/broken.yaml"),
    ]
    frame = next(one.value for one in test.dataframe if "change" in one.value)
    assert (frame["added"][0], frame["removed"][0]) == (1, 1)
    left, right = test.code[0].value, test.code[1].value
    assert "- 20  An end to the subnet guide." in left
    assert "+ 20  The end of the subnet guide." in right
    assert left.count("\n") == right.count("\n")
    assert "Was policies/old\\.yaml" in words(test)


def test_any_two_commits_from_a_link_and_unified(full: World) -> None:
    test = history(**{"from": "a" * 40, "to": "b" * 40, "lines": "Unified"})
    assert changes(test) == [("+ added", "docs/guide.md")]
    assert "+     1  ---" in test.code[0].value
    backwards = history(**{"from": "c" * 40, "to": "a" * 40})
    assert ("− deleted", "docs/guide.md") in changes(backwards)


def test_the_oldest_commit_has_nothing_before_it(full: World) -> None:
    assert "nothing before it to compare with" in words(history(to="a" * 40))


def test_a_commit_that_is_not_known_any_more(full: World) -> None:
    assert "is not among those that are known" in words(history(to="f" * 40))


def configuration(path: str) -> AppTest:
    return page("landing_zone", tab="Configuration", config=path)


def test_configuration_as_tables(full: World) -> None:
    test = configuration("pmo.yaml")
    values, milestones = test.dataframe[0].value, test.dataframe[1].value
    assert values.to_dict("records") == [{"Path": "owner", "Value": "platform"}]
    assert list(milestones["title"]) == ["Networks", "Budget"]
    assert list(milestones["note"]) == [None, "late"] or milestones["note"].isna()[0]


def test_yaml_that_cannot_be_read_is_shown_as_text(full: World) -> None:
    test = configuration("policies/broken.yaml")
    assert "Not valid YAML at line" in words(test).replace("\\", "")
    assert rows.BROKEN in test.code[0].value + "\n"


def test_configuration_from_a_link_to_what_is_gone(full: World) -> None:
    assert "No such file at the synced commit" in words(configuration("policies/gone.yaml"))
