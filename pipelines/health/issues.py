"""Issues of sources: the types, one occurrence, and its time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pipelines.state.connections import Store, now_text
from pipelines.state.source_records import end_issue, lasting_issues, put_issue

EVERYWHERE = ""
"""The whole source, in place of a building."""

Kind = Literal[
    "silent",
    "thin",
    "late",
    "skewed",
    "off_clock",
    "drifting",
    "rejecting",
    "forged",
    "not_come",
    "let_through",
    "blind",
    "not_fetched",
    "fewer",
]
KINDS: Mapping[Kind, str] = {
    "silent": "no lines, although they usually arrive",
    "thin": "far fewer lines than usual",
    "late": "lines take much longer to arrive than usual",
    "skewed": "lines have times in the future",
    "off_clock": "its clock differs from that of another source",
    "drifting": "a field that had values is now empty or has different values",
    "rejecting": "many lines cannot be read",
    "forged": "lines hold a name that an outsider may have written",
    "not_come": "expected traffic did not arrive",
    "let_through": "a request that the filter must block was allowed",
    "blind": "the log records less than usual",
    "not_fetched": "not everything could be fetched",
    "fewer": "the service gives fewer events than before",
}
"""Each kind, in words."""

MODELS_READ = ("source_hours", "building_hours", "blind_share", "school_days", "source_clocks")
"""Models of `marts` that show the health of sources."""

STEPS = (
    timedelta(hours=4),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
)
"""An issue that lasts this long is one step more severe."""
EXPLAINED: frozenset[Kind] = frozenset({"thin", "late", "not_come", "blind"})
"""Issues that a silence of the whole source explains."""


def in_words(kind: Kind, found: Iterable[Mapping[str, str]]) -> str:
    """Return issues of one kind, once: the kind, and each detail and place.

    As in "the log records less than usual (Oak Middle: 34% of lines have no
    account, 5.0% in the weeks before)".

    Args:
        found: Their `building`, empty for the whole source, and `detail`.
    """
    each = "; ".join(
        f"{row['building']}: {row['detail']}" if row["building"] else row["detail"] for row in found
    )
    return f"{KINDS[kind]} ({each})"


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One thing that is wrong with what a source sends.

    Attributes:
        building: Where; empty for the whole source.
        start: When it began, in UTC.
        end: When it ended; None while it lasts.
        detail: Numbers, without a name of a person, device or site.
        what: What makes two cases of one kind at one place different, such as a
            field's name.
    """

    source: str
    kind: Kind
    start: datetime
    building: str = ""
    end: datetime | None = None
    detail: str = ""
    what: str = ""

    @property
    def key(self) -> str:
        """The same while it lasts."""
        return f"{self.kind}:{self.source}:{self.building}:{self.what}"

    @property
    def place(self) -> str:
        """The source, and the building if it is about one."""
        return f"{self.source}, {self.building}" if self.building else self.source

    def lasting(self, now: datetime) -> int:
        """Return how long it has lasted by `now`, in steps."""
        return sum(now - self.start >= step for step in STEPS)


@dataclass(frozen=True)
class IssueChanges:
    """Changes from one look at the sources: counts of issues."""

    new: int
    ended: int


def keep_issues(
    store: Store, found: Iterable[Issue], kinds: Iterable[str], now: datetime
) -> IssueChanges:
    """Record current issues; known ones that are absent have ended.

    Args:
        found: Ended ones show when a known one ended.
        kinds: The examined kinds. Issues of other kinds are not changed.
    """
    every = list(found)
    lasting = {one.key: one for one in every if one.end is None}
    with store.writing() as transaction:
        known = lasting_issues(transaction, kinds)
        for key in known.keys() - lasting.keys():
            start = known[key]["start_time"]
            end_issue(transaction, key, start, _end(key, start, every, now), now)
        for key, one in lasting.items():
            start = known[key]["start_time"] if key in known else now_text(one.start)
            issue = {
                name: str(getattr(one, name))
                for name in ("key", "source", "building", "kind", "what", "detail")
            }
            put_issue(transaction, issue, start, now)
    return IssueChanges(len(lasting.keys() - known), len(known.keys() - lasting.keys()))


def _end(key: str, start: str, found: Sequence[Issue], now: datetime) -> datetime:
    """Return the end from the lines, or now."""
    ends = [issue.end for issue in found if issue.key == key and issue.end is not None]
    return max((end for end in ends if now_text(end) > start), default=now)


def uninhibited(found: Sequence[Issue]) -> list[Issue]:
    """Return those that lasting silences do not explain."""
    silent = {
        issue.source
        for issue in found
        if issue.kind == "silent" and issue.building == EVERYWHERE and issue.end is None
    }
    return [
        issue
        for issue in found
        if issue.kind not in EXPLAINED or issue.source not in silent or issue.end is not None
    ]
