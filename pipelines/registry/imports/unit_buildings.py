"""Finds buildings in organizational units and building ids, where no roster names any.

A district that exports its directory alone has its schools there all the same, as
`/Staff/High School`, `OU=High School` or a building id. Only a name that ends as the
name of a school or of a main office does counts, and only if several objects have it.
"""

import re
from collections import Counter
from collections.abc import Iterable

from pipelines.registry.imports.known import Place

_ROLES = re.compile(
    r"\b(staff|students?|teachers?|faculty|devices?|chromebooks?|computers?|desktops?"
    r"|laptops?|labs?|carts?|users?|accounts?|workstations?)\b",
    re.IGNORECASE,
)
_SCHOOL = re.compile(
    r"(?:[\w.'&-]+ ){0,5}(?:schools?|elementary|academy|middle|high|primary"
    r"|intermediate|junior high|kindergarten"
    r"|(?:district|central|administration|administrative|main) office)",
    re.IGNORECASE,
)
FEWEST = 3
"""Accounts or devices in a unit."""


def places_of(units: Iterable[str], ids: Iterable[str]) -> list[Place]:
    """Make buildings of what several accounts and devices have in common.

    Args:
        units: Paths of organizational units, as `/Staff/High School`.
        ids: Building ids.
    """
    counts = Counter(one.strip() for one in ids if one.strip())
    for path in units:
        for part in re.split(r"\s*/\s*", path):
            name = " ".join(_ROLES.sub(" ", part).split())
            if _SCHOOL.fullmatch(name):
                counts[name] += 1
    once: dict[str, str] = {}
    for name, count in counts.items():
        if count >= FEWEST:
            once.setdefault(name.casefold(), name)
    return [Place(name, name, name) for name in sorted(once.values())]
