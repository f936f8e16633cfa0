"""Access of another office to one referral, by a dated grant to one login.

The role `office` opens nothing by itself. A grant names a referral, a login and a last
day; the office can then read, answer and download that referral, and nothing else.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pipelines.actions.action import Action, Parameter, Result, Values, day_of
from pipelines.actions.context import ActionContext
from pipelines.actions.referrals import (
    OFFICES,
    OUTCOME,
    REFERRAL,
    STATEMENT,
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
from pipelines.reports.words import day
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


def grant(context: ActionContext, referral_id: str, login: str, last_day: date) -> GrantRow:
    """Let a person of the office read a referral until a day; return the grant.

    Raises:
        SettingsError: The referral is not with an office, or the login or the day is not
            allowed.
        RefusedError: The login is the user's own, or the case is about its account.
    """
    context.require("refer")
    row = open_referral(context, referral_id)
    name = _login(context, login)
    if not context.today <= last_day <= context.today + timedelta(days=MAX_DAYS):
        raise SettingsError(
            f"{last_day} is not a day within the next {MAX_DAYS} days",
            where="--until",
            remedy="Choose an earlier last day. You can grant it again later.",
        )
    _refuse_involved(context, context.case(row["case_id"]), name)
    made = {
        "grant_id": f"a-{secrets.token_hex(4)}",
        "referral_id": referral_id,
        "login": name,
        "first_day": context.today.isoformat(),
        "last_day": last_day.isoformat(),
        "granted_by": str(context.asker),
    }
    act = referral_act(context, "referral access granted", row, f"{name} until {last_day}")
    with context.chain.recording(act) as transaction:
        add_grant(transaction, made)
    return grants(context.district.store, grant_id=made["grant_id"])[0]


def _login(context: ActionContext, login: str) -> str:
    """Return the login as the desk compares it.

    Raises:
        SettingsError: The settings do not give it the role `office`.
    """
    settings, typed = context.district.settings, login.strip()
    known = {settings.desk.without_domain(one) for one in settings.desk.logins_of("office")}
    has_groups = bool(settings.desk.groups.office or settings.roles.office)
    name = settings.desk.without_domain(typed)
    if not LOGIN.fullmatch(typed) or not (has_groups or name in known):
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


def end_access(context: ActionContext, grant_id: str) -> GrantRow:
    """End a grant before its last day; return it."""
    context.require("refer")
    found = grants(context.district.store, grant_id=grant_id)
    if not found or not is_in_force(found[0], context.today):
        raise SettingsError(
            f"no grant {grant_id} is in force", remedy="List them with: schoolbell referrals list"
        )
    made = found[0]
    (row,) = referrals(context.district.store, referral_id=made["referral_id"])
    act = referral_act(context, "referral access ended", row, made["login"])
    with context.chain.recording(act) as transaction:
        end_grant(transaction, grant_id, str(context.asker))
    return made


def is_in_force(row: GrantRow, today: date) -> bool:
    """Return whether a grant opens its referral on a day."""
    return not row["ended_time"] and row["first_day"] <= today.isoformat() <= row["last_day"]


def granted_referrals(context: ActionContext) -> list[OpenedReferral]:
    """Return the referrals that the user may read today, the oldest first."""
    context.require("referral")
    login = context.district.settings.desk.without_domain(context.asker.user_name)
    last_days: dict[str, str] = {}
    for held in grants(context.district.store, login=login):
        if is_in_force(held, context.today):
            ident = held["referral_id"]
            last_days[ident] = max(held["last_day"], last_days.get(ident, ""))
    found = []
    for row in referrals(context.district.store):
        last_day = last_days.get(row["referral_id"])
        case = context.find_case(row["case_id"]) if last_day else None
        if last_day and case and not _is_about(context, case, context.asker.user_name):
            found.append(OpenedReferral(row, case, date.fromisoformat(last_day)))
    return found


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
    found = opened(context, referral_id)
    page = letter(context, found.case, found.office, has_names=True)
    with context.chain.recording(referral_act(context, "referral read", found.referral, "")):
        pass
    return page


def download(context: ActionContext, referral_id: str) -> Mapping[str, str]:
    """Build the bundle with names as of now, and record its hash."""
    found = opened(context, referral_id)
    data = referral_pack(context, found.case, found.referral["office"])
    seal = hashlib.sha256(data).hexdigest()
    with context.chain.recording(
        referral_act(context, "referral downloaded", found.referral, seal)
    ):
        context.put(data)
    return {"case_id": found.case.case_id, "sha256": seal}


def confirm_receipt(context: ActionContext, referral_id: str) -> ReferralRow:
    """Record that the office received the case, by the office itself."""
    opened(context, referral_id)
    return record_receipt(context, referral_id)


def answer_referral(context: ActionContext, referral_id: str, code: str) -> ReferralRow:
    """Record the outcome by the office itself; only its code is kept."""
    opened(context, referral_id)
    return record_return(context, referral_id, code)


def office_statement(
    context: ActionContext, referral_id: str, text: str, summary: str
) -> Mapping[str, object]:
    """Save the person's statement, as the office received it."""
    found = opened(context, referral_id)
    open_referral(context, referral_id)
    return save_statement(context, found.case.case_id, text, summary)


def _grant(context: ActionContext, values: Values) -> Result:
    last_day = day_of(values["until"], "until")
    made = grant(context, values["referral"], values["login"], last_day)
    return Result(
        f"{made['login']} can read the referral until {day(last_day)}.",
        dict(made),
        (f"{made['grant_id']}: {made['login']} can read it until {made['last_day']}.",),
        mail=lambda now: grant_by_mail(now, made),
    )


def _end_grant(context: ActionContext, values: Values) -> Result:
    made = end_access(context, values["grant"])
    facts = {"grant_id": values["grant"], "login": made["login"]}
    return Result(f"Access of {made['login']} ended.", facts)


def _page(values: Values) -> str:
    return f"/office/{values['referral']}"


def _receipt(context: ActionContext, values: Values) -> Result:
    confirm_receipt(context, values["referral"])
    return Result("Receipt is confirmed.", back=_page(values))


def _office_answer(context: ActionContext, values: Values) -> Result:
    row = answer_referral(context, values["referral"], values["code"])
    return Result(
        f"Answered: {word(values['code'])}.",
        back=_page(values),
        mail=lambda now: office_answer_by_mail(now, row),
    )


def _office_statement(context: ActionContext, values: Values) -> Result:
    office_statement(context, values["referral"], values["text"], values["summary"])
    return Result("The statement is saved with the case.", back=_page(values))


def _office_bundle(context: ActionContext, values: Values) -> Result:
    made = download(context, values["referral"])
    return Result("Downloaded.", file=f"referral-{made['case_id']}.zip")


GRANT = Action(
    name="grant",
    command="referrals grant",
    right="refer",
    title="Give a person of the office access",
    button="Give access",
    act=_grant,
    about="",
    parameters=(
        REFERRAL,
        Parameter(
            "login",
            "Their login",
            hint="It has the role office in district.toml.",
            option="--login",
            help="Login with the role office.",
        ),
        Parameter(
            "until", "Last day", "date", option="--until", help="Last day, such as 2026-12-18."
        ),
    ),
    back="/referrals",
    hint="They can read the letter with names, answer, and download the bundle. "
    "They see nothing else, and get an email with a link.",
    summary="Let a person of the office read, answer and download a referral at the desk.",
)
END_GRANT = Action(
    name="end-grant",
    command="referrals end-access",
    right="refer",
    title="End access",
    button="End access",
    act=_end_grant,
    about="",
    parameters=(
        Parameter(
            "grant", kind="hidden", option="grant_id", help="ID that `referrals list` shows."
        ),
    ),
    back="/referrals",
    summary="End the access of a person of the office before its last day.",
)
RECEIPT = Action(
    name="receipt",
    command="referrals acknowledge",
    right="referral",
    title="Confirm receipt",
    button="Confirm receipt",
    act=_receipt,
    about="",
    parameters=(REFERRAL,),
    back="/office",
)
OFFICE_ANSWER = Action(
    name="office-answer",
    command="referrals return",
    right="referral",
    title="Answer",
    button="Send the answer",
    act=_office_answer,
    about="",
    parameters=(REFERRAL, replace(OUTCOME, kind="radio")),
    back="/office",
    hint="Only the outcome is kept. Keep your own records in your office.",
)
OFFICE_STATEMENT = Action(
    name="office-statement",
    command="answer",
    right="referral",
    title="Statement of the person",
    button="Save the statement",
    act=_office_statement,
    about="",
    parameters=(REFERRAL, *STATEMENT),
    back="/office",
)
OFFICE_BUNDLE = Action(
    name="office-bundle",
    command="",
    right="referral",
    title="Bundle",
    button="Download the bundle",
    act=_office_bundle,
    about="",
    parameters=(REFERRAL,),
    back="/office",
    hint="A zip file with names: the letter, the log lines and a verifier. Its hash is recorded.",
)
ACTIONS = (GRANT, END_GRANT, RECEIPT, OFFICE_ANSWER, OFFICE_STATEMENT, OFFICE_BUNDLE)
