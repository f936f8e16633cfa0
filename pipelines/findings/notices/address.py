"""From an outside address to the inside one, and to the device that held it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.findings.notices.case import Case, Link

_NAT = """
select src_ip as ip, start_time, time, user_name, format, event_id
from raw.connections
where
    nat_ip = $address and ($port::integer is null or nat_port = $port::integer)
    and coalesce(start_time, time) <= $time + to_seconds($seconds)
    and time >= $time - to_seconds($seconds)
    and src_ip is not null
order by event_id
"""

_INSIDE = """
select 1 as known from built.identity.places where ip = $ip and net_kind <> 'nat'
union all
select 1 from built.identity.address_holders where ip = $ip and event_date = $day
"""


def translated(case: Case) -> tuple[str | None, Mapping[str, Any] | None]:
    """The inside address, and the flow that wore the outside one."""
    asked, gaps = case.asked, case.answer.gaps
    flows = case.rows(_NAT, address=asked.address, port=asked.port)
    found = sorted({row["ip"] for row in flows})
    for row in flows[:5] if len(found) == 1 else []:
        case.answer.links.append(
            Link(
                "translation",
                f"worn by {case.name('address', row['ip'])}",
                row["start_time"],
                row["time"],
                case.line(row["event_id"]),
            )
        )
    if len(found) == 1:
        return found[0], flows[0]
    if len(found) > 1:
        gaps.append(f"{len(found)} inside addresses wore it at once; the port tells")
        return None, None
    if case.rows(_INSIDE, ip=asked.address):
        return asked.address, None
    gaps.append("no firewall line tells which inside address wore it at that moment")
    return None, None


_HOLDERS = """
select device, is_registered, start_time, end_time, binding, lease_event_id
from built.identity.address_holders
where
    ip = $ip and event_date = $day
    and start_time <= $time + to_seconds($seconds) and $time < end_time
order by start_time desc, device
"""

_DEVICE = """
select assigned_to, pool, device_class from built.identity.devices
where device = $device and event_date = $day order by all limit 1
"""

_PLACE = (
    "select building, net_kind, has_location from built.identity.places where ip = $ip"
)


TOLD = {"static": "fixed in the registry", "lease": "a lease", "tunnel": "a tunnel"}


def _both(case: Case, held: Sequence[Mapping[str, Any]]) -> str:
    """Which devices have a claim, and what says so of each."""
    claims = {
        f"{case.name('device', row['device'])} ({TOLD[row['binding']]})": None
        for row in held
    }
    said = " and ".join(claims)
    return f"two devices have a claim on the address at that moment: {said}"


def held(case: Case, ip: str) -> Mapping[str, Any]:
    """The device that held the address, as the registry has it."""
    answer = case.answer
    for place in case.rows(_PLACE, ip=ip):
        answer.building = place["building"] if place["has_location"] else None
        if place["net_kind"] in ("nat", "vdi"):
            answer.is_crowded = True
            answer.gaps.append(f"the address stands for many ({place['net_kind']})")
    held = case.rows(_HOLDERS, ip=ip)
    if not held:
        answer.gaps.append("no lease, tunnel or fixed address tells the device")
        return {}
    row = held[0]
    if len({one["device"] for one in held}) > 1:
        answer.gaps.append(_both(case, held))
        return {}
    answer.device = case.name("device", row["device"])
    answer.links.append(
        Link(
            row["binding"],
            f"{case.name('address', ip)} was held by {answer.device}",
            row["start_time"],
            row["end_time"],
            case.line(row["lease_event_id"]),
        )
    )
    known = case.rows(_DEVICE, device=row["device"])
    if not known:
        answer.gaps.append("the registry does not know the device")
        return {}
    if known[0]["pool"]:
        answer.gaps.append(f"the device is shared stock ({known[0]['pool']})")
    return known[0]
