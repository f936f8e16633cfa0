"""The instant near which a file's year-less stamps lie."""

import re
from datetime import UTC, datetime, timedelta

_DATE_IN_NAME = re.compile(
    r"(?<![0-9])((?:19|20)[0-9]{2})([-_.]?)([01][0-9])\2([0-3][0-9])(?![0-9]{3})"
)


def date_in_name(name: str, *, latest: datetime) -> datetime | None:
    """The end of the day that a file's name tells, as `access.log-20260301.gz`.

    None where it tells none, or one after `latest`: the file can not hold lines
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
