"""The one place where stamps become UTC instants, each with its quality.

Every function on stamps takes text columns and gives a `Stamp`: two Polars expressions,
the instant and how far to trust it (`events.TIME_QUALITIES`). What does not fit
its shape exactly is null, never a guess and never an exception: an impossible
date must not be built, since Polars panics on it much later.

Local civil time needs a zone. In the hour that a clock change repeats, the
earlier instant is taken and marked `ambiguous`; in the hour it leaves out, the
instant is taken one hour later and marked `shifted`. Summer time after 2099 is
not known to the library: the standard offset counts. A stamp without a year takes the
year that puts it nearest to the anchor (end of the file's life), so that a
December line read in January stays in December.

The day near which a file's stamps lie is told here too.
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
    """The end of the day that a file's name tells, as `access.log-20260301.gz`.

    None where it tells none, or one after `latest`: the file cannot hold lines
    from after it was last changed.
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
    """The instant near which a file's year-less stamps lie.

    The end of the day that its name tells, or else of the day (UTC) on which it
    was last changed, so that the files of one day are read alike.

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
