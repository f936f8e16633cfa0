"""What has ended is gone from every byte of a home; what is held stays."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta

import duckdb
import polars as pl
import pytest

from pipelines.district import open_district
from pipelines.formats import Parsed
from pipelines.ingest.lake_writer import LakeWriter
from pipelines.ingest.line_account import unbalanced
from pipelines.ingest.reader import Batch
from pipelines.lake.files import REJECTS, write
from pipelines.operations.purge import (
    Plan,
    Purge,
    PurgeError,
    carry_out,
    certified,
    plan,
    still_there,
)
from pipelines.registry.new_home import create
from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from pipelines.state.connections import now_text
from pipelines.state.ledger import Change, FileRecord
from pipelines.state.retention import Hold, PurgedRecord, holds, kept_from, place_hold
from pipelines.warehouse.models import models, without_events
from pipelines.warehouse.snapshots import current
from tests.journey.commands import schoolbell
from tests.journey.small import findings_of, judged, told_of

LATER = timedelta(days=100)
HANDED_ON = '"NPS1","IAS",02-00-00-00-00-17,"a question without an answer"'
SHORT = """
[retention]
raw_days = 30
event_days = 60
finding_days = 60
report_days = 60
message_days = 60
"""


def with_retention(folder, text=SHORT):
    home = DistrictHome(folder)
    settings = home.settings_file.read_text()
    home.settings_file.write_text(settings.replace("[retention]", "[retention]\n#", 1))
    home.settings_file.write_text(home.settings_file.read_text().split("\n[retention]\n")[0] + text)
    return home


def end_of(home):
    with open_district(home.path) as district:
        return max(ledger.event_days(district.store))


def purged(home, now, reason="the schedule"):
    with open_district(home.path) as district:
        chain = open_chain(district.store, home)
        done = Purge(plan(district, now), "ada (1000)", reason, now)
        carry_out(district, done, chain)
        return done.plan, certified(district.home, district.store, district.settings, done, chain)


@pytest.fixture(scope="module")
def emptied(district, tmp_path_factory):
    """A home all of whose records were over, with what it was before."""
    home = with_retention(district.copy(tmp_path_factory.mktemp("retention")))
    run(home.path, settle_seconds=0)  # nothing grows any more
    hand_on(home, {HANDED_ON: end_of(home), "kept": end_of(home) + LATER})
    before = {
        "accounts": accounts_of(home),
        "findings": findings_of(home.path),
        "lines": lines_of(home),
    }
    now = noon(end_of(home) + LATER)
    snapshot = current(home.snapshots)
    found, certificate = purged(home, now)
    # nothing of the file that held the rows goes on, free blocks neither
    assert current(home.snapshots).stem[-6:] != snapshot.stem[-6:]
    return home, before, found, certificate


def hand_on(home, lines):
    """Files at whose end a question waits, each with the day of its last line."""
    with open_district(home.path) as district:
        files = [
            FileRecord(
                file_id=number,
                source="radius",
                path=f"IN{number}.log",
                format="windows_nps",
                state=ledger.GROWING,
                last_time=f"{day}T23:00:00.000000+00:00",
                header=line,
            )
            for number, (line, day) in enumerate(lines.items(), 900_000)
        ]
        ledger.commit(district.store, Change(files=files))


def noon(day):
    return datetime(day.year, day.month, day.day, 18, tzinfo=UTC)


def accounts_of(home):
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        rows = connection.sql(
            "select distinct account from core.http_requests where account is not null"
        ).fetchall()
    return {row[0] for row in rows}


def lines_of(home):
    with open_district(home.path) as district:
        return [dict(row) for row in ledger.account(district.store)]


def bytes_of(home):
    """Yield every byte of the home but what the registry and the truth say."""
    own = ("registry", "truth", "keys", "district.toml")
    for path in sorted(home.path.rglob("*")):
        parts = path.relative_to(home.path).parts
        if path.is_file() and parts[0] not in own:
            yield path, path.read_bytes()


def test_no_byte_of_what_was_over_is_left(emptied, district):
    home, before, _found, _certificate = emptied
    # the registry names accounts too: its copy in the warehouse is not a record
    ids = [row["finding_id"] for row in before["findings"]]
    hosts = hosts_of(DistrictHome(district.home))
    assert ids
    assert hosts
    marks = [*ids, *hosts, HANDED_ON]
    full = dict(bytes_of(DistrictHome(district.home)))
    assert all(any(mark.encode() in data for data in full.values()) for mark in ids)
    allowed = {home.state_db, *home.certificates.iterdir()}
    for path, data in bytes_of(home):
        left = [mark for mark in marks if mark.encode() in data]
        if path in allowed:  # a certificate names the findings that went, by id
            left = [mark for mark in left if mark not in ids]
        assert not left, (path.name, left[:3])
    with open_district(home.path) as district:
        waiting = ledger.source_files(district.store, "radius")
        assert [one.header for one in waiting] == [None, "kept"]


def hosts_of(home):
    """Return hosts that only the logs name."""
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        rows = connection.sql(
            "select distinct url_hostname from core.http_requests"
            " where url_hostname like '%.example'"
        ).fetchall()
    known = b"".join(path.read_bytes() for path in home.registry.rglob("*") if path.is_file())
    return sorted(row[0] for row in rows if row[0].encode() not in known)


def test_the_lines_still_add_up(emptied):
    home, before, _found, _certificate = emptied
    assert lines_of(home) == before["lines"]
    with open_district(home.path) as district:
        assert unbalanced(district.store, home.lake) == []


def test_a_certificate_names_what_went_and_stands_in_the_chain(emptied):
    home, before, found, path = emptied
    said = json.loads(path.read_text())
    assert said["deleted"]["finding"] == len(before["findings"])
    assert said["deleted"]["raw"] == len(found.things["raw"])
    assert said["rows"] == sum(row["events"] + row["rejects"] for row in before["lines"])
    raw = [one for one in said["things"] if one["record_class"] == "raw"]
    assert all(len(one["sha256"]) == 64 for one in raw)
    assert schoolbell("audit", "verify", "--home", home.path).code == 0
    shown = schoolbell("audit", "show", "--json", "--home", home.path).out
    assert hashlib.sha256(path.read_bytes()).hexdigest() in shown


def test_the_index_names_the_weeks_that_were_deleted(emptied):
    home, *_ = emptied
    pages = sorted(home.reports.glob("20*/index.html"))
    assert pages
    assert all('id="gone"' in page.read_text() for page in pages)
    assert all(len(list(page.parent.iterdir())) == 1 for page in pages)


def test_a_purge_that_ran_has_nothing_left_to_do(emptied):
    home, *_ = emptied
    with open_district(home.path) as district:
        again = plan(district, noon(end_of_plan(emptied)))
        assert again.is_empty
    done = schoolbell("doctor", "--home", home.path)
    assert "do not add up" not in done.out


def end_of_plan(emptied):
    _home, _before, found, _certificate = emptied
    return max(one.last_day for one in found.things["event"]) + LATER


def test_raw_files_that_were_deleted_are_known_when_they_come_again(emptied, district, tmp_path):
    home, before, _found, _certificate = emptied
    source = next(one for one in (district.home / "landing").iterdir() if one.is_dir())
    file = next(one for one in sorted(source.iterdir()) if one.is_file())
    target = home.landing / source.name / f"again-{file.name}"
    target.write_bytes(file.read_bytes())
    judged(home.path)
    target.unlink()
    was = sum(row["events"] for row in before["lines"])
    assert sum(row["events"] for row in lines_of(home)) == was


# holds


@pytest.fixture(scope="module")
def held(district, tmp_path_factory):
    """All had ended, but a hold covers one day of it; a later week goes."""
    home = with_retention(district.copy(tmp_path_factory.mktemp("held")))
    before = {"told": told_of(home.path), "lake": lake_of(home)}
    last = end_of(home)
    damaged_line(home, last + timedelta(days=30))
    with open_district(home.path) as opened, opened.store.writing() as connection:
        place_hold(
            connection,
            Hold(
                hold_id="h-1",
                first_day=last - timedelta(days=1),
                last_day=last - timedelta(days=1),
                reason="a request of counsel",
                actor="cyd (1002)",
                time=now_text(),
            ),
        )
    found, certificate = purged(home, noon(last + LATER))
    return home, before, found, certificate


def damaged_line(home, day):
    """A line that could not be read, of a file of that day."""
    with open_district(home.path) as opened:
        [file_id] = ledger.take_ids(opened.store, 1)
        place = {"file_id": file_id, "line_no": 1, "byte_offset": 0}
        rejects = pl.DataFrame([place | {"reason": "of no known kind", "line": "x"}])
        record = FileRecord(
            file_id=file_id,
            source="proxy",
            path="late.log",
            format="squid_access",
            lines=1,
            rejects=1,
            state="finished",
        )
        writer = LakeWriter(opened.store, home.lake, "proxy", opened.zone)
        parsed = Parsed({}, rejects, 0, None)
        writer.add(Batch(records=[record], parsed=parsed, days={file_id: day}))
        writer.commit()


def lake_of(home):
    with open_district(home.path) as district:
        return {one.path: one.sha256 for one in ledger.lake_files(district.store)}


def week_of(home):
    """Return the days of the week that holds the day before the last."""
    monday = end_of(home) - timedelta(days=1)
    monday -= timedelta(days=monday.weekday())
    return {(monday + timedelta(days=n)).isoformat() for n in range(7)}


def test_a_held_day_keeps_its_week_in_every_class(held):
    home, before, found, _certificate = held
    week = week_of(home)
    kept = {path for path in before["lake"] if path.split("=")[1][:10] in week}
    assert kept <= lake_of(home).keys()
    assert all((home.lake / path).is_file() for path in kept)
    assert {one.name for one in found.held["event"]} == kept
    told = told_of(home.path)
    assert told == {key: before["told"][key] for key in told}
    assert told


def test_a_certificate_tells_of_the_holds(held):
    _home, _before, _found, certificate = held
    said = json.loads(certificate.read_text())
    assert [one["hold_id"] for one in said["holds"]] == ["h-1"]
    assert said["held"]["event"]


def test_held_days_are_not_judged_again_without_their_neighbours(held):
    home, before, _found, _certificate = held
    with open_district(home.path) as district:
        assert kept_from(district.store) > end_of(home)
    leave = home.registry / "leave.csv"
    rows = pl.read_csv(leave, infer_schema=False, comment_prefix="#")
    day = max(set(rows["date"]) & week_of(home))
    rows.filter(pl.col("date") != day).write_csv(leave)
    judged(home.path)
    told = told_of(home.path)
    assert told == {key: before["told"][key] for key in told}


# the plan


@pytest.fixture(scope="module")
def opened(district, tmp_path_factory):
    home = with_retention(district.copy(tmp_path_factory.mktemp("planned")))
    with open_district(home.path) as one:
        yield one


def test_nothing_goes_before_the_whole_week_is_over(opened):
    days = ledger.event_days(opened.store)
    monday = min(days) - timedelta(days=min(days).weekday())
    for day in range(8):
        # sixty days after the Monday of the second week, and the days before
        now = noon(monday + timedelta(days=7 + 60 - day))
        going = plan(opened, now).things["event"]
        assert bool(going) == (day == 0), day


def test_without_a_retention_nothing_is_over(district, tmp_path):
    home = with_retention(district.copy(tmp_path), "")
    with open_district(home.path) as one:
        found = plan(one, noon(date(2099, 1, 1)))
    assert found.is_empty
    assert not found.before


def test_a_raw_file_that_waits_or_changed_stays(district, tmp_path):
    home = with_retention(district.copy(tmp_path))
    source = next(one for one in sorted(home.landing.iterdir()) if one.is_dir())
    unread = source / "unread.log"
    unread.write_text("not read yet\n")
    changed = next(one for one in sorted(source.iterdir()) if one != unread)
    with changed.open("ab") as file:
        file.write(b"more\n")
    with open_district(home.path) as one:
        names = {thing.name for thing in plan(one, noon(date(2099, 1, 1))).things["raw"]}
    assert names
    assert not names & {path.relative_to(home.path).as_posix() for path in (unread, changed)}


def test_what_is_still_there_gets_no_certificate(district, tmp_path, monkeypatch):
    home = with_retention(district.copy(tmp_path), "\n[retention]\nraw_days = 30\n")
    now = noon(end_of(home) + LATER)
    with open_district(home.path) as one:
        done = Purge(plan(one, now), "ada (1000)", "the schedule", now)
        with pytest.raises(PurgeError, match="still exist"):
            certified(one.home, one.store, one.settings, done, open_chain(one.store, home))
        assert still_there(one.home, one.store, done.plan)
    assert not home.certificates.exists()


def test_a_purge_that_was_cut_off_is_finished_by_the_next(district, tmp_path, monkeypatch):
    home = with_retention(district.copy(tmp_path), "\n[retention]\nevent_days = 60\n")
    now = noon(end_of(home) + LATER)

    def cut_off(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("pipelines.operations.purge.rebuild", cut_off)
        with pytest.raises(KeyboardInterrupt):
            purged(home, now)
    assert not home.certificates.exists()
    with open_district(home.path) as one:
        again = plan(one, now)
        assert not again.things["event"]
        assert not again.is_empty
        assert still_there(one.home, one.store, again)
    looked = schoolbell("purge", "--dry-run", "--home", home.path)
    assert looked.code == 0, looked.err
    assert "An interrupted purge had deleted" in looked.out
    assert ("this run only finishes" in looked.out) != any(
        json.loads(schoolbell("purge", "--dry-run", "--json", "--home", home.path).out)[
            "going"
        ].values()
    )
    _found, certificate = purged(home, now)
    assert json.loads(certificate.read_text())["deleted"]["event"]
    with open_district(home.path) as one:
        assert plan(one, now).is_empty
        assert not still_there(one.home, one.store, again)


# days that are not data


def test_the_school_calendar_is_no_row_of_a_deleted_day(tmp_path):
    home = create(tmp_path / "home")
    gone = date(2026, 2, 25)
    with duckdb.connect(home.warehouse) as connection:
        connection.execute("create schema marts")
        for table in ("school_days", "daily_use"):
            connection.execute(f"create table marts.{table} (event_date date)")
            connection.execute(f"insert into marts.{table} values (date '{gone}')")
    listed = PurgedRecord(record_class="event", name="gone.parquet", last_day=gone)
    with open_district(home.path) as one:
        done = Plan({}, {"event": [listed]}, {})
        assert still_there(one.home, one.store, done) == ["warehouse.duckdb: marts.daily_use"]


def test_only_models_of_the_registry_alone_hold_no_days_of_data():
    found = without_events(models().values())
    assert "marts.school_days" in found
    read = {name for one in found for name in models()[one].inputs}
    assert all(name.startswith("registry.") for name in read)


def test_rejects_are_deleted_and_counted_by_their_own_day(tmp_path):
    home = with_retention(create(tmp_path / "home").path)
    days = {"over": date(2026, 2, 25), "kept": date(2026, 6, 1)}
    with open_district(home.path) as one:
        for name, day in days.items():
            rows = pl.DataFrame(
                {
                    "file_id": [1, 1],
                    "line_no": [1, 2],
                    "line": [f"a line that was {name}"] * 2,
                    "event_date": [day, day],
                }
            )
            listed = write(home.lake, name, "proxy", REJECTS, rows)
            ledger.commit(one.store, Change(files=[], lake_files=[listed]))
    found, certificate = purged(home, noon(days["kept"] + timedelta(days=10)))
    said = json.loads(certificate.read_text())
    assert said["rejects"] == said["rows"] == 2
    assert [one.last_day for one in found.things["event"]] == [days["over"]]
    left = [pl.read_parquet(path)["line"][0] for path in home.lake.rglob("*.parquet")]
    assert left == ["a line that was kept"]


# the commands


def test_the_commands_look_hold_delete_and_release(district, tmp_path):
    home = with_retention(
        district.copy(tmp_path), "\n[retention]\nmessage_days = 28\nraw_days = 1\n"
    )
    first = min(findings_of(home.path), key=lambda row: row["event_date"])
    at = ("--home", home.path)
    looked = schoolbell("purge", "--dry-run", "--json", *at)
    assert looked.code == 0, looked.err
    refused = schoolbell("purge", *at)
    going = json.loads(looked.out)["going"]["raw"]
    assert (refused.code != 0) == (going > 0)
    held = schoolbell(
        "hold",
        "add",
        "--from",
        first["event_date"],
        "--to",
        first["event_date"],
        "--reason",
        "counsel asked",
        *at,
    )
    assert held.code == 0, held.err
    (one,) = [json.loads(x) for x in schoolbell("hold", "list", "--json", *at).out.splitlines()]
    assert one["reason"] == "counsel asked"
    done = schoolbell("purge", "--yes", "--reason", "the schedule", "--json", *at)
    assert done.code == 0, done.err
    released = schoolbell("hold", "release", one["hold_id"], "--reason", "over", *at)
    assert released.code == 0, released.err
    again = schoolbell("hold", "release", one["hold_id"], "--reason", "over", *at)
    assert again.code != 0
    assert "no hold of that id" in again.err
    with open_district(home.path) as opened:
        assert holds(opened.store, in_force=True) == []
    assert schoolbell("audit", "verify", *at).code == 0
