"""Record of changed attribution after a rebuild of a day.

A lease that arrives late, or a changed registry, changes the user of a
line. The rows of a day are compared before and after; differences wait in
`main.attribution_changes` until `state.db` has them, because they cannot be derived
again. A first build of a day, and a new line, change nothing.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from pipelines.warehouse.database import OF_DAYS, Database

ATTRIBUTED = "core.http_requests"
"""The model whose rows are compared."""

CHANGES = "main.attribution_changes"
_TOLD = "event_id, source, device, account, attribution_grade as grade"


def remember(database: Database, days: Sequence[date | None]) -> bool:
    """Set the rows of some days aside; whether there are any."""
    if not database.has(ATTRIBUTED):
        return False
    made = database.rows(
        f"create or replace temp table believed as select event_date, {_TOLD}"
        f" from {ATTRIBUTED} where {OF_DAYS}",
        {"days": list(days)},
    )
    return bool(made[0][0])


def compare(database: Database) -> None:
    """Note what became of the rows that were set aside."""
    database.append(
        CHANGES,
        database.frame(
            f"""
            select
                believed.event_date,
                believed.source,
                believed.device as device_before,
                present.device as device_now,
                believed.account as account_before,
                present.account as account_now,
                believed.grade as grade_before,
                present.grade as grade_now,
                count(*) as request_count
            from believed
            inner join
                (select event_date, {_TOLD} from {ATTRIBUTED}) as present
                on
                    believed.event_date = present.event_date
                    and believed.event_id = present.event_id
            where
                believed.device is distinct from present.device
                or believed.account is distinct from present.account
                or believed.grade is distinct from present.grade
            group by all
            order by all
            """
        ),
    )
    database.rows("drop table believed")


def waiting(database: Database) -> pl.DataFrame:
    """Return the changes that are not in `state.db` yet."""
    if not database.has(CHANGES):
        return pl.DataFrame()
    return database.table(CHANGES)


def request_count(changes: pl.DataFrame) -> int:
    """Return requests that the changes are about."""
    return 0 if changes.is_empty() else int(changes["request_count"].sum())


def handed_over(database: Database) -> None:
    """Forget the changes that `state.db` has."""
    database.rows(f"delete from {CHANGES}")
