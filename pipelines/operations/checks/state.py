"""The state, the lake and the warehouse: whole, consistent, up to date."""

import os
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.ingest.line_account import unbalanced
from pipelines.lake.files import damaged
from pipelines.operations.check_questions import Installation, unfinished
from pipelines.operations.checks import CheckResult, Subject, act, look, unasked, well
from pipelines.refresh.due import noted
from pipelines.state import ledger
from pipelines.state.connections import DamagedStateError
from pipelines.state.home_mark import ForeignStateError
from pipelines.state.layout import LayoutError, has_every_table, lacking, refuse_later
from pipelines.state.opened_state import examine
from pipelines.warehouse.sentences import counted
from pipelines.warehouse.snapshots import current, reading

OLD_SNAPSHOT = timedelta(days=3)


def _there(installation: Installation) -> CheckResult:
    try:
        examine(installation.home)
    except (ForeignStateError, DamagedStateError) as error:
        return act(
            f"{error.what}; nothing runs until the correct one is restored",
            "schoolbell restore BACKUP --to {home} --in-place --keys KEYS",
        )
    if installation.home.state_pointer.is_file():
        installation.store.answer()
        return well(f"the state database answers: {installation.store.place}")
    if installation.home.state_db.is_file():
        return well("the state database exists")
    return look("nothing has run yet", "schoolbell run --home {home}")


def _aside(installation: Installation) -> CheckResult:
    count = installation.set_aside
    if count:
        return look(
            f"{count:,} {'file' if count == 1 else 'files'} that the ledger does not "
            "list: moved to lake/.unlisted, not deleted",
            "check whether an older state was restored; delete them manually if not",
        )
    return well("the lake contains no file that the ledger does not list")


def _sound(installation: Installation) -> CheckResult:
    if not installation.store.is_file:
        return unasked("the database server manages its own files")
    if found := installation.store.damage():
        return act(
            f"the state database is damaged: {found}", "restore state.db from the last backup"
        )
    return well("the state database is undamaged")


def _schema(installation: Installation) -> CheckResult:
    with installation.store.reading() as transaction:
        try:
            refuse_later(transaction, installation.store.place)
        except LayoutError as error:
            return act(error.what, str(error.remedy))
        older, is_whole = lacking(transaction), has_every_table(transaction)
    if older:
        table, columns = next(iter(older.items()))
        return act(
            f"the state is of an earlier version: {table} has no {', '.join(columns)}",
            "schoolbell upgrade --home {home}",
        )
    if not is_whole:
        return look(
            "the state database lacks tables, which the next run creates",
            "schoolbell run --home {home}",
        )
    return well("the state database has every table and column")


def _balance(installation: Installation) -> CheckResult:
    wrong = unbalanced(installation.store, installation.home.lake)
    if wrong:
        return act(
            f"lines do not add up: {wrong[0]}",
            "keep the landing folder; schoolbell status --json --home {home}",
        )
    files = installation.files
    lines = sum(file.lines for file in files)
    return well(counted(lines, "1 line is|all # lines are") + " accounted for")


def _lake(installation: Installation) -> CheckResult:
    wrong = damaged(installation.home.lake, ledger.lake_files(installation.store))
    if wrong:
        return act(
            counted(len(wrong), "1 file of the lake is|# files of the lake are")
            + f" missing or damaged, such as {wrong[0]}",
            "restore lake/ from the last backup",
        )
    return well("every file of the lake is present and unchanged, byte for byte")


def _unfinished(installation: Installation) -> CheckResult:
    if left := list(unfinished(installation.district.store, installation.district.home)):
        return look("; ".join(left), "schoolbell run --home {home}")
    return well("no purge or rebuild was interrupted")


def _lock(installation: Installation) -> CheckResult:
    lock = installation.home.path / ".lock"
    if not lock.is_file():
        return well("no run is in progress")
    try:
        import fcntl
    except ImportError:
        return unasked("this system shows no lock without taking it")
    handle = os.open(lock, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return unasked("a run is in progress")
    finally:
        os.close(handle)
    return well("no run is in progress")


def _dirty(installation: Installation) -> CheckResult:
    if days := installation.to_build:
        return look(f"{days} days with new events are not built", "schoolbell run --home {home}")
    return well("every day is built")


def _quarantine(installation: Installation) -> CheckResult:
    if found := installation.failed:
        return act(
            "; ".join(gap.line for gap in found),
            "schoolbell run --home {home}, which tries again; then schoolbell status --home "
            "{home} shows the error",
        )
    return well("every model was built for every day")


def _warehouse(installation: Installation) -> CheckResult:
    path = installation.home.warehouse
    if not path.is_file():
        return look("the warehouse does not exist yet", "schoolbell run --home {home}")
    with reading(path) as database:
        (held,) = database.rows("select count(*) from duckdb_tables()")
    return well(f"the warehouse opens; it contains {held[0]} tables")


def _rules(installation: Installation) -> CheckResult:
    path = installation.home.warehouse
    if not path.is_file():
        return unasked("the warehouse does not exist yet")
    with reading(path) as database:
        was = dict(noted(database, "main.built_with"))
    now = installation.district.judged_with
    differing = sorted(name for name in now if was.get(name) != now[name])
    if differing:
        return look(
            f"findings are older than the current {' and '.join(differing)}",
            "schoolbell run --home {home}",
        )
    return well("findings were judged with the current rules and registry")


def _snapshot(installation: Installation) -> CheckResult:
    path = current(installation.home.snapshots)
    with reading(path):
        pass
    zone = ZoneInfo(installation.district.zone)
    made = datetime.fromtimestamp(path.stat().st_mtime, zone)
    if installation.now - made > OLD_SNAPSHOT:
        return look(f"the newest snapshot is from {made.date()}", "schoolbell run --home {home}")
    return well(f"the newest snapshot opens; it is from {made.date()}")


CHECKS = Subject(
    "state",
    {
        "state": _there,
        "sound": _sound,
        "schema": _schema,
        "balance": _balance,
        "lake": _lake,
        "unlisted": _aside,
        "purge": _unfinished,
        "lock": _lock,
        "days": _dirty,
        "quarantine": _quarantine,
        "warehouse": _warehouse,
        "rules": _rules,
        "snapshot": _snapshot,
    },
)
