"""Reads devices of exports: the owner, class, building and network cards of each.

Lists of a network's clients contain private phones too: they add cards to devices that
another export names, and no device.
"""

import ipaddress
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from pipelines.registry.device_classes import DEVICE_CLASSES
from pipelines.registry.imports.known import ExportIndex, Row, device_key, ou_path, words_of
from pipelines.registry.imports.networks import SESSION_HOSTS
from pipelines.registry.imports.people import account_kind
from pipelines.registry.imports.taken import ImportResult, first_match

CLASSES: Mapping[str, str] = {
    "vdi_host": rf"{SESSION_HOSTS}|citrix|\bxenapp\b",
    "server": r"\bserver\b|\bsrv\b|domain controllers?",
    "kiosk": r"\bkiosk|\bksk\b|\bopac\b|\bcatalog(?:ue)?s?\b",
    "signage": r"\bsignage\b|\bsigns?\b|\bdisplays?\b|\bscreens?\b",
    "chromebook": r"\bchrome ?os\b|\bchromebook",
    "tablet": r"\bipad|\btablets?\b|\bgalaxy tab\b",
    "phone_byod": r"\bios\b|\biphone|\bandroid\b",
    "podium": r"\bpodium",
    "laptop": r"latitude|thinkpad|elitebook|probook|macbook|surface (?:pro|laptop|go)"
    r"|travelmate|\blaptops?\b|\bnotebooks?\b|\bmobile (?:pc|computer)s?\b",
    "lab_pc": r"\blabs?\b",
    "desktop": r"optiplex|thinkcentre|prodesk|elitedesk|\bimac|mac ?(?:mini|pro\b|studio)|veriton"
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
SYSTEMS = {
    "windows": r"windows|latitude|optiplex|thinkpad|elitebook|probook",
    "mac": r"mac ?os|macbook|\bimac|mac ?(?:mini|pro\b|studio)",
}
"""System of a computer -> words of its model and system."""
GONE = re.compile(
    r"deprovision|unenroll|removed|disabled|retired|^false$|pending|archived|lost|stolen|surplus"
    r"|disposed|scrap",
    re.IGNORECASE,
)
MAC_DIGITS = 12
MIN_PART, LONG_PART = 3, 4
"""Letters of a name that a login shares with it: all of a short name, or these."""
MAX_DEVICES = 4
"""Maximum devices of one person; more indicate the technician who enrolled them."""
SEEN_TAGS = 3
"""Asset tags of one shape that the logs contain; then it is the devices' host name."""
CARD_COLUMNS = ("mac", "ethernet_mac")


def add_devices(taken: ImportResult, known: ExportIndex) -> None:
    """Add each device with its owner, class and building."""
    every = list(_device_facts(taken))
    named = (first_match(SYSTEMS, row["model"]) for row in every)
    taken.systems = Counter(filter(None, named))
    _add_short_names(taken, known, every)
    _forget_shared_names(taken, every)
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
        if why := _why_not(row):
            taken.leave(why, name)
            continue
        user = row.get("user", "")
        owner = known.person(user) or ""
        if user and not owner:
            taken.leave("users of a device who are not in the roster", user)
        made = _device(row, known, "" if owner in many else owner)
        if not made["hostname"] and _shape(made["asset_tag"]) in is_host_name:
            made["hostname"] = made["asset_tag"]
        if len(cards_of(row)) > len(CARD_COLUMNS):
            taken.leave("cards of a device that has two already", name)
        held = known.cards.setdefault(made["hostname"], set())
        held |= {made["mac"], made["ethernet_mac"]} - {""}
        taken.add("devices.csv", made)
    _tell_devices(taken)


def _device_facts(taken: ImportResult) -> Iterator[dict[str, str]]:
    """Yield the facts of each row: all cards, the model with its system, the name of a network."""
    export = taken.export
    for cells in taken.sheet.rows:
        row = {name: export.fact(name, cells) for name in (*export.cells, *export.says)}
        row |= {name: ",".join(export.values(name, cells)) for name in CARD_COLUMNS}
        row["model"] = f"{row.get('model', '')} {row.get('system', '')}".strip()
        row["hostname"] = device_key(row.get("hostname", ""))
        # a column of user names may hold logins, or names of people
        logins = (one for one in export.values("short", cells) if not re.search(r"\s", one))
        row["short"] = next(logins, "")
        yield row


def _why_not(row: Row) -> str:
    """Return why a device is not the district's, or not in use; empty if it is."""
    if GONE.search(row.get("state", "")):
        return "that are disabled or deprovisioned"
    ownership = f"{row.get('owned', '')} {row.get('joined', '')}"
    is_private = re.search(r"\bpersonal|registered|workplace", ownership, re.IGNORECASE)
    return "that are private" if is_private else ""


def _forget_shared_names(taken: ImportResult, rows: Sequence[dict[str, str]]) -> None:
    """Remove a host name that several devices have, such as iPad: it identifies none of them."""
    serials: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        serials[row["hostname"]] |= {row.get("serial", "").lower()} - {""}
    for row in rows:
        if row["hostname"] and len(serials[row["hostname"]]) > 1 and row.get("serial"):
            taken.leave("names that several devices have", row["hostname"])
            row["hostname"] = ""


def _add_short_names(taken: ImportResult, known: ExportIndex, rows: Sequence[Row]) -> None:
    """Add the login name that a row has next to a person's mail address.

    It counts if it is always next to the same address and resembles its name: a list may
    contain the previous holder's, or the account of a room.
    """
    persons: dict[str, set[str]] = defaultdict(set)
    mails: dict[str, str] = {}
    for row in rows:
        mail, login = row.get("user", ""), known.login(row.get("short", ""))
        person = known.person(mail) if "@" in mail and login and "@" not in login else None
        if person:
            persons[login].add(person)
            mails[login] = mail
    for login, owners in persons.items():
        person = next(iter(owners))
        if known.person(login) == person:
            continue
        row = {"place": "", "title": ""}
        if len(owners) > 1 or known.person(login) or login in known.listed.get("accounts.csv", ()):
            taken.leave("short names that belong to more than one account", login)
        elif account_kind(login, row)[0] or not resembles(login, mails[login], known.names(person)):
            taken.leave(
                "short names that do not resemble the mail address next to them; add them to "
                "accounts.csv",
                login,
            )
        else:
            taken.add(
                "accounts.csv",
                {"username": login, "account_type": "person", "owner_person_id": person},
            )
            known.see_name(login, person)


def add_short_names(taken: ImportResult, known: ExportIndex) -> None:
    """Add the login names of a list of people that has them next to mail addresses."""
    fact = taken.export.fact
    _add_short_names(
        taken,
        known,
        [{name: fact(name, cells) for name in taken.export.cells} for cells in taken.sheet.rows],
    )


def resembles(login: str, mail: str, names: Sequence[str] = ()) -> bool:
    """Return whether a login is made of the parts of a person's mail address or name."""
    parts = [one for one in words_of(" ".join((mail.partition("@")[0], *names))) if one.isalpha()]
    bare = re.sub("[^a-z]", "", login.lower())
    begins = (part[: max(MIN_PART, min(len(part), LONG_PART))] for part in parts)
    initials = {a[0] + b for a in parts for b in parts} | {a + b[0] for a in parts for b in parts}
    return any(len(one) >= MIN_PART and one in bare for one in begins) or bare in initials


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
    cards = (*cards_of(row), "", "")
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


def cards_of(row: Row) -> tuple[str, ...]:
    """Return the network cards of a device: of its radio first, where it has one."""
    cells = f"{row.get('mac', '')},{row.get('ethernet_mac', '')}"
    bare = [re.sub(r"[:.-]", "", one.strip().lower()) for one in cells.split(",")]
    return tuple(
        ":".join(re.findall("..", one)) if len(one) == MAC_DIGITS else one
        for one in dict.fromkeys(bare)
        if re.search(r"[1-9a-f]", one)
    )


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return ""


def add_cards(taken: ImportResult, known: ExportIndex) -> None:
    """Add network cards to the devices that another export names."""
    named: dict[str, list[str]] = {}
    listed = set().union(*known.cards.values())
    for cells in taken.sheet.rows:
        row = {name: taken.export.fact(name, cells) for name in taken.export.cells}
        name = device_key(row["hostname"])
        card = next(iter(cards_of(row)), "")
        if card and card in listed:
            taken.leave("clients whose card a list of devices has", "")
        elif not card or not name or name not in known.cards:
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
