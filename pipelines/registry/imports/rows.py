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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import takewhile

from pipelines.registry.csv_files import LINE, is_formula, read_file, word_key
from pipelines.registry.imports.export_tables import Sheet, plain
from pipelines.registry.imports.exports import IMPORTED, ORDER, ROSTER_FILES, Export
from pipelines.registry.roster import ORGS, OTHERS, ROLES, STUDENT, USERS
from pipelines.registry.suggestions import date_order, meant
from pipelines.registry.tables.devices import DEVICE_CLASSES
from pipelines.settings.problems import nearest

Row = Mapping[str, str]
SHOWN = 3
"""Examples of what is left out."""


@dataclass
class Taken:
    """What one table of an export gave.

    Attributes:
        rows: File of the registry -> rows for it.
        left: Why rows were left out -> how many, and a few of them.
        notes: Further things that a person should know.
    """

    sheet: Sheet
    export: Export
    rows: dict[str, list[Row]] = field(default_factory=dict)
    left: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, file: str, row: Row) -> None:
        """One row for a file; a cell that a spreadsheet would run stays empty."""
        safe = {}
        for name, cell in row.items():
            text = " ".join(cell.split())
            if is_formula(text):
                self.left.setdefault(f"a {name} that begins like a formula", []).append(
                    text
                )
                text = ""
            safe[name] = text
        self.rows.setdefault(file, []).append(safe)

    def leave(self, why: str, what: str) -> None:
        """A row that gives none."""
        self.left.setdefault(why, []).append(what)

    @property
    def said(self) -> list[str]:
        """What was left out, a line for each reason."""
        lines = []
        for why, which in self.left.items():
            known = [one for one in dict.fromkeys(which) if one]
            some = ", ".join(known[:SHOWN])
            more = ", ..." if len(known) > SHOWN else ""
            lines.append(f"{len(which):,} {why}" + (f": {some}{more}" if some else ""))
        return lines


@dataclass(frozen=True)
class Place:
    """A building, by all that a name may call it."""

    building: str
    org_id: str
    name: str


class Known:
    """Who and where the district is, as the registry and the exports so far say it."""

    def __init__(
        self,
        users: Iterable[Row],
        places: Sequence[Place],
        domains: Sequence[str],
        zone: str,
    ) -> None:
        self.zone = zone
        self.has_roster = False
        self._domains = {one.lower().strip("@.\\ ") for one in domains}
        self._people: dict[str, set[str]] = {}
        self._places: list[Place] = []
        self.see_places(places)
        for row in users:
            self.see_person(row)

    def see_person(self, row: Row) -> None:
        """A person, under all that exports may call them."""
        self.has_roster = True
        mail = row.get("email", "").lower()
        self.see_mail(mail)
        named = (row.get(one, "") for one in ("sourcedId", "identifier", "username"))
        for name in (*named, mail):
            if name:
                self._people.setdefault(name.lower(), set()).add(row["sourcedId"])

    def see_mail(self, mail: str) -> None:
        """An address of the district, whose domain is therefore its own."""
        if "@" in mail:
            self._domains.add(mail.lower().rpartition("@")[2])

    def see_places(self, places: Iterable[Place]) -> None:
        """Further buildings; the first of a code counts."""
        known = {place.building for place in self._places}
        self._places += [one for one in places if one.building not in known]
        names = [one.name.lower().split() for one in self._places if one.name]
        alike = takewhile(lambda words: len(set(words)) == 1, zip(*names, strict=False))
        shared = list(alike) if len(names) > 1 else []
        self._phrases = {
            place.building: " ".join(place.name.lower().split()[len(shared) :])
            for place in self._places
        }

    def person(self, text: str) -> str | None:
        """The person of an id, an account or a mail address; None unless it is one."""
        name = text.strip().lower().rpartition("\\")[2]
        local, _, domain = name.partition("@")
        names = [name, local] if domain in self._domains else [name]
        for one in names:
            held = self._people.get(one, set())
            if held:
                return next(iter(held)) if len(held) == 1 else None
        return None

    def login(self, text: str) -> str:
        """An account without a domain of the district."""
        local, _, domain = text.strip().lower().rpartition("\\")[2].partition("@")
        return local if not domain or domain in self._domains else text.lower()

    def building(self, *texts: str) -> str:
        """The one building that a text names by code or name; else none."""
        text = " ".join(texts).lower()
        words = set(re.findall(r"[a-z0-9]+", text))
        spaced = f" {' '.join(re.findall(r'[a-z0-9]+', text))} "
        named = {
            place.building
            for place in self._places
            if {place.building.lower(), place.org_id.lower()} & (words | {text})
            or (
                self._phrases[place.building]
                and f" {self._phrases[place.building]} " in spaced
            )
        }
        return named.pop() if len(named) == 1 else ""

    def org(self, building: str) -> str:
        """The organization of a building."""
        return next(
            (one.org_id for one in self._places if one.building == building), ""
        )


def rows_of(tables: Iterable[tuple[Sheet, Export]], known: Known) -> Iterator[Taken]:
    """What each table gives, people first; `known` learns them on the way."""
    ordered = sorted(tables, key=lambda one: (
        ORDER.index(one[1].facts), one[1].into != USERS.name))  # fmt: skip
    students = _students(ordered)
    for sheet, export in ordered:
        taken = Taken(sheet, export)
        if export.facts == "roster":
            _roster(taken, known, students)
        elif export.facts != "nothing":
            MAKERS[export.facts](taken, known)
        _drop_unreadable(taken)
        yield taken


def _drop_unreadable(taken: Taken) -> None:
    """Rows that the registry would set aside are told now, not after."""
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
    """Rows as a CSV file with a line each."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


# The roster, as it is: its columns that the registry reads, and no others.

NAMES = ("givenName", "familyName", "preferredGivenName")
NO_STUDENTS = (*NAMES, "identifier")
"""What is not kept of a student."""


def _students(tables: Sequence[tuple[Sheet, Export]]) -> frozenset[str]:
    """Students of version 1.2, which says who is one in a file of its own."""
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
        rows = taken.rows.get(file.name, [])
        known.see_places(
            Place(row["identifier"] or row["name"] or row["sourcedId"],
                  row["sourcedId"], row["name"])
            for row in rows
            if row["type"].lower() in ("school", "district", "local")
        )  # fmt: skip


# Accounts of a directory: with a roster, what it does not know; without, the people.

_ANY_CASE = re.IGNORECASE
OFF = re.compile(r"^(false|0|no|disabled|suspended|archived)", re.IGNORECASE)
IS_OFF = re.compile(r"^(true|yes|1)$", re.IGNORECASE)
IS_STUDENT = re.compile(r"\b(students?|grade \d+|class of|grad \d+)\b", _ANY_CASE)
IS_STAFF = re.compile(
    r"\b(staff|faculty|teachers?|employees?|administrat\w+|aides?|office|secretar\w+"
    r"|principals?|custod\w+|paras?|substitutes?|counselors?)\b", re.IGNORECASE
)  # fmt: skip
IS_SERVICE = re.compile(
    r"\b(svc|services?|service accounts?|backup|scanner|printers?|mfp|sql|ldap|sync)\b"
    r"|^svc|^sa_|^gmsa", re.IGNORECASE
)  # fmt: skip
IS_SHARED = re.compile(
    r"\b(shared|generic|front ?desk|kiosk|library|lab|sub desk|guest|testing|office)\b",
    re.IGNORECASE,
)
TITLES = (
    ("principal", r"\bprincipal\b"),
    ("counselor", r"\bcounsel"),
    ("teacher", r"\bteacher|\binstructor|\bfaculty"),
    ("administrator", r"\bsuperintendent|\bdirector|\badministrator|\bmanager"),
    ("aide", r""),
)
"""OneRoster's word for staff, by what a directory calls the job; the title is kept."""


def _logins(taken: Taken, known: Known) -> None:
    fact = taken.export.fact
    is_first = not known.has_roster
    for cells in taken.sheet.rows:
        row = {name: fact(name, cells) for name in taken.export.cells}
        login = known.login(row["login"])
        words = " ".join(
            row.get(one, "") for one in ("place", "department", "title", "note")
        )
        words = re.sub(r"(?i)\b(OU|CN|DC)=", " ", words).replace("/", " ")
        keys = (row.get("employee", ""), row["mail"], row["login"])
        person = next(filter(None, map(known.person, filter(None, keys))), None)
        is_guest = row.get("kind", "").lower() == "guest" or "#EXT#" in row["login"]
        if not login or login.endswith("$") or is_guest:
            taken.leave("guests of other organizations, or no account", login)
        elif person is not None:
            _alias(taken, known, login, person, row)
        elif IS_SERVICE.search(f"{login} {words}") or row.get("services", ""):
            taken.add("accounts.csv", _account(login, "service", row))
        elif OFF.match(row.get("state", "")) or IS_OFF.match(row.get("off", "")):
            taken.leave("accounts that are disabled and in no roster", login)
        elif is_first and (new := _person(known, login, words, row)):
            known.see_person(new)
            taken.add(USERS.name, new)
        elif IS_SHARED.search(f"{login} {words}") and not IS_STUDENT.search(words):
            taken.add("accounts.csv", _account(login, "role_shared", row))
        else:
            taken.leave(
                "accounts of nobody in the roster; add a row to users.csv (contract "
                "staff too) or accounts.csv", login,
            )  # fmt: skip


def _alias(taken: Taken, known: Known, login: str, person: str, row: Row) -> None:
    """An account of somebody who is known under another name."""
    if known.person(login) == person:
        taken.leave("accounts that the roster has", "")
        return
    made = {**_account(login, "person", row), "owner_person_id": person}
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
    """A row of the roster, where the directory tells staff from students."""
    is_student = bool(IS_STUDENT.search(words))
    if not is_student and not (row["title"] or IS_STAFF.search(words)):
        return None
    role = next(
        word for word, rule in TITLES if re.search(rule, row["title"], _ANY_CASE)
    )
    names = {"givenName": row["given"], "familyName": row["family"]}
    employee = row.get("employee", "")
    # the first of a domain goes by the same form of name as all that follow
    known.see_mail(row["mail"])
    login = known.login(row["login"])
    return {
        "sourcedId": employee or login,
        "status": "active",
        "orgSourcedIds": known.org(known.building(row["place"], row["department"])),
        "role": "student" if is_student else role,
        "username": login,
        "email": row["mail"].lower() if "@" in row["mail"] else "",
        "metadata.jobTitle": "" if is_student else row["title"],
        **({} if is_student else {**names, "identifier": employee}),
    }


# Devices: who has which, of what class, in which building.

CLASSES: Mapping[str, str] = {
    "vdi_host": r"\bvdi\b|virtual desktop|citrix|\bxenapp\b",
    "server": r"\bserver\b|\bsrv\b|domain controllers?",
    "kiosk": r"\bkiosk",
    "signage": r"\bsignage\b",
    "chromebook": r"\bchrome ?os\b|\bchromebook",
    "phone_byod": r"\bios\b|\biphone|\bandroid\b",
    "podium": r"\bpodium",
    "laptop": r"latitude|thinkpad|elitebook|probook|macbook|surface (?:pro|laptop|go)"
    r"|travelmate|\blaptops?\b|\bnotebooks?\b",
    "lab_pc": r"\blabs?\b",
    "desktop": r"optiplex|thinkcentre|prodesk|elitedesk|\bimac\b|mac ?mini|veriton"
    r"|\bdesktops?\b|\bworkstations?\b|\btowers?\b",
}
"""Class -> what model, system, place or name say; the first counts. What none tells is
`other`: the district's, and neither a desk in its room nor what its owner carries."""
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
GONE = re.compile(r"deprovision|disabled|retired|^false$|pending", re.IGNORECASE)
MAC_DIGITS = 12
MOST_DEVICES = 4
"""Devices that one person is believed to have; more have somebody who enrolled them."""


def _devices(taken: Taken, known: Known) -> None:
    fact = taken.export.fact
    names = (*taken.export.cells, *taken.export.says)
    every = [{name: fact(name, cells) for name in names} for cells in taken.sheet.rows]
    owners = Counter(filter(None, (known.person(one.get("user", "")) for one in every)))
    many = {person for person, count in owners.items() if count > MOST_DEVICES}
    if many:
        taken.notes.append(
            f"{len(many)} people stand at more than {MOST_DEVICES} devices each, as "
            "whoever enrolled them does: none of these is given to them"
        )
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
        taken.add("devices.csv", _device(row, known, "" if owner in many else owner))
    classes = Counter(one["device_class"] for one in taken.rows.get("devices.csv", ()))
    if unknown := classes["other"]:
        taken.notes.append(
            f"{unknown} devices of unknown class are `other`: write desktop or laptop "
            "in devices.csv where you know"
        )


def _owned(row: Row) -> str:
    return f"{row.get('owned', '')} {row.get('joined', '')}"


def _device(row: Row, known: Known, owner: str) -> dict[str, str]:
    place = " ".join(row.get(one, "") for one in ("place", "room", "note"))
    bare = re.sub(r"[_/,=-]+", " ", place)
    name = re.sub(r"[_-]+", " ", row.get("hostname", ""))
    told = f"{row.get('model', '')} {name} {bare}"
    pool = _first(POOLS, bare)
    known_class = row.get("device_class") or _first(CLASSES, told)
    # the owner of shared stock is whoever signed for the cart
    digits = re.sub(r"[:.-]", "", row.get("mac", "").split(",")[0].lower())
    mac = ":".join(re.findall("..", digits)) if len(digits) == MAC_DIGITS else digits
    kept = ("hostname", "serial", "asset_tag", "directory_id")
    return {
        **{one: row.get(one, "").lower() for one in kept},
        "mac": mac if re.search(r"[1-9a-f]", mac) else "",
        "device_class": known_class if known_class in DEVICE_CLASSES else "other",
        "assigned_to": "" if pool else owner,
        "building": known.building(row.get("room", ""))
        or known.building(row.get("place", ""), name),
        "pool": pool,
    }


def _first(rules: Mapping[str, str], text: str) -> str:
    found = (word for word, rule in rules.items() if re.search(rule, text, _ANY_CASE))
    return next(found, "")


# Networks, by what their scopes are called.

KINDS: Mapping[str, str] = {
    "guest": r"guest|visitor|public",
    "byod": r"byod|personal|\bphones?\b(?=.*wi)",
    "nat": r"\bnat\b",
    "remote": r"\bvpn\b|remote|globalprotect|anyconnect|tunnel",
    "vdi": r"\bvdi\b|virtual desktop|citrix",
    "server": r"server|\bsrv\b|data ?center|\bmgmt\b|management",
    "lab": r"\blabs?\b",
    "wifi": r"wi-?fi|wireless|wlan|ssid|chromebook|1:1",
    "wired": r"wired|office|staff|classroom|printer|voip|phone|camera|data",
}


def _networks(taken: Taken, known: Known) -> None:
    fact = taken.export.fact
    guessed, placeless = [], []
    for cells in taken.sheet.rows:
        row = {name: fact(name, cells) for name in taken.export.cells}
        mask = (
            f"/{row['mask']}" if row.get("mask") and "/" not in row["network"] else ""
        )
        try:
            cidr = str(ipaddress.ip_network(row["network"] + mask, strict=False))
        except ValueError:
            taken.leave("that name no network", row["network"])
            continue
        if row.get("state", "").lower().startswith("inactive"):
            taken.leave("that are switched off", cidr)
            continue
        text = f"{row['named']} {row.get('note', '')}".replace("_", " ")
        building = known.building(text.replace("-", " "))
        kind = _first(KINDS, text)
        guessed += [] if kind else [cidr]
        placeless += [] if building else [cidr]
        found = {"cidr": cidr, "building": building, "kind": kind or "wired"}
        taken.add("subnets.csv", found)
    for which, what in (
        (guessed, "have a name that does not tell the kind; `wired` is a guess"),
        (placeless, "name no building, or two: nothing is placed by them until you do"),
    ):
        if which:
            some = ", ".join(which[:SHOWN]) + (", ..." if len(which) > SHOWN else "")
            taken.notes.append(f"{len(which)} networks {what}: {some}")


# Absences, one row a day.

STATES: Mapping[str, str] = {
    **dict.fromkeys(
        ("approved", "filled", "unfilled", "no sub required", "reconciled"), "approved"
    ),
    **dict.fromkeys(
        ("cancelled", "canceled", "deleted", "denied", "rejected"), "cancelled"
    ),
    **dict.fromkeys(("pending", "unapproved", "requested", "submitted"), "pending"),
}
LONGEST = 120
NOON_EARLY, NOON_LATE = "11:00", "13:00"
FULL_FROM, FULL_TO = "09:00", "14:00"
"""A full day begins and ends so; what lies between is neither half nor whole."""


def _absences(taken: Taken, known: Known) -> None:
    fact, cell = taken.export.fact, IMPORTED["leave.csv"].columns["date"]
    every = [
        {name: fact(name, cells) for name in taken.export.cells}
        for cells in taken.sheet.rows
    ]
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
            for day in _days(*days):
                taken.add("leave.csv", {
                    "person_id": person, "date": day, "part": part,
                    "kind": row["kind"].lower(), "status": state,
                    "substitute_person_id": known.person(row["substitute"]) or "",
                })  # fmt: skip
    if not any(one["state"] for one in every):
        taken.notes.append("no column tells the status: `pending` decides nothing")


def _state(row: Row) -> str:
    word = word_key(row["state"]) or "pending"
    return STATES.get(word, word)


def _part(row: Row) -> str | None:
    """full, am or pm, as told or as the clock times say; None where nothing does."""
    said = word_key(row["part"])
    for word, rule in (
        ("am", r"\bam\b|morning|first half"), ("pm", r"\bpm\b|afternoon|second half"),
        ("full", r"\bfull\b|all day|whole day"),
    ):  # fmt: skip
        if re.search(rule, said) and not re.search(r"\d", said):
            return word
    clock = IMPORTED["calendar.csv"].columns["duty_start"]
    bare = [re.sub(r"^(\d+:\d\d):\d\d", r"\1", row[one]) for one in ("start", "end")]
    start, end = (meant(clock, one) or "" for one in bare)
    if not start or not end:
        return None
    if end <= NOON_LATE:
        return "am"
    if start >= NOON_EARLY:
        return "pm"
    return "full" if start <= FULL_FROM and end >= FULL_TO else None


def _days(first: str, last: str) -> Iterator[str]:
    """Each day from one to the other; the check tells what is not a day."""
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        yield first
        return
    for number in range(min(max((end - start).days, 0), LONGEST) + 1):
        yield (start + timedelta(days=number)).isoformat()


def _file(taken: Taken, known: Known) -> None:
    """A table that has a registry file's own columns, or those declared for it."""
    del known
    for cells in taken.sheet.rows:
        taken.add(taken.export.into, {
            name: taken.export.fact(name, cells) for name in taken.export.cells
        })  # fmt: skip


MAKERS = {
    "login": _logins,
    "device": _devices,
    "network": _networks,
    "absence": _absences,
    "file": _file,
}
