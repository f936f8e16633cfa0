"""Consents and exceptions: the one that covers a finding, their effects, and new ones.

Both come from the registry. A consent is a permission that the policy provides for;
an exception hides the findings that it names, from the next run on, and past ones
too: days are judged again. It never deletes one, and taking it back shows all. The audit
chain records who enters or ends an exception.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

import polars as pl

from pipelines.district import District, Reading
from pipelines.errors import SettingsError
from pipelines.findings.cases import Owner, owners
from pipelines.findings.lifecycle import note
from pipelines.findings.record import NOT_TESTABLE, RULED_OUT, Alternative
from pipelines.findings.registry_rows import changed, names_in, next_id
from pipelines.registry.csv_document import CsvDocument
from pipelines.registry.csv_files import is_formula
from pipelines.registry.frames import FILES
from pipelines.registry.registry import Registry
from pipelines.registry.sites import canonical_host, registrable_domain
from pipelines.registry.tables.exceptions import exceptions
from pipelines.settings.roles import Principal
from pipelines.state.audit import Act, Chain
from pipelines.state.findings import WITHDRAWN
from pipelines.state.rows import FindingRecord, FindingRow

PermitKind = Literal["consent", "exception"]

SITE_KINDS = ("non_approved_site", "off_hours_external")
COVERS: Mapping[str, tuple[str, ...]] = {
    "a": ("AN-2",),
    "b": SITE_KINDS,
    "c": SITE_KINDS,
    "d": ("AN-5", "AN-8"),
    "e": SITE_KINDS,
    "f": (*SITE_KINDS, "AN-3"),
    "g": (),
}
"""Type of a consent -> kinds and codes of the rules whose findings it may cover.

Nothing that logs show falls under g (logos and images).
"""
WITHOUT_SITES = ("d",)
"""Types that permit a person, not a site."""
NAMED_ASIDE = "A consent may allow it"

SOON = timedelta(days=30)
State = Literal["not yet", "in force", "ends soon", "ended", "ended, still used"]
_FRAMES: Mapping[PermitKind, str] = {"consent": "consents", "exception": "exceptions"}
_FIELD: Mapping[PermitKind, str] = {
    "consent": "permitted_by",
    "exception": "suppressed_by",
}
FILE = "exceptions.csv"
Scope = Literal["account", "person", "device", "site"]
SCOPES: tuple[Scope, ...] = ("account", "person", "device", "site")


@dataclass(frozen=True, kw_only=True)
class PermitFacts:
    """The facts that permits are compared with.

    Attributes:
        owner: Owner of the account on the day, if any.
    """

    rule: str
    kind: str
    subject: str
    owner: str | None
    day: date
    devices: Sequence[str] = ()
    sites: Sequence[str] = ()

    @property
    def persons(self) -> frozenset[str]:
        """Everything by which a row may name whom it is about."""
        named = {self.subject.casefold()}
        return frozenset(named | ({self.owner.casefold()} if self.owner else set()))


def is_valid(row: Mapping[str, Any], day: date) -> bool:
    """Return whether the row counts on a day; both ends are included."""
    first, last = row["valid_from"] or date.min, row["valid_to"] or date.max
    return bool(first <= day <= last)


def exception_for(exceptions: pl.DataFrame, seen: PermitFacts) -> str | None:
    """Return the exception that hides a candidate, the first in the file's order."""
    for row in exceptions.iter_rows(named=True):
        if is_valid(row, seen.day) and exception_covers(row, seen):
            return str(row["exception_id"])
    return None


def consent_for(consents: pl.DataFrame, seen: PermitFacts) -> str | None:
    """Return the consent that permits all of a candidate."""
    for row in consents.iter_rows(named=True):
        if is_valid(row, seen.day) and consent_covers(row, seen):
            return str(row["consent_id"])
    return None


def exception_covers(row: Mapping[str, Any], seen: PermitFacts) -> bool:
    """Return whether an exception applies, on any day."""
    if row["rule"] not in (seen.rule, "*"):
        return False
    if row["scope"] == "rule":
        return True
    if row["scope"] == "person":
        owner = seen.owner.casefold() if seen.owner else None
        return owner is not None and _person(row["value"]) == owner
    named = {"account": [seen.subject], "device": seen.devices, "site": seen.sites}
    values = set(named.get(row["scope"], ()))
    return bool(values) and values <= {row["value"]}


def consent_covers(row: Mapping[str, Any], seen: PermitFacts) -> bool:
    """Return whether a consent covers all of it, on any day."""
    if not _concerns(row, seen):
        return False
    if row["type"] in WITHOUT_SITES:
        return True
    allowed = named_sites(row["what"])
    return bool(seen.sites) and all(_within(site, allowed) for site in seen.sites)


def consent_alternatives(consents: pl.DataFrame, seen: PermitFacts) -> Iterator[Alternative]:
    """Yield the person's consents that do not cover a candidate.

    Software cannot compare a consent in words that name no site.
    """
    for row in consents.iter_rows(named=True):
        if not is_valid(row, seen.day) or not _concerns(row, seen):
            continue
        allowed = named_sites(row["what"])
        name = f"consent {row['consent_id']} (type {row['type']})"
        if not allowed:
            text = f"{name} is in words; a person has to compare it"
            yield Alternative(NAMED_ASIDE, text, NOT_TESTABLE)
            continue
        inside = [site for site in seen.sites if _within(site, allowed)]
        if inside:
            text = f"{name} covers {', '.join(inside)}, and not the rest"
            yield Alternative(NAMED_ASIDE, text, RULED_OUT)


def named_sites(what: str | None) -> frozenset[str]:
    """Return the sites and hosts in a consent, separated by bars, commas or blanks."""
    words = (what or "").casefold().replace("|", " ").replace(",", " ").split()
    hosts = [canonical_host(word) for word in words if registrable_domain(word)]
    return frozenset(host for host in hosts if host is not None)


def _concerns(row: Mapping[str, Any], seen: PermitFacts) -> bool:
    covered = COVERS.get(row["type"], ())
    about = seen.rule in covered or seen.kind in covered
    return about and _person(row["subject"]) in seen.persons


def _within(site: str, allowed: frozenset[str]) -> bool:
    return any(site == suffix or site.endswith(f".{suffix}") for suffix in allowed)


def _person(value: str | None) -> str:
    return (value or "").casefold().removeprefix("person:")


@dataclass(frozen=True, kw_only=True)
class PermitUse:
    """One row of `consents.csv` or `exceptions.csv`, and its effects.

    Attributes:
        row: The registry's row.
        state: Its status today.
        is_review_due: Its review date has come.
        hides: Findings that it hides now, by rule.
        after: Days after its end with findings that it would have covered.
    """

    kind: PermitKind
    permit_id: str
    row: Mapping[str, Any]
    state: State
    is_review_due: bool = False
    hides: Mapping[str, int] = field(default_factory=dict)
    after: tuple[date, ...] = ()


def permit_uses(
    frames: Mapping[str, pl.DataFrame],
    findings: Iterable[FindingRow],
    owner: Owner,
    today: date,
) -> list[PermitUse]:
    """Return every consent and exception, consents first, in the order of their files.

    Args:
        frames: The registry's frames `consents` and `exceptions`.
        findings: Rows of `state.db`, from `stored_findings`.
        owner: Owner of an account on a day.
    """
    shown = [finding for finding in findings if finding["status"] != WITHDRAWN]
    seen = [(seen_of(finding, owner), finding["record"]) for finding in shown]
    return [
        _use(kind, row, seen, today)
        for kind, frame in _FRAMES.items()
        for row in frames[frame].iter_rows(named=True)
    ]


def seen_of(finding: FindingRow, owner: Owner) -> PermitFacts:
    """Return the facts of a stored finding that permits are compared with."""
    record, day = finding["record"], date.fromisoformat(finding["event_date"])
    return PermitFacts(
        rule=finding["rule"],
        kind=finding["kind"],
        subject=finding["subject"],
        owner=owner(finding["subject"], day),
        day=day,
        devices=record["devices"],
        sites=record["sites"],
    )


def _use(
    kind: PermitKind,
    row: Mapping[str, Any],
    seen: list[tuple[PermitFacts, FindingRecord]],
    today: date,
) -> PermitUse:
    ident = str(row[f"{kind}_id"])
    hides: dict[str, int] = {}
    for one, record in seen:
        if record.get(_FIELD[kind]) == ident:
            hides[one.rule] = hides.get(one.rule, 0) + 1
    open_ones = (one for one, record in seen if not _is_aside(record))
    after = tuple(sorted(set(_after(kind, row, open_ones))))
    due = row.get("review_by")
    return PermitUse(
        kind=kind,
        permit_id=ident,
        row=row,
        state=_state(row, today, is_used=bool(after)),
        is_review_due=due is not None and due <= today,
        hides=hides,
        after=after,
    )


def _is_aside(record: Mapping[str, object]) -> bool:
    """Return whether another permit covers it, such as the one that renewed this."""
    return any(record.get(name) for name in _FIELD.values())


def _after(kind: PermitKind, row: Mapping[str, Any], seen: Iterable[PermitFacts]) -> Iterator[date]:
    last = row["valid_to"]
    covers = consent_covers if kind == "consent" else exception_covers
    for one in seen:
        if last is not None and one.day > last and covers(row, one):
            yield one.day


def _state(row: Mapping[str, Any], today: date, *, is_used: bool) -> State:
    first, last = row["valid_from"] or date.min, row["valid_to"] or date.max
    if today < first:
        return "not yet"
    if today > last:
        return "ended, still used" if is_used else "ended"
    return "ends soon" if last < today + SOON else "in force"


@dataclass(frozen=True, kw_only=True)
class ExceptionRequest:
    """A request for an exception.

    Attributes:
        first: First day that it covers.
        last: Last day.
        approver: Person id of the person who enters it, or their login without one.
    """

    scope: Scope
    first: date
    last: date
    reason: str
    approver: str


def enter(
    district: District,
    chain: Chain,
    finding: FindingRow,
    asked: ExceptionRequest,
    case: str,
    by: Principal,
) -> str:
    """Write an exception for what a finding is about; its id.

    Raises:
        SettingsError: It would hide nothing, or the registry would not take it.
    """
    value = _value(district.reading, finding, asked.scope)
    taken = set(district.registry.frames["exceptions"]["exception_id"])
    ident = next_id(district.home, FILE, "X", taken)
    row = {
        "exception_id": ident,
        "rule": str(finding["rule"]),
        "scope": asked.scope,
        "value": value,
        "reason": asked.reason,
        "approver": asked.approver,
        "valid_from": asked.first.isoformat(),
        "valid_to": asked.last.isoformat(),
    }
    _hides(district.reading, finding, row | {"valid_from": asked.first, "valid_to": asked.last})
    span = f"{ident}, {asked.scope}, {asked.first} to {asked.last}"
    act = Act(
        actor=str(by),
        action="exception",
        subject=str(finding["finding_id"]),
        case=case,
        reason=f"{span}: {asked.reason}",
    )

    def added(data: bytes) -> bytes:
        document = CsvDocument(data, FILES[FILE], names_in(district.settings, FILE))
        document.append(row)
        return document.data()

    with changed(district, chain, FILE, exceptions, added, act) as transaction:
        note(transaction, finding, "exception", f"{span}: {asked.reason}", str(by))
    return ident


def end(
    district: District,
    chain: Chain,
    ident: str,
    reason: str,
    by: Principal,
    *,
    today: date,
    wholly: bool,
) -> date | None:
    """End an exception yesterday, or take it back completely.

    Returns:
        Its last day; None if it was taken back.
    """
    row = _row(district.registry, ident)
    last = today - timedelta(days=1)
    is_gone = wholly or last < row["valid_from"]
    if not is_gone and row["valid_to"] <= last:
        raise SettingsError(
            f"{ident} has ended on {row['valid_to']} already",
            remedy="To show what it hid, take it back: --wholly",
        )

    def ended(data: bytes) -> bytes:
        document = CsvDocument(data, FILES[FILE], names_in(district.settings, FILE))
        held = document.find("exception_id", ident)
        if is_gone:
            document.comment_out(held)
        else:
            document.set(held, "valid_to", last.isoformat())
        return document.data()

    what = "taken back" if is_gone else f"ends on {last}"
    act = Act(
        actor=str(by),
        action="exception ended",
        subject=ident,
        reason=f"{what}: {reason}",
    )
    with changed(district, chain, FILE, exceptions, ended, act):
        return None if is_gone else last


def _row(registry: Registry, ident: str) -> Mapping[str, Any]:
    for row in registry.frames["exceptions"].iter_rows(named=True):
        if row["exception_id"] == ident:
            return row
    raise SettingsError(
        f"there is no exception {ident}",
        where=f"registry/{FILE}",
        remedy="List them with: schoolbell findings permits",
    )


def _value(reading: Reading, finding: FindingRow, scope: Scope) -> str:
    seen = seen_of(finding, owners(reading))
    found = {
        "account": [seen.subject],
        "person": [seen.owner] if seen.owner else [],
        "device": list(seen.devices),
        "site": list(seen.sites),
    }[scope]
    if len(found) != 1:
        raise SettingsError(
            f"the finding names {len(found)} of that kind; an exception is for one",
            where=f"--scope {scope}",
            remedy=f"Scopes: {', '.join(SCOPES)}.",
        )
    if is_formula(str(found[0])):
        raise SettingsError(
            "a spreadsheet would take the value for a formula",
            where=f"--scope {scope}",
            remedy="Choose another scope.",
        )
    return str(found[0])


def _hides(reading: Reading, finding: FindingRow, row: Mapping[str, Any]) -> None:
    seen = seen_of(finding, owners(reading))
    if not (exception_covers(row, seen) and row["valid_from"] <= seen.day <= row["valid_to"]):
        raise SettingsError(
            f"it would not cover the finding, which is of {seen.day}",
            where="--from, --until",
            remedy="Give days that include it.",
        )
