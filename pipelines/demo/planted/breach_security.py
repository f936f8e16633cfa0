"""Accounts and devices at risk: passwords tried out, accounts used after their end."""

from datetime import timedelta

from pipelines.demo.days import MINUTE, SECOND
from pipelines.demo.plan import Key
from pipelines.demo.planted.stage import ANOMALY, Scene, Stage, minutes


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
    stage.plan.cases.append(stage.plan.cases.pop().without_person())


def after_the_last_day(stage: Stage) -> None:
    """S75: somebody who left in the summer is logged on in October."""
    day = stage.day(after=1)
    span = minutes(stage.moment(day), 14)
    device = stage.spare("MS", "workroom", span)
    account = f"leaver{stage.rng.randint(10, 99)}"
    stage.plan.say("accounts.csv", username=account, account_type="person",
                   approved_shared="no", valid_from="2025-08-01",
                   valid_to=(day.date - timedelta(days=40)).isoformat())  # fmt: skip
    key = Key(span[0], device.number, account, "4624", 2)
    stage.plan.keys.append(key)
    for place in range(12):
        start = span[0] + (30 + place * 55 + stage.rng.randint(0, 30)) * SECOND
        stage.fetch(account, device, start, "docs.google.com", 24_000 + 900 * place)
    leave = Key(span[1] + MINUTE, device.number, account, "4634", 2)
    stage.plan.keys.append(leave)
    anybody = stage.world.roster.staff[0]
    stage.case("S75", ANOMALY, "AN-5", anybody, (device,), span,
               "an account that ended forty days ago", account=account)  # fmt: skip
    stage.plan.cases.append(stage.plan.cases.pop().without_person())


SCENES: tuple[Scene, ...] = (spray, after_the_last_day)
