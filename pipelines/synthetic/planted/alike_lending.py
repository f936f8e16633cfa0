"""Honest days that look like lent accounts or like leisure on closed days."""

from pipelines.synthetic.acts import at_home
from pipelines.synthetic.days import MINUTE, SNOW_DAY
from pipelines.synthetic.planted.stage import NONE, Scene, Stage, minutes


def conference_from_afar(stage: Stage) -> None:
    """S83a: at a conference, the owner works on the own laptop in the evening there."""
    day = stage.day(after=1)
    person = stage.teacher(day, laptop=True)
    laptop = stage.laptop(person)
    stage.away_all_day(person, day)
    stage.plan.say("leave.csv", person_id=person.person_id, date=day.date.isoformat(),
                   part="full", kind="professional", status="approved")  # fmt: skip
    span = minutes(day.at("11:40", stage.rng.randint(0, 30)), 25)
    at_home(stage.plan, person, laptop, span, "approved", pace="busy")
    stage.case("S83a", NONE, "", person, (laptop,), span,
               "on leave for a conference, at work through the tunnel")  # fmt: skip


def back_after_noon(stage: Stage) -> None:
    """S82a: on leave until noon, at the desk at ten past twelve."""
    day = stage.day(after=1)
    person = stage.teacher(day)
    stage.away(person, (day.at("05:00"), day.at("12:05")), 0)
    stage.plan.say("leave.csv", person_id=person.person_id, date=day.date.isoformat(),
                   part="am", kind="personal", status="approved")  # fmt: skip
    span = minutes(day.at("12:10"), 20)
    stage.sit(person, stage.desktop(person), span, "teach", pace="busy")
    stage.case("S82a", NONE, "", person, (stage.desktop(person),), span,
               "back at noon after a morning's leave")  # fmt: skip


def own_account_next_door(stage: Stage) -> None:
    """S86a: three colleagues of one office at each other's desks, own accounts."""
    day = stage.day()
    people = [
        stage.person(
            lambda p: (
                p.building == "DO"
                and not p.is_student
                and stage.world.places.of(p, "desktop") is not None
            ),
            day,
        )
        for _ in range(2)
    ]
    span = minutes(stage.moment(day), 20)
    for person, other in zip(people, reversed(people), strict=True):
        stage.away(person, span)
        desk = stage.desktop(other)
        stage.sit(person, desk, span, "office", pace="busy", opened="logon",
                  closed="logoff")  # fmt: skip
        stage.case("S86a", NONE, "", person, (desk,), span,
                   "colleagues swapped desks, each under the own account")  # fmt: skip


def snow_at_home(stage: Stage) -> None:
    """S87a: school is closed for snow; lessons are prepared at home."""
    day = stage.on(SNOW_DAY)
    person = stage.teacher(day, laptop=True)
    span = minutes(day.at("09:30", stage.rng.randint(0, 60)), 40)
    stage.away(person, span)
    at_home(stage.plan, person, stage.laptop(person), span, "approved", pace="busy")
    stage.case("S87a", NONE, "", person, (stage.laptop(person),), span,
               "work at home while school is closed")  # fmt: skip


def early_bird(stage: Stage) -> None:
    """S88a: at the desk before six, for lessons, with one look at the weather."""
    day = stage.day(after=1)
    person = stage.teacher(day)
    device = stage.desktop(person)
    span = minutes(day.at("05:40", stage.rng.randint(0, 10)), 30)
    stage.away(person, span)
    stage.sit(person, device, span, "approved", pace="busy")
    stage.fetch(person.username, device, span[0] + 9 * MINUTE, "www.weather.com",
                41_000)  # fmt: skip
    stage.case("S88a", NONE, "", person, (device,), span,
               "lessons prepared at the desk before six")  # fmt: skip


SCENES: tuple[Scene, ...] = (
    conference_from_afar,
    back_after_noon,
    own_account_next_door,
    snow_at_home,
    early_bird,
)
