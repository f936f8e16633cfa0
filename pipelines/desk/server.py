"""The desk's server: on the machine itself or on a Unix socket, and nowhere else.

The kernel identifies the user of a connection, as at a terminal. For a Unix
socket it reports the peer's user id. For a local connection it lists the
owner of the socket at the other end. Nothing that a browser sends counts.
"""

import asyncio
import ipaddress
import socket
import struct
from collections import Counter
from contextlib import suppress
from pathlib import Path

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipelines.desk.app import app
from pipelines.desk.open_homes import OpenHome
from pipelines.errors import SettingsError

UNIX = getattr(socket, "AF_UNIX", None)
"""Windows has no such sockets in Python."""
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
LOCAL, REMOTE, STATE, OWNER, INODE = 1, 2, 3, 7, 9
"""Columns of these tables."""
ESTABLISHED, NO_INODE = "01", "0"
"""The kernel lists a closed connection too, as root's and without an inode."""
CREDENTIALS = struct.Struct("3i")

OPEN_TO_ALL = 0o666
"""Mode of the socket: the kernel identifies the user, and roles define the rights."""
READ_SECONDS = 20.0
"""Time limit for receiving a request; then its connection is closed."""
MAX_CONNECTIONS = 100
"""Maximum open connections of one system user; a proxy in front needs fewer."""
OPEN: Counter[int | None] = Counter()
"""Open connections by user id."""


def peer_uid(connection: socket.socket) -> int | None:
    """Return the user id behind a connection; None if the kernel cannot identify it."""
    if connection.family == UNIX:
        if not hasattr(socket, "SO_PEERCRED"):
            return None
        data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        _, uid, _ = CREDENTIALS.unpack(data)
        return int(uid)
    here, there = connection.getsockname()[:2], connection.getpeername()[:2]
    if not ipaddress.ip_address(there[0].partition("%")[0]).is_loopback:
        return None
    return _owner(_written(*there), _written(*here))


def _owner(local: set[str], remote: set[str]) -> int | None:
    """Return the owner of the open socket with these ends; None once it is closed."""
    for table in TABLES:
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            cells = line.split()
            is_it = cells[LOCAL] in local and cells[REMOTE] in remote
            if is_it and cells[STATE] == ESTABLISHED and cells[INODE] != NO_INODE:
                return int(cells[OWNER])
    return None


def _written(host: str, port: int) -> set[str]:
    """Return an address and port as the kernel writes them, also within IPv6."""
    address = ipaddress.ip_address(host)
    forms = [address.packed]
    if isinstance(address, ipaddress.IPv4Address):
        forms.append(b"\0" * 10 + b"\xff\xff" + address.packed)
    elif address.ipv4_mapped is not None:
        forms.append(address.ipv4_mapped.packed)
    return {f"{_words(form)}:{port:04X}" for form in forms}


def _words(packed: bytes) -> str:
    """Return each four bytes as one number in the machine's byte order, in hexadecimal."""
    numbers = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{number:08X}" for number in numbers)


class KnownPeer(H11Protocol):
    """A connection that knows which user of the system opened it.

    One that sends its request slowly is closed, and so is one too many of a user: a
    person with a thousand half-sent forms would otherwise keep everyone else out.
    """

    uid: int | None = None
    reading_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Ask the kernel once, when the connection opens."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        with suppress(OSError, ValueError):
            self.uid = peer_uid(connection)
        self.app_state = {**self.app_state, "uid": self.uid}
        OPEN[self.uid] += 1
        if OPEN[self.uid] > MAX_CONNECTIONS:
            transport.close()
            return
        self.reading_since = self.loop.time()
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count one connection less."""
        OPEN[self.uid] -= 1
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self.reading_since = self.loop.time()
        super().on_response_complete()

    def _look_later(self) -> None:
        self.loop.call_later(READ_SECONDS / 4, self._close_if_slow)

    def _close_if_slow(self) -> None:
        if self.transport.is_closing():
            return
        is_reading = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        if is_reading and self.loop.time() - self.reading_since > READ_SECONDS:
            self.transport.close()
        else:
            self._look_later()


def listening(host: str, port: int, path: Path | None) -> socket.socket:
    """Return the socket that the desk listens on.

    Raises:
        SettingsError: Other machines could reach it, or it is in use.
    """
    if path is not None:
        return _unix(path)
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = host == "localhost"
    if not is_here:
        raise SettingsError(
            f"{host} can be reached from other machines without encryption",
            where="--host",
            remedy="Listen on 127.0.0.1 and put a reverse proxy in front.",
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        raise SettingsError(f"port {port} is in use: {error.strerror}", where="--port") from error
    return made


def _unix(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if path.is_socket():
        path.unlink()  # of a desk that ended without cleaning up
    try:
        made.bind(str(path))
    except OSError as error:
        raise SettingsError(
            f"the socket cannot be created: {error.strerror}", where=str(path)
        ) from error
    path.chmod(OPEN_TO_ALL)
    return made


def server(home: OpenHome) -> uvicorn.Server:
    """Return the server of a home's desk, ready to run."""
    config = uvicorn.Config(
        app(home),
        http=KnownPeer,
        ws="none",
        lifespan="off",
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    return uvicorn.Server(config)


def serve(home: Path, *sockets: socket.socket) -> None:
    """Serve until the process is stopped."""
    opened = OpenHome(home)
    paths = [one.getsockname() for one in sockets if one.family == UNIX]
    try:
        opened.warm()
        server(opened).run(sockets=list(sockets))
    finally:
        opened.close()
        for one in sockets:
            one.close()
        for path in paths:
            Path(path).unlink(missing_ok=True)
