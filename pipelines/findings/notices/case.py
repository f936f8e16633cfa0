"""A notice while it is being answered: the question, the data, the answer so far."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from pipelines.privacy.editions import Pseudonyms
from pipelines.privacy.pseudonyms import Kind
from pipelines.warehouse.database import Database


@dataclass(frozen=True)
class Asked:
    """What the notice names: an address, its port if told, and the moment in UTC."""

    address: str
    port: int | None
    time: datetime


@dataclass(frozen=True)
class Because:
    """Who asks, as the operating system says, why, and for which case."""

    actor: str
    reason: str = ""
    case: str = ""


@dataclass(frozen=True)
class Link:
    """One link of the chain: what it says, from when to when, by which lines."""

    kind: str
    says: str
    since: datetime | None = None
    until: datetime | None = None
    lines: Sequence[str] = ()


@dataclass
class Answer:
    """Whose it was, under pseudonyms; what is not known is None.

    Attributes:
        grade: A, B, C or D, as for web requests.
        account: None for grade D, always.
        is_pupil: The account is a pupil's.
        is_crowded: The address stands for many devices.
        links: The chain, in order.
        gaps: What breaks it or makes it weak.
    """

    grade: str = "D"
    account: str | None = None
    is_pupil: bool = False
    device: str | None = None
    building: str | None = None
    is_crowded: bool = False
    links: list[Link] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    @property
    def shown(self) -> Mapping[str, Any]:
        """As plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Case:
    """A question while it is being answered."""

    database: Database
    asked: Asked
    values: Mapping[str, Any]
    names: Pseudonyms
    files: Mapping[int, str]
    answer: Answer

    def rows(self, query: str, **more: Any) -> list[dict[str, Any]]:
        values = {**self.values, **more}
        used = {key: value for key, value in values.items() if f"${key}" in query}
        return list(self.database.frame(query, used).iter_rows(named=True))

    def name(self, kind: Kind, value: str) -> str:
        return self.names.names(kind, [value])[value]

    def line(self, event_id: int | None) -> list[str]:
        if event_id is None:
            return []
        file_id, line_no = divmod(event_id, 2**32)
        return [f"{self.files.get(file_id, '?')}:{line_no}"]
