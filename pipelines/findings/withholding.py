"""Takes the names of sensitive sites out of a finding, for readers without its case.

What is kept is whole; only what is shown is changed, as with accounts. A finding of
before sites were marked has no mark: doubt withholds, and all its sites go until its
day is judged again.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from pipelines.privacy.pseudonyms import SENSITIVE, WITHHELD
from pipelines.warehouse.dimensions import unicode_hostname

_KINDS = re.compile(rf"\b({'|'.join(SENSITIVE)})\b")


def hidden_sites(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The sites of a kept record that no default surface spells."""
    marked = record["withheld"] if "withheld" in record else record.get("sites")
    return tuple(marked or ())


def withheld(record: Mapping[str, Any], named: Callable[[str], str]) -> dict[str, Any]:
    """The record with each withheld site under its pseudonym, and no word of its kind.

    Args:
        record: Of a finding, as it is kept.
        named: Gives the pseudonym of a site.
    """
    sites = hidden_sites(record)
    shown = {name: value for name, value in record.items() if name != "withheld"}
    if not sites:
        return shown
    shown = dict(unspelt(shown, sites, named))
    details = dict(shown["details"])
    for name in ("categories", "category"):
        if name in details:
            details[name] = _replaced(details[name], _KINDS, WITHHELD)
    return shown | {"details": details}


def unspelt(value: Any, sites: Collection[str], named: Callable[[str], str]) -> Any:
    """Texts, however deep, with each of the sites under its pseudonym.

    A site goes in both its spellings where it is international, and its hosts with it.
    """
    for site in sorted(sites, key=len, reverse=True):
        value = _replaced(value, _spelt(site), named(site))
    return value


def _spelt(site: str) -> re.Pattern[str]:
    spellings = filter(None, (site, unicode_hostname(site)))
    either = "|".join(map(re.escape, spellings))
    pattern = rf"(?<![\w-])(?:[\w-]+[.])*(?:{either})(?![\w-])"
    return re.compile(pattern, re.IGNORECASE)


def _replaced(value: Any, spelt: re.Pattern[str], name: str) -> Any:
    if isinstance(value, str):
        return spelt.sub(lambda _found: name, value)
    if isinstance(value, Mapping):
        return {key: _replaced(one, spelt, name) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(one, spelt, name) for one in value]
    return value
