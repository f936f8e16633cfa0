"""Brings into the warehouse what its models read and no model makes.

`raw.*` are views over the Parquet files that the ledger lists. `registry.*` are
the canonical frames of the registry. Four dimensions are computed in Python,
once for each distinct value: sites of hosts, spellings of user names, addresses
in a form that sorts, and what the operator's MMDB files say of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipelines.events import EVENT_CLASSES, LAKE_COLUMNS, PLACE
from pipelines.ingest.lake import require_sound
from pipelines.registry.account_domains import Directory, account_names
from pipelines.registry.mmdb_files import look_up
from pipelines.registry.registry import Registry
from pipelines.state import ledger
from pipelines.state.connections import Store
from pipelines.state.ledger import LakeFile
from pipelines.warehouse.database import Database
from pipelines.warehouse.dimensions import addresses, hosts

_VALUES = {
    "hosts": [("http_requests", "url_hostname"), ("connections", "dst_hostname")],
    "spellings": [
        ("http_requests", "user_name"),
        ("logons", "user_name"),
        ("connections", "user_name"),
    ],
    "addresses": [
        ("http_requests", "src_ip"),
        ("connections", "src_ip"),
        ("leases", "ip"),
        ("logons", "src_ip"),
    ],
}


class Domains(NamedTuple):
    """Domains that are stripped from account names."""

    own: Sequence[str]
    derived: Sequence[str] = ()


@dataclass(frozen=True)
class LakeFiles:
    """The Parquet files that count, by class and day."""

    folder: Path
    by_day: Mapping[str, Mapping[date, Sequence[LakeFile]]]

    def between(self, event_class: str, first: date, last: date) -> list[LakeFile]:
        """Files of a range of days, both ends included."""
        days = self.by_day.get(event_class, {})
        return [
            file for day in sorted(days) if first <= day <= last for file in days[day]
        ]

    def row_counts(self, event_class: str) -> Mapping[date, int]:
        """Events of a class, by day."""
        days = self.by_day.get(event_class, {})
        return {day: sum(f.row_count for f in files) for day, files in days.items()}

    def days(self) -> list[date]:
        """Every day with events, oldest first."""
        return sorted({day for days in self.by_day.values() for day in days})


def lake_files(store: Store, folder: Path) -> LakeFiles:
    """What the ledger lists now; never a glob."""
    by_day: dict[str, dict[date, list[LakeFile]]] = {}
    for event_class in EVENT_CLASSES:
        days: dict[date, list[LakeFile]] = {}
        for listed in ledger.lake_files(store, event_class):
            day = date.fromisoformat(listed.event_date)
            days.setdefault(day, []).append(listed)
        by_day[event_class] = days
    return LakeFiles(folder, by_day)


def show_raw(
    database: Database,
    files: LakeFiles,
    classes: Iterable[str],
    days: tuple[date, date],
) -> None:
    """Make `raw.*` show the events of a range of days.

    Raises:
        LakeError: A file is not as it was written.
    """
    show(database, listed(files, classes, days))


Listed = Mapping[str, Sequence[Path]]
"""Files of the lake by the class of events that they hold."""


def listed(files: LakeFiles, classes: Iterable[str], days: tuple[date, date]) -> Listed:
    """The files of a range of days.

    Raises:
        LakeError: One is not as it was written.
    """
    found = {name: files.between(name, *days) for name in classes}
    for those in found.values():
        require_sound(files.folder, those)
    return {
        name: [files.folder / file.path for file in those]
        for name, those in found.items()
    }


def show(database: Database, listed: Listed) -> None:
    """Make `raw.*` show the events of these files alone."""
    for event_class, paths in listed.items():
        if paths:
            database.view_files(event_class, paths)
        else:
            columns = EVENT_CLASSES[event_class].schema
            schema = [*PLACE.items(), *columns.items(), *LAKE_COLUMNS.items()]
            database.view_nothing(event_class, pl.Schema(schema))


def load_registry(database: Database, registry: Registry) -> None:
    """Replace every `registry.*` table."""
    for name, frame in registry.frames.items():
        database.replace(f"registry.{name}", frame)


def refresh_dimensions(
    database: Database,
    registry: Registry,
    domains: Domains,
    *,
    is_new_registry: bool,
) -> None:
    """Add what the raw views hold and the dimensions lack.

    With a new registry all values are computed again, since its networks, names
    and lists decide them.
    """
    for name, extra, dimension in _dimensions(database, registry, domains):
        table = f"identity.{name}"
        held = database.table(table) if database.has(table) else pl.DataFrame()
        key = dimension([]).columns[0]
        known = set(held[key]) if key in held.columns else set()
        wanted = values_of(database, name) | extra
        # a table that an older version made has other columns
        if is_new_registry or held.columns != dimension([]).columns:
            database.replace(table, dimension(sorted(wanted | known)))
        else:
            database.append(table, dimension(sorted(wanted - known)))


Dimension = Callable[[list[str]], pl.DataFrame]


def _dimensions(
    database: Database, registry: Registry, domains: Domains
) -> Iterator[tuple[str, set[str], Dimension]]:
    """Each dimension's name, the values that the registry adds, and how it is made."""
    frames = registry.frames
    background = dict(frames["background_hosts"].select("host", "kind").iter_rows())
    patterns = frames["approved_sites"]["pattern"].str.split("/").list.first()
    named = {*patterns.drop_nulls(), *frames["login_hosts"]["host"]}
    yield "hosts", named, partial(hosts, background=background)
    directory = Directory(frames["accounts"], frames["account_aliases"])
    yield (
        "spellings",
        set(),
        partial(
            account_names,
            own=domains.own,
            derived=domains.derived,
            directory=directory,
        ),
    )
    fixed = frames["devices"]["static_ip"].drop_nulls()
    yield "addresses", set(fixed), addresses
    # those of the table that the line above made, and none without a file to ask
    seen = set(database.table("identity.addresses")["ip"]) if registry.outside else {}
    yield "outside_networks", set(seen), partial(look_up, files=registry.outside)


def values_of(database: Database, name: str) -> set[str]:
    """The distinct values of a dimension that the raw views hold."""
    found: set[str] = set()
    for event_class, column in _VALUES.get(name, ()):
        rows = database.rows(
            f"select distinct {column} from raw.{event_class}"
            f" where {column} is not null"
        )
        found |= {row[0] for row in rows}
    return found
