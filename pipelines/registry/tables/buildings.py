"""Buildings: those of the list, else the schools of the roster."""

import polars as pl

from pipelines.events import Column
from pipelines.registry.csv_files import Cell, File, Rows
from pipelines.registry.roster import ORGS
from pipelines.registry.table import (
    BUILDING,
    Addresses,
    Table,
    conform,
    identifier,
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

PLACES = ["school", "district", "local"]


def buildings(rows: Rows, orgs: Rows) -> Rows:
    """Frame `buildings`; without `buildings.csv` the roster's schools, unplaced.

    A building without a name is called as its school is in the roster.
    """
    if rows.frame.height:
        given = orgs.frame.unique("sourcedId").select(
            org_id="sourcedId", given_name="name"
        )
        called = rows.frame.join(given, on="org_id", how="left", maintain_order="left")
        named = called.with_columns(name=pl.coalesce("name", "given_name"))
        return Rows(conform(COLUMNS, named), rows.problems)
    schools = orgs.frame.filter(pl.col("type").str.to_lowercase().is_in(PLACES))
    named = schools.select(
        "name",
        building=pl.coalesce("identifier", "name", "sourcedId"),
        org_id="sourcedId",
    )
    once = named.unique("building", keep="first", maintain_order=True)
    return Rows(conform(COLUMNS, once), rows.problems)


TABLE = Table(
    name="buildings",
    file=FILE,
    frames={"buildings": COLUMNS},
    make=lambda inputs: {
        "buildings": buildings(inputs.rows[FILE.name], inputs.rows[ORGS.name])
    },
    touches=Addresses(),
)
