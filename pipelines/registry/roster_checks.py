"""What does not fit in a roster export, told with file, line, column and value.

Nothing here sets a row aside: an export is made by another system, and one odd
cell in it must not cost a person. What can not be understood is taken as unknown.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from pipelines.registry.oneroster import MANIFEST, ORGS, ROLES, USERS
from pipelines.registry.reading import LINE, Rows, tell
from pipelines.settings.problems import Problem

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
    is_known = pl.col("role").str.to_lowercase().is_in(known)
    bad = rows.frame.filter(~is_known.fill_null(value=file == ROLES.name))
    what = "is no known role: neither staff nor student"
    yield from _notices(file, "role", bad, what, known)


def dangling(users: Rows, roles: Rows, orgs: Rows) -> Iterator[Problem]:
    """References to people and organisations that the export does not hold."""
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
    for line, name, value in manifest.frame.select(
        LINE, "propertyName", "value"
    ).iter_rows():
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
