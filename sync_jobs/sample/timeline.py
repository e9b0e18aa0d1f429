"""When things happen in the sample year: working days, quiet weeks, growth. All times are UTC."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

DAYS = 365
SECOND_OF_DAY = 86_400


@dataclass(frozen=True)
class Year:
    """The 365 days up to `end`. `start` is the instant of the base export."""

    end: datetime
    start: datetime = field(init=False)
    _weights: list[float] = field(init=False, repr=False)
    _midnight: datetime = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self.end - timedelta(days=DAYS))
        midnight = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        object.__setattr__(self, "_midnight", midnight)
        days = (midnight + timedelta(days=n) for n in range(DAYS + 1))
        object.__setattr__(self, "_weights", list(accumulate(_weight(day, n) for n, day in enumerate(days))))

    def day(self, number: float) -> datetime:
        """The instant so many days after the start; negative is before it."""
        return self.start + timedelta(days=number)

    def number(self, moment: datetime) -> float:
        """Days since the start."""
        return (moment - self.start).total_seconds() / SECOND_OF_DAY

    def moment(self, rng: Random, first: float = 0, last: float = DAYS) -> datetime:
        """A moment of work between two days of the year: on weekdays mostly, around noon mostly."""
        low = self._weights[max(int(first) - 1, 0)] if first >= 1 else 0.0
        high = self._weights[min(int(last), DAYS)]
        day = bisect_left(self._weights, low + rng.random() * (high - low))
        second = rng.triangular(7 * 3600, 19 * 3600, 11 * 3600)
        found = self._midnight + timedelta(days=day, seconds=second)
        earliest, latest = self.day(first), min(self.day(last), self.end)
        if found < earliest:
            return earliest + timedelta(seconds=rng.randrange(1, 3600))
        return found if found < latest else latest - timedelta(seconds=rng.randrange(60, 7200))

    def before(self, rng: Random, earliest: float) -> datetime:
        """A moment between the day `earliest` (negative) and shortly before the start."""
        return self.day(earliest * rng.random() - 0.02)


def _weight(day: datetime, number: int) -> float:
    """More work later in the year, little at weekends, next to none around the turn of the year."""
    weight = 1.0 + 0.5 * number / DAYS
    if day.weekday() >= 5:
        weight *= 0.1
    if (day.month, day.day) >= (12, 22) or (day.month, day.day) <= (1, 3):
        weight *= 0.1
    elif day.month == 8:
        weight *= 0.7
    return weight


def stamp(moment: datetime) -> str:
    """RFC 3339 with microseconds, as Google's APIs write it. `moment` is in UTC."""
    return moment.isoformat(timespec="microseconds")[:26] + "Z"


def compute_stamp(moment: datetime) -> str:
    """As Compute Engine writes creationTimestamp: local to its own zone, milliseconds."""
    return (moment - timedelta(hours=8)).isoformat(timespec="milliseconds")[:23] + "-08:00"


def millis(moment: datetime) -> str:
    """Milliseconds since 1970 as text, as BigQuery writes times."""
    return str(int(moment.timestamp() * 1000))
