"""The filter of the queue, as an address and a saved list contain it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from urllib.parse import parse_qsl, urlencode

MAX_TEXT = 100
"""Characters of a search."""
SHOWS: Mapping[str, str] = {
    "waiting": "Waiting",
    "mine": "Mine",
    "unassigned": "Unassigned",
    "second": "Waiting for a second person",
    "overdue": "Overdue",
    "referred": "Referred",
    "trial": "Rules on trial",
    "decided": "Decided",
    "all": "All",
}
"""Filters of the queue, by their word in the address."""


@dataclass(frozen=True)
class QueueFilter:
    """The filter of the queue, as the address contains it.

    Attributes:
        q: Words that the case contains: number, code name, site, building, reason.
        role: Whose accounts it is about: `staff`, `student`, or none of a `device`.
        rule: Id of the rule of the main finding.
        first: First ISO week; empty for no limit.
        last: Last ISO week.
    """

    show: str = "waiting"
    q: str = ""
    building: str = ""
    kind: str = ""
    role: str = ""
    rule: str = ""
    first: str = ""
    last: str = ""

    @staticmethod
    def read(query: Mapping[str, str]) -> "QueueFilter":
        """Return the filter of an address; unknown words are ignored."""
        given = {
            one.name: query[one.name].strip()[:MAX_TEXT]
            for one in fields(QueueFilter)
            if query.get(one.name)
        }
        if given.get("show") not in SHOWS:
            given.pop("show", None)
        return QueueFilter(**given)

    @staticmethod
    def parse(text: str) -> "QueueFilter":
        """Return the filter of a query string."""
        return QueueFilter.read(dict(parse_qsl(text)))

    @property
    def query(self) -> str:
        """The query string, without empty parts."""
        return urlencode(self.parts)

    @property
    def parts(self) -> dict[str, str]:
        """The fields that are not empty."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def is_narrowed(self) -> bool:
        """Whether more than the kind of list is chosen."""
        return self != QueueFilter(self.show)

    def showing(self, show: str) -> "QueueFilter":
        """Return the same filter for another list."""
        return replace(self, show=show)
