"""Reads networks by the names of their scopes, and access points by patterns of names."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping

from pipelines.registry.imports.export_tables import Sheet
from pipelines.registry.imports.exports import Export
from pipelines.registry.imports.known import ExportIndex, Network
from pipelines.registry.imports.taken import ImportResult, examples, first_match

SESSION_HOSTS = (
    r"\bvdi\b|virtual desktop|terminal servers?|\brds\b|remote desktop (?:services|hosts?)"
)
"""Words for machines on which many people have sessions."""

KINDS: Mapping[str, str] = {
    "guest": r"guest|visitor|public",
    "byod": r"byod|personal|\bown devices?\b|\bphones?\b(?=.*wi)",
    "nat": r"\bnat\b",
    "vdi": rf"{SESSION_HOSTS}|citrix",
    "remote": r"\bvpn\b|remote|globalprotect|anyconnect|tunnel",
    "server": r"server|\bsrv\b|data ?center|\bmgmt\b|management",
    "lab": r"\blabs?\b",
    "wifi": r"wi-?fi|wireless|wlan|ssid|chromebook|1:1",
    "wired": r"wired|office|staff|classroom|printer|voip|phone|camera|data",
}
UNUSABLE, EGRESS = "-", "egress"

INSIDE = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "fc00::/7",
        ),
    )
)
PLACING = ("lab", "wifi", "wired")
PLACELESS = ("remote", "nat", "guest", "vdi", "server")
"""Kinds of networks that need no building."""


def add_networks(taken: ImportResult, known: ExportIndex) -> None:
    """Add each network that this or another table gives a kind."""
    guessed, nameless, placeless, sites = [], [], [], []
    for row in network_facts(taken.export, taken.sheet):
        cidr = row["cidr"]
        if row["kind"] == EGRESS:
            meaning = "district NAT"
            taken.add("egress.csv", {"cidr": cidr, "meaning": meaning})
            continue
        if row["kind"] == UNUSABLE:
            taken.leave(row["why"], row["named"])
            continue
        network = known.networks[cidr]
        if "site" in row and not network.kind:
            sites.append(cidr)
            continue
        kind = network.kind or ("wired" if row["named"] else "")
        if not kind:
            nameless.append(cidr)
            continue
        guessed += [] if network.kind else [cidr]
        placeless += [] if network.building or kind in PLACELESS else [cidr]
        taken.add(
            "subnets.csv",
            {
                "cidr": cidr,
                "building": network.building,
                "kind": kind,
            },
        )
    for which, what in (
        (guessed, "have a name that does not state the kind; `wired` is a guess"),
        (sites, "have a site and no kind: they place DHCP scopes in them; or edit subnets.csv"),
        (nameless, "have no name and are left out: add them to subnets.csv"),
        (placeless, "name no building, or two: nothing is placed by them until you do"),
    ):
        if which:
            taken.notes.append(f"{len(which)} networks {what}: {examples(which)}")


def network_facts(export: Export, sheet: Sheet) -> Iterator[dict[str, str]]:
    """Yield network, name and stated kind of each row."""
    for cells in sheet.rows:
        row = {name: export.fact(name, cells) for name in export.cells}
        is_object = "object" in row
        address = row["object"] if is_object else row["network"]
        cidr = f"{address}/{row['mask']}" if row.get("mask") else address
        try:
            network = ipaddress.ip_network(cidr, strict=False)
        except ValueError:
            text = row["named"] if is_object else cidr
            why = "that are not networks" if is_object else "with a network that is not"
            yield row | {"kind": UNUSABLE, "why": why, "named": text, "cidr": ""}
            continue
        text = f"{row['named']} {row.get('note', '')}".replace("_", " ")
        if not row["named"]:
            text = _site(row.get("site", ""))
        kind, why = kind_of(text), ""
        text = text.replace("-", " ")
        if row.get("state", "").lower() in ("inactive", "disabled", "0"):
            kind, why = UNUSABLE, "that are switched off"
        elif is_object and not _is_inside(network):
            is_way_out = kind == "nat"
            kind = EGRESS if is_way_out else UNUSABLE
            why = "that are outside addresses: add the district's own to egress.csv"
        elif is_object and (not kind or network.num_addresses == 1):
            kind, why = UNUSABLE, "whose names do not state a kind of network"
        yield row | {
            "cidr": str(network),
            "kind": kind,
            "why": why,
            "words": text,
            "named": str(network) if kind == UNUSABLE else text.strip(),
        }


def _site(name: str) -> str:
    """Return the name of a directory's site; the first one, before any was named, is none."""
    found = re.match(r"CN=([^,]+)", name, re.IGNORECASE)
    return "" if not found or found[1].startswith("Default-First-Site") else found[1]


def kind_of(name: str) -> str:
    """Return the kind of network that a name states; empty if it states none."""
    return first_match(KINDS, name.replace("_", " "))


def _is_inside(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    first = network.network_address
    return any(first in one for one in INSIDE if one.version == network.version)


def note_networks(tables: Iterable[tuple[Sheet, Export]], known: ExportIndex) -> None:
    """Combine all tables' facts about each network.

    The building is that of its name, or of its domain, or of the headline above it.
    If two tables differ there is none, and of two kinds the one that identifies no place.
    A network without a building has that of the smallest site of the directory around it.
    """
    stated: dict[str, dict[str, set[str]]] = {}
    sites: dict[str, set[str]] = {}
    for sheet, export in tables:
        for row in network_facts(export, sheet):
            if row["kind"] in (UNUSABLE, EGRESS):
                continue
            of_network = stated.setdefault(row["cidr"], {"kind": set(), "building": set()})
            of_network["kind"] |= {row["kind"]} - {""}
            for text in (row["words"], row.get("domain", ""), row.get("headline", "")):
                if named := known.buildings(text.replace(".", " ")):
                    of_network["building"] |= named
                    if "site" in row:
                        sites[row["cidr"]] = named
                    break
    for cidr, facts in stated.items():
        facts["building"] = facts["building"] or _around(cidr, sites)
    known.networks |= {
        cidr: Network(
            next(iter(facts["building"])) if len(facts["building"]) == 1 else "",
            min(facts["kind"], key=lambda kind: (kind in PLACING, kind), default=""),
        )
        for cidr, facts in stated.items()
    }


def _around(cidr: str, sites: Mapping[str, set[str]]) -> set[str]:
    """Return the buildings of the smallest site that contains a network."""
    inside = ipaddress.ip_network(cidr)
    around = [ipaddress.ip_network(one) for one in sites]
    holding = [
        one
        for one in around
        if one.version == inside.version
        and one.prefixlen <= inside.prefixlen
        and inside.network_address in one
    ]
    return sites[str(max(holding, key=lambda one: one.prefixlen))] if holding else set()


def add_access_points(taken: ImportResult, known: ExportIndex) -> None:
    """Add a pattern for names that differ in a number alone and are in one building."""
    alike: dict[str, dict[str, str]] = {}
    for cells in taken.sheet.rows:
        name, address = (taken.export.fact(one, cells) for one in ("name", "address"))
        if address.startswith("127.") or address == "::1" or not name:
            continue
        words = re.sub(r"[._-]+", " ", name)
        building = known.building(words) or known.building_at(address)
        if building:
            stem = re.sub(r"\d+$", "*", name.lower())
            alike.setdefault(stem, {})[name.lower()] = building
        else:
            taken.leave("whose name or address is in no building", name)
    for stem, names in alike.items():
        is_one = len(set(names.values())) == 1
        rows = {stem: next(iter(names.values()))} if is_one else names
        for name, building in rows.items():
            taken.add("access_points.csv", {"name": name, "building": building})
