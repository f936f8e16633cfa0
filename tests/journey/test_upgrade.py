"""A home whose state an earlier version wrote goes on where it stood."""

import json
import sqlite3
from contextlib import closing

import pytest

from pipelines.operations.check_questions import ACT, WELL, Installation
from pipelines.operations.checks import answered
from pipelines.operations.checks import state as checks
from pipelines.settings.home import DistrictHome
from tests.conftest import REPO_ROOT
from tests.journey.commands import schoolbell
from tests.journey.small import now, told_of

OLDEST = REPO_ROOT / "tests" / "upgrades" / "01.sql"


@pytest.fixture
def home(district, tmp_path):
    """The small district, with its state as the first layout kept it."""
    home = DistrictHome(district.copy(tmp_path))
    newer = home.path / "newer.db"
    home.state_db.rename(newer)
    with closing(sqlite3.connect(home.state_db)) as held:
        held.executescript(OLDEST.read_text())
        held.execute("attach ? as newer", (str(newer),))
        tables = held.execute("select name from main.sqlite_master where type='table'")
        for (table,) in tables.fetchall():
            columns = [row[1] for row in held.execute(f"pragma table_info({table})")]
            source = "alert_outbox" if table == "alerts" else table
            names = ", ".join(columns)
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
