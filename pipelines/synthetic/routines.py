"""What everybody does on an ordinary day."""

import random

from pipelines.synthetic.acts import at_home, browse
from pipelines.synthetic.crowds import phones_day, pupils_day
from pipelines.synthetic.days import MINUTE, SECOND, Day
from pipelines.synthetic.habits import Routines, hours, stretches, work
from pipelines.synthetic.people import Person
from pipelines.synthetic.places import Device
from pipelines.synthetic.plan import Closed, Fetch, Opened, Plan, Sitting, is_free
from pipelines.synthetic.world import World

UPDATE_WEEKDAY = 2
TABS = ("docs.google.com", "mail.google.com", "www.espn.com", "www.office.com",
        "www.amazon.com", "www.instagram.com")  # fmt: skip
GLANCES = ("glance_news", "glance_news", "glance_shop", "glance_sport")


def add_routines(world: World, plan: Plan) -> None:
    """Ordinary days of everybody, on every day of the world."""
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
            pupils_day(routines, day)
        phones_day(routines, day)


def works(person: Person, day: Day) -> bool:
    """On duty in a building."""
    if day.kind == "pd_day":
        return person.job_title not in {"substitute", "aide"}
    return day.has_school


def _desk(world: World, rng: random.Random, person: Person) -> Device | None:
    """Where somebody mostly works."""
    kinds = ["desktop", "laptop"]
    if rng.random() < 0.2:
        kinds.reverse()
    found = (world.places.of(person, kind) for kind in kinds)
    return next((device for device in found if device), None)


def _staff_day(
    routines: Routines, person: Person, day: Day, desk: Device | None
) -> None:
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
    """Three buildings a day, with honest drives between them."""
    rng = routines.rng
    late = rng.randint(0, 12)
    for building, first, last in (
        ("HS", "07:45", "09:40"), ("ES", "10:20", "12:10"), ("MS", "12:55", "15:20"),
    ):  # fmt: skip
        spans = stretches(rng, day.at(first, late), day.at(last), (15, 40), (10, 25))
        for span in spans:
            if routines.free(person, *span):
                work(routines, person, laptop, span, "teach", ("unlock", "lock"),
                      network=f"{building}/wifi")  # fmt: skip


def _shared_day(routines: Routines, person: Person, day: Day) -> None:
    """Aides and custodians at workroom computers, substitutes at podiums."""
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
    """A short look at something else, at lunch."""
    rng = routines.rng
    if desk is None or rng.random() > 0.2 or "shift" in person.job_title:
        return
    start = day.at("11:50", rng.randint(0, 25))
    end = start + rng.randint(30, 85) * SECOND
    if routines.free(person, start, end) and routines.book(desk, start, end + MINUTE):
        glance = rng.choice(GLANCES)
        _keyboard(routines.plan, person, desk, (start - 20 * SECOND, end + 20 * SECOND))
        browse(routines.plan, person, desk, (start, end), glance, pace="busy")


def _keyboard(
    plan: Plan, person: Person, device: Device, span: tuple[int, int]
) -> None:
    plan.sittings.append(
        Sitting(person.number, person.username, device.number, device.network, *span)
    )


def add_evenings(world: World, plan: Plan) -> None:
    """Grading at home on approved sites, now and then."""
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
    """On update nights some computers restart, sign on by themselves and lock.

    Open tabs are restored in one burst, whatever they were.
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


def _restart(
    plan: Plan, rng: random.Random, person: Person, desktop: Device, begin: int
) -> None:
    name, number, network = person.username, desktop.number, desktop.network
    ends = (begin, begin + rng.randint(5, 9) * SECOND)
    plan.sittings.append(Sitting(-1, name, number, network, *ends, "logon", "lock"))
    for place in range(rng.randint(6, 20)):
        start = begin + 14 * SECOND + place * rng.randint(500, 2_000)
        size = rng.randint(8_000, 120_000)
        plan.fetches.append(Fetch(name, number, network, start, rng.choice(TABS), size))
