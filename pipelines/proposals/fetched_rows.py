"""Adds rows of fetched lists to the registry: in a run, or when a person accepts them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.district import District, Reading
from pipelines.fetch.lists import fetched_files
from pipelines.proposals.setup import Plan, plan_of, write
from pipelines.registry.registry import load_registry
from pipelines.state.accepted_groups import forget_groups
from pipelines.state.fetched import note_waiting

FETCHED = "fetched"
"""Group of the rows that fetched lists added; each day is one of its parts."""
KEPT = timedelta(days=30)
"""Rows that were added earlier can no longer be taken back together."""
SOURCE = "fetched lists"


def use_fetched(district: District) -> tuple[District, list[str]]:
    """Write what fetched lists add, where the settings say so; count what waits for a person.

    The caller holds the home's lock. Rows that a person removed are not added again.

    Returns:
        The district with the registry as it is now, and a sentence about each changed file.
    """
    files = fetched_files(district.home, district.settings)
    # of a registry with a file that shrank, nothing is concluded
    if not files or district.outline.refused:
        return district, []
    done: list[str] = []
    plan = _plan(district, [path for target, path in files if target.apply])
    if not plan.is_empty:
        district, done = accept_fetched(district, plan, "schoolbell run")
    note_waiting(district.store, changes_of(waiting_plan(district)))
    return district, [f"From fetched lists: {one}" for one in done]


def waiting_plan(district: District) -> Plan:
    """Return what fetched lists would add that a person has to accept."""
    files = fetched_files(district.home, district.settings)
    return _plan(district, [path for target, path in files if not target.apply])


def accept_fetched(
    district: District, plan: Plan, actor: str, reason: str = ""
) -> tuple[District, list[str]]:
    """Write what fetched lists add, so that it can be taken back.

    The caller holds the home's lock.

    Args:
        reason: Of the person who accepts it, for the audit log.

    Returns:
        The district with the registry as it is now, and a sentence about each changed file.
    """
    home, store = district.home, district.store
    now = datetime.now(UTC)
    with store.writing() as writing:
        forget_groups(writing, FETCHED, now - KEPT)
    source = f"{SOURCE}; {reason}" if reason else SOURCE
    done = write(store, home, plan, actor, source, f"{FETCHED}:{now:%Y-%m-%d}")
    return replace(district, reading=Reading.of(load_registry(home, district.settings))), done


def changes_of(plan: Plan) -> int:
    """Return how many rows, cells and calendars a plan would add."""
    return sum(len(one.added) + len(one.filled) for one in plan.files) + len(plan.calendars)


def _plan(district: District, paths: Sequence[Path]) -> Plan:
    return plan_of(district, paths, is_new_only=True) if paths else Plan()
