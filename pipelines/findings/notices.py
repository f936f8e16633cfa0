"""Answer to a notice from outside: the user of an address at a moment, with a grade.

The chain is address translation → device by lease, tunnel or fixed address →
account by logons. Each link is shown with its log line, each break as a gap. The
grade is that of web requests, except that grade A needs a login on the same line
that the notice is about; grade D names no one. The whole answer uses
pseudonyms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.district import District
from pipelines.findings.notice_rows import Claim, Flow, Holder, KnownDevice
from pipelines.findings.review import required_reason
from pipelines.privacy.pseudonyms import Kind, Pseudonyms, pseudonyms
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.audit import Act, open_chain
from pipelines.state.connections import Store
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import attached_query, models
from pipelines.warehouse.snapshots import attach_warehouse

NOT_PERSONS = ("service", "device")


ORIGINS = {"keyboard": "keyboard", "wifi": "network", "tunnel": "tunnel"}
"""Witness of an account at an address -> the fact that it is."""


SHOWN_BY = {"static": "fixed in the registry", "lease": "a lease", "tunnel": "a tunnel"}
ACTION = "who"
"""Name of such a question in the audit chain."""
CLOCKS_DIFFER = 5
"""Seconds by which two clocks may differ."""


@dataclass(frozen=True)
class NoticeQuery:
    """The subject of the notice: an address, its port if given, and the moment in UTC."""

    address: str
    port: int | None
    time: datetime


@dataclass(frozen=True)
class Justification:
    """The user, as the operating system identifies them, the reason, and the inquiry."""

    actor: str
    reason: str
    case: str = ""


@dataclass(frozen=True)
class Link:
    """One link of the chain: its fact, its time range, its lines."""

    kind: str
    says: str
    since: datetime | None = None
    until: datetime | None = None
    lines: Sequence[str] = ()


@dataclass
class NoticeAnswer:
    """The device and account, under pseudonyms; unknown values are None.

    Attributes:
        grade: A, B, C or D, as for web requests.
        facts: The facts behind it, as `core.http_requests` names them.
        account: None for grade D, always.
        is_student: The account belongs to a student.
        is_crowded: The address represents many devices.
        is_remote: The address belongs to a tunnel.
        links: The chain, in order.
        gaps: What breaks it or makes it weak.
    """

    grade: str = "D"
    facts: str = ""
    account: str | None = None
    is_student: bool = False
    device: str | None = None
    building: str | None = None
    is_crowded: bool = False
    is_remote: bool = False
    links: list[Link] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    @property
    def shown(self) -> Mapping[str, object]:
        """Return plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Inquiry:
    """A question while it is being answered."""

    database: Database
    asked: NoticeQuery
    values: Mapping[str, object]
    names: Pseudonyms
    files: Mapping[int, str]
    answer: NoticeAnswer

    def rows(self, name: str, **more: object) -> list[Any]:
        """Return the rows of a query of `sql/notices/`."""
        query, values = attached_query(f"notices/{name}"), {**self.values, **more}
        used = {key: value for key, value in values.items() if f"${key}" in query}
        return list(self.database.frame(query, used).iter_rows(named=True))

    def name(self, kind: Kind, value: str) -> str:
        return self.names.names(kind, [value])[value]

    def line(self, event_id: int | None) -> list[str]:
        if event_id is None:
            return []
        file_id, line_no = divmod(event_id, 2**32)
        return [f"{self.files.get(file_id, '?')}:{line_no}"]


def attributed(inquiry: Inquiry, ip: str, device: KnownDevice, flow: Flow | None) -> None:
    """Put account and grade into the answer."""
    answer = inquiry.answer
    claims: list[Claim] = [
        row
        for row in inquiry.rows("accounts_at_an_address", ip=ip)
        if row["account_type"] not in NOT_PERSONS
    ]
    named = _named(inquiry, flow, claims)
    account, answer.grade, answer.facts = _graded(inquiry, claims, device, named)
    if answer.grade == "C" and named[1] and _outlived(inquiry, ip, account):
        answer.gaps.append("the name is older than the device's lease of the address")
        account, answer.grade, answer.facts = None, "D", ""
    answer.links += [_seen(inquiry, row) for row in claims]
    if account is not None:
        answer.account = inquiry.name("account", account)
        answer.is_student = inquiry.names.is_student("account", account)
        if any(row["is_shared"] for row in claims if row["account"] == account):
            answer.gaps.append("the account is one that several people may use")
    answer.gaps.append("an account is not a person: who used it is not in the logs")


def _seen(inquiry: Inquiry, row: Claim) -> Link:
    """Return one source's observation; under grade D it names no one either."""
    is_named = inquiry.answer.grade != "D"
    account = inquiry.name("account", row["account"]) if is_named else "an account"
    known_by = f" (name: {row['name_proof']})" if row["name_proof"] else ""
    return Link(
        row["witness"],
        f"{account} was seen there{known_by}",
        row["start_time"],
        row["end_time"],
        inquiry.line(row["event_id"]),
    )


def _named(inquiry: Inquiry, flow: Flow | None, claims: Sequence[Claim]) -> tuple[str | None, bool]:
    """Return the account in the flow's line, and whether it is only a guess.

    Without a line, a firewall's mapping of that moment is the same guess.
    """
    if flow is not None and flow["user_name"] is not None:
        named = {key: flow[key] for key in ("user_name", "name_proof", "format")}
        found = inquiry.rows("account_of_a_name", **named)
        if found:
            return found[0]["account"], found[0]["is_mapped"]
    mapped = {row["account"] for row in claims if row["witness"] == "mapping"}
    return (mapped.pop(), True) if len(mapped) == 1 else (None, False)


def _graded(
    inquiry: Inquiry, claims: Sequence[Claim], device: KnownDevice, named: tuple[str | None, bool]
) -> tuple[str | None, str, str]:
    """Return the account, its grade, and the facts, as `core.http_requests` does.

    D names no one.
    """
    answer, (account, is_guess) = inquiry.answer, named
    # authenticated at this device, or into the tunnel
    sure = {"keyboard", "tunnel"} if answer.is_remote else {"keyboard"}
    confirmed = {row["account"] for row in claims if row["witness"] in sure}
    is_confirmed = account in confirmed and not answer.is_crowded
    if account is not None and not is_guess:
        return account, "A", "login"
    if account is not None and is_confirmed:
        fact = min(
            row["witness"] for row in claims if row["account"] == account and row["witness"] in sure
        )
        return account, "A", f"mapping + {fact}"
    if answer.is_crowded:
        return None, "D", ""
    people = {row["person_id"] or row["account"] for row in claims}
    if len(people) > 1:
        answer.gaps.append("the sources saw different people there")
        return None, "D", ""
    owner = device.get("assigned_to") if not device.get("pool") else None
    owned = _owned(inquiry, owner)
    is_owners = people == {owner} or (not people and account in {owned, None})
    if account is not None and owned and not is_owners:
        answer.gaps.append("the inventory assigns the device to another person")
        return None, "D", ""
    if owned and is_owners:
        # a firewall's guess, or a login, and the inventory that name one person
        facts = ["mapping"] if account else _origins(claims)
        return owned, "A" if facts else "B", " + ".join([*facts, "inventory"])
    return _without_owner(answer, claims, device, account)


def _origins(claims: Sequence[Claim]) -> list[str]:
    """Return the facts of different origins that name a person there."""
    people = [row for row in claims if row["account_type"] == "person"]
    return sorted({ORIGINS[row["witness"]] for row in people if row["witness"] in ORIGINS})


def _without_owner(
    answer: NoticeAnswer, claims: Sequence[Claim], device: KnownDevice, account: str | None
) -> tuple[str | None, str, str]:
    """Return the account at a device whose owner does not decide."""
    # on shared stock, or another person's device, a saved login proves nothing
    is_nobodys = not device.get("assigned_to") and not device.get("pool")
    naming = {"keyboard", "wifi"} if is_nobodys else {"keyboard"}
    seated = [row for row in claims if row["witness"] in naming]
    origins = _origins(claims)
    if account is None and is_nobodys and seated and len(origins) > 1:
        return seated[0]["account"], "A", " + ".join(origins)
    if account is not None:
        return account, "C", "mapping"
    if seated:
        return seated[0]["account"], "C", min(ORIGINS[row["witness"]] for row in seated)
    answer.gaps.append("no logon, login or tunnel names an account there")
    return None, "D", ""


def _outlived(inquiry: Inquiry, ip: str, account: str | None) -> bool:
    """Return whether a firewall's mapping is older than another device's use of the address."""
    param = models()["core.http_requests"].header.params["mapping_minutes"]
    rows = inquiry.rows("outlived_mappings", ip=ip, account=account, minutes=param.default)
    return bool(rows)


def _owned(inquiry: Inquiry, owner: str | None) -> str | None:
    """Return the account of the person that the device is assigned to."""
    owned = inquiry.rows("account_of_a_person", person_id=owner) if owner else []
    return owned[0]["account"] if owned else None


def translated(inquiry: Inquiry) -> tuple[str | None, Flow | None]:
    """Return the inside address, and the flow that used the outside one."""
    asked, gaps = inquiry.asked, inquiry.answer.gaps
    flows: list[Flow] = inquiry.rows("translated_flows", address=asked.address, port=asked.port)
    found = sorted({row["ip"] for row in flows})
    for row in flows[:5] if len(found) == 1 else []:
        inquiry.answer.links.append(
            Link(
                "translation",
                f"used by {inquiry.name('address', row['ip'])}",
                row["start_time"],
                row["time"],
                inquiry.line(row["event_id"]),
            )
        )
    if len(found) == 1:
        return found[0], flows[0]
    if len(found) > 1:
        gaps.append(
            f"{len(found)} inside addresses used it at the same time; the port identifies one"
        )
        return None, None
    if inquiry.rows("inside_addresses", ip=asked.address):
        return asked.address, None
    gaps.append("no firewall line shows which inside address used it at that moment")
    return None, None


def _both(inquiry: Inquiry, held: Sequence[Holder]) -> str:
    """Return the devices that may have had the address, and the source for each."""
    claims = {
        f"{inquiry.name('device', row['device'])} ({SHOWN_BY[row['binding']]})": None
        for row in held
    }
    words = " and ".join(claims)
    return f"two devices have a claim on the address at that moment: {words}"


def held(inquiry: Inquiry, ip: str) -> KnownDevice:
    """Return the registry's row of the device that had the address."""
    answer = inquiry.answer
    for place in inquiry.rows("place_of_an_address", ip=ip):
        answer.building = place["building"] if place["has_location"] else None
        answer.is_remote = place["net_kind"] == "remote"
        if place["net_kind"] in ("nat", "vdi"):
            answer.is_crowded = True
            answer.gaps.append(f"the address represents many devices ({place['net_kind']})")
    held: list[Holder] = inquiry.rows("holders_of_an_address", ip=ip)
    if not held:
        answer.gaps.append("no lease, tunnel or fixed address identifies the device")
        return {}
    row = held[0]
    if len({claim["device"] for claim in held}) > 1:
        answer.gaps.append(_both(inquiry, held))
        return {}
    answer.device = inquiry.name("device", row["device"])
    answer.links.append(
        Link(
            row["binding"],
            f"{inquiry.name('address', ip)} was held by {answer.device}",
            row["start_time"],
            row["end_time"],
            inquiry.line(row["lease_event_id"]),
        )
    )
    known: list[KnownDevice] = inquiry.rows("device_on_a_day", device=row["device"])
    if not known:
        answer.gaps.append("the registry does not know the device")
        return {}
    if known[0]["pool"]:
        answer.gaps.append(f"the device is shared stock ({known[0]['pool']})")
    return known[0]


def resolve(district: District, asked: NoticeQuery, because: Justification) -> NoticeAnswer:
    """Return the chain from an address to an account that the logs show.

    The audit chain records the question before the answer is returned.

    Raises:
        SettingsError: There is no reason.
        ModelError: Nothing has been built.
        BusyError: A run is in progress.
        AuditError: It cannot be recorded; then there is no answer.
    """
    reason = required_reason(because.reason)
    day = asked.time.astimezone(ZoneInfo(district.zone)).date()
    names = pseudonyms(district.registry, district.store, district.home, day)
    answer = _resolved(district.store, district.home, asked, day, names)
    act = Act(
        actor=because.actor,
        action=ACTION,
        subject=_subject(asked, answer, names),
        reason=reason,
        case=because.case,
    )
    with open_chain(district.store, district.home).recording(act):
        return answer


def _subject(asked: NoticeQuery, answer: NoticeAnswer, names: Pseudonyms) -> str:
    """Return the address, the moment and the result, with pseudonyms only."""
    address = names.names("address", [asked.address])[asked.address]
    port = "" if asked.port is None else f":{asked.port}"
    moment = asked.time.isoformat(timespec="seconds")
    led_to = answer.account or answer.device or "nobody"
    return f"{address}{port} at {moment}: {led_to}"


def _resolved(
    store: Store, home: DistrictHome, asked: NoticeQuery, day: date, names: Pseudonyms
) -> NoticeAnswer:
    answer = NoticeAnswer()
    listed = inputs.lake_files(store, home.lake)
    if day not in set(listed.days()):
        answer.gaps.append(f"no log line of {day.isoformat()} was read")
        return answer
    with attach_warehouse(home.warehouse) as database:
        inputs.show_raw(database, listed, ("connections",), (day - timedelta(days=1), day))
        values = {"time": asked.time, "day": day, "seconds": CLOCKS_DIFFER}
        _answered(
            Inquiry(
                database,
                asked,
                values,
                names,
                {file.file_id: f"{file.source}/{file.path}" for file in ledger.source_files(store)},
                answer,
            )
        )
    return answer


def _answered(inquiry: Inquiry) -> None:
    inside, flow = translated(inquiry)
    if inside is None:
        return
    device = held(inquiry, inside)
    attributed(inquiry, inside, device, flow)
