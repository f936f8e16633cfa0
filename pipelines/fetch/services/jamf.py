"""Jamf Pro: the computers of its inventory.

An API client signs in with its own secret, with a role that reads computers and nothing else.
"""

import json
from collections.abc import Collection
from urllib.parse import urlencode

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
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url = f"{settings.url}/api/oauth/token"
    answer = caller.send("POST", url, headers, urlencode(form).encode())
    try:
        token = json.loads(answer.data)["access_token"]
    except UNREADABLE as error:
        raise RefusedError(
            "the sign-in of the API client is refused",
            where=f"[fetch.{caller.name}]",
            remedy="Check client_id and the secret: Jamf Pro, Settings > System > API roles and "
            "clients.",
        ) from error
    return bearer(str(token))


SERVICE = Service(
    name="jamf", product="Jamf Pro", settings=JamfSettings, sign_in=sign_in, lists=[COMPUTERS]
)
