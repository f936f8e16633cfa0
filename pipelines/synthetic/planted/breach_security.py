"""Accounts and devices at risk: passwords tried out, accounts used after their end."""

from datetime import timedelta

from pipelines.synthetic.acts import at_home
from pipelines.synthetic.days import MINUTE, SECOND
from pipelines.synthetic.plan import Key
from pipelines.synthetic.planted.ownerless import write_documents
from pipelines.synthetic.planted.stage import ANOMALY, SHARED, Scene, Stage, minutes


def spray(stage: Stage) -> None:
    """S73: from one lab computer a password is tried on twenty accounts."""
    day = stage.day()
    span = minutes(stage.moment(day), 9)
    device = stage.spare("HS", "lab", span)
    people = stage.rng.sample(stage.world.roster.staff, 20)
    for place, person in enumerate(people):
        time = span[0] + (place * 24 + stage.rng.randint(0, 9)) * SECOND
        stage.plan.keys.append(Key(time, device.number, person.username, "4625", 2))
    stage.case("S73", ANOMALY, "AN-1", people[0], (device,), span,
               "twenty accounts refused on one lab computer in nine minutes",
               intensity=2, account=device.hostname)  # fmt: skip
    stage.about_nobody()


def after_the_last_day(stage: Stage) -> None:
    """S75: somebody who left in the summer is logged on in October."""
    day = stage.day(after=1)
    span = minutes(stage.moment(day), 14)
    device = stage.spare("MS", "workroom", span)
    account = f"leaver{stage.rng.randint(10, 99)}"
    stage.plan.say("accounts.csv", username=account, account_type="person",
                   approved_shared="no", valid_from="2025-08-01",
                   valid_to=(day.date - timedelta(days=40)).isoformat())  # fmt: skip
    write_documents(stage, account, device, span)
    anybody = stage.world.roster.staff[0]
    stage.case("S75", ANOMALY, "AN-5", anybody, (device,), span,
               "an account that ended forty days ago", account=account)  # fmt: skip
    stage.about_nobody()


def two_far_places(stage: Stage) -> None:
    """S76: a tunnel from home, and half an hour later one from Denver."""
    day = stage.day(after=15)
    first = stage.on(stage.world.days[0].date)
    owner = stage.teacher(first, day, laptop=True)
    laptop = stage.laptop(owner)
    usual = minutes(first.at("19:00"), 15)
    here = minutes(day.at("18:20", stage.rng.randint(0, 30)), 15)
    there = minutes(here[1] + 30 * MINUTE, 18)
    stage.away(owner, usual, 60)
    stage.away(owner, (here[0], there[1]), 90)
    for span in (usual, here):
        at_home(stage.plan, owner, laptop, span, "approved", pace="busy")
    at_home(stage.plan, owner, laptop, there, "approved", pace="busy",
            remote_ip=f"198.51.100.{stage.rng.randint(194, 220)}")  # fmt: skip
    stage.case("S76", SHARED, "SA-7", owner, (laptop,), (here[0], there[1]),
               "signed in from home, and from 900 km away half an hour later",
               intensity=2)  # fmt: skip


SCENES: tuple[Scene, ...] = (spray, after_the_last_day, two_far_places)
