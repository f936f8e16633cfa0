"""Corrections of the registry from a case: leave, duty, a device, a building, an account.

Each correction is a proposed row, as those of the logs: it is previewed on a copy, written
with its reason, and taken back as the group of its case. A page and an entry of the audit log
contain code names.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from ipaddress import ip_network
from typing import Annotated, Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import polars as pl
import typer

from pipelines.actions.action import Action, CaseId, Form, Input, Preview, Reason, Result, action
from pipelines.actions.context import ActionContext
from pipelines.actions.permits import WEEKS, file_of, tried
from pipelines.actions.proposals import FROM_CASE, change_of, write_offers
from pipelines.district import PERSON_WAITS, only_writer
from pipelines.errors import SettingsError
from pipelines.findings.cases import Case
from pipelines.findings.registry_rows import names_in
from pipelines.findings.review import not_oneself, required_reason
from pipelines.proposals.offers import Offer, Proposal, offers
from pipelines.refresh.trial import Difference
from pipelines.registry import canonical
from pipelines.registry.csv_document import CsvDocument, CsvRow
from pipelines.registry.frames import FILES
from pipelines.registry.imports.merged_rows import KEYS
from pipelines.registry.registry import building_names
from pipelines.reports.words import day, hours, span
from pipelines.state.audit import Act
from pipelines.state.findings import stored_evidence
from pipelines.state.rows import FindingRow
from pipelines.warehouse import inputs
from pipelines.warehouse.models import subject_kind

LEAVE, DUTY, DEVICES, NETWORKS, ACCOUNTS = (
    "leave.csv", "staff_duty.csv", "devices.csv", "subnets.csv", "accounts.csv"
)  # fmt: skip
STEP = timedelta(minutes=5)
PARTS = {"full": "the whole day", "am": "the morning", "pm": "the afternoon"}
HOLDERS = {
    "owner": "The owner of the account",
    "shared": "Several people share it",
}
TYPES = {
    "role_shared": "Several people may use it",
    "service": "A program uses it",
}
CARDS = ("mac", "ethernet_mac")


class Correction(NamedTuple):
    """Rows that a correction writes, in code names too.

    Attributes:
        days: Days that it may change; None for any.
    """

    proposals: tuple[Proposal, ...]
    words: tuple[str, ...]
    days: frozenset[date] | None = None


Choices = Mapping[str, str]
Choice = TypeVar("Choice")
FindingId = Annotated[
    str, Form("Use", "choice"), typer.Option("--finding", help="ID of its finding.")
]
EFFECT = "The next page previews the effect. Nothing is saved yet."
correction = partial(
    action,
    right="sites",
    button="Preview the effect",
    confirm="Correct the list",
    is_preview_needed=True,
    back="/proposals",
)
"""Declares an action that corrects a row of the lists after a preview."""


@dataclass(frozen=True)
class _File:
    """A registry file as a person wrote it."""

    name: str
    document: CsvDocument

    @staticmethod
    def read(context: ActionContext, name: str) -> "_File":
        path = file_of(context.district.home, name)
        data = path.read_bytes() if path.exists() else b""
        renames = names_in(context.district.settings, name)
        return _File(name, CsvDocument(data, FILES[name], renames))

    def rows(self, is_meant: Callable[[Mapping[str, str]], bool]) -> list[CsvRow]:
        return [row for row in self.document.rows if is_meant(self.document.values(row))]

    def key(self, row: CsvRow) -> dict[str, str]:
        """Return the cells by which a row is found again."""
        cells = self.document.values(row)
        return next(
            {name: cells[name] for name in key} for key in KEYS[self.name] if cells.get(key[0])
        )


def _proposal(file: str, cells: Mapping[str, str], clears: tuple[str, ...] = ()) -> Proposal:
    return Proposal(file, cells, "", group="one", clears=clears, is_taken=True)


def _day(row: FindingRow) -> date:
    return date.fromisoformat(row["event_date"])


def _owner(context: ActionContext, row: FindingRow) -> str | None:
    """Return the person whose account a finding is about; None for a device or without one."""
    if subject_kind(row["rule"]) != "account":
        return None
    return context.owner_on(str(row["subject"]), _day(row))


def uses(context: ActionContext, case: Case) -> dict[str, dict[str, FindingRow]]:
    """Return the findings that leave or duty on file could explain, by id."""
    file = _File.read(context, LEAVE)
    owned = [row for row in case.findings if _owner(context, row)]
    leave = {row["finding_id"]: row for row in owned if _leave_rows(context, row, file)}
    off_duty = {row["finding_id"]: row for row in owned if row["kind"] == "off_hours_external"}
    return {"leave": leave, "duty": leave | off_duty}


def _use(context: ActionContext, case: Case, finding_id: str, kind: str) -> FindingRow:
    """Return the finding with an id; without one, the only one that a fix could explain."""
    findings = uses(context, case)[kind]
    ident = finding_id or (next(iter(findings)) if len(findings) == 1 else "")
    return _chosen(findings, ident, "--finding")


def _leave_rows(context: ActionContext, row: FindingRow, file: _File) -> list[CsvRow]:
    """Return rows of approved leave of the account's owner on the day of a finding."""
    owner, when = _owner(context, row), row["event_date"]

    def is_meant(cells: Mapping[str, str]) -> bool:
        person = cells.get("person_id", "")
        return (
            cells.get("date") == when
            and cells.get("status", "").casefold() == "approved"
            and owner in (canonical.person(person), context.people.person(person))
        )

    return file.rows(is_meant) if owner is not None else []


def _around(when: date) -> frozenset[date]:
    """Return a day and its neighbors, into which a night may reach."""
    return frozenset(when + timedelta(days=one) for one in (-1, 0, 1))


def devices_in(context: ActionContext, case: Case) -> dict[str, str]:
    """Return the listed devices of a case: code name -> device."""
    listed_here = set(context.district.registry.frames["devices"]["device"])
    return {
        context.named("device", one, row["event_date"]): one
        for row in case.findings
        for one in _devices_of(row)
        if one in listed_here
    }


def _devices_of(row: FindingRow) -> list[str]:
    subjects = [str(row["subject"])] if subject_kind(row["rule"]) == "device" else []
    return [*subjects, *row["record"]["devices"]]


def _device_row(context: ActionContext, name: str, file: _File) -> CsvRow:
    """Return the one row of a device.

    Raises:
        SettingsError: It has several, one after another.
    """
    frame = context.district.registry.frames["devices"].filter(device=name)
    spellings = {
        value
        for column in ("hostname", "serial", *CARDS)
        for value in frame[column]
        if value is not None
    }
    rows = file.rows(
        lambda cells: any(
            cells.get(column) and canonical.device(cells[column]) in spellings
            for column in ("hostname", "serial", *CARDS)
        )
    )
    if len(rows) != 1:
        raise SettingsError(
            "the device has several rows, one after another: which is wrong, only a person knows"
            if rows
            else "the device has no row",
            where=DEVICES,
            remedy="Correct the file, then run: schoolbell check",
        )
    return rows[0]


def _holders(context: ActionContext, case: Case) -> Choices:
    """Return who may have a device of a case: the one owner of its account, or several."""
    owners = {owner for row in case.findings if (owner := _owner(context, row))}
    return {to: words for to, words in HOLDERS.items() if to != "owner" or len(owners) == 1}


def _networks(context: ActionContext, case: Case) -> dict[str, str]:
    """Return networks of the buildings in the cited lines: network -> its words."""
    ids = {row["finding_id"] for row in case.findings}
    lines = stored_evidence(context.district.store, ids)
    codes = {str(row["event"].get("building")) for row in lines if row["event"].get("building")}
    frame = context.district.registry.frames["subnets"].filter(pl.col("building").is_in(codes))
    named = building_names(context.district.registry)
    return {
        cidr: f"Network {cidr} ({kind}, {named.get(code, code)})"
        for cidr, kind, code in frame.select("cidr", "kind", "building").iter_rows()
    }


def _places(context: ActionContext, case: Case) -> Choices:
    """Return what may be in another building: devices and networks of a case."""
    devices = {name: f"Device {name}" for name in devices_in(context, case)}
    return devices | _networks(context, case)


def _is_network(text: str, network: str) -> bool:
    try:
        return str(ip_network(text.strip(), strict=False)) == network
    except ValueError:
        return False


def _buildings(context: ActionContext) -> Choices:
    names = building_names(context.district.registry)
    codes = context.district.registry.frames["buildings"]["building"]
    return {code: names.get(code, code) for code in codes}


def _accounts(context: ActionContext, case: Case) -> dict[str, str]:
    """Return the accounts of a case: code name -> account."""
    return {
        context.subject(row): str(row["subject"])
        for row in case.findings
        if subject_kind(row["rule"]) == "account"
    }


def _chosen(choices: Mapping[str, Choice], name: str, where: str) -> Choice:
    """Return one of the choices of a case.

    Raises:
        SettingsError: It is none of them.
    """
    if name not in choices:
        raise SettingsError(
            f"{name!r} is not one of the choices",
            where=where,
            remedy=f"It is one of: {', '.join(choices) or 'none in this case'}",
        )
    return choices[name]


Make = Callable[[ActionContext, Case], Correction]


def _preview(context: ActionContext, case_id: str, reason: str, make: Make) -> Preview:
    """Return the preview of a correction."""
    case, why = context.case(case_id), required_reason(reason)
    for row in case.findings:
        not_oneself(row, context.is_own)
    correction = make(context, case)
    (offer,) = offers({one.file: correction.proposals for one in correction.proposals})
    data = _File.read(context, offer.file).document.data()
    if change_of(context, offer.file, [offer])(data) == data:
        raise SettingsError("the list already has it so", where=offer.file)

    def write(now: ActionContext) -> Result:
        if make(now, now.case(case.case_id)) != correction:
            raise SettingsError(
                "the list has changed since the preview", remedy="Preview it again."
            )
        _write(now, case, offer, why)
        text = f"{offer.file} is corrected. It takes effect with the next run."
        facts = {"saved": True, "case_id": case.case_id, "file": offer.file}
        undo = f"To take it back: schoolbell propose --take-back {FROM_CASE}:{case.case_id}"
        return Result(text, facts, (text, undo), back=f"/cases/{case.case_id}")

    return Preview(
        title=f"a correction from case {case.label}",
        why=why,
        file=offer.file,
        rows=correction.words,
        differences=lambda: _differences(context, offer, correction.days),
        write=write,
        note="It counts for all earlier use too, until it is taken back.",
        facts={"case_id": case.case_id, "file": offer.file},
    )


def _write(context: ActionContext, case: Case, offer: Offer, why: str) -> None:
    context.require("sites")
    act = Act(
        actor=str(context.asker),
        action="list corrected",
        subject=offer.file,
        reason=why,
        case=case.case_id,
    )
    with only_writer(context.district.home, PERSON_WAITS):
        topic = f"{FROM_CASE}:{case.case_id}"
        write_offers(context, topic, offer.file, [offer], act, why)


def _differences(
    context: ActionContext, offer: Offer, days: frozenset[date] | None
) -> Sequence[Difference]:
    """Return what the rules would find otherwise on the days of a correction."""
    district = context.district
    read = inputs.lake_files(district.store, district.home.lake).days()
    recent = {one for one in read if one > read[-1] - timedelta(weeks=WEEKS)}
    change = change_of(context, offer.file, [offer])
    only = {one for one in read if one in days} if days is not None else recent
    return tried(context, {offer.file: change}, only=only).differences if only else ()


class FindingInput(Input):
    """A correction that explains the use of one finding."""

    case: CaseId
    finding: FindingId = ""
    reason: Reason


def _leave(context: ActionContext, case: Case, given: FindingInput) -> Correction:
    finding, file = _use(context, case, given.finding, "leave"), _File.read(context, LEAVE)
    rows = _leave_rows(context, finding, file)
    who = context.named("account", str(finding["subject"]), finding["event_date"])
    return Correction(
        tuple(_proposal(LEAVE, {**file.key(row), "status": "cancelled"}) for row in rows),
        tuple(
            f"Leave of the owner of {who}, {day(_day(finding))}, "
            f"{PARTS.get(file.document.value(row, 'part'), 'a part')}: canceled"
            for row in rows
        ),
        _around(_day(finding)),
    )


def _duty(context: ActionContext, case: Case, given: FindingInput) -> Correction:
    finding = _use(context, case, given.finding, "duty")
    owner = _owner(context, finding) or ""
    begin, end = context.span(finding)
    first = begin - timedelta(minutes=begin.minute % 5, seconds=begin.second)
    last = end - timedelta(minutes=end.minute % 5, seconds=end.second) + STEP
    if last.date() > first.date() + timedelta(days=1) or last - first >= timedelta(hours=24):
        raise SettingsError(
            "the use lasts for more than a day, which one duty cannot cover",
            where=DUTY,
            remedy="Write its hours, day by day, into the file.",
        )
    cells = {
        "person_id": owner,
        "date_from": first.date().isoformat(),
        "date_to": first.date().isoformat(),
        "weekday": "date",
        "start_local": f"{first:%H:%M}",
        "end_local": f"{last:%H:%M}",
        "kind": "extra",
    }
    who = context.named("account", str(finding["subject"]), finding["event_date"])
    words = f"Extra duty of the owner of {who}: {day(first.date())}, {hours(first, last)}"
    return Correction((_proposal(DUTY, cells),), (words,), _around(first.date()))


class HolderInput(Input):
    """The holder of a device."""

    case: CaseId
    device: Annotated[
        str, Form("Device", "choice"), typer.Option("--device", help="Its code name.")
    ]
    to: Annotated[
        str, Form("Who has it", "choice", HOLDERS), typer.Option("--to", help="owner or shared.")
    ]
    reason: Reason


def _holder(context: ActionContext, case: Case, given: HolderInput) -> Correction:
    device, to = given.device, given.to
    _chosen(_holders(context, case), to, "--to")
    file = _File.read(context, DEVICES)
    row = _device_row(context, _chosen(devices_in(context, case), device, "--device"), file)
    key, pool = file.key(row), file.document.value(row, "pool")
    if to == "owner":
        owner = next(filter(None, (_owner(context, one) for one in case.findings)))
        cells, emptied = {"assigned_to": owner}, ("pool",) if pool else ()
        words = f"Device {device}: assigned to the owner of the account"
    else:
        cells, emptied = {"pool": pool or "shared"}, ("assigned_to",)
        words = f"Device {device}: shared, without a holder"
    rows = [_proposal(DEVICES, {**key, **cells})]
    if emptied:
        rows.append(_proposal(DEVICES, key, emptied))
    return Correction(tuple(rows), (words,))


class BuildingInput(Input):
    """The building of a device or a network."""

    case: CaseId
    of: Annotated[
        str, Form("Of", "choice"), typer.Option("--of", help="A device's code name, or a network.")
    ]
    building: Annotated[
        str, Form("Building", "choice"), typer.Option("--building", help="Its code.")
    ]
    reason: Reason


def _building(context: ActionContext, case: Case, given: BuildingInput) -> Correction:
    of, code = given.of, given.building
    _chosen(_buildings(context), code, "--building")
    named = building_names(context.district.registry).get(code, code)
    if of in _networks(context, case):
        file = _File.read(context, NETWORKS)
        rows = file.rows(lambda cells: _is_network(cells.get("cidr", ""), of))
        if len(rows) != 1:
            raise SettingsError(f"{of} has {len(rows)} rows", where=NETWORKS)
        proposal = _proposal(NETWORKS, {**file.key(rows[0]), "building": code})
        return Correction((proposal,), (f"Network {of}: {named}",))
    file = _File.read(context, DEVICES)
    row = _device_row(context, _chosen(devices_in(context, case), of, "--of"), file)
    cells = {**file.key(row), "building": code}
    return Correction((_proposal(DEVICES, cells),), (f"Device {of}: {named}",))


class RoleInput(Input):
    """The kind of an account."""

    case: CaseId
    account: Annotated[
        str, Form("Account", "choice"), typer.Option("--account", help="Its code name.")
    ] = ""
    to: Annotated[
        str, Form("It is", "choice", TYPES), typer.Option("--to", help="role_shared or service.")
    ]
    reason: Reason


def _role(context: ActionContext, case: Case, given: RoleInput) -> Correction:
    accounts = _accounts(context, case)
    account = _chosen(accounts, given.account or next(iter(accounts), ""), "--account")
    to, file = given.to, _File.read(context, ACCOUNTS)
    rows = file.rows(lambda cells: context.people.account(cells.get("username", "")) == account)
    if len(rows) > 1:
        raise SettingsError(
            "the account has several rows, one after another",
            where=ACCOUNTS,
            remedy="Correct the file, then run: schoolbell check",
        )
    key = file.key(rows[0]) if rows else {"username": account}
    shared = {"approved_shared": "true"} if to == "role_shared" else {}
    words = f"Account {context.subject(case.heaviest)}: {TYPES[to][0].lower()}{TYPES[to][1:]}"
    return Correction((_proposal(ACCOUNTS, {**key, "account_type": to, **shared}),), (words,))


@correction(
    name="fix-leave",
    command="fix leave",
    title="The leave on file is wrong",
    hint="They came to work, or it was called off. The next page previews the effect.",
)
def fix_leave(context: ActionContext, given: FindingInput) -> Preview:
    """Cancel the owner's leave on the day of a case; without --save, only preview it.

    Example: schoolbell fix leave 46-17 --finding f-1a2b --reason "came to work"
    """
    return _preview(context, given.case, given.reason, lambda now, case: _leave(now, case, given))


@correction(
    name="fix-duty",
    command="fix duty",
    title="They were on extra duty",
    hint="Extra duty covers the whole use. The next page previews the effect.",
)
def fix_duty(context: ActionContext, given: FindingInput) -> Preview:
    """Enter extra duty that covers the use of a case; without --save, only preview it.

    Example: schoolbell fix duty 46-17 --finding f-1a2b --reason "open house"
    """
    return _preview(context, given.case, given.reason, lambda now, case: _duty(now, case, given))


@correction(
    name="fix-owner",
    command="fix owner",
    title="The device has another holder",
    hint=EFFECT,
)
def fix_owner(context: ActionContext, given: HolderInput) -> Preview:
    """Correct the holder of a device of a case; without --save, only preview it.

    Example: schoolbell fix owner 46-17 --device cedar-14 --to shared --reason "lab cart"
    """
    return _preview(context, given.case, given.reason, lambda now, case: _holder(now, case, given))


@correction(
    name="fix-building",
    command="fix building",
    title="The building is wrong",
    hint=EFFECT,
)
def fix_building(context: ActionContext, given: BuildingInput) -> Preview:
    """Correct the building of a device or network of a case; without --save, preview it.

    Example: schoolbell fix building 46-17 --of cedar-14 --building HS --reason "moved"
    """
    return _preview(
        context, given.case, given.reason, lambda now, case: _building(now, case, given)
    )


@correction(
    name="fix-role",
    command="fix role",
    title="The account is not one person's",
    hint=EFFECT,
)
def fix_role(context: ActionContext, given: RoleInput) -> Preview:
    """Correct the kind of an account of a case; without --save, only preview it.

    Example: schoolbell fix role 46-17 --to role_shared --reason "front desk"
    """
    return _preview(context, given.case, given.reason, lambda now, case: _role(now, case, given))


def corrections(
    context: ActionContext, case: Case
) -> Iterator[tuple[Action[Any, Preview], Mapping[str, object]]]:
    """Yield the corrections that a case allows, each with the choices of its form."""
    zone = ZoneInfo(context.district.zone)
    spans = {
        kind: {ident: span(*context.span(row), zone) for ident, row in findings.items()}
        for kind, findings in uses(context, case).items()
    }
    devices = devices_in(context, case)
    accounts = _accounts(context, case)
    choices: Mapping[str, Mapping[str, Choices]] = {
        "fix-leave": {"finding": spans["leave"]},
        "fix-duty": {"finding": spans["duty"]},
        "fix-owner": {"device": {one: one for one in devices}, "to": _holders(context, case)},
        "fix-building": {"of": _places(context, case), "building": _buildings(context)},
        "fix-role": {"account": {one: one for one in accounts}},
    }
    for one in (fix_leave, fix_duty, fix_owner, fix_building, fix_role):
        if all(choices[one.name].values()):
            yield one, {"case": case.case_id, **choices[one.name]}
