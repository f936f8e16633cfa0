"""Services, one per module: their logs, their settings, and how they are signed in to.

A module ends in `SERVICE = Service(...)`. Each log is a `Stream`: a path, its parameters, the
places of events, ids and times in an answer, and the delay with which the vendor documents that
events appear.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Annotated, Any, ClassVar, Generic, TypeVar
from urllib.parse import urlencode, urlsplit

from pydantic import AfterValidator

from pipelines.fetch.answers import NextPage, with_parameters
from pipelines.fetch.calls import Caller, RefusedError
from pipelines.plugins import discover
from pipelines.settings.plugin_settings import OwnSettings, wrong_setting
from pipelines.web import Response, is_safe

INSTALL = "pip install 'schoolbell[fetch]'"
MISSING = "the extra fetch is missing"

UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""Errors of libraries about an answer that is not what they expect."""

Authorize = Callable[[str, str], Mapping[str, str]]
"""Returns the headers of a request, given its method and URL."""

Get = Callable[[str], Response]
"""Returns the good answer of an address."""

Window = Callable[[datetime, datetime], Mapping[str, str]]
"""Returns the parameters that limit an answer to a span of time."""


def _origin(url: str) -> str:
    """Return `https://host`, which may be `http` on this machine alone."""
    parts = urlsplit(url)
    if parts.path.strip("/") or parts.query or not is_safe(url):
        raise wrong_setting(
            "is not the address of a service: https:// and a host, without a path",
            "https:// and a host",
            'url = "https://service.example"',
        )
    return origin_of(url)


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


Origin = Annotated[str, AfterValidator(_origin)]


class ServiceSettings(OwnSettings):
    """Base of what a service needs.

    Attributes:
        is_path_secret: The path of its address is a secret, which no message may contain.
    """

    is_path_secret: ClassVar[bool] = False
    url: Origin

    @property
    def origins(self) -> frozenset[str]:
        """Every address that may be asked."""
        return frozenset({self.url})


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One log of a service.

    Attributes:
        path: Below the service's address.
        window: Parameters for a span of time.
        fixed: Parameters that never change.
        size: Parameter for the number of events on a page, and its largest value.
        items: Place of the events in an answer, as `response/authlogs`; empty: the answer itself.
        event_id: Place of the id in an event; empty: the event has none, its content is its id.
        event_time: Place of the time by which the service selects.
        next_page: How the next page is found.
        total: Place of the number of events of the whole window; empty: the service states none.
        lag: An event that is older than this has appeared.
        settles: The service shows nothing newer than this.
        offered: How far back the service goes.
        step: The longest window that is asked for.
        scope: The least right that it needs, in the service's words.
        gives: The content, as in "sign-ins".
    """

    name: str
    path: str
    window: Window
    size: tuple[str, int]
    event_time: str
    next_page: NextPage
    lag: timedelta
    offered: timedelta
    scope: str
    gives: str
    event_id: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)
    items: str = ""
    total: str = ""
    settles: timedelta = timedelta()
    step: timedelta = timedelta(days=1)

    def url(self, origin: str, start: datetime, end: datetime, size: int) -> str:
        """Return the address of the first page of a span of time.

        Args:
            size: Events on a page.
        """
        parameters = {**self.fixed, **self.window(start, end), self.size[0]: str(size)}
        return with_parameters(origin + self.path, parameters)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list for the registry, which is fetched whole.

    Attributes:
        path: Below the service's address.
        fixed: Parameters.
        size: Parameter for the number of rows on a page, and its largest value.
        items: Place of the rows in an answer, as for a log.
        row_id: Place of what identifies a row; a row that comes twice counts once.
        next_page: How the next page is found.
        total: Place of the number of all rows, or its header; empty: the service states none.
        scope: The least right that it needs, in the service's words.
    """

    name: str
    path: str
    size: tuple[str, int]
    items: str
    row_id: str
    next_page: NextPage
    scope: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    total: str = ""

    suffix: ClassVar[str] = ".json"

    def url(self, origin: str) -> str:
        """Return the address of the first page."""
        return with_parameters(origin + self.path, {**self.fixed, self.size[0]: str(self.size[1])})


@dataclass(frozen=True, kw_only=True)
class Document:
    """A list for the registry which one answer contains, in a form of its kind.

    Attributes:
        suffix: Of its file.
        count: Returns its number of rows; raises `WindowError` if it is not whole.
    """

    name: str
    suffix: str
    count: Callable[[bytes], int]
    scope: str = ""

    def url(self, origin: str) -> str:
        """Return its address."""
        return origin


AnyList = Listing | Document


Own = TypeVar("Own", bound=ServiceSettings)


@dataclass(frozen=True, kw_only=True)
class Service(Generic[Own]):
    """A service with logs.

    Attributes:
        settings: The keys of its table in `district.toml`.
        library: Module of the extra `fetch` that its sign-in needs; empty without one.
        sign_in: Returns what signs requests with some rights; called again when the service
            refuses it.
        streams: Its logs; given a way to get an address, where they depend on the district.
        lists: Its lists for the registry.
    """

    name: str
    product: str
    settings: type[Own]
    library: str = ""
    sign_in: Callable[[Own, Caller, Collection[str]], Authorize]
    streams: Callable[[Own, Get], Sequence[Stream]] | Sequence[Stream] = ()
    lists: Callable[[Own], Sequence[AnyList]] | Sequence[AnyList] = ()

    def logs(self, settings: Own, get: Get) -> Sequence[Stream]:
        """Return its logs."""
        return self.streams(settings, get) if callable(self.streams) else self.streams

    def listings(self, settings: Own) -> Sequence[AnyList]:
        """Return its lists."""
        return self.lists(settings) if callable(self.lists) else self.lists

    @property
    def is_installed(self) -> bool:
        """Whether its library can be imported."""
        try:
            return not self.library or find_spec(self.library) is not None
        except ModuleNotFoundError:  # nor the package above it
            return False


AnyService = Service[Any]
"""A service with settings that only its own functions read."""


def services() -> Mapping[str, AnyService]:
    """Return every service in this folder, by name."""
    return discover(__name__, "SERVICE", Service)


def bearer(token: str, kind: str = "Bearer") -> Authorize:
    """Return what signs requests with a token."""
    return lambda _method, _url: {"Authorization": f"{kind} {token}"}


def signed_in(
    caller: Caller, url: str, form: Mapping[str, str], remedy: str, **headers: str
) -> Authorize:
    """Return what signs requests, with a token for an application's secret (OAuth 2).

    Raises:
        RefusedError: The service does not accept it; `remedy` is what to check.
    """
    sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    data = urlencode({"grant_type": "client_credentials", **form}).encode()
    answer = caller.send("POST", url, sent, data)
    try:
        token = json.loads(answer.data)["access_token"]
    except UNREADABLE as error:
        raise RefusedError(
            "the sign-in of the application is refused",
            where=f"[{caller.table}]",
            remedy=remedy,
        ) from error
    return bearer(str(token))


def utc(moment: datetime) -> str:
    """Return an instant as services write it: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def between(start: str, end: str) -> Window:
    """Return the window that two parameters limit."""
    return lambda first, last: {start: utc(first), end: utc(last)}
