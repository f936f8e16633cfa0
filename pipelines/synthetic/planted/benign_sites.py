"""Honest use that resembles the use of sites without approval, and unintended requests."""

from collections.abc import Callable

from pipelines.synthetic.invented_people import Person
from pipelines.synthetic.places import DOMAIN, Device
from pipelines.synthetic.plan import Pace
from pipelines.synthetic.planted.writer import NONE, Scene, SceneWriter, Span, minutes
from pipelines.synthetic.school_days import (
    FIRST_BOOKCREATOR_DAY,
    LAST_QUIZLET_DAY,
    MINUTE,
    SECOND,
    Day,
)
from pipelines.synthetic.websites import LESSON_BLOG, MISLABELLED


def _visit(  # noqa: PLR0913 - one visit, told in full
    writer: SceneWriter,
    family: str,
    person: Person,
    day: Day,
    site: str,
    length: float,
    note: str,
    pace: Pace = "busy",
) -> None:
    """Plan a visit at the person's own desk, on duty."""
    span = minutes(writer.moment(day, "08:30", "14:20"), length)
    device = writer.world.places.of(person, "desktop") or writer.laptop(person)
    writer.visit(person, device, span, site, pace=pace, margin=12)
    writer.case(family, NONE, "", person, (device,), span, note)


def secretary_posts(writer: SceneWriter) -> None:
    """S37: the communications secretary keeps the district's page."""
    day = writer.day()
    person = writer.holder("communications secretary", day)
    _visit(writer, "S37", person, day, "facebook.com", 25, "approved for this job")


def lunch_glance(writer: SceneWriter) -> None:
    """S38: one page at lunch."""
    day, person, device = writer.at_desk()
    span = minutes(day.at("11:55", writer.rng.randint(0, 15)), 1)
    writer.visit(person, device, span, margin=10)
    _page(writer, person, device, span[0] + 8 * SECOND, "www.facebook.com", "static.xx.fbcdn.net")
    writer.case("S38", NONE, "", person, (device,), span, "one page, forty seconds")


def _page(
    writer: SceneWriter, person: Person, device: Device, start: int, host: str, asset: str
) -> None:
    """Add a page and its embedded content."""
    size = writer.rng.randint(30_000, 160_000)
    writer.fetch(person.username, device, start, host, size, elapsed=30 * SECOND)
    for late in (900, 1_400, 2_300):
        writer.fetch(
            person.username, device, start + late, asset, writer.rng.randint(4_000, 60_000)
        )


def lunch_break(writer: SceneWriter) -> None:
    """S38: a few minutes at lunch."""
    day, person, device = writer.at_desk()
    span = minutes(day.at("11:50", writer.rng.randint(0, 12)), 3.5)
    writer.visit(person, device, span, "gatherly.example", pace="busy", margin=12)
    writer.case("S38", NONE, "", person, (device,), span, "three minutes at lunch")


def daily_glance(writer: SceneWriter) -> None:
    """S38: three quarters of a minute at the same shop, every lunch of a week."""
    monday = writer.day(weekdays="0")
    week = [d for d in writer.world.days if 0 <= d.number - monday.number < 5]
    person = writer.teacher(*week)
    device = writer.desktop(person)
    spans: list[Span] = []
    for day in week:
        span = minutes(day.at("11:50", writer.rng.randint(0, 20)), 0.75)
        if day.has_school:
            writer.away(person, span, 10)
            writer.sit(person, device, (span[0] - 40 * SECOND, span[1] + 20 * SECOND))
            _page(writer, person, device, span[0], "www.shoebarrel.example", "www.gstatic.com")
            spans.append(span)
    writer.case(
        "S38",
        NONE,
        "",
        person,
        (device,),
        (spans[0][0], spans[-1][1]),
        "one page of a shop at each lunch of a week",
    )


def mail_click(writer: SceneWriter) -> None:
    """S39: a link in a mail, through two redirectors."""
    day, person, device = writer.at_desk()
    start = writer.moment(day)
    writer.away(person, minutes(start, 2), 10)
    writer.sit(person, device, minutes(start - 3 * MINUTE, 5), "office.com")
    for late, host in enumerate(("go.linkshield.example", "www.linkshield.example")):
        writer.fetch(person.username, device, start + late * 400, host, 6_900)
    _page(writer, person, device, start + 1_200, "www.shelfmart.example", "www.gstatic.com")
    writer.case(
        "S39", NONE, "", person, (device,), minutes(start, 0.4), "a link in a mail, twenty seconds"
    )


def class_video(writer: SceneWriter) -> None:
    """S44: a lesson video."""
    day = writer.day()
    _visit(
        writer, "S44", writer.teacher(day), day, "youtube.com", 30, "approved for teachers", "video"
    )


def last_valid_day(writer: SceneWriter) -> None:
    """S50: on the last day of the approval."""
    day = writer.on(LAST_QUIZLET_DAY)
    _visit(
        writer, "S50", writer.teacher(day), day, "quizlet.com", 15, "the last day of the approval"
    )


def first_valid_day(writer: SceneWriter) -> None:
    """S52: on the first day of the approval."""
    day = writer.on(FIRST_BOOKCREATOR_DAY)
    _visit(
        writer,
        "S52",
        writer.teacher(day),
        day,
        "bookcreator.com",
        20,
        "the first day of the approval",
    )


def right_role(writer: SceneWriter) -> None:
    """S53: the art teacher, for whom the site is approved."""
    day = writer.day()
    person = writer.person(
        lambda p: p.job_title == "art teacher" and writer.world.places.of(p, "desktop") is not None,
        day,
    )
    _visit(writer, "S53", person, day, "pinterest.com", 20, "approved for art teachers")


def personal_consent(writer: SceneWriter) -> None:
    """S54: a consent for one person, within its dates."""
    day = writer.day()
    person = writer.teacher(day)
    grantor = writer.world.roster.where(lambda p: p.job_title == "superintendent")[0]
    writer.plan.add(
        "approved_sites.csv",
        entry_id="E-900",
        pattern="etsy.com",
        match="domain",
        roles=f"person:{person.person_id}",
        purpose="supplies for the craft club",
        consent_by="superintendent",
        valid_from=writer.world.moved("2026-10-01"),
        valid_to=writer.world.moved("2026-12-18"),
        **{"class": "approved_non_business"},
        clause="cl.24",
    )
    writer.plan.add(
        "consents.csv",
        consent_id="C-001",
        type="e",
        grantor=grantor.person_id,
        grantor_role="superintendent",
        subject=person.person_id,
        what="etsy.com",
        why="supplies for the craft club",
        clause="cl.24",
        valid_from=writer.world.moved("2026-10-01"),
        valid_to=writer.world.moved("2026-12-18"),
        review_by=writer.world.moved("2026-12-01"),
    )
    _visit(writer, "S54", person, day, "etsy.com", 18, "personal consent")


def lesson_blog(writer: SceneWriter) -> None:
    """S55: a site that is on no list; it goes to review without a name."""
    day = writer.day()
    _visit(
        writer,
        "S55",
        writer.teacher(day),
        day,
        LESSON_BLOG,
        20,
        "no one has reviewed the site: a question for the queue",
    )


def mislabelled(writer: SceneWriter) -> None:
    """S56: a lesson site that one vendor calls a game, once."""
    day = writer.day()
    _visit(
        writer,
        "S56",
        writer.teacher(day),
        day,
        MISLABELLED,
        15,
        "one vendor calls the lesson site a game: a matter for the queue",
    )


def _twice(scene: Callable[[SceneWriter], None]) -> tuple[Scene, Scene]:
    return scene, scene


SCENES: tuple[Scene, ...] = (
    *_twice(secretary_posts),
    *_twice(lunch_glance),
    lunch_break,
    daily_glance,
    *_twice(mail_click),
    *_twice(class_video),
    last_valid_day,
    first_valid_day,
    right_role,
    personal_consent,
    *_twice(lesson_blog),
    mislabelled,
)


def embedded_feed(writer: SceneWriter) -> None:
    """S40: the district's page embeds a feed of a social site."""
    day, person, device = writer.at_desk()
    span = minutes(writer.moment(day), 25)
    writer.visit(person, device, span)
    now = span[0] + 20 * SECOND
    while now < span[1]:
        writer.fetch(
            person.username,
            device,
            now,
            f"www.{DOMAIN}",
            writer.rng.randint(20_000, 120_000),
            elapsed=9_000,
        )
        for late in (700, 1_900):
            writer.fetch(
                person.username,
                device,
                now + late,
                "www.facebook.com",
                writer.rng.randint(6_500, 31_000),
                elapsed=40 * SECOND,
            )
        now += round(writer.rng.lognormvariate(3.4, 0.7) * SECOND) + 3 * SECOND
    writer.case("S40", NONE, "", person, (device,), span, "a feed embedded in the district's page")


def preconnect(writer: SceneWriter) -> None:
    """S41: a search page connects ahead to a shop."""
    day, person, device = writer.at_desk()
    span = minutes(writer.moment(day), 15)
    writer.visit(person, device, span, "search")
    for _ in range(7):
        writer.fetch(
            person.username,
            device,
            writer.rng.randrange(*span),
            "www.amazon.com",
            writer.rng.randint(3_100, 5_600),
        )
    writer.case("S41", NONE, "", person, (device,), span, "connections made ahead")


def blocks_only(writer: SceneWriter) -> None:
    """S58: advertisements and prefetches that were refused."""
    day, person, device = writer.at_desk()
    span = minutes(writer.moment(day), 25)
    writer.visit(person, device, span, "teach")
    for host in (
        "ib.adnxs.com",
        "www.spinshack.example",
        "www.sparksquare.example",
    ) * 5:
        writer.fetch(
            person.username,
            device,
            writer.rng.randrange(*span),
            host,
            3_880,
            elapsed=3,
            outcome="denied",
        )
    writer.case("S58", NONE, "", person, (device,), span, "refused requests only")


def undecidable_path(writer: SceneWriter) -> None:
    """S59: approved by path, while the proxy sees the host only."""
    day, person, device = writer.at_desk()
    span = minutes(writer.moment(day), 15)
    writer.visit(person, device, span)
    now = span[0] + 9 * SECOND
    while now < span[1]:
        writer.fetch(
            person.username,
            device,
            now,
            "sites.google.com",
            writer.rng.randint(30_000, 300_000),
            elapsed=25 * SECOND,
        )
        now += writer.rng.randint(15, 80) * SECOND
    writer.case(
        "S59", NONE, "", person, (device,), span, "approved by path, which a tunnel does not show"
    )


def private_relay(writer: SceneWriter) -> None:
    """S47: a phone's own relay."""
    day = writer.day()
    person = writer.person(lambda p: writer.world.places.of(p, "phone_byod") is not None, day)
    phone = writer.device(person, "phone_byod")
    span: Span = minutes(writer.moment(day), 40)
    for _ in range(30):
        writer.fetch(
            person.username,
            phone,
            writer.rng.randrange(*span),
            "mask.icloud.com",
            writer.rng.randint(8_000, 90_000),
        )
    writer.case("S47", NONE, "", person, (phone,), span, "a relay of the phone's system")


REQUESTS: tuple[Scene, ...] = (
    preconnect,
    embedded_feed,
    embedded_feed,
    blocks_only,
    blocks_only,
    undecidable_path,
    private_relay,
)
