"""Sites used on duty without approval."""

from functools import partial

from pipelines.synthetic.invented_people import Person
from pipelines.synthetic.plan import Pace
from pipelines.synthetic.planted.writer import SITE, NotCastError, Scene, SceneWriter, Span, minutes
from pipelines.synthetic.routines import browse
from pipelines.synthetic.school_days import LAST_QUIZLET_DAY, MINUTE, SECOND, Day


def sustained(
    writer: SceneWriter,
    family: str,
    site: str,
    length: float,
    intensity: int,
    pace: Pace = "busy",
    rule: str = "NA-1",
) -> None:
    """S36, S43: one site for a good while, on duty."""
    day = writer.day()
    person = writer.teacher(day)
    length = writer.use_minutes(length)
    span = minutes(writer.moment(day, "08:30", "14:20"), length)
    _use(writer, person, span, site, pace)
    writer.case(
        family,
        SITE,
        rule,
        person,
        (writer.desktop(person),),
        span,
        f"{site} for {length:.0f} minutes on duty",
        intensity=intensity,
    )


def beside_work(writer: SceneWriter, site: str, length: float) -> None:
    """S36: in one window, while work goes on in another."""
    day = writer.day()
    person = writer.teacher(day)
    length = writer.use_minutes(length)
    span = minutes(writer.moment(day, "08:30", "14:20"), length)
    device = writer.desktop(person)
    _use(writer, person, span, site)
    browse(writer.plan, person, device, span, "teach", pace="calm")
    writer.case(
        "S36",
        SITE,
        "NA-1",
        person,
        (device,),
        span,
        f"{site} for {length:.0f} minutes, between pages of work",
        intensity=2,
    )


def _use(writer: SceneWriter, person: Person, span: Span, site: str, pace: Pace = "busy") -> None:
    writer.away(person, span, 12)
    writer.sit(person, writer.desktop(person), span, site, pace=pace)


def fragmented(writer: SceneWriter, site: str, visits: int, intensity: int) -> None:
    """S42: many short visits over two days."""
    first = writer.day(weekdays="0123")
    second = _neighbour(writer, first)
    person = writer.teacher(first, second)
    spans: list[Span] = []
    for place in range(visits):
        day = first if place % 2 == 0 else second
        start = day.at("08:40", 62 * (place // 2) + writer.rng.randint(0, 12))
        spans.append(minutes(start, 4))
        _use(writer, person, spans[-1], site)
    around = (min(spans)[0], max(spans)[1])
    writer.case(
        "S42",
        SITE,
        "NA-2",
        person,
        (writer.desktop(person),),
        around,
        f"{visits} visits of 4 minutes to {site} in two days",
        intensity=intensity,
    )


def _neighbour(writer: SceneWriter, day: Day) -> Day:
    """Return the next day of school; at the end of the logs the one before."""
    others = [d for d in writer.world.days if d.has_school and d != day]
    if not others:
        raise NotCastError
    return next((d for d in others if d.number > day.number), others[-1])


def other_verdict(
    writer: SceneWriter, family: str, day: Day, job: str, site: str, note: str
) -> None:
    """S51, S53: approved once, or for others."""
    if job == "teacher":
        person = writer.teacher(day)
    else:
        person = writer.person(
            lambda p: p.job_title == job and writer.world.places.of(p, "desktop") is not None, day
        )
    span = minutes(writer.moment(day, "08:30", "14:20"), 15)
    _use(writer, person, span, site)
    writer.case(family, SITE, "NA-4", person, (writer.desktop(person),), span, note)


def lapsed(writer: SceneWriter) -> None:
    """S51: the day after the license ended."""
    number = writer.on(LAST_QUIZLET_DAY).number + 1
    day = writer.choice([d for d in writer.world.days if d.number == number])
    other_verdict(writer, "S51", day, "teacher", "quizlet.com", "the day after the approval ended")


def wrong_role(writer: SceneWriter) -> None:
    """S53: approved for art teachers only."""
    other_verdict(
        writer,
        "S53",
        writer.day(),
        "counselor",
        "pinterest.com",
        "approved for art teachers, used by a counselor",
    )


def after_a_block(writer: SceneWriter) -> None:
    """S57: refused at one betting site, then at home on another."""
    day, person, device = writer.at_desk()
    span = minutes(writer.moment(day), 15)
    writer.away(person, span)
    writer.sit(person, device, (span[0] - MINUTE, span[1] + MINUTE))
    for place in range(5):
        start = span[0] + (place * 37 + writer.rng.randint(0, 20)) * SECOND
        writer.fetch(
            person.username,
            device,
            start,
            "www.betbarrow.example",
            3_920,
            elapsed=4,
            outcome="denied",
        )
    begun = (span[0] + 4 * MINUTE, span[1])
    writer.sit(person, device, begun, "oddsorchard.example", pace="busy", opened="none")
    writer.case(
        "S57",
        SITE,
        "NA-6",
        person,
        (device,),
        span,
        "five refusals at a betting site, then another one",
        intensity=2,
    )


def circumvention(writer: SceneWriter) -> None:
    """S45: a web proxy."""
    day = writer.day()
    person = writer.teacher(day)
    span = minutes(writer.moment(day), 13)
    _use(writer, person, span, "veilhop.example")
    writer.case(
        "S45",
        SITE,
        "NA-3",
        person,
        (writer.desktop(person),),
        span,
        "a proxy site for 13 minutes",
        intensity=2,
    )


def resolver(writer: SceneWriter) -> None:
    """S48: name look-ups hidden in tunnels."""
    _machine_tool(
        writer, "S48", "cloudflare-dns.com", 26, 7_400, "26 tunnels to a resolver outside"
    )


def remote_control(writer: SceneWriter) -> None:
    """S49: a remote-control relay that is not on the list."""
    _machine_tool(
        writer, "S49", "relay.anydesk.com", 12, 900_000, "a remote-control relay for twenty minutes"
    )


def _machine_tool(
    writer: SceneWriter, family: str, host: str, count: int, size: int, note: str
) -> None:
    day, person, device = writer.at_desk()
    span = minutes(writer.moment(day), 21)
    writer.visit(person, device, span, "teach")
    for place in range(count):
        start = span[0] + (place * 20 * MINUTE) // count + writer.rng.randint(0, 9_000)
        writer.fetch(
            person.username,
            device,
            start,
            host,
            round(size * writer.rng.uniform(0.6, 1.6)),
            elapsed=20 * MINUTE // count,
        )
    writer.case(family, SITE, "NA-3", person, (device,), span, note, intensity=2)


def by_address(writer: SceneWriter) -> None:
    """S60: a stream from an address without a name."""
    day, person, device = writer.at_desk()
    span = minutes(writer.moment(day), 12)
    writer.visit(person, device, span)
    for place in range(12):
        writer.fetch(
            person.username,
            device,
            span[0] + (place * 60 + 8) * SECOND,
            "198.51.100.60:8080",
            writer.rng.randint(3_000_000, 9_000_000),
            elapsed=52 * SECOND,
            outcome="stream",
        )
    writer.case(
        "S60",
        SITE,
        "NA-5",
        person,
        (device,),
        span,
        "a video stream from a bare address for 12 minutes",
        intensity=2,
    )


SCENES: tuple[Scene, ...] = (
    partial(sustained, family="S36", site="instagram.com", length=12, intensity=1),
    partial(sustained, family="S36", site="facebook.com", length=25, intensity=2,
            rule="NA-4"),
    partial(sustained, family="S36", site="instagram.com", length=45, intensity=3),
    partial(sustained, family="S36", site="reddit.com", length=18, intensity=1),
    partial(sustained, family="S36", site="amazon.com", length=20, intensity=2),
    partial(sustained, family="S36", site="espn.com", length=35, intensity=3),
    partial(sustained, family="S36", site="zillow.com", length=16, intensity=1),
    partial(sustained, family="S43", site="netflix.com", length=22, intensity=2,
            pace="video"),
    partial(sustained, family="S43", site="twitch.tv", length=40, intensity=3,
            pace="video"),
    partial(sustained, family="S36", site="gemtumble.example", length=10.5,
            intensity=1),
    partial(sustained, family="S36", site="luckledge.example", length=10, intensity=1),
    partial(beside_work, site="snapchat.com", length=24),
    partial(fragmented, site="reddit.com", visits=9, intensity=2),
    partial(fragmented, site="ebay.com", visits=8, intensity=1),
    lapsed,
    wrong_role,
    after_a_block,
    circumvention,
    resolver,
    remote_control,
    by_address,
)  # fmt: skip
