"""Actions on exceptions and consents, and on sites for the district's list.

The effect of a site on the list is previewed first.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, TypedDict

import typer
from pydantic import Field

from pipelines.actions.action import (
    HIDDEN,
    REASON_HINT,
    Form,
    Input,
    OwnWords,
    Preview,
    Result,
    action,
)
from pipelines.actions.context import ActionContext
from pipelines.actions.site_effects import days_to_try, list_in_words, settled_by, span_in_words
from pipelines.errors import SettingsError
from pipelines.findings.cases import owners
from pipelines.findings.exceptions import (
    SCOPES,
    ConsentPermit,
    ExceptionPermit,
    ExceptionRequest,
    PermitUse,
    Scope,
    end,
    enter,
    permit_uses,
)
from pipelines.findings.registry_rows import changed, checked, names_in, next_id
from pipelines.findings.review import not_oneself, required_reason
from pipelines.privacy.redaction import hidden_sites
from pipelines.proposals.offers import SETTINGS
from pipelines.refresh.steps import no_progress
from pipelines.refresh.trial import Difference, TrialResult, copied
from pipelines.refresh.trial import changed as with_registry
from pipelines.refresh.trial import replay as replayed
from pipelines.registry import canonical
from pipelines.registry.csv_document import CsvDocument
from pipelines.registry.csv_files import is_formula
from pipelines.registry.sites import registrable_domain
from pipelines.registry.tables.approved_sites import FILE, approved_sites
from pipelines.registry.tables.exceptions import MAX_EXCEPTION_DAYS
from pipelines.settings.home import DistrictHome
from pipelines.settings.scratch import scratch
from pipelines.settings.toml_reader import load_settings
from pipelines.state.audit import Act
from pipelines.state.rows import number_in, texts_in

NAME = FILE.name
PROHIBITED = "prohibited"
WEEKS = 8


class ExceptionInput(Input):
    """Findings like one of a case, which are hidden until a day."""

    case: Annotated[str, HIDDEN] = ""
    finding: Annotated[
        str,
        Form("Finding", "choice"),
        typer.Argument(metavar="finding_id", help="ID of a finding, as listed."),
    ]
    scope: Annotated[
        Scope,
        Form("For its", "choice", {one: one for one in SCOPES}),
        typer.Option("--scope", help="What it applies to: " + ", ".join(SCOPES)),
    ] = "account"
    until: Annotated[
        date,
        Form("Last day", "date"),
        typer.Option("--until", help=f"Last day, at most {MAX_EXCEPTION_DAYS} days from today."),
    ]
    since: Annotated[
        date | None, typer.Option("--from", help="First day; the finding's by default.")
    ] = None
    reason: OwnWords


@action(
    command="findings exception",
    right="exception",
    title="Add an exception",
    button="Add it",
    case_rank=8,
    hint="Similar findings are hidden, but still counted and kept.",
)
def exception(context: ActionContext, given: ExceptionInput) -> Result:
    """Add an exception: similar findings are hidden, but still counted and kept."""
    case, finding = context.finding(given.finding)
    not_oneself(finding, context.is_own)
    request = ExceptionRequest(
        scope=given.scope,
        first=given.since or date.fromisoformat(finding["event_date"]),
        last=given.until,
        reason=required_reason(given.reason),
        approver=context.person or context.asker.user_name,
    )
    ident = enter(context.district, context.chain, finding, request, case.case_id, context.asker)
    effect = "takes effect with the next run."
    span = f"{request.first} to {request.last}"
    return Result(
        f"{ident} {effect}",
        {
            "exception_id": ident,
            "rule": finding["rule"],
            "scope": given.scope,
            "first_day": request.first,
            "last_day": request.last,
        },
        (f"{ident}: {finding['rule']} by {given.scope}, {span}. It {effect}",),
    )


class ExceptionEndInput(Input):
    """An exception that ends."""

    exception: Annotated[
        str, HIDDEN, typer.Argument(metavar="exception_id", help="ID, as `permits` lists it.")
    ]
    wholly: Annotated[
        bool,
        Form("Remove it entirely", "check"),
        typer.Option("--wholly", help="Remove it as if it had never been added."),
    ] = False
    reason: OwnWords


@action(
    command="findings exception-end",
    right="exception",
    title="End an exception",
    button="End it",
    back="/exceptions",
)
def exception_end(context: ActionContext, given: ExceptionEndInput) -> Result:
    """End an exception; findings that it hid are shown again from the next run."""
    last = end(
        context.district,
        context.chain,
        given.exception,
        required_reason(given.reason),
        context.asker,
        today=context.today,
        wholly=given.wholly,
    )
    text = f"{given.exception} {f'ends on {last}' if last else 'is removed'}."
    return Result(
        text,
        {"exception_id": given.exception, "last_day": last or None},
        (f"{text} This takes effect with the next run.",),
    )


def permits(context: ActionContext) -> list[dict[str, object]]:
    """Return consents and exceptions: their scope, and findings after they ended."""
    context.require("findings")
    uses = permit_uses(
        context.district.registry.frames,
        (row for case in context.cases for row in case.findings),
        owners(context.district.reading),
        context.today,
    )
    return [_row(context, use) for use in uses]


def _row(context: ActionContext, use: PermitUse) -> dict[str, object]:
    permit = use.permit
    if isinstance(permit, ConsentPermit):
        granted_by, about = permit.grantor_role, _of_consent(context, permit)
    else:
        granted_by = context.named("person", permit.approver, context.today.isoformat())
        about = _of_exception(context, permit)
    return {
        "permit_id": permit.permit_id,
        "kind": permit.kind,
        "about": about,
        "granted_by": granted_by,
        "valid_from": str(permit.valid_from),
        "valid_to": str(permit.valid_to or "open"),
        "state": use.state,
        "review_due": use.is_review_due,
        "hides": dict(use.hides),
        "after_its_end": [day.isoformat() for day in use.after],
    }


def _of_consent(context: ActionContext, permit: ConsentPermit) -> str:
    """Return the subject of a consent, with a pseudonym for the person."""
    whom = _whom(context, permit.subject, context.today.isoformat())
    return f"consent for {whom}: {permit.what or f'type {permit.type}'}"


def _of_exception(context: ActionContext, permit: ExceptionPermit) -> str:
    """Return the subject of an exception, with pseudonyms for persons, accounts and devices."""
    scope, value, day = permit.scope, permit.value or "", context.today.isoformat()
    if scope == "person":
        value = _whom(context, value, day)
    elif scope != "rule" and (scope != "site" or value in context.redacted):
        value = context.named(scope, value, day)
    rules = "every rule" if permit.rule == "*" else permit.rule
    return f"exception from {rules} for {scope} {value}".rstrip()


def _whom(context: ActionContext, value: str, day: str) -> str:
    accounts = context.district.registry.frames["accounts"]["account"]
    is_account = value in set(accounts)
    return context.named("account" if is_account else "person", value, day)


def proposal(
    context: ActionContext,
    site: str,
    site_class: str,
    roles: str,
    reason: str,
    first: date | None = None,
    last: date | None = None,
) -> dict[str, str]:
    """Return the checked row that a decision about a site would add, without writing it.

    Args:
        roles: Between bars: all, staff, student, a job title.
        first: First day; None covers all earlier use. A denial begins today at the earliest:
            no one could know of it before.

    Raises:
        SettingsError: The registry would reject it.
    """
    context.require("sites")
    host = canonical.site(site)
    if host is None or registrable_domain(host) is None:
        raise SettingsError(
            f"{site!r} is not a site", where="SITE", remedy="Write learn.example.org."
        )
    is_denied = site_class == PROHIBITED
    if is_denied:
        first = max(first or context.today, context.today)
    match = "domain" if registrable_domain(host) == host else "host"
    ids = set(context.district.registry.frames["approved_sites"]["entry_id"])
    row = {
        "entry_id": next_id(context.district.home, NAME, "E", ids),
        "pattern": host,
        "match": "deny" if is_denied else match,
        "roles": roles.strip() or "all",
        "purpose": required_reason(reason),
        "consent_by": context.asker.user_name,
        "valid_from": first.isoformat() if first else "",
        "valid_to": last.isoformat() if last else "",
        "class": "" if is_denied else site_class,
    }
    if any(is_formula(value) for value in row.values()):
        raise SettingsError("a spreadsheet would read a value as a formula", where=NAME)
    checked(
        context.district.home,
        context.district.settings,
        context.district.registry,
        NAME,
        approved_sites,
        _adds(context, row),
    )
    return row


def _adds(context: ActionContext, row: Mapping[str, str]) -> Callable[[bytes], bytes]:
    names = names_in(context.district.settings, NAME)

    def adds(data: bytes) -> bytes:
        document = CsvDocument(data, FILE, names)
        document.append(row)
        return document.data()

    return adds


def approve_site(context: ActionContext, row: Mapping[str, str]) -> None:
    """Write the row of a proposal into the registry; it counts from the next run."""
    context.require("sites")
    span = f"{row['roles']}, {row['valid_from'] or 'any day'} to {row['valid_to'] or 'open'}"
    act = Act(
        actor=str(context.asker),
        action="site denied" if row["match"] == "deny" else "site approved",
        subject=row["entry_id"],
        reason=f"{row['pattern']} as {row['class'] or PROHIBITED} for {span}: {row['purpose']}",
    )
    adds = _adds(context, row)
    with changed(context.district, context.chain, NAME, approved_sites, adds, act):
        return


def would_change(context: ActionContext, row: Mapping[str, str]) -> Sequence[Difference]:
    """Return what the rules would find otherwise on the days of the row's site."""
    context.require("sites")
    days = days_to_try(context, row)
    if not days:
        return ()
    return tried(context, {NAME: _adds(context, row)}, only=days).differences


def tried(
    context: ActionContext,
    changes: Mapping[str, Callable[[bytes], bytes]],
    weeks: int = WEEKS,
    only: Collection[date] | None = None,
) -> TrialResult:
    """Return what the rules would find with changed registry files, on a copy.

    Args:
        changes: For each file, a function of its bytes.
        only: Days to judge instead of the last weeks.
    """
    with tempfile.TemporaryDirectory(prefix=scratch("replay")) as folder:
        before = copied(context.district, Path(folder))
        try:
            for name, change in changes.items():
                path = file_of(before.home, name)
                data = path.read_bytes() if path.exists() else b""
                path.write_bytes(change(data))
            after = with_registry(before, load_settings(before.home))
            return replayed(before, after, weeks, no_progress, only)
        finally:
            before.store.close()


def file_of(home: DistrictHome, name: str) -> Path:
    """Return the path of the settings file or of a registry file."""
    return home.settings_file if name == SETTINGS else home.registry / name


def effects(differences: Iterable[Difference]) -> list[dict[str, object]]:
    """Count the differences by effect and rule, without names."""
    counts = Counter((one.effect, one.finding.rule) for one in differences)
    return [
        {"effect": effect, "rule": rule, "findings": count}
        for (effect, rule), count in sorted(counts.items())
    ]


class UndecidedSite(TypedDict):
    """A site with undecided first uses; see `undecided_sites`."""

    site: str
    cases: list[str]
    accounts: int
    minutes: int
    categories: list[str]
    is_hidden: bool
    settled_by: str


def undecided_sites(context: ActionContext, week: date) -> list[UndecidedSite]:
    """Return sites with undecided first uses, with amounts and without names.

    A site whose uses are covered by an entry of the list has the entry's id in
    `settled_by`: the next run withdraws its findings.

    Args:
        week: The Monday of the week of the report.
    """
    sites: dict[str, _Site] = {}
    for case in context.cases:
        if case.standing(week) != "site":
            continue
        for row in case.counted:
            details = context.shown(row)["details"]
            names = texts_in(details, "sites")
            listed = texts_in(row["record"]["details"], "sites")
            for name, listed_site in zip(names, listed, strict=True):
                one = sites.setdefault(str(name), _Site())
                one.settled.append(settled_by(context, row, listed_site))
                one.cases.add(case.case_id)
                one.accounts.add(row["subject"])
                one.minutes += number_in(details, "total_seconds") / 60 / len(names)
                one.categories |= {*texts_in(details, "categories")}
                one.is_hidden |= bool(hidden_sites(row["record"]))
    rows: list[UndecidedSite] = [
        {
            "site": name,
            "cases": sorted(one.cases),
            "accounts": len(one.accounts),
            "minutes": round(one.minutes),
            "categories": sorted(word.replace("_", " ") for word in one.categories),
            "is_hidden": one.is_hidden,
            "settled_by": one.settled[0] if all(one.settled) else "",
        }
        for name, one in sites.items()
    ]
    return sorted(rows, key=lambda row: (-row["minutes"], row["site"]))


@dataclass
class _Site:
    """Facts about a site, from several cases."""

    cases: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)
    settled: list[str] = field(default_factory=list)
    minutes: float = 0.0
    is_hidden: bool = False


class SiteInput(Input):
    """A decision about a site.

    Attributes:
        first: First day; None covers all earlier use.
    """

    site: Annotated[str, Form("Site"), typer.Argument(metavar="site", help="Domain or host.")]
    site_class: Annotated[
        str,
        Form(
            "As",
            "choice",
            {
                "sanctioned": "Sanctioned: for the work",
                "approved_non_business": "Approved, not for the work",
                "work_system": "A work system that only these roles use",
                "district": "A site of the district",
                PROHIBITED: "Denied: not to be used, from today on",
            },
        ),
        typer.Option("--class"),
    ] = Field("sanctioned", alias="class")
    roles: Annotated[
        str,
        Form(
            "For",
            "choice",
            {"all": "Everyone", "staff": "Staff", "student": "Students"},
            is_closed=False,
        ),
        typer.Option(
            "--roles", help="all, staff, student, or a job title; separate several with |."
        ),
    ] = "all"
    first: Annotated[
        date | None,
        Form("First day", "date", hint="Empty: it covers all earlier use."),
        typer.Option("--from", help="First day; default: none; earlier use is covered."),
    ] = None
    until: Annotated[
        date | None,
        Form("Last day", "date"),
        typer.Option("--until", help="Last day; default: no end."),
    ] = None
    reason: Annotated[
        str,
        Form("Reason", "reason", hint=REASON_HINT),
        typer.Option(
            "--reason", help="Purpose of the site at your district; recorded permanently."
        ),
    ]


@action(
    name="site",
    command="sites decide",
    right="sites",
    title="Put a site on the list",
    button="Preview the effect",
    confirm="Put it on the list",
    is_preview_needed=True,
    back="/sites",
    hint="The next page previews the effect. Nothing is saved yet.",
)
def site(context: ActionContext, given: SiteInput) -> Preview:
    """Put a site on the district's list; without --save, only preview the effect."""

    def row_of(now: ActionContext) -> dict[str, str]:
        return proposal(
            now, given.site, given.site_class, given.roles, given.reason, given.first, given.until
        )

    def write(now: ActionContext) -> Result:
        same = row_of(now)
        approve_site(now, same)
        ident, pattern = same["entry_id"], same["pattern"]
        is_denied = same["match"] == "deny"
        closes = (
            "Its use is judged from today on."
            if is_denied
            else "Cases that it covers close with the next run."
        )
        since = f" from {same['valid_from']}" if same["valid_from"] else ""
        return Result(
            f"{pattern} is on the list as {ident}. {closes}",
            {"saved": True, **same},
            (f"{ident}: {pattern} for {same['roles']}{since}. {closes}",),
        )

    row = row_of(context)
    after = list_in_words(context.district.registry.frames, context.today, row["pattern"])
    return Preview(
        title=row["pattern"],
        why=row["purpose"],
        file=NAME,
        rows=[f"{name}: {value}" for name, value in row.items() if value],
        differences=lambda: would_change(context, row),
        write=write,
        note=f"{span_in_words(row, context.today)} {after}".strip(),
        facts=row,
    )
