"""Imports lists into homes, and compares the registries that they give."""

import csv
import itertools
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.district import only_writer, open_district
from pipelines.proposals.setup import Plan, plan_of, write
from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome

FOLDER = Path(__file__).parent / "exports"
EXPECTED = Path(__file__).parent / "expected"
ZONE = "America/Chicago"

FACTS: Mapping[str, Mapping[str, str]] = {
    "users.csv": {
        "sourcedId": "person", "email": "mail address", "username": "login",
        "metadata.jobTitle": "job", "orgSourcedIds": "school", "primaryOrgSourcedId": "school",
    },
    "orgs.csv": {"sourcedId": "school"},
    "roles.csv": {"role": "role of a person"},
    "accounts.csv": {
        "username": "another login of a person", "valid_to": "end of an account",
    },
    "buildings.csv": {"building": "building", "lat": "coordinates"},
    "devices.csv": {
        "hostname": "host name", "serial": "serial number", "asset_tag": "asset tag",
        "directory_id": "directory id", "mac": "network card", "ethernet_mac": "network card",
        "device_class": "kind of device", "assigned_to": "holder", "building": "building",
        "pool": "shared stock", "static_ip": "fixed address",
    },
    "subnets.csv": {"cidr": "network", "building": "building", "kind": "kind of network"},
    "egress.csv": {"cidr": "outside address"},
    "access_points.csv": {"name": "access point", "building": "building"},
    "leave.csv": {"date": "absence", "substitute_person_id": "substitute"},
    "calendar": {"days": "kind of day"},
}  # fmt: skip
"""Cell of a registry file -> the fact that it is."""
NO_FACT = {("device_class", "other"), ("account_type", "person")}
Rows = Mapping[str, frozenset[str]]


@dataclass
class Imported:
    """A registry after imports, and the last plan."""

    rows: dict[str, set[tuple[tuple[str, str], ...]]] = field(default_factory=dict)
    plan: Plan | None = None


def imported(home: Path, steps: Sequence[Collection[Path]]) -> Imported:
    """Return the registry of a new home after one import per step."""
    create(home, zone=ZONE)
    result = Imported()
    for number, files in enumerate(steps):
        folder = home.parent / f"{home.name}-{number}"
        folder.mkdir()
        for path in files:
            shutil.copy(path, folder / path.name)
        with open_district(home) as district, only_writer(district.home):
            plan = plan_of(district, [folder])
            write(district.store, district.home, plan, "test", "lists")
            result.plan = plan
    registry = DistrictHome(home).registry
    for path in sorted(registry.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            lines = (line for line in file if not line.startswith("#"))
            result.rows[path.name] = {
                tuple((name, cell) for name, cell in row.items() if cell)
                for row in csv.DictReader(lines)
            }
    for path in sorted(registry.glob("*.ics")):
        result.rows["calendar"] = {(("days", path.name),)}
    return result


def added(before: Imported, after: Imported) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Yield the rows that a list added or completed, by file."""
    for name, rows in after.rows.items():
        yield from ((name, row) for row in sorted(rows - before.rows.get(name, set())))


def facts_of(before: Imported, after: Imported) -> list[str]:
    """Return the facts that a list added, in the order of the files."""
    found = {}
    for name, row in added(before, after):
        earlier = [one for one in before.rows.get(name, ()) if set(one[:1]) & set(row)]
        had = set(itertools.chain.from_iterable(earlier if len(earlier) == 1 else ()))
        for column, value in set(row) - had:
            fact = FACTS.get(name, {}).get(column)
            if fact and (column, value) not in NO_FACT:
                found[fact] = None
    order = [fact for columns in FACTS.values() for fact in columns.values()]
    return sorted(found, key=order.index)
