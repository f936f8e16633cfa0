"""Makes the raw log lines of a scenario from who, where, when, what.

Clock times are local; `+1 02:30` is the day after, `-1 23:50` the day before. A
device gets its lease at six unless the scenario gives it one. Squid stamps the
end of a request, Windows the host's own clock, dhcpd the server's.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from tests.scenarios.places import DEVICES, ZONE

WORK = ("lms.example", "grades.example", "mail.school.example", "search.example")
"""Sites of the job, all approved."""

Spelling = Callable[[str], str]

PACE = (1.0, 0.35, 1.9, 0.6, 1.4, 0.8, 2.2, 0.5, 1.1, 1.6, 0.4, 0.9)
SIZES = (21_400, 88_100, 9_700, 51_900, 132_000, 17_300, 64_800, 11_200, 73_500)
_CLOCK = re.compile(r"(?:([+-]\d+) )?(\d\d):(\d\d)(?::(\d\d))?\Z")
KINDS = {"interactive": 2, "network": 3, "batch": 4, "service": 5, "remote": 10,
         "cached": 11}  # fmt: skip


def plain(account: str) -> str:
    return account


def _is_chrome(device: str) -> bool:
    return DEVICES[device].kind == "chromebook"


@dataclass
class Story:
    """The lines of one scenario, by source, as they come to be written.

    Attributes:
        day: Local day that wall times refer to.
        spell: How logs write an account.
        slow: Seconds by which a host's clock is behind.
        address: The address that a device uses now; its last lease sets it.
        dice: Another number, other pauses and sizes.
    """

    day: date
    spell: Spelling = plain
    slow: dict[str, int] = field(default_factory=dict)
    address: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    dice: int = 0
    _records: int = 0
    formats: ClassVar[Mapping[str, str]] = {
        "proxy": "squid_access",
        "windows": "windows_security_json",
        "dhcp": "isc_dhcpd",
        "firewall": "fortigate",
        "cloud": "entra_signin",
        "google": "google_workspace",
    }
    """The format of each source."""
    options: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """Settings of the format, of the sources that need some."""
    zones: Mapping[str, str] = field(default_factory=dict)
    """Zones in which sources are read that are set to another than the district's."""

    def number_from(self, first: int) -> None:
        """Number the records of products from here, as another story does before it."""
        self._records = first

    def at(self, clock: str, seconds: float = 0) -> datetime:
        """Return the instant of a local wall time, and that many seconds later."""
        found = _CLOCK.match(clock)
        assert found, clock
        day = self.day + timedelta(days=int(found[1] or 0))
        hour, minute, second = int(found[2]), int(found[3]), int(found[4] or 0)
        local = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=ZoneInfo(ZONE))
        return local.astimezone(ZoneInfo("UTC")) + timedelta(seconds=seconds)

    def lease(self, device: str, clock: str, *, ip: str = "", hours: float = 192) -> None:
        """dhcpd gives a device an address."""
        one = DEVICES[device]
        self.address[device] = ip or one.ip
        self._write(
            "dhcp",
            self.at(clock),
            f"{self._iso(self.at(clock))} dhcp1 dhcpd[812]: DHCPACK on "
            f"{self.address[device]} to {one.mac} ({device}) via eth0 relay eth0 "
            f"lease-duration {int(hours * 3600)}",
        )

    def release(self, device: str, clock: str) -> None:
        """A device gives its address back."""
        self._write(
            "dhcp",
            self.at(clock),
            f"{self._iso(self.at(clock))} dhcp1 dhcpd[812]: DHCPRELEASE of "
            f"{self.address[device]} from {DEVICES[device].mac} ({device})"
            " via eth0 (found)",
        )

    def tunnel(self, account: str, device: str, clock: str, remote_ip: str) -> None:
        """The firewall opens a tunnel; the device is then at its own address."""
        self.address[device] = DEVICES[device].tunnel_ip
        when = self.at(clock)
        local = when.astimezone(ZoneInfo(ZONE))
        self._write(
            "firewall",
            when,
            f"date={local:%Y-%m-%d} time={local:%H:%M:%S} devname=fw1 "
            f'eventtime={int(when.timestamp())}000000000 tz="{local:%z}" '
            'logid="0101039947" type="event" subtype="vpn" level="information" '
            'vd="root" logdesc="SSL VPN tunnel up" action="tunnel-up" '
            f'tunneltype="ssl-tunnel" tunnelid=1 remip={remote_ip} '
            f'tunnelip={self.address[device]} user="{self.spell(account)}" '
            'group="staff" dst_host="N/A" reason="tunnel established"',
        )

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
        """Write the firewall's line of a session, written when it ends.

        Args:
            to: A name, or a bare address.
        """
        self._lease_at_six(device)
        end = when + timedelta(seconds=seconds)
        local = end.astimezone(ZoneInfo(ZONE))
        named = "" if to[-1].isdigit() else f' hostname="{to}"'
        protocol = 17 if port == 51_820 else 6
        self._records += 1
        self._write(
            "firewall",
            end,
            f"date={local:%Y-%m-%d} time={local:%H:%M:%S} devname=fw1 "
            f'eventtime={int(end.timestamp())}000000000 tz="{local:%z}" '
            'logid="0000000013" type="traffic" subtype="forward" level="notice" '
            f'vd="root" srcip={self.address[device]} '
            f'srcport={50_000 + self._records % 9_000} srcintfrole="lan" '
            f"dstip={to if not named else '203.0.113.77'} "
            f'dstport={port} dstintfrole="wan" sessionid={self._records} '
            f'proto={protocol} action="close" duration={int(seconds)} '
            f"sentbyte={sent} rcvdbyte={received}{named}",
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
        """Write a session between two addresses; without an answer it was denied."""
        local = when.astimezone(ZoneInfo(ZONE))
        self._records += 1
        self._write(
            "firewall",
            when,
            f"date={local:%Y-%m-%d} time={local:%H:%M:%S} devname=fw1 "
            f'eventtime={int(when.timestamp())}000000000 tz="{local:%z}" '
            'logid="0000000013" type="traffic" subtype="forward" level="notice" '
            f'vd="root" srcip={ends[0]} srcport={50_000 + self._records % 9_000} '
            f'srcintfrole="{zones[0]}" dstip={ends[1]} dstport={port} '
            f'dstintfrole="{zones[1]}" sessionid={self._records} proto=6 '
            f'action="{"close" if received else "deny"}" duration=1 '
            f"sentbyte=400 rcvdbyte={received}",
        )

    def sign_in(self, account: str, clock: str, ip: str) -> None:
        """Write an interactive sign-in to the office suite."""
        self._sign_in(account, clock, ip, 0)

    def push(self, account: str, clock: str, ip: str, answer: str) -> None:
        """Write a sign-in that a notification on the phone decided: accepted, denied or not."""
        result = {
            "accepted": "MFA successfully completed",
            "denied": "MFA denied; user declined the authentication",
            "unanswered": "MFA denied; user did not respond to mobile app notification",
        }[answer]
        is_accepted = answer == "accepted"
        step = {
            "authenticationMethod": "Mobile app notification",
            "succeeded": is_accepted,
            "authenticationStepResultDetail": result,
        }
        code = 0 if is_accepted else 500121
        self._sign_in(account, clock, ip, code, authenticationDetails=[step])

    def _sign_in(self, account: str, clock: str, ip: str, code: int, **fields: Any) -> None:
        when = self.at(clock)
        self._records += 1
        line = {
            "id": f"00000000-0000-4000-8000-{self._records:012d}",
            "createdDateTime": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "userPrincipalName": self.spell(account),
            "appDisplayName": "Office",
            "ipAddress": ip,
            "isInteractive": True,
            "status": {"errorCode": code},
            **fields,
        }
        self._write("cloud", when, json.dumps(line, separators=(",", ":")))

    def browse(
        self,
        account: str,
        device: str,
        when: datetime,
        host: str,
        size: int = 21_400,
        seconds: float = 1.2,
    ) -> None:
        """Write a tunnel, as Squid writes it at its end."""
        self._lease_at_six(device)
        name = self.spell(account).replace("\\", "%5C")
        answer = f"TCP_TUNNEL/200 {size} CONNECT {host}:443 {name}"
        self._proxy(device, when, seconds, f"{answer} HIER_DIRECT/203.0.113.9 -")

    def play(self, account: str, device: str, when: datetime, url: str, size: int) -> None:
        """Write a part of a video, in clear, as Squid writes it a minute later."""
        self._opened(account, device, when, f"{size} GET {url}", 52, "video/mp4")

    def call(self, account: str, device: str, when: datetime, url: str, size: int) -> None:
        """Write a data call of a page, in a tunnel that the proxy opens."""
        self._opened(account, device, when, f"{size} POST {url}", 1.2, "application/json")

    def fetch(self, account: str, device: str, when: datetime, url: str) -> None:
        """Write a program, in clear."""
        kind = "application/x-msdownload"
        self._opened(account, device, when, f"8400000 GET {url}", 9, kind)

    def _opened(
        self, account: str, device: str, when: datetime, what: str, seconds: float, kind: str
    ) -> None:
        self._lease_at_six(device)
        name = self.spell(account).replace("\\", "%5C")
        answer = f"TCP_MISS/200 {what} {name} HIER_DIRECT/203.0.113.9 {kind}"
        self._proxy(device, when, seconds, answer)

    def refused(self, account: str | None, device: str, when: datetime, host: str) -> None:
        """Write what the proxy denied; without an account, what it challenged."""
        self._lease_at_six(device)
        code = 407 if account is None else 403
        name = "-" if account is None else self.spell(account).replace("\\", "%5C")
        answer = f"TCP_DENIED/{code} 12800 GET http://{host}/ {name}"
        self._proxy(device, when, 0, f"{answer} HIER_NONE/- text/html")

    def _proxy(self, device: str, when: datetime, seconds: float, rest: str) -> None:
        end = when + timedelta(seconds=seconds)
        head = f"{end.timestamp():.3f} {int(seconds * 1000):6d} {self.address[device]}"
        self._write("proxy", end, f"{head} {rest}")

    def surf(
        self,
        account: str,
        device: str,
        clock: str,
        hosts: Sequence[str],
        *,
        minutes: float = 10,
        every: float = 40,
        scale: float = 1,
    ) -> None:
        """Write a person's requests: the hosts in turn, uneven pauses, uneven sizes."""
        at, number = 0.0, 0
        while at <= minutes * 60:
            host = hosts[number % len(hosts)]
            size = int(SIZES[(number + self.dice) % len(SIZES)] * scale)
            self.browse(account, device, self.at(clock, at), host, size)
            at += every * PACE[(number + self.dice) % len(PACE)]
            number += 1

    def tick(
        self,
        account: str,
        device: str,
        clock: str,
        host: str,
        *,
        minutes: float,
        every: float = 60,
        size: int = 9_200,
    ) -> None:
        """Write a tab or program that asks by its own timer."""
        for number in range(int(minutes * 60 / every) + 1):
            when = self.at(clock, number * every + (number % 3) * 0.4)
            self.browse(account, device, when, host, size + number % 5 * 40)

    def logon(self, account: str, device: str, clock: str, kind: str = "interactive") -> None:
        """Write a logon in the host's log and, of a person's, in the directory's."""
        self._lease_at_six(device)
        if _is_chrome(device):
            self.chrome("LOGIN", self.spell(account), device, clock)
            return
        self._event(4624, account, device, self.at(clock), KINDS[kind])
        if kind in ("interactive", "remote"):
            self._directory(account, device, self.at(clock, 0.4))

    def logon_refused(self, account: str, device: str, clock: str, seconds: float = 0) -> None:
        """Write a wrong password at the keyboard, in the host's log alone."""
        self._lease_at_six(device)
        stamp = self.at(clock, seconds - self.slow.get(device, 0))
        data = {"LogonType": "2", "IpAddress": "-", "SubStatus": "0xc000006a"}
        self._windows(4625, account, device, stamp, data)

    def told_by_directory(self, code: int, clock: str, data: dict[str, str]) -> None:
        """Write what the domain controller writes of itself and its groups."""
        self._windows(code, "", "dc1", self.at(clock), data)

    def told_by_firewall(self, what: str, clock: str, fields: str) -> None:
        """Write what the firewall writes of itself and its settings."""
        when = self.at(clock)
        local = when.astimezone(ZoneInfo(ZONE))
        self._write(
            "firewall",
            when,
            f"date={local:%Y-%m-%d} time={local:%H:%M:%S} devname=fw1 "
            f'eventtime={int(when.timestamp())}000000000 tz="{local:%z}" '
            'logid="0100044546" type="event" subtype="system" level="information" '
            f'vd="root" logdesc="{what}" {fields}',
        )

    def told_by_cloud(self, what: str, clock: str, **fields: Any) -> None:
        """Write a line of the cloud directory's audit."""
        when = self.at(clock)
        self._records += 1
        line = {
            "id": f"Directory_{self._records}",
            "category": "RoleManagement",
            "activityDateTime": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "activityDisplayName": what,
            "result": "success",
            **fields,
        }
        self._write("cloud", when, json.dumps(line, separators=(",", ":")))

    def told_by_office(self, what: str, clock: str, **fields: Any) -> None:
        """Write a line of the office suite's audit."""
        when = self.at(clock)
        self._records += 1
        line = {
            "CreationTime": when.strftime("%Y-%m-%dT%H:%M:%S"),
            "Id": f"00000000-0000-4000-8000-{self._records:012d}",
            "Operation": what,
            "RecordType": 1,
            **fields,
        }
        self._write("cloud", when, json.dumps(line, separators=(",", ":")))

    def logoff(self, account: str, device: str, clock: str) -> None:
        if _is_chrome(device):
            self.chrome("LOGOUT", self.spell(account), device, clock)
            return
        self._event(4634, account, device, self.at(clock), 2)

    def chrome(
        self,
        what: str,
        user: str,
        device: str,
        clock: str,
        *,
        session: str = "AFFILIATED",
    ) -> None:
        """Write what a Chromebook shows Google: LOGIN, LOGOUT, LOCK or UNLOCK."""
        name, reason = f"CHROME_OS_{what}_EVENT", f"CHROMEOS_{session}_{what}"
        if what.endswith("LOCK"):
            name = reason = f"{reason}_SUCCESS"
        one = DEVICES[device]
        stamp = self.at(clock).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        self._records += 1
        said = {
            "EVENT_REASON": reason,
            "DEVICE_NAME": device.upper(),
            "DEVICE_USER": user,
            "DIRECTORY_DEVICE_ID": one.directory_id,
        }
        parameters = [{"name": name, "value": value} for name, value in said.items()]
        line = {
            "kind": "admin#reports#activity",
            "id": {
                "time": stamp,
                "uniqueQualifier": str(self._records),
                "applicationName": "chrome",
            },
            "events": [{"name": name, "parameters": parameters}],
        }
        self._write("google", self.at(clock), json.dumps(line, separators=(",", ":")))

    def lock(self, account: str, device: str, clock: str, seconds: float = 0) -> None:
        if _is_chrome(device):
            self.chrome("LOCK", self.spell(account), device, clock)
            return
        self._event(4800, account, device, self.at(clock, seconds), None)

    def unlock(self, account: str, device: str, clock: str) -> None:
        """Windows writes both 4801 and a logon of type 7."""
        if _is_chrome(device):
            self.chrome("UNLOCK", self.spell(account), device, clock)
            return
        self._event(4801, account, device, self.at(clock), None)
        self._event(4624, account, device, self.at(clock), 7)
        self._directory(account, device, self.at(clock, 0.4))

    def _lease_at_six(self, device: str) -> None:
        if device not in self.address:
            self.lease(device, "06:00")

    def _directory(self, account: str, device: str, when: datetime) -> None:
        one = DEVICES[device]
        data = {
            "LogonType": "3",
            "WorkstationName": device.upper(),
            "IpAddress": one.ip,
        }
        self._windows(4624, account, "dc1", when, data)

    def _event(
        self,
        code: int,
        account: str,
        device: str,
        when: datetime,
        logon_type: int | None,
    ) -> None:
        stamp = when - timedelta(seconds=self.slow.get(device, 0))
        data = {} if logon_type is None else {"LogonType": str(logon_type)}
        self._windows(code, account, device, stamp, data | {"IpAddress": "-"})

    def _windows(self, code: int, account: str, computer: str, stamp: datetime, data: dict) -> None:
        self._records += 1
        line = {
            "@timestamp": stamp.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "event": {"code": str(code), "kind": "event"},
            "winlog": {
                "channel": "Security",
                "computer_name": f"{computer.upper()}.school.example",
                "event_data": {"TargetUserName": self.spell(account), **data},
                "event_id": str(code),
                "provider_name": "Microsoft-Windows-Security-Auditing",
                "record_id": str(self._records),
            },
        }
        self._write("windows", stamp, json.dumps(line, separators=(",", ":")))

    @staticmethod
    def _iso(when: datetime) -> str:
        return when.astimezone(ZoneInfo(ZONE)).isoformat(timespec="seconds")

    def encoded(self, source: str, lines: Sequence[str]) -> bytes:
        """Return the file of a source: a line each."""
        del source  # every source is text
        return "".join(f"{line}\n" for line in lines).encode()

    def _write(self, source: str, when: datetime, line: str) -> None:
        self.lines.setdefault(source, []).append((when, line))
