"""Honest accounts and sites that resemble ones at risk, unknown or posing."""

from pipelines.synthetic.plan import Key
from pipelines.synthetic.planted.writer import NONE, Scene, SceneWriter, about_device, minutes
from pipelines.synthetic.school_days import SECOND
from pipelines.synthetic.websites import LEARNING


def stored_password(writer: SceneWriter) -> None:
    """S73a: a computer goes on with a password that was changed."""
    day = writer.day()
    person = writer.teacher()
    device = writer.desktop(person)
    begin = writer.moment(day)
    for place in range(50):
        time = begin + place * 11 * SECOND
        writer.plan.keys.append(Key(time, device.number, person.username, "4625", 2))
    writer.case(
        "S73a",
        NONE,
        "",
        person,
        (device,),
        minutes(begin, 10),
        "one account refused fifty times by a stored password",
    )


def class_in_line(writer: SceneWriter) -> None:
    """S73b: a class signs in; each student mistypes once and then succeeds."""
    day = writer.day()
    students = writer.rng.sample(writer.world.roster.students, 12)
    span = minutes(writer.moment(day), 9)
    device = writer.spare("MS", "lab", span)
    for place, student in enumerate(students):
        time = span[0] + place * 44 * SECOND
        for late, code in ((0, "4625"), (14, "4624"), (36, "4634")):
            writer.plan.keys.append(
                Key(time + late * SECOND, device.number, student.username, code, 2)
            )
        writer.case(
            "S73b",
            NONE,
            "",
            student,
            (device,),
            span,
            "a class lines up at one computer",
            account=device.listed_as,
        )


def on_the_last_day(writer: SceneWriter) -> None:
    """S75a: an account is used on the last day that it is valid."""
    day = writer.day(after=1)
    span = minutes(writer.moment(day), 10)
    device = writer.spare("MS", "workroom", span)
    account = f"visitor{writer.rng.randint(10, 99)}"
    writer.plan.add(
        "accounts.csv",
        username=account,
        account_type="person",
        approved_shared="no",
        valid_from="2026-10-12",
        valid_to=day.date.isoformat(),
    )
    for time, code in ((span[0], "4624"), (span[1], "4634")):
        writer.plan.keys.append(Key(time, device.number, account, code, 2))
    for place in range(9):
        start = span[0] + (30 + place * 50 + writer.rng.randint(0, 30)) * SECOND
        writer.fetch(account, device, start, "docs.google.com", 23_000 + 700 * place)
    anybody = writer.world.roster.staff[0]
    writer.case(
        "S75a",
        NONE,
        "",
        anybody,
        (device,),
        span,
        "a visitor's account on its last day",
        account=account,
    )


SCENES: tuple[Scene, ...] = (stored_password, class_in_line, on_the_last_day)


def link_check(writer: SceneWriter) -> None:
    """S94a: a librarian goes through two dozen sites of a reading list."""
    day, person, device = writer.at_desk(after=3)
    span = minutes(day.at("10:02"), 50)
    writer.visit(person, device, span)
    for place, domain in enumerate(writer.rng.sample(LEARNING[:56], 26)):
        start = span[0] + (place * 112 + writer.rng.randint(0, 70)) * SECOND
        writer.fetch(
            person.username, device, start, f"www.{domain}", writer.rng.randint(14_000, 160_000)
        )
    writer.case(
        "S94a", NONE, "", person, (device,), span, "26 sites of a reading list in 50 minutes"
    )


def restored_tabs(writer: SceneWriter) -> None:
    """S94b: a browser restores fifty tabs at the same time."""
    day, person, device = writer.at_desk(after=3)
    span = minutes(day.at("11:10"), 15)
    writer.visit(person, device, span)
    for domain in writer.rng.sample(LEARNING[:56], 50):
        start = span[0] + 40 * SECOND + writer.rng.randrange(70 * SECOND)
        writer.fetch(
            person.username, device, start, f"www.{domain}", writer.rng.randint(14_000, 160_000)
        )
    writer.case("S94b", NONE, "", person, (device,), span, "fifty restored tabs")


def good_neighbour(writer: SceneWriter) -> None:
    """S95a: a company whose name is one letter from the district's, known to lists."""
    day, person, device = writer.at_desk(after=1)
    for source in ("district", "filter-vendor"):
        writer.plan.add(
            "site_categories.csv", domain="simpleton.example", category="business", source=source
        )
    span = minutes(writer.moment(day), 5)
    writer.visit(person, device, span, "teach")
    for place in range(3):
        writer.fetch(
            person.username,
            device,
            span[0] + (50 + place * 31) * SECOND,
            "www.simpleton.example",
            writer.rng.randint(9_000, 60_000),
        )
    about_device(writer, "S95a", "", device, span, "a firm with a similar name")


def first_day(writer: SceneWriter) -> None:
    """S97a: a student teacher whose row is still missing."""
    day = writer.day()
    account = f"newcomer{writer.rng.randint(10, 99)}"
    span = minutes(writer.moment(day), 30)
    device = writer.spare("MS", "workroom", span)
    for time, code in ((span[0], "4624"), (span[1], "4634")):
        writer.plan.keys.append(Key(time, device.number, account, code, 2))
    anybody = writer.world.roster.staff[0]
    writer.case(
        "S97a",
        NONE,
        "",
        anybody,
        (device,),
        span,
        "a new employee whose row is missing",
        account=account,
    )


def at_its_desk(writer: SceneWriter) -> None:
    """S100a: a shared account where it belongs, with a glance at the weather."""
    day = writer.day(after=1)
    account = f"counter{writer.rng.randint(10, 99)}"
    writer.plan.add(
        "accounts.csv",
        username=account,
        account_type="role_shared",
        approved_shared="yes",
        valid_from="2026-07-01",
        used_in="MS|lab",
        note="front desk",
    )
    person = writer.teacher(day, building="MS")
    span = minutes(writer.moment(day), 40)
    for building, pool in (("MS", "workroom"), ("HS", "lab")):
        device = writer.spare(building, pool, span)
        writer.sit(person, device, span, "office", account=account, opened="logon", closed="logoff")
        writer.case(
            "S100a",
            NONE,
            "",
            person,
            (device,),
            span,
            "a shared account where it belongs",
            account=account,
        )


STRANGERS: tuple[Scene, ...] = (
    link_check,
    restored_tabs,
    good_neighbour,
    first_day,
    at_its_desk,
)
