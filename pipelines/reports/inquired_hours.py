"""The hours of an account in question: their lines, their place, and both in words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.district import District
from pipelines.health.unseen import Span, days_of
from pipelines.registry.registry import building_names
from pipelines.reports.language import text
from pipelines.reports.words import (
    between,
    clock,
    day_range,
    day_ranges,
    day_with_year,
    device_name,
    listed,
    span,
)
from pipelines.warehouse.clock_pairs import blamed
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import attached_query

ONE_DAY = timedelta(days=1)
MOST_SPANS = 6


@dataclass(frozen=True, kw_only=True)
class Question:
    """The hours of an account that an office asks about.

    Attributes:
        start: In the district's zone.
        device: The device in question; empty without one.
        building: The building in question; empty without one.
    """

    inquiry_id: str
    account: str
    start: datetime
    end: datetime
    office: str
    authorized_by: str
    device: str = ""
    building: str = ""

    @property
    def days(self) -> list[date]:
        """The local days that the hours touch."""
        return days_of(self.start, self.end)

    @property
    def values(self) -> dict[str, object]:
        """Values of the queries; sessions of the day before may last into these hours."""
        days = self.days
        return {
            "start": self.start,
            "until": self.end,
            "first": days[0] - ONE_DAY,
            "last": days[-1] + ONE_DAY,
        }


@dataclass(frozen=True)
class InquiredHours:
    """The hours of a question, in an opened district.

    Attributes:
        database: A database with the warehouse attached as `built`.
        named: The code name of a device on the first of the days.
    """

    district: District
    database: Database
    question: Question
    named: Callable[[str], str]

    @cached_property
    def zone(self) -> ZoneInfo:
        """The district's zone."""
        return ZoneInfo(self.district.zone)

    @cached_property
    def _buildings(self) -> Mapping[str, str]:
        return building_names(self.district.registry)

    def frame(self, name: str, **values: object) -> pl.DataFrame:
        """Return the rows of a query of `lookups` for these hours."""
        query, every = attached_query(f"lookups/{name}"), self.question.values | values
        used = {name: value for name, value in every.items() if f"${name}" in query}
        return self.database.frame(query, used)

    @cached_property
    def place(self) -> str:
        """The device or building in question, in words; empty without one."""
        question = self.question
        if question.device:
            return text("device {name}", name=question.device)
        return self._buildings.get(question.building, question.building)

    @cached_property
    def there(self) -> str:
        """The same with its preposition."""
        question = self.question
        if question.device:
            return text("on device {name}", name=question.device)
        return text("at {building}", building=self.place)

    def sentence(self) -> str:
        """Return the question in words."""
        account = self.question.account
        if not self.place:
            return text("Where was account {account} used in these hours?", account=account)
        return text(
            "Was account {account} used {there} in these hours?", account=account, there=self.there
        )

    def hours(self) -> str:
        """Return the hours in words, with the year; the end of a day is midnight."""
        first, last, days = self.question.start, self.question.end, self.question.days
        is_one_day = len(days) == 1
        if first.time() == last.time() == time():
            dates = day_with_year(days[0]) if is_one_day else day_range(days[0], days[-1])
            return text("{dates}, from midnight to midnight", dates=dates)
        start, end = (
            text("midnight") if one.time() == time() else clock(one.hour, one.minute)
            for one in (first, last)
        )
        return between(
            f"{day_with_year(first.date())}, {start}",
            end if is_one_day else f"{day_with_year(days[-1])}, {end}",
        )

    @cached_property
    def lines(self) -> pl.DataFrame:
        """The lines with the account; of a log whose clock was off, those of both times."""
        question = self.question
        lines = self.frame("lines_of_an_account", account=question.account)
        wider = []
        for source, (first, last) in self.own_hours.items():
            start, end = min(first, question.start), max(last, question.end)
            rows = self.frame(
                "lines_of_an_account",
                account=question.account,
                start=start,
                until=end,
                first=start.date() - ONE_DAY,
                last=end.date() + ONE_DAY,
            )
            wider.append(rows.filter(pl.col("source") == source))
        right = lines.filter(~pl.col("source").is_in(list(self.own_hours)))
        return pl.concat([right, *wider]).sort("first_time", "last_time", maintain_order=True)

    @cached_property
    def wrong_clocks(self) -> list[tuple[str, str, float, date]]:
        """Sources whose clock was off on one of the days: the other, seconds ahead, the day."""
        rows = self.clocks.partition_by("event_date") if self.clocks.height else []
        return sorted(
            {
                (name, other, round(ahead), rows["event_date"][0])
                for rows in rows
                for name, other, ahead, _ in blamed(rows)
            }
        )

    @cached_property
    def own_hours(self) -> Mapping[str, Span]:
        """By each clock that was off, the hours that it showed if it was the wrong one."""
        hours: dict[str, Span] = {}
        for name, _, ahead, _ in self.wrong_clocks:
            shift = timedelta(seconds=ahead)
            start, end = self.question.start + shift, self.question.end + shift
            before = hours.get(name, (start, end))
            hours[name] = (min(start, before[0]), max(end, before[1]))
        return hours

    @cached_property
    def clocks(self) -> pl.DataFrame:
        days = self.question.days
        return self.database.table("built.marts.source_clocks").filter(
            pl.col("event_date").is_between(days[0], days[-1])
        )

    def span(self, start: object, end: object) -> str:
        assert isinstance(start, datetime)
        assert isinstance(end, datetime)
        first, last = start.astimezone(self.zone), end.astimezone(self.zone)
        question = self.question
        has_clock_change = question.start.utcoffset() != question.end.utcoffset()
        if [first.date(), last.date()] != question.days * 2 or has_clock_change:
            return span(start, end, self.zone)
        # the question has the day
        times = dict.fromkeys(clock(one.hour, one.minute) for one in (first, last))
        return between(*times) if len(times) > 1 else next(iter(times))

    def wheres(self, buildings: Iterable[object]) -> str:
        """Return buildings by name; all of a district have one word."""
        places = sorted({self.where(one) for one in buildings})
        every = self.district.registry.frames["buildings"]["building"].n_unique()
        return text("all buildings") if len(places) == every > 1 else listed(places)

    def spans(self, spans: Iterable[Span]) -> str:
        return _some([self.span(*one) for one in spans])

    def days(self, days: Iterable[date]) -> str:
        return _some(day_ranges(sorted(set(days))))

    def device(self, name: object) -> str:
        if not name:
            return text("device not known")
        if name == self.question.device:
            return self.place
        return device_name(self.named(str(name)))

    def where(self, building: object) -> str:
        if not building:
            return text("place not known")
        return self._buildings.get(str(building), str(building))


def _some(times: Sequence[str]) -> str:
    """Return the first of several times, which contain commas; the others are counted."""
    left = len(times) - MOST_SPANS
    more = [text("{left} more", left=left)] if left > 0 else []
    return "; ".join([*times[:MOST_SPANS], *more])
