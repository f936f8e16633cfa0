"""The registry as everything was judged with it, beside the registry as it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from pipelines.district import District
from pipelines.warehouse.building import given
from pipelines.warehouse.database import Database
from pipelines.warehouse.inputs import LakeFiles, lake_files, show_raw
from pipelines.warehouse.models import arguments

SOURCES = ("http_requests", "connections", "logons", "leases")
"""Classes of events that say who or what had an address."""


@dataclass(frozen=True)
class Change:
    """What changed in the registry since the days that are held were judged."""

    database: Database
    district: District
    held: Sequence[date]
    _rows: dict[str, pl.DataFrame] = field(default_factory=dict)

    def now(self, name: str) -> pl.DataFrame:
        """A frame as it is."""
        return self.district.registry.frames[name]

    def was(self, name: str) -> pl.DataFrame:
        """A frame as everything was judged with it, in the columns of today."""
        now, was = self.now(name), self.database.table(f"main.judged_{name}")
        new = [key for key in now.columns if key not in was.columns]
        absent = [pl.lit(None).alias(key) for key in new]
        return was.with_columns(absent).select(now.columns).cast(now.schema)

    def rows(self, name: str) -> pl.DataFrame:
        """The rows that came and those that went."""
        if name not in self._rows:
            self._rows[name] = differing(self.was(name), self.now(name))
        return self._rows[name]

    def has(self, name: str) -> bool:
        """A frame has rows that came or went."""
        return not self.rows(name).is_empty()

    @property
    def files(self) -> LakeFiles:
        """The lake as the ledger lists it."""
        return lake_files(self.district.store, self.district.home.lake)

    def show(self, classes: Iterable[str]) -> None:
        """Make `raw.*` show every event of some classes."""
        show_raw(self.database, self.files, classes, (self.held[0], self.held[-1]))

    def days(self, query: str, values: Mapping[str, Any] | None = None) -> set[date]:
        """The days, of those held, that a query of our own returns."""
        found = {row[0] for row in self.database.rows(query, values)}
        return found & set(self.held)

    def build(self, scratch: Database, *names: str) -> None:
        """Build models in another database, from the tables that it holds."""
        district = self.district
        for model in (district.models[name] for name in names):
            values = given(model, district.parameters)
            scratch.build(model, arguments(model, values, zone=district.zone), None)


def differing(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Rows of either frame that the other has not."""
    sides = ((one, other), (other, one))
    return pl.concat(
        rows.join(others, on=rows.columns, how="anti", nulls_equal=True)
        for rows, others in sides
    )
