"""Reads people and accounts of exports: the roster, and the accounts of a directory.

Of the roster, only columns that the registry reads are kept. Names of students, and what
the roster contains on parents, are not kept.
"""

import re
from collections.abc import Sequence

from pipelines.registry.csv_files import word_key
from pipelines.registry.imports.export_tables import Sheet, plain
from pipelines.registry.imports.exports import IMPORTED, ROSTER_FILES, Export
from pipelines.registry.imports.known import ExportIndex, Place, Row, ou_path
from pipelines.registry.imports.taken import ImportResult, examples
from pipelines.registry.roster import ORGS, OTHERS, ROLES, STUDENT, USERS
from pipelines.registry.suggestions import date_order, meant

NAMES = ("givenName", "familyName", "preferredGivenName")
NO_STUDENTS = (*NAMES, "identifier")
"""Columns that are not kept for a student."""
SCHOOL = "school"
OFF = re.compile(
    r"^(false|0|no|disabled|suspended|archived|deprovisioned|deactivated)", re.IGNORECASE
)
IS_OFF = re.compile(r"^(true|yes|1)$", re.IGNORECASE)
IS_STUDENT = re.compile(r"\b(students?|grade \d+|class of|grad \d+)\b", re.IGNORECASE)
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
"""Words in the name of an account that a program uses."""
HOLDS_SERVICES = re.compile(
    r"\bservice accounts?\b|\b(svc|backup|scanner|copier|printers?|mfp|sql|ldap)\b", re.IGNORECASE
)
"""Words in the organizational unit or the description of an account."""
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
_PRIMARY = re.compile(r"\bSMTP:([^\s,;+]+)")
"""The first of an account's mail addresses is in capitals."""
_ADDRESS = re.compile(r"\bsmtp:([^\s,;+]+)", re.IGNORECASE)
MAX_CLOSED = 0.2
"""Share of a directory's accounts; where more are closed, it is not in use."""
CLOSED_LIST = "closed accounts"
"""Key of `ExportIndex.listed`: accounts that an earlier setup wrote as closed."""
CLOSED_NOTE = "suspended or disabled in "


def students_of(tables: Sequence[tuple[Sheet, Export]]) -> frozenset[str]:
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


def add_roster(taken: ImportResult, known: ExportIndex, students: frozenset[str]) -> None:
    """Add the rows of a roster file, without what is not kept of students."""
    file = ROSTER_FILES[taken.export.into]
    known.has_roster |= file is USERS
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


def _buildings(taken: ImportResult, known: ExportIndex) -> None:
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


def account_facts(export: Export, cells: Row) -> dict[str, str]:
    """Return the facts of a row, with the organizational units alone as its place."""
    row = {name: export.fact(name, cells) for name in export.cells}
    if primary := _PRIMARY.search(row.get("addresses", "")):
        row["mail"] = primary[1]
    return row | {"place": ou_path(row.get("place", ""))}


def is_of_staff(row: Row) -> bool:
    """Return whether a directory states that an account is a member of staff's."""
    words = " ".join(row.get(one, "") for one in ("place", "department", "title", "note"))
    is_student = IS_STUDENT.search(words.replace("/", " "))
    return not is_student and bool(row.get("title") or IS_STAFF.search(words.replace("/", " ")))


def is_disabled(row: Row) -> bool:
    """Return whether an account cannot be used."""
    return bool(OFF.match(row.get("state", "")) or IS_OFF.match(row.get("off", "")))


def add_accounts(taken: ImportResult, known: ExportIndex) -> None:
    """Add the accounts of a directory: all without a roster, otherwise those that it lacks."""
    is_first = not known.has_roster
    guessed: list[str] = []
    for cells in taken.sheet.rows:
        row = account_facts(taken.export, cells)
        login = known.login(row["login"])
        addresses = _ADDRESS.findall(row.get("addresses", ""))
        keys = (row.get("employee", ""), row["mail"], row["login"], *addresses)
        person = next(filter(None, map(known.person, filter(None, keys))), None)
        is_guest = row.get("kind", "").lower() == "guest" or "#EXT#" in row["login"]
        if not login or login.endswith("$") or is_guest:
            taken.leave("guests of other organizations, or no account", login)
        elif person is not None:
            add_org(taken, known, person, _building_of(known, row))
            _alias(taken, known, login, person, row)
            _short_name(taken, known, row, person)
        elif _stranger(taken, known, login, row, is_first=is_first):
            guessed.append(login)
    _tell_closed(taken, known)
    if guessed:
        taken.notes.append(
            f"{len(guessed)} accounts have their kind from the organizational unit "
            f"alone; look at account_type, and state in approved_shared whether several "
            f"people may use a role's account: {examples(guessed)}"
        )


def _building_of(known: ExportIndex, row: Row) -> str:
    place = known.building(row.get("building", ""))
    return place or known.building(row["place"], row["department"])


def add_org(taken: ImportResult, known: ExportIndex, person: str, building: str) -> None:
    """Add the school of a person that no roster has, if it is known by now."""
    if person in known.unrostered and known.org(building):
        taken.add(USERS.name, {"sourcedId": person, "orgSourcedIds": known.org(building)})


def _short_name(taken: ImportResult, known: ExportIndex, row: Row, person: str) -> None:
    """Add the short login name that a directory has next to a person's address."""
    login = known.login(row.get("short", ""))
    if login and "@" not in login and known.person(login) is None:
        taken.add("accounts.csv", {**_account(login, "person", row), "owner_person_id": person})
        known.see_name(login, person)


def add_units(taken: ImportResult, known: ExportIndex) -> None:
    """Add the buildings that directories and networks state, once."""
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
            f"{len(known.units)} units or building ids are buildings: look through "
            "buildings.csv, and add lat and lon"
        )
    known.units = []


def _stranger(
    taken: ImportResult, known: ExportIndex, login: str, row: Row, *, is_first: bool
) -> bool:
    """Add an account that no person of the roster has; whether its kind is a guess."""
    kind, is_guess = account_kind(login, row)
    words = " ".join(row.get(one, "") for one in ("place", "department", "title", "note")).replace(
        "/", " "
    )
    if kind == "service":
        taken.add("accounts.csv", _account(login, kind, row))
        return is_guess
    if is_disabled(row):
        taken.leave("accounts that are disabled and in no roster", login)
    elif is_first and (is_guess or not kind) and (new := _person(known, login, words, row)):
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


def _tell_closed(taken: ImportResult, known: ExportIndex) -> None:
    """Keep the directory's word that accounts are closed, unless most of them are."""
    closed, made = set(taken.closed), taken.rows.get("accounts.csv", [])
    if len(closed) > max(1, MAX_CLOSED * len(taken.sheet.rows)):
        taken.rows["accounts.csv"] = [row for row in made if row["username"] not in closed]
        for login in taken.closed:
            taken.leave("accounts closed here, as are many: not in use", login)
    elif closed:
        taken.notes.append(
            f"{len(closed)} accounts are suspended or disabled here and open in the "
            f"roster; valid_to is {known.today}: {examples(taken.closed)}"
        )
    opened = sorted(known.enabled & set(known.listed.get(CLOSED_LIST, ())))
    if opened:
        taken.notes.append(
            f"{len(opened)} accounts are open again; delete their valid_to in "
            f"accounts.csv: {examples(opened)}"
        )


def account_kind(login: str, row: Row) -> tuple[str, bool]:
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


def _alias(taken: ImportResult, known: ExportIndex, login: str, person: str, row: Row) -> None:
    """Add another name of a known person, or the directory's word that it is closed."""
    made = {**_account(login, "person", row), "owner_person_id": person}
    if is_disabled(row) and login not in known.enabled and person not in known.gone:
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
    known.see_name(login, person)


def _account(login: str, kind: str, row: Row) -> dict[str, str]:
    until = (row.get("until") or "").split(" ")[0]
    order = date_order([until], "America/Chicago")
    cell = IMPORTED["accounts.csv"].columns["valid_to"]
    is_iso = re.fullmatch(r"\d{4}-\d\d-\d\d", until)
    note = "" if kind == "person" else row.get("note", "")
    return {
        "username": login,
        "account_type": kind,
        "valid_to": until if is_iso else meant(cell, until, (), order) or "",
        "note": note,
    }


def role_of(title: str) -> str:
    """Return OneRoster's word for the role of staff with a job title."""
    return next(word for word, rule in TITLES if re.search(rule, title, re.IGNORECASE))


def _person(known: ExportIndex, login: str, words: str, row: Row) -> dict[str, str] | None:
    """Return a row of the roster, if the directory distinguishes staff and students."""
    is_student = bool(IS_STUDENT.search(words))
    if not is_student and not (row["title"] or IS_STAFF.search(words)):
        return None
    names = {"givenName": row["given"], "familyName": row["family"]}
    employee = row.get("employee", "")
    # the first of a domain goes by the same form of name as all that follow
    known.see_mail(row["mail"])
    login = known.login(row["login"])
    return {
        "sourcedId": employee or login,
        "status": "active",
        "orgSourcedIds": known.org(_building_of(known, row)),
        "role": "student" if is_student else role_of(row["title"]),
        "username": login,
        "email": row["mail"].lower() if "@" in row["mail"] else "",
        "metadata.jobTitle": "" if is_student else row["title"],
        **({} if is_student else {**names, "identifier": employee}),
    }
