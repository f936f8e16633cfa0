"""How long a source's lines take to arrive, and whose clock runs ahead. Pure."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from pipelines.health.trouble import Trouble
from pipelines.state.days import LAGS, SourceDay

NEWEST_DAYS = 10
"""Days that the usual lag is learnt from: those with events, the newest."""

LEAST_DAYS = 3
LEAST_EVENTS = 50
SHARE = 0.95
"""Of a day's events, this share has arrived after the day's lag."""

MOST = 0.5
AHEAD_SHARE = 0.2
CLASSES = list(LAGS)


def usual_lag(days: Sequence[SourceDay]) -> timedelta | None:
    """How long to wait until a source's hour is whole; the day in the middle.

    None for a source that only ever delivered what was long past: it is history,
    and nothing says when its next line is due.

    Args:
        days: Of one source, oldest first; of several classes together.
    """
    seen = [counts for _, counts in _by_day(days)][-NEWEST_DAYS:]
    if not seen:
        return None
    places = sorted(CLASSES.index(_class(one)) for one in seen)
    seconds = LAGS[CLASSES[places[len(places) // 2]]]
    return timedelta(seconds=seconds) if seconds < float("inf") else None


def delays(days: Sequence[SourceDay]) -> list[Trouble]:
    """The newest day's lines came much later than usual, or from the future."""
    by_day = [one for one in _by_day(days) if one[1].total() >= LEAST_EVENTS]
    if len(by_day) <= LEAST_DAYS:
        return []
    source, (day, newest) = days[0].source, by_day[-1]
    found = []
    ahead = newest["ahead"] / newest.total()
    if ahead > AHEAD_SHARE and _share_ahead(by_day[:-1]) <= AHEAD_SHARE:
        found.append(_trouble(source, "skewed", day, f"{ahead:.0%} of the day's lines"))
    lag = usual_lag([one for one in days if one.event_date < day])
    late = _share_later(newest, lag)
    if lag is not None and late > MOST:
        usual = "at once" if not lag else f"within {_words(lag)}"
        said = f"{late:.0%} of the day's lines; usually they arrive {usual}"
        found.append(_trouble(source, "late", day, said))
    return found


def _by_day(days: Sequence[SourceDay]) -> list[tuple[date, Counter[str]]]:
    found: dict[date, Counter[str]] = {}
    for one in days:
        found.setdefault(one.event_date, Counter()).update(one.lags)
    return [(day, found[day]) for day in sorted(found) if found[day].total() > 0]


def _class(counts: Counter[str]) -> str:
    """The class within which nearly all of a day's events arrived."""
    seen = 0
    for name in CLASSES:
        seen += counts[name]
        if seen >= SHARE * counts.total():
            return name
    return CLASSES[-1]


def _share_ahead(days: Sequence[tuple[date, Counter[str]]]) -> float:
    total = sum(counts.total() for _, counts in days)
    return sum(counts["ahead"] for _, counts in days) / total if total else 0.0


def _share_later(counts: Counter[str], lag: timedelta | None) -> float:
    """The share that took longer than the class after the usual one."""
    if lag is None:
        return 0.0
    place = next(n for n, one in enumerate(CLASSES) if LAGS[one] >= lag.total_seconds())
    return sum(counts[one] for one in CLASSES[place + 2 :]) / counts.total()


def _words(lag: timedelta) -> str:
    return next(one for one in CLASSES if LAGS[one] >= lag.total_seconds())


def _trouble(source: str, kind: str, day: date, detail: str) -> Trouble:
    return Trouble(
        source=source,
        kind="late" if kind == "late" else "skewed",
        start=datetime.combine(day, time(), UTC),
        detail=detail,
    )
