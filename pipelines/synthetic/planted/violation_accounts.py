"""Accounts used by others than their owner: taken, lent, left open or handed over."""

from functools import partial

from pipelines.synthetic.plan import Key
from pipelines.synthetic.planted.writer import (
    SHARED,
    NotCastError,
    Scene,
    SceneWriter,
    minutes,
)
from pipelines.synthetic.routines import at_home, browse
from pipelines.synthetic.school_days import MINUTE, SECOND


def two_campuses(writer: SceneWriter, length: float, intensity: int) -> None:
    """S01: the owner works at one school while another uses the account far away."""
    day = writer.day()
    owner, other = (
        writer.teacher(day, building="HS"),
        writer.holder("aide", day, building="ES"),
    )
    span = minutes(writer.moment(day), length)
    mine, far = writer.desktop(owner), writer.spare("ES", "workroom", span)
    writer.away(owner, span)
    writer.away(other, span)
    around = (span[0] - 6 * MINUTE, span[1] + 3 * MINUTE)
    writer.sit(owner, mine, around, "teach", pace="busy")
    writer.sit(
        other,
        far,
        span,
        "teach",
        account=owner.username,
        pace="busy",
        opened="logon",
        closed="logoff",
    )
    note = f"{other.person_id} uses the account at ES while its owner works at HS"
    writer.case("S01", SHARED, "SA-1", owner, (mine, far), span, note, intensity=intensity)


def keyboard_hop(writer: SceneWriter, length: float, intensity: int) -> None:
    """S03: a logon far away, two minutes after the owner's last click."""
    day = writer.day()
    owner = writer.teacher(day, building="HS")
    other = writer.holder("aide", day, building="ES")
    last = writer.moment(day)
    span = minutes(last + 110 * SECOND, length)
    mine, far = writer.desktop(owner), writer.spare("ES", "workroom", span)
    writer.away(owner, (last - 15 * MINUTE, span[1]), 60)
    writer.away(other, span)
    writer.sit(owner, mine, (last - 13 * MINUTE, last), "teach", pace="busy")
    writer.sit(
        other,
        far,
        span,
        "teach",
        account=owner.username,
        pace="busy",
        opened="logon",
        closed="logoff",
    )
    note = f"{other.person_id} logs on at ES minutes after the owner's click at HS"
    writer.case("S03", SHARED, "SA-2", owner, (mine, far), span, note, intensity=intensity)


def owner_on_leave(writer: SceneWriter, length: float, intensity: int) -> None:
    """S07: a substitute works under the account of the teacher who is on leave."""
    day = writer.day(after=1)
    owner = writer.teacher(day)
    other = writer.holder("substitute", day)
    mine = writer.desktop(owner)
    writer.away_all_day(owner, day)
    writer.away_all_day(other, day)
    writer.leave(owner, day, part="full", kind="sick", substitute_person_id=other.person_id)
    span = minutes(writer.moment(day, "08:30", "13:30"), length)
    writer.sit(
        other,
        mine,
        span,
        "teach",
        account=owner.username,
        pace="busy",
        opened="logon",
        closed="logoff",
    )
    note = f"{other.person_id} works under the account while its owner is on leave"
    writer.case("S07", SHARED, "SA-3", owner, (mine,), span, note, intensity=intensity)


def afternoon_leave(writer: SceneWriter, length: float, intensity: int) -> None:
    """S10: the owner left at noon; the computer is used at two."""
    day = writer.day(after=1)
    owner = writer.teacher(day)
    other = writer.holder("aide", day, building=owner.building)
    mine = writer.desktop(owner)
    writer.away(owner, (day.at("12:00"), day.at("23:00")), 5)
    writer.leave(owner, day, part="pm", kind="personal")
    span = minutes(day.at("14:00", writer.rng.randint(0, 20)), length)
    writer.visit(other, mine, span, "teach", account=owner.username, pace="busy")
    note = f"{other.person_id} unlocks the computer of an owner on leave since noon"
    writer.case("S10", SHARED, "SA-3", owner, (mine,), span, note, intensity=intensity)


def in_the_lab(writer: SceneWriter, length: float, intensity: int) -> None:
    """S13: students work under a teacher's account while the teacher does too."""
    day = writer.day()
    owner = writer.teacher(day, building="HS")
    span = minutes(writer.moment(day), length)
    mine = writer.desktop(owner)
    devices = [mine]
    writer.away(owner, span)
    writer.sit(owner, mine, (span[0] - 4 * MINUTE, span[1]), "teach", pace="busy")
    students = []
    for late in (0, 70):
        student = writer.student("HS", day)
        begun = (span[0] + late * SECOND, span[1])
        seat = writer.spare("HS", "lab", begun)
        writer.visit(
            student,
            seat,
            begun,
            "student",
            account=owner.username,
            pace="busy",
            opened="logon",
            closed="logoff",
            margin=5,
        )
        devices.append(seat)
        students.append(student.person_id)
    note = f"{' and '.join(students)} use the account in the lab, owner at the desk"
    writer.case("S13", SHARED, "SA-4", owner, devices, span, note, intensity=intensity)


def colleagues_desk(writer: SceneWriter, length: float, intensity: int) -> None:
    """S15: a colleague uses the account at the own desk while the owner works."""
    day = writer.day()
    owner = writer.teacher(day)
    other = writer.teacher(day, building=owner.building)
    span = minutes(writer.moment(day), length)
    mine, theirs = writer.desktop(owner), writer.desktop(other)
    writer.away(owner, span)
    writer.away(other, span)
    around = (span[0] - 4 * MINUTE, span[1] + 2 * MINUTE)
    writer.sit(owner, mine, around, "teach", pace="busy")
    writer.sit(
        other,
        theirs,
        span,
        "teach",
        account=owner.username,
        pace="busy",
        opened="logon",
        closed="logoff",
    )
    note = f"{other.person_id} uses the account at the own desk, owner at theirs"
    writer.case("S15", SHARED, "SA-4", owner, (mine, theirs), span, note, intensity=intensity)


def pooled(writer: SceneWriter, account: str, first: int, users: int) -> None:
    """S19: a shared account without approval moves from desk to desk."""
    days = [d for d in writer.world.days if d.has_school and d.number >= first][:users]
    writer.plan.add(
        "accounts.csv",
        username=account,
        account_type="role_shared",
        approved_shared="no",
        valid_from="2026-08-01",
        note="never approved",
    )
    devices, spans = [], []
    person = None
    for day in days:
        person = writer.teacher(day)
        span = minutes(writer.moment(day), writer.rng.randint(9, 16))
        device = writer.desktop(person)
        writer.visit(
            person, device, span, "approved", account=account, opened="logon", closed="logoff"
        )
        devices.append(device)
        spans.append(span)
    if person is None:
        return
    around = (spans[0][0], spans[-1][1])
    note = f"{users} people's computers in {len(days)} days; the account is the subject"
    writer.case(
        "S19",
        SHARED,
        "SA-5",
        person,
        devices,
        around,
        note,
        account=account,
        intensity=min(3, users - 2),
    )
    writer.about_nobody()


def here_and_far(writer: SceneWriter, length: float, intensity: int) -> None:
    """S22: the account comes through the VPN from Denver and sits at its desk."""
    day = writer.day()
    owner = writer.teacher(day, laptop=True)
    span = minutes(writer.moment(day), length)
    mine, laptop = writer.desktop(owner), writer.laptop(owner)
    writer.away(owner, span)
    writer.sit(owner, mine, (span[0] - 4 * MINUTE, span[1]), "teach", pace="busy")
    at_home(
        writer.plan,
        owner,
        laptop,
        span,
        "teach",
        pace="busy",
        remote_ip=f"198.51.100.{writer.rng.randint(194, 220)}",
    )
    note = "another person has the laptop 900 km away, the owner is at the desk"
    writer.case("S22", SHARED, "SA-6", owner, (mine, laptop), span, note, intensity=intensity)


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


def lent_to_a_student(writer: SceneWriter, length: float, intensity: int) -> None:
    """S81: a student far away works under the account of a teacher who teaches."""
    day = writer.day()
    owner = writer.teacher(day, building="HS")
    student = writer.student("ES", day)
    span = minutes(writer.moment(day), length)
    mine, far = writer.desktop(owner), writer.spare("ES", "lab", span)
    writer.away(owner, span)
    writer.away(student, span, 5)
    around = (span[0] - 5 * MINUTE, span[1] + 2 * MINUTE)
    writer.sit(owner, mine, around, "teach", pace="busy")
    writer.sit(
        student,
        far,
        span,
        "student",
        account=owner.username,
        pace="busy",
        opened="logon",
        closed="logoff",
    )
    note = f"{student.person_id} uses the account in the lab of ES, its owner is at HS"
    writer.case("S81", SHARED, "SA-1", owner, (mine, far), span, note, intensity=intensity)


def morning_leave(writer: SceneWriter, length: float, intensity: int) -> None:
    """S82: on leave until noon; someone uses the account at half past nine."""
    day = writer.day(after=1)
    owner = writer.teacher(day)
    other = writer.holder("aide", day, building=owner.building)
    mine = writer.desktop(owner)
    writer.away(owner, (day.at("05:00"), day.at("12:10")), 0)
    writer.leave(owner, day, part="am", kind="personal")
    span = minutes(day.at("09:20", writer.rng.randint(0, 30)), length)
    writer.visit(
        other,
        mine,
        span,
        "teach",
        account=owner.username,
        pace="busy",
        opened="logon",
        closed="logoff",
    )
    note = f"{other.person_id} works under the account of an owner who comes at noon"
    writer.case("S82", SHARED, "SA-3", owner, (mine,), span, note, intensity=intensity)


def at_a_conference(writer: SceneWriter, length: float, intensity: int) -> None:
    """S83: the owner is at a conference; a colleague enters grades meanwhile."""
    day = writer.day(after=1)
    owner = writer.teacher(day)
    other = writer.teacher(day, building=owner.building)
    theirs = writer.desktop(other)
    writer.away_all_day(owner, day)
    writer.leave(owner, day, part="full", kind="professional")
    span = minutes(writer.moment(day, "09:00", "13:30"), length)
    writer.visit(
        other,
        theirs,
        span,
        "approved",
        account=owner.username,
        pace="busy",
        opened="logon",
        closed="logoff",
    )
    note = f"{other.person_id} works under the account of an owner at a conference"
    writer.case("S83", SHARED, "SA-3", owner, (theirs,), span, note, intensity=intensity)


def hop_back(writer: SceneWriter, length: float, intensity: int) -> None:
    """S84: the owner works far away; three minutes later the own desk is unlocked."""
    day = writer.day()
    owner = writer.teacher(day, building="HS")
    other = writer.teacher(day, building="HS")
    last = writer.moment(day)
    before = (last - 14 * MINUTE, last)
    far, mine = writer.spare("ES", "workroom", before), writer.desktop(owner)
    span = minutes(last + 170 * SECOND, length)
    writer.away(owner, (before[0], span[1]), 60)
    writer.away(other, span)
    writer.sit(owner, far, before, "teach", pace="busy", opened="logon")
    writer.sit(
        other,
        mine,
        span,
        "teach",
        account=owner.username,
        pace="busy",
        opened="logon",
        closed="logoff",
    )
    note = f"{other.person_id} logs on at HS while the owner is still at ES"
    writer.case("S84", SHARED, "SA-2", owner, (mine, far), span, note, intensity=intensity)


def swapped(writer: SceneWriter, length: float, intensity: int) -> None:
    """S85: two teachers at two schools sit at each other's desks and accounts."""
    day = writer.day()
    one = writer.teacher(day, building="HS")
    other = writer.teacher(day, building="ES")
    span = minutes(writer.moment(day), length)
    for sitter, owner in ((one, other), (other, one)):
        writer.away(sitter, span)
        writer.sit(
            sitter,
            writer.desktop(sitter),
            span,
            "teach",
            account=owner.username,
            pace="busy",
            opened="logon",
            closed="logoff",
        )
        note = f"{sitter.person_id} uses the account at the own desk, and the reverse"
        writer.case(
            "S85", SHARED, "SA-L", owner, (writer.desktop(sitter),), span, note, intensity=intensity
        )


def round_the_office(writer: SceneWriter, length: float, intensity: int) -> None:
    """S86: one secretary's account, by turns at three desks of the district office."""
    day = writer.day()
    owner = writer.person(
        lambda p: (
            p.building == "DO"
            and not p.is_student
            and writer.world.places.of(p, "desktop") is not None
        ),
        day,
    )
    span = minutes(writer.moment(day), length)
    devices = [writer.desktop(owner)]
    writer.away(owner, span)
    writer.sit(owner, devices[0], (span[0] - 3 * MINUTE, span[1]), "office", pace="busy")
    for late in (0, 80):
        colleague = writer.person(
            lambda p: (
                p.building == "DO"
                and not p.is_student
                and writer.world.places.of(p, "desktop") is not None
            ),
            day,
        )
        begun = (span[0] + late * SECOND, span[1])
        writer.away(colleague, begun)
        desk = writer.desktop(colleague)
        writer.sit(
            colleague,
            desk,
            begun,
            "office",
            account=owner.username,
            pace="busy",
            opened="logon",
            closed="logoff",
        )
        devices.append(desk)
    writer.case(
        "S86",
        SHARED,
        "SA-4",
        owner,
        devices,
        span,
        "one account at three desks of one office by turns",
        intensity=intensity,
    )


LENDING: tuple[Scene, ...] = (
    partial(lent_to_a_student, length=16, intensity=1),
    partial(lent_to_a_student, length=32, intensity=2),
    partial(morning_leave, length=20, intensity=1),
    partial(morning_leave, length=45, intensity=2),
    partial(at_a_conference, length=22, intensity=1),
    partial(at_a_conference, length=50, intensity=3),
    partial(hop_back, length=11, intensity=2),
    partial(swapped, length=25, intensity=2),
    partial(round_the_office, length=26, intensity=2),
)


def remote_session(writer: SceneWriter) -> None:
    """S125: a colleague opens a remote session in the account of an owner who teaches."""
    day = writer.day(after=1)
    owner, other = writer.teacher(day, building="HS"), writer.teacher(day, building="ES")
    mine, client = writer.desktop(owner), writer.desktop(other)
    span = minutes(writer.moment(day), 26)
    around = (span[0] - 5 * MINUTE, span[1] + 2 * MINUTE)
    host = writer.spare("MS", "workroom", around)
    if not host.is_windows:
        raise NotCastError
    writer.visit(owner, mine, around, "teach", pace="busy", opened="logon", closed="logoff")
    writer.visit(other, client, around, "teach", opened="logon", closed="logoff")
    address = writer.world.places.networks[client.network].address(client.number, day.number)
    account = owner.username
    writer.plan.keys.append(Key(span[0], host.number, account, "4624", 10, address))
    inside = (span[0] + 20 * SECOND, span[1])
    browse(writer.plan, other, host, inside, "teach", account=account, pace="busy")
    note = f"{other.person_id} works in a remote session of an owner who teaches at HS"
    writer.case("S125", SHARED, "SA-10", owner, (host, client, mine), span, note)


REMOTE: tuple[Scene, ...] = (remote_session,)
