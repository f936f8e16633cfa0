"""Requests that nobody made on purpose, or that do not show what they were."""

from pipelines.synthetic.days import SECOND
from pipelines.synthetic.places import DOMAIN
from pipelines.synthetic.planted.stage import NONE, Scene, Span, Stage, minutes


def embedded_feed(stage: Stage) -> None:
    """S40: the district's page embeds a feed of a social site."""
    day = stage.day()
    person = stage.teacher(day)
    device = stage.desktop(person)
    span = minutes(stage.moment(day), 25)
    stage.away(person, span)
    stage.sit(person, device, span)
    now = span[0] + 20 * SECOND
    while now < span[1]:
        stage.fetch(person.username, device, now, f"www.{DOMAIN}",
                    stage.rng.randint(20_000, 120_000), elapsed=9_000)  # fmt: skip
        for late in (700, 1_900):
            stage.fetch(person.username, device, now + late, "www.facebook.com",
                        stage.rng.randint(6_500, 31_000), elapsed=40 * SECOND
                        )  # fmt: skip
        now += round(stage.rng.lognormvariate(3.4, 0.7) * SECOND) + 3 * SECOND
    stage.case("S40", NONE, "", person, (device,), span,
               "a feed embedded in the district's page")  # fmt: skip


def preconnect(stage: Stage) -> None:
    """S41: a search page connects ahead to a shop."""
    day = stage.day()
    person = stage.teacher(day)
    device = stage.desktop(person)
    span = minutes(stage.moment(day), 15)
    stage.away(person, span)
    stage.sit(person, device, span, "search")
    for _ in range(7):
        stage.fetch(person.username, device, stage.rng.randrange(*span),
                    "www.amazon.com", stage.rng.randint(3_100, 5_600))  # fmt: skip
    stage.case("S41", NONE, "", person, (device,), span, "connections made ahead")


def blocks_only(stage: Stage) -> None:
    """S58: advertisements and prefetches that were refused."""
    day = stage.day()
    person = stage.teacher(day)
    device = stage.desktop(person)
    span = minutes(stage.moment(day), 25)
    stage.away(person, span)
    stage.sit(person, device, span, "teach")
    for host in (
        "ib.adnxs.com",
        "www.spinshack.example",
        "www.sparksquare.example",
    ) * 5:
        stage.fetch(person.username, device, stage.rng.randrange(*span), host, 3_880,
                    elapsed=3, outcome="denied")  # fmt: skip
    stage.case("S58", NONE, "", person, (device,), span, "refused requests only")


def undecidable_path(stage: Stage) -> None:
    """S59: approved by path, while the proxy sees the host only."""
    day = stage.day()
    person = stage.teacher(day)
    device = stage.desktop(person)
    span = minutes(stage.moment(day), 15)
    stage.away(person, span)
    stage.sit(person, device, span)
    now = span[0] + 9 * SECOND
    while now < span[1]:
        stage.fetch(person.username, device, now, "sites.google.com",
                    stage.rng.randint(30_000, 300_000), elapsed=25 * SECOND
                    )  # fmt: skip
        now += stage.rng.randint(15, 80) * SECOND
    stage.case("S59", NONE, "", person, (device,), span,
               "approved by path, which a tunnel does not show")  # fmt: skip


def private_relay(stage: Stage) -> None:
    """S47: a phone's own relay."""
    day = stage.day()
    person = stage.person(
        lambda p: stage.world.places.of(p, "phone_byod") is not None, day
    )
    phone = stage.device(person, "phone_byod")
    span: Span = minutes(stage.moment(day), 40)
    for _ in range(30):
        stage.fetch(person.username, phone, stage.rng.randrange(*span),
                    "mask.icloud.com", stage.rng.randint(8_000, 90_000))  # fmt: skip
    stage.case("S47", NONE, "", person, (phone,), span, "a relay of the phone's system")


SCENES: tuple[Scene, ...] = (
    preconnect,
    embedded_feed,
    embedded_feed,
    blocks_only,
    blocks_only,
    undecidable_path,
    private_relay,
)
