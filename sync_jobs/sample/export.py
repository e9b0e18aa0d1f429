"""Writes the lives of all assets: the export of a year ago and the history from there to today."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import orjson

from sync_jobs.sample.site import Json, Life
from sync_jobs.sample.timeline import Year, stamp

_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)


class Exported:
    """What was written: counts, and the assets that live at the end of the year."""

    def __init__(self) -> None:
        self.base = 0
        self.changes = 0
        self.today: list[Json] = []


def write(lives: Iterable[Life], year: Year, base: Path, iam: Path, history: Path) -> Exported:
    """Write base and IAM as Cloud Asset exports and the history as TemporalAsset records, sorted by time.

    A history record holds the whole asset (resource and IAM policy) as it then was; a deletion holds its
    name, and all of it as `priorAsset`.
    """
    done = Exported()
    records: list[tuple[datetime, bytes]] = []
    with base.open("wb") as base_file, iam.open("wb") as iam_file:
        for life in lives:
            if life.born >= year.end or (life.died is not None and life.died <= year.start):
                continue
            if life.born <= year.start:
                done.base += 1
                _write_base(life, base_file.write, iam_file.write)
            _record(life, year, records, done)
    records.sort(key=lambda record: record[0])
    done.changes = len(records)
    with history.open("wb") as file:
        file.writelines(record[1] for record in records)
    return done


def _write_base(life: Life, base: object, iam: object) -> None:
    asset = {key: value for key, value in life.asset.items() if key != "iamPolicy"}
    moment = stamp(life.born)
    base(orjson.dumps({**asset, "updateTime": moment}) + b"\n")  # type: ignore[operator]
    if "iamPolicy" in life.asset:
        policy = {**life.asset, "updateTime": moment}
        del policy["resource"]
        iam(orjson.dumps(policy) + b"\n")  # type: ignore[operator]


def _record(life: Life, year: Year, records: list[tuple[datetime, bytes]], done: Exported) -> None:
    """The history of one life; whoever lives at the end goes to `done.today`."""
    asset, moment = life.asset, life.born
    text = orjson.dumps({**asset, "updateTime": stamp(moment)})
    end = life.died if life.died is not None and life.died < year.end else None
    if moment > year.start:
        state = b'"priorAssetState":"DOES_NOT_EXIST"'
        records.append((moment, _line(text, state, moment, end)))
    for at, edit in sorted(life.edits, key=lambda pair: pair[0]):
        if at <= moment or at <= year.start or at >= (end or year.end):
            continue
        edited = edit(asset)
        if edited == asset:  # a change to what it already was is no change
            continue
        asset = edited
        prior, text, moment = text, orjson.dumps({**asset, "updateTime": stamp(at)}), at
        records.append((at, _line(text, b'"priorAssetState":"PRESENT","priorAsset":' + prior, at, None)))
    if end is None:
        done.today.append(asset)
        return
    name = orjson.dumps({"name": asset["name"], "assetType": asset["assetType"], "updateTime": stamp(end)})
    state = b'"deleted":true,"priorAssetState":"PRESENT","priorAsset":' + text
    records.append((end, _line(name, state, end, None)))


def _line(asset: bytes, state: bytes, start: datetime, end: datetime | None) -> bytes:
    window = f'"startTime":"{stamp(start)}"' + (f',"endTime":"{stamp(end)}"' if end else "")
    return b'{"asset":' + asset + b"," + state + b',"window":{' + window.encode() + b"}}\n"
