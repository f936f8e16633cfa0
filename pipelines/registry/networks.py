"""Networks: subnets of buildings, shared outside addresses, places of addresses.

An address range is kept as two texts of 32 hex digits, the IPv6 form of its
first and last address (IPv4 as `::ffff:a.b.c.d`), so that `between` on text finds
the networks of an address.
"""

import ipaddress

import polars as pl

from pipelines.registry.csv_files import LINE, RegistryFrame, tell
from pipelines.settings.problems import Problem

V4_MAPPED = 0xFFFF << 32
V4_SHIFT = 96
_RANGE = {
    "cidr": pl.String,
    "first_address": pl.String,
    "last_address": pl.String,
    "prefix_length": pl.Int32,
    "_host_bits": pl.Boolean,
}


def address_text(address: str) -> str | None:
    """32 hex digits of an address's IPv6 form; null for what is not an address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    number = int(parsed) | (V4_MAPPED if parsed.version == 4 else 0)
    return f"{number:032x}"


def ranged(frame: pl.DataFrame, file: str) -> RegistryFrame:
    """Add the range of `cidr`; rows whose network is none are set aside."""
    written = frame["cidr"].unique().to_list()
    found = [(text, *parts) for text in written if (parts := _parts(text))]
    known = pl.DataFrame(found, schema={"_written": pl.String, **_RANGE}, orient="row")
    joined = frame.rename({"cidr": "_written"}).join(
        known, on="_written", how="left", maintain_order="left"
    )
    value = pl.col("_written").alias("value")
    bad = joined.filter(pl.col("cidr").is_null()).select(LINE, value)
    loose = joined.filter(pl.col("_host_bits")).select(LINE, value)
    problems: list[Problem] = tell(
        file, "cidr", bad, what="is not a network", allowed="10.20.0.0/16, 2001:db8::/48"
    )
    problems += tell(
        file, "cidr", loose, what="names a host; its whole network is taken", severity="notice"
    )
    return RegistryFrame(joined.drop_nulls("cidr"), tuple(problems))


def _parts(text: str) -> tuple[str, str, str, int, bool] | None:
    try:
        exact = ipaddress.ip_interface(text)
    except ValueError:
        return None
    network = exact.network
    is_v4 = network.version == 4
    low, high = int(network.network_address), int(network.broadcast_address)
    mapped = V4_MAPPED if is_v4 else 0
    length = network.prefixlen + (V4_SHIFT if is_v4 else 0)
    has_host_bits = exact.ip != network.network_address
    return (
        str(network),
        f"{low | mapped:032x}",
        f"{high | mapped:032x}",
        length,
        has_host_bits,
    )
