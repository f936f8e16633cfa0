"""Alert channel: e-mail through the district's own mail server.

Recipients outside the allow-list are refused before anything is sent. The
Message-ID comes from the message's key, so that a mail sent again after a crash
replaces the first in most readers. A crash after the server took the mail and
before that was noted repeats it; nothing else does.
"""

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate

from pydantic import Field

from pipelines.alerts.channels import Channel, ChannelSettings
from pipelines.alerts.messages import Message
from pipelines.errors import DeliveryError

PERMANENT = 500


class SmtpSettings(ChannelSettings):
    """The mail server, who sends, and to whom."""

    host: str
    port: int = Field(default=25, ge=1, le=65_535)
    sender: str
    recipients: tuple[str, ...] = Field(min_length=1)
    tls: bool = False
    user: str | None = None
    password: str | None = Field(default=None, repr=False)
    timeout_seconds: float = Field(default=30, gt=0, le=300)


def deliver(message: Message, settings: SmtpSettings, allowed: Sequence[str]) -> None:
    """Send one mail to all recipients."""
    strangers = [one for one in settings.recipients if one not in allowed]
    if strangers:
        raise DeliveryError(
            "these recipients are not in [alerts] recipients: " + ", ".join(strangers),
            retryable=False,
        )
    try:
        made = mail(message, settings)
    except ValueError as error:
        raise DeliveryError(
            "the mail can not be written: a header holds a line end", retryable=False
        ) from error
    try:
        _send(made, settings)
    except smtplib.SMTPResponseException as error:
        raise DeliveryError(
            f"the mail server answered {error.smtp_code}",
            retryable=error.smtp_code < PERMANENT,
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        raise DeliveryError(
            "the mail server refused every recipient", retryable=False
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(
            f"the mail server can not be reached: {error}", retryable=True
        ) from error


def mail(message: Message, settings: SmtpSettings) -> EmailMessage:
    """The message as a mail."""
    made = EmailMessage()
    made["Subject"] = message.subject
    made["From"] = settings.sender
    made["To"] = ", ".join(settings.recipients)
    made["Date"] = formatdate()
    domain = settings.sender.rpartition("@")[2]
    made["Message-ID"] = f"<{message.key}@{domain}>"
    what = "reports" if message.class_name == "report" else "alerts"
    made["List-ID"] = f"Schoolbell {what} <{what}.{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(message.text)
    if message.html:
        made.add_alternative(message.html, subtype="html")
    return made


def _send(made: EmailMessage, settings: SmtpSettings) -> None:
    with smtplib.SMTP(
        settings.host, settings.port, timeout=settings.timeout_seconds
    ) as server:
        if settings.tls:
            server.starttls(context=ssl.create_default_context())
        if settings.user is not None:
            server.login(settings.user, settings.password or "")
        server.send_message(made)


CHANNEL = Channel(name="smtp", settings=SmtpSettings, deliver=deliver)
