"""An opened district and the person who acts: what every act is given.

Accounts that sign in at the desk with a password are made and closed here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.district import District
from pipelines.errors import SettingsError
from pipelines.findings.cases import Case, Owner, cases, owners
from pipelines.findings.finding_frames import span_of
from pipelines.findings.people import People, people
from pipelines.privacy.pseudonyms import Kind, Pseudonyms, about_students, pseudonyms
from pipelines.privacy.redaction import hidden_sites, redact, redacted
from pipelines.proposals.offers import Proposal
from pipelines.proposals.registry_proposals import proposed
from pipelines.registry.registry import Registry
from pipelines.registry.tables.consents import is_granted
from pipelines.settings.roles import Principal, Right
from pipelines.state.audit import Act, Chain, open_chain
from pipelines.state.connections import Transaction
from pipelines.state.desk_users import end_account, put_account, release_subject
from pipelines.state.rows import FindingRecord, FindingRow
from pipelines.warehouse.models import subject_kind
from pipelines.weeks import school_year


def granted_today(registry: Registry, zone: str, person: Principal) -> Principal:
    """Return the user with the rights that the district grants its agency's staff today."""
    today = datetime.now(ZoneInfo(zone)).date()
    consents = registry.frames["consents"]
    return replace(person, is_granted=is_granted(consents, person.user_name, today))


Put = Callable[[bytes], None]
"""Takes the file away; called in the transaction that notes its hash."""


def nowhere(_: bytes) -> None:
    """Refuse a file: the action has none."""
    raise AssertionError("this action has no file")


@dataclass(frozen=True)
class ActionContext:
    """An opened district and the user who works in it.

    Attributes:
        guard: Raises an error, in the transaction of an action, if the data that the
            user saw has changed since.
        put: Takes the file that the action produces.
        file: Path of that file; empty at the desk.
    """

    district: District
    asker: Principal
    guard: Callable[[Transaction], None] | None = None
    put: Put = nowhere
    file: str = ""

    def require(self, right: Right) -> None:
        """Raise an error unless the user has a right; record a refused request for names.

        Raises:
            RefusedError: They do not have the right.
        """
        if right == "names" and not self.asker.may(right):
            act = Act(actor=str(self.asker), action="names refused", subject="no right")
            with self.chain.recording(act):
                pass
        self.asker.require(right)

    @property
    def is_page(self) -> bool:
        """Whether the user acts on a page, which showed what is stored now."""
        return self.guard is not None

    @property
    def chain(self) -> Chain:
        """The audit chain of the home."""
        chain = open_chain(self.district.store, self.district.home)
        return replace(chain, guard=self.guard)

    @cached_property
    def cases(self) -> list[Case]:
        """Every case with its findings."""
        return cases(self.district.store)

    def case(self, case_id: str) -> Case:
        """Return a case by its id or its number.

        Raises:
            SettingsError: The case does not exist, or cases of several years have the number.
        """
        case = self.find_case(case_id)
        if case is None:
            raise SettingsError(
                f"there is no case {case_id}",
                where="--case",
                remedy="List them with: schoolbell findings cases",
            )
        return case

    def find_case(self, case_id: str) -> Case | None:
        """Return a case by its id or its number, which repeats every year; None without one.

        Raises:
            SettingsError: Cases of several years have the number.
        """
        matches = [
            case for case in self.cases if case_id in {case.case_id, case.number, case.full_label}
        ]
        if len(matches) > 1:
            which = ", ".join(f"{case.case_id} ({case.week})" for case in matches)
            raise SettingsError(
                f"several cases have the number {case_id}: {which}",
                where="--case",
                remedy="Use the id of one of them.",
            )
        return matches[0] if matches else None

    def address_of(self, case: Case) -> str:
        """Return the address of a case at the desk; empty without `[desk] address`.

        Others read it: it contains the number, because the id could be worked out from a person.
        """
        desk = self.district.settings.desk.address
        return f"{desk}/cases/{case.full_label}" if desk else ""

    def finding(self, finding_id: str) -> tuple[Case, FindingRow]:
        """Return a finding and its case.

        Raises:
            SettingsError: The finding does not exist.
        """
        for case in self.cases:
            for finding in case.findings:
                if finding["finding_id"] == finding_id:
                    return case, finding
        raise SettingsError(
            f"there is no finding {finding_id}",
            remedy="List them with: schoolbell findings list --leads",
        )

    @cached_property
    def _years(self) -> dict[int, Pseudonyms]:
        return {}

    def _names_of(self, day: str) -> Pseudonyms:
        when = datetime.fromisoformat(day).date()
        year = school_year(when)
        if year not in self._years:
            self._years[year] = pseudonyms(
                self.district.registry, self.district.store, self.district.home, when
            )
        return self._years[year]

    def named(self, kind: Kind, value: str, day: str) -> str:
        """Return the pseudonym of a value in the school year of a day."""
        return self._names_of(day).names(kind, [value])[value]

    def given(self, kind: Kind, value: str, day: str) -> tuple[str, ...]:
        """Return the pseudonyms of a value in the school year of a day, with former ones."""
        self.named(kind, value, day)
        return self._names_of(day).given(kind, value)

    @cached_property
    def is_student(self) -> Callable[[FindingRow], bool]:
        """Predicate: whether a finding is about a student's account."""
        return about_students(self.district.store, self.district.home, self.district.reading)

    @cached_property
    def owner_on(self) -> Owner:
        """Lookup of the owner of an account on a day."""
        return owners(self.district.reading)

    def span(self, finding: FindingRow) -> tuple[datetime, datetime]:
        """Return begin and end of a finding in the district's local time."""
        zone = ZoneInfo(self.district.zone)
        start, end = span_of(finding)
        return start.astimezone(zone), end.astimezone(zone)

    def subject(self, finding: FindingRow) -> str:
        """Return the pseudonym of the account or device that a finding is about."""
        kind = subject_kind(finding["rule"])
        return self.named(kind, finding["subject"], finding["event_date"])

    def shown(self, finding: FindingRow) -> FindingRecord:
        """Return the record of a finding without the names of sensitive sites."""
        day = finding["event_date"]
        return redacted(finding["record"], lambda one: self.named("site", one, day))

    def redact(self, finding: FindingRow, value: str | None) -> str | None:
        """Remove the names of sensitive sites from a text about a finding."""
        day, sites = finding["event_date"], hidden_sites(finding["record"])
        text: str | None = redact(value, sites, lambda one: self.named("site", one, day))
        return text

    @property
    def redacted(self) -> frozenset[str]:
        """Sensitive sites of any finding."""
        records = [row["record"] for case in self.cases for row in case.findings]
        return frozenset(hidden_site for row in records for hidden_site in hidden_sites(row))

    @cached_property
    def people(self) -> People:
        """Map each login to its person."""
        return people(self.district)

    @cached_property
    def _proposed(self) -> dict[object, Mapping[str, Sequence[Proposal]]]:
        return {}

    @property
    def proposed(self) -> Mapping[str, Sequence[Proposal]]:
        """Registry rows that the logs suggest, by file; they change with the warehouse.

        Raises:
            NothingReadError: Nothing has been built.
            BusyError: A run is in progress.
        """
        built = _stamp(self.district.home.warehouse)
        if built not in self._proposed:
            found = proposed(self.district)
            self._proposed.clear()
            self._proposed[built] = found
        return self._proposed[built]

    @property
    def person(self) -> str | None:
        """The person whose account the asker's login is, if the registry knows one."""
        return self.people.person(self.asker.user_name)

    def is_own(self, account: str) -> bool:
        """Return whether an account may be the asker's, however they signed in."""
        return self.people.is_same(account, self.asker.user_name)

    @property
    def today(self) -> date:
        """The district's local day."""
        return datetime.now(UTC).astimezone(ZoneInfo(self.district.zone)).date()


def _stamp(warehouse: Path) -> object:
    """Return a value that changes when days are built."""
    files = (warehouse, warehouse.with_name(f"{warehouse.name}.wal"))
    found = [file.stat() for file in files if file.exists()]
    return tuple((one.st_size, one.st_mtime_ns) for one in found)


def put(context: ActionContext, login: str, password_hash: str) -> str:
    """Make an account, or give it another password; its login."""
    context.require("accounts")
    name = login.strip().casefold()
    if not (name and name.isprintable() and " " not in name):
        raise SettingsError(f"{login!r} is not a login", where="LOGIN")
    with context.chain.recording(_act(context, "desk account", name)) as transaction:
        put_account(transaction, name, password_hash, str(context.asker))
    return name


def end(context: ActionContext, login: str) -> str:
    """Stop an account from signing in and return its login.

    Raises:
        SettingsError: The account does not exist.
    """
    context.require("accounts")
    name = login.strip().casefold()
    act = _act(context, "desk account ended", name)
    with context.chain.recording(act) as transaction:
        if not end_account(transaction, name):
            raise SettingsError(
                f"there is no account {name}", remedy="List them with: schoolbell desk account list"
            )
    return name


def accept(context: ActionContext, address: str) -> str:
    """Let another account of the provider sign in with an address; return the address.

    Raises:
        SettingsError: No one has signed in with it.
    """
    context.require("accounts")
    name = address.strip().casefold()
    with context.chain.recording(_act(context, "desk address released", name)) as transaction:
        if not release_subject(transaction, name):
            raise SettingsError(
                f"no one has signed in with {name}", remedy="Give the whole address, with domain."
            )
    return name


def _act(context: ActionContext, action: str, login: str) -> Act:
    return Act(actor=str(context.asker), action=action, subject=login)
