"""Consents and exceptions: the one that covers a finding, their effects, and new ones.

Both come from the registry. A consent is a permission that the policy provides for;
an exception hides the findings that it names, from the next run on, and past ones
too: days are judged again. It never deletes one, and taking it back shows all. The audit
chain records who enters or ends an exception.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import ClassVar, Literal, Self

import polars as pl

from pipelines.district import District, Reading
from pipelines.errors import SettingsError
from pipelines.findings.cases import Owner, owners
from pipelines.findings.lifecycle import note
from pipelines.findings.record import NOT_TESTABLE, RULED_OUT, Alternative
from pipelines.findings.registry_rows import changed, names_in, next_id
from pipelines.registry import canonical
from pipelines.registry.csv_document import CsvDocument
from pipelines.registry.csv_files import is_formula
from pipelines.registry.frames import FILES
from pipelines.registry.sites import registrable_domain
from pipelines.registry.tables.exceptions import exceptions
from pipelines.settings.roles import Principal
from pipelines.state.audit import Act, Chain
from pipelines.state.findings import WITHDRAWN
from pipelines.state.rows import FindingRecord, FindingRow, typed

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
        return frozenset({self.subject, self.owner or self.subject})

    def named(self, scope: Scope) -> Sequence[str]:
        """Return what of a scope it names."""
        owner = [self.owner] if self.owner else []
        named = {
            "account": [self.subject],
            "person": owner,
            "device": self.devices,
            "site": self.sites,
        }
        return named[scope]


def _spelled(scope: Scope, name: str) -> str:
    """Return a name of a log in the spelling of the registry."""
    if scope == "site":
        return canonical.site(name) or name
    return canonical.device(name) if scope == "device" else name


@dataclass(frozen=True, kw_only=True)
class Permit:
    """One row of `consents.csv` or `exceptions.csv`; both of its days are included."""

    permit_id: str
    valid_from: date | None
    valid_to: date | None
    kind: ClassVar[PermitKind]

    def is_valid(self, day: date) -> bool:
        """Return whether the row counts on a day."""
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)

    def covers(self, seen: PermitFacts) -> bool:
        """Return whether the row covers all of it, on any day."""
        raise NotImplementedError

    @classmethod
    def rows(cls, frame: pl.DataFrame) -> list[Self]:
        """Return the rows of the registry's frame, in the file's order."""
        names = [column.name for column in fields(cls)]
        renamed = frame.rename({f"{cls.kind}_id": "permit_id"}).select(names)
        return typed(cls, renamed.iter_rows(named=True))


@dataclass(frozen=True, kw_only=True)
class ExceptionPermit(Permit):
    """An exception: it hides findings."""

    rule: str
    scope: Scope | Literal["rule"]
    value: str | None
    approver: str
    kind: ClassVar[PermitKind] = "exception"

    def covers(self, seen: PermitFacts) -> bool:
        if self.rule not in (seen.rule, "*"):
            return False
        if self.scope == "rule":
            return True
        values = {_spelled(self.scope, one) for one in seen.named(self.scope)}
        return bool(values) and values <= {self.value}


@dataclass(frozen=True, kw_only=True)
class ConsentPermit(Permit):
    """A consent: a permission that the policy provides for."""

    type: str
    grantor_role: str
    subject: str
    what: str | None
    review_by: date | None
    kind: ClassVar[PermitKind] = "consent"

    def covers(self, seen: PermitFacts) -> bool:
        if not self.concerns(seen):
            return False
        if self.type in WITHOUT_SITES:
            return True
        return bool(seen.sites) and all(map(self.has_site, seen.sites))

    def concerns(self, seen: PermitFacts) -> bool:
        """Return whether it is about such a finding of its person."""
        covered = COVERS.get(self.type, ())
        about = seen.rule in covered or seen.kind in covered
        return about and self.subject in seen.persons

    def has_site(self, site: str) -> bool:
        """Return whether it names the site, or a domain that contains it."""
        allowed = named_sites(self.what)
        return any(site == suffix or site.endswith(f".{suffix}") for suffix in allowed)


def first_covering(permits: Iterable[Permit], seen: PermitFacts) -> str | None:
    """Return the first permit, in the file's order, that covers a candidate on its day."""
    found = (one.permit_id for one in permits if one.is_valid(seen.day) and one.covers(seen))
    return next(found, None)


def consent_alternatives(
    consents: Iterable[ConsentPermit], seen: PermitFacts
) -> Iterator[Alternative]:
    """Yield the person's consents that do not cover a candidate.

    Software cannot compare a consent in words that name no site.
    """
    for consent in consents:
        if not consent.is_valid(seen.day) or not consent.concerns(seen):
            continue
        name = f"consent {consent.permit_id} (type {consent.type})"
        inside = list(filter(consent.has_site, seen.sites))
        if not named_sites(consent.what):
            text = f"{name} is in words; a person has to compare it"
            yield Alternative(NAMED_ASIDE, text, NOT_TESTABLE)
        elif inside:
            text = f"{name} covers {', '.join(inside)}, and not the rest"
            yield Alternative(NAMED_ASIDE, text, RULED_OUT)


def named_sites(what: str | None) -> frozenset[str]:
    """Return the sites in a consent, separated by bars, semicolons, commas or blanks."""
    words = (word for part in canonical.parts(what or "") for word in part.split())
    return frozenset(
        site for word in words if (site := canonical.site(word)) and registrable_domain(site)
    )


@dataclass(frozen=True, kw_only=True)
class PermitUse:
    """A consent or an exception, and its effects.

    Attributes:
        state: Its status today.
        is_review_due: Its review date has come.
        hides: Findings that it hides now, by rule.
        after: Days after its end with findings that it would have covered.
    """

    permit: ConsentPermit | ExceptionPermit
    state: State
    is_review_due: bool = False
    hides: Mapping[str, int] = field(default_factory=dict)
    after: tuple[date, ...] = ()


def permit_uses(
    frames: Mapping[str, pl.DataFrame], findings: Iterable[FindingRow], owner: Owner, today: date
) -> list[PermitUse]:
    """Return every consent and exception, consents first, in the order of their files.

    Args:
        frames: The registry's frames `consents` and `exceptions`.
        findings: Rows of `state.db`, from `stored_findings`.
        owner: Owner of an account on a day.
    """
    shown = [finding for finding in findings if finding["status"] != WITHDRAWN]
    seen = [(seen_of(finding, owner), finding["record"]) for finding in shown]
    permits: list[ConsentPermit | ExceptionPermit] = [
        *ConsentPermit.rows(frames["consents"]),
        *ExceptionPermit.rows(frames["exceptions"]),
    ]
    return [_use(permit, seen, today) for permit in permits]


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
    permit: ConsentPermit | ExceptionPermit,
    seen: list[tuple[PermitFacts, FindingRecord]],
    today: date,
) -> PermitUse:
    column, ident = _FIELD[permit.kind], permit.permit_id
    last = permit.valid_to or date.max
    open_ones = (one for one, record in seen if not _is_aside(record))
    after = {one.day for one in open_ones if one.day > last and permit.covers(one)}
    due = permit.review_by if isinstance(permit, ConsentPermit) else None
    return PermitUse(
        permit=permit,
        state=_state(permit, today, is_used=bool(after)),
        is_review_due=due is not None and due <= today,
        hides=Counter(one.rule for one, record in seen if record.get(column) == ident),
        after=tuple(sorted(after)),
    )


def _is_aside(record: Mapping[str, object]) -> bool:
    """Return whether another permit covers it, such as the one that renewed this."""
    return any(record.get(name) for name in _FIELD.values())


def _state(permit: Permit, today: date, *, is_used: bool) -> State:
    first, last = permit.valid_from or date.min, permit.valid_to or date.max
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
    seen = seen_of(finding, owners(district.reading))
    permit = ExceptionPermit(
        permit_id=ident,
        valid_from=asked.first,
        valid_to=asked.last,
        rule=row["rule"],
        scope=asked.scope,
        value=value,
        approver=asked.approver,
    )
    if first_covering([permit], seen) is None:
        raise SettingsError(
            f"it would not cover the finding, which is of {seen.day}",
            where="--from, --until",
            remedy="Give days that include it.",
        )
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
    known = ExceptionPermit.rows(district.registry.frames["exceptions"])
    permit = next((one for one in known if one.permit_id == ident), None)
    if permit is None:
        raise SettingsError(
            f"there is no exception {ident}",
            where=f"registry/{FILE}",
            remedy="List them with: schoolbell findings permits",
        )
    last = today - timedelta(days=1)
    is_gone = wholly or last < (permit.valid_from or date.min)
    if not is_gone and (permit.valid_to or date.max) <= last:
        raise SettingsError(
            f"{ident} has ended on {permit.valid_to} already",
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
    act = Act(actor=str(by), action="exception ended", subject=ident, reason=f"{what}: {reason}")
    with changed(district, chain, FILE, exceptions, ended, act):
        return None if is_gone else last


def _value(reading: Reading, finding: FindingRow, scope: Scope) -> str:
    found = seen_of(finding, owners(reading)).named(scope)
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
    return _spelled(scope, str(found[0]))
