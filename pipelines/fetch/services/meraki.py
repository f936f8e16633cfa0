"""Meraki: the event log of each network of an organization, from the Dashboard API.

The log has a page after every page, also after the newest event: a window ends with the first
page that reaches its end. Events have no id.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import Field

from pipelines.fetch.answers import Page, at_place, link, read_page, with_parameters
from pipelines.fetch.calls import Caller, WindowError
from pipelines.fetch.services import (
    Authorize,
    Get,
    Origin,
    Service,
    ServiceSettings,
    Stream,
    bearer,
    utc,
)

PRODUCTS = ("wireless", "appliance", "switch")
"""Products whose events show people and devices."""
API = "/api/v1"
SECOND = timedelta(seconds=1)


def _window(first: datetime, _last: datetime) -> Mapping[str, str]:
    return {"startingAfter": utc(first)}


def _next(page: Page, end: datetime) -> str | None:
    """Return the page after the newest event of this one, if it is in the window.

    It begins a second earlier: events of one instant may be on both pages.
    """
    if not page.events:
        return None
    try:
        newest = datetime.fromisoformat(str(at_place(page.rest, "pageEndAt")))
        first = datetime.fromisoformat(dict(parse_qsl(urlsplit(page.url).query))["startingAfter"])
        if newest >= end:
            return None
    except (KeyError, TypeError, ValueError) as error:
        raise WindowError("the answer has no readable end of its page") from error
    earlier = newest - SECOND
    return with_parameters(page.url, {"startingAfter": utc(earlier if earlier > first else newest)})


EVENTS = Stream(
    name="events",
    path="",
    window=_window,
    size=("perPage", 1000),
    items="events",
    event_time="occurredAt",
    next_page=_next,
    lag=timedelta(hours=1),
    offered=timedelta(days=90),
    scope="read-only access to the organization",
    gives="joins of the network, sign-ins to the VPN",
)


class MerakiSettings(ServiceSettings):
    """The organization, and the API key of an administrator who may only read it."""

    url: Origin = "https://api.meraki.com"
    organization: str = Field(pattern=r"^[A-Za-z0-9_]{1,40}$", examples=["123456"])
    api_key: str = Field(repr=False, min_length=10)


def sign_in(settings: MerakiSettings, _caller: Caller, _scopes: Collection[str]) -> Authorize:
    """Return what signs requests."""
    return bearer(settings.api_key)


def streams(settings: MerakiSettings, get: Get) -> list[Stream]:
    """Return a log for each network and product.

    Raises:
        FetchError: The networks cannot be listed.
    """
    url: str | None = (
        f"{settings.url}{API}/organizations/{settings.organization}/networks?perPage=1000"
    )
    logs: list[Stream] = []
    visited: set[str] = set()
    while url is not None and url not in visited:
        visited.add(url)
        page = read_page(get(url), url, "")
        for network in page.events:
            logs += _of_network(network.fields)
        url = link(page)
    return logs


def _of_network(fields: Mapping[str, object]) -> list[Stream]:
    network, products = fields.get("id"), fields.get("productTypes")
    if not isinstance(network, str) or not isinstance(products, list):
        raise WindowError("the list of networks has one without id or products")
    return [
        replace(
            EVENTS,
            name=f"{network}/{product}",
            path=f"{API}/networks/{quote(network, safe='')}/events",
            fixed={"productType": product},
        )
        for product in PRODUCTS
        if product in products
    ]


SERVICE = Service(
    name="meraki",
    product="Cisco Meraki",
    settings=MerakiSettings,
    sign_in=sign_in,
    streams=streams,
)
