"""Mail about requests that need a second person: to those who can approve, and back.

A mail contains the kind of request and a link, never a name, a reason or a code name.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from pipelines.actions.context import ActionContext
from pipelines.alerts.dispatch import send_to
from pipelines.alerts.message import hashed, request_message
from pipelines.alerts.outbox import channels_of
from pipelines.findings.people import login_of
from pipelines.reports.words import OFFICES, day
from pipelines.settings.roles import MATRIX
from pipelines.state.rows import GrantRow, ReferralRow, RequestRow

WORDS: Mapping[str, str] = {
    "reveal": "Show the name behind a code name",
    "pack": "Evidence pack with names",
    "export": "Export with names",
    "inquiry": "Answer to an inquiry",
    "threshold": "Change of a threshold",
}
"""Action -> the request in words."""


def request_words(row: RequestRow) -> str:
    """Return what a request is for, in words."""
    if row["action"] == "refer":
        return f"Referral to {OFFICES.get(row['subject'] or '', 'another office').lower()}"
    return WORDS.get(row["action"], str(row["action"]))


def ask_by_mail(context: ActionContext, row: RequestRow) -> bool:
    """Send mail to the people who can approve a request; return whether it was sent."""
    what, link = _about(context, row), _link(context, row)
    lines = [
        f"A request needs a second person: {what}.",
        "",
        f"Approve or refuse it within 24 hours: {link}",
    ]
    return _sent(
        context,
        ["ask", row["request_id"]],
        "a request needs your approval",
        lines,
        approvers(context, row),
    )


def answer_by_mail(context: ActionContext, row: RequestRow, answer: str) -> bool:
    """Send mail with the answer to the person who made a request; return whether it was sent.

    Args:
        answer: approved or refused.
    """
    what, link = _about(context, row), _link(context, row)
    follows = (
        f"Do it with one button, within 24 hours of your request: {link}"
        if answer == "approved"
        else f"See it: {link}"
    )
    lines = [f"Your request was {answer}: {what}.", "", follows]
    return _sent(
        context,
        [answer, row["request_id"]],
        f"your request was {answer}",
        lines,
        askers(context, row),
    )


def grant_by_mail(context: ActionContext, row: GrantRow) -> bool:
    """Send mail to the person who may read a referral; return whether it was sent."""
    settings = context.district.settings
    to = {one for one in settings.alerts.recipients if is_login(context, one, row["login"])}
    last_day = day(date.fromisoformat(row["last_day"]))
    link = _address(context, f"/office/{row['referral_id']}")
    lines = [
        "A case was referred to your office. You can read, answer and download it.",
        "",
        f"Open it until {last_day}: {link}",
    ]
    return _sent(context, ["grant", row["grant_id"]], "a referral to your office", lines, to)


def office_answer_by_mail(context: ActionContext, row: ReferralRow) -> bool:
    """Send mail to the person who referred a case: the office answered."""
    login = login_of(row["referred_by"])
    recipients = context.district.settings.alerts.recipients
    to = {one for one in recipients if context.people.is_same(one, login)}
    case = context.case(row["case_id"])
    lines = [
        f"{OFFICES[row['office']]} answered the referral of case {case.label}.",
        "",
        f"See it: {_address(context, '/referrals')}",
    ]
    return _sent(
        context, ["answer", row["referral_id"]], "an office answered a referral", lines, to
    )


def _sent(
    context: ActionContext,
    about: list[str],
    subject: str,
    lines: Sequence[str],
    to: Collection[str],
) -> bool:
    """Send a mail once to some of the recipients; return whether it was sent.

    Args:
        about: Words for its key; a mail with the same ones is not sent again.
    """
    district, key = context.district, f"q-{hashed(about)}"
    message = request_message(key, f"Schoolbell: {subject}", lines)
    return send_to(district.store, district.home, district.settings, message, to)


def is_login(context: ActionContext, address: str, login: str) -> bool:
    """Return whether an address is exactly a login, as the desk compares them."""
    without_domain = context.district.settings.desk.without_domain
    return without_domain(address) == without_domain(login)


def approvers(context: ActionContext, row: RequestRow) -> Collection[str]:
    """Return the allowed addresses of people, other than the asker, who can approve."""
    settings = context.district.settings
    logins = {login for role in MATRIX["approve"] for login in settings.desk.logins_of(role)}
    of_channels = {
        address
        for channel in channels_of(context.district.settings).values()
        if set(channel.audience) == {"superintendent"}
        for address in channel.settings.get("recipients", ())
    }
    is_same = context.people.is_same
    return {
        address
        for address in settings.alerts.recipients
        if address in of_channels or any(is_same(address, login) for login in logins)
    } - set(askers(context, row))


def askers(context: ActionContext, row: RequestRow) -> Collection[str]:
    """Return the allowed addresses of the person who made a request."""
    login = row["asked_login"]
    recipients = context.district.settings.alerts.recipients
    return {one for one in recipients if login and context.people.is_same(one, login)}


def _about(context: ActionContext, row: RequestRow) -> str:
    labels = {case.case_id: case.label for case in context.cases}
    case_id = row["case_id"]
    where = f"case {labels[case_id]}" if case_id in labels else case_id
    return f"{request_words(row)}, {where}"


def _link(context: ActionContext, row: RequestRow) -> str:
    return _address(context, f"/requests/{row['request_id']}")


def _address(context: ActionContext, path: str) -> str:
    desk = context.district.settings.desk.address
    return f"{desk}{path}" if desk else f"at the desk, {path}"
