"""What may be announced of a source that was never there before. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pipelines.alerts.news import News, one_line

FIRST = "first:"
SETTING_UP = timedelta(days=1)
"""What comes so soon after the first file ever belongs to setting up."""

SHOWN = timedelta(days=30)
"""Longer than any holiday, so that it stands in the list after it."""


def of_newcomers(files: Iterable[Mapping[str, Any]], now: datetime) -> list[News]:
    """Sources that delivered for the first time, one fact each, told once.

    A new folder may be meant; it may also be a log in the wrong place, whose lines
    are then counted twice or read by the wrong rules.

    Args:
        files: `source` and `first_seen_time` of every delivered file.
    """
    first: dict[str, datetime] = {}
    for one in files:
        seen = datetime.fromisoformat(one["first_seen_time"])
        first[one["source"]] = min(seen, first.get(one["source"], seen))
    began = min(first.values(), default=now)
    return [
        News(
            key=f"{FIRST}{source}:",
            about="health",
            severity="low",
            confidence="C3",
            line=one_line(f"{source}: its first lines ever came; is it meant to be?"),
            since=since,
            reference=source,
            group="sources",
            is_once=True,
        )
        for source, since in sorted(first.items())
        if since - began > SETTING_UP and now - since < SHOWN
    ]
