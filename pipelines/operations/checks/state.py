"""The state, the lake and the warehouse: whole, consistent, up to date."""

import fcntl
import os
from datetime import datetime, timedelta

from sqlalchemy import inspect, select, text

from pipelines.findings.unjudged import failures
from pipelines.ingest.accounting import unbalanced
from pipelines.ingest.lake import damaged, unlisted_files
from pipelines.operations.checks import (
    Answer,
    Check,
    Patient,
    Subject,
    act,
    look,
    unasked,
    well,
)
from pipelines.refresh.staleness import noted
from pipelines.run.status import unfinished
from pipelines.state import ledger
from pipelines.state.home_mark import ForeignStateError
from pipelines.state.layout import every_table, lacking, layout_of, mark
from pipelines.state.opening import examine
from pipelines.state.store import DamagedStateError
from pipelines.warehouse.snapshots import current, reading

OLD_SNAPSHOT = timedelta(days=3)


def _there(patient: Patient) -> Answer:
    try:
        examine(patient.home)
    except (ForeignStateError, DamagedStateError) as error:
        return act(
            f"{error.what}; nothing runs until the right one is back",
            "schoolbell restore BACKUP --to {home} --in-place --keys KEYS",
        )
    if patient.home.state_pointer.is_file():
        with patient.store.reading() as connection:
            connection.execute(select(1))
        return well(f"the state database answers: {patient.store.place}")
    if patient.home.state_db.is_file():
        return well("the state database is there")
    return look("nothing was run yet", "schoolbell run --home {home}")


def _aside(patient: Patient) -> Answer:
    count = len(unlisted_files(patient.home.lake))
    if count:
        return look(
            f"{count:,} {'file' if count == 1 else 'files'} that the ledger does not "
            "list: moved to lake/.unlisted, not deleted",
            "look whether an older state was put back; delete them by hand if not",
        )
    return well("the lake holds no file that the ledger does not list")


def _sound(patient: Patient) -> Answer:
    with patient.store.reading() as connection:
        if connection.dialect.name != "sqlite":
            return unasked("the database server looks after its own files")
        found = connection.execute(text("pragma quick_check(1)")).scalar()
    if found != "ok":
        return act(
            f"the state database is damaged: {found}",
            "bring state.db back from the last backup",
        )
    return well("the state database is sound")


def _schema(patient: Patient) -> Answer:
    with patient.store.reading() as connection:
        older, is_marked = lacking(connection), layout_of(connection) == mark()
        held = set(inspect(connection).get_table_names())
    if older:
        table, columns = next(iter(older.items()))
        return act(
            f"the state is of an earlier version: {table} has no {', '.join(columns)}",
            "schoolbell upgrade --home {home}",
        )
    if not is_marked or not held >= every_table().tables.keys():
        return look(
            "the state database lacks tables, which the next run makes",
            "schoolbell run --home {home}",
        )
    return well("the state database has every table and column")


def _balance(patient: Patient) -> Answer:
    wrong = unbalanced(patient.store, patient.home.lake)
    if wrong:
        return act(
            f"lines do not add up: {wrong[0]}",
            "keep the landing folder; schoolbell status --json --home {home}",
        )
    files = ledger.source_files(patient.store)
    return well(f"all {sum(one.lines for one in files):,} lines are accounted for")


def _lake(patient: Patient) -> Answer:
    wrong = damaged(patient.home.lake, ledger.lake_files(patient.store))
    if wrong:
        return act(
            f"{len(wrong):,} files of the lake are missing or damaged, such as"
            f" {wrong[0]}",
            "bring lake/ back from the last backup",
        )
    return well("every file of the lake is there, byte for byte as it was written")


def _unfinished(patient: Patient) -> Answer:
    if left := list(unfinished(patient.district)):
        return look("; ".join(left), "schoolbell run --home {home}")
    return well("no purge and no rebuild was cut off")


def _lock(patient: Patient) -> Answer:
    lock = patient.home.path / ".lock"
    if not lock.is_file():
        return well("no run is at work")
    handle = os.open(lock, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return unasked("a run is at work now")
    finally:
        os.close(handle)
    return well("no run is at work")


def _dirty(patient: Patient) -> Answer:
    days = ledger.dirty_days(patient.store)
    if days:
        return look(
            f"{len(days)} days are not built since their events came",
            "schoolbell run --home {home}",
        )
    return well("every day is built")


def _quarantine(patient: Patient) -> Answer:
    found = failures(patient.district)
    if found:
        return act(
            "; ".join(one.said for one in found),
            "schoolbell run --home {home}, which tries again; then schoolbell status "
            "--home {home} says what it failed with",
        )
    return well("every model was built for every day")


def _warehouse(patient: Patient) -> Answer:
    path = patient.home.warehouse
    if not path.is_file():
        return look("there is no warehouse yet", "schoolbell run --home {home}")
    with reading(path) as database:
        (held,) = database.rows("select count(*) from duckdb_tables()")
    return well(f"the warehouse opens; it holds {held[0]} tables")


def _rules(patient: Patient) -> Answer:
    path = patient.home.warehouse
    if not path.is_file():
        return unasked("there is no warehouse yet")
    with reading(path) as database:
        was = dict(noted(database, "main.built_with"))
    now = patient.district.judged_with
    differing = sorted(name for name in now if was.get(name) != now[name])
    if differing:
        return look(
            f"findings are older than the present {' and '.join(differing)}",
            "schoolbell run --home {home}",
        )
    return well("findings were judged with the present rules and registry")


def _snapshot(patient: Patient) -> Answer:
    path = current(patient.home.snapshots)
    with reading(path):
        pass
    made = datetime.fromtimestamp(path.stat().st_mtime, patient.now.tzinfo)
    if patient.now - made > OLD_SNAPSHOT:
        return look(
            f"the newest snapshot is of {made.date()}",
            "schoolbell run --home {home}",
        )
    return well(f"the newest snapshot opens; it is of {made.date()}")


CHECKS = Subject(
    "state",
    (
        Check("state", "the state database is there, and is this home's", _there),
        Check("sound", "the state database is sound", _sound),
        Check("schema", "the state database is of this version", _schema),
        Check("balance", "every line is accounted for", _balance),
        Check("lake", "every file of the lake is whole", _lake),
        Check("unlisted", "no file was set aside", _aside),
        Check("purge", "every purge came to its end", _unfinished),
        Check("lock", "no run hangs", _lock),
        Check("days", "every day is built", _dirty),
        Check("quarantine", "no model failed", _quarantine),
        Check("warehouse", "the warehouse opens", _warehouse),
        Check("rules", "findings are of the present rules", _rules),
        Check("snapshot", "analysts have a fresh snapshot", _snapshot),
    ),
)
