"""Proposes rows of `subnets.csv`: networks with devices that the registry lacks."""

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pipelines.proposals.offers import Evidence, Proposal
from pipelines.state.rows import typed

MIN_ADDRESSES = 3
"""Addresses that make a network; fewer are strays."""
PREFIXES = {4: 24, 6: 64}
BLOCKS = {4: 16, 6: 48}
REMOTE, OWN_DEVICES = "remote", "byod"
WHY = {
    REMOTE: "tunnels assigned them or their neighbors, and no lease did",
    OWN_DEVICES: "most cards there are random, and no computer of the registry is there: it is "
    "for guests or own devices",
}
"""Reason for a kind of network."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
TUNNEL_SHARE = 0.5
"""Minimum share of a network's addresses that tunnels from outside assigned."""
RANDOM_SHARE = 0.3
"""Share of randomized cards above which a network counts as Wi-Fi."""
MIN_COMPUTERS = 3
BUILDING_SHARE = 0.95
"""Minimum share of a network's computers in one building, for it to be that building's."""
MIN_PORTABLE, DAYS_SHARE, VISITORS = 10, 0.8, 0.1
"""Where portable computers visit: computers in one building at least, their minimum share of the
days of all computers, and the largest share of any other building. A person must confirm it."""
MIN_BLOCKS = 3
"""Blocks of addresses that show that the district numbers its networks by building."""


class UnplacedAddress(NamedTuple):
    """An address in use that no network contains, and its computers: name, place and day."""

    ip: str
    mac: str | None
    is_tunnel: bool
    computers: Sequence[str] | None


def networks(evidence: Evidence) -> Iterator[Proposal]:
    """Yield a row for each network of addresses without a place; neighbors are one."""
    found: dict[Network, list[UnplacedAddress]] = defaultdict(list)
    for row in typed(UnplacedAddress, evidence.query("unplaced_addresses").iter_rows(named=True)):
        network = _network(row.ip)
        if network is not None:
            found[network].append(row)
    registry = evidence.query("placed_addresses")
    placed = [
        (_block(network), building)
        for ip, building in registry.drop_nulls("ip").iter_rows()
        if (network := _network(ip))
    ]
    # around what tunnels give out, where no network is known, there is more of it
    outside = {_block(network) for network, rows in found.items() if _kind(rows) == REMOTE}
    outside -= {block for block, _ in placed}
    numbered = _numbered(found, placed, set(registry["building"].drop_nulls()))
    has_computers = any(row.computers for rows in found.values() for row in rows)
    alike: dict[_Place, list[Any]] = defaultdict(list)
    for network, rows in found.items():
        if len(rows) >= MIN_ADDRESSES:
            is_outside = _block(network) in outside and not any(row.mac for row in rows)
            kind = REMOTE if is_outside else _kind(rows, has_computers=has_computers)
            place = _place(network, kind, rows, {} if kind == REMOTE else numbered)
            if kind == "wifi" and not has_computers:
                place = place._replace(doubt="it may be for guests")
            alike[place].append(network)
    for place, several in sorted(alike.items()):
        for network in ipaddress.collapse_addresses(several):
            count = sum(len(found[one]) for one in several if one.subnet_of(network))
            why = WHY.get(place.kind, "the kind is guessed from their network cards")
            yield Proposal(
                "subnets.csv",
                {"cidr": str(network), "building": place.building, "kind": place.kind},
                f"{count} addresses here have no building; {why}",
                doubt=place.doubt,
            )


class _Place(NamedTuple):
    """The cells of a network's row, its doubt and a reason; equal neighbors become one row."""

    version: int
    kind: str
    building: str
    doubt: str


def _place(
    network: Network,
    kind: str,
    rows: Sequence[UnplacedAddress],
    numbered: Mapping[Network, str],
) -> _Place:
    """Return the building of a network: of its computers, else of its block."""
    building, doubt = _building(rows)
    block = _block(network)
    if block not in numbered or (building and not doubt):
        return _Place(network.version, kind, building, doubt)
    # a building that the list lacks may have its networks in the block of another one
    number = (
        f"only its number shows the building: the networks of {block} with computers are at "
        f"{numbered[block]}, and each building has its blocks"
    )
    return _Place(network.version, kind, numbered[block], number)


def _block(network: Network) -> Network:
    """Return the block that contains a network, in districts' usual numbering."""
    return network.supernet(new_prefix=BLOCKS[network.version])


def _numbered(
    unplaced: Mapping[Network, Sequence[UnplacedAddress]],
    placed: Iterable[tuple[Network, str | None]],
    every: Collection[str],
) -> Mapping[Network, str]:
    """Return the building of each block, if the district numbers its networks by building.

    It does if no block shows two buildings and every building has a block. A building without
    one may have its networks in the block of another.

    Args:
        placed: Blocks of networks of the registry, with their buildings.
        every: All buildings of the registry.
    """
    sure, shown = defaultdict[Network, set[str]](set), defaultdict[Network, set[str]](set)
    for block, name in placed:
        if name:
            sure[block].add(name)
    for network, rows in unplaced.items():
        building, doubt = _building(rows) if len(rows) >= MIN_ADDRESSES else ("", "")
        if building:
            (shown if doubt else sure)[_block(network)].add(building)
    is_mixed = any(len(names | shown[block]) > 1 for block, names in [*sure.items()])
    if is_mixed or len(sure) < MIN_BLOCKS or set().union(*sure.values()) != {*every}:
        return {}
    return {block: name for block, names in sure.items() for name in names}


def _building(rows: Sequence[UnplacedAddress]) -> tuple[str, str]:
    """Return the building of the computers on a network, empty if there is none, and a doubt."""
    days = {tuple(one.rsplit(" ", 2)) for row in rows for one in row.computers or ()}
    computers = Counter(place for _, place in {(name, place) for name, place, _ in days})
    if computers.total() < MIN_COMPUTERS:
        return "", ""
    building, count = computers.most_common(1)[0]
    if count >= BUILDING_SHARE * computers.total():
        return building, ""
    by_days = Counter(place for _, place, _ in days)
    visits = max(by_days[place] for place in computers if place != building) / by_days.total()
    share = by_days[building] / by_days.total()
    if count < MIN_PORTABLE or share < DAYS_SHARE or visits > VISITORS:
        return "", ""
    return building, (
        f"{count} of {computers.total()} computers there are listed at {building}, and were there "
        f"on {share:.0%} of the days; the others may be visitors or neighbors"
    )


def _network(address: str) -> Network | None:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    return ipaddress.ip_network(f"{ip}/{PREFIXES[ip.version]}", strict=False)


def _kind(rows: Sequence[UnplacedAddress], *, has_computers: bool = True) -> str:
    """Return the type: phones use random cards; computers on a cable do not.

    Without a computer of the registry it is not the district's own Wi-Fi.

    Args:
        has_computers: Whether any network shows computers of the registry.
    """
    if sum(row.is_tunnel for row in rows) > TUNNEL_SHARE * len(rows):
        return REMOTE
    random = [row.mac for row in rows if row.mac and row.mac[1:2] in "26ae"]
    if len(random) <= RANDOM_SHARE * len(rows):
        return "wired"
    return "wifi" if any(row.computers for row in rows) or not has_computers else OWN_DEVICES
