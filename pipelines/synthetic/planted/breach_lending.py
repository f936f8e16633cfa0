"""Accounts that were lent, left open or handed over, in ways people really do it."""

from functools import partial

from pipelines.synthetic.days import MINUTE, SECOND
from pipelines.synthetic.planted.stage import SHARED, Scene, Stage, minutes


def lent_to_a_pupil(stage: Stage, length: float, intensity: int) -> None:
    """S81: a pupil far away works under the account of a teacher who teaches."""
    day = stage.day()
    owner = stage.teacher(day, building="HS")
    pupil = stage.pupil("ES", day)
    span = minutes(stage.moment(day), length)
    mine, far = stage.desktop(owner), stage.spare("ES", "lab", span)
    stage.away(owner, span)
    stage.away(pupil, span, 5)
    around = (span[0] - 5 * MINUTE, span[1] + 2 * MINUTE)
    stage.sit(owner, mine, around, "teach", pace="busy")
    stage.sit(pupil, far, span, "student", account=owner.username, pace="busy",
              opened="logon", closed="logoff")  # fmt: skip
    note = f"{pupil.person_id} uses the account in the lab of ES, its owner is at HS"
    stage.case("S81", SHARED, "SA-1", owner, (mine, far), span, note,
               intensity=intensity)  # fmt: skip


def morning_leave(stage: Stage, length: float, intensity: int) -> None:
    """S82: on leave until noon; somebody works under the account at half past nine."""
    day = stage.day(after=1)
    owner = stage.teacher(day)
    other = stage.holder("aide", day, building=owner.building)
    mine = stage.desktop(owner)
    stage.away(owner, (day.at("05:00"), day.at("12:10")), 0)
    stage.plan.say("leave.csv", person_id=owner.person_id, date=day.date.isoformat(),
                   part="am", kind="personal", status="approved")  # fmt: skip
    span = minutes(day.at("09:20", stage.rng.randint(0, 30)), length)
    stage.away(other, span)
    stage.sit(other, mine, span, "teach", account=owner.username, pace="busy",
              opened="logon", closed="logoff")  # fmt: skip
    note = f"{other.person_id} works under the account of an owner who comes at noon"
    stage.case("S82", SHARED, "SA-3", owner, (mine,), span, note, intensity=intensity)


def at_a_conference(stage: Stage, length: float, intensity: int) -> None:
    """S83: the owner is at a conference; a colleague enters grades meanwhile."""
    day = stage.day(after=1)
    owner = stage.teacher(day)
    other = stage.teacher(day, building=owner.building)
    theirs = stage.desktop(other)
    stage.away_all_day(owner, day)
    stage.plan.say("leave.csv", person_id=owner.person_id, date=day.date.isoformat(),
                   part="full", kind="professional", status="approved")  # fmt: skip
    span = minutes(stage.moment(day, "09:00", "13:30"), length)
    stage.away(other, span)
    stage.sit(other, theirs, span, "approved", account=owner.username, pace="busy",
              opened="logon", closed="logoff")  # fmt: skip
    note = f"{other.person_id} works under the account of an owner at a conference"
    stage.case("S83", SHARED, "SA-3", owner, (theirs,), span, note,
               intensity=intensity)  # fmt: skip


def hop_back(stage: Stage, length: float, intensity: int) -> None:
    """S84: the owner works far away; three minutes later the own desk is unlocked."""
    day = stage.day()
    owner = stage.teacher(day, building="HS")
    other = stage.teacher(day, building="HS")
    last = stage.moment(day)
    before = (last - 14 * MINUTE, last)
    far, mine = stage.spare("ES", "workroom", before), stage.desktop(owner)
    span = minutes(last + 170 * SECOND, length)
    stage.away(owner, (before[0], span[1]), 60)
    stage.away(other, span)
    stage.sit(owner, far, before, "teach", pace="busy", opened="logon")
    stage.sit(other, mine, span, "teach", account=owner.username, pace="busy",
              opened="logon", closed="logoff")  # fmt: skip
    note = f"{other.person_id} logs on at HS while the owner is still at ES"
    stage.case("S84", SHARED, "SA-2", owner, (mine, far), span, note,
               intensity=intensity)  # fmt: skip


def swapped(stage: Stage, length: float, intensity: int) -> None:
    """S85: two teachers at two schools sit at each other's desks and accounts."""
    day = stage.day()
    one = stage.teacher(day, building="HS")
    other = stage.teacher(day, building="ES")
    span = minutes(stage.moment(day), length)
    for sitter, owner in ((one, other), (other, one)):
        stage.away(sitter, span)
        stage.sit(sitter, stage.desktop(sitter), span, "teach", account=owner.username,
                  pace="busy", opened="logon", closed="logoff")  # fmt: skip
        note = f"{sitter.person_id} uses the account at the own desk, and the reverse"
        stage.case("S85", SHARED, "SA-L", owner, (stage.desktop(sitter),), span, note,
                   intensity=intensity)  # fmt: skip


def round_the_office(stage: Stage, length: float, intensity: int) -> None:
    """S86: one secretary's account, in turns at three desks of the district office."""
    day = stage.day()
    owner = stage.person(
        lambda p: (
            p.building == "DO"
            and not p.is_student
            and stage.world.places.of(p, "desktop") is not None
        ),
        day,
    )
    span = minutes(stage.moment(day), length)
    devices = [stage.desktop(owner)]
    stage.away(owner, span)
    stage.sit(owner, devices[0], (span[0] - 3 * MINUTE, span[1]), "office", pace="busy")
    for late in (0, 80):
        colleague = stage.person(
            lambda p: (
                p.building == "DO"
                and not p.is_student
                and stage.world.places.of(p, "desktop") is not None
            ),
            day,
        )
        begun = (span[0] + late * SECOND, span[1])
        stage.away(colleague, begun)
        desk = stage.desktop(colleague)
        stage.sit(colleague, desk, begun, "office", account=owner.username,
                  pace="busy", opened="logon", closed="logoff")  # fmt: skip
        devices.append(desk)
    stage.case("S86", SHARED, "SA-4", owner, devices, span,
               "one account at three desks of one office in turns",
               intensity=intensity)  # fmt: skip


SCENES: tuple[Scene, ...] = (
    partial(lent_to_a_pupil, length=16, intensity=1),
    partial(lent_to_a_pupil, length=32, intensity=2),
    partial(morning_leave, length=20, intensity=1),
    partial(morning_leave, length=45, intensity=2),
    partial(at_a_conference, length=22, intensity=1),
    partial(at_a_conference, length=50, intensity=3),
    partial(hop_back, length=11, intensity=2),
    partial(swapped, length=25, intensity=2),
    partial(round_the_office, length=26, intensity=2),
)
