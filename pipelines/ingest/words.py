"""Counts the words of fields that hold one of a few, and notices new ones.

A field may stay filled and yet change its meaning: after an update a product says
`denied` where it said `blocked`. The share of events whose word the source never
said before tells it. Where next to all are new, the field says nothing that rules
could stand on; where some are, it has learnt a word, which is told once.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.state.days import SourceDay

ENUMERATED: Mapping[str, Sequence[str]] = {
    "http_requests": ("method", "url_scheme", "disposition"),
    "connections": ("protocol", "direction", "disposition"),
    "logons": ("activity", "logon_kind", "is_success", "event_code"),
    "dns_queries": ("query_type", "response_code", "disposition"),
    "leases": ("action",),
}
"""Fields of each event class that hold one of a few words."""

MOST_WORDS = 16
LONGEST_WORD = 32
LEAST_SHARE = 0.01
"""Words of a batch that are counted: strangers write some of these fields."""

PAST_DAYS = 28
LEAST_DAYS = 3
LEAST_EVENTS = 200
LEAST_NOW = 50
LEARNT = 0.2
"""Share of a day's events with new words from which the day is told."""

REPLACED = 0.9
"""Share from which the old words count as replaced."""

SIGN = "="


@dataclass(frozen=True)
class NewWords:
    """Days in a row of which a field says what it never said.

    Attributes:
        words: The commonest new ones.
        share: Share of the events of these days with a new word, 0 to 1.
        is_replaced: Next to nothing else was said.
    """

    days: Sequence[SourceDay]
    words: Sequence[str]
    share: float
    is_replaced: bool


def word_counts(event_class: str, frame: pl.DataFrame) -> dict[str, int]:
    """How many events have each word, under `field=word`."""
    least = LEAST_SHARE * frame.height
    found: dict[str, int] = {}
    for name in ENUMERATED.get(event_class, ()):
        words = frame[name].drop_nulls().cast(pl.String).alias("word")
        counted = words.value_counts().sort("count", "word", descending=[True, False])
        short = counted.filter(pl.col("word").str.len_chars() <= LONGEST_WORD)
        for word, count in short.head(MOST_WORDS).iter_rows():
            if count >= least:
                found[f"{name}{SIGN}{word}"] = count
    return found


def said(day: SourceDay, name: str) -> Counter[str]:
    """The words of a field on a day, with their events."""
    begin = name + SIGN
    return Counter(
        {
            key.removeprefix(begin): count
            for key, count in day.filled.items()
            if key.startswith(begin) and count > 0
        }
    )


def new_words(days: Sequence[SourceDay], name: str) -> Iterator[NewWords]:
    """Where a field of one source and class changed its words; days oldest first."""
    past: list[Counter[str]] = []
    replaced: list[SourceDay] = []
    known: set[str] = set()
    for day in days:
        words = said(day, name)
        new = Counter({word: n for word, n in words.items() if word not in known})
        share = new.total() / max(words.total(), 1)
        enough = _enough(past) and words.total() >= LEAST_NOW
        if enough and share >= REPLACED:
            replaced.append(day)
            continue
        if replaced and enough:
            yield _found(replaced, name, known, is_replaced=True)
            replaced = []
        if enough and share >= LEARNT:
            yield _found([day], name, known, is_replaced=False)
        if words and not replaced:
            past = [*past, words][-PAST_DAYS:]
            known = {word for one in past for word in one}
    if replaced:
        yield _found(replaced, name, known, is_replaced=True)


def _enough(past: Sequence[Counter[str]]) -> bool:
    events = sum(one.total() for one in past)
    return len(past) >= LEAST_DAYS and events >= LEAST_EVENTS


def _found(
    days: Sequence[SourceDay], name: str, known: set[str], *, is_replaced: bool
) -> NewWords:
    every = sum((said(day, name) for day in days), Counter[str]())
    new = Counter({word: n for word, n in every.items() if word not in known})
    words = [word for word, _ in new.most_common(3)]
    return NewWords(tuple(days), words, new.total() / every.total(), is_replaced)
