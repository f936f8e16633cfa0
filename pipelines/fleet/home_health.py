"""How every home of a fleet does: health, versions, age of its data, counts.

Never a finding, and no count below five: of a small district a small number is a
person. Why a home is not well is told in that home, since it may quote a log.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipelines.fleet.settings import Fleet
from pipelines.fleet.work import NOT_STARTED, Outcome, in_every_home
from pipelines.settings.model import LEAST_COUNT

WORDS = {0: "well", 1: "look", 2: "act", NOT_STARTED: "not asked"}
COLUMNS = (
    "home", "state", "version", "newest line", "last run", "cases to decide",
    "files in trouble", "layer", "disk free GB",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One home.

    Attributes:
        state: A word of `WORDS`.
        newest: The newest line that was read, UTC; None where none was.
        cases: As text: nothing, `under 5`, or a number.
        layer: Version of the agency's layer that it holds; empty without one.
        note: Why it could not be asked; empty where it could.
    """

    name: str
    state: str
    version: str = ""
    newest: datetime | None = None
    last_run: str = ""
    cases: str = ""
    files_in_trouble: int = 0
    layer: str = ""
    disk_free_gb: float | None = None
    note: str = ""

    @property
    def cells(self) -> tuple[object, ...]:
        """As `COLUMNS` heads them."""
        newest = f"{self.newest:%Y-%m-%d %H:%M}" if self.newest else "never"
        free = "" if self.disk_free_gb is None else f"{self.disk_free_gb:.1f}"
        if self.note:
            return (self.name, f"{self.state}: {self.note}", *[""] * 7)
        return (
            self.name, self.state, self.version, newest, self.last_run, self.cases,
            self.files_in_trouble, self.layer, free,
        )  # fmt: skip


def overview(fleet: Fleet) -> list[Row]:
    """Ask each home for its status, the homes that need somebody first."""
    outcomes = in_every_home(fleet, lambda _: ("status", "--json"))
    return sorted((_row(one) for one in outcomes), key=_by_need)


def _by_need(row: Row) -> tuple[int, str]:
    order = [WORDS[NOT_STARTED], WORDS[2], WORDS[1], WORDS[0]]
    return order.index(row.state), row.name


def _row(outcome: Outcome) -> Row:
    try:
        return _told(outcome, json.loads(outcome.out.splitlines()[-1]))
    # what a home answers is its own: an odd answer is that home's fault alone
    except (IndexError, KeyError, TypeError, ValueError):
        return Row(outcome.member.name, WORDS[NOT_STARTED], note=_why(outcome))


def _told(outcome: Outcome, said: Mapping[str, Any]) -> Row:
    newest = [
        datetime.fromisoformat(one["newest_event"]).astimezone(UTC)
        for one in said["sources"]
        if one.get("newest_event")
    ]
    return Row(
        name=outcome.member.name,
        state=WORDS.get(outcome.exit_code, WORDS[2]),
        version=said["versions"].get("schoolbell", ""),
        newest=max(newest, default=None),
        last_run=said["last_run"][:16].replace("T", " "),
        cases=counted(said["cases_to_decide"]),
        files_in_trouble=said["files_in_trouble"],
        layer=said.get("agency_layer", ""),
        disk_free_gb=said["disk_free_gb"],
    )


def _why(outcome: Outcome) -> str:
    if outcome.what:
        return outcome.what
    return f"gave no answer; ask it: schoolbell status --home {outcome.member.path}"


def counted(number: int) -> str:
    """A count of people's matters as an agency may see it."""
    if number == 0:
        return "none"
    return f"{number:,}" if number >= LEAST_COUNT else f"under {LEAST_COUNT}"


def shown(fleet: Fleet, rows: Sequence[Row], now: datetime) -> Mapping[str, Any]:
    """What the agency's page is made of."""
    return {
        "agency": fleet.agency,
        "made": f"{now:%Y-%m-%d %H:%M} UTC",
        "columns": COLUMNS,
        "rows": [row.cells for row in rows],
        "sums": list(_sums(rows)),
    }


def _sums(rows: Sequence[Row]) -> Iterator[tuple[str, int]]:
    for word in WORDS.values():
        yield word, sum(row.state == word for row in rows)
