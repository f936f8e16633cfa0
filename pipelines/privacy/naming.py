"""Gives every value of the published tables that must not be read its pseudonym."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.privacy.editions import RULES, Pseudonyms
from pipelines.warehouse.database import Database


def name_everything(
    database: Database,
    tables: Mapping[str, Mapping[str, Any]],
    names: Pseudonyms,
    sensitive: frozenset[str],
) -> None:
    """Give every value in the published tables its name, as `main.pseudonyms`."""
    values: dict[Any, set[str]] = {"site": set(sensitive)}
    for table, columns in tables.items():
        for column, kind in columns.items():
            if kind is not None and kind in RULES.values():
                values.setdefault(kind, set()).update(database.distinct(table, column))
    rows = [
        {"kind": kind, "value": value, "name": named[value]}
        for kind, wanted in sorted(values.items())
        for named in [names.names(kind, wanted)]
        for value in sorted(wanted)
    ]
    schema = {"kind": pl.String, "value": pl.String, "name": pl.String}
    database.replace("main.pseudonyms", pl.DataFrame(rows, schema=schema))
