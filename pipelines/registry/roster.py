"""The roster as OneRoster exports it (CSV 1.1 and 1.2): people, roles, schools.

Version 1.1 keeps role and school in `users.csv`; version 1.2 in `roles.csv`, with
days. A password column is never kept. Names go apart from the frame. Several
rows of one person are its history: by their own days where the export has them
(`metadata.validFrom`), else by the day each was last changed.
"""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from pipelines.registry.accounts import canonical
from pipelines.registry.cells import stripped
from pipelines.registry.frames import conform
from pipelines.registry.oneroster import ROLES, USERS
from pipelines.registry.reading import LINE, Rows, tell
from pipelines.registry.roster_checks import unknown_roles
from pipelines.settings.problems import Problem

STAFF = [
    "administrator", "aide", "counselor", "districtadministrator", "principal",
    "proctor", "siteadministrator", "systemadministrator", "teacher",
]  # fmt: skip
STUDENT = ["student"]
OTHERS = ["guardian", "parent", "relative"]
GONE = ["tobedeleted", "inactive"]


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


def roster(
    users: Rows, roles: Rows, buildings: pl.DataFrame, domains: tuple[str, ...]
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
    placed = held.join(
        buildings, on="org_id", how="left", maintain_order="left", validate="m:1"
    )
    people = conform("people", _without_overlap(placed))
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
        pl.coalesce(
            "primaryOrgSourcedId", _codes(pl.col("orgSourcedIds")).list.first()
        ).alias("org_id"),
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
    until = pl.coalesce(
        following - pl.duration(days=1), pl.when("is_gone").then("modified")
    )
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
    chosen = kept.filter(
        pl.col("is_primary") | ~pl.col("is_primary").any().over("person_id")
    )
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
    role = pl.col("role").str.to_lowercase()
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
        bad = rows.frame.filter(
            pl.col(name).is_not_null() & day(pl.col(name)).is_null()
        )
        problems += tell(
            file,
            name,
            bad.select(LINE, pl.col(name).alias("value")),
            what="is no ISO day; it is taken as unknown",
            allowed="a day such as 2026-08-24",
            severity="notice",
        )
    return problems
