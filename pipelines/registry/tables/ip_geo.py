"""Locations of outside addresses."""

import polars as pl

from pipelines.events import Column
from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.networks import ranged
from pipelines.registry.table import RANGE, Addresses, Table, conform, located, text

NETWORK_TYPES = (
    "residential", "mobile", "hosting", "relay", "satellite", "education", "unknown",
)  # fmt: skip

FILE = File(
    "ip_geo.csv",
    {
        "ip": Cell("", "network", shipped=False),
        "cidr": Cell("203.0.113.0/24", "network"),
        "country": Cell("US"),
        "city": Cell("Sampleton"),
        "lat": Cell("41.6", "number"),
        "lon": Cell("-93.6", "number"),
        "network_type": Cell("residential", "word", allowed=NETWORK_TYPES),
    },
    "the place of external sign-ins is not judged",
)
COLUMNS = {
    "cidr": text("network, canonical"),
    "country": text("ISO 3166 code, upper case"),
    "city": text("name of the city"),
    "lat": Column(pl.Float64, "degrees north"),
    "lon": Column(pl.Float64, "degrees east"),
    "network_type": text("residential, mobile, hosting, relay, satellite, ..."),
    **RANGE,
}


def ip_geo(rows: RegistryFrame) -> RegistryFrame:
    """Return the frame `ip_geo`; a row names an address (`ip`) or a network (`cidr`)."""
    named = rows.frame.with_columns(cidr=pl.coalesce("cidr", "ip"))
    lacking = named.filter(pl.col("cidr").is_null())
    told = lacking.select(LINE, pl.lit(None, pl.String).alias("value"))
    problems = tell(FILE.name, "cidr", told, what="is empty", allowed="a network")
    networks = ranged(named.drop_nulls("cidr"), FILE.name)
    placed = located(FILE.name, networks.frame)
    frame = placed.frame.with_columns(pl.col("country").str.to_uppercase())
    wrong = (*rows.problems, *problems, *networks.problems, *placed.problems)
    return RegistryFrame(conform(COLUMNS, frame), wrong)


TABLE = Table(
    name="ip_geo",
    file=FILE,
    frames={"ip_geo": COLUMNS},
    make=lambda inputs: {"ip_geo": ip_geo(inputs.rows[FILE.name])},
    touches=Addresses(),
)
