"""Reads an `.ics` file: the days on which its events fall, and the kind of each day.

Feeds contain malformed properties of the whole calendar (a refresh interval `P1H`), alarms
and free text. None of them may cost the calendar, so only the properties that matter are
kept, and an event that cannot be read is set aside alone.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from time import thread_time
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.registry.calendar import SATURDAY, SUMMER_FROM, SUMMER_TO, weekdays
from pipelines.registry.csv_files import RegistryFrame
from pipelines.settings.problems import Problem

if TYPE_CHECKING:  # a third of a second: most homes have no such file
    from icalendar import Calendar, Component, Event

KEPT = frozenset(
    {
        "UID",
        "DTSTART",
        "DTEND",
        "DURATION",
        "RRULE",
        "RDATE",
        "EXDATE",
        "RECURRENCE-ID",
        "SUMMARY",
        "SEQUENCE",
        "STATUS",
    }
)

WORDS: Mapping[str, str] = {
    r"snow day|closure|\bclosed\b|cancel": "closure",
    r"e-?learning|remote learning|online learning|virtual (day|learning)": "elearning",
    r"early (out|release|dismissal)|half day|noon dismissal": "early_out",
    r"late (start|arrival)|delayed start": "late_start",
    r"(1|2|one|two)[- ]hour (late|delay)": "late_start",
    r"in-?service|professional (development|learning)|teacher work ?day": "pd_day",
    r"\bp\.?d\.? day|staff development|non-?student day|no students": "pd_day",
    r"no school|holiday|break|recess|vacation|thanksgiving|christmas": "holiday",
    r"new year|memorial day|labor day|veteran.?s.? day|president.?s.? day": "holiday",
    r"martin luther|\bmlk\b|juneteenth|independence day|columbus day": "holiday",
    r"indigenous|good friday|easter": "holiday",
    r"^[a-h][ -]day|^day [a-h1-8]\b|school day": "school",
    r"(first|last) day( of)?( school)?\b": "school",
    r"\b(school|classes) (begin|start|resume|end)s?\b": "school",
    r"(start|begin|end)\w* of .*(semester|quarter|trimester|term)": "school",
}
"""Expression -> kind of day; the first that matches a title decides."""
PRIORITY = [
    "closure", "elearning", "early_out", "late_start", "pd_day", "school", "holiday",
    "weekend",
]  # fmt: skip
"""Precedence of several events on a day: the one with most working time is first."""
FIRST_DAY = re.compile(
    r"\bfirst (student |school )?day (of|for) (all )?(school|class|classes|students|"
    r"instruction|the school year)\b|\b(school|classes) (begins?|starts?|resumes?)\b"
    r"|\b(start|beginning) of (the )?school( year)?\b",
    re.IGNORECASE,
)
LAST_DAY = re.compile(
    r"\blast (student |school )?day (of|for) (all )?(school|class|classes|students|"
    r"instruction|the school year)\b|\b(school|classes) ends?\b"
    r"|\bend of (the )?school( year)?\b",
    re.IGNORECASE,
)
"""Titles of the days between which there is no summer."""
LAST_MONTHS, FIRST_MONTHS = (5, 6, 7), (7, 8, 9)
NO_STUDENTS = ("holiday", "pd_day")
NAMES_SCHOOL_DAYS = 1 / 3
"""Share of weekdays; a file that names this many as school days names all of them."""
CHANGES = {"closure", "elearning", "early_out", "late_start"}
FURTHEST = timedelta(days=3 * 366)
"""Maximum distance of an event from most others; events further away are ignored."""
FIRST_YEAR, LAST_YEAR = 1900, 2999
OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}
EVENT = "an event with a first day, and a last day soon after it"
MAX_EVENT = 120
MAX_BYTES = 20_000_000
MAX_EVENTS = 2_000
MAX_OCCURRENCES = 20_000
MAX_SECONDS = 5
MAX_INTERVAL = 366
MAX_RULE = 1_000
"""Characters of a rule."""
MAX_TITLE = 500
LEAP_YEAR = 2028
BOUNDED = (
    f"at most {MAX_EVENTS:,} events on {MAX_OCCURRENCES:,} days; export the calendar of the "
    "school days alone"
)
EVENTS = {"date": pl.Date, "day_type": pl.String, "is_inferred": pl.Boolean}


class UnboundedCalendarError(Exception):
    """A calendar with more events than a school can have."""


class Block(NamedTuple):
    """One VEVENT or VTIMEZONE: its kind, its first line and its text."""

    kind: str
    line: int
    text: str


def clean(data: bytes, name: str) -> tuple[str, list[Problem]]:
    """Return a calendar of the events that can be read, and a problem for each other."""
    problems: list[Problem] = []
    kept: list[str] = []
    blocks: list[Block] = []
    if what := _too_large(data, blocks):
        problems.append(Problem(name, f"is set aside: {what}", allowed=BOUNDED))
    for block in blocks:
        if block.kind == "VEVENT" and (fault := _fault(block.text)):
            what = f"event is set aside: {fault}"
            problems.append(Problem(name, what, block.line, allowed=EVENT))
        else:
            kept.append(block.text)
    return "\r\n".join(["BEGIN:VCALENDAR", *kept, "END:VCALENDAR", ""]), problems


def _too_large(data: bytes, blocks: list[Block]) -> str:
    """Add the blocks of a calendar; return why none is read, if it has too many."""
    if len(data) > MAX_BYTES:
        return f"it is larger than {MAX_BYTES // 1_000_000} megabytes"
    found = list(_blocks(data.decode("utf-8-sig", errors="replace")))
    events = [block for block in found if block.kind == "VEVENT"]
    if len(events) > MAX_EVENTS:
        return f"it has {len(events):,} events"
    days = sum(
        1 + line.count(",")
        for block in events
        for line in block.text.split("\r\n")
        if line.upper().startswith(("RDATE", "EXDATE"))
    )
    if days > MAX_OCCURRENCES:
        return f"its events name {days:,} days"
    blocks += found
    return ""


def _fault(text: str) -> str:
    import icalendar  # a third of a second: most homes have no such file

    try:
        event = icalendar.Event.from_ical(text)
        if event.errors:
            return "; ".join(f"{name} {reason}" for name, reason in event.errors)
        return _odd(event)
    except Exception as error:  # noqa: BLE001 - outside input in a library's parser
        return f"{type(error).__name__} {error}".strip()


def _odd(event: Component) -> str:
    """Return what about an event's times no calendar of a school can mean."""
    if "DTSTART" not in event:
        return "it has no DTSTART"
    if any(isinstance(event.get(name), list) for name in ("DTSTART", "DTEND", "RRULE")):
        return "it has DTSTART, DTEND or RRULE more than once"
    start = event.get("DTSTART").dt
    end = event.get("DTEND").dt if "DTEND" in event else start
    if isinstance(start, datetime) != isinstance(end, datetime):
        return "DTSTART and DTEND are not both days, or both times"
    if not all(FIRST_YEAR <= one.year <= LAST_YEAR for one in (start, end)):
        return f"it is not within the years {FIRST_YEAR} to {LAST_YEAR}"
    length = event.get("DURATION").dt if "DURATION" in event else _day(end) - _day(start)
    if not timedelta() <= length <= FURTHEST:
        return f"it does not end within {FURTHEST.days} days of its start"
    return _odd_rule(event.get("RRULE", {}))


def _odd_rule(rule: Mapping[str, Sequence[Any]]) -> str:
    """Return what about a rule no calendar of a school can mean."""
    if len(str(rule)) > MAX_RULE:
        return f"its rule has more than {MAX_RULE:,} characters"
    if not all(1 <= every <= MAX_INTERVAL for every in rule.get("INTERVAL", [])):
        return f"its INTERVAL is not within 1 to {MAX_INTERVAL}"
    if set(rule.get("FREQ", [])) & OFTEN or rule.keys() & {"BYHOUR", "BYMINUTE", "BYSECOND"}:
        return "it takes place more often than once a day"
    months, days = rule.get("BYMONTH", range(1, 13)), rule.get("BYMONTHDAY", [1])
    longest = max((monthrange(LEAP_YEAR, int(month))[1] for month in months), default=0)
    # the library looks for such a day up to the year 9999
    return "" if any(1 <= abs(one) <= longest for one in days) else "its rule is of no day"


def _blocks(text: str) -> Iterator[Block]:
    """Yield every whole event and time zone of a calendar."""
    kind, start = "", 0
    lines: list[str] = []
    for number, line in _unfolded(text):
        begins = line.upper().removeprefix("BEGIN:")
        if not kind and begins in ("VEVENT", "VTIMEZONE"):
            kind, start, lines = begins, number, [line]
        elif kind and line.upper() == f"END:{kind}":
            yield Block(kind, start, "\r\n".join([*_worth(kind, lines), line]))
            kind = ""
        elif kind:
            lines.append(line)


def _worth(kind: str, lines: list[str]) -> Iterator[str]:
    """Yield lines of an event that are kept; nested alarms are not. A zone stays whole."""
    depth = 0
    for number, line in enumerate(lines):
        name = line.split(":")[0].split(";")[0].upper()
        depth += (name == "BEGIN") - (name == "END")
        if kind == "VTIMEZONE" or number == 0 or (depth == 1 and name in KEPT):
            yield line


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Yield whole content lines: one that begins with a blank continues the line before."""
    whole, start = "", 1
    for number, line in enumerate(text.split("\n"), start=1):
        bare = line.rstrip("\r")
        if bare[:1] in (" ", "\t"):
            whole += bare[1:]
            continue
        if whole:
            yield start, whole
        whole, start = bare, number
    if whole:
        yield start, whole


def read_calendar(data: bytes, name: str, words: Mapping[str, str], zone: str) -> RegistryFrame:
    """Return the days of a file, see `_read`; a run opens its home several times."""
    return _read(data, name, tuple(words.items()), zone)


@lru_cache(maxsize=16)
def _read(data: bytes, name: str, words: tuple[tuple[str, str], ...], zone: str) -> RegistryFrame:
    """Return `date`, `day_type` and `is_inferred` of each day whose type a file gives.

    An unnamed weekday is an inferred school day, see `_inferred`.

    Args:
        data: The file's bytes.
        name: Its name, for problems.
        words: The district's own words -> type of day; tried first.
        zone: The district's time zone.
    """
    text, problems = clean(data, name)
    events = _expanded(text, name, problems)
    rules = _rules(dict(words))
    days: list[tuple[date, str]] = []
    titled: list[tuple[date, str]] = []
    unexplained: set[str] = set()
    for event in events:
        title = str(event.get("SUMMARY", "")).strip()[:MAX_TITLE]
        kind = _kind(title, rules, is_timed=_is_timed(event))
        these = list(_days(event, ZoneInfo(zone)))
        titled += [(day, title) for day in these]
        if kind is not None:
            days += [(day, kind) for day in these]
        elif not _is_timed(event):  # a concert at half past six is not a type of day
            unexplained.add(title)
    stated = pl.DataFrame(days, schema=["date", "day_type"], orient="row").cast(
        {"date": pl.Date, "day_type": pl.String}
    )
    rank = pl.col("day_type").replace_strict(PRIORITY, range(len(PRIORITY)))
    once = stated.sort("date", rank).unique("date", keep="first", maintain_order=True)
    inferred = _inferred(once, titled)
    frame = pl.concat([once.with_columns(is_inferred=pl.lit(value=False)), inferred])
    return RegistryFrame(frame.sort("date"), (*problems, *_notices(name, unexplained)))


def _inferred(stated: pl.DataFrame, titled: Sequence[tuple[date, str]]) -> pl.DataFrame:
    """Make school days of the weekdays that a calendar does not name.

    Args:
        stated: Its days with their kinds. Without a holiday it is not the calendar of
            a school; with many school days it names each of them.
        titled: Days and titles of all its events.
    """
    none = pl.DataFrame(schema=EVENTS)
    if stated.filter(pl.col("day_type").is_in(NO_STUDENTS)).is_empty():
        return none
    first, last = min(day for day, _ in titled), max(day for day, _ in titled)
    days = list(weekdays(first, last))
    schools = stated.filter(pl.col("day_type") == "school", pl.col("date").dt.weekday() < SATURDAY)
    if schools.height > NAMES_SCHOOL_DAYS * len(days):
        return none
    summers = _summers(titled)
    known = set(stated["date"].to_list())
    found = [day for day in days if day not in known and not summers(day)]
    return pl.DataFrame([(day, "school", True) for day in found], schema=EVENTS, orient="row")


def _summers(titled: Sequence[tuple[date, str]]) -> Callable[[date], bool]:
    """Return a predicate of days between the last day of school and the first."""
    last: dict[int, date] = {}
    first: dict[int, date] = {}
    for day, title in titled:
        if day.month in LAST_MONTHS and LAST_DAY.search(title):
            last[day.year] = max(day, last.get(day.year, day))
        if day.month in FIRST_MONTHS and FIRST_DAY.search(title):
            first[day.year] = min(day, first.get(day.year, day))

    def is_summer(day: date) -> bool:
        begins = last.get(day.year, date(day.year, *SUMMER_FROM) - timedelta(days=1))
        return begins < day < first.get(day.year, date(day.year, *SUMMER_TO))

    return is_summer


def _expanded(text: str, name: str, problems: list[Problem]) -> list[Event]:
    """Return every occurrence of every event that takes place."""
    import icalendar

    try:
        whole = icalendar.Calendar.from_ical(text)
        first, last = _span(whole, name, problems)
        if first is None or last is None:
            return []
        found = _between(whole, first, last, name, problems)
    except UnboundedCalendarError as error:
        problems.append(Problem(name, f"is set aside: {error}", allowed=BOUNDED))
        return []
    except Exception as error:  # noqa: BLE001 - outside input in a library's parser
        what = f"is not a calendar: {type(error).__name__} {error}"
        problems.append(Problem(name, what, allowed="an iCalendar file"))
        return []
    return [event for event in found if str(event.get("STATUS")) != "CANCELLED"]


def _between(
    whole: Calendar, first: date, last: date, name: str, problems: list[Problem]
) -> list[Event]:
    """Return the occurrences of some days; an event that has no days goes alone.

    Raises:
        UnboundedCalendarError: There are too many, or they take too long.
    """
    events = list(whole.walk("VEVENT"))
    zones = [part for part in whole.subcomponents if part.name != "VEVENT"]
    series: dict[str, list[Component]] = {}
    for at, event in enumerate(events):
        series.setdefault(str(event.get("UID", at)), []).append(event)
    deadline = thread_time() + MAX_SECONDS
    found: list[Event] = []
    for group in series.values():
        found += _occurrences(whole, zones, group, (first, last), name, problems)
        if len(found) > MAX_OCCURRENCES:
            raise UnboundedCalendarError(
                f"its events take place more than {MAX_OCCURRENCES:,} times"
            )
        if thread_time() > deadline:
            raise UnboundedCalendarError(f"its events take more than {MAX_SECONDS} seconds to list")
    return found


def _occurrences(
    whole: Calendar,
    zones: Sequence[Component],
    group: Sequence[Component],
    span: tuple[date, date],
    name: str,
    problems: list[Problem],
) -> list[Event]:
    """Return the occurrences of events of one id, which may replace each other's."""
    import recurring_ical_events

    try:
        whole.subcomponents = [*zones, *group]
        return list(recurring_ical_events.of(whole).between(*span))
    except Exception as error:  # noqa: BLE001 - outside input in a library's parser
        if len(group) > 1:
            return [
                event
                for one in group
                for event in _occurrences(whole, zones, [one], span, name, problems)
            ]
        what = f"event is set aside: {type(error).__name__} {error}"
        title = str(group[0].get("SUMMARY", ""))
        problems.append(Problem(name, what, column="SUMMARY", value=title))
        return []


def _rules(words: Mapping[str, str]) -> list[tuple[re.Pattern[str], str]]:
    own = [(re.compile(re.escape(word), re.IGNORECASE), kind) for word, kind in words.items()]
    return own + [(re.compile(text, re.IGNORECASE), kind) for text, kind in WORDS.items()]


def _kind(title: str, rules: list[tuple[re.Pattern[str], str]], *, is_timed: bool) -> str | None:
    found = next((kind for rule, kind in rules if rule.search(title)), None)
    return None if is_timed and found not in CHANGES else found


def _is_timed(event: Event) -> bool:
    return isinstance(event.get("DTSTART").dt, datetime)


def _days(event: Event, zone: ZoneInfo) -> Iterator[date]:
    """Yield local days of an event; an all-day event ends before its DTEND."""
    start = event.get("DTSTART").dt
    if isinstance(start, datetime):
        yield (start.astimezone(zone) if start.tzinfo else start).date()
        return
    end = event.get("DTEND").dt if "DTEND" in event else start + timedelta(days=1)
    count = min(max((end - start).days, 1), MAX_EVENT)
    for number in range(count):
        yield start + timedelta(days=number)


def _span(whole: Calendar, name: str, problems: list[Problem]) -> tuple[date | None, date | None]:
    """Return the first day, and a day after the last; endless rules are cut off.

    An event far from most others (a reminder of 2099) would hide them, so it is reported.
    """
    events = list(whole.walk("VEVENT"))
    starts = sorted(_day(event.get("DTSTART").dt) for event in events)
    if not starts:
        return None, None
    most = starts[(len(starts) - 1) * 9 // 10]
    first, last = max(starts[0], most - 2 * FURTHEST), most + FURTHEST
    ends = [most]
    for event in events:
        start = _day(event.get("DTSTART").dt)
        end = _day(event.get("DTEND").dt) if "DTEND" in event else start
        if start > last or (end < first and "RRULE" not in event):
            what = f"event of {start} is set aside: it is years away from the others"
            problems.append(Problem(name, what, severity="notice"))
            continue
        ends += [end, *([start + timedelta(days=366)] if "RRULE" in event else [])]
    return first, min(max(ends), last) + timedelta(days=2)


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _notices(name: str, titles: set[str]) -> Iterator[Problem]:
    for title in sorted(titles)[:20]:
        yield Problem(
            name,
            "event does not show the type of day",
            column="SUMMARY",
            value=title,
            allowed="a word of [registry] calendar_words in district.toml",
            severity="notice",
        )
