"""Reads a batch with a format so that one line can not stop all the others.

A format is expressions over whole columns; should one of them raise, the batch
is halved until the lines that do it stand alone, and these are rejected.
"""

from dataclasses import replace

import polars as pl
from polars.exceptions import PanicException

from pipelines.errors import SourceError
from pipelines.formats import PLACE, Context, Format, Parsed

MOST_FAILURES = 50
"""A format that fails on more lines of a batch is broken, not the lines."""

TOO_LONG = "longer than a line may be"
NO_TIME = "its time could not be read"
READER_FAILED = "the format's reader failed on it"


def parsed(
    fmt: Format, batch: pl.DataFrame, context: Context, *, is_oversize: bool
) -> Parsed:
    """A batch, or the one line of it that is too long to keep; see `parse`."""
    if is_oversize:
        return rejected(batch, TOO_LONG, context.header)
    return parse(fmt, batch, context)


def parse(fmt: Format, batch: pl.DataFrame, context: Context) -> Parsed:
    """Every line of the batch, as an event, a reject or a blank.

    Raises:
        SourceError: The format fails on line after line.
    """
    failures: list[str] = []
    return _with_times(_parse(fmt, batch, context, failures), batch)


def _parse(
    fmt: Format, batch: pl.DataFrame, context: Context, failures: list[str]
) -> Parsed:
    try:
        return fmt.parse(batch, context)
    except MemoryError:
        raise
    except (Exception, PanicException) as error:  # whatever a format may raise
        failures.append(f"{type(error).__name__}: {error}")
        if len(failures) > MOST_FAILURES:
            raise SourceError(
                f"the format {fmt.name} fails: {failures[-1][:200]}",
                remedy="Report this as a bug; the lines stay pending.",
            ) from error
    if batch.height == 1:
        return rejected(batch, READER_FAILED, context.header)
    middle = batch.height // 2
    first = _parse(fmt, batch[:middle], context, failures)
    following = replace(context, header=first.header)
    return _joined(first, _parse(fmt, batch[middle:], following, failures))


def rejected(batch: pl.DataFrame, reason: str, header: str | None) -> Parsed:
    """All lines of a batch as rejects."""
    rejects = batch.select(*PLACE, pl.lit(reason).alias("reason"), "line")
    return Parsed(events={}, rejects=rejects, blanks=0, header=header)


def _joined(first: Parsed, second: Parsed) -> Parsed:
    names = [*first.events, *(n for n in second.events if n not in first.events)]
    parts = {
        name: [one.events[name] for one in (first, second) if name in one.events]
        for name in names
    }
    return Parsed(
        events={name: pl.concat(frames) for name, frames in parts.items()},
        rejects=pl.concat([first.rejects, second.rejects]),
        blanks=first.blanks + second.blanks,
        header=second.header,
    )


def _with_times(parsed: Parsed, batch: pl.DataFrame) -> Parsed:
    """An event without a time belongs to no day: its line is rejected."""
    timeless = [
        frame.filter(pl.col("time").is_null()).select(PLACE)
        for frame in parsed.events.values()
        if frame["time"].null_count()
    ]
    if not timeless:
        return parsed
    lines = pl.concat(timeless).join(batch, on=PLACE, how="left", maintain_order="left")
    events = {
        name: kept
        for name, frame in parsed.events.items()
        if (kept := frame.filter(pl.col("time").is_not_null())).height
    }
    rejects = pl.concat([parsed.rejects, rejected(lines, NO_TIME, None).rejects])
    return Parsed(events, rejects, parsed.blanks, parsed.header)
