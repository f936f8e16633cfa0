"""Restore of a home from a backup, or of its warehouse from lake and state.

A drill proves regularly that the first works; the second lists differences.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.district import District, only_writer, open_district
from pipelines.errors import ModelError
from pipelines.ingest.line_account import unbalanced
from pipelines.lake.files import require_space, sweep
from pipelines.operations.backup import (
    STATE,
    BackupError,
    Manifest,
    SealedFile,
    copied,
    read_manifest,
    require_same,
    require_trusted,
    sealed,
)
from pipelines.refresh.steps import Progress, build_and_judge, no_progress
from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome, sync
from pipelines.state import ledger
from pipelines.state.audit import RESTORE, Act, kept_heads, open_chain, verified
from pipelines.state.connections import Store, now_text, read_store, remember, store_as_it_is
from pipelines.state.findings import stored_findings
from pipelines.state.home_mark import Mark, advance, begin, mark_of, note, noted
from pipelines.state.layout import layout_of
from pipelines.state.layout import mark as layout
from pipelines.state.source_records import DRILLED
from pipelines.warehouse.repair import Fingerprint, fingerprints, set_aside
from pipelines.warehouse.snapshots import reading

COMPARED = ("identity", "core", "detections", "marts")

KEYS = ("pseudonyms.key", "audit.key")
STOPPED = ".restoring"
"""End of the name of a folder that a restore fills; one is left if it is stopped."""


@dataclass(frozen=True)
class RecoveryResult:
    """Result of rebuilding.

    Attributes:
        tables: Number of tables of the new warehouse.
        differing: Tables whose rows differ from those of the old one; None if the
            old one could not be read.
    """

    tables: int
    differing: Sequence[str] | None


def recover(path: Path, progress: Progress = no_progress) -> RecoveryResult:
    """Rebuild a home's warehouse; delete the old one once the new one is complete.

    Raises:
        SchoolbellError: It cannot be made; the old one is back in its place.
    """
    with open_district(path) as district, only_writer(district.home):
        return rebuild(district, progress)


def rebuild(district: District, progress: Progress = no_progress) -> RecoveryResult:
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
        return RecoveryResult(len(made), None)
    names = sorted(made.keys() | was.keys())
    return RecoveryResult(len(made), [name for name in names if made.get(name) != was.get(name)])


def _held(warehouse: Path) -> Mapping[str, Fingerprint]:
    with reading(warehouse) as database:
        return fingerprints(database, COMPARED)


def _of_old(old: Path) -> Mapping[str, Fingerprint] | None:
    if not old.exists():
        return None
    try:
        return _held(old)
    except ModelError:
        return None  # this is why it had to be rebuilt


@dataclass(frozen=True)
class RestoreResult:
    """A home that was brought back; `wrong` is empty where all of it is right.

    Attributes:
        set_aside: Files of the lake that the backup does not know, now in `.unlisted`.
        kept: The earlier state, where there was one.
        was_stopped: An earlier restore had been stopped; what it left was removed.
    """

    home: DistrictHome
    manifest: Manifest
    wrong: Sequence[str]
    set_aside: Sequence[str] = ()
    kept: Sequence[Path] = ()
    was_stopped: bool = False


def restore(
    backup: Path, target: Path, keys: Path, *, actor: str = "schoolbell", fingerprint: str = ""
) -> RestoreResult:
    """Restore a home into a new folder, which appears whole, by one rename.

    Args:
        backup: A folder that `back_up` made.
        target: A folder that does not exist, or is empty.
        keys: The folder with the home's keys.
        actor: The user, for the audit chain.
        fingerprint: Of the backup, if the user kept it.

    Raises:
        BackupError: The target is not empty, a file of the backup is missing or
            was changed, or the keys are not those of the home.
    """
    manifest = read_manifest(backup)
    target = target.resolve()
    # a file system that is mounted there cannot be replaced by a rename
    is_mount = os.path.ismount(target)
    place = target / STOPPED if is_mount else target.with_name(f".{target.name}{STOPPED}")
    was_stopped = place.exists()
    is_left = is_mount and was_stopped and not DistrictHome(target).settings_file.exists()
    if target.exists() and any(target.iterdir()) and not is_left:
        raise BackupError(
            "is not empty; nothing was restored",
            where=str(target),
            remedy="Choose a folder that does not exist yet.",
        )
    require_trusted(backup, manifest, _key_of(keys), fingerprint)
    require_same(backup, manifest)
    for left in target.iterdir() if is_left else (place,):
        _remove(left)
    aside = DistrictHome(place)
    _require_space(aside.path, manifest)
    try:
        aside.keys.mkdir(mode=0o700, parents=True)
        _keys(keys, aside)
        for name, expected in manifest.files.items():
            _copied(backup / name, aside.path / name, expected)
        create(aside.path)  # completes folders and sets their modes
        _marked(aside, "", 0)
        _chained(aside, manifest, actor)
        for folder in (aside.reports, *aside.reports.rglob("*")):
            folder.chmod(0o750 if folder.is_dir() else 0o640)
        _place(place, target, is_mount=is_mount)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    home = DistrictHome(target)
    return RestoreResult(home, manifest, wrong_with(home, manifest), was_stopped=was_stopped)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _place(aside: Path, target: Path, *, is_mount: bool) -> None:
    """Put a whole home into its place; the settings, which make it one, come last."""
    if is_mount:
        for path in sorted(aside.iterdir(), key=lambda one: one.suffix == ".toml"):
            path.rename(target / path.name)
        target.chmod(aside.stat().st_mode)
        aside.rmdir()
    else:
        if target.exists():
            target.rmdir()
        aside.rename(target)
        sync(target.parent)


def restore_in_place(
    backup: Path, target: Path, keys: Path, *, actor: str = "schoolbell", fingerprint: str = ""
) -> RestoreResult:
    """Restore the state of a home that lost it; its lake and reports remain.

    Files that the lake lacks are restored. Files that the backup lacks are
    moved to `.unlisted`, and the earlier state is kept next to the new one; the next
    run rebuilds the warehouse. If it is interrupted, the home refuses every
    command until it is repeated.

    Raises:
        BackupError: It is another home's backup, or the state is on a server.
    """
    manifest = read_manifest(backup)
    require_trusted(backup, manifest, _key_of(keys), fingerprint)
    require_same(backup, manifest)
    _require_current(backup)
    home = DistrictHome(target.resolve())
    if home.state_pointer.exists():
        raise BackupError(
            "the state of this home is on a database server",
            where=str(home.state_pointer),
            remedy=(
                "Restore it there from the server's backup; or move this file away and restore "
                "again, which puts the state into state.db."
            ),
        )
    with only_writer(home):
        marks = noted(home)
        _same_home(backup, marks)
        _keys_at_home(keys, home)
        kept = _put_aside(home, datetime.now(UTC))
        for name in manifest.files:
            if name.startswith("lake/"):
                _brought_back(backup / name, home.path / name, manifest.files[name])
        draft = home.path / f".{home.state_db.name}.restored"
        draft.unlink(missing_ok=True)
        _copied(backup / STATE, draft, manifest.files[STATE])
        draft.rename(home.state_db)
        sync(home.path)
        for end in ("", ".wal"):  # it is derived, from events that may be gone
            home.warehouse.with_name(home.warehouse.name + end).unlink(missing_ok=True)
        highest = max(marks.values(), key=lambda mark: mark.generation, default=None)
        own, reached = (highest.home, highest.generation) if highest else ("", 0)
        set_aside = _marked(home, own, reached + 1)
        _chained(home, manifest, actor, always=True)
    return RestoreResult(home, manifest, wrong_with(home, manifest), set_aside, kept)


def _require_current(backup: Path) -> None:
    """Raise an error unless the state has this version, in a home that this version wrote."""
    if not is_current(backup / STATE):
        raise BackupError(
            "was made by another version of Schoolbell; nothing was changed",
            where=str(backup),
            remedy="Restore it into a new folder, and run: schoolbell upgrade",
        )


def is_current(state: Path) -> bool:
    """Return whether a state has the layout of this version."""
    store = read_store(state)
    try:
        with store.reading() as transaction:
            return layout_of(transaction) == layout()
    finally:
        store.close()


def _chained(home: DistrictHome, manifest: Manifest, actor: str, *, always: bool = False) -> None:
    """Record the restore in the audit chain, if the chain had continued.

    Args:
        always: Also if no entry is known that the backup lacks.
    """
    store = store_as_it_is(home.state_db)
    try:
        with store.reading() as transaction:
            if layout_of(transaction) != layout():
                return  # `upgrade` comes first
        origin = f"restored from the backup of {manifest.made_time[:19]}"
        continue_chain(store, home, origin, actor, always=always)
    finally:
        store.close()


def continue_chain(
    store: Store, home: DistrictHome, origin: str, actor: str, *, always: bool = False
) -> None:
    """Record in the audit chain that an earlier state is in use again.

    Args:
        always: Also if no entry is known that this state lacks.
    """
    chain = open_chain(store, home)
    if chain.head() and not chain.key_file.exists():
        return  # nothing can be written; `audit verify` reports it
    chain.seal_head()
    if not always and verified(store, home) is None:
        return
    known = [chain.head(), chain.noted_head(), *kept_heads(store, home)]
    newest = max(filter(None, known), key=lambda head: head.number, default=None)
    held = chain.head()
    first, last = held.number + 1 if held else 1, newest.number if newest else 0
    lost = f"earlier entries {first} to {last} are not in it"
    why = f"{origin}; {lost if last >= first else 'no entry was lost'}"
    subject = str(newest or "0:")
    chain.begin_again(Act(actor=actor, action=RESTORE, subject=subject, reason=why))


def _same_home(backup: Path, marks: Mapping[Path, Mark]) -> None:
    """Check that the backup belongs to the home that the marks name, if both name it."""
    store = read_store(backup / STATE)
    try:
        with store.reading() as transaction:
            own = mark_of(transaction)
    finally:
        store.close()
    for path, mark in marks.items():
        if own is not None and own.home != mark.home:
            raise BackupError(
                f"is the backup of a different home than the one in {path}; nothing was changed",
                where=str(backup),
                remedy="Use a backup of this home, or restore into a new folder.",
            )


def _put_aside(home: DistrictHome, now: datetime) -> list[Path]:
    """Rename the earlier state, with the files that SQLite keeps next to it."""
    kept = []
    for end in ("", "-wal", "-shm"):
        path = home.path / f"{home.state_db.name}{end}"
        if path.exists():
            stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
            aside = home.path / f"{home.state_db.name}.before-restore-{stamp}{end}"
            path.rename(aside)
            kept.append(aside)
    return kept


def _brought_back(source: Path, target: Path, expected: SealedFile) -> None:
    """Restore a file of the lake, unless it exists unchanged."""
    if target.is_file() and sealed(target) == expected:
        return
    draft = target.with_name(f"{target.name}.restored")
    draft.unlink(missing_ok=True)
    _copied(source, draft, expected)
    draft.replace(target)


def _copied(source: Path, target: Path, expected: SealedFile) -> None:
    """Copy a file of the backup; what changes while it is read is not taken."""
    if copied(source, target) != expected:
        target.unlink()
        raise BackupError(
            "changed while it was read; nothing was restored",
            where=str(source),
            remedy="Copy the backup to a folder where no one else can write, and restore again.",
        )


def _require_space(home: Path, manifest: Manifest) -> None:
    """Begin nothing that the disk could not hold."""
    place = next(folder for folder in (home, *home.parents) if folder.is_dir())
    require_space(place, sum(file.bytes for file in manifest.files.values()))


def _marked(home: DistrictHome, own: str, generation: int) -> Sequence[str]:
    """Give state and lake a new common generation; return extra files of the lake.

    Args:
        own: The home's id, for a state of a version that had none.
        generation: The minimum: more than any that was seen.
    """
    store = store_as_it_is(home.state_db)
    try:
        with store.writing() as transaction:
            mark = advance(transaction, generation) or begin(transaction, own, generation)
            is_current = layout_of(transaction) == layout()
            if is_current:
                # a process that wrote when it was copied does not write into this lake
                ledger.forget_runs(transaction)
        set_aside = sweep(store, home.lake) if is_current else ()
    finally:
        store.close()
    for folder in (home.lake, home.path):
        note(folder, mark)
    return set_aside


def wrong_with(home: DistrictHome, manifest: Manifest) -> list[str]:
    """Return what a restored home lacks of its backup."""
    store = read_store(home.state_db)
    try:
        lines = sum(file.lines for file in ledger.source_files(store))
        findings = len(stored_findings(store))
        wrong = unbalanced(store, home.lake)
    finally:
        store.close()
    if lines != manifest.lines:
        wrong.append(f"{lines:,} lines are accounted for, instead of {manifest.lines:,}")
    if findings != manifest.findings:
        wrong.append(f"{findings:,} findings exist, instead of {manifest.findings:,}")
    return wrong


def drill(store: Store, backup: Path, keys: Path, scratch: Path) -> Sequence[str]:
    """Restore a backup aside and rebuild it; what was wrong, empty if nothing.

    The date of a drill that went well is remembered for `schoolbell doctor`.

    Args:
        store: The state of the home whose backup it is.
        scratch: A folder with room for a second home; what is made there is
            deleted again.
    """
    place = scratch / f"drill-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    try:
        restored = restore(backup, place, keys)
        wrong = [*restored.wrong, *_rebuilt(restored.home)]
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if not wrong:
        with store.writing() as transaction:
            remember(transaction, DRILLED, now_text())
    return wrong


def _rebuilt(home: DistrictHome) -> list[str]:
    before = _told(home)
    recover(home.path)
    after = _told(home)
    return [
        f"finding {key} is different after the rebuild"
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def _told(home: DistrictHome) -> Mapping[str, object]:
    with open_district(home.path) as district:
        return {
            finding["finding_id"]: (
                finding["status"],
                finding["confidence"],
                finding["record"],
            )
            for finding in stored_findings(district.store)
        }


def _keys_at_home(keys: Path, home: DistrictHome) -> None:
    """Restore lost keys; existing ones are equal."""
    home.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in KEYS:
        given, held = keys / name, home.keys / name
        if given.is_file() and not held.exists():
            copied(given, held)
        elif given.is_file() and sealed(given) != sealed(held):
            raise BackupError(
                "is a different key than the home's; nothing was changed",
                where=str(given),
                remedy="Give the folder with the keys of this home.",
            )
    _require_key(home.keys)


def _keys(keys: Path, home: DistrictHome) -> None:
    _require_key(keys)
    for name in KEYS:
        if (keys / name).is_file():
            copied(keys / name, home.keys / name)


def _key_of(keys: Path) -> bytes:
    _require_key(keys)
    return (keys / KEYS[0]).read_bytes()


def _require_key(keys: Path) -> None:
    if not (keys / KEYS[0]).is_file():
        raise BackupError(
            f"there is no {KEYS[0]}; without it every account gets a different code name",
            where=str(keys),
            remedy="Give the folder that `schoolbell backup --keys` wrote.",
        )
