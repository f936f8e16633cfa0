"""Keeps what is news, who was told of it, and what was decided of it."""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from pipelines.alerts.deciding import Answer, Decision, Memory, Told
from pipelines.alerts.newcomers import FIRST
from pipelines.alerts.news import News
from pipelines.state.alert_tables import ANSWERS, DECISIONS, NEWS, TOLD
from pipelines.state.store import Store, now_text

CALM = timedelta(hours=4)
"""What ended and begins anew after so long is told anew; sooner it is the same."""


@dataclass(frozen=True)
class Noticed:
    """What one look found to be true.

    Attributes:
        looked: Beginnings of the keys that it looked at: only of those it knows that
            what it did not find has ended.
    """

    news: Sequence[News]
    looked: tuple[str, ...]


def take_news(store: Store, noticed: Noticed, now: datetime) -> dict[str, str]:
    """Note what is true now, and what no longer is; the ids by key."""
    with store.writing() as connection:
        rows = connection.execute(
            select(NEWS.c.key, NEWS.c.news_id, NEWS.c.about, NEWS.c.ended_time)
        )
        known = {row.key: row for row in rows}
        ids = {key: row.news_id for key, row in known.items()}
        for one in noticed.news:
            if one.key in known:
                _begin_anew(connection, known[one.key], now)
            ids.setdefault(one.key, "n-" + secrets.token_hex(4))
        _put(connection, noticed.news, ids, known.keys(), now_text(now))
        true = {one.key for one in noticed.news}
        gone = [
            {"its_key": key}
            for key, row in known.items()
            if row.ended_time is None
            and key not in true
            and key.startswith(noticed.looked)
        ]
        if gone:
            ended = _UPDATE.values(ended_time=now_text(now))
            connection.execute(ended, gone)
    return ids


_UPDATE = update(NEWS).where(NEWS.c.key == bindparam("its_key"))


def _put(
    connection: Connection,
    news: Iterable[News],
    ids: Mapping[str, str],
    known: Collection[str],
    stamp: str,
) -> None:
    """Write the facts, the new ones and those that are known."""
    new, old = [], []
    for one in {one.key: one for one in news}.values():
        values = _values(one) | {"last_time": stamp, "ended_time": None}
        if one.key in known:
            old.append(values | {"its_key": one.key})
        else:
            more = {"news_id": ids[one.key], "key": one.key, "first_time": stamp}
            new.append(values | more)
    if new:
        connection.execute(insert(NEWS), new)
    if old:
        names = [name for name in old[0] if name != "its_key"]
        columns: dict[str, Any] = {name: bindparam(name) for name in names}
        connection.execute(_UPDATE.values(columns), old)


def _begin_anew(connection: Connection, row: Any, now: datetime) -> None:
    """What was calm for long is told anew; a finding that comes back is not."""
    if row.ended_time is None or row.about != "health":
        return
    if now - _time(row.ended_time) < CALM:
        return
    connection.execute(delete(TOLD).where(TOLD.c.news_id == row.news_id))
    connection.execute(
        delete(ANSWERS).where(
            ANSWERS.c.about_id == row.news_id, ANSWERS.c.kind == "ack"
        )
    )


def is_true() -> ColumnElement[bool]:
    """Facts that have not ended."""
    return NEWS.c.ended_time.is_(None)


def _values(one: News) -> dict[str, Any]:
    return {
        "about": one.about,
        "severity": one.severity,
        "confidence": one.confidence,
        "step": one.step,
        "line": one.line,
        "reference": one.reference,
        "since_time": now_text(one.since),
    }


def remembered(store: Store) -> Memory:
    """What earlier runs told and people answered, by the key of the fact."""
    with store.reading() as connection:
        named = connection.execute(select(NEWS.c.news_id, NEWS.c.key))
        keys = {row.news_id: row.key for row in named}
        told = {
            (keys[row.news_id], row.channel): Told(_time(row.told_time), row.step)
            for row in connection.execute(select(TOLD))
            if row.news_id in keys
        }
        rows = connection.execute(select(ANSWERS).order_by(ANSWERS.c.answer_id))
        answers = {
            keys[row.about_id]: Answer(
                row.kind, row.step, _time(row.until_time) if row.until_time else None
            )
            for row in rows
            if row.about_id in keys
        }
    return Memory(told, answers)


def over_since(store: Store, channel: str, since: datetime) -> list[str]:
    """What a channel was told of and ended since: id and line of each, oldest first."""
    query = (
        select(NEWS.c.news_id, NEWS.c.line)
        .join(TOLD, TOLD.c.news_id == NEWS.c.news_id)
        .where(
            TOLD.c.channel == channel,
            NEWS.c.about == "health",
            ~NEWS.c.key.startswith(FIRST),
            NEWS.c.ended_time > now_text(since),
        )
        .order_by(NEWS.c.ended_time, NEWS.c.news_id)
    )
    with store.reading() as connection:
        return [f"{row.news_id}  {row.line}" for row in connection.execute(query)]


def note_told(
    connection: Connection,
    ids: Mapping[str, str],
    told: Iterable[News],
    channel: str,
    alert_key: str,
    now: datetime,
) -> None:
    """Note that a message of a channel tells of these facts."""
    for one in told:
        here = (TOLD.c.news_id == ids[one.key]) & (TOLD.c.channel == channel)
        connection.execute(delete(TOLD).where(here))
        connection.execute(
            insert(TOLD).values(
                news_id=ids[one.key],
                channel=channel,
                told_time=now_text(now),
                step=one.step,
                alert_key=alert_key,
            )
        )


def note_decisions(
    store: Store, ids: Mapping[str, str], decisions: Iterable[Decision], now: datetime
) -> None:
    """Count each decision; the first and the last time are kept."""
    keys = [(ids[one.news.key], one.channel, one.what, one.rule) for one in decisions]
    channels = sorted({channel for _, channel, _, _ in keys})
    here = DECISIONS.c.channel.in_(channels)
    with store.writing() as connection:
        rows = connection.execute(select(*_COUNTED).where(here))
        known = {tuple(row) for row in rows}
        stamp = now_text(now)
        old = [_named(key, stamp) for key in keys if key in known]
        new = [
            dict(zip(_NAMES, key, strict=True))
            | {"first_time": stamp, "last_time": stamp, "times": 1}
            for key in dict.fromkeys(keys)
            if key not in known
        ]
        if old:
            connection.execute(_COUNT, old)
        if new:
            connection.execute(insert(DECISIONS), new)


_NAMES = ("news_id", "channel", "decision", "rule")
_COUNTED = [DECISIONS.c[name] for name in _NAMES]
_COUNT = (
    update(DECISIONS)
    .where(*(column == bindparam(f"its_{column.name}") for column in _COUNTED))
    .values(last_time=bindparam("stamp"), times=DECISIONS.c.times + 1)
)


def _named(key: tuple[str, ...], stamp: str) -> dict[str, str]:
    named = {f"its_{name}": one for name, one in zip(_NAMES, key, strict=True)}
    return named | {"stamp": stamp}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
