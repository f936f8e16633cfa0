"""Accounts used by others than their owner: taken, lent, left open or handed over."""

from functools import partial

from pipelines.synthetic.days import MINUTE, SECOND
from pipelines.synthetic.planted.writer import SHARED, Scene, Stage, minutes
from pipelines.synthetic.routines import at_home


def two_campuses(stage: Stage, length: float, intensity: int) -> None:
    """S01: the owner works at one school while another uses the account far away."""
    day = stage.day()
    owner, other = (
        stage.teacher(day, building="HS"),
        stage.holder("aide", day, building="ES"),
    )
    span = minutes(stage.moment(day), length)
    mine, far = stage.desktop(owner), stage.spare("ES", "workroom", span)
    stage.away(owner, span)
    stage.away(other, span)
    around = (span[0] - 6 * MINUTE, span[1] + 3 * MINUTE)
    stage.sit(owner, mine, around, "teach", pace="busy")
    stage.sit(other, far, span, "teach", account=owner.username, pace="busy",
              opened="logon", closed="logoff")  # fmt: skip
    note = f"{other.person_id} uses the account at ES while its owner works at HS"
    stage.case("S01", SHARED, "SA-1", owner, (mine, far), span, note,
               intensity=intensity)  # fmt: skip


def keyboard_hop(stage: Stage, length: float, intensity: int) -> None:
    """S03: a logon far away, two minutes after the owner's last click."""
    day = stage.day()
    owner = stage.teacher(day, building="HS")
    other = stage.holder("aide", day, building="ES")
    last = stage.moment(day)
    span = minutes(last + 110 * SECOND, length)
    mine, far = stage.desktop(owner), stage.spare("ES", "workroom", span)
    stage.away(owner, (last - 15 * MINUTE, span[1]), 60)
    stage.away(other, span)
    stage.sit(owner, mine, (last - 13 * MINUTE, last), "teach", pace="busy")
    stage.sit(other, far, span, "teach", account=owner.username, pace="busy",
              opened="logon", closed="logoff")  # fmt: skip
    note = f"{other.person_id} logs on at ES minutes after the owner's click at HS"
    stage.case("S03", SHARED, "SA-2", owner, (mine, far), span, note,
               intensity=intensity)  # fmt: skip


def owner_on_leave(stage: Stage, length: float, intensity: int) -> None:
    """S07: a substitute works under the account of the teacher who is on leave."""
    day = stage.day(after=1)
    owner = stage.teacher(day)
    other = stage.holder("substitute", day)
    mine = stage.desktop(owner)
    stage.away_all_day(owner, day)
    stage.away_all_day(other, day)
    stage.plan.say("leave.csv", person_id=owner.person_id, date=day.date.isoformat(),
                   part="full", kind="sick", status="approved",
                   substitute_person_id=other.person_id)  # fmt: skip
    span = minutes(stage.moment(day, "08:30", "13:30"), length)
    stage.sit(other, mine, span, "teach", account=owner.username, pace="busy",
              opened="logon", closed="logoff")  # fmt: skip
    note = f"{other.person_id} works under the account while its owner is on leave"
    stage.case("S07", SHARED, "SA-3", owner, (mine,), span, note, intensity=intensity)


def afternoon_leave(stage: Stage, length: float, intensity: int) -> None:
    """S10: the owner left at noon; the computer is used at two."""
    day = stage.day(after=1)
    owner = stage.teacher(day)
    other = stage.holder("aide", day, building=owner.building)
    mine = stage.desktop(owner)
    stage.away(owner, (day.at("12:00"), day.at("23:00")), 5)
    stage.plan.say("leave.csv", person_id=owner.person_id, date=day.date.isoformat(),
                   part="pm", kind="personal", status="approved")  # fmt: skip
    span = minutes(day.at("14:00", stage.rng.randint(0, 20)), length)
    stage.away(other, span)
    stage.sit(other, mine, span, "teach", account=owner.username, pace="busy")
    note = f"{other.person_id} unlocks the computer of an owner on leave since noon"
    stage.case("S10", SHARED, "SA-3", owner, (mine,), span, note, intensity=intensity)


def in_the_lab(stage: Stage, length: float, intensity: int) -> None:
    """S13: pupils work under a teacher's account while the teacher does too."""
    day = stage.day()
    owner = stage.teacher(day, building="HS")
    span = minutes(stage.moment(day), length)
    mine = stage.desktop(owner)
    devices = [mine]
    stage.away(owner, span)
    stage.sit(owner, mine, (span[0] - 4 * MINUTE, span[1]), "teach", pace="busy")
    pupils = []
    for late in (0, 70):
        pupil = stage.pupil("HS", day)
        begun = (span[0] + late * SECOND, span[1])
        seat = stage.spare("HS", "lab", begun)
        stage.away(pupil, begun, 5)
        stage.sit(pupil, seat, begun, "student", account=owner.username, pace="busy",
                  opened="logon", closed="logoff")  # fmt: skip
        devices.append(seat)
        pupils.append(pupil.person_id)
    note = f"{' and '.join(pupils)} use the account in the lab, owner at the desk"
    stage.case("S13", SHARED, "SA-4", owner, devices, span, note, intensity=intensity)


def colleagues_desk(stage: Stage, length: float, intensity: int) -> None:
    """S15: a colleague uses the account at the own desk while the owner works."""
    day = stage.day()
    owner = stage.teacher(day)
    other = stage.teacher(day, building=owner.building)
    span = minutes(stage.moment(day), length)
    mine, theirs = stage.desktop(owner), stage.desktop(other)
    stage.away(owner, span)
    stage.away(other, span)
    around = (span[0] - 4 * MINUTE, span[1] + 2 * MINUTE)
    stage.sit(owner, mine, around, "teach", pace="busy")
    stage.sit(other, theirs, span, "teach", account=owner.username, pace="busy",
              opened="logon", closed="logoff")  # fmt: skip
    note = f"{other.person_id} uses the account at the own desk, owner at theirs"
    stage.case("S15", SHARED, "SA-4", owner, (mine, theirs), span, note,
               intensity=intensity)  # fmt: skip


def pooled(stage: Stage, account: str, first: int, users: int) -> None:
    """S19: a shared account that nobody approved goes from desk to desk."""
    days = [d for d in stage.world.days if d.has_school and d.number >= first][:users]
    stage.plan.say("accounts.csv", username=account, account_type="role_shared",
                   approved_shared="no", valid_from="2026-08-01",
                   note="never approved")  # fmt: skip
    devices, spans = [], []
    person = None
    for day in days:
        person = stage.teacher(day)
        span = minutes(stage.moment(day), stage.rng.randint(9, 16))
        device = stage.desktop(person)
        stage.away(person, span)
        stage.sit(person, device, span, "approved", account=account, opened="logon",
                  closed="logoff")  # fmt: skip
        devices.append(device)
        spans.append(span)
    if person is None:
        return
    around = (spans[0][0], spans[-1][1])
    note = f"{users} people's computers in {len(days)} days; the account is the subject"
    stage.case("S19", SHARED, "SA-5", person, devices, around, note, account=account,
               intensity=min(3, users - 2))  # fmt: skip
    stage.about_nobody()


def here_and_far(stage: Stage, length: float, intensity: int) -> None:
    """S22: the account comes through the VPN from Denver and sits at its desk."""
    day = stage.day()
    owner = stage.teacher(day, laptop=True)
    span = minutes(stage.moment(day), length)
    mine, laptop = stage.desktop(owner), stage.laptop(owner)
    stage.away(owner, span)
    stage.sit(owner, mine, (span[0] - 4 * MINUTE, span[1]), "teach", pace="busy")
    at_home(stage.plan, owner, laptop, span, "teach", pace="busy",
            remote_ip=f"198.51.100.{stage.rng.randint(194, 220)}")  # fmt: skip
    note = "somebody else has the laptop 900 km away, the owner is at the desk"
    stage.case("S22", SHARED, "SA-6", owner, (mine, laptop), span, note,
               intensity=intensity)  # fmt: skip


SCENES: tuple[Scene, ...] = (
    partial(two_campuses, length=14, intensity=1),
    partial(two_campuses, length=24, intensity=2),
    partial(two_campuses, length=30, intensity=2),
    partial(two_campuses, length=50, intensity=3),
    partial(keyboard_hop, length=8, intensity=1),
    partial(keyboard_hop, length=12, intensity=2),
    partial(keyboard_hop, length=20, intensity=2),
    partial(owner_on_leave, length=18, intensity=1),
    partial(owner_on_leave, length=30, intensity=2),
    partial(owner_on_leave, length=55, intensity=3),
    partial(afternoon_leave, length=18, intensity=1),
    partial(afternoon_leave, length=40, intensity=2),
    partial(in_the_lab, length=15, intensity=1),
    partial(in_the_lab, length=25, intensity=2),
    partial(colleagues_desk, length=14, intensity=1),
    partial(colleagues_desk, length=28, intensity=2),
    partial(pooled, account="coach_shared", first=2, users=4),
    partial(pooled, account="yearbook", first=9, users=5),
    partial(here_and_far, length=25, intensity=2),
)


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


LENDING: tuple[Scene, ...] = (
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
