"""The plan before any line is written: sittings, sessions and the rest.

Times are UTC milliseconds. A network is named `building/kind`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

Opened = Literal["logon", "unlock", "cached", "remote", "none"]
Closed = Literal["lock", "logoff", "none"]
Pace = Literal["work", "busy", "calm", "video", "embed", "phone"]


@dataclass(frozen=True, slots=True)
class Sitting:
    """A person at the keyboard of a device, using an account.

    Attributes:
        person: Number of the real person; -1: none (an automatic sign-on).
        opened: The device's log at the start.
        closed: Its log at the end; `none`: just walked away.
    """

    person: int
    account: str
    device: int
    network: str
    start: int
    end: int
    opened: Opened = "unlock"
    closed: Closed = "lock"


@dataclass(frozen=True, slots=True)
class Session:
    """A stretch of browsing.

    Attributes:
        taste: Name of a taste, or domains joined by `+`.
        address: Address it comes from where that is not the device's own.
    """

    person: int
    account: str
    device: int
    network: str
    start: int
    end: int
    taste: str
    pace: Pace = "work"
    address: int = 0


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request, planned to the byte."""

    account: str
    device: int
    network: str
    start: int
    host: str
    size: int
    elapsed: int = 900
    outcome: Literal["tunnel", "page", "denied", "stream", "program"] = "tunnel"
    address: int = 0

    def from_network(self, network: str) -> "Fetch":
        """Return the same request from another network."""
        return replace(self, network=network)


@dataclass(frozen=True, slots=True)
class Flow:
    """Firewall traffic outside the proxy.

    Attributes:
        host: A name, or a bare address, outside or inside.
        elapsed: Milliseconds.
        sent: Bytes from the device.
        protocol: 6 is TCP, 17 UDP.
        is_inbound: The host asks, and the device answers.
    """

    device: int
    network: str
    start: int
    elapsed: int
    host: str
    sent: int
    received: int
    port: int = 443
    protocol: int = 6
    address: int = 0
    action: Literal["close", "deny"] = "close"
    is_inbound: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A setting of the firewall that an administrator changes; a sign-in without a path."""

    time: int
    user: str
    path: str


@dataclass(frozen=True, slots=True)
class Key:
    """One event of the security log that no sitting makes."""

    time: int
    device: int
    account: str
    code: str
    logon_type: int = 0
    address: int = 0


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A VPN session: an account's device, from an outside address."""

    account: str
    device: int
    start: int
    end: int
    remote_ip: str


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """An event of the identity provider.

    Attributes:
        kind: Its type, as Okta names it.
        address: Address from which it was asked for.
        factor: Second factor that was asked for.
        answer: Answer of the person at the phone.
        target: Account that it changes, if not the person's own.
    """

    time: int
    account: str
    kind: str
    address: str
    is_success: bool = True
    factor: str = ""
    answer: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Absence:
    """A stretch in which a person's ordinary routine does not happen."""

    person: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Release:
    """A device gives its address back."""

    device: int
    network: str
    time: int


@dataclass(frozen=True, slots=True)
class Case:
    """One planted thing and its truth; the columns of `truth/planted.csv`."""

    family: str
    kind: str
    expected_rule: str
    account: str
    person: int
    devices: tuple[int, ...]
    start: int
    end: int
    intensity: int
    note: str

    @property
    def is_violation(self) -> bool:
        """Whether a finding is right."""
        return self.kind != "none"

    def without_person(self) -> "Case":
        """Return the same case about an account without an owner."""
        return replace(self, person=-1)


@dataclass
class Plan:
    """Everything planned; filled by routines and planted cases.

    Attributes:
        rows: Registry rows by file, each a mapping of columns.
        aliases: Earlier spelling of a person's account, by person.
        no_copy: Days, by number, without a nightly copy.
        earlier: People who sign in before the first day, if scenes need that.
        silent: Accounts that nothing else uses before the first day.
        unlogged: Spans in which the firewall writes no log.
        joins: Devices that join a wireless network under another account than their user's.
    """

    sittings: list[Sitting] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    fetches: list[Fetch] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    tunnels: list[Tunnel] = field(default_factory=list)
    cloud: list[CloudEvent] = field(default_factory=list)
    away: list[Absence] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    aliases: dict[int, str] = field(default_factory=dict)
    no_copy: list[int] = field(default_factory=list)
    earlier: list[Sitting] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    unlogged: list[tuple[int, int]] = field(default_factory=list)
    joins: list[Sitting] = field(default_factory=list)

    def add(self, file: str, **row: str) -> None:
        """Add a row to a registry file."""
        self.rows.setdefault(file, []).append(row)

    def absences(self) -> dict[int, list[tuple[int, int]]]:
        """Return spans away by person."""
        spans: dict[int, list[tuple[int, int]]] = {}
        for away in self.away:
            spans.setdefault(away.person, []).append((away.start, away.end))
        return spans


def is_free(spans: Iterable[tuple[int, int]], start: int, end: int) -> bool:
    """Return whether none of the spans touches the interval."""
    return all(end <= first or start >= last for first, last in spans)
