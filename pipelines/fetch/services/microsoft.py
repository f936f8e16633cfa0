"""Microsoft Entra: sign-ins and directory audits, from Microsoft Graph.

Graph v1.0 lists interactive sign-ins alone. An application signs in with its own secret, with a
right that reads audit logs and nothing else.
"""

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic import Field

from pipelines.fetch.answers import linked
from pipelines.fetch.calls import Caller, RefusedError
from pipelines.fetch.services import (
    UNREADABLE,
    Authorize,
    Listing,
    Origin,
    Service,
    ServiceSettings,
    Stream,
    Window,
    bearer,
    utc,
)

NAME = r"^[A-Za-z0-9.-]{3,100}$"


def _filtered(field: str) -> Window:
    def window(first: datetime, last: datetime) -> Mapping[str, str]:
        return {"$filter": f"{field} ge {utc(first)} and {field} lt {utc(last)}"}

    return window


STREAMS = [
    Stream(
        name=name,
        path=f"/v1.0/auditLogs/{path}",
        window=_filtered(time),
        size=("$top", 999),
        items="value",
        event_id="id",
        event_time=time,
        next_page=linked("@odata.nextLink"),
        lag=timedelta(hours=2),
        offered=timedelta(days=30),
        scope="AuditLog.Read.All",
        gives=gives,
    )
    for name, path, time, gives in (
        ("sign_ins", "signIns", "createdDateTime", "interactive sign-ins"),
        ("audits", "directoryAudits", "activityDateTime", "administration, factors"),
    )
]


USER_FIELDS = (
    "accountEnabled", "department", "displayName", "employeeId", "givenName", "id", "jobTitle",
    "mail", "officeLocation", "surname", "userPrincipalName", "userType",
)  # fmt: skip
DEVICE_FIELDS = (
    "deviceCategoryDisplayName", "deviceName", "ethernetMacAddress", "id",
    "managedDeviceOwnerType", "model", "operatingSystem", "serialNumber", "userPrincipalName",
    "wiFiMacAddress",
)  # fmt: skip
LISTS = [
    Listing(
        name=name,
        path=f"/v1.0/{path}",
        fixed={"$select": ",".join(fields)},
        size=("$top", 999),
        items="value",
        row_id="id",
        next_page=linked("@odata.nextLink"),
        scope=scope,
    )
    for name, path, scope, fields in (
        ("users", "users", "User.Read.All", USER_FIELDS),
        (
            "devices",
            "deviceManagement/managedDevices",
            "DeviceManagementManagedDevices.Read.All",
            DEVICE_FIELDS,
        ),
    )
]


class MicrosoftSettings(ServiceSettings):
    """The tenant, and the application that may read its audit logs."""

    url: Origin = "https://graph.microsoft.com"
    sign_in_url: Origin = "https://login.microsoftonline.com"
    tenant: str = Field(pattern=NAME, examples=["school.example"])
    client_id: str = Field(pattern=NAME, examples=["00000000-0000-4000-8000-000000000001"])
    client_secret: str = Field(repr=False, min_length=10)

    @property
    def origins(self) -> frozenset[str]:
        """Every address that may be asked."""
        return frozenset({self.url, self.sign_in_url})


def sign_in(settings: MicrosoftSettings, caller: Caller, _scopes: Collection[str]) -> Authorize:
    """Return what signs requests, with a token that Microsoft gives for the secret.

    Raises:
        RefusedError: Microsoft does not accept it.
    """
    where = f"[{caller.table}]"
    # the library logs an answer that it cannot read, and a token may be in it
    logging.getLogger("msal").setLevel(logging.CRITICAL + 1)
    from msal import ConfidentialClientApplication

    try:
        application = ConfidentialClientApplication(
            settings.client_id,
            client_credential=settings.client_secret,
            authority=f"{settings.sign_in_url}/{settings.tenant}",
            instance_discovery=False,
            http_client=_Transport(caller),
        )
        answer = application.acquire_token_for_client([f"{settings.url}/.default"])
        word = answer.get("access_token")
    except UNREADABLE as error:
        raise RefusedError(
            "the tenant does not answer as one", where=f"{where} tenant", remedy="Check its name."
        ) from error
    if not word:
        raise RefusedError(
            "the sign-in of the application is refused",
            where=where,
            remedy="Check tenant, client_id and the secret's end: Entra admin center > App "
            "registrations > Certificates & secrets.",
        )
    return bearer(word)


class _Transport:
    """Sends the requests of the library."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def get(
        self, url: str, params: Any = None, headers: Mapping[str, str] | None = None, **_more: Any
    ) -> "_Answer":
        del params  # of the client credentials flow there are none
        return self._send("GET", url, headers, None)

    def post(
        self, url: str, data: Any = None, headers: Mapping[str, str] | None = None, **_more: Any
    ) -> "_Answer":
        named = {**(headers or {}), "Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", url, named, urlencode(data or {}).encode())

    def close(self) -> None:
        """Do nothing: each request has its own connection."""

    def _send(
        self, method: str, url: str, headers: Mapping[str, str] | None, data: bytes | None
    ) -> "_Answer":
        answer = self._caller.send(method, url, headers or {}, data)
        return _Answer(answer.status, answer.data.decode("utf-8", "replace"), answer.headers)


class _Answer:
    """An answer as the library reads it."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str]) -> None:
        self.status_code, self.text, self.headers = status, text, headers

    def raise_for_status(self) -> None:
        """Raise an error for a bad answer."""
        if self.status_code >= 400:
            raise ValueError(self.status_code)


SERVICE = Service(
    name="microsoft",
    product="Microsoft Entra",
    settings=MicrosoftSettings,
    library="msal",
    sign_in=sign_in,
    streams=STREAMS,
    lists=LISTS,
)
