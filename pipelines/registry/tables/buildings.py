"""Buildings: those of the list; without a list, the schools of the roster.

A district, or another office, is a building where people are placed in it.
"""

from collections.abc import Collection

import polars as pl

from pipelines.events import Column
from pipelines.registry.csv_files import Cell, File, RegistryFrame
from pipelines.registry.roster import ORGS, ROLES, USERS
from pipelines.registry.table import (
    BUILDING,
    Addresses,
    Inputs,
    Table,
    conform,
    identifier,
    located,
    text,
)

FILE = File(
    "buildings.csv",
    {
        "org_id": Cell("org-hs"),
        "building": identifier("HS"),
        "lat": Cell("41.60", "number"),
        "lon": Cell("-93.60", "number"),
        "campus": Cell("north"),
        "name": Cell("High School"),
    },
    "travel between buildings is not judged",
    key=("building",),
)
COLUMNS = {
    "building": BUILDING,
    "name": text("what people call it; pages show it instead of the code"),
    "org_id": text("sourcedId of the school in the roster"),
    "lat": Column(pl.Float64, "degrees north"),
    "lon": Column(pl.Float64, "degrees east"),
    "campus": text("buildings of one campus are a walk apart"),
}

SCHOOL = "school"
OFFICES = ["district", "local"]


def buildings(
    rows: RegistryFrame, orgs: RegistryFrame, staffed: Collection[str] = ()
) -> RegistryFrame:
    """Make frame `buildings`; without `buildings.csv`, of the roster's schools.

    A building without a name is called as its school is in the roster.

    Args:
        staffed: Organizations in which the roster places people.
    """
    if rows.frame.height:
        placed = located(FILE.name, rows.frame)
        given = orgs.frame.unique("sourcedId").select(org_id="sourcedId", given_name="name")
        called = placed.frame.join(given, on="org_id", how="left", maintain_order="left")
        named = called.with_columns(name=pl.coalesce("name", "given_name"))
        return RegistryFrame(conform(COLUMNS, named), (*rows.problems, *placed.problems))
    kind = pl.col("type").str.to_lowercase()
    is_office = kind.is_in(OFFICES) & pl.col("sourcedId").is_in(list(staffed))
    schools = orgs.frame.filter((kind == SCHOOL) | is_office)
    named = schools.select(
        "name", building=pl.coalesce("identifier", "name", "sourcedId"), org_id="sourcedId"
    )
    once = named.unique("building", keep="first", maintain_order=True)
    return RegistryFrame(conform(COLUMNS, once), rows.problems)


def staffed(users: RegistryFrame, roles: RegistryFrame) -> set[str]:
    """Find the organizations in which the roster places people."""
    first = pl.col("orgSourcedIds").str.split(",").list.first().str.strip_chars()
    primary = users.frame.select(pl.coalesce("primaryOrgSourcedId", first))
    return {*primary.to_series(), *roles.frame["orgSourcedId"]} - {None}


def _make(inputs: Inputs) -> dict[str, RegistryFrame]:
    # `rows` have buildings by their codes, which are made here
    placed = staffed(inputs.read[USERS.name], inputs.read[ROLES.name])
    made = buildings(inputs.read[FILE.name], inputs.read[ORGS.name], placed)
    return {"buildings": made}


TABLE = Table(
    name="buildings", file=FILE, frames={"buildings": COLUMNS}, make=_make, touches=Addresses()
)
