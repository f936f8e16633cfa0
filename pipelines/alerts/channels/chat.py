"""Alert channel: Teams, Slack, Google Chat, ntfy and others, by the library Apprise.

It rings phones, so what accounts did never goes through it. Mail has a channel of
its own that keeps to the list of allowed recipients; mail urls are refused here.
Services give no key that makes a repeat harmless: after a crash a message may be
seen twice.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from pipelines.alerts.channels import Channel, ChannelSettings
from pipelines.alerts.messages import Message
from pipelines.errors import DeliveryError, SettingsError

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
    """Where to post: one or more Apprise urls, with blanks between."""

    urls: str = Field(repr=False, min_length=1)


def deliver(message: Message, settings: ChatSettings, _allowed: Sequence[str]) -> None:
    """Post to every url; one that fails lets the message be tried again."""
    service = _service(settings.urls.split())
    if not service.notify(title=message.subject, body=message.text):
        raise DeliveryError("a chat service took no message", retryable=True)


def _service(urls: Sequence[str]) -> Any:
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
                f"chat url {number} sends mail; use a channel of type smtp",
                retryable=False,
            )
        if not service.add(url):
            raise DeliveryError(
                f"chat url {number} is none that Apprise knows", retryable=False
            )
    return service


CHANNEL = Channel(
    name="chat", settings=ChatSettings, deliver=deliver, rings_phones=True
)
