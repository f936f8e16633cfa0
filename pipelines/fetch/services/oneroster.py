"""A student information system with OneRoster: people, roles and organizations.

An application signs in with its own secret (OAuth 2, client credentials), with the right to read
the core of the roster. https://www.imsglobal.org/spec/oneroster/v1p2, and v1p1.
"""

import base64
from collections.abc import Collection
from typing import Literal

from pydantic import Field

from pipelines.fetch.answers import numbered
from pipelines.fetch.calls import Caller
from pipelines.fetch.services import (
    Authorize,
    Listing,
    Origin,
    Service,
    ServiceSettings,
    signed_in,
)

ROOTS = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}
SCOPES = {
    version: f"https://purl.imsglobal.org/spec/or/v{version.replace('.', 'p')}/scope/"
    "roster-core.readonly"
    for version in ROOTS
}
TOTAL = "x-total-count"
PATH = r"^(/[A-Za-z0-9._~-]+)*$"


class OneRosterSettings(ServiceSettings):
    """The address of the interface, its version, and the application that may read it."""

    url: Origin = Field(examples=["https://sis.school.example"])
    version: Literal["1.1", "1.2"] = "1.1"
    root: str = Field("", pattern=PATH, examples=["/ims/oneroster/v1p1"])
    sign_in_url: Origin = Field(examples=["https://sis.school.example"])
    sign_in_path: str = Field("/oauth/token", pattern=PATH)
    client_id: str = Field(min_length=1, max_length=200, pattern=r"^[!-9;-~]+$")
    client_secret: str = Field(repr=False, min_length=8)

    @property
    def origins(self) -> frozenset[str]:
        """Every address that may be asked."""
        return frozenset({self.url, self.sign_in_url})


def sign_in(settings: OneRosterSettings, caller: Caller, scopes: Collection[str]) -> Authorize:
    """Return what signs requests, with a token that the system gives for the secret.

    Raises:
        RefusedError: It does not accept it.
    """
    word = f"{settings.client_id}:{settings.client_secret}".encode()
    return signed_in(
        caller,
        settings.sign_in_url + settings.sign_in_path,
        {"scope": " ".join(sorted(scopes))},
        "Check sign_in_url, sign_in_path, client_id and the secret in the student information "
        "system.",
        Authorization=f"Basic {base64.b64encode(word).decode()}",
    )


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
            next_page=numbered("offset", TOTAL),
            total=TOTAL,
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
