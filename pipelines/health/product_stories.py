"""Evidence that the products of a district can provide, as tests recorded it by story.

`product_stories.csv` has a row for each story and product: the tests write the story in
the product's lines, read these from raw lines to the rules, and record the result.
"""

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MATRIX = Path(__file__).with_name("product_stories.csv")
FINDING, LEAD = "finding", "lead"
SHOWN = 3
"""Missing stories that a sentence names; `docs/reference/products.md` names all."""
DECLARED = frozenset({"declared_csv", "declared_json", "declared_syslog"})
"""Formats whose columns the settings declare: tests of one export show nothing of another."""

ROLES = {
    "web": ("Web filters and proxies", "http_requests"),
    "dns": ("Resolvers", "dns_queries"),
    "firewall": ("Firewalls", "connections"),
    "windows": ("Logons at computers", "logons"),
    "network": ("Network logins (802.1X)", "logons"),
    "vpn": ("VPN", "logons"),
    "leases": ("DHCP", "leases"),
    "cloud": ("Sign-ins", "logons"),
}
"""Role of a product -> its title, and the class of events that its lines give."""


@dataclass(frozen=True)
class ProductStory:
    """The result of one story with one product.

    Attributes:
        result: `finding`, `lead`, or the fact that the product does not record.
    """

    story: str
    role: str
    product: str
    format: str
    result: str


@cache
def product_stories() -> tuple[ProductStory, ...]:
    """Return every tested story and product, in the order of the documents."""
    with MATRIX.open(encoding="utf-8", newline="") as file:
        return tuple(ProductStory(**row) for row in csv.DictReader(file))


def shown_by(format_name: str, event_classes: Collection[str]) -> Iterator[str]:
    """Yield a sentence about each tested product whose lines a format reads.

    Args:
        event_classes: Classes of events that the log gave; a product of another role is left
            out.
    """
    results: dict[tuple[str, str], list[ProductStory]] = {}
    for one in product_stories():
        if one.format == format_name and format_name not in DECLARED:
            results.setdefault((one.role, one.product), []).append(one)
    for (role, product), rows in results.items():
        title, event_class = ROLES[role]
        if event_class in event_classes:
            yield f"{product}, {title}: {_in_words(rows)}"


def shown_by_logs(held: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a sentence about each tested product among the logs of a district.

    Args:
        held: Classes of events that arrived, each with a format that may have given them.
    """
    classes: dict[str, set[str]] = {}
    for event_class, format_name in held:
        classes.setdefault(format_name, set()).add(event_class)
    for format_name in sorted(classes):
        yield from shown_by(format_name, classes[format_name])


def _in_words(rows: Sequence[ProductStory]) -> str:
    """Return how many stories a product shows, and what the others lack."""
    shown = [one for one in rows if one.result in (FINDING, LEAD)]
    leads = sum(one.result == LEAD for one in shown)
    text = f"shows {len(shown)} of {len(rows)} tested stories"
    if leads:
        text += f", {leads} of them as a lead"
    missing: dict[str, list[str]] = {}
    for one in rows:
        if one not in shown:
            missing.setdefault(one.result, []).append(f'"{one.story}"')
    for fact, stories in missing.items():
        names = ", ".join(stories[:SHOWN])
        more = f" and {len(stories) - SHOWN} more" if len(stories) > SHOWN else ""
        text += f"; its lines have {fact}, so not {names}{more}"
    return text
