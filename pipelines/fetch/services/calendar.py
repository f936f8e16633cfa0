"""A school calendar that others can read by its address, as iCalendar.

Google Calendar, Outlook and the makers of school websites publish one; some addresses contain a
secret. https://www.rfc-editor.org/rfc/rfc5545
"""

import re
from collections.abc import Collection
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from pipelines.fetch.calls import Caller, WindowError
from pipelines.fetch.services import (
    Authorize,
    Document,
    Service,
    ServiceSettings,
    origin_of,
)
from pipelines.settings.plugin_settings import wrong_setting
from pipelines.web import is_safe

WHOLE = re.compile(rb"\s*BEGIN:VCALENDAR\s.*\sEND:VCALENDAR\s*", re.DOTALL | re.IGNORECASE)
EVENT = re.compile(rb"^BEGIN:VEVENT\s*$", re.MULTILINE | re.IGNORECASE)


def _address(url: str) -> str:
    """Return the address of a calendar; `webcal` is HTTPS."""
    scheme, _, rest = url.partition("://")
    whole = f"https://{rest}" if scheme.lower() == "webcal" else url
    if not is_safe(whole):
        raise wrong_setting(
            "is not the address of a calendar: https:// and the whole path",
            "the address that ends in .ics",
            'url = "https://calendar.example/school/basic.ics"',
        )
    return whole


class CalendarSettings(ServiceSettings):
    """The address of the calendar, or where it is stored if it contains a secret."""

    is_path_secret: ClassVar[bool] = True
    url: Annotated[str, AfterValidator(_address)] = Field(
        repr=False, examples=["https://calendar.example/school/basic.ics"]
    )

    @property
    def origins(self) -> frozenset[str]:
        """Every address that may be asked."""
        return frozenset({origin_of(self.url)})


def sign_in(_settings: CalendarSettings, _caller: Caller, _scopes: Collection[str]) -> Authorize:
    """Return the headers of a request: the address is enough."""
    return lambda _method, _url: {"Accept": "text/calendar"}


def events(data: bytes) -> int:
    """Return the number of events of a calendar.

    Raises:
        WindowError: It is none, or not all of it arrived.
    """
    if not WHOLE.fullmatch(data.removeprefix(b"\xef\xbb\xbf")):
        raise WindowError("the answer is not a calendar, or not all of it arrived")
    return len(EVENT.findall(data))


SERVICE = Service(
    name="calendar",
    product="a school calendar",
    settings=CalendarSettings,
    sign_in=sign_in,
    lists=[Document(name="days", suffix=".ics", count=events)],
)
