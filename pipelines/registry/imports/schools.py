"""Reads lists of schools with coordinates, such as that of a state or of the NCES.

Such a list may hold schools of other districts, and a wrong place would make travel look too
fast. A row therefore counts only if its code, or its whole name, is that of one building, or,
within the district that has most of our schools, its name without abbreviations.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

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
    rows = [
        {name: taken.export.fact(name, cells) for name in taken.export.cells}
        for cells in taken.sheet.rows
    ]
    called = [known.building_called(row["code"], row["name"]) for row in rows]
    alike = [known.building_like(row["name"]) for row in rows]
    ours = _own_district(rows, called, alike)
    found: dict[str, list[Row]] = defaultdict(list)
    for row, exact_name, similar in zip(rows, called, alike, strict=True):
        is_own = ours is None or row.get("district", "") == ours
        if name := exact_name or (similar if is_own else ""):
            found[name].append(row)
        else:
            taken.leave("schools that are not a building of the roster", row["name"])
    for building, named in found.items():
        own = [row for row in named if ours is None or row.get("district", "") == ours]
        exact = [row for row in own if known.building_called(row["code"], row["name"])]
        places = {(row["lat"], row["lon"]) for row in exact or own}
        if len(places) != 1:
            taken.leave("schools of one name in several places; enter theirs", named[0]["name"])
            continue
        suggested = taken.rows.get("buildings.csv", [])
        taken.rows["buildings.csv"] = [one for one in suggested if one["building"] != building]
        school = (exact or own)[0]
        taken.add(
            "buildings.csv",
            {
                "org_id": known.org(building),
                "building": building,
                "name": school["name"],
                "lat": school["lat"],
                "lon": school["lon"],
            },
        )


def _own_district(rows: Sequence[Row], called: Sequence[str], alike: Sequence[str]) -> str | None:
    """Return the district that has most of our schools; None if none or several have.

    A list that names no district has only one, the empty name.
    """
    schools: dict[str, set[str]] = defaultdict(set)
    for row, building, similar in zip(rows, called, alike, strict=True):
        if name := building or similar:
            schools[row.get("district", "")].add(name)
    counts = Counter({district: len(names) for district, names in schools.items()})
    first = counts.most_common(2)
    is_one = len(first) == 1 or (len(first) > 1 and first[0][1] > first[1][1])
    return first[0][0] if is_one else None


def _code(row: Row) -> str:
    """Return a short code; an identifier such as a UUID is none."""
    return row["code"] if 0 < len(row["code"]) <= MAX_CODE else row["name"]
