"""Honest use that resembles shared accounts: shared machines and odd networks."""

from dataclasses import replace

from pipelines.demo.acts import browse
from pipelines.demo.days import MINUTE, SECOND
from pipelines.demo.plan import Release
from pipelines.demo.planted.stage import NONE, NotCastError, Scene, Stage, minutes


def lingering_address(stage: Stage) -> None:
    """S06: a walk to the school next door; the old address lingers."""
    day = stage.day()
    person = stage.person(
        lambda p: (
            p.building == "HS"
            and not p.is_student
            and stage.world.places.of(p, "laptop") is not None
        ),
        day,
    )
    laptop = stage.laptop(person)
    last = stage.moment(day)
    stage.away(person, minutes(last - 15 * MINUTE, 45))
    browse(stage.plan, person, laptop, (last - 14 * MINUTE, last), "teach", pace="busy")
    later = minutes(last + 4 * MINUTE, 18)
    browse(stage.plan, person, laptop, later, "teach", pace="busy", network="MS/wifi")
    for late in (6, 9):
        stage.fetch(person.username, laptop, last + late * MINUTE, "docs.google.com",
                    24_000)  # fmt: skip
    stage.case("S06", NONE, "", person, (laptop,), (last, later[1]),
               "walked from HS to MS; lines from the old address follow")  # fmt: skip


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
    stage.plan.cases[-1] = stage.plan.cases[-1].without_person()


def virtual_desktop(stage: Stage) -> None:
    """S25: a session on the virtual desktop host beside the own computer."""
    day = stage.day()
    person = stage.teacher(day, building="HS")
    mine = stage.desktop(person)
    host = stage.choice(
        stage.world.places.where(lambda d: d.device_class == "vdi_host")
    )
    span = minutes(stage.moment(day), 28)
    stage.away(person, span)
    stage.sit(person, mine, span, "teach", pace="busy")
    stage.sit(
        person, host, span, "teach", pace="busy", opened="remote", closed="logoff"
    )
    stage.case("S25", NONE, "", person, (mine, host), span,
               "a virtual desktop in the district office's network")  # fmt: skip


def portable_classroom(stage: Stage) -> None:
    """S26: two teachers behind one translated address."""
    day = stage.day()
    span = minutes(stage.moment(day), 30)
    people, devices = [], []
    for _ in range(2):
        person = stage.person(
            lambda p: (
                p.building == "HS"
                and not p.is_student
                and stage.world.places.of(p, "laptop") is not None
            ),
            day,
        )
        stage.away(person, span)
        laptop = stage.laptop(person)
        browse(stage.plan, person, laptop, span, "teach", pace="busy", network="HS/nat")
        people.append(person)
        devices.append(laptop)
    for person in people:
        stage.case("S26", NONE, "", person, devices, span,
                   "a portable classroom behind one address")  # fmt: skip


def lease_passes_on(stage: Stage) -> None:
    """S27: an address passes from one laptop to another within four minutes."""
    day = stage.day()
    pair = [
        stage.person(
            lambda p: (
                p.building == "HS"
                and not p.is_student
                and stage.world.places.of(p, "laptop") is not None
            ),
            day,
        )
        for _ in range(2)
    ]
    first, second = map(stage.laptop, pair)
    last = stage.moment(day, "12:30", "14:00")
    address = stage.world.places.networks["HS/wifi"].address(first.number, day.number)
    stage.away(pair[0], (last - 16 * MINUTE, day.at("23:00")), 0)
    stage.away(pair[1], minutes(last - 10 * MINUTE, 40))
    browse(stage.plan, pair[0], first, (last - 15 * MINUTE, last), "teach", pace="busy",
           network="HS/wifi")  # fmt: skip
    stage.plan.releases.append(Release(first.number, "HS/wifi", last + 20 * SECOND))
    span = minutes(last + 5 * MINUTE, 20)
    browse(stage.plan, pair[1], second, span, "teach", pace="busy", network="HS/wifi",
           address=address)  # fmt: skip
    for person in pair:
        stage.case("S27", NONE, "", person, (first, second), (last, span[1]),
                   "one address, two laptops, five minutes apart")  # fmt: skip


def slow_clock(stage: Stage) -> None:
    """S28: a podium twelve minutes slow, after an honest drive."""
    day = stage.day()
    person = stage.teacher(day, building="HS")
    podium = stage.choice(
        stage.world.places.where(
            lambda d: d.clock_error_seconds != 0 and d.building == "ES"
        )
    )
    last = stage.moment(day)
    span = minutes(last + 24 * MINUTE, 12)
    stage.away(person, (last - 15 * MINUTE, span[1]), 45)
    stage.sit(person, stage.desktop(person), (last - 13 * MINUTE, last), "teach",
              pace="busy")  # fmt: skip
    stage.sit(person, podium, span, "teach", pace="busy", opened="logon",
              closed="logoff")  # fmt: skip
    stage.case("S28", NONE, "", person, (stage.desktop(person), podium), span,
               "the podium's clock is twelve minutes slow")  # fmt: skip


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


SCENES: tuple[Scene, ...] = (
    lingering_address, demonstration, demonstration, podium_and_laptop,
    podium_and_laptop, office_account, kiosks, virtual_desktop, portable_classroom,
    lease_passes_on, slow_clock, slow_clock, switching_users, substitute_week,
    busy_seat,
)  # fmt: skip
