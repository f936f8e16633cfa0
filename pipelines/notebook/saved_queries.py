"""Saved queries: files of `sql/queries/`, each with a header as in a model.

The header describes a row, the arguments and each column. A
query reads a snapshot only, so that it names no one.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache

import polars as pl

from pipelines.errors import ModelError
from pipelines.warehouse.headers import Param, Scalar
from pipelines.warehouse.models import Model, arguments, read_model, sql_folder


@cache
def saved_queries() -> Mapping[str, Model]:
    """Return every saved query by name."""
    paths = sorted((sql_folder() / "queries").glob("*.sql"))
    return {path.stem: read_model(path) for path in paths}


def listed() -> pl.DataFrame:
    """Return every saved query: its name, what it asks for, what it answers."""
    return pl.DataFrame(
        [
            {
                "query": name,
                "asks for": " ".join(f"{param}=" for param in model.header.params),
                "answers": " ".join(model.header.summary.split()),
            }
            for name, model in saved_queries().items()
        ]
    )


def saved_query(name: str) -> Model:
    """Return one of them.

    Raises:
        ModelError: There is none of that name.
    """
    found = saved_queries().get(name)
    if found is None:
        raise ModelError(
            f"there is no saved query {name!r}",
            where="sql/queries",
            remedy=f"There are: {', '.join(saved_queries())}",
        )
    return found


def values_of(query: Model, given: Mapping[str, str], zone: str) -> Mapping[str, Scalar]:
    """Parse the arguments of a saved query.

    Raises:
        ModelError: A value is missing, of another type, or unexpected.
    """
    params = query.header.params
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


_READERS: Mapping[str, Callable[[str], Scalar]] = {
    "int": int,
    "double": float,
    "varchar": str,
    "boolean": _truth,
    "date": _day,
}
