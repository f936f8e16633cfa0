"""Alert channel: Teams, Slack, Google Chat, ntfy and others, with the library Apprise.

It rings phones, so it never carries findings about what accounts did. Mail has a
separate channel with a list of allowed recipients; mail urls are refused here. Services
have no key that makes a repeat harmless: after a crash, a message may appear twice, and
then states that it may be a repeat.

Apprise reports for each service whether it accepted the message, and, in words, the HTTP
status of a refusal: 4xx is a mistake in the settings, except 408, 425 and 429. Failures
without a status are retried.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from pipelines.alerts.channels import Channel, ChannelSettings
from pipelines.alerts.message import Message
from pipelines.errors import DeliveryError, SettingsError

if TYPE_CHECKING:  # need not be installed
    from apprise import Apprise, AppriseResult, NotifyResult

BAD_REQUEST, SERVER_ERROR = 400, 500
ASK_AGAIN = {408, 425, 429}
STATUS = re.compile(r"\berror=([1-5]\d\d)\b")
MAIL = {
    "azure",
    "brevo",
    "mailgun",
    "mailto",
    "mailtos",
    "o365",
    "resend",
    "sendgrid",
    "sendpulse",
    "ses",
    "smtp2go",
    "sparkpost",
}


class ChatSettings(ChannelSettings):
    """Addresses to post to: one or more Apprise URLs, separated by blanks."""

    urls: str = Field(repr=False, min_length=1)


def deliver(message: Message, settings: ChatSettings, _allowed: Sequence[str]) -> None:
    """Post to every url; one that fails lets the message be tried again."""
    shown = message.on_its_face
    result = _service(settings.urls.split()).notify(title=shown.subject, body=shown.text)
    if not result:
        raise _failure(result)


def _failure(result: AppriseResult) -> DeliveryError:
    """Build the error without the urls, because they contain keys."""
    failed = [sent for sent in result if not sent]
    statuses = {one: _status(one) for one in failed}
    reasons = ", ".join(
        f"{one.name} answered {status}" if status else f"{one.name} did not answer"
        for one, status in statuses.items()
    )
    return DeliveryError(
        f"a chat service did not accept a message: {reasons}",
        retryable=not all(_is_refusal(status) for status in statuses.values()),
        may_have_arrived=len(failed) < len(result) or "TIMEOUT" in _outcomes(failed),
    )


def _outcomes(results: Iterable[NotifyResult]) -> set[str]:
    return {result.status.name for result in results}


def _is_refusal(status: int | None) -> bool:
    return status is not None and BAD_REQUEST <= status < SERVER_ERROR and status not in ASK_AGAIN


def _status(result: NotifyResult) -> int | None:
    """Return the HTTP status of a service's answer, which Apprise only logs."""
    lines = [str(one.message) for attempt in result.attempts for one in attempt]
    found = [int(one) for line in lines for one in STATUS.findall(line)]
    return found[-1] if found else None


def _service(urls: Sequence[str]) -> Apprise:
    try:
        from apprise import Apprise
    except ImportError as error:
        raise SettingsError(
            "chat needs the library Apprise",
            where="[alerts.channels] type = chat",
            remedy='Install it: pip install "schoolbell[chat]"',
        ) from error
    service = Apprise()
    for number, url in enumerate(urls, start=1):
        scheme = url.partition("://")[0].lower()
        if scheme in MAIL:
            raise DeliveryError(
                f"chat url {number} sends mail; use a channel of type smtp", retryable=False
            )
        if not service.add(url):
            raise DeliveryError(
                (f"chat url {number} is not one that Apprise supports"), retryable=False
            )
    return service


CHANNEL = Channel(name="chat", settings=ChatSettings, deliver=deliver, rings_phones=True)
