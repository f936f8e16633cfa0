"""Registry rows of the facts that exports hold, and what was left out, with the reason.

Nothing is guessed that would make a finding stronger: a device of unknown class is
`other`, an owner that the roster does not know is none, a scope whose name fits two
buildings is in neither. Passwords and birth dates are not read further than their
header; names of students and whatever the roster says of parents are not kept.
"""

import csv
import io
import ipaddress
import re
from collections import Counter
from collections.abc import (
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from datetime import date, timedelta

from pipelines.registry.csv_files import LINE, is_formula, read_file, word_key
from pipelines.registry.imports.export_tables import Sheet, plain
from pipelines.registry.imports.exports import IMPORTED, ORDER, ROSTER_FILES, Export
from pipelines.registry.imports.known import Known, Network, Place, Row, ou_path
from pipelines.registry.imports.unit_buildings import places_of
from pipelines.registry.roster import ORGS, OTHERS, ROLES, STUDENT, USERS
from pipelines.registry.suggestions import date_order, meant
from pipelines.registry.tables.devices import DEVICE_CLASSES
from pipelines.settings.problems import nearest

SHOWN = 3
"""Examples of what is left out."""

NAMES = ("givenName", "familyName", "preferredGivenName")
NO_STUDENTS = (*NAMES, "identifier")
"""What is not kept of a student."""
SCHOOL = "school"
_ANY_CASE = re.IGNORECASE
OFF = re.compile(r"^(false|0|no|disabled|suspended|archived)", re.IGNORECASE)
IS_OFF = re.compile(r"^(true|yes|1)$", re.IGNORECASE)
IS_STUDENT = re.compile(r"\b(students?|grade \d+|class of|grad \d+)\b", _ANY_CASE)
IS_STAFF = re.compile(
    r"\b(staff|faculty|teachers?|employees?|administrat\w+|aides?|office|secretar\w+"
    r"|principals?|custod\w+|paras?|substitutes?|counselors?)\b",
    re.IGNORECASE,
)
IS_SERVICE = re.compile(
    r"\b(svc|service|backup|scanner|copier|printers?|mfp|sql|ldap|sync|gmsa)\b"
    r"|^svc|^sa_|^gmsa",
    re.IGNORECASE,
)
"""In the name of an account; what a program signs in with."""
HOLDS_SERVICES = re.compile(
    r"\bservice accounts?\b|\b(svc|backup|scanner|copier|printers?|mfp|sql|ldap)\b",
    re.IGNORECASE,
)
"""In the organizational unit or the description of an account."""
IS_DEVICE = re.compile(r"\b(kiosks?|signage|lobby|opac|catalog(ue)?|displays?)\b", re.IGNORECASE)
IS_SHARED = re.compile(
    r"\b(shared|generic|front ?desk|library|lab|subs?\d*|sub desk|guest|testing|office)"
    r"\b",
    re.IGNORECASE,
)

ACCOUNT_KINDS: Sequence[tuple[str, str, re.Pattern[str]]] = (
    ("service", "login", IS_SERVICE),
    ("device", "login", IS_DEVICE),
    ("role_shared", "login", IS_SHARED),
    ("service", "place", HOLDS_SERVICES),
    ("device", "place", IS_DEVICE),
    ("role_shared", "place", IS_SHARED),
)
"""Kind of an account without a person -> words that state it; the first counts."""

TITLES = (
    ("principal", r"\bprincipal\b"),
    ("counselor", r"\bcounsel"),
    ("teacher", r"\bteacher|\binstructor|\bfaculty"),
    ("administrator", r"\bsuperintendent|\bdirector|\badministrator|\bmanager"),
    ("aide", r""),
)
"""OneRoster's word for staff, by what a directory calls the job; the title is kept."""
MOST_CLOSED = 0.2
"""Share of a directory's accounts; where more are closed, it is not in use."""
CLOSED_LIST = "closed accounts"
"""Key of `Known.listed`: accounts that an earlier setup wrote as closed."""
CLOSED_NOTE = "suspended or disabled in "

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
    _ANY_CASE,
)
MAC_DIGITS = 12
MOST_DEVICES = 4
"""Maximum devices of one person; more indicate the technician who enrolled them."""
SEEN_TAGS = 3
"""Asset tags of one shape that the logs contain; then it is the devices' host name."""
CARD_COLUMNS = ("mac", "ethernet_mac")

KINDS: Mapping[str, str] = {
    "guest": r"guest|visitor|public",
    "byod": r"byod|personal|\bown devices?\b|\bphones?\b(?=.*wi)",
    "nat": r"\bnat\b",
    "remote": r"\bvpn\b|remote|globalprotect|anyconnect|tunnel",
    "vdi": r"\bvdi\b|virtual desktop|citrix",
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
STATES: Mapping[str, str] = {
    **dict.fromkeys(
        ("approved", "filled", "unfilled", "no sub required", "reconciled"), "approved"
    ),
    **dict.fromkeys(("cancelled", "canceled", "deleted", "denied", "rejected"), "cancelled"),
    **dict.fromkeys(("pending", "unapproved", "requested", "submitted"), "pending"),
}
LONGEST = 120
NOON_EARLY, NOON_LATE = "11:00", "13:00"
FULL_FROM, FULL_TO = "09:00", "14:00"
"""Start and end of a full day; other times are neither half nor whole."""


@dataclass
class Taken:
    """Rows from one table of an export.

    Attributes:
        rows: Registry file -> rows for it.
        left: Why rows were left out -> how many, and a few of them.
        notes: Further facts for the operator.
        closed: Accounts that are open in the roster and closed in this table.
    """

    sheet: Sheet
    export: Export
    rows: dict[str, list[Row]] = field(default_factory=dict)
    left: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def add(self, file: str, row: Row) -> None:
        """Add one row for a file; a cell that a spreadsheet would run remains empty."""
        safe = {}
        for name, cell in row.items():
            text = " ".join(cell.split())
            if is_formula(text):
                self.left.setdefault(f"a {name} that begins like a formula", []).append(text)
                text = ""
            safe[name] = text
        self.rows.setdefault(file, []).append(safe)

    def leave(self, why: str, what: str) -> None:
        """Count a row that is left out."""
        self.left.setdefault(why, []).append(what)

    @property
    def said(self) -> list[str]:
        """Lines about rows that were left out, one per reason."""
        lines = []
        for why, which in self.left.items():
            known = [one for one in dict.fromkeys(which) if one]
            some = ", ".join(known[:SHOWN])
            more = ", ..." if len(known) > SHOWN else ""
            lines.append(f"{len(which):,} {why}" + (f": {some}{more}" if some else ""))
        return lines


def rows_of(tables: Iterable[tuple[Sheet, Export]], known: Known) -> Iterator[Taken]:
    """Yield the rows of each table, people first; `known` learns them meanwhile."""
    ordered = sorted(tables, key=lambda one: (ORDER.index(one[1].facts), one[1].into != USERS.name))
    students = _students(ordered)
    _see_first(ordered, known)
    for sheet, export in ordered:
        if export.facts == "network" and not known.networks:
            _see_networks([one for one in ordered if one[1].facts == "network"], known)
        taken = Taken(sheet, export)
        if export.facts == "roster":
            _roster(taken, known, students)
        elif export.facts != "nothing":
            MAKERS[export.facts](taken, known)
        _drop_unreadable(taken)
        yield taken


def _see_first(tables: Sequence[tuple[Sheet, Export]], known: Known) -> None:
    """Fill `known` with facts that decide about rows of other tables.

    These are the buildings that a person listed, or otherwise those by which directories sort
    accounts and devices, and the accounts that are open somewhere.
    """
    units: list[str] = []
    ids: list[str] = []
    for sheet, export in tables:
        if export.into == "buildings.csv":
            facts = [{one: export.fact(one, cells) for one in export.cells} for cells in sheet.rows]
            known.see_places(
                Place(row["building"], row["org_id"], row["name"])
                for row in facts
                if row["building"]
            )
            listed = known.listed.setdefault("buildings.csv", set())
            listed |= {row["org_id"].lower() for row in facts}
        elif export.facts == "login":
            facts = [_login_facts(export, cells) for cells in sheet.rows]
            known.enabled |= {known.login(row["login"]) for row in facts if not _is_off(row)}
            units += [row["place"] for row in facts]
            ids += [row.get("building", "") for row in facts]
        elif export.facts == "device":
            units += [ou_path(export.fact("place", cells)) for cells in sheet.rows]
    has_orgs = any(export.into == ORGS.name for _, export in tables)
    if not (has_orgs or known.has_places):
        known.units = places_of(units, ids)
        known.see_places(known.units)


def _drop_unreadable(taken: Taken) -> None:
    """Report rows that the registry would reject now, not afterwards."""
    for name, rows in taken.rows.items():
        file = IMPORTED[name]
        data = csv_bytes([*file.columns], rows)
        read = read_file(data, file, {})
        good = set(read.frame[LINE].to_list())
        for problem in read.problems:
            if problem.severity == "error":
                why = f"with a {problem.column} that {problem.what}"
                taken.leave(f"{why} (allowed: {problem.allowed})", problem.value or "")
        taken.rows[name] = [row for at, row in enumerate(rows, 2) if at in good]


def csv_bytes(header: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Return rows as a CSV file with a line each."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


# The roster, unchanged: only the columns that the registry reads.


def _students(tables: Sequence[tuple[Sheet, Export]]) -> frozenset[str]:
    """Return students of version 1.2, which has them in a separate file."""
    return frozenset(
        row.get("usersourcedid", "")
        for sheet, export in tables
        if export.into == ROLES.name
        for row in sheet.rows
        if _role(row.get("role", "")) in STUDENT
    )


def _role(text: str) -> str:
    return word_key(text).replace(" ", "")


def _roster(taken: Taken, known: Known, students: frozenset[str]) -> None:
    file = ROSTER_FILES[taken.export.into]
    for cells in taken.sheet.rows:
        row = {name: cells.get(plain(name), "") for name in file.columns}
        role = _role(row.get("role", ""))
        if role in OTHERS:
            taken.leave("of parents and guardians, about whom no rule is", "")
            continue
        if file is USERS:
            is_student = role in STUDENT or row["sourcedId"] in students
            row |= dict.fromkeys(NO_STUDENTS if is_student else (), "")
            known.see_person(row)
        taken.add(file.name, row)
    if file is ORGS:
        _buildings(taken, known)


def _buildings(taken: Taken, known: Known) -> None:
    """Make the schools buildings, and another office where people are placed in it."""
    is_building: dict[bool, list[Row]] = {True: [], False: []}
    for row in taken.rows.get(ORGS.name, []):
        kind = row["type"].lower()
        is_office = kind in ("district", "local") and row["sourcedId"] in known.staffed
        is_building[kind == SCHOOL or is_office].append(row)
    known.see_places(
        (
            Place(
                row["identifier"] or row["name"] or row["sourcedId"], row["sourcedId"], row["name"]
            )
            for row in is_building[True]
        ),
        (row["name"] for row in is_building[False]),
    )
    listed = known.listed.get("buildings.csv", ())
    for row in is_building[True]:
        code = known.code(row["sourcedId"])
        if code and row["sourcedId"].lower() not in listed:
            taken.add(
                "buildings.csv",
                {
                    "org_id": row["sourcedId"],
                    "building": code,
                    "name": row["name"],
                },
            )


# Accounts of a directory: with a roster, what it does not know; without, the people.


def _login_facts(export: Export, cells: Row) -> dict[str, str]:
    """Return the facts of a row, with the organizational units alone as its place."""
    row = {name: export.fact(name, cells) for name in export.cells}
    return row | {"place": ou_path(row.get("place", ""))}


def _is_off(row: Row) -> bool:
    return bool(OFF.match(row.get("state", "")) or IS_OFF.match(row.get("off", "")))


def _logins(taken: Taken, known: Known) -> None:
    is_first = not known.has_roster
    _add_units(taken, known)
    guessed: list[str] = []
    for cells in taken.sheet.rows:
        row = _login_facts(taken.export, cells)
        login = known.login(row["login"])
        keys = (row.get("employee", ""), row["mail"], row["login"])
        person = next(filter(None, map(known.person, filter(None, keys))), None)
        is_guest = row.get("kind", "").lower() == "guest" or "#EXT#" in row["login"]
        if not login or login.endswith("$") or is_guest:
            taken.leave("guests of other organizations, or no account", login)
        elif person is not None:
            _alias(taken, known, login, person, row)
        elif _stranger(taken, known, login, row, is_first=is_first):
            guessed.append(login)
    _tell_closed(taken, known)
    if guessed:
        taken.notes.append(
            f"{len(guessed)} accounts have their kind from the organizational unit "
            f"alone; look at account_type: {_some(guessed)}"
        )


def _add_units(taken: Taken, known: Known) -> None:
    """Add the buildings that directories state, once."""
    for place in known.units:
        taken.add(
            "buildings.csv",
            {
                "org_id": place.org_id,
                "building": place.building,
                "name": place.name,
            },
        )
    if known.units:
        taken.notes.append(
            f"{len(known.units)} units or building ids are buildings: look through buildings.csv"
        )
    known.units = []


def _stranger(taken: Taken, known: Known, login: str, row: Row, *, is_first: bool) -> bool:
    """Add an account that no person of the roster has; whether its kind is a guess."""
    kind, is_guess = _account_kind(login, row)
    words = " ".join(row.get(one, "") for one in ("place", "department", "title", "note")).replace(
        "/", " "
    )
    if kind == "service":
        taken.add("accounts.csv", _account(login, kind, row))
        return is_guess
    if _is_off(row):
        taken.leave("accounts that are disabled and in no roster", login)
    elif is_first and (new := _person(known, login, words, row)):
        known.see_person(new)
        taken.add(USERS.name, new)
    elif kind and not IS_STUDENT.search(words):
        taken.add("accounts.csv", _account(login, kind, row))
        return is_guess
    else:
        taken.leave(
            "accounts whose owner is not in the roster; add a row to users.csv (contract "
            "staff too) or accounts.csv",
            login,
        )
    return False


def _tell_closed(taken: Taken, known: Known) -> None:
    """Keep the directory's word that accounts are closed, unless most of them are."""
    closed, made = set(taken.closed), taken.rows.get("accounts.csv", [])
    if len(closed) > max(1, MOST_CLOSED * len(taken.sheet.rows)):
        taken.rows["accounts.csv"] = [row for row in made if row["username"] not in closed]
        for login in taken.closed:
            taken.leave("accounts closed here, as are many: not in use", login)
    elif closed:
        taken.notes.append(
            f"{len(closed)} accounts are suspended or disabled here and open in the "
            f"roster; valid_to is {known.today}: {_some(taken.closed)}"
        )
    opened = sorted(known.enabled & set(known.listed.get(CLOSED_LIST, ())))
    if opened:
        taken.notes.append(
            f"{len(opened)} accounts are open again; delete their valid_to in "
            f"accounts.csv: {_some(opened)}"
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def _account_kind(login: str, row: Row) -> tuple[str, bool]:
    """Return the kind of an account without a person, and whether only its place states it.

    An account with a job or an employee number belongs to a person that the roster lacks.
    """
    if row.get("services", ""):
        return "service", False
    if row.get("title", "") or row.get("employee", ""):
        return "", False
    texts = {
        "login": re.sub(r"[._-]+", " ", login.partition("@")[0]),
        "place": f"{row['place']} {row.get('note', '')} {row.get('department', '')}",
    }
    for kind, where, rule in ACCOUNT_KINDS:
        if rule.search(texts[where].replace("/", " ")):
            return kind, where == "place"
    return "", False


def _alias(taken: Taken, known: Known, login: str, person: str, row: Row) -> None:
    """Add another name of a known person, or the directory's word that it is closed."""
    made = {**_account(login, "person", row), "owner_person_id": person}
    if _is_off(row) and login not in known.enabled and person not in known.gone:
        made |= {
            "valid_to": made["valid_to"] or known.today,
            "note": CLOSED_NOTE + taken.export.name,
        }
        if login not in known.listed.get("accounts.csv", ()):
            taken.add("accounts.csv", made)
            taken.closed.append(login)
        return
    if known.person(login) == person:
        taken.leave("accounts that the roster has", "")
        return
    taken.add("accounts.csv", made)


def _account(login: str, kind: str, row: Row) -> dict[str, str]:
    until = (row.get("until") or "").split(" ")[0]
    order = date_order([until], "America/Chicago")
    cell = IMPORTED["accounts.csv"].columns["valid_to"]
    note = "" if kind == "person" else row.get("note", "")
    return {
        "username": login,
        "account_type": kind,
        "valid_to": meant(cell, until, (), order) or "",
        "note": note,
    }


def _person(known: Known, login: str, words: str, row: Row) -> dict[str, str] | None:
    """Return a row of the roster, if the directory distinguishes staff and students."""
    is_student = bool(IS_STUDENT.search(words))
    if not is_student and not (row["title"] or IS_STAFF.search(words)):
        return None
    role = next(word for word, rule in TITLES if re.search(rule, row["title"], _ANY_CASE))
    names = {"givenName": row["given"], "familyName": row["family"]}
    employee = row.get("employee", "")
    # the first of a domain goes by the same form of name as all that follow
    known.see_mail(row["mail"])
    login = known.login(row["login"])
    return {
        "sourcedId": employee or login,
        "status": "active",
        "orgSourcedIds": known.org(
            known.building(row.get("building", ""))
            or known.building(row["place"], row["department"])
        ),
        "role": "student" if is_student else role,
        "username": login,
        "email": row["mail"].lower() if "@" in row["mail"] else "",
        "metadata.jobTitle": "" if is_student else row["title"],
        **({} if is_student else {**names, "identifier": employee}),
    }


# Devices: who has which, of what class, in which building.


def _devices(taken: Taken, known: Known) -> None:
    fact = taken.export.fact
    names = (*taken.export.cells, *taken.export.says)
    every = [{name: fact(name, cells) for name in names} for cells in taken.sheet.rows]
    owners = Counter(filter(None, (known.person(one.get("user", "")) for one in every)))
    many = {person for person, count in owners.items() if count > MOST_DEVICES}
    if many:
        taken.notes.append(
            f"{len(many)} people are listed with more than {MOST_DEVICES} devices each, which "
            "is typical of the technician who enrolled them: none of these devices is "
            "assigned to them"
        )
    is_host_name = _tags_in_logs(every, known)
    for row in every:
        name = row.get("hostname") or row.get("serial") or row.get("mac") or ""
        if GONE.search(row.get("state", "")):
            taken.leave("that are disabled or deprovisioned", name)
            continue
        if re.search("personal|registered|workplace", _owned(row), re.IGNORECASE):
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


def _tell_devices(taken: Taken) -> None:
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


def _tags_in_logs(rows: Sequence[Row], known: Known) -> set[str]:
    """Find the shapes of asset tags that logs use as host names."""
    tags = {
        row["asset_tag"].lower() for row in rows if row.get("asset_tag") and not row.get("hostname")
    }
    tags = {tag for tag in tags if re.fullmatch(r"(?=.*[a-z])(?=.*\d)[a-z0-9-]+", tag)}
    seen = Counter(map(_shape, known.logged(tags))) if tags else Counter[str]()
    return {shape for shape, count in seen.items() if count >= SEEN_TAGS}


def _shape(tag: str) -> str:
    return re.sub(r"\d+", "0", tag)


def _owned(row: Row) -> str:
    return f"{row.get('owned', '')} {row.get('joined', '')}"


def _device(row: Row, known: Known, owner: str) -> dict[str, str]:
    units = ou_path(row.get("place", ""))
    place = " ".join((units, row.get("room", ""), row.get("note", "")))
    bare = re.sub(r"[_/,=-]+", " ", place)
    name = re.sub(r"[_-]+", " ", row.get("hostname", ""))
    told = f"{row.get('model', '')} {name} {bare}"
    device_class = row.get("device_class") or _first(CLASSES, told)
    if device_class == "chromebook":
        device_class = _chrome_class(row, bare)
    # the owner of shared stock is the person who signed for the cart
    pool = "" if device_class == "signage" else _first(POOLS, bare)
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
        _first(rules, place)
        or _first(rules, re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]+", " ", app))
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


# Lists of a network's clients contain private phones too: they add cards to devices
# that another export names, and no device.


def _card_rows(taken: Taken, known: Known) -> None:
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


def _first(rules: Mapping[str, str], text: str) -> str:
    found = (word for word, rule in rules.items() if re.search(rule, text, _ANY_CASE))
    return next(found, "")


# Networks, by what their scopes are called.


def _networks(taken: Taken, known: Known) -> None:
    """Add each network that this or another table gives a kind."""
    guessed, nameless, placeless = [], [], []
    for row in _network_facts(taken.export, taken.sheet):
        cidr = row["cidr"]
        if row["kind"] == EGRESS:
            meaning = "district NAT"
            taken.add("egress.csv", {"cidr": cidr, "meaning": meaning})
            continue
        if row["kind"] == UNUSABLE:
            taken.leave(row["why"], row["named"])
            continue
        network = known.networks[cidr]
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
        (nameless, "have no name and are left out: add them to subnets.csv"),
        (placeless, "name no building, or two: nothing is placed by them until you do"),
    ):
        if which:
            taken.notes.append(f"{len(which)} networks {what}: {_some(which)}")


def _network_facts(export: Export, sheet: Sheet) -> Iterator[dict[str, str]]:
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
        kind, why = _first(KINDS, text), ""
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


def _is_inside(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    first = network.network_address
    return any(first in one for one in INSIDE if one.version == network.version)


def _see_networks(tables: Iterable[tuple[Sheet, Export]], known: Known) -> None:
    """Combine all tables' facts about each network.

    The building is that of its name, or of its domain, or of the headline above it.
    If two tables differ there is none, and of two kinds the one that identifies no place.
    """
    stated: dict[str, dict[str, set[str]]] = {}
    for sheet, export in tables:
        for row in _network_facts(export, sheet):
            if row["kind"] in (UNUSABLE, EGRESS):
                continue
            of_network = stated.setdefault(row["cidr"], {"kind": set(), "building": set()})
            of_network["kind"] |= {row["kind"]} - {""}
            for text in (row["words"], row.get("domain", ""), row.get("headline", "")):
                if named := known.buildings(text.replace(".", " ")):
                    of_network["building"] |= named
                    break
    known.networks |= {
        cidr: Network(
            next(iter(facts["building"])) if len(facts["building"]) == 1 else "",
            min(facts["kind"], key=lambda kind: (kind in PLACING, kind), default=""),
        )
        for cidr, facts in stated.items()
    }


# Access points and switches, by the patterns of their names.


def _access_points(taken: Taken, known: Known) -> None:
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


# Absences, one row per day.


def _absences(taken: Taken, known: Known) -> None:
    fact, cell = taken.export.fact, IMPORTED["leave.csv"].columns["date"]
    every = [{name: fact(name, cells) for name in taken.export.cells} for cells in taken.sheet.rows]
    order = date_order([one["first"].split(" ")[0] for one in every], known.zone)
    for row in every:
        days = [
            meant(cell, one.split(" ")[0], (), order) or one.split(" ")[0]
            for one in (row["first"], row["last"] or row["first"])
        ]
        person, part, state = known.person(row["person"]), _part(row), _state(row)
        if person is None:
            taken.leave("of persons who are not in the roster", row["person"])
        elif part is None:
            told = row["part"] or f"{row['start']} to {row['end']}"
            taken.leave("that are neither a full day nor a half", told)
        elif state not in STATES.values():
            guess = nearest(state, STATES)
            near = f" (did you mean {guess}?)" if guess else ""
            taken.leave("with a status that is not known", f"{state}{near}")
        else:
            if part == "full" and (hours := _clocks(row)):
                known.hours[hours] += 1
            for day in _days(*days):
                taken.add(
                    "leave.csv",
                    {
                        "person_id": person,
                        "date": day,
                        "part": part,
                        "kind": row["kind"].lower(),
                        "status": state,
                        "substitute_person_id": known.person(row["substitute"]) or "",
                    },
                )
    if not any(one["state"] for one in every):
        taken.notes.append("no column shows the status: `pending` decides nothing")


def _state(row: Row) -> str:
    word = word_key(row["state"]) or "pending"
    return STATES.get(word, word)


def _part(row: Row) -> str | None:
    """Return full, am or pm, as given or from the times; None without either."""
    said = word_key(row["part"])
    for word, rule in (
        ("am", r"\bam\b|morning|first half"),
        ("pm", r"\bpm\b|afternoon|second half"),
        ("full", r"\bfull\b|all day|whole day"),
    ):
        if re.search(rule, said) and not re.search(r"\d", said):
            return word
    hours = _clocks(row)
    if hours is None:
        return None
    start, end = hours
    if end <= NOON_LATE:
        return "am"
    if start >= NOON_EARLY:
        return "pm"
    return "full" if start <= FULL_FROM and end >= FULL_TO else None


def _clocks(row: Row) -> tuple[str, str] | None:
    """Start and end of an absence, if it states both."""
    clock = IMPORTED["calendar.csv"].columns["duty_start"]
    bare = [re.sub(r"^(\d+:\d\d):\d\d", r"\1", row[one]) for one in ("start", "end")]
    start, end = (meant(clock, one) or "" for one in bare)
    return (start, end) if start and end else None


def _days(first: str, last: str) -> Iterator[str]:
    """Yield each day from one to the other; the check reports what is not a day."""
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        yield first
        return
    for number in range(min(max((end - start).days, 0), LONGEST) + 1):
        yield (start + timedelta(days=number)).isoformat()


def _file(taken: Taken, known: Known) -> None:
    """Read a table with a registry file's own columns, or those declared for it."""
    del known
    for cells in taken.sheet.rows:
        taken.add(
            taken.export.into, {name: taken.export.fact(name, cells) for name in taken.export.cells}
        )


MAKERS = {
    "login": _logins,
    "device": _devices,
    "network": _networks,
    "access_point": _access_points,
    "card": _card_rows,
    "absence": _absences,
    "file": _file,
}
