"""Registry rows of the facts that exports hold, and what was left out, with the reason.

Nothing is guessed that would make a finding stronger: a device of unknown class is
`other`, an owner that the roster does not know is none, a scope whose name fits two
buildings is in neither. Passwords and birth dates are not read further than their
header; names of students and all data about parents are not kept.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from pipelines.registry.csv_files import LINE, read_file
from pipelines.registry.imports.absences import add_absences
from pipelines.registry.imports.devices import add_cards, add_devices, add_short_names
from pipelines.registry.imports.export_tables import Sheet
from pipelines.registry.imports.exports import IMPORTED, ORDER, Export
from pipelines.registry.imports.known import ExportIndex, Place, Row
from pipelines.registry.imports.networks import add_access_points, add_networks, note_networks
from pipelines.registry.imports.people import (
    account_facts,
    add_accounts,
    add_roster,
    add_units,
    is_disabled,
    students_of,
)
from pipelines.registry.imports.schools import add_schools, see_schools
from pipelines.registry.imports.staff import add_staff
from pipelines.registry.imports.taken import ImportResult
from pipelines.registry.imports.unit_buildings import suggested_places
from pipelines.registry.roster import ORGS, USERS


def rows_of(tables: Iterable[tuple[Sheet, Export]], known: ExportIndex) -> Iterator[ImportResult]:
    """Yield the rows of each table, people first; `known` learns them meanwhile."""
    ordered = sorted(tables, key=lambda one: (ORDER.index(one[1].facts), one[1].into != USERS.name))
    students = students_of(ordered)
    _see_first(ordered, known)
    for sheet, export in ordered:
        if export.facts == "network" and not known.networks:
            note_networks([one for one in ordered if one[1].facts == "network"], known)
        taken = ImportResult(sheet, export)
        if known.units:
            add_units(taken, known)
        if export.facts == "roster":
            add_roster(taken, known, students)
        elif export.facts != "nothing":
            MAKERS[export.facts](taken, known)
        _drop_unreadable(taken)
        yield taken


def _see_first(tables: Sequence[tuple[Sheet, Export]], known: ExportIndex) -> None:
    """Fill `known` with facts that decide about rows of other tables.

    These are the buildings that a person listed, or otherwise those by which directories sort
    accounts and devices, and the accounts that are open somewhere.
    """
    for sheet, export in tables:
        if export.into == "buildings.csv" and export.facts != "school":
            facts = [{one: export.fact(one, cells) for one in export.cells} for cells in sheet.rows]
            known.see_places(
                Place(row["building"], row["org_id"], row["name"])
                for row in facts
                if row["building"]
            )
            listed = known.listed.setdefault("buildings.csv", set())
            listed |= {row["org_id"].lower() for row in facts}
        elif export.facts == "login":
            facts = [account_facts(export, cells) for cells in sheet.rows]
            known.see_domain_of(row["login"] for row in facts)
            known.enabled |= {known.login(row["login"]) for row in facts if not is_disabled(row)}
    if not any(export.into == ORGS.name for _, export in tables):
        # a state's list, which has its own code for each school, comes last
        schools = [one for one in tables if one[1].facts == "school"]
        see_schools(sorted(schools, key=lambda one: "district" in one[1].cells), known)
        if not known.has_places:
            known.units = suggested_places(tables)
            known.see_places(known.units)


def _drop_unreadable(taken: ImportResult) -> None:
    """Report rows that the registry would reject now, not afterwards."""
    for name, rows in taken.rows.items():
        file = IMPORTED[name]
        data = csv_bytes([*file.columns], rows)
        read = read_file(data, file, {})
        good = set(read.frame[LINE].to_list())
        for problem in read.problems:
            if problem.severity == "error":
                why = f"with a {problem.column} that {problem.what}"
                taken.leave(f"{why} (allowed: {problem.allowed})", problem.value or "")
        taken.rows[name] = [row for at, row in enumerate(rows, 2) if at in good]


def csv_bytes(header: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Return rows as a CSV file with a line each."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def add_file(taken: ImportResult, known: ExportIndex) -> None:
    """Read a table with a registry file's own columns, or those declared for it."""
    del known
    for cells in taken.sheet.rows:
        taken.add(
            taken.export.into, {name: taken.export.fact(name, cells) for name in taken.export.cells}
        )


MAKERS = {
    "school": add_schools,
    "staff": add_staff,
    "login": add_accounts,
    "short_name": add_short_names,
    "device": add_devices,
    "network": add_networks,
    "access_point": add_access_points,
    "card": add_cards,
    "absence": add_absences,
    "file": add_file,
}
