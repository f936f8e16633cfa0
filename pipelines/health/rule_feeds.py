"""Which rules have what they stand on: logs of a kind that tells it, and rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.events import EVENT_CLASSES
from pipelines.ingest.mixed_lines import MIXED
from pipelines.registry.registry import Registry
from pipelines.state.connections import Store
from pipelines.state.ledger import lake_files, source_files
from pipelines.warehouse.detections import Detection
from pipelines.warehouse.models import Model

Held = Mapping[tuple[str, str], str]
"""Class of events and format that gave some -> their first day."""


@dataclass(frozen=True)
class Rules:
    """Which rules a registry lets judge.

    Attributes:
        lacking: Code of a rule -> the files without a row that it stands on, in words
            where it is about a column.
        count: How many rules there are.
    """

    lacking: Mapping[str, Sequence[str]]
    count: int

    @property
    def on(self) -> int:
        """How many can judge."""
        return self.count - len(self.lacking)

    def __str__(self) -> str:
        return f"{self.on} of {self.count}"


NO_RULES = Rules({}, 0)


def rules_on(detections: Mapping[str, Detection], registry: Registry) -> Rules:
    """The rules with the registry as it is; logs are another matter."""
    lacking = {}
    for code, rule in sorted(detections.items()):
        named = [one.split("|") for one in rule.model.header.stands_on]
        lacks = [one[0] for one in named if all(_is_empty(registry, n) for n in one)]
        if lacks:
            lacking[code] = [one.replace(":", " with ") for one in lacks]
    return Rules(lacking, len(detections))


def _is_empty(registry: Registry, name: str) -> bool:
    """No row of a file, or none that says yes in the column behind the colon."""
    file, _, column = name.partition(":")
    if file in registry.missing:
        return True
    return bool(column) and not registry.frames[file[:-4]][column].any()


def arrived(store: Store) -> Held:
    """What the lake holds; of a source all whose formats may have given a class."""
    formats: dict[str, set[str]] = {}
    for file in source_files(store):
        formats.setdefault(file.source, set()).add(file.format or "")
    found: dict[tuple[str, str], str] = {}
    for name in EVENT_CLASSES:
        for lake in lake_files(store, name):
            for one in formats.get(lake.source, {""}):
                key = (name, one)
                found[key] = min(found.get(key, lake.event_date), lake.event_date)
    return found


def fed_since(
    model: Model, models: Mapping[str, Model], held: Held, registry: Registry
) -> str | None:
    """The first day of a log that tells what a rule asks; None where none arrived.

    A rule that reads no log has an empty day. Who held an address is known from other
    logs; a rule about requests is not fed by these: their events count only for a rule
    that reads nothing else.
    """
    told_by, told_with = model.header.told_by, model.header.told_with
    wanted = set(told_by) or _needed(model, models)
    wanted -= {cls for cls, file in told_with.items() if _is_empty(registry, file)}
    if not (wanted or told_by):
        return ""
    days = [
        day
        for (cls, one), day in held.items()
        if cls in wanted and (not told_by or one in (*told_by[cls], MIXED))
    ]
    return min(days, default=None)


def _needed(model: Model, models: Mapping[str, Model]) -> set[str]:
    own = _reads(model, models, through=("core", "raw"))
    return own or _reads(model, models, through=("core", "raw", "identity"))


def _reads(
    model: Model, models: Mapping[str, Model], through: Sequence[str]
) -> set[str]:
    """The classes of events that a model reads, by way of models of some schemas."""
    found: set[str] = set()
    waiting, seen = [model], {model.name}
    while waiting:
        for name in waiting.pop().inputs - seen:
            seen.add(name)
            schema, table = name.split(".")
            if schema not in through:
                continue
            if schema == "raw":
                found.add(table)
            elif name in models:
                waiting.append(models[name])
    return found
