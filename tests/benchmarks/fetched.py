"""Recall by fetch alone: people and devices from services, the logs as they are, no row typed.

    python -m tests.benchmarks.fetched MADE HOME [--exports FOLDER] [--calendar FILE]

MADE is a district that a generator wrote: its logs and registry. HOME is a new home. The lists of
MADE are served in this process as OneRoster, Google (if FOLDER has the exports of its console) and
Microsoft would return them, with the calendar in FILE, fetched, accepted with `setup --write`, and
the home runs. Then the generator's own scorer judges. Prints the time, and fails nothing.
"""

import argparse
import csv
import io
import json
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from pipelines.district import open_outlined
from pipelines.fetch.lists import fetch_lists
from pipelines.web import Response
from tests.fetch.conftest import google_key
from tests.fetch.test_lists import Lists
from tests.fetch.vendors import TOKEN, settings_of
from tests.journey.commands import schoolbell

Row = Mapping[str, str]
CALENDAR_HOST = "calendar.example"


def rows(text: str) -> list[Row]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def oneroster(users: list[Row], orgs: list[Row]) -> dict[str, list[dict[str, Any]]]:
    """Return the lists of a student information system."""
    return {
        "users": [
            {
                **{key: one[key] for key in one if one[key] and "." not in key},
                "orgs": [{"sourcedId": org} for org in one["orgSourcedIds"].split(",") if org],
                **({"metadata": {"jobTitle": one["metadata.jobTitle"]}}
                   if one.get("metadata.jobTitle") else {}),
            }
            for one in users
        ],
        "orgs": [{key: one[key] for key in one if one[key]} for one in orgs],
    }  # fmt: skip


def google(exports: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the lists of Google from the exports of its console."""
    (people,) = exports.glob("User_Download*.csv")
    (devices,) = exports.glob("chrome-devices*.csv")
    return {
        "users": [
            {
                "id": one["Email Address [Required]"],
                "primaryEmail": one["Email Address [Required]"],
                "name": {
                    "givenName": one["First Name [Required]"],
                    "familyName": one["Last Name [Required]"],
                },
                "orgUnitPath": one["Org Unit Path [Required]"],
                "suspended": one["Status [READ ONLY]"] != "Active",
                "externalIds": [{"value": one["Employee ID"], "type": "organization"}]
                if one["Employee ID"]
                else [],
                "organizations": [
                    {"title": one["Employee Title"], "department": one["Department"]}
                ],
            }
            for one in rows(people.read_text(encoding="utf-8"))
        ],
        "devices": [
            {
                **{
                    key: one[key]
                    for key in (
                        "deviceId", "serialNumber", "model", "orgUnitPath", "annotatedAssetId",
                        "annotatedUser", "annotatedLocation", "macAddress", "ethernetMacAddress",
                    )
                    if one[key]
                },
                "status": "ACTIVE",
                "notes": one["annotatedNotes"],
                "recentUsers": [{"email": one["mostRecentUser"], "type": "USER_TYPE_MANAGED"}],
            }
            for one in rows(devices.read_text(encoding="utf-8"))
        ],
    }  # fmt: skip


def microsoft(registry: Path, users: list[Row]) -> dict[str, list[dict[str, Any]]]:
    """Return the lists of Microsoft from a generator's complete registry."""
    mails = {one["sourcedId"]: one["email"] for one in users}
    people = {one["sourcedId"]: one for one in users}
    accounts = rows((registry / "accounts.csv").read_text(encoding="utf-8"))
    devices = rows((registry / "devices.csv").read_text(encoding="utf-8"))
    domain = next(iter(mails.values())).partition("@")[2]
    listed = []
    for one in accounts:
        owner = people.get(one["owner_person_id"])
        name = one["username"]
        listed.append({
            "id": name, "userPrincipalName": f"{name}@{domain}", "userType": "Member",
            "displayName": name, "accountEnabled": not one["valid_to"],
            "mail": owner["email"] if owner else None,
            "givenName": owner["givenName"] if owner else None,
            "surname": owner["familyName"] if owner else None,
            "employeeId": one["owner_person_id"] or None,
            "jobTitle": owner.get("metadata.jobTitle") if owner else None,
        })  # fmt: skip
    return {
        "users": listed,
        "devices": [
            {
                "id": str(number), "deviceName": one["hostname"], "serialNumber": f"SN{number:07}",
                "userPrincipalName": mails.get(one["assigned_to"]), "model": one["device_class"],
                "wiFiMacAddress": one["mac"].replace("-", ""), "operatingSystem": "Windows",
                "managedDeviceOwnerType": "company",
            }
            for number, one in enumerate(devices, 1)
            if one["hostname"] and one["device_class"] in ("desktop", "laptop")
        ],
    }  # fmt: skip


def served(made: Path, exports: Path | None) -> Iterator[tuple[str, dict[str, list[Any]]]]:
    """Yield each service of a district with its lists."""
    registry = made / "registry"
    if exports and (exports / "oneroster.zip").is_file():
        with zipfile.ZipFile(exports / "oneroster.zip") as file:
            users, orgs = (rows(file.read(f"{name}.csv").decode()) for name in ("users", "orgs"))
    else:
        users, orgs = (
            rows((registry / f"{name}.csv").read_text(encoding="utf-8"))
            for name in ("users", "orgs")
        )
    yield "oneroster", oneroster(users, orgs)
    if exports and [*exports.glob("chrome-devices*.csv")]:
        yield "google", google(exports)
    elif not exports:
        yield "microsoft", microsoft(registry, users)


def tables(services: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of `district.toml` that name the services and their lists."""
    for name, lists in services.items():
        yield f'[fetch.{name}]\nservice = "{name}"\nlogs = false'
        yield f"lists = {json.dumps(sorted(lists))}"
        for word, value in settings_of(name).items():
            is_secret = "secret" in word
            yield f"{word} = " + ('{ env = "LISTS" }' if is_secret else json.dumps(value))
        if name == "google":
            yield 'key_secret = { env = "LISTS_KEY" }'


def answering(
    services: Mapping[str, dict[str, list[Any]]], calendar: Path | None
) -> Callable[..., Any]:
    """Return what answers every request, as the service of its address."""
    vendors = {name: Lists(name, count=0, most=500) for name in services}
    for name, lists in services.items():
        vendors[name].rows = lists

    def ask(method: str, url: str, **more: Any) -> Any:
        host = urlsplit(url).hostname or ""
        if calendar and host == CALENDAR_HOST:
            return Response(200, calendar.read_bytes(), {})
        name = "google" if "google" in host else "microsoft" if "microsoft" in host else "oneroster"
        return vendors[name](method, url, **more)

    return ask


def main() -> None:
    """Lay the logs, fetch the lists, accept them, run, and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("made", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("--exports", type=Path)
    parser.add_argument("--calendar", type=Path)
    given = parser.parse_args()
    for source in (given.made / "logs").iterdir():
        shutil.copytree(source, given.home / "landing" / source.name, dirs_exist_ok=True)
    services = dict(served(given.made, given.exports))
    with (given.home / "district.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + "\n".join(tables(services)) + "\n")
        if given.calendar:
            file.write('[fetch.calendar]\nservice = "calendar"\nlists = ["days"]\n')
            file.write(f'url = "https://{CALENDAR_HOST}/days.ics"\n')
    began = time.monotonic()
    with mock.patch.dict("os.environ", LISTS=TOKEN, LISTS_KEY=made_key()):
        with open_outlined(given.home) as district:
            parts = district.home, district.settings, district.store
            for one in fetch_lists(*parts, ask=answering(services, given.calendar)):
                print(one.line)
        # the lists are of today: the run asks no service again
        for words in (("setup", "--write"), ("run", "--quiet")):
            print(schoolbell(*words, "--home", given.home).out[-3_000:])
    print(f"from credentials to findings: {time.monotonic() - began:.0f} s")


def made_key() -> str:
    """Return the key of a service account that exists nowhere else."""
    return str(google_key.__wrapped__())


if __name__ == "__main__":
    main()
