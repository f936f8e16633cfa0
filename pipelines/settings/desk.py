"""The review desk: where browsers reach it, and how people sign in."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from pipelines.settings.problems import Part
from pipelines.settings.roles import Roles
from pipelines.settings.secrets import is_reference


def _reference(value: Mapping[str, Any]) -> Mapping[str, Any]:
    if value and not is_reference(value):
        message = 'is a reference: { file = "/path" }, { env = "NAME" }, ...'
        raise ValueError(message)
    return value


SecretPlace = Annotated[Mapping[str, Any], AfterValidator(_reference)]
Address = Annotated[str, Field(pattern=r"^(https?://[^\s\"<>/]+)?$")]


class DeskRoles(Roles):
    """Logins, addresses or groups of whoever signs in by OpenID, proxy or password."""


class OpenId(Part):
    """Sign-in with the district's own accounts: Google, Entra, any OpenID provider."""

    issuer: Annotated[str, Field(pattern=r"^(https?://[^\s\"<>]+)?$")] = Field(
        default="",
        description="issuer of the provider; empty: nobody signs in this way",
        examples=["https://accounts.google.com"],
    )
    client_id: str = Field(
        default="", description="id that the provider gave", examples=["schoolbell"]
    )
    client_secret: SecretPlace = Field(
        default_factory=dict,
        description="where its secret lies",
        examples=[{"file": "/etc/schoolbell/client_secret"}],
    )
    login_claim: str = Field(
        default="email",
        description="claim that holds the login; what follows an @ has to be a domain "
        "below",
        examples=["preferred_username"],
    )
    groups_claim: str = Field(
        default="groups",
        description="claim that lists groups, where the provider sends any",
        examples=["groups"],
    )
    domains: tuple[str, ...] = Field(
        default=(),
        description="domains whose accounts may sign in",
        examples=[["school.example"]],
    )


class Proxy(Part):
    """Sign-in by a reverse proxy that knows who it is."""

    addresses: tuple[str, ...] = Field(
        default=(),
        description="addresses of the proxies that are believed; empty: none is",
        examples=[["127.0.0.1"]],
    )
    login_header: str = Field(
        default="X-Remote-User",
        description="header with the login",
        examples=["X-Remote-User"],
    )
    groups_header: str = Field(
        default="X-Remote-Groups",
        description="header with groups, between commas",
        examples=["X-Remote-Groups"],
    )
    secret: SecretPlace = Field(
        default_factory=dict,
        description="where the word lies that the proxy sends in X-Schoolbell-Proxy",
        examples=[{"file": "/etc/schoolbell/proxy_secret"}],
    )


class Desk(Part):
    """The review desk, which `schoolbell desk` opens."""

    address: Address = Field(
        default="",
        description="address under which browsers reach it behind a proxy; empty: the "
        "one that it listens on",
        examples=["https://desk.school.example"],
    )
    idle_minutes: int = Field(
        default=30,
        ge=1,
        le=480,
        description="minutes without a click after which a session ends",
        examples=[30],
    )
    session_hours: int = Field(
        default=9,
        ge=1,
        le=24,
        description="hours after which it ends in any case",
        examples=[9],
    )
    roles: DeskRoles = DeskRoles()
    openid: OpenId = OpenId()
    proxy: Proxy = Proxy()
    local_accounts: bool = Field(
        default=False,
        description="true: accounts of `schoolbell desk account` may sign in",
        examples=[True],
    )
