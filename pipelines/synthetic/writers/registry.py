"""The district's registry: every file, complete and consistent."""

import csv
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from pipelines.synthetic.habits import SPELLINGS
from pipelines.synthetic.invented_people import ORGS, Person
from pipelines.synthetic.places import BUILDINGS, Device
from pipelines.synthetic.plan import Plan
from pipelines.synthetic.routines import hours
from pipelines.synthetic.school_days import Day
from pipelines.synthetic.websites import (
    APPROVALS,
    LEARNING,
    LESSON_BLOG,
    MISLABELLED,
    SUPPORTS,
    Site,
)
from pipelines.synthetic.world import World
from pipelines.synthetic.writers.exports import (
    FOLDER,
    FROM_EXPORTS,
    employee,
    is_exported,
    write_exports,
)

Row = Mapping[str, str]

COLUMNS: Mapping[str, Sequence[str]] = {
    "users.csv": (
        "sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds",
        "role", "username", "userIds", "givenName", "familyName", "middleName",
        "identifier", "email", "sms", "phone", "agentSourcedIds", "grades", "password",
        "metadata.jobTitle",
    ),
    "orgs.csv": (
        "sourcedId", "status", "dateLastModified", "name", "type", "identifier",
        "parentSourcedId",
    ),
    "accounts.csv": (
        "username", "account_type", "owner_person_id", "approved_shared", "aliases",
        "valid_from", "valid_to", "note", "used_in", "is_admin",
    ),
    "buildings.csv": ("org_id", "building", "lat", "lon", "campus"),
    "subnets.csv": ("cidr", "building", "kind"),
    "devices.csv": (
        "hostname", "mac", "device_class", "assigned_to", "building", "pool",
        "static_ip",
    ),
    "approved_sites.csv": (
        "entry_id", "pattern", "match", "roles", "purpose", "consent_by", "valid_from",
        "valid_to", "class", "clause", "supports",
    ),
    "site_categories.csv": ("domain", "category", "source"),
    "calendar.csv": (
        "date", "day_type", "duty_start", "duty_end", "note", "building",
        "declared_at",
    ),
    "staff_duty.csv": (
        "person_id", "date_from", "date_to", "weekday", "start_local", "end_local",
        "building", "kind",
    ),
    "leave.csv": ("person_id", "date", "part", "kind", "status",
                  "substitute_person_id"),
    "consents.csv": (
        "consent_id", "type", "grantor", "grantor_role", "subject", "what", "why",
        "clause", "valid_from", "valid_to", "review_by", "document",
    ),
    "exceptions.csv": (
        "exception_id", "rule", "scope", "value", "reason", "approver", "valid_from",
        "valid_to",
    ),
    "expected_traffic.csv": (
        "expected_id", "kind", "log", "device", "destination", "every_days",
        "least_megabytes",
    ),
    "ip_geo.csv": ("cidr", "country", "city", "lat", "lon", "network_type"),
    "egress.csv": ("cidr", "meaning"),
    "access_points.csv": ("name", "building"),
    "apps.csv": ("app", "hosts", "kind", "vendor", "agreement", "ends", "student_data",
                 "owner", "licenses", "asked"),
    "change_windows.csv": ("system", "weekday", "start_local", "end_local"),
}  # fmt: skip
"""Header of each file."""

FIXED: Mapping[str, Sequence[Row]] = {
    "ip_geo.csv": (
        {"cidr": "203.0.113.0/25", "country": "US", "city": "Sampleton",
         "lat": "41.70", "lon": "-93.05", "network_type": "residential"},
        {"cidr": "203.0.113.128/26", "country": "US", "city": "Chicago",
         "lat": "41.88", "lon": "-87.63", "network_type": "mobile"},
        {"cidr": "198.51.100.192/27", "country": "US", "city": "Denver",
         "lat": "39.74", "lon": "-104.99", "network_type": "residential"},
        {"cidr": "198.51.100.224/27", "country": "US", "city": "Ashburn",
         "lat": "39.04", "lon": "-77.49", "network_type": "hosting"},
        {"cidr": "192.0.2.64/27", "country": "US", "city": "Rivertown",
         "lat": "42.30", "lon": "-92.60", "network_type": "residential"},
        {"cidr": "192.0.2.96/27", "country": "PT", "city": "Lisbon",
         "lat": "38.72", "lon": "-9.14", "network_type": "residential"},
        {"cidr": "192.0.2.128/27", "country": "US", "city": "Ashburn",
         "lat": "39.04", "lon": "-77.49", "network_type": "hosting"},
        {"cidr": "2001:db8:5::/48", "country": "US", "city": "Sampleton",
         "lat": "41.70", "lon": "-93.05", "network_type": "residential"},
    ),
    "apps.csv": (
        {"app": "Khan Academy", "agreement": "contract 2025-31", "ends": "2027-06-30",
         "student_data": "yes", "owner": "curriculum office"},
        {"app": "Quizlet", "agreement": "order 2025-118", "ends": "2026-11-13",
         "student_data": "yes", "owner": "curriculum office", "licenses": "120"},
        {"app": "Book Creator", "agreement": "contract 2026-09", "ends": "2027-01-08",
         "student_data": "yes", "owner": "library", "licenses": "300"},
        {"app": "Google Docs", "agreement": "contract 2024-02", "student_data": "yes",
         "owner": "technology office"},
        {"app": "Poem Quarry", "hosts": "poemquarry.example", "kind": "generative_ai",
         "vendor": "Quarry Learning", "student_data": "no", "asked": "2026-10-19"},
    ),
    "egress.csv": (
        {"cidr": "198.51.100.0/28", "meaning": "district NAT"},
        {"cidr": "10.99.0.0/18", "meaning": "VPN pool"},
        {"cidr": "10.14.241.13/32", "meaning": "proxy"},
    ),
}  # fmt: skip


YEAR_START = "2026-07-01"
VENDOR, DISTRICT = "filter-vendor", "district"
WRONG_SHARE = 0.02


def write_registry(world: World, plan: Plan, folder: Path, earlier: Sequence[Day] = ()) -> None:
    """Write every file; planned rows follow the standing ones.

    Args:
        earlier: Days before the first one, for the calendar; none are three weeks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    standing = {
        "users.csv": map(_user, world.roster.people),
        "orgs.csv": _orgs(),
        "accounts.csv": (_account(person, plan) for person in world.roster.people),
        "buildings.csv": _buildings(),
        "subnets.csv": (
            {"cidr": n.cidr, "building": n.building, "kind": n.kind}
            for n in world.places.networks.values()
        ),
        "devices.csv": [row for _, row in _listed_devices(world)],
        "approved_sites.csv": _approved(world),
        "site_categories.csv": _categories(world),
        "calendar.csv": _calendar(world.days, earlier),
        "exceptions.csv": _exceptions(world),
        "staff_duty.csv": _duty(world),
        "access_points.csv": _access_points(),
        **FIXED,
    }
    for file, columns in COLUMNS.items():
        rows: Iterable[Row] = (*standing.get(file, ()), *_planned(world, plan, file))
        _write(folder / file, columns, rows)


def write_exported(world: World, plan: Plan, home: Path, earlier: Sequence[Day] = ()) -> None:
    """Write consoles' exports, and manual entries for facts that none of them has.

    Accounts are the roster's, except those with another spelling.
    """
    listed = list(_listed_devices(world))
    roster: dict[str, tuple[Sequence[str], Iterable[Row]]] = {
        "orgs.csv": (COLUMNS["orgs.csv"], _orgs()),
        "users.csv": (
            COLUMNS["users.csv"],
            [{**_user(person), "identifier": employee(person)} for person in world.roster.people],
        ),
    }
    write_exports(world, plan, home / FOLDER, roster, listed)
    write_registry(world, plan, home / "registry", earlier)
    aliased = [one for one in world.roster.people if one.number in plan.aliases]
    by_hand = [row for device, row in listed if not is_exported(device)]
    kept = {
        **dict.fromkeys(FROM_EXPORTS, ()),
        "accounts.csv": [
            *(_account(person, plan) for person in aliased),
            *_planned(world, plan, "accounts.csv"),
        ],
        "devices.csv": [*by_hand, *_planned(world, plan, "devices.csv")],
    }
    for file, rows in kept.items():
        _write(home / "registry" / file, COLUMNS[file], rows)


def _planned(world: World, plan: Plan, file: str) -> list[Row]:
    """Return rows that scenes added; without expected traffic in a log that is not kept."""
    rows = plan.rows.get(file, [])
    if file != "expected_traffic.csv" or world.habits.firewall == "all":
        return list(rows)
    return [row for row in rows if row["log"] != "firewall"]


def _write(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _user(person: Person) -> Row:
    return {
        "sourcedId": person.person_id,
        "status": "active",
        "dateLastModified": "2026-08-01",
        "enabledUser": "true",
        "orgSourcedIds": ORGS[person.building],
        "role": person.role,
        "username": person.username,
        "givenName": person.given,
        "familyName": person.family,
        "email": f"{person.username}@sampleton.example",
        "grades": person.grade,
        "metadata.jobTitle": "" if person.is_student else person.job_title,
    }


def _orgs() -> list[Row]:
    names = {"HS": "High School", "MS": "Middle School", "ES": "Elementary School"}
    rows = [
        {
            "sourcedId": ORGS[code],
            "status": "active",
            "dateLastModified": "2026-08-01",
            "name": f"Sampleton {name}",
            "type": "school",
            "identifier": code,
            "parentSourcedId": "org-do",
        }
        for code, name in names.items()
    ]
    office = {"sourcedId": "org-do", "status": "active", "name": "Sampleton Schools",
              "dateLastModified": "2026-08-01", "type": "district",
              "identifier": "DO"}  # fmt: skip
    return [office, *rows]


def _account(person: Person, plan: Plan) -> Row:
    return {
        "username": person.username,
        "account_type": "person",
        "owner_person_id": person.person_id,
        "approved_shared": "no",
        "aliases": plan.aliases.get(person.number, ""),
        "valid_from": YEAR_START,
    }


def _buildings() -> list[Row]:
    return [
        {
            "org_id": org,
            "building": code,
            "lat": f"{lat:.4f}",
            "lon": f"{lon:.4f}",
            "campus": campus,
        }
        for code, (org, lat, lon, campus) in BUILDINGS.items()
    ]


def _access_points() -> Iterable[Row]:
    """Return access points as the 802.1X log names them."""
    for code in BUILDINGS:
        for kind in ("ap", "sw"):
            yield {"name": f"{kind}-{code.lower()}-*", "building": code}


def _listed_devices(world: World) -> Sequence[tuple[Device, Row]]:
    """Return listed devices; phones belong to their owners; some others are missing, or wrong."""
    rng, habits = world.random("devices"), world.habits
    listed = [
        (device, _device(world, device))
        for device in world.places.where(lambda d: d.device_class != "phone_byod")
        if not device.assigned_to or rng.random() >= habits.devices_unlisted
    ]
    for _, row in rng.sample(listed, habits.wrong_buildings):
        others = [code for code in BUILDINGS if code != row["building"]]
        row["building"] = rng.choice(others)
    return listed


def _device(world: World, device: Device) -> dict[str, str]:
    static = ""
    if device.device_class in {"server", "vdi_host"}:
        number = world.places.networks[device.network].address(device.number, 0)
        static = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
    return {
        "hostname": device.hostname,
        "mac": device.mac,
        "device_class": device.device_class,
        "assigned_to": device.assigned_to,
        "building": device.building,
        "pool": device.pool,
        "static_ip": static,
    }


def _approved(world: World) -> list[Row]:
    names = ("pattern", "match", "roles", "purpose", "valid_from", "valid_to", "class")
    common = {"consent_by": "technology director", "clause": "cl.29"}
    rows: list[Row] = [
        {
            "entry_id": f"E-{number:03d}",
            **common,
            **dict(zip(names, entry, strict=True)),
            **{name: world.moved(entry[names.index(name)]) for name in ("valid_from", "valid_to")},
        }
        for number, entry in enumerate(APPROVALS, start=1)
    ]
    if not world.habits.lists_assets:
        return rows
    served = {row["pattern"]: row for row in rows}
    return rows + [
        {
            **served[site],
            "entry_id": f"E-{number}",
            "pattern": pattern,
            "purpose": f"serves {site}",
            "supports": served[site]["entry_id"],
        }
        for number, (pattern, site) in enumerate(SUPPORTS, start=801)
    ]


def _categories(world: World) -> list[Row]:
    """Return the district's own view, and the filter vendor's, which errs now and then."""
    rng = world.random("categories")
    listed = _listed(world)
    known = [site for site in listed if site.category]
    rows = [_category(site.domain, site.category, DISTRICT) for site in known]
    wrong = set(rng.sample(LEARNING[:40], max(1, round(len(known) * WRONG_SHARE))))
    words = SPELLINGS[world.habits.spelling]
    rows += [
        _vendor_category(rng, site, wrong, words)
        for site in listed
        if site.domain != LESSON_BLOG and site.category
    ]
    return [*rows, _category(MISLABELLED, "games", VENDOR)]


def _listed(world: World) -> list[Site]:
    """Return the sites that are on some list."""
    rng, share = world.random("lists"), world.habits.sites_in_lists
    return [site for site in world.sites if rng.random() < share]


def _vendor_category(
    rng: random.Random, site: Site, wrong: set[str], words: Mapping[str, str]
) -> Row:
    is_wrong = site.domain in wrong
    word = rng.choice(["games", "shopping"]) if is_wrong else site.category
    return _category(site.domain, words.get(word, word), VENDOR)


def _category(domain: str, category: str, source: str) -> Row:
    return {"domain": domain, "category": category, "source": source}


def _exceptions(world: World) -> list[Row]:
    """Return a sign in the lobby that is known to fetch news all day."""
    sign = world.places.where(lambda d: d.device_class == "signage")[0]
    chief = world.roster.where(lambda p: p.job_title == "superintendent")[0]
    return [
        {
            "exception_id": "X-001",
            "rule": "*",
            "scope": "device",
            "value": sign.hostname,
            "reason": "lobby sign, no person uses it",
            "approver": chief.person_id,
            "valid_from": world.moved("2026-10-01"),
            "valid_to": world.moved("2027-03-15"),
        }
    ]


def _calendar(days: Sequence[Day], earlier: Sequence[Day]) -> list[Row]:
    before = earlier or [
        Day(-number, days[0].date - timedelta(days=number), "") for number in range(21, 0, -1)
    ]
    return [_calendar_row(day) for day in (*before, *days)]


def _calendar_row(day: Day) -> Row:
    ordinary = "weekend" if day.date.weekday() > 4 else "school"
    kind = day.kind or ordinary
    is_open = kind not in {"weekend", "closure"}
    end = "13:15" if kind == "early_out" else "15:45"
    return {
        "date": day.date.isoformat(),
        "day_type": kind,
        "duty_start": "07:30" if is_open else "",
        "duty_end": end if is_open else "",
        "note": day.note,
        "declared_at": day.declared_at,
    }


def _duty(world: World) -> list[Row]:
    rows: list[Row] = []
    for person in world.roster.staff:
        start, end = hours(person)
        rows += [
            {
                "person_id": person.person_id,
                "date_from": world.moved("2026-08-24"),
                "date_to": world.moved("2027-05-28"),
                "weekday": str(weekday),
                "start_local": start,
                "end_local": end,
                "building": person.building,
                "kind": "contract",
            }
            for weekday in range(5)
        ]
    return rows
