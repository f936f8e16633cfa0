"""Every earlier layout of `state.db` comes to the present one, whole or not at all."""

import os
import sqlite3
import sys
from contextlib import closing

import pytest
from sqlalchemy import Text

from pipelines.errors import SchoolbellError
from pipelines.state.connections import fact, open_store, read_store, remember
from pipelines.state.layout import (
    FILLED,
    FORMER_NAMES,
    LEFT_BEHIND,
    NUMBER,
    LayoutError,
    lacking,
    mark,
)
from pipelines.state.migration import UpgradeError, upgrade_file
from pipelines.state.tables import METADATA
from tests.conftest import LONG
from tests.unit.state.earlier_layouts import INVENTED, LAYOUTS, RELEASED, invented  # noqa: F401

ROWS = 3
each_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
pytestmark = pytest.mark.usefixtures("invented")


def older(path, layout):
    """Return a database as an earlier version wrote it, three rows in each table."""
    with closing(sqlite3.connect(path)) as held:
        held.executescript(layout)
        tables = held.execute("select name from sqlite_master where type = 'table'")
        for (table,) in tables.fetchall():
            kinds = [row[2] for row in held.execute(f"pragma table_info({table})")]
            for number in range(1, ROWS + 1):
                values = [f"{table} {number}" if k == "TEXT" else number for k in kinds]
                held.execute(
                    f"insert into {table} values ({', '.join('?' * len(kinds))})",
                    values,
                )
        held.commit()
        held.execute("pragma journal_mode = wal")
    return path


def content(path):
    with closing(sqlite3.connect(path)) as held:
        tables = held.execute("select name from sqlite_master where type = 'table'")
        return {
            table: held.execute(f"select * from {table} order by 1, 2").fetchall()
            for (table,) in tables.fetchall()
        }


@each_layout
def test_every_row_comes_along(layout, tmp_path):
    path, kept = older(tmp_path / "state.db", layout), tmp_path / "kept.db"
    before = content(path)
    done = upgrade_file(path, kept)
    after = content(path)
    assert content(kept) == before
    assert set(done.left) == before.keys() & LEFT_BEHIND.keys()
    former = {old: new for new, old in FORMER_NAMES.items() if old in before}
    for table, rows in before.items():
        name = former.get(table, table)
        if name in done.left:
            continue
        wanted = [row for row in after[name] if not str(row[0]).startswith("layout")]
        assert len(wanted) == len(rows) == ROWS, table
        for was, now in zip(rows, wanted, strict=True):
            assert set(was) <= set(now), table
    store = open_store(path)
    with store.reading() as connection:
        assert not lacking(connection)
        assert fact(connection, "layout") == mark()
    store.close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_newest_layout_kept_is_the_present_one(tmp_path):
    """A changed table gets a separate layout next to these, and a higher number."""
    newest = [*RELEASED.values()][-1]
    held = older(tmp_path / "state.db", newest)
    store = read_store(held)
    with store.reading() as connection:
        assert not lacking(connection), "add tests/upgrades/NN.sql; raise NUMBER"
    store.close()
    assert len(RELEASED) == NUMBER


def test_what_earlier_rows_get_is_needed_and_fits():
    for (table, column), value in FILLED.items():
        kind = METADATA.tables[table].c[column]
        assert not kind.nullable
        assert isinstance(value, str) == isinstance(kind.type, Text)


@each_layout
def test_nobody_writes_into_an_earlier_layout(layout, tmp_path):
    path = older(tmp_path / "state.db", layout)
    before = content(path)
    if layout == [*RELEASED.values()][-1]:
        open_store(path).close()
        return
    store = read_store(path)
    with store.reading() as connection:
        missing = lacking(connection)
    store.close()
    if missing:
        with pytest.raises(LayoutError, match="schoolbell upgrade --home"):
            open_store(path)
        assert content(path) == before
    else:  # only whole tables are new
        open_store(path).close()
        assert (
            before.items()
            <= {
                table: [row for row in rows if not row[0].startswith("layout")]
                for table, rows in content(path).items()
            }.items()
        )


def test_nobody_writes_into_a_later_layout(tmp_path):
    store = open_store(tmp_path / "state.db")
    with store.writing() as connection:
        remember(connection, "layout", f"{NUMBER + 1} abc")
        remember(connection, "layout_version", "7.8.9")
    store.close()
    with pytest.raises(LayoutError, match=r"written by Schoolbell 7\.8\.9"):
        open_store(tmp_path / "state.db")


def test_a_damaged_database_is_refused_and_left_alone(tmp_path):
    path = older(tmp_path / "state.db", INVENTED)
    data = bytearray(path.read_bytes())
    data[4096:4196] = b"\xff" * 100
    path.write_bytes(data)
    with pytest.raises(UpgradeError, match="cannot be upgraded"):
        upgrade_file(path, tmp_path / "kept.db")
    assert path.read_bytes() == bytes(data)


def test_a_database_in_use_is_refused(tmp_path):
    path = older(tmp_path / "state.db", INVENTED)
    with closing(sqlite3.connect(path)) as other:
        other.execute("select * from facts").fetchone()
        other.execute("begin immediate")
        with pytest.raises(SchoolbellError, match=r"locked|holds it"):
            upgrade_file(path, tmp_path / "kept.db")


def killed_at(path, kept, step):
    """Upgrade in a process that dies at its n-th call of the system."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seen = 0

    def count(event, _arguments):
        nonlocal seen
        if event in WATCHED:
            seen += 1
            if seen == step:
                os._exit(9)

    sys.addaudithook(count)
    upgrade_file(path, kept)
    os._exit(0)


WATCHED = ("open", "os.link", "os.rename", "os.remove", "sqlite3.connect")


def test_killed_at_any_step_it_is_the_old_one_or_the_new_one(tmp_path):
    pristine = older(tmp_path / "pristine.db", INVENTED)
    before, kills = content(pristine), 0
    for step in range(1, 200 if LONG else 40):
        path, kept = tmp_path / "state.db", tmp_path / f"kept-{step}.db"
        path.write_bytes(pristine.read_bytes())
        code = killed_at(path, kept, step)
        held = content(path)
        assert held == before or "alert_outbox" in held, step
        if held == before:  # the next attempt begins anew
            upgrade_file(path, tmp_path / f"again-{step}.db")
        else:
            assert content(kept) == before
        assert len(content(path)["alert_outbox"]) == ROWS
        path.unlink()
        kills += code == 9
        if code == 0:
            break
    print(f"\nkilled at {kills} steps: the old layout or the new one, never between")
    assert kills >= 8
