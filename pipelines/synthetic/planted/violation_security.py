"""Accounts, devices and sites at risk: tried passwords, unknown, displaced, posing."""

from datetime import timedelta
from functools import partial

from pipelines.synthetic.plan import Key
from pipelines.synthetic.planted.writer import (
    ANOMALY,
    SHARED,
    Scene,
    SceneWriter,
    about_device,
    minutes,
    write_documents,
)
from pipelines.synthetic.routines import at_home
from pipelines.synthetic.school_days import MINUTE, SECOND
from pipelines.synthetic.websites import LEARNING, NEWS, PASTIMES

PASTIME_KINDS = ("shopping", "travel", "sports", "real_estate")


def spray(writer: SceneWriter) -> None:
    """S73: from one lab computer a password is tried on twenty accounts."""
    day = writer.day()
    span = minutes(writer.moment(day), 9)
    device = writer.spare("HS", "lab", span)
    people = writer.rng.sample(writer.world.roster.staff, 20)
    for place, person in enumerate(people):
        time = span[0] + (place * 24 + writer.rng.randint(0, 9)) * SECOND
        writer.plan.keys.append(Key(time, device.number, person.username, "4625", 2))
    writer.case(
        "S73",
        ANOMALY,
        "AN-1",
        people[0],
        (device,),
        span,
        "twenty accounts refused on one lab computer in nine minutes",
        intensity=2,
        account=device.listed_as,
    )
    writer.about_nobody()


def after_the_last_day(writer: SceneWriter) -> None:
    """S75: a person who left in the summer is logged on in October."""
    day = writer.day(after=1)
    span = minutes(writer.moment(day), 14)
    device = writer.spare("MS", "workroom", span)
    account = f"leaver{writer.rng.randint(10, 99)}"
    writer.plan.add(
        "accounts.csv",
        username=account,
        account_type="person",
        approved_shared="no",
        valid_from="2025-08-01",
        valid_to=(day.date - timedelta(days=40)).isoformat(),
    )
    write_documents(writer, account, device, span)
    anybody = writer.world.roster.staff[0]
    writer.case(
        "S75",
        ANOMALY,
        "AN-5",
        anybody,
        (device,),
        span,
        "an account that ended forty days ago",
        account=account,
    )
    writer.about_nobody()


def two_far_places(writer: SceneWriter) -> None:
    """S76: a tunnel from home, and half an hour later one from Denver."""
    day = writer.day(after=15)
    first = writer.on(writer.world.days[0].planned)
    owner = writer.teacher(first, day, laptop=True)
    laptop = writer.laptop(owner)
    usual = minutes(first.at("19:00"), 15)
    here = minutes(day.at("18:20", writer.rng.randint(0, 30)), 15)
    there = minutes(here[1] + 30 * MINUTE, 18)
    writer.away(owner, usual, 60)
    writer.away(owner, (here[0], there[1]), 90)
    for span in (usual, here):
        at_home(writer.plan, owner, laptop, span, "approved", pace="busy")
    at_home(
        writer.plan,
        owner,
        laptop,
        there,
        "approved",
        pace="busy",
        remote_ip=f"198.51.100.{writer.rng.randint(194, 220)}",
    )
    writer.case(
        "S76",
        SHARED,
        "SA-7",
        owner,
        (laptop,),
        (here[0], there[1]),
        "signed in from home, and from 900 km away half an hour later",
        intensity=2,
    )


SCENES: tuple[Scene, ...] = (spray, after_the_last_day, two_far_places)


def too_many_sites(writer: SceneWriter, sites: int, length: float, intensity: int) -> None:
    """S94: a program copies page after page in a teacher's name."""
    day, person, device = writer.at_desk(after=3)
    span = minutes(day.at("10:02", writer.rng.randint(0, 150) // 60 * 60), length)
    writer.visit(person, device, span)
    known = [*LEARNING, *NEWS, *(s for s, kind in PASTIMES if kind in PASTIME_KINDS)]
    step = (span[1] - span[0]) / sites
    for place, domain in enumerate(writer.rng.sample(known, sites)):
        start = span[0] + round(step * (place + writer.rng.random()))
        writer.fetch(
            person.username, device, start, f"www.{domain}", writer.rng.randint(14_000, 160_000)
        )
    writer.case(
        "S94",
        ANOMALY,
        "AN-4",
        person,
        (device,),
        span,
        f"{sites} sites in {length:.0f} minutes",
        intensity=intensity,
    )


def posing_site(writer: SceneWriter, host: str, note: str, intensity: int) -> None:
    """S95: a link in a mail leads to a site that poses as the district's."""
    day, person, device = writer.at_desk(after=1)
    span = minutes(writer.moment(day), 6)
    writer.visit(person, device, span, "teach")
    for place in range(3):
        at = span[0] + (60 + place * 25) * SECOND
        size = writer.rng.randint(9_000, 40_000)
        writer.fetch(person.username, device, at, host, size)
    about_device(writer, "S95", "AN-6", device, span, note, intensity=intensity)


def nobodys_account(writer: SceneWriter, logons: int, intensity: int) -> None:
    """S97: an account without a row is used over weeks."""
    first = writer.choice([d for d in writer.world.days if d.number < 4])
    late = [d for d in writer.world.days if d.has_school and d.number >= first.number + 15]
    last = writer.choice(late)
    account = f"temp{writer.rng.randint(100, 999)}"
    for day in (first, last):
        span = minutes(writer.moment(day), 25)
        device = writer.spare("MS", "workroom", span)
        for place in range(logons):
            start = span[0] + place * 240 * SECOND
            for late_seconds, code in ((0, "4624"), (200, "4634")):
                time = start + late_seconds * SECOND
                writer.plan.keys.append(Key(time, device.number, account, code, 2))
    anybody = writer.world.roster.staff[0]
    writer.case(
        "S97",
        ANOMALY,
        "AN-10",
        anybody,
        (device,),
        span,
        "an account that no row knows, for the third week",
        account=account,
        intensity=intensity,
    )
    writer.about_nobody()


def displaced(writer: SceneWriter, intensity: int) -> None:
    """S100: the account of the front desk of one school is used in another."""
    day = writer.day(after=1)
    account = f"desk{writer.rng.randint(10, 99)}"
    writer.plan.add(
        "accounts.csv",
        username=account,
        account_type="role_shared",
        approved_shared="yes",
        valid_from="2026-07-01",
        used_in="HS",
        note="front desk",
    )
    person = writer.teacher(day, building="ES")
    span = minutes(writer.moment(day), 18)
    device = writer.spare("ES", "workroom", span)
    writer.visit(person, device, span, "approved", account=account, opened="logon", closed="logoff")
    writer.case(
        "S100",
        SHARED,
        "SA-8",
        person,
        (device,),
        span,
        "the front desk's account in another school",
        account=account,
        intensity=intensity,
    )
    writer.about_nobody()


def beside_its_purpose(writer: SceneWriter, site: str, length: float, intensity: int) -> None:
    """S101: the library's shared account is used to shop."""
    day = writer.day(after=1)
    account = f"library{writer.rng.randint(10, 99)}"
    writer.plan.add(
        "accounts.csv",
        username=account,
        account_type="role_shared",
        approved_shared="yes",
        valid_from="2026-07-01",
        used_in="MS",
        note="library counter",
    )
    person = writer.teacher(day, building="MS")
    span = minutes(writer.moment(day), length)
    device = writer.spare("MS", "workroom", span)
    writer.visit(
        person, device, span, site, account=account, pace="busy", opened="logon", closed="logoff"
    )
    writer.case(
        "S101",
        SHARED,
        "SA-8",
        person,
        (device,),
        span,
        f"a shared account on {site} for {length:.0f} minutes",
        account=account,
        intensity=intensity,
    )
    writer.about_nobody()


STRANGERS: tuple[Scene, ...] = (
    partial(too_many_sites, sites=55, length=40, intensity=1),
    partial(too_many_sites, sites=75, length=45, intensity=2),
    partial(posing_site, host="portal.sampletan.example",
            note="a site one letter from the district's", intensity=1),
    partial(posing_site, host="portal.xn--smpleton-16g.example",
            note="the district's name with a letter of another alphabet", intensity=2),
    partial(nobodys_account, logons=1, intensity=1),
    partial(nobodys_account, logons=4, intensity=2),
    partial(displaced, intensity=2),
    partial(beside_its_purpose, site="amazon.com", length=35, intensity=1),
)  # fmt: skip
