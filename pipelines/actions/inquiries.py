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
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, TypedDict
from zoneinfo import ZoneInfo

import typer

from pipelines.actions.action import HIDDEN, Form, Input, Reason, Result, action
from pipelines.actions.context import ActionContext
from pipelines.errors import SettingsError
from pipelines.findings.packs import EPOCH, csv_bytes
from pipelines.findings.review import NameRequest, granted, required_reason
from pipelines.privacy.pseudonyms import WITHHELD
from pipelines.registry.registry import building_names
from pipelines.reports.absence import absence_page
from pipelines.reports.inquired_hours import Question
from pipelines.reports.words import OFFICES
from pipelines.settings.roles import RefusedError
from pipelines.state import ledger
from pipelines.state.audit import Act
from pipelines.state.connections import now_text
from pipelines.state.reviews import add_inquiry, change_inquiry, inquiries
from pipelines.state.rows import InquiryRow
from pipelines.warehouse.models import attached_query
from pipelines.warehouse.snapshots import attach_warehouse

MAX_DAYS = 92
PAGE = "shown-and-missed.html"
README = """Answer to inquiry {inquiry_id}

Requester {office}, authorized by {authorized_by}, for account {account},
{hours}. The audit record contains the reason.

{page}  to print: what the logs show of the account in these hours, what they
                       could have missed, and which logs would show it
days.csv               each day on which the account was used: logons, requests, first and last
sites.csv              its use of sites by day; minutes are estimates
gaps.txt               days without data

The tables contain whole days.

A log names an account, never a person. A missing line does not show that something
did not happen. Sensitive sites are not named.
"""


class InquireInput(Input):
    """The question of an office about an account.

    Attributes:
        first_time: Local time on the first day; None: with the day.
        last_time: Local time on the last day, not included; None: with the day.
        place: Device or building in question.
        authorized_by: Name and office of the person who authorized it.
    """

    account: Annotated[str, Form("Account"), typer.Option("--account", help="Account in question.")]
    first: Annotated[date, Form("First day", "date"), typer.Option("--from", help="First day.")]
    first_time: Annotated[
        time | None,
        Form("From this time", "time", hint="Blank: from the beginning of the first day."),
        typer.Option("--from-time", help="Local time on the first day, such as 08:00."),
    ] = None
    last: Annotated[date, Form("Last day", "date"), typer.Option("--to", help="Last day.")]
    last_time: Annotated[
        time | None,
        Form("To this time", "time", hint="Blank: to the end of the last day."),
        typer.Option("--to-time", help="Local time on the last day, such as 15:00."),
    ] = None
    place: Annotated[
        str,
        Form(
            "Device or building in question",
            hint="Blank: any. As in devices.csv or buildings.csv.",
        ),
        typer.Option("--at", help="Device or building in question; by default any."),
    ] = ""
    office: Annotated[str, Form("Requester", "choice", OFFICES), typer.Option("--for")]
    authorized_by: Annotated[
        str,
        Form("Authorized by", hint="Name and office."),
        typer.Option("--by", help="Name and office of who authorized it."),
    ]
    reason: Reason


@action(
    name="inquire",
    command="inquiry open",
    right="inquire",
    title="Record an inquiry",
    button="Record it",
    back="/referrals",
    hint="A second person must approve the answer before it is released.",
)
def inquire(context: ActionContext, given: InquireInput) -> Result:
    """Record an office's inquiry; report whether the logs could answer it.

    No result is shown. A second person must approve the answer before its release.
    """
    why, account = required_reason(given.reason), given.account.strip().casefold()
    _refuse_odd(context, account, given)
    if not given.authorized_by.strip():
        raise SettingsError("an inquiry needs an authorization", where="--by")
    ident = f"q-{secrets.token_hex(4)}"
    row = {
        "inquiry_id": ident,
        "account": account,
        "first_day": given.first.isoformat(),
        "last_day": given.last.isoformat(),
        "first_time": _text(given.first_time),
        "last_time": _text(given.last_time),
        "place": _place(context, given.place) if given.place.strip() else None,
        "office": given.office,
        "authorized_by": " ".join(given.authorized_by.split()),
        "reason": why,
        "opened_by": str(context.asker),
    }
    act = _act(context, "inquiry", row, f"for {given.office}: {why}")
    with context.chain.recording(act) as transaction:
        add_inquiry(transaction, row)
    days = feasibility(context, given.first, given.last)
    covered = f"{days['days_held']} of {days['days']} days are held"
    shown = ("inquiry_id", "first_day", "last_day", "office")
    return Result(
        f"{ident} is recorded; {covered}.",
        {name: row[name] for name in shown}
        | {"days": days["days"], "days_held": days["days_held"]},
        (f"{ident}: {covered}", f"Then: schoolbell inquiry release {ident} --out answer.zip"),
    )


class Feasibility(TypedDict):
    """Days of a question, those that the logs cover, and those that they do not."""

    days: int
    days_held: int
    gone: list[str]


def feasibility(context: ActionContext, first: date, last: date) -> Feasibility:
    """Count the days that the logs cover; the answer names no one."""
    covered = set(ledger.event_days(context.district.store))
    days = [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
    gone = [day.isoformat() for day in days if day not in covered]
    return {"days": len(days), "days_held": len(days) - len(gone), "gone": gone}


class ReleaseInput(Input):
    """An inquiry whose answer is released."""

    inquiry: Annotated[
        str, HIDDEN, typer.Argument(metavar="inquiry_id", help="ID that `inquiry open` printed.")
    ]


@action(
    name="release-inquiry",
    command="inquiry release",
    right="inquire",
    title="Answer",
    button="Release the answer",
    back="/referrals",
    hint="A zip with tables, and a page to print: what the logs show in these hours, and what they "
    "could have missed. Requires a second person.",
    out=typer.Option("--out", help="New file to write, such as answer.zip."),
)
def release_inquiry(context: ActionContext, given: ReleaseInput) -> Result:
    """Release the answer to an inquiry that a second person approved."""
    context.require("names")
    ident = given.inquiry
    row = _waiting(context, ident)
    if context.is_own(row["account"]):
        raise RefusedError("you cannot release an answer about your own account", where=ident)
    wish = NameRequest(action="inquiry", case_id=ident, reason=row["reason"])
    granted(context.chain, wish, context.asker)
    first, last = (date.fromisoformat(row[key]) for key in ("first_day", "last_day"))
    data = _zip(context, row, first, last)
    seal = hashlib.sha256(data).hexdigest()
    act = _act(context, "inquiry released", row, f"to {row['office']}, {seal}")
    with context.chain.recording(act) as transaction:
        change_inquiry(transaction, ident, released_time=now_text(), sha256=seal)
        context.put(data)
    return Result(
        "Released.",
        {"inquiry_id": ident, "file": context.file, "sha256": seal},
        (f"{context.file}: sha256 {seal}",),
        file=f"{ident}.zip",
    )


def _text(when: time | None) -> str | None:
    return when.isoformat("minutes") if when else None


def _place(context: ActionContext, written: str) -> str:
    """Return a device or a building as the registry writes it.

    Raises:
        SettingsError: The registry has neither.
    """
    frames, wanted = context.district.registry.frames, written.strip().casefold()
    names: dict[str, str] = {one.casefold(): one for one in frames["devices"]["device"]}
    for code in frames["buildings"]["building"]:
        names[code.casefold()] = code
    for code, name in building_names(context.district.registry).items():
        names.setdefault(name.casefold(), code)
    if wanted not in names:
        raise SettingsError(
            f"the registry has no device or building {written.strip()!r}",
            where="--at",
            remedy="Write a device as in devices.csv, or a building as in buildings.csv.",
        )
    return names[wanted]


def hours_of(row: InquiryRow, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the hours of an inquiry, whose end is not included; a repeated hour is whole."""
    first, last = (date.fromisoformat(row[key]) for key in ("first_day", "last_day"))
    start = time.fromisoformat(row["first_time"] or "00:00")
    if row["last_time"]:
        end = datetime.combine(last, time.fromisoformat(row["last_time"]), zone)
    else:
        end = datetime.combine(last + timedelta(days=1), time(), zone)
    return datetime.combine(first, start, zone), end.replace(fold=1)


def under_code_names(context: ActionContext, row: InquiryRow) -> InquiryRow:
    """Return an inquiry as lists show it: its account and its device under code names."""
    today, place = context.today.isoformat(), row["place"]
    if place and _is_building(context, place):
        place = building_names(context.district.registry).get(place, place)
    elif place:
        place = f"device {context.named('device', place, today)}"
    return {**row, "account": context.named("account", row["account"], today), "place": place}


def in_words(row: InquiryRow) -> str:
    """Return account, hours and place of an inquiry as lists show them."""
    parts = (row["account"], _hours(row), row["place"])
    return ", ".join(part for part in parts if part)


def _hours(row: InquiryRow) -> str:
    if not (row["first_time"] or row["last_time"]):
        return f"{row['first_day']} to {row['last_day']}"
    first, last = row["first_time"] or "00:00", row["last_time"] or "24:00"
    return f"{row['first_day']} {first} to {row['last_day']} {last}"


def _is_building(context: ActionContext, place: str) -> bool:
    return place in set(context.district.registry.frames["buildings"]["building"])


def _refuse_odd(context: ActionContext, account: str, given: InquireInput) -> None:
    first, last = given.first, given.last
    if account not in set(context.district.registry.frames["accounts"]["account"]):
        raise SettingsError(
            f"the registry has no account {account!r}",
            where="--account",
            remedy="An inquiry needs an account that is in the registry.",
        )
    if not 0 <= (last - first).days < MAX_DAYS:
        raise SettingsError(f"{first} to {last} is not 1 to {MAX_DAYS} days", where="--from, --to")
    begin, end = given.first_time or time(), given.last_time
    if first == last and end is not None and end <= begin:
        raise SettingsError(
            f"{end:%H:%M} is not after {begin:%H:%M}",
            where="--from-time, --to-time",
            remedy="Leave --to-time out for the end of the day.",
        )
    if context.is_own(account):
        raise RefusedError("you cannot release an answer about your own account", where="--account")


def _waiting(context: ActionContext, inquiry_id: str) -> InquiryRow:
    stored = inquiries(context.district.store, inquiry_id=inquiry_id)
    if not stored or stored[0]["released_time"] is not None:
        raise SettingsError(
            f"no inquiry {inquiry_id} waits for its answer",
            remedy="List them with: schoolbell inquiry list",
        )
    return stored[0]


def _zip(context: ActionContext, row: InquiryRow, first: date, last: date) -> bytes:
    values = {"account": row["account"], "first": first, "last": last}
    with attach_warehouse(context.district.home.warehouse) as database:
        if not database.has("built.core.account_days"):
            raise SettingsError(
                "no log line is stored: each day was deleted or none was read",
                where=row["inquiry_id"],
                remedy="A backup may contain the days: schoolbell restore --help",
            )
        days = database.frame(attached_query("lookups/days_of_an_account"), values)
        use = database.frame(
            attached_query("lookups/sites_of_an_account"), values | {"withheld": WITHHELD}
        )
        page = absence_page(
            context.district,
            database,
            _question(context, row),
            lambda device: context.named("device", device, row["first_day"]),
            datetime.now(UTC),
        )
    gone = feasibility(context, first, last)["gone"]
    members: dict[str, str | bytes] = {
        "README.txt": README.format(
            **{**row, "office": OFFICES[row["office"]]}, hours=_hours(row), page=PAGE
        ),
        "days.csv": csv_bytes(days.columns, days.iter_rows(named=True)),
        "sites.csv": csv_bytes(use.columns, use.iter_rows(named=True)),
        "gaps.txt": "".join(f"{day}\n" for day in gone) or "none\n",
        PAGE: page,
        "inquiry.json": json.dumps(
            {name: row[name] for name in ("inquiry_id", "opened_by", "opened_time")}
        ),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), text)
    return out.getvalue()


def _question(context: ActionContext, row: InquiryRow) -> Question:
    start, end = hours_of(row, ZoneInfo(context.district.zone))
    place = row["place"] or ""
    return Question(
        inquiry_id=row["inquiry_id"],
        account=row["account"],
        start=start,
        end=end,
        office=OFFICES[row["office"]],
        authorized_by=row["authorized_by"],
        **{"building" if _is_building(context, place) else "device": place},
    )


def _act(context: ActionContext, action: str, row: Mapping[str, object], reason: str) -> Act:
    today = context.today.isoformat()
    return Act(
        actor=str(context.asker),
        action=action,
        subject=context.named("account", str(row["account"]), today),
        reason=reason,
        case=str(row["inquiry_id"]),
    )
