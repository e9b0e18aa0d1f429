"""Trees that no honest git would make: each bad entry is refused with its reason, the rest is synced."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync_jobs.layers.base import Outcome, Unknown
from sync_jobs.layers.git.layer import GitLayer
from tests.fixtures.layer_context import Bench
from tests.fixtures.repositories import Repository

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "lz")


@pytest.fixture
def home(tmp_path: Path, repository: Repository) -> Bench:
    return Bench(tmp_path / "home", settings={"git_url": repository.url})


def synced(outcome: Outcome | Unknown) -> Outcome:
    assert isinstance(outcome, Outcome), outcome
    return outcome


def rows(home: Bench) -> dict[str, dict[str, object]]:
    return {row["path"]: row for row in home.state.rows("SELECT * FROM git_files")}


def published(home: Bench) -> set[str]:
    root = home.settings["git_publish_root"]
    return {
        path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() or path.is_symlink()
    }


OWN = {
    "docs/lz-reference/.lz-sync.json", "config/lz-config/.lz-sync.json", "config/lz-config/sync-metadata.json",
}  # fmt: skip


def test_every_kind_of_bad_entry_is_refused_by_itself(
    home: Bench, repository: Repository, tmp_path: Path
) -> None:
    text, pointer, large = repository.blob(b"# Fine\n"), repository.blob(LFS), repository.blob(b"x" * 5000)
    outside = repository.blob(b"../../../../etc/passwd")
    absolute = repository.blob(b"/etc/passwd")
    commit = repository.commit("Somewhere", **{"a.txt": "a"})
    evil = repository.tree([("100644", b"config", text)])
    above = repository.tree([("100644", b"escaped.md", text)])
    docs = repository.tree(
        [
            ("100644", b"CON.md", text),
            ("100644", b"Readme.md", text),
            ("100644", b"a:b.md", text),
            ("100644", b"caf\xe9.md", text),
            ("100644", b"ctrl\x01.md", text),
            ("060000", b"device", text),
            ("100644", b"good.md", text),
            ("120000", b"in.md", repository.blob(b"good.md")),
            ("100644", b"large.bin", large),
            ("100644", b"lfs.bin", pointer),
            ("120000", b"loop.md", repository.blob(b"loop.md")),
            ("120000", b"nowhere.md", repository.blob(b"gone.md")),
            ("120000", b"out.md", outside),
            ("100644", b"readme.md", text),
            ("120000", b"root.md", absolute),
            ("160000", b"sub", commit),
            ("40000", b"..", above),
            ("40000", b".git", evil),
            ("40000", b".GIT", evil),
        ]
    )
    root = repository.tree(
        [("100644", b"README.md", text), ("40000", b"docs", docs), ("100644", b"x/../../y", text)]
    )
    repository.commit_tree(root, "Hostile")
    home.settings["git_file_limit_bytes"] = 4096
    outcome = synced(home.run(GitLayer()))
    found = rows(home)
    assert {path for path, row in found.items() if row["status"] == "synced"} == {
        "README.md", "docs/Readme.md", "docs/good.md", "docs/in.md",
    }  # fmt: skip
    refused = {path: str(row["reason"]) for path, row in found.items() if row["status"] == "refused"}
    expected = {
        "docs/CON.md": "device on Windows", "docs/a:b.md": "Windows", "docs/caf\\xe9.md": "not UTF-8",
        "docs/ctrl\x01.md": "control", "docs/device": "device", "docs/large.bin": "limit", "docs/lfs.bin": "LFS",
        "docs/loop.md": "circle", "docs/nowhere.md": "no file", "docs/out.md": "leaves", "docs/root.md": "leaves",
        "docs/readme.md": "docs/Readme.md", "docs/sub": "submodule", "docs/../escaped.md": "'..'",
        "docs/.git/config": "of git itself", "docs/.GIT/config": "of git itself", "x/../../y": "'..'",
    }  # fmt: skip
    assert set(refused) == set(expected)
    for path, part in expected.items():
        assert part in refused[path], (path, refused[path])
    assert outcome.status == "partial" and outcome.items_failed == len(expected)
    assert len(outcome.errors) == len(expected) and outcome.hint
    assert published(home) == OWN | {
        "docs/lz-reference/README.md", "docs/lz-reference/docs/Readme.md", "docs/lz-reference/docs/good.md",
        "docs/lz-reference/docs/in.md",
    }  # fmt: skip
    assert (home.settings["git_publish_root"] / "docs/lz-reference/docs/in.md").read_bytes() == b"# Fine\n"
    assert not list(tmp_path.rglob("escaped.md"))
    again = synced(home.run(GitLayer()))
    assert again.details["unchanged"] and again.status == "partial", "what is missing is told by every run"
    assert again.errors == outcome.errors


def test_a_link_is_published_as_a_copy_of_the_file_it_leads_to(home: Bench, repository: Repository) -> None:
    repository.commit("Begin", **{"shared.tfvars": 'region = "x"\n', "terraform__common.tf": "locals {}\n"})
    (repository.folder / "terraform" / "stage").mkdir()
    (repository.folder / "terraform" / "stage" / "common.tf").symlink_to("../common.tf")
    (repository.folder / "terraform" / "stage" / "shared.tfvars").symlink_to("../../shared.tfvars")
    (repository.folder / "terraform" / "again").symlink_to("stage")
    repository.commit("Links")
    outcome = synced(home.run(GitLayer()))
    found = rows(home)
    assert found["terraform/stage/common.tf"]["text"] == "locals {}\n"
    assert found["terraform/stage/shared.tfvars"]["text"] == 'region = "x"\n', (
        "also what is not mapped itself"
    )
    assert "link to a folder" in str(found["terraform/again"]["reason"])
    path = home.settings["git_publish_root"] / "docs/lz-reference/terraform/stage/common.tf"
    assert path.read_text() == "locals {}\n" and not path.is_symlink()
    assert outcome.items_failed == 1


def test_filters_hooks_and_attributes_of_the_repository_do_nothing(
    home: Bench, repository: Repository, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    repository.commit(
        "Begin",
        **{
            ".gitattributes": "* filter=evil ident text=auto eol=crlf\n",
            ".lfsconfig": "[lfs]\nurl = https://evil.example\n",
            "docs__a.md": "# A $Id$\n",
            "docs__.gitattributes": "* export-ignore filter=evil\n",
        },
    )
    repository.git("config", "filter.evil.smudge", f"touch {mark}")
    repository.git("config", "filter.evil.clean", f"touch {mark}")
    for name in ("post-checkout", "post-merge", "reference-transaction", "post-upload-pack"):
        hook = repository.folder / ".git" / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
        hook.chmod(0o755)
    synced(home.run(GitLayer()))
    root = home.settings["git_publish_root"]
    assert (root / "docs/lz-reference/docs/a.md").read_bytes() == b"# A $Id$\n", "bytes as they are stored"
    assert not mark.exists()


def test_a_machine_with_hostile_git_settings_does_not_matter(
    home: Bench, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("Begin", **{"docs__a.md": "# A\n"})
    mark = tmp_path / "ran"
    (tmp_path / "person").mkdir()
    (tmp_path / "person" / ".gitconfig").write_text(
        f"[core]\n\tfsmonitor = touch {mark}\n[uploadpack]\n\tpackObjectsHook = touch {mark}\n"
        f'[url "file:///nowhere"]\n\tinsteadOf = {repository.url}\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    assert synced(home.run(GitLayer())).status == "success"
    assert not mark.exists() and not (tmp_path / "trace").exists()


def test_a_folder_that_is_a_link_is_never_followed(
    home: Bench, repository: Repository, tmp_path: Path
) -> None:
    """What somebody put below the target folders cannot make the sync write elsewhere."""
    repository.commit("Begin", **{"docs__sub__a.md": "# A\n", "docs__b.md": "# B\n"})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = home.settings["git_publish_root"] / "docs/lz-reference/docs"
    place.mkdir(parents=True)
    (place / "sub").symlink_to(elsewhere)
    outcome = synced(home.run(GitLayer()))
    assert "did not write" in str(rows(home)["docs/sub/a.md"]["reason"])
    assert list(elsewhere.iterdir()) == [] and (place / "sub").is_symlink() and (place / "b.md").is_file()
    assert outcome.details["files_synced"] == 1
    assert (place / "sub").readlink() == elsewhere
