"""The audit log of a Windows DHCP server: what became of an address, in local time."""

import polars as pl

from pipelines.synthetic.columns import cards, dotted, worn_mac
from pipelines.synthetic.places import DOMAIN
from pipelines.synthetic.school_days import ZONE
from pipelines.synthetic.world import World

CODES = {"ACK": "10", "RELEASE": "12"}
WORDS = {"ACK": "Assign", "RELEASE": "Release"}


def windows_dhcp_lines(world: World, events: pl.DataFrame) -> pl.DataFrame:
    """Return lines in order of time; what only prepares a lease is not written.

    Columns: seen, line.
    """
    kept = events.filter(pl.col("action").is_in(list(CODES)))
    rows = kept.join(cards(world), on="device", how="left", maintain_order="left")
    local = pl.from_epoch("time", "ms").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    line = pl.concat_str(
        pl.col("action").replace_strict(CODES, return_dtype=pl.String),
        local.dt.strftime(",%m/%d/%y,%H:%M:%S,"),
        pl.col("action").replace_strict(WORDS, return_dtype=pl.String),
        pl.lit(","),
        dotted(pl.col("address")),
        pl.lit(","),
        pl.when("is_phone").then(pl.lit("")).otherwise(pl.col("name") + f".{DOMAIN}"),
        pl.lit(","),
        worn_mac().str.replace_all(":", "", literal=True).str.to_uppercase(),
        pl.lit(",,"),
        (pl.col("time") % 90_000 + 10_000).cast(pl.String),
        pl.lit(",0,,,"),
    )
    return rows.select(seen="time", line=line)
