"""The events of stories as raw lines, in the words of the products that a district has."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.scenarios.story import Spelling
from tests.space.events import PACE, SIZES, Events
from tests.space.stories import DAY
from tests.stories.district import AGENTS, District
from tests.stories.facts import NEAR, SERVER

COPIES = ("FortiGate's web filter",)
"""Web products whose user is a copy of a network login."""

MEAN_SIZE = sum(SIZES) / len(SIZES)
FORMS: Mapping[str, Spelling] = {
    "plain": lambda account: account,
    "mail": lambda account: f"{account}@school.example",
    "domain": lambda account: f"EXAMPLE\\{account}",
    "capitals": lambda account: account.upper(),
}
"""Ways in which logs write an account."""


@dataclass
class Lines(Events):
    """Lines instead of events; what no product of the district records is not written.

    Attributes:
        uses: The product of each role.
        form: How its logs write an account.
        pause: Mean pause between two pages, in seconds.
        page_bytes: Mean size of a page.
        use_times: Factor on the length of a use.
    """

    uses: Mapping[str, str]
    form: str
    pause: float
    page_bytes: float
    use_times: float

    def __post_init__(self) -> None:
        super().__init__()
        self._addresses: dict[str, str] = {}
        self._mapped: dict[str, str] = {}
        self.district = District(DAY, spell=FORMS[self.form], uses=self.uses)

    def _record(self, role: str, when: datetime, account: str = "", **what: Any) -> None:
        user = self.district.spell(account) if account else ""
        self.district.record(role, self.district._fact(when, user=user, **what))

    def lease(self, when: datetime, ip: str, mac: str, host_name: str | None) -> None:
        self._addresses[mac] = ip
        self._record("leases", when, ip=ip, mac=mac, machine=host_name or "", seconds=72_000)

    def network_login(self, when: datetime, account: str, mac: str, access_point: str) -> None:
        # the firewall copies the name from RADIUS, if RADIUS is there
        if "network" in self.uses and mac in self._addresses:
            self._mapped[self._addresses[mac]] = account
        self._record("network", when, account, mac=mac, point=access_point)

    def keyboard(self, when: datetime, account: str, device: str, ip: str, act: str) -> None:
        codes = {"logon": (4624, 2), "unlock": (4624, 7), "lock": (4800, 0), "logoff": (4634, 2)}
        code, kind = codes[act]
        data = {"IpAddress": "-"} | ({"LogonType": str(kind)} if kind else {})
        self.district._windows(code, account, device, when, data)
        if act == "unlock":
            self.district._windows(4801, account, device, when, {"IpAddress": "-"})
        if act in ("logon", "unlock"):
            data = {"ServiceName": "krbtgt", "Status": "0x0", "IpAddress": f"::ffff:{ip}"}
            self.district._windows(4768, account, "dc1", when + timedelta(seconds=1), data)

    def tunnel(
        self,
        start: datetime,
        end: datetime,
        account: str,
        outside: str,
        ip: str,
        device: str | None,
    ) -> None:
        del end  # the writers have no end of a tunnel
        self._record("vpn", start, account, remote=outside, ip=ip, machine=device or "")

    def sign_in(self, when: datetime, account: str, ip: str) -> None:
        self._record("cloud", when, account, remote=ip)

    def logon(self, source: str, log_format: str, when: datetime, **values: Any) -> None:
        """Write an application that a session opened, where the product records each."""
        if self.uses.get("cloud") in ("Entra", "Duo"):
            self.sign_in(when, values["user_name"], values["src_ip"])

    def use(
        self,
        start: datetime,
        minutes: float,
        hosts: tuple[str, ...],
        line: Mapping[str, Any],
        what: str = "sized_hosts",
        dice: int = 0,
    ) -> None:
        seconds, number = 0.0, dice
        while seconds <= minutes * 60 * self.use_times:
            host = hosts[number % len(hosts)]
            size = round(self.page_bytes * SIZES[number % len(SIZES)] / MEAN_SIZE)
            self._request(start + timedelta(seconds=seconds), host, size, line, what)
            seconds += self.pause * PACE[number % len(PACE)]
            number += 1

    def _request(
        self, when: datetime, host: str, size: int, line: Mapping[str, Any], what: str
    ) -> None:
        role = {"look_ups": "dns", "flows": "firewall"}.get(what, "web")
        machine = line.get("src_hostname", "") if self.uses.get("web") in AGENTS else ""
        more: dict[str, Any] = {}
        if what == "pages":
            more = {"url": f"http://{host}/p{size}", "media": "text/html"}
        if role == "firewall":
            more["to"] = SERVER
        is_copy = role == "web" and self.uses.get("web") in COPIES
        self._record(
            role,
            when,
            self._mapped.get(line["src_ip"], "") if is_copy else line.get("user_name", ""),
            ip=line["src_ip"],
            machine=machine,
            host=host if role != "firewall" else "",
            received=size,
            seconds=1.2,
            **more,
        )

    def upload(self, start: datetime, host: str, line: Mapping[str, Any], what: str) -> None:
        machine = line.get("src_hostname", "") if self.uses.get("web") in AGENTS else ""
        # what an agent's cloud passes, no firewall of the district sees
        role = "dns" if what == "look_ups" else "web" if machine else "firewall"
        for number in range(12):
            self._record(
                role,
                start + timedelta(seconds=140 * number),
                ip=line["src_ip"],
                machine=machine,
                host="" if what == "flows" else host,
                to=line["dst_ip"],
                sent=200_000_000,
                received=40_000,
                seconds=90,
            )

    def search(self, start: datetime, line: Mapping[str, Any], number: int) -> None:
        for target in range(150):
            self._record(
                "firewall",
                start + timedelta(seconds=2 * target),
                ip=line["src_ip"],
                to=f"10.40.{number % 200}.{target}",
                port=445,
                zones=(NEAR, NEAR),
                action="denied",
                sent=0,
                received=0,
                seconds=0,
            )
