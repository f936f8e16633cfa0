"""Honest accounts and sites that resemble unknown, displaced and posing ones."""

from pipelines.synthetic.days import SECOND
from pipelines.synthetic.plan import Key
from pipelines.synthetic.planted.stage import NONE, Scene, Stage, minutes
from pipelines.synthetic.planted.wire import about_device
from pipelines.synthetic.sites import LEARNING


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


SCENES: tuple[Scene, ...] = (
    link_check,
    restored_tabs,
    good_neighbour,
    first_day,
    at_its_desk,
)
