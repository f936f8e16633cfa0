"""Networks of the district, with their buildings."""

from ipaddress import IPv4Network, IPv6Network, ip_network

import polars as pl

from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.networks import ranged
from pipelines.registry.table import BUILDING, RANGE, Addresses, Inputs, Table, conform, text

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
TOO_WIDE = "is wider than a district's network"
NOT_OWN = "is a public network that egress.csv does not list"
REFUSED = {
    TOO_WIDE: "the networks of each building, such as 10.20.0.0/16; at most /8 (IPv6: /16)",
    NOT_OWN: "a private network; list the district's own public addresses in egress.csv too",
}
COLUMNS = {
    "cidr": text("network, canonical"),
    "building": BUILDING,
    "kind": text("wired, lab, wifi, byod, guest, nat, vdi, server or remote"),
    **RANGE,
}


WIDEST = {4: 8, 6: 16}
"""Shortest prefix of a network of a district."""
OUTSIDE_KINDS = ("nat", "remote")
"""Kinds of networks that may have public addresses without a row of egress.csv."""


def subnets(rows: RegistryFrame, egress: pl.DataFrame | None = None) -> RegistryFrame:
    """Return the frame `subnets`: a network listed twice claims nothing it is not sure of.

    A network that is wider than any district's, or a public one that is not the district's
    own, would put addresses of the whole internet into a building: it is set aside.

    Args:
        egress: Frame `egress`: the district's own outside addresses.
    """
    networks = ranged(rows.frame, FILE.name)
    own = [] if egress is None else egress.select("first_address", "last_address").rows()
    faults: dict[str, str] = {}
    columns = ("cidr", "kind", "first_address", "last_address")
    for cidr, kind, first, last in networks.frame.select(columns).iter_rows():
        is_own = any(start <= first and last <= end for start, end in own)
        if fault := _fault(ip_network(cidr), kind, is_own=is_own):
            faults[cidr] = fault
    problems = [
        problem
        for what, allowed in REFUSED.items()
        for problem in tell(
            FILE.name,
            "cidr",
            networks.frame.filter(
                pl.col("cidr").is_in([one for one in faults if faults[one] == what])
            ).select(LINE, value="cidr"),
            what=what,
            allowed=allowed,
        )
    ]
    order = networks.frame.filter(~pl.col("cidr").is_in(list(faults))).sort(LINE)
    again = order.filter(~pl.col("cidr").is_first_distinct())
    told = again.select(LINE, pl.col("cidr").alias("value"))
    what = "network is in an earlier row too; where they differ, neither counts"
    problems += tell(FILE.name, "cidr", told, what=what, allowed="each network once")
    agreed = [
        pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(name)
        for name in ("building", "kind")
    ]
    once = order.group_by("cidr", maintain_order=True).agg(
        *agreed, pl.col("first_address", "last_address", "prefix_length").first()
    )
    return RegistryFrame(conform(COLUMNS, once), (*rows.problems, *networks.problems, *problems))


def _fault(network: IPv4Network | IPv6Network, kind: str, *, is_own: bool) -> str:
    """Return why a network cannot be one of the district's; empty if it can."""
    if network.prefixlen < WIDEST[network.version]:
        return TOO_WIDE
    # IPv6 has no translation: devices of the district have public addresses
    is_public = network.version == 4 and network.is_global and kind not in OUTSIDE_KINDS
    return NOT_OWN if is_public and not is_own else ""


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the frame `subnets`."""
    return {"subnets": subnets(inputs.rows[FILE.name], inputs.frame("egress"))}


TABLE = Table(
    name="subnets",
    file=FILE,
    frames={"subnets": COLUMNS},
    make=make,
    touches=Addresses(is_network=True),
)
