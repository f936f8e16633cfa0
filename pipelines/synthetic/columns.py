"""Lists of planned things as columns, and addresses as text."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.synthetic.places import MANY_ADDRESSES
from pipelines.synthetic.world import World

Numbers = npt.NDArray[Any]


def frame(items: Sequence[object], schema: pl.Schema) -> pl.DataFrame:
    """Return a frame with a row for each item and a column for each named attribute."""
    get = attrgetter(*schema.names())
    return pl.DataFrame([get(item) for item in items], schema=schema, orient="row")


def day_starts(world: World) -> Numbers:
    """Return the UTC milliseconds of each local midnight, in order."""
    return np.array([day.at("00:00") for day in world.days], dtype=np.int64)


def day_numbers(world: World, times: Numbers) -> Numbers:
    """Return the local day of each time, from 0."""
    found = np.searchsorted(day_starts(world), times, side="right") - 1
    return np.clip(found, 0, len(world.days) - 1)


def with_address(world: World, rows: pl.DataFrame) -> pl.DataFrame:
    """Fill `address` from `network`, `device` and the day of `start` where it is 0."""
    networks = world.places.networks.values()
    table = pl.DataFrame(
        {
            "network": [n.name for n in networks],
            "first": [n.first for n in networks],
            "extent": [n.extent for n in networks],
            "changes": [n.kind in MANY_ADDRESSES for n in networks],
        }
    )
    days = pl.Series("day", day_numbers(world, rows["start"].to_numpy()))
    device = pl.col("device").cast(pl.Int64)
    moving = (device * 7 + pl.col("day") * 131) % pl.col("extent")
    fixed = device % pl.col("extent")
    own = pl.col("first") + 10 + pl.when("changes").then(moving).otherwise(fixed)
    return (
        rows.with_columns(days)
        .join(table, on="network", how="left", maintain_order="left")
        .with_columns(pl.when(pl.col("address") > 0).then("address").otherwise(own))
        .drop("first", "extent", "changes")
    )


def dotted(address: pl.Expr) -> pl.Expr:
    """Return an IPv4 number as text."""
    number = address.cast(pl.Int64)
    parts = [(number // 256**power % 256).cast(pl.String) for power in (3, 2, 1, 0)]
    return pl.concat_str(parts, separator=".")


def per_group(counts: Numbers) -> tuple[Numbers, Numbers]:
    """Return for groups of these sizes: group of each row, and place within its group."""
    group = np.repeat(np.arange(len(counts)), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return group, np.arange(len(group)) - first


def running_sum(values: Numbers, counts: Numbers) -> Numbers:
    """Return a sum that begins again with each group."""
    total = np.cumsum(values)
    ends = np.cumsum(counts)
    before = np.concatenate([[0], total])[ends - counts]
    begun: Numbers = np.repeat(before, counts)
    return np.asarray(total - begun)


def pick(rng: np.random.Generator, weights: Sequence[float], size: int) -> Numbers:
    """Draw places of a weighted list at random."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    found = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
    return np.asarray(np.minimum(found, len(edges) - 1))


def unique(values: Iterable[str]) -> list[str]:
    """Return distinct values in order of first appearance."""
    return list(dict.fromkeys(values))


def worn_mac() -> pl.Expr:
    """Return the MAC that a device shows: phones invent one for each network they join.

    Reads `mac`, `is_phone` and `address`.
    """
    network = (pl.col("address") // 65_536 % 256).replace_strict(
        list(range(256)), [f"{n:02x}" for n in range(256)], return_dtype=pl.String
    )
    tail = pl.col("mac").str.slice(9)
    made = pl.concat_str(pl.lit("02:"), network, pl.lit(":5e:"), tail)
    return pl.when("is_phone").then(made).otherwise(pl.col("mac"))


def cards(world: World) -> pl.DataFrame:
    """Return number, name, MAC and kind of every device."""
    devices = world.places.devices
    return pl.DataFrame(
        {
            "device": pl.Series([d.number for d in devices], dtype=pl.Int32),
            "name": [d.hostname for d in devices],
            "mac": [d.mac for d in devices],
            "is_phone": [d.device_class == "phone_byod" for d in devices],
        }
    )
