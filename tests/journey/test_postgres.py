"""The state on a real PostgreSQL: moved out, used, backed up, brought back."""

import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, inspect, select, text

from pipelines.district import only_writer, open_district
from pipelines.engines import open_engine
from pipelines.errors import BusyError
from pipelines.operations.check_questions import Installation
from pipelines.operations.checks import examine
from pipelines.operations.upgrade import plan
from pipelines.settings.home import DistrictHome
from pipelines.settings.secrets import state_place
from pipelines.state import migration
from pipelines.state.audit import Act, open_chain
from pipelines.state.connections import (
    EngineError,
    StoreError,
    engine_of,
    only_run,
    open_store,
    remember,
)
from pipelines.state.layout import FORMER_NAMES, LayoutError
from pipelines.state.ledger import source_files
from pipelines.state.migration import UpgradeError
from tests.conftest import REPO_ROOT
from tests.engines.deliveries import left_behind, made_of
from tests.faults.home import Home, lines
from tests.journey.commands import schoolbell
from tests.journey.small import now, told_of
from tests.unit.state.earlier_layouts import invented  # noqa: F401
from tests.unit.state.test_upgrade import older

VARIABLE = "SCHOOLBELL_STATE_URL"
SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
pytestmark = pytest.mark.skipif(
    not SERVERS or (os.geteuid() == 0 and not Path("/etc/passwd").is_file()),
    reason="no PostgreSQL here",
)


@pytest.fixture(scope="module")
def server():
    """A server of its own behind a socket in a folder; root gives its rights up."""
    programs = SERVERS[-1].parent
    folder = Path(tempfile.mkdtemp(prefix="schoolbell-pg-"))
    account = {}
    if os.geteuid() == 0:
        account = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    quick = "-c fsync=off -c listen_addresses='' -c max_connections=20"
    options = f"{quick} -k {folder} -c shared_buffers=8MB"
    initial = [programs / "initdb", "-D", data, "-U", "schoolbell", "-A", "trust", "-N"]
    control = [programs / "pg_ctl", "-D", data, "-s", "-w"]
    quietly = {"capture_output": True, "cwd": folder, **account}
    try:
        subprocess.run([*initial, "--locale=C.UTF-8"], check=True, **quietly)
        start = [*control, "-l", folder / "log", "-o", options, "start"]
        # the server keeps what it inherits, so it is given no pipe to hold
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(start, check=True, cwd=folder, **quiet, **account)
        yield folder
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, **quietly)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def url(server, request):
    """The URL of a new database."""
    name = f"db{abs(hash(request.node.name)):x}"
    base = f"postgresql+psycopg2://schoolbell:hunter2@/{{}}?host={server}"
    engine = create_engine(base.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return base.format(name)


@pytest.fixture
def home(district, tmp_path, url, monkeypatch):
    monkeypatch.setenv(VARIABLE, url)
    return DistrictHome(district.copy(tmp_path))


def move(home, *words):
    done = schoolbell("move-state", "--home", home.path, *words)
    assert done.code == 0, done.err
    return done


def test_a_home_goes_on_with_its_state_on_a_server(home, district, tmp_path, url):
    before = told_of(home.path)
    move(home, "--env", VARIABLE)
    assert state_place(home) == url
    assert not home.state_db.exists()
    assert "hunter2" not in home.state_pointer.read_text()
    assert told_of(home.path) == before

    proxy = home.landing / "proxy"
    log = next(path for path in sorted(proxy.rglob("*")) if path.is_file())
    (proxy / "again.log").write_bytes(log.read_bytes())
    done = schoolbell("ingest", "--home", home.path)
    assert done.code == 0, done.err
    with open_district(home.path) as opened:
        files = {one.path: one for one in source_files(opened.store)}
        chain = open_chain(opened.store, home)
        with chain.recording(Act(actor="ada", action="try", subject="x")):
            pass
        assert chain.verify() is None
    assert any(path.endswith("again.log") for path in files)

    wrong = [
        f"{one.check.name}: {one.answer.message}"
        for one in examine(Installation(home, now()))
        if one.subject == "state" and "not be checked" in one.answer.message
    ]
    assert not wrong
    assert not plan(home).lacking

    copies = ("--to", tmp_path / "b", "--keys", tmp_path / "k")
    done = schoolbell("backup", "--home", home.path, *copies)
    assert done.code == 0, done.err
    (folder,) = (tmp_path / "b").glob("backup-*")
    new = tmp_path / "new"
    done = schoolbell("restore", folder, "--to", new, "--keys", tmp_path / "k")
    assert done.code == 0, done.err
    # what was restored has its state in a file, and leaves the live one alone
    assert state_place(DistrictHome(new)) == new / "state.db"
    assert told_of(new) == before

    move(home, "--back")
    assert told_of(home.path) == before
    with open_district(home.path) as opened:
        assert {one.path for one in source_files(opened.store)} == set(files)
        assert open_chain(opened.store, home).verify() is None


def content(url):
    """Return every row of the tables that a URL shows first, by table."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            name: sorted(connection.execute(text(f'select * from "{name}"')).all())
            for name in inspect(engine).get_table_names()
        }
    engine.dispose()
    return found


@pytest.fixture
def earlier(url, tmp_path, invented):  # noqa: F811
    """A database as an earlier version left it on a server."""
    old = older(tmp_path / "old.db", invented)
    held = create_engine(f"sqlite:///{old}")
    layout, engine = MetaData(), create_engine(url)
    layout.reflect(held)
    layout.create_all(engine)
    copied = {}
    with held.connect() as reader, engine.begin() as writer:
        for table in layout.sorted_tables:
            rows = [dict(row) for row in reader.execute(select(table)).mappings()]
            for key in table.foreign_keys:  # a server holds them, SQLite did not
                of = copied[key.column.table.name]
                for row, parent in zip(rows, of, strict=True):
                    row[key.parent.name] = parent[key.column.name]
            copied[table.name] = rows
            writer.execute(table.insert(), rows)
    for one in (held, engine):
        one.dispose()
    return url


def test_an_earlier_state_on_a_server_is_upgraded_in_place(earlier, monkeypatch):
    before = content(earlier)
    with pytest.raises(LayoutError, match="schoolbell upgrade"):
        open_store(earlier)

    with monkeypatch.context() as broken:
        broken.setattr(migration, "counting_on", cut_off)
        with pytest.raises(KeyboardInterrupt):
            migration.upgrade_server(earlier, "20261126T060000Z")
    assert content(earlier) == before

    done = migration.upgrade_server(earlier, "20261126T060000Z")
    kept = f"{earlier}&options=-csearch_path%3D{done.kept}"
    assert content(kept) == before
    after = content(earlier)
    former = {old: new for new, old in FORMER_NAMES.items()}
    for table, rows in before.items():
        if table in done.left:
            continue
        rows_after = after[former.get(table, table)]
        wanted = [row for row in rows_after if not str(row[0]).startswith("layout")]
        assert len(wanted) == len(rows) > 0, table
        wholes = [set(row) for row in wanted]
        assert all(any(set(row) <= one for one in wholes) for row in rows), table
    store = open_store(earlier)
    with store.writing() as connection:
        remember(connection, "works", "yes")
    store.close()

    kept, mark = migration.return_server(earlier, "20261127T060000Z", 40)
    assert (kept, mark.generation) == (done.kept, 40)
    again = content(earlier)
    again["facts"].remove(("home", str(mark)))
    assert again == before
    with pytest.raises(UpgradeError, match="no state from before an upgrade"):
        migration.return_server(earlier, "20261127T060001Z", 41)


def cut_off(*_):
    raise KeyboardInterrupt


def test_a_home_with_its_state_on_a_server_is_upgraded(home, url, invented):  # noqa: F811
    move(home, "--env", VARIABLE)
    before = told_of(home.path)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("alter table source_files drop column tail_bytes"))
        connection.execute(text("delete from facts where name = 'layout'"))
    engine.dispose()
    assert "schoolbell upgrade" in schoolbell("status", "--home", home.path).err
    planned = schoolbell("upgrade", "--home", home.path, "--check")
    assert "source_files lacks tail_bytes" in planned.out
    done = schoolbell("upgrade", "--home", home.path)
    assert done.code == 0, done.err
    assert "all unchanged" in done.out
    assert "hunter2" not in done.out + done.err
    assert told_of(home.path) == before
    assert schoolbell("audit", "verify", "--home", home.path).code == 0
    back = schoolbell("upgrade", "--home", home.path, "--back")
    assert (back.code, back.err) == (0, "")
    assert "schoolbell upgrade" in schoolbell("status", "--home", home.path).err
    assert schoolbell("upgrade", "--home", home.path).code == 0
    assert told_of(home.path) == before
    assert schoolbell("audit", "verify", "--home", home.path).code == 0


def test_ids_go_on_after_those_that_were_copied(url, tmp_path):
    from pipelines.state.migration import copy_state
    from pipelines.state.tables import FINDING_HISTORY

    row = dict.fromkeys(("finding_id", "time", "change", "reason"), "x")
    row |= {"revision": 1, "severity": "low", "confidence": "C2"}
    old, new = open_store(tmp_path / "state.db"), open_store(url)
    for store in (old, new):
        with store.writing() as connection:
            connection.execute(FINDING_HISTORY.insert(), [row, row])
        if store is old:
            copy_state(old, new)
    with new.reading() as connection:
        ids = connection.execute(text("select entry_id from finding_history"))
        assert sorted(ids.scalars()) == [1, 2, 3, 4]
    with pytest.raises(StoreError, match="rows already"):
        copy_state(old, new)
    for store in (old, new):
        store.close()


def test_two_writers_take_turns(url):
    store = open_store(url)

    def count():
        for _ in range(20):
            with store.writing() as connection:
                said = connection.execute(
                    text("select value from facts where name = 'count'")
                ).scalar()
                remember(connection, "count", str(int(said or 0) + 1))

    writers = [threading.Thread(target=count) for _ in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    with store.reading() as connection:
        query = text("select value from facts where name = 'count'")
        assert connection.execute(query).scalar() == "80"
    store.close()


def test_one_run_at_a_time_on_whatever_machine(home, url):
    move(home, "--env", VARIABLE)
    with (
        only_run(url, 1),  # another machine, which shares no file
        pytest.raises(BusyError, match="in progress on this state"),
        only_writer(home, 0.1),
    ):
        pass
    with only_writer(home, 0.1):
        pass


def test_workers_parse_for_a_ledger_on_a_server(url, tmp_path):
    """They know no ledger: what they wrote is listed by the driver, wherever it is."""
    home, other = Home(tmp_path / "one"), Home(tmp_path / "other")
    other.store = open_store(url)
    for one in (home, other):
        one.put("a.log", lines(0, 4_000) + b"no line\n")
        one.put("b.log", lines(3_000, 6_000))
    home.run()
    with open_engine("pool", workers=2) as engine:
        other.run(engine=engine)
    assert made_of(other) == made_of(home)
    assert not left_behind(other)


def test_a_line_with_a_nul_is_kept(url):
    from pipelines.state.tables import LogText

    store = open_store(url)
    with store.writing() as connection:
        made = LogText().process_bind_param("a\x00b", connection.dialect)
        remember(connection, "line", made)
        query = text("select value from facts where name = 'line'")
        assert connection.execute(query).scalar() == "a\\x00b"
    store.close()


def test_a_server_that_is_down_is_told_without_the_password(server):
    away = f"postgresql+psycopg2://schoolbell:hunter2@/postgres?host={server}/away"
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        open_store(away)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("where", ["mysql://x/y", "nonsense"])
def test_what_is_no_such_database_is_told(where):
    with pytest.raises(EngineError):
        engine_of(where)


def test_dagster_keeps_its_runs_there(url, tmp_path, monkeypatch):
    import dagster as dg

    kept = (REPO_ROOT / "dagster.yaml").read_text()
    more = (REPO_ROOT / "deploy" / "dagster" / "postgresql.yaml").read_text()
    (tmp_path / "dagster.yaml").write_text(kept + more)
    monkeypatch.setenv("DAGSTER_PG_URL", url)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    @dg.asset
    def one():
        return 1

    with dg.DagsterInstance.get() as instance:
        assert dg.materialize([one], instance=instance).success
        assert "Postgres" in type(instance.run_storage).__name__ + repr(instance.run_storage)
        assert len(instance.get_runs()) == 1


def test_an_empty_database_does_not_take_the_place_of_the_state(home, url):
    """A URL that names a new database, or a pointer that was lost: nothing goes on."""
    move(home, "--env", VARIABLE)
    before = sorted(home.lake.rglob("*.parquet"))
    pointer = home.state_pointer.read_bytes()
    home.state_pointer.unlink()
    done = schoolbell("ingest", "--home", home.path)
    assert done.code == 2
    assert "put state.toml back" in done.err
    # the file that was kept when the state moved is the older of the two
    (kept,) = home.path.glob("state.db.moved-*")
    shutil.copyfile(kept, home.state_db)
    assert "older copy" in schoolbell("ingest", "--home", home.path).err
    home.state_db.unlink()

    home.state_pointer.write_bytes(pointer)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("drop schema public cascade"))
        connection.execute(text("create schema public"))
    engine.dispose()
    for command in ("ingest", "run", "status"):
        done = schoolbell(command, "--home", home.path)
        assert done.code == 2, (command, done)
        assert "not of the home" in done.err
        assert "hunter2" not in done.err
    assert sorted(home.lake.rglob("*.parquet")) == before
