"""The policy as data: its clauses.

A detection's own header lists its clauses. A pack may give others under
`[detections]`, by id; `CODE = []` is none at all.
"""

import tomllib
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.registry.table import schema, text
from pipelines.settings.problems import Problem

FILE = "policy.toml"

CLAUSES = {
    "clause_id": text("as findings cite it"),
    "title": text("a few words"),
    "binds": text("E, St, U, D; several joined by |"),
    "strength": text("S, I, W, 0 or n/a: what logs can show"),
    "paraphrase": text("what it asks"),
    "cannot_show": text("what logs cannot show about it"),
}
DETECTION_CLAUSES = {
    "detection": text("code of a detection that the policy names"),
    "clause_id": text("clause that it supports instead of the default; null: none"),
}

ALLOWED = "[[clauses]] and [detections]"


class Clause(BaseModel):
    """One clause of the policy."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    clause_id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    binds: tuple[str, ...]
    strength: str = Field(pattern=r"^(S|I|W|0|n/a)$")
    paraphrase: str = Field(min_length=1)
    cannot_show: str | None = None


class Policy(NamedTuple):
    """Frames `clauses` and `detection_clauses`, and what is wrong."""

    clauses: pl.DataFrame
    detection_clauses: pl.DataFrame
    problems: tuple[Problem, ...]


def default_policy() -> bytes:
    """Return the pack of the model policy."""
    return resources.files("pipelines.registry").joinpath(FILE).read_bytes()


@lru_cache(maxsize=2)
def read_policy(data: bytes) -> Policy:
    """Read a pack, the same bytes once; a clause that is not whole is set aside."""
    try:
        said = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        empty = schema(CLAUSES).to_frame(), schema(DETECTION_CLAUSES).to_frame()
        return Policy(*empty, (Problem(FILE, f"is not TOML: {error}"),))
    good, problems = _clauses(_listed(said.get("clauses", [])))
    problems += [
        Problem(FILE, "unknown section, ignored", column=name, allowed=ALLOWED)
        for name, value in said.items()
        if name not in ("clauses", "detections") and isinstance(value, dict | list)
    ]
    detections = said.get("detections", {})
    if not isinstance(detections, dict):
        problems.append(Problem(FILE, "is not a table", column="detections"))
        detections = {}
    rows = [clause.model_dump() | {"binds": "|".join(clause.binds)} for clause in good]
    served = [
        {"detection": code, "clause_id": clause}
        for code, clauses in detections.items()
        for clause in map(_text, _listed(clauses) or [None])
    ]
    known = {clause.clause_id for clause in good}
    lost = sorted({row["clause_id"] for row in served} - known - {None})
    problems += [Problem(FILE, "is not a clause", column="detections", value=name) for name in lost]
    return Policy(
        pl.DataFrame(rows, schema=schema(CLAUSES)),
        pl.DataFrame(served, schema=schema(DETECTION_CLAUSES)),
        tuple(problems),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _clauses(said: list[object]) -> tuple[list[Clause], list[Problem]]:
    good: list[Clause] = []
    problems: list[Problem] = []
    for entry in said:
        try:
            good.append(Clause.model_validate(entry))
        except ValidationError as error:
            name = str(entry.get("clause_id", "?")) if isinstance(entry, dict) else "?"
            problems += [
                Problem(
                    FILE,
                    f"clause {name}: {detail['msg']}",
                    column=".".join(map(str, detail["loc"])),
                    value=str(detail["input"]),
                )
                for detail in error.errors()
            ]
    return good, problems
