"""Rules that a district wrote: `HOME/detections/x_NAME.sql`, read under the same checks.

A rule of a home is always on trial, also if its header states otherwise. Another author wrote its
query, and the connection that builds it reads the lake's files. So DuckDB's own parser lists
everything in it first, and a part that is not known to be harmless is refused: it reads tables of
`core`, `identity` and `registry`, and calls functions whose result depends on its arguments.
See decision 0231.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from pipelines.errors import ModelError, SchoolbellError
from pipelines.settings.home import LARGEST_RULE
from pipelines.settings.problems import SEVERITIES
from pipelines.warehouse.headers import DETECTIONS, Header, read_header
from pipelines.warehouse.models import (
    Model,
    every_model,
    joined,
    macros,
    model_of,
    relations_read,
    rules,
    shared_words,
    split,
)

CODE, FILE = "X-", "x_"
"""Beginnings of the codes and file names, which no rule of a release ever has."""
SCHEMAS = ("core", "identity", "registry")
BY_PYTHON = ("identity.addresses", "identity.hosts", "identity.outside_networks")
"""Tables without a SQL file."""
READABLE = "It may read tables of {}; list them with: schoolbell describe"
REFUSED_KEYS = ("audits", "by_account", "chart", "ends", "split_by")
"""Header keys whose values become SQL, or that a rule has no use for."""
HARMLESS = frozenset(("date_add", "days_in_month", "if", "nullif", "split_part", "unnest"))
"""Functions of DuckDB that its catalog does not describe as such."""
MISTAKES = ("Binder Error", "Catalog Error", "Parser Error")
"""Errors of a query's text. Others may contain a value of a log, which no page shows."""
NODES = frozenset(
    (
        *("SELECT_NODE", "SET_OPERATION_NODE"),
        *("BASE_TABLE", "EMPTY", "EXPRESSION_LIST", "JOIN", "SUBQUERY", "TABLE_FUNCTION"),
        *("DISTINCT_MODIFIER", "LIMIT_MODIFIER", "ORDER_MODIFIER"),
        *("ORDER_DEFAULT", "ASCENDING", "DESCENDING"),
    )
)
"""Types of the parser's nodes that are not expressions."""
EXPRESSIONS = frozenset(
    (
        *("BETWEEN", "CASE", "CAST", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT"),
        *("FUNCTION", "LAMBDA", "OPERATOR", "PARAMETER", "STAR", "SUBQUERY", "TYPE", "WINDOW"),
    )
)
_NAME = re.compile(r"x_[a-z0-9_]+\.sql\Z")
_CODE = re.compile(r"X-[A-Z0-9]{1,12}\Z")
_CTE = re.compile(r"[a-z_][a-z0-9_]*\Z")
_YAML_LINE = re.compile(r"line (\d+), column")
_QUOTED = re.compile(r"'(\w+)'")


class OwnRules(NamedTuple):
    """The rules of a home, and what is wrong with its files.

    Attributes:
        models: The rules that can run, by name.
        problems: One for each file that cannot.
    """

    models: Mapping[str, Model]
    problems: tuple["OwnRuleError", ...]


class OwnRuleError(ModelError):
    """A rule of the home that is left out; the others run."""

    command = "schoolbell rule try"
    folder = DETECTIONS

    def __init__(self, what: str, *, file: str, line: int = 1, remedy: str) -> None:
        super().__init__(what, where=f"{self.folder}/{file}, line {line}", remedy=remedy)
        self.file = file
        self.line = line


@cache
def own_rules(texts: tuple[tuple[str, str | None], ...]) -> OwnRules:
    """Return the rules of a home.

    Args:
        texts: Name and text of each file; None for one that cannot be read as text.
    """
    models: dict[str, Model] = {}
    problems: list[OwnRuleError] = []
    for file, text in texts:
        try:
            model = read_own_rule(file, text)
        except OwnRuleError as error:
            problems.append(error)
        else:
            models[file] = model
    codes = [model.header.code for model in models.values()]
    for file, model in list(models.items()):
        if codes.count(model.header.code) > 1:
            del models[file]
            problems.append(
                OwnRuleError(
                    f"another file has the code {model.header.code} too",
                    file=file,
                    line=line_of_key("code", dict(texts)[file] or ""),
                    remedy="Give each rule its own code. Until then none of them runs.",
                )
            )
    return OwnRules({model.name: model for model in models.values()}, tuple(problems))


def read_own_rule(file: str, text: str | None) -> Model:
    """Return the rule of one file.

    Raises:
        OwnRuleError: It cannot be used, with the line and what to do.
    """
    if not _NAME.match(file):
        raise OwnRuleError(
            "is not a name for a rule",
            file=file,
            remedy=f"Name the file {FILE}NAME.sql in small letters, such as x_many_logons.sql.",
        )
    if text is None:
        raise OwnRuleError(
            f"cannot be read, is not UTF-8, or has more than {LARGEST_RULE:,} bytes",
            file=file,
            remedy="Save it as plain text that the account of the pipeline can read.",
        )
    text = text.replace("\r\n", "\n")
    try:
        shown, query = split(text, "")
    except ModelError as error:
        raise OwnRuleError(
            error.what, file=file, remedy="Begin with the header of docs/how-to/own-rules.md."
        ) from error
    header = _header(file, text, shown)
    first = text[: text.index(query)].count("\n") + 1 if query else 1
    check_query(file, query, first)
    name = f"{DETECTIONS}.{file.removesuffix('.sql')}"
    try:
        return joined(model_of(name, header, query, "", macros()), every_model())
    except SchoolbellError as error:
        raise OwnRuleError(
            error.what, file=file, remedy=error.remedy or "Correct the header or the query."
        ) from error


def _header(file: str, text: str, shown: str) -> Header:
    """Return the checked header, on trial and with the columns of every rule.

    Raises:
        OwnRuleError: It is not valid.
    """
    try:
        header = read_header(shown, shared_words(), is_rule=True)
    except ValueError as error:
        raise OwnRuleError(
            f"the header is not valid: {_short(error)}",
            file=file,
            line=_line_of(error, text),
            remedy="docs/how-to/own-rules.md explains each key.",
        ) from error
    for key, problem, remedy in _problems(header):
        raise OwnRuleError(problem, file=file, line=line_of_key(key, text), remedy=remedy)
    shared = shared_words().columns
    columns = {
        name: note.model_copy(update={"type": shared[name].type, "pii": shared[name].pii})
        for name, note in header.columns.items()
    }
    return header.model_copy(update={"stage": "trial", "columns": columns})


def _problems(header: Header) -> Iterator[tuple[str, str, str]]:
    """Yield the key, the problem and the remedy of what a rule of a home may not have."""
    if not _CODE.match(header.code):
        yield (
            "code",
            f"the code {header.code!r} could be that of a built-in rule",
            f"Write a code such as {CODE}1: {CODE}, then capital letters and digits.",
        )
    yield from _unknown_words(header)
    if header.about != "account":
        yield "about", "a rule of a home is about accounts", "Remove the key `about`."
    for key in REFUSED_KEYS:
        if getattr(header, key):
            yield key, f"a rule of a home has no `{key}`", f"Remove the key `{key}`."
    if "event_date" not in header.params:
        yield (
            "params",
            "the query must find the rows of one day",
            "Add `event_date: {type: date}` to `params`, and use $event_date in the query.",
        )
    if others := sorted(set(header.columns) - set(shared_words().columns)):
        yield (
            "columns",
            f"a rule has no column {others[0]!r}",
            "Put further facts into `details`.",
        )
    yield from _free_text(header)


def _unknown_words(header: Header) -> Iterator[tuple[str, str, str]]:
    kinds = sorted({model.header.kind for model in rules().values()})
    for key, found, allowed in (
        ("kind", header.kind, kinds),
        ("severity", header.severity, SEVERITIES),
    ):
        if found not in allowed:
            yield key, f"{found!r} is not a {key} of a rule", f"Use one of: {', '.join(allowed)}."


def _free_text(header: Header) -> Iterator[tuple[str, str, str]]:
    """Yield facts that are text; the texts of built-in rules contain no names of people."""
    for name, kind in header.details.items():
        if "varchar" in kind and name not in _text_facts():
            yield (
                name,
                f"the fact {name!r} is text, which may contain a person's name",
                "Use a number, a boolean, or one of: " + ", ".join(sorted(_text_facts())),
            )


@cache
def _text_facts() -> frozenset[str]:
    """Return names of the facts that are text in built-in rules; pages know what is in them."""
    every = (header.details for header in (model.header for model in rules().values()))
    return frozenset(
        name for details in every for name, kind in details.items() if "varchar" in kind
    )


def _short(error: ValueError) -> str:
    """Return an error of the header in one line."""
    found = getattr(error, "errors", None)
    if found is None:
        return " ".join(str(error).split())
    first = found()[0]
    path = ".".join(str(part) for part in first["loc"])
    return f"{path}: {first['msg'].removeprefix('Value error, ')}"


def _line_of(error: ValueError, text: str) -> int:
    """Return the line of a file that an error of its header is about."""
    if (found := getattr(error, "errors", None)) is not None:
        return line_of_key(str(found()[0]["loc"][0]), text)
    if lines := _YAML_LINE.findall(str(error)):
        return int(lines[-1]) + 1  # the header begins on the second line
    return next(
        (line for key in _QUOTED.findall(str(error)) if (line := line_of_key(key, text)) > 1), 1
    )


def line_of_key(key: str, text: str) -> int:
    """Return the line of a header's key; the first line without one."""
    lines = text.splitlines()
    wanted = re.compile(rf"\s*{re.escape(key)}:")
    return next((at for at, line in enumerate(lines, 1) if wanted.match(line)), 1)


def check_query(
    file: str, query: str, first: int, schemas: Collection[str] = SCHEMAS
) -> Mapping[str, Any]:
    """Check that a query is one select over the warehouse, and does nothing else.

    Args:
        first: The line of the file that it begins on.
        schemas: The schemas whose tables it may read.

    Returns:
        The select as DuckDB's parser reads it.

    Raises:
        OwnRuleError: It is not, or may not be.
    """

    def refuse(what: str, remedy: str, at: int = 0) -> OwnRuleError:
        line = first + query[:at].count("\n")
        return OwnRuleError(what, file=file, line=line, remedy=remedy)

    parsed = _parsed(query)
    if parsed["error"]:
        at = int(parsed.get("position") or 0)
        raise refuse(f"the query is not a select: {parsed['error_message']}", "Correct it.", at)
    if len(parsed["statements"]) != 1:
        raise refuse("has more than one statement", "Keep one select.")
    read: set[str] = set()
    at = 0
    for node, ctes in nodes(parsed["statements"][0]["node"]):
        own = int(node.get("query_location", len(query)))
        at = own if own < len(query) else at  # some have none
        if problem := _problem(node, ctes, read, schemas):
            raise refuse(*problem, at)
    if odd := sorted(read ^ relations_read(query)):
        raise refuse(f"{odd[0]} is written in another way", "Write relations as core.duty.")
    select: Mapping[str, Any] = parsed["statements"][0]["node"]
    return select


def _parsed(query: str) -> dict[str, Any]:
    """Return a query as DuckDB's parser reads it; nothing is executed."""
    import duckdb  # most homes have no rules, and `status` needs no database

    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        row = connection.execute(
            "select json_serialize_sql($query::varchar)", {"query": query}
        ).fetchone()
    assert row is not None
    return dict(json.loads(row[0]))


def nodes(
    value: Any, ctes: frozenset[str] = frozenset()
) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """Yield every node below a value, with the names of the CTEs that it can read."""
    if isinstance(value, list):
        for entry in value:
            yield from nodes(entry, ctes)
    elif isinstance(value, dict):
        for entry in value.get("cte_map", {}).get("map", ()):
            # one that reads its own name would read a table or a frame of that name
            yield from nodes(entry["value"], ctes)
            ctes |= {entry["key"]}
        if isinstance(value.get("type"), str):
            yield value, ctes
        for name, entry in value.items():
            if name != "cte_map":
                yield from nodes(entry, ctes)


def _problem(
    node: Mapping[str, Any], ctes: frozenset[str], read: set[str], schemas: Collection[str]
) -> tuple[str, str] | None:
    """Return what is wrong with a node and what to do; add the relation that it reads."""
    kind = node["type"]
    is_known = node["class"] in EXPRESSIONS if "class" in node else kind in NODES
    if not is_known or node.get("sample") or node.get("at_clause"):
        what = node.get("class", kind).lower().replace("_", " ")
        return (
            f"the query contains a {what}, which a query of a home may not",
            "Write it otherwise.",
        )
    if "function_name" in node:
        name = str(node["function_name"]).lower()
        if node.get("schema") or node.get("catalog") or name not in _functions():
            return (
                f"the function {name} is not allowed in a query of a home",
                "A query reads no files, settings, or clocks, and draws no random numbers.",
            )
    if kind == "BASE_TABLE":
        schema, table = node["schema_name"], node["table_name"]
        if not schema and table in ctes and _CTE.match(table):
            return None
        name = f"{schema}.{table}"
        if node["catalog_name"] or schema not in schemas or name not in _relations():
            shown = name if schema else table
            return (
                f"a query of a home cannot read {shown!r}",
                READABLE.format(", ".join(schemas)),
            )
        read.add(name)
    return None


@cache
def _relations() -> frozenset[str]:
    """Return the relations of the warehouse and the registry."""
    from pipelines.registry.frames import FRAMES  # it imports every table

    return frozenset((*every_model(), *BY_PYTHON, *(f"registry.{name}" for name in FRAMES)))


@cache
def _functions() -> frozenset[str]:
    """Return the functions whose result depends on their arguments alone."""
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute(
            "select distinct lower(function_name) from duckdb_functions()"
            " where stability = 'CONSISTENT' and function_name not like '\\_\\_%' escape '\\'"
            " or function_type = 'macro' and regexp_matches(function_name, '^(list|array)_')"
        ).fetchall()
    return frozenset(name for (name,) in rows) | set(macros()) | HARMLESS
