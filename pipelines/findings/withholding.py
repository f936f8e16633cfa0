"""Takes the names of sensitive sites out of a finding, for readers without its case.

What is kept is whole; only what is shown is changed, as with accounts.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pipelines.privacy import SENSITIVE, WITHHELD

_KINDS = re.compile(rf"\b({'|'.join(SENSITIVE)})\b")


def withheld(record: Mapping[str, Any], named: Callable[[str], str]) -> dict[str, Any]:
    """The record with each withheld site under its pseudonym, and no word of its kind.

    Args:
        record: Of a finding, as it is kept.
        named: Gives the pseudonym of a site.
    """
    sites = record.get("withheld") or ()
    shown = dict(record)
    if not sites:
        return shown
    del shown["withheld"]
    for site in sorted(sites, key=len, reverse=True):
        # a host of the site is one too, wherever a sentence spells it
        spelt = re.compile(rf"(?<![\w-])(?:[\w-]+[.])*{re.escape(site)}(?![\w-])")
        shown = _replaced(shown, spelt, named(site))
    details = dict(shown["details"])
    for name in ("categories", "category"):
        if name in details:
            details[name] = _replaced(details[name], _KINDS, WITHHELD)
    return shown | {"details": details}


def _replaced(value: Any, spelt: re.Pattern[str], name: str) -> Any:
    if isinstance(value, str):
        return spelt.sub(lambda _found: name, value)
    if isinstance(value, Mapping):
        return {key: _replaced(one, spelt, name) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(one, spelt, name) for one in value]
    return value
