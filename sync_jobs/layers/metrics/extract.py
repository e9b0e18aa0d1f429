"""Billing export rows from files, cut down to what costs are made of."""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from app.errors import Permanent
from sync_jobs.layers.events.message import NotUnderstood, parsed_time

Row = dict[str, Any]
BATCH = 20_000
RAW_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class Refused:
    """A line that is no billing row."""

    path: Path
    line: int
    reason: str
    raw: bytes

    def row(self, run_id: str, received_at: object) -> Row:
        """For the table `dead_letters`."""
        digest = sha256(str(self.path).encode() + b"\n" + self.raw).hexdigest()[:32]
        return {
            "dead_letter_id": f"metrics-{digest}",
            "received_at": received_at,
            "layer": "metrics",
            "run_id": run_id,
            "source": str(self.path),
            "position": f"line {self.line}",
            "reason": self.reason,
            "size_bytes": len(self.raw),
            "raw": self.raw[:RAW_LIMIT],
            "raw_file": None,
            "status": "open",
        }


def billing_rows(paths: Sequence[Path], refused: list[Refused]) -> Iterator[Row]:
    """The rows of standard billing exports, a JSON object per line. Raises Permanent on a bad file."""
    for path in paths:
        opened = gzip.open if path.suffix == ".gz" else open
        try:
            with opened(path, "rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield from _row(path, number, line.strip(), refused)
        except OSError as error:
            raise Permanent(
                f"{path} cannot be read: {error.strerror or error}.", "Check the path."
            ) from error


def batches(rows: Iterable[Row], size: int = 0) -> Iterator[str]:
    """JSON arrays of so many rows, as the SQL takes them."""
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == (size or BATCH):
            yield orjson.dumps(batch).decode()
            batch = []
    if batch:
        yield orjson.dumps(batch).decode()


def _row(path: Path, number: int, line: bytes, refused: list[Refused]) -> Iterator[Row]:
    try:
        yield _needed(orjson.loads(line))
    except NotUnderstood as error:
        refused.append(Refused(path, number, error.message, line))
    except (orjson.JSONDecodeError, TypeError, AttributeError, ValueError) as error:
        reason = f"Not a row of the standard billing export ({type(error).__name__}: {error})."
        refused.append(Refused(path, number, reason, line))


def _needed(body: Row) -> Row:
    """The fields that costs are made of; checked, as one wrong number would fail the whole query."""
    missing = [key for key in ("usage_start_time", "currency", "cost") if body.get(key) in {None, ""}]
    if missing:
        raise NotUnderstood(f"The billing row has no {', '.join(missing)}.")
    return {
        "usage_start_time": _instant(body["usage_start_time"]),
        "project": {"id": (body.get("project") or {}).get("id")},
        "service": {"description": (body.get("service") or {}).get("description")},
        "sku": {"description": (body.get("sku") or {}).get("description")},
        "location": {"location": (body.get("location") or {}).get("location")},
        "currency": str(body["currency"]),
        "cost": _amount(body["cost"]),
        "credits": [{"amount": _amount(credit.get("amount", 0))} for credit in body.get("credits") or []],
    }


@lru_cache(maxsize=1024)  # an export says the same few hundred days over and over
def _instant(text: object) -> str:
    return parsed_time(text).isoformat()


def _amount(value: object) -> str:
    """Decimal text; NUMERIC holds nine decimals."""
    number = float(value) if isinstance(value, int | float | str) else math.nan
    if not math.isfinite(number):
        raise NotUnderstood(f"Expected an amount of money, found {value!r:.40}.")
    return f"{number:.9f}"
