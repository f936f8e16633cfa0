"""Actions for inquiries from other offices: an office asks, and is answered after approval.

The question, the office and its authority are recorded and approved by a second person
before any row leaves. Whether the logs can answer at all needs no approval.
"""

import hashlib
import io
import json
import secrets
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import TypedDict

from pipelines.actions.action import OUT, REASON, Action, Parameter, Result, Values, day_of
from pipelines.actions.context import ActionContext
from pipelines.actions.referrals import OFFICES
from pipelines.errors import SettingsError
from pipelines.findings.packs import EPOCH, csv_bytes
from pipelines.findings.review import NameRequest, granted, required_reason
from pipelines.privacy.pseudonyms import WITHHELD
from pipelines.settings.roles import RefusedError
from pipelines.state import ledger
from pipelines.state.audit import Act
from pipelines.state.connections import now_text
from pipelines.state.reviews import add_inquiry, change_inquiry, inquiries
from pipelines.state.rows import InquiryRow
from pipelines.warehouse.models import attached_query
from pipelines.warehouse.snapshots import attach_warehouse

MAX_DAYS = 92
README = """Answer to inquiry {inquiry_id}

Requester {office}, authorized by {authorized_by}, for account {account}, {first_day} to
{last_day}. The audit record contains the reason.

days.csv   each day on which the account was used: logons, requests, first and last
sites.csv  its use of sites by day; minutes are estimates
gaps.txt   days without data

A log names an account, never a person. A missing line does not show that something
did not happen. Sensitive sites are not named.
"""


def inquire(
    context: ActionContext,
    account: str,
    days: tuple[str, str],
    office: str,
    authorized_by: str,
    reason: str,
) -> dict[str, object]:
    """Record an office's question and whether the logs can answer it, without a result.

    Args:
        days: First and last, as 2026-11-02.
        authorized_by: Name and office of the person who authorized it.
    """
    context.require("inquire")
    first, last = day_of(days[0], "--from"), day_of(days[1], "--to")
    why, name = required_reason(reason), account.strip().casefold()
    _refuse_odd(context, name, first, last, office)
    if not authorized_by.strip():
        raise SettingsError("an inquiry needs an authorization", where="--by")
    row = {
        "inquiry_id": f"q-{secrets.token_hex(4)}",
        "account": name,
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "office": office,
        "authorized_by": " ".join(authorized_by.split()),
        "reason": why,
        "opened_by": str(context.asker),
    }
    act = _act(context, "inquiry", row, f"for {office}: {why}")
    with context.chain.recording(act) as transaction:
        add_inquiry(transaction, row)
    return {**row, **feasibility(context, first, last)}


class Feasibility(TypedDict):
    """Days of a question, those that the logs cover, and those that they do not."""

    days: int
    days_held: int
    gone: list[str]


def feasibility(context: ActionContext, first: date, last: date) -> Feasibility:
    """Count the days that the logs cover; the answer names no one."""
    held = set(ledger.event_days(context.district.store))
    asked = [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
    gone = [day.isoformat() for day in asked if day not in held]
    return {"days": len(asked), "days_held": len(asked) - len(gone), "gone": gone}


def release_inquiry(context: ActionContext, inquiry_id: str) -> dict[str, object]:
    """Answer an inquiry that a second person approved with one zip, recorded before it leaves.

    Raises:
        RefusedError: It is not approved, or it is about the user's own account.
    """
    context.require("inquire")
    context.require("names")
    row = _known(context, inquiry_id)
    if context.is_own(row["account"]):
        raise RefusedError("you cannot release an answer about your own account", where=inquiry_id)
    wish = NameRequest(action="inquiry", case_id=inquiry_id, reason=row["reason"])
    granted(context.chain, wish, context.asker)
    first, last = (date.fromisoformat(row[key]) for key in ("first_day", "last_day"))
    data = _zip(context, row, first, last)
    seal = hashlib.sha256(data).hexdigest()
    act = _act(context, "inquiry released", row, f"to {row['office']}, {seal}")
    with context.chain.recording(act) as transaction:
        change_inquiry(transaction, inquiry_id, released_time=now_text(), sha256=seal)
        context.put(data)
    return {**row, "sha256": seal}


def _refuse_odd(context: ActionContext, account: str, first: date, last: date, office: str) -> None:
    known = set(context.district.registry.frames["accounts"]["account"])
    if account not in known:
        raise SettingsError(
            f"the registry has no account {account!r}",
            where="--account",
            remedy="An inquiry needs an account that is in the registry.",
        )
    if not 0 <= (last - first).days < MAX_DAYS:
        raise SettingsError(f"{first} to {last} is not 1 to {MAX_DAYS} days", where="--from, --to")
    if office not in OFFICES:
        raise SettingsError(
            f"there is no office {office!r}",
            where="--for",
            remedy=f"It is one of: {', '.join(OFFICES)}",
        )
    if context.is_own(account):
        raise RefusedError("you cannot release an answer about your own account", where="--account")


def _known(context: ActionContext, inquiry_id: str) -> InquiryRow:
    found = inquiries(context.district.store, inquiry_id=inquiry_id)
    if not found or found[0]["released_time"] is not None:
        raise SettingsError(
            f"no inquiry {inquiry_id} waits for its answer",
            remedy="List them with: schoolbell inquiry list",
        )
    return found[0]


def _zip(context: ActionContext, row: InquiryRow, first: date, last: date) -> bytes:
    values = {"account": row["account"], "first": first, "last": last}
    with attach_warehouse(context.district.home.warehouse) as database:
        days = database.frame(attached_query("lookups/days_of_an_account"), values)
        use = database.frame(
            attached_query("lookups/sites_of_an_account"), values | {"withheld": WITHHELD}
        )
    gone = feasibility(context, first, last)["gone"]
    members: dict[str, str | bytes] = {
        "README.txt": README.format(**{**row, "office": OFFICES[row["office"]]}),
        "days.csv": csv_bytes(days.columns, days.iter_rows(named=True)),
        "sites.csv": csv_bytes(use.columns, use.iter_rows(named=True)),
        "gaps.txt": "".join(f"{day}\n" for day in gone) or "none\n",
        "inquiry.json": json.dumps(
            {name: row[name] for name in ("inquiry_id", "opened_by", "opened_time")}
        ),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), text)
    return out.getvalue()


def _act(context: ActionContext, action: str, row: Mapping[str, object], reason: str) -> Act:
    today = context.today.isoformat()
    return Act(
        actor=str(context.asker),
        action=action,
        subject=context.named("account", str(row["account"]), today),
        reason=reason,
        case=str(row["inquiry_id"]),
    )


def _inquire(context: ActionContext, values: Values) -> Result:
    row = inquire(
        context,
        values["account"],
        (values["first"], values["last"]),
        values["office"],
        values["authorized_by"],
        values["reason"],
    )
    ident, held = row["inquiry_id"], f"{row['days_held']} of {row['days']} days are held"
    names = ("inquiry_id", "first_day", "last_day", "office", "days", "days_held")
    return Result(
        f"{ident} is recorded; {held}.",
        {name: row[name] for name in names},
        (f"{ident}: {held}", f"Then: schoolbell inquiry release {ident} --out answer.zip"),
    )


def _release(context: ActionContext, values: Values) -> Result:
    ident, out = values["inquiry"], values.get(OUT, "")
    seal = release_inquiry(context, ident)["sha256"]
    facts = {"inquiry_id": ident, "file": out, "sha256": seal}
    return Result("Released.", facts, (f"{out}: sha256 {seal}",), file=f"{ident}.zip")


INQUIRE = Action(
    name="inquire",
    command="inquiry open",
    right="inquire",
    title="Record an inquiry",
    button="Record it",
    act=_inquire,
    about="",
    back="/referrals",
    parameters=(
        Parameter("account", "Account", option="--account", help="Account in question."),
        Parameter("first", "First day", "date", option="--from", help="First day."),
        Parameter("last", "Last day", "date", option="--to", help="Last day."),
        Parameter("office", "Requester", "choice", OFFICES, option="--for"),
        Parameter(
            "authorized_by",
            "Authorized by",
            hint="Name and office.",
            option="--by",
            help="Name and office of who authorized it.",
        ),
        REASON,
    ),
    hint="A second person must approve the answer before it is released.",
    summary="""Record an office's inquiry; report whether the logs could answer it.

    No result is shown. A second person must approve the answer before its release.
    """,
)
RELEASE_INQUIRY = Action(
    name="release-inquiry",
    command="inquiry release",
    right="inquire",
    title="Answer",
    button="Release the answer",
    act=_release,
    about="",
    parameters=(
        Parameter(
            "inquiry", kind="hidden", option="inquiry_id", help="ID that `inquiry open` printed."
        ),
    ),
    out=Parameter(OUT, option="--out", help="New file to write, such as answer.zip."),
    back="/referrals",
    summary="Release the answer to an inquiry that a second person approved.",
)
ACTIONS = (INQUIRE, RELEASE_INQUIRY)
