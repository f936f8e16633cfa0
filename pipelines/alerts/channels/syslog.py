"""Alert channel: one CEF line to a SIEM, in RFC 5424 syslog over UDP, TCP or TLS.

UDP may lose a datagram without notice: at most once on the wire. TCP and TLS
report an absent receiver. The line's externalId is the message's key, which lets
a SIEM recognize a repeat; a possible repeat is marked.
"""

import socket
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Literal

from pydantic import Field

from pipelines.alerts.channels import Channel, ChannelSettings
from pipelines.alerts.message import Message
from pipelines.errors import DeliveryError

CODES: Mapping[str, int] = {
    "informational": 6,
    "low": 5,
    "medium": 4,
    "high": 3,
    "critical": 2,
}
"""Severities of RFC 5424."""
CEF: Mapping[str, int] = {
    "informational": 1,
    "low": 3,
    "medium": 5,
    "high": 8,
    "critical": 10,
}


class SyslogSettings(ChannelSettings):
    """The receiver; `facility` is a number of RFC 5424, 13 being log audit."""

    host: str = Field(examples=["mail.school.example"])
    port: int = Field(default=514, ge=1, le=65_535)
    protocol: Literal["udp", "tcp", "tls"] = "udp"
    facility: int = Field(default=13, ge=0, le=23)
    timeout_seconds: float = Field(default=10, gt=0, le=300)


def deliver(message: Message, settings: SyslogSettings, _allowed: Sequence[str]) -> None:
    """Send one line."""
    line = syslog_line(message.on_its_face, settings.facility).encode("ascii")
    try:
        if settings.protocol == "udp":
            _send_datagram(line, settings)
        else:
            _send_framed(line, settings)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DeliveryError(
            f"the syslog receiver cannot be reached: {reason}", retryable=True
        ) from error


def _send_datagram(line: bytes, settings: SyslogSettings) -> None:
    places = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_DGRAM)
    family, kind, protocol, _, address = places[0]
    with socket.socket(family, kind, protocol) as sender:
        sender.sendto(line, address)


def _send_framed(line: bytes, settings: SyslogSettings) -> None:
    """Send with a length prefix (RFC 6587), so that line ends cannot cut the message."""
    framed = str(len(line)).encode("ascii") + b" " + line
    address = (settings.host, settings.port)
    with socket.create_connection(address, settings.timeout_seconds) as plain:
        if settings.protocol == "tcp":
            plain.sendall(framed)
            return
        context = ssl.create_default_context()
        with context.wrap_socket(plain, server_hostname=settings.host) as secure:
            secure.sendall(framed)


def syslog_line(message: Message, facility: int) -> str:
    """Return the message as one line of ASCII."""
    priority = facility * 8 + CODES[message.severity]
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    header = f"<{priority}>1 {now} - schoolbell - {message.class_name} - "
    names = ["CEF:0", "Schoolbell", "Schoolbell", version("schoolbell")]
    fields = [message.class_name, message.subject]
    escaped = [_ascii(field).replace("|", "\\|") for field in fields]
    extension = (
        f"externalId={_value(message.key)} cat={_value(message.class_name)} "
        f"msg={_value(message.text)}"
    )
    parts = [*names, *escaped, str(CEF[message.severity]), extension]
    return header + "|".join(parts)


def _ascii(text: str) -> str:
    """Escape backslashes and everything that is not plain ASCII."""
    return text.encode("unicode_escape").decode("ascii")


def _value(text: str) -> str:
    return _ascii(text).replace("=", "\\=")


CHANNEL = Channel(name="syslog", settings=SyslogSettings, deliver=deliver)
