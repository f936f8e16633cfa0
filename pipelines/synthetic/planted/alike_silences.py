"""Honest silences: too short, a leave that the registry holds, mail all the while."""

from functools import partial

from pipelines.synthetic.days import MINUTE
from pipelines.synthetic.planted.silence import last_used, seen_before, used_again
from pipelines.synthetic.planted.stage import NONE, Scene, Stage, minutes


def shorter_silence(stage: Stage, least: int, most: int) -> None:
    """S102a: an account of a club is used again after five or six weeks."""
    day, before = last_used(stage, least, most)
    account = f"club{stage.rng.randint(100, 999)}"
    span, device = used_again(stage, account, before, day)
    anybody = stage.world.roster.staff[0]
    idle = (day.date - before.date).days
    stage.case("S102a", NONE, "", anybody, (device,), span,
               f"used again after {idle} days", account=account)  # fmt: skip
    stage.about_nobody()


def back_from_leave(stage: Stage) -> None:
    """S102b: a teacher is back after two months of leave."""
    day, before = last_used(stage, 46, 60)
    person = stage.teacher(*(d for d in stage.world.days if d.number <= day.number))
    device = stage.desktop(person)
    seen_before(stage, person.username, device, before)
    for one in (*stage.earlier, *stage.world.days):
        if before.date < one.date < day.date:
            stage.plan.say("leave.csv", person_id=person.person_id,
                           date=one.date.isoformat(), part="full", kind="medical",
                           status="approved")  # fmt: skip
    start = stage.world.days[0].at("00:00")
    span = minutes(stage.moment(day), 30)
    stage.away(person, (start, span[0] - MINUTE), 0)
    stage.sit(person, device, span, "teach")
    stage.case("S102b", NONE, "", person, (device,), span, "back from a long leave")


SCENES: tuple[Scene, ...] = (
    partial(shorter_silence, least=36, most=43),
    back_from_leave,
)
