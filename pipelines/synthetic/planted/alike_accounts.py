"""Honest use that resembles shared accounts: travel, covering, tunnels, aliases."""

from pipelines.synthetic.acts import at_home, browse, home_address
from pipelines.synthetic.days import MINUTE, SECOND
from pipelines.synthetic.plan import Key, Tunnel
from pipelines.synthetic.planted.stage import NONE, Scene, Stage, minutes


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
