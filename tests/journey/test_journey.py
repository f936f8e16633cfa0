"""The whole way: a district's logs come in, and what comes out is what was planted."""

import gzip
import hashlib
import re
import time
from datetime import date
from functools import cache
from itertools import pairwise

import duckdb
import polars as pl

from pipelines.district import open_district
from pipelines.privacy.redaction import sensitive_names
from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.findings import stored_evidence
from pipelines.state.source_records import dirty_days
from pipelines.warehouse.models import models, rules
from pipelines.warehouse.snapshots import current, reading
from tests.conftest import only_long
from tests.journey.small import findings_of, local_days, rows_of, told_of


def lake(home, event_class):
    with open_district(home) as district:
        listed = ledger.lake_files(district.store, event_class)
        paths = [district.home.lake / one.path for one in listed]
    return pl.concat([pl.read_parquet(path) for path in paths])


# what came in


def test_every_line_of_every_file_is_in_exactly_one_place(district):
    with open_district(district.home) as opened:
        files = ledger.source_files(opened.store)
        listed = ledger.lake_files(opened.store)
    assert {f"{one.source}/{one.path}": one.lines for one in files} == dict(district.truth.lines)
    for one in files:
        assert one.balances, one
        assert one.pending_lines == 0
    rows = {"rejects": 0, "events": 0}
    for one in listed:
        kind = "rejects" if one.event_class == "rejects" else "events"
        rows[kind] += one.row_count
    assert rows["events"] == sum(one.events for one in files)
    assert rows["rejects"] == sum(one.rejects for one in files)


def test_a_file_that_came_twice_is_all_duplicates(district):
    with open_district(district.home) as opened:
        files = ledger.source_files(opened.store)
    (resent,) = [one for one in files if one.path.startswith("resent-")]
    assert (resent.duplicates, resent.events) == (resent.lines, 0)
    assert resent.lines > 0


def test_only_planted_damage_is_rejected(district):
    with open_district(district.home) as opened:
        files = ledger.source_files(opened.store)
    names = {one.file_id: f"{one.source}/{one.path}" for one in files}
    rejects = lake(district.home, "rejects")
    found = {
        (names[file_id], line_no)
        for file_id, line_no in rejects.select("file_id", "line_no").rows()
    }
    assert found
    assert found <= set(district.truth.damage.select("file", "line_no").rows())


# what was found


def test_every_finding_that_is_reported_was_planted(district):
    """Leads (C1) are for analysts alone: an innocent explanation may still fit."""
    cases = local_days(district.truth.cases)
    planted = cases.filter(pl.col("is_violation") == "true")
    known = set(planted.select("account", "day").rows())
    found = {
        (row["subject"], date.fromisoformat(row["event_date"]))
        for row in findings_of(district.home)
        if row["confidence"] != "C1"
    }
    assert found
    assert found <= known


def test_every_rule_finds_what_was_planted_for_it(district):
    with open_district(district.home) as opened:
        built = {
            code
            for code, detection in opened.detections.items()
            if detection.model.header.stage == "live"
        }
    cases = local_days(district.truth.cases)
    planted = cases.filter(
        (pl.col("is_violation") == "true") & pl.col("expected_rule").is_in(built)
    )
    found = {
        (row["rule"], row["subject"], date.fromisoformat(row["event_date"]))
        for row in findings_of(district.home)
        if row["status"] == "open"
    }
    expected = set(planted.select("expected_rule", "account", "day").rows())
    assert {rule for rule, _, _ in expected & found} == set(planted["expected_rule"])


@cache
def content(path):
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def test_evidence_is_the_line_that_the_file_holds(district):
    landing = DistrictHome(district.home).landing
    with open_district(district.home) as opened:
        evidence = stored_evidence(opened.store)
    for one in evidence:
        data = content(landing / one["source"] / one["path"])
        begin = one["byte_offset"]
        line = data[begin : data.index(b"\n", begin)]
        assert begin == 0 or data[begin - 1 : begin] == b"\n"
        assert data.count(b"\n", 0, begin) == one["line_no"] - 1
        assert one["line"].encode() == line
        assert one["line_sha256"] == hashlib.sha256(line).hexdigest()
    cited = {one["finding_id"] for one in evidence}
    for row in findings_of(district.home):
        assert row["finding_id"] in cited
        assert len(row["record"]["evidence"]) == sum(
            one["finding_id"] == row["finding_id"] for one in evidence
        )


def test_a_finding_says_what_it_stands_on_and_what_it_can_not_show(district):
    for row in findings_of(district.home):
        record = row["record"]
        assert record["alternatives"]
        assert record["limits"]
        assert record["would_change"]
        assert record["clauses"]
        assert record["next_step"]
        # one line of a system is enough for some rules: they have no threshold
        assert {*record["parameters"]} == {*rules()[row["rule"]].header.params} - {"event_date"}
        fits = "fits" in {one["result"] for one in record["alternatives"]}
        assert not fits or row["confidence"] == "C1"


# what is published


def names_of(home):
    """Return what names someone: people, accounts, devices, addresses, sensitive sites."""
    registry = DistrictHome(home).registry
    users = pl.read_csv(registry / "users.csv", infer_schema=False)
    accounts = pl.read_csv(registry / "accounts.csv", infer_schema=False)
    devices = pl.read_csv(registry / "devices.csv", infer_schema=False)
    full = users.select(pl.concat_str("givenName", "familyName", separator=" "))
    leases = lake(home, "leases")
    columns = (
        users["familyName"], users["email"], users["sourcedId"], full.to_series(),
        accounts["username"], devices["hostname"], devices["mac"], leases["ip"],
    )  # fmt: skip
    with reading(DistrictHome(home).warehouse) as database:
        sites = sensitive_names(database)
    assert "hirehollow.example" in sites
    named = {value.lower() for column in columns for value in column.drop_nulls()}
    return named | sites


def words_in(text):
    """Return words and dotted or coloned values; two words in a row as well."""
    words = re.findall(r"[0-9a-z_@.:-]+", text.lower())
    plain = [word.strip(".:-") for word in words]
    return set(plain) | {" ".join(pair) for pair in pairwise(plain)}


def snapshot_of(home):
    return current(DistrictHome(home).snapshots)


def test_every_week_has_its_page(district):
    reports = DistrictHome(district.home).reports
    assert (reports / "index.html").is_file()
    weeks = {path.parent.name for path in reports.glob("*/index.html")}
    assert weeks == {"2026-W43"}


def test_no_page_names_anybody(district):
    names = names_of(district.home)
    assert len(names) > 200
    for path in DistrictHome(district.home).reports.rglob("*"):
        if path.is_file() and path.suffix != ".js":
            text = path.read_bytes().decode("utf-8", "replace")
            assert not words_in(text) & names, path.name


def test_the_snapshot_names_nobody(district):
    names = names_of(district.home)
    with duckdb.connect(snapshot_of(district.home), read_only=True) as connection:
        columns = connection.execute(
            "select table_schema || '.' || table_name, column_name"
            " from information_schema.columns where data_type like 'VARCHAR%'"
        ).fetchall()
        assert len(columns) > 30
        for table, column in columns:
            values = connection.execute(f"select distinct {column} from {table}")
            text = "\n".join(str(value) for (value,) in values.fetchall())
            assert not words_in(text) & names, f"{table}.{column}"
    raw = snapshot_of(district.home).read_bytes().lower()
    found = [name for name in names if len(name) > 8 and name.encode() in raw]
    assert not found


def test_the_account_of_lines_is_in_the_snapshot(district):
    with duckdb.connect(snapshot_of(district.home), read_only=True) as connection:
        (total,) = connection.execute("select sum(lines) from marts.source_files").fetchone()
    assert total == sum(district.truth.lines.values())


# what comes after


def stamps(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_second_run_adds_nothing(district, tmp_path):
    home = district.copy(tmp_path)
    run(home)  # a copy's files have other change times than the ledger knows
    place = DistrictHome(home)
    before = {name: stamps(getattr(place, name)) for name in ("lake", "reports")}
    snapshots, findings = stamps(place.snapshots), findings_of(home)
    began = time.process_time()
    result = run(home)
    assert time.process_time() - began < 3
    assert {one.kind for one in result.outcomes} == {"unchanged"}
    assert not result.built.days
    assert not result.reports
    for name, was in before.items():
        assert stamps(getattr(place, name)) == was
    assert stamps(place.snapshots) == snapshots
    assert findings_of(home) == findings


FIRST, LATE, LAST = date(2026, 10, 19), date(2026, 10, 20), date(2026, 10, 25)


def check_only_built_days_differ(before, after, result):
    for name, rows in before.items():
        if "event_date" in rows.columns:
            built = list(result.built.days.get(name, ()))
            kept = ~pl.col("event_date").is_in(built)
            assert after[name].filter(kept).equals(rows.filter(kept)), name


def late_lines(home, count=5):
    """New requests on a past day, made from lines of its middle."""
    path = DistrictHome(home).landing / "proxy" / f"access-{LATE}.log.gz"
    found = []
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    for line in lines[len(lines) // 2 :]:
        match = re.match(rb"([0-9]+)\.([0-9]{3})( .*\n)", line)
        if match and b" CONNECT " in line and len(found) < count:
            stamp, _, rest = match.groups()
            found.append(stamp + b".777" + rest)
    return b"".join(found)


def test_a_late_file_reopens_its_days_and_no_others(two_days, tmp_path):
    home = two_days.copy(tmp_path)
    before = rows_of(home)
    late = DistrictHome(home).landing / "proxy" / "late.log"
    late.write_bytes(late_lines(home))

    result = run(home)

    (outcome,) = [one for one in result.outcomes if one.record.path == "late.log"]
    assert (outcome.kind, outcome.record.events) == ("new", 5)
    after = rows_of(home)
    assert after["core.http_requests"].height == before["core.http_requests"].height + 5
    assert LATE in result.built.days["core.http_requests"]
    assert result.built.days["marts.source_hours"] == [LATE]
    check_only_built_days_differ(before, after, result)

    # days built one by one, and all of them at the same time, are the same
    told = told_of(home)
    DistrictHome(home).warehouse.unlink()
    again = run(home)
    assert {one.kind for one in again.outcomes} == {"unchanged"}
    rebuilt = rows_of(home)
    assert rebuilt.keys() == after.keys()
    for name, rows in after.items():
        assert rebuilt[name].equals(rows), name
    assert told_of(home) == told
    assert again.kept.new == again.kept.withdrawn == ()


@only_long
def test_one_more_line_of_a_growing_log_is_one_more_event(district, tmp_path):
    home = district.copy(tmp_path)
    before = rows_of(home)
    log = DistrictHome(home).landing / "proxy" / "access.log"
    last = [line for line in log.read_bytes().splitlines() if b" CONNECT " in line][-1]
    match = re.match(rb"([0-9]+)\.[0-9]{3}( .*)", last)
    with log.open("ab") as file:
        file.write(b"%d.500%s\n" % (int(match[1]) + 30, match[2]))

    result = run(home)

    assert {one.kind for one in result.outcomes} <= {"resumed", "unchanged"}
    with open_district(home) as opened:
        lines = ledger.account(opened.store)
        assert dirty_days(opened.store) == []
    (proxy,) = [row for row in lines if row["source"] == "proxy"]
    planted = district.truth.lines
    expected = sum(count for file, count in planted.items() if file.startswith("proxy"))
    assert proxy["lines"] == expected + 1
    assert result.built.days["marts.source_hours"] == [LAST]
    # windows of a day each, one behind the other, reach back from the last to the first
    reached = [name for name, days in result.built.days.items() if FIRST in days]
    assert len(reached) < len(models()) / 8
    check_only_built_days_differ(before, rows_of(home), result)
    assert told_of(home) == told_of(district.home)


def test_leave_that_was_cancelled_withdraws_what_stood_on_it(two_days, tmp_path):
    home = two_days.copy(tmp_path)
    by_rule = [row for row in findings_of(home) if row["rule"] == "SA-3"]
    chosen = by_rule[0]
    accounts = pl.read_csv(home / "registry" / "accounts.csv", infer_schema=False)
    owner = accounts.filter(username=chosen["subject"])["owner_person_id"].item()
    leave = home / "registry" / "leave.csv"
    rows = pl.read_csv(leave, infer_schema=False)
    is_it = (pl.col("person_id") == owner) & (pl.col("date") == chosen["event_date"])
    cancelled = pl.when(is_it).then(pl.lit("cancelled")).otherwise("status")
    rows.with_columns(status=cancelled).write_csv(leave)

    result = run(home)

    assert chosen["finding_id"] in result.kept.withdrawn
    after = {row["finding_id"]: row for row in findings_of(home)}
    gone = after[chosen["finding_id"]]
    assert gone["status"] == "withdrawn"
    assert "no longer" in gone["status_reason"]
    others = [row for row in by_rule if row["subject"] != chosen["subject"]]
    assert others
    for row in others:
        assert after[row["finding_id"]]["status"] == "open"
    page = DistrictHome(home).reports / "2026-W43" / "index.html"
    rows = [
        row
        for row in re.split("<tr", page.read_text(encoding="utf-8"))
        if chosen["finding_id"] in row
    ]
    assert rows
    assert all("withdrawn" in row.lower() for row in rows)
