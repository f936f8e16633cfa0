"""Mail about requests that need a second person, sent in the background."""

import logging
from collections.abc import Callable

from pipelines.actions.context import ActionContext
from pipelines.actions.request_mail import answer_by_mail, ask_by_mail
from pipelines.desk.visits import Visit
from pipelines.errors import SchoolbellError
from pipelines.settings.roles import MATRIX
from pipelines.state.reviews import requests

LOG = logging.getLogger("schoolbell.desk")
ANSWERS = {"approve": "approved", "refuse": "refused"}
"""Forms that answer a request, with the word for its mail."""


def sent_to(visit: Visit) -> str:
    """Return who can approve a request of this user, by role."""
    settings = visit.desk.home.district.settings
    others = [
        f"another {role}" if role in visit.asker.roles else f"the {role}"
        for role in MATRIX["approve"]
        if getattr(settings.roles, role)
        or settings.desk.logins_of(role)
        or getattr(settings.desk.groups, role)
    ]
    return " or ".join(others) or "a second person"


def mail_request(visit: Visit, request_id: str, answer: str) -> None:
    """Send mail about a request, in the background.

    Args:
        answer: approved or refused; empty for a new request.
    """
    rows = requests(visit.desk.home.district.store, request_id=request_id)
    if rows and answer:
        send_later(visit, lambda context: answer_by_mail(context, rows[0], answer))
    elif rows:
        send_later(visit, lambda context: ask_by_mail(context, rows[0]))


def send_later(visit: Visit, mail: Callable[[ActionContext], object]) -> None:
    """Send mail in the background."""
    context = visit.context()

    def send() -> None:
        try:
            mail(context)
        except SchoolbellError as error:
            LOG.warning("no mail: %s", error.what)

    visit.desk.mails.submit(send)
