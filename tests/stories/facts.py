"""Facts that products record, and helpers that write their stamps."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.scenarios.places import ZONE

SERVER = "203.0.113.77"
FAR, NEAR = "wan", "lan"


@dataclass(frozen=True)
class Fact:
    """What happened, whichever product records it. Instants are UTC."""

    when: datetime
    number: int
    ip: str = ""
    mac: str = ""
    machine: str = ""
    user: str = ""
    host: str = ""
    url: str = ""
    media: str = ""
    action: str = ""
    to: str = SERVER
    port: int = 443
    seconds: float = 1.0
    sent: int = 1_800
    received: int = 9_400
    zones: tuple[str, str] = (NEAR, FAR)
    remote: str = ""
    point: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    code: int = 0

    @property
    def end(self) -> datetime:
        return self.when + timedelta(seconds=self.seconds)

    @property
    def is_denied(self) -> bool:
        return self.action == "denied"

    @property
    def from_port(self) -> int:
        return 50_000 + self.number % 9_000

    @property
    def name(self) -> str:
        """The account without its domain."""
        return self.user.split("\\")[-1].split("@")[0]

    @property
    def mail(self) -> str:
        return f"{self.name}@school.example" if self.user else ""


Writer = Callable[[Fact], list[str]]


@dataclass(frozen=True)
class Product:
    """One product in one role.

    Attributes:
        format: That reads its lines.
        write: Its lines for a fact; none where it does not record it.
        head: Its first lines, such as names of columns.
        options: The source's settings that the product needs.
        zone: Of its stamps.
        is_per_computer: Its file is of one computer, which only the setting `computer` names.
        encode: Its file from its lines, where that is not a line each.
    """

    format: str
    write: Writer
    head: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    zone: str = ZONE
    is_per_computer: bool = False
    encode: Callable[[Sequence[str]], bytes] | None = None


def local(when: datetime, shape: str) -> str:
    return when.astimezone(ZoneInfo(ZONE)).strftime(shape)


def utc(when: datetime, shape: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    return when.astimezone(UTC).strftime(shape)


def offset(when: datetime) -> str:
    return when.astimezone(ZoneInfo(ZONE)).isoformat(timespec="milliseconds")


def syslog(when: datetime) -> str:
    local_time = when.astimezone(ZoneInfo(ZONE))
    return f"{local_time:%b} {local_time.day:2d} {local_time:%H:%M:%S}"


def dumped(**fields: Any) -> str:
    return json.dumps(fields, separators=(",", ":"))
