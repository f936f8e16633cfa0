"""Casting and small stage directions: what scenes are written with."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pipelines.synthetic.earlier import let_in
from pipelines.synthetic.invented_people import Person
from pipelines.synthetic.places import Device
from pipelines.synthetic.plan import (
    Absence,
    Case,
    Closed,
    Fetch,
    Flow,
    Key,
    Opened,
    Pace,
    Plan,
    is_free,
)
from pipelines.synthetic.routines import sit
from pipelines.synthetic.school_days import MINUTE, SECOND, Day
from pipelines.synthetic.world import World

Test = Callable[[Person], bool]
T = TypeVar("T")
Span = tuple[int, int]

SHARED = "shared_account"
SITE = "non_approved_site"
HOURS = "off_hours_external"
ANOMALY = "anomaly"
NONE = "none"


class NotCastError(Exception):
    """The district is too small, or the logs too short, for a scene."""


@dataclass
class SceneWriter:
    """Stage of the scenes: casts people, days and devices, records the truth.

    Attributes:
        busy: Days on which a person already plays, by person.
        seats: Spans in which a spare device is taken.
        earlier: Days before the first one with a kept log.
    """

    world: World
    plan: Plan
    rng: random.Random
    busy: dict[int, set[int]] = field(default_factory=dict)
    seats: dict[int, list[Span]] = field(default_factory=dict)
    earlier: Sequence[Day] = ()

    # who, when, where

    def day(self, *, after: int = 0, weekdays: str = "01234") -> Day:
        """Return some school day; `after` leaves out the first days."""
        fits = [
            day
            for day in self.world.days
            if day.kind == "school" and day.number >= after and str(day.date.weekday()) in weekdays
        ]
        return self.choice(fits)

    def on(self, date: object) -> Day:
        """Return the day of a date of the planned term."""
        return self.choice([day for day in self.world.days if day.planned == date])

    def choice(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        if not options:
            raise NotCastError
        return self.rng.choice(options)

    def person(self, test: Test, *days: Day) -> Person:
        """Return a person who plays nothing on these days; newcomers first."""
        wanted = {day.number for day in days}
        free = [
            person
            for person in self.world.roster.where(test)
            if not wanted & self.busy.get(person.number, set())
        ]
        fresh = [person for person in free if person.number not in self.busy]
        person = self.choice(fresh or free)
        self.busy.setdefault(person.number, set()).update(wanted)
        return person

    def teacher(self, *days: Day, building: str = "", laptop: bool = False) -> Person:
        """Return a teacher with a desktop computer, in the building if one is named."""
        places = self.world.places
        return self.person(
            lambda p: (
                p.job_title == "teacher"
                and building in {"", p.building}
                and places.of(p, "desktop") is not None
                and (not laptop or places.of(p, "laptop") is not None)
            ),
            *days,
        )

    def at_desk(
        self, *, after: int = 0, weekdays: str = "01234", building: str = ""
    ) -> tuple[Day, Person, Device]:
        """Return some school day, a teacher, and the desktop computer of theirs."""
        day = self.day(after=after, weekdays=weekdays)
        person = self.teacher(day, building=building)
        return day, person, self.desktop(person)

    def holder(self, job: str, *days: Day, building: str = "") -> Person:
        """Return a person with a job."""
        return self.person(lambda p: p.job_title == job and building in {"", p.building}, *days)

    def student(self, building: str, *days: Day) -> Person:
        """Return a student of a school."""
        return self.person(lambda p: p.is_student and p.building == building, *days)

    def carrier(self, building: str, *days: Day) -> Person:
        """Return a staff member who carries a laptop."""
        return self.person(
            lambda p: (
                p.building == building
                and not p.is_student
                and self.world.places.of(p, "laptop") is not None
            ),
            *days,
        )

    def desktop(self, person: Person) -> Device:
        """Return the desktop computer of a person."""
        return self.device(person, "desktop")

    def laptop(self, person: Person) -> Device:
        """Return the laptop of a person."""
        return self.device(person, "laptop")

    def device(self, person: Person, device_class: str) -> Device:
        """Return the device of that class that a person was given."""
        device = self.world.places.of(person, device_class)
        if device is None:
            raise NotCastError
        return device

    def spare(self, building: str, pool: str, span: Span) -> Device:
        """Return a shared device that is free in the span."""
        for device in reversed(self.world.places.pool(building, pool)):
            taken = self.seats.setdefault(device.number, [])
            if not device.clock_error_seconds and is_free(taken, *span):
                taken.append(span)
                return device
        raise NotCastError

    # what happens

    def use_minutes(self, told: float) -> float:
        """Return the length of a use in this district, for the scene's length."""
        return self.world.habits.use_minutes(told)

    def moment(self, day: Day, first: str = "09:00", last: str = "14:00") -> int:
        """Return a random time of the day between two times."""
        return self.rng.randrange(day.at(first), day.at(last), SECOND)

    def away(self, person: Person, span: Span, margin_minutes: int = 20) -> None:
        """Keep the time around the span free of ordinary activity."""
        margin = margin_minutes * MINUTE
        self.plan.away.append(Absence(person.number, span[0] - margin, span[1] + margin))

    def away_all_day(self, person: Person, day: Day) -> None:
        """Keep a day free of ordinary activity."""
        self.away(person, (day.at("00:30"), day.at("23:30")))

    def sit(  # noqa: PLR0913 - one act, told in full
        self,
        person: Person,
        device: Device,
        span: Span,
        taste: str = "",
        *,
        account: str = "",
        pace: Pace = "work",
        opened: Opened = "unlock",
        closed: Closed = "lock",
    ) -> None:
        """Sit at a device and browse; see `acts.sit`."""
        sit(
            self.plan,
            person,
            device,
            span,
            taste,
            account=account,
            pace=pace,
            opened=opened,
            closed=closed,
        )

    def visit(
        self,
        person: Person,
        device: Device,
        span: Span,
        taste: str = "",
        *,
        margin: int = 20,
        **how: Any,
    ) -> None:
        """Sit at a device and browse, without ordinary activity around it.

        Args:
            margin: Minutes before and after that are kept free.
            how: As `sit` takes it.
        """
        self.away(person, span, margin)
        self.sit(person, device, span, taste, **how)

    def tick(
        self,
        account: str,
        device: Device,
        span: Span,
        host: str,
        *,
        seconds: float,
        size: int,
        spread: float = 0.02,
    ) -> None:
        """Add a machine's requests to a host, at regular intervals."""
        now = float(span[0])
        while now < span[1]:
            jitter = self.rng.gauss(0, seconds * 8)
            bytes_in = round(size * self.rng.gauss(1, spread))
            self.plan.fetches.append(
                Fetch(account, device.number, device.network, round(now + jitter), host, bytes_in)
            )
            now += seconds * SECOND

    def fetch(
        self,
        account: str,
        device: Device,
        start: int,
        host: str,
        size: int,
        *,
        elapsed: int = 900,
        outcome: str = "tunnel",
    ) -> None:
        """Add one request."""
        self.plan.fetches.append(
            Fetch(account, device.number, device.network, start, host, size, elapsed, outcome)  # type: ignore[arg-type]
        )

    # what is true

    def leave(self, person: Person, day: Day, *, part: str, kind: str, **more: str) -> None:
        """Add a row of leave, approved unless `more` has another status."""
        row = {"part": part, "kind": kind, "status": "approved", **more}
        date = day.date.isoformat()
        self.plan.add("leave.csv", person_id=person.person_id, date=date, **row)

    def case(  # noqa: PLR0913 - a case has that many columns
        self,
        family: str,
        kind: str,
        rule: str,
        person: Person,
        devices: Sequence[Device],
        span: Span,
        note: str,
        *,
        intensity: int = 1,
        account: str = "",
    ) -> None:
        """Note a planted case."""
        self.plan.cases.append(
            Case(
                family,
                kind,
                rule,
                account or person.username,
                person.number,
                tuple(device.number for device in devices),
                *span,
                intensity,
                note,
            )
        )

    def about_nobody(self) -> None:
        """Make the last recorded case about a device or an address, without a person."""
        self.plan.cases[-1] = self.plan.cases[-1].without_person()


Scene = Callable[[SceneWriter], None]


def minutes(start: int, count: float) -> Span:
    """Return a span of a number of minutes."""
    return start, start + round(count * MINUTE)


def send(  # noqa: PLR0913 - a flow has that many sides
    writer: SceneWriter,
    device: Device,
    start: int,
    host: str,
    *,
    sent: int,
    received: int,
    seconds: float = 2,
    port: int = 443,
    protocol: int = 6,
    action: Literal["close", "deny"] = "close",
    is_inbound: bool = False,
) -> None:
    """Add one flow outside the proxy, on the device's usual network."""
    writer.plan.flows.append(
        Flow(
            device.number,
            device.network,
            start,
            round(seconds * SECOND),
            host,
            sent,
            received,
            port,
            protocol,
            action=action,
            is_inbound=is_inbound,
        )
    )


def beat(  # noqa: PLR0913 - a rhythm has that many sides
    writer: SceneWriter,
    device: Device,
    span: Span,
    host: str,
    *,
    every: float,
    jitter: float,
    sent: int = 900,
    received: int = 4_200,
) -> None:
    """Add a program's periodic calls to a host.

    Args:
        every: Seconds between calls.
        jitter: Share of that by which a call varies.
    """
    at = float(span[0])
    while at < span[1]:
        late = writer.rng.gauss(0, jitter * every * SECOND)
        size = round(received * writer.rng.gauss(1, 0.01))
        send(writer, device, round(at + late), host, sent=sent, received=size)
        at += every * SECOND


def about_device(
    writer: SceneWriter,
    family: str,
    rule: str,
    device: Device,
    span: Span,
    note: str,
    *,
    intensity: int = 1,
) -> None:
    """Record a case about a device, without a person."""
    kind = ANOMALY if rule else "none"
    anybody = writer.world.roster.staff[0]
    writer.case(
        family,
        kind,
        rule,
        anybody,
        (device,),
        span,
        note,
        intensity=intensity,
        account=device.listed_as,
    )
    writer.about_nobody()


def day_span(writer: SceneWriter, number: int) -> Span:
    """Return a whole local day."""
    day = writer.choice([one for one in writer.world.days if one.number == number])
    return day.at("00:00"), day.at("23:59")


def write_documents(writer: SceneWriter, account: str, device: Device, span: Span) -> None:
    """Plan a sitting from a logon to a logoff, with a dozen requests of documents."""
    key = Key(span[0], device.number, account, "4624", 2)
    writer.plan.keys.append(key)
    for place in range(12):
        start = span[0] + (30 + place * 55 + writer.rng.randint(0, 30)) * SECOND
        writer.fetch(account, device, start, "docs.google.com", 24_000 + 900 * place)
    leave = Key(span[1] + MINUTE, device.number, account, "4634", 2)
    writer.plan.keys.append(leave)


def last_used(writer: SceneWriter, least: int, most: int) -> tuple[Day, Day]:
    """Return a school day and one a number of days earlier, before the first day.

    Raises:
        NotCastError: No log was kept of such early days.
    """
    day = writer.day(after=1)
    fits = [
        one
        for one in writer.earlier
        if one.has_school and least <= (day.date - one.date).days <= most
    ]
    if not fits:
        raise NotCastError
    return day, writer.choice(fits)


def used_again(writer: SceneWriter, account: str, before: Day, day: Day) -> tuple[Span, Device]:
    """Return an account without an owner, used on a day before and again on this one."""
    writer.plan.add(
        "accounts.csv",
        username=account,
        account_type="person",
        approved_shared="no",
        valid_from="2025-08-01",
    )
    span = minutes(writer.moment(day), 14)
    device = writer.spare("MS", "workroom", span)
    seen_before(writer, account, device, before)
    write_documents(writer, account, device, span)
    return span, device


def seen_before(writer: SceneWriter, account: str, device: Device, before: Day) -> None:
    """Show an account on a day before the first one, and on no other of those."""
    start = before.at("10:00", writer.rng.randint(0, 90))
    writer.plan.silent.append(account)
    writer.plan.earlier.append(let_in(account, device, start))
