"""Alert channel: e-mail through the district's mail server.

Recipients outside the allow-list are refused before anything is sent. The
Message-ID is derived from the message's key, so that a mail resent after a crash
replaces the first in most readers; its subject states that it may be a repeat. A
mail is repeated only if the program crashed between the server's acceptance and
the record of it, or if the server accepted it and did not answer.
"""

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate

from pydantic import Field, ValidationInfo, field_validator

from pipelines.alerts.channels import Channel, ChannelSettings
from pipelines.alerts.message import Message
from pipelines.alerts.printed import printed
from pipelines.errors import DeliveryError
from pipelines.settings.plugin_settings import wrong_setting

PERMANENT = 500
TLS_FROM_THE_START = 465
Refused = dict[str, tuple[int, bytes]]
"""Recipients, with the answer of the server."""


class SmtpSettings(ChannelSettings):
    """The mail server, who sends, and to whom."""

    host: str = Field(examples=["mail.school.example"])
    port: int = Field(default=25, ge=1, le=65_535)
    sender: str = Field(examples=["schoolbell@school.example"])
    recipients: tuple[str, ...] = Field(
        min_length=1, examples=[["technology.director@school.example"]]
    )
    tls: bool = True
    pdf: bool = False
    user: str | None = None
    password: str | None = Field(default=None, repr=False)
    timeout_seconds: float = Field(default=30, gt=0, le=300)

    @field_validator("user", "password")
    @classmethod
    def _only_with_tls(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("tls") is False:
            raise wrong_setting(
                "would be sent over the network unencrypted",
                "tls = true, because without TLS anyone on the network path can read the "
                "password; or no user and password, if the server requires none",
                "tls = true",
            )
        return value


def deliver(message: Message, settings: SmtpSettings, allowed: Sequence[str]) -> None:
    """Send one mail to all recipients."""
    strangers = [recipient for recipient in settings.recipients if recipient not in allowed]
    if strangers:
        raise DeliveryError(
            "these recipients are not in [alerts] recipients: " + ", ".join(strangers),
            retryable=False,
        )
    try:
        made = mail(message, settings)
    except ValueError as error:
        raise DeliveryError(
            "the mail cannot be written: a header contains a line break", retryable=False
        ) from error
    try:
        _send(made, settings)
    except smtplib.SMTPResponseException as error:
        raise DeliveryError(
            f"the mail server answered {error.smtp_code}", retryable=error.smtp_code < PERMANENT
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        raise DeliveryError(
            "the mail server refused every recipient", retryable=_may_pass(error.recipients)
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise DeliveryError(
            f"the mail server does not support the settings: {error}; tls = false is for your own "
            "server without STARTTLS",
            retryable=False,
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(
            f"the mail server cannot be reached: {error}", retryable=True
        ) from error


def _may_pass(refused: Refused) -> bool:
    """Return whether a refusal is temporary, such as greylisting."""
    return any(code < PERMANENT for code, _ in refused.values())


def mail(message: Message, settings: SmtpSettings) -> EmailMessage:
    """Build the mail of a message."""
    message = message.on_its_face
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
    is_printed = settings.pdf and message.class_name == "report" and bool(message.html)
    pdf, missing = printed(message.html) if is_printed else (b"", "")
    made.set_content(f"{message.text}{missing}\n" if missing else message.text)
    if message.html:
        made.add_alternative(message.html, subtype="html")
    if pdf:
        made.add_attachment(pdf, maintype="application", subtype="pdf", filename="report.pdf")
    return made


def _send(made: EmailMessage, settings: SmtpSettings) -> None:
    server = _connected(settings)
    try:
        if settings.tls and settings.port != TLS_FROM_THE_START:
            server.starttls(context=ssl.create_default_context())
        if settings.user is not None:
            server.login(settings.user, settings.password or "")
        refused = _hand_over(made, server)
        # the mail is taken: a server that cannot say good-bye changes nothing
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
    finally:
        server.close()
    if refused:
        raise DeliveryError(
            f"the mail server accepted the mail, but not for {', '.join(sorted(refused))}",
            retryable=_may_pass(refused),
            may_have_arrived=True,
        )


def _connected(settings: SmtpSettings) -> smtplib.SMTP:
    at = (settings.host, settings.port)
    if settings.tls and settings.port == TLS_FROM_THE_START:
        context = ssl.create_default_context()
        seconds = settings.timeout_seconds
        return smtplib.SMTP_SSL(*at, timeout=seconds, context=context)
    return smtplib.SMTP(*at, timeout=settings.timeout_seconds)


def _hand_over(made: EmailMessage, server: smtplib.SMTP) -> Refused:
    """Give the mail to the server; whom it refused."""
    try:
        return server.send_message(made)
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused):
        raise
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(
            f"the mail server did not confirm the mail: {error}",
            retryable=True,
            may_have_arrived=True,
        ) from error


CHANNEL = Channel(
    name="smtp",
    settings=SmtpSettings,
    deliver=deliver,
    sends_reports=True,
    recipients=lambda settings: settings.recipients,
)
