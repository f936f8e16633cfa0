"""Leave that is no contradiction: cancelled, half a day, or a machine at work."""

from pipelines.synthetic.days import DAY, MINUTE, SECOND
from pipelines.synthetic.plan import Sitting
from pipelines.synthetic.planted.stage import NONE, Scene, Stage, minutes


def leave_cancelled(stage: Stage) -> None:
    """S08: the leave was cancelled, and the owner works."""
    day = stage.day(after=1)
    person = stage.teacher(day)
    stage.plan.say("leave.csv", person_id=person.person_id, date=day.date.isoformat(),
                   part="full", kind="personal", status="cancelled")  # fmt: skip
    span = minutes(stage.moment(day), 25)
    stage.away(person, span)
    stage.sit(person, stage.desktop(person), span, "teach", pace="busy")
    stage.case("S08", NONE, "", person, (stage.desktop(person),), span,
               "leave was cancelled")  # fmt: skip


def morning_leave(stage: Stage) -> None:
    """S09: on leave in the morning, at work at one."""
    day = stage.day(after=1)
    person = stage.teacher(day)
    stage.plan.say("leave.csv", person_id=person.person_id, date=day.date.isoformat(),
                   part="am", kind="personal", status="approved")  # fmt: skip
    span = minutes(day.at("13:00"), 25)
    stage.away(person, (day.at("06:30"), span[1]))
    stage.sit(person, stage.desktop(person), span, "teach", pace="busy")
    stage.case("S09", NONE, "", person, (stage.desktop(person),), span,
               "morning leave, afternoon work")  # fmt: skip


def leave_and_mail(stage: Stage) -> None:
    """S11: on leave, while the locked computer fetches mail."""
    day = stage.day(after=2, weekdays="1234")
    person = stage.teacher(day)
    device = stage.desktop(person)
    stage.away_all_day(person, day)
    stage.plan.say("leave.csv", person_id=person.person_id, date=day.date.isoformat(),
                   part="full", kind="sick", status="approved")  # fmt: skip
    evening = day.at("15:30") - DAY
    stage.away(person, (evening, evening + 8 * 60 * MINUTE), 0)
    stage.sit(person, device, minutes(evening, 6), "teach")
    span = (day.at("06:00"), day.at("17:00"))
    stage.tick(person.username, device, span, "outlook.office.com", seconds=300,
               size=9_100)  # fmt: skip
    stage.case("S11", NONE, "", person, (device,), span,
               "leave; the locked computer refreshes mail")  # fmt: skip


def leave_and_restart(stage: Stage) -> None:
    """S12: on leave, while the computer restarts and signs on by itself."""
    day = stage.day(after=2)
    person = stage.teacher(day)
    device = stage.desktop(person)
    stage.away_all_day(person, day)
    stage.plan.say("leave.csv", person_id=person.person_id, date=day.date.isoformat(),
                   part="full", kind="sick", status="approved")  # fmt: skip
    begin = day.at("03:10", stage.rng.random())
    stage.plan.sittings.append(
        Sitting(-1, person.username, device.number, device.network, begin,
                begin + 7 * SECOND, "logon", "lock")
    )  # fmt: skip
    hosts = ("www.facebook.com", "www.amazon.com", "docs.google.com", "www.espn.com",
             "mail.google.com", "www.reddit.com")  # fmt: skip
    for place in range(24):
        stage.fetch(person.username, device,
                    begin + 15 * SECOND + place * stage.rng.randint(900, 2_100),
                    hosts[place % len(hosts)], stage.rng.randint(9_000, 160_000)
        )  # fmt: skip
    span = (begin, day.at("16:00"))
    stage.tick(
        person.username, device, span, "mail.google.com", seconds=600, size=7_700
    )
    stage.case("S12", NONE, "", person, (device,), span,
               "restart sign-on at ten past three, tabs restored")  # fmt: skip


SCENES: tuple[Scene, ...] = (
    leave_cancelled, morning_leave, leave_and_mail, leave_and_mail, leave_and_restart,
)  # fmt: skip
