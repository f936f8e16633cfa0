"""Acts on exceptions, and the list of what is permitted until when."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pipelines.acts.context import ActContext
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


def exception(
    context: ActContext,
    finding_id: str,
    reason: str,
    until: str,
    scope: str = "account",
    since: str = "",
) -> dict[str, Any]:
    """Enter an exception: findings like this one are hidden, counted and kept."""
    context.require("exception")
    case, finding = context.finding(finding_id)
    not_oneself(finding, context.asker, context.own_accounts)
    asked = Asked(
        scope=_scope(scope),
        first=day_of(since or finding["event_date"], "--from"),
        last=day_of(until, "--until"),
        reason=required_reason(reason),
        approver=context.person or context.asker.user_name,
    )
    ident = enter(
        context.district, context.chain, finding, asked, case.case_id, context.asker
    )
    return {
        "exception_id": ident,
        "rule": finding["rule"],
        "scope": scope,
        "first_day": asked.first,
        "last_day": asked.last,
    }


def exception_end(
    context: ActContext, exception_id: str, reason: str, *, wholly: bool = False
) -> date | None:
    """End an exception; its last day, None where it is as if it never was."""
    context.require("exception")
    return end(
        context.district,
        context.chain,
        exception_id,
        required_reason(reason),
        context.asker,
        today=context.today,
        wholly=wholly,
    )


def permits(context: ActContext) -> list[dict[str, Any]]:
    """Consents and exceptions: what they cover, and findings after they ended."""
    context.require("findings")
    uses = permit_uses(
        context.district.registry.frames,
        (row for case in context.cases for row in case.findings),
        owners(context.district),
        context.today,
    )
    return [_row(context, use) for use in uses]


def _row(context: ActContext, use: PermitUse) -> dict[str, Any]:
    row = use.row
    return {
        "permit_id": use.permit_id,
        "kind": use.kind,
        "about": _about(context, use),
        "granted_by": row.get("grantor_role")
        or context.named("person", str(row["approver"]), context.today.isoformat()),
        "valid_from": str(row["valid_from"]),
        "valid_to": str(row["valid_to"] or "open"),
        "state": use.state,
        "review_due": use.is_review_due,
        "hides": dict(use.hides),
        "after_its_end": [day.isoformat() for day in use.after],
    }


def _about(context: ActContext, use: PermitUse) -> str:
    """What a permit is about; persons, accounts and devices under pseudonyms."""
    row, day = use.row, context.today.isoformat()
    if use.kind == "consent":
        return f"type {row['type']}, {_whom(context, str(row['subject']), day)}"
    value, scope = str(row["value"] or ""), row["scope"]
    kinds: Mapping[str, Any] = {"account": "account", "device": "device"}
    if scope == "site" and value in context.redacted:
        value = context.named("site", value, day)
    if scope in kinds:
        value = context.named(kinds[scope], value, day)
    if scope == "person":
        value = _whom(context, value, day)
    return f"{row['rule']} by {scope} {value}".rstrip()


def _whom(context: ActContext, value: str, day: str) -> str:
    accounts = context.district.registry.frames["accounts"]["account"]
    is_account = value.casefold() in set(accounts)
    return context.named("account" if is_account else "person", value, day)


def _scope(text: str) -> Scope:
    if text not in SCOPES:
        raise SettingsError(
            f"there is no scope {text!r}",
            where="--scope",
            remedy=f"It is one of: {', '.join(SCOPES)}",
        )
    return text


def day_of(text: str, where: str) -> date:
    """A day as people write it.

    Raises:
        SettingsError: It is not one.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is not a date", where=where, remedy="Write 2026-12-18."
        ) from error
