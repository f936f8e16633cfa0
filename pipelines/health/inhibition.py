"""What need not be told, because a silence of the same source explains it. Pure."""

from collections.abc import Sequence

from pipelines.health.kinds import EVERYWHERE
from pipelines.health.trouble import Kind, Trouble

EXPLAINED: frozenset[Kind] = frozenset({"thin", "late", "not_come", "blind"})
"""What a silence of the whole source explains."""


def uninhibited(found: Sequence[Trouble]) -> list[Trouble]:
    """Those that lasting silences do not explain."""
    silent = {
        one.source
        for one in found
        if one.kind == "silent" and one.building == EVERYWHERE and one.end is None
    }
    return [
        one
        for one in found
        if one.kind not in EXPLAINED or one.source not in silent or one.end is not None
    ]
