"""The review desk: where browsers reach it, and how people sign in."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from pipelines.settings.problems import Part, setting
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

    issuer: Annotated[str, Field(pattern=r"^(https?://[^\s\"<>]+)?$")] = setting(
        "",
        "issuer of the provider; empty: nobody signs in this way",
        "https://accounts.google.com",
    )
    client_id: str = setting("", "id that the provider gave", "schoolbell")
    client_secret: SecretPlace = Field(
        default_factory=dict,
        description="where its secret lies",
        examples=[{"file": "/etc/schoolbell/client_secret"}],
    )
    login_claim: str = setting(
        "email",
        "claim that holds the login; what follows an @ has to be a domain below",
        "preferred_username",
    )
    groups_claim: str = setting(
        "groups", "claim that lists groups, where the provider sends any"
    )
    domains: tuple[str, ...] = setting(
        (), "domains whose accounts may sign in", ["school.example"]
    )


class Proxy(Part):
    """Sign-in by a reverse proxy that knows who it is."""

    addresses: tuple[str, ...] = setting(
        (), "addresses of the proxies that are believed; empty: none is", ["127.0.0.1"]
    )
    login_header: str = setting("X-Remote-User", "header with the login")
    groups_header: str = setting(
        "X-Remote-Groups", "header with groups, between commas"
    )
    secret: SecretPlace = Field(
        default_factory=dict,
        description="where the word lies that the proxy sends in X-Schoolbell-Proxy",
        examples=[{"file": "/etc/schoolbell/proxy_secret"}],
    )


class Desk(Part):
    """The review desk, which `schoolbell desk` opens."""

    address: Address = setting(
        "",
        "address under which browsers reach it behind a proxy; empty: the "
        "one that it listens on",
        "https://desk.school.example",
    )
    idle_minutes: int = setting(
        30, "minutes without a click after which a session ends", ge=1, le=480
    )
    session_hours: int = setting(
        9, "hours after which it ends in any case", ge=1, le=24
    )
    roles: DeskRoles = DeskRoles()
    openid: OpenId = OpenId()
    proxy: Proxy = Proxy()
    local_accounts: bool = setting(
        False, "true: accounts of `schoolbell desk account` may sign in", True
    )
