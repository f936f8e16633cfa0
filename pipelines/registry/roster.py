"""The roster as OneRoster exports it (CSV 1.1 and 1.2): people, roles, schools.

Version 1.1 keeps role and school in `users.csv`; version 1.2 in `roles.csv`, with
days. A password column is never kept. Names are separate from the frame. Several
rows of one person are its history: by their own days if the export has them
(`metadata.validFrom`), otherwise by the day of each last change.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from pipelines.registry.account_names import canonical
from pipelines.registry.canonical import mapped, role
from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, stripped, tell
from pipelines.settings.problems import Problem, nearest

_TEXT = Cell("")
_ID = Cell("", required=True)
_PERSON = Cell("", "person", required=True)
USERS = File(
    "users.csv",
    {
        "sourcedId": _PERSON,
        **dict.fromkeys(
            (
                "status",
                "dateLastModified",
                "enabledUser",
                "orgSourcedIds",
                "primaryOrgSourcedId",
                "role",
                "username",
                "givenName",
                "familyName",
                "preferredGivenName",
                "email",
                "identifier",
                "grades",
                "metadata.jobTitle",
                "metadata.validFrom",
                "metadata.validTo",
            ),
            _TEXT,
        ),
    },
    "no account has a known owner: findings do not name persons",
    is_open=True,
)
ROLES = File(
    "roles.csv",
    {
        "userSourcedId": _PERSON,
        "role": _ID,
        **dict.fromkeys(("status", "roleType", "orgSourcedId", "beginDate", "endDate"), _TEXT),
    },
    "",
    is_open=True,
)
MANIFEST = File("manifest.csv", {"propertyName": _ID, "value": _TEXT}, "", is_open=True)
ORGS = File(
    "orgs.csv",
    {
        "sourcedId": _ID,
        **dict.fromkeys(("status", "name", "type", "identifier", "parentSourcedId"), _TEXT),
    },
    "people have no building",
    is_open=True,
)


# Contradictions of a roster export, reported with file, line, column and value.
#
# Nothing here rejects a row: an export is made by another system, and one odd cell in it must not
# cost a person. Unclear values are read as unknown.

WORDS = {
    (USERS.name, "status"): ("active", "tobedeleted", "inactive"),
    (USERS.name, "enabledUser"): ("true", "false", "1", "0"),
    (ROLES.name, "status"): ("active", "tobedeleted", "inactive"),
    (ROLES.name, "roleType"): ("primary", "secondary"),
    (ORGS.name, "status"): ("active", "tobedeleted", "inactive"),
    (ORGS.name, "type"): (
        "department", "school", "district", "local", "state", "national",
    ),
}  # fmt: skip
"""Values that the standard allows in a cell; an empty one is always allowed."""
EXTENSION = "ext:"
WHOLE = "bulk"
PARTIAL = "delta"

STAFF = [
    "administrator", "aide", "counselor", "districtadministrator", "principal",
    "proctor", "siteadministrator", "systemadministrator", "teacher",
]  # fmt: skip
STUDENT = ["student"]
OTHERS = ["guardian", "parent", "relative"]
ROLE_WORDS = tuple(role(word) for word in (*STAFF, *STUDENT, *OTHERS))
"""The standard's roles, in their one spelling."""
GONE = ["tobedeleted", "inactive"]


def odd_cells(rows: RegistryFrame, file: str) -> Iterator[Problem]:
    """Yield words that the standard does not know, whatever their case."""
    for (name, column), words in WORDS.items():
        if name != file or rows.frame.is_empty():
            continue
        lower = pl.col(column).str.to_lowercase()
        is_known = lower.is_in(words) | lower.str.starts_with(EXTENSION)
        bad = rows.frame.filter(~is_known.fill_null(value=True))
        yield from _notices(file, column, bad, "is not one of the words", words)


def unknown_roles(rows: RegistryFrame, file: str, known: Sequence[str]) -> Iterator[Problem]:
    """Yield roles that are neither known staff nor known student roles."""
    is_known = role_key(pl.col("role")).is_in(known)
    bad = rows.frame.filter(~is_known.fill_null(value=file == ROLES.name))
    counted = bad.group_by("role", maintain_order=True).agg(pl.col(LINE).first(), rows=pl.len())
    for word, line, many in counted.iter_rows():
        told = f"({many:,} row{'' if many == 1 else 's'})"
        what = f"is not a known role {told}: neither staff nor student"
        guess = nearest(word or "", known)
        words = ", ".join(known)
        allowed = f"did you mean {guess}? Known: {words}" if guess else words
        yield Problem(file, what, line, "role", word, allowed, "notice")


def role_key(written: pl.Expr) -> pl.Expr:
    """Return a role as used for lookups: its one spelling, nothing between its words."""
    return mapped(written, role).str.replace_all(r"[/ ]+", "")


def dangling(users: RegistryFrame, roles: RegistryFrame, orgs: RegistryFrame) -> Iterator[Problem]:
    """Yield references to people and organizations that the export lacks."""
    people = users.frame["sourcedId"].to_list()
    places = orgs.frame["sourcedId"].to_list()
    several = users.frame.select(
        LINE, orgSourcedIds=pl.col("orgSourcedIds").str.split(",")
    ).explode("orgSourcedIds")
    every = several.with_columns(pl.col("orgSourcedIds").str.strip_chars())
    references = (
        (USERS.name, "primaryOrgSourcedId", users.frame, ORGS.name, places),
        (USERS.name, "orgSourcedIds", every, ORGS.name, places),
        (ROLES.name, "orgSourcedId", roles.frame, ORGS.name, places),
        (ROLES.name, "userSourcedId", roles.frame, USERS.name, people),
    )
    for file, column, rows, target, known in references:
        if not known:
            continue  # the file is missing, which is reported once
        named = rows.filter(pl.col(column).str.len_chars() > 0)
        bad = named.filter(~pl.col(column).is_in(known))
        what = f"is not a sourcedId of {target}"
        yield from _notices(file, column, bad, what, (f"a sourcedId of {target}",))


def partial(manifest: RegistryFrame, present: Sequence[str]) -> Iterator[Problem]:
    """Yield files that contain only changes, or are missing, per the manifest."""
    for line, name, value in manifest.frame.select(LINE, "propertyName", "value").iter_rows():
        file = f"{str(name).removeprefix('file.')}.csv"
        if file not in (USERS.name, ROLES.name, ORGS.name):
            continue
        mode = str(value).lower()
        if mode == PARTIAL:
            what = f"{file} contains changes only: people without a change are missing"
        elif mode == WHOLE and file not in present:
            what = f"{file} is listed in the manifest and is missing"
        else:
            continue
        allowed = f"an export of everything ({WHOLE})"
        yield Problem(MANIFEST.name, what, line, "value", value, allowed)


def _notices(
    file: str, column: str, bad: pl.DataFrame, what: str, allowed: Sequence[str]
) -> list[Problem]:
    if bad.is_empty():
        return []
    told = bad.select(LINE, pl.col(column).alias("value"))
    words = ", ".join(allowed)
    return tell(file, column, told, what=what, allowed=words, severity="notice")


class Roster(NamedTuple):
    """Content of the roster.

    Attributes:
        people: Frame `people`.
        logins: Account, e-mail and days of each person, for `accounts`.
        names: Person -> display name.
        problems: Problems of the files.
    """

    people: pl.DataFrame
    logins: pl.DataFrame
    names: Mapping[str, str]
    problems: tuple[Problem, ...]


def roster(
    users: RegistryFrame, roles: RegistryFrame, buildings: pl.DataFrame, domains: tuple[str, ...]
) -> Roster:
    """Put users, roles and buildings together.

    Args:
        users: Of `users.csv`.
        roles: Of `roles.csv`; empty for version 1.1.
        buildings: `org_id` and `building` of every school that has one.
        domains: Domains of the district's accounts.
    """
    base = _people(users.frame, domains)
    held = _held(base, roles.frame) if roles.frame.height else _own(base)
    placed = held.join(buildings, on="org_id", how="left", maintain_order="left", validate="m:1")
    people = _without_overlap(placed)
    named = base.drop_nulls("name").unique("person_id", keep="last")
    names = dict(named.select("person_id", "name").iter_rows())
    problems = (
        *users.problems,
        *roles.problems,
        *_strange_roles(users, roles),
        *_unreadable_days(
            users, ("metadata.validFrom", "metadata.validTo", "dateLastModified"), USERS.name
        ),
        *_unreadable_days(roles, ("beginDate", "endDate"), ROLES.name),
    )
    return Roster(people, _logins(base), names, problems)


def day(text: pl.Expr) -> pl.Expr:
    """Return the day of an ISO date or stamp; null for any other spelling."""
    iso = text.str.extract(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T.*)?$", 1)
    return iso.str.to_date("%Y-%m-%d", strict=False)


def _people(users: pl.DataFrame, domains: tuple[str, ...]) -> pl.DataFrame:
    given = pl.coalesce("preferredGivenName", "givenName")
    name = pl.concat_str([given, "familyName"], separator=" ", ignore_nulls=True)
    return users.select(
        LINE,
        pl.col("sourcedId").alias("person_id"),
        mapped(pl.col("role"), role).alias("role"),
        mapped(pl.col("metadata.jobTitle"), role).alias("job_title"),
        _codes(pl.col("grades")).list.join("|").alias("grade"),
        canonical(pl.col("username"), domains).alias("username"),
        canonical(pl.col("email"), domains).alias("email"),
        pl.when(name != "").then(name).alias("name"),
        pl.coalesce("primaryOrgSourcedId", _codes(pl.col("orgSourcedIds")).list.first()).alias(
            "org_id"
        ),
        _is_one_of(pl.col("status"), GONE).alias("is_gone"),
        _is_one_of(pl.col("enabledUser"), ["false", "0"]).alias("is_disabled"),
        day(pl.col("dateLastModified")).alias("modified"),
        day(pl.col("metadata.validFrom")).alias("told_from"),
        day(pl.col("metadata.validTo")).alias("told_to"),
    )


def _logins(base: pl.DataFrame) -> pl.DataFrame:
    """`account`, `email`, `owner_person_id` and last day of each roster account."""
    is_closed = pl.col("is_gone") | pl.col("is_disabled")
    return (
        base.sort("modified", LINE, nulls_last=False)
        .unique(["username", "person_id"], keep="last", maintain_order=True)
        .drop_nulls("username")
        .select(
            LINE,
            pl.col("username").alias("account"),
            "email",
            pl.col("person_id").alias("owner_person_id"),
            valid_to=pl.when(is_closed).then("modified"),
        )
    )


def _own(base: pl.DataFrame) -> pl.DataFrame:
    """Read version 1.1: the role is in the user's row, its first day is the last change."""
    ordered = base.sort("person_id", "modified", LINE, nulls_last=False)
    is_first = pl.col("person_id").is_first_distinct()
    following = pl.col("modified").shift(-1).over("person_id")
    is_told = pl.col("told_from").is_not_null() | pl.col("told_to").is_not_null()
    since = pl.when(~is_first).then("modified")
    until = pl.coalesce(following - pl.duration(days=1), pl.when("is_gone").then("modified"))
    return ordered.with_columns(
        valid_from=pl.when(is_told).then("told_from").otherwise(since),
        valid_to=pl.when(is_told).then("told_to").otherwise(until),
    )


def _held(base: pl.DataFrame, roles: pl.DataFrame) -> pl.DataFrame:
    """Return version 1.2: roles with days; the primary ones where a person has any."""
    is_primary = pl.col("roleType").str.to_lowercase() == "primary"
    kept = roles.filter(~_is_one_of(pl.col("status"), GONE)).select(
        pl.col("userSourcedId").alias("person_id"),
        mapped(pl.col("role"), role).alias("role"),
        pl.col("orgSourcedId").alias("role_org"),
        day(pl.col("beginDate")).alias("valid_from"),
        day(pl.col("endDate")).alias("valid_to"),
        is_primary.fill_null(value=False).alias("is_primary"),
    )
    chosen = kept.filter(pl.col("is_primary") | ~pl.col("is_primary").any().over("person_id"))
    people = base.unique("person_id", keep="last", maintain_order=True).drop("role")
    left = pl.when("is_gone").then("modified")
    return people.join(
        chosen, on="person_id", how="left", maintain_order="left_right"
    ).with_columns(
        org_id=pl.coalesce("role_org", "org_id"), valid_to=pl.min_horizontal("valid_to", left)
    )


def _without_overlap(rows: pl.DataFrame) -> pl.DataFrame:
    """Return at most one row per person and day: a later first day ends the row before."""
    ordered = rows.sort("person_id", "valid_from", LINE, nulls_last=False)
    once = ordered.unique(["person_id", "valid_from"], keep="last", maintain_order=True)
    following = pl.col("valid_from").shift(-1).over("person_id")
    end = pl.min_horizontal("valid_to", following - pl.duration(days=1))
    key = role_key(pl.col("role"))
    is_known = key.is_in([*STAFF, *STUDENT, *OTHERS])
    return once.with_columns(
        valid_to=end,
        is_staff=pl.when(is_known).then(key.is_in(STAFF)),
        is_student=pl.when(is_known).then(key.is_in(STUDENT)),
    ).filter((pl.col("valid_to") >= pl.col("valid_from")).fill_null(value=True))


def _codes(text: pl.Expr) -> pl.Expr:
    """Return the parts of a comma list; null for an empty one."""
    parts = text.str.split(",").list.eval(stripped(pl.element()).drop_nulls())
    return pl.when(parts.list.len() > 0).then(parts)


def _is_one_of(text: pl.Expr, words: list[str]) -> pl.Expr:
    return text.str.to_lowercase().is_in(words).fill_null(value=False)


def _strange_roles(users: RegistryFrame, roles: RegistryFrame) -> list[Problem]:
    """Report unknown roles; version 1.2 has them in a separate file."""
    known = [*STAFF, *STUDENT, *OTHERS]
    told = (roles, ROLES.name) if roles.frame.height else (users, USERS.name)
    return list(unknown_roles(*told, known))


def _unreadable_days(rows: RegistryFrame, names: tuple[str, ...], file: str) -> list[Problem]:
    problems: list[Problem] = []
    for name in names:
        bad = rows.frame.filter(pl.col(name).is_not_null() & day(pl.col(name)).is_null())
        problems += tell(
            file,
            name,
            bad.select(LINE, pl.col(name).alias("value")),
            what="is not an ISO date; it is read as unknown",
            allowed="a day such as 2026-08-24",
            severity="notice",
        )
    return problems


def of_organisations(places: pl.DataFrame, orgs: RegistryFrame) -> pl.DataFrame:
    """`org_id` -> `building`; a department lies where its school does."""
    known = places.drop_nulls("org_id").unique("org_id").select("org_id", "building")
    parents = orgs.frame.drop_nulls("parentSourcedId").select(
        org_id="sourcedId", parent="parentSourcedId"
    )
    inherited = (
        parents.unique("org_id")
        .join(known, on="org_id", how="anti")
        .join(known.rename({"org_id": "parent"}), on="parent")
        .select("org_id", "building")
    )
    return pl.concat([known, inherited])


class Students(NamedTuple):
    """The accounts and the persons that are students'."""

    accounts: frozenset[str]
    persons: frozenset[str]


def students(people: pl.DataFrame, accounts: pl.DataFrame, first: date, last: date) -> Students:
    """Return students from `first` to `last`, both included.

    Args:
        people: The registry's frame of people.
        accounts: The registry's frame of accounts.
    """
    is_student = pl.col("is_student").fill_null(value=False)
    persons = _all_of(people, "person_id", is_student, first, last)
    is_theirs = (
        (pl.col("account_type") == "person")
        & ~pl.col("approved_shared").fill_null(value=False)
        & pl.col("owner_person_id").is_in(list(persons))
    ).fill_null(value=False)
    return Students(_all_of(accounts, "account", is_theirs, first, last), persons)


def _all_of(
    rows: pl.DataFrame, key: str, holds: pl.Expr, first: date, last: date
) -> frozenset[str]:
    """Return the keys that hold for every row of those days, or for the row that ended last."""
    until = pl.col("valid_to").fill_null(date.max)
    since = pl.col("valid_from").fill_null(date.min)
    dated = rows.with_columns(
        holds=holds, until=until, is_of_days=(since <= last) & (until >= first)
    )
    is_last = pl.col("until") == pl.col("until").max().over(key)
    counted = pl.col("is_of_days") | (~pl.col("is_of_days").any().over(key) & is_last)
    kept = dated.filter(counted).group_by(key).agg(pl.col("holds").all())
    return frozenset(kept.filter("holds")[key].to_list())
