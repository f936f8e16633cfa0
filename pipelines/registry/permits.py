"""Consents and exceptions: who allowed what, and whether they could.

A consent counts only from its lawful grantor (see the policy), and nobody can
grant one to themselves. An exception ends within 180 days.
"""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from pipelines.registry.frames import conform
from pipelines.registry.reading import LINE, Rows, tell
from pipelines.settings.problems import Problem

LONGEST_EXCEPTION_DAYS = 180

_SUPERINTENDENT = ("superintendent",)
_DESIGNEE = (*_SUPERINTENDENT, "designee", "superintendent's designee")
_ADMINISTRATION = (
    *_DESIGNEE, "administration", "administrator", "principal", "assistant principal",
    "director", "technology director", "associate superintendent",
    "assistant superintendent",
)  # fmt: skip
_DISTRICT = (*_ADMINISTRATION, "district", "school board", "board")

LAWFUL: Mapping[str, Sequence[str]] = {
    "a": _SUPERINTENDENT,
    "b": _SUPERINTENDENT,
    "c": _DESIGNEE,
    "d": _ADMINISTRATION,
    "e": _ADMINISTRATION,
    "f": _DISTRICT,
    "g": (),
}
"""Consent type -> offices that may grant it; empty: the district decides."""


def consents(
    rows: Rows, people: pl.DataFrame | None = None, accounts: pl.DataFrame | None = None
) -> Rows:
    """Frame `consents`; what was not lawfully granted is set aside.

    Args:
        people: The roster, in which grantors are looked up, if there is one.
        accounts: Frame `accounts`: a consent to one's own account is one to oneself.
    """
    frame = rows.frame
    unlawful = pl.any_horizontal(
        (pl.col("type") == kind) & ~pl.col("grantor_role").is_in(offices)
        for kind, offices in LAWFUL.items()
        if offices
    )
    owners = _owners(accounts)
    to_self = _owner("grantor", owners) == _owner("subject", owners)
    good = frame.filter(~unlawful & ~to_self)
    problems = [
        *_unlawful(frame.filter(unlawful)),
        *tell(
            "consents.csv",
            "grantor",
            frame.filter(to_self).select(LINE, pl.col("grantor").alias("value")),
            what="grants to themselves",
            allowed="another person",
        ),
        *_offices(good, people),
    ]
    return Rows(conform("consents", good), (*rows.problems, *problems))


def _owners(accounts: pl.DataFrame | None) -> dict[str, str]:
    """Account -> the person who owns it, where that is one person."""
    if accounts is None:
        return {}
    named = accounts.select("account", pl.col("owner_person_id").str.to_lowercase())
    single = named.drop_nulls().unique().group_by("account").agg(pl.col.owner_person_id)
    return {name: people[0] for name, people in single.iter_rows() if len(people) == 1}


def _owner(column: str, owners: Mapping[str, str]) -> pl.Expr:
    return _person(column).replace(owners)


def _offices(frame: pl.DataFrame, people: pl.DataFrame | None) -> Iterator[Problem]:
    """Notices about grantors whom the roster knows in another office.

    The roster's words for offices are its own, so the row stands.
    """
    if people is None or people.is_empty():
        return
    titles = people.select(
        pl.col("person_id").str.to_lowercase().alias("_grantor"),
        pl.coalesce("job_title", "role").alias("value"),
    ).unique("_grantor", keep="last", maintain_order=True)
    known = frame.with_columns(_grantor=_person("grantor")).join(titles, on="_grantor")
    title = pl.col("value").str.to_lowercase()
    fits = title.str.contains(pl.col("grantor_role"), literal=True)
    yield from tell(
        "consents.csv",
        "grantor_role",
        known.filter(~fits & (pl.col("type") != "g")).select(LINE, "value"),
        what="is not the office in which the roster knows the grantor",
        allowed="the office that they held when they granted it",
        severity="notice",
    )


def _unlawful(frame: pl.DataFrame) -> Iterator[Problem]:
    for kind, offices in LAWFUL.items():
        wrong = frame.filter(pl.col("type") == kind)
        yield from tell(
            "consents.csv",
            "grantor_role",
            wrong.select(LINE, pl.col("grantor_role").alias("value")),
            what=f"may not grant a consent of type {kind}",
            allowed=", ".join(offices),
        )


def exceptions(rows: Rows) -> Rows:
    """Frame `exceptions`; too long, unnamed or self-approved ones are set aside."""
    faults = _exception_faults()
    problems: list[Problem] = []
    for (column, what), (fault, allowed) in faults.items():
        value = pl.col(column).cast(pl.String).alias("value")
        told = rows.frame.filter(fault).select(LINE, value)
        problems += tell("exceptions.csv", column, told, what=what, allowed=allowed)
    broken = pl.any_horizontal(fault for fault, _ in faults.values())
    good = rows.frame.filter(~broken)
    return Rows(conform("exceptions", good), (*rows.problems, *problems))


def _exception_faults() -> dict[tuple[str, str], tuple[pl.Expr, str]]:
    """Column and fault -> where it holds, and what is allowed."""
    days = (pl.col("valid_to") - pl.col("valid_from")).dt.total_days() + 1
    return {
        ("valid_to", "lies too far away"): (
            days > LONGEST_EXCEPTION_DAYS,
            f"at most {LONGEST_EXCEPTION_DAYS} days",
        ),
        ("value", "is empty"): (
            (pl.col("scope") != "rule") & pl.col("value").is_null(),
            "what is excepted",
        ),
        ("approver", "approves an exception for themselves"): (
            (_person("approver") == _person("value")).fill_null(value=False),
            "another person",
        ),
    }


def _person(column: str) -> pl.Expr:
    return pl.col(column).str.to_lowercase().str.strip_prefix("person:")
