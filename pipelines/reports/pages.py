"""Fills the templates. Everything is escaped; what is not known may not be printed."""

from collections.abc import Mapping
from functools import cache
from math import isfinite
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from pipelines.reports.charts import DARK, LIGHT, library
from pipelines.reports.safety import integrity, visible

POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; "
    "img-src data: blob:; connect-src 'none'; form-action 'none'; base-uri 'none'"
)


def printable(value: Any) -> Any:
    """What may be printed: text without hidden characters, or a number.

    Raises:
        TypeError: The value is null or not a number; a reader never sees "None".
    """
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    message = f"a page may not print {value!r}"
    raise TypeError(message)


@cache
def environment() -> Environment:
    """The templates of this folder, with escaping everywhere."""
    made = Environment(
        loader=PackageLoader("pipelines.reports", "templates"),
        autoescape=select_autoescape(enabled_extensions=(".j2",), default=True),
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    return made


@cache
def constants() -> Mapping[str, Any]:
    """What is the same on every page: library, boot script, colours, policies."""
    name, text = library()
    boot = environment().get_template("boot.js").render()
    hashes = {"library": integrity(text), "boot": integrity(boot)}
    quoted = {key: f"'{value}'" for key, value in hashes.items()}
    return {
        "library": {"name": name, "integrity": hashes["library"]},
        "light": dict(LIGHT),
        "dark": dict(DARK),
        "palettes": {
            "roles": {colour: role for role, colour in LIGHT.items()},
            "dark": dict(DARK),
        },
        "policy": POLICY.format(scripts=quoted["boot"]),
        "policy_charts": POLICY.format(scripts=f"'self' {quoted['boot']}"),
    }


def page(template: str, **values: Any) -> str:
    """One page as text."""
    return environment().get_template(template).render(**constants(), **values)
