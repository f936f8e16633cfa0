"""Requests to a service: to its configured addresses alone, within the limits of one run.

A redirect is not followed, because it would take the token elsewhere. What may pass is tried
again, after the time that the service asks for. No message contains the query of an address, a
header or the text of an answer: of these, only the code of an error.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from pipelines.errors import SchoolbellError
from pipelines.web import NearAddressError, Response, TooLargeError, asked

PAGE_SECONDS = 60.0
PAGE_BYTES = 16 << 20
RUN_BYTES = 1 << 30
"""Bytes of all answers of a service in one run."""
TRIES = 4
FIRST_WAIT = 1.0
MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504})
DECLINED = frozenset({425, 429})
"""Answers to a request that the service did not act on."""
REFUSED, FORBIDDEN = 401, 403
CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
CODES = ("errorCode", "error/code", "error/status", "code", "error")
"""Places of an error's code in the answers of services."""
MESSAGE_BYTES = 65_536
WAIT_HEADERS = ("retry-after", "x-rate-limit-reset")


class FetchError(SchoolbellError):
    """A service did not give what it was asked for. Everything that was fetched counts."""

    command = "schoolbell doctor"


class WindowError(FetchError):
    """One window was not answered; others may be."""


class CursorError(WindowError):
    """The place of the next page is no longer known: the window starts again."""


class LargePageError(WindowError):
    """A page is too large; a smaller one may not be."""


class LaterError(FetchError):
    """The limits of this run are reached; the next run continues."""


class RefusedError(FetchError):
    """The service refuses the sign-in, or a right is missing."""


class SignInEndedError(RefusedError):
    """The sign-in is not, or no longer, valid."""


@dataclass
class Caller:
    """Sends the requests of one service in one run.

    Attributes:
        table: The table of the settings, for messages.
        origins: Addresses that may be asked, as `https://host`.
        seconds: Time for everything.
        ask: Sends one request.
        bytes_left: Of all answers.
        is_path_secret: Messages name the host alone.
    """

    table: str
    origins: frozenset[str]
    seconds: float
    ask: Callable[..., Response] = asked
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    bytes_left: int = RUN_BYTES
    is_path_secret: bool = False
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        self._end = self.clock() + self.seconds

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: bytes | None = None,
        *,
        is_once: bool = False,
    ) -> Response:
        """Return the answer to a request, whatever its status; try again what may pass.

        Args:
            is_once: The request must not take effect twice: it is repeated only if the service
                states that it did not accept it.

        Raises:
            RefusedError: The address is not one of this service.
            WindowError: The answer is too large, or did not come.
            LaterError: Time or bytes of this run are used up.
        """
        place = self.place(url)
        problem = ""
        for number in range(TRIES):
            answer, problem = self._tried(method, url, headers, data)
            if answer is not None and answer.status not in MAY_PASS:
                return self._straight(answer, place)
            if is_once and (answer is None or answer.status not in DECLINED):
                status = f"it answers {answer.status}{code_of(answer)}" if answer else problem
                raise WindowError(status, where=place)
            wait = FIRST_WAIT * 2**number
            if answer is not None:
                problem = f"it answers {answer.status}{code_of(answer)}"
                wait = self._asked_wait(answer, wait)
            if self.clock() + wait >= self._end:
                raise LaterError(
                    f"{problem}; to try again it needs {wait:,.0f} seconds, more than this run has",
                    where=place,
                )
            if number < TRIES - 1:
                self.sleep(wait)
        raise WindowError(problem, where=place)

    def place(self, url: str) -> str:
        """Return host and path of an address, for messages; the host alone of one with a secret.

        Raises:
            RefusedError: It is not an address of this service.
        """
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" not in self.origins:
            raise RefusedError(
                "the service leads to another address than the configured one: "
                f"{parts.scheme}://{parts.hostname or ''}",
                where=f"[{self.table}]",
                remedy="Nothing was sent there. If it is the service's own, write it as url.",
            )
        return f"{parts.hostname}{'' if self.is_path_secret else parts.path}"

    def _tried(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None
    ) -> tuple[Response | None, str]:
        """Return an answer, or why there is none."""
        place = self.place(url)
        try:
            return self._once(method, url, headers, data), ""
        except TooLargeError as error:
            what = f"one page has more than {PAGE_BYTES >> 20} MB"
            raise LargePageError(what, where=place) from error
        except NearAddressError as error:
            raise RefusedError(error.what, where=place, remedy=error.remedy) from error
        except OSError as error:  # of `requests` too
            return None, f"no whole answer: {type(error).__name__}"

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None
    ) -> Response:
        left = self._end - self.clock()
        if left <= 0 or self.bytes_left <= 0:
            raise LaterError(
                "the time or the amount of data of one run is used up", where=self.place(url)
            )
        answer = self.ask(
            method,
            url,
            seconds=min(PAGE_SECONDS, left),
            most=min(PAGE_BYTES, self.bytes_left),
            data=data,
            headers={"Accept": "application/json", "User-Agent": "Schoolbell", **headers},
            allow_redirects=False,
        )
        self.bytes_left -= len(answer.data)
        return answer

    def _straight(self, answer: Response, place: str) -> Response:
        if 300 <= answer.status < 400:
            host = urlsplit(answer.headers.get("location", "")).hostname or "another address"
            raise RefusedError(
                f"it answers {answer.status}, a redirect to {host}, which is not followed",
                where=place,
                remedy=f"If that is the service's own address, write it as url of [{self.table}].",
            )
        return answer

    def _asked_wait(self, answer: Response, otherwise: float) -> float:
        """Return the seconds that a service asks to wait, as seconds, a date or a time."""
        for name in WAIT_HEADERS:
            text = answer.headers.get(name, "").strip()
            if text.isascii() and text.isdecimal():
                number = float(text[:12])
                is_time = name == "x-rate-limit-reset"
                return max(number - self.now().timestamp() if is_time else number, 1.0)
            try:
                moment = parsedate_to_datetime(text)
            except (TypeError, ValueError):
                continue
            whole = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return max((whole - self.now()).total_seconds(), 1.0)
        return otherwise


def code_of(answer: Response) -> str:
    """Return the code of an error in an answer, as ` (CODE)`; never its text."""
    try:
        fields = json.loads(answer.data[:MESSAGE_BYTES])
    except (ValueError, RecursionError):
        return ""
    for place in CODES:
        value = fields
        for name in place.split("/"):
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str | int) and CODE.fullmatch(str(value)):
            return f" ({value})"
    return ""
