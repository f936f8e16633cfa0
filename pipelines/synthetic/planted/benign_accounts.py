"""Honest use that resembles shared or lent accounts: travel, shared machines."""

from dataclasses import replace

from pipelines.synthetic.plan import Key, Tunnel
from pipelines.synthetic.planted.writer import NONE, NotCastError, Scene, SceneWriter, minutes
from pipelines.synthetic.routines import at_home, browse, home_address
from pipelines.synthetic.school_days import MINUTE, SECOND, SNOW_DAY


def stray_line(writer: SceneWriter) -> None:
    """S02: one line from a session left open at the other school."""
    day = writer.day()
    person = writer.teacher(day, building="HS")
    early = minutes(day.at("07:31"), 12)
    span = minutes(writer.moment(day, "09:00", "10:30"), 30)
    mine, far = writer.desktop(person), writer.spare("ES", "workroom", early)
    writer.away(person, (early[0], span[1]))
    writer.sit(person, far, early, "teach", opened="logon", closed="none")
    writer.sit(person, mine, span, "teach", pace="busy")
    writer.fetch(person.username, far, span[0] + 14 * MINUTE, "docs.google.com", 21_000)
    writer.case(
        "S02", NONE, "", person, (mine, far), span, "one stray line from a session left open at ES"
    )


def quick_drive(writer: SceneWriter) -> None:
    """S04: at the other school nineteen minutes after the last click."""
    day = writer.day()
    person = writer.teacher(day, building="HS")
    last = writer.moment(day)
    span = minutes(last + 19 * MINUTE, 9)
    mine, far = writer.desktop(person), writer.spare("ES", "workroom", span)
    writer.away(person, (last - 15 * MINUTE, span[1]), 45)
    writer.sit(person, mine, (last - 13 * MINUTE, last), "teach", pace="busy")
    writer.sit(person, far, span, "teach", pace="busy", opened="logon", closed="logoff")
    writer.case("S04", NONE, "", person, (mine, far), span, "drove to ES in 19 minutes")


def therapist(writer: SceneWriter) -> None:
    """S05: three buildings a day, with honest drives; an ordinary routine."""
    person = writer.holder("itinerant therapist", *writer.world.days)
    days = [day for day in writer.world.days if day.has_school]
    span = (days[0].at("07:45"), days[-1].at("15:20"))
    writer.case(
        "S05",
        NONE,
        "",
        person,
        (writer.laptop(person),),
        span,
        "three buildings a day on one laptop",
    )


def covers_class(writer: SceneWriter) -> None:
    """S16: covers a colleague's class at the colleague's computer, own account."""
    day = writer.day()
    person = writer.teacher(day)
    other = writer.teacher(day, building=person.building)
    mine, theirs = writer.desktop(person), writer.desktop(other)
    span = minutes(writer.moment(day), 35)
    writer.away(person, span)
    writer.away(other, span)
    writer.sit(person, mine, minutes(span[0] - 14 * MINUTE, 9), "teach")
    writer.tick(person.username, mine, span, "outlook.office.com", seconds=120, size=8_700)
    writer.sit(person, theirs, span, "teach", pace="busy", opened="logon", closed="logoff")
    writer.case(
        "S16", NONE, "", person, (mine, theirs), span, "covers a class; the own computer is locked"
    )


def forgotten_logoff(writer: SceneWriter) -> None:
    """S29: no log-off at one school, work at the other, the first one chatters."""
    day = writer.day()
    person = writer.teacher(day, building="HS")
    last = writer.moment(day)
    span = minutes(last + 28 * MINUTE, 25)
    mine, far = writer.desktop(person), writer.spare("ES", "workroom", span)
    writer.away(person, (last - 15 * MINUTE, span[1]), 45)
    writer.sit(person, mine, (last - 12 * MINUTE, last), "teach", closed="none")
    chatter = (last, span[1])
    writer.tick(person.username, mine, chatter, "outlook.office.com", seconds=150, size=8_900)
    writer.tick(person.username, mine, chatter, "docs.google.com", seconds=60, size=6_900)
    writer.sit(person, far, span, "teach", pace="busy", opened="logon", closed="logoff")
    writer.case(
        "S29",
        NONE,
        "",
        person,
        (mine, far),
        span,
        "left without a log-off; the computer goes on by itself",
    )


def renamed(writer: SceneWriter) -> None:
    """S31: an account was renamed; both names are used in one week."""
    monday = writer.day(weekdays="0")
    later = [d for d in writer.world.days if monday.number < d.number < monday.number + 5]
    person = writer.teacher(monday, *later)
    device = writer.desktop(person)
    old = f"{person.username[0]}former{person.number}"
    writer.plan.aliases[person.number] = old
    first = minutes(writer.moment(monday), 20)
    writer.visit(person, device, first, "teach", account=old, opened="logon", closed="logoff")
    day = writer.choice([d for d in later if d.has_school])
    second = minutes(writer.moment(day), 20)
    writer.visit(person, device, second, "teach", opened="logon", closed="logoff")
    writer.case(
        "S31",
        NONE,
        "",
        person,
        (device,),
        (first[0], second[1]),
        f"renamed; {old} is the earlier name",
    )


def rover(writer: SceneWriter) -> None:
    """S32: a technician reaches fourteen computers over the network."""
    day = writer.day()
    person = writer.holder("technician", day)
    begin = writer.moment(day)
    desks = writer.world.places.where(lambda d: d.device_class in {"desktop", "lab_pc"})
    seats = writer.rng.sample(desks, min(14, len(desks)))
    own = writer.world.places.of(person, "desktop") or writer.laptop(person)
    address = writer.world.places.networks[own.network].address(own.number, day.number)
    for place, device in enumerate(seats):
        time = begin + place * writer.rng.randint(120, 260) * SECOND
        kind = 10 if place % 4 == 0 else 3
        writer.plan.keys.append(Key(time, device.number, person.username, "4624", kind, address))
        writer.plan.keys.append(
            Key(time + 90 * SECOND, device.number, person.username, "4634", kind)
        )
    writer.case(
        "S32",
        NONE,
        "",
        person,
        seats,
        minutes(begin, 60),
        "network and remote logons of a technician",
    )


def scheduled_task(writer: SceneWriter) -> None:
    """S34: a task runs in a teacher's name every night."""
    person = writer.teacher(*writer.world.days)
    device = writer.desktop(person)
    for day in writer.world.days:
        time = day.at("03:06")
        name = person.username
        writer.plan.keys.append(Key(time, device.number, name, "4624", 4))
        writer.plan.keys.append(Key(time + MINUTE, device.number, name, "4634", 4))
        writer.fetch(name, device, time + 4 * SECOND, "drive.google.com", 88_000)
    span = (writer.world.days[0].at("03:06"), writer.world.days[-1].at("03:07"))
    writer.case("S34", NONE, "", person, (device,), span, "a nightly task, logon type 4")


def idle_tunnel(writer: SceneWriter) -> None:
    """S23: the laptop at home keeps its tunnel up while the owner teaches."""
    day = writer.day()
    person = writer.teacher(day, laptop=True)
    laptop = writer.laptop(person)
    span = (day.at("07:50"), day.at("14:30"))
    writer.away(person, span, 0)
    busy = minutes(writer.moment(day), 30)
    writer.sit(person, writer.desktop(person), busy, "teach", pace="busy")
    writer.plan.tunnels.append(Tunnel(person.username, laptop.number, *span, home_address(person)))
    for start in range(span[0], span[1], 300 * SECOND):
        browse_idle(writer, person.username, laptop.number, start)
    writer.case(
        "S23", NONE, "", person, (laptop, writer.desktop(person)), span, "an idle tunnel from home"
    )


def browse_idle(writer: SceneWriter, account: str, laptop: int, start: int) -> None:
    """Add one request of an idle laptop at home."""
    device = writer.world.places.devices[laptop]
    writer.fetch(
        account,
        device,
        start + writer.rng.randint(0, 900),
        "outlook.office.com",
        writer.rng.randint(8_600, 9_100),
    )
    last = writer.plan.fetches.pop()
    writer.plan.fetches.append(last.from_network("DO/remote"))


def two_lines(writer: SceneWriter) -> None:
    """S24: the line at home, then the phone's hotspot, mapped to Chicago."""
    day = writer.day()
    person = writer.teacher(day, laptop=True)
    laptop = writer.laptop(person)
    first = minutes(day.at("18:40", writer.rng.randint(0, 30)), 20)
    second = minutes(first[1] + 3 * MINUTE, 20)
    writer.away(person, (first[0], second[1]), 90)
    at_home(writer.plan, person, laptop, first, "approved")
    at_home(writer.plan, person, laptop, second, "approved", remote_ip="203.0.113.140")
    writer.case(
        "S24",
        NONE,
        "",
        person,
        (laptop,),
        (first[0], second[1]),
        "home line, then a mobile hotspot",
    )


def own_devices(writer: SceneWriter) -> None:
    """S18: laptop, desktop and phone of one person at the same time."""
    day = writer.day()
    person = writer.teacher(day, laptop=True)
    mine, laptop = writer.desktop(person), writer.laptop(person)
    span = minutes(writer.moment(day), 25)
    writer.visit(person, mine, span, "teach", pace="busy", closed="none")
    writer.sit(person, laptop, span, "teach", pace="busy")
    phone = writer.world.places.of(person, "phone_byod")
    if phone:
        browse(writer.plan, person, phone, span, "phone", pace="phone")
    writer.case("S18", NONE, "", person, (mine, laptop), span, "own devices together")


ALL_MONTH: tuple[Scene, ...] = (therapist, scheduled_task)
"""Cases that last; they are cast before all others."""

SCENES: tuple[Scene, ...] = (
    stray_line, stray_line, quick_drive, quick_drive, covers_class, covers_class,
    forgotten_logoff, forgotten_logoff, renamed, rover, idle_tunnel, two_lines,
    own_devices, own_devices,
)  # fmt: skip


def conference_from_afar(writer: SceneWriter) -> None:
    """S83a: at a conference, the owner works on the own laptop in the evening there."""
    day = writer.day(after=1)
    person = writer.teacher(day, laptop=True)
    laptop = writer.laptop(person)
    writer.away_all_day(person, day)
    writer.leave(person, day, part="full", kind="professional")
    span = minutes(day.at("11:40", writer.rng.randint(0, 30)), 25)
    at_home(writer.plan, person, laptop, span, "approved", pace="busy")
    writer.case(
        "S83a",
        NONE,
        "",
        person,
        (laptop,),
        span,
        "on leave for a conference, working through the tunnel",
    )


def back_after_noon(writer: SceneWriter) -> None:
    """S82a: on leave until noon, at the desk at ten past twelve."""
    day = writer.day(after=1)
    person = writer.teacher(day)
    writer.away(person, (day.at("05:00"), day.at("12:05")), 0)
    writer.leave(person, day, part="am", kind="personal")
    span = minutes(day.at("12:10"), 20)
    writer.sit(person, writer.desktop(person), span, "teach", pace="busy")
    writer.case(
        "S82a",
        NONE,
        "",
        person,
        (writer.desktop(person),),
        span,
        "back at noon after a morning's leave",
    )


def own_account_next_door(writer: SceneWriter) -> None:
    """S86a: three colleagues of one office at each other's desks, own accounts."""
    day = writer.day()
    people = [
        writer.person(
            lambda p: (
                p.building == "DO"
                and not p.is_student
                and writer.world.places.of(p, "desktop") is not None
            ),
            day,
        )
        for _ in range(2)
    ]
    span = minutes(writer.moment(day), 20)
    for person, other in zip(people, reversed(people), strict=True):
        writer.away(person, span)
        desk = writer.desktop(other)
        writer.sit(person, desk, span, "office", pace="busy", opened="logon", closed="logoff")
        writer.case(
            "S86a",
            NONE,
            "",
            person,
            (desk,),
            span,
            "colleagues swapped desks, each under the own account",
        )


def snow_at_home(writer: SceneWriter) -> None:
    """S87a: school is closed for snow; lessons are prepared at home."""
    day = writer.on(SNOW_DAY)
    person = writer.teacher(day, laptop=True)
    span = minutes(day.at("09:30", writer.rng.randint(0, 60)), 40)
    writer.away(person, span)
    at_home(writer.plan, person, writer.laptop(person), span, "approved", pace="busy")
    writer.case(
        "S87a",
        NONE,
        "",
        person,
        (writer.laptop(person),),
        span,
        "work at home while school is closed",
    )


def early_bird(writer: SceneWriter) -> None:
    """S88a: at the desk before six, for lessons, with one look at the weather."""
    day, person, device = writer.at_desk(after=1)
    span = minutes(day.at("05:40", writer.rng.randint(0, 10)), 30)
    writer.visit(person, device, span, "approved", pace="busy")
    writer.fetch(person.username, device, span[0] + 9 * MINUTE, "www.weather.com", 41_000)
    writer.case(
        "S88a", NONE, "", person, (device,), span, "lessons prepared at the desk before six"
    )


LENDING: tuple[Scene, ...] = (
    conference_from_afar,
    back_after_noon,
    own_account_next_door,
    snow_at_home,
    early_bird,
)


def demonstration(writer: SceneWriter) -> None:
    """S14: a teacher shows something on a lab computer; the own one idles."""
    day, person, mine = writer.at_desk(building="HS")
    span = minutes(writer.moment(day), 28)
    seat = writer.spare("HS", "lab", span)
    writer.away(person, span)
    writer.sit(person, mine, minutes(span[0] - 14 * MINUTE, 10), "teach", closed="none")
    writer.tick(person.username, mine, span, "outlook.office.com", seconds=90, size=8_800)
    writer.sit(person, seat, span, "approved", pace="busy", opened="logon", closed="logoff")
    writer.case(
        "S14",
        NONE,
        "",
        person,
        (mine, seat),
        span,
        "a demonstration in the lab; own desktop logged on and idle",
    )


def podium_and_laptop(writer: SceneWriter) -> None:
    """S17: the podium plays a video while the teacher grades in the same room."""
    day, person, mine = writer.at_desk()
    span = minutes(writer.moment(day), 30)
    podium = writer.spare(person.building, "classroom", span)
    writer.visit(person, podium, span, "youtube.com", pace="video", opened="logon", closed="logoff")
    writer.sit(person, mine, span, "approved", pace="busy")
    writer.case(
        "S17",
        NONE,
        "",
        person,
        (podium, mine),
        span,
        ("a video at the podium, grading at the same time"),
    )


def office_account(writer: SceneWriter) -> None:
    """S20: the approved shared account of an office, on three computers at the same time."""
    day = writer.day()
    writer.plan.add(
        "accounts.csv",
        username="hs_office",
        account_type="role_shared",
        approved_shared="yes",
        valid_from="2026-07-01",
        note="front office, approved by the superintendent",
    )
    span = minutes(writer.moment(day), 30)
    first = writer.holder("secretary", day, building="HS")
    second = writer.holder("aide", day, building="HS")
    third = writer.holder("aide", day, building="HS")
    devices = []
    for person in (first, second, third):
        device = writer.world.places.of(person, "desktop")
        device = device or writer.spare("HS", "workroom", span)
        writer.visit(
            person,
            device,
            span,
            "office",
            account="hs_office",
            pace="busy",
            opened="logon",
            closed="logoff",
        )
        devices.append(device)
    writer.case(
        "S20", NONE, "", first, devices, span, "approved shared account", account="hs_office"
    )


def kiosks(writer: SceneWriter) -> None:
    """S21: the library's account at kiosks of two schools at the same time."""
    day = writer.day()
    writer.plan.add(
        "accounts.csv",
        username="library_kiosk",
        account_type="role_shared",
        approved_shared="yes",
        valid_from="2026-07-01",
        note="catalog kiosks",
    )
    span = minutes(writer.moment(day), 30)
    devices = []
    for building in ("HS", "ES"):
        student = writer.student(building, day)
        kiosk = writer.choice(writer.world.places.pool(building, "kiosk"))
        writer.visit(
            student,
            kiosk,
            span,
            "approved",
            account="library_kiosk",
            margin=5,
            opened="logon",
            closed="logoff",
            pace="busy",
        )
        devices.append(kiosk)
    writer.case(
        "S21", NONE, "", student, devices, span, "kiosks in two schools", account="library_kiosk"
    )
    writer.about_nobody()


def switching_users(writer: SceneWriter) -> None:
    """S30: two people take turns at one computer, each with the own account."""
    day = writer.day()
    pair = [writer.holder("aide", day, building="ES") for _ in range(2)]
    begin = writer.moment(day)
    whole = minutes(begin, 32)
    device = writer.spare("ES", "workroom", whole)
    for person in pair:
        writer.away(person, whole)
    for place in range(6):
        turn = minutes(begin + place * 5 * MINUTE, 4.5)
        writer.sit(pair[place % 2], device, turn, "office", pace="busy")
    for person in pair:
        writer.case("S30", NONE, "", person, (device,), whole, "fast user switching")


def substitute_week(writer: SceneWriter) -> None:
    """S33: a substitute at five podiums in five days."""
    days = [d for d in writer.world.days if d.has_school][:5]
    person = writer.holder("substitute", *days)
    devices, spans = [], []
    podiums = writer.world.places.pool(person.building, "classroom")
    for day, podium in zip(days, podiums * 2, strict=False):
        span = minutes(writer.moment(day), 35)
        writer.away(person, span)
        writer.seats.setdefault(podium.number, []).append(span)
        writer.sit(person, podium, span, "approved", pace="busy", opened="logon", closed="logoff")
        devices.append(podium)
        spans.append(span)
    if not spans:
        raise NotCastError
    writer.case(
        "S33", NONE, "", person, devices, (spans[0][0], spans[-1][1]), "another podium every day"
    )


def busy_seat(writer: SceneWriter) -> None:
    """S35: one lab computer, forty students' accounts in a day."""
    day = writer.day()
    students = writer.world.roster.where(lambda p: p.is_student and p.building == "HS")
    whole = (day.at("08:20"), day.at("14:50"))
    seat = writer.spare("HS", "lab", whole)
    first = None
    for place, student in enumerate(writer.rng.sample(students, min(40, len(students)))):
        turn = minutes(whole[0] + place * 9 * MINUTE, 7.5)
        writer.visit(student, seat, turn, "student", opened="logon", closed="logoff", margin=2)
        first = first or student
    if first is None:
        raise NotCastError
    writer.case("S35", NONE, "", first, (seat,), whole, "forty accounts, one seat")
    writer.plan.cases[-1] = replace(writer.plan.cases[-1].without_person(), account="")


DEVICES: tuple[Scene, ...] = (
    demonstration, demonstration, podium_and_laptop, podium_and_laptop, office_account,
    kiosks, switching_users, substitute_week, busy_seat,
)  # fmt: skip
