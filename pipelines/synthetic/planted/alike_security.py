"""Honest refusals and last days that resemble accounts at risk."""

from pipelines.synthetic.days import SECOND
from pipelines.synthetic.plan import Key
from pipelines.synthetic.planted.stage import NONE, Scene, Stage, minutes


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
