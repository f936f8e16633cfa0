"""The command that answers a notice: whose was this address at this moment?"""

import ipaddress
import json
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from pipelines.cli.findings import STUDENT
from pipelines.cli.options import AsJson, Home, who_asks_in
from pipelines.district import open_district
from pipelines.errors import SettingsError, safe
from pipelines.findings.attribution_words import in_words
from pipelines.findings.notices import Justification, NoticeAnswer, NoticeQuery, resolve

AS_WRITTEN = tuple(
    f"{day} {clock}"
    for day in ("%Y-%m-%d", "%m/%d/%Y", "%b %d, %Y", "%B %d, %Y")
    for clock in ("%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%H:%M", "%H:%M:%S")
)
"""Formats in which people write a time, month first as in the United States."""


def who(
    home: Home,
    address: Annotated[
        str, typer.Argument(help="ADDRESS or ADDRESS:PORT; [ADDRESS]:PORT for IPv6.")
    ],
    time: Annotated[
        str,
        typer.Argument(help="2026-11-10T14:03:22Z, or the district's time without Z or offset."),
    ],
    reason: Annotated[str, typer.Option(help="Why; needed, and recorded in the audit log.")] = "",
    case: Annotated[str, typer.Option(help="Case or notice that needs it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show the device and account of an address at a given time.

    Every lookup is recorded in the audit log: who asked, what, why.
    """
    with open_district(home) as district:
        person = who_asks_in(district)
        person.require("evidence")
        host, port = _address(address)
        asked = NoticeQuery(host, port, instant(time, district.zone))
        answer = resolve(district, asked, Justification(str(person), reason, case))
        zone = ZoneInfo(district.zone)
    if as_json:
        typer.echo(json.dumps(dict(answer.shown), default=_plain))
        return
    for line in _told(answer, zone):
        typer.echo(safe(line))


def _told(answer: NoticeAnswer, zone: ZoneInfo) -> list[str]:
    """Return the answer in lines, in local time: what is known, the chain, the gaps."""
    lines = [
        (
            f"Grade {answer.grade}: account {answer.account or 'not known'}, "
            f"device {answer.device or 'not known'}, "
            f"building {answer.building or 'not known'}"
        )
    ]
    if answer.facts:
        lines.append(f"  known by {in_words(answer.facts)}")
    if answer.is_student:
        lines.append(f"  {STUDENT}")
    for link in answer.links:
        span = f"{_shown(link.since, zone)} to {_shown(link.until, zone)}"
        cited = f"; {', '.join(link.lines)}" if link.lines else ""
        lines.append(f"  {link.kind}: {link.says} ({span}{cited})")
    return [*lines, *(f"  gap: {gap}" for gap in answer.gaps)]


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _shown(time: datetime | None, zone: ZoneInfo) -> str:
    return f"{time.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}" if time else "open"


def _address(text: str) -> tuple[str, int | None]:
    """Return the address in its canonical form, and the port if there is one."""
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        number = int(port) if port else None
        if number is None or 0 < number < 2**16:
            return str(ipaddress.ip_address(host)), number
    except ValueError:
        pass
    raise SettingsError(
        f"{text!r} is not an address",
        where="ADDRESS",
        remedy="Write 203.0.113.7, 203.0.113.7:51234 or [2001:db8::7]:51234.",
    )


def _read(text: str) -> datetime | None:
    """Parse a time in ISO 8601, or as people write it."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in AS_WRITTEN:
        try:
            return datetime.strptime(text.strip(), form)  # noqa: DTZ007 - a zone is put
        except ValueError:
            continue
    return None


def instant(text: str, zone: str) -> datetime:
    """Return the moment in UTC; a time without an offset is in the district's zone."""
    time = _read(text)
    if time is None:
        raise SettingsError(
            f"{text!r} is not a time",
            where="TIME",
            remedy="Write 2026-11-10T14:03:22Z, '2026-11-10 14:03' or "
            "'11/10/2026 2:03 PM'; without a Z it is the district's time.",
        )
    if time.tzinfo is not None:
        return time.astimezone(UTC)
    local = time.replace(tzinfo=ZoneInfo(zone))
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise SettingsError(
            f"{text!r} occurs twice or not at all because of a clock change",
            where="TIME",
            remedy="Write it in UTC, ending in Z.",
        )
    return local.astimezone(UTC)
