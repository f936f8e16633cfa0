"""Reads devices of exports: the owner, class, building and network cards of each.

Lists of a network's clients contain private phones too: they add cards to devices that
another export names, and no device.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from pipelines.registry.imports.known import ExportIndex, Row, ou_path
from pipelines.registry.imports.taken import ImportResult, first_match
from pipelines.registry.tables.devices import DEVICE_CLASSES

CLASSES: Mapping[str, str] = {
    "vdi_host": r"\bvdi\b|virtual desktop|citrix|\bxenapp\b",
    "server": r"\bserver\b|\bsrv\b|domain controllers?",
    "kiosk": r"\bkiosk|\bksk\b|\bopac\b|\bcatalog(?:ue)?s?\b",
    "signage": r"\bsignage\b|\bsigns?\b|\bdisplays?\b|\bscreens?\b",
    "chromebook": r"\bchrome ?os\b|\bchromebook",
    "phone_byod": r"\bios\b|\biphone|\bandroid\b",
    "podium": r"\bpodium",
    "laptop": r"latitude|thinkpad|elitebook|probook|macbook|surface (?:pro|laptop|go)"
    r"|travelmate|\blaptops?\b|\bnotebooks?\b|\bmobile (?:pc|computer)s?\b",
    "lab_pc": r"\blabs?\b",
    "desktop": r"optiplex|thinkcentre|prodesk|elitedesk|\bimac\b|mac ?mini|veriton"
    r"|\bdesktops?\b|\bworkstations?\b|\btowers?\b|\b(?:office|front|staff) pcs?\b"
    r"|\bpcs\b",
}
"""Class -> words in model, system, place or name; the first counts. Otherwise it is
`other`: the district's, neither stationary nor carried by its owner.
"""

POOLS: Mapping[str, str] = {
    "cart": r"\bcarts?\b",
    "lab": r"\blabs?\b",
    "library": r"\blibrary\b|\bmedia center\b",
    "loaner": r"\bloaners?\b|\bspares?\b",
    "kiosk": r"\bkiosks?\b|\btesting\b",
    "classroom": r"\bclassroom|\bpodium",
    "workroom": r"\bworkrooms?\b",
    "shared": r"\bshared\b",
}
STANDS = ("kiosk", "signage")
"""Classes of a managed Chrome device that has no user."""
GONE = re.compile(
    r"deprovision|disabled|retired|^false$|pending|archived|lost|stolen|surplus"
    r"|disposed|scrap",
    re.IGNORECASE,
)
MAC_DIGITS = 12
MAX_DEVICES = 4
"""Maximum devices of one person; more indicate the technician who enrolled them."""
SEEN_TAGS = 3
"""Asset tags of one shape that the logs contain; then it is the devices' host name."""
CARD_COLUMNS = ("mac", "ethernet_mac")


def add_devices(taken: ImportResult, known: ExportIndex) -> None:
    """Add each device with its owner, class and building."""
    fact = taken.export.fact
    names = (*taken.export.cells, *taken.export.says)
    every = [{name: fact(name, cells) for name in names} for cells in taken.sheet.rows]
    owners = Counter(filter(None, (known.person(one.get("user", "")) for one in every)))
    many = {person for person, count in owners.items() if count > MAX_DEVICES}
    if many:
        taken.notes.append(
            f"{len(many)} people are listed with more than {MAX_DEVICES} devices each, which "
            "is typical of the technician who enrolled them: none of these devices is "
            "assigned to them"
        )
    is_host_name = _tags_in_logs(every, known)
    for row in every:
        name = row.get("hostname") or row.get("serial") or row.get("mac") or ""
        if GONE.search(row.get("state", "")):
            taken.leave("that are disabled or deprovisioned", name)
            continue
        if re.search(
            "personal|registered|workplace",
            f"{row.get('owned', '')} {row.get('joined', '')}",
            re.IGNORECASE,
        ):
            taken.leave("that are private", name)
            continue
        user = row.get("user", "")
        owner = known.person(user) or ""
        if user and not owner:
            taken.leave("users of a device who are not in the roster", user)
        made = _device(row, known, "" if owner in many else owner)
        if not made["hostname"] and _shape(made["asset_tag"]) in is_host_name:
            made["hostname"] = made["asset_tag"]
        held = known.cards.setdefault(made["hostname"], set())
        held |= {made["mac"], made["ethernet_mac"]} - {""}
        taken.add("devices.csv", made)
    _tell_devices(taken)


def _tell_devices(taken: ImportResult) -> None:
    made = taken.rows.get("devices.csv", ())
    if unknown := sum(one["device_class"] == "other" for one in made):
        taken.notes.append(
            f"{unknown} devices of unknown class are `other`: write desktop or laptop "
            "in devices.csv where you know"
        )
    if placeless := sum(not one["building"] for one in made):
        taken.notes.append(f"{placeless} devices have no building")
    if cardless := sum(not one["mac"] for one in made):
        taken.notes.append(
            f"{cardless} devices have no network card: leases join them by host name alone"
        )


def _tags_in_logs(rows: Sequence[Row], known: ExportIndex) -> set[str]:
    """Find the shapes of asset tags that logs use as host names."""
    tags = {
        row["asset_tag"].lower() for row in rows if row.get("asset_tag") and not row.get("hostname")
    }
    tags = {tag for tag in tags if re.fullmatch(r"(?=.*[a-z])(?=.*\d)[a-z0-9-]+", tag)}
    seen = Counter(map(_shape, known.logged(tags))) if tags else Counter[str]()
    return {shape for shape, count in seen.items() if count >= SEEN_TAGS}


def _shape(tag: str) -> str:
    return re.sub(r"\d+", "0", tag)


def _device(row: Row, known: ExportIndex, owner: str) -> dict[str, str]:
    units = ou_path(row.get("place", ""))
    place = " ".join((units, row.get("room", ""), row.get("note", "")))
    bare = re.sub(r"[_/,=-]+", " ", place)
    name = re.sub(r"[_-]+", " ", row.get("hostname", ""))
    told = f"{row.get('model', '')} {name} {bare}"
    device_class = row.get("device_class") or first_match(CLASSES, told)
    if device_class == "chromebook":
        device_class = _chrome_class(row, bare)
    # the owner of shared stock is the person who signed for the cart
    pool = "" if device_class == "signage" else first_match(POOLS, bare)
    cards = _cards_of(row)
    kept = ("hostname", "serial", "asset_tag", "directory_id")
    return {
        **{one: row.get(one, "").lower() for one in kept},
        "mac": cards[0],
        "ethernet_mac": cards[1],
        "device_class": device_class if device_class in DEVICE_CLASSES else "other",
        "assigned_to": "" if pool or device_class in STANDS else owner,
        "building": known.building(row.get("room", ""))
        or known.building(units, name)
        or known.building_at(row.get("static_ip", "")),
        "pool": "kiosk" if device_class == "kiosk" and pool else pool,
        "static_ip": _address(row.get("static_ip", "")),
    }


def _chrome_class(row: Row, place: str) -> str:
    """Return the class of a managed Chrome device.

    By its unit, or by a kiosk app without a user.
    """
    rules = {name: CLASSES[name] for name in STANDS}
    app = "" if row.get("user") or row.get("recent") else row.get("app", "")
    return (
        first_match(rules, place)
        or first_match(rules, re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]+", " ", app))
        or ("kiosk" if app else "chromebook")
    )


def _cards_of(row: Row) -> tuple[str, str]:
    """Return the two network cards of a device: of its radio first, where it has one."""
    cells = f"{row.get('mac', '')},{row.get('ethernet_mac', '')}"
    bare = [re.sub(r"[:.-]", "", one.strip().lower()) for one in cells.split(",")]
    cards = [
        ":".join(re.findall("..", one)) if len(one) == MAC_DIGITS else one
        for one in dict.fromkeys(bare)
        if re.search(r"[1-9a-f]", one)
    ]
    return (*cards, "", "")[0], (*cards, "", "")[1]


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return ""


def add_cards(taken: ImportResult, known: ExportIndex) -> None:
    """Add network cards to the devices that another export names."""
    named: dict[str, list[str]] = {}
    for cells in taken.sheet.rows:
        row = {name: taken.export.fact(name, cells) for name in taken.export.cells}
        name = row["hostname"].lower().split(".")[0]
        card = _cards_of(row)[0]
        if not card or name not in known.cards:
            taken.leave("clients that no list of devices names", "")
        elif card not in named.setdefault(name, []):
            named[name].append(card)
    for name, cards in named.items():
        held = known.cards[name]
        fresh = [card for card in cards if card not in held]
        if len(held) + len(fresh) > len(CARD_COLUMNS):
            taken.leave("names with more than two cards", name)
            continue
        for card in fresh:
            taken.add(
                "devices.csv",
                {
                    "hostname": name,
                    CARD_COLUMNS[len(held)]: card,
                },
            )
            held.add(card)
