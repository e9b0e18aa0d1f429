"""Which files of a landing zone are published, where, and which names are refused."""

from __future__ import annotations

import pytest

from app.errors import SettingsError
from app.settings import load_settings
from app.settings_values import DEFAULT_MAPPING
from sync_jobs.layers.git import names
from sync_jobs.layers.git.mapping import Mapped
from sync_jobs.layers.git.mirror import Entry
from sync_jobs.layers.git.plan import Planned, planned, wanted

DEFAULT = Mapped(DEFAULT_MAPPING)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("README.md", "docs/lz-reference/README.md"),
        ("ENFORCEMENT_GATES.md", "docs/lz-reference/ENFORCEMENT_GATES.md"),
        ("docs/a/b.md", "docs/lz-reference/docs/a/b.md"),
        ("docs/img/x.png", "docs/lz-reference/docs/img/x.png"),
        ("terraform/0-org/main.tf", "docs/lz-reference/terraform/0-org/main.tf"),
        ("pmo.yaml", "config/lz-config/pmo.yaml"),
        ("policies/a/b.yaml", "config/lz-config/policies/a/b.yaml"),
        ("sub/README.md", None),
        ("docs", None),
        ("docsx/a.md", None),
        ("app/docs/a.md", None),
        ("config/pmo.yaml", None),
        ("readme.txt", None),
    ],
)
def test_the_default_rules(path: str, target: str | None) -> None:
    assert DEFAULT.target(path) == target


def test_documents_keep_their_place_to_each_other() -> None:
    """A relative link works on as it does in the landing zone."""
    import posixpath

    for page, link in [
        ("docs/a.md", "../README.md"),
        ("README.md", "terraform/x.tf"),
        ("docs/a.md", "b/c.png"),
    ]:
        meant = DEFAULT.target(posixpath.normpath(posixpath.join(posixpath.dirname(page), link)))
        assert meant == posixpath.normpath(
            posixpath.join(posixpath.dirname(DEFAULT.target(page) or ""), link)
        )


@pytest.mark.parametrize(
    ("rule", "path", "target"),
    [
        ({"from": "docs/**", "to": "docs/lz-reference/"}, "docs/a/b.md", "docs/lz-reference/a/b.md"),
        ({"from": "a/*/c.md", "to": "x/"}, "a/b/c.md", "x/b/c.md"),
        ({"from": "a/*/c.md", "to": "x/"}, "a/b/d/c.md", None),
        ({"from": "**/*.md", "to": "x/"}, "deep/er/a.md", "x/deep/er/a.md"),
        ({"from": "**/*.md", "to": "x/"}, "a.md", "x/a.md"),
        ({"from": "docs/", "to": "x/"}, "docs/a/b.png", "x/a/b.png"),
        ({"from": "a?.md", "to": "x/"}, "ab.md", "x/ab.md"),
        ({"from": "a.md", "to": "x/"}, "axmd", None),
    ],
)
def test_rules_of_ones_own(rule: dict[str, str], path: str, target: str | None) -> None:
    assert Mapped([rule]).target(path) == target


def test_folders_are_the_outermost_targets_and_the_metadata_come_last() -> None:
    assert DEFAULT.folders == ("docs/lz-reference", "config/lz-config")
    assert Mapped([{"from": "x/**", "to": "zzz/"}]).folders == ("zzz", "config/lz-config")


@pytest.mark.parametrize(
    "rules",
    [
        '[{"from": "docs/**", "to": "../out/"}]',
        '[{"from": "docs/**", "to": "/etc/"}]',
        '[{"from": "docs/**", "to": ".git/hooks/"}]',
        '[{"from": "docs/**", "to": "x"}]',
        '[{"from": "docs/**"}]',
        '[{"from": "", "to": "x/"}]',
        "docs/**",
    ],
)
def test_a_rule_that_could_write_elsewhere_is_refused(rules: str) -> None:
    with pytest.raises(SettingsError, match="git_mapping"):
        load_settings({"PORTAL_CONFIG": "", "PORTAL_GIT_MAPPING": rules})


@pytest.mark.parametrize(
    "path",
    [
        "../a", "docs/../../a", "/etc/passwd", "docs/./a", "docs//a", "C:/x", "docs\\..\\a", ".git/config",
        "docs/.GIT/hooks/x", "docs/.g\u200cit/x", "docs/.git./x", "docs/git~1/x",
    ],
)  # fmt: skip
def test_names_that_could_reach_elsewhere(path: str) -> None:
    assert names.unsafe(path)


@pytest.mark.parametrize(
    "path",
    ["docs/CON", "docs/nul.txt", "docs/com1.md", "a:b", "a?", "a\nb", "a\x7f", "dot.", "space ", "x" * 256, "a/" * 520 + "b", "rtl\u202etxt"],
)  # fmt: skip
def test_names_that_not_every_system_can_keep(path: str) -> None:
    assert names.unfit(path) and not names.unsafe(path)


@pytest.mark.parametrize(
    "path", ["docs/.gitignore", "docs/a b/ünï.md", "docs/console.md", ".github/x", "a/日本.md"]
)
def test_ordinary_names(path: str) -> None:
    assert names.unsafe(path) is None and names.unfit(path) is None


def entry(path: str, mode: str = "100644", oid: str = "") -> Entry:
    return Entry(path.encode(), mode, oid or f"oid-{path}")


def by_path(*entries: Entry) -> dict[str, Planned]:
    return {one.path: one for one in planned(entries, DEFAULT)}


def test_of_two_names_that_differ_in_case_one_is_synced() -> None:
    found = by_path(entry("docs/Readme.md"), entry("docs/readme.md"), entry("docs/other.md"))
    assert [found[path].status for path in ("docs/Readme.md", "docs/readme.md", "docs/other.md")] == [
        "synced", "refused", "synced",
    ]  # fmt: skip
    assert "docs/Readme.md" in (found["docs/readme.md"].reason or "")


def test_a_file_in_the_place_of_a_folder_is_refused() -> None:
    found = by_path(entry("docs/A"), entry("docs/a/b.md"))
    assert found["docs/a/b.md"].status == "refused"
    found = by_path(entry("docs/A/b.md"), entry("docs/a"))
    assert found["docs/a"].status == "refused"


def test_what_is_no_file_is_refused() -> None:
    found = by_path(entry("docs/sub", "160000"), entry("docs/tty", "020000"), entry("app/sub", "160000"))
    assert [found[path].status for path in found] == ["refused", "refused", "not_mapped"]


def test_a_folder_is_asked_for_as_a_whole_where_all_of_it_is_wanted() -> None:
    entries = [
        entry("README.md"), entry("app", "040000"), entry("app/x"), entry("docs", "040000"), entry("docs/a.md"),
        entry("docs/sub", "040000"), entry("docs/sub/b.md"),
    ]  # fmt: skip
    plan = planned(entries, DEFAULT)
    everything = {one.oid for one in plan}
    assert set(wanted(plan, entries, everything)) == {"oid-README.md", "oid-docs"}
    assert set(wanted(plan, entries, everything - {"oid-docs/a.md"})) == {"oid-README.md", "oid-docs/sub"}
    assert set(wanted(plan, entries, {"oid-docs/a.md"})) == {"oid-docs/a.md"}
    assert "oid-docs/a.md" in wanted(plan, entries, {"oid-docs/a.md", "oid-docs/sub/b.md"}), (
        "one file by its id"
    )
