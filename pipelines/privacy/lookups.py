"""Look-ups of names: by whom, for which case, and those without one.

Looking up a person without a case needs a review: it is sent to the receivers
of security alerts, and is listed by month.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from pipelines.state.audit import Entry

NAMING = ("who", "reveal", "export", "pack")
"""Acts that give a name, or whom an address led to."""
UNDER_CODE_NAMES = "who"
"""The one that names no one: counted, and not alerted."""
REFUSED = "reveal refused"
NO_RIGHT = "names refused"
ANNOUNCED_FOR = timedelta(days=31)


@dataclass(frozen=True)
class LookUps:
    """One person's look-ups of one kind.

    Attributes:
        cases: Number of different cases.
        without_case: Number without a case.
    """

    actor: str
    action: str
    times: int
    cases: int
    without_case: int
    last_time: str

    @property
    def shown(self) -> dict[str, object]:
        """The fields as JSON values."""
        return asdict(self)


def is_lookup(entry: Entry) -> bool:
    """Return whether names were requested, given or not."""
    is_refused = entry.action in (REFUSED, NO_RIGHT)
    return is_refused or entry.action.removesuffix(", alone") in NAMING


def gives_name(entry: Entry) -> bool:
    """Return whether a name was given, to a single operator or with a second person's approval."""
    action = entry.action.removesuffix(", alone")
    return action in NAMING and action != UNDER_CODE_NAMES


def looked_up(entries: Iterable[Entry], since: datetime) -> list[LookUps]:
    """Return one row per person and act, the most look-ups without a case first."""
    held: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if is_lookup(entry) and datetime.fromisoformat(entry.time) >= since:
            held.setdefault((entry.actor, entry.action), []).append(entry)
    rows = [
        LookUps(
            actor=actor,
            action=action,
            times=len(found),
            cases=len({one.case for one in found} - {""}),
            without_case=sum(not one.case for one in found),
            last_time=found[-1].time,
        )
        for (actor, action), found in held.items()
    ]
    return sorted(rows, key=lambda row: (-row.without_case, row.actor, row.action))


def without_case(
    entries: Iterable[Entry], now: datetime
) -> Mapping[tuple[str, str], Sequence[Entry]]:
    """Return names given in the last 31 days without a case, by month and person."""
    held: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        is_new = datetime.fromisoformat(entry.time) >= now - ANNOUNCED_FOR
        is_named = is_lookup(entry) and entry.action != UNDER_CODE_NAMES
        if is_named and not entry.case and is_new:
            held.setdefault((entry.time[:7], entry.actor), []).append(entry)
    return held
