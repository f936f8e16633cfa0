"""Finds buildings in organizational units, building ids and names of networks.

They count where no roster names any.

A district that exports its directory alone has its schools there all the same, as
`/Staff/High School`, `OU=High School` or a building id. Only a name that ends as the
name of a school or of a main office does counts, and only if several objects have it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from pipelines.registry.imports.export_tables import Sheet
from pipelines.registry.imports.exports import Export
from pipelines.registry.imports.known import ExportIndex, Place, ou_path
from pipelines.registry.imports.networks import kind_of, network_facts

_ROLES = re.compile(
    r"\b(staff|students?|teachers?|faculty|devices?|chromebooks?|computers?|desktops?"
    r"|laptops?|labs?|carts?|users?|accounts?|workstations?)\b",
    re.IGNORECASE,
)
_SCHOOL = re.compile(
    r"(?:[\w.'&-]+ ){0,5}(?:schools?|elementary|academy|middle|high|primary"
    r"|intermediate|junior high|kindergarten"
    r"|(?:district|central|administration|administrative|main) office)",
    re.IGNORECASE,
)
FEWEST = 3
"""Accounts or devices in a unit."""


_OF_NETWORKS = re.compile(
    r"\b(wired|wi-?fi|wireless|wlan|ssid|staff|students?|guests?|byod|labs?|office|voip|phones?"
    r"|printers?|cameras?|servers?|mgmt|management|vlan|data|scope|subnet|network|net|dhcp|lan"
    r"|pool|vpn|devices?|secure|own|personal|chromebooks?|ipads?|room|and|of|the|for)\b|[0-9.:/]+",
    re.IGNORECASE,
)
"""Words of a network's name that are not a building's."""
_CODE = re.compile(r"[A-Z]{2,4}")
_NO_CODES = """
    AP AV BYOD CCTV DHCP DMZ DNS HVAC IDF IOT IP ISP IT LAN MDF NAT NET PC POS SSID TV UPS VDI
    VPN WAN WIFI NEW OLD TEST
"""
NO_CODES = frozenset(_NO_CODES.split())
"""Short words in capitals that name no building."""


def suggested_places(tables: Sequence[tuple[Sheet, Export]]) -> list[Place]:
    """Return the buildings of organizational units, and of networks if there are none."""
    units: list[str] = []
    ids: list[str] = []
    networks: list[str] = []
    for sheet, export in tables:
        if export.facts in ("login", "device"):
            units += [ou_path(export.fact("place", cells)) for cells in sheet.rows]
            ids += [export.fact("building", cells) for cells in sheet.rows]
        elif export.facts == "network":
            networks += [
                f"{row['named']} {row.get('headline', '')}" for row in network_facts(export, sheet)
            ]
    of_units = places_of(units, ids)
    index = ExportIndex((), of_units, (), "UTC")
    new = [one for one in _of_network_names(networks) if not index.buildings(one.name)]
    return of_units or new


def _of_network_names(names: Iterable[str]) -> list[Place]:
    """Make buildings of names that several networks of different kinds have in common."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for name in names:
        bare = " ".join(re.sub(r"[-_,()]+", " ", _OF_NETWORKS.sub(" ", name)).split())
        if _SCHOOL.fullmatch(bare) or (_CODE.fullmatch(bare) and bare not in NO_CODES):
            kinds[bare].add(kind_of(name) or name)
    return [Place(one, one, one) for one, of in sorted(kinds.items()) if len(of) > 1]


def places_of(units: Iterable[str], ids: Iterable[str]) -> list[Place]:
    """Make buildings of what several accounts and devices have in common.

    Args:
        units: Paths of organizational units, as `/Staff/High School`.
        ids: Building ids.
    """
    counts = Counter(one.strip() for one in ids if one.strip())
    for path in units:
        for part in re.split(r"\s*/\s*", path):
            name = " ".join(_ROLES.sub(" ", part).split())
            if _SCHOOL.fullmatch(name):
                counts[name] += 1
    once: dict[str, str] = {}
    for name, count in counts.items():
        if count >= FEWEST:
            once.setdefault(name.casefold(), name)
    return [Place(name, name, name) for name in sorted(once.values())]
