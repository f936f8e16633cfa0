"""Networks that devices have addresses in and `subnets.csv` does not know."""

import ipaddress
from collections import defaultdict

from pipelines.operations.suggestions.proposal import Evidence, Proposal

FEWEST = 3
"""Addresses that make a network; fewer are strays."""
PREFIXES = {4: 24, 6: 64}
RANDOM_SHARE = 0.3
"""Share of randomised cards above which a network is taken for Wi-Fi."""

_UNPLACED = """
select seen.ip, any_value(holders.mac) as mac
from (
    select distinct ip from built.identity.address_holders where binding = 'lease'
    union
    select distinct src_ip from built.core.http_requests where net_kind is null
) as seen
left join built.identity.places on seen.ip = places.ip
left join built.identity.address_holders as holders on seen.ip = holders.ip
where places.ip is null and seen.ip is not null
group by seen.ip
order by seen.ip
"""


def networks(evidence: Evidence) -> list[Proposal]:
    """A row for each network of addresses without a place."""
    found = defaultdict(list)
    for row in evidence.frame(_UNPLACED).iter_rows(named=True):
        network = _network(row["ip"])
        if network is not None:
            found[network].append(row["mac"])
    return [
        Proposal(
            "subnets.csv",
            {"cidr": str(network), "kind": _kind(macs)},
            f"{len(macs)} addresses here have no place; kind is a guess",
        )
        for network, macs in sorted(found.items(), key=lambda item: str(item[0]))
        if len(macs) >= FEWEST
    ]


def _network(
    address: str,
) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    return ipaddress.ip_network(f"{ip}/{PREFIXES[ip.version]}", strict=False)


def _kind(macs: list[str | None]) -> str:
    """Phones hide their cards behind random ones; computers on a wire do not."""
    random = [mac for mac in macs if mac and mac[1:2] in "26ae"]
    return "wifi" if len(random) > RANDOM_SHARE * len(macs) else "wired"
