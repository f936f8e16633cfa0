"""Spans of time that are due to be fetched. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SHORTEST = timedelta(minutes=5)
"""A window that does not fit into a run is halved down to this."""
DEEP = timedelta(days=1)
"""Once a day, a window begins a day earlier than the usual delay requires."""


@dataclass(frozen=True, order=True)
class Span:
    """A span of time: from `start`, to before `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, order=True)
class Gap:
    """A window that was not answered, and why.

    Attributes:
        seen: When it was first asked for.
    """

    span: Span
    reason: str
    seen: datetime


def cut(span: Span, step: timedelta) -> Iterator[Span]:
    """Yield the parts of a span, each at most as long as `step`, oldest first."""
    start = span.start
    while start < span.end:
        end = min(start + step, span.end)
        yield Span(start, end)
        start = end


def due(new: Span, gaps: Sequence[Gap], again: Span, *, offered_from: datetime) -> list[Span]:
    """Return what is to be fetched: what is new, then gaps, then what is looked at again.

    Args:
        offered_from: The service gives nothing older.
    """
    spans = [new, *(gap.span for gap in sorted(gaps)), again]
    offered = [Span(max(span.start, offered_from), span.end) for span in spans]
    return [span for span in offered if span.start < span.end]


def with_gap(gaps: Iterable[Gap], new: Gap) -> list[Gap]:
    """Return gaps with one more; those that touch it become a part of it."""
    apart: list[Gap] = []
    span, seen = new.span, new.seen
    for gap in sorted(gaps):
        if gap.span.end < span.start or gap.span.start > span.end:
            apart.append(gap)
        else:
            span = Span(min(gap.span.start, span.start), max(gap.span.end, span.end))
            seen = min(gap.seen, seen)
    return sorted([*apart, Gap(span, new.reason, seen)])


def without(gaps: Iterable[Gap], fetched: Span) -> list[Gap]:
    """Return what is left of gaps after a span was fetched."""
    left: list[Gap] = []
    for gap in gaps:
        before = Span(gap.span.start, min(gap.span.end, fetched.start))
        after = Span(max(gap.span.start, fetched.end), gap.span.end)
        left += [
            Gap(span, gap.reason, gap.seen) for span in (before, after) if span.start < span.end
        ]
    return left
