"""The pure parts of app/ui: text, differences, labels, folders, files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from app.ui import diff, frames, inventory, status, text

AT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("delta", "said"),
    [
        (2, "just now"),
        (45, "45 s ago"),
        (61, "1 min ago"),
        (7200, "2 h ago"),
        (86400 * 3, "3 d ago"),
        (-300, "in 5 min"),
    ],
)
def test_ago(delta: float, said: str) -> None:
    assert text.ago(AT - timedelta(seconds=delta), AT) == said


def test_times_are_told_relative_and_absolute_in_utc() -> None:
    other = AT.astimezone(datetime.strptime("+0530", "%z").tzinfo)
    assert text.when(other - timedelta(minutes=3), AT) == "3 min ago · 2026-03-04 11:57 UTC"
    assert text.when("2026-03-04T11:57:00Z", AT) == "3 min ago · 2026-03-04 11:57 UTC"
    assert text.when(None, AT) == text.when(pd.NaT, AT) == "never"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "40 ms"), (1.23, "1.2 s"), (125, "2 min 5 s"), (3661, "1 h 1 min"), (None, "—")],
)
def test_duration(seconds: float | None, said: str) -> None:
    assert text.duration(seconds) == said


def test_plain_text_keeps_its_words_and_loses_its_meaning() -> None:
    assert text.plain("a_b *c* [x](y) :red[z] $1$ <b>") == (r"a\_b \*c\* \[x\]\(y\) \:red\[z\] \$1\$ \<b\>")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Run `a_b *c*` now_", "Run `a_b *c*` now\\_"),
        ("`a", "\\`a"),
        ("``a` _", "\\`\\`a\\` \\_"),
        ("`` _", "\\`\\` \\_"),
    ],
)
def test_code_is_shown_as_code(given: str, shown: str) -> None:
    assert text.plain(given) == shown


def test_differences_by_path() -> None:
    before = '{"a":{"b":1,"c":[1,2]},"gone":true,"list":[{"x":1}]}'
    after = '{"a":{"b":2,"c":[2,1]},"list":[{"x":1},{"x":3}]}'
    assert diff.differences(before, after) == [
        diff.Difference("a.b", "1", "2"),
        diff.Difference("gone", "true", None),
        diff.Difference("list[1].x", None, "3"),
    ]
    assert diff.differences(None, '{"a":"x"}') == [diff.Difference("a", None, "x")]
    assert diff.differences(None, None) == []


@pytest.mark.parametrize(
    ("given", "fragment"),
    [
        ("env=prod", '"env":"prod"'),
        (" env ", '"env":'),
        ("env=", '"env":'),
        ("", None),
        ("=x", None),
        ('a=b"c', '"a":"b\\"c"'),
    ],
)
def test_label_fragment(given: str, fragment: str | None) -> None:
    assert inventory.label_fragment(given) == fragment


def test_folders_by_path_and_what_is_below_them() -> None:
    folders = [
        {"folder": "folders/1", "display_name": "top", "ancestors": ["folders/1", "organizations/9"]},
        {
            "folder": "folders/2",
            "display_name": "low",
            "ancestors": ["folders/2", "folders/1", "organizations/9"],
        },
        {"folder": "folders/3", "display_name": None, "ancestors": None},
    ]
    assert inventory.paths(folders) == {
        "folders/1": "top",
        "folders/2": "top / low",
        "folders/3": "folders/3",
    }
    assert inventory.below(["folders/1"], folders) == ["folders/1", "folders/2"]


def test_a_spreadsheet_runs_nothing_of_a_download() -> None:
    table = pa.table(
        {"name": ["=HYPERLINK(1)", "fine", None], "n": [-1, 2, 3], "tags": [["@x", "y"], [], None]}
    )
    made = frames.csv_of(table).decode()
    assert made == "name,n,tags\r\n'=HYPERLINK(1),-1,\"'@x, y\"\r\nfine,2,\r\n,3,\r\n"


def test_times_in_a_download_say_that_they_are_utc() -> None:
    assert frames.csv_of(pa.table({"at": [AT]})) == b"at\r\n2026-03-04T12:00:00Z\r\n"


def test_a_status_that_is_not_known_is_shown_by_name_and_not_green() -> None:
    assert status.of_run("odd") == status.Status("odd", ":material/help:", "gray", "?")
