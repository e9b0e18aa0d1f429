"""Finding records in export files that are broken: nothing is lost, and only what is broken is refused."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sync_jobs.layers.assets.records import Fault, Record, fault_of, scan
from tests.fixtures.exports import instance

# What a scan may leave out: separators and white space between values.
PADDING = b"\xef\xbb\xbf \t\r\n\x1e,[]"
TEXTS = ["", "plain", 'quo"ted', "back\\slash", "{[}]", "é 日本", '"name": "x"', "a,\nb", "}", '{"name":']

texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=12))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(texts, st.just("name")), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def asset(draw: st.DrawFn) -> dict[str, Any]:
    made = instance("till", note=draw(values), disks=[{"name": draw(texts)}])
    if draw(st.booleans()):
        made = {"resource": made.pop("resource"), **made}
    if draw(st.booleans()):
        made = {"asset": made, "window": {"startTime": "2026-03-01T10:00:00.123456789Z"}}
    return made


LAYOUTS = {
    "ndjson": (b"", b"\n", b"\n", None),
    "crlf": (b"", b"\r\n", b"", None),
    "compact array": (b"[", b",", b"]", None),
    "array a line": (b"[\n", b",\n", b"\n]\n", None),
    "pretty array": (b"[\n", b",\n", b"\n]\n", 2),
    "pretty": (b"", b"\n", b"\n", 2),
    "glued": (b"", b"", b"", None),
}


def laid_out(assets: list[dict[str, Any]], layout: str) -> tuple[bytes, list[tuple[int, int]]]:
    """The bytes of a file and where each record is in it."""
    head, between, tail, indent = LAYOUTS[layout]
    body, spans = head, []
    for i, one in enumerate(assets):
        body += between if i else b""
        raw = json.dumps(one, indent=indent, ensure_ascii=False).encode()
        spans.append((len(body), len(body) + len(raw)))
        body += raw
    return body + tail, spans


def scanned(content: bytes) -> list[Record | Fault]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return list(scan(Path(file.name)))


def squeezed(content: bytes) -> bytes:
    return content.translate(None, PADDING)


@given(st.binary(max_size=300))
@example(b'{"name":"a","assetType":"b"}{')
@example(b'"{')
@example(b"\\")
@settings(max_examples=150, deadline=None)
def test_any_bytes_end_up_in_a_record_or_a_fault(content: bytes) -> None:
    found = scanned(content)
    assert squeezed(b"".join(one.raw for one in found)) == squeezed(content)
    assert all(fault_of(one.raw) is None for one in found if isinstance(one, Record))
    assert all(1 <= one.line <= content.count(b"\n") + 1 for one in found)


@given(st.lists(asset(), min_size=1, max_size=4), st.sampled_from(list(LAYOUTS)))
@settings(max_examples=100, deadline=None)
def test_a_whole_file_gives_its_records_in_order(assets: list[dict[str, Any]], layout: str) -> None:
    content, spans = laid_out(assets, layout)
    found = scanned(content)
    assert [type(one) for one in found] == [Record] * len(assets), found
    assert [orjson.loads(one.raw) for one in found] == [orjson.loads(orjson.dumps(a)) for a in assets]
    assert [one.line for one in found] == [content[:start].count(b"\n") + 1 for start, _ in spans]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_of_one_record(layout: str) -> None:
    content, _ = laid_out([instance("till")], layout)
    assert [type(one) for one in scanned(content)] == [Record]


bites = st.one_of(
    st.sampled_from(
        [b"", b'"', b"\\", b"{", b"}", b"[", b"]", b"\n", b"\xff", b"\x00", b'\\"', b"}}", b'{"']
    ),
    st.binary(max_size=4),
)


@given(st.lists(asset(), min_size=3, max_size=4), st.sampled_from(list(LAYOUTS)), st.data())
@settings(max_examples=400, deadline=None)
def test_a_broken_record_does_not_take_others_with_it(
    assets: list[dict[str, Any]], layout: str, data: st.DataObject
) -> None:
    for i, one in enumerate(assets):  # tell them apart
        (one.get("asset") or one)["name"] = f"//compute.googleapis.com/projects/p/instances/till-{i}"
    content, spans = laid_out(assets, layout)
    victim = data.draw(st.integers(0, len(assets) - 1), label="victim")
    at = data.draw(st.integers(spans[victim][0], spans[victim][1] - 1), label="at")
    cut = data.draw(st.integers(0, min(6, spans[victim][1] - at)), label="cut")
    broken = content[:at] + data.draw(bites, label="put") + content[at + cut :]
    found = scanned(broken)
    assert squeezed(b"".join(one.raw for one in found)) == squeezed(broken)
    whole = [one.raw for one in found if isinstance(one, Record)]
    for i, (start, end) in enumerate(spans):
        if i != victim:
            assert content[start:end] in whole, f"record {i} was lost with record {victim}"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_file_cut_off_anywhere_keeps_what_was_whole(layout: str, share: float) -> None:
    content, spans = laid_out([instance(f"till-{i}") for i in range(10)], layout)
    cut = int(len(content) * share)
    found = scanned(content[:cut])
    whole = [content[start:end] for start, end in spans if end <= cut]
    assert [one.raw for one in found if isinstance(one, Record)] == whole
    assert squeezed(b"".join(one.raw for one in found)) == squeezed(content[:cut])


GOOD = {"name": "//x/y", "assetType": "x/Y"}
CHANGE = {"asset": GOOD, "window": {"startTime": "2026-03-01T10:00:00Z"}}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (GOOD, None),
        ({"name": "//x/y", "asset_type": "x/Y"}, None),
        ({**GOOD, "resource": None, "ancestors": None}, None),
        (CHANGE, None),
        ({"priorAsset": {"name": "//x/y"}, "deleted": True, "window": CHANGE["window"]}, None),
        ({"asset": {"name": "//x/y"}, "deleted": True, "window": CHANGE["window"]}, None),
        (7, "found int"),
        ("text", "found str"),
        ([], "found list"),
        ({"assetType": "x/Y"}, "'name'"),
        ({**GOOD, "name": " "}, "'name'"),
        ({**GOOD, "name": 7}, "'name'"),
        ({**GOOD, "assetType": {}}, "'assetType'"),
        ({**GOOD, "ancestors": "organizations/1"}, "'ancestors'"),
        ({**GOOD, "ancestors": [1]}, "'ancestors'"),
        ({**GOOD, "resource": "text"}, "'resource'"),
        ({**GOOD, "iamPolicy": []}, "'iamPolicy'"),
        ({**GOOD, "updateTime": 7}, "'updateTime'"),
        ({**CHANGE, "asset": {}}, "has a name"),
        ({**CHANGE, "asset": {"name": "//x/y"}}, "'assetType'"),
        ({**CHANGE, "window": None}, "window.startTime"),
        ({**CHANGE, "window": {"startTime": "yesterday"}}, "window.startTime"),
        ({**CHANGE, "deleted": "yes"}, "'deleted'"),
        ({"priorAsset": GOOD, "window": CHANGE["window"]}, "says it was deleted"),
    ],
)
def test_the_reason_says_what_was_expected(record: object, reason: str | None) -> None:
    found = fault_of(json.dumps(record).encode())
    assert found is None if reason is None else reason in (found or "")
