"""Networks of the district, with their buildings."""

import polars as pl

from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.networks import ranged
from pipelines.registry.table import BUILDING, RANGE, Addresses, Table, conform, text

SUBNET_KINDS = (
    "wired", "lab", "wifi", "byod", "guest", "nat", "vdi", "server", "remote",
)  # fmt: skip

FILE = File(
    "subnets.csv",
    {
        "cidr": Cell("10.20.0.0/16", "network", required=True),
        "building": Cell("HS", names="building"),
        "kind": Cell("wired", "word", required=True, allowed=SUBNET_KINDS),
    },
    "no address has a place: shared accounts across buildings are not judged",
)
COLUMNS = {
    "cidr": text("network, canonical"),
    "building": BUILDING,
    "kind": text("wired, lab, wifi, byod, guest, nat, vdi, server or remote"),
    **RANGE,
}


def subnets(rows: RegistryFrame) -> RegistryFrame:
    """Return the frame `subnets`: a network listed twice claims nothing it is not sure of."""
    networks = ranged(rows.frame, FILE.name)
    order = networks.frame.sort(LINE)
    again = order.filter(~pl.col("cidr").is_first_distinct())
    told = again.select(LINE, pl.col("cidr").alias("value"))
    what = "network is in an earlier row too; where they differ, neither counts"
    problems = tell(FILE.name, "cidr", told, what=what, allowed="each network once")
    agreed = [
        pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(name)
        for name in ("building", "kind")
    ]
    once = order.group_by("cidr", maintain_order=True).agg(
        *agreed, pl.col("first_address", "last_address", "prefix_length").first()
    )
    return RegistryFrame(conform(COLUMNS, once), (*rows.problems, *networks.problems, *problems))


TABLE = Table(
    name="subnets",
    file=FILE,
    frames={"subnets": COLUMNS},
    make=lambda inputs: {"subnets": subnets(inputs.rows[FILE.name])},
    touches=Addresses(is_network=True),
)
