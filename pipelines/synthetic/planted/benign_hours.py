"""Honest activity outside ordinary hours, during leave, or after a silence."""

from functools import partial

from pipelines.synthetic.invented_people import Person
from pipelines.synthetic.plan import Fetch, Sitting
from pipelines.synthetic.planted.writer import (
    NONE,
    Scene,
    SceneWriter,
    last_used,
    minutes,
    seen_before,
    used_again,
)
from pipelines.synthetic.routines import at_home, browse
from pipelines.synthetic.school_days import (
    CLOCK_CHANGE,
    CONFERENCES,
    DAY,
    E_LEARNING,
    HOUR,
    MINUTE,
    SECOND,
    Day,
)


def _extra_duty(
    writer: SceneWriter, person: Person, day: Day, start: str, end: str, note: str
) -> None:
    date = day.date.isoformat()
    writer.plan.add(
        "staff_duty.csv",
        person_id=person.person_id,
        date_from=date,
        date_to=date,
        weekday="date",
        start_local=start,
        end_local=end,
        building=person.building,
        kind="extra",
    )
    first = day.at(start, writer.rng.randint(30, 70))
    span = minutes(first, 35)
    device = writer.desktop(person)
    writer.visit(person, device, span, "open_learning", pace="busy")
    writer.case("S68", NONE, "", person, (device,), span, note)


def first_workday(writer: SceneWriter) -> None:
    """S61: an ordinary start on the first workday after the change."""
    day = writer.choice(
        [day for day in writer.world.days if day.planned and (day.planned - CLOCK_CHANGE).days == 1]
    )
    person = writer.teacher(day)
    span = minutes(day.at("07:25"), 20)
    writer.away(person, span)
    writer.sit(person, writer.desktop(person), span, "open_learning", pace="busy", opened="logon")
    writer.case(
        "S61",
        NONE,
        "",
        person,
        (writer.desktop(person),),
        span,
        "working at 07:25 after the clocks changed",
    )


def repeated_hour(writer: SceneWriter) -> None:
    """S63: lines in the hour that comes twice."""
    day = writer.on(CLOCK_CHANGE)
    person = writer.teacher(day)
    device = writer.desktop(person)
    first = day.at("01:05")
    for place in range(12):
        start = first + place * 9 * MINUTE + writer.rng.randint(0, 40) * SECOND
        writer.fetch(person.username, device, start, "www.weather.com", 22_000)
    writer.case(
        "S63",
        NONE,
        "",
        person,
        (device,),
        (first, first + 2 * HOUR),
        "lines in the repeated hour of the clock change",
    )


def evening_grading(writer: SceneWriter) -> None:
    """S67: grading at home, on approved sites."""
    day = writer.day()
    person = writer.teacher(day, laptop=True)
    span = minutes(day.at("19:40", writer.rng.randint(0, 40)), 55)
    writer.away(person, span, 90)
    at_home(writer.plan, person, writer.laptop(person), span, "approved", pace="busy")
    writer.case(
        "S67",
        NONE,
        "",
        person,
        (writer.laptop(person),),
        span,
        "grading at home, approved sites only",
    )


def late_at_school(writer: SceneWriter) -> None:
    """S67: lesson plans at school until seven, with a look at a shop between."""
    day, person, device = writer.at_desk()
    span = minutes(day.at("17:45", writer.rng.randint(0, 20)), 70)
    writer.visit(person, device, span, "approved", pace="busy", margin=60)
    look = minutes(span[0] + 30 * MINUTE, 2)
    browse(writer.plan, person, device, look, "shelfmart.example", pace="busy")
    writer.case(
        "S67",
        NONE,
        "",
        person,
        (device,),
        span,
        "approved work at school in the evening, two minutes in a shop",
    )


def conferences(writer: SceneWriter) -> None:
    """S68: the evening on which parents come."""
    day = writer.on(CONFERENCES)
    person = writer.teacher(day)
    _extra_duty(writer, person, day, "16:00", "20:30", "conference evening")


def practice(writer: SceneWriter) -> None:
    """S68: coaching until half past six."""
    day = writer.day()
    person = writer.teacher(day)
    _extra_duty(writer, person, day, "15:45", "18:45", "coach practice")


def robotics(writer: SceneWriter) -> None:
    """S68: the robotics team on Saturday."""
    days = [day for day in writer.world.days if day.date.weekday() == 5]
    day = writer.choice(days)
    person = writer.teacher(day)
    _extra_duty(writer, person, day, "08:45", "13:15", "robotics on Saturday")


def second_shift(writer: SceneWriter) -> None:
    """S69: a custodian at nine in the evening, on duty."""
    day = writer.day()
    person = writer.holder("second-shift custodian", day)
    span = minutes(day.at("21:00", writer.rng.randint(0, 20)), 20)
    device = writer.spare(person.building, "workroom", span)
    writer.visit(
        person, device, span, "evening_supplies", pace="busy", opened="logon", closed="logoff"
    )
    writer.case("S69", NONE, "", person, (device,), span, "second shift, on duty")


def open_tab(writer: SceneWriter) -> None:
    """S70: a locked computer with a sports page open, all night."""
    day, person, device = writer.at_desk(weekdays="0123")
    lock = day.at("15:40")
    span = (lock + MINUTE, day.at("06:40") + DAY)
    writer.away(person, (lock - 10 * MINUTE, span[1]), 0)
    writer.sit(person, device, (lock - 6 * MINUTE, lock), "approved")
    name = person.username
    writer.tick(name, device, span, "www.espn.com", seconds=60, size=14_200)
    writer.tick(name, device, span, "assets.msn.com", seconds=300, size=12_700)
    writer.fetch(
        name,
        device,
        span[0] + 10 * HOUR,
        "download.windowsupdate.com",
        2_100_000_000,
        elapsed=9 * MINUTE,
    )
    writer.case(
        "S70",
        NONE,
        "",
        person,
        (device,),
        span,
        "an open tab every minute, widgets, an update of 2 GB; locked",
    )


def long_tunnel(writer: SceneWriter) -> None:
    """S71: opened on duty, written to the log in the evening."""
    day, person, device = writer.at_desk()
    opened, closed = day.at("15:20"), day.at("19:40")
    writer.away(person, (opened, closed), 10)
    writer.sit(person, device, minutes(opened - 4 * MINUTE, 7), "approved")
    for late in (0, 26_000, 70_000):
        writer.plan.fetches.append(
            Fetch(
                person.username,
                device.number,
                device.network,
                opened + late,
                "www.amazon.com",
                61_000 + late,
                closed - opened,
            )
        )
    writer.case(
        "S71",
        NONE,
        "",
        person,
        (device,),
        (opened, closed),
        "a tunnel opened at 15:20, logged at 19:40",
    )


def learning_at_home(writer: SceneWriter) -> None:
    """S72: a day of teaching from home."""
    day = writer.on(E_LEARNING)
    person = writer.teacher(day, laptop=True)
    laptop = writer.laptop(person)
    whole = (day.at("09:00"), day.at("14:00"))
    writer.away(person, whole)
    for clock in ("09:00", "10:40", "13:10"):
        span = minutes(day.at(clock), 35)
        at_home(writer.plan, person, laptop, span, "open_learning", pace="busy")
    writer.case("S72", NONE, "", person, (laptop,), whole, "an e-learning day at home")


def student_evening(writer: SceneWriter) -> None:
    """S72: a student's book at school, after hours, in a club."""
    day = writer.day()
    student = writer.student("HS", day)
    book = writer.device(student, "chromebook")
    span = minutes(day.at("17:05"), 25)
    browse(writer.plan, student, book, span, "student")
    writer.case("S72", NONE, "", student, (book,), span, "a student, whom no hours bind")


SCENES: tuple[Scene, ...] = (
    first_workday, repeated_hour, late_at_school, late_at_school, evening_grading,
    evening_grading, conferences, conferences, practice, robotics, second_shift,
    second_shift, open_tab, open_tab, long_tunnel, long_tunnel, learning_at_home,
    learning_at_home, student_evening,
)  # fmt: skip


def leave_cancelled(writer: SceneWriter) -> None:
    """S08: the leave was canceled, and the owner works."""
    day = writer.day(after=1)
    person = writer.teacher(day)
    writer.leave(person, day, part="full", kind="personal", status="cancelled")
    span = minutes(writer.moment(day), 25)
    writer.away(person, span)
    writer.sit(person, writer.desktop(person), span, "teach", pace="busy")
    writer.case("S08", NONE, "", person, (writer.desktop(person),), span, "leave was canceled")


def morning_leave(writer: SceneWriter) -> None:
    """S09: on leave in the morning, working from one o'clock."""
    day = writer.day(after=1)
    person = writer.teacher(day)
    writer.leave(person, day, part="am", kind="personal")
    span = minutes(day.at("13:00"), 25)
    writer.away(person, (day.at("06:30"), span[1]))
    writer.sit(person, writer.desktop(person), span, "teach", pace="busy")
    writer.case(
        "S09", NONE, "", person, (writer.desktop(person),), span, "morning leave, afternoon work"
    )


def leave_and_mail(writer: SceneWriter) -> None:
    """S11: on leave, while the locked computer fetches mail."""
    day, person, device = writer.at_desk(after=2, weekdays="1234")
    writer.away_all_day(person, day)
    writer.leave(person, day, part="full", kind="sick")
    evening = day.at("15:30") - DAY
    writer.away(person, (evening, evening + 8 * 60 * MINUTE), 0)
    writer.sit(person, device, minutes(evening, 6), "teach")
    span = (day.at("06:00"), day.at("17:00"))
    writer.tick(person.username, device, span, "outlook.office.com", seconds=300, size=9_100)
    writer.case(
        "S11", NONE, "", person, (device,), span, "leave; the locked computer refreshes mail"
    )


def leave_and_restart(writer: SceneWriter) -> None:
    """S12: on leave, while the computer restarts and signs on by itself."""
    day, person, device = writer.at_desk(after=2)
    writer.away_all_day(person, day)
    writer.leave(person, day, part="full", kind="sick")
    begin = day.at("03:10", writer.rng.random())
    writer.plan.sittings.append(
        Sitting(
            -1,
            person.username,
            device.number,
            device.network,
            begin,
            begin + 7 * SECOND,
            "logon",
            "lock",
        )
    )
    hosts = ("www.facebook.com", "www.amazon.com", "docs.google.com", "www.espn.com",
             "mail.google.com", "www.reddit.com")  # fmt: skip
    for place in range(24):
        writer.fetch(
            person.username,
            device,
            begin + 15 * SECOND + place * writer.rng.randint(900, 2_100),
            hosts[place % len(hosts)],
            writer.rng.randint(9_000, 160_000),
        )
    span = (begin, day.at("16:00"))
    writer.tick(person.username, device, span, "mail.google.com", seconds=600, size=7_700)
    writer.case(
        "S12", NONE, "", person, (device,), span, "restart sign-on at ten past three, tabs restored"
    )


LEAVE: tuple[Scene, ...] = (
    leave_cancelled, morning_leave, leave_and_mail, leave_and_mail, leave_and_restart,
)  # fmt: skip


def shorter_silence(writer: SceneWriter, least: int, most: int) -> None:
    """S102a: an account of a club is used again after five or six weeks."""
    day, before = last_used(writer, least, most)
    account = f"club{writer.rng.randint(100, 999)}"
    span, device = used_again(writer, account, before, day)
    anybody = writer.world.roster.staff[0]
    idle = (day.date - before.date).days
    writer.case(
        "S102a",
        NONE,
        "",
        anybody,
        (device,),
        span,
        f"used again after {idle} days",
        account=account,
    )
    writer.about_nobody()


def back_from_leave(writer: SceneWriter) -> None:
    """S102b: a teacher is back after two months of leave."""
    day, before = last_used(writer, 46, 60)
    person = writer.teacher(*(d for d in writer.world.days if d.number <= day.number))
    device = writer.desktop(person)
    seen_before(writer, person.username, device, before)
    for one in (*writer.earlier, *writer.world.days):
        if before.date < one.date < day.date:
            writer.leave(person, one, part="full", kind="medical")
    start = writer.world.days[0].at("00:00")
    span = minutes(writer.moment(day), 30)
    writer.away(person, (start, span[0] - MINUTE), 0)
    writer.sit(person, device, span, "teach")
    writer.case("S102b", NONE, "", person, (device,), span, "back from a long leave")


SILENCES: tuple[Scene, ...] = (
    partial(shorter_silence, least=36, most=43),
    back_from_leave,
)
