"""The lab's district: buildings, people, devices and sites, all invented."""

from collections.abc import Mapping
from dataclasses import dataclass

DOMAIN = "school.example"
SERVERS = "10.20.0"
GATEWAY, DHCP, PROXY, RADIUS, LOGHOST, FILES, CONTROLLER, FILTER = (
    f"{SERVERS}.{number}" for number in range(1, 9)
)
REALM = "AD.SCHOOL.EXAMPLE"
CONTROLLER_NAME, PROXY_NAME = f"dc.{REALM.lower()}", f"proxy.{REALM.lower()}"
SCHOOL_LOGHOST = "10.22.0.5"
"""The collector of Cedar Elementary, from which the central one copies."""
OUTSIDE = "203.0.113"
SITES_ROUTER = f"{OUTSIDE}.2"
DISTRICT_OUTSIDE = f"{OUTSIDE}.10"
ATTACKER = f"{OUTSIDE}.66"
TUNNELS = "10.29.0"


@dataclass(frozen=True)
class Building:
    """A building with its network.

    Attributes:
        code: In the registry.
        net: The first three parts of its addresses.
        lat: Degrees north; a tenth of a degree is 11 km.
    """

    code: str
    name: str
    net: str
    lat: float

    @property
    def machine(self) -> str:
        return f"r-{self.code.lower()}"

    @property
    def access_point(self) -> str:
        return f"{self.code.lower()}-ap-1"


BUILDINGS = (
    Building("BH", "Birch High School", "10.21.0", 41.500),
    Building("CE", "Cedar Elementary School", "10.22.0", 41.545),
    Building("DO", "District Office", "10.23.0", 41.520),
)
BY_CODE: Mapping[str, Building] = {one.code: one for one in BUILDINGS}


@dataclass(frozen=True)
class Person:
    """A member of the staff.

    Attributes:
        is_off: The duty of the day ended before the lab begins.
    """

    id: str
    account: str
    building: str
    job: str
    is_off: bool = False


PEOPLE = (
    Person("p-1", "avega", "BH", "Science Teacher"),
    Person("p-2", "bsun", "BH", "Math Teacher"),
    Person("p-3", "cpark", "CE", "Counselor"),
    Person("p-4", "dkim", "DO", "Communications Secretary"),
    Person("p-5", "ehart", "BH", "Speech Therapist"),
    Person("p-6", "fito", "BH", "Custodian", is_off=True),
    Person("p-7", "gnova", "BH", "Custodian", is_off=True),
    Person("p-8", "hrios", "BH", "Art Teacher"),
    Person("p-9", "ijung", "CE", "Reading Teacher"),
    Person("p-10", "jlowe", "CE", "Music Teacher"),
    Person("p-11", "kmoss", "DO", "Accountant"),
    Person("p-12", "lnash", "DO", "Payroll Clerk"),
    Person("p-13", "moday", "BH", "English Teacher"),
    Person("p-14", "nreed", "CE", "Librarian"),
    Person("p-15", "oquin", "BH", "History Teacher"),
    Person("p-16", "pruiz", "BH", "English Teacher"),
    Person("p-17", "qshaw", "BH", "Biology Teacher"),
    Person("p-18", "rtodd", "BH", "Counselor"),
    Person("p-19", "sward", "BH", "Nurse"),
    Person("p-20", "tyoun", "BH", "Office Clerk"),
    Person("p-21", "uvoss", "BH", "French Teacher"),
    Person("p-22", "wyatt", "BH", "Latin Teacher"),
)
OWNERS: Mapping[str, Person] = {one.account: one for one in PEOPLE}
PASSWORD = "a-lab-password"
KERBEROS = {"bsun", "dkim", "hrios", "kmoss", "lnash", "pruiz", "qshaw"}
"""Accounts whose own laptops log in to the proxy with their ticket."""
FILTERED = "CE"
"""Building whose devices use the filter, which passes requests on to the proxy."""

OTHER_ACCOUNTS = {
    # account: kind, owner, approved for sharing, last day relative to today
    "coach": ("role_shared", "", False, None),
    "bh-office": ("role_shared", "", True, None),
    "leaver": ("person", "", False, -20),
    "retiree": ("person", "", False, 0),
}
ACCOUNTS = (*OWNERS, *OTHER_ACCOUNTS)


@dataclass(frozen=True)
class Device:
    """A device with a network card.

    Attributes:
        kind: Class in the registry; empty for a private device.
        place: A building, or `home-1` and so on for a network outside.
        owner: Account of the person to whom it is assigned.
    """

    name: str
    number: int
    kind: str
    place: str
    owner: str = ""

    @property
    def mac(self) -> str:
        return f"02:00:5e:10:00:{self.number:02x}"


DEVICES = (
    *(
        Device(f"nb-{one.account}", number, "laptop", one.building, one.account)
        for number, one in enumerate(PEOPLE, 0x11)
    ),
    Device("nb-spare", 0x31, "laptop", "BH"),
    Device("nb-spare-2", 0x32, "laptop", "BH"),
    Device("scan-1", 0x33, "server", "DO"),
    Device("nas-1", 0x37, "server", "DO"),
    Device("kiosk-1", 0x3A, "kiosk", "BH"),
    Device("phone-1", 0x34, "", "BH"),
    Device("phone-2", 0x3B, "", "BH"),
    Device("home-pc-1", 0x35, "", "home-1"),
    Device("home-pc-3", 0x38, "", "home-1"),
    Device("home-pc-4", 0x39, "", "home-1"),
    Device("home-pc-2", 0x36, "", "home-2"),
)
BY_NAME: Mapping[str, Device] = {one.name: one for one in DEVICES}
HOMES = {"home-1": f"{OUTSIDE}.21", "home-2": f"{OUTSIDE}.150"}
"""The outside address of each home; the second is a carrier's network."""

OWN_SITES = ("www.school.example", "files.school.example")
WORK_SITES = (
    "lms.example",
    "grades.example",
    "search.example",
    "library.example",
    "mail.example",
)
OTHER_SITES = (
    "www.friends.example",
    "media.friends.example",
    "bets.example",
    "wagers.example",
    "unblock.example",
    "shop.example",
    "www.scores.example",
    "movies.example",
    "up.lockers.example",
    "vault.copies.example",
    "nl3.tunnel.example",
    "api.tunnel.example",
    "news.example",
)
RARE_SITES = tuple(f"site-{number:03}.example" for number in range(1, 181))
"""Sites that one person opens once."""
SITES: Mapping[str, str] = {
    host: f"198.51.100.{number}"
    for number, host in enumerate((*OWN_SITES, *WORK_SITES, *OTHER_SITES, *RARE_SITES), 11)
}
DENIED = (".bets.example",)
CATEGORIES = {
    "friends.example": "social",
    "bets.example": "gambling",
    "wagers.example": "gambling",
    "unblock.example": "circumvention",
    "tunnel.example": "circumvention",
    "shop.example": "shopping",
    "scores.example": "sports",
    "movies.example": "streaming",
}
