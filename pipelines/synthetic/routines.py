"""Everyone's ordinary day: activities, contract hours, classes, phones."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pipelines.synthetic.invented_people import Person
from pipelines.synthetic.places import Device
from pipelines.synthetic.plan import (
    Closed,
    Fetch,
    Opened,
    Pace,
    Plan,
    Session,
    Sitting,
    Tunnel,
    is_free,
)
from pipelines.synthetic.school_days import MINUTE, SECOND, Day
from pipelines.synthetic.world import World

HOME_NETWORK = "DO/remote"


HOURS = {
    "secretary": ("07:00", "15:30"),
    "communications secretary": ("07:30", "16:00"),
    "superintendent": ("07:30", "16:45"),
    "business manager": ("07:30", "16:30"),
    "technology director": ("07:30", "16:30"),
    "technician": ("07:45", "16:15"),
    "principal": ("07:15", "16:30"),
    "custodian": ("06:00", "14:30"),
    "second-shift custodian": ("14:30", "23:00"),
}
TEACHING_HOURS = ("07:30", "15:45")
UPDATE_WEEKDAY = 2
TABS = ("docs.google.com", "mail.google.com", "www.espn.com", "www.office.com",
        "www.amazon.com", "www.instagram.com")  # fmt: skip
GLANCES = ("glance_news", "glance_news", "glance_shop", "glance_sport")


def sit(  # noqa: PLR0913 - one act, told in full
    plan: Plan,
    person: Person,
    device: Device,
    span: tuple[int, int],
    taste: str = "",
    *,
    account: str = "",
    pace: Pace = "work",
    opened: Opened = "unlock",
    closed: Closed = "lock",
) -> None:
    """Sit at a device and browse all the time; without a taste, just sit.

    Args:
        plan: Where it is added.
        person: The person.
        device: Their device.
        span: Start and end.
        taste: What is browsed.
        account: The account, if not the person's own.
        pace: How pages follow each other.
        opened: The device's log at the start.
        closed: Its log at the end.
    """
    start, end = span
    name = account or person.username
    place = device.network
    plan.sittings.append(
        Sitting(person.number, name, device.number, place, start, end, opened, closed)
    )
    if taste:
        begun = start + 35 * SECOND
        browse(plan, person, device, (begun, end - 15 * SECOND), taste, account, pace)


def browse(  # noqa: PLR0913 - one act, told in full
    plan: Plan,
    person: Person,
    device: Device,
    span: tuple[int, int],
    taste: str,
    account: str = "",
    pace: Pace = "work",
    *,
    network: str = "",
    address: int = 0,
) -> None:
    """Browse for a while on a device that is in use already."""
    plan.sessions.append(
        Session(
            person.number,
            account or person.username,
            device.number,
            network or device.network,
            *span,
            taste,
            pace,
            address,
        )
    )


def at_home(
    plan: Plan,
    person: Person,
    laptop: Device,
    span: tuple[int, int],
    taste: str,
    *,
    pace: Pace = "work",
    remote_ip: str = "",
) -> None:
    """Use the district's laptop at home, through the tunnel, on a cached logon."""
    start, end = span
    name = person.username
    plan.tunnels.append(
        Tunnel(
            name,
            laptop.number,
            start - 50 * SECOND,
            end + MINUTE,
            remote_ip or home_address(person),
        )
    )
    plan.sittings.append(
        Sitting(person.number, name, laptop.number, HOME_NETWORK, start, end, "cached")
    )
    inside = (start + 20 * SECOND, end - 10 * SECOND)
    browse(plan, person, laptop, inside, taste, pace=pace, network=HOME_NETWORK)


def home_address(person: Person) -> str:
    """Return the address of a person's line at home."""
    return f"203.0.113.{1 + person.number % 119}"


def hours(person: Person) -> tuple[str, str]:
    """Return contract hours of a job, local time."""
    return HOURS.get(person.job_title, TEACHING_HOURS)


@dataclass
class Routines:
    """Fills a plan with ordinary days, around what is planted already.

    Attributes:
        seats: Taken spans of shared devices.
    """

    world: World
    plan: Plan
    rng: random.Random
    absences: dict[int, list[tuple[int, int]]]
    seats: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def free(self, person: Person, start: int, end: int) -> bool:
        """Return whether nothing else is planned for the person."""
        return is_free(self.absences.get(person.number, ()), start, end)

    def book(self, device: Device, start: int, end: int) -> bool:
        """Take a shared device if it is free."""
        taken = self.seats.setdefault(device.number, [])
        if not is_free(taken, start - MINUTE, end + MINUTE):
            return False
        taken.append((start, end))
        return True


def stretches(
    rng: random.Random, start: int, end: int, sit: tuple[int, int], away: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """Yield sittings between two times, with breaks; bounds in minutes."""
    now = start
    while True:
        length = rng.randint(*sit) * MINUTE + rng.randrange(59) * SECOND
        if now + length > end:
            return
        yield now, now + length
        now += length + rng.randint(*away) * MINUTE + rng.randrange(59) * SECOND


def work(
    routines: Routines,
    person: Person,
    device: Device,
    span: tuple[int, int],
    taste: str,
    ends: tuple[Opened, Closed],
    network: str = "",
) -> None:
    """Plan one sitting with a session or two in it."""
    rng, plan = routines.rng, routines.plan
    name = person.username
    place = network or device.network
    plan.sittings.append(Sitting(person.number, name, device.number, place, *span, *ends))
    start, end = span
    for _ in range(2 if rng.random() < 0.25 else 1):
        begun = start + rng.randint(30, 200) * SECOND
        done = min(end - 10 * SECOND, begun + rng.randint(150, 560) * SECOND)
        if done - begun > MINUTE and rng.random() < 0.9:
            browse(plan, person, device, (begun, done), taste, name, network=place)
        start = done + rng.randint(60, 400) * SECOND


def students_day(routines: Routines, day: Day) -> None:
    """Plan students' day with their own devices, and classes in the labs."""
    rng, places = routines.rng, routines.world.places
    books = {d.assigned_to: d for d in places.where(_is("chromebook"))}
    for student in routines.world.roster.students:
        if rng.random() < 0.06:
            continue
        start = day.at("08:20", rng.randint(0, 60))
        spans = stretches(rng, start, day.at("15:05"), (3, 7), (70, 170))
        for span in spans:
            if routines.free(student, *span):
                browse(routines.plan, student, books[student.person_id], span, "student")
    for building in ("HS", "MS", "ES"):
        _lab_classes(routines, day, building)


def _lab_classes(routines: Routines, day: Day, building: str) -> None:
    """Plan a class or two in the computer lab, each student with their own account."""
    rng, world = routines.rng, routines.world
    students = world.roster.where(lambda p: p.is_student and p.building == building)
    lab = world.places.pool(building, "lab")[:-3]
    for clock in rng.sample(["08:45", "09:40", "10:35", "12:50", "13:45"], 2):
        group = rng.sample(students, min(len(students), len(lab)))
        for student, device in zip(group, lab, strict=False):
            start = day.at(clock, rng.uniform(0, 4))
            span = (start, start + rng.randint(25, 38) * MINUTE)
            if routines.free(student, *span) and routines.book(device, *span):
                work(routines, student, device, span, "student", ("logon", "logoff"))


def phones_day(routines: Routines, day: Day) -> None:
    """Plan staff phones on the wireless network for own devices; some roam."""
    rng, world = routines.rng, routines.world
    if not day.has_school:
        return
    owners = {person.person_id: person for person in world.roster.staff}
    for phone in world.places.where(_is("phone_byod")):
        person = owners[phone.assigned_to]
        start = day.at(hours(person)[0], rng.randint(-5, 60))
        spans = stretches(rng, start, day.at("15:40"), (1, 2), (70, 190))
        roams = rng.random() < 0.08 and person.building in {"HS", "MS"}
        for place, span in enumerate(spans):
            network = "MS/byod" if roams and place % 2 else phone.network
            if rng.random() < 0.1:
                network = network.replace("byod", "guest")
            if routines.free(person, *span):
                browse(routines.plan, person, phone, span, "phone", pace="phone", network=network)


def _is(device_class: str) -> Callable[[Device], bool]:
    return lambda device: device.device_class == device_class


def add_routines(world: World, plan: Plan) -> None:
    """Plan everyone's ordinary days, on every day of the world."""
    rng = world.random("routines")
    seats: dict[int, list[tuple[int, int]]] = {}
    for sitting in plan.sittings:
        seats.setdefault(sitting.device, []).append((sitting.start, sitting.end))
    routines = Routines(world, plan, rng, plan.absences(), seats)
    desks = {person: _desk(world, rng, person) for person in world.roster.staff}
    for day in world.days:
        for person, device in desks.items():
            if works(person, day):
                _staff_day(routines, person, day, device)
        if day.has_school:
            students_day(routines, day)
        phones_day(routines, day)


def works(person: Person, day: Day) -> bool:
    """Return whether a person is on duty in a building."""
    if day.kind == "pd_day":
        return person.job_title not in {"substitute", "aide"}
    return day.has_school


def _desk(world: World, rng: random.Random, person: Person) -> Device | None:
    """Return a person's usual desk."""
    kinds = ["desktop", "laptop"]
    if rng.random() < 0.2:
        kinds.reverse()
    found = (world.places.of(person, kind) for kind in kinds)
    return next((device for device in found if device), None)


def _staff_day(routines: Routines, person: Person, day: Day, desk: Device | None) -> None:
    if person.job_title == "itinerant therapist" and desk:
        _rounds(routines, person, day, desk)
    elif desk:
        _desk_day(routines, person, day, desk)
    else:
        _shared_day(routines, person, day)
    _glance(routines, person, day, desk)


def _desk_day(routines: Routines, person: Person, day: Day, desk: Device) -> None:
    rng = routines.rng
    first, last = hours(person)
    start = day.at(first, rng.gauss(-6, 4))
    end = day.at(last, rng.gauss(-6, 10))
    taste = "teach" if person.role == "teacher" else "office"
    opened: Opened = "logon" if rng.random() < 0.75 else "unlock"
    spans = list(stretches(rng, start, end, (9, 50), (8, 55)))
    for place, span in enumerate(spans):
        closed = _leaving(rng, is_last=place == len(spans) - 1)
        if routines.free(person, *span) and routines.book(desk, *span):
            work(routines, person, desk, span, taste, (opened, closed))
            opened = "logon" if closed == "logoff" else "unlock"
            if closed == "none":
                opened = "none" if rng.random() < 0.6 else "unlock"


def _leaving(rng: random.Random, *, is_last: bool) -> Closed:
    draw = rng.random()
    if is_last:
        return "logoff" if draw < 0.5 else "lock" if draw < 0.88 else "none"
    return "lock" if draw < 0.82 else "none"


def _rounds(routines: Routines, person: Person, day: Day, laptop: Device) -> None:
    """Plan three buildings per day, with honest drives between them."""
    rng = routines.rng
    late = rng.randint(0, 12)
    for building, first, last in (
        ("HS", "07:45", "09:40"),
        ("ES", "10:20", "12:10"),
        ("MS", "12:55", "15:20"),
    ):
        spans = stretches(rng, day.at(first, late), day.at(last), (15, 40), (10, 25))
        for span in spans:
            if routines.free(person, *span):
                work(
                    routines,
                    person,
                    laptop,
                    span,
                    "teach",
                    ("unlock", "lock"),
                    network=f"{building}/wifi",
                )


def _shared_day(routines: Routines, person: Person, day: Day) -> None:
    """Plan aides and custodians at workroom computers, substitutes at podiums."""
    rng, places = routines.rng, routines.world.places
    first, last = hours(person)
    is_substitute = person.job_title == "substitute"
    if is_substitute and rng.random() < 0.35:
        return
    pool = places.pool(person.building, "classroom" if is_substitute else "workroom")
    devices = pool if is_substitute else pool[:3]
    device = rng.choice(devices)
    bounds = ((15, 45), (20, 50)) if is_substitute else ((8, 20), (70, 170))
    start = day.at(first, rng.randint(5, 40))
    for span in stretches(rng, start, day.at(last, -8), *bounds):
        if routines.free(person, *span) and routines.book(device, *span):
            taste = "approved" if is_substitute else "office"
            work(routines, person, device, span, taste, ("logon", "logoff"))


def _glance(routines: Routines, person: Person, day: Day, desk: Device | None) -> None:
    """Add a short look at something else, at lunch."""
    rng = routines.rng
    if desk is None or rng.random() > 0.2 or "shift" in person.job_title:
        return
    start = day.at("11:50", rng.randint(0, 25))
    end = start + rng.randint(30, 85) * SECOND
    if routines.free(person, start, end) and routines.book(desk, start, end + MINUTE):
        glance = rng.choice(GLANCES)
        _keyboard(routines.plan, person, desk, (start - 20 * SECOND, end + 20 * SECOND))
        browse(routines.plan, person, desk, (start, end), glance, pace="busy")


def _keyboard(plan: Plan, person: Person, device: Device, span: tuple[int, int]) -> None:
    plan.sittings.append(
        Sitting(person.number, person.username, device.number, device.network, *span)
    )


def add_evenings(world: World, plan: Plan) -> None:
    """Plan grading at home on approved sites, now and then."""
    rng = world.random("evenings")
    absences = plan.absences()
    for day in world.days:
        for person in world.roster.where(lambda p: p.job_title == "teacher"):
            laptop = world.places.of(person, "laptop")
            start = day.at("19:30", rng.randint(0, 90))
            span = (start, start + rng.randint(15, 50) * MINUTE)
            free = is_free(absences.get(person.number, ()), *span)
            if laptop and free and rng.random() < 0.08:
                at_home(plan, person, laptop, span, "approved")


def add_restarts(world: World, plan: Plan) -> None:
    """Plan restarts on update nights: some computers restart, sign on automatically and lock.

    Open tabs are restored in one burst, of any site.
    """
    rng = world.random("restarts")
    absences = plan.absences()
    for day in world.days:
        if day.date.weekday() != UPDATE_WEEKDAY:
            continue
        for person in world.roster.where(lambda p: p.job_title == "teacher"):
            desktop = world.places.of(person, "desktop")
            begin = day.at("03:10", rng.random())
            is_kept = is_free(absences.get(person.number, ()), begin, begin + MINUTE)
            if desktop and is_kept and rng.random() < 0.15:
                _restart(plan, rng, person, desktop, begin)


def _restart(plan: Plan, rng: random.Random, person: Person, desktop: Device, begin: int) -> None:
    name, number, network = person.username, desktop.number, desktop.network
    ends = (begin, begin + rng.randint(5, 9) * SECOND)
    plan.sittings.append(Sitting(-1, name, number, network, *ends, "logon", "lock"))
    for place in range(rng.randint(6, 20)):
        start = begin + 14 * SECOND + place * rng.randint(500, 2_000)
        size = rng.randint(8_000, 120_000)
        plan.fetches.append(Fetch(name, number, network, start, rng.choice(TABS), size))
