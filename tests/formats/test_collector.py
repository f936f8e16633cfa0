"""The guide's collector, run for real: what devices send lands as it was sent."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.documents import FENCE
from tests.lab.guide import GUIDE

RSYSLOG = shutil.which("rsyslogd", path="/usr/sbin:/sbin:/usr/bin:/bin")
FORMATS_OF_SYSLOG = (
    "pfsense_filterlog", "unbound", "fortigate", "paloalto", "cisco_asa", "watchguard",
    "isc_dhcpd", "sshd_pam",
)  # fmt: skip
PATIENCE = 20.0
OWNERS = r"\s+(?:file|dir)(?:Owner|Group)=\"[a-z]+\""

pytestmark = pytest.mark.skipif(RSYSLOG is None, reason="rsyslog is not installed")


def sent() -> list[bytes]:
    """Return the lines of the guide that devices send over the network."""
    found = [found for found in FENCE.finditer(GUIDE) if found[1] in FORMATS_OF_SYSLOG]
    return [block[2].strip().encode() for block in found]


def free_port() -> int:
    """Return a port that no one listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(home: Path, port: int) -> Path:
    """Return the guide's configuration, with the places and the user of the test."""
    (said,) = (found[2] for found in FENCE.finditer(GUIDE) if 'template(name="as_sent"' in found[2])
    said = re.sub(OWNERS, "", said.replace("/srv/schoolbell", str(home)))
    size = 'global(maxMessageSize="64k")'
    assert size in GUIDE
    work = home / "work"
    work.mkdir()
    path = home / "rsyslog.conf"
    text = f'global(workDirectory="{work}")\n{size}\n{said}'
    path.write_text(text.replace("5514", str(port)), encoding="utf-8")
    return path


@contextmanager
def running(config: Path) -> Iterator[None]:
    """Provide the collector, ended afterwards."""
    command = [str(RSYSLOG), "-n", "-f", str(config), "-i", str(config.parent / "pid")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        yield
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def connected(port: int) -> socket.socket:
    """Return a connection, once the collector listens."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            assert time.monotonic() < until, "the collector does not listen"
            time.sleep(0.05)


def landed(home: Path, count: int) -> list[bytes]:
    """The lines of the landing folder, once there are enough."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        files = sorted((home / "landing" / "firewall").glob("*.log"))
        lines = b"".join(path.read_bytes() for path in files).splitlines()
        if len(lines) >= count:
            return lines
        time.sleep(0.05)
    raise AssertionError(f"fewer than {count} lines landed")


def test_what_devices_send_lands_byte_for_byte(tmp_path):
    port = free_port()
    config = settings(tmp_path, port)
    check = [str(RSYSLOG), "-N1", "-f", str(config)]
    subprocess.run(check, check=True, capture_output=True, timeout=PATIENCE)
    lines = sent()
    tabs = b"<140>Nov  2 08:15:00 fb01 LEEF:1.0|WatchGuard|XTM|12|1|a=1\tb=2"
    with running(config):
        with connected(port) as stream:
            stream.sendall(b"\n".join([*lines, tabs, b""]))
            # a FortiGate in reliable mode shows the length of each message first
            stream.sendall(b"%d %s" % (len(lines[0]), lines[0]))
        with socket.socket(type=socket.SOCK_DGRAM) as datagram:
            datagram.sendto(lines[0], ("127.0.0.1", port))
        found = landed(tmp_path, len(lines) + 3)
    assert len(lines) >= 8
    assert sorted(found) == sorted([*lines, tabs, lines[0], lines[0]])
