"""ISC dhcpd in syslog: stamps in local time, without a year."""

import polars as pl

from pipelines.synthetic.columns import cards, dotted, worn_mac
from pipelines.synthetic.school_days import ZONE
from pipelines.synthetic.world import World

SERVER = "do-dhcp-1"
RELAY = "10.14.0.1"
PHONES = ("iPhone", "Galaxy-A15", "Pixel-8", "android-phone")


def dhcpd_lines(world: World, events: pl.DataFrame) -> pl.DataFrame:
    """Return lines in order of time. Columns: seen, line."""
    rows = events.join(cards(world), on="device", how="left", maintain_order="left")
    stamp = (
        pl.from_epoch("time", "ms")
        .dt.replace_time_zone("UTC")
        .dt.convert_time_zone(ZONE)
        .dt.strftime("%b %e %H:%M:%S")
    )
    found = pl.when(pl.col("action") == "RELEASE").then(pl.lit(" (found)"))
    tail = pl.lit(f" via {RELAY}") + found.otherwise(pl.lit(""))
    line = stamp + f" {SERVER} dhcpd[812]: " + _message() + tail
    return rows.select(seen="time", line=line)


def _message() -> pl.Expr:
    client = worn_mac() + pl.lit(" (") + _client_name() + pl.lit(")")
    address, action = dotted(pl.col("address")), pl.col("action")
    return (
        pl.when(action == "DISCOVER")
        .then("DHCPDISCOVER from " + client)
        .when(action == "REQUEST")
        .then("DHCPREQUEST for " + address + " from " + client)
        .when(action == "RELEASE")
        .then("DHCPRELEASE of " + address + " from " + client)
        .otherwise("DHCP" + action + " on " + address + " to " + client)
    )


def _client_name() -> pl.Expr:
    """Return client names: phones send their model; all others their own name."""
    model = pl.lit(pl.Series(PHONES)).implode().list.get(pl.col("device") % len(PHONES))
    return pl.when("is_phone").then(model).otherwise(pl.col("name"))
