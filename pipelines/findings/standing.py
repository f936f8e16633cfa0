"""Which findings are decided, and what later data do to them and to the others."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from pipelines.findings.history import note
from pipelines.state.review_schema import REVIEWS, UNSUPPORTED
from pipelines.state.schema import FINDINGS
from pipelines.state.store import Store, now_text

EXPLAINED = "explained"
CONFIRMED = "confirmed"
WITHDRAWN = "withdrawn"
HIDDEN_BY = "exception "
PERMITTED_BY = "consent "
"""How the reason of a finding begins that an exception hides, or a consent allows."""


def verdicts(connection: Connection) -> frozenset[str]:
    """Findings that a reviewer decided, whatever the verdict was."""
    return frozenset(connection.execute(select(REVIEWS.c.finding_id)).scalars())


def last_verdicts(store: Store) -> dict[str, dict[str, Any]]:
    """The verdict that counts for each decided finding: the last one given."""
    query = select(REVIEWS).order_by(REVIEWS.c.review_id)
    with store.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return {row["finding_id"]: dict(row) for row in rows}


def noted(connection: Connection) -> frozenset[str]:
    """Decided findings that the data did not show when they were last judged."""
    return frozenset(connection.execute(select(UNSUPPORTED.c.finding_id)).scalars())


def is_decided(row: Mapping[str, Any], decided: frozenset[str]) -> bool:
    """Whether a person settled it; an exception or a consent is no decision."""
    if row["finding_id"] in decided:
        return True
    reason = str(row["status_reason"] or "")
    is_hidden = reason.startswith((HIDDEN_BY, PERMITTED_BY))
    return row["status"] in (EXPLAINED, CONFIRMED) and not is_hidden


def why(because: tuple[str, ...]) -> str:
    """What opened a day again, for the history."""
    if because:
        return f"changed since: {', '.join(because)}"
    return "later log lines, or a rule that changed"


def withdraw(
    connection: Connection, row: Mapping[str, Any], because: tuple[str, ...]
) -> None:
    """Take back a finding that nobody has decided."""
    reason = "later data or registry rows no longer show it"
    if because:
        reason += f"; {why(because)}"
    _set(connection, row["finding_id"], status=WITHDRAWN, status_reason=reason)
    note(connection, row, "withdrawn", reason)


def unsupported(
    connection: Connection, row: Mapping[str, Any], because: tuple[str, ...]
) -> None:
    """A decision stands; that the data changed under it is said beside it."""
    reason = f"the present data no longer show it ({why(because)})"
    said = f"{row['status_reason'] or row['status']}; {reason}"
    _set(connection, row["finding_id"], status_reason=said)
    values = {"since_time": now_text(), "reason": reason}
    connection.execute(
        insert(UNSUPPORTED).values(finding_id=row["finding_id"], **values)
    )
    note(connection, row, "no longer shown", reason)


def supported(
    connection: Connection, row: Mapping[str, Any], because: tuple[str, ...]
) -> None:
    """A decided finding is shown again: the note goes, the decision stands."""
    here = UNSUPPORTED.c.finding_id == row["finding_id"]
    query = select(UNSUPPORTED.c.reason).where(here)
    suffix = f"; {connection.execute(query).scalar_one()}"
    said = str(row["status_reason"]).removesuffix(suffix)
    _set(connection, row["finding_id"], status_reason=said)
    connection.execute(delete(UNSUPPORTED).where(here))
    note(connection, row, "shown again", why(because))


def _set(connection: Connection, finding_id: str, **values: str) -> None:
    connection.execute(
        update(FINDINGS)
        .where(FINDINGS.c.finding_id == finding_id)
        .values(updated_time=now_text(), **values)
    )
