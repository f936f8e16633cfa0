"""Mail about requests that need a second person: to those who can approve, and back.

A mail contains the kind of request and a link, never a name, a reason or a code name.
"""

from collections.abc import Collection, Mapping

from pipelines.actions.context import ActionContext
from pipelines.actions.referrals import OFFICES
from pipelines.alerts.dispatch import send_to
from pipelines.alerts.message import hashed, request_message
from pipelines.alerts.outbox import channels_of
from pipelines.settings.roles import MATRIX
from pipelines.state.rows import RequestRow

WORDS: Mapping[str, str] = {
    "reveal": "Show the name behind a code name",
    "pack": "Evidence pack with names",
    "export": "Export with names",
    "inquiry": "Answer to an inquiry",
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
    key = f"q-{hashed(['ask', row['request_id']])}"
    subject = "Schoolbell: a request needs your approval"
    return send_to(context.district, request_message(key, subject, lines), approvers(context, row))


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
    key = f"q-{hashed([answer, row['request_id']])}"
    subject = f"Schoolbell: your request was {answer}"
    return send_to(context.district, request_message(key, subject, lines), askers(context, row))


def approvers(context: ActionContext, row: RequestRow) -> Collection[str]:
    """Return the allowed addresses of people, other than the asker, who can approve."""
    settings = context.district.settings
    logins = {login for role in MATRIX["approve"] for login in settings.desk.logins_of(role)}
    of_channels = {
        address
        for channel in channels_of(context.district).values()
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
    known = context.district.settings.alerts.recipients
    return {one for one in known if login and context.people.is_same(one, login)}


def _about(context: ActionContext, row: RequestRow) -> str:
    known = {case.case_id: case.label for case in context.cases}
    case_id = row["case_id"]
    where = f"case {known[case_id]}" if case_id in known else case_id
    return f"{request_words(row)}, {where}"


def _link(context: ActionContext, row: RequestRow) -> str:
    desk = context.district.settings.desk.address.rstrip("/")
    return f"{desk}/requests/{row['request_id']}" if desk else "the Requests page of the desk"
