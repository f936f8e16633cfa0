"""External sites outside duty hours or on closed days, and use after a silence."""

from functools import partial

from pipelines.synthetic.planted.writer import (
    ANOMALY,
    HOURS,
    NONE,
    NotCastError,
    Scene,
    SceneWriter,
    last_used,
    minutes,
    used_again,
)
from pipelines.synthetic.routines import at_home
from pipelines.synthetic.school_days import CLOCK_CHANGE, HOUR, MINUTE, SECOND, SNOW_DAY, Day


def evening(
    writer: SceneWriter, family: str, day: Day, clock: str, length: float, intensity: int
) -> None:
    """Plan an evening at the unlocked desktop, long after duty, and not for work."""
    person = writer.teacher(day)
    device = writer.desktop(person)
    length = writer.use_minutes(length)
    span = minutes(day.at(clock, writer.rng.randint(0, 6)), length)
    writer.visit(person, device, span, "mixed_leisure", pace="busy")
    note = f"{length:.0f} minutes of leisure at the desk from {clock}"
    writer.case(family, HOURS, "OH-1", person, (device,), span, note, intensity=intensity)


def after_the_change(writer: SceneWriter, length: float, intensity: int) -> None:
    """S62: in the week after the clocks changed."""
    days = [
        day
        for day in writer.world.days
        if day.has_school and day.planned and 0 < (day.planned - CLOCK_CHANGE).days < 5
    ]
    evening(writer, "S62", writer.choice(days), "18:30", length, intensity)


def at_night(writer: SceneWriter, length: float, intensity: int) -> None:
    """S64: at a quarter to nine."""
    evening(writer, "S64", writer.day(), "20:45", length, intensity)


def split_evening(writer: SceneWriter) -> None:
    """S64: two shorter stretches with a break between them."""
    day, person, device = writer.at_desk()
    first = minutes(day.at("19:50", writer.rng.randint(0, 6)), 13)
    second = minutes(first[1] + 24 * MINUTE, 14)
    whole = (first[0], second[1])
    writer.away(person, whole)
    for span in (first, second):
        writer.sit(person, device, span, "mixed_leisure", pace="busy")
    writer.case(
        "S64",
        HOURS,
        "OH-1",
        person,
        (device,),
        whole,
        "two stretches of leisure at the desk in one evening",
    )


def at_the_weekend(writer: SceneWriter, weekday: int, length: float, intensity: int) -> None:
    """S65: in a closed building."""
    days = [day for day in writer.world.days if day.date.weekday() == weekday]
    clock = "13:10" if weekday == 6 else "10:20"
    evening(writer, "S65", writer.choice(days), clock, length, intensity)


def small_hours(writer: SceneWriter, length: float, intensity: int) -> None:
    """S66: the district's laptop at home, in the small hours."""
    day = writer.day(after=1)
    person = writer.person(
        lambda p: p.job_title == "teacher" and writer.world.places.of(p, "laptop") is not None, day
    )
    laptop = writer.world.places.of(person, "laptop")
    if laptop is None:
        raise NotCastError
    length = writer.use_minutes(length)
    span = minutes(day.at("02:30", writer.rng.randint(0, 20)), length)
    at_home(writer.plan, person, laptop, span, "mixed_leisure", pace="busy")
    note = f"{length:.0f} minutes of leisure at home at half past two"
    writer.case("S66", HOURS, "OH-1", person, (laptop,), span, note, intensity=intensity)


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


def snow_day(writer: SceneWriter) -> None:
    """S87: school is closed for snow; someone still shops at the desk."""
    evening(writer, "S87", writer.on(SNOW_DAY), "10:15", 35, 2)


def before_dawn(writer: SceneWriter, length: float, intensity: int) -> None:
    """S88: two hours before duty begins."""
    evening(writer, "S88", writer.day(after=1), "05:05", length, intensity)


def sunday_at_home(writer: SceneWriter, length: float, intensity: int) -> None:
    """S89: the district's laptop at home on a Sunday."""
    days = [day for day in writer.world.days[:-7] if day.date.weekday() == 6]
    day = writer.choice(days)
    person = writer.teacher(day, laptop=True)
    laptop = writer.laptop(person)
    length = writer.use_minutes(length)
    span = minutes(day.at("16:10", writer.rng.randint(0, 40)), length)
    writer.away(person, span, 60)
    at_home(writer.plan, person, laptop, span, "shopping", pace="busy")
    note = f"{length:.0f} minutes of shopping at home on a Sunday"
    writer.case("S89", HOURS, "OH-1", person, (laptop,), span, note, intensity=intensity)


def on_duty(writer: SceneWriter, family: str, site: str, length: float, note: str) -> None:
    """S90, S91: looking for a job, or for company, between two lessons.

    Sensitive kinds of sites are counted and make no finding: one here would be false.
    It is played among the violations, so that these keep their dice.
    """
    day, person, device = writer.at_desk()
    length = writer.use_minutes(length)
    span = minutes(writer.moment(day, "08:30", "14:20"), length)
    writer.visit(person, device, span, site, pace="busy", margin=12)
    writer.case(family, NONE, "", person, (device,), span, note)


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


def after_a_silence(writer: SceneWriter, least: int, most: int, intensity: int) -> None:
    """S102: a coach's account of last season is used again."""
    day, before = last_used(writer, least, most)
    account = f"coach{writer.rng.randint(100, 999)}"
    idle = (day.date - before.date).days
    span, device = used_again(writer, account, before, day)
    anybody = writer.world.roster.staff[0]
    writer.case(
        "S102",
        ANOMALY,
        "AN-8",
        anybody,
        (device,),
        span,
        f"an account is used after {idle} days",
        account=account,
        intensity=intensity,
    )
    writer.about_nobody()


def hour_unlike_others(writer: SceneWriter, megabytes: int, intensity: int) -> None:
    """S103: within an hour of the third week a course's films are copied."""
    day, person, device = writer.at_desk(after=14)
    begin = day.at(writer.rng.choice(("09:00", "10:00", "13:00"))) + 3 * MINUTE
    span = minutes(begin, 52)
    writer.visit(person, device, span, margin=5)
    count = 120
    for _ in range(count):
        start = span[0] + 40 * SECOND + writer.rng.randrange(HOUR * 4 // 5)
        size = megabytes * 1_000_000 // count
        writer.fetch(
            person.username,
            device,
            start,
            "www.khanacademy.org",
            round(size * writer.rng.uniform(0.4, 1.6)),
        )
    writer.case(
        "S103",
        ANOMALY,
        "AN-7",
        person,
        (device,),
        span,
        f"{megabytes} MB in an hour that takes ten elsewhere",
        intensity=intensity,
    )


SILENCES: tuple[Scene, ...] = (
    partial(after_a_silence, least=46, most=49, intensity=1),
    partial(after_a_silence, least=52, most=66, intensity=2),
    partial(hour_unlike_others, megabytes=1_500, intensity=1),
    partial(hour_unlike_others, megabytes=6_000, intensity=2),
)
