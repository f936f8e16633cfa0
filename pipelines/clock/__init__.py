"""The only place where timestamps become UTC instants, each with its quality.

Every function on timestamps takes text columns and returns a `Stamp`: two Polars
expressions, the instant and its quality (`events.TIME_QUALITIES`). Text that does not fit
its shape exactly is null, never a guess and never an exception: an impossible
date must not be built, because Polars panics on it much later.

Local civil time needs a zone. In the hour that a clock change repeats, the
earlier instant is used and marked `ambiguous`; in the skipped hour, the
instant is one hour later and marked `shifted`. The library does not know summer time
after 2099: the standard offset counts. A timestamp without a year gets the
year that puts it nearest to the anchor (end of the file's life), so that a
December line read in January remains in December.

This module also finds the day near which a file's timestamps are.
"""

import re
from datetime import UTC, datetime, timedelta

from pipelines.clock.stamps import (
    Reading,
    Stamp,
    Unit,
    bsd,
    bsd_pair,
    civil,
    civil_time,
    epoch,
    epoch_by_size,
    epoch_milliseconds,
    first,
    iso,
    iso_pair,
    local_date,
    worded,
)

_DATE_IN_NAME = re.compile(
    r"(?<![0-9])((?:19|20)[0-9]{2})([-_.]?)([01][0-9])\2([0-3][0-9])(?![0-9]{3})"
)


def date_in_name(name: str, *, latest: datetime) -> datetime | None:
    """Return the end of the day in a file's name, as `access.log-20260301.gz`.

    None if it contains none, or one after `latest`: the file cannot contain lines
    from after its last change.
    """
    for year, _, month, day in _DATE_IN_NAME.findall(name):
        try:
            told = datetime(int(year), int(month), int(day), tzinfo=UTC)
        except ValueError:
            continue
        if told <= latest:
            return told + timedelta(days=1)
    return None


def anchor(name: str, changed_ns: int) -> datetime:
    """Return the instant near which a file's year-less timestamps are.

    The end of the day in its name, or otherwise of the day (UTC) of its last
    change, so that the files of one day are read in the same way.

    Args:
        name: The file's name or path.
        changed_ns: Its last change, in nanoseconds since 1970.
    """
    changed = datetime.fromtimestamp(changed_ns / 1e9, UTC)
    midnight = changed.replace(hour=0, minute=0, second=0, microsecond=0)
    return date_in_name(name, latest=changed) or midnight + timedelta(days=1)


__all__ = [
    "Reading", "Stamp", "Unit", "anchor", "bsd", "bsd_pair",
    "civil", "civil_time", "date_in_name", "epoch", "epoch_by_size",
    "epoch_milliseconds", "first", "iso", "iso_pair", "local_date", "worded",
]  # fmt: skip
