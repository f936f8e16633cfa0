"""Declaration of one module of `tables`: a file, its frames, the days that a change touches.

A table is found by its module, as a log format is. Everything else follows from this
declaration: the skeleton of a home, checks, documents, the schema for SQL,
and the days that are rebuilt when its rows change.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

import polars as pl

from pipelines.events import INSTANT, Column, Pii
from pipelines.plugins import discover
from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.domain_lists import Lists
from pipelines.registry.roster import Roster, of_organisations, roster
from pipelines.settings.model import Settings
from pipelines.settings.problems import Problem

Columns = Mapping[str, Column]

FROM_CELL = Cell("2026-08-24", "date")
TO_CELL = Cell("2027-05-28", "date")
FROM = Column(pl.Date, "first day")
TO = Column(pl.Date, "last day")
START = Column(INSTANT, "from this instant")
END = Column(INSTANT, "to this instant, exclusive")


def text(meaning: str, pii: Pii = "none") -> Column:
    """Return a column of text."""
    return Column(pl.String, meaning, pii)


def identifier(example: str) -> Cell:
    """Return a cell of text that must not be empty."""
    return Cell(example, required=True)


PERSON = text("the roster's own id of the person", "direct")
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


Touches = EveryDay | Dates | Sites | Words | Mentions | Addresses | Clauses


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the registry.

    Attributes:
        name: The module's name.
        frames: The frames that it becomes: columns by name.
        make: Makes them, with what is wrong in the rows.
        file: Its CSV file; None where it is made from something else.
        touches: Which days a changed row of its frames touches.
        is_built: Models read its frames; else they decide about findings alone.
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
        rows: File name -> its good rows.
        events: `date`, `day_type` and `is_inferred` of calendar files.
        policy: Bytes of `policy.toml`; null without one.
        lists: Lists of domains that the district added.
    """

    rows: Mapping[str, RegistryFrame]
    events: pl.DataFrame
    policy: bytes | None
    settings: Settings
    lists: Lists
    _made: dict[str, RegistryFrame] = field(default_factory=dict)

    @cached_property
    def roster(self) -> Roster:
        """The roster, with people in their schools' buildings."""
        schools = of_organisations(self.frame("buildings"), self.rows["orgs.csv"])
        domains = self.settings.district.account_domains
        return roster(self.rows["users.csv"], self.rows["roles.csv"], schools, domains)

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


def schema(columns: Columns) -> pl.Schema:
    """Return names and types of columns."""
    return pl.Schema({name: column.dtype for name, column in columns.items()})


def bare_person(column: str) -> pl.Expr:
    """Return a person's id in lower case, without `person:`."""
    return pl.col(column).str.to_lowercase().str.strip_prefix("person:")


def strangers(file: str, rows: pl.DataFrame, people: pl.DataFrame) -> list[Problem]:
    """Return notices of rows about persons who are not in the roster, one per person."""
    known = people["person_id"].unique().to_list()
    strange = rows.filter(~pl.col("person_id").is_in(known)) if known else rows.clear()
    told = strange.unique("person_id", keep="first", maintain_order=True)
    return tell(
        file,
        "person_id",
        told.select(LINE, pl.col("person_id").alias("value")),
        what="is not in the roster",
        allowed="a sourcedId of users.csv",
        severity="notice",
    )
