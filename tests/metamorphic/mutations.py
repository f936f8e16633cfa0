"""Mutations: each rewrites a home that has not run, and has the law that its findings keep.

A mutation of the lists reads and writes CSV as a district's clerk would. It takes chance from a
`Random` alone, so a seed gives the same home again.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.metamorphic.laws import Law

Row = dict[str, str]
Rows = list[Row]
Change = Callable[[Path, Random], None]

PEOPLE = {
    "accounts.csv": ("owner_person_id",),
    "devices.csv": ("assigned_to",),
    "leave.csv": ("person_id", "substitute_person_id"),
    "staff_duty.csv": ("person_id",),
    "exceptions.csv": ("approver",),
}
"""Columns with the id of a person, in files other than the roster."""


@dataclass(frozen=True)
class Mutation:
    """A change of a home, with its law.

    Attributes:
        reason: Why the law holds.
    """

    law: Law
    change: Change
    reason: str


def rows_of(home: Path, file: str) -> Rows:
    """Return the rows of a file of the registry, without its comments."""
    path = home / "registry" / file
    if not path.is_file():
        return []
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def write_rows(home: Path, file: str, rows: Rows, columns: Sequence[str] = ()) -> None:
    """Write rows under their own header; without rows the header stays."""
    path = home / "registry" / file
    names = list(columns or (rows[0] if rows else _header(path)))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue())


def _header(path: Path) -> list[str]:
    return path.read_text().splitlines()[0].split(",")


def each(file: str, change: Callable[[Row, Random], Row | None]) -> Change:
    """Return a mutation that changes each row of a file, or drops it."""

    def run(home: Path, chance: Random) -> None:
        rows = rows_of(home, file)
        if rows:
            changed = [row for row in (change(dict(one), chance) for one in rows) if row]
            write_rows(home, file, changed, list(rows[0]))

    return run


def column(file: str, name: str, change: Callable[[str], str]) -> Change:
    """Return a mutation that rewrites a column's cells that are not empty."""

    def run(row: Row, _chance: Random) -> Row:
        return row | {name: change(row[name])} if row.get(name) else row

    return each(file, run)


def half(file: str) -> Change:
    """Return a mutation that loses half of a file's rows."""
    return each(file, lambda row, chance: row if chance.random() < 0.5 else None)


def blank(file: str, name: str) -> Change:
    """Return a mutation that empties half of a column."""
    return each(file, lambda row, chance: row if chance.random() < 0.5 else row | {name: ""})


def add(file: str, make: Callable[[Path, Random], Rows]) -> Change:
    """Return a mutation that adds rows to a file."""

    def run(home: Path, chance: Random) -> None:
        rows, more = rows_of(home, file), make(home, chance)
        columns = _header(home / "registry" / file)
        empty = dict.fromkeys(columns, "")
        write_rows(home, file, [*rows, *(empty | row for row in more)], columns)

    return run


# the same lists, written otherwise


def _shuffled(home: Path, chance: Random) -> None:
    """Shuffle the rows of every file whose order means nothing, and turn its columns around."""
    for path in sorted((home / "registry").glob("*.csv")):
        rows = rows_of(home, path.name)
        if rows:
            chance.shuffle(rows)
            write_rows(home, path.name, rows, list(rows[0])[::-1])


def _people_in_capitals(home: Path, _chance: Random) -> None:
    """Write persons' ids in capitals in every file but the roster."""
    for file, names in PEOPLE.items():
        for name in names:
            column(file, name, str.upper)(home, _chance)

    def approved(text: str) -> str:
        return "|".join(
            role.upper() if role.startswith("person:") else role for role in text.split("|")
        )

    column("approved_sites.csv", "roles", approved)(home, _chance)


def _as_excel_writes(home: Path, _chance: Random) -> None:
    """Write the lists with a byte order mark, semicolons, and blanks around cells."""
    for path in sorted((home / "registry").glob("*.csv")):
        rows = rows_of(home, path.name)
        if not rows:
            continue
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]), delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({name: f" {cell} " for name, cell in row.items()} for row in rows)
        path.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())


def _idle_staff(home: Path, _chance: Random) -> Rows:
    template = rows_of(home, "users.csv")[-1]
    return [
        template
        | {
            "sourcedId": f"p-9{number:03}",
            "username": f"idle{number}",
            "email": f"idle{number}@example.org",
            "role": "teacher",
        }
        for number in range(5)
    ]


def _second_accounts(home: Path, _chance: Random) -> Rows:
    """Give each person an account that ended years ago and comes first by name."""
    return [
        {
            "username": f"00-{row['username']}",
            "account_type": "person",
            "owner_person_id": row["sourcedId"],
            "valid_from": "2015-08-01",
            "valid_to": "2019-06-30",
        }
        for row in rows_of(home, "users.csv")
    ]


# less is known


def _half_contracts(row: Row, chance: Random) -> Row | None:
    return row if row["kind"] != "contract" or chance.random() < 0.5 else None


def _lost_log(feed: str) -> Change:
    """Return a mutation that loses half of a source's files."""

    def run(home: Path, chance: Random) -> None:
        for path in sorted((home / "landing" / feed).iterdir()):
            if chance.random() < 0.5:
                path.unlink()

    return run


# more is allowed


def _sites(home: Path) -> list[str]:
    listed = {row["pattern"] for row in rows_of(home, "approved_sites.csv")}
    return [
        row["domain"] for row in rows_of(home, "site_categories.csv") if row["domain"] not in listed
    ]


def _entries(**cells: str) -> Callable[[Path, Random], Rows]:
    def make(home: Path, _chance: Random) -> Rows:
        sites = dict.fromkeys(_sites(home))
        return [
            {"entry_id": f"X-{number}", "pattern": site, "match": "domain", "roles": "all"} | cells
            for number, site in enumerate(sites)
        ]

    return make


def _extra_duty(home: Path, _chance: Random) -> Rows:
    return [
        {
            "person_id": row["sourcedId"],
            "date_from": "2026-10-01",
            "date_to": "2026-10-31",
            "weekday": str(day),
            "start_local": "00:00",
            "end_local": "23:59",
            "kind": "extra",
        }
        for row in rows_of(home, "users.csv")
        for day in range(7)
    ]


def _exceptions(home: Path, _chance: Random) -> Rows:
    """Except every account and device, in spellings that no list has."""
    names = [("account", row["username"].upper()) for row in rows_of(home, "users.csv")]
    names += [("account", f"SAMPLETON\\{row['username']}") for row in rows_of(home, "accounts.csv")]
    names += [("device", row["hostname"].upper()) for row in rows_of(home, "devices.csv")]
    approver = rows_of(home, "users.csv")[0]["sourcedId"]
    return [
        {
            "exception_id": f"Y-{number}",
            "rule": "*",
            "scope": scope,
            "value": value,
            "reason": "tried",
            "approver": approver,
            "valid_from": "2026-10-01",
            "valid_to": "2026-12-18",
        }
        for number, (scope, value) in enumerate(names)
    ]


def _cut_roles(text: str) -> str:
    roles = [role if ":" in role else f" {role.title()}s" for role in text.split("|")]
    return ",".join(roles) if text not in ("all", "staff", "student") else text.upper()


MUTATIONS: Mapping[str, Mutation] = {
    "rows and columns in another order": Mutation(Law.EQUAL, _shuffled, "a list has no order"),
    "persons in capitals": Mutation(Law.EQUAL, _people_in_capitals, "they are the same persons"),
    "roles in the plural, with commas": Mutation(
        Law.EQUAL, column("approved_sites.csv", "roles", _cut_roles), "they are the same roles"
    ),
    "computers with their domain": Mutation(
        Law.EQUAL,
        column("devices.csv", "hostname", lambda name: f"{name.upper()}.school.example"),
        "they are the same computers",
    ),
    "accounts with their domain": Mutation(
        Law.EQUAL,
        column("accounts.csv", "username", lambda name: f"SAMPLETON\\{name.upper()}"),
        "they are the same accounts",
    ),
    "cards as another product writes them": Mutation(
        Law.EQUAL,
        column("devices.csv", "mac", lambda card: card.replace(":", "-").upper()),
        "they are the same cards",
    ),
    "sites with a scheme": Mutation(
        Law.EQUAL,
        column("site_categories.csv", "domain", str.upper),
        "they are the same sites",
    ),
    "five more people who do nothing": Mutation(
        Law.EQUAL, add("users.csv", _idle_staff), "others change nothing"
    ),
    "second accounts that ended": Mutation(
        Law.EQUAL, add("accounts.csv", _second_accounts), "an account that ended is not in use"
    ),
    # the last: the others read what a clerk reads
    "as Excel writes": Mutation(Law.EQUAL, _as_excel_writes, "the cells are the same"),
    "half of the roster": Mutation(Law.FEWER, half("users.csv"), "a lost row accuses no one"),
    "half of the accounts": Mutation(Law.FEWER, half("accounts.csv"), "a lost row accuses no one"),
    "half of the devices": Mutation(Law.FEWER, half("devices.csv"), "a lost row accuses no one"),
    "half of the networks": Mutation(Law.FEWER, half("subnets.csv"), "a lost row accuses no one"),
    "half of the hours": Mutation(
        Law.FEWER, each("staff_duty.csv", _half_contracts), "a lost row is no day off"
    ),
    "half of the days": Mutation(Law.FEWER, half("calendar.csv"), "an unknown day is not closed"),
    "half of the categories": Mutation(
        Law.FEWER, half("site_categories.csv"), "an unknown site is not leisure"
    ),
    "half of the places outside": Mutation(
        Law.FEWER, half("ip_geo.csv"), "an unknown place is not far away"
    ),
    "half of the buildings": Mutation(
        Law.FEWER, half("buildings.csv"), "an unknown building is not another one"
    ),
    "half of the job titles": Mutation(
        Law.FEWER, blank("users.csv", "metadata.jobTitle"), "an unknown role may be the entry's"
    ),
    "half of the holders": Mutation(
        Law.FEWER, blank("devices.csv", "assigned_to"), "an unknown holder is not another person"
    ),
    "half of the classes": Mutation(
        Law.FEWER, blank("devices.csv", "device_class"), "an unknown class is not a laptop"
    ),
    "half of the cards": Mutation(
        Law.FEWER, blank("devices.csv", "mac"), "an unknown card is not another device"
    ),
    "half of the leases": Mutation(Law.FEWER, _lost_log("dhcp"), "a lost line accuses no one"),
    "half of the logons": Mutation(Law.FEWER, _lost_log("directory"), "a lost line accuses no one"),
    "half of the firewall": Mutation(
        Law.FEWER, _lost_log("firewall"), "a lost line accuses no one"
    ),
    "approvals for everyone": Mutation(
        Law.FEWER, add("approved_sites.csv", _entries()), "an approval accuses no one"
    ),
    "approvals that have not begun": Mutation(
        Law.FEWER,
        add("approved_sites.csv", _entries(valid_from="2090-01-01")),
        "an approval accuses no one",
    ),
    "approvals that ended long ago": Mutation(
        Law.FEWER,
        add("approved_sites.csv", _entries(valid_from="2015-01-01", valid_to="2015-02-01")),
        "an approval accuses no one",
    ),
    "approvals for one other person": Mutation(
        Law.FEWER, add("approved_sites.csv", _entries(roles="person:p-1000")), "as for everyone"
    ),
    "duty at every hour": Mutation(
        Law.FEWER, add("staff_duty.csv", _extra_duty), "duty accuses no one"
    ),
    "exceptions in capitals": Mutation(
        Law.HIDDEN, add("exceptions.csv", _exceptions), "they are the same accounts and devices"
    ),
}
