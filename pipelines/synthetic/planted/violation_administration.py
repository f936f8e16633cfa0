"""Systems and accounts of administrators, and what a firewall sees inside."""

from pipelines.synthetic.places import Device
from pipelines.synthetic.plan import Change, Key
from pipelines.synthetic.planted.writer import (
    ANOMALY,
    NotCastError,
    Scene,
    SceneWriter,
    Span,
    about_device,
    minutes,
    send,
    write_documents,
)
from pipelines.synthetic.school_days import MINUTE, SECOND

FIREWALL = "do-fw-1"


def _controller(writer: SceneWriter, code: str, family: str, rule: str, note: str) -> None:
    """Add an event of the domain controller about its administrator."""
    device = writer.world.places.devices[0]
    at = writer.moment(writer.day(after=1))
    if not device.is_windows:
        raise NotCastError
    writer.plan.keys.append(Key(at, device.number, "Administrator", code))
    about_device(writer, family, rule, device, minutes(at, 1), note)


def log_cleared(writer: SceneWriter) -> None:
    """S110: the security log of a domain controller is cleared."""
    _controller(writer, "1102", "S110", "AN-13", "a security log was cleared")


def administrator_made(writer: SceneWriter) -> None:
    """S111: an account becomes a domain administrator."""
    _controller(writer, "4728", "S111", "AN-14", "an account joined the domain administrators")


def firewall_opened(writer: SceneWriter) -> None:
    """S112: a rule of the firewall is changed at noon; changes belong into the night."""
    at = writer.moment(writer.day(after=1), "11:30", "12:30")
    if writer.world.habits.products != "windows":
        raise NotCastError  # the other firewall logs no settings here
    writer.plan.add(
        "change_windows.csv",
        system=FIREWALL,
        weekday="every",
        start_local="20:00",
        end_local="23:00",
    )
    writer.plan.changes.append(Change(at, "fwadmin", "firewall.policy"))
    anybody, span = writer.world.roster.staff[0], minutes(at, 1)
    note = "a rule was changed at noon"
    writer.case("S112", ANOMALY, "AN-15", anybody, (), span, note, account=FIREWALL)
    writer.about_nobody()


def administrator_browses(writer: SceneWriter) -> None:
    """S113: an account for administration is used for web pages for half an hour."""
    day, person, device = writer.at_desk(after=1)
    account = f"adm.{person.username}"
    writer.plan.add(
        "accounts.csv",
        username=account,
        account_type="person",
        is_admin="true",
        owner_person_id=person.person_id,
        approved_shared="no",
        valid_from="2026-07-01",
    )
    span = minutes(writer.moment(day), 35)
    writer.visit(
        person, device, span, "glance_news", account=account, opened="logon", closed="logoff"
    )
    writer.case(
        "S113",
        ANOMALY,
        "AN-17",
        person,
        (device,),
        span,
        "an account for administration is used to browse",
        account=account,
    )


def _inside(writer: SceneWriter, port: int, targets: int, *, received: int) -> tuple[Device, Span]:
    """Ask inside addresses for a port from one computer, one after another."""
    day, _, device = writer.at_desk(after=1)
    start = writer.moment(day)
    for number in range(targets):
        send(
            writer,
            device,
            start + number * 2 * SECOND,
            f"10.14.{16 + number // 200}.{number % 200 + 1}",
            sent=400,
            received=received,
            seconds=0.9,
            port=port,
            action="close" if received else "deny",
        )
    return device, (start, start + targets * 2 * SECOND)


def telnet(writer: SceneWriter) -> None:
    """S114: switches are managed by a protocol that sends passwords in the clear."""
    device, span = _inside(writer, 23, 4, received=2_000)
    about_device(writer, "S114", "AN-19", device, span, "telnet to four switches")


def search(writer: SceneWriter) -> None:
    """S115: a desk asks three hundred addresses for file shares, and no one answers."""
    device, span = _inside(writer, 445, 300, received=0)
    note = "asks three hundred addresses for file shares"
    about_device(writer, "S115", "AN-20", device, span, note)


def open_to_the_world(writer: SceneWriter) -> None:
    """S116: outsiders reach the remote desktop of a computer."""
    day, _, device = writer.at_desk(after=1)
    span = minutes(writer.moment(day), 20)
    for number in range(8):
        send(
            writer,
            device,
            span[0] + number * 2 * MINUTE,
            f"192.0.2.{200 + number}",
            sent=900,
            received=5_000,
            seconds=4,
            port=3389,
            is_inbound=True,
        )
    about_device(writer, "S116", "AN-18", device, span, "remote desktop answers outsiders")


def service_account_typed(writer: SceneWriter) -> None:
    """S117: the account of a service is used at a computer of the workroom."""
    span = minutes(writer.moment(writer.day(after=1)), 14)
    device = writer.spare("MS", "workroom", span)
    account = f"svc-labels{writer.rng.randint(10, 99)}"
    writer.plan.add(
        "accounts.csv",
        username=account,
        account_type="service",
        approved_shared="no",
        valid_from="2026-07-01",
    )
    write_documents(writer, account, device, span)
    anybody = writer.world.roster.staff[0]
    writer.case(
        "S117",
        ANOMALY,
        "AN-21",
        anybody,
        (device,),
        span,
        "the account of a service at a keyboard",
        account=account,
    )
    writer.about_nobody()


def log_switched_off(writer: SceneWriter) -> None:
    """S118: an administrator signs in to the firewall, and its log is silent for half an hour."""
    if writer.world.habits.products != "windows":
        raise NotCastError
    # the two weeks before it have no day without school, on which the log pauses anyway
    day = writer.choice([d for d in writer.world.days if d.kind == "school" and 8 < d.number < 18])
    at = day.at("08:00", writer.rng.randint(0, 5))
    span = minutes(at + 4 * MINUTE, 28)
    writer.plan.changes.append(Change(at, "fwadmin", ""))
    writer.plan.unlogged.append(span)
    anybody, note = writer.world.roster.staff[0], "the firewall's log is switched off and on again"
    writer.case("S118", ANOMALY, "AN-16", anybody, (), (at, span[1]), note, account=FIREWALL)
    writer.about_nobody()


SCENES: tuple[Scene, ...] = (
    log_cleared,
    administrator_made,
    firewall_opened,
    administrator_browses,
    telnet,
    search,
    open_to_the_world,
    service_account_typed,
)
LATER: tuple[Scene, ...] = (log_switched_off,)
