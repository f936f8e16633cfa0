"""Shows what is true now, who was told of it, and by which rule others were not."""

from typing import Any

from sqlalchemy import select

from pipelines.alerts.memory import is_true
from pipelines.state.alert_tables import ANSWERS, DECISIONS, NEWS, TOLD
from pipelines.state.store import Store


def standing(store: Store) -> list[dict[str, Any]]:
    """What is true now, newest first: one row a fact, with how often each rule held.

    The columns are those of the table, `answer` (the newest, or None), `told`
    (channels that were given it) and `decisions` (rule and times).
    """
    with store.reading() as connection:
        query = select(NEWS).where(is_true())
        rows = [dict(row) for row in connection.execute(query).mappings()]
        newest = {
            row["about_id"]: dict(row)
            for row in connection.execute(
                select(ANSWERS).order_by(ANSWERS.c.answer_id)
            ).mappings()
        }
        told: dict[str, list[str]] = {}
        for row in connection.execute(select(TOLD)):
            told.setdefault(row.news_id, []).append(row.channel)
        rules: dict[str, dict[str, int]] = {}
        for row in connection.execute(select(DECISIONS)):
            counts = rules.setdefault(row.news_id, {})
            counts[row.rule] = counts.get(row.rule, 0) + row.times
    more = [
        {
            "answer": newest.get(row["news_id"]),
            "told": sorted(told.get(row["news_id"], ())),
            "decisions": rules.get(row["news_id"], {}),
        }
        for row in rows
    ]
    whole = [{**row, **extra} for row, extra in zip(rows, more, strict=True)]
    return sorted(whole, key=lambda row: (-row["step"], row["since_time"]))
