"""Who is a student: by the roster, in a school year, and nothing else at the time."""

from datetime import date

import polars as pl

from pipelines.registry.frames import FRAMES
from pipelines.registry.roster import students
from pipelines.registry.table import conform

FIRST, LAST = date(2026, 8, 1), date(2027, 7, 31)


def people(*rows):
    """Person, whether a student, first and last day."""
    names = ("person_id", "is_student", "valid_from", "valid_to")
    return conform(FRAMES["people"], pl.DataFrame(rows, schema=names, orient="row"))


def accounts(*rows):
    """Return account, kind, owner, first and last day."""
    names = ("account", "account_type", "owner_person_id", "valid_from", "valid_to")
    return conform(FRAMES["accounts"], pl.DataFrame(rows, schema=names, orient="row"))


def test_students_and_nobody_else():
    who = people(
        ("p-student", True, None, None),
        ("p-teacher", False, None, None),
        ("p-both", True, None, None),
        ("p-both", False, None, None),
        ("p-left", True, None, date(2025, 6, 5)),
        ("p-was-aide", False, date(2024, 8, 1), date(2025, 6, 5)),
        ("p-was-aide", True, date(2025, 8, 1), None),
    )
    whose = accounts(
        ("pupil", "person", "p-student", None, None),
        ("teacher", "person", "p-teacher", None, None),
        ("both", "person", "p-both", None, None),
        ("left", "person", "p-left", None, date(2025, 6, 5)),
        ("was-aide", "person", "p-was-aide", None, None),
        ("re-used", "person", "p-student", None, date(2026, 12, 31)),
        ("re-used", "person", "p-teacher", date(2027, 1, 1), None),
        ("earlier", "person", "p-teacher", None, date(2026, 6, 30)),
        ("earlier", "person", "p-student", date(2026, 8, 15), None),
        ("lab", "role_shared", "p-student", None, None),
        ("nobody", "person", None, None, None),
        ("stranger", "person", "p-none", None, None),
    )
    found = students(who, whose, FIRST, LAST)
    assert found.persons == {"p-student", "p-left", "p-was-aide"}
    assert found.accounts == {"pupil", "left", "was-aide", "earlier"}


def test_without_a_roster_nobody_is():
    found = students(people(), accounts(("a", "person", "p-1", None, None)), FIRST, LAST)
    assert not found.accounts
    assert not found.persons
