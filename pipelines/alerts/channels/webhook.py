"""Alert channel: POST the message as signed JSON to a url.

The receiver computes HMAC-SHA256 over the timestamp header, a dot and the body with
the shared secret, compares it with the signature header, and refuses old
timestamps. A repeat after a crash has the same Idempotency-Key and the same
body, and `X-Schoolbell-May-Repeat: yes`. Answers of 408, 425, 429 or 5xx are
retried; any other that is not 2xx is a mistake in the settings. Redirects are
not followed, because they would send the message elsewhere.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field, HttpUrl
from pydantic_core import PydanticCustomError

from pipelines.alerts.channels import Channel, ChannelSettings
from pipelines.alerts.message import Message
from pipelines.errors import DeliveryError
from pipelines.web import METADATA_NAMES, NearAddressError, asked, is_near

ASK_AGAIN = {408, 425, 429}
SERVER_ERROR = 500
UNSURE = {408, 500, 502, 504}
"""Answers of servers or proxies that may have accepted the message."""


def _of_a_receiver(url: HttpUrl) -> HttpUrl:
    """Refuse addresses near the machine, where clouds hand out their keys."""
    host = (url.host or "").lower().rstrip(".")
    if is_near(host) or host in METADATA_NAMES:
        raise PydanticCustomError(
            "link_local",
            "your own server; this address is link-local, or a cloud's metadata service",
        )
    return url


class WebhookSettings(ChannelSettings):
    """The URL to post to, and the signing secret."""

    url: Annotated[HttpUrl, AfterValidator(_of_a_receiver)] = Field(
        examples=["https://hooks.school.example/schoolbell"]
    )
    secret: str = Field(repr=False, min_length=16)
    timeout_seconds: float = Field(default=10, gt=0, le=300)


def deliver(message: Message, settings: WebhookSettings, _allowed: Sequence[str]) -> None:
    """Post once; the caller decides whether to try again."""
    import requests  # a fifth of a second to import

    body = json.dumps(message.fields, ensure_ascii=True).encode()
    stamp = str(int(datetime.now(UTC).timestamp()))
    try:
        answer = asked(
            "POST",
            str(settings.url),
            seconds=settings.timeout_seconds,
            data=body,
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": message.key,
                "X-Schoolbell-Timestamp": stamp,
                "X-Schoolbell-Signature": signature(settings.secret, stamp, body),
                **({"X-Schoolbell-May-Repeat": "yes"} if message.may_repeat else {}),
            },
            allow_redirects=False,
        )
    except NearAddressError as error:
        raise DeliveryError(f"{error.where}: {error.what}", retryable=False) from error
    except (requests.RequestException, TimeoutError) as error:
        raise DeliveryError(
            f"the webhook cannot be reached: {type(error).__name__}",
            retryable=True,
            may_have_arrived=not _was_never_there(error),
        ) from error
    code = answer.status
    if not 200 <= code < 300:
        raise DeliveryError(
            f"the webhook answered {code}",
            retryable=code in ASK_AGAIN or code >= SERVER_ERROR,
            may_have_arrived=code in UNSURE,
        )


def _was_never_there(error: Exception) -> bool:
    """Return whether no connection was made, so that nothing was delivered."""
    import requests
    from urllib3.exceptions import NewConnectionError

    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(cause, NewConnectionError)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """`sha256=` and the hexadecimal HMAC over timestamp, dot and body."""
    signed = stamp.encode("ascii") + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


CHANNEL = Channel(name="webhook", settings=WebhookSettings, deliver=deliver)
