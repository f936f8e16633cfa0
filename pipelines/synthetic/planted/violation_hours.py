"""External sites outside duty hours or on closed days, and use after a silence."""

from functools import partial

from pipelines.synthetic.days import CLOCK_CHANGE, HOUR, MINUTE, SECOND, SNOW_DAY, Day
from pipelines.synthetic.planted.writer import (
    ANOMALY,
    HOURS,
    SITE,
    NotCastError,
    Scene,
    Stage,
    last_used,
    minutes,
    used_again,
)
from pipelines.synthetic.routines import at_home


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


def snow_day(stage: Stage) -> None:
    """S87: school is closed for snow; somebody shops at the desk all the same."""
    evening(stage, "S87", stage.on(SNOW_DAY), "10:15", 35, 2)


def before_dawn(stage: Stage, length: float, intensity: int) -> None:
    """S88: two hours before duty begins."""
    evening(stage, "S88", stage.day(after=1), "05:05", length, intensity)


def sunday_at_home(stage: Stage, length: float, intensity: int) -> None:
    """S89: the district's laptop at home on a Sunday."""
    days = [day for day in stage.world.days[:-7] if day.date.weekday() == 6]
    day = stage.choice(days)
    person = stage.teacher(day, laptop=True)
    laptop = stage.laptop(person)
    span = minutes(day.at("16:10", stage.rng.randint(0, 40)), length)
    stage.away(person, span, 60)
    at_home(stage.plan, person, laptop, span, "shopping", pace="busy")
    note = f"{length:.0f} minutes of shopping at home on a Sunday"
    stage.case("S89", HOURS, "OH-1", person, (laptop,), span, note,
               intensity=intensity)  # fmt: skip


def on_duty(stage: Stage, family: str, site: str, length: float, note: str) -> None:
    """S90, S91: looking for a job, or for company, between two lessons."""
    day = stage.day()
    person = stage.teacher(day)
    device = stage.desktop(person)
    span = minutes(stage.moment(day, "08:30", "14:20"), length)
    stage.away(person, span, 12)
    stage.sit(person, device, span, site, pace="busy")
    stage.case(family, SITE, "NA-1", person, (device,), span, note, intensity=2)


CLOSED: tuple[Scene, ...] = (
    snow_day,
    partial(before_dawn, length=22, intensity=1),
    partial(before_dawn, length=40, intensity=2),
    partial(sunday_at_home, length=25, intensity=1),
    partial(sunday_at_home, length=55, intensity=3),
    partial(on_duty, family="S90", site="hirehollow.example", length=24,
            note="vacancies for 24 minutes on duty"),
    partial(on_duty, family="S91", site="matchmeadow.example", length=21,
            note="a dating site for 21 minutes on duty"),
)  # fmt: skip


def after_a_silence(stage: Stage, least: int, most: int, intensity: int) -> None:
    """S102: a coach's account of last season is used again."""
    day, before = last_used(stage, least, most)
    account = f"coach{stage.rng.randint(100, 999)}"
    idle = (day.date - before.date).days
    span, device = used_again(stage, account, before, day)
    anybody = stage.world.roster.staff[0]
    stage.case("S102", ANOMALY, "AN-8", anybody, (device,), span,
               f"an account is used after {idle} days", account=account,
               intensity=intensity)  # fmt: skip
    stage.about_nobody()


def hour_unlike_others(stage: Stage, megabytes: int, intensity: int) -> None:
    """S103: within an hour of the third week a course's films are copied."""
    day = stage.day(after=14)
    person = stage.teacher(day)
    device = stage.desktop(person)
    begin = day.at(stage.rng.choice(("09:00", "10:00", "13:00"))) + 3 * MINUTE
    span = minutes(begin, 52)
    stage.away(person, span, 5)
    stage.sit(person, device, span)
    count = 120
    for _ in range(count):
        start = span[0] + 40 * SECOND + stage.rng.randrange(HOUR * 4 // 5)
        size = megabytes * 1_000_000 // count
        stage.fetch(person.username, device, start, "www.khanacademy.org",
                    round(size * stage.rng.uniform(0.4, 1.6)))  # fmt: skip
    stage.case("S103", ANOMALY, "AN-7", person, (device,), span,
               f"{megabytes} MB in an hour that takes ten elsewhere",
               intensity=intensity)  # fmt: skip


SILENCES: tuple[Scene, ...] = (
    partial(after_a_silence, least=46, most=49, intensity=1),
    partial(after_a_silence, least=52, most=66, intensity=2),
    partial(hour_unlike_others, megabytes=1_500, intensity=1),
    partial(hour_unlike_others, megabytes=6_000, intensity=2),
)
