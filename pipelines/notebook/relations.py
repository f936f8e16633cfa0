"""Every relation with its columns, in a snapshot or not, for whoever asks by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.errors import ModelError
from pipelines.events import EVENT_CLASSES, Column
from pipelines.notebook.dictionary import KEPT, header_of
from pipelines.notebook.values import Words, words_of
from pipelines.registry.frames import FRAMES
from pipelines.warehouse.library import models


@dataclass(frozen=True)
class Described:
    """One column.

    Attributes:
        pii: `none`, or how near it leads to a person: `indirect` or `direct`.
        words: The words that it may hold and what each means; empty for an open list.
    """

    column: str
    kind: str
    meaning: str
    pii: str
    words: Words


def relations() -> Mapping[str, str]:
    """Every relation and what one row of it is, by name."""
    raw = {f"raw.{name}": one.meaning for name, one in EVENT_CLASSES.items()}
    registry = {f"registry.{name}": "A frame of the registry." for name in FRAMES}
    built = {name: header_of(name).summary for name in (*models(), *KEPT)}
    every = raw | registry | built
    return {name: " ".join(every[name].split()) for name in sorted(every)}


def described(relation: str) -> list[Described]:
    """The columns of a relation.

    Raises:
        ModelError: There is no such relation.
    """
    if relation not in relations():
        raise ModelError(
            f"there is no relation {relation!r}",
            remedy="List them with: schoolbell describe",
        )
    schema, name = relation.split(".")
    if schema == "raw":
        return _columns(relation, EVENT_CLASSES[name].columns)
    if schema == "registry":
        return _columns(relation, FRAMES[name])
    notes = header_of(relation).columns
    return [
        Described(column, one.type, one.meaning, one.pii, words_of(relation, column))
        for column, one in notes.items()
    ]


def _columns(relation: str, columns: Mapping[str, Column]) -> list[Described]:
    return [
        Described(name, str(one.dtype), one.meaning, one.pii, words_of(relation, name))
        for name, one in columns.items()
    ]
