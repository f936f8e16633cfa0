"""Which user of the system opened a connection: the kernel's answer, as at a terminal.

Of a Unix socket the kernel tells the peer's user id. Of a connection within the machine
it lists the owner of the socket at the other end. Nothing that a browser sends counts.
"""

import ipaddress
import socket
import struct
from pathlib import Path

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
LOCAL, REMOTE, OWNER = 1, 2, 7
"""Columns of these tables."""
CREDENTIALS = struct.Struct("3i")


def peer_uid(connection: socket.socket) -> int | None:
    """The user id behind a connection; None where the kernel cannot tell."""
    if connection.family == socket.AF_UNIX:
        if not hasattr(socket, "SO_PEERCRED"):
            return None
        data = connection.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size
        )
        _, uid, _ = CREDENTIALS.unpack(data)
        return int(uid)
    here, there = connection.getsockname()[:2], connection.getpeername()[:2]
    if not ipaddress.ip_address(there[0].partition("%")[0]).is_loopback:
        return None
    return _owner(_written(*there), _written(*here))


def _owner(local: set[str], remote: set[str]) -> int | None:
    """The owner of the socket whose ends are these."""
    for table in TABLES:
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            cells = line.split()
            if cells[LOCAL] in local and cells[REMOTE] in remote:
                return int(cells[OWNER])
    return None


def _written(host: str, port: int) -> set[str]:
    """An address and port as the kernel writes them, also within IPv6."""
    address = ipaddress.ip_address(host)
    forms = [address.packed]
    if isinstance(address, ipaddress.IPv4Address):
        forms.append(b"\0" * 10 + b"\xff\xff" + address.packed)
    elif address.ipv4_mapped is not None:
        forms.append(address.ipv4_mapped.packed)
    return {f"{_words(form)}:{port:04X}" for form in forms}


def _words(packed: bytes) -> str:
    """Each four bytes as one number of this machine's own order, in hexadecimal."""
    numbers = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{number:08X}" for number in numbers)
