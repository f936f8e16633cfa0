"""Honest use that resembles shared accounts: machines that many use."""

from dataclasses import replace

from pipelines.synthetic.days import MINUTE
from pipelines.synthetic.planted.stage import NONE, NotCastError, Scene, Stage, minutes


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


SCENES: tuple[Scene, ...] = (
    demonstration, demonstration, podium_and_laptop, podium_and_laptop, office_account,
    kiosks, switching_users, substitute_week, busy_seat,
)  # fmt: skip
