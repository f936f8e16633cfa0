"""Makes the warehouse again from lake and state, and tells what differs."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.district import District, only_writer, open_district
from pipelines.errors import ModelError
from pipelines.refresh.steps import Progress, build_and_judge, nobody_watches
from pipelines.warehouse.repair import Fingerprint, fingerprints, set_aside
from pipelines.warehouse.snapshots import reading

COMPARED = ("identity", "core", "detections", "marts")


@dataclass(frozen=True)
class Recovered:
    """What was made again.

    Attributes:
        tables: How many tables the new warehouse has.
        differing: Tables whose rows are not those of the old one; None where the
            old one could not be read.
    """

    tables: int
    differing: Sequence[str] | None


def recover(path: Path, progress: Progress = nobody_watches) -> Recovered:
    """Make a home's warehouse again; the old one goes once the new one stands.

    Raises:
        SchoolbellError: It cannot be made; the old one is back in its place.
    """
    with open_district(path) as district, only_writer(district.home):
        return rebuild(district, progress)


def rebuild(district: District, progress: Progress = nobody_watches) -> Recovered:
    """Make the warehouse of an opened district again; the caller holds its lock.

    Raises:
        SchoolbellError: It cannot be made; the old one is back in its place.
    """
    now = district.home.warehouse
    old = district.home.old_warehouse
    if now.is_dir():
        set_aside(now)
    if now.exists():
        now.replace(old)
    for path in (now, old):
        path.with_name(path.name + ".wal").unlink(missing_ok=True)
        # what DuckDB moves out of memory, left by a process that was killed
        shutil.rmtree(path.with_name(path.name + ".tmp"), ignore_errors=True)
    try:
        build_and_judge(district, progress)
    except BaseException:
        now.unlink(missing_ok=True)
        if old.exists():
            old.replace(now)
        raise
    made = _held(now) if now.exists() else {}
    was = _of_old(old)
    old.unlink(missing_ok=True)
    if was is None:
        return Recovered(len(made), None)
    names = sorted(made.keys() | was.keys())
    return Recovered(
        len(made), [name for name in names if made.get(name) != was.get(name)]
    )


def _held(warehouse: Path) -> Mapping[str, Fingerprint]:
    with reading(warehouse) as database:
        return fingerprints(database, COMPARED)


def _of_old(old: Path) -> Mapping[str, Fingerprint] | None:
    if not old.exists():
        return None
    try:
        return _held(old)
    except ModelError:
        return None  # that is why it was to be made again
