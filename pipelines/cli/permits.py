"""Commands about consents and exceptions: what they cover, a new one, its end."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from pipelines.cli.asking import Desk, desk
from pipelines.cli.findings import FindingId, found
from pipelines.cli.options import AsJson, Home
from pipelines.cli.telling import tell
from pipelines.district import District
from pipelines.errors import SettingsError
from pipelines.findings.cases import owners
from pipelines.findings.exceptions import (
    SCOPES,
    Asked,
    PermitUse,
    Scope,
    end,
    enter,
    permit_uses,
)
from pipelines.findings.review import not_oneself, required_reason
from pipelines.registry.permits import LONGEST_EXCEPTION_DAYS
from pipelines.run.console import show_whole, table
from pipelines.state.findings import stored_findings

Reason = Annotated[str, typer.Option(help="Why, in your words; kept for good.")]


def exception(
    home: Home,
    finding_id: FindingId,
    reason: Reason,
    until: Annotated[
        str, typer.Option(help=f"Last day; at most {LONGEST_EXCEPTION_DAYS} days on.")
    ],
    scope: Annotated[
        str, typer.Option(help="What of the finding: " + ", ".join(SCOPES))
    ] = "account",
    since: Annotated[
        str, typer.Option("--from", help="First day; the finding's, if not given.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Enter an exception: findings like this one are hidden, counted and kept."""
    with desk(home, "exception") as one:
        case, finding = found(one, finding_id)
        not_oneself(finding, one.asker, one.own_accounts)
        asked = Asked(
            scope=_scope(scope),
            first=_day(since or finding["event_date"], "--from"),
            last=_day(until, "--until"),
            reason=required_reason(reason),
            approver=one.person or one.asker.user_name,
        )
        ident = enter(one.district, finding, asked, case.case_id, one.asker)
    facts = {
        "exception_id": ident,
        "rule": finding["rule"],
        "scope": scope,
        "first_day": asked.first,
        "last_day": asked.last,
    }
    shown = f"{ident}: {finding['rule']} by {scope}, {asked.first} to {asked.last}"
    tell(facts, f"{shown}. It counts from the next run.", as_json=as_json)


def exception_end(
    home: Home,
    exception_id: Annotated[str, typer.Argument(help="Id, as permits lists it.")],
    reason: Reason,
    wholly: Annotated[
        bool, typer.Option("--wholly", help="As if it had never been entered.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """End an exception; what it hid is shown again from the next run."""
    with desk(home, "exception") as one:
        last = end(
            one.district,
            exception_id,
            required_reason(reason),
            one.asker,
            today=_today(one.district),
            wholly=wholly,
        )
    ended = f"ends on {last}" if last else "is taken back"
    facts = {"exception_id": exception_id, "last_day": last or None}
    said_line = f"{exception_id} {ended}. It counts from the next run."
    tell(facts, said_line, as_json=as_json)


def permits(home: Home, as_json: AsJson = False) -> None:
    """List consents and exceptions: what they keep aside, and what came after them."""
    with desk(home, "findings") as one:
        today = _today(one.district)
        uses = permit_uses(
            one.district.registry.frames,
            stored_findings(one.district.store),
            owners(one.district),
            today,
        )
        rows = [_row(one, use, today) for use in uses]
        refused = [
            str(problem)
            for problem in one.district.registry.problems
            if problem.file in ("consents.csv", "exceptions.csv")
        ]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
        return
    columns = ("permit_id", "kind", "about", "valid_from", "valid_to", "state")
    more = ("review_due", "hides", "after_its_end")
    body = [[_cell(row[name]) for name in (*columns, *more)] for row in rows]
    show_whole(table("Consents and exceptions", (*columns, *more), body))
    if refused:  # their values may be names: the operator sees them with `check`
        typer.echo(f"{len(refused)} problems in these files: schoolbell check")


def _row(one: Desk, use: PermitUse, today: date) -> dict[str, Any]:
    row = use.row
    return {
        "permit_id": use.permit_id,
        "kind": use.kind,
        "about": _about(one, use, today),
        "granted_by": row.get("grantor_role")
        or one.named("person", str(row["approver"]), today.isoformat()),
        "valid_from": str(row["valid_from"]),
        "valid_to": str(row["valid_to"] or "open"),
        "state": use.state,
        "review_due": use.is_review_due,
        "hides": dict(use.hides),
        "after_its_end": [day.isoformat() for day in use.after],
    }


def _about(one: Desk, use: PermitUse, today: date) -> str:
    """What a permit is about; persons, accounts and devices under pseudonyms."""
    row, day = use.row, today.isoformat()
    if use.kind == "consent":
        return f"type {row['type']}, {_whom(one, str(row['subject']), day)}"
    value, scope = str(row["value"] or ""), row["scope"]
    kinds: Mapping[str, Any] = {"account": "account", "device": "device"}
    if scope == "site" and value in one.redacted:
        value = one.named("site", value, day)
    if scope in kinds:
        value = one.named(kinds[scope], value, day)
    if scope == "person":
        value = _whom(one, value, day)
    return f"{row['rule']} by {scope} {value}".rstrip()


def _whom(one: Desk, value: str, day: str) -> str:
    accounts = one.district.registry.frames["accounts"]["account"]
    is_account = value.casefold() in set(accounts)
    return one.named("account" if is_account else "person", value, day)


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{rule}: {count}" for rule, count in sorted(value.items()))
    if isinstance(value, list):
        return f"{len(value)} days, last {value[-1]}" if value else ""
    if isinstance(value, bool):
        return "due" if value else ""
    return value


def _scope(text: str) -> Scope:
    if text not in SCOPES:
        raise SettingsError(
            f"there is no scope {text!r}",
            where="--scope",
            remedy=f"It is one of: {', '.join(SCOPES)}",
        )
    return text


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is no day", where=where, remedy="Write 2026-12-18."
        ) from error


def _today(district: District) -> date:
    return datetime.now(UTC).astimezone(ZoneInfo(district.zone)).date()
