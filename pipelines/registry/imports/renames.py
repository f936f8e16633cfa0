"""Finds the people and buildings that a list names for good, after others named them first.

A directory that comes before the roster makes people under their number or login, and buildings
of its organizational units. When the roster comes, both get its names: everywhere in the
registry, so that the order of imports does not matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.registry.csv_document import CsvDocument
from pipelines.registry.csv_files import File
from pipelines.registry.imports.export_tables import Sheet
from pipelines.registry.imports.exports import Export
from pipelines.registry.imports.known import ExportIndex, Place, Row, is_unrostered
from pipelines.registry.imports.unit_buildings import suggested_places
from pipelines.registry.roster import ORGS, ROLES, USERS

MAX_INITIALS = 4
"""Letters of a building's code that may be the initials of its name."""
ORG_COLUMNS = ("orgSourcedIds", "primaryOrgSourcedId", "orgSourcedId")


@dataclass(frozen=True)
class Renames:
    """Names that a later list replaces.

    Attributes:
        persons: `sourcedId` that a directory gave -> that of the roster.
        places: Building's code -> the building of the later list.
    """

    persons: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.persons or self.places)


def renames_of(
    tables: Sequence[tuple[Sheet, Export]], users: Sequence[Row], places: Sequence[Place]
) -> Renames:
    """Compare a new roster, or a new list of buildings, with what the registry has.

    Args:
        users: Rows of `users.csv`.
        places: Buildings of the registry.
    """
    rostered: list[Row] = []
    staff: list[Row] = []
    for sheet, export in tables:
        if export.facts == "roster" and export.into == USERS.name:
            rostered += sheet.rows
        elif export.facts == "staff":
            staff += [_of_staff(export, row) for row in sheet.rows]
    persons = _persons([row for row in staff if row["sourcedid"]], users)
    suggested = suggested_places(tables)
    return Renames(
        persons | _persons(rostered, users),
        _places(suggested, [one for one in places if len(one.building) <= MAX_INITIALS])
        | _places(list(_listed_places(tables)), places),
    )


def _of_staff(export: Export, cells: Row) -> Row:
    number, mail = export.fact("employee", cells), export.fact("mail", cells)
    login = export.fact("login", cells) or mail.partition("@")[0]
    return {"sourcedid": number, "identifier": number, "username": login, "email": mail}


def _persons(rostered: Sequence[Row], users: Sequence[Row]) -> dict[str, str]:
    """Match people that a directory made under their number or login."""
    ids: dict[str, set[str]] = {}
    for row in rostered:
        for name in ("identifier", "username", "email"):
            if row.get(name):
                ids.setdefault(row[name].lower(), set()).add(row["sourcedid"])
    own = {row["sourcedid"].lower() for row in rostered}
    found = {}
    for row in users:
        person = row["sourcedId"].lower()
        if person in own or not is_unrostered(row):
            continue
        names = {row.get(one, "").lower() for one in ("identifier", "username", "email")} - {""}
        same = set().union(*(ids.get(name, set()) for name in names))
        if len(same) == 1:
            found[person] = same.pop()
    return found


def _listed_places(tables: Sequence[tuple[Sheet, Export]]) -> Iterable[Place]:
    """Yield the schools of a roster, and the buildings of a list that a person wrote."""
    for sheet, export in tables:
        for row in sheet.rows:
            if export.into == ORGS.name and row.get("type", "").lower() == "school":
                code = row.get("identifier") or row.get("name") or row["sourcedid"]
                yield Place(code, row["sourcedid"], row.get("name", ""))
            elif export.into == "buildings.csv" and export.facts == "file":
                code, org = export.fact("building", row), export.fact("org_id", row)
                if code:
                    yield Place(code, org, export.fact("name", row))


def _places(listed: Sequence[Place], places: Sequence[Place]) -> dict[str, Place]:
    """Match the buildings that were suggested, which have their code as organization."""
    if not listed:
        return {}
    index = ExportIndex((), listed, (), "UTC")
    orgs = {one.org_id: one for one in listed}
    found = {}
    for place in places:
        if place.org_id != place.building:
            continue
        building = index.building(place.name, place.building)
        by_name = next((one for one in listed if one.building == building), None)
        same = orgs.get(place.org_id, by_name)
        if same is not None and place != Place(
            same.building, same.org_id or same.building, same.name or place.name
        ):
            found[place.building] = same
    return found


def renamed(data: bytes, file: File, columns: Mapping[str, str], renames: Renames) -> bytes:
    """Return a file of the registry with the later names.

    Args:
        columns: The district's header names, by canonical name.
    """
    document = CsvDocument(data, file, columns)
    is_changed = False
    buildings: set[str] = set()
    for row in document.rows:
        before = document.values(row)
        after = _with_later_names(before, file, renames)
        is_twice = file.name == "buildings.csv" and after["building"] in buildings
        buildings |= {after.get("building", "")} if before != after else set()
        if before.get("sourcedId", "").lower() in renames.persons or is_twice:
            document.remove(row)  # the roster's own row follows
            is_changed = True
            continue
        for name, cell in after.items():
            if cell != before[name]:
                document.set(row, name, cell)
                is_changed = True
    return document.data() if is_changed else data


def _with_later_names(row: Row, file: File, renames: Renames) -> dict[str, str]:
    """Return the cells of a row with the later names."""
    persons, places = renames.persons, renames.places
    codes = {code: place.building for code, place in places.items()}
    orgs = {code: place.org_id or place.building for code, place in places.items()}
    cells = {}
    for name, cell in row.items():
        names = file.columns[name].names if name in file.columns else None
        if names == "person" or (file is ROLES and name == "userSourcedId"):
            cells[name] = persons.get(cell.lower(), cell)
        elif names == "building":
            cells[name] = codes.get(cell, cell)
        elif name in ORG_COLUMNS:
            cells[name] = ",".join(orgs.get(one, one) for one in cell.split(","))
        else:
            cells[name] = cell
    if file.name == "buildings.csv" and row["building"] in places:
        place = places[row["building"]]
        cells |= {"building": place.building}
        cells |= {"org_id": place.org_id or place.building} if "org_id" in row else {}
        cells |= {"name": place.name} if "name" in row and place.name else {}
    return cells
