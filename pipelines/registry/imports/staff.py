"""Reads staff lists of a student information system or a personnel office.

They hold people whom a directory does not distinguish from others: who has which job, at
which school. The day on which an assignment ends is not read, since a new assignment may
follow; a row whose status states that the person left is left out.
"""

import re

from pipelines.registry.imports.known import ExportIndex, Row
from pipelines.registry.imports.people import add_org, role_of
from pipelines.registry.imports.taken import ImportResult
from pipelines.registry.roster import USERS

IS_GONE = re.compile(
    r"^(false|0|no?|inactive|terminated|term|separated|resigned|retired|deceased|former)\b",
    re.IGNORECASE,
)
POWERSCHOOL_STAFF = {"1": "Teacher", "2": "Staff", "3": "Food Service", "4": "Substitute"}
"""Words for the numbers of its column StaffStatus."""
ANOTHER = "further rows of a person"


def add_staff(taken: ImportResult, known: ExportIndex) -> None:
    """Add the people that no roster has; a directory may add others afterwards."""
    had_roster = known.has_roster
    added: set[str] = set()
    for cells in taken.sheet.rows:
        row = {name: taken.export.fact(name, cells) for name in taken.export.cells}
        keys = (row["employee"], row.get("other_id", ""), row["mail"], row["login"])
        if taken.sheet.rows and "teachernumber" in cells:
            row |= _of_powerschool(row, cells)
        person = next(filter(None, map(known.person, filter(None, keys))), None)
        if IS_GONE.match(row["state"]):
            taken.leave("of people who left", row["employee"])
        elif not row["employee"]:
            taken.leave("without a number of the employee", row["mail"])
        elif person is not None:
            taken.leave(ANOTHER if person in added else "people that the roster has", "")
            if person not in added:
                add_org(taken, known, person, known.building(row["place"]))
            added.add(person)
        else:
            new = _user(row, known)
            known.see_person(new)
            added.add(new["sourcedId"])
            taken.add(USERS.name, new)
    known.has_roster = had_roster


def _of_powerschool(row: Row, cells: Row) -> dict[str, str]:
    """Return job and state in words, where PowerSchool writes numbers."""
    kind = POWERSCHOOL_STAFF.get(row["title"], row["title"])
    return {"title": kind, "state": "inactive" if cells.get("status") == "2" else "active"}


def _user(row: Row, known: ExportIndex) -> dict[str, str]:
    # the first of a domain goes by the same form of name as all that follow
    known.see_mail(row["mail"])
    return {
        "sourcedId": row["employee"],
        "status": "active",
        "orgSourcedIds": known.org(known.building(row["place"])),
        "role": role_of(row["title"]),
        "username": known.login(row["login"] or row["mail"]),
        "email": row["mail"].lower() if "@" in row["mail"] else "",
        "metadata.jobTitle": row["title"],
        "givenName": row["given"],
        "familyName": row["family"],
        "identifier": row["employee"],
    }
