"""Pupils with their books, classes in the lab, phones in pockets."""

from collections.abc import Callable

from pipelines.synthetic.acts import browse
from pipelines.synthetic.days import MINUTE, Day
from pipelines.synthetic.habits import Routines, hours, stretches, work
from pipelines.synthetic.places import Device


def pupils_day(routines: Routines, day: Day) -> None:
    """Pupils with their books all day, and classes in the labs."""
    rng, places = routines.rng, routines.world.places
    books = {d.assigned_to: d for d in places.where(_is("chromebook"))}
    for pupil in routines.world.roster.students:
        if rng.random() < 0.06:
            continue
        start = day.at("08:20", rng.randint(0, 60))
        spans = stretches(rng, start, day.at("15:05"), (3, 7), (70, 170))
        for span in spans:
            if routines.free(pupil, *span):
                browse(routines.plan, pupil, books[pupil.person_id], span, "student")
    for building in ("HS", "MS", "ES"):
        _lab_classes(routines, day, building)


def _lab_classes(routines: Routines, day: Day, building: str) -> None:
    """A class or two in the computer lab, each pupil with an account of their own."""
    rng, world = routines.rng, routines.world
    pupils = world.roster.where(lambda p: p.is_student and p.building == building)
    lab = world.places.pool(building, "lab")[:-3]
    for clock in rng.sample(["08:45", "09:40", "10:35", "12:50", "13:45"], 2):
        group = rng.sample(pupils, min(len(pupils), len(lab)))
        for pupil, device in zip(group, lab, strict=False):
            start = day.at(clock, rng.uniform(0, 4))
            span = (start, start + rng.randint(25, 38) * MINUTE)
            if routines.free(pupil, *span) and routines.book(device, *span):
                work(routines, pupil, device, span, "student", ("logon", "logoff"))


def phones_day(routines: Routines, day: Day) -> None:
    """Staff phones on the wireless network for own devices; some roam."""
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
                browse(routines.plan, person, phone, span, "phone", pace="phone",
                       network=network)  # fmt: skip


def _is(device_class: str) -> Callable[[Device], bool]:
    return lambda device: device.device_class == device_class
