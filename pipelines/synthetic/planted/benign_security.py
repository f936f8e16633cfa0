"""Honest accounts and sites that resemble ones at risk, unknown or posing."""

from pipelines.synthetic.days import SECOND
from pipelines.synthetic.plan import Key
from pipelines.synthetic.planted.writer import NONE, Scene, Stage, about_device, minutes
from pipelines.synthetic.sites import LEARNING


def stored_password(stage: Stage) -> None:
    """S73a: a computer goes on with a password that was changed."""
    day = stage.day()
    person = stage.teacher()
    device = stage.desktop(person)
    begin = stage.moment(day)
    for place in range(50):
        time = begin + place * 11 * SECOND
        stage.plan.keys.append(Key(time, device.number, person.username, "4625", 2))
    stage.case("S73a", NONE, "", person, (device,), minutes(begin, 10),
               "one account refused fifty times by a stored password")  # fmt: skip


def class_in_line(stage: Stage) -> None:
    """S73b: a class lines up; each pupil mistypes once and is then let in."""
    day = stage.day()
    pupils = stage.rng.sample(stage.world.roster.students, 12)
    span = minutes(stage.moment(day), 9)
    device = stage.spare("MS", "lab", span)
    for place, pupil in enumerate(pupils):
        time = span[0] + place * 44 * SECOND
        for late, code in ((0, "4625"), (14, "4624"), (36, "4634")):
            stage.plan.keys.append(
                Key(time + late * SECOND, device.number, pupil.username, code, 2)
            )
        stage.case("S73b", NONE, "", pupil, (device,), span,
                   "a class lines up at one computer",
                   account=device.hostname)  # fmt: skip


def on_the_last_day(stage: Stage) -> None:
    """S75a: an account is used on the last day that it is valid."""
    day = stage.day(after=1)
    span = minutes(stage.moment(day), 10)
    device = stage.spare("MS", "workroom", span)
    account = f"visitor{stage.rng.randint(10, 99)}"
    stage.plan.say("accounts.csv", username=account, account_type="person",
                   approved_shared="no", valid_from="2026-10-12",
                   valid_to=day.date.isoformat())  # fmt: skip
    for time, code in ((span[0], "4624"), (span[1], "4634")):
        stage.plan.keys.append(Key(time, device.number, account, code, 2))
    for place in range(9):
        start = span[0] + (30 + place * 50 + stage.rng.randint(0, 30)) * SECOND
        stage.fetch(account, device, start, "docs.google.com", 23_000 + 700 * place)
    anybody = stage.world.roster.staff[0]
    stage.case("S75a", NONE, "", anybody, (device,), span,
               "a visitor's account on its last day", account=account)  # fmt: skip


SCENES: tuple[Scene, ...] = (stored_password, class_in_line, on_the_last_day)


def link_check(stage: Stage) -> None:
    """S94a: a librarian goes through two dozen sites of a reading list."""
    day = stage.day(after=3)
    person = stage.teacher(day)
    device = stage.desktop(person)
    span = minutes(day.at("10:02"), 50)
    stage.away(person, span)
    stage.sit(person, device, span)
    for place, domain in enumerate(stage.rng.sample(LEARNING[:56], 26)):
        start = span[0] + (place * 112 + stage.rng.randint(0, 70)) * SECOND
        stage.fetch(person.username, device, start, f"www.{domain}",
                    stage.rng.randint(14_000, 160_000))  # fmt: skip
    stage.case("S94a", NONE, "", person, (device,), span,
               "26 sites of a reading list in 50 minutes")  # fmt: skip


def restored_tabs(stage: Stage) -> None:
    """S94b: a browser restores fifty tabs at once."""
    day = stage.day(after=3)
    person = stage.teacher(day)
    device = stage.desktop(person)
    span = minutes(day.at("11:10"), 15)
    stage.away(person, span)
    stage.sit(person, device, span)
    for domain in stage.rng.sample(LEARNING[:56], 50):
        start = span[0] + 40 * SECOND + stage.rng.randrange(70 * SECOND)
        stage.fetch(person.username, device, start, f"www.{domain}",
                    stage.rng.randint(14_000, 160_000))  # fmt: skip
    stage.case("S94b", NONE, "", person, (device,), span, "fifty restored tabs")


def good_neighbour(stage: Stage) -> None:
    """S95a: a company whose name is one letter from the district's, known to lists."""
    day = stage.day(after=1)
    person = stage.teacher(day)
    device = stage.desktop(person)
    for source in ("district", "filter-vendor"):
        stage.plan.say("site_categories.csv", domain="simpleton.example",
                       category="business", source=source)  # fmt: skip
    span = minutes(stage.moment(day), 5)
    stage.away(person, span)
    stage.sit(person, device, span, "teach")
    for place in range(3):
        stage.fetch(person.username, device, span[0] + (50 + place * 31) * SECOND,
                    "www.simpleton.example", stage.rng.randint(9_000, 60_000)
        )  # fmt: skip
    about_device(stage, "S95a", "", device, span, "a firm with a similar name")


def first_day(stage: Stage) -> None:
    """S97a: a student teacher whose row is still missing."""
    day = stage.day()
    account = f"newcomer{stage.rng.randint(10, 99)}"
    span = minutes(stage.moment(day), 30)
    device = stage.spare("MS", "workroom", span)
    for time, code in ((span[0], "4624"), (span[1], "4634")):
        stage.plan.keys.append(Key(time, device.number, account, code, 2))
    anybody = stage.world.roster.staff[0]
    stage.case("S97a", NONE, "", anybody, (device,), span,
               "somebody new whose row is missing", account=account)  # fmt: skip


def at_its_desk(stage: Stage) -> None:
    """S100a: a shared account where it belongs, with a glance at the weather."""
    day = stage.day(after=1)
    account = f"counter{stage.rng.randint(10, 99)}"
    stage.plan.say("accounts.csv", username=account, account_type="role_shared",
                   approved_shared="yes", valid_from="2026-07-01", used_in="MS|lab",
                   note="front desk")  # fmt: skip
    person = stage.teacher(day, building="MS")
    span = minutes(stage.moment(day), 40)
    for building, pool in (("MS", "workroom"), ("HS", "lab")):
        device = stage.spare(building, pool, span)
        stage.sit(person, device, span, "office", account=account, opened="logon",
                  closed="logoff")  # fmt: skip
        stage.case("S100a", NONE, "", person, (device,), span,
                   "a shared account where it belongs", account=account
        )  # fmt: skip


STRANGERS: tuple[Scene, ...] = (
    link_check,
    restored_tabs,
    good_neighbour,
    first_day,
    at_its_desk,
)
