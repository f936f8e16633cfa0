"""A student information system with OneRoster: people, roles and organizations.

An application signs in with its own secret (OAuth 2, client credentials), with the right to read
the core of the roster. https://www.imsglobal.org/spec/oneroster/v1p2, and v1p1.
"""

import base64
import json
from collections.abc import Collection
from typing import Literal
from urllib.parse import urlencode, urlsplit

from pydantic import Field

from pipelines.fetch.answers import numbered
from pipelines.fetch.calls import Caller, RefusedError
from pipelines.fetch.services import (
    UNREADABLE,
    Authorize,
    Listing,
    Origin,
    Service,
    ServiceSettings,
    bearer,
)

ROOTS = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}
SCOPES = {
    version: f"https://purl.imsglobal.org/spec/or/v{version.replace('.', 'p')}/scope/"
    "roster-core.readonly"
    for version in ROOTS
}
PATH = r"^(/[A-Za-z0-9._~-]+)*$"


class OneRosterSettings(ServiceSettings):
    """The address of the interface, its version, and the application that may read it."""

    url: Origin = Field(examples=["https://sis.school.example"])
    version: Literal["1.1", "1.2"] = "1.1"
    root: str = Field("", pattern=PATH, examples=["/ims/oneroster/v1p1"])
    sign_in_url: str = Field(examples=["https://sis.school.example/oauth/token"])
    client_id: str = Field(min_length=1, max_length=200, pattern=r"^[!-9;-~]+$")
    client_secret: str = Field(repr=False, min_length=8)

    @property
    def origins(self) -> frozenset[str]:
        """Every address that may be asked."""
        parts = urlsplit(self.sign_in_url)
        return frozenset({self.url, f"{parts.scheme}://{parts.netloc.lower()}"})


def sign_in(settings: OneRosterSettings, caller: Caller, scopes: Collection[str]) -> Authorize:
    """Return what signs requests, with a token that the system gives for the secret.

    Raises:
        RefusedError: It does not accept it.
    """
    word = f"{settings.client_id}:{settings.client_secret}".encode()
    headers = {
        "Authorization": f"Basic {base64.b64encode(word).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    form = {"grant_type": "client_credentials", "scope": " ".join(sorted(scopes))}
    answer = caller.send("POST", settings.sign_in_url, headers, urlencode(form).encode())
    try:
        token = json.loads(answer.data)["access_token"]
    except UNREADABLE as error:
        raise RefusedError(
            "the sign-in of the application is refused",
            where=f"[fetch.{caller.name}]",
            remedy="Check sign_in_url, client_id and the secret in the student information system.",
        ) from error
    return bearer(str(token))


def lists(settings: OneRosterSettings) -> list[Listing]:
    """Return its lists, whose paths depend on the version."""
    root = settings.root or ROOTS[settings.version]
    return [
        Listing(
            name=name,
            path=f"{root}/{name}",
            fixed={"offset": "0"},
            size=("limit", 1000),
            items=name,
            row_id="sourcedId",
            next_page=numbered("offset", "x-total-count"),
            scope=SCOPES[settings.version],
        )
        for name in ("users", "orgs")
    ]


SERVICE = Service(
    name="oneroster",
    product="OneRoster",
    settings=OneRosterSettings,
    sign_in=sign_in,
    lists=lists,
)
