"""Takes findings out of the state for good, with all that was kept of them."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, select

from pipelines.state.review_schema import ASSIGNMENTS, CASE_FINDINGS, CASES
from pipelines.state.schema import METADATA

AT_ONCE = 500


def remove(connection: Connection, finding_ids: Collection[str]) -> None:
    """Delete findings, their lines, history and reviews, and cases left empty."""
    ids = sorted(finding_ids)
    _delete(connection, "finding_id", ids)
    _unassign(connection, ids)
    held = select(CASE_FINDINGS.c.case_id)
    query = select(CASES.c.case_id).where(CASES.c.case_id.not_in(held))
    empty = list(connection.execute(query).scalars())
    _delete(connection, "case_id", empty)
    _unassign(connection, empty)


def _delete(connection: Connection, column: str, ids: Sequence[str]) -> None:
    """From every table that has such a column, those that refer to others first."""
    tables = [one for one in reversed(METADATA.sorted_tables) if column in one.c]
    for table in tables:
        if table.name == "holds":
            continue  # a hold tells for which case it was, also when that is gone
        for first in range(0, len(ids), AT_ONCE):
            part = ids[first : first + AT_ONCE]
            connection.execute(delete(table).where(table.c[column].in_(part)))


def _unassign(connection: Connection, ids: Sequence[str]) -> None:
    for first in range(0, len(ids), AT_ONCE):
        part = ASSIGNMENTS.c.subject_id.in_(ids[first : first + AT_ONCE])
        connection.execute(delete(ASSIGNMENTS).where(part))
