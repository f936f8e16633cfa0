"""What can be wrong with a source, and one case of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal[
    "silent",
    "thin",
    "late",
    "skewed",
    "off_clock",
    "drifting",
    "rejecting",
    "not_come",
    "let_through",
    "blind",
]
KINDS: Mapping[Kind, str] = {
    "silent": "nothing comes where something always came",
    "thin": "far less comes than usual",
    "late": "lines take much longer to arrive than usual",
    "skewed": "lines bear times that lie in the future",
    "off_clock": "its clock and that of another source do not agree",
    "drifting": "a field that was filled is empty, or holds other words",
    "rejecting": "many lines can not be read",
    "not_come": "traffic that has to come did not",
    "let_through": "a request that the filter has to refuse went through",
    "blind": "more lines than usual tell no host or no account",
}
"""Each kind, in words."""

STEPS = (
    timedelta(hours=4),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
)
"""What lasts so long is worse by a step."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
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
        """How long it has lasted by `now`, in steps."""
        return sum(now - self.start >= step for step in STEPS)
