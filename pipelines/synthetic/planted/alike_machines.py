"""Honest traffic of devices that resembles uploads, calls home, swarms and pauses."""

from pipelines.synthetic.days import MINUTE, SECOND
from pipelines.synthetic.planted.stage import Scene, Stage, minutes
from pipelines.synthetic.planted.wire import about_device, beat, day_span, send


def approved_upload(stage: Stage) -> None:
    """S92a: a film of the concert goes to the district's own drive."""
    day = stage.day(after=4)
    device = stage.desktop(stage.teacher(day))
    span = minutes(stage.moment(day), 20)
    send(stage, device, span[0], "drive.google.com", sent=2_300_000_000,
         received=900_000, seconds=1_100)  # fmt: skip
    about_device(stage, "S92a", "", device, span, "2,300 MB to the district's drive")


def modest_upload(stage: Stage) -> None:
    """S92b: a few photographs to a print shop."""
    day = stage.day(after=4)
    device = stage.desktop(stage.teacher(day))
    span = minutes(stage.moment(day), 6)
    send(stage, device, span[0], "orders.printpenguin.example", sent=140_000_000,
         received=300_000, seconds=260)  # fmt: skip
    about_device(stage, "S92b", "", device, span, "140 MB to a print shop")


def managed_agents(stage: Stage) -> None:
    """S93a: an agent on the lab's computers calls its maker every ten minutes."""
    day = stage.day(after=2, weekdays="123")
    span = day_span(stage, day.number)
    for building in ("HS", "MS"):
        for device in stage.world.places.pool(building, "lab")[:6]:
            beat(stage, device, span, "cloud.inkmanager.example", every=600,
                 jitter=0.01)  # fmt: skip
            about_device(stage, "S93a", "", device, span, "a printer agent of the lab")


def school_day_ticker(stage: Stage) -> None:
    """S93b: a weather page is open on one desk from eight until four."""
    day = stage.day(after=2)
    device = stage.desktop(stage.teacher(day))
    span = (day.at("08:05"), day.at("15:40"))
    beat(stage, device, span, "live.cloudbarrel.example", every=300, jitter=0.01)
    about_device(stage, "S93b", "", device, span, "a page that refreshes in a tab")


def meeting(stage: Stage) -> None:
    """S96a: a video meeting: much in both directions, with three servers."""
    day = stage.day()
    device = stage.desktop(stage.teacher(day))
    span = minutes(stage.moment(day), 45)
    for place in range(24):
        send(stage, device, span[0] + place * 100 * SECOND,
             f"198.51.100.{70 + place % 3}", sent=9_000_000, received=14_000_000,
             seconds=95, port=8_801, protocol=17)  # fmt: skip
    about_device(stage, "S96a", "", device, span, "a video meeting")


def neighbours(stage: Stage) -> None:
    """S96b: updates are passed on among many computers, all on one port."""
    day = stage.day()
    device = stage.desktop(stage.teacher(day))
    span = minutes(stage.moment(day), 50)
    for peer in range(1, 46):
        start = span[0] + stage.rng.randrange(40 * 60) * SECOND
        send(stage, device, start, f"203.0.113.{peer}", sent=700_000,
             received=2_000_000, seconds=30, port=7_680)  # fmt: skip
    about_device(stage, "S96b", "", device, span, "updates among neighbours")


def never_run(stage: Stage) -> None:
    """S98a: a program is fetched and never opened."""
    day = stage.day(after=1)
    person = stage.teacher(day)
    device = stage.desktop(person)
    span = minutes(stage.moment(day), 8)
    stage.away(person, span)
    stage.sit(person, device, span, "teach")
    stage.fetch(person.username, device, span[0] + 3 * MINUTE, "get.rulerbox.example",
                7_700_000, elapsed=9 * SECOND, outcome="program")  # fmt: skip
    about_device(stage, "S98a", "", device, span, "a download that is never opened")


def copies_expected(stage: Stage) -> None:
    """S99a: the registry expects the nightly copy, which comes as it should."""
    server = stage.world.places.devices[2]
    stage.plan.say("expected_traffic.csv", expected_id="T-001", kind="backup",
                   log="firewall", device=server.hostname,
                   destination="backupbarn.example", every_days="1",
                   least_megabytes="1000")  # fmt: skip
    ran = [d.number for d in stage.world.days if d.number not in stage.plan.no_copy]
    number = stage.choice(ran[5:])
    about_device(stage, "S99a", "", server, day_span(stage, number),
                 "the nightly copy ran")  # fmt: skip


SCENES: tuple[Scene, ...] = (
    approved_upload,
    modest_upload,
    managed_agents,
    school_day_ticker,
    meeting,
    neighbours,
    never_run,
    copies_expected,
)
