"""Quiet hours and the moments of lists, by the school calendar. Pure."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Literal

from pipelines.settings.alert_settings import Alerts, When

IsOpen = Callable[[date], bool]
List = Literal["daily", "weekly"]
LISTS: tuple[List, ...] = ("daily", "weekly")
DAY = timedelta(days=1)
WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
LOOK_BACK_DAYS = 120  # longer than any summer


def is_quiet(now: datetime, alerts: Alerts, is_open: IsOpen) -> bool:
    """In the quiet hours, or on a closed day; `now` is local."""
    if not is_open(now.date()):
        return True
    start, end, clock = alerts.quiet_from, alerts.quiet_to, now.time()
    if start <= end:
        return start <= clock < end
    return clock >= start or clock < end


def last_due(which: List, now: datetime, alerts: Alerts, is_open: IsOpen) -> datetime:
    """The newest moment at which a list was due; `now` is local.

    The daily list is due on school days. The weekly one is due on its weekday, on
    the next school day of that week if the district is closed then, and on its
    weekday after all if the whole week is closed.
    """
    for back in range(LOOK_BACK_DAYS):
        day = now.date() - back * DAY
        at = datetime.combine(day, alerts.list_time, now.tzinfo)
        if at <= now and _is_list_day(which, day, alerts, is_open):
            return at
    return datetime.combine(now.date() - LOOK_BACK_DAYS * DAY, time(), now.tzinfo)


def _is_list_day(which: List, day: date, alerts: Alerts, is_open: IsOpen) -> bool:
    if which == "daily":
        return is_open(day)
    back = (day.weekday() - WEEKDAYS.index(alerts.weekly_day)) % 7
    week = [day + number * DAY for number in range(-back, 7 - back)]
    return day == next((one for one in week if is_open(one)), week[0])


def due(
    now: datetime,
    alerts: Alerts,
    is_open: IsOpen,
    served: Callable[[List], datetime | None],
) -> frozenset[When]:
    """The lists that are due, the immediate messages always among them.

    Args:
        served: When a channel was last given a list; None for never, and the first
            list comes with the first run, whatever the hour.
    """
    found: set[When] = {"at_once"}
    quiet = is_quiet(now, alerts, is_open)
    for which in LISTS:
        last = served(which)
        is_late = last is not None and last < last_due(which, now, alerts, is_open)
        # quiet hours hold without exception: a list of a closed week waits
        if last is None or (is_late and not quiet):
            found.add(which)
    return frozenset(found)
