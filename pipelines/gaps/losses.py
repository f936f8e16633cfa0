"""Events that filters left out before the rules judged them, as `marts.rule_coverage` counts.

A family of rules that loses more than a fifth of a building's events at one filter is blind
there: a result of zero means nothing. Each log or list that would help is one gap, with the
number of requests that it would add.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from pipelines.gaps.families import KEYBOARDS, LOGONS, SITES, UNITS, rules_by_family
from pipelines.gaps.relation import (
    CONTRADICTED,
    NO_ACCOUNT,
    NO_DEVICE,
    NO_HOURS,
    NO_OWNER,
    NOT_STATED,
    ONE_FACT,
    SHARED_ADDRESS,
    Gap,
)
from pipelines.registry.device_classes import CLASSES, NO_CLASS
from pipelines.state.rows import typed

TABLE = "marts.rule_coverage"
DAYS = timedelta(days=7)
MIN_EVENTS = 200
"""Minimum events of a building for a result about its rules."""
BLIND_SHARE = 0.2
ENOUGH = 0.9
"""Share of the requests with a name that the rules must be able to judge."""
COUNTS = ("event_count", "dropped_count")
FILTERED = ("family", "building", "position", "filter", "is_loss")
CLASS = "device_class"
JUDGED = "candidates"
"""The filter of the table whose events the rules judge."""
CARRIED = "a device that can be carried"

REMEDIES: Mapping[str, str] = {
    "account unknown to the registry": "these accounts in users.csv or accounts.csv "
    "(schoolbell propose)",
    SHARED_ADDRESS: "computer names or client descriptions in the proxy's log",
    "no host": "host names in the proxy's log",
    NOT_STATED: "a column for what the filter did (disposition in district.toml)",
    "no line closes its session": "the firewall's traffic log at the end of each session",
    "neither size nor content type": "bytes or content types in the filter's log",
    "network unknown to the registry": "these networks in subnets.csv (schoolbell propose)",
    NO_OWNER: "the owners of these devices in devices.csv",
    "device unknown to the registry": "these devices in devices.csv (schoolbell "
    "propose), private ones as phone_byod",
    NO_HOURS: "duty hours in staff_duty.csv, or usual_duty in district.toml",
    "no login to the VPN": "the VPN's log",
    "neither host nor address": "the host or address of each sign-in in the server's log",
    "no size": "bytes sent in the firewall's log",
}
"""Filter -> what would let the rules judge what it dropped, whatever the device."""
CHROMEOS_LOG, SECURITY_LOG = "Google's ChromeOS audit", "the Security logs"
MACS_LOG = "the network's logins of Macs (802.1X)"
KEYBOARD_LOG: Mapping[str, str] = {
    "chromebook": CHROMEOS_LOG,
    "desktop": SECURITY_LOG,
    "lab_pc": SECURITY_LOG,
    "laptop": SECURITY_LOG,
    "podium": SECURITY_LOG,
    "vdi_host": SECURITY_LOG,
}
"""Class of a device -> the log that shows who is at its keyboard."""


class CoverageRow(NamedTuple):
    """A row of `marts.rule_coverage`, or a sum of rows."""

    family: str
    building: str
    position: int
    filter: str
    is_loss: bool
    event_count: int
    dropped_count: int
    event_date: date = date.min
    device_class: str | None = None

    def filtered(self) -> tuple[str, str, int, str, bool]:
        """Return the filter that the row counts, at its building."""
        return self[:5]

    def plus(self, other: "CoverageRow") -> "CoverageRow":
        """Return the row with the counts of another one too."""
        return self._replace(
            event_count=self.event_count + other.event_count,
            dropped_count=self.dropped_count + other.dropped_count,
        )


def coverage_rows(rows: Iterable[Mapping[str, object]]) -> list[CoverageRow]:
    """Return rows of the table."""
    names = CoverageRow._fields
    return typed(CoverageRow, ({name: row[name] for name in names if name in row} for row in rows))


def judged_requests(rows: Iterable[CoverageRow]) -> tuple[int, int]:
    """Return how many requests with a name rules on sites judged, and how many there were."""
    sites = [row for row in rows if row.family == SITES]
    judged = sum(row.event_count for row in sites if row.filter == JUDGED)
    lost = sum(row.dropped_count for row in sites if row.is_loss and row.filter != NO_ACCOUNT)
    return judged, judged + lost


def remedied(
    rows: Sequence[CoverageRow], *, has_leases: bool = False, has_windows: bool = True
) -> list[Gap]:
    """Return a gap for each log or list that would help, where a filter left out too much.

    A request that several families lose counts once: the family that loses most of it
    counts.

    Args:
        rows: Days of the table.
        has_leases: Whether DHCP logs arrive; then no gap asks for them.
        has_windows: Whether some computer may write a Windows log.
    """
    at = {(gap.family, gap.buildings, gap.what) for gap in losses_of(rows)}
    writing = {
        row.device_class or NO_CLASS
        for row in rows
        if row.family == KEYBOARDS and row.filter == CARRIED and row.event_count
    }
    lost: dict[tuple[str, str, str], dict[tuple[str, str], dict[str, int]]] = {}
    for row in rows:
        family, building, name = row.family, row.building, row.filter
        if (family, (building,), name) not in at or not row.dropped_count:
            continue
        device = row.device_class or NO_CLASS
        remedy = _remedy(name, family, device, writing, has_leases=has_leases)
        if not has_windows and remedy.startswith(SECURITY_LOG):
            remedy = MACS_LOG
        reason = name if not remedy or name in REMEDIES else ""
        key = (remedy, reason, UNITS.get(family, "requests"))
        counts = lost.setdefault(key, {}).setdefault((building, device), {})
        counts[family] = counts.get(family, 0) + row.dropped_count
    codes = rules_by_family()
    gaps = []
    for (remedy, reason, unit), places in lost.items():
        events = sum(max(counts.values()) for counts in places.values())
        # a family that loses less than half of them is not what this is about
        sums = {name: sum(counts.get(name, 0) for counts in places.values()) for name in codes}
        rules = set().union(*(codes[name] for name, lines in sums.items() if 2 * lines >= events))
        gaps.append(
            Gap(
                reason="loss",
                rules=tuple(sorted(rules)),
                what=reason,
                buildings=tuple(sorted({building for building, _ in places})),
                lost=events,
                unit=unit,
                remedy=remedy,
            )
        )
    return sorted(gaps, key=lambda gap: (not gap.remedy, -gap.lost, gap.remedy))


def _remedy(
    name: str, family: str, device: str, writing: Iterable[str], *, has_leases: bool
) -> str:
    """Return the log or list that would help; empty where none would."""
    if name in REMEDIES:
        return REMEDIES[name]
    if name == CONTRADICTED:
        return ""
    if name == NO_DEVICE:
        return "" if has_leases else "DHCP and VPN logs"
    if log := KEYBOARD_LOG.get(device):
        # its log arrives from some of them: the others are meant
        rest = " that send no logs yet" if device in writing else ""
        if device == "chromebook":
            return f"{log} of the Chromebooks{rest}" if rest else log
        return f"{log} of the {CLASSES[device].plural}{rest}"
    if name == NO_ACCOUNT:
        return "user names in the log of the proxy or the firewall"
    return "a login at the proxy" if name == ONE_FACT and family != LOGONS else ""


def losses_of(rows: Sequence[CoverageRow]) -> list[Gap]:
    """Return the filters that left out too much of a family's events, the worst first."""
    lost = [
        row
        for row in _summed(rows, CoverageRow.filtered)
        if row.is_loss
        and row.event_count >= MIN_EVENTS
        and row.dropped_count / row.event_count > BLIND_SHARE
    ]
    return [_of_devices(row, rows) for row in sorted(lost, key=_worst_first)]


def _summed(rows: Iterable[CoverageRow], key: Callable[[CoverageRow], object]) -> list[CoverageRow]:
    """Return counts by a key, in order of first appearance."""
    sums: dict[object, CoverageRow] = {}
    for row in rows:
        before = sums.get(key(row))
        sums[key(row)] = row if before is None else before.plus(row)
    return list(sums.values())


def _worst_first(row: CoverageRow) -> tuple[object, ...]:
    share = row.dropped_count / row.event_count
    return -share, row.family, row.building, row.position


def _of_devices(lost: CoverageRow, rows: Sequence[CoverageRow]) -> Gap:
    """Return the loss, by class of device if only some classes lose much.

    If the device is unknown, its class is unknown too: then the share
    is that of all events.
    """
    gap = Gap(
        reason="loss",
        family=lost.family,
        buildings=(lost.building,),
        what=lost.filter,
        total=lost.event_count,
        lost=lost.dropped_count,
    )
    place = (lost.family, lost.building, lost.filter)
    at = [
        row._replace(device_class=row.device_class or NO_CLASS)
        for row in rows
        if (row.family, row.building, row.filter) == place and row.event_count > 0
    ]
    classes = _summed(at, lambda row: row.device_class)
    worse = sorted(
        (row for row in classes if row.dropped_count > BLIND_SHARE * row.event_count),
        key=lambda row: str(row.device_class),
    )
    names = tuple(str(row.device_class) for row in worse)
    if len(worse) in (0, len(classes)) or NO_CLASS in names:
        return gap
    return replace(
        gap,
        total=sum(row.event_count for row in worse),
        lost=sum(row.dropped_count for row in worse),
        devices=names,
    )


def worst_losses(rows: Iterable[CoverageRow], family: str) -> list[Gap]:
    """Return buildings where a family judged less than nine tenths, with the worst filter.

    Events without an account count if they are more than a fifth: guests and
    private phones always have some.
    """
    of_family = [row for row in rows if row.family == family]
    worst = {gap.buildings[0]: gap for gap in reversed(losses_of(of_family))}
    parts: dict[str, list[CoverageRow]] = {}
    judged: dict[str, int] = {}
    for row in sorted(
        _summed(of_family, CoverageRow.filtered), key=lambda row: (row.building, row.position)
    ):
        if row.is_loss and row.filter != NO_ACCOUNT:
            parts.setdefault(row.building, []).append(row)
        if row.filter == JUDGED:
            judged[row.building] = row.event_count
    for building, part in parts.items():
        lost = sum(row.dropped_count for row in part)
        # events that no rule is about are not part of the total
        total = lost + judged.get(building, 0)
        if total < MIN_EVENTS or total - lost >= ENOUGH * total:
            continue
        largest = max(part, key=lambda row: row.dropped_count)
        gap = _of_devices(largest._replace(event_count=total), of_family)
        worst.setdefault(building, gap)
    return [worst[name] for name in sorted(worst)]


def all_lost(family: str, rows: Sequence[CoverageRow]) -> list[Gap]:
    """Return buildings with events that a family judged none of, by the filter that lost most."""
    lost: dict[str, dict[str, int]] = {}
    judged: set[str] = set()
    for row in rows:
        if row.family != family:
            continue
        if row.is_loss and row.filter != NO_ACCOUNT:
            filters = lost.setdefault(row.building, {})
            filters[row.filter] = filters.get(row.filter, 0) + row.dropped_count
        if row.filter == JUDGED and row.event_count:
            judged.add(row.building)
    buildings: dict[str, list[str]] = {}
    for building, filters in sorted(lost.items()):
        if building not in judged and sum(filters.values()) >= MIN_EVENTS:
            largest = max(filters, key=lambda name: filters[name])
            buildings.setdefault(largest, []).append(building)
    return [
        Gap(reason="all_lost", what=name, buildings=tuple(places))
        for name, places in buildings.items()
    ]
