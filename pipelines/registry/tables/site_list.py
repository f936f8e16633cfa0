"""From which day, and for which kinds of sites, the list of approved sites is complete."""

from datetime import date

import polars as pl

from pipelines.events import Column
from pipelines.registry.csv_files import RegistryFrame
from pipelines.registry.table import Inputs, Table, schema, text

COLUMNS = {
    "complete_from": Column(pl.Date, "first day on which the list is complete"),
    "kind": text("kind of site for which it is; all means each"),
}
LEARNED = "L"
"""Prefix of the ids of entries that were accepted as proposed from logs."""
MIN_SITES = 10
"""Fewer approved sites are a list that has just begun, unless the settings give its day."""


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return frame `site_list`: a row per kind, none while the list is not complete.

    Without a day in the settings it is the day on which the tenth approved site began: a list
    with a few sites does not say that the district rejects all others. Neither do entries that
    were accepted as proposed: logs show what many use, not what is approved for one person.
    """
    district = inputs.settings.district
    listed = inputs.rows["approved_sites.csv"].frame
    day = district.site_list_complete_from or tenth_day(listed)
    kinds = district.site_list_kinds or ("all",)
    rows = [(day, kind) for kind in kinds] if day else []
    return {"site_list": RegistryFrame(pl.DataFrame(rows, schema(COLUMNS), orient="row"), ())}


def _approving(rows: pl.DataFrame) -> pl.DataFrame:
    is_learned = pl.col("entry_id").str.starts_with(f"{LEARNED}-")
    return rows.filter(pl.col("match") != "deny", pl.col("supports").is_null(), ~is_learned)


def approved_sites_of(rows: pl.DataFrame) -> set[str]:
    """Return the sites that people put on the list, without hosts that serve another site."""
    return set(_approving(rows)["pattern"])


def tenth_day(rows: pl.DataFrame) -> date | None:
    """Return the day on which the tenth site that people put on the list began."""
    begun = (
        _approving(rows)
        .group_by("pattern")
        .agg(pl.col("valid_from").fill_null(date.min).min())
        .sort("valid_from")["valid_from"]
    )
    return begun[MIN_SITES - 1] if begun.len() >= MIN_SITES else None


TABLE = Table(name="site_list", frames={"site_list": COLUMNS}, make=make)
