"""Reader of SQL models: one select per file, under a checked YAML header.

`sql/` is next to the package in a checkout, inside it in a wheel. The folder is the
DuckDB schema, the file the relation: `sql/core/duty.sql` is `core.duty`. A model whose
query contains `$event_date` is *dated*: it has the rows of one local day and reads the
days of its `lookback` and `lookahead`. Others are rebuilt as a whole. An *ephemeral* model has
no table: its query is a CTE of each model that reads it.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache, cached_property, partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipelines.errors import ModelError
from pipelines.warehouse import rule_ends
from pipelines.warehouse.headers import (
    DETECTIONS,
    EPHEMERAL,
    About,
    ColumnNote,
    Header,
    Param,
    Scalar,
    Shared,
    Strict,
    read_header,
    shared_of,
)

if TYPE_CHECKING:
    from pipelines.events import Column

PYTHON_SCHEMAS = ("raw", "registry")
"""Schemas that no model builds: they are brought in by `inputs`."""

MACROS = "macros"
"""The folder of what recurs in queries: one DuckDB macro a file."""

NO_MODELS = (MACROS, "invalidation", "lookups", "notices", "proposals", "queries", "questions")
"""Folders whose files are not relations."""

JUDGED = (
    "severity", "severity_raised", "base_confidence", "claim", "explanations", "refuted_by",
    "clauses",
)  # fmt: skip
"""Header keys of a rule that its findings depend on, in addition to its rows."""

_HEADER = re.compile(r"\A/\* ---\n(.*?)\n--- \*/\n", re.DOTALL)
_PARAM = re.compile(r"\$([a-z_]+)")
_DAY_ASKED = r"\$event_date(?:::\w+)?(\s*[+-])?"
_RELATION = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'"
    r"|\b((?:raw|registry|identity|core|detections|findings|marts)\.[a-z_0-9]+)\b"
    r"(?!\s*\()",
    re.DOTALL,
)
_CODE = re.compile(r"^code: (\S+)$", re.MULTILINE)
_ABOUT_DEVICE = re.compile(r"^about: device$", re.MULTILINE)
_EVENT_DATE = re.compile(r"\$event_date\b")
_OWN_DAY = re.compile(
    r"\s+where\s+(?:\w+\.)?event_date = \$event_date::date"
    r"(?=\s+(?:and|group|qualify|window|union|order|having)\b|\s*\)|\s*\Z)"
)
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_NO_SQL = re.compile(r"--[^\n]*|'(?:[^']|'')*'")
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_CALL = re.compile(r"\b([a-z_0-9]+)\(")
_MACRO = re.compile(r"^create or replace temporary macro ([a-z_0-9]+)\(", re.MULTILINE)


Days = tuple[str, str]
"""First and last day, as SQL."""


class Part(NamedTuple):
    """One of the parts that the rows of a large day fall into, by a column's value."""

    number: int = 0
    of: int = 1

    def condition(self, column: str) -> str:
        """Return the condition of this part's rows, those without a value among them."""
        return "" if self.of == 1 else f"hash({column}) % {self.of} = {self.number}"


class Model(Strict):
    """One relation of the warehouse, and how it is made.

    Attributes:
        text: The query as its file contains it.
        query: The same with the queries of ephemeral models as CTEs.
        parts: The ephemeral models among the relations that the text reads, directly or
            not, inputs first.
        macros: The text of every macro that the query uses, directly or not.
        dated_inputs: Dated models among its inputs.
        queries: The number of queries that it consists of, which run one after another.
    """

    name: str
    header: Header
    text: str
    query: str
    parts: tuple["Model", ...] = ()
    macros: str = ""
    dated_inputs: tuple[str, ...] = ()
    queries: int = 1

    @property
    def is_ephemeral(self) -> bool:
        """Whether it has no table."""
        return self.header.kind == EPHEMERAL

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
        """Written for one local day, and built for some."""
        return "event_date" in self.header.params

    @property
    def reads_lines(self) -> bool:
        """Whether it reads raw events, not only other models."""
        return any(name.startswith("raw.") for name in self.inputs)

    @property
    def is_split(self) -> bool:
        """True if a large day can be built in parts."""
        return bool(self.header.by_account or self.header.split_by)

    def statement(self, part: Part | None = None) -> str:
        """Return the query as it fills the table: a rule's facts are packed as JSON.

        Args:
            part: Limits it to one part of a large day; None for the whole.
        """
        if not self.is_dated:
            return self._packed(self.query)
        header = self.header
        first = f"$event_date::date - {header.lookback}"
        last = f"$event_date::date + {header.lookahead}"
        return self._packed(self._bounded((first, last), None, part or Part()))

    @cached_property
    def span_statement(self) -> str:
        """The same for each of `$span_days` together; see decision 0050."""
        query = self._bounded(("$span_first", "$span_last"), ("$own_first", "$own_last"), Part())
        query = _EVENT_DATE.sub("_span.event_date", query)
        return self._packed(
            "select _made.*"
            " from (select unnest($span_days::date[]) as event_date) as _span,"
            f" lateral ({query}\n) as _made"
        )

    def span_arguments(self, days: Sequence[date]) -> dict[str, object]:
        """Return the dates that `span_statement` asks for: the days, and what they read."""
        header = self.header
        dates = {
            "span_days": list(days),
            "own_first": min(days),
            "own_last": max(days),
            "span_first": min(days) - timedelta(days=header.lookback),
            "span_last": max(days) + timedelta(days=header.lookahead),
        }
        asked = set(_PARAM.findall(self.span_statement))
        return {name: value for name, value in dates.items() if name in asked}

    def _bounded(self, wide: Days, own: Days | None, part: Part) -> str:
        """Bound the query's inputs: the planner skips no day otherwise.

        Args:
            wide: First and last day that the window reaches.
            own: The same for conditions on the day alone; None for no bound.
            part: See `statement`.
        """
        query, header = self.query, self.header
        # a view of the lake shows no files beyond the window
        reach = {name: None for name in sorted(self.inputs) if name.startswith("raw.")}
        for name, days in {**reach, **dict.fromkeys(self.dated_inputs, wide)}.items():
            read = rf"(\bfrom )?\b{name}\b( as \w+)?"
            kept = part.condition("account") if name in header.by_account else ""
            query = re.sub(read, partial(_narrowed, name, days, own, kept), query)
        for name, column in header.split_by.items() if part.of > 1 else ():
            kept = f"from (from {name} where {part.condition(column)}) as {name}"
            query = re.sub(rf"\bfrom {name}\b", kept, query)
        return query

    def _packed(self, query: str) -> str:
        if not self.header.details:
            return query
        packed = "to_json(details)::varchar as details"
        return f"select * replace ({packed}) from ({query}\n)"

    @cached_property
    def inputs(self) -> frozenset[str]:
        """The relations its query reads."""
        return frozenset(relations_read(self.query))

    @cached_property
    def of_the_day(self) -> frozenset[str]:
        """Inputs from which a day reads only its own rows, however wide the window is.

        Derived from the text, to estimate a statement's cost; nothing else may depend on it.
        """
        return frozenset(name for name in self.inputs if self._asks_day_alone(name))

    def _asks_day_alone(self, name: str) -> bool:
        asked = re.findall(rf"\b{name}\b([^$]*){_DAY_ASKED}", self.query)
        own = [front.endswith("event_date = ") and not sign for front, sign in asked]
        return all(own)


def read_models(folder: Path) -> dict[str, Model]:
    """Return every model below `folder` by name, ephemeral ones too, inputs first.

    Raises:
        ModelError: A header or query is broken, or the models form a circle.
    """
    macros = read_macros(folder)
    written = {model.name: model for path in _files(folder) for model in [read_model(path, macros)]}
    written |= _rule_ends(written.values(), macros)
    order = TopologicalSorter(
        {name: sorted(model.inputs & set(written)) for name, model in written.items()}
    )
    models: dict[str, Model] = {}
    try:
        for name in order.static_order():
            models[name] = joined(written[name], models)
    except CycleError as error:
        raise ModelError(
            "models read each other in a circle: " + " -> ".join(error.args[1])
        ) from error
    return models


def joined(written: Model, models: Mapping[str, Model]) -> Model:
    """Return a model that was read by itself, completed by those that it reads.

    Args:
        models: Complete ones, inputs first.

    Raises:
        ModelError: It contradicts them.
    """
    parts = [model for model in models.values() if model.is_ephemeral]
    model = inlined(_described(written, models), parts)
    _check_days(model)
    _check_fields(model, models)
    _check_parts(model, models)
    dated = (name for name in sorted(model.inputs & set(models)) if models[name].is_dated)
    return model.model_copy(update={"dated_inputs": tuple(dated)})


def _rule_ends(models: Iterable[Model], macros: Mapping[str, str]) -> dict[str, Model]:
    """Return the model that counts where the candidates of the rules ended, if one has any."""
    ending = [
        rule_ends.Rule(model.table_name, model.header, model.text)
        for model in models
        if model.header.ends
    ]
    if not ending:
        return {}
    query = rule_ends.query_of(ending)
    used = "\n".join(macros_used(query, macros).values())
    header = rule_ends.header_of(ending)
    name = rule_ends.NAME
    return {
        name: Model(
            name=name, header=header, text=query, query=query, macros=used, queries=len(ending)
        )
    }


def inlined(model: Model, parts: Sequence[Model]) -> Model:
    """Return a model whose query contains the ephemeral models that it reads as CTEs.

    The parameters of those are its parameters too.

    Args:
        parts: Ephemeral models, inputs first; those that are left out are read as tables.

    Raises:
        ModelError: The model cannot contain one of them.
    """
    read = relations_read(model.text)
    used: list[Model] = []
    for part in reversed(parts):
        if part.name in read:
            used.insert(0, part)
            read |= relations_read(part.text)
    if not used and not model.parts:
        return model
    params: dict[str, Param] = {}
    for one in (*used, model):
        _check_part(model, one)
        for name, param in one.header.params.items():
            if params.setdefault(name, param) != param:
                raise ModelError(f"has another parameter {name} than {model.name}", where=one.name)
    names = [part.name for part in used]
    ctes = [f"{_cte(part.name)} as (\n{_with_ctes(part.text, names)}\n)" for part in used]
    text = _with_ctes(model.text, names)
    if ctes:
        own = re.sub(r"\Awith\b", ",", text) if text.startswith("with") else f"\n{text}"
        text = "with\n\n" + ",\n\n".join(ctes) + own
    asked = set(_PARAM.findall(text))
    kept = {name: param for name, param in params.items() if name in asked}
    return Model(  # a copy would keep the inputs of the other query
        name=model.name,
        header=model.header.model_copy(update={"params": kept}),
        text=model.text,
        query=text,
        parts=tuple(used),
        macros="\n".join(one.macros for one in (*used, model) if one.macros),
        queries=max(one.queries for one in (*used, model)),
    )


def _cte(name: str) -> str:
    return name.replace(".", "__")


def _with_ctes(text: str, names: Iterable[str]) -> str:
    """Return a query that reads CTEs instead of relations."""
    for name in names:
        text = re.sub(rf"\b{name}\b(?=\s+as\s)", _cte(name), text)
        text = re.sub(rf"\b{name}\b", f"{_cte(name)} as {name.split('.')[1]}", text)
    return text


def _check_part(model: Model, part: Model) -> None:
    """Check that a model asks an ephemeral model only for the rows that it can have."""
    own, other = model.header, part.header
    if own.lookback < other.lookback or own.lookahead < other.lookahead:
        said = f"its lookback or lookahead is shorter than that of {part.name}"
        raise ModelError(said, where=model.name)
    asked_day = rf"\b{part.name}(?: as \w+)?\s+where\s+(?:\w+\.)?event_date\b"
    if re.search(asked_day, model.text):
        raise ModelError(f"{part.name} contains only rows of its day", where=model.name)


def _described(model: Model, models: Mapping[str, Model]) -> Model:
    """Return a model whose every column has a meaning, its own or that of its input.

    Raises:
        ModelError: No input has a meaning for a column, or two have different ones.
    """
    columns = {
        name: note if note.meaning and note.type else _inherited(model, name, note, models)
        for name, note in model.header.columns.items()
    }
    return model.model_copy(update={"header": model.header.model_copy(update={"columns": columns})})


def _inherited(
    model: Model, name: str, note: ColumnNote, models: Mapping[str, Model]
) -> ColumnNote:
    found = {
        (one.meaning, one.pii): (relation, one)
        for relation in sorted(model.inputs & {note.of} if note.of else model.inputs)
        for one in [_columns_of(relation, models).get(name)]
        if one is not None and one.meaning
    }
    if len(found) != 1:
        listed = "; ".join(f"{relation}: {one.meaning}" for relation, one in found.values())
        raise ModelError(
            f"the column {name} has no meaning, and its inputs have {listed or 'none'}",
            where=model.name,
            remedy="Write its meaning as `is:` in the header, or the input that has it.",
        )
    ((relation, one),) = found.values()
    kind = note.type or (one.type if isinstance(one, ColumnNote) else "")
    if not kind:
        raise ModelError(f"the column {name} has no type", where=model.name)
    own = {"is": note.meaning, "pii": note.pii} if note.meaning else {}
    given = {"type": kind, "of": relation, "is": one.meaning, "pii": one.pii, **own}
    return ColumnNote.model_validate(given)


def _columns_of(relation: str, models: Mapping[str, Model]) -> Mapping[str, "ColumnNote | Column"]:
    """Return the descriptions of a relation's columns, where it has any."""
    schema, name = relation.split(".")
    if schema == "raw":
        from pipelines.events import EVENT_CLASSES  # Polars takes long to import

        return EVENT_CLASSES[name].columns if name in EVENT_CLASSES else {}
    if schema == "registry":
        from pipelines.registry.frames import FRAMES  # it imports every table

        return FRAMES.get(name, {})
    return models[relation].header.columns if relation in models else {}


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*/*.sql")) if path.parent.name not in NO_MODELS]


def _narrowed(
    name: str, wide: Days | None, own: Days | None, kept: str, found: re.Match[str]
) -> str:
    """Return an input with rows removed that cannot count."""
    before, alias = found[1] or "", found[2] or f" as {name.split('.')[1]}"
    is_own = before and _asks_own_day(found.string[found.end() :])
    days = own if is_own else wide
    conditions = ["event_date between {} and {}".format(*days)] if days else []
    conditions += [kept] if kept else []
    if not conditions:
        return found[0]
    return f"{before}(from {name} where {' and '.join(conditions)}){alias}"


def _asks_own_day(rest: str) -> bool:
    """Return whether only the same day's rows of a relation count, from the text after its name.

    Certain if true: the day is the first condition, and no `or` weakens it.
    """
    asked = _OWN_DAY.match(rest)
    if asked is None:
        return False
    rest, inner = _NO_SQL.sub("", rest[asked.end() :]), ""
    while rest != inner:
        rest, inner = _IN_BRACKETS.sub("", rest), rest
    return not re.search(r"\bor\b", rest.split(")")[0])


def read_model(path: Path, macros: Mapping[str, str] | None = None) -> Model:
    """Read one file.

    Args:
        macros: Macros that its query may use, by name.

    Raises:
        ModelError: With the file and its problem.
    """
    is_own = path.parent.parent != sql_folder()
    where = str(path) if is_own else f"sql/{path.parent.name}/{path.name}"
    name = f"{path.parent.name}.{path.stem}"
    shown, query = split(path.read_text(encoding="utf-8"), where)
    try:
        header = _header(shown, path.parent)
    except ValueError as error:
        raise ModelError(f"the header is not valid: {error}", where=where) from error
    return model_of(name, header, query, where, macros or {})


def split(text: str, where: str) -> tuple[str, str]:
    """Return the header and the query of a file.

    Raises:
        ModelError: It has no header.
    """
    found = _HEADER.match(text)
    if found is None:
        raise ModelError("begins with no `/* ---` header", where=where)
    return found[1], text[found.end() :].strip()


def model_of(name: str, header: Header, query: str, where: str, macros: Mapping[str, str]) -> Model:
    """Return a model of its parts; see `joined`.

    Raises:
        ModelError: The query contradicts the header.
    """
    _check(name, header, query, where)
    used = "\n".join(macros_used(query, macros).values())
    return Model(name=name, header=header, text=query, query=query, macros=used)


@cache
def _header(text: str, folder: Path) -> Header:
    """Parse a header; those of rules are needed before all models are read."""
    return read_header(text, shared_of(folder), is_rule=folder.name == DETECTIONS)


def read_macros(folder: Path) -> dict[str, str]:
    """Return every macro below `folder`, by name, in order of use.

    Raises:
        ModelError: A file is not one macro with its own name, or they form a circle.
    """
    texts = {
        path.stem: path.read_text(encoding="utf-8")
        for path in sorted(folder.glob(f"{MACROS}/*.sql"))
    }
    for name, text in texts.items():
        if _MACRO.findall(text) != [name]:
            raise ModelError(
                f"makes {_MACRO.findall(text)}, not one macro {name!r}",
                where=f"sql/{MACROS}/{name}.sql",
            )
    uses = {name: set(_CALL.findall(text)) - {name} for name, text in texts.items()}
    try:
        order = TopologicalSorter(
            {name: sorted(called & set(texts)) for name, called in uses.items()}
        ).static_order()
        return {name: texts[name] for name in order}
    except CycleError as error:
        raise ModelError("macros use each other in a circle") from error


def macros_used(query: str, macros: Mapping[str, str]) -> dict[str, str]:
    """Return the macros that a query uses, directly or not, in the order given."""
    found: set[str] = set()
    waiting = [query]
    while waiting:
        text = waiting.pop()
        new = {name for name in macros.keys() - found if _is_called(name, text)}
        found |= new
        waiting += (macros[name] for name in new)
    return {name: text for name, text in macros.items() if name in found}


def _is_called(name: str, text: str) -> bool:
    """Return whether it is before a bracket, as a separate word; no pattern is as quick."""
    at = text.find(f"{name}(")
    while at > 0 and (text[at - 1].isalnum() or text[at - 1] == "_"):
        at = text.find(f"{name}(", at + 1)
    return at >= 0


def _check(name: str, header: Header, query: str, where: str) -> None:
    if not all(_NAME.match(part) for part in name.split(".")):
        raise ModelError(f"{name!r} is not a name for a relation", where=where)
    used, said = set(_PARAM.findall(query)), set(header.params)
    if used != said:
        raise ModelError(
            f"the query uses {sorted(used)}, the header names {sorted(said)}", where=where
        )
    missing = [column for column in header.grain if column not in header.columns]
    if missing:
        raise ModelError(f"the grain {missing} is not among the columns", where=where)
    if problem := rule_ends.problem_of(header, query):
        raise ModelError(problem, where=where)


def _check_days(model: Model) -> None:
    """Check that the rows of two days differ in the grain."""
    grain = model.header.grain
    kinds = [model.header.columns[name].type for name in grain]
    if model.is_dated and not any(map(_once, grain, kinds)):
        raise ModelError(
            f"the same {', '.join(grain)} can come on two days",
            where=model.name,
            remedy="Name event_date in the grain: what happens once happens twice.",
        )
    if model.is_dated and not model.is_ephemeral and "event_date" not in model.header.columns:
        raise ModelError("is built by day and has no column event_date", where=model.name)


def _check_fields(model: Model, models: Mapping[str, Model]) -> None:
    """Check that a rule reads the event fields that it needs, directly or not."""
    fields = (*model.header.requires_fields, *model.header.once_filled)
    read = inputs_below(model, models) if fields else ()
    for field in fields:
        if f"raw.{field.partition('.')[0]}" not in read:
            raise ModelError(f"needs {field} and reads no such event", where=model.name)


def _check_parts(model: Model, models: Mapping[str, Model]) -> None:
    """Check that a model reads what a large day of it is split by."""
    for name in model.header.by_account:
        made = models.get(name) if name in model.inputs else None
        if made is None or "account" not in made.header.columns:
            raise ModelError(f"reads no account of {name}", where=model.name)
    for name in model.header.split_by:
        if not re.search(rf"^{name} as \(.*\bfrom {name}\b", model.text, re.DOTALL | re.MULTILINE):
            raise ModelError(f"has no CTE {name} that it reads", where=model.name)


def inputs_below(model: Model, models: Mapping[str, Model]) -> frozenset[str]:
    """Return every relation that a model reads, directly or through others."""
    found: set[str] = set()
    waiting = set(model.inputs)
    while waiting:
        found |= waiting
        below = [models[name].inputs for name in waiting if name in models]
        waiting = set().union(*below) - found
    return frozenset(found)


def _once(column: str, kind: str) -> bool:
    """Return whether a column's value cannot come again on another day."""
    return column in ("event_date", "event_id") or kind == "timestamptz"


def relations_read(query: str) -> set[str]:
    """Return the relations that a query reads; a name without a schema is a CTE.

    Parsing every query with DuckDB takes half a second. A test checks that its parser finds the
    same in each model, and that each parses.
    """
    return {name for name in _RELATION.findall(query) if name}


def without_events(models: Iterable[Model]) -> frozenset[str]:
    """Return undated models made of the registry alone: their days are not days of data.

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


def given(model: Model, overrides: Mapping[str, Mapping[str, Scalar]]) -> Mapping[str, Scalar]:
    """Return the district's values for a model, by its id or its name."""
    own = overrides.get(model.header.code) or overrides.get(model.name) or {}
    return {**rule_ends.given_by_rules(model.header.params, overrides), **own}


def arguments(
    model: Model, overrides: Mapping[str, Scalar] | None = None, *, zone: str = "UTC"
) -> dict[str, Scalar]:
    """Return the values of a model's parameters, without the date.

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
    """Return a value that changes with the model's rows, or with the judgment of a rule's rows.

    Title, summary and the words for columns and thresholds change neither.

    Args:
        values: Of its parameters, from `arguments`; the zone is one of them.
    """
    header = model.header
    columns = {name: note.type for name, note in header.columns.items()}
    checks = [(check.holds, check.severity) for check in header.audits]
    parts = (model.query, sorted(values.items()), columns, header.grain, checks)
    window = (header.lookback, header.lookahead)
    judged = header.model_dump(include=set(JUDGED))
    text = repr((*parts, *window, model.macros, judged))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def within(param: Param, value: Scalar) -> bool:
    """Return whether a value is of a parameter's type and inside its bounds."""
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
            f"{name} = {value} is not {param.allowed}",
            where=model.name,
            remedy=f"The default is {param.default}: {param.why}",
        )


def downstream(models: Iterable[Model], roots: Iterable[str]) -> Sequence[str]:
    """Return the models that read, directly or not, any of `roots`, in build order."""
    stale = set(roots)
    found = []
    for model in models:
        if model.inputs & stale:
            stale.add(model.name)
            found.append(model.name)
    return found


def upstream(models: Mapping[str, Model], roots: Iterable[str]) -> dict[str, Model]:
    """Return some models and all that they read, directly or not, in build order."""
    needed = set(roots)
    for name in reversed(list(models)):
        if name in needed:
            needed |= models[name].inputs
    return {name: model for name, model in models.items() if name in needed}


def sql_folder() -> Path:
    """Return the folder with the models.

    Raises:
        ModelError: The installation lacks it.
    """
    package = Path(__file__).parents[1]
    for folder in (package.parent / "sql", package / "_sql"):
        if (folder / "core").is_dir():
            return folder
    raise ModelError(
        "the SQL models are missing from this installation",
        where=str(package),
        remedy="Install Schoolbell again.",
    )


@cache
def query_text(name: str) -> str:
    """Return the text of a query without a header, as `proposals/used_sites`."""
    return (sql_folder() / f"{name}.sql").read_text(encoding="utf-8")


@cache
def attached_query(name: str) -> str:
    """Return the same text with relations of the warehouse that is attached as `built`."""
    text = query_text(name)
    for relation in relations_read(text):
        if not relation.startswith("raw."):
            text = re.sub(rf"\b{relation}\b", f"built.{relation}", text)
    return text


@cache
def every_model() -> dict[str, Model]:
    """Return every model and every ephemeral one, inputs first."""
    return read_models(sql_folder())


@cache
def models() -> dict[str, Model]:
    """Return every model that has a table, inputs before the models that read them."""
    return {name: model for name, model in every_model().items() if not model.is_ephemeral}


@cache
def macros() -> dict[str, str]:
    """Return every macro that queries may use, those that others use first."""
    return read_macros(sql_folder())


def shared_words() -> Shared:
    """Return the common parts of the detections."""
    return shared_of(sql_folder() / DETECTIONS)


@cache
def rule_headers() -> dict[str, Header]:
    """Return the header of every detection by its code, at a tenth of `rules`'s time."""
    return {header.code: header for header in _headers_by_file().values()}


@cache
def rules_about_devices() -> frozenset[str]:
    """Return ids of the rules whose findings are about a device.

    It is used for every finding, and no header is parsed for it.
    """
    files = (sql_folder() / DETECTIONS).glob("*.sql")
    texts = [path.read_text(encoding="utf-8") for path in files]
    return frozenset(
        code for text in texts if _ABOUT_DEVICE.search(text) for code in _CODE.findall(text)
    )


def subject_kind(rule: str) -> About:
    """Return the subject of a rule's findings: an account or a device."""
    # of rules that are switched off too: their findings stay
    return "device" if rule in rules_about_devices() else "account"


@cache
def _headers_by_file() -> dict[str, Header]:
    files = sorted((sql_folder() / DETECTIONS).glob("*.sql"))
    return {path.stem: read_model(path).header for path in files}


@cache
def codes_by_name() -> dict[str, str]:
    """Return the settings' name of each model: the id of a detection, or the name.

    The queries are not read for it.
    """
    names = [f"{path.parent.name}.{path.stem}" for path in _files(sql_folder())]
    rules = {f"{DETECTIONS}.{stem}": header.code for stem, header in _headers_by_file().items()}
    return {name: rules.get(name, name) for name in names}


@cache
def rules() -> dict[str, Model]:
    """Return every detection by its code, those that a district switched off too."""
    found = {model.header.code: model for model in models().values()}
    return {code: model for code, model in found.items() if code}
