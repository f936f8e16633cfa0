"""Okta: its System Log.

A request with an end is bounded by the time of the events, and ends without a next page. The
token belongs to an administrator whose role may do nothing but read.
"""

from collections.abc import Collection
from datetime import timedelta

from pydantic import Field

from pipelines.fetch.answers import link
from pipelines.fetch.calls import Caller
from pipelines.fetch.services import (
    Authorize,
    Listing,
    Origin,
    Service,
    ServiceSettings,
    Stream,
    bearer,
    between,
)

LOGS = Stream(
    name="logs",
    path="/api/v1/logs",
    window=between("since", "until"),
    fixed={"sortOrder": "ASCENDING"},
    size=("limit", 1000),
    event_id="uuid",
    event_time="published",
    next_page=link,
    lag=timedelta(hours=1),
    offered=timedelta(days=90),
    scope="okta.logs.read (role Read-only Administrator)",
    gives="sign-ins, factors, administration",
)


USERS = Listing(
    name="users",
    path="/api/v1/users",
    size=("limit", 200),
    items="",
    row_id="id",
    next_page=link,
    scope="okta.users.read (role Read-only Administrator)",
)


class OktaSettings(ServiceSettings):
    """The address of the organization, and an API token."""

    url: Origin = Field(examples=["https://school.okta.example"])
    token: str = Field(repr=False, min_length=10)


def sign_in(settings: OktaSettings, _caller: Caller, _scopes: Collection[str]) -> Authorize:
    """Return what signs requests."""
    return bearer(settings.token, "SSWS")


SERVICE = Service(
    name="okta",
    product="Okta",
    settings=OktaSettings,
    sign_in=sign_in,
    streams=[LOGS],
    lists=[USERS],
)
