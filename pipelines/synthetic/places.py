"""Buildings, networks and devices, and which address a device holds on a day."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from pipelines.synthetic.invented_people import Person, Roster
from pipelines.synthetic.school_days import HOUR, MINUTE

BUILDINGS: Mapping[str, tuple[str, float, float, str]] = {
    "HS": ("org-hs", 41.7010, -93.0500, "north"),
    "MS": ("org-ms", 41.7025, -93.0475, "north"),
    "ES": ("org-es", 41.5870, -93.0130, "south"),
    "DO": ("org-do", 41.6995, -93.0520, "north"),
}
"""Building: org, latitude, longitude, campus. The south campus is 13 km away."""

DOMAIN = "sampleton.example"
NETBIOS = "SAMPLETON"
SLOW_CLOCK_SECONDS = -720
DOCUMENTATION_MACS = 256
MANY_ADDRESSES = ("wifi", "byod", "guest")

NEVER_CHROMEOS = ("server", "vdi_host", "signage", "phone_byod")


@dataclass(frozen=True, slots=True)
class Network:
    """A subnet; `name` is `building/kind`."""

    name: str
    cidr: str
    building: str
    kind: str

    @property
    def first(self) -> int:
        """First address as a number."""
        return int(IPv4Network(self.cidr).network_address)

    @property
    def extent(self) -> int:
        """Number of addresses that its devices share; one behind a translator."""
        size = IPv4Network(self.cidr).num_addresses
        return 1 if self.kind == "nat" else size - 20 if size > 20 else size - 12

    def address(self, device: int, day: int) -> int:
        """Return the address of a device: fixed on a cable, another one each day elsewhere."""
        if self.kind in MANY_ADDRESSES:
            return self.first + 10 + (device * 7 + day * 131) % self.extent
        return self.first + 10 + device % self.extent


@dataclass(frozen=True, slots=True)
class Device:
    """A machine.

    Attributes:
        number: Place in the list, from 0.
        assigned_to: person_id, or empty.
        network: Name of its usual network.
        clock_error_seconds: How far its own clock is off.
    """

    number: int
    hostname: str
    mac: str
    device_class: str
    assigned_to: str
    building: str
    pool: str
    network: str
    clock_error_seconds: int = 0
    runs_chromeos: bool = False

    @property
    def is_windows(self) -> bool:
        """Whether it writes a Windows security log."""
        own = self.device_class in {"chromebook", "phone_byod"}
        return not own and not self.runs_chromeos

    @property
    def awake_for(self) -> int:
        """Milliseconds for which it stays awake, and on the network, unattended.

        A closed lid ends it immediately; some desks and every kiosk are set to stay on.
        """
        if self.runs_chromeos and self.device_class in {"laptop", "chromebook"}:
            return MINUTE
        stays = self.device_class == "kiosk" or self.number % 8 == 1
        if self.runs_chromeos and not stays:
            return 10 * MINUTE
        return 12 * HOUR

    @property
    def serial(self) -> str:
        """The number on its underside, which Google names it by."""
        return f"EX{self.number:06d}"

    @property
    def listed_as(self) -> str:
        """Its name in the registry; Google's console has no host names."""
        return self.serial.lower() if self.runs_chromeos else self.hostname

    @property
    def directory_id(self) -> str:
        """Its id in Google's directory."""
        return f"00000000-0000-4000-8000-{self.number:012d}"


@dataclass(frozen=True)
class Places:
    """Networks by name and all devices."""

    networks: Mapping[str, Network]
    devices: tuple[Device, ...]

    def where(self, test: Callable[[Device], bool]) -> list[Device]:
        """Return the devices that pass a test."""
        return [device for device in self.devices if test(device)]

    def of(self, person: Person, device_class: str) -> Device | None:
        """Return the first device of that class assigned to a person."""
        return next(
            (
                device
                for device in self.devices
                if device.assigned_to == person.person_id and device.device_class == device_class
            ),
            None,
        )

    def pool(self, building: str, pool: str) -> list[Device]:
        """Return the shared stock of a building."""
        return self.where(lambda d: d.building == building and d.pool == pool)

    def named(self, hostname: str) -> Device:
        """Return the device of that name."""
        return next(d for d in self.devices if d.hostname == hostname)


def make_networks() -> dict[str, Network]:
    """Return five networks per building, and those without a place."""
    networks = []
    for number, building in enumerate(BUILDINGS, start=11):
        for kind, rest in (
            ("wired", "0.0/19"),
            ("lab", "32.0/20"),
            ("wifi", "64.0/18"),
            ("byod", "128.0/18"),
            ("guest", "192.0/19"),
        ):
            networks.append((f"10.{number}.{rest}", building, kind))
    networks += [
        ("10.11.240.0/28", "HS", "nat"),
        ("10.14.240.0/24", "DO", "vdi"),
        ("10.14.241.0/24", "DO", "server"),
        ("10.99.0.0/18", "DO", "remote"),
    ]
    made = [Network(f"{b}/{kind}", cidr, b, kind) for cidr, b, kind in networks]
    return {network.name: network for network in made}


class _Stock:
    """Numbers devices while they are listed."""

    def __init__(self) -> None:
        self.devices: list[Device] = []

    def add(
        self,
        building: str,
        device_class: str,
        letter: str,
        *,
        owner: str = "",
        pool: str = "",
        kind: str = "wired",
        slow: bool = False,
    ) -> None:
        """List one more device."""
        number = len(self.devices)
        name = f"{building}-{letter}-{number:04d}".lower()
        error = SLOW_CLOCK_SECONDS if slow else 0
        network = f"{building}/{kind}"
        self.devices.append(
            Device(number, name, _mac(number), device_class, owner, building, pool, network, error)
        )


def _mac(number: int) -> str:
    """Return a MAC from the documentation block while it lasts, then a locally administered one."""
    if number < DOCUMENTATION_MACS:
        return f"00:00:5e:00:53:{number:02x}"
    return f"02:00:00:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


def make_places(seed: int, roster: Roster, *, chromebooks: bool = False) -> Places:
    """Return devices for everyone, shared ones for each building, and servers.

    Args:
        chromebooks: The schools have Chromebooks, the district office has Windows.
    """
    rng = random.Random(f"{seed}:places")
    stock = _Stock()
    _servers(stock)
    _shared(stock, len(roster.people))
    for person in roster.staff:
        _for_staff(stock, rng, person)
    for person in roster.students:
        stock.add(person.building, "chromebook", "c", owner=person.person_id, kind="wifi")
    for person in roster.staff:
        if rng.random() < 0.6:
            stock.add(person.building, "phone_byod", "phone", owner=person.person_id, kind="byod")
    devices = stock.devices
    if chromebooks:
        devices = [
            replace(
                device,
                runs_chromeos=device.building != "DO" and device.device_class not in NEVER_CHROMEOS,
            )
            for device in devices
        ]
    return Places(make_networks(), tuple(devices))


def _servers(stock: _Stock) -> None:
    for _ in range(4):  # two domain controllers, files, proxy
        stock.add("DO", "server", "srv", kind="server")
    for _ in range(2):
        stock.add("DO", "vdi_host", "vdi", kind="vdi")


def _shared(stock: _Stock, people: int) -> None:
    podiums = max(4, people // 30)
    for building in ("HS", "MS", "ES"):
        for number in range(podiums):
            slow = number == podiums - 1  # one in each school: three slow clocks
            stock.add(building, "podium", "pod", pool="classroom", slow=slow)
        for _ in range(5):
            stock.add(building, "desktop", "w", pool="workroom")
        for _ in range(max(6, people // 20)):
            stock.add(building, "lab_pc", "lab", pool="lab", kind="lab")
        stock.add(building, "kiosk", "kiosk", pool="kiosk")
    stock.add("DO", "signage", "sign")


def _for_staff(stock: _Stock, rng: random.Random, person: Person) -> None:
    job, owner, building = person.job_title, person.person_id, person.building
    if job in {"aide", "substitute"} or "custodian" in job:
        return
    wants_laptop = job == "itinerant therapist" or rng.random() < 0.5
    if job != "itinerant therapist":
        stock.add(building, "desktop", "d", owner=owner)
    if wants_laptop:
        stock.add(building, "laptop", "l", owner=owner, kind="wifi")
