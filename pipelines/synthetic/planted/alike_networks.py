"""Honest use that odd networks and clocks make look impossible."""

from pipelines.synthetic.acts import browse
from pipelines.synthetic.days import MINUTE, SECOND
from pipelines.synthetic.plan import Release
from pipelines.synthetic.planted.stage import NONE, Scene, Stage, minutes


def lingering_address(stage: Stage) -> None:
    """S06: a walk to the school next door; the old address lingers."""
    day = stage.day()
    person = stage.carrier("HS", day)
    laptop = stage.laptop(person)
    last = stage.moment(day)
    stage.away(person, minutes(last - 15 * MINUTE, 45))
    browse(stage.plan, person, laptop, (last - 14 * MINUTE, last), "teach", pace="busy")
    later = minutes(last + 4 * MINUTE, 18)
    browse(stage.plan, person, laptop, later, "teach", pace="busy", network="MS/wifi")
    for late in (6, 9):
        stage.fetch(person.username, laptop, last + late * MINUTE, "docs.google.com",
                    24_000)  # fmt: skip
    stage.case("S06", NONE, "", person, (laptop,), (last, later[1]),
               "walked from HS to MS; lines from the old address follow")  # fmt: skip


def virtual_desktop(stage: Stage) -> None:
    """S25: a session on the virtual desktop host beside the own computer."""
    day = stage.day()
    person = stage.teacher(day, building="HS")
    mine = stage.desktop(person)
    host = stage.choice(
        stage.world.places.where(lambda d: d.device_class == "vdi_host")
    )
    span = minutes(stage.moment(day), 28)
    stage.away(person, span)
    stage.sit(person, mine, span, "teach", pace="busy")
    stage.sit(
        person, host, span, "teach", pace="busy", opened="remote", closed="logoff"
    )
    stage.case("S25", NONE, "", person, (mine, host), span,
               "a virtual desktop in the district office's network")  # fmt: skip


def portable_classroom(stage: Stage) -> None:
    """S26: two teachers behind one translated address."""
    day = stage.day()
    span = minutes(stage.moment(day), 30)
    people, devices = [], []
    for _ in range(2):
        person = stage.carrier("HS", day)
        stage.away(person, span)
        laptop = stage.laptop(person)
        browse(stage.plan, person, laptop, span, "teach", pace="busy", network="HS/nat")
        people.append(person)
        devices.append(laptop)
    for person in people:
        stage.case("S26", NONE, "", person, devices, span,
                   "a portable classroom behind one address")  # fmt: skip


def lease_passes_on(stage: Stage) -> None:
    """S27: an address passes from one laptop to another within four minutes."""
    day = stage.day()
    pair = [stage.carrier("HS", day) for _ in range(2)]
    first, second = map(stage.laptop, pair)
    last = stage.moment(day, "12:30", "14:00")
    network = "HS/wifi"
    address = stage.world.places.networks[network].address(first.number, day.number)
    stage.away(pair[0], (last - 16 * MINUTE, day.at("23:00")), 0)
    stage.away(pair[1], minutes(last - 10 * MINUTE, 40))
    browse(stage.plan, pair[0], first, (last - 15 * MINUTE, last), "teach", pace="busy",
           network=network)  # fmt: skip
    stage.plan.releases.append(Release(first.number, network, last + 20 * SECOND))
    span = minutes(last + 5 * MINUTE, 20)
    browse(stage.plan, pair[1], second, span, "teach", pace="busy", network=network,
           address=address)  # fmt: skip
    for person in pair:
        stage.case("S27", NONE, "", person, (first, second), (last, span[1]),
                   "one address, two laptops, five minutes apart")  # fmt: skip


def slow_clock(stage: Stage) -> None:
    """S28: a podium twelve minutes slow, after an honest drive."""
    day = stage.day()
    person = stage.teacher(day, building="HS")
    podium = stage.choice(
        stage.world.places.where(
            lambda d: d.clock_error_seconds != 0 and d.building == "ES"
        )
    )
    last = stage.moment(day)
    span = minutes(last + 24 * MINUTE, 12)
    stage.away(person, (last - 15 * MINUTE, span[1]), 45)
    stage.sit(person, stage.desktop(person), (last - 13 * MINUTE, last), "teach",
              pace="busy")  # fmt: skip
    stage.sit(person, podium, span, "teach", pace="busy", opened="logon",
              closed="logoff")  # fmt: skip
    stage.case("S28", NONE, "", person, (stage.desktop(person), podium), span,
               "the podium's clock is twelve minutes slow")  # fmt: skip


SCENES: tuple[Scene, ...] = (
    lingering_address,
    virtual_desktop,
    portable_classroom,
    lease_passes_on,
    slow_clock,
    slow_clock,
)
