"""Access of another office to one referral, by a dated grant to one login.

The role `office` opens nothing by itself. A grant names a referral, a login and a last
day; the office can then read, answer and download that referral, and nothing else.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

import typer

from pipelines.actions.action import HIDDEN, Form, Input, Result, action
from pipelines.actions.context import ActionContext
from pipelines.actions.referrals import (
    ReferralInput,
    Statement,
    Summary,
    letter,
    open_referral,
    record_receipt,
    record_return,
    referral_act,
    referral_pack,
    save_statement,
)
from pipelines.actions.request_mail import grant_by_mail, office_answer_by_mail
from pipelines.actions.verdicts import word
from pipelines.errors import SettingsError
from pipelines.findings.cases import Case
from pipelines.findings.review import VERDICT_WORDS
from pipelines.reports.words import OFFICES, day
from pipelines.settings.roles import RefusedError
from pipelines.state.reviews import add_grant, end_grant, grants, referrals
from pipelines.state.rows import GrantRow, ReferralRow

MAX_DAYS = 90
"""Longest grant."""
USUAL_DAYS = 30
LOGIN = re.compile(r"[^\s\"<>()]{1,100}")


@dataclass(frozen=True)
class OpenedReferral:
    """A referral that the user may read.

    Attributes:
        last_day: Last day of the longest grant in force.
    """

    referral: ReferralRow
    case: Case
    last_day: date

    @property
    def office(self) -> str:
        """The office, as letters name it."""
        return OFFICES[self.referral["office"]]


class GrantInput(ReferralInput):
    """A person of an office, who may read a referral until a day."""

    login: Annotated[
        str,
        Form("Their login", hint="It has the role office in district.toml."),
        typer.Option("--login", help="Login with the role office."),
    ]
    until: Annotated[
        date,
        Form("Last day", "date"),
        typer.Option("--until", help="Last day, such as 2026-12-18."),
    ]


@action(
    command="referrals grant",
    right="refer",
    title="Give a person of the office access",
    button="Give access",
    back="/referrals",
    hint="They can read the letter with names, answer, and download the bundle. "
    "They see nothing else, and get an email with a link.",
)
def grant(context: ActionContext, given: GrantInput) -> Result:
    """Let a person of the office read, answer and download a referral at the desk."""
    row = open_referral(context, given.referral)
    login = _login(context, given.login)
    if not context.today <= given.until <= context.today + timedelta(days=MAX_DAYS):
        raise SettingsError(
            f"{given.until} is not a day within the next {MAX_DAYS} days",
            where="--until",
            remedy="Choose an earlier last day. You can grant it again later.",
        )
    _refuse_involved(context, context.case(row["case_id"]), login)
    grant_id, last_day = f"a-{secrets.token_hex(4)}", given.until.isoformat()
    act = referral_act(context, "referral access granted", row, f"{login} until {last_day}")
    with context.chain.recording(act) as transaction:
        add_grant(
            transaction,
            {
                "grant_id": grant_id,
                "referral_id": given.referral,
                "login": login,
                "first_day": context.today.isoformat(),
                "last_day": last_day,
                "granted_by": str(context.asker),
            },
        )
    stored = grants(context.district.store, grant_id=grant_id)[0]
    return Result(
        f"{login} can read the referral until {day(given.until)}.",
        dict(stored),
        (f"{grant_id}: {login} can read it until {last_day}.",),
        mail=lambda now: grant_by_mail(now, stored),
    )


def _login(context: ActionContext, login: str) -> str:
    """Return the login as the desk compares it.

    Raises:
        SettingsError: The settings do not give it the role `office`.
    """
    settings, typed = context.district.settings, login.strip()
    logins = {settings.desk.without_domain(one) for one in settings.desk.logins_of("office")}
    has_groups = bool(settings.desk.groups.office or settings.roles.office)
    name = settings.desk.without_domain(typed)
    if not LOGIN.fullmatch(typed) or not (has_groups or name in logins):
        raise SettingsError(
            f"{typed!r} is not a login of an office",
            where="--login",
            remedy="List it under [desk.logins] office in district.toml first.",
        )
    return name


def _refuse_involved(context: ActionContext, case: Case, login: str) -> None:
    """Raise an error if the case is about the login's own account, or the login is the user's."""
    if context.is_own(login):
        raise RefusedError(
            "you can't give yourself access to a referral", remedy="Ask another person to do it."
        )
    if _is_about(context, case, login):
        raise RefusedError(
            f"the case may be about the account of {login}",
            remedy="Choose another person of the office.",
        )


def _is_about(context: ActionContext, case: Case, login: str) -> bool:
    is_same = context.people.is_same
    return any(is_same(str(row["subject"]), login) for row in case.findings)


class EndGrantInput(Input):
    """A grant that ends."""

    grant: Annotated[
        str, HIDDEN, typer.Argument(metavar="grant_id", help="ID that `referrals list` shows.")
    ]


@action(
    name="end-grant",
    command="referrals end-access",
    right="refer",
    button="End access",
    back="/referrals",
)
def end_access(context: ActionContext, given: EndGrantInput) -> Result:
    """End the access of a person of the office before its last day."""
    stored = grants(context.district.store, grant_id=given.grant)
    if not stored or not is_in_force(stored[0], context.today):
        raise SettingsError(
            f"no grant {given.grant} is in force",
            remedy="List them with: schoolbell referrals list",
        )
    login = stored[0]["login"]
    (row,) = referrals(context.district.store, referral_id=stored[0]["referral_id"])
    with context.chain.recording(
        referral_act(context, "referral access ended", row, login)
    ) as transaction:
        end_grant(transaction, given.grant, str(context.asker))
    return Result(f"Access of {login} ended.", {"grant_id": given.grant, "login": login})


def is_in_force(row: GrantRow, today: date) -> bool:
    """Return whether a grant opens its referral on a day."""
    return not row["ended_time"] and row["first_day"] <= today.isoformat() <= row["last_day"]


def granted_referrals(context: ActionContext) -> list[OpenedReferral]:
    """Return the referrals that the user may read today, the oldest first."""
    context.require("referral")
    login = context.district.settings.desk.without_domain(context.asker.user_name)
    last_days: dict[str, str] = {}
    for row_of_grant in grants(context.district.store, login=login):
        if is_in_force(row_of_grant, context.today):
            ident = row_of_grant["referral_id"]
            last_days[ident] = max(row_of_grant["last_day"], last_days.get(ident, ""))
    readable = []
    for row in referrals(context.district.store):
        last_day = last_days.get(row["referral_id"])
        case = context.find_case(row["case_id"]) if last_day else None
        if last_day and case and not _is_about(context, case, context.asker.user_name):
            readable.append(OpenedReferral(row, case, date.fromisoformat(last_day)))
    return readable


def opened(context: ActionContext, referral_id: str) -> OpenedReferral:
    """Return a referral that the user may read today; record a refused attempt.

    Raises:
        RefusedError: No grant to the user opens it. A referral that does not exist gives
            the same error.
    """
    found = granted_referrals(context)
    for one in found:
        if one.referral["referral_id"] == referral_id:
            return one
    for row in referrals(context.district.store, referral_id=referral_id):
        with context.chain.recording(referral_act(context, "referral access refused", row, "")):
            pass
    raise RefusedError(
        "this referral is not open to you",
        where=f"referral {referral_id[:40]}",
        remedy="Access may have ended. Ask the technology director to grant it again.",
    )


def read_letter(context: ActionContext, referral_id: str) -> str:
    """Return the letter with names; record that the office read it."""
    referral = opened(context, referral_id)
    page = letter(context, referral.case, referral.office, has_names=True)
    with context.chain.recording(referral_act(context, "referral read", referral.referral, "")):
        pass
    return page


def _page(given: ReferralInput) -> str:
    return f"/office/{given.referral}"


@action(
    name="office-bundle",
    right="referral",
    title="Bundle",
    button="Download the bundle",
    back="/office",
    hint="A zip file with names: the letter, the log lines and a verifier. Its hash is recorded.",
)
def download(context: ActionContext, given: ReferralInput) -> Result:
    """Build the bundle with names as of now, and record its hash."""
    referral = opened(context, given.referral)
    data = referral_pack(context, referral.case, referral.referral["office"])
    seal = hashlib.sha256(data).hexdigest()
    act = referral_act(context, "referral downloaded", referral.referral, seal)
    with context.chain.recording(act):
        context.put(data)
    return Result("Downloaded.", file=f"referral-{referral.case.case_id}.zip")


@action(
    name="receipt",
    of_command="referrals acknowledge",
    right="referral",
    button="Confirm receipt",
    back="/office",
)
def confirm_receipt(context: ActionContext, given: ReferralInput) -> Result:
    """Record that the office received the case, by the office itself."""
    opened(context, given.referral)
    record_receipt(context, given.referral)
    return Result("Receipt is confirmed.", back=_page(given))


class OutcomeInput(ReferralInput):
    """The outcome of a referral, by the office."""

    code: Annotated[str, Form("Outcome", "radio", VERDICT_WORDS)]


@action(
    name="office-answer",
    of_command="referrals return",
    right="referral",
    title="Answer",
    button="Send the answer",
    back="/office",
    hint="Only the outcome is kept. Keep your own records in your office.",
)
def answer_referral(context: ActionContext, given: OutcomeInput) -> Result:
    """Record the outcome by the office itself; only its code is kept."""
    opened(context, given.referral)
    row = record_return(context, given.referral, given.code)
    return Result(
        f"Answered: {word(given.code)}.",
        back=_page(given),
        mail=lambda now: office_answer_by_mail(now, row),
    )


class OfficeStatementInput(ReferralInput):
    """The person's statement, as the office received it."""

    text: Statement
    summary: Summary


@action(
    name="office-statement",
    of_command="answer",
    right="referral",
    title="Statement of the person",
    button="Save the statement",
    back="/office",
)
def office_statement(context: ActionContext, given: OfficeStatementInput) -> Result:
    """Save the person's statement, as the office received it."""
    referral = opened(context, given.referral)
    open_referral(context, given.referral)
    save_statement(context, referral.case.case_id, given.text, given.summary)
    return Result("The statement is saved with the case.", back=_page(given))
