"""Memory of facts: news, announcements, decisions and answers."""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.alerts.decisions import Answer, Decision, LastMessage, Memory
from pipelines.alerts.news import FIRST, Alert
from pipelines.errors import SettingsError
from pipelines.state.alert_records import (
    add_answer,
    announcements,
    answers,
    count_decisions,
    current_news,
    decisions,
    end_news,
    ended_news,
    forget_announcements,
    has_message,
    news_rows,
    news_steps,
    put_announcements,
    put_news,
)
from pipelines.state.connections import Store, Transaction, now_text
from pipelines.state.rows import AnswerRow, NewsRow

CALM = timedelta(hours=4)
"""A fact that returns after this long is sent again; sooner it counts as the same."""


@dataclass(frozen=True)
class Observation:
    """Facts that one look found.

    Attributes:
        looked: Prefixes of the keys that it examined: only for those, absence means
            that a fact has ended.
    """

    news: Sequence[Alert]
    looked: tuple[str, ...]


def take_news(store: Store, noticed: Observation, now: datetime) -> dict[str, str]:
    """Note what is true now, and what no longer is; the ids by key."""
    with store.writing() as transaction:
        known = {row["key"]: row for row in news_rows(transaction)}
        ids = {key: str(row["news_id"]) for key, row in known.items()}
        for item in noticed.news:
            if item.key in known:
                _begin_anew(transaction, known[item.key], now)
            ids.setdefault(item.key, "n-" + secrets.token_hex(4))
        _put(transaction, noticed.news, ids, known.keys(), now_text(now))
        true = {item.key for item in noticed.news}
        gone = [
            key
            for key, row in known.items()
            if row["ended_time"] is None and key not in true and key.startswith(noticed.looked)
        ]
        end_news(transaction, gone, now_text(now))
    return ids


def _put(
    transaction: Transaction,
    news: Iterable[Alert],
    ids: Mapping[str, str],
    known: Collection[str],
    stamp: str,
) -> None:
    """Write the facts, the new ones and those that are known."""
    new, old = [], []
    for one in {item.key: item for item in news}.values():
        values = {
            "key": one.key,
            "about": one.about,
            "severity": one.severity,
            "confidence": one.confidence,
            "step": one.step,
            "line": one.line,
            "reference": one.reference,
            "since_time": now_text(one.since),
            "last_time": stamp,
            "ended_time": None,
        }
        if one.key in known:
            old.append(values)
        else:
            new.append(values | {"news_id": ids[one.key], "first_time": stamp})
    put_news(transaction, new, old)


def _begin_anew(transaction: Transaction, row: NewsRow, now: datetime) -> None:
    """Mark facts that return after a long time as new; findings that return are not."""
    if row["ended_time"] is None or row["about"] != "health":
        return
    if now - _time(row["ended_time"]) >= CALM:
        forget_announcements(transaction, row["news_id"])


def remembered(store: Store) -> Memory:
    """Return messages and answers of earlier runs, by the key of the fact."""
    with store.reading() as transaction:
        keys = {row["news_id"]: row["key"] for row in news_rows(transaction)}
    announced = {
        (row["key"], row["channel"]): LastMessage(_time(row["told_time"]), row["step"])
        for row in announcements(store)
        if row["key"] is not None
    }
    given = {
        keys[row["about_id"]]: Answer(
            row["kind"], row["step"], _time(row["until_time"]) if row["until_time"] else None
        )
        for row in answers(store)
        if row["about_id"] in keys
    }
    return Memory(announced, given)


def over_since(store: Store, channel: str, since: datetime) -> list[str]:
    """Return the ended facts of a channel: id and line of each, oldest first."""
    return [
        f"{row['news_id']}  {row['line']}"
        for row in ended_news(store, channel, "health", since)
        if not row["key"].startswith(FIRST)
    ]


def note_announced(
    transaction: Transaction,
    ids: Mapping[str, str],
    announced: Iterable[Alert],
    channel: str,
    alert_key: str,
    now: datetime,
) -> None:
    """Record that a message of a channel contains these facts."""
    rows = [
        {
            "news_id": ids[item.key],
            "channel": channel,
            "told_time": now_text(now),
            "step": item.step,
            "alert_key": alert_key,
        }
        for item in announced
    ]
    put_announcements(transaction, rows)


def note_decisions(
    store: Store, ids: Mapping[str, str], decisions: Iterable[Decision], now: datetime
) -> None:
    """Count each decision; the first and the last time are kept."""
    keys = [
        (ids[decision.news.key], decision.channel, decision.what, decision.rule)
        for decision in decisions
    ]
    count_decisions(store, keys, now)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass(frozen=True)
class Reply:
    """A person's answer.

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


def answer(store: Store, reply: Reply) -> list[str]:
    """Note an answer; the ids of the facts that it is about.

    Raises:
        SettingsError: There is no such notice or message.
    """
    with store.writing() as transaction:
        steps = news_steps(transaction, reply.about_id)
        is_message = has_message(transaction, reply.about_id)
        if not steps and not is_message:
            raise SettingsError(
                f"there is no notice or message {reply.about_id}",
                remedy="List them with: schoolbell alerts list",
            )
        about = dict(steps) | ({reply.about_id: 0} if is_message else {})
        for about_id, step in about.items():
            add_answer(
                transaction,
                {
                    "about_id": about_id,
                    "kind": reply.kind,
                    "step": step,
                    "until_time": now_text(reply.until) if reply.until else None,
                    "actor": reply.actor,
                    "note": reply.note,
                },
            )
    return sorted(steps)


def answered_messages(store: Store) -> frozenset[str]:
    """Return messages that were answered, directly or through every fact in them."""
    answered = {row["about_id"] for row in answers(store)}
    announced: dict[str, list[bool]] = {}
    for row in announcements(store):
        announced.setdefault(row["alert_key"], []).append(row["news_id"] in answered)
    return frozenset(answered | {key for key, seen in announced.items() if all(seen)})


class ActiveNews(NewsRow):
    """A current fact, its newest answer, who was notified, and the decisions about it."""

    answer: AnswerRow | None
    told: list[str]
    decisions: dict[str, int]


def active_news(store: Store) -> list[ActiveNews]:
    """Return current facts, newest first: one row per fact, with counts of each rule.

    The columns are those of the table, `answer` (the newest, or None), `told`
    (channels that received it) and `decisions` (rule and times).
    """
    rows = current_news(store)
    newest = {row["about_id"]: row for row in answers(store)}
    announced: dict[str, list[str]] = {}
    for row in announcements(store):
        announced.setdefault(row["news_id"], []).append(row["channel"])
    rules: dict[str, dict[str, int]] = {}
    for decided in decisions(store):
        counts = rules.setdefault(decided["news_id"], {})
        counts[decided["rule"]] = counts.get(decided["rule"], 0) + decided["times"]
    whole: list[ActiveNews] = [
        {
            **row,
            "answer": newest.get(row["news_id"]),
            "told": sorted(announced.get(row["news_id"], ())),
            "decisions": rules.get(row["news_id"], {}),
        }
        for row in rows
    ]
    return sorted(whole, key=lambda row: (-row["step"], row["since_time"]))
