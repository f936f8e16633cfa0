"""Keeps when which source was not well, so that it can be looked up later."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.health.trouble import Trouble
from pipelines.state.database import Store, now_text
from pipelines.state.issues import end_issue, lasting_issues, put_issue


@dataclass(frozen=True)
class Kept:
    """What one look at the sources changed: counts of troubles."""

    new: int
    ended: int


def keep_troubles(
    store: Store, found: Iterable[Trouble], kinds: Iterable[str], now: datetime
) -> Kept:
    """Note what is wrong now; what no longer is has ended.

    Args:
        found: Those that are over tell when a known one ended.
        kinds: What was looked at. Troubles of other kinds stay as they are.
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
    return Kept(len(lasting.keys() - known), len(known.keys() - lasting.keys()))


def _end(key: str, start: str, found: Sequence[Trouble], now: datetime) -> datetime:
    """It ended when the lines say, or by now."""
    ends = [one.end for one in found if one.key == key and one.end is not None]
    return max((one for one in ends if now_text(one) > start), default=now)
