"""External sites on district devices outside duty hours."""

from functools import partial

from pipelines.synthetic.acts import at_home
from pipelines.synthetic.days import CLOCK_CHANGE, MINUTE, Day
from pipelines.synthetic.planted.stage import HOURS, NotCastError, Scene, Stage, minutes


def evening(
    stage: Stage, family: str, day: Day, clock: str, length: float, intensity: int
) -> None:
    """Somebody unlocks the desktop long after duty, and not for work."""
    person = stage.teacher(day)
    device = stage.desktop(person)
    span = minutes(day.at(clock, stage.rng.randint(0, 6)), length)
    stage.away(person, span)
    stage.sit(person, device, span, "mixed_leisure", pace="busy")
    note = f"{length:.0f} minutes of leisure at the desk from {clock}"
    stage.case(family, HOURS, "OH-1", person, (device,), span, note,
               intensity=intensity)  # fmt: skip


def after_the_change(stage: Stage, length: float, intensity: int) -> None:
    """S62: in the week after the clocks changed."""
    days = [
        day
        for day in stage.world.days
        if day.has_school and 0 < (day.date - CLOCK_CHANGE).days < 5
    ]
    evening(stage, "S62", stage.choice(days), "18:30", length, intensity)


def at_night(stage: Stage, length: float, intensity: int) -> None:
    """S64: at a quarter to nine."""
    evening(stage, "S64", stage.day(), "20:45", length, intensity)


def split_evening(stage: Stage) -> None:
    """S64: two shorter stretches with a break between them."""
    day = stage.day()
    person = stage.teacher(day)
    device = stage.desktop(person)
    first = minutes(day.at("19:50", stage.rng.randint(0, 6)), 13)
    second = minutes(first[1] + 24 * MINUTE, 14)
    whole = (first[0], second[1])
    stage.away(person, whole)
    for span in (first, second):
        stage.sit(person, device, span, "mixed_leisure", pace="busy")
    stage.case("S64", HOURS, "OH-1", person, (device,), whole,
               "two stretches of leisure at the desk in one evening")  # fmt: skip


def at_the_weekend(stage: Stage, weekday: int, length: float, intensity: int) -> None:
    """S65: in a closed building."""
    days = [day for day in stage.world.days if day.date.weekday() == weekday]
    clock = "13:10" if weekday == 6 else "10:20"
    evening(stage, "S65", stage.choice(days), clock, length, intensity)


def small_hours(stage: Stage, length: float, intensity: int) -> None:
    """S66: the district's laptop at home, in the small hours."""
    day = stage.day(after=1)
    person = stage.person(
        lambda p: (
            p.job_title == "teacher" and stage.world.places.of(p, "laptop") is not None
        ),
        day,
    )
    laptop = stage.world.places.of(person, "laptop")
    if laptop is None:
        raise NotCastError
    span = minutes(day.at("02:30", stage.rng.randint(0, 20)), length)
    at_home(stage.plan, person, laptop, span, "mixed_leisure", pace="busy")
    note = f"{length:.0f} minutes of leisure at home at half past two"
    stage.case("S66", HOURS, "OH-1", person, (laptop,), span, note,
               intensity=intensity)  # fmt: skip


SCENES: tuple[Scene, ...] = (
    partial(after_the_change, length=20, intensity=1),
    partial(after_the_change, length=35, intensity=2),
    partial(at_night, length=18, intensity=1),
    partial(at_night, length=40, intensity=2),
    partial(at_night, length=70, intensity=3),
    split_evening,
    partial(at_the_weekend, weekday=6, length=30, intensity=2),
    partial(at_the_weekend, weekday=5, length=25, intensity=1),
    partial(small_hours, length=25, intensity=1),
    partial(small_hours, length=45, intensity=2),
)
