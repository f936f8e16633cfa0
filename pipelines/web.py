"""HTTP requests with one deadline and a limited answer.

A timeout of a library counts between two bytes. A receiver that sends a byte per second
would block a run indefinitely, and one that never ends would fill the memory.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # a fifth of a second to import
    import requests

CHUNK_BYTES = 65_536
BETWEEN_BYTES = 0.9
"""Share of a deadline for one read, so that the library reports what it knows first."""

Result = TypeVar("Result")
S = TypeVar("S", bound="requests.Session")


class TooLargeError(OSError):
    """An answer is larger than anything that was asked for."""


@dataclass(frozen=True)
class Response:
    """The status, and the requested part of the content."""

    status: int
    data: bytes


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """Return what a call returns, if it does so in time.

    Raises:
        TimeoutError: It has not; it is left behind, and ends with the process.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again by the caller
            errors.append(error)

    # a pool would wait for it when the process ends
    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        message = f"no whole answer within {seconds:g} seconds"
        raise TimeoutError(message)
    return results[0]


def asked(
    method: str,
    url: str,
    *,
    seconds: float,
    most: int = 0,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    allow_redirects: bool = True,
) -> Response:
    """Return the answer of an address.

    Args:
        seconds: In total: finding the address, connecting, sending, reading.
        most: Bytes of the content that are read; 0: the status alone.

    Raises:
        TimeoutError: There was no complete answer in time.
        TooLargeError: The content is larger.
    """
    import requests  # a fifth of a second to import

    def call() -> Response:
        with requests.request(
            method,
            url,
            data=data,
            headers=headers,
            allow_redirects=allow_redirects,
            stream=True,
            timeout=seconds * BETWEEN_BYTES,
        ) as answer:
            return Response(answer.status_code, content(answer, most) if most else b"")

    return within(seconds, call)


def content(answer: "requests.Response", most: int) -> bytes:
    """Return the content of an answer that was not read yet.

    Raises:
        TooLargeError: It is larger than `most` bytes.
    """
    data = bytearray()
    for chunk in answer.iter_content(CHUNK_BYTES):
        data += chunk
        if len(data) > most:
            message = f"the answer is larger than {most:,} bytes"
            raise TooLargeError(message)
    return bytes(data)


def bounded(session: S, most: int) -> S:
    """Return a session of `requests` that reads no answer larger than `most` bytes."""

    def read(answer: "requests.Response", **_values: object) -> "requests.Response":
        import requests

        made = requests.Response()
        made.raw = io.BytesIO(content(answer, most))
        made.status_code, made.headers = answer.status_code, answer.headers
        made.url, made.request = answer.url, answer.request
        made.encoding = answer.encoding
        return made

    session.hooks["response"].append(read)
    return session
