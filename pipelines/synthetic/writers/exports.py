"""Exports of a Chromebook district's systems, as their consoles write them.

Roster, devices, networks and absences come into the registry from these files
(`trial.set_up`); facts that no console has are entered manually (`writers.registry`).
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from pipelines.synthetic.invented_people import Person
from pipelines.synthetic.places import DOMAIN, Device
from pipelines.synthetic.plan import Plan
from pipelines.synthetic.world import World

Row = Mapping[str, str]

FOLDER = "exports"
FROM_EXPORTS = ("users.csv", "orgs.csv", "subnets.csv", "leave.csv")
"""Files that come from exports whole; of `devices.csv` only some rows do."""
EXPORTED = (2026, 8, 1, 6, 0, 0)
"""When the zip's members were written: the same arguments give the same bytes."""
BY_HAND = ("server", "vdi_host", "signage")
"""Devices that are in no console, and have fixed addresses."""

CHROME = (
    "deviceId", "serialNumber", "status", "lastSync", "annotatedUser",
    "annotatedLocation", "annotatedAssetId", "notes", "model", "osVersion",
    "macAddress", "orgUnitPath",
)  # fmt: skip
INTUNE = (
    "Device name", "Managed by", "Ownership", "OS", "Primary user UPN",
    "Serial number", "Model", "Wi-Fi MAC", "Category",
)  # fmt: skip
ABSENCES = (
    "Employee ID", "Last Name", "Absence Date", "Start Time", "End Time",
    "Absence Reason", "Absence Status", "Substitute ID",
)  # fmt: skip
MODELS = {"laptop": "Latitude 5440", "desktop": "OptiPlex 7010"}
CLOCKS = {
    "full": ("7:30 AM", "3:45 PM"),
    "am": ("7:30 AM", "11:00 AM"),
    "pm": ("1:00 PM", "3:45 PM"),
}
SCOPES = {"byod": "BYOD", "guest": "guests", "nat": "NAT", "remote": "VPN pool"}
"""Name of its scope, if it is not its kind."""


def is_exported(device: Device) -> bool:
    """Return whether a console has it."""
    return device.device_class not in (*BY_HAND, "phone_byod")


def write_exports(
    world: World,
    plan: Plan,
    folder: Path,
    roster: Mapping[str, tuple[Sequence[str], Iterable[Row]]],
    devices: Iterable[tuple[Device, Row]],
) -> None:
    """Write them all.

    Args:
        roster: Header and rows of `users.csv` and `orgs.csv`.
        devices: Each device that is listed, with the row that a registry would have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_roster(folder / "oneroster.zip", roster)
    owners = {one.person_id: f"{one.username}@{DOMAIN}" for one in world.roster.people}
    chrome, computers = [], []
    for device, row in devices:
        owner = owners.get(device.assigned_to, "")
        if device.runs_chromeos:
            chrome.append(_chromebook(device, row, owner))
        elif is_exported(device):
            computers.append(_computer(device, owner))
    _write_csv(folder / "chrome-devices.csv", CHROME, chrome)
    _write_csv(folder / "intune-devices.csv", INTUNE, computers)
    staff = {one.person_id: one for one in world.roster.staff}
    _write_csv(
        folder / "absences.csv",
        ABSENCES,
        [_absence(row, staff) for row in plan.rows.get("leave.csv", ())],
    )
    (folder / "dhcpd.conf").write_text(_scopes(world), encoding="utf-8")


def employee(person: Person) -> str:
    """Return a person's employee number."""
    return f"{20_000 + person.number}"


def _write_roster(path: Path, roster: Mapping[str, tuple[Sequence[str], Iterable[Row]]]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, (header, rows) in roster.items():
            member = zipfile.ZipInfo(name, EXPORTED)
            bundle.writestr(member, _csv(header, rows))


def _csv(header: Sequence[str], rows: Iterable[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Row]) -> None:
    path.write_bytes(_csv(header, rows).encode())


def _chromebook(device: Device, row: Row, owner: str) -> Row:
    unit = device.pool or "one to one"
    return {
        "deviceId": device.directory_id,
        "serialNumber": device.serial,
        "status": "ACTIVE",
        "lastSync": "2026-10-16T17:20:04.000Z",
        "annotatedUser": owner,
        "annotatedLocation": f"{row['building']} {device.number % 40 + 100}",
        "annotatedAssetId": f"SC-{device.number:05d}",
        "model": "Chromebook 14",
        "osVersion": "141.0",
        "macAddress": device.mac.replace(":", ""),
        "orgUnitPath": f"/Devices/{unit.title()}",
    }


def _computer(device: Device, owner: str) -> Row:
    return {
        "Device name": device.hostname.upper(),
        "Managed by": "Intune",
        "Ownership": "Corporate",
        "OS": "Windows",
        "Primary user UPN": owner,
        "Serial number": device.serial,
        "Model": MODELS.get(device.device_class, ""),
        "Wi-Fi MAC": device.mac,
        "Category": " ".join(filter(None, (device.pool, device.device_class))),
    }


def _absence(row: Row, staff: Mapping[str, Person]) -> Row:
    person, other = (
        staff[row["person_id"]],
        staff.get(row.get("substitute_person_id", "")),
    )
    start, end = CLOCKS[row["part"]]
    return {
        "Employee ID": employee(person),
        "Last Name": person.family,
        "Absence Date": f"{date.fromisoformat(row['date']):%m/%d/%Y}",
        "Start Time": start,
        "End Time": end,
        "Absence Reason": row["kind"].title(),
        "Absence Status": row["status"].title(),
        "Substitute ID": employee(other) if other else "",
    }


def _scopes(world: World) -> str:
    """Return the configuration of the DHCP server, one subnet after the other."""
    lines = ["authoritative;"]
    for network in world.places.networks.values():
        address, _, bits = network.cidr.partition("/")
        mask = (0xFFFFFFFF << (32 - int(bits))) & 0xFFFFFFFF
        dotted = ".".join(str(mask >> shift & 255) for shift in (24, 16, 8, 0))
        name = SCOPES.get(network.kind, network.kind)
        lines += [
            "",
            f"# {network.building} {name}",
            f"subnet {address} netmask {dotted} {{",
            "  option domain-name-servers 10.14.241.10;",
            "}",
        ]
    return "\n".join(lines) + "\n"
