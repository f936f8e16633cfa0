"""Honest use that resembles shared or lent accounts: travel, shared machines."""

from dataclasses import replace

from pipelines.synthetic.days import MINUTE, SECOND, SNOW_DAY
from pipelines.synthetic.plan import Key, Tunnel
from pipelines.synthetic.planted.writer import NONE, NotCastError, Scene, Stage, minutes
from pipelines.synthetic.routines import at_home, browse, home_address


def stray_line(stage: Stage) -> None:
    """S02: one line from a session left open at the other school."""
    day = stage.day()
    person = stage.teacher(day, building="HS")
    early = minutes(day.at("07:31"), 12)
    span = minutes(stage.moment(day, "09:00", "10:30"), 30)
    mine, far = stage.desktop(person), stage.spare("ES", "workroom", early)
    stage.away(person, (early[0], span[1]))
    stage.sit(person, far, early, "teach", opened="logon", closed="none")
    stage.sit(person, mine, span, "teach", pace="busy")
    stage.fetch(person.username, far, span[0] + 14 * MINUTE, "docs.google.com", 21_000)
    stage.case("S02", NONE, "", person, (mine, far), span,
               "one stray line from a session left open at ES")  # fmt: skip


def quick_drive(stage: Stage) -> None:
    """S04: at the other school nineteen minutes after the last click."""
    day = stage.day()
    person = stage.teacher(day, building="HS")
    last = stage.moment(day)
    span = minutes(last + 19 * MINUTE, 9)
    mine, far = stage.desktop(person), stage.spare("ES", "workroom", span)
    stage.away(person, (last - 15 * MINUTE, span[1]), 45)
    stage.sit(person, mine, (last - 13 * MINUTE, last), "teach", pace="busy")
    stage.sit(person, far, span, "teach", pace="busy", opened="logon", closed="logoff")
    stage.case("S04", NONE, "", person, (mine, far), span, "drove to ES in 19 minutes")


def therapist(stage: Stage) -> None:
    """S05: three buildings a day, with honest drives; an ordinary routine."""
    person = stage.holder("itinerant therapist", *stage.world.days)
    days = [day for day in stage.world.days if day.has_school]
    span = (days[0].at("07:45"), days[-1].at("15:20"))
    stage.case("S05", NONE, "", person, (stage.laptop(person),), span,
               "three buildings a day on one laptop")  # fmt: skip


def covers_class(stage: Stage) -> None:
    """S16: covers a colleague's class at the colleague's computer, own account."""
    day = stage.day()
    person = stage.teacher(day)
    other = stage.teacher(day, building=person.building)
    mine, theirs = stage.desktop(person), stage.desktop(other)
    span = minutes(stage.moment(day), 35)
    stage.away(person, span)
    stage.away(other, span)
    stage.sit(person, mine, minutes(span[0] - 14 * MINUTE, 9), "teach")
    stage.tick(
        person.username, mine, span, "outlook.office.com", seconds=120, size=8_700
    )
    stage.sit(person, theirs, span, "teach", pace="busy", opened="logon",
              closed="logoff")  # fmt: skip
    stage.case("S16", NONE, "", person, (mine, theirs), span,
               "covers a class; the own computer is locked")  # fmt: skip


def forgotten_logoff(stage: Stage) -> None:
    """S29: no log-off at one school, work at the other, the first one chatters."""
    day = stage.day()
    person = stage.teacher(day, building="HS")
    last = stage.moment(day)
    span = minutes(last + 28 * MINUTE, 25)
    mine, far = stage.desktop(person), stage.spare("ES", "workroom", span)
    stage.away(person, (last - 15 * MINUTE, span[1]), 45)
    stage.sit(person, mine, (last - 12 * MINUTE, last), "teach", closed="none")
    chatter = (last, span[1])
    stage.tick(person.username, mine, chatter, "outlook.office.com", seconds=150,
               size=8_900)  # fmt: skip
    stage.tick(person.username, mine, chatter, "docs.google.com", seconds=60,
               size=6_900)  # fmt: skip
    stage.sit(person, far, span, "teach", pace="busy", opened="logon", closed="logoff")
    stage.case("S29", NONE, "", person, (mine, far), span,
               "left without a log-off; the computer goes on by itself")  # fmt: skip


def renamed(stage: Stage) -> None:
    """S31: an account was renamed; both names are used in one week."""
    monday = stage.day(weekdays="0")
    later = [
        d for d in stage.world.days if monday.number < d.number < monday.number + 5
    ]
    person = stage.teacher(monday, *later)
    device = stage.desktop(person)
    old = f"{person.username[0]}former{person.number}"
    stage.plan.aliases[person.number] = old
    first = minutes(stage.moment(monday), 20)
    stage.away(person, first)
    stage.sit(person, device, first, "teach", account=old, opened="logon",
              closed="logoff")  # fmt: skip
    day = stage.choice([d for d in later if d.has_school])
    second = minutes(stage.moment(day), 20)
    stage.away(person, second)
    stage.sit(person, device, second, "teach", opened="logon", closed="logoff")
    stage.case("S31", NONE, "", person, (device,), (first[0], second[1]),
               f"renamed; {old} is the earlier name")  # fmt: skip


def rover(stage: Stage) -> None:
    """S32: a technician reaches fourteen computers over the network."""
    day = stage.day()
    person = stage.holder("technician", day)
    begin = stage.moment(day)
    desks = stage.world.places.where(lambda d: d.device_class in {"desktop", "lab_pc"})
    seats = stage.rng.sample(desks, min(14, len(desks)))
    own = stage.world.places.of(person, "desktop") or stage.laptop(person)
    address = stage.world.places.networks[own.network].address(own.number, day.number)
    for place, device in enumerate(seats):
        time = begin + place * stage.rng.randint(120, 260) * SECOND
        kind = 10 if place % 4 == 0 else 3
        stage.plan.keys.append(
            Key(time, device.number, person.username, "4624", kind, address)
        )
        stage.plan.keys.append(
            Key(time + 90 * SECOND, device.number, person.username, "4634", kind)
        )
    stage.case("S32", NONE, "", person, seats, minutes(begin, 60),
               "network and remote logons of a technician")  # fmt: skip


def scheduled_task(stage: Stage) -> None:
    """S34: a task runs in a teacher's name every night."""
    person = stage.teacher(*stage.world.days)
    device = stage.desktop(person)
    for day in stage.world.days:
        time = day.at("03:06")
        name = person.username
        stage.plan.keys.append(Key(time, device.number, name, "4624", 4))
        stage.plan.keys.append(Key(time + MINUTE, device.number, name, "4634", 4))
        stage.fetch(name, device, time + 4 * SECOND, "drive.google.com", 88_000)
    span = (stage.world.days[0].at("03:06"), stage.world.days[-1].at("03:07"))
    stage.case("S34", NONE, "", person, (device,), span, "a nightly task, logon type 4")


def idle_tunnel(stage: Stage) -> None:
    """S23: the laptop at home keeps its tunnel up while the owner teaches."""
    day = stage.day()
    person = stage.teacher(day, laptop=True)
    laptop = stage.laptop(person)
    span = (day.at("07:50"), day.at("14:30"))
    stage.away(person, span, 0)
    busy = minutes(stage.moment(day), 30)
    stage.sit(person, stage.desktop(person), busy, "teach", pace="busy")
    stage.plan.tunnels.append(
        Tunnel(person.username, laptop.number, *span, home_address(person))
    )
    for start in range(span[0], span[1], 300 * SECOND):
        browse_idle(stage, person.username, laptop.number, start)
    stage.case("S23", NONE, "", person, (laptop, stage.desktop(person)), span,
               "an idle tunnel from home")  # fmt: skip


def browse_idle(stage: Stage, account: str, laptop: int, start: int) -> None:
    """One request of an idle laptop at home."""
    device = stage.world.places.devices[laptop]
    stage.fetch(account, device, start + stage.rng.randint(0, 900),
                "outlook.office.com", stage.rng.randint(8_600, 9_100))  # fmt: skip
    last = stage.plan.fetches.pop()
    stage.plan.fetches.append(last.from_network("DO/remote"))


def two_lines(stage: Stage) -> None:
    """S24: the line at home, then the phone's hotspot, mapped to Chicago."""
    day = stage.day()
    person = stage.teacher(day, laptop=True)
    laptop = stage.laptop(person)
    first = minutes(day.at("18:40", stage.rng.randint(0, 30)), 20)
    second = minutes(first[1] + 3 * MINUTE, 20)
    stage.away(person, (first[0], second[1]), 90)
    at_home(stage.plan, person, laptop, first, "approved")
    at_home(stage.plan, person, laptop, second, "approved", remote_ip="203.0.113.140")
    stage.case("S24", NONE, "", person, (laptop,), (first[0], second[1]),
               "home line, then a mobile hotspot")  # fmt: skip


def own_devices(stage: Stage) -> None:
    """S18: laptop, desktop and phone of one person at once."""
    day = stage.day()
    person = stage.teacher(day, laptop=True)
    mine, laptop = stage.desktop(person), stage.laptop(person)
    span = minutes(stage.moment(day), 25)
    stage.away(person, span)
    stage.sit(person, mine, span, "teach", pace="busy", closed="none")
    stage.sit(person, laptop, span, "teach", pace="busy")
    phone = stage.world.places.of(person, "phone_byod")
    if phone:
        browse(stage.plan, person, phone, span, "phone", pace="phone")
    stage.case("S18", NONE, "", person, (mine, laptop), span, "own devices together")


ALL_MONTH: tuple[Scene, ...] = (therapist, scheduled_task)
"""Cases that last; they are cast before all others."""

SCENES: tuple[Scene, ...] = (
    stray_line, stray_line, quick_drive, quick_drive, covers_class, covers_class,
    forgotten_logoff, forgotten_logoff, renamed, rover, idle_tunnel, two_lines,
    own_devices, own_devices,
)  # fmt: skip


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


LENDING: tuple[Scene, ...] = (
    conference_from_afar,
    back_after_noon,
    own_account_next_door,
    snow_at_home,
    early_bird,
)


def demonstration(stage: Stage) -> None:
    """S14: a teacher shows something on a lab computer; the own one idles."""
    day = stage.day()
    person = stage.teacher(day, building="HS")
    mine = stage.desktop(person)
    span = minutes(stage.moment(day), 28)
    seat = stage.spare("HS", "lab", span)
    stage.away(person, span)
    stage.sit(person, mine, minutes(span[0] - 14 * MINUTE, 10), "teach", closed="none")
    stage.tick(
        person.username, mine, span, "outlook.office.com", seconds=90, size=8_800
    )
    stage.sit(person, seat, span, "approved", pace="busy", opened="logon",
              closed="logoff")  # fmt: skip
    stage.case("S14", NONE, "", person, (mine, seat), span,
               "a demonstration in the lab; own desktop logged on and idle"
    )  # fmt: skip


def podium_and_laptop(stage: Stage) -> None:
    """S17: the podium plays a video while the teacher grades in the same room."""
    day = stage.day()
    person = stage.teacher(day)
    mine = stage.desktop(person)
    span = minutes(stage.moment(day), 30)
    podium = stage.spare(person.building, "classroom", span)
    stage.away(person, span)
    stage.sit(person, podium, span, "youtube.com", pace="video", opened="logon",
              closed="logoff")  # fmt: skip
    stage.sit(person, mine, span, "approved", pace="busy")
    stage.case("S17", NONE, "", person, (podium, mine), span,
               "a video at the podium, grading beside it")  # fmt: skip


def office_account(stage: Stage) -> None:
    """S20: the approved shared account of an office, on three computers at once."""
    day = stage.day()
    stage.plan.say("accounts.csv", username="hs_office", account_type="role_shared",
                   approved_shared="yes", valid_from="2026-07-01",
                   note="front office, approved by the superintendent")  # fmt: skip
    span = minutes(stage.moment(day), 30)
    first = stage.holder("secretary", day, building="HS")
    second = stage.holder("aide", day, building="HS")
    third = stage.holder("aide", day, building="HS")
    devices = []
    for person in (first, second, third):
        device = stage.world.places.of(person, "desktop")
        device = device or stage.spare("HS", "workroom", span)
        stage.away(person, span)
        stage.sit(person, device, span, "office", account="hs_office", pace="busy",
                  opened="logon", closed="logoff")  # fmt: skip
        devices.append(device)
    stage.case("S20", NONE, "", first, devices, span, "approved shared account",
               account="hs_office")  # fmt: skip


def kiosks(stage: Stage) -> None:
    """S21: the library's account at kiosks of two schools at once."""
    day = stage.day()
    stage.plan.say("accounts.csv", username="library_kiosk", account_type="role_shared",
                   approved_shared="yes", valid_from="2026-07-01",
                   note="catalogue kiosks")  # fmt: skip
    span = minutes(stage.moment(day), 30)
    devices = []
    for building in ("HS", "ES"):
        pupil = stage.pupil(building, day)
        kiosk = stage.choice(stage.world.places.pool(building, "kiosk"))
        stage.away(pupil, span, 5)
        stage.sit(pupil, kiosk, span, "approved", account="library_kiosk",
                  opened="logon", closed="logoff", pace="busy")  # fmt: skip
        devices.append(kiosk)
    stage.case("S21", NONE, "", pupil, devices, span, "kiosks in two schools",
               account="library_kiosk")  # fmt: skip
    stage.about_nobody()


def switching_users(stage: Stage) -> None:
    """S30: two people take turns at one computer, each with the own account."""
    day = stage.day()
    pair = [stage.holder("aide", day, building="ES") for _ in range(2)]
    begin = stage.moment(day)
    whole = minutes(begin, 32)
    device = stage.spare("ES", "workroom", whole)
    for person in pair:
        stage.away(person, whole)
    for place in range(6):
        turn = minutes(begin + place * 5 * MINUTE, 4.5)
        stage.sit(pair[place % 2], device, turn, "office", pace="busy")
    for person in pair:
        stage.case("S30", NONE, "", person, (device,), whole, "fast user switching")


def substitute_week(stage: Stage) -> None:
    """S33: a substitute at five podiums in five days."""
    days = [d for d in stage.world.days if d.has_school][:5]
    person = stage.holder("substitute", *days)
    devices, spans = [], []
    podiums = stage.world.places.pool(person.building, "classroom")
    for day, podium in zip(days, podiums * 2, strict=False):
        span = minutes(stage.moment(day), 35)
        stage.away(person, span)
        stage.seats.setdefault(podium.number, []).append(span)
        stage.sit(person, podium, span, "approved", pace="busy", opened="logon",
                  closed="logoff")  # fmt: skip
        devices.append(podium)
        spans.append(span)
    if not spans:
        raise NotCastError
    stage.case("S33", NONE, "", person, devices, (spans[0][0], spans[-1][1]),
               "another podium every day")  # fmt: skip


def busy_seat(stage: Stage) -> None:
    """S35: one lab computer, forty pupils' accounts in a day."""
    day = stage.day()
    pupils = stage.world.roster.where(lambda p: p.is_student and p.building == "HS")
    whole = (day.at("08:20"), day.at("14:50"))
    seat = stage.spare("HS", "lab", whole)
    first = None
    for place, pupil in enumerate(stage.rng.sample(pupils, min(40, len(pupils)))):
        turn = minutes(whole[0] + place * 9 * MINUTE, 7.5)
        stage.away(pupil, turn, 2)
        stage.sit(pupil, seat, turn, "student", opened="logon", closed="logoff")
        first = first or pupil
    if first is None:
        raise NotCastError
    stage.case("S35", NONE, "", first, (seat,), whole, "forty accounts, one seat")
    stage.plan.cases[-1] = replace(stage.plan.cases[-1].without_person(), account="")


DEVICES: tuple[Scene, ...] = (
    demonstration, demonstration, podium_and_laptop, podium_and_laptop, office_account,
    kiosks, switching_users, substitute_week, busy_seat,
)  # fmt: skip
