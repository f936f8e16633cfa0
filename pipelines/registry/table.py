"""Declaration of one module of `tables`: a file, its frames, the days that a change touches.

A table is found by its module, as a log format is. Everything else follows from this
declaration: the skeleton of a home, checks, documents, the schema for SQL,
and the days that are rebuilt when its rows change.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from functools import cached_property

import polars as pl

from pipelines.events import INSTANT, Column, Pii
from pipelines.plugins import discover
from pipelines.registry import canonical
from pipelines.registry.account_names import Directory, accounts_meant
from pipelines.registry.csv_files import LINE, Cell, File, Kind, RegistryFrame, tell
from pipelines.registry.domain_lists import Lists
from pipelines.registry.roster import Roster, of_organisations, roster
from pipelines.settings.model import Settings
from pipelines.settings.problems import Problem, ProblemSeverity

Columns = Mapping[str, Column]

MAX_NEAREST = 3
MAX_STRANGERS = 20
"""Reported unknown names of one column; the rest are counted."""
UNKNOWN_PERSON = ("is not in the roster", "a sourcedId of users.csv")
UNKNOWN_BUILDING = "is not a building"
DEGREES = {"lat": (-60, 85), "lon": (-180, 180)}

FROM_CELL = Cell("2026-08-24", "date")
TO_CELL = Cell("2027-05-28", "date")
PERSON_CELL = Cell("p-1001", "person", names="person")
FROM = Column(pl.Date, "first day")
TO = Column(pl.Date, "last day")
START = Column(INSTANT, "from this instant")
END = Column(INSTANT, "to this instant, exclusive")


def text(meaning: str, pii: Pii = "none") -> Column:
    """Return a column of text."""
    return Column(pl.String, meaning, pii)


def identifier(example: str, kind: Kind = "text") -> Cell:
    """Return a cell that must not be empty."""
    return Cell(example, kind, required=True)


PERSON = text("the roster's own id of the person, in lower case", "direct")
BUILDING = text("building code of buildings.csv")
RANGE = {
    "first_address": text("first address, as 32 hex digits of its IPv6 form"),
    "last_address": text("last address, as 32 hex digits of its IPv6 form"),
    "prefix_length": Column(pl.Int32, "0 to 128; an IPv4 /24 is 120"),
}


@dataclass(frozen=True)
class EveryDay:
    """A changed row may touch any day."""


@dataclass(frozen=True)
class Dates:
    """A changed row touches the days from one of its columns to another; null is open.

    Attributes:
        moved: Further days, as `first` and `last`, by the frame before and now.
        looks_back: How long before a row begins its rule asks what came.
    """

    first: str = "valid_from"
    last: str = "valid_to"
    looks_back: timedelta = timedelta()
    moved: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame] | None = None


@dataclass(frozen=True)
class Mentions:
    """A changed row touches the days on which the logs speak of what it is about."""


@dataclass(frozen=True)
class Addresses:
    """A changed row touches days with an address that the networks now describe differently.

    Attributes:
        is_network: Its rows are networks of the district, or represent it.
    """

    is_network: bool = False


@dataclass(frozen=True)
class Sites:
    """A changed row touches the days on which its site was requested.

    Attributes:
        column: Column with the site.
        is_imitated: Other sites may look like its sites.
    """

    column: str
    is_imitated: bool = False


@dataclass(frozen=True)
class Words:
    """A changed row touches the days on which a log wrote its word for a category."""


@dataclass(frozen=True)
class Clauses:
    """A changed row touches the days with findings that rest on its clause."""


@dataclass(frozen=True)
class NoDay:
    """A changed row touches no day: pages alone read it."""


Touches = EveryDay | Dates | Sites | Words | Mentions | Addresses | Clauses | NoDay


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the registry.

    Attributes:
        name: The module's name.
        frames: The frames that it becomes: columns by name.
        make: Makes them, with what is wrong in the rows.
        file: Its CSV file; None where it is made from something else.
        touches: Which days a changed row of its frames touches.
        is_built: Models read its frames; else they decide about findings alone, or pages read them.
    """

    name: str
    frames: Mapping[str, Columns]
    make: "Callable[[Inputs], Mapping[str, RegistryFrame]]"
    file: File | None = None
    touches: Touches = EveryDay()
    is_built: bool = True


def tables() -> Mapping[str, Table]:
    """Return every table of the folder `tables`, by name."""
    return discover("pipelines.registry.tables", "TABLE", Table)


@dataclass
class Inputs:
    """Inputs of tables.

    Attributes:
        read: File name -> its good rows.
        events: `date`, `day_type` and `is_inferred` of calendar files.
        policy: Bytes of `policy.toml`; null without one.
        lists: Lists of domains that the district added.
    """

    read: Mapping[str, RegistryFrame]
    events: pl.DataFrame
    policy: bytes | None
    settings: Settings
    lists: Lists
    _made: dict[str, RegistryFrame] = field(default_factory=dict)
    _problems: dict[str, list[Problem]] = field(default_factory=dict)

    @cached_property
    def rows(self) -> Mapping[str, RegistryFrame]:
        """File name -> its good rows, each building by its code."""
        return {name: self._with_codes(name, rows) for name, rows in self.read.items()}

    def _with_codes(self, name: str, rows: RegistryFrame) -> RegistryFrame:
        file = next(
            (one.file for one in tables().values() if one.file and one.file.name == name), None
        )
        columns = [
            column
            for column, cell in (file.columns if file else {}).items()
            if cell.names == "building"
        ]
        if not columns or rows.frame.is_empty():
            return rows
        frame = rows.frame.with_columns(
            canonical.mapped(pl.col(column), self.building) for column in columns
        )
        return rows._replace(frame=frame)

    @cached_property
    def buildings(self) -> Mapping[str, str]:
        """Spelling of a building -> its code, see `canonical.buildings`."""
        return canonical.buildings(self.frame("buildings"), self.read["orgs.csv"].frame)

    def building(self, written: str) -> str:
        """Return a building's code for its code or name; another text is unchanged."""
        return canonical.building(written, self.buildings)

    @cached_property
    def known(self) -> "KnownNames":
        """The names that the registry knows."""
        accounts = self.frame("accounts")
        return KnownNames(
            people=frozenset(self.frame("people")["person_id"]),
            roles=known_roles(self.frame("people")),
            directory=Directory(accounts, self.frame("account_aliases")),
            devices=device_names(self.frame("devices")),
            domains=self.settings.district.account_domains,
        )

    @cached_property
    def roster(self) -> Roster:
        """The roster, with people in their schools' buildings."""
        schools = of_organisations(self.frame("buildings"), self.rows["orgs.csv"])
        domains = self.settings.district.account_domains
        return roster(self.rows["users.csv"], self.rows["roles.csv"], schools, domains)

    def once(self, name: str, problems: "Callable[[Inputs], list[Problem]]") -> list[Problem]:
        """Return problems of the inputs, which are looked for only once."""
        if name not in self._problems:
            self._problems[name] = problems(self)
        return self._problems[name]

    def frame(self, name: str) -> pl.DataFrame:
        """Return a frame, made from what it needs."""
        return self.made(name).frame

    def made(self, name: str) -> RegistryFrame:
        """Return a frame, and what is wrong in the rows that it was made from."""
        if name not in self._made:
            (table,) = (table for table in tables().values() if name in table.frames)
            self._made |= table.make(self)
        return self._made[name]


def conform(columns: Columns, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of a frame in order, absent ones null."""
    present = set(frame.columns)
    return frame.select(
        (pl.col(name) if name in present else pl.lit(None)).cast(column.dtype).alias(name)
        for name, column in columns.items()
    )


def located(file: str, rows: pl.DataFrame) -> RegistryFrame:
    """Return rows without coordinates that no school or town can have.

    Beyond 60 degrees south there is none, so a longitude of North America in place of
    the latitude is noticed.
    """
    problems: list[Problem] = []
    wrong = pl.lit(value=False)
    for column, (least, most) in DEGREES.items():
        outside = ~pl.col(column).is_between(least, most).fill_null(value=True)
        told = rows.filter(outside).select(LINE, value=pl.col(column).cast(pl.String))
        problems += tell(
            file,
            column,
            told,
            what="is outside the range; the row counts without coordinates",
            allowed=f"{least} to {most}; are lat and lon swapped?",
        )
        wrong = wrong | outside
    frame = rows.with_columns(pl.when(~wrong).then(column).alias(column) for column in DEGREES)
    return RegistryFrame(frame, tuple(problems))


def schema(columns: Columns) -> pl.Schema:
    """Return names and types of columns."""
    return pl.Schema({name: column.dtype for name, column in columns.items()})


@dataclass(frozen=True)
class KnownNames:
    """Names that the registry knows, by which cells refer to its rows.

    Attributes:
        people: Persons of the roster.
        roles: Roles and job titles of the roster.
        directory: Accounts and their other names.
        devices: Name of a device -> the device; a name of several devices is none.
        domains: Domains of the district's accounts.
    """

    people: frozenset[str]
    roles: frozenset[str]
    directory: Directory
    devices: Mapping[str, str]
    domains: tuple[str, ...]

    def accounts(self, values: Iterable[str]) -> Mapping[str, str]:
        """Return each written name, and the account that it means."""
        return accounts_meant(values, self.domains, self.directory)

    def holders(self, values: Iterable[str]) -> Mapping[str, str]:
        """Return each written name of a person or an account, and what it means."""
        meant = self.accounts(values)
        persons = {name: canonical.person(name) for name in meant}
        return {
            name: persons[name]
            if persons[name] in self.people or account not in self.directory.exact
            else account
            for name, account in meant.items()
        }

    def device(self, written: str) -> str:
        """Return a device as `devices.csv` names it; an unknown one in its spelling."""
        name = canonical.device(written)
        whole = canonical.lower(written.strip())
        return self.devices.get(name) or self.devices.get(whole, name)


def holders(column: pl.Series, known: KnownNames | None) -> pl.Series:
    """Return persons and accounts in their one spelling."""
    values = column.drop_nulls().unique()
    meant = known.holders(values) if known else {name: canonical.person(name) for name in values}
    return pl.Series(column.name, [meant.get(name) for name in column], dtype=pl.String)


def known_roles(people: pl.DataFrame) -> frozenset[str]:
    """Return the roles and job titles of the roster."""
    return frozenset({*people["role"], *people["job_title"]} - {None})


def device_names(devices: pl.DataFrame) -> Mapping[str, str]:
    """Return every name and card of a device that no other has, and the device."""
    names = ("hostname", "serial", "asset_tag", "directory_id", "mac", "ethernet_mac")
    pairs = pl.concat(devices.select("device", name=column) for column in names)
    single = pairs.drop_nulls().unique().filter(pl.col("device").n_unique().over("name") == 1)
    return dict(single.select("name", "device").iter_rows())


def strangers(
    file: str,
    column: str,
    rows: pl.DataFrame,
    known: Iterable[str | None],
    *,
    what: str,
    allowed: str,
    severity: ProblemSeverity = "notice",
) -> list[Problem]:
    """Return a notice for each name that nothing else in the registry knows.

    The notice contains the number of its rows, and the nearest known names. Without a
    known name there is nothing to compare with, and no notice.

    Args:
        rows: `_line` and `value`: names in the spelling of the known ones.
        known: The names that the registry knows.
        allowed: Where a known name comes from, in words.
    """
    names = sorted({name for name in known if name})
    if not names:
        return []
    strange = rows.drop_nulls("value").filter(~pl.col("value").is_in(names))
    counted = strange.group_by("value", maintain_order=True).agg(
        pl.col(LINE).first(), count=pl.len()
    )
    problems = [
        Problem(
            file,
            f"{what}{'' if count == 1 else f' ({count:,} rows)'}",
            line,
            column,
            value,
            allowed + _meant(value, names),
            severity,
        )
        for value, line, count in counted.head(MAX_STRANGERS).iter_rows()
    ]
    more = counted.slice(MAX_STRANGERS)
    if more.height:
        text = f"{what} ({more.height:,} more names in {more['count'].sum():,} rows)"
        problems.append(Problem(file, text, None, column, None, allowed, severity))
    return problems


def _meant(value: str, names: list[str]) -> str:
    by_key = {canonical.lower(name): name for name in names}
    near = get_close_matches(canonical.lower(value), by_key, n=MAX_NEAREST)
    return f"; did you mean {' or '.join(by_key[key] for key in near)}?" if near else ""
