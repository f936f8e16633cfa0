"""Consents and exceptions: who allowed what, and whether they could.

A consent counts only from its lawful grantor (see the policy), and nobody can
grant one to themselves. An exception ends within 180 days.
"""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from pipelines.district.frames import conform
from pipelines.district.problems import Problem
from pipelines.district.reading import LINE, Rows, tell

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


def consents(rows: Rows) -> Rows:
    """Frame `consents`; what was not lawfully granted is set aside."""
    frame = rows.frame
    unlawful = pl.any_horizontal(
        (pl.col("type") == kind) & ~pl.col("grantor_role").is_in(offices)
        for kind, offices in LAWFUL.items()
        if offices
    )
    to_self = _person("grantor") == _person("subject")
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
    ]
    return Rows(conform("consents", good), (*rows.problems, *problems))


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
