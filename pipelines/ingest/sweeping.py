"""Clears the lake of what interrupted runs left, and of what was superseded.

Only what this ledger knows is deleted: files that it lists as superseded, and files
of runs that it saw begin. Anything else that it does not list is moved aside, since
it may be the work of a state that was lost.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from pipelines.ingest.files import make_folder, writing_to
from pipelines.state import home_mark, ledger
from pipelines.state.database import Store, now_text

GRACE = timedelta(hours=24)
"""How long a reader may still use a file that others took the place of."""

MOST_DELETED = 100
"""Files that interrupted runs may leave: a commit writes one a class and a day. More
than these are moved aside too."""

UNLISTED = ".unlisted"


class Swept(NamedTuple):
    """What a sweep did.

    Attributes:
        deleted: Files that were deleted.
        moved: Paths in the lake of files that were moved to `.unlisted`.
    """

    deleted: int
    moved: Sequence[str]


def sweep(
    store: Store,
    folder: Path,
    *,
    grace: timedelta = GRACE,
    now: datetime | None = None,
) -> Swept:
    """Delete or move aside the files that do not count.

    Only while no other run writes: the caller holds the home's lock.
    """
    before = now_text((now or datetime.now(UTC)) - grace)
    old = ledger.superseded_files(store, before)
    for path in old:
        (folder / path).unlink(missing_ok=True)
    if old:
        home_mark.note(folder, ledger.forget_lake_files(store, old))
    begun = ledger.runs_begun(store)
    own, foreign = _unlisted(store, folder, begun)
    with writing_to(folder):
        for one in own:
            one.unlink()
        moved = [_moved_aside(folder, one) for one in foreign]
    ledger.end_runs(store, begun)
    return Swept(len(old) + len(own), moved)


def unlisted_files(folder: Path) -> list[Path]:
    """Files that sweeps moved aside, for somebody to look at."""
    return sorted(one for one in (folder / UNLISTED).rglob("*") if not one.is_dir())


def _unlisted(
    store: Store, folder: Path, begun: set[str]
) -> tuple[list[Path], list[Path]]:
    """Files that do not count: those to delete, and those to move aside."""
    listed = ledger.listed_paths(store)
    own: list[Path] = []
    foreign: list[Path] = []
    for found in sorted(folder.glob("*/event_date=*/*")):
        if found.relative_to(folder).as_posix() not in listed:
            is_own = found.name.partition("-")[0] in begun and not found.is_dir()
            (own if is_own else foreign).append(found)
    return ([], [*own, *foreign]) if len(own) > MOST_DELETED else (own, foreign)


def _moved_aside(folder: Path, path: Path) -> str:
    name = path.relative_to(folder)
    target = folder / UNLISTED / name
    make_folder(target.parent)
    number = 1
    while target.exists():
        number += 1
        target = target.with_name(f"{name.stem}.{number}{name.suffix}")
    path.rename(target)
    return name.as_posix()
