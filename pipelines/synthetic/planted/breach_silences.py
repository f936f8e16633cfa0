"""What long logs show: accounts used after a silence, hours unlike any before."""

from functools import partial

from pipelines.synthetic.days import HOUR, MINUTE, SECOND
from pipelines.synthetic.planted.silence import last_used, used_again
from pipelines.synthetic.planted.stage import ANOMALY, Scene, Stage, minutes


def after_a_silence(stage: Stage, least: int, most: int, intensity: int) -> None:
    """S102: a coach's account of last season is used again."""
    day, before = last_used(stage, least, most)
    account = f"coach{stage.rng.randint(100, 999)}"
    idle = (day.date - before.date).days
    span, device = used_again(stage, account, before, day)
    anybody = stage.world.roster.staff[0]
    stage.case("S102", ANOMALY, "AN-8", anybody, (device,), span,
               f"an account is used after {idle} days", account=account,
               intensity=intensity)  # fmt: skip
    stage.about_nobody()


def hour_unlike_others(stage: Stage, megabytes: int, intensity: int) -> None:
    """S103: within an hour of the third week a course's films are copied."""
    day = stage.day(after=14)
    person = stage.teacher(day)
    device = stage.desktop(person)
    begin = day.at(stage.rng.choice(("09:00", "10:00", "13:00"))) + 3 * MINUTE
    span = minutes(begin, 52)
    stage.away(person, span, 5)
    stage.sit(person, device, span)
    count = 120
    for _ in range(count):
        start = span[0] + 40 * SECOND + stage.rng.randrange(HOUR * 4 // 5)
        size = megabytes * 1_000_000 // count
        stage.fetch(person.username, device, start, "www.khanacademy.org",
                    round(size * stage.rng.uniform(0.4, 1.6)))  # fmt: skip
    stage.case("S103", ANOMALY, "AN-7", person, (device,), span,
               f"{megabytes} MB in an hour that takes ten elsewhere",
               intensity=intensity)  # fmt: skip


SCENES: tuple[Scene, ...] = (
    partial(after_a_silence, least=46, most=49, intensity=1),
    partial(after_a_silence, least=52, most=66, intensity=2),
    partial(hour_unlike_others, megabytes=1_500, intensity=1),
    partial(hour_unlike_others, megabytes=6_000, intensity=2),
)
