"""Puts pseudonyms in the place of accounts, devices, addresses and people.

What a column holds is said by its name; a column with a personal-data mark and
no rule here is left out, so that a new column can never leak by being forgotten.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl
from sqlalchemy import insert, select

from pipelines.privacy import Kind, assign_names, tokens
from pipelines.state.schema import PSEUDONYMS
from pipelines.state.store import Store
from pipelines.warehouse.models import Model

RULES: Mapping[str, Kind] = {
    "account": "account",
    "subject": "account",
    "other_account": "account",
    "device": "device",
    "host": "device",
    "src_ip": "address",
    "ip": "address",
    "person_id": "person",
    "device_owner": "person",
}
SCHOOL_YEAR_BEGINS = 8


@dataclass
class Pseudonyms:
    """Gives each value its name, the same for the whole school year.

    Attributes:
        key: The district's secret.
        year: Calendar year in which the school year began.
    """

    store: Store
    key: bytes
    year: int
    _names: dict[Kind, dict[str, str]] = field(default_factory=dict)

    def names(self, kind: Kind, values: Iterable[str]) -> Mapping[str, str]:
        """The name of each value; new ones are assigned and stored."""
        known = self._names.setdefault(kind, {})
        wanted = sorted(set(values) - set(known))
        if wanted:
            known.update(self._assigned(kind, wanted))
        return known

    def _assigned(self, kind: Kind, values: list[str]) -> dict[str, str]:
        found = tokens(values, key=self.key, kind=kind, year=self.year)
        scope = f"{kind}|{self.year}"
        with self.store.writing() as connection:
            rows = connection.execute(
                select(PSEUDONYMS.c.token, PSEUDONYMS.c.name).where(
                    PSEUDONYMS.c.kind == scope
                )
            )
            existing = {row.token: row.name for row in rows}
            added = assign_names(existing, found.values(), kind)
            if added:
                connection.execute(
                    insert(PSEUDONYMS),
                    [
                        {"kind": scope, "token": token, "name": name}
                        for token, name in sorted(added.items())
                    ],
                )
        names = existing | added
        return {value: names[token] for value, token in found.items()}


def pseudonyms(store: Store, key_file: Path, day: date) -> Pseudonyms:
    """The pseudonyms of the school year that a day belongs to."""
    year = day.year if day.month >= SCHOOL_YEAR_BEGINS else day.year - 1
    return Pseudonyms(store, key_file.read_bytes(), year)


def kept_columns(model: Model) -> Mapping[str, Kind | None]:
    """The columns that a reader may see, with the kind of pseudonym where needed."""
    return {
        name: RULES.get(name)
        for name, note in model.header.columns.items()
        if name in RULES or note.pii == "none"
    }


def renamed(values: pl.Series, kind: Kind, names: Pseudonyms) -> pl.Series:
    """A text column with each value replaced by its name."""
    distinct = values.drop_nulls().unique().to_list()
    mapping = names.names(kind, distinct)
    chosen = {value: mapping[value] for value in distinct}
    return values.replace_strict(chosen, default=None, return_dtype=pl.String).alias(
        values.name
    )
