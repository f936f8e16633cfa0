"""What became of each finding, when, and why: one entry a change, none removed."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pipelines.state.database import Transaction
from pipelines.state.findings import add_history

Change = Literal[
    "new", "updated", "withdrawn", "returned", "no longer shown", "shown again",
    "verdict", "assigned", "exception",
]  # fmt: skip

MOST_NAMED = 6
"""Measures of one revision that are named; the rest are counted."""


def note(
    transaction: Transaction,
    finding: Mapping[str, Any],
    change: Change,
    reason: str,
    actor: str | None = None,
) -> None:
    """Add an entry about a finding, given as its row after the change.

    Args:
        actor: Who did it; None where a run did.
    """
    kept = ("finding_id", "revision", "severity", "confidence")
    values = {name: finding[name] for name in kept}
    entry = {**values, "change": change, "reason": reason, "actor": actor}
    add_history(transaction, entry)


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What another revision says differently, in words without values of lines.

    Args:
        was: The record before, as it is stored.
        now: The record that takes its place.
    """
    return "; ".join(_differences(was, now)) or "the same again"


def _differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in ("severity", "confidence", "stage", "suppressed_by", "permitted_by"):
        if was.get(name) != now.get(name):
            yield f"{_word(name)} {_shown(was.get(name))} to {_shown(now.get(name))}"
    lines = len(was.get("evidence", ())), len(now.get("evidence", ()))
    if lines[0] != lines[1]:
        yield f"cited lines {lines[0]} to {lines[1]}"
    elif was.get("evidence") != now.get("evidence"):
        yield "other lines cited"
    yield from _measures(was.get("details", {}), now.get("details", {}))
    parts = ("start_time", "end_time", "devices", "sites", "alternatives", "clauses")
    other = [_word(name) for name in parts if was.get(name) != now.get(name)]
    if other:
        yield "changed: " + ", ".join(other)


def _measures(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Numbers and truths that changed; texts and lists are only named."""
    changed = sorted(key for key in {*was, *now} if was.get(key) != now.get(key))
    for key in changed[:MOST_NAMED]:
        old, new = was.get(key), now.get(key)
        plain = isinstance(old, int | float) and isinstance(new, int | float)
        yield (
            f"{_word(key)} {json.dumps(old)} to {json.dumps(new)}"
            if plain
            else (f"{_word(key)} changed")
        )
    if len(changed) > MOST_NAMED:
        yield f"{len(changed) - MOST_NAMED} more measures changed"


def _word(name: str) -> str:
    words = {"suppressed_by": "exception", "permitted_by": "consent"}
    return words.get(name, name.replace("_", " "))


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
