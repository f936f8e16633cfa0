"""Leisure where nobody is on duty: closed days, before dawn, Sunday at home."""

from functools import partial

from pipelines.synthetic.acts import at_home
from pipelines.synthetic.days import SNOW_DAY
from pipelines.synthetic.planted.breach_hours import evening
from pipelines.synthetic.planted.stage import HOURS, SITE, Scene, Stage, minutes


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


SCENES: tuple[Scene, ...] = (
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
