"""Which of the kept snapshots is meant by a time or a week."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.clock import monday
from pipelines.errors import ModelError, SettingsError
from pipelines.warehouse.snapshots import kept, reading

ABOUT = "marts.about"
ONE_DAY = timedelta(days=1)
ONE_WEEK = timedelta(days=7)


def chosen(
    folder: Path, as_of: str | date | datetime | None, week: str | date | None
) -> Path | None:
    """The snapshot that is meant; None for the newest.

    Args:
        folder: Of the snapshots.
        as_of: The newest that was published by then.
        week: The newest without a line of a later week.

    Raises:
        SettingsError: Both are given, or one can not be read.
        ModelError: No snapshot so old is kept.
    """
    if as_of is not None and week is not None:
        raise SettingsError("as_of and week exclude each other", where="connect()")
    if as_of is not None:
        return _by(folder, as_of)
    return None if week is None else _of_week(folder, _monday(week))


def _by(folder: Path, as_of: str | date | datetime) -> Path:
    """The newest that was published at that instant or before; a day to its end."""
    every = kept(folder)
    told = _read(as_of, "as_of") if isinstance(as_of, str) else as_of
    if isinstance(told, datetime):
        instant = told if told.tzinfo else told.replace(tzinfo=UTC)
    else:
        midnight = datetime.combine(told + ONE_DAY, time(), _zone(every))
        instant = midnight - timedelta(microseconds=1)
    found = [path for published, path in every if published <= instant]
    if not found:
        raise _not_kept(every, f"none was published by {instant:%Y-%m-%d %H:%M %Z}")
    return found[-1]


def _zone(every: Sequence[tuple[datetime, Path]]) -> ZoneInfo:
    """The district's, as the newest snapshot notes it; UTC where it does not."""
    if every:
        with reading(every[-1][1]) as database:
            if database.has(ABOUT):
                return ZoneInfo(database.rows("select zone from marts.about")[0][0])
    return ZoneInfo("UTC")


def _of_week(folder: Path, start: date) -> Path:
    every = kept(folder)
    for _published, path in reversed(every):
        with reading(path) as database:
            rows = database.rows("select max(event_date) from marts.source_hours")
        newest = rows[0][0]
        if newest is not None and newest < start + ONE_WEEK:
            return path
    raise _not_kept(every, f"each knows of days after the week of {start}")


def _not_kept(every: Sequence[tuple[datetime, Path]], why: str) -> ModelError:
    oldest = f"{every[0][0]:%Y-%m-%d %H:%M %Z}" if every else "none"
    return ModelError(
        f"no such snapshot is kept: {why}",
        where="connect()",
        remedy=f"{len(every)} are kept; the oldest: {oldest}. The newest holds all "
        "weeks: connect(), then choose by event_date.",
    )


def _monday(given: str | date) -> date:
    told = given
    if isinstance(told, str):
        year, mark, number = told.upper().partition("W")
        if mark:
            told = f"{year.rstrip('-')}-W{number}-1"
        told = _read(told, "week")
    day = told.date() if isinstance(told, datetime) else told
    return monday(day)


def _read(text: str, name: str) -> date | datetime:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is no time",
            where=f"connect({name}=...)",
            remedy="Write a day as 2026-11-22, an instant as 2026-11-22T06:00Z, a "
            "week as 2026-W47.",
        ) from error
