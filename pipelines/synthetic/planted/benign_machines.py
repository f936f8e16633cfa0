"""Honest traffic that resembles uploads or swarms, and odd networks and clocks."""

from pipelines.synthetic.plan import Release
from pipelines.synthetic.planted.writer import (
    NONE,
    Scene,
    SceneWriter,
    about_device,
    beat,
    day_span,
    minutes,
    send,
)
from pipelines.synthetic.routines import browse
from pipelines.synthetic.school_days import MINUTE, SECOND


def approved_upload(writer: SceneWriter) -> None:
    """S92a: a film of the concert goes to the district's own drive."""
    day = writer.day(after=4)
    device = writer.desktop(writer.teacher(day))
    span = minutes(writer.moment(day), 20)
    send(
        writer,
        device,
        span[0],
        "drive.google.com",
        sent=2_300_000_000,
        received=900_000,
        seconds=1_100,
    )
    about_device(writer, "S92a", "", device, span, "2,300 MB to the district's drive")


def modest_upload(writer: SceneWriter) -> None:
    """S92b: a few photographs to a print shop."""
    day = writer.day(after=4)
    device = writer.desktop(writer.teacher(day))
    span = minutes(writer.moment(day), 6)
    send(
        writer,
        device,
        span[0],
        "orders.printpenguin.example",
        sent=140_000_000,
        received=300_000,
        seconds=260,
    )
    about_device(writer, "S92b", "", device, span, "140 MB to a print shop")


def managed_agents(writer: SceneWriter) -> None:
    """S93a: an agent on the lab's computers calls its maker every ten minutes."""
    day = writer.day(after=2, weekdays="123")
    span = day_span(writer, day.number)
    for building in ("HS", "MS"):
        for device in writer.world.places.pool(building, "lab")[:6]:
            beat(writer, device, span, "cloud.inkmanager.example", every=600, jitter=0.01)
            about_device(writer, "S93a", "", device, span, "a printer agent of the lab")


def school_day_ticker(writer: SceneWriter) -> None:
    """S93b: a weather page is open on one desk from eight until four."""
    day = writer.day(after=2)
    device = writer.desktop(writer.teacher(day))
    span = (day.at("08:05"), day.at("15:40"))
    beat(writer, device, span, "live.cloudbarrel.example", every=300, jitter=0.01)
    about_device(writer, "S93b", "", device, span, "a page that refreshes in a tab")


def meeting(writer: SceneWriter) -> None:
    """S96a: a video meeting: much in both directions, with three servers."""
    day = writer.day()
    device = writer.desktop(writer.teacher(day))
    span = minutes(writer.moment(day), 45)
    for place in range(24):
        send(
            writer,
            device,
            span[0] + place * 100 * SECOND,
            f"198.51.100.{70 + place % 3}",
            sent=9_000_000,
            received=14_000_000,
            seconds=95,
            port=8_801,
            protocol=17,
        )
    about_device(writer, "S96a", "", device, span, "a video meeting")


def neighbors(writer: SceneWriter) -> None:
    """S96b: updates are passed on among many computers, all on one port."""
    day = writer.day()
    device = writer.desktop(writer.teacher(day))
    span = minutes(writer.moment(day), 50)
    for peer in range(1, 46):
        start = span[0] + writer.rng.randrange(40 * 60) * SECOND
        send(
            writer,
            device,
            start,
            f"203.0.113.{peer}",
            sent=700_000,
            received=2_000_000,
            seconds=30,
            port=7_680,
        )
    about_device(writer, "S96b", "", device, span, "updates among neighbors")


def never_run(writer: SceneWriter) -> None:
    """S98a: a program is fetched and never opened."""
    day, person, device = writer.at_desk(after=1)
    span = minutes(writer.moment(day), 8)
    writer.visit(person, device, span, "teach")
    writer.fetch(
        person.username,
        device,
        span[0] + 3 * MINUTE,
        "get.rulerbox.example",
        7_700_000,
        elapsed=9 * SECOND,
        outcome="program",
    )
    about_device(writer, "S98a", "", device, span, "a download that is never opened")


def copies_expected(writer: SceneWriter) -> None:
    """S99a: the registry expects the nightly copy, which comes as it should."""
    server = writer.world.places.devices[2]
    writer.plan.add(
        "expected_traffic.csv",
        expected_id="T-001",
        kind="backup",
        log="firewall",
        device=server.hostname,
        destination="backupbarn.example",
        every_days="1",
        least_megabytes="1000",
    )
    ran = [d.number for d in writer.world.days if d.number not in writer.plan.no_copy]
    number = writer.choice(ran[5:])
    about_device(writer, "S99a", "", server, day_span(writer, number), "the nightly copy ran")


SCENES: tuple[Scene, ...] = (
    approved_upload,
    modest_upload,
    managed_agents,
    school_day_ticker,
    meeting,
    neighbors,
    never_run,
    copies_expected,
)


def lingering_address(writer: SceneWriter) -> None:
    """S06: a walk to the school next door; the old address lingers."""
    day = writer.day()
    person = writer.carrier("HS", day)
    laptop = writer.laptop(person)
    last = writer.moment(day)
    writer.away(person, minutes(last - 15 * MINUTE, 45))
    browse(writer.plan, person, laptop, (last - 14 * MINUTE, last), "teach", pace="busy")
    later = minutes(last + 4 * MINUTE, 18)
    browse(writer.plan, person, laptop, later, "teach", pace="busy", network="MS/wifi")
    for late in (6, 9):
        writer.fetch(person.username, laptop, last + late * MINUTE, "docs.google.com", 24_000)
    writer.case(
        "S06",
        NONE,
        "",
        person,
        (laptop,),
        (last, later[1]),
        "walked from HS to MS; lines from the old address follow",
    )


def virtual_desktop(writer: SceneWriter) -> None:
    """S25: a session on the virtual desktop host in addition to the user's computer."""
    day, person, mine = writer.at_desk(building="HS")
    host = writer.choice(writer.world.places.where(lambda d: d.device_class == "vdi_host"))
    span = minutes(writer.moment(day), 28)
    writer.visit(person, mine, span, "teach", pace="busy")
    writer.sit(person, host, span, "teach", pace="busy", opened="remote", closed="logoff")
    writer.case(
        "S25",
        NONE,
        "",
        person,
        (mine, host),
        span,
        "a virtual desktop in the district office's network",
    )


def portable_classroom(writer: SceneWriter) -> None:
    """S26: two teachers behind one translated address."""
    day = writer.day()
    span = minutes(writer.moment(day), 30)
    people, devices = [], []
    for _ in range(2):
        person = writer.carrier("HS", day)
        writer.away(person, span)
        laptop = writer.laptop(person)
        browse(writer.plan, person, laptop, span, "teach", pace="busy", network="HS/nat")
        people.append(person)
        devices.append(laptop)
    for person in people:
        writer.case(
            "S26", NONE, "", person, devices, span, "a portable classroom behind one address"
        )


def lease_passes_on(writer: SceneWriter) -> None:
    """S27: an address passes from one laptop to another within four minutes."""
    day = writer.day()
    pair = [writer.carrier("HS", day) for _ in range(2)]
    first, second = map(writer.laptop, pair)
    last = writer.moment(day, "12:30", "14:00")
    network = "HS/wifi"
    address = writer.world.places.networks[network].address(first.number, day.number)
    writer.away(pair[0], (last - 16 * MINUTE, day.at("23:00")), 0)
    writer.away(pair[1], minutes(last - 10 * MINUTE, 40))
    browse(
        writer.plan,
        pair[0],
        first,
        (last - 15 * MINUTE, last),
        "teach",
        pace="busy",
        network=network,
    )
    writer.plan.releases.append(Release(first.number, network, last + 20 * SECOND))
    span = minutes(last + 5 * MINUTE, 20)
    browse(
        writer.plan, pair[1], second, span, "teach", pace="busy", network=network, address=address
    )
    for person in pair:
        writer.case(
            "S27",
            NONE,
            "",
            person,
            (first, second),
            (last, span[1]),
            "one address, two laptops, five minutes apart",
        )


def slow_clock(writer: SceneWriter) -> None:
    """S28: a podium twelve minutes slow, after an honest drive."""
    day = writer.day()
    person = writer.teacher(day, building="HS")
    podium = writer.choice(
        writer.world.places.where(lambda d: d.clock_error_seconds != 0 and d.building == "ES")
    )
    last = writer.moment(day)
    span = minutes(last + 24 * MINUTE, 12)
    writer.away(person, (last - 15 * MINUTE, span[1]), 45)
    writer.sit(person, writer.desktop(person), (last - 13 * MINUTE, last), "teach", pace="busy")
    writer.sit(person, podium, span, "teach", pace="busy", opened="logon", closed="logoff")
    writer.case(
        "S28",
        NONE,
        "",
        person,
        (writer.desktop(person), podium),
        span,
        "the podium's clock is twelve minutes slow",
    )


NETWORKS: tuple[Scene, ...] = (
    lingering_address,
    virtual_desktop,
    portable_classroom,
    lease_passes_on,
    slow_clock,
    slow_clock,
)
