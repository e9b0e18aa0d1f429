"""Export files as given (a path, a .gz, a gs:// address) to plain local files that DuckDB reads in one go."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import shutil
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import duckdb
import orjson

from app.errors import Permanent, Retryable, SettingsError
from sync_jobs.layers.assets.normalise import FileShape, reader
from sync_jobs.layers.assets.records import Fault, Record, scan
from sync_jobs.layers.assets.survey import Group

INLINE_BYTES = 1024 * 1024
CHUNK = 1024 * 1024
GZIP = 31  # for zlib: with a gzip header
TRIVIAL_BYTES = 4096
RESERVED_TIMES = 24
OBJECT_BYTES = 16 * 1024 * 1024  # the largest record DuckDB reads without being told


@dataclass
class Prepared:
    """One file, ready for the bulk path. `given` is what the user named; `faults` are rows for dead_letters.

    `cut_off` says where it ended too early. `cleaned`: its records were looked at one by one.
    """

    given: str
    shape: FileShape
    faults: list[dict[str, Any]] = field(default_factory=list)
    cut_off: str | None = None
    groups: list[Group] | None = None  # what a first look told; None where it has to be looked at again
    cleaned: bool = False

    @property
    def empty(self) -> bool:
        """No record at all, good or bad: an export of nothing, or none."""
        path = Path(self.shape.path)
        if self.faults or path.stat().st_size > TRIVIAL_BYTES:
            return False
        return not path.read_bytes().strip(b"\xef\xbb\xbf \t\r\n\x1e,[]")

    @property
    def incomplete(self) -> bool:
        """Whether what it lacks may exist all the same."""
        return bool(self.faults or self.cut_off or self.empty)


def prepare(
    given: str, workspace: Path, connection: duckdb.DuckDBPyConnection, home: Path, read_time: datetime
) -> Prepared:
    """Fetch, unpack and, where it has to be, clean one file.

    Raises SettingsError for a path that cannot be an export, Permanent or Retryable when it cannot be read.
    """
    number = len(list(workspace.glob("file-*")))
    local, cut_off = _local(given, workspace / f"file-{number}")
    prepared = Prepared(given, FileShape(str(local), _guess(local), OBJECT_BYTES), cut_off=cut_off)
    if not prepared.empty:
        prepared.groups = _looked(connection, prepared.shape)
        if prepared.groups is None:
            clean(prepared, workspace, home, read_time)
    return prepared


def clean(prepared: Prepared, workspace: Path, home: Path, read_time: datetime) -> None:
    """Look at each record: the good ones go to a new file, the others to `faults`."""
    target = workspace / f"file-{len(list(workspace.glob('file-*')))}-clean.ndjson"
    largest = 0
    with target.open("wb") as out:
        for found in scan(Path(prepared.shape.path)):
            if isinstance(found, Record):
                out.write(b"".join(found.raw.splitlines()) + b"\n")
                largest = max(largest, len(found.raw))
            else:
                number = len(prepared.faults)
                prepared.faults.append(dead_letter(found, number, prepared.given, home, read_time))
    prepared.shape = FileShape(str(target), "newline_delimited", max(OBJECT_BYTES, largest + CHUNK))
    prepared.cleaned, prepared.groups = True, None


def _looked(connection: duckdb.DuckDBPyConnection, shape: FileShape) -> list[Group] | None:
    """The groups of a file in one pass, without the large columns; None when some record does not fit."""
    texts = ("name", "assetType", "asset_type", "updateTime", "update_time")

    def text(value: str) -> str:
        return f"{value} LIKE '\"%' AND length(trim(CAST({value} AS VARCHAR), '\" ')) > 0"

    change = "coalesce(asset, priorAsset, prior_asset) IS NOT NULL"
    asset = (
        f"{text('name')} AND {text('coalesce(assetType, asset_type)')}"
        " AND coalesce(updateTime, update_time, '\"') LIKE '\"%'"
    )
    named = "coalesce(asset ->> '$.name', priorAsset ->> '$.name', prior_asset ->> '$.name')"
    typed = (
        "coalesce(deleted, false) OR coalesce(asset ->> '$.assetType', asset ->> '$.asset_type') IS NOT NULL"
    )
    moment = "coalesce(\"window\" ->> '$.startTime', \"window\" ->> '$.start_time')"
    news = f"length(trim({named})) > 0 AND ({typed}) AND TRY_CAST({moment} AS TIMESTAMPTZ) IS NOT NULL"
    try:
        groups = connection.execute(
            "SELECT ancestors, regexp_extract(CAST(name AS VARCHAR), '/projects/([^/\"]+)', 1), name IS NULL,"
            f" count(*), bool_and(coalesce(CASE WHEN {change} THEN {news} ELSE {asset} END, false))"
            f" FROM {reader([shape], texts)} GROUP BY ALL"
        ).fetchall()
    except duckdb.Error:
        return None
    return [group[:4] for group in groups] if all(group[4] for group in groups) else None


def _guess(path: Path) -> str:
    """The shape by the first byte that is not white space: an array, or values one after the other."""
    with path.open("rb") as file:
        head = file.read(64 * 1024).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"["):
        return "array"
    first = head.split(b"\n", 1)[0].strip()
    try:
        orjson.loads(first)
    except orjson.JSONDecodeError:
        return "newline_delimited" if len(head) > 60_000 and b"\n" not in head else "unstructured"
    return "newline_delimited"


def _local(given: str, target: Path) -> tuple[Path, str | None]:
    """A plain local file, and where it was cut off if it was."""
    if given.startswith("gs://"):
        path = download(given, target.with_suffix(".gs"))
    else:
        path = Path(given).expanduser()
        if path.is_dir():
            raise SettingsError(
                f"{given} is a folder; expected an export file.", f"Name the files in it: {given}/*.json"
            )
        if not path.is_file():
            raise SettingsError(f"There is no file {given}.", "Check the path; gs:// addresses work too.")
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
    except PermissionError as error:
        raise Permanent(
            f"{given} cannot be read: permission denied.", "Give this user read access to it."
        ) from error
    return _unpack(path, given, target.with_suffix(".ndjson")) if packed else (path, None)


def _unpack(path: Path, given: str, target: Path) -> tuple[Path, str | None]:
    """All that can be unpacked, also of a file that is cut off or damaged."""
    unpacker, fault = zlib.decompressobj(GZIP), ""
    with path.open("rb") as packed, target.open("wb") as out:
        while not fault and (chunk := packed.read(CHUNK)):
            while chunk and not fault:
                if unpacker.eof:  # a further member, or padding
                    chunk = chunk.lstrip(b"\0")
                    unpacker = zlib.decompressobj(GZIP) if chunk else unpacker
                fault = _unpack_into(out, unpacker, chunk)
                chunk = unpacker.unused_data
        if not fault and not unpacker.eof:
            fault = "it ends before its end marker"
        if fault:
            return target, f"{given} is cut off or damaged after {out.tell()} unpacked bytes ({fault})."
    return target, None


def _unpack_into(out: BinaryIO, unpacker: zlib._Decompress, chunk: bytes) -> str:
    """Write what `chunk` unpacks to. On a fault, all before it; returns the fault or nothing."""
    before = unpacker.copy()
    try:
        out.write(unpacker.decompress(chunk))
    except zlib.error as error:
        with contextlib.suppress(zlib.error):  # the same one, at its byte
            for at in range(len(chunk)):
                out.write(before.decompress(chunk[at : at + 1]))
        return str(error)
    return ""


def download(given: str, target: Path) -> Path:
    """One object of Cloud Storage, to disk, in pieces."""
    from google.api_core import exceptions
    from google.auth.exceptions import DefaultCredentialsError
    from google.cloud import storage  # type: ignore[attr-defined, unused-ignore]

    address = urlsplit(given)
    try:
        storage.Client().bucket(address.netloc).blob(address.path.lstrip("/")).download_to_filename(
            str(target)
        )
    except DefaultCredentialsError:
        raise Permanent(
            f"{given} cannot be read: no Google credentials were found.",
            "Run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS to a key file, or run"
            " where a service account is attached.",
        ) from None
    except exceptions.NotFound as error:
        raise Permanent(f"There is no object {given}.", "Check bucket and name.") from error
    except exceptions.Forbidden as error:
        raise Permanent(
            f"{given} cannot be read: permission denied.",
            "The reader needs roles/storage.objectViewer on the bucket.",
        ) from error
    except (exceptions.GoogleAPICallError, exceptions.RetryError, ConnectionError) as error:
        raise Retryable(f"{given} could not be downloaded ({error}).", "Try again.") from error
    return target


def dead_letter(fault: Fault, number: int, given: str, home: Path, read_time: datetime) -> dict[str, Any]:
    """The row for dead_letters; bytes too large for a row go to a file of the home."""
    identity = hashlib.sha256(f"{given}|{fault.line}|{number}|".encode() + fault.raw).hexdigest()[:32]
    raw_file = None
    if len(fault.raw) > INLINE_BYTES:
        folder = home / "dead_letters"
        folder.mkdir(parents=True, exist_ok=True)
        raw_file = f"dead_letters/{identity}.gz"
        with gzip.open(home / raw_file, "wb", compresslevel=1) as out:
            out.write(fault.raw)
    return {
        "dead_letter_id": identity,
        "received_at": read_time,
        "layer": "assets",
        "source": given,
        "position": f"line {fault.line}",
        "reason": fault.reason,
        "size_bytes": len(fault.raw),
        "raw": fault.raw[:INLINE_BYTES],
        "raw_file": raw_file,
        "status": "open",
    }


def make_room(connection: duckdb.DuckDBPyConnection, files: Iterable[Prepared]) -> None:
    """DuckDB reserves a multiple of the largest record, most of it untouched: above the usual size it may."""
    largest = max((file.shape.object_bytes for file in files), default=0)
    if largest > OBJECT_BYTES:
        connection.execute(f"SET memory_limit = '{1024 + RESERVED_TIMES * largest // 1024**2} MiB'")


def free_space_for(paths: Iterable[Path], home: Path) -> None:
    """Raises Retryable when the disk cannot hold what an import of these files writes."""
    need = sum(path.stat().st_size for path in paths)
    free = shutil.disk_usage(home).free
    if free < need:
        raise Retryable(
            f"The disk that holds {home} has {free / 1e9:.1f} GB free; this import may need {need / 1e9:.1f} GB.",
            "Free some space or move PORTAL_HOME.",
        )
