"""Opens the newest snapshot of a district, for reading and nothing else.

Unlike the other floors below the command line this one may look at the working
folder and the environment, because a notebook is itself a way in.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.errors import ModelError, SettingsError
from pipelines.health.source_hours import closed_times, expected_hours
from pipelines.notebook.saved_queries import listed, queries_with, saved_query, values_of
from pipelines.reports.dictionary import meaning_of, notes_of
from pipelines.reports.joins import joins_of
from pipelines.settings.home import DistrictHome
from pipelines.state.privacy_records import note_opening
from pipelines.warehouse.models import Model
from pipelines.warehouse.snapshots import (
    Relation,
    SqlError,
    current,
    kept,
    locked_down,
    reading,
    unreadable,
)
from pipelines.weeks import monday

ABOUT = "marts.about"
ONE_DAY = timedelta(days=1)
ONE_WEEK = timedelta(days=7)

ONE_HOUR = timedelta(hours=1)
EXAMPLES = 1_000
"""Rows from which `describe` takes its example."""
SHOWN = 3
"""Gaps that one line names; the rest are counted."""
Ask = Callable[[str], Relation]
VARIABLE = "SCHOOLBELL_HOME"
DEMO = "demo-district"


def chosen(
    folder: Path, as_of: str | date | datetime | None, week: str | date | None
) -> Path | None:
    """Return the snapshot that is meant; None for the newest.

    Args:
        folder: Of the snapshots.
        as_of: The newest that was published by then.
        week: The newest without a line of a later week.

    Raises:
        SettingsError: Both are given, or one cannot be read.
        ModelError: No snapshot so old is kept.
    """
    if as_of is not None and week is not None:
        raise SettingsError("as_of and week exclude each other", where="connect()")
    if as_of is not None:
        return _by(folder, as_of)
    return None if week is None else _of_week(folder, _monday(week))


def _by(folder: Path, as_of: str | date | datetime) -> Path:
    """Return the newest that was published at that instant or before; a day to its end."""
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
    """Return the district's, as the newest snapshot notes it; UTC where it does not."""
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
            f"{text!r} is not a time",
            where=f"connect({name}=...)",
            remedy="Write a day as 2026-11-22, an instant as 2026-11-22T06:00Z, a "
            "week as 2026-W47.",
        ) from error


@dataclass(frozen=True, order=True)
class Gap:
    """Hours of a local day without a line of a source.

    Attributes:
        first_hour: The first silent hour, 0 to 23.
        end_hour: The hour after the last silent one, up to 24.
    """

    event_date: date
    source: str
    first_hour: int
    end_hour: int

    def __str__(self) -> str:
        hours = f"{self.first_hour:02}:00-{self.end_hour:02}:00"
        return f"{self.source} {self.event_date} {hours}"


@dataclass(frozen=True)
class Coverage:
    """Content of a snapshot, in one line.

    Attributes:
        days: Local days with events, oldest first.
        gaps: Expected hours without lines.
    """

    days: Sequence[date]
    gaps: Sequence[Gap]

    def __str__(self) -> str:
        if not self.days:
            return "no days"
        span = f"{len(self.days)} days, {self.days[0]} to {self.days[-1]}"
        named = "; ".join(str(gap) for gap in self.gaps[:SHOWN])
        more = len(self.gaps) - SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        return f"{span}; gaps: {named or 'none'}{rest}"


def coverage(ask: Ask, zone: str) -> Coverage:
    """Return days and gaps of a snapshot.

    Args:
        ask: Runs a query with parameters, as a connection's `sql` does.
        zone: The district's; an hour that its clocks skip is never expected.
    """
    days = ask("select distinct event_date from marts.source_hours order by all")
    hours = ask("select * from marts.source_hours").pl()
    hours = hours.with_columns(pl.col("hour_start").dt.convert_time_zone("UTC"))
    kinds = ask("select * from marts.school_days").pl()
    silent = expected_hours(hours, kinds, _closed(hours), zone).filter(pl.col("line_count") == 0)
    places = silent.select("source", "event_date", "hour").sort(pl.all()).rows()
    return Coverage([day for (day,) in days.fetchall()], joined(places))


def _closed(hours: pl.DataFrame) -> pl.DataFrame:
    """Return the closed hours: nothing is expected after the newest line of all."""
    newest = hours["hour_start"].max()
    as_of = newest + ONE_HOUR if isinstance(newest, datetime) else datetime.now(UTC)
    lags = dict.fromkeys(hours["source"].unique().to_list())
    return closed_times(lags, as_of, is_history_closed=True)


def joined(hours: Sequence[tuple[str, date, int]]) -> list[Gap]:
    """Join silent hours, in order of source, day and hour, into intervals, by day."""
    gaps: list[Gap] = []
    for source, day, hour in hours:
        last = gaps[-1] if gaps else None
        if last and (last.source, last.event_date, last.end_hour) == (
            source,
            day,
            hour,
        ):
            gaps[-1] = Gap(day, source, last.first_hour, hour + 1)
        else:
            gaps.append(Gap(day, source, hour, hour + 1))
    return sorted(gaps)


class Connection:
    """A snapshot, open for questions.

    The file is read-only and the connection locked: a query can write to no
    table of it, read no file and change no setting. Temporary tables are fine.

    Attributes:
        home: The district home it belongs to.
        path: The snapshot's file.
        district: The district's name, as reports print it.
        zone: The district's time zone; `UTC` in a snapshot from before it was noted.
        coverage: Days it covers, and hours in which a source was silent.
    """

    def __init__(self, home: Path, path: Path | None = None, *, is_local: bool = True) -> None:
        self.home, self._is_local = home, is_local
        self._open(path or current(DistrictHome(home).snapshots))

    def _open(self, path: Path) -> None:
        self.path = path
        try:
            # an earlier connection lives on in the relations that came from it
            self._connection = locked_down(path, is_local=self._is_local)
            self.district, self.zone = self._about()
            self.coverage: Coverage = coverage(self.sql, self.zone)
        except SqlError as error:
            raise unreadable(error, path) from error

    def _about(self) -> tuple[str, str]:
        if ABOUT not in self._names():
            return "", "UTC"
        rows = self.sql("select district, zone from marts.about").fetchall()
        district, zone = rows[0]
        return str(district), str(zone)

    @property
    def snapshot(self) -> str:
        """The snapshot's id, as reports print it."""
        return self.path.stem

    def sql(self, query: str, **params: object) -> Relation:
        """Return the relation of a query; `$name` in it takes the argument `name`.

        Returns:
            DuckDB's relation: `.pl()` for Polars, `.df()` for pandas,
            `.to_arrow_table()` for Arrow. It is lazy: each read runs the query.
        """
        return self._connection.sql(query, params=params)

    def ask(self, question: str, **values: object) -> Relation:
        """Return the relation of a saved query, by its name, or of a query in SQL."""
        is_name = question.isidentifier()
        return self.saved(question, **values) if is_name else self.sql(question, **values)

    def frame(self, query: str, **params: object) -> pl.DataFrame:
        """Return the rows of a query in Polars, each instant in the connection's zone."""
        return self.local(self.sql(query, **params))

    def local(self, relation: Relation) -> pl.DataFrame:
        """Return the rows of a relation in Polars, each instant in the connection's zone."""
        zone = self.zone if self._is_local else "UTC"
        frame: pl.DataFrame = relation.pl()
        return frame.with_columns(pl.selectors.datetime(time_zone="*").dt.convert_time_zone(zone))

    @property
    def queries(self) -> Mapping[str, Model]:
        """The saved queries of the product and the home, by name, as their files are now."""
        return queries_with(DistrictHome(self.home).queries)

    def saved(self, name: str = "", **values: object) -> Relation:
        """Return the relation of a saved query, as `sql` does for a query in SQL.

        The home's folder `queries` contains the district's own.

        Args:
            name: Without one, the saved queries, their parameters and their answers.
            values: Values of the parameters, such as `first="2026-10-19"`.

        Raises:
            ModelError: There is no such query, or a value is missing or wrong.
        """
        queries = self.queries
        if not name:
            return self._connection.from_arrow(listed(queries).to_arrow())
        query = saved_query(queries, name)
        given = {key: str(value) for key, value in values.items()}
        return self.sql(query.query, **values_of(query, given, self.zone))

    def tables(self) -> pl.DataFrame:
        """Return the available relations: name, number of rows, meaning of one row."""
        names = self._names()
        return pl.DataFrame(
            {
                "table": names,
                "rows": [self._rows(name) for name in names],
                "meaning": [meaning_of(name) for name in names],
            },
            schema={"table": pl.String, "rows": pl.Int64, "meaning": pl.String},
        )

    def describe(self, table: str = "") -> pl.DataFrame:
        """Return the columns of a relation: type, meaning, pseudonym or not, an example.

        The examples are one row of the relation. `joins` lists what the relation joins to.

        Args:
            table: Without one, the relations themselves, as `tables` gives them.

        Raises:
            ModelError: The snapshot has no such relation.
        """
        if not table:
            return self.tables()
        example, notes = self.example(table), notes_of(table)
        rows = self.sql(
            "select column_name, lower(data_type) from information_schema.columns"
            " where table_schema || '.' || table_name = $table"
            " order by ordinal_position",
            table=table,
        ).fetchall()
        return pl.DataFrame(
            [
                {
                    "column": name,
                    "type": kind,
                    "meaning": notes[name].meaning,
                    "is_pseudonym": notes[name].pii != "none",
                    "example": example.get(name, ""),
                }
                for name, kind in rows
            ],
            schema_overrides={"example": pl.String},
        )

    def example(self, table: str) -> Mapping[str, str]:
        """Return one row of a relation as text by column, of its first rows the fullest.

        Raises:
            ModelError: The snapshot has no such relation.
        """
        if table not in self._names():
            raise ModelError(
                f"the snapshot has no table {table!r}",
                where=self.snapshot,
                remedy="List them with: con.tables()",
            )
        rows = self.frame(
            "select * from query_table($name) limit $rows", name=table, rows=EXAMPLES
        ).rows(named=True)
        fullest = min(rows, key=lambda row: list(row.values()).count(None), default={})
        return {name: "" if value is None else str(value) for name, value in fullest.items()}

    def joins(self, table: str) -> pl.DataFrame:
        """Return the relations that a relation joins to, and on which columns.

        A row joins to one row at most.
        """
        found = [{"joins to": one.relation, "on": one.condition} for one in joins_of(table)]
        return pl.DataFrame(found, schema={"joins to": pl.String, "on": pl.String})

    def refresh(self) -> "Connection":
        """Switch to the newest snapshot, for a notebook that stayed open; print which."""
        self._open(current(DistrictHome(self.home).snapshots))
        _say(str(self))
        return self

    def close(self) -> None:
        """Close the file; relations of this connection end with it."""
        self._connection.close()

    def _names(self) -> Sequence[str]:
        rows = self.sql(
            "select distinct table_schema || '.' || table_name as name"
            " from information_schema.tables"
            " where table_catalog = 'dl' order by name"
        ).fetchall()
        return [name for (name,) in rows]

    def _rows(self, name: str) -> int:
        query = "select count(*) from query_table($name)"
        return int(self.sql(query, name=name).fetchall()[0][0])

    def __str__(self) -> str:
        return f"snapshot {self.snapshot}: {self.coverage}"

    def __repr__(self) -> str:
        return f"<{self}>"


def connect(
    home: str | os.PathLike[str] | None = None,
    *,
    as_of: str | date | datetime | None = None,
    week: str | date | None = None,
    utc: bool = False,
) -> Connection:
    """Open the newest snapshot of a district and print its content in one line.

    Args:
        home: The district home; without it `SCHOOLBELL_HOME`, or a folder
            `demo-district` here or above.
        as_of: An earlier snapshot instead: the newest that was published by then. A
            local day counts to its end; an instant without an offset is UTC.
        week: An earlier snapshot instead: the newest without a later week, as
            `2026-W47` or a day of it.
        utc: Show instants, and compute their hours and days, in UTC; without it in
            the district's zone.

    Raises:
        SettingsError: No home was named and there is no demo district, or the time
            cannot be parsed.
        ModelError: The home has no snapshot yet, or none this old is kept.
    """
    found = _home(home)
    path = chosen(DistrictHome(found).snapshots, as_of, week)
    opened = noted(Connection(found, path, is_local=not utc))
    _say(str(opened))
    return opened


def noted(opened: Connection) -> Connection:
    """Return the same connection; who opened it is in the audit log, or on its way there."""
    if not note_opening(DistrictHome(opened.home), opened.snapshot):
        _say("That this was opened could not be noted: schoolbell protect, as root")
    return opened


def _home(given: str | os.PathLike[str] | None) -> Path:
    said = given or os.environ.get(VARIABLE)
    if said:
        return Path(said).resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / DEMO).is_dir():
            return folder / DEMO
    raise SettingsError(
        "no district home was named",
        where="connect()",
        remedy=f"Give it as connect('HOME'), set {VARIABLE}, or make the demo: make demo",
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
