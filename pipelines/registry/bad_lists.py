"""Readers of published lists of bad hosts and addresses.

- `hosts`: a hosts file, an address and names on each line; or names or addresses alone.
- `csv`: a column `host`, `domain`, `ip` or `indicator`, and `until` where a row ends.
- `urlhaus`: URLhaus's CSV, which names its columns in a comment. Offline entries are left out.
- `misp`: events of MISP as JSON. Attributes without `to_ids` are context, not indicators.
- `stix`: a bundle of STIX 2.1. A pattern of several observations is no single host, and a
  revoked indicator is none.

The host of a bad page is not bad if many people use it for other pages: hosts of
well-known sites, of sign-ins and of background services are left out, and counted.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

import polars as pl

from pipelines.errors import SettingsError
from pipelines.registry.domain_lists import (
    DomainList,
    background_hosts,
    login_hosts,
    names_of_hosts_file,
    starter_categories,
)
from pipelines.registry.sites import canonical_host, registrable_domain

URLHAUS = ("id", "dateadded", "url", "url_status", "last_online", "threat", "tags")
MISP_TYPES = ("domain", "hostname", "ip-dst", "ip-dst|port", "domain|ip", "hostname|port", "url")
STIX = re.compile(
    r"(?P<kind>domain-name|ipv4-addr|ipv6-addr|url):value\s*=\s*'(?P<value>(?:[^'\\]|\\.)*)'"
)
SEVERAL = re.compile(r"\b(?:AND|FOLLOWEDBY)\b")
NAMES = ("host", "domain", "hostname", "ip", "indicator")
ROWS = pl.Schema({"host": pl.String, "until": pl.Date})


class Indicator(NamedTuple):
    """A host, an address or a URL as a list writes it, and its last day."""

    text: str
    until: date | None = None


def read_bad_list(form: str, text: str, where: str) -> DomainList:
    """Read a list of bad hosts.

    Args:
        form: hosts, csv, urlhaus, misp or stix.
        where: Its file, for errors.

    Raises:
        SettingsError: The text is not what the format says.
    """
    try:
        indicators = list(READERS[form](text))
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        reason = f": {error}" if isinstance(error, ValueError) else ""
        raise SettingsError(
            f"is not a list in the format {form}{reason}",
            where=where,
            remedy="Check `format` of the list in [lists].",
        ) from error
    usual = _usual_hosts()
    rows = [
        (host, indicator.until)
        for indicator in indicators
        if (host := _host(indicator.text)) is not None
        and host not in usual
        and registrable_domain(host) not in usual
    ]
    # of one host in several rows the latest end counts, and no end above all
    frame = pl.DataFrame(rows, ROWS, orient="row")
    ends = pl.when(pl.col("until").null_count() == 0).then(pl.col("until").max())
    hosts = frame.group_by("host", maintain_order=True).agg(until=ends)
    return DomainList(hosts.cast(ROWS), len(indicators) - len(rows))


def _usual_hosts() -> frozenset[str]:
    """Return hosts and sites that many people and machines use for other things."""
    return frozenset(
        [
            *starter_categories()["domain"],
            *background_hosts()["host"],
            *login_hosts()["host"],
        ]
    )


def _host(text: str) -> str | None:
    """Return the host or address of an indicator in canonical form; None for neither."""
    bare = text.strip()
    if "/" in bare:
        try:
            bare = urlsplit(bare if "//" in bare else f"//{bare}").hostname or ""
        except ValueError:  # such as a bracket that does not close
            return None
    try:
        return str(ip_address(bare))
    except ValueError:
        host = canonical_host(bare)
    return host if host is not None and "." in host else None


def _hosts(text: str) -> Iterator[Indicator]:
    return map(Indicator, names_of_hosts_file(text))


def _csv(text: str) -> Iterator[Indicator]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    rows = csv.DictReader(lines)
    header = {name.strip().lower(): name for name in rows.fieldnames or ()}
    column = next((header[name] for name in NAMES if name in header), None)
    if column is None:
        raise ValueError(f"none of the columns {', '.join(NAMES)}")
    for row in rows:
        until = (row.get(header.get("until", "")) or "").strip()
        try:
            last = date.fromisoformat(until[:10]) if until else None
        except ValueError as error:
            raise ValueError(f"`until` is a date such as 2026-12-31, found {until!r}") from error
        yield Indicator(row[column] or "", last)


def _urlhaus(text: str) -> Iterator[Indicator]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for row in csv.DictReader(lines, URLHAUS):
        if not (row["id"] or "").isdigit():
            raise ValueError("the first column is not a number")
        if row["url_status"] == "online":
            yield Indicator(row["url"] or "")


def _misp(text: str) -> Iterator[Indicator]:
    document = json.loads(text)
    answers = document.get("response", [document]) if isinstance(document, dict) else document
    for event in (answer.get("Event", answer) for answer in answers):
        if "Attribute" not in event and "Object" not in event:
            raise ValueError("no event")
        objects = event.get("Object") or ()
        for attribute in (
            *(event.get("Attribute") or ()),
            *(attribute for item in objects for attribute in item.get("Attribute") or ()),
        ):
            if attribute.get("type") in MISP_TYPES and attribute.get("to_ids"):
                yield Indicator(str(attribute["value"]).split("|")[0])


def _stix(text: str) -> Iterator[Indicator]:
    bundle = json.loads(text)
    for item in bundle["objects"]:
        if item.get("type") != "indicator" or item.get("revoked"):
            continue
        pattern = item.get("pattern", "")
        if item.get("pattern_type", "stix") != "stix" or SEVERAL.search(pattern):
            continue
        until = item.get("valid_until")
        last = date.fromisoformat(until[:10]) if until else None
        yield from (Indicator(match["value"], last) for match in STIX.finditer(pattern))


READERS: Mapping[str, Callable[[str], Iterator[Indicator]]] = {
    "hosts": _hosts,
    "csv": _csv,
    "urlhaus": _urlhaus,
    "misp": _misp,
    "stix": _stix,
}
