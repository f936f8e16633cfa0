"""What the settings say of rules, held against the rules' own headers."""

from collections.abc import Iterator, Mapping

from pipelines.district import District
from pipelines.settings.model import Scalar
from pipelines.settings.problems import Fault, nearest
from pipelines.settings.toml_text import toml
from pipelines.warehouse.library import models
from pipelines.warehouse.models import Model, Param, within

_WORDS = {
    "int": "a whole number",
    "double": "a number",
    "varchar": "text in quotes",
    "boolean": "true or false",
    "date": "a day, in quotes",
}


def rule_faults(district: District) -> Iterator[Fault]:
    """Rules that do not exist, parameters that they do not have, values not allowed."""
    known = _by_name()
    codes = sorted({one.header.code for one in known.values() if one.header.code})
    for name, said in district.settings.detections.items():
        if name not in known:
            guess = nearest(name, codes) or codes[0]
            where, paste = ("detections", name), f"[detections.{guess}]"
            yield Fault(where, "there is no such rule", name, ", ".join(codes), paste)
            continue
        yield from _parameters(name, known[name], said.parameters)


def _by_name() -> Mapping[str, Model]:
    """Every model under each name that settings may use for it."""
    named: dict[str, Model] = {}
    for name, model in models().items():
        for one in (name, model.table_name, model.header.code):
            if one:
                named[one] = model
    return named


def _parameters(
    rule: str, model: Model, given: Mapping[str, Scalar]
) -> Iterator[Fault]:
    params = {
        name: one for name, one in model.header.params.items() if name != "event_date"
    }
    for key, value in given.items():
        path = ("detections", rule, key)
        if key not in params:
            guess = nearest(key, params)
            paste = f"{guess} = {toml(value)}" if guess else f"# {key} ="
            allowed = ", ".join(sorted(params)) or "nothing: it has no parameters"
            yield Fault(path, "the rule has no such parameter", key, allowed, paste)
        elif not within(params[key], value):
            paste = f"{key} = {toml(params[key].default)}"
            found = toml(value)
            yield Fault(path, "is not allowed", found, _bounds(params[key]), paste)


def _bounds(param: Param) -> str:
    ends = [
        f"{word} {end:g}"
        for word, end in (("at least", param.min), ("at most", param.max))
        if end is not None
    ]
    why = [f"the default is {param.default}: {param.why}"]
    return "; ".join([", ".join([_WORDS[param.type], *ends]), *why])
