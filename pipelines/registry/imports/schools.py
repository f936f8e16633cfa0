"""Reads lists of schools with coordinates, such as that of a state or of the NCES.

Such a list may hold schools of other districts, and a wrong place would make travel look too
fast. A row therefore counts only if its code, or its whole name, is that of one building.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from pipelines.registry.imports.export_tables import Sheet
from pipelines.registry.imports.exports import Export
from pipelines.registry.imports.known import ExportIndex, Place, Row
from pipelines.registry.imports.taken import ImportResult

MAX_CODE = 12
"""Characters of a school's code."""
LARGEST_DISTRICT = 60
"""Schools; a longer list without a roster is not one district's."""


def see_schools(tables: Iterable[tuple[Sheet, Export]], known: ExportIndex) -> None:
    """Make buildings of lists of schools, where nothing else has named any."""
    for sheet, export in tables:
        rows = [{name: export.fact(name, cells) for name in export.cells} for cells in sheet.rows]
        districts = {row.get("district", "") for row in rows}
        if not known.has_places and len(rows) <= LARGEST_DISTRICT and len(districts) == 1:
            # a state's code of a school is in no other list of the district
            is_of_state = districts != {""}
            known.see_places(
                Place(row["name"], row["name"], row["name"])
                if is_of_state
                else Place(_code(row), row["code"] or row["name"], row["name"])
                for row in rows
            )


def add_schools(taken: ImportResult, known: ExportIndex) -> None:
    """Add the coordinates of buildings."""
    found: dict[str, list[Row]] = defaultdict(list)
    for cells in taken.sheet.rows:
        row = {name: taken.export.fact(name, cells) for name in taken.export.cells}
        building = known.building_called(row["code"], row["name"])
        if building:
            found[building].append(row)
        else:
            taken.leave("schools that are not a building of the roster", row["name"])
    own = Counter(row.get("district", "") for rows in found.values() for row in rows)
    for building, named in found.items():
        # a state's list names the district of a school: ours has most of our schools
        most = max(own[row.get("district", "")] for row in named)
        rows = [row for row in named if own[row.get("district", "")] == most]
        places = {(row["lat"], row["lon"]) for row in rows}
        if len(places) > 1:
            taken.leave("schools of one name in several places; enter theirs", rows[0]["name"])
            continue
        suggested = taken.rows.get("buildings.csv", [])
        taken.rows["buildings.csv"] = [one for one in suggested if one["building"] != building]
        taken.add(
            "buildings.csv",
            {
                "org_id": known.org(building),
                "building": building,
                "name": rows[0]["name"],
                "lat": rows[0]["lat"],
                "lon": rows[0]["lon"],
            },
        )


def _code(row: Row) -> str:
    """Return a short code; an identifier such as a UUID is none."""
    return row["code"] if 0 < len(row["code"]) <= MAX_CODE else row["name"]
