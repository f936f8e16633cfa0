"""The roster as OneRoster exports it (CSV 1.1 and 1.2): people, roles, schools.

Version 1.1 keeps role and school in `users.csv`; version 1.2 in `roles.csv`, with
days. A password column is never kept. Names go apart from the frame. Several
rows of one person are its history: by their own days where the export has them
(`metadata.validFrom`), else by the day each was last changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from pipelines.registry.account_names import canonical
from pipelines.registry.csv_files import LINE, Cell, File, Rows, stripped, tell
from pipelines.settings.problems import Problem, nearest

_TEXT = Cell("")
_ID = Cell("", required=True)
USERS = File(
    "users.csv",
    {
        "sourcedId": _ID,
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
    "no account has a known owner: nothing is said about persons",
    is_open=True,
)
ROLES = File(
    "roles.csv",
    {
        "userSourcedId": _ID,
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


# What does not fit in a roster export, told with file, line, column and value.
#
# Nothing here sets a row aside: an export is made by another system, and one odd
# cell in it must not cost a person. What cannot be understood is taken as unknown.

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
"""What the standard allows in a cell; an empty one is allowed everywhere."""
EXTENSION = "ext:"
WHOLE = "bulk"
PARTIAL = "delta"

STAFF = [
    "administrator", "aide", "counselor", "districtadministrator", "principal",
    "proctor", "siteadministrator", "systemadministrator", "teacher",
]  # fmt: skip
STUDENT = ["student"]
OTHERS = ["guardian", "parent", "relative"]
GONE = ["tobedeleted", "inactive"]


def odd_cells(rows: Rows, file: str) -> Iterator[Problem]:
    """Words that the standard does not know, whatever their case."""
    for (name, column), words in WORDS.items():
        if name != file:
            continue
        lower = pl.col(column).str.to_lowercase()
        is_known = lower.is_in(words) | lower.str.starts_with(EXTENSION)
        bad = rows.frame.filter(~is_known.fill_null(value=True))
        yield from _notices(file, column, bad, "is not one of the words", words)


def unknown_roles(rows: Rows, file: str, known: Sequence[str]) -> Iterator[Problem]:
    """Roles of which nobody knows whether they are staff's."""
    is_known = role_key(pl.col("role")).is_in(known)
    bad = rows.frame.filter(~is_known.fill_null(value=file == ROLES.name))
    counted = bad.group_by("role", maintain_order=True).agg(pl.col(LINE).first(), rows=pl.len())
    for role, line, many in counted.iter_rows():
        told = f"({many:,} row{'' if many == 1 else 's'})"
        what = f"is no known role {told}: neither staff nor student"
        guess = nearest(role or "", known)
        words = ", ".join(known)
        allowed = f"did you mean {guess}? Known: {words}" if guess else words
        yield Problem(file, what, line, "role", role, allowed, "notice")


def role_key(role: pl.Expr) -> pl.Expr:
    """A role as it is looked up: small letters, nothing between its words."""
    return role.str.to_lowercase().str.replace_all(r"[_/ -]+", "")


def dangling(users: Rows, roles: Rows, orgs: Rows) -> Iterator[Problem]:
    """References to people and organizations that the export does not hold."""
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
            continue  # the file is missing, which is told once
        named = rows.filter(pl.col(column).str.len_chars() > 0)
        bad = named.filter(~pl.col(column).is_in(known))
        what = f"is no sourcedId of {target}"
        yield from _notices(file, column, bad, what, (f"a sourcedId of {target}",))


def partial(manifest: Rows, present: Sequence[str]) -> Iterator[Problem]:
    """Files of which the manifest says that only changes are in them, or that lack."""
    for line, name, value in manifest.frame.select(LINE, "propertyName", "value").iter_rows():
        file = f"{str(name).removeprefix('file.')}.csv"
        if file not in (USERS.name, ROLES.name, ORGS.name):
            continue
        mode = str(value).lower()
        if mode == PARTIAL:
            what = f"{file} holds changes only: whoever did not change is missing"
        elif mode == WHOLE and file not in present:
            what = f"{file} is said to be there and is not"
        else:
            continue
        allowed = f"an export of everything ({WHOLE})"
        yield Problem(MANIFEST.name, what, line, "value", value, allowed)


def _notices(
    file: str, column: str, bad: pl.DataFrame, what: str, allowed: Sequence[str]
) -> list[Problem]:
    told = bad.select(LINE, pl.col(column).alias("value"))
    words = ", ".join(allowed)
    return tell(file, column, told, what=what, allowed=words, severity="notice")


class Roster(NamedTuple):
    """What the roster says.

    Attributes:
        people: Frame `people`.
        logins: Account, e-mail and days of each person, for `accounts`.
        names: Person -> display name.
        problems: What is wrong in the files.
    """

    people: pl.DataFrame
    logins: pl.DataFrame
    names: Mapping[str, str]
    problems: tuple[Problem, ...]


def roster(users: Rows, roles: Rows, buildings: pl.DataFrame, domains: tuple[str, ...]) -> Roster:
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
            users,
            ("metadata.validFrom", "metadata.validTo", "dateLastModified"),
            USERS.name,
        ),
        *_unreadable_days(roles, ("beginDate", "endDate"), ROLES.name),
    )
    return Roster(people, _logins(base), names, problems)


def day(text: pl.Expr) -> pl.Expr:
    """The day of an ISO date or stamp; null for any other spelling."""
    iso = text.str.extract(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T.*)?$", 1)
    return iso.str.to_date("%Y-%m-%d", strict=False)


def _people(users: pl.DataFrame, domains: tuple[str, ...]) -> pl.DataFrame:
    given = pl.coalesce("preferredGivenName", "givenName")
    name = pl.concat_str([given, "familyName"], separator=" ", ignore_nulls=True)
    return users.select(
        LINE,
        pl.col("sourcedId").alias("person_id"),
        "role",
        pl.col("metadata.jobTitle").str.to_lowercase().alias("job_title"),
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
    """Version 1.1: the role stands with the user, the last change is its first day."""
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
    """Version 1.2: roles with days; the primary ones where a person has any."""
    is_primary = pl.col("roleType").str.to_lowercase() == "primary"
    kept = roles.filter(~_is_one_of(pl.col("status"), GONE)).select(
        pl.col("userSourcedId").alias("person_id"),
        "role",
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
        org_id=pl.coalesce("role_org", "org_id"),
        valid_to=pl.min_horizontal("valid_to", left),
    )


def _without_overlap(rows: pl.DataFrame) -> pl.DataFrame:
    """At most one row a person and day: a later first day ends the row before."""
    ordered = rows.sort("person_id", "valid_from", LINE, nulls_last=False)
    once = ordered.unique(["person_id", "valid_from"], keep="last", maintain_order=True)
    following = pl.col("valid_from").shift(-1).over("person_id")
    end = pl.min_horizontal("valid_to", following - pl.duration(days=1))
    role = role_key(pl.col("role"))
    is_known = role.is_in([*STAFF, *STUDENT, *OTHERS])
    return once.with_columns(
        valid_to=end,
        is_staff=pl.when(is_known).then(role.is_in(STAFF)),
        is_student=pl.when(is_known).then(role.is_in(STUDENT)),
    ).filter((pl.col("valid_to") >= pl.col("valid_from")).fill_null(value=True))


def _codes(text: pl.Expr) -> pl.Expr:
    """The parts of a comma list; null for an empty one."""
    parts = text.str.split(",").list.eval(stripped(pl.element()).drop_nulls())
    return pl.when(parts.list.len() > 0).then(parts)


def _is_one_of(text: pl.Expr, words: list[str]) -> pl.Expr:
    return text.str.to_lowercase().is_in(words).fill_null(value=False)


def _strange_roles(users: Rows, roles: Rows) -> list[Problem]:
    """In version 1.2 the roles stand in a file of their own."""
    known = [*STAFF, *STUDENT, *OTHERS]
    told = (roles, ROLES.name) if roles.frame.height else (users, USERS.name)
    return list(unknown_roles(*told, known))


def _unreadable_days(rows: Rows, names: tuple[str, ...], file: str) -> list[Problem]:
    problems: list[Problem] = []
    for name in names:
        bad = rows.frame.filter(pl.col(name).is_not_null() & day(pl.col(name)).is_null())
        problems += tell(
            file,
            name,
            bad.select(LINE, pl.col(name).alias("value")),
            what="is no ISO day; it is taken as unknown",
            allowed="a day such as 2026-08-24",
            severity="notice",
        )
    return problems


def of_organisations(places: pl.DataFrame, orgs: Rows) -> pl.DataFrame:
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


class Pupils(NamedTuple):
    """The accounts and the persons that are students'."""

    accounts: frozenset[str]
    persons: frozenset[str]


def pupils(people: pl.DataFrame, accounts: pl.DataFrame, first: date, last: date) -> Pupils:
    """Students from `first` to `last`, both included.

    Args:
        people: The registry's frame of people.
        accounts: The registry's frame of accounts.
    """
    is_pupil = pl.col("is_student").fill_null(value=False)
    persons = _all_of(people, "person_id", is_pupil, first, last)
    is_theirs = (
        (pl.col("account_type") == "person")
        & ~pl.col("approved_shared").fill_null(value=False)
        & pl.col("owner_person_id").is_in(list(persons))
    ).fill_null(value=False)
    return Pupils(_all_of(accounts, "account", is_theirs, first, last), persons)


def _all_of(
    rows: pl.DataFrame, key: str, holds: pl.Expr, first: date, last: date
) -> frozenset[str]:
    """The keys of which every row of those days holds; else the row that ended last."""
    until = pl.col("valid_to").fill_null(date.max)
    since = pl.col("valid_from").fill_null(date.min)
    dated = rows.with_columns(
        holds=holds, until=until, is_of_days=(since <= last) & (until >= first)
    )
    is_last = pl.col("until") == pl.col("until").max().over(key)
    counted = pl.col("is_of_days") | (~pl.col("is_of_days").any().over(key) & is_last)
    kept = dated.filter(counted).group_by(key).agg(pl.col("holds").all())
    return frozenset(kept.filter("holds")[key].to_list())
