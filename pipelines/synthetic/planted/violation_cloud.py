"""Sign-ins at the identity provider, which a group of staff tries out, and what goes wrong."""

from pipelines.synthetic.invented_people import Person
from pipelines.synthetic.plan import CloudEvent, Sitting
from pipelines.synthetic.planted.writer import (
    ANOMALY,
    SHARED,
    NotCastError,
    Scene,
    SceneWriter,
    Span,
    minutes,
)
from pipelines.synthetic.routines import home_address
from pipelines.synthetic.school_days import MINUTE, SECOND, Day
from pipelines.synthetic.writers.freeradius import TRIES_LOGINS

DISTRICT = "198.51.100.5"
"""The district's own way out."""
OTHER_HOME = "192.0.2.70"
ABROAD = "192.0.2.100"
HOSTED = ("192.0.2.130", "192.0.2.131")
SIGN_IN, PUSH = "user.session.start", "user.authentication.auth_via_mfa"
PILOT_DAYS = 8
"""Days after which the provider knows an account well."""
PILOT_SIZE = 8


def _sign_in(writer: SceneWriter, person: Person, time: int, address: str) -> None:
    writer.plan.cloud.append(CloudEvent(time, person.username, SIGN_IN, address))


def _uses_provider(writer: SceneWriter, person: Person, until: int) -> None:
    """Let a person sign in twice on each school day, from a building."""
    for day in writer.world.days:
        if day.has_school and day.number < until:
            for first, last in (("08:10", "11:00"), ("12:30", "14:30")):
                _sign_in(writer, person, writer.moment(day, first, last), DISTRICT)


def _cast(writer: SceneWriter) -> tuple[Day, Person]:
    """Return a school day, and a teacher whom the provider knows by then."""
    if writer.world.habits.products != "windows":
        raise NotCastError  # the other district has its accounts at Google
    day = writer.day(after=PILOT_DAYS)
    person = writer.teacher(day)
    _uses_provider(writer, person, day.number)
    return day, person


def pilot(writer: SceneWriter) -> None:
    """S120: a few of the district office use the provider every day, and nothing happens."""
    if writer.world.habits.products != "windows" or len(writer.world.days) <= PILOT_DAYS:
        raise NotCastError
    office = writer.world.roster.where(lambda p: p.building == "DO" and not p.is_student)
    for person in office[:PILOT_SIZE]:
        _uses_provider(writer, person, len(writer.world.days))


def two_homes(writer: SceneWriter) -> None:
    """S121: an evening of sign-ins from two homes in two towns, by turns."""
    day, person = _cast(writer)
    span = minutes(day.at("19:00", writer.rng.randint(0, 40)), 24)
    writer.away(person, span, 90)
    for turn in range(5):
        address = OTHER_HOME if turn % 2 else home_address(person)
        _sign_in(writer, person, span[0] + turn * 6 * MINUTE, address)
    note = "an account signs in from two homes by turns"
    writer.case("S121", SHARED, "SA-11", person, (), span, note)


def abroad(writer: SceneWriter) -> None:
    """S122: while the owner teaches, the account signs in from another continent."""
    day, person = _cast(writer)
    desk = writer.desktop(person)
    lesson = minutes(writer.moment(day), 40)
    writer.visit(person, desk, lesson, "teach", pace="busy", opened="logon", closed="logoff")
    span = minutes(lesson[0] + 22 * MINUTE, 6)
    for time in span:
        _sign_in(writer, person, time, ABROAD)
    note = "a sign-in from abroad while the owner teaches"
    writer.case("S122", ANOMALY, "AN-22", person, (), span, note)
    # the place of the building is too far from there as well
    writer.case("S122", SHARED, "SA-7", person, (), span, note)


def worn_out(writer: SceneWriter) -> None:
    """S123: pushes late in the evening, until the owner accepts one."""
    day, person = _cast(writer)
    span = minutes(day.at("21:40", writer.rng.randint(0, 30)), 25)
    writer.away(person, span, 60)
    answers = ("OV_RESPONSE_DENY", "", "OV_RESPONSE_DENY", "", "")
    times = range(span[0], span[1], 5 * MINUTE)
    for time, answer in zip(times, answers, strict=True):
        _push(writer, person, time, answer, is_success=False)
    _push(writer, person, span[1], "OV_RESPONSE_APPROVE", is_success=True)
    _sign_in(writer, person, span[1] + 2 * SECOND, HOSTED[0])
    note = "five pushes that the owner does not accept, and one accepted"
    writer.case("S123", ANOMALY, "AN-23", person, (), span, note)


def _push(writer: SceneWriter, person: Person, time: int, answer: str, *, is_success: bool) -> None:
    writer.plan.cloud.append(
        CloudEvent(time, person.username, PUSH, HOSTED[0], is_success, "OKTA_VERIFY_PUSH", answer)
    )


def persuaded(writer: SceneWriter) -> None:
    """S124: the help desk resets a factor for a caller, who enrolls another one."""
    day, person = _cast(writer)
    helper = writer.person(lambda p: p.building == "DO" and not p.is_student, day)
    span: Span = minutes(day.at("19:50", writer.rng.randint(0, 20)), 30)
    writer.away(person, span, 180)
    reset, enrolled = "user.mfa.factor.reset_all", "user.mfa.factor.activate"
    writer.plan.cloud += [
        CloudEvent(span[0], helper.username, reset, DISTRICT, target=person.username),
        CloudEvent(span[0] + 14 * MINUTE, person.username, enrolled, HOSTED[1]),
    ]
    _sign_in(writer, person, span[1], HOSTED[1])
    note = "a factor is reset for a caller, enrolled from outside and used"
    writer.case("S124", ANOMALY, "AN-24", person, (), span, note)


def joined_elsewhere(writer: SceneWriter) -> None:
    """S126: a laptop joins the wireless network with the password of a teacher elsewhere."""
    if writer.world.habits.products != "windows":
        raise NotCastError
    # a login that is saved on the laptop would come back within the week after
    last = len(writer.world.days) - 8
    days = [day for day in writer.world.days if day.kind == "school" and 3 < day.number <= last]
    day = writer.choice(days)
    owner, other = writer.teacher(day, building="HS"), writer.carrier(TRIES_LOGINS, day)
    desk, laptop = writer.desktop(owner), writer.laptop(other)
    span = minutes(writer.moment(day), 30)
    around = (span[0] - 2 * MINUTE, span[1] + 2 * MINUTE)
    writer.visit(owner, desk, around, "teach", pace="busy", opened="logon", closed="logoff")
    writer.visit(other, laptop, span, "teach", pace="busy")
    join = (span[0] + 5 * SECOND, span[1])
    writer.plan.joins.append(
        Sitting(-1, owner.username, laptop.number, laptop.network, *join, "none", "none")
    )
    _sign_in(writer, owner, join[0] + 20 * SECOND, DISTRICT)
    note = f"the laptop of {other.person_id} joins with the account of a teacher at HS"
    writer.case("S126", SHARED, "SA-9", owner, (laptop, desk), span, note)


SCENES: tuple[Scene, ...] = (
    pilot,
    two_homes,
    abroad,
    worn_out,
    persuaded,
    joined_elsewhere,
)
