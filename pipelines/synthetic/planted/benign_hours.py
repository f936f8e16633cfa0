"""Honest activity outside ordinary hours, during leave, or after a silence."""

from functools import partial

from pipelines.synthetic.days import (
    CLOCK_CHANGE,
    CONFERENCES,
    DAY,
    E_LEARNING,
    HOUR,
    MINUTE,
    SECOND,
    Day,
)
from pipelines.synthetic.people import Person
from pipelines.synthetic.plan import Fetch, Sitting
from pipelines.synthetic.planted.writer import (
    NONE,
    Scene,
    Stage,
    last_used,
    minutes,
    seen_before,
    used_again,
)
from pipelines.synthetic.routines import at_home, browse


def _extra_duty(
    stage: Stage, person: Person, day: Day, start: str, end: str, note: str
) -> None:
    date = day.date.isoformat()
    stage.plan.say("staff_duty.csv", person_id=person.person_id, date_from=date,
                   date_to=date, weekday="date", start_local=start, end_local=end,
                   building=person.building, kind="extra")  # fmt: skip
    first = day.at(start, stage.rng.randint(30, 70))
    span = minutes(first, 35)
    device = stage.desktop(person)
    stage.away(person, span)
    stage.sit(person, device, span, "open_learning", pace="busy")
    stage.case("S68", NONE, "", person, (device,), span, note)


def first_workday(stage: Stage) -> None:
    """S61: an ordinary start on the first workday after the change."""
    day = stage.choice(
        [d for d in stage.world.days if (d.date - CLOCK_CHANGE).days == 1]
    )
    person = stage.teacher(day)
    span = minutes(day.at("07:25"), 20)
    stage.away(person, span)
    stage.sit(person, stage.desktop(person), span, "open_learning", pace="busy",
              opened="logon")  # fmt: skip
    stage.case("S61", NONE, "", person, (stage.desktop(person),), span,
               "at work at 07:25 after the clocks changed")  # fmt: skip


def repeated_hour(stage: Stage) -> None:
    """S63: lines in the hour that comes twice."""
    day = stage.on(CLOCK_CHANGE)
    person = stage.teacher(day)
    device = stage.desktop(person)
    first = day.at("01:05")
    for place in range(12):
        start = first + place * 9 * MINUTE + stage.rng.randint(0, 40) * SECOND
        stage.fetch(person.username, device, start, "www.weather.com", 22_000)
    stage.case("S63", NONE, "", person, (device,), (first, first + 2 * HOUR),
               "lines in the repeated hour of the clock change")  # fmt: skip


def evening_grading(stage: Stage) -> None:
    """S67: grading at home, on approved sites."""
    day = stage.day()
    person = stage.teacher(day, laptop=True)
    span = minutes(day.at("19:40", stage.rng.randint(0, 40)), 55)
    stage.away(person, span, 90)
    at_home(stage.plan, person, stage.laptop(person), span, "approved", pace="busy")
    stage.case("S67", NONE, "", person, (stage.laptop(person),), span,
               "grading at home, approved sites only")  # fmt: skip


def late_at_school(stage: Stage) -> None:
    """S67: lesson plans at school until seven, with a look at a shop between."""
    day = stage.day()
    person = stage.teacher(day)
    device = stage.desktop(person)
    span = minutes(day.at("17:45", stage.rng.randint(0, 20)), 70)
    stage.away(person, span, 60)
    stage.sit(person, device, span, "approved", pace="busy")
    look = minutes(span[0] + 30 * MINUTE, 2)
    browse(stage.plan, person, device, look, "shelfmart.example", pace="busy")
    stage.case("S67", NONE, "", person, (device,), span,
               "approved work at school in the evening, two minutes in a shop"
    )  # fmt: skip


def conferences(stage: Stage) -> None:
    """S68: the evening on which parents come."""
    day = stage.on(CONFERENCES)
    person = stage.teacher(day)
    _extra_duty(stage, person, day, "16:00", "20:30", "conference evening")


def practice(stage: Stage) -> None:
    """S68: coaching until half past six."""
    day = stage.day()
    person = stage.teacher(day)
    _extra_duty(stage, person, day, "15:45", "18:45", "coach practice")


def robotics(stage: Stage) -> None:
    """S68: the robotics team on Saturday."""
    days = [day for day in stage.world.days if day.date.weekday() == 5]
    day = stage.choice(days)
    person = stage.teacher(day)
    _extra_duty(stage, person, day, "08:45", "13:15", "robotics on Saturday")


def second_shift(stage: Stage) -> None:
    """S69: a custodian at nine in the evening, on duty."""
    day = stage.day()
    person = stage.holder("second-shift custodian", day)
    span = minutes(day.at("21:00", stage.rng.randint(0, 20)), 20)
    device = stage.spare(person.building, "workroom", span)
    stage.away(person, span)
    stage.sit(person, device, span, "evening_supplies", pace="busy", opened="logon",
              closed="logoff")  # fmt: skip
    stage.case("S69", NONE, "", person, (device,), span, "second shift, on duty")


def open_tab(stage: Stage) -> None:
    """S70: a locked computer with a sports page open, all night."""
    day = stage.day(weekdays="0123")
    person = stage.teacher(day)
    device = stage.desktop(person)
    lock = day.at("15:40")
    span = (lock + MINUTE, day.at("06:40") + DAY)
    stage.away(person, (lock - 10 * MINUTE, span[1]), 0)
    stage.sit(person, device, (lock - 6 * MINUTE, lock), "approved")
    name = person.username
    stage.tick(name, device, span, "www.espn.com", seconds=60, size=14_200)
    stage.tick(name, device, span, "assets.msn.com", seconds=300, size=12_700)
    stage.fetch(name, device, span[0] + 10 * HOUR, "download.windowsupdate.com",
                2_100_000_000, elapsed=9 * MINUTE)  # fmt: skip
    stage.case("S70", NONE, "", person, (device,), span,
               "an open tab every minute, widgets, an update of 2 GB; locked"
    )  # fmt: skip


def long_tunnel(stage: Stage) -> None:
    """S71: opened on duty, written to the log in the evening."""
    day = stage.day()
    person = stage.teacher(day)
    device = stage.desktop(person)
    opened, closed = day.at("15:20"), day.at("19:40")
    stage.away(person, (opened, closed), 10)
    stage.sit(person, device, minutes(opened - 4 * MINUTE, 7), "approved")
    for late in (0, 26_000, 70_000):
        stage.plan.fetches.append(
            Fetch(person.username, device.number, device.network, opened + late,
                  "www.amazon.com", 61_000 + late, closed - opened)
        )  # fmt: skip
    stage.case("S71", NONE, "", person, (device,), (opened, closed),
               "a tunnel opened at 15:20, logged at 19:40")  # fmt: skip


def learning_at_home(stage: Stage) -> None:
    """S72: a day of teaching from home."""
    day = stage.on(E_LEARNING)
    person = stage.teacher(day, laptop=True)
    laptop = stage.laptop(person)
    whole = (day.at("09:00"), day.at("14:00"))
    stage.away(person, whole)
    for clock in ("09:00", "10:40", "13:10"):
        span = minutes(day.at(clock), 35)
        at_home(stage.plan, person, laptop, span, "open_learning", pace="busy")
    stage.case("S72", NONE, "", person, (laptop,), whole, "an e-learning day at home")


def pupil_evening(stage: Stage) -> None:
    """S72: a pupil's book at school, after hours, in a club."""
    day = stage.day()
    pupil = stage.pupil("HS", day)
    book = stage.device(pupil, "chromebook")
    span = minutes(day.at("17:05"), 25)
    browse(stage.plan, pupil, book, span, "student")
    stage.case("S72", NONE, "", pupil, (book,), span, "a pupil, whom no hours bind")


SCENES: tuple[Scene, ...] = (
    first_workday, repeated_hour, late_at_school, late_at_school, evening_grading,
    evening_grading, conferences, conferences, practice, robotics, second_shift,
    second_shift, open_tab, open_tab, long_tunnel, long_tunnel, learning_at_home,
    learning_at_home, pupil_evening,
)  # fmt: skip


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


LEAVE: tuple[Scene, ...] = (
    leave_cancelled, morning_leave, leave_and_mail, leave_and_mail, leave_and_restart,
)  # fmt: skip


def shorter_silence(stage: Stage, least: int, most: int) -> None:
    """S102a: an account of a club is used again after five or six weeks."""
    day, before = last_used(stage, least, most)
    account = f"club{stage.rng.randint(100, 999)}"
    span, device = used_again(stage, account, before, day)
    anybody = stage.world.roster.staff[0]
    idle = (day.date - before.date).days
    stage.case("S102a", NONE, "", anybody, (device,), span,
               f"used again after {idle} days", account=account)  # fmt: skip
    stage.about_nobody()


def back_from_leave(stage: Stage) -> None:
    """S102b: a teacher is back after two months of leave."""
    day, before = last_used(stage, 46, 60)
    person = stage.teacher(*(d for d in stage.world.days if d.number <= day.number))
    device = stage.desktop(person)
    seen_before(stage, person.username, device, before)
    for one in (*stage.earlier, *stage.world.days):
        if before.date < one.date < day.date:
            stage.plan.say("leave.csv", person_id=person.person_id,
                           date=one.date.isoformat(), part="full", kind="medical",
                           status="approved")  # fmt: skip
    start = stage.world.days[0].at("00:00")
    span = minutes(stage.moment(day), 30)
    stage.away(person, (start, span[0] - MINUTE), 0)
    stage.sit(person, device, span, "teach")
    stage.case("S102b", NONE, "", person, (device,), span, "back from a long leave")


SILENCES: tuple[Scene, ...] = (
    partial(shorter_silence, least=36, most=43),
    back_from_leave,
)
