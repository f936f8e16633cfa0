"""Keeps what is news, who was told, what people answered and what was decided."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from pipelines.alerts.deciding import Answer, Decision, Memory, Told
from pipelines.alerts.news import News
from pipelines.errors import SettingsError
from pipelines.state.alert_tables import ANSWERS, DECISIONS, NEWS, OUTBOX, TOLD
from pipelines.state.store import Store, now_text


def take_news(store: Store, news: Iterable[News], now: datetime) -> dict[str, str]:
    """Note what is true now, and what no longer is; the ids by key."""
    stamp = now_text(now)
    with store.writing() as connection:
        known = {
            row.key: row.news_id
            for row in connection.execute(select(NEWS.c.key, NEWS.c.news_id))
        }
        seen = {one.key: one for one in news}
        for key, one in seen.items():
            values = _values(one) | {"last_time": stamp, "ended_time": None}
            if key in known:
                connection.execute(
                    update(NEWS).where(NEWS.c.key == key).values(**values)
                )
            else:
                known[key] = "n-" + secrets.token_hex(4)
                values |= {"news_id": known[key], "key": key, "first_time": stamp}
                connection.execute(insert(NEWS).values(**values))
        _end(connection, [known[key] for key in known if key not in seen], stamp)
    return known


def _end(connection: Connection, ids: Sequence[str], stamp: str) -> None:
    """What ended may be told anew when it begins anew."""
    for news_id in ids:
        ended = connection.execute(
            update(NEWS)
            .where(NEWS.c.news_id == news_id, NEWS.c.ended_time.is_(None))
            .values(ended_time=stamp)
        )
        if ended.rowcount:
            about = connection.execute(
                select(NEWS.c.about).where(NEWS.c.news_id == news_id)
            ).scalar_one()
            # a finding that comes back is the finding that was told
            if about == "health":
                connection.execute(delete(TOLD).where(TOLD.c.news_id == news_id))
                connection.execute(
                    delete(ANSWERS).where(
                        ANSWERS.c.about_id == news_id, ANSWERS.c.kind == "ack"
                    )
                )


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
    stamp = now_text(now)
    with store.writing() as connection:
        for one in decisions:
            values = {
                "news_id": ids[one.news.key],
                "channel": one.channel,
                "decision": one.what,
                "rule": one.rule,
            }
            here = [DECISIONS.c[name] == value for name, value in values.items()]
            counted = connection.execute(
                update(DECISIONS)
                .where(*here)
                .values(last_time=stamp, times=DECISIONS.c.times + 1)
            )
            if not counted.rowcount:
                more = {"first_time": stamp, "last_time": stamp, "times": 1}
                connection.execute(insert(DECISIONS).values(**values, **more))


@dataclass(frozen=True)
class Said:
    """What a person answers.

    Attributes:
        about_id: A notice (n-…) or a message (a-…, t-… and so on).
        kind: ack or snooze.
        until: End of a snooze.
    """

    about_id: str
    kind: str
    actor: str
    note: str = ""
    until: datetime | None = None


def answer(store: Store, said: Said) -> list[str]:
    """Note an answer; the ids of the facts that it is about.

    Raises:
        SettingsError: There is no such notice or message.
    """
    with store.writing() as connection:
        steps = _steps(connection, said.about_id)
        is_message = connection.execute(
            select(OUTBOX.c.alert_key).where(OUTBOX.c.alert_key == said.about_id)
        ).first()
        if not steps and not is_message:
            raise SettingsError(
                f"there is no notice or message {said.about_id}",
                remedy="List them with: schoolbell alerts list",
            )
        about = dict(steps) | ({said.about_id: 0} if is_message else {})
        for about_id, step in about.items():
            connection.execute(insert(ANSWERS).values(**_answer(said, about_id, step)))
    return sorted(steps)


def _steps(connection: Connection, about_id: str) -> dict[str, int]:
    """The facts that an id stands for, and how bad each is."""
    told = select(TOLD.c.news_id).where(TOLD.c.alert_key == about_id)
    rows = connection.execute(
        select(NEWS.c.news_id, NEWS.c.step).where(
            (NEWS.c.news_id == about_id) | NEWS.c.news_id.in_(told)
        )
    )
    return {row.news_id: row.step for row in rows}


def _answer(said: Said, about_id: str, step: int) -> dict[str, Any]:
    return {
        "about_id": about_id,
        "kind": said.kind,
        "step": step,
        "until_time": now_text(said.until) if said.until else None,
        "actor": said.actor,
        "note": said.note,
        "time": now_text(),
    }


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def answered_messages(store: Store) -> frozenset[str]:
    """Messages that somebody answered, themselves or every fact in them."""
    with store.reading() as connection:
        answered = set(connection.execute(select(ANSWERS.c.about_id)).scalars())
        told: dict[str, list[bool]] = {}
        for row in connection.execute(select(TOLD)):
            told.setdefault(row.alert_key, []).append(row.news_id in answered)
    return frozenset(answered | {key for key, seen in told.items() if all(seen)})


def standing(store: Store) -> list[dict[str, Any]]:
    """What is true now, newest first: one row a fact, with how often each rule held.

    The columns are those of the table, `answer` (the newest, or None), `told`
    (channels that were given it) and `decisions` (rule and times).
    """
    with store.reading() as connection:
        query = select(NEWS).where(NEWS.c.ended_time.is_(None))
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
