"""Google Workspace: the activity reports of the Admin SDK.

A service account asks in the name of an administrator (domain-wide delegation), with a right that
reads reports and nothing else. Its key is signed with here; Google's sign-in sees no password.
"""

import json
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from pydantic import Field

from pipelines.errors import SettingsError
from pipelines.fetch.answers import token
from pipelines.fetch.calls import Caller, RefusedError
from pipelines.fetch.services import (
    UNREADABLE,
    Authorize,
    Listing,
    Origin,
    Service,
    ServiceSettings,
    Stream,
    bearer,
    between,
)

SCOPE = "https://www.googleapis.com/auth/admin.reports.audit.readonly"
DIRECTORY = "https://www.googleapis.com/auth/admin.directory"
HALF_YEAR = timedelta(days=180)
REPORTS = {
    "login": ("sign-ins", timedelta(hours=4)),
    "chrome": ("sign-ins at ChromeOS devices", timedelta(hours=2)),
    "admin": ("administration, factors", timedelta(hours=1)),
    "saml": ("sign-ins to applications", timedelta(hours=4)),
    "token": ("applications that got access", timedelta(hours=4)),
    "drive": ("files in Drive, where licensed", timedelta(hours=4)),
}
"""Application -> its content, and the delay with which its events appear."""

STREAMS = [
    Stream(
        name=name,
        path=f"/admin/reports/v1/activity/users/all/applications/{name}",
        window=between("startTime", "endTime"),
        size=("maxResults", 1000),
        items="items?",
        event_id="id/uniqueQualifier",
        event_time="id/time",
        next_page=token("pageToken", "nextPageToken"),
        lag=lag,
        offered=HALF_YEAR,
        scope=SCOPE,
        gives=gives,
    )
    for name, (gives, lag) in REPORTS.items()
]


LISTS = [
    Listing(
        name="users",
        path="/admin/directory/v1/users",
        fixed={"customer": "my_customer", "orderBy": "email"},
        size=("maxResults", 500),
        items="users?",
        row_id="id",
        next_page=token("pageToken", "nextPageToken"),
        scope=f"{DIRECTORY}.user.readonly",
    ),
    Listing(
        name="devices",
        path="/admin/directory/v1/customer/my_customer/devices/chromeos",
        fixed={"projection": "FULL"},
        size=("maxResults", 200),
        items="chromeosdevices?",
        row_id="deviceId",
        next_page=token("pageToken", "nextPageToken"),
        scope=f"{DIRECTORY}.device.chromeos.readonly",
    ),
]


class GoogleSettings(ServiceSettings):
    """The administrator in whose name the service account asks, and the account's JSON key."""

    url: Origin = "https://admin.googleapis.com"
    sign_in_url: Origin = "https://oauth2.googleapis.com"
    admin: str = Field(pattern=r"^[^\s@]+@[^\s@]+$", examples=["reports@school.example"])
    key_secret: str = Field(repr=False, min_length=100)

    @property
    def origins(self) -> frozenset[str]:
        """Every address that may be asked."""
        return frozenset({self.url, self.sign_in_url})


def sign_in(settings: GoogleSettings, caller: Caller, scopes: Collection[str]) -> Authorize:
    """Return what signs requests, with a token that Google gives for the key.

    Raises:
        SettingsError: The key is not one of a service account.
        RefusedError: Google does not accept it.
    """
    where = f"[{caller.table}]"
    from google.auth.exceptions import GoogleAuthError
    from google.oauth2.service_account import Credentials

    try:
        key = json.loads(settings.key_secret)
        # the address in the key is not a setting: no one named it
        credentials = Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            {**key, "token_uri": f"{settings.sign_in_url}/token"},
            scopes=sorted(scopes),
            subject=settings.admin,
        )
    except (ValueError, TypeError, GoogleAuthError) as error:
        raise SettingsError(
            "is not the JSON key of a service account",
            where=f"{where} key_secret",
            remedy="Download it once more: Google Cloud console > IAM > Service accounts > Keys.",
        ) from error
    try:
        credentials.refresh(_Transport(caller))
    except (GoogleAuthError, *UNREADABLE) as error:
        raise RefusedError(
            "the sign-in of the service account is refused",
            where=where,
            remedy="Check its key, [fetch] admin, and that its client id has the scopes "
            f"{', '.join(sorted(scopes))}: Admin console > Security > API controls > "
            "Domain-wide delegation.",
        ) from error
    return bearer(credentials.token)


class _Transport:
    """Sends the request of the library."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_more: Any,
    ) -> Any:
        return self._caller.send(method, url, headers or {}, body)


SERVICE = Service(
    name="google",
    product="Google Workspace",
    settings=GoogleSettings,
    library="google.auth",
    sign_in=sign_in,
    streams=STREAMS,
    lists=LISTS,
)
