"""The log of FreeRADIUS: who was let into the wireless network, with which card."""

import polars as pl

from pipelines.synthetic.columns import cards, frame, with_address, worn_mac
from pipelines.synthetic.days import ZONE
from pipelines.synthetic.plan import Plan
from pipelines.synthetic.world import World

_SITTINGS = pl.Schema(
    {"account": pl.String, "device": pl.Int32, "network": pl.String, "start": pl.Int64}
)
MILLISECONDS_AHEAD = 4_000
"""A device is on the network before its user is at work."""


def radius_lines(world: World, plan: Plan) -> pl.DataFrame:
    """Lines in order of time. Columns: seen, line."""
    asks = ["wifi", "wired", "lab"] if world.habits.has_wired_logins else ["wifi"]
    sittings = frame(plan.sittings, _SITTINGS).filter(
        pl.col("network").str.extract("/(.*)$", 1).is_in(asks)
    )
    rows = (
        with_address(world, sittings.with_columns(address=pl.lit(0, pl.Int64)))
        .join(cards(world), on="device", how="left", maintain_order="left")
        .with_columns(seen=pl.col("start") - MILLISECONDS_AHEAD)
        .sort("seen", maintain_order=True)
        .with_row_index("number")
    )
    stamp = (
        pl.from_epoch("seen", "ms")
        .dt.replace_time_zone("UTC")
        .dt.convert_time_zone(ZONE)
        .dt.strftime("%a %b %e %H:%M:%S %Y")
    )
    return rows.select(
        "seen",
        line=pl.concat_str(
            stamp,
            pl.lit(" : Auth: ("),
            pl.col("number").cast(pl.String),
            pl.lit(") Login OK: ["),
            pl.col("account"),
            pl.lit("] (from client "),
            pl.when(pl.col("network").str.ends_with("/wifi"))
            .then(pl.lit("ap-"))
            .otherwise(pl.lit("sw-")),
            pl.col("network").str.extract("^(.*)/", 1).str.to_lowercase(),
            pl.lit("-1 port "),
            (pl.col("device") % 40).cast(pl.String),
            pl.lit(" cli "),
            worn_mac().str.replace_all(":", "-", literal=True).str.to_uppercase(),
            pl.lit(")"),
        ),
    )
