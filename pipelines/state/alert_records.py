"""Records of alerts: facts, announcements, messages and answers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from pipelines.state.connections import Store, now_text
from pipelines.state.rows import (
    AnnouncementRow,
    AnswerRow,
    DecisionRow,
    MessageRow,
    NewsRow,
    UnsentMessage,
    typed,
)
from pipelines.state.tables import ANNOUNCED, ANSWERS, DECISIONS, NEWS, OUTBOX, PAGES

WAITING = "waiting"
SENDING = "sending"
SENT = "sent"
GIVEN_UP = "given up"
"""Status of a message on a channel."""

REQUEST = "request"
"""The class of messages about requests at the desk; they do not count as alerts."""

Row = Mapping[str, object]

_NEWS_BY_KEY = update(NEWS).where(NEWS.c.key == bindparam("its_key"))
_NAMES = ("news_id", "channel", "decision", "rule")
_COUNTED = [DECISIONS.c[name] for name in _NAMES]
_COUNT = (
    update(DECISIONS)
    .where(*(column == bindparam(f"its_{column.name}") for column in _COUNTED))
    .values(last_time=bindparam("stamp"), times=DECISIONS.c.times + 1)
)


def add_message(connection: Connection, message: Row, channel: str, html: str) -> bool:
    """Add a message for a channel; return False if the channel has it already.

    Args:
        message: Its row without channel and state.
        html: The page of its text, stored once for all channels; empty: none.
    """
    key = message["alert_key"]
    here = (OUTBOX.c.alert_key == key) & (OUTBOX.c.channel == channel)
    if connection.execute(select(OUTBOX.c.state).where(here)).first() is not None:
        return False
    values = {**message, "channel": channel, "state": WAITING, "attempts": 0}
    connection.execute(insert(OUTBOX).values(**values))
    if html:
        connection.execute(delete(PAGES).where(PAGES.c.alert_key == key))
        connection.execute(insert(PAGES).values(alert_key=key, html=html))
    return True


def mark_message(
    store: Store, key: str, channel: str, state: str, **values: str | int | None
) -> None:
    """Record the status of a message on a channel."""
    with store.writing() as connection:
        connection.execute(
            update(OUTBOX)
            .where(OUTBOX.c.alert_key == key, OUTBOX.c.channel == channel)
            .values(state=state, **values)
        )


def unsent_messages(store: Store, channel: str, key: str = "") -> list[UnsentMessage]:
    """Return waiting and interrupted messages of a channel, oldest first, with their pages.

    Args:
        key: That message alone.
    """
    query = (
        select(OUTBOX, PAGES.c.html)
        .outerjoin(PAGES, PAGES.c.alert_key == OUTBOX.c.alert_key)
        .where(OUTBOX.c.channel == channel, OUTBOX.c.state.in_((WAITING, SENDING)))
        .order_by(OUTBOX.c.created_time, OUTBOX.c.alert_key)
    )
    if key:
        query = query.where(OUTBOX.c.alert_key == key)
    return store.rows(UnsentMessage, query)


def outbox(store: Store) -> list[MessageRow]:
    """Return every message and channel, oldest first."""
    query = select(OUTBOX).order_by(OUTBOX.c.created_time, OUTBOX.c.alert_key)
    return store.rows(MessageRow, query)


def message_counts(store: Store) -> dict[str, int]:
    """Return the number of messages in each state, over all channels."""
    query = select(OUTBOX.c.state, func.count()).group_by(OUTBOX.c.state)
    with store.reading() as connection:
        rows = connection.execute(query).all()
    return {row[0]: row[1] for row in rows}


def given_since(store: Store, channels: Iterable[str], since: datetime) -> int:
    """Return how many messages some channels, which share a reader, were given."""
    query = (
        select(func.count())
        .where(
            OUTBOX.c.channel.in_(list(channels)),
            OUTBOX.c.created_time >= now_text(since),
            OUTBOX.c.class_name != REQUEST,
        )
        .select_from(OUTBOX)
    )
    with store.reading() as connection:
        return int(connection.execute(query).scalar_one())


def newest_sent(store: Store, class_name: str) -> str | None:
    """Return when a message of a class was last delivered."""
    query = select(func.max(OUTBOX.c.sent_time)).where(
        OUTBOX.c.class_name == class_name, OUTBOX.c.state == SENT
    )
    with store.reading() as connection:
        return connection.execute(query).scalar()


def finished_messages(store: Store) -> list[tuple[str, str]]:
    """Return key and time of messages that still have a text and wait for no channel."""
    query = (
        select(OUTBOX.c.alert_key, func.max(OUTBOX.c.created_time))
        .group_by(OUTBOX.c.alert_key)
        .having(func.count().filter(OUTBOX.c.state.not_in((SENT, GIVEN_UP))) == 0)
        .having(func.max(OUTBOX.c.message) != "")
        .order_by(OUTBOX.c.alert_key)
    )
    with store.reading() as connection:
        return [(key, created) for key, created in connection.execute(query)]


def blank_message(connection: Connection, key: str) -> None:
    """Delete a message's text and page; that it was sent stays."""
    here = OUTBOX.c.alert_key == key
    connection.execute(update(OUTBOX).where(here).values(subject="", message=""))
    connection.execute(delete(PAGES).where(PAGES.c.alert_key == key))


def news_rows(connection: Connection) -> list[NewsRow]:
    """Return every fact that was ever news."""
    return typed(NewsRow, connection.execute(select(NEWS)).mappings())


def current_news(store: Store) -> list[NewsRow]:
    """Return facts that have not ended."""
    return store.rows(NewsRow, select(NEWS).where(NEWS.c.ended_time.is_(None)))


def put_news(connection: Connection, new: Sequence[Row], known: Sequence[Row]) -> None:
    """Write facts: new rows, and the changed columns of known ones by their key."""
    if new:
        connection.execute(insert(NEWS), new)
    if known:
        columns: dict[str, object] = {name: bindparam(name) for name in known[0] if name != "key"}
        rows = [{**{name: row[name] for name in columns}, "its_key": row["key"]} for row in known]
        connection.execute(_NEWS_BY_KEY.values(columns), rows)


def end_news(connection: Connection, keys: Iterable[str], time: str) -> None:
    """End facts that are no longer true."""
    if gone := [{"its_key": key} for key in keys]:
        connection.execute(_NEWS_BY_KEY.values(ended_time=time), gone)


def forget_announcements(connection: Connection, news_id: str) -> None:
    """Let a fact be announced again: no one received it."""
    connection.execute(delete(ANNOUNCED).where(ANNOUNCED.c.news_id == news_id))
    connection.execute(
        delete(ANSWERS).where(ANSWERS.c.about_id == news_id, ANSWERS.c.kind == "ack")
    )


def put_announcements(connection: Connection, rows: Iterable[Row]) -> None:
    """Record a channel's newest message about a fact."""
    for row in rows:
        here = (ANNOUNCED.c.news_id == row["news_id"]) & (ANNOUNCED.c.channel == row["channel"])
        connection.execute(delete(ANNOUNCED).where(here))
        connection.execute(insert(ANNOUNCED).values(**row))


def announcements(store: Store, at: datetime | None = None) -> list[AnnouncementRow]:
    """Return the newest message of each channel about each fact, with the fact's `since_time`.

    It is None for a fact that is not known any more.

    Args:
        at: Only what was announced at that moment.
    """
    query = select(ANNOUNCED, NEWS.c.key, NEWS.c.since_time).outerjoin(
        NEWS, NEWS.c.news_id == ANNOUNCED.c.news_id
    )
    if at is not None:
        query = query.where(ANNOUNCED.c.told_time == now_text(at))
    return store.rows(AnnouncementRow, query)


def ended_news(store: Store, channel: str, about: str, since: datetime) -> list[NewsRow]:
    """Return announced facts of a channel that ended since, oldest first."""
    query = (
        select(NEWS)
        .join(ANNOUNCED, ANNOUNCED.c.news_id == NEWS.c.news_id)
        .where(
            ANNOUNCED.c.channel == channel,
            NEWS.c.about == about,
            NEWS.c.ended_time > now_text(since),
        )
        .order_by(NEWS.c.ended_time, NEWS.c.news_id)
    )
    return store.rows(NewsRow, query)


def news_steps(connection: Connection, about_id: str) -> dict[str, int]:
    """Return the facts behind a notice or a message, with the severity of each."""
    named = select(ANNOUNCED.c.news_id).where(ANNOUNCED.c.alert_key == about_id)
    rows = connection.execute(
        select(NEWS.c.news_id, NEWS.c.step).where(
            (NEWS.c.news_id == about_id) | NEWS.c.news_id.in_(named)
        )
    )
    return {row.news_id: row.step for row in rows}


def has_message(connection: Connection, key: str) -> bool:
    """Return whether a message of that key was ever put in."""
    query = select(OUTBOX.c.alert_key).where(OUTBOX.c.alert_key == key)
    return connection.execute(query).first() is not None


def add_answer(connection: Connection, answer: Row) -> None:
    """Add an answer."""
    connection.execute(insert(ANSWERS).values(time=now_text(), **answer))


def answers(store: Store) -> list[AnswerRow]:
    """Return the answers, oldest first."""
    query = select(ANSWERS).order_by(ANSWERS.c.answer_id)
    return store.rows(AnswerRow, query)


def decisions(store: Store) -> list[DecisionRow]:
    """Return the decisions about each fact for each channel, by rule, with counts."""
    return store.rows(DecisionRow, select(DECISIONS))


def count_decisions(store: Store, keys: Sequence[tuple[str, str, str, str]], now: datetime) -> None:
    """Count decisions; the first and the last time are kept.

    Args:
        keys: News id, channel, decision and rule of each.
    """
    here = DECISIONS.c.channel.in_(sorted({channel for _, channel, _, _ in keys}))
    with store.writing() as connection:
        rows = connection.execute(select(*_COUNTED).where(here))
        known = {tuple(row) for row in rows}
        stamp = now_text(now)
        old = [
            {f"its_{name}": part for name, part in zip(_NAMES, key, strict=True)} | {"stamp": stamp}
            for key in keys
            if key in known
        ]
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
