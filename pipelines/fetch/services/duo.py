"""Duo: the authentication log of the Admin API.

Requests are signed with a secret that is never sent. Duo shows nothing of the newest two minutes.
"""

import base64
import hmac
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha512
from urllib.parse import urlsplit

from pydantic import Field

from pipelines.fetch.answers import token
from pipelines.fetch.calls import Caller
from pipelines.fetch.services import Authorize, Origin, Service, ServiceSettings, Stream

NOTHING = sha512(b"").hexdigest()


def _window(first: datetime, last: datetime) -> Mapping[str, str]:
    return {"mintime": str(_milliseconds(first)), "maxtime": str(_milliseconds(last))}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


AUTHENTICATION = Stream(
    name="authentication",
    path="/admin/v2/logs/authentication",
    window=_window,
    fixed={"sort": "ts:asc"},
    size=("limit", 1000),
    items="response/authlogs",
    event_id="txid",
    event_time="isotimestamp",
    next_page=token("next_offset", "response/metadata/next_offset"),
    total="response/metadata/total_objects",
    lag=timedelta(hours=1),
    settles=timedelta(minutes=3),
    offered=timedelta(days=180),
    scope="Grant read log",
    gives="second factors of sign-ins",
)


class DuoSettings(ServiceSettings):
    """The API hostname, the integration key and the secret key of an Admin API application."""

    url: Origin = Field(examples=["https://api-00000000.duosecurity.example"])
    integration_key: str = Field(pattern=r"^[A-Z0-9]{8,40}$", examples=["DIEXAMPLE00000000000"])
    secret_key: str = Field(repr=False, min_length=20)


def sign_in(settings: DuoSettings, _caller: Caller, _scopes: Collection[str]) -> Authorize:
    """Return what signs requests: a hash of date, method, host, path and parameters.

    It is the scheme of Duo's own client 5.7, whose last parts are hashes of a body and of headers
    `X-Duo-`, which a request for a log does not have.
    """

    def authorize(method: str, url: str) -> Mapping[str, str]:
        parts = urlsplit(url)
        date = format_datetime(datetime.now(UTC))
        # the parameters of every request are in the order and the encoding that is signed
        request = f"{method}\n{parts.netloc}\n{parts.path}\n{parts.query}"
        signed = f"{date}\n{request}\n{NOTHING}\n{NOTHING}"
        digest = hmac.new(settings.secret_key.encode(), signed.encode(), "sha512").hexdigest()
        words = f"{settings.integration_key}:{digest}".encode()
        return {"Date": date, "Authorization": f"Basic {base64.b64encode(words).decode()}"}

    return authorize


SERVICE = Service(
    name="duo", product="Duo", settings=DuoSettings, sign_in=sign_in, streams=[AUTHENTICATION]
)
