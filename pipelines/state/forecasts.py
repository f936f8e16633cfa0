"""Expectations about cases: the log or list that would decide each, as a run noted it first."""

from collections.abc import Iterable

from sqlalchemy import insert, select

from pipelines.state.connections import Store, now_text
from pipelines.state.rows import ForecastRow
from pipelines.state.tables import FORECASTS


def add_forecasts(store: Store, rows: Iterable[tuple[str, str, str]]) -> None:
    """Note the remedy and the standing of cases that have no forecast yet.

    Args:
        rows: Id of the case, the remedy, and `waiting` or `lead`.
    """
    with store.writing() as connection:
        noted = set(connection.execute(select(FORECASTS.c.case_id)).scalars())
        names = ("case_id", "remedy", "standing")
        new = [dict(zip(names, row, strict=True)) for row in rows if row[0] not in noted]
        if new:
            time = now_text()
            connection.execute(insert(FORECASTS), [{**row, "expected_time": time} for row in new])


def forecasts(store: Store) -> list[ForecastRow]:
    """Return every forecast, the oldest first."""
    query = select(FORECASTS).order_by(FORECASTS.c.expected_time, FORECASTS.c.case_id)
    return store.rows(ForecastRow, query)
