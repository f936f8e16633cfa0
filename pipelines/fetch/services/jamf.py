"""Jamf Pro: the computers of its inventory.

An API client signs in with its own secret, with a role that reads computers and nothing else.
"""

from collections.abc import Collection

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

COMPUTERS = Listing(
    name="computers",
    path="/api/v1/computers-inventory?section=GENERAL&section=HARDWARE&section=USER_AND_LOCATION",
    fixed={"page": "0", "sort": "id:asc"},
    size=("page-size", 500),
    items="results",
    row_id="id",
    next_page=numbered("page", "totalCount", by_page=True),
    total="totalCount",
    scope="Read Computers",
)


class JamfSettings(ServiceSettings):
    """The address of the server, and an API client."""

    url: Origin = Field(examples=["https://school.jamfcloud.example"])
    client_id: str = Field(pattern=r"^[A-Za-z0-9-]{8,100}$")
    client_secret: str = Field(repr=False, min_length=10)


def sign_in(settings: JamfSettings, caller: Caller, _scopes: Collection[str]) -> Authorize:
    """Return what signs requests, with a token that the server gives for the secret.

    Raises:
        RefusedError: It does not accept it.
    """
    form = {"client_id": settings.client_id, "client_secret": settings.client_secret}
    remedy = "Check client_id and the secret: Jamf Pro, Settings > System > API roles and clients."
    return signed_in(caller, f"{settings.url}/api/oauth/token", form, remedy)


SERVICE = Service(
    name="jamf", product="Jamf Pro", settings=JamfSettings, sign_in=sign_in, lists=[COMPUTERS]
)
