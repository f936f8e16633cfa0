"""Run the lab: `python -m tests.lab [--small] [--minutes N] [--keep FOLDER]`, as root.

The first process opens namespaces and waits. All that the lab does happens inside them, on a
file system in memory: when the namespaces end, however they end, nothing is left.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.conftest import REPO_ROOT
from tests.lab.network import SYSLOG_NG

SMALL_MINUTES, FULL_MINUTES = 2.2, 15.0
PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
SMALL_PROGRAMS = (
    "dhcrelay", "dnsmasq", "eapol_test", "freeradius", "ip", "kea-dhcp4", "logrotate", "nft",
    "nginx", "nsenter", "openssl", "radclient", "rsync", "rsyslogd", "squid", "udhcpc", "unshare",
    "curl",
)  # fmt: skip
PROGRAMS = (
    *SMALL_PROGRAMS, "chromium", "dhcpd", "e2guardian", "faketime", "kinit", "ldbadd", "named",
    "nmap", "openvpn", "samba", "samba-tool", "smbclient", "ssh", "sshd", "sshpass", "suricata",
    "ulogd", "unbound",
)  # fmt: skip
PACKAGES = (
    "curl dnsmasq-base eapoltest freeradius freeradius-utils iproute2 isc-dhcp-relay "
    "kea-dhcp4-server logrotate nftables nginx openssl rsync rsyslog squid udhcpc"
)
MORE_PACKAGES = (
    "bind9 chromium e2guardian faketime isc-dhcp-server krb5-user ldb-tools nmap openssh-client "
    "openssh-server openvpn samba-ad-dc samba-ad-provision smbclient sshpass suricata ulogd2 "
    "unbound"
)
UNPACK = (
    f"unpack syslog-ng, which Debian does not install with rsyslog, into {SYSLOG_NG}: "
    "apt-get download syslog-ng-core libivykis0t64 && for one in syslog-ng-core_*.deb "
    f"libivykis0t64_*.deb; do dpkg-deb -x $one {SYSLOG_NG}; done"
)
NAMESPACES = ("--mount", "--net", "--pid", "--uts", "--ipc")
UNSHARE = (
    *("setpriv", "--pdeathsig", "KILL"),
    "unshare",
    *NAMESPACES,
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--propagation",
    "private",
)


def obstacle(*, is_small: bool) -> str:
    """Return why the lab cannot run here; empty if it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "the lab needs root on Linux, for namespaces"
    wanted = SMALL_PROGRAMS if is_small else PROGRAMS
    missing = [name for name in wanted if not shutil.which(name, path=PATH)]
    if missing:
        packages = PACKAGES if is_small else f"{PACKAGES} {MORE_PACKAGES}"
        return f"missing {', '.join(missing)}; on Debian: apt-get install {packages}"
    if not is_small and not (SYSLOG_NG / "usr/sbin/syslog-ng").exists():
        return UNPACK
    script = "mount -t tmpfs tmpfs /mnt && ip link add lab0 type bridge && nft list ruleset"
    done = subprocess.run([*UNSHARE, "sh", "-c", script], capture_output=True, check=False)
    if done.returncode:
        return f"no namespaces here: {done.stderr.decode(errors='replace').strip()}"
    return ""


def zone() -> str:
    """Return the zone in which it is about ten in the morning now."""
    ahead = 10 - datetime.now(UTC).hour
    if ahead < -12:
        ahead += 24
    # signs are the other way around in these names
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def run(*, is_small: bool, minutes: float, keep: Path | None = None) -> int:
    """Run the lab in its own namespaces; return its exit code."""
    root = Path(tempfile.mkdtemp(prefix="schoolbell-lab-"))
    wanted = {
        "root": str(root),
        "zone": zone(),
        "small": is_small,
        "minutes": minutes,
        "keep": str(keep.resolve()) if keep else "",
    }
    command = [*UNSHARE, sys.executable, "-m", "tests.lab.inside", json.dumps(wanted)]
    process = subprocess.Popen(command, cwd=REPO_ROOT, start_new_session=True)
    try:
        return process.wait()
    finally:
        # its death ends the first process of the namespaces, and the kernel all others
        process.kill()
        process.wait()
        root.rmdir()


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    parser.add_argument("--small", action="store_true", help="one school, three programs")
    parser.add_argument("--minutes", type=float, help="how long the people act")
    parser.add_argument("--keep", type=Path, help="copy logs, home and plan into this folder")
    wanted = parser.parse_args(arguments)
    if reason := obstacle(is_small=wanted.small):
        print(f"The lab does not run here: {reason}", file=sys.stderr)
        return 2
    if wanted.keep:
        wanted.keep.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # a shell ignores it for what it starts in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
    minutes = wanted.minutes or (SMALL_MINUTES if wanted.small else FULL_MINUTES)
    try:
        return run(is_small=wanted.small, minutes=minutes, keep=wanted.keep)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
