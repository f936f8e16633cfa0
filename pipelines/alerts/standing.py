"""Shows what is true now, who was told of it, and by which rule others were not."""

from typing import Any

from pipelines.state.alerts import answers, current_news, decisions, told_rows
from pipelines.state.database import Store


def standing(store: Store) -> list[dict[str, Any]]:
    """What is true now, newest first: one row a fact, with how often each rule held.

    The columns are those of the table, `answer` (the newest, or None), `told`
    (channels that were given it) and `decisions` (rule and times).
    """
    rows = current_news(store)
    newest = {row["about_id"]: row for row in answers(store)}
    told: dict[str, list[str]] = {}
    for row in told_rows(store):
        told.setdefault(row["news_id"], []).append(row["channel"])
    rules: dict[str, dict[str, int]] = {}
    for row in decisions(store):
        counts = rules.setdefault(row["news_id"], {})
        counts[row["rule"]] = counts.get(row["rule"], 0) + row["times"]
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
