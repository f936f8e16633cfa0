"""Small acts that plans are made of: sit down, browse, work from home."""

from pipelines.synthetic.days import MINUTE, SECOND
from pipelines.synthetic.people import Person
from pipelines.synthetic.places import Device
from pipelines.synthetic.plan import (
    Closed,
    Opened,
    Pace,
    Plan,
    Session,
    Sitting,
    Tunnel,
)

HOME_NETWORK = "DO/remote"


def sit(  # noqa: PLR0913 - one act, told in full
    plan: Plan,
    person: Person,
    device: Device,
    span: tuple[int, int],
    taste: str = "",
    *,
    account: str = "",
    pace: Pace = "work",
    opened: Opened = "unlock",
    closed: Closed = "lock",
) -> None:
    """Sit at a device and browse all the while; without a taste just sit.

    Args:
        plan: Where it is added.
        person: Who sits there.
        device: Where.
        span: Start and end.
        taste: What is browsed.
        account: Whose account is used, if not the person's own.
        pace: How pages follow each other.
        opened: What the device logs at the start.
        closed: What it logs at the end.
    """
    start, end = span
    name = account or person.username
    place = device.network
    plan.sittings.append(
        Sitting(person.number, name, device.number, place, start, end, opened, closed)
    )
    if taste:
        begun = start + 35 * SECOND
        browse(plan, person, device, (begun, end - 15 * SECOND), taste, account, pace)


def browse(  # noqa: PLR0913 - one act, told in full
    plan: Plan,
    person: Person,
    device: Device,
    span: tuple[int, int],
    taste: str,
    account: str = "",
    pace: Pace = "work",
    *,
    network: str = "",
    address: int = 0,
) -> None:
    """Browse for a while on a device that is in use already."""
    plan.sessions.append(
        Session(
            person.number,
            account or person.username,
            device.number,
            network or device.network,
            *span,
            taste,
            pace,
            address,
        )
    )


def at_home(
    plan: Plan,
    person: Person,
    laptop: Device,
    span: tuple[int, int],
    taste: str,
    *,
    pace: Pace = "work",
    remote_ip: str = "",
) -> None:
    """Use the district's laptop at home, through the tunnel, on a cached logon."""
    start, end = span
    name = person.username
    plan.tunnels.append(
        Tunnel(name, laptop.number, start - 50 * SECOND, end + MINUTE,
               remote_ip or home_address(person))
    )  # fmt: skip
    plan.sittings.append(
        Sitting(person.number, name, laptop.number, HOME_NETWORK, start, end, "cached")
    )
    inside = (start + 20 * SECOND, end - 10 * SECOND)
    browse(plan, person, laptop, inside, taste, pace=pace, network=HOME_NETWORK)


def home_address(person: Person) -> str:
    """The address of a person's line at home."""
    return f"203.0.113.{1 + person.number % 119}"
