"""A home that cannot be read: the pages say so and what to do, with the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import queries
from tests.fixtures.processes import free_port
from tests.pages.conftest import PAGES, page, words


@pytest.fixture
def damaged_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "state.sqlite").write_bytes(b"this is no database" * 1000)
    monkeypatch.setenv("PORTAL_HOME", str(tmp_path))
    monkeypatch.setenv("PORTAL_API_PORT", str(free_port()))
    queries.close()
    yield tmp_path
    queries.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_damaged_home_is_an_error_state(damaged_home: Path, name: str) -> None:
    test = page(name)
    assert not test.exception
    said = words(test).replace("\\", "")
    assert "state.sqlite" in said
    assert "What to do:" in said
    assert not test.dataframe
