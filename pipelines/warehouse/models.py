"""Reads a SQL model: one select a file, under a YAML header that is checked.

The folder is the DuckDB schema, the file the relation: `sql/core/duty.sql` is
`core.duty`. A model whose query names `$event_date` is *dated*: it is built a
local day at a time and reads the days of its `window`. Others are rebuilt whole.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import ModelError

Scalar = int | float | str | bool
About = Literal["account", "device"]
"""What the findings of a rule are about."""
PYTHON_SCHEMAS = ("raw", "registry")
"""Schemas that no model builds: they are brought in by `inputs`."""

_HEADER = re.compile(r"\A/\* ---\n(.*?)\n--- \*/\n", re.DOTALL)
_PARAM = re.compile(r"\$([a-z_]+)")
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Param(_Strict):
    """A number or word that a district may set."""

    type: Literal["date", "int", "double", "varchar", "boolean"]
    default: Scalar | None = None
    min: float | None = None
    max: float | None = None
    unit: str = ""
    why: str = ""


class ColumnNote(_Strict):
    """What a column holds."""

    type: str
    meaning: str = Field(alias="is")
    pii: Literal["none", "indirect", "direct"] = "none"


class Window(_Strict):
    """Neighbouring days that a dated model reads."""

    days_before: int = 0
    days_after: int = 0


class Check(_Strict):
    """A condition that holds for every row; breaking it fails or warns."""

    holds: str
    severity: Literal["fail", "warn"] = "fail"
    why: str = ""


class Header(_Strict):
    """The YAML above a model's query."""

    summary: str
    title: str = ""
    grain: tuple[str, ...]
    window: Window = Window()
    params: Mapping[str, Param] = {}
    columns: Mapping[str, ColumnNote] = {}
    checks: tuple[Check, ...] = ()
    code: str = ""
    kind: str = ""
    about: About = "account"
    severity: str = ""
    stage: Literal["trial", "live"] = "live"
    false_positives: tuple[str, ...] = ()
    response: str = ""


class Model(_Strict):
    """One relation of the warehouse, and how it is made."""

    name: str
    header: Header
    query: str

    @property
    def schema_name(self) -> str:
        """The DuckDB schema."""
        return self.name.split(".")[0]

    @property
    def table_name(self) -> str:
        """The relation without its schema."""
        return self.name.split(".")[1]

    @property
    def is_dated(self) -> bool:
        """Built a day at a time."""
        return "event_date" in self.header.params

    @cached_property
    def inputs(self) -> frozenset[str]:
        """The relations its query reads, as DuckDB's own parser sees them."""
        return frozenset(relations_read(self.query))


def read_models(folder: Path) -> dict[str, Model]:
    """Every model below `folder`, by name, inputs before what reads them.

    Raises:
        ModelError: A header or query is broken, or the models form a circle.
    """
    models = {
        model.name: model
        for path in sorted(folder.glob("*/*.sql"))
        if path.parent.name not in ("macros", "checks", "queries")
        for model in [read_model(path)]
    }
    order = TopologicalSorter(
        {name: sorted(model.inputs & set(models)) for name, model in models.items()}
    )
    try:
        return {name: models[name] for name in order.static_order()}
    except CycleError as error:
        raise ModelError(
            "models read each other in a circle: " + " -> ".join(error.args[1])
        ) from error


def read_model(path: Path) -> Model:
    """Read one file.

    Raises:
        ModelError: With the file and what is wrong in it.
    """
    where = f"sql/{path.parent.name}/{path.name}"
    text = path.read_text(encoding="utf-8")
    found = _HEADER.match(text)
    if found is None:
        raise ModelError("begins with no `/* ---` header", where=where)
    try:
        header = Header.model_validate(yaml.safe_load(found[1]))
    except (ValidationError, yaml.YAMLError) as error:
        raise ModelError(f"the header is not valid: {error}", where=where) from error
    query = text[found.end() :].strip()
    name = f"{path.parent.name}.{path.stem}"
    _check(name, header, query, where)
    return Model(name=name, header=header, query=query)


def _check(name: str, header: Header, query: str, where: str) -> None:
    if not all(_NAME.match(part) for part in name.split(".")):
        raise ModelError(f"{name!r} is no name for a relation", where=where)
    used, said = set(_PARAM.findall(query)), set(header.params)
    if used != said:
        raise ModelError(
            f"the query uses {sorted(used)}, the header names {sorted(said)}",
            where=where,
        )
    missing = [column for column in header.grain if column not in header.columns]
    notes = [header.columns[name].type for name in header.grain if name not in missing]
    if missing:
        raise ModelError(f"the grain {missing} is not among the columns", where=where)
    if "event_date" in header.params and not any(map(_once, header.grain, notes)):
        raise ModelError(
            f"the same {', '.join(header.grain)} can come on two days",
            where=where,
            remedy="Name event_date in the grain: what happens once happens twice.",
        )


def _once(column: str, kind: str) -> bool:
    """Whether a column's value can not come again on another day."""
    return column in ("event_date", "event_id") or kind == "timestamptz"


def relations_read(query: str) -> set[str]:
    """The relations a query reads; a name without a schema is a CTE.

    Raises:
        ModelError: The query does not parse.
    """
    found: set[str] = set()

    def note(node: dict[str, Any]) -> dict[str, Any]:
        if node.get("type") == "BASE_TABLE" and node["schema_name"]:
            found.add(f"{node['schema_name']}.{node['table_name']}")
        return node

    serialize = "select json_serialize_sql(?::varchar)"
    text = duckdb.execute(serialize, [query]).fetchall()[0][0]
    tree = json.loads(text, object_hook=note)
    if tree["error"]:
        raise ModelError(tree["error_message"])
    return found


def without_events(models: Iterable[Model]) -> frozenset[str]:
    """Models made of the registry alone, whole: their days are no days of data.

    Args:
        models: In build order.
    """
    found: set[str] = set()
    for model in models:
        if not model.is_dated and all(
            name.startswith("registry.") or name in found for name in model.inputs
        ):
            found.add(model.name)
    return frozenset(found)


def arguments(
    model: Model, overrides: Mapping[str, Scalar] | None = None, *, zone: str = "UTC"
) -> dict[str, Scalar]:
    """The values of a model's parameters, without the date.

    Args:
        overrides: What the district sets instead of the defaults.
        zone: The district's zone, for the models that name it.

    Raises:
        ModelError: A district's value is out of the bounds that the header gives.
    """
    given = dict(overrides or {})
    values: dict[str, Scalar] = {}
    for name, param in model.header.params.items():
        if name == "event_date":
            continue
        default = zone if name == "zone" else param.default
        value = given.pop(name, default)
        if value is None:
            raise ModelError(f"parameter {name} has no value", where=model.name)
        _inside(model, name, param, value)
        values[name] = value
    if given:
        raise ModelError(
            f"there is no parameter {sorted(given)}",
            where=model.name,
            remedy=f"It has: {', '.join(sorted(values)) or 'none'}",
        )
    return values


def model_version(model: Model, values: Mapping[str, Scalar]) -> str:
    """Changes whenever what the model's rows are can change.

    Title, summary and the words beside columns and thresholds change no row.

    Args:
        values: Of its parameters, as `arguments` gives them; the zone is one of them.
    """
    header = model.header
    columns = {name: note.type for name, note in header.columns.items()}
    checks = [(check.holds, check.severity) for check in header.checks]
    parts = (model.query, sorted(values.items()), columns, header.grain, checks)
    text = repr((*parts, header.window.days_before, header.window.days_after))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def within(param: Param, value: Scalar) -> bool:
    """Whether a value is of a parameter's type and inside its bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        words = {"boolean": bool, "varchar": str, "date": str}
        return isinstance(value, words.get(param.type, ()))
    low = param.min if param.min is not None else float("-inf")
    high = param.max if param.max is not None else float("inf")
    is_whole = param.type != "int" or float(value).is_integer()
    return param.type in ("int", "double") and is_whole and low <= value <= high


def _inside(model: Model, name: str, param: Param, value: Scalar) -> None:
    if not within(param, value):
        raise ModelError(
            f"{name} = {value} is not a {param.type} from {param.min} to {param.max}",
            where=model.name,
            remedy=f"The default is {param.default}: {param.why}",
        )


def downstream(models: Iterable[Model], roots: Iterable[str]) -> Sequence[str]:
    """The models that read, directly or not, any of `roots`, in build order."""
    stale = set(roots)
    found = []
    for model in models:
        if model.inputs & stale:
            stale.add(model.name)
            found.append(model.name)
    return found
