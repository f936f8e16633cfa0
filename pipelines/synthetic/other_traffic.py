"""Firewall traffic without the proxy: phones, servers, outside hosts."""

from collections.abc import Collection, Sequence

import numpy as np
import polars as pl

from pipelines.synthetic.columns import Numbers, dotted, frame, pick, with_address
from pipelines.synthetic.plan import Flow
from pipelines.synthetic.school_days import HOUR, MINUTE, SECOND
from pipelines.synthetic.world import World

FLOWS = pl.Schema(
    {
        "start": pl.Int64,
        "elapsed": pl.Int64,
        "source": pl.String,
        "interface": pl.String,
        "host": pl.String,
        "port": pl.Int32,
        "protocol": pl.Int16,
        "action": pl.String,
        "sent": pl.Int64,
        "received": pl.Int64,
    }
)
"""Columns of flows: times in UTC milliseconds; `host` an outside name or address."""

_PLANNED = pl.Schema(
    {
        "device": pl.Int32,
        "network": pl.String,
        "address": pl.Int64,
        "start": pl.Int64,
        "elapsed": pl.Int64,
        "host": pl.String,
        "port": pl.Int32,
        "protocol": pl.Int16,
        "sent": pl.Int64,
        "received": pl.Int64,
        "action": pl.String,
        "is_inbound": pl.Boolean,
    }
)
BACKUP_HOST = "vault.backupbarn.example"
SCANNED_PORTS = (22, 23, 445, 3389, 8080)


def phone_flows(requests: pl.DataFrame, source: pl.Expr) -> pl.DataFrame:
    """Return requests of phones, which do not use the proxy."""
    kind = pl.col("network").str.extract("/(.*)$", 1)
    return requests.select(
        start="start",
        elapsed="elapsed",
        source=source,
        interface=kind,
        host="host",
        port=pl.lit(443, pl.Int32),
        protocol=pl.when(pl.col("size") % 3 == 0).then(17).otherwise(6).cast(pl.Int16),
        action=pl.lit("close"),
        sent="sent",
        received="size",
    )


def planned_flows(world: World, flows: Sequence[Flow]) -> pl.DataFrame:
    """Return flows that were planned one by one, from the devices' own addresses."""
    own, inbound = dotted(pl.col("address")), pl.col("is_inbound")
    rows = with_address(world, frame(flows, _PLANNED)).with_columns(
        source=pl.when(inbound).then("host").otherwise(own),
        host=pl.when(inbound).then(own).otherwise("host"),
        interface=pl.when(inbound).then(pl.lit("wan1")).otherwise(pl.lit("lan")),
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in FLOWS.items())


def server_flows(world: World, no_copy: Collection[int] = ()) -> pl.DataFrame:
    """Return nightly backups, name lookups of servers, and scans from outside.

    Args:
        no_copy: Days, by number, without a backup.
    """
    rng = world.generator("flows")
    days = np.array([day.at("00:00") for day in world.days], dtype=np.int64)
    names = [f"10.14.241.{10 + d.number}" for d in world.places.devices[:4]]
    backup = _flows(
        days + 90 * MINUTE,
        rng.integers(2_000, 5_000, len(days)) * SECOND,
        names[2],
        "servers",
        BACKUP_HOST,
        443,
        "close",
        6e9,
        4e6,
    )
    steps = np.arange(0, 24 * HOUR, 20 * MINUTE)
    asked = (days[:, None] + steps[None, :]).ravel()
    asked = asked + rng.integers(0, 9 * MINUTE, len(asked))
    look_ups = _flows(
        asked,
        np.full(len(asked), 40),
        names[0],
        "servers",
        "192.0.2.53",
        53,
        "accept",
        90,
        240,
        protocol=17,
    )
    ran = pl.Series([day.number not in no_copy for day in world.days], dtype=pl.Boolean)
    return pl.concat([backup.filter(ran), look_ups, _scans(rng, days)])


def _scans(rng: np.random.Generator, days: Numbers) -> pl.DataFrame:
    count = 40 * len(days)
    times = np.repeat(days, 40) + rng.integers(0, 24 * HOUR, count)
    ports = np.array(SCANNED_PORTS)[pick(rng, [1] * len(SCANNED_PORTS), count)]
    rows = _flows(times, np.zeros(count), "", "wan1", "198.51.100.2", 0, "deny", 60, 0)
    sources = [f"203.0.113.{number}" for number in rng.integers(200, 250, count)]
    return rows.with_columns(source=pl.Series(sources), port=pl.Series(ports.astype(np.int32)))


def _flows(  # noqa: PLR0913 - a flow has that many sides
    start: Numbers,
    elapsed: Numbers,
    source: str,
    interface: str,
    host: str,
    port: int,
    action: str,
    sent: float,
    received: float,
    *,
    protocol: int = 6,
) -> pl.DataFrame:
    return pl.DataFrame({"start": start, "elapsed": elapsed.astype(np.int64)}).select(
        "start",
        "elapsed",
        source=pl.lit(source),
        interface=pl.lit(interface),
        host=pl.lit(host),
        port=pl.lit(port, pl.Int32),
        protocol=pl.lit(protocol, pl.Int16),
        action=pl.lit(action),
        sent=pl.lit(int(sent), pl.Int64),
        received=pl.lit(int(received), pl.Int64) + pl.col("start") % 1_000,
    )
