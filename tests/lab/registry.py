"""The district's exports: what an administrator gets from the lab's systems in an hour."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

from tests.lab.district import (
    BUILDINGS,
    CATEGORIES,
    DEVICES,
    DISTRICT_OUTSIDE,
    DOMAIN,
    OTHER_ACCOUNTS,
    OWNERS,
    PEOPLE,
    SERVERS,
    TUNNELS,
    WORK_SITES,
)
from tests.lab.network import Network
from tests.lab.programs import DIRECTORY

ONLY_IN_DIRECTORY = "nb-spare-2"
NAMES = {one.code: one.name for one in BUILDINGS}


def exports(folder: Path, typed: Path, net: Network, now: datetime) -> None:
    """Write the exports, and copy the configurations of the real servers.

    Args:
        folder: For `schoolbell setup`.
        typed: The registry's folder, for what no export holds.
    """
    folder.mkdir(parents=True)
    today = now.date()
    if "dc" in net.machines:
        directory = net["dc"].run("ldbsearch", "-H", DIRECTORY, "(objectClass=user)")
        (folder / "directory.ldif").write_text(directory, encoding="utf-8")

    def write(name: str, header: str, rows: list[list[object]], where: Path = folder) -> None:
        with (where / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header.split(","), *rows])

    for machine, place in (
        (net["dhcp"], "/etc/kea/kea-dhcp4.conf"),
        (net.routers["CE"], "/etc/dhcp/dhcpd.conf"),
        (net["radius"], "/etc/freeradius/3.0/clients.conf"),
    ):
        source = machine.path(place)
        if source.is_file():
            (folder / Path(place).name).write_bytes(source.read_bytes())
    write(
        "orgs.csv",
        "sourcedId,status,name,type,identifier,parentSourcedId",
        [
            [f"org-{one.code.lower()}", "active", one.name, "school", one.code, ""]
            for one in BUILDINGS
        ],
    )
    write(
        "users.csv",
        "sourcedId,status,orgSourcedIds,role,username,givenName,familyName,email,metadata.jobTitle",
        [
            [one.id, "active", f"org-{one.building.lower()}", "teacher", one.account, "Test",
             f"Person {one.id}", f"{one.account}@school.example", one.job]
            for one in PEOPLE
        ],
    )  # fmt: skip
    write(
        "inventory.csv",
        "Asset Tag,Serial,Asset Name,Model,Category,MAC Address,Email,Location,Status",
        [
            [f"A-{one.number}", f"LAB{one.number:04d}", one.name, one.kind, one.kind.title(),
             one.mac, f"{one.owner}@school.example" if one.owner else "", NAMES[one.place],
             "Deployed"]
            for one in DEVICES
            if one.kind and not (one.name == ONLY_IN_DIRECTORY and "dc" in net.machines)
        ],
    )  # fmt: skip
    write(
        "absences.csv",
        "Employee ID,Absence Date,Absence Reason,Day Portion,Status",
        [["p-2", today, "Personal", "Full", "Approved"],
         ["p-4", today, "Personal", "Full", "Cancelled"]],
    )  # fmt: skip
    write(
        "accounts.csv",
        "username,account_type,owner_person_id,approved_shared,valid_to",
        [
            [
                name,
                kind,
                owner,
                str(shared).lower(),
                "" if last is None else today + timedelta(days=last),
            ]
            for name, (kind, owner, shared, last) in OTHER_ACCOUNTS.items()
        ],
    )
    write(
        "buildings.csv",
        "org_id,building,lat,lon,campus,name",
        [
            [f"org-{one.code.lower()}", one.code, one.lat, -90.5, one.code.lower(), one.name]
            for one in BUILDINGS
        ],
    )
    write(
        "subnets.csv",
        "cidr,building,kind",
        [[f"{SERVERS}.0/24", "DO", "server"], [f"{TUNNELS}.0/24", "", "remote"]],
    )
    write("egress.csv", "cidr,meaning", [[f"{DISTRICT_OUTSIDE}/32", "district NAT"]])
    write(
        "approved_sites.csv",
        "entry_id,pattern,match,roles,consent_by,class",
        [
            [f"E-{number}", host, "domain", "all", "technology director",
             "district" if host == DOMAIN else "sanctioned"]
            for number, host in enumerate((DOMAIN, *WORK_SITES), 1)
        ],
    )  # fmt: skip
    write(
        "site_categories.csv",
        "domain,category,source",
        [
            [host, kind, source]
            for host, kind in CATEGORIES.items()
            for source in ("vendor", "open list")
        ],
    )
    write(
        "ip_geo.csv",
        "cidr,country,city,lat,lon,network_type",
        [["203.0.113.0/25", "US", "Sampleton", 41.5, -90.6, "residential"],
         ["203.0.113.128/25", "US", "Sampleton", 41.5, -90.6, "mobile"]],
        typed,
    )  # fmt: skip
    first = today - timedelta(days=30)
    write(
        "calendar.csv",
        "date,day_type,duty_start,duty_end",
        [[first + timedelta(days=n), "school", "", ""] for n in range(60)],
    )
    duty: list[list[object]] = []
    for one in PEOPLE:
        begin, end = (
            ("00:10", f"{now - timedelta(hours=2):%H:%M}") if one.is_off else ("00:10", "23:50")
        )
        duty += [
            [one.id, first, today + timedelta(days=30), day, begin, end, "contract"]
            for day in range(7)
        ]
    extra = OWNERS["gnova"].id
    duty.append([extra, today, today, "date", "00:10", "23:50", "extra"])
    write(
        "staff_duty.csv",
        "person_id,date_from,date_to,weekday,start_local,end_local,kind",
        duty,
    )
