"""Saved queries: files of `sql/queries/` and of the home's `queries`, each with a header.

The header describes a row, the arguments and each column. A
query reads a snapshot only, so that it names no one.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl

from pipelines.errors import ModelError
from pipelines.settings.problems import nearest
from pipelines.warehouse.headers import Param, Scalar
from pipelines.warehouse.models import Model, arguments, read_model, sql_folder


@cache
def saved_queries() -> Mapping[str, Model]:
    """Return every saved query of the product by name."""
    return _in_folder(sql_folder() / "queries")


def queries_with(own: Path) -> Mapping[str, Model]:
    """Return the product's saved queries and those of a folder, by name.

    Raises:
        ModelError: A query of the folder is broken, or has the name of another.
    """
    found = _in_folder(own)
    if both := sorted(found.keys() & saved_queries().keys()):
        raise ModelError(
            f"{both[0]} is the name of a built-in query",
            where=str(own / f"{both[0]}.sql"),
            remedy="Rename the file.",
        )
    return {**saved_queries(), **found}


def _in_folder(folder: Path) -> Mapping[str, Model]:
    return {path.stem: read_model(path) for path in sorted(folder.glob("*.sql"))}


def listed(queries: Mapping[str, Model]) -> pl.DataFrame:
    """Return saved queries: the name of each, what it asks for, what it answers."""
    return pl.DataFrame(
        [
            {
                "query": name,
                "asks for": " ".join(f"{param}=" for param in model.header.params),
                "answers": " ".join(model.header.summary.split()),
            }
            for name, model in queries.items()
        ]
    )


def saved_query(queries: Mapping[str, Model], name: str) -> Model:
    """Return one of some saved queries.

    Raises:
        ModelError: There is none of that name.
    """
    if name not in queries:
        near = nearest(name, queries)
        guess = f"Did you mean {near}? " if near else ""
        raise ModelError(
            f"there is no saved query {name!r}", remedy=f"{guess}There are: {', '.join(queries)}"
        )
    return queries[name]


def values_of(query: Model, given: Mapping[str, str], zone: str) -> Mapping[str, Scalar]:
    """Parse the arguments of a saved query.

    Raises:
        ModelError: A value is missing, of another type, or unexpected.
    """
    params = query.header.params
    needed = [name for name, param in params.items() if name != "zone" and param.default is None]
    if missing := [name for name in needed if name not in given]:
        examples = " ".join(
            f"--set {name}={_EXAMPLES.get(params[name].type, '…')}" for name in missing
        )
        raise ModelError(
            f"the query needs a value for {', '.join(missing)}",
            where=query.name,
            remedy=f"At the command line, for example: {examples}",
        )
    typed = {
        name: _typed(name, params[name], text, query.name) if name in params else text
        for name, text in given.items()
    }
    return arguments(query, typed, zone=zone)


def _typed(name: str, param: Param, text: str, where: str) -> Scalar:
    try:
        return _READERS[param.type](text)
    except ValueError as error:
        raise ModelError(
            f"{name} = {text!r} is not a {param.type}",
            where=where,
            remedy="A date is written 2026-10-19, a boolean true or false.",
        ) from error


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


_EXAMPLES = {"date": "2026-10-19", "int": "30", "double": "0.5", "boolean": "true"}
_READERS: Mapping[str, Callable[[str], Scalar]] = {
    "int": int,
    "double": float,
    "varchar": str,
    "boolean": _truth,
    "date": _day,
}
