"""Opens the newest snapshot of a district, for reading and nothing else.

Unlike the other floors below the command line this one may look at the working
folder and the environment, because a notebook is itself a way in.
"""

import os
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.errors import ModelError, SettingsError
from pipelines.notebook.choosing import ABOUT, chosen
from pipelines.notebook.coverage import Coverage, coverage
from pipelines.notebook.dictionary import meaning_of, notes_of
from pipelines.settings.home import DistrictHome
from pipelines.warehouse.snapshots import SqlError, current, locked_down, unreadable

VARIABLE = "SCHOOLBELL_HOME"
DEMO = "demo-district"
UTC = "UTC"


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

    def __init__(self, home: Path, path: Path | None = None) -> None:
        self.home = home
        self._open(path or current(DistrictHome(home).snapshots))

    def _open(self, path: Path) -> None:
        self.path = path
        try:
            # an earlier connection lives on in the relations that came from it
            self._connection: Any = locked_down(path)
            self.district, self.zone = self._about()
            self.coverage: Coverage = coverage(self.sql, self.zone)
        except SqlError as error:
            raise unreadable(error, path) from error

    def _about(self) -> tuple[str, str]:
        if ABOUT not in self._names():
            return "", UTC
        rows = self.sql("select district, zone from marts.about").fetchall()
        district, zone = rows[0]
        return str(district), str(zone)

    @property
    def snapshot(self) -> str:
        """The snapshot's id, as reports print it."""
        return self.path.stem

    def sql(self, query: str, **params: Any) -> Any:
        """The relation of a query; `$name` in it takes the argument `name`.

        Returns:
            DuckDB's relation: `.pl()` for Polars, `.df()` for pandas,
            `.to_arrow_table()` for Arrow. It is lazy: each read runs the query.
        """
        return self._connection.sql(query, params=params)

    def frame(self, query: str, **params: Any) -> pl.DataFrame:
        """The rows of a query in Polars, each instant in the district's own zone."""
        frame: pl.DataFrame = self.sql(query, **params).pl()
        return frame.with_columns(
            pl.selectors.datetime(time_zone="*").dt.convert_time_zone(self.zone)
        )

    def tables(self) -> pl.DataFrame:
        """What can be asked: relation, number of rows, what one row is."""
        names = self._names()
        return pl.DataFrame(
            {
                "table": names,
                "rows": [self._rows(name) for name in names],
                "meaning": [meaning_of(name) for name in names],
            },
            schema={"table": pl.String, "rows": pl.Int64, "meaning": pl.String},
        )

    def describe(self, table: str) -> pl.DataFrame:
        """The columns of a relation: type, meaning, whether it is a pseudonym.

        Raises:
            ModelError: The snapshot has no such relation.
        """
        if table not in self._names():
            raise ModelError(
                f"the snapshot has no table {table!r}",
                where=self.snapshot,
                remedy="List them with: con.tables()",
            )
        notes = notes_of(table)
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
                }
                for name, kind in rows
            ]
        )

    def refresh(self) -> "Connection":
        """Go to the newest snapshot, for a notebook that stayed open; says which."""
        self._open(current(DistrictHome(self.home).snapshots))
        _say(str(self))
        return self

    def close(self) -> None:
        """Let go of the file; relations of this connection end with it."""
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
) -> Connection:
    """Open the newest snapshot of a district and say in one line what it holds.

    Args:
        home: The district home; without it `SCHOOLBELL_HOME`, else a folder
            `demo-district` here or above.
        as_of: An earlier snapshot instead: the newest that was published by then. A
            local day counts to its end; an instant without an offset is UTC.
        week: An earlier snapshot instead: the newest that knows of no later week, as
            `2026-W47` or a day of it.

    Raises:
        SettingsError: No home was named and there is no demo district, or the time
            can not be read.
        ModelError: The home has no snapshot yet, or none so old is kept.
    """
    found = _home(home)
    opened = Connection(found, chosen(DistrictHome(found).snapshots, as_of, week))
    _say(str(opened))
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
        remedy=f"Give it as connect('HOME'), set {VARIABLE}, or make the demo: "
        "make demo",
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
