"""Counts a batch of events for the ledger: by day, by filled column, by lag."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from pipelines import clock
from pipelines.events import EVENT_CLASSES, INSTANT
from pipelines.state.source_records import LAGS, SourceDay

# Counts the words of fields with few values, and notices new ones.
#
# A field may remain filled and change its meaning: after an update, a product writes `denied`
# instead of `blocked`. The share of events with a word that is new for the source shows it. If
# almost all are new, rules cannot use the field; if some are, the product has a new word, which is
# reported once.

ENUMERATED: Mapping[str, Sequence[str]] = {
    "http_requests": ("method", "url_scheme", "disposition"),
    "connections": ("protocol", "direction", "disposition"),
    "logons": ("activity", "logon_kind", "is_success", "event_code"),
    "dns_queries": ("query_type", "response_code", "disposition"),
    "leases": ("action",),
}
"""Fields of each event class that hold one of a few words."""

MAX_WORDS = 16
MAX_WORD = 32
MIN_SHARE = 0.01
"""Words of a batch that are counted: some of these fields contain outside input."""

MAX_COMMON = 101
"""The number of values of a field that can have that share, including null."""

PAST_DAYS = 28
MIN_DAYS = 3
MIN_EVENTS = 200
MIN_NOW = 50
LEARNT = 0.2
"""Share of a day's events with new words from which the day is reported."""

REPLACED = 0.9
"""Share from which the old words count as replaced."""

LINE_TYPES: Mapping[str, Sequence[str]] = {
    "http_requests": ("format", "disposition"),
    "connections": ("format", "disposition"),
    "logons": ("format", "activity", "logon_kind"),
    "dns_queries": ("format", "disposition"),
}
"""Columns of each event class that state the type of a line; lines of one type fill the same
fields."""

OF_TYPE = "@"
"""Separates a field from the type of the lines that fill it."""

SIGN = "="
DOUBTFUL = f"name_proof{SIGN}doubtful"
"""Events whose line names two accounts; counted however few they are."""


@dataclass(frozen=True)
class NewWords:
    """Consecutive days on which a field has values that it never had.

    Attributes:
        words: The most frequent new ones.
        share: Share of the events of these days with a new word, 0 to 1.
        is_replaced: Almost no known word remained.
    """

    days: Sequence[SourceDay]
    words: Sequence[str]
    share: float
    is_replaced: bool


def word_counts(event_class: str, frame: pl.DataFrame) -> dict[str, int]:
    """Return how many events have each word, under `field=word`."""
    least = MIN_SHARE * frame.height
    found: dict[str, int] = {}
    for name in ENUMERATED.get(event_class, ()):
        # of a frame a day and file, most of them small, a query takes milliseconds
        commonest = frame[name].value_counts(sort=True).head(MAX_COMMON)
        words = commonest[name].cast(pl.String)
        counted = zip(words, commonest["count"], strict=True)
        often = [(-n, word) for word, n in counted if n >= least and word is not None]
        short = [one for one in sorted(often) if len(one[1]) <= MAX_WORD]
        for count, word in short[:MAX_WORDS]:
            found[f"{name}{SIGN}{word}"] = -count
    return found


def type_counts(event_class: str, frame: pl.DataFrame, names: Sequence[str]) -> dict[str, int]:
    """Return lines of each type under `@type`, and of these with a field under `field@type`."""
    columns = [name for name in LINE_TYPES.get(event_class, ()) if name in frame.columns]
    if not columns:
        return {}
    line_type = pl.concat_str(columns, separator=" ", ignore_nulls=True).alias("line_type")
    counted = frame.group_by(line_type).agg(pl.len().alias(""), pl.col(names).count())
    counted = counted.sort("line_type")  # kept as a text: two runs of the same lines must agree
    return {
        f"{name}{OF_TYPE}{row['line_type']}": row[name]
        for row in counted.iter_rows(named=True)
        for name in ("", *names)
        if row[name]
    }


def said(day: SourceDay, name: str) -> Counter[str]:
    """Return the words of a field on a day, with their events."""
    begin = name + SIGN
    return Counter(
        {
            key.removeprefix(begin): count
            for key, count in day.filled.items()
            if key.startswith(begin) and count > 0
        }
    )


def new_words(days: Sequence[SourceDay], name: str) -> Iterator[NewWords]:
    """Yield changes in the words of a field of one source and class; days oldest first."""
    past: list[Counter[str]] = []
    events: list[int] = []
    replaced: list[SourceDay] = []
    known: set[str] = set()
    for day in days:
        words = said(day, name)
        total = words.total()
        new = sum(n for word, n in words.items() if word not in known)
        share = new / max(total, 1)
        learned = len(past) >= MIN_DAYS and sum(events) >= MIN_EVENTS
        enough = learned and total >= MIN_NOW
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
            events = [*events, total][-PAST_DAYS:]
            known = {word for day in past for word in day}
    if replaced:
        yield _found(replaced, name, known, is_replaced=True)


def _found(days: Sequence[SourceDay], name: str, known: set[str], *, is_replaced: bool) -> NewWords:
    every = sum((said(day, name) for day in days), Counter[str]())
    new = Counter({word: n for word, n in every.items() if word not in known})
    words = [word for word, _ in new.most_common(3)]
    return NewWords(tuple(days), words, new.total() / every.total(), is_replaced)


def placed(frame: pl.DataFrame, source: str, fmt: str, zone: str) -> pl.DataFrame:
    """Return events with their source, format and local day in the district's zone."""
    began = "start_time" if "start_time" in frame.columns else "time"
    day = clock.local_date(pl.coalesce(pl.col(began), pl.col("time")), zone)
    # lines of another product say themselves what read them
    own = pl.col("format") if "format" in frame.columns else pl.lit(fmt)
    columns = [name for name in frame.columns if name != "format"]
    return frame.select(
        *columns,
        source=pl.lit(source),
        format=own,
        event_date=day,
    )


def with_days(
    rejects: pl.DataFrame,
    events: list[pl.DataFrame],
    carried: Mapping[int, date],
    file_days: Mapping[int, date],
    arrival: date,
) -> pl.DataFrame:
    """Return rejects with the `event_date` of their neighbors, so that they are kept as long.

    That of the nearest event in the same file, or of the last event read from it before, or
    of the file.
    None is after its arrival: a wrong timestamp must not keep a line forever.

    Args:
        rejects: Unreadable lines.
        events: The events that were read with them, placed.
        carried: The day of the last event of each file before these.
        file_days: The day of each file, if known.
        arrival: The day on which they arrived.
    """
    keys = ["file_id", "line_no"]
    days = [frame.select(*keys, "event_date") for frame in events]
    empty = rejects.clear().select(*keys, pl.lit(None, pl.Date).alias("event_date"))
    near = pl.concat([empty, *days]).sort("line_no")
    before, of_file = (
        pl.col("file_id").replace_strict(known, default=None, return_dtype=pl.Date)
        for known in (carried, file_days)
    )
    day = pl.coalesce("event_date", before, of_file, pl.lit(arrival))
    return (
        rejects.with_row_index("_row")
        .sort("line_no")
        .join_asof(
            near,
            on="line_no",
            by="file_id",
            strategy="nearest",
            check_sortedness=False,  # they are; unknown where there is `by`
        )
        .sort("_row")
        .with_columns(event_date=pl.min_horizontal(day, pl.lit(arrival)))
        .drop("_row")
    )


def day_count(
    source: str, event_class: str, frame: pl.DataFrame, now: datetime, *, sign: int = 1
) -> SourceDay:
    """Return what the events of one day add to its counts.

    Args:
        source: The source.
        event_class: The class of the events.
        frame: Events of one `event_date`, at least one.
        now: When they arrived.
        sign: -1 to subtract them again.
    """
    # filled where the account is
    names = [name for name in EVENT_CLASSES[event_class].names() if name != "name_proof"]
    filled = {name: frame.height - frame[name].null_count() for name in names}
    filled |= word_counts(event_class, frame) | type_counts(event_class, frame, names)
    if "name_proof" in EVENT_CLASSES[event_class].names():
        filled[DOUBTFUL] = frame.filter(pl.col("name_proof") == "doubtful").height
    return SourceDay(
        source=source,
        event_class=event_class,
        event_date=frame["event_date"][0],
        events=sign * frame.height,
        filled={name: sign * count for name, count in filled.items()},
        lags={name: sign * count for name, count in _lags(frame["time"], now).items()},
    )


def duplicate_counts(source: str, event_class: str, again: pl.DataFrame) -> list[SourceDay]:
    """Return what repeated events add to the counts of their days."""
    return [
        SourceDay(source=source, event_class=event_class, event_date=day, duplicates=count)
        for day, count in again.group_by("event_date").len().iter_rows()
    ]


def _lags(times: pl.Series, now: datetime) -> dict[str, int]:
    """Return for each class of `LAGS` the number of events with that delay."""
    microseconds = pl.Series([now], dtype=INSTANT).to_physical() - times.to_physical()
    seconds = (microseconds / 1_000_000).cast(pl.Int64)  # whole ones, cut off
    longer = [times.len(), *(int((seconds >= end).sum()) for end in LAGS.values())]
    return {name: longer[n] - longer[n + 1] for n, name in enumerate(LAGS)}
