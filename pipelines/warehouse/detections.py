"""Every detection with its header, its policy clauses, and its logs.

`requires_fields` of a rule's header is for the operator who connects a source. A log that never had
the field still counts, and another source (a lease, a logon) may fill the gap.
A field that a source suddenly no longer fills is different: without it,
no rule may judge that depends on it, by its `requires_fields` or its `once_filled`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.warehouse.headers import DETECTIONS, Scalar
from pipelines.warehouse.models import Model, rules

if TYPE_CHECKING:  # `status` has no frames, and Polars takes long to import
    import polars as pl

    from pipelines.lake.drift import Drift
    from pipelines.registry.registry import Registry


@dataclass(frozen=True)
class Clause:
    """A sentence of the district's policy, as findings cite it."""

    clause_id: str
    title: str
    binds: tuple[str, ...]
    strength: str
    cannot_show: str


@dataclass(frozen=True)
class Detection:
    """One detection: its model, its code and the clauses it serves."""

    model: Model
    clauses: tuple[Clause, ...]

    @property
    def code(self) -> str:
        """The short code, such as SA-1."""
        return self.model.header.code

    @property
    def kind(self) -> str:
        """Its subject: shared_account, non_approved_site, ..."""
        return self.model.header.kind


def rule_version(model: Model, values: Mapping[str, Scalar]) -> str:
    """Return a value that changes with the rule's query or any of its thresholds.

    Args:
        values: Its parameters, from `arguments`.
    """
    text = f"{model.query}{model.macros}\x1f{sorted(values.items())!r}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def catalog(models: Mapping[str, Model], registry: "Registry") -> Mapping[str, Detection]:
    """Return every detection by its code."""
    clauses = {
        row["clause_id"]: Clause(
            clause_id=row["clause_id"],
            title=row["title"] or "",
            binds=tuple((row["binds"] or "").split("|")),
            strength=row["strength"] or "",
            cannot_show=row["cannot_show"] or "",
        )
        for row in registry.frames["clauses"].iter_rows(named=True)
    }
    said = registry.frames["detection_clauses"]
    return {
        model.header.code: Detection(
            model, tuple(clauses[name] for name in served(model, said) if name in clauses)
        )
        for model in models.values()
        if model.schema_name == DETECTIONS
    }


def served(model: Model, said: "pl.DataFrame") -> Sequence[str]:
    """Return ids of the clauses that a detection serves, in the order they are cited.

    Args:
        said: Clauses from the district's policy for some codes, instead of the headers'.
    """
    own = said.filter(detection=model.header.code)["clause_id"]
    return model.header.clauses if own.is_empty() else own.drop_nulls().to_list()


def disabled(events: Mapping[str, "pl.DataFrame"]) -> dict[str, Sequence[str]]:
    """Return codes of the rules by missing field, as `class.column`.

    Args:
        events: Events by class, without the columns that are null throughout.
    """
    found: dict[str, list[str]] = {}
    for code, model in sorted(rules().items()):
        for field in model.header.requires_fields:
            name, _, column = field.partition(".")
            if name in events and column not in events[name].columns:
                found.setdefault(field, []).append(code)
    return dict(sorted(found.items()))


def blocked_rules(drift: "Drift", own: Mapping[str, Model] | None = None) -> Sequence[str]:
    """Return codes of the rules that must not judge the days without the field.

    Args:
        own: The district's own rules by code, next to the built-in ones.
    """
    if not drift.is_severe:
        return ()
    field = f"{drift.event_class}.{drift.field}"
    return [
        code
        for code, model in sorted({**rules(), **(own or {})}.items())
        if field in model.header.requires_fields or field in model.header.once_filled
    ]
