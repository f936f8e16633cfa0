"""The events of the district of stories, in the lake's columns."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.events import EVENT_CLASSES, LAKE_COLUMNS, PLACE
from pipelines.state.ledger import LakeFile
from pipelines.warehouse.inputs import LakeFiles

ZONE = ZoneInfo("America/Chicago")
PACE = (1.0, 0.35, 1.9, 0.6, 1.4, 0.8, 2.2, 0.5, 1.1, 1.6, 0.4, 0.9)
SIZES = (21_400, 88_100, 9_700, 51_900, 132_000, 17_300, 64_800, 11_200, 73_500)
SECONDS_APART = 36
"""Mean pause between two requests of a person."""


def at(day: date, clock: str, seconds: float = 0) -> datetime:
    """Return the instant of a local wall time, and that many seconds later."""
    hour, minute = map(int, clock.split(":"))
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)
    return local.astimezone(ZoneInfo("UTC")) + timedelta(seconds=seconds)


class Events:
    """Rows of each event class, as formats would have read them from lines."""

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def add(self, event_class: str, source: str, log_format: str, **values: Any) -> None:
        """Add one event."""
        row = {"time_quality": "exact", "source": source, "format": log_format, **values}
        if "extras" in row:
            row["extras"] = json.dumps(row["extras"])
        self._rows[event_class].append(row)

    def lease(self, when: datetime, ip: str, mac: str, host_name: str | None) -> None:
        """Add a lease of a school day."""
        end = when + timedelta(hours=20)
        values = {"time": when, "ip": ip, "mac": mac, "hostname": host_name, "action": "assign"}
        self.add("leases", "dhcp", "isc_dhcpd", **values, lease_end_time=end)

    def logon(self, source: str, log_format: str, when: datetime, **values: Any) -> None:
        """Add a logon that a server accepted."""
        if "activity" not in values:
            values |= {"activity": "logon", "is_success": True}
        values = {"name_proof": "authenticated", "is_machine": False, **values}
        self.add("logons", source, log_format, time=when, **values)

    def network_login(self, when: datetime, account: str, mac: str, access_point: str) -> None:
        """Add an 802.1X login."""
        extras = {"nas": "wlc-1", "called": f"{access_point}:Staff"}
        self.logon(
            "radius", "cisco_ise", when, user_name=account, src_mac=mac, logon_kind="wifi",
            event_code="5200", reported_by="ise1", extras=extras,
        )  # fmt: skip

    def keyboard(self, when: datetime, account: str, device: str, ip: str, act: str) -> None:
        """Add what a computer and the domain controller record: logon, unlock, lock or logoff."""
        row = {"user_name": account, "host": device, "reported_by": device}
        if act in ("lock", "logoff"):
            code = {"lock": "4800", "logoff": "4647"}[act]
            kind = {"lock": "interactive", "logoff": None}[act]
            self.logon(
                "windows", "windows_security_json", when,
                activity=act, logon_kind=kind, event_code=code, **row,
            )  # fmt: skip
            return
        logon_type = {"logon": 2, "unlock": 7}[act]
        self.logon(
            "windows", "windows_security_json", when, src_hostname=device,
            logon_kind="interactive", logon_type=logon_type, event_code="4624", **row,
        )  # fmt: skip
        if act == "unlock":
            self.logon(
                "windows", "windows_security_json", when, activity="unlock",
                logon_kind="interactive", event_code="4801", **row,
            )  # fmt: skip
        self.logon(
            "windows", "windows_security_json", when + timedelta(seconds=0.4), user_name=account,
            src_ip=ip, src_hostname=device, logon_kind="network", logon_type=3,
            event_code="4624", host="dc1", reported_by="dc1",
        )  # fmt: skip

    def tunnel(
        self,
        start: datetime,
        end: datetime,
        account: str,
        outside: str,
        ip: str,
        device: str | None,
    ) -> None:
        """Add a VPN login and its end; `device` is the name that the gateway writes, if any."""
        row = {
            "user_name": account, "src_ip": outside, "assigned_ip": ip, "logon_kind": "vpn",
            "reported_by": "gate", "host": device,
        }  # fmt: skip
        log_format = "openvpn" if device is None else "paloalto"
        self.logon("vpn", log_format, start, event_code="gateway-connected", **row)
        self.logon("vpn", log_format, end, event_code="gateway-logout", activity="logoff", **row)

    def sign_in(self, when: datetime, account: str, ip: str) -> None:
        """Add a typed password at the identity provider."""
        self.logon(
            "cloud", "okta", when, user_name=account, src_ip=ip, logon_kind="cloud",
            event_code="user.session.start",
        )  # fmt: skip

    def mapping(self, when: datetime, account: str, ip: str) -> None:
        """Add the firewall's note that an address is an account's."""
        self.logon(
            "firewall", "fortigate", when, user_name=account, name_proof="recorded", src_ip=ip,
            activity="mapping", event_code="0102043014", reported_by="fw1",
            extras={"subtype": "user", "action": "FSSO-logon"},
        )  # fmt: skip

    def portal(self, when: datetime, account: str, ip: str) -> None:
        """Add a password typed at the firewall's portal."""
        self.logon(
            "firewall", "fortigate", when, user_name=account, src_ip=ip, logon_kind="proxy",
            event_code="0102043008", extras={"subtype": "user", "action": "authentication"},
        )  # fmt: skip

    def use(
        self,
        start: datetime,
        minutes: float,
        hosts: tuple[str, ...],
        line: Mapping[str, Any],
        what: str = "sized_hosts",
        dice: int = 0,
    ) -> None:
        """Add a person's requests: the hosts in turn, uneven pauses, uneven sizes.

        Args:
            line: Columns of every line, `source` and `format` among them.
            what: The value of the dimension of that name.
        """
        seconds, number = 0.0, dice
        values = dict(line)
        source, log_format = values.pop("source"), values.pop("format")
        while seconds <= minutes * 60:
            host, size = hosts[number % len(hosts)], SIZES[number % len(SIZES)]
            when = start + timedelta(seconds=seconds)
            event_class, more = _seen(what, host, size, number)
            if log_format == "squid_access":
                more.pop("bytes_out", None)  # it does not count what clients send
            if event_class != "dns_queries":
                more["start_time"] = when
            end = when + timedelta(seconds=1.2)
            self.add(event_class, source, log_format, **values, **more, time=end)
            seconds += SECONDS_APART * PACE[number % len(PACE)]
            number += 1

    def upload(self, start: datetime, host: str, line: Mapping[str, Any], what: str) -> None:
        """Add twelve transfers of 200 MB each to an outside site."""
        values = dict(line)
        source, log_format = values.pop("source"), values.pop("format")
        for number in range(12):
            when = start + timedelta(seconds=140 * number)
            event_class, more = _seen(what, host, 40_000, number)
            if event_class != "dns_queries":
                more["start_time"] = when
            if "bytes_out" in more:
                more["bytes_out"] = 200_000_000
            row = more | values | {"time": when + timedelta(seconds=90)}
            if event_class == "dns_queries":
                row.pop("dst_ip")
            self.add(event_class, source, log_format, **row)

    def search(self, start: datetime, line: Mapping[str, Any], number: int) -> None:
        """Add denied connections to 150 addresses of the district within five minutes."""
        values = dict(line)
        source, log_format = values.pop("source"), values.pop("format")
        for target in range(150):
            when = start + timedelta(seconds=2 * target)
            denied = {
                "dst_ip": f"10.40.{number % 200}.{target}",
                "dst_port": 445,
                "protocol": "tcp",
                "bytes_in": 0,
                "bytes_out": 0,
                "direction": "lateral",
                "disposition": "blocked",
            }
            row = values | denied | {"start_time": when, "time": when}
            self.add("connections", source, log_format, **row)

    def write(self, folder: Path) -> LakeFiles:
        """Write the lake's files, each event with a line of its own; return their list."""
        by_day: dict[str, dict[date, list[LakeFile]]] = {name: {} for name in EVENT_CLASSES}
        for number, (name, rows) in enumerate(sorted(self._rows.items()), 1):
            schema = {**PLACE, **EVENT_CLASSES[name].schema, **LAKE_COLUMNS}
            rows.sort(key=lambda row: row["time"])
            for line, row in enumerate(rows, 1):
                when = row.get("start_time", row["time"])
                row |= {"file_id": number, "line_no": line, "byte_offset": 0}
                row["event_date"] = when.astimezone(ZONE).date()
            frame = pl.DataFrame(rows, schema=schema)
            for (day,), part in frame.group_by("event_date"):
                assert isinstance(day, date)
                path = folder / f"{name}-{day}.parquet"
                part.write_parquet(path)
                by_day[name][day] = [_listed(path, name, day, part.height)]
        return LakeFiles(folder, by_day)


def _seen(what: str, host: str, size: int, number: int) -> tuple[str, dict[str, Any]]:
    """Return the event class of a request, and its columns, by what is known of the use."""
    sent = {"bytes_in": size, "bytes_out": 900 + number % 7 * 110}
    if what == "look_ups":
        row = {"query_name": host, "query_type": "A", "response_code": "NOERROR"}
        return "dns_queries", {**row, "disposition": "allowed"}
    if what == "flows":
        far = {"dst_ip": f"192.0.2.{sum(map(ord, host)) % 250}", "dst_port": 443}
        return "connections", {
            **far, **sent, "protocol": "tcp", "direction": "outbound", "disposition": "allowed",
        }  # fmt: skip
    row: dict[str, Any] = {"url_hostname": host, "disposition": "allowed"}
    if what == "hosts":
        return "http_requests", row
    if what == "pages":
        page = {
            "method": "GET", "url_scheme": "https", "url": f"https://{host}/p{number}",
            "status_code": 200, "content_type": "text/html",
        }  # fmt: skip
        return "http_requests", row | page | sent
    return "http_requests", row | sent | {"method": "CONNECT", "dst_port": 443, "status_code": 200}


def _listed(path: Path, event_class: str, day: date, row_count: int) -> LakeFile:
    data = path.read_bytes()
    return LakeFile(
        path=path.name, source="space", event_class=event_class, event_date=day.isoformat(),
        row_count=row_count, bytes=len(data), sha256=hashlib.sha256(data).hexdigest(),
    )  # fmt: skip
