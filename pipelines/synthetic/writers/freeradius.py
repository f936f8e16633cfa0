"""The log of FreeRADIUS: who was let into the wireless network, with which card."""

import polars as pl

from pipelines.synthetic.columns import cards, frame, with_address, worn_mac
from pipelines.synthetic.plan import Plan
from pipelines.synthetic.school_days import ZONE
from pipelines.synthetic.world import World

_SITTINGS = pl.Schema(
    {
        "account": pl.String,
        "device": pl.Int32,
        "network": pl.String,
        "start": pl.Int64,
        "end": pl.Int64,
        "closed": pl.String,
    }
)
LOGON, AT_KEYBOARD = "4624", 2
TRIES_LOGINS = "ES"
"""The one school of the Windows district whose wireless network requires a login."""
MILLISECONDS_AHEAD = 4_000
"""A device is on the network before its user is active."""


def radius_lines(world: World, plan: Plan) -> pl.DataFrame:
    """Return lines in order of time. Columns: seen, line."""
    asks = ["wifi", "wired", "lab"] if world.habits.has_wired_logins else ["wifi"]
    joined = [*plan.sittings, *plan.joins]
    sittings = _joins(world, pl.concat([frame(joined, _SITTINGS), _logons(world, plan)])).filter(
        pl.col("network").str.extract("/(.*)$", 1).is_in(asks)
    )
    if world.habits.products == "windows":
        sittings = sittings.filter(network=f"{TRIES_LOGINS}/wifi")
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


def _logons(world: World, plan: Plan) -> pl.DataFrame:
    """Return logons without a sitting: a ChromeOS logon authenticates to the network again."""
    devices = world.places.devices
    rows = [
        (key.account, key.device, devices[key.device].network, key.time, key.time, "none")
        for key in plan.keys
        if key.code == LOGON and key.logon_type == AT_KEYBOARD and devices[key.device].runs_chromeos
    ]
    return pl.DataFrame(rows, schema=_SITTINGS, orient="row")


def _joins(world: World, sittings: pl.DataFrame) -> pl.DataFrame:
    """Return sittings before which the device was not on the network as theirs.

    An awake device remains on it: an unlock is not a login.
    """
    awake = pl.DataFrame(
        {
            "device": pl.Series([one.number for one in world.places.devices], dtype=pl.Int32),
            "awake": [one.awake_for for one in world.places.devices],
        }
    )
    before = pl.col("account", "closed", "network").shift(1).over("device")
    latest = pl.col("end").cum_max().shift(1).over("device")
    return (
        sittings.join(awake, on="device", how="left", maintain_order="left")
        .sort("device", "start", maintain_order=True)
        .with_columns(before.name.prefix("before_"), (pl.col("start") - latest).alias("apart"))
        .filter(
            (
                (pl.col("account") == pl.col("before_account"))
                & (pl.col("network") == pl.col("before_network"))
                & (pl.col("before_closed") != "logoff")
                & (pl.col("apart") <= pl.col("awake"))
            )
            .fill_null(value=False)
            .not_()
        )
        .select("account", "device", "network", "start")
        .sort("start", maintain_order=True)
    )
