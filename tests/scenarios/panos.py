"""The same stories as a district without Windows writes them.

PAN-OS shows a visit in two lines with one session number: THREAT of the kind url when
a site is asked for, without bytes, and TRAFFIC when the session ends, without a host.
GlobalProtect opens the tunnels, Google takes the sign-ins, and RADIUS lets Chromebooks
into the network: nothing shows who is at their keyboard.
"""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.scenarios.places import DEVICES, ZONE
from tests.scenarios.story import Story

SERVER = "203.0.113.77"
RECORD = (
    "1,{seen},000000000001,{kind},2561,{seen},{source},{target},192.0.2.200,{target},"
    "web,{user},,{app},vsys1,{zones},ethernet1/2,ethernet1/1,forward,{seen},{session},"
    "1,{port},{to_port},{port},{to_port},0x400000,{transport},{action},{rest}"
)
"""From the first column to the action, of TRAFFIC and of THREAT/url."""


class PanosStory(Story):
    """A story in the words of PAN-OS, RADIUS and Google."""

    formats = Story.formats | {
        "firewall": "paloalto",
        "radius": "freeradius",
        "cloud": "google_workspace",
    }
    is_half = False
    """Lines that close a session do not arrive."""
    has_audit = False
    """Google's audit of ChromeOS arrives too."""
    has_proxy = False
    """A proxy that asks for a login stands before the firewall, and logs for it."""

    def browse(
        self,
        account: str,
        device: str,
        when: datetime,
        host: str,
        size: int = 21_400,
        seconds: float = 1.2,
    ) -> None:
        if self.has_proxy:
            super().browse(account, device, when, host, size, seconds)
        else:
            self._visit(account, device, when, f"{host}/", size, seconds)

    def play(self, account: str, device: str, when: datetime, url: str, size: int) -> None:
        self._visit(account, device, when, url, size, 52, "video/mp4")

    def fetch(self, account: str, device: str, when: datetime, url: str) -> None:
        kind = "application/x-msdownload"
        self._visit(account, device, when, url, 8_400_000, 9, kind)

    def refused(self, account: str | None, device: str, when: datetime, host: str) -> None:
        """A firewall challenges no one: without an account nothing is written."""
        if account is not None:
            self._lease_at_six(device)
            self._asked(self._next(), account, device, when, f"{host}/", "", "block-url")

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
        session, is_named = self._next(), not to[-1].isdigit()
        if is_named:
            self._asked(session, "", device, when, f"{to}/", "", "alert")
        self._closed(
            session,
            "",
            self.address[device],
            when,
            seconds,
            sent,
            received,
            target=SERVER if is_named else to,
            port=port,
        )

    def session(
        self,
        when: datetime,
        ends: tuple[str, str],
        port: int,
        *,
        zones: tuple[str, str] = ("lan", "lan"),
        received: int = 900,
    ) -> None:
        self._closed(
            self._next(),
            "",
            ends[0],
            when,
            1,
            400,
            received,
            target=ends[1],
            port=port,
            zones=zones,
            is_denied=not received,
        )

    def tunnel(self, account: str, device: str, clock: str, remote_ip: str) -> None:
        self.address[device] = DEVICES[device].tunnel_ip
        when = self.at(clock)
        seen = self._stamp(when)
        self._write(
            "firewall",
            when,
            f"1,{seen},000000000001,GLOBALPROTECT,0,2561,{seen},vsys1,"
            f"gateway-connected,connected,SAML,IPSec,{self.spell(account)},US,"
            f"{device.upper()},{remote_ip},0.0.0.0,{self.address[device]},0.0.0.0,"
            "00000000-0000-4000-8000-000000000009,,6.2.0,Chrome,16033,1,,,,success,,0,"
            f",0,gp-portal,{self._next()},0x0",
        )

    def sign_in(self, account: str, clock: str, ip: str) -> None:
        line = {
            "kind": "admin#reports#activity",
            "id": {
                "time": self.at(clock).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "uniqueQualifier": str(self._next()),
                "applicationName": "login",
            },
            "actor": {"callerType": "USER", "email": f"{account}@school.example"},
            "ipAddress": ip,
            "events": [{"type": "login", "name": "login_success"}],
        }
        text = json.dumps(line, separators=(",", ":"))
        self._write("cloud", self.at(clock), text)

    def chrome(
        self,
        what: str,
        user: str,
        device: str,
        clock: str,
        *,
        session: str = "AFFILIATED",
    ) -> None:
        """The network lets in a Chromebook that is opened; all else the audit shows."""
        is_here = self.address[device] != DEVICES[device].tunnel_ip
        if is_here and what in ("LOGIN", "UNLOCK") and session == "AFFILIATED":
            self.join(user, device, clock)
        if self.has_audit:
            super().chrome(what, user, device, clock, session=session)

    def join(self, account: str, device: str, clock: str, at: str = "") -> None:
        """RADIUS lets a device in, at an access point.

        Args:
            at: The access point's name; empty: the first of the device's building.
        """
        self._lease_at_six(device)
        one, when = DEVICES[device], self.at(clock)
        local = when.astimezone(ZoneInfo(ZONE))
        point = at or f"ap-{one.building.lower()}-1"
        card = one.mac.replace(":", "-").upper()
        self._write(
            "radius",
            when,
            f"{local:%a %b} {local.day:2d} {local:%H:%M:%S %Y} : Auth: "
            f"({self._next()}) Login OK: [{account}] (from client {point} port 7 cli "
            f"{card})",
        )

    def _visit(
        self,
        account: str,
        device: str,
        when: datetime,
        url: str,
        size: int,
        seconds: float,
        media: str = "",
    ) -> None:
        self._lease_at_six(device)
        session = self._next()
        self._asked(session, account, device, when, url, media, "alert")
        if not self.is_half:
            self._closed(session, account, self.address[device], when, seconds, 1_800, size)

    def _asked(
        self,
        session: int,
        account: str,
        device: str,
        when: datetime,
        url: str,
        media: str,
        action: str,
    ) -> None:
        asked = url.removeprefix("http://")
        self._record(
            "THREAT,url",
            session,
            account,
            self.address[device],
            when,
            SERVER,
            443,
            action,
            f'"{asked}",(9999),any,informational,client-to-server,{session},0x0,'
            f"10.0.0.0-10.255.255.255,United States,0,{media},0",
            app="web-browsing" if media else "ssl",
        )

    def _closed(  # noqa: PLR0913 - a session has that many sides
        self,
        session: int,
        account: str,
        source: str,
        when: datetime,
        seconds: float,
        sent: int,
        received: int,
        *,
        target: str = SERVER,
        port: int = 443,
        zones: tuple[str, str] = ("lan", "wan"),
        is_denied: bool = False,
    ) -> None:
        self._record(
            "TRAFFIC,deny" if is_denied else "TRAFFIC,end",
            session,
            account,
            source,
            when + timedelta(seconds=seconds),
            target,
            port,
            "deny" if is_denied else "allow",
            f"{sent + received},{sent},{received},20,{self._stamp(when)},"
            f"{int(seconds)},any,0,{session},0x0,10.0.0.0-10.255.255.255,"
            "United States,0,8,12,tcp-fin",
            zones=zones,
        )

    def _record(  # noqa: PLR0913 - a line has that many sides
        self,
        kind: str,
        session: int,
        account: str,
        source: str,
        when: datetime,
        target: str,
        port: int,
        action: str,
        rest: str,
        *,
        app: str = "ssl",
        zones: tuple[str, str] = ("lan", "wan"),
    ) -> None:
        names = {"lan": "trust", "wan": "untrust"}
        self._write(
            "firewall",
            when,
            RECORD.format(
                seen=self._stamp(when),
                kind=kind,
                source=source,
                target=target,
                user=self.spell(account) if account else "",
                app=app,
                zones=",".join(names[zone] for zone in zones),
                session=session,
                port=50_000 + session % 9_000,
                to_port=port,
                action=action,
                rest=rest,
                transport="udp" if port == 51_820 else "tcp",
            ),
        )

    def _next(self) -> int:
        self._records += 1
        return self._records

    @staticmethod
    def _stamp(when: datetime) -> str:
        return when.astimezone(ZoneInfo(ZONE)).strftime("%Y/%m/%d %H:%M:%S")
