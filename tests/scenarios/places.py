"""The small district of the scenarios: two campuses, a few people and devices.

The high school and the middle school share a campus; the elementary school is 13 km
south of them. Everything is given as registry files, as a district would.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

ZONE = "America/Chicago"
FIRST_DAY = date(2026, 1, 5)
LAST_DAY = date(2026, 12, 18)

SETTINGS = f"""
[district]
name = "Scenario Community Schools"
zone = "{ZONE}"
account_domains = ["EXAMPLE", "school.example"]
"""

BUILDINGS = """
org_id,building,lat,lon,campus
org-hs,HS,41.500,-90.500,north
org-ms,MS,41.503,-90.500,north
org-es,ES,41.620,-90.500,south
org-do,DO,41.560,-90.560,office
"""

SUBNETS = """
cidr,building,kind
10.1.0.0/22,HS,wired
10.1.4.0/24,HS,lab
10.1.8.0/22,HS,wifi
10.1.12.0/24,HS,byod
10.2.0.0/22,MS,wired
10.2.8.0/22,MS,wifi
10.3.0.0/22,ES,wired
10.3.8.0/22,ES,wifi
10.3.12.0/24,ES,nat
10.4.0.0/22,DO,wired
10.4.9.0/24,DO,vdi
10.4.10.0/24,DO,server
10.9.0.0/24,DO,remote
"""


@dataclass(frozen=True)
class Device:
    """A device, its usual address and what the registry states of it.

    A Chromebook has no host name: its name is the serial number.
    """

    name: str
    ip: str
    kind: str
    building: str = "HS"
    owner: str = ""
    pool: str = ""

    @property
    def tunnel_ip(self) -> str:
        """Its address when it comes through the tunnel."""
        return f"10.9.0.{100 + int(self.ip.split('.')[-1])}"

    @property
    def directory_id(self) -> str:
        """The directory's id of a Chromebook."""
        return f"00000000-0000-4000-8000-{self.mac.replace(':', '')}"

    @property
    def mac(self) -> str:
        """Locally administered, from the address."""
        return "02:00:" + ":".join(f"{int(part):02x}" for part in self.ip.split("."))


DEVICES: Mapping[str, Device] = {
    device.name: device
    for device in (
        Device("hs-avega", "10.1.0.11", "desktop", owner="p-1"),
        Device("hs-bsun", "10.1.0.12", "desktop", owner="p-2"),
        Device("hs-gnova", "10.1.0.17", "desktop", owner="p-7"),
        Device("hs-fito", "10.1.0.16", "desktop", owner="p-6"),
        Device("hs-room-5", "10.1.0.50", "podium", pool="classroom"),
        Device("hs-lab-1", "10.1.4.1", "lab_pc", pool="lab"),
        Device("hs-lab-2", "10.1.4.2", "lab_pc", pool="lab"),
        Device("ms-room-2", "10.2.0.52", "podium", "MS", pool="classroom"),
        Device("es-room-1", "10.3.0.51", "podium", "ES", pool="classroom"),
        Device("es-cpark", "10.3.0.13", "desktop", "ES", owner="p-3"),
        Device("do-dkim", "10.4.0.14", "desktop", "DO", owner="p-4"),
        Device("do-vdi-1", "10.4.9.1", "vdi_host", "DO", pool="vdi"),
        Device("srv-tasks", "10.4.10.1", "server", "DO"),
        Device("nb-avega", "10.1.8.21", "laptop", owner="p-1"),
        Device("nb-bsun", "10.1.8.22", "laptop", owner="p-2"),
        Device("nb-ehart", "10.1.8.25", "laptop", owner="p-5"),
        Device("home-avega", "10.9.0.21", "laptop", owner="p-1"),
        Device("phone-avega", "10.1.12.21", "phone_byod", owner="p-1"),
        Device("gate-es", "10.3.12.1", "other", "ES"),
        Device("cb-avega", "10.1.8.31", "chromebook", owner="p-1"),
        Device("cb-bsun", "10.1.8.32", "chromebook", owner="p-2"),
        Device("cb-fito", "10.1.8.36", "chromebook", owner="p-6"),
        Device("cb-gnova", "10.1.8.37", "chromebook", owner="p-7"),
        Device("cb-spare", "10.1.8.38", "chromebook"),
        Device("cb-cart-1", "10.1.8.41", "chromebook", pool="cart"),
        Device("cb-cart-2", "10.1.8.42", "chromebook", pool="cart"),
        Device("cb-cart-es", "10.3.8.41", "chromebook", "ES", pool="cart"),
        # what people own has no row
        Device("private-pc", "10.9.0.77", ""),
        Device("private-phone", "10.1.8.200", ""),
    )
}

PEOPLE = (
    ("p-1", "org-hs", "teacher", "avega", "Science Teacher"),
    ("p-2", "org-hs", "teacher", "bsun", "Math Teacher"),
    ("p-3", "org-es", "administrator", "cpark", "Counselor"),
    ("p-4", "org-do", "administrator", "dkim", "Communications Secretary"),
    ("p-5", "org-hs", "teacher", "ehart", "Speech Therapist"),
    ("p-6", "org-hs", "aide", "fito", "Custodian"),
    ("p-7", "org-hs", "teacher", "gnova", "Art Teacher"),
)
STUDENTS = tuple((f"s-{n}", "org-hs", "student", f"student{n:02d}", "") for n in range(1, 41))

ACCOUNTS = """
username,account_type,owner_person_id,approved_shared,aliases,valid_from,valid_to,used_in,is_admin
hs_office,role_shared,,true,,,,,
counter,role_shared,,true,,,,HS,
kiosk_lib,device,,true,,,,,
backup,service,,false,,,,,
coach,role_shared,,false,,,,,
avega,person,p-1,false,alindt,,,,
adm_bsun,person,p-2,false,,,,,true
"""

SITES = """
entry_id,pattern,match,roles,valid_from,valid_to,class,consent_by
d1,school.example,domain,all,,,district,board
s1,lms.example,domain,all,,,sanctioned,board
s2,grades.example,domain,staff,,,sanctioned,board
s3,search.example,domain,all,,,sanctioned,board
a2,video.example,domain,science teacher|math teacher,,,sanctioned,board
a5,pages.example/view/robotics,path_prefix,all,,,sanctioned,board
a8,pins.example,domain,art teacher,,,sanctioned,board
"""

DATED = {
    "crafts.example": "a3,{site},domain,person:p-7,{before},{after},approved_non_business,board\n",
    "quiz.example": "a4,{site},domain,all,{long_before},{today},approved_non_business,board\n",
    "older.example": "a6,{site},domain,all,{long_before},{yesterday},sanctioned,board\n",
    "newer.example": "a7,{site},domain,all,{today},{after},sanctioned,board\n",
}
"""Site -> its approval, around the day of the story that it is for."""

OUTSIDE = """
cidr,country,city,lat,lon,network_type
203.0.113.0/25,US,Scenario,41.55,-90.52,residential
203.0.113.128/26,US,Chicago,41.88,-87.63,mobile
192.0.2.128/26,US,Clinton,41.84,-90.19,residential
198.51.100.192/27,US,Denver,39.74,-104.99,residential
198.51.100.224/27,US,Ashburn,39.04,-77.49,relay
"""

CATEGORIES = """
domain,category,source
friends.example,social,vendor
friends.example,social,open list
shop.example,shopping,vendor
shop.example,shopping,open list
scores.example,sports,vendor
scores.example,sports,open list
movies.example,streaming,vendor
movies.example,streaming,open list
crafts.example,shopping,vendor
crafts.example,shopping,open list
pages.example,social,vendor
pages.example,social,open list
video.example,streaming,vendor
video.example,streaming,open list
pins.example,social,vendor
pins.example,social,open list
quiz.example,games,vendor
quiz.example,games,open list
mislabelled.example,games,vendor
bets.example,gambling,vendor
bets.example,gambling,open list
wagers.example,gambling,vendor
wagers.example,gambling,open list
unblock.example,circumvention,vendor
unblock.example,circumvention,open list
relay.example,circumvention,vendor
relay.example,circumvention,open list
tunnel.example,circumvention,vendor
tunnel.example,circumvention,open list
quad9.net,circumvention,vendor
control.example,remote_access,vendor
control.example,remote_access,open list
"""


def registry(
    day: date,
    extra: Mapping[str, str],
    *,
    approved: Mapping[str, date] | None = None,
) -> Mapping[str, str]:
    """Return every registry file, with rows that a scenario adds.

    Args:
        day: The scenario's day; approvals turn on it.
        extra: Further rows by file name; lines of `district.toml` come instead of
            the rows of hours.
        approved: Another day for the approvals of some sites.
    """
    days = dict.fromkeys(DATED, day) | dict(approved or {})
    files = {
        "buildings.csv": BUILDINGS,
        "subnets.csv": SUBNETS,
        "devices.csv": _devices(),
        "users.csv": _users(),
        "accounts.csv": ACCOUNTS,
        "approved_sites.csv": SITES
        + "".join(
            row.format(
                site=site,
                today=days[site],
                yesterday=days[site] - timedelta(days=1),
                before=days[site] - timedelta(days=3),
                after=days[site] + timedelta(days=3),
                long_before=days[site] - timedelta(days=90),
            )
            for site, row in DATED.items()
        ),
        "site_categories.csv": CATEGORIES,
        "ip_geo.csv": OUTSIDE,
        "calendar.csv": _calendar(),
        "staff_duty.csv": _duty() if DISTRICT not in extra else DUTY_HEADER + "\n",
        "leave.csv": "person_id,date,part,kind,status,substitute_person_id\n",
    }
    return {
        name: files.get(name, "").lstrip() + extra.get(name, "").lstrip()
        for name in {**files, **extra}
    }


def write(home: Path, texts: Iterable[tuple[str, str]]) -> None:
    """Make `district.toml` and `registry/` from the texts of its files."""
    (home / "registry").mkdir(parents=True)
    more = dict(texts)
    settings = SETTINGS + more.pop(DISTRICT, "")
    (home / DISTRICT).write_text(settings, encoding="utf-8")
    for name, text in more.items():
        (home / "registry" / name).write_text(text, encoding="utf-8")


def _devices() -> str:
    header = "hostname,serial,directory_id,mac,device_class,assigned_to,building,pool,static_ip"
    return _csv(header, _rows(is_chrome=False))


def chromebooks() -> Mapping[str, str]:
    """Return rows of a district with Chromebooks; anyone who has one has no other laptop then."""
    return {"devices.csv": "\n".join(_rows(is_chrome=True)) + "\n"}


def _rows(*, is_chrome: bool) -> list[str]:
    return [
        (f",{one.name},{one.directory_id}" if is_chrome else f"{one.name},,")
        + f",{one.mac},{one.kind},{one.owner},{one.building},{one.pool},"
        for one in DEVICES.values()
        if one.kind and (one.kind == "chromebook") == is_chrome
    ]


def _users() -> str:
    header = "sourcedId,status,orgSourcedIds,role,username,givenName,familyName,metadata.jobTitle"
    rows = [
        f"{person},active,{org},{role},{username},Test,Person,{job}"
        for person, org, role, username, job in (*PEOPLE, *STUDENTS)
    ]
    return _csv(header, rows)


def _calendar() -> str:
    days = (LAST_DAY - FIRST_DAY).days + 1
    rows = [
        f"{day},{'weekend' if day.weekday() >= 5 else 'school'},,,"
        for day in (FIRST_DAY + timedelta(days=n) for n in range(days))
    ]
    return _csv("date,day_type,duty_start,duty_end,building", rows)


DISTRICT = "district.toml"
DUTY_HEADER = "person_id,date_from,date_to,weekday,start_local,end_local,building,kind"


def _duty() -> str:
    hours = {"p-6": ("14:00", "22:30")}
    rows = [
        f"{person},{FIRST_DAY},{LAST_DAY},{weekday},{start},{end},,contract"
        for person, *_ in PEOPLE
        for weekday in range(5)
        for start, end in [hours.get(person, ("07:30", "15:30"))]
    ]
    return _csv(DUTY_HEADER, rows)


def _csv(header: str, rows: Sequence[str]) -> str:
    return "\n".join([header, *rows]) + "\n"
