"""A district of chosen products, in whose words a story is recorded.

The acts are those of `tests/scenarios`: a `District` is a `Story` whose every fact goes
to the writer of the product that fills the role.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.scenarios.places import DEVICES
from tests.scenarios.story import Story
from tests.stories.facts import SERVER, Fact, Product
from tests.stories.products import PRODUCTS

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
DEFAULT = {
    "web": "Zscaler",
    "firewall": "ASA",
    "windows": "NXLog",
    "network": "NPS",
    "vpn": "AnyConnect",
    "leases": "Windows DHCP",
    "cloud": "Entra",
}
"""A district whose products no other scenario uses."""

AGENTS = ("Zscaler", "Umbrella", "Cloudflare", "Lightspeed")
"""Products with a program on the computer, which also work at home."""


@dataclass
class District(Story):
    """A story in the words of the district's products.

    Attributes:
        uses: The product of each role.
        directory: What the domain controller records of a logon at a computer: 4624,
            a network logon, or 4768, a ticket.
    """

    uses: Mapping[str, str] = field(default_factory=lambda: DEFAULT)
    directory: int = 4768

    @property
    def formats(self) -> Mapping[str, str]:
        return {source: self.product_of(source).format for source in self.lines}

    @property
    def options(self) -> Mapping[str, Mapping[str, str]]:
        return {source: self._options(source) for source in self.lines}

    def product_of(self, source: str) -> Product:
        """Return the product that wrote a source, named by its role or by role and computer."""
        return self._product(source.partition("-")[0])

    def encoded(self, source: str, lines: Sequence[str]) -> bytes:
        """Return the file of a source as its product writes it."""
        encode = self.product_of(source).encode
        return encode(lines) if encode else super().encoded(source, lines)

    def _options(self, source: str) -> Mapping[str, str]:
        computer = source.partition("-")[2]
        options = self.product_of(source).options
        return {**options, "computer": computer} if computer else options

    def _product(self, role: str) -> Product:
        return PRODUCTS[role][self.uses[role]]

    def record(self, role: str, fact: Fact) -> None:
        """The lines of the product that fills a role; none where it is missing."""
        if role not in self.uses:
            return
        product = self._product(role)
        written = product.write(fact)
        source = f"{role}-{fact.machine}" if product.is_per_computer else role
        if written and source not in self.lines:
            for number, line in enumerate(product.head):
                self._write(source, FIRST + timedelta(seconds=number), line)
        for line in written:
            self._write(source, fact.when, line)

    def _fact(self, when: datetime, **what: Any) -> Fact:
        self._records += 1
        return Fact(when=when, number=self._records, **what)

    def _of(self, device: str) -> dict[str, str]:
        one = DEVICES.get(device)
        return {
            "ip": self.address[device],
            "mac": one.mac if one else "",
            "machine": device if one else "",
        }

    def _request(self, account: str | None, device: str, when: datetime, **what: Any) -> None:
        self._lease_at_six(device)
        user = self.spell(account) if account else ""
        of = self._of(device)
        if self.uses.get("web") not in AGENTS or DEVICES[device].kind == "phone_byod":
            of["machine"] = ""
        fact = self._fact(when, user=user, **of, **what)
        self.record("web", fact)
        self.record("dns", fact)

    def browse(
        self,
        account: str,
        device: str,
        when: datetime,
        host: str,
        size: int = 21_400,
        seconds: float = 1.2,
    ) -> None:
        self._request(account, device, when, host=host, received=size, seconds=seconds)

    def play(self, account: str, device: str, when: datetime, url: str, size: int) -> None:
        host = url.split("/")[2].split(":")[0]
        self._request(
            account,
            device,
            when,
            host=host,
            url=url,
            received=size,
            seconds=52,
            media="video/mp4",
        )

    def fetch(self, account: str, device: str, when: datetime, url: str) -> None:
        self._request(
            account,
            device,
            when,
            host=url.split("/")[2],
            url=url,
            seconds=9,
            received=8_400_000,
            media="application/x-msdownload",
        )

    def refused(self, account: str | None, device: str, when: datetime, host: str) -> None:
        if account is not None:
            self._request(account, device, when, host=host, action="denied", seconds=0, received=0)

    def flow(
        self,
        device: str,
        when: datetime,
        to: str,
        *,
        seconds: float = 2,
        sent: int = 1_800,
        received: int = 9_400,
        port: int = 443,
    ) -> None:
        self._lease_at_six(device)
        is_address = to[-1].isdigit()
        fact = self._fact(
            when,
            host="" if is_address else to,
            to=to if is_address else SERVER,
            port=port,
            seconds=seconds,
            sent=sent,
            received=received,
            **self._of(device),
        )
        self.record("firewall", fact)
        if not is_address and port in (80, 443):
            # what leaves by the web passes the web's product too
            agent = {} if self.uses.get("web") in AGENTS else {"machine": ""}
            self.record("web", replace(fact, **agent))
        if not is_address:
            self.record("dns", fact)

    def session(
        self,
        when: datetime,
        ends: tuple[str, str],
        port: int,
        *,
        zones: tuple[str, str] = ("lan", "lan"),
        received: int = 900,
    ) -> None:
        fact = self._fact(
            when,
            ip=ends[0],
            to=ends[1],
            port=port,
            zones=zones,
            received=received,
            sent=400,
            action="" if received else "denied",
        )
        self.record("firewall", fact)

    def tunnel(self, account: str, device: str, clock: str, remote_ip: str) -> None:
        self.address[device] = DEVICES[device].tunnel_ip
        fact = self._fact(
            self.at(clock),
            user=self.spell(account),
            remote=remote_ip,
            **self._of(device),
        )
        self.record("vpn", fact)

    def sign_in(self, account: str, clock: str, ip: str, *, is_refused: bool = False) -> None:
        fact = self._fact(
            self.at(clock),
            user=self.spell(account),
            remote=ip,
            action="denied" if is_refused else "",
        )
        self.record("cloud", fact)

    def join(self, account: str, device: str, clock: str, at: str = "") -> None:
        """The network lets in a device, at an access point of its building."""
        self._lease_at_six(device)
        point = at or f"ap-{DEVICES[device].building.lower()}-1"
        fact = self._fact(self.at(clock), user=self.spell(account), point=point, **self._of(device))
        self.record("network", fact)

    def lease(self, device: str, clock: str, *, ip: str = "", hours: float = 192) -> None:
        self.address[device] = ip or DEVICES[device].ip
        fact = self._fact(self.at(clock), seconds=hours * 3600, **self._of(device))
        self.record("leases", fact)

    def release(self, device: str, clock: str) -> None:
        fact = self._fact(self.at(clock), action="release", **self._of(device))
        self.record("leases", fact)

    def _directory(self, account: str, device: str, when: datetime) -> None:
        ip = self.address.get(device, DEVICES[device].ip)
        if self.directory == 4624:
            data = {"LogonType": "3", "WorkstationName": device.upper()}
            self._windows(4624, account, "dc1", when, data | {"IpAddress": ip})
        else:
            data = {"ServiceName": "krbtgt", "Status": "0x0"}
            data["IpAddress"] = f"::ffff:{ip}"
            self._windows(4768, account, "dc1", when, data)

    def _windows(self, code: int, account: str, computer: str, stamp: datetime, data: dict) -> None:
        told = {"TargetUserName": self.spell(account), "TargetDomainName": "EXAMPLE"}
        fact = self._fact(stamp, machine=computer, code=code, data=told | data)
        self.record("windows", fact)

    def remote_desktop(self, account: str, device: str, clock: str, from_ip: str) -> None:
        """A session on a host of many, opened from another computer."""
        self._lease_at_six(device)
        data = {"LogonType": "10", "IpAddress": from_ip}
        self._windows(4624, account, device, self.at(clock), data)

    def at_home(self, device: str) -> None:
        """Without a tunnel: an agent reports the address of the network at home."""
        self.address[device] = "192.168.1.23"


def without(uses: Mapping[str, str], *roles: str) -> Mapping[str, str]:
    return {role: product for role, product in uses.items() if role not in roles}
