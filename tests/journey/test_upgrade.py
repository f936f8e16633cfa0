"""A home whose state an earlier version wrote goes on where it stood."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from pipelines.operations.check_questions import ACT, WELL, Installation
from pipelines.operations.checks import answered
from pipelines.operations.checks import state as checks
from pipelines.settings.home import DistrictHome
from pipelines.state.audit import ENTRIES
from pipelines.state.opened_state import examine
from pipelines.state.tables import AUDIT
from tests.journey.commands import schoolbell
from tests.journey.small import now, told_of
from tests.unit.state.earlier_layouts import invented  # noqa: F401


@pytest.fixture
def home(district, tmp_path, invented):  # noqa: F811
    """The small district, with its state as an earlier layout kept it.

    A program of an earlier version cannot be installed without a network: its layout
    replaces it, and `examine` is the question that it asks of every state.
    """
    home = DistrictHome(district.copy(tmp_path))
    # notebooks of other tests that opened it: a run would note them in the audit chain,
    # which this earlier layout cannot continue
    shutil.rmtree(home.path / "openings", ignore_errors=True)
    newer = home.path / "newer.db"
    home.state_db.rename(newer)
    with closing(sqlite3.connect(home.state_db)) as held:
        held.executescript(invented)
        held.execute("attach ? as newer", (str(newer),))
        every = "select name from main.sqlite_master where type='table' and name not like 'sqlite%'"
        tables = held.execute(every)
        for (table,) in tables.fetchall():
            if table == "announced_findings":
                continue
            columns = [row[1] for row in held.execute(f"pragma table_info({table})")]
            source = "alert_outbox" if table == "alerts" else table
            names = ", ".join(f'"{column}"' for column in columns)
            held.execute(f"insert into {table} select {names} from newer.{source}")
        held.execute("delete from facts where name = 'layout'")
        held.commit()
    newer.unlink()
    return home


def schema(home):
    check = checks.CHECKS.answers["schema"]
    return answered(check, Installation(home, now()))


def test_an_upgrade_keeps_every_line_and_finding(home, district):
    refused = schoolbell("status", "--home", home.path)
    assert refused.code == 1
    assert f"schoolbell upgrade --home {home.path}" in refused.err
    assert schema(home).grade == ACT
    before = home.state_db.read_bytes()
    planned = schoolbell("upgrade", "--home", home.path, "--check")
    assert "source_files lacks" in planned.out
    assert home.state_db.read_bytes() == before

    done = schoolbell("upgrade", "--home", home.path, "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert said["wrong"] == []
    assert said["state"]["rows"]["findings"] == len(told_of(district.home)) > 0
    assert told_of(home.path) == told_of(district.home)
    assert schema(home).grade == WELL
    again = schoolbell("upgrade", "--home", home.path)
    assert "already has this version" in again.out
    assert schoolbell("status", "--home", home.path).code in (0, 1, 2)


def rows(home):
    """Return every row, without those that going back writes: its mark, and the chain."""
    with closing(sqlite3.connect(home.state_db)) as held:
        tables = held.execute("select name from sqlite_master where type = 'table'")
        found = {
            table: held.execute(f"select * from {table} order by 1, 2").fetchall()
            for (table,) in tables.fetchall()
        }
    found.pop(AUDIT.name, None)
    return found | {"facts": [row for row in found["facts"] if row[0] not in ("home", ENTRIES)]}


def test_a_home_that_ran_after_an_upgrade_goes_back(home, district):
    """The generations of lake and home have gone on; the earlier state is accepted."""
    before = rows(home)
    assert schoolbell("upgrade", "--home", home.path).code == 0
    registry = home.registry / "leave.csv"
    registry.write_text(registry.read_text() + "p-1000,2026-10-20,full,personal,approved,\n")
    ran = schoolbell("run", "--home", home.path)
    assert ran.code in (0, 1), ran.err
    index = home.kept_registry / "kept.json"
    kept = json.loads(index.read_text())
    for entry in kept.values():  # what a later version may add
        entry["of_a_later_version"] = 1
    index.write_text(json.dumps(kept))

    back = schoolbell("upgrade", "--home", home.path, "--back")
    assert back.code == 0, back.err
    assert "Next: install the previous version" in back.out
    assert rows(home) == before
    examine(home)
    assert len([*home.path.glob("state.db.after-*")]) == 1
    again = schoolbell("upgrade", "--home", home.path, "--back")
    assert again.code == 1
    assert "there is no state from before an upgrade" in again.err

    assert schoolbell("upgrade", "--home", home.path).code == 0
    assert schoolbell("audit", "verify", "--home", home.path).code == 0
    registry.write_text("".join(registry.read_text().splitlines(keepends=True)[:-1]))
    done = schoolbell("run", "--home", home.path)
    assert done.code in (0, 1), done.err
    assert {one[0] for one in told_of(home.path)} == {one[0] for one in told_of(district.home)}
