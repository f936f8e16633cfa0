"""Ways in which use in some hours could have left no line with the account.

Each is one `Miss`, computed from the logs' silences, clocks and grades and from holes in the
district's lists, with the logs of which each would show it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from functools import cached_property
from typing import NamedTuple

import polars as pl

from pipelines.errors import capital
from pipelines.events import INSTANT
from pipelines.health.issues import EVERYWHERE
from pipelines.health.overview import fetched_until
from pipelines.health.source_hours import day_kinds, judged_hours
from pipelines.health.unseen import Silence, Span, silences, united
from pipelines.lake.files import REJECTS
from pipelines.reports.inquired_hours import ONE_DAY, InquiredHours
from pipelines.reports.language import marked, plural, series, term, text
from pipelines.reports.words import count, day, moment, number
from pipelines.state import ledger
from pipelines.state.ledger import DAMAGED, FAILED
from pipelines.state.retention import purged_events
from pipelines.state.source_records import dirty_days, last_look, quarantined
from pipelines.warehouse.clock_pairs import MIN_PAIRS
from pipelines.warehouse.models import attached_query

LEARNED = timedelta(days=28)
"""Days before the hours from which the usual lines of a source are learned."""
REACH = timedelta(days=14)
"""Days before the hours in which a log shows what it records, and where."""
HOUR = timedelta(hours=1)
PAUSE_SECONDS = 600
"""A shorter pause occurs in every log."""
FIXED = ("desktop", "podium", "lab_pc", "kiosk", "server", "signage", "vdi_host")
"""Classes of devices that stay in their building."""


class Log(NamedTuple):
    """A log or a list that would show a way of use.

    Attributes:
        kind: Its key in `LOGS`.
        source: The source, if it is about one.
    """

    kind: str
    source: str = ""


LOGS: Mapping[str, str] = {
    "lines": marked("The missing lines of {source}"),
    "rejected": marked("The lines of {source} that could not be read"),
    "unread": marked("The files of {source} that were not read to their end"),
    "copy": marked("A copy of the log lines that were deleted"),
    "day": marked("The logs of the days without lines"),
    "later": marked("The lines that arrive later"),
    "build": marked("The result of the next run of Schoolbell"),
    "clock": marked("The lines of {source} with the time of the computer that received them"),
    "keyboard": marked(
        "The sign-in log of the devices (Windows Security log, or Google's log of Chromebooks)"
    ),
    "network": marked("The login log of the Wi-Fi or of network ports (RADIUS or a controller)"),
    "device": marked("The address log of the network (DHCP)"),
    "web": marked("The log of a filter or a proxy"),
    "cloud": marked("The sign-in log of the cloud services, such as Google or Microsoft"),
    "tunnel": marked("The log of the VPN"),
    "networks": marked("The list of all networks with their buildings"),
    "names": marked("The list of all names of the account"),
    "owner": marked("The list of accounts, with the owner of this one"),
    "holder": marked("The list of devices, with the person who has this one"),
}
"""What to ask for, the preferred first."""
RECORDS: Mapping[str, str] = {
    "keyboard": marked("sign-ins at devices"),
    "network": marked("logins to the Wi-Fi or to network ports"),
    "web": marked("pages"),
    "cloud": marked("sign-ins to cloud services"),
    "tunnel": marked("VPN sessions"),
    "proxy": marked("logins at a page of the proxy or firewall"),
    "device": marked("which device had which address"),
    "other": marked("other sign-ins"),
}
"""What a log records of an account."""
ENDS = ("logoff", "lock")
"""Lines that show no use."""
OTHER = "other"
CLASSES: Mapping[str, str] = {"http_requests": "web", "leases": "device", "logons": OTHER}
"""Class of events -> what its sources record; logons differ by line."""
AT_DEVICES = ("keyboard", "network", "web")
"""Ways that a use in a building would take."""
ELSEWHERE = ("cloud", "tunnel")


@dataclass(frozen=True, kw_only=True)
class Miss:
    """One way in which use in these hours could have left no line with the account.

    Attributes:
        follows: What follows from it, in one sentence.
        logs: Each of them would show it; empty where none would.
    """

    what: str
    when: str = ""
    follows: str
    logs: frozenset[Log] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Missed:
    """The ways in which use in some hours could have been missed.

    Attributes:
        today: The district's day on which the page is made.
    """

    hours: InquiredHours
    today: date

    def misses(self) -> Iterator[Miss]:
        """Yield the ways in which use could have left no line with the account."""
        yield from self._of_the_store()
        yield from self._silent()
        yield from self._of_clocks()
        yield from self._without_logs()
        yield from self._without_account()
        yield from self._without_place()
        yield from self._of_lists()

    def _of_the_store(self) -> Iterator[Miss]:
        """Yield lines that are deleted, were not read, or are not processed yet."""
        store, days = self.hours.district.store, self.hours.question.days
        stored, today = set(ledger.event_days(store)), self.today
        deleted = [one for one in days if purged_events(store, one)]
        if deleted:
            yield Miss(
                what=text("Log lines that were deleted"),
                when=self.hours.days(deleted),
                follows=text("Their retention had ended. What they showed is not known."),
                logs=frozenset([Log("copy")]),
            )
        empty = [one for one in days if one not in stored and one not in deleted and one <= today]
        if empty:
            yield Miss(
                what=text("Days without any log line"),
                when=self.hours.days(empty),
                follows=text("Nothing is known of these days."),
                logs=frozenset([Log("day")]),
            )
        look = last_look(store)
        if look is None or look < self.hours.question.end:
            yield Miss(
                what=text("Lines that had not arrived when this page was made"),
                when=moment(look, self.hours.zone) if look else "",
                follows=text("Lines that arrived after this time are not on this page."),
                logs=frozenset([Log("later")]),
            )
        waiting = {*dirty_days(store)} | {one.event_date for one in quarantined(store)}
        if None in waiting or waiting & {*days}:
            yield Miss(
                what=text("Lines that are not processed, or not completely"),
                when=self.hours.days(one for one in waiting if one in days),
                follows=text("They are stored. The next run can show what they contain."),
                logs=frozenset([Log("build")]),
            )
        rejects = ledger.lake_files(store, REJECTS, first=days[0], last=days[-1])
        for source in sorted({one.source for one in rejects}):
            rejected = [one for one in rejects if one.source == source]
            lines = sum(file.row_count for file in rejected)
            yield Miss(
                what=text(
                    "{source}: {lines} that could not be read",
                    source=source,
                    lines=count(lines, "line"),
                ),
                when=self.hours.days(date.fromisoformat(one.event_date) for one in rejected),
                follows=text("One of them may have the account. They are stored, and can be read."),
                logs=frozenset([Log("rejected", source)]),
            )
        unread = [one for one in ledger.source_files(store) if one.state in (FAILED, DAMAGED)]
        for source in sorted({one.source for one in unread}):
            files = sum(one.source == source for one in unread)
            yield Miss(
                what=text(
                    "{source}: {files} not read to the end",
                    source=source,
                    files=count(files, "file"),
                ),
                when=text("days not known"),
                follows=text("Their lines may be of these hours."),
                logs=frozenset([Log("unread", source)]),
            )

    @cached_property
    def _reach(self) -> Mapping[str, set[tuple[str, str]]]:
        """What each source recorded in these days and the two weeks before, and where."""
        days = self.hours.question.days
        since = days[0] - REACH
        reach: dict[str, set[tuple[str, str]]] = {}
        logons = self.hours.database.frame(
            attached_query("lookups/reach_of_logons"), {"since": since, "last": days[-1]}
        )
        for source, way, building, _ in logons.iter_rows():
            reach.setdefault(source, set()).add((way, building or ""))
        hours = self._hourly.filter(
            pl.col("event_date").is_between(since, days[-1]) & (pl.col("building") != EVERYWHERE)
        )
        for source, building in hours.select("source", "building").unique().iter_rows():
            for way in self._classes.get(source, set()) - {OTHER}:
                reach.setdefault(source, set()).add((way, building))
        return reach

    @cached_property
    def _classes(self) -> Mapping[str, set[str]]:
        """What each source recorded on any day, empty for one whose lines show no account.

        Of logons only that they are some.
        """
        ways: dict[str, set[str]] = {}
        for file in ledger.lake_files(self.hours.district.store):
            recorded = ways.setdefault(file.source, set())
            if file.event_class in CLASSES:
                recorded.add(CLASSES[file.event_class])
        return ways

    @cached_property
    def _hourly(self) -> pl.DataFrame:
        """Lines of each source by hour, and of each in a building."""
        first = self.hours.question.days[0] - LEARNED
        values = {"first": first, "first_in_buildings": first}
        hours = self.hours.database.frame(attached_query("lookups/hours_of_sources"), values)
        return hours.filter(pl.col("event_date") <= self.hours.question.days[-1] + LEARNED)

    @cached_property
    def _silences(self) -> list[Silence]:
        """Silences of the logs that show an account; before its first line a log is silent."""
        start, end = self.hours.question.start, self.hours.question.end
        hours = self._hourly.filter(pl.col("line_count") > 0, pl.col("building") == EVERYWHERE)
        begun = dict(hours.group_by("source").agg(pl.col("hour_start").min()).iter_rows())
        until = fetched_until(self.hours.district)
        sources = self._classes.keys() | until.keys() | self.hours.district.settings.sources.keys()
        # what a log that never came would record is not known
        logs = {name for name in sources if self._classes.get(name, OTHER)}
        silent = [pause for pause in self._pauses() if pause.source in logs] if begun else []
        for source in sorted(logs):
            first, last = begun.get(source), until.get(source, end)
            if first is None or first >= start + HOUR:
                silent.append(Silence(source, EVERYWHERE, start, min(first or end, end)))
            if last < end:
                silent.append(Silence(source, EVERYWHERE, max(last, start), end))
        return united(silent)

    def _pauses(self) -> list[Silence]:
        hours, days = self._hourly, self.hours.question.days
        last = days[-1] + LEARNED
        kinds = day_kinds(
            self.hours.database.table("built.marts.school_days"), days[0] - LEARNED, last
        )
        sources = hours["source"].unique()
        look = last_look(self.hours.district.store) or self.hours.question.end
        closed = sources.to_frame().with_columns(
            closed_time=pl.lit(
                min(look, self.hours.question.end + ONE_DAY).astimezone(UTC), dtype=INSTANT
            )
        )
        judged = judged_hours(hours, kinds, closed, self.hours.district.zone)
        pauses = self.hours.database.table("built.core.log_pauses").filter(
            pl.col("event_date").is_between(days[0] - ONE_DAY, days[-1])
            & (pl.col("seconds") >= PAUSE_SECONDS)
        )
        return silences(judged, pauses, self.hours.question.start, self.hours.question.end)

    def _ways_of(self, source: str) -> list[str]:
        shown, classes = self._reach.get(source, ()), self._classes.get(source, set())
        ways = {way for way, _ in shown} | (classes - {OTHER} if shown else classes)
        return sorted(ways, key=list(RECORDS).index)

    def _matters(self, building: str) -> bool:
        """Return whether a building is one in question; the whole district always is."""
        return not building or building in self._places

    @cached_property
    def _places(self) -> list[str]:
        """The buildings in question: all of them, unless the question has a place."""
        question, registry = self.hours.question, self.hours.district.registry
        every = registry.frames["buildings"]["building"].drop_nulls().unique().sort().to_list()
        if question.building:
            return [question.building]
        devices = registry.frames["devices"].filter(pl.col("device") == question.device)
        # a portable device can be in any of them
        fixed = devices.filter(pl.col("device_class").is_in(FIXED))["building"].drop_nulls()
        return [fixed[0]] if len(fixed) else every

    def _silent(self) -> Iterator[Miss]:
        """Yield logs that were silent in these hours."""
        groups: dict[tuple[str, str, bool], list[Span]] = {}
        for one in self._silences:
            if self._matters(one.building):
                key = (one.source, one.building, one.is_thin)
                groups.setdefault(key, []).append((one.start, one.end))
        for (source, building, is_thin), spans in groups.items():
            if is_thin:
                what = text("{source}: far fewer lines than usual", source=source)
            elif building:
                where = self.hours.where(building)
                what = text("{source}: no lines from {where}", source=source, where=where)
            else:
                what = text("{source}: no lines", source=source)
            records = series([term(RECORDS[way]) for way in self._ways_of(source)])
            yield Miss(
                what=what,
                when=self.hours.spans(spans),
                follows=text(
                    "This log records {records}. Lines of this time may be missing.",
                    records=records,
                )
                if records
                else text("No line of this log has arrived."),
                logs=frozenset([Log("lines", source)]),
            )

    def _of_clocks(self) -> Iterator[Miss]:
        for source, other, ahead, when in self.hours.wrong_clocks:
            size = _clock_size(abs(ahead))
            way = (
                text(
                    "{source}: its clock was {size} ahead of {other}",
                    source=source,
                    size=size,
                    other=other,
                )
                if ahead > 0
                else text(
                    "{source}: its clock was {size} behind {other}",
                    source=source,
                    size=size,
                    other=other,
                )
            )
            yield Miss(
                what=way,
                when=day(when),
                follows=text(
                    "If this clock was wrong, these hours were {hours} by it. The table of lines "
                    "contains both times.",
                    hours=self.hours.span(*self.hours.own_hours[source]),
                ),
                logs=frozenset([Log("clock", source)]),
            )
        enough = self.hours.clocks.filter(pl.col("pair_count") >= MIN_PAIRS)
        measured = {*enough["source"], *enough["other_source"]}
        unmeasured = sorted(one for one in self._reach if one not in measured)
        if unmeasured:
            yield Miss(
                what=text(
                    "{sources}: clock not compared with another log", sources=series(unmeasured)
                ),
                when=self.hours.days(self.hours.question.days),
                follows=text("If a clock was wrong, lines of these hours may have other times."),
            )

    def _without_logs(self) -> Iterator[Miss]:
        """Yield ways that no log of the district shows."""
        yield from self._devices_without_sign_ins()
        shown = {pair for source in self._reach.values() for pair in source}
        for way in AT_DEVICES[1:]:
            lacking = [one for one in self._places if (way, one) not in shown]
            if lacking and (way, "") not in shown:
                yield self._unshown(way, self.hours.wheres(lacking))
        for way in () if self.hours.place else ELSEWHERE:
            if not any(way == one for one, _ in shown):
                yield self._unshown(way, "")

    def _unshown(self, way: str, where: str) -> Miss:
        return Miss(
            what=capital(text("{records}: no log shows them", records=term(RECORDS[way]))),
            when=where,
            follows=text("Such use would leave no line."),
            logs=frozenset([Log(way)]),
        )

    def _devices_without_sign_ins(self) -> Iterator[Miss]:
        days = self.hours.question.days
        rows = self.hours.frame(
            "devices_with_sign_ins",
            since=days[0] - REACH,
            device=self.hours.question.device or None,
        ).filter(pl.col("building").is_null() | pl.col("building").is_in(self._places))
        lacking = rows.filter(pl.col("writing_count") < pl.col("device_count"))
        if lacking.is_empty():
            return
        total = int(rows["device_count"].sum())
        without = int((lacking["device_count"] - lacking["writing_count"]).sum())
        what = (
            text("{place} wrote no sign-in", place=capital(self.hours.place))
            if self.hours.question.device
            else text(
                "{n} of {total} listed computers and Chromebooks wrote no sign-in",
                n=number(without),
                total=number(total),
            )
        )
        yield Miss(
            what=what,
            when=self.hours.wheres(lacking["building"]),
            follows=text(
                "In these days and the two weeks before, no log shows sign-ins there. A sign-in "
                "would leave no line."
            ),
            logs=frozenset([Log("keyboard")]),
        )

    @cached_property
    def unnamed(self) -> pl.DataFrame:
        return self.hours.frame(
            "lines_without_an_account", device=self.hours.question.device or None
        )

    def _without_account(self) -> Iterator[Miss]:
        """Yield lines that name no account: one of them may be this account's."""
        question, rows = self.hours.question, self.unnamed
        if question.device:
            rows = rows.filter(pl.col("is_there") | ~pl.col("has_device"))
        rows = rows.filter(pl.col("building").is_null() | pl.col("building").is_in(self._places))
        is_request = pl.col("what") == "request"
        listed_ = is_request & pl.col("is_listed") & ~pl.col("is_outside")
        groups = (
            (
                listed_ & pl.col("has_device"),
                marked("{lines} from listed devices without an account"),
                marked("The device is known, its user is not."),
                ("keyboard", "network"),
            ),
            (
                listed_ & ~pl.col("has_device"),
                marked("{lines} from addresses whose device is not known"),
                marked("Neither the device nor its user is known."),
                ("network", "device"),
            ),
            (
                is_request & pl.col("is_listed") & pl.col("is_outside"),
                marked("{lines} from private and guest devices"),
                marked("No log shows which account was used on them."),
                ("network",),
            ),
            (
                is_request & ~pl.col("is_listed"),
                marked("{lines} from networks that are not listed"),
                marked("Neither their place nor their account is known."),
                ("networks",),
            ),
            (
                ~is_request,
                marked("{lines} of sign-ins whose name is not on the list of accounts"),
                marked("The name may be another spelling of the account."),
                ("names",),
            ),
        )
        for condition, what, follows, kinds in groups:
            part = rows.filter(condition)
            if part.is_empty():
                continue
            lines = count(total(part), "line")
            places = self.hours.wheres(part["building"].drop_nulls())
            yield Miss(
                what=text(what, lines=lines),
                when=places or self.hours.span(part["first_time"].min(), part["last_time"].max()),
                follows=term(follows),
                logs=frozenset([*(Log(kind) for kind in kinds), *self._silent_logs(kinds)]),
            )

    def _without_place(self) -> Iterator[Miss]:
        """Yield lines with the account that may be of the place in question."""
        if not self.hours.place:
            return
        column, what = (
            ("device", marked("{lines} with the account, on a device that is not known"))
            if self.hours.question.device
            else ("building", marked("{lines} with the account, at a place that is not known"))
        )
        rows = self.hours.lines.filter(pl.col(column).is_null() & ~pl.col("what").is_in(ENDS))
        if not rows.is_empty():
            yield Miss(
                what=text(what, lines=count(total(rows), "line")),
                when=self.hours.span(rows["first_time"].min(), rows["last_time"].max()),
                follows=text("They may be of {place}.", place=self.hours.place),
                logs=frozenset([Log("keyboard"), Log("device"), *self._silent_logs(["device"])]),
            )

    def _silent_logs(self, ways: Sequence[str]) -> Iterator[Log]:
        """Yield the silent logs that record one of these ways."""
        for one in self._silences:
            if not {*ways}.isdisjoint(self._ways_of(one.source)) and self._matters(one.building):
                yield Log("lines", one.source)

    def _of_lists(self) -> Iterator[Miss]:
        """Yield rows that the district's lists lack about the account and the device."""
        question, frames = self.hours.question, self.hours.district.registry.frames
        accounts = frames["accounts"].filter(pl.col("account") == question.account)
        is_person = (accounts["account_type"] == "person").any()
        if accounts["owner_person_id"].drop_nulls().is_empty():
            yield Miss(
                what=text("The list of accounts has no owner of this account"),
                follows=text(
                    "Use of a device that is assigned to its owner does not name the account."
                )
                if is_person
                else text("Several people may use it: no device is assigned to it."),
                logs=frozenset([Log("owner")]) if is_person else frozenset(),
            )
        devices = frames["devices"].filter(pl.col("device") == question.device)
        if question.device and devices["assigned_to"].drop_nulls().is_empty():
            is_stock = not devices["pool"].drop_nulls().is_empty()
            yield Miss(
                what=text("Several people may use this device")
                if is_stock
                else text("The list of devices has no person for this device"),
                follows=text("A request from it names an account only by a login."),
                logs=frozenset() if is_stock else frozenset([Log("holder")]),
            )


def _clock_size(seconds: float) -> str:
    minutes = round(seconds / 60)
    return (
        count(minutes, "minute")
        if minutes
        else plural("{n} second", "{n} seconds", round(seconds), n=round(seconds))
    )


def total(rows: pl.DataFrame) -> int:
    """Return the number of lines that rows count."""
    return int(rows["line_count"].sum())
