"""Traffic that has to come: a canary that the filter refuses, a nightly copy. Pure.

It is asked for in the time that the source's lines tell of, not in the time since:
a source that is silent or late says nothing about its canary.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.health.trouble import Trouble
from pipelines.settings.alert_settings import Expected


@dataclass(frozen=True)
class Seen:
    """What the lines show of one expected traffic.

    Attributes:
        known_since: Oldest instant that was looked at.
        known_until: Newest event of the source; None if it has none.
        last_time: When it was last seen as it has to be.
        bytes: Bytes sent in the newest span of `every_hours`.
        let_through_time: When a request that must be refused last went through.
    """

    known_since: datetime
    known_until: datetime | None = None
    last_time: datetime | None = None
    bytes: int = 0
    let_through_time: datetime | None = None


def not_kept(
    expected: Mapping[str, Expected], seen: Mapping[str, Seen]
) -> Iterator[Trouble]:
    """What did not come, came short, or went through though it must not."""
    for name, one in sorted(expected.items()):
        found = seen.get(name)
        if found is not None and found.known_until is not None:
            yield from _judged(name, one, found)


def _judged(name: str, one: Expected, seen: Seen) -> Iterator[Trouble]:
    assert seen.known_until is not None
    span = timedelta(hours=one.every_hours)
    through = seen.let_through_time
    if through is not None and (seen.last_time is None or through > seen.last_time):
        yield Trouble(
            source=one.source, kind="let_through", what=name, start=through, detail=name
        )
    since = seen.last_time or seen.known_since
    if seen.known_until - since > span:
        yield Trouble(
            source=one.source,
            kind="not_come",
            what=name,
            start=since + span,
            detail=f"{name}: not seen in {one.every_hours} hours",
        )
    elif one.bytes_at_least > seen.bytes and seen.last_time is not None:
        yield Trouble(
            source=one.source,
            kind="not_come",
            what=name,
            start=seen.last_time,
            detail=f"{name}: {seen.bytes:,} bytes in {one.every_hours} hours, "
            f"expected {one.bytes_at_least:,}",
        )
