"""Coverage of the rules: how much they could judge, where not, and why.

`marts.rule_coverage` counts it by day; here it becomes sentences. A family of rules
that loses more than a fifth of a building's events at one filter is blind there: a
result of zero means nothing. Each log or list that would help gets one line, with the
number of requests that it would add. A rule that lacks a log or rows of the registry is
reported before any log is read.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from pipelines.errors import capital
from pipelines.lake.files import REJECTS
from pipelines.state.connections import Store, fact, remember
from pipelines.state.ledger import lake_files, source_files
from pipelines.state.rows import typed
from pipelines.warehouse.headers import Header
from pipelines.warehouse.models import Model
from pipelines.warehouse.sentences import listed

if TYPE_CHECKING:  # `status` has no frames, and Polars takes long to import
    from pipelines.registry.registry import Registry
    from pipelines.warehouse.database import Database
    from pipelines.warehouse.detections import Detection

TABLE = "marts.rule_coverage"
NOTED = "rule_coverage"
DAYS = timedelta(days=7)
MIN_EVENTS = 200
"""Minimum events of a building for a result about its rules."""
BLIND_SHARE = 0.2
ENOUGH = 0.9
"""Share of the requests with a name that the rules must be able to judge."""
COUNTS = ("event_count", "dropped_count")
FILTERED = ("family", "building", "position", "filter", "is_loss")
CLASS, NO_CLASS = "device_class", "unknown"
CLASSES: Mapping[str, str] = {
    "chromebook": "Chromebooks",
    "desktop": "desktops",
    "kiosk": "public computers",
    "lab_pc": "lab computers",
    "laptop": "laptops",
    "other": "other devices",
    "phone_byod": "private phones",
    "podium": "podiums",
    "server": "servers",
    "signage": "screens on walls",
    "tablet": "tablets",
    "vdi_host": "virtual desktops",
    NO_CLASS: "devices without a known class",
}
"""Classes of devices, as readers call them."""

SITES, HOURS, PRESENCE, TUNNELS = "sites", "hours", "presence", "tunnels"
SHARED, KEYBOARDS = "shared", "keyboards"
PROPERTY = "property"
LOGONS, FLOWS = "logons", "flows"
FAMILIES: Mapping[str, str] = {
    SITES: "rules on sites",
    HOURS: "rules on use outside duty hours",
    PRESENCE: "shared-account rules",
    SHARED: "shared-account rules on devices of many (classroom, lab, cart)",
    KEYBOARDS: "rules that need the computer's own logon log",
    PROPERTY: "rules on the district's own devices",
    TUNNELS: "rules on use through the VPN",
    LOGONS: "rules on logons",
    FLOWS: "rules on uploads and beacons",
}
FAMILY_OF: Mapping[str, str] = {
    "shared_account": PRESENCE,
    "non_approved_site": SITES,
    "off_hours_external": HOURS,
}
"""Kind of finding -> the family whose candidates its rules share."""
ASKED_OF: Mapping[str, tuple[str, ...]] = {
    "shared_account": (PRESENCE, SHARED, KEYBOARDS),
    "off_hours_external": (HOURS,),
    "non_approved_site": (SITES,),
}
"""Kind of finding -> every family that must have judged before "none" is stated."""

PLACELESS_SHARE = 0.5
"""Share of networks without a building above which shared-account rules are off."""
SYSTEMS = "device_systems"
"""Fact of the state: number of computers by system, in lists of devices that were imported."""
KEYBOARD = "logons.host"
"""Facts that only a computer's own log shows."""
NO_ACCOUNT = "no account"
CONTRADICTED, NO_HOURS = "two logs name different people", "no duty hours on file"
ONE_FACT, NO_OWNER = "one fact names the account", "the device has no owner on file"
NO_ONE_SEEN = "no log shows who is at the device"
NO_LOGONS = "the device writes no logons"
NO_DEVICE = "no device"
SHARED_ADDRESS = "address that many share"
NOT_STATED = "no line shows if it was allowed"

REASONS: Mapping[str, str] = {
    NO_ACCOUNT: "have no account",
    CONTRADICTED: "have logs that name different people",
    "account unknown to the registry": "have an account that is not in the registry",
    NO_DEVICE: "come from an address whose device is not known",
    SHARED_ADDRESS: "come from an address that many devices share",
    "no host": "have no host",
    NOT_STATED: "come from logs that do not show if a request was allowed",
    "no line closes its session": "belong to sessions whose line with bytes and end did not arrive",
    "neither size nor content type": "have neither a size nor a content type",
    "network unknown to the registry": "come from a network that is not in the registry",
    NO_OWNER: "come from devices whose owner is not on file",
    ONE_FACT: "have only one fact that shows the account",
    "device unknown to the registry": "come from devices that are not in the registry",
    NO_HOURS: "belong to people whose duty hours are not on file",
    NO_ONE_SEEN: "come from devices whose user no log shows",
    NO_LOGONS: "come from devices that do not log logons",
    "no login to the VPN": "come through a tunnel whose login does not arrive",
    "neither host nor address": "have neither host nor address",
    "no size": "have no size",
}

OPENED_BY: Mapping[str, str] = {
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

KEYBOARD_LOG: Mapping[str, str] = {
    "chromebook": "Google's ChromeOS audit",
    "desktop": "the Security logs",
    "lab_pc": "the Security logs",
    "laptop": "the Security logs",
    "podium": "the Security logs",
    "vdi_host": "the Security logs",
}
"""Class of a device -> the log that shows who is at its keyboard."""
WINDOWS_LOG, MACS_LOG = "the Security logs", "the network's logins of Macs (802.1X)"
SAME_LOG: Mapping[str, str] = {
    "Google's ChromeOS audit": "Google's audit of ChromeOS does not arrive",
    "the Security logs": "the Security log does not arrive",
}
"""Log of keyboards -> the end of the sentence on a log that never arrives."""
ELSEWHERE = "elsewhere"
JUDGED = "candidates"
UNITS: Mapping[str, str] = {LOGONS: "sign-ins", FLOWS: "connections"}
Held = Mapping[tuple[str, str], str]
"""Class of events and format that gave some -> their first day."""


def family_of(header: Header) -> str:
    """Return the family whose candidates a rule shares, by what it needs."""
    if KEYBOARD in header.requires_fields:
        return KEYBOARDS
    if header.kind in FAMILY_OF:
        return FAMILY_OF[header.kind]
    classes = {name.split(".")[0] for name in header.requires_fields}
    if "logons" in classes:
        return LOGONS
    return FLOWS if "connections" in classes else SITES


def asks_presence(header: Header) -> bool:
    """Return whether the rule needs a person at a device, or proves more if a log shows one."""
    return header.kind in FAMILY_OF


@dataclass(frozen=True)
class Opening:
    """A log or a list that would let rules judge more.

    Attributes:
        what: The log or list; empty where nothing that can be delivered would help.
        why: What these requests lack, where it is one thing.
        rules: How many rules judge too little without it.
        events: Requests of the week, or sign-ins or connections.
        unit: Their name.
        buildings: The places.
    """

    what: str
    why: str
    rules: int
    events: int
    unit: str
    buildings: tuple[str, ...]

    @property
    def line(self) -> str:
        """A sentence, as an operator reads it."""
        rules, events = rules_counted(self.rules), f"{self.events:,} {self.unit}"
        where = _places(self.buildings)
        why = f", which {self.why}" if self.why else ""
        if not self.what:
            return f"{capital(rules)} cannot judge {events} per week {where}{why}"
        what = capital(self.what)
        return f"{what} would let {rules} judge {events} per week {where}{why}"


def rules_counted(number: int) -> str:
    """Return text such as "1 rule" and "12 rules"."""
    return "1 rule" if number == 1 else f"{number} rules"


def _places(buildings: Sequence[str]) -> str:
    """Return where, as in "at HS and MS, and outside the schools' networks"."""
    named = [one for one in buildings if one != ELSEWHERE]
    at = f"at {listed(named)}" if named else ""
    if ELSEWHERE not in buildings:
        return at
    return f"{at}{', and ' if at else ''}outside the buildings"


@dataclass(frozen=True)
class Blind:
    """A building in which a family of rules lost too much at one filter."""

    family: str
    building: str
    filter: str
    event_count: int
    dropped_count: int
    devices: tuple[str, ...] = ()
    """The classes of devices that lose so much there; empty where all of them do."""

    @property
    def share(self) -> float:
        """Share of the events that reached the filter."""
        return self.dropped_count / self.event_count

    @property
    def on_devices(self) -> str:
        """Words such as " on Chromebooks and laptops"; empty for all devices."""
        named = [CLASSES.get(name, name) for name in self.devices]
        return f" on {listed(named)}" if named else ""


@dataclass(frozen=True)
class RuleCoverage:
    """The part of a week that the rules could judge.

    Attributes:
        attributable: Page requests of staff with a name, or of a device with an owner.
        judged: Of these, the ones that rules on sites could judge.
        blind: The worst first.
        openings: The logs and lists that would help, the largest first.
    """

    attributable: int
    judged: int
    blind: tuple[Blind, ...]
    first: date | None = None
    last: date | None = None
    openings: tuple[Opening, ...] = ()

    @property
    def share(self) -> float:
        """Judged of attributable; 1 if there is too little to decide."""
        is_much = self.attributable >= MIN_EVENTS
        return self.judged / self.attributable if is_much else 1.0

    @property
    def is_enough(self) -> bool:
        """Nine tenths of the attributable requests can be judged."""
        return self.share >= ENOUGH

    @property
    def lines(self) -> list[str]:
        """Lines for an operator; none if everything is judged."""
        said = []
        if not self.is_enough:
            said.append(
                f"only {_percent(self.share)} of {self.attributable:,} staff requests "
                f"with a name can be judged by rules on sites ({self.first} to "
                f"{self.last})"
            )
        return [*said, *(one.line for one in self.openings)]

    def without_counted(self, lacking: Iterable[str]) -> list[str]:
        """Return the lines on logs that never arrive, without those counted here."""
        counted = [
            ending
            for log, ending in SAME_LOG.items()
            if any(one.what.startswith(log) for one in self.openings)
        ]
        return [line for line in lacking if not any(one in line for one in counted)]


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
    """Return rows of the table; an earlier snapshot has no class of device."""
    names = CoverageRow._fields
    return typed(CoverageRow, ({name: row[name] for name in names if name in row} for row in rows))


def coverage_of(
    rows: Sequence[CoverageRow], *, has_leases: bool = False, has_windows: bool = True
) -> RuleCoverage:
    """Sum up rows of `marts.rule_coverage`.

    Args:
        rows: Days of the table.
        has_leases: Whether DHCP logs arrive; then no line advises to deliver them.
        has_windows: Whether some computer may write a Windows log.
    """
    if not rows:
        return RuleCoverage(0, 0, ())
    summed = _summed(rows, CoverageRow.filtered)
    sites = [row for row in summed if row.family == SITES]
    judged = sum(row.event_count for row in sites if row.filter == JUDGED)
    lost = sum(row.dropped_count for row in sites if row.is_loss and row.filter != NO_ACCOUNT)
    days = [row.event_date for row in rows]
    blind = tuple(_blind(summed, rows))
    openings = tuple(_openings(blind, rows, has_leases=has_leases, has_windows=has_windows))
    return RuleCoverage(judged + lost, judged, blind, min(days), max(days), openings)


def _openings(
    blind: Iterable[Blind],
    rows: Iterable[CoverageRow],
    *,
    has_leases: bool,
    has_windows: bool = True,
) -> list[Opening]:
    """Return one for each log or list that would help, where a filter left out too much.

    A request that several families lose counts once: the family that loses most of it
    counts.
    """
    at = {(one.family, one.building, one.filter) for one in blind}
    writing = {
        row.device_class or NO_CLASS
        for row in rows
        if row.family == KEYBOARDS
        and row.filter == "a device that can be carried"
        and row.event_count
    }
    lost: dict[tuple[str, str, str], dict[tuple[str, str], dict[str, int]]] = {}
    for row in rows:
        family, building, name = row.family, row.building, row.filter
        if (family, building, name) not in at or not row.dropped_count:
            continue
        device = row.device_class or NO_CLASS
        what = _opened_by(name, family, device, writing, has_leases=has_leases)
        if not has_windows and what.startswith(WINDOWS_LOG):
            what = MACS_LOG
        is_one_reason = not what or name in OPENED_BY
        why = REASONS[name] if is_one_reason else ""
        key = (what, why, UNITS.get(family, "requests"))
        counts = lost.setdefault(key, {}).setdefault((building, device), {})
        counts[family] = counts.get(family, 0) + row.dropped_count
    codes = _codes_of_families()
    found = []
    for (what, why, unit), places in lost.items():
        events = sum(max(each.values()) for each in places.values())
        # a family that loses less than half of them is not what this is about
        sums = [(name, sum(each.get(name, 0) for each in places.values())) for name in codes]
        much = [codes[name] for name, lines in sums if 2 * lines >= events]
        buildings = tuple(sorted({building for building, _ in places}))
        count = len(set().union(*much))
        found.append(Opening(what, why, count, events, unit, buildings))
    return sorted(found, key=lambda one: (not one.what, -one.events, one.what))


def _opened_by(
    name: str, family: str, device: str, writing: Iterable[str], *, has_leases: bool
) -> str:
    """Return the log or list that would help; empty where none would."""
    if name in OPENED_BY:
        return OPENED_BY[name]
    if name == CONTRADICTED:
        return ""
    if name == NO_DEVICE:
        return "" if has_leases else "DHCP and VPN logs"
    if log := KEYBOARD_LOG.get(device):
        # its log arrives from some of them: the others are meant
        rest = " that send no logs yet" if device in writing else ""
        if device == "chromebook":
            return f"{log} of the Chromebooks{rest}" if rest else log
        return f"{log} of the {CLASSES[device]}{rest}"
    if name == NO_ACCOUNT:
        return "user names in the log of the proxy or the firewall"
    return "a login at the proxy" if name == ONE_FACT and family != LOGONS else ""


def _codes_of_families() -> Mapping[str, set[str]]:
    """Return the rules that each family's losses keep from judging."""
    from pipelines.warehouse.models import rules  # it takes long to import

    found: dict[str, set[str]] = {}
    for code, model in rules().items():
        found.setdefault(family_of(model.header), set()).add(code)
    found[SHARED] = found.get(PRESENCE, set())
    found[PROPERTY] = found.get(HOURS, set())
    found[TUNNELS] = {"SA-6", *found.get(HOURS, ())}
    return found


def blind_of(rows: Sequence[CoverageRow]) -> list[Blind]:
    """Return the filters that left out too much, the worst first."""
    return list(_blind(_summed(rows, CoverageRow.filtered), rows))


def _summed(rows: Iterable[CoverageRow], key: Callable[[CoverageRow], object]) -> list[CoverageRow]:
    """Return counts by a key, in order of first appearance."""
    found: dict[object, CoverageRow] = {}
    for row in rows:
        known = found.get(key(row))
        found[key(row)] = row if known is None else known.plus(row)
    return list(found.values())


def _blind(summed: Iterable[CoverageRow], rows: Sequence[CoverageRow]) -> Iterable[Blind]:
    lost = [
        row
        for row in summed
        if row.is_loss
        and row.event_count >= MIN_EVENTS
        and row.dropped_count / row.event_count > BLIND_SHARE
    ]
    for row in sorted(lost, key=_worst_first):
        yield _of_devices(row, rows)


def _worst_first(row: CoverageRow) -> tuple[object, ...]:
    share = row.dropped_count / row.event_count
    return -share, row.family, row.building, row.position


def _of_devices(lost: CoverageRow, rows: Sequence[CoverageRow]) -> Blind:
    """Return the loss, by class of device if only some classes lose much.

    If the device is unknown, its class is unknown too: then the share
    is that of all events.
    """
    found = Blind(lost.family, lost.building, lost.filter, lost.event_count, lost.dropped_count)
    place = (found.family, found.building, found.filter)
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
        return found
    return replace(
        found,
        event_count=sum(row.event_count for row in worse),
        dropped_count=sum(row.dropped_count for row in worse),
        devices=names,
    )


def gaps_of(rows: Iterable[CoverageRow], family: str) -> list[Blind]:
    """Return buildings where a family judged less than nine tenths, with the worst filter.

    Events without an account count if they are more than a fifth: guests and
    private phones always have some.
    """
    own = [row for row in rows if row.family == family]
    summed = _summed(own, CoverageRow.filtered)
    blind = {one.building: one for one in reversed(list(_blind(summed, own)))}
    parts: dict[str, list[CoverageRow]] = {}
    judged: dict[str, int] = {}
    for row in sorted(summed, key=lambda row: (row.building, row.position)):
        if row.is_loss and row.filter != NO_ACCOUNT:
            parts.setdefault(row.building, []).append(row)
        if row.filter == JUDGED:
            judged[row.building] = row.event_count
    for part in parts.values():
        lost = sum(row.dropped_count for row in part)
        # events that no rule is about are not part of the total
        came = lost + judged.get(part[0].building, 0)
        if came < MIN_EVENTS or came - lost >= ENOUGH * came:
            continue
        worst = max(part, key=lambda row: row.dropped_count)
        found = _of_devices(worst._replace(event_count=came), own)
        blind.setdefault(found.building, found)
    return [blind[name] for name in sorted(blind)]


def note_systems(store: Store, counts: Mapping[str, int]) -> None:
    """Remember the systems of the computers in lists of devices."""
    with store.writing() as connection:
        noted = json.loads(fact(connection, SYSTEMS) or "{}")
        remember(connection, SYSTEMS, json.dumps({**noted, **counts}))


def is_without_windows(store: Store) -> bool:
    """Return whether the lists of devices have Macs, and neither they nor logs a Windows PC."""
    with store.reading() as connection:
        counts = json.loads(fact(connection, SYSTEMS) or "{}")
    has_logs = any((file.format or "").startswith("windows_sec") for file in source_files(store))
    return counts.get("mac", 0) > 0 and not counts.get("windows", 0) and not has_logs


def note_coverage(database: "Database", store: Store) -> None:
    """Remember the newest week, for those who may not open the warehouse."""
    if not database.has(TABLE):
        return
    ((newest,),) = database.rows("select max(event_date) from marts.rule_coverage")
    first = (newest or date.max) - DAYS + timedelta(days=1)
    week = database.days_of(TABLE, first, newest or date.max)
    leases = any(one.event_class == "leases" for one in lake_files(store))
    found = coverage_of(
        coverage_rows(week), has_leases=leases, has_windows=not is_without_windows(store)
    )
    noted = json.dumps(asdict(found), default=date.isoformat)
    with store.writing() as connection:
        if fact(connection, NOTED) != noted:
            remember(connection, NOTED, noted)


def noted_coverage(store: Store) -> RuleCoverage:
    """Return the recorded result; an empty one before the first build."""
    with store.reading() as connection:
        text = fact(connection, NOTED)
    if text is None:
        return coverage_of([])
    noted = json.loads(text)
    return RuleCoverage(
        attributable=noted["attributable"],
        judged=noted["judged"],
        blind=tuple(Blind(**{**one, "devices": tuple(one["devices"])}) for one in noted["blind"]),
        first=noted["first"] and date.fromisoformat(noted["first"]),
        last=noted["last"] and date.fromisoformat(noted["last"]),
        openings=tuple(
            Opening(**{**one, "buildings": tuple(one["buildings"])})
            for one in noted.get("openings", ())
        ),
    )


def _percent(part: float) -> str:
    exact = 100 * part
    return f"{min(max(exact, 1), 99):.0f}%" if 0 < exact < 100 else f"{exact:.0f}%"


@dataclass(frozen=True)
class Rules:
    """Rules that a registry enables.

    Attributes:
        lacking: Id of a rule -> the empty files that it depends on, in words
            if it is about a column.
        count: Number of rules.
    """

    lacking: Mapping[str, Sequence[str]]
    count: int

    @property
    def on(self) -> int:
        """The number of rules that can judge."""
        return self.count - len(self.lacking)

    def __str__(self) -> str:
        return f"{self.on} of {self.count}"


NO_RULES = Rules({}, 0)


def rules_on(detections: Mapping[str, "Detection"], registry: "Registry") -> Rules:
    """Return the rules with the current registry, regardless of logs."""
    lacking = {}
    for code, rule in sorted(detections.items()):
        named = [one.split("|") for one in rule.model.header.requires_registry]
        lacks = [one[0] for one in named if all(_is_empty(registry, n) for n in one)]
        if lacks:
            lacking[code] = [one.replace(":", " with ") for one in lacks]
    return Rules(lacking, len(detections))


def _is_empty(registry: "Registry", name: str) -> bool:
    """Return whether a file has no row, or none with a true or filled value in the named column."""
    file, _, column = name.partition(":")
    if file in registry.missing:
        return True
    if not column:
        return False
    cells = registry.frames[file[:-4]][column].drop_nulls()
    is_flag = str(cells.dtype) == "Boolean"
    return not (cells.any() if is_flag else len(cells))


def arrived(store: Store) -> Held:
    """Return the classes in the lake, by source, with all formats that may have given one."""
    formats: dict[str, set[str]] = {}
    for file in source_files(store):
        formats.setdefault(file.source, set()).add(file.format or "")
    found: dict[tuple[str, str], str] = {}
    for lake in lake_files(store):
        if lake.event_class == REJECTS:
            continue
        for one in formats.get(lake.source, {""}):
            key = (lake.event_class, one)
            found[key] = min(found.get(key, lake.event_date), lake.event_date)
    return found


def fed_since(
    model: Model, models: Mapping[str, Model], held: Held, registry: "Registry"
) -> str | None:
    """Return the first day of a log with the facts that a rule needs; None if none arrived.

    A rule that reads no log has an empty day. Address holders are known from other
    logs; a rule about requests is not fed by these: their events count only for a rule
    that reads nothing else.
    """
    from pipelines.formats import MIXED  # it imports Polars

    told_by, told_with = model.header.data_sources, model.header.data_sources_require
    wanted = set(told_by) or _needed(model, models)
    wanted -= {cls for cls, file in told_with.items() if _is_empty(registry, file)}
    if not (wanted or told_by):
        return ""
    days = [
        day
        for (cls, one), day in held.items()
        if cls in wanted and (not told_by or one in (*told_by[cls], MIXED))
    ]
    return min(days, default=None)


def _needed(model: Model, models: Mapping[str, Model]) -> set[str]:
    own = _reads(model, models, through=("core", "raw"))
    return own or _reads(model, models, through=("core", "raw", "identity"))


def _reads(model: Model, models: Mapping[str, Model], through: Sequence[str]) -> set[str]:
    """Return the classes of events that a model reads, by way of models of some schemas."""
    found: set[str] = set()
    waiting, seen = [model], {model.name}
    while waiting:
        for name in waiting.pop().inputs - seen:
            seen.add(name)
            schema, table = name.split(".")
            if schema not in through:
                continue
            if schema == "raw":
                found.add(table)
            elif name in models:
                waiting.append(models[name])
    return found
