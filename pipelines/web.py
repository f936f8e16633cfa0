"""HTTP requests with one deadline and a limited answer.

A timeout of a library counts between two bytes. A receiver that sends a byte per second
would block a run indefinitely, and one that never ends would fill the memory.
"""

import io
import ipaddress
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from pipelines.errors import SchoolbellError

if TYPE_CHECKING:  # a fifth of a second to import
    import requests

CHUNK_BYTES = 65_536
BETWEEN_BYTES = 0.9
"""Share of a deadline for one read, so that the library reports what it knows first."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
METADATA = ("100.100.100.200", "fd00:ec2::254")
"""Metadata addresses of clouds, in addition to 169.254.169.254, which is link-local."""
METADATA_NAMES = ("metadata", "metadata.google.internal", "instance-data")
"""Names of metadata services of clouds; the address is checked when it is connected to."""
NAT64 = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48")))
IPV4 = 0xFFFF_FFFF

Result = TypeVar("Result")
S = TypeVar("S", bound="requests.Session")


class TooLargeError(OSError):
    """An answer is larger than anything that was asked for."""


class NearAddressError(SchoolbellError):
    """A name leads to this machine or to a place where clouds hand out their keys."""


def is_near(text: str) -> bool:
    """Return whether an address is link-local or a cloud's metadata service.

    An IPv6 address that contains an IPv4 one counts as both.
    """
    return any(
        one.is_link_local or one.is_unspecified or str(one) in METADATA for one in _meant(text)
    )


def is_loopback(text: str) -> bool:
    """Return whether an address is this machine's own."""
    return any(one.is_loopback for one in _meant(text))


def is_safe(url: str) -> bool:
    """Return whether data may go to an address: by HTTPS, or on this machine by HTTP."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower().rstrip(".")
    is_own = host == "localhost" or is_loopback(host)
    is_plain = not (parts.fragment or parts.username)
    is_right = is_plain and bool(host) and host.isascii() and url.isprintable() and " " not in url
    is_secure = parts.scheme == "https" or (parts.scheme == "http" and is_own)
    return is_right and is_secure and not is_near(host) and host not in METADATA_NAMES


def _meant(text: str) -> Iterator[Address]:
    """Yield an address, and the one that is written in it; nothing if it is a name."""
    try:
        address = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        yield from filter(None, (address.ipv4_mapped, address.sixtofour))
        if any(address in network for network in NAT64):
            yield ipaddress.IPv4Address(int(address) & IPV4)


@dataclass(frozen=True)
class Response:
    """The status, the requested part of the content, and the headers by lower-case name."""

    status: int
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


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
        NearAddressError: The name leads to a link-local address, or to this machine, which
            only a URL with its name or address may. Nothing was sent.
    """
    import requests  # a fifth of a second to import

    host = urlsplit(url).hostname or ""
    is_own = host == "localhost" or is_loopback(host)

    def call() -> Response:
        with requests.Session() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, _adapter()(is_own=is_own))
            with session.request(
                method,
                url,
                data=data,
                headers=headers,
                allow_redirects=allow_redirects,
                stream=True,
                timeout=seconds * BETWEEN_BYTES,
            ) as answer:
                read = content(answer, most) if most else b""
                named = {name.lower(): value for name, value in answer.headers.items()}
                return Response(answer.status_code, read, named)

    return within(seconds, call)


def require_elsewhere(opened: socket.socket, host: str, *, is_own: bool) -> None:
    """Close a connection to a place that a name should not lead to.

    The name alone proves nothing: its owner chooses the address.

    Args:
        is_own: This machine is meant.

    Raises:
        NearAddressError: It leads there.
    """
    address = str(opened.getpeername()[0])
    if is_near(address) or (is_loopback(address) and not is_own):
        opened.close()
        raise NearAddressError(
            f"the name leads to {address}: this machine, a link-local address, or a cloud's "
            "metadata service",
            where=host,
            remedy="Give the name of your own server, and ask who answers for it in DNS.",
        )


@cache
def _adapter() -> "Callable[..., requests.adapters.HTTPAdapter]":
    """Return an adapter whose connections are checked before anything is sent."""
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.connection import HTTPConnection, HTTPSConnection

    class Adapter(HTTPAdapter):
        def __init__(self, *, is_own: bool) -> None:
            self._is_own = is_own
            super().__init__()

        def init_poolmanager(self, *args: object, **values: object) -> None:
            super().init_poolmanager(*args, **values)  # type: ignore[arg-type]
            is_own = self._is_own

            class Plain(HTTPConnection):
                def _new_conn(self) -> socket.socket:
                    opened = super()._new_conn()
                    require_elsewhere(opened, self.host, is_own=is_own)
                    return opened

            class Encrypted(HTTPSConnection):
                def _new_conn(self) -> socket.socket:
                    opened = super()._new_conn()
                    require_elsewhere(opened, self.host, is_own=is_own)
                    return opened

            class PlainPool(HTTPConnectionPool):
                ConnectionCls = Plain

            class EncryptedPool(HTTPSConnectionPool):
                ConnectionCls = Encrypted

            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}

    return Adapter


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
