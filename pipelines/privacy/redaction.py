"""Sensitive sites, and their removal from findings for most readers.

Stored data are complete; only what is shown is changed, as with accounts. An older
finding without marks for sites is treated as sensitive: all its sites are removed until
its day is judged again.
"""

import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import TypeVar, cast

from pipelines.privacy.pseudonyms import NAME_NOBODY, WITHHELD, sensitive_kinds
from pipelines.state.rows import FindingRecord
from pipelines.warehouse.database import Database
from pipelines.warehouse.inputs import unicode_hostname
from pipelines.warehouse.models import query_text

KINDS = "core.host_categories"


def sensitive_names(database: Database) -> frozenset[str]:
    """Return hosts that any list marks so, and sites most of whose hosts are.

    One odd host does not make a whole site sensitive. Ways around the filter are
    named: the tool is the finding.
    """
    if not (database.has(KINDS) and database.has("identity.hosts")):
        return frozenset()
    rows = database.rows(query_text("lookups/sensitive_names"), {"kinds": list(sensitive_kinds())})
    return frozenset(str(name) for (name,) in rows)


@cache
def _kinds() -> re.Pattern[str]:
    return re.compile(rf"\b({'|'.join(sensitive_kinds())})\b")


def hidden_sites(record: FindingRecord) -> tuple[str, ...]:
    """Return the sites of a kept record that no default surface spells."""
    marked = record["withheld"] if "withheld" in record else record.get("sites")
    return tuple(marked or ())


def redacted(record: FindingRecord, named: Callable[[str], str]) -> FindingRecord:
    """Return the record with each withheld site under its pseudonym, and without its kind.

    Args:
        record: Of a stored finding.
        named: Returns the pseudonym of a site.
    """
    sites = hidden_sites(record)
    shown = record.copy()
    shown.pop("withheld", None)
    if not sites:
        return shown
    shown = redact(shown, sites, named)
    details = dict(shown["details"])
    for name in ("categories", "category"):
        if name in details:
            details[name] = _replaced(details[name], _kinds(), WITHHELD)
    shown["details"] = details
    return shown


def nameless(details: Mapping[str, object]) -> dict[str, object]:
    """Return the measures of a finding that anyone may read: numbers, and harmless words."""
    return {
        name: value
        for name, value in details.items()
        if isinstance(value, bool | int | float) or name in NAME_NOBODY
    }


T = TypeVar("T")


def redact(value: T, sites: Collection[str], named: Callable[[str], str]) -> T:
    """Replace sites in nested texts by their pseudonyms.

    An international site is replaced in both spellings, and its hosts with it.
    """
    for site in sorted(sites, key=len, reverse=True):
        value = _replaced(value, _spelt(site), named(site))
    return value


def _spelt(site: str) -> re.Pattern[str]:
    spellings = filter(None, (site, unicode_hostname(site)))
    either = "|".join(map(re.escape, spellings))
    pattern = rf"(?<![\w-])(?:[\w-]+[.])*(?:{either})(?![\w-])"
    return re.compile(pattern, re.IGNORECASE)


def _replaced(value: T, spelled: re.Pattern[str], name: str) -> T:
    made: object = value
    if isinstance(value, str):
        made = spelled.sub(lambda _found: name, value)
    elif isinstance(value, Mapping):
        made = {key: _replaced(part, spelled, name) for key, part in value.items()}
    elif isinstance(value, list | tuple):
        made = [_replaced(part, spelled, name) for part in value]
    return cast("T", made)
