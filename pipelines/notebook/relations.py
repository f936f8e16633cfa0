"""Every relation with its columns, in a snapshot or not, for whoever asks by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.district.frames import FRAMES
from pipelines.errors import ModelError
from pipelines.events import EVENT_CLASSES, Column
from pipelines.notebook.dictionary import KEPT, header_of
from pipelines.warehouse.library import models


@dataclass(frozen=True)
class Described:
    """One column.

    Attributes:
        pii: `none`, or how near it leads to a person: `indirect` or `direct`.
    """

    column: str
    kind: str
    meaning: str
    pii: str


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
        return _columns(EVENT_CLASSES[name].columns)
    if schema == "registry":
        return _columns(FRAMES[name])
    notes = header_of(relation).columns
    return [
        Described(column, note.type, note.meaning, note.pii)
        for column, note in notes.items()
    ]


def _columns(columns: Mapping[str, Column]) -> list[Described]:
    return [
        Described(name, str(one.dtype), one.meaning, one.pii)
        for name, one in columns.items()
    ]
