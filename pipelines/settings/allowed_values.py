"""Allowed values of a setting in words, from the error of its check."""

from typing import get_args

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from pipelines.settings.toml_text import shown_value

_TABLE = "a table"
_BY_ERROR = {
    "string_type": "text in quotes",
    "string_too_short": "text that is not empty",
    "string_too_long": "shorter text",
    "tuple_type": "a list in brackets",
    "too_short": "a list that is not empty",
    "mapping_type": _TABLE,
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "url_type": "a url in quotes",
    "url_parsing": "a url such as https://hooks.school.example/x",
    "path_type": "a path in quotes",
}
_BY_TYPE = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "date": "a day such as 2026-08-24, without quotes",
    "time": "a time such as 07:30:00, without quotes",
}
_OUT_OF_RANGE = ("greater_than", "less_than", "finite_number")
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def allowed_values(detail: ErrorDetails, field: FieldInfo | None) -> str:
    """Return what a value must be, such as `a whole number from 3 to 100`.

    Args:
        detail: The error that pydantic reports.
        field: The setting, if it is known.
    """
    kind = detail["type"]
    if kind in _BY_ERROR:
        return _BY_ERROR[kind]
    if "expected" in detail.get("ctx", {}):
        return str(detail["ctx"]["expected"]).replace("'", '"')
    if kind.startswith(("missing", "string_pattern", "value_error")):
        return _as_in_the_example(field)
    word = kind.partition("_")[0]
    if kind.startswith(_OUT_OF_RANGE):
        is_whole = field is not None and int in (field.annotation, *get_args(field.annotation))
        word = "int" if is_whole else "float"
    if word not in _BY_TYPE:
        return detail["msg"]
    return f"{_BY_TYPE[word]}{_range_of(field)}"


def _as_in_the_example(field: FieldInfo | None) -> str:
    if field is None or not field.examples:
        return ""
    kind = {"tuple": "a list", "list": "a list", "dict": _TABLE}
    return f"{kind.get(type(field.examples[0]).__name__, 'text')} such as {shown_value(field)}"


def _range_of(field: FieldInfo | None) -> str:
    rules = field.metadata if field is not None else ()
    bounds = {
        name: f"{value:,}"
        for rule in rules
        for name in _BOUNDS
        if (value := getattr(rule, name, None)) is not None
    }
    if bounds.keys() == {"ge", "le"}:
        return f" from {bounds['ge']} to {bounds['le']}"
    words = ", ".join(f"{_BOUNDS[name]} {value}" for name, value in bounds.items())
    return f", {words}" if words else ""
