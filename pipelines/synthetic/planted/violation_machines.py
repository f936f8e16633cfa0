"""Device activity that needs attention: uploads, calls home, swarms, copies."""

from functools import partial

from pipelines.synthetic.planted.writer import (
    Scene,
    SceneWriter,
    about_device,
    beat,
    day_span,
    minutes,
    send,
)
from pipelines.synthetic.school_days import MINUTE, SECOND

OWN_PORTS = (10_000, 60_000)


def upload(writer: SceneWriter, megabytes: int, parts: int, intensity: int) -> None:
    """S92: files of a class go to a sharing site without approval."""
    day, person, device = writer.at_desk(after=4)
    span = minutes(writer.moment(day), 4 * parts)
    writer.visit(person, device, span, "teach")
    for place in range(parts):
        send(
            writer,
            device,
            span[0] + (place * 230 + 9) * SECOND,
            "up.parcelpier.example",
            sent=megabytes * 1_000_000 // parts,
            received=400_000,
            seconds=200,
        )
    about_device(
        writer,
        "S92",
        "AN-2",
        device,
        span,
        f"{megabytes} MB to a sharing site",
        intensity=intensity,
    )


def beacon(writer: SceneWriter, every: float, jitter: float, intensity: int) -> None:
    """S93: a program on one computer calls a host that no other computer uses."""
    day = writer.day(after=2, weekdays="123")
    device = writer.desktop(writer.teacher(day))
    name = writer.choice(["quietmoth", "palelantern", "slowferry", "dimharbor"])
    span = day_span(writer, day.number)
    beat(
        writer,
        device,
        span,
        f"c{writer.rng.randint(2, 9)}.{name}.example",
        every=every,
        jitter=jitter,
    )
    about_device(
        writer,
        "S93",
        "AN-3",
        device,
        span,
        f"calls one rare host every {every / 60:.0f} minutes, day and night",
        intensity=intensity,
    )


def swarm(writer: SceneWriter, peers: int, megabytes: float, intensity: int) -> None:
    """S96: a file-sharing program on a teacher's computer."""
    day, person, device = writer.at_desk()
    span = minutes(writer.moment(day), 50)
    writer.visit(person, device, span, "teach")
    for peer in writer.rng.sample(range(1, 190), peers):
        start = writer.rng.randrange(span[0], span[1] - 8 * MINUTE)
        size = round(megabytes * 1e6 * writer.rng.uniform(0.4, 1.8))
        send(
            writer,
            device,
            start,
            f"192.0.2.{peer}",
            sent=size // 3,
            received=size,
            seconds=writer.rng.uniform(40, 400),
            port=writer.rng.randint(*OWN_PORTS),
            protocol=writer.rng.choice([6, 17]),
        )
    about_device(
        writer,
        "S96",
        "AN-9",
        device,
        span,
        f"shares files with {peers} outside computers",
        intensity=intensity,
    )


def program(writer: SceneWriter, days: int, intensity: int) -> None:
    """S98: a program is fetched, and calls its maker on the days after."""
    day, person, device = writer.at_desk(after=1, weekdays="01")
    name = writer.choice(["deskpets", "tunesprite", "fontfeast", "clickmend"])
    span = minutes(writer.moment(day), 14)
    writer.visit(person, device, span, "teach")
    writer.fetch(
        person.username,
        device,
        span[0] + 4 * MINUTE,
        f"get.{name}.example",
        writer.rng.randint(4_000_000, 60_000_000),
        elapsed=21 * SECOND,
        outcome="program",
    )
    for later in range(1, days + 1):
        first, _ = day_span(writer, day.number + later)
        for _ in range(writer.rng.randint(3, 7)):
            start = first + writer.rng.randrange(24 * 60) * MINUTE
            send(
                writer,
                device,
                start,
                f"ping.{name}.example",
                sent=700,
                received=writer.rng.randint(900, 5_000),
            )
    _, last = day_span(writer, day.number + days)
    about_device(
        writer,
        "S98",
        "AN-11",
        device,
        (span[0], last),
        f"a program is fetched, and calls home on {days} days since",
        intensity=intensity,
    )


def copy_missing(writer: SceneWriter) -> None:
    """S99: the copy that has to leave every night does not."""
    day = writer.day(after=5, weekdays="123")
    writer.plan.no_copy.append(day.number)
    server = writer.world.places.devices[2]
    about_device(
        writer,
        "S99",
        "AN-12",
        server,
        day_span(writer, day.number),
        "the nightly copy did not run",
        intensity=2,
    )


SCENES: tuple[Scene, ...] = (
    partial(upload, megabytes=900, parts=3, intensity=1),
    partial(upload, megabytes=4_000, parts=5, intensity=3),
    partial(beacon, every=600, jitter=0.03, intensity=1),
    partial(beacon, every=300, jitter=0.01, intensity=2),
    partial(swarm, peers=42, megabytes=4, intensity=1),
    partial(swarm, peers=130, megabytes=11, intensity=3),
    partial(program, days=2, intensity=1),
    partial(program, days=4, intensity=2),
    copy_missing,
)
