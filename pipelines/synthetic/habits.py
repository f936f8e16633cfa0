"""What ordinary days are made of: contract hours, stretches, sittings."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.synthetic.acts import browse
from pipelines.synthetic.days import MINUTE, SECOND
from pipelines.synthetic.people import Person
from pipelines.synthetic.places import Device
from pipelines.synthetic.plan import Closed, Opened, Plan, Sitting, is_free
from pipelines.synthetic.world import World

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


def hours(person: Person) -> tuple[str, str]:
    """Contract hours of a job, local time."""
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
        """Nothing else is planned for the person."""
        return is_free(self.absences.get(person.number, ()), start, end)

    def book(self, device: Device, start: int, end: int) -> bool:
        """Take a shared device if nobody sits there."""
        taken = self.seats.setdefault(device.number, [])
        if not is_free(taken, start - MINUTE, end + MINUTE):
            return False
        taken.append((start, end))
        return True


def stretches(
    rng: random.Random,
    start: int,
    end: int,
    sit: tuple[int, int],
    away: tuple[int, int],
) -> Iterator[tuple[int, int]]:
    """Sittings between two times, with breaks; bounds in minutes."""
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
    """One sitting with a session or two in it."""
    rng, plan = routines.rng, routines.plan
    name = person.username
    place = network or device.network
    plan.sittings.append(
        Sitting(person.number, name, device.number, place, *span, *ends)
    )
    start, end = span
    for _ in range(2 if rng.random() < 0.25 else 1):
        begun = start + rng.randint(30, 200) * SECOND
        done = min(end - 10 * SECOND, begun + rng.randint(150, 560) * SECOND)
        if done - begun > MINUTE and rng.random() < 0.9:
            browse(plan, person, device, (begun, done), taste, name, network=place)
        start = done + rng.randint(60, 400) * SECOND
