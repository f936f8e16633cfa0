"""The page of an inquiry: what the logs show of an account in some hours, and what they could miss.

No page shows that an account was not used. This one lists each way in which use in these hours
could have left no line with the account, from the logs' silences, clocks and grades and from holes
in the district's lists. Of the logs that would have shown these ways it chooses the fewest
(`health.unseen.fewest`): who has one of them can refute the page.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.district import District
from pipelines.errors import capital
from pipelines.events import INSTANT
from pipelines.findings.attribution_words import in_words
from pipelines.health.issues import EVERYWHERE
from pipelines.health.overview import fetched_until
from pipelines.health.source_hours import day_kinds, judged_hours
from pipelines.health.unseen import Silence, Span, days_of, fewest, instead, silences, united
from pipelines.lake.files import REJECTS
from pipelines.privacy.pseudonyms import Kind
from pipelines.registry.registry import building_names
from pipelines.reports.language import in_locale, marked, plural, restated, series, term, text
from pipelines.reports.pages import environment
from pipelines.reports.words import (
    between,
    clock,
    count,
    day,
    day_range,
    day_ranges,
    day_with_year,
    device_name,
    listed,
    moment,
    number,
    span,
)
from pipelines.state import ledger
from pipelines.state.ledger import DAMAGED, FAILED
from pipelines.state.retention import purged_events
from pipelines.state.source_records import dirty_days, last_look, quarantined
from pipelines.warehouse.clock_pairs import MIN_PAIRS, blamed
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import attached_query

LEARNED = timedelta(days=28)
"""Days before the hours from which the usual lines of a source are learned."""
REACH = timedelta(days=14)
"""Days before the hours in which a log shows what it records, and where."""
ONE_DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MOST_SPANS = 6
PAUSE_SECONDS = 600
"""A shorter pause occurs in every log."""
FIXED = ("desktop", "podium", "lab_pc", "kiosk", "server", "signage", "vdi_host")
"""Classes of devices that stay in their building."""

Named = Callable[[Kind, str], str]
"""Returns the code name of a value."""


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
SHOWN: Mapping[str, str] = {
    "use": marked("pages at a person's pace"),
    "live": marked("signed in, screen unlocked"),
    "locked": marked("signed in, screen locked"),
    "wifi": marked("connected to the Wi-Fi or a network port"),
    "tunnel": marked("connected to the VPN"),
    "portal": marked("logged in at a page of the proxy or firewall"),
    "sign_in": marked("signed in to a cloud service"),
    "mapping": marked("an address was matched to the account by the firewall"),
}
"""What a stretch of time shows."""
LINES: Mapping[str, str] = {
    "request": marked("requests"),
    "interactive": marked("sign-ins at the device"),
    "cached": marked("sign-ins at the device, without the directory"),
    "remote": marked("remote sign-ins"),
    "network": marked("sign-ins to shares and mailboxes, also by programs"),
    "batch": marked("sign-ins of scheduled tasks"),
    "service": marked("sign-ins of services"),
    "vpn": marked("VPN sessions"),
    "wifi": marked("logins to the Wi-Fi or to network ports"),
    "cloud": marked("sign-ins to cloud services"),
    "proxy": marked("logins at a page of the proxy or firewall"),
    "ticket": marked("tickets of the directory, also by programs"),
    "mapping": marked("addresses that the firewall matched to the account"),
    "logoff": marked("ends of sessions"),
    "lock": marked("locked screens"),
    "logon": marked("other sign-ins"),
    "unlock": marked("unlocked screens"),
}
"""What lines record."""
GRADES: Mapping[str, str] = {
    "A": marked("strong (grade A): the login is in the line, or two logs agree"),
    "B": marked("medium (grade B): the device is assigned to the owner of the account"),
    "C": marked("weak (grade C): one fact alone names the account"),
}
OTHER = "other"
CLASSES: Mapping[str, str] = {"http_requests": "web", "leases": "device", "logons": OTHER}
"""Class of events -> what its sources record; logons differ by line."""
ENDS = ("logoff", "lock")
"""Lines that show no use."""
AT_DEVICES = ("keyboard", "network", "web")
"""Ways that a use in a building would take."""
ELSEWHERE = ("cloud", "tunnel")


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


def absence_page(
    district: District, database: Database, asked: Question, named: Named, now: datetime
) -> str:
    """Return the page in the district's language, as HTML.

    Args:
        database: A database with the warehouse attached as `built`.
        named: The code name of a device on the first of the days.
    """
    with in_locale(district.settings.district.locale):
        values = Absence(district, database, asked, named, now).values()
        return environment().get_template("absence.html.j2").render(**values)


class Absence:
    """What the logs show of an account in some hours, and what they could miss."""

    def __init__(
        self,
        district: District,
        database: Database,
        asked: Question,
        named: Named,
        now: datetime,
    ) -> None:
        self._district, self._database, self._asked, self._named = district, database, asked, named
        self._zone = ZoneInfo(district.zone)
        self._today = now.astimezone(self._zone).date()
        self._buildings = building_names(district.registry)
        self._files = {one.file_id: one for one in ledger.source_files(district.store)}

    def _frame(self, name: str, **values: object) -> pl.DataFrame:
        query, known = attached_query(f"lookups/{name}"), self._asked.values | values
        return self._database.frame(query, {one: known[one] for one in known if f"${one}" in query})

    def values(self) -> dict[str, object]:
        """Return the values of the template."""
        asked, misses = self._asked, list(self.misses())
        stretches = self._frame("stretches_of_use", kind="account", subject=asked.account)
        return {
            "district": self._district.settings.district.name,
            "made": day_with_year(self._today),
            "asked": asked,
            "question": self._question(),
            "hours": self._hours(),
            "place": self._place,
            "answer": self._answer(stretches),
            "stretches": [self._stretch(row) for row in stretches.iter_rows(named=True)],
            "lines": [self._line(row) for row in self._lines.iter_rows(named=True)],
            "others": self._others() if asked.device else [],
            "unnamed_there": self._unnamed_there() if asked.device else "",
            "misses": misses,
            "requested": self._requested(misses),
            "zone": self._district.zone,
            "is_student": self._is_student(),
        }

    def _is_student(self) -> bool:
        frames = self._district.registry.frames
        owned = frames["accounts"].filter(pl.col("account") == self._asked.account)
        people = frames["people"].filter(pl.col("is_student"))["person_id"]
        return owned["owner_person_id"].is_in(people.implode()).any()

    @cached_property
    def _place(self) -> str:
        """The device or building in question, in words; empty without one."""
        asked = self._asked
        if asked.device:
            return text("device {name}", name=asked.device)
        return self._buildings.get(asked.building, asked.building)

    @cached_property
    def _there(self) -> str:
        """The same with its preposition."""
        asked = self._asked
        if asked.device:
            return text("on device {name}", name=asked.device)
        return text("at {building}", building=self._place)

    def _question(self) -> str:
        account = self._asked.account
        if not self._place:
            return text("Where was account {account} used in these hours?", account=account)
        return text(
            "Was account {account} used {there} in these hours?", account=account, there=self._there
        )

    def _hours(self) -> str:
        """Return the hours in words, with the year; the end of a day is midnight."""
        first, last, days = self._asked.start, self._asked.end, self._asked.days
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
    def _lines(self) -> pl.DataFrame:
        """The lines with the account; those of a wrong clock by the hours that it showed."""
        account = self._asked.account
        lines = self._frame("lines_of_an_account", account=account)
        shifted = [
            self._frame(
                "lines_of_an_account",
                account=account,
                start=start,
                until=end,
                first=start.date() - ONE_DAY,
                last=end.date() + ONE_DAY,
            ).filter(pl.col("source") == source)
            for source, (start, end) in self._own_hours.items()
        ]
        own = lines.filter(~pl.col("source").is_in(list(self._own_hours)))
        return pl.concat([own, *shifted]).sort("first_time", "last_time", maintain_order=True)

    @cached_property
    def _wrong_clocks(self) -> list[tuple[str, str, float, date]]:
        """Sources whose clock was off on one of the days: the other, seconds ahead, the day."""
        rows = self._clocks.partition_by("event_date") if self._clocks.height else []
        return sorted(
            {
                (name, other, round(ahead), rows["event_date"][0])
                for rows in rows
                for name, other, ahead, _ in blamed(rows)
            }
        )

    @cached_property
    def _own_hours(self) -> Mapping[str, Span]:
        """The hours as a wrong clock showed them, by source."""
        hours: dict[str, Span] = {}
        for name, _, ahead, _ in self._wrong_clocks:
            shift = timedelta(seconds=ahead)
            start, end = self._asked.start + shift, self._asked.end + shift
            before = hours.get(name, (start, end))
            hours[name] = (min(start, before[0]), max(end, before[1]))
        return hours

    @cached_property
    def _clocks(self) -> pl.DataFrame:
        days = self._asked.days
        return self._database.table("built.marts.source_clocks").filter(
            pl.col("event_date").is_between(days[0], days[-1])
        )

    def _answer(self, stretches: pl.DataFrame) -> str:
        """Return what the logs show, in a sentence or two that no one can take for more."""
        asked = self._asked
        if stretches.is_empty() and self._lines.is_empty():
            return text(
                "No line of these hours has the account. That is not evidence that the account "
                "was not used, nor that it was."
            )
        if not self._place:
            return text(
                "The logs show the account in these hours, as listed here. They do not show who "
                "used it."
            )
        column = "device" if asked.device else "building"
        there = asked.device or asked.building
        is_there = (stretches[column] == there).any() or (self._lines[column] == there).any()
        if is_there:
            return text(
                "The logs show the account {there} in these hours: the rows are marked. They do "
                "not show who used it.",
                there=self._there,
            )
        return text(
            "The logs show the account in these hours, and no line shows it {there}. An account "
            "can be used in two places at the same time: its use elsewhere excludes nothing.",
            there=self._there,
        )

    def _is_there(self, row: Mapping[str, object]) -> bool:
        asked = self._asked
        if asked.device:
            return row["device"] == asked.device
        return bool(asked.building) and row["building"] == asked.building

    def _stretch(self, row: Mapping[str, object]) -> dict[str, object]:
        what = str(row["state"] if row["what"] == "keyboard" else row["what"])
        shown = term(SHOWN.get(what, what))
        if row["is_open"]:
            shown = text("{shown}; no line shows the end", shown=shown)
        if row["what"] == "use":
            grade = str(row["state"])
            evidence = term(GRADES[grade]) if grade in GRADES else grade
            shown = f"{shown} ({count(_int(row['request_count']), 'request')})"
        elif row["is_clock_checked"] is None or row["what"] != "keyboard":
            evidence = text("the log line of the login")
        elif row["is_clock_checked"]:
            evidence = text("the log line of the sign-in; the device's clock agrees with another")
        else:
            evidence = text(
                "the log line of the sign-in; the device's clock was not compared with another"
            )
        return {
            "when": self._span(row["start_time"], row["end_time"]),
            "what": shown,
            "device": self._device(row["device"]),
            "where": self._where(row["building"]),
            "source": self._sources(row["files"]),
            "evidence": evidence,
            "is_there": self._is_there(row),
        }

    def _line(self, row: Mapping[str, object]) -> dict[str, object]:
        what = term(LINES.get(str(row["what"]), str(row["what"])))
        if not row["is_success"]:
            what = text("{what}, refused", what=what)
        facts = str(row["facts"] or "")
        return {
            "what": what,
            "source": row["source"],
            "device": self._device(row["device"]),
            "where": self._where(row["building"]),
            "known": capital(restated(in_words(facts))) if facts else text("The line names it."),
            "when": self._span(row["first_time"], row["last_time"]),
            "lines": number(_int(row["line_count"])),
            "is_there": self._is_there(row),
        }

    def _others(self) -> list[dict[str, object]]:
        """Return who used the device in question; other accounts have no name."""
        rows = self._frame("stretches_of_use", kind="device", subject=self._asked.device)
        return [
            {
                **self._stretch(row),
                "who": text("this account")
                if row["account"] == self._asked.account
                else text("another account"),
            }
            for row in rows.iter_rows(named=True)
        ]

    def _unnamed_there(self) -> str:
        lines = _total(self._unnamed.filter("is_there"))
        if not lines:
            return ""
        return plural(
            "{n} line from this device names no account.",
            "{n} lines from this device name no account.",
            lines,
            n=number(lines),
        )

    def _span(self, start: object, end: object) -> str:
        assert isinstance(start, datetime)
        assert isinstance(end, datetime)
        first, last = start.astimezone(self._zone), end.astimezone(self._zone)
        asked = self._asked
        has_clock_change = asked.start.utcoffset() != asked.end.utcoffset()
        if [first.date(), last.date()] != asked.days * 2 or has_clock_change:
            return span(start, end, self._zone)
        # the question has the day
        times = dict.fromkeys(clock(one.hour, one.minute) for one in (first, last))
        return between(*times) if len(times) > 1 else next(iter(times))

    def _wheres(self, buildings: Iterable[object]) -> str:
        """Return buildings by name; all of a district have one word."""
        places = sorted({self._where(one) for one in buildings})
        every = self._district.registry.frames["buildings"]["building"].n_unique()
        return text("all buildings") if len(places) == every > 1 else listed(places)

    def _spans(self, spans: Iterable[Span]) -> str:
        return _some([self._span(*one) for one in spans])

    def _days(self, days: Iterable[date]) -> str:
        return _some(day_ranges(sorted(set(days))))

    def _device(self, name: object) -> str:
        if not name:
            return text("device not known")
        if name == self._asked.device:
            return self._place
        return device_name(self._named("device", str(name)))

    def _where(self, building: object) -> str:
        if not building:
            return text("place not known")
        return self._buildings.get(str(building), str(building))

    def _sources(self, files: object) -> str:
        assert isinstance(files, list)
        known = {self._files[one].source for one in files if one in self._files}
        return series(sorted(known)) or text("deleted lines")

    # --- what could have been missed

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
        store, days = self._district.store, self._asked.days
        stored, today = set(ledger.event_days(store)), self._today
        deleted = [one for one in days if purged_events(store, one)]
        if deleted:
            yield Miss(
                what=text("Log lines that were deleted"),
                when=self._days(deleted),
                follows=text("Their retention had ended. What they showed is not known."),
                logs=frozenset([Log("copy")]),
            )
        empty = [one for one in days if one not in stored and one not in deleted and one <= today]
        if empty:
            yield Miss(
                what=text("Days without any log line"),
                when=self._days(empty),
                follows=text("Nothing is known of these days."),
                logs=frozenset([Log("day")]),
            )
        look = last_look(store)
        if look is None or look < self._asked.end:
            yield Miss(
                what=text("Lines that had not arrived when this page was made"),
                when=moment(look, self._zone) if look else "",
                follows=text("Lines that arrived after this time are not on this page."),
                logs=frozenset([Log("later")]),
            )
        waiting = {*dirty_days(store)} | {one.event_date for one in quarantined(store)}
        if None in waiting or waiting & {*days}:
            yield Miss(
                what=text("Lines that are not processed, or not completely"),
                when=self._days(one for one in waiting if one in days),
                follows=text("They are stored. The next run can show what they contain."),
                logs=frozenset([Log("build")]),
            )
        rejects = ledger.lake_files(store, REJECTS, first=days[0], last=days[-1])
        for source in sorted({one.source for one in rejects}):
            own = [one for one in rejects if one.source == source]
            lines = sum(one.row_count for one in own)
            yield Miss(
                what=text(
                    "{source}: {lines} that could not be read",
                    source=source,
                    lines=count(lines, "line"),
                ),
                when=self._days(date.fromisoformat(one.event_date) for one in own),
                follows=text("One of them may have the account. They are stored, and can be read."),
                logs=frozenset([Log("rejected", source)]),
            )
        unread = [one for one in self._files.values() if one.state in (FAILED, DAMAGED)]
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
        days = self._asked.days
        since = days[0] - REACH
        reach: dict[str, set[tuple[str, str]]] = {}
        logons = self._database.frame(
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
        for file in ledger.lake_files(self._district.store):
            own = ways.setdefault(file.source, set())
            if file.event_class in CLASSES:
                own.add(CLASSES[file.event_class])
        return ways

    @cached_property
    def _hourly(self) -> pl.DataFrame:
        """Lines of each source by hour, and of each in a building."""
        first = self._asked.days[0] - LEARNED
        values = {"first": first, "first_in_buildings": first}
        hours = self._database.frame(attached_query("lookups/hours_of_sources"), values)
        return hours.filter(pl.col("event_date") <= self._asked.days[-1] + LEARNED)

    @cached_property
    def _silences(self) -> list[Silence]:
        """Silences of the logs that show an account; before its first line a log is silent."""
        start, end = self._asked.start, self._asked.end
        hours = self._hourly.filter(pl.col("line_count") > 0, pl.col("building") == EVERYWHERE)
        begun = dict(hours.group_by("source").agg(pl.col("hour_start").min()).iter_rows())
        until = fetched_until(self._district)
        known = self._classes.keys() | until.keys() | self._district.settings.sources.keys()
        # what a log that never came would record is not known
        named = {one for one in known if self._classes.get(one, OTHER)}
        found = [one for one in self._pauses() if one.source in named] if begun else []
        for source in sorted(named):
            first, last = begun.get(source, end), until.get(source, end)
            if first >= start + HOUR:
                found.append(Silence(source, EVERYWHERE, start, min(first, end)))
            if last < end:
                found.append(Silence(source, EVERYWHERE, max(last, start), end))
        return united(found)

    def _pauses(self) -> list[Silence]:
        hours, days = self._hourly, self._asked.days
        last = days[-1] + LEARNED
        kinds = day_kinds(self._database.table("built.marts.school_days"), days[0] - LEARNED, last)
        sources = hours["source"].unique()
        look = last_look(self._district.store) or self._asked.end
        closed = sources.to_frame().with_columns(
            closed_time=pl.lit(min(look, self._asked.end + ONE_DAY).astimezone(UTC), dtype=INSTANT)
        )
        judged = judged_hours(hours, kinds, closed, self._district.zone)
        pauses = self._database.table("built.core.log_pauses").filter(
            pl.col("event_date").is_between(days[0] - ONE_DAY, days[-1])
            & (pl.col("seconds") >= PAUSE_SECONDS)
        )
        return silences(judged, pauses, self._asked.start, self._asked.end)

    def _ways_of(self, source: str) -> list[str]:
        known, classes = self._reach.get(source, ()), self._classes.get(source, set())
        ways = {way for way, _ in known} | (classes - {OTHER} if known else classes)
        return sorted(ways, key=list(RECORDS).index)

    def _matters(self, building: str) -> bool:
        """Return whether a building is one in question; the whole district always is."""
        return not building or building in self._places

    @cached_property
    def _places(self) -> list[str]:
        """The buildings in question: all of them, unless the question has a place."""
        asked, registry = self._asked, self._district.registry
        every = registry.frames["buildings"]["building"].drop_nulls().unique().sort().to_list()
        if asked.building:
            return [asked.building]
        devices = registry.frames["devices"].filter(pl.col("device") == asked.device)
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
                where = self._where(building)
                what = text("{source}: no lines from {where}", source=source, where=where)
            else:
                what = text("{source}: no lines", source=source)
            records = series([term(RECORDS[way]) for way in self._ways_of(source)])
            yield Miss(
                what=what,
                when=self._spans(spans),
                follows=text(
                    "This log records {records}. Lines of this time may be missing.",
                    records=records,
                )
                if records
                else text("No line of this log has arrived."),
                logs=frozenset([Log("lines", source)]),
            )

    def _of_clocks(self) -> Iterator[Miss]:
        for source, other, ahead, when in self._wrong_clocks:
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
                    "By its clock these hours were {hours}. The table of lines contains those.",
                    hours=self._span(*self._own_hours[source]),
                ),
                logs=frozenset([Log("clock", source)]),
            )
        enough = self._clocks.filter(pl.col("pair_count") >= MIN_PAIRS)
        measured = {*enough["source"], *enough["other_source"]}
        unmeasured = sorted(one for one in self._reach if one not in measured)
        if unmeasured:
            yield Miss(
                what=text(
                    "{sources}: clock not compared with another log", sources=series(unmeasured)
                ),
                when=self._days(self._asked.days),
                follows=text("If a clock was wrong, lines of these hours may have other times."),
            )

    def _without_logs(self) -> Iterator[Miss]:
        """Yield ways that no log of the district shows."""
        yield from self._devices_without_sign_ins()
        shown = {pair for source in self._reach.values() for pair in source}
        for way in AT_DEVICES[1:]:
            lacking = [one for one in self._places if (way, one) not in shown]
            if lacking and (way, "") not in shown:
                yield self._unshown(way, self._wheres(lacking))
        for way in () if self._place else ELSEWHERE:
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
        days = self._asked.days
        rows = self._frame(
            "devices_with_sign_ins", since=days[0] - REACH, device=self._asked.device or None
        ).filter(pl.col("building").is_null() | pl.col("building").is_in(self._places))
        lacking = rows.filter(pl.col("writing_count") < pl.col("device_count"))
        if lacking.is_empty():
            return
        total = int(rows["device_count"].sum())
        without = int((lacking["device_count"] - lacking["writing_count"]).sum())
        what = (
            text("{place} wrote no sign-in", place=capital(self._place))
            if self._asked.device
            else text(
                "{n} of {total} listed computers and Chromebooks wrote no sign-in",
                n=number(without),
                total=number(total),
            )
        )
        yield Miss(
            what=what,
            when=self._wheres(lacking["building"]),
            follows=text(
                "In these days and the two weeks before, no log shows sign-ins there. A sign-in "
                "would leave no line."
            ),
            logs=frozenset([Log("keyboard")]),
        )

    @cached_property
    def _unnamed(self) -> pl.DataFrame:
        return self._frame("lines_without_an_account", device=self._asked.device or None)

    def _without_account(self) -> Iterator[Miss]:
        """Yield lines that name no account: one of them may be this account's."""
        asked, rows = self._asked, self._unnamed
        if asked.device:
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
            own = rows.filter(condition)
            if own.is_empty():
                continue
            lines = count(_total(own), "line")
            places = self._wheres(own["building"].drop_nulls())
            yield Miss(
                what=text(what, lines=lines),
                when=places or self._span(own["first_time"].min(), own["last_time"].max()),
                follows=term(follows),
                logs=frozenset([*(Log(kind) for kind in kinds), *self._silent_logs(kinds)]),
            )

    def _without_place(self) -> Iterator[Miss]:
        """Yield lines with the account that may be of the place in question."""
        if not self._place:
            return
        column, what = (
            ("device", marked("{lines} with the account, on a device that is not known"))
            if self._asked.device
            else ("building", marked("{lines} with the account, at a place that is not known"))
        )
        rows = self._lines.filter(pl.col(column).is_null() & ~pl.col("what").is_in(ENDS))
        if not rows.is_empty():
            yield Miss(
                what=text(what, lines=count(_total(rows), "line")),
                when=self._span(rows["first_time"].min(), rows["last_time"].max()),
                follows=text("They may be of {place}.", place=self._place),
                logs=frozenset([Log("keyboard"), Log("device"), *self._silent_logs(["device"])]),
            )

    def _silent_logs(self, ways: Sequence[str]) -> Iterator[Log]:
        """Yield the silent logs that record one of these ways."""
        for one in self._silences:
            if not {*ways}.isdisjoint(self._ways_of(one.source)) and self._matters(one.building):
                yield Log("lines", one.source)

    def _of_lists(self) -> Iterator[Miss]:
        """Yield rows that the district's lists lack about the account and the device."""
        asked, frames = self._asked, self._district.registry.frames
        accounts = frames["accounts"].filter(pl.col("account") == asked.account)
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
        devices = frames["devices"].filter(pl.col("device") == asked.device)
        if asked.device and devices["assigned_to"].drop_nulls().is_empty():
            is_stock = not devices["pool"].drop_nulls().is_empty()
            yield Miss(
                what=text("Several people may use this device")
                if is_stock
                else text("The list of devices has no person for this device"),
                follows=text("A request from it names an account only by a login."),
                logs=frozenset() if is_stock else frozenset([Log("holder")]),
            )

    # --- the fewest logs

    def _requested(self, misses: Sequence[Miss]) -> list[dict[str, str]]:
        """Return the fewest logs that would have shown every way, each with what it would show."""
        ways = [one.logs for one in misses if one.logs]
        kinds = list(LOGS)
        order = sorted(
            {log for one in ways for log in one},
            key=lambda log: (kinds.index(log.kind), log.source),
        )
        chosen = fewest(ways, order)
        rows = []
        for log in chosen:
            own = [one for one in misses if log in one.logs]
            alone = [one for one in own if len(one.logs) == 1] or own
            others = instead(log, chosen, ways, order)
            rows.append(
                {
                    "log": self._log(log),
                    "when": "; ".join(dict.fromkeys(one.when for one in alone if one.when)),
                    "shows": "; ".join(one.what for one in own),
                    "instead": "; ".join(self._log(one) for one in others),
                }
            )
        return rows

    def _log(self, log: Log) -> str:
        return text(LOGS[log.kind], source=log.source)


def _some(times: Sequence[str]) -> str:
    """Return the first of several times, which contain commas; the others are counted."""
    left = len(times) - MOST_SPANS
    more = [text("{left} more", left=left)] if left > 0 else []
    return "; ".join([*times[:MOST_SPANS], *more])


def _clock_size(seconds: float) -> str:
    minutes = round(seconds / 60)
    return (
        count(minutes, "minute")
        if minutes
        else plural("{n} second", "{n} seconds", round(seconds), n=round(seconds))
    )


def _total(rows: pl.DataFrame) -> int:
    return int(rows["line_count"].sum())


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
