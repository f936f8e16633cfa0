"""ISC dhcpd in syslog: stamps in local time, without a year."""

import polars as pl

from pipelines.demo.columns import dotted, worn_mac
from pipelines.demo.days import ZONE
from pipelines.demo.world import World

SERVER = "do-dhcp-1"
RELAY = "10.14.0.1"


def dhcpd_lines(world: World, events: pl.DataFrame) -> pl.DataFrame:
    """Lines in order of time. Columns: seen, line."""
    devices = world.places.devices
    names = pl.DataFrame(
        {
            "device": pl.Series([d.number for d in devices], dtype=pl.Int32),
            "mac": [d.mac for d in devices],
            "name": [_client_name(d.hostname, d.device_class) for d in devices],
            "is_phone": [d.device_class == "phone_byod" for d in devices],
        }
    )
    rows = events.join(names, on="device", how="left", maintain_order="left")
    client = worn_mac() + pl.lit(" (") + pl.col("name") + pl.lit(")")
    address = dotted(pl.col("address"))
    message = (
        pl.when(pl.col("action") == "DISCOVER")
        .then("DHCPDISCOVER from " + client)
        .when(pl.col("action") == "REQUEST")
        .then("DHCPREQUEST for " + address + " from " + client)
        .when(pl.col("action") == "RELEASE")
        .then("DHCPRELEASE of " + address + " from " + client)
        .otherwise("DHCP" + pl.col("action") + " on " + address + " to " + client)
    )
    found = pl.when(pl.col("action") == "RELEASE").then(pl.lit(" (found)"))
    tail = pl.lit(f" via {RELAY}") + found.otherwise(pl.lit(""))
    stamp = (
        pl.from_epoch("time", "ms")
        .dt.replace_time_zone("UTC")
        .dt.convert_time_zone(ZONE)
        .dt.strftime("%b %e %H:%M:%S")
    )
    line = stamp + f" {SERVER} dhcpd[812]: " + message + tail
    return rows.select(seen="time", line=line)


def _client_name(hostname: str, device_class: str) -> str:
    if device_class != "phone_byod":
        return hostname
    return ("iPhone", "Galaxy-A15", "Pixel-8", "android-phone")[len(hostname) % 4]
