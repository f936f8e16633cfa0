"""Scripted people and devices: each does its steps in time and notes what it saw."""

import base64
import csv
import hashlib
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path

from tests.lab import network, programs
from tests.lab.district import (
    BY_CODE,
    BY_NAME,
    CONTROLLER,
    CONTROLLER_NAME,
    DISTRICT_OUTSIDE,
    FILTER,
    FILTERED,
    KERBEROS,
    PASSWORD,
    PROXY,
    PROXY_NAME,
    TUNNELS,
)
from tests.lab.machines import LabError, Machine, plug
from tests.lab.network import Network
from tests.lab.plan import Step

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0"
UPLOAD = 30_000_000
STREAMED = """
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if sys.argv[1] == "serve":
    s.bind((sys.argv[2], 51820))
    while True:
        data, peer = s.recvfrom(65536)
        for _ in range(3):
            s.sendto(data, peer)
until = time.time() + float(sys.argv[3])
s.connect((sys.argv[1], int(sys.argv[2])))
s.settimeout(0.01)
got = sent = 0
while time.time() < until:
    sent += s.send(bytes(1200))
    try:
        while True:
            got += len(s.recv(65536))
    except TimeoutError:
        pass
    time.sleep(0.1)
print(sent, got)
"""


@dataclass
class Deed:
    """The result of a step, as seen by the side that did it.

    Attributes:
        began: Seconds since 1970; so is `ended`.
        ip: Address of the device then.
        down: Bytes of the body that arrived; None where the program does not state them.
        up: Bytes of the body that were sent.
        result: What the program returned, such as a status.
    """

    story: str
    device: str
    act: str
    account: str
    target: str
    began: float
    ended: float = 0.0
    mac: str = ""
    ip: str = ""
    down: int | None = 0
    up: int = 0
    result: str = ""
    is_problem: bool = False

    @classmethod
    def of(cls, row: Mapping[str, str]) -> "Deed":
        """Read a row of the plan's CSV."""
        kinds: Mapping[object, Callable[[str], object]] = {
            bool: "True".__eq__,
            str: str,
            float: float,
            int: int,
            int | None: lambda text: int(text) if text else None,
        }
        return cls(**{one.name: kinds[one.type](row[one.name]) for one in fields(cls)})


def is_filtered(device: str) -> bool:
    """Return whether a device is one of the school with the filter."""
    return device in BY_NAME and BY_NAME[device].place == FILTERED


def _proxy(device: str, account: str) -> tuple[str, ...]:
    """Return curl's options for the proxy of a device and the login of its user."""
    if is_filtered(device):
        return ("-x", f"http://{FILTER}:8080", "-U", f"{account}:{PASSWORD}")
    if device == f"nb-{account}" and account in KERBEROS:
        return ("-x", f"http://{PROXY_NAME}:3128", "--proxy-negotiate", "-U", ":")
    return ("-x", f"http://{PROXY}:3128", "-U", f"{account}:{PASSWORD}")


class People:
    """Threads of devices, each with the device's steps."""

    def __init__(self, net: Network, authority: str, vpn_authority: str, minutes: float) -> None:
        self.net, self.minutes = net, minutes
        self.vpn_authority = vpn_authority
        self.deeds: list[Deed] = []
        self._lock = threading.Lock()
        self._place = {name: one.place for name, one in BY_NAME.items()}
        for name in (*BY_NAME, "files", "attacker"):
            if name in net.machines:
                net[name].write("/run/ca.pem", authority)
                net[name].write("/run/stream.py", STREAMED)
        if "dc" in net.machines:
            for name in set(BY_NAME) & set(net.machines):
                programs.joins_domain(net[name])

    def start(self, steps: Sequence[Step]) -> list[threading.Thread]:
        """Start every device; the clock of the plan begins now."""
        self.began = time.time()
        devices = sorted({step.device for step in steps})
        threads = [
            threading.Thread(
                target=self._lives,
                args=([one for one in steps if one.device == name],),
                daemon=True,
            )
            for name in devices
        ]
        for thread in threads:
            thread.start()
        return threads

    def _lives(self, steps: Sequence[Step]) -> None:
        dice = random.Random(steps[0].device)
        for step in steps:
            time.sleep(max(0.0, self.began + step.at + dice.random() * 1.5 - time.time()))
            try:
                self._does(step)
            except (LabError, OSError, ValueError) as error:
                self._note(
                    Deed(
                        step.story,
                        step.device,
                        step.act,
                        step.account,
                        step.target,
                        time.time(),
                        result=str(error),
                        is_problem=True,
                    )
                )

    def _does(self, step: Step) -> None:
        machine = self.net[step.device]
        known = BY_NAME.get(step.device)
        deed = Deed(
            step.story, step.device, step.act, step.account, step.target, time.time(),
            mac=known.mac if known else "", ip=self._address(machine, step),
        )  # fmt: skip
        if step.account == "" and step.act == "browse":
            deed.account = self._joined(step.device)
        getattr(self, f"_{step.act}")(machine, step, deed)
        deed.ended = time.time()
        self._note(deed)

    def _note(self, deed: Deed) -> None:
        with self._lock:
            self.deeds.append(deed)

    def _joined(self, device: str) -> str:
        with self._lock:
            joins = [one for one in self.deeds if one.device == device and one.act == "join"]
        return joins[-1].account if joins else ""

    def _address(self, machine: Machine, step: Step) -> str:
        said = machine.run("ip", "-4", "-o", "addr", "show", "scope", "global", may_fail=True)
        found = [word.split("/")[0] for word in said.split() if word.count(".") == 3]
        inside = [one for one in found if one.startswith(f"{TUNNELS}.")]
        return (inside or found or [""])[0] if step.act != "tunnel" else (found or [""])[0]

    # what people do

    def _fetch(self, machine: Machine, deed: Deed, url: str, *more: str) -> None:
        said = machine.run(
            *("curl", "-sS", "--cacert", "/run/ca.pem", *_proxy(deed.device, deed.account)),
            *("-A", AGENT, "-o", "/dev/null", "-m", "90"),
            # as a person who loads a page again while a server restarts
            *("--retry", "5", "--retry-connrefused", "--retry-delay", "2"),
            *("-w", "%{http_connect} %{http_code} %{size_download}", *more, url),
            may_fail=True,
        )
        words = said.split()[-3:]
        deed.result = " ".join(words[:2])
        deed.down = int(words[2]) if len(words) == 3 and words[2].isdigit() else 0

    def _browse(self, machine: Machine, step: Step, deed: Deed) -> None:
        self._fetch(machine, deed, f"https://{step.target}/{step.page}")

    def _stream(self, machine: Machine, step: Step, deed: Deed) -> None:
        self._fetch(machine, deed, f"https://{step.target}/stream")

    def _browse_embed(self, machine: Machine, step: Step, deed: Deed) -> None:
        """Fetch a page of the district, and the pictures of another site that it loads."""
        self._fetch(machine, deed, f"https://{step.target}/{step.page}")
        deed.ended = time.time()
        page = f"https://{step.target}/"
        for host in ("www.friends.example", "media.friends.example"):
            part = Deed(
                step.story, step.device, "browse", step.account, host, time.time(),
                mac=deed.mac, ip=deed.ip,
            )  # fmt: skip
            self._fetch(machine, part, f"https://{host}/p0", "-e", page)
            part.ended = time.time()
            self._note(part)
        deed.act = "browse"

    def _chromium(self, machine: Machine, step: Step, deed: Deed) -> None:
        """Keep a page open in a browser, which logs in by Kerberos and loads other sites.

        A browser that starts for the first time may not open its page: then once more.
        """
        delivered = self._delivered(step.page)
        for _ in range(3):
            self._opens(machine, f"https://{step.target}/{step.page}")
            if self._delivered(step.page) > delivered:
                break
        deed.ended, deed.down, deed.result = time.time(), None, "200 200"
        for host in ("www.friends.example", "media.friends.example", "lms.example"):
            self._note(replace(deed, act="browse_part", target=host))
        deed.act = "browse_part"

    def _delivered(self, page: str) -> int:
        """Return how often the sites' own server delivered a page."""
        log = self.net["web"].path("/var/log/nginx/access.log")
        return log.read_text(encoding="utf-8").count(f"GET /{page} ")

    def _opens(self, machine: Machine, url: str) -> None:
        machine.run(
            *("timeout", "--kill-after=5", "25", "chromium", "--headless", "--no-sandbox"),
            *("--disable-gpu", "--disable-dev-shm-usage", "--user-data-dir=/run/chromium"),
            *("--remote-debugging-port=9222", f"--proxy-server=http://{PROXY_NAME}:3128"),
            f"--ignore-certificate-errors-spki-list={self.site_key}",
            url,
            may_fail=True,
        )

    def _logon(self, machine: Machine, step: Step, deed: Deed) -> None:
        """Log on to the domain and open a share of the controller."""
        machine.run("kinit", step.account, text=f"{PASSWORD}\n")
        said = machine.run(
            *("smbclient", f"//{CONTROLLER_NAME}/sysvol", "--use-kerberos=required"),
            *("--use-krb5-ccache=/run/tickets", "-c", "ls"),
            may_fail=True,
        )
        deed.result = "accepted" if "blocks available" in said else said.strip()[-90:]

    def _smb_wrong(self, machine: Machine, step: Step, deed: Deed) -> None:
        said = machine.run(
            *("smbclient", f"//{CONTROLLER}/sysvol", "-U", f"{step.account}%Spring2026"),
            *("-c", "ls"),
            may_fail=True,
        )
        deed.result = "refused" if "LOGON_FAILURE" in said else said.strip()[-60:]

    def _join(self, machine: Machine, step: Step, deed: Deed) -> None:
        code = self._place[step.device]
        point = BY_CODE[code].access_point
        router = self.net.routers[code]
        accepted = programs.joins(router, point, deed.mac, step.account, PASSWORD)
        deed.result = "accepted" if accepted else "refused"
        deed.target = point
        if accepted:
            # a device that joins asks for its address again
            machine.programs["udhcpc"].send_signal(signal.SIGUSR1)
            row = {"mac": deed.mac, "account": step.account, "ip": deed.ip}
            programs.accounting(router, point, "Start", row)

    def _join_wrong(self, machine: Machine, step: Step, deed: Deed) -> None:
        code = self._place[step.device]
        point = BY_CODE[code].access_point
        deed.target = point
        router = self.net.routers[code]
        accepted = programs.joins(router, point, deed.mac, step.account, "last-year")
        deed.result = "accepted" if accepted else "refused"

    def _move(self, machine: Machine, step: Step, deed: Deed) -> None:
        machine.stop("udhcpc")
        machine.run("ip", "link", "del", "eth0")
        plug(machine, "eth0", self.net.routers[step.target], "lan", deed.mac)
        self._place[step.device] = step.target
        network.lease(machine)
        deed.result = "moved"

    def _tunnel(self, machine: Machine, step: Step, deed: Deed) -> None:
        programs.tunnel(machine, step.account, self.vpn_authority)
        until = time.time() + 30
        while time.time() < until:
            inside = self._address(machine, Step(0, "", "browse"))
            if inside.startswith(f"{TUNNELS}."):
                deed.target, deed.result = inside, "accepted"
                return
            time.sleep(0.3)
        deed.result = "refused"

    def _busy_tunnel(self, machine: Machine, step: Step, deed: Deed) -> None:
        seconds = str(min(480.0, self.minutes * 60 - 240))
        said = machine.run(
            "/usr/bin/python3", "/run/stream.py", step.target, "51820", seconds, may_fail=True
        ).split()
        deed.result = "sent" if len(said) == 2 else " ".join(said[-8:])
        if len(said) == 2:
            deed.up, deed.down = map(int, said)

    def _upload(self, machine: Machine, step: Step, deed: Deed) -> None:
        path = "/srv/upload"
        machine.run("sh", "-c", f"test -f {path} || head -c {UPLOAD} /dev/urandom > {path}")
        deed.result, _, sent = machine.run(
            *("curl", "-sS", "--cacert", "/run/ca.pem", "-T", path, "-o", "/dev/null"),
            *("-w", "%{http_code} %{size_upload}", f"https://{step.target}:8443/up/{step.device}"),
            may_fail=True,
        ).partition(" ")
        deed.up = int(sent) if sent.isdigit() else 0

    def _scan(self, machine: Machine, step: Step, deed: Deed) -> None:
        machine.run(
            *("nmap", "-n", "-Pn", "-sT", "-p", "22", "--max-retries", "0"),
            *("--host-timeout", "3s", "--min-rate", "1", "--max-rate", "3", step.target),
            may_fail=True,
        )
        deed.result = "scanned"

    def _ssh_wrong(self, machine: Machine, step: Step, deed: Deed) -> None:
        said = machine.run(
            *("sshpass", "-p", "Spring2026", "ssh", "-o", "StrictHostKeyChecking=no"),
            *("-o", "UserKnownHostsFile=/dev/null", "-o", "NumberOfPasswordPrompts=1"),
            *("-o", "ConnectTimeout=10", f"{step.account}@{DISTRICT_OUTSIDE}", "true"),
            may_fail=True,
        )
        deed.result = "refused" if "denied" in said else said.strip()[-60:]

    @cached_property
    def site_key(self) -> str:
        """Return the hash of the sites' key, which a browser has to trust."""
        web = self.net["web"]
        web.run(
            *("openssl", "pkey", "-in", f"{programs.CA}/site.key", "-pubout"),
            *("-outform", "DER", "-out", "/run/site.pub"),
        )
        digest = hashlib.sha256(web.path("/run/site.pub").read_bytes()).digest()
        return base64.b64encode(digest).decode()

    def write(self, path: Path) -> None:
        """Write what was done as a CSV, next to the logs."""
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.DictWriter(file, [one.name for one in fields(Deed)])
            rows.writeheader()
            rows.writerows(asdict(one) for one in sorted(self.deeds, key=lambda one: one.began))
