"""Buildings, and which of them each organisation of the roster means."""

import polars as pl

from pipelines.registry.frames import conform
from pipelines.registry.reading import Rows

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
        return Rows(conform("buildings", named), rows.problems)
    schools = orgs.frame.filter(pl.col("type").str.to_lowercase().is_in(PLACES))
    named = schools.select(
        "name",
        building=pl.coalesce("identifier", "name", "sourcedId"),
        org_id="sourcedId",
    )
    once = named.unique("building", keep="first", maintain_order=True)
    return Rows(conform("buildings", once), rows.problems)


def of_organisations(places: pl.DataFrame, orgs: Rows) -> pl.DataFrame:
    """`org_id` -> `building`; a department lies where its school does."""
    known = places.drop_nulls("org_id").unique("org_id").select("org_id", "building")
    parents = orgs.frame.drop_nulls("parentSourcedId").select(
        org_id="sourcedId", parent="parentSourcedId"
    )
    inherited = (
        parents.unique("org_id")
        .join(known, on="org_id", how="anti")
        .join(known.rename({"org_id": "parent"}), on="parent")
        .select("org_id", "building")
    )
    return pl.concat([known, inherited])
